"""What an answer to an item is worth (domain.md 1.2). Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import assert_never, cast

from bot.pack.answer import Raw, check, nodes_on, rights
from bot.pack.item import (
    Accept,
    Branching,
    Consequence,
    Item,
    Matching,
    MultiSelect,
    Numeric,
    Ordering,
    ScenarioChoice,
    Severity,
    ShortText,
    SpotProblem,
)

MOST_SEARCHED = 500
"""Characters of an answer in which a pattern is searched for: the most that an item takes
(`ShortText.max_length`)."""
ENOUGH = 0.8
"""Credit from which an answer that has several parts counts as right."""
TOLERANCE = 1e-9
"""Sums of tenths are not exact."""
_ORDER = list(Severity)


@dataclass(frozen=True, slots=True)
class Remark:
    """About one part of the answer: an option, a step, a line, a left side, or the whole
    (`about` empty).

    `right` says whether it was dealt with rightly: a wrong option that was left alone is right.
    """

    about: str
    chosen: bool
    right: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """What became of an answer. `right` is the 0 or 1 that passes and fails; `critical` fails the
    item's objective whatever else was right. With `needs_person` nothing is known until a
    person has read it: `credit` is 0 and `right` False for the time being.

    `feedback` has a remark for every part that was chosen or should have been, in the order of
    the item. `consequences` follow from what was chosen, in the same order.
    """

    credit: float
    right: bool
    critical: bool = False
    consequences: tuple[Consequence, ...] = ()
    feedback: tuple[Remark, ...] = ()
    needs_person: bool = False

    @property
    def severity(self) -> Severity:
        """Of the worst consequence."""
        return max((c.severity for c in self.consequences), key=_ORDER.index, default=Severity.NONE)

    @property
    def consequence(self) -> Consequence | None:
        """The worst one, the first of those that are equally bad."""
        return max(self.consequences, key=lambda c: _ORDER.index(c.severity), default=None)


def score(item: Item, raw: Raw, *, regulatory: bool = False) -> Scored:
    """What the answer is worth. In a `regulatory` quiz a person reads what no rule knows.

    Raises:
        Invalid: the answer does not fit the item (`bot.pack.answer.check`).
    """
    # The casts below rest on this.
    check(item, raw)
    needs_person = False
    consequences: tuple[Consequence | None, ...] = ()
    match item:
        case ScenarioChoice():
            option = next(o for o in item.options if o.id == raw)
            credit = option.score
            consequences = (option.consequence,)
            feedback = [Remark(option.id, True, is_right(item, credit), option.feedback)]
        case MultiSelect():
            chosen = _ids(raw)
            parts = [(o.id, o.correct, o.feedback) for o in item.options]
            credit = _choice_credit(parts, chosen)
            consequences = tuple(o.consequence for o in item.options if o.id in chosen)
            feedback = _remarks(parts, chosen)
        case SpotProblem():
            chosen = _ids(raw)
            parts = [(line.id, line.problem, line.why) for line in item.lines]
            credit = _spot_credit(parts, chosen)
            feedback = _remarks(parts, chosen)
        case Ordering():
            order = _ids(raw)
            steps = [step.id for step in item.steps]
            credit = kendall(steps, order)
            feedback = [Remark(s, True, order.index(s) == i) for i, s in enumerate(steps)]
        case Matching():
            given = cast("Mapping[str, str]", raw)
            texts = {right.id: right.text for right in rights(item)}
            feedback = [
                Remark(pair.id, True, texts[given[pair.id]] == pair.right) for pair in item.pairs
            ]
            credit = sum(remark.right for remark in feedback) / len(feedback)
        case Numeric():
            credit, said = _numeric_credit(item, cast("float", raw))
            feedback = [Remark("", True, is_right(item, credit), said)]
        case ShortText():
            rule = next((r for r in item.accept if matches(r, str(raw))), None)
            needs_person = rule is None and (regulatory or item.unmatched == "human_review")
            credit = rule.score if rule else 0.0
            said = rule.feedback if rule else ""
            feedback = [Remark("", True, is_right(item, credit), said)]
        case Branching():
            path = _ids(raw)
            turns = [
                next(option for option in node.options if option.id == chosen)
                for node, chosen in zip(nodes_on(item, path), path, strict=True)
            ]
            best = best_of(item, item.start)
            credit = min(1.0, sum(turn.score for turn in turns) / best) if best else 0.0
            consequences = tuple(turn.consequence for turn in turns)
            feedback = [Remark(t.id, True, t.score >= 1 - TOLERANCE, t.feedback) for t in turns]
        case _:
            assert_never(item)
    right = is_right(item, credit)
    follows = tuple(c for c in consequences if c is not None)
    grave = any(c.severity is Severity.CRITICAL for c in follows)
    return Scored(
        credit=credit,
        right=right,
        critical=grave or (item.critical and not right and not needs_person),
        consequences=follows,
        feedback=tuple(feedback),
        needs_person=needs_person,
    )


def is_right(item: Item, credit: float) -> bool:
    """Whether so much credit counts as a right answer: all of it where there is one thing to
    decide, four fifths elsewhere."""
    single = isinstance(item, ScenarioChoice | Numeric | ShortText)
    return credit >= (1.0 if single else ENOUGH) - TOLERANCE


def kendall(right: list[str], given: list[str]) -> float:
    """The share of pairs that stand in their right order."""
    place = {id_: index for index, id_ in enumerate(given)}
    pairs = list(combinations(right, 2))
    return sum(place[first] < place[second] for first, second in pairs) / len(pairs)


def matches(rule: Accept, said: str) -> bool:
    """Whether the rule knows this written answer. A pattern is searched for in its first 500
    characters, which is as long as an answer may be."""
    if rule.match == "regex":
        # Single characters can become eighteen by this, and a pattern that is quick enough for
        # what may be written would take minutes for that.
        plain = unicodedata.normalize("NFKC", said)[:MOST_SEARCHED]
        return re.search(rule.value, plain, re.IGNORECASE) is not None
    if rule.match == "exact":
        return _words(rule.value) == _words(said)
    return f" {_only_words(rule.value)} " in f" {_only_words(said)} "


def best_of(item: Branching, node: str | None) -> float:
    """The most that can be reached from a node to an end of the case."""
    if node is None or node not in item.nodes:
        return 0.0
    return max(option.score + best_of(item, option.next) for option in item.nodes[node].options)


def key(item: Item) -> Raw:
    """A right answer. For a written one what its first full rule looks for."""
    match item:
        case ScenarioChoice():
            return max(item.options, key=lambda option: option.score).id
        case MultiSelect():
            return [option.id for option in item.options if option.correct]
        case SpotProblem():
            return [line.id for line in item.lines if line.problem]
        case Ordering():
            return [step.id for step in item.steps]
        case Matching():
            ids = {right.text: right.id for right in rights(item)}
            return {pair.id: ids[pair.right] for pair in item.pairs}
        case Numeric():
            return item.answer
        case ShortText():
            return max(item.accept, key=lambda rule: (rule.score, rule.match != "regex")).value
        case Branching():
            path: list[Raw] = []
            here: str | None = item.start
            while here is not None and here in item.nodes:
                turn = max(item.nodes[here].options, key=lambda o: o.score + best_of(item, o.next))
                path.append(turn.id)
                here = turn.next
            return path
        case _:
            assert_never(item)


def guess(item: Item) -> float:
    """The mean credit of answers given blindly, all being equally likely (domain.md 1.10); 0
    where something has to be produced."""
    match item:
        case ScenarioChoice():
            return sum(option.score for option in item.options) / len(item.options)
        case MultiSelect():
            parts = [(o.id, o.correct, "") for o in item.options]
            return _mean([_choice_credit(parts, list(some)) for some in _subsets(parts)])
        case SpotProblem():
            parts = [(line.id, line.problem, "") for line in item.lines]
            return _mean([_spot_credit(parts, list(some)) for some in _subsets(parts)])
        case Ordering():
            return 0.5
        case Matching():
            return 1 / len(rights(item))
        case Numeric() | ShortText():
            return 0.0
        case Branching():
            best = best_of(item, item.start)
            return _blind(item, item.start) / best if best else 0.0
        case _:
            assert_never(item)


_Part = tuple[str, bool, str]
"""Id, whether it should be chosen, what is said about it."""


def _choice_credit(parts: list[_Part], chosen: list[str]) -> float:
    """max(0, (TP - FP) / P); where nothing is to be chosen, 1 for choosing nothing."""
    right = {id_ for id_, wanted, _ in parts if wanted}
    if not right:
        return 0.0 if chosen else 1.0
    hits = sum(id_ in right for id_ in chosen)
    return max(0.0, (hits - (len(chosen) - hits)) / len(right))


def _spot_credit(parts: list[_Part], chosen: list[str]) -> float:
    """max(0, TP / P - FP / N): sensitivity + specificity - 1."""
    problems = {id_ for id_, wanted, _ in parts if wanted}
    sound = len(parts) - len(problems)
    hits = sum(id_ in problems for id_ in chosen)
    found = hits / len(problems) if problems else 1.0
    return max(0.0, found - ((len(chosen) - hits) / sound if sound else 0.0))


def _remarks(parts: list[_Part], chosen: list[str]) -> list[Remark]:
    return [
        Remark(id_, id_ in chosen, wanted == (id_ in chosen), text)
        for id_, wanted, text in parts
        if wanted or id_ in chosen
    ]


def _numeric_credit(item: Numeric, value: float) -> tuple[float, str]:
    def near(target: float, tolerance: float) -> bool:
        slack = TOLERANCE * max(1.0, abs(target))
        return abs(value - target) <= tolerance + slack

    if near(item.answer, item.tolerance):
        return 1.0, ""
    for miss in item.near_misses:
        if near(miss.value, miss.tolerance):
            return miss.score, miss.feedback
    return 0.0, ""


def _blind(item: Branching, node: str | None) -> float:
    if node is None or node not in item.nodes:
        return 0.0
    options = item.nodes[node].options
    return sum(option.score + _blind(item, option.next) for option in options) / len(options)


def _subsets(parts: list[_Part]) -> list[tuple[str, ...]]:
    ids = [id_ for id_, _, _ in parts]
    return list(chain.from_iterable(combinations(ids, n) for n in range(len(ids) + 1)))


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _ids(raw: Raw) -> list[str]:
    return [str(id_) for id_ in cast("Sequence[str]", raw)]


def _words(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _only_words(text: str) -> str:
    return " ".join(re.findall(r"\w+", _words(text)))
