"""Slack's limits on calls, kept to the letter on a clock of the test's choice.

The tiers and windows are those of Slack's documentation (platforms.md 2.2): a number of calls a
minute for each method and workspace, and one message a second for each conversation with a
short burst. Who goes too fast hears 429 and `Retry-After` in whole seconds.
"""

import math
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
"""The least that Slack allows in a tier; "20+" is twenty here."""
WINDOW = 60.0

TIERS = {
    "apps.connections.open": 1,
    "apps.uninstall": 1,
    "auth.revoke": 3,
    "chat.postEphemeral": 4,
    "chat.update": 3,
    "conversations.history": 3,
    "conversations.info": 3,
    "conversations.list": 2,
    "conversations.members": 4,
    "conversations.open": 3,
    "conversations.replies": 3,
    "oauth.v2.access": 4,
    "users.info": 4,
    "users.list": 2,
    "views.open": 4,
    "views.publish": 4,
    "views.update": 4,
}
"""By method. `auth.test` has a limit of its own ("hundreds a minute"), and so has
`chat.postMessage`."""

AUTH_TESTS_A_MINUTE = 300
POSTS_A_MINUTE = 600
"""Slack says "several hundred" for a workspace and no number."""
BURST = 3
"""Messages that a conversation takes at once before it wants a second for each."""


@dataclass(slots=True)
class Rates:
    """Who may call now. `clock` gives seconds; `admit` counts what it lets through."""

    clock: Callable[[], float]
    posts_a_minute: int = POSTS_A_MINUTE
    burst: int = BURST
    enforced: bool = True
    _calls: defaultdict[tuple[str, str], deque[float]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    _full_at: dict[str, float] = field(default_factory=dict)
    _blocked: dict[tuple[str, str], float] = field(default_factory=dict)

    def block(self, team: str, method: str, seconds: float) -> None:
        """Answer 429 to a method for a while, whatever its window says."""
        self._blocked[team, method] = self.clock() + seconds

    def admit(self, team: str, method: str, channel: str | None = None) -> int:
        """0 for a call that may pass, else the seconds to wait, whole and at least one."""
        now = self.clock()
        wait = self._blocked.get((team, method), now) - now
        if wait <= 0 and not self.enforced:
            return 0
        if wait <= 0:
            wait = self._wait_in_window(team, method, now)
        if wait <= 0 and channel is not None:
            wait = max(0.0, self._full_at.get(channel, now) - now - (self.burst - 1))
        if wait > 0:
            return max(1, math.ceil(wait))
        self._calls[team, method].append(now)
        if channel is not None:
            self._full_at[channel] = max(now, self._full_at.get(channel, now)) + 1.0
        return 0

    def _wait_in_window(self, team: str, method: str, now: float) -> float:
        match method:
            case "chat.postMessage":
                allowed = self.posts_a_minute
            case "auth.test":
                allowed = AUTH_TESTS_A_MINUTE
            case _:
                allowed = PER_MINUTE[TIERS[method]]
        calls = self._calls[team, method]
        while calls and calls[0] <= now - WINDOW:
            calls.popleft()
        return 0.0 if len(calls) < allowed else calls[0] + WINDOW - now
