"""Who may see and do what with a quiz. Ids in buttons and forms come back from a client.

An attempt is its person's own: nobody else can open it. A steward reads written answers of their
topics without a name.
"""

from collections.abc import Mapping

from bot import steward
from bot.capabilities.quizzes import messages
from bot.capabilities.quizzes.model import Attempt, Response
from bot.capabilities.quizzes.work import QuizzesWork
from bot.errors import NotAllowed, NotFound
from bot.ids import AttemptId, TopicId, WorkspaceId
from bot.inbound import named
from bot.pack.model import Quiz
from bot.people import Person
from bot.topic import Topic


def find_attempt(work: QuizzesWork, person: Person, args: Mapping[str, object]) -> Attempt:
    """The attempt that `args["attempt"]` names, if it is the person's own.

    Raises:
        NotFound: there is none, or it is somebody else's. The two are told apart for nobody.
    """
    attempt = work.attempts.get(AttemptId(named(args, "attempt")))
    if attempt is None or attempt.person != person.id:
        raise NotFound(messages.NOT_YOURS)
    return attempt


def find_quiz(work: QuizzesWork, workspace: WorkspaceId, id_: str) -> tuple[Quiz, str]:
    """A quiz that is open to people of the workspace, with its version.

    Raises:
        NotFound: there is none, or it is retired.
    """
    kept = work.packs.quiz(workspace, id_) if id_ else None
    if kept is None or kept.retired:
        raise NotFound(messages.GONE)
    return kept.value, kept.version


def is_steward(work: QuizzesWork, person: Person, quiz: Quiz) -> bool:
    """Whether the person looks after the quiz's topic."""
    return steward.is_steward(person, _topic_of(work, person.workspace, quiz))


def stewards_of(work: QuizzesWork, workspace: WorkspaceId, quiz: Quiz) -> list[Person]:
    """Who looks after the quiz's topic."""
    return steward.stewards_of(work, workspace, _topic_of(work, workspace, quiz))


def _topic_of(work: QuizzesWork, workspace: WorkspaceId, quiz: Quiz) -> Topic | None:
    return work.topics.get(workspace, TopicId(quiz.topic))


def require_steward(work: QuizzesWork, person: Person, quiz: Quiz) -> None:
    """Raises NotAllowed unless the person looks after the quiz's topic."""
    if not is_steward(work, person, quiz):
        raise NotAllowed


def find_written(
    work: QuizzesWork, person: Person, args: Mapping[str, object]
) -> tuple[Attempt, Quiz, Response]:
    """The written answer that a steward reads. Whose it is must never be shown.

    Raises:
        NotFound: there is none, it does not wait, or it is none of the person's topics.
    """
    attempt = work.attempts.get(AttemptId(named(args, "attempt")))
    if attempt is None or attempt.workspace != person.workspace or attempt.start is None:
        raise NotFound(messages.NOT_YOURS)
    quiz = work.packs.quiz_at(attempt.workspace, attempt.quiz, attempt.start.quiz_version)
    # Nobody marks their own.
    if attempt.person == person.id or not is_steward(work, person, quiz):
        raise NotFound(messages.NOT_YOURS)
    response = attempt.response_to(named(args, "item"))
    if response is None or response.struck:
        raise NotFound(messages.NOT_YOURS)
    return attempt, quiz, response
