"""What was to be stored does not stand in the error that says it could not be."""

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.tables import workspaces

ROW = {"id": "w", "platform": "p", "external": "e", "name": "Very Secret Limited"}


def test_an_error_does_not_repeat_the_values(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(insert(workspaces).values(ROW))
    with pytest.raises(IntegrityError) as caught, database.begin() as connection:
        connection.execute(insert(workspaces).values(ROW))
    assert "INSERT INTO workspaces" in str(caught.value)
    assert "Secret" not in str(caught.value)
