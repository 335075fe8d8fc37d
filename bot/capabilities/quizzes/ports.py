"""What quizzes need from storage, beyond `bot.ports.Work`. `work.py` puts it together."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.capabilities.quizzes.certification import Certification, Evidence
from bot.capabilities.quizzes.certification import Event as Change
from bot.capabilities.quizzes.choosing import Seen
from bot.capabilities.quizzes.model import DECIDED, Attempt, Event, Response, State
from bot.ids import AttemptId, CertificationId, PersonId, WorkspaceId
from bot.pack.answer import Raw


class Need(StrEnum):
    """What somebody needs so that a quiz shows what they can do. Declared by themselves, and
    shown to nobody (domain.md 1.8)."""

    PLAIN_TEXT = "plain_text"
    NO_IMAGES = "no_images"
    ONE_A_DAY = "one_item_per_day"
    EXTRA_TIME = "extra_time"
    ALOUD = "alternative_format"
    """To be asked by a person instead."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person has chosen of an answer that is not given yet.

    `path` are the choices so far in a branching case. `raw` is a whole answer that waits for
    the word how sure they are.
    """

    item: str
    path: tuple[str, ...] = ()
    raw: Raw = None


class AttemptStore(Protocol):
    """Attempts with what was answered in them."""

    def add(self, attempt: Attempt) -> None: ...

    def get(self, attempt: AttemptId) -> Attempt | None: ...

    def save(self, attempt: Attempt, changed: Sequence[Response] = ()) -> Attempt:
        """Replace the version that was read; returns the value with its new version. `changed`
        are those of its responses that are new or not as they were read.

        Raises:
            Conflict: the attempt was changed since it was read, or another one of the person at
                this quiz is under way by now.
        """

    def record(self, event: Event) -> None:
        """Append to the attempt's events."""

    def events(self, attempt: AttemptId) -> Sequence[Event]:
        """All events of an attempt in order."""

    def of(self, person: PersonId, quiz: str | None = None) -> Sequence[Attempt]:
        """All of a person, at one quiz if it is named; the last offered first."""

    def under_way(self, person: PersonId) -> Sequence[Attempt]:
        """Those of a person that are neither decided nor over, the last changed first."""

    def who_decided(
        self,
        quiz: str,
        people: Sequence[PersonId],
        since: datetime | None,
        states: Collection[State] = DECIDED,
    ) -> frozenset[PersonId]:
        """Which of these people have an attempt at the quiz that was decided so, not before
        `since`."""

    def with_item(
        self, workspace: WorkspaceId, quiz: str, item: str, limit: int
    ) -> Sequence[Attempt]:
        """Some of those in which the item counts, or stands before the person; without those
        that are void or given up."""

    def in_states(
        self,
        workspace: WorkspaceId,
        quiz: str,
        states: Collection[State],
        limit: int,
        begun_by: datetime,
        after: str = "",
    ) -> Sequence[Attempt]:
        """The next at a quiz in any of the states that were begun by then, by id from after
        `after` on."""

    def quizzes_to_read(self, workspace: WorkspaceId) -> Sequence[str]:
        """The quizzes in which an answer waits for a person, by id."""

    def waiting_for_person(
        self, workspace: WorkspaceId, quizzes: Sequence[str], limit: int
    ) -> Sequence[Attempt]:
        """Those at the quizzes with an answer that a person has to read, longest waiting first."""

    def draft(self, attempt: AttemptId) -> Draft | None:
        """What was chosen of an answer that is not given yet."""

    def keep_draft(self, attempt: AttemptId, draft: Draft | None) -> None:
        """Keep it instead of what was there; None for nothing."""

    def expose(self, workspace: WorkspaceId, quiz: str, objective: str, item: str) -> None:
        """Count that an item was put before somebody."""

    def exposures(self, workspace: WorkspaceId, quiz: str, objective: str) -> Mapping[str, int]:
        """How often each item of an objective was put before anybody; never: left out."""

    def seen(self, person: PersonId, quiz: str, but: AttemptId | None = None) -> Mapping[str, Seen]:
        """What a person was asked at a quiz, but in one attempt."""

    def forget(self, person: PersonId, quizzes: Collection[str]) -> None:
        """Nothing of what a person did at these quizzes is kept."""


class NeedStore(Protocol):
    """Accommodations."""

    def of(self, person: PersonId) -> frozenset[Need]: ...

    def keep(self, person: PersonId, needs: frozenset[Need]) -> None:
        """Keep them instead of those that were there; an empty set forgets the person."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the chain of evidence of a workspace, and whom it is about. What it says and
    whose it is can have been forgotten: then both are empty."""

    id: str
    workspace: WorkspaceId
    person: PersonId
    quiz: str
    at: datetime
    evidence: Evidence


class CertificationStore(Protocol):
    """What people have earned, and the evidence for it."""

    def get(self, certification: CertificationId) -> Certification | None: ...

    def of(self, person: PersonId) -> Sequence[Certification]:
        """All of a person, by quiz."""

    def find(self, person: PersonId, quiz: str) -> Certification | None:
        """The person's certification for a quiz, if there ever was one."""

    def of_quiz(
        self, workspace: WorkspaceId, quiz: str, after: str, limit: int
    ) -> Sequence[Certification]:
        """The next of everybody's for a quiz, by id from after `after` on."""

    def holders(self, quiz: str, people: Sequence[PersonId]) -> frozenset[PersonId]:
        """Which of these people hold a certificate for the quiz, or are exempt."""

    def save(self, certification: Certification) -> Certification:
        """Insert it, or replace the version that was read; returns it with its new version.

        Raises:
            Conflict: it was changed since it was read.
        """

    def record(self, event: Change) -> None:
        """Append to the certification's events."""

    def events(self, certification: CertificationId) -> Sequence[Change]:
        """All events of a certification in order."""

    def attest(self, workspace: WorkspaceId, make: Callable[[Evidence | None], Record]) -> Record:
        """Append to the workspace's chain what is made of its last record. Nobody else appends
        until the end of the transaction."""

    def evidence(self, workspace: WorkspaceId, id_: str) -> Record | None: ...

    def chain(self, workspace: WorkspaceId) -> Iterator[Evidence]:
        """All records of a workspace in order."""

    def forget(self, person: PersonId, quizzes: Collection[str], now: datetime) -> None:
        """What a person has earned at these quizzes is gone, and what its evidence says, as far
        as it need not be kept; that there were records stays."""


class Stores(Protocol):
    """All that quizzes keep, within one open transaction."""

    @property
    def attempts(self) -> AttemptStore: ...

    @property
    def needs(self) -> NeedStore: ...

    @property
    def certifications(self) -> CertificationStore: ...
