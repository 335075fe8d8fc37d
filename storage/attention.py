"""What people allow, and the ledger of what was sent to them unasked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Select,
    bindparam,
    case,
    cast,
    delete,
    func,
    select,
    update,
)

from bot.attention import LOOK_BACK, Attention, Entry, Move, Verdict, still_welcome
from bot.ids import PersonId
from bot.outbox import LetterState, Priority
from bot.schedule import WINDOW
from storage.people import SqlPeople
from storage.row import among, columns_of, put, values_of
from storage.tables import attention, outbox, people

NOT_COUNTED = (
    LetterState.CANCELLED,
    LetterState.FAILED,
    LetterState.SUPPRESSED,
    LetterState.UNREACHABLE,
)
"""Letters in these states reached nobody and never will: they are not in the ledger."""

_ATTENTION = columns_of(attention, Attention)
_ONE = select(*_ATTENTION).where(attention.c.person == bindparam("person"))

_MOVE = (
    update(outbox)
    .where(outbox.c.id == bindparam("letter"), outbox.c.state == LetterState.PENDING)
    .values(day=bindparam("on"), due_at=bindparam("due"), expires_at=bindparam("expires"))
)
_WITHDRAW = (
    update(outbox)
    .where(outbox.c.id == bindparam("letter"), outbox.c.state == LetterState.PENDING)
    .values(state=LetterState.SUPPRESSED, why=bindparam("reason"), settled_at=bindparam("at"))
)


class SqlAttention:
    """`bot.attention.AttentionStore` over a table of wishes and the outbox."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._statements = _statements(connection.dialect.name)

    def get(self, person: PersonId) -> Attention:
        """The defaults for somebody of whom nothing is kept."""
        row = self._connection.execute(_ONE, {"person": person}).one_or_none()
        return Attention(person) if row is None else _attention(row)

    def of(self, people: Sequence[PersonId]) -> Mapping[PersonId, Attention]:
        """Only those of whom something is kept."""
        rows = self._connection.execute(self._statements.kept, {"people": list(people)})
        return {row.person: _attention(row) for row in rows}

    def save(self, attention_: Attention) -> None:
        """Insert or replace."""
        slot = attention_.slot
        values = values_of(attention_) | {"slot": None if slot is None else slot.isoformat()}
        put(self._connection, attention, values)

    def forget(self, person: PersonId) -> None:
        """Remove what is kept of a person, if anything is."""
        self._connection.execute(delete(attention).where(attention.c.person == person))

    def lock(self, people: Sequence[PersonId]) -> None:
        """Nobody else books for these people, and no lane takes their waiting letters, until
        the end of the transaction."""
        if self._connection.dialect.name == "sqlite":
            return  # Whoever writes is alone.
        self._connection.execute(self._statements.lock_people, {"people": list(people)})
        self._connection.execute(self._statements.lock_letters, {"people": list(people)})

    def entries(
        self, people: Sequence[PersonId], from_day: date
    ) -> Mapping[PersonId, Sequence[Entry]]:
        """Everybody's letters of the ledger by id: those of `from_day` or later, and those
        that were sent since the person last talked. People without any are left out."""
        found: dict[PersonId, list[Entry]] = {}
        rows = self._connection.execute(
            self._statements.ledger, {"people": list(people), "from_day": from_day}
        )
        for row in rows:
            found.setdefault(row.person, []).append(_entry(row))
        return found

    def move(self, moves: Sequence[Move]) -> None:
        """Move letters that still wait."""
        rows = [
            {"letter": m.id, "on": m.day, "due": m.due_at, "expires": m.expires_at} for m in moves
        ]
        if rows:
            self._connection.execute(_MOVE, rows)

    def withdraw(self, letters: Mapping[int, str], now: datetime) -> None:
        """Suppress letters that still wait; the values say why."""
        rows = [{"letter": id_, "reason": str(why), "at": now} for id_, why in letters.items()]
        if rows:
            self._connection.execute(_WITHDRAW, rows)


def judge(
    connection: Connection, letters: Mapping[int, PersonId], now: datetime
) -> Mapping[int, Verdict]:
    """What `bot.attention.still_welcome` says of letters with a `day` that are about to be
    claimed, by id. Those that may go are left out; each counts for the next ones."""
    if not letters:
        return {}
    store, ids = SqlAttention(connection), sorted(set(letters.values()))
    people_ = {person.id: person for person in SqlPeople(connection).several(ids)}
    kept = store.of(ids)
    ledger = {p: list(e) for p, e in store.entries(ids, now.date() - LOOK_BACK).items()}
    verdicts: dict[int, Verdict] = {}
    for letter, who in letters.items():
        entries, person = ledger.get(who, []), people_.get(who)
        entry = next((entry for entry in entries if entry.id == letter), None)
        if entry is None or person is None:
            continue
        verdict = still_welcome(person, kept.get(who) or Attention(who), entry, entries, now)
        if verdict is not None:
            verdicts[letter] = verdict
        else:
            entries[entries.index(entry)] = replace(entry, state=LetterState.LEASED)
    return verdicts


def _attention(row: Any) -> Attention:
    values = dict(row._mapping)
    slot = values.pop("slot")
    return Attention(**values, slot=None if slot is None else time.fromisoformat(slot))


def _entry(row: Any) -> Entry:
    # What was taken back on the wire has expired long before it was due.
    expires_at = max(row.due_at, row.expires_at or row.due_at + WINDOW)
    return Entry(
        id=row.id,
        key=row.key,
        kind=row.kind,
        priority=Priority(row.priority),
        day=row.day,
        due_at=row.due_at,
        expires_at=expires_at,
        good_until=row.good_until or expires_at,
        state=LetterState(row.state),
        settled_at=row.settled_at,
    )


@dataclass(frozen=True, slots=True)
class _Statements:
    """What is asked of some people, given as one list."""

    kept: Select[Any]
    ledger: Select[Any]
    lock_people: Select[Any]
    lock_letters: Select[Any]


@cache
def _statements(dialect: str) -> _Statements:
    return _Statements(
        kept=select(*_ATTENTION).where(among(dialect, attention.c.person, "people")),
        ledger=_ledger(dialect),
        # Rows are locked in one order by everybody, so that two bookings wait and do not
        # deadlock. The weaker lock lets others write rows that refer to these people.
        lock_people=select(people.c.id)
        .where(among(dialect, people.c.id, "people"))
        .order_by(people.c.id)
        .with_for_update(key_share=True),
        lock_letters=select(outbox.c.id)
        .where(
            among(dialect, outbox.c.person, "people"),
            outbox.c.day.is_not(None),
            outbox.c.state == LetterState.PENDING,
        )
        .order_by(outbox.c.id)
        .with_for_update(),
    )


def _ledger(dialect: str) -> Select[Any]:
    """The letters of some people from a day on, or from when each of them last talked."""
    wanted: ColumnElement[Any] = bindparam("from_day", type_=Date)
    # A local day may begin before the day of the same moment in UTC; one more costs nothing.
    talked: ColumnElement[Any] = (
        func.date(attention.c.talked_at, "-2 days")
        if dialect == "sqlite"
        else cast(func.timezone("UTC", attention.c.talked_at), Date) - 2
    )
    ever = func.date("0001-01-01") if dialect == "sqlite" else cast("0001-01-01", Date)
    since = case(
        (attention.c.talked_at.is_(None), ever),
        (talked < wanted, talked),
        else_=wanted,
    )
    columns = (
        outbox.c.id,
        outbox.c.person,
        outbox.c.key,
        outbox.c.kind,
        outbox.c.priority,
        outbox.c.day,
        outbox.c.due_at,
        outbox.c.expires_at,
        outbox.c.good_until,
        outbox.c.state,
        outbox.c.settled_at,
    )
    return (
        select(*columns)
        .select_from(people)
        .outerjoin(attention, attention.c.person == people.c.id)
        .join(outbox, outbox.c.person == people.c.id)
        .where(
            among(dialect, people.c.id, "people"),
            outbox.c.day.is_not(None),
            outbox.c.day >= since,
            outbox.c.state.not_in(NOT_COUNTED),
        )
        .order_by(outbox.c.id)
    )
