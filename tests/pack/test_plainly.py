"""What is plainly a question, and what may be an answer."""

import pytest

from bot.pack.plainly import is_question

CHOICES = ["Send it", "Ask first.", ""]


@pytest.mark.parametrize(
    "said",
    [
        "How do I claim the taxi from a client visit?",
        "how do I claim a taxi",
        "Who knows about taxis?",
        "Hi, my laptop is broken. Who can help me?",
        "Is it allowed to forward this to my own address?",
        "what should we do when the lift stops",
    ],
)
def test_a_question_is_one(said: str) -> None:
    assert is_question(said, CHOICES)


@pytest.mark.parametrize(
    "said",
    [
        "banana",
        "banana?",
        "the second one?",
        "Is it B?",
        "is it 3?",
        "Is it perhaps the third?",
        "Should I ask first?",
        "what is best is to lock it",
        "What should be done is to lock it",
        "who should know is the lead",
        "How I would do it is to call them",
        "I do not know",
        "Which option is meant here?",
    ],
)
def test_what_may_be_an_answer_is_no_question(said: str) -> None:
    assert not is_question(said, CHOICES)
