"""Answers to items: their shape, the order in which an item is shown, and what words mean.

A raw answer is JSON, and names things by their ids, never by where they stood:

    scenario_choice   "b"                        the option
    multi_select      ["a", "c"]                 the options chosen; may be none
    ordering          ["s2", "s1", "s3"]         all steps, first to last
    matching          {"p1": "p1", "p2": "no-1"} for each pair a right side (`rights`)
    numeric           7.5
    short_text        "call them back"
    branching         ["b", "a"]                 an option for each node on the way, to an end
    spot_problem      ["l2", "l4"]               the lines with a problem; may be none
"""

import hmac
import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from pydantic import JsonValue

from bot.errors import Invalid
from bot.pack.item import (
    Branching,
    Item,
    Matching,
    MultiSelect,
    Node,
    Numeric,
    Ordering,
    ScenarioChoice,
    ShortText,
    SpotProblem,
)

Raw: TypeAlias = JsonValue
LETTERS = "abcdefghijklmnopqrstuvwxyz"
MAX_STEPS = 6
"""Decisions on the longest way through a branching case (domain.md 1.2)."""
MAX_NUMBER_WORDS = 80
MAX_NUMBER = 1e15
"""Up to here a float still tells neighbouring whole numbers apart."""


@dataclass(frozen=True, slots=True)
class Right:
    """A right side of a matching item: the id of the first pair that has it, or `no-1`, `no-2`
    for those that belong to no pair."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The order in which somebody sees an item.

    `ids` are options, steps, lines or the left sides of pairs: the first is called A or 1.
    `rights` are the right sides of a matching item: the first is called A.
    """

    ids: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()


def rights(item: Matching) -> tuple[Right, ...]:
    """All different right sides, those of pairs first."""
    found: dict[str, str] = {}
    for pair in item.pairs:
        found.setdefault(pair.right, pair.id)
    for index, text in enumerate(item.distractors, 1):
        found.setdefault(text, f"no-{index}")
    return tuple(Right(id_, text) for text, id_ in found.items())


def nodes_on(item: Branching, path: Sequence[str]) -> tuple[Node, ...]:
    """The nodes in which the choices of `path` were made, and the one that comes next if the
    case has not ended.

    Raises:
        Invalid: it is no way through this case.
    """
    nodes: list[Node] = []
    here: str | None = item.start
    for chosen in path:
        node = item.nodes.get(here) if here is not None else None
        option = next((o for o in node.options if o.id == chosen), None) if node else None
        if node is None or option is None or len(nodes) == MAX_STEPS:
            raise Invalid("That is not one of the choices. Please choose one of those shown.")
        nodes.append(node)
        here = option.next
    if here is not None and here in item.nodes:
        nodes.append(item.nodes[here])
    return tuple(nodes)


def next_node(item: Branching, path: Sequence[str]) -> Node | None:
    """The node to decide after the choices so far; None at the end of the case."""
    nodes = nodes_on(item, path)
    return nodes[len(path)] if len(nodes) > len(path) else None


def shuffle(ids: Sequence[str], seed: bytes, about: str) -> tuple[str, ...]:
    """The same order for the same seed and thing, whatever process asks."""

    def draw(id_: str) -> bytes:
        return hmac.digest(seed, f"{about}\n{id_}".encode(), "sha256")

    return tuple(sorted(ids, key=draw))


def arrange(item: Item, seed: bytes, path: Sequence[str] = ()) -> Shown:
    """How the item is shown in an attempt. `path` are the choices so far in a branching case.

    Steps are never shown in their right order. Lines stay where they are, since they are a
    document.
    """
    match item:
        case ScenarioChoice() | MultiSelect():
            ids = tuple(option.id for option in item.options)
            return Shown(shuffle(ids, seed, item.id) if item.shuffle else ids)
        case Ordering():
            ids = tuple(step.id for step in item.steps)
            drawn = shuffle(ids, seed, item.id)
            return Shown(drawn if drawn != ids else (*drawn[1:], drawn[0]))
        case Matching():
            sides = [right.id for right in rights(item)]
            return Shown(tuple(pair.id for pair in item.pairs), shuffle(sides, seed, item.id))
        case Branching():
            node = next_node(item, path)
            ids = tuple(option.id for option in node.options) if node else ()
            return Shown(shuffle(ids, seed, "/".join((item.id, *path))))
        case SpotProblem():
            return Shown(tuple(line.id for line in item.lines))
        case Numeric() | ShortText():
            return Shown()
        case _:
            assert_never(item)


def check(item: Item, raw: Raw) -> None:
    """See that an answer has the shape of its item, and is complete.

    Raises:
        Invalid: it has not; the sentence says what to do.
    """
    match item:
        case ScenarioChoice():
            if not isinstance(raw, str) or raw not in {option.id for option in item.options}:
                raise Invalid("Please choose one of the options.")
        case MultiSelect():
            _check_some(raw, {option.id for option in item.options})
        case SpotProblem():
            _check_some(raw, {line.id for line in item.lines})
        case Ordering():
            ids = {step.id for step in item.steps}
            given = raw if isinstance(raw, list) else []
            if len(given) != len(ids) or {str(id_) for id_ in given} != ids:
                raise Invalid(f"Please put all {len(ids)} steps in order, each of them once.")
        case Matching():
            lefts = {pair.id for pair in item.pairs}
            sides = {right.id for right in rights(item)}
            if (
                not isinstance(raw, dict)
                or set(raw) != lefts
                or not all(isinstance(side, str) and side in sides for side in raw.values())
            ):
                raise Invalid(f"Please choose a match for each of the {len(lefts)} lines.")
        case Numeric():
            if (
                isinstance(raw, bool)
                or not isinstance(raw, int | float)
                or not math.isfinite(raw)
                or abs(raw) > MAX_NUMBER
            ):
                raise Invalid("Please answer with one number.")
        case ShortText():
            if not isinstance(raw, str) or not raw.strip():
                raise Invalid("Please write a few words.")
            if len(raw) > item.max_length:
                raise Invalid(f"Please keep it to {item.max_length} characters.")
        case Branching():
            if not isinstance(raw, list) or next_node(item, [str(id_) for id_ in raw]) is not None:
                raise Invalid("This case goes on. Please choose what happens next.")
        case _:
            assert_never(item)


def _check_some(raw: Raw, ids: set[str]) -> None:
    given = {str(id_) for id_ in raw} if isinstance(raw, list) else None
    if given is None or not isinstance(raw, list) or len(given) != len(raw) or given - ids:
        raise Invalid("Please choose among those shown.")


def parse(item: Item, words: str, shown: Shown, path: Sequence[str] = ()) -> Raw | None:
    """What plain words mean as an answer to an item that was shown so, or None if they are no
    answer to it. For a branching case: the option of the node that comes after `path`.

    Options have letters, steps, lines and left sides have numbers; the other is understood too.

    Raises:
        Invalid: an answer was meant, but it is not complete, or there is no such letter.
    """
    said = unicodedata.normalize("NFKC", words).strip()
    if not said:
        return None
    match item:
        case ScenarioChoice():
            texts = {option.id: option.text for option in item.options}
            return _one(said, shown.ids, texts)
        case Branching():
            node = next_node(item, path)
            texts = {option.id: option.text for option in node.options} if node else {}
            return _one(said, shown.ids, texts)
        case MultiSelect() | SpotProblem():
            return _some(said, shown.ids)
        case Ordering():
            return _all(said, shown.ids)
        case Matching():
            return _matches(said, shown)
        case Numeric():
            return parse_number(said, item.unit)
        case ShortText():
            check(item, words)
            return words.strip()
        case _:
            assert_never(item)


_LEAD = re.compile(
    r"^(?:(?:my )?(?:answer|options?|i choose|i pick)(?: is| are)?\b[:\s]*)", re.IGNORECASE
)
_BETWEEN = re.compile(r"[\s,;.:)(\[\]/+&>→|-]+|\band\b", re.IGNORECASE)


def _one(said: str, ids: Sequence[str], texts: Mapping[str, str]) -> str | None:
    for id_ in ids:
        if _plain(texts.get(id_, "")) == _plain(said):
            return id_
    tokens = _tokens(said)
    if len(tokens) != 1 or not _is_mark(tokens[0]):
        return None
    return _named(tokens[0], ids)


def _some(said: str, ids: Sequence[str]) -> list[JsonValue] | None:
    if _plain(said) in {"none", "none of them", "nothing"}:
        return []
    tokens = _split(_tokens(said), len(ids), lambda token: list(token) == sorted(token))
    if not tokens or not all(_is_mark(token) for token in tokens):
        return None
    chosen = {_named(token, ids) for token in tokens}
    # In the order of the item, so that the same answer is always written the same way.
    return [id_ for id_ in ids if id_ in chosen]


def _all(said: str, ids: Sequence[str]) -> list[JsonValue] | None:
    tokens = _split(_tokens(said), len(ids), lambda token: len(token) == len(ids))
    if not tokens or not all(_is_mark(token) for token in tokens):
        return None
    order = [_named(token, ids) for token in tokens]
    if sorted(order) != sorted(ids):
        raise Invalid(
            f"Please give all {len(ids)} in order, each of them once: for example "
            f"{' '.join(str(n) for n in range(len(ids), 0, -1))}."
        )
    return list(order)


_PAIR = re.compile(r"(?<![a-z0-9])([0-9]{1,2})\s*[-=:.)>→]*\s*([a-z])(?![a-z])", re.IGNORECASE)


def _matches(said: str, shown: Shown) -> dict[str, JsonValue] | None:
    example = " ".join(f"{n}{LETTERS[n % len(shown.rights)]}" for n in range(1, len(shown.ids) + 1))
    pairs = _PAIR.findall(said)
    if pairs:
        if _tokens(_PAIR.sub(" ", said)):
            return None
        found = {
            _named(left, shown.ids): _named(right.lower(), shown.rights) for left, right in pairs
        }
        if len(pairs) != len(found) or len(found) != len(shown.ids):
            raise Invalid(
                f"Please give one letter for each of the {len(shown.ids)} numbers: "
                f"for example {example}."
            )
        return {left: found[left] for left in shown.ids}
    tokens = _split(_tokens(said), len(shown.rights), lambda token: len(token) == len(shown.ids))
    if not tokens or not all(re.fullmatch("[a-z]", token) for token in tokens):
        return None
    if len(tokens) != len(shown.ids):
        raise Invalid(
            f"Please give one letter for each of the {len(shown.ids)} numbers: "
            f"for example {example}."
        )
    return {
        left: _named(token, shown.rights) for left, token in zip(shown.ids, tokens, strict=True)
    }


_NUMBER = re.compile(
    r"(?:(?:i think|i guess|it is|it's|my answer is|answer|about|around|roughly|approximately|ca|"
    r"circa|maybe)[\s.:]+)*[=~≈€$£]?\s*"
    r"(?P<number>[-+−]?(?:\d{1,3}(?:[ '’]\d{3})+(?:[.,]\d+)?|\d[\d.,]*|[.,]\d+))"
    r"\s*(?:[^\W\d]+\s?|[%°€$£]){0,3}[.!]?",
    re.IGNORECASE,
)


def parse_number(said: str, unit: str = "") -> float | None:
    """The number in a few words: "7,5 hours", "1 234.5", "about 20 %". None if there is none,
    more than one, or much beside it.

    A comma before exactly three digits groups thousands ("1,500"), unless a nought stands
    before it; otherwise it is a decimal comma.
    """
    said = unicodedata.normalize("NFKC", said).strip()
    if unit and said.casefold().endswith(unit.casefold()):
        said = said[: -len(unit)].strip()
    found = _NUMBER.fullmatch(said) if len(said) <= MAX_NUMBER_WORDS else None
    if found is None:
        return None
    written = re.sub(r"[ '’]", "", found["number"]).replace("−", "-").rstrip(".,")
    commas, dots = written.count(","), written.count(".")
    if commas and dots:
        decimal = max(",.", key=written.rfind)
        grouping = "." if decimal == "," else ","
        written = written.replace(grouping, "").replace(decimal, ".")
    elif commas > 1 or dots > 1:
        written = written.replace(",", "").replace(".", "")
    elif commas:
        thousands = re.fullmatch(r"[-+]?[1-9]\d{0,2},\d{3}", written)
        written = written.replace(",", "" if thousands else ".")
    try:
        value = float(written)
    except ValueError:
        return None
    return value if abs(value) <= MAX_NUMBER else None


def _tokens(said: str) -> list[str]:
    return [token for token in _BETWEEN.split(_LEAD.sub("", said).casefold()) if token]


def _split(tokens: list[str], count: int, fits: Callable[[str], bool]) -> list[str]:
    """Marks that were written together ("acd", "312"), where this cannot be a word or number."""
    if len(tokens) != 1 or len(tokens[0]) < 2:
        return tokens
    (token,) = tokens
    letters = set(token) <= set(LETTERS[:count])
    digits = set(token) <= set("123456789"[:count]) and not (
        token.isdigit() and 1 <= int(token) <= count
    )
    if (letters or digits) and len(set(token)) == len(token) and fits(token):
        return list(token)
    return tokens


def _is_mark(token: str) -> bool:
    return bool(re.fullmatch(r"[a-z]|[0-9]{1,2}", token))


def _named(mark: str, ids: Sequence[str]) -> str:
    index = int(mark) - 1 if mark.isdigit() else LETTERS.index(mark)
    if not 0 <= index < len(ids):
        if mark.isdigit():
            raise Invalid(f"There is no {mark} here. Please use 1 to {len(ids)}.")
        last = LETTERS[len(ids) - 1].upper()
        raise Invalid(f"There is no {mark.upper()} here. Please use A to {last}.")
    return ids[index]


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).rstrip(".!")
