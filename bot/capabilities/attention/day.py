"""Days and hours as people write them. Weekdays are in `bot.weekday`."""

import re
from datetime import date, datetime, time, timedelta

from bot.capabilities.attention import messages
from bot.errors import Invalid
from bot.people import zone_of
from bot.schedule import at_local
from bot.weekday import NAMES

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_LENGTHS = {"day": 1, "week": 7, "month": 30, "year": 365}
_MAX_PAUSE = 366


def parse_until(words: str, now: datetime, zone: str) -> datetime:
    """The local midnight that begins the day named: `Monday`, `tomorrow`, `2 weeks`, `24 Dec`,
    `24.12.`, `2026-12-24`. A day without a year is the next one of that name.

    Raises:
        Invalid: no day was understood, or it has passed or lies more than a year ahead.
    """
    text = re.sub(r"^(until|till|for|to)\s+", "", words.strip().casefold()).rstrip(".!")
    today = now.astimezone(zone_of(zone)).date()
    day = _parse_day(text, today)
    if day is None:
        raise Invalid(messages.PAUSE_HELP)
    if day <= today or (day - today).days > _MAX_PAUSE:
        raise Invalid(messages.PAST if day <= today else messages.PAUSE_HELP)
    return at_local(day, time(0), zone)


def _parse_day(text: str, today: date) -> date | None:
    text = text.removeprefix("next ")
    if text == "tomorrow":
        return today + timedelta(days=1)
    if text == "week":
        text = "monday"
    for number, name in enumerate(NAMES):
        if text in {name, name[:3]}:
            return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    amount = re.fullmatch(r"(\d{1,3}|a|one|two|three)\s*(day|week|month|year)s?", text)
    if amount:
        count = {"a": 1, "one": 1, "two": 2, "three": 3}.get(amount[1]) or int(amount[1])
        return today + timedelta(days=count * _LENGTHS[amount[2]])
    try:
        return date.fromisoformat(text)
    except ValueError:
        return _parse_date(text, today)


def _parse_date(text: str, today: date) -> date | None:
    """`24 December`, `Dec 24th`, `24.12.2026`."""
    found = (
        re.fullmatch(r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})(?:\.\s?(?P<year>\d{4})?)?", text)
        or re.fullmatch(
            r"(?:the )?(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?(?: of)?\s?(?P<month>[a-z]{3,9})\.?"
            r"(?:,?\s(?P<year>\d{4}))?",
            text,
        )
        or re.fullmatch(
            r"(?P<month>[a-z]{3,9})\.?\s?(?P<day>\d{1,2})(?:st|nd|rd|th)?"
            r"(?:,?\s(?P<year>\d{4}))?",
            text,
        )
    )
    if found is None:
        return None
    month = found["month"]
    number = (
        int(month)
        if month.isdigit()
        else next((n for n, name in enumerate(_MONTHS, 1) if name.startswith(month)), 0)
    )
    years = [int(found["year"])] if found["year"] else [today.year, today.year + 1]
    days = []
    for year in years:
        try:
            days.append(date(year, number, int(found["day"])))
        except ValueError:
            continue
    return next((day for day in days if day > today), days[-1] if days else None)


def parse_clock(words: str) -> time | None:
    """A local time from `9`, `9:00`, `09.30`; None when not understood."""
    found = re.fullmatch(r"(\d{1,2})(?:[:.h](\d{2}))?", words.strip())
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None
