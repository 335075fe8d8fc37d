"""Between frozen values and rows: a field and its column have the same name."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    Text,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage.column import Texts
from storage.prepared import change

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")


def columns_of(table: Table, kind: "type[DataclassInstance]") -> Sequence[Column[Any]]:
    """The columns from which a value of `kind` is made."""
    return [table.c[field.name] for field in fields(kind)]


def values_of(value: "DataclassInstance") -> dict[str, Any]:
    """The value's fields by name; nested values are left as they are."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def among(dialect: str, column: Column[str], name: str) -> ColumnElement[bool]:
    """Whether a column is one of the strings that are given under `name`, in a list of any length.

    It is one value to both databases. An `IN` is one for each string, over which SQLAlchemy
    takes longer than they do.
    """
    if dialect == "sqlite":
        each = func.json_each(bindparam(name, type_=Texts)).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(bindparam(name, type_=postgresql.ARRAY(Text)))


def insert_for(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that knows `on_conflict_do_...`, for the database of that dialect."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def in_chunks(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The things in order, at most `size` at a time."""
    return (things[start : start + size] for start in range(0, len(things), size))


def add_new(connection: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Insert a row unless one with an equal key is there; says whether it was inserted."""
    return change(connection, _insert_new(connection.dialect.name, table), values) == 1


def add_all_new(
    connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert many rows, leaving out those of which one with an equal key is there.

    SQLAlchemy would look at every value of every row by itself, which takes several times as
    long as the database does. Here each different value of a column is looked at once; and
    what is the same in all rows, as a message to many is, goes to PostgreSQL once.
    """
    columns = [_stored(connection, table.c[name], column) for name, column in _turned(names, rows)]
    told = ", ".join(names)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in names)
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({told}) VALUES ({marks}) ON CONFLICT DO NOTHING",  # noqa: S608 - our own names
            list(zip(*columns, strict=True)),
        )
        return
    chosen, lists, alike, many = [], [], [], []
    for name, column in zip(names, columns, strict=True):
        kind = table.c[name].type.compile(connection.dialect)
        if len(set(column)) == 1:
            chosen.append(f"%s::{kind}")
            alike.append(column[0])
        else:
            chosen.append(name)
            lists.append((name, f"%s::{kind}[]"))
            many.append(list(column))
    source = (
        f" FROM unnest({', '.join(cast for _, cast in lists)}) "
        f"AS given ({', '.join(name for name, _ in lists)})"
        if lists
        else ""
    )
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({told}) SELECT {', '.join(chosen)}{source} "
        "ON CONFLICT DO NOTHING",
        (*alike, *many),
    )


def _turned(
    names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    return zip(names, zip(*rows, strict=True), strict=True)


def _stored(connection: Connection, column: Column[Any], values: tuple[Any, ...]) -> Sequence[Any]:
    """The values of a column as the driver takes them."""
    dialect = connection.dialect
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    if process is None:
        return values
    stored = {value: process(value) for value in set(values)}
    return [stored[value] for value in values]


def put(connection: Connection, table: Table, values: dict[str, Any]) -> None:
    """Insert a row, or replace these columns of the one with the same primary key."""
    connection.execute(_replace(connection.dialect.name, table, tuple(values)), values)


def put_all(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """The same for many rows, all with these columns."""
    if rows:
        connection.execute(_replace(connection.dialect.name, table, tuple(rows[0])), rows)


# Building a statement takes SQLAlchemy longer than SQLite takes to run it, so those that
# run once for every row of an import are built once.
@cache
def _insert_new(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return insert_for(dialect, table).on_conflict_do_nothing()


@cache
def _replace(
    dialect: str, table: Table, names: tuple[str, ...]
) -> sqlite.Insert | postgresql.Insert:
    key = [column.name for column in table.primary_key]
    insert = insert_for(dialect, table)
    return insert.on_conflict_do_update(
        index_elements=key,
        set_={name: insert.excluded[name] for name in names if name not in key},
    )
