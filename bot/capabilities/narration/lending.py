"""What narration lends: to campaigns its prompts, and who has answered one or gone first; to tips
what somebody has proposed as one.

Evidence goes to whoever plans letters, and to nobody's eyes: an answer counts whether it was
shared or kept, so that nobody has to share anything to be left in peace.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime

from bot.activity import Activity, Found
from bot.capabilities.narration import messages
from bot.capabilities.narration.model import MODEL_SHARES
from bot.capabilities.narration.prompting import find_prompt, prompts_of
from bot.capabilities.narration.work import NarrationWork
from bot.ids import PersonId, WorkspaceId
from bot.message import Message, shorten
from bot.pack.model import Kind


def find(work: NarrationWork, workspace: WorkspaceId, ref: str, /) -> Found | None:
    """The prompt of that id."""
    prompt = find_prompt(work, workspace, ref)
    if prompt is None:
        return None
    kept = work.packs.document(workspace, Kind.PROMPT, ref)
    is_retired = kept is not None and kept.retired
    return Found(prompt.id, shorten(prompt.text, 150), retired=is_retired)


def every(work: NarrationWork, workspace: WorkspaceId, /) -> Sequence[Found]:
    """All prompts that there are."""
    return [Found(prompt.id, shorten(prompt.text, 150)) for prompt in prompts_of(work, workspace)]


def show(work: NarrationWork, workspace: WorkspaceId, ref: str, /) -> Message:
    """The prompt, which does not run out by itself: a campaign has an end of its own."""
    prompt = find_prompt(work, workspace, ref)
    if prompt is None:
        raise KeyError(ref)
    return messages.prompt(prompt, None)


def answered(
    work: NarrationWork,
    about: Sequence[str],
    people: Sequence[PersonId],
    _now: datetime,
    since: date,
    /,
) -> AbstractSet[PersonId]:
    """Who has written something in answer to the prompt since a day of theirs."""
    return work.narrations.answered(people, about[0], since)


def has_modelled(
    work: NarrationWork,
    _about: Sequence[str],
    people: Sequence[PersonId],
    _now: datetime,
    _since: date,
    /,
) -> AbstractSet[PersonId]:
    """Who has shared enough of their own to ask others (domain.md 4.3)."""
    return {person for person in people if work.narrations.has_shared(person, MODEL_SHARES)}


def learned(work: NarrationWork, author: PersonId, ref: str, /) -> str | None:
    """What the author learned, in their words as they are now."""
    narration = work.narrations.get(author, ref)
    return narration.lines[0].text if narration and narration.author == author else None


ACTIVITIES = {
    "prompt": Activity(find, show, every, is_answered="answered", needs_example=True),
}
EVIDENCE = {"answered": answered, "has_modelled": has_modelled}
WRITINGS = {"narration": learned}
