"""People and their time: who they are, when they work, what they allow.

All instants are aware UTC. Local time appears only through `zone`.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import structlog

from bot.holiday import NO_DAYS_OFF, DaysOff
from bot.ids import PersonId, TopicId, WorkspaceId

log = structlog.get_logger()

UNTIL_BACK = datetime(9000, 1, 1, tzinfo=UTC)
"""`Person.away_until` of somebody whom their platform lets nobody write to: see `is_cut_off`."""


class Role(StrEnum):
    """Rights beyond everybody's, kept in our own tables. See `bot.access`."""

    COMMUNITY_MANAGER = "community_manager"
    PEOPLE_MANAGER = "people_manager"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    APPROVER = "approver"
    """Says whether a campaign of somebody else may begin."""
    STEWARD = "steward"
    """Looks after one topic, which names them (`bot.topic.Topic.steward`): no right of its own."""


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """Local wall-clock hours on ISO weekdays (Monday is 1).

    An `end` before `start` is on the next day: a shift belongs to the day on which it begins.
    """

    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    start: time = time(9)
    end: time = time(17)

    @property
    def go_overnight(self) -> bool:
        return self.end < self.start


@dataclass(frozen=True, slots=True)
class Person:
    """One member of a workspace. `address` is how the platform reaches them."""

    id: PersonId
    workspace: WorkspaceId
    address: str
    name: str
    zone: str = "UTC"
    hours: WorkingHours = field(default_factory=WorkingHours)
    roles: frozenset[Role] = frozenset()
    team: str | None = None
    site: str | None = None
    manager: PersonId | None = None
    """This, team and site only the organisation itself can tell: see `bot.roster`."""
    weekly_cap: int = 5
    """How many questions a week the person is glad to be asked (soft cap)."""
    asks_welcome: bool = True
    """False: the person wants no questions at all, whatever the topic."""
    paused_until: datetime | None = None
    """Unsolicited messages wait until then, as the person wished."""
    away_until: datetime | None = None
    """On leave, as calendar or platform told us; `UNTIL_BACK` while nobody can write to them."""
    active: bool = True
    """False once the person has left the workspace."""
    country: str | None = None
    """Whose public holidays are days off: ISO 3166-1, with ISO 3166-2 after a hyphen
    (`DE-BY`). None: the workspace's."""
    days_off: DaysOff = field(default=NO_DAYS_OFF, compare=False, repr=False)
    """The days that follow from `country` or the workspace's, with the organisation's and the
    person's own. The store fills it in and never saves it; a change of country shows in a
    person who is read again."""


@dataclass(frozen=True, slots=True)
class RoleChange:
    """Somebody was given a role, or it was taken from them. `by` None: by how Inflow was set up
    here (see `bot.access.Administrators`). `topic` is what a steward looks after."""

    workspace: WorkspaceId
    person: PersonId
    role: Role
    gives: bool
    by: PersonId | None
    at: datetime
    topic: TopicId | None = None


@dataclass(frozen=True, slots=True)
class Workspace:
    """One Slack team or Teams tenant. `external` is the platform's own id for it."""

    id: WorkspaceId
    platform: str
    external: str
    name: str
    country: str | None = None


@lru_cache(maxsize=2_000)
def zone_of(name: str) -> ZoneInfo:
    """The IANA zone of that name; UTC, said once in the log, where this machine lacks it."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        log.warning("this machine does not know a time zone; it counts as UTC", zone=name[:60])
        return ZoneInfo("UTC")


def local(person: Person, instant: datetime) -> datetime:
    """`instant` on the person's own clock."""
    return instant.astimezone(zone_of(person.zone))


def has_hours(person: Person) -> bool:
    """False for somebody without working hours, who is taken to work round the clock."""
    return bool(person.hours.weekdays) and person.hours.start != person.hours.end


def works_on(person: Person, day: date) -> bool:
    """Whether a local day is one of the person's working days, holidays and own days minded."""
    weekdays = person.hours.weekdays
    return (not weekdays or day.isoweekday() in weekdays) and day not in person.days_off


def is_away(person: Person, now: datetime) -> bool:
    """Whether the person has left, is on leave or has paused."""
    return (
        not person.active
        or (person.away_until is not None and now < person.away_until)
        or (person.paused_until is not None and now < person.paused_until)
    )


def is_cut_off(person: Person) -> bool:
    """Whether the person has blocked the bot or does not have it, so that nothing reaches them
    until they are back (see `bot.app.App.note_reach`)."""
    return person.away_until == UNTIL_BACK


def is_working(person: Person, now: datetime) -> bool:
    """Whether `now` lies in the person's working hours, on a day that is not off.

    For somebody without hours every moment of such a day does.
    """
    here, hours = local(person, now), person.hours
    day, clock = here.date(), here.time()
    if not has_hours(person):
        return day not in person.days_off
    if not hours.go_overnight:
        return works_on(person, day) and hours.start <= clock < hours.end
    if clock < hours.end:
        return works_on(person, day - timedelta(days=1))
    return works_on(person, day) and hours.start <= clock


def pause(person: Person, until: datetime | None) -> Person:
    """The person with unsolicited messages paused until `until` (None ends the pause)."""
    return replace(person, paused_until=until)


def departed(person: Person) -> Person:
    """The person who has left: what is kept is how their platform calls them, and their name,
    which stands where they wrote something for others."""
    return Person(
        id=person.id,
        workspace=person.workspace,
        address=person.address,
        name=person.name,
        active=False,
    )
