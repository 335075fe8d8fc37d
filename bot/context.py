"""What a handler may know besides its work and its command."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.activity import NO_ACTIVITIES, Activities


@dataclass(frozen=True, slots=True)
class Context:
    """The moment (aware UTC), a source of ids that are never given twice, and what capabilities
    have for each other to put before people."""

    now: datetime
    new_id: Callable[[], str]
    activities: Activities = NO_ACTIVITIES
