"""When a letter is tried again, and when it is given up: rules of a lane."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.outbox import Delivery, Doubtful, Never, TryLater, may_repeat

TRIES = 24
"""With the back-off below that is half a day in which a platform cannot be reached."""
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(hours=1)
SOUGHT_FOR = timedelta(days=1)
"""How long a platform is asked about a letter that may have arrived."""
SHORTEST_PAUSE = timedelta(seconds=1)
"""Of a lane whose platform refuses for the rate and does not say for how long."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a lane waits for things.

    `timeout` is the longest a platform may take over one letter. A claimed letter is ours
    for `lease`, and from its write-ahead mark on for `sending_lease`. `reconcile_after` is how
    long after an attempt a platform's history is believed: what was accepted late must show
    in it by then.
    """

    timeout: timedelta = timedelta(seconds=10)
    lease: timedelta = timedelta(seconds=15)
    reconcile_after: timedelta = timedelta(seconds=30)

    def __post_init__(self) -> None:
        if not self.timeout < self.lease:
            raise ValueError("the lease must be longer than the timeout")

    @property
    def sending_lease(self) -> timedelta:
        """How long nobody else looks a marked letter up, or sends it."""
        return max(self.lease, self.timeout + self.reconcile_after)

    @property
    def begins_within(self) -> timedelta:
        """How long after its mark an attempt may begin.

        Later ones would not be over when the lease ends; or, should this process die, the
        history would be asked for them before it can be believed.
        """
        return self.sending_lease - max(self.timeout, self.reconcile_after)


def back_off(attempts: int, seed: str) -> timedelta:
    """How long to wait after so many attempts: twice as long each time, up to an hour, less
    up to a half that `seed` decides, so that not all come back at once."""
    longest = min(FIRST_WAIT * 2.0 ** min(attempts, 30), LONGEST_WAIT)
    return longest * random.Random(f"{seed}:{attempts}").uniform(0.5, 1.0)


def postpone(delivery: Delivery, said: TryLater) -> TryLater | Never:
    """When a letter goes again that certainly did not arrive.

    Where the platform names no time the wait grows. The last of `TRIES` is the end.
    """
    if delivery.attempts + 1 >= TRIES:
        return Never(f"tried {delivery.attempts + 1} times: {said.why}")
    if said.after > timedelta(0):
        return said
    return TryLater(back_off(delivery.attempts, delivery.key), said.why)


def miss(delivery: Delivery, why: str) -> TryLater | Never:
    """What becomes of a letter that did not arrive though it may have seemed so. The first
    time it goes again at once, for it has waited long enough."""
    if delivery.attempts == 0:
        return TryLater(timedelta(0), why)
    return postpone(delivery, TryLater(timedelta(0), why))


def can_be_asked(delivery: Delivery, *, reads_back: bool) -> bool:
    """Whether a look on the platform decides about a letter that may have arrived.

    An edit need not be looked up: made twice it is the same.
    """
    return reads_back and delivery.edits is None


def decide_unasked(delivery: Delivery, why: str) -> TryLater | Never | Doubtful:
    """What becomes of a letter that may have arrived and that nobody can look up."""
    if delivery.edits is not None or may_repeat(delivery.priority):
        return postpone(delivery, TryLater(timedelta(0), why))
    return Doubtful(why)


def has_been_sought(delivery: Delivery, failures: int, now: datetime) -> bool:
    """Whether a platform that cannot tell about a letter is not asked any more: some never can,
    for want of a right. Then `decide_unasked`."""
    if delivery.began_at is None:
        return failures >= TRIES
    return now - delivery.began_at >= SOUGHT_FOR


def look_later(failures: int, seed: str, patience: Patience) -> timedelta:
    """When to look up again a letter about which the platform could not be asked."""
    return max(patience.reconcile_after, back_off(failures, seed))
