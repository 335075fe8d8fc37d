"""What comes to a person today, and why that (domain.md 2.5)."""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from bot.capabilities.tips.course import Course, Entry, next_variant
from bot.capabilities.tips.model import Card, CardState, Learner, Pick, Subscription
from bot.capabilities.tips.spacing import recall, retention
from bot.holiday import DaysOff
from bot.ids import PersonId, TopicId
from bot.pack.waiver import Waiver
from bot.people import Person, works_on

CRITICAL = 2.0
NEW = 0.5
NEW_SHARE = 0.5
OTHER_TOPIC = 0.2
JUST_SEEN = 1.0
JUST_SEEN_DAYS = 2
"""Working days within which the same words come too soon."""
_CLOSE = 1e-9
_HORIZON = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that could come today. `card` is None for what the person has never seen."""

    entry: Entry
    topic: TopicId
    card: Card | None
    variant: int
    asks: bool
    is_late: bool = False

    @property
    def is_new(self) -> bool:
        return not self.asks


@dataclass(frozen=True, slots=True)
class Parts:
    """A score in its parts; what is 0 had nothing to say."""

    critical: float = 0
    faded: float = 0
    new: float = 0
    other_topic: float = 0
    just_seen: float = 0

    @property
    def total(self) -> float:
        return self.critical + self.faded + self.new + self.other_topic + self.just_seen

    @property
    def words(self) -> str:
        """As it is kept: `critical 2.00, faded 0.12`."""
        said = [
            f"{name.replace('_', ' ')} {value:.2f}"
            for name, value in (
                ("critical", self.critical),
                ("faded", self.faded),
                ("new", self.new),
                ("other topic", self.other_topic),
                ("just seen", self.just_seen),
            )
            if value
        ]
        return ", ".join(said) or "nothing else was due"


def weigh(candidate: Candidate, learner: Learner, person: Person, day: date) -> Parts:
    """The score of a candidate for a person on their local day.

    Campaigns are not among the candidates: their letters have the higher priority in the one
    budget, which is decided where all wishes meet (`bot.attention`).
    """
    card = candidate.card
    critical = faded = new = other = just_seen = 0.0
    if candidate.asks and card is not None and card.trace is not None:
        wanted = retention(critical=candidate.entry.tip.critical)
        faded = (wanted - recall(card.trace, day)) / wanted
        critical = CRITICAL if candidate.entry.tip.critical else 0.0
    elif learner.recent.count("n") < NEW_SHARE * max(len(learner.recent), 1):
        new = NEW
    if learner.pick is None or learner.pick.topic != candidate.topic:
        other = OTHER_TOPIC
    if (
        card is not None
        and card.shown_on is not None
        and card.variant == candidate.variant
        and working_days(person, card.shown_on, day, JUST_SEEN_DAYS) < JUST_SEEN_DAYS
    ):
        just_seen = -JUST_SEEN
    return Parts(critical, faded, new, other, just_seen)


def choose(
    candidates: Sequence[Candidate],
    learner: Learner,
    person: Person,
    day: date,
    *,
    pulled: bool = False,
) -> Pick | None:
    """The candidate of the highest score; equal ones are told apart by person and day, the same
    at every try. None where there is none."""
    if not candidates:
        return None
    weighed = [(weigh(candidate, learner, person, day), candidate) for candidate in candidates]
    most = max(parts.total for parts, _ in weighed)
    best = [(parts, one) for parts, one in weighed if parts.total >= most - _CLOSE]
    if len(best) > 1:
        best.sort(key=lambda each: draw(person.id, day, each[1].entry.tip.id))
    parts, chosen = best[0]
    return Pick(
        tip=chosen.entry.tip.id,
        topic=chosen.topic,
        variant=chosen.variant,
        day=day,
        asks=chosen.asks,
        pulled=pulled,
        why=parts.words,
        is_new=chosen.is_new,
        is_late=chosen.is_late,
    )


def draw(person: PersonId, day: date, tip: str) -> bytes:
    """What tells equal scores apart."""
    return hmac.digest(person.encode(), f"{day.isoformat()}:{tip}".encode(), "sha256")


def candidate_of(course: Course, card: Card) -> Candidate | None:
    """A card whose day has come, as a candidate; None if its tip is not told any more."""
    entry = course.entry(card.tip)
    if entry is None:
        return None
    asks = card.state is CardState.ACTIVE
    variant = next_variant(entry, card, asks=asks)
    if variant is None:
        return None
    return Candidate(entry, course.topic, card, variant, asks)


def is_waived(
    entry: Entry, subscription: Subscription, waivers: Iterable[Waiver], now: datetime
) -> bool:
    """Whether the person has shown that they need not be told: all of the topic, or what the
    objective asks for. Who follows the topic again after that wants to be told."""
    return any(
        waiver.at >= subscription.opted_in_at
        and (waiver.topic == subscription.topic or entry.tip.objective is not None)
        and waiver.covers(_objective(entry, waiver), now)
        for waiver in waivers
    )


def _objective(entry: Entry, waiver: Waiver) -> str | None:
    """What the tip is for, as far as the quiz is concerned: a tip for no objective of that quiz
    counts as the topic's as a whole."""
    objective = entry.tip.objective
    if objective is not None and objective.partition("/")[0] == waiver.quiz:
        return objective
    return None if entry.tip.topic == waiver.topic else objective


def working_days(person: Person, after: date, upto: date, enough: int) -> int:
    """How many working days there are after one day and up to another; no more than `enough`
    are counted."""
    count, day = 0, after
    while day < upto and count < enough:
        day += timedelta(days=1)
        count += works_on(person, day)
    return count


def working_day_after(person: Person, day: date, days: int) -> date:
    """The local day on which so many of the person's working days have gone by."""
    return _day_after(person.hours.weekdays, person.days_off, day, days)


# Of a thousand people that are planned together most have the same week.
@lru_cache(maxsize=2_000)
def _day_after(weekdays: frozenset[int], days_off: DaysOff, day: date, days: int) -> date:
    left, later = days, day
    # A calendar that is all days off must not make anything wait for ever.
    for _ in range(_HORIZON):
        if left == 0:
            break
        later += timedelta(days=1)
        left -= (not weekdays or later.isoweekday() in weekdays) and later not in days_off
    return later
