"""A database of our own for each test, on both engines.

Add `tests.databases` to `pytest_plugins` and ask for one of the fixtures:

* `database`, ready to use: the test runs twice, on SQLite and on PostgreSQL;
* `database_url`, the same as an address only;
* `sqlite_url` and `postgres_url`, for what concerns one of them;
* `new_sqlite_database`, which makes one at each call, and which a whole module may share.

The schema is made once a session by the real migrations; each test gets a copy. No commit waits
for the disk: nobody pulls a plug here, and tests/storage/test_database.py holds that the program's
own commits do wait.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.capabilities.questions.memory import Memory
from storage.database import Database
from storage.migrate import upgrade
from tests.postgres import PostgresServer

RELAY_KEY = bytes(range(32))
_TEMPLATE = "migrated"


def grow_patient(database: Database) -> None:
    """From now on who uses this SQLite file waits for their turn, however busy the machine is."""
    assert database._groups is not None
    database._groups._turns._patience = 30


def connect_slowly(database: Database) -> Database:
    """Impatient about locks, and not about a server that takes its time to let somebody in."""

    @event.listens_for(database._engine, "do_connect")
    def give_time(_dialect: Any, _record: Any, _args: Any, options: dict[str, Any]) -> None:
        if "connect_timeout" in options:
            options["connect_timeout"] = 30

    return database


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file that nobody has open."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """The name of a migrated database that can be copied."""
    postgres_server.make_template(_TEMPLATE, upgrade)
    return _TEMPLATE


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a fresh SQLite file with our tables."""
    return f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'inflow.db')}"


@pytest.fixture
def postgres_url(postgres_template: str, new_postgres_database: Callable[..., str]) -> str:
    """The address of a fresh PostgreSQL database with our tables."""
    return new_postgres_database(postgres_template)


@pytest.fixture(scope="module")
def new_sqlite_database(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Database]]:
    """Makes a database on a fresh SQLite file with our tables at each call."""
    databases: list[Database] = []

    def make() -> Database:
        file = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("file") / "inflow.db")
        databases.append(
            Database(f"sqlite:///{file}", relay_key=RELAY_KEY, memory=Memory(), durable=False)
        )
        return databases[-1]

    yield make
    for database in databases:
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database with our tables, on each engine in turn."""
    url: str = request.getfixturevalue(
        "sqlite_url" if request.param == "sqlite" else "postgres_url"
    )
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database with our tables, on each engine in turn."""
    database = Database(database_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    yield database
    database.close()
