"""A mark on a message that says that it is the answer: the asker's alone, and never a tell-tale."""

import pytest

from bot.inbound import Reacted
from bot.plain import render_plain
from bot.reply import NOTHING
from tests.world import Heard, World

TAXI = "How do I claim a taxi on a trip?"
FORM = "Use the expense form, with the receipt."
RAIL = "Take the train, then it is paid by the card."


def asks_openly(world: World) -> str:
    """Ana asks in a channel; the address of the thread."""
    world.says("ana", f"@inflow {TAXI}", "#general")
    return world.said[-1]


def answers(world: World, who: str, text: str, thread: str) -> str:
    """Somebody answers in the thread; the address of their words."""
    world.says(who, text, "#general", thread=thread)
    return world.said[-1]


def accepted_text(world: World) -> str | None:
    question = world.question()
    with world.database.transaction() as work:
        turn = work.questions.turn(question.accepted) if question.accepted else None
    return turn.text if turn else None


def letter_with(world: World, who: str, text: str) -> Heard:
    """The newest message to somebody alone that says the text."""
    return next(
        h for h in reversed(world.hears(who)) if h.conversation == f"dm:{who}" and text in h.text
    )


def test_the_askers_mark_accepts_the_very_answer_it_is_on(either_world: World) -> None:
    world = either_world
    thread = asks_openly(world)
    first = answers(world, "kim", FORM, thread)
    answers(world, "bo", RAIL, thread)
    world.marks("ana", first, "#general", thread=thread)
    assert (world.state(), accepted_text(world)) == ("accepted", FORM)
    assert "Kim’s answer is accepted" in letter_with(world, "ana", FORM).text
    assert "Ana accepted your answer to question 1" in world.last("kim")
    assert [article.text for article in world.articles()] == [FORM]


def test_the_letter_with_the_answer_says_so_after_a_mark_in_the_thread(world: World) -> None:
    thread = asks_openly(world)
    answer = answers(world, "kim", FORM, thread)
    letter = letter_with(world, "ana", "Kim answered your question")
    world.marks("ana", answer, "#general", thread=thread)
    assert "accepted" in letter.text
    assert "That’s the answer" not in [button.label for button in letter.buttons]


def test_a_mark_on_the_bots_letter_accepts_what_it_brings(either_world: World) -> None:
    world = either_world
    world.says("ana", TAXI)
    helper = world.who_was_asked()[-1]
    world.presses(helper, "Answer now")
    world.fills(helper, answer=FORM)
    letter = letter_with(world, "ana", "answered your question")
    assert world.marks("ana", letter.id, "dm:ana") == NOTHING
    assert (world.state(), accepted_text(world)) == ("accepted", FORM)
    assert "answer is accepted" in letter.text


def test_a_mark_on_the_answer_that_the_bot_put_into_the_thread_accepts_it(world: World) -> None:
    thread = asks_openly(world)
    helper = world.who_was_asked()[-1]
    world.presses(helper, "Answer now")
    world.fills(helper, answer=FORM)
    (shared,) = [h for h in world.in_channel("#general") if "answers question 1" in h.text]
    world.marks("ana", shared.id, "#general", thread=thread)
    assert accepted_text(world) == FORM


@pytest.mark.parametrize("who", ["kim", "bo", "cem", "sam", "dana"])
def test_nobody_elses_mark_does_or_says_anything(world: World, who: str) -> None:
    thread = asks_openly(world)
    answer = answers(world, "kim", FORM, thread)
    before = len(world.room.heard)
    assert world.marks(who, answer, "#general", thread=thread) == NOTHING
    assert (world.state(), len(world.room.heard)) == ("answered", before)


def test_the_mark_of_somebody_unknown_is_nothing(world: World) -> None:
    thread = asks_openly(world)
    answer = answers(world, "kim", FORM, thread)
    assert world.marks("stranger", answer, "#general", thread=thread) == NOTHING
    assert world.state() == "answered"


def test_the_mark_of_somebody_who_has_left_is_nothing(world: World) -> None:
    thread = asks_openly(world)
    answer = answers(world, "kim", FORM, thread)
    world.changes("ana", active=False)
    assert world.marks("ana", answer, "#general", thread=thread) == NOTHING


def test_a_second_mark_changes_nothing(world: World) -> None:
    thread = asks_openly(world)
    answer = answers(world, "kim", FORM, thread)
    world.marks("ana", answer, "#general", thread=thread)
    events = len(world.events())
    assert world.marks("ana", answer, "#general", thread=thread) == NOTHING
    assert len(world.events()) == events


def test_a_mark_on_another_answer_after_one_was_accepted_shows_where_it_stands(
    world: World,
) -> None:
    thread = asks_openly(world)
    first = answers(world, "kim", FORM, thread)
    second = answers(world, "bo", RAIL, thread)
    world.marks("ana", first, "#general", thread=thread)
    reply = world.marks("ana", second, "#general", thread=thread)
    assert accepted_text(world) == FORM
    assert reply.message is not None
    assert "Answered and accepted" in render_plain(reply.message)


def test_other_marks_and_marks_on_other_messages_are_not_ours(world: World) -> None:
    thread = asks_openly(world)
    answer = answers(world, "kim", FORM, thread)
    for message in (thread, "s999"):
        assert world.marks("ana", message, "#general", thread=thread) == NOTHING
    assert world._does("ana", "#general", Reacted(name="party", message=answer)) == NOTHING
    assert world.state() == "answered"


def test_what_the_asker_adds_is_no_answer_to_be_marked(world: World) -> None:
    thread = asks_openly(world)
    answers(world, "kim", FORM, thread)
    added = answers(world, "ana", "It was in Lisbon, by the way", thread)
    assert world.marks("ana", added, "#general", thread=thread) == NOTHING
    assert accepted_text(world) is None


def test_words_under_an_answer_belong_to_its_question(world: World) -> None:
    thread = asks_openly(world)
    answer = answers(world, "kim", FORM, thread)
    world.says("bo", RAIL, "#general", thread=answer)
    question = world.question()
    with world.database.transaction() as work:
        turns = work.questions.turns(question.id)
    assert [turn.text for turn in turns] == [FORM, RAIL]


@pytest.mark.parametrize("command", ["ask anonymously", "ask"])
def test_a_mark_that_all_can_see_does_not_settle_what_was_asked_without_a_name(
    either_world: World, command: str
) -> None:
    world = either_world
    world.says("ana", f"{command} {TAXI}")
    while not world.in_channel("#travel"):
        labels = [button.label for heard in world.hears("ana") for button in heard.buttons]
        if "Post it" in labels:
            world.presses("ana", "Post it")
        else:
            world.passes(hours=1)
    (post,) = world.in_channel("#travel")
    world.says("cem", FORM, "#travel", thread=post.id)
    answer, before = world.said[-1], post.text
    reply = world.marks("ana", answer, "#travel", thread=post.id)
    assert reply.message is not None
    assert "Everybody there sees that mark" in render_plain(reply.message)
    assert world.room.heard[-1].only == "ana"
    assert (world.state(), post.text) == ("answered", before)
    # For who is not the asker the same mark is nothing, so that nobody can try it out.
    assert world.marks("kim", answer, "#travel", thread=post.id) == NOTHING
    letter = letter_with(world, "ana", "Cem answered your question")
    world.marks("ana", letter.id, "dm:ana")
    assert accepted_text(world) == FORM


def test_whose_question_was_the_same_as_another_cannot_accept_for_it(world: World) -> None:
    world.says("ana", TAXI)
    world.says("ben", "Who pays for my taxi when I travel by night?")
    world.presses("ben", "Same as another…")
    world.fills("ben", number="1")
    helper = world.who_was_asked()[0]
    world.presses(helper, "Answer now", on=world.offers()[0])
    world.fills(helper, answer=FORM)
    for heard in [h for h in world.hears("ben") if h.conversation == "dm:ben"]:
        world.marks("ben", heard.id, "dm:ben")
    assert world.state(1) == "answered"
