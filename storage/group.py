"""Group commit: transactions of many threads on one SQLite connection share a commit.

A commit waits for the disk, and nearly all of a short transaction's time is that wait. So
a transaction that is done does not commit while others stand in the line: it hands the
open transaction to the next of them and waits. The last of the group commits for all, and
nobody returns before that. Each but the first runs in a savepoint, so that what one of
them does wrong takes back nothing of the others.

A later one of a group sees what an earlier one did before it is kept. It tells nobody
before it is itself kept, with it or not at all.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from sqlalchemy import Connection, Engine

from bot import failpoint
from bot.errors import Unavailable
from bot.metric import Spread
from storage.turn import Turns

LARGEST = 64
"""How many transactions share one commit at most."""
SIZES = (1, 2, 4, 8, 16, 32, 64)
"""Bounds for what is counted of groups."""
LONGEST = 0.02
"""Seconds after which a group takes nobody in any more, so that the first of it need not wait
for the work of sixty others."""


class _Group:
    """A transaction of SQLite in which several of ours follow each other."""

    def __init__(self, connection: Connection, closes_at: float) -> None:
        self.connection = connection
        self.closes_at = closes_at
        self.root = connection.begin()
        driver = connection.connection.driver_connection
        if not isinstance(driver, sqlite3.Connection):
            raise TypeError("only transactions of SQLite are grouped")
        self._driver = driver
        self.size = 0
        """How many are done and wait for the commit."""
        self.is_over = False
        self.is_kept = False
        # Closed until the end. Those who wait for it let each other through one by one; an
        # Event would wake all at once, and they would get in each other's way.
        self._gate = threading.Lock()
        self._gate.acquire()

    @property
    def is_open(self) -> bool:
        """False when SQLite has rolled everything back by itself, as it may on an error."""
        return self._driver.in_transaction

    def order(self, statement: str) -> None:
        """Run a statement about savepoints; SQLAlchemy's own way takes forty times as long."""
        self._driver.execute(statement).close()

    def wait(self) -> None:
        """Wait for the end, which may be the commit or not."""
        with self._gate:
            pass

    def end(self) -> None:
        """Let those go on who wait."""
        self.is_over = True
        self._gate.release()


class Groups:
    """All transactions of a process on one SQLite file.

    `forget` is called when what some transaction may have read was not kept after all.
    """

    def __init__(
        self,
        engine: Engine,
        patience: float,
        forget: Callable[[], None],
        *,
        largest: int = LARGEST,
        longest: float = LONGEST,
    ) -> None:
        self._engine = engine
        self._turns = Turns(patience)
        self._forget = forget
        self._largest = largest
        self._longest = longest
        self.sizes = Spread(
            "inflow_commit_size", "How many transactions of SQLite shared a commit.", SIZES
        )
        # Belongs to whoever has the turn.
        self._group: _Group | None = None

    @property
    def waiting(self) -> int:
        """How many stand in the line."""
        return self._turns.waiting

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """The connection inside a new transaction, which is kept when the block has ended.

        Raises:
            Unavailable: the turn did not come, or the group could not be kept.
            DBAPIError: the driver's own error, of this transaction or of the commit.
        """
        group = self._join()
        try:
            yield group.connection
            self._finish(group)
        except BaseException:
            self._take_back(group)
            # Why it failed may be what it had read of the others.
            self._conclude(group)
            raise
        self._conclude(group)

    def _join(self) -> _Group:
        """Wait for the turn, and go on with the open transaction or begin one."""
        self._turns.wait()
        group = self._group
        if group is None:
            try:
                return self._open()
            except BaseException:
                self._turns.release()
                raise
        try:
            group.order("SAVEPOINT member")
        except BaseException:
            self._abandon(group)
            raise
        return group

    def _open(self) -> _Group:
        connection = self._engine.connect()
        try:
            self._group = _Group(connection, monotonic() + self._longest)
        except BaseException:
            connection.close()
            raise
        return self._group

    def _finish(self, group: _Group) -> None:
        # To release or commit what SQLite has rolled back would do nothing, and say nothing.
        if not group.is_open:
            raise Unavailable
        if group.size:
            group.order("RELEASE member")
        group.size += 1

    def _take_back(self, group: _Group) -> None:
        """Undo one transaction; all of the group only where there is no other way."""
        if not group.size or not group.is_open:
            self._abandon(group)
            return
        try:
            group.order("ROLLBACK TO member")
            group.order("RELEASE member")
        except BaseException:
            self._abandon(group)
            raise

    def _conclude(self, group: _Group) -> None:
        """Commit, or leave that to the next in the line and wait for it."""
        if group.is_over:
            return
        if group.size < self._largest and monotonic() < group.closes_at and self._turns.hand_over():
            group.wait()
            if not group.is_kept:
                raise Unavailable
            return
        failpoint.reach("group.before_commit")
        try:
            if not group.is_open:
                raise Unavailable
            group.root.commit()
        except Exception as error:
            self._abandon(group)
            # Nobody can say whose fault it was.
            raise Unavailable from error
        except BaseException:
            self._abandon(group)
            raise
        failpoint.reach("group.committed")
        self.sizes.add(group.size)
        group.is_kept = True
        self._close(group)

    def _abandon(self, group: _Group) -> None:
        """Nothing of the group is kept. Whoever has the turn is the last who has read of it."""
        try:
            group.root.rollback()
        finally:
            if group.size:
                self._forget()
            self._close(group)

    def _close(self, group: _Group) -> None:
        self._group = None
        try:
            group.connection.close()
        finally:
            self._turns.release()
            group.end()
