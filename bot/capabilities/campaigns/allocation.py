"""Which cluster begins when: drawn once, before anything is known of the outcome, and frozen.

The unit is a team or a site, never a person, because people talk (domain.md 5.6).
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from bot.message import Args

ALGORITHM = "1"
"""The version of the drawing below. What was drawn by another one keeps its own number."""
NEVER = -1
"""The step of a cluster that gets nothing: the other half of `ab`."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Who is drawn together. `stratum` is what makes clusters comparable, as their size and what
    their metric was before; drawing is balanced within it."""

    name: str
    people: int
    stratum: str = ""


@dataclass(frozen=True, slots=True)
class Allocation:
    """The step on which each cluster begins, from 0, or `NEVER`; with all it takes to draw it
    again and to defend it."""

    design: str
    seed: int
    algorithm: str
    at: datetime
    steps: Mapping[str, int]
    strata: Mapping[str, str]
    zone: str | None = None
    """On whose clock its hours and what stands in channels go: they were announced by it, and
    whose it was may leave, or another takes it over."""


def size_strata(sizes: Mapping[str, int]) -> Sequence[Cluster]:
    """The clusters with their third by size as their stratum; ties go by name.

    What the metric was before joins it once metrics are measured.
    """
    order = sorted(sizes, key=lambda name: (sizes[name], name))
    thirds = ("small", "middle", "large")
    return [
        Cluster(name, sizes[name], thirds[3 * place // len(order)])
        for place, name in enumerate(order)
    ]


def allocate_all(clusters: Sequence[Cluster], at: datetime) -> Allocation:
    """Everybody at once: nothing is drawn."""
    steps = dict.fromkeys((cluster.name for cluster in clusters), 0)
    return Allocation("all", 0, ALGORITHM, at, steps, {c.name: c.stratum for c in clusters})


def allocate_ab(clusters: Sequence[Cluster], seed: int, at: datetime) -> Allocation:
    """Half of each stratum begins at once and the other half never. Where a stratum is odd, the
    side that has fewer so far gets the one more; the first such is drawn."""
    draw = random.Random(seed)
    steps: dict[str, int] = {}
    ahead = draw.choice((0, NEVER))
    for stratum in sorted({cluster.stratum for cluster in clusters}):
        names = sorted(cluster.name for cluster in clusters if cluster.stratum == stratum)
        draw.shuffle(names)
        half, odd = divmod(len(names), 2)
        first = half + odd if ahead == 0 else half
        steps |= dict.fromkeys(names[:first], 0) | dict.fromkeys(names[first:], NEVER)
        if odd:
            ahead = NEVER if ahead == 0 else 0
    return Allocation("ab", seed, ALGORITHM, at, steps, {c.name: c.stratum for c in clusters})


def allocate_steps(clusters: Sequence[Cluster], steps: int, seed: int, at: datetime) -> Allocation:
    """Everybody gets it, in a drawn order: `steps` groups whose numbers differ by one at most."""
    names = sorted(cluster.name for cluster in clusters)
    random.Random(seed).shuffle(names)
    drawn = {name: place * steps // len(names) for place, name in enumerate(names)}
    strata = {cluster.name: cluster.stratum for cluster in clusters}
    return Allocation("stepped_wedge", seed, ALGORITHM, at, drawn, strata)


def data_of_allocation(allocation: Allocation) -> Args:
    """The allocation as an event keeps it."""
    data: Args = _ALLOCATION.dump_python(allocation, mode="json")
    return data


def allocation_of(data: object) -> Allocation | None:
    """The allocation that `data_of_allocation` made these of."""
    return None if data is None else _ALLOCATION.validate_python(data)


_ALLOCATION = TypeAdapter(Allocation)
