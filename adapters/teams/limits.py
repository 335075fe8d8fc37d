"""What Teams would refuse, or show as something else than was meant, found before it is sent.
Pure functions of values.

Properties, their types and which version brought them: adaptivecards.io/explorer. A card that is
wrong comes back as one opaque error for the whole message, or is shown without the wrong part.
Teams' own numbers: learn.microsoft.com/microsoftteams/platform, "Format your bot messages".

Only what this adapter sends is known. An element of another type is a fault.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]
Faults: TypeAlias = Iterator[str]

VERSION = "1.5"
MAX_BYTES = 25_000
"""Of a card as JSON in UTF-8. Teams' own limit is about 100 KB of UTF-16 for a whole message,
was 40 KB for years and is 28 KB where others send cards; this is below all three."""
MAX_ACTIONS = 6
"""Of one row; further ones go into a menu or are not shown."""

MAX_READERS = 60
"""learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards, "User Specific Views":
so many people may see a card of their own."""

_USER = re.compile(r"8:orgid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|29:[A-Za-z0-9_-]{3,200}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MACRO = re.compile(r"\{\{(DATE|TIME)\(")
_MARKUP = re.compile(r"(?<!\\)(?:[`*_\[\]<>~|#{}]|&#?[0-9A-Za-z]{1,40};)|://")

_COMMON = {"id", "isVisible", "separator", "spacing"}
_SPACINGS = {"None", "Small", "Default", "Medium", "Large", "ExtraLarge", "Padding"}
_SIZES = {"Small", "Default", "Medium", "Large", "ExtraLarge"}
_COLOURS = {"Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"}
_LOOK = {"size", "weight", "color", "isSubtle", "fontType"}


def measure(card: Json) -> int:
    """The bytes of a card as it is sent."""
    return len(write_json(card))


def write_json(value: object) -> bytes:
    """JSON as short as can be: no blanks, and in UTF-8 what is not ASCII."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Half a surrogate pair is nothing that JSON in UTF-8 can say.
    return text.encode("utf-8", "replace")


def find_faults(card: Json) -> list[str]:
    """What Teams would refuse of a card or show wrongly, a sentence each that names the place
    (`body[2].actions: 7 of them, 1 to 6`); empty when it would take it."""
    return list(_card(card))


def _card(card: Json) -> Faults:
    if card.get("type") != "AdaptiveCard":
        yield f"type: {card.get('type')!r} is no card"
        return
    must = {"version", "body", "fallbackText"}
    yield from _keys(card, "card", must, {"speak", "actions", "msteams", "refresh"})
    if card.get("version") != VERSION:
        yield f"version: {card.get('version')!r}, {VERSION!r} is what Teams shows everywhere"
    for name in ("fallbackText", "speak"):
        yield from _text(card, name, "card")
    if not card.get("body"):
        yield "body: there is nothing in it"
    yield from _elements(card.get("body"), "body")
    if "actions" in card:
        yield from _actions(card["actions"], "actions")
    yield from _teams(card.get("msteams", {}), card)
    if "refresh" in card:
        yield from _refresh(card["refresh"])
    yield from _names(card)
    size = measure(card)
    if size > MAX_BYTES:
        yield f"card: {size:,} bytes, {MAX_BYTES:,} at most"


def _teams(teams: Json, card: Json) -> Faults:
    yield from _keys(teams, "msteams", set(), {"width", "entities"})
    if teams.get("width", "Full") != "Full":
        yield f"msteams.width: {teams['width']!r}"
    blocks = [each for each in _walk(card) if each.get("type") == "TextBlock"]
    told: list[str] = []
    for n, entity in enumerate(teams.get("entities", [])):
        at = f"msteams.entities[{n}]"
        text, who = entity.get("text"), entity.get("mentioned", {})
        if entity.get("type") != "mention" or not who.get("id") or not who.get("name"):
            yield f"{at}: no mention with an id and a name"
        if not isinstance(text, str) or not re.fullmatch(r"<at>[^<>]+</at>", text):
            yield f"{at}: {text!r} is no <at>name</at>"
        elif not any(text in str(block.get("text", "")) for block in blocks):
            yield f"{at}: {text!r} stands in no TextBlock"
        told.append(str(text))
    if len(set(told)) < len(told):
        yield "msteams.entities: two have the same text"
    for block in blocks:
        for found in re.findall(r"<at>.*?</at>", str(block.get("text", ""))):
            if found not in told:
                yield f"TextBlock: {found!r} is nobody's mention"


def _refresh(refresh: Json) -> Faults:
    yield from _keys(refresh, "refresh", {"action", "userIds"}, set())
    action, users = refresh.get("action", {}), refresh.get("userIds", ())
    if action.get("type") != "Action.Execute":
        yield f"refresh.action: {action.get('type')!r} is no Action.Execute"
    yield from _keys(action, "refresh.action", {"title", "verb", "data"}, set())
    yield from _text(action, "title", "refresh.action")
    yield from _data(action, "refresh.action")
    # With none of them everybody in a small conversation would be one.
    if not 1 <= len(users) <= MAX_READERS:
        yield f"refresh.userIds: {len(users)} of them, 1 to {MAX_READERS}"
    if not all(isinstance(user, str) and _USER.fullmatch(user) for user in users):
        yield "refresh.userIds: not the id of a person"


def _names(card: Json) -> Faults:
    every = list(_walk(card))
    names = [each["id"] for each in every if "id" in each and "type" in each]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"id: two elements are {name!r}"
    for each in every:
        for target in each.get("targetElements", ()):
            if target.get("elementId") not in names:
                yield f"Action.ToggleVisibility: there is no {target.get('elementId')!r}"


def _walk(value: object) -> Iterator[Json]:
    """All elements and actions, and nothing of an action's data."""
    if isinstance(value, Mapping):
        yield value
        for name, inner in value.items():
            if name not in {"data", "fallback", "msteams"}:
                yield from _walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner)


# Elements --------------------------------------------------------------------------------


def _elements(elements: object, at: str) -> Faults:
    if not isinstance(elements, list) or not all(isinstance(each, Mapping) for each in elements):
        yield f"{at}: not a list of objects"
        return
    for n, element in enumerate(elements):
        where = f"{at}[{n}]"
        check = _KNOWN.get(element.get("type", ""))
        if check is None:
            yield f"{where}: {element.get('type')!r} is no element that we know"
            continue
        if "spacing" in element and element["spacing"] not in _SPACINGS:
            yield f"{where}.spacing: {element['spacing']!r}"
        yield from check(element, where)


def _text_block(block: Json, at: str) -> Faults:
    yield from _keys(block, at, {"text", "wrap"}, _COMMON | _LOOK | {"style"})
    yield from _text(block, "text", at)
    yield from _looks(block, at)
    if block.get("wrap") is not True:
        yield f"{at}: is cut where the line ends"
    if block.get("style", "heading") != "heading":
        yield f"{at}.style: {block['style']!r}"
    text = str(block.get("text", ""))
    if block.get("style") == "heading" and _MARKUP.search(text):
        yield f"{at}: what may be markdown stands in a heading"
    if _MACRO.search(text):
        yield f"{at}: Teams would put a date in the place of a text"


def _rich_text_block(block: Json, at: str) -> Faults:
    yield from _keys(block, at, {"inlines"}, _COMMON)
    runs = block.get("inlines", [])
    if not runs:
        yield f"{at}: there is nothing in it"
    for n, run in enumerate(runs):
        where = f"{at}.inlines[{n}]"
        if run.get("type") != "TextRun":
            yield f"{where}: {run.get('type')!r} is no TextRun"
            continue
        yield from _keys(run, where, {"text"}, _LOOK | {"italic", "selectAction"})
        if not isinstance(run.get("text"), str) or not run["text"]:
            yield f"{where}: empty"
        elif "\n" in run["text"]:
            yield f"{where}: a line break"
        elif _MACRO.search(run["text"]):
            yield f"{where}: Teams would put a date in the place of a text"
        yield from _looks(run, where)
        if "selectAction" in run:
            yield from _action(run["selectAction"], f"{where}.selectAction")
    if not any(str(run.get("text", "")).strip() for run in runs):
        yield f"{at}: nothing to see"


def _looks(held: Json, at: str) -> Faults:
    yield from _one_of(held, "size", at, _SIZES)
    yield from _one_of(held, "weight", at, {"Lighter", "Default", "Bolder"})
    yield from _one_of(held, "color", at, _COLOURS)
    yield from _one_of(held, "fontType", at, {"Default", "Monospace"})
    for name in ("isSubtle", "italic"):
        if name in held and not isinstance(held[name], bool):
            yield f"{at}.{name}: neither true nor false"


def _container(container: Json, at: str) -> Faults:
    yield from _keys(container, at, {"items"}, _COMMON | {"style"})
    yield from _one_of(container, "style", at, {"default", "emphasis"})
    if not container.get("items"):
        yield f"{at}: there is nothing in it"
    yield from _elements(container.get("items"), f"{at}.items")


def _image(image: Json, at: str) -> Faults:
    yield from _keys(image, at, {"url", "altText"}, _COMMON | {"msteams", "size"})
    yield from _text(image, "altText", at)
    yield from _address(image, at)


def _action_set(row: Json, at: str) -> Faults:
    yield from _keys(row, at, {"actions"}, _COMMON)
    yield from _actions(row.get("actions", []), f"{at}.actions")


# Actions ---------------------------------------------------------------------------------


def _actions(actions: Sequence[Json], at: str) -> Faults:
    if not 1 <= len(actions) <= MAX_ACTIONS:
        yield f"{at}: {len(actions)} of them, 1 to {MAX_ACTIONS}"
    for n, action in enumerate(actions):
        yield from _action(action, f"{at}[{n}]")
        yield from _text(action, "title", f"{at}[{n}]")


def _action(action: Json, at: str) -> Faults:
    may = {"title", "style", "tooltip"}
    kind = action.get("type")
    yield from _one_of(action, "style", at, {"default", "positive", "destructive"})
    if kind == "Action.OpenUrl":
        yield from _keys(action, at, {"url"}, may)
        yield from _address(action, at)
    elif kind == "Action.ToggleVisibility":
        yield from _keys(action, at, {"targetElements"}, may)
    elif kind == "Action.Submit":
        yield from _keys(action, at, {"data"}, may | {"associatedInputs"})
        yield from _data(action, at)
    elif kind == "Action.Execute":
        must = {"verb", "data", "fallback"}
        yield from _keys(action, at, must, may | {"associatedInputs"})
        yield from _data(action, at)
        fallback = action.get("fallback", {})
        if fallback.get("type") != "Action.Submit":
            yield f"{at}.fallback: no Action.Submit"
        for name in ("title", "data"):
            if fallback.get(name) != action.get(name):
                yield f"{at}.fallback: another {name}"
        yield from _action(fallback, f"{at}.fallback")
    else:
        yield f"{at}: {kind!r} is no action that we know"


def _data(action: Json, at: str) -> Faults:
    if not isinstance(action.get("data"), Mapping):
        yield f"{at}.data: no object"
    yield from _one_of(action, "associatedInputs", at, {"auto", "none"})


def _address(holder: Json, at: str) -> Faults:
    url = holder.get("url")
    if not isinstance(url, str) or not re.fullmatch(r"https://\S.*", url, re.DOTALL):
        yield f"{at}.url: not https"


# Inputs ----------------------------------------------------------------------------------


def _input(held: Json, at: str, may: set[str]) -> Faults:
    fixed = {"isRequired", "errorMessage", "value"}
    yield from _keys(held, at, {"id", "label"}, _COMMON | fixed | may)
    for name in ("id", "label", "errorMessage", "placeholder"):
        yield from _text(held, name, at)
    if held.get("isRequired") and "errorMessage" not in held:
        yield f"{at}: is required, and nothing says so when it is missing"


def _input_text(held: Json, at: str) -> Faults:
    yield from _input(held, at, {"maxLength", "isMultiline", "placeholder"})
    most = held.get("maxLength", 0)
    if most < 0 or len(held.get("value", "")) > most > 0:
        yield f"{at}.value: longer than maxLength"


def _input_number(held: Json, at: str) -> Faults:
    yield from _input(held, at, {"min", "max", "placeholder"})
    numbers = [held[name] for name in ("min", "value", "max") if name in held]
    if not all(isinstance(each, int | float) for each in numbers):
        yield f"{at}: no number"
    elif numbers != sorted(numbers):
        yield f"{at}: not in the order of min, value, max"


def _input_date(held: Json, at: str) -> Faults:
    yield from _input(held, at, {"min", "max", "placeholder"})
    if "value" in held and not _DAY.fullmatch(held["value"]):
        yield f"{at}.value: not YYYY-MM-DD"


def _input_choice_set(held: Json, at: str) -> Faults:
    yield from _input(held, at, {"style", "choices", "choices.data", "placeholder"})
    yield from _one_of(held, "style", at, {"compact", "filtered"})
    if "choices.data" in held:
        if held.get("style") != "filtered" or held["choices.data"].get("type") != "Data.Query":
            yield f"{at}: no picker of people"
        return
    options = held.get("choices", [])
    if not options:
        yield f"{at}.choices: there are none"
    for n, option in enumerate(options):
        yield from _keys(option, f"{at}.choices[{n}]", {"title", "value"}, set())
        yield from _text(option, "title", f"{at}.choices[{n}]")
        if not isinstance(option.get("value"), str) or not option["value"]:
            yield f"{at}.choices[{n}].value: no text, or none in it"
    if "value" in held and held["value"] not in [option.get("value") for option in options]:
        yield f"{at}.value: what is chosen at first is none of the options"


# What all have ---------------------------------------------------------------------------


def _keys(holder: Json, at: str, must: set[str], may: set[str]) -> Faults:
    for name in sorted(must - holder.keys()):
        yield f"{at}: no {name}"
    for name in sorted(holder.keys() - must - may - {"type"}):
        yield f"{at}: {name!r} is no property of it"


def _text(holder: Json, name: str, at: str) -> Faults:
    if name not in holder:
        return
    value = holder[name]
    if not isinstance(value, str):
        yield f"{at}.{name}: no text"
    elif not value.strip():
        yield f"{at}.{name}: empty"


def _one_of(holder: Json, name: str, at: str, allowed: set[str]) -> Faults:
    if name in holder and holder[name] not in allowed:
        yield f"{at}.{name}: {holder[name]!r}, one of {sorted(allowed)}"


_KNOWN: Mapping[str, Callable[[Json, str], Faults]] = {
    "TextBlock": _text_block,
    "RichTextBlock": _rich_text_block,
    "Container": _container,
    "Image": _image,
    "ActionSet": _action_set,
    "Input.Text": _input_text,
    "Input.Number": _input_number,
    "Input.Date": _input_date,
    "Input.ChoiceSet": _input_choice_set,
}
