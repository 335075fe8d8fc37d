"""The transcript of conversations, for the playground."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, insert, select, update

from bot.ids import WorkspaceId
from bot.message import Args
from bot.transcript import Conversation, Post
from storage.counter import advance
from storage.database import Database
from storage.row import columns_of, put, values_of
from storage.tables import counters, settings, transcript

_POST = columns_of(transcript, Post)
_NUMBERS = ("", "post")
"""Counts every change: a post's id is the number of the change that made it."""


class SqlTranscript:
    """`bot.transcript.Transcript` in two tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, post: Post) -> Post:
        """Keep a post; returns it with its id, or the post that has its key already."""
        with self._database.begin() as connection:
            # Taken first: whoever posts next waits here, so that nobody who asks for
            # what is new ever sees a greater id before a smaller one.
            number = advance(connection, *_NUMBERS)
            if post.key is not None:
                there = connection.execute(
                    select(*_POST).where(
                        transcript.c.workspace == post.workspace, transcript.c.key == post.key
                    )
                ).one_or_none()
                if there is not None:
                    return Post(**there._mapping)
            post = replace(post, id=number)
            connection.execute(insert(transcript).values(values_of(post) | {"revision": number}))
            return post

    def edit(self, post: int, body: Args, at: datetime) -> Post | None:
        """Replace what a post says; None when there is no such post."""
        with self._database.begin() as connection:
            number = advance(connection, *_NUMBERS)
            row = connection.execute(
                update(transcript)
                .where(transcript.c.id == post)
                .values(body=body, edited_at=at, revision=number)
                .returning(*_POST)
            ).one_or_none()
            return None if row is None else Post(**row._mapping)

    def revision(self) -> int:
        """The number of the latest change, by whatever process."""
        with self._database.begin() as connection:
            latest: int | None = connection.execute(
                select(counters.c.value).where(
                    counters.c.scope == _NUMBERS[0], counters.c.kind == _NUMBERS[1]
                )
            ).scalar()
            return latest or 0

    def changed_since(self, revision: int) -> Sequence[int]:
        """The ids of posts that were made or edited after that revision, in their order."""
        with self._database.begin() as connection:
            return (
                connection.execute(
                    select(transcript.c.id)
                    .where(transcript.c.revision > revision)
                    .order_by(transcript.c.id)
                )
                .scalars()
                .all()
            )

    def get(self, post: int) -> Post | None:
        """The post of that id."""
        with self._database.begin() as connection:
            row = connection.execute(select(*_POST).where(transcript.c.id == post)).one_or_none()
            return None if row is None else Post(**row._mapping)

    def by_key(self, workspace: WorkspaceId, key: str) -> Post | None:
        """The post that delivered the letter of that key."""
        with self._database.begin() as connection:
            row = connection.execute(
                select(*_POST).where(transcript.c.workspace == workspace, transcript.c.key == key)
            ).one_or_none()
            return None if row is None else Post(**row._mapping)

    def list(
        self, workspace: WorkspaceId, conversation: str, after_id: int = 0, limit: int = 500
    ) -> Sequence[Post]:
        """The first `limit` posts after `after_id`, oldest first."""
        with self._database.begin() as connection:
            rows = connection.execute(
                select(*_POST)
                .where(
                    transcript.c.workspace == workspace,
                    transcript.c.conversation == conversation,
                    transcript.c.id > after_id,
                )
                .order_by(transcript.c.id)
                .limit(limit)
            )
            return [Post(**row._mapping) for row in rows]

    def conversations(self, workspace: WorkspaceId) -> Sequence[Conversation]:
        """The one with the latest post first."""
        last = func.max(transcript.c.id)
        with self._database.begin() as connection:
            rows = connection.execute(
                select(transcript.c.conversation, last)
                .where(transcript.c.workspace == workspace)
                .group_by(transcript.c.conversation)
                .order_by(last.desc())
            )
            return [Conversation(name, latest) for name, latest in rows]

    def set_setting(self, name: str, value: str) -> None:
        """Remember a word of the playground's own."""
        with self._database.begin() as connection:
            advance(connection, *_NUMBERS)
            put(connection, settings, {"name": name, "value": value})

    def setting(self, name: str) -> str | None:
        """The word that was remembered last."""
        with self._database.begin() as connection:
            value: str | None = connection.execute(
                select(settings.c.value).where(settings.c.name == name)
            ).scalar()
            return value
