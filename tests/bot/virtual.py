"""Time that passes only while everybody waits: a minute of a lane takes no time at all."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")


class Time:
    """Seconds since the start, shared by all loops of a test."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.seconds = 0.0
        self.thread_seconds = 0.0
        """How long everything takes that is for a thread."""

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    def passes(self, **amount: float) -> None:
        """What a stopped process does not notice."""
        self.seconds += timedelta(**amount).total_seconds()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """As `asyncio.run`, in this time."""
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(self)) as runner:
            return runner.run(work)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Where the loop would sleep, its clock is moved. What is for a thread runs at once, and
    is waited for as long as `Time` says."""

    def __init__(self, time: Time) -> None:
        self._virtual = time
        super().__init__(_Selector(time))

    def time(self) -> float:
        return self._virtual.seconds

    def run_in_executor(  # type: ignore[override]  # a future that is done already
        self, _executor: object, work: Callable[..., T], *arguments: Any
    ) -> "asyncio.Future[T]":
        done: asyncio.Future[T] = self.create_future()
        try:
            result = work(*arguments)
        except Exception as error:  # noqa: BLE001 - as an executor does, it goes to who waits.
            done.set_exception(error)
            return done
        if self._virtual.thread_seconds:
            self.call_later(self._virtual.thread_seconds, _answer, done, result)
        else:
            done.set_result(result)
        return done


def _answer(done: "asyncio.Future[T]", result: T) -> None:
    if not done.done():
        done.set_result(result)


class _Selector(selectors.DefaultSelector):
    def __init__(self, time: Time) -> None:
        super().__init__()
        self._time = time

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0 if timeout is not None else None)
        if not events and timeout is not None and timeout > 0:
            self._time.seconds += timeout
        return events
