"""Delivery truth over the outbox: counts, and who could not be reached."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, Text, case, cast, func, literal_column, select, update

from bot.ids import PersonId, WorkspaceId
from bot.outbox import LetterState
from bot.truth import (
    HELPED_STATES,
    WAITING_STATES,
    KindTally,
    LaneTally,
    LetterFact,
    Tally,
    Unreached,
)
from storage.outbox import MERGED, cancel_letters
from storage.tables import outbox, people

_LETTERS = func.count().label("letters")
# What a platform says of a letter may name the person whom only the relay knows.
_WHY = case((outbox.c.to_kind != literal_column("'relay'"), outbox.c.why))


class SqlTruth:
    """`bot.ports.Truth` over the outbox."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def counts(self, workspace: WorkspaceId, source: str) -> Sequence[Tally]:
        """The letters of a source by state and reason."""
        rows = self._connection.execute(
            select(outbox.c.state, _WHY.label("reason"), _LETTERS)
            .where(
                outbox.c.workspace == workspace,
                outbox.c.source == source,
                outbox.c.state != MERGED,
            )
            .group_by(outbox.c.state, _WHY)
            .order_by(outbox.c.state, _WHY)
        )
        return [Tally(LetterState(row.state), row.reason, row.letters) for row in rows]

    def unreached(
        self, workspace: WorkspaceId, source: str, after: int, limit: int
    ) -> Sequence[Unreached]:
        """Whose letter of the source failed or did not reach them, by the letter's id."""
        rows = self._connection.execute(
            select(outbox.c.id, outbox.c.person, outbox.c.state, outbox.c.why)
            .where(
                outbox.c.workspace == workspace,
                outbox.c.source == source,
                outbox.c.state.in_(sorted(HELPED_STATES)),
                outbox.c.to_kind == "person",
                outbox.c.id > after,
            )
            .order_by(outbox.c.id)
            .limit(limit)
        )
        return [
            Unreached(row.id, PersonId(row.person), LetterState(row.state), row.why) for row in rows
        ]

    def reopen(
        self,
        workspace: WorkspaceId,
        source: str,
        states: Collection[LetterState],
        upto: int,
        limit: int,
    ) -> Sequence[PersonId]:
        """Take failed or unreachable letters to people who are still here, and with ids up to
        `upto`, out of the source's account; whose they were.

        Their rows stay for operators, under another key, so that the same letter can be
        promised again.

        Raises:
            ValueError: letters in one of the states are never sent again.
        """
        if not HELPED_STATES.issuperset(states):
            raise ValueError(f"never sent again: {sorted(set(states) - HELPED_STATES)}")
        taken = (
            select(outbox.c.id)
            .where(
                outbox.c.workspace == workspace,
                outbox.c.source == source,
                outbox.c.state.in_(sorted(states)),
                outbox.c.to_kind == "person",
                outbox.c.id <= upto,
                outbox.c.person.in_(
                    select(people.c.id).where(people.c.workspace == workspace, people.c.active)
                ),
            )
            .order_by(outbox.c.id)
            .limit(limit)
            .with_for_update(of=outbox)
        )
        rows = self._connection.execute(
            update(outbox)
            .where(outbox.c.id.in_(taken))
            .values(
                source=None,
                key=outbox.c.key + ":failed:" + cast(outbox.c.id, Text),
            )
            .returning(outbox.c.id, outbox.c.person)
        )
        return [PersonId(row.person) for row in sorted(rows, key=lambda row: row.id)]

    def cancel(self, workspace: WorkspaceId, source: str) -> int:
        """Take back every letter of the source that has not begun; says how many.

        What is on the wire may arrive, but is not sent again should it come back.
        """
        return cancel_letters(
            self._connection, outbox.c.workspace == workspace, outbox.c.source == source
        )

    def waits_until(self, workspace: WorkspaceId, source: str) -> datetime | None:
        """When the last letter of the source that waits will have been sent or be too late."""
        until: datetime | None = self._connection.execute(
            select(func.max(func.coalesce(outbox.c.expires_at, outbox.c.due_at))).where(
                outbox.c.workspace == workspace,
                outbox.c.source == source,
                outbox.c.state.in_(sorted(WAITING_STATES)),
            )
        ).scalar()
        return until

    def letters(
        self, workspace: WorkspaceId, state: LetterState, after: int, limit: int
    ) -> Sequence[LetterFact]:
        """Letters of a workspace in a state, by id from after `after` on."""
        rows = self._connection.execute(
            select(
                outbox.c.id,
                outbox.c.key,
                outbox.c.kind,
                _WHY.label("reason"),
                outbox.c.attempts,
                outbox.c.due_at,
                outbox.c.settled_at,
                outbox.c.person,
            )
            .where(outbox.c.workspace == workspace, outbox.c.state == state, outbox.c.id > after)
            .order_by(outbox.c.id)
            .limit(limit)
        )
        return [
            LetterFact(
                id=row.id,
                key=row.key,
                kind=row.kind,
                state=state,
                why=row.reason,
                attempts=row.attempts,
                due_at=row.due_at,
                settled_at=row.settled_at,
                person=PersonId(row.person) if row.person else None,
            )
            for row in rows
        ]

    def lanes(self, workspace: WorkspaceId | None = None) -> Sequence[LaneTally]:
        """How many letters each lane has in each state."""
        rows = self._connection.execute(
            select(outbox.c.workspace, outbox.c.state, _LETTERS)
            .where(
                outbox.c.state != MERGED,
                *([outbox.c.workspace == workspace] if workspace else []),
            )
            .group_by(outbox.c.workspace, outbox.c.state)
            .order_by(outbox.c.workspace, outbox.c.state)
        )
        return [LaneTally(WorkspaceId(lane), LetterState(state), n) for lane, state, n in rows]

    def kinds(self, workspace: WorkspaceId, state: LetterState) -> Sequence[KindTally]:
        """The letters of a lane in a state by kind and reason, most frequent first."""
        rows = self._connection.execute(
            select(outbox.c.kind, _WHY.label("reason"), _LETTERS)
            .where(outbox.c.workspace == workspace, outbox.c.state == state)
            .group_by(outbox.c.kind, _WHY)
            .order_by(_LETTERS.desc(), outbox.c.kind, _WHY)
        )
        return [KindTally(row.kind, row.reason, row.letters) for row in rows]

    def newest(self, workspace: WorkspaceId, source: str) -> int:
        """The id of the source's newest letter; 0 without any."""
        newest: int | None = self._connection.execute(
            select(func.max(outbox.c.id)).where(
                outbox.c.workspace == workspace, outbox.c.source == source
            )
        ).scalar()
        return newest or 0
