"""What people say about themselves: topics they know or learn, limits."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import replace

from bot.access import Right, may, require
from bot.attention import may_mean_stop
from bot.capabilities.questions import ask, messages
from bot.capabilities.questions.addressee import hear_direct, is_asked_back
from bot.capabilities.questions.article import author_left
from bot.capabilities.questions.ask import put, split, take_back
from bot.capabilities.questions.model import Declaration, Level, State, Visibility
from bot.capabilities.questions.offer import leave, pass_all, take_back_waiting, whole_number
from bot.capabilities.questions.step import load_of
from bot.capabilities.questions.talk import (
    begins_as_question,
    is_chat,
    is_greeting,
    is_thanks,
    may_be_question,
)
from bot.capabilities.questions.work import QuestionsWork
from bot.context import Context
from bot.errors import Invalid, NotFound
from bot.ids import TopicId
from bot.inbound import Command, named
from bot.message import Note, Part, say
from bot.people import Person, Role, RoleChange
from bot.reply import Reply
from bot.topic import Topic


def know(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """`/know topic`: I may be asked about it."""
    return _declare(context, work, command.person, command.text, "can_help")


def learn(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """`/learning topic`: I may be asked together with somebody experienced."""
    return _declare(context, work, command.person, command.text, "learning")


def drop(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """`/drop topic`: I am not asked about it; this always wins."""
    return _declare(context, work, command.person, command.text, "none")


def _declare(
    context: Context, work: QuestionsWork, person: Person, words: str, level: Level
) -> Reply:
    return _keep_level(context, work, person, name_topic(work, person, words), level)


def _keep_level(
    context: Context, work: QuestionsWork, person: Person, topic: Topic, level: Level
) -> Reply:
    work.experts.declare(Declaration(person=person.id, topic=topic.id, level=level, at=context.now))
    if level == "none":
        take_back_waiting(context, work, person, topic.id)
    return Reply(message=messages.declared(topic, level))


def know_form(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Say what I know*."""
    every = work.topics.every(command.person.workspace)
    if not every:
        raise NotFound(messages.NO_TOPICS)
    return Reply(form=messages.know_form(every))


def keep_declaration(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """The form of `know_form`."""
    topic = _topic_called(work, command.person, named(command.values, "topic"))
    level = _LEVELS.get(named(command.values, "level"))
    wrong = {} if topic else {"topic": messages.NO_SUCH_TOPIC}
    if topic is None or level is None:
        raise Invalid(fields=wrong | ({} if level else {"level": messages.NO_OPTION}))
    return _keep_level(context, work, command.person, topic, level)


_LEVELS: dict[str, Level] = {"can_help": "can_help", "learning": "learning", "none": "none"}


def drop_topic(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """A topic chosen among those about which the person may be asked."""
    topic = _topic_called(work, command.person, named(command.args, "choice"))
    if topic is None:
        raise NotFound(messages.NO_SUCH_TOPIC)
    return _keep_level(context, work, command.person, topic, "none")


def _topic_called(work: QuestionsWork, person: Person, id_: str) -> Topic | None:
    return work.topics.get(person.workspace, TopicId(id_))


def name_topic(work: QuestionsWork, person: Person, words: str) -> Topic:
    """The topic called by its title, its id or an alias.

    Raises:
        Invalid: there is none of that name; the sentence names those that are near.
    """
    wanted = " ".join(words.strip().strip(".!?#\"'“”").casefold().split())
    names: dict[str, Topic] = {}
    for topic in work.topics.every(person.workspace):
        for name in (topic.title, topic.id, topic.id.replace("-", " "), *topic.aliases):
            names.setdefault(name.casefold(), topic)
    if wanted in names:
        return names[wanted]
    close = difflib.get_close_matches(wanted, names, n=3, cutoff=0.6)
    near = list(dict.fromkeys(names[name].id for name in close))
    by_id = {topic.id: topic for topic in names.values()}
    raise Invalid(
        messages.unknown_topic(
            words.strip(),
            [by_id[t] for t in near[:2]],
            may_add=may(person, Right.ADD_TOPIC),
        )
    )


def topics(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    """`/topics`."""
    every = work.topics.every(command.person.workspace)
    stewards = {}
    for topic in every:
        steward = work.people.get(topic.steward) if topic.steward else None
        if steward is not None and steward.active:
            stewards[str(topic.id)] = steward.name
    return Reply(message=messages.topic_list(every, stewards))


def add_topic(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """`/topic title`: opened by a community manager, who looks after it to begin with."""
    require(command.person, Right.ADD_TOPIC)
    title = " ".join(command.text.split())
    slug = re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")
    if not slug or len(title) > 60:
        raise Invalid("Please name the topic in up to 60 letters, like: `/topic Travel expenses`")
    if work.topics.get(command.person.workspace, TopicId(slug)) is not None:
        raise Invalid("There is a topic of that name already.")
    topic = Topic(
        id=TopicId(slug),
        workspace=command.person.workspace,
        title=title,
        steward=command.person.id,
        channel=command.place.conversation if command.place.kind.value == "channel" else None,
    )
    work.topics.save(topic)
    by = command.person
    work.people.note_role(
        RoleChange(by.workspace, by.id, Role.STEWARD, True, by.id, context.now, topic.id)
    )
    return Reply(message=messages.topic_added(topic))


def about_me(context: Context, work: QuestionsWork, person: Person) -> Sequence[Part]:
    """What questions hold about this person, for this person."""
    titles = {topic.id: topic.title for topic in work.topics.every(person.workspace)}
    declared: dict[TopicId, str] = {d.topic: d.level for d in work.experts.declared_by(person.id)}
    declared |= {
        t.id: "steward" for t in work.topics.every(person.workspace) if t.steward == person.id
    }
    load = load_of(work, person.workspace, context.now).get(person.id, 0)
    mine = [q for q in work.questions.asked_by(person.id, 20) if q.is_open]
    standing = messages.Standing(
        declared=[(titles.get(t, str(t)), level) for t, level in sorted(declared.items())],
        load=load,
        open=mine,
        held=work.questions.held_by(person.id)[:10],
        helped=work.articles.helped(person.id),
    )
    return messages.about_me(person, standing)


def limit_form(_context: Context, _work: QuestionsWork, command: Command) -> Reply:
    return Reply(form=messages.limit_form(command.person))


def set_limit(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    cap = whole_number(command.values.get("limit", ""))
    if cap is None or not 0 <= cap <= 50:
        raise Invalid(fields={"limit": messages.BAD_LIMIT})
    work.people.save(replace(command.person, weekly_cap=cap))
    return Reply(message=messages.limit_set(cap))


_KNOW = re.compile(r"^i know (?:a lot )?(?:about )?(.{2,80})$", re.IGNORECASE)
_LEARN = re.compile(r"^i(?: a|')?m learning (?:about )?(.{2,80})$", re.IGNORECASE)
_DROP = re.compile(
    r"^(?:(?:do not|don't|dont) ask me|i (?:do not|don't|dont) know(?: anything)?)"
    r" about (.{2,80})$",
    re.IGNORECASE,
)
_STOP = re.compile(r"^(?:do not|don't|dont|stop) ask(?:ing)? me(?: anything)?[.!]?$", re.IGNORECASE)


_ME_AGAIN = re.compile(r"me again[.!]?", re.IGNORECASE)


def ask_or_again(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """`/ask`; but “ask me again” ends what “stop asking me” began."""
    if _ME_AGAIN.fullmatch(command.text.strip()):
        return _ask_again(work, command.person)
    return ask.ask(context, work, command)


def ask_me_again(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Ask me again*."""
    return _ask_again(work, command.person)


def _ask_again(work: QuestionsWork, person: Person) -> Reply:
    work.people.save(replace(person, asks_welcome=True))
    return Reply(message=say(messages.ASKS_AGAIN))


def words(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """Plain words in a direct message: thanks, something about oneself, an answer to what one
    has taken on or was asked back, or a question."""
    if is_chat(command.text) and any(c.isalnum() for c in command.text):
        means_nothing = is_greeting(command.text) or is_thanks(command.text)
        if means_nothing or not is_asked_back(context, work, command.person):
            return _be_civil(work, command.person, command.text)
    said = _about_oneself(context, work, command)
    if said is not None:
        return said
    visibility, text = split(command.text)
    if may_mean_stop(text):
        return Reply(message=messages.stop_or_question())
    if visibility is Visibility.DIRECT and any(c.isalnum() for c in text):
        heard = hear_direct(context, work, command, text)
        if heard is not None:
            return heard
    if text and any(c.isalnum() for c in text) and not may_be_question(text):
        raise Invalid(messages.UNSURE)
    return put(context, work, command, text, visibility)


def _be_civil(work: QuestionsWork, person: Person, words: str) -> Reply:
    if is_greeting(words):
        return Reply(message=say(messages.HELLO))
    answered = any(
        question.state is State.ANSWERED for question in work.questions.asked_by(person.id, 5)
    )
    return Reply(message=say(messages.TAP_TO_ACCEPT if answered else messages.YOU_ARE_WELCOME))


def mention(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """Words to the bot in a channel: thanks, something about oneself, or an open question.
    Whoever names it in passing is asked whether that was one."""
    if is_chat(command.text) and any(c.isalnum() for c in command.text):
        civil = messages.HELLO if is_greeting(command.text) else messages.YOU_ARE_WELCOME
        return Reply(message=say(civil))
    said = _about_oneself(context, work, command)
    if said is None and may_mean_stop(command.text):
        return Reply(message=messages.stop_or_question())
    if said is None and not command.addressed and not begins_as_question(command.text):
        return Reply(message=messages.named_in_passing(command.text))
    return said or ask.mention(context, work, command)


def _about_oneself(context: Context, work: QuestionsWork, command: Command) -> Reply | None:
    person, text = command.person, command.text.strip().replace("’", "'")
    levels: tuple[tuple[re.Pattern[str], Level], ...] = (
        (_KNOW, "can_help"),
        (_LEARN, "learning"),
        (_DROP, "none"),
    )
    for pattern, level in levels:
        found = pattern.match(text)
        if found and "?" not in text:
            return _declare(context, work, person, found[1], level)
    if _STOP.match(text):
        person = replace(person, asks_welcome=False)
        work.people.save(person)
        passed = pass_all(context, work, person)
        more = [Note(text=messages.ASKED_GOES_ON)] if passed else []
        return Reply(message=say(messages.NO_MORE_ASKS, *more))
    return None


def farewell(context: Context, work: QuestionsWork, person: Person) -> None:
    """A person has left: nothing waits for them, nothing is asked of them."""
    for question in work.questions.asked_by(person.id, 100):
        if question.is_open:
            take_back(context, work, question)
    leave(context, work, person)
    author_left(context, work, person)
    work.experts.forget(person.id)
