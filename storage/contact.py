"""Keep where people and places are on Teams.

What is read at every letter and every word is one row by its key. What was known already is not
written again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, func, or_, select, update

from bot.inbound import PlaceKind
from storage.contact_tables import teams_people, teams_places
from storage.database import Database
from storage.row import insert_for

GONE = "gone"
"""The refusal of a person whose conversation is none any more."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A conversation on Teams, and what it takes to write there.

    Of kind DM it is the person's own with the bot. `conversation` is empty where only the
    person is known, and none of theirs; then the kind is CHANNEL. `refusal` is Teams' word for
    letting nobody write there, as it was noted last.
    """

    tenant: str
    service_url: str
    conversation: str
    kind: PlaceKind
    bot: str
    person: str | None = None
    user: str | None = None
    team: str | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """How many people of an organisation are known to Teams' part, and how many of them cannot be
    written to, by Teams' word for why; the same of places."""

    people: int
    refused: Mapping[str, int]
    places: int
    lost: Mapping[str, int]


class ContactBook:
    """Where people and places are, in the database. May be used from any thread.

    Every method raises Unavailable where the store is out of reach.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_person(self, tenant: str, address: str) -> Whereabouts | None:
        """Where somebody can be written to; None when nobody knows them."""
        with self._database.begin() as connection:
            row = connection.execute(
                select(teams_people).where(_is_person(tenant, address))
            ).one_or_none()
        return None if row is None else _read_person(row)

    def find_place(self, tenant: str, conversation: str) -> Whereabouts | None:
        """A conversation that the bot is in: a channel, a group chat, or somebody's own."""
        with self._database.begin() as connection:
            row = connection.execute(
                select(teams_places).where(_is_place(tenant, conversation))
            ).one_or_none()
            if row is None:
                own = connection.execute(
                    select(teams_people).where(_is_own(tenant, conversation)).limit(1)
                ).one_or_none()
                return None if own is None else _read_person(own)
        return Whereabouts(
            tenant=row.tenant,
            service_url=row.service_url,
            conversation=row.conversation,
            kind=PlaceKind.CHANNEL,
            bot=row.bot,
            team=row.team,
            refusal=row.refusal,
        )

    def keep(self, found: Whereabouts) -> None:
        """Remember a conversation, and who speaks in it. What Teams told last counts, and whoever
        was refused is not so any more."""
        is_own = found.kind is PlaceKind.DM
        with self._database.begin() as connection:
            if found.person is not None and found.user is not None:
                row = {
                    "tenant": found.tenant,
                    "person": found.person,
                    "user": found.user,
                    "bot": found.bot,
                    "service_url": found.service_url,
                }
                # That somebody speaks in a channel does not say that they can be written to alone.
                own = {"conversation": found.conversation, "refusal": None} if is_own else {}
                _put(connection, teams_people, {**row, **own})
            if not is_own and found.conversation:
                place = {
                    "tenant": found.tenant,
                    "conversation": found.conversation,
                    "bot": found.bot,
                    "service_url": found.service_url,
                    "team": found.team,
                    "refusal": None,
                }
                _put(connection, teams_places, place)

    def drop(self, found: Whereabouts) -> None:
        """Forget a conversation that is none any more, and not whom it was with.

        A team goes by the id of its first channel, which everybody is in. With that one all other
        channels of the team are gone.
        """
        with self._database.begin() as connection:
            connection.execute(
                update(teams_people)
                .where(_is_own(found.tenant, found.conversation))
                .values(conversation=None, refusal=GONE)
            )
            connection.execute(
                delete(teams_places).where(
                    teams_places.c.tenant == found.tenant,
                    or_(
                        teams_places.c.conversation == found.conversation,
                        teams_places.c.team == found.conversation,
                    ),
                )
            )

    def refuse(self, found: Whereabouts, why: str | None) -> None:
        """Write down that nobody can be written to there, by Teams' word for why; None: they can
        again."""
        with self._database.begin() as connection:
            if found.kind is PlaceKind.DM or not found.conversation:
                which = _is_person(found.tenant, found.person or "")
                connection.execute(update(teams_people).where(which).values(refusal=why))
            else:
                which = _is_place(found.tenant, found.conversation)
                connection.execute(update(teams_places).where(which).values(refusal=why))

    def count(self, tenant: str) -> Reach:
        """How many there are, and how many cannot be written to."""
        with self._database.begin() as connection:
            people, refused = _count(connection, teams_people, tenant)
            places, lost = _count(connection, teams_places, tenant)
        return Reach(people, refused, places, lost)


def _put(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert or change, unless all of it stands there already: most words come from where the
    last ones came from."""
    keys = [column.name for column in table.primary_key]
    is_it = and_(*(table.c[name] == row[name] for name in keys))
    known = connection.execute(select(table).where(is_it)).one_or_none()
    if known is not None and all(getattr(known, name) == value for name, value in row.items()):
        return
    others = {name: value for name, value in row.items() if name not in keys}
    connection.execute(
        insert_for(connection.dialect.name, table)
        .values(**row)
        .on_conflict_do_update(index_elements=keys, set_=others)
    )


def _read_person(row: Any) -> Whereabouts:
    return Whereabouts(
        tenant=row.tenant,
        service_url=row.service_url,
        conversation=row.conversation or "",
        kind=PlaceKind.DM if row.conversation else PlaceKind.CHANNEL,
        bot=row.bot,
        person=row.person,
        user=row.user,
        refusal=row.refusal,
    )


def _count(connection: Connection, table: Table, tenant: str) -> tuple[int, Mapping[str, int]]:
    rows = connection.execute(
        select(table.c.refusal, func.count())
        .where(table.c.tenant == tenant)
        .group_by(table.c.refusal)
    ).all()
    by_word = {word: number for word, number in rows if word is not None}
    return sum(number for _, number in rows), by_word


def _is_person(tenant: str, person: str) -> Any:
    return and_(teams_people.c.tenant == tenant, teams_people.c.person == person)


def _is_own(tenant: str, conversation: str) -> Any:
    return and_(teams_people.c.tenant == tenant, teams_people.c.conversation == conversation)


def _is_place(tenant: str, conversation: str) -> Any:
    return and_(teams_places.c.tenant == tenant, teams_places.c.conversation == conversation)
