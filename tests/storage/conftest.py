"""A database in which a workspace and its people are known."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database
from tests.permission import read_only
from tests.storage.example import ACME, ANA, BO, CY


@pytest.fixture
def acme(database: Database) -> Database:
    """The database of the test, with the example's workspace and its three people."""
    with database.transaction() as work:
        work.people.add_workspace(ACME)
        for person in (ANA, BO, CY):
            work.people.save(person)
    return database


@pytest.fixture
def read_only_file(sqlite_url: str) -> Iterator[Path]:
    """An SQLite file with the newest schema, which may only be read."""
    with read_only(Path(sqlite_url.removeprefix("sqlite:///"))) as file:
        yield file
