"""The embedded process: one that does everything, until it is told to stop.

Told to stop, a process takes no more requests, begins nothing more, finishes what is on the
wire, all at once and within ten seconds, and goes.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from bot.bootstrap import now
from bot.bootstrap.house import (
    House,
    alone,
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
from bot.bootstrap.page import showing_pages
from bot.bootstrap.playground import PlaygroundSite
from bot.bootstrap.site import SiteOf
from bot.clock import Clock, Tick
from bot.errors import BotError, Unavailable
from bot.ids import WorkspaceId
from bot.lanes import Lanes
from bot.settings import Settings
from storage.database import read_url
from storage.lane import SqlLaneStore

SECOND = timedelta(seconds=1)


async def run_embedded(
    settings: Settings, announce: Announce, site_of: SiteOf = PlaygroundSite
) -> None:
    """Serve pages, deliver letters and do what falls due, all in this process, until SIGINT
    or SIGTERM. A second signal ends it at once.

    Raises:
        Misconfigured: the port is taken, a setting cannot be used, or another process runs
            on the same SQLite file.
    """
    widen_executor()
    ease_collector()
    with (
        alone(settings),
        open_house(settings, site_of) as house,
        house.database.ballasted(),
        stop_signal() as stopped,
    ):
        clock = Clock(
            [
                Tick("due", SECOND, lambda: asyncio.to_thread(do_due, house)),
                Tick("sweep", SECOND, house.lanes.sweep),
                retaining(lambda: asyncio.to_thread(forget_old, house)),
                resting(house),
                *house.site.ticks,
            ],
            now,
        )

        async def carry(workspace: WorkspaceId) -> None:
            # A lane that stops has said so in the log, and the next sweep goes on with it.
            with contextlib.suppress(BotError):
                await house.lanes.drain(workspace)
            # A poke may have been quicker: those letters are on their way already.
            await wait_until_quiet(house, workspace)

        await asyncio.to_thread(_take_over, house)
        house.database.poke = _LanesPoke(house.lanes)
        async with (
            house.site.living(house.app, house.meters),
            warming(house),
            moving(house, clock, stopped),
            showing_pages(house, carry, clock, stopped) as address,
            house.site.listening(),
        ):
            announce(f"{house.site.tell(address)} (Ctrl-C stops it)")
            await stopped.wait()


def _take_over(house: House) -> None:
    """What the last process had in its hands when it died need not wait for its leases."""
    # Of a database on a server nobody can say that no other process uses it.
    if read_url(house.settings.database_url).get_backend_name() == "sqlite":
        with contextlib.suppress(Unavailable):
            SqlLaneStore(house.database).take_over(house.site.patience.reconcile_after)


@dataclass(frozen=True, slots=True)
class _LanesPoke:
    """`storage.poke.Poke` to lanes of this very process: letters go when they are kept."""

    lanes: Lanes

    def before_commit(self, _connection: Connection, _lanes: Sequence[WorkspaceId]) -> None:
        """There is nothing to write."""

    def after_commit(self, lanes: Sequence[WorkspaceId]) -> None:
        for lane in lanes:
            self.lanes.poke(lane)
