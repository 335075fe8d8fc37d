"""What is in the way of using a database is said with the file or server and the mend."""

import errno
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError

from storage.database import make_engine
from storage.obstacle import explain, explain_unwritable

NOBODY = 65534


def obstacle(url: str, busy_timeout: float = 0.01) -> str:
    """What is said when the database at `url` is begun to be written."""
    try:
        engine = make_engine(url, busy_timeout)
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql("CREATE TABLE anything (x INTEGER)")
        finally:
            engine.dispose()
    except (DatabaseError, sqlite3.Error, ImportError, engine.dialect.loaded_dbapi.Error) as error:
        return explain(url, error)
    raise AssertionError("nothing is in the way")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a database might be."""
    return tmp_path / "inflow.db"


@pytest.fixture
def others_folder() -> Iterator[Path]:
    """A folder with a database, both of which we may read and not write. Root becomes nobody
    for it, whom the folders that pytest makes do not let in."""
    folder = Path(tempfile.mkdtemp(prefix="inflow-", dir="/tmp"))
    with closing(sqlite3.connect(folder / "inflow.db")) as connection:
        connection.execute("CREATE TABLE something (x)")
    (folder / "inflow.db").chmod(0o444)
    folder.chmod(0o555)
    us = os.geteuid()
    if us == 0:
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        os.seteuid(us)
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_a_missing_folder(tmp_path: Path) -> None:
    folder = tmp_path / "no such"
    assert obstacle(f"sqlite:///{folder}/inflow.db") == (
        f"the folder {folder} is not there. Make it with: mkdir -p '{folder}'"
    )


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    assert obstacle(f"sqlite:///{tmp_path}") == (
        f"{tmp_path} is a folder. Name a file: sqlite:///{tmp_path}/inflow.db"
    )


def test_a_file_that_is_something_else(file: Path) -> None:
    file.write_text("Dear diary, " * 100)
    assert obstacle(f"sqlite:///{file}") == (
        f"{file} is not a SQLite database. Name another file, or restore your backup."
    )


def test_a_file_that_is_damaged(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE something (x)")
        connection.execute("PRAGMA journal_mode = WAL")
    with file.open("r+b") as raw:
        raw.seek(100)
        raw.write(b"\xff" * 1000)
    assert obstacle(f"sqlite:///{file}") == f"{file} is damaged. Restore your backup."


def test_a_file_that_is_locked_by_somebody_else(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")
        assert obstacle(f"sqlite:///{file}") == (
            f"another program keeps {file} locked. Stop it, and try again."
        )


def test_a_file_that_may_only_be_read(others_folder: Path) -> None:
    file = others_folder / "inflow.db"
    assert obstacle(f"sqlite:///{file}") == (
        f"{file} cannot be written by the user who runs Inflow. Allow it with: "
        f"chmod u+rwX {file} (or chown, where it belongs to somebody else). "
        "SQLite needs both the file and its folder."
    )


def test_a_folder_that_may_only_be_read(others_folder: Path) -> None:
    assert obstacle(f"sqlite:///{others_folder}/new.db") == (
        f"{others_folder} cannot be written by the user who runs Inflow. Allow it with: "
        f"chmod u+rwX {others_folder} (or chown, where it belongs to somebody else). "
        "SQLite needs both the file and its folder."
    )


def test_a_file_that_may_only_be_read_is_found_before_it_is_opened(
    read_only_file: Path,
) -> None:
    said = explain_unwritable(f"sqlite:///{read_only_file}")
    assert str(said).startswith(f"{read_only_file} cannot be written by the user who runs Inflow.")
    read_only_file.unlink()
    assert explain_unwritable(f"sqlite:///{read_only_file}") is None, "it is not there yet"
    assert explain_unwritable("postgresql://u@db/inflow") is None


def test_postgresql_without_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ImportError) as caught:
        make_engine("postgresql://u:secret@db/inflow")
    assert explain("postgresql://u:secret@db/inflow", caught.value) == (
        "PostgreSQL needs more than is installed. Install it with: "
        "pip install 'inflow[postgresql]' (in a checkout: make venv)"
    )


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    said = obstacle(f"postgresql://somebody:secret@/inflow?host={tmp_path}", busy_timeout=2)
    assert said.startswith("the server cannot be used: connection ")
    assert said.endswith(". Start it, or correct the address.")
    assert "secret" not in said


def test_a_database_that_the_server_does_not_have(postgres_url: str) -> None:
    url = postgres_url.replace("/test_", "/absent_")
    name = url.partition("@/")[2].partition("?")[0]
    assert obstacle(url).endswith(
        f'database "{name}" does not exist. Make the database with: createdb {name}'
    )


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_without_room_for_the_lock_is_called_full(file: Path, number: int) -> None:
    said = explain(f"sqlite:///{file}", OSError(number, os.strerror(number)))
    assert said == f"the disk of {file} is full. Make room on it, and try again."
