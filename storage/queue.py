"""Pokes between processes on one PostgreSQL database, carried by Procrastinate.

A job is a hint and nothing more: what is to be delivered stands in the outbox, what is due
in the timers. So a job may be lost, doubled or thrown away at any time; the next sweep
puts right what that delays.

Jobs: `drain` a lane (one at a time for each), do what is due (`plan_due`), `sweep` the
lanes for work that nobody was poked about, and forget what is old (`retain`); of each of
these as well one at a time.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import structlog
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.connector import BaseConnector
from procrastinate.exceptions import AlreadyEnqueued, ProcrastinateException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout
from sqlalchemy import Connection

from bot.errors import BotError
from bot.ids import WorkspaceId
from storage.database import read_url
from storage.queue_schema import LOOK_BACK, LOOK_IN, SCHEMA, raw_connection

LANES_AT_ONCE: Final = 64
"""How many jobs one worker does at a time. A lane mostly waits for its platform."""
FEW_LANES: Final = 3
"""Of more lanes than this one sweep is deferred: a thousand jobs would take most of a second."""
HEARTBEAT_SECONDS: Final = 2.0
STALLED_SECONDS: Final = 8.0
"""A worker that was not heard of for so long is taken for dead, and its jobs are dropped."""
FINISHING_SECONDS: Final = 7.0
"""A worker that is told to stop waits so long for its jobs, and then breaks them off."""
SHORTEST_WAIT: Final = 0.25
LONGEST_WAIT: Final = 4.0
"""Seconds between two tries to work on, when PostgreSQL is out of reach."""
CONNECT_SECONDS: Final = 3.0
POOL: Final = 4
"""Connections of a worker's queue; one more listens."""

DRAIN: Final = "drain"
PLAN_DUE: Final = "plan_due"
SWEEP: Final = "sweep"
RETAIN: Final = "retain"

# What is short and keeps everything else going is done before the next lane.
_URGENT: Final = 10
# What the pool raises besides, without a connection.
_LOST: Final = (psycopg.Error, PoolClosed, PoolTimeout)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Duties:
    """What a worker does when it is told to. All may be called at any time, by several
    workers at once, and may be cut off in the middle."""

    drain: Callable[[WorkspaceId], Awaitable[bool]]
    """Deliver what is due in a lane, for some seconds; True when there is more."""
    lanes_with_work: Callable[[], Awaitable[Sequence[WorkspaceId]]]
    plan_due: Callable[[], Awaitable[bool]]
    """Do what has fallen due, for some seconds; True when there is more."""
    retain: Callable[[], Awaitable[object]]
    """Forget what is old enough."""


class QueuePoke:
    """`storage.poke.Poke` that defers jobs in the transaction of the letters."""

    def __init__(self) -> None:

        # It is never opened: every job goes through the connection of its letters.
        self._app = App(connector=SyncPsycopgConnector())
        _quieten()

    def before_commit(self, connection: Connection, lanes: Sequence[WorkspaceId]) -> None:
        """Defer a drain of each lane, or one sweep when they are many.

        In a savepoint, because a job that waits already is an error to PostgreSQL, which
        would spoil the whole transaction. Whatever else may be wrong, the letters matter
        more than the hint: a sweep finds them.
        """

        raw = raw_connection(connection)
        jobs = [_drain_job(lane) for lane in lanes] if len(lanes) <= FEW_LANES else [_job(SWEEP)]
        for job in jobs:
            with contextlib.suppress(ProcrastinateException), connection.begin_nested():
                raw.execute(LOOK_IN)
                self._app.job_manager.defer_job(job, connection=raw)
                raw.execute(LOOK_BACK)

    def after_commit(self, lanes: Sequence[WorkspaceId]) -> None:
        """PostgreSQL has told the workers."""


class Queue:
    """The queue as a worker sees it. Opened by `run`, on one loop, once."""

    def __init__(self, url: str, duties: Duties) -> None:
        """`url` is the address of the database, as `Database` takes it."""

        _quieten()
        address = read_url(url).set(drivername="postgresql")
        self._duties = duties
        self._app = App(
            connector=PsycopgConnector(
                pool_factory=_Pool,
                conninfo=address.render_as_string(hide_password=False),
                kwargs={"connect_timeout": round(CONNECT_SECONDS)},
                configure=_look_in_schema,
                min_size=1,
                max_size=POOL,
                timeout=CONNECT_SECONDS,
                reconnect_timeout=CONNECT_SECONDS,
            )
        )
        self._manager = _Manager(self._app.connector)
        self._app.job_manager = self._manager
        self._is_open = False
        for name, do in (
            (DRAIN, self._drain),
            (PLAN_DUE, self._plan_due),
            (SWEEP, self._sweep),
            (RETAIN, self._retain),
        ):
            self._app.task(name=name)(do)

    async def run(self, stopping: asyncio.Event) -> None:
        """Do jobs until `stopping` is set, then finish those that were begun, within
        `FINISHING_SECONDS`.

        Procrastinate's worker ends when PostgreSQL goes away. Here it begins again, after
        waits that grow to `LONGEST_WAIT` seconds, with connections of its own each time.
        """
        wait = SHORTEST_WAIT
        loop = asyncio.get_running_loop()
        while not stopping.is_set():
            began = loop.time()
            error = await self._work(stopping)
            if stopping.is_set():
                return
            if loop.time() - began > 4 * LONGEST_WAIT:
                wait = SHORTEST_WAIT
            log.warning("the worker stopped and begins again", error=error, seconds=wait)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), wait)
            wait = min(2 * wait, LONGEST_WAIT)

    async def _work(self, stopping: asyncio.Event) -> str:
        """Work until told to stop or until something breaks; returns what broke."""
        try:
            async with self._open():
                working = asyncio.create_task(
                    self._app.run_worker_async(
                        concurrency=LANES_AT_ONCE,
                        # A hint that was missed is a second late, not five.
                        fetch_job_polling_interval=1.0,
                        delete_jobs="always",
                        install_signal_handlers=False,
                        update_heartbeat_interval=HEARTBEAT_SECONDS,
                        stalled_worker_timeout=STALLED_SECONDS,
                        shutdown_graceful_timeout=FINISHING_SECONDS,
                    )
                )
                told = asyncio.create_task(stopping.wait())
                await asyncio.wait({working, told}, return_when=asyncio.FIRST_COMPLETED)
                told.cancel()
                # Procrastinate takes this as: begin nothing more, and finish what is begun.
                working.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await working
        except Exception as error:  # noqa: BLE001 - whatever it was, it is tried again.
            return type(error).__name__
        return "its watch ended"

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        try:
            await self._app.open_async()
            self._is_open = True
            yield
        finally:
            self._is_open = False
            await self._app.close_async()

    async def defer(self, name: str) -> None:
        """Have `plan_due`, `sweep` or `retain` done by some worker; once, however many ask.

        Out of reach, it does nothing: the next tick asks again.
        """
        await self._defer([_job(name)])

    async def drop_stalled(self) -> int:
        """Drop the jobs of workers that are dead or stopped, and those of our own of which the
        end could not be written; returns how many.

        They would count as under way for ever, and with them their lanes. They are dropped
        and not tried again: a second job of the same lane may wait already, which
        Procrastinate's own `retry_job` cannot bear, and the next sweep sees to the lane.
        """

        if not self._is_open:
            return 0
        manager = self._manager
        dropped = 0
        with contextlib.suppress(ProcrastinateException, *_LOST):
            for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
                # Another worker may have been quicker.
                with contextlib.suppress(ProcrastinateException):
                    await manager.finish_job(job, Status.FAILED, delete_job=True)
                    dropped += 1
            await manager.prune_stalled_workers(10 * STALLED_SECONDS)
            if unwritten := list(manager.unwritten):
                await self._app.connector.execute_query_async(
                    "DELETE FROM procrastinate_jobs WHERE id = ANY(%(ids)s)", ids=unwritten
                )
                manager.unwritten.difference_update(unwritten)
                dropped += len(unwritten)
        return dropped

    async def _drain(self, lane: str) -> None:
        if await self._with_care(DRAIN, self._duties.drain(WorkspaceId(lane))):
            await self._defer([_drain_job(WorkspaceId(lane))])

    async def _plan_due(self) -> None:
        if await self._with_care(PLAN_DUE, self._duties.plan_due()):
            await self.defer(PLAN_DUE)

    async def _retain(self) -> None:
        await self._with_care(RETAIN, self._duties.retain())

    async def _sweep(self) -> None:
        lanes = await self._with_care(SWEEP, self._duties.lanes_with_work())
        if lanes:
            await self._poke(lanes)

    async def _poke(self, lanes: Sequence[WorkspaceId]) -> None:
        """Defer a drain of each lane for which none waits or is under way."""
        jobs = {f"lane:{lane}": _drain_job(lane) for lane in lanes}
        for row in await self._app.connector.execute_query_all_async(
            "SELECT lock FROM procrastinate_jobs"
            " WHERE status IN ('todo', 'doing') AND lock = ANY(%(locks)s)",
            locks=list(jobs),
        ):
            jobs.pop(row["lock"], None)
        await self._defer(list(jobs.values()))

    async def _with_care(self, name: str, duty: Awaitable[Any]) -> Any:
        """The duty's answer, or None when it failed: its job is over, and a sweep brings it
        back. The error's own text may quote a message, so only its type is logged."""
        try:
            return await duty
        except BotError as error:
            log.warning("job given up", job=name, error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the worker's edge.
            log.error("job failed", job=name, error=type(error).__name__)
        return None

    async def _defer(self, jobs: Sequence[Job]) -> None:
        """Defer those of the jobs that do not wait already."""

        if not (jobs and self._is_open):
            return
        manager = self._app.job_manager
        with contextlib.suppress(ProcrastinateException, *_LOST):
            try:
                await manager.batch_defer_jobs_async(list(jobs))
            except AlreadyEnqueued:
                # Somebody was quicker with one of them, which takes back all.
                for job in jobs if len(jobs) > 1 else ():
                    with contextlib.suppress(AlreadyEnqueued):
                        await manager.defer_job_async(job)


def _job(name: str) -> Job:
    """One of these waits at most, and one is done at most.

    A worker that dies or freezes with one holds up the next for no longer than its lanes:
    until `drop_stalled` sees it, some ten seconds.
    """

    return Job(queue="inflow", lock=name, queueing_lock=name, task_name=name, priority=_URGENT)


def _drain_job(lane: WorkspaceId) -> Job:
    """Of one lane at most one waits and at most one is done."""

    lock = f"lane:{lane}"
    return Job(
        queue="inflow", lock=lock, queueing_lock=lock, task_name=DRAIN, task_kwargs={"lane": lane}
    )


class _Manager(JobManager):
    """Remembers the jobs of which the end could not be written, as when a connection is cut.

    Their worker lives, so nobody takes them for stalled: they would count as under way, and with
    them their lanes, for as long as it does.
    """

    def __init__(self, connector: BaseConnector) -> None:
        super().__init__(connector)
        self.unwritten: set[int] = set()

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        try:
            await super().finish_job(job, status, delete_job)
        except BaseException:
            if job.id is not None:
                self.unwritten.add(job.id)
            raise


class _Pool(AsyncConnectionPool):
    """A pool that does not wait half a minute for a database that is away."""

    async def open(self, wait: bool = False, timeout: float = CONNECT_SECONDS) -> None:  # noqa: ASYNC109 - as above it
        await super().open(wait, timeout)


async def _look_in_schema(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.execute(f"SET search_path TO {SCHEMA}")
    await connection.commit()


def _quieten() -> None:
    """What breaks is told once, by us."""
    for name in ("procrastinate", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
