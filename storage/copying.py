"""Moves an organisation: copies everything from one database to another, and checks it.

Interrupted, it goes on where it stopped when it is run again. The source is not changed.
(For the throwaway copy of a SQLite file on which things are tried, see storage/copy.py.)
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    MetaData,
    Row,
    Table,
    Text,
    exists,
    func,
    insert,
    inspect,
    literal,
    select,
    text,
    tuple_,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from storage.database import make_engine, read_url
from storage.lockfile import InUse, locked
from storage.migrate import SCHEMA, NewerSchema, is_current, upgrade
from storage.obstacle import explain
from storage.row import put
from storage.tables import workspaces

CHUNK = 5_000
"""Rows a transaction."""
_DIGEST = 16

# It is in the target only, and only until the copy has been checked.
_bookmarks = Table(
    "copy_bookmarks",
    MetaData(),
    # Nothing for the source itself, of which `last` is the mark.
    Column("name", Text, primary_key=True),
    Column("last", Text, nullable=False),
)


class CannotCopy(Exception):
    """The sentence says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A table that is the same on both sides, with so many rows."""

    table: str
    rows: int


Progress = Callable[[str, int, int], None]
"""Told of a table, how many of its rows are there by now, and how many there will be."""


def copy_all(
    source_url: str,
    target_url: str,
    progress: Progress,
    started_at: datetime,
    *,
    chunk: int = CHUNK,
) -> Sequence[Copied]:
    """Copy every table of the source into the target, which must be empty or hold an
    unfinished copy of the same source; returns what was copied and checked.

    The target gets the schema of this version. `started_at`, aware, is for the lock files.
    Nothing may write to either meanwhile: a SQLite source is locked, and the processes on a
    server must be stopped by whoever runs them. The key that opens what is sealed is in no
    table: it must be carried to where the target is used.

    Raises:
        CannotCopy: a database cannot be used or is in use, the source is of another
            version, the target holds something else, or the two differ in the end.
    """
    with _blamed_on("source", source_url):
        address = read_url(source_url)
    with _blamed_on("target", target_url):
        if read_url(target_url) == address:
            raise CannotCopy("Source and target are the same database.")
    with ExitStack() as stack:
        with _blamed_on("source", source_url):
            _check_source(address)
            stack.enter_context(locked(source_url, started_at))
            if not is_current(source_url):
                raise CannotCopy(
                    "The source has the schema of an older version. Bring it to this one "
                    "first, with: inflow migrate"
                )
            reader = stack.enter_context(_snapshot(stack.enter_context(_opened(source_url))))
        with _blamed_on("target", target_url):
            stack.enter_context(locked(target_url, started_at))
            upgrade(target_url)
            target = stack.enter_context(_opened(target_url))
            _prepare(reader, target)
            for table in SCHEMA.sorted_tables:
                _copy(reader, target, table, chunk, progress)
            _number_on(target)
            copied = [_compare(reader, target, table, chunk) for table in SCHEMA.sorted_tables]
            with target.begin() as writer:
                _bookmarks.drop(writer)
    return copied


def is_unfinished(url: str) -> bool:
    """Whether the database at `url` is the target of a copy that was not finished."""
    with _opened(url) as engine, engine.begin() as connection:
        return has_bookmarks(connection)


def has_bookmarks(connection: Connection) -> bool:
    """Whether a copy into this database was begun and is not finished."""
    return inspect(connection).has_table(_bookmarks.name)


@contextmanager
def _blamed_on(which: str, url: str) -> Iterator[None]:
    try:
        yield
    except InUse as error:
        raise CannotCopy(f"The {which}: {error}") from error
    except NewerSchema as error:
        raise CannotCopy(f"A newer version has used the {which}: {error}.") from error
    except ValueError as error:
        raise CannotCopy(f"The {which}: {error}.") from error
    except IntegrityError as error:
        raise CannotCopy(
            f"The {which} has rows that this copy did not bring: something else has written to "
            "it. Stop it, and copy into a new database."
        ) from error
    except (DBAPIError, sqlite3.Error, ImportError, OSError) as error:
        raise CannotCopy(f"The {which}: {explain(url, error)}") from error


def _check_source(address: URL) -> None:
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").exists():
        # To connect would make an empty one.
        raise CannotCopy(f"The source: there is no file {address.database}.")


@contextmanager
def _opened(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _snapshot(source: Engine) -> Iterator[Connection]:
    """A transaction in which the source stays as it is, however long it is read."""
    if source.dialect.name == "sqlite":
        # It begins as a writer, so that nobody else writes.
        with source.begin() as connection:
            yield connection
        return
    with source.execution_options(isolation_level="REPEATABLE READ").begin() as connection:
        # It waits while the target is written.
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        yield connection


def _prepare(reader: Connection, target: Engine) -> None:
    """Make the bookmarks in an empty target, or see that those there are of this source."""
    mark = _mark(reader)
    with target.begin() as writer:
        if not has_bookmarks(writer):
            for table in SCHEMA.sorted_tables:
                if writer.execute(select(exists(select(literal(1)).select_from(table)))).scalar():
                    raise CannotCopy(
                        f"The target is not empty: its table {table.name} has rows. Copy into a "
                        "new database."
                    )
            _bookmarks.create(writer)
            writer.execute(insert(_bookmarks).values(name="", last=mark))
        elif _read_bookmark(writer, "") != mark:
            raise CannotCopy(
                "The target holds an unfinished copy of another source. Copy into a new database."
            )


def _mark(reader: Connection) -> str:
    """What tells this organisation from another: its workspaces have ids of chance."""
    ids = reader.scalars(select(workspaces.c.id).order_by(workspaces.c.id)).all()
    return hashlib.sha256(json.dumps(sorted(ids)).encode()).hexdigest()


def _read_bookmark(connection: Connection, name: str) -> str | None:
    last: str | None = connection.scalar(select(_bookmarks.c.last).where(_bookmarks.c.name == name))
    return last


def _copy(reader: Connection, target: Engine, table: Table, chunk: int, progress: Progress) -> None:
    with target.begin() as writer:
        bookmark = _read_bookmark(writer, table.name)
        done = _count(writer, table)
    key = list(table.primary_key)
    last = None if bookmark is None else _read_key(key, bookmark)
    total = _count(reader, table)
    progress(table.name, done, total)
    while rows := _read_on(reader, table, key, last, chunk):
        last = [rows[-1]._mapping[column.name] for column in key]
        with target.begin() as writer:
            writer.execute(insert(table), [dict(row._mapping) for row in rows])
            put(writer, _bookmarks, {"name": table.name, "last": json.dumps(last, default=str)})
        done += len(rows)
        progress(table.name, done, total)


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _read_key(key: Sequence[Column[Any]], bookmark: str) -> list[Any]:
    return [
        date.fromisoformat(value) if column.type.python_type is date else value
        for column, value in zip(key, json.loads(bookmark), strict=True)
    ]


def _read_on(
    reader: Connection,
    table: Table,
    key: Sequence[Column[Any]],
    last: Sequence[Any] | None,
    chunk: int,
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The next rows in the order of the key, as the source sorts it."""
    statement = select(table).order_by(*key).limit(chunk)
    if last is not None:
        values = [literal(value, column.type) for column, value in zip(key, last, strict=True)]
        statement = statement.where(tuple_(*key) > tuple_(*values))
    return reader.execute(statement).all()


def _number_on(target: Engine) -> None:
    """Let PostgreSQL give the next rows the numbers after the last; SQLite does by itself."""
    if target.dialect.name != "postgresql":
        return
    with target.begin() as writer:
        for table in SCHEMA.sorted_tables:
            column = table.autoincrement_column
            if column is None:
                continue
            last = writer.execute(select(func.max(column))).scalar()
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            if last is not None:
                writer.execute(select(func.setval(sequence, last)))


def _compare(reader: Connection, target: Engine, table: Table, chunk: int) -> Copied:
    there, sum_there = _sum(reader, table, chunk)
    with target.begin() as writer:
        here, sum_here = _sum(writer, table, chunk)
    if (there, sum_there) != (here, sum_here):
        raise CannotCopy(
            f"The table {table.name} differs: {there} rows in the source, {here} in the target, "
            "and not the same. Something has written to one of them. Stop it, and copy into a "
            "new database."
        )
    return Copied(table.name, here)


def _sum(connection: Connection, table: Table, chunk: int) -> tuple[int, int]:
    """How many rows there are, and the sum of a digest of each, whatever their order."""
    rows, total = 0, 0
    found = connection.execute(select(table).execution_options(yield_per=chunk))
    for row in found:
        # As the program reads it: the databases themselves write the same value differently.
        words = json.dumps(list(row), sort_keys=True, default=str)
        digest = hashlib.blake2b(words.encode(), digest_size=_DIGEST).digest()
        total += int.from_bytes(digest, "big")
        rows += 1
    return rows, total % (1 << 8 * _DIGEST)
