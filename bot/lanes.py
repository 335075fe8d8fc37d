"""Carries letters: claim, mark, deliver, settle, and reconcile what a crash left unsure.

The outbox is the only truth. A lane (one workspace, one rate-limit domain) may be
drained by anybody at any time and stopped at any moment: what it had claimed comes
back when the lease runs out, and what it had begun to send is looked up on the platform
before it could be sent again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from bot.errors import BotError
from bot.ids import WorkspaceId
from bot.outbox import Ambiguous, Delivery, Outcome, Sent, Settlement, TryLater
from bot.ports import LaneStore, Platform

BATCH = 20
ROUNDS = 100
"""A drain ends after so many batches even when more is due; the next one goes on."""
LEASE = timedelta(seconds=90)
TIMEOUT = timedelta(seconds=30)
"""The longest a platform may take over one letter. Nothing is begun later than this before
the lease ends, so that nobody else can be sending the same letter."""

log = structlog.get_logger()


class Lanes:
    """The lanes of one process. `clock` gives the moment, aware UTC.

    `platform_of` finds the platform of a workspace and may read from a store: it is
    called in a thread. None leaves that workspace's letters where they are.
    """

    def __init__(
        self,
        store: LaneStore,
        platform_of: Callable[[WorkspaceId], Platform | None],
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._platform_of = platform_of
        self._clock = clock
        # Whoever waits here finds, afterwards, that nothing due is left in anybody's hands.
        self._turns: defaultdict[WorkspaceId, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def drain_all(self) -> int:
        """Drain every lane that has work; returns how many letters were delivered.

        A lane that fails is logged and does not stop the others.
        """
        sent = 0
        for workspace in await asyncio.to_thread(self._store.lanes_with_work, self._clock()):
            try:
                sent += await self.drain(workspace)
            except BotError as error:
                log.warning("lane stopped", workspace=workspace, error=type(error).__name__)
        return sent

    async def drain(self, workspace: WorkspaceId) -> int:
        """Deliver what is due in one lane; returns how many letters were delivered.

        Raises:
            Unavailable: the store is out of reach; the lane can be drained again later.
        """
        platform = await asyncio.to_thread(self._platform_of, workspace)
        if platform is None:
            log.warning("no platform for lane", workspace=workspace)
            return 0
        async with self._turns[workspace]:
            sent = await self._reconcile(workspace, platform)
            for _ in range(ROUNDS):
                claimed_at = self._clock()
                batch = await asyncio.to_thread(
                    self._store.claim, workspace, claimed_at, BATCH, LEASE
                )
                if not batch:
                    break
                sent += await self._carry(platform, batch, claimed_at + LEASE)
            return sent

    async def _carry(self, platform: Platform, batch: Sequence[Delivery], until: datetime) -> int:
        sent = 0
        for delivery in batch:
            now = self._clock()
            if until - now <= TIMEOUT:
                break
            # One write-ahead mark a letter: after a crash only the one on the wire is unsure.
            ours = await asyncio.to_thread(self._store.mark_sending, [delivery.id], now)
            if delivery.id not in ours:
                continue
            outcome = await self._deliver(platform, delivery)
            await self._settle(delivery, outcome)
            sent += isinstance(outcome, Sent)
        return sent

    async def _deliver(self, platform: Platform, delivery: Delivery) -> Outcome:
        try:
            async with asyncio.timeout(TIMEOUT.total_seconds()):
                return await platform.deliver(delivery)
        except Exception as error:  # noqa: BLE001 - whatever a platform's client raises,
            # nobody can say whether the letter went out. The error's own text may
            # quote the message, so only its type is logged.
            kind = type(error).__name__
            log.warning("delivery failed", workspace=delivery.workspace, error=kind)
            return Ambiguous(why=kind)

    async def _reconcile(self, workspace: WorkspaceId, platform: Platform) -> int:
        found = 0
        for delivery in await asyncio.to_thread(self._store.recover, workspace, self._clock()):
            try:
                sent = await platform.find_delivered(delivery)
            except Exception as error:  # noqa: BLE001 - still unsure, so it stays as it is.
                log.warning("look-up failed", workspace=workspace, error=type(error).__name__)
                continue
            await self._settle(delivery, sent or TryLater(timedelta(0), "not on the platform"))
            found += sent is not None
        return found

    async def _settle(self, delivery: Delivery, outcome: Outcome) -> None:
        await asyncio.to_thread(
            self._store.settle, [Settlement(delivery.id, outcome)], self._clock()
        )
        log.info(
            "letter settled",
            workspace=delivery.workspace,
            kind=delivery.kind,
            outcome=type(outcome).__name__,
        )
