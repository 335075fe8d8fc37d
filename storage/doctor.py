"""What the doctor looks at in the store. Nothing is changed, made or upgraded."""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, not_, select, text, union
from sqlalchemy.exc import SQLAlchemyError

from bot.doctor import Finding, doubtful, fine, wrong
from bot.outbox import LetterState
from storage.backlog import Backlog
from storage.ballast import MARK, SIZE, free_bytes
from storage.copying import has_bookmarks
from storage.database import POOL_SIZE, make_engine, read_url, result_code
from storage.lockfile import holder_of
from storage.migrate import last_step, stored_step
from storage.obstacle import explain, may_write
from storage.queue_schema import SCHEMA as QUEUE_SCHEMA
from storage.relay import fits
from storage.seal import Seal
from storage.tables import outbox, people, workspaces
from storage.truth import REPLACED

if TYPE_CHECKING:
    from storage.database import Database

OLDEST_POSTGRES = 13
"""What Procrastinate needs."""
QUEUE_CONNECTIONS = 5
"""What a worker's queue opens at most, beside the store: its pool, and one that listens."""
COMFORT = 20
"""A disk with less room than so many times the mark below which no work is taken is doubted."""
WAIT = 2.0
"""Seconds to wait for a lock or an answer."""
SKEW = timedelta(seconds=2)
LATE = timedelta(minutes=15)
"""A due letter should not wait longer than this, unless its lane is at its limit."""
WEEK = timedelta(days=7)


def database_file(url: str) -> Path | None:
    """The SQLite file at `url`; None for a server.

    Raises:
        ValueError: it is the address of neither.
    """
    address = read_url(url)
    return (
        Path(address.database)
        if address.get_backend_name() == "sqlite" and address.database
        else None
    )


def is_there(url: str) -> bool:
    """Whether there is something to look at: a server, or a file that was made already."""
    file = database_file(url)
    return file is None or file.exists()


def look_at_store(
    url: str, relay_key: bytes | None, clock: Callable[[], datetime]
) -> Iterator[Finding]:
    """Whether the store can be used, keeps what it promises and has the schema of this
    version. `clock` is the real one, aware UTC.

    Raises:
        ValueError: `url` is not the address of a database.
    """
    file = database_file(url)
    if file is not None:
        yield from _look_at_folder(file)
        if not file.exists():
            return
        yield from _look_at_access(file, "the database", 0o007)
        trouble = _trouble_with(url, file)
        if trouble is not None:
            yield trouble
            return
        yield from _look_at_file(file)
    try:
        engine = make_engine(url, WAIT)
    except ImportError as error:
        yield _unusable(url, error)
        return
    try:
        with engine.connect() as connection:
            if file is None:
                yield from _look_at_server(connection, clock)
            else:
                yield _look_at_promise(connection)
            yield from _look_at_schema(connection, relay_key)
            connection.rollback()
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
        yield _unusable(url, error)
    finally:
        engine.dispose()


def _unusable(url: str, error: Exception) -> Finding:
    sentence = explain(url, error)
    return wrong("The database cannot be used.", f"{sentence[:1].upper()}{sentence[1:]}")


# --- SQLite ---------------------------------------------------------------------------


def _look_at_folder(file: Path) -> Iterator[Finding]:
    folder = file.resolve().parent
    if not folder.is_dir():
        yield wrong(f"The folder {folder} is not there.", f"mkdir -p {quote(str(folder))}")
        return
    if not os.access(folder, os.W_OK):
        yield wrong(
            f"The folder {folder} cannot be written.",
            "Give it to the user who runs Inflow; SQLite keeps its log beside the file.",
        )
    elif not file.exists():
        yield fine(f"There is no database at {file} yet; the first start makes it.")
    free = free_bytes(folder)
    said = f"{free / 2**30:.1f} GB are free on the disk of {folder}."
    if free < MARK + SIZE:
        yield wrong(said, f"Make room: below {MARK // 2**20} MB no new work is taken on.")
    elif free < COMFORT * MARK:
        yield doubtful(said, f"Make room: below {MARK // 2**20} MB no new work is taken on.")
    else:
        yield fine(said)
    holder = holder_of(file)
    yield fine(f"The database is in use by {holder}." if holder else "No process runs on it now.")


def look_at_key_file(file: Path) -> Iterator[Finding]:
    """Whether the file with the relay key is for its owner alone."""
    if file.exists():
        yield from _look_at_access(file, "the relay key", 0o077)


def _look_at_access(file: Path, what: str, bits: int) -> Iterator[Finding]:
    # On Windows these bits say nothing.
    if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & bits:
        yield doubtful(
            f"{file}, which holds {what}, is open to other users of this machine.",
            f"chmod 600 {file}",
        )
    else:
        yield fine(f"{file} is not open to other users of this machine.")


def _trouble_with(url: str, file: Path) -> Finding | None:
    """What keeps the file from being used; looked at with a connection that changes nothing."""
    # SQLite takes such a file for reading, begins a transaction, and fails at the first change.
    if file.is_file() and not may_write(file):
        return wrong(
            f"{file} cannot be written by the user who runs Inflow.",
            f"chmod u+rw {quote(str(file))}",
        )
    try:
        with closing(_connect(file)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        if result_code(error) != sqlite3.SQLITE_BUSY:
            return _unusable(url, error)
        return doubtful(
            f"Somebody else has been writing to {file} for {WAIT:g} seconds.",
            "Look again; should it stay, end what holds the file.",
        )
    return None


def _look_at_file(file: Path) -> Iterator[Finding]:
    with closing(_connect(file)) as connection:
        (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if said == "ok":
        yield fine(f"{file} can be written, and its pages are whole (quick_check).")
    else:
        yield wrong(
            f"{file} is damaged: {str(said).splitlines()[0]}.",
            "Stop Inflow and restore the file from your backup.",
        )


def _connect(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{file.resolve().as_uri()}?mode=rw", uri=True, timeout=WAIT, isolation_level=None
    )


def _look_at_promise(connection: Connection) -> Finding:
    journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    said = f"Its journal is {journal}, and synchronous is {synchronous}"
    if journal == "wal" and synchronous >= 2:
        return fine(f"{said} (FULL): what was accepted outlives a power cut.")
    return wrong(
        f"{said}: what was accepted might not outlive a power cut.",
        "Put the file on a local disk: SQLite cannot keep its log on a network share.",
    )


# --- PostgreSQL -----------------------------------------------------------------------


def _look_at_server(connection: Connection, clock: Callable[[], datetime]) -> Iterator[Finding]:
    def ask(question: str) -> Any:
        return connection.execute(text(question)).scalar()

    number = int(ask("SHOW server_version_num")) // 10_000
    said = f"PostgreSQL {ask('SHOW server_version')} answers; no extension of it is needed."
    if number >= OLDEST_POSTGRES:
        yield fine(said)
    else:
        yield wrong(said, f"Upgrade it: {OLDEST_POSTGRES} is the oldest that works.")
    if ask("SHOW transaction_read_only") == "on":
        yield wrong(
            "The server lets nobody write: it is a standby, or read-only.",
            "Point INFLOW_DATABASE_URL to the primary.",
        )
    off = [
        name
        for name in ("fsync", "full_page_writes", "synchronous_commit")
        if ask(f"SHOW {name}") == "off"
    ]
    if off:
        yield doubtful(
            f"What was accepted may be lost when the server crashes; off are: {', '.join(off)}.",
            " ".join([*(f"ALTER SYSTEM SET {name} = on;" for name in off), "then reload it."]),
        )
    else:
        yield fine("What was accepted outlives a crash of the server (fsync, synchronous_commit).")
    yield _look_at_connections(ask)
    yield _look_at_skew(ask, clock)
    yield _look_at_queue(ask)


def _look_at_connections(ask: Callable[[str], Any]) -> Finding:
    allowed = int(ask("SHOW max_connections")) - int(ask("SHOW superuser_reserved_connections"))
    used = int(ask("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"))
    each = 2 * POOL_SIZE + QUEUE_CONNECTIONS
    room = max(0, allowed - used) // each
    said = (
        f"The server takes {allowed} connections; open now: {used}. A worker of Inflow opens up "
        f"to {each}, a web {2 * POOL_SIZE}; workers that fit beside: {room}."
    )
    if room:
        return fine(said)
    return doubtful(said, "Raise max_connections, or run fewer processes.")


def _look_at_skew(ask: Callable[[str], Any], clock: Callable[[], datetime]) -> Finding:
    before = clock()
    there: datetime = ask("SELECT clock_timestamp()")
    after = clock()
    # Somewhere between the two the server looked at its clock.
    skew = max(before - there, there - after, timedelta(0))
    said = f"The clocks of this machine and of the server differ by {skew.total_seconds():.1f} s."
    return fine(said) if skew <= SKEW else doubtful(said, "Let both keep time by NTP.")


def _look_at_queue(ask: Callable[[str], Any]) -> Finding:
    if ask(f"SELECT to_regclass('{QUEUE_SCHEMA}.procrastinate_jobs')") is not None:
        return fine(f"The schema {QUEUE_SCHEMA} of the worker's queue is there.")
    return doubtful(
        f"The schema {QUEUE_SCHEMA} of the worker's queue is not there, so no worker is told "
        "of new letters.",
        "inflow migrate",
    )


# --- both -----------------------------------------------------------------------------


def _look_at_schema(connection: Connection, relay_key: bytes | None) -> Iterator[Finding]:
    step, last = stored_step(connection), last_step()
    if step is None:
        yield doubtful("The database is empty.", "inflow migrate, or start Inflow")
        return
    if step > last:
        yield wrong(
            f"A newer version of Inflow has used this database: its schema is {step}, and this "
            f"version knows {last}.",
            "Install that version, or restore a backup from before it.",
        )
        return
    if step < last:
        yield wrong(f"The schema is {step}; this version needs {last}.", "inflow migrate")
    else:
        yield fine(f"The schema is {step}, that of this version.")
    if has_bookmarks(connection):
        yield wrong(
            "This database is an unfinished copy of another one, so that Inflow does not start.",
            "Finish it with the same inflow copy again, or use another database.",
        )
    if relay_key is None:
        yield wrong(
            "The relay key of this database is missing, so that Inflow does not start.",
            "Restore it from your backup: without it nobody who asked anonymously can be sent "
            "their answers.",
        )
    elif fits(connection, Seal(relay_key)):
        yield fine("The relay key is the one of this database.")
    else:
        yield wrong(
            "The relay key is not the one with which this database was sealed.",
            "Restore the key from your backup: without it nobody who asked anonymously can be "
            "sent their answers.",
        )


def read_places(database: "Database") -> tuple[list[str], list[str]]:
    """The time zones of active people, and the countries whose holidays count for somebody.

    Raises:
        Unavailable: the store is out of reach.
    """
    with database.begin() as connection:
        zones = connection.execute(select(people.c.zone).where(people.c.active).distinct())
        countries = connection.execute(
            union(
                select(people.c.country).where(people.c.country.is_not(None)),
                select(workspaces.c.country).where(workspaces.c.country.is_not(None)),
            )
        )
        return sorted(zones.scalars()), sorted(countries.scalars())


def count_fates(database: "Database", since: datetime) -> dict[str, int]:
    """How many letters ended badly since a moment, by state; what was sent again counts once.

    Raises:
        Unavailable: the store is out of reach.
    """
    bad = (LetterState.FAILED, LetterState.UNREACHABLE, LetterState.UNKNOWN)
    with database.begin() as connection:
        found = connection.execute(
            select(outbox.c.state, func.count().label("number"))
            .where(outbox.c.state.in_(bad), outbox.c.settled_at >= since, not_(REPLACED))
            .group_by(outbox.c.state)
        ).all()
    return {row.state: row.number for row in found}


def look_at_delivery(backlog: Backlog, fates: dict[str, int]) -> Iterator[Finding]:
    """Whether letters go out; `fates` are those of a week."""
    waiting = sum(n for (*_, state), n in backlog.letters.items() if state == LetterState.PENDING)
    longest = max(backlog.oldest.values(), default=timedelta(0))
    said = f"Letters that are due: {waiting}. The first of them has waited for {_words(longest)}."
    if longest > LATE:
        late = sum(age > LATE for age in backlog.oldest.values())
        yield doubtful(
            f"{said} Lanes that are late: {late}.",
            "Is a process running that delivers? If so, look at its log and at /metrics for 429s.",
        )
    else:
        yield fine(said if waiting else "No letter is due.")
    if backlog.paused:
        yield fine(
            f"Lanes that hold their peace because a platform asked for it: {len(backlog.paused)}."
        )
    if backlog.oldest_timer > LATE:
        yield doubtful(
            f"Timers that are due: {backlog.timers_due}. The first of them has waited for "
            f"{_words(backlog.oldest_timer)}.",
            "Is a process running? If so, its log tells what failed.",
        )
    unsure = sum(n for (*_, state), n in backlog.letters.items() if state == LetterState.AMBIGUOUS)
    if unsure:
        yield doubtful(
            f"Letters of which nobody can say yet whether they arrived: {unsure}.",
            "They are looked up on their platform while a process runs that delivers.",
        )
    told = ", ".join(
        f"{fates.get(state, 0)} {state}" for state in ("failed", "unreachable", "unknown")
    )
    if fates.get(LetterState.FAILED) or fates.get(LetterState.UNKNOWN):
        yield doubtful(
            f"Of the letters of the last seven days: {told}.",
            "inflow letters says why; the card of a campaign sends it again to those that failed.",
        )
    else:
        yield fine(f"Of the letters of the last seven days: {told}.")


def _words(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    if seconds < 120:
        return f"{seconds} seconds"
    return f"{seconds // 60} minutes" if seconds < 7_200 else f"{seconds // 3_600} hours"
