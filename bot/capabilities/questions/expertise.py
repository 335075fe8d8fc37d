"""How likely a person is to help with a topic: declared, earned, endorsed, and fading.

Every formula is that of the domain design, section 3.3. The result is shown to the person
alone; to everybody else there is only an unordered "people who may help". No ranks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, log
from typing import Generic, TypeVar

from bot.capabilities.questions.model import Credit, Endorsement, Level

Key = TypeVar("Key")

# Powers of e: the first keeps a sum of parts precise, the second keeps a float finite.
_FARTHEST = 100.0
_LARGEST = 600.0

HALF_LIFE = timedelta(days=180)
"""After this time a deed counts half."""

DECLARED: dict[Level, float] = {"steward": 1.0, "can_help": 0.7, "learning": 0.3, "none": 0.0}
"""What a person's own word about a topic is worth."""

EARNS = {
    "accepted": 1.0,
    "reused": 0.5,
    "unconfirmed": 0.3,
    "certified": 0.5,
    "narrated": 0.2,
    "not_solved": 0.0,
}
"""What one deed is worth on the day it is done, by `Credit.kind`."""

REUSES_COUNTED = 5
"""So many reuses of one article count; a popular article does not make a lone expert."""

OTHER_TEAM = 1.5
"""An endorsement by somebody from another team counts so much; by a team mate, 1."""


class FadingCounts(Generic[Key]):
    """Counts by key, of which every part halves each `half_life`; reading costs no arithmetic.

    All counts are kept as they stand at one moment, so that `relative` compares them as they are
    and only `scale` depends on the time. Times are seconds, on any one scale; parts may be added
    late and out of order, and count as of their own time.
    """

    __slots__ = ("_moment", "_rate", "relative")

    def __init__(self, half_life: timedelta) -> None:
        if half_life <= timedelta(0):
            raise ValueError("a half-life is longer than nothing")
        self._rate = log(2.0) / half_life.total_seconds()
        self._moment: float | None = None
        self.relative: dict[Key, float] = {}
        """By key: the count, in a unit that all keys share. To be read only."""

    def add(self, key: Key, time: float, weight: float = 1.0) -> None:
        """Count `weight` for `key` from `time` on."""
        if self._moment is None:
            self._moment = time
        elif (time - self._moment) * self._rate > _FARTHEST:
            # Before the unit grows too small for new parts, everything is moved to a new moment.
            scale = self.scale(time)
            self.relative = {key: count * scale for key, count in self.relative.items()}
            self._moment = time
        part = weight * exp(max(-_LARGEST, (time - self._moment) * self._rate))
        self.relative[key] = self.relative.get(key, 0.0) + part

    def scale(self, time: float) -> float:
        """What to multiply `relative` with to have the counts as they stand at `time`."""
        if self._moment is None:
            return 1.0
        return exp(min(_LARGEST, max(-_LARGEST, (self._moment - time) * self._rate)))

    def at(self, key: Key, time: float) -> float:
        """The count of one key as it stands at `time`; 0.0 for one that never counted."""
        return self.relative.get(key, 0.0) * self.scale(time)

    def forget(self, key: Key) -> None:
        """Lose the count of this key."""
        self.relative.pop(key, None)


def fade(at: datetime, now: datetime) -> float:
    """What a deed of `at` is still worth: 2^(-days/180) (domain 3.3)."""
    return float(0.5 ** ((now - at) / HALF_LIFE))


def earn(deeds: Iterable[Credit], now: datetime) -> float:
    """e = sum of w * 2^(-days/180) over the deeds up to `now` (domain 3.3).

    Of the reuses of one article the newest five count.
    """
    total = 0.0
    reuses: dict[str | None, list[float]] = {}
    for credit in deeds:
        if credit.at > now:
            continue
        worth = EARNS[credit.kind] * fade(credit.at, now)
        if credit.kind == "reused":
            reuses.setdefault(credit.article, []).append(worth)
        else:
            total += worth
    for worths in reuses.values():
        total += sum(sorted(worths, reverse=True)[:REUSES_COUNTED])
    return total


def saturate_earned(earned: float) -> float:
    """1 - e^(-e/4): the tenth answer tells less than the first (domain 3.3)."""
    return 1.0 - exp(-earned / 4.0)


def tally(deeds: Iterable[Credit], now: datetime) -> tuple[float, float]:
    """The fading counts of answers (accepted, that did not solve it) up to `now`."""
    accepted = unsolved = 0.0
    for credit in deeds:
        if credit.at > now:
            continue
        if credit.kind == "accepted":
            accepted += fade(credit.at, now)
        elif credit.kind == "not_solved":
            unsolved += fade(credit.at, now)
    return accepted, unsolved


def rate_helpfulness(accepted: float, unsolved: float) -> float:
    """h = (3 + accepted) / (4 + accepted + not solved), a Beta(3, 1) prior (domain 3.3).

    Both counts fade. Somebody without a record starts at 3/4; one bad answer costs little.
    """
    return (3.0 + accepted) / (4.0 + accepted + unsolved)


def count_endorsements(endorsements: Iterable[Endorsement]) -> float:
    """n: distinct people, other teams 1.5 (domain 3.3). Twice from one person counts once."""
    by_person: dict[str, float] = {}
    for endorsement in endorsements:
        worth = OTHER_TEAM if endorsement.other_team else 1.0
        by_person[endorsement.by] = max(worth, by_person.get(endorsement.by, 0.0))
    return sum(by_person.values())


def saturate_endorsements(count: float) -> float:
    """1 - e^(-n/3) (domain 3.3)."""
    return 1.0 - exp(-count / 3.0)


def declare(level: Level, refusals: Iterable[datetime], now: datetime) -> float:
    """d: what the person's own word is worth, 1, .7, .3 or 0 (domain 3.3).

    Each "not my field" (domain 3.1: it lowers the topic score, "busy" does not) halves it,
    and is itself forgotten with the half-life of everything else.
    """
    said = sum(fade(at, now) for at in refusals if at <= now)
    return float(DECLARED[level] * 0.5**said)


@dataclass(frozen=True, slots=True)
class Expertise:
    """What is known of one person in one topic at one moment; the default knows nothing."""

    level: Level = "none"
    declared: float = 0.0
    earned: float = 0.0
    helpfulness: float = 0.75
    endorsements: float = 0.0

    @property
    def vouched(self) -> float:
        """The part of the score that rests on words: .35 d + .20 c^ (domain 3.3)."""
        return 0.35 * self.declared + 0.20 * saturate_endorsements(self.endorsements)

    @property
    def proven(self) -> float:
        """The part of the score that rests on deeds: .45 e^ h (domain 3.3)."""
        return 0.45 * saturate_earned(self.earned) * self.helpfulness

    @property
    def score(self) -> float:
        """s = .35 d + .45 e^ h + .20 c^, from 0 to below 1 (domain 3.3)."""
        return self.vouched + self.proven


def assess(
    now: datetime,
    level: Level = "none",
    deeds: Sequence[Credit] = (),
    endorsements: Sequence[Endorsement] = (),
    refusals: Sequence[datetime] = (),
) -> Expertise:
    """The person's expertise in one topic at `now` (aware), from what was said and done there.

    Leave out everything else: the caller passes only what belongs to the person and the topic.
    `refusals` are the times at which the person said "not my field".
    """
    return Expertise(
        level=level,
        declared=declare(level, refusals, now),
        earned=earn(deeds, now),
        helpfulness=rate_helpfulness(*tally(deeds, now)),
        endorsements=count_endorsements(endorsements),
    )
