"""The embedded process: one that does everything, until it is told to stop.

Told to stop, a process takes no more requests, then begins nothing more, finishes what is
on the wire and goes.
"""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from bot.bootstrap import now
from bot.bootstrap.house import (
    House,
    do_due,
    open_house,
    retaining,
    stopping,
    wait_until_quiet,
    warming,
)
from bot.bootstrap.loop import Announce, stop_signal, ticking, widen_executor
from bot.bootstrap.page import showing_pages
from bot.bootstrap.playground import PlaygroundSite
from bot.bootstrap.site import SiteOf
from bot.clock import Clock, Tick
from bot.errors import Unavailable
from bot.ids import WorkspaceId
from bot.lanes import Lanes
from bot.settings import Misconfigured, Settings
from storage.database import read_url
from storage.lane import SqlLaneStore
from storage.lockfile import InUse, locked
from storage.obstacle import explain
from storage.retention import retain

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
    with (
        _alone(settings),
        open_house(settings, site_of) as house,
        house.database.ballasted(),
        stop_signal() as stopped,
    ):
        clock = Clock(
            [
                Tick("due", SECOND, lambda: asyncio.to_thread(do_due, house.app)),
                Tick("sweep", SECOND, house.lanes.sweep),
                retaining(lambda: asyncio.to_thread(retain, house.database, house.site.now())),
            ],
            now,
        )

        async def carry() -> None:
            await house.lanes.drain_all()
            # A poke may have been quicker: those letters are on their way already.
            await wait_until_quiet(house)

        await asyncio.to_thread(_take_over, house)
        house.database.poke = _LanesPoke(house.lanes)
        async with (
            warming(house),
            stopping(house.lanes),
            ticking(clock),
            showing_pages(house, carry, clock, stopped) as address,
        ):
            announce(f"Inflow is at {address} (Ctrl-C stops it)")
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
            sentence = explain(settings.database_url, error)
            raise Misconfigured(f"INFLOW_DATABASE_URL: {sentence}") from error
        yield
