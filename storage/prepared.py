"""Statements that run for everything that comes in, written down once.

Around a statement SQLAlchemy works several times as long as SQLite does within it. So what
stands in a module and runs all the time is given to SQLite's driver as SQLAlchemy once put it,
and its values go through SQLAlchemy's own conversions. PostgreSQL is further away than that,
and SQLAlchemy must hear of connections that break: there it runs as any other.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, Insert, Select, Update
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.types import TypeEngine

Change: TypeAlias = Insert | Update

_Convert: TypeAlias = Callable[[Any], Any]

_SQLITE = SQLiteDialect_pysqlite()


def fetch(
    connection: Connection, statement: Select[Any], values: Mapping[str, Any]
) -> Sequence[Sequence[Any]]:
    """The rows of a query that stands in a module, for values of its parameters."""
    if connection.dialect.name != "sqlite":
        return connection.execute(statement, values).all()
    return _prepare(statement, tuple(values)).fetch(connection, values)


def fetch_columns(
    connection: Connection, statement: Select[Any], values: Mapping[str, Any]
) -> Sequence[Sequence[Any]]:
    """The columns of many such rows: what is the same in many of them, as a day is, becomes a
    value once. Without any rows there are no columns either."""
    if connection.dialect.name != "sqlite":
        return list(zip(*connection.execute(statement, values), strict=True))
    return _prepare(statement, tuple(values)).fetch_columns(connection, values)


def change(connection: Connection, statement: Change, values: Mapping[str, Any]) -> int:
    """How many rows a statement that stands in a module has inserted or updated."""
    if connection.dialect.name != "sqlite":
        # Of an insert SQLAlchemy forgets how many rows there were, unless it is asked to.
        options = {"preserve_rowcount": True}
        return connection.execute(statement, values, execution_options=options).rowcount
    return _prepare(statement, tuple(values)).change(connection, values)


def change_all(
    connection: Connection,
    statement: Change,
    names: tuple[str, ...],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Run a statement that stands in a module for many rows, each with the values of its
    parameters in the order of `names`."""
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])
    else:
        _prepare(statement, names).change_all(connection, names, rows)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement as SQLite's driver takes it."""

    text: str
    given: tuple[tuple[str, _Convert | None], ...]
    """The parameters in order, and how a value becomes one of the driver's."""
    fixed: Mapping[str, Any]
    """Parameters whose values stand in the statement."""
    taken: tuple[tuple[int, _Convert], ...]
    """The columns whose values the driver gives in another form."""

    def run(self, connection: Connection, values: Mapping[str, Any]) -> sqlite3.Cursor:
        every = {**self.fixed, **values}
        given = [
            every[name] if convert is None else convert(every[name]) for name, convert in self.given
        ]
        driver: Any = connection.connection.driver_connection
        cursor: sqlite3.Cursor = driver.execute(self.text, given)
        return cursor

    def fetch(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        rows = [list(row) for row in self.run(connection, values).fetchall()]
        for row in rows:
            for place, convert in self.taken:
                row[place] = convert(row[place])
        return rows

    def fetch_columns(
        self, connection: Connection, values: Mapping[str, Any]
    ) -> Sequence[Sequence[Any]]:
        columns: list[Sequence[Any]] = list(
            zip(*self.run(connection, values).fetchall(), strict=True)
        )
        if columns:
            for place, convert in self.taken:
                columns[place] = _turn(columns[place], convert)
        return columns

    def change(self, connection: Connection, values: Mapping[str, Any]) -> int:
        cursor = self.run(connection, values)
        changed = cursor.rowcount
        # Not left to the collector: an open statement would keep what it looks at.
        cursor.close()
        return changed

    def change_all(
        self, connection: Connection, names: tuple[str, ...], rows: Sequence[Sequence[Any]]
    ) -> None:
        columns = dict(zip(names, zip(*rows, strict=True), strict=True))
        given = [
            columns[name] if convert is None else _turn(columns[name], convert)
            for name, convert in self.given
        ]
        driver: Any = connection.connection.driver_connection
        driver.executemany(self.text, list(zip(*given, strict=True))).close()


def _turn(column: Sequence[Any], convert: _Convert) -> Sequence[Any]:
    """Every value of a column, each different one converted once."""
    turned = {value: convert(value) for value in set(column)}
    return [turned[value] for value in column]


@cache
def _prepare(statement: Select[Any] | Change, names: tuple[str, ...]) -> _Prepared:
    compiled: Any = statement.compile(dialect=_SQLITE, column_keys=names)
    binds = compiled.binds
    given = tuple((name, _giving(binds[name].type)) for name in compiled.positiontup)
    columns = statement.selected_columns if isinstance(statement, Select) else ()
    ways = [(place, _taking(column.type)) for place, column in enumerate(columns)]
    return _Prepared(
        text=str(compiled),
        given=given,
        fixed={name: value for name, value in compiled.params.items() if name not in names},
        taken=tuple((place, convert) for place, convert in ways if convert is not None),
    )


def _giving(kind: TypeEngine[Any]) -> _Convert | None:
    return kind.dialect_impl(_SQLITE).bind_processor(_SQLITE)


def _taking(kind: TypeEngine[Any]) -> _Convert | None:
    return kind.dialect_impl(_SQLITE).result_processor(_SQLITE, None)
