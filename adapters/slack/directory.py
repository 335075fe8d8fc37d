"""Who is in a Slack workspace: `users.list`, `users.info`, `conversations.members` and events.

Only ids, names, time zones and whether somebody is still here are read. Pictures, e-mail
addresses, phone numbers, titles and statuses are in the same answers and go no further.

Pages are read one at a time: `users.list` is a Tier 2 method (20 calls a minute for each
workspace, Slack's rate limits), `conversations.members` Tier 4 (100 and more). Decisions are
in `bot.directory`.
"""

import asyncio
import unicodedata
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Protocol, TypeAlias

import structlog

from adapters.slack.client import Answer, Answered, Doubtful, NotSent, Refused, Slow
from bot.app import App
from bot.directory import DirectoryWork, Member, Pace, Reading, Roll, known_zone
from bot.errors import Conflict, Unavailable
from bot.inbound import Profile
from bot.people import Person
from bot.ports import Database

PLATFORM = "slack"
PAGE = 200
"""People a page. Slack recommends no more, and answers larger ones with an error at times."""
PACE = Pace(people=timedelta(seconds=3.5), members=timedelta(seconds=1))
PAGES_AT_ONCE = 10
"""Pages of one `sync`, each of another workspace or conversation."""
AWAY_FOR = timedelta(seconds=30)
"""How long is waited after no answer, or one that nobody can read."""
INFO_PATIENCE = timedelta(seconds=1.5)
"""How long an event waits for `users.info`: Slack wants it acknowledged within three seconds."""
LATE = timedelta(seconds=20)
"""Word of who came to a conversation or left it is not believed after so long: Slack repeats
what was not acknowledged after a minute and after five."""
CACHED = 20_000
"""People of all workspaces whose names are at hand: about 8 MB."""
CACHED_FOR = timedelta(hours=1)
"""How long: other processes change names too."""
LONGEST_NAME = 150
_JOINERS = "\u200c\u200d"
"""Persian names and emoji are written with them."""

Hear: TypeAlias = Callable[[str, Mapping[str, Any]], Awaitable[None]]

log = structlog.get_logger()

_NOBODY = frozenset({"user_not_found", "user_not_visible"})


class Unmet(Enum):
    """Why there is nothing to be said of somebody whom we do not know."""

    UNTOLD = "untold"
    """Slack was away or slow, and may say it when it is asked again."""
    UNSAID = "unsaid"
    """Slack would not say it, and will not the next time: a scope is missing, say."""
    NOT_OURS = "not ours"
    """Slack says that it is nobody of the workspace: a robot, a stranger, or somebody gone."""


class Calls(Protocol):
    """What is needed of `adapters.slack.client.SlackClient`."""

    async def call(self, team: str, method: str, body: Mapping[str, Any]) -> Answer: ...


class Directory:
    """All workspaces' people, for one event loop.

    `new_id` gives ids that are never given twice. What it is asked about events goes to the
    store at most once an hour for each person. Calls raise `Unavailable` where the store is
    out of reach.
    """

    def __init__(
        self,
        *,
        app: App[Any],
        database: Database[DirectoryWork],
        client: Calls,
        new_id: Callable[[], str],
    ) -> None:
        self._roll = Roll(PLATFORM, app, database, new_id, PACE)
        self._client = client
        self._now = app.now
        self._names: OrderedDict[tuple[str, str], tuple[str, datetime]] = OrderedDict()
        # When somebody last came to a conversation or left it, as this process was told.
        self._moves: OrderedDict[tuple[str, str, str], datetime] = OrderedDict()

    async def open(self, team: str, name: str) -> None:
        """The app is installed in a workspace: its people are read from now on.

        The workspace is kept under the name. To be said at every start too: nothing is read
        again that was read within a day, or is being read.
        """
        await asyncio.to_thread(self._roll.open, team, name)

    async def close(self, team: str) -> None:
        """The app is not in the workspace any more: nothing is read, and nothing at hand."""
        await asyncio.to_thread(self._roll.close, team)
        for key in [key for key in self._names if key[0] == team]:
            del self._names[key]

    async def profile(self, team: str, user: str) -> Profile | Unmet | None:
        """What Slack says of somebody we do not know, or why it says nothing; None when we do.

        People we know cost neither a query nor a call, unless it is long since.
        """
        if self._cached(team, user) is not None:
            return None
        known = await asyncio.to_thread(self._roll.at, team, [user])
        self._cache(team, known.values())
        if user in known and known[user].active:
            return None
        member = await self._ask(team, user)
        if user in known:
            if isinstance(member, Member) and member.active:
                # Who was gone and speaks is back, and Slack has not told us yet.
                self._cache(team, await asyncio.to_thread(self._roll.hear, team, [member]))
            return None
        if isinstance(member, Unmet):
            return member
        if not member.active:
            return Unmet.NOT_OURS
        return Profile(name=member.name, zone=member.zone or "UTC")

    async def names(self, team: str, users: Iterable[str]) -> Mapping[str, str]:
        """The names of those whom we know, by user id."""
        found, missing = dict[str, str](), list[str]()
        for user in dict.fromkeys(users):
            name = self._cached(team, user)
            if name is None:
                missing.append(user)
            else:
                found[user] = name
        if missing:
            known = await asyncio.to_thread(self._roll.at, team, missing)
            self._cache(team, known.values())
            found |= {user: person.name for user, person in known.items()}
        return found

    async def sync(self) -> int:
        """Read the pages that are due, at most one of each workspace; says how many.

        To be called every second or two, by as many processes as like: nothing is read faster
        than its pace for it.
        """
        pages = 0
        while pages < PAGES_AT_ONCE:
            reading = await asyncio.to_thread(self._roll.claim)
            if reading is None:
                break
            pages += 1
            try:
                await self._read(reading)
            except Conflict:
                log.info("somebody else has read the page meanwhile")
        if not pages:
            await asyncio.to_thread(self._roll.drop)
        return pages

    @property
    def hears(self) -> Mapping[str, Hear]:
        """What is done about each kind of event: the workspace and Slack's `event` are given."""
        return {
            "user_change": self._hear_user,
            "team_join": self._hear_user,
            "member_joined_channel": self._hear_joined,
            "member_left_channel": self._hear_left,
        }

    # --- pages ---------------------------------------------------------------------------

    async def _read(self, reading: Reading) -> None:
        page = {"limit": PAGE, "cursor": reading.cursor}
        if reading.conversation is None:
            answer = await self._client.call(reading.external, "users.list", page)
        else:
            page["channel"] = reading.conversation
            answer = await self._client.call(reading.external, "conversations.members", page)
        match answer:
            case Answered(data=data) if reading.conversation is None:
                members = read_members(reading.external, _list(data, "members"))
                keep = self._roll.keep_people
                changed = await asyncio.to_thread(keep, reading, members, read_cursor(data))
                self._renew(reading.external, changed)
            case Answered(data=data):
                name, strangers = await self._about(reading)
                addresses = [each for each in _list(data, "members") if isinstance(each, str)]
                keep_all = self._roll.keep_conversation
                cursor = read_cursor(data)
                await asyncio.to_thread(keep_all, reading, name, addresses, cursor, strangers)
            case Slow(after=after):
                await asyncio.to_thread(self._roll.postpone, reading, after)
            case Refused(error="invalid_cursor"):
                await asyncio.to_thread(self._roll.restart, reading)
            case Refused(error=error):
                log.warning("Slack does not tell who is there", team=reading.external, error=error)
                await asyncio.to_thread(self._roll.refuse, reading)
            case NotSent() | Doubtful():
                await asyncio.to_thread(self._roll.postpone, reading, AWAY_FOR)

    async def _about(self, reading: Reading) -> tuple[str | None, bool | None]:
        """How people call a public channel, since a private one's name is nobody else's business;
        and whether it is shared with other organisations.

        None when Slack does not say, or has been asked on an earlier page.
        """
        if reading.cursor is not None:
            return None, None
        about = {"channel": reading.conversation}
        answer = await self._client.call(reading.external, "conversations.info", about)
        channel = answer.data.get("channel") if isinstance(answer, Answered) else None
        if not isinstance(channel, Mapping):
            return None, None
        name = "" if channel.get("is_private", True) else _clean(channel.get("name"))
        return name and f"#{name}", channel.get("is_ext_shared") is True

    async def _ask(self, team: str, user: str) -> Member | Unmet:
        try:
            async with asyncio.timeout(INFO_PATIENCE.total_seconds()):
                answer = await self._client.call(team, "users.info", {"user": user})
        except TimeoutError:
            return Unmet.UNTOLD
        match answer:
            case Answered(data=data):
                return read_member(team, data.get("user")) or Unmet.NOT_OURS
            case Refused(error=error):
                return Unmet.NOT_OURS if error in _NOBODY else Unmet.UNSAID
            case _:
                return Unmet.UNTOLD

    # --- events --------------------------------------------------------------------------

    async def _hear_user(self, team: str, event: Mapping[str, Any]) -> None:
        member = read_member(team, event.get("user"))
        if member is None:
            return
        known = await asyncio.to_thread(self._roll.at, team, [member.address])
        person = known.get(member.address)
        if person is not None and person.active != member.active:
            member = await self._make_sure(team, member)
        self._renew(team, await asyncio.to_thread(self._roll.hear, team, [member]))

    async def _make_sure(self, team: str, member: Member) -> Member:
        """What is so now of somebody who is said to have gone, or to be back.

        Slack repeats an event that was not acknowledged, and does not keep their order: the
        older one may come last.

        Raises:
            Unavailable: Slack did not say. It tells us of the event again.
        """
        match await self._ask(team, member.address):
            case Member() as told:
                return told
            case Unmet.UNTOLD:
                raise Unavailable
            case Unmet.NOT_OURS:
                return replace(member, active=False)
            case Unmet.UNSAID:
                return member

    async def _hear_joined(self, team: str, event: Mapping[str, Any]) -> None:
        await self._move(team, event, joins=True)

    async def _hear_left(self, team: str, event: Mapping[str, Any]) -> None:
        await self._move(team, event, joins=False)

    async def _move(self, team: str, event: Mapping[str, Any], *, joins: bool) -> None:
        channel, user = event.get("channel"), event.get("user")
        if not (isinstance(channel, str) and isinstance(user, str)):
            return
        who, at = (team, channel, user), read_moment(event.get("event_ts"))
        if at is not None and at <= self._moves.get(who, at - LATE):
            return
        if at is not None and self._now() - at > LATE:
            # It was told before, perhaps, and they may have gone and come since.
            await asyncio.to_thread(self._roll.renew, team, channel)
        else:
            await asyncio.to_thread(self._roll.move, team, channel, user, joins=joins)
        if at is not None:
            self._moves[who] = at
            if len(self._moves) > CACHED:
                self._moves.popitem(last=False)

    # --- names at hand -------------------------------------------------------------------

    def _cached(self, team: str, user: str) -> str | None:
        found = self._names.get((team, user))
        if found is None or found[1] <= self._now():
            return None
        self._names.move_to_end((team, user))
        return found[0]

    def _cache(self, team: str, people: Iterable[Person]) -> None:
        until = self._now() + CACHED_FOR
        for person in people:
            if person.active:
                self._names[team, person.address] = (person.name, until)
                self._names.move_to_end((team, person.address))
        while len(self._names) > CACHED:
            self._names.popitem(last=False)

    def _renew(self, team: str, people: Iterable[Person]) -> None:
        """Of a page only those are at hand afterwards who were before."""
        self._cache(team, [p for p in people if (team, p.address) in self._names])


def read_cursor(data: Mapping[str, Any]) -> str | None:
    """The cursor of the next page, None after the last."""
    about = data.get("response_metadata")
    cursor = about.get("next_cursor") if isinstance(about, Mapping) else None
    return cursor if isinstance(cursor, str) and cursor else None


def read_moment(ts: object) -> datetime | None:
    """The moment of an event, aware UTC; None where Slack did not say."""
    try:
        return datetime.fromtimestamp(float(ts), UTC) if isinstance(ts, str) else None
    except (ValueError, OverflowError, OSError):
        return None


def read_members(team: str, users: Iterable[object]) -> list[Member]:
    """Those of Slack's users who are people of the workspace."""
    return [member for user in users if (member := read_member(team, user)) is not None]


def read_member(team: str, user: object) -> Member | None:
    """A user of Slack's as a member of the workspace.

    None for robots, for strangers (people of other workspaces, in a shared channel) and for
    those who were invited and have not come yet. Guests of this workspace are members. Who is
    only in other workspaces of the organisation is not active.
    """
    if not isinstance(user, Mapping):
        return None
    id_ = user.get("id")
    if not isinstance(id_, str) or not id_ or id_ == "USLACKBOT":
        return None
    is_elsewhere = _is_elsewhere(team, user)
    if not (is_elsewhere or _is_ours(team, user)):
        return None
    if any(user.get(flag) for flag in ("is_bot", "is_workflow_bot", "is_invited_user")):
        return None
    about = user.get("profile")
    profile = about if isinstance(about, Mapping) else {}
    called = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"))
    names = (_clean(name) for name in (*called, user.get("name")))
    return Member(
        address=id_,
        name=next((name for name in names if name), id_),
        zone=known_zone(user.get("tz")),
        active=not (user.get("deleted") or is_elsewhere),
        mark=str(user.get("updated", "")),
    )


def _is_elsewhere(team: str, user: Mapping[str, Any]) -> bool:
    """Whether Slack says of somebody of the organisation that they are in workspaces, and in
    this one not: who was moved to another one leaves."""
    about = user.get("enterprise_user")
    if user.get("is_stranger") or not isinstance(about, Mapping):
        return False
    teams: Any = about.get("teams") or ()
    return len(teams) > 0 and team != about.get("enterprise_id") and team not in teams


def _is_ours(team: str, user: Mapping[str, Any]) -> bool:
    if user.get("is_stranger"):
        return False
    enterprise = user.get("enterprise_user")
    if isinstance(enterprise, Mapping):
        # On an Enterprise Grid `team_id` may be any workspace of the organisation.
        teams = enterprise.get("teams")
        return team == enterprise.get("enterprise_id") or not teams or team in teams
    return user.get("team_id") in {None, team}


def _clean(name: object) -> str:
    """A name in one line, without what would change the words around it."""
    text = name if isinstance(name, str) else ""
    kept = (" " if c.isspace() else c for c in text)
    words = "".join(
        c for c in kept if c in _JOINERS or unicodedata.category(c) not in {"Cc", "Cf", "Cs"}
    )
    return " ".join(words.split())[:LONGEST_NAME].strip()


def _list(data: Mapping[str, Any], name: str) -> Sequence[object]:
    found = data.get(name)
    return found if isinstance(found, list) else ()
