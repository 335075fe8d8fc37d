"""Statements compiled once for all databases of a process, as they are in the program itself.

The program has one database and compiles each of its statements once. The suite has thousands of
databases, and SQLAlchemy keeps what it compiled for each of their engines apart: a fifth of the
time of a test with a database went into compiling the same few hundred statements again. Here all
engines of one dialect share them.

Load it with `pytest_plugins = ["tests.compiled"]`.
"""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

MOST = 5000
"""Ten times what SQLAlchemy keeps for one engine; beyond it the oldest go."""

_COMPILED: LRUCache[Any, Any] = LRUCache(MOST)


class _Alike:
    """A dialect that is as good as any other of its class.

    The dialect is a part of the key of what was compiled. All engines here are made by
    `storage.database.make_engine`, and all servers are of one version, so they have the same
    settings; and what depends on a setting (`insertmanyvalues_page_size` and alike) is read
    when a statement is executed, from the engine's own dialect.
    """

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=_COMPILED)


class Sqlite(_Alike, SQLiteDialect_pysqlite):
    """SQLite as always, but for what it has compiled."""

    supports_statement_cache = True


class Postgresql(_Alike, PGDialect_psycopg):
    """PostgreSQL as always, but for what it has compiled."""

    supports_statement_cache = True


registry.register("sqlite.pysqlite", __name__, Sqlite.__name__)
registry.register("postgresql.psycopg", __name__, Postgresql.__name__)
