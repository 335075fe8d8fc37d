"""Topics of a workspace."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from bot.ids import TopicId, WorkspaceId
from bot.topic import Topic
from storage.question_tables import topics
from storage.row import columns_of, put, values_of

_TOPIC = columns_of(topics, Topic)


class SqlTopics:
    """`bot.topic.TopicStore` in a table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def every(self, workspace: WorkspaceId) -> Sequence[Topic]:
        """All topics by title."""
        rows = self._connection.execute(
            select(*_TOPIC)
            .where(topics.c.workspace == workspace)
            .order_by(topics.c.title, topics.c.id)
        )
        return [Topic(**row._mapping) for row in rows]

    def get(self, workspace: WorkspaceId, topic: TopicId) -> Topic | None:
        """The topic of that id in the workspace."""
        row = self._connection.execute(
            select(*_TOPIC).where(topics.c.workspace == workspace, topics.c.id == topic)
        ).one_or_none()
        return None if row is None else Topic(**row._mapping)

    def save(self, topic: Topic) -> None:
        """Insert or replace."""
        put(self._connection, topics, values_of(topic))
