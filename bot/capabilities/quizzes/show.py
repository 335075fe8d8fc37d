"""How an item stands before a person: what is called A and what 1, and what answers say. Pure.

What a button or a form carries back is a sign, such as “B”, never an id: ids may follow the
order in which the author wrote them, and that may be the right one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from bot.errors import Invalid
from bot.pack.answer import LETTERS, Raw, Shown, arrange, nodes_on, parse, rights
from bot.pack.item import (
    Branching,
    Item,
    Matching,
    MultiSelect,
    Numeric,
    Ordering,
    ScenarioChoice,
    ShortText,
    SpotProblem,
)

FIELD = "choice_"
"""Of a form with a field for each rank or left side: `choice_a`, `choice_b`."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that can be chosen or has to be placed, as it is called where it stands."""

    sign: str
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Asking:
    """An item as somebody is asked it. `path` are their choices so far in a branching case,
    `picked` the signs they have chosen so far where several can be."""

    item: Item
    shown: Shown
    path: tuple[str, ...] = ()
    picked: frozenset[str] = frozenset()

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Options, steps, lines or left sides, in the order shown."""
        texts = texts_of(self.item, self.path)
        signs = signs_of(self.item, len(self.shown.ids))
        return tuple(
            Mark(sign, id_, texts[id_]) for sign, id_ in zip(signs, self.shown.ids, strict=True)
        )

    @property
    def sides(self) -> tuple[Mark, ...]:
        """The right sides of a matching item."""
        if not isinstance(self.item, Matching):
            return ()
        texts = {side.id: side.text for side in rights(self.item)}
        return tuple(
            Mark(LETTERS[place].upper(), id_, texts[id_])
            for place, id_ in enumerate(self.shown.rights)
        )

    @property
    def is_one_of(self) -> bool:
        """Whether one press is an answer, or a step of one."""
        return isinstance(self.item, ScenarioChoice | Branching)

    @property
    def is_some_of(self) -> bool:
        return isinstance(self.item, MultiSelect | SpotProblem)


def ask(item: Item, seed: bytes, path: Sequence[str] = (), picked: Sequence[str] = ()) -> Asking:
    """The item as it is asked in the attempt of that seed. Signs that are none are left out."""
    shown = arrange(item, seed, path)
    signs = frozenset(signs_of(item, len(shown.ids)))
    return Asking(item, shown, tuple(path), signs & frozenset(picked))


def signs_of(item: Item, count: int) -> tuple[str, ...]:
    """What the choices are called: steps, lines and left sides have numbers, options letters."""
    if isinstance(item, Ordering | Matching | SpotProblem):
        return tuple(str(place) for place in range(1, count + 1))
    return tuple(LETTERS[:count].upper())


def texts_of(item: Item, path: Sequence[str] = ()) -> Mapping[str, str]:
    """What can be chosen in an item by id, in the small markup of packs."""
    match item:
        case ScenarioChoice() | MultiSelect():
            return {option.id: option.text for option in item.options}
        case Ordering():
            return {step.id: step.text for step in item.steps}
        case SpotProblem():
            return {line.id: line.text for line in item.lines}
        case Matching():
            return {pair.id: pair.left for pair in item.pairs}
        case Branching():
            nodes = nodes_on(item, path)
            here = nodes[len(path)] if len(nodes) > len(path) else None
            return {option.id: option.text for option in here.options} if here else {}
        case Numeric() | ShortText():
            return {}
        case _:
            assert_never(item)


def read_signs(asking: Asking, signs: Sequence[str]) -> Raw:
    """The answer that these signs make; of one that is chosen the first counts.

    Raises:
        Invalid: there is no such sign.
    """
    found = parse(asking.item, " ".join(signs) or "none", asking.shown)
    if found is None:
        raise Invalid("Please choose one of those shown.")
    return found


def read_form(asking: Asking, values: Mapping[str, str]) -> Raw:
    """The answer that a form makes.

    Raises:
        Invalid: with a sentence for each field that cannot be used.
    """
    item = asking.item
    if isinstance(item, Ordering | Matching):
        return _read_fields(asking, values)
    said = values.get("answer", "").strip()
    try:
        found = parse(item, said, asking.shown)
    except Invalid as error:
        raise Invalid(fields={"answer": error.sentence}) from None
    if found is None:
        wanted = "one number" if isinstance(item, Numeric) else "a few words"
        raise Invalid(fields={"answer": f"Please answer with {wanted}."})
    return found


def fields_of(asking: Asking) -> tuple[str, ...]:
    """The names of the fields of a form for ranks or left sides, in order."""
    return tuple(f"{FIELD}{LETTERS[place]}" for place in range(len(asking.shown.ids)))


def _read_fields(asking: Asking, values: Mapping[str, str]) -> Raw:
    is_order = isinstance(asking.item, Ordering)
    ids = {mark.sign: mark.id for mark in (asking.marks if is_order else asking.sides)}
    chosen: list[str] = []
    wrong: dict[str, str] = {}
    for field in fields_of(asking):
        sign = values.get(field, "").strip().upper()
        if sign not in ids:
            wrong[field] = "Please choose one."
        elif is_order and sign in chosen:
            wrong[field] = f"{sign} stands above already: each has one place."
        chosen.append(sign)
    if wrong:
        raise Invalid(fields=wrong)
    if is_order:
        return [ids[sign] for sign in chosen]
    return {left: ids[sign] for left, sign in zip(asking.shown.ids, chosen, strict=True)}


def tell(asking: Asking, raw: Raw) -> Sequence[str]:
    """What an answer says, a line for each part, in the small markup of packs. Nothing chosen
    gives no line."""
    item = asking.item
    match item:
        case Branching():
            path = [str(id_) for id_ in raw] if isinstance(raw, list) else []
            return [
                next(option.text for option in node.options if option.id == id_)
                for node, id_ in zip(nodes_on(item, path), path, strict=False)
            ]
        case Matching():
            chosen = raw if isinstance(raw, dict) else {}
            sides = {side.id: side.text for side in rights(item)}
            return [
                f"{pair.left} → {sides.get(str(chosen[pair.id]), '')}"
                for pair in item.pairs
                if pair.id in chosen
            ]
        case Numeric():
            number = f"{raw:g}" if isinstance(raw, int | float) else ""
            return [f"{number} {item.unit}".strip()]
        case ShortText():
            return [str(raw)]
        case ScenarioChoice() | MultiSelect() | SpotProblem() | Ordering():
            ids = [str(id_) for id_ in raw] if isinstance(raw, list) else [str(raw)]
            marks = {mark.id: mark for mark in asking.marks}
            return [f"{marks[id_].sign}. {marks[id_].text}" for id_ in ids if id_ in marks]
        case _:
            assert_never(item)
