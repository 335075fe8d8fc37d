"""Where an attempt stands, as its rule says it. Values only."""

from dataclasses import dataclass
from enum import StrEnum

from bot.ids import AttemptId


class Decision(StrEnum):
    MET = "met"
    NOT_MET = "not_met"
    OPEN = "open"
    WAITS = "waits"
    """A written answer that has still to be read can decide it."""


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    OPEN = "open"
    """The next item is to be shown."""
    WAITS = "waits"
    """There is nothing to show until a written answer has been read."""


@dataclass(frozen=True, slots=True)
class ObjectiveResult:
    """`s` of `n` counted answers are right. `critical` if one of them fails it by itself."""

    objective: str
    n: int
    s: int
    decision: Decision
    critical: bool = False
    carried_from: AttemptId | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where an attempt stands. `llr` is Wald's log likelihood ratio, where that rule is used.

    `least` and `most` are how many more items are to be shown, if all goes well or not, until
    every objective is decided; after a fail too, for whoever wants to know all.
    """

    outcome: Outcome
    objectives: tuple[ObjectiveResult, ...]
    n: int
    s: int
    least: int = 0
    most: int = 0
    llr: float | None = None
    cbm: float | None = None

    @property
    def undecided(self) -> tuple[str, ...]:
        """Objectives of which another item is wanted."""
        return tuple(r.objective for r in self.objectives if r.decision is Decision.OPEN)

    @property
    def not_met(self) -> tuple[str, ...]:
        return tuple(r.objective for r in self.objectives if r.decision is Decision.NOT_MET)

    @property
    def met(self) -> tuple[str, ...]:
        return tuple(r.objective for r in self.objectives if r.decision is Decision.MET)

    def of(self, objective: str) -> ObjectiveResult | None:
        return next((r for r in self.objectives if r.objective == objective), None)
