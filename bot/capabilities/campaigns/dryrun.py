"""What a campaign would do, told before it is approved (domain.md 5.3).

While people are looked at, chunk by chunk, a `Tally` adds up; it is too detailed to be shown.
`DryRun` is what of it may be told: no number in it is of fewer than five people, nor what is
left of another without them (see `bot.attention.Forecast`).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pydantic import TypeAdapter

from bot.access import K_ANONYMOUS
from bot.attention import Forecast
from bot.capabilities.campaigns.allocation import Allocation
from bot.capabilities.campaigns.content import Format
from bot.capabilities.campaigns.outlook import Outlook, told
from bot.ids import CampaignId
from bot.message import Args, Message
from bot.truth import Cause, tell_causes


@dataclass(frozen=True, slots=True)
class Share:
    """How many people a team, site or zone has; `name` None: all others together. `step` is when
    a cluster begins, as drawn (`allocation.NEVER`: not at all), None where nothing is drawn."""

    name: str | None
    people: int
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One activity. `planned` are the first and the last day on which anybody may have it; people
    whose days are counted have it on the day of their own.

    `message` is what everybody gets of it, as it is sent; None where there is none, and `fault`
    says why. What stands in a channel has no forecast: `there` is how many of the audience are
    in that channel, None where nobody knows or it may not be told.
    """

    id: str
    format: Format
    title: str
    planned: tuple[date, date]
    optional: bool = False
    channel: str | None = None
    """How people call it."""
    there: int | None = None
    message: Message | None = None
    fault: str | None = None
    forecast: Forecast | None = None
    moved: int | None = None
    """How many get it on a later day than planned; None for fewer than five, or all but these."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Another campaign that is approved or runs, and has something for the same people in the
    same weeks: on `days`, and for how many people (None: fewer than five)."""

    campaign: CampaignId
    title: str
    owner: str
    state: str
    days: Sequence[date]
    people: int | None


@dataclass(frozen=True, slots=True)
class Week:
    """The fullest week of a person: what the campaign has for them at most, with the others that
    clash, and the most that any five people would get with all that waits for them."""

    wanted: int
    with_others: int
    gets: int


@dataclass(frozen=True, slots=True)
class DryRun:
    """All that a campaign would do if nothing changed until then, and what stands in its way.

    Nothing is promised by it: who pauses, leaves or gets something else in between is not in it.
    """

    campaign: CampaignId
    edition: int
    digest: str
    """Of the content that was looked at; approval is bound to it."""
    title: str
    owner: str
    audience: str
    planned: tuple[date, date] | None
    asks_first: bool
    """Whether only who says yes gets anything; it is counted as if all did at once."""
    faults: Sequence[str]
    approvers: Sequence[str]
    """By name. Each of them has to approve it if `are_named`, else any one."""
    are_named: bool
    total: int
    """Active people of the audience."""
    excluded: int
    """Of those in it, how many its owner has taken out again."""
    waiting: int | None
    """How many are in clusters that get nothing (`ab`); None where that would tell of fewer than
    five."""
    reached: int | None
    """How many get something of it; None where that would tell of fewer than five."""
    is_for_few: bool
    """Whether fewer than five get something of it, or nobody."""
    nothing: Sequence[Cause]
    """Why others get nothing of it; `why` None is all that may not be told apart."""
    clusters: Sequence[Share]
    zones: Sequence[Share]
    hours_apart: float
    """Between the clocks of the zones farthest apart, on the first day."""
    by_day: Mapping[date, int]
    """Messages to people, all parts together; only of days that may be told."""
    other_days: int
    """Messages on other days."""
    parts: Sequence[Part]
    clashes: Sequence[Clash]
    week: Week
    allocation: Allocation | None
    """As it would be drawn; None where all begin at once."""
    cluster_by: str

    @property
    def is_clean(self) -> bool:
        """Whether nothing stands in its way."""
        return not self.faults and not any(part.fault for part in self.parts)


@dataclass(frozen=True, slots=True)
class Tally:
    """What has been counted so far, part by part and by person. Never to be shown as it is."""

    parts: Mapping[str, Outlook] = field(default_factory=dict)
    moved: Mapping[str, int] = field(default_factory=dict)
    people: int = 0
    nothing: Mapping[str, int] = field(default_factory=dict)
    """People who get nothing of it, by the reason that keeps most of it from them."""
    weeks: Mapping[int, int] = field(default_factory=dict)
    """How many people get so much in their fullest week."""
    zones: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fate:
    """What people who are alike get of the parts, by id: on which day, or why not. `moved` are
    those that come on a later day than planned."""

    people: int
    zone: str
    got: Mapping[str, date | str]
    moved: Collection[str]
    in_a_week: int


def add(tally: Tally, fates: Iterable[Fate]) -> Tally:
    """The tally with these people as well."""
    days: dict[str, Counter[date]] = {}
    reasons: dict[str, Counter[str]] = {}
    moved, nothing = Counter(tally.moved), Counter(tally.nothing)
    weeks, zones, people = Counter(tally.weeks), Counter(tally.zones), tally.people
    for id_, outlook in tally.parts.items():
        days[id_], reasons[id_] = Counter(outlook.days), Counter(outlook.reasons)
    for fate in fates:
        people += fate.people
        zones[fate.zone] += fate.people
        weeks[fate.in_a_week] += fate.people
        refused: Counter[str] = Counter()
        for id_, found in fate.got.items():
            if isinstance(found, date):
                days.setdefault(id_, Counter())[found] += fate.people
            else:
                reasons.setdefault(id_, Counter())[found] += fate.people
                refused[found] += 1
        for id_ in fate.moved:
            moved[id_] += fate.people
        if refused and refused.total() == len(fate.got):
            nothing[refused.most_common(1)[0][0]] += fate.people
    ids = [*days, *(id_ for id_ in reasons if id_ not in days)]
    parts = {id_: Outlook(dict(days.get(id_, {})), dict(reasons.get(id_, {}))) for id_ in ids}
    return Tally(parts, dict(moved), people, dict(nothing), dict(weeks), dict(zones))


def tell_shares(sizes: Mapping[str, int], steps: Mapping[str, int] | None = None) -> list[Share]:
    """The groups that are large enough to be told apart, largest first, and all others together.

    The smallest of those named join the others until these are enough. Of fewer than five people
    in all nothing is told.
    """
    steps = steps or {}
    order = sorted(sizes, key=lambda name: (-sizes[name], name))
    named = [name for name in order if sizes[name] >= K_ANONYMOUS and name]
    rest = sum(sizes.values()) - sum(sizes[name] for name in named)
    while 0 < rest < K_ANONYMOUS and named:
        rest += sizes[named.pop()]
    shares = [Share(name, sizes[name], steps.get(name)) for name in named]
    return [*shares, Share(None, rest)] if rest >= K_ANONYMOUS else shares


def tell_nothing(tally: Tally) -> tuple[int | None, Sequence[Cause]]:
    """How many get something, and why the others do not, as far as it may be told."""
    out = sum(tally.nothing.values())
    if not out:
        return (tally.people if tally.people >= K_ANONYMOUS else None), ()
    if out < K_ANONYMOUS or tally.people - out < K_ANONYMOUS:
        return None, ()
    causes = (Cause(why or None, people) for why, people in tally.nothing.items())
    return tally.people - out, tell_causes(causes, tally.people)


def tell_whether_few(tally: Tally) -> bool:
    """Whether fewer than five get anything, or nobody, of more people."""
    return tally.people - sum(tally.nothing.values()) < K_ANONYMOUS <= tally.people


def tell_moved(tally: Tally, id_: str) -> int | None:
    """How many get a part later than planned."""
    moved, got = tally.moved.get(id_, 0), tally.parts.get(id_, Outlook()).reached
    return moved if moved >= K_ANONYMOUS and (moved == got or got - moved >= K_ANONYMOUS) else None


def tell_days(forecasts: Iterable[Forecast]) -> tuple[Mapping[date, int], int]:
    """Messages by day, from what is told of each part, and how many are on days not told."""
    days: Counter[date] = Counter()
    later = 0
    for forecast in forecasts:
        days.update(forecast.by_day)
        later += forecast.later
    return dict(sorted(days.items())), later


def tell_week(tally: Tally) -> int:
    """The most in a week that at least five people get."""
    people = 0
    for number in sorted(tally.weeks, reverse=True):
        people += tally.weeks[number]
        if people >= K_ANONYMOUS:
            return number
    return 0


def forecast_of(tally: Tally, id_: str) -> Forecast:
    """What may be told of a part."""
    return told(tally.parts.get(id_, Outlook()))


def args_of_tally(tally: Tally) -> Args:
    """The tally as a timer keeps it."""
    args: Args = _TALLY.dump_python(tally, mode="json")
    return args


def tally_of(args: object) -> Tally:
    """The tally that `args_of_tally` made these of."""
    return _TALLY.validate_python(args)


_TALLY = TypeAdapter(Tally)
