"""What others may put before many people: a section to read, and who has opened it."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime

from bot.activity import Activity, Evidence, Found
from bot.capabilities.library import messages
from bot.capabilities.library.work import LibraryWork
from bot.ids import PersonId, WorkspaceId
from bot.message import Message


def find(work: LibraryWork, workspace: WorkspaceId, ref: str) -> Found | None:
    """The section of that id."""
    kept = work.packs.section(workspace, ref)
    if kept is None:
        return None
    return Found(ref, kept.value.title, kept.value.topic, retired=kept.retired)


def every(work: LibraryWork, workspace: WorkspaceId) -> Sequence[Found]:
    """All sections that can be read."""
    found = [
        Found(kept.value.id, kept.value.title, kept.value.topic)
        for topic in work.topics.every(workspace)
        for kept in work.packs.sections(workspace, topic.id)
    ]
    return sorted(found, key=lambda section: section.title)


def show(work: LibraryWork, workspace: WorkspaceId, ref: str) -> Message:
    """What it is about, and the way to it."""
    kept = work.packs.section(workspace, ref)
    if kept is None:
        raise KeyError(ref)
    is_tested = any(q.value.topic == kept.value.topic for q in work.packs.quizzes(workspace))
    return messages.invitation(kept.value, is_tested=is_tested)


def find_openers(
    work: LibraryWork,
    about: Sequence[str],
    people: Sequence[PersonId],
    _now: datetime,
    _since: date,
) -> AbstractSet[PersonId]:
    """`section_opened(id)`: has opened it as it stands now. It is told by marks that name
    nobody: each of these people is asked for, one by one."""
    found: set[PersonId] = set()
    for workspace in {person.workspace for person in work.people.several(people)}:
        kept = work.packs.section(workspace, about[0])
        if kept is not None:
            found |= work.library.readers_among(about[0], kept.version, people)
    return found


ACTIVITIES: dict[str, Activity[LibraryWork]] = {
    "section": Activity(find, show, every, teaches=True)
}
EVIDENCE: dict[str, Evidence[LibraryWork]] = {"section_opened": find_openers}
