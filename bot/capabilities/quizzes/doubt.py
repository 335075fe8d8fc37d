"""Words that may be an answer which was not understood: they go to nobody else."""

from datetime import timedelta

from bot.capabilities.quizzes import messages
from bot.capabilities.quizzes.asking import asked
from bot.capabilities.quizzes.model import ASKING, Attempt, EventKind, State
from bot.capabilities.quizzes.sitting import look
from bot.capabilities.quizzes.work import QuizzesWork
from bot.context import Context
from bot.inbound import Command
from bot.pack.markup import bare
from bot.pack.plainly import is_question
from bot.reply import Reply

LATE = timedelta(hours=12)
"""So long after it was put an item that nobody has left may still be what words are about."""
_CIVIL = {"hi", "hello", "hey", "thanks", "thank you", "thx", "good morning"}
"""They are answered, and reach nobody."""


def hold(context: Context, work: QuizzesWork, command: Command) -> Reply | None:
    """Words in a direct message that no capability took while an item waits for an answer. What
    is plainly a question goes its way; anything else is the person's own until they say so."""
    said = command.text.strip()
    if not any(sign.isalnum() for sign in said) or said.casefold().rstrip(".!") in _CIVIL:
        return None
    every = work.attempts.under_way(command.person.id)
    going = [a for a in every if a.current is not None]
    decided = next((a for a in every if _is_deciding(context, a)), None)
    if decided is not None and not is_question(said, ()):
        return Reply(message=messages.held_at_the_end(decided.id, said))
    attempt = next((a for a in going if a.state in ASKING), None)
    if attempt is None:
        attempt = next((a for a in going if _is_silent(context, work, a)), None)
    if attempt is None:
        return None
    sitting = look(work, attempt)
    if sitting.item is None:
        return None
    asking, draft = asked(work, sitting)
    marks = (*asking.marks, *asking.sides)
    if is_question(said, [bare(mark.text) for mark in marks]):
        return None
    is_sure_wanted = draft is not None and draft.raw is not None
    return Reply(
        message=messages.held_back(
            asking,
            said,
            title=sitting.quiz.title,
            sure=is_sure_wanted,
            paused=attempt.id if attempt.state is State.PAUSED else None,
        )
    )


def _is_deciding(context: Context, attempt: Attempt) -> bool:
    """Whether the person was asked lately if they stop here or finish."""
    is_asked = attempt.state is State.FAILED_OPEN and attempt.current is None
    return is_asked and context.now < attempt.changed_at + LATE


def _is_silent(context: Context, work: QuizzesWork, attempt: Attempt) -> bool:
    """Whether it was the clock that paused the attempt, not long ago: its item still stands as
    the last thing that the person was asked."""
    if attempt.state is not State.PAUSED or attempt.paused_at is None:
        return False
    if context.now >= attempt.paused_at + LATE:
        return False
    pauses = [e for e in work.attempts.events(attempt.id) if e.kind is EventKind.PAUSED]
    return bool(pauses) and pauses[-1].actor is None
