"""What the process counts about itself, as plain values for whoever shows them.

Nothing here is about a person: a label is a platform, a lane (a workspace's id), or one of
a few words that stand in the code. Never a name, an address or a text, so that the number
of series is bounded by the number of workspaces.
"""

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate
from typing import Protocol, TypeAlias

Labels: TypeAlias = tuple[str, ...]
"""The values of a series, in the order of its family's label names."""


class Kind(StrEnum):
    """How the numbers of a family are to be read."""

    COUNTER = "counter"
    """Grows from nothing since the process started."""
    GAUGE = "gauge"
    """What is so at this moment."""
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Distribution:
    """How often something was at most so much.

    `buckets` are pairs of an upper bound, inclusive, and how many were at most that; the
    last bound is infinite. `total` is the sum of all.
    """

    buckets: tuple[tuple[float, int], ...]
    total: float

    @property
    def count(self) -> int:
        return self.buckets[-1][1]


@dataclass(frozen=True, slots=True)
class Family:
    """One figure with a series for each value of its labels, as it was when it was read.

    A histogram has `distributions`, the others have `values`. `name` is in snake case and
    ends with its unit; what a counter counts is in the plural.
    """

    name: str
    about: str
    kind: Kind
    labels: Labels = ()
    values: Mapping[Labels, float] = field(default_factory=dict)
    distributions: Mapping[Labels, Distribution] = field(default_factory=dict)


Gauge: TypeAlias = Callable[[], Sequence[Family]]
"""Looks at what is so at this moment."""


class Meter(Protocol):
    """Can be read at any moment, and takes no time for it."""

    def read(self) -> Family: ...


class Count:
    """A counter. May be added to from any thread.

    `of` is all that the last label may be. As soon as one of them is counted, all are there, most
    with nothing yet: of a series that begins with its first event nobody sees that it grew.
    """

    def __init__(self, name: str, about: str, *labels: str, of: Sequence[str] = ()) -> None:
        self._name, self._about, self._labels, self._of = name, about, labels, tuple(of)
        self._lock = threading.Lock()
        self._values: defaultdict[Labels, float] = defaultdict(float)
        if not labels:
            # Without labels there is one series, and it is there from the start.
            self._values[()] = 0.0
        elif len(labels) == 1:
            self._begin(())

    def add(self, *labels: str, by: float = 1) -> None:
        """Count `by` more in the series of these labels."""
        _check(self._labels, labels)
        with self._lock:
            if labels not in self._values:
                self._begin(labels[:-1])
            self._values[labels] += by

    def _begin(self, others: Labels) -> None:
        for each in self._of:
            self._values[*others, each] += 0.0

    def read(self) -> Family:
        with self._lock:
            values = dict(self._values)
        return Family(self._name, self._about, Kind.COUNTER, self._labels, values)


class Spread:
    """A histogram with fixed bounds. May be added to from any thread."""

    def __init__(self, name: str, about: str, bounds: Sequence[float], *labels: str) -> None:
        self._name, self._about, self._labels = name, about, labels
        self._bounds = tuple(sorted(bounds))
        self._lock = threading.Lock()
        self._counts: dict[Labels, list[int]] = {}
        self._totals: defaultdict[Labels, float] = defaultdict(float)
        if not labels:
            self._counts[()] = [0] * (len(self._bounds) + 1)

    def add(self, amount: float, *labels: str) -> None:
        """Count one more of this amount in the series of these labels."""
        _check(self._labels, labels)
        place = bisect_left(self._bounds, amount)
        with self._lock:
            counts = self._counts.setdefault(labels, [0] * (len(self._bounds) + 1))
            counts[place] += 1
            self._totals[labels] += amount

    def read(self) -> Family:
        bounds = (*self._bounds, float("inf"))
        with self._lock:
            found = {
                labels: Distribution(
                    tuple(zip(bounds, accumulate(counts), strict=True)), self._totals[labels]
                )
                for labels, counts in self._counts.items()
            }
        return Family(self._name, self._about, Kind.HISTOGRAM, self._labels, distributions=found)


class Level:
    """A gauge without labels: what `of` gives at the moment, on the thread that reads."""

    def __init__(self, name: str, about: str, of: Callable[[], float]) -> None:
        self._name, self._about, self._of = name, about, of

    def read(self) -> Family:
        return Family(self._name, self._about, Kind.GAUGE, values={(): self._of()})


def _check(names: Labels, values: Labels) -> None:
    if len(names) != len(values):
        raise TypeError(f"the labels are {names}, and {len(values)} values were given")


class Received(StrEnum):
    """What became of an inbound."""

    DONE = "done"
    IGNORED = "ignored"
    """Talk that does not concern the bot; it is not read."""
    REPEATED = "repeated"
    """Delivered before; it got the same reply again."""
    REFUSED = "refused"
    """The person could not do this, and was told why."""
    UNAVAILABLE = "unavailable"
    """Not kept; the platform should deliver it again."""
    FAILED = "failed"
    """A mistake of ours."""


SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Bounds for what should take milliseconds and may take until the patience of a lane ends."""


class Meters:
    """All that a process counts."""

    def __init__(self) -> None:
        self.inbound = Count(
            "inflow_inbound",
            "What platforms told us, by what it was and what became of it.",
            "platform",
            "what",
            "outcome",
            of=[*Received],
        )
        self.slots = Count(
            "inflow_slots",
            "Slots that were looked at because they were due, by what became of them.",
            "outcome",
        )
        self._meters: list[Meter] = [self.inbound, self.slots]
        self._gauges: list[Gauge] = []

    def include(self, *meters: Meter) -> None:
        """Show as well what a room counts by itself."""
        self._meters.extend(meters)

    def look_at(self, gauge: Gauge) -> None:
        """Show as well what is so at the moment of each look. `gauge` may read a store."""
        self._gauges.append(gauge)

    def counted(self) -> list[Family]:
        """What was counted so far. Takes no time; where there is a loop, call it there."""
        return [meter.read() for meter in self._meters]

    def seen(self) -> list[Family]:
        """What is so at this moment. Takes as long as the store does, so not on a loop.

        Raises:
            Unavailable: the store is out of reach.
        """
        return [family for gauge in self._gauges for family in gauge()]
