"""Pokes: word to whoever carries letters that there are new ones in a lane.

A poke is a hint and nothing depends on it: what it misses, the next sweep finds.
"""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection

from bot.ids import WorkspaceId


class Poke(Protocol):
    """Told of each transaction that promised letters which are due at once.

    `lanes` are the workspaces of these letters, each once, in one order for everybody.
    """

    def before_commit(self, connection: Connection, lanes: Sequence[WorkspaceId]) -> None:
        """Write what shall be kept with the letters, or not at all. What it raises takes the
        whole transaction back, so whatever may fail belongs in a savepoint of its own."""

    def after_commit(self, lanes: Sequence[WorkspaceId]) -> None:
        """The letters are kept. Called in the thread of the transaction; must not raise."""
