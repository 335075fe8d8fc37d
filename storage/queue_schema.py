"""The schema of the queue: made from the script that Procrastinate ships, and made anew
whenever that script is another one."""

import hashlib
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection

if TYPE_CHECKING:
    import psycopg

SCHEMA: Final = "inflow_queue"

LOOK_IN: Final = (
    f"SELECT set_config('search_path', '{SCHEMA}, ' || current_setting('search_path'), true)"
)
"""Finds the queue's tables before ours, from here to the end of the transaction."""
LOOK_BACK: Final = (
    "SELECT set_config('search_path',"
    f" replace(current_setting('search_path'), '{SCHEMA}, ', ''), true)"
)
"""Takes `LOOK_IN` back."""


def install(connection: Connection) -> None:
    """Make the queue's schema, unless it is already the one of the installed Procrastinate.

    An older or newer one is dropped with all jobs in it: they were only hints. The caller
    sees to it that nobody else does the same meanwhile.

    Raises:
        ModuleNotFoundError: Procrastinate is not installed.
    """
    script = _script()
    mark = f"procrastinate {version('procrastinate')} {hashlib.sha256(script).hexdigest()[:16]}"
    raw = raw_connection(connection)
    there = raw.execute(
        "SELECT obj_description(to_regnamespace(%s), 'pg_namespace')", [SCHEMA]
    ).fetchone()
    said = str(there[0]) if there else ""
    # The version is for people; whether the schema fits is a question of the script.
    if said.rpartition(" ")[2] == mark.rpartition(" ")[2]:
        return
    raw.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    raw.execute(f"CREATE SCHEMA {SCHEMA}")
    raw.execute(LOOK_IN)
    raw.execute(script)
    raw.execute(LOOK_BACK)
    raw.execute(f"COMMENT ON SCHEMA {SCHEMA} IS '{mark}'")


def raw_connection(connection: Connection) -> "psycopg.Connection[Any]":
    """The driver's own connection, in the same transaction."""
    raw: psycopg.Connection[Any] = connection.connection.dbapi_connection  # type: ignore[assignment]  # SQLAlchemy knows only what all drivers have
    return raw


def _script() -> bytes:
    """Found without importing the library, which would take 20 MB of every process."""
    package = find_spec("procrastinate")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("No module named 'procrastinate'", name="procrastinate")
    return (Path(package.origin).parent / "sql" / "schema.sql").read_bytes()
