"""A lane that is drained by hand: one call a step, and one clock for all."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.ids import WorkspaceId
from bot.outbox import Delivery, Settlement
from storage.database import Database
from storage.lane import SqlLaneStore
from tests.storage.example import LEASE, NOW


class HandLane:
    """Its leases go by the moments it is given, so that a test can let them run out."""

    def __init__(self, database: Database) -> None:
        self._now = NOW
        self.store = SqlLaneStore(database, lambda: self._now)

    def lanes_with_work(self, now: datetime) -> Sequence[WorkspaceId]:
        self._now = now
        return self.store.lanes_with_work(now)

    def claim(
        self, lane: WorkspaceId, now: datetime, limit: int, lease: timedelta
    ) -> list[Delivery]:
        """What may be sent, where the platform has no limits."""
        self._now = now
        return [claimed.delivery for claimed in self.store.claim(lane, now, limit, lease).letters]

    def mark_sending(self, ids: Sequence[int], now: datetime) -> list[int]:
        """Mark what is still ours; returns that, in the order asked for."""
        self._now = now
        ours = self.store.write(ids, (), now, LEASE).ours
        return [letter for letter in ids if letter in ours]

    def settle(self, settlements: Sequence[Settlement], now: datetime) -> None:
        self._now = now
        self.store.write((), settlements, now, LEASE)

    def recover(self, lane: WorkspaceId, now: datetime) -> list[Delivery]:
        self._now = now
        return list(self.store.recover(lane, now).unclear)
