"""When an attempt is decided, and how (domain.md 1.5 and 1.7). Pure.

`gate`       each objective by the first to two: two right ones meet it, two wrong ones do not.
`gate_sprt`  the gate, and Wald's sequential test over all items together.
`fixed`      a form of a given length, stopped as soon as nothing can change any more.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Protocol

from bot.capabilities.quizzes.model import Response, Start
from bot.capabilities.quizzes.verdict import Decision, ObjectiveResult, Outcome, Verdict
from bot.pack.item import Branching, Item, MultiSelect, ScenarioChoice, Severity
from bot.pack.model import Policy, Sprt

ENOUGH = 2
"""Right answers that meet an objective at the gate, and wrong ones that do not."""
LONGEST_GATE = 2 * ENOUGH - 1
CBM_PASS = 1.5
"""Mean mark for certainty that passes where certainty is marked."""
SECONDS_AN_ITEM = 50
"""About how long somebody takes over one; a quiz of ten stays under ten minutes."""
JUDGES = 3
"""The fewest on whose ratings a cut may rest; five are better."""
DISCUSS_SD = 0.15
DISCUSS_RANGE = 0.30
_SLACK = 1e-9
"""Sums of rounded numbers are not exact; nobody should fail for it."""


@dataclass(frozen=True, slots=True)
class Form:
    """A fixed form: so many items, so many right ones pass. `grave` are those in which a critical
    error can be made."""

    size: int
    cut: int
    grave: frozenset[str] = frozenset()


def decide(
    policy: Policy,
    start: Start,
    responses: Sequence[Response],
    left: Mapping[str, int],
    *,
    earlier: Sequence[Response] = (),
    form: Form | None = None,
    is_over: bool = False,
) -> Verdict:
    """Where the attempt stands after these responses.

    Args:
        left: how many scored items can still be answered, by objective. With none the pool was
            too thin, and what there is has to do.
        is_over: nothing more is asked, whatever is left. What is open then is not met, and no
            outcome is `OPEN`.
        earlier: answers to the carried objectives, in the attempts they are carried from; they
            count in the sequential test, which looks at all objectives together.
        form: of a `fixed` quiz (`form_of`).
    """
    counted = [r for r in responses if r.counts]
    results = tuple(
        (gate if form is None else part(form))(
            objective,
            [r for r in counted if r.objective == objective],
            left.get(objective, 0),
            critical_error_fails=policy.critical_error_fails,
            is_over=is_over,
        )
        for objective in start.objectives
    )
    carried = tuple(
        ObjectiveResult(objective, 0, 0, Decision.MET, carried_from=attempt)
        for objective, attempt in start.carried.items()
    )
    known = [r for r in counted if not r.needs_person]
    n, s = len(known), sum(r.right for r in known)
    mark = mean_mark(known) if policy.confidence == "cbm" else None
    if policy.mode == "fixed":
        if form is None:
            raise ValueError("a fixed quiz is decided by its form")
        verdict = _decide_fixed(policy, form, results + carried, counted, is_over=is_over)
    elif policy.mode == "gate_sprt":
        verdict = _decide_sprt(policy, results + carried, earlier, counted, left, is_over=is_over)
    else:
        verdict = _decide_gate(results + carried)
    outcome = verdict.outcome
    if outcome is Outcome.PASSED and mark is not None and mark < CBM_PASS:
        outcome = Outcome.FAILED
    return Verdict(
        outcome, verdict.objectives, n, s, verdict.least, verdict.most, verdict.llr, mark
    )


def gate(
    objective: str,
    responses: Sequence[Response],
    left: int,
    *,
    critical_error_fails: bool = True,
    is_over: bool = False,
) -> ObjectiveResult:
    """One objective by its first answers: 2 of 2 or 2 of 3 meet it, a critical error never.

    Where no third item is left, two thirds of those answered have to be right. Where there are
    some and it `is_over`, two right ones are wanted all the same.
    """
    critical = critical_error_fails and any(r.critical for r in responses)
    right = wrong = waiting = 0
    decision = Decision.OPEN
    for response in responses:
        if decision is not Decision.OPEN:
            break
        waiting += response.needs_person
        right += response.right and not response.needs_person
        wrong += not response.right and not response.needs_person
        if right >= ENOUGH:
            decision = Decision.MET
        elif wrong >= ENOUGH:
            decision = Decision.NOT_MET
    if decision is Decision.OPEN:
        if waiting and (right + waiting >= ENOUGH or wrong + waiting >= ENOUGH or not left):
            decision = Decision.WAITS
        elif not left:
            # Fewer items than the gate wants: what there is has to do.
            enough = right and 3 * right >= 2 * (right + wrong)
            decision = Decision.MET if enough else Decision.NOT_MET
    undecided = decision in {Decision.OPEN, Decision.WAITS}
    if is_over and left and undecided and right + waiting < ENOUGH:
        decision = Decision.NOT_MET
    if critical:
        decision = Decision.NOT_MET
    known = [r for r in responses if not r.needs_person]
    return ObjectiveResult(objective, len(known), sum(r.right for r in known), decision, critical)


class _Judged(Protocol):
    def __call__(
        self,
        objective: str,
        responses: Sequence[Response],
        left: int,
        *,
        critical_error_fails: bool = True,
        is_over: bool = False,
    ) -> ObjectiveResult: ...


def part(form: Form) -> _Judged:
    """One objective within a fixed form: met when as large a share of its answers is right as
    the whole form wants. It decides what is read afterwards, not whether the form is passed."""

    def judge_part(
        objective: str,
        responses: Sequence[Response],
        left: int,
        *,
        critical_error_fails: bool = True,
        is_over: bool = False,
    ) -> ObjectiveResult:
        known = [r for r in responses if not r.needs_person]
        right = sum(r.right for r in known)
        critical = critical_error_fails and any(r.critical for r in known)
        if critical:
            decision = Decision.NOT_MET
        elif left:
            decision = Decision.NOT_MET if is_over else Decision.OPEN
        elif len(known) < len(responses):
            decision = Decision.WAITS
        else:
            enough = known and right * form.size >= form.cut * len(known)
            decision = Decision.MET if enough else Decision.NOT_MET
        return ObjectiveResult(objective, len(known), right, decision, critical)

    return judge_part


def log_ratio(sprt: Sprt, s: int, n: int) -> float:
    """Wald's log likelihood ratio of `s` right answers among `n`."""
    up, down = increments(sprt)
    return s * up + (n - s) * down


def increments(sprt: Sprt) -> tuple[float, float]:
    """What a right and a wrong answer add."""
    return math.log(sprt.p1 / sprt.p0), math.log((1 - sprt.p1) / (1 - sprt.p0))


def bounds(sprt: Sprt) -> tuple[float, float]:
    """The ratio at which it is failed, and that at which it is passed."""
    return math.log(sprt.beta / (1 - sprt.alpha)), math.log((1 - sprt.beta) / sprt.alpha)


def look_at_total(sprt: Sprt, s: int, n: int) -> Outcome:
    """What the sequential test says after `s` right answers among `n`."""
    if n < sprt.n_min:
        return Outcome.OPEN
    low, high = bounds(sprt)
    ratio = log_ratio(sprt, s, n)
    if ratio >= high - _SLACK:
        return Outcome.PASSED
    if ratio <= low + _SLACK:
        return Outcome.FAILED
    if n >= sprt.n_max:
        return Outcome.PASSED if s >= sprt.cut * n - _SLACK else Outcome.FAILED
    return Outcome.OPEN


def form_of(policy: Policy, items: Mapping[str, Item], form: Sequence[str]) -> Form:
    """Size and cut of a fixed form. After items were withdrawn from it, a cut that is a number
    keeps its share of the form.

    Raises:
        ValueError: the cut rests on judges, and an item has no ratings.
    """
    size = len(form)
    grave = frozenset(id_ for id_ in form if is_grave(items[id_]))
    if policy.cut == "angoff":
        return Form(size, angoff_cut([items[id_].angoff for id_ in form]), grave)
    planned = sum(policy.form.values()) or size
    cut = policy.cut if policy.cut is not None else _round_up(policy.sprt.cut * planned)
    return Form(size, cut if size == planned else _round_up(cut * size / planned), grave)


def is_grave(item: Item) -> bool:
    """Whether a critical error can be made in it."""
    match item:
        case ScenarioChoice() | MultiSelect():
            follows = [option.consequence for option in item.options]
        case Branching():
            follows = [turn.consequence for node in item.nodes.values() for turn in node.options]
        case _:
            follows = []
    return item.critical or any(c and c.severity is Severity.CRITICAL for c in follows)


def angoff_cut(ratings: Iterable[Sequence[float]]) -> int:
    """The cut for the items of one form: what judges expect of somebody just competent.

    Raises:
        ValueError: an item has no ratings.
    """
    return _round_up(sum(fmean(given) for given in _rated(ratings)))


@dataclass(frozen=True, slots=True)
class Angoff:
    """What judges expect of somebody who is just competent: `mean` right answers of all, `se`
    is its standard error, `low` and `high` bound it (95 %)."""

    cut: int
    mean: float
    se: float
    low: float
    high: float
    discuss: tuple[int, ...]
    """Indexes of the items about which judges differ."""


def judge(ratings: Sequence[Sequence[float]]) -> Angoff:
    """The modified Angoff cut of these items. `ratings` has a row for each item, with a column
    for each judge.

    Raises:
        ValueError: there are fewer than three judges, or not all have rated every item.
    """
    rows = _rated(ratings)
    judges = len(rows[0]) if rows else 0
    if judges < JUDGES or any(len(row) != judges for row in rows):
        raise ValueError(f"each item needs the ratings of the same {JUDGES} or more judges")
    sums = [sum(row[j] for row in rows) for j in range(judges)]
    mean, se = fmean(sums), stdev(sums) / math.sqrt(judges)
    return Angoff(
        _round_up(mean),
        mean,
        se,
        mean - 1.96 * se,
        mean + 1.96 * se,
        tuple(index for index, row in enumerate(rows) if differ(row)),
    )


def differ(ratings: Sequence[float]) -> bool:
    """Whether judges differ so much about an item that they had better talk about it."""
    if len(ratings) < 2:
        return False
    spread = max(ratings) - min(ratings)
    return stdev(ratings) > DISCUSS_SD + _SLACK or spread > DISCUSS_RANGE + _SLACK


def mark_certainty(*, right: bool, certainty: int) -> int:
    """Gardner-Medwin's mark: 1, 2 or 3 if right, 0, -2 or -6 if wrong."""
    return certainty if right else (0, -2, -6)[certainty - 1]


def mean_mark(responses: Sequence[Response]) -> float | None:
    """The mean mark for certainty; who did not say was not sure. None without answers."""
    if not responses:
        return None
    return fmean(mark_certainty(right=r.right, certainty=r.certainty or 1) for r in responses)


@dataclass(frozen=True, slots=True)
class Operation:
    """How a rule treats people who get a share of all items right: how many pass, and how many
    items they see in the mean."""

    passes: float
    items: float


def expect(policy: Policy, objectives: int) -> float:
    """About how many items an attempt has that asks about so many objectives."""
    # At .80 right answers, where the gate is decided last (domain.md 1.5).
    gates = operate_gate(0.8, objectives).items
    match policy.mode:
        case "fixed":
            return sum(policy.form.values())
        case "gate":
            return gates
        case _:
            return max(gates, policy.sprt.n_min + 4)


def operate_gate(p: float, objectives: int) -> Operation:
    """The gate without stopping at the first objective that is not met, exactly."""
    return Operation(gate_met(p) ** objectives, objectives * (2 + 2 * p * (1 - p)))


def gate_met(p: float) -> float:
    """The chance that the gate calls an objective met: p²(3 - 2p)."""
    return p * p * (3 - 2 * p)


def operate_sprt(sprt: Sprt, p: float) -> Operation:
    """The sequential test, exactly: every number of right answers after every item."""
    open_: dict[int, float] = {0: 1.0}
    passes = items = 0.0
    for n in range(1, sprt.n_max + 1):
        after: dict[int, float] = {}
        for s, chance in open_.items():
            after[s] = after.get(s, 0.0) + chance * (1 - p)
            after[s + 1] = after.get(s + 1, 0.0) + chance * p
        open_ = {}
        for s, chance in after.items():
            outcome = look_at_total(sprt, s, n)
            if outcome is Outcome.OPEN:
                open_[s] = chance
            else:
                passes += chance if outcome is Outcome.PASSED else 0.0
                items += n * chance
    return Operation(passes, items)


def operate_fixed(form: Form, p: float) -> Operation:
    """A fixed form with lossless stopping, exactly."""
    wrong_at = form.size - form.cut + 1
    passes = sum(
        math.comb(form.size, s) * p**s * (1 - p) ** (form.size - s)
        for s in range(form.cut, form.size + 1)
    )
    items = 0.0
    for n in range(1, form.size + 1):
        at_pass = math.comb(n - 1, form.cut - 1) * p**form.cut * (1 - p) ** (n - form.cut)
        at_fail = math.comb(n - 1, wrong_at - 1) * (1 - p) ** wrong_at * p ** (n - wrong_at)
        items += n * ((at_pass if n >= form.cut else 0) + (at_fail if n >= wrong_at else 0))
    return Operation(passes, items)


def _decide_gate(results: tuple[ObjectiveResult, ...]) -> Verdict:
    decisions = {result.decision for result in results}
    if Decision.NOT_MET in decisions:
        outcome = Outcome.FAILED
    elif decisions <= {Decision.MET}:
        outcome = Outcome.PASSED
    elif Decision.OPEN in decisions:
        outcome = Outcome.OPEN
    else:
        outcome = Outcome.WAITS
    least, most = _still_to_come(results)
    return Verdict(outcome, results, 0, 0, least, most)


def _decide_sprt(
    policy: Policy,
    results: tuple[ObjectiveResult, ...],
    earlier: Sequence[Response],
    counted: Sequence[Response],
    left: Mapping[str, int],
    *,
    is_over: bool,
) -> Verdict:
    """The gate fails as soon as it can; the total decides once and for all when it first does.

    What was answered in an earlier attempt counts where it speaks for the person: what somebody
    did not know then shall not fail them again before they have answered anything.
    """
    sprt = policy.sprt
    before = [r for r in earlier if r.counts and not r.needs_person]
    if log_ratio(sprt, sum(r.right for r in before), len(before)) < 0:
        before = []
    new = [r for r in counted if not r.needs_person]
    known = [*before, *new]
    waiting = len(new) < len(counted)
    total, s = Outcome.OPEN, sum(r.right for r in before)
    for n, response in enumerate(new, len(before) + 1):
        s += response.right
        total = look_at_total(sprt, s, n)
        if total is not Outcome.OPEN:
            break
    more = sum(left.get(r.objective, 0) for r in results if r.carried_from is None)
    if total is Outcome.OPEN and not more and not waiting:
        # Fewer items than the test wants: what there is has to do.
        total = Outcome.PASSED if known and s >= sprt.cut * len(known) - _SLACK else Outcome.FAILED
    elif total is Outcome.OPEN and is_over and not waiting:
        total = Outcome.FAILED
    gates = _decide_gate(results)
    if Outcome.FAILED in (gates.outcome, total):
        outcome = Outcome.FAILED
    elif gates.outcome is Outcome.PASSED and total is Outcome.PASSED:
        outcome = Outcome.PASSED
    elif gates.outcome is Outcome.OPEN or (total is Outcome.OPEN and more and not is_over):
        outcome = Outcome.OPEN
    else:
        outcome = Outcome.WAITS
    llr = log_ratio(sprt, sum(r.right for r in known), len(known))
    least, most = gates.least, gates.most
    if outcome is not Outcome.FAILED and total is Outcome.OPEN:
        up, _ = increments(sprt)
        wanted = max(math.ceil((bounds(sprt)[1] - llr) / up - _SLACK), sprt.n_min - len(known))
        least = max(least, min(wanted, more))
        most = max(most, min(max(sprt.n_max - len(known), 0), more))
    return Verdict(outcome, results, 0, 0, least, most, llr)


def _decide_fixed(
    policy: Policy,
    form: Form,
    results: tuple[ObjectiveResult, ...],
    counted: Sequence[Response],
    *,
    is_over: bool,
) -> Verdict:
    known = [r for r in counted if not r.needs_person]
    s = sum(r.right for r in known)
    wrong = len(known) - s
    more = form.size - len(counted)
    critical = policy.critical_error_fails and any(r.critical for r in known)
    if critical or wrong >= form.size - form.cut + 1:
        outcome = Outcome.FAILED
    elif s >= form.cut and not (
        # Stopping early loses nothing only if no critical error can be made any more.
        policy.critical_error_fails and form.grave - {r.item for r in known}
    ):
        outcome = Outcome.PASSED
    elif more <= 0:
        outcome = Outcome.WAITS
    elif not is_over:
        outcome = Outcome.OPEN
    else:
        # What was not answered is wrong, and a critical error where one can be made.
        unanswered = form.grave - {r.item for r in counted}
        waiting = len(counted) - len(known)
        may_pass = s + waiting >= form.cut and not (policy.critical_error_fails and unanswered)
        outcome = Outcome.WAITS if waiting and may_pass else Outcome.FAILED
    least = more if outcome is Outcome.FAILED else min(more, max(form.cut - s, 0))
    return Verdict(outcome, results, 0, 0, least, max(more, 0))


def _still_to_come(results: Iterable[ObjectiveResult]) -> tuple[int, int]:
    least = most = 0
    for result in results:
        if result.decision is Decision.OPEN:
            wrong = result.n - result.s
            least += max(min(ENOUGH - result.s, ENOUGH - wrong), 1)
            most += max(LONGEST_GATE - result.n, 1)
    return least, most


def _rated(ratings: Iterable[Sequence[float]]) -> list[Sequence[float]]:
    rows = list(ratings)
    if not all(rows):
        raise ValueError("an item has no ratings of judges")
    return rows


def _round_up(value: float) -> int:
    return math.ceil(value - _SLACK)
