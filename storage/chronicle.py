"""What happened in a workspace, read back for who played it: never for who works there.

It tells of single people, so nothing but a simulation of made-up ones may ask (`inflow simulate`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from bot.capabilities.quizzes.model import State
from bot.capabilities.tips.model import Reaction
from bot.ids import PersonId, WorkspaceId
from bot.outbox import LetterState
from storage.quiz_tables import attempts, responses, waivers
from storage.tables import outbox
from storage.tip_tables import tip_reviews


@dataclass(frozen=True, slots=True)
class Received:
    """Something unsolicited that a person got: for which local day, and at which moment."""

    person: PersonId
    kind: str
    day: date
    at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer to the question of a tip, or another reaction to the tip."""

    person: PersonId
    tip: str
    number: int
    day: date
    reaction: Reaction


@dataclass(frozen=True, slots=True)
class Taken:
    """One attempt that was begun."""

    id: str
    person: PersonId
    quiz: str
    started_at: datetime
    state: State
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Asked:
    """One item that a person answered in an attempt."""

    person: PersonId
    quiz: str
    attempt: str
    objective: str
    item: str


class Chronicle:
    """What happened so far in one workspace, within one open transaction."""

    def __init__(self, connection: Connection, workspace: WorkspaceId) -> None:
        self._connection = connection
        self._workspace = workspace

    def next_letter(self) -> datetime | None:
        """When the first of the letters that wait may go; what goes at once has been due since
        1970."""
        due: datetime | None = self._connection.execute(
            select(func.min(outbox.c.due_at)).where(outbox.c.state == LetterState.PENDING)
        ).scalar()
        return due

    def received(self) -> Sequence[Received]:
        """Everything unsolicited that reached anybody, in the order in which it did."""
        rows = self._connection.execute(
            select(outbox.c.person, outbox.c.kind, outbox.c.day, outbox.c.settled_at)
            .where(
                outbox.c.workspace == self._workspace,
                outbox.c.state == LetterState.SENT,
                outbox.c.day.is_not(None),
            )
            .order_by(outbox.c.settled_at, outbox.c.person)
        )
        return [Received(*row) for row in rows]

    def skipped(self) -> Sequence[tuple[str, str, int]]:
        """How many letters were not sent, by kind and by why."""
        columns = (outbox.c.kind, func.coalesce(outbox.c.why, ""))
        rows = self._connection.execute(
            select(*columns, func.count())
            .where(
                outbox.c.workspace == self._workspace,
                outbox.c.state.in_([LetterState.SUPPRESSED, LetterState.CANCELLED]),
            )
            .group_by(*columns)
            .order_by(*columns)
        )
        return [(kind, why, count) for kind, why, count in rows]

    def answered(self) -> Sequence[Answered]:
        """All that people did with tips, of each person and tip in order."""
        columns = ("person", "tip", "number", "day", "reaction")
        rows = self._connection.execute(
            select(*(tip_reviews.c[name] for name in columns))
            .where(tip_reviews.c.workspace == self._workspace)
            .order_by(tip_reviews.c.person, tip_reviews.c.tip, tip_reviews.c.number)
        )
        return [Answered(*row) for row in rows]

    def taken(self) -> Sequence[Taken]:
        """All attempts that were begun, first ones first."""
        columns = ("id", "person", "quiz", "started_at", "state", "decided_at")
        rows = self._connection.execute(
            select(*(attempts.c[name] for name in columns))
            .where(attempts.c.workspace == self._workspace, attempts.c.started_at.is_not(None))
            .order_by(attempts.c.started_at, attempts.c.id)
        )
        return [Taken(*row) for row in rows]

    def asked(self) -> Sequence[Asked]:
        """All items that were answered, in the order in which they were."""
        rows = self._connection.execute(
            select(
                attempts.c.person,
                attempts.c.quiz,
                attempts.c.id,
                responses.c.objective,
                responses.c.item,
            )
            .join(responses, responses.c.attempt == attempts.c.id)
            .where(attempts.c.workspace == self._workspace)
            .order_by(attempts.c.started_at, attempts.c.id, responses.c.order)
        )
        return [Asked(*row) for row in rows]

    def given_back(self) -> tuple[int, int]:
        """How many people need not read something, and how many minutes of it all together."""
        people, minutes = self._connection.execute(
            select(
                func.count(waivers.c.person.distinct()),
                func.coalesce(func.sum(waivers.c.minutes), 0),
            ).where(waivers.c.workspace == self._workspace)
        ).one()
        return int(people), int(minutes)
