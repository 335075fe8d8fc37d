"""A transcript that counts its changes, so that a page can ask cheaply whether to look again."""

from collections.abc import Sequence
from datetime import datetime
from itertools import count

from bot.ids import WorkspaceId
from bot.message import Args
from bot.transcript import Conversation, Post, Transcript


class WatchedTranscript:
    """`bot.transcript.Transcript`, handed on to another one."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._counter = count(1)
        self._revision = 0

    @property
    def revision(self) -> int:
        """Grows with every change made through this object."""
        return self._revision

    def add(self, post: Post) -> Post:
        try:
            return self._transcript.add(post)
        finally:
            self._revision = next(self._counter)

    def edit(self, post: int, body: Args, at: datetime) -> Post | None:
        try:
            return self._transcript.edit(post, body, at)
        finally:
            self._revision = next(self._counter)

    def get(self, post: int) -> Post | None:
        return self._transcript.get(post)

    def by_key(self, workspace: WorkspaceId, key: str) -> Post | None:
        return self._transcript.by_key(workspace, key)

    def list(
        self, workspace: WorkspaceId, conversation: str, after_id: int = 0, limit: int = 500
    ) -> Sequence[Post]:
        return self._transcript.list(workspace, conversation, after_id, limit)

    def conversations(self, workspace: WorkspaceId) -> Sequence[Conversation]:
        return self._transcript.conversations(workspace)

    def set_setting(self, name: str, value: str) -> None:
        try:
            self._transcript.set_setting(name, value)
        finally:
            self._revision = next(self._counter)

    def setting(self, name: str) -> str | None:
        return self._transcript.setting(name)
