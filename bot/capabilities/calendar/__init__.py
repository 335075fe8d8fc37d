"""The days on which nobody works: public holidays by country, and the organisation's own.

Whoever may set the calendar says whose holidays count for the workspace and adds days; a
person's own country is among their settings (`bot.capabilities.attention`). What follows
from days off is in `bot.holiday`, `bot.schedule` and `bot.slot`.

    handlers    what each word does
    messages    every sentence
"""

from typing import Any

from bot.access import Right
from bot.capabilities.calendar import handlers
from bot.capability import Capability, Order

capability: Capability[Any] = Capability(
    name="calendar",
    title="Days off",
    orders={
        "holidays": Order(handlers.list_days, "", "lists your coming days off", spoken=False),
        "holiday": Order(
            handlers.change_day,
            "2026-12-24 Company day | remove 2026-12-24",
            "sets a day on which nobody here works",
            spoken=False,
            needs=Right.SET_CALENDAR,
        ),
        "country": Order(
            handlers.change_country,
            "DE | DE-BY | none",
            "sets whose public holidays count here",
            spoken=False,
            needs=Right.SET_CALENDAR,
        ),
    },
    home=handlers.home,
)
