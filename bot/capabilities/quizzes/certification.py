"""What somebody has earned, and how long it lasts (domain.md 1.9). Pure.

A certification is the fold of its events, like an attempt. Times that are reached are events
too, so that what was said about it on a day can be told later. Evidence is a chain: each record
holds the hash of the one before, so that none can be changed or taken away unseen. What a record
says can be forgotten in its time; that it was there cannot.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.capabilities.quizzes.model import Response
from bot.capabilities.quizzes.rule import bounds, log_ratio
from bot.errors import Conflict
from bot.ids import AttemptId, CertificationId, PersonId, WorkspaceId
from bot.message import Args
from bot.pack.model import Policy

MATERIAL_NOTICE = timedelta(days=60)
"""After a change in what it is about, a certification lasts at least so long."""
REMIND_EVERY = timedelta(days=7)
"""A renewal that is due is not mentioned more often."""
LAST_RESPONSES = 20
"""First answers that the longitudinal rule looks at."""
FRESH_ITEMS = 2
"""Of each objective in each half year, for renewal without a test."""
HALF_YEAR = timedelta(days=182.5)
EVIDENCE_KEPT = timedelta(days=6 * 365 + 2)
"""How long evidence is kept beyond the end of what it is for: six years (domain.md 9.1)."""
GENESIS = "0" * 64
"""What the first record of a chain is chained to."""


class State(StrEnum):
    """In renewal due and in grace it still counts."""

    VALID = "valid"
    RENEWAL_DUE = "renewal_due"
    GRACE = "grace"
    LAPSED = "lapsed"
    EXEMPT = "exempt"
    REVOKED = "revoked"


HOLDS = frozenset({State.VALID, State.RENEWAL_DUE, State.GRACE, State.EXEMPT})
"""States in which somebody is certified."""


class EventKind(StrEnum):
    PASSED = "passed"
    """By a test, or by answers over time; `data`: attempt, evidence, valid_until (`passed`)."""
    RENEWAL_CAME_DUE = "renewal_came_due"
    EXPIRED = "expired"
    """What it was valid for is over: grace begins."""
    LAPSED = "lapsed"
    CHANGED_MATERIALLY = "changed_materially"
    """What it is about has changed; `data`: deadline, an ISO time or None."""
    EXEMPTED = "exempted"
    """`data`: reason, until (an ISO time or None), evidence. The actor approved it."""
    EXEMPTION_ENDED = "exemption_ended"
    """What was held before it is held again."""
    REVOKED = "revoked"
    """`data`: reason, second (the other person who decided), evidence."""
    REVOCATION_PROPOSED = "revocation_proposed"
    """By the actor; `data`: reason. It waits for a second person."""
    REVOCATION_DECLINED = "revocation_declined"
    """The second person leaves it as it is."""


_NEXT: Mapping[State | None, Mapping[EventKind, State]] = {
    None: {EventKind.PASSED: State.VALID, EventKind.EXEMPTED: State.EXEMPT},
    State.VALID: {
        EventKind.PASSED: State.VALID,
        EventKind.RENEWAL_CAME_DUE: State.RENEWAL_DUE,
        EventKind.CHANGED_MATERIALLY: State.RENEWAL_DUE,
        EventKind.EXEMPTED: State.EXEMPT,
        EventKind.REVOKED: State.REVOKED,
        EventKind.REVOCATION_PROPOSED: State.VALID,
        EventKind.REVOCATION_DECLINED: State.VALID,
    },
    State.RENEWAL_DUE: {
        EventKind.PASSED: State.VALID,
        EventKind.EXPIRED: State.GRACE,
        EventKind.CHANGED_MATERIALLY: State.RENEWAL_DUE,
        EventKind.EXEMPTED: State.EXEMPT,
        EventKind.REVOKED: State.REVOKED,
        EventKind.REVOCATION_PROPOSED: State.RENEWAL_DUE,
        EventKind.REVOCATION_DECLINED: State.RENEWAL_DUE,
    },
    State.GRACE: {
        EventKind.PASSED: State.VALID,
        EventKind.LAPSED: State.LAPSED,
        EventKind.EXEMPTED: State.EXEMPT,
        EventKind.REVOKED: State.REVOKED,
        EventKind.REVOCATION_PROPOSED: State.GRACE,
        EventKind.REVOCATION_DECLINED: State.GRACE,
    },
    State.LAPSED: {
        EventKind.PASSED: State.VALID,
        EventKind.EXEMPTED: State.EXEMPT,
        EventKind.REVOKED: State.REVOKED,
        EventKind.REVOCATION_PROPOSED: State.LAPSED,
        EventKind.REVOCATION_DECLINED: State.LAPSED,
    },
    State.EXEMPT: {
        EventKind.PASSED: State.VALID,
        EventKind.LAPSED: State.LAPSED,
        EventKind.EXEMPTION_ENDED: State.VALID,
        EventKind.CHANGED_MATERIALLY: State.EXEMPT,
        EventKind.EXEMPTED: State.EXEMPT,
        EventKind.REVOKED: State.REVOKED,
        EventKind.REVOCATION_PROPOSED: State.EXEMPT,
        EventKind.REVOCATION_DECLINED: State.EXEMPT,
    },
    State.REVOKED: {EventKind.PASSED: State.VALID, EventKind.EXEMPTED: State.EXEMPT},
}


@dataclass(frozen=True, slots=True)
class Certification:
    """Of one person for one quiz. `state` None: nothing was earned yet. `valid_until` None is
    for ever; of an exemption it is the exemption's own end. `version` is what was read.

    While somebody is exempt, `held_from`, `held_until` and `held_evidence` are of what they had
    earned before, which is theirs again when the exemption ends; `held_from` None: nothing.
    """

    id: CertificationId
    workspace: WorkspaceId
    person: PersonId
    quiz: str
    changed_at: datetime
    state: State | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    attempt: AttemptId | None = None
    evidence: str | None = None
    reason: str = ""
    held_from: datetime | None = None
    held_until: datetime | None = None
    held_evidence: str | None = None
    version: int = 0

    @property
    def holds(self) -> bool:
        """Whether the person counts as certified."""
        return self.state in HOLDS

    @property
    def subject(self) -> str:
        """What letters call it."""
        return f"certification:{self.id}"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a certification. `actor` is None for the clock and the rule."""

    certification: CertificationId
    kind: EventKind
    at: datetime
    actor: PersonId | None = None
    data: Args = field(default_factory=dict)


def can(certification: Certification, kind: EventKind) -> bool:
    """Whether `kind` may happen to it in its present state."""
    return kind in _NEXT[certification.state]


def apply(certification: Certification, event: Event) -> Certification:
    """The certification after the event.

    Raises:
        Conflict: its state does not allow the event (any more), or one person alone revoked it.
    """
    state = _NEXT[certification.state].get(event.kind)
    if state is None:
        raise Conflict("This certification has changed since. Please look again.")
    after = replace(certification, state=state, changed_at=event.at)
    data = event.data
    evidence = str(data["evidence"]) if data.get("evidence") else None
    match event.kind:
        case EventKind.PASSED:
            return replace(
                _holding_nothing_else(after),
                valid_from=event.at,
                valid_until=_time(data.get("valid_until")),
                attempt=AttemptId(str(data["attempt"])) if data.get("attempt") else None,
                evidence=evidence,
                reason="",
            )
        case EventKind.CHANGED_MATERIALLY:
            ends = event.at + MATERIAL_NOTICE
            deadline = _time(data.get("deadline"))
            if deadline is not None:
                # It can be later than the notice, but never sooner.
                ends = max(ends, deadline)
            if certification.state is State.EXEMPT:
                # The exemption keeps its own end; what waits beneath it is shortened.
                held = certification.held_until
                return replace(after, held_until=ends if held is None else min(held, ends))
            old = certification.valid_until
            return replace(after, valid_until=ends if old is None else min(old, ends))
        case EventKind.EXEMPTED:
            if certification.holds and certification.state is not State.EXEMPT:
                after = replace(
                    after,
                    held_from=certification.valid_from,
                    held_until=certification.valid_until,
                    held_evidence=certification.evidence,
                )
            return replace(
                after,
                valid_from=event.at,
                valid_until=_time(data.get("until")),
                evidence=evidence,
                reason=str(data["reason"]),
            )
        case EventKind.EXEMPTION_ENDED:
            if certification.held_from is None:
                raise Conflict("Nothing was held before this exemption.")
            return replace(
                _holding_nothing_else(after),
                valid_from=certification.held_from,
                valid_until=certification.held_until,
                evidence=certification.held_evidence,
                reason="",
            )
        case EventKind.REVOKED:
            second = data.get("second")
            if event.actor is None or not second or second == event.actor:
                raise Conflict("Two people have to agree before a certification is revoked.")
            return replace(
                _holding_nothing_else(after), evidence=evidence, reason=str(data["reason"])
            )
        case (
            EventKind.RENEWAL_CAME_DUE
            | EventKind.EXPIRED
            | EventKind.LAPSED
            | EventKind.REVOCATION_PROPOSED
            | EventKind.REVOCATION_DECLINED
        ):
            return after


def _holding_nothing_else(certification: Certification) -> Certification:
    return replace(certification, held_from=None, held_until=None, held_evidence=None)


def fold(certification: Certification, events: Iterable[Event]) -> Certification:
    """Replay: the certification as its events left it."""
    replayed = Certification(
        id=certification.id,
        workspace=certification.workspace,
        person=certification.person,
        quiz=certification.quiz,
        changed_at=certification.changed_at,
        version=certification.version,
    )
    for event in events:
        replayed = apply(replayed, event)
    return replayed


def renewed_until(
    certification: Certification, policy: Policy, passed_at: datetime
) -> datetime | None:
    """Until when it is valid after it was passed again. Who renews early loses no day: it goes
    on from where the old one would have ended."""
    if policy.valid_for is None:
        return None
    old = certification.valid_until
    if certification.state is State.EXEMPT:
        # What is held beneath the exemption is not lost by passing.
        old = certification.held_until
        return max(old or passed_at, passed_at + policy.valid_for)
    if old is None or certification.state not in (State.VALID, State.RENEWAL_DUE):
        return passed_at + policy.valid_for
    if certification.state is State.VALID:
        # Passed again long before it was due: nothing is lost, and nothing is piled up.
        return max(old, passed_at + policy.valid_for)
    return max(old, passed_at) + policy.valid_for


def passed(
    certification: Certification,
    policy: Policy,
    at: datetime,
    attempt: AttemptId | None = None,
    evidence: str | None = None,
) -> Event:
    """The event of passing. It holds the date until which that is valid, so that a policy that
    changes later changes nothing that was earned."""
    until = renewed_until(certification, policy, at)
    return Event(
        certification.id,
        EventKind.PASSED,
        at,
        certification.person,
        {
            "attempt": attempt,
            "evidence": evidence,
            "valid_until": until.isoformat() if until else None,
        },
    )


def next_due(certification: Certification, policy: Policy) -> tuple[EventKind, datetime] | None:
    """What time alone will do to it next, and when: what a timer is set for."""
    until = certification.valid_until
    if until is None:
        return None
    match certification.state:
        case State.VALID:
            return EventKind.RENEWAL_CAME_DUE, until - policy.renew_from
        case State.RENEWAL_DUE:
            return EventKind.EXPIRED, until
        case State.GRACE:
            return EventKind.LAPSED, until + policy.grace
        case State.EXEMPT:
            if certification.held_from is not None:
                return EventKind.EXEMPTION_ENDED, until
            return EventKind.LAPSED, until
        case _:
            return None


def pass_time(
    certification: Certification, policy: Policy, now: datetime
) -> tuple[tuple[Event, ...], Certification]:
    """What time has done to it until now, each at its own moment, and what it is afterwards."""
    events: list[Event] = []
    while (due := next_due(certification, policy)) is not None and due[1] <= now:
        kind, at = due
        # Of a short certification renewal is due at once, not before it was earned.
        at = max(at, certification.changed_at)
        events.append(Event(certification.id, kind, at))
        certification = apply(certification, events[-1])
    return tuple(events), certification


@dataclass(frozen=True, slots=True)
class Answer:
    """A first answer to a fresh item that was asked over time, in daily checks."""

    item: str
    objective: str
    right: bool
    critical: bool
    at: datetime


def earns_renewal(
    policy: Policy,
    objectives: Sequence[str],
    answers: Sequence[Answer],
    valid_from: datetime,
    valid_until: datetime,
) -> bool:
    """Whether answers over time renew it without a test: two fresh items of each objective in
    each half year until renewal is due, the last twenty passing the sequential test, and no
    critical error that was not made good by a later right answer on its objective."""
    until = valid_until - policy.renew_from
    firsts: dict[str, Answer] = {}
    for answer in sorted(answers, key=lambda a: a.at):
        firsts.setdefault(answer.item, answer)
    # What was answered before, in the time of the certificate before too, is not fresh any more.
    counted = [answer for answer in firsts.values() if valid_from <= answer.at <= until]
    halves = max(1, round((until - valid_from) / HALF_YEAR))
    length = (until - valid_from) / halves
    for objective in objectives:
        asked = [0] * halves
        for answer in counted:
            if answer.objective == objective:
                asked[min(int((answer.at - valid_from) / length), halves - 1)] += 1
        if min(asked) < FRESH_ITEMS:
            return False
        last_error = max(
            (a.at for a in counted if a.objective == objective and a.critical), default=None
        )
        if last_error is not None and not any(
            a.objective == objective and a.right and not a.critical and a.at > last_error
            for a in counted
        ):
            return False
    last = counted[-LAST_RESPONSES:]
    ratio = log_ratio(policy.sprt, sum(a.right for a in last), len(last))
    return ratio >= bounds(policy.sprt)[1] - 1e-9


def is_asked_for(policy: Policy) -> bool:
    """Whether somebody else wants people to pass it: of nothing else does anybody see evidence."""
    return policy.requirement in {"mandatory", "regulatory"}


def keep_until(policy: Policy, valid_until: datetime | None, now: datetime) -> datetime | None:
    """Until when evidence has to be kept of what is valid until then (None: for ever): six years
    longer where somebody else asks for it. Of what people take for themselves it may go at any
    time."""
    if not is_asked_for(policy):
        return now
    return valid_until + EVIDENCE_KEPT if valid_until is not None else None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One record of a chain. `body` is canonical JSON and `checksum` its SHA-256; `digest` is
    SHA-256 of what it is chained to, of its checksum and of `keep_until`. So the body can go in
    its time, and the chain holds: then it is empty. Until `keep_until` it has to be there (None:
    for ever)."""

    number: int
    previous: str
    body: str
    checksum: str
    digest: str
    keep_until: datetime | None = None


def chain(
    last: Evidence | None, told: Mapping[str, object], keep_until: datetime | None = None
) -> Evidence:
    """The next record of a chain. `told` is JSON."""
    body = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    previous = last.digest if last else GENESIS
    number = last.number + 1 if last else 1
    checksum = hashlib.sha256(body.encode()).hexdigest()
    digest = digest_of(number, previous, checksum, keep_until)
    return Evidence(number, previous, body, checksum, digest, keep_until)


def digest_of(number: int, previous: str, checksum: str, keep_until: datetime | None) -> str:
    until = keep_until.astimezone(UTC).isoformat() if keep_until else ""
    return hashlib.sha256(f"{number}\n{previous}\n{checksum}\n{until}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a chain of so many `records`: of how many nothing but that they were
    there is kept any more, and the number of the first that is not what was chained, if any."""

    records: int
    forgotten: int = 0
    broken_at: int | None = None


def check_chain(records: Iterable[Evidence], now: datetime) -> Checked:
    """Whether all records are what was chained. A record missing at the end can only be seen by
    who knows the last digest."""
    previous, count, forgotten = GENESIS, 0, 0
    broken_at: int | None = None
    for count, record in enumerate(records, 1):
        if broken_at is None and not (
            record.number == count
            and record.previous == previous
            and record.digest
            == digest_of(record.number, record.previous, record.checksum, record.keep_until)
            and _is_whole(record, now)
        ):
            broken_at = count
        forgotten += not record.body
        previous = record.digest
    return Checked(count, forgotten, broken_at)


def _is_whole(record: Evidence, now: datetime) -> bool:
    if record.body:
        return hashlib.sha256(record.body.encode()).hexdigest() == record.checksum
    return record.keep_until is not None and record.keep_until <= now


def told_of(response: Response) -> Mapping[str, object]:
    """A response as evidence keeps it. How sure somebody was is theirs, and is not kept."""
    return {
        "item": response.item,
        "item_version": response.item_version,
        "objective": response.objective,
        "order": response.order,
        "raw": response.raw,
        "credit": response.credit,
        "right": response.right,
        "critical": response.critical,
        "severity": response.severity.value,
        "scored": response.scored,
        "struck": response.struck,
        "marked_by": response.marked_by,
        "shown_at": response.shown_at.isoformat(),
        "answered_at": response.answered_at.isoformat(),
    }


def _time(told: object) -> datetime | None:
    return datetime.fromisoformat(str(told)) if told else None
