"""How fast a lane may go: pure rules over moments in seconds since 1970.

A bucket is kept as one number, its theoretical arrival time, by the generic cell rate
algorithm (GCRA, ITU-T I.371): a message that starts at `t` moves it to `max(it, t)` and
one interval on. To reserve a slot is to move it, so a slot that was given to one is given
to nobody else, and a slot is a moment and not only a yes or no.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

HORIZON = 1.0
"""Seconds ahead for which slots are given out at a time."""
URGENT_HORIZON = 2.0
"""The same for letters that somebody waits for: what the others have reserved ahead never
keeps them from being taken."""
MARGIN = 0.01
"""A lane leaves this share of its rate unused. Messages that start at even intervals arrive
at uneven ones, and a platform that counts strictly would refuse one of them."""
SKEW = 60.0
"""Seconds by which the clocks of two machines may differ."""
CLEAN_SECONDS = 60.0
SPEED_UP = 1.05
SLOW_DOWN = 0.8
SLOWEST = 6.0
"""Messages per minute below which a lane is not slowed down."""
LONGEST_PAUSE = 900.0
"""Seconds. A platform that asks for more is asked again after so long."""

_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Bucket:
    """At most `count` messages in any `seconds`."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform allows one workspace.

    `per_minute` None is no limit. With a `ceiling` the platform's number is unknown:
    `per_minute` is where a lane begins, and it finds its own speed up to the ceiling.
    `conversation` holds for each conversation beside the lane's own limit; all of its
    buckets at once. `in_flight` is how many requests may be under way at a time.
    """

    per_minute: float | None = None
    ceiling: float | None = None
    conversation: tuple[Bucket, ...] = ()
    in_flight: int = 50

    @property
    def finds_its_speed(self) -> bool:
        """Whether the lane goes faster and slower by itself."""
        return self.per_minute is not None and self.ceiling is not None


UNLIMITED = Limits()


@dataclass(frozen=True, slots=True)
class Cell:
    """A bucket as GCRA keeps it: one message each `interval`, and `burst` at once."""

    interval: float
    burst: int = 1

    @property
    def tolerance(self) -> float:
        return self.interval * (self.burst - 1)

    @property
    def longest(self) -> float:
        """Further ahead than so many seconds no arrival time can be."""
        return self.interval * self.burst + URGENT_HORIZON + SKEW


def cell_of(bucket: Bucket) -> Cell:
    """The cell that never lets more than the bucket through in any of its windows.

    Half of the bucket may go at once, for a conversation is a few messages and then
    silence; what follows is spaced so that burst and followers together are the bucket.
    """
    burst = (bucket.count + 1) // 2
    return Cell(bucket.seconds / (bucket.count - burst + 1) + _ROUNDING, burst)


def find_slot(
    cells: Sequence[Cell], arrivals: Sequence[float], now: float
) -> tuple[float, tuple[float, ...]]:
    """The earliest moment from `now` on that every cell allows, and the arrivals after it.

    An arrival that is further ahead than it can be was written before a clock was put
    back; it counts from `now`. Missing arrivals are buckets nobody has used.
    """
    known = [*arrivals, *[now] * len(cells)][: len(cells)]
    known = [
        now if arrival > now + cell.longest else arrival
        for cell, arrival in zip(cells, known, strict=True)
    ]
    slot = max([now, *(at - cell.tolerance for cell, at in zip(cells, known, strict=True))])
    return slot, tuple(max(at, slot) + cell.interval for cell, at in zip(cells, known, strict=True))


@dataclass(frozen=True, slots=True)
class Pace:
    """A lane's own state: kept per workspace, and shared by all who drain it.

    `arrival` is the theoretical arrival time of its next message. `per_minute` is the
    speed it has found for itself, None for what the limits say. `clean_since` is when the
    minute began in which it has been busy and not refused. Moments are seconds since 1970.
    """

    arrival: float = 0.0
    per_minute: float | None = None
    paused_until: float | None = None
    clean_since: float | None = None

    def pause_left(self, now: float) -> float:
        """Seconds for which the lane still holds its peace."""
        if self.paused_until is None or self.paused_until > now + LONGEST_PAUSE:
            return 0.0
        return max(0.0, self.paused_until - now)


def rate_of(pace: Pace, limits: Limits) -> float | None:
    """Messages per minute at present; None is no limit."""
    if limits.per_minute is None:
        return None
    if limits.ceiling is None:
        return limits.per_minute
    return min(limits.per_minute if pace.per_minute is None else pace.per_minute, limits.ceiling)


def spacing_of(per_minute: float) -> Cell:
    """The cell in which a lane with that rate reserves its slots."""
    return Cell(60 / per_minute * (1 + MARGIN))


def speed_up(pace: Pace, limits: Limits, now: float) -> Pace:
    """What a busy minute without a refusal is worth: 5 % more, up to the ceiling.

    A lane that was idle has learnt nothing about the platform, so its minute begins again.
    """
    if not limits.finds_its_speed:
        return pace
    was_busy = pace.arrival + HORIZON >= now
    if pace.clean_since is None or not was_busy or pace.clean_since > now:
        return replace(pace, clean_since=now)
    rate = rate_of(pace, limits)
    if rate is None or now - pace.clean_since < CLEAN_SECONDS:
        return pace
    faster = rate * SPEED_UP if limits.ceiling is None else min(rate * SPEED_UP, limits.ceiling)
    return replace(pace, per_minute=faster, clean_since=now)


def slow_down(pace: Pace, limits: Limits, now: float, after: float) -> Pace:
    """What a refusal (429) costs: a pause of `after` seconds, and a fifth of the speed where
    the lane finds its own.

    Refusals of requests that were under way together are one refusal.
    """
    until = now + min(after, LONGEST_PAUSE)
    is_news = pace.pause_left(now) == 0
    paused = replace(
        pace,
        paused_until=until if is_news else max(until, pace.paused_until or until),
        clean_since=until,
    )
    rate = rate_of(pace, limits)
    if not is_news or rate is None or not limits.finds_its_speed:
        return paused
    return replace(paused, per_minute=max(SLOWEST, rate * SLOW_DOWN))


@dataclass(slots=True)
class Slots:
    """Gives out a lane's slots, one after the other. Not shared: the caller keeps the pace.

    Without a rate every letter's slot is `now`.
    """

    now: float
    cell: Cell | None
    arrival: float

    def next(self, horizon: float) -> float | None:
        """The next slot, if it is within so many seconds."""
        if self.cell is None:
            return self.now
        slot, (arrival,) = find_slot([self.cell], [self.arrival], self.now)
        if slot >= self.now + horizon:
            return None
        self.arrival = arrival
        return slot

    def count(self, horizon: float) -> int | None:
        """How many slots are left within so many seconds; None is any number."""
        if self.cell is None:
            return None
        slot, _ = find_slot([self.cell], [self.arrival], self.now)
        return max(0, math.ceil((self.now + horizon - slot) / self.cell.interval - _ROUNDING))

    def earliest(self) -> float:
        """When the next slot is, however far away."""
        if self.cell is None:
            return self.now
        return find_slot([self.cell], [self.arrival], self.now)[0]
