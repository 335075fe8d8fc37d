"""The clock: looks every second at what is due. It keeps nothing.

APScheduler only ticks (one interval job in a memory store, delivery.md 1.3): what is to
be done, and when, is in our own tables. A tick that is missed or comes twice changes
nothing.
"""

import asyncio
import logging
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.app import App
from bot.errors import Unavailable
from bot.lanes import Lanes

TICK_SECONDS = 1

log = structlog.get_logger()


async def do_round(app: App[Any], lanes: Lanes) -> int:
    """Do what is due and deliver what it promised; returns how many things were done."""
    try:
        done = await asyncio.to_thread(app.run_due)
        await lanes.drain_all()
    except Unavailable:
        log.warning("the store is out of reach; the next round tries again")
        return 0
    return done


class Clock:
    """Ticks on the running loop from `start` to `stop`."""

    def __init__(self, app: App[Any], lanes: Lanes) -> None:
        self._app = app
        self._lanes = lanes
        self._round = asyncio.Lock()
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    def start(self) -> None:
        # It would warn at every tick of a round that takes longer, which is no fault.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler.add_job(
            self._tick,
            "interval",
            seconds=TICK_SECONDS,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        self._scheduler.start()

    async def stop(self) -> None:
        """Begin no further round, and wait for the one that is under way.

        APScheduler's own shutdown would cancel it in the middle of a delivery.
        """
        self._scheduler.pause()
        async with self._round:
            self._scheduler.shutdown(wait=False)

    async def _tick(self) -> None:
        async with self._round:
            await do_round(self._app, self._lanes)
