"""What to read after what was missed (domain.md 1.6)."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.capabilities.quizzes.model import Response
from bot.capabilities.quizzes.referral import Reading, Referral, refer, weigh
from bot.capabilities.quizzes.verdict import Decision, ObjectiveResult, Outcome, Verdict
from bot.pack.item import Severity
from bot.pack.model import Objective, Quiz
from tests.bot.item import ADAPTER, CHOICE

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
WRONG = Response("a", "v", "one", 1, "a", 0.0, right=False, shown_at=NOW, answered_at=NOW)


def quiz(sections: dict[str, tuple[str, ...]], items: dict[str, tuple[str, ...]]) -> Quiz:
    """`sections` by objective; `items` by id, their objective and their own sections."""
    return Quiz(
        id="quiz",
        title="Quiz",
        topic="topic",
        objectives=tuple(Objective(id=o, text=o, sections=s) for o, s in sections.items()),
        items=tuple(
            ADAPTER.validate_python(
                CHOICE.model_dump() | {"id": id_, "objective": objective, "sections": own}
            )
            for id_, (objective, *own) in items.items()
        ),
    )


def verdict(outcome: Outcome, **decisions: Decision) -> Verdict:
    results = tuple(ObjectiveResult(o, 2, 0, decision) for o, decision in decisions.items())
    return Verdict(outcome, results, 0, 0)


@pytest.mark.parametrize(
    ("credit", "severity", "critical", "certainty", "weight"),
    [
        (0.0, Severity.NONE, False, None, 1.0),
        (0.0, Severity.MINOR, False, 1, 1.0),
        (0.3, Severity.MINOR, False, 2, 0.7 * 1.25),
        (0.0, Severity.MAJOR, False, 3, 1.5 * 1.5),
        (0.0, Severity.CRITICAL, True, 3, 2.0 * 1.5),
        # A wrong answer to a critical item, though no consequence was written for it.
        (0.0, Severity.NONE, True, 1, 2.0),
    ],
)
def test_weight_is_to_the_formula(
    credit: float, severity: Severity, critical: bool, certainty: int | None, weight: float
) -> None:
    response = replace(
        WRONG, credit=credit, severity=severity, critical=critical, certainty=certainty
    )
    assert weigh(response) == pytest.approx(weight)


def test_what_was_confidently_wrong_comes_first_and_three_are_enough() -> None:
    asked = quiz(
        {"one": ("s1", "s2"), "two": ("s3",), "three": ("s4",), "four": ("s5",)},
        {"a": ("one", "s9"), "b": ("two",), "c": ("three",), "d": ("four",)},
    )
    responses = [
        replace(WRONG, item="a", objective="one", certainty=1),
        replace(WRONG, item="b", objective="two", certainty=3, severity=Severity.MAJOR),
        replace(WRONG, item="c", objective="three", certainty=2),
        replace(WRONG, item="d", objective="four", credit=1.0, right=True),
    ]
    result = refer(
        asked,
        verdict(
            Outcome.FAILED,
            one=Decision.NOT_MET,
            two=Decision.NOT_MET,
            three=Decision.NOT_MET,
            four=Decision.MET,
        ),
        responses,
    )
    assert result == Referral(
        (
            Reading("s3", 2.25, ("b",)),
            Reading("s4", 1.25, ("c",)),
            # Of three that weigh the same, the one that the item itself names.
            Reading("s9", 1.0, ("a",)),
        ),
        ("s5",),
    )


def test_a_section_adds_up_what_it_helps_with() -> None:
    asked = quiz({"one": ("s1",), "two": ("s2",)}, {"a": ("one",), "b": ("one", "s2")})
    responses = [
        replace(WRONG, item="a"),
        replace(WRONG, item="b", credit=0.5),
        replace(WRONG, item="c", objective="one", struck=True),
        replace(WRONG, item="d", objective="one", needs_person=True),
    ]
    result = refer(
        asked, verdict(Outcome.FAILED, one=Decision.NOT_MET, two=Decision.MET), responses
    )
    # What is to be read is not said to be skippable, though its own objective was met.
    assert result == Referral(
        (Reading("s1", 1.5, ("a", "b")), Reading("s2", 0.5, ("b",))),
        (),
    )


def test_where_only_the_total_failed_all_that_was_missed_counts() -> None:
    asked = quiz({"one": ("s1",), "two": ("s2",)}, {"a": ("one",)})
    failed = verdict(Outcome.FAILED, one=Decision.MET, two=Decision.MET)
    assert refer(asked, failed, [WRONG]) == Referral((Reading("s1", 1.0, ("a",)),), ("s2",))


def test_who_passed_without_a_miss_can_skip_everything() -> None:
    asked = quiz({"one": ("s1", "s2"), "two": ("s2",)}, {"a": ("one",)})
    passed = verdict(Outcome.PASSED, one=Decision.MET, two=Decision.MET)
    right = replace(WRONG, credit=1.0, right=True)
    assert refer(asked, passed, [right]) == Referral((), ("s1", "s2"))


def test_a_critical_error_is_missed_however_good_the_rest_was() -> None:
    asked = quiz({"one": ("s1",)}, {"a": ("one",)})
    response = replace(
        WRONG, credit=0.8, right=True, critical=True, severity=Severity.CRITICAL, certainty=1
    )
    result = refer(asked, verdict(Outcome.FAILED, one=Decision.NOT_MET), [response])
    assert [reading.section for reading in result.read] == ["s1"]
    assert result.read[0].weight == pytest.approx(0.4)
