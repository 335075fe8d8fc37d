"""The relay: who stands behind an anonymous subject."""

from sqlalchemy import Connection, delete, select

from bot.ids import PersonId
from storage.row import put
from storage.seal import Seal
from storage.tables import relay


class SqlRelay:
    """`bot.ports.Relay` in a table that holds nobody in clear."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    def seal(self, subject: str, person: PersonId) -> None:
        """Remember who stands behind the subject."""
        put(
            self._connection,
            relay,
            {"subject": subject, "sealed": self._seal.close(subject, person)},
        )

    def open(self, subject: str) -> PersonId | None:
        """None when the subject was never sealed or has been forgotten.

        Raises:
            WrongKey: it was sealed with another relay key.
        """
        sealed: str | None = self._connection.execute(
            select(relay.c.sealed).where(relay.c.subject == subject)
        ).scalar()
        if sealed is None:
            return None
        sealed_subject, person = self._seal.open(sealed)
        # A row that was copied under another subject's name opens nothing.
        return PersonId(person) if sealed_subject == subject else None

    def forget(self, subject: str) -> None:
        """Nobody can open the subject any more."""
        self._connection.execute(delete(relay).where(relay.c.subject == subject))
