"""Whether the store can take what comes in."""

from typing import TYPE_CHECKING

from bot.errors import Unavailable
from storage.migrate import last_step, stored_step
from storage.obstacle import explain_closed

if TYPE_CHECKING:
    from storage.database import Database


def check_store(database: "Database") -> str | None:
    """None when a transaction can be begun, the SQLite file may be written and the schema is that
    of this version, else a sentence for the operator. May take as long as the store's patience."""
    try:
        with database.begin() as connection:
            step = stored_step(connection)
    except Unavailable:
        return "The store is out of reach, or somebody else keeps it locked."
    closed = None if database.file is None else explain_closed(database.file)
    return check_step(step) if closed is None else f"The store is closed: {closed}"


def check_disk(database: "Database") -> str | None:
    """None when there is room for new work, else a sentence. On PostgreSQL the server looks
    after its own disk."""
    if database.has_room:
        return None
    return "The disk of the database is nearly full: no new work is taken on until there is room."


def check_step(step: str | None) -> str | None:
    """The sentence about a schema that is not the one of this version."""
    last = last_step()
    if step == last:
        return None
    if step is None or step < last:
        return f"The schema is {step or 'not there'}; this version needs {last}: inflow migrate"
    return f"A newer version has used the store: its schema is {step}, and this one knows {last}."
