"""When a card comes back: py-fsrs (FSRS-6) with its default weights, in days of a person's own.

Traps of py-fsrs that are met here (domain.md 2.4): it counts whole 24 hours, so that a day is
given to it as its noon in UTC; its fuzz draws from the global `random`, so that fuzz is ours and
follows from a seed; a card without an id of its own waits for the clock; and its own learning
steps are minutes, of which there are none here: a card comes back on another day.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from functools import cache
from typing import Final

import fsrs
from fsrs.scheduler import DEFAULT_PARAMETERS, FUZZ_RANGES

RETENTION: Final = 0.85
"""The share of cards that are still known when they come back."""
CRITICAL_RETENTION: Final = 0.90
"""The same for what must be remembered."""
LONGEST: Final = 180
"""Days, after which everything comes back once."""
_DECAY: Final = -DEFAULT_PARAMETERS[20]
_FACTOR: Final = 0.9 ** (1 / _DECAY) - 1
_LEAST_FUZZED: Final = 2.5


class Rating(IntEnum):
    """How well something was known. `HARD` is a pass: what was wrong is never hard."""

    AGAIN = 1
    HARD = 2
    GOOD = 3
    EASY = 4


@dataclass(frozen=True, slots=True)
class Trace:
    """What a review left behind: `stability` in days, `difficulty` from 1 to 10, and the local
    day of the review."""

    stability: float
    difficulty: float
    day: date


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The trace after a review, and in how many days the card comes back: 1 to `LONGEST`."""

    trace: Trace
    days: int

    @property
    def due_on(self) -> date:
        """The local day from which the card is due."""
        return self.trace.day + timedelta(days=self.days)


def review(
    trace: Trace | None, rating: Rating, day: date, *, critical: bool, seed: str | None
) -> Reviewed:
    """What a review on a local day leaves behind; `trace` is None for the first one.

    The same `seed` spreads the interval in the same way; None leaves it as it is computed. On
    the very day of the last review nothing is to be reviewed again, nor before it: then time is
    taken to have stood still.
    """
    scheduler = _scheduler(critical)
    # Any id will do: it goes nowhere. Without one py-fsrs sleeps to make one.
    card = fsrs.Card(card_id=1, due=_noon(day))
    if trace is not None:
        card.state, card.step = fsrs.State.Review, None
        card.stability, card.difficulty = trace.stability, trace.difficulty
        card.last_review = _noon(min(trace.day, day))
    after, _ = scheduler.review_card(card, fsrs.Rating(rating.value), review_datetime=_noon(day))
    days = (after.due - _noon(day)).days
    if seed is not None:
        days = fuzz(days, seed)
    return Reviewed(Trace(float(after.stability or 0), float(after.difficulty or 0), day), days)


def recall(trace: Trace, day: date) -> float:
    """How likely it is that the person still knows it on a local day."""
    return recall_after((day - trace.day).days, trace.stability)


def recall_after(days: int, stability: float) -> float:
    """The same, so many days after the last review: py-fsrs's retrievability, written out, since
    a plan asks it of each of many thousand cards."""
    known: float = (1 + _FACTOR * max(days, 0) / stability) ** _DECAY
    return known


def retention(*, critical: bool) -> float:
    """The share of such cards that are to be known when they come back."""
    return CRITICAL_RETENTION if critical else RETENTION


def fuzz(days: int, seed: str) -> int:
    """An interval spread as py-fsrs spreads it, so that what was learned on one day does not
    come back on one day for ever. Up to two days it stays."""
    if days < _LEAST_FUZZED:
        return days
    delta = 1.0
    for each in FUZZ_RANGES:
        delta += each["factor"] * max(min(days, each["end"]) - each["start"], 0.0)
    least = max(2, round(days - delta))
    most = min(round(days + delta), LONGEST)
    least = min(least, most)
    return least + math.floor(share_of(seed) * (most - least + 1))


def share_of(seed: str) -> float:
    """A number from 0 to below 1 that follows from the seed, on every machine."""
    digest = hashlib.sha256(seed.encode()).digest()
    # 53 bits are what a float holds, so that it is never 1.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


@cache
def _scheduler(critical: bool) -> fsrs.Scheduler:
    return fsrs.Scheduler(
        desired_retention=retention(critical=critical),
        learning_steps=(),
        relearning_steps=(),
        maximum_interval=LONGEST,
        enable_fuzzing=False,
    )
