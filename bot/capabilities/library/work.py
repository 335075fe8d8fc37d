"""One open transaction as the handlers of the library see it."""

from typing import Protocol

from bot.capabilities.library.ports import Stores
from bot.pack.issue import IssueStore
from bot.pack.ports import PackStore
from bot.ports import Work
from bot.topic import TopicStore


class LibraryWork(Work, Stores, Protocol):
    """The core's stores, and that of the library."""

    @property
    def packs(self) -> PackStore:
        """Sections, tips and quizzes, as packs and people wrote them."""

    @property
    def issues(self) -> IssueStore:
        """What could be better in them."""

    @property
    def topics(self) -> TopicStore:
        """What they are about, and who looks after it."""
