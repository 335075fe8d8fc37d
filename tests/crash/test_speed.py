"""A lane finds a hidden rate and stays near it."""

import pytest

from bot.rate import Limits
from tests.crash.speed import find_speed

SLACK = Limits(per_minute=240, ceiling=1200)


@pytest.mark.parametrize("hidden", [60, 240, 525])
def test_a_lane_finds_four_fifths_of_a_hidden_rate(hidden: float) -> None:
    found = find_speed(hidden, SLACK, hours=2, seed="speed")
    assert found.share >= 0.8
    assert found.share <= 1.0
    assert found.limited_per_1000 < 10


def test_a_lane_does_not_pass_its_ceiling() -> None:
    found = find_speed(3000, Limits(per_minute=240, ceiling=525), hours=2, seed="speed")
    assert found.limited == 0
    assert found.per_minute == 525
