"""One open transaction as the handlers of quizzes see it."""

from typing import Protocol

from bot.capabilities.quizzes.ports import Stores
from bot.pack.attached import Attached
from bot.pack.ports import PackStore
from bot.pack.practice import Practice
from bot.pack.waiver import Waivers
from bot.ports import Work
from bot.topic import TopicStore


class QuizzesWork(Work, Stores, Protocol):
    """The core's stores, and those of quizzes."""

    @property
    def packs(self) -> PackStore:
        """Quizzes and sections, as packs and people wrote them."""

    @property
    def topics(self) -> TopicStore:
        """What they are about, and who looks after it."""

    @property
    def attached(self) -> Attached:
        """What colleagues answered about items."""

    @property
    def practice(self) -> Practice:
        """What people answered to daily questions."""

    @property
    def waivers(self) -> Waivers:
        """Who need not be taught what."""
