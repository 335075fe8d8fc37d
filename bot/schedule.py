"""Working time and recurring hours: instants in UTC, counted on a person's own clock.

A local time that a clock change skips counts as that much after the gap; one that
happens twice counts once, as its first occurrence (`fold=0`), as domain.md 2.7 has it.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from bot.holiday import DaysOff
from bot.people import Person, has_hours, is_cut_off, local, works_on, zone_of

APART = timedelta(hours=12)
"""Never two of a person's daily messages within this, however the zone changes."""

WINDOW = timedelta(hours=2)
"""What belongs to a recurring hour is sent within so long after it, or not that day."""

_HORIZON = 400
_DAY = timedelta(days=1)


def at_local(day: date, clock: time, zone: str) -> datetime:
    """The UTC instant at which a wall clock in `zone` shows `day` and `clock`.

    It lies on that day wherever the zone has the day: a time in a gap that reaches midnight
    (Greenland's clocks go from 23:00 to 24:00) is taken as long before the gap instead.
    """
    where = zone_of(zone)
    instant = datetime.combine(day, clock, where).astimezone(UTC)
    if instant.astimezone(where).date() == day:
        return instant
    return datetime.combine(day, clock.replace(fold=1), where).astimezone(UTC)


def exists(day: date, zone: str) -> bool:
    """Whether the calendar of `zone` has the day: Samoa went from 29 to 31 December 2011."""
    return at_local(day, time(0), zone).astimezone(zone_of(zone)).date() == day


def _days(first: date, horizon: int = _HORIZON) -> Iterator[date]:
    return (first + timedelta(days=offset) for offset in range(horizon))


def _shifts(person: Person, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """What is left of the person's working days from `start` on. Without hours it is whole days."""
    hours, zone = person.hours, person.zone
    clocked = has_hours(person)
    overnight = clocked and hours.go_overnight
    first, last = (hours.start, hours.end) if clocked else (time(0), time(0))
    ends_on = timedelta(0) if clocked and not overnight else _DAY
    today = local(person, start).date()
    # Of a night shift the morning may still be left that began yesterday.
    for day in _days(today - _DAY if overnight else today):
        if day in person.days_off or (clocked and not works_on(person, day)):
            continue
        begins, ends = at_local(day, first, zone), at_local(day + ends_on, last, zone)
        if ends > start and ends > begins:
            yield max(begins, start), ends


def add_working_time(person: Person, start: datetime, amount: timedelta) -> datetime:
    """The UTC instant at which `amount` of the person's working time has passed.

    A person without any working hours is taken to work round the clock on all days that
    are not off.
    """
    left = amount
    for begins, ends in _shifts(person, start):
        if left <= ends - begins:
            return begins + left
        left -= ends - begins
    return start + amount


def add_working_days(person: Person, start: datetime, days: int) -> datetime:
    """The UTC instant `days` of the person's working days later, at the same local time."""
    here = local(person, start)
    day, left = here.date(), days
    for later in _days(day + _DAY, _HORIZON + 7 * days):
        if left <= 0:
            break
        if works_on(person, later):
            day, left = later, left - 1
    # A calendar that is all days off must not make anything wait for ever.
    return at_local(day + left * _DAY, here.time().replace(tzinfo=None), person.zone)


def next_working_moment(person: Person, start: datetime) -> datetime:
    """`start` if the person is working then, else when their next shift begins."""
    return add_working_time(person, start, timedelta(0))


def next_open_moment(person: Person, start: datetime) -> datetime:
    """The first moment from `start` on at which the person works and is neither away nor paused.

    For somebody who cannot be reached nobody knows an end: they are taken to be there.
    """
    ends = [person.paused_until, None if is_cut_off(person) else person.away_until]
    return next_working_moment(person, max([start, *(end for end in ends if end is not None)]))


def next_morning(person: Person, after: datetime, clock: time = time(10)) -> datetime:
    """The first instant at or after `after` at which it is `clock` on a working day."""
    for day in _days(local(person, after).date()):
        instant = at_local(day, clock, person.zone)
        if instant >= after and works_on(person, day):
            return instant
    return after


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a recurring hour comes: the local day, and the UTC instant."""

    day: date
    due_at: datetime


def next_occurrence(
    at: time,
    weekdays: Container[int],
    days_off: DaysOff,
    zone: str,
    after: datetime,
    last_day: date | None = None,
    last_at: datetime | None = None,
) -> Occurrence | None:
    """When a wall clock in `zone` next shows `at`, no earlier than `after`.

    It is on an ISO weekday of `weekdays`, on a day that is not off, exists in the zone and
    lies after `last_day`, the last day that had one; and at least `APART` after `last_at`,
    when that was. None where no day of the next 400 is such.
    """
    first = after.astimezone(zone_of(zone)).date()
    if last_day is not None and last_day >= first:
        first = last_day + _DAY
    if last_at is not None:
        after = max(after, last_at + APART)
    for day in _days(first):
        if day.isoweekday() not in weekdays or day in days_off:
            continue
        due_at = at_local(day, at, zone)
        if due_at >= after and exists(day, zone):
            return Occurrence(day, due_at)
    return None


def next_due_at(
    at: time,
    weekdays: Container[int],
    days_off: DaysOff,
    zone: str,
    after: datetime,
    last_day: date | None = None,
    last_at: datetime | None = None,
) -> datetime | None:
    """The aware UTC instant of `next_occurrence`."""
    found = next_occurrence(at, weekdays, days_off, zone, after, last_day, last_at)
    return None if found is None else found.due_at


@lru_cache(maxsize=4_096)
def window(day: date, at: time, zone: str) -> tuple[datetime, datetime]:
    """The UTC instants between which what belongs to a day's hour goes; it ends with the day.

    Where the calendar or the clocks leave no such time, the second is not after the first.
    """
    start, tomorrow = at_local(day, at, zone), day + _DAY
    if not exists(tomorrow, zone):
        tomorrow += _DAY
    return start, min(start + WINDOW, at_local(tomorrow, time(0), zone))
