"""Revisions: numbers of changed rows, so that a reader can ask for what is new.

A row that changes loses its revision at once and gets a new one when its transaction
is about to commit. So a reader never sees a revision of a change that may still be
rolled back, not even its own; and since the counter stays locked from then on, revisions
become visible in their order, and "all after the last one I saw" misses nothing.
"""

from functools import cache

from sqlalchemy import Connection, Executable, Table, bindparam, update

from storage.counter import advance


class Revisions:
    """The rows that one transaction changed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._changed: dict[tuple[str, str], tuple[Table, set[str]]] = {}

    def renew(self, table: Table, row: str) -> None:
        """Take away the row's revision; it gets the next one when the transaction ends."""
        if any(row in rows for known, rows in self._changed.values() if known is table):
            return
        workspace: str | None = self._connection.execute(_take_away(table), {"row": row}).scalar()
        if workspace is not None:
            self.expect(table, row, workspace)

    def expect(self, table: Table, row: str, workspace: str) -> None:
        """The same for a row that this transaction has inserted: it has no revision yet."""
        self._changed.setdefault((table.name, workspace), (table, set()))[1].add(row)

    def number(self) -> None:
        """Give the changed rows their revisions. Nothing may be changed after this."""
        # Every transaction takes the counters in the same order, so that none waits for
        # one that waits for it.
        for (name, workspace), (table, rows) in sorted(
            self._changed.items(), key=lambda item: item[0]
        ):
            last = advance(self._connection, workspace, f"revision of {name}", len(rows))
            self._connection.execute(
                update(table)
                .where(table.c.id == bindparam("row"))
                .values(revision=bindparam("next")),
                [
                    {"row": row, "next": number}
                    for number, row in enumerate(sorted(rows), last - len(rows) + 1)
                ],
            )
        self._changed.clear()


@cache
def _take_away(table: Table) -> Executable:
    return (
        update(table)
        .where(table.c.id == bindparam("row"))
        .values(revision=None)
        .returning(table.c.workspace)
    )
