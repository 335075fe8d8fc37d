"""What others may put before many people: a quiz to take, and who has shown what."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime

from pydantic import TypeAdapter

from bot.activity import Activity, Evidence, Found
from bot.capabilities.quizzes import messages
from bot.capabilities.quizzes.model import State
from bot.capabilities.quizzes.retake import carried
from bot.capabilities.quizzes.work import QuizzesWork
from bot.ids import PersonId, WorkspaceId
from bot.message import Message
from bot.pack.model import Span

_SPAN = TypeAdapter(Span)


def find(work: QuizzesWork, workspace: WorkspaceId, ref: str) -> Found | None:
    """The quiz of that id."""
    kept = work.packs.quiz(workspace, ref)
    if kept is None:
        return None
    return Found(ref, kept.value.title, kept.value.topic, retired=kept.retired)


def every(work: QuizzesWork, workspace: WorkspaceId) -> Sequence[Found]:
    """All quizzes that can be taken."""
    kept = work.packs.quizzes(workspace)
    return [Found(one.value.id, one.value.title, one.value.topic) for one in kept]


def show(work: QuizzesWork, workspace: WorkspaceId, ref: str) -> Message:
    """An invitation, behind which everybody finds what is offered to them."""
    kept = work.packs.quiz(workspace, ref)
    if kept is None:
        raise KeyError(ref)
    return messages.invitation(kept.value)


def find_certified(
    work: QuizzesWork,
    about: Sequence[str],
    people: Sequence[PersonId],
    _now: datetime,
    _since: date,
) -> AbstractSet[PersonId]:
    """`certified(quiz)`: holds its certificate, or is exempt."""
    return work.certifications.holders(about[0], people)


def find_met(
    work: QuizzesWork,
    about: Sequence[str],
    people: Sequence[PersonId],
    now: datetime,
    _since: date,
) -> AbstractSet[PersonId]:
    """`met(quiz/objective)`: holds the certificate, or has met the objective in an attempt at
    which the rest was open, for as long as that need not be shown again."""
    quiz, _, objective = about[0].partition("/")
    found = set(work.certifications.holders(quiz, people))
    for person in work.attempts.who_decided(quiz, people, None) - found:
        attempts = work.attempts.of(person, quiz)
        kept = work.packs.quiz(attempts[0].workspace, quiz)
        if kept is not None and objective in carried(work, attempts, kept.value.policy, now):
            found.add(person)
    return found


def find_passed(
    work: QuizzesWork,
    about: Sequence[str],
    people: Sequence[PersonId],
    now: datetime,
    _since: date,
) -> AbstractSet[PersonId]:
    """`passed_within(quiz, P30D)`: has passed it so lately."""
    since = now - _SPAN.validate_python(about[1])
    return work.attempts.who_decided(about[0], people, since, frozenset({State.PASSED}))


ACTIVITIES: dict[str, Activity[QuizzesWork]] = {"quiz": Activity(find, show, every)}
EVIDENCE: dict[str, Evidence[QuizzesWork]] = {
    "certified": find_certified,
    "met": find_met,
    "passed_within": find_passed,
}
