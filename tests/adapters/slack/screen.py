"""What a person sees of blocks, as Slack shows them: words, mentions, links and controls.

Markup is read as Slack reads it, so that words of people that were not made literal show up here
as mentions and links, or lose characters. A renderer of somebody else's is no judge of that:
the one at hand draws `&lt;!channel&gt;` as a live mention (platforms.md 4.3).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r"<([^<>\n]+)>")
_BARE_LINK = re.compile(r"(?<![\w@/])(https?://[^\s<>|\"]+)")
_EMOJI = re.compile(r":(?:smile|tada|wave|fire|eyes|\+1|-1|heart|rocket|white_check_mark):")
_MARKS = (
    (re.compile(r"```([^`]+)```"), r"\1"),
    (re.compile(r"`([^`\n]+)`"), r"\1"),
    (re.compile(r"(?<![\w*])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<![\w_])_([^\s_](?:[^_\n]*[^\s_])?)_(?![\w_])"), r"\1"),
    (re.compile(r"(?<![\w~])~([^\s~](?:[^~\n]*[^\s~])?)~(?![\w~])"), r"\1"),
    (re.compile(r"^&gt; ?", re.MULTILINE), "\u2503"),
)
DRAWN = "\ufffc"
"""Stands for an emoji that was drawn in the place of the characters that named it."""


@dataclass(frozen=True, slots=True)
class Control:
    """Something to press or choose from, with the block and the element that it is made of."""

    label: str
    block_id: str
    element: Mapping[str, Any]
    options: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Screen:
    """`lines` are what is shown, block by block. `plain` is the same as one readable text."""

    names: Mapping[str, str]
    """How people are called, by id."""
    blocks: list[str] = field(default_factory=list)
    mentions: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    plain_blocks: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)

    @property
    def shown(self) -> str:
        return "\n".join(self.blocks)

    @property
    def plain(self) -> str:
        return "\n\n".join(self.plain_blocks)

    def control(self, label: str) -> Control:
        """The control of that label.

        Raises:
            AssertionError: there is none.
        """
        for control in self.controls:
            if control.label == label:
                return control
        raise AssertionError(f"no {label!r} among {[c.label for c in self.controls]}")

    # Markup

    def unmark(self, text: str) -> str:
        """Slack's own markup as it is shown; what it mentions and leads to is noted."""
        pieces = _TOKEN.split(text)
        shown: list[str] = []
        for number, piece in enumerate(pieces):
            shown.append(self.token(piece) if number % 2 else self._between(piece))
        return "".join(shown)

    def _between(self, text: str) -> str:
        self.links += [unescape(link) for link in _BARE_LINK.findall(text)]
        for mark, put in _MARKS:
            text = mark.sub(put, text)
        return unescape(_EMOJI.sub(DRAWN, text))

    def token(self, token: str) -> str:
        what, _, label = token.partition("|")
        match what[0]:
            case "@":
                return self.mention(what[1:])
            case "#":
                self.mentions.append(what)
                return f"#{label or what[1:]}"
            case "!":
                self.mentions.append(what)
                return f"@{what[1:]}"
            case _:
                self.links.append(unescape(what))
                return unescape(label or what)

    def mention(self, user: str) -> str:
        self.mentions.append(user)
        return f"@{self.names.get(user, user)}"

    def text(self, value: Mapping[str, Any]) -> str:
        if value["type"] == "mrkdwn":
            return self.unmark(str(value["text"]))
        words = str(value["text"])
        return _EMOJI.sub(DRAWN, words) if value.get("emoji", True) else words

    # Blocks

    def show(self, blocks: Sequence[Mapping[str, Any]]) -> None:
        for block in blocks:
            self._block(block)

    def add(self, shown: str, plain: str | None = None) -> None:
        self.blocks.append(shown)
        self.plain_blocks.append(shown if plain is None else plain)

    def _block(self, block: Mapping[str, Any]) -> None:
        match block["type"]:
            case "header":
                self.add(self.text(block["text"]))
            case "divider":
                self.add("\u2500" * 8, "----")
            case "image":
                alt = str(block["alt_text"])
                self.add(alt, f"[Image: {alt}] {block['image_url']}")
            case "context":
                texts = [self._small(element) for element in block["elements"]]
                self.add("\n".join(texts))
            case "section":
                self._section(block)
            case "actions":
                labels = [self._element(block, element) for element in block["elements"]]
                self.add("\n".join(labels), "\n".join(f"[{label}]" for label in labels))
            case "rich_text":
                pairs = [self._rich(element) for element in block["elements"]]
                self.add("\n".join(s for s, _ in pairs), "\n".join(p for _, p in pairs))
            case "input":
                self._input(block)
            case other:
                raise AssertionError(f"cannot show {other}")

    def _small(self, element: Mapping[str, Any]) -> str:
        return str(element["alt_text"]) if element["type"] == "image" else self.text(element)

    def _section(self, block: Mapping[str, Any]) -> None:
        texts = [self.text(block["text"])] if "text" in block else []
        texts += [self.text(each) for each in block.get("fields", ())]
        accessory = block.get("accessory")
        if accessory is None:
            self.add("\n".join(texts))
            return
        label = self._element(block, accessory, "\n".join(texts))
        options = [self.text(option["text"]) for option in accessory.get("options", ())]
        if options:
            shown = "\n".join([*texts, *options])
            self.add(shown, "\n".join([f"{label}:", *(f"[{option}]" for option in options)]))
        else:
            self.add("\n".join([*texts, label]), "\n".join([*texts, f"[{label}]"]))

    def _element(
        self, block: Mapping[str, Any], element: Mapping[str, Any], beside: str = ""
    ) -> str:
        match element["type"]:
            case "button":
                label = self.text(element["text"])
                if "url" in element:
                    self.links.append(element["url"])
            case "image":
                return str(element["alt_text"])
            case _:
                label = beside or str(element.get("placeholder", {}).get("text", ""))
        options = tuple(
            (self.text(option["text"]), str(option["value"]))
            for option in element.get("options", ())
        )
        self.controls.append(Control(label, str(block.get("block_id")), element, options))
        return label

    # Rich text

    def _rich(self, element: Mapping[str, Any]) -> tuple[str, str]:
        """Shown, and as plain text."""
        match element["type"]:
            case "rich_text_list":
                pairs = [self._pieces(item["elements"]) for item in element["elements"]]
                plain = "\n".join(f"- {p}" for _, p in pairs)
                return "\n".join(s for s, _ in pairs), plain
            case "rich_text_quote":
                shown, plain = self._pieces(element["elements"])
                return shown, "\n".join(f"> {line}" for line in plain.split("\n"))
            case _:
                return self._pieces(element["elements"])

    def _pieces(self, pieces: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
        pairs = [self._piece(piece) for piece in pieces]
        return "".join(s for s, _ in pairs), "".join(p for _, p in pairs)

    def _piece(self, piece: Mapping[str, Any]) -> tuple[str, str]:
        match piece["type"]:
            case "text":
                return str(piece["text"]), str(piece["text"])
            case "link":
                url, label = str(piece["url"]), str(piece.get("text") or piece["url"])
                self.links.append(url)
                return label, label if label == url else f"{label} ({url})"
            case "user":
                shown = self.mention(str(piece["user_id"]))
                return shown, shown.removeprefix("@")
            case "broadcast":
                self.mentions.append(f"!{piece['range']}")
                return f"@{piece['range']}", f"@{piece['range']}"
            case "channel":
                self.mentions.append(f"#{piece['channel_id']}")
                called = f"#{self.names.get(str(piece['channel_id']), piece['channel_id'])}"
                return called, called
            case "emoji":
                return DRAWN, DRAWN
            case other:
                raise AssertionError(f"cannot show {other}")

    # Forms

    def _input(self, block: Mapping[str, Any]) -> None:
        element = block["element"]
        self.fields.append(str(block.get("block_id")))
        texts = [self.text(block["label"])]
        texts += [self.text(block["hint"])] if "hint" in block else []
        texts += [self.text(option["text"]) for option in element.get("options", ())]
        texts += [str(element[name]) for name in ("initial_value", "initial_date", "initial_user")
                  if element.get(name)]  # fmt: skip
        self.add("\n".join(texts))


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def draw(text: str, blocks: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> Screen:
    """A message as it is shown: its blocks, or its text where it has none.

    The text of a message with blocks is shown in the notification, where nothing can be
    followed: what it mentions, and leads to by a link of its own, counts all the same.
    """
    screen = Screen(names)
    if not blocks:
        screen.add(screen.unmark(text))
        return screen
    for number, piece in enumerate(_TOKEN.split(text)):
        if number % 2:
            screen.token(piece)
    screen.show(blocks)
    return screen
