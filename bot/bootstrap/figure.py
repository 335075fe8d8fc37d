"""What answers tell of the quizzes of a workspace, on the command line.

Only first attempts are looked at, and of fewer than ten people nothing is told.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.capabilities.library.thing import family_of
from bot.capabilities.library.watching import flags_of
from bot.capabilities.quizzes.rule import (
    Angoff,
    Form,
    judge,
    operate_fixed,
    operate_gate,
    operate_sprt,
)
from bot.errors import Invalid
from bot.ids import WorkspaceId
from bot.pack.flag import Flag
from bot.pack.issue import OPEN_STATES, WATCHED_STATES
from bot.pack.item import Item, Status
from bot.pack.model import Quiz
from bot.pack.scoring import guess
from bot.pack.statistic import (
    SHOWN_FROM,
    Given,
    Interval,
    ItemStatistic,
    QuizStatistic,
    agreement,
    dependability,
    item_statistics,
    quiz_statistic,
)
from storage.work import SqlWork

_SHARES = (0.95, 0.9, 0.8, 0.6)
_TOO_FEW = f"fewer than {SHOWN_FROM} people"


def tell_figures(work: SqlWork, workspace: WorkspaceId, wanted: str | None) -> list[str]:
    """Lines about each quiz of a workspace, or about one of them.

    Raises:
        Invalid: there is no such quiz, or none at all.
    """
    quizzes = [kept.value for kept in work.packs.quizzes(workspace)]
    found = [quiz for quiz in quizzes if wanted in {None, quiz.id}]
    if not found:
        known = ", ".join(quiz.id for quiz in quizzes)
        raise Invalid(f"There is no such quiz. There are: {known}" if known else "No quiz is here.")
    lines: list[str] = []
    for quiz in found:
        lines += [*_tell_quiz(work, workspace, quiz), ""]
    return [*lines, *_tell_issues(work, workspace)]


def _tell_quiz(work: SqlWork, workspace: WorkspaceId, quiz: Quiz) -> Iterator[str]:
    answers = work.library.given(workspace, quiz.id)
    cold = item_statistics(answers.cold)
    whole = quiz_statistic(answers.cold)
    if whole is None or whole.n < SHOWN_FROM:
        yield f"quiz {quiz.id}: {_TOO_FEW}"
    else:
        told = [f"{whole.n} people", f"mean {whole.mean:.2f}"]
        if whole.sd is not None:
            told.append(f"sd {whole.sd:.2f}")
        if whole.consistency is not None:
            told.append(f"consistency {whole.consistency:.0f} %")
        if whole.standard_error is not None:
            told.append(f"standard error {whole.standard_error:.2f}")
        yield f"quiz {quiz.id}: {', '.join(told)}"
        yield from _tell_shape(whole)
        yield from _tell_decisions(quiz, answers.cold)
    yield from _tell_judges(quiz)
    yield from _tell_rule(quiz)
    answered = {name.partition("@")[0] for name in cold}
    for item in (one for one in quiz.items if one.id in answered):
        known = cold.get(f"{item.id}@{family_of(work, workspace, item)}")
        if known is not None:
            yield f"  item {item.id}: {_tell_item(known)}"
            if known.n >= SHOWN_FROM:
                yield f"    {_tell_more(item, known)}"
    for _, flag in flags_of(work, workspace, quiz, answers, cold):
        yield f"  flag {_tell_flag(flag)}"


def _tell_item(known: ItemStatistic) -> str:
    if known.n < SHOWN_FROM:
        return _TOO_FEW
    told = [f"n {known.n}", f"right {_percent(known.facility)}"]
    if known.discrimination is not None:
        low, high = known.discrimination.low, known.discrimination.high
        told.append(f"tells apart {known.discrimination.value:.0f} ({low:.0f} to {high:.0f})")
    if known.seconds is not None:
        told.append(f"{known.seconds:.0f} s")
    return ", ".join(told)


def _tell_more(item: Item, known: ItemStatistic) -> str:
    """What says more of an item to who knows these figures (domain.md 1.10)."""
    told = [f"guessing {guess(item):.0%}"]
    if known.sd is not None:
        told.append(f"sd {known.sd:.0f} %")
    if known.efficiency is not None:
        told.append(f"efficiency {known.efficiency:.0f}")
    if known.weight is not None:
        told.append(f"weight {known.weight:.0f} %")
    elif known.negative:
        told.append("no weight: who does well elsewhere does worse here")
    if known.b_index is not None:
        told.append(f"passed less failed {known.b_index:+.2f}")
    if known.certainty_wrong is not None and known.told_wrong >= SHOWN_FROM:
        told.append(f"how sure when wrong {known.certainty_wrong:.1f} of 3")
    return ", ".join(told)


def _tell_shape(whole: QuizStatistic) -> Iterator[str]:
    told = [f"median {whole.median:.2f}"]
    if whole.skewness is not None:
        told.append(f"skewness {whole.skewness:.2f}")
    if whole.kurtosis is not None:
        told.append(f"kurtosis {whole.kurtosis:.2f}")
    if whole.error_ratio is not None:
        told.append(f"error ratio {whole.error_ratio:.0f} %")
    yield f"  {', '.join(told)}"


def _tell_decisions(quiz: Quiz, given: Sequence[Given]) -> Iterator[str]:
    """How far one can rely on who passes a fixed form (domain.md 1.5): by dependability at the
    cut, and by how many a form like it would decide the same."""
    size = sum(quiz.policy.form.values())
    cut = _cut_of(quiz, size)
    if quiz.policy.mode != "fixed" or cut is None:
        return
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for one in (one for one in given if one.counts):
        asked[one.attempt] += 1
        right[one.attempt] += one.right
    whole = [right[attempt] for attempt, n in asked.items() if n == size]
    marks = quiz_statistic([replace(one, credit=float(one.right)) for one in given])
    if len(whole) < SHOWN_FROM or marks is None:
        return
    told = []
    phi = dependability([n / size for n in whole], size, cut / size)
    if phi is not None:
        told.append(f"dependability {phi:.2f}")
    if marks.sd is not None and marks.consistency is not None:
        same = agreement(marks.mean, marks.sd, cut, marks.consistency / 100)
        if same is not None:
            kappa = f" (kappa {same.kappa:.2f})" if same.kappa is not None else ""
            told.append(f"a form like it decides {same.share:.0%} the same{kappa}")
    if told:
        yield f"  at the cut of {cut} of {size}: {', '.join(told)}"


def _cut_of(quiz: Quiz, size: int) -> int | None:
    """How many right ones pass, of a form that is like most where judges have the say."""
    if quiz.policy.cut != "angoff":
        return quiz.policy.cut
    judged = _judged(quiz)
    return None if judged is None else math.ceil(judged[0].mean / judged[1] * size)


def _judged(quiz: Quiz) -> tuple[Angoff, int] | None:
    """What judges expect over all questions that are asked, and how many these are."""
    ratings = [item.angoff for item in quiz.items if item.status is Status.LIVE]
    try:
        return judge(ratings), len(ratings)
    except ValueError:
        return None


def _tell_judges(quiz: Quiz) -> Iterator[str]:
    judged = _judged(quiz) if quiz.policy.cut == "angoff" else None
    if judged is not None:
        found, n = judged
        shares = Interval(found.mean / n, found.low / n, found.high / n)
        yield f"  judges expect {_percent(shares)} right of who is just competent"


def _tell_rule(quiz: Quiz) -> Iterator[str]:
    """Whom the rule passes, by how much they get right of everything."""
    policy = quiz.policy
    size = sum(policy.form.values())
    cut = _cut_of(quiz, size)
    told = []
    for share in _SHARES:
        match policy.mode:
            case "gate":
                found = operate_gate(share, len(quiz.objectives))
            case "gate_sprt":
                found = operate_sprt(policy.sprt, share)
            case _ if cut is not None:
                found = operate_fixed(Form(size, cut), share)
            case _:
                return
        told.append(f"{found.passes:.0%} of who gets {share:.0%} right")
    also = ", before the gate" if policy.mode == "gate_sprt" else ""
    yield f"  the rule passes {', '.join(told)}{also}"


def _percent(share: Interval) -> str:
    return f"{share.value:.0%} ({share.low:.0%} to {share.high:.0%})"


def _tell_flag(flag: Flag) -> str:
    figures = ", ".join(f"{name} {value}" for name, value in flag.data.items() if value is not None)
    return f"{flag.kind} {flag.about} (n {flag.n}{', ' + figures if figures else ''})"


def _tell_issues(work: SqlWork, workspace: WorkspaceId) -> Iterator[str]:
    issues = work.issues.in_states(workspace, OPEN_STATES | WATCHED_STATES)
    for issue in issues:
        yield f"issue {issue.kind} {issue.about}: {issue.state} (n {issue.n})"
    if not issues:
        yield "Nothing waits to be made clearer."
