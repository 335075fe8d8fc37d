"""One open transaction as the handlers of questions see it."""

from typing import Protocol

from bot.capabilities.questions.memory import Memory
from bot.capabilities.questions.ports import Stores
from bot.ports import Work


class QuestionsWork(Work, Stores, Protocol):
    """The core's stores, those of questions, and the memory of them."""

    @property
    def memory(self) -> Memory:
        """Search over what the store holds, kept in step when it is asked."""
