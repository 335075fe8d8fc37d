"""The database: SQLite in a file, or PostgreSQL. The only place that begins and ends
transactions."""

import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from bot.errors import BotError, Conflict, Unavailable
from bot.metric import Level, Meter
from storage.ballast import Ballast
from storage.enrolment import COUNT_ANEW
from storage.group import LARGEST, Groups
from storage.poke import Poke
from storage.relay import check_key
from storage.seal import Seal
from storage.work import SqlWork

if TYPE_CHECKING:
    import psycopg

    from bot.capabilities.questions.memory import Memory

BUSY_TIMEOUT = 5.0
"""Seconds that a transaction waits for another one's lock."""
CALLERS = 64
"""How many threads pay off: with so many at once SQLite keeps four times as many durable
transactions as one by one (tests/bench/commit.py), and more gain nothing. The default
executor of asyncio has a handful. PostgreSQL has a connection for `2 * POOL_SIZE` of them."""
POOL_SIZE = 8
LOG_KEPT = 16 * 2**20
"""Bytes that SQLite's write-ahead log keeps of the disk when it has been emptied."""
STATEMENT_LIMIT = 60
"""Seconds after which PostgreSQL ends a statement of `Database`; none of ours takes one."""
SILENCE_LIMIT = 15
"""Seconds after which a server is given up that says nothing at all: its network is cut."""
IDLE_LIMIT = 15
"""Seconds after which PostgreSQL ends a transaction whose process has gone to sleep. It holds
locks for which others wait, and they must have their turn before their leases run out."""

TELL_AGAIN = 60.0
"""Seconds after which the log says once more that the file cannot be written."""

_WAL_ATTEMPTS = 20

# Primary result codes of SQLite (https://sqlite.org/rescode.html) that say "not now".
_SQLITE_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}
# Those of them that do not end by themselves, and that nobody but an operator can end.
_SQLITE_CLOSED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
# Classes and codes of PostgreSQL (its manual, appendix A) that say the same: no connection,
# no resources, shut down, taking too long, system error, lock not available, read only.
_POSTGRES_UNAVAILABLE = ("08", "53", "57", "58", "55P03", "25006", "25P03")
# Serialization failure and deadlock: the same transaction may succeed now.
_POSTGRES_CONFLICT = ("40",)

log = structlog.get_logger()


def read_url(url: str) -> URL:
    """The address of a database: `sqlite:///file.db` or `postgresql://...`.

    Raises:
        ValueError: it is neither, or SQLite without a file.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        # Its words would repeat the address, which may hold a password.
        raise ValueError("the address of the database is not sqlite:///... or alike") from None
    match parsed.get_backend_name():
        case "sqlite":
            if parsed.database in {None, "", ":memory:"}:
                raise ValueError("SQLite needs a file: sqlite:///inflow.db")
            return parsed.set(drivername="sqlite+pysqlite")
        case "postgresql" | "postgres":
            return parsed.set(drivername="postgresql+psycopg")
        case other:
            raise ValueError(f"a database is sqlite:///file or postgresql://..., not {other}")


class Database:
    """A store for `bot.app.App`, ready once `storage.migrate.upgrade` has run.

    May be used from any thread. Two transactions of one thread do not nest.
    """

    def __init__(
        self,
        url: str,
        *,
        relay_key: bytes,
        memory: "Memory",
        busy_timeout: float = BUSY_TIMEOUT,
        poke: Poke | None = None,
        group: int = LARGEST,
        durable: bool = True,
    ) -> None:
        """`busy_timeout` is in seconds; the relay key has at least 32 bytes; of SQLite at
        most `group` transactions share a commit. A SQLite file that is not `durable` is for
        the bin: no commit waits for the disk."""
        self.poke = poke
        """Who is told of new letters. May be set later, once there is somebody."""
        self.ballast: Ballast | None = None
        self.seal = Seal(relay_key)
        self.owner = secrets.token_hex(8)
        self._memory = memory
        self._told_at = -TELL_AGAIN
        self._engine = make_engine(url, busy_timeout, STATEMENT_LIMIT, durable=durable)
        # An error may come from the driver itself, while it connects.
        self._driver_error = self._engine.dialect.loaded_dbapi.Error
        self._groups = (
            Groups(self._engine, busy_timeout, memory.forget, largest=group)
            if self._engine.dialect.name == "sqlite"
            else None
        )

    @property
    def file(self) -> Path | None:
        """The SQLite file; None on a server."""
        name = self._engine.url.database
        return None if self._groups is None or name is None else Path(name).absolute()

    @contextmanager
    def ballasted(self) -> Iterator[None]:
        """For the block keep room beside a SQLite file, for the day when its disk is full.

        For the one process that has the lock of storage/lockfile.py. A server looks after
        its own disk.
        """
        if self.file is None:
            yield
            return
        with Ballast(self.file) as self.ballast:
            yield

    @property
    def has_room(self) -> bool:
        """Whether the disk has room for new work; always True without ballast."""
        return self.ballast is None or self.ballast.has_room()

    @property
    def waiting(self) -> int:
        """How many transactions wait for their turn on SQLite; 0 on PostgreSQL."""
        return self._groups.waiting if self._groups else 0

    @property
    def meters(self) -> Sequence[Meter]:
        """What is counted of SQLite's transactions; nothing on PostgreSQL."""
        if self._groups is None:
            return ()
        line = "Transactions that wait for their turn on SQLite."
        return (self._groups.sizes, Level("inflow_store_line", line, lambda: self.waiting))

    @contextmanager
    def transaction(self) -> Iterator[SqlWork]:
        """Begin to write; commit at the end of the block, roll back on any exception.

        Raises:
            Unavailable: the store is locked or out of reach, or its disk nearly full. Should
                the connection break during the very commit, it may have been kept all the
                same: do it again, the inbox and the letters' keys see to it that it counts
                once.
            Conflict: another transaction was in the way; the same may work now.
        """
        poke = self.poke
        if not self.has_room:
            raise Unavailable
        with self._begin() as connection:
            work = SqlWork(connection, self.seal, self._memory)
            yield work
            lanes = sorted(work.outbox.poked)
            # Before the revisions, whose counters everybody waits for from then on.
            if poke and lanes:
                poke.before_commit(connection, lanes)
            work.revisions.number()
        if poke and lanes:
            poke.after_commit(lanes)
        if work.enrolments.has_grown:
            # Left out, it is done by PostgreSQL itself within minutes.
            with suppress(Unavailable, Conflict), self.begin() as connection:
                connection.execute(COUNT_ANEW)

    def begin(self) -> AbstractContextManager[Connection]:
        """The connection of a new transaction; ends and raises as `transaction` does.

        It begins on a nearly full disk too, so it is for what brings nothing new: reading,
        deleting, and writing down what became of something.
        """
        if self.ballast is not None:
            # In time, before SQLite finds the disk full.
            self.ballast.has_room()
        return self._begin()

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        begun = self._groups.begin() if self._groups else self._engine.begin()
        try:
            with begun as connection:
                yield connection
        except (DBAPIError, self._driver_error, NoConnection) as error:
            ours = _translate(error)
            if ours is None:
                raise
            self._heed(error)
            raise ours from error
        except Unavailable as error:
            # A commit that failed for all of its group.
            self._heed(error.__cause__)
            raise

    def _heed(self, error: BaseException | None) -> None:
        code = result_code(error)
        if self.ballast is not None and code == sqlite3.SQLITE_FULL:
            self.ballast.release()
        if code in _SQLITE_CLOSED and time.monotonic() - self._told_at > TELL_AGAIN:
            self._told_at = time.monotonic()
            log.warning("the database file cannot be written", code=code)

    def check_relay_key(self) -> None:
        """Whether the relay key is that of this database; a new database takes it as its own.

        Raises:
            WrongKey: it is another one. Nothing was changed.
        """
        with self.begin() as connection:
            check_key(connection, self.seal)

    def close(self) -> None:
        """End all connections. The instance may not be used again."""
        self._engine.dispose()


def make_engine(
    url: str,
    busy_timeout: float = BUSY_TIMEOUT,
    statement_limit: float | None = None,
    *,
    durable: bool = True,
) -> Engine:
    """An engine whose transactions begin as writers do; nothing is connected yet.

    PostgreSQL ends a statement after `statement_limit` seconds, if that is given. What is not
    `durable` may be lost on SQLite when the machine stops.
    Its errors do not repeat what was to be stored: they may end up in a log.
    """
    address = read_url(url)
    milliseconds = round(busy_timeout * 1000)
    if address.get_backend_name() == "sqlite":
        engine = create_engine(
            address,
            # None: the driver begins nothing by itself, and `RELEASE` commits nothing.
            connect_args={"isolation_level": None, "timeout": busy_timeout},
            pool_size=1,
            max_overflow=0,
            pool_timeout=busy_timeout,
            hide_parameters=True,
        )

        @event.listens_for(engine, "connect")
        def prepare(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute(f"PRAGMA busy_timeout = {milliseconds}").close()
            _switch_to_wal(connection)
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}").close()
            connection.execute("PRAGMA foreign_keys = ON").close()
            connection.execute(f"PRAGMA journal_size_limit = {LOG_KEPT}").close()

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            # A reader that starts to write may find that somebody was quicker, and no
            # waiting helps it then. Whoever begins as a writer waits once.
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        return engine

    engine = create_engine(
        address,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        pool_timeout=busy_timeout,
        connect_args={
            "connect_timeout": max(2, round(busy_timeout)),
            # https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-KEEPALIVES
            "keepalives_idle": SILENCE_LIMIT // 3,
            "keepalives_interval": SILENCE_LIMIT // 3,
            "keepalives_count": 2,
            "tcp_user_timeout": SILENCE_LIMIT * 1000,
        },
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def limit(connection: "psycopg.Connection[Any]", _record: object) -> None:
        connection.execute(f"SET lock_timeout = {milliseconds}")
        connection.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_LIMIT}s'")
        connection.execute(f"SET statement_timeout = {round((statement_limit or 0) * 1000)}")
        connection.commit()

    return engine


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Turn on the write-ahead log, which stays on in the file.

    Two who switch a new file at once are both refused without waiting, whatever the busy
    timeout; but whoever begins a transaction waits, so that is done in between.
    """
    for attempt in range(_WAL_ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or attempt + 1 == _WAL_ATTEMPTS:
                raise
            connection.execute("BEGIN EXCLUSIVE").close()
            connection.execute("ROLLBACK").close()
        else:
            return


def _translate(error: Exception) -> BotError | None:
    """The error as the core knows it, or None when it is a mistake of ours."""
    if isinstance(error, NoConnection):
        return Unavailable()
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return Unavailable() if result_code(cause) in _SQLITE_UNAVAILABLE else None
    return _translate_postgres(cause)


def result_code(error: BaseException | None) -> int | None:
    """SQLite's primary result code (https://sqlite.org/rescode.html), if it is an error of it."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code: int | None = getattr(cause, "sqlite_errorcode", None)
    # The low byte of an extended code is the primary one.
    return None if code is None else code & 0xFF


def _translate_postgres(cause: BaseException | None) -> BotError | None:
    import psycopg  # noqa: PLC0415 - it takes 9 MB, which SQLite has no use for

    if not isinstance(cause, psycopg.Error):
        return None
    state = cause.sqlstate
    if state is None:
        return Unavailable() if isinstance(cause, psycopg.OperationalError) else None
    if state.startswith(_POSTGRES_CONFLICT):
        return Conflict()
    return Unavailable() if state.startswith(_POSTGRES_UNAVAILABLE) else None
