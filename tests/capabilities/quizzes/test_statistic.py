"""Statistics of items and quizzes, exact to the golden matrix (domain.md 1.10)."""

import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from bot.capabilities.quizzes.model import Response
from bot.capabilities.quizzes.statistic import core
from bot.pack.model import Policy, Sprt
from bot.pack.statistic import (
    Given,
    Interval,
    agreement,
    dependability,
    describe,
    difference,
    fisher,
    item_statistics,
    quiz_statistic,
    wilson,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
GOLDEN = (
    (1, 1, 1, 1, 1),
    (1, 1, 1, 1, 0),
    (1, 1, 0.5, 1, 1),
    (1, 1, 0.5, 0, 1),
    (1, 0, 1, 1, 0),
    (1, 1, 0.5, 0, 0),
    (1, 0, 0.5, 1, 0),
    (0, 1, 0, 0, 1),
    (1, 0, 0, 0, 0),
    (0, 0, 0.5, 0, 1),
)


def given_of(matrix: Sequence[Sequence[float]]) -> list[Given]:
    return [
        Given(f"item-{column}", f"attempt-{row}", mark, right=mark >= 1)
        for row, marks in enumerate(matrix)
        for column, mark in enumerate(marks)
    ]


def test_items_of_the_golden_matrix() -> None:
    found = item_statistics(given_of(GOLDEN))
    assert [
        (
            round(100 * item.facility.value, 3),
            None if item.discrimination is None else round(item.discrimination.value, 3),
            None if item.efficiency is None else round(item.efficiency, 3),
            None if item.weight is None else round(item.weight, 3),
        )
        for item in found.values()
    ] == [
        (80, 18.238, 28.571, 17.967),
        (60, 28.542, 31.818, 22.609),
        (55, 50.430, 54.545, 20.172),
        (50, 36.441, 41.176, 23.910),
        (50, -12.577, -15.789, 15.343),
    ]


def test_what_is_tried_is_held_against_the_others_and_changes_none_of_them() -> None:
    others = given_of(GOLDEN)
    tried = [
        Given("tried", f"attempt-{row}", float(sum(marks) > 2.75), sum(marks) > 2.75, counts=False)
        for row, marks in enumerate(GOLDEN)
    ]
    found = dict(item_statistics([*others, *tried]))
    pilot = found.pop("tried")
    assert found == item_statistics(others)
    assert quiz_statistic([*others, *tried]) == quiz_statistic(others)
    totals, marks = [sum(marks) for marks in GOLDEN], [one.credit for one in tried]
    assert pilot.discrimination is not None
    assert pilot.discrimination.value == pytest.approx(100 * np.corrcoef(totals, marks)[0, 1])
    assert (pilot.n, pilot.facility.value, pilot.weight, pilot.negative) == (10, 0.5, None, False)
    # Where nothing else was asked there is nothing to hold it against.
    alone = item_statistics(tried)["tried"]
    assert (alone.facility.value, alone.discrimination) == (0.5, None)


def test_quiz_of_the_golden_matrix() -> None:
    found = quiz_statistic(given_of(GOLDEN))
    assert found is not None
    assert found.n == 10
    assert (found.mean, found.median) == (2.95, 2.75)
    for value, golden in (
        (found.sd, 1.3006),
        (found.skewness, 0.1363),
        (found.kurtosis, -0.9442),
        (found.consistency, 41.0509),
        (found.error_ratio, 76.7783),
        (found.standard_error, 0.9986),
    ):
        assert value is not None
        assert round(value, 4) == golden


def test_the_golden_matrix_of_right_and_wrong() -> None:
    marks = np.array([[float(mark >= 1) for mark in row] for row in GOLDEN])
    kr20 = describe(marks).consistency
    assert kr20 is not None
    assert round(kr20 / 100, 4) == 0.3882
    phi = dependability([float(row.mean()) for row in marks], 5, 0.8)
    assert phi is not None
    assert round(phi, 4) == 0.6515


def test_the_order_of_answers_changes_nothing() -> None:
    shuffled = given_of(GOLDEN)
    random.Random(1).shuffle(shuffled)
    assert quiz_statistic(shuffled) == quiz_statistic(given_of(GOLDEN))
    mixed = item_statistics(shuffled)
    for name, item in item_statistics(given_of(GOLDEN)).items():
        now, before = mixed[name].discrimination, item.discrimination
        assert now is not None
        assert before is not None
        assert now.value == pytest.approx(before.value)


@pytest.mark.parametrize(
    ("share", "n", "low", "high"),
    [(0.5, 10, 0.24, 0.76), (0.5, 30, 0.33, 0.67), (0.5, 100, 0.40, 0.60)],
)
def test_wilson(share: float, n: int, low: float, high: float) -> None:
    interval = wilson(share, n)
    assert (round(interval.low, 2), round(interval.high, 2)) == (low, high)


def test_wilson_at_its_ends() -> None:
    assert wilson(0.0, 10).low == 0
    assert wilson(1.0, 10).high == 1
    # z² / (n + z²), what remains of the formula there.
    assert wilson(0.0, 10).high == pytest.approx(3.8416 / 13.8416)
    assert wilson(0.3, 0) == Interval(0.3, 0.0, 1.0)


@pytest.mark.parametrize(
    ("n", "low", "high"), [(30, -0.07, 0.60), (50, 0.02, 0.53), (100, 0.11, 0.47)]
)
def test_fisher(n: int, low: float, high: float) -> None:
    interval = fisher(0.30, n)
    assert (round(interval.low, 2), round(interval.high, 2)) == (low, high)


def test_fisher_at_its_ends() -> None:
    assert fisher(1.0, 20) == Interval(1.0, 1.0, 1.0)
    assert fisher(0.9, 3) == Interval(0.9, -1.0, 1.0)


def test_newcombe() -> None:
    """Newcombe 1998, method 10, the paper's first example: 56 of 70 and 48 of 80."""
    interval = difference(56 / 70, 70, 48 / 80, 80)
    assert round(interval.value, 4) == 0.2
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.0524, 0.3339)


def test_dependability_by_hand() -> None:
    # M = .75, S² = .0625; (1/3)·(.1875 - .0625) / (.05² + .0625) = .0416667 / .065.
    assert dependability([0.5, 1.0], 4, 0.8) == pytest.approx(1 - (0.125 / 3) / 0.065)
    assert dependability([0.8, 0.8], 4, 0.8) is None
    assert dependability([], 4, 0.8) is None
    assert dependability([1.0], 1, 0.8) is None


def test_agreement_of_parallel_forms() -> None:
    # At the mean both are below by 1/4 + asin(ρ)/2π.
    found = agreement(mean=7.5, sd=2.0, cut=8.0, reliability=0.5)
    assert found is not None
    assert found.share == pytest.approx(2 / 3)
    assert found.kappa == pytest.approx(1 / 3)
    useless = agreement(mean=8.0, sd=2.0, cut=7.0, reliability=0.0)
    assert useless is not None
    assert useless.kappa == pytest.approx(0, abs=1e-12)
    perfect = agreement(mean=8.0, sd=2.0, cut=7.0, reliability=1.0)
    assert perfect is not None
    assert perfect.share == pytest.approx(1, abs=1e-3)
    assert agreement(mean=8.0, sd=0.0, cut=7.0, reliability=0.5) is None


def test_who_saw_other_items_is_compared_by_the_mean_of_the_rest() -> None:
    """With halves of a form the correlation is that of the mean of the other answers."""
    rng = random.Random(3)
    given: list[Given] = []
    for person in range(400):
        skill = rng.random()
        for item in rng.sample(range(8), 4):
            right = rng.random() < skill
            given.append(Given(f"item-{item}", f"attempt-{person}", float(right), right))
    found = item_statistics(given)["item-0"]
    by_person: dict[str, list[Given]] = {}
    for g in given:
        by_person.setdefault(g.attempt, []).append(g)
    x, rest = [], []
    for marks in by_person.values():
        mine = [g.credit for g in marks if g.item == "item-0"]
        if mine:
            x.append(mine[0])
            rest.append(sum(g.credit for g in marks if g.item != "item-0"))
    assert found.n == len(x)
    assert found.discrimination is not None
    assert found.discrimination.value == pytest.approx(100 * np.corrcoef(x, rest)[0, 1])
    total = quiz_statistic(given)
    assert total is not None
    assert (total.n, total.consistency is not None) == (400, True)


def test_who_stopped_early_is_no_worse_for_it() -> None:
    """One right answer of one is as good as four of four: facility counts both, and
    discrimination only those with a rest."""
    full = given_of([[1, 1, 1, 1]] * 3 + [[0, 0, 1, 0]] * 3 + [[1, 0, 0, 0]])
    found = item_statistics([*full, Given("item-0", "short", 1.0, right=True)])["item-0"]
    without = item_statistics(full)["item-0"]
    assert (found.n, without.n) == (8, 7)
    assert found.discrimination == without.discrimination


def test_what_is_not_defined_is_none() -> None:
    alike = item_statistics(given_of([[1, 0, 1]] * 5))
    assert alike["item-0"].discrimination is None
    assert alike["item-0"].efficiency is None
    assert alike["item-0"].weight is None
    assert alike["item-0"].b_index is None
    assert item_statistics([]) == {}
    assert quiz_statistic([]) is None
    one = quiz_statistic(given_of([[1, 0]]))
    assert one is not None
    assert (one.n, one.mean, one.sd, one.consistency) == (1, 1.0, None, None)


def test_a_negative_item_has_no_weight() -> None:
    matrix = [(1, 1, 1, 0)] * 6 + [(0, 0, 0, 1)] * 6
    found = item_statistics(given_of(matrix))["item-3"]
    assert found.negative
    assert found.weight is None
    assert found.discrimination is not None
    assert found.discrimination.value == pytest.approx(-100)


def test_brennan_s_index_compares_who_passed_and_who_failed() -> None:
    given = [
        Given("i", f"a{n}", float(right), right, passed=passed)
        for n, (right, passed) in enumerate(
            [(True, True), (True, True), (False, True), (True, False), (False, False)]
        )
    ]
    assert item_statistics(given)["i"].b_index == pytest.approx(2 / 3 - 1 / 2)


def test_how_sure_people_were_when_wrong() -> None:
    given = [
        Given("i", f"a{n}", float(right), right, certainty=certainty)
        for n, (right, certainty) in enumerate(
            [(False, 3), (False, 3), (False, 1), (False, None), (True, 1)]
        )
    ]
    found = item_statistics(given)["i"]
    assert (found.wrong, found.sure_wrong, found.told_wrong) == (4, 2, 3)
    assert found.certainty_wrong == pytest.approx(7 / 3)


def test_distractors_have_shares_of_the_wrong_answers() -> None:
    """Of ten people four are wrong at the first item: three chose B, one of them good elsewhere."""
    given: list[Given] = []
    for n in range(10):
        wrong = n < 4
        given.append(
            Given("i", f"a{n}", float(not wrong), not wrong, chosen=("b",) if n < 3 else ("c",))
            if wrong
            else Given("i", f"a{n}", 1.0, right=True)
        )
        elsewhere = float(n == 0 or n > 5)
        given.append(Given("j", f"a{n}", elsewhere, right=bool(elsewhere)))
        given.append(Given("k", f"a{n}", 1.0, right=True))
    found = item_statistics(given)["i"]
    first, second = found.distractors
    assert (first.option, first.n, first.share, first.strong) == ("b", 3, 0.75, 1)
    assert (second.option, second.n, second.share, second.strong) == ("c", 1, 0.25, 0)
    # Five of ten were right at the second item, one of the three who chose B; all at the third.
    assert first.rest_difference == pytest.approx((1 / 3 - 1 / 2) / 2)
    assert found.strong_right == 4


def response(objective: str, order: int, *, scored: bool = True, struck: bool = False) -> Response:
    return Response(
        f"i{order}",
        "v",
        objective,
        order,
        "a",
        1.0,
        right=True,
        shown_at=NOW,
        answered_at=NOW,
        scored=scored,
        struck=struck,
    )


def test_the_core_is_what_everybody_is_asked() -> None:
    responses = [
        response("one", 1),
        response("two", 2),
        response("one", 3, scored=False),
        response("one", 4),
        response("one", 5),
        response("two", 6, struck=True),
        response("two", 7),
    ]
    assert [r.order for r in core(Policy(), responses)] == [1, 2, 4, 7]
    short = Policy(mode="gate_sprt", sprt=Sprt(n_min=3))
    assert [r.order for r in core(short, responses)] == [1, 2, 4]
    assert [r.order for r in core(Policy(mode="fixed"), responses)] == [1, 2, 4, 5, 7]


@examples(
    st.lists(
        st.lists(st.sampled_from([0.0, 0.3, 1.0]), min_size=3, max_size=3),
        min_size=1,
        max_size=12,
    )
)
def test_nothing_breaks_whatever_people_answer(matrix: list[list[float]]) -> None:
    for item in item_statistics(given_of(matrix)).values():
        assert 0 <= item.facility.low <= item.facility.high <= 1
        index = item.discrimination.value if item.discrimination else 0.0
        assert math.isfinite(index)
        assert item.efficiency is None or math.isfinite(item.efficiency)
    assert quiz_statistic(given_of(matrix)) is not None
