"""What a lane takes from the outbox, and what it hears when it writes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.ids import WorkspaceId
from bot.outbox import Delivery


@dataclass(frozen=True, slots=True)
class Claimed:
    """A letter that is ours for the length of the lease.

    `not_before` is the slot of its conversation, None where that has no limit. From
    `expires_at` on it is too late to send it.
    """

    delivery: Delivery
    due_at: datetime
    not_before: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Letters and the slots in which they may start; which letter takes which is open.

    `slots` are as many as the letters and those that were held without one; None where the
    lane has no rate. Two letters never start within `interval` seconds of each other.
    `is_all`: nothing else is due. Else `again_at`, where it is given, is the first moment
    at which there is something to claim.
    """

    letters: Sequence[Claimed] = ()
    slots: Sequence[datetime] | None = None
    interval: float = 0.0
    is_all: bool = True
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recovered:
    """Letters nobody can speak for, to be settled by who was given them, and how many others
    may be claimed again."""

    unclear: Sequence[Delivery] = ()
    given_back: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """`ours` are the letters that now stand as being sent by us; the others are lost to us.
    In the lanes of `stirred` something has become due by what was written. What became of
    the letters of `locked` could not be written, and is to be written again a little later:
    somebody else has them locked."""

    ours: frozenset[int]
    stirred: frozenset[WorkspaceId]
    locked: frozenset[int] = frozenset()
