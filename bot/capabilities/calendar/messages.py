"""Every sentence of the calendar."""

from collections.abc import Sequence
from datetime import date

from bot.message import Message, Note, Text, literal, say, shorten
from bot.page import Section, Shelf

LONGEST_NAME = 60
HOLIDAY_HELP = (
    "Write a date and what the day is, such as `/holiday 2026-12-24 Company day`. "
    "`/holiday remove 2026-12-24` takes it back."
)
PAST = "That day has passed. Days off are set for today or later."
TOO_FAR = "That is more than three years ahead. Please set it when it is nearer."
TOO_MANY = "There are {most} days already. Take one back first: `/holiday remove` and its date."
NO_SUCH_DAY = "There is no such day off. `/holidays` lists them."


def _day(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"


def _line(day: date, name: str) -> str:
    return f"- {_day(day)}: {literal(shorten(name, LONGEST_NAME))}"


def coming(
    country: str | None, public: Sequence[tuple[date, str]], own: Sequence[tuple[date, str]]
) -> Message:
    """The public holidays of the person's country, and the organisation's days, to come."""
    parts = []
    if country is None:
        parts.append(Text(text="No country is set, so there are no public holidays."))
    elif public:
        days = "\n".join(_line(day, name) for day, name in public)
        parts.append(Text(text=f"**Public holidays of {literal(country)}**\n{days}"))
    else:
        parts.append(Text(text=f"I know no public holidays of {literal(country)}."))
    if own:
        days = "\n".join(_line(day, name) for day, name in own)
        parts.append(Text(text=f"**Days of this organisation**\n{days}"))
    return say(
        "Your coming days off. Nobody is asked or written to on them.",
        *parts,
        Note(text="`/settings` changes your own country."),
    )


def tomorrow(name: str) -> list[Section]:
    """For the person's page, on the eve of a day off; `name` may be empty."""
    called = f"**{literal(shorten(name, LONGEST_NAME))}**, a" if name else "A"
    words = f"{called} day off for you: you are not asked or written to. `/holidays` lists more."
    return [Section(Shelf.TODAY, "Tomorrow", entries=[[Text(text=words)]])]


def day_set(day: date, name: str) -> Message:
    """A day of the organisation's was set."""
    return say(
        f"{_day(day)} is a day off for everybody here: {literal(name)}.",
        Note(text="What waits for people on that day moves to their next day with room."),
        Note(text=f"`/holiday remove {day.isoformat()}` takes it back."),
    )


def day_removed(day: date) -> Message:
    """A day of the organisation's was taken back."""
    return say(f"{_day(day)} is no day off of this organisation any more.")


def country(code: str | None) -> Message:
    """Whose public holidays count here."""
    if code is None:
        return say("No public holidays count here, but for those who have set a country.")
    return say(
        f"The public holidays of {literal(code)} are days off here, but for those who have set "
        "another country.",
        Note(
            text="What waits for people on these days moves to their next day with room. "
            "`/holidays` lists them."
        ),
    )
