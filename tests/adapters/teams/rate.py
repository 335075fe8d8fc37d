"""Teams' limits on calls, kept to the letter on a clock of the test's choice.

The windows are those of Microsoft's page on rate limits (platforms.md 3): so many calls of a bot
in a conversation within one second, two, thirty and an hour, and so many of an app in a tenant
within a second. Who goes too fast hears 429 and `Retry-After` in whole seconds.
"""

import math
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

Windows: TypeAlias = tuple[tuple[int, float], ...]
"""How many calls in how many seconds."""

SEND: Windows = ((7, 1.0), (8, 2.0), (60, 30.0), (1_800, 3_600.0))
READ: Windows = ((14, 1.0), (16, 2.0), (120, 30.0), (3_600, 3_600.0))
TENANT: Windows = ((30, 1.0),)


@dataclass(slots=True)
class Rates:
    """Who may call now. `clock` gives seconds; `admit` counts what it lets through."""

    clock: Callable[[], float]
    enforced: bool = True
    tenant: Windows = TENANT
    _calls: defaultdict[tuple[str, str], deque[float]] = field(
        default_factory=lambda: defaultdict(deque)
    )

    def admit(self, tenant: str, conversation: str, *, reads: bool = False) -> int:
        """0 for a call that may pass, else the seconds to wait, whole and at least one."""
        if not self.enforced:
            return 0
        now, kind = self.clock(), "read" if reads else "send"
        asked = (
            (("tenant", tenant), self.tenant),
            ((kind, conversation), READ if reads else SEND),
        )
        wait = max(self._wait(key, windows, now) for key, windows in asked)
        if wait > 0:
            return max(1, math.ceil(wait))
        for key, windows in asked:
            self._note(key, windows, now)
        return 0

    def _wait(self, key: tuple[str, str], windows: Windows, now: float) -> float:
        calls = self._calls[key]
        waits = (calls[-count] + seconds - now for count, seconds in windows if len(calls) >= count)
        return max([0.0, *waits])

    def _note(self, key: tuple[str, str], windows: Iterable[tuple[int, float]], now: float) -> None:
        calls = self._calls[key]
        calls.append(now)
        longest = max(seconds for _, seconds in windows)
        while calls[0] <= now - longest:
            calls.popleft()
