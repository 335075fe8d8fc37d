"""What a workspace begins with: topics, FAQ entries and, for a demonstration, people.

The values come from a pack of content (`content/`), which names people by handles. Applying
a pack twice does nothing the second time, and a newer version of it brings what is new;
nothing is ever taken away, and what people changed here stays.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.capabilities.questions.importing import Entry, Intake, Verified
from bot.capabilities.questions.model import Declaration, Level
from bot.capabilities.questions.work import QuestionsWork
from bot.ids import PersonId, TopicId, WorkspaceId
from bot.people import Person, Role
from bot.topic import Topic


@dataclass(frozen=True, slots=True)
class PackTopic:
    """`steward` is a handle without @; `channel` the address of the topic's channel."""

    id: TopicId
    title: str
    aliases: tuple[str, ...] = ()
    steward: str | None = None
    channel: str | None = None
    regulated: bool = False


@dataclass(frozen=True, slots=True)
class PackEntry:
    """An FAQ entry. `id` is unique within the pack."""

    id: str
    title: str
    text: str
    topic: TopicId | None = None
    phrasings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PackExpert:
    """What the person of that handle knows about topics. `weekly_cap` None leaves it."""

    handle: str
    levels: tuple[tuple[TopicId, Level], ...]
    weekly_cap: int | None = None


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody made up. The handle is their address; `manager` is another one's handle."""

    handle: str
    name: str
    about: str
    zone: str = "UTC"
    team: str | None = None
    roles: frozenset[Role] = frozenset()
    manager: str | None = None


@dataclass(frozen=True, slots=True)
class DemoChannel:
    """A channel of the demonstration; its name is its address."""

    name: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Demo:
    """A made-up workspace."""

    name: str
    people: tuple[DemoPerson, ...]
    channels: tuple[DemoChannel, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """One pack of content. Apply it without its `demo` where the people are real."""

    id: str
    title: str
    version: str
    topics: tuple[PackTopic, ...] = ()
    faq: tuple[PackEntry, ...] = ()
    experts: tuple[PackExpert, ...] = ()
    demo: Demo | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """How much of a pack was new."""

    people: int
    topics: int
    declarations: int
    added: int
    """FAQ entries that were not there."""
    changed: int
    """FAQ entries that the pack says differently now and nobody edited here."""


def apply_pack(
    work: QuestionsWork,
    workspace: WorkspaceId,
    pack: Pack,
    now: datetime,
    new_id: Callable[[], str],
) -> Applied:
    """Bring what the workspace does not have yet.

    Known again are people by address, topics by id, FAQ entries by the key
    `pack:<pack>:<entry>`. Of the people that topics and experts name, those who are there
    count. In a demonstration an entry is published as verified by its topic's steward, who is
    as made up as the rest; elsewhere it waits for its steward, since nobody has read it yet.
    """
    people = _add_people(work, workspace, pack.demo.people if pack.demo else (), new_id)
    intake = Intake(work, workspace, now, new_id)
    caps = {expert.handle: expert.weekly_cap for expert in pack.experts}
    for person in people:
        cap = caps.get(person.address)
        if cap is not None:
            work.people.save(replace(person, weekly_cap=cap))
    topics = _add_topics(work, workspace, pack.topics, intake)
    declarations = _declare(work, workspace, pack.experts, intake, now)
    # The intake above looked the topics up before they were there.
    intake = Intake(work, workspace, now, new_id)
    added = changed = 0
    for entry in pack.faq:
        outcome, _ = intake.bring_entry(_entry(work, workspace, pack, entry, now))
        added += outcome == "added"
        changed += outcome == "changed"
    return Applied(len(people), topics, declarations, added, changed)


def _add_people(
    work: QuestionsWork,
    workspace: WorkspaceId,
    people: Sequence[DemoPerson],
    new_id: Callable[[], str],
) -> list[Person]:
    added: list[Person] = []
    ids: dict[str, PersonId] = {}
    for someone in people:
        there = work.people.by_address(workspace, someone.handle)
        ids[someone.handle] = there.id if there else PersonId(new_id())
        if there is None:
            added.append(
                Person(
                    id=ids[someone.handle],
                    workspace=workspace,
                    address=someone.handle,
                    name=someone.name,
                    zone=someone.zone,
                    roles=someone.roles,
                    team=someone.team,
                )
            )
    managers = {someone.handle: someone.manager for someone in people}
    added = [replace(p, manager=ids.get(managers[p.address] or "")) for p in added]
    for person in added:
        work.people.save(person)
    return added


def _add_topics(
    work: QuestionsWork, workspace: WorkspaceId, topics: Sequence[PackTopic], intake: Intake
) -> int:
    added = 0
    for topic in topics:
        if work.topics.get(workspace, topic.id) is None:
            work.topics.save(
                Topic(
                    id=topic.id,
                    workspace=workspace,
                    title=topic.title,
                    aliases=topic.aliases,
                    steward=intake.find_person(topic.steward) if topic.steward else None,
                    channel=topic.channel,
                    regulated=topic.regulated,
                )
            )
            added += 1
    return added


def _declare(
    work: QuestionsWork,
    workspace: WorkspaceId,
    experts: Sequence[PackExpert],
    intake: Intake,
    now: datetime,
) -> int:
    said = {(d.person, d.topic) for d in work.experts.declarations(workspace)}
    added = 0
    for expert in experts:
        person = intake.find_person(expert.handle)
        for topic, level in expert.levels if person is not None else ():
            if person is not None and (person, topic) not in said:
                work.experts.declare(Declaration(person, topic, level, now))
                added += 1
    return added


def _entry(
    work: QuestionsWork, workspace: WorkspaceId, pack: Pack, entry: PackEntry, now: datetime
) -> Entry:
    topic = work.topics.get(workspace, entry.topic) if entry.topic else None
    steward = topic.steward if topic and pack.demo else None
    return Entry(
        source=f"pack:{pack.id}:{entry.id}",
        title=entry.title,
        text=entry.text,
        topic=entry.topic,
        phrasings=entry.phrasings,
        verified=Verified(now, steward, is_news=False) if steward else None,
    )
