"""Which answers of an attempt make statistics (domain.md 1.10). Pure.

What they say is in `bot.pack.statistic`.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol, TypeVar

from bot.capabilities.quizzes.rule import ENOUGH
from bot.pack.model import Policy


class Said(Protocol):
    """What is looked at of a `Response`."""

    @property
    def objective(self) -> str: ...

    @property
    def counts(self) -> bool: ...

    @property
    def needs_person(self) -> bool: ...


R = TypeVar("R", bound=Said)


def core(policy: Policy, responses: Sequence[R]) -> tuple[R, ...]:
    """The answers that everybody gives: the first `n_min` of a sequential test, the first two of
    each objective at the gate, all of a fixed form."""
    counted = [r for r in responses if r.counts and not r.needs_person]
    match policy.mode:
        case "fixed":
            return tuple(counted)
        case "gate_sprt":
            return tuple(counted[: policy.sprt.n_min])
        case "gate":
            so_far: Counter[str] = Counter()
            block = []
            for response in counted:
                so_far[response.objective] += 1
                if so_far[response.objective] <= ENOUGH:
                    block.append(response)
            return tuple(block)
