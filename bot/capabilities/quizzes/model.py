"""Values and rules of attempts: what somebody was asked and said, and where they stand.

An attempt's state is the fold of its events (domain.md 1.3): one function applies an event, for
the handler and for the replay. What may follow what is one table. Events hold what an answer was
worth, so that a replay needs no pack.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from bot.capabilities.quizzes.verdict import Verdict
from bot.errors import Conflict
from bot.ids import AttemptId, PersonId, WorkspaceId
from bot.message import Args
from bot.pack.answer import Raw
from bot.pack.item import Item, Severity
from bot.pack.scoring import Scored

SILENCE = timedelta(minutes=30)
"""Without an answer for so long an attempt is paused."""
RESUME_WITHIN = timedelta(days=14)
"""A paused attempt can be taken up again for so long; then it is abandoned, which is no fail."""
REVIEW_DAYS = 2
"""Working days that a steward has to read a written answer."""
CARRIED_FOR = timedelta(days=30)
"""An objective that was met need not be shown again for so long (domain.md 1.8)."""


class State(StrEnum):
    """Failed open: it is decided, but whoever wants to know which parts can be skipped goes on.
    Pending review: nothing can be decided before a person has read a written answer."""

    OFFERED = "offered"
    IN_PROGRESS = "in_progress"
    PAUSED = "paused"
    PENDING_REVIEW = "pending_review"
    FAILED_OPEN = "failed_open"
    PASSED = "passed"
    FAILED = "failed"
    ABANDONED = "abandoned"
    VOIDED = "voided"


UNDER_WAY = frozenset({State.IN_PROGRESS, State.PAUSED, State.PENDING_REVIEW, State.FAILED_OPEN})
"""Of one quiz nobody has two of these."""
ASKING = frozenset({State.IN_PROGRESS, State.FAILED_OPEN})
"""An item stands before the person."""
DECIDED = frozenset({State.PASSED, State.FAILED_OPEN, State.FAILED})


class EventKind(StrEnum):
    OFFERED = "offered"
    """It begins."""
    STARTED = "started"
    """Frozen to a version and a seed; `data` is a `Start`."""
    SHOWN = "shown"
    """An item was put before the person; `data` is a `Current`."""
    ANSWERED = "answered"
    """The current item; `data` is a `Response`."""
    MARKED = "marked"
    """A person has read a written answer; `data` is a `Mark`."""
    STRUCK = "struck"
    """An item was withdrawn: its answer counts no more. `data`: item, reason."""
    PAUSED = "paused"
    RESUMED = "resumed"
    AWAITED = "awaited"
    """All is asked that can be, and a written answer has still to be read."""
    FELL_SHORT = "fell_short"
    """The rule says fail, and there is more that could be asked."""
    PASSED = "passed"
    """By the rule, as `FAILED` is; `data` of both is an `Ending`."""
    FAILED = "failed"
    JUDGED = "judged"
    """It was not passed, and is not yet after what was marked or withdrawn since; `data` is the
    `Ending` as it is now."""
    ABANDONED = "abandoned"
    VOIDED = "voided"
    """It does not count; `data`: reason."""


_NEXT: Mapping[State, Mapping[EventKind, State]] = {
    State.OFFERED: {
        EventKind.STARTED: State.IN_PROGRESS,
        EventKind.ABANDONED: State.ABANDONED,
        EventKind.VOIDED: State.VOIDED,
    },
    State.IN_PROGRESS: {
        EventKind.SHOWN: State.IN_PROGRESS,
        EventKind.ANSWERED: State.IN_PROGRESS,
        EventKind.MARKED: State.IN_PROGRESS,
        EventKind.STRUCK: State.IN_PROGRESS,
        EventKind.PAUSED: State.PAUSED,
        EventKind.AWAITED: State.PENDING_REVIEW,
        EventKind.FELL_SHORT: State.FAILED_OPEN,
        EventKind.PASSED: State.PASSED,
        EventKind.FAILED: State.FAILED,
        EventKind.VOIDED: State.VOIDED,
    },
    State.PAUSED: {
        EventKind.MARKED: State.PAUSED,
        EventKind.STRUCK: State.PAUSED,
        EventKind.RESUMED: State.IN_PROGRESS,
        EventKind.ABANDONED: State.ABANDONED,
        EventKind.VOIDED: State.VOIDED,
    },
    State.PENDING_REVIEW: {
        EventKind.MARKED: State.PENDING_REVIEW,
        EventKind.STRUCK: State.PENDING_REVIEW,
        # The mark leaves something open that another item can decide.
        EventKind.RESUMED: State.IN_PROGRESS,
        EventKind.FELL_SHORT: State.FAILED_OPEN,
        EventKind.PASSED: State.PASSED,
        EventKind.FAILED: State.FAILED,
        EventKind.VOIDED: State.VOIDED,
    },
    State.FAILED_OPEN: {
        EventKind.SHOWN: State.FAILED_OPEN,
        EventKind.ANSWERED: State.FAILED_OPEN,
        EventKind.MARKED: State.FAILED_OPEN,
        EventKind.STRUCK: State.FAILED_OPEN,
        # A question that failed somebody was withdrawn: nothing is decided any more.
        EventKind.RESUMED: State.IN_PROGRESS,
        EventKind.AWAITED: State.PENDING_REVIEW,
        EventKind.PASSED: State.PASSED,
        EventKind.FAILED: State.FAILED,
        EventKind.VOIDED: State.VOIDED,
    },
    # What a person marks or withdraws later can still turn a fail into a pass, never the reverse.
    State.PASSED: {
        EventKind.MARKED: State.PASSED,
        EventKind.STRUCK: State.PASSED,
        EventKind.VOIDED: State.VOIDED,
    },
    State.FAILED: {
        EventKind.MARKED: State.FAILED,
        EventKind.STRUCK: State.FAILED,
        EventKind.JUDGED: State.FAILED,
        EventKind.PASSED: State.PASSED,
        EventKind.VOIDED: State.VOIDED,
    },
    State.ABANDONED: {EventKind.VOIDED: State.VOIDED},
    State.VOIDED: {},
}

STATES = {
    State.OFFERED: "not started yet",
    State.IN_PROGRESS: "under way",
    State.PAUSED: "paused",
    State.PENDING_REVIEW: "being read by a colleague",
    State.FAILED_OPEN: "decided",
    State.PASSED: "passed",
    State.FAILED: "over",
    State.ABANDONED: "over",
    State.VOIDED: "withdrawn",
}
"""Each state in the words of a sentence."""


@dataclass(frozen=True, slots=True)
class Start:
    """What an attempt is frozen to. `seed` is hexadecimal; `objectives` are those asked, in the
    quiz's order; `carried` names the attempt in which each of the others was met. `form` are the
    items of a fixed form, in the order in which they are shown."""

    quiz_version: str
    seed: str
    mode: str
    objectives: tuple[str, ...]
    carried: Mapping[str, AttemptId] = field(default_factory=dict)
    first: bool = True
    language: str = "en"
    form: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Current:
    """The item before the person. `scored` is False for a pilot, which does not count;
    `seen_before`, if this person was asked it in another attempt."""

    item: str
    item_version: str
    objective: str
    scored: bool = True
    seen_before: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. `order` counts from 1. `right` is the 0 or 1 that decides; `critical` fails
    the objective by itself. `certainty` is 1 (less than 67 % sure) to 3 (more than 80 %).

    While it `needs_person` its credit is not known. What was `struck` does not count.
    """

    item: str
    item_version: str
    objective: str
    order: int
    raw: Raw
    credit: float
    right: bool
    shown_at: datetime
    answered_at: datetime
    critical: bool = False
    severity: Severity = Severity.NONE
    certainty: int | None = None
    scored: bool = True
    seen_before: bool = False
    needs_person: bool = False
    marked_by: PersonId | None = None
    struck: bool = False

    @property
    def counts(self) -> bool:
        """Whether the rule looks at it."""
        return self.scored and not self.struck


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person gives to a written answer."""

    item: str
    credit: float
    right: bool
    critical: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended. It stays so whatever becomes of the quiz; only what is marked or
    withdrawn from the attempt itself is looked at again, and with what there was: `left` is how
    many items could still have been answered, by objective, `is_over` whether its time was."""

    verdict: Verdict
    left: Mapping[str, int]
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One go at a quiz. `version` is what was read; saving another one is a `Conflict`.

    Before it is started `start` is None, and before it is passed or failed `ending` is.
    `decided_at` is when the rule decided; `reason` says why it was voided.
    """

    id: AttemptId
    workspace: WorkspaceId
    person: PersonId
    quiz: str
    offered_at: datetime
    changed_at: datetime
    state: State = State.OFFERED
    start: Start | None = None
    started_at: datetime | None = None
    current: Current | None = None
    shown_at: datetime | None = None
    responses: tuple[Response, ...] = ()
    paused_at: datetime | None = None
    decided_at: datetime | None = None
    ended_at: datetime | None = None
    ending: Ending | None = None
    reason: str = ""
    version: int = 0

    @property
    def subject(self) -> str:
        """What letters and threads call it."""
        return f"attempt:{self.id}"

    @property
    def seed(self) -> bytes:
        """Of everything that is drawn in it; empty before it is started."""
        return bytes.fromhex(self.start.seed) if self.start else b""

    @property
    def asked(self) -> frozenset[str]:
        """Ids of items that were put before the person."""
        answered = {response.item for response in self.responses}
        return frozenset(answered | ({self.current.item} if self.current else set()))

    @property
    def waits_for_person(self) -> bool:
        return any(r.needs_person and r.counts for r in self.responses)

    def response_to(self, item: str) -> Response | None:
        """What was answered already: a second answer to the same item changes nothing."""
        return next((r for r in self.responses if r.item == item), None)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an attempt. `actor` is None for the clock and the rule."""

    attempt: AttemptId
    kind: EventKind
    at: datetime
    actor: PersonId | None = None
    data: Args = field(default_factory=dict)


def can(attempt: Attempt, kind: EventKind) -> bool:
    """Whether `kind` may happen to the attempt in its present state."""
    return kind in _NEXT[attempt.state]


def can_resume(attempt: Attempt, now: datetime) -> bool:
    """Whether a paused attempt may still be taken up."""
    paused_at = attempt.paused_at
    return (
        attempt.state is State.PAUSED and paused_at is not None and now < paused_at + RESUME_WITHIN
    )


def apply(attempt: Attempt, event: Event) -> Attempt:
    """The attempt after the event.

    Raises:
        Conflict: the attempt's state does not allow the event (any more), or the item is not the
            one before the person.
    """
    state = _NEXT[attempt.state].get(event.kind)
    if state is None:
        raise Conflict(f"This quiz is {STATES[attempt.state]} already.")
    after = replace(attempt, state=state, changed_at=event.at)
    match event.kind:
        case EventKind.STARTED:
            return replace(after, start=_START.validate_python(event.data), started_at=event.at)
        case EventKind.SHOWN:
            current = _CURRENT.validate_python(event.data)
            if attempt.response_to(current.item) is not None:
                raise Conflict("You have answered this one already.")
            return replace(after, current=current, shown_at=event.at)
        case EventKind.ANSWERED:
            response = _RESPONSE.validate_python(event.data)
            if attempt.current is None or attempt.current.item != response.item:
                raise Conflict("This is not the question you are at. Please answer the last one.")
            return replace(
                after, current=None, shown_at=None, responses=(*attempt.responses, response)
            )
        case EventKind.MARKED:
            mark = _MARK.validate_python(event.data)
            waiting = attempt.response_to(mark.item)
            if waiting is None or not waiting.needs_person:
                raise Conflict("Somebody has marked this answer already.")
            return _with_response(
                after,
                replace(
                    waiting,
                    credit=mark.credit,
                    right=mark.right,
                    critical=mark.critical,
                    needs_person=False,
                    marked_by=event.actor,
                ),
            )
        case EventKind.STRUCK:
            item = str(event.data["item"])
            if attempt.current is not None and attempt.current.item == item:
                return replace(after, current=None, shown_at=None)
            response_to = attempt.response_to(item)
            if response_to is None or response_to.struck:
                raise Conflict("That question does not count here any more.")
            return _with_response(after, replace(response_to, struck=True))
        case EventKind.PAUSED:
            return replace(after, paused_at=event.at)
        case EventKind.RESUMED:
            return replace(after, paused_at=None, decided_at=None)
        case EventKind.AWAITED:
            return replace(after, current=None, shown_at=None, decided_at=None)
        case EventKind.FELL_SHORT:
            return replace(after, decided_at=event.at, current=None, shown_at=None)
        case EventKind.PASSED | EventKind.FAILED:
            return replace(
                after,
                # What a person marks later changes the outcome, and from then on it is that one.
                decided_at=(
                    attempt.decided_at
                    if event.kind is EventKind.FAILED and attempt.decided_at
                    else event.at
                ),
                ended_at=event.at,
                ending=_ENDING.validate_python(event.data),
                current=None,
                shown_at=None,
            )
        case EventKind.JUDGED:
            return replace(after, ending=_ENDING.validate_python(event.data))
        case EventKind.ABANDONED:
            return replace(after, ended_at=event.at)
        case EventKind.VOIDED:
            return replace(
                after,
                ended_at=event.at,
                reason=str(event.data.get("reason", "")),
                current=None,
                shown_at=None,
            )
        case EventKind.OFFERED:
            # The first event of all, which no state allows: `fold` begins with it.
            raise AssertionError


def fold(attempt: Attempt, events: Iterable[Event]) -> Attempt:
    """Replay: the attempt as its events left it, from its offer on."""
    replayed = Attempt(
        id=attempt.id,
        workspace=attempt.workspace,
        person=attempt.person,
        quiz=attempt.quiz,
        offered_at=attempt.offered_at,
        changed_at=attempt.offered_at,
        version=attempt.version,
    )
    for event in events:
        if event.kind is not EventKind.OFFERED:
            replayed = apply(replayed, event)
    return replayed


def respond(
    attempt: Attempt, item: Item, raw: Raw, scored: Scored, certainty: int | None, at: datetime
) -> Response:
    """The response that an answer to the current item makes.

    Raises:
        Conflict: the item is not the one before the person.
    """
    current, shown_at = attempt.current, attempt.shown_at
    if current is None or shown_at is None or current.item != item.id:
        raise Conflict("This is not the question you are at. Please answer the last one.")
    return Response(
        item=item.id,
        item_version=current.item_version,
        objective=current.objective,
        order=len(attempt.responses) + 1,
        raw=raw,
        credit=scored.credit,
        right=scored.right,
        shown_at=shown_at,
        answered_at=at,
        critical=scored.critical,
        severity=scored.severity,
        certainty=certainty,
        scored=current.scored,
        seen_before=current.seen_before,
        needs_person=scored.needs_person,
    )


def data_of(value: Start | Current | Response | Mark | Ending) -> Args:
    """The value as an event keeps it."""
    data: Args = _ADAPTERS[type(value)].dump_python(value, mode="json")
    return data


def response_of(data: Mapping[str, object]) -> Response:
    """The response that `data_of` made these of."""
    return _RESPONSE.validate_python(data)


def start_of(data: Mapping[str, object]) -> Start:
    """The start that `data_of` made these of."""
    return _START.validate_python(data)


def _with_response(attempt: Attempt, response: Response) -> Attempt:
    return replace(
        attempt,
        responses=tuple(response if r.item == response.item else r for r in attempt.responses),
    )


_START = TypeAdapter(Start)
_CURRENT = TypeAdapter(Current)
_RESPONSE = TypeAdapter(Response)
_MARK = TypeAdapter(Mark)
_ENDING = TypeAdapter(Ending)
_ADAPTERS: Mapping[type, TypeAdapter[Any]] = {
    Start: _START,
    Current: _CURRENT,
    Response: _RESPONSE,
    Mark: _MARK,
    Ending: _ENDING,
}
