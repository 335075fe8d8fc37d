"""What stewards do: read written answers, withdraw a question, declare attempts void.

They never see whose an answer is, and nobody marks their own.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from bot.access import Right, may
from bot.attention import Wish, book
from bot.capabilities.quizzes import messages
from bot.capabilities.quizzes.access import (
    find_quiz,
    find_written,
    is_steward,
    require_steward,
    stewards_of,
)
from bot.capabilities.quizzes.asking import proceed, send
from bot.capabilities.quizzes.certification import Event as Change
from bot.capabilities.quizzes.certification import EventKind as ChangeKind
from bot.capabilities.quizzes.certification import can as can_change
from bot.capabilities.quizzes.ending import certify_aloud, change, end_passed
from bot.capabilities.quizzes.model import (
    ASKING,
    REVIEW_DAYS,
    UNDER_WAY,
    Attempt,
    EventKind,
    Mark,
    Response,
    State,
    can,
    data_of,
)
from bot.capabilities.quizzes.renewal import tell_due
from bot.capabilities.quizzes.retake import QUOTA_DAYS
from bot.capabilities.quizzes.sitting import advance, is_time_up, look, source_of_call
from bot.capabilities.quizzes.verdict import Outcome
from bot.capabilities.quizzes.work import QuizzesWork
from bot.context import Context
from bot.errors import Conflict, Invalid, NotAllowed, NotFound
from bot.ids import AttemptId, PersonId, TopicId, WorkspaceId
from bot.inbound import Command, named
from bot.message import Args, Message, say
from bot.outbox import Letter, Priority, ToPerson
from bot.pack.item import Item, Status
from bot.pack.model import Quiz
from bot.pack.ports import Put
from bot.pack.scoring import is_right
from bot.people import Person
from bot.ports import Timer
from bot.reply import Reply
from bot.schedule import add_working_days, at_local
from bot.steward import curators_of

MOST_WAITING = 100
"""Attempts with answers to read that are looked at together, those that wait longest."""
MOST_SHOWN = 8
REMIND_AGAIN = timedelta(days=7)
"""After which who may read an answer that is late hears of it once more."""
_SITTING = ASKING | {State.PENDING_REVIEW}
"""States in which somebody waits for what comes next."""
CHUNK = 50
"""Attempts of one transaction, where a question is withdrawn from many."""


# --- written answers ----------------------------------------------------------------------


def waiting_for(
    work: QuizzesWork, person: Person
) -> Sequence[tuple[Attempt, Quiz, Item, Response]]:
    """Written answers that the person may mark, longest waiting first; their own is not."""
    found = []
    mine = []
    for id_ in work.attempts.quizzes_to_read(person.workspace):
        kept = work.packs.quiz(person.workspace, id_)
        if kept is not None and is_steward(work, person, kept.value):
            mine.append(id_)
    for attempt in work.attempts.waiting_for_person(person.workspace, mine, MOST_WAITING):
        if attempt.start is None or attempt.person == person.id:
            continue
        quiz = work.packs.quiz_at(person.workspace, attempt.quiz, attempt.start.quiz_version)
        if not is_steward(work, person, quiz):
            continue
        items = {item.id: item for item in quiz.items}
        found += [
            (attempt, quiz, items[response.item], response)
            for response in attempt.responses
            if response.needs_person and not response.struck
        ]
    return found


def list_waiting(_context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Read answers*, and what else a steward can do with the quizzes of their topics."""
    waiting = waiting_for(work, command.person)[:MOST_SHOWN]
    mine = [
        kept.value
        for kept in work.packs.quizzes(command.person.workspace)
        if is_steward(work, command.person, kept.value)
    ]
    chosen = next((quiz for quiz in mine if quiz.id == named(command.args, "choice")), None)
    if chosen is not None:
        return Reply(message=messages.care(chosen))
    if not mine and not waiting:
        raise NotFound(messages.NOTHING_TO_READ)
    return Reply(
        message=messages.review_list(
            [(attempt.id, item, str(response.raw)) for attempt, _, item, response in waiting],
            [quiz.title for _, quiz, _, _ in waiting],
            mine,
        )
    )


def count_waiting(work: QuizzesWork, person: Person) -> int:
    """How many written answers wait for the person; for nobody but stewards."""
    topics = work.topics.every(person.workspace)
    if not may(person, Right.CURATE) and all(topic.steward != person.id for topic in topics):
        return 0
    return len(waiting_for(work, person))


def mark_form(_context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Mark it*."""
    attempt, quiz, response = find_written(work, command.person, command.args)
    if not response.needs_person:
        raise Conflict(messages.CHANGED_MEANWHILE)
    item = next(item for item in quiz.items if item.id == response.item)
    return Reply(form=messages.mark_form(attempt.id, item, str(response.raw)))


def keep_mark(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """The form: what the answer is worth, and what follows from it for its person."""
    attempt, quiz, response = find_written(work, command.person, command.args)
    worth = messages.WORTHS.get(command.values.get("worth", ""))
    if worth is None:
        raise Invalid(fields={"worth": messages.CHOOSE_MARK})
    if not response.needs_person:
        raise Conflict(messages.CHANGED_MEANWHILE)
    item = next(item for item in quiz.items if item.id == response.item)
    credit, words = worth
    right = is_right(item, credit)
    mark = Mark(item.id, credit, right, critical=item.critical and not right)
    attempt = advance(
        context, work, attempt, EventKind.MARKED, command.person.id, data=data_of(mark)
    )
    following = _reconsider(context, work, attempt)
    person = work.people.get(attempt.person)
    if person is not None and person.active:
        send(
            work,
            person,
            attempt,
            messages.mark_heard(quiz, item, words, following),
            f"marked:{item.id}",
        )
    return Reply(message=messages.marked())


def _reconsider(
    context: Context, work: QuizzesWork, attempt: Attempt, *, was_asked: bool = False
) -> Message | None:
    """What follows for an attempt from a mark, or from a question that was withdrawn: the next
    item or its end, where that waited for it; None where nothing does. `was_asked`: the question
    stood before the person."""
    sitting = look(work, attempt, again=True)
    outcome = sitting.verdict.outcome
    if attempt.state is State.PENDING_REVIEW:
        is_over = is_time_up(context, work, attempt, sitting.quiz)
        return proceed(context, work, attempt, is_over=is_over)[1]
    if attempt.state is State.IN_PROGRESS and attempt.current is None:
        return proceed(context, work, attempt)[1]
    # Who has not said yet whether to finish is not asked on, unless it is open again.
    if attempt.state is State.FAILED_OPEN and (was_asked or outcome is not Outcome.FAILED):
        return proceed(context, work, attempt)[1]
    # Nobody loses by it what they have passed.
    if attempt.state is State.FAILED and outcome is Outcome.PASSED:
        return end_passed(context, work, sitting)[1]
    if attempt.state is State.FAILED and sitting.ending != attempt.ending:
        advance(context, work, attempt, EventKind.JUDGED, data=data_of(sitting.ending))
    return None


def tell_stewards(context: Context, work: QuizzesWork, quiz: Quiz, attempt: Attempt) -> None:
    """A written answer waits, and is promised to be read in two working days. Who looks after
    the topic alone has their own read by whoever curates by right."""
    stewards = [s for s in stewards_of(work, attempt.workspace, quiz) if s.id != attempt.person]
    stewards = stewards or [
        p for p in curators_of(work, attempt.workspace) if p.id != attempt.person
    ]
    _call(context, work, quiz, stewards, "to_read")
    due_at = (
        add_working_days(stewards[0], context.now, REVIEW_DAYS)
        if stewards
        else context.now + timedelta(days=REVIEW_DAYS)
    )
    _remember(work, attempt, due_at)


def _remember(work: QuizzesWork, attempt: Attempt, due_at: datetime, round_: int = 1) -> None:
    work.timers.set(
        Timer(
            key=f"{attempt.subject}:review",
            due_at=due_at,
            action="quiz.review_due",
            args={"attempt": attempt.id, "round": round_},
        )
    )


def _call(
    context: Context, work: QuizzesWork, quiz: Quiz, readers: Sequence[Person], why: str
) -> None:
    """Tell readers that something waits. It is said of what waits longest of the quiz, so that
    they hear it once however much comes behind it, and it waits itself for a day on which there
    is room for it. Once that is read it is taken back (`advance`)."""
    for reader in readers:
        waiting = [
            attempt
            for attempt in work.attempts.waiting_for_person(
                reader.workspace, [quiz.id], MOST_WAITING
            )
            if attempt.person != reader.id
        ]
        if not waiting:
            continue
        first = waiting[0].id
        letter = Letter(
            key=f"quiz:{quiz.id}:{why}:{first}:{reader.id}",
            to=ToPerson(person=reader.id),
            message=messages.to_read(quiz),
            kind="quiz.to_read",
            priority=Priority.OFFER,
            source=source_of_call(first),
            because=messages.BECAUSE_STEWARD,
        )
        book(context, work, [Wish(reader, letter)])


def review_due(context: Context, work: QuizzesWork, timer: Timer) -> None:
    """Two working days have passed: everybody who may read it hears of it, and again each week
    until somebody has; whoever waits hears once that it takes longer."""
    attempt = work.attempts.get(AttemptId(str(timer.args["attempt"])))
    if attempt is None or attempt.start is None or not attempt.waits_for_person:
        return
    if not can(attempt, EventKind.MARKED):
        return
    quiz = work.packs.quiz_at(attempt.workspace, attempt.quiz, attempt.start.quiz_version)
    readers = {person.id: person for person in stewards_of(work, attempt.workspace, quiz)}
    readers |= {p.id: p for p in curators_of(work, attempt.workspace)}
    others = [reader for reader in readers.values() if reader.id != attempt.person]
    round_ = int(str(timer.args.get("round", 1)))
    _call(context, work, quiz, others, f"late-{round_}")
    person = work.people.get(attempt.person)
    if round_ == 1 and person is not None and person.active:
        told = messages.takes_longer(quiz, has_reader=bool(others))
        send(work, person, attempt, told, "late")
    _remember(work, attempt, context.now + REMIND_AGAIN, round_ + 1)


# --- withdrawing --------------------------------------------------------------------------


def withdraw_form(_context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Withdraw a question*."""
    person = command.person
    id_ = named(command.args, "quiz") or named(command.args, "choice")
    quiz, _ = find_quiz(work, person.workspace, id_)
    require_steward(work, person, quiz)
    items = [item for item in quiz.items if item.status in {Status.LIVE, Status.PILOT}]
    if not items:
        raise NotFound(messages.NO_ITEMS)
    return Reply(form=messages.withdraw_form(quiz, items))


def keep_withdrawn(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """The form: nobody is asked it any more, and it counts for nobody."""
    person = command.person
    quiz, _ = find_quiz(work, person.workspace, named(command.args, "quiz"))
    require_steward(work, person, quiz)
    wanted = command.values.get("item", "").strip()
    reason = " ".join(command.values.get("reason", "").split())
    wrong = {}
    if all(item.id != wanted for item in quiz.items):
        wrong["item"] = messages.NO_ITEM
    if not reason:
        wrong["reason"] = messages.NO_REASON
    if wrong:
        raise Invalid(fields=wrong)
    withdraw(context, work, person, quiz, wanted, reason[:300])
    return Reply(message=messages.withdrawn())


def withdraw(
    context: Context, work: QuizzesWork, person: Person, quiz: Quiz, item: str, reason: str
) -> None:
    """Take a question out of a quiz, and out of all attempts in which it was asked."""
    items = tuple(
        one.model_copy(update={"status": Status.RETIRED}) if one.id == item else one
        for one in quiz.items
    )
    kept = work.packs.quiz(person.workspace, quiz.id)
    work.packs.put(
        person.workspace,
        [
            Put(
                quiz.model_copy(update={"items": items}),
                kept.pack if kept is not None else "",
                context.now,
                person.id,
                f"{item}: {reason}",
            )
        ],
    )
    _strike_later(context, work, person.workspace, quiz.id, item, reason)


def _strike_later(
    context: Context, work: QuizzesWork, workspace: WorkspaceId, quiz: str, item: str, reason: str
) -> None:
    work.timers.set(
        Timer(
            key=f"quiz:{workspace}:{quiz}:strike:{item}",
            due_at=context.now,
            action="quiz.strike",
            args={"workspace": workspace, "quiz": quiz, "item": item, "reason": reason},
        )
    )


def strike(context: Context, work: QuizzesWork, timer: Timer) -> None:
    """The next attempts are scored without a question that was withdrawn."""
    workspace, id_ = WorkspaceId(str(timer.args["workspace"])), str(timer.args["quiz"])
    item, reason = str(timer.args["item"]), str(timer.args["reason"])
    waiting = work.attempts.with_item(workspace, id_, item, CHUNK)
    for attempt in waiting:
        if not can(attempt, EventKind.STRUCK):
            continue
        struck = advance(
            context, work, attempt, EventKind.STRUCK, data={"item": item, "reason": reason}
        )
        was_asked = attempt.response_to(item) is None
        following = _reconsider(context, work, struck, was_asked=was_asked)
        # To whom it changes nothing it is said where they see their answers.
        is_in_it = attempt.state in UNDER_WAY and not was_asked
        if following is not None or is_in_it or _is_let_in(context, work, attempt, struck):
            told = messages.struck(look(work, struck).quiz, reason, following)
            _tell(context, work, attempt, told, f"struck:{item}")
    if len(waiting) == CHUNK:
        _strike_later(context, work, workspace, id_, item, reason)


def _is_let_in(context: Context, work: QuizzesWork, before: Attempt, after: Attempt) -> bool:
    """Whether a fail that kept its person from beginning again does so no more."""
    ending, decided_at = before.ending, before.decided_at
    if before.state is not State.FAILED or ending is None or decided_at is None:
        return False
    return (
        ending.verdict.outcome is Outcome.FAILED
        and decided_at > context.now - QUOTA_DAYS
        and look(work, after, again=True).verdict.outcome is not Outcome.FAILED
    )


def _tell(
    context: Context, work: QuizzesWork, attempt: Attempt, message: Message, key: str
) -> None:
    """What a steward has done to an attempt: at once to who is in the middle of it; who is not
    did not ask for it, and hears when there is room for it."""
    person = work.people.get(attempt.person)
    if person is None or not person.active:
        return
    if attempt.state in _SITTING:
        send(work, person, attempt, message, key)
        return
    letter = Letter(
        key=f"{attempt.subject}:{key}",
        to=ToPerson(person=person.id),
        message=message,
        kind="quiz.changed",
        priority=Priority.TIP,
        because=messages.BECAUSE_TOOK,
    )
    book(context, work, [Wish(person, letter)])


def void_form(_context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*End open attempts*: those that are under way."""
    person = command.person
    id_ = named(command.args, "quiz") or named(command.args, "choice")
    quiz, _ = find_quiz(work, person.workspace, id_)
    require_steward(work, person, quiz)
    return Reply(form=messages.void_form(quiz))


def keep_void(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """The form: every attempt under way ends, and is held against nobody."""
    person = command.person
    quiz, _ = find_quiz(work, person.workspace, named(command.args, "quiz"))
    require_steward(work, person, quiz)
    reason = " ".join(command.values.get("reason", "").split())[:300]
    if not reason:
        raise Invalid(fields={"reason": messages.NO_REASON})
    _void_later(context, work, person.workspace, quiz.id, reason, person.id, context.now)
    return Reply(message=say(messages.VOIDING))


def _void_later(
    context: Context,
    work: QuizzesWork,
    workspace: WorkspaceId,
    quiz: str,
    reason: str,
    actor: PersonId,
    asked_at: datetime,
) -> None:
    work.timers.set(
        Timer(
            key=f"quiz:{workspace}:{quiz}:void",
            due_at=context.now,
            action="quiz.void",
            args={
                "workspace": workspace,
                "quiz": quiz,
                "reason": reason,
                "actor": actor,
                "asked_at": asked_at.isoformat(),
            },
        )
    )


def void(context: Context, work: QuizzesWork, timer: Timer) -> None:
    """The next attempts that were under way when it was asked for are void."""
    workspace, id_ = WorkspaceId(str(timer.args["workspace"])), str(timer.args["quiz"])
    reason, actor = str(timer.args["reason"]), PersonId(str(timer.args["actor"]))
    asked_at = datetime.fromisoformat(str(timer.args["asked_at"]))
    kept = work.packs.quiz(workspace, id_)
    waiting = work.attempts.in_states(workspace, id_, UNDER_WAY, CHUNK, asked_at)
    for attempt in waiting:
        advance(context, work, attempt, EventKind.VOIDED, actor, data={"reason": reason})
        if kept is not None:
            _tell(context, work, attempt, messages.voided(kept.value, reason), "voided")
    if len(waiting) == CHUNK:
        _void_later(context, work, workspace, id_, reason, actor, asked_at)


# --- in person ----------------------------------------------------------------------------


def _asked_key(quiz: Quiz, person: str, day: str, steward: PersonId) -> str:
    return f"quiz:{quiz.id}:aloud:{person}:{day}:{steward}"


def _vouched_key(quiz: Quiz, person: str, day: str) -> str:
    """Of the letter that says that they passed, which there is once for each wish."""
    return f"quiz:{quiz.id}:vouched:{person}:{day}"[:200]


def ask_aloud(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Ask me in person*: whoever looks after the topic hears that the person wishes it."""
    person = command.person
    quiz, _ = find_quiz(work, person.workspace, named(command.args, "quiz"))
    stewards = [s for s in stewards_of(work, person.workspace, quiz) if s.id != person.id]
    day = context.now.date().isoformat()
    wishes = [
        Wish(
            steward,
            Letter(
                key=_asked_key(quiz, person.id, day, steward.id),
                to=ToPerson(person=steward.id),
                message=messages.aloud_wanted(
                    person, quiz, {"quiz": quiz.id, "person": person.id, "day": day}
                ),
                kind="quiz.aloud",
                priority=Priority.OFFER,
                because=messages.BECAUSE_STEWARD,
            ),
        )
        for steward in stewards
    ]
    book(context, work, wishes)
    return Reply(message=messages.aloud_asked([steward.name for steward in stewards]))


def _find_asked(work: QuizzesWork, command: Command) -> tuple[Quiz, Person]:
    """Whom a steward was asked to ask in person.

    Raises:
        NotFound: nobody asked this steward to.
    """
    steward = command.person
    quiz, _ = find_quiz(work, steward.workspace, named(command.args, "quiz"))
    require_steward(work, steward, quiz)
    id_, day = named(command.args, "person"), named(command.args, "day")
    person = work.people.get(PersonId(id_))
    key = _asked_key(quiz, id_, day, steward.id)[:200]
    if (
        person is None
        or not person.active
        or person.workspace != steward.workspace
        or work.outbox.state(steward.workspace, key) is None
    ):
        raise NotFound(messages.NOT_YOURS)
    # Who was asked by several is vouched for once.
    if work.outbox.state(steward.workspace, _vouched_key(quiz, id_, day)) is not None:
        raise Conflict(messages.RECORDED_ALREADY)
    return quiz, person


def record_form(_context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*Write it down*."""
    quiz, person = _find_asked(work, command)
    return Reply(form=messages.record_form(quiz, person.name, command.args))


def keep_record(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """The form: the steward vouches for what the person showed."""
    quiz, person = _find_asked(work, command)
    outcome = command.values.get("outcome", "")
    account = command.values.get("account", "").strip()[:2_000]
    wrong = {}
    if outcome not in {"passed", "not_yet"}:
        wrong["outcome"] = messages.NO_OUTCOME
    if not account:
        wrong["account"] = messages.NO_ACCOUNT
    if wrong:
        raise Invalid(fields=wrong)
    if outcome == "passed":
        message = certify_aloud(context, work, quiz, person, command.person, account)
        key = _vouched_key(quiz, person.id, named(command.args, "day"))
    else:
        message = messages.aloud_not_yet(quiz)
        key = f"quiz:{quiz.id}:asked:{person.id}:{context.new_id()}"
    work.outbox.post(
        person.workspace,
        Letter(
            key=key,
            to=ToPerson(person=person.id),
            message=message,
            kind="quiz.asked",
            priority=Priority.ANSWER,
            because=messages.BECAUSE_ASKED,
        ),
    )
    return Reply(message=messages.recorded())


# --- what a quiz is about has changed -----------------------------------------------------


def material_form(_context: Context, work: QuizzesWork, command: Command) -> Reply:
    """*The rules have changed*."""
    person = command.person
    id_ = named(command.args, "quiz") or named(command.args, "choice")
    quiz, _ = find_quiz(work, person.workspace, id_)
    _require_one_is_enough(work, person, quiz)
    return Reply(form=messages.material_form(quiz))


def _require_one_is_enough(work: QuizzesWork, person: Person, quiz: Quiz) -> None:
    """What a regulator asks for takes two, who approve it where its files are (domain.md 8).

    Raises:
        NotAllowed: the person does not look after the topic, or one alone may not.
    """
    require_steward(work, person, quiz)
    topic = work.topics.get(person.workspace, TopicId(quiz.topic))
    if quiz.policy.requirement == "regulatory" or (topic is not None and topic.regulated):
        raise NotAllowed(messages.TAKES_TWO)


def keep_material(context: Context, work: QuizzesWork, command: Command) -> Reply:
    """The form: what was passed before has to be shown again, and nobody lapses at once."""
    person = command.person
    quiz, _ = find_quiz(work, person.workspace, named(command.args, "quiz"))
    _require_one_is_enough(work, person, quiz)
    wrong = {}
    deadline = None
    if day := command.values.get("deadline", "").strip():
        try:
            deadline = at_local(date.fromisoformat(day), time(0), person.zone)
        except (ValueError, OverflowError):
            wrong["deadline"] = messages.BAD_DAY
    if not command.values.get("reason", "").strip():
        wrong["reason"] = messages.NO_REASON
    if wrong:
        raise Invalid(fields=wrong)
    change_later(context, work, person.workspace, quiz.id, deadline)
    return Reply(message=say(messages.CHANGING))


def change_later(
    context: Context,
    work: QuizzesWork,
    workspace: WorkspaceId,
    quiz: str,
    deadline: datetime | None,
    after: str = "",
) -> None:
    """Have all certificates of a quiz shown again, by `deadline` or in sixty days, and let nobody
    earn one by what was asked before."""
    if not after:
        _outdate_later(context, work, workspace, quiz, context.now)
    work.timers.set(
        Timer(
            key=f"quiz:{workspace}:{quiz}:material",
            due_at=context.now,
            action="quiz.material",
            args={
                "workspace": workspace,
                "quiz": quiz,
                "deadline": deadline.isoformat() if deadline else None,
                "after": after,
            },
        )
    )


def _outdate_later(
    context: Context,
    work: QuizzesWork,
    workspace: WorkspaceId,
    quiz: str,
    asked_at: datetime,
    after: str = "",
) -> None:
    work.timers.set(
        Timer(
            key=f"quiz:{workspace}:{quiz}:outdate",
            due_at=context.now,
            action="quiz.outdate",
            args={
                "workspace": workspace,
                "quiz": quiz,
                "asked_at": asked_at.isoformat(),
                "after": after,
            },
        )
    )


def outdate(context: Context, work: QuizzesWork, timer: Timer) -> None:
    """The next attempts under way of versions before a material change are void: what is passed
    by them would say nothing of the new rules."""
    workspace, id_ = WorkspaceId(str(timer.args["workspace"])), str(timer.args["quiz"])
    asked_at = datetime.fromisoformat(str(timer.args["asked_at"]))
    kept = work.packs.quiz(workspace, id_)
    if kept is None:
        return
    after = str(timer.args["after"])
    found = work.attempts.in_states(workspace, id_, UNDER_WAY, CHUNK, asked_at, after)
    for attempt in found:
        if attempt.start is not None and attempt.start.quiz_version != kept.version:
            reason = messages.RULES_CHANGED
            advance(context, work, attempt, EventKind.VOIDED, data={"reason": reason})
            _tell(context, work, attempt, messages.voided(kept.value, reason), "voided")
    if len(found) == CHUNK:
        _outdate_later(context, work, workspace, id_, asked_at, found[-1].id)


def material(context: Context, work: QuizzesWork, timer: Timer) -> None:
    """The next certificates of a quiz that has changed in what it is about."""
    workspace, id_ = WorkspaceId(str(timer.args["workspace"])), str(timer.args["quiz"])
    told = timer.args["deadline"]
    deadline = datetime.fromisoformat(told) if isinstance(told, str) else None
    kept = work.packs.quiz(workspace, id_)
    if kept is None or kept.retired:
        return
    found = work.certifications.of_quiz(workspace, id_, str(timer.args["after"]), CHUNK)
    for certification in found:
        if can_change(certification, ChangeKind.CHANGED_MATERIALLY):
            data: Args = {"deadline": deadline.isoformat() if deadline else None}
            event = Change(certification.id, ChangeKind.CHANGED_MATERIALLY, context.now, None, data)
            changed = change(context, work, certification, kept.value, event)
            # Of what has changed they are to be told, whatever they showed before.
            work.waivers.end(certification.person, id_, context.now)
            tell_due(context, work, changed, kept.value)
    if len(found) == CHUNK:
        change_later(context, work, workspace, id_, deadline, found[-1].id)
