"""Brings a database to the schema of this version.

The steps are in `migrations/versions`, one linear history. To add one, change the
tables, then run `python -m storage.migrate URL "What it does"` with the address of a
database at the last step: it drafts the next one.
"""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from storage import question_tables, tables
from storage.column import metadata
from storage.database import make_engine

SCHEMA = metadata
"""All tables; importing the two modules above has filled it."""
_FILLED_BY = (tables, question_tables)
_LOCK = 5_237_044_101
"""Number of the advisory lock that lets one process at a time upgrade PostgreSQL."""


def upgrade(url: str) -> None:
    """Run the steps that the database at `url` has not seen, all or none.

    Processes that start together wait for each other.

    Raises:
        alembic.util.CommandError: the database is of a newer version than this one.
    """
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            config = _config(connection)
            current = MigrationContext.configure(connection).get_current_revision()
            if current != ScriptDirectory.from_config(config).get_current_head():
                command.upgrade(config, "head")
    finally:
        engine.dispose()


def draft(url: str, title: str) -> None:
    """Write the step from the schema at `url` to the tables as they are declared now."""
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            config = _config(connection)
            heads = ScriptDirectory.from_config(config).get_heads()
            command.revision(
                config,
                title,
                autogenerate=True,
                rev_id=f"{int(heads[0]) + 1 if heads else 1:04}",
            )
    finally:
        engine.dispose()


def _config(connection: Connection) -> Config:
    config = Config()
    place = Path(__file__).parent / "migrations"
    # A percent sign in an option begins a reference to another option.
    config.set_main_option("script_location", str(place).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


if __name__ == "__main__":
    draft(*sys.argv[1:])
