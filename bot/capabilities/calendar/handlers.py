"""What the words of the calendar do."""

from collections.abc import Sequence
from datetime import date, timedelta

from bot.access import Right, require
from bot.capabilities.calendar import messages
from bot.context import Context
from bot.errors import Invalid, NotFound
from bot.holiday import public_holidays, read_country
from bot.inbound import Command
from bot.page import Section
from bot.people import Person, local
from bot.ports import Work
from bot.reply import Reply

SHOWN = 15
"""Days of a kind that `/holidays` lists."""
MOST_DAYS = 200
"""Coming days that an organisation may set."""
AHEAD = timedelta(days=3 * 366)


def list_days(context: Context, work: Work, command: Command) -> Reply:
    """`/holidays`, for everybody."""
    today = local(command.person, context.now).date()
    country = command.person.days_off.country
    public = [
        (day, name)
        for year in (today.year, today.year + 1)
        for day, name in sorted(public_holidays(country, year).items() if country else ())
        if day >= today
    ]
    own = _coming(work, command, today)
    return Reply(message=messages.coming(country, public[:SHOWN], own[:SHOWN]))


def home(context: Context, work: Work, person: Person) -> Sequence[Section]:
    """Tomorrow, if that is a day off beside the person's weekly pattern."""
    day = local(person, context.now).date() + timedelta(days=1)
    weekdays = person.hours.weekdays
    if day not in person.days_off or (weekdays and day.isoweekday() not in weekdays):
        return []
    country = person.days_off.country
    names = public_holidays(country, day.year) if country else {}
    name = names.get(day) or dict(work.people.days_off(person.workspace)).get(day, "")
    return messages.tomorrow(name)


def change_day(context: Context, work: Work, command: Command) -> Reply:
    """`/holiday DATE NAME` and `/holiday remove DATE`."""
    require(command.person, Right.SET_CALENDAR)
    workspace = command.person.workspace
    first, _, rest = command.text.strip().partition(" ")
    if first.casefold() == "remove":
        day = _read_day(rest)
        if not work.people.remove_day_off(workspace, day):
            raise NotFound(messages.NO_SUCH_DAY)
        return Reply(message=messages.day_removed(day))
    day, name = _read_day(first), " ".join(rest.split())
    if not name or len(name) > messages.LONGEST_NAME:
        raise Invalid(messages.HOLIDAY_HELP)
    today = local(command.person, context.now).date()
    if day < today or day - today > AHEAD:
        raise Invalid(messages.PAST if day < today else messages.TOO_FAR)
    coming = {known for known, _ in _coming(work, command, today)}
    if day not in coming and len(coming) >= MOST_DAYS:
        raise Invalid(messages.TOO_MANY.format(most=MOST_DAYS))
    work.people.add_day_off(workspace, day, name)
    return Reply(message=messages.day_set(day, name))


def change_country(_context: Context, work: Work, command: Command) -> Reply:
    """`/country CODE`; alone it says what is set."""
    words, workspace = command.text.strip(), command.person.workspace
    if not words:
        here = next(known for known in work.people.workspaces() if known.id == workspace)
        return Reply(message=messages.country(here.country))
    require(command.person, Right.SET_CALENDAR)
    country = None if words.casefold() == "none" else read_country(words)
    work.people.set_country(workspace, country)
    return Reply(message=messages.country(country))


def _coming(work: Work, command: Command, today: date) -> list[tuple[date, str]]:
    days = work.people.days_off(command.person.workspace)
    return [(day, name) for day, name in days if day >= today]


def _read_day(words: str) -> date:
    try:
        return date.fromisoformat(words.strip())
    except ValueError:
        raise Invalid(messages.HOLIDAY_HELP) from None
