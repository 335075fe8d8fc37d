"""What a handler may know besides its work and its command."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Context:
    """The moment (aware UTC) and a source of ids that are never given twice."""

    now: datetime
    new_id: Callable[[], str]
