"""When time will change a certificate next, and that nothing is said of a day that was."""

from bot.capabilities.quizzes import certification as rules
from bot.capabilities.quizzes.certification import Certification, State
from bot.capabilities.quizzes.work import QuizzesWork
from bot.pack.model import Quiz
from bot.ports import Timer


def source_of_reminder(certification: Certification) -> str:
    """What letters come from that say when it is to be shown again."""
    return f"{certification.subject}:due"


def watch(work: QuizzesWork, certification: Certification, quiz: Quiz) -> None:
    """Look at it again when time will have changed it. Where nothing is due (any more), what
    waits to say so is taken back."""
    if certification.state not in {State.RENEWAL_DUE, State.GRACE}:
        work.truth.cancel(certification.workspace, source_of_reminder(certification))
        work.timers.cancel(f"{certification.subject}:remind")
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
