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


def start_clock(app: App[Any], lanes: Lanes) -> AsyncIOScheduler:
    """Begin to tick on the running loop; call `shutdown()` on what is returned."""
    # It would warn at every tick of a round that takes longer, which is no fault.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(
        do_round,
        "interval",
        seconds=TICK_SECONDS,
        args=(app, lanes),
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,
    )
    scheduler.start()
    return scheduler
