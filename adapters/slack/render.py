"""Messages, forms and a person's own page as Block Kit. Pure functions of values.

No text of ours or of people is ever Slack's own markup: that cannot be escaped (`*`, `_`, `~`,
backticks and `:emoji:` have no escape). What has a look is a `rich_text` block, whose elements
are literal; the rest is `plain_text` without emoji. Only a message's fallback text is markup,
and there `&`, `<` and `>` are escaped, so that it mentions nobody and leads nowhere.

Block types and where they may stand: docs.slack.dev/reference/block-kit. What Slack refuses is
in `adapters.slack.limits`.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Any, TypeAlias, assert_never

from adapters.slack.control import VIEW, name_action, name_choice, write_args, write_option
from adapters.slack.limits import measure
from adapters.slack.messages import (
    CANCEL,
    CHOOSE,
    FIRST_WORDS,
    LEFT_OUT,
    SHORTENED,
    SPOKEN_FIRST,
)
from adapters.slack.wording import Wording
from bot.form import (
    AnyField,
    ChoiceField,
    DateField,
    Form,
    LongTextField,
    NumberField,
    PeopleField,
    TextField,
)
from bot.markup import Line, Span, parse, text_of
from bot.message import (
    Button,
    Buttons,
    Choice,
    Confirm,
    Divider,
    Facts,
    Heading,
    Image,
    Message,
    Note,
    Option,
    Part,
    Progress,
    Quote,
    Style,
    Text,
    shorten,
)

Json: TypeAlias = dict[str, Any]

ROOM = 12_000
"""Characters of all blocks as JSON. Slack refuses a message (`msg_blocks_too_long`) from 13,297
characters in one block on (bolt-js#2509), with many blocks earlier (#2867: at 11,341 of text
alone), so what is around the text counts too; and Slack adds names to the blocks."""
PAGE_ROOM = 48_000
"""The same for a person's own page: a view may have 250 kB."""
LENGTHS = (1_500, 1_000, 700, 500, 300, 200)
"""To so many characters long lines and quotes are cut, one after the other."""

CELLS = 10
"""Characters of the bar that shows progress."""

_USER = re.compile(r"[UW][A-Z0-9]{5,20}")
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}")


@dataclass(frozen=True, slots=True)
class Rendered:
    """`text` is what a notification shows and a screen reader says; `blocks` are never empty."""

    text: str
    blocks: list[Json]


def render_message(message: Message, wording: Wording) -> Rendered:
    """A message as Slack takes it. What is too long for Slack is shortened, and says so."""
    text = SPOKEN_FIRST.get(message.tone, "") + _summary(message, wording)
    return Rendered(_escape(text), _fit(message, wording, ROOM))


def render_page(message: Message, wording: Wording) -> Json:
    """A person's own page as a home view, for `views.publish`."""
    return {"type": "home", "callback_id": VIEW, "blocks": _fit(message, wording, PAGE_ROOM)}


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# How long --------------------------------------------------------------------------------


def _fit(message: Message, wording: Wording, room: int) -> list[Json]:
    whole = _blocks(message, wording)
    if measure(whole) <= room:
        return whole
    # Long lines and quotes first, all to the same length: what is short stays.
    for limit in LENGTHS:
        blocks = [*_blocks(message, wording, limit), _small(SHORTENED)]
        if measure(blocks) <= room:
            return blocks
    # Then as little as need be of the end of what is only read.
    pieces = list(_pieces(message))

    def without(count: int) -> list[Json]:
        rest = _leave_out(message, pieces[len(pieces) - count :])
        return [*_blocks(rest, wording, LENGTHS[-1]), _small(SHORTENED)]

    least = bisect_left(range(len(pieces)), True, key=lambda n: measure(without(n)) <= room)
    blocks = without(least)
    if measure(blocks) <= room:
        return blocks
    # Then it is more buttons than anybody could want. The last row stays longest: it ends it all.
    rows = [part for part in message.parts if isinstance(part, Buttons | Choice)]
    fewer = [(*rows[:count], rows[-1]) for count in reversed(range(len(rows)))]
    for parts in (*fewer, ()):
        rest = message.model_copy(update={"parts": parts})
        blocks = [*_blocks(rest, wording), _small(LEFT_OUT)]
        if measure(blocks) <= room:
            break
    return blocks


def _pieces(message: Message) -> Iterator[tuple[int, int]]:
    """The lines and parts that are only read, by part and line."""
    for place, part in enumerate(message.parts):
        if isinstance(part, Text | Note):
            yield from ((place, line) for line in range(part.text.count("\n") + 1))
        elif not isinstance(part, Buttons | Choice):
            yield place, 0


def _leave_out(message: Message, pieces: Sequence[tuple[int, int]]) -> Message:
    """The message without these. Marks do not reach over a line's end, so lines can go alone."""
    gone = set(pieces)
    parts: list[Part] = []
    for place, part in enumerate(message.parts):
        if isinstance(part, Text | Note):
            lines = part.text.split("\n")
            left = "\n".join(line for n, line in enumerate(lines) if (place, n) not in gone)
            parts += [part.model_copy(update={"text": left})] if left else []
        elif (place, 0) not in gone:
            parts.append(part)
    return message.model_copy(update={"parts": tuple(parts)})


def _blocks(message: Message, wording: Wording, limit: int | None = None) -> list[Json]:
    blocks: list[Json] = []
    if message.tone in FIRST_WORDS:
        blocks.append({**_small(FIRST_WORDS[message.tone]), "block_id": "tone"})
    number = 0
    for part in message.parts:
        block = _part(part, wording, number, limit)
        if block is not None:
            blocks.append(block)
        number += _controls_of(part)
    return blocks or [_small(message.summary)]


def _controls_of(part: Part) -> int:
    if isinstance(part, Buttons):
        return len(part.buttons)
    return 1 if isinstance(part, Choice) else 0


# Parts -----------------------------------------------------------------------------------


def _part(part: Part, wording: Wording, number: int, limit: int | None) -> Json | None:
    """One block, or None for what has nothing to see. Numbers of controls begin at `number`."""
    match part:
        case Heading(text=text):
            return {"type": "header", "text": _plain(text)} if text.strip() else None
        case Text(text=text):
            return _rich(_lines(parse(text), wording, limit))
        case Note(text=text):
            return _note(parse(text), wording, limit)
        case Facts(facts=facts):
            words = [
                element
                for n, fact in enumerate(facts)
                for element in (
                    _word("\n" * (n > 0) + fact.label + ":", {"bold": True}),
                    _word(" " + _cut(fact.value, limit)),
                )
            ]
            return _rich([_section(words)])
        case Quote(text=text, by=by):
            quote = {"type": "rich_text_quote", "elements": [_word(_cut(text, limit))]}
            return _rich([quote, *([_section([_word(f"— {by}")])] if by else [])])
        case Image(url=url, alt=alt):
            return {"type": "image", "image_url": url, "alt_text": _visible(alt)}
        case Divider():
            return {"type": "divider"}
        case Progress(label=label, done=done, total=total):
            words = [_word(f"{label}: {done} of {total}"), _word("\n" + _bar(done, total))]
            return _rich([_section(words)])
        case Buttons(buttons=buttons):
            return {
                "type": "actions",
                "elements": [_button(button, number + n) for n, button in enumerate(buttons)],
            }
        case Choice(label=label, action=action, args=args, options=options):
            return {
                "type": "section",
                "block_id": name_choice(args, number, (option.value for option in options)),
                "text": _plain(label),
                "accessory": {
                    "type": "static_select",
                    "action_id": name_action(action, number),
                    "placeholder": _plain(CHOOSE),
                    "options": _options(options),
                },
            }
        case _:
            assert_never(part)


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": _visible(text), "emoji": False}


def _visible(text: str) -> str:
    """The text, or what can be seen in the place of blanks: Slack takes no empty text."""
    return text if text.strip() else "…"


def _cut(text: str, limit: int | None) -> str:
    return text if limit is None else shorten(text, limit)


def _small(text: str) -> Json:
    return {"type": "context", "elements": [_plain(text)]}


def _bar(done: int, total: int) -> str:
    """Ten cells, in front of which the same stands in words. Only all is full, only 0 empty."""
    full = done * CELLS // total
    if done and not full:
        full = 1
    return "█" * full + "░" * (CELLS - full)


def _button(button: Button, number: int) -> Json:
    shown: Json = {
        "type": "button",
        "action_id": name_action(button.action, number),
        "text": _plain(button.label),
    }
    if button.args:
        shown["value"] = write_args(button.args)
    if button.style is not Style.DEFAULT:
        shown["style"] = button.style.value
    if button.confirm is not None:
        shown["confirm"] = _confirm(button.confirm, button.style)
    return shown


def _confirm(confirm: Confirm, style: Style) -> Json:
    asked: Json = {
        "title": _plain(confirm.title),
        "text": _plain(confirm.text),
        "confirm": _plain(confirm.yes),
        "deny": _plain(confirm.no),
    }
    if style is Style.DANGER:
        asked["style"] = style.value
    return asked


def _options(options: Iterable[Option]) -> list[Json]:
    return [_option(option) for option in options]


def _option(option: Option) -> Json:
    return {"text": _plain(option.label), "value": write_option(option.value)}


# Rich text -------------------------------------------------------------------------------


def _rich(elements: list[Json]) -> Json | None:
    return {"type": "rich_text", "elements": elements} if elements else None


def _section(elements: list[Json]) -> Json:
    return {"type": "rich_text_section", "elements": elements}


def _word(text: str, style: Json | None = None) -> Json:
    word: Json = {"type": "text", "text": text}
    return {**word, "style": style} if style else word


def _lines(lines: Sequence[Line], wording: Wording, limit: int | None) -> list[Json]:
    """Paragraphs as sections, bullets as lists."""
    elements: list[Json] = []
    rest = _short(lines, limit)
    while rest:
        is_list = rest[0].bullet
        count = next((n for n, line in enumerate(rest) if line.bullet is not is_list), len(rest))
        taken, rest = rest[:count], rest[count:]
        if is_list:
            items = [_section(_spans(line.spans, wording) or [_word(" ")]) for line in taken]
            elements.append({"type": "rich_text_list", "style": "bullet", "elements": items})
            continue
        words: list[Json] = []
        for n, line in enumerate(taken):
            if n:
                words.append(_word("\n"))
            words += _spans(line.spans, wording)
        if any(word.get("text", "x").strip() for word in words):
            elements.append(_section(list(_join(words))))
    return elements


def _short(lines: Sequence[Line], limit: int | None) -> list[Line]:
    """The lines, each of up to `limit` characters with an ellipsis where it is cut."""
    return [
        Line(tuple(_short_spans(line.spans, limit)), line.bullet)
        if limit is not None and len(text_of(line)) > limit
        else line
        for line in lines
    ]


def _short_spans(spans: Iterable[Span], limit: int) -> Iterator[Span]:
    for span in spans:
        if len(span.text) >= limit:
            yield replace(span, text=shorten(span.text, max(limit, 2)).rstrip("…") + "…")
            return
        yield span
        limit -= len(span.text)


def _join(words: Iterable[Json]) -> Iterator[Json]:
    held: Json | None = None
    for word in words:
        if held is not None and held.keys() == word.keys() == {"type", "text"}:
            held = _word(held["text"] + word["text"])
            continue
        if held is not None:
            yield held
        held = word
    if held is not None:
        yield held


def _spans(spans: Iterable[Span], wording: Wording) -> list[Json]:
    return [_span(span, wording) for span in spans]


def _span(span: Span, wording: Wording) -> Json:
    style = {
        name: True
        for name, worn in (("bold", span.strong), ("italic", span.emphasis), ("code", span.code))
        if worn
    }
    if span.person is not None and _USER.fullmatch(span.person):
        user: Json = {"type": "user", "user_id": span.person}
        return {**user, "style": style} if style else user
    if span.channel is not None and _CHANNEL.fullmatch(span.channel):
        # Slack shows its name to whoever may know it, and to others that it is private.
        channel: Json = {"type": "channel", "channel_id": span.channel}
        return {**channel, "style": style} if style else channel
    if span.link is not None:
        link: Json = {"type": "link", "url": span.link, "text": span.text}
        return {**link, "style": style} if style else link
    return _word(_called(span, wording), style)


def _called(span: Span, wording: Wording) -> str:
    """Only our own sentences have code in them, and there it is commands: `literal` takes the
    backticks out of what people write. Plain words may be anybody's."""
    return wording.say(span.text) if span.code else wording.call(span.text)


def _summary(message: Message, wording: Wording) -> str:
    """The summary, in which the commands are changed that stand as code in the message."""
    if "/" not in message.summary:
        return message.summary
    codes = {
        span.text
        for part in message.parts
        if isinstance(part, Text | Note)
        for line in parse(part.text)
        for span in line.spans
        if span.code
    }
    if not codes:
        return message.summary
    longest_first = sorted(codes, key=lambda code: (-len(code), code))
    anyone = re.compile(f"({'|'.join(map(re.escape, longest_first))})(?!\\w)")
    return anyone.sub(lambda code: wording.say(code[1]), message.summary)


def _note(lines: Sequence[Line], wording: Wording, limit: int | None) -> Json | None:
    """Small print. It has one look only, so that marks in it are left away; with links or
    people or channels it is ordinary text, as small print of Slack's would be markup."""
    if any(span.link or span.person or span.channel for line in lines for span in line.spans):
        return _rich(_lines(lines, wording, limit))
    text = "\n".join(
        ("- " if line.bullet else "") + "".join(_called(span, wording) for span in line.spans)
        for line in _short(lines, limit)
    )
    return _small(text) if text.strip() else None


# Forms -----------------------------------------------------------------------------------


def render_form(form: Form, wording: Wording, private_metadata: str) -> Json:
    """A form as a modal, for `views.open`. A field's `block_id` is its name."""
    intro = [{"type": "section", "text": _plain(form.intro)}] if form.intro else []
    return {
        "type": "modal",
        "callback_id": VIEW,
        "private_metadata": private_metadata,
        "title": _plain(form.title),
        "submit": _plain(form.submit),
        "close": _plain(CANCEL),
        "blocks": [*intro, *_fields(form, wording)],
    }


def _fields(form: Form, wording: Wording) -> Iterator[Json]:
    for number, field in enumerate(form.fields):
        # What was typed stays in the view that comes next if both names are the same, so that
        # the forms' own names are in them.
        yield _field(field, name_action(form.action, number), wording)


def _field(field: AnyField, action_id: str, wording: Wording) -> Json:
    block: Json = {
        "type": "input",
        "block_id": field.name,
        "label": _plain(field.label),
        "optional": not field.required,
        "element": {**_element(field), "action_id": action_id},
    }
    if field.hint and field.hint.strip():
        block["hint"] = _plain(wording.say(field.hint))
    return block


def _element(field: AnyField) -> Json:
    match field:
        case TextField(value=text, max_length=limit):
            return _input(text, limit, multiline=False)
        case LongTextField(value=text, max_length=limit):
            return _input(text, limit, multiline=True)
        case ChoiceField(options=options, value=value):
            chosen = next((option for option in options if option.value == value), None)
            select: Json = {"type": "static_select", "options": _options(options)}
            return select if chosen is None else {**select, "initial_option": _option(chosen)}
        case PeopleField(value=person):
            known = person is not None and _USER.fullmatch(person)
            users: Json = {"type": "users_select"}
            return {**users, "initial_user": person} if known else users
        case DateField(value=day):
            picker: Json = {"type": "datepicker"}
            return {**picker, "initial_date": day} if day and _is_day(day) else picker
        case NumberField(value=number, minimum=minimum, maximum=maximum):
            return _number_input(number, minimum, maximum)
        case _:
            assert_never(field)


def _input(text: str, limit: int, *, multiline: bool) -> Json:
    element: Json = {"type": "plain_text_input", "multiline": multiline, "max_length": limit}
    return {**element, "initial_value": text[:limit]} if text else element


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _number_input(number: float | None, minimum: float | None, maximum: float | None) -> Json:
    """Slack takes no first value beyond the limits, and no limits that leave nothing."""
    least = minimum if minimum is not None and isfinite(minimum) else None
    most = maximum if maximum is not None and isfinite(maximum) else None
    if least is not None and most is not None and least > most:
        least = most = None
    element: Json = {"type": "number_input", "is_decimal_allowed": True}
    if least is not None:
        element["min_value"] = _digits(least)
    if most is not None:
        element["max_value"] = _digits(most)
    if (
        number is not None
        and isfinite(number)
        and (least is None or least <= number)
        and (most is None or number <= most)
    ):
        element["initial_value"] = _digits(number)
    return element


def _digits(number: float) -> str:
    """The number in digits only: `1e+06` is no number to Slack."""
    digits = format(Decimal(repr(number)), "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
