"""`inflow content stats`: what answers tell of quizzes, for who writes them."""

from bot.bootstrap.figure import _tell_decisions, tell_figures
from bot.pack.statistic import Given
from tests.capabilities.library.test_caring import is_unclear
from tests.capabilities.library.writing import LibraryWorld
from tests.capabilities.quizzes.taking import choice, quiz_of
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
    assert lines[1].startswith("  median 0.00, skewness 0.78, kurtosis -1.44")
    [rule] = [line for line in lines if "the rule passes" in line]
    assert "(" not in rule
    assert rule.startswith("  the rule passes 99% of who gets 95% right, 94% of who gets 90% right")
    more = lines[lines.index("  item share-1: n 30, right 0% (0% to 11%), 0 s") + 1]
    assert more.startswith("    guessing ")
    assert more.endswith("how sure when wrong 3.0 of 3")
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
    rule = (
        "  the rule passes 99% of who gets 95% right, 94% of who gets 90% right, "
        "80% of who gets 80% right, 42% of who gets 60% right"
    )
    assert told(world) == [
        "quiz data: fewer than 10 people",
        rule,
        "  item share-1: fewer than 10 people",
        "",
        "Nothing waits to be made clearer.",
    ]


def test_a_form_of_a_fixed_length_says_how_far_it_can_be_relied_on(world: LibraryWorld) -> None:
    judged = [choice(f"share-{n}", "share", angoff=(0.6, 0.7, 0.8, 0.7, 0.7)) for n in range(1, 5)]
    world.opens_quiz(quiz_of(judged, mode="fixed", form={"share": 4}, cut="angoff"))
    assert "  judges expect 70% (64% to 76%) right of who is just competent" in told(world)
    with world.database.transaction() as work:
        kept = work.packs.quiz(WORKSPACE, "data")
    assert kept is not None
    given = [
        Given(f"share-{item}", f"a{who}", mark, right=mark > 0)
        for who in range(12)
        for item, mark in enumerate([1.0] * (1 + who % 4) + [0.0] * (3 - who % 4))
    ]
    [line] = _tell_decisions(kept.value, given)
    # By hand: M = .625, S² = .0781, λ = .75; phi = 1 - (.2344 - .0781) / (.0156 + .0781) / 3.
    assert line.startswith("  at the cut of 3 of 4: dependability 0.44, a form like it decides ")
