"""The attention budget: one ledger over everything that nobody asked for.

A person gets at most one unsolicited message a working day and four a week, from all
capabilities together, unless they wish otherwise, and each within two hours of the hour
they chose (domain.md 2.6). Whoever has something to say says it as a `Wish`; `book`
decides on which day each person gets it, or why not, and posts the letters. `forecast`
decides the same and posts nothing.

The ledger is the outbox: the letters with a `day` that were, or may yet be, delivered.
Nothing else is counted and nothing is stored per letter about reading or clicking. What
counts as ignored follows from when letters were sent and when the person last talked.

`talked_at` is the full hour after the person last said or pressed anything, never the
moment itself: questions are kept with the moment they were asked, and an exact `talked_at`
would tell who asked a question without a name. No right lets anybody but the person read
any of this.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias

from bot import messages
from bot.access import K_ANONYMOUS
from bot.context import Context
from bot.ids import PersonId, WorkspaceId
from bot.message import Message
from bot.outbox import Letter, LetterState, Priority, Promised, ToPerson
from bot.people import Person, is_cut_off, local, works_on
from bot.schedule import APART, WINDOW, add_working_days, at_local, window
from bot.truth import Cause, tell_causes

PER_DAY = 1
PER_WEEK = 4
MOST_PER_DAY = 3
MOST_PER_WEEK = 10
SLOT = time(10)
AFTER_TALK = timedelta(hours=3)
"""Who has just talked with the bot is left in peace for so long."""
HORIZON = timedelta(days=14)
"""A wish that names no end is good for so long."""
REACTION_DAYS = 2
"""Working days without any reaction after which a letter counts as ignored."""
STEPS = (3, 5, 8)
"""How many ignored in a row make it every second day, weekly, and silence."""
LONG_LEAVE = 3
"""So many days off in a row are a leave, around which there is silence."""
NOTICE = "attention.paused"
"""The kind of the one letter that says that the bot has paused by itself."""

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_NEAR = timedelta(days=2)
"""Local days farther apart than this are farther apart than `APART`, whatever the zones."""
LOOK_BACK = timedelta(days=9)
"""How far before now budgets can depend on: an ISO week, a weekly pace, and the zone."""
_SOON = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Reason(StrEnum):
    """Why a letter is not sent. Of one person it is nobody's business but theirs."""

    STOPPED = "stopped"
    PAUSED = "paused"
    IGNORED = "no reaction for long"
    AWAY = "away"
    CUT_OFF = "cannot be reached"
    DAY_OFF = "day off"
    QUIET = "quiet hours"
    TALKED = "just talked with me"
    BUDGET = "budget"
    LATE = "too late"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Attention:
    """What a person allows, and what is kept to keep to it. None is the default."""

    person: PersonId
    per_day: int | None = None
    per_week: int | None = None
    slot: time | None = None
    """Local wall-clock time."""
    stopped_at: datetime | None = None
    talked_at: datetime | None = None
    """The full hour after the person last said or pressed anything."""
    ignored: int = 0
    """How many letters in a row counted as ignored when the person last talked, less one
    step."""
    paused_at: datetime | None = None
    """Since when the bot is silent because nothing was reacted to."""

    @property
    def daily(self) -> int:
        return PER_DAY if self.per_day is None else self.per_day

    @property
    def weekly(self) -> int:
        return PER_WEEK if self.per_week is None else self.per_week

    @property
    def hour(self) -> time:
        return SLOT if self.slot is None else self.slot


@dataclass(frozen=True, slots=True)
class Entry:
    """One letter of the ledger. `id` is the outbox's; letters that are promised later have
    higher ones, and those of this very booking none yet (0)."""

    id: int
    key: str
    kind: str
    priority: Priority
    day: date
    due_at: datetime
    expires_at: datetime
    good_until: datetime
    """Until when it may be moved to another day."""
    state: LetterState = LetterState.PENDING
    settled_at: datetime | None = None

    @property
    def waits(self) -> bool:
        """Whether it can still be moved."""
        return self.state is LetterState.PENDING

    @property
    def went(self) -> bool:
        """Whether it has reached the person, as far as anybody knows."""
        return self.state in {LetterState.SENT, LetterState.UNKNOWN}

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Between which moments the person gets it, or got it."""
        if self.went:
            at = self.settled_at or self.due_at
            return at, at
        return self.due_at, self.expires_at


@dataclass(frozen=True, slots=True)
class Move:
    """A letter that waits goes on another day, or at another hour."""

    id: int
    day: date
    due_at: datetime
    expires_at: datetime


class AttentionStore(Protocol):
    """What is kept of people's attention, and the ledger."""

    def get(self, person: PersonId) -> Attention:
        """The defaults for somebody of whom nothing is kept."""

    def of(self, people: Sequence[PersonId]) -> Mapping[PersonId, Attention]:
        """Only those of whom something is kept."""

    def save(self, attention: Attention) -> None:
        """Insert or replace."""

    def forget(self, person: PersonId) -> None: ...

    def lock(self, people: Sequence[PersonId]) -> None:
        """Nobody else books for these people, and no lane takes their waiting letters, until
        the end of the transaction."""

    def entries(
        self, people: Sequence[PersonId], from_day: date
    ) -> Mapping[PersonId, Sequence[Entry]]:
        """Everybody's letters of the ledger by id: those of `from_day` or later, and those
        that were sent since the person last talked. People without any are left out."""

    def move(self, moves: Sequence[Move]) -> None:
        """Move letters that still wait."""

    def withdraw(self, letters: Mapping[int, str], now: datetime) -> None:
        """Suppress letters that still wait; the values say why."""


class Post(Protocol):
    """What of `bot.ports.Outbox` a booking needs."""

    def post_all(self, workspace: WorkspaceId, letters: Sequence[Letter]) -> None: ...

    def suppress_all(
        self, workspace: WorkspaceId, letters: Sequence[tuple[Letter, str]], now: datetime
    ) -> None: ...

    def promised(self, workspace: WorkspaceId, keys: Sequence[str]) -> Mapping[str, Promised]: ...


class AttentionWork(Protocol):
    """What of `bot.ports.Work` a booking needs."""

    @property
    def attention(self) -> AttentionStore: ...

    @property
    def outbox(self) -> Post: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """Something to say to a person who did not ask for it.

    `letter.to` is that person; `letter.due_at` (None: now) and `letter.expires_at` (None:
    `HORIZON` later) are the earliest and latest moment at which it makes sense. Its message
    has room for one more part.

    Where many get the same, they may share one letter: then `key` is this person's, and whose
    key the letter has and to whom it goes count for nothing.

    On each of the days `leaves` it leaves room in the budget for something else that is still to
    be wished for (`bot.slot.leave_room`).
    """

    person: Person
    letter: Letter
    key: str | None = None
    leaves: frozenset[date] = frozenset()

    @property
    def promise(self) -> str:
        """The key under which it is promised."""
        return self.key or self.letter.key

    def own(self) -> dict[str, object]:
        """What a shared letter has to become for this person."""
        if self.key is None:
            return {}
        return {"key": self.key, "to": ToPerson(person=self.person.id)}


@dataclass(frozen=True, slots=True)
class Booking:
    """What was decided about a wish: the local `day` and the UTC instant from which it goes,
    or why it does not."""

    key: str
    person: PersonId
    day: date | None = None
    due_at: datetime | None = None
    why: str | None = None


# --- rules ------------------------------------------------------------------------------


def step_of(ignored: int) -> int:
    """0: as the person wishes; 1: every second day; 2: weekly; 3: silence."""
    return bisect_right(STEPS, ignored)


def step_back(ignored: int) -> int:
    """How many count as ignored after a reaction: one step fewer (domain.md 2.6.5)."""
    step = step_of(ignored)
    return STEPS[step - 2] if step > 1 else 0


def count_ignored(
    attention: Attention, person: Person, entries: Iterable[Entry], now: datetime
) -> int:
    """How many unsolicited letters in a row the person has not reacted to."""
    since = attention.talked_at or _EPOCH
    count = attention.ignored
    for entry in entries:
        sent_at = entry.span[0]
        if (
            entry.went
            and entry.kind != NOTICE
            and sent_at > since
            # The cheap comparison first: there are never more than a few working days in one.
            and now - sent_at >= REACTION_DAYS * _DAY
            and add_working_days(person, sent_at, REACTION_DAYS) <= now
        ):
            count += 1
    return count


def talk(
    attention: Attention, person: Person, entries: Iterable[Entry], now: datetime
) -> Attention:
    """The attention of a person who says or presses something: any reaction resets a step."""
    at = next_hour(now)
    if attention.talked_at is not None and attention.talked_at >= at:
        return replace(attention, paused_at=None)
    ignored = count_ignored(attention, person, entries, now)
    return replace(attention, talked_at=at, ignored=step_back(ignored), paused_at=None)


def next_hour(now: datetime) -> datetime:
    """The first full hour (UTC) that is not before `now`."""
    full = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return full if full >= now else full + timedelta(hours=1)


def is_silent(person: Person, day: date) -> bool:
    """Whether a working day is the first or the last around a leave."""
    return _is_first_day_back(person, day) or (
        _follows_leave(person, day, -_DAY) or _follows_leave(person, day, _DAY)
    )


def _is_first_day_back(person: Person, day: date) -> bool:
    if person.away_until is None:
        return False
    end = local(person, person.away_until)
    first = end.date()
    if day < first or day - first > HORIZON:
        return False
    for offset in range(HORIZON.days + 1):
        back = first + offset * _DAY
        begins = at_local(back, person.hours.start, person.zone)
        if works_on(person, back) and begins >= person.away_until:
            return day == back
    return False


def _follows_leave(person: Person, day: date, direction: timedelta) -> bool:
    """Whether several days off, weekends not counted, lie next to the day."""
    off, near = 0, day + direction
    while not works_on(person, near) and off < LONG_LEAVE:
        off += not person.hours.weekdays or near.isoweekday() in person.hours.weekdays
        near += direction
        if abs(near - day) > HORIZON:
            break
    return off >= LONG_LEAVE


def _monday(day: date) -> date:
    return day - (day.isoweekday() - 1) * _DAY


@dataclass(frozen=True, slots=True)
class _Place:
    day: date
    start: datetime
    end: datetime
    victim: Entry | None = None
    """The letter that must make room."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be placed: between which moments, how urgent, whether it may bump, and on which
    days it leaves room for one more."""

    due_at: datetime
    until: datetime
    priority: Priority
    kind: str
    bumps: bool = True
    leaves: frozenset[date] = frozenset()


@dataclass(slots=True)
class _Account:
    """One person's ledger while wishes are being placed in it."""

    person: Person
    attention: Attention
    entries: list[Entry]
    ignored: int
    now: datetime
    moved: dict[int, Move] = field(default_factory=dict)
    withdrawn: dict[int, Reason] = field(default_factory=dict)
    silenced: bool = False
    """The person gets the notice that the bot has paused."""
    fixed: AbstractSet[int] = frozenset()
    """Letters that make no room, though they wait."""

    @property
    def is_ignored(self) -> bool:
        return self.attention.paused_at is not None or step_of(self.ignored) == len(STEPS)

    def place(self, asked: _Asked) -> _Place | Reason:
        """The first day that has room, or why there is none."""
        if not self.person.active:
            return Reason.LEFT
        if self.attention.stopped_at is not None:
            return Reason.STOPPED
        if self.is_ignored and asked.kind != NOTICE:
            return Reason.IGNORED
        person = self.person
        earliest = max(asked.due_at, self.now)
        limits = self._limits()
        first, last = local(person, earliest).date(), local(person, asked.until).date()
        reasons = [Reason.LATE]
        for day in _days(first, last):
            if not works_on(person, day):
                reasons.append(Reason.DAY_OFF)
                continue
            start, end = window(day, self.attention.hour, person.zone)
            start, end = max(start, earliest), min(end, asked.until)
            if start >= end:
                continue
            if is_silent(person, day):
                reasons.append(Reason.AWAY)
                continue
            for moment, why in limits:
                if moment > start:
                    start = moment
                    if start >= end:
                        reasons.append(why)
                        break
            if start >= end:
                continue
            found = self._room(day, start, end, asked)
            if found is not None:
                return found
            reasons.append(Reason.BUDGET)
        return max(reasons, key=_TELLING.index)

    def _limits(self) -> list[tuple[datetime, Reason]]:
        person, talked_at = self.person, self.attention.talked_at
        limits = [(person.paused_until, Reason.PAUSED), (person.away_until, _why_away(person))]
        if talked_at is not None:
            limits.append((talked_at + AFTER_TALK, Reason.TALKED))
        return [(moment, why) for moment, why in limits if moment and moment > self.now]

    def _room(self, day: date, start: datetime, end: datetime, asked: _Asked) -> _Place | None:
        if self._fits(day, start, end, asked, None):
            return _Place(day, start, end)
        if not asked.bumps:
            return None
        lower = [
            entry
            for entry in self.entries
            if entry.waits and entry.priority > asked.priority and entry.id not in self.fixed
        ]
        for victim in sorted(lower, key=lambda e: (-e.priority, -e.id)):
            if self._fits(day, start, end, asked, victim):
                return _Place(day, start, end, victim)
        return None

    def _fits(
        self, day: date, start: datetime, end: datetime, asked: _Asked, victim: Entry | None
    ) -> bool:
        monday, today = _monday(day), int(day in asked.leaves)
        sunday = monday + 6 * _DAY
        week = sum(monday <= left <= sunday for left in asked.leaves)
        others = [entry for entry in self.entries if entry is not victim]
        for other in others:
            if other.day == day:
                today += 1
            elif -_NEAR <= other.day - day <= _NEAR:
                begins, ends = other.span
                if start - APART < ends and begins < end + APART:
                    return False
            week += monday <= other.day <= sunday
        if today >= self.attention.daily or week >= self.attention.weekly:
            return False
        # What must be said is not thinned out by what was ignored.
        step = 0 if asked.priority <= Priority.DEADLINE else step_of(self.ignored)
        return step == 0 or not any(self._is_near(other.day, day, step) for other in others)

    def _is_near(self, one: date, other: date, step: int) -> bool:
        """Whether two days are closer than the step allows."""
        first, last = min(one, other), max(one, other)
        if last - first >= _WEEK:
            return False
        if step > 1 or first == last:
            # The notice before the silence keeps the last pace there was.
            return True
        between = _days(first + _DAY, last)
        return sum(works_on(self.person, day) for day in between) < 2

    def book(self, asked: _Asked, key: str) -> _Place | Reason:
        """Place it, and find another day for what had to make room."""
        found = self.place(asked)
        if isinstance(found, Reason):
            return found
        if found.victim is not None:
            self.entries.remove(found.victim)
        self.entries.append(
            Entry(
                id=0,
                key=key,
                kind=asked.kind,
                priority=asked.priority,
                day=found.day,
                due_at=found.start,
                expires_at=found.end,
                good_until=asked.until,
            )
        )
        if found.victim is not None:
            self.rearrange(found.victim)
        return found

    def rearrange(self, entry: Entry) -> None:
        """Find a place for a letter that waits and stands nowhere at the moment."""
        asked = _Asked(entry.due_at, entry.good_until, entry.priority, entry.kind, bumps=False)
        found = self.place(asked)
        if isinstance(found, Reason) or found.day != entry.day:
            # Its hour may have gone, as with an earlier slot, while its day has not.
            midnight = at_local(entry.day, time(0), self.person.zone)
            found = self.place(replace(asked, due_at=min(entry.due_at, midnight)))
        if isinstance(found, Reason):
            self.moved.pop(entry.id, None)
            self.withdrawn[entry.id] = found
            return
        self._put(entry, found)

    def carry(self, entry: Entry, why: Reason) -> None:
        """Find a later place for a letter that was refused for a reason of its day."""
        self.entries.remove(entry)
        # Never at this very moment, at which it was refused.
        soon = self.now + _SOON
        found = self.place(_Asked(soon, entry.good_until, entry.priority, entry.kind))
        if isinstance(found, Reason):
            # Without a later day at all, what was the matter with its own day says more.
            self.withdrawn[entry.id] = why if found is Reason.LATE else found
            return
        if found.victim is not None:
            self.entries.remove(found.victim)
        self._put(entry, found)
        if found.victim is not None:
            self.rearrange(found.victim)

    def _put(self, entry: Entry, found: _Place) -> None:
        move = Move(entry.id, found.day, found.start, found.end)
        if (entry.day, entry.due_at, entry.expires_at) != (move.day, move.due_at, move.expires_at):
            self.moved[entry.id] = move
        self.entries.append(
            replace(entry, day=move.day, due_at=move.due_at, expires_at=move.expires_at)
        )


_TELLING = (
    Reason.LATE,
    Reason.DAY_OFF,
    Reason.AWAY,
    Reason.PAUSED,
    Reason.TALKED,
    Reason.BUDGET,
    Reason.CUT_OFF,
)
"""Of several reasons on several days the last of these is told: it was the nearest miss."""


def _days(first: date, last: date) -> Iterable[date]:
    return (first + offset * _DAY for offset in range((last - first).days + 1))


# --- at the moment of sending -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now; ask again then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Refuse:
    """Not any more: suppress it."""

    why: Reason


Verdict: TypeAlias = Wait | Refuse | None


def still_welcome(
    person: Person, attention: Attention, entry: Entry, others: Iterable[Entry], now: datetime
) -> Verdict:
    """Whether a letter that was booked may go now; None is yes.

    `others` are the person's other letters of the ledger of the last days; those that are
    claimed at the same moment must be among them as leased. What was promised before things
    changed is found out here: a pause, a stop, a talk, another zone, other wishes.
    """
    if attention.stopped_at is not None:
        return Refuse(Reason.STOPPED)
    if attention.paused_at is not None and entry.kind != NOTICE:
        return Refuse(Reason.IGNORED)
    day = local(person, now).date()
    start, end = window(entry.day, attention.hour, person.zone)
    if day > entry.day or now >= end + WINDOW:
        return Refuse(Reason.QUIET)
    if not works_on(person, entry.day):
        return Refuse(Reason.DAY_OFF)
    if is_silent(person, entry.day):
        return Refuse(Reason.AWAY)
    waits = [(person.paused_until, Reason.PAUSED), (person.away_until, _why_away(person))]
    if attention.talked_at is not None:
        waits.append((attention.talked_at + AFTER_TALK, Reason.TALKED))
    if day < entry.day or now < start - WINDOW:
        waits.append((start, Reason.QUIET))
    gone = [other for other in others if not other.waits and other.id != entry.id]
    waits += [(other.span[1] + APART, Reason.BUDGET) for other in gone if other.day != entry.day]
    latest = max(
        ((moment, why) for moment, why in waits if moment is not None and moment > now),
        default=None,
    )
    if latest is not None:
        return Wait(latest[0]) if latest[0] < entry.expires_at else Refuse(latest[1])
    monday = _monday(entry.day)
    if (
        sum(other.day == entry.day for other in gone) >= attention.daily
        or sum(_monday(other.day) == monday for other in gone) >= attention.weekly
    ):
        return Refuse(Reason.BUDGET)
    return None


def _why_away(person: Person) -> Reason:
    return Reason.CUT_OFF if is_cut_off(person) else Reason.AWAY


_OF_THE_DAY = {
    Reason.DAY_OFF,
    Reason.AWAY,
    Reason.TALKED,
    Reason.PAUSED,
    Reason.QUIET,
    Reason.BUDGET,
}


def may_go_later(entry: Entry, verdict: Verdict) -> bool:
    """Whether a letter is refused only on its day, and good for longer: see `carry_over`."""
    return (
        isinstance(verdict, Refuse)
        and verdict.why in _OF_THE_DAY
        and entry.good_until > entry.expires_at
    )


@dataclass(frozen=True, slots=True)
class Carried:
    """What becomes of one person's letters that are due.

    Those without a verdict may go. `moves` and `withdrawn` are to be kept: what goes on another
    day, which may concern letters that are not due, and which of these have no day any more.
    """

    verdicts: Mapping[int, Verdict]
    moves: Sequence[Move]
    withdrawn: Mapping[int, str]


def carry_over(
    person: Person,
    attention: Attention,
    due: Sequence[int],
    entries: Sequence[Entry],
    now: datetime,
    fixed: AbstractSet[int],
) -> Carried:
    """Judge letters that are due, and place those anew that are refused only on their day.

    A company day that was set, or a talk before the person's hour, costs no letter that is
    good for longer: it goes by the same rules as at its booking, on the first later day with
    room, and is refused only if there is none. `entries` are the person's whole ledger, those
    `due` among them; nobody else may book for the person until the outcome is kept. Letters
    of the ids `fixed` stay where they are.
    """
    ignored = count_ignored(attention, person, entries, now)
    account = _Account(person, attention, list(entries), ignored, now, fixed=fixed)
    verdicts: dict[int, Verdict] = {}
    for id_ in due:
        entry = next((entry for entry in account.entries if entry.id == id_), None)
        # It may have made room for one before it.
        if entry is not None and id_ not in account.moved:
            verdict = still_welcome(person, attention, entry, account.entries, now)
            if verdict is None:
                went = replace(entry, state=LetterState.LEASED)
                account.entries[account.entries.index(entry)] = went
            elif isinstance(verdict, Refuse) and may_go_later(entry, verdict):
                account.carry(entry, verdict.why)
            else:
                verdicts[id_] = verdict
                if isinstance(verdict, Refuse):
                    account.entries.remove(entry)
    verdicts |= {id_: Wait(account.moved[id_].due_at) for id_ in due if id_ in account.moved}
    for id_ in due:
        if id_ in account.withdrawn:
            verdicts[id_] = Refuse(account.withdrawn[id_])
    withdrawn = {id_: why for id_, why in account.withdrawn.items() if id_ not in verdicts}
    return Carried(verdicts, list(account.moved.values()), withdrawn)


def may_mean_stop(text: str) -> bool:
    """Whether plain words, which no command is, may be a wish to be left alone. English only, as
    all our sentences are. In doubt they are: whoever meant a question asks it in one more step,
    and angry words that a colleague has read cannot be taken back."""
    letters = text.casefold().replace("'", "").replace("’", "")
    words = [word for word in re.findall(r"[^\W\d_]+", letters) if word not in {"please", "pls"}]
    said = " ".join(words)
    if _STOPPING.match(said) is None or any(mark in text for mark in "?？؟"):
        return False
    if _OURS.search(said) is not None or _FOR_A_WHILE.match(said) is not None:
        return len(words) <= _MOST_WORDS_OF_OURS
    return len(words) <= _MOST_STOP_WORDS and _MISSING.match(said) is None


_MOST_STOP_WORDS = 6
_MOST_WORDS_OF_OURS = 12
_STOPPING = re.compile(
    r"(?:stop(?:p|ping|all)?|unsubscribe|no more|no tips|"
    r"(?:dont|do not) (?:ever )?(?:ask|bother|mail|message|ping|send|text|write))\b"
)
# Who talks here, and what is sent from here.
_OURS = re.compile(
    r"\b(?:me|u|you|your|bot|inflow|inbox|spam|quiz(?:zes)?|(?:alert|campaign|dm|email|letter|mail|"
    r"message|msg|notification|nudge|ping|prompt|question|reminder|text|tip|update)s?)\b"
)
_FOR_A_WHILE = re.compile(
    r"(?:no more (?:of|till|today|until)|"
    r"stop\w* (?:it|that|this) (?:for|i|im|now|till|today|until))\b"
)
# A thing, and where there is no more of it, as of toner in a printer.
_MISSING = re.compile(
    r"no more (?!of\b)(?:(?!\w+ing\b)\w+ )+(?:in|on|at|from) "
    r"(?!(?:the )?(?:my|here|that|this|these|am|pm|app|channel|chat|thread|slack|teams|all|now|"
    r"future|night|morning|afternoon|evening|\w*days?|week\w*)\b)"
)


def has_stopped(work: AttentionWork, person: Person) -> bool:
    """Whether the person wants nothing to come of itself any more. That holds for what they had
    wished for a later day as well: it does not come, and is there when they ask for it."""
    return work.attention.get(person.id).stopped_at is not None


# --- booking ------------------------------------------------------------------------------


@dataclass(slots=True)
class _Plan:
    """What is decided about many wishes, before anything is written.

    Most people have no account in a large crowd, and where nothing is kept of them and they
    get one thing only, all in one zone with the same hours get it at the same moment: `alike`.
    """

    bookings: list[Booking]
    letters: list[tuple[WorkspaceId, Letter]]
    refused: list[tuple[WorkspaceId, Letter, str]]
    accounts: dict[PersonId, _Account]
    now: datetime
    once: frozenset[PersonId]
    alike: dict[tuple[object, ...], _Place | Reason] = field(default_factory=dict)
    dressed: dict[int, Message] = field(default_factory=dict)


def book(context: Context, work: AttentionWork, wishes: Sequence[Wish]) -> Sequence[Booking]:
    """Decide about every wish, post what goes and record why the rest does not.

    The bookings are in the order of the wishes. Nobody else can book for these people until
    the end of the transaction; give people in chunks of some thousands. A key that was
    promised before is left as it is. Among wishes made together the lower priority number
    comes first, then the order given; what waits with a higher number makes room, is moved
    to a free day before its own end, or else suppressed.
    """
    people = {wish.person.id: wish.person for wish in wishes}
    work.attention.lock(sorted(people))
    plan = _plan(work, people, wishes, context.now)
    moves = [move for account in plan.accounts.values() for move in account.moved.values()]
    withdrawn = {id_: w for a in plan.accounts.values() for id_, w in a.withdrawn.items()}
    work.attention.withdraw(withdrawn, context.now)
    work.attention.move(moves)
    for account in plan.accounts.values():
        if account.silenced:
            work.attention.save(replace(account.attention, paused_at=context.now))
    for workspace in dict.fromkeys(person.workspace for person in people.values()):
        work.outbox.post_all(workspace, [letter for w, letter in plan.letters if w == workspace])
        work.outbox.suppress_all(
            workspace,
            [(letter, why) for w, letter, why in plan.refused if w == workspace],
            context.now,
        )
    return plan.bookings


def forecast(work: AttentionWork, wishes: Sequence[Wish], now: datetime) -> Sequence[Booking]:
    """What `book` would decide now, in the same order; nothing is posted."""
    people = {wish.person.id: wish.person for wish in wishes}
    return _plan(work, people, wishes, now).bookings


def _accounts(
    work: AttentionWork, people: Mapping[PersonId, Person], now: datetime
) -> dict[PersonId, _Account]:
    ids = sorted(people)
    kept = work.attention.of(ids)
    ledger = work.attention.entries(ids, now.date() - LOOK_BACK)
    accounts = {}
    for id_ in kept.keys() | ledger.keys():
        attention, person = kept.get(id_) or Attention(id_), people[id_]
        entries = list(ledger.get(id_, ()))
        ignored = count_ignored(attention, person, entries, now)
        accounts[id_] = _Account(person, attention, entries, ignored, now)
    return accounts


def _plan(
    work: AttentionWork,
    people: Mapping[PersonId, Person],
    wishes: Sequence[Wish],
    now: datetime,
) -> _Plan:
    accounts = _accounts(work, people, now)
    known: dict[tuple[WorkspaceId, str], Promised] = {}
    for workspace in dict.fromkeys(person.workspace for person in people.values()):
        keys = [wish.promise for wish in wishes if wish.person.workspace == workspace]
        found = work.outbox.promised(workspace, keys)
        known |= {(workspace, key): promised for key, promised in found.items()}
    times = Counter(wish.person.id for wish in wishes)
    once = frozenset(id_ for id_, count in times.items() if count == 1)
    plan = _Plan([], [], [], accounts, now, once)
    decided: dict[int, Booking] = {}
    order = sorted(range(len(wishes)), key=lambda number: wishes[number].letter.priority)
    for number in order:
        wish = wishes[number]
        person, key = wish.person, wish.promise
        before = known.get((person.workspace, key))
        if before is None:
            booking = _book_one(plan, wish, key)
            known[person.workspace, key] = Promised(
                LetterState.SUPPRESSED if booking.day is None else LetterState.PENDING,
                booking.day,
                booking.due_at or now,
                booking.why,
            )
        else:
            refused = before.state is LetterState.SUPPRESSED
            booking = Booking(
                key,
                person.id,
                None if refused else before.day,
                None if refused else before.due_at,
                before.why if refused else None,
            )
        decided[number] = booking
    plan.bookings = [decided[number] for number in range(len(wishes))]
    return plan


def _book_one(plan: _Plan, wish: Wish, key: str) -> Booking:
    person, letter = wish.person, wish.letter
    due_at = letter.due_at or plan.now
    until = letter.expires_at or max(due_at, plan.now) + HORIZON
    asked = _Asked(due_at, until, letter.priority, letter.kind, leaves=wish.leaves)
    found = _find(plan, person, asked, key)
    if isinstance(found, Reason):
        plan.refused.append((person.workspace, letter.model_copy(update=wish.own()), found))
        return Booking(key, person.id, why=found)
    # The same message for many stays one object, so that it is written as JSON once.
    message = plan.dressed.get(id(letter.message))
    if message is None:
        message = plan.dressed[id(letter.message)] = messages.with_controls(letter.message)
    fitted = _fitted(letter, found, until, message, wish.own())
    plan.letters.append((person.workspace, fitted))
    return Booking(key, person.id, found.day, found.start)


def _find(plan: _Plan, person: Person, asked: _Asked, key: str) -> _Place | Reason:
    account = plan.accounts.get(person.id)
    if account is None:
        account = _Account(person, Attention(person.id), [], 0, plan.now)
        if person.id in plan.once and not person.paused_until and not person.away_until:
            like = (
                *(person.active, person.zone, person.hours, person.days_off),
                *(asked.due_at, asked.until, asked.leaves),
            )
            found = plan.alike.get(like)
            if found is None:
                found = plan.alike[like] = account.place(asked)
            return found
        plan.accounts[person.id] = account
    if account.is_ignored and account.attention.paused_at is None and not account.silenced:
        _say_so(plan, account)
    return account.book(asked, key)


@dataclass(frozen=True, slots=True)
class First:
    """Where a letter goes: on which local day, between which moments, and until when it could
    be moved."""

    day: date
    start: datetime
    end: datetime
    until: datetime


def place_first(person: Person, letter: Letter, now: datetime) -> First | Reason:
    """Where `book` puts a letter for somebody of whom nothing is kept and who has got nothing
    lately. It follows from the person's zone, hours and days off alone (see `bot.crowd`)."""
    due_at = letter.due_at or now
    until = letter.expires_at or max(due_at, now) + HORIZON
    account = _Account(person, Attention(person.id), [], 0, now)
    found = account.place(_Asked(due_at, until, letter.priority, letter.kind))
    return found if isinstance(found, Reason) else First(found.day, found.start, found.end, until)


@dataclass(frozen=True, slots=True)
class Standing:
    """All that is kept of a person that could matter to what they get from now on, and nothing
    that tells who they are: so it is the same value for all who stand the same.

    Moments at which letters went are rounded up to the hour.
    """

    per_day: int | None = None
    per_week: int | None = None
    slot: time | None = None
    has_stopped: bool = False
    is_silent: bool = False
    talked_at: datetime | None = None
    ignored: int = 0
    entries: tuple[Entry, ...] = ()


def standings(
    work: AttentionWork, people: Mapping[PersonId, Person], now: datetime
) -> Mapping[PersonId, Standing]:
    """How these people stand; those of whom nothing is kept that matters are left out."""
    found = {}
    for id_, account in _accounts(work, people, now).items():
        attention, talked_at = account.attention, account.attention.talked_at
        is_recent = talked_at is not None and talked_at + AFTER_TALK > now
        standing = Standing(
            per_day=attention.per_day,
            per_week=attention.per_week,
            slot=attention.slot,
            has_stopped=attention.stopped_at is not None,
            is_silent=attention.paused_at is not None,
            talked_at=talked_at if is_recent else None,
            ignored=account.ignored,
            entries=tuple(
                Entry(
                    id=0,
                    key="",
                    kind="",
                    priority=entry.priority,
                    day=entry.day,
                    due_at=entry.due_at,
                    expires_at=entry.expires_at,
                    good_until=entry.good_until,
                    state=entry.state,
                    settled_at=entry.settled_at and next_hour(entry.settled_at),
                )
                for entry in account.entries
                if entry.day >= now.date() - LOOK_BACK
            ),
        )
        if standing != _NOTHING_KEPT:
            found[id_] = standing
    return found


_NOTHING_KEPT = Standing()


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would be decided about letters in a row, and how many unsolicited messages the person
    has in the fullest of the weeks in which any of them comes."""

    places: tuple["First | Reason", ...]
    in_a_week: int


def foresee(
    person: Person,
    standing: Standing | None,
    row: Sequence[tuple[datetime, Letter]],
    now: datetime,
) -> Foreseen:
    """What `book` would decide about one letter after the other, each at its own moment, if the
    person gets nothing else until then, and as much or as little attention is paid as now."""
    kept = standing or _NOTHING_KEPT
    # Only whether they have stopped, or are left in silence, is asked of these two moments.
    attention = Attention(
        person.id,
        per_day=kept.per_day,
        per_week=kept.per_week,
        slot=kept.slot,
        stopped_at=now if kept.has_stopped else None,
        talked_at=kept.talked_at,
        paused_at=now if kept.is_silent else None,
    )
    account = _Account(person, attention, list(kept.entries), kept.ignored, now)
    places: list[First | Reason] = []
    for moment, letter in row:
        account.now = max(moment, now)
        due_at = letter.due_at or account.now
        until = letter.expires_at or max(due_at, account.now) + HORIZON
        asked = _Asked(due_at, until, letter.priority, letter.kind)
        found = account.book(asked, letter.key)
        if isinstance(found, Reason):
            places.append(found)
        else:
            places.append(First(found.day, found.start, found.end, until))
    weeks = Counter(_monday(entry.day) for entry in account.entries)
    mine = {_monday(place.day) for place in places if isinstance(place, First)}
    return Foreseen(tuple(places), max((weeks[week] for week in mine), default=0))


def _fitted(
    letter: Letter,
    place: _Place,
    until: datetime,
    message: Message,
    own: Mapping[str, object],
) -> Letter:
    # All of these were checked when they were made, and a campaign has 100,000 of them.
    return letter.model_copy(
        update={
            "day": place.day,
            "due_at": place.start,
            "expires_at": place.end,
            "good_until": until,
            "message": message,
            **own,
        }
    )


def _say_so(plan: _Plan, account: _Account) -> None:
    """The one message before the silence, in the place of what would have been ignored too."""
    person, now = account.person, account.now
    until = now + HORIZON
    key = f"attention:paused:{person.id}:{now.date()}"
    found = account.book(_Asked(now, until, Priority.PROMPT, NOTICE), key)
    if isinstance(found, Reason):
        return
    account.silenced = True
    letter = Letter(
        key=key,
        to=ToPerson(person=person.id),
        message=messages.paused_by_silence(),
        kind=NOTICE,
        priority=Priority.PROMPT,
        because=messages.BECAUSE_PAUSED,
    )
    plan.letters.append((person.workspace, _fitted(letter, found, until, letter.message, {})))


def rearrange(context: Context, work: AttentionWork, person: Person) -> None:
    """Decide anew about everything unsolicited that waits for a person of whom something has
    changed: zone, hours, wishes, a pause, a stop. What finds no day any more is suppressed."""
    work.attention.lock([person.id])
    account = _accounts(work, {person.id: person}, context.now).get(person.id)
    if account is None:
        return
    waiting = [entry for entry in account.entries if entry.waits]
    account.entries = [entry for entry in account.entries if not entry.waits]
    for entry in sorted(waiting, key=lambda entry: (entry.priority, entry.id)):
        account.rearrange(entry)
    work.attention.withdraw(account.withdrawn, context.now)
    work.attention.move(list(account.moved.values()))


def note_talk(work: AttentionWork, person: Person, now: datetime) -> None:
    """Keep that a person has said or pressed something; written at most once an hour."""
    attention = work.attention.get(person.id)
    if (
        attention.talked_at is not None
        and attention.talked_at >= now
        and attention.paused_at is None
    ):
        return
    work.attention.lock([person.id])
    attention = work.attention.get(person.id)
    entries = work.attention.entries([person.id], now.date() - LOOK_BACK).get(person.id, ())
    work.attention.save(talk(attention, person, entries, now))
    # “You have not reacted” would not be true any more.
    notices = [entry.id for entry in entries if entry.kind == NOTICE and entry.waits]
    work.attention.withdraw(dict.fromkeys(notices, Reason.TALKED), now)


# --- for whom it may concern ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many people get something when, for who plans it.

    Nobody's pause or absence shows: no number in it, nor what is left of `total` without
    some of them, is of fewer than five people. Days with fewer are together in `later`, and
    reasons that may not be told apart (`bot.truth.tell_causes`) in `kept_out`. Where either
    would be of fewer than five, both and perhaps one more group are in `open`: of these not
    even that is told. Who is in no field does not exist, but of fewer than five people in
    `total` nothing is told.
    """

    total: int
    by_day: Mapping[date, int]
    later: int
    not_by_reason: Mapping[str, int]
    kept_out: int
    open: int = 0
    is_for_most: bool = True
    """Whether at least half of the people get it."""
    mostly: date | None = None
    """Where no number is told of any day: the one on which more than half of all get it."""

    @property
    def sentence(self) -> str:
        return messages.forecast(
            self.total,
            self.by_day,
            self.later,
            self.not_by_reason,
            self.kept_out,
            self.open,
            few=K_ANONYMOUS,
            is_for_most=self.is_for_most,
            mostly=self.mostly,
        )


def sum_up(bookings: Iterable[Booking]) -> Forecast:
    """The forecast that may be shown to who is not concerned."""
    days: Counter[date] = Counter()
    reasons: Counter[str] = Counter()
    for booking in bookings:
        if booking.day is not None:
            days[booking.day] += 1
        else:
            reasons[booking.why or ""] += 1
    return sum_up_counts(days, reasons)


def sum_up_counts(by_day: Mapping[date, int], by_reason: Mapping[str, int]) -> Forecast:
    """The same of bookings that have been counted."""
    days, reasons = Counter(by_day), Counter(by_reason)
    total = days.total() + reasons.total()
    if total < K_ANONYMOUS:
        return Forecast(total, {}, 0, {}, 0)
    by_day, later = _large(days)
    causes = tell_causes((Cause(why or None, n) for why, n in reasons.items()), total)
    not_by_reason = {cause.why: cause.people for cause in causes if cause.why is not None}
    kept_out = reasons.total() - sum(not_by_reason.values())
    open_ = 0
    if 0 < later < K_ANONYMOUS or 0 < kept_out < K_ANONYMOUS:
        # Those who get it, or those who do not, are few: their number would follow from all
        # the others.
        open_, later, kept_out = later + kept_out, 0, 0
        if open_ < K_ANONYMOUS and by_day:
            open_ += by_day.pop(min(by_day, key=lambda day: (by_day[day], day)))
        elif open_ < K_ANONYMOUS and not_by_reason:
            open_ += not_by_reason.pop(
                min(not_by_reason, key=lambda why: (not_by_reason[why], why))
            )
    is_for_most = 2 * days.total() >= total
    # That a day is for more than half tells no number.
    most = (day for day, n in days.items() if n >= K_ANONYMOUS and 2 * n > total)
    mostly = None if by_day else next(most, None)
    return Forecast(total, by_day, later, not_by_reason, kept_out, open_, is_for_most, mostly)


def _large(days: Mapping[date, int]) -> tuple[dict[date, int], int]:
    """The days that are large enough to be named, and all others together.

    The smallest of the named join the others until these are enough, or else their number
    would follow from what is named.
    """
    large = {day: count for day, count in days.items() if count >= K_ANONYMOUS}
    rest = sum(days.values()) - sum(large.values())
    while 0 < rest < K_ANONYMOUS and large:
        rest += large.pop(min(large, key=lambda day: (large[day], day)))
    return large, rest
