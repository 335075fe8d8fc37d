"""Regular expressions of authors: whether one is always searched for in little time.

Python tries every way in which repetitions can share a text. One within another, or a choice
within one, can share it in more ways than anybody can wait for; several behind each other in as
many as the length of the text to the power of their number: three that take any letter need
fifteen seconds for 500 letters, two a tenth of one. This guards against accidents.
"""

import re
from collections.abc import Iterator

# The module behind `re` alone knows how it reads a pattern.
from re import _parser as reader  # type: ignore[attr-defined]  # it is not in the stubs
from typing import Any

MANY = 20
"""Times from which a repetition counts as one that may go on and on."""
MAX_WIDE = 2
"""Repetitions of letters or of anything on the way through a pattern."""
MAX_NARROW = 6
"""Repetitions of spaces, digits or signs."""
_NARROW = frozenset({"CATEGORY_SPACE", "CATEGORY_DIGIT"})


def fault_of(value: str) -> str | None:
    """What is wrong with a pattern that is searched for without regard to case."""
    try:
        pattern = re.compile(value, re.IGNORECASE)
        tree = reader.parse(value, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        return f"this is no regular expression ({error})"
    if pattern.fullmatch("") is not None:
        return "this matches every answer, even an empty one"
    for inner in _repetitions(tree):
        if any(_varies(part) for part in _within(inner)):
            return "a choice or a repetition within a repetition can take for ever"
    wide, narrow = _most(tree)
    if wide > MAX_WIDE or narrow > MAX_NARROW:
        many = wide if wide > MAX_WIDE else narrow
        return f"{many} repetitions behind each other can take very long"
    return None


def _most(tree: Any) -> tuple[int, int]:
    """The most wide and narrow repetitions on any way through a pattern."""
    wide = narrow = 0
    for part in tree:
        if _is_repetition(part) and part[1][1] >= MANY:
            if all(_is_narrow(inner) for inner in _within(part[1][2])):
                narrow += 1
            else:
                wide += 1
            continue
        ways = [_most(inner) for inner in _trees(part[1])]
        if str(part[0]) == "BRANCH":
            wide += max(way[0] for way in ways)
            narrow += max(way[1] for way in ways)
        else:
            wide += sum(way[0] for way in ways)
            narrow += sum(way[1] for way in ways)
    return wide, narrow


def _is_narrow(part: Any) -> bool:
    kind, value = str(part[0]), part[1]
    if kind == "IN":
        return all(_is_narrow(each) for each in value)
    if kind == "LITERAL":
        return not chr(value).isalpha()
    return kind == "SUBPATTERN" or (kind == "CATEGORY" and str(value) in _NARROW)


def _repetitions(tree: Any) -> Iterator[Any]:
    """What is repeated again and again, wherever that stands."""
    for part in _within(tree):
        if _is_repetition(part) and part[1][1] >= MANY:
            yield part[1][2]


def _within(tree: Any) -> Iterator[Any]:
    """All parts of a pattern, at any depth: pairs of what it is and its values."""
    for part in tree:
        yield part
        for inner in _trees(part[1]):
            yield from _within(inner)


def _trees(value: Any) -> Iterator[Any]:
    if isinstance(value, reader.SubPattern):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _trees(each)


def _is_repetition(part: Any) -> bool:
    return str(part[0]) in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}


def _varies(part: Any) -> bool:
    """Whether it can match in several ways at one place. A choice between single characters
    is none: it is read as a set of them."""
    if _is_repetition(part):
        least, most, _ = part[1]
        return bool(least != most)
    return str(part[0]) == "BRANCH"
