"""Quizzes as talks: who is asked what, who hears what, and what follows."""

from tests.capabilities.quizzes.taking import TWO, QuizWorld, choice, quiz_of


def test_from_hello_to_passed_without_reading_anything(either_world: QuizWorld) -> None:
    world = either_world
    world.opens_quiz(quiz_of(TWO))
    world.says("ana", "/quiz")
    assert "Customer data" in world.last("ana")
    world.begins("ana")
    assert "question 1 of 4 to 6" in world.last("ana")
    world.decides("ana", True, True, True, True)
    assert world.quiz_state("ana") == "passed"
    assert "You have passed “Customer data”" in world.last("ana")
    assert "about 6 minutes given back to you" in world.last("ana")


def test_the_offer_says_what_to_expect_and_leads_three_ways(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.says("ana", "/quiz data")
    assert [button.label for button in world.hears("ana")[-1].buttons] == [
        "Check myself",
        "Read first",
        "Not now",
    ]
    assert "Check yourself first: 4 to 6 questions, about 4 minutes." in world.last("ana")
    assert "You can leave at any time and come back." in world.last("ana")


def test_the_offer_counts_the_minutes_that_an_author_is_told(world: QuizWorld) -> None:
    """Those of a usual attempt, not of the longest that there can be."""
    items = [choice(f"{o}-{n}", o) for o in ("one", "two") for n in range(10)]
    world.opens_quiz(quiz_of(items, mode="gate_sprt"))
    world.says("ana", "/quiz data")
    assert "8 to 20 questions, about 10 minutes." in world.last("ana")
