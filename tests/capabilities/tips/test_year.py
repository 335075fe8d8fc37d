"""Weeks of tips: everybody's budget, pace and order hold whatever they do."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from random import Random

from bot.capabilities.tips.model import CardState, Reaction
from bot.ids import PersonId
from tests.capabilities.tips.telling import (
    budget,
    card,
    follow,
    labels,
    letters,
    open_topic,
    tell,
    tip,
)
from tests.world import MONDAY, World

WEEKS = 6
NAMES = [f"{topic}{number}" for topic in "td" for number in range(9)]


def test_weeks_of_tips_keep_every_promise(world: World) -> None:
    open_topic(world, "data")
    tell(world, *(tip(name, "travel" if name[0] == "t" else "data") for name in NAMES))
    budget(world, "ana")
    follow(world, "ana")
    follow(world, "ana", "data", pace="Every second working day")
    chance = Random("ana")
    shown: list[tuple[date, str]] = []
    for _ in range(7 * WEEKS):
        noon = world.now.replace(hour=12, minute=30) + timedelta(days=1)
        world.passes(seconds=(noon - world.now).total_seconds())
        for heard in letters(world, "ana")[len(shown) :]:
            assert heard.key is not None
            shown.append((date.fromisoformat(heard.key[-10:]), heard.text.splitlines()[0]))
            said = [b for b in heard.buttons if b.label in {"New to me", "Knew it", "A", "B"}]
            world.presses("ana", chance.choice(said).label, on=heard)
            if "Just tell me" in labels(heard):
                world.presses("ana", "Just tell me", on=heard)

    days = [day for day, _ in shown]
    assert max(Counter(days).values()) == 1
    assert max(Counter(day.isocalendar()[:2] for day in days).values()) <= 5
    assert all(day.isoweekday() <= 5 for day in days)
    assert len(days) >= 4 * WEEKS
    # Each idea is told once, in the order of its topic, and comes back as a question after it.
    for topic in "td":
        told = [text[5:-1] for _, text in shown if text.startswith(f"Mind {topic}")]
        assert told == [name for name in NAMES if name[0] == topic][: len(told)]
    assert all(one[1] != other[1] for one, other in pairwise(shown))
    # A question comes only after the idea, and never on the same day.
    with world.database.transaction() as work:
        for name in NAMES:
            reviews = work.tips.reviews(PersonId("ana"), f"t-{name}")
            assert all(one.day < later.day for one, later in pairwise(reviews))
            asked = {Reaction.RIGHT, Reaction.WRONG}
            assert [each.reaction in asked for each in reviews[:1]] == [False] * len(reviews[:1])
            assert all(each.reaction in asked for each in reviews[1:])
    kept = [card(world, "ana", name) for name in NAMES]
    assert all(each is None or each.state is CardState.ACTIVE for each in kept)
    assert MONDAY.date() < min(days)
