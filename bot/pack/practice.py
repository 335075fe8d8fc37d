"""What somebody answered to the daily questions of tips, for whoever may count it.

Tips keep it for a year (`bot.capabilities.tips`), and a certificate may be renewed by it
(domain.md 1.9): this is where they meet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from bot.ids import PersonId

PRACTICE_KEPT = timedelta(days=365)
"""How long answers are kept. What they renew can be valid for no longer: whoever renewed as early
as they could has all that time until it is due again."""


@dataclass(frozen=True, slots=True)
class Practised:
    """An answer to the question of a tip on a local day of the person. `variant` is in which of
    its wordings it was asked (0: the tip's own), `option` the id of what was chosen. With
    `hint` the idea itself stood above the question."""

    tip: str
    variant: int
    option: str
    right: bool
    hint: bool
    day: date


class Practice(Protocol):
    """Answers to daily questions, within one open transaction (`work.practice`)."""

    def answers(self, person: PersonId, since: date) -> Sequence[Practised]:
        """A person's answers of that day or later, in the order in which they were given, as far
        as they are still kept."""
