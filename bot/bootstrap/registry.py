"""All that the bot can do, the same on every platform. A new capability is one more name here."""

from collections.abc import Sequence

from bot.capabilities.attention import capability_beside
from bot.capabilities.calendar import capability as calendar
from bot.capabilities.campaigns import capability as campaigns
from bot.capabilities.library import capability_with
from bot.capabilities.library.editing import Fault
from bot.capabilities.narration import capability_beside as narration_beside
from bot.capabilities.questions import capability as questions
from bot.capabilities.quizzes import capability as quizzes
from bot.capabilities.roles import capability as roles
from bot.capabilities.tips import capability as tips
from bot.capability import Capability
from bot.pack.item import Item
from bot.pack.model import Section, Tip
from storage.work import SqlWork


def _faults_of(value: Section | Tip | Item) -> Sequence[Fault]:
    # What reads content takes 6 MB, and most processes never do.
    from content.sense import faults_of  # noqa: PLC0415

    return faults_of(value)


_THEIRS: Sequence[Capability[SqlWork]] = (
    questions,
    capability_with(_faults_of),
    quizzes,
    campaigns,
    tips,
    calendar,
    roles,
)
_OTHERS = (*_THEIRS[:5], narration_beside(_THEIRS), *_THEIRS[5:])
CAPABILITIES: Sequence[Capability[SqlWork]] = (*_OTHERS, capability_beside(_OTHERS))
"""In the order in which people are told of them."""
