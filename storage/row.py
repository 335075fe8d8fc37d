"""Between frozen values and rows: a field and its column have the same name."""

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def columns_of(table: Table, kind: "type[DataclassInstance]") -> Sequence[Column[Any]]:
    """The columns from which a value of `kind` is made."""
    return [table.c[field.name] for field in fields(kind)]


def values_of(value: "DataclassInstance") -> dict[str, Any]:
    """The value's fields by name; nested values are left as they are."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def insert_into(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that knows `on_conflict_do_...`, for the database behind the connection."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def add_new(connection: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Insert a row unless one with an equal key is there; says whether it was inserted."""
    insert = insert_into(connection, table).values(values).on_conflict_do_nothing()
    return connection.execute(insert).rowcount == 1


def put(connection: Connection, table: Table, values: dict[str, Any]) -> None:
    """Insert a row, or replace these columns of the one with the same primary key."""
    key = [column.name for column in table.primary_key]
    insert = insert_into(connection, table).values(values)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=key,
            set_={name: insert.excluded[name] for name in values if name not in key},
        )
    )
