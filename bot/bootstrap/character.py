"""Made-up people: what they can do, how they forget, when they work, and what they bother with.

Nothing here knows Inflow's own rules of spacing: people forget by a curve of their own, so that a
simulation can tell whether what comes when it comes keeps anything in mind. All chance is drawn
from a generator that belongs to one person, so that the same seed makes the same people do the
same, in whatever order they are asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from random import Random

from bot.errors import Invalid
from bot.pack.answer import LETTERS, Raw, arrange
from bot.pack.item import Branching, Item, Matching, Numeric, ShortText
from bot.pack.model import Check, Objective, Quiz
from bot.pack.scoring import key, score

DO_NOT_KNOW = "I do not know"
"""What a made-up person writes where they have no answer."""
SLIP = 0.02
"""How often somebody who knows it takes the wrong letter all the same."""
LONGEST_MEMORY = 365.0
_MON_FRI = frozenset({1, 2, 3, 4, 5})
_SUN_THU = frozenset({7, 1, 2, 3, 4})


@dataclass(frozen=True, slots=True)
class Where:
    """A zone, with the country of its holidays and the week that is usual there."""

    zone: str
    country: str | None
    weekdays: frozenset[int] = _MON_FRI


PLACES = (
    Where("Europe/Paris", "FR"),
    Where("Europe/Berlin", "DE"),
    Where("America/New_York", "US"),
    Where("America/Sao_Paulo", "BR"),
    Where("Asia/Kolkata", "IN"),
    Where("Asia/Tokyo", "JP"),
    Where("Asia/Jerusalem", "IL", _SUN_THU),
    Where("Pacific/Auckland", None),
)


class Temper(StrEnum):
    """How much somebody cares for what they are sent."""

    KEEN = "keen"
    STEADY = "steady"
    BUSY = "busy"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Habit:
    """How likely somebody is to react to a message at all, after how many minutes (the median),
    to want it paused or stopped instead, and to begin a quiz nobody asks for."""

    reacts: float
    minutes: float
    pauses: float
    stops: float
    curious: float


HABITS = {
    Temper.KEEN: Habit(0.97, 20, 0.001, 0.0, 0.7),
    Temper.STEADY: Habit(0.85, 60, 0.004, 0.0005, 0.45),
    Temper.BUSY: Habit(0.45, 200, 0.012, 0.002, 0.2),
    Temper.SILENT: Habit(0.03, 300, 0.0, 0.001, 0.05),
}
_TEMPERS = (
    *(Temper.KEEN,) * 3,
    *(Temper.STEADY,) * 5,
    *(Temper.BUSY,) * 3,
    Temper.SILENT,
)


@dataclass(frozen=True, slots=True)
class Character:
    """One made-up person. `able` is the share of everything that they know to begin with;
    `memory`, after how many days nine in ten things that they heard once are still there."""

    number: int
    where: Where
    temper: Temper
    starts: time
    ends: time
    slot: time
    able: float
    memory: float
    pace: str

    @property
    def habit(self) -> Habit:
        return HABITS[self.temper]


def make_character(number: int, chance: Random) -> Character:
    """Somebody, drawn from what people are like."""
    starts = chance.choice((8, 9, 9, 10))
    return Character(
        number=number,
        where=PLACES[number % len(PLACES)],
        temper=chance.choice(_TEMPERS),
        starts=time(starts),
        ends=time(starts + 8),
        slot=time(starts + chance.choice((0, 1, 1, 2, 4)), chance.choice((0, 30))),
        able=min(0.97, max(0.25, chance.gauss(0.78, 0.14))),
        memory=min(12.0, max(0.5, chance.lognormvariate(0.7, 0.5))),
        pace=chance.choice(("daily", "daily", "three", "weekly")),
    )


@dataclass(slots=True)
class Idea:
    """What is left of one idea: on day `on`, counted from the start, it was there for certain,
    and nine in ten such ideas are still there `strength` days later."""

    strength: float
    on: int

    def recall(self, day: int) -> float:
        """How likely it is still there: a power law, slower than the exponential it resembles."""
        return 1 / (1 + max(day - self.on, 0) / (9 * self.strength))


@dataclass(slots=True)
class Mind:
    """What a person knows as time passes. `shares` are how much they know of each objective,
    by `quiz/objective`."""

    character: Character
    chance: Random
    shares: dict[str, float] = field(default_factory=dict)
    ideas: dict[str, Idea] = field(default_factory=dict)

    def share(self, objective: str | None) -> float:
        """How much of what an objective asks for the person knows; all alike is what they are
        able, give or take."""
        if objective is None:
            return self.character.able
        if objective not in self.shares:
            drawn = self.chance.gauss(self.character.able, 0.08)
            self.shares[objective] = min(0.98, max(0.15, drawn))
        return self.shares[objective]

    def learn(self, objective: str | None, gain: float) -> None:
        """Some of what was missing is there from now on."""
        if objective is not None:
            before = self.share(objective)
            self.shares[objective] = before + gain * (1 - before)

    # --- tips

    def hear(self, tip: str, objective: str | None, day: int) -> str:
        """An idea comes for the first time; what the person says of it."""
        known = self.chance.random() < self.share(objective) - 0.3
        drawn = self.chance.random()
        if drawn < 0.015:
            return "not_for_me"
        strength = 40.0 if known else self.character.memory
        self.ideas[tip] = Idea(strength, day)
        self.learn(objective, 0.02)
        # Some think they knew it, and did not.
        if known or drawn > 0.95:
            return "knew_it" if drawn > 0.3 else "useful"
        return "new_to_me" if drawn < 0.6 else "useful"

    def answer(self, tip: str, check: Check, objective: str | None, day: int) -> tuple[str, str]:
        """The option that the person takes of a question that brings an idea back, and how sure
        they are of it. Afterwards they know it again."""
        idea = self.ideas.setdefault(tip, Idea(self.character.memory, day))
        kept = idea.recall(day)
        knows = self.chance.random() < kept
        best = max(check.options, key=lambda option: option.score)
        chosen = self.chance.choice(check.options) if not knows else best
        if knows and self.chance.random() < SLIP:
            chosen = self.chance.choice(check.options)
        sure = self.chance.choice(("sure", "sure", "fairly") if knows else ("guess", "fairly", ""))
        # What nearly was lost and is found again lasts longest; what was fresh gains nothing.
        grown = idea.strength * (1 + 9 * (1 - kept)) if knows else max(idea.strength / 2, 1.0)
        self.ideas[tip] = Idea(min(max(grown, self.character.memory), LONGEST_MEMORY), day)
        self.learn(objective, 0.02)
        return chosen.id, sure

    # --- quizzes

    def respond(self, quiz: str, item: Item, mistakes: dict[str, Raw]) -> tuple[Raw, int]:
        """The answer that the person gives to an item, and how sure they are (1 to 3)."""
        knows = self.chance.random() < self.share(f"{quiz}/{item.objective}")
        sure = self.chance.choice((2, 3, 3) if knows else (1, 1, 2, 3))
        return (key(item) if knows else mistakes[item.id]), sure


def type_out(item: Item, raw: Raw, seed: bytes) -> Sequence[str]:
    """What a person types to give an answer, in the attempt of that seed: one message, or one
    for each step of a case."""
    if isinstance(item, Branching) and isinstance(raw, list):
        way = [str(id_) for id_ in raw]
        return [
            LETTERS[arrange(item, seed, way[:depth]).ids.index(chosen)]
            for depth, chosen in enumerate(way)
        ]
    shown = arrange(item, seed)
    if isinstance(item, Matching) and isinstance(raw, dict):
        places = enumerate((shown.rights.index(str(raw[id_])) for id_ in shown.ids), 1)
        return [" ".join(f"{number}{LETTERS[place]}" for number, place in places)]
    if isinstance(raw, list):
        return [" ".join(str(shown.ids.index(str(id_)) + 1) for id_ in raw) or "none"]
    if isinstance(item, Numeric):
        return [f"{raw} {item.unit}".strip()]
    if isinstance(item, ShortText):
        return [str(raw)]
    return [LETTERS[shown.ids.index(str(raw))]]


def find_mistake(item: Item) -> Raw:
    """A wrong answer, the least grave there is."""
    if isinstance(item, ShortText):
        return DO_NOT_KNOW
    wrong = []
    for raw in _answers(item):
        try:
            scored = score(item, raw)
        except Invalid:
            continue
        if not scored.right:
            wrong.append((scored.critical, raw))
    return min(wrong, key=lambda each: each[0])[1]


def _answers(item: Item) -> Iterator[Raw]:
    """Answers among which there is a wrong one."""
    best = key(item)
    if isinstance(item, Numeric):
        yield item.answer + 10 * (item.tolerance + 1)
    elif isinstance(item, Branching):
        yield from _ways(item, item.start, ())
    elif isinstance(item, Matching) and isinstance(best, dict):
        for right in best.values():
            yield {left: right for left in best}  # noqa: C420 - of JSON, and not of one type
    elif isinstance(best, list):
        yield list(reversed(best))
        yield []
        yield best[:1]
    else:
        yield from (option.id for option in getattr(item, "options", ()))


def _ways(item: Branching, node: str | None, so_far: tuple[str, ...]) -> Iterator[list[Raw]]:
    if node is None:
        yield list(so_far)
        return
    for option in item.nodes[node].options:
        yield from _ways(item, option.next, (*so_far, option.id))


def expect_met(share: float, grave: float) -> float:
    """The chance that the gate calls an objective met by somebody who gets `share` of it right,
    where that share `grave` of the mistakes decides by itself: p²(1 + 2(1 - p)(1 - c)), which is
    p²(3 - 2p) where none does (domain.md 1.5)."""
    return share**2 * (1 + 2 * (1 - share) * (1 - grave))


def grave_share(quiz: Quiz, objective: Objective, mistakes: dict[str, Raw]) -> float:
    """In what share of the items of an objective the usual mistake decides by itself."""
    if not quiz.policy.critical_error_fails:
        return 0.0
    items = [i for i in quiz.items if i.objective == objective.id and i.status == "live"]
    grave = sum(_is_grave(item, mistakes[item.id]) for item in items)
    return grave / len(items) if items else 0.0


def _is_grave(item: Item, raw: Raw) -> bool:
    # Of what a person reads it is known only later.
    return item.critical if isinstance(item, ShortText) else score(item, raw).critical
