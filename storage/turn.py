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
        self._line: deque[tuple[int, threading.Lock]] = deque()
        self._holder: int | None = None

    @property
    def waiting(self) -> int:
        """How many stand in the line."""
        return len(self._line)

    @contextmanager
    def take(self) -> Iterator[None]:
        """Hold the lock for the block; raises as `wait` does."""
        self.wait()
        try:
            yield
        finally:
            self.release()

    def wait(self) -> None:
        """Take the turn when it comes. `release` or `hand_over` must follow.

        Raises:
            Unavailable: the turn did not come within the patience, in seconds.
            RuntimeError: this thread holds the lock already and would wait for itself.
        """
        me = threading.get_ident()
        with self._line_is_ours:
            if self._holder == me:
                raise RuntimeError("a transaction was begun inside another one")
            if self._holder is None:
                self._holder = me
                return
            # A lock that is opened to call its owner: an Event does the same with five times
            # the work, and this is done once for every transaction.
            closed = threading.Lock()
            closed.acquire()
            self._line.append((me, closed))
        if closed.acquire(timeout=self._patience):
            return
        with self._line_is_ours:
            if self._holder != me:
                self._line.remove((me, closed))
                raise Unavailable

    def hand_over(self) -> bool:
        """Give the turn to the next in the line. False: nobody waits, and it stays with us."""
        with self._line_is_ours:
            if not self._line:
                return False
            self._holder, closed = self._line.popleft()
            closed.release()
            return True

    def release(self) -> None:
        """Give the turn to the next in the line, or up."""
        with self._line_is_ours:
            self._holder = None
            if self._line:
                self._holder, closed = self._line.popleft()
                closed.release()
