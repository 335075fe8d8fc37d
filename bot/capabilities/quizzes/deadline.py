"""When time will change a certificate next."""

from bot.capabilities.quizzes import certification as rules
from bot.capabilities.quizzes.certification import Certification
from bot.capabilities.quizzes.work import QuizzesWork
from bot.pack.model import Quiz
from bot.ports import Timer


def watch(work: QuizzesWork, certification: Certification, quiz: Quiz) -> None:
    """Look at it again when time will have changed it."""
    key = f"{certification.subject}:time"
    due = rules.next_due(certification, quiz.policy)
    if due is None:
        work.timers.cancel(key)
        return
    work.timers.set(
        Timer(
            key=key,
            due_at=due[1],
            action="quiz.certification",
            args={"certification": certification.id},
        )
    )
