"""The inbox: what came in, once."""

from datetime import datetime
from functools import cache

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.reply import NOTHING, Reply, Showing
from storage.prepared import change, fetch
from storage.row import add_new, insert_for
from storage.seal import Seal, WrongKey
from storage.tables import inbox, showings

_EVENT = (
    inbox.c.platform == bindparam("of_platform"),
    inbox.c.event_id == bindparam("of_event"),
)
_STORED = select(inbox.c.reply).where(*_EVENT)
_SHOWN = select(showings.c.shown).where(
    showings.c.platform == bindparam("of_platform"),
    showings.c.event_id == bindparam("of_event"),
)
_END_SHOWING = (
    update(showings)
    .where(
        showings.c.platform == bindparam("of_platform"),
        showings.c.event_id == bindparam("of_event"),
    )
    .values(shown=True)
)
_GIVE_BACK = (
    update(showings)
    .where(
        showings.c.platform == bindparam("of_platform"),
        showings.c.event_id == bindparam("of_event"),
        showings.c.until == bindparam("held_until"),
        showings.c.shown.is_(False),
    )
    .values(until=bindparam("free_from"))
)
_FINISH = update(inbox).where(*_EVENT).values(reply=bindparam("said"))


_SEALED = "sealed:"
"""How a private reply begins where it is stored; JSON never does."""


class SqlInbox:
    """`bot.ports.Inbox` in a table, in which nobody can read a private reply."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    def begin(self, platform: str, event_id: str, at: datetime) -> Reply | None:
        """Take an event on. While another transaction does the same, wait for its end."""
        event = {"platform": platform, "event_id": event_id, "at": at}
        if add_new(self._connection, inbox, event):
            return None
        [(stored,)] = fetch(
            self._connection, _STORED, {"of_platform": platform, "of_event": event_id}
        )
        return NOTHING if stored is None else self._read(stored)

    def _read(self, stored: str) -> Reply:
        if not stored.startswith(_SEALED):
            return Reply.model_validate_json(stored)
        try:
            [text] = self._seal.open(stored.removeprefix(_SEALED))
        except WrongKey:
            # Nobody can say any more what it was; nothing is done twice for it.
            return NOTHING
        return Reply.model_validate_json(text)

    def finish(self, platform: str, event_id: str, reply: Reply) -> None:
        """Keep the reply, so that a second delivery of the event gets the same."""
        said = reply.model_dump_json()
        if reply.private:
            said = _SEALED + self._seal.close(said)
        change(
            self._connection,
            _FINISH,
            {"of_platform": platform, "of_event": event_id, "said": said},
        )

    def begin_showing(
        self, platform: str, event_id: str, now: datetime, until: datetime
    ) -> Showing:
        """Take it on to show the reply, in one statement: of two at once it is one's."""
        row = {"platform": platform, "event_id": event_id, "until": until, "shown": False}
        taken = self._connection.execute(
            _take_showing(self._connection.dialect.name),
            {**row, "now": now},
            execution_options={"preserve_rowcount": True},
        )
        if taken.rowcount == 1:
            return Showing.OURS
        event = {"of_platform": platform, "of_event": event_id}
        is_shown = self._connection.execute(_SHOWN, event).scalar_one()
        return Showing.DONE if is_shown else Showing.THEIRS

    def end_showing(self, platform: str, event_id: str) -> None:
        """Keep that the reply was shown."""
        event = {"of_platform": platform, "of_event": event_id}
        self._connection.execute(_END_SHOWING, event)

    def give_back_showing(
        self, platform: str, event_id: str, now: datetime, until: datetime
    ) -> None:
        """Let somebody else try, unless it is somebody else's already."""
        self._connection.execute(
            _GIVE_BACK,
            {
                "of_platform": platform,
                "of_event": event_id,
                "held_until": until,
                "free_from": now,
            },
        )


@cache
def _take_showing(dialect: str) -> sqlite.Insert | postgresql.Insert:
    insert = insert_for(dialect, showings)
    return insert.on_conflict_do_update(
        index_elements=[showings.c.platform, showings.c.event_id],
        set_={"until": insert.excluded.until},
        where=showings.c.shown.is_(False) & (showings.c.until <= bindparam("now")),
    )
