"""What operators see of a process: whether it is ready, and what it has counted."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType

from adapters.web.operation import Check, add_operations_routes
from bot.bootstrap.site import Routes
from bot.clock import Clock
from bot.metric import Level, Meters
from storage.backlog import look_at_backlog
from storage.database import Database
from storage.readiness import check_disk, check_store

LATEST_TICK = 60
"""Seconds by which a clock may be late before its process is taken for stuck."""


def operations(
    database: Database,
    meters: Meters,
    stopped: asyncio.Event,
    clock: Clock | None = None,
    now: Callable[[], datetime] | None = None,
    more: Mapping[str, Check] = MappingProxyType({}),
) -> Routes:
    """The routes `/readyz` and `/metrics` of a process; `stopped` says that it shuts down.

    `more` is what the site has to be looked at for.

    Where `now` is given, what waits in the store is shown as of that moment. One process of
    many is enough for that.
    """
    checks: dict[str, Check] = {
        "process": partial(_check_stopping, stopped),
        "store": lambda: asyncio.to_thread(check_store, database),
        "disk": lambda: asyncio.to_thread(check_disk, database),
        **more,
    }
    meters.include(*database.meters)
    if clock is not None:
        checks["clock"] = partial(_check_clock, clock)
        meters.include(
            Level(
                "inflow_clock_lag_seconds",
                "By how much the latest tick of this process's clock was late, or is overdue.",
                lambda: clock.lag,
            )
        )
    if now is not None:
        meters.look_at(look_at_backlog(database, now))
    return partial(add_operations_routes, checks=checks, meters=meters)


async def _check_stopping(stopped: asyncio.Event) -> str | None:
    return "This process is shutting down." if stopped.is_set() else None


async def _check_clock(clock: Clock) -> str | None:
    if clock.lag <= LATEST_TICK:
        return None
    return f"The clock is {clock.lag:.0f} seconds late: what is due is not done."
