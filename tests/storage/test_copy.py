"""A copy is whole, and leaves the original as it was."""

from pathlib import Path

import pytest

from bot.capabilities.questions.memory import Memory
from bot.people import Workspace
from storage.copy import copied
from storage.database import Database
from storage.migrate import is_current
from tests.databases import RELAY_KEY
from tests.storage.example import ACME


def names(url: str) -> list[str]:
    """The names of the workspaces in the database at `url`."""
    database = Database(url, relay_key=RELAY_KEY, memory=Memory())
    with database.transaction() as work:
        found = [workspace.name for workspace in work.people.workspaces()]
    database.close()
    return found


def add(url: str, workspace: Workspace) -> None:
    database = Database(url, relay_key=RELAY_KEY, memory=Memory())
    with database.transaction() as work:
        work.people.add_workspace(workspace)
    database.close()


def test_what_is_written_to_the_copy_is_not_in_the_original(
    sqlite_url: str, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with copied(sqlite_url) as url:
        assert is_current(url)
        add(url, ACME)
        assert names(url) == [ACME.name]
        folder = Path(url.removeprefix("sqlite+pysqlite:///")).parent
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert not folder.exists()


def test_what_an_open_database_has_committed_is_in_the_copy(sqlite_url: str) -> None:
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory())
    with database.transaction() as work:
        work.people.add_workspace(ACME)
    with copied(sqlite_url) as url:
        assert names(url) == [ACME.name]
    database.close()


def test_of_no_file_an_empty_place_is_given(tmp_path: Path) -> None:
    with copied(f"sqlite:///{tmp_path}/absent.db") as url:
        assert not is_current(url)
    assert list(tmp_path.iterdir()) == []


def test_a_server_is_not_copied() -> None:
    with pytest.raises(ValueError, match="SQLite"), copied("postgresql://localhost/x"):
        pass
