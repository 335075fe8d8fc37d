"""What people allow, and the ledger of what was sent to them unasked."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
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

from bot.attention import (
    LOOK_BACK,
    Attention,
    Entry,
    Move,
    Verdict,
    Wait,
    carry_over,
    may_go_later,
    still_welcome,
)
from bot.ids import PersonId
from bot.outbox import LetterState, Priority
from bot.people import Person
from bot.schedule import WINDOW
from storage.people import SqlPeople
from storage.prepared import fetch
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


BUSY = timedelta(seconds=1)
"""After so long a letter is looked at again for whose person somebody books at the moment."""


@dataclass(frozen=True, slots=True)
class Free:
    """Whom nobody else books for, and which of their waiting letters nobody else holds."""

    people: AbstractSet[PersonId]
    letters: AbstractSet[int]


class SqlAttention:
    """`bot.attention.AttentionStore` over a table of wishes and the outbox."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._statements = _statements(connection.dialect.name)

    def get(self, person: PersonId) -> Attention:
        """The defaults for somebody of whom nothing is kept."""
        rows = fetch(self._connection, _ONE, {"person": person})
        return _attention(rows[0]) if rows else Attention(person)

    def of(self, people: Sequence[PersonId]) -> Mapping[PersonId, Attention]:
        """Only those of whom something is kept."""
        rows = self._connection.execute(self._statements.kept, {"people": list(people)})
        return {kept.person: kept for kept in map(_attention, rows)}

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

    def lock_free(self, people: Sequence[PersonId]) -> "Free":
        """Lock as `lock` does whom and what nobody else has locked, without waiting for the
        rest: a claim has locked letters already, for which others wait who have locked their
        person."""
        given = {"people": list(people)}
        if self._connection.dialect.name == "sqlite":
            whom: AbstractSet[PersonId] = frozenset(people)
        else:
            found = self._connection.execute(self._statements.lock_free_people, given)
            whom = frozenset(found.scalars())
            given = {"people": sorted(whom)}
        waiting = self._connection.execute(self._statements.lock_free_letters, given)
        return Free(whom, frozenset(waiting.scalars()))

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


@dataclass(frozen=True, slots=True)
class _Ledger:
    """What `judge` knows of some people."""

    people: Mapping[PersonId, Person]
    kept: Mapping[PersonId, Attention]
    entries: Mapping[PersonId, Sequence[Entry]]


def judge(
    connection: Connection, letters: Mapping[int, PersonId], now: datetime
) -> Mapping[int, Verdict]:
    """What `bot.attention.still_welcome` says of letters with a `day` that are about to be
    claimed, by id. Those that may go are left out; each counts for the next ones.

    The caller has locked the letters. Those that are refused only on their day, and are good
    for longer, are moved to a later one here, and wait until then; where somebody books for
    their person at the moment, they wait for that.
    """
    if not letters:
        return {}
    verdicts: dict[int, Verdict] = {}
    later: dict[PersonId, list[int]] = {}
    known = _read(connection, set(letters.values()), now)
    ledger = {who: list(entries) for who, entries in known.entries.items()}
    for letter, who in letters.items():
        entries, person = ledger.get(who, []), known.people.get(who)
        entry = next((entry for entry in entries if entry.id == letter), None)
        # What has come to its end is nobody's to move.
        if entry is None or person is None or entry.expires_at <= now:
            continue
        attention_ = known.kept.get(who) or Attention(who)
        verdict = still_welcome(person, attention_, entry, entries, now)
        if verdict is None:
            entries[entries.index(entry)] = replace(entry, state=LetterState.LEASED)
            continue
        verdicts[letter] = verdict
        if may_go_later(entry, verdict):
            later.setdefault(who, []).append(letter)
    return verdicts if not later else _carry_over(connection, letters, later, verdicts, now)


def _read(connection: Connection, whom: Iterable[PersonId], now: datetime) -> _Ledger:
    store, ids = SqlAttention(connection), sorted(whom)
    people_ = {person.id: person for person in SqlPeople(connection).several(ids)}
    return _Ledger(people_, store.of(ids), store.entries(ids, now.date() - LOOK_BACK))


def _carry_over(
    connection: Connection,
    letters: Mapping[int, PersonId],
    later: Mapping[PersonId, Sequence[int]],
    first: Mapping[int, Verdict],
    now: datetime,
) -> Mapping[int, Verdict]:
    """The verdicts of `judge` after letters were moved that are refused only on their day."""
    store = SqlAttention(connection)
    free = store.lock_free(sorted(later))
    # What was read before the locks may have changed until then.
    known = _read(connection, free.people, now)
    verdicts, moves, withdrawn = dict(first), list[Move](), dict[int, str]()
    for who, refused in later.items():
        person = known.people.get(who)
        if person is None:
            verdicts |= dict.fromkeys(refused, Wait(now + BUSY))
            continue
        attention_ = known.kept.get(who) or Attention(who)
        # What has come to its end while it waited takes no room from others.
        entries = [
            entry
            for entry in known.entries.get(who, ())
            if not entry.waits or entry.expires_at > now
        ]
        held = {entry.id for entry in entries} - free.letters
        due = [id_ for id_, whose in letters.items() if whose == who]
        for letter in due:
            verdicts.pop(letter, None)
        carried = carry_over(person, attention_, due, entries, now, held)
        verdicts |= carried.verdicts
        moves += carried.moves
        withdrawn |= carried.withdrawn
    store.withdraw(withdrawn, now)
    store.move(moves)
    return verdicts


def _attention(row: Sequence[Any]) -> Attention:
    person, per_day, per_week, slot, *more = row
    at = None if slot is None else time.fromisoformat(slot)
    return Attention(person, per_day, per_week, at, *more)


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
    lock_free_people: Select[Any]
    lock_free_letters: Select[Any]


@cache
def _statements(dialect: str) -> _Statements:
    # Rows are locked in one order by everybody, so that two bookings wait and do not
    # deadlock.
    whom = select(people.c.id).where(among(dialect, people.c.id, "people")).order_by(people.c.id)
    waiting = (
        select(outbox.c.id)
        .where(
            among(dialect, outbox.c.person, "people"),
            outbox.c.day.is_not(None),
            outbox.c.state == LetterState.PENDING,
        )
        .order_by(outbox.c.id)
    )
    return _Statements(
        kept=select(*_ATTENTION).where(among(dialect, attention.c.person, "people")),
        ledger=_ledger(dialect),
        # The weaker lock lets others write rows that refer to these people.
        lock_people=whom.with_for_update(key_share=True),
        lock_letters=waiting.with_for_update(),
        lock_free_people=whom.with_for_update(key_share=True, skip_locked=True),
        lock_free_letters=waiting.with_for_update(skip_locked=True),
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
