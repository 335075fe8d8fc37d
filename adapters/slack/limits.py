"""What Slack would refuse, found before it is sent. Pure functions of values.

One refused block takes the whole message with it, so every number is here: those of Slack's
reference (docs.slack.dev/reference/block-kit, in words also in the types of
slackapi/node-slack-sdk), and those that are not written there: the total of a message
(bolt-js#2509, #2867) and of a view (`view_too_large` of views.open, 250 kB). The checkers of
slack_sdk miss more than half of them; tests/adapters/test_slack_limits.py shows which.

Only what this adapter sends is known. A block of another type is a fault.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]
Faults: TypeAlias = Iterator[str]

MAX_BLOCKS = 50
MAX_VIEW_BLOCKS = 100
MAX_TOTAL = 13_000
"""Characters of a message's blocks as JSON."""
MAX_VIEW_BYTES = 250_000
MAX_TEXT = 3_000
MAX_ID = 255
MAX_METADATA = 3_000

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def measure(blocks: Sequence[Json]) -> int:
    """The characters of the blocks as JSON, as `MAX_TOTAL` counts them."""
    return len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))


def find_faults(sent: Sequence[Json] | Json) -> list[str]:
    """What Slack would refuse of a message's blocks or of a view, a sentence each that names
    the place (`blocks[2].text: 151 characters, 150 at most`); empty when it would take it."""
    return list(_view(sent) if isinstance(sent, Mapping) else _message(sent))


def _message(blocks: Sequence[Json]) -> Faults:
    yield from _blocks(blocks, MAX_BLOCKS)
    total = measure(blocks)
    if total > MAX_TOTAL:
        yield f"blocks: {total:,} characters in all, {MAX_TOTAL:,} at most"


def _view(view: Json) -> Faults:
    kind = view.get("type")
    if kind not in {"modal", "home"}:
        yield f"type: {kind!r} is no view"
        return
    must = {"type", "blocks"} | ({"title"} if kind == "modal" else set())
    may = {"private_metadata", "callback_id", "external_id"}
    if kind == "modal":
        may |= {"submit", "close", "clear_on_close", "notify_on_close"}
    yield from _keys(view, "view", must, may)
    for name in ("title", "submit", "close"):
        if name in view:
            yield from _text(view[name], name, 24, plain=True)
    yield from _length(view, "private_metadata", "view", MAX_METADATA, least=0)
    yield from _length(view, "callback_id", "view", MAX_ID)
    yield from _length(view, "external_id", "view", MAX_ID)
    blocks = view.get("blocks", [])
    yield from _blocks(blocks, MAX_VIEW_BLOCKS)
    has_input = any(block.get("type") == "input" for block in blocks)
    if kind == "modal" and has_input and "submit" not in view:
        yield "view: has inputs and no submit"
    size = len(json.dumps(view).encode())
    if size > MAX_VIEW_BYTES:
        yield f"view: {size:,} bytes, {MAX_VIEW_BYTES:,} at most"


# Blocks ----------------------------------------------------------------------------------


def _blocks(blocks: Sequence[Json], most: int) -> Faults:
    if not all(isinstance(block, Mapping) for block in blocks):
        yield "blocks: not a list of objects"
        return
    if not blocks:
        yield "blocks: there are none"
    if len(blocks) > most:
        yield f"blocks: {len(blocks)} of them, {most} at most"
    for n, block in enumerate(blocks):
        at = f"blocks[{n}]"
        check = _BLOCKS.get(block.get("type", ""))
        if check is None:
            yield f"{at}: {block.get('type')!r} is no block that we know"
            continue
        yield from _length(block, "block_id", at, MAX_ID)
        yield from check(block, at)
    yield from _twice((block.get("block_id") for block in blocks), "block_id")
    actions = (control.get("action_id") for block in blocks for control in _controls(block))
    yield from _twice(actions, "action_id")


def _controls(block: Json) -> Iterator[Json]:
    if block.get("type") == "actions":
        yield from block.get("elements", [])
    for name in ("accessory", "element"):
        if name in block:
            yield block[name]


def _twice(names: Iterator[str | None], kind: str) -> Faults:
    """Slack asks for unique action ids in one block only; we press by them, so: everywhere."""
    seen: set[str] = set()
    for name in names:
        if name is not None and name in seen:
            yield f"blocks: the {kind} {name!r} is there twice"
        elif name is not None:
            seen.add(name)


def _section(block: Json, at: str) -> Faults:
    yield from _keys(block, at, set(), {"text", "fields", "accessory", "expand"})
    if "text" not in block and "fields" not in block:
        yield f"{at}: neither text nor fields"
    if "text" in block:
        yield from _text(block["text"], f"{at}.text", MAX_TEXT)
    if "fields" in block:
        yield from _count(block["fields"], f"{at}.fields", 1, 10)
        for n, field in enumerate(block["fields"]):
            yield from _text(field, f"{at}.fields[{n}]", 2_000)
    if "accessory" in block:
        yield from _element(block["accessory"], f"{at}.accessory", {*_PRESSED, "image"})


def _divider(block: Json, at: str) -> Faults:
    yield from _keys(block, at, set(), set())


def _image(block: Json, at: str) -> Faults:
    yield from _keys(block, at, {"image_url", "alt_text"}, {"title"})
    yield from _length(block, "image_url", at, 3_000)
    yield from _length(block, "alt_text", at, 2_000)
    if "title" in block:
        yield from _text(block["title"], f"{at}.title", 2_000, plain=True)


def _actions(block: Json, at: str) -> Faults:
    yield from _keys(block, at, {"elements"}, set())
    yield from _count(block.get("elements", []), f"{at}.elements", 1, 25)
    for n, element in enumerate(block.get("elements", [])):
        yield from _element(element, f"{at}.elements[{n}]", _PRESSED)


def _context(block: Json, at: str) -> Faults:
    yield from _keys(block, at, {"elements"}, set())
    yield from _count(block.get("elements", []), f"{at}.elements", 1, 10)
    for n, element in enumerate(block.get("elements", [])):
        where = f"{at}.elements[{n}]"
        if element.get("type") == "image":
            yield from _element(element, where, {"image"})
        else:
            yield from _text(element, where, MAX_TEXT)


def _input(block: Json, at: str) -> Faults:
    yield from _keys(block, at, {"label", "element"}, {"hint", "optional", "dispatch_action"})
    for name in ("label", "hint"):
        if name in block:
            yield from _text(block[name], f"{at}.{name}", 2_000, plain=True)
    if "element" in block:
        yield from _element(block["element"], f"{at}.element", _TYPED)


def _header(block: Json, at: str) -> Faults:
    yield from _keys(block, at, {"text"}, set())
    if "text" in block:
        yield from _text(block["text"], f"{at}.text", 150, plain=True)


def _rich_text(block: Json, at: str) -> Faults:
    yield from _keys(block, at, {"elements"}, set())
    yield from _count(block.get("elements", []), f"{at}.elements", 1, None)
    for n, element in enumerate(block.get("elements", [])):
        yield from _rich_element(element, f"{at}.elements[{n}]")


def _rich_element(element: Json, at: str) -> Faults:
    parts = element.get("elements", [])
    match element.get("type"):
        case "rich_text_list":
            yield from _keys(element, at, {"style", "elements"}, {"indent", "border", "offset"})
            yield from _one_of(element, "style", at, {"bullet", "ordered"})
            yield from _count(parts, f"{at}.elements", 1, None)
            for n, part in enumerate(parts):
                if part.get("type") != "rich_text_section":
                    yield f"{at}.elements[{n}]: a list holds sections only"
                else:
                    yield from _rich_element(part, f"{at}.elements[{n}]")
        case "rich_text_section":
            yield from _keys(element, at, {"elements"}, set())
            yield from _words(parts, at)
        case "rich_text_quote" | "rich_text_preformatted":
            yield from _keys(element, at, {"elements"}, {"border"})
            yield from _words(parts, at)
        case kind:
            yield f"{at}: {kind!r} is no part of rich text that we know"


_WORDS: Mapping[str, tuple[set[str], set[str]]] = {
    "text": ({"text"}, {"style"}),
    "link": ({"url"}, {"text", "style", "unsafe"}),
    "user": ({"user_id"}, {"style"}),
    "channel": ({"channel_id"}, {"style"}),
}
"""Words of rich text: what each must have and what it may have besides."""


def _words(words: Sequence[Json], at: str) -> Faults:
    yield from _count(words, f"{at}.elements", 1, None)
    for n, word in enumerate(words):
        where = f"{at}.elements[{n}]"
        if word.get("type") not in _WORDS:
            yield f"{where}: {word.get('type')!r} is no word of rich text that we know"
            continue
        must, may = _WORDS[word["type"]]
        yield from _keys(word, where, must, may)
        for name in sorted({"text", "user_id", "channel_id"} & word.keys()):
            # Blanks are words here: they stand between two that look different.
            if not isinstance(word[name], str) or not word[name]:
                yield f"{where}.{name}: empty"
        yield from _length(word, "url", where, 3_000)
        style = word.get("style", {})
        if not style.keys() <= {"bold", "italic", "strike", "code", "underline"}:
            yield f"{where}.style: {sorted(style)} is none that we know"


# Elements --------------------------------------------------------------------------------


def _element(element: Json, at: str, allowed: set[str]) -> Faults:
    kind = element.get("type", "")
    check = _ELEMENTS.get(kind)
    if check is None or kind not in allowed:
        yield f"{at}: {kind!r} has no place here"
        return
    if kind != "image":
        yield from _length(element, "action_id", at, MAX_ID)
        if "action_id" not in element:
            yield f"{at}: no action_id"
    if "placeholder" in element:
        yield from _text(element["placeholder"], f"{at}.placeholder", 150, plain=True)
    if "confirm" in element:
        yield from _confirm(element["confirm"], f"{at}.confirm")
    yield from check(element, at)


def _confirm(confirm: Json, at: str) -> Faults:
    yield from _keys(confirm, at, {"title", "text", "confirm", "deny"}, {"style"})
    for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        if name in confirm:
            yield from _text(confirm[name], f"{at}.{name}", most, plain=name != "text")
    yield from _one_of(confirm, "style", at, {"primary", "danger"})


def _button(button: Json, at: str) -> Faults:
    may = {"value", "url", "style", "confirm", "accessibility_label"}
    yield from _keys(button, at, {"text"}, may | {"action_id"})
    if "text" in button:
        yield from _text(button["text"], f"{at}.text", 75, plain=True)
    yield from _length(button, "value", at, 2_000)
    yield from _length(button, "url", at, 3_000)
    yield from _length(button, "accessibility_label", at, 75)
    yield from _one_of(button, "style", at, {"primary", "danger"})


def _image_element(image: Json, at: str) -> Faults:
    yield from _keys(image, at, {"image_url", "alt_text"}, set())
    yield from _length(image, "image_url", at, 3_000)
    yield from _length(image, "alt_text", at, 2_000)


def _static_select(select: Json, at: str) -> Faults:
    may = {"action_id", "placeholder", "initial_option", "confirm", "focus_on_load"}
    yield from _keys(select, at, set(), may | {"options", "option_groups"})
    if ("options" in select) is ("option_groups" in select):
        yield f"{at}: either options or option_groups"
    if "options" in select:
        yield from _options(select, at, 1, 100)
    if "option_groups" in select:
        groups = select["option_groups"]
        yield from _count(groups, f"{at}.option_groups", 1, 100)
        for n, group in enumerate(groups):
            where = f"{at}.option_groups[{n}]"
            yield from _keys(group, where, {"label", "options"}, set())
            yield from _text(group.get("label"), f"{where}.label", 75, plain=True)
            yield from _options(group, where, 1, 100)


def _radio_buttons(element: Json, at: str) -> Faults:
    may = {"action_id", "initial_option", "confirm", "focus_on_load"}
    yield from _keys(element, at, {"options"}, may)
    yield from _options(element, at, 1, 10)


def _checkboxes(element: Json, at: str) -> Faults:
    may = {"action_id", "initial_options", "confirm", "focus_on_load"}
    yield from _keys(element, at, {"options"}, may)
    yield from _options(element, at, 1, 10)


def _overflow(element: Json, at: str) -> Faults:
    yield from _keys(element, at, {"options"}, {"action_id", "confirm"})
    yield from _options(element, at, 2, 5)


def _options(holder: Json, at: str, least: int, most: int) -> Faults:
    options = holder.get("options", [])
    yield from _count(options, f"{at}.options", least, most)
    for n, option in enumerate(options):
        where = f"{at}.options[{n}]"
        yield from _keys(option, where, {"text", "value"}, {"description", "url"})
        yield from _text(option.get("text"), f"{where}.text", 75)
        if "description" in option:
            yield from _text(option["description"], f"{where}.description", 75)
        yield from _length(option, "value", where, 150)
        yield from _length(option, "url", where, 3_000)
    chosen = [holder["initial_option"]] if "initial_option" in holder else []
    for option in (*chosen, *holder.get("initial_options", ())):
        if option not in options:
            yield f"{at}: what is chosen at first is none of the options"


def _users_select(element: Json, at: str) -> Faults:
    may = {"action_id", "placeholder", "initial_user", "confirm", "focus_on_load"}
    yield from _keys(element, at, set(), may)
    yield from _length(element, "initial_user", at, MAX_ID)


def _datepicker(element: Json, at: str) -> Faults:
    may = {"action_id", "placeholder", "initial_date", "confirm", "focus_on_load"}
    yield from _keys(element, at, set(), may)
    if "initial_date" in element and not _DAY.fullmatch(element["initial_date"]):
        yield f"{at}.initial_date: not YYYY-MM-DD"


def _plain_text_input(element: Json, at: str) -> Faults:
    may = {"action_id", "placeholder", "initial_value", "multiline", "min_length", "max_length"}
    yield from _keys(element, at, set(), may | {"focus_on_load", "dispatch_action_config"})
    least, most = element.get("min_length", 0), element.get("max_length", MAX_TEXT)
    if not 0 <= least <= MAX_TEXT:
        yield f"{at}.min_length: {least}, 0 to {MAX_TEXT:,}"
    if not 1 <= most <= MAX_TEXT:
        yield f"{at}.max_length: {most}, 1 to {MAX_TEXT:,}"
    if least > most:
        yield f"{at}: min_length is more than max_length"
    yield from _length(element, "initial_value", at, min(most, MAX_TEXT), least=0)


def _number_input(element: Json, at: str) -> Faults:
    numbers = ("min_value", "max_value", "initial_value")
    may = {"action_id", "placeholder", *numbers, "focus_on_load", "dispatch_action_config"}
    yield from _keys(element, at, {"is_decimal_allowed"}, may)
    read: dict[str, float] = {}
    for name in numbers:
        value = element.get(name)
        if value is None:
            continue
        if not isinstance(value, str) or not _NUMBER.fullmatch(value):
            yield f"{at}.{name}: {value!r} is no number in digits"
            continue
        read[name] = float(value)
    least, most = read.get("min_value", float("-inf")), read.get("max_value", float("inf"))
    if least > most:
        yield f"{at}: min_value is more than max_value"
    elif not least <= read.get("initial_value", least) <= most:
        yield f"{at}.initial_value: not between min_value and max_value"


# What all have ---------------------------------------------------------------------------


def _keys(holder: Json, at: str, must: set[str], may: set[str]) -> Faults:
    for name in sorted(must - holder.keys()):
        yield f"{at}: no {name}"
    for name in sorted(holder.keys() - must - may - {"type", "block_id"}):
        yield f"{at}: {name!r} is no property of it"


def _text(text: object, at: str, most: int, *, plain: bool = False) -> Faults:
    kind = text.get("type") if isinstance(text, Mapping) else None
    if not isinstance(text, Mapping) or kind not in {"plain_text", "mrkdwn"}:
        yield f"{at}: no text object"
        return
    if plain and kind != "plain_text":
        yield f"{at}: only plain_text may stand here"
    yield from _keys(text, at, {"text"}, {"emoji"} if kind == "plain_text" else {"verbatim"})
    yield from _length(text, "text", at, most)


def _length(holder: Json, name: str, at: str, most: int, *, least: int = 1) -> Faults:
    """A text of some length; where people read it, there must be something to see in it."""
    if name not in holder:
        return
    value = holder[name]
    where = f"{at}.{name}" if name != "text" else at
    if not isinstance(value, str):
        yield f"{where}: no text"
    elif len(value) > most:
        yield f"{where}: {len(value):,} characters, {most:,} at most"
    elif least and not (value.strip() if name in {"text", "alt_text"} else value):
        yield f"{where}: empty"


def _count(held: Sequence[Any], at: str, least: int, most: int | None) -> Faults:
    if len(held) < least:
        yield f"{at}: {len(held)} of them, {least} at least"
    if most is not None and len(held) > most:
        yield f"{at}: {len(held)} of them, {most} at most"


def _one_of(holder: Json, name: str, at: str, allowed: set[str]) -> Faults:
    if name in holder and holder[name] not in allowed:
        yield f"{at}.{name}: {holder[name]!r}, one of {sorted(allowed)}"


_BLOCKS: Mapping[str, Callable[[Json, str], Faults]] = {
    "section": _section,
    "divider": _divider,
    "image": _image,
    "actions": _actions,
    "context": _context,
    "input": _input,
    "header": _header,
    "rich_text": _rich_text,
}

_ELEMENTS: Mapping[str, Callable[[Json, str], Faults]] = {
    "button": _button,
    "image": _image_element,
    "static_select": _static_select,
    "radio_buttons": _radio_buttons,
    "checkboxes": _checkboxes,
    "overflow": _overflow,
    "users_select": _users_select,
    "datepicker": _datepicker,
    "plain_text_input": _plain_text_input,
    "number_input": _number_input,
}

_PRESSED = {"button", "static_select", "users_select", "datepicker"} | {
    "radio_buttons",
    "checkboxes",
    "overflow",
}
"""What may stand in `actions` and beside a section."""

_TYPED = {"plain_text_input", "number_input", "static_select", "users_select"} | {
    "datepicker",
    "radio_buttons",
    "checkboxes",
}
"""What may stand in an `input`."""
