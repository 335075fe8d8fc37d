"""The relay: who stands behind an anonymous subject."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, select, update

from bot.errors import NotFound
from bot.ids import PersonId
from storage.row import add_new, among, put
from storage.seal import Seal, WrongKey
from storage.tables import outbox, relay, settings

_CHECK = "relay.check"
"""The setting that only the relay key opens with which the database was first used."""


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
            NotFound: it was sealed with another relay key.
        """
        sealed: str | None = self._connection.execute(
            select(relay.c.sealed).where(relay.c.subject == subject)
        ).scalar()
        if sealed is None:
            return None
        try:
            sealed_subject, person = self._seal.open(sealed)
        except WrongKey as error:
            raise NotFound(
                "I can no longer tell who stands behind this: it was sealed with another key. "
                "Please tell whoever runs Inflow here."
            ) from error
        # A row that was copied under another subject's name opens nothing.
        return PersonId(person) if sealed_subject == subject else None

    def behind(self, person: PersonId, subjects: Sequence[str]) -> frozenset[str]:
        """Those of the subjects that open to the person.

        What was sealed with another relay key opens to nobody.
        """
        if not subjects:
            return frozenset()
        which = among(self._connection.dialect.name, relay.c.subject, "subjects")
        rows = self._connection.execute(select(relay).where(which), {"subjects": list(subjects)})
        return frozenset(row.subject for row in rows if self._opens_to(person, row))

    def _opens_to(self, person: PersonId, row: Any) -> bool:
        try:
            return self._seal.open(row.sealed) == [row.subject, person]
        except WrongKey:
            return False

    def forget(self, subject: str) -> None:
        """Nobody can open the subject any more, nor where its letters stand.

        That they are letters about the subject can still be recognised, so that words in
        their threads are not taken for something new.
        """
        self._connection.execute(delete(relay).where(relay.c.subject == subject))
        self._connection.execute(
            update(outbox)
            .where(outbox.c.to_kind == "relay", outbox.c.subject == subject)
            .values(sealed=None, why=None)
        )


def check_key(connection: Connection, seal: Seal) -> None:
    """Whether the seal has the key of this database, which is the first that is checked.

    Raises:
        WrongKey: it is another one: nobody could be told who asked anonymously.
    """
    # Two who open a new database at once keep one value, and the other one of them may be wrong.
    add_new(connection, settings, {"name": _CHECK, "value": seal.close(_CHECK)})
    kept: str = connection.execute(
        select(settings.c.value).where(settings.c.name == _CHECK)
    ).scalar_one()
    seal.open(kept)
    # A database from before there was a check may have been sealed with another key already.
    sealed: str | None = connection.execute(select(relay.c.sealed).limit(1)).scalar()
    if sealed is not None:
        seal.open(sealed)


def fits(connection: Connection, seal: Seal) -> bool:
    """Whether `check_key` would pass; changes nothing. Any key fits where nothing was sealed."""
    kept = connection.execute(select(settings.c.value).where(settings.c.name == _CHECK)).scalar()
    sealed = connection.execute(select(relay.c.sealed).limit(1)).scalar()
    try:
        for each in (kept, sealed):
            if each is not None:
                seal.open(each)
    except WrongKey:
        return False
    return True
