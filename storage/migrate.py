"""Brings a database to the schema of this version.

The steps are in `migrations/versions`, one linear history. To add one, change the
tables, then run `python -m storage.migrate URL "What it does"` with the address of a
database at the last step: it drafts the next one.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from storage import (
    campaign_tables,
    contact_tables,
    directory_tables,
    installation_tables,
    library_tables,
    narration_tables,
    pack_tables,
    question_tables,
    queue_schema,
    quiz_tables,
    tables,
    tip_tables,
)
from storage.column import metadata
from storage.database import make_engine, read_url

if TYPE_CHECKING:
    from alembic.config import Config

SCHEMA = metadata
"""All tables; importing the modules above has filled it."""
_FILLED_BY = (
    tables,
    question_tables,
    campaign_tables,
    installation_tables,
    directory_tables,
    contact_tables,
    pack_tables,
    quiz_tables,
    tip_tables,
    library_tables,
    narration_tables,
)
_PLACE = Path(__file__).parent / "migrations"
_LOCK = 5_237_044_101
"""Number of the advisory lock that lets one process at a time upgrade PostgreSQL."""


class NewerSchema(Exception):
    """The database was upgraded by a newer version than this one."""


def is_current(url: str) -> bool:
    """Whether there is nothing to upgrade in the database at `url`.

    Raises:
        NewerSchema: the database was upgraded by a newer version than this one.
    """
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            return _read_step(connection) == last_step()
    finally:
        engine.dispose()


def upgrade(url: str) -> None:
    """Run the steps that the database at `url` has not seen, all or none.

    Processes that start together wait for each other.

    Raises:
        NewerSchema: the database was upgraded by a newer version than this one.
    """
    _make_file(url)
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # However long the steps of another process take; ours wait for locks as ever.
                limit = connection.execute(text("SHOW lock_timeout")).scalar_one()
                connection.execute(text("SET LOCAL lock_timeout = 0"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                connection.execute(
                    text("SELECT set_config('lock_timeout', :limit, true)"), {"limit": limit}
                )
            if _read_step(connection) != last_step():
                # Most starts need no step, and Alembic takes 8 MB and a tenth of a second.
                from alembic import command  # noqa: PLC0415

                command.upgrade(_config(connection), "head")
            if connection.dialect.name == "postgresql":
                queue_schema.install(connection)
    finally:
        engine.dispose()


def _make_file(url: str) -> None:
    """Make a SQLite file that nobody but its owner can read; SQLite would let everybody."""
    address = read_url(url)
    if address.get_backend_name() == "sqlite" and address.database:
        # What else may be wrong with the place, SQLite says in better words.
        with suppress(OSError):
            os.close(os.open(address.database, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def draft(url: str, title: str) -> None:
    """Write the step from the schema at `url` to the tables as they are declared now."""
    from alembic import command  # noqa: PLC0415 - see above

    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            config = _config(connection)
            command.revision(
                config,
                title,
                autogenerate=True,
                rev_id=f"{int(last_step()) + 1:04}",
            )
    finally:
        engine.dispose()


def last_step() -> str:
    """The number of the newest step, four digits: the names of the files begin with theirs."""
    return max((file.name[:4] for file in (_PLACE / "versions").glob("[0-9]*.py")), default="0000")


def stored_step(connection: Connection) -> str | None:
    """The number of the last step that a database has seen; None when it has seen none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    step: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return step


def _read_step(connection: Connection) -> str | None:
    stored, last = stored_step(connection), last_step()
    if stored is not None and stored > last:
        raise NewerSchema(f"its schema is {stored}, and this version knows up to {last}")
    return stored


def _config(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    # A percent sign in an option begins a reference to another option.
    config.set_main_option("script_location", str(_PLACE).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


if __name__ == "__main__":
    draft(*sys.argv[1:])
