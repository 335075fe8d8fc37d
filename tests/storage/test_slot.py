"""Slots come back as they were saved, and several workers share those that are due."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.capabilities.questions.memory import Memory
from bot.ids import PersonId
from bot.slot import Slot
from storage.database import Database
from tests.databases import RELAY_KEY, connect_slowly
from tests.storage.example import ACME, ANA, BO, CY, HOUR, NOW

TIP = "tips.daily"
TOUCHED = datetime(1970, 1, 1, tzinfo=UTC)


def slot(person: PersonId, due_at: datetime | None = NOW, kind: str = TIP) -> Slot:
    return Slot(person, kind, time(9, 30), frozenset({1, 3, 7}), NOW.date(), due_at)


def test_every_field_comes_back(acme: Database) -> None:
    full = Slot(
        person=ANA.id,
        kind=TIP,
        at=time(2, 30),
        weekdays=frozenset({7, 1}),
        next_day=date(2026, 3, 3),
        next_due_at=NOW + HOUR,
        last_day=date(2026, 3, 2),
        last_at=NOW,
    )
    bare = Slot(ANA.id, "other.daily", time(0))
    with acme.transaction() as work:
        work.slots.save(slot(ANA.id))
        work.slots.save(full)
        work.slots.save(bare)
    with acme.transaction() as work:
        assert list(work.slots.of(ANA.id)) == [bare, full]
        assert list(work.slots.of(BO.id)) == []
        assert work.slots.of_kinds(["other.daily"], [ANA.id, BO.id]) == {ANA.id: [bare]}


def test_what_is_due_comes_longest_due_first_and_by_kind(acme: Database) -> None:
    early, late = slot(BO.id, NOW - HOUR), slot(ANA.id, NOW)
    with acme.transaction() as work:
        for one in (late, early, slot(CY.id, NOW + HOUR), slot(CY.id, NOW, "other.daily")):
            work.slots.save(one)
    with acme.transaction() as work:
        assert list(work.slots.take_due(TIP, NOW, 10)) == [early, late]
        assert list(work.slots.take_due(TIP, NOW, 1)) == [early]
        assert work.slots.are_due(TIP, NOW - HOUR)
        assert not work.slots.are_due(TIP, NOW - 2 * HOUR)
        assert not work.slots.are_due("gone.daily", NOW)
        assert work.slots.next_due(TIP) == NOW - HOUR
        assert work.slots.next_due("gone.daily") is None


def test_what_never_comes_is_not_due(acme: Database) -> None:
    with acme.transaction() as work:
        work.slots.save(slot(ANA.id, None))
    with acme.transaction() as work:
        assert list(work.slots.take_due(TIP, NOW, 10)) == []
        assert work.slots.next_due(TIP) is None


def test_many_slots_move_at_once(acme: Database) -> None:
    before = [slot(person.id) for person in (ANA, BO, CY)]
    after = [
        replace(
            one,
            next_day=date(2026, 3, 3 + number),
            next_due_at=NOW + timedelta(days=number),
            last_day=NOW.date(),
            last_at=NOW if number else None,
        )
        for number, one in enumerate(before)
    ]
    with acme.transaction() as work:
        for one in before:
            work.slots.save(one)
    with acme.transaction() as work:
        work.slots.move(after)
        work.slots.move([])
    with acme.transaction() as work:
        assert [work.slots.of(person.id)[0] for person in (ANA, BO, CY)] == after


@pytest.mark.parametrize("change", ["zone", "country", "day off", "own day off", "hour"])
def test_whatever_changes_for_a_person_has_their_slots_looked_at(
    acme: Database, change: str
) -> None:
    with acme.transaction() as work:
        for person in (ANA, BO):
            work.slots.save(slot(person.id, NOW + HOUR))
    with acme.transaction() as work:
        match change:
            case "zone":
                work.people.save(replace(ANA, zone="Asia/Tokyo"))
            case "country":
                work.people.set_country(ANA.workspace, "DE")
            case "day off":
                work.people.add_day_off(ANA.workspace, NOW.date(), "Company day")
            case "own day off":
                work.people.add_day_off(ANA.workspace, NOW.date(), "Garden", ANA.id)
            case "hour":
                work.slots.set_hour(ANA.id, time(8))
    with acme.transaction() as work:
        (ana,), (bo,) = work.slots.of(ANA.id), work.slots.of(BO.id)
        assert work.slots.next_due(TIP) == TOUCHED
    assert ana.next_due_at == TOUCHED
    assert ana.next_day == NOW.date()
    concerns_all = change in {"country", "day off"}
    assert bo.next_due_at == (TOUCHED if concerns_all else NOW + HOUR)


def test_several_workers_get_different_slots_and_wait_for_nobody(postgres_url: str) -> None:
    database = Database(postgres_url, relay_key=RELAY_KEY, memory=Memory())
    other = connect_slowly(
        Database(postgres_url, relay_key=RELAY_KEY, memory=Memory(), busy_timeout=0.5)
    )
    with database.transaction() as work:
        work.people.add_workspace(ACME)
        for person in (ANA, BO, CY):
            work.people.save(person)
            work.slots.save(slot(person.id))
    with database.transaction() as work:
        mine = work.slots.take_due(TIP, NOW, 2)
        with other.transaction() as theirs:
            others = theirs.slots.take_due(TIP, NOW, 10)
            assert theirs.slots.are_due(TIP, NOW)
        # Whoever is being changed by somebody else is passed over as well.
    assert [one.person for one in mine] == [ANA.id, BO.id]
    assert [one.person for one in others] == [CY.id]
    with database.transaction() as work:
        work.people.save(replace(BO, name="Bo"))
        with other.transaction() as theirs:
            assert [s.person for s in theirs.slots.take_due(TIP, NOW, 10)] == [ANA.id, CY.id]
    database.close()
    other.close()
