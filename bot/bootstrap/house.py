"""The parts that every process is made of, put together and not moving yet."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.app import App
from bot.bootstrap import new_id
from bot.bootstrap.site import Site, SiteOf
from bot.bootstrap.store import open_database
from bot.capabilities.questions.memory import VectorsOrLoader
from bot.clock import Tick
from bot.errors import Unavailable
from bot.lanes import Lanes
from bot.metric import Meters
from bot.search import Vectors
from bot.settings import Settings
from storage.backlog import is_quiet
from storage.database import Database
from storage.lane import SqlLaneStore

CARRYING_SECONDS = 5.0
"""How long a page waits for letters before it answers without what they would bring."""
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
    vectors: Vectors | None


@contextmanager
def open_house(settings: Settings, site_of: SiteOf, *, searches: bool = True) -> Iterator[House]:
    """Put the parts together for the block. One that hardly ever `searches` reads what that
    takes, 25 MB of word vectors, when it has to.

    Raises:
        Misconfigured: a setting cannot be used.
    """
    wants_vectors = settings.vectors == "table"
    vectors = Vectors.load() if wants_vectors and searches else None
    later: VectorsOrLoader = Vectors.load if wants_vectors and not searches else None
    with open_database(settings, vectors or later) as database:
        site = site_of(settings, database)
        meters = Meters()
        app = App(database, site.registry, site.now, new_id, meters)
        lanes = Lanes(SqlLaneStore(database), site.platform_of, site.now, site.patience)
        meters.include(*lanes.meters.all)
        yield House(settings, database, site, app, lanes, meters, vectors)


def retaining(do: Callable[[], Awaitable[object]]) -> Tick:
    """Daily, and soon after a start: a process may never live for a day."""
    return Tick("retain", timedelta(days=1), do, first=timedelta(minutes=10))


@asynccontextmanager
async def stopping(lanes: Lanes) -> AsyncIterator[None]:
    """At the end of the block the lanes finish what is on the wire and give back the rest."""
    try:
        yield
    finally:
        await lanes.stop()


async def wait_until_quiet(house: House) -> None:
    """Until no letter is due or in anybody's hands, but not for ever: a worker may be away."""
    until = time.monotonic() + CARRYING_SECONDS
    wait = 0.01
    while not await asyncio.to_thread(is_quiet, house.database, house.site.now()):
        if time.monotonic() > until:
            return
        await asyncio.sleep(wait)
        wait = min(2 * wait, 0.2)


def do_due(app: App[Any]) -> bool:
    """Do what has fallen due, for some seconds; True when there is more."""
    until = time.monotonic() + PLANNING_SECONDS
    more = True
    while more and time.monotonic() < until:
        # What was done may have set the next step at once, as a campaign does chunk by chunk.
        more = app.run_due(AT_ONCE) > 0
    # However many timers there are, what people's slots bring has its hour.
    app.plan_due()
    return more


@asynccontextmanager
async def warming(house: House) -> AsyncIterator[None]:
    """Read what search needs before anybody asks. Unread, the first one to ask would wait."""
    stopping = threading.Event()
    reading = asyncio.create_task(asyncio.to_thread(_warm, house, stopping))
    try:
        yield
    finally:
        stopping.set()
        await reading


def _warm(house: House, stopping: threading.Event) -> None:
    database = house.database
    with contextlib.suppress(Unavailable):
        with database.transaction() as work:
            workspaces = work.people.workspaces()
        for workspace in workspaces:
            more = True
            while more and not stopping.is_set():
                with database.transaction() as work:
                    more = work.memory.warm(work, workspace.id)
    if house.vectors is not None:
        house.vectors.rest()
