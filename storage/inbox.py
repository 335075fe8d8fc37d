"""The inbox: what came in, once."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from bot.reply import NOTHING, Reply
from storage.row import add_new
from storage.tables import inbox

_EVENT = (
    inbox.c.platform == bindparam("of_platform"),
    inbox.c.event_id == bindparam("of_event"),
)
_STORED = select(inbox.c.reply).where(*_EVENT)
_FINISH = update(inbox).where(*_EVENT).values(reply=bindparam("said"))


class SqlInbox:
    """`bot.ports.Inbox` in a table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, platform: str, event_id: str, at: datetime) -> Reply | None:
        """Take an event on. While another transaction does the same, wait for its end."""
        event = {"platform": platform, "event_id": event_id, "at": at}
        if add_new(self._connection, inbox, event):
            return None
        stored: str | None = self._connection.execute(
            _STORED, {"of_platform": platform, "of_event": event_id}
        ).scalar_one()
        return NOTHING if stored is None else Reply.model_validate_json(stored)

    def finish(self, platform: str, event_id: str, reply: Reply) -> None:
        """Keep the reply, so that a second delivery of the event gets the same."""
        self._connection.execute(
            _FINISH,
            {"of_platform": platform, "of_event": event_id, "said": reply.model_dump_json()},
        )
