"""What a person does about what reaches them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TypeAlias, TypeVar

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
from bot.capabilities.attention.day import parse_clock, parse_until
from bot.capability import AboutMe, Hush, Why
from bot.context import Context
from bot.errors import Invalid
from bot.holiday import read_country
from bot.inbound import Command
from bot.kind import Kind, Sort
from bot.message import Part, say
from bot.outbox import Delivered, LetterState
from bot.page import Section
from bot.people import Person, WorkingHours, local, pause
from bot.ports import Work
from bot.reply import Reply
from bot.schedule import at_local, next_open_moment
from bot.weekday import parse_weekdays, say_weekdays

W = TypeVar("W", bound=Work)

Kinds: TypeAlias = Mapping[str, Kind]
"""The kinds of letters that all capabilities post, by name."""

WEEK = timedelta(days=7)
LONGEST_NIGHT = timedelta(hours=messages.NIGHT_HOURS)
OFFER = "offer"
"""The kind of a letter that asks a person a question of somebody else."""
STOP_WORDS = (
    *("stop", "stop it", "stop this", "stop that", "stop all", "stopall", "stop everything"),
    *("stopp", "stop it now", "stop bot", "stop inflow"),
    *("stop messages", "stop messaging me", "stop writing to me", "stop writing me", "stop now"),
    *("unsubscribe", "unsubscribe me", "opt out", "optout", "opt me out"),
    *("leave me alone", "leave me in peace", "no more messages", "no messages"),
)
"""Whoever says one of these and nothing else wants to be left alone."""


def hush_all(hushes: Sequence[Hush[W]], context: Context, work: W, person: Person) -> bool:
    """Every capability takes back what waits for the person, as `bot.capability.Hush` says."""
    passed = [hush(context, work, person) for hush in hushes]
    return any(passed)


def pause_until(hush: Hush[W], kinds: Kinds, context: Context, work: W, command: Command) -> Reply:
    """`/pause until Monday`; alone it is a week."""
    if not command.text:
        return pause_week(hush, kinds, context, work, command)
    try:
        until = parse_until(command.text, context.now, command.person.zone)
    except Invalid as error:
        raise _refuse(command, error.sentence) from error
    return _pause(hush, kinds, context, work, command, until)


def _refuse(command: Command, sentence: str) -> Invalid:
    """The refusal; plain words that began like a command may have been a question."""
    was_said = command.message is not None and sentence != messages.PAST
    return Invalid(sentence + (messages.OR_QUESTION if was_said else ""))


def pause_week(hush: Hush[W], kinds: Kinds, context: Context, work: W, command: Command) -> Reply:
    """*Pause 1 week*: until the midnight that begins the same weekday."""
    person = command.person
    day = local(person, context.now).date() + WEEK
    return _pause(hush, kinds, context, work, command, at_local(day, time(0), person.zone))


def _pause(
    hush: Hush[W], kinds: Kinds, context: Context, work: W, command: Command, until: datetime
) -> Reply:
    if work.attention.get(command.person.id).stopped_at is not None:
        return Reply(message=messages.stopped_already())
    paused = pause(command.person, until)
    work.people.save(paused)
    passed = _passed(work, command) if hush(context, work, paused) else None
    rearrange(context, work, paused)
    _put_off(kinds, context, work, paused)
    return Reply(message=messages.paused(paused, until, passed), on_page=True)


def _put_off(kinds: Kinds, context: Context, work: W, person: Person) -> None:
    """What waits for a task of theirs comes at their next working moment as it is now."""
    duties = [name for name, kind in kinds.items() if kind.sort is Sort.DUTY]
    due_at = next_open_moment(person, context.now)
    work.outbox.put_off(person, duties, due_at, context.now)


def _passed(work: W, command: Command) -> str:
    """What is said where something that had reached the person goes to others."""
    found = _pressed_on(work, command)
    is_offer = found is not None and found.kind == OFFER
    return messages.ABOVE_GOES_ON if is_offer else messages.ASKED_GOES_ON


def _pressed_on(work: W, command: Command) -> Delivered | None:
    """The letter under which the person has pressed something."""
    if command.message is None:
        return None
    return work.outbox.find(command.person.workspace, command.place.conversation, command.message)


def stop(hush: Hush[W], kinds: Kinds, context: Context, work: W, command: Command) -> Reply:
    """*Stop all*, `/stop`, or the word alone: nothing unsolicited any more."""
    more = command.text.casefold().strip(" .!").removesuffix("please").strip(" ,")
    if more and f"stop {more}" not in STOP_WORDS:
        raise _refuse(command, messages.STOP_ALONE)
    person = replace(command.person, asks_welcome=False)
    work.people.save(person)
    attention = work.attention.get(person.id)
    if attention.stopped_at is None:
        # The hour will do; the moment would say when the person was here.
        work.attention.save(replace(attention, stopped_at=next_hour(context.now)))
    passed = _passed(work, command) if hush(context, work, person) else None
    rearrange(context, work, person)
    ended = [k for k, kind in kinds.items() if kind.sort is Sort.DUTY and not kind.despite_stop]
    work.outbox.take_back(person, ended)
    return Reply(message=messages.stopped(passed), on_page=True)


def resume(kinds: Kinds, context: Context, work: W, command: Command) -> Reply:
    """`/resume` ends a pause, a stop, and the silence after nothing was reacted to."""
    if command.text:
        raise _refuse(command, messages.RESUME_ALONE)
    return go_on(kinds, context, work, command)


def go_on(kinds: Kinds, context: Context, work: W, command: Command) -> Reply:
    """*Write to me again* under the message that says that the bot has paused, or has stopped.

    Who has stopped only questions beforehand has said so in words of its own, and ends it so.
    """
    before = work.attention.get(command.person.id)
    paused_until, person = command.person.paused_until, pause(command.person, None)
    if before.stopped_at is not None:
        person = replace(person, asks_welcome=True)
    work.people.save(person)
    if paused_until is not None and paused_until > context.now:
        _put_off(kinds, context, work, person)
    attention = replace(before, stopped_at=None, paused_at=None, ignored=0)
    work.attention.save(attention)
    heard = messages.resumed(attention, asks_welcome=person.asks_welcome)
    return Reply(message=heard, on_page=True)


def why(
    kinds: Kinds,
    reasons: Sequence[Why[W]],
    context: Context,
    work: W,
    command: Command,
) -> Reply:
    """*Why am I getting this?* The message is found by its address; the button says nothing.
    `kinds` are those of the capabilities whose letters they are, `reasons` what these have to
    add."""
    person = command.person
    found = _pressed_on(work, command)
    if found is None or found.kind is None:
        return Reply(message=say(messages.WHY_UNKNOWN))
    if found.kind == OFFER:
        return Reply(message=messages.why_offer(found.because))
    kind = kinds.get(found.kind)
    if kind is not None and kind.sort is Sort.DUTY:
        return Reply(message=messages.why_duty(found.because, despite_stop=kind.despite_stop))
    if found.day is None:
        return Reply(message=messages.why_trial(found.because))
    attention = work.attention.get(person.id)
    sent = _sent_this_week(context, person, _entries(context, work, person))
    more = [part for reason in reasons for part in reason(context, work, person, found)]
    return Reply(message=messages.why(found.because, attention, sent, more))


def _entries(context: Context, work: W, person: Person) -> Sequence[Entry]:
    from_day = local(person, context.now).date() - WEEK
    return work.attention.entries([person.id], from_day).get(person.id, ())


def _sent_this_week(context: Context, person: Person, entries: Sequence[Entry]) -> int:
    week = local(person, context.now).isocalendar()[:2]
    return sum(entry.went and entry.day.isocalendar()[:2] == week for entry in entries)


# --- settings -----------------------------------------------------------------------------


def open_settings(_context: Context, work: W, command: Command) -> Reply:
    if command.text:
        raise _refuse(command, messages.SETTINGS_ALONE)
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
    person = work.people.get(person.id) or person
    rearrange(context, work, person)
    weekdays = say_weekdays(hours.weekdays)
    return Reply(message=messages.settings_kept(person, attention, weekdays, context.now))


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
    hours = WorkingHours(weekdays or before.weekdays, start or before.start, end or before.end)
    if start is not None and end is not None and not _is_shift(hours):
        errors["ends"] = messages.ENDS_FIRST
    return hours


def _is_shift(hours: WorkingHours) -> bool:
    """Whether they may be meant: “9 to 5” is no shift of twenty hours."""
    if not hours.go_overnight:
        return hours.start < hours.end
    begins = timedelta(hours=hours.start.hour, minutes=hours.start.minute)
    ends = timedelta(days=1, hours=hours.end.hour, minutes=hours.end.minute)
    return ends - begins <= LONGEST_NIGHT


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
    return messages.about_me(person, _state(context, work, person), context.now)


def home(context: Context, work: W, person: Person) -> Sequence[Section]:
    return messages.home(person, _state(context, work, person), context.now)


def _state(context: Context, work: W, person: Person) -> messages.State:
    attention: Attention = work.attention.get(person.id)
    entries = _entries(context, work, person)
    return messages.State(
        attention=attention,
        weekdays=say_weekdays(person.hours.weekdays),
        sent=_sent_this_week(context, person, entries),
        waiting=sum(entry.state is LetterState.PENDING for entry in entries),
        ignored=count_ignored(attention, person, entries, context.now),
    )


def farewell(context: Context, work: W, person: Person) -> None:
    """Somebody has left: what waits for them is not sent, and their wishes are forgotten."""
    waiting = [entry.id for entry in _entries(context, work, person) if entry.waits]
    work.attention.withdraw(dict.fromkeys(waiting, Reason.LEFT), context.now)
    work.attention.forget(person.id)
