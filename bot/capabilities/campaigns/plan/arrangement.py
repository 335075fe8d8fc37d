"""The parts of a campaign in their order: one more, one less, one earlier."""

import re
from dataclasses import replace
from datetime import date, timedelta

from bot.capabilities.campaigns.content import (
    Activity,
    Content,
    Format,
    Timing,
    digest_of,
    in_order,
)

_DAY = timedelta(days=1)
_NUMBERED = re.compile(r"a([0-9]{1,6})")
_EVIDENCE = {Format.QUIZ: "certified", Format.PROMPT: "answered"}
ALL_OF_THEM = "all of them"
"""No name of a part, which has no spaces."""
_WEEK = 5
"""Working days, for a campaign whose days are counted differently than before."""


def mark_of(content: Content) -> str:
    """What the buttons under a content carry, so that one under an older content is known."""
    return digest_of(content)[:16]


def next_id(*contents: Content | None) -> str:
    """A name for one more part, which none of these contents has."""
    numbers = [
        int(found[1])
        for content in contents
        if content is not None
        for activity in content.activities
        if (found := _NUMBERED.fullmatch(activity.id))
    ]
    return f"a{max(numbers, default=0) + 1}"


def put(content: Content, activity: Activity) -> Content:
    """The content with the part, in the place of the one of its name if there is one."""
    if content.activity(activity.id) is None:
        return replace(content, activities=(*content.activities, activity))
    return replace(
        content,
        activities=tuple(activity if a.id == activity.id else a for a in content.activities),
    )


def without(content: Content, id_: str) -> Content:
    """The content without the part of that name."""
    return replace(content, activities=tuple(a for a in content.activities if a.id != id_))


def completions(content: Content) -> dict[str, str]:
    """What may make the campaign done, of its quizzes and prompts: the words of evidence for each,
    by the name of its part, and for all of them together by `ALL_OF_THEM`."""
    found: dict[str, str] = {}
    for activity in in_order(content):
        word = _EVIDENCE.get(activity.format)
        asked = f"{word}({activity.ref})"
        if word is not None and activity.ref and asked not in found.values():
            found[activity.id] = asked
    if len(found) > 1:
        found[ALL_OF_THEM] = " and ".join(found.values())
    return found


def move(content: Content, id_: str, by: int) -> Content:
    """The part changes places with the one before it (-1) or behind it (1), and so do their
    days; at either end nothing changes."""
    ordered = list(in_order(content))
    place = next((n for n, activity in enumerate(ordered) if activity.id == id_), None)
    if place is None or not 0 <= place + by < len(ordered):
        return content
    moved, other = ordered[place], ordered[place + by]
    ordered[place] = replace(other, date=moved.date, day=moved.day)
    ordered[place + by] = replace(moved, date=other.date, day=other.day)
    return replace(content, activities=tuple(ordered))


def retime(content: Content, timing: Timing, start: date) -> Content:
    """The content with its days counted in the other way, in the same order and about as far
    apart. `start` is the first day of whoever is in it from the beginning."""
    if timing is content.timing:
        return content
    if timing is Timing.CALENDAR:
        began = content.start or start
        dated = [
            replace(a, date=None if a.day is None else _working_day(began, a.day), day=None)
            for a in content.activities
        ]
        return replace(content, timing=timing, activities=tuple(dated), start=None, join_until=None)
    dates = [a.date for a in content.activities if a.date is not None]
    first = min(dates, default=start)
    counted = [
        replace(a, day=None if a.date is None else _working_days(first, a.date), date=None)
        for a in content.activities
    ]
    return replace(content, timing=timing, activities=tuple(counted), start=max(first, start))


def _working_days(first: date, last: date) -> int:
    """How many days from Monday to Friday lie between the two."""
    days = (first + n * _DAY for n in range((last - first).days))
    return sum(day.isoweekday() <= _WEEK for day in days)


def _working_day(first: date, number: int) -> date:
    day = first
    while day.isoweekday() > _WEEK:
        day += _DAY
    for _ in range(number):
        day += _DAY
        while day.isoweekday() > _WEEK:
            day += _DAY
    return day
