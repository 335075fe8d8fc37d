"""What people read about a question: it is true, it is said once, and it changes with the rest."""

import pytest

from bot.capabilities.questions.offer import explain
from bot.capabilities.questions.routing import Why
from bot.ids import TopicId
from bot.reply import NOTHING
from bot.topic import Topic
from tests.world import WORKSPACE, Heard, World

TAXI = "How do I claim a taxi on a trip?"
FORM = "Use the expense form, with the receipt."


def card(world: World, who: str, text: str) -> Heard:
    """The newest message to somebody alone that says the text."""
    mine = [h for h in world.hears(who) if h.conversation == f"dm:{who}" and text in h.text]
    assert mine, world.dms(who)
    return mine[-1]


def is_escalated(world: World, command: str = "") -> None:
    """Ana's question finds nobody and is with Sam, the steward, or with Dana too."""
    for name in ("kim", "bo", "lu"):
        world.declares(name, "travel", "none")
    world.changes("sam", asks_welcome=False)
    world.says("ana", f"{command} {TAXI}".strip())
    world.presses("ana", "Better not")
    assert world.state() == "escalated"


# --- the asker's ----------------------------------------------------------------------


def test_of_an_urgent_question_it_is_said_how_many_were_asked(world: World) -> None:
    world.says("ana", "/ask")
    world.fills("ana", question=TAXI, urgency="urgent")
    assert len(world.who_was_asked()) == 2
    assert "I have asked two colleagues about Travel." in world.last("ana")


def test_beside_a_thread_it_is_said_where_the_thread_is(world: World) -> None:
    world.settles("ana", TAXI, FORM)
    world.says("ben", "@inflow How to claim a taxi on trips?", "#general")
    world.presses("ben", "No")
    said = next(h for h in reversed(world.hears("ben")) if "is on its way" in h.text)
    assert "Anybody may answer, with Answer or in the thread of your message." in said.text
    assert "in this thread" not in said.text


def test_the_entry_that_solves_a_question_stands_in_quotation_marks(world: World) -> None:
    world.settles("ana", TAXI, FORM)
    world.says("ben", "How to claim a taxi on trips?")
    world.presses("ben", "Solves it")
    assert f"I will remember that “{TAXI}” answers this too." in world.last("ben")


def test_a_mark_in_the_thread_is_said_once(either_world: World) -> None:
    world = either_world
    world.says("ana", f"@inflow {TAXI}", "#general")
    thread = world.said[-1]
    world.says("kim", FORM, "#general", thread=thread)
    assert world.marks("ana", world.said[-1], "#general", thread=thread) == NOTHING
    told = [h for h in world.hears("ana") if "Kim’s answer is accepted" in h.text]
    assert len(told) == 1
    assert told[0].conversation == "dm:ana"


def test_openly_by_command_is_answered_at_once(world: World) -> None:
    world.says("ana", f"/ask openly {TAXI}", "#general")
    said = next(h for h in world.hears("ana") if h.only == "ana")
    assert "Your question 1 is on its way. I have asked a colleague about Travel." in said.text
    assert "Anybody may answer, with Answer or in its thread." in said.text
    assert len(world.in_channel("#general")) == 1
    world.passes(minutes=5)
    assert world.question().conversation == "#general"


def test_an_open_question_is_answered_on_its_card_too(either_world: World) -> None:
    # Not every platform tells us what is said in a thread.
    world = either_world
    world.says("ana", f"@inflow {TAXI}", "#general")
    (card,) = world.in_channel("#general")
    assert "Anybody may answer, with Answer or in " in card.text
    world.presses("cem", "Answer", on=card)
    world.fills("cem", "#general", answer=FORM)
    assert world.state() == "answered"
    assert FORM in world.last("ana")
    assert "Answer" not in [button.label for button in world.in_channel("#general")[0].buttons]


@pytest.mark.parametrize("by_form", [False, True])
def test_openly_in_a_channel_without_the_bot_goes_on_directly(
    either_world: World, by_form: bool
) -> None:
    world = either_world
    world.shuts_out("#general")
    if by_form:
        world.says("ana", "/ask", "#general")
        world.fills("ana", "#general", question=TAXI, visibility="open")
    else:
        world.says("ana", f"/ask openly {TAXI}", "#general")
    world.passes(minutes=1)
    told = card(world, "ana", "I could not post question 1 in #general")
    assert "Somebody who is there can add me." in told.text
    assert "I have asked a colleague about Travel." in told.text
    assert world.question().visibility == "direct"
    who = world.who_was_asked()[0]
    world.presses(who, "I take it")
    assert "is on it" in told.text
    world.says(who, FORM)
    world.presses("ana", "That’s the answer")
    assert world.state() == "accepted"
    assert "Answered and accepted." in told.text
    world.passes(days=1)
    assert world.in_channel("#general") == []


def test_a_post_that_is_refused_is_no_wait_for_nothing(world: World) -> None:
    world.shuts_out("#travel")
    for name in ("kim", "bo", "lu", "sam"):
        world.changes(name, asks_welcome=False)
    world.says("ana", f"/ask anonymously {TAXI}")
    world.presses("ana", "Post it")
    world.passes(minutes=1)
    assert "I could not post question 1 in #travel" in world.last("ana")
    assert world.state() == "escalated"
    assert "found nobody" in world.last("sam")
    world.passes(hours=5)
    assert world.in_channel("#travel") == []


def test_where_nobody_can_be_asked_the_card_asks_for_the_channel(either_world: World) -> None:
    world = either_world
    for name in ("kim", "bo", "lu", "sam"):
        world.changes(name, asks_welcome=False)
    world.says("ana", TAXI)
    (said,) = world.dms("ana")
    assert "Nobody can be asked about Travel just now. May I post it in #travel" in said
    assert "yet" not in said
    status = card(world, "ana", "Question 1")
    world.presses("ana", "Post it")
    assert "It stands in the channel of its topic" in status.text
    assert "Post it" not in [button.label for button in status.buttons]
    assert len(world.dms("ana")) == 1
    (post,) = world.in_channel("#travel")
    assert "Someone asks (question 1)" in post.text


def test_the_card_stays_a_card_when_it_may_not_be_posted(world: World) -> None:
    for name in ("kim", "bo", "lu", "sam"):
        world.changes(name, asks_welcome=False)
    world.says("ana", TAXI)
    world.presses("ana", "Better not")
    (said,) = world.dms("ana")
    assert "Sam will see it in their working hours" in said
    assert "[Withdraw]" in said


def test_in_the_thread_of_the_question_the_card_does_not_say_it_again(world: World) -> None:
    world.says("ana", f"@inflow {TAXI}", "#general")
    (status,) = world.in_channel("#general")
    assert "Question 1. I have asked a colleague about Travel." in status.text
    assert TAXI not in status.text
    world.says("ben", "/ask openly Which hotel is near the office for a trip?", "#general")
    assert "Which hotel is near the office" in world.in_channel("#general")[-1].text


# --- the expert's ---------------------------------------------------------------------


def test_whose_answer_was_accepted_reads_that_on_their_card(world: World) -> None:
    who = world.settles("ana", TAXI, FORM)
    assert "Your answer was accepted." in next(
        h.text for h in world.offers() if h.conversation == f"dm:{who}"
    )


def test_of_two_who_answered_the_accepted_one_reads_so(world: World) -> None:
    world.says("ana", "/ask")
    world.fills("ana", question=TAXI, urgency="urgent")
    first, second = world.who_was_asked()
    for who in (first, second):
        offer = next(h for h in world.offers() if h.conversation == f"dm:{who}")
        world.says(who, f"{FORM} Says {who}.", thread=offer.id)
    letters = [h for h in world.hears("ana") if f"Says {first}." in h.text]
    world.presses("ana", "That’s the answer", on=letters[0])
    cards = {h.conversation: h.text for h in world.offers()}
    assert "Your answer was accepted." in cards[f"dm:{first}"]
    assert "This one has been answered." in cards[f"dm:{second}"]


def test_whoever_was_asked_too_reads_who_answered(world: World) -> None:
    world.says("ana", "/ask")
    world.fills("ana", question=TAXI, urgency="urgent")
    first, second = world.who_was_asked()
    world.presses(first, "Answer now")
    world.fills(first, answer=FORM)
    name = world.find_person(first).name
    assert f"{name} answered this one." in world.offers()[-1].text
    assert world.offers()[-1].conversation == f"dm:{second}"


def test_a_steward_is_told_why_even_without_a_word_on_what_they_know() -> None:
    topic = Topic(id=TopicId("travel"), workspace=WORKSPACE, title="Travel")
    why = Why(level="none")
    assert explain(why, topic, guided=True, looks_after=True) == ("you look after Travel",)
    assert explain(why, topic, guided=True) == ("you have answered colleagues before",)


def test_who_only_answered_something_else_reads_that_as_the_reason(world: World) -> None:
    for name in ("kim", "bo", "lu"):
        world.declares(name, "travel", "none")
    world.says("ben", "May I bring a bicycle into the office?")
    world.presses("dana", "Answer now")
    world.fills("dana", answer="Yes, into the yard.")
    world.presses("ben", "That’s the answer")
    world.says("ana", TAXI)
    assert world.who_was_asked() == ["dana"]
    assert "Why you: you have answered colleagues before." in world.offers()[-1].text


# --- the steward's --------------------------------------------------------------------


def test_the_stewards_letter_follows_what_becomes_of_the_question(world: World) -> None:
    is_escalated(world)
    letter = card(world, "sam", "found nobody")
    world.presses("sam", "Answer now")
    world.fills("sam", answer=FORM)
    assert "You answered." in letter.text
    assert [button.label for button in letter.buttons] == ["Add to it"]
    world.presses("ana", "That’s the answer")
    assert "Your answer was accepted." in letter.text
    assert letter.buttons == []


def test_everybody_to_whom_it_was_escalated_reads_who_has_it(world: World) -> None:
    is_escalated(world, "/ask anonymously")
    letter = card(world, "dana", "found nobody")
    world.presses("sam", "I take it")
    assert "Sam is on it." in letter.text
    world.presses("sam", "Answer")
    world.fills("sam", answer=FORM)
    assert "Sam answered this one." in letter.text


def test_whom_a_steward_names_is_said_to_all_concerned(either_world: World) -> None:
    world = either_world
    is_escalated(world)
    letter = card(world, "sam", "found nobody")
    status = card(world, "ana", "Question 1")
    world.presses("sam", "Ask someone else…")
    world.fills("sam", person="cem")
    assert world.last("sam") == "Thank you. I am asking Cem."
    assert "Sam has named Cem, who is being asked." in letter.text
    assert "I have asked a colleague whom Sam named." in status.text
    world.presses("cem", "Busy")
    assert "Sam will see it in their working hours" in status.text
    assert "Can you answer it or name somebody?" in letter.text


@pytest.mark.parametrize("name", ["ana", "cem"])
def test_of_an_anonymous_question_nothing_tells_whom_a_steward_named(
    world: World, name: str
) -> None:
    is_escalated(world, "/ask anonymously")
    letter = card(world, "sam", "found nobody")
    world.presses("sam", "Ask someone else…")
    world.fills("sam", person=name)
    assert world.last("sam") == "Thank you. I am asking the one you named."
    assert "Sam has named somebody, who is being asked." in letter.text
    assert not any(name.title() in text for text in world.dms("sam"))


def test_whose_question_it_is_cannot_be_named_and_that_is_said(world: World) -> None:
    is_escalated(world)
    world.presses("sam", "Ask someone else…")
    reply = world.fills("sam", person="ana")
    assert reply.errors == {"person": "Ana has asked this. Please name somebody else."}
