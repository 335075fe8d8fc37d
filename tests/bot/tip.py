"""A capability that has a tip for everybody whose hour has come."""

from collections.abc import Sequence
from typing import Any

from bot.attention import Wish
from bot.capability import Capability
from bot.context import Context
from bot.message import say
from bot.outbox import Letter, Priority, ToPerson
from bot.slot import DueSlot

TIP = "tips.daily"
MESSAGE = say("Ask before you need to know.")


def bring_tip(_context: Context, _work: Any, due: Sequence[DueSlot]) -> Sequence[Wish]:
    """One tip for each, the same for all."""
    return [
        Wish(
            one.person,
            Letter(
                key=one.key,
                to=ToPerson(person=one.person.id),
                message=MESSAGE,
                kind=one.slot.kind,
                priority=Priority.TIP,
                due_at=one.due_at,
                expires_at=one.closes_at,
                because="You asked for a tip a day.",
            ),
        )
        for one in due
    ]


tips: Capability[Any] = Capability(name="tips", title="Tips", slots={TIP: bring_tip})
