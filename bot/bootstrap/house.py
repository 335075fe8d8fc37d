"""The parts that every process is made of, put together and not moving yet."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.app import App
from bot.bootstrap import new_id, now
from bot.bootstrap.loop import give_back
from bot.bootstrap.site import Site, SiteOf
from bot.bootstrap.store import open_database
from bot.capabilities.questions.memory import Memory
from bot.clock import Clock, Tick
from bot.errors import Unavailable
from bot.ids import WorkspaceId
from bot.lanes import Lanes
from bot.metric import Meters
from bot.search import Vectors
from bot.settings import Misconfigured, Settings
from storage.backlog import is_quiet
from storage.database import Database
from storage.lane import SqlLaneStore
from storage.lockfile import InUse, locked
from storage.obstacle import explain
from storage.retention import retain

CARRYING_SECONDS = 5.0
"""How long a page waits for letters before it answers without what they would bring."""
PLANNING_SECONDS = 10.0
STOPPING_SECONDS = 8.0
"""How long a process that is told to stop waits for what is under way. Supervisors kill after
ten, and closing the rest takes a moment as well."""
AT_ONCE = 100
"""Timers that one round does; fewer done means that no more are due."""


@dataclass(frozen=True, slots=True)
class House:
    """One process's parts, before anything moves."""

    settings: Settings
    database: Database
    site: Site
    app: App[Any]
    lanes: Lanes
    meters: Meters
    memory: Memory
    ending: threading.Event
    """Set as soon as the process is to stop; rounds in threads look at it between steps."""


@contextmanager
def open_house(settings: Settings, site_of: SiteOf, *, searches: bool = True) -> Iterator[House]:
    """Put the parts together for the block. One that hardly ever `searches` reads what that
    takes, 25 MB of word vectors, when it has to.

    Raises:
        Misconfigured: a setting cannot be used.
    """
    wants_vectors = settings.vectors == "table"
    load = Vectors.load if wants_vectors else None
    memory = Memory(load() if load is not None and searches else load)
    with open_database(settings, memory) as database:
        site = site_of(settings, database)
        meters = Meters()
        app = App(database, site.registry, site.now, new_id, meters, site.administrators)
        lanes = Lanes(SqlLaneStore(database), site.platform_of, site.now, site.patience)
        meters.include(*lanes.meters.all)
        yield House(settings, database, site, app, lanes, meters, memory, threading.Event())


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Let no second process drive the same SQLite file."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(settings.database_url, now(), settings.port))
        except InUse as error:
            raise Misconfigured(str(error)) from error
        except ValueError as error:
            raise Misconfigured(f"INFLOW_DATABASE_URL: {error}") from error
        except OSError as error:
            sentence = explain(settings.database_url, error)
            raise Misconfigured(f"INFLOW_DATABASE_URL: {sentence}") from error
        yield


def retaining(do: Callable[[], Awaitable[object]]) -> Tick:
    """Daily, and soon after a start: a process may never live for a day."""
    return Tick("retain", timedelta(days=1), do, first=timedelta(minutes=10))


def resting(house: House) -> Tick:
    """Now and then, so that an hour of questions does not make a process larger for ever."""
    every = timedelta(minutes=10)
    return Tick("rest", every, lambda: asyncio.to_thread(rest, house))


def rest(house: House) -> None:
    """Give back what the next question would have read anew, and what nothing uses."""
    house.memory.rest()
    give_back()


@asynccontextmanager
async def moving(house: House, clock: Clock, stopped: asyncio.Event) -> AsyncIterator[None]:
    """Let the clock tick for the block, or until `stopped` is set, which its end does.

    Then all comes to rest at the same time, within `STOPPING_SECONDS`: the clock begins
    nothing more, rounds end at their next step, and the lanes finish what is on the wire and
    give back the rest. Nobody waits for anybody else before he begins to stop.
    """

    async def wind_down() -> None:
        await stopped.wait()
        house.ending.set()
        await asyncio.gather(clock.stop(STOPPING_SECONDS), house.lanes.stop(STOPPING_SECONDS))

    winding = asyncio.create_task(wind_down())
    clock.start()
    try:
        yield
    finally:
        stopped.set()
        await winding


async def wait_until_quiet(house: House, workspace: WorkspaceId) -> None:
    """Until no letter of a workspace is due or on its way, but not for ever: a worker may be
    away."""
    until = time.monotonic() + CARRYING_SECONDS
    wait = 0.01
    while not await asyncio.to_thread(is_quiet, house.database, workspace, house.site.now()):
        if time.monotonic() > until or house.ending.is_set():
            return
        await asyncio.sleep(wait)
        wait = min(2 * wait, 0.2)


def do_due(house: House) -> bool:
    """Do what has fallen due, for some seconds; True when there is more."""
    app, is_ending = house.app, house.ending.is_set
    until = time.monotonic() + PLANNING_SECONDS
    more = True
    while more and not is_ending() and time.monotonic() < until:
        # What was done may have set the next step at once, as a campaign does chunk by chunk.
        more = app.run_due(AT_ONCE, is_ending) > 0
    # However many timers there are, what people's slots bring has its hour.
    app.plan_due(is_ending)
    return more


def forget_old(house: House) -> None:
    """Throw away what is old enough, for as long as the process lives."""
    retain(house.database, house.site.now(), is_ending=house.ending.is_set)


@asynccontextmanager
async def warming(house: House) -> AsyncIterator[None]:
    """Read what search needs before anybody asks. Unread, the first one to ask would wait."""
    reading = asyncio.create_task(asyncio.to_thread(_warm, house))
    try:
        yield
    finally:
        house.ending.set()
        await reading


def _warm(house: House) -> None:
    database = house.database
    with contextlib.suppress(Unavailable):
        with database.transaction() as work:
            workspaces = work.people.workspaces()
        for workspace in workspaces:
            more = True
            while more and not house.ending.is_set():
                with database.transaction() as work:
                    more = work.memory.warm(work, workspace.id)
    rest(house)
