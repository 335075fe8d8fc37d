"""What community managers say about the days on which nobody works, and who minds it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.people import is_working
from storage.tables import outbox
from tests.world import MONDAY, WORKSPACE, World

TAXI = "How do I claim the taxi from a client visit?"


def test_a_manager_sets_a_day_and_everybody_sees_it(world: World) -> None:
    world.says("dana", "/holiday 2026-12-24 Company day")
    assert "Thursday, 24 December 2026 is a day off for everybody here" in world.last("dana")
    assert "What waits for people on that day moves" in world.last("dana")
    world.says("ana", "/holidays")
    assert "Thursday, 24 December 2026: Company day" in world.last("ana")
    world.says("dana", "/holiday 2026-12-24 Silent night")
    world.says("ana", "/holidays")
    assert "Company day" not in world.last("ana")
    assert "Silent night" in world.last("ana")


def test_a_day_is_taken_back(world: World) -> None:
    world.says("dana", "/holiday 2026-12-24 Company day")
    world.says("dana", "/holiday remove 2026-12-24")
    assert "no day off of this organisation any more" in world.last("dana")
    world.says("dana", "/holiday remove 2026-12-24")
    assert "There is no such day off" in world.last("dana")
    world.says("ana", "/holidays")
    assert "Company day" not in world.last("ana")


def test_a_country_brings_its_holidays(world: World) -> None:
    world.says("ana", "/holidays")
    assert "No country is set" in world.last("ana")
    world.says("dana", "/country de-by")
    assert "The public holidays of DE-BY are days off here" in world.last("dana")
    assert "What waits for people on these days moves" in world.last("dana")
    world.says("ana", "/holidays")
    assert "Thursday, 4 June 2026: Corpus Christi" in world.last("ana")
    world.says("ana", "/country")
    assert "DE-BY" in world.last("ana")
    world.says("dana", "/country none")
    assert "No public holidays count here" in world.last("dana")
    world.says("ana", "/country")
    assert "No public holidays count here" in world.last("ana")


def test_a_persons_own_country_counts_before_that_of_the_workspace(world: World) -> None:
    world.says("dana", "/country DE")
    world.changes("ana", country="FR")
    world.says("ana", "/holidays")
    assert "Public holidays of FR" in world.last("ana")
    assert "14 July 2026" in world.last("ana")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("/country XX", "I do not know the holidays of “XX”"),
        ("/country Germny", "Did you mean DE (Germany)"),
        ("/country DE-ZZ", "BB, BE, BW"),
        ("/holiday", "/holiday 2026-12-24 Company day"),
        ("/holiday tomorrow Party", "/holiday 2026-12-24 Company day"),
        ("/holiday 2026-12-24", "/holiday 2026-12-24 Company day"),
        ("/holiday 2026-12-24 " + "x" * 61, "/holiday 2026-12-24 Company day"),
        ("/holiday 2026-02-30 Never", "/holiday 2026-12-24 Company day"),
        ("/holiday 2026-03-01 Yesterday", "That day has passed"),
        ("/holiday 2031-03-01 Far", "more than three years ahead"),
        ("/holiday remove soon", "/holiday 2026-12-24 Company day"),
    ],
)
def test_what_cannot_be_set_is_said_clearly_and_changes_nothing(
    world: World, said: str, told: str
) -> None:
    before = world.dump()["days_off"], world.dump()["workspaces"]
    world.says("dana", said)
    assert told in world.last("dana")
    assert (world.dump()["days_off"], world.dump()["workspaces"]) == before


@pytest.mark.parametrize("said", ["/holiday 2026-12-24 Party", "/country DE"])
def test_only_who_may_sets_the_calendar(world: World, said: str) -> None:
    world.says("ana", said)
    assert "You may not do this" in world.last("ana")
    assert world.dump()["days_off"] == ""


def test_there_is_an_end_to_the_days_of_an_organisation(world: World) -> None:
    first = date(2026, 4, 1)
    with world.database.transaction() as work:
        for number in range(200):
            work.people.add_day_off(WORKSPACE, first + timedelta(days=number), "Off")
    world.says("dana", "/holiday 2026-12-24 One more")
    assert "There are 200 days already" in world.last("dana")
    world.says("dana", "/holiday 2026-04-01 Renamed")
    assert "is a day off for everybody here: Renamed" in world.last("dana")


def test_what_a_day_is_called_cannot_break_the_message(world: World) -> None:
    world.says("dana", "/holiday 2026-12-24 **All** <@everyone> `off`")
    world.says("ana", "/holidays")
    assert "**All** <@everyone> `off`" in world.last("ana")


def test_experts_are_not_asked_on_a_day_off(world: World) -> None:
    world.says("dana", "/country DE")
    world.says("dana", "/holiday 2026-04-07 Bridge day")
    # Easter Monday in the morning.
    world.now = datetime(2026, 4, 6, 9, tzinfo=UTC)
    assert not is_working(world.find_person("kim"), world.now)
    world.says("ana", f"/ask {TAXI}")
    assert world.who_was_asked() == []
    world.passes(hours=30)
    assert world.who_was_asked() == []
    world.passes(hours=18)
    assert world.who_was_asked() != []


# --- what waits for people on such a day ------------------------------------------------

NEWS = "Lunch is free this week."


@pytest.fixture
def early(either_world: World) -> Iterator[World]:
    """A world at six on Monday morning; Dana sends everybody a campaign until Friday."""
    either_world.now = MONDAY - timedelta(hours=3)
    yield either_world
    either_world.checks()


def send(world: World, **values: str) -> None:
    world.says("dana", "/campaign Free lunch")
    assert world.fills("dana", **({"body": NEWS} | values)).errors == {}
    world.presses("dana", "Send it")
    world.passes(seconds=1)


def got(world: World) -> list[str]:
    """Who has got the campaign, by name."""
    return sorted(
        heard.conversation.removeprefix("dm:")
        for heard in world.room.heard
        if heard.key is not None and heard.key.startswith("campaign:")
        if heard.key.count(":") == 2
    )


EVERYBODY = ["ana", "ben", "bo", "cem", "dana", "kim", "lu", "sam"]


def test_a_day_set_after_all_was_sent_costs_nobody_anything(early: World) -> None:
    send(early)
    early.says("dana", "/holiday 2026-03-02 Company day")
    early.passes(hours=20)
    assert got(early) == []
    early.passes(hours=8.1)
    assert got(early) == EVERYBODY
    early.passes(days=5)
    assert got(early) == EVERYBODY


def test_a_country_set_after_all_was_sent_costs_nobody_anything(early: World) -> None:
    # Corpus Christi.
    early.now = datetime(2026, 6, 4, 6, tzinfo=UTC)
    send(early)
    early.says("dana", "/country DE-BY")
    early.passes(hours=20)
    assert got(early) == []
    early.passes(hours=8.1)
    assert got(early) == EVERYBODY


def test_who_talks_before_their_hour_gets_it_on_the_next_working_day(early: World) -> None:
    send(early)
    early.passes(hours=3.15)
    early.says("ana", "thanks")
    early.passes(hours=4)
    assert got(early) == [name for name in EVERYBODY if name != "ana"]
    early.passes(days=1)
    assert got(early) == EVERYBODY


def test_without_a_day_left_it_is_not_sent_and_the_reason_is_kept(early: World) -> None:
    send(early, last_day="2026-03-03")
    early.says("dana", "/holiday 2026-03-02 Company day")
    early.says("dana", "/holiday 2026-03-03 Another company day")
    early.passes(days=7)
    assert got(early) == []
    with early.database.begin() as connection:
        rows = connection.execute(select(outbox).where(outbox.c.day.is_not(None))).all()
    assert {(row.state, row.why) for row in rows} == {("suppressed", "day off")}
    assert len(rows) == len(EVERYBODY)
