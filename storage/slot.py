"""Slots: who gets something again and again, and when next."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, Select, Update, bindparam, delete, exists, func, select, update

from bot.ids import PersonId
from bot.slot import Slot
from storage.outbox import AT_ONCE
from storage.row import among, columns_of, put
from storage.tables import people, slots

_WHEN = ("next_day", "next_due_at", "last_day", "last_at")
_COLUMNS = columns_of(slots, Slot)
_OF_PERSON = select(*_COLUMNS).where(slots.c.person == bindparam("person")).order_by(slots.c.kind)
_IS_DUE = select(
    exists().where(slots.c.kind == bindparam("kind"), slots.c.next_due_at <= bindparam("now"))
)
_DUE = (
    select(*_COLUMNS)
    .join(people, people.c.id == slots.c.person)
    .where(slots.c.kind == bindparam("kind"), slots.c.next_due_at <= bindparam("now"))
    .order_by(slots.c.next_due_at, slots.c.person)
    .limit(bindparam("most"))
    # Each of several workers gets others. People are locked too, as whoever changes a person
    # locks their slots afterwards, and a planner must not wait for somebody who waits for it.
    .with_for_update(skip_locked=True, key_share=True, of=[slots, people])
)
_EARLIEST = select(func.min(slots.c.next_due_at)).where(slots.c.kind == bindparam("kind"))


class SqlSlots:
    """`bot.ports.Slots` in a table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, person: PersonId) -> Sequence[Slot]:
        """The person's slots, by kind."""
        return [_slot(row) for row in self._connection.execute(_OF_PERSON, {"person": person})]

    def save(self, slot: Slot) -> None:
        """Insert or replace."""
        put(self._connection, slots, _values(slot))

    def set_hour(self, person: PersonId, at: time) -> None:
        """All that comes to the person comes at that local time from now on."""
        self._connection.execute(
            update(slots)
            .where(slots.c.person == person)
            .values(at=at.isoformat(), next_due_at=AT_ONCE)
        )

    def remove(self, person: PersonId, kind: str) -> None:
        """Nothing of that kind comes to the person any more."""
        self._connection.execute(
            delete(slots).where(slots.c.person == person, slots.c.kind == kind)
        )

    def are_due(self, kind: str, now: datetime) -> bool:
        """Whether any slot of the kind is to be looked at."""
        return bool(self._connection.execute(_IS_DUE, {"kind": kind, "now": now}).scalar())

    def take_due(self, kind: str, now: datetime, limit: int) -> Sequence[Slot]:
        """Slots to be looked at, longest due first; ours until the end of the transaction."""
        rows = self._connection.execute(_DUE, {"kind": kind, "now": now, "most": limit})
        return [_slot(row) for row in rows]

    def of_kinds(
        self, kinds: Sequence[str], people: Sequence[PersonId]
    ) -> Mapping[PersonId, Sequence[Slot]]:
        """The slots of these kinds and people; those without any are left out."""
        found: dict[PersonId, list[Slot]] = defaultdict(list)
        # Kinds by name: with all but one PostgreSQL may read every slot there is.
        statement = _of_kinds(self._connection.dialect.name)
        values = {"whose": list(people), "what": list(kinds)}
        for row in self._connection.execute(statement, values):
            slot = _slot(row)
            found[slot.person].append(slot)
        return found

    def move(self, moved: Sequence[Slot]) -> None:
        """Keep when slots that were taken come next, and what they brought last."""
        # Most of those that were due together come together again.
        alike: dict[tuple[object, ...], list[str]] = defaultdict(list)
        for slot in moved:
            when = (slot.kind, slot.next_day, slot.next_due_at, slot.last_day, slot.last_at)
            alike[when].append(slot.person)
        statement = _move(self._connection.dialect.name)
        for (kind, next_day, next_due_at, last_day, last_at), whose in alike.items():
            self._connection.execute(
                statement,
                {
                    "whose": whose,
                    "what": kind,
                    "next_day": next_day,
                    "next_due_at": next_due_at,
                    "last_day": last_day,
                    "last_at": last_at,
                },
            )

    def next_due(self, kind: str) -> datetime | None:
        """When the earliest slot of the kind is to be looked at, aware UTC."""
        earliest: datetime | None = self._connection.execute(_EARLIEST, {"kind": kind}).scalar()
        return earliest


def _values(slot: Slot) -> dict[str, Any]:
    return {
        "person": slot.person,
        "kind": slot.kind,
        "at": slot.at.isoformat(),
        "weekdays": "".join(map(str, sorted(slot.weekdays))),
        "next_day": slot.next_day,
        "next_due_at": slot.next_due_at,
        "last_day": slot.last_day,
        "last_at": slot.last_at,
    }


@cache
def _of_kinds(dialect: str) -> Select[Any]:
    return select(*_COLUMNS).where(
        among(dialect, slots.c.person, "whose"), among(dialect, slots.c.kind, "what")
    )


@cache
def _move(dialect: str) -> Update:
    return (
        update(slots)
        .where(among(dialect, slots.c.person, "whose"), slots.c.kind == bindparam("what"))
        .values({name: bindparam(name) for name in _WHEN})
    )


@lru_cache(maxsize=1_500)
def _time(text: str) -> time:
    return time.fromisoformat(text)


@lru_cache(maxsize=128)
def _weekdays(digits: str) -> frozenset[int]:
    return frozenset(map(int, digits))


def _slot(row: Any) -> Slot:
    person, kind, at, weekdays, *when = row
    return Slot(PersonId(person), kind, _time(at), _weekdays(weekdays), *when)
