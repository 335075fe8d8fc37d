"""Every sentence about a person's attention."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bot.attention import (
    MOST_PER_DAY,
    MOST_PER_WEEK,
    PER_DAY,
    PER_WEEK,
    STEPS,
    Attention,
    step_of,
)
from bot.form import ChoiceField, Form, NumberField, TextField
from bot.message import (
    Button,
    Buttons,
    Confirm,
    Divider,
    Heading,
    Message,
    Note,
    Option,
    Part,
    Text,
    Tone,
    literal,
    say,
)
from bot.messages import CONTROLS, WHAT_REACHES_YOU
from bot.page import Section, Shelf
from bot.people import Person, is_away, is_cut_off, local
from bot.schedule import WINDOW

PAUSE_HELP = (
    "Until when? Any day within a year, for example: `/pause until Monday`, `/pause 2 weeks`, "
    "`/pause until 24 December`."
)
PAST = "That is in the past. Please name a day to come."
RESUME_ALONE = (
    "Say “resume” alone to end your pause. A quiz that you have left goes on with “go on”."
)
SETTINGS_ALONE = "Say “settings” alone to open them."
STOP_ALONE = "Say “stop” alone and I send you nothing more that you did not ask for."
OR_QUESTION = " If that was a question, begin it with “ask”."
"""Behind one of these, for who has said it in plain words; a command was no question."""

BAD_WEEKDAYS = "Please name weekdays, like: Mon-Fri, or: Sun Mon Tue Wed Thu"
BAD_CLOCK = "Please write a time of the day, like 9:00 or 17:30."
NIGHT_HOURS = 14
"""The longest shift that goes on into the next day."""
ENDS_FIRST = (
    "This must be later than the time you begin, or on the next morning at most "
    f"{NIGHT_HOURS} hours after it. Five in the afternoon is 17:00."
)
BAD_SLOT = "Please choose one of the hours."
BAD_PER_DAY = f"Please write a whole number from 0 to {MOST_PER_DAY}."
BAD_PER_WEEK = f"Please write a whole number from 0 to {MOST_PER_WEEK}."

_SETTINGS = Button(label="Change my settings", action="attention.settings")
_MY_SETTINGS = Button(label="My settings", action="attention.settings")
_END_PAUSE = Button(label="End the pause", action="attention.go_on")
_GO_ON = Button(label="Write to me again", action="attention.go_on")
_PAUSE, _STOP, _ = CONTROLS.buttons
_STOP_SURELY = _STOP.model_copy(
    update={
        "confirm": Confirm(
            title="Stop all?",
            text="Nothing that you did not ask for reaches you any more: no questions of others, "
            "no tips, no campaigns. What you were asked goes to somebody else.",
            yes="Stop all",
        )
    }
)
"""Where it stands among things that one taps every day."""


ABOVE_GOES_ON = "The question above goes to somebody else."
ASKED_GOES_ON = "What you were asked and have not taken goes to somebody else."


DURING_PAUSE = (
    "What is for you to see to here waits until then; a question that found nobody goes to whoever "
    "else looks after it, if there is anybody."
)
DESPITE_STOP = (
    "If you look after a topic here, I still tell you what found nobody else; if you name people "
    "for roles or audit, when a role changes; and whoever you are, when somebody wants to share "
    "words of yours. All only while you work."
)
"""What comes to who has stopped: the kinds of which `bot.kind.Kind.despite_stop` is true."""


def paused(person: Person, until: datetime, passed: str | None = None) -> Message:
    """`passed` says what goes to somebody else because of the pause."""
    return say(
        f"Paused until {_long_day(person, until)}. Until then I send you nothing that you "
        "did not ask for. Your own questions go on as ever; `/resume` ends the pause.",
        *_notes(passed),
        Note(text=DURING_PAUSE),
        tone=Tone.GOOD,
    )


def stopped_already() -> Message:
    return say(
        "You have stopped me already, and that goes on until you say `/resume`.",
        Buttons(buttons=(_GO_ON,)),
    )


def stopped(passed: str | None = None) -> Message:
    """`passed` says what goes to somebody else because of the stop."""
    return say(
        "Stopped. From now on I send you nothing that you did not ask for: no questions of "
        "others, no tips, no campaigns. Answers to your own questions still arrive. "
        "`/resume` lets new things reach you again; what was waiting until now is gone.",
        *_notes(passed),
        Buttons(buttons=(_GO_ON,)),
        Note(text=DESPITE_STOP),
        tone=Tone.GOOD,
        summary="Stopped. From now on I send you nothing that you did not ask for.",
    )


def _notes(passed: str | None) -> list[Part]:
    return [Note(text=passed)] if passed else []


def resumed(attention: Attention, *, asks_welcome: bool) -> Message:
    if asks_welcome:
        words = (
            "Welcome back. Questions may reach you again, within your weekly limit. Of all else "
            f"I send you {_limits(attention)}."
        )
    else:
        words = (
            f"Welcome back. I send you {_limits(attention)}. Questions of others stay away, as "
            "you wished; say “ask me again” to change that."
        )
    return say(words, Buttons(buttons=(_SETTINGS,)), tone=Tone.GOOD)


def _wants_nothing(attention: Attention) -> bool:
    return attention.daily == 0 or attention.weekly == 0


def _limits(attention: Attention) -> str:
    if _wants_nothing(attention):
        return "nothing, as you wished"
    return f"at most {attention.daily} a day and {attention.weekly} a week"


def why(because: str | None, attention: Attention, sent: int, more: Sequence[Part] = ()) -> Message:
    """Why a person got an unsolicited message; `more` is what those add whose message it is."""
    return say(
        literal(because or "It is part of what I tell everybody here from time to time."),
        *more,
        Note(
            text=f"I send {_limits(attention)}, around {attention.hour:%H:%M}. This week it was "
            f"{sent} so far. `/settings` changes that, “stop” ends it."
        ),
        Buttons(buttons=(_SETTINGS,)),
    )


def why_offer(because: str | None) -> Message:
    """Why a person was asked something."""
    return say(
        literal(because or "You may know the answer, or know who does."),
        Note(
            text="Questions have a weekly limit of their own, which `/me` shows and changes. "
            "`/pause` and “stop” keep them away."
        ),
    )


def why_duty(because: str | None, *, despite_stop: bool) -> Message:
    """Why a person got something for a task that they hold."""
    held = "a stop does not end them" if despite_stop else "“stop” ends them"
    return say(
        literal(because or "It is for something that you look after here."),
        Note(
            text="What comes for a task of yours counts towards no limit. It comes while you work, "
            f"and none during a pause; {held}."
        ),
    )


def why_trial(because: str | None) -> Message:
    """Why a person got what only they were to see, as a trial of what others will get."""
    return say(
        literal(because or "You wanted to see it beforehand."),
        Note(
            text="Only you got this one, as a trial. The buttons under it are real: what you do "
            "with a quiz counts as always, and *Stop all* would stop me for you."
        ),
    )


WHY_UNKNOWN = (
    "I cannot find that message any more. What I send unasked comes from campaigns, tips and "
    "questions that somebody hopes you can answer. `/settings` limits it, “stop” ends it."
)


# --- settings -----------------------------------------------------------------------------

HOURS = tuple(time(hour, minute) for hour in range(5, 23) for minute in (0, 30))
"""The hours that may be chosen for unsolicited messages."""


def settings_form(person: Person, attention: Attention, weekdays: str) -> Form:
    slot = f"{attention.hour:%H:%M}"
    hours = sorted({*(f"{hour:%H:%M}" for hour in HOURS), slot})
    return Form(
        title="What reaches you",
        intro="What you did not ask for comes within two hours after your hour, on working days, "
        "or not at all.",
        fields=(
            ChoiceField(
                name="slot",
                label="My hour",
                required=True,
                options=tuple(Option(label=hour, value=hour) for hour in hours),
                value=slot,
            ),
            NumberField(
                name="per_day",
                label="At most so many a day",
                required=True,
                value=attention.daily,
                minimum=0,
                maximum=MOST_PER_DAY,
                hint=f"0 to {MOST_PER_DAY}; {PER_DAY} is usual.",
            ),
            NumberField(
                name="per_week",
                label="At most so many a week",
                required=True,
                value=attention.weekly,
                minimum=0,
                maximum=MOST_PER_WEEK,
                hint=f"0 to {MOST_PER_WEEK}; {PER_WEEK} is usual.",
            ),
            TextField(
                name="weekdays",
                label="My working days",
                required=True,
                value=weekdays,
                hint="For example: Mon-Fri",
            ),
            TextField(
                name="starts", label="I begin at", required=True, value=_clock(person.hours.start)
            ),
            TextField(
                name="ends",
                label="I end at",
                required=True,
                value=_clock(person.hours.end),
                hint="On the next morning, if that is earlier than you begin.",
            ),
            TextField(
                name="country",
                label="My country, for public holidays",
                value=person.country or "",
                hint="For example DE or DE-BY. Empty: as for everybody here.",
            ),
        ),
        submit="Keep",
        action="attention.keep_settings",
    )


def settings_kept(person: Person, attention: Attention, weekdays: str, now: datetime) -> Message:
    until, country = person.paused_until, person.days_off.country
    sent = f"I send you {_limits(attention)}"
    if not _wants_nothing(attention):
        sent += f", from {_span(attention)}"
    if attention.stopped_at is not None:
        kept = "Kept, for when you come back: you have stopped me, and `/resume` ends that."
    elif until is not None and until > now:
        kept = f"Kept. You are paused until {_long_day(person, until)}; after that {sent}."
    else:
        kept = f"Kept. {sent}."
    return say(
        f"{kept} You work {_on(weekdays)} from {_clock(person.hours.start)} to "
        f"{_clock(person.hours.end)}."
        + (f" Public holidays: those of {literal(country)}." if country else ""),
        tone=Tone.GOOD,
    )


def _on(weekdays: str) -> str:
    return f"on {weekdays}" if weekdays not in {"", "Mon-Sun"} else "every day"


def _long_day(person: Person, instant: datetime) -> str:
    here = local(person, instant)
    return f"{here:%A} {here.day} {here:%B %Y}"


def _clock(clock: time) -> str:
    return f"{clock:%H:%M}"


def _span(attention: Attention) -> str:
    start, hours = attention.hour, WINDOW // timedelta(hours=1)
    return f"{start:%H:%M} to {(start.hour + hours) % 24:02}:{start:%M}"


# --- what is held about oneself -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class State:
    """What is held about a person's attention, for that person only."""

    attention: Attention
    weekdays: str
    sent: int
    """Unsolicited letters of this week that went."""
    waiting: int
    """Unsolicited letters that are booked."""
    ignored: int


def about_me(person: Person, state: State, now: datetime) -> list[Part]:
    attention = state.attention
    allowed = f"at most {attention.daily} a day, from {_span(attention)}"
    lines = [f"I have sent you {state.sent} of {attention.weekly} this week ({allowed})."]
    if state.waiting:
        lines.append(f"Waiting for you: {state.waiting}.")
    lines += _standing(person, state, now)
    if attention.talked_at is not None:
        here = local(person, attention.talked_at)
        lines.append(
            f"We last talked in the hour before {here:%H:%M} on {_day(person, here)}. I keep no "
            "more of it than the hour."
        )
    row = (_SETTINGS, *((_end(attention),) if _is_off(person, attention, now) else ()))
    return [
        Text(text="**What reaches you**\n" + "\n".join(lines)),
        Buttons(buttons=row),
        Divider(),
    ]


def _standing(person: Person, state: State, now: datetime) -> list[str]:
    """What keeps things away from the person, and when they work."""
    attention, lines = state.attention, []
    if attention.stopped_at is not None:
        lines.append("**Stopped**: nothing that you did not ask for reaches you.")
    if is_away(person, now) and person.paused_until is not None and person.paused_until > now:
        lines.append(f"**Paused** until {_day(person, person.paused_until)}.")
    if person.away_until is not None and person.away_until > now and not is_cut_off(person):
        lines.append(f"Away until {_day(person, person.away_until)}, as I was told.")
    lines += _silence(attention, state.ignored)
    country = person.days_off.country
    lines.append(
        f"You work {_on(state.weekdays)} from {_clock(person.hours.start)} to "
        f"{_clock(person.hours.end)}, {literal(person.zone)}"
        + (f", with the holidays of {literal(country)}." if country else ".")
    )
    return lines


def home(person: Person, state: State, now: datetime) -> list[Section]:
    """The person's settings at a glance, and the way to change them."""
    attention = state.attention
    lines = [f"Tips and campaigns: {_limits(attention)}"]
    lines[0] += "." if _wants_nothing(attention) else f", from {_span(attention)}."
    row = [_PAUSE, _STOP_SURELY]
    if attention.stopped_at is not None:
        lines, row = [], [_GO_ON]
    elif _is_off(person, attention, now):
        row = [_end(attention), _STOP_SURELY]
    lines += _standing(person, state, now)
    return [
        Section(Shelf.BEGIN, buttons=(_MY_SETTINGS,)),
        Section(
            Shelf.WISHES,
            WHAT_REACHES_YOU,
            entries=[[Text(text="\n".join(lines))]],
            buttons=row,
        ),
    ]


def _is_off(person: Person, attention: Attention, now: datetime) -> bool:
    paused_until = person.paused_until
    return (
        attention.stopped_at is not None
        or attention.paused_at is not None
        or (paused_until is not None and paused_until > now)
    )


def _end(attention: Attention) -> Button:
    """Ends what keeps things away from the person."""
    is_pause = attention.stopped_at is None and attention.paused_at is None
    return _END_PAUSE if is_pause else _GO_ON


def _silence(attention: Attention, ignored: int) -> list[str]:
    step = len(STEPS) if attention.paused_at is not None else step_of(ignored)
    if step == 0:
        return []
    # To look at this is a reaction: how many there were before it is not so any more.
    pace = ("to you only every second day", "to you only once a week", "nothing to you")[step - 1]
    words = (
        f"I write {pace} for now, since there was no reaction for a while. Write or tap anything "
        "and it becomes more often; `/resume` at once."
    )
    return [words]


def _day(person: Person, instant: datetime) -> str:
    here = local(person, instant)
    return f"{here.day} {here:%b %Y}"


def me(parts: Sequence[Part]) -> Message:
    return Message(
        summary="What I know about you",
        parts=(
            Heading(text="What I know about you"),
            *parts[:38],
            Note(text="Only you can see this. Nobody sees a ranking; there is none."),
        ),
    )
