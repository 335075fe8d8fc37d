"""What is another key, and what is the same one in better words."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter

from bot.pack.item import Item
from bot.pack.key import same_key
from tests.bot.item import CASE, CHOICE, EVERY, MATCH, NUMBER, ORDER, SELECT, SPOT, TEXT

_ITEM: TypeAdapter[Item] = TypeAdapter(Item)


def change(item: Item, how: Callable[[dict[str, Any]], None]) -> Item:
    told = item.model_dump(mode="json")
    how(told)
    return _ITEM.validate_python(told)


def swap(one: dict[str, Any], other: dict[str, Any], name: str = "text") -> None:
    one[name], other[name] = other[name], one[name]


@pytest.mark.parametrize("item", EVERY, ids=lambda item: item.type)
def test_better_words_are_the_same_key(item: Item) -> None:
    def reword(told: Any) -> None:
        if isinstance(told, list):
            for part in told:
                reword(part)
        elif isinstance(told, dict):
            for name in ("text", "stem", "left", "right", "feedback", "why"):
                if isinstance(told.get(name), str):
                    told[name] += " (said better)"
            for part in told.values():
                reword(part)

    changed = change(item, reword)
    assert changed != item
    assert same_key(item, changed)


@pytest.mark.parametrize(
    ("item", "how"),
    [
        (CHOICE, lambda told: told["options"][2].update(score=0.5)),
        (CHOICE, lambda told: swap(told["options"][0], told["options"][1])),
        (CHOICE, lambda told: told["options"][0].update(consequence=None)),
        (CHOICE, lambda told: told["options"].pop()),
        (CHOICE, lambda told: told.update(critical=True)),
        (SELECT, lambda told: told["options"][3].update(correct=True)),
        (SELECT, lambda told: swap(told["options"][0], told["options"][3])),
        (SPOT, lambda told: told["lines"][0].update(problem=True)),
        (ORDER, lambda told: told["steps"].reverse()),
        (ORDER, lambda told: swap(told["steps"][0], told["steps"][1])),
        (MATCH, lambda told: swap(told["pairs"][0], told["pairs"][1], "right")),
        (MATCH, lambda told: told["distractors"].pop()),
        (NUMBER, lambda told: told.update(answer=8)),
        (NUMBER, lambda told: told.update(tolerance=2)),
        (TEXT, lambda told: told["accept"].pop()),
        (TEXT, lambda told: told.update(unmatched="wrong")),
        (CASE, lambda told: told["nodes"]["n2"]["options"][1].update(score=0.2)),
        (CASE, lambda told: told.update(start="n2")),
        (CASE, lambda told: swap(*told["nodes"]["n2"]["options"])),
    ],
)
def test_what_is_right_now_and_was_not_is_another_key(
    item: Item, how: Callable[[dict[str, Any]], None]
) -> None:
    changed = change(item, how)
    assert changed != item
    assert not same_key(item, changed)


def test_another_kind_of_question_is_another_key() -> None:
    assert not same_key(CHOICE, SELECT)
