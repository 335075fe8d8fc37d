"""Answering, accepting, and whether it worked."""

import unicodedata
from datetime import timedelta

from bot.capabilities.questions import messages
from bot.capabilities.questions.access import (
    asker_of,
    find_question,
    require_asker,
    to_asker,
    topic_of,
)
from bot.capabilities.questions.article import draft_from_answer, note_use
from bot.capabilities.questions.ask import add
from bot.capabilities.questions.model import (
    CONFIRMATION_DAYS,
    FOLLOW_THROUGH,
    FOLLOW_THROUGH_ENDS,
    FOLLOW_UP_DAYS,
    MAX_ANSWER,
    Credit,
    EventKind,
    Question,
    State,
    Turn,
    TurnKind,
    UseKind,
    Visibility,
    can,
)
from bot.capabilities.questions.offer import close_offers, expect_answer, route, take_offer
from bot.capabilities.questions.ports import QuestionsWork
from bot.capabilities.questions.step import (
    advance,
    asker_name,
    asker_person,
    cancel_timers,
    holder_name,
    send_asker,
    send_person,
    set_timer,
    show_status,
    status_of,
)
from bot.context import Context
from bot.errors import Conflict, Invalid, NotAllowed, NotFound
from bot.ids import AnswerId, QuestionId
from bot.inbound import Command
from bot.message import say
from bot.outbox import Letter, Priority, ToPlace
from bot.people import Person
from bot.ports import Timer
from bot.reply import NOTHING, Reply
from bot.schedule import add_working_days, next_morning

_CHAT = frozenset(
    (
        *("thanks", "thank", "you", "thx", "ok", "okay", "great", "cool", "nice", "same", "here"),
        *("me", "too", "+1", "good", "morning", "hi", "hello", "following", "done", "sure"),
        "welcome",
    )
)


def is_chat(text: str) -> bool:
    """Whether words in a thread are only thanks, greetings or signs, not an answer."""
    words = [
        word
        for word in text.casefold().replace("’", "'").split()
        if any(unicodedata.category(c)[0] in "LN" for c in word)
    ]
    return all(word.strip(".,!?:;-") in _CHAT for word in words)


def open_form(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    question = find_question(work, command.person, command.args)
    _refuse_own(work, command.person, question)
    if not can(question, EventKind.ANSWERED):
        return _offer_now(work, question, command.person)
    return Reply(form=messages.answer_form(question, asker_name(work, question)))


def _refuse_own(work: QuestionsWork, person: Person, question: Question) -> None:
    if asker_of(work, question) == person.id:
        raise NotAllowed("This is your own question. You can withdraw it or add to it.")


def _offer_now(work: QuestionsWork, question: Question, person: Person) -> Reply:
    card = messages.offer_state(
        question, mine=question.claimed_by == person.id, holder=holder_name(work, question)
    )
    return Reply(message=card, replace=True)


def send(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """The answer form."""
    question = find_question(work, command.person, command.args)
    _refuse_own(work, command.person, question)
    try:
        late = give(context, work, question, command.person, command.values.get("answer", ""))
    except (Invalid, Conflict) as error:
        raise Invalid(error.sentence, fields={"answer": error.sentence}) from error
    return Reply(message=say(messages.LATE if late else messages.SENT))


def hear(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """Words in a thread of ours: the asker adds, anybody else answers."""
    question = work.questions.get(QuestionId((command.about or "").partition(":")[2]))
    if question is None:
        return NOTHING
    is_open = question.conversation is not None
    if asker_of(work, question) == command.person.id:
        if is_open and question.visibility is Visibility.OPEN:
            return NOTHING  # Everybody in the thread has read it already.
        add(context, work, question, command.text)
        return Reply(message=say(messages.FOLLOW_UP_SENT))
    if is_chat(command.text):
        return NOTHING
    find_question(work, command.person, {"question": question.id})
    late = give(context, work, question, command.person, command.text, in_thread=is_open)
    if is_open:
        return NOTHING
    return Reply(message=say(messages.LATE if late else messages.SENT))


def give(
    context: Context,
    work: QuestionsWork,
    question: Question,
    person: Person,
    words: str,
    *,
    in_thread: bool = False,
) -> bool:
    """Take an answer on and bring it to the asker. True when the question was settled before.

    An answer to an open question is put into its thread, unless it was given there.

    Raises:
        Invalid: empty or too long.
        Conflict: the question was withdrawn or solved; nothing was kept.
    """
    text = words.strip()
    if not text:
        raise Invalid(messages.EMPTY_ANSWER)
    if len(text) > MAX_ANSWER:
        raise Invalid(messages.too_long(MAX_ANSWER, len(text)))
    settled = question.state is State.ACCEPTED
    turns = [t for t in work.questions.turns(question.id) if t.kind is TurnKind.ANSWER]
    question = advance(context, work, question, EventKind.ANSWERED, actor=person.id)
    turn = Turn(
        id=AnswerId(context.new_id()),
        question=question.id,
        kind=TurnKind.ANSWER,
        text=text,
        at=context.now,
        author=person.id,
    )
    work.questions.add_turn(turn)
    take_offer(context, work, question, person)
    if not settled:
        cancel_timers(work, question)
        asker = asker_person(work, question)
        if asker is not None:
            set_timer(
                work, question, "close", add_working_days(asker, context.now, CONFIRMATION_DAYS)
            )
    regulated = (topic := topic_of(work, question)) is not None and topic.regulated
    sharing = question.visibility is not Visibility.OPEN and not regulated
    send_asker(
        work,
        question,
        f"answer:{turn.id}",
        messages.answer(question, turn, person, sharing=sharing, earlier=len(turns)),
    )
    if question.visibility is Visibility.OPEN and question.conversation and not in_thread:
        work.outbox.post(
            question.workspace,
            Letter(
                key=f"{question.subject}:shared:{turn.id}",
                to=ToPlace(conversation=question.conversation, thread=question.thread),
                message=messages.answer_in_thread(question, turn, person),
                kind="answer",
                priority=Priority.ANSWER,
                about=question.subject,
            ),
        )
    for own in (work.questions.get(q) for q in work.questions.subscribers(question.id)):
        if own is not None:
            work.outbox.post(
                own.workspace,
                Letter(
                    key=f"{own.subject}:answer:{turn.id}",
                    to=to_asker(own),
                    message=messages.answer_for_subscriber(own, turn, person),
                    kind="answer",
                    priority=Priority.ANSWER,
                    about=question.subject,
                ),
            )
    if not settled:
        show_status(work, question)
    return settled


def close(context: Context, work: QuestionsWork, timer: Timer) -> None:
    """Five working days without a word from the asker: closed, not accepted."""
    question = _of_timer(work, timer)
    if question is None or question.state is not State.ANSWERED:
        return
    question = advance(context, work, question, EventKind.CLOSED)
    if question.claimed_by is not None and question.topic is not None:
        work.experts.credit(
            Credit(
                person=question.claimed_by,
                topic=question.topic,
                kind="unconfirmed",
                at=context.now,
                key=f"{question.subject}:unconfirmed",
            )
        )
    show_status(work, question)
    close_offers(work, question)


def _of_timer(work: QuestionsWork, timer: Timer) -> Question | None:
    return work.questions.get(QuestionId(str(timer.args["question"])))


def accept(context: Context, work: QuestionsWork, command: Command) -> Reply:
    return _accept(context, work, command, private=False)


def accept_private(context: Context, work: QuestionsWork, command: Command) -> Reply:
    return _accept(context, work, command, private=True)


def _accept(context: Context, work: QuestionsWork, command: Command, *, private: bool) -> Reply:
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    turn = work.questions.turn(AnswerId(str(command.args.get("answer", ""))))
    author = work.people.get(turn.author) if turn is not None and turn.author else None
    if turn is None or author is None or turn.question != question.id:
        raise NotFound("I could not find that answer any more.")
    if not can(question, EventKind.ACCEPTED):
        return Reply(message=status_of(work, question), replace=True)
    question = advance(context, work, question, EventKind.ACCEPTED, answer=turn.id)
    cancel_timers(work, question)
    if question.topic is not None:
        work.experts.credit(
            Credit(
                person=author.id,
                topic=question.topic,
                kind="accepted",
                at=context.now,
                key=f"{question.subject}:accepted:{author.id}",
            )
        )
    article = None if private else draft_from_answer(context, work, question, turn)
    asked_by = asker_name(work, question)
    send_person(
        work,
        question,
        author.id,
        f"accepted:{turn.id}",
        messages.was_accepted(question, asked_by, article),
    )
    set_timer(
        work,
        question,
        "follow_through",
        next_morning(command.person, context.now + FOLLOW_THROUGH),
    )
    show_status(work, question)
    close_offers(work, question)
    return Reply(message=messages.accepted(question, turn, author, article), replace=True)


def not_yet(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """The answer does not settle it: another colleague is asked as well."""
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    if question.state is not State.ANSWERED:
        return Reply(message=status_of(work, question), replace=True)
    cancel_timers(work, question)
    route(context, work, question)
    return Reply(message=say(messages.NOT_YET))


def follow_up_form(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    return Reply(form=messages.follow_up_form(question, first=False))


def send_follow_up(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """More from the asker, to the one who is on it."""
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    try:
        add(context, work, question, command.values.get("text", ""))
    except Invalid as error:
        raise Invalid(error.sentence, fields={"text": error.sentence}) from error
    return Reply(message=say(messages.FOLLOW_UP_SENT))


# --- follow-through -------------------------------------------------------------------


def ask_whether_it_worked(context: Context, work: QuestionsWork, timer: Timer) -> None:
    """Some days after acceptance, once."""
    question = _of_timer(work, timer)
    if question is None or question.state is not State.ACCEPTED or question.accepted is None:
        return
    send_asker(
        work,
        question,
        f"follow_through:{question.accepted}",
        messages.did_it_work(question, work.questions.turn(question.accepted)),
        expires_at=context.now + (FOLLOW_THROUGH_ENDS - FOLLOW_THROUGH),
    )


def worked(context: Context, work: QuestionsWork, command: Command) -> Reply:
    return _follow_through(context, work, command, "worked", UseKind.WORKED)


def partly_worked(context: Context, work: QuestionsWork, command: Command) -> Reply:
    return _follow_through(context, work, command, "partly_worked", UseKind.PARTLY_WORKED)


def did_not_work(context: Context, work: QuestionsWork, command: Command) -> Reply:
    return _follow_through(context, work, command, "did_not_work", UseKind.DID_NOT_WORK)


def not_tried(context: Context, work: QuestionsWork, command: Command) -> Reply:
    return _follow_through(context, work, command, "not_tried", None)


def _follow_through(
    context: Context, work: QuestionsWork, command: Command, verb: str, kind: UseKind | None
) -> Reply:
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    if not can(question, EventKind.FOLLOWED_THROUGH) or question.accepted is None:
        return Reply(message=status_of(work, question), replace=True)
    accepted = question.accepted
    said = [
        event
        for event in work.questions.events(question.id)
        if event.kind is EventKind.FOLLOWED_THROUGH and event.data.get("answer") == accepted
    ]
    if said:
        verb = str(said[-1].data.get("said"))
        return Reply(message=messages.followed_through(question, verb), replace=True)
    question = advance(
        context, work, question, EventKind.FOLLOWED_THROUGH, said=verb, answer=accepted
    )
    turn = work.questions.turn(accepted)
    article = work.articles.of_question(question.id)
    if article is not None and kind is not None:
        note_use(
            context,
            work,
            article,
            kind,
            key=f"{question.subject}:worked:{accepted}",
            question=question.id,
        )
    if turn is not None and turn.author is not None:
        if kind is UseKind.WORKED:
            send_person(
                work, question, turn.author, f"worked:{turn.id}", messages.it_worked(question)
            )
        if kind is UseKind.DID_NOT_WORK and question.topic is not None:
            work.experts.credit(
                Credit(
                    person=turn.author,
                    topic=question.topic,
                    kind="not_solved",
                    at=context.now,
                    key=f"{question.subject}:not_solved:{turn.id}",
                )
            )
    if kind is UseKind.DID_NOT_WORK:
        question = _reopen(context, work, question, failed=True)
    return Reply(message=messages.followed_through(question, verb), replace=True)


def reopen(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """The asker opens a settled question again, within two weeks of its last change."""
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    if not can(question, EventKind.REOPENED):
        return Reply(message=status_of(work, question), replace=True)
    if question.state is not State.EXPIRED and context.now - question.changed_at > timedelta(
        days=FOLLOW_UP_DAYS
    ):
        raise Invalid(
            f"That is more than {FOLLOW_UP_DAYS} days ago. Please ask anew: it finds whoever "
            "knows it today."
        )
    question = _reopen(context, work, question, failed=False)
    return Reply(message=status_of(work, question), replace=True)


def _reopen(context: Context, work: QuestionsWork, question: Question, *, failed: bool) -> Question:
    """Open again: the same expert first, else routed anew."""
    question = advance(context, work, question, EventKind.REOPENED)
    cancel_timers(work, question)
    holder = work.people.get(question.claimed_by) if question.claimed_by else None
    if holder is None or not holder.active:
        if question.state is State.CLAIMED:
            question = advance(context, work, question, EventKind.RELEASED)
        return route(context, work, question, afresh=True)
    send_person(
        work,
        question,
        holder.id,
        f"reopened:{question.version}",
        messages.reopened(question, asker_name(work, question), failed=failed),
    )
    expect_answer(context, work, question, holder)
    show_status(work, question)
    return question


def read_answer(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Read it all*: the whole answer."""
    question = find_question(work, command.person, command.args)
    turn = work.questions.turn(AnswerId(str(command.args.get("answer", ""))))
    if turn is None or turn.question != question.id:
        raise NotFound("I could not find that answer any more.")
    title = f"Answer to question {question.number}"
    return Reply(message=messages.read_all(title, turn.text, 0))
