"""One open transaction as the handlers of narration see it."""

from typing import Protocol

from bot.capabilities.narration.ports import Stores
from bot.directory import MembershipStore
from bot.pack.ports import PackStore
from bot.ports import Work
from bot.topic import TopicStore


class NarrationWork(Work, Stores, Protocol):
    """The core's stores, and those of narration."""

    @property
    def topics(self) -> TopicStore: ...

    @property
    def packs(self) -> PackStore:
        """What people are asked."""

    @property
    def memberships(self) -> MembershipStore:
        """Who is in a conversation, where the platform can tell."""
