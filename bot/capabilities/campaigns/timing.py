"""On which day something of a campaign comes to whom, and when that day begins anywhere."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from bot.capabilities.campaigns.content import Activity, Content, Timing
from bot.capabilities.campaigns.model import Campaign, Pause
from bot.people import Person, local, works_on
from bot.schedule import at_local

_DAY = timedelta(days=1)
_FIRST = "Etc/GMT-14"
"""The zone where each day begins first (by POSIX, 14 hours before UTC)."""
_HORIZON = 800
MORNING = time(9, 30)
"""When something stands in a channel that names no hour, on the owner's clock."""


def begins_at(day: date) -> datetime:
    """When the day begins somewhere, in UTC."""
    return at_local(day, time(0), _FIRST)


def newest_day(now: datetime) -> date:
    """The newest day that has begun anywhere."""
    return (now + timedelta(hours=14)).date()


def first_possible(content: Content, activity: Activity, wave: date) -> date:
    """The first day of the calendar on which anybody of the wave may have the activity's day."""
    if content.timing is Timing.CALENDAR:
        return activity.date or wave
    return wave + (activity.day or 0) * _DAY


def day_of(
    content: Content, activity: Activity, person: Person, wave: date, pauses: Sequence[Pause]
) -> date:
    """The local day on which the person gets it, by their own working days.

    Days on which the campaign rested do not count: what was to come then comes afterwards.
    """
    if content.timing is Timing.CALENDAR:
        return activity.date or wave
    return working_day(person, wave, activity.day or 0, pauses)


def working_day(person: Person, start: date, number: int, pauses: Iterable[Pause] = ()) -> date:
    """The person's working day of that number, from 0, that is not before `start`; whoever never
    works within two years has the day of the calendar."""
    rested = [
        (local(person, p.since).date(), local(person, p.until).date() if p.until else date.max)
        for p in pauses
    ]
    left = number
    for offset in range(_HORIZON):
        day = start + offset * _DAY
        if works_on(person, day) and not any(since <= day < until for since, until in rested):
            if left == 0:
                return day
            left -= 1
    return start + number * _DAY


def zone_of(campaign: Campaign, owner: Person) -> str:
    """The zone by which its hours and what stands in channels go."""
    drawn = campaign.allocation
    return (drawn.zone if drawn is not None else None) or owner.zone


def day_in_channel(campaign: Campaign, activity: Activity, owner: Person, wave: date) -> date:
    """The day on which it stands in a channel: by the owner's calendar."""
    if campaign.content.timing is Timing.CALENDAR:
        return activity.date or wave
    return working_day(owner, wave, activity.day or 0, campaign.pauses)
