"""Drawing which cluster begins when: balanced, repeatable, frozen."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from bot.capabilities.campaigns.allocation import (
    ALGORITHM,
    NEVER,
    Cluster,
    allocate_ab,
    allocate_all,
    allocate_steps,
    allocation_of,
    data_of_allocation,
    size_strata,
)

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SIZES = {f"team {number:02}": 5 + number for number in range(13)}
CLUSTERS = size_strata(SIZES)
STEPS = {"a": 1, "b": 0, "c": 0, "d": 1}
HALVES = {"a": NEVER, "b": NEVER, "c": 0, "d": 0}


def test_thirds_by_size() -> None:
    strata = Counter(cluster.stratum for cluster in CLUSTERS)
    assert strata == {"small": 5, "middle": 4, "large": 4}
    largest = [cluster.name for cluster in CLUSTERS if cluster.stratum == "large"]
    assert min(SIZES[name] for name in largest) == 14


@pytest.mark.parametrize("seed", range(30))
def test_halves_are_even_as_a_whole_and_in_each_stratum(seed: int) -> None:
    drawn = allocate_ab(CLUSTERS, seed, AT)
    assert abs(sum(1 if step == NEVER else -1 for step in drawn.steps.values())) <= 1
    for stratum in ("small", "middle", "large"):
        inside = [drawn.steps[c.name] for c in CLUSTERS if c.stratum == stratum]
        assert abs(inside.count(0) - inside.count(NEVER)) <= 1


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("steps", [2, 3, 5])
def test_steps_are_as_large_as_can_be_and_everybody_has_one(steps: int, seed: int) -> None:
    drawn = allocate_steps(CLUSTERS, steps, seed, AT)
    sizes = Counter(drawn.steps.values())
    assert set(sizes) == set(range(steps))
    assert set(drawn.steps) == set(SIZES)
    assert max(sizes.values()) - min(sizes.values()) <= 1


def test_the_same_seed_draws_the_same_whatever_the_order() -> None:
    turned = list(reversed(CLUSTERS))
    assert allocate_steps(CLUSTERS, 3, 7, AT).steps == allocate_steps(turned, 3, 7, AT).steps
    assert allocate_ab(CLUSTERS, 7, AT).steps == allocate_ab(turned, 7, AT).steps
    drawn = {tuple(sorted(allocate_steps(CLUSTERS, 3, s, AT).steps.items())) for s in range(20)}
    assert len(drawn) == 20


def test_what_was_drawn_does_not_change_with_a_release() -> None:
    """The order that this version of the algorithm draws from a seed, for ever."""
    four = [Cluster(name, 9, "s") for name in ("a", "b", "c", "d")]
    assert ALGORITHM == "1"
    assert allocate_steps(four, 2, 20270201, AT).steps == STEPS
    assert allocate_ab(four, 20270201, AT).steps == HALVES


def test_it_survives_being_stored() -> None:
    for drawn in (allocate_all(CLUSTERS, AT), allocate_ab(CLUSTERS, 1, AT)):
        assert allocation_of(data_of_allocation(drawn)) == drawn
    assert allocation_of(None) is None
