"""A transcript that counts its changes, so that a page can ask cheaply whether to look again
and an answer can tell what came with it."""

import threading
from collections import deque
from collections.abc import Sequence
from datetime import datetime

from bot.ids import WorkspaceId
from bot.message import Args
from bot.transcript import Conversation, Post, Transcript

REMEMBERED = 10_000
"""How many changes are remembered, the latest."""


class WatchedTranscript:
    """`bot.transcript.Transcript`, handed on to another one."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._lock = threading.Lock()
        self._revision = 0
        self._changed: deque[tuple[int, int]] = deque(maxlen=REMEMBERED)

    @property
    def revision(self) -> int:
        """Grows with every change made through this object."""
        return self._revision

    def changed_since(self, revision: int) -> list[int]:
        """The ids of the posts that were made or edited after that revision, in their order
        in the transcript."""
        with self._lock:
            return sorted({post for number, post in self._changed if number > revision})

    def _note(self, post: int | None = None) -> None:
        with self._lock:
            self._revision += 1
            if post is not None:
                self._changed.append((self._revision, post))

    def add(self, post: Post) -> Post:
        added = self._transcript.add(post)
        self._note(added.id)
        return added

    def edit(self, post: int, body: Args, at: datetime) -> Post | None:
        edited = self._transcript.edit(post, body, at)
        self._note(post)
        return edited

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
        self._transcript.set_setting(name, value)
        self._note()

    def setting(self, name: str) -> str | None:
        return self._transcript.setting(name)
