"""What is done on the page, read into the core's words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from adapters.playground.read import (
    check_values,
    clean,
    find_controls,
    find_person,
    find_pressed,
    read_words,
)
from bot.form import ChoiceField, DateField, Form, NumberField, PeopleField, TextField
from bot.ids import PersonId, WorkspaceId
from bot.inbound import Ordered, Said
from bot.message import Args, Button, Buttons, Choice, Message, Option, Text, say
from bot.people import Person


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("hello", Said(text="hello", message="7")),
        ("  hello \n", Said(text="hello", message="7")),
        ("/ask how do I", Ordered(name="ask", text="how do I")),
        ("/ask", Ordered(name="ask")),
        ("/ask\nhow\ndo I", Ordered(name="ask", text="how\ndo I")),
        ("/", Ordered(name="help")),
        (" /ask x", Ordered(name="ask", text="x")),
        ("a /ask", Said(text="a /ask", message="7")),
        ("@inflow where?", Said(text="where?", mentioned=True, message="7")),
        ("@Inflow: where?", Said(text="where?", mentioned=True, message="7")),
        (
            "say, @INFLOW, where?",
            Said(text="say, Inflow, where?", mentioned=True, addressed=False, message="7"),
        ),
        (
            "where? @inflow",
            Said(text="where?", mentioned=True, addressed=False, message="7"),
        ),
        ("@inflow", Said(text="", mentioned=True, message="7")),
        ("@inflow /ask x", Said(text="/ask x", mentioned=True, message="7")),
        ("@inflowing", Said(text="@inflowing", message="7")),
        ("me@inflow.example", Said(text="me@inflow.example", message="7")),
        ("inflow", Said(text="inflow", message="7")),
    ],
)
def test_words_are_a_command_a_mention_or_words(text: str, read: Said | Ordered) -> None:
    assert read_words(text, "7") == read


@given(st.text())
def test_words_without_slash_and_handle_are_taken_as_they_are(text: str) -> None:
    if "/" in text or "@" in text:
        return
    assert read_words(text, "7") == Said(text=text.strip(), message="7")


SOUND = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.recursive(SOUND | st.integers(), st.lists))
def test_clean_leaves_sound_values_alone(value: JsonValue) -> None:
    assert clean(value) == value


def test_clean_takes_out_what_no_store_keeps() -> None:
    assert clean({"a\0": ["b\0c", {"d": "\ud83d"}, 1, None]}) == {
        "a": ["bc", {"d": "\N{REPLACEMENT CHARACTER}"}, 1, None]
    }


CARD = say(
    "Pick",
    Buttons(
        buttons=(
            Button(label="Take it", action="card.take", args={"n": 1}),
            Button(label="Solves it", action="card.rate", args={"n": 1, "worked": "yes"}),
            Button(label="No", action="card.rate", args={"n": 1, "worked": "no"}),
        )
    ),
    Text(text="or"),
    Choice(
        label="Who?",
        action="card.pass",
        args={"n": 1},
        options=(Option(label="Kim Park", value="p1"), Option(label="Bo", value="p2")),
    ),
    Buttons(buttons=(Button(label="Take it", action="card.take", args={"n": 2}),)),
)


@pytest.mark.parametrize(
    ("action", "more", "found"),
    [
        ("card.take", {}, ("card.take", {"n": 1})),
        ("Take it", {}, ("card.take", {"n": 1})),
        (" take IT ", {}, ("card.take", {"n": 1})),
        ("take it", {"index": 4}, ("card.take", {"n": 2})),
        ("take it", {"args": {"n": 2}}, ("card.take", {"n": 2})),
        ("take it", {"args": {"n": 3}}, None),
        ("take it", {"index": 1}, None),
        ("card.rate", {}, ("card.rate", {"n": 1, "worked": "yes"})),
        ("card.rate", {"args": {"worked": "no"}}, ("card.rate", {"n": 1, "worked": "no"})),
        ("no", {"args": {"n": 99}}, ("card.rate", {"n": 1, "worked": "no"})),
        ("card.pass", {"choice": "p2"}, ("card.pass", {"n": 1, "choice": "p2"})),
        ("who?", {"choice": "kim park"}, ("card.pass", {"n": 1, "choice": "p1"})),
        ("who?", {"args": {"choice": "p1"}}, ("card.pass", {"n": 1, "choice": "p1"})),
        ("who?", {"choice": "p9"}, None),
        ("who?", {}, None),
        ("card.gone", {}, None),
        ("", {}, None),
    ],
)
def test_pressed_button_is_looked_up(
    action: str, more: dict[str, object], found: tuple[str, Args] | None
) -> None:
    assert find_pressed(CARD, action, **more) == found  # type: ignore[arg-type]  # by name


def test_controls_are_in_the_order_of_the_message() -> None:
    labels = [control.label for control in find_controls(CARD)]
    assert labels == ["Take it", "Solves it", "No", "Who?", "Take it"]
    assert list(find_controls(Message(summary="x", parts=(Text(text="x"),)))) == []


PEOPLE = {
    name: Person(PersonId(name), WorkspaceId("w"), address=handle, name=full)
    for name, handle, full in [("p1", "kim", "Kim Park"), ("p2", "bo", "Bo Lindqvist")]
}


@pytest.mark.parametrize("name", ["p1", "P1", "kim", "Kim", "@kim", "kim park", " KIM PARK "])
def test_person_is_found_by_id_handle_and_name(name: str) -> None:
    assert find_person(PEOPLE, name) == PEOPLE["p1"]


@pytest.mark.parametrize("name", ["", "k", "park", "kim bo"])
def test_nobody_is_found_by_less(name: str) -> None:
    assert find_person(PEOPLE, name) is None


FORM = Form(
    title="Form",
    fields=(
        TextField(name="word", label="Word", required=True, max_length=5),
        ChoiceField(name="size", label="Size", options=(Option(label="Big", value="b"),)),
        PeopleField(name="who", label="Who"),
        DateField(name="day", label="Day"),
        NumberField(name="count", label="Count", minimum=1, maximum=3),
    ),
    action="form.fill",
)
EMPTY = {"word": "", "size": "", "who": "", "day": "", "count": ""}


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("word", "abcde", "abcde"),
        ("word", " a ", " a "),
        ("size", "b", "b"),
        ("size", "big", "b"),
        ("who", "Kim Park", "kim"),
        ("who", "p2", "bo"),
        ("day", " 2026-03-02 ", "2026-03-02"),
        ("day", None, ""),
        ("count", 2, "2"),
        ("count", 2.5, "2.5"),
        ("count", " 3 ", "3"),
        ("count", "", ""),
    ],
)
def test_value_is_read(field: str, value: JsonValue, read: str) -> None:
    given, errors = check_values(FORM, {"word": "x", field: value}, PEOPLE)
    assert errors == {}
    assert given == {**EMPTY, "word": "x", field: read}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("word", ""),
        ("word", "  "),
        ("word", "abcdef"),
        ("size", "c"),
        ("who", "nobody"),
        ("day", "tomorrow"),
        ("day", "2026-02-30"),
        ("count", "many"),
        ("count", 0),
        ("count", 4),
        ("count", "nan"),
        ("count", "inf"),
        ("count", True),
        ("other", "x"),
    ],
)
def test_wrong_value_gets_a_sentence_at_its_field(field: str, value: JsonValue) -> None:
    _, errors = check_values(FORM, {"word": "x", field: value}, PEOPLE)
    assert errors.keys() == {field}
    assert errors[field].endswith(".")
