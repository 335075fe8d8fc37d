"""What people decide about certificates: an exemption by who looks after the topic, and taking one
back, which takes two (domain.md 1.9)."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from bot.access import Right, require, roles_with
from bot.attention import Wish, book
from bot.capabilities.quizzes import messages
from bot.capabilities.quizzes.access import find_quiz, require_steward
from bot.capabilities.quizzes.access import stewards_of as looking_after
from bot.capabilities.quizzes.certification import (
    Certification,
    Event,
    EventKind,
    can,
    is_asked_for,
)
from bot.capabilities.quizzes.ending import change
from bot.capabilities.quizzes.work import QuizzesWork
from bot.context import Context
from bot.errors import Conflict, Invalid, NotFound
from bot.ids import CertificationId, PersonId
from bot.inbound import Command, named
from bot.message import Args, Message
from bot.outbox import Letter, Priority, ToPerson
from bot.pack.model import Quiz
from bot.people import Person
from bot.reply import Reply
from bot.schedule import at_local

OPEN_FOR = timedelta(days=14)
"""How long a proposal waits for a second person."""
MOST_WORDS = 300
_REVOCATION = frozenset(
    {EventKind.REVOCATION_PROPOSED, EventKind.REVOCATION_DECLINED, EventKind.REVOKED}
)


# --- exemptions ---------------------------------------------------------------------------


def exempt_form(_context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Exempt somebody*, by who looks after the topic."""
    person = command.person
    id_ = named(command.args, "quiz") or named(command.args, "choice")
    quiz, _ = find_quiz(work, person.workspace, id_)
    require_steward(work, person, quiz)
    return Reply(form=messages.exempt_form(quiz))


def keep_exempt(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """The form: the person counts as certified without a test, for as long as it says."""
    steward = command.person
    quiz, _ = find_quiz(work, steward.workspace, named(command.args, "quiz"))
    require_steward(work, steward, quiz)
    wrong: dict[str, str] = {}
    person = _whom(work, command)
    if person is None:
        wrong["person"] = messages.NOBODY_THERE
    elif person.id == steward.id:
        wrong["person"] = messages.NOT_YOURSELF
    until = _until(context, command, wrong)
    reason = _reason(command, wrong)
    if wrong or person is None:
        raise Invalid(fields=wrong)
    before = work.certifications.find(person.id, quiz.id) or Certification(
        id=CertificationId(context.new_id()),
        workspace=steward.workspace,
        person=person.id,
        quiz=quiz.id,
        changed_at=context.now,
    )
    data: Args = {"reason": reason, "until": until.isoformat() if until else None}
    event = Event(before.id, EventKind.EXEMPTED, context.now, steward.id, data)
    change(context, work, before, quiz, event)
    ends = messages.day(person, until, context.now) if until else ""
    _tell(context, work, before, person, messages.exempted(quiz, steward, reason, ends))
    return Reply(message=messages.exemption_kept(person))


def _whom(work: QuizzesWork, command: Command) -> Person | None:
    """Whom the form names, by address or id, if they are here."""
    who, workspace = command.values.get("person", "").strip(), command.person.workspace
    if not who or not who.isprintable():
        return None
    person = work.people.by_address(workspace, who) or work.people.get(PersonId(who))
    if person is None or person.workspace != workspace or not person.active:
        return None
    return person


def _until(context: Context, command: Command, wrong: dict[str, str]) -> datetime | None:
    """The moment at which the named day is over; None for no day."""
    named_day = command.values.get("until", "").strip()
    if not named_day:
        return None
    try:
        after = date.fromisoformat(named_day) + timedelta(days=1)
        until = at_local(after, time(0), command.person.zone)
    except (ValueError, OverflowError):
        wrong["until"] = messages.BAD_DAY
        return None
    if until <= context.now:
        wrong["until"] = messages.PAST_DAY
    return until


def _reason(command: Command, wrong: dict[str, str]) -> str:
    reason = " ".join(command.values.get("reason", "").split())[:MOST_WORDS]
    if not reason:
        wrong["reason"] = messages.NO_REASON
    return reason


# --- taking one back ----------------------------------------------------------------------


def revoke_form(_context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Take it back*, under the evidence that an auditor sees."""
    certification, quiz = _audited(work, command)
    return Reply(form=messages.revoke_form(quiz, certification.id))


def keep_revoke(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """The form: nothing is taken back before somebody else agrees."""
    certification, quiz = _audited(work, command)
    wrong: dict[str, str] = {}
    reason = _reason(command, wrong)
    if wrong:
        raise Invalid(fields=wrong)
    proposer = command.person
    seconds = _seconds(work, certification, quiz, proposer.id)
    if not seconds:
        raise Conflict(messages.NO_SECOND)
    if _proposal(context, work, certification) is not None:
        raise Conflict(messages.PROPOSED_ALREADY)
    event = Event(
        certification.id,
        EventKind.REVOCATION_PROPOSED,
        context.now,
        proposer.id,
        {"reason": reason},
    )
    change(context, work, certification, quiz, event)
    holder = work.people.get(certification.person)
    name = holder.name if holder else messages.NAMELESS
    message = messages.revocation_proposed(quiz, name, proposer, reason, certification.id)
    book(
        context,
        work,
        [
            Wish(
                second,
                Letter(
                    key=f"{certification.subject}:revoke:{context.now.isoformat()}:{second.id}",
                    to=ToPerson(person=second.id),
                    message=message,
                    kind="quiz.revoke",
                    priority=Priority.OFFER,
                    expires_at=context.now + OPEN_FOR,
                    because=messages.BECAUSE_SECOND,
                ),
            )
            for second in seconds
        ],
    )
    return Reply(message=messages.revocation_waits([second.name for second in seconds]))


def agree(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Agree*: with two of one mind it is taken back."""
    certification, quiz, proposal = _proposed(context, work, command)
    reason = str(proposal.data["reason"])
    event = Event(
        certification.id,
        EventKind.REVOKED,
        context.now,
        proposal.actor,
        {"reason": reason, "second": command.person.id},
    )
    change(context, work, certification, quiz, event)
    # What they need not have been told is theirs to be told again.
    work.waivers.withdraw(certification.person, quiz.id)
    holder = work.people.get(certification.person)
    if holder is not None and holder.active:
        _tell(context, work, certification, holder, messages.revoked(quiz, reason))
    return Reply(message=messages.revocation_agreed(), replace=True)


def disagree(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Leave it*: it stays as it is, and whoever proposed it hears so."""
    certification, quiz, proposal = _proposed(context, work, command)
    event = Event(certification.id, EventKind.REVOCATION_DECLINED, context.now, command.person.id)
    change(context, work, certification, quiz, event)
    proposer = work.people.get(proposal.actor) if proposal.actor else None
    if proposer is not None and proposer.active:
        told = messages.revocation_declined(quiz, command.person)
        _tell(context, work, certification, proposer, told)
    return Reply(message=messages.revocation_left(), replace=True)


def _audited(work: QuizzesWork, command: Command) -> tuple[Certification, Quiz]:
    """A certificate that an auditor may look at, and can be taken back."""
    require(command.person, Right.AUDIT)
    certification, quiz = _certification(work, command)
    if certification.person == command.person.id or not is_asked_for(quiz.policy):
        raise NotFound(messages.NOT_YOURS)
    return certification, quiz


def _certification(work: QuizzesWork, command: Command) -> tuple[Certification, Quiz]:
    id_ = CertificationId(named(command.args, "certification"))
    certification = work.certifications.get(id_)
    if certification is None or certification.workspace != command.person.workspace:
        raise NotFound(messages.NOT_YOURS)
    quiz, _ = find_quiz(work, certification.workspace, certification.quiz)
    if not can(certification, EventKind.REVOKED):
        raise Conflict(messages.REVOKED_ALREADY)
    return certification, quiz


def _seconds(
    work: QuizzesWork, certification: Certification, quiz: Quiz, proposer: PersonId | None
) -> Sequence[Person]:
    """Who may agree: other auditors, or where there are none who looks after the topic."""
    workspace = certification.workspace
    auditors = {
        holder.id: holder
        for role in roles_with(Right.AUDIT)
        for holder in work.people.holders(workspace, role)
    }
    out = {proposer, certification.person}
    others = [person for person in auditors.values() if person.id not in out]
    return others or [p for p in looking_after(work, workspace, quiz) if p.id not in out]


def _proposal(context: Context, work: QuizzesWork, certification: Certification) -> Event | None:
    """What waits for a second person, if anything does."""
    events = work.certifications.events(certification.id)
    # What else happens to it meanwhile, by the clock above all, answers no proposal.
    last = next((event for event in reversed(events) if event.kind in _REVOCATION), None)
    if last is None or last.kind is not EventKind.REVOCATION_PROPOSED:
        return None
    return last if context.now < last.at + OPEN_FOR else None


def _proposed(
    context: Context, work: QuizzesWork, command: Command
) -> tuple[Certification, Quiz, Event]:
    """A proposal on which the person may decide: never their own, nor about themselves.

    Raises:
        NotFound: they may not, or there is none. The two are told apart for nobody.
    """
    certification, quiz = _certification(work, command)
    proposal = _proposal(context, work, certification)
    if proposal is None:
        raise NotFound(messages.NOT_YOURS)
    seconds = _seconds(work, certification, quiz, proposal.actor)
    if command.person.id not in {second.id for second in seconds}:
        raise NotFound(messages.NOT_YOURS)
    return certification, quiz, proposal


def _tell(
    context: Context, work: QuizzesWork, certification: Certification, to: Person, told: Message
) -> None:
    """What was decided, to whom it concerns."""
    letter = Letter(
        key=f"{certification.subject}:told:{context.new_id()}",
        to=ToPerson(person=to.id),
        message=told,
        kind="quiz.decided",
        # Nobody asked for it, and it must not be lost among what may be.
        priority=Priority.DEADLINE,
        because=messages.BECAUSE_DECIDED,
    )
    book(context, work, [Wish(to, letter)])
