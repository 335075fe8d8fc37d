"""A lock that is given in the order in which it was asked for."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from bot.errors import Unavailable


class Turns:
    """One thread at a time, first come first served.

    SQLite has one writer. Left to itself, a thread that finds it busy sleeps and tries
    again, so that others overtake it; here it waits in a line and is woken.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._line_is_ours = threading.Lock()
        self._line: deque[tuple[int, threading.Event]] = deque()
        self._holder: int | None = None

    @property
    def waiting(self) -> int:
        """How many stand in the line."""
        return len(self._line)

    @contextmanager
    def take(self) -> Iterator[None]:
        """Hold the lock for the block.

        Raises:
            Unavailable: the turn did not come within the patience, in seconds.
            RuntimeError: this thread holds the lock already and would wait for itself.
        """
        self._wait()
        try:
            yield
        finally:
            self._pass_on()

    def _wait(self) -> None:
        me, called = threading.get_ident(), threading.Event()
        with self._line_is_ours:
            if self._holder == me:
                raise RuntimeError("a transaction was begun inside another one")
            if self._holder is None:
                self._holder = me
                return
            self._line.append((me, called))
        if called.wait(self._patience):
            return
        with self._line_is_ours:
            if not called.is_set():
                self._line.remove((me, called))
                raise Unavailable

    def _pass_on(self) -> None:
        with self._line_is_ours:
            if not self._line:
                self._holder = None
                return
            self._holder, called = self._line.popleft()
            called.set()
