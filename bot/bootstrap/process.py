"""Processes: what runs until it is told to stop.

Each is put together from the same parts: a database, a site, the core and its lanes,
pages, and a clock. What differs is who drains the lanes.
"""

import asyncio
import contextlib
import errno
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiohttp import web

from adapters.web.app import create_app
from bot.app import App
from bot.bootstrap import new_id, now
from bot.bootstrap.operation import operations
from bot.bootstrap.playground import PlaygroundSite
from bot.bootstrap.site import Core, Site, SiteOf
from bot.bootstrap.store import open_database
from bot.clock import Clock, Tick
from bot.errors import Unavailable
from bot.lanes import Lanes
from bot.metric import Meters
from bot.search import Vectors
from bot.settings import Misconfigured, Settings
from storage.database import Database
from storage.lane import SqlLaneStore
from storage.lockfile import InUse, locked

LOOPBACK = "127.0.0.1"
THREADS = 32
"""Threads that wait for the database. Many may wait at once, so that SQLite commits them
together and PostgreSQL's connections are all of use."""
CLOSING_SECONDS = 3
"""How long a request that is under way may take when the process stops."""

SECOND = timedelta(seconds=1)

Announce = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _House:
    """One process's parts, before anything moves."""

    database: Database
    site: Site
    app: App[Any]
    lanes: Lanes
    meters: Meters


async def run_embedded(
    settings: Settings, announce: Announce, site_of: SiteOf = PlaygroundSite
) -> None:
    """Serve pages, deliver letters and do what falls due, all in this process, until SIGINT
    or SIGTERM. A second signal ends it at once.

    Raises:
        Misconfigured: the port is taken, a setting cannot be used, or another process runs
            on the same SQLite file.
    """
    _widen_executor()
    with _alone(settings), _house(settings, site_of) as house, house.database.ballasted():
        await asyncio.to_thread(house.site.prepare)
        core = Core(settings, house.database, house.app, house.lanes, house.lanes.drain_all)
        routes = await asyncio.to_thread(house.site.pages, core)
        clock = Clock(
            [
                Tick("due", SECOND, lambda: asyncio.to_thread(house.app.run_due)),
                Tick("sweep", SECOND, house.lanes.drain_all),
            ],
            now,
        )
        with _stop_signal() as stopped:
            watched = operations(house.database, house.meters, stopped, clock, house.site.now)
            pages = create_app([*routes, watched])
            async with (
                _warming(house.database),
                _ticking(clock),
                _serving(pages, LOOPBACK, settings.port) as address,
            ):
                announce(f"Inflow is at {address} (Ctrl-C stops it)")
                await stopped.wait()


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Let no second process drive the same SQLite file."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(settings.database_url, now(), settings.port))
        except InUse as error:
            raise Misconfigured(str(error)) from error
        except ValueError as error:
            raise Misconfigured(f"INFLOW_DATABASE_URL: {error}") from error
        except OSError as error:
            raise Misconfigured(
                f"INFLOW_DATABASE_URL: the folder of the database cannot be used: {error.strerror}"
            ) from error
        yield


@contextmanager
def _house(settings: Settings, site_of: SiteOf) -> Iterator[_House]:
    vectors = Vectors.load() if settings.vectors == "table" else None
    with open_database(settings, vectors) as database:
        site = site_of(settings, database)
        meters = Meters()
        yield _House(
            database,
            site,
            App(database, site.registry, site.now, new_id, meters),
            Lanes(SqlLaneStore(database), site.platform_of, site.now),
            meters,
        )


def _widen_executor() -> None:
    asyncio.get_running_loop().set_default_executor(
        ThreadPoolExecutor(THREADS, thread_name_prefix="inflow")
    )


@contextmanager
def _stop_signal() -> Iterator[asyncio.Event]:
    """Set by the first SIGINT or SIGTERM; the next one ends the process where it stands."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM)

    def stop() -> None:
        stopped.set()
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in numbers:
        loop.add_signal_handler(number, stop)
    yield stopped


@asynccontextmanager
async def _ticking(clock: Clock) -> AsyncIterator[None]:
    clock.start()
    try:
        yield
    finally:
        await clock.stop()


@asynccontextmanager
async def _serving(pages: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve `pages` for the block; gives their address. Port 0 takes a free one.

    Raises:
        Misconfigured: the port is taken, or the host is not one of this machine.
    """
    runner = web.AppRunner(pages, access_log=None, shutdown_timeout=CLOSING_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Misconfigured(f"Port {port} on {host}: {error.strerror}.") from error
            raise Misconfigured(
                f"Port {port} on {host} is taken. Stop what uses it, or choose another "
                "one: PORT=8766 make run"
            ) from error
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _warming(database: Database) -> AsyncIterator[None]:
    """Read what search needs before anybody asks. Unread, the first one to ask would wait."""
    stopping = threading.Event()
    reading = asyncio.create_task(asyncio.to_thread(_warm, database, stopping))
    try:
        yield
    finally:
        stopping.set()
        await reading


def _warm(database: Database, stopping: threading.Event) -> None:
    with contextlib.suppress(Unavailable):
        with database.transaction() as work:
            workspaces = work.people.workspaces()
        for workspace in workspaces:
            more = True
            while more and not stopping.is_set():
                with database.transaction() as work:
                    more = work.memory.warm(work, workspace.id)
