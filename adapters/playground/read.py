"""What people do on the page, read into the core's words. Pure functions of values."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import JsonValue

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
from bot.inbound import Ordered, Said
from bot.mention import cut_mentions
from bot.message import Args, Button, Buttons, Choice, Confirm, Message, Option, Style
from bot.people import Person

HANDLE = "@inflow"
MARKS = {"accept": "Mark as the answer"}
"""What can be put on a message, by the core's name for it: elsewhere a reaction."""

_COMMAND = re.compile(r"/(\S*)\s*(.*)", re.DOTALL)
_MENTION = re.compile(rf"(?<![\w@]){HANDLE}(?![\w-])", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_words(text: str, message: str) -> Said | Ordered:
    """A command where the words begin with a slash, else plain words.

    The bot's handle, anywhere in the words, makes them a mention.
    `message` is the address of the message that holds the words.
    """
    words = text.strip()
    command = _COMMAND.fullmatch(words)
    if command:
        return Ordered(name=command[1] or "help", text=command[2])
    pieces = _MENTION.split(words)
    if len(pieces) == 1:
        return Said(text=words, message=message)
    bare, addressed = cut_mentions(pieces)
    return Said(text=bare, mentioned=True, addressed=addressed, message=message)


def clean(value: JsonValue) -> JsonValue:
    """The value without NUL characters and halves of surrogate pairs, which no store keeps."""
    match value:
        case str():
            return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value.replace("\0", ""))
        case list():
            return [clean(entry) for entry in value]
        case dict():
            return {str(clean(name)): clean(entry) for name, entry in value.items()}
        case _:
            return value


@dataclass(frozen=True, slots=True)
class Control:
    """Something in a message that can be pressed; a choice when it has `options`."""

    label: str
    action: str
    args: Args
    style: Style = Style.DEFAULT
    confirm: Confirm | None = None
    options: tuple[Option, ...] = ()


def find_controls(message: Message) -> Iterator[Control]:
    """All buttons and choices of a message in the order in which they stand."""
    for part in message.parts:
        if isinstance(part, Buttons):
            yield from map(_control, part.buttons)
        elif isinstance(part, Choice):
            yield Control(part.label, part.action, part.args, options=part.options)


def name_controls(message: Message) -> list[tuple[str, Control]]:
    """Each control with a name that no other one of the message has: its action, followed by
    `#` and its place where the action was there before (`question.solved#4`)."""
    named: dict[str, Control] = {}
    for place, control in enumerate(find_controls(message)):
        name = f"{control.action}#{place}" if control.action in named else control.action
        named[name] = control
    return list(named.items())


def _control(button: Button) -> Control:
    return Control(button.label, button.action, button.args, button.style, button.confirm)


def find_pressed(
    message: Message,
    action: str,
    *,
    args: Args | None = None,
    index: int | None = None,
    choice: str | None = None,
) -> tuple[str, Args] | None:
    """The action and the stored args of what was pressed; None when it is not there any more.

    `action` is a name (see `name_controls`), an action or a label, in any case. Where
    several controls answer to it, `index` (among all controls of the message) or `args`
    (some of the stored ones) picks, else the first is taken. `choice` is the value or label
    of an option.
    """
    wanted = action.strip().casefold()
    numbered = [
        (number, control)
        for number, (name, control) in enumerate(name_controls(message))
        if wanted in {name.casefold(), control.action.casefold(), control.label.strip().casefold()}
    ]
    if len(numbered) > 1 and index is not None:
        numbered = [(number, control) for number, control in numbered if number == index]
    elif len(numbered) > 1 and args:
        numbered = [
            (number, control)
            for number, control in numbered
            if args.items() <= control.args.items()
        ]
    for _, control in numbered:
        if not control.options:
            return control.action, control.args
        chosen = _option(control.options, choice or str((args or {}).get("choice", "")))
        if chosen is not None:
            return control.action, {**control.args, "choice": chosen}
    return None


def _option(options: tuple[Option, ...], choice: str) -> str | None:
    for option in options:
        if choice == option.value or choice.strip().casefold() == option.label.casefold():
            return option.value
    return None


def find_person(people: Mapping[str, Person], name: str) -> Person | None:
    """A person by id, address or name, in any case; `@kim` is `kim`."""
    if name in people:
        return people[name]
    wanted = name.strip().removeprefix("@").casefold()
    for person in people.values():
        if wanted in {person.id.casefold(), person.address.casefold(), person.name.casefold()}:
            return person
    return None


def check_values(
    form: Form, values: Mapping[str, JsonValue], people: Mapping[str, Person]
) -> tuple[dict[str, str], dict[str, str]]:
    """The values as the core wants them, and what is wrong with them, by field name.

    Every field has a value, an empty one where nothing was given. This is what a
    platform's own dialog would have held the person to.
    """
    given: dict[str, str] = {}
    errors: dict[str, str] = {}
    for field in form.fields:
        text = _text(values.get(field.name))
        given[field.name] = text
        if not text.strip():
            if field.required:
                errors[field.name] = "Please fill this in."
            continue
        said = _read_value(field, text, people)
        if isinstance(said, _Wrong):
            errors[field.name] = said.sentence
        else:
            given[field.name] = said
    unknown = values.keys() - {field.name for field in form.fields}
    errors.update((name, "This form has no such field.") for name in sorted(unknown))
    return given, errors


@dataclass(frozen=True, slots=True)
class _Wrong:
    sentence: str


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | list | dict):
        return str(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _read_value(field: AnyField, text: str, people: Mapping[str, Person]) -> str | _Wrong:
    match field:
        case TextField(max_length=limit) | LongTextField(max_length=limit):
            if len(text) > limit:
                return _Wrong(f"This is {len(text):,} characters long. {limit:,} is the most.")
            return text
        case ChoiceField(options=options):
            return _option(options, text) or _Wrong("Please choose one of the options.")
        case PeopleField():
            person = find_person(people, text)
            return person.address if person else _Wrong("I do not know this person.")
        case DateField():
            try:
                return date.fromisoformat(text.strip()).isoformat()
            except ValueError:
                return _Wrong("Please give a date as year-month-day, for example 2026-03-02.")
        case NumberField(minimum=minimum, maximum=maximum):
            return _read_number(text, minimum, maximum)


def _read_number(text: str, minimum: float | None, maximum: float | None) -> str | _Wrong:
    try:
        number = float(text)
    except ValueError:
        return _Wrong("Please give a number.")
    # Written so that "nan", which compares with nothing, is refused as well.
    if not (float("-inf") < number < float("inf")):
        return _Wrong("Please give a number.")
    if minimum is not None and number < minimum:
        return _Wrong(f"Please give at least {minimum:g}.")
    if maximum is not None and number > maximum:
        return _Wrong(f"Please give at most {maximum:g}.")
    return text.strip()
