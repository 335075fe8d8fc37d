"""The clock of the playground: real time and an offset that only grows."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from bot.app import App
from bot.errors import Invalid
from bot.transcript import Transcript

SETTING = "playground.clock_offset_seconds"
STEP = timedelta(hours=1)
"""Letters that wait for a later hour have no timer, so the lanes are looked at this often."""
LONGEST_MOVE = timedelta(days=92)
ROUNDS = 200
"""Timers may set timers. After so many rounds at one moment time goes on."""
MOMENTS = 20_000
"""After so many stops one move goes straight to its end."""


class PlaygroundClock:
    """`clock` is the real one, aware UTC. The offset is kept in the transcript's settings."""

    def __init__(self, clock: Callable[[], datetime], transcript: Transcript) -> None:
        self._clock = clock
        self._transcript = transcript
        self._offset = self._kept()

    def now(self) -> datetime:
        """The moved moment, aware UTC."""
        return self._clock() + self._offset

    def refresh(self) -> None:
        """Take over what another process has moved; a clock never goes back."""
        self._offset = max(self._offset, self._kept())

    def _kept(self) -> timedelta:
        return timedelta(seconds=float(self._transcript.setting(SETTING) or 0))

    @property
    def offset(self) -> timedelta:
        """How far the clock has been moved."""
        return self._offset

    def set_to(self, moment: datetime) -> None:
        """Move forwards to `moment`; a moment that has passed changes nothing."""
        offset = moment - self._clock()
        if offset > self._offset:
            self._transcript.set_setting(SETTING, str(offset.total_seconds()))
            self._offset = offset


class ClockMover:
    """Plays the time between now and a later moment, in order.

    `carry` sees to it that letters due by then go out before time goes on.
    """

    def __init__(
        self, clock: PlaygroundClock, app: App[Any], carry: Callable[[], Awaitable[object]]
    ) -> None:
        self._clock = clock
        self._app = app
        self._carry = carry
        self._turn = asyncio.Lock()

    async def advance(self, amount: timedelta) -> int:
        """Move the clock and do all that falls due on the way; returns how many timers ran.

        Raises:
            Invalid: backwards, or further than `LONGEST_MOVE`.
        """
        if amount < timedelta(0):
            raise Invalid("The clock only moves forwards.")
        if amount > LONGEST_MOVE:
            raise Invalid(f"One move is at most {LONGEST_MOVE.days} days.")
        async with self._turn:
            done = 0
            target = self._clock.now() + amount
            for _ in range(MOMENTS):
                done += await self._do_due()
                now = self._clock.now()
                if now >= target:
                    return done
                due = await asyncio.to_thread(self._app.next_due)
                # What is overdue and still there has failed and waits for its next try.
                later = due if due is not None and due > now else target
                await asyncio.to_thread(self._clock.set_to, min(later, now + STEP, target))
            await asyncio.to_thread(self._clock.set_to, target)
            return done + await self._do_due()

    async def _do_due(self) -> int:
        done = 0
        for _ in range(ROUNDS):
            ran = await asyncio.to_thread(self._app.run_due)
            await asyncio.to_thread(self._app.plan_due)
            planned = await asyncio.to_thread(self._app.plan_due)
            await self._carry()
            done += ran
            if ran == planned.seen == 0:
                break
        return done
