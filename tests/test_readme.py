"""What the README tells a stranger to try does what it says."""

import re
from pathlib import Path

import pytest

from bot.search import Entry, TextIndex, Vectors
from content.load import load_starter

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
ANSWERS = (
    "Hand in the receipt with the expense form and name the client in the reason line.",
    "Use the expenses app.",
    "Just take the train next time!",
)


@pytest.mark.parametrize("vectors", [True, False], ids=["vectors", "lexical"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_the_second_question_of_the_story_finds_the_answer_to_the_first(
    vectors: bool, answer: str
) -> None:
    asked, in_other_words = re.findall(r"`/ask ([A-Z][^`]*\?)`", README)[:2]
    table = Vectors.load() if vectors else None
    if vectors and table is None:
        pytest.skip("the [vectors] extra is not installed")
    index = TextIndex(table)
    for entry in load_starter().faq:
        index.add(Entry(entry.id, entry.title, entry.text, entry.phrasings))
    first = index.search(asked)
    assert not first or first[0].score < index.thresholds.suggest, "it goes to a colleague"
    index.add(Entry("answer", asked, answer))
    best = index.search(in_other_words)[0]
    assert best.id == "answer"
    assert best.score >= index.thresholds.answer
