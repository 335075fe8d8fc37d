"""What is open to somebody, and how a quiz begins: always with the test, never with the reading."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.capabilities.quizzes import audit, messages, review, taking
from bot.capabilities.quizzes.access import find_quiz, stewards_of
from bot.capabilities.quizzes.asking import proceed, send
from bot.capabilities.quizzes.certification import State as Standing
from bot.capabilities.quizzes.choosing import draw_form
from bot.capabilities.quizzes.ending import readings
from bot.capabilities.quizzes.messages import Offer, Open, day, when
from bot.capabilities.quizzes.model import (
    Attempt,
    Event,
    EventKind,
    Start,
    State,
    data_of,
)
from bot.capabilities.quizzes.ports import Need
from bot.capabilities.quizzes.retake import carried, is_quota_used, opens_again, under_way
from bot.capabilities.quizzes.rule import SECONDS_AN_ITEM, decide, expect
from bot.capabilities.quizzes.sitting import (
    Exposures,
    advance,
    bank_of,
    barred_from,
    limit_time,
)
from bot.capabilities.quizzes.taking import go_on
from bot.capabilities.quizzes.work import QuizzesWork
from bot.context import Context
from bot.errors import Invalid, NotFound
from bot.ids import AttemptId, WorkspaceId
from bot.inbound import Command, PlaceKind, named
from bot.message import Message
from bot.pack.model import Quiz, is_asked
from bot.people import Person
from bot.reply import Reply

REVIEW, AUDIT = "review", "audit"
DAY = timedelta(days=1)
_BEGIN = {"check myself", "test me", "begin", "start", "start quiz", "start the quiz"}
_DECLINE = {"not now", "later"}
_ANSWERS = {"see all answers", "see answers", "all answers", "my answers"}


def quiz(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """`/quiz [topic]`: all that is open, or the one that is named."""
    wanted = " ".join(command.text.casefold().split())
    if not wanted:
        return list_open(context, work, command)
    if wanted == REVIEW:
        return review.list_waiting(context, work, command)
    if wanted == AUDIT:
        return audit.begin(context, work, command)
    found = _search(work, command.person, wanted)
    if not found:
        raise NotFound(messages.NO_SUCH_QUIZ)
    if len(found) > 1:
        return Reply(message=_list(context, work, command.person, found))
    return _offer(context, work, command, found[0])


def asked(work: QuizzesWork, workspace: WorkspaceId) -> list[Quiz]:
    """The quizzes that can be begun."""
    return [kept.value for kept in work.packs.quizzes(workspace) if is_asked(kept.value)]


def _search(work: QuizzesWork, person: Person, wanted: str) -> list[Quiz]:
    """The quizzes that are called so, or whose topic is."""
    kept = [kept.value for kept in work.packs.quizzes(person.workspace)]
    exact = [q for q in kept if wanted in {q.id, q.title.casefold()}]
    if exact:
        return exact
    every = asked(work, person.workspace)
    topics = {
        topic.id
        for topic in work.topics.every(person.workspace)
        if wanted in {topic.id, topic.title.casefold(), *(a.casefold() for a in topic.aliases)}
    }
    about = [q for q in every if q.topic in topics]
    return about or [q for q in every if wanted in q.title.casefold()]


def list_open(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Test me*: all that is open to the person."""
    every = asked(work, command.person.workspace)
    return Reply(message=_list(context, work, command.person, every))


def _list(context: Context, work: QuizzesWork, person: Person, quizzes: Sequence[Quiz]) -> Message:
    open_ = [_standing(context, work, person, one) for one in quizzes]
    # What is under way first, then what was never tried.
    open_.sort(key=lambda one: (one.attempt is None, bool(one.note), one.quiz.title.casefold()))
    tried = any(a.responses for a in work.attempts.of(person.id))
    return messages.quizzes(open_, calibration=tried)


def _standing(context: Context, work: QuizzesWork, person: Person, quiz: Quiz) -> Open:
    attempts = work.attempts.of(person.id, quiz.id)
    going = under_way(attempts)
    if going is not None and going.state is State.PENDING_REVIEW:
        return Open(quiz, "a colleague reads what you wrote")
    if going is not None:
        return Open(quiz, "under way, your place is kept", going.id)
    opens = opens_again(work, attempts, quiz.policy, context.now)
    if opens is not None:
        return Open(quiz, f"you can try again from {when(person, opens, context.now)}")
    held = _held(context, work, person, quiz)
    return Open(quiz, held or ("begun before" if any(a.responses for a in attempts) else ""))


def _held(context: Context, work: QuizzesWork, person: Person, quiz: Quiz) -> str:
    """What the person has earned in a quiz, in words; empty while it is nothing."""
    certification = work.certifications.find(person.id, quiz.id)
    if certification is None or certification.state is None:
        return ""
    until = certification.valid_until
    if not certification.holds:
        return "not valid any more"
    if until is None:
        return "exempt" if certification.state is Standing.EXEMPT else "passed"
    ends = day(person, until, context.now)
    match certification.state:
        case Standing.EXEMPT:
            return f"exempt, valid until {ends}"
        case Standing.RENEWAL_DUE:
            return f"passed, to be renewed by {ends}"
        case Standing.GRACE:
            last = day(person, until + quiz.policy.grace, context.now)
            return f"ran out on {ends}, counts until {last}"
        case _:
            return f"passed, valid until {ends}"


def _need_not(context: Context, work: QuizzesWork, person: Person, quiz: Quiz) -> str:
    """The same while nothing has to be renewed."""
    certification = work.certifications.find(person.id, quiz.id)
    if certification is None or certification.state not in {Standing.VALID, Standing.EXEMPT}:
        return ""
    return _held(context, work, person, quiz)


def begin(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Test me* on a quiz or a topic, from whatever capability shows it."""
    id_ = named(command.args, "quiz") or named(command.args, "choice")
    if id_:
        found, _ = find_quiz(work, command.person.workspace, id_)
        return _offer(context, work, command, found)
    topic = named(command.args, "topic")
    about = [q for q in asked(work, command.person.workspace) if topic and q.topic == topic]
    if not about:
        raise NotFound(messages.NO_QUIZ_HERE)
    if len(about) > 1:
        return Reply(message=_list(context, work, command.person, about))
    return _offer(context, work, command, about[0])


def _offer(context: Context, work: QuizzesWork, command: Command, quiz: Quiz) -> Reply:
    person = command.person
    attempts = work.attempts.of(person.id, quiz.id)
    going = under_way(attempts)
    if going is not None:
        return go_on(context, work, command, going)
    refusal = _refuse(context, work, person, quiz, attempts)
    if refusal is not None:
        return Reply(message=refusal)
    _, version = find_quiz(work, person.workspace, quiz.id)
    start = _start(context, work, person, quiz, version, AttemptId(""), attempts)
    bank = bank_of(quiz, version)
    if not is_asked(quiz):
        raise Invalid(messages.NO_ITEMS)
    if not any(attempt.state is State.OFFERED for attempt in attempts):
        _add(context, work, person, quiz)
    live = {objective: len(bank.live.get(objective, ())) for objective in start.objectives}
    if quiz.policy.mode == "fixed":
        least = most = len(start.form)
    else:
        verdict = decide(quiz.policy, start, (), live)
        least, most = verdict.least, verdict.most
    expected = expect(quiz.policy, len(start.objectives))
    sections = dict.fromkeys(s for o in quiz.objectives for s in o.sections)
    told = Offer(
        quiz=quiz,
        least=least,
        most=most,
        minutes=max(1, round(min(expected, most) * SECONDS_AN_ITEM / 60)),
        reading=sum(reading.minutes for reading in readings(work, person.workspace, sections)),
        objectives=start.objectives,
        carried=len(start.carried),
        required=quiz.policy.requirement != "voluntary",
        aloud=Need.ALOUD in work.needs.of(person.id),
        held=_need_not(context, work, person, quiz),
    )
    return Reply(message=messages.offer(told))


def _refuse(
    context: Context, work: QuizzesWork, person: Person, quiz: Quiz, attempts: Sequence[Attempt]
) -> Message | None:
    """Why the person cannot begin now, if they cannot; never without a way on."""
    opens = opens_again(work, attempts, quiz.policy, context.now)
    if opens is None:
        return None
    helper = None
    if is_quota_used(work, attempts, quiz.policy, context.now):
        others = [s for s in stewards_of(work, person.workspace, quiz) if s.id != person.id]
        helper = others[0].name if others else None
    return messages.cannot_begin(person, quiz, opens, context.now, helper)


def _add(context: Context, work: QuizzesWork, person: Person, quiz: Quiz) -> Attempt:
    attempt = Attempt(
        id=AttemptId(context.new_id()),
        workspace=person.workspace,
        person=person.id,
        quiz=quiz.id,
        offered_at=context.now,
        changed_at=context.now,
    )
    work.attempts.add(attempt)
    work.attempts.record(Event(attempt.id, EventKind.OFFERED, context.now, person.id))
    return attempt


def _start(
    context: Context,
    work: QuizzesWork,
    person: Person,
    quiz: Quiz,
    version: str,
    attempt: AttemptId,
    attempts: Sequence[Attempt],
) -> Start:
    """What an attempt that begins now is frozen to."""
    seed = hashlib.sha256(f"{quiz.id}:{person.id}:{attempt}".encode()).digest()
    shown_before = carried(work, attempts, quiz.policy, context.now)
    every = [objective.id for objective in quiz.objectives]
    asked = tuple(id_ for id_ in every if id_ not in shown_before)
    if not asked:
        # All was met and the whole was not: all is asked again.
        asked, shown_before = tuple(every), {}
    bank = bank_of(quiz, version)
    form: tuple[str, ...] = ()
    if quiz.policy.mode == "fixed":
        form = draw_form(
            bank,
            quiz.policy,
            seed,
            work.attempts.seen(person.id, quiz.id),
            Exposures(work, person.workspace, quiz.id, bank),
            context.now,
            barred_from(work, person.workspace, quiz, version),
        )
    return Start(
        quiz_version=version,
        seed=seed.hex(),
        mode=quiz.policy.mode,
        objectives=asked,
        carried={id_: where for id_, where in shown_before.items() if id_ in every},
        first=not any(a.started_at and a.state is not State.VOIDED for a in attempts),
        language=quiz.language,
        form=form,
    )


def start(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Check myself*: frozen to what the quiz says now, and the first question is put."""
    person = command.person
    quiz, version = find_quiz(work, person.workspace, named(command.args, "quiz"))
    attempts = work.attempts.of(person.id, quiz.id)
    going = under_way(attempts)
    if going is not None:
        return go_on(context, work, command, going)
    refusal = _refuse(context, work, person, quiz, attempts)
    if refusal is not None:
        return Reply(message=refusal, replace=True)
    if not is_asked(quiz):
        raise Invalid(messages.NO_ITEMS)
    offered = next((a for a in attempts if a.state is State.OFFERED), None)
    attempt = offered or _add(context, work, person, quiz)
    begun = _start(
        context, work, person, quiz, version, attempt.id, [a for a in attempts if a != offered]
    )
    attempt = advance(context, work, attempt, EventKind.STARTED, person.id, data=data_of(begun))
    limit_time(work, attempt, quiz)
    attempt, message = proceed(context, work, attempt)
    if command.place.kind is not PlaceKind.DM:
        send(work, person, attempt, message, "first")
        return Reply(message=messages.in_private(), replace=True)
    return Reply(message=message, replace=True)


def hear(context: Context, work: QuizzesWork, command: Command) -> Reply | None:
    """Words in a direct message: what the buttons of the offer say, or an answer."""
    word = " ".join(command.text.casefold().split()).rstrip(".!")
    if word in _BEGIN | _DECLINE:
        every = list(work.attempts.under_way(command.person.id))
        lately = [a for a in every if a.state is State.OFFERED and context.now < a.offered_at + DAY]
        if lately and all(a.state is State.OFFERED or a.state is State.PAUSED for a in every):
            last = max(lately, key=lambda a: a.offered_at)
            handle = start if word in _BEGIN else decline
            reply = handle(context, work, replace(command, args={"quiz": last.quiz}))
            return reply.model_copy(update={"replace": False})
    if word in _ANSWERS:
        over = (a for a in work.attempts.of(command.person.id) if a.ended_at is not None)
        last_over = next(over, None)
        if last_over is None:
            return None
        shown = taking.answers(context, work, replace(command, args={"attempt": last_over.id}))
        return shown.model_copy(update={"replace": False})
    return taking.hear(context, work, command)


def decline(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Not now*: it is forgotten that it was offered."""
    for attempt in work.attempts.of(command.person.id, named(command.args, "quiz")):
        if attempt.state is State.OFFERED:
            advance(context, work, attempt, EventKind.ABANDONED, command.person.id)
    return Reply(message=messages.declined(), replace=True)


def calibration(_context: Context, work: QuizzesWork, command: Command) -> Reply:
    """How often the person is right when they say how sure they are."""
    counts: dict[int, tuple[int, int]] = {}
    for attempt in work.attempts.of(command.person.id):
        for response in attempt.responses:
            if response.certainty is not None and response.counts and not response.needs_person:
                right, n = counts.get(response.certainty, (0, 0))
                counts[response.certainty] = (right + response.right, n + 1)
    return Reply(message=messages.calibration(counts))


def needs_form(_context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*How I take quizzes*."""
    return Reply(form=messages.needs_form(work.needs.of(command.person.id)))


def keep_needs(_context: Context, work: QuizzesWork, command: Command) -> Reply:
    """The form."""
    needs = frozenset(need for need in Need if command.values.get(need.value) == "yes")
    work.needs.keep(command.person.id, needs)
    return Reply(message=messages.needs_kept(needs))
