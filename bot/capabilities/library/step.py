"""One step of an issue, and who hears of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.attention import Wish, book
from bot.capabilities.library import messages
from bot.capabilities.library.access import looked_after, stewards_of
from bot.capabilities.library.thing import Thing, find_thing, sections_of
from bot.capabilities.library.work import LibraryWork
from bot.context import Context
from bot.happenings import Happening
from bot.ids import WorkspaceId
from bot.outbox import Letter, Priority, ToPerson
from bot.pack.about import id_of
from bot.pack.flag import Flag, FlagKind, flag_section
from bot.pack.issue import (
    OPEN_PER_STEWARD,
    OPEN_STATES,
    EventKind,
    Issue,
    State,
    can,
    raise_flag,
    step,
)
from bot.ports import Timer

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""Before everything that is kept."""
AFTER_ALL = datetime(9000, 1, 1, tzinfo=UTC)
"""After everything that is kept."""
NIGHT = 2
"""The hour, in UTC, at which the library looks at everything."""


def keep_watch(context: Context, work: LibraryWork, workspace: WorkspaceId) -> None:
    """See that the library looks at what is written next night."""
    tonight = context.now.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    due_at = tonight if tonight > context.now else tonight + timedelta(days=1)
    work.timers.set(
        Timer(
            key=f"library:{workspace}:night",
            due_at=due_at,
            action="library.night",
            args={"workspace": workspace},
        )
    )


def things_behind(work: LibraryWork, workspace: WorkspaceId, about: Sequence[str]) -> list[str]:
    """The things, and of an item that stands alone the sections in which it is told."""
    behind = list(about)
    for one in about:
        thing = find_thing(work, workspace, one) if id_of(one, "item") else None
        if thing is not None and thing.quiz is not None and len(about) == 1:
            item = next(item for item in thing.quiz.items if item.id == thing.id)
            behind += [f"section:{section}" for section in sections_of(thing.quiz, item)]
    return list(dict.fromkeys(behind))


def changed_at(work: LibraryWork, workspace: WorkspaceId, about: str, kind: FlagKind) -> datetime:
    """When an issue was answered by a change: what is older says nothing of how it is now."""
    issue = work.issues.find(workspace, about, kind)
    return issue.answered_at if issue is not None and issue.answered_at else EPOCH


def look_at_section(
    context: Context, work: LibraryWork, workspace: WorkspaceId, about: str
) -> Issue | None:
    """Open an issue for a section that people do not understand, once there are enough of
    them since it was last changed."""
    section = id_of(about, "section")
    thing = find_thing(work, workspace, about) if section else None
    if thing is None or thing.retired or section is None:
        return None
    issue = work.issues.find(workspace, about, FlagKind.SECTION_UNCLEAR)
    issue = keep_up(context, work, issue, thing) if issue is not None else None
    since = changed_at(work, workspace, about, FlagKind.SECTION_UNCLEAR)
    soon = context.now + timedelta(seconds=1)
    signals = work.library.signals(workspace, about, since, soon)
    readers = work.library.readers(workspace, section, since, soon)
    unclear = [signal.at for signal in signals if signal.counts]
    flag = flag_section(section, unclear, readers, context.now)
    return raise_and_tell(context, work, workspace, thing, flag) if flag is not None else None


def raise_and_tell(
    context: Context, work: LibraryWork, workspace: WorkspaceId, thing: Thing, flag: Flag
) -> Issue | None:
    """Open an issue for a flag, or open it again, and tell whoever looks after the topic. None
    where nothing new is to be said."""
    issue = raise_flag(
        work.issues,
        workspace,
        thing.topic,
        flag,
        thing.version,
        context.now,
        context.new_id(),
    )
    if issue is not None:
        note(context, work, issue, "raised")
        tell_stewards(context, work, issue, thing)
    return issue


def note(context: Context, work: LibraryWork, issue: Issue, verb: str) -> None:
    """Keep for insights what happened to an issue, and never who did it."""
    work.happenings.note(
        Happening(
            workspace=issue.workspace,
            kind=f"issue.{verb}",
            at=context.now,
            about=issue.subject,
            data={"thing": issue.about, "flag": issue.kind.value, "topic": issue.topic},
        )
    )


def tell_stewards(context: Context, work: LibraryWork, issue: Issue, thing: Thing) -> None:
    """One letter to each; but nobody gets more than they can deal with: the rest is counted
    where they look for it."""
    told = []
    for steward in stewards_of(work, issue.workspace, issue.topic):
        waiting = work.issues.in_states(issue.workspace, OPEN_STATES, looked_after(work, steward))
        if len(waiting) > OPEN_PER_STEWARD:
            continue
        letter = Letter(
            key=f"{issue.subject}:raised:{issue.version}:{steward.id}",
            to=ToPerson(person=steward.id),
            message=messages.raised(issue, thing),
            kind="library.issue",
            priority=Priority.TIP,
            because=messages.BECAUSE_STEWARD,
        )
        told.append(Wish(steward, letter))
    if told:
        book(context, work, told)


def keep_up(context: Context, work: LibraryWork, issue: Issue, thing: Thing) -> Issue:
    """The issue, changed where what it is about was changed elsewhere: in the files."""
    known = issue.after or issue.before
    if known == thing.version or not can(issue, EventKind.CHANGED):
        return issue
    if issue.state is State.WONT_FIX:
        return issue
    return step(work.issues, issue, EventKind.CHANGED, context.now, data={"version": thing.version})
