"""The whole story, and every way into it: who says what, who hears what."""

import pytest

from tests.world import World

TAXI = "How do I claim the taxi from a client visit?"
IN_OTHER_WORDS = "How to claim a taxi after a client visit?"
RECEIPT = "Use the expense form and attach the receipt."


def test_asked_taken_answered_accepted_and_found_by_the_next(either_world: World) -> None:
    world = either_world
    world.says("ana", TAXI)
    (expert,) = world.who_was_asked()
    assert world.last(expert).startswith("Ana asks about Travel. Can you help?")
    world.presses(expert, "I take it")
    assert world.dms("ana")[0].startswith(f"Question 1. {expert.title()} is on it.")
    world.presses(expert, "Answer")
    world.fills(expert, answer=RECEIPT)
    assert world.last("ana").startswith(f"{expert.title()} answered your question 1.")
    world.presses("ana", "That’s the answer")
    assert f"{expert.title()}’s answer is accepted" in world.last("ana")
    assert "Ana accepted your answer to question 1." in world.last(expert)

    asked_before = world.who_was_asked()
    world.says("ben", IN_OTHER_WORDS)
    assert RECEIPT in world.last("ben")
    assert "Only you see this." in world.last("ben")
    assert world.who_was_asked() == asked_before
    world.presses("ben", "Solves it")
    assert world.state(2) == "self_solved"
    (article,) = world.articles()
    assert world.phrasings(article.id) == [IN_OTHER_WORDS]


def test_a_suggestion_in_a_channel_is_seen_by_the_asker_alone(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT)
    world.says("ben", f"/ask {IN_OTHER_WORDS}", "#general")
    assert RECEIPT in world.last("ben")
    assert not [h for h in world.hears("cem") if RECEIPT in h.text]


def test_an_answer_in_the_thread_reaches_the_asker(either_world: World) -> None:
    world = either_world
    world.says("ana", TAXI)
    offer = world.offers()[0]
    expert = world.who_was_asked()[0]
    world.says(expert, RECEIPT, thread=offer.id)
    assert RECEIPT in world.last("ana")
    assert world.last(expert) == "Sent. I will tell you when I hear back."
    assert world.state() == "answered"


def test_thanks_in_the_thread_are_no_answer(world: World) -> None:
    world.says("ana", TAXI)
    expert = world.who_was_asked()[0]
    world.says(expert, "Good morning!", thread=world.offers()[0].id)
    assert world.state() == "routed"


def test_thanks_of_the_asker_do_not_open_the_question_again(world: World) -> None:
    world.says("ana", TAXI)
    expert = world.who_was_asked()[0]
    world.says(expert, RECEIPT, thread=world.offers()[0].id)
    answer = next(h for h in world.hears("ana") if RECEIPT in h.text)
    world.says("ana", "Thanks, great!", thread=answer.id)
    assert world.state() == "answered"
    assert "tap “That’s the answer”" in world.last("ana")


@pytest.mark.parametrize(
    ("tap", "heard", "state"),
    [
        ("Worked", "Good to hear.", "accepted"),
        ("Partly", "You can open the question again.", "accepted"),
        ("No", "I have opened it again.", "claimed"),
        ("Haven’t tried", "I will not ask again.", "accepted"),
    ],
)
def test_three_days_later_one_tap_says_whether_it_worked(
    world: World, tap: str, heard: str, state: str
) -> None:
    world.settles("ana", TAXI, RECEIPT)
    world.passes(days=2, hours=23)
    assert not any(text.startswith("Did it work?") for text in world.dms("ana"))
    world.passes(days=1)
    world.presses("ana", tap)
    assert heard in next(h.text for h in reversed(world.hears("ana")) if "Question 1. " in h.text)
    assert world.state() == state


def test_no_brings_the_question_back_to_the_same_expert(world: World) -> None:
    expert = world.settles("ana", TAXI, RECEIPT)
    world.passes(days=4)
    world.presses("ana", "No")
    assert world.question().claimed_by == expert
    assert "it did not work out yet" in world.last(expert)
    world.presses(expert, "Answer")
    world.fills(expert, answer="Ask the travel desk for the new form.")
    assert "Ask the travel desk" in world.last("ana")


def test_whether_it_worked_is_asked_once(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT)
    world.passes(days=30)
    assert sum(text.startswith("Did it work?") for text in world.dms("ana")) == 1


def test_what_was_accepted_on_friday_is_asked_about_on_a_working_morning(world: World) -> None:
    world.passes(days=2, hours=1)  # Wednesday, 10:00.
    world.settles("ana", TAXI, RECEIPT)
    world.passes(days=4)  # Sunday.
    assert not any(text.startswith("Did it work?") for text in world.dms("ana"))
    world.passes(days=1)
    assert any(text.startswith("Did it work?") for text in world.dms("ana"))


def test_worked_is_told_to_the_one_who_answered(world: World) -> None:
    expert = world.settles("ana", TAXI, RECEIPT)
    world.passes(days=4)
    world.presses("ana", "Worked")
    assert world.last(expert) == "Your answer to question 1 worked."


def test_a_second_tap_on_whether_it_worked_changes_nothing(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT)
    world.passes(days=4)
    card = next(h for h in world.hears("ana") if h.text.startswith("Did it work?"))
    buttons = {b.label: b for b in card.buttons}
    world.presses("ana", "Worked", on=card)
    before = world.events()
    world.taps("ana", buttons["No"], on=card)
    assert world.events() == before
    assert "Good to hear" in card.text


def test_what_was_said_about_an_older_answer_does_not_count_for_a_newer(world: World) -> None:
    expert = world.settles("ana", TAXI, RECEIPT)
    world.passes(days=4)
    card = next(h for h in world.hears("ana") if h.text.startswith("Did it work?"))
    stale = {b.label: b for b in card.buttons}["No"]
    world.presses("ana", "Open it again")
    world.presses(expert, "Answer")
    world.fills(expert, answer="Ask the travel desk for the new form.")
    world.presses("ana", "That’s the answer")
    world.taps("ana", stale, on=card)
    assert world.state() == "accepted"


def test_no_to_a_suggestion_asks_a_colleague(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT)
    world.says("ben", IN_OTHER_WORDS)
    world.presses("ben", "No")
    assert world.state(2) == "routed"
    assert len(world.who_was_asked()) > 1


def test_ten_minutes_without_a_tap_ask_a_colleague_and_count_as_nothing(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT)
    world.says("ben", IN_OTHER_WORDS)
    world.passes(minutes=9)
    assert world.state(2) == "suggested"
    world.passes(minutes=1)
    assert world.state(2) == "routed"
    (article,) = world.articles()
    tally = world.tally(article.id)
    assert (tally.solved, tally.partly, tally.not_solved) == (0, 0, 0)


def test_a_suggestion_can_still_solve_it_while_a_colleague_is_on_it(world: World) -> None:
    world.settles("ana", TAXI, RECEIPT)
    world.says("ben", IN_OTHER_WORDS)
    world.passes(minutes=10)
    second = world.who_was_asked()[-1]
    world.presses(second, "I take it")
    world.presses("ben", "Solves it")
    assert world.state(2) == "self_solved"
    assert "This one has been answered." in world.offers()[-1].text


# --- every way in ---------------------------------------------------------------------


@pytest.mark.parametrize("words", [TAXI, f"ask {TAXI}", f"/ask {TAXI}", f"/learn ask {TAXI}"])
def test_asked_in_a_direct_message(world: World, words: str) -> None:
    world.says("ana", words)
    assert world.question().text == TAXI
    assert world.question().asker == "ana"
    assert len(world.who_was_asked()) == 1


def test_asked_by_command_in_a_channel_nobody_else_there_sees_it(world: World) -> None:
    world.says("ana", f"/ask {TAXI}", "#general")
    assert "Your question 1 is on its way" in next(h for h in world.hears("ana") if h.only).text
    assert not [h for h in world.hears("cem") if h.conversation == "#general"]


def test_asked_openly_everybody_in_the_channel_reads_it_and_may_answer(world: World) -> None:
    world.says("ana", f"/ask openly {TAXI}", "#general")
    (card,) = [h for h in world.hears("cem") if h.conversation == "#general"]
    assert TAXI in card.text
    world.says("cem", RECEIPT, "#general", thread=card.id)
    assert RECEIPT in world.last("ana")
    assert world.state() == "answered"


def test_a_mention_is_an_open_question_with_its_thread(world: World) -> None:
    world.says("ana", f"@inflow {TAXI}", "#general")
    question = world.question()
    assert question.visibility == "open"
    assert question.conversation == "#general"
    assert question.thread is not None
    world.says("cem", RECEIPT, "#general", thread=question.thread)
    assert RECEIPT in world.last("ana")


def test_an_open_question_answered_by_form_is_answered_in_the_thread(world: World) -> None:
    world.says("ana", f"@inflow {TAXI}", "#general")
    expert = world.who_was_asked()[0]
    world.presses(expert, "Answer now")
    world.fills(expert, answer=RECEIPT)
    assert [h for h in world.hears("cem") if h.thread and RECEIPT in h.text]


def test_an_open_question_answered_in_the_experts_own_thread_is_brought_to_the_channel(
    world: World,
) -> None:
    world.says("ana", f"@inflow {TAXI}", "#general")
    expert = world.who_was_asked()[0]
    world.says(expert, RECEIPT, thread=world.offers()[0].id)
    assert [h for h in world.hears("cem") if h.thread and RECEIPT in h.text]


def test_the_shortcut_opens_the_form_with_the_words_of_the_message(world: World) -> None:
    form = world.uses("ana", "ask_expert", TAXI).form
    assert form is not None
    assert form.fields[0].value == TAXI


def test_the_form_carries_the_three_optional_lines_to_the_expert(world: World) -> None:
    world.says("ana", "/ask")
    world.fills(
        "ana",
        question=TAXI,
        goal="Get my money back",
        tried="The old form",
        urgency="can_wait",
    )
    offer = world.last(world.who_was_asked()[0])
    assert "Get my money back" in offer
    assert "The old form" in offer
    assert "it can wait" in offer


def test_the_form_without_the_optional_lines_is_enough(world: World) -> None:
    world.says("ana", "/ask")
    world.fills("ana", question=TAXI)
    assert world.state() == "routed"


def test_a_topic_chosen_in_the_form_is_kept(world: World) -> None:
    world.says("ana", "/ask")
    world.fills("ana", question="Where is the form?", topic="travel")
    assert world.question().topic == "travel"


@pytest.mark.parametrize(
    "words",
    [
        f"/ask anonymously {TAXI}",
        f"/ask Anonymously: {TAXI}",
        f"/ask anonymously\n{TAXI}",
        f"anonymously {TAXI}",
        f"ask anonymously {TAXI}",
    ],
)
def test_anonymously_as_first_word_hides_the_asker(world: World, words: str) -> None:
    world.says("ana", words)
    assert world.question().visibility == "anonymous"
    assert world.question().asker is None
    assert world.question().text == TAXI


def test_anonymously_alone_opens_the_form_set_to_it(world: World) -> None:
    world.says("ana", "/ask anonymously")
    world.fills("ana", question=TAXI)
    assert world.question().asker is None


def test_an_anonymous_mention_is_refused_as_everybody_has_read_the_name(world: World) -> None:
    world.says("ana", f"@inflow anonymously {TAXI}", "#general")
    assert "That stood before everybody with your name on it" in world.last("ana")
    assert world.who_was_asked() == []


def test_openly_in_a_direct_message_says_where_it_works(world: World) -> None:
    world.says("ana", f"/ask openly {TAXI}")
    assert "Openly works in a channel." in world.last("ana")


def test_help_with_words_behind_it_is_a_question(world: World) -> None:
    world.says("ana", "help me to claim a taxi from a client visit")
    assert world.question().text == "help me to claim a taxi from a client visit"


def test_asking_the_same_again_points_to_the_first(world: World) -> None:
    world.says("ana", TAXI)
    world.says("ana", TAXI.upper())
    assert "You asked this already: it is question 1" in world.last("ana")
    assert len(world.who_was_asked()) == 1


def test_ones_questions_are_listed_newest_first(world: World) -> None:
    world.says("ana", TAXI)
    world.says("ana", "Which hotel is near the office in Lyon?")
    world.says("ana", "/questions")
    listed = world.last("ana")
    assert listed.index("Which hotel") < listed.index("How do I claim")
