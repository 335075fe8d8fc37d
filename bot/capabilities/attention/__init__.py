"""What reaches a person: pauses, stops, their own hour and limits, and why they get something.

The rules and the ledger are in `bot.attention`. This is how a person talks about them, and
how they see what is held about them.

    day         days and hours as people write them  (pure)
    handlers    what each word, button and form does
    messages    every sentence
"""

from collections.abc import Sequence
from functools import partial
from typing import TypeVar

from bot.capabilities.attention import handlers
from bot.capability import AboutMe, Capability, Order
from bot.ports import Work

W = TypeVar("W", bound=Work)


def capability_beside(others: Sequence[Capability[W]]) -> Capability[W]:
    """The capability, for a program that has these others too: who pauses or stops is left
    alone by all of them, and `/me` tells what all of them hold."""
    hush = partial(handlers.hush_all, [c.hush for c in others if c.hush is not None])
    tell: list[AboutMe[W]] = [handlers.about_me]
    tell += [c.about_me for c in others if c.about_me is not None]
    reasons = [c.why for c in others if c.why is not None]
    kinds = {kind: of for c in others for kind, of in c.letters.items()}
    stop = partial(handlers.stop, hush, kinds)
    return Capability(
        name="attention",
        title="What reaches you",
        orders={
            "pause": Order(
                partial(handlers.pause_until, hush, kinds),
                "until Monday | 2 weeks | a date",
                "nothing you did not ask for reaches you until then; alone it is a week",
            ),
            "resume": Order(partial(handlers.resume, kinds), "", "ends a pause or a stop"),
            "stop": Order(stop, "", "stops all that you did not ask for", spoken=False),
            "settings": Order(
                handlers.open_settings, "", "your hour, your working time, your limits"
            ),
            "me": Order(
                partial(handlers.me, tell),
                "",
                "shows what I know about you, to you only",
                spoken=False,
            ),
        },
        presses={
            "attention.pause": partial(handlers.pause_week, hush, kinds),
            "attention.stop": stop,
            "attention.why": partial(handlers.why, kinds, reasons),
            "attention.go_on": partial(handlers.go_on, kinds),
            "attention.settings": handlers.open_settings,
        },
        opens_forms=frozenset({"attention.settings"}),
        submits={"attention.keep_settings": handlers.keep_settings},
        interrupts=dict.fromkeys(handlers.STOP_WORDS, stop),
        farewell=handlers.farewell,
        home=handlers.home,
    )
