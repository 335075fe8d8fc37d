"""What tips need from storage, beyond `bot.ports.Work`. `work.py` puts it together."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

from bot.capabilities.tips.model import (
    Bookmark,
    Card,
    Due,
    Following,
    Learner,
    Misbelief,
    Nomination,
    Review,
    Shown,
    Standing,
    Subscription,
    Tally,
)
from bot.ids import PersonId, TopicId, WorkspaceId


class TipStore(Protocol):
    """Who follows what, and where they stand with each tip."""

    # --- of one person

    def subscriptions(self, person: PersonId) -> Sequence[Subscription]:
        """All of a person's, ended ones too, by topic."""

    def save_subscriptions(self, subscriptions: Iterable[Subscription]) -> None:
        """Insert or replace."""

    def learner(self, person: PersonId, workspace: WorkspaceId) -> Learner:
        """A new one for somebody of whom nothing is kept."""

    def save_learners(self, learners: Iterable[Learner]) -> None:
        """Insert or replace."""

    def card(self, person: PersonId, tip: str) -> Card | None: ...

    def cards(self, person: PersonId, topics: Iterable[TopicId]) -> Sequence[Card]:
        """A person's cards of these topics, those that are due soonest first and those that are
        never due last."""

    def every_card(self, person: PersonId) -> Sequence[Card]:
        """All of a person's, by topic and tip."""

    def add_cards(self, cards: Iterable[Card]) -> None:
        """Insert those that are new, and leave the others as they are."""

    def save_cards(self, cards: Iterable[Card]) -> None:
        """Insert or replace."""

    def count_active(self, person: PersonId) -> int:
        """The person's cards under way in topics that they follow."""

    def count_cards(self, person: PersonId) -> int: ...

    def add_review(self, review: Review) -> None:
        """Keep a reaction, or replace the one of that number."""

    def drop_review(self, person: PersonId, tip: str, number: int) -> None:
        """As if it had never been said."""

    def reviews(self, person: PersonId, tip: str) -> Sequence[Review]:
        """A person's reactions to a tip, oldest first."""

    def count_reviews(self, person: PersonId) -> int: ...

    def forget(self, person: PersonId) -> None:
        """All that is kept of a person's tips."""

    # --- of many people at once

    def following(self, people: Sequence[PersonId]) -> Sequence[Following]:
        """What these people follow at the moment, in no certain order."""

    def standings(self, people: Sequence[PersonId]) -> Sequence[Standing]:
        """Where they stand; those of whom nothing is kept are left out."""

    def due(self, people: Sequence[PersonId], upto: date) -> Sequence[Due]:
        """Their cards that are due on that local day or before, in no certain order."""

    def seen(self, people: Sequence[PersonId]) -> Mapping[PersonId, frozenset[str]]:
        """The tips of which these people have cards."""

    def note_shown(self, shown: Sequence[Shown]) -> None:
        """Keep on cards that there are that they were shown."""

    def keep_picks(self, learners: Sequence[Learner]) -> None:
        """Keep what was chosen last for people of whom something is kept; how many cards they
        have under way stays as it is."""

    def move_bookmarks(self, bookmarks: Sequence[Bookmark]) -> None:
        """Keep where people are in their topics."""

    # --- of a tip, or a workspace

    def tally(self, workspace: WorkspaceId, tip: str) -> Tally:
        """What people said of a tip, as many as they are."""

    def misbelief(self, workspace: WorkspaceId, tip: str) -> Misbelief:
        """Who was wrong about a tip, and how sure they were, as many as they are."""

    def nominate(self, nomination: Nomination) -> bool:
        """False when the answer was nominated before: then only `asked` is kept."""

    def asked(self, workspace: WorkspaceId, tips: Iterable[str]) -> Mapping[str, int]:
        """How many people the answers have helped that became these tips."""

    def nomination(self, id_: str) -> Nomination | None: ...

    def save_nomination(self, nomination: Nomination) -> Nomination:
        """Replace the version that was read; returns the value with its new version.

        Raises:
            Conflict: it was changed since it was read.
        """

    def drop_nominations(self, author: PersonId) -> None:
        """Those of whoever wrote the answers that became no tip and that nobody else has before
        them."""

    def drop_proposal(self, workspace: WorkspaceId, question: str) -> Nomination | None:
        """Forget what was proposed under that name and is no tip; returns what it was."""

    def nominations_for(
        self, workspace: WorkspaceId, person: PersonId, topics: Iterable[TopicId]
    ) -> Sequence[Nomination]:
        """Those that wait for the person as author, or for a steward of the topics; oldest
        first."""


class Stores(Protocol):
    """All that tips keep, within one open transaction."""

    @property
    def tips(self) -> TipStore: ...
