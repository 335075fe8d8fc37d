"""What answers are worth, to the formula (domain.md 1.2)."""

import json

import pytest

from bot.errors import Invalid
from bot.pack.answer import Raw
from bot.pack.item import Consequence, Item, Severity
from bot.pack.scoring import Remark, guess, key, score
from tests.bot.item import CASE, CHOICE, EVERY, MATCH, NUMBER, ORDER, SELECT, SPOT, TEXT


@pytest.mark.parametrize(
    ("item", "raw", "credit", "right"),
    [
        (CHOICE, "b", 1, True),
        (CHOICE, "c", 0.3, False),
        (CHOICE, "d", 0, False),
        # (TP - FP) / P, never below nought.
        (SELECT, ["a", "b", "c"], 1, True),
        (SELECT, ["a", "b"], 2 / 3, False),
        (SELECT, ["a", "b", "c", "d"], 2 / 3, False),
        (SELECT, ["d", "e", "a"], 0, False),
        (SELECT, [], 0, False),
        # Kendall: pairs in their right order of all pairs.
        (ORDER, ["s1", "s2", "s3", "s4"], 1, True),
        (ORDER, ["s1", "s2", "s4", "s3"], 5 / 6, True),
        (ORDER, ["s2", "s1", "s4", "s3"], 4 / 6, False),
        (ORDER, ["s4", "s3", "s2", "s1"], 0, False),
        # A right side that two pairs share is right for both.
        (MATCH, {"p1": "p1", "p2": "p2", "p3": "p1"}, 1, True),
        (MATCH, {"p1": "p1", "p2": "no-1", "p3": "p1"}, 2 / 3, False),
        (MATCH, {"p1": "no-1", "p2": "no-2", "p3": "p2"}, 0, False),
        (NUMBER, 7.5, 1, True),
        (NUMBER, 7, 1, True),
        (NUMBER, 8.0, 1, True),
        (NUMBER, 8.01, 0, False),
        (NUMBER, 72, 0, False),
        (NUMBER, 6.3, 0.5, False),
        (TEXT, "  Incident   LEAD ", 1, True),
        (TEXT, "I post it in #data-incident, at once", 1, True),
        (TEXT, "ask my Manager", 0.5, False),
        # The sum on the way over the most that any way gives.
        (CASE, ["b", "a"], 1, True),
        (CASE, ["c", "a"], 0.65, False),
        (CASE, ["a", "a"], 0.25, False),
        # TP / P - FP / N.
        (SPOT, ["l2", "l4", "l6"], 1, True),
        (SPOT, ["l2", "l4"], 2 / 3, False),
        (SPOT, ["l2", "l4", "l6", "l1"], 0.75, False),
        (SPOT, ["l1", "l3", "l5", "l7", "l2", "l4", "l6"], 0, False),
        (SPOT, [], 0, False),
    ],
)
def test_credit_is_to_the_formula(item: Item, raw: Raw, credit: float, right: bool) -> None:
    scored = score(item, raw)
    assert scored.credit == pytest.approx(credit)
    assert scored.right is right


def test_four_fifths_are_enough_where_there_are_several_parts() -> None:
    five = SELECT.model_copy(
        update={"options": tuple(o.model_copy(update={"correct": o.id != "f"}) for o in SELECT.options)}  # noqa: E501
    )  # fmt: skip
    assert score(five, ["a", "b", "c", "d"]).right
    assert not score(five, ["a", "b", "c"]).right


def test_what_was_chosen_has_consequences_and_remarks() -> None:
    scored = score(CHOICE, "a")
    assert scored.consequence == Consequence(
        text="The account is taken over.", severity=Severity.CRITICAL
    )
    assert scored.critical
    assert scored.feedback == (Remark("a", True, False, "Anybody can call."),)


def test_a_critical_choice_is_critical_however_much_else_was_right() -> None:
    scored = score(SELECT, ["a", "b", "c", "f"])
    assert scored.credit == pytest.approx(2 / 3)
    assert scored.critical
    assert scored.severity is Severity.CRITICAL


def test_a_wrong_answer_to_a_critical_item_is_critical() -> None:
    item = CHOICE.model_copy(update={"critical": True})
    assert not score(item, "b").critical
    assert score(item, "d").critical
    assert not score(CHOICE, "d").critical


def test_what_should_have_been_chosen_is_remarked_too() -> None:
    assert score(SELECT, ["a", "d"]).feedback == (
        Remark("a", True, True, "It names the case."),
        Remark("b", False, False),
        Remark("c", False, False, "They find the logs."),
        Remark("d", True, False, "Not needed."),
    )


def test_a_known_mistake_in_a_number_is_named() -> None:
    assert score(NUMBER, 72).feedback == (Remark("", True, False, "The weekend counts."),)


def test_every_decision_of_a_case_is_remarked() -> None:
    scored = score(CASE, ["a", "a"])
    assert [(r.about, r.right) for r in scored.feedback] == [("a", False), ("a", False)]
    assert [c.severity for c in scored.consequences] == [Severity.MAJOR]


def test_a_person_reads_what_no_rule_knows() -> None:
    assert score(TEXT, "the weather service").needs_person
    strict = TEXT.model_copy(update={"unmatched": "wrong"})
    assert not score(strict, "the weather service").needs_person
    # What regulators want is never failed by a machine that did not understand.
    assert score(strict, "the weather service", regulatory=True).needs_person
    critical = TEXT.model_copy(update={"critical": True})
    assert not score(critical, "the weather service").critical


@pytest.mark.parametrize("item", EVERY, ids=lambda item: item.type)
def test_the_key_is_right_and_is_json(item: Item) -> None:
    raw = json.loads(json.dumps(key(item)))
    assert score(item, raw).credit == 1


@pytest.mark.parametrize(
    ("item", "mean"),
    [
        (CHOICE, 1.3 / 4),
        (ORDER, 0.5),
        (MATCH, 1 / 4),
        (NUMBER, 0),
        (TEXT, 0),
        # (0 + .25) / 3 + (1 + .5) / 3 + (.3 + .5) / 3, over 2.
        (CASE, 2.55 / 6),
    ],
)
def test_blind_guesses_have_a_mean_credit(item: Item, mean: float) -> None:
    assert guess(item) == pytest.approx(mean)


def test_guesses_among_several_are_counted_out() -> None:
    # Of 64 subsets of three right and three wrong ones: the mean of max(0, (TP - FP) / 3).
    assert guess(SELECT) == pytest.approx((15 * 1 + 6 * 2 + 1 * 3) / 3 / 64)
    assert 0 < guess(SPOT) < 0.2


@pytest.mark.parametrize(
    ("item", "raw"),
    [
        (CHOICE, "z"),
        (CHOICE, ["a"]),
        (CHOICE, None),
        (SELECT, "a"),
        (SELECT, ["a", "a"]),
        (SELECT, ["a", "z"]),
        (SELECT, [["a"]]),
        (ORDER, ["s1", "s2", "s3"]),
        (ORDER, ["s1", "s2", "s3", "s3"]),
        (ORDER, {"s1": 1}),
        (MATCH, {"p1": "p1", "p2": "p2"}),
        (MATCH, {"p1": "p1", "p2": "p2", "p3": "Link"}),
        (MATCH, {"p1": "p1", "p2": "p2", "p3": ["p1"]}),
        (NUMBER, "7.5"),
        (NUMBER, True),
        (NUMBER, float("nan")),
        (NUMBER, float("inf")),
        (NUMBER, 1e300),
        (TEXT, "   "),
        (TEXT, "x" * 201),
        (TEXT, 7),
        (CASE, []),
        (CASE, ["b"]),
        (CASE, ["b", "c"]),
        (CASE, ["b", "a", "a"]),
        (CASE, "b"),
        (SPOT, ["l9"]),
    ],
)
def test_what_is_no_answer_is_refused(item: Item, raw: Raw) -> None:
    with pytest.raises(Invalid):
        score(item, raw)
