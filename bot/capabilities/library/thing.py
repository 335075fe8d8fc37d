"""What is written, by the name that issues and questions have for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.capabilities.library.work import LibraryWork
from bot.errors import NotFound
from bot.ids import TopicId, WorkspaceId
from bot.message import shorten
from bot.pack.item import Item, Status
from bot.pack.markup import bare
from bot.pack.model import Kind, Quiz, Section, Tip
from bot.pack.version import version_of_item
from bot.topic import Topic

GONE = "This is not there any more. `/topics` lists what there is."


@dataclass(frozen=True, slots=True)
class Thing:
    """A section, a tip, a quiz, an item with the `quiz` that it is in, or a topic as a whole.

    `version` is since when it means the same, as far as that is known: of an item its family.
    """

    about: str
    kind: Kind
    topic: TopicId
    title: str
    value: Section | Tip | Quiz | Item | Topic
    version: str
    pack: str
    retired: bool
    quiz: Quiz | None = None

    @property
    def id(self) -> str:
        return self.value.id


def find_thing(work: LibraryWork, workspace: WorkspaceId, about: str) -> Thing | None:
    """The thing of that name, retired or not."""
    kind, _, id_ = about.partition(":")
    match kind:
        case Kind.SECTION:
            section = work.packs.section(workspace, id_)
            if section is None:
                return None
            return Thing(
                about,
                Kind.SECTION,
                TopicId(section.value.topic),
                section.value.title,
                section.value,
                section.version,
                section.pack,
                section.retired,
            )
        case Kind.TIP:
            tip = work.packs.tip(workspace, id_)
            if tip is None:
                return None
            return Thing(
                about,
                Kind.TIP,
                TopicId(tip.value.topic),
                shorten(" ".join(bare(tip.value.text).split()), 80),
                tip.value,
                tip.version,
                tip.pack,
                tip.retired,
            )
        case Kind.QUIZ:
            quiz = work.packs.quiz(workspace, id_)
            if quiz is None:
                return None
            return Thing(
                about,
                Kind.QUIZ,
                TopicId(quiz.value.topic),
                quiz.value.title,
                quiz.value,
                quiz.version,
                quiz.pack,
                quiz.retired,
            )
        case Kind.ITEM:
            return _find_item(work, workspace, about, id_)
        case Kind.TOPIC:
            topic = work.topics.get(workspace, TopicId(id_))
            if topic is None:
                return None
            return Thing(
                about, Kind.TOPIC, topic.id, topic.title, topic, "", pack="", retired=False
            )
        case _:
            return None


def _find_item(work: LibraryWork, workspace: WorkspaceId, about: str, id_: str) -> Thing | None:
    within = work.packs.quiz_of(workspace, id_)
    kept = work.packs.quiz(workspace, within) if within else None
    item = next((one for one in kept.value.items if one.id == id_), None) if kept else None
    if kept is None or item is None:
        return None
    return Thing(
        about,
        Kind.ITEM,
        TopicId(kept.value.topic),
        shorten(" ".join(bare(item.stem).split()), 100),
        item,
        family_of(work, workspace, item),
        kept.pack,
        kept.retired or item.status is Status.RETIRED,
        kept.value,
    )


def get_section(work: LibraryWork, workspace: WorkspaceId, id_: str) -> Section:
    """A section that is open to people.

    Raises:
        NotFound: there is none, or it is retired.
    """
    kept = work.packs.section(workspace, id_) if id_ else None
    if kept is None or kept.retired:
        raise NotFound(GONE)
    return kept.value


def family_of(work: LibraryWork, workspace: WorkspaceId, item: Item) -> str:
    return work.packs.family(workspace, item.id, version_of_item(item))


def sections_of(quiz: Quiz, item: Item) -> Sequence[str]:
    """Where it is told what an item asks: its own sections, or else those of its objective."""
    objective = next((one for one in quiz.objectives if one.id == item.objective), None)
    return item.sections or (objective.sections if objective is not None else ())


def items_of(work: LibraryWork, workspace: WorkspaceId, section: str) -> Sequence[str]:
    """The items that are asked of what a section tells."""
    return [
        item.id
        for kept in work.packs.quizzes(workspace)
        for item in kept.value.items
        if item.status in {Status.LIVE, Status.PILOT} and section in sections_of(kept.value, item)
    ]
