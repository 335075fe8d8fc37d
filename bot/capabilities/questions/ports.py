"""What questions need from storage, beyond `bot.ports.Work`. `work.py` puts it together."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.capabilities.questions.model import (
    Article,
    ArticleState,
    Credit,
    Declaration,
    Endorsement,
    Event,
    Indexed,
    Offer,
    PastQuestion,
    Question,
    State,
    Tally,
    Turn,
    Use,
)
from bot.ids import AnswerId, ArticleId, PersonId, QuestionId, TopicId, WorkspaceId
from bot.topic import TopicStore


class ExpertStore(Protocol):
    def declare(self, declaration: Declaration) -> None:
        """Replaces what the person said about that topic before."""

    def declarations(self, workspace: WorkspaceId) -> Sequence[Declaration]: ...

    def declared_by(self, person: PersonId) -> Sequence[Declaration]:
        """What one person said about topics, by topic."""

    def credit(self, credit: Credit) -> bool:
        """False when the key was credited before."""

    def credits_since(self, workspace: WorkspaceId, since: datetime) -> Sequence[Credit]: ...

    def endorse(self, endorsement: Endorsement) -> None:
        """A second one by the same person for the same topic changes nothing."""

    def endorsements(self, workspace: WorkspaceId) -> Sequence[Endorsement]: ...

    def forget(self, person: PersonId) -> None:
        """What the person said about topics, and what was said or earned of them, is gone."""


class QuestionStore(Protocol):
    def next_number(self, workspace: WorkspaceId) -> int:
        """1, 2, 3 ... within the workspace; never given twice."""

    def add(self, question: Question) -> None: ...

    def get(self, question: QuestionId) -> Question | None: ...

    def by_number(self, workspace: WorkspaceId, number: int) -> Question | None: ...

    def about(self, workspace: WorkspaceId, about: str) -> Sequence[Question]:
        """Those that were asked about exactly that, oldest first."""

    def askers(self, people: Sequence[PersonId], since: datetime) -> frozenset[PersonId]:
        """Which of these people have asked with their name since then."""

    def save(self, question: Question) -> Question:
        """Replace the version that was read; returns the value with its new version.

        Raises:
            Conflict: the question was changed since it was read.
        """

    def record(self, event: Event) -> None:
        """Append to the question's events."""

    def events(self, question: QuestionId) -> Sequence[Event]:
        """All events of a question in order."""

    def add_turn(self, turn: Turn) -> None: ...

    def turn(self, turn: AnswerId) -> Turn | None: ...

    def turns(self, question: QuestionId) -> Sequence[Turn]:
        """All turns in order."""

    def save_offer(self, offer: Offer) -> None:
        """Insert or replace the offer of this question to this person."""

    def offers(self, question: QuestionId) -> Sequence[Offer]: ...

    def offers_since(self, workspace: WorkspaceId, since: datetime) -> Sequence[Offer]:
        """Everybody's offers made at or after `since`, oldest first."""

    def refusals(
        self, workspace: WorkspaceId, topic: TopicId
    ) -> Sequence[tuple[PersonId, datetime]]:
        """Who said "not my field" to a question of the topic, and when it was offered."""

    def asked_by(self, person: PersonId, limit: int) -> Sequence[Question]:
        """The person's questions, newest first; anonymous ones are not known here."""

    def offered_to(self, person: PersonId) -> Sequence[Question]:
        """Open questions with an open offer to the person, oldest first."""

    def held_by(self, person: PersonId) -> Sequence[Question]:
        """Questions claimed by the person and not closed yet, oldest first."""

    def answered_by(self, person: PersonId, since: datetime) -> Sequence[Question]:
        """Questions that the person answered and that changed since, newest first; whoever asked
        one of them is not told of here."""

    def in_states(
        self,
        workspace: WorkspaceId,
        states: frozenset[State],
        limit: int,
        *,
        newest_first: bool = False,
        topics: Sequence[TopicId] | None = None,
    ) -> Sequence[Question]:
        """In the order in which they were asked, or the other way round; of some topics, where
        they are named."""

    def unnamed(self, workspace: WorkspaceId, since: datetime) -> Sequence[Question]:
        """All questions without their asker's name that are open, or were asked at or after
        `since` and answered and settled; oldest first."""

    def count_ask(self, person: PersonId, day: date) -> int:
        """Count one more question of the person on that local day; returns the count."""

    def waits(
        self, workspace: WorkspaceId, topic: TopicId | None, since: datetime, until: datetime
    ) -> Sequence[timedelta | None]:
        """How long each question of the topic asked from `since` to before `until` waited for its
        first answer; None is one still without. Those that needed nobody (solved by the FAQ,
        withdrawn, joined with another) are left out."""

    def subscribe(self, question: QuestionId, other: QuestionId) -> None:
        """The asker of `other`, a duplicate, is told too what becomes of `question`."""

    def subscribers(self, question: QuestionId) -> Sequence[QuestionId]: ...

    def past_since(self, workspace: WorkspaceId, revision: int) -> Sequence[PastQuestion]:
        """Answered questions changed after `revision`, by revision (see `Memory`).

        Revisions grow in commit order, so that none is ever missed.
        """


class ArticleStore(Protocol):
    def get(self, article: ArticleId) -> Article | None: ...

    def save(self, article: Article) -> Article:
        """Insert (version 0) or replace the version that was read, keeping history.

        Raises:
            Conflict: the article was changed since it was read.
        """

    def history(self, article: ArticleId) -> Sequence[Article]:
        """All versions, oldest first."""

    def by_source(self, workspace: WorkspaceId, source: str) -> Article | None: ...

    def of_question(self, question: QuestionId) -> Article | None: ...

    def in_states(
        self,
        workspace: WorkspaceId,
        states: frozenset[ArticleState],
        limit: int,
        topics: Sequence[TopicId] | None = None,
    ) -> Sequence[Article]:
        """Longest unchanged first; of some topics, where they are named."""

    def doubted(
        self, workspace: WorkspaceId, limit: int, topics: Sequence[TopicId] | None = None
    ) -> Sequence[Article]:
        """Those of which `model.is_doubted` is true, longest unchanged first; of some topics,
        where they are named."""

    def by_author(self, person: PersonId) -> Sequence[Article]:
        """Articles that name the person as author or verifier."""

    def shared_by(self, person: PersonId, limit: int) -> tuple[Sequence[Article], int]:
        """Articles that others may be shown and that name the person as author: the newest
        ones, and how many there are."""

    def helped(self, person: PersonId) -> int:
        """How often others were helped by the person's articles (solved or worked)."""

    def use(self, use: Use) -> bool:
        """Note evidence. False when its key was noted before."""

    def askers(self, article: Article) -> int:
        """How many people it has helped, with the one whose question it came from. Who asked
        without a name is somebody else each time."""

    def tally(self, article: ArticleId, since: datetime | None = None) -> Tally: ...

    def confirmations(self, workspace: WorkspaceId) -> Sequence[tuple[float, bool]]:
        """Score and whether it solved the question, of every suggestion with a score
        that was tapped Solves it (True) or No (False)."""

    def remember_phrasing(self, article: ArticleId, text: str, at: datetime) -> None:
        """Keep the words of an asker whom the article helped; the newest 20 are kept."""

    def phrasings(self, article: ArticleId) -> Sequence[str]: ...

    def detach(
        self, workspace: WorkspaceId, person: PersonId, only: ArticleId | None = None
    ) -> int:
        """Take a person's name off every article, or one, and its history; returns how many."""

    def indexed_since(self, workspace: WorkspaceId, revision: int, limit: int) -> Sequence[Indexed]:
        """The first `limit` articles changed after `revision`, by revision; see `past_since`.

        A change of text, state or phrasings is a change.
        """


class Stores(Protocol):
    """All that questions keep, within one open transaction."""

    @property
    def topics(self) -> TopicStore: ...

    @property
    def experts(self) -> ExpertStore: ...

    @property
    def questions(self) -> QuestionStore: ...

    @property
    def articles(self) -> ArticleStore: ...
