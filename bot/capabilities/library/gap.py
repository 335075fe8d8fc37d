"""What people keep asking and the FAQ does not say (domain.md 1.11, `faq_gap`). Pure."""

from collections.abc import Sequence

from bot.capabilities.library.ports import Asked
from bot.ids import QuestionId
from bot.search import Entry, TextIndex

ALIKE = 0.4
"""Share of a question's likeness to itself from which on another one asks the same. Of 60 questions
drawn at random from labelled sets of banking, assistants, health and computing half of those that
are then put together ask the very same (of 80 to 150 things that are asked there), in the last
97 %: enough for somebody who reads them all before they do anything."""


def find_unsaid(questions: Sequence[Asked], entries: Sequence[Entry]) -> Sequence[Asked]:
    """The questions that no entry answers, as search would show it."""
    index = TextIndex()
    for entry in entries:
        index.add(entry)
    enough = index.thresholds.answer
    return [
        question
        for question in questions
        if not any(hit.score >= enough for hit in index.search(question.text, limit=1))
    ]


def find_gap(unsaid: Sequence[Asked]) -> Sequence[QuestionId]:
    """The most of them that ask the same as one of them, the first asked first."""
    index = TextIndex()
    for question in unsaid:
        index.add(Entry(question.question, question.text, ""))
    same: set[str] = set()
    for question in unsaid:
        hits = index.search(question.text, limit=len(unsaid))
        # How near it is to itself is what the others are held to: in a few questions of one
        # topic all words are common, and all scores low.
        itself = next((hit.score for hit in hits if hit.id == question.question), 1.0)
        near = {hit.id for hit in hits if hit.score >= ALIKE * itself} | {question.question}
        same = max(same, near, key=len)
    asked = sorted(unsaid, key=lambda question: (question.at, question.number))
    return [question.question for question in asked if question.question in same]
