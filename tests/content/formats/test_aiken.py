"""Aiken: what is read, and what is refused with its line."""

import pytest

from content.formats import aiken
from content.formats.item import to_item

GOOD = """\
Which bus goes
to the mill?
A. The 12
B) The 14

ANSWER: B

Which one goes back?
A. The 12
B. The 14
C. The 9
answer: a
"""


def test_questions_become_drafts() -> None:
    reading = aiken.read(GOOD.encode())
    assert list(reading.problems) == []
    assert [question.line for question in reading.questions] == [1, 8]
    first, second = (to_item(question, "x", "y").item for question in reading.questions)
    assert first.stem == "Which bus goes\nto the mill?"
    told = [(o["text"], o["score"]) for o in first.model_dump()["options"]]
    assert told == [("The 12", 0.0), ("The 14", 1.0)]
    assert [o["score"] for o in second.model_dump()["options"]] == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("ANSWER: A", 1, "an answer without a question before it: write"),
        ("A. x\nB. y\nANSWER: A", 1, "options without a question before them: write"),
        ("How?\nA. x\nB. y\nANSWER: C", 4, "the answer is one of A, B, and not 'C'"),
        ("How?\nA. x\nB. y\nANSWER:", 4, "the answer is one of A, B, and not ''"),
        ("How?\nA. x\nB. y\nANSWER: A, B", 4, "the answer is one of A, B, and not 'A, B'"),
        ("How?\nA. x\nANSWER: A", 3, "fewer than two options: write"),
        ("How?\nANSWER: A", 2, "fewer than two options: write"),
        ("How?\nA. x\nC. y\nANSWER: A", 3, "option C stands where option B is due: letter them"),
        ("How?\na. x\nb. y\nANSWER: A", 2, "begins with a capital letter, a point and a space"),
        ("How?\nA.x\nB.y\nANSWER: A", 2, "begins with a capital letter, a point and a space"),
        ("How?\nA. x\nB. y\nAnd?\nA. x\nB. y\nANSWER: A", 4, "has no answer: end it with"),
        ("How?\nA. x\nB. y", 1, "has no answer: end it with"),
    ],
)
def test_what_is_no_question_is_named_once_with_its_line(text: str, line: int, says: str) -> None:
    reading = aiken.read(f"{text}\n\nFine?\nA. x\nB. y\nANSWER: B\n".encode())
    if text.endswith("B. y"):
        # Only the next question shows that it had no answer.
        line = 5
    (problem,) = reading.problems
    assert (problem.line, problem.refused) == (line, True)
    assert says in problem.message
    assert "Fine?" in [question.stem.text for question in reading.questions]
