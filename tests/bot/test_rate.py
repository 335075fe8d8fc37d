"""Nobody is ever sent more than a bucket holds, whoever asks for slots and when."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rate import (
    CLEAN_SECONDS,
    HORIZON,
    LONGEST_PAUSE,
    SLOWEST,
    UNLIMITED,
    URGENT_HORIZON,
    Bucket,
    Limits,
    Pace,
    Slots,
    cell_of,
    find_slot,
    rate_of,
    slow_down,
    spacing_of,
    speed_up,
)

NOW = 1_772_442_000.0
ALONE = Limits(per_minute=240, ceiling=300)

buckets = st.builds(
    Bucket, st.integers(1, 40), st.floats(0.5, 60, allow_nan=False, allow_infinity=False)
)
gaps = st.lists(st.floats(0, 5, allow_nan=False, allow_infinity=False), min_size=1, max_size=60)


@settings(max_examples=150)
@given(st.lists(buckets, min_size=1, max_size=4), gaps)
def test_no_window_ever_holds_more_than_its_bucket(
    limits: list[Bucket], pauses: list[float]
) -> None:
    cells = [cell_of(bucket) for bucket in limits]
    arrivals: tuple[float, ...] = ()
    now, slots = NOW, []
    for pause in pauses:
        now += pause
        slot, after = find_slot(cells, arrivals, now)
        assert slot >= now
        if slot < now + URGENT_HORIZON:
            slots.append(slot)
            arrivals = after
    assert slots == sorted(slots)
    for bucket in limits:
        for first in slots:
            window = [slot for slot in slots if first <= slot < first + bucket.seconds - 1e-5]
            assert len(window) <= bucket.count


@pytest.mark.parametrize("bucket", [Bucket(1, 1.0), Bucket(7, 1.0), Bucket(60, 30.0)])
def test_a_full_bucket_lets_half_go_at_once_and_all_within_its_time(bucket: Bucket) -> None:
    arrivals: tuple[float, ...] = ()
    slots = []
    for _ in range(bucket.count):
        slot, arrivals = find_slot([cell_of(bucket)], arrivals, NOW)
        slots.append(slot)
    assert slots.count(NOW) == (bucket.count + 1) // 2
    assert slots[-1] < NOW + bucket.seconds


def test_every_bucket_of_a_conversation_counts() -> None:
    cells = [cell_of(Bucket(1, 1.0)), cell_of(Bucket(3, 60.0))]
    arrivals: tuple[float, ...] = ()
    slots = []
    for _ in range(4):
        slot, arrivals = find_slot(cells, arrivals, NOW)
        slots.append(slot - NOW)
    assert slots == pytest.approx([0, 1, 30, 60], abs=1e-3)


def test_slots_are_even_and_end_at_the_horizon() -> None:
    slots = Slots(NOW, spacing_of(600), 0.0)
    assert slots.count(HORIZON) == 10
    given_out = []
    while (slot := slots.next(HORIZON)) is not None:
        given_out.append(slot)
    assert len(given_out) == 10
    assert slots.count(HORIZON) == 0
    assert min(later - earlier for earlier, later in pairwise(given_out)) > 0.1
    assert slots.next(URGENT_HORIZON) == pytest.approx(given_out[-1] + 0.101)


@settings(max_examples=60)
@given(st.floats(6, 60_000), st.lists(st.tuples(st.floats(0, 3), st.integers(1, 80)), max_size=12))
def test_whoever_claims_no_minute_holds_more_than_the_rate(
    per_minute: float, claims: list[tuple[float, int]]
) -> None:
    now, arrival, given_out = NOW, 0.0, []
    for pause, wanted in claims:
        now += pause
        slots = Slots(now, spacing_of(per_minute), arrival)
        count = slots.count(HORIZON)
        assert count is not None
        for number in range(wanted):
            slot = slots.next(HORIZON)
            if (slot is not None) != (number < count):
                # Right at the horizon one division may round up and many additions down.
                edge = slots.earliest() if slot is None else slot
                assert edge == pytest.approx(now + HORIZON, abs=1e-5)
            if slot is None:
                break
            given_out.append(slot)
        arrival = slots.arrival
    for first in given_out:
        assert sum(first <= slot < first + 60 - 1e-5 for slot in given_out) <= per_minute + 1


def test_without_a_rate_there_is_always_a_slot() -> None:
    slots = Slots(NOW, None, 0.0)
    assert [slots.next(HORIZON) for _ in range(3)] == [NOW] * 3
    assert slots.count(HORIZON) is None


def test_what_was_reserved_before_a_clock_was_put_back_does_not_count() -> None:
    slots = Slots(NOW, spacing_of(60), NOW + 3600)
    assert slots.next(HORIZON) == NOW


def run_for(pace: Pace, seconds: int, start: float = NOW) -> Pace:
    """A lane that is busy all the time."""
    for second in range(seconds):
        now = start + second
        pace = speed_up(pace, ALONE, now)
        pace = Pace(now + 1, pace.per_minute, pace.paused_until, pace.clean_since)
    return pace


def test_a_clean_minute_is_worth_five_percent_up_to_the_ceiling() -> None:
    assert rate_of(run_for(Pace(), 60), ALONE) == 240
    assert rate_of(run_for(Pace(), 62), ALONE) == pytest.approx(252)
    assert rate_of(run_for(Pace(), 122), ALONE) == pytest.approx(264.6)
    assert rate_of(run_for(Pace(), 1000), ALONE) == 300


def test_an_idle_lane_learns_nothing() -> None:
    pace = Pace()
    for minute in range(30):
        pace = speed_up(pace, ALONE, NOW + minute * (CLEAN_SECONDS + 1))
    assert rate_of(pace, ALONE) == 240


def test_a_refusal_costs_a_fifth_once() -> None:
    pace = slow_down(Pace(per_minute=300), ALONE, NOW, 5)
    assert rate_of(pace, ALONE) == pytest.approx(240)
    assert pace.pause_left(NOW) == 5
    again = slow_down(pace, ALONE, NOW + 1, 10)
    assert rate_of(again, ALONE) == pytest.approx(240), "they were under way together"
    assert again.pause_left(NOW) == 11
    later = slow_down(again, ALONE, NOW + 12, 1)
    assert rate_of(later, ALONE) == pytest.approx(192)
    for n in range(60):
        later = slow_down(later, ALONE, NOW + 100 * (n + 1), 1)
    assert rate_of(later, ALONE) == SLOWEST


def test_a_known_rate_is_not_found_anew() -> None:
    known = Limits(per_minute=600)
    pace = slow_down(run_for(Pace(), 200), known, NOW + 200, 5)
    assert rate_of(pace, known) == 600
    assert pace.pause_left(NOW + 200) == 5
    assert rate_of(Pace(per_minute=5), UNLIMITED) is None


def test_no_pause_lasts_for_ever() -> None:
    pace = slow_down(Pace(), UNLIMITED, NOW, 100_000)
    assert pace.pause_left(NOW) == LONGEST_PAUSE
    assert pace.pause_left(NOW - 3600) == 0, "the clock was put back"


def test_the_minute_after_a_refusal_begins_with_the_end_of_the_pause() -> None:
    pace = slow_down(Pace(arrival=NOW + 1), ALONE, NOW, 10)
    pace = run_for(pace, 60, NOW + 10)
    assert rate_of(pace, ALONE) == pytest.approx(192)
    assert rate_of(run_for(pace, 2, NOW + 70), ALONE) == pytest.approx(192 * 1.05)
