"""What one capability has that another may put before many people: a tip, a quiz, a prompt.

A campaign is a row of activities, and knows none of the capabilities from which they come. Each
capability says for its formats how to find what a reference names and what its message is, and
for its words of evidence who of some people has it. The registry puts them together and hands
them to every handler (`Context.activities`).
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, Protocol, TypeVar

from bot.ids import PersonId, WorkspaceId
from bot.message import Message

# The transaction is each capability's own; what all have in common (`bot.ports.Work`) would be
# imported in a circle here.
W_contra = TypeVar("W_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Found:
    """What a reference names. A `retired` one is put before nobody any more.

    `topic` is what it teaches, where it teaches anything: who has shown that they need not be
    taught it does not get it (`bot.pack.waiver`). `objective` (`quiz/objective`) narrows that.
    """

    ref: str
    title: str
    topic: str | None = None
    objective: str | None = None
    retired: bool = False


class Find(Protocol[W_contra]):
    """What a reference names in a workspace; None for what there never was."""

    def __call__(self, work: W_contra, workspace: WorkspaceId, ref: str, /) -> Found | None: ...


class Every(Protocol[W_contra]):
    """All that can be put before people of a workspace now, by title, without retired ones."""

    def __call__(self, work: W_contra, workspace: WorkspaceId, /) -> Sequence[Found]: ...


class Show(Protocol[W_contra]):
    """The message for a reference that was found: the same for everybody who gets it, with room
    for two more parts. Its buttons name actions of the capability's own."""

    def __call__(self, work: W_contra, workspace: WorkspaceId, ref: str, /) -> Message: ...


class Evidence(Protocol[W_contra]):
    """Who of these people has the evidence at `now`; `about` is what stood in the brackets:
    `certified(quiz)` asks with `("quiz",)`. `since` is the first day of what asks: of what people
    do again and again only that counts which they have done from then on. Nobody is told who it
    was."""

    def __call__(
        self,
        work: W_contra,
        about: Sequence[str],
        people: Sequence[PersonId],
        now: datetime,
        since: date,
        /,
    ) -> AbstractSet[PersonId]: ...


class Writing(Protocol[W_contra]):
    """What somebody has written and proposes to others; None when it is not there any more.
    Whoever does something with it later keeps its id until then, and not its words."""

    def __call__(self, work: W_contra, author: PersonId, ref: str, /) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Activity(Generic[W_contra]):
    """A format of activities: `tip`, `section`, `quiz`, `prompt`."""

    find: Find[W_contra]
    show: Show[W_contra]
    every: Every[W_contra] | None = None
    """Without it a reference has to be known to who writes a campaign."""
    teaches: bool = False
    """Whether who has tested out of its topic is spared it."""
    is_answered: str | None = None
    """The word of evidence by which `only_if: not_answered` is decided (`answered`)."""
    needs_example: bool = False
    """Whether the owner of a campaign has to go first: `has_modelled` is the evidence."""


@dataclass(frozen=True, slots=True)
class Activities:
    """All formats, all words of evidence and all kinds of writing that there are."""

    formats: Mapping[str, Activity[Any]] = field(default_factory=dict)
    evidence: Mapping[str, Evidence[Any]] = field(default_factory=dict)
    writings: Mapping[str, Writing[Any]] = field(default_factory=dict)


NO_ACTIVITIES = Activities()
