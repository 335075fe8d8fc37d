"""What the version of something is: it follows from what it says, and from nothing else."""

import hashlib
import json

from bot.pack.item import Frozen, Item

LENGTH = 32
"""Hexadecimal digits that are kept of SHA-256."""

_NOT_DIFFICULTY = {"sections", "enemies", "variant_of", "status", "angoff"}
"""Fields of an item that say where it belongs and whether it is asked, not what is asked."""


def canonical(value: Frozen, *, without: frozenset[str] | set[str] = frozenset()) -> str:
    """JSON of a value that is the same whatever the order and spaces of its file were."""
    told = value.model_dump(mode="json", exclude_defaults=True, exclude=set(without) or None)
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def version_of(value: Frozen) -> str:
    """The version of a section, a tip or a quiz: of everything it says."""
    return _digest(canonical(value))


def version_of_item(item: Item) -> str:
    """The version of an item: of all that can change how difficult it is (domain.md 1.1)."""
    return _digest(canonical(item, without=_NOT_DIFFICULTY))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]
