"""Who knows what: declared, earned and endorsed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from bot.capabilities.questions.model import Credit, Declaration, Endorsement
from bot.ids import PersonId, WorkspaceId
from storage.question_tables import credits_, declarations, endorsements
from storage.row import add_new, columns_of, put, values_of
from storage.tables import people

_DECLARATION = columns_of(declarations, Declaration)
_CREDIT = columns_of(credits_, Credit)
_ENDORSEMENT = columns_of(endorsements, Endorsement)
_WORKSPACE_OF = select(people.c.workspace).where(people.c.id == bindparam("person"))


class SqlExperts:
    """`bot.capabilities.questions.ports.ExpertStore` in three tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def declare(self, declaration: Declaration) -> None:
        """Replaces what the person said about that topic before."""
        put(
            self._connection,
            declarations,
            values_of(declaration) | {"workspace": self._workspace_of(declaration.person)},
        )

    def declarations(self, workspace: WorkspaceId) -> Sequence[Declaration]:
        """Everybody's declarations, by topic and person."""
        rows = self._connection.execute(
            select(*_DECLARATION)
            .where(declarations.c.workspace == workspace)
            .order_by(declarations.c.topic, declarations.c.person)
        )
        return [Declaration(**row._mapping) for row in rows]

    def declared_by(self, person: PersonId) -> Sequence[Declaration]:
        """What one person said about topics, by topic."""
        rows = self._connection.execute(
            select(*_DECLARATION)
            .where(declarations.c.person == person)
            .order_by(declarations.c.topic)
        )
        return [Declaration(**row._mapping) for row in rows]

    def credit(self, credit: Credit) -> bool:
        """False when the key was credited before."""
        return add_new(
            self._connection,
            credits_,
            values_of(credit) | {"workspace": self._workspace_of(credit.person)},
        )

    def credits_since(self, workspace: WorkspaceId, since: datetime) -> Sequence[Credit]:
        """Everybody's credits of `since` or later, oldest first."""
        rows = self._connection.execute(
            select(*_CREDIT)
            .where(credits_.c.workspace == workspace, credits_.c.at >= since)
            .order_by(credits_.c.at, credits_.c.key)
        )
        return [Credit(**row._mapping) for row in rows]

    def endorse(self, endorsement: Endorsement) -> None:
        """A second one by the same person for the same topic changes nothing."""
        add_new(
            self._connection,
            endorsements,
            values_of(endorsement) | {"workspace": self._workspace_of(endorsement.person)},
        )

    def endorsements(self, workspace: WorkspaceId) -> Sequence[Endorsement]:
        """All endorsements, oldest first."""
        rows = self._connection.execute(
            select(*_ENDORSEMENT)
            .where(endorsements.c.workspace == workspace)
            .order_by(
                endorsements.c.at,
                endorsements.c.person,
                endorsements.c.topic,
                endorsements.c.by,
            )
        )
        return [Endorsement(**row._mapping) for row in rows]

    def forget(self, person: PersonId) -> None:
        """What the person said about topics, and what was said or earned of them, is gone."""
        for table in (declarations, credits_, endorsements):
            self._connection.execute(delete(table).where(table.c.person == person))

    def _workspace_of(self, person: PersonId) -> str | None:
        return self._connection.execute(_WORKSPACE_OF, {"person": person}).scalar()
