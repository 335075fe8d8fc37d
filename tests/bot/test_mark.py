"""Marks that cannot be written now are written a little later, and hold nobody else up."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.claim import Written
from bot.ids import WorkspaceId
from bot.mark import Marks
from bot.outbox import Sent, Settlement
from bot.retry import Patience
from storage.database import Database
from storage.lane import SqlLaneStore

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SENT = Sent(external="171.1", conversation="D0BO")


class Store(SqlLaneStore):
    """In it somebody else has `locked` some letters; `written` were settled."""

    locked: frozenset[int] = frozenset()
    written: tuple[int, ...] = ()

    def write(
        self,
        sending: Sequence[int],
        settlements: Sequence[Settlement],
        now: datetime,
        lease: timedelta,
    ) -> Written:
        free = [each for each in settlements if each.id not in self.locked]
        self.written += tuple(each.id for each in free)
        missed = self.locked & {each.id for each in settlements}
        return replace(super().write(sending, free, now, lease), locked=missed)


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


def ignore(_workspace: WorkspaceId) -> None: ...


def test_what_somebody_else_has_locked_is_written_when_they_are_done(store: Store) -> None:
    async def settle() -> None:
        marks = Marks(store, lambda: NOW, Patience(), ignore)
        store.locked = frozenset({1})
        first, second = marks.settle(Settlement(1, SENT)), marks.settle(Settlement(2, SENT))
        await asyncio.wait_for(second, 30)
        await asyncio.wait_for(marks.sending(3), 30)
        assert not first.done()
        store.locked = frozenset()
        await asyncio.wait_for(first, 30)

    asyncio.run(settle())
    assert store.written == (2, 1)


def test_what_stays_locked_is_not_written_after_the_end(store: Store) -> None:
    async def settle() -> bool:
        marks = Marks(store, lambda: NOW, Patience(), ignore)
        store.locked = frozenset({1})
        first = marks.settle(Settlement(1, SENT))
        await marks.settle(Settlement(2, SENT))
        await marks.close()
        store.locked = frozenset()
        await asyncio.sleep(0.15)
        return first.done()

    assert not asyncio.run(settle())
    assert store.written == (2,)
