"""Points at which a crash can be ordered, to prove that nothing is lost or sent twice.

`INFLOW_FAILPOINT=lane.claimed:2` ends this process the second time it comes to
`reach("lane.claimed")`, at once and without any clean-up, as `kill -9` would. Unset, which
is how everybody runs it, a point is one comparison. `tests/crash` goes through them all.
"""

import os
from collections.abc import Iterator
from itertools import count

VARIABLE = "INFLOW_FAILPOINT"
EXIT_STATUS = 137
"""What a shell reports for a process that `kill -9` has ended."""

NAMES = frozenset(
    {
        # An inbound: all is written; it is committed; the platform is about to be told so.
        "inbound.before_commit",
        "inbound.committed",
        "inbound.before_ack",
        # A chunk of the planner's round.
        "planner.before_commit",
        "planner.committed",
        # A campaign begins; a chunk of its recipients.
        "campaign.starting",
        "campaign.before_commit",
        "campaign.committed",
        # A lane takes letters and slots.
        "lane.claiming",
        "lane.claimed",
        # The write-ahead mark stands; the platform has answered; the answer is written down.
        "lane.marked",
        "lane.sent",
        "lane.settled",
        # The lane's pause after a 429.
        "lane.pausing",
        "lane.paused",
        # Letters nobody can speak for: taken over; looked up, and not yet settled.
        "lane.reconciling",
        "lane.reconciled",
        # Several transactions that are committed as one.
        "group.before_commit",
        "group.committed",
    }
)
"""Every point there is. A test holds it against the code."""


def parse(order: str) -> tuple[str, int]:
    """The point and the hit, counted from 1, of `name:nth`; `name` alone is the first hit.

    Raises:
        ValueError: there is no such point, or the hit is not a whole number from 1.
    """
    name, _, nth = order.partition(":")
    if name not in NAMES:
        raise ValueError(f"{VARIABLE}: there is no point {name!r}")
    if nth and not (nth.isascii() and nth.isdecimal() and int(nth) > 0):
        raise ValueError(f"{VARIABLE}: {nth!r} is not a hit; the first one is 1")
    return name, int(nth or 1)


_armed: tuple[str, int] | None = parse(os.environ[VARIABLE]) if VARIABLE in os.environ else None
# Its `next` is atomic, so that of several threads exactly one finds itself the nth.
_hits: Iterator[int] = count(1)


def reach(name: str) -> None:
    """End the process if this is the hit that was ordered, else do nothing."""
    if _armed is None:
        return
    if name not in NAMES:
        raise LookupError(f"failpoint.NAMES does not know {name!r}")
    if name == _armed[0] and next(_hits) == _armed[1]:
        os._exit(EXIT_STATUS)
