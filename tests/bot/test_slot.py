"""Slots: looked at when they are due, late, or when something has changed."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.holiday import DaysOff
from bot.ids import PersonId, WorkspaceId
from bot.people import Person, WorkingHours
from bot.slot import (
    EVERY_DAY,
    DueSlot,
    Sight,
    Slot,
    begin_slot,
    change_slot,
    leave_room,
    look,
    promise,
)

PARIS = Person(
    id=PersonId("ana"), workspace=WorkspaceId("w"), address="a", name="Ana", zone="Europe/Paris"
)
TEN = time(10)
TOUCHED = datetime(1970, 1, 1, tzinfo=UTC)


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def march(day: int) -> date:
    return date(2026, 3, day)


def slot(next_day: int, **changes: object) -> Slot:
    """At ten on every working day, expected on a day of March in Paris."""
    made = Slot(PARIS.id, "tips.daily", TEN, EVERY_DAY, march(next_day), utc(next_day, 9))
    return replace(made, **changes)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("now", "day", "due_at"),
    [
        (utc(2, 8), 2, utc(2, 9)),
        (utc(2, 9), 2, utc(2, 9)),
        (utc(2, 9, 1), 3, utc(3, 9)),
        (utc(6, 12), 9, utc(9, 9)),
    ],
)
def test_a_new_slot_begins_with_the_next_hour_to_come(
    now: datetime, day: int, due_at: datetime
) -> None:
    begun = begin_slot(PARIS, "tips.daily", TEN, now)
    assert (begun.next_day, begun.next_due_at) == (march(day), due_at)
    assert look(begun, PARIS, now).sight is (Sight.DUE if now == due_at else Sight.WAITING)


@pytest.mark.parametrize("now", [utc(2, 9), utc(2, 9, 1), utc(2, 10, 59)])
def test_inside_the_window_it_is_due_and_moves_on(now: datetime) -> None:
    seen = look(slot(2), PARIS, now)
    assert seen.due == DueSlot(PARIS, slot(2), march(2), utc(2, 9), utc(2, 11))
    assert seen.due.key == "tips.daily:ana:2026-03-02"
    assert seen.slot == slot(3, last_day=march(2))
    assert look(seen.slot, PARIS, now).sight is Sight.WAITING


def test_room_is_left_for_what_comes_on_fewer_days_and_is_still_to_come() -> None:
    """On Wednesday the 4th, of a person who is off on Friday."""
    off = replace(PARIS, days_off=DaysOff(None, frozenset({march(6)})))
    one = DueSlot(off, slot(4), march(4), utc(4, 9), utc(4, 11))
    others = [
        slot(4, kind=f"weekly:{day}", weekdays=frozenset({day}), last_day=march(last))
        for day, last in ((1, 2), (3, 3), (4, 4), (5, 5))
    ]
    assert leave_room(one, others) == {march(4), march(5)}
    assert leave_room(one, [slot(4, kind="as often")]) == frozenset()
    late = replace(others[1], last_day=march(4))
    assert leave_room(one, [late]) == frozenset(), "it is in the ledger already"


@pytest.mark.parametrize(("now", "next_day"), [(utc(2, 11), 3), (utc(4, 8), 4), (utc(7, 12), 9)])
def test_after_the_window_it_is_late_and_moves_on(now: datetime, next_day: int) -> None:
    seen = look(slot(2), PARIS, now)
    assert (seen.sight, seen.due) == (Sight.LATE, None)
    assert seen.slot == slot(next_day)


def test_after_days_of_downtime_today_is_due_and_nothing_else() -> None:
    seen = look(slot(2), PARIS, utc(5, 9, 30))
    assert seen.due is not None
    assert seen.due.day == march(5)
    assert seen.slot == slot(6, last_day=march(5))


def test_a_window_ends_with_the_day() -> None:
    late = Slot(PARIS.id, "t", time(23, 45), EVERY_DAY, march(2), utc(2, 22, 45))
    assert look(late, PARIS, utc(2, 22, 59)).sight is Sight.DUE
    assert look(late, PARIS, utc(2, 23)).sight is Sight.LATE


def test_on_a_new_day_off_nothing_is_due_and_nothing_late() -> None:
    away = replace(PARIS, days_off=DaysOff(None, frozenset({march(2)})))
    for now in (utc(2, 9), utc(2, 15)):
        seen = look(slot(2), away, now)
        assert (seen.sight, seen.slot) == (Sight.WAITING, slot(3))


def test_a_day_off_that_is_taken_back_counts_again() -> None:
    touched = slot(4, next_due_at=TOUCHED)
    assert look(touched, PARIS, utc(2, 15)).slot == slot(3)
    # Nothing was expected today: that its window is open makes no difference.
    assert look(touched, PARIS, utc(3, 9, 30)).slot == slot(4)


def test_a_change_while_it_is_due_loses_nothing() -> None:
    seen = look(slot(2, next_due_at=TOUCHED), PARIS, utc(2, 9, 30))
    assert seen.due is not None
    assert seen.due.day == march(2)


@pytest.mark.parametrize(
    ("zone", "now", "due_at"),
    [
        ("Europe/London", utc(2, 9, 30), utc(2, 10)),
        ("America/New_York", utc(2, 9, 30), utc(2, 15)),
        ("Asia/Tokyo", utc(2, 8, 30), utc(3, 1)),
    ],
)
def test_a_changed_zone_counts_from_now_on(zone: str, now: datetime, due_at: datetime) -> None:
    moved = replace(PARIS, zone=zone)
    seen = look(slot(2, next_due_at=TOUCHED), moved, now)
    assert seen.due is None
    assert seen.slot.next_due_at == due_at


def test_a_zone_in_which_the_hour_has_just_been_is_still_due() -> None:
    seen = look(slot(2, next_due_at=TOUCHED), replace(PARIS, zone="Asia/Beirut"), utc(2, 8, 30))
    assert seen.due is not None
    assert (seen.due.due_at, seen.due.closes_at) == (utc(2, 8), utc(2, 10))


def test_what_was_promised_keeps_the_next_twelve_hours_apart() -> None:
    la = replace(PARIS, zone="America/Los_Angeles")
    begun = begin_slot(la, "tips.daily", TEN, utc(3, 12))
    seen = look(begun, la, utc(3, 18))
    promised = promise(seen.slot, la, utc(3, 18))
    assert promised.next_due_at == utc(4, 18)
    # In Tokyo it is ten in seven hours, on the next day.
    tokyo = look(replace(promised, next_due_at=TOUCHED), replace(la, zone="Asia/Tokyo"), utc(3, 19))
    assert tokyo.slot.next_due_at == utc(5, 1)


def test_another_hour_on_the_same_day_brings_nothing_more() -> None:
    seen = look(slot(2), PARIS, utc(2, 9))
    changed = change_slot(seen.slot, PARIS, utc(2, 9, 5), time(16), EVERY_DAY)
    assert changed.next_due_at == utc(3, 15)
    again = change_slot(changed, PARIS, utc(2, 9, 6), time(16), frozenset({5}))
    assert again.next_due_at == utc(6, 15)


def test_a_slot_keeps_to_the_persons_own_working_days() -> None:
    israel = replace(
        PARIS, zone="Asia/Jerusalem", hours=WorkingHours(weekdays=frozenset({7, 1, 2, 3, 4}))
    )
    days, now = [], utc(1, 0)
    watched = begin_slot(israel, "tips.daily", TEN, now)
    for _ in range(7):
        assert watched.next_due_at is not None
        seen = look(watched, israel, watched.next_due_at)
        assert seen.due is not None
        days.append(seen.due.day.day)
        watched = seen.slot
    assert days == [1, 2, 3, 4, 5, 8, 9]
    weekly = begin_slot(israel, "tips.daily", TEN, now, frozenset({5, 6}))
    assert weekly.next_due_at is None


def test_nothing_comes_to_who_has_left_until_they_are_back() -> None:
    gone = look(slot(2), replace(PARIS, active=False), utc(2, 9))
    assert gone.sight is Sight.WAITING
    assert gone.slot.next_due_at is None
    back = look(replace(gone.slot, next_due_at=TOUCHED), PARIS, utc(9, 12))
    assert back.slot == slot(10)


def test_a_zone_whose_rules_have_changed_is_read_as_it_is_now() -> None:
    # Expected an hour too early, as by rules that were withdrawn.
    seen = look(slot(2, next_due_at=utc(2, 8)), PARIS, utc(2, 8))
    assert (seen.sight, seen.slot) == (Sight.WAITING, slot(2))


def test_a_wall_clock_that_goes_back_brings_nothing_twice() -> None:
    planned = look(slot(2), PARIS, utc(2, 9)).slot
    for minutes in range(-120, 130, 5):
        now = utc(2, 9) + timedelta(minutes=minutes)
        seen = look(replace(planned, next_due_at=TOUCHED), PARIS, now)
        assert (seen.due, seen.slot) == (None, planned)
