"""Renewal without a test, by what somebody answered to daily questions (domain.md 1.9).

Who has passed is told nothing more about the topic, unless they follow it again. To them its tips
come back as questions, and the first answer to each counts as one to a fresh item.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from bot.attention import Wish, book
from bot.capabilities.quizzes import messages
from bot.capabilities.quizzes.certification import Answer, Certification, earns_renewal
from bot.capabilities.quizzes.ending import certify
from bot.capabilities.quizzes.work import QuizzesWork
from bot.context import Context
from bot.outbox import Letter, Priority, ToPerson
from bot.pack.item import Severity
from bot.pack.model import Quiz, Tip
from bot.pack.practice import Practised

_GOOD_FOR = timedelta(days=5)
_NOON = time(12, tzinfo=UTC)


def renew_over_time(
    context: Context, work: QuizzesWork, certification: Certification, quiz: Quiz
) -> bool:
    """Renew it now that it came due, if the answers since it was earned do; says whether."""
    begins, ends = certification.valid_from, certification.valid_until
    person = work.people.get(certification.person)
    if person is None or not person.active:
        return False
    if quiz.policy.renewal != "longitudinal" or begins is None or ends is None:
        return False
    answers = _answers(work, certification, quiz)
    objectives = [objective.id for objective in quiz.objectives]
    if not earns_renewal(quiz.policy, objectives, answers, begins, ends):
        return False
    kept = work.packs.quiz(certification.workspace, quiz.id)
    told = {
        "route": "daily questions",
        "quiz_version": kept.version if kept else None,
        "rule": quiz.policy.model_dump(mode="json"),
        "n": len(answers),
        "s": sum(answer.right for answer in answers),
        "answers": [
            {
                "item": answer.item,
                "objective": answer.objective,
                "right": answer.right,
                "critical": answer.critical,
                "day": answer.at.date().isoformat(),
            }
            for answer in answers
        ],
    }
    renewed = certify(context, work, certification.person, quiz, told=told)
    for waiver in work.waivers.of(certification.person):
        if waiver.quiz == quiz.id:
            # From when on they follow the topic all the same stays as it was.
            work.waivers.add(replace(waiver, until=renewed.valid_until))
    _tell(context, work, renewed, quiz)
    return True


def _answers(work: QuizzesWork, certification: Certification, quiz: Quiz) -> Sequence[Answer]:
    """What the person answered about the objectives of the quiz, in order, as far as it is kept."""
    found = []
    for said in work.practice.answers(certification.person, date.min):
        kept = work.packs.tip(certification.workspace, said.tip)
        about, _, objective = ((kept.value.objective if kept else None) or "").partition("/")
        if kept is not None and about == quiz.id:
            found.append(_answer(kept.value, objective, said))
    return found


def _answer(tip: Tip, objective: str, said: Practised) -> Answer:
    variants = tip.variants
    own = variants[said.variant - 1].check if 0 < said.variant <= len(variants) else None
    check = own or tip.check
    option = next((o for o in check.options if o.id == said.option), None) if check else None
    consequence = option.consequence if option is not None else None
    # Who has just read it has not shown that they know it.
    right = said.right and not said.hint
    grave = consequence is not None and consequence.severity is Severity.CRITICAL
    return Answer(
        # A variant without a question of its own asks the tip's, which then is fresh only once.
        item=f"{tip.id}:{said.variant if own is not None else 0}",
        objective=objective,
        right=right,
        critical=not said.right and (tip.critical or grave),
        at=datetime.combine(said.day, _NOON),
    )


def _tell(context: Context, work: QuizzesWork, renewed: Certification, quiz: Quiz) -> None:
    person = work.people.get(renewed.person)
    if person is None or not person.active or renewed.valid_until is None:
        return
    letter = Letter(
        key=f"{renewed.subject}:renewed:{context.now.date().isoformat()}",
        to=ToPerson(person=person.id),
        message=messages.renewed(quiz, messages.day(person, renewed.valid_until, context.now)),
        kind="quiz.renewal",
        priority=Priority.PROMPT,
        expires_at=context.now + _GOOD_FOR,
        because=messages.because_renewed(quiz),
    )
    book(context, work, [Wish(person, letter)])
