"""Who may see and do what in the library. Ids in buttons and forms come back from a client.

Everybody reads. What could be better is seen by whoever looks after the topic, and nobody learns
there who said so. Whoever looks after a topic changes what is written about it.
"""

from collections.abc import Mapping, Sequence

from bot import steward
from bot.capabilities.library import messages
from bot.capabilities.library.thing import Thing, find_thing
from bot.capabilities.library.work import LibraryWork
from bot.errors import NotAllowed, NotFound
from bot.ids import IssueId, TopicId, WorkspaceId
from bot.inbound import named
from bot.pack.about import read_about
from bot.pack.issue import Issue
from bot.people import Person
from bot.topic import Topic


def page_of(args: Mapping[str, object]) -> int:
    """The page that was asked for; the first if none was."""
    page = args.get("page")
    return page if isinstance(page, int) and page > 0 else 0


def is_steward(work: LibraryWork, person: Person, topic: TopicId) -> bool:
    """Whether the person looks after the topic."""
    return steward.is_steward(person, work.topics.get(person.workspace, topic))


def looked_after(work: LibraryWork, person: Person) -> Sequence[TopicId] | None:
    """The topics that the person looks after; None for all there may be."""
    return steward.looked_after(person, work.topics.every(person.workspace))


def stewards_of(work: LibraryWork, workspace: WorkspaceId, topic: TopicId) -> list[Person]:
    """Who is told of what could be better in the topic."""
    return steward.stewards_of(work, workspace, work.topics.get(workspace, topic))


def find_topic(work: LibraryWork, person: Person, id_: str) -> Topic:
    """The topic of that id.

    Raises:
        NotFound: there is none in the person's workspace.
    """
    topic = work.topics.get(person.workspace, TopicId(id_)) if id_ else None
    if topic is None:
        raise NotFound(messages.NO_TOPIC)
    return topic


def find_issue(work: LibraryWork, person: Person, args: Mapping[str, object]) -> Issue:
    """The issue that `args["issue"]` names, if the person looks after its topic.

    Raises:
        NotFound: there is none, or it is not the person's business. The two are told apart
            for nobody.
    """
    issue = work.issues.get(IssueId(named(args, "issue")))
    if (
        issue is None
        or issue.workspace != person.workspace
        or not is_steward(work, person, issue.topic)
    ):
        raise NotFound(messages.NO_ISSUE)
    return issue


def find_own_thing(work: LibraryWork, person: Person, args: Mapping[str, object]) -> Thing:
    """The thing that `args["about"]` names, for somebody who looks after its topic.

    Raises:
        NotFound: there is none.
        NotAllowed: the person does not look after its topic.
    """
    [about] = read_about(args.get("about")) or [""]
    thing = find_thing(work, person.workspace, about) if about else None
    if thing is None:
        raise NotFound(messages.NO_ISSUE)
    if not is_steward(work, person, thing.topic):
        raise NotAllowed(messages.ONLY_STEWARD)
    return thing
