"""What a person sees of a card, as Teams shows it: words, mentions, links, controls and inputs.

Runs of rich text are literal. A TextBlock is markdown, so that words of people which were not made
literal show up here as links, or lose characters.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]

_AT = re.compile(r"<at>([^<>]*)</at>")
_LINK = re.compile(r"(?<!\\)\[((?:\\.|[^\]\\])*)\]\((https?://[^)\s]*)\)")
_STRONG = re.compile(r"(?<![\\*])\*\*(?=\S)(.+?)(?<![\s\\])\*\*")
_EMPHASIS = re.compile(r"(?<![\\*\w])\*(?=\S)(.+?)(?<![\s\\])\*(?![*\w])")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]<>()#+\-.!~|&@:])")
_BAR = re.compile(r"[█░]{10}")
_TONES = ("⚠ Please note", "✕ Problem")
WRONG = "✕ "


@dataclass(frozen=True, slots=True)
class Control:
    """Something to press, with the action that counts in the end; of a choice with its input."""

    label: str
    action: Json
    input: Json | None = None


@dataclass(slots=True)
class Screen:
    """`shown` is every line that is shown; `plain` the same as one readable text. `errors` are by
    the id of the input above them."""

    lines: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    mentions: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    inputs: list[Json] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        return "\n".join(self.lines)

    @property
    def plain(self) -> str:
        return "\n\n".join(self.blocks)

    def control(self, label: str) -> Control:
        """The control of that label.

        Raises:
            LookupError: there is none.
        """
        for control in self.controls:
            if control.label == label:
                return control
        raise LookupError(f"nothing to press is called {label!r}")

    def _add(self, text: str, element: Json) -> None:
        """What belongs to what is above it has a smaller space before it."""
        self.lines.append(text)
        if self.blocks and element.get("spacing") in {"None", "Small"}:
            self.blocks[-1] += f"\n{text}"
        else:
            self.blocks.append(text)


def draw(card: Json) -> Screen:
    """The card on a screen, without what is hidden until somebody asks for it."""
    screen = Screen()
    entities = (card.get("msteams") or {}).get("entities") or ()
    named = {each["text"]: each["mentioned"] for each in entities}
    body = list(card.get("body") or ())
    for number, element in enumerate(body):
        if element.get("isVisible") is False:
            continue
        if number == 0 and _literal(element) in _TONES:
            screen.lines.append(_literal(element))
            continue
        if element.get("separator"):
            screen.blocks.append("----")
        _draw_element(screen, element, body, named)
    for action in card.get("actions") or ():
        _draw_action(screen, action, body)
    return screen


def _literal(element: Json) -> str:
    return "".join(run["text"] for run in element.get("inlines", ()))


def _draw_element(screen: Screen, element: Json, body: Sequence[Json], named: Json) -> None:
    kind = element["type"]
    if kind == "RichTextBlock":
        _draw_rich(screen, element)
    elif kind == "TextBlock":
        screen._add(_read_markdown(screen, element["text"], named), element)
    elif kind == "Container":
        _draw_quote(screen, element)
    elif kind == "Image":
        screen.lines.append(element["altText"])
        screen.blocks.append(f"[Image: {element['altText']}] {element['url']}")
    elif kind == "ActionSet":
        for number, action in enumerate(element["actions"]):
            _draw_action(screen, action, body, element if number == 0 else {"spacing": "Small"})
    elif kind.startswith("Input."):
        _draw_input(screen, element)
    else:
        raise AssertionError(f"nobody draws {kind}")


def _draw_rich(screen: Screen, element: Json) -> None:
    text = plain = ""
    for run in element["inlines"]:
        text += run["text"]
        plain += run["text"]
        action = run.get("selectAction")
        if action is not None:
            screen.links.append(action["url"])
            plain += "" if action["url"] == run["text"] else f" ({action['url']})"
    if screen.inputs and text.startswith(WRONG):
        # What belongs to no input stands below the last one's own.
        screen.errors.setdefault(screen.inputs[-1]["id"], text.removeprefix(WRONG))
    if _BAR.fullmatch(text):
        screen.lines.append(text)
        return
    if plain.startswith("• "):
        plain = f"- {plain[2:]}"
    screen._add(plain, element)
    screen.lines[-1] = text


def _read_markdown(screen: Screen, text: str, named: Json) -> str:
    def mention(found: re.Match[str]) -> str:
        who = named.get(found[0])
        if who is None:
            return found[0]
        screen.mentions.append(who["id"])
        return str(who["name"])

    def link(found: re.Match[str]) -> str:
        screen.links.append(found[2])
        return f"{found[1]} ({found[2]})"

    shown = _LINK.sub(link, _AT.sub(mention, text))
    shown = _EMPHASIS.sub(r"\1", _STRONG.sub(r"\1", shown))
    return _ESCAPED.sub(r"\1", shown)


def _draw_quote(screen: Screen, element: Json) -> None:
    lines: list[str] = []
    for number, item in enumerate(element["items"]):
        text = _literal(item)
        spacing = item.get("spacing")
        if spacing == "Small" and text.startswith("— "):
            lines.append(text)
            continue
        if number and spacing != "None":
            lines.append("> ")
        lines.append(f"> {text}")
    screen.lines += [_literal(item) for item in element["items"]]
    screen.blocks.append("\n".join(lines))


def _draw_action(
    screen: Screen, action: Json, body: Sequence[Json], place: Json | None = None
) -> None:
    title, counts = action["title"], action
    if action["type"] == "Action.ToggleVisibility":
        # The button that counts stands below a question.
        name = action["targetElements"][0]["elementId"]
        below = next(each for each in body if each.get("id") == name)
        counts = next(a for a in _actions(below) if a["type"] != "Action.ToggleVisibility")
    if action.get("associatedInputs") == "auto" and screen.inputs:
        entry = screen.inputs[-1]
        screen.controls.append(Control(entry["label"], counts, entry))
        screen.lines.append(title)
        return
    screen.controls.append(Control(title, counts))
    screen._add(f"[{title}]", place or {})
    screen.lines[-1] = title


def _actions(element: Json) -> Iterator[Json]:
    for item in element.get("items", ()):
        yield from item.get("actions", ())


def _draw_input(screen: Screen, element: Json) -> None:
    screen.inputs.append(element)
    choices = [each["title"] for each in element.get("choices", ())]
    screen.lines += [element["label"], *choices]
    value = element.get("value")
    screen.lines += str(value).split("\n") if value is not None else []
    screen.blocks.append("\n".join([f"{element['label']}:", *(f"[{each}]" for each in choices)]))
