"""Timers: what is to be done later."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from bot.ports import Timer
from storage.row import columns_of, put, values_of
from storage.tables import timers

_TIMER = columns_of(timers, Timer)


class SqlTimers:
    """`bot.ports.Timers` in a table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def set(self, timer: Timer) -> None:
        """Insert, or move the timer with the same key."""
        put(self._connection, timers, values_of(timer))

    def cancel(self, key: str) -> None:
        """Remove a timer, if it is there."""
        self._connection.execute(delete(timers).where(timers.c.key == key))

    def take(self, timer: Timer) -> bool:
        """Remove the timer, unless it was moved, cancelled or taken meanwhile (False)."""
        taken = self._connection.execute(
            delete(timers).where(
                *(timers.c[name] == value for name, value in values_of(timer).items())
            )
        )
        return taken.rowcount == 1

    def due(self, now: datetime, limit: int) -> Sequence[Timer]:
        """Timers whose time has come, earliest first."""
        rows = self._connection.execute(
            select(*_TIMER)
            .where(timers.c.due_at <= now)
            .order_by(timers.c.due_at, timers.c.key)
            .limit(limit)
        )
        return [Timer(**row._mapping) for row in rows]

    def next_due(self) -> datetime | None:
        """When the earliest timer is due, aware UTC."""
        earliest: datetime | None = self._connection.execute(
            select(func.min(timers.c.due_at))
        ).scalar()
        return earliest
