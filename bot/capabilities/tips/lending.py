"""What others may put before many people: one tip, as it stands for everybody."""

from collections.abc import Sequence
from datetime import date

from bot.activity import Activity, Found
from bot.capabilities.tips import messages
from bot.capabilities.tips.course import entry_of
from bot.capabilities.tips.model import Pick
from bot.capabilities.tips.work import TipsWork
from bot.ids import TopicId, WorkspaceId
from bot.message import Message
from bot.pack.model import Tip


def find(work: TipsWork, workspace: WorkspaceId, ref: str) -> Found | None:
    """The tip of that id."""
    kept = work.packs.tip(workspace, ref)
    if kept is None:
        return None
    tip = kept.value
    return Found(
        ref,
        tip.text,
        tip.topic,
        tip.objective,
        retired=kept.retired or tip.status == "draft" or not _has_topic(work, workspace, tip),
    )


def _has_topic(work: TipsWork, workspace: WorkspaceId, tip: Tip) -> bool:
    """Whether its topic is one of the workspace: without it a tip cannot be shown."""
    return work.topics.get(workspace, TopicId(tip.topic)) is not None


def every(work: TipsWork, workspace: WorkspaceId) -> Sequence[Found]:
    """All tips that are told."""
    topics = [topic.id for topic in work.topics.every(workspace)]
    found = [find(work, workspace, kept.value.id) for kept in work.packs.tips(workspace, topics)]
    told = [one for one in found if one is not None and not one.retired]
    return sorted(told, key=lambda tip: tip.title)


def show(work: TipsWork, workspace: WorkspaceId, ref: str) -> Message:
    """The tip in its own words. Whoever reacts to it gets a card of it, which comes back to them
    only if they follow its topic."""
    kept = work.packs.tip(workspace, ref)
    topic = work.topics.get(workspace, TopicId(kept.value.topic)) if kept else None
    if kept is None or topic is None:
        raise KeyError(ref)
    # Of a day that is still to come a reaction counts for the day on which it is given.
    pick = Pick(
        tip=ref,
        topic=topic.id,
        variant=0,
        day=date.max,
        asks=False,
        letter="",
        why="",
        is_new=True,
    )
    return messages.tip(entry_of(kept.value), pick, topic)


ACTIVITIES: dict[str, Activity[TipsWork]] = {"tip": Activity(find, show, every, teaches=True)}
