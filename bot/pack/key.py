"""What makes an answer to an item right: what no author can call a better wording of the same."""

from collections.abc import Iterator
from typing import TypeAlias

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

_Worth: TypeAlias = tuple[object, ...]


def same_key(before: Item, after: Item) -> bool:
    """Whether the same is right in both, and worth as much, whatever words it has.

    Words that stand in both must be worth the same too: two options that change places are
    another key, though each place is worth what it was.
    """
    if before.type != after.type or before.critical != after.critical:
        return False
    old, new = list(_choices(before)), list(_choices(after))
    if {(id_, worth) for id_, _, worth in old} != {(id_, worth) for id_, _, worth in new}:
        return False
    if _figures(before) != _figures(after):
        return False
    said, now = _by_words(old), _by_words(new)
    return all(said[words] == now[words] for words in said.keys() & now.keys())


def _choices(item: Item) -> Iterator[tuple[str, str, _Worth]]:
    """What can be chosen or moved: where it stands, its words, and what it is worth."""
    match item:
        case ScenarioChoice():
            for option in item.options:
                grave = option.consequence.severity if option.consequence else None
                yield option.id, option.text, (option.score, grave)
        case MultiSelect():
            for ticked in item.options:
                grave = ticked.consequence.severity if ticked.consequence else None
                yield ticked.id, ticked.text, (ticked.correct, grave)
        case SpotProblem():
            for line in item.lines:
                yield line.id, line.text, (line.problem,)
        case Ordering():
            for place, step in enumerate(item.steps):
                yield step.id, step.text, (place,)
        case Matching():
            for pair in item.pairs:
                yield f"{pair.id}:left", f"left {pair.left}", (pair.id,)
                yield f"{pair.id}:right", f"right {pair.right}", (pair.id,)
            for place, words in enumerate(item.distractors):
                yield f":{place}", f"right {words}", ()
        case Branching():
            for name, node in item.nodes.items():
                for turn in node.options:
                    grave = turn.consequence.severity if turn.consequence else None
                    yield f"{name}:{turn.id}", f"{name} {turn.text}", (turn.next, turn.score, grave)
        case _:
            pass


def _figures(item: Item) -> _Worth:
    """What is right where nothing is chosen."""
    match item:
        case Numeric():
            near = tuple((miss.value, miss.tolerance, miss.score) for miss in item.near_misses)
            return item.answer, item.tolerance, near
        case ShortText():
            rules = tuple((rule.match, rule.value, rule.score) for rule in item.accept)
            return rules, item.unmatched
        case Branching():
            return (item.start,)
        case _:
            return ()


def _by_words(choices: list[tuple[str, str, _Worth]]) -> dict[str, set[_Worth]]:
    found: dict[str, set[_Worth]] = {}
    for _, words, worth in choices:
        found.setdefault(" ".join(words.casefold().split()), set()).add(worth)
    return found
