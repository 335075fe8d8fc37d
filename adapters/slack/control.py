"""The names of buttons, choices and fields on Slack, and back. Pure functions of values.

What comes back was signed by Slack, but stands on somebody's screen for months and may be from
an older version of us: nothing here trusts its shape.

Slack gives `&`, `<` and `>` back as entities in some places and as they are in others, and
does not say where (bolt-python#513). So none of the three is sent: see `_veil`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias
from zlib import crc32

from pydantic import JsonValue, TypeAdapter, ValidationError

from bot.message import Args

VIEW = "inflow"
"""`callback_id` of all our views."""

_ACTION = re.compile(r"([a-z]+\.[a-z_]+)(?:#[0-9]{1,4})?")
_CHOICE = re.compile(r"choice:[0-9]{1,4}\.[0-9a-f]{8}:(.+)", re.DOTALL)
_FIELD = re.compile(r"[a-z_]{1,40}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ARGS: TypeAdapter[Args] = TypeAdapter(Args)

Payload: TypeAlias = Mapping[str, Any]

_SWAPPED = str.maketrans("&<>¤¦¬", "¤¦¬&<>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def name_action(action: str, number: int) -> str:
    """The `action_id` of the control that is the `number`th of its message: none has two."""
    return f"{action}#{number}"


def write_args(args: Args) -> str:
    """Args as the `value` of a button. Never longer than they are as plain JSON."""
    text = json.dumps(args, ensure_ascii=False, separators=(",", ":"))
    for char in "¤¦¬":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return _veil(text)


def name_choice(args: Args, number: int, values: Iterable[str]) -> str:
    """The `block_id` of a choice, which carries its args; a select has no value for them.

    It is another one for other values: Slack goes on showing what was chosen in a block of the
    same name, also when the message was changed and it is no option any more.
    """
    stamp = crc32("\n".join(values).encode())
    return f"choice:{number}.{stamp:08x}:{write_args(args)}"


def write_option(value: str) -> str:
    """The `value` of an option."""
    return _veil(value)


def read_pressed(action: object) -> tuple[str, Args] | None:
    """What was pressed, of one entry of a payload's `actions`: our action and its args, of a
    choice with the chosen value as `choice`. None when it is nothing of ours."""
    if not isinstance(action, Mapping):
        return None
    named = _ACTION.fullmatch(_text(action.get("action_id")) or "")
    if named is None:
        return None
    match action.get("type"):
        case "button":
            value = action.get("value")
            args = {} if value is None else _read_args(value)
        case "static_select":
            args = _read_choice(action)
        case _:
            return None
    return None if args is None else (named[1], args)


def _read_choice(action: Payload) -> Args | None:
    block = _CHOICE.fullmatch(_text(action.get("block_id")) or "")
    option = action.get("selected_option")
    value = _text(option.get("value")) if isinstance(option, Mapping) else None
    args = _read_args(block[1]) if block else None
    if args is None or not value or not _is_clean(value):
        return None
    return {**args, "choice": _unveil(value)}


def _read_args(value: object) -> Args | None:
    text = _text(value)
    if text is None:
        return None
    try:
        args = _ARGS.validate_python(json.loads(_unveil(text), parse_constant=_refuse))
    except (ValidationError, ValueError, RecursionError):
        return None
    return args if _is_clean(args) else None


def _refuse(constant: str) -> JsonValue:
    raise ValueError(constant)


def _is_clean(value: JsonValue) -> bool:
    """Whether a store can keep it: no NUL, no half of a surrogate pair."""
    match value:
        case str():
            return "\0" not in value and not _SURROGATE.search(value)
        case list():
            return all(map(_is_clean, value))
        case dict():
            return all(_is_clean(name) and _is_clean(entry) for name, entry in value.items())
        case _:
            return True


def _veil(text: str) -> str:
    """The three characters that Slack may escape, changed places with three that nobody uses."""
    return text.translate(_SWAPPED)


def _unveil(text: str) -> str:
    for entity, char in _ENTITIES:
        text = text.replace(entity, char)
    return text.translate(_SWAPPED)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def read_values(state: object) -> dict[str, str] | None:
    """The values of a view's `state` by field name, an empty text where nothing was given:
    dates as `YYYY-MM-DD`, people as Slack's user id, numbers as they were typed.

    None when the state has not the shape of one of our forms.
    """
    blocks = state.get("values") if isinstance(state, Mapping) else None
    if not isinstance(blocks, Mapping):
        return None
    values: dict[str, str] = {}
    for name, elements in blocks.items():
        if not isinstance(name, str) or not _FIELD.fullmatch(name):
            return None
        if not isinstance(elements, Mapping) or len(elements) != 1:
            return None
        (element,) = elements.values()
        value = _read_value(element)
        if value is None:
            return None
        values[name] = value
    return values


def _read_value(element: object) -> str | None:
    if not isinstance(element, Mapping):
        return None
    match element.get("type"):
        case "plain_text_input" | "number_input":
            given = element.get("value")
        case "static_select":
            option = element.get("selected_option")
            value = _text(option.get("value")) if isinstance(option, Mapping) else None
            if option is not None and value is None:
                return None
            given = None if value is None else _unveil(value)
        case "users_select":
            given = element.get("selected_user")
        case "datepicker":
            given = element.get("selected_date")
            if isinstance(given, str) and given and not _DAY.fullmatch(given):
                return None
        case _:
            return None
    if given is None:
        return ""
    if not isinstance(given, str):
        return None
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", given.replace("\0", ""))
