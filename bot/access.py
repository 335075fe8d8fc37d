"""Who may do what. Handlers check here first, even when the button was hidden."""

from enum import StrEnum

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


K_ANONYMOUS = 5
"""An aggregate over fewer people than this does not exist (product.md N7)."""

_RIGHTS: dict[Role, frozenset[Right]] = {
    Role.COMMUNITY_MANAGER: frozenset(Right),
    Role.PEOPLE_MANAGER: frozenset(),
    Role.AUDITOR: frozenset(),
    Role.OPERATOR: frozenset(),
}


def may(person: Person, right: Right) -> bool:
    """Whether one of the person's roles gives the right."""
    return person.active and any(right in _RIGHTS[role] for role in person.roles)


def require(person: Person, right: Right) -> None:
    """Raises NotAllowed unless the person has the right."""
    if not may(person, right):
        raise NotAllowed
