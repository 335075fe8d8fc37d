"""From scores to decisions: when to answer, when to offer, when to ask a person instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores from which on an entry is shown."""

    answer: float
    """From here on the best hit is shown as the answer."""
    suggest: float
    """From here on the best few hits are offered to choose from; below, a person is asked."""

    def __post_init__(self) -> None:
        if self.suggest > self.answer:
            raise ValueError("What is good enough to answer is good enough to suggest.")


# How the defaults were got. On the tuning queries of CLINC150 (150 answers with 5 stored phrasings
# each; 3,000 questions with an answer, 100 without), `calibrate` at a precision of 0.9 gives 0.4514
# with vectors and 0.4300 without; the first is rounded up. There an answer is shown to 26 % and
# 13 % of the questions that have one and to none of those that have not. From `suggest` on, a best
# hit is likelier than not to have the right answer among the first three: 90 % and 86 % of the
# questions with an answer get an offer, which holds it in 85 % and 78 % of the cases, and so do
# 39 % of the questions without. Other subjects differ (precision of shown answers is .83 to .99 on
# sets with clean labels), so a workspace with enough confirmations should calibrate on its own.
THRESHOLDS_WITH_VECTORS: Final = Thresholds(answer=0.46, suggest=0.24)
"""Defaults with vectors: 90 % of shown answers right on CLINC150 (see the comment above)."""
THRESHOLDS_LEXICAL: Final = Thresholds(answer=0.43, suggest=0.20)
"""Defaults without vectors: 90 % of shown answers right on CLINC150 (see the comment above)."""


def calibrate(
    confirmations: Sequence[tuple[float, bool]], precision: float = 0.9, minimum: int = 50
) -> float | None:
    """Return the lowest score from which on shown answers are right as often as wanted.

    `confirmations` are pairs of a best hit's score and whether it was the right answer. None when
    there are fewer than `minimum` of them or no score is good enough. The share of right answers
    is estimated as (right + 1) / (shown + 2), Laplace's rule of succession, so that two lucky
    answers at the top prove nothing: a precision of 0.9 takes at least 8 right answers.

    Raises ValueError when `precision` is not between 0 and 1.
    """
    if not 0 < precision < 1:
        raise ValueError(f"A precision is between 0 and 1, not {precision}.")
    if len(confirmations) < minimum:
        return None
    ordered = sorted(confirmations, reverse=True)
    lowest: float | None = None
    right = 0
    for shown, (score, was_right) in enumerate(ordered, start=1):
        right += was_right
        # Hits of equal score are shown together or not at all.
        if shown < len(ordered) and ordered[shown][0] == score:
            continue
        if (right + 1) / (shown + 2) >= precision:
            lowest = score
    return lowest
