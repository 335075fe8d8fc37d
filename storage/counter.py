"""Numbers given in commit order."""

from sqlalchemy import Connection

from storage.row import insert_into
from storage.tables import counters


def advance(connection: Connection, scope: str, kind: str, by: int = 1) -> int:
    """Take `by` numbers and return the last of them.

    The counter's row stays locked until the transaction ends: whoever asks next gets
    a greater number and is committed later, and a number that was rolled back is
    given again.
    """
    insert = insert_into(connection, counters).values(scope=scope, kind=kind, value=by)
    taken: int = connection.execute(
        insert.on_conflict_do_update(
            index_elements=["scope", "kind"],
            set_={"value": counters.c.value + insert.excluded["value"]},
        ).returning(counters.c.value)
    ).scalar_one()
    return taken
