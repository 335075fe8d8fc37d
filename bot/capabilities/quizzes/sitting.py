"""One event of an attempt, where it stands by its rule, and what it is prepared from."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from bot.capabilities.quizzes.choosing import Bank, Choice, choose, left, prepare
from bot.capabilities.quizzes.model import (
    ASKING,
    RESUME_WITHIN,
    SILENCE,
    Attempt,
    Ending,
    Event,
    EventKind,
    Response,
    State,
    apply,
)
from bot.capabilities.quizzes.ports import Need
from bot.capabilities.quizzes.rule import Form, decide, form_of
from bot.capabilities.quizzes.verdict import Verdict
from bot.capabilities.quizzes.work import QuizzesWork
from bot.context import Context
from bot.happenings import Happening
from bot.ids import AttemptId, PersonId, WorkspaceId
from bot.message import Args
from bot.pack.item import Item, Status
from bot.pack.model import Quiz
from bot.ports import Timer

_TOLD = {
    EventKind.STARTED,
    EventKind.PASSED,
    EventKind.FAILED,
    EventKind.ABANDONED,
    EventKind.VOIDED,
}
_READ = frozenset(State) - {State.VOIDED, State.ABANDONED}
"""States in which what was written is still worth being read."""
LINGERING = timedelta(days=1)
"""So long somebody may think about whether to finish what is decided."""
_KEPT = 64
"""Quizzes that are kept prepared for choosing."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """An attempt that was started, with the quiz as it is frozen for it, and where it stands.

    `barred` are items that were withdrawn since; `left` and `is_over` are what the verdict was
    made with.
    """

    attempt: Attempt
    quiz: Quiz
    bank: Bank
    verdict: Verdict
    barred: frozenset[str]
    left: Mapping[str, int]
    is_over: bool

    @property
    def ending(self) -> Ending:
        """As the attempt keeps it, if this is its end."""
        return Ending(self.verdict, self.left, self.is_over)

    @property
    def item(self) -> Item | None:
        """The one before the person."""
        current = self.attempt.current
        return self.bank.items.get(current.item) if current else None


class _Prepared:
    """What is made of versions of quizzes once, as many as are in use."""

    def __init__(self) -> None:
        self._banks: OrderedDict[str, Bank] = OrderedDict()
        self._barred: OrderedDict[tuple[str, str], frozenset[str]] = OrderedDict()
        self._lock = Lock()

    def bank(self, quiz: Quiz, version: str) -> Bank:
        with self._lock:
            bank = self._banks.get(version)
        if bank is None:
            bank = prepare(quiz)
            with self._lock:
                self._banks[version] = bank
                while len(self._banks) > _KEPT:
                    self._banks.popitem(last=False)
        return bank

    def barred(self, bank: Bank, version: str, now: Quiz, now_version: str) -> frozenset[str]:
        """Items of a version that were withdrawn by now, or are gone."""
        if version == now_version:
            return frozenset()
        key = (version, now_version)
        with self._lock:
            barred = self._barred.get(key)
        if barred is None:
            asked = {item.id for item in now.items if item.status in {Status.LIVE, Status.PILOT}}
            barred = frozenset(bank.items) - asked
            with self._lock:
                self._barred[key] = barred
                while len(self._barred) > _KEPT:
                    self._barred.popitem(last=False)
        return barred


_prepared = _Prepared()
"""A cache: a version follows from what a quiz says, so nothing in it is ever out of date."""


def bank_of(quiz: Quiz, version: str) -> Bank:
    """The quiz in that version, made ready for choosing."""
    return _prepared.bank(quiz, version)


def advance(
    context: Context,
    work: QuizzesWork,
    attempt: Attempt,
    kind: EventKind,
    actor: PersonId | None = None,
    data: Args | None = None,
) -> Attempt:
    """The attempt after one more event, saved and recorded.

    Raises:
        Conflict: its state does not allow the event, or it was changed meanwhile.
    """
    event = Event(attempt.id, kind, context.now, actor, data or {})
    after = apply(attempt, event)
    before = {response.item: response for response in attempt.responses}
    changed = [r for r in after.responses if before.get(r.item) != r]
    saved = work.attempts.save(after, changed)
    work.attempts.record(event)
    _set_timers(context, work, saved)
    if attempt.waits_for_person and not (saved.waits_for_person and saved.state in _READ):
        work.truth.cancel(saved.workspace, source_of_call(saved.id))
    if kind in _TOLD:
        work.happenings.note(
            Happening(
                workspace=saved.workspace,
                kind=f"quiz.{kind}",
                at=context.now,
                about=f"quiz:{saved.quiz}",
                data={
                    "first": saved.start.first if saved.start else True,
                    "items": len(saved.responses),
                },
            )
        )
    return saved


def source_of_call(attempt: AttemptId) -> str:
    """What letters come from that call for somebody to read a written answer of an attempt."""
    return f"quiz.to_read:{attempt}"


def _set_timers(context: Context, work: QuizzesWork, attempt: Attempt) -> None:
    """What time alone will do to the attempt: silence pauses it, two weeks end it."""
    if attempt.state in ASKING:
        stay(context, work, attempt)
        work.timers.cancel(f"{attempt.subject}:abandon")
        return
    work.timers.cancel(f"{attempt.subject}:silence")
    if attempt.state is State.PAUSED:
        _set(work, attempt, "abandon", (attempt.paused_at or context.now) + RESUME_WITHIN)
    elif attempt.state is State.OFFERED:
        _set(work, attempt, "abandon", attempt.offered_at + RESUME_WITHIN)
    else:
        work.timers.cancel(f"{attempt.subject}:abandon")
        if attempt.state is not State.PENDING_REVIEW:
            work.timers.cancel(f"{attempt.subject}:time_up")


def stay(context: Context, work: QuizzesWork, attempt: Attempt) -> None:
    """The person is there: silence counts anew. Once it is decided there is no hurry, and none
    at all for who finishes it by one question a day."""
    silence = SILENCE
    if attempt.state is State.FAILED_OPEN:
        is_slow = Need.ONE_A_DAY in work.needs.of(attempt.person)
        silence = RESUME_WITHIN if is_slow else LINGERING
    _set(work, attempt, "silence", context.now + silence)


def ends_at(work: QuizzesWork, attempt: Attempt, quiz: Quiz) -> datetime | None:
    """When the time of the attempt is over, by what its person needs; None where it has no limit,
    as for who wants one question a day: between two of them nights go by."""
    limit = quiz.policy.max_time
    needs = work.needs.of(attempt.person)
    if limit is None or attempt.started_at is None or Need.ONE_A_DAY in needs:
        return None
    return attempt.started_at + (2 * limit if Need.EXTRA_TIME in needs else limit)


def is_time_up(context: Context, work: QuizzesWork, attempt: Attempt, quiz: Quiz) -> bool:
    """Whether nothing more may be asked."""
    ends = ends_at(work, attempt, quiz)
    return ends is not None and ends <= context.now


def limit_time(work: QuizzesWork, attempt: Attempt, quiz: Quiz) -> None:
    """Where a quiz has a time limit, it begins with the attempt."""
    ends = ends_at(work, attempt, quiz)
    if ends is not None:
        _set(work, attempt, "time_up", ends)


def _set(work: QuizzesWork, attempt: Attempt, verb: str, due_at: datetime) -> None:
    work.timers.set(
        Timer(
            key=f"{attempt.subject}:{verb}",
            due_at=due_at,
            action=f"quiz.{verb}",
            args={"attempt": attempt.id},
        )
    )


def look(
    work: QuizzesWork, attempt: Attempt, *, is_over: bool = False, again: bool = False
) -> Sitting:
    """Where the attempt stands by what its rule says now, or as it has ended.

    Args:
        is_over: nothing more can be asked.
        again: something was marked or withdrawn in an attempt that has ended: decide it anew, by
            what could have been asked when it did.

    Raises:
        ValueError: it was never started.
    """
    start, ending = attempt.start, attempt.ending
    if start is None:
        raise ValueError("an attempt that was not started has no rule yet")
    quiz = work.packs.quiz_at(attempt.workspace, attempt.quiz, start.quiz_version)
    bank = bank_of(quiz, start.quiz_version)
    barred = _barred(work, attempt.workspace, quiz, start.quiz_version, bank)
    policy = quiz.policy
    if ending is not None and not again:
        return Sitting(attempt, quiz, bank, ending.verdict, barred, ending.left, ending.is_over)
    if ending is not None:
        remaining, is_over = ending.left, ending.is_over
    else:
        remaining = _open(attempt, left(bank, policy, attempt, barred))
    verdict = decide(
        policy,
        start,
        attempt.responses,
        remaining,
        earlier=_earlier(work, start.carried) if policy.mode == "gate_sprt" else (),
        form=_form(attempt, quiz, bank, barred),
        is_over=is_over,
    )
    return Sitting(attempt, quiz, bank, verdict, barred, remaining, is_over)


def _open(attempt: Attempt, remaining: Mapping[str, int]) -> Mapping[str, int]:
    """What can still be answered: what is left, and the item before the person."""
    current = attempt.current
    if current is None or not current.scored:
        return remaining
    return {**remaining, current.objective: remaining.get(current.objective, 0) + 1}


def barred_from(
    work: QuizzesWork, workspace: WorkspaceId, quiz: Quiz, version: str
) -> frozenset[str]:
    """Items of a version that were withdrawn since."""
    return _barred(work, workspace, quiz, version, bank_of(quiz, version))


def _barred(
    work: QuizzesWork, workspace: WorkspaceId, quiz: Quiz, version: str, bank: Bank
) -> frozenset[str]:
    now = work.packs.quiz(workspace, quiz.id)
    if now is None:
        return frozenset()
    return _prepared.barred(bank, version, now.value, now.version)


def _form(attempt: Attempt, quiz: Quiz, bank: Bank, barred: frozenset[str]) -> Form | None:
    start = attempt.start
    if start is None or quiz.policy.mode != "fixed":
        return None
    counted = {r.item for r in attempt.responses if r.counts}
    struck = {r.item for r in attempt.responses if r.struck}
    ids = [id_ for id_ in start.form if id_ in counted or id_ not in struck | barred]
    return form_of(quiz.policy, bank.items, ids)


def _earlier(work: QuizzesWork, carried: Mapping[str, AttemptId]) -> Sequence[Response]:
    """The answers by which objectives were met that need not be asked again."""
    found: list[Response] = []
    for objective, id_ in carried.items():
        attempt = work.attempts.get(id_)
        if attempt is not None:
            found += [r for r in attempt.responses if r.objective == objective and r.counts]
    return sorted(found, key=lambda r: r.answered_at)


class Exposures(Mapping[str, int]):
    """How often each item of a quiz was shown to anybody, read objective by objective as it is
    asked for: a bank may hold thousands, and a choice looks at those of one."""

    def __init__(self, work: QuizzesWork, workspace: WorkspaceId, quiz: str, bank: Bank) -> None:
        self._work = work
        self._workspace = workspace
        self._quiz = quiz
        self._bank = bank
        self._read: dict[str, int] = {}

    def __getitem__(self, id_: str) -> int:
        try:
            return self._read[id_]
        except KeyError:
            item = self._bank.items[id_]
        # All of the objective at once: a choice asks for each of them, a thousand perhaps.
        of = item.objective
        same = (*self._bank.live.get(of, ()), *self._bank.pilots.get(of, ()), id_)
        self._read.update(dict.fromkeys(same, 0))
        self._read.update(self._work.attempts.exposures(self._workspace, self._quiz, of))
        return self._read[id_]

    def __iter__(self) -> Iterator[str]:
        return iter(self._bank.items)

    def __len__(self) -> int:
        return len(self._bank.items)


def next_item(context: Context, work: QuizzesWork, sitting: Sitting) -> Choice | None:
    """What is to be shown next; None when there is nothing."""
    attempt = sitting.attempt
    seen = work.attempts.seen(attempt.person, attempt.quiz, but=attempt.id)
    exposures = Exposures(work, attempt.workspace, attempt.quiz, sitting.bank)
    return choose(
        sitting.bank,
        sitting.quiz.policy,
        attempt,
        sitting.verdict,
        seen,
        exposures,
        context.now,
        sitting.barred,
    )
