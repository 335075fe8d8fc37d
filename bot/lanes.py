"""The lanes of one process: who drains which, and when.

The outbox is the only truth. A lane (one workspace, one rate-limit domain) may be drained
by anybody at any time and stopped at any moment: what had been claimed comes back when the
lease runs out, and what had begun to be sent is looked up on the platform before it could
be sent again. `bot.lane` has how one lane is drained.
"""

import asyncio
import contextlib
import contextvars
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from bot.errors import BotError
from bot.ids import WorkspaceId
from bot.lane import Lane, LaneMeters, Trace, suspended_seconds
from bot.mark import Marks
from bot.ports import LaneStore, Platform
from bot.retry import Patience

GRACE = 10.0
"""Seconds that `Lanes.stop` waits for what is on the wire."""
CLAIMS_AT_ONCE = 4
"""Lanes that may claim at the same time. Were it all of a thousand, everybody else would
wait for a thread."""
FORGET_EVERY = 60.0
"""Seconds between looks at what need not be remembered any more."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Active:
    """A lane that is being drained. Without its `lane` its platform is still looked for."""

    task: "asyncio.Task[None]"
    until: datetime | None
    lane: Lane | None = None
    sent: int = 0
    error: BaseException | None = None


@dataclass(slots=True)
class _Host:
    """All that belongs to one event loop."""

    loop: asyncio.AbstractEventLoop
    marks: Marks
    claims: asyncio.Semaphore
    forget_at: float = 0.0
    active: dict[WorkspaceId, _Active] = field(default_factory=dict)


class Lanes:
    """Drains lanes on the running loop. `clock` gives the moment, aware UTC.

    `platform_of` finds the platform of a workspace. It is called on the loop, for as many
    workspaces at once as have letters: were it called in threads, and had then to ask the
    loop, all threads might wait for a loop whose next step needs one of them. None leaves
    that workspace's letters where they are.

    A host that carries letters itself calls `sweep` about once a second and lets new letters
    `poke`. A worker calls `drain` for one lane at a time. `meters.all` is what they count.
    """

    def __init__(
        self,
        store: LaneStore,
        platform_of: Callable[[WorkspaceId], Awaitable[Platform | None]],
        clock: Callable[[], datetime],
        patience: Patience | None = None,
        suspended: Callable[[], float] = suspended_seconds,
    ) -> None:
        self._store = store
        self._platform_of = platform_of
        self._clock = clock
        self._patience = patience or Patience()
        self._suspended = suspended
        self._host: _Host | None = None
        self._traces: defaultdict[WorkspaceId, Trace] = defaultdict(Trace)
        self._unknown: set[WorkspaceId] = set()
        self._carries_itself = False
        self._is_stopping = False
        self.meters = LaneMeters()

    @property
    def remembered(self) -> int:
        """How many lanes and conversations are remembered to whose rate the next letters keep."""
        return sum(1 + len(trace.conversations) for trace in self._traces.values())

    def poke(self, workspace: WorkspaceId) -> None:
        """Say that more is due in a lane. May be called from any thread, at any time.

        A lane that is being drained looks again; one that is not is begun, if this process
        sweeps. A poke that gets lost is made up for by the next sweep.
        """
        host = self._host
        if host is not None:
            with contextlib.suppress(RuntimeError):  # The loop has ended.
                host.loop.call_soon_threadsafe(self._hear_poke, host, workspace)

    def _hear_poke(self, host: _Host, workspace: WorkspaceId) -> None:
        active = host.active.get(workspace)
        if active is not None:
            if active.lane is not None:
                active.lane.poke()
        elif self._carries_itself and not self._is_stopping:
            self._begin(host, workspace, None)

    async def sweep(self) -> int:
        """Begin to drain every lane that has work, and do not wait for it; returns how many
        have. From the first sweep on pokes begin lanes as well.

        Raises:
            Unavailable: the store is out of reach; the next sweep tries again.
        """
        host = self._here()
        self._carries_itself = True
        lanes = await asyncio.to_thread(self._store.lanes_with_work, self._clock())
        for workspace in lanes:
            self._hear_poke(host, workspace)
        return len(lanes)

    async def drain_all(self) -> int:
        """Drain every lane that has work; returns how many letters were delivered.

        A lane that fails is logged and does not stop the others.

        Raises:
            Unavailable: the store is out of reach.
        """
        lanes = await asyncio.to_thread(self._store.lanes_with_work, self._clock())
        return sum(await asyncio.gather(*map(self._drain_or_log, lanes)))

    async def _drain_or_log(self, workspace: WorkspaceId) -> int:
        try:
            return await self.drain(workspace)
        except BotError as error:
            log.warning("lane stopped", workspace=workspace, error=type(error).__name__)
            return 0

    async def drain(self, workspace: WorkspaceId, until: datetime | None = None) -> int:
        """Deliver what is due in one lane; returns how many letters were delivered.

        Ends when nothing is due, or only what has to wait for a slot for some seconds; never
        waits for time where the platform has no limits. From `until` on, a moment of
        `clock`, no more letters are claimed; those that have a slot still go, which takes a
        second or two. A lane that this process drains already is shared: then the letters
        are counted by the call that was first.

        Raises:
            Unavailable: the store is out of reach; the lane can be drained again later.
        """
        if self._is_stopping:
            return 0
        host = self._here()
        active = host.active.get(workspace)
        if active is not None:
            self._join(active, until)
            await asyncio.shield(active.task)
            _raise(active.error)
            return 0
        active = self._begin(host, workspace, until)
        try:
            await asyncio.shield(active.task)
        except asyncio.CancelledError:
            if active.lane is not None:
                active.lane.end()
            raise
        _raise(active.error)
        return active.sent

    async def stop(self, grace: float = GRACE) -> None:
        """Begin nothing new, wait up to `grace` seconds for what is on the wire, and give the
        rest back. Nothing can be drained afterwards."""
        self._is_stopping = True
        host = self._host
        if host is None or host.loop is not asyncio.get_running_loop():
            return
        tasks = [active.task for active in host.active.values()]
        for active in host.active.values():
            if active.lane is not None:
                active.lane.end()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await host.marks.close()

    def _here(self) -> _Host:
        loop = asyncio.get_running_loop()
        if self._host is None or self._host.loop is not loop:
            marks = Marks(self._store, self._clock, self._patience, self._stir)
            self._host = _Host(loop, marks, asyncio.Semaphore(CLAIMS_AT_ONCE))
        if loop.time() >= self._host.forget_at:
            self._host.forget_at = loop.time() + FORGET_EVERY
            self._forget_past(self._host)
        return self._host

    def _forget_past(self, host: _Host) -> None:
        """Memory does not grow by what was sent a minute ago, nor by lanes that fell silent."""
        now = host.loop.time()
        for workspace, trace in list(self._traces.items()):
            if trace.forget_past(now) and workspace not in host.active:
                del self._traces[workspace]

    def _stir(self, workspace: WorkspaceId) -> None:
        if self._host is not None:
            self._hear_poke(self._host, workspace)

    def _begin(self, host: _Host, workspace: WorkspaceId, until: datetime | None) -> _Active:
        # Of the event that happened to wake it the log would name each letter as a part.
        context = contextvars.Context()
        task = host.loop.create_task(self._drain(host, workspace), context=context)
        active = _Active(task, until)
        host.active[workspace] = active
        return active

    def _join(self, active: _Active, until: datetime | None) -> None:
        """Whoever joins finds, afterwards, that nothing due is left in anybody's hands."""
        if active.until is not None:
            active.until = None if until is None else max(until, active.until)
        if active.lane is not None:
            active.lane.until = active.until
            active.lane.poke()

    async def _drain(self, host: _Host, workspace: WorkspaceId) -> None:
        """Ends without an exception, for perhaps nobody waits for it."""
        active = host.active[workspace]
        try:
            platform = await self._platform_of(workspace)
            if platform is None:
                if workspace not in self._unknown:
                    self._unknown.add(workspace)
                    log.warning("no platform for lane", workspace=workspace)
                return
            self._unknown.discard(workspace)
            if self._is_stopping:
                return
            active.lane = Lane(
                workspace,
                platform,
                self._store,
                host.marks,
                self._clock,
                self._patience,
                self.meters,
                self._traces[workspace],
                host.claims,
                active.until,
                self._suspended,
            )
            active.sent = await active.lane.run()
        except BotError as error:
            active.error = error
            log.warning("lane stopped", workspace=workspace, error=type(error).__name__)
        except Exception as error:
            active.error = error
            log.exception("lane failed", workspace=workspace)
        finally:
            del host.active[workspace]


def _raise(error: BaseException | None) -> None:
    if error is not None:
        raise error
