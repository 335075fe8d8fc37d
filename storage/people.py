"""Workspaces, their people, and the days on which these do not work."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, time
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    Text,
    bindparam,
    delete,
    exists,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.exc import IntegrityError

from bot.errors import Conflict
from bot.holiday import NO_DAYS_OFF, DaysOff
from bot.ids import PersonId, WorkspaceId
from bot.people import Person, Role, RoleChange, WorkingHours, Workspace
from storage.outbox import AT_ONCE
from storage.prepared import fetch
from storage.row import add_new, among, columns_of, put, values_of
from storage.tables import days_off, people, role_changes, slots, workspaces

_ROLE_CHANGE = columns_of(role_changes, RoleChange)

EVERYBODYS = ""
"""In `days_off.person`: the day is one of the whole organisation."""

_WORKSPACE = columns_of(workspaces, Workspace)
_CALLED = select(*_WORKSPACE).where(
    workspaces.c.platform == bindparam("platform"), workspaces.c.external == bindparam("external")
)
# In the order in which `_person` takes them; then the country of the workspace.
_PERSON = (
    people.c.id,
    people.c.workspace,
    people.c.address,
    people.c.name,
    people.c.zone,
    people.c.weekdays,
    people.c.starts,
    people.c.ends,
    people.c.roles,
    people.c.team,
    people.c.site,
    people.c.manager,
    people.c.weekly_cap,
    people.c.asks_welcome,
    people.c.paused_until,
    people.c.away_until,
    people.c.active,
    people.c.country,
    workspaces.c.country.label("home"),
)
_OFF = exists().where(days_off.c.workspace == people.c.workspace)
# And whether there are days off of the person's own, which few have.
_PEOPLE = select(*_PERSON, _OFF.where(days_off.c.person == people.c.id).label("has_own")).join(
    workspaces, people.c.workspace == workspaces.c.id
)
# And whether there are any days off but public holidays: many have none.
_ONE = (*_PERSON, _OFF.where(days_off.c.person.in_([EVERYBODYS, people.c.id])).label("has_days"))
_BY_ID = (
    select(*_ONE)
    .join(workspaces, people.c.workspace == workspaces.c.id)
    .where(people.c.id == bindparam("person"))
)
_BY_ADDRESS = (
    select(*_ONE)
    .join(workspaces, people.c.workspace == workspaces.c.id)
    .where(people.c.workspace == bindparam("workspace"), people.c.address == bindparam("address"))
)
_FOUND = (
    select(*_WORKSPACE, *_ONE)
    .outerjoin_from(
        workspaces,
        people,
        (people.c.workspace == workspaces.c.id) & (people.c.address == bindparam("address")),
    )
    .where(
        workspaces.c.platform == bindparam("platform"),
        workspaces.c.external == bindparam("external"),
    )
)
_OWN_DAYS = select(days_off.c.day).where(
    days_off.c.workspace == bindparam("workspace"),
    days_off.c.person.in_([EVERYBODYS, bindparam("person")]),
)
_DESCRIBE = (
    update(people)
    .where(people.c.id == bindparam("whose"))
    .values(name=bindparam("called"), zone=bindparam("where"), active=bindparam("here"))
)
_PLACE = (
    update(people)
    .where(people.c.id == bindparam("whose"))
    .values(team=bindparam("in_team"), site=bindparam("at_site"), manager=bindparam("under"))
)
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

    def find(
        self, platform: str, external: str, address: str
    ) -> tuple[Workspace | None, Person | None]:
        """`workspace` and `by_address` at once."""
        values = {"platform": platform, "external": external, "address": address}
        for row in fetch(self._connection, _FOUND, values):
            workspace, person = row[: len(_WORKSPACE)], row[len(_WORKSPACE) :]
            return Workspace(*workspace), None if person[0] is None else self._whole(person)
        return None, None

    def get(self, person: PersonId) -> Person | None:
        """The person, whether still active or not."""
        return self._one(_BY_ID, {"person": person})

    def by_address(self, workspace: WorkspaceId, address: str) -> Person | None:
        """The person whom the platform reaches at `address`."""
        return self._one(_BY_ADDRESS, {"workspace": workspace, "address": address})

    def _one(self, statement: Select[Any], values: dict[str, str]) -> Person | None:
        rows = fetch(self._connection, statement, values)
        return self._whole(rows[0]) if rows else None

    def _whole(self, row: Sequence[Any]) -> Person:
        """The person of a row of `_ONE`, with the days off."""
        id_, workspace, *_, country, home, has_days = row
        own = frozenset[date]()
        if has_days:
            whose = {"workspace": workspace, "person": id_}
            own = frozenset(day for (day,) in fetch(self._connection, _OWN_DAYS, whose))
        return _person(row, _days_off(country or home, own))

    def several(self, wanted: Iterable[PersonId]) -> Sequence[Person]:
        """Those of the people who are known, active or not, in no certain order."""
        chosen = _several(self._connection.dialect.name)
        rows = self._connection.execute(chosen, {"wanted": list(wanted)}).all()
        found: list[Person] = []
        for workspace in {row.workspace for row in rows}:
            found += self._read([row for row in rows if row.workspace == workspace], workspace)
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
        return self._read(rows, workspace)

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

    def holders(
        self, workspace: WorkspaceId, role: Role, *, changing: bool = False
    ) -> Sequence[Person]:
        """The active people who have the role, by name. `changing`: nobody else changes any of
        them until the end of the transaction."""
        holding = _PEOPLE.where(
            people.c.workspace == workspace,
            people.c.active,
            # The names of roles stand in quotes in the column's JSON.
            type_coerce(people.c.roles, Text).contains(f'"{role}"', autoescape=True),
        ).order_by(people.c.name, people.c.id)
        if changing:
            # SQLite has one writer anyway, and leaves this out.
            holding = holding.with_for_update(of=people)
        return self._read(self._connection.execute(holding).all(), workspace)

    def note_role(self, change: RoleChange) -> None:
        """Keep that somebody's roles have changed."""
        self._connection.execute(insert(role_changes), values_of(change))

    def role_changes(
        self,
        workspace: WorkspaceId,
        limit: int,
        person: PersonId | None = None,
        skipped: int = 0,
    ) -> Sequence[RoleChange]:
        """The latest changes of roles behind those `skipped`, newest first; those of one person
        alone, if named."""
        found = select(*_ROLE_CHANGE).where(role_changes.c.workspace == workspace)
        if person is not None:
            found = found.where(role_changes.c.person == person)
        latest = found.order_by(role_changes.c.id.desc()).limit(limit).offset(skipped)
        rows = self._connection.execute(latest)
        return [RoleChange(**row._mapping) for row in rows]

    def _read(self, rows: Sequence[Any], workspace: str) -> list[Person]:
        """People of one workspace, with their days off."""
        own: dict[str, set[date]] = defaultdict(set)
        whose = [EVERYBODYS, *(row.id for row in rows if row.has_own)]
        for person, day in self._connection.execute(
            _days(self._connection.dialect.name), {"workspace": workspace, "whose": whose}
        ):
            own[person].add(day)
        everybodys = frozenset(own.pop(EVERYBODYS, ()))
        # Most people have the same days off, and then the same value.
        shared: dict[str | None, DaysOff] = {}
        read = []
        for row in rows:
            country = row.country or row.home
            if row.has_own:
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

    def describe(self, person: Person) -> None:
        """Keep name, zone and whether the person is active, and nothing else of the value."""
        self._connection.execute(
            _DESCRIBE,
            {
                "whose": person.id,
                "called": person.name,
                "where": person.zone,
                "here": person.active,
            },
        )
        self._connection.execute(_RECOMPUTE, {"whose": person.id})

    def place(self, people: Sequence[Person]) -> None:
        """Keep team, site and manager of these, and nothing else of the values."""
        rows = [
            {"whose": one.id, "in_team": one.team, "at_site": one.site, "under": one.manager}
            for one in people
        ]
        if rows:
            self._connection.execute(_PLACE, rows)

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


@cache
def _several(dialect: str) -> Select[Any]:
    return _PEOPLE.where(among(dialect, people.c.id, "wanted"))


@cache
def _days(dialect: str) -> Select[str, date]:
    return select(days_off.c.person, days_off.c.day).where(
        days_off.c.workspace == bindparam("workspace"), among(dialect, days_off.c.person, "whose")
    )


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


def _person(row: Sequence[Any], days_off: DaysOff) -> Person:
    id_, workspace, address, name, zone, weekdays, starts, ends, roles, *more, _home, _days = row
    team, site, manager, weekly_cap, asks_welcome, paused_until, away_until, active, country = more
    return Person(
        id=id_,
        workspace=workspace,
        address=address,
        name=name,
        zone=zone,
        hours=_hours(weekdays, starts, ends),
        roles=_roles(roles),
        team=team,
        site=site,
        manager=manager,
        weekly_cap=weekly_cap,
        asks_welcome=asks_welcome,
        paused_until=paused_until,
        away_until=away_until,
        active=active,
        country=country,
        days_off=days_off,
    )
