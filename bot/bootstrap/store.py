"""The database, opened with words for what may be wrong with it."""

import contextlib
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from adapters.playground.clock import PlaygroundClock
from adapters.playground.platform import NAME as PLAYGROUND
from bot.bootstrap import now
from bot.bootstrap.key import SHORTEST_KEY, check_key, relay_key
from bot.bootstrap.playground import load_demo, prepare_workspace
from bot.capabilities.questions.memory import Memory
from bot.ids import WorkspaceId
from bot.people import Workspace
from bot.settings import Misconfigured, Settings, platform_credentials
from storage.copy import copied
from storage.copying import CannotCopy, Copied, Progress, copy_all, is_unfinished
from storage.database import Database, read_url
from storage.doctor import is_there
from storage.migrate import NewerSchema, is_current, upgrade
from storage.obstacle import explain, explain_unwritable
from storage.restoration import is_empty
from storage.transcript import SqlTranscript
from storage.work import SqlWork

NEEDED = ("psycopg", "procrastinate")
"""What the [postgresql] extra brings."""


def _lacking(error: ModuleNotFoundError) -> Exception:
    if error.name not in NEEDED:
        return error
    return Misconfigured(
        "PostgreSQL needs what is not installed yet. Install it with: "
        "pip install 'inflow[postgresql]'"
    )


def check_shared(settings: Settings, command: str) -> None:
    """Refuse a database that several processes cannot share.

    Raises:
        Misconfigured: it is SQLite, or what PostgreSQL needs is not installed.
    """
    with blamed_on(settings.database_url):
        if read_url(settings.database_url).get_backend_name() == "sqlite":
            raise Misconfigured(
                f"inflow {command} is one of several processes, and they share a PostgreSQL "
                "database: INFLOW_DATABASE_URL=postgresql://... With SQLite one process does "
                "everything: inflow run"
            )
        for name in NEEDED:
            if find_spec(name) is None:
                raise ModuleNotFoundError(name=name)


@contextmanager
def open_database(settings: Settings, memory: Memory | None = None) -> Iterator[Database]:
    """The store at its newest schema, closed at the end. Without a `memory` it has one
    that searches without word vectors.

    Raises:
        Misconfigured: the address cannot be used, it holds an unfinished copy, or the relay
            key is not the one of this database.
    """
    with blamed_on(settings.database_url):
        _refuse_unwritable(settings)
        upgrade(settings.database_url)
        if is_unfinished(settings.database_url):
            raise Misconfigured(
                "This database is an unfinished copy of another one. Finish it with the same "
                "inflow copy again, or use another database."
            )
    key = relay_key(settings)
    with _open(settings.database_url, key.value, memory or Memory()) as database:
        check_key(database, key)
        yield database


def check_is_there(settings: Settings) -> None:
    """For who only looks: nothing is told of a database that was not made yet.

    Raises:
        Misconfigured: it is a SQLite file, and there is none.
    """
    with blamed_on(settings.database_url):
        address = read_url(settings.database_url)
    if address.get_backend_name() != "sqlite" or not address.database:
        return
    path = Path(address.database)
    if not path.exists():
        raise Misconfigured(
            f"There is no database {path.name} in {path.resolve().parent}: go to the folder in "
            "which Inflow runs, or set INFLOW_DATABASE_URL."
        )


def holds_nothing(settings: Settings) -> bool:
    """Whether there is no database yet, or no organisation in it. Nothing is made.

    Raises:
        Misconfigured: the address cannot be used.
    """
    with blamed_on(settings.database_url):
        _refuse_unwritable(settings)
        return not is_there(settings.database_url) or is_empty(settings.database_url)


def _refuse_unwritable(settings: Settings) -> None:
    closed = explain_unwritable(settings.database_url)
    if closed is not None:
        raise Misconfigured(f"INFLOW_DATABASE_URL: {closed}")


@contextmanager
def open_for_trial(settings: Settings) -> Iterator[Database]:
    """A store of which nothing is kept, if the caller rolls back what it does.

    Of a SQLite file it is a copy. A server is used itself, and not upgraded for a trial.
    Nothing that was sealed can be read in it.

    Raises:
        Misconfigured: the address cannot be used, or the server's schema is an older one.
    """
    key = secrets.token_bytes(SHORTEST_KEY)
    with ExitStack() as stack:
        with blamed_on(settings.database_url):
            url = settings.database_url
            if read_url(url).get_backend_name() == "sqlite":
                url = stack.enter_context(copied(url))
                upgrade(url)
            elif not is_current(url):
                raise Misconfigured(
                    "The database has not the schema of this version. Run first: inflow migrate"
                )
        yield stack.enter_context(_open(url, key, Memory()))


@contextmanager
def _open(url: str, key: bytes, memory: Memory) -> Iterator[Database]:
    database = Database(url, relay_key=key, memory=memory)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def blamed_on(url: str) -> Iterator[None]:
    """What is wrong with the database before it was ever used, in one sentence."""
    try:
        yield
    except ValueError as error:
        raise Misconfigured(f"INFLOW_DATABASE_URL: {error}") from error
    except ModuleNotFoundError as error:
        raise _lacking(error) from error
    except NewerSchema as error:
        raise Misconfigured(
            f"A newer version of Inflow has used this database ({error}). Start that one, or "
            "restore a backup from before it."
        ) from error
    except (DatabaseError, sqlite3.Error, ImportError, OSError) as error:
        raise Misconfigured(f"INFLOW_DATABASE_URL: {explain(url, error)}") from error


def copy_database(source: str, target: str, progress: Progress) -> Sequence[Copied]:
    """Copy everything from one address to another, checked row by row; see `storage.copying`.

    Raises:
        Misconfigured: it cannot be done; the sentence says why and what to do.
    """
    try:
        return copy_all(source, target, progress, now())
    except CannotCopy as error:
        raise Misconfigured(str(error)) from error
    except ModuleNotFoundError as error:
        raise _lacking(error) from error


@contextmanager
def import_work(
    settings: Settings, workspace: str | None, *, dry_run: bool
) -> Iterator[tuple[SqlWork, WorkspaceId, datetime]]:
    """One transaction for an import, with the workspace it goes to and the moment it happens.

    `workspace` is a name, or the platform's own id; None is the only one there is. A dry
    run leaves everything as it was: no file is made, nothing is upgraded.

    Raises:
        Misconfigured: there is no such workspace, or several and none was named.
    """
    is_real = bool(platform_credentials())
    with open_for_trial(settings) if dry_run else open_database(settings) as database:
        # Only the playground's clock is moved, and only its workspace has a demo.
        moment = now() if is_real else PlaygroundClock(now, SqlTranscript(database)).now()
        with contextlib.suppress(_RolledBack), database.transaction() as work:
            if not is_real:
                prepare_workspace(work, moment, load_demo(settings))
            yield work, _find_workspace(work, workspace, is_real=is_real).id, moment
            if dry_run:
                raise _RolledBack


class _RolledBack(Exception):
    """Ends a transaction of which nothing is to be kept."""


def _find_workspace(work: SqlWork, name: str | None, *, is_real: bool) -> Workspace:
    known = [w for w in work.people.workspaces() if not is_real or w.platform != PLAYGROUND]
    found = [w for w in known if name is None or name in {w.name, w.external, w.id}]
    if len(found) == 1:
        return found[0]
    names = ", ".join(w.name for w in known) or "none yet"
    wanted = f"There is no workspace “{name}”" if name else "Name the workspace with --workspace"
    raise Misconfigured(f"{wanted}. Known: {names}.")
