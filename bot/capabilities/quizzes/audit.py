"""What auditors see: who holds what a quiz that is asked for gives, and the evidence for it.

Of quizzes that people take for themselves nobody sees anything.
"""

import json
from datetime import datetime

from bot.access import Right, require
from bot.capabilities.quizzes import certification as rules
from bot.capabilities.quizzes import messages
from bot.capabilities.quizzes.access import find_quiz
from bot.capabilities.quizzes.certification import EventKind, can, is_asked_for
from bot.capabilities.quizzes.messages import Attested, Holder, day
from bot.capabilities.quizzes.work import QuizzesWork
from bot.context import Context
from bot.errors import NotFound
from bot.ids import CertificationId, PersonId
from bot.inbound import Command, named
from bot.pack.model import Quiz
from bot.people import Person
from bot.reply import Reply

PAGE = 10


def _find(work: QuizzesWork, person: Person, id_: str) -> Quiz:
    """The quiz, if an auditor may look at it; the same is said of all others.

    Raises:
        NotAllowed: the person audits nothing.
        NotFound: there is none, or it is nobody's business but of those who take it.
    """
    require(person, Right.AUDIT)
    quiz, _ = find_quiz(work, person.workspace, id_)
    if not is_asked_for(quiz.policy):
        raise NotFound(messages.GONE)
    return quiz


def begin(_context: Context, work: QuizzesWork, command: Command) -> Reply:
    """`/quiz audit`: the quizzes that are asked for."""
    require(command.person, Right.AUDIT)
    every = [kept.value for kept in work.packs.quizzes(command.person.workspace)]
    return Reply(message=messages.audited([quiz for quiz in every if is_asked_for(quiz.policy)]))


def holders(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """Who holds it, a page at a time."""
    person = command.person
    id_ = named(command.args, "quiz") or named(command.args, "choice")
    quiz = _find(work, person, id_)
    after = named(command.args, "after")
    found = work.certifications.of_quiz(person.workspace, quiz.id, after, PAGE + 1)
    names = {p.id: p.name for p in work.people.several({c.person for c in found})}
    page = [
        Holder(
            certification=certification.id,
            name=names.get(certification.person, messages.NAMELESS),
            state=certification.state.value if certification.state else "",
            until=(
                day(person, certification.valid_until, context.now)
                if certification.valid_until
                else ""
            ),
        )
        for certification in found[:PAGE]
    ]
    return Reply(message=messages.holders(quiz, page, is_more=len(found) > PAGE))


def evidence(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """What one certificate rests on."""
    person = command.person
    require(person, Right.AUDIT)
    certification = work.certifications.get(CertificationId(named(command.args, "choice")))
    if certification is None or certification.workspace != person.workspace:
        raise NotFound(messages.NOT_YOURS)
    quiz = _find(work, person, certification.quiz)
    record = (
        work.certifications.evidence(person.workspace, certification.evidence)
        if certification.evidence
        else None
    )
    if record is None or not record.evidence.body:
        raise NotFound(messages.NO_EVIDENCE)
    told = json.loads(record.evidence.body)
    holder = work.people.get(certification.person)
    until = told.get("until")
    return Reply(
        message=messages.attested(
            quiz,
            Attested(
                name=holder.name if holder else messages.NAMELESS,
                on=day(person, record.at, context.now),
                number=record.evidence.number,
                digest=record.evidence.digest,
                version=str(told.get("quiz_version") or ""),
                right=int(told.get("s") or 0),
                asked=int(told.get("n") or 0),
                mode=str((told.get("rule") or {}).get("mode", "")),
                vouched_by=_name(work, told.get("vouched_by")),
                account=str(told.get("account") or ""),
                decision=str(told.get("decision") or ""),
                decided_by=[
                    _name(work, told[who]) for who in ("approved_by", "second") if told.get(who)
                ],
                reason=str(told.get("reason") or ""),
                until=day(person, datetime.fromisoformat(until), context.now) if until else "",
            ),
            certification.id if can(certification, EventKind.REVOKED) else None,
        )
    )


def _name(work: QuizzesWork, id_: object) -> str:
    found = work.people.get(PersonId(str(id_))) if id_ else None
    return found.name if found else messages.NAMELESS if id_ else ""


def check_chain(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Check the chain*: whether any record was changed or taken away."""
    require(command.person, Right.AUDIT)
    chain = work.certifications.chain(command.person.workspace)
    return Reply(message=messages.chain_checked(rules.check_chain(chain, context.now)))
