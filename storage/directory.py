"""Readings of who is in workspaces and conversations, and what they found."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.directory import LEASE, Known, Pace, Reading
from bot.errors import Conflict
from bot.ids import PersonId, WorkspaceId
from bot.people import Person
from storage.directory_tables import conversations, directories, memberships
from storage.people import SqlPeople
from storage.row import add_new, among, insert_for
from storage.tables import people, workspaces

_DAY = timedelta(days=1)
_PEOPLE_DUE = (
    select(directories.c.workspace, workspaces.c.external, directories.c.cursor)
    .join(workspaces, workspaces.c.id == directories.c.workspace)
    .where(workspaces.c.platform == bindparam("of"), directories.c.next_at <= bindparam("now"))
    .order_by(directories.c.next_at)
    .limit(1)
    # Who has it already will claim it.
    .with_for_update(of=directories, skip_locked=True)
)
_MEMBERS_DUE = (
    select(
        conversations.c.workspace,
        workspaces.c.external,
        conversations.c.conversation,
        conversations.c.cursor,
        conversations.c.round,
    )
    .join(workspaces, workspaces.c.id == conversations.c.workspace)
    .join(directories, directories.c.workspace == conversations.c.workspace)
    .where(
        workspaces.c.platform == bindparam("of"),
        conversations.c.next_at <= bindparam("now"),
        directories.c.members_at <= bindparam("now"),
    )
    .order_by(conversations.c.next_at)
    .limit(1)
    .with_for_update(of=[directories, conversations], skip_locked=True)
)


class SqlDirectory:
    """`bot.directory.DirectoryStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, workspace: WorkspaceId, now: datetime) -> None:
        """All of the workspace is to be read now, unless that was done within a day."""
        row = {"workspace": workspace, "next_at": now, "members_at": now}
        if add_new(self._connection, directories, row):
            return
        self._connection.execute(
            update(directories)
            .where(
                directories.c.workspace == workspace,
                or_(directories.c.synced_at.is_(None), directories.c.synced_at < now - _DAY),
                # A page that is being read is not taken away.
                directories.c.next_at > now + LEASE,
            )
            .values(next_at=now)
        )

    def close(self, workspace: WorkspaceId, now: datetime) -> None:
        """The platform tells nothing any more; what was kept of conversations is dropped."""
        self._connection.execute(delete(directories).where(directories.c.workspace == workspace))
        self._connection.execute(
            update(conversations)
            .where(conversations.c.workspace == workspace, conversations.c.wanted_until > now)
            .values(wanted_until=now)
        )

    def rename(self, workspace: WorkspaceId, name: str) -> None:
        """How people call the workspace."""
        self._connection.execute(
            update(workspaces).where(workspaces.c.id == workspace).values(name=name)
        )

    def at(self, workspace: WorkspaceId, addresses: Collection[str]) -> Sequence[Person]:
        """Those who are known at the addresses, active or not."""
        found = self._connection.execute(
            _at(self._connection.dialect.name), {"of": workspace, "wanted": list(addresses)}
        )
        return SqlPeople(self._connection).several([PersonId(id_) for id_ in found.scalars()])

    def claim(self, platform: str, now: datetime, lease: timedelta, pace: Pace) -> Reading | None:
        """The next page that is due on the platform, ours for `lease`."""
        due, until = {"of": platform, "now": now}, now + lease
        found = self._connection.execute(_MEMBERS_DUE, due).one_or_none()
        if found is not None:
            begins = {"round": found.round + 1, "begun_at": now} if found.cursor is None else {}
            self._connection.execute(
                update(directories)
                .where(directories.c.workspace == found.workspace)
                .values(members_at=now + pace.members)
            )
            self._connection.execute(
                update(conversations)
                .where(_is(found.workspace, found.conversation))
                .values(next_at=until, **begins)
            )
            where = found.conversation
            return Reading(found.workspace, found.external, where, found.cursor, until)
        theirs = self._connection.execute(_PEOPLE_DUE, due).one_or_none()
        if theirs is None:
            return None
        self._connection.execute(
            update(directories)
            .where(directories.c.workspace == theirs.workspace)
            .values(next_at=until)
        )
        return Reading(theirs.workspace, theirs.external, None, theirs.cursor, until)

    def turn(self, reading: Reading, cursor: str | None, now: datetime, next_at: datetime) -> None:
        """The page has been read; the next one is due at `next_at`.

        Raises:
            Conflict: the page is not ours any more.
        """
        ours: dict[str, Any] = {"cursor": cursor, "next_at": next_at}
        if reading.conversation is None:
            if cursor is None:
                ours["synced_at"] = now
            self._turn(reading, ours)
            return
        if cursor is None:
            ours |= {"read_at": conversations.c.begun_at, "refused": False}
        self._turn(reading, ours)
        if cursor is None:
            of = _is(reading.workspace, reading.conversation)
            this = select(conversations.c.round).where(of).scalar_subquery()
            self._connection.execute(
                delete(memberships).where(
                    _in(reading.workspace, reading.conversation), memberships.c.round < this
                )
            )

    def _turn(self, reading: Reading, values: dict[str, Any]) -> None:
        if not self._write(reading, values):
            raise Conflict

    def postpone(
        self, reading: Reading, until: datetime, *, anew: bool = False, refused: bool = False
    ) -> None:
        """The page could not be read; it is tried again then, with `anew` from the first one."""
        values: dict[str, Any] = {"next_at": until}
        if anew:
            values["cursor"] = None
        if reading.conversation is not None and anew:
            # Of a reading that is given up nobody waits for the end.
            values |= {"begun_at": conversations.c.read_at, "refused": refused}
        if self._write(reading, values) and reading.conversation is not None and not anew:
            # A platform that is too busy for one conversation is so for all of a workspace.
            self._connection.execute(
                update(directories)
                .where(
                    directories.c.workspace == reading.workspace,
                    directories.c.members_at < until,
                )
                .values(members_at=until)
            )

    def _write(self, reading: Reading, values: dict[str, Any]) -> bool:
        if reading.conversation is None:
            which = update(directories).where(
                directories.c.workspace == reading.workspace,
                directories.c.next_at == reading.until,
            )
        else:
            which = update(conversations).where(
                _is(reading.workspace, reading.conversation),
                conversations.c.next_at == reading.until,
            )
        return self._connection.execute(which.values(**values)).rowcount == 1


class SqlMemberships:
    """`bot.directory.MembershipStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def can_be_known(self, workspace: WorkspaceId) -> bool:
        """Whether the workspace has a directory."""
        found = select(directories.c.workspace).where(directories.c.workspace == workspace)
        return self._connection.execute(found).one_or_none() is not None

    def want(
        self, workspace: WorkspaceId, conversation: str, now: datetime, until: datetime
    ) -> None:
        """Have the members read, unless they have been, and kept in step until then."""
        row = {
            "workspace": workspace,
            "conversation": conversation,
            "round": 0,
            "next_at": now,
            "refused": False,
            "wanted_until": until,
        }
        if add_new(self._connection, conversations, row):
            return
        is_it = _is(workspace, conversation)
        wanted = conversations.c.wanted_until
        self._connection.execute(
            update(conversations)
            .where(is_it, or_(wanted.is_(None), wanted < until))
            .values(wanted_until=until)
        )
        self._connection.execute(
            update(conversations)
            .where(is_it, or_(conversations.c.next_at.is_(None), conversations.c.refused))
            .values(next_at=now, refused=False)
        )

    def renew(self, workspace: WorkspaceId, conversation: str, now: datetime) -> None:
        """Have the members read anew at once, unless that is under way."""
        self._connection.execute(
            update(conversations)
            .where(
                _is(workspace, conversation),
                # `begun_at` runs ahead of `read_at` while pages are being read.
                conversations.c.begun_at == conversations.c.read_at,
                conversations.c.next_at > now,
            )
            .values(next_at=now)
        )

    def known(self, workspace: WorkspaceId, conversation: str) -> Known | None:
        """What is known of a conversation; None when it was never wanted."""
        of = conversations.c
        row = self._connection.execute(
            select(of.name, of.read_at, of.refused, of.strangers).where(
                _is(workspace, conversation)
            )
        ).one_or_none()
        if row is None:
            return None
        return Known(row.name or None, row.read_at, row.refused, row.strangers)

    def named(self, workspace: WorkspaceId, name: str) -> str | None:
        """The conversation that people call so, if there is one."""
        found = self._connection.execute(
            select(conversations.c.conversation)
            .where(conversations.c.workspace == workspace, conversations.c.name == name)
            .limit(2)
        ).scalars()
        each = list(found)
        return each[0] if len(each) == 1 else None

    def count(self, workspace: WorkspaceId, conversation: str, limit: int) -> int:
        """How many active people are in it; not beyond `limit`."""
        here = (
            select(people.c.id)
            .join(
                memberships,
                and_(
                    memberships.c.workspace == people.c.workspace,
                    memberships.c.address == people.c.address,
                ),
            )
            .where(_in(workspace, conversation), people.c.active)
            .limit(limit)
            .subquery()
        )
        counted = select(func.count()).select_from(here)
        return int(self._connection.execute(counted).scalar_one())

    def keep(
        self,
        reading: Reading,
        name: str | None,
        addresses: Collection[str],
        strangers: bool | None = None,
    ) -> None:
        """The members on a page, how people call the conversation, and whether strangers are in
        it; None is as before."""
        if reading.conversation is None:
            raise ValueError("a page of people has no members of a conversation")
        is_it = _is(reading.workspace, reading.conversation)
        round_ = self._connection.execute(select(conversations.c.round).where(is_it)).scalar_one()
        told = {"name": name, "strangers": strangers}
        told = {what: value for what, value in told.items() if value is not None}
        if told:
            self._connection.execute(update(conversations).where(is_it).values(told))
        self._add(reading.workspace, reading.conversation, sorted(addresses), round_)

    def join(self, workspace: WorkspaceId, conversation: str, address: str) -> None:
        """Somebody has come to a conversation; without effect where nobody wants to know."""
        wanted = select(conversations.c.round).where(
            _is(workspace, conversation), conversations.c.next_at.is_not(None)
        )
        round_ = self._connection.execute(wanted).scalar_one_or_none()
        if round_ is not None:
            self._add(workspace, conversation, [address], round_)

    def _add(
        self, workspace: WorkspaceId, conversation: str, addresses: Sequence[str], round_: int
    ) -> None:
        rows = [
            {
                "workspace": workspace,
                "conversation": conversation,
                "address": address,
                "round": round_,
            }
            for address in addresses
        ]
        if rows:
            self._connection.execute(_add(self._connection.dialect.name), rows)

    def leave(self, workspace: WorkspaceId, conversation: str, address: str) -> None:
        """Somebody has left a conversation."""
        self._connection.execute(
            delete(memberships).where(
                _in(workspace, conversation), memberships.c.address == address
            )
        )

    def drop(self, platform: str, now: datetime, limit: int) -> int:
        """Forget members whom nobody wants to know any more, about `limit` at a time."""
        over = self._connection.execute(
            select(conversations.c.workspace, conversations.c.conversation)
            .join(workspaces, workspaces.c.id == conversations.c.workspace)
            .where(workspaces.c.platform == platform, conversations.c.wanted_until <= now)
            .limit(1)
            .with_for_update(of=conversations, skip_locked=True)
        ).one_or_none()
        if over is None:
            return 0
        some = (
            select(memberships.c.address).where(_in(over.workspace, over.conversation)).limit(limit)
        )
        gone = self._connection.execute(
            delete(memberships).where(
                _in(over.workspace, over.conversation), memberships.c.address.in_(some)
            )
        ).rowcount
        unread: dict[str, Any] = dict.fromkeys(("cursor", "begun_at", "read_at", "next_at"))
        if gone < limit:
            unread["wanted_until"] = None
        self._connection.execute(
            update(conversations)
            .where(_is(over.workspace, over.conversation))
            .values(refused=False, **unread)
        )
        return gone


def _is(workspace: str, conversation: str) -> Any:
    return and_(
        conversations.c.workspace == workspace, conversations.c.conversation == conversation
    )


def _in(workspace: str, conversation: str) -> Any:
    return and_(memberships.c.workspace == workspace, memberships.c.conversation == conversation)


@cache
def _at(dialect: str) -> Select[str]:
    return select(people.c.id).where(
        people.c.workspace == bindparam("of"), among(dialect, people.c.address, "wanted")
    )


@cache
def _add(dialect: str) -> sqlite.Insert | postgresql.Insert:
    statement = insert_for(dialect, memberships)
    return statement.on_conflict_do_update(
        index_elements=["workspace", "conversation", "address"],
        set_={"round": statement.excluded.round},
    )
