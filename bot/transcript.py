"""What was said where, for a platform that keeps no history of its own.

The playground shows conversations from here; Slack and Teams remember theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.ids import PersonId, WorkspaceId
from bot.message import Args


@dataclass(frozen=True, slots=True)
class Post:
    """One message in a conversation.

    `id` grows in the order of posting; 0 before it is kept. `author` None is the bot.
    `visible_to` names the only person who sees an ephemeral post. `body` is
    `{"text": ...}` of a person or `{"message": ...}` of the bot, with the JSON of a
    `bot.message.Message`. `key` is that of the letter that was delivered, if it was one.
    """

    workspace: WorkspaceId
    conversation: str
    body: Args
    at: datetime
    thread: str | None = None
    author: PersonId | None = None
    visible_to: PersonId | None = None
    key: str | None = None
    edited_at: datetime | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation in which something was posted, with the id of its last post."""

    name: str
    last: int


class Transcript(Protocol):
    """Each call is a transaction of its own; none may be made inside another one.

    Raises:
        Unavailable: the store is locked or out of reach.
    """

    def add(self, post: Post) -> Post:
        """Keep a post; returns it with its id. A key that stands there already returns
        the post that has it."""

    def edit(self, post: int, body: Args, at: datetime) -> Post | None:
        """Replace what a post says; None when there is no such post."""

    def revision(self) -> int:
        """Grows with every change, of a setting too, by whatever process."""

    def changed_since(self, revision: int) -> Sequence[int]:
        """The ids of posts that were made or edited after that revision, in their order."""

    def get(self, post: int) -> Post | None: ...

    def by_key(self, workspace: WorkspaceId, key: str) -> Post | None:
        """The post that delivered the letter of that key."""

    def list(
        self, workspace: WorkspaceId, conversation: str, after_id: int = 0, limit: int = 500
    ) -> Sequence[Post]:
        """The first `limit` posts after `after_id`, oldest first, of every thread and for
        everybody."""

    def conversations(self, workspace: WorkspaceId) -> Sequence[Conversation]:
        """The one with the latest post first."""

    def set_setting(self, name: str, value: str) -> None:
        """Remember a word of the playground's own, such as how far its clock was moved."""

    def setting(self, name: str) -> str | None: ...
