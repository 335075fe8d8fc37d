"""How strict and how unreliable the platform of the crash proof is, and its rate limits.

Nothing here looks at the clock: moments are seconds since 1970, given by the caller.
"""

import hashlib
import math
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Profile: TypeAlias = Literal["slack", "teams"]

CONVERSATION: dict[Profile, list[tuple[int, float]]] = {
    "slack": [(1, 1.0)],
    "teams": [(7, 1.0), (8, 2.0), (60, 30.0), (1800, 3600.0)],
}
"""What a conversation takes: at most so many messages in any so many seconds (delivery.md 2d)."""

GRACE = 0.25
"""By how many seconds the wire may draw two messages of one conversation together."""

Fault: TypeAlias = Literal[
    "error_before",
    "error_after",
    "reset_before",
    "reset_after",
    "hang_after",
    "late",
    "truncated",
]
"""What may happen to a request, before or after the message was accepted. `late` is accepted
when the client has given up; `truncated` has accepted it and breaks off in the answer."""


@dataclass(slots=True)
class Terms:
    """Probabilities are per request; durations in seconds."""

    seed: str = "0"
    profile: Profile = "slack"
    per_second: float | None = None
    """What a workspace takes, None for anything; its burst is `burst` messages."""
    burst: int = 5
    conversation: list[tuple[int, float]] = field(default_factory=list)
    latency: tuple[float, float] = (0.0, 0.0)
    """A message is accepted in the middle of it."""
    faults: dict[Fault, float] = field(default_factory=dict)
    refused: float = 0.0
    """The share of keys that are refused for good."""
    revoked: bool = False
    late: float = 1.5
    """When a late message is accepted, after its request."""
    settle: float = 0.0
    """A message shows in the history only so long after it was accepted."""
    history_latency: float = 0.0
    history_errors: float = 0.0

    def fault_of(self, lane: str, key: str, attempt: int) -> Fault | None:
        """What happens to this attempt. The same seed always answers the same."""
        drawn = draw(self.seed, lane, key, str(attempt))
        for fault, probability in self.faults.items():
            drawn -= probability
            if drawn < 0:
                return fault
        return None

    def refuses(self, lane: str, key: str) -> bool:
        """Whether a message with this key is refused for good, at every attempt."""
        return draw(self.seed, lane, key, "refused") < self.refused


def draw(*of: str) -> float:
    """A number in [0, 1) that depends on the words only."""
    digest = hashlib.blake2b("\0".join(of).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


class Limiter:
    """Admits requests, strictly: what is refused counts for nothing."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._arrivals: dict[str, float] = {}
        self._recent: defaultdict[tuple[str, str, int], deque[float]] = defaultdict(deque)

    def admit(self, lane: str, conversation: str, now: float) -> int:
        """0, or the whole seconds after which to come again."""
        wait = max(self._lane_wait(lane, now), self._conversation_wait(lane, conversation, now))
        if wait > 0:
            return max(1, math.ceil(wait))
        if self._terms.per_second is not None:
            self._arrivals[lane] = max(self._arrivals.get(lane, 0.0), now) + 1 / (
                self._terms.per_second
            )
        for number in range(len(self._terms.conversation)):
            self._recent[lane, conversation, number].append(now)
        return 0

    def _lane_wait(self, lane: str, now: float) -> float:
        """By the generic cell rate algorithm: `burst` at once, then one each interval."""
        if self._terms.per_second is None:
            return 0.0
        earliest = self._arrivals.get(lane, 0.0) - (self._terms.burst - 1) / self._terms.per_second
        return earliest - now

    def _conversation_wait(self, lane: str, conversation: str, now: float) -> float:
        wait = 0.0
        for number, (count, seconds) in enumerate(self._terms.conversation):
            recent = self._recent[lane, conversation, number]
            window = seconds - GRACE
            while recent and recent[0] <= now - window:
                recent.popleft()
            if len(recent) >= count:
                wait = max(wait, recent[-count] + window - now)
        return wait
