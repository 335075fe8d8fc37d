"""Who looks after a topic: its steward, and whoever curates everything by right."""

from collections.abc import Iterable, Sequence

from bot.access import Right, may, roles_with
from bot.ids import TopicId, WorkspaceId
from bot.people import Person
from bot.ports import Work
from bot.topic import Topic


def is_steward(person: Person, topic: Topic | None) -> bool:
    """Whether the person looks after the topic, as its steward or by right; of what is about no
    topic, by right."""
    if may(person, Right.CURATE):
        return True
    return person.active and topic is not None and topic.steward == person.id


def looked_after(person: Person, every: Iterable[Topic]) -> Sequence[TopicId] | None:
    """Of every topic those that the person looks after; None for all there may be."""
    if may(person, Right.CURATE):
        return None
    return [topic.id for topic in every if is_steward(person, topic)]


def stewards_of(work: Work, workspace: WorkspaceId, topic: Topic | None) -> list[Person]:
    """Who is told of what waits: the topic's steward, or else all who curate by right."""
    steward = work.people.get(topic.steward) if topic is not None and topic.steward else None
    if steward is not None and steward.active:
        return [steward]
    return curators_of(work, workspace)


def curators_of(work: Work, workspace: WorkspaceId) -> list[Person]:
    """All who look after every topic, each once."""
    roles = roles_with(Right.CURATE)
    found = {one.id: one for role in roles for one in work.people.holders(workspace, role)}
    return list(found.values())
