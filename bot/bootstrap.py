"""Wires everything. The only place that reads the clock and makes ids."""

import asyncio
import contextlib
import errno
import logging
import os
import secrets
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import structlog
from aiohttp import web
from sqlalchemy import make_url
from sqlalchemy.exc import DatabaseError

from adapters.playground.app import EMPTY_HINT, HINT, Playground
from adapters.playground.clock import SETTING as CLOCK_SETTING
from adapters.playground.clock import ClockMover, PlaygroundClock
from adapters.playground.platform import NAME as PLAYGROUND
from adapters.playground.platform import PlaygroundPlatform
from adapters.playground.room import Room
from adapters.playground.watch import WatchedTranscript
from adapters.web.app import create_app
from bot.app import App
from bot.capabilities.questions import capability as questions
from bot.capabilities.questions.memory import Memory
from bot.capabilities.questions.starting import Pack, apply_pack
from bot.capabilities.questions.work import QuestionsWork
from bot.capability import register
from bot.clock import Clock
from bot.errors import Unavailable
from bot.ids import WorkspaceId
from bot.lanes import Lanes
from bot.people import Workspace, is_working
from bot.schedule import next_morning
from bot.search import Vectors
from bot.settings import Misconfigured, Settings, platform_credentials
from content.load import STARTER, load_pack
from storage.copy import copied
from storage.database import Database, read_url
from storage.lane import SqlLaneStore
from storage.migrate import NewerSchema, is_current, upgrade
from storage.seal import WrongKey
from storage.transcript import SqlTranscript
from storage.work import SqlWork

SHORTEST_KEY = 32


def now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    return uuid4().hex


def configure_logs(level: str) -> None:
    """JSON lines on standard error. Message text and names are never given to a logger."""
    number = logging.getLevelNamesMapping()[level.upper()]
    chain: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    # What the libraries say, in the same form.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=chain, processor=structlog.processors.JSONRenderer()
        )
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
    structlog.configure(
        processors=[*chain, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


@dataclass(frozen=True, slots=True)
class RelayKey:
    """The key that seals who asked anonymously, and where it comes from."""

    value: bytes
    file: Path | None = None
    """None: the environment."""
    is_new: bool = False
    """The file was made just now."""


def relay_key(settings: Settings) -> RelayKey:
    """The key of the settings, or of the file beside the SQLite file, which is made at need.

    Raises:
        Misconfigured: it is too short, or missing with a database on a server.
    """
    if settings.relay_key is not None:
        key = settings.relay_key.get_secret_value().encode()
        if len(key) < SHORTEST_KEY:
            raise Misconfigured(f"INFLOW_RELAY_KEY is shorter than {SHORTEST_KEY} characters.")
        return RelayKey(key)
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise Misconfigured(
            "INFLOW_RELAY_KEY is not set. It seals who asked anonymously; make one with: "
            'python -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    path = Path(url.database).with_suffix(".key")
    is_new = False
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
        is_new = True
    key = path.read_text().strip().encode()
    if len(key) < SHORTEST_KEY:
        raise Misconfigured(f"{path} does not hold a key. Restore it from your backup.")
    return RelayKey(key, path, is_new)


@contextmanager
def open_database(settings: Settings, vectors: Vectors | None = None) -> Iterator[Database]:
    """The store at its newest schema, closed at the end. `vectors` are for who searches.

    Raises:
        Misconfigured: the address cannot be used, or the relay key is not the one of this
            database.
    """
    with _blamed_on_the_address():
        upgrade(settings.database_url)
    key = relay_key(settings)
    with _open(settings.database_url, key.value, vectors) as database:
        _check_key(database, key)
        yield database


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
        with _blamed_on_the_address():
            url = settings.database_url
            if read_url(url).get_backend_name() == "sqlite":
                url = stack.enter_context(copied(url))
                upgrade(url)
            elif not is_current(url):
                raise Misconfigured(
                    "The database has not the schema of this version. Run first: inflow migrate"
                )
        yield stack.enter_context(_open(url, key, None))


@contextmanager
def _open(url: str, key: bytes, vectors: Vectors | None) -> Iterator[Database]:
    database = Database(url, relay_key=key, memory=Memory(vectors))
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _blamed_on_the_address() -> Iterator[None]:
    """What is wrong with the database before it was ever used, in one sentence."""
    try:
        yield
    except ValueError as error:
        raise Misconfigured(f"INFLOW_DATABASE_URL: {error}") from error
    except NewerSchema as error:
        raise Misconfigured(
            f"A newer version of Inflow has used this database ({error}). Start that one, or "
            "restore a backup from before it."
        ) from error
    except (DatabaseError, sqlite3.Error) as error:
        # What a driver says of an address holds no password.
        said = str(getattr(error, "orig", error)).partition("\n")[0]
        raise Misconfigured(f"INFLOW_DATABASE_URL: the database cannot be used: {said}") from error


def _check_key(database: Database, key: RelayKey) -> None:
    try:
        database.check_relay_key()
    except WrongKey as error:
        if key.file is None:
            sentence = "INFLOW_RELAY_KEY is not the key with which this database was sealed."
        elif key.is_new:
            # A key that opens nothing here would stand in the way of the right one.
            key.file.unlink()
            sentence = f"The key of this database, {key.file}, is missing."
        else:
            sentence = f"{key.file} does not hold the key with which this database was sealed."
        raise Misconfigured(
            f"{sentence} Restore it from your backup: without it nobody who asked anonymously "
            "can be sent their answers."
        ) from error


def refuse_beside_platforms(*, allowed: bool) -> None:
    """The playground lets everybody act as anybody: never by chance beside real people.

    Raises:
        Misconfigured: credentials of a real platform are set, and that was not allowed.
    """
    found = platform_credentials()
    if found and not allowed:
        raise Misconfigured(
            f"{', '.join(found)} is set. In the playground everybody can act as anybody, so it "
            "does not start beside a real platform. Unset it, or say --beside-platforms."
        )


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
    with open_for_trial(settings) if dry_run else open_database(settings) as database:
        moment = PlaygroundClock(now, SqlTranscript(database)).now()
        with contextlib.suppress(_RolledBack), database.transaction() as work:
            prepare_workspace(work, moment, load_starter(settings))
            yield work, _find_workspace(work, workspace).id, moment
            if dry_run:
                raise _RolledBack


class _RolledBack(Exception):
    """Ends a transaction of which nothing is to be kept."""


def _find_workspace(work: SqlWork, name: str | None) -> Workspace:
    known = work.people.workspaces()
    found = [w for w in known if name is None or name in {w.name, w.external, w.id}]
    if len(found) == 1:
        return found[0]
    names = ", ".join(w.name for w in known) or "none yet"
    wanted = f"There is no workspace “{name}”" if name else "Name the workspace with --workspace"
    raise Misconfigured(f"{wanted}. Known: {names}.")


LOOPBACK = "127.0.0.1"
DEMO = "demo"
"""The playground's own name for its workspace."""


def load_starter(settings: Settings) -> Pack | None:
    """The starter pack with its demo workspace, unless the settings want an empty one."""
    return load_pack(STARTER) if settings.demo else None


def prepare_workspace(work: SqlWork, moment: datetime, pack: Pack | None) -> None:
    """The playground's workspace; with a pack all of that, or what is new in it."""
    workspace = work.people.workspace(PLAYGROUND, DEMO)
    if workspace is None:
        workspace = Workspace(
            id=WorkspaceId(new_id()),
            platform=PLAYGROUND,
            external=DEMO,
            name=pack.demo.name if pack and pack.demo else DEMO,
        )
        work.people.add_workspace(workspace)
    if pack is not None:
        apply_pack(work, workspace.id, pack, moment, new_id)


async def serve_playground(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve the playground on the loopback address until SIGINT or SIGTERM.

    Raises:
        Misconfigured: the port is taken, or a setting cannot be used.
    """
    vectors = Vectors.load() if settings.vectors == "table" else None
    with open_database(settings, vectors) as database:
        transcript = WatchedTranscript(SqlTranscript(database))
        clock = PlaygroundClock(now, transcript)
        pack = load_starter(settings)
        with database.transaction() as work:
            prepare_workspace(work, clock.now(), pack)
        _wake(database, clock, first=transcript.setting(CLOCK_SETTING) is None)
        app = App(database, register([questions]), clock.now, new_id)
        platform = PlaygroundPlatform(transcript, database, clock.now)
        lanes = Lanes(SqlLaneStore(database), lambda _workspace: platform, clock.now)
        playground = Playground(
            room=Room(
                app=app,
                database=database,
                transcript=transcript,
                clock=clock.now,
                new_id=new_id,
                workspace=DEMO,
                channels=_channels(database),
                about={p.handle: p.about for p in pack.demo.people} if pack and pack.demo else {},
            ),
            lanes=lanes,
            clock=clock,
            mover=ClockMover(clock, app, lanes),
            transcript=transcript,
            hint=HINT if pack else EMPTY_HINT,
        )
        stopping = threading.Event()
        warming = asyncio.create_task(asyncio.to_thread(_warm, database, stopping))
        try:
            await _serve(create_app([playground.add_routes]), app, lanes, settings.port, announce)
        finally:
            stopping.set()
            await warming


async def _serve(
    pages: web.Application,
    app: App[QuestionsWork],
    lanes: Lanes,
    port: int,
    announce: Callable[[str], None],
) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    runner = web.AppRunner(pages, access_log=None, shutdown_timeout=3)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, LOOPBACK, port).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Misconfigured(f"Port {port} on {LOOPBACK}: {error.strerror}.") from error
            raise Misconfigured(
                f"Port {port} on {LOOPBACK} is taken. Stop what uses it, or choose another "
                "one: PORT=8766 make run"
            ) from error
        clock = Clock(app, lanes)
        clock.start()
        bound = runner.addresses[0][1]
        announce(f"Inflow is at http://{LOOPBACK}:{bound} (Ctrl-C stops it)")
        await stopped.wait()
        await clock.stop()
    finally:
        await runner.cleanup()


def _warm(database: Database, stopping: threading.Event) -> None:
    """Read what search needs before anybody asks. Unread, the first one to ask would wait."""
    with contextlib.suppress(Unavailable):
        with database.transaction() as work:
            workspaces = work.people.workspaces()
        for workspace in workspaces:
            more = True
            while more and not stopping.is_set():
                with database.transaction() as work:
                    more = work.memory.warm(work, workspace.id)


def _channels(database: Database) -> list[str]:
    """#general, and the channel of every topic."""
    with database.transaction() as work:
        workspace = work.people.workspace(PLAYGROUND, DEMO)
        topics = work.topics.every(workspace.id) if workspace else ()
    return ["#general", *sorted({topic.channel for topic in topics if topic.channel})]


def _wake(database: Database, clock: PlaygroundClock, *, first: bool) -> None:
    """The playground wakes in working hours: at night nobody would be asked anything.

    At the first start it is ten in the morning of the next working day, so that a story
    has a day before it.
    """
    with database.transaction() as work:
        workspace = work.people.workspace(PLAYGROUND, DEMO)
        people = work.people.everybody(workspace.id) if workspace else ()
    if people and (first or not any(is_working(person, clock.now()) for person in people)):
        clock.set_to(next_morning(people[0], clock.now()))
