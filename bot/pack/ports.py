"""What is kept of packs, within one open transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, Protocol, TypeVar, overload

from bot.ids import PersonId, TopicId, WorkspaceId
from bot.pack.document import Campaign, Document, Metric, Piece, Prompt
from bot.pack.item import Item
from bot.pack.model import Kind, Quiz, Section, Tip

C_co = TypeVar("C_co", bound=Piece | Item, covariant=True)


@dataclass(frozen=True, slots=True)
class Kept(Generic[C_co]):
    """One thing as it stands now. `version` follows from what it says; a `retired` one is
    shown to nobody new. `pack` is empty for what was written in chat."""

    value: C_co
    version: str
    retired: bool
    changed_at: datetime
    pack: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """One version that something had, and who made it so (None: a pack)."""

    kind: Kind
    id: str
    version: str
    at: datetime
    by: PersonId | None
    note: str
    body: str
    """JSON of all that it said, defaults written out. A quiz names its items there by id and
    digest: their bodies stand in their own history."""


@dataclass(frozen=True, slots=True)
class Put:
    """Something to keep, new or changed. Statistics of the items named as `editorial` go on.

    `brought` is what the pack itself says, where `value` also holds what people changed since.
    """

    value: Piece
    pack: str
    at: datetime
    by: PersonId | None = None
    note: str = ""
    editorial: frozenset[str] = frozenset()
    brought: Piece | None = None


class PackStore(Protocol):
    """Sections, tips, quizzes and documents of a workspace, with every version they had."""

    def section(self, workspace: WorkspaceId, id_: str) -> Kept[Section] | None: ...

    def sections(self, workspace: WorkspaceId, topic: TopicId) -> Sequence[Kept[Section]]:
        """Those of a topic that are not retired, by title."""

    def tip(self, workspace: WorkspaceId, id_: str) -> Kept[Tip] | None: ...

    def tips(self, workspace: WorkspaceId, topics: Iterable[TopicId]) -> Sequence[Kept[Tip]]:
        """Those of the topics that are not retired and not drafts, by when they came and id."""

    def quiz(self, workspace: WorkspaceId, id_: str) -> Kept[Quiz] | None:
        """As it stands now, with all its items."""

    def quiz_at(self, workspace: WorkspaceId, id_: str, version: str) -> Quiz:
        """As it stood in that version, from memory where it was read before.

        Raises:
            KeyError: it never had that version.
        """

    def quizzes(self, workspace: WorkspaceId) -> Sequence[Kept[Quiz]]:
        """Those that are not retired, by title."""

    @overload
    def document(
        self, workspace: WorkspaceId, kind: Literal[Kind.PROMPT], id_: str
    ) -> Kept[Prompt] | None: ...
    @overload
    def document(
        self, workspace: WorkspaceId, kind: Literal[Kind.CAMPAIGN], id_: str
    ) -> Kept[Campaign] | None: ...
    @overload
    def document(
        self, workspace: WorkspaceId, kind: Literal[Kind.METRIC], id_: str
    ) -> Kept[Metric] | None: ...
    @overload
    def document(self, workspace: WorkspaceId, kind: Kind, id_: str) -> Kept[Document] | None: ...
    def document(self, workspace: WorkspaceId, kind: Kind, id_: str) -> Kept[Document] | None:
        """The prompt, campaign or metric of that id, retired or not."""

    @overload
    def documents(
        self, workspace: WorkspaceId, kind: Literal[Kind.PROMPT]
    ) -> Sequence[Kept[Prompt]]: ...
    @overload
    def documents(
        self, workspace: WorkspaceId, kind: Literal[Kind.CAMPAIGN]
    ) -> Sequence[Kept[Campaign]]: ...
    @overload
    def documents(
        self, workspace: WorkspaceId, kind: Literal[Kind.METRIC]
    ) -> Sequence[Kept[Metric]]: ...
    @overload
    def documents(self, workspace: WorkspaceId, kind: Kind) -> Sequence[Kept[Document]]: ...
    def documents(self, workspace: WorkspaceId, kind: Kind) -> Sequence[Kept[Document]]:
        """Those of a kind that are not retired, by when they came and id."""

    def document_at(self, workspace: WorkspaceId, kind: Kind, id_: str, version: str) -> Document:
        """As it stood in that version: what was approved, whatever was written since.

        Raises:
            KeyError: it never had that version.
        """

    def put(self, workspace: WorkspaceId, things: Iterable[Put]) -> Sequence[str]:
        """Keep them; returns the ids of those of which anything changed. What says the same as
        before is left alone; what was retired is back."""

    def retire(self, workspace: WorkspaceId, kind: Kind, ids: Iterable[str], at: datetime) -> None:
        """Out of use from now on; nothing is deleted. With a quiz go its items. Letters to people
        that are about it (`tip:ID`, see `bot.outbox.Letter`) and have not begun are taken back."""

    def brought(self, workspace: WorkspaceId, kind: Kind, id_: str) -> Piece | None:
        """What its pack said last, whatever people changed since."""

    def quiz_of(self, workspace: WorkspaceId, item: str) -> str | None:
        """The quiz that an item is in, or was in last."""

    def ids(self, workspace: WorkspaceId, kind: Kind, pack: str) -> Sequence[str]:
        """Of what the pack brought and is not retired."""

    def history(self, workspace: WorkspaceId, kind: Kind, id_: str) -> Sequence[Edition]:
        """Every version, the newest first. Items have a history of their own."""

    def family(self, workspace: WorkspaceId, item: str, version: str) -> str:
        """The version since which an item means the same: editorial changes keep it. What is
        known of an item's answers counts by family."""

    def detach(self, workspace: WorkspaceId, person: PersonId) -> int:
        """Take a person's name off all that they changed; returns how many versions."""
