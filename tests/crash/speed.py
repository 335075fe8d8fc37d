"""How a lane finds the speed that a platform does not tell, over hours, in no time.

The rules are the bot's own (`bot.rate`) and the limiter is the strict platform's; only the
waiting is left out.
"""

import random
from dataclasses import dataclass, replace

from bot.rate import HORIZON, Limits, Pace, Slots, rate_of, slow_down, spacing_of, speed_up
from tests.crash.terms import Limiter, Terms

HOUR = 3600.0
BURST = 5


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it. The share of the hidden rate is that of the last hour."""

    share: float
    sent: int
    limited: int
    per_minute: float

    @property
    def limited_per_1000(self) -> float:
        return 1000 * self.limited / self.sent


def find_speed(
    hidden_per_minute: float, limits: Limits, hours: float, seed: str, latency: float = 0.15
) -> Found:
    """Send without a pause for so many hours to a platform that hides its rate.

    A refusal is known only `latency` seconds after its request, and what was sent meanwhile
    is refused as well.
    """
    chance = random.Random(seed)
    limiter = Limiter(Terms(per_second=hidden_per_minute / 60, burst=BURST))
    pace, now, end = Pace(), 0.0, hours * HOUR
    sent = limited = in_last_hour = number = 0
    while now < end:
        pace = speed_up(pace, limits, now)
        rate = rate_of(pace, limits)
        assert rate is not None
        slots = Slots(now, spacing_of(rate), pace.arrival)
        refused_at: float | None = None
        wait = 0
        last = now
        while (slot := slots.next(HORIZON)) is not None:
            if refused_at is not None and slot > refused_at + latency:
                break
            last, number = slot, number + 1
            refusal = limiter.admit("lane", str(number), slot + chance.uniform(0, latency / 2))
            if refusal:
                limited += 1
                refused_at, wait = refused_at or slot, max(wait, refusal)
            else:
                sent += 1
                in_last_hour += slot >= end - HOUR
        pace = replace(pace, arrival=slots.arrival)
        now = max(last, now + HORIZON / 2)
        if refused_at is not None:
            now = max(now, refused_at + latency)
            pace = slow_down(pace, limits, now, float(wait))
            now += pace.pause_left(now)
    return Found(
        share=round(in_last_hour / (hidden_per_minute * 60), 4),
        sent=sent,
        limited=limited,
        per_minute=round(rate_of(pace, limits) or 0.0, 1),
    )
