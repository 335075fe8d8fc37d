"""Who may see and do what with tips. Ids in buttons come back from a client."""

import difflib
from collections.abc import Iterable, Mapping, Sequence

from bot.capabilities.tips import messages
from bot.capabilities.tips.course import Course, Entry, course_of, entry_of
from bot.capabilities.tips.model import Nomination, NominationState
from bot.capabilities.tips.work import TipsWork
from bot.errors import NotAllowed, NotFound
from bot.ids import TopicId, WorkspaceId
from bot.inbound import named
from bot.pack.model import Tip
from bot.people import Person
from bot.steward import is_steward
from bot.topic import Topic

FROM_QUESTION = "question:"
"""How the source of a tip begins that was an answer."""
FROM_NARRATION = "narration:"
"""The same of one that somebody had written down for themselves first."""


def find_entry(work: TipsWork, person: Person, args: Mapping[str, object]) -> tuple[Entry, Topic]:
    """The tip that `args["tip"]` names, and its topic.

    Raises:
        NotFound: there is none in the person's workspace, or it was taken out.
    """
    kept = work.packs.tip(person.workspace, named(args, "tip"))
    if kept is None or kept.retired or kept.value.status == "draft":
        raise NotFound(messages.GONE)
    topic = work.topics.get(person.workspace, TopicId(kept.value.topic))
    if topic is None:
        raise NotFound(messages.GONE)
    return _entries(work, person.workspace, [kept.value])[0], topic


def find_topic(work: TipsWork, person: Person, args: Mapping[str, object]) -> Topic:
    """The topic that was chosen, or that `args["topic"]` names.

    Raises:
        NotFound: there is none in the person's workspace.
    """
    id_ = named(args, "choice") or named(args, "topic")
    topic = work.topics.get(person.workspace, TopicId(id_))
    if topic is None:
        raise NotFound(messages.NO_SUCH_TOPIC)
    return topic


def topic_by_words(topics: Iterable[Topic], words: str) -> Topic:
    """The topic that somebody's words name, by title, id or another name of it.

    Raises:
        NotFound: none is called so, or anything like it.
    """
    names: dict[str, Topic] = {}
    for topic in topics:
        for name in (topic.title, topic.id, *topic.aliases):
            names.setdefault(name.casefold(), topic)
    near = difflib.get_close_matches(" ".join(words.casefold().split()), names, n=1, cutoff=0.75)
    if not near:
        raise NotFound(messages.NO_SUCH_TOPIC)
    return names[near[0]]


def courses(
    work: TipsWork, workspace: WorkspaceId, topics: Iterable[TopicId]
) -> Mapping[TopicId, Course]:
    """What there is to tell about each of these topics that has any tips."""
    found: dict[TopicId, list[Entry]] = {}
    tips = [kept.value for kept in work.packs.tips(workspace, sorted(set(topics)))]
    for entry in _entries(work, workspace, tips):
        found.setdefault(TopicId(entry.tip.topic), []).append(entry)
    return {topic: course_of(topic, entries) for topic, entries in found.items()}


def _entries(work: TipsWork, workspace: WorkspaceId, tips: Sequence[Tip]) -> list[Entry]:
    """Tips with how many have asked for what was an answer once, and whether what they teach
    must be remembered."""
    answers = [tip.id for tip in tips if tip.source.startswith(FROM_QUESTION)]
    asked = work.tips.asked(workspace, answers) if answers else {}
    aims = {tip.objective for tip in tips if tip.objective is not None and not tip.critical}
    critical = _critical(work, workspace, aims)
    return [entry_of(tip, asked.get(tip.id, 0), critical=tip.objective in critical) for tip in tips]


def _critical(work: TipsWork, workspace: WorkspaceId, aims: Iterable[str]) -> frozenset[str]:
    """Those of the objectives (`quiz/objective`) that their quiz calls critical."""
    quizzes = [work.packs.quiz(workspace, id_) for id_ in {aim.partition("/")[0] for aim in aims}]
    return frozenset(
        f"{kept.value.id}/{objective.id}"
        for kept in quizzes
        if kept is not None and not kept.retired
        for objective in kept.value.objectives
        if objective.critical
    )


def open_topics(work: TipsWork, person: Person) -> Sequence[Topic]:
    """The topics about which there are tips, by title."""
    every = work.topics.every(person.workspace)
    told = {kept.value.topic for kept in work.packs.tips(person.workspace, [t.id for t in every])}
    return [topic for topic in every if topic.id in told]


def find_nomination(
    work: TipsWork, person: Person, args: Mapping[str, object]
) -> tuple[Nomination, Topic]:
    """The nomination that `args["nomination"]` names, if it is for the person to decide: the
    author's while it waits for them, a steward's of the topic afterwards.

    Raises:
        NotFound: there is none, or it is not theirs. The two are told apart for nobody.
    """
    nomination = work.tips.nomination(named(args, "nomination"))
    topic = (
        work.topics.get(nomination.workspace, nomination.topic)
        if nomination is not None and nomination.workspace == person.workspace
        else None
    )
    if nomination is None or topic is None or not may_decide(person, nomination, topic):
        raise NotFound(messages.NOT_YOURS)
    return nomination, topic


def may_decide(person: Person, nomination: Nomination, topic: Topic) -> bool:
    """Whether the person decides, or has decided, about an answer as a tip."""
    if nomination.author == person.id and nomination.state is not NominationState.REVIEW:
        return True
    # In a regulated topic nobody publishes their own words.
    return is_steward(person, topic) and (nomination.author != person.id or not topic.regulated)


def require_steward(person: Person, topic: Topic) -> None:
    """Raises NotAllowed unless the person looks after the topic."""
    if not is_steward(person, topic):
        raise NotAllowed(messages.ONLY_STEWARD)
