"""The clock: does a handful of things again and again. It keeps nothing.

APScheduler only ticks (interval jobs in a memory store, delivery.md 1.3): what is to be
done, and when, is in our own tables. A tick that is missed or comes twice changes
nothing, so no two processes ever need to share a clock. (They could not: APScheduler 3
forbids a job store of several schedulers, and one that was shared ran jobs twice.)
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.errors import Unavailable

GUARD_SECONDS = 1.0
"""How often the scheduler's own idea of the time is looked at."""

GRACE = 8.0
"""Seconds that `Clock.stop` waits: whoever told us to stop kills us after ten."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tick:
    """Something to do again and again, `every` so often, and never twice at a time."""

    name: str
    every: timedelta
    do: Callable[[], Awaitable[object]]
    first: timedelta | None = None
    """How long after the start for the first time; None is `every`."""


class Clock:
    """Ticks on the running loop from `start` to `stop`. `now` is the real clock, aware UTC.

    The wall clock may jump. After a jump ahead everything is due and is done once. After a
    jump back APScheduler would sleep until the old hour comes again; a guard that runs on
    the monotonic clock sees that within a second and winds it on.
    """

    def __init__(self, ticks: Sequence[Tick], now: Callable[[], datetime]) -> None:
        self._ticks = ticks
        self._now = now
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._under_way: set[asyncio.Task[None]] = set()
        self._guard: asyncio.Task[None] | None = None
        self._began: dict[str, float] = {}
        self._late = 0.0
        self._refused: set[str] = set()

    def start(self) -> None:
        """Begin to tick; the first time after one interval each, unless it says otherwise."""
        # It would warn at every tick of a round that takes longer, which is no fault.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        started = asyncio.get_running_loop().time()
        for tick in self._ticks:
            self._began[tick.name] = started
            self._scheduler.add_job(
                self._run,
                "interval",
                [tick],
                id=tick.name,
                seconds=tick.every.total_seconds(),
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
                next_run_time=self._now() + (tick.every if tick.first is None else tick.first),
            )
        self._scheduler.start()
        self._guard = asyncio.create_task(self._watch())

    async def stop(self, grace: float = GRACE) -> None:
        """Begin nothing more, and wait up to `grace` seconds for what is under way.

        APScheduler's own shutdown would cancel it in the middle.
        """
        self._scheduler.pause()
        if self._guard is not None:
            self._guard.cancel()
            with suppress(asyncio.CancelledError):
                await self._guard
        loop = asyncio.get_running_loop()
        latest = loop.time() + grace
        while self._under_way and loop.time() < latest:
            await asyncio.wait(self._under_way, timeout=latest - loop.time())
        if self._under_way:
            log.warning("the process does not wait for its ticks any longer", seconds=grace)
        self._scheduler.shutdown(wait=False)

    @property
    def lag(self) -> float:
        """By how many seconds the clock is late: the latest tick, or one that is overdue."""
        if not self._began or self._guard is None:
            return 0.0
        at = asyncio.get_running_loop().time()
        overdue = max(
            at - self._began[tick.name] - tick.every.total_seconds() for tick in self._ticks
        )
        return max(0.0, self._late, overdue)

    async def _run(self, tick: Tick) -> None:
        at = asyncio.get_running_loop().time()
        self._late = max(0.0, at - self._began[tick.name] - tick.every.total_seconds())
        self._began[tick.name] = at
        doing = asyncio.ensure_future(self._do(tick))
        self._under_way.add(doing)
        doing.add_done_callback(self._under_way.discard)
        await doing

    async def _do(self, tick: Tick) -> None:
        try:
            await tick.do()
            if tick.name in self._refused:
                self._refused.discard(tick.name)
                log.warning("the store takes it again", tick=tick.name)
        except Unavailable:
            # Once, and not each second for as long as it lasts.
            if tick.name not in self._refused:
                self._refused.add(tick.name)
                log.warning("the store cannot take it now; each tick tries again", tick=tick.name)
        except Exception as error:
            # A tick that fails must not stop the clock. What the error says may quote a
            # message; `bot.bootstrap.log` leaves that out.
            log.exception("tick failed", tick=tick.name, error=type(error).__name__)

    async def _watch(self) -> None:
        """Wind the scheduler on when the wall clock has gone back."""
        while True:
            await asyncio.sleep(GUARD_SECONDS)
            now = self._now()
            for tick in self._ticks:
                job = self._scheduler.get_job(tick.name)
                if job is None or job.next_run_time is None:
                    continue
                if job.next_run_time - now > tick.every + timedelta(seconds=GUARD_SECONDS):
                    log.warning("the wall clock went back", tick=tick.name)
                    job.modify(next_run_time=now)
