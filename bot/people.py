"""People and their time: who they are, when they work, what they allow.

All instants are aware UTC. Local time appears only through `zone`.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.ids import PersonId, WorkspaceId


class Role(StrEnum):
    """Rights beyond everybody's, kept in our own tables. See `bot.access`."""

    COMMUNITY_MANAGER = "community_manager"
    PEOPLE_MANAGER = "people_manager"
    AUDITOR = "auditor"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """Local wall-clock hours on ISO weekdays (Monday is 1). `end` may not be before `start`."""

    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    start: time = time(9)
    end: time = time(17)


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
    manager: PersonId | None = None
    weekly_cap: int = 5
    """How many questions a week the person is glad to be asked (soft cap)."""
    asks_welcome: bool = True
    """False: the person wants no questions at all, whatever the topic."""
    paused_until: datetime | None = None
    """Unsolicited messages wait until then, as the person wished."""
    away_until: datetime | None = None
    """On leave, as calendar or platform told us."""
    active: bool = True
    """False once the person has left the workspace."""
    country: str | None = None
    """Whose public holidays are days off: ISO 3166-1, with ISO 3166-2 after a hyphen
    (`DE-BY`). None: the workspace's."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One Slack team or Teams tenant. `external` is the platform's own id for it."""

    id: WorkspaceId
    platform: str
    external: str
    name: str
    country: str | None = None


def local(person: Person, instant: datetime) -> datetime:
    """`instant` on the person's own clock."""
    return instant.astimezone(ZoneInfo(person.zone))


def is_away(person: Person, now: datetime) -> bool:
    """Whether the person has left, is on leave or has paused."""
    return (
        not person.active
        or (person.away_until is not None and now < person.away_until)
        or (person.paused_until is not None and now < person.paused_until)
    )


def is_working(person: Person, now: datetime) -> bool:
    """Whether `now` lies in the person's working hours; always, for somebody without any."""
    if not person.hours.weekdays or person.hours.start >= person.hours.end:
        return True
    here = local(person, now)
    return (
        here.isoweekday() in person.hours.weekdays
        and person.hours.start <= here.time() < person.hours.end
    )


def pause(person: Person, until: datetime | None) -> Person:
    """The person with unsolicited messages paused until `until` (None ends the pause)."""
    return replace(person, paused_until=until)
