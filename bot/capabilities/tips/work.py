"""One open transaction as the handlers of tips see it."""

from typing import Protocol

from bot.capabilities.tips.ports import Stores
from bot.pack.ports import PackStore
from bot.pack.waiver import Waivers
from bot.ports import Work
from bot.topic import TopicStore


class TipsWork(Work, Stores, Protocol):
    """The core's stores, and those of tips."""

    @property
    def packs(self) -> PackStore:
        """What there is to tell."""

    @property
    def topics(self) -> TopicStore: ...

    @property
    def waivers(self) -> Waivers:
        """Who need not be told."""
