"""`inflow content stats`: what answers tell of quizzes, for who writes them."""

from bot.bootstrap.figure import tell_figures
from tests.capabilities.library.test_caring import is_unclear
from tests.capabilities.library.writing import LibraryWorld
from tests.world import WORKSPACE


def told(world: LibraryWorld) -> list[str]:
    with world.database.transaction() as work:
        return tell_figures(work, WORKSPACE, "data")


def test_items_have_their_figures_and_flags_and_issues_their_state(
    either_world: LibraryWorld,
) -> None:
    world = either_world
    world.writes_all()
    world.is_taken("share-1", right=0, wrong=30, chosen="c", certainty=3)
    world.is_taken("share-2", right=15, wrong=5)
    world.is_taken("keep-1", right=4, wrong=5)
    is_unclear(world)
    lines = told(world)
    assert lines[0].startswith("quiz data: 59 people, mean 0.32, sd 0.47")
    assert "  item share-1: n 30, right 0% (0% to 11%), 0 s" in lines
    assert "  item share-2: n 20, right 75% (53% to 89%), 0 s" in lines
    assert "  item keep-1: fewer than 10 people" in lines
    flags = [line.split(" (")[0] for line in lines if line.startswith("  flag")]
    assert "  flag everybody_wrong item:share-1" in flags
    assert "  flag misconception item:share-1" in flags
    assert lines[-1] == "issue section_unclear section:read-share: open (n 3)"


def test_of_too_few_nothing_is_told(world: LibraryWorld) -> None:
    world.writes_all()
    world.is_taken("share-1", right=0, wrong=9)
    assert told(world) == [
        "quiz data: fewer than 10 people",
        "  item share-1: fewer than 10 people",
        "",
        "Nothing waits to be made clearer.",
    ]
