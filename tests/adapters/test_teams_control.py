"""What comes back from cards: whole, and never trusted."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.teams.control import (
    OURS,
    Filled,
    digits,
    name_choice,
    name_field,
    open_dialog,
    read_filled,
    read_pressed,
    write_form,
    write_press,
)

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(WORDS, VALUES, max_size=4))
def test_args_come_back_as_they_were_sent(args: dict[str, Any]) -> None:
    data = json.loads(json.dumps(write_press("question.claim", args)))
    assert read_pressed(data) == ("question.claim", args)
    dialog = open_dialog(data) | {"type": "task/fetch"}
    assert read_pressed(dialog) == ("question.claim", args)
    assert dialog["msteams"] == {"type": "task/fetch"}


@given(WORDS.filter(bool))
def test_choice_brings_what_was_chosen(value: str) -> None:
    name = name_choice(3)
    data = write_press("sample.choose", {"about": "q1"}, choice=name)
    assert read_pressed(data | {name: value}) == (
        "sample.choose",
        {"about": "q1", "choice": value},
    )


@pytest.mark.parametrize("given", [{}, {"choice-3": ""}, {"choice-3": 7}, {"choice-3": "a\0"}])
def test_choice_of_nothing_is_nothing(given: dict[str, Any]) -> None:
    assert read_pressed(write_press("a.b", {}, choice="choice-3") | given) is None


@pytest.mark.parametrize(
    "data",
    [
        None,
        "a.b",
        [],
        {},
        {OURS: None},
        {OURS: {}},
        {OURS: {"form": "x"}},
        {OURS: {"press": None}},
        {OURS: {"press": "a"}},
        {OURS: {"press": "A.b"}},
        {OURS: {"press": "a.b\n"}},
        {OURS: {"press": "a." + "b" * 99}},
        {OURS: {"press": "a.b", "args": None}},
        {OURS: {"press": "a.b", "args": []}},
        {OURS: {"press": "a.b", "args": {"x": "\0"}}},
        {OURS: {"press": "a.b", "args": {"\ud800": 1}}},
        {OURS: {"press": "a.b", "args": {"x": math.nan}}},
        {OURS: {"press": "a.b", "choice": 1}},
        {OURS: {"press": "a.b", "choice": "field-a"}, "field-a": "x"},
        {"press": "a.b"},
    ],
)
def test_what_is_not_ours_is_no_press(data: object) -> None:
    assert read_pressed(data) is None


def test_args_too_deep_to_read_are_no_press() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert read_pressed({OURS: {"press": "a.b", "args": {"x": deep}}}) is None


def test_form_brings_its_values() -> None:
    data = write_form("sealed") | {
        name_field("word"): "<w>\0",
        name_field("story"): "half \ud800",
        name_field("count"): 3,
        name_field("share"): 0.5,
        name_field("day"): None,
        "msteams": {"type": "task/submit"},
        "word": "nobody's",
    }
    assert read_filled(data) == Filled(
        "sealed",
        {"word": "<w>", "story": "half \N{REPLACEMENT CHARACTER}", "count": "3", "share": "0.5",
         "day": ""},
    )  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {OURS: {"press": "a.b"}},
        {OURS: {"form": None}},
        {OURS: {"form": "\0"}},
        write_form("x") | {"field-a": True},
        write_form("x") | {"field-a": ["b"]},
        write_form("x") | {"field-a": math.inf},
        write_form("x") | {"field-a": {"b": 1}},
    ],
)
def test_what_is_not_ours_is_no_form(data: object) -> None:
    assert read_filled(data) is None


@pytest.mark.parametrize(
    ("number", "shown"),
    [(3.0, "3"), (1e21, "1" + "0" * 21), (0.1, "0.1"), (-2.5, "-2.5"), (1e-7, "0.0000001")],
)
def test_numbers_are_written_in_digits(number: float, shown: str) -> None:
    assert digits(number) == shown
