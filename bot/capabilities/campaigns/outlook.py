"""The forecast of a campaign as it adds up, while people are looked at chunk by chunk."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from pydantic import TypeAdapter

from bot.attention import Forecast, sum_up_counts
from bot.crowd import Group
from bot.message import Args


@dataclass(frozen=True, slots=True)
class Outlook:
    """The forecast while people are looked at one chunk after another: how many get it on
    which day, and how many not for which reason. Too detailed to be shown as it is."""

    days: Mapping[date, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def people(self) -> int:
        return sum(self.days.values()) + sum(self.reasons.values())

    @property
    def reached(self) -> int:
        return sum(self.days.values())


def look_on(outlook: Outlook, groups: Iterable[Group]) -> Outlook:
    """The outlook with these people as well."""
    days, reasons = Counter(outlook.days), Counter(outlook.reasons)
    for group in groups:
        if group.day is None:
            reasons[group.why or ""] += group.people
        else:
            days[group.day] += group.people
    return Outlook(dict(days), dict(reasons))


def told(outlook: Outlook) -> Forecast:
    """What of the outlook may be shown."""
    return sum_up_counts(outlook.days, outlook.reasons)


def args_of(outlook: Outlook) -> Args:
    """The outlook as a timer keeps it."""
    args: Args = _OUTLOOK.dump_python(outlook, mode="json")
    return args


def outlook_of(args: Mapping[str, object]) -> Outlook:
    """The outlook that `args_of` made these of."""
    return _OUTLOOK.validate_python(args)


_OUTLOOK = TypeAdapter(Outlook)
