"""What cannot be known of letters after the database was restored from a backup."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select, update

from bot.outbox import LetterState
from storage.database import make_engine
from storage.migrate import stored_step
from storage.outbox import AT_ONCE
from storage.tables import IS_PENDING, outbox, workspaces

if TYPE_CHECKING:
    from storage.database import Database


def is_empty(url: str) -> bool:
    """Whether the database at `url` holds no organisation: it has none of our tables yet, or
    nothing in them."""
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            return (
                stored_step(connection) is None
                or connection.execute(select(workspaces.c.id).limit(1)).first() is None
            )
    finally:
        engine.dispose()


def latest_letter(database: "Database") -> int:
    """The id of the letter that was promised last; 0 where there is none.

    Raises:
        Unavailable: the store is out of reach.
    """
    with database.begin() as connection:
        latest: int | None = connection.execute(select(func.max(outbox.c.id))).scalar()
    return latest or 0


def doubt(database: "Database", latest: int, until: datetime, now: datetime) -> int:
    """Take back that certain letters were not sent; returns of how many.

    Those up to the id `latest` are the backup's. Of them every one is in doubt that was
    claimed or due by `until`, when the last process on the lost database stopped. Those after
    it were promised anew by what fell due meanwhile. They are in doubt where they are due by
    `now`, and where they are to go on another day, which is found anew each time. Lanes treat
    all of them as they treat what was on the wire of a process that died. Edits are not
    touched: made twice they are the same.

    To be called while nobody drains lanes.

    Raises:
        Unavailable: the store is out of reach; nothing was changed.
    """
    kept = and_(
        outbox.c.id <= latest,
        or_(and_(IS_PENDING, outbox.c.due_at <= until), outbox.c.state == LetterState.LEASED),
    )
    promised_anew = and_(
        outbox.c.id > latest, IS_PENDING, or_(outbox.c.due_at <= now, outbox.c.day.is_not(None))
    )
    with database.begin() as connection:
        doubted = connection.execute(
            update(outbox)
            .where(outbox.c.edits.is_(None), or_(kept, promised_anew))
            .values(state=LetterState.AMBIGUOUS, owner=None, lease_until=AT_ONCE)
        )
        return doubted.rowcount
