"""The platform-neutral message: what Slack and Teams can both say well.

Limits live here, so that a message that validates renders everywhere:
Slack allows 50 blocks, 3,000 characters a section, 150 a header, 75 a button,
2,000 a button value, and refuses about 13,200 characters in total; a Teams card
is kept under 25 KB.

Two kinds of text. `Text.text` and `Note.text` hold a small markdown subset
(`**strong**`, `*emphasis*`, `` `code` ``, `[label](https://...)`,
`[name](person:ADDRESS)`, `[name](channel:ADDRESS)`, line breaks, lines that begin with
`- `) that only our own sentences use: whatever a person wrote goes through `literal` first.
Every other string is literal and is shown as it stands. Adapters escape once, when they
render.
"""

import json
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from bot.markup import is_channel, parse, text_of

SCHEMA_VERSION = 1
MAX_QUOTE = 2_900
MAX_TEXT = 3_000
MAX_TOTAL = 12_000
MAX_PARTS = 40
MAX_READERS = 60
"""So many people see a card of their own in Teams."""
MAX_ARGS = 1_500
"""Of a button, as JSON; Slack keeps 2,000 characters for a button's value."""
MAX_CHOICE_ARGS = 200
"""Of a choice, as JSON; on Slack they travel in the name of its block, of 255 characters."""

Args: TypeAlias = dict[str, JsonValue]

_SPECIAL = re.compile(r"([\\`*_\[\]<>~|#&!()+\-])")


def literal(text: str) -> str:
    """What a person wrote, made safe to stand inside `Text` or `Note`."""
    return _SPECIAL.sub(r"\\\1", text.replace("\r\n", "\n").replace("\r", "\n"))


_COMMAND = re.compile(r"`(/[^`\n]*)`")


def show_commands(sentence: str) -> str:
    """A sentence for `Text` that is literal but for commands in backticks, such as `/help`:
    these become code, which a platform may write as it is typed there."""
    pieces = _COMMAND.split(sentence)
    return "".join(
        f"`{piece}`" if place % 2 else literal(piece) for place, piece in enumerate(pieces)
    )


def bare_commands(sentence: str) -> str:
    """The same sentence where there is no markup, as under a field of a form."""
    return _COMMAND.sub(r"\1", sentence)


def mention(name: str, address: str) -> str:
    """A person's name inside `Text`, which a platform may show as a mention."""
    return f"[{literal(name)}](person:{address})"


def mention_channel(address: str, name: str = "") -> str:
    """A channel inside `Text`, which a platform may show by its name there.

    `name` is how people call it, where that is known (“#travel”). Where it is not, the words
    “the channel” stand for it in notifications and on platforms that cannot show it: an
    address such as C024BE91L tells people nothing.
    """
    called = name or (address if address.startswith("#") else "the channel")
    return f"[{literal(called)}](channel:{address})" if is_channel(address) else literal(called)


def shorten(text: str, limit: int) -> str:
    """`text` if it fits `limit` characters, else its beginning with an ellipsis.

    Cuts at a word where one ends in the last fifth.
    """
    text = text.strip()
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = max(cut.rfind(" "), cut.rfind("\n"))
    return (cut[:space] if space > limit * 4 // 5 else cut).rstrip() + "…"


def fit(lines: Iterable[str], room: int = MAX_TEXT) -> str:
    """The lines in the markdown subset, for a `Text` or `Note`; where they are too long for
    `room` together, the longest are shortened, and none is left out. A line may hold several."""
    kept = list(lines)
    whole = "\n".join(kept)
    if len(whole) <= room:
        return whole
    left, limit = room - len(kept) + 1, 0
    for place, length in enumerate(sorted(map(len, kept))):
        limit = left // (len(kept) - place)
        if length > limit:
            break
        left -= length
    return "\n".join(_fit_line(line, limit) for line in kept)[:room]


def _fit_line(line: str, limit: int) -> str:
    if len(line) <= limit:
        return line
    lead = "- " if line.startswith("- ") else ""
    room = max(limit - len(lead), 1)
    plain = shorten(_without_markup(line).removeprefix(lead), room)
    fitted = literal(plain)
    # What is escaped may be twice as long.
    return lead + (fitted if len(fitted) <= room else literal(shorten(plain, max(room // 2, 1))))


class Value(BaseModel):
    """A frozen value that crosses a border and refuses what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Style(StrEnum):
    DEFAULT = "default"
    PRIMARY = "primary"
    DANGER = "danger"


class Tone(StrEnum):
    NEUTRAL = "neutral"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


class Confirm(Value):
    """What is asked before a press counts."""

    title: str = Field(min_length=1, max_length=100)
    text: str = Field(min_length=1, max_length=300)
    yes: str = Field(default="Yes", min_length=1, max_length=30)
    no: str = Field(default="No", min_length=1, max_length=30)


def fits_a_button(args: Args) -> bool:
    """Whether the args are short enough to travel with a button."""
    return len(json.dumps(args)) <= MAX_ARGS


class Button(Value):
    """`action` is `capability.verb`. `args` come back from a client: never trust them."""

    label: str = Field(min_length=1, max_length=75)
    action: str = Field(pattern=r"^[a-z]+\.[a-z_]+$", max_length=100)
    args: Args = Field(default_factory=dict)
    style: Style = Style.DEFAULT
    confirm: Confirm | None = None

    @field_validator("args")
    @classmethod
    def _args_fit_a_button_value(cls, args: Args) -> Args:
        if not fits_a_button(args):
            raise ValueError(f"button args are longer than {MAX_ARGS:,} characters")
        return args


class Option(Value):
    label: str = Field(min_length=1, max_length=75)
    value: str = Field(min_length=1, max_length=150)


class Heading(Value):
    kind: Literal["heading"] = "heading"
    text: str = Field(min_length=1, max_length=150)


class Text(Value):
    kind: Literal["text"] = "text"
    text: str = Field(min_length=1, max_length=MAX_TEXT)


class Fact(Value):
    label: str = Field(min_length=1, max_length=75)
    value: str = Field(min_length=1, max_length=1_000)


class Facts(Value):
    kind: Literal["facts"] = "facts"
    facts: tuple[Fact, ...] = Field(min_length=1, max_length=10)


class Quote(Value):
    """What a person wrote, literally. `by` names them, where they may be named."""

    kind: Literal["quote"] = "quote"
    text: str = Field(min_length=1, max_length=MAX_QUOTE)
    by: str | None = Field(default=None, max_length=150)


class Image(Value):
    kind: Literal["image"] = "image"
    url: str = Field(pattern=r"^https://", max_length=2_000)
    alt: str = Field(min_length=1, max_length=500)


class Divider(Value):
    kind: Literal["divider"] = "divider"


class Progress(Value):
    kind: Literal["progress"] = "progress"
    label: str = Field(min_length=1, max_length=150)
    done: int = Field(ge=0)
    total: int = Field(ge=1)

    @model_validator(mode="after")
    def _done_is_not_more_than_total(self) -> Self:
        if self.done > self.total:
            raise ValueError("done is more than total")
        return self


class Buttons(Value):
    kind: Literal["buttons"] = "buttons"
    buttons: tuple[Button, ...] = Field(min_length=1, max_length=5)


class Choice(Value):
    """Pick one of up to ten; the chosen value arrives as `args["choice"]` of `action`."""

    kind: Literal["choice"] = "choice"
    label: str = Field(min_length=1, max_length=150)
    action: str = Field(pattern=r"^[a-z]+\.[a-z_]+$", max_length=100)
    args: Args = Field(default_factory=dict)
    options: tuple[Option, ...] = Field(min_length=1, max_length=10)

    @field_validator("args")
    @classmethod
    def _args_fit_a_block(cls, args: Args) -> Args:
        if len(json.dumps(args)) > MAX_CHOICE_ARGS:
            raise ValueError(f"choice args are longer than {MAX_CHOICE_ARGS:,} characters")
        return args


class Note(Value):
    """Small print, in the markdown subset."""

    kind: Literal["note"] = "note"
    text: str = Field(min_length=1, max_length=MAX_TEXT)


Part: TypeAlias = Annotated[
    Heading | Text | Facts | Quote | Image | Divider | Progress | Buttons | Choice | Note,
    Field(discriminator="kind"),
]


def length_of(parts: Iterable[Part]) -> int:
    """The characters of the parts as JSON."""
    # Characters count: escaped, a text in Chinese would seem six times as long.
    dumped = [part.model_dump(mode="json") for part in parts]
    return len(json.dumps(dumped, ensure_ascii=False))


class Message(Value):
    """`summary` is the notification, the fallback and what a screen reader says first.

    `readers` are the addresses of those to whom it is more than to all others who see it: where
    the platform can show somebody a card of their own in the place of a message, they see what
    the core says to `bot.inbound.Looked`. The message itself is what everybody may see; whoever
    gets it may find in it who the readers are.
    """

    version: Literal[1] = 1
    summary: str = Field(min_length=1, max_length=300)
    parts: tuple[Part, ...] = Field(min_length=1, max_length=MAX_PARTS)
    tone: Tone = Tone.NEUTRAL
    readers: tuple[str, ...] = Field(default=(), max_length=MAX_READERS, exclude_if=lambda r: not r)

    @model_validator(mode="after")
    def _all_parts_fit_one_message(self) -> Self:
        if length_of(self.parts) > MAX_TOTAL * 2:
            raise ValueError("the parts are too long for one message")
        return self


def say(text: str, *parts: Part, tone: Tone = Tone.NEUTRAL, summary: str | None = None) -> Message:
    """A message that begins with one `Text`; its summary is that text without markup."""
    return Message(
        summary=shorten(summary or _without_markup(text), 300),
        parts=(Text(text=text), *parts),
        tone=tone,
    )


def _without_markup(text: str) -> str:
    return "\n".join(text_of(line) for line in parse(text))


def json_of(message: Message) -> dict[str, Any]:
    """The message as JSON values, as it is stored."""
    return message.model_dump(mode="json")
