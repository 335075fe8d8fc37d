"""The parts that every process is made of, put together and not moving yet."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from adapters.web.app import create_app
from bot.app import App
from bot.bootstrap import new_id
from bot.bootstrap.loop import serving
from bot.bootstrap.operation import operations
from bot.bootstrap.site import Core, Site, SiteOf
from bot.bootstrap.store import open_database
from bot.clock import Clock
from bot.errors import Unavailable
from bot.lanes import Lanes
from bot.metric import Meters
from bot.search import Vectors
from bot.settings import Settings
from storage.database import Database
from storage.lane import SqlLaneStore

PLANNING_SECONDS = 10.0
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


@contextmanager
def open_house(settings: Settings, site_of: SiteOf) -> Iterator[House]:
    """Put the parts together for the block.

    Raises:
        Misconfigured: a setting cannot be used.
    """
    vectors = Vectors.load() if settings.vectors == "table" else None
    with open_database(settings, vectors) as database:
        site = site_of(settings, database)
        meters = Meters()
        yield House(
            settings,
            database,
            site,
            App(database, site.registry, site.now, new_id, meters),
            Lanes(SqlLaneStore(database), site.platform_of, site.now),
            meters,
        )


@asynccontextmanager
async def showing_pages(
    house: House, carry: Callable[[], Awaitable[object]], clock: Clock, stopped: asyncio.Event
) -> AsyncIterator[str]:
    """Serve the site's pages and the operators' for the block; gives their address."""
    await asyncio.to_thread(house.site.prepare)
    core = Core(house.settings, house.database, house.app, house.lanes, carry)
    routes = await asyncio.to_thread(house.site.pages, core)
    watched = operations(house.database, house.meters, stopped, clock, house.site.now)
    app = create_app([*routes, watched])
    async with serving(app, house.settings.host, house.settings.port) as address:
        yield address


def do_due(app: App[Any]) -> bool:
    """Do what has fallen due, for some seconds; True when there is more."""
    until = time.monotonic() + PLANNING_SECONDS
    while app.run_due(AT_ONCE) >= AT_ONCE:
        if time.monotonic() > until:
            return True
    app.plan_due()
    return False


@asynccontextmanager
async def warming(database: Database) -> AsyncIterator[None]:
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
