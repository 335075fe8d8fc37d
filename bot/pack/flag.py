"""What statistics tell the owner of an item, a section or a quiz (domain.md 1.11). Pure.

A flag says nothing before there are enough answers, and nothing that an interval leaves open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import JsonValue

from bot.message import Args
from bot.pack.item import Item, MultiSelect, ScenarioChoice, SpotProblem
from bot.pack.statistic import (
    SHOWN_FROM,
    Distractor,
    Interval,
    ItemStatistic,
    difference,
)

FACILITY_FROM = 30
"""Answers from which flags about how hard an item is are raised."""
DISCRIMINATION_FROM = 50
WRONG_FROM = 30
"""Wrong answers from which something is said about single options."""
CHOOSERS_FROM = 10
"""Choosers from which it is said how they did elsewhere."""
DEAD_BELOW = 0.05
HARD_BELOW = 0.40
EASY_ABOVE = 0.95
MISLED = 0.60
"""Share of the wrong answers that one option has in a misconception."""
SURE = 0.50
SLOW = 3.0
UNCLEAR = 3
UNCLEAR_WITHIN = timedelta(days=30)
UNCLEAR_PER_READER = 0.05
SIMILAR = 3
THIN = 0.25
MOST_USED = 5


class FlagKind(StrEnum):
    KEY_SUSPECT = "key_suspect"
    TOO_HARD_COLD_AND_READ = "too_hard_cold_and_read"
    SECTION_WORKS = "section_works"
    """The only one that says something good."""
    MISCONCEPTION = "misconception"
    GIVES_ITSELF_AWAY = "gives_itself_away"
    DEAD_DISTRACTOR = "dead_distractor"
    EVERYBODY_WRONG = "everybody_wrong"
    SLOW = "slow"
    SECTION_UNCLEAR = "section_unclear"
    FAQ_GAP = "faq_gap"
    STALE = "stale"
    POOL_THIN = "pool_thin"


GOOD = frozenset({FlagKind.SECTION_WORKS})
"""Flags that ask for nothing."""


@dataclass(frozen=True, slots=True)
class Flag:
    """`about` is `item:ID`, `section:ID` or `quiz:ID`; `n` is how many answers, people or
    questions it rests on; `data` are the figures and options that a sentence about it needs."""

    kind: FlagKind
    about: str
    n: int
    data: Args


def flag_item(
    item: Item,
    cold: ItemStatistic,
    read: ItemStatistic | None = None,
    quiz_seconds: float | None = None,
) -> tuple[Flag, ...]:
    """What is to be said of an item.

    Args:
        cold: answers in first attempts.
        read: first answers of people who had missed its objective and tried again.
        quiz_seconds: the median time of the quiz's items.
    """
    about = f"item:{item.id}"
    flags: list[Flag] = []

    def raise_(kind: FlagKind, n: int, **data: object) -> None:
        told: Args = {name: _told(value) for name, value in data.items()}
        flags.append(Flag(kind, about, n, told))

    if cold.n >= SHOWN_FROM and cold.wrong == cold.n:
        raise_(FlagKind.EVERYBODY_WRONG, cold.n)
    if cold.n >= FACILITY_FROM:
        against = cold.discrimination is not None and cold.discrimination.high < 0
        stronger = next((d for d in cold.distractors if d.strong > cold.strong_right), None)
        if against or stronger:
            raise_(
                FlagKind.KEY_SUSPECT,
                cold.n,
                discrimination=cold.discrimination.value if cold.discrimination else None,
                option=stronger.option if stronger else None,
            )
    if (
        read is not None
        and min(cold.n, read.n) >= FACILITY_FROM
        and max(cold.facility.high, read.facility.high) < HARD_BELOW
    ):
        raise_(
            FlagKind.TOO_HARD_COLD_AND_READ,
            cold.n + read.n,
            cold=cold.facility.value,
            read=read.facility.value,
        )
    gain = difference_index(cold, read)
    if gain is not None and gain.low > 0:
        raise_(FlagKind.SECTION_WORKS, cold.n + (read.n if read else 0), gain=gain.value)
    misleading = cold.distractors[0] if cold.distractors else None
    if (
        misleading is not None
        and cold.wrong >= WRONG_FROM
        and cold.sure_wrong >= SURE * cold.wrong
        and misleading.share >= MISLED
    ):
        raise_(
            FlagKind.MISCONCEPTION,
            cold.wrong,
            option=misleading.option,
            share=misleading.share,
            sure=cold.sure_wrong / cold.wrong,
        )
    if cold.n >= DISCRIMINATION_FROM and cold.facility.low > EASY_ABOVE:
        raise_(FlagKind.GIVES_ITSELF_AWAY, cold.n, facility=cold.facility.value)
    dead = dead_distractors(item, cold)
    if dead:
        raise_(FlagKind.DEAD_DISTRACTOR, cold.wrong, options=list(dead))
    if (
        cold.n >= FACILITY_FROM
        and cold.seconds is not None
        and quiz_seconds is not None
        and cold.seconds > SLOW * quiz_seconds
    ):
        raise_(FlagKind.SLOW, cold.n, seconds=cold.seconds, median=quiz_seconds)
    return tuple(flags)


def difference_index(cold: ItemStatistic, read: ItemStatistic | None) -> Interval | None:
    """How much more often the item is right after reading (Cox and Vargas), from 0 to 1. None
    while there are too few answers of either kind."""
    if read is None or min(cold.n, read.n) < FACILITY_FROM:
        return None
    return difference(read.facility.value, read.n, cold.facility.value, cold.n)


class Effect(StrEnum):
    """What a change of an item did."""

    TOO_EARLY = "too_early"
    BETTER = "better"
    NO_DIFFERENCE = "no_difference"
    WORSE = "worse"


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, of answers that were right or of readers who understood. `people` are
    those who made them, where one can make several; None: as many as there are."""

    good: float
    n: int
    people: int | None = None

    @property
    def is_of_enough(self) -> bool:
        """Whether it is of so many people that it may be told (domain.md 1.10)."""
        return min(self.n, self.n if self.people is None else self.people) >= SHOWN_FROM

    @property
    def value(self) -> float:
        return self.good / self.n if self.n else 0.0


def verify(before: ItemStatistic, after: ItemStatistic) -> tuple[Effect, Interval]:
    """Whether more people are right since an item was changed, and by how much, from -1 to 1.
    Nothing is said before there are as many answers as a flag needs."""
    return compare(
        Share(before.facility.value * before.n, before.n),
        Share(after.facility.value * after.n, after.n),
    )


def compare(before: Share, after: Share) -> tuple[Effect, Interval]:
    """The same of any shares: whether there is more good since something was changed."""
    gain = difference(after.value, after.n, before.value, before.n)
    few = not (before.is_of_enough and after.is_of_enough)
    if few or min(before.n, after.n) < FACILITY_FROM:
        return Effect.TOO_EARLY, gain
    if gain.low > 0:
        return Effect.BETTER, gain
    return (Effect.WORSE if gain.high < 0 else Effect.NO_DIFFERENCE), gain


def dead_distractors(item: Item, cold: ItemStatistic) -> tuple[str, ...]:
    """Wrong options that do no work: hardly anybody who is wrong chooses them, or those who do
    are better elsewhere than most."""
    if cold.wrong < WRONG_FROM:
        return ()
    chosen = {d.option: d for d in cold.distractors}
    return tuple(id_ for id_ in wrong_options(item) if _is_dead(chosen.get(id_)))


def wrong_options(item: Item) -> tuple[str, ...]:
    """Ids of what can wrongly be chosen in an item, where that can be listed."""
    match item:
        case ScenarioChoice():
            return tuple(option.id for option in item.options if option.score < 1)
        case MultiSelect():
            return tuple(option.id for option in item.options if not option.correct)
        case SpotProblem():
            return tuple(line.id for line in item.lines if not line.problem)
        case _:
            return ()


def flag_section(
    section: str, unclear_at: Sequence[datetime], readers: int, now: datetime
) -> Flag | None:
    """A section that people do not understand. `unclear_at` are questions about it and taps on
    *unclear* since it was last changed, `readers` those who opened it since."""
    recent = sum(now - at <= UNCLEAR_WITHIN for at in unclear_at)
    often = len(unclear_at) >= UNCLEAR and len(unclear_at) > UNCLEAR_PER_READER * max(readers, 1)
    if recent < UNCLEAR and not often:
        return None
    return Flag(
        FlagKind.SECTION_UNCLEAR,
        f"section:{section}",
        len(unclear_at),
        {"recent": recent, "readers": readers},
    )


def flag_gap(about: str, similar: Sequence[str]) -> Flag | None:
    """Questions like each other to which there is no article, by their ids."""
    if len(similar) < SIMILAR:
        return None
    return Flag(FlagKind.FAQ_GAP, about, len(similar), {"questions": list(similar)})


def flag_age(about: str, review_by: date | None, today: date, dead_link: str = "") -> Flag | None:
    """What was to be read again by now, or leads nowhere."""
    late = review_by is not None and review_by < today
    if not late and not dead_link:
        return None
    told = review_by.isoformat() if late and review_by is not None else None
    return Flag(FlagKind.STALE, about, 1, {"review_by": told, "link": dead_link})


@dataclass(frozen=True, slots=True)
class Retaken:
    """What people were asked who tried again. `items` has for each item how often it was shown,
    and how often to somebody who had seen it before; `people` is how many they were."""

    items: Mapping[str, tuple[int, int]]
    people: int

    @property
    def new(self) -> Share:
        """How much of it they had not seen before."""
        shown = sum(n for n, _ in self.items.values())
        return Share(shown - sum(n for _, n in self.items.values()), shown, self.people)


def flag_pool(quiz: str, retaken: Retaken) -> Flag | None:
    """A quiz of which people have seen too much when they try again."""
    new, items = retaken.new, retaken.items
    shown, repeated = new.n, new.n - new.good
    if not new.is_of_enough or repeated <= THIN * shown:
        return None
    most = sorted(items, key=lambda item: (-items[item][1], item))[:MOST_USED]
    return Flag(
        FlagKind.POOL_THIN,
        f"quiz:{quiz}",
        shown,
        {"share": repeated / shown, "items": [item for item in most if items[item][1]]},
    )


def _is_dead(distractor: Distractor | None) -> bool:
    if distractor is None or distractor.share < DEAD_BELOW:
        return True
    # Of two or three choosers one good one would be enough for this, so it waits for more.
    return (
        distractor.n >= CHOOSERS_FROM
        and distractor.rest_difference is not None
        and distractor.rest_difference > 0
    )


def _told(value: object) -> JsonValue:
    """A figure as JSON, shares to four digits."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, list):
        return [str(part) for part in value]
    return None if value is None else str(value)
