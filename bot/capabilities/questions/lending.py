"""What others may know of who asks: whether somebody did, with their name, and never what."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta

from bot.activity import Evidence
from bot.capabilities.questions.work import QuestionsWork
from bot.ids import PersonId

ASKED_WITHIN = timedelta(days=30)
"""For so long it counts that somebody has asked."""


def find_askers(
    work: QuestionsWork,
    _about: Sequence[str],
    people: Sequence[PersonId],
    now: datetime,
    _since: date,
) -> AbstractSet[PersonId]:
    """`asked()`: has asked a question lately. Of one without a name nobody knows whose it is, so
    it counts for nobody."""
    return work.questions.askers(people, now - ASKED_WITHIN)


EVIDENCE: dict[str, Evidence[QuestionsWork]] = {"asked": find_askers}
