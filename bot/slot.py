"""Slots: the hours at which something comes to a person again and again.

A slot is local wall-clock time. When it comes next is computed from the person's zone,
working days and days off each time it is looked at, and kept only to be found by: a slot
is looked at when it is due, and as soon as anything about the person has changed (the store
makes it due at once then).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache

from bot.ids import PersonId
from bot.people import Person, works_on
from bot.schedule import APART, WINDOW, Occurrence, next_occurrence, window

EVERY_DAY = frozenset(range(1, 8))
AGAIN = timedelta(minutes=5)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """A person's recurring hour for one kind of thing (`tips.daily`).

    `at` is local time and `weekdays` are ISO weekdays, of which only the person's working
    days count. `next_day` and `next_due_at` (aware UTC) are when it comes next, None for
    never. `last_day` is the last day that was planned, `last_at` when that was, if anything
    was promised.
    """

    person: PersonId
    kind: str
    at: time
    weekdays: frozenset[int] = EVERY_DAY
    next_day: date | None = None
    next_due_at: datetime | None = None
    last_day: date | None = None
    last_at: datetime | None = None


# No slots: the key is asked for several times, and made once.
@dataclass(frozen=True)
class DueSlot:
    """A slot whose hour has come: on `day`, the person's, from `due_at` until `closes_at`.

    What it brings goes within that window or not at all (late rule).
    """

    person: Person
    slot: Slot
    day: date
    due_at: datetime
    closes_at: datetime

    @cached_property
    def key(self) -> str:
        """One for each person, kind and day: for the letter, so that it is promised once."""
        return f"{self.slot.kind}:{self.slot.person}:{self.day.isoformat()}"


class Sight(StrEnum):
    """What looking at a slot showed."""

    DUE = "due"
    LATE = "late"
    """Its hour passed while nobody was there to plan it."""
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Seen:
    """`slot` is as it is from now on; `due` is there when its hour has come."""

    sight: Sight
    slot: Slot
    due: DueSlot | None = None


def begin_slot(
    person: Person, kind: str, at: time, now: datetime, weekdays: frozenset[int] = EVERY_DAY
) -> Slot:
    """A new slot that comes for the first time at its next hour from `now` on."""
    slot = Slot(person.id, kind, at, weekdays)
    return _expect(slot, _next(slot, person, now))


def change_slot(slot: Slot, person: Person, now: datetime, at: time, days: frozenset[int]) -> Slot:
    """The slot at another hour or on other weekdays; a day that was planned stays planned."""
    changed = replace(slot, at=at, weekdays=days)
    return _expect(changed, _next(changed, person, now))


def look(slot: Slot, person: Person, now: datetime) -> Seen:
    """Whether the slot's hour has come, by all that is known about the person now.

    What it was expected to be earlier does not count: zone, days off or the rules of the
    zone may have changed since.
    """
    if not person.active:
        return Seen(Sight.WAITING, _expect(slot, None))
    found = _next(slot, person, now - WINDOW + _INSTANT)
    # An hour before `next_day` was over when the slot was made or changed.
    if found is not None and slot.next_day is not None and found.day >= slot.next_day:
        due_at, closes_at = window(found.day, slot.at, person.zone)
        if due_at <= now < closes_at:
            planned = _keep(slot, found.day, slot.last_at)
            planned = _expect(planned, _next(planned, person, due_at))
            due = DueSlot(person, slot, found.day, due_at, closes_at)
            return Seen(Sight.DUE, planned, due)
    waiting = _expect(slot, _next(slot, person, now))
    missed = waiting.next_day != slot.next_day and _is_missed(slot, person, now)
    return Seen(Sight.LATE if missed else Sight.WAITING, waiting)


def _is_missed(slot: Slot, person: Person, now: datetime) -> bool:
    """Whether the day that was expected had its hour, and that is over."""
    if slot.next_day is None:
        return False
    before = replace(slot, last_day=slot.next_day - timedelta(days=1))
    found = _next(before, person, _EPOCH)
    return found is not None and found.day == slot.next_day and found.due_at < now


def leave_room(one: DueSlot, others: Iterable[Slot]) -> frozenset[date]:
    """The days, from this one to the end of its week, on which something else is still to come
    that the person has on fewer weekdays. What comes more often leaves it room in their budget,
    or it would never come."""
    week = range(one.day.isoweekday(), 8)
    days = [one.day + timedelta(days=offset) for offset, _ in enumerate(week)]
    return frozenset(
        day
        for other in others
        if len(other.weekdays) < len(one.slot.weekdays)
        for day in days
        if day.isoweekday() in other.weekdays
        and (other.last_day is None or other.last_day < day)
        and works_on(one.person, day)
    )


def promise(slot: Slot, person: Person, at: datetime) -> Slot:
    """The slot after something was promised for `at` (aware UTC): nothing more comes soon."""
    kept = _keep(slot, slot.last_day, at)
    if slot.next_due_at is None or slot.next_due_at >= at + APART:
        return kept
    return _expect(kept, _next(kept, person, slot.next_due_at))


def postpone(slot: Slot, now: datetime) -> Slot:
    """The slot to be looked at again in some minutes, as what it brings could not be made."""
    return replace(slot, next_due_at=now + AGAIN)


def _next(slot: Slot, person: Person, after: datetime) -> Occurrence | None:
    weekdays = slot.weekdays & (person.hours.weekdays or EVERY_DAY)
    return _next_of(
        slot.at, weekdays, person.days_off, person.zone, after, slot.last_day, slot.last_at
    )


# Of a chunk of slots most have the same hour, zone and days off.
_next_of = lru_cache(maxsize=5_000)(next_occurrence)


# `replace` takes three times as long as these, and there are ten thousand in a second.


def _keep(slot: Slot, last_day: date | None, last_at: datetime | None) -> Slot:
    return Slot(
        slot.person,
        slot.kind,
        slot.at,
        slot.weekdays,
        slot.next_day,
        slot.next_due_at,
        last_day,
        last_at,
    )


def _expect(slot: Slot, found: Occurrence | None) -> Slot:
    day, due_at = (None, None) if found is None else (found.day, found.due_at)
    return Slot(
        slot.person, slot.kind, slot.at, slot.weekdays, day, due_at, slot.last_day, slot.last_at
    )
