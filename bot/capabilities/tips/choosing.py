"""What comes to a person today, and why that (domain.md 2.5)."""

import hmac
import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from bot.capabilities.tips.course import Course, Entry, next_variant
from bot.capabilities.tips.model import Card, CardState, Due, Pick, Subscription
from bot.capabilities.tips.spacing import recall_after, retention
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
"""Working days within which the same words, or the same question, come too soon."""
_Score: TypeAlias = tuple[float, float, float, float, float]
"""`Parts`, before anybody looks at them: of most candidates nobody does."""
_CLOSE = 1e-9
_HORIZON = 100


class Candidate(NamedTuple):
    """Something that could come today. `card` is None for what the person has never seen."""

    entry: Entry
    topic: TopicId
    card: Due | None
    variant: int
    asks: bool
    is_late: bool = False


class Today(NamedTuple):
    """For whom is chosen, and when: what the last messages were (`Learner.recent`), and what
    the last one was about."""

    person: Person
    day: date
    recent: str
    last_topic: TopicId | None

    @property
    def wants_new(self) -> bool:
        """Whether few enough of the last messages were new."""
        return self.recent.count("n") < NEW_SHARE * (len(self.recent) or 1)


class Parts(NamedTuple):
    """A score in its parts, which is their sum; what is 0 had nothing to say."""

    critical: float = 0
    faded: float = 0
    new: float = 0
    other_topic: float = 0
    just_seen: float = 0

    @property
    def words(self) -> str:
        """As it is kept: `critical 2.00, faded 0.12`."""
        said = []
        if self.critical:
            said.append(f"critical {self.critical:.2f}")
        if self.faded:
            said.append(f"faded {self.faded:.2f}")
        if self.new:
            said.append(f"new {self.new:.2f}")
        if self.other_topic:
            said.append(f"other topic {self.other_topic:.2f}")
        if self.just_seen:
            said.append(f"just seen {self.just_seen:.2f}")
        return ", ".join(said) or "nothing else was due"


def weigh(candidate: Candidate, today: Today) -> Parts:
    """The score of a candidate for a person on their local day.

    Campaigns are not among the candidates: their letters have the higher priority in the one
    budget, which is decided where all wishes meet (`bot.attention`).
    """
    return Parts._make(_weigh(candidate, today, wants_new=today.wants_new))


def _weigh(candidate: Candidate, today: Today, *, wants_new: bool) -> _Score:
    entry, topic, card, variant, asks, _ = candidate
    critical = faded = new = just_seen = 0.0
    if asks:
        if card is not None and card.stability is not None and card.reviewed_on is not None:
            wanted = retention(critical=entry.critical)
            elapsed = (today.day - card.reviewed_on).days
            faded = (wanted - recall_after(elapsed, card.stability)) / wanted
        if entry.critical:
            critical = CRITICAL
    elif wants_new:
        new = NEW
    # The question about an idea is something else than the words in which it was told.
    if (
        card is not None
        and card.variant == variant
        and card.shown_on is not None
        and card.was_asked is asks
    ):
        just_seen = -JUST_SEEN if _is_just_seen(today, card.shown_on) else 0.0
    other = OTHER_TOPIC if today.last_topic != topic else 0.0
    return critical, faded, new, other, just_seen


def _is_just_seen(today: Today, shown_on: date) -> bool:
    if (today.day - shown_on).days < JUST_SEEN_DAYS:
        return True
    seen = working_days(today.person, shown_on, today.day, JUST_SEEN_DAYS)
    return seen < JUST_SEEN_DAYS


def choose(candidates: Sequence[Candidate], today: Today) -> tuple[Candidate, Parts] | None:
    """The candidate of the highest score, and that; equal ones are told apart by person and
    day, the same at every try. None where there is none."""
    best: list[tuple[Candidate, _Score]] = []
    most, wants_new = -math.inf, today.wants_new
    for candidate in candidates:
        score = _weigh(candidate, today, wants_new=wants_new)
        total = sum(score)
        if total > most + _CLOSE:
            most, best = total, [(candidate, score)]
        elif total >= most - _CLOSE:
            best.append((candidate, score))
    if not best:
        return None
    if len(best) > 1:
        person, day = today.person.id, today.day
        best.sort(key=lambda each: draw(person, day, each[0].entry.tip.id))
    candidate, score = best[0]
    return candidate, Parts._make(score)


def pick_of(chosen: Candidate, parts: Parts, day: date, letter: str | None) -> Pick:
    """What was chosen, as it is kept. `letter` is the key of what brings it."""
    entry, topic, _, variant, asks, is_late = chosen
    return Pick(entry.tip.id, topic, variant, day, asks, letter, parts.words, not asks, is_late)


def draw(person: PersonId, day: date, tip: str) -> bytes:
    """What tells equal scores apart."""
    return hmac.digest(person.encode(), f"{day.isoformat()}:{tip}".encode(), "sha256")


def candidate_of(course: Course, card: Due) -> Candidate | None:
    """A card whose day has come, as a candidate; None if its tip is not told any more."""
    place = course.places.get(card.tip)
    if place is None:
        return None
    entry = course.entries[place]
    variant = next_variant(entry, card.variant, asks=card.asks)
    if variant is None:
        return None
    return Candidate(entry, course.topic, card, variant, card.asks)


def due_of(card: Card) -> Due:
    """What a choice needs of a card, as if its day had come."""
    return Due(
        person=card.person,
        tip=card.tip,
        topic=card.topic,
        asks=card.state is CardState.ACTIVE,
        variant=card.variant,
        shown=card.shown,
        shown_on=card.shown_on,
        due_on=card.due_on or date.max,
        stability=None if card.trace is None else card.trace.stability,
        reviewed_on=None if card.trace is None else card.trace.day,
        reps=card.reps,
    )


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
