"""What time does to a certificate, and how its person hears of it: quietly, and in good time."""

from datetime import timedelta

from bot.attention import Wish, book
from bot.capabilities.quizzes import certification as rules
from bot.capabilities.quizzes import messages
from bot.capabilities.quizzes.certification import REMIND_EVERY, Certification, State
from bot.capabilities.quizzes.deadline import source_of_reminder, watch
from bot.capabilities.quizzes.practice import renew_over_time
from bot.capabilities.quizzes.work import QuizzesWork
from bot.context import Context
from bot.ids import CertificationId
from bot.message import Message
from bot.outbox import Letter, Priority, ToPerson
from bot.pack.model import Quiz
from bot.ports import Timer

_GOOD_FOR = timedelta(days=5)
"""How long a reminder may wait for a free day of the person's attention."""


def pass_time(context: Context, work: QuizzesWork, timer: Timer) -> None:
    """Time has come for a certificate: it is due, has run out, or has lapsed."""
    certification = work.certifications.get(CertificationId(str(timer.args["certification"])))
    kept = None
    if certification is not None:
        kept = work.packs.quiz(certification.workspace, certification.quiz)
    if certification is None or kept is None:
        return
    quiz = kept.value
    events, after = rules.pass_time(certification, quiz.policy, context.now)
    if events:
        after = work.certifications.save(after)
        for event in events:
            work.certifications.record(event)
    watch(work, after, quiz)
    # What nobody can take any more cannot be renewed either, but its time passes all the same.
    if kept.retired:
        return
    if events and after.state is State.RENEWAL_DUE and renew_over_time(context, work, after, quiz):
        return
    if after.state in {State.RENEWAL_DUE, State.GRACE}:
        tell_due(context, work, after, quiz)


def remind(context: Context, work: QuizzesWork, timer: Timer) -> None:
    """Once a week at most while it is due."""
    certification = work.certifications.get(CertificationId(str(timer.args["certification"])))
    if certification is None or certification.state not in {State.RENEWAL_DUE, State.GRACE}:
        return
    kept = work.packs.quiz(certification.workspace, certification.quiz)
    if kept is not None and not kept.retired:
        tell_due(context, work, certification, kept.value)


def tell_due(context: Context, work: QuizzesWork, certification: Certification, quiz: Quiz) -> None:
    """Say quietly that it is to be shown again, and once more in a week while it is."""
    person = work.people.get(certification.person)
    until = certification.valid_until
    is_due = certification.state in {State.RENEWAL_DUE, State.GRACE}
    if person is None or not person.active or until is None or not is_due:
        return
    message: Message
    if certification.state is State.GRACE:
        message = messages.in_grace(
            quiz, messages.day(person, until + quiz.policy.grace, context.now)
        )
    else:
        message = messages.renewal_due(quiz, messages.day(person, until, context.now))
    source = source_of_reminder(certification)
    # What is said now replaces what has not been said yet.
    work.truth.cancel(certification.workspace, source)
    letter = Letter(
        key=f"{certification.subject}:due:{context.now.date().isoformat()}",
        to=ToPerson(person=person.id),
        message=message,
        kind="quiz.renewal",
        priority=Priority.DEADLINE,
        expires_at=context.now + _GOOD_FOR,
        source=source,
        because=messages.because_due(quiz),
    )
    book(context, work, [Wish(person, letter)])
    work.timers.set(
        Timer(
            key=f"{certification.subject}:remind",
            due_at=context.now + REMIND_EVERY,
            action="quiz.remind",
            args={"certification": certification.id},
        )
    )
