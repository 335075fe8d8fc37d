"""A scaled program: any number of webs and workers on one PostgreSQL database.

None keeps anything to itself. A web takes in what people do and shows it; a worker drains
the lanes and does what falls due. `storage.queue` tells workers of each other and of
letters; whoever of them is gone is missed by nobody.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial

from bot.bootstrap import now
from bot.bootstrap.house import (
    STOPPING_SECONDS,
    House,
    do_due,
    forget_old,
    moving,
    open_house,
    resting,
    retaining,
    wait_until_quiet,
    warming,
)
from bot.bootstrap.loop import Announce, ease_collector, stop_signal, widen_executor
from bot.bootstrap.playground import PlaygroundSite
from bot.bootstrap.site import SiteOf
from bot.bootstrap.store import check_shared
from bot.clock import Clock, Tick
from bot.ids import WorkspaceId
from bot.settings import Settings
from storage.lane import SqlLaneStore
from storage.queue import PLAN_DUE, RETAIN, SWEEP, Duties, Queue, QueuePoke

SECOND = timedelta(seconds=1)
PLANNING = timedelta(seconds=5)
"""How often is looked at what falls due."""
STALLED = timedelta(seconds=2)
"""How often is looked for jobs of dead workers."""
DRAINING = timedelta(seconds=10)
"""After this long a worker puts a lane back in the queue, so that every lane has its turn."""
OVERDUE = timedelta(seconds=5)
"""What is left of a drain by then is cut off. What has a slot goes within a second or two."""


async def run_web(settings: Settings, announce: Announce, site_of: SiteOf = PlaygroundSite) -> None:
    """Serve pages and take in what people do, until SIGINT or SIGTERM. Workers do the rest.

    Raises:
        Misconfigured: as `run_embedded`, or the database is not one that can be shared.
    """
    from bot.bootstrap.page import showing_pages  # noqa: PLC0415 - a worker needs no web server

    check_shared(settings, "web")
    widen_executor()
    ease_collector()
    with open_house(settings, site_of) as here, stop_signal() as stopped:
        here.database.poke = QueuePoke()
        clock = Clock([_refreshing(here), resting(here)], now)
        async with (
            here.site.living(here.app, here.meters),
            warming(here),
            moving(here, clock, stopped),
            showing_pages(here, partial(wait_until_quiet, here), clock, stopped) as address,
            here.site.listening(),
        ):
            announce(f"{here.site.tell(address)} (Ctrl-C stops it)")
            await stopped.wait()


async def run_worker(
    settings: Settings, announce: Announce, site_of: SiteOf = PlaygroundSite
) -> None:
    """Deliver letters and do what falls due, until SIGINT or SIGTERM.

    Where `settings.metrics_port` is given, it can be asked there how it is.

    Raises:
        Misconfigured: as `run_web`.
    """
    check_shared(settings, "worker")
    widen_executor()
    ease_collector()
    with open_house(settings, site_of, searches=False) as here, stop_signal() as stopped:
        here.database.poke = QueuePoke()
        queue = Queue(settings.database_url, _duties(here))
        clock = Clock(
            [
                _refreshing(here),
                Tick("sweep", SECOND, lambda: queue.defer(SWEEP)),
                Tick("plan_due", PLANNING, lambda: queue.defer(PLAN_DUE)),
                Tick("stalled", STALLED, queue.drop_stalled),
                retaining(lambda: queue.defer(RETAIN)),
                resting(here),
                *here.site.ticks,
            ],
            now,
        )
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(here.site.living(here.app, here.meters))
            await stack.enter_async_context(_working(queue, stopped))
            await stack.enter_async_context(moving(here, clock, stopped))
            where = ""
            if settings.metrics_port is not None:
                from bot.bootstrap.page import answering  # noqa: PLC0415 - as in `run_web`

                address = await stack.enter_async_context(
                    answering(here, settings.metrics_port, clock, stopped)
                )
                where = f" and can be asked at {address}"
            announce(f"A worker of Inflow is at work{where} (Ctrl-C stops it)")
            await stopped.wait()


def _refreshing(house: House) -> Tick:
    return Tick("refresh", SECOND, lambda: asyncio.to_thread(house.site.refresh))


def _duties(house: House) -> Duties:
    store = SqlLaneStore(house.database)

    async def drain(lane: WorkspaceId) -> bool:
        loop = asyncio.get_running_loop()
        began = loop.time()
        until = house.site.now() + DRAINING
        try:
            # The lane looks at the site's clock. Were that put back an hour, no other lane
            # that waits would have its turn for as long.
            async with asyncio.timeout((DRAINING + OVERDUE).total_seconds()):
                await house.lanes.drain(lane, until)
        except TimeoutError:
            return True
        is_over = loop.time() >= began + DRAINING.total_seconds()
        return is_over or house.site.now() >= until

    async def lanes_with_work() -> Sequence[WorkspaceId]:
        return await asyncio.to_thread(store.lanes_with_work, house.site.now())

    async def plan_due() -> bool:
        return await asyncio.to_thread(do_due, house)

    async def forget() -> None:
        await asyncio.to_thread(forget_old, house)

    return Duties(drain, lanes_with_work, plan_due, forget)


@asynccontextmanager
async def _working(queue: Queue, stopped: asyncio.Event) -> AsyncIterator[None]:
    """Work for the block, or until `stopped` is set; then what was begun is finished."""
    running = asyncio.create_task(queue.run(stopped))
    try:
        yield
    finally:
        stopped.set()
        _, late = await asyncio.wait({running}, timeout=STOPPING_SECONDS)
        for each in late:
            # Its jobs are dropped as those of a dead worker, and done by another one.
            each.cancel()
        await asyncio.gather(running, return_exceptions=bool(late))
