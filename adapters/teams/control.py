"""The names of buttons, choices and fields in Teams, and back. Pure functions of values.

What comes back was signed by Microsoft, but stands on somebody's screen for months, may be from
an older version of us, and whoever makes their own request can change it: nothing here trusts
its shape.

An action's `data` comes back with the values of inputs beside its own properties, and with what
Teams puts there (`msteams`, `type`). So what is ours has one name that no input can have, and
inputs have names that nothing else has.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from pydantic import JsonValue, TypeAdapter, ValidationError

from bot.message import Args

OURS = "Inflow"
"""The property of an action's data under which all of ours is."""

_ACTION = re.compile(r"[a-z]+\.[a-z_]+")
_CHOICE = re.compile(r"choice-[0-9]{1,4}")
_FIELD = re.compile(r"field-([a-z_]{1,40})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ARGS: TypeAdapter[Args] = TypeAdapter(Args)
_LONGEST_ACTION = 100

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Filled:
    """A form that was sent. `hidden` is what `write_form` was given, not checked by anybody
    yet. `values` are by field name, an empty text where nothing was given: dates as
    `YYYY-MM-DD`, people as their Entra object id, numbers as they were typed."""

    hidden: str
    values: Mapping[str, str]


def name_choice(number: int) -> str:
    """The id of the input of a choice that is the `number`th control of its message."""
    return f"choice-{number}"


def name_field(name: str) -> str:
    """The id of the input of a form's field."""
    return f"field-{name}"


def write_press(action: str, args: Args, *, choice: str | None = None, place: str = "") -> Json:
    """The `data` of a button; of a choice's with the id of its input. `place` comes back from
    `read_place`."""
    ours: Json = {"press": action}
    if place:
        ours["place"] = place
    if args:
        ours["args"] = args
    if choice is not None:
        ours["choice"] = choice
    return {OURS: ours}


def write_form(hidden: str) -> Json:
    """The `data` of a form's button. `hidden` comes back with the values."""
    return {OURS: {"form": hidden}}


def write_look() -> Json:
    """The `data` with which Teams asks what a card is to who looks at it."""
    return {OURS: {"look": True}}


def is_look(data: object) -> bool:
    """Whether an action's data is that of `write_look`."""
    ours = data.get(OURS) if isinstance(data, Mapping) else None
    return isinstance(ours, Mapping) and ours.get("look") is True


def open_dialog(data: Json) -> Json:
    """The data of a press for which Teams opens a dialog, by the invoke `task/fetch`."""
    return {**data, "msteams": {"type": "task/fetch"}}


def read_pressed(data: object) -> tuple[str, Args] | None:
    """What was pressed, of an action's data: our action and its args, of a choice with the
    chosen value as `choice`. None when it is nothing of ours, or nothing was chosen."""
    ours = data.get(OURS) if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(ours, Mapping):
        return None
    action = ours.get("press")
    if not isinstance(action, str) or len(action) > _LONGEST_ACTION:
        return None
    args = _read_args(ours.get("args", {}))
    if not _ACTION.fullmatch(action) or args is None:
        return None
    if "choice" not in ours:
        return action, args
    name = ours["choice"]
    if not isinstance(name, str) or not _CHOICE.fullmatch(name):
        return None
    chosen = data.get(name)
    if not isinstance(chosen, str) or not chosen or not _is_clean(chosen):
        return None
    return action, {**args, "choice": chosen}


def read_place(data: object) -> str | None:
    """What a button says of the place that it is about, not checked by anybody yet; None where
    that is the one in which it stands."""
    ours = data.get(OURS) if isinstance(data, Mapping) else None
    place = ours.get("place") if isinstance(ours, Mapping) else None
    return place if isinstance(place, str) else None


def read_filled(data: object) -> Filled | None:
    """What was sent with a form, of its action's data; None when it is no form of ours."""
    ours = data.get(OURS) if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(ours, Mapping):
        return None
    hidden = ours.get("form")
    if not isinstance(hidden, str) or not _is_clean(hidden):
        return None
    values: dict[str, str] = {}
    for name, given in data.items():
        field = _FIELD.fullmatch(name) if isinstance(name, str) else None
        if field is None:
            continue
        value = _read_value(given)
        if value is None:
            return None
        values[field[1]] = value
    return Filled(hidden, values)


def is_day(text: str) -> bool:
    """Whether a text has the shape of a date input's value."""
    return bool(_DAY.fullmatch(text))


def digits(number: float) -> str:
    """A finite number in digits only, without an exponent."""
    shown = format(Decimal(repr(number)), "f")
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _read_value(given: object) -> str | None:
    match given:
        case None:
            return ""
        case bool():
            return None
        case str():
            return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", given.replace("\0", ""))
        case int():
            return str(given)
        case float() if math.isfinite(given):
            # Some of Teams' apps send a number input's value as a number.
            return digits(given)
        case _:
            return None


def _read_args(value: object) -> Args | None:
    try:
        # NaN and infinity are numbers to Python's reader, and to no store.
        json.dumps(value, allow_nan=False)
        args = _ARGS.validate_python(value)
    except (ValidationError, ValueError, TypeError, RecursionError):
        return None
    return args if _is_clean(args) else None


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
