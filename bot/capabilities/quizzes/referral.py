"""What to read after what was missed (domain.md 1.6). Pure.

Nobody looks whether it was read: it is no condition of another try.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.capabilities.quizzes.model import Response
from bot.capabilities.quizzes.verdict import Outcome, Verdict
from bot.pack.item import Severity
from bot.pack.model import Quiz

MOST = 3
"""Sections that are shown at once."""
GRAVITY = {
    Severity.NONE: 1.0,
    Severity.MINOR: 1.0,
    Severity.MAJOR: 1.5,
    Severity.CRITICAL: 2.0,
}
CONFIDENCE = {None: 1.0, 1: 1.0, 2: 1.25, 3: 1.5}
"""Confidently wrong first."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A section worth reading: how much it weighs, and the missed items it helps with."""

    section: str
    weight: float
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Referral:
    """`read` are the heaviest first, at most three; `skip` are sections of objectives that were
    met, and that nothing missed leads to."""

    read: tuple[Reading, ...]
    skip: tuple[str, ...]


def refer(quiz: Quiz, verdict: Verdict, responses: Sequence[Response]) -> Referral:
    """What to read and what to skip. Where the total failed though every objective was met,
    whatever was missed counts; so it does for who passed."""
    not_met = set(verdict.not_met)
    if not not_met and verdict.outcome is not Outcome.OPEN:
        not_met = {r.objective for r in responses if _is_missed(r)}
    missed = [r for r in responses if _is_missed(r) and r.objective in not_met]
    teaches = {objective.id: objective.sections for objective in quiz.objectives}
    wanted = {r.item for r in missed}
    beside = {item.id: item.sections for item in quiz.items if item.id in wanted}
    weights: dict[str, float] = {}
    named: Counter[str] = Counter()
    helps: dict[str, list[str]] = {}
    # Where nothing was answered yet nothing weighs, but the objective's sections are there.
    for objective in quiz.objectives:
        if objective.id in not_met:
            for section in objective.sections:
                weights.setdefault(section, 0.0)
    for response in missed:
        weight = weigh(response)
        own = beside.get(response.item, ())
        for section in dict.fromkeys((*own, *teaches.get(response.objective, ()))):
            weights[section] = weights.get(section, 0.0) + weight
            named[section] += section in own
            helps.setdefault(section, []).append(response.item)
    # Of two that weigh the same, what an item names by itself is closer to what was missed.
    ranked = sorted(weights, key=lambda section: (-weights[section], -named[section]))
    met = set(verdict.met) - not_met
    return Referral(
        tuple(Reading(s, weights[s], tuple(helps.get(s, ()))) for s in ranked[:MOST]),
        tuple(_sections_of(quiz, met, without=set(ranked))),
    )


def weigh(response: Response) -> float:
    """What a missed answer adds to the sections that help: (1 - credit)·gravity·confidence."""
    gravity = GRAVITY[Severity.CRITICAL] if response.critical else GRAVITY[response.severity]
    return (1 - response.credit) * gravity * CONFIDENCE[response.certainty]


def _is_missed(response: Response) -> bool:
    return (
        not response.struck
        and not response.needs_person
        and (not response.right or response.critical)
    )


def _sections_of(quiz: Quiz, objectives: set[str], *, without: set[str]) -> Iterable[str]:
    found = dict.fromkeys(
        section
        for objective in quiz.objectives
        if objective.id in objectives
        for section in objective.sections
    )
    return [section for section in found if section not in without]
