"""GIFT as another parser reads it: every file of gift-pegjs that is there gives what is
expected of it, when both are put in the same words."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from content.formats import gift
from content.formats.item import to_item
from content.formats.question import (
    Answer,
    Choice,
    Description,
    Essay,
    Matches,
    Number,
    Numerical,
    Order,
    Question,
    Refused,
    Rich,
    TrueFalse,
    Written,
)
from tests.search.shared_data import ABSENT, find_shared_data

DATA = find_shared_data()
FOLDER = DATA / "formats" / "gift-pegjs" if DATA is not None else Path("absent")
FILES = sorted(FOLDER.glob("*.gift"))


@pytest.mark.skipif(not FILES, reason=ABSENT)
def test_there_is_something_to_compare() -> None:
    assert all(file.with_suffix(".json").is_file() for file in FILES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_gives_what_is_expected_of_it(file: Path) -> None:
    reading = gift.read(file.read_bytes())
    assert [problem for problem in reading.problems if problem.refused] == []
    expected = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    wanted = [_normal(one) for one in expected if one["type"] != "Category"]
    assert [_told(question) for question in reading.questions] == wanted


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_becomes_drafts_or_is_refused_with_a_reason(file: Path) -> None:
    for question in gift.read(file.read_bytes()).questions:
        reason = _reason(question)
        assert reason is None or (reason.line == question.line and ": " in reason.message)


def _reason(question: Question) -> Refused | None:
    """Why it becomes no draft, if it does not."""
    try:
        item = to_item(question, "an-id", "an-objective").item
    except Refused as refused:
        return refused
    assert item.status == "draft"
    return None


def _normal(one: dict[str, Any]) -> dict[str, Any]:
    """The expected question, with numbers as numbers and nothing that goes without saying."""
    kept = ("type", "title", "id", "stem", "globalFeedback", "hasEmbeddedAnswers", "matchPairs",
            "isTrue", "trueFeedback", "falseFeedback")  # fmt: skip
    told = {name: one[name] for name in kept if one.get(name) is not None}
    if one.get("tags"):
        told["tags"] = one["tags"]
    choices = one.get("choices")
    if one["type"] == "Numerical":
        listed: list[dict[str, Any]] = (
            choices if isinstance(choices, list) else [{"text": choices, "isCorrect": True}]
        )
        told["choices"] = [_clean({**choice, "text": _range(choice["text"])}) for choice in listed]
    elif choices is not None:
        told["choices"] = [_clean(choice) for choice in choices]
    return told


def _clean(choice: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in choice.items() if value is not None}
    if "weight" in told:
        told["weight"] = Decimal(str(told["weight"]))
    return told


def _range(said: dict[str, Any]) -> tuple[Decimal, Decimal] | str:
    if said["type"] == "high-low":
        low, high = Decimal(str(said["numberLow"])), Decimal(str(said["numberHigh"]))
        return (low + high) / 2, (high - low) / 2
    if "number" not in said:
        return "*"
    return Decimal(str(said["number"])), Decimal(str(said.get("range", 0)))


def _told(question: Question) -> dict[str, Any]:
    """Our question in the same words."""
    types = {
        Choice: "MC", TrueFalse: "TF", Written: "Short", Numerical: "Numerical",
        Matches: "Matching", Essay: "Essay", Description: "Description", Order: "Order",
    }  # fmt: skip
    told: dict[str, Any] = {
        "type": types[type(question.body)],
        "stem": _rich(question.stem),
        "hasEmbeddedAnswers": question.embedded,
    }
    named = {
        "title": question.title,
        "id": question.id,
        "tags": list(question.tags),
        "globalFeedback": _rich(question.feedback),
    }
    told |= {name: value for name, value in named.items() if value}
    match question.body:
        case Choice(answers=answers) | Written(answers=answers):
            told["choices"] = [_answer(answer, _rich(answer.text)) for answer in answers]
        case Numerical(numbers=numbers):
            told["choices"] = [
                _answer(number, "*" if number.number is None else (number.number, number.tolerance))
                for number in numbers
            ]
        case Matches(matches=matches):
            told["matchPairs"] = [
                {"subquestion": _rich(match.left), "subanswer": match.right} for match in matches
            ]
        case TrueFalse() as asked:
            said = {asked.is_true: asked.if_right, not asked.is_true: asked.if_wrong}
            told["isTrue"] = asked.is_true
            told |= {
                name: _rich(feedback)
                for name, feedback in (("trueFeedback", said[True]), ("falseFeedback", said[False]))
                if feedback is not None
            }
        case _:
            pass
    return told


def _answer(answer: Answer | Number, text: object) -> dict[str, Any]:
    told = {"isCorrect": answer.right, "text": text}
    if answer.percent is not None:
        told["weight"] = answer.percent
    if answer.feedback is not None:
        told["feedback"] = _rich(answer.feedback)
    return told


def _rich(rich: Rich | None) -> dict[str, str] | None:
    return {"format": rich.format.value, "text": rich.text} if rich is not None else None
