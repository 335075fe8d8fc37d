"""What quizzes show a person on their own page, what they hold about them, and what is left."""

from collections.abc import Sequence
from datetime import date, time

from bot.capabilities.quizzes import messages
from bot.capabilities.quizzes.certification import is_asked_for
from bot.capabilities.quizzes.deadline import source_of_reminder
from bot.capabilities.quizzes.messages import day
from bot.capabilities.quizzes.model import UNDER_WAY, Attempt, EventKind, State, can
from bot.capabilities.quizzes.review import count_waiting
from bot.capabilities.quizzes.sitting import advance
from bot.capabilities.quizzes.work import QuizzesWork
from bot.context import Context
from bot.inbound import Command
from bot.message import Part
from bot.pack.model import is_asked
from bot.page import Section
from bot.people import Person
from bot.reply import Reply
from bot.schedule import at_local

MOST_TOLD = 20
MOST_CHOSEN = 10
"""Attempts of which the answers can be chosen to be seen."""
LEFT = "The person has left."


def home(_context: Context, work: QuizzesWork, person: Person) -> Sequence[Section]:
    """What the person has begun, what they may begin, and what waits for a steward."""
    going = [a for a in work.attempts.under_way(person.id) if a.state in UNDER_WAY]
    return [
        messages.page_under_way([(attempt, _title(work, attempt)) for attempt in going]),
        messages.page_begin(
            sum(is_asked(kept.value) for kept in work.packs.quizzes(person.workspace))
        ),
        messages.page_duty(count_waiting(work, person)),
    ]


def _title(work: QuizzesWork, attempt: Attempt) -> str:
    kept = work.packs.quiz(attempt.workspace, attempt.quiz)
    return kept.value.title if kept is not None else attempt.quiz


def about_me(context: Context, work: QuizzesWork, person: Person) -> Sequence[Part]:
    """What quizzes hold about this person, for this person."""
    attempts = [a for a in work.attempts.of(person.id) if a.state is not State.OFFERED]
    lines = [messages.taken(attempt, _title(work, attempt)) for attempt in attempts[:MOST_TOLD]]
    for certification in work.certifications.of(person.id):
        kept = work.packs.quiz(person.workspace, certification.quiz)
        title = kept.value.title if kept is not None else certification.quiz
        until = certification.valid_until
        lines.append(
            messages.certified(
                title, certification.holds, day(person, until, context.now) if until else ""
            )
        )
    lines += [
        messages.waived(waiver.minutes, _titled(work, person, waiver.quiz))
        for waiver in work.waivers.of(person.id)
    ]
    over = [a for a in attempts if a.start is not None and a.ended_at is not None and a.responses]
    told = [
        (
            a.id,
            messages.ended(
                a, _title(work, a), day(person, a.ended_at or a.offered_at, context.now)
            ),
        )
        for a in over[:MOST_CHOSEN]
    ]
    return messages.about_me(lines, work.needs.of(person.id), told, has_any=bool(attempts))


def tell_all(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*All that is kept*: every attempt, page by page, and the way to its answers."""
    person, page = command.person, command.args.get("page")
    attempts = [a for a in work.attempts.of(person.id) if a.state is not State.OFFERED]
    last = max(0, (len(attempts) - 1) // MOST_CHOSEN)
    at = min(max(page, 0), last) if isinstance(page, int) else 0
    shown = attempts[at * MOST_CHOSEN : (at + 1) * MOST_CHOSEN]
    told = [
        (
            a.id if a.start is not None and a.ended_at is not None and a.responses else None,
            messages.ended(
                a, _title(work, a), day(person, a.ended_at or a.offered_at, context.now)
            ),
            len(a.responses),
        )
        for a in shown
    ]
    message = messages.all_kept(told, page=at, pages=last + 1)
    return Reply(message=message, replace=page is not None)


def forget(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Forget my quizzes*: all of those that nobody else asks for."""
    person = command.person
    mine = {a.quiz for a in work.attempts.of(person.id)}
    mine |= {c.quiz for c in work.certifications.of(person.id)}
    quizzes = {id_ for id_ in mine if not _is_asked_for(work, person, id_)}
    _end(context, work, [a for a in work.attempts.under_way(person.id) if a.quiz in quizzes])
    for certification in work.certifications.of(person.id):
        if certification.quiz in quizzes:
            for verb in ("time", "remind"):
                work.timers.cancel(f"{certification.subject}:{verb}")
            work.truth.cancel(certification.workspace, source_of_reminder(certification))
    work.attempts.forget(person.id, quizzes)
    work.certifications.forget(person.id, quizzes, context.now)
    for id_ in quizzes:
        work.waivers.withdraw(person.id, id_)
    return Reply(message=messages.forgotten(is_any_kept=quizzes != mine))


def _is_asked_for(work: QuizzesWork, person: Person, quiz: str) -> bool:
    kept = work.packs.quiz(person.workspace, quiz)
    return kept is not None and is_asked_for(kept.value.policy)


def week(_context: Context, work: QuizzesWork, person: Person, since: date) -> Sequence[str]:
    """The quizzes that the person took since a day of theirs, and how they ended."""
    begun = at_local(since, time(0), person.zone)
    return [
        messages.taken(attempt, _title(work, attempt))
        for attempt in work.attempts.of(person.id)
        if attempt.decided_at is not None and attempt.decided_at >= begun
    ]


def _titled(work: QuizzesWork, person: Person, quiz: str) -> str:
    kept = work.packs.quiz(person.workspace, quiz)
    return kept.value.title if kept is not None else quiz


def farewell(context: Context, work: QuizzesWork, person: Person) -> None:
    """A person has left: nothing is open for them, and what they needed is forgotten. What
    they have earned stays, with its evidence."""
    _end(context, work, work.attempts.under_way(person.id))
    for certification in work.certifications.of(person.id):
        # They are told nothing of it, but its time passes: what they hold is not for ever.
        work.timers.cancel(f"{certification.subject}:remind")
    work.needs.keep(person.id, frozenset())
    work.waivers.forget(person.id)


def _end(context: Context, work: QuizzesWork, attempts: Sequence[Attempt]) -> None:
    """Nothing of them is open any more, and no clock runs for them."""
    for attempt in attempts:
        kind = EventKind.ABANDONED if can(attempt, EventKind.ABANDONED) else EventKind.VOIDED
        if can(attempt, kind):
            advance(context, work, attempt, kind, data={"reason": LEFT})
        work.attempts.keep_draft(attempt.id, None)
        for verb in ("review", "tomorrow", "time_up"):
            work.timers.cancel(f"{attempt.subject}:{verb}")
