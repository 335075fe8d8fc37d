"""Who must never be asked, in any organisation: no offer reaches them, whatever happens."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.capabilities.questions.model import Level
from bot.ids import PersonId
from bot.people import Person
from tests.world import MONDAY, WORKSPACE, World, person

CROWD = tuple(f"p{number}" for number in range(8))


@dataclass(frozen=True, slots=True)
class Someone:
    """A colleague as drawn: what they declared, what they wish, whether they are there."""

    level: Level | None
    cap: int
    welcome: bool
    paused: int
    away: int
    zone: str


PEOPLE = st.builds(
    Someone,
    level=st.sampled_from(["can_help", "can_help", "learning", "steward", "none", None]),
    cap=st.integers(0, 2),
    welcome=st.sampled_from([True, True, True, False]),
    paused=st.sampled_from([0, 0, 0, 2]),
    away=st.sampled_from([0, 0, 0, 3]),
    zone=st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata"]),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from(["now", "urgent", "wait", "hidden"])),
        st.tuples(st.just("wait"), st.sampled_from([1, 7, 26])),
        st.tuples(st.just("pass"), st.sampled_from(["Busy", "Not my field"])),
        st.tuples(st.just("pause"), st.integers(0, len(CROWD) - 1)),
        st.tuples(st.just("stop"), st.integers(0, len(CROWD) - 1)),
    ),
    min_size=3,
    max_size=14,
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(crowd=st.lists(PEOPLE, min_size=8, max_size=8), steps=STEPS)
def test_nobody_over_their_limit_or_absent_or_unwilling_is_ever_offered_a_question(
    new_world: Callable[[], World], crowd: list[Someone], steps: list[tuple[str, object]]
) -> None:
    world = new_world()
    for name in ("kim", "bo", "lu", "sam"):
        world.declares(name, "travel", "none")
    for name, drawn in zip(CROWD, crowd, strict=True):
        world.joins(colleague(name, drawn))
        if drawn.level:
            world.declares(name, "travel", drawn.level)
    world.changes("ana", manager=PersonId(CROWD[0]))
    asked = 0
    for what, how in steps:
        match what:
            case "ask":
                asked += 1
                ask(world, str(how), asked)
            case "wait":
                passes_watched(world, int(str(how)))
            case "pass":
                for who in {h.conversation.removeprefix("dm:") for h in world.offers()}:
                    if any(b.label == how for h in world.hears(who) for b in h.buttons):
                        world.presses(who, str(how))
                        break
            case "pause":
                world.says(CROWD[int(str(how))], "/pause until tomorrow")
            case _:
                world.says(CROWD[int(str(how))], "stop asking me")
        look(world)
    passes_watched(world, 30)


def colleague(name: str, drawn: Someone) -> Person:
    return replace(
        person(name),
        weekly_cap=drawn.cap,
        asks_welcome=drawn.welcome,
        paused_until=MONDAY + timedelta(days=drawn.paused) if drawn.paused else None,
        away_until=MONDAY + timedelta(days=drawn.away) if drawn.away else None,
        zone=drawn.zone,
    )


def ask(world: World, how: str, number: int) -> None:
    words = f"Taxi question number {number}: how does it work?"
    world.says("ana", "/ask")
    urgency = {"urgent": "urgent", "wait": "can_wait"}.get(how, "normal")
    visibility = "anonymous" if how == "hidden" else "direct"
    world.fills("ana", question=words, urgency=urgency, visibility=visibility)


def passes_watched(world: World, hours: int) -> None:
    for _ in range(hours):
        world.passes(hours=1)
        look(world)


def look(world: World) -> None:
    """Check every letter that came since the last look, at the moment it came."""
    fresh = world.offers()[world.looked :]
    world.looked += len(fresh)
    with world.database.transaction() as work:
        levels = {d.person: d.level for d in work.experts.declarations(WORKSPACE)}
        offers = work.questions.offers_since(WORKSPACE, world.now - timedelta(days=7))
    for heard in fresh:
        who = heard.conversation.removeprefix("dm:")
        them = world.find_person(who)
        assert them.asks_welcome, who
        assert levels.get(PersonId(who)) != "none", who
        assert not (them.paused_until and world.now < them.paused_until), who
        assert not (them.away_until and world.now < them.away_until), who
        assert sum(offer.person == who for offer in offers) <= 2 * them.weekly_cap, who
        assert who != "ana"
        if "Someone asks" in heard.text:
            assert who != CROWD[0]


@pytest.mark.parametrize(
    "unwilling",
    [
        {"asks_welcome": False},
        {"weekly_cap": 0},
        {"away_until": MONDAY + timedelta(days=30)},
        {"paused_until": MONDAY + timedelta(days=30)},
        {"active": False},
    ],
)
def test_the_only_one_who_knows_is_not_asked_either(
    world: World, unwilling: dict[str, object]
) -> None:
    for name in ("bo", "lu", "sam"):
        world.declares(name, "travel", "none")
    world.changes("kim", **unwilling)
    world.says("ana", "How do I claim the taxi from a client visit?")
    world.passes(days=10)
    assert world.who_was_asked() == []


def test_a_cap_is_for_five_working_days(world: World) -> None:
    for name in ("bo", "lu", "sam"):
        world.declares(name, "travel", "none")
    world.changes("kim", weekly_cap=1)
    for number in range(3):
        world.says("ana", f"How do I claim taxi number {number} from a visit?")
    assert world.who_was_asked() == ["kim", "kim"]
    world.passes(days=8)
    world.says("ana", "How do I claim one taxi more from a visit?")
    assert world.who_was_asked() == ["kim", "kim", "kim"]


def test_the_expert_sees_how_often_they_were_asked(world: World) -> None:
    for name in ("bo", "lu", "sam"):
        world.declares(name, "travel", "none")
    for number in range(2):
        world.says("ana", f"How do I claim taxi number {number} from a visit?")
    assert "You were asked 2 times this week (your wish: 5, never more than 10)." in world.last(
        "kim"
    )
