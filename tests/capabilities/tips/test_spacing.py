"""When cards come back: py-fsrs's numbers to the day, and its traps."""

import random
from datetime import UTC, date, datetime, time, timedelta

import fsrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.capabilities.tips.spacing import (
    LONGEST,
    Rating,
    Trace,
    fuzz,
    recall,
    retention,
    review,
)

MONDAY = date(2026, 3, 2)


def intervals(first: Rating, count: int, *, critical: bool) -> list[int]:
    """The days between reviews: the first as rated, each later one good and on its day."""
    days, trace, day, rating = [], None, MONDAY, first
    for _ in range(count):
        reviewed = review(trace, rating, day, critical=critical, seed=None)
        days.append(reviewed.days)
        trace, day, rating = reviewed.trace, reviewed.due_on, Rating.GOOD
    return days


@pytest.mark.parametrize(
    ("first", "critical", "expected"),
    [
        (Rating.GOOD, False, [4, 31, 173]),
        (Rating.GOOD, True, [2, 11, 46, 163]),
        (Rating.AGAIN, False, [1, 4, 17, 61, LONGEST]),
        (Rating.AGAIN, True, [1, 2, 6, 17, 44, 102]),
    ],
)
def test_the_intervals_are_those_of_the_design(
    first: Rating, critical: bool, expected: list[int]
) -> None:
    assert intervals(first, len(expected), critical=critical) == expected


@pytest.mark.parametrize(
    ("rating", "stability"),
    [(Rating.AGAIN, 0.212), (Rating.HARD, 1.2931), (Rating.GOOD, 2.3065), (Rating.EASY, 8.2956)],
)
def test_the_first_review_leaves_the_default_stability(rating: Rating, stability: float) -> None:
    assert review(None, rating, MONDAY, critical=False, seed=None).trace.stability == stability


def test_monday_afternoon_and_tuesday_morning_are_a_day_apart() -> None:
    """py-fsrs counts whole 24 hours: 18 of them are the same day to it."""
    scheduler = fsrs.Scheduler(
        desired_retention=0.85, learning_steps=(), relearning_steps=(), enable_fuzzing=False
    )
    card, _ = scheduler.review_card(
        fsrs.Card(card_id=1), fsrs.Rating.Good, datetime(2026, 3, 2, 15, tzinfo=UTC)
    )
    early, _ = scheduler.review_card(card, fsrs.Rating.Good, datetime(2026, 3, 3, 9, tzinfo=UTC))
    assert early.stability is not None
    assert round(early.stability, 2) == 2.31
    first = review(None, Rating.GOOD, MONDAY, critical=False, seed=None)
    after = review(first.trace, Rating.GOOD, MONDAY + timedelta(days=1), critical=False, seed=None)
    assert round(after.trace.stability, 2) == 7.32


RATINGS = st.lists(st.tuples(st.sampled_from(Rating), st.integers(1, 400)), min_size=1, max_size=8)


@given(RATINGS, st.booleans())
def test_any_history_leaves_what_py_fsrs_leaves(
    history: list[tuple[Rating, int]], critical: bool
) -> None:
    scheduler = fsrs.Scheduler(
        desired_retention=retention(critical=critical),
        learning_steps=(),
        relearning_steps=(),
        maximum_interval=LONGEST,
        enable_fuzzing=False,
    )
    card, day, trace = fsrs.Card(card_id=7), MONDAY, None
    for rating, days in history:
        day += timedelta(days=days)
        noon = datetime.combine(day, time(12), UTC)
        if trace is not None:
            assert recall(trace, day) == pytest.approx(
                scheduler.get_card_retrievability(card, noon), abs=1e-12
            )
        card, _ = scheduler.review_card(card, fsrs.Rating(rating.value), noon)
        reviewed = review(trace, rating, day, critical=critical, seed=None)
        trace = reviewed.trace
        assert (trace.stability, trace.difficulty) == (card.stability, card.difficulty)
        assert reviewed.due_on == card.due.date()


def test_the_same_seed_spreads_the_same_way_and_touches_no_global_random() -> None:
    random.seed(1)
    before = random.getstate()
    spread = {fuzz(31, f"{person}:t:1") for person in range(200)}
    assert random.getstate() == before
    assert fuzz(31, "ana:t:1") == fuzz(31, "ana:t:1")
    # py-fsrs spreads 31 days by 1 + .15 * 4.5 + .1 * 13 + .05 * 11 = 3.525.
    assert spread == set(range(27, 36))


@given(st.integers(1, LONGEST), st.text())
def test_no_interval_is_spread_out_of_bounds(days: int, seed: str) -> None:
    spread = fuzz(days, seed)
    assert 1 <= spread <= LONGEST
    assert days > 2 or spread == days


def test_a_review_before_the_last_one_makes_time_stand_still() -> None:
    trace = Trace(5.0, 5.0, MONDAY)
    earlier = review(trace, Rating.GOOD, MONDAY - timedelta(days=3), critical=False, seed=None)
    assert earlier.trace.stability == 5
    assert recall(trace, MONDAY - timedelta(days=3)) == 1
