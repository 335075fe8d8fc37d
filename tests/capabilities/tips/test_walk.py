"""The way of one tip: followed in two taps, brought at the hour, and back as a question."""

from datetime import date

from bot.capabilities.tips.model import CardState
from tests.capabilities.tips.telling import (
    card,
    choose,
    labels,
    letter_of,
    letters,
    slot,
    tell,
    tip,
)
from tests.world import World


def test_a_tip_comes_is_reacted_to_and_comes_back_as_a_question(either_world: World) -> None:
    world = either_world
    tell(world, tip("trains"))
    world.says("ana", "/tips")
    assert "Choose what about" in world.last("ana")
    choose(world, "ana", "Follow a topic", "travel")
    world.presses("ana", "Every working day")
    assert "You follow Travel: every working day, around 10:00." in world.last("ana")
    found = slot(world, "ana")
    assert found is not None
    assert found.next_day == date(2026, 3, 2)

    # She has just talked with the bot, so that nothing comes that day.
    world.passes(hours=24)
    assert letters(world, "ana") == []
    world.passes(hours=3)
    [first] = letters(world, "ana")
    assert "Mind trains." in first.text
    assert labels(first) == [
        *("New to me", "Useful", "Knew it", "Not for me", "More…"),
    ]
    world.presses("ana", "More…", on=first)
    assert labels(first) == [
        *("New to me", "Useful", "Knew it", "Not for me"),
        "Stop this topic",
        *("Pause 1 week", "Stop all", "Why am I getting this?"),
    ]
    world.presses("ana", "Why am I getting this?", on=first)
    assert "You follow Travel. This was the next you have not seen" in world.last("ana")
    world.presses("ana", "New to me", on=first)
    assert "You said: New to me. I ask you about it tomorrow" in first.text
    kept = card(world, "ana", "trains")
    assert kept is not None
    assert (kept.state, kept.due_on) == (CardState.ACTIVE, date(2026, 3, 4))

    world.passes(days=1)
    question = letters(world, "ana")[-1]
    assert question is not first
    assert "What about trains?" in question.text
    world.presses("ana", letter_of(question, "The best"), on=question)
    assert "How sure are you?" in question.text
    world.presses("ana", "Fairly sure", on=question)
    assert "Right. What about trains?" in question.text
    assert "That is it." in question.text
    assert "Mind trains." in question.text
    kept = card(world, "ana", "trains")
    assert kept is not None
    assert kept.due_on is not None
    assert (kept.due_on - date(2026, 3, 4)).days in range(2, 7)
