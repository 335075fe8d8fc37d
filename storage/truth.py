"""Delivery truth over the outbox: counts, and who could not be reached."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    union_all,
    update,
)

from bot.ids import PersonId, WorkspaceId
from bot.outbox import LetterState
from bot.truth import (
    HELPED_STATES,
    WAITING_STATES,
    KindTally,
    LaneTally,
    Tally,
    Unreached,
)
from storage.outbox import MERGED, cancel_letters
from storage.row import among
from storage.tables import outbox, people

_LETTERS = func.count().label("letters")
# What a platform says of a letter may name the person whom only the relay knows.
_WHY = case((outbox.c.to_kind != literal_column("'relay'"), outbox.c.why))

# A letter that is sent again is another letter under the same key; the one before stands
# under a longer key and a source of its own. Until the new one has an outcome of its own the
# one before counts in its place: whether it waits or was refused for the sake of the
# person's attention, of whom a card may have given the name, is seen by nobody.
_FAILED, _REFUSED = ":failed:", ":refused:"
_again = outbox.alias("again")
_HAS_OUTCOME = _again.c.state.in_(
    sorted({LetterState.SENT, LetterState.UNKNOWN} | HELPED_STATES),
)
_IS_AGAIN = and_(
    _again.c.workspace == outbox.c.workspace,
    _again.c.key
    == func.substr(
        outbox.c.key,
        1,
        func.length(outbox.c.key) - len(_FAILED) - func.length(cast(outbox.c.id, Text)),
    ),
)
_IS_HERE = outbox.c.person.in_(
    select(people.c.id).where(people.c.workspace == outbox.c.workspace, people.c.active)
)
REPLACED = and_(
    outbox.c.state.in_(
        sorted(HELPED_STATES | {LetterState.SUPPRESSED, LetterState.CANCELLED}),
    ),
    or_(outbox.c.key.like(f"%{_FAILED}%"), outbox.c.key.like(f"%{_REFUSED}%")),
    or_(outbox.c.source.is_(None), exists().where(_IS_AGAIN, _HAS_OUTCOME)),
)
"""The letters in whose place another one counts, as far as may be told."""


def _before(source: str) -> str:
    """The source of letters that are sent again."""
    return f"{source}:before"


def _unreached(workspace: WorkspaceId, source: str) -> ColumnElement[bool]:
    """The letters of a source that did not reach their person, as far as is known."""
    return and_(
        outbox.c.workspace == workspace,
        outbox.c.source.in_([source, _before(source)]),
        outbox.c.state.in_(sorted(HELPED_STATES)),
        outbox.c.to_kind == "person",
        or_(outbox.c.source == source, ~exists().where(_IS_AGAIN, _HAS_OUTCOME)),
    )


class SqlTruth:
    """`bot.ports.Truth` over the outbox."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def counts(self, workspace: WorkspaceId, source: str) -> Sequence[Tally]:
        """The letters of a source by state and reason.

        One that is sent again counts as it was before until it is delivered, or fails again.
        """
        first = select(outbox.c.state, _WHY.label("reason"), _LETTERS).where(
            outbox.c.workspace == workspace,
            outbox.c.source == source,
            outbox.c.state != MERGED,
        )
        before = (
            select(outbox.c.state, outbox.c.why, _LETTERS)
            .select_from(outbox.outerjoin(_again, _IS_AGAIN))
            .where(
                outbox.c.workspace == workspace,
                outbox.c.source == _before(source),
                or_(_again.c.id.is_(None), ~_HAS_OUTCOME),
            )
        )
        instead = (
            select(_again.c.state, _again.c.why, -func.count())
            .select_from(outbox.join(_again, _IS_AGAIN))
            .where(
                outbox.c.workspace == workspace,
                outbox.c.source == _before(source),
                ~_HAS_OUTCOME,
            )
        )
        each = union_all(
            first.group_by(outbox.c.state, _WHY),
            before.group_by(outbox.c.state, outbox.c.why),
            instead.group_by(_again.c.state, _again.c.why),
        ).subquery()
        letters = func.sum(each.c.letters)
        rows = self._connection.execute(
            select(each.c.state, each.c.reason, letters.label("letters"))
            .group_by(each.c.state, each.c.reason)
            .having(letters > 0)
            .order_by(each.c.state, each.c.reason)
        )
        return [Tally(LetterState(row.state), row.reason, int(row.letters)) for row in rows]

    def unreached(
        self, workspace: WorkspaceId, source: str, after: int, limit: int
    ) -> Sequence[Unreached]:
        """Whose letter of the source failed or did not reach them, by the letter's id.

        Who is sent it again stays here until it is delivered.
        """
        rows = self._connection.execute(
            select(outbox.c.id, outbox.c.person, outbox.c.state, outbox.c.why)
            .where(_unreached(workspace, source), outbox.c.id > after)
            .order_by(outbox.c.id)
            .limit(limit)
        )
        return [
            Unreached(row.id, PersonId(row.person), LetterState(row.state), row.why) for row in rows
        ]

    def reopenable(self, workspace: WorkspaceId, source: str) -> Mapping[LetterState, int]:
        """How many of `unreached` are still here, by state; states without any are left out."""
        rows = self._connection.execute(
            select(outbox.c.state, _LETTERS)
            .where(_unreached(workspace, source), _IS_HERE)
            .group_by(outbox.c.state)
        )
        return {LetterState(row.state): row.letters for row in rows}

    def is_trying(self, workspace: WorkspaceId, source: str) -> bool:
        """Whether anybody of `unreached` was to be sent it again."""
        found = self._connection.execute(
            select(outbox.c.id)
            .where(_unreached(workspace, source), outbox.c.source == _before(source))
            .limit(1)
        )
        return found.first() is not None

    def reopen(
        self,
        workspace: WorkspaceId,
        source: str,
        states: Collection[LetterState],
        upto: int,
        limit: int,
    ) -> Sequence[PersonId]:
        """Let failed or unreachable letters to people who are still here, and with ids up to
        `upto`, be promised again under the same key; whose they were.

        Those that wait because they were reopened before are left; those that were reopened
        and then refused are among them. Nobody has two letters of one source.

        Raises:
            ValueError: letters in one of the states are never sent again.
        """
        if not HELPED_STATES.issuperset(states):
            raise ValueError(f"never sent again: {sorted(set(states) - HELPED_STATES)}")
        failed = self._connection.execute(
            select(outbox.c.id, outbox.c.person)
            .where(
                outbox.c.workspace == workspace,
                outbox.c.source == source,
                outbox.c.state.in_(sorted(states)),
                outbox.c.to_kind == "person",
                outbox.c.id <= upto,
                _IS_HERE,
            )
            .order_by(outbox.c.id)
            .limit(limit)
            .with_for_update(of=outbox)
        ).all()
        refused = self._connection.execute(
            select(_again.c.id, _again.c.person)
            .select_from(outbox.join(_again, _IS_AGAIN))
            .where(
                outbox.c.workspace == workspace,
                outbox.c.source == _before(source),
                outbox.c.state.in_(sorted(states)),
                _again.c.source == source,
                _again.c.state.in_([LetterState.SUPPRESSED, LetterState.CANCELLED]),
                _again.c.id <= upto,
                _IS_HERE,
            )
            .order_by(_again.c.id)
            .limit(limit - len(failed))
            .with_for_update(of=_again)
        ).all()
        dialect = self._connection.dialect.name
        # What failed last says what became of it.
        self._connection.execute(
            update(outbox)
            .where(
                outbox.c.workspace == workspace,
                outbox.c.source == _before(source),
                among(dialect, outbox.c.person, "who"),
            )
            .values(source=None),
            {"who": [row.person for row in failed]},
        )
        for rows, mark, kept in ((failed, _FAILED, _before(source)), (refused, _REFUSED, None)):
            self._connection.execute(
                update(outbox)
                .where(outbox.c.id.in_(bindparam("ids", expanding=True)))
                .values(source=kept, key=outbox.c.key + mark + cast(outbox.c.id, Text)),
                {"ids": [row.id for row in rows]},
            )
        found = sorted([*failed, *refused], key=lambda row: row.id)
        return [PersonId(row.person) for row in found]

    def cancel(self, workspace: WorkspaceId, source: str) -> int:
        """Take back every letter of the source that has not begun; says how many.

        What is on the wire may arrive, but is not sent again should it come back.
        """
        return cancel_letters(
            self._connection, outbox.c.workspace == workspace, outbox.c.source == source
        )

    def hold(
        self, workspace: WorkspaceId, sources: Collection[str], why: str, now: datetime
    ) -> int:
        """Take back, until `release`, every letter of these sources that has not begun; says how
        many."""
        theirs = (outbox.c.workspace == workspace, outbox.c.source.in_(sorted(sources)))
        held = self._connection.execute(
            update(outbox)
            .where(*theirs, outbox.c.state.in_([LetterState.PENDING, LetterState.LEASED]))
            .values(
                state=LetterState.SUPPRESSED,
                why=why,
                owner=None,
                lease_until=None,
                settled_at=now,
            )
        )
        cancel_letters(self._connection, *theirs)
        return held.rowcount

    def cancel_held(self, workspace: WorkspaceId, source: str, why: str, since: datetime) -> int:
        """Take back for good what was held for that reason at that moment or later."""
        cancelled = self._connection.execute(
            update(outbox)
            .where(
                outbox.c.workspace == workspace,
                outbox.c.source == source,
                outbox.c.state == LetterState.SUPPRESSED,
                outbox.c.why == why,
                outbox.c.settled_at >= since,
            )
            .values(state=LetterState.CANCELLED, why=None)
        )
        return cancelled.rowcount

    def release(self, workspace: WorkspaceId, source: str, why: str) -> int:
        """Forget the letters of a source that are held back for that reason."""
        released = self._connection.execute(
            delete(outbox).where(
                outbox.c.workspace == workspace,
                outbox.c.source == source,
                outbox.c.state == LetterState.SUPPRESSED,
                outbox.c.why == why,
            )
        )
        return released.rowcount

    def withdraw(self, workspace: WorkspaceId, source: str, people: Sequence[PersonId]) -> int:
        """Take back what of the source is for these people and has not begun."""
        return cancel_letters(
            self._connection,
            outbox.c.workspace == workspace,
            outbox.c.source == source,
            among(self._connection.dialect.name, outbox.c.person, "who"),
            given={"who": list(people)},
        )

    def forget_withdrawn(
        self, workspace: WorkspaceId, source: str, people: Sequence[PersonId]
    ) -> None:
        """Forget what was taken back of these people's, so that it can be promised anew."""
        self._connection.execute(
            delete(outbox).where(
                outbox.c.workspace == workspace,
                outbox.c.source == source,
                outbox.c.state == LetterState.CANCELLED,
                among(self._connection.dialect.name, outbox.c.person, "who"),
            ),
            {"who": list(people)},
        )

    def waiting(
        self,
        workspace: WorkspaceId,
        source: str,
        upto: datetime,
        after: PersonId | None,
        limit: int,
    ) -> Sequence[PersonId]:
        """Whose letter of the source has not begun and is due by then; the next ones by id."""
        found = self._connection.execute(
            select(outbox.c.person)
            .where(
                outbox.c.workspace == workspace,
                outbox.c.source == source,
                outbox.c.state.in_([LetterState.PENDING, LetterState.LEASED]),
                outbox.c.due_at <= upto,
                outbox.c.person > (after or ""),
            )
            .order_by(outbox.c.person)
            .limit(limit)
        )
        return [PersonId(person) for person in found.scalars()]

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

    def lanes(self, workspace: WorkspaceId | None = None) -> Sequence[LaneTally]:
        """How many letters each lane has in each state. What was sent again counts once, as
        soon as it has an outcome of its own."""
        rows = self._connection.execute(
            select(outbox.c.workspace, outbox.c.state, _LETTERS)
            .where(
                outbox.c.state != MERGED,
                not_(REPLACED),
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
            .where(outbox.c.workspace == workspace, outbox.c.state == state, not_(REPLACED))
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
