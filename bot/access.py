"""Who may do what. Handlers check here first, even when the button was hidden."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from bot.errors import NotAllowed
from bot.people import Person, Role


class Right(StrEnum):
    CURATE = "curate"
    """Review, publish, retire and merge FAQ articles of every topic."""
    SEE_UNANSWERED = "see_unanswered"
    """See which questions found nobody."""
    ADD_TOPIC = "add_topic"
    """Open a topic and name its steward."""
    SET_CALENDAR = "set_calendar"
    """Say which days are off for the whole organisation."""
    RUN_CAMPAIGN = "run_campaign"
    """Write to many at once, and see what became of it."""
    APPROVE_CAMPAIGN = "approve_campaign"
    """Say that somebody else's campaign may begin."""
    NAME_ROLES = "name_roles"
    """Say who has which role."""
    AUDIT = "audit"
    """See who holds what is mandatory, and the evidence for it."""


K_ANONYMOUS = 5
"""An aggregate over fewer people than this does not exist (product.md N7)."""

_RIGHTS: dict[Role, frozenset[Right]] = {
    # Who looks after a community need not know who has passed what.
    Role.COMMUNITY_MANAGER: frozenset(Right) - {Right.AUDIT},
    Role.PEOPLE_MANAGER: frozenset(),
    Role.AUDITOR: frozenset({Right.AUDIT}),
    Role.OPERATOR: frozenset(),
    Role.APPROVER: frozenset({Right.APPROVE_CAMPAIGN}),
    Role.STEWARD: frozenset(),
}


def may(person: Person, right: Right) -> bool:
    """Whether one of the person's roles gives the right."""
    return person.active and any(right in _RIGHTS[role] for role in person.roles)


def roles_of_use() -> tuple[Role, ...]:
    """The roles that give any right: only these are given and taken."""
    return tuple(role for role, rights in _RIGHTS.items() if rights)


def roles_with(right: Right) -> tuple[Role, ...]:
    """The roles that give the right."""
    return tuple(role for role, rights in _RIGHTS.items() if right in rights)


class Lacking(NotAllowed):
    """You may not do this."""

    def __init__(self, right: Right) -> None:
        super().__init__()
        self.right = right
        """What the person would need. Who has it is named by who knows (`bot.app.App`)."""


def require(person: Person, right: Right) -> None:
    """Raises Lacking unless the person has the right."""
    if not may(person, right):
        raise Lacking(right)


@dataclass(frozen=True, slots=True)
class Administrators:
    """Who looks after a workspace to begin with, by their addresses there.

    Those who are `named` are community managers from the first thing that they do, and again
    whenever the role was taken from them. The `installer` becomes one while nobody is.
    """

    named: frozenset[str] = frozenset()
    installer: str | None = None


AdministratorsOf: TypeAlias = Callable[[str, str], Administrators]
"""By the name of a platform and the platform's own id of a workspace."""

NO_ADMINISTRATORS = Administrators()


def name_nobody(_platform: str, _workspace: str) -> Administrators:
    """`AdministratorsOf` for a place where roles are given in another way."""
    return NO_ADMINISTRATORS


def is_due_to_manage(
    person: Person, administrators: Administrators, has_manager: Callable[[], bool]
) -> bool:
    """Whether the person is to become a community manager now. `has_manager` is asked for the
    installer only: whether anybody is one already."""
    if Role.COMMUNITY_MANAGER in person.roles:
        return False
    if person.address in administrators.named:
        return True
    return person.address == administrators.installer and not has_manager()


def give(person: Person, role: Role) -> Person:
    """The person with the role."""
    return replace(person, roles=person.roles | {role})


def take(person: Person, role: Role) -> Person:
    """The person without the role."""
    return replace(person, roles=person.roles - {role})
