"""What buttons, choices and fields carry comes back as it was, and nothing else does."""

import html
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.control import (
    name_action,
    name_choice,
    read_pressed,
    read_values,
    write_args,
    write_option,
)
from bot.message import MAX_ARGS, MAX_CHOICE_ARGS
from tests.adapters.contract import HOSTILE

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
ARGS = st.dictionaries(
    TEXT,
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=4,
)


def _button(**more: object) -> dict[str, Any]:
    return {"type": "button", "action_id": "question.claim#0", "block_id": "b1", **more}


def _select(value: object, block: object = "choice:0.00000000:{}") -> dict[str, Any]:
    return {
        "type": "static_select",
        "action_id": "campaign.open#3",
        "block_id": block,
        "selected_option": {"text": {"type": "plain_text", "text": "x"}, "value": value},
    }


def _escaped(text: str) -> str:
    """As Slack may give it back."""
    return html.escape(text, quote=False)


@given(ARGS)
def test_args_of_a_button_come_back(args: dict[str, Any]) -> None:
    value = write_args(args)
    assert read_pressed(_button(value=value)) == ("question.claim", args)
    assert not set("&<>") & set(value)


@given(ARGS, TEXT.filter(bool))
def test_args_of_a_choice_come_back_with_what_was_chosen(args: dict[str, Any], value: str) -> None:
    pressed = _select(write_option(value), name_choice(args, 7, [value]))
    assert read_pressed(pressed) == ("campaign.open", {**args, "choice": value})


@pytest.mark.parametrize("text", [*HOSTILE, "¤¦¬ & < >", "a&amp;b", "<@U0ANA000>"])
def test_nothing_depends_on_whether_slack_escapes(text: str) -> None:
    args: dict[str, Any] = {"text": text, text: 1}
    value, block, option = write_args(args), name_choice(args, 0, [text]), write_option(text)
    assert read_pressed(_button(value=_escaped(value))) == ("question.claim", args)
    pressed = _select(_escaped(option), _escaped(block))
    assert read_pressed(pressed) == ("campaign.open", {**args, "choice": text})


def test_longest_args_fit() -> None:
    for char in ("x", "&", "¤", "\\", "é", "😀"):
        args: dict[str, Any] = {"a": ""}
        while len(json.dumps({"a": args["a"] + char})) <= MAX_ARGS:
            args["a"] += char
        assert len(write_args(args)) <= MAX_ARGS
    args = {"a": "x" * (MAX_CHOICE_ARGS - len(json.dumps({"a": ""})))}
    assert len(json.dumps(args)) == MAX_CHOICE_ARGS
    assert len(name_choice(args, 999, [])) <= 255


def test_button_without_args_has_none() -> None:
    assert read_pressed(_button()) == ("question.claim", {})
    assert read_pressed(_button(action_id="question.claim")) == ("question.claim", {})


def test_two_controls_of_one_action_have_two_names() -> None:
    assert name_action("faq.open", 1) != name_action("faq.open", 2)
    assert read_pressed(_button(action_id=name_action("faq.open", 12))) == ("faq.open", {})


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "question.claim",
        [],
        {},
        _button(action_id=None),
        _button(action_id=7),
        _button(action_id=""),
        _button(action_id="claim"),
        _button(action_id="question.claim#"),
        _button(action_id="question.claim#12345"),
        _button(action_id="question.claim#1\n"),
        _button(action_id="Question.claim"),
        _button(action_id="question.claim; drop"),
        _button(type="overflow"),
        _button(type=None),
        _button(value=7),
        _button(value=""),
        _button(value="claim"),
        _button(value="[]"),
        _button(value="null"),
        _button(value='{"a":NaN}'),
        _button(value='{"a":Infinity}'),
        _button(value='{"a":"\\u0000"}'),
        _button(value='{"a":["\\ud800"]}'),
        _button(value='{"\\udfff":1}'),
        _button(value='{"a":' * 5_000),
        _button(value="[" * 5_000),
        _select(None),
        _select(""),
        _select(7),
        _select("v\0"),
        _select("v", None),
        _select("v", "b1"),
        _select("v", "choice:0.00000000:"),
        _select("v", "choice:0:{}"),
        _select("v", "choice:0.00000000:[]"),
        _select("v", "choice:x.00000000:{}"),
        {**_select("v"), "selected_option": None},
        {**_select("v"), "selected_option": "v"},
    ],
)
def test_what_is_not_of_ours_is_nothing(odd: object) -> None:
    assert read_pressed(odd) is None


def test_chosen_value_cannot_be_forged_by_the_args() -> None:
    pressed = _select("now", name_choice({"choice": "later"}, 0, ["now"]))
    assert read_pressed(pressed) == ("campaign.open", {"choice": "now"})


def test_choice_of_other_options_has_another_name() -> None:
    assert name_choice({}, 0, ["a", "b"]) != name_choice({}, 0, ["a"])
    assert name_choice({}, 0, ["a", "b"]) == name_choice({}, 0, ["a", "b"])


# --- forms ----------------------------------------------------------------------------


def _state(**fields: dict[str, Any]) -> dict[str, Any]:
    return {"values": {name: {"sample.fill#0": field} for name, field in fields.items()}}


def test_values_are_read_by_field_name() -> None:
    option = {"text": {"type": "plain_text", "text": "Now"}, "value": write_option("n<w>")}
    state = _state(
        word={"type": "plain_text_input", "value": "a & b <c>"},
        story={"type": "plain_text_input", "value": "two\nlines"},
        urgency={"type": "static_select", "selected_option": option},
        who={"type": "users_select", "selected_user": "U0ANA0000"},
        day={"type": "datepicker", "selected_date": "2026-03-09"},
        count={"type": "number_input", "value": "3.5"},
    )
    assert read_values(state) == {
        "word": "a & b <c>",
        "story": "two\nlines",
        "urgency": "n<w>",
        "who": "U0ANA0000",
        "day": "2026-03-09",
        "count": "3.5",
    }


def test_fields_left_empty_are_empty() -> None:
    state = _state(
        word={"type": "plain_text_input", "value": None},
        story={"type": "plain_text_input"},
        urgency={"type": "static_select", "selected_option": None},
        who={"type": "users_select", "selected_user": None},
        day={"type": "datepicker", "selected_date": None},
        count={"type": "number_input"},
    )
    assert read_values(state) == dict.fromkeys(
        ("word", "story", "urgency", "who", "day", "count"), ""
    )


def test_values_lose_what_no_store_keeps() -> None:
    state = _state(word={"type": "plain_text_input", "value": "a\0b\ud800c"})
    assert read_values(state) == {"word": "ab\N{REPLACEMENT CHARACTER}c"}


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        {},
        {"values": None},
        {"values": []},
        {"values": {"word": None}},
        {"values": {"word": {}}},
        {"values": {"word": {"a": {"type": "plain_text_input"}, "b": {}}}},
        {"values": {"": {"a": {"type": "plain_text_input"}}}},
        {"values": {"Word": {"a": {"type": "plain_text_input"}}}},
        {"values": {"w" * 41: {"a": {"type": "plain_text_input"}}}},
        {"values": {7: {"a": {"type": "plain_text_input"}}}},
        _state(word={"type": "checkboxes", "selected_options": []}),
        _state(word={"type": "plain_text_input", "value": 7}),
        _state(word={"type": "plain_text_input", "value": ["a"]}),
        _state(word={"type": "static_select", "selected_option": "now"}),
        _state(word={"type": "static_select", "selected_option": {"value": 7}}),
        _state(who={"type": "users_select", "selected_user": {"id": "U1"}}),
        _state(day={"type": "datepicker", "selected_date": "tomorrow"}),
        _state(day={"type": "datepicker", "selected_date": 20260309}),
    ],
)
def test_form_of_another_shape_is_nothing(odd: object) -> None:
    assert read_values(odd) is None
