"""Workspaces, their people, and the days on which these do not work."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, time
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from bot.errors import Conflict
from bot.holiday import NO_DAYS_OFF, DaysOff
from bot.ids import PersonId, WorkspaceId
from bot.people import Person, Role, WorkingHours, Workspace
from storage.outbox import AT_ONCE
from storage.row import add_new, columns_of, put, values_of
from storage.tables import days_off, people, slots, workspaces

EVERYBODYS = ""
"""In `days_off.person`: the day is one of the whole organisation."""

_WORKSPACE = columns_of(workspaces, Workspace)
_CALLED = select(*_WORKSPACE).where(
    workspaces.c.platform == bindparam("platform"), workspaces.c.external == bindparam("external")
)
# With the country of the workspace, so that days off take one more query and not two.
_PEOPLE = select(people, workspaces.c.country.label("home")).join(
    workspaces, people.c.workspace == workspaces.c.id
)
_BY_ID = _PEOPLE.where(people.c.id == bindparam("person"))
_BY_ADDRESS = _PEOPLE.where(
    people.c.workspace == bindparam("workspace"), people.c.address == bindparam("address")
)
_OWN_DAYS = select(days_off.c.person, days_off.c.day).where(
    days_off.c.workspace == bindparam("workspace"),
    days_off.c.person.in_([EVERYBODYS, bindparam("person")]),
)
# Both databases take this many parameters.
_MOST_AT_ONCE = 1_000
_RECOMPUTE = update(slots).where(slots.c.person == bindparam("whose")).values(next_due_at=AT_ONCE)


class SqlPeople:
    """`bot.ports.PeopleStore` in two tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def workspace(self, platform: str, external: str) -> Workspace | None:
        """The workspace that the platform calls `external`."""
        row = self._connection.execute(
            _CALLED, {"platform": platform, "external": external}
        ).one_or_none()
        return None if row is None else Workspace(**row._mapping)

    def workspaces(self) -> Sequence[Workspace]:
        """All workspaces by name."""
        rows = self._connection.execute(
            select(*_WORKSPACE).order_by(workspaces.c.name, workspaces.c.id)
        )
        return [Workspace(**row._mapping) for row in rows]

    def add_workspace(self, workspace: Workspace) -> None:
        """Insert a new workspace.

        Raises:
            Conflict: it has been added meanwhile.
        """
        if not add_new(self._connection, workspaces, values_of(workspace)):
            raise Conflict

    def set_country(self, workspace: WorkspaceId, country: str | None) -> None:
        """Whose public holidays are days off in the workspace, but for people with their own."""
        self._connection.execute(
            update(workspaces).where(workspaces.c.id == workspace).values(country=country)
        )
        self._recompute(workspace)

    def get(self, person: PersonId) -> Person | None:
        """The person, whether still active or not."""
        return self._one(_BY_ID, {"person": person})

    def by_address(self, workspace: WorkspaceId, address: str) -> Person | None:
        """The person whom the platform reaches at `address`."""
        return self._one(_BY_ADDRESS, {"workspace": workspace, "address": address})

    def _one(self, statement: Any, values: dict[str, str]) -> Person | None:
        row = self._connection.execute(statement, values).one_or_none()
        if row is None:
            return None
        whose = {"workspace": row.workspace, "person": row.id}
        own = frozenset(day for _, day in self._connection.execute(_OWN_DAYS, whose))
        return _person(row, _days_off(row.country or row.home, own))

    def several(self, wanted: Iterable[PersonId]) -> Sequence[Person]:
        """Those of the people who are known, active or not, in no certain order."""
        rows: list[Any] = []
        for part in _parts(list(wanted)):
            rows += self._connection.execute(_PEOPLE.where(people.c.id.in_(part)))
        found: list[Person] = []
        for workspace in {row.workspace for row in rows}:
            here = [row for row in rows if row.workspace == workspace]
            found += self._read(here, workspace, [row.id for row in here])
        return found

    def everybody(self, workspace: WorkspaceId) -> Sequence[Person]:
        """All active people of a workspace, by name."""
        rows = self._connection.execute(
            _PEOPLE.where(people.c.workspace == workspace, people.c.active).order_by(
                people.c.name, people.c.id
            )
        )
        return self._read(rows.all(), workspace)

    def page(
        self,
        workspace: WorkspaceId,
        after: PersonId | None,
        limit: int,
        team: str | None = None,
    ) -> Sequence[Person]:
        """The next active people by id from after `after` on; of one team, where it is named."""
        rows = self._connection.execute(
            _PEOPLE.where(
                people.c.workspace == workspace,
                people.c.active,
                *([people.c.id > after] if after is not None else []),
                *([people.c.team == team] if team is not None else []),
            )
            .order_by(people.c.id)
            .limit(limit)
        ).all()
        if not rows:
            return []
        theirs = days_off.c.person.between(rows[0].id, rows[-1].id)
        return self._read(rows, workspace, among=or_(days_off.c.person == EVERYBODYS, theirs))

    def teams(self, workspace: WorkspaceId) -> Sequence[str]:
        """The teams of active people, by name."""
        return (
            self._connection.execute(
                select(people.c.team)
                .where(people.c.workspace == workspace, people.c.active, people.c.team.is_not(None))
                .distinct()
                .order_by(people.c.team)
            )
            .scalars()
            .all()
        )

    def _read(
        self,
        rows: Sequence[Any],
        workspace: str,
        ids: Sequence[str] | None = None,
        among: ColumnElement[bool] | None = None,
    ) -> list[Person]:
        """People of one workspace, with their days off.

        Of these, those of `ids` or what lies `among` are read, else all of the workspace.
        """
        own: dict[str, set[date]] = defaultdict(set)
        columns = select(days_off.c.person, days_off.c.day).where(days_off.c.workspace == workspace)
        if ids is None:
            parts = [columns if among is None else columns.where(among)]
        else:
            whose = [EVERYBODYS, *ids]
            parts = [columns.where(days_off.c.person.in_(part)) for part in _parts(whose)]
        for part in parts:
            for person, day in self._connection.execute(part):
                own[person].add(day)
        everybodys = frozenset(own.pop(EVERYBODYS, ()))
        # Most people have the same days off, and then the same value.
        shared: dict[str | None, DaysOff] = {}
        read = []
        for row in rows:
            country = row.country or row.home
            if row.id in own:
                off = _days_off(country, everybodys | own[row.id])
            else:
                off = shared.get(country) or shared.setdefault(
                    country, _days_off(country, everybodys)
                )
            read.append(_person(row, off))
        return read

    def save(self, person: Person) -> None:
        """Insert or replace; the person's hours are looked at anew (see `bot.slot`).

        Raises:
            Conflict: the address belongs to another person (who was met meanwhile).
        """
        values = values_of(person)
        del values["days_off"]
        hours: WorkingHours = values.pop("hours")
        values |= {
            "weekdays": "".join(map(str, sorted(hours.weekdays))),
            "starts": hours.start.isoformat(),
            "ends": hours.end.isoformat(),
            "roles": tuple(sorted(person.roles)),
        }
        try:
            put(self._connection, people, values)
        except IntegrityError as error:
            raise Conflict from error
        self._connection.execute(_RECOMPUTE, {"whose": person.id})

    def days_off(
        self, workspace: WorkspaceId, person: PersonId | None = None
    ) -> Sequence[tuple[date, str]]:
        """The organisation's own days (`person` None) or a person's own, earliest first."""
        rows = self._connection.execute(
            select(days_off.c.day, days_off.c.name)
            .where(days_off.c.workspace == workspace, days_off.c.person == (person or EVERYBODYS))
            .order_by(days_off.c.day)
        )
        return [(row.day, row.name) for row in rows]

    def add_day_off(
        self, workspace: WorkspaceId, day: date, name: str, person: PersonId | None = None
    ) -> None:
        """A day off of the organisation's (`person` None) or a person's; again renames it."""
        put(
            self._connection,
            days_off,
            {"workspace": workspace, "person": person or EVERYBODYS, "day": day, "name": name},
        )
        self._recompute(workspace, person)

    def remove_day_off(
        self, workspace: WorkspaceId, day: date, person: PersonId | None = None
    ) -> bool:
        """Whether there was such a day."""
        removed = self._connection.execute(
            delete(days_off).where(
                days_off.c.workspace == workspace,
                days_off.c.person == (person or EVERYBODYS),
                days_off.c.day == day,
            )
        )
        self._recompute(workspace, person)
        return removed.rowcount == 1

    def _recompute(self, workspace: WorkspaceId, person: PersonId | None = None) -> None:
        whose = [person] if person else select(people.c.id).where(people.c.workspace == workspace)
        self._connection.execute(
            update(slots).where(slots.c.person.in_(whose)).values(next_due_at=AT_ONCE)
        )


def _parts(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[first : first + _MOST_AT_ONCE] for first in range(0, len(ids), _MOST_AT_ONCE)]


@lru_cache(maxsize=1_000)
def _days_off(country: str | None, own: frozenset[date]) -> DaysOff:
    return DaysOff(country, own) if country or own else NO_DAYS_OFF


@lru_cache(maxsize=1_000)
def _hours(weekdays: str, starts: str, ends: str) -> WorkingHours:
    return WorkingHours(
        weekdays=frozenset(map(int, weekdays)),
        start=time.fromisoformat(starts),
        end=time.fromisoformat(ends),
    )


@lru_cache(maxsize=100)
def _roles(names: tuple[str, ...]) -> frozenset[Role]:
    return frozenset(map(Role, names))


def _person(row: Any, days_off: DaysOff) -> Person:
    values = dict(row._mapping)
    del values["home"]
    return Person(
        hours=_hours(values.pop("weekdays"), values.pop("starts"), values.pop("ends")),
        roles=_roles(values.pop("roles")),
        days_off=days_off,
        **values,
    )
