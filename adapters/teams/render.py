"""Messages and forms as Adaptive Cards 1.5. Pure functions of values.

No text of ours or of people is ever a card's own markdown, if it can be helped: Teams' apps read
it in different ways, and those for phones do not all know an escape. What has a look is a
`RichTextBlock`, whose `TextRun`s are literal but for one thing (`_halves`). A `TextBlock` is a
heading in which nothing could be markdown, or a line with a mention in it, which Teams knows
nowhere else; there the rest is escaped. Each line is an element of its own: what becomes of a
line break within a `TextRun` is written nowhere. No `FactSet`: its values are markdown. No
`Table`: phones have no room for it.

A card's `speak` is its summary: screen readers walk the card itself, in which each element and
each button says what it is. The whole message in words is `Rendered.text`.

What may stand in a card is in `adapters.teams.limits`.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from math import isfinite
from typing import Any, TypeAlias, assert_never

from adapters.teams.control import (
    digits,
    name_choice,
    name_field,
    open_dialog,
    write_form,
    write_look,
    write_press,
)
from adapters.teams.limits import MAX_BYTES, MAX_READERS, VERSION, measure
from adapters.teams.messages import (
    CHOOSE,
    CHOOSE_THIS,
    FIELD_WRONG,
    FILL_IN,
    FIRST_WORDS,
    FORM_WRONG,
    GIVE_NUMBER,
    GIVE_NUMBER_BETWEEN,
    GIVE_NUMBER_FROM,
    GIVE_NUMBER_TO,
    LEFT_OUT,
    PICK_DAY,
    PICK_ONE,
    PICK_PERSON,
    REFRESH,
    SHORTENED,
    SPOKEN_FIRST,
)
from adapters.teams.wording import Wording
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
    Tone,
    shorten,
)
from bot.plain import render_plain

Json: TypeAlias = dict[str, Any]

LENGTHS = (1_500, 1_000, 700, 500, 300, 200)
"""To so many characters long lines and quotes are cut, one after the other."""

ROW = 47
"""Characters of a row of buttons, with `AROUND` for what is around each word: about 300 pixels,
which is what a card on a phone has. What is wider is cut off there."""
AROUND = 6

MAX_TOOLTIP = 150

PEOPLE = "graph.microsoft.com/users"
"""Where the picker of people looks them up; it gives back their Entra object id."""

BOLD: Json = {"weight": "Bolder"}
SMALL: Json = {"size": "Small", "isSubtle": True}

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ACCOUNT = re.compile(r"29:[A-Za-z0-9_-]{10,200}")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>~|#&{}])")
_AMPERSAND = re.compile(r"&(?!#?[0-9A-Za-z]{1,40};)")
_AT_BEGINNING = re.compile(r"^(\s*)([-+]|[0-9]+(?=[.)]))")
_ADDRESS = re.compile(r"://|www\.|@", re.IGNORECASE)
_MACRO = re.compile(r"(?<=\{)(?=\{(?:DATE|TIME)\()")

_LABELS = (75, 40, 24)
"""Letters of a form's options: as they are, and where the form is too long."""
_STYLES = {Style.PRIMARY: "positive", Style.DANGER: "destructive"}
_COLOURS = {Tone.BAD: {"color": "Attention"}}
"""A warning has none: the light yellow that Teams gives it cannot be read on white."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """`card` is the content of the attachment. `summary` is what a notification shows. `text`
    is the whole message in words, for where no card can be shown; it is literal, not markdown."""

    card: Json
    text: str
    summary: str


def render_message(
    message: Message,
    wording: Wording,
    dialogs: Collection[str] = frozenset(),
    *,
    place: str = "",
) -> Rendered:
    """A message as Teams takes it. What is too long for one card is shortened, and says so.

    `dialogs` are the actions that open a form: Teams opens a dialog only for a button that
    asks for one. Pressed, they come as the invoke `task/fetch`, all others as
    `adaptiveCard/action`, or as a message with a value from an app that does not know it.
    `place` goes with each of them, see `adapters.teams.control.write_press`.
    """
    codes = _codes(message)
    summary = SPOKEN_FIRST.get(message.tone, "") + _called_in(message.summary, codes, wording)
    text = FIRST_WORDS.get(message.tone, "")
    plain = _called_in(render_plain(message), codes, wording)
    return Rendered(
        card=_Card(wording, frozenset(dialogs), summary, place).fit(message),
        text=f"{text}\n\n{plain}" if text else plain,
        summary=summary,
    )


# How long --------------------------------------------------------------------------------


@dataclass(slots=True)
class _Card:
    """One card in the making."""

    wording: Wording
    dialogs: frozenset[str]
    summary: str
    place: str = ""
    limit: int | None = None
    named: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Who is mentioned: by the words in the card their address and name."""
    repeated: frozenset[str] = frozenset()
    """What more than one button is called."""
    about: str = ""
    """The line above, which says what buttons are about."""

    def fit(self, message: Message) -> Json:
        whole = self._card(message)
        if measure(whole) <= MAX_BYTES:
            return whole
        # Long lines and quotes first, all to the same length: what is short stays.
        for limit in LENGTHS:
            card = self._card(message, limit, SHORTENED)
            if measure(card) <= MAX_BYTES:
                return card
        # Then as little as need be of the end of what is only read.
        pieces = list(_pieces(message))

        def without(count: int) -> Json:
            rest = _leave_out(message, pieces[len(pieces) - count :])
            return self._card(rest, LENGTHS[-1], SHORTENED)

        counts = range(len(pieces))
        least = bisect_left(counts, True, key=lambda n: measure(without(n)) <= MAX_BYTES)
        card = without(least)
        if measure(card) <= MAX_BYTES:
            return card
        # Then it is more buttons than anybody could want. The last row stays longest: it ends
        # it all.
        rows = [part for part in message.parts if isinstance(part, Buttons | Choice)]
        fewer = [(*rows[:count], rows[-1]) for count in reversed(range(len(rows)))]
        for parts in (*fewer, ()):
            rest = message.model_copy(update={"parts": parts})
            card = self._card(rest, None, LEFT_OUT)
            if measure(card) <= MAX_BYTES:
                break
        return card

    def _card(self, message: Message, limit: int | None = None, last: str = "") -> Json:
        self.limit = limit
        self.named.clear()
        self.repeated, self.about = _find_repeated(message), ""
        body: list[Json] = []
        if message.tone in FIRST_WORDS:
            look = BOLD | _COLOURS.get(message.tone, {})
            body.append(_rich([_run(FIRST_WORDS[message.tone], look)]))
        number = 0
        ruled = False
        for part in message.parts:
            if isinstance(part, Divider):
                ruled = bool(body)
                continue
            if isinstance(part, Text):
                self.about = text_of(parse(part.text)[0]).strip()
            elements = self._part(part, number)
            number += _controls_of(part)
            if elements and ruled:
                elements[0] |= {"separator": True, "spacing": "Medium"}
                ruled = False
            body += elements
        if last or not body:
            # A run has no line breaks.
            line = " ".join(self.summary.split())
            body.append(_rich([_run(last or _visible(line), SMALL)]))
        teams: Json = {"width": "Full"}
        if self.named:
            teams["entities"] = [
                {
                    "type": "mention",
                    "text": text,
                    "mentioned": {"id": address, "name": name},
                }
                for text, (address, name) in self.named.items()
            ]
        return _wrap(body, self.summary) | _refresh(message.readers) | {"msteams": teams}

    # Parts -------------------------------------------------------------------------------

    def _part(self, part: Part, number: int) -> list[Json]:
        """The elements of a part, none for what has nothing to see. Numbers of controls begin
        at `number`."""
        match part:
            case Heading(text=text):
                return list(_heading(text))
            case Text(text=text):
                return list(self._lines(parse(text)))
            case Note(text=text):
                return list(self._lines(parse(text), SMALL))
            case Facts(facts=facts):
                return [
                    element
                    for n, fact in enumerate(facts)
                    for element in _words(
                        [(f"{fact.label}: ", BOLD), (self._cut(fact.value), {})],
                        first={} if n == 0 else {"spacing": "Small"},
                    )
                ]
            case Quote(text=text, by=by):
                said = list(_words([(self._cut(text), {})]))
                if by:
                    said += _words([(f"— {by}", {"isSubtle": True})], first={"spacing": "Small"})
                return [{"type": "Container", "style": "emphasis", "items": said}] if said else []
            case Image(url=url, alt=alt):
                # As wide as the card at most; pressed, it is shown in its own size.
                return [
                    {
                        "type": "Image",
                        "url": url,
                        "altText": _visible(alt),
                        "msteams": {"allowExpand": True},
                    }
                ]
            case Divider():
                return []
            case Progress(label=label, done=done, total=total):
                # A bar of characters would be read out one by one.
                return list(_words([(f"{label}: {done} of {total}", {})]))
            case Buttons(buttons=buttons):
                return list(self._buttons(buttons, number))
            case Choice():
                return self._choice(part, number)
            case _:
                assert_never(part)

    def _cut(self, text: str) -> str:
        return text if self.limit is None else shorten(text, self.limit)

    def _buttons(self, buttons: Iterable[Button], number: int) -> Iterator[Json]:
        actions: list[Json] = []
        asked: dict[int, Json] = {}
        for n, button in enumerate(buttons, number):
            press = self._press(_visible(button.label), button.action, button, style=button.style)
            if button.confirm is None:
                actions.append(press | self._whose(button))
                continue
            # Teams asks nobody whether they are sure. So the button shows the question below,
            # and the one that counts stands there.
            name = f"sure-{n}"
            toggle = _styled(_toggle(button.label, name, shown=True), button.style)
            actions.append(toggle | self._whose(button))
            whose = self._whose(button) or {"tooltip": _visible(button.confirm.title)}
            asked[id(actions[-1])] = _question(button.confirm, name, press | whose)
        for n, row in enumerate(_rows(actions)):
            yield {"type": "ActionSet", "actions": row} | ({"spacing": "Small"} if n else {})
            # Right below what was pressed, where whoever cannot see it comes next.
            yield from (asked.pop(id(each)) for each in row if id(each) in asked)

    def _whose(self, button: Button) -> Json:
        """What a screen reader says of a button beside which there are others of that name."""
        if button.label not in self.repeated or not self.about:
            return {}
        said = f"{button.label}: {self.wording.call(self.about)}"
        return {"tooltip": _visible(shorten(said, MAX_TOOLTIP))}

    def _press(
        self, title: str, action: str, of: Button | Choice, *, style: Style, choice: str = ""
    ) -> Json:
        data = write_press(action, of.args, choice=choice or None, place=self.place)
        inputs = "auto" if choice else "none"
        submit: Json = {"type": "Action.Submit", "title": title, "associatedInputs": inputs}
        if action in self.dialogs:
            return _styled({**submit, "data": open_dialog(data)}, style)
        execute = {
            "type": "Action.Execute",
            "title": title,
            "verb": action,
            "data": data,
            "associatedInputs": inputs,
            "fallback": {**submit, "data": data},
        }
        return _styled(execute, style)

    def _choice(self, choice: Choice, number: int) -> list[Json]:
        name, label = name_choice(number), _visible(choice.label)
        # Not required: a second choice in the same card would then keep this one back.
        select = {
            "type": "Input.ChoiceSet",
            "id": name,
            "label": label,
            "style": "compact",
            "placeholder": CHOOSE,
            "choices": _options(choice.options),
        }
        press = self._press(
            CHOOSE_THIS, choice.action, choice, style=Style.DEFAULT, choice=name
        ) | {"tooltip": label}
        return [select, {"type": "ActionSet", "spacing": "Small", "actions": [press]}]

    # Text --------------------------------------------------------------------------------

    def _lines(self, lines: Sequence[Line], look: Json | None = None) -> Iterator[Json]:
        """An element for each line that has something to see. Empty ones make room."""
        look = look or {}
        is_first, was_empty, was_bullet = True, False, False
        for line in _short(lines, self.limit):
            if not text_of(Line(line.spans)).strip() and not line.bullet:
                was_empty = True
                continue
            place: Json = {}
            if not is_first and not was_empty:
                # What follows a list is no part of its last entry.
                place = {"spacing": "Small" if line.bullet or was_bullet else "None"}
            yield self._line(line, look) | place
            is_first, was_empty, was_bullet = False, False, line.bullet

    def _line(self, line: Line, look: Json) -> Json:
        if any(self._mention(span) for span in line.spans):
            text = "".join(self._marked(span) for span in line.spans)
            text = f"• {text}" if line.bullet else _keep_beginning(text)
            return {"type": "TextBlock", "text": text, "wrap": True, **look}
        runs = [_run("• ", look)] if line.bullet else []
        for span in line.spans:
            runs += self._runs(span, look)
        return _rich(runs)

    def _runs(self, span: Span, look: Json) -> list[Json]:
        style = dict(look)
        if span.strong:
            style["weight"] = "Bolder"
        if span.emphasis:
            style["italic"] = True
        if span.code:
            style["fontType"] = "Monospace"
        if span.link is not None:
            # The title is what a screen reader says of the link.
            title = _visible(span.text)
            style["selectAction"] = {"type": "Action.OpenUrl", "title": title, "url": span.link}
        return [_run(half, style) for half in _halves(_called(span, self.wording))]

    def _mention(self, span: Span) -> str | None:
        """The words that mention the span's person in this card; None where it has no person,
        or one who is only named."""
        address = span.person
        if address is None or not (_GUID.fullmatch(address) or _ACCOUNT.fullmatch(address)):
            return None
        name = " ".join(_MARKDOWN.sub("", span.text).split())
        text = f"<at>{name}</at>"
        if not name or _ADDRESS.search(name):
            return None
        # Teams finds who is meant by the words, so that they mean one person only.
        known, _ = self.named.setdefault(text, (address, span.text))
        return text if known == address else None

    def _marked(self, span: Span) -> str:
        """A span as markdown, for a line that cannot do without."""
        text = self._mention(span) or escape(_called(span, self.wording))
        lead = text[: len(text) - len(text.lstrip())]
        core = text.strip()
        if not core:
            return text
        trail = text[len(lead) + len(core) :]
        if span.link is not None:
            address = span.link.replace("(", "%28").replace(")", "%29")
            core = f"[{core}]({address})"
        if span.emphasis:
            core = f"*{core}*"
        if span.strong:
            core = f"**{core}**"
        return f"{lead}{core}{trail}"


def _wrap(body: list[Json], spoken: str) -> Json:
    return {
        "type": "AdaptiveCard",
        "version": VERSION,
        "fallbackText": _visible(spoken),
        "speak": _visible(spoken),
        "body": body,
    }


def _refresh(readers: Sequence[str]) -> Json:
    """What lets Teams ask, for these people, what the card is to them. Not having it, as apps of
    long ago, or having no answer, it shows them the card itself.

    Both kinds of ids are Microsoft's ("Universal Actions for search based message extensions",
    as of the property `userIds`). Without any, everybody in a small conversation would be asked
    about.
    """
    users = [
        address if _ACCOUNT.fullmatch(address) else f"8:orgid:{address.lower()}"
        for address in readers
        if _ACCOUNT.fullmatch(address) or _GUID.fullmatch(address)
    ]
    if not users:
        return {}
    action = {
        "type": "Action.Execute",
        "title": REFRESH,
        "verb": "look",
        "data": write_look(),
    }
    return {"refresh": {"action": action, "userIds": users[:MAX_READERS]}}


def _find_repeated(message: Message) -> frozenset[str]:
    rows = (part.buttons for part in message.parts if isinstance(part, Buttons))
    count = Counter(button.label for row in rows for button in row)
    return frozenset(label for label, times in count.items() if times > 1)


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


def _controls_of(part: Part) -> int:
    if isinstance(part, Buttons):
        return len(part.buttons)
    return 1 if isinstance(part, Choice) else 0


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


# Elements --------------------------------------------------------------------------------


def escape(text: str) -> str:
    """A text that a `TextBlock` shows as it is: nothing in it is markdown, a mention, a link or
    a date of the card's own (`{{DATE(...)}}`)."""
    return _ADDRESS.sub(_break, _MARKDOWN.sub(r"\\\1", text))


def _break(found: re.Match[str]) -> str:
    """An address that no client makes a link of by itself."""
    return found[0].replace(":", "\\:").replace(".", "\\.").replace("@", "\\@")


def _keep_beginning(text: str) -> str:
    """The line, which is no list whatever it begins with."""
    beginning = _AT_BEGINNING.match(text)
    if beginning is None:
        return text
    at = beginning.end(1) if beginning[2] in "-+" else beginning.end(2)
    return f"{text[:at]}\\{text[at:]}"


def _heading(text: str) -> Iterator[Json]:
    look = {"size": "Medium", "weight": "Bolder"}
    # An ampersand alone is one everywhere; with letters and a semicolon behind it, it is a sign.
    bare = _AMPERSAND.sub("", text)
    if escape(bare) != bare or _AT_BEGINNING.match(text) or "\n" in text:
        yield from _words([(text, look)])
    elif text.strip():
        yield {"type": "TextBlock", "text": text, "wrap": True, "style": "heading", **look}


def _words(pieces: Sequence[tuple[str, Json]], first: Json | None = None) -> Iterator[Json]:
    """Literal words as an element for each line, of which the first is placed by `first`."""
    lines: list[list[Json]] = [[]]
    for text, look in pieces:
        for n, line in enumerate(re.split(r"\r\n|[\r\n]", text)):
            if n:
                lines.append([])
            lines[-1] += [_run(half, look) for half in _halves(line) if half]
    place, was_empty, is_first = first or {}, False, True
    for runs in lines:
        if not any(run["text"].strip() for run in runs):
            was_empty = True
            continue
        if not is_first:
            place = {} if was_empty else {"spacing": "None"}
        yield _rich(runs, place)
        is_first, was_empty = False, False


def _rich(runs: list[Json], place: Json | None = None) -> Json:
    return {"type": "RichTextBlock", "inlines": list(_join(runs)), **(place or {})}


def _run(text: str, look: Json | None = None) -> Json:
    return {"type": "TextRun", "text": text, **(look or {})}


def _join(runs: Iterable[Json]) -> Iterator[Json]:
    """Runs of the same look as one, but for the halves of what must not stand together."""
    held: Json | None = None
    for run in runs:
        if (
            held is not None
            and {**held, "text": ""} == {**run, "text": ""}
            and not _MACRO.search(held["text"] + run["text"])
        ):
            held = {**held, "text": held["text"] + run["text"]}
            continue
        if held is not None:
            yield held
        held = run
    if held is not None:
        yield held


def _halves(text: str) -> list[str]:
    """The text, in pieces where a card would put a date in the place of `{{DATE(...)}}`."""
    return _MACRO.split(text)


def _visible(text: str) -> str:
    """The text, or what can be seen in the place of blanks."""
    return text if text.strip() else "…"


def _rows(actions: Iterable[Json]) -> Iterator[list[Json]]:
    """The buttons in rows that a narrow screen has room for: not all apps break a row."""
    row: list[Json] = []
    taken = 0
    for action in actions:
        width = len(action["title"]) + AROUND
        if row and taken + width > ROW:
            yield row
            row, taken = [], 0
        row.append(action)
        taken += width
    yield row


def _styled(action: Json, style: Style) -> Json:
    return {**action, "style": _STYLES[style]} if style in _STYLES else action


def _toggle(title: str, name: str, *, shown: bool) -> Json:
    return {
        "type": "Action.ToggleVisibility",
        "title": _visible(title),
        "targetElements": [{"elementId": name, "isVisible": shown}],
    }


def _question(confirm: Confirm, name: str, press: Json) -> Json:
    yes = {"title": _visible(confirm.yes)}
    press = {**press, **yes}
    if "fallback" in press:
        press["fallback"] = {**press["fallback"], **yes}
    return {
        "type": "Container",
        "id": name,
        "isVisible": False,
        "style": "emphasis",
        "items": [
            *_words([(confirm.title, BOLD)]),
            *_words([(confirm.text, {})]),
            {
                "type": "ActionSet",
                "actions": [press, _toggle(confirm.no, name, shown=False)],
            },
        ],
    }


def _options(options: Iterable[Option]) -> list[Json]:
    return [{"title": _visible(option.label), "value": option.value} for option in options]


# Words -----------------------------------------------------------------------------------


def _called(span: Span, wording: Wording) -> str:
    """Only our own sentences have code in them, and there it is commands: `literal` takes the
    backticks out of what people write. Plain words may be anybody's."""
    return wording.say(span.text) if span.code else wording.call(span.text)


def _codes(message: Message) -> frozenset[str]:
    return frozenset(
        span.text
        for part in message.parts
        if isinstance(part, Text | Note)
        for line in parse(part.text)
        for span in line.spans
        if span.code
    )


def _called_in(text: str, codes: frozenset[str], wording: Wording) -> str:
    """Words without marks, in which the commands are changed that stand as code in the card."""
    known = sorted((code for code in codes if "/" in code), key=lambda code: (-len(code), code))
    if not known:
        return wording.call(text)
    anyone = re.compile(f"(?<!\\w)({'|'.join(map(re.escape, known))})(?!\\w)")
    return wording.call(anyone.sub(lambda code: wording.quote(code[1]), text))


# Forms -----------------------------------------------------------------------------------


def render_form(
    form: Form,
    wording: Wording,
    hidden: str,
    *,
    in_chat: bool = False,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Json:
    """A form as the card of a dialog, whose title the dialog itself shows; `in_chat` as a card
    in the conversation, for where no dialog can open.

    `hidden` comes back with what was filled in. With `values`, by name of field, it is shown
    as somebody has filled it in, and `errors` stand at their fields. Where it is too long, its
    options are shortened; what was typed never is.
    """
    card: Json = {}
    for longest in _LABELS:
        shown = _shortened(form, longest)
        card = _form_card(shown, wording, hidden, in_chat, values, errors or {})
        if measure(card) <= MAX_BYTES:
            break
    return card


def _shortened(form: Form, longest: int) -> Form:
    """The form with options of at most so many letters."""
    if longest == _LABELS[0]:
        return form
    fields = []
    for entry in form.fields:
        kept = entry
        if isinstance(entry, ChoiceField):
            options = [
                option.model_copy(update={"label": shorten(option.label, longest)})
                for option in entry.options
            ]
            kept = entry.model_copy(update={"options": tuple(options)})
        fields.append(kept)
    return form.model_copy(update={"fields": tuple(fields)})


def _form_card(
    form: Form,
    wording: Wording,
    hidden: str,
    in_chat: bool,
    values: Mapping[str, str] | None,
    errors: Mapping[str, str],
) -> Json:
    body: list[Json] = list(_heading(form.title)) if in_chat else []
    body += _words([(form.intro or "", {})])
    if errors:
        body.append(_rich([_run(FORM_WRONG, BOLD | {"color": "Attention"})]))
    for entry in form.fields:
        given = None if values is None else values.get(entry.name, "")
        body += _field(entry, wording, given, errors.get(entry.name))
    # One that belongs to no field of this form must not get lost.
    names = {entry.name for entry in form.fields}
    for name, sentence in errors.items():
        if name not in names:
            body += _error(sentence, wording)
    data, title = write_form(hidden), _visible(form.submit)
    submit: Json = {"type": "Action.Submit", "title": title, "data": data}
    if in_chat:
        submit = {
            "type": "Action.Execute",
            "title": title,
            "verb": form.action,
            "data": data,
            "fallback": submit,
        }
    return _wrap(body, form.title) | {
        "msteams": {"width": "Full"},
        "actions": [_styled(submit, Style.PRIMARY)],
    }


def _field(
    entry: AnyField, wording: Wording, given: str | None, error: str | None
) -> Iterator[Json]:
    shown: Json = {
        **_input(entry, given),
        "id": name_field(entry.name),
        "label": _visible(entry.label),
        "spacing": "Medium",
    }
    if entry.required:
        shown["isRequired"] = True
    if entry.required or isinstance(entry, NumberField):
        shown["errorMessage"] = _wrong(entry)
    yield shown
    if entry.hint and entry.hint.strip():
        yield from _words([(wording.say(entry.hint), SMALL)], first={"spacing": "Small"})
    if error is not None:
        yield from _error(error, wording)


def _error(sentence: str, wording: Wording) -> Iterator[Json]:
    said = FIELD_WRONG.format(sentence=wording.say(sentence))
    return _words([(said, {"color": "Attention"})], first={"spacing": "Small"})


def _input(entry: AnyField, given: str | None) -> Json:
    """The input as the form has it, or with what was `given`."""
    match entry:
        case TextField(value=text, max_length=limit) | LongTextField(value=text, max_length=limit):
            element: Json = {"type": "Input.Text", "maxLength": limit}
            if isinstance(entry, LongTextField):
                element["isMultiline"] = True
            text = (text if given is None else given)[:limit]
            return {**element, "value": text} if text else element
        case ChoiceField(options=options, value=value):
            chosen = value if given is None else given
            element = {
                "type": "Input.ChoiceSet",
                "style": "compact",
                "placeholder": CHOOSE,
                "choices": _options(options),
            }
            is_known = chosen in {option.value for option in options}
            return {**element, "value": chosen} if is_known else element
        case PeopleField(value=value):
            person = value if given is None else given
            element = {
                "type": "Input.ChoiceSet",
                "style": "filtered",
                "choices": [],
                "choices.data": {"type": "Data.Query", "dataset": PEOPLE},
            }
            return {**element, "value": person} if person and _GUID.fullmatch(person) else element
        case DateField(value=value):
            day = value if given is None else given
            element = {"type": "Input.Date"}
            return {**element, "value": day} if day and _is_day(day) else element
        case NumberField():
            return _number(entry, given)
        case _:
            assert_never(entry)


def _number(entry: NumberField, given: str | None) -> Json:
    element: Json = {"type": "Input.Number"}
    least, most = _range(entry)
    if least is not None:
        element["min"] = _plain_number(least)
    if most is not None:
        element["max"] = _plain_number(most)
    number = entry.value if given is None else _read_number(given)
    if (
        number is not None
        and isfinite(number)
        and (least is None or least <= number)
        and (most is None or number <= most)
    ):
        element["value"] = _plain_number(number)
    return element


def _range(entry: NumberField) -> tuple[float | None, float | None]:
    """The least and the most; neither where they leave nothing."""
    least, most = (
        each if each is not None and isfinite(each) else None
        for each in (entry.minimum, entry.maximum)
    )
    if least is not None and most is not None and least > most:
        return None, None
    return least, most


def _read_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _plain_number(number: float) -> float | int:
    return int(number) if number == int(number) else number


def _wrong(entry: AnyField) -> str:
    """What Teams itself says under a field that cannot be sent so."""
    match entry:
        case TextField() | LongTextField():
            return FILL_IN
        case ChoiceField():
            return PICK_ONE
        case PeopleField():
            return PICK_PERSON
        case DateField():
            return PICK_DAY
        case NumberField():
            least, most = _range(entry)
            if least is not None and most is not None:
                return GIVE_NUMBER_BETWEEN.format(least=digits(least), most=digits(most))
            if least is not None:
                return GIVE_NUMBER_FROM.format(least=digits(least))
            return GIVE_NUMBER if most is None else GIVE_NUMBER_TO.format(most=digits(most))
        case _:
            assert_never(entry)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
