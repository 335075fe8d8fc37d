"""Happenings: facts kept for insights."""

from sqlalchemy import Connection, insert

from bot.happenings import Happening
from storage.row import values_of
from storage.tables import happenings


class SqlHappenings:
    """`bot.ports.HappeningLog` in a table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, happening: Happening) -> None:
        """Keep a fact."""
        self._connection.execute(insert(happenings).values(values_of(happening)))
