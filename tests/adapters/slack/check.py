"""What Slack refuses of blocks and views, from its documentation (platforms.md 2.3).

Written without a look at the adapter's own module of limits, so that a mistake would have to be
made twice. Unknown fields are refused as well, which Slack is not always as strict about.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MESSAGE_TEXT = 13_200
"""Characters of all the texts of a message's blocks together, from where on Slack answers
`msg_blocks_too_long`."""

IN_MESSAGES = {
    "actions", "context", "divider", "header", "image", "markdown", "rich_text", "section",
}  # fmt: skip
IN_MODALS = {
    "actions", "context", "divider", "header", "image", "input", "rich_text", "section",
}  # fmt: skip
BUTTONISH = {
    "button", "checkboxes", "datepicker", "multi_static_select", "overflow", "radio_buttons",
    "static_select", "timepicker", "users_select", "multi_users_select", "conversations_select",
    "channels_select", "datetimepicker",
}  # fmt: skip
INPUTS = (BUTTONISH - {"button", "overflow"}) | {
    "plain_text_input", "number_input", "email_text_input", "url_text_input",
}  # fmt: skip
ACCESSORIES = BUTTONISH | {"image"}


@dataclass(frozen=True, slots=True)
class Faults:
    messages: tuple[str, ...] = ()
    too_long: bool = False


Fault = tuple[str, str]
"""Where (a JSON pointer) and what."""


def check_message(blocks: object) -> Faults:
    """What is wrong with the blocks of a message."""
    found = list(_blocks(blocks, "/blocks", IN_MESSAGES, MESSAGE_BLOCKS))
    if found:
        return Faults(messages=tuple(_say(*fault) for fault in found))
    total = sum(len(text) for text in _texts(blocks))
    return Faults(too_long=total > MESSAGE_TEXT)


def check_view(view: object, kind: str) -> list[str]:
    """What is wrong with a view of the kind `modal` or `home`."""
    return [_say(*fault) for fault in _view(view, kind)]


def _say(where: str, what: str) -> str:
    return f"[ERROR] {what} [json-pointer:{where}]"


def _texts(value: object) -> Iterator[str]:
    """Every text that is shown, wherever it stands."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _view(view: object, kind: str) -> Iterator[Fault]:
    where = "/view"
    if not isinstance(view, dict):
        yield where, "must be an object"
        return
    if view.get("type") != kind:
        yield f"{where}/type", f"must be {kind}"
        return
    known = {"type", "blocks", "private_metadata", "callback_id", "external_id"}
    if kind == "modal":
        known |= {"title", "submit", "close", "clear_on_close", "notify_on_close",
                  "submit_disabled"}  # fmt: skip
    yield from _keys(view, where, known, {"type", "blocks"} | ({"title"} & known))
    for name in ("title", "submit", "close"):
        if name in view:
            yield from _plain(view[name], f"{where}/{name}", 24)
    yield from _string(view, where, "private_metadata", 3_000, least=0)
    yield from _string(view, where, "callback_id", 255)
    yield from _string(view, where, "external_id", 255, least=0)
    yield from _blocks(view.get("blocks"), f"{where}/blocks", IN_MODALS, VIEW_BLOCKS)
    blocks = view.get("blocks")
    has_input = isinstance(blocks, list) and any(
        isinstance(b, dict) and b.get("type") == "input" for b in blocks
    )
    if kind == "modal" and has_input and "submit" not in view:
        yield f"{where}/submit", "missing required field: submit, for there are inputs"


def _blocks(blocks: object, where: str, kinds: set[str], most: int) -> Iterator[Fault]:
    if not isinstance(blocks, list):
        yield where, "must be an array"
        return
    if len(blocks) > most:
        yield where, f"no more than {most} items allowed [{len(blocks)} given]"
    names: set[str] = set()
    actions: set[tuple[str, str]] = set()
    focused = 0
    for number, block in enumerate(blocks):
        at = f"{where}/{number}"
        if not isinstance(block, dict):
            yield at, "must be an object"
            continue
        kind = block.get("type")
        if kind not in kinds:
            yield f"{at}/type", f"unsupported type: {kind}"
            continue
        yield from BLOCKS[kind](block, at)
        yield from _string(block, at, "block_id", 255)
        name = block.get("block_id")
        if name is not None and name in names:
            yield f"{at}/block_id", f"block_id already exists: {name}"
        names.add(name or f"#{number}")
        for element in _elements(block):
            action = element.get("action_id")
            if action is not None and (name or f"#{number}", action) in actions:
                yield f"{at}/elements", f"action_id already exists: {action}"
            if action is not None:
                actions.add((name or f"#{number}", action))
            focused += element.get("focus_on_load") is True
    if focused > 1:
        yield where, "only one element may have focus_on_load"


def _elements(block: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = [*(block.get("elements") or []), block.get("accessory"), block.get("element")]
    return [each for each in found if isinstance(each, dict)]


# Parts of blocks ------------------------------------------------------------------------


def _keys(
    value: Mapping[str, Any], where: str, known: set[str], needed: set[str]
) -> Iterator[Fault]:
    for name in sorted(needed - value.keys()):
        yield where, f"missing required field: {name}"
    for name in sorted(value.keys() - known):
        yield where, f"invalid additional property: {name}"


def _string(
    value: Mapping[str, Any], where: str, name: str, most: int, least: int = 1
) -> Iterator[Fault]:
    if name not in value:
        return
    text = value[name]
    if not isinstance(text, str):
        yield f"{where}/{name}", "must be a string"
    elif len(text) < least:
        yield f"{where}/{name}", f"must be more than {least - 1} characters"
    elif len(text) > most:
        yield f"{where}/{name}", f"must be less than {most + 1} characters"


def _plain(value: object, where: str, most: int, least: int = 1) -> Iterator[Fault]:
    yield from _text(value, where, most, {"plain_text"}, least)


def _text(
    value: object, where: str, most: int, kinds: set[str] | None = None, least: int = 1
) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield where, "must be an object"
        return
    kind = value.get("type")
    if kind not in (kinds or {"plain_text", "mrkdwn"}):
        yield f"{where}/type", f"must be a valid text type, not {kind}"
        return
    known = {"type", "text", "emoji"} if kind == "plain_text" else {"type", "text", "verbatim"}
    yield from _keys(value, where, known, {"type", "text"})
    yield from _string(value, where, "text", most, least)


def _flag(value: Mapping[str, Any], where: str, name: str) -> Iterator[Fault]:
    if name in value and not isinstance(value[name], bool):
        yield f"{where}/{name}", "must be a boolean"


def _list(
    value: Mapping[str, Any], where: str, name: str, most: int, least: int = 1
) -> Iterator[Fault]:
    items = value.get(name)
    if not isinstance(items, list):
        yield f"{where}/{name}", "must be an array"
    elif len(items) < least:
        yield f"{where}/{name}", f"no fewer than {least} items allowed [{len(items)} given]"
    elif len(items) > most:
        yield f"{where}/{name}", f"no more than {most} items allowed [{len(items)} given]"


def _items(value: Mapping[str, Any], name: str) -> Sequence[Any]:
    items = value.get(name)
    return items if isinstance(items, list) else ()


# Blocks ---------------------------------------------------------------------------------


def _section(block: Mapping[str, Any], where: str) -> Iterator[Fault]:
    yield from _keys(
        block, where, {"type", "block_id", "text", "fields", "accessory", "expand"}, {"type"}
    )
    if "text" not in block and "fields" not in block:
        yield where, "missing required field: text or fields"
    if "text" in block:
        yield from _text(block["text"], f"{where}/text", 3_000)
    if "fields" in block:
        yield from _list(block, where, "fields", 10)
        for number, text in enumerate(_items(block, "fields")):
            yield from _text(text, f"{where}/fields/{number}", 2_000)
    if "accessory" in block:
        yield from _element(block["accessory"], f"{where}/accessory", ACCESSORIES)
    yield from _flag(block, where, "expand")


def _header(block: Mapping[str, Any], where: str) -> Iterator[Fault]:
    yield from _keys(block, where, {"type", "block_id", "text", "level"}, {"type", "text"})
    yield from _plain(block.get("text"), f"{where}/text", 150)


def _divider(block: Mapping[str, Any], where: str) -> Iterator[Fault]:
    yield from _keys(block, where, {"type", "block_id"}, {"type"})


def _context(block: Mapping[str, Any], where: str) -> Iterator[Fault]:
    yield from _keys(block, where, {"type", "block_id", "elements"}, {"type", "elements"})
    yield from _list(block, where, "elements", 10)
    for number, element in enumerate(_items(block, "elements")):
        at = f"{where}/elements/{number}"
        if isinstance(element, dict) and element.get("type") == "image":
            yield from _element(element, at, {"image"})
        else:
            yield from _text(element, at, 3_000)


def _actions(block: Mapping[str, Any], where: str) -> Iterator[Fault]:
    yield from _keys(block, where, {"type", "block_id", "elements"}, {"type", "elements"})
    yield from _list(block, where, "elements", 25)
    for number, element in enumerate(_items(block, "elements")):
        yield from _element(element, f"{where}/elements/{number}", BUTTONISH)


def _image_block(block: Mapping[str, Any], where: str) -> Iterator[Fault]:
    known = {"type", "block_id", "image_url", "alt_text", "title", "slack_file"}
    yield from _keys(block, where, known, {"type", "alt_text"})
    if ("image_url" in block) == ("slack_file" in block):
        yield where, "exactly one of image_url and slack_file"
    yield from _string(block, where, "image_url", 3_000)
    yield from _string(block, where, "alt_text", 2_000)
    if "title" in block:
        yield from _plain(block["title"], f"{where}/title", 2_000)


def _input(block: Mapping[str, Any], where: str) -> Iterator[Fault]:
    known = {"type", "block_id", "label", "element", "hint", "optional", "dispatch_action"}
    yield from _keys(block, where, known, {"type", "label", "element"})
    yield from _plain(block.get("label"), f"{where}/label", 2_000)
    if "hint" in block:
        yield from _plain(block["hint"], f"{where}/hint", 2_000)
    yield from _flag(block, where, "optional")
    yield from _flag(block, where, "dispatch_action")
    yield from _element(block.get("element"), f"{where}/element", INPUTS)


def _markdown(block: Mapping[str, Any], where: str) -> Iterator[Fault]:
    yield from _keys(block, where, {"type", "block_id", "text"}, {"type", "text"})
    yield from _string(block, where, "text", 12_000)


def _rich_text(block: Mapping[str, Any], where: str) -> Iterator[Fault]:
    yield from _keys(block, where, {"type", "block_id", "elements"}, {"type", "elements"})
    yield from _list(block, where, "elements", 100)
    for number, element in enumerate(_items(block, "elements")):
        at = f"{where}/elements/{number}"
        kind = element.get("type") if isinstance(element, dict) else None
        if kind not in RICH:
            yield f"{at}/type", f"unsupported type: {kind}"
            continue
        known, inner = RICH[kind]
        yield from _keys(element, at, {"type", "elements", *known}, {"type", "elements"})
        if kind == "rich_text_list" and element.get("style") not in {"bullet", "ordered"}:
            yield f"{at}/style", "must be bullet or ordered"
        yield from _list(element, at, "elements", 1_000, least=0)
        for place, piece in enumerate(_items(element, "elements")):
            yield from _rich_piece(piece, f"{at}/elements/{place}", inner)


RICH: dict[str, tuple[set[str], set[str]]] = {
    "rich_text_section": (set(), {"text", "link", "user", "usergroup", "channel", "emoji",
                                  "broadcast", "date", "color"}),
    "rich_text_quote": ({"border"}, {"text", "link", "user", "usergroup", "channel", "emoji",
                                     "broadcast", "date"}),
    "rich_text_preformatted": ({"border", "language"}, {"text", "link"}),
    "rich_text_list": ({"style", "indent", "offset", "border"}, {"rich_text_section"}),
}  # fmt: skip

PIECES: dict[str, tuple[set[str], set[str]]] = {
    "text": ({"text", "style"}, {"text"}),
    "link": ({"url", "text", "style", "unsafe"}, {"url"}),
    "user": ({"user_id", "style"}, {"user_id"}),
    "usergroup": ({"usergroup_id", "style"}, {"usergroup_id"}),
    "channel": ({"channel_id", "style"}, {"channel_id"}),
    "emoji": ({"name", "unicode", "skin_tone", "style"}, {"name"}),
    "broadcast": ({"range", "style"}, {"range"}),
    "date": ({"timestamp", "format", "url", "fallback", "style"}, {"timestamp", "format"}),
    "color": ({"value"}, {"value"}),
}
STYLES = {"bold", "italic", "strike", "code", "underline", "highlight", "client_highlight",
          "unlink"}  # fmt: skip


def _rich_piece(piece: object, where: str, kinds: set[str]) -> Iterator[Fault]:
    kind = piece.get("type") if isinstance(piece, dict) else None
    if not isinstance(piece, dict) or kind not in kinds:
        yield f"{where}/type", f"unsupported type: {kind}"
        return
    if kind == "rich_text_section":
        yield from _keys(piece, where, {"type", "elements"}, {"type", "elements"})
        for number, inner in enumerate(_items(piece, "elements")):
            yield from _rich_piece(inner, f"{where}/elements/{number}", RICH[kind][1])
        return
    known, needed = PIECES[str(kind)]
    yield from _keys(piece, where, {"type", *known}, {"type", *needed})
    for name in needed & {"text", "url", "user_id", "channel_id", "name"}:
        yield from _string(piece, where, name, 13_000)
    style = piece.get("style")
    if style is not None and (
        not isinstance(style, dict)
        or not set(style) <= STYLES
        or not all(isinstance(value, bool) for value in style.values())
    ):
        yield f"{where}/style", "must be an object of booleans"


BLOCKS: dict[str, Callable[[Mapping[str, Any], str], Iterator[Fault]]] = {
    "actions": _actions,
    "context": _context,
    "divider": _divider,
    "header": _header,
    "image": _image_block,
    "input": _input,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "section": _section,
}


# Elements -------------------------------------------------------------------------------


def _element(element: object, where: str, kinds: set[str]) -> Iterator[Fault]:
    kind = element.get("type") if isinstance(element, dict) else None
    if not isinstance(element, dict) or kind not in kinds:
        yield f"{where}/type", f"unsupported type: {kind}"
        return
    if kind != "image":
        yield from _string(element, where, "action_id", 255)
    yield from ELEMENTS.get(str(kind), _other)(element, where)
    if "confirm" in element:
        yield from _confirm(element["confirm"], f"{where}/confirm")


def _confirm(confirm: object, where: str) -> Iterator[Fault]:
    if not isinstance(confirm, dict):
        yield where, "must be an object"
        return
    known = {"title", "text", "confirm", "deny", "style"}
    yield from _keys(confirm, where, known, known - {"style"})
    yield from _plain(confirm.get("title"), f"{where}/title", 100)
    yield from _plain(confirm.get("text"), f"{where}/text", 300)
    yield from _plain(confirm.get("confirm"), f"{where}/confirm", 30)
    yield from _plain(confirm.get("deny"), f"{where}/deny", 30)


def _button(element: Mapping[str, Any], where: str) -> Iterator[Fault]:
    known = {"type", "text", "action_id", "url", "value", "style", "confirm",
             "accessibility_label"}  # fmt: skip
    yield from _keys(element, where, known, {"type", "text"})
    yield from _plain(element.get("text"), f"{where}/text", 75)
    yield from _string(element, where, "url", 3_000)
    yield from _string(element, where, "value", 2_000)
    yield from _string(element, where, "accessibility_label", 75)
    if "style" in element and element["style"] not in {"primary", "danger"}:
        yield f"{where}/style", "must be primary or danger"


def _image(element: Mapping[str, Any], where: str) -> Iterator[Fault]:
    known = {"type", "image_url", "alt_text", "slack_file"}
    yield from _keys(element, where, known, {"type", "alt_text"})
    yield from _string(element, where, "image_url", 3_000)
    yield from _string(element, where, "alt_text", 2_000)


def _option(option: object, where: str, *, text: int = 75, value: int = 150) -> Iterator[Fault]:
    if not isinstance(option, dict):
        yield where, "must be an object"
        return
    yield from _keys(option, where, {"text", "value", "description", "url"}, {"text", "value"})
    yield from _text(option.get("text"), f"{where}/text", text)
    yield from _string(option, where, "value", value)
    if "description" in option:
        yield from _text(option["description"], f"{where}/description", 75)


def _options(element: Mapping[str, Any], where: str, most: int, least: int = 1) -> Iterator[Fault]:
    yield from _list(element, where, "options", most, least)
    values: list[str] = []
    for number, option in enumerate(_items(element, "options")):
        yield from _option(option, f"{where}/options/{number}")
        values.append(str(option.get("value")) if isinstance(option, dict) else "")
    if len(values) != len(set(values)):
        yield f"{where}/options", "values must be unique"
    for name in ("initial_option", "initial_options"):
        chosen = element.get(name)
        for option in chosen if isinstance(chosen, list) else [chosen] if chosen else []:
            if option not in _items(element, "options"):
                yield f"{where}/{name}", "must be one of the options"


def _select(element: Mapping[str, Any], where: str) -> Iterator[Fault]:
    known = {"type", "action_id", "options", "option_groups", "initial_option", "placeholder",
             "confirm", "focus_on_load"}  # fmt: skip
    yield from _keys(element, where, known, {"type"})
    if "option_groups" in element:
        yield from _list(element, where, "option_groups", 100)
    else:
        yield from _options(element, where, 100)
    yield from _placeholder(element, where)


def _radio(element: Mapping[str, Any], where: str) -> Iterator[Fault]:
    known = {"type", "action_id", "options", "initial_option", "initial_options", "confirm",
             "focus_on_load"}  # fmt: skip
    yield from _keys(element, where, known, {"type", "options"})
    yield from _options(element, where, 10)


def _overflow(element: Mapping[str, Any], where: str) -> Iterator[Fault]:
    known = {"type", "action_id", "options", "confirm"}
    yield from _keys(element, where, known, {"type", "options"})
    yield from _options(element, where, 5)


def _placeholder(element: Mapping[str, Any], where: str) -> Iterator[Fault]:
    if "placeholder" in element:
        yield from _plain(element["placeholder"], f"{where}/placeholder", 150)


def _typed(element: Mapping[str, Any], where: str) -> Iterator[Fault]:
    known = {"type", "action_id", "initial_value", "multiline", "min_length", "max_length",
             "placeholder", "focus_on_load", "dispatch_action_config"}  # fmt: skip
    yield from _keys(element, where, known, {"type"})
    yield from _flag(element, where, "multiline")
    longest = element.get("max_length", 3_000)
    if not isinstance(longest, int) or not 1 <= longest <= 3_000:
        yield f"{where}/max_length", "must be between 1 and 3000"
        longest = 3_000
    yield from _string(element, where, "initial_value", longest, least=0)
    yield from _placeholder(element, where)


def _number(element: Mapping[str, Any], where: str) -> Iterator[Fault]:
    known = {"type", "action_id", "is_decimal_allowed", "initial_value", "min_value",
             "max_value", "placeholder", "focus_on_load", "dispatch_action_config"}  # fmt: skip
    yield from _keys(element, where, known, {"type", "is_decimal_allowed"})
    yield from _flag(element, where, "is_decimal_allowed")
    for name in ("initial_value", "min_value", "max_value"):
        if name in element and not isinstance(element[name], str):
            yield f"{where}/{name}", "must be a string"
    yield from _placeholder(element, where)


def _date(element: Mapping[str, Any], where: str) -> Iterator[Fault]:
    known = {"type", "action_id", "initial_date", "placeholder", "confirm", "focus_on_load"}
    yield from _keys(element, where, known, {"type"})
    day = element.get("initial_date")
    if day is not None and (not isinstance(day, str) or len(day) != 10 or day[4] != "-"):
        yield f"{where}/initial_date", "must be YYYY-MM-DD"
    yield from _placeholder(element, where)


def _people(element: Mapping[str, Any], where: str) -> Iterator[Fault]:
    known = {"type", "action_id", "initial_user", "placeholder", "confirm", "focus_on_load"}
    yield from _keys(element, where, known, {"type"})
    user = element.get("initial_user")
    if user is not None and (not isinstance(user, str) or user[:1] not in {"U", "W"}):
        yield f"{where}/initial_user", "must be the id of a user"
    yield from _placeholder(element, where)


def _other(element: Mapping[str, Any], where: str) -> Iterator[Fault]:
    yield from _placeholder(element, where)


ELEMENTS: dict[str, Callable[[Mapping[str, Any], str], Iterator[Fault]]] = {
    "button": _button,
    "checkboxes": _radio,
    "datepicker": _date,
    "image": _image,
    "number_input": _number,
    "overflow": _overflow,
    "plain_text_input": _typed,
    "radio_buttons": _radio,
    "static_select": _select,
    "users_select": _people,
}
