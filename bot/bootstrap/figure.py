"""What answers tell of the quizzes of a workspace, on the command line.

Only first attempts are looked at, and of fewer than ten people nothing is told.
"""

from collections.abc import Iterator

from bot.capabilities.library.thing import family_of
from bot.capabilities.library.watching import flags_of
from bot.errors import Invalid
from bot.ids import WorkspaceId
from bot.pack.flag import Flag
from bot.pack.issue import OPEN_STATES, WATCHED_STATES
from bot.pack.model import Quiz
from bot.pack.statistic import SHOWN_FROM, Interval, ItemStatistic, item_statistics, quiz_statistic
from storage.work import SqlWork

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
    answered = {name.partition("@")[0] for name in cold}
    for item in (one for one in quiz.items if one.id in answered):
        known = cold.get(f"{item.id}@{family_of(work, workspace, item)}")
        if known is not None:
            yield f"  item {item.id}: {_tell_item(known)}"
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
