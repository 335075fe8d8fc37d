"""Questions that ask the same, and those that the FAQ does not answer."""

from datetime import timedelta

from bot.capabilities.library.gap import find_gap, find_unsaid
from bot.capabilities.library.ports import Asked
from bot.ids import QuestionId
from bot.search import Entry
from tests.storage.example import NOW

OTHERS = ("May I take a taxi home late?", "What is the hotel limit in Paris?")


def questions(*texts: str) -> list[Asked]:
    """The last asked first."""
    asked = [
        Asked(QuestionId(f"q{number}"), number, text, NOW + timedelta(days=number))
        for number, text in enumerate(texts, 1)
    ]
    return asked[::-1]


def test_those_that_ask_the_same_are_found_among_others() -> None:
    trains = ("How do I book a train?", "How do I book a train to Lyon?", "how to book a train")
    assert find_gap(questions(*trains)) == ["q1", "q2", "q3"]
    assert find_gap(questions(OTHERS[0], *trains, OTHERS[1])) == ["q2", "q3", "q4"]
    assert find_gap(questions(*["How do I book a train?"] * 3)) == ["q1", "q2", "q3"]


def test_what_differs_stands_alone() -> None:
    assert len(find_gap(questions(*OTHERS, "Where is the printer?"))) == 1
    alike = ("May I take a taxi?", "May I take my dog to the office?", "May I work from home?")
    assert len(find_gap(questions(*alike))) == 1
    assert find_gap([]) == []
    # A sign is no word.
    assert len(find_gap(questions("?", "!", "..."))) == 1


def test_what_an_entry_answers_is_said() -> None:
    asked = questions("How do I book a train?", OTHERS[0])
    entries = [Entry("a", "How do I book a train?", "In the travel portal.")]
    assert [question.question for question in find_unsaid(asked, entries)] == ["q2"]
    assert find_unsaid(asked, []) == asked
