"""What everybody can do: see what there is about a topic, read it, and say that it is unclear."""

from collections.abc import Mapping, Sequence

from bot.capabilities.library import messages
from bot.capabilities.library.access import find_topic, is_steward, page_of
from bot.capabilities.library.model import Below, Told
from bot.capabilities.library.step import keep_watch, look_at_section
from bot.capabilities.library.thing import get_section, items_of
from bot.capabilities.library.work import LibraryWork
from bot.context import Context
from bot.errors import NotFound
from bot.ids import PersonId, TopicId, WorkspaceId
from bot.inbound import Command, named
from bot.message import Args, fits_a_button, say, shorten
from bot.pack.about import begin_question, id_of, read_about
from bot.pack.item import (
    Item,
    MultiSelect,
    Numeric,
    Ordering,
    ScenarioChoice,
    ShortText,
    SpotProblem,
)
from bot.pack.markdown import pages_of
from bot.pack.markup import bare
from bot.pack.model import Section, is_asked
from bot.people import Person, local
from bot.reply import Reply
from bot.topic import Topic

MOST_ANSWERS = 3
"""Answers of colleagues that stand under a section."""
SECTIONS_A_PAGE = 6


def read(context: Context, work: LibraryWork, command: Command) -> Reply:
    """`/read topic`; without a word it lists the topics about which something is written."""
    wanted = " ".join(command.text.casefold().split())
    every = work.topics.every(command.person.workspace)
    if not wanted:
        written = [
            topic for topic in every if work.packs.sections(command.person.workspace, topic.id)
        ]
        return Reply(message=messages.topics(written))
    names = {
        topic.id: {topic.id, topic.title.casefold(), *(a.casefold() for a in topic.aliases)}
        for topic in every
    }
    found = [topic for topic in every if wanted in names[topic.id]]
    found = found or [t for t in every if any(wanted in name for name in names[t.id])]
    if len(found) != 1:
        return Reply(message=messages.topics(found or every, none_of_that=not found))
    return _topic(context, work, command, found[0])


def topic(context: Context, work: LibraryWork, command: Command) -> Reply:
    """A topic's page: *Test me / Show me / Ask someone*."""
    id_ = named(command.args, "topic") or named(command.args, "choice")
    return _topic(context, work, command, find_topic(work, command.person, id_))


def _topic(context: Context, work: LibraryWork, command: Command, about: Topic) -> Reply:
    workspace = command.person.workspace
    keep_watch(context, work, workspace)
    sections = work.packs.sections(workspace, about.id)
    quizzes = [kept.value for kept in work.packs.quizzes(workspace)]
    quizzes = [quiz for quiz in quizzes if quiz.topic == about.id and is_asked(quiz)]
    steward = work.people.get(about.steward) if about.steward else None
    return Reply(
        message=messages.topic(
            about,
            steward=steward.name if steward is not None and steward.active else None,
            minutes=sum(kept.value.minutes for kept in sections),
            sections=len(sections),
            quizzes=len(quizzes),
        )
    )


def contents(_context: Context, work: LibraryWork, command: Command) -> Reply:
    """*Show me*: what is written about a topic."""
    about = find_topic(work, command.person, named(command.args, "topic"))
    sections = _in_order(work, command.person.workspace, about.id)
    if not sections:
        raise NotFound(messages.NOTHING_WRITTEN)
    last = (len(sections) - 1) // SECTIONS_A_PAGE
    page = min(page_of(command.args), last)
    shown = sections[page * SECTIONS_A_PAGE : (page + 1) * SECTIONS_A_PAGE]
    return Reply(
        message=messages.contents(about, shown, page, last), replace="page" in command.args
    )


def _in_order(work: LibraryWork, workspace: WorkspaceId, topic: TopicId) -> list[Section]:
    """What is written about a topic, in the order in which its quizzes build on it; what none of
    them names follows by title."""
    quizzes = [kept.value for kept in work.packs.quizzes(workspace) if kept.value.topic == topic]
    named_ = dict.fromkeys(s for quiz in quizzes for o in quiz.objectives for s in o.sections)
    rank = {id_: place for place, id_ in enumerate(named_)}
    sections = [kept.value for kept in work.packs.sections(workspace, topic)]
    return sorted(sections, key=lambda one: rank.get(one.id, len(rank)))


def section(context: Context, work: LibraryWork, command: Command) -> Reply:
    """*Read it*: a section, page by page; under the last one what colleagues answered about it,
    and the ways on."""
    person = command.person
    value = get_section(work, person.workspace, named(command.args, "section"))
    kept = work.packs.section(person.workspace, value.id)
    if kept is not None:
        work.library.note_reader(person.workspace, value.id, kept.version, person.id, context.now)
    keep_watch(context, work, person.workspace)
    pages = pages_of(value.body)
    page = min(page_of(command.args), len(pages) - 1)
    below = _below(work, person, value) if page == len(pages) - 1 else None
    today = local(person, context.now).date()
    is_late = value.review_by is not None and value.review_by < today
    return Reply(
        message=messages.section(value, pages[page], page, len(pages), below, is_late=is_late),
        replace="page" in command.args,
    )


def _below(work: LibraryWork, person: Person, value: Section) -> Below:
    workspace = person.workspace
    about = f"section:{value.id}"
    missed, asked = ask_about(work, person, value)
    things = [about, *([f"item:{missed}"] if missed else [])]
    return Below(
        answers=_answers(work, workspace, things),
        ask=asked,
        listens=work.library.listens(about, person.id),
        is_steward=is_steward(work, person, TopicId(value.topic)),
    )


def _answers(work: LibraryWork, workspace: WorkspaceId, about: Sequence[str]) -> list[Told]:
    told = []
    for answered in work.library.answers(workspace, about, MOST_ANSWERS):
        author = work.people.get(answered.author) if answered.author else None
        told.append(Told(answered, author.name if author is not None else None))
    return told


def answers(_context: Context, work: LibraryWork, command: Command) -> Reply:
    """What colleagues answered about something, wherever it was met."""
    about = read_about(command.args.get("about"))
    found = _answers(work, command.person.workspace, about) if about else []
    if not found:
        raise NotFound(messages.NO_ANSWERS)
    return Reply(message=messages.answers(found))


def ask_about(work: LibraryWork, person: Person, value: Section) -> tuple[str | None, Args]:
    """What goes along with a question about a section: what the person missed of it last, and
    what they chose there."""
    about = f"section:{value.id}"
    plain: Args = {"text": f"About “{value.title}”: ", "about": about, "topic": value.topic}
    missed = work.library.missed(person.id, items_of(work, person.workspace, value.id))
    if missed is None:
        return None, plain
    try:
        quiz = work.packs.quiz_at(person.workspace, missed.quiz, missed.quiz_version)
    except KeyError:
        return None, plain
    item = next((one for one in quiz.items if one.id == missed.item), None)
    if item is None:
        return None, plain
    chosen = chosen_texts(item, missed.raw)
    args: Args = {"about": f"item:{item.id} {about}", "topic": value.topic, "heard": True}
    # Most letters of most languages take more room in a button than those of English.
    for share in (1, 2, 4, 8):
        title, stem = shorten(quiz.title, 150 // share), shorten(bare(item.stem), 350 // share)
        lines = [
            f"In the quiz “{title}”: {stem}",
            f"I chose: {shorten('; '.join(chosen), 200 // share)}" if chosen else "",
            f"I have read “{shorten(value.title, 150 // share)}”.",
        ]
        begun = {**args, "text": begin_question(lines)}
        if fits_a_button(begun):
            del begun["heard"]
            return item.id, begun
    return item.id, plain


def chosen_texts(item: Item, raw: object) -> list[str]:
    """What an answer says, in the words of the item, where it can be said in a line."""
    texts: Mapping[str, str]
    match item:
        case ScenarioChoice() | MultiSelect():
            texts = {option.id: option.text for option in item.options}
        case SpotProblem():
            texts = {line.id: line.text for line in item.lines}
        case Ordering():
            texts = {step.id: step.text for step in item.steps}
        case Numeric() | ShortText():
            return [str(raw)]
        case _:
            return []
    ids = raw if isinstance(raw, list) else [raw]
    return [bare(texts[id_]) for id_ in ids if isinstance(id_, str) and id_ in texts]


def unclear(context: Context, work: LibraryWork, command: Command) -> Reply:
    """*Still unclear*: counted without a name, and a colleague is one tap away."""
    person = command.person
    value = get_section(work, person.workspace, named(command.args, "section"))
    about = f"section:{value.id}"
    kept = work.packs.section(person.workspace, value.id)
    version = kept.version if kept is not None else ""
    work.library.note_unclear(person.workspace, about, version, person.id, context.now)
    look_at_section(context, work, person.workspace, about)
    keep_watch(context, work, person.workspace)
    _, args = ask_about(work, person, value)
    listens = work.library.listens(about, person.id)
    return Reply(message=messages.unclear(value, {**args, "heard": True}, listens=listens))


def listen(context: Context, work: LibraryWork, command: Command) -> Reply:
    """*Tell me when it changes*."""
    person = command.person
    value = get_section(work, person.workspace, named(command.args, "section"))
    work.library.listen(person.workspace, f"section:{value.id}", person.id, context.now)
    return Reply(message=say(messages.will_tell(value.title)))


def titles_of(work: LibraryWork, workspace: WorkspaceId, person: PersonId) -> list[str]:
    """The sections that a person wants to be told of."""
    found = []
    for about in work.library.listening(person):
        kept = work.packs.section(workspace, id_of(about, "section") or "")
        if kept is not None:
            found.append(kept.value.title)
    return found
