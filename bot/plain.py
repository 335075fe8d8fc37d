"""Messages and forms as readable text: for logs of a talk, tests, readers without rich text.

Everything a message says is in its text, nothing is left to layout. Characters that
people wrote come out as they wrote them.
"""

from typing import assert_never

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
from bot.markup import BULLET, Line, Span, parse
from bot.message import (
    Button,
    Buttons,
    Choice,
    Divider,
    Facts,
    Heading,
    Image,
    Message,
    Note,
    Part,
    Progress,
    Quote,
    Text,
)

RULE = "----"


def render_plain(message: Message) -> str:
    """Every part of the message in order, with an empty line between parts.

    Buttons and options are in brackets, a quote has `> ` before each of its lines, an
    image is its alternative text and address, a link is followed by its address.
    """
    return "\n\n".join(_part(part) for part in message.parts)


def render_plain_form(form: Form) -> str:
    """The form's title, its fields with what stands in them, and its button."""
    blocks = [form.title, *([form.intro] if form.intro else [])]
    blocks += [_field(field) for field in form.fields]
    return "\n\n".join([*blocks, f"[{form.submit}]"])


def render_plain_text(text: str) -> str:
    """A text in the markdown subset without its marks."""
    return "\n".join(_line(line) for line in parse(text))


def _part(part: Part) -> str:
    match part:
        case Heading(text=text):
            return text
        case Text(text=text) | Note(text=text):
            return render_plain_text(text)
        case Facts(facts=facts):
            return "\n".join(f"{fact.label}: {fact.value}" for fact in facts)
        case Quote(text=text, by=by):
            return "\n".join([*(f"> {line}" for line in text.split("\n")), *_by(by)])
        case Image(url=url, alt=alt):
            return f"[Image: {alt}] {url}"
        case Divider():
            return RULE
        case Progress(label=label, done=done, total=total):
            return f"{label}: {done} of {total}"
        case Buttons(buttons=buttons):
            return "\n".join(_button(button) for button in buttons)
        case Choice(label=label, options=options):
            return "\n".join([f"{label}:", *(f"[{option.label}]" for option in options)])
        case _:
            assert_never(part)


def _by(name: str | None) -> list[str]:
    return [f"— {name}"] if name else []


def _button(button: Button) -> str:
    return f"[{button.label}]"


def _line(line: Line) -> str:
    return (BULLET if line.bullet else "") + "".join(_span(span) for span in line.spans)


def _span(span: Span) -> str:
    if span.link is None or span.link == span.text:
        return span.text
    return f"{span.text} ({span.link})"


def _field(field: AnyField) -> str:
    must = " (required)" if field.required else ""
    hint = f"\n{field.hint}" if field.hint else ""
    return f"{field.label}{must}: {_value(field)}".rstrip() + hint


def _value(field: AnyField) -> str:
    match field:
        case TextField(value=text) | LongTextField(value=text):
            return text
        case ChoiceField(options=options, value=chosen):
            return " / ".join(
                f"({option.label})" if option.value == chosen else option.label
                for option in options
            )
        case PeopleField(value=person):
            return person or ""
        case DateField(value=day):
            return day or ""
        case NumberField(value=number):
            return "" if number is None else f"{number:g}"
        case _:
            assert_never(field)
