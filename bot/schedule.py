"""Working time: instants in UTC, counted on a person's own clock.

A local time that a clock change skips counts as the moment after the gap; one that
happens twice counts once, as its first occurrence (`fold=0`), as domain.md 2.7 has it.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.people import Person, WorkingHours

_HORIZON = 400


def at_local(day: date, clock: time, zone: str) -> datetime:
    """The UTC instant at which a wall clock in `zone` shows `day` and `clock`."""
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


def _shifts(hours: WorkingHours, zone: str, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    first = start.astimezone(ZoneInfo(zone)).date()
    for offset in range(_HORIZON):
        day = first + timedelta(days=offset)
        if day.isoweekday() not in hours.weekdays:
            continue
        begins, ends = at_local(day, hours.start, zone), at_local(day, hours.end, zone)
        if ends > start and ends > begins:
            yield max(begins, start), ends


def add_working_time(person: Person, start: datetime, amount: timedelta) -> datetime:
    """The UTC instant at which `amount` of the person's working time has passed.

    A person without any working hours is taken to work round the clock.
    """
    left = amount
    for begins, ends in _shifts(person.hours, person.zone, start):
        if left <= ends - begins:
            return begins + left
        left -= ends - begins
    return start + amount


def add_working_days(person: Person, start: datetime, days: int) -> datetime:
    """The UTC instant `days` of the person's working days later, at the same local time."""
    here = start.astimezone(ZoneInfo(person.zone))
    day, left = here.date(), days
    if not person.hours.weekdays:
        return at_local(day + timedelta(days=days), here.time(), person.zone)
    while left > 0:
        day += timedelta(days=1)
        if day.isoweekday() in person.hours.weekdays:
            left -= 1
    return at_local(day, here.time().replace(tzinfo=None), person.zone)


def next_working_moment(person: Person, start: datetime) -> datetime:
    """`start` if the person is working then, else when their next shift begins."""
    return add_working_time(person, start, timedelta(0))


def next_morning(person: Person, after: datetime, clock: time = time(10)) -> datetime:
    """The first instant at or after `after` at which it is `clock` on a working day."""
    day = after.astimezone(ZoneInfo(person.zone)).date()
    for offset in range(_HORIZON):
        candidate = day + timedelta(days=offset)
        instant = at_local(candidate, clock, person.zone)
        works = not person.hours.weekdays or candidate.isoweekday() in person.hours.weekdays
        if instant >= after and works:
            return instant
    return after
