"""A capability that has a tip for everybody whose hour has come."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from bot.attention import Wish
from bot.capability import Capability
from bot.context import Context
from bot.ids import PersonId
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
            # What is the same for all was checked once, with the first of them.
            _model(one.slot.kind, one.due_at, one.closes_at).model_copy(
                update={"key": one.key, "to": ToPerson(person=one.person.id)}
            ),
        )
        for one in due
    ]


@lru_cache(maxsize=100)
def _model(kind: str, due_at: datetime, closes_at: datetime) -> Letter:
    return Letter(
        key="model",
        to=ToPerson(person=PersonId("model")),
        message=MESSAGE,
        kind=kind,
        priority=Priority.TIP,
        due_at=due_at,
        expires_at=closes_at,
        because="You asked for a tip a day.",
    )


tips: Capability[Any] = Capability(name="tips", title="Tips", slots={TIP: bring_tip})
