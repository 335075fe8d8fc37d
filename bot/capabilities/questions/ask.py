"""Asking: the entrances, the suggestions and what the asker says to them."""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.capabilities.questions import messages
from bot.capabilities.questions.access import (
    asker_of,
    find_article,
    find_question,
    require_asker,
    topic_of_channel,
    words_in,
)
from bot.capabilities.questions.article import flag_form as article_form
from bot.capabilities.questions.article import note_use, shown
from bot.capabilities.questions.hour import collect, is_kept
from bot.capabilities.questions.model import (
    ASKS_A_DAY,
    FOLLOW_THROUGH,
    FOLLOW_UP_DAYS,
    MAX_QUESTION,
    OPEN_STATES,
    SUGGESTED_STATES,
    UNTAPPED,
    Article,
    ArticleState,
    Event,
    EventKind,
    Question,
    State,
    Turn,
    TurnKind,
    Urgency,
    UseKind,
    Visibility,
    can,
)
from bot.capabilities.questions.name import hide_names, names_person
from bot.capabilities.questions.offer import (
    close_offers,
    expect_answer,
    pass_on,
    release_subscribers,
    route,
)
from bot.capabilities.questions.step import (
    advance,
    asker_name,
    asker_person,
    cancel_timers,
    record,
    send_person,
    set_timer,
    show_offers,
    show_status,
    status_of,
    tell_library,
    whereabouts_of,
)
from bot.capabilities.questions.work import QuestionsWork
from bot.context import Context
from bot.errors import Invalid, NotFound
from bot.form import Form
from bot.ids import AnswerId, ArticleId, QuestionId, TopicId
from bot.inbound import Command, PlaceKind, named
from bot.message import Args, say, shorten
from bot.pack.about import read_about, write_about
from bot.people import is_away, local
from bot.ports import Timer
from bot.reply import NOTHING, Reply
from bot.schedule import next_morning

MAX_LINE = 500
"""Characters kept of each of the optional lines."""
_OVERRIDES = "\u202d\u202e"
"""They turn the reading direction of whatever stands behind them, our own words too."""

_PREFIXES = {
    "anonymously": Visibility.ANONYMOUS,
    "anonymous": Visibility.ANONYMOUS,
    "openly": Visibility.OPEN,
}


def ask(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """`/ask [anonymously|openly] words`; without words the form opens."""
    visibility, text = split(command.text)
    if not text:
        return Reply(form=_form(work, command, visibility=visibility))
    if command.message is not None and command.place.kind is PlaceKind.CHANNEL:
        return mention(context, work, command)  # Everybody has read it: “@inflow ask ...”.
    if text.casefold().strip(" ?!.") == "help":
        return Reply(message=say(messages.HOW_TO_ASK))
    return put(context, work, command, text, visibility)


def open_form(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    """The shortcut: the form, with the words of the message it was used on. A button elsewhere
    brings its own words, what they are `about` (`bot.pack.about`), and the topic."""
    text = command.args.get("text")
    said = text if isinstance(text, str) else command.text
    return Reply(form=_form(work, command, text=said))


def mention(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """Words to the bot in a channel: an open question, answered in its thread."""
    visibility, text = split(command.text)
    if visibility is Visibility.ANONYMOUS:
        raise Invalid(messages.ANONYMOUS_IN_PUBLIC)
    return put(context, work, command, text, Visibility.OPEN)


def submit(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """The form. What is wrong is said at its field, and the form stays as it was filled."""
    values, person = command.values, command.person
    try:
        visibility = Visibility(values.get("visibility") or Visibility.DIRECT.value)
    except ValueError as error:
        raise Invalid(fields={"visibility": messages.NO_OPTION}) from error
    try:
        urgency = Urgency(values.get("urgency") or Urgency.NORMAL.value)
    except ValueError as error:
        raise Invalid(fields={"urgency": messages.NO_OPTION}) from error
    topic = named(values, "topic") or "none"
    known = work.topics.get(command.person.workspace, TopicId(topic))
    if topic != "none" and known is None:
        raise Invalid(fields={"topic": "I do not know this topic any more."})
    try:
        return put(
            context,
            work,
            command,
            values.get("question", ""),
            visibility,
            urgency=urgency,
            goal=values.get("goal", ""),
            tried=values.get("tried", ""),
            topic=known.id if known else None,
            about=read_about(command.args.get("about")),
            heard=command.args.get("heard") is True,
        )
    except Invalid as error:
        at = "question"
        if error.sentence == messages.OWN_NAME:
            lines = (
                name for name in ("goal", "tried") if names_person(values.get(name, ""), person)
            )
            at = at if names_person(values.get("question", ""), person) else next(lines)
        raise Invalid(error.sentence, fields={at: error.sentence}) from error


def _form(
    work: QuestionsWork,
    command: Command,
    text: str = "",
    visibility: Visibility = Visibility.DIRECT,
) -> Form:
    in_channel = _can_be_open(command)
    if visibility is Visibility.OPEN and not in_channel:
        raise Invalid(messages.NO_PLACE)
    about = read_about(command.args.get("about"))
    args: Args = {"about": write_about(about)} if about else {}
    if about and command.args.get("heard") is True:
        args["heard"] = True
    return messages.ask_form(
        text=text,
        visibility=visibility,
        place_is_channel=in_channel,
        topics=work.topics.every(command.person.workspace),
        topic=named(command.args, "topic"),
        args=args,
    )


def _can_be_open(command: Command) -> bool:
    """Whether what is said here is before others, and we can say something to them."""
    return command.place.kind is PlaceKind.CHANNEL and command.place.has_us


def split(text: str) -> tuple[Visibility, str]:
    """Who may see the asker, as the first word says, and the question behind it."""
    first, rest = [*text.split(None, 1), "", ""][:2]
    visibility = _PREFIXES.get(first.lower().rstrip(":,"))
    if visibility is None:
        return Visibility.DIRECT, text.strip()
    return visibility, rest.strip()


def clean(text: str, *, empty: str = messages.EMPTY, no_words: str = messages.NO_WORDS) -> str:
    """What a person wrote as it is kept: no control characters, no outer space.

    Raises:
        Invalid: nothing but spaces, signs or pictures, or more than is kept.
    """
    kept = "".join(
        c
        for c in text
        if c in "\n\t" or (unicodedata.category(c) not in {"Cc", "Cs"} and c not in _OVERRIDES)
    ).strip()
    if not kept:
        raise Invalid(empty)
    if len(kept) > MAX_QUESTION:
        raise Invalid(messages.too_long(MAX_QUESTION, len(kept)))
    if not any(unicodedata.category(c)[0] in "LN" for c in kept):
        raise Invalid(no_words)
    return kept


def put_words(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*A question of my own*, under words said before."""
    visibility, text = split(words_in(command.args))
    reply = put(context, work, command, text, visibility)
    if reply.message is None:
        return Reply(message=say(messages.ASKED), replace=True)
    return reply.model_copy(update={"replace": True})


def put_here(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Ask it openly*, under words that named us in passing."""
    # The words stand further up, and nothing but what is pressed says where.
    asked = replace(command, message=None)
    reply = put(context, work, asked, words_in(command.args), Visibility.OPEN)
    return reply.model_copy(update={"replace": True})


def not_asked(_context: Context, _work: QuestionsWork, _command: Command) -> Reply:
    """*No*, it was none."""
    return Reply(message=say(messages.NOT_ASKED), replace=True)


def put(
    context: Context,
    work: QuestionsWork,
    command: Command,
    words: str,
    visibility: Visibility,
    *,
    urgency: Urgency = Urgency.NORMAL,
    goal: str = "",
    tried: str = "",
    topic: TopicId | None = None,
    about: Sequence[str] = (),
    heard: bool = False,
) -> Reply:
    """Take a question on: look in the FAQ first, else pass it to a colleague.

    `about` is what it was asked about of what people learn from; `heard`, if it is known
    already that the person does not understand that.
    """
    person, text = command.person, clean(words)
    if visibility is Visibility.ANONYMOUS and any(
        names_person(said, person) for said in (text, goal, tried)
    ):
        raise Invalid(messages.OWN_NAME)
    if visibility is Visibility.OPEN and not _can_be_open(command):
        raise Invalid(messages.NO_PLACE)
    twin = _asked_already(work, command, text, visibility)
    if twin is not None:
        return Reply(message=messages.asked_already(twin))
    day = local(person, context.now).date()
    if work.questions.count_ask(person.id, day) > ASKS_A_DAY:
        raise Invalid(messages.too_many(ASKS_A_DAY))
    anonymous = visibility is Visibility.ANONYMOUS
    is_open = visibility is Visibility.OPEN
    place, root = command.place, command.place.thread or command.message
    question = Question(
        id=QuestionId(context.new_id()),
        workspace=person.workspace,
        number=work.questions.next_number(person.workspace),
        text=text,
        visibility=visibility,
        urgency=urgency,
        asked_at=context.now,
        changed_at=context.now,
        asker=None if anonymous else person.id,
        goal=shorten(goal, MAX_LINE),
        tried=shorten(tried, MAX_LINE),
        topic=topic
        or work.memory.classify(work, person.workspace, text)
        # Without a name the place would tell where it was asked.
        or (None if anonymous else topic_of_channel(work, person.workspace, place.conversation)),
        about=write_about(about) or None,
        conversation=place.conversation if is_open else None,
        thread=root if is_open and place.has_threads else None,
    )
    work.questions.add(question)
    record(work, question, Event(question=question.id, kind=EventKind.ASKED, at=context.now))
    if anonymous:
        work.relay.seal(question.subject, person.id)
    if is_open and root is not None:
        work.outbox.follow(question.workspace, place.conversation, root, question.subject)
    if is_kept(question):
        return collect(context, work, question)
    tell_library(context, work, question, "asked", heard=heard)
    return _look_up(context, work, command, question)


def _asked_already(
    work: QuestionsWork, command: Command, text: str, visibility: Visibility
) -> Question | None:
    folded = " ".join(text.casefold().split())
    for question in work.questions.asked_by(command.person.id, 20):
        if question.is_open and " ".join(question.text.casefold().split()) == folded:
            return question
    if visibility is Visibility.OPEN:
        return None  # Words that everybody has read and nobody hears of would tell.
    # One's own without a name is known by its words first: no other relay is opened.
    for question in work.questions.in_states(command.person.workspace, OPEN_STATES, 500):
        if (
            question.visibility is Visibility.ANONYMOUS
            and " ".join(question.text.casefold().split()) == folded
            and asker_of(work, question) == command.person.id
        ):
            return question
    return None


def _look_up(context: Context, work: QuestionsWork, command: Command, question: Question) -> Reply:
    suggestions = [
        (suggestion, article)
        for suggestion in work.memory.suggest(work, question.workspace, question.text)
        if (article := work.articles.get(suggestion.article)) is not None
        and _may_be_shown(work, article.state, article.topic, question)
    ]
    if not suggestions:
        question = route(context, work, question)
        is_said_here = question.visibility is Visibility.OPEN and command.message is not None
        if command.place.kind is PlaceKind.DM or is_said_here:
            return NOTHING  # The card that follows says it.
        return Reply(message=messages.on_its_way(question, whereabouts_of(work, question)))
    question = advance(
        context,
        work,
        question,
        EventKind.SUGGESTED,
        scores={suggestion.article: suggestion.score for suggestion, _ in suggestions},
    )
    set_timer(work, question, "untapped", context.now + UNTAPPED)
    views = [
        shown(work, article, is_answer=suggestion.is_answer) for suggestion, article in suggestions
    ]
    return Reply(message=messages.suggestions(question, views, command.person, looking=False))


def _may_be_shown(
    work: QuestionsWork, state: ArticleState, topic_id: TopicId | None, question: Question
) -> bool:
    """In a regulated topic only what a second person has verified is shown."""
    if state in {ArticleState.PUBLISHED, ArticleState.NEEDS_REVIEW}:
        return True
    topic = work.topics.get(question.workspace, topic_id) if topic_id else None
    return topic is None or not topic.regulated


def untapped(context: Context, work: QuestionsWork, timer: Timer) -> None:
    """Ten minutes without a tap: silence counts as nothing, a colleague is asked."""
    question = work.questions.get(QuestionId(str(timer.args["question"])))
    if question is not None and question.state is State.SUGGESTED:
        route(context, work, question)


def _scores(work: QuestionsWork, question: Question) -> dict[str, float]:
    """What search thought of each suggestion, from our own record of it."""
    for event in work.questions.events(question.id):
        scores = event.data.get("scores")
        if event.kind is EventKind.SUGGESTED and isinstance(scores, dict):
            return {k: float(v) for k, v in scores.items() if isinstance(v, int | float)}
    return {}


def _suggested(work: QuestionsWork, command: Command, question: Question) -> Article:
    """The entry that was tapped, or what it was merged into since.

    Raises:
        NotFound: it was not suggested for this question.
    """
    if named(command.args, "article") not in _scores(work, question):
        raise NotFound("I could not find that FAQ entry any more.")
    return find_article(work, command.person, command.args)


def solved(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Solves it*: the asker's words become a phrasing of the article."""
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    article = _suggested(work, command, question)
    if not can(question, EventKind.SOLVED):
        return _now(work, question)
    question = advance(context, work, question, EventKind.SOLVED, article=article.id)
    cancel_timers(work, question)
    set_timer(
        work,
        question,
        "follow_through",
        next_morning(command.person, context.now + FOLLOW_THROUGH),
    )
    close_offers(work, question)
    release_subscribers(context, work, question)
    note_use(
        context,
        work,
        article,
        UseKind.SOLVED,
        key=f"{question.subject}:suggestion:{article.id}",
        question=question.id,
        score=_scores(work, question).get(article.id),
    )
    work.articles.remember_phrasing(
        article.id,
        hide_names(question.text, work.people.everybody(question.workspace)),
        context.now,
    )
    if work.outbox.state(question.workspace, f"{question.subject}:status") is not None:
        show_status(work, question)
    return Reply(message=messages.solved_itself(article), replace=True)


def flag_form(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Flag as wrong or outdated*: the form; a card that showed the entry as the answer says
    so no more."""
    reply = article_form(context, work, command)
    if not named(command.args, "question"):
        return reply
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    if question.state is not State.SUGGESTED:
        return reply
    left = [shown(work, article) for article in _untapped(work, question)]
    card = messages.suggestions(question, left, command.person, looking=False, doubted=True)
    return reply.model_copy(update={"message": card, "replace": True})


def partly(context: Context, work: QuestionsWork, command: Command) -> Reply:
    return _did_not_solve(context, work, command, UseKind.PARTLY)


def no(context: Context, work: QuestionsWork, command: Command) -> Reply:
    return _did_not_solve(context, work, command, UseKind.NOT_SOLVED)


def _did_not_solve(context: Context, work: QuestionsWork, command: Command, kind: UseKind) -> Reply:
    """*Partly* or *No*: a colleague is asked; the other suggestions stay in reach."""
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    article = _suggested(work, command, question)
    if not can(question, EventKind.SOLVED):
        return _now(work, question)
    note_use(
        context,
        work,
        article,
        kind,
        key=f"{question.subject}:suggestion:{article.id}",
        question=question.id,
        score=_scores(work, question).get(article.id),
    )
    question = advance(context, work, question, EventKind.DID_NOT_SOLVE, article=article.id)
    if question.state is State.SUGGESTED:
        question = route(context, work, question)
    left = [shown(work, other, is_answer=False) for other in _untapped(work, question)]
    if left:
        card = messages.suggestions(question, left, command.person, looking=True)
        return Reply(message=card, replace=True)
    return Reply(
        message=messages.on_its_way(question, whereabouts_of(work, question)), replace=True
    )


def _untapped(work: QuestionsWork, question: Question) -> list[Article]:
    """The suggestions that the asker has not tapped yet, best first."""
    tapped = {
        event.data.get("article")
        for event in work.questions.events(question.id)
        if event.kind is EventKind.DID_NOT_SOLVE
    }
    scores = _scores(work, question)
    left = [
        key for key in sorted(scores, key=scores.__getitem__, reverse=True) if key not in tapped
    ]
    found = (work.articles.get(ArticleId(key)) for key in left)
    return [
        article for article in found if article is not None and article.state in SUGGESTED_STATES
    ]


def ask_colleague(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Ask a colleague now*."""
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    if question.state is not State.SUGGESTED:
        return _now(work, question)
    question = route(context, work, question)
    return Reply(
        message=messages.on_its_way(question, whereabouts_of(work, question)), replace=True
    )


def withdraw(context: Context, work: QuestionsWork, command: Command) -> Reply:
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    if not can(question, EventKind.WITHDRAWN):
        return _now(work, question)
    question = take_back(context, work, question)
    return Reply(message=status_of(work, question), replace=True)


def take_back(context: Context, work: QuestionsWork, question: Question) -> Question:
    """Withdraw an open question: nobody is asked any more."""
    question = advance(context, work, question, EventKind.WITHDRAWN)
    cancel_timers(work, question)
    if work.outbox.state(question.workspace, f"{question.subject}:status") is not None:
        show_status(work, question)
    close_offers(work, question)
    release_subscribers(context, work, question)
    return question


def read(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Read it all*: the whole question, to the one who wants to read it."""
    question = find_question(work, command.person, command.args)
    page = page_of(command)
    return Reply(
        message=messages.read_all(
            f"Question {question.number}",
            question.text,
            page or 0,
            "question.read",
            {"question": question.id},
        ),
        replace=page is not None,
    )


def page_of(command: Command) -> int | None:
    """The page of a long text that was asked for; None for whoever only begins to read."""
    page = command.args.get("page")
    return page if isinstance(page, int) and page >= 0 else None


def add_form(context: Context, work: QuestionsWork, command: Command) -> Reply:
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    if not takes_more(context, question):
        return _now(work, question)
    return Reply(form=messages.follow_up_form(question, first=True))


def takes_more(context: Context, question: Question) -> bool:
    """Whether the asker may still add to the question: two weeks long after an answer."""
    if question.state in {State.ACCEPTED, State.CLOSED_UNCONFIRMED}:
        return context.now - question.changed_at <= timedelta(days=FOLLOW_UP_DAYS)
    return question.is_open


def add(
    context: Context, work: QuestionsWork, question: Question, words: str, *, seen: bool = False
) -> str:
    """Something more from the asker, for whoever is or will be asked; what the asker hears.

    `seen`: whoever has the question has read the words already, in its thread.

    Raises:
        Invalid: no words, too many, or the question is closed.
    """
    if not takes_more(context, question):
        raise Invalid(messages.CLOSED)
    asker = asker_person(work, question)
    if question.asker is None and asker is not None and names_person(words, asker):
        raise Invalid(messages.OWN_NAME)
    turn = Turn(
        id=AnswerId(context.new_id()),
        question=question.id,
        kind=TurnKind.FOLLOW_UP,
        text=clean(words, empty=messages.EMPTY_ANSWER),
        at=context.now,
    )
    work.questions.add_turn(turn)
    if question.state is State.CLOSED_UNCONFIRMED:
        question = advance(context, work, question, EventKind.REOPENED)
    holder = work.people.get(question.claimed_by) if question.claimed_by else None
    if can(question, EventKind.FOLLOWED_UP):
        question = advance(context, work, question, EventKind.FOLLOWED_UP)
        cancel_timers(work, question, "close")
        if holder is None or is_away(holder, context.now):
            pass_on(context, work, question, holder)
            return messages.ADDED
        expect_answer(context, work, question, holder)
        show_status(work, question)
    if holder is None or not holder.active:
        show_offers(work, question, f"added:{turn.id}")
        return messages.ADDED
    if seen:
        return messages.FOLLOW_UP_SENT
    send_person(
        work,
        question,
        holder.id,
        f"follow_up:{turn.id}",
        messages.follow_up(question, turn, asker_name(work, question)),
    )
    return messages.FOLLOW_UP_SENT


def my_questions(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    """`/questions`: the person's own, newest first. Anonymous ones are not listed anywhere."""
    mine = work.questions.asked_by(command.person.id, 20)
    return Reply(
        message=messages.question_list(
            "Your questions",
            mine,
            "You have not asked anything under your name yet.",
            messages.UNNAMED if command.place.kind is PlaceKind.DM else messages.UNNAMED_ELSEWHERE,
        )
    )


def _now(work: QuestionsWork, question: Question) -> Reply:
    """What a press on a stale message gets: the question as it is."""
    return Reply(message=status_of(work, question), replace=True)
