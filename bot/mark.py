"""The marks that all lanes of a process write, a whole group in each commit.

While one group is written in its thread the next one gathers. So under load a commit is
shared by many letters, and a letter alone waits for nobody.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog

from bot.errors import BotError
from bot.ids import WorkspaceId
from bot.outbox import (
    Ambiguous,
    Doubtful,
    Never,
    Outcome,
    Sent,
    Settlement,
    TryLater,
    Unsent,
)
from bot.ports import LaneStore
from bot.retry import Patience

RETRY_FIRST = 0.1
RETRY_LONGEST = 1.0
"""Seconds between attempts to write down what became of letters."""
UNWRITABLE = "what the platform said cannot be written down"

log = structlog.get_logger()


@dataclass(slots=True)
class _Group:
    sending: dict[int, asyncio.Future[bool]] = field(default_factory=dict)
    settlements: list[Settlement] = field(default_factory=list)
    settled: list[asyncio.Future[None]] = field(default_factory=list)


class Marks:
    """Group commit on one event loop. `stir` is told of lanes in which more became due."""

    def __init__(
        self,
        store: LaneStore,
        clock: Callable[[], datetime],
        patience: Patience,
        stir: Callable[[WorkspaceId], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._patience = patience
        self._stir = stir
        self._loop = asyncio.get_running_loop()
        self._next = _Group()
        self._writer: asyncio.Task[None] | None = None
        self._is_closed = False
        self.seconds = 0.01
        """How long a group takes, as far as the last ones tell."""
        self.peak = 0.01
        """The longest that a group took lately."""

    def sending(self, letter: int) -> "asyncio.Future[bool]":
        """Done when the write-ahead mark stands: True if the letter is still ours.

        False as well when the store is out of reach; then nobody knows, and the letter must
        not be sent.
        """
        done: asyncio.Future[bool] = self._loop.create_future()
        self._next.sending[letter] = done
        self._begin()
        return done

    def settle(self, settlement: Settlement) -> "asyncio.Future[None]":
        """Done when it is written what became of the letter; tried until it is."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._next.settlements.append(settlement)
        self._next.settled.append(done)
        self._begin()
        return done

    async def close(self) -> None:
        """Write no more. What is not written down is found out again after the leases."""
        self._is_closed = True
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    def _repeat(self, settlement: Settlement, settled: "asyncio.Future[None]") -> None:
        if not self._is_closed:
            self._next.settlements.append(settlement)
            self._next.settled.append(settled)
            self._begin()

    def _begin(self) -> None:
        if self._writer is None:
            self._writer = self._loop.create_task(self._write_all())

    async def _write_all(self) -> None:
        wait = RETRY_FIRST
        try:
            while self._next.sending or self._next.settlements:
                group, self._next = self._next, _Group()
                if await self._write(group):
                    wait = RETRY_FIRST
                    continue
                await asyncio.sleep(wait)
                wait = min(2 * wait, RETRY_LONGEST)
        finally:
            self._writer = None

    async def _write(self, group: _Group) -> bool:
        began = self._loop.time()
        try:
            written = await asyncio.to_thread(
                self._store.write,
                list(group.sending),
                group.settlements,
                self._clock(),
                self._patience.sending_lease,
            )
        except BotError as error:
            log.warning("marks wait", error=type(error).__name__)
            for mark in group.sending.values():
                _answer(mark, False)
            # What became of letters is known nowhere else, so it is kept until it is written.
            self._next.settlements[:0] = group.settlements
            self._next.settled[:0] = group.settled
            return False
        except Exception as error:  # noqa: BLE001 - a store may choke on what a platform said.
            return await self._write_parts(group, error)
        took = self._loop.time() - began
        self.seconds += 0.2 * (took - self.seconds)
        self.peak = max(took, 0.95 * self.peak)
        for letter, mark in group.sending.items():
            _answer(mark, letter in written.ours)
        for settlement, settled in zip(group.settlements, group.settled, strict=True):
            if settlement.id in written.locked:
                self._loop.call_later(RETRY_FIRST, self._repeat, settlement, settled)
            elif not settled.done():
                settled.set_result(None)
        for lane in written.stirred:
            self._stir(lane)
        return True

    async def _write_parts(self, group: _Group, error: Exception) -> bool:
        """Find what cannot be written, for the sake of all the others in its group.

        Of a settlement its words are left out. Where that is not it, it is a mistake of ours:
        who waits hears of it, and the lease runs out.
        """
        kind = type(error).__name__
        parts = _split(group)
        if parts:
            log.warning("marks are written in parts", error=kind)
            is_written = True
            for part in parts:
                is_written = await self._write(part) and is_written
            return is_written
        if group.settlements and (plain := _without_words(group.settlements[0])):
            log.warning("letter settled without the platform's words", error=kind)
            return await self._write(_Group(settlements=[plain], settled=group.settled))
        log.error("mark failed", error=kind)
        waiting: list[asyncio.Future[Any]] = [*group.sending.values(), *group.settled]
        for done in waiting:
            if not done.done():
                done.set_exception(error)
        return True


def _split(group: _Group) -> Sequence[_Group]:
    """Two smaller groups in the same order, or none where there is only one thing to write."""
    if group.sending and group.settlements:
        return (
            _Group(settlements=group.settlements, settled=group.settled),
            _Group(sending=group.sending),
        )
    letters = list(group.sending.items())
    half = (len(letters) + len(group.settlements)) // 2
    if half == 0:
        return ()
    return tuple(
        _Group(dict(letters[some]), group.settlements[some], group.settled[some])
        for some in (slice(half), slice(half, None))
    )


def _without_words(settlement: Settlement) -> Settlement | None:
    """The same without what the platform said; None where there is nothing to leave out."""
    outcome: Outcome | Unsent | Doubtful
    match settlement.outcome:
        case Sent():
            # It arrived, but nobody can find or edit it.
            outcome = Doubtful(UNWRITABLE)
        case TryLater() | Never() | Ambiguous() | Doubtful() as said if said.why != UNWRITABLE:
            outcome = replace(said, why=UNWRITABLE)
        case _:
            return None
    return replace(settlement, outcome=outcome)


def _answer(mark: "asyncio.Future[bool]", is_ours: bool) -> None:
    if not mark.done():
        mark.set_result(is_ours)
