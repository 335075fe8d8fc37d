"""The inbox: what came in, once."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from bot.reply import NOTHING, Reply
from storage.row import add_new
from storage.tables import inbox


class SqlInbox:
    """`bot.ports.Inbox` in a table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, platform: str, event_id: str, at: datetime) -> Reply | None:
        """Take an event on. While another transaction does the same, wait for its end."""
        if add_new(self._connection, inbox, {"platform": platform, "event_id": event_id, "at": at}):
            return None
        stored: str | None = self._connection.execute(
            select(inbox.c.reply).where(inbox.c.platform == platform, inbox.c.event_id == event_id)
        ).scalar_one()
        return NOTHING if stored is None else Reply.model_validate_json(stored)

    def finish(self, platform: str, event_id: str, reply: Reply) -> None:
        """Keep the reply, so that a second delivery of the event gets the same."""
        self._connection.execute(
            update(inbox)
            .where(inbox.c.platform == platform, inbox.c.event_id == event_id)
            .values(reply=reply.model_dump_json())
        )
