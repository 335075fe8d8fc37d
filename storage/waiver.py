"""Who has tested out of what."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, or_, select, update

from bot.access import K_ANONYMOUS
from bot.ids import PersonId, WorkspaceId
from bot.pack.model import Kind
from bot.pack.waiver import GivenBack, Waiver, source_of_tips
from bot.truth import WAITING_STATES
from storage.outbox import cancel_letters
from storage.pack import SqlPacks
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
        theirs = (
            outbox.c.workspace == waiver.workspace,
            outbox.c.person == waiver.person,
        )
        cancel_letters(
            self._connection,
            *theirs,
            or_(
                outbox.c.source == source_of_tips(waiver.topic),
                outbox.c.about.in_(self._lessons(waiver, *theirs)),
            ),
        )

    def _lessons(self, waiver: Waiver, *theirs: ColumnElement[bool]) -> list[str]:
        """What the letters are about that wait for the person and that it covers."""
        about = self._connection.scalars(
            select(outbox.c.about).where(
                *theirs,
                outbox.c.state.in_(sorted(WAITING_STATES)),
                outbox.c.about.like("tip:%") | outbox.c.about.like("section:%"),
            )
        ).all()
        return [one for one in dict.fromkeys(about) if self._covers(waiver, one)]

    def _covers(self, waiver: Waiver, about: str) -> bool:
        kind, _, id_ = about.partition(":")
        packs = SqlPacks(self._connection)
        tip = packs.tip(waiver.workspace, id_) if kind == Kind.TIP else None
        section = packs.section(waiver.workspace, id_) if kind == Kind.SECTION else None
        if tip is not None and tip.value.topic == waiver.topic:
            return waiver.covers(tip.value.objective, waiver.at)
        return section is not None and section.value.topic == waiver.topic

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
