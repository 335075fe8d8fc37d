"""When an answer is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.search import THRESHOLDS_LEXICAL, THRESHOLDS_WITH_VECTORS, Thresholds, calibrate


def test_the_lowest_good_enough_score_is_found() -> None:
    right = [(0.9 - place / 1000, True) for place in range(40)]
    wrong = [(0.5 - place / 1000, False) for place in range(20)]
    # 40 right and 2 wrong: (40 + 1) / (42 + 2) = 0.93; a third wrong one gives 41 / 45 = 0.911,
    # a fourth 41 / 46 = 0.891.
    assert calibrate(right + wrong, minimum=50) == pytest.approx(0.498)


def test_a_good_stretch_below_a_bad_one_counts() -> None:
    first_wrong = [(0.99, False)]
    right = [(0.8 - place / 1000, True) for place in range(60)]
    assert calibrate(first_wrong + right) == pytest.approx(0.741)


def test_equal_scores_are_shown_together() -> None:
    confirmations = [(0.8, True)] * 30 + [(0.6, True)] * 15 + [(0.6, False)] * 15
    assert calibrate(confirmations) == 0.8


def test_too_few_confirmations_prove_nothing() -> None:
    assert calibrate([(0.9, True)] * 49) is None
    assert calibrate([(0.9, True)] * 50) == 0.9
    assert calibrate([(0.9, True)] * 7, minimum=1) is None
    assert calibrate([(0.9, True)] * 8, minimum=1) == 0.9
    assert calibrate([], minimum=0) is None


def test_no_threshold_where_answers_are_mostly_wrong() -> None:
    assert calibrate([(place / 100, place % 2 == 0) for place in range(100)]) is None


@pytest.mark.parametrize("precision", [0.0, 1.0, -0.1, 90.0])
def test_a_precision_is_a_share(precision: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        calibrate([(0.5, True)] * 100, precision)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80),
    st.floats(0.1, 0.95),
)
def test_what_is_shown_is_as_right_as_promised(
    confirmations: list[tuple[float, bool]], precision: float
) -> None:
    threshold = calibrate(confirmations, precision, minimum=1)
    if threshold is None:
        return
    shown = [right for score, right in confirmations if score >= threshold]
    assert (sum(shown) + 1) / (len(shown) + 2) >= precision
    for lower in {score for score, _ in confirmations if score < threshold}:
        more = [right for score, right in confirmations if score >= lower]
        assert (sum(more) + 1) / (len(more) + 2) < precision


def test_to_answer_takes_no_less_than_to_suggest() -> None:
    with pytest.raises(ValueError, match="good enough"):
        Thresholds(answer=0.2, suggest=0.3)
    for shipped in (THRESHOLDS_WITH_VECTORS, THRESHOLDS_LEXICAL):
        assert 0 < shipped.suggest < shipped.answer < 1
