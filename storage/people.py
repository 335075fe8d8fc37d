"""Workspaces and their people."""

from collections.abc import Sequence
from datetime import time
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.exc import IntegrityError

from bot.errors import Conflict
from bot.ids import PersonId, WorkspaceId
from bot.people import Person, Role, WorkingHours, Workspace
from storage.row import add_new, columns_of, put, values_of
from storage.tables import people, workspaces

_WORKSPACE = columns_of(workspaces, Workspace)
_CALLED = select(*_WORKSPACE).where(
    workspaces.c.platform == bindparam("platform"), workspaces.c.external == bindparam("external")
)
_BY_ID = select(people).where(people.c.id == bindparam("person"))
_BY_ADDRESS = select(people).where(
    people.c.workspace == bindparam("workspace"), people.c.address == bindparam("address")
)


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

    def get(self, person: PersonId) -> Person | None:
        """The person, whether still active or not."""
        row = self._connection.execute(_BY_ID, {"person": person}).one_or_none()
        return None if row is None else _person(row)

    def by_address(self, workspace: WorkspaceId, address: str) -> Person | None:
        """The person whom the platform reaches at `address`."""
        row = self._connection.execute(
            _BY_ADDRESS, {"workspace": workspace, "address": address}
        ).one_or_none()
        return None if row is None else _person(row)

    def everybody(self, workspace: WorkspaceId) -> Sequence[Person]:
        """All active people of a workspace, by name."""
        rows = self._connection.execute(
            select(people)
            .where(people.c.workspace == workspace, people.c.active)
            .order_by(people.c.name, people.c.id)
        )
        return [_person(row) for row in rows]

    def save(self, person: Person) -> None:
        """Insert or replace.

        Raises:
            Conflict: the address belongs to another person (who was met meanwhile).
        """
        values = values_of(person)
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


def _person(row: Any) -> Person:
    values = dict(row._mapping)
    return Person(
        hours=WorkingHours(
            weekdays=frozenset(map(int, values.pop("weekdays"))),
            start=time.fromisoformat(values.pop("starts")),
            end=time.fromisoformat(values.pop("ends")),
        ),
        roles=frozenset(map(Role, values.pop("roles"))),
        **values,
    )
