"""A database in which a workspace and its people are known."""

import pytest

from storage.database import Database
from tests.storage.example import ACME, ANA, BO, CY


@pytest.fixture
def acme(database: Database) -> Database:
    """The database of the test, with the example's workspace and its three people."""
    with database.transaction() as work:
        work.people.add_workspace(ACME)
        for person in (ANA, BO, CY):
            work.people.save(person)
    return database
