"""How fast a process calls Teams: whose turn it is, one after the other.

Lanes hold their own rate among all processes. Replies, what is looked up and what a token has to
be asked for a second time come on top of it, so all that goes out of a process passes here.
"""

import asyncio
import itertools
from heapq import heappop, heappush

from bot.rate import MARGIN, Cell, find_slot


class Pace:
    """Turns, so many a second at even intervals. Lives on one event loop."""

    def __init__(self, a_second: float) -> None:
        self._cell = Cell((1 + MARGIN) / a_second)
        self._arrival = 0.0
        self._rests_until = 0.0
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def rests_until(self) -> float:
        """Before that moment of the loop's clock nobody has a turn."""
        return self._rests_until

    def rest(self, seconds: float) -> None:
        """Give no turn for so long: Teams said that it was too much."""
        until = asyncio.get_running_loop().time() + seconds
        self._rests_until = max(self._rests_until, until)

    async def take_turn(self, end: float, *, goes_last: bool = False) -> bool:
        """Wait for a turn. False when there was none by `end`, a moment of the loop's clock.

        Who `goes_last` waits until nobody else does.
        """
        if self._rests_until >= end:
            return False
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (goes_last, next(self._numbers), turn))
        self._give_turns()
        try:
            async with asyncio.timeout_at(end):
                await turn
        except TimeoutError:
            return False
        return True

    def _give_turns(self) -> None:
        loop = asyncio.get_running_loop()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        while self._waiting:
            if self._waiting[0][2].done():
                # Whoever it was does not wait any more.
                heappop(self._waiting)
                continue
            now = loop.time()
            slot, arrivals = find_slot([self._cell], [self._arrival], now)
            slot = max(slot, self._rests_until)
            if slot > now:
                self._alarm = loop.call_at(slot, self._give_turns)
                return
            [self._arrival] = arrivals
            heappop(self._waiting)[2].set_result(None)
