"""Answering, accepting, and whether it worked."""

from dataclasses import replace
from datetime import timedelta

from bot.attention import may_mean_stop
from bot.capabilities.questions import messages
from bot.capabilities.questions.access import (
    asker_of,
    find_question,
    follow_merges,
    is_private,
    require_asker,
    to_asker,
    topic_of,
)
from bot.capabilities.questions.article import (
    draft_from_answer,
    note_use,
    title_of,
    withhold,
)
from bot.capabilities.questions.ask import add, clean, page_of, takes_more
from bot.capabilities.questions.model import (
    ASK_BACK_DAYS,
    CONFIRMATION_DAYS,
    FOLLOW_THROUGH,
    FOLLOW_THROUGH_ENDS,
    FOLLOW_UP_DAYS,
    Credit,
    EventKind,
    Question,
    State,
    Turn,
    TurnKind,
    UseKind,
    Visibility,
    can,
    read_subject,
)
from bot.capabilities.questions.offer import (
    card_of,
    close_offers,
    expect_answer,
    refuse_own,
    route,
    subscribers,
    take,
    take_offer,
)
from bot.capabilities.questions.step import (
    advance,
    asker_name,
    asker_person,
    cancel_timers,
    has_letter,
    send_asker,
    send_person,
    set_timer,
    show_offers,
    show_settled,
    show_status,
    status_of,
    tell_library,
)
from bot.capabilities.questions.talk import asks, is_chat
from bot.capabilities.questions.work import QuestionsWork
from bot.context import Context
from bot.errors import Conflict, Invalid, NotFound
from bot.ids import AnswerId, ArticleId, QuestionId
from bot.inbound import Command, PlaceKind, named
from bot.message import Args, say
from bot.outbox import Letter, Priority, ToPlace
from bot.people import Person, is_away
from bot.ports import Timer
from bot.reply import NOTHING, Reply
from bot.schedule import add_working_days, next_morning
from bot.steward import is_steward


def open_form(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    question = find_question(work, command.person, command.args)
    refuse_own(work, command.person, question)
    if not can(question, EventKind.ANSWERED):
        return card_of(work, question, command)
    known = (
        question.visibility is Visibility.OPEN
        or question.claimed_by == command.person.id
        or is_steward(command.person, topic_of(work, question))
        or any(o.person == command.person.id for o in work.questions.offers(question.id))
    )
    asker = asker_name(work, question) if known else None
    return Reply(form=messages.answer_form(question, asker))


def send(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """The answer form."""
    question = find_question(work, command.person, command.args)
    refuse_own(work, command.person, question)
    try:
        late = give(context, work, question, command.person, command.values.get("answer", ""))
    except (Invalid, Conflict) as error:
        raise Invalid(error.sentence, fields={"answer": error.sentence}) from error
    return Reply(message=say(messages.LATE if late else messages.SENT))


def hear(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """Words in a thread of ours: the asker adds, anybody else answers."""
    question = work.questions.get(read_subject(command.about or "")[0])
    if question is None:
        return NOTHING
    in_public = command.place.kind is PlaceKind.CHANNEL
    if not in_public and may_mean_stop(command.text):
        return Reply(message=messages.stop_or_question())
    if asker_of(work, question) == command.person.id:
        if in_public and question.visibility is Visibility.ANONYMOUS:
            # The same words from "the asker" a moment later would tell who that is.
            return Reply(message=say(messages.ANONYMOUS_IN_PUBLIC))
        if is_chat(command.text):
            answered = question.state is State.ANSWERED and not in_public
            return Reply(message=say(messages.TAP_TO_ACCEPT)) if answered else NOTHING
        if in_public:
            if can(question, EventKind.FOLLOWED_UP):
                add(context, work, question, command.text, seen=True)
            return NOTHING  # Everybody in the thread has read it already.
        return Reply(message=say(add(context, work, question, command.text)))
    if is_chat(command.text) or (in_public and asks(command.text)):
        return NOTHING
    find_question(work, command.person, {"question": question.id})
    if asks(command.text) and _may_ask_back(question, command.person):
        ask_back(context, work, question, command.person, command.text)
        return Reply(message=say(messages.ASKED_BACK))
    said_at = command if in_public else None
    late = give(context, work, question, command.person, command.text, said_at=said_at)
    if in_public:
        return NOTHING
    return Reply(message=say(messages.LATE if late else messages.SENT))


def _may_ask_back(question: Question, person: Person) -> bool:
    return can(question, EventKind.CLAIMED) or (
        question.claimed_by == person.id and can(question, EventKind.ASKED_BACK)
    )


def ask_back(
    context: Context, work: QuestionsWork, question: Question, person: Person, words: str
) -> None:
    """A question back to the asker. It settles nothing; whoever asks back keeps the question.

    Raises:
        Invalid: no words, or too many.
        Conflict: somebody else has the question, or it is settled.
    """
    text = clean(words, empty=messages.EMPTY_ANSWER, no_words=messages.NO_ANSWER_WORDS)
    if question.claimed_by != person.id:
        question = take(context, work, question, person)
    question = advance(context, work, question, EventKind.ASKED_BACK, actor=person.id)
    turn = Turn(
        id=AnswerId(context.new_id()),
        question=question.id,
        kind=TurnKind.ASK_BACK,
        text=text,
        at=context.now,
        author=person.id,
    )
    work.questions.add_turn(turn)
    set_timer(work, question, "claim", add_working_days(person, context.now, ASK_BACK_DAYS))
    send_asker(work, question, f"ask_back:{turn.id}", messages.asks_back(question, turn, person))


def ask_back_form(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    question = find_question(work, command.person, command.args)
    refuse_own(work, command.person, question)
    if not _may_ask_back(question, command.person):
        return card_of(work, question, command)
    return Reply(form=messages.ask_back_form(question, asker_name(work, question)))


def send_ask_back(context: Context, work: QuestionsWork, command: Command) -> Reply:
    question = find_question(work, command.person, command.args)
    refuse_own(work, command.person, question)
    try:
        ask_back(context, work, question, command.person, named(command.values, "text"))
    except (Invalid, Conflict) as error:
        raise Invalid(error.sentence, fields={"text": error.sentence}) from error
    return Reply(message=say(messages.ASKED_BACK))


def give(
    context: Context,
    work: QuestionsWork,
    question: Question,
    person: Person,
    words: str,
    *,
    said_at: Command | None = None,
) -> bool:
    """Take an answer on and bring it to the asker. True when the question was settled before.

    An answer to an open question is put into its thread, unless it was `said_at` a message
    there, which the asker may mark as the answer.

    Raises:
        Invalid: empty or too long.
        Conflict: the question was withdrawn or solved; nothing was kept.
    """
    text = clean(words, empty=messages.EMPTY_ANSWER, no_words=messages.NO_ANSWER_WORDS)
    if not can(question, EventKind.ANSWERED):
        raise Conflict(messages.ended_meanwhile(question))
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
    if said_at is not None and said_at.message is not None:
        place = said_at.place.conversation
        work.outbox.follow(question.workspace, place, said_at.message, question.subject_of(turn.id))
    if not settled:
        cancel_timers(work, question)
        asker = asker_person(work, question)
        ends = context.now + timedelta(days=7)  # Five working days of nobody in particular.
        if asker is not None:
            ends = add_working_days(asker, context.now, CONFIRMATION_DAYS)
        set_timer(work, question, "close", ends)
    following = subscribers(work, question)
    send_asker(
        work,
        question,
        f"answer:{turn.id}",
        messages.answer(
            question,
            turn,
            person,
            sharing=may_keep_private(work, question),
            title=title_of(work, question),
            earlier=len(turns),
        ),
        about=question.subject_of(turn.id),
    )
    if question.visibility is Visibility.OPEN and question.conversation and said_at is None:
        work.outbox.post(
            question.workspace,
            Letter(
                key=f"{question.subject}:shared:{turn.id}",
                to=ToPlace(conversation=question.conversation, thread=question.thread),
                message=messages.answer_in_thread(question, turn, person),
                kind="answer",
                priority=Priority.ANSWER,
                about=question.subject_of(turn.id),
            ),
        )
    for own in following if not is_private(work, question) else ():
        work.outbox.post(
            own.workspace,
            Letter(
                key=f"{own.subject}:answer:{turn.id}",
                to=to_asker(own),
                message=messages.answer_for_subscriber(own, turn, person),
                kind="answer",
                priority=Priority.ANSWER,
                about=own.subject,
            ),
        )
    if not settled:
        show_status(work, question)
    return settled


def may_keep_private(work: QuestionsWork, question: Question) -> bool:
    """Whether the asker may accept an answer and keep it to themselves."""
    topic = topic_of(work, question)
    regulated = topic is not None and topic.regulated
    # Whoever asked the same reads the answer too: then there is nothing to keep private.
    shared = question.visibility is Visibility.OPEN or bool(subscribers(work, question))
    return not regulated and not shared


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


def accept_marked(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """The asker marks a message as the answer, as if they pressed the button for it.

    What anybody else marks is heard by nobody. Everybody can see who marked a message in a
    channel, so that what was asked there without a name is not settled in this way.
    """
    question_id, answer = read_subject(command.about or "")
    question = work.questions.get(question_id)
    turn = work.questions.turn(answer) if answer is not None else None
    if question is None or turn is None or turn.question != question.id:
        return NOTHING
    if asker_of(work, question) != command.person.id or question.accepted == turn.id:
        return NOTHING
    in_public = command.place.kind is PlaceKind.CHANNEL
    if not in_public and may_mean_stop(command.text):
        return Reply(message=messages.stop_or_question())
    if in_public and question.visibility is not Visibility.OPEN:
        return Reply(message=messages.marked_in_public(question))
    args: Args = {"question": question.id, "answer": turn.id}
    # Nothing was pressed, so nothing is there to be replaced by the reply.
    marked = replace(command, args=args, message=None)
    reply = _accept(context, work, marked, private=False)
    after = work.questions.get(question.id)
    is_accepted = after is not None and after.accepted == turn.id
    if not in_public or (is_accepted and has_letter(work, question, turn)):
        return NOTHING  # In their own messages the letter with the answer says it.
    return reply.model_copy(update={"replace": False})


def _accept(context: Context, work: QuestionsWork, command: Command, *, private: bool) -> Reply:
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    turn = work.questions.turn(AnswerId(named(command.args, "answer")))
    author = work.people.get(turn.author) if turn is not None and turn.author else None
    if turn is None or author is None or turn.question != question.id:
        raise NotFound("I could not find that answer any more.")
    if not can(question, EventKind.ACCEPTED):
        return Reply(message=status_of(work, question), replace=True)
    question = advance(context, work, question, EventKind.ACCEPTED, answer=turn.id, private=private)
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
    if article is not None:
        tell_library(context, work, question, "answered", answer=turn.id, article=article.id)
    show_status(work, question)
    close_offers(work, question)
    card = messages.accepted(question, turn, author, article)
    show_settled(work, question, turn, command, card)
    return Reply(message=card, replace=True)


def not_yet(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """The answer does not settle it: another colleague is asked as well."""
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    if question.state is not State.ANSWERED:
        return Reply(message=status_of(work, question), replace=True)
    cancel_timers(work, question)
    question = route(context, work, question)
    show_offers(work, question, f"free:{question.version}")
    return Reply(message=say(messages.NOT_YET))


def follow_up_form(context: Context, work: QuestionsWork, command: Command) -> Reply:
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    if not takes_more(context, question):
        return Reply(message=status_of(work, question), replace=True)
    return Reply(form=messages.follow_up_form(question, first=False))


def send_follow_up(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """More from the asker, to the one who is on it."""
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    try:
        heard = add(context, work, question, command.values.get("text", ""))
    except Invalid as error:
        raise Invalid(error.sentence, fields={"text": error.sentence}) from error
    return Reply(message=say(heard))


# --- follow-through -------------------------------------------------------------------


def ask_whether_it_worked(context: Context, work: QuestionsWork, timer: Timer) -> None:
    """Some days after acceptance, once."""
    question = _of_timer(work, timer)
    settled = _settled_by(work, question) if question is not None else {}
    if question is None or not settled:
        return
    turn = work.questions.turn(AnswerId(str(settled.get("answer", ""))))
    article = work.articles.get(ArticleId(str(settled.get("article", ""))))
    (by,) = settled.values()
    send_asker(
        work,
        question,
        f"follow_through:{by}",
        messages.did_it_work(
            question, turn.text if turn else article.text if article else "", settled
        ),
        expires_at=context.now + (FOLLOW_THROUGH_ENDS - FOLLOW_THROUGH),
    )


def _settled_by(work: QuestionsWork, question: Question) -> Args:
    """The answer that was accepted, or the article that solved it, under its name; {} for
    a question that is not settled by anything."""
    if question.state is State.ACCEPTED and question.accepted is not None:
        return {"answer": question.accepted}
    if question.state is State.SELF_SOLVED:
        for event in reversed(work.questions.events(question.id)):
            if event.kind is EventKind.SOLVED:
                return {"article": str(event.data["article"])}
    return {}


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
    settled = _settled_by(work, question)
    asked_about = {k: v for k, v in command.args.items() if k in {"answer", "article"}}
    stale = bool(asked_about) and asked_about != settled
    if not can(question, EventKind.FOLLOWED_THROUGH) or not settled or stale:
        return Reply(message=status_of(work, question), replace=True)
    ((name, by),) = settled.items()
    said = [
        event
        for event in work.questions.events(question.id)
        if event.kind is EventKind.FOLLOWED_THROUGH and event.data.get(name) == by
    ]
    if said:
        verb = str(said[-1].data.get("said"))
        return Reply(message=messages.followed_through(question, verb), replace=True)
    question = advance(
        context, work, question, EventKind.FOLLOWED_THROUGH, None, said=verb, **settled
    )
    card = messages.followed_through(question, verb)
    if name == "article":
        turn, article = None, work.articles.get(ArticleId(str(by)))
    else:
        turn = work.questions.turn(AnswerId(str(by)))
        article = work.articles.of_question(question.id)
    if article is not None and kind is not None:
        note_use(
            context,
            work,
            follow_merges(work, article),
            kind,
            key=f"{question.subject}:worked:{by}",
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
        _reopen(context, work, question, failed=True)
    return Reply(message=card, replace=True)


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
    withhold(context, work, question)
    cancel_timers(work, question)
    holder = work.people.get(question.claimed_by) if question.claimed_by else None
    if holder is None or is_away(holder, context.now):
        if question.state is State.CLAIMED:
            question = advance(context, work, question, EventKind.RELEASED)
        question = route(context, work, question, afresh=True)
        show_offers(work, question, f"free:{question.version}")
        return question
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
    """*Read it all*: the whole answer, to whoever asked it, this or a duplicate."""
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    turn = work.questions.turn(AnswerId(named(command.args, "answer")))
    if turn is None or turn.question not in {question.id, question.duplicate_of}:
        raise NotFound("I could not find that answer any more.")
    args: Args = {"question": question.id, "answer": turn.id}
    page = page_of(command)
    title = f"Answer to question {question.number}"
    return Reply(
        message=messages.read_all(title, turn.text, page or 0, "question.read_answer", args),
        replace=page is not None,
    )
