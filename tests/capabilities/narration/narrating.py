"""What the tests of narration do again and again."""

from datetime import UTC, datetime

from bot.capabilities.narration.model import STATES, Narration
from bot.ids import PersonId
from bot.people import Role
from bot.reply import Reply
from tests.world import World

FRIDAY = datetime(2026, 3, 6, 14, 0, tzinfo=UTC)


def own(world: World, who: str) -> list[Narration]:
    """The person's own, the newest first."""
    with world.database.transaction() as work:
        return list(work.narrations.own(PersonId(who), STATES, 100))


def write(world: World, who: str, words: str, sort: str = "learned") -> None:
    world.says(who, f"/narrate {sort} {words}")


def propose(world: World, who: str, **values: str) -> Reply:
    """*Share…*, and the form; nothing is shared by that."""
    world.presses(who, "Share…")
    return world.fills(who, **values)


def share(world: World, who: str, words: str, sort: str = "learned", **values: str) -> None:
    """Write something and share it, by default with everybody."""
    write(world, who, words, sort)
    propose(world, who, **({"reach": "everybody"} | values))
    world.presses(who, "Share")


def leads(world: World, who: str, team: str, *members: str) -> None:
    """Somebody is people manager of a team."""
    manager = world.find_person(who)
    world.changes(who, roles=manager.roles | {Role.PEOPLE_MANAGER}, team=team)
    for member in members:
        world.changes(member, team=team, manager=manager.id)
