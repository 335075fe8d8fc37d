"""How an attempt ends: what was earned with it, what is told, and what to read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.capabilities.quizzes import certification as rules
from bot.capabilities.quizzes import messages
from bot.capabilities.quizzes.certification import (
    EVIDENCE_KEPT,
    Certification,
    Evidence,
    State,
    chain,
    is_asked_for,
    keep_until,
    told_of,
)
from bot.capabilities.quizzes.certification import Event as Change
from bot.capabilities.quizzes.deadline import watch
from bot.capabilities.quizzes.messages import Result, day, when
from bot.capabilities.quizzes.model import Attempt, EventKind, data_of
from bot.capabilities.quizzes.ports import Record
from bot.capabilities.quizzes.referral import refer
from bot.capabilities.quizzes.retake import opens_again
from bot.capabilities.quizzes.sitting import Sitting, advance
from bot.capabilities.quizzes.work import QuizzesWork
from bot.context import Context
from bot.ids import CertificationId, PersonId, TopicId, WorkspaceId
from bot.message import Message, Part
from bot.pack.model import Quiz
from bot.pack.model import Section as Reading
from bot.pack.waiver import Waiver
from bot.people import Person


def end_passed(
    context: Context, work: QuizzesWork, sitting: Sitting, before: Sequence[Part] = ()
) -> tuple[Attempt, Message]:
    """It is passed: a certificate with its evidence, and nothing to be read any more."""
    attempt = advance(
        context, work, sitting.attempt, EventKind.PASSED, data=data_of(sitting.ending)
    )
    work.attempts.keep_draft(attempt.id, None)
    sitting = replace(sitting, attempt=attempt)
    certification = certify(
        context, work, attempt.person, sitting.quiz, told=_told(work, sitting), attempt=attempt
    )
    minutes = _given_back(work, sitting)
    waive(context, work, certification, sitting.quiz, minutes)
    person = _person(work, attempt)
    return attempt, messages.passed(_result(context, work, sitting, person, minutes), before)


def certify(
    context: Context,
    work: QuizzesWork,
    person: PersonId,
    quiz: Quiz,
    *,
    told: Mapping[str, object],
    attempt: Attempt | None = None,
    actor: PersonId | None = None,
) -> Certification:
    """What the person has earned from now on, with the evidence for it in the chain. `told` is
    what the evidence says beside who, what and when; `actor` who vouches for it, if somebody
    does."""
    workspace = (attempt.workspace if attempt else None) or _workspace(work, person)
    known = work.certifications.find(person, quiz.id)
    if known is None:
        known = Certification(
            id=CertificationId(context.new_id()),
            workspace=workspace,
            person=person,
            quiz=quiz.id,
            changed_at=context.now,
        )
    passed_time, known_now = rules.pass_time(known, quiz.policy, context.now)
    id_ = context.new_id()
    earned = rules.passed(known_now, quiz.policy, context.now, attempt.id if attempt else None, id_)
    if actor is not None:
        earned = replace(earned, actor=actor)
    after = rules.apply(known_now, earned)
    body = {**told, "vouched_by": actor}
    _attest(
        context,
        work,
        after,
        quiz,
        id_,
        body,
        keep_until(quiz.policy, after.valid_until, context.now),
    )
    saved = work.certifications.save(after)
    for change in (*passed_time, earned):
        work.certifications.record(change)
    watch(work, saved, quiz)
    return saved


def _attest(
    context: Context,
    work: QuizzesWork,
    certification: Certification,
    quiz: Quiz,
    id_: str,
    told: Mapping[str, object],
    until: datetime | None,
) -> None:
    """Append to the chain what a certification rests on. Of a quiz that people take for
    themselves that is no more than that it was passed: nobody may see what they answered."""
    workspace, person = certification.workspace, certification.person
    platforms = {one.id: one.platform for one in work.people.workspaces()}
    shown = told if is_asked_for(quiz.policy) else {k: told[k] for k in _OF_ALL if k in told}
    body = {
        **shown,
        "id": id_,
        "person": person,
        "quiz": quiz.id,
        "requirement": quiz.policy.requirement,
        "at": context.now.isoformat(),
        "platform": platforms.get(workspace),
    }

    def make(last: Evidence | None) -> Record:
        return Record(id_, workspace, person, quiz.id, context.now, chain(last, body, until))

    work.certifications.attest(workspace, make)


def certify_aloud(
    context: Context,
    work: QuizzesWork,
    quiz: Quiz,
    person: Person,
    steward: Person,
    account: str,
) -> Message:
    """What somebody showed in person counts like a pass; the steward vouches for it."""
    kept = work.packs.quiz(person.workspace, quiz.id)
    told = {
        "route": "in person",
        "account": account,
        "quiz_version": kept.version if kept else None,
    }
    certification = certify(context, work, person.id, quiz, told=told, actor=steward.id)
    sections = dict.fromkeys(s for o in quiz.objectives for s in o.sections)
    minutes = sum(r.minutes for r in readings(work, person.workspace, sections))
    waive(context, work, certification, quiz, minutes)
    until = certification.valid_until
    return messages.passed(
        Result(
            attempt=None,
            quiz=quiz,
            met=[objective.text for objective in quiz.objectives],
            saved=minutes,
            until=day(person, until, context.now) if until else "",
        )
    )


def change(
    context: Context, work: QuizzesWork, certification: Certification, quiz: Quiz, event: Change
) -> Certification:
    """The certification after one more event, saved and recorded. What people decide (the event
    has an actor and a reason) goes into the chain of evidence, if it is about more than the
    person themselves.

    Raises:
        Conflict: its state does not allow it, or it was changed meanwhile.
    """
    decided = event.kind in {rules.EventKind.EXEMPTED, rules.EventKind.REVOKED}
    if decided and is_asked_for(quiz.policy):
        id_ = context.new_id()
        event = replace(event, data={**event.data, "evidence": id_})
        after = rules.apply(certification, event)
        ends = after.valid_until if after.state is State.EXEMPT else context.now
        told = {
            "decision": event.kind.value,
            "reason": event.data["reason"],
            "until": event.data.get("until"),
            "approved_by": event.actor,
            "second": event.data.get("second"),
        }
        until = ends + EVIDENCE_KEPT if ends is not None else None
        _attest(context, work, after, quiz, id_, told, until)
    saved = work.certifications.save(rules.apply(certification, event))
    work.certifications.record(event)
    watch(work, saved, quiz)
    return saved


def waive(
    context: Context,
    work: QuizzesWork,
    certification: Certification,
    quiz: Quiz,
    minutes: int,
) -> None:
    """Nothing about the topic has to come to the person any more."""
    work.waivers.add(
        Waiver(
            workspace=certification.workspace,
            person=certification.person,
            quiz=quiz.id,
            topic=TopicId(quiz.topic),
            objectives=tuple(objective.id for objective in quiz.objectives),
            minutes=minutes,
            at=context.now,
            until=certification.valid_until,
        )
    )


def end_failed(
    context: Context, work: QuizzesWork, sitting: Sitting, before: Sequence[Part] = ()
) -> tuple[Attempt, Message]:
    """It is not passed: what to look at, what to skip, when to try again."""
    attempt = advance(
        context, work, sitting.attempt, EventKind.FAILED, data=data_of(sitting.ending)
    )
    work.attempts.keep_draft(attempt.id, None)
    return attempt, tell_failed(context, work, replace(sitting, attempt=attempt), before)


def tell_failed(
    context: Context, work: QuizzesWork, sitting: Sitting, before: Sequence[Part] = ()
) -> Message:
    """What is said about an attempt that was not passed."""
    person = _person(work, sitting.attempt)
    return messages.failed(_result(context, work, sitting, person, 0), before)


def result_of(context: Context, work: QuizzesWork, sitting: Sitting) -> Result:
    """Where an attempt stands, for its person."""
    return _result(context, work, sitting, _person(work, sitting.attempt), 0)


def _result(
    context: Context, work: QuizzesWork, sitting: Sitting, person: Person, minutes: int
) -> Result:
    quiz, attempt, verdict = sitting.quiz, sitting.attempt, sitting.verdict
    texts = {objective.id: objective.text for objective in quiz.objectives}
    referral = refer(quiz, verdict, attempt.responses)
    certification = work.certifications.find(person.id, quiz.id)
    until = certification.valid_until if certification and certification.holds else None
    again = opens_again(work, work.attempts.of(person.id, quiz.id), quiz.policy, context.now)
    return Result(
        attempt=attempt.id,
        quiz=quiz,
        met=[texts[id_] for id_ in verdict.met if id_ in texts],
        not_met=[texts[id_] for id_ in verdict.not_met if id_ in texts],
        saved=minutes,
        until=day(person, until, context.now) if until else "",
        readings=readings(work, attempt.workspace, [reading.section for reading in referral.read]),
        skip=readings(work, attempt.workspace, referral.skip),
        again="now on" if again is None else when(person, again, context.now),
    )


def readings(work: QuizzesWork, workspace: WorkspaceId, ids: Iterable[str]) -> list[Reading]:
    """The sections of these ids that can be read."""
    found = [work.packs.section(workspace, id_) for id_ in ids]
    return [kept.value for kept in found if kept is not None and not kept.retired]


def _given_back(work: QuizzesWork, sitting: Sitting) -> int:
    """Minutes of reading that the person does not need: all sections of what they showed without
    having been shown that it was missing before."""
    attempt = sitting.attempt
    missed = {
        objective
        for before in work.attempts.of(attempt.person, attempt.quiz)
        if before.id != attempt.id and before.ending is not None
        for objective in before.ending.verdict.not_met
    }
    wanted = {s for o in sitting.quiz.objectives if o.id in missed for s in o.sections}
    spared = dict.fromkeys(
        section
        for objective in sitting.quiz.objectives
        for section in objective.sections
        if section not in wanted
    )
    return sum(reading.minutes for reading in readings(work, attempt.workspace, spared))


_OF_ALL = frozenset(
    {"attempt", "route", "vouched_by", "quiz_version", "language", "started_at", "rule"}
)
"""What evidence says of every quiz; the rest is only said of what others ask for."""


def _told(work: QuizzesWork, sitting: Sitting) -> Mapping[str, object]:
    """An attempt as evidence keeps it: by which rule, and by which answers; those of objectives
    that were shown before are of the attempt in which they were."""
    attempt, verdict = sitting.attempt, sitting.verdict
    start = attempt.start
    policy = sitting.quiz.policy
    return {
        "attempt": attempt.id,
        "quiz_version": start.quiz_version if start else None,
        "language": start.language if start else None,
        "started_at": attempt.started_at.isoformat() if attempt.started_at else None,
        "rule": policy.model_dump(mode="json"),
        "n": verdict.n,
        "s": verdict.s,
        "llr": verdict.llr,
        "cbm": verdict.cbm,
        "objectives": [
            {
                "objective": result.objective,
                "n": result.n,
                "s": result.s,
                "decision": result.decision.value,
                "carried_from": result.carried_from,
            }
            for result in verdict.objectives
        ],
        "responses": [told_of(r) for r in attempt.responses],
        "carried": [
            {"attempt": id_, **told_of(r)}
            for objective, id_ in (start.carried if start else {}).items()
            if (earlier := work.attempts.get(id_)) is not None
            for r in earlier.responses
            if r.objective == objective
        ],
    }


def _person(work: QuizzesWork, attempt: Attempt) -> Person:
    person = work.people.get(attempt.person)
    if person is None:
        raise LookupError("people are never erased while their attempts are kept")
    return person


def _workspace(work: QuizzesWork, person: PersonId) -> WorkspaceId:
    found = work.people.get(person)
    if found is None:
        raise LookupError("nobody is certified who is not known")
    return found.workspace
