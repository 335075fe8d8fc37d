"""Numbers given in commit order."""

from functools import cache

from sqlalchemy import Connection, Executable

from storage.row import insert_for
from storage.tables import counters


def advance(connection: Connection, scope: str, kind: str, by: int = 1) -> int:
    """Take `by` numbers and return the last of them.

    The counter's row stays locked until the transaction ends: whoever asks next gets
    a greater number and is committed later, and a number that was rolled back is
    given again.
    """
    taken: int = connection.execute(
        _advance(connection.dialect.name), {"scope": scope, "kind": kind, "value": by}
    ).scalar_one()
    return taken


@cache
def _advance(dialect: str) -> Executable:
    insert = insert_for(dialect, counters)
    return insert.on_conflict_do_update(
        index_elements=["scope", "kind"],
        set_={"value": counters.c.value + insert.excluded["value"]},
    ).returning(counters.c.value)
