"""Who has tested out of what."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, or_, select, update

from bot.access import K_ANONYMOUS
from bot.ids import PersonId, WorkspaceId
from bot.pack.waiver import GivenBack, Waiver, source_of_tips
from storage.outbox import cancel_letters
from storage.quiz_tables import waivers
from storage.row import among, columns_of, put, values_of
from storage.tables import outbox

_WAIVER = columns_of(waivers, Waiver)


class SqlWaivers:
    """`bot.pack.waiver.Waivers` in a table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, waiver: Waiver) -> None:
        """Keep it, and take back the letters that teach its topic."""
        put(self._connection, waivers, values_of(waiver))
        cancel_letters(
            self._connection,
            outbox.c.workspace == waiver.workspace,
            outbox.c.person == waiver.person,
            outbox.c.source == source_of_tips(waiver.topic),
        )

    def of(self, person: PersonId) -> Sequence[Waiver]:
        """Those of a person, whether they still hold or not, by topic and quiz."""
        rows = self._connection.execute(
            select(*_WAIVER)
            .where(waivers.c.person == person)
            .order_by(waivers.c.topic, waivers.c.quiz)
        )
        return [_waiver(row) for row in rows]

    def of_several(self, people: Sequence[PersonId]) -> Sequence[Waiver]:
        """Those of many people, in no certain order."""
        theirs = among(self._connection.dialect.name, waivers.c.person, "people")
        rows = self._connection.execute(select(*_WAIVER).where(theirs), {"people": list(people)})
        return [_waiver(row) for row in rows]

    def withdraw(self, person: PersonId, quiz: str) -> None:
        """As if it had never been."""
        self._connection.execute(
            delete(waivers).where(waivers.c.person == person, waivers.c.quiz == quiz)
        )

    def end(self, person: PersonId, quiz: str, at: datetime) -> None:
        """It holds no longer than until `at`; the minutes stay given back."""
        self._connection.execute(
            update(waivers)
            .where(
                waivers.c.person == person,
                waivers.c.quiz == quiz,
                or_(waivers.c.until.is_(None), waivers.c.until > at),
            )
            .values(until=at)
        )

    def forget(self, person: PersonId) -> None:
        """None of a person who has left."""
        self._connection.execute(delete(waivers).where(waivers.c.person == person))

    def given_back(self, workspace: WorkspaceId) -> GivenBack | None:
        """Minutes of reading that were given back so far; None of too few people."""
        people, minutes = self._connection.execute(
            select(
                func.count(waivers.c.person.distinct()),
                func.coalesce(func.sum(waivers.c.minutes), 0),
            ).where(waivers.c.workspace == workspace)
        ).one()
        return GivenBack(people, int(minutes)) if people >= K_ANONYMOUS else None


def _waiver(row: Row[Any]) -> Waiver:
    return Waiver(**row._mapping)
