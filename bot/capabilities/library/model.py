"""What is shown of what is written: values and small rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.capabilities.library.ports import Answered
from bot.message import Args
from bot.pack.flag import Effect, FlagKind, Share
from bot.pack.item import Item
from bot.pack.statistic import Interval, ItemStatistic


class What(StrEnum):
    """What is counted before and since a change."""

    RIGHT_AT_FIRST = "right_at_first"
    """Answers in first attempts."""
    RIGHT_AFTER_READING = "right_after_reading"
    """Answers of people who tried again."""
    UNDERSTOOD = "understood"
    """Readers who neither asked nor said that it is unclear."""
    NEW_TO_THEM = "new_to_them"
    """Questions of re-takes that people had not seen before."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares before and since a change, what is to be made of them, and by how much they
    differ. `also` are other shares of the same times, which decide nothing."""

    what: What
    before: Share
    after: Share
    effect: Effect
    gain: Interval
    also: tuple[Share, Share] | None = None


def may_be_shown(share: Share) -> bool:
    """Of fewer people there is no share (domain.md 9.1)."""
    return share.is_of_enough


@dataclass(frozen=True, slots=True)
class Standing:
    """How an item does in first attempts, and what that says of it."""

    item: Item
    known: ItemStatistic
    flags: Sequence[FlagKind]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of a colleague's, and who is credited for it."""

    answered: Answered
    author: str | None


@dataclass(frozen=True, slots=True)
class Below:
    """What stands under a section. `ask` are the args of a question about it."""

    answers: Sequence[Told]
    ask: Args
    listens: bool
    is_steward: bool
