"""People who press whatever they see: nothing breaks, and every message is fit to be read."""

import re
from collections.abc import Callable
from random import Random

import pytest

from bot.form import ChoiceField, NumberField, PeopleField
from bot.message import Message
from bot.plain import render_plain
from tests.world import World

PEOPLE = ("ana", "ben", "cem", "kim", "bo", "lu", "sam", "dana")
QUESTIONS = (
    "How do I claim the taxi from a client visit?",
    "How to claim a taxi after a client visit?",
    "/ask anonymously Which hotel is near the office in Lyon?",
    "/ask openly Who has the key of the bicycle room?",
    "@inflow How far may a hotel be from the office?",
    "I know about travel",
    "/me",
    "/questions",
    "/faq taxi",
    "/faq review",
    "/unanswered",
    "/topics",
    "/pause until Friday",
    "resume",
    "help",
)
ANSWERS = ("Use the expense form.", "Ask the travel desk.", "That has changed: see the portal.")


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_pressed_nothing_breaks_and_everything_can_be_read(
    new_world: Callable[[], World], seed: int
) -> None:
    world, random = new_world(), Random(seed)
    for _ in range(60):
        step(world, random)
    world.checks()
    assert len(world.room.heard) > 20
    for heard in world.room.heard:
        care(heard.message)


def step(world: World, random: Random) -> None:
    who = random.choice(PEOPLE)
    seen = [(h, b) for h in world.hears(who) for b in h.buttons]
    match random.random():
        case chance if chance < 0.25 or not seen:
            where = "#general" if random.random() < 0.3 else None
            world.says(who, random.choice(QUESTIONS), where)
        case chance if chance < 0.4:
            world.passes(hours=random.choice([1, 5, 24, 100]))
        case chance if chance < 0.5:
            heard = random.choice(world.hears(who))
            where = heard.conversation if heard.conversation.startswith("#") else None
            world.says(who, random.choice(ANSWERS), where, thread=heard.id)
        case _:
            heard, button = random.choice(seen)
            form = world.taps(who, button, on=heard).form
            if form is None:
                return
            values = {}
            for field in form.fields:
                match field:
                    case ChoiceField(options=options):
                        values[field.name] = random.choice(options).value
                    case PeopleField():
                        values[field.name] = random.choice(PEOPLE)
                    case NumberField():
                        values[field.name] = str(random.randint(0, 6))
                    case _:
                        values[field.name] = random.choice(ANSWERS)
            reply = world.fills(who, heard.conversation, **values)
            assert set(reply.errors) <= {field.name for field in form.fields}


def care(message: Message) -> None:
    """A message is whole sentences in plain words, without traces of how it was made."""
    text = render_plain(message)
    own = "\n".join(line for line in text.splitlines() if not line.startswith((">", "—")))
    assert message.summary.strip()
    assert not re.search(r"None|\{|\}|\bid\d{6}|question:\S|State\.|  |\\", own), text
    assert not re.search(r"\.\.(?!\.)|\s[.,;!?](\s|$)|\(\)|\[\]", own), text
    assert "**" not in own, text
    for line in own.splitlines():
        if line and not line.startswith(("[", "-")):
            assert line[0].isupper() or not line[0].isalpha() or " · " in line, text
