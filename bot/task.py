"""What is done beside all else, and nobody waits for."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

T = TypeVar("T")

LAST = 1.0
"""Seconds that what is given up has to put itself in order."""


class Tasks:
    """Tasks under way, held until they are done: one that nobody holds may be collected in the
    middle of its work. Lives on one event loop."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin it. What it raises is for whoever waits for the task."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def settle(self) -> None:
        """Return once nothing is under way any more, also of what began meanwhile."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self, within: timedelta) -> int:
        """Wait at most so long, and give up the rest: so many of them."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=within.total_seconds())
        left = set(self._tasks)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=LAST)
        return len(left)
