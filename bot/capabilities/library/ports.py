"""What the library needs from storage, beyond `bot.ports.Work`. `work.py` puts it together.

A thing is named as in `bot.pack.issue`: `section:ID`, `item:ID`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.ids import ArticleId, PersonId, QuestionId, TopicId, WorkspaceId
from bot.pack.answer import Raw
from bot.pack.flag import Retaken, Share
from bot.pack.statistic import Given
from bot.search import Entry


@dataclass(frozen=True, slots=True)
class Signal:
    """Somebody did not understand a thing: a tap on *unclear*, or a question about it. One that
    does not `count` belongs to a tap that was counted."""

    at: datetime
    question: QuestionId | None = None
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about a thing, without a word of who asked it: where they name themselves in it
    stands “a colleague”."""

    question: QuestionId
    number: int
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """An accepted answer to a question about a thing, as the FAQ has it now. `author` is named
    where they are credited; `verified`, if a steward stands behind it."""

    article: ArticleId
    title: str
    text: str
    author: PersonId | None
    verified: bool
    topic: TopicId | None


@dataclass(frozen=True, slots=True)
class Missed:
    """An item that a person was wrong about last time, and what they answered."""

    item: str
    quiz: str
    quiz_version: str
    raw: Raw


@dataclass(frozen=True, slots=True)
class Answers:
    """What first attempts and re-takes of a quiz tell of its items; these are called `ITEM@FAMILY`.

    `cold` are the core blocks of first attempts. `read` are first answers to an item of people
    who had missed its objective and tried again.
    """

    cold: Sequence[Given]
    read: Sequence[Given]


class Library(Protocol):
    """What readers say and are shown, within one open transaction (`work.library`)."""

    def note_reader(
        self, workspace: WorkspaceId, section: str, version: str, person: PersonId, at: datetime
    ) -> None:
        """Count that somebody opened a version of a section: once, and without keeping who."""

    def readers_among(
        self, section: str, version: str, people: Sequence[PersonId]
    ) -> frozenset[PersonId]:
        """Which of these people have opened a version of a section."""

    def readers(
        self, workspace: WorkspaceId, section: str, since: datetime, until: datetime
    ) -> int:
        """How many opened it from `since` on and before `until`."""

    def note_unclear(
        self, workspace: WorkspaceId, about: str, version: str, person: PersonId, at: datetime
    ) -> bool:
        """Count that somebody does not understand a version of a thing: once, and without
        keeping who. False if they have said so before."""

    def note_question(
        self,
        workspace: WorkspaceId,
        about: str,
        question: QuestionId,
        at: datetime,
        *,
        counts: bool,
    ) -> None:
        """Keep that a question is about a thing."""

    def signals(
        self, workspace: WorkspaceId, about: str, since: datetime, until: datetime
    ) -> Sequence[Signal]:
        """From `since` on and before `until`, in order."""

    def asked(self, questions: Collection[QuestionId]) -> Sequence[Asked]:
        """Those of the questions that were not withdrawn, the last asked first."""

    def unsaid(self, workspace: WorkspaceId, topic: TopicId, since: datetime) -> Sequence[Asked]:
        """Questions about a topic from `since` on of which no entry of the FAQ was made and
        which none settled, the last asked first, as many as can be held against each other."""

    def entries(self, workspace: WorkspaceId, topic: TopicId) -> Sequence[Entry]:
        """What may be found about a topic in the FAQ."""

    def attach(
        self,
        workspace: WorkspaceId,
        about: str,
        question: QuestionId,
        article: ArticleId,
        at: datetime,
    ) -> None:
        """Show an entry of the FAQ under a thing from now on."""

    def answers(
        self, workspace: WorkspaceId, about: Sequence[str], limit: int
    ) -> Sequence[Answered]:
        """What is attached to things and may be shown to everybody, each entry once; what a
        steward stands behind first, then the newest."""

    def listen(self, workspace: WorkspaceId, about: str, person: PersonId, at: datetime) -> None:
        """Tell the person when the thing was changed."""

    def listens(self, about: str, person: PersonId) -> bool: ...

    def take_listeners(self, workspace: WorkspaceId, about: str) -> Sequence[PersonId]:
        """Who wanted to be told; they are forgotten here by that."""

    def listening(self, person: PersonId) -> Sequence[str]:
        """What a person wants to be told of."""

    def forget(self, person: PersonId) -> None:
        """The person has left: they want to be told of nothing."""

    def missed(self, person: PersonId, items: Collection[str]) -> Missed | None:
        """Which of the items the person was wrong about last, if they were not right since."""

    def given(self, workspace: WorkspaceId, quiz: str) -> Answers:
        """All that was answered at a quiz and counts for statistics."""

    def retaken(
        self, workspace: WorkspaceId, quiz: str, since: datetime, until: datetime
    ) -> Retaken:
        """What was answered in re-takes of a quiz from `since` on and before `until`."""

    def right(
        self,
        workspace: WorkspaceId,
        items: Collection[str],
        since: datetime,
        until: datetime,
        *,
        first: bool,
    ) -> Share:
        """How many answers to the items from `since` on and before `until` were right, in first
        attempts or in re-takes."""


class Stores(Protocol):
    """All that the library keeps, within one open transaction."""

    @property
    def library(self) -> Library: ...
