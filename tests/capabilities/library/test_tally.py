"""How the questions of a quiz do, as whoever looks after its topic sees it."""

import pytest

from bot.capabilities.library import messages
from bot.capabilities.library.model import Standing
from bot.message import Button, Buttons
from bot.pack.statistic import Given, item_statistics
from bot.plain import render_plain
from tests.capabilities.library.writing import LibraryWorld
from tests.capabilities.quizzes.taking import TWO, quiz_of


def figures(world: LibraryWorld, who: str) -> str:
    world.says(who, "/improve")
    world.presses(who, "How the questions do")
    return world.last(who)


def buttons(world: LibraryWorld, who: str) -> list[Button]:
    parts = world.hears(who)[-1].message.parts
    return [b for part in parts if isinstance(part, Buttons) for b in part.buttons]


def test_the_worst_question_stands_first_and_says_what_is_wrong(world: LibraryWorld) -> None:
    world.writes_all()
    world.is_taken("share-1", right=18, wrong=2)
    world.is_taken("keep-1", right=0, wrong=12, after=20)
    for who in ("sam", "dana"):
        told = figures(world, who)
        assert told.index("Case keep-1") < told.index("Case share-1")
        assert "12 people, 0% right" in told
        assert "20 people, 90% right" in told
        assert "Nobody who was asked this so far got all of it right." in told
    assert "Of 10 questions nothing is said" in told
    world.presses("dana", "Change it")
    assert world.form is not None


def test_of_fewer_than_ten_people_nothing_is_told(world: LibraryWorld) -> None:
    world.writes_all()
    world.is_taken("share-1", right=0, wrong=9)
    told = figures(world, "sam")
    assert "Case share-1" not in told
    assert "right" not in told
    assert "Of 12 questions nothing is said" in told


def test_many_questions_stand_on_pages_in_one_place(world: LibraryWorld) -> None:
    world.writes_all()
    for number, item in enumerate(TWO[:9]):
        world.is_taken(item.id, right=10, wrong=number, after=20 * number)
    seen = [figures(world, "sam")]
    before = len(world.hears("sam"))
    for _ in range(2):
        world.presses("sam", "Next page")
        seen.append(world.last("sam"))
    assert len(world.hears("sam")) == before
    assert [sum(f"Case {item.id}:" in page for item in TWO) for page in seen] == [4, 4, 1]
    assert "Next page" not in [button.label for button in buttons(world, "sam")]


@pytest.mark.parametrize(
    ("people", "agree", "said"),
    [
        (60, 60, "It tells well apart who can do it from who cannot."),
        (60, 0, "Who does well with the others does worse here."),
        (60, 30, "Too little is known to say whether it tells apart"),
        (40, 40, "Too little is known to say whether it tells apart"),
    ],
)
def test_it_is_said_in_words_whether_a_question_tells_people_apart(
    people: int, agree: int, said: str
) -> None:
    given = []
    for number in range(people):
        first = number % 2 == 0
        second = first if number < agree else not first
        given += [
            Given("a", str(number), float(first), first),
            Given("b", str(number), float(second), second),
        ]
    known = item_statistics(given)["a"]
    message = messages.items(quiz_of(TWO), [Standing(TWO[0], known, [])], 0, 0)
    assert said in render_plain(message)


def test_of_several_quizzes_one_is_chosen(world: LibraryWorld) -> None:
    world.writes_all()
    world.opens_quiz(quiz_of(TWO).model_copy(update={"id": "other", "title": "Another"}))
    world.says("sam", "/improve")
    world.chooses_in("sam", "How the questions do in", "Another")
    assert "Another: how its questions do" in world.last("sam")


def test_nobody_else_sees_it(world: LibraryWorld) -> None:
    world.writes_all()
    world.is_taken("share-1", right=0, wrong=20)
    figures(world, "sam")
    for who in ("ana", "kim"):
        for args in ({"quiz": "data"}, {"quiz": "gone"}, {}):
            world.forges(who, "library.items", args)
            assert "I could not find that any more." in world.last(who)
