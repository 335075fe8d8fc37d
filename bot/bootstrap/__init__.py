"""Wires everything. The only place that reads the clock and makes ids.

`log` sets up the logs, `key` finds the relay key, `store` opens the database, `playground`
lays out the playground, and `process` starts what runs until it is told to stop.
"""

from datetime import UTC, datetime
from uuid import uuid4


def now() -> datetime:
    """This moment, aware UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """An id that nobody has given before."""
    return uuid4().hex
