"""What a person does about what reaches them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TypeVar

from bot.attention import (
    MOST_PER_DAY,
    MOST_PER_WEEK,
    PER_DAY,
    PER_WEEK,
    SLOT,
    Attention,
    Entry,
    Reason,
    count_ignored,
    next_hour,
    rearrange,
)
from bot.capabilities.attention import messages
from bot.capabilities.attention.day import (
    parse_clock,
    parse_until,
    parse_weekdays,
    say_weekdays,
)
from bot.capability import AboutMe, Hush
from bot.context import Context
from bot.errors import Invalid
from bot.holiday import read_country
from bot.inbound import Command
from bot.message import Part, say
from bot.outbox import LetterState
from bot.people import Person, WorkingHours, local, pause
from bot.ports import Work
from bot.reply import Reply
from bot.schedule import at_local

W = TypeVar("W", bound=Work)

WEEK = timedelta(days=7)
STOP_WORDS = (
    *("stop", "stop it", "stop this", "stop that", "stop all", "stopall", "stop everything"),
    *("stop messages", "stop messaging me", "stop writing to me", "stop writing me", "stop now"),
    *("unsubscribe", "unsubscribe me", "opt out", "optout", "opt me out"),
    *("leave me alone", "leave me in peace", "no more messages", "no messages"),
)
"""Whoever says one of these and nothing else wants to be left alone."""


def hush_all(hushes: Sequence[Hush[W]], context: Context, work: W, person: Person) -> None:
    """Every capability takes back what waits for the person."""
    for hush in hushes:
        hush(context, work, person)


def pause_until(hush: Hush[W], context: Context, work: W, command: Command) -> Reply:
    """`/pause until Monday`; alone it is a week."""
    if not command.text:
        return pause_week(hush, context, work, command)
    until = parse_until(command.text, context.now, command.person.zone)
    return _pause(hush, context, work, command.person, until)


def pause_week(hush: Hush[W], context: Context, work: W, command: Command) -> Reply:
    """*Pause 1 week*: until the midnight that begins the same weekday."""
    person = command.person
    day = local(person, context.now).date() + WEEK
    return _pause(hush, context, work, person, at_local(day, time(0), person.zone))


def _pause(hush: Hush[W], context: Context, work: W, person: Person, until: datetime) -> Reply:
    paused = pause(person, until)
    work.people.save(paused)
    hush(context, work, paused)
    rearrange(context, work, paused)
    return Reply(message=messages.paused(paused, until))


def stop(hush: Hush[W], context: Context, work: W, command: Command) -> Reply:
    """*Stop all*, `/stop`, or the word alone: nothing unsolicited any more."""
    more = command.text.casefold().strip(" .!").removesuffix("please").strip(" ,")
    if more and f"stop {more}" not in STOP_WORDS:
        raise Invalid(messages.STOP_ALONE)
    person = replace(command.person, asks_welcome=False)
    work.people.save(person)
    attention = work.attention.get(person.id)
    if attention.stopped_at is None:
        # The hour will do; the moment would say when the person was here.
        work.attention.save(replace(attention, stopped_at=next_hour(context.now)))
    hush(context, work, person)
    rearrange(context, work, person)
    return Reply(message=messages.stopped())


def resume(context: Context, work: W, command: Command) -> Reply:
    """`/resume` ends a pause, a stop, and the silence after nothing was reacted to."""
    if command.text:
        raise Invalid(messages.RESUME_ALONE)
    return go_on(context, work, command)


def go_on(_context: Context, work: W, command: Command) -> Reply:
    """*Go on* under the message that says that the bot has paused, or has stopped."""
    work.people.save(replace(pause(command.person, None), asks_welcome=True))
    attention = replace(
        work.attention.get(command.person.id), stopped_at=None, paused_at=None, ignored=0
    )
    work.attention.save(attention)
    return Reply(message=messages.resumed(attention))


def why(context: Context, work: W, command: Command) -> Reply:
    """*Why am I getting this?* The message is found by its address; the button says nothing."""
    person = command.person
    found = None
    if command.message is not None:
        found = work.outbox.find(person.workspace, command.place.conversation, command.message)
    if found is None or found.kind is None:
        return Reply(message=say(messages.WHY_UNKNOWN))
    if found.day is None:
        return Reply(message=messages.why_offer(found.because))
    attention = work.attention.get(person.id)
    sent = _sent_this_week(context, person, _entries(context, work, person))
    return Reply(message=messages.why(found.because, attention, sent))


def _entries(context: Context, work: W, person: Person) -> Sequence[Entry]:
    from_day = local(person, context.now).date() - WEEK
    return work.attention.entries([person.id], from_day).get(person.id, ())


def _sent_this_week(context: Context, person: Person, entries: Sequence[Entry]) -> int:
    week = local(person, context.now).isocalendar()[:2]
    return sum(entry.went and entry.day.isocalendar()[:2] == week for entry in entries)


# --- settings -----------------------------------------------------------------------------


def open_settings(_context: Context, work: W, command: Command) -> Reply:
    if command.text:
        raise Invalid(messages.SETTINGS_ALONE)
    person = command.person
    attention = work.attention.get(person.id)
    weekdays = say_weekdays(person.hours.weekdays)
    return Reply(form=messages.settings_form(person, attention, weekdays))


def keep_settings(context: Context, work: W, command: Command) -> Reply:
    """The form of `/settings`. What waits is placed anew."""
    values, errors = command.values, dict[str, str]()
    slot, per_day, per_week = (values.get(name, "") for name in ("slot", "per_day", "per_week"))
    hour = parse_clock(slot)
    if hour is None or hour not in {*messages.HOURS, work.attention.get(command.person.id).hour}:
        errors["slot"] = messages.BAD_SLOT
    daily = _whole(per_day, MOST_PER_DAY)
    if daily is None:
        errors["per_day"] = messages.BAD_PER_DAY
    weekly = _whole(per_week, MOST_PER_WEEK)
    if weekly is None:
        errors["per_week"] = messages.BAD_PER_WEEK
    hours = _hours(command, errors)
    country = _country(values.get("country", ""), errors)
    if errors or hour is None or daily is None or weekly is None:
        raise Invalid(fields=errors)
    person = replace(command.person, hours=hours, country=country)
    work.people.save(person)
    before = work.attention.get(person.id)
    attention = replace(
        before,
        slot=None if hour == SLOT else hour,
        per_day=None if daily == PER_DAY else daily,
        per_week=None if weekly == PER_WEEK else weekly,
    )
    work.attention.save(attention)
    if attention.hour != before.hour:
        work.slots.set_hour(person.id, attention.hour)
    # Read again, since the store works out which days are off.
    rearrange(context, work, work.people.get(person.id) or person)
    return Reply(message=messages.settings_kept(person, attention, say_weekdays(hours.weekdays)))


def _whole(words: str, most: int) -> int | None:
    try:
        number = float(words)
    except ValueError:
        return None
    return int(number) if number.is_integer() and 0 <= number <= most else None


def _hours(command: Command, errors: dict[str, str]) -> WorkingHours:
    before, values = command.person.hours, command.values
    weekdays = parse_weekdays(values.get("weekdays", ""))
    if weekdays is None:
        errors["weekdays"] = messages.BAD_WEEKDAYS
    clocks = {name: parse_clock(values.get(name, "")) for name in ("starts", "ends")}
    errors |= {name: messages.BAD_CLOCK for name, clock in clocks.items() if clock is None}
    start, end = clocks["starts"], clocks["ends"]
    if start is not None and end is not None and end <= start:
        errors["ends"] = messages.ENDS_FIRST
    return WorkingHours(weekdays or before.weekdays, start or before.start, end or before.end)


def _country(words: str, errors: dict[str, str]) -> str | None:
    if not words.strip():
        return None
    try:
        return read_country(words)
    except Invalid as error:
        errors["country"] = error.sentence
        return None


# --- what is held about oneself -----------------------------------------------------------


def me(tell: Sequence[AboutMe[W]], context: Context, work: W, command: Command) -> Reply:
    """`/me`: what is held about this person, for this person."""
    parts = [part for about in tell for part in about(context, work, command.person)]
    return Reply(message=messages.me(parts))


def about_me(context: Context, work: W, person: Person) -> Sequence[Part]:
    attention: Attention = work.attention.get(person.id)
    entries = _entries(context, work, person)
    state = messages.State(
        attention=attention,
        weekdays=say_weekdays(person.hours.weekdays),
        sent=_sent_this_week(context, person, entries),
        waiting=sum(entry.state is LetterState.PENDING for entry in entries),
        ignored=count_ignored(attention, person, entries, context.now),
    )
    return messages.about_me(person, state, context.now)


def farewell(context: Context, work: W, person: Person) -> None:
    """Somebody has left: what waits for them is not sent, and their wishes are forgotten."""
    waiting = [entry.id for entry in _entries(context, work, person) if entry.waits]
    work.attention.withdraw(dict.fromkeys(waiting, Reason.LEFT), context.now)
    work.attention.forget(person.id)
