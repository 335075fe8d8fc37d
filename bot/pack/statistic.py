"""What answers say about items and quizzes, by Moodle's definitions (domain.md 1.10). Pure.

Only first attempts are looked at, and of these only the core block: what comes after it
is answered by undecided people only, which would make it look harder than it is. People see
different items, and some stop early; therefore a person's rest score is the mean of their other
answers, stretched to the length of the core block. Where all have answered the same items this
is Moodle's rest score to the digit.

All marks are from 0 to 1; indexes are in percent, as Moodle writes them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from bot.late import Late

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    _Floats = npt.NDArray[np.float64]
else:
    np = Late("numpy")

SHOWN_FROM = 10
"""Of fewer people nothing is shown, for their sake too."""
Z = 1.96
"""Of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Given:
    """One answer of a core block in a first attempt. `item` is the item's family: versions that
    mean the same. `chosen` are the wrong options that were chosen. What does not `count` was
    asked beside them, to try it: it is held against the others, and is part of no total."""

    item: str
    attempt: str
    credit: float
    right: bool
    passed: bool | None = None
    certainty: int | None = None
    chosen: tuple[str, ...] = ()
    seconds: float | None = None
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Distractor:
    """A wrong option. `share` is that of the wrong answers; `rest_difference` how much better
    its choosers did elsewhere than all, per item; `strong` how many of the better half chose it."""

    option: str
    n: int
    share: float
    rest_difference: float | None
    strong: int


@dataclass(frozen=True, slots=True)
class ItemStatistic:
    """What is known of an item; None where it is not defined. `facility` is from 0 to 1, indexes
    and weights in percent.

    `negative` says that who does well elsewhere does worse here, so that it has no weight.
    `strong_right` are those of the better half who were right.
    """

    item: str
    n: int
    wrong: int
    facility: Interval
    sd: float | None
    discrimination: Interval | None
    efficiency: float | None
    weight: float | None
    negative: bool
    certainty_wrong: float | None
    sure_wrong: int
    told_wrong: int
    b_index: float | None
    seconds: float | None
    strong_right: int
    distractors: tuple[Distractor, ...]


@dataclass(frozen=True, slots=True)
class QuizStatistic:
    """What is known of a quiz, over people with a whole core block. None where not defined."""

    n: int
    mean: float
    median: float
    sd: float | None
    skewness: float | None
    kurtosis: float | None
    consistency: float | None
    error_ratio: float | None
    standard_error: float | None


def item_statistics(given: Sequence[Given]) -> Mapping[str, ItemStatistic]:
    """Of each item, over all who were asked it."""
    if not given:
        return {}
    names, item = np.unique([g.item for g in given], return_inverse=True)
    _, attempt = np.unique([g.attempt for g in given], return_inverse=True)
    x = np.array([g.credit for g in given], dtype=np.float64)
    right = np.array([g.right for g in given], dtype=np.float64)
    counts = np.array([g.counts for g in given], dtype=np.float64)
    answered = np.bincount(attempt, weights=counts)
    length = int(answered.max())
    totals = np.bincount(attempt, weights=x * counts)
    others = answered[attempt] - counts
    has_rest = others > 0
    rest = np.zeros_like(x)
    np.divide((totals[attempt] - x * counts) * (length - 1), others, out=rest, where=has_rest)
    total = totals[attempt] / np.maximum(answered, 1)[attempt] * length

    count = len(names)
    in_total = np.bincount(item, weights=counts, minlength=count) > 0
    n = np.bincount(item, minlength=count)
    sd = np.sqrt(_covariance(item, x, x, count))
    with_total = np.where(in_total, _covariance(item, x, total, count), np.nan)
    # Who answered nothing else says nothing about how this goes with the rest.
    i, xr, r = item[has_rest], x[has_rest], rest[has_rest]
    pairs = np.bincount(i, minlength=count)
    with_rest = _covariance(i, xr, r, count)
    spread = np.sqrt(_covariance(i, xr, xr, count) * _covariance(i, r, r, count))
    x_sorted, r_sorted = xr[np.lexsort((xr, i))], r[np.lexsort((r, i))]
    most = _covariance(np.sort(i), x_sorted, r_sorted, count)
    roots = np.sqrt(np.clip(with_total, 0, None))
    weights = float(np.nansum(roots))

    mean_rest = np.bincount(i, weights=r, minlength=count) / np.maximum(pairs, 1)
    strong = has_rest & (rest > mean_rest[item])
    facility = np.bincount(item, weights=x, minlength=count) / n
    strong_right = np.bincount(item, weights=right * strong, minlength=count)
    order = np.argsort(item, kind="stable")
    ends = np.cumsum(n)
    found: dict[str, ItemStatistic] = {}
    for index, name in enumerate(names):
        rows = order[ends[index] - n[index] : ends[index]]
        mine = [given[row] for row in rows]
        wrong = [g for g in mine if not g.right]
        told = [g.certainty for g in wrong if g.certainty is not None]
        seconds = [g.seconds for g in mine if g.seconds is not None]
        negative = bool(with_total[index] < 0)
        ratio = _over(with_rest[index], spread[index])
        best = _over(with_rest[index], most[index])
        found[str(name)] = ItemStatistic(
            item=str(name),
            n=int(n[index]),
            wrong=len(wrong),
            facility=wilson(float(facility[index]), int(n[index])),
            sd=None if n[index] < 2 else 100 * float(sd[index]),
            discrimination=None if ratio is None else _in_percent(fisher(ratio, int(pairs[index]))),
            efficiency=None if best is None else 100 * best,
            weight=_weight(float(roots[index]), weights, negative=negative),
            negative=negative,
            certainty_wrong=sum(told) / len(told) if told else None,
            sure_wrong=sum(certainty == 3 for certainty in told),
            told_wrong=len(told),
            b_index=_b_index(mine),
            seconds=float(np.median(seconds)) if seconds else None,
            strong_right=int(strong_right[index]),
            distractors=_distractors(given, rows, rest, has_rest, strong, length),
        )
    return found


def _weight(root: float, roots: float, *, negative: bool) -> float | None:
    """In percent; None for what has none, or is part of no total."""
    return None if negative or not roots or math.isnan(root) else 100 * root / roots


def quiz_statistic(given: Sequence[Given]) -> QuizStatistic | None:
    """Of the quiz, over those with a whole core block. None without anybody.

    Consistency goes by item where all have answered the same items, and otherwise by place: the
    first one of each, the second one, as Moodle does it for questions drawn at random.
    """
    by_attempt: dict[str, dict[str, float]] = {}
    for g in given:
        if g.counts:
            by_attempt.setdefault(g.attempt, {})[g.item] = g.credit
    length = max((len(marks) for marks in by_attempt.values()), default=0)
    # Sums of floats depend on their order, so it is always the same.
    whole = [by_attempt[id_] for id_ in sorted(by_attempt) if len(by_attempt[id_]) == length]
    if not whole or not length:
        return None
    same = all(marks.keys() == whole[0].keys() for marks in whole)
    columns = sorted(whole[0]) if same else []
    rows = [[m[c] for c in columns] if same else list(m.values()) for m in whole]
    return describe(np.array(rows, dtype=np.float64))


def describe(matrix: _Floats) -> QuizStatistic:
    """Of marks, a row for each person and a column for each item."""
    people, items = matrix.shape
    totals = matrix.sum(axis=1)
    deviations = totals - totals.mean()
    m2, m3, m4 = (float(np.mean(deviations**power)) for power in (2, 3, 4))
    s = people
    k2 = s * m2 / (s - 1) if s > 1 else None
    sd = math.sqrt(k2) if k2 is not None else None
    skewness = kurtosis = consistency = None
    if k2:
        if s > 2:
            skewness = s * s * m3 / ((s - 1) * (s - 2)) / k2**1.5
        if s > 3:
            k4 = s * s * ((s + 1) * m4 - 3 * (s - 1) * m2**2) / ((s - 1) * (s - 2) * (s - 3))
            kurtosis = k4 / k2**2
        if items > 1:
            variances = float(matrix.var(axis=0, ddof=1).sum())
            consistency = 100 * items / (items - 1) * (1 - variances / k2)
    ratio = None if consistency is None else 100 * math.sqrt(max(0.0, 1 - consistency / 100))
    return QuizStatistic(
        n=people,
        mean=float(totals.mean()),
        median=float(np.median(totals)),
        sd=sd,
        skewness=skewness,
        kurtosis=kurtosis,
        consistency=consistency,
        error_ratio=ratio,
        standard_error=None if ratio is None or sd is None else ratio * sd / 100,
    )


def dependability(shares: Sequence[float], items: int, cut: float) -> float | None:
    """Φ(λ) of Brennan and Kane by its short-cut: how far decisions at the cut can be relied on.
    `shares` of items right, one for each person; `cut` is a share too."""
    if items < 2 or not shares:
        return None
    mean = sum(shares) / len(shares)
    variance = sum((share - mean) ** 2 for share in shares) / len(shares)
    distance = (mean - cut) ** 2 + variance
    if not distance:
        return None
    return 1 - (mean * (1 - mean) - variance) / distance / (items - 1)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many would be decided the same by a parallel form (`share`), and how far that goes
    beyond chance (`kappa`)."""

    share: float
    kappa: float | None


def agreement(mean: float, sd: float, cut: float, reliability: float) -> Agreement | None:
    """Peng's and Subkoviak's agreement of decisions by one form. Mean, deviation and cut are in
    items; `reliability` is KR-20 or KR-21, from 0 to 1."""
    if sd <= 0:
        return None
    z = (cut - 0.5 - mean) / sd
    below = NormalDist().cdf(z)
    both = _both_below(z, min(max(reliability, 0.0), 0.999999))
    chance = below - below**2
    return Agreement(
        share=1 - 2 * (below - both),
        kappa=(both - below**2) / chance if chance > 1e-12 else None,
    )


def wilson(share: float, n: int) -> Interval:
    """Wilson's interval of a share of `n`; everything is possible with nobody."""
    if n < 1:
        return Interval(share, 0.0, 1.0)
    centre = share + Z**2 / (2 * n)
    margin = Z * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n * n))
    stretch = 1 + Z**2 / n
    return Interval(
        share, max(0.0, (centre - margin) / stretch), min(1.0, (centre + margin) / stretch)
    )


def fisher(correlation: float, n: int) -> Interval:
    """Fisher's interval of a correlation among `n`."""
    r = min(max(correlation, -1.0), 1.0)
    if n <= 3:
        return Interval(r, -1.0, 1.0)
    if abs(r) == 1.0:
        return Interval(r, r, r)
    centre, margin = math.atanh(r), Z / math.sqrt(n - 3)
    return Interval(r, math.tanh(centre - margin), math.tanh(centre + margin))


def difference(after: float, n_after: int, before: float, n_before: int) -> Interval:
    """The difference of two shares with Newcombe's interval, of two groups of people."""
    a, b = wilson(after, n_after), wilson(before, n_before)
    value = after - before
    return Interval(
        value,
        value - math.hypot(after - a.low, b.high - before),
        value + math.hypot(a.high - after, before - b.low),
    )


def _covariance(group: npt.NDArray[np.intp], a: _Floats, b: _Floats, groups: int) -> _Floats:
    """The covariance within each group, with divisor n - 1; NaN for fewer than two."""
    n = np.bincount(group, minlength=groups).astype(np.float64)
    at_least_one = np.maximum(n, 1)
    mean_a = np.bincount(group, weights=a, minlength=groups) / at_least_one
    mean_b = np.bincount(group, weights=b, minlength=groups) / at_least_one
    products = (a - mean_a[group]) * (b - mean_b[group])
    sums = np.bincount(group, weights=products, minlength=groups)
    out = np.full(groups, np.nan)
    np.divide(sums, n - 1, out=out, where=n > 1)
    return out


def _over(part: float, whole: float) -> float | None:
    """A share, or None of what is nothing or not known."""
    if not math.isfinite(part) or not math.isfinite(whole) or whole <= 1e-12:
        return None
    return float(part / whole)


def _in_percent(interval: Interval) -> Interval:
    return Interval(100 * interval.value, 100 * interval.low, 100 * interval.high)


def _b_index(given: Iterable[Given]) -> float | None:
    passed: list[bool] = []
    failed: list[bool] = []
    for g in given:
        if g.passed is not None:
            (passed if g.passed else failed).append(g.right)
    if not passed or not failed:
        return None
    return sum(passed) / len(passed) - sum(failed) / len(failed)


def _distractors(
    given: Sequence[Given],
    rows: npt.NDArray[np.intp],
    rest: _Floats,
    has_rest: npt.NDArray[np.bool_],
    strong: npt.NDArray[np.bool_],
    length: int,
) -> tuple[Distractor, ...]:
    choosers: dict[str, list[int]] = {}
    wrong = 0
    for row in rows:
        g = given[row]
        if not g.right:
            wrong += 1
            for option in g.chosen:
                choosers.setdefault(option, []).append(int(row))
    if not choosers:
        return ()
    known = rows[has_rest[rows]]
    mean = float(rest[known].mean()) if len(known) else 0.0
    found = []
    for option, chosen in choosers.items():
        with_rest = [row for row in chosen if has_rest[row]]
        better = float(rest[with_rest].mean()) - mean if with_rest else None
        found.append(
            Distractor(
                option,
                len(chosen),
                len(chosen) / wrong,
                None if better is None else better / max(length - 1, 1),
                int(strong[chosen].sum()),
            )
        )
    return tuple(sorted(found, key=lambda d: (-d.n, d.option)))


def _both_below(z: float, correlation: float, steps: int = 200) -> float:
    """That two standard normal values with a correlation are both below `z` (Plackett's
    identity, integrated by Simpson's rule over the arc sine of the correlation)."""
    end = math.asin(correlation)

    def slope(angle: float) -> float:
        return math.exp(-z * z / (1 + math.sin(angle)))

    width = end / steps
    total = slope(0.0) + slope(end)
    total += sum((4 if i % 2 else 2) * slope(i * width) for i in range(1, steps))
    return NormalDist().cdf(z) ** 2 + total * width / 3 / (2 * math.pi)
