"""What Teams would refuse is found, and what it takes is not."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from adapters.teams.limits import MAX_BYTES, find_faults, measure, write_json
from adapters.teams.render import render_form, render_message
from adapters.teams.wording import Wording
from bot.message import (
    Button,
    Buttons,
    Choice,
    Confirm,
    Heading,
    Image,
    Message,
    Option,
    Quote,
    Text,
    mention,
)
from tests.adapters.contract import FORM

Json = dict[str, Any]

WORDING = Wording(frozenset())
KIM = mention("Kim", "6f0b2c54-1111-2222-3333-0123456789ab")
CARD = render_message(
    Message(
        summary="x",
        readers=("6f0b2c54-1111-2222-3333-0123456789ab",),
        parts=(
            Heading(text="Title"),
            Text(text=f"Hello {KIM}"),
            Quote(text="said"),
            Image(url="https://e.example/i.png", alt="A picture"),
            Buttons(
                buttons=(
                    Button(label="Go", action="a.b"),
                    Button(label="Sure", action="a.b", confirm=Confirm(title="T", text="t")),
                )
            ),
            Choice(label="Which", action="a.b", options=(Option(label="One", value="1"),)),
        ),
    ),
    WORDING,
).card
DIALOG = render_form(FORM, WORDING, "hidden")


def test_right_cards_have_no_faults() -> None:
    assert (find_faults(CARD), find_faults(DIALOG)) == ([], [])


def _body(number: int, **changes: object) -> Callable[[Json], object]:
    return lambda card: card["body"][number].update(changes)


def _drop(number: int, name: str) -> Callable[[Json], object]:
    return lambda card: card["body"][number].pop(name)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda card: card.update(type="Card"), "type: 'Card' is no card"),
        (lambda card: card.update(version="1.6"), "version: '1.6'"),
        (lambda card: card.pop("fallbackText"), "card: no fallbackText"),
        (lambda card: card.update(speak=" "), "card.speak: empty"),
        (lambda card: card.update(extra=1), "card: 'extra' is no property of it"),
        (lambda card: card.update(body=[]), "body: there is nothing in it"),
        (lambda card: card.update(body=["x"]), "body: not a list of objects"),
        (lambda card: card["body"].append({"type": "Table"}), "body[8]: 'Table' is no element"),
        (lambda card: card["body"].append({"type": "FactSet"}), "'FactSet' is no element"),
        (lambda card: card["body"].append({}), "None is no element that we know"),
        (lambda card: card["body"].append(deepcopy(card["body"][6])), "two elements are 'choice"),
        (lambda card: card["msteams"].update(width="Half"), "msteams.width: 'Half'"),
        (lambda card: card["msteams"]["entities"][0].update(text="Kim"), "is no <at>name</at>"),
        (lambda card: card["msteams"]["entities"][0].update(type="at"), "no mention with an id"),
        (lambda card: card["msteams"]["entities"].append(
            card["msteams"]["entities"][0]), "two have the same text"),
        (lambda card: card["msteams"].pop("entities"), "'<at>Kim</at>' is nobody's mention"),
        (_body(1, text="Hello"), "'<at>Kim</at>' stands in no TextBlock"),
        (lambda card: card["refresh"].pop("userIds"), "refresh: no userIds"),
        (lambda card: card["refresh"].update(userIds=[]), "refresh.userIds: 0 of them, 1 to 60"),
        (lambda card: card["refresh"].update(userIds=["29:abc"] * 61), "61 of them, 1 to 60"),
        (lambda card: card["refresh"].update(userIds=["ana"]), "not the id of a person"),
        (lambda card: card["refresh"].update(expires="x"), "'expires' is no property of it"),
        (lambda card: card["refresh"]["action"].update(type="Action.Submit"), "no Action.Execute"),
        (lambda card: card["refresh"]["action"].update(data=None), "action.data: no object"),
        (lambda card: card["refresh"]["action"].pop("verb"), "refresh.action: no verb"),
        (_body(0, text="*Title*"), "body[0]: what may be markdown stands in a heading"),
        (_body(0, wrap=False), "body[0]: is cut where the line ends"),
        (_body(0, style="title"), "body[0].style: 'title'"),
        (_body(0, size="Huge"), "body[0].size: 'Huge'"),
        (_body(0, isSubtle="yes"), "body[0].isSubtle: neither true nor false"),
        (_body(0, spacing="Wide"), "body[0].spacing: 'Wide'"),
        (_body(0, text="{{DATE(2020-01-01T00:00:00Z)}}"), "a date in the place of a text"),
        (_drop(0, "text"), "body[0]: no text"),
        (_body(2, items=[]), "body[2]: there is nothing in it"),
        (_body(2, style="bad"), "body[2].style: 'bad'"),
        (lambda card: card["body"][2]["items"][0].update(inlines=[]), "there is nothing in it"),
        (lambda card: card["body"][2]["items"][0]["inlines"][0].update(type="Run"), "no TextRun"),
        (lambda card: card["body"][2]["items"][0]["inlines"][0].update(text="a\nb"), "line break"),
        (lambda card: card["body"][2]["items"][0]["inlines"][0].update(text=""), ": empty"),
        (lambda card: card["body"][2]["items"][0]["inlines"][0].update(text=" "), "nothing to see"),
        (lambda card: card["body"][2]["items"][0]["inlines"][0].update(
            text="{{TIME(2020-01-01T00:00:00Z)}}"), "a date in the place of a text"),
        (lambda card: card["body"][2]["items"][0]["inlines"][0].update(
            selectAction={"type": "Action.OpenUrl", "url": "javascript:x"}), "url: not https"),
        (_drop(3, "altText"), "body[3]: no altText"),
        (_body(3, url="http://e.example"), "body[3].url: not https"),
        (_body(4, actions=[]), "body[4].actions: 0 of them, 1 to 6"),
        (lambda card: card["body"][4].update(actions=card["body"][4]["actions"] * 4), "8 of them"),
        (lambda card: card["body"][4]["actions"][0].pop("title"), "fallback: another title"),
        (lambda card: card["body"][4]["actions"][0].pop("fallback"), "no fallback"),
        (lambda card: card["body"][4]["actions"][0].update(data="x"), "data: no object"),
        (lambda card: card["body"][4]["actions"][0].update(type="Action.Http"), "is no action"),
        (lambda card: card["body"][4]["actions"][0].update(style="red"), "style: 'red'"),
        (lambda card: card["body"][4]["actions"][0]["fallback"].update(data={}), "another data"),
        (lambda card: card["body"][4]["actions"][0].update(associatedInputs="all"), "'all'"),
        (lambda card: card["body"][5].update(id="other"), "there is no 'sure-1'"),
        (_drop(6, "label"), "body[6]: no label"),
        (_body(6, choices=[{"title": "x", "value": ""}]), "choices[0].value: no text"),
        (_body(6, choices=[{"title": " ", "value": "x"}]), "choices[0].title: empty"),
        (_body(6, choices=[]), "body[6].choices: there are none"),
        (_body(6, value="2"), "what is chosen at first is none of the options"),
        (_body(6, isRequired=True), "nothing says so when it is missing"),
        (_body(6, style="expanded"), "style: 'expanded'"),
        (_body(0, text="x" * MAX_BYTES), "bytes, 25,000 at most"),
    ],
)  # fmt: skip
def test_fault_of_a_message_is_found(change: Callable[[Json], object], fault: str) -> None:
    card = deepcopy(CARD)
    change(card)
    assert any(fault in each for each in find_faults(card)), find_faults(card)


@pytest.mark.parametrize(
    ("field", "change", "fault"),
    [
        ("word", {"value": "x" * 21}, "longer than maxLength"),
        ("count", {"value": 11}, "not in the order of min, value, max"),
        ("count", {"min": "1"}, "no number"),
        ("day", {"value": "1 May"}, "not YYYY-MM-DD"),
        ("who", {"style": "compact"}, "no picker of people"),
        ("word", {"label": ""}, "label: empty"),
    ],
)
def test_fault_of_a_form_is_found(field: str, change: Json, fault: str) -> None:
    card = deepcopy(DIALOG)
    (found,) = [each for each in card["body"] if each.get("id") == f"field-{field}"]
    found.update(change)
    assert any(fault in each for each in find_faults(card)), find_faults(card)


def test_size_is_that_of_what_is_sent() -> None:
    assert write_json({"a": "é 😀"}) == '{"a":"é 😀"}'.encode()
    assert measure({"a": "é 😀"}) == 15
    assert write_json("\ud800") == b'"?"'
