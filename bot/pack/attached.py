"""Answers of colleagues that stand under what they were asked about, for whoever shows that."""

from typing import Protocol

from bot.ids import WorkspaceId


class Attached(Protocol):
    """What stands under things, within one open transaction (`work.attached`). The press
    `library.answers` with args {about} shows it."""

    def is_any(self, workspace: WorkspaceId, thing: str) -> bool:
        """Whether an answer that everybody may see stands under a thing (`item:ID`)."""
