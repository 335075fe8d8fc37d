"""What waits in the store, as operators see it."""

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, update

from bot.metric import Family, Kind
from bot.outbox import Ambiguous, Sent, Settlement, ToPlace
from bot.ports import Timer
from storage.backlog import SCHEDULED, is_quiet, look_at_backlog, read_backlog
from storage.database import Database
from storage.tables import outbox, rates
from tests.storage.example import ACME, HOUR, LEASE, NOW, OTHER, letter
from tests.storage.hand import HandLane

LANE = ("slack", ACME.id)
SECOND = timedelta(seconds=1)


def post(database: Database, key: str, due_in: timedelta | None = None) -> None:
    with database.transaction() as work:
        due_at = None if due_in is None else NOW + due_in
        work.outbox.post(ACME.id, letter(key, due_at=due_at, to=ToPlace(conversation=key)))


def age(database: Database, key: str, seconds: int) -> None:
    """Let a letter have been promised so long before now, by the database's clock."""
    with database.begin() as connection:
        row = outbox.c.key == key
        promised = connection.execute(outbox.select().where(row)).one().promised_at
        connection.execute(
            update(outbox).where(row).values(promised_at=promised - seconds * SECOND)
        )


def test_an_empty_store_has_nothing_waiting(acme: Database) -> None:
    found = read_backlog(acme, NOW)
    assert (found.letters, found.oldest, found.timers_due) == ({}, {}, 0)
    assert found.oldest_timer == timedelta(0)


def test_letters_are_counted_by_what_stands_with_them(acme: Database) -> None:
    lane = HandLane(acme)
    for key in ("a", "b", "c"):
        post(acme, key)
    first, second, _third = lane.claim(ACME.id, NOW, 3, LEASE)
    lane.mark_sending([first.id, second.id], NOW)
    lane.settle([Settlement(first.id, Sent(external="1", conversation="a"))], NOW)
    post(acme, "now")
    post(acme, "past", -HOUR)
    post(acme, "later", HOUR)
    assert read_backlog(acme, NOW).letters == {
        (*LANE, "sending"): 1,
        (*LANE, "leased"): 1,
        (*LANE, "pending"): 2,
        (*LANE, SCHEDULED): 1,
    }


def test_the_age_of_the_oldest_is_from_when_it_was_due(acme: Database) -> None:
    post(acme, "later", HOUR)
    assert read_backlog(acme, NOW).oldest == {}
    post(acme, "past", -2 * HOUR)
    post(acme, "less past", -HOUR)
    assert read_backlog(acme, NOW).oldest == {LANE: 2 * HOUR}


def test_a_letter_that_goes_at_once_has_waited_since_it_was_promised(acme: Database) -> None:
    post(acme, "now")
    waited = read_backlog(acme, NOW).oldest[LANE]
    assert timedelta(0) <= waited < timedelta(minutes=1)
    age(acme, "now", 300)
    assert timedelta(minutes=5) <= read_backlog(acme, NOW).oldest[LANE] < timedelta(minutes=6)
    post(acme, "past", -HOUR)
    assert read_backlog(acme, NOW).oldest[LANE] == HOUR


def test_timers_that_are_due_are_counted(acme: Database) -> None:
    with acme.transaction() as work:
        for minutes in (-90, -30, 30):
            due_at = NOW + timedelta(minutes=minutes)
            work.timers.set(Timer(key=str(minutes), due_at=due_at, action="test.ring"))
    found = read_backlog(acme, NOW)
    assert (found.timers_due, found.oldest_timer) == (2, timedelta(minutes=90))


def test_the_speed_and_the_pause_of_a_lane_are_told(acme: Database) -> None:
    row: dict[str, Any] = {
        "lane": ACME.id,
        "arrivals": [],
        "per_minute": None,
        "paused_until": None,
    }
    with acme.begin() as connection:
        connection.execute(
            insert(rates).values(
                row | {"conversation": "", "per_minute": 252.0, "paused_until": NOW + 30 * SECOND}
            )
        )
        connection.execute(insert(rates).values(row | {"conversation": "C1", "per_minute": 60.0}))
    found = read_backlog(acme, NOW)
    assert found.per_minute == {LANE: 252.0}
    assert found.paused == {LANE: 30 * SECOND}
    assert read_backlog(acme, NOW + HOUR).paused == {}


def test_what_waits_is_shown_without_a_name_or_a_word(acme: Database) -> None:
    post(acme, "past", -HOUR)
    families = look_at_backlog(acme, lambda: NOW)()
    assert families[0] == Family(
        "inflow_letters",
        "Letters that wait, by state; scheduled is pending and not due yet.",
        Kind.GAUGE,
        ("platform", "lane", "state"),
        {(*LANE, "pending"): 1.0},
    )
    labels = {value for family in families for labels in family.values for value in labels}
    assert labels == {"slack", ACME.id, "pending"}
    assert {family.name for family in families if family.values == {(): 0.0}} == {
        "inflow_timers_due",
        "inflow_oldest_due_timer_seconds",
    }


def test_a_workspace_is_quiet_whatever_is_unsure_there_or_stuck_elsewhere(acme: Database) -> None:
    lane = HandLane(acme)
    with acme.transaction() as work:
        work.people.add_workspace(OTHER)
        work.outbox.post(OTHER.id, letter("stuck", to=ToPlace(conversation="c")))
    assert is_quiet(acme, ACME.id, NOW)
    assert not is_quiet(acme, OTHER.id, NOW)
    post(acme, "later", HOUR)
    assert is_quiet(acme, ACME.id, NOW)
    post(acme, "a")
    assert not is_quiet(acme, ACME.id, NOW)
    [first] = lane.claim(ACME.id, NOW, 3, LEASE)
    assert not is_quiet(acme, ACME.id, NOW)
    lane.mark_sending([first.id], NOW)
    assert not is_quiet(acme, ACME.id, NOW)
    lane.settle([Settlement(first.id, Ambiguous("timeout"), HOUR)], NOW)
    with acme.transaction() as work:
        work.outbox.post(ACME.id, letter("edit", edits="a", to=ToPlace(conversation="a")))
    assert is_quiet(acme, ACME.id, NOW), "it may take hours until anybody knows"
