"""What a doctor finds: one plain sentence each, and how to mend what is wrong.

Rooms bring the looks (`storage.doctor`, `bot.machine`); this only says what a finding is,
goes through them and puts them into words. No finding holds a secret, a name or a text.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias


class Verdict(StrEnum):
    """How bad it is. Only a problem keeps Inflow from working as promised."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` is so, and `mend` says what to do about it; None where there is nothing to do."""

    verdict: Verdict
    what: str
    mend: str | None = None


def fine(what: str) -> Finding:
    return Finding(Verdict.OK, what)


def doubtful(what: str, mend: str) -> Finding:
    return Finding(Verdict.WARNING, what, mend)


def wrong(what: str, mend: str) -> Finding:
    return Finding(Verdict.PROBLEM, what, mend)


Look: TypeAlias = Callable[[], Iterable[Finding]]
"""Looks at something and changes nothing. May take some seconds."""


@dataclass(frozen=True, slots=True)
class Group:
    """What is looked at together. `name` is what it is called by on the command line."""

    name: str
    title: str
    look: Look


def examine(groups: Iterable[Group]) -> Iterator[tuple[Group, Finding]]:
    """Every finding as soon as it is there. A look that fails is a problem like any other."""
    for group in groups:
        try:
            for finding in group.look():
                yield group, finding
        except Exception as error:  # noqa: BLE001 - the others are looked at all the same. The
            # error's own text may hold what nobody should see.
            yield (
                group,
                wrong(
                    f"To look any further failed with {type(error).__name__}.",
                    "Please tell those who make Inflow what stands above.",
                ),
            )


def describe_finding(finding: Finding) -> str:
    """One or two lines; the verdict is a word, so that no colour is needed."""
    line = f"  {finding.verdict.value:<8} {finding.what}"
    return line if finding.mend is None else f"{line}\n           -> {finding.mend}"


def sum_up(findings: Sequence[Finding]) -> str:
    """How many there are of each."""
    number = {verdict: sum(f.verdict is verdict for f in findings) for verdict in Verdict}
    said = [
        _count(number[Verdict.PROBLEM], "problem"),
        _count(number[Verdict.WARNING], "warning"),
        f"{number[Verdict.OK]} ok",
    ]
    return ", ".join(said) + "."


def is_healthy(findings: Iterable[Finding]) -> bool:
    """Whether there is no problem among them."""
    return all(finding.verdict is not Verdict.PROBLEM for finding in findings)


def as_json(found: Iterable[tuple[Group, Finding]]) -> dict[str, Any]:
    """`healthy`, and `findings` with `group`, `verdict`, `what` and `mend` each."""
    kept = list(found)
    return {
        "healthy": is_healthy(finding for _, finding in kept),
        "findings": [
            {
                "group": group.name,
                "verdict": finding.verdict.value,
                "what": finding.what,
                "mend": finding.mend,
            }
            for group, finding in kept
        ],
    }


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"
