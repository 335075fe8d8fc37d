"""Who is in a workspace, and in some of its conversations, as the platform tells it.

A platform that can say who belongs to a workspace lets us *read* that page by page, and
tells afterwards what changes. Both come here as values. The rules are the same for every
platform: who was not met before is kept, so that campaigns reach them and their name is
known; a name or zone that changed is kept; who is gone leaves as `bot.inbound.Left`; who is
back is active again. What people set themselves (hours, topics, pauses) is never touched.
Nothing else that a platform knows of people is kept.

The members of a conversation are read only while an audience names it.

How far a reading has come is kept, and a page is claimed before it is read. So processes
share the work, none reads what another one is reading, and after a crash it goes on with
the page that was under way.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from bot.app import App
from bot.attention import rearrange
from bot.context import Context
from bot.errors import Conflict
from bot.ids import PersonId, WorkspaceId
from bot.inbound import Inbound, Left, Place, PlaceKind
from bot.people import Person, Workspace
from bot.ports import Database, Work

LEASE = timedelta(minutes=2)
"""How long a page is ours. A platform that has not answered by then is asked by somebody else."""
AGAIN = timedelta(days=1)
"""How often all is read anew: of what happens in between a platform tells, but not for sure."""
REFUSED_FOR = timedelta(hours=1)
"""How long a platform is left alone that will not tell."""


@dataclass(frozen=True, slots=True)
class Member:
    """What a platform says of one person of a workspace. Others' people and robots are none.

    `zone` is None where it did not say, and UTC where it says what this machine does not
    know (see `known_zone`). `mark` differs when the platform has changed the person since.
    """

    address: str
    name: str
    zone: str | None = None
    active: bool = True
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a workspace rests between two pages of its people, and of members of any of
    its conversations."""

    people: timedelta
    members: timedelta


@dataclass(frozen=True, slots=True)
class Reading:
    """A page that is ours to read until `until`: of the people of a workspace, which the
    platform calls `external`, or of the members of a conversation. `cursor` is the platform's,
    None for the first page."""

    workspace: WorkspaceId
    external: str
    conversation: str | None
    cursor: str | None
    until: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a conversation whose members are wanted.

    Its members are those of `read_at` or later, None while they are still being read.
    `name` is how people call it, None when it is private. `is_refused`: the platform would
    not tell the last time. `strangers`: people of other organisations are in it, who are no
    members here; None while the platform has not told.
    """

    name: str | None
    read_at: datetime | None
    is_refused: bool
    strangers: bool | None = None


class DirectoryStore(Protocol):
    """How far readings have come, and people as a platform tells of them."""

    def open(self, workspace: WorkspaceId, now: datetime) -> None:
        """The platform can tell who is in the workspace; all of it is to be read now, unless
        it has been read within a day."""

    def close(self, workspace: WorkspaceId, now: datetime) -> None:
        """The platform tells nothing any more; what was kept of conversations is dropped."""

    def rename(self, workspace: WorkspaceId, name: str) -> None:
        """How people call the workspace."""

    def at(self, workspace: WorkspaceId, addresses: Collection[str]) -> Sequence[Person]:
        """Those who are known at the addresses, active or not, in no certain order."""

    def claim(self, platform: str, now: datetime, lease: timedelta, pace: Pace) -> Reading | None:
        """The next page that is due on the platform, ours for `lease`; None when none is.

        Conversations go before people: somebody waits for them.
        """

    def turn(self, reading: Reading, cursor: str | None, now: datetime, next_at: datetime) -> None:
        """The page has been read. `cursor` is that of the page after it, due at `next_at`; with
        None all has been read, and is to be read anew then.

        Raises:
            Conflict: the page is not ours any more.
        """

    def postpone(
        self, reading: Reading, until: datetime, *, anew: bool = False, refused: bool = False
    ) -> None:
        """The page could not be read; it is tried again then, with `anew` from the first one.

        A page that is not ours any more is left alone.
        """


class MembershipStore(Protocol):
    """Who is in the conversations that audiences name."""

    def can_be_known(self, workspace: WorkspaceId) -> bool:
        """Whether the platform can say who is in a conversation of the workspace."""

    def want(
        self, workspace: WorkspaceId, conversation: str, now: datetime, until: datetime
    ) -> None:
        """Have the members of a conversation read, unless they have been, and kept in step
        until that moment at least."""

    def renew(self, workspace: WorkspaceId, conversation: str, now: datetime) -> None:
        """Have the members of a wanted conversation read anew at once, for what nobody told us."""

    def known(self, workspace: WorkspaceId, conversation: str) -> Known | None:
        """What is known of a conversation; None when it was never wanted."""

    def named(self, workspace: WorkspaceId, name: str) -> str | None:
        """The conversation that people call so, of those that were ever wanted; None where there
        is none, or more than one."""

    def count(self, workspace: WorkspaceId, conversation: str, limit: int) -> int:
        """How many active people are in it, as far as has been read; not beyond `limit`."""

    def keep(
        self,
        reading: Reading,
        name: str | None,
        addresses: Collection[str],
        strangers: bool | None = None,
    ) -> None:
        """The members on a page, how people call the conversation (nothing where it is private),
        and whether strangers are in it; None where the platform did not say."""

    def join(self, workspace: WorkspaceId, conversation: str, address: str) -> None:
        """Somebody has come to a conversation; without effect where nobody wants to know."""

    def leave(self, workspace: WorkspaceId, conversation: str, address: str) -> None:
        """Somebody has left a conversation."""

    def drop(self, platform: str, now: datetime, limit: int) -> int:
        """Forget members whom nobody wants to know any more, about `limit` at a time; how many."""


class DirectoryWork(Work, Protocol):
    """The core's stores, and those of the directory."""

    @property
    def directory(self) -> DirectoryStore: ...

    @property
    def memberships(self) -> MembershipStore: ...


W = TypeVar("W", bound=DirectoryWork)
T = TypeVar("T")


def known_zone(name: object) -> str | None:
    """The IANA zone a platform names, UTC when this machine does not know it, None for none."""
    if not name:
        return None
    try:
        return ZoneInfo(name).key if isinstance(name, str) else "UTC"
    except (LookupError, ValueError, OSError):
        return "UTC"


def update(person: Person, member: Member) -> Person:
    """The person as the platform now tells of them; who is gone is not ended here."""
    return replace(
        person,
        name=member.name,
        zone=member.zone or person.zone,
        active=person.active or member.active,
    )


def gone(people: Iterable[Person], members: Iterable[Member]) -> list[Member]:
    """Those of the members who have left, and of whom we do not know it yet."""
    here = {person.address for person in people if person.active}
    return [member for member in members if not member.active and member.address in here]


def learn(
    context: Context, work: DirectoryWork, workspace: WorkspaceId, members: Iterable[Member]
) -> list[Person]:
    """Keep what is new about the members; returns who was met or has changed.

    Of somebody who is gone and whom we never met nothing is kept.

    Raises:
        Conflict: one of them was met by somebody else at the same moment.
    """
    told = {member.address: member for member in members}
    changed = []
    # By id, as everybody does who locks several people.
    for person in sorted(work.directory.at(workspace, told.keys()), key=lambda p: p.id):
        after = update(person, told.pop(person.address))
        if after != person:
            work.people.describe(after)
            if after.zone != person.zone and after.active:
                rearrange(context, work, after)
            changed.append(after)
    for member in told.values():
        if member.active:
            newcomer = Person(
                id=PersonId(context.new_id()),
                workspace=workspace,
                address=member.address,
                name=member.name,
                zone=member.zone or "UTC",
            )
            work.people.save(newcomer)
            changed.append(newcomer)
    return changed


class Roll(Generic[W]):
    """A platform's directory as it is told to us. Sync; may be called from any thread.

    Every call is one transaction or several, and raises `Unavailable` or `Conflict` as
    `bot.ports.Database.transaction` does. What is called twice is as if it were once.
    """

    def __init__(
        self,
        platform: str,
        app: App[Any],
        database: Database[W],
        new_id: Callable[[], str],
        pace: Pace,
    ) -> None:
        self._platform = platform
        self._app = app
        self._database = database
        self._new_id = new_id
        self._pace = pace

    def open(self, external: str, name: str) -> None:
        """A workspace is there whose people can be read, from now on; people call it so."""
        with self._database.transaction() as work:
            workspace = work.people.workspace(self._platform, external)
            if workspace is None:
                workspace = Workspace(
                    id=WorkspaceId(self._new_id()),
                    platform=self._platform,
                    external=external,
                    name=name,
                )
                work.people.add_workspace(workspace)
            elif workspace.name != name:
                work.directory.rename(workspace.id, name)
            work.directory.open(workspace.id, self._app.now())

    def close(self, external: str) -> None:
        """Nothing can be read any more of a workspace."""
        with self._database.transaction() as work:
            workspace = work.people.workspace(self._platform, external)
            if workspace is not None:
                work.directory.close(workspace.id, self._app.now())

    def at(self, external: str, addresses: Collection[str]) -> Mapping[str, Person]:
        """Those whom we know, active or not, by address."""
        with self._database.transaction() as work:
            workspace = work.people.workspace(self._platform, external)
            known = work.directory.at(workspace.id, addresses) if workspace else ()
        return {person.address: person for person in known}

    def hear(self, external: str, members: Sequence[Member]) -> list[Person]:
        """What the platform tells of people just now; returns who was met or has changed.

        Of a workspace that is not known yet nothing is kept: it will be read.
        """
        workspace = self._end(external, members)
        if workspace is None:
            return []

        def keep() -> list[Person]:
            with self._database.transaction() as work:
                return learn(self._context(), work, workspace, members)

        return _twice(keep)

    def move(self, external: str, conversation: str, address: str, *, joins: bool) -> None:
        """Somebody has come to a conversation, or left it."""
        with self._database.transaction() as work:
            workspace = work.people.workspace(self._platform, external)
            if workspace is not None:
                do = work.memberships.join if joins else work.memberships.leave
                do(workspace.id, conversation, address)

    def renew(self, external: str, conversation: str) -> None:
        """Somebody has come to a conversation, or left it, and nobody can say what they did
        since: its members are read anew, where anybody wants to know."""
        with self._database.transaction() as work:
            workspace = work.people.workspace(self._platform, external)
            if workspace is not None:
                work.memberships.renew(workspace.id, conversation, self._app.now())

    def claim(self) -> Reading | None:
        """The next page to read; None when none is due."""
        with self._database.transaction() as work:
            return work.directory.claim(self._platform, self._app.now(), LEASE, self._pace)

    def keep_people(
        self, reading: Reading, members: Sequence[Member], cursor: str | None
    ) -> list[Person]:
        """A page of a workspace's people and the cursor of the next, None after the last;
        returns who was met or has changed.

        Raises:
            Conflict: somebody else has read the page meanwhile.
        """
        self._end(reading.external, members)

        def keep() -> list[Person]:
            with self._database.transaction() as work:
                now = self._app.now()
                changed = learn(self._context(), work, reading.workspace, members)
                next_at = now + (AGAIN if cursor is None else self._pace.people)
                work.directory.turn(reading, cursor, now, next_at)
            return changed

        return _twice(keep)

    def keep_conversation(
        self,
        reading: Reading,
        name: str | None,
        addresses: Collection[str],
        cursor: str | None,
        strangers: bool | None = None,
    ) -> None:
        """A page of a conversation's members, as `keep_people`; name and strangers as in
        `MembershipStore.keep`."""
        with self._database.transaction() as work:
            now = self._app.now()
            work.memberships.keep(reading, name, addresses, strangers)
            next_at = now + (AGAIN if cursor is None else self._pace.members)
            work.directory.turn(reading, cursor, now, next_at)

    def postpone(self, reading: Reading, after: timedelta) -> None:
        """The platform wants to be asked again later, or did not answer."""
        with self._database.transaction() as work:
            work.directory.postpone(reading, self._app.now() + after)

    def refuse(self, reading: Reading) -> None:
        """The platform will not tell."""
        with self._database.transaction() as work:
            work.directory.postpone(reading, self._app.now() + REFUSED_FOR, anew=True, refused=True)

    def restart(self, reading: Reading) -> None:
        """The platform has forgotten how far we were."""
        with self._database.transaction() as work:
            work.directory.postpone(reading, self._app.now() + self._pace.people, anew=True)

    def drop(self, limit: int = 1_000) -> int:
        """Forget some of the members whom nobody wants to know any more; how many."""
        with self._database.transaction() as work:
            return work.memberships.drop(self._platform, self._app.now(), limit)

    def _context(self) -> Context:
        return Context(now=self._app.now(), new_id=self._new_id)

    def _end(self, external: str, members: Sequence[Member]) -> WorkspaceId | None:
        """Let those leave who are gone, each in the transaction of their farewell."""
        with self._database.transaction() as work:
            workspace = work.people.workspace(self._platform, external)
            if workspace is None:
                return None
            addresses = [member.address for member in members if not member.active]
            known = work.directory.at(workspace.id, addresses) if addresses else ()
        now = self._app.now()
        for member in gone(known, members):
            self._app.receive(
                Inbound(
                    platform=self._platform,
                    workspace=external,
                    event_id=_farewell_id(external, member, now),
                    person=member.address,
                    place=Place(conversation=member.address, kind=PlaceKind.DM),
                    at=now,
                    what=Left(),
                )
            )
        return workspace.id


def _twice(do: Callable[[], T]) -> T:
    """Whoever was met by somebody else at the same moment is found the second time."""
    try:
        return do()
    except Conflict:
        return do()


def _farewell_id(external: str, member: Member, now: datetime) -> str:
    """The same for all who tell of it on one day. Whoever comes back may leave once more."""
    told = "\n".join((external, member.address, member.mark, now.date().isoformat()))
    return f"left:{sha256(told.encode()).hexdigest()}"
