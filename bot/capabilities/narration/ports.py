"""What narration needs from storage, beyond `bot.ports.Work`. `work.py` puts it together.

Whoever asks is called `actor`, and nobody else can be named: there is no way to list, count or
filter by a person what they did not share with who asks. A test holds this file to that.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from bot.capabilities.narration.model import (
    Asked,
    Consent,
    Digest,
    Habit,
    Introduction,
    Narration,
    Scope,
    Sort,
    State,
)
from bot.ids import ArticleId, PersonId, TopicId, WorkspaceId


class NarrationStore(Protocol):
    """What people wrote, sealed for each with a key of their own."""

    # --- of who asks

    def get(self, actor: PersonId, id_: str) -> Narration | None:
        """The actor's own, or one that was shared with them and was not withdrawn."""

    def own(
        self, actor: PersonId, states: Collection[State], limit: int, since: date | None = None
    ) -> Sequence[Narration]:
        """The actor's own, written on `since` or later, the newest first."""

    def shared_with(
        self,
        actor: PersonId,
        limit: int,
        sort: Sort | None = None,
        *,
        since: date | None = None,
        is_matched: bool = False,
    ) -> Sequence[Narration]:
        """What others have shared with the actor, by name or with all, on `since` or later, the
        newest first. `is_matched`: only of authors who allow that it is found so
        (`Scope.MATCH_SHARED`)."""

    def has_shared(self, actor: PersonId, least: int) -> bool:
        """Whether the actor has shared so many that are not withdrawn."""

    def forget(self, actor: PersonId) -> None:
        """Nothing is left of the actor's, nor of what was shared with them by name."""

    def habit(self, actor: PersonId, workspace: WorkspaceId) -> Habit:
        """A new one for somebody of whom nothing is kept."""

    def ledger(self, actor: PersonId) -> Mapping[Scope, Consent]:
        """The newest line of each scope that the actor has ever decided about."""

    def history(self, actor: PersonId) -> Sequence[Consent]:
        """All lines of the actor's ledger, the oldest first."""

    # --- one thing at a time, whose author or owner it names itself

    def add(self, narration: Narration) -> None: ...

    def save(self, narration: Narration) -> Narration:
        """Replace the version that was read; returns the value with its new version.

        Raises:
            Conflict: it was changed since it was read.
        """

    def delete(self, narration: Narration) -> Sequence[Digest]:
        """Nothing is left of it, of who may read it, and of introductions over it; says which
        digests mentioned it. None is posted meanwhile that does.

        Raises:
            Conflict: it was changed since it was read.
        """

    def freeze(self, narration: str, readers: Collection[PersonId]) -> None:
        """Who may read it; nobody is added later."""

    def readers(self, actor: PersonId, narration: str) -> Sequence[PersonId]:
        """Who may read the actor's own, where that is not everybody."""

    def keep_channel(self, actor: PersonId, workspace: WorkspaceId, channel: str) -> None:
        """What the actor calls their team's channel from now on."""

    def add_consent(self, consent: Consent) -> None:
        """Write down a decision: one that is withdrawn closes the line of when it was given."""

    # --- of many people's slots, for whoever owns them

    def habits(self, actors: Sequence[PersonId]) -> Mapping[PersonId, Habit]:
        """Of those of whom something is kept."""

    def answered(self, people: Sequence[PersonId], prompt: str, since: date) -> frozenset[PersonId]:
        """Who of those for whom a campaign plans something has written in answer to its prompt,
        on `since` or later. It is the one question here about others; nobody's eyes get its answer
        (`lending`)."""

    def note_prompts(self, habits: Sequence[Habit]) -> None:
        """Keep the sort of each one's last prompt, and leave the rest as it is."""

    # --- introductions

    def introduce(self, introduction: Introduction) -> bool:
        """False when the two were brought together, or asked, over this before."""

    def introductions(self, actor: PersonId) -> Sequence[Introduction]:
        """Those in which the actor is one of the two, the oldest first."""

    def introduction(self, actor: PersonId, id_: str) -> Introduction | None:
        """One in which the actor is one of the two."""

    def answer_introduction(self, introduction: Introduction) -> bool:
        """Keep how it was answered; False when it was answered before, or is not there."""

    def drop_introductions(self, actor: PersonId) -> None:
        """Those of the actor that wait for an answer."""

    # --- digests

    def to_digest(
        self, workspace: WorkspaceId, conversation: str, since: date, until: date
    ) -> Sequence[Narration]:
        """What may be mentioned in a conversation: shared there or with everybody from
        `since` on and before `until`, where its author allows it; the oldest first."""

    def add_digest(self, digest: Digest) -> None:
        """Insert or replace."""

    def digests_with(self, narration: str) -> Sequence[Digest]:
        """Those that mention it."""


class Communities(Protocol):
    """Who would see what is shared. Only as many, or as ids to be frozen."""

    def count(self, workspace: WorkspaceId) -> int:
        """How many people there are."""

    def of_topic(self, workspace: WorkspaceId, topic: TopicId) -> Sequence[PersonId]:
        """Who follows a topic, has said that they know about it or learns it, or looks after it."""

    def is_known(self, actor: PersonId, workspace: WorkspaceId, topic: TopicId) -> bool:
        """Whether somebody else has said that they can be asked about a topic."""

    def of_conversation(self, workspace: WorkspaceId, conversation: str) -> Sequence[PersonId]:
        """Who is in a conversation, as far as that has been read."""


class Kin(Protocol):
    """What others wrote before everybody."""

    def open_questions(
        self, actor: PersonId, workspace: WorkspaceId, limit: int
    ) -> Sequence[Asked]:
        """What others than the actor asked openly in a channel and waits for an answer, the
        newest first."""

    def published(self, workspace: WorkspaceId, article: ArticleId) -> str | None:
        """The title of an FAQ entry; None for one that a steward has not published."""


class Suggested(Protocol):
    """An FAQ entry that may have to do with some words."""

    @property
    def article(self) -> ArticleId: ...


class Suggester(Protocol):
    """What finds FAQ entries by words."""

    def suggest(
        self, work: Any, workspace: WorkspaceId, text: str, limit: int = 3
    ) -> Sequence[Suggested]:
        """Entries worth offering for these words, the best first."""


class Stores(Protocol):
    """All that narration keeps, within one open transaction."""

    @property
    def narrations(self) -> NarrationStore: ...

    @property
    def communities(self) -> Communities: ...

    @property
    def kin(self) -> Kin: ...

    @property
    def memory(self) -> Suggester: ...
