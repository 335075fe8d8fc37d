"""Weekdays as people write them."""

import re

NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def parse_weekdays(words: str) -> frozenset[int] | None:
    """ISO weekdays from `Mon Tue Wed`, `Monday to Friday`, `Sun-Thu`; None when not understood."""
    text = re.sub(r"\s*(?:-|–|\bto\b)\s*", "-", words.strip().casefold())
    found: set[int] = set()
    for token in re.split(r"[\s,;&]+|\band\b", text):
        if not token:
            continue
        ends = [_weekday(name) for name in token.split("-")]
        if len(ends) > 2 or None in ends:
            return None
        first, last = ends[0] or 1, ends[-1] or 1
        found |= {(first - 1 + step) % 7 + 1 for step in range((last - first) % 7 + 1)}
    return frozenset(found) or None


def _weekday(name: str) -> int | None:
    if len(name) < 2:
        return None
    return next((number for number, day in enumerate(NAMES, 1) if day.startswith(name)), None)


def say_weekdays(weekdays: frozenset[int]) -> str:
    """`Mon-Fri`, `Sun-Thu` or `Mon Wed`, as `parse_weekdays` reads it."""
    if len(weekdays) == len(NAMES):
        return "Mon-Sun"
    # Each run of days begins after a day off, and may go on over the end of the week.
    said = []
    for first in sorted(day for day in weekdays if _before(day) not in weekdays):
        days = [first]
        while (following := days[-1] % 7 + 1) in weekdays:
            days.append(following)
        names = [NAMES[day - 1][:3].title() for day in days]
        said.append(f"{names[0]}-{names[-1]}" if len(names) > 2 else " ".join(names))
    return " ".join(said)


def _before(weekday: int) -> int:
    return (weekday - 2) % 7 + 1
