"""An organisation moves between databases: everything, once, and proved."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Date, Engine, Float, insert, select, text

from bot.capabilities.questions.memory import Memory
from storage.column import Instant, Json, Name, Texts
from storage.copying import CannotCopy, Copied, Progress, copy_all
from storage.database import Database, make_engine
from storage.doctor import look_at_store
from storage.lockfile import locked
from storage.migrate import SCHEMA, upgrade
from tests.databases import RELAY_KEY
from tests.storage.example import ACME, NOW, letter

ROWS = 7
CHUNK = 3


def made_up(column: Column[Any], number: int) -> Any:
    """A value that the column may hold, another one for each row."""
    if column.nullable and number % 3 == 0:
        return None
    if column.foreign_keys:
        [key] = column.foreign_keys
        # Of the row before, where a table refers to itself.
        same = key.column.table is column.table
        return made_up(key.column, max(1, number - 1) if same else number)
    kind = column.type
    match kind:
        case Instant():
            return NOW + timedelta(microseconds=number)
        case Date():
            return date(2026, 3, 1) + timedelta(days=number)
        case Json():
            return {"b": [number, None], "a": "ß", "c": number / 3}
        case Texts():
            return ("x", str(number))
        case Name():
            members = [*kind.members.__members__.values()]
            return members[number % len(members)]
        case Float():
            return number / 3
    python_type = kind.python_type
    if python_type is bool:
        return number % 2 == 0
    if python_type is int:
        return number
    return f"{column.name} {number} “ü” 🚲"


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    """A transaction in the database at `url`."""
    engine: Engine = make_engine(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def fill(url: str) -> None:
    """Put rows into every table there is."""
    with opened(url) as connection:
        for table in SCHEMA.sorted_tables:
            rows = [
                {column.name: made_up(column, number) for column in table.columns}
                for number in range(1, ROWS + 1)
            ]
            connection.execute(insert(table), rows)


def read(url: str) -> dict[str, list[Any]]:
    """Every row of every table."""
    with opened(url) as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in SCHEMA.sorted_tables
        }


class Stopped(Exception):
    """Somebody pressed Ctrl-C."""


class Steps:
    """Hears of the progress, and stops the copy after so many steps."""

    def __init__(self, until: int = sys.maxsize) -> None:
        self.until = until
        self.heard: list[tuple[str, int, int]] = []

    def __call__(self, table: str, done: int, total: int) -> None:
        """As `storage.copying.Progress`."""
        if len(self.heard) == self.until:
            raise Stopped
        self.heard.append((table, done, total))


STARTED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def copy(source: str, target: str, steps: Progress | None = None) -> list[Copied]:
    """Copy in small chunks."""
    return list(copy_all(source, target, steps or Steps(), STARTED, chunk=CHUNK))


@pytest.fixture
def empty_postgres_url(new_postgres_database: Callable[..., str]) -> str:
    """The address of a PostgreSQL database without tables."""
    return new_postgres_database()


@pytest.fixture
def filled(sqlite_url: str) -> str:
    """The address of a SQLite file with rows in every table."""
    fill(sqlite_url)
    return sqlite_url


def test_everything_moves_from_sqlite_to_postgresql(filled: str, empty_postgres_url: str) -> None:
    steps = Steps()
    copied = copy(filled, empty_postgres_url, steps)
    assert copied == [Copied(table.name, ROWS) for table in SCHEMA.sorted_tables]
    assert read(empty_postgres_url) == read(filled)
    assert steps.heard[:4] == [
        (SCHEMA.sorted_tables[0].name, done, ROWS) for done in (0, 3, 6, ROWS)
    ]
    with opened(empty_postgres_url) as connection:
        assert connection.scalar(text("SELECT to_regclass('copy_bookmarks')")) is None


def test_everything_moves_from_postgresql_to_sqlite(postgres_url: str, tmp_path: Path) -> None:
    fill(postgres_url)
    target = f"sqlite:///{tmp_path}/moved.db"
    copy(postgres_url, target)
    assert read(target) == read(postgres_url)


def test_new_rows_get_new_numbers_after_the_move(filled: str, empty_postgres_url: str) -> None:
    copy(filled, empty_postgres_url)
    database = Database(empty_postgres_url, relay_key=RELAY_KEY, memory=Memory())
    with database.transaction() as work:
        work.people.add_workspace(ACME)
        work.outbox.post(ACME.id, letter("new"))
    database.close()
    with opened(empty_postgres_url) as connection:
        assert connection.scalar(text("SELECT id FROM outbox WHERE key = 'new'")) == ROWS + 1


def test_interrupted_it_goes_on_where_it_stopped_by_a_key_of_any_kind(
    filled: str, empty_postgres_url: str
) -> None:
    tables = SCHEMA.sorted_tables
    # Words alone, a number, a day, a value of an enumeration.
    kinds = {"workspaces", "outbox", "campaign_runs", "pack_things"}
    stops = [each.name for each in tables if each.name in kinds]
    heard: list[tuple[str, int, int]] = []
    for each in stops:

        def stop(name: str, done: int, total: int, last: str = each) -> None:
            heard.append((name, done, total))
            if name == last and done == CHUNK:
                raise Stopped

        heard.clear()
        with pytest.raises(Stopped):
            copy(filled, empty_postgres_url, stop)
    found = look_at_store(empty_postgres_url, None, lambda: datetime.now(UTC))
    assert any("an unfinished copy" in finding.what for finding in found)
    # What was there by then is not written again.
    assert heard[0] == (tables[0].name, ROWS, ROWS)
    assert heard[-2:] == [(stops[-1], 0, ROWS), (stops[-1], 3, ROWS)]
    assert (stops[-2], 3, ROWS) in heard
    copy(filled, empty_postgres_url)
    assert read(empty_postgres_url) == read(filled)


def test_a_target_with_other_content_is_refused(filled: str, postgres_url: str) -> None:
    with opened(postgres_url) as connection:
        connection.execute(text("INSERT INTO settings VALUES ('a', 'b')"))
    with pytest.raises(CannotCopy, match="not empty: its table settings has rows"):
        copy(filled, postgres_url)
    assert sum(map(len, read(postgres_url).values())) == 1


def test_a_copy_that_is_done_is_not_done_again(filled: str, postgres_url: str) -> None:
    copy(filled, postgres_url)
    with pytest.raises(CannotCopy, match="not empty"):
        copy(filled, postgres_url)


def test_an_unfinished_copy_of_another_source_is_refused(
    filled: str, postgres_url: str, tmp_path: Path
) -> None:
    with pytest.raises(Stopped):
        copy(filled, postgres_url, Steps(5))
    other = f"sqlite:///{tmp_path}/other.db"
    upgrade(other)
    with pytest.raises(CannotCopy, match="unfinished copy of another source"):
        copy(other, postgres_url)


def test_a_target_that_was_changed_meanwhile_is_found_out(filled: str, postgres_url: str) -> None:
    with pytest.raises(Stopped):
        copy(filled, postgres_url, Steps(4 * len(SCHEMA.sorted_tables) - 1))
    with opened(postgres_url) as connection:
        connection.execute(text("UPDATE workspaces SET name = 'x' WHERE id LIKE '%3%'"))
    with pytest.raises(CannotCopy, match="table workspaces differs: 7 rows in the source, 7 in"):
        copy(filled, postgres_url)


def test_rows_that_came_from_elsewhere_are_told_of(filled: str, postgres_url: str) -> None:
    with pytest.raises(Stopped):
        copy(filled, postgres_url, Steps(5))
    with opened(filled) as connection:
        table = SCHEMA.tables["settings"]
        row = connection.execute(select(table).limit(1)).one()
    with opened(postgres_url) as connection:
        connection.execute(insert(table), [dict(row._mapping)])
    with pytest.raises(CannotCopy, match="The target has rows that this copy did not bring"):
        copy(filled, postgres_url)


def test_a_source_in_use_is_refused(filled: str, postgres_url: str) -> None:
    with locked(filled, STARTED), pytest.raises(CannotCopy, match=r"inflow\.db is in use by"):
        copy(filled, postgres_url)


def test_nobody_writes_to_the_source_meanwhile(filled: str, postgres_url: str) -> None:
    refused: list[bool] = []
    write = (
        "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('DELETE FROM uses')"
    )

    def progress(*_step: object) -> None:
        if not refused:
            file = filled.removeprefix("sqlite:///")
            tried = subprocess.run(
                [sys.executable, "-c", write, file],
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
            refused.append("database is locked" in tried.stderr)

    copy_all(filled, postgres_url, progress, STARTED)
    assert refused == [True]


def test_a_source_that_is_not_there_is_not_made(tmp_path: Path, postgres_url: str) -> None:
    file = tmp_path / "absent.db"
    with pytest.raises(CannotCopy, match=r"there is no file .*absent\.db"):
        copy(f"sqlite:///{file}", postgres_url)
    assert not file.exists()


def test_a_source_of_an_older_version_is_refused(tmp_path: Path, postgres_url: str) -> None:
    file = tmp_path / "old.db"
    with opened(f"sqlite:///{file}") as connection:
        connection.execute(text("CREATE TABLE something (x INTEGER)"))
    with pytest.raises(CannotCopy, match=r"older version.*inflow migrate"):
        copy(f"sqlite:///{file}", postgres_url)


@pytest.mark.parametrize("which", ["source", "target"])
def test_a_database_of_a_newer_version_is_refused(
    filled: str, postgres_url: str, which: str
) -> None:
    with opened({"source": filled, "target": postgres_url}[which]) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CannotCopy, match=f"A newer version has used the {which}"):
        copy(filled, postgres_url)


def test_source_and_target_must_be_two(filled: str) -> None:
    with pytest.raises(CannotCopy, match="same database"):
        copy(filled, filled)


@pytest.mark.parametrize("which", ["source", "target"])
def test_an_address_that_is_none_is_named(filled: str, which: str) -> None:
    urls = {"source": filled, "target": filled, which: "mysql://db/inflow"}
    with pytest.raises(CannotCopy, match=f"The {which}: a database is sqlite:///file or"):
        copy(urls["source"], urls["target"])


def test_a_server_that_is_not_there_is_named(filled: str, tmp_path: Path) -> None:
    with pytest.raises(CannotCopy, match="The target: the server cannot be used"):
        copy(filled, f"postgresql://somebody@/inflow?host={tmp_path}")
