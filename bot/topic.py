"""Topics: what questions, quizzes, tips and sections are about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.ids import PersonId, TopicId, WorkspaceId


@dataclass(frozen=True, slots=True)
class Topic:
    """`steward` owns content and FAQ of the topic; `channel` is the address of its channel."""

    id: TopicId
    workspace: WorkspaceId
    title: str
    aliases: tuple[str, ...] = ()
    steward: PersonId | None = None
    channel: str | None = None
    regulated: bool = False
    """A second person publishes; unreviewed answers are never suggested."""


class TopicStore(Protocol):
    def every(self, workspace: WorkspaceId) -> Sequence[Topic]:
        """All topics by title."""

    def get(self, workspace: WorkspaceId, topic: TopicId) -> Topic | None: ...

    def save(self, topic: Topic) -> None:
        """Insert or replace."""
