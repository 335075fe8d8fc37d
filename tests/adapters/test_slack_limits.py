"""Every limit of Slack's has a message that breaks it and one that just keeps it, and it is said
which of them the checkers of slack_sdk let pass."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.basic_objects import JsonObject
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from adapters.slack.limits import MAX_TOTAL, find_faults, measure

Json = dict[str, Any]

_names = itertools.count()


def _plain(text: str = "x") -> Json:
    return {"type": "plain_text", "text": text}


def _mrkdwn(text: str = "x") -> Json:
    return {"type": "mrkdwn", "text": text}


def _section(**more: Any) -> Json:
    return {"type": "section", "text": _plain(), **more}


def _button(**more: Any) -> Json:
    return {"type": "button", "action_id": f"a{next(_names)}", "text": _plain(), **more}


def _actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def _confirm(**more: Any) -> Json:
    texts = {name: _plain() for name in ("title", "text", "confirm", "deny")}
    return _actions(_button(confirm={**texts, **more}))


def _options(count: int, **more: Any) -> list[Json]:
    return [{"text": _plain(), "value": f"v{n}", **more} for n in range(count)]


def _choose(kind: str, options: list[Json], **more: Any) -> Json:
    return {"type": kind, "action_id": f"a{next(_names)}", "options": options, **more}


def _select(options: list[Json], **more: Any) -> Json:
    return _actions(_choose("static_select", options, placeholder=_plain(), **more))


def _groups(count: int, **more: Any) -> Json:
    groups = [{"label": _plain(), "options": _options(1), **more} for _ in range(count)]
    element = {"type": "static_select", "action_id": "a", "option_groups": groups}
    return _actions({**element, "placeholder": _plain()})


def _image(**more: Any) -> Json:
    return {"type": "image", "image_url": "https://e.example/i.png", "alt_text": "x", **more}


def _rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def _words(*words: Json, kind: str = "rich_text_section") -> Json:
    return {"type": kind, "elements": list(words)}


def _word(text: str = "x", **more: Any) -> Json:
    return {"type": "text", "text": text, **more}


def _list(*items: Json, **more: Any) -> Json:
    return {"type": "rich_text_list", "style": "bullet", "elements": list(items), **more}


def _input(element: Json, **more: Any) -> Json:
    named = {"action_id": f"a{next(_names)}", **element}
    return {"type": "input", "label": _plain(), "element": named, **more}


def _typed(**more: Any) -> Json:
    return _input({"type": "plain_text_input", **more})


def _number(**more: Any) -> Json:
    return _input({"type": "number_input", "is_decimal_allowed": True, **more})


def _modal(*blocks: Json, **more: Any) -> Json:
    texts = {"title": _plain(), "submit": _plain()}
    return {"type": "modal", **texts, "blocks": list(blocks) or [_section()], **more}


def _home(*blocks: Json, **more: Any) -> Json:
    return {"type": "home", "blocks": list(blocks), **more}


def _long(total: int) -> list[Json]:
    """Blocks of so many characters as JSON."""
    blocks = [_section() for _ in range(6)]
    left = total - measure(blocks)
    for block in blocks:
        more = min(left, 2_900)
        block["text"] = _plain("x" * (1 + more))
        left -= more
    return blocks


def _bulky(more: int) -> Json:
    """A home view of about 250,000 bytes."""
    blocks = [_section(text=_plain("x" * 3_000)) for _ in range(80)]
    return _home(*blocks, _section(text=_plain("é" * more)))


X150, X255, X3000 = "x" * 150, "x" * 255, "x" * 3_000

BROKEN: dict[str, tuple[list[Json] | Json, str]] = {
    # --- how many
    "51 blocks": ([_section()] * 51, "blocks: 51 of them, 50 at most"),
    "no blocks": ([], "blocks: there are none"),
    "101 blocks in a modal": (
        _modal(*[_section()] * 101), "blocks: 101 of them, 100 at most"
    ),
    "101 blocks at home": (_home(*[_section()] * 101), "blocks: 101 of them, 100 at most"),
    "total": (_long(MAX_TOTAL + 1), "blocks: 13,001 characters in all, 13,000 at most"),
    "total of a view": (_bulky(2_000), "view: 257,293 bytes, 250,000 at most"),
    # --- names
    "unknown block": ([{"type": "carpet"}], "blocks[0]: 'carpet' is no block that we know"),
    "block without type": ([{}], "blocks[0]: None is no block that we know"),
    "no block at all": (["x"], "blocks: not a list of objects"),  # type: ignore[list-item]  # odd
    "same block_id": (
        [_section(block_id="b"), _section(block_id="b")], "the block_id 'b' is there twice"
    ),
    "long block_id": (
        [_section(block_id=X255 + "x")], "blocks[0].block_id: 256 characters, 255 at most"
    ),
    "same action_id": (
        [_actions(_button(action_id="a"), _button(action_id="a"))],
        "the action_id 'a' is there twice",
    ),
    "same action_id in two blocks": (
        [_actions(_button(action_id="a")), _section(accessory=_button(action_id="a"))],
        "the action_id 'a' is there twice",
    ),
    "long action_id": (
        [_actions(_button(action_id=X255 + "x"))],
        "blocks[0].elements[0].action_id: 256 characters, 255 at most",
    ),
    "no action_id": (
        [_actions({"type": "button", "text": _plain()})], "blocks[0].elements[0]: no action_id"
    ),
    "unknown property": ([_section(colour="red")], "blocks[0]: 'colour' is no property of it"),
    # --- section
    "section text": (
        [_section(text=_mrkdwn(X3000 + "x"))], "blocks[0].text: 3,001 characters, 3,000 at most"
    ),
    "empty text": ([_section(text=_plain(""))], "blocks[0].text: empty"),
    "blank text": ([_section(text=_plain(" \n"))], "blocks[0].text: empty"),
    "text that is none": ([_section(text="x")], "blocks[0].text: no text object"),
    "text of a number": ([_section(text={"type": "mrkdwn", "text": 7})], "blocks[0].text: no text"),
    "emoji in markup": (
        [_section(text={**_mrkdwn(), "emoji": True})],
        "blocks[0].text: 'emoji' is no property of it",
    ),
    "verbatim in plain text": (
        [_section(text={**_plain(), "verbatim": True})],
        "blocks[0].text: 'verbatim' is no property of it",
    ),
    "empty section": ([{"type": "section"}], "blocks[0]: neither text nor fields"),
    "11 fields": (
        [_section(fields=[_plain()] * 11)], "blocks[0].fields: 11 of them, 10 at most"
    ),
    "no fields": ([_section(fields=[])], "blocks[0].fields: 0 of them, 1 at least"),
    "long field": (
        [_section(fields=[_plain("x" * 2_001)])],
        "blocks[0].fields[0]: 2,001 characters, 2,000 at most",
    ),
    "input as an accessory": (
        [_section(accessory={"type": "plain_text_input", "action_id": "a"})],
        "blocks[0].accessory: 'plain_text_input' has no place here",
    ),
    # --- header, image, divider, context
    "long header": (
        [{"type": "header", "text": _plain(X150 + "x")}],
        "blocks[0].text: 151 characters, 150 at most",
    ),
    "empty header": ([{"type": "header", "text": _plain("")}], "blocks[0].text: empty"),
    "header with markup": (
        [{"type": "header", "text": _mrkdwn()}], "blocks[0].text: only plain_text may stand here"
    ),
    "header without text": ([{"type": "header"}], "blocks[0]: no text"),
    "image without alt": (
        [{"type": "image", "image_url": "https://e.example/i.png"}], "blocks[0]: no alt_text"
    ),
    "image with a blank alt": ([_image(alt_text=" ")], "blocks[0].alt_text: empty"),
    "long alt": (
        [_image(alt_text="x" * 2_001)], "blocks[0].alt_text: 2,001 characters, 2,000 at most"
    ),
    "long image_url": (
        [_image(image_url=X3000 + "x")], "blocks[0].image_url: 3,001 characters, 3,000 at most"
    ),
    "long image title": (
        [_image(title=_plain("x" * 2_001))], "blocks[0].title: 2,001 characters, 2,000 at most"
    ),
    "divider with text": (
        [{"type": "divider", "text": _plain()}], "blocks[0]: 'text' is no property of it"
    ),
    "11 in a context": (
        [{"type": "context", "elements": [_plain()] * 11}],
        "blocks[0].elements: 11 of them, 10 at most",
    ),
    "button in a context": (
        [{"type": "context", "elements": [_button()]}], "blocks[0].elements[0]: no text object"
    ),
    # --- actions and buttons
    "26 in actions": (
        [_actions(*(_button() for _ in range(26)))], "blocks[0].elements: 26 of them, 25 at most"
    ),
    "no actions": ([_actions()], "blocks[0].elements: 0 of them, 1 at least"),
    "input among actions": (
        [_actions({"type": "number_input", "action_id": "a", "is_decimal_allowed": True})],
        "blocks[0].elements[0]: 'number_input' has no place here",
    ),
    "long button": (
        [_actions(_button(text=_plain("x" * 76)))],
        "blocks[0].elements[0].text: 76 characters, 75 at most",
    ),
    "long value": (
        [_actions(_button(value="x" * 2_001))],
        "blocks[0].elements[0].value: 2,001 characters, 2,000 at most",
    ),
    "long url": (
        [_actions(_button(url=X3000 + "x"))],
        "blocks[0].elements[0].url: 3,001 characters, 3,000 at most",
    ),
    "long accessibility_label": (
        [_actions(_button(accessibility_label="x" * 76))],
        "blocks[0].elements[0].accessibility_label: 76 characters, 75 at most",
    ),
    "unknown style": (
        [_actions(_button(style="pink"))], "blocks[0].elements[0].style: 'pink', one of"
    ),
    # --- confirm
    "long confirm title": (
        [_confirm(title=_plain("x" * 101))], "confirm.title: 101 characters, 100 at most"
    ),
    "long confirm text": (
        [_confirm(text=_plain("x" * 301))], "confirm.text: 301 characters, 300 at most"
    ),
    "long yes": (
        [_confirm(confirm=_plain("x" * 31))], "confirm.confirm: 31 characters, 30 at most"
    ),
    "long no": ([_confirm(deny=_plain("x" * 31))], "confirm.deny: 31 characters, 30 at most"),
    "confirm without no": (
        [_actions(_button(confirm={name: _plain() for name in ("title", "text", "confirm")}))],
        "blocks[0].elements[0].confirm: no deny",
    ),
    "confirm of unknown style": ([_confirm(style="pink")], "confirm.style: 'pink', one of"),
    # --- options
    "101 options": ([_select(_options(101))], "options: 101 of them, 100 at most"),
    "no options": ([_select([])], "options: 0 of them, 1 at least"),
    "long option": (
        [_select(_options(1, text=_plain("x" * 76)))], "options[0].text: 76 characters, 75 at most"
    ),
    "long option value": (
        [_select(_options(1, value=X150 + "x"))], "options[0].value: 151 characters, 150 at most"
    ),
    "empty option value": ([_select(_options(1, value=""))], "options[0].value: empty"),
    "long description": (
        [_select(_options(1, description=_plain("x" * 76)))],
        "options[0].description: 76 characters, 75 at most",
    ),
    "chosen is no option": (
        [_select(_options(2), initial_option={"text": _plain(), "value": "v9"})],
        "what is chosen at first is none of the options",
    ),
    "long placeholder": (
        [_actions(_choose("static_select", _options(1), placeholder=_plain(X150 + "x")))],
        "placeholder: 151 characters, 150 at most",
    ),
    "101 groups": ([_groups(101)], "option_groups: 101 of them, 100 at most"),
    "101 options in a group": (
        [_groups(1, options=_options(101))], "options: 101 of them, 100 at most"
    ),
    "long group": ([_groups(1, label=_plain("x" * 76))], "label: 76 characters, 75 at most"),
    "options and groups": (
        [_actions({**_groups(1)["elements"][0], "options": _options(1)})],
        "either options or option_groups",
    ),
    "11 radio buttons": (
        [_actions(_choose("radio_buttons", _options(11)))], "options: 11 of them, 10 at most"
    ),
    "11 checkboxes": (
        [_actions(_choose("checkboxes", _options(11)))], "options: 11 of them, 10 at most"
    ),
    "checked is no option": (
        [_actions(_choose("checkboxes", _options(1), initial_options=_options(2)[1:]))],
        "what is chosen at first is none of the options",
    ),
    "overflow of one": (
        [_section(accessory=_choose("overflow", _options(1)))], "options: 1 of them, 2 at least"
    ),
    "overflow of 6": (
        [_section(accessory=_choose("overflow", _options(6)))], "options: 6 of them, 5 at most"
    ),
    # --- rich text
    "empty rich text": ([_rich()], "blocks[0].elements: 0 of them, 1 at least"),
    "empty section of rich text": (
        [_rich(_words())], "blocks[0].elements[0].elements: 0 of them, 1 at least"
    ),
    "empty word": (
        [_rich(_words(_word("")))], "blocks[0].elements[0].elements[0].text: empty"
    ),
    "unknown part of rich text": (
        [_rich(_words(_word(), kind="rich_text_poem"))],
        "blocks[0].elements[0]: 'rich_text_poem' is no part of rich text that we know",
    ),
    "broadcast": (
        [_rich(_words({"type": "broadcast", "range": "channel"}))],
        "blocks[0].elements[0].elements[0]: 'broadcast' is no word of rich text that we know",
    ),
    "unknown look": (
        [_rich(_words(_word(style={"blink": True})))],
        "blocks[0].elements[0].elements[0].style: ['blink'] is none that we know",
    ),
    "long link": (
        [_rich(_words({"type": "link", "url": X3000 + "x"}))],
        "blocks[0].elements[0].elements[0].url: 3,001 characters, 3,000 at most",
    ),
    "link to nowhere": (
        [_rich(_words({"type": "link", "url": ""}))],
        "blocks[0].elements[0].elements[0].url: empty",
    ),
    "list of words": (
        [_rich(_list(_word()))],
        "blocks[0].elements[0].elements[0]: a list holds sections only",
    ),
    "list of unknown style": (
        [_rich(_list(_words(_word()), style="stars"))],
        "blocks[0].elements[0].style: 'stars', one of",
    ),
    # --- views
    "unknown view": ({"type": "window", "blocks": []}, "type: 'window' is no view"),
    "long title": (_modal(title=_plain("x" * 25)), "title: 25 characters, 24 at most"),
    "long submit": (_modal(submit=_plain("x" * 25)), "submit: 25 characters, 24 at most"),
    "long close": (_modal(close=_plain("x" * 25)), "close: 25 characters, 24 at most"),
    "title with markup": (_modal(title=_mrkdwn()), "title: only plain_text may stand here"),
    "modal without title": (
        {"type": "modal", "blocks": [_section()]}, "view: no title"
    ),
    "inputs without submit": (
        {"type": "modal", "title": _plain(), "blocks": [_typed()]},
        "view: has inputs and no submit",
    ),
    "title at home": (_home(_section(), title=_plain()), "view: 'title' is no property of it"),
    "long private_metadata": (
        _modal(private_metadata=X3000 + "x"),
        "view.private_metadata: 3,001 characters, 3,000 at most",
    ),
    "long callback_id": (
        _modal(callback_id=X255 + "x"), "view.callback_id: 256 characters, 255 at most"
    ),
    "long external_id": (
        _modal(external_id=X255 + "x"), "view.external_id: 256 characters, 255 at most"
    ),
    # --- inputs
    "long label": (
        _modal({**_typed(), "label": _plain("x" * 2_001)}),
        "blocks[0].label: 2,001 characters, 2,000 at most",
    ),
    "long hint": (
        _modal({**_typed(), "hint": _plain("x" * 2_001)}),
        "blocks[0].hint: 2,001 characters, 2,000 at most",
    ),
    "input without label": (
        _modal({"type": "input", "element": {"type": "users_select", "action_id": "a"}}),
        "blocks[0]: no label",
    ),
    "button as an input": (
        _modal(_input(_button())), "blocks[0].element: 'button' has no place here"
    ),
    "max_length": (_modal(_typed(max_length=3_001)), "max_length: 3001, 1 to 3,000"),
    "max_length of none": (_modal(_typed(max_length=0)), "max_length: 0, 1 to 3,000"),
    "min_length": (_modal(_typed(min_length=-1)), "min_length: -1, 0 to 3,000"),
    "min over max": (
        _modal(_typed(min_length=5, max_length=4)), "min_length is more than max_length"
    ),
    "long initial_value": (
        _modal(_typed(max_length=4, initial_value="x" * 5)),
        "blocks[0].element.initial_value: 5 characters, 4 at most",
    ),
    "longest initial_value": (
        _modal(_typed(initial_value=X3000 + "x")),
        "blocks[0].element.initial_value: 3,001 characters, 3,000 at most",
    ),
    "number in words": (
        _modal(_number(min_value="one")), "min_value: 'one' is no number in digits"
    ),
    "number in powers": (
        _modal(_number(max_value="1e+06")), "max_value: '1e+06' is no number in digits"
    ),
    "number as a number": (_modal(_number(min_value=1)), "min_value: 1 is no number in digits"),
    "least over most": (
        _modal(_number(min_value="2", max_value="1")), "min_value is more than max_value"
    ),
    "number outside": (
        _modal(_number(min_value="2", initial_value="1")),
        "initial_value: not between min_value and max_value",
    ),
    "number without decimals said": (
        _modal(_input({"type": "number_input"})), "blocks[0].element: no is_decimal_allowed"
    ),
    "date in words": (
        _modal(_input({"type": "datepicker", "initial_date": "today"})),
        "blocks[0].element.initial_date: not YYYY-MM-DD",
    ),
    "user of nothing": (
        _modal(_input({"type": "users_select", "initial_user": ""})),
        "blocks[0].element.initial_user: empty",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_broken_limit_is_found(name: str) -> None:
    sent, fault = BROKEN[name]
    (found,) = find_faults(sent)
    assert fault in found


KEPT: dict[str, list[Json] | Json] = {
    "50 blocks": [_section()] * 50,
    "100 blocks": _home(*[_section()] * 100),
    "total": _long(MAX_TOTAL),
    "total of a view": _bulky(400),
    "section": [
        _section(
            text=_mrkdwn(X3000),
            fields=[_plain("x" * 500), *[_mrkdwn()] * 9],
            accessory=_image(),
            block_id=X255,
        )
    ],
    "field": [_section(fields=[_plain("x" * 2_000)])],
    "header": [{"type": "header", "text": _plain(X150)}],
    "image": [_image(image_url=X3000, alt_text="x" * 2_000, title=_plain("x" * 2_000))],
    "context": [{"type": "context", "elements": [_plain(), _image(), *[_mrkdwn()] * 8]}],
    "actions": [_actions(*(_button() for _ in range(25)))],
    "button": [
        _actions(
            _button(
                action_id=X255,
                text=_plain("x" * 75),
                value="x" * 2_000,
                url=X3000,
                style="danger",
                accessibility_label="x" * 75,
            )
        )
    ],
    "confirm": [
        _confirm(
            title=_plain("x" * 100),
            text=_mrkdwn("x" * 300),
            confirm=_plain("x" * 30),
            deny=_plain("x" * 30),
            style="primary",
        )
    ],
    "options": [_select(_options(100), initial_option=_options(1)[0])],
    "option": [
        _select(_options(1, text=_plain("x" * 75), value=X150, description=_plain("x" * 75)))
    ],
    "groups": _home(_groups(100)),
    "group": [_groups(1, label=_plain("x" * 75), options=_options(100))],
    "radio buttons": [_actions(_choose("radio_buttons", _options(10)))],
    "checkboxes": [_actions(_choose("checkboxes", _options(10), initial_options=_options(10)))],
    "overflow": [
        _section(accessory=_choose("overflow", _options(2))),
        _section(accessory=_choose("overflow", _options(5))),
    ],
    "rich text": [
        _rich(
            _words(_word(style={"bold": True}), {"type": "user", "user_id": "U0ANA0000"}),
            _list(_words({"type": "link", "url": X3000, "text": "x"}), border=0),
            _words(_word("\n"), kind="rich_text_quote"),
            _words(_word(), kind="rich_text_preformatted"),
        )
    ],
    "modal": _modal(
        title=_plain("x" * 24),
        submit=_plain("x" * 24),
        close=_plain("x" * 24),
        private_metadata=X3000,
        callback_id=X255,
    ),
    "inputs": _modal(
        {**_typed(initial_value=X3000, max_length=3_000), "hint": _plain("x" * 2_000)},
        {**_typed(min_length=4, max_length=4), "label": _plain("x" * 2_000)},
        _number(min_value="-1.5", max_value="1000000", initial_value="0"),
        _input({"type": "datepicker", "initial_date": "2026-03-09"}),
        _input({"type": "users_select", "initial_user": "U0ANA0000"}),
        _input(_choose("static_select", _options(100))),
    ),
    "modal that only tells": {"type": "modal", "title": _plain(), "blocks": [_section()]},
}


@pytest.mark.parametrize("name", KEPT)
def test_kept_limit_is_no_fault(name: str) -> None:
    assert find_faults(KEPT[name]) == []


_ODD = {"no block at all"}


# --- what the library's own checkers see ------------------------------------------------


def _pass(sent: Sequence[Json] | Json) -> bool:
    """Whether slack_sdk's models let it pass, with every part of them asked."""
    try:
        if isinstance(sent, dict):
            _validate(View(**sent))
        else:
            _validate(Block.parse_all(sent))
    except (SlackObjectFormationError, TypeError):
        return False
    return True


def _validate(model: object) -> None:
    if isinstance(model, list | tuple):
        for part in model:
            _validate(part)
    elif isinstance(model, JsonObject):
        model.validate_json()
        for part in vars(model).values():
            _validate(part)


MISSED = {name for name, (sent, _) in BROKEN.items() if name not in _ODD and _pass(sent)}


def test_checkers_of_the_library_miss_these() -> None:
    assert {
        "51 blocks",
        "unknown block",
        "total",
        "long field",
        "same action_id",
        "same block_id",
        "11 radio buttons",
        "11 checkboxes",
        "overflow of one",
        "empty text",
        "blank text",
        "empty word",
        "image with a blank alt",
        "long initial_value",
        "number in powers",
    } <= MISSED


@pytest.mark.parametrize("name", KEPT)
def test_checkers_of_the_library_take_what_we_take(name: str) -> None:
    assert _pass(KEPT[name])
