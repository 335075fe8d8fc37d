"""Messages, forms and people's words as HTML. Pure functions of values.

`Markup.format` escapes whatever is not `Markup` itself: this is the one place where
text becomes HTML. Numbers after `id` keep the ids of one page apart.
"""

from collections.abc import Iterable
from typing import assert_never

from markupsafe import Markup

from adapters.playground.read import Control, find_controls
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
from bot.markup import Line, Span, parse
from bot.message import (
    Buttons,
    Choice,
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
)
from bot.people import Person

_TONES = {
    Tone.GOOD: ("✓", "Done"),
    Tone.WARNING: ("!", "Please note"),
    Tone.BAD: ("×", "Problem"),
}

_NOTHING = Markup("")


def render_words(text: str) -> Markup:
    """What a person wrote, literally."""
    return Markup('<p class="words" dir="auto">{}</p>').format(text)


def render_message(message: Message, number: int) -> Markup:
    """A message of the bot. `number` is unique on the page."""
    controls = list(enumerate(find_controls(message)))
    parts: list[Markup] = []
    for part in message.parts:
        mine = controls[: _controls_of(part)]
        del controls[: len(mine)]
        parts.append(_part(part, number, mine))
    return Markup('<div class="card tone-{}">{}{}</div>').format(
        message.tone.value, _tone(message.tone), _NOTHING.join(parts)
    )


def _controls_of(part: Part) -> int:
    if isinstance(part, Buttons):
        return len(part.buttons)
    return 1 if isinstance(part, Choice) else 0


def _tone(tone: Tone) -> Markup:
    if tone is Tone.NEUTRAL:
        return _NOTHING
    icon, word = _TONES[tone]
    return Markup('<p class="tone"><span class="icon" aria-hidden="true">{}</span> {}</p>').format(
        icon, word
    )


def _part(part: Part, number: int, controls: list[tuple[int, Control]]) -> Markup:
    match part:
        case Heading(text=text):
            return Markup('<h3 dir="auto">{}</h3>').format(text)
        case Text(text=text):
            return Markup('<div class="text">{}</div>').format(render_text(text))
        case Note(text=text):
            return Markup('<div class="note">{}</div>').format(render_text(text))
        case Facts(facts=facts):
            rows = _NOTHING.join(
                Markup('<div><dt>{}</dt><dd dir="auto">{}</dd></div>').format(
                    fact.label, fact.value
                )
                for fact in facts
            )
            return Markup("<dl>{}</dl>").format(rows)
        case Quote(text=text, by=by):
            name = Markup("<figcaption><bdi>{}</bdi></figcaption>").format(by) if by else _NOTHING
            return Markup(
                '<figure class="quote"><blockquote dir="auto">{}</blockquote>{}</figure>'
            ).format(text, name)
        case Image(url=url, alt=alt):
            return Markup(
                '<img src="{}" alt="{}" loading="lazy" referrerpolicy="no-referrer">'
            ).format(url, alt)
        case Divider():
            return Markup("<hr>")
        case Progress(label=label, done=done, total=total):
            return Markup(
                '<p class="progress"><span dir="auto">{}</span> <span class="count">{} of {}</span>'
                '<progress max="{}" value="{}" aria-label="{}"></progress></p>'
            ).format(label, done, total, total, done, label)
        case Buttons():
            buttons = _NOTHING.join(_button(index, control) for index, control in controls)
            return Markup('<div class="buttons">{}</div>').format(buttons)
        case Choice():
            return _NOTHING.join(_choice(index, control, number) for index, control in controls)
        case _:
            assert_never(part)


def _button(index: int, control: Control) -> Markup:
    confirm = _NOTHING
    if control.confirm is not None:
        confirm = Markup(
            ' data-confirm-title="{}" data-confirm-text="{}" data-confirm-yes="{}"'
            ' data-confirm-no="{}"'
        ).format(
            control.confirm.title, control.confirm.text, control.confirm.yes, control.confirm.no
        )
    look = "" if control.style is Style.DEFAULT else f" {control.style.value}"
    return Markup(
        '<button type="button" class="button{}" data-action="{}" data-index="{}"{}>{}</button>'
    ).format(look, control.action, index, confirm, control.label)


def _choice(index: int, control: Control, number: int) -> Markup:
    name = f"choice-{number}-{index}"
    return Markup(
        '<div class="choice"><label for="{}">{}</label>'
        '<span><select id="{}">{}</select> '
        '<button type="button" class="button" data-action="{}" data-index="{}"'
        ' data-choice="{}">Choose</button></span></div>'
    ).format(
        name, control.label, name, _options(control.options, None), control.action, index, name
    )


def _options(options: Iterable[Option], chosen: str | None) -> Markup:
    return _NOTHING.join(
        Markup('<option value="{}"{}>{}</option>').format(
            option.value, Markup(" selected") if option.value == chosen else "", option.label
        )
        for option in options
    )


def render_text(text: str) -> Markup:
    """A text in the markdown subset: paragraphs and lists."""
    blocks: list[Markup] = []
    lines = list(parse(text))
    while lines:
        bullets = _take(lines, bullet=True)
        if bullets:
            items = _NOTHING.join(
                Markup('<li dir="auto">{}</li>').format(_spans(line)) for line in bullets
            )
            blocks.append(Markup("<ul>{}</ul>").format(items))
        paragraph = _take(lines, bullet=False)
        if any(line.spans for line in paragraph):
            words = Markup("\n").join(_spans(line) for line in paragraph)
            blocks.append(Markup('<p dir="auto">{}</p>').format(words))
    return _NOTHING.join(blocks)


def _take(lines: list[Line], *, bullet: bool) -> list[Line]:
    count = next((n for n, line in enumerate(lines) if line.bullet is not bullet), len(lines))
    taken = lines[:count]
    del lines[:count]
    return taken


def _spans(line: Line) -> Markup:
    return _NOTHING.join(_span(span) for span in line.spans)


def _span(span: Span) -> Markup:
    html = Markup("{}").format(span.text)
    if span.code:
        html = Markup("<code>{}</code>").format(html)
    if span.emphasis:
        html = Markup("<em>{}</em>").format(html)
    if span.strong:
        html = Markup("<strong>{}</strong>").format(html)
    if span.link is not None:
        html = Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(
            span.link, html
        )
    if span.person is not None:
        html = Markup('<bdi class="mention" data-person="{}">{}</bdi>').format(span.person, html)
    if span.channel is not None:
        html = Markup('<bdi class="mention">{}</bdi>').format(html)
    return html


def render_form(form: Form, people: Iterable[Person]) -> Markup:
    """The inside of a dialog: intro and fields. The page adds title, errors and buttons."""
    everybody = [Option(label=person.name[:75], value=person.address) for person in people]
    intro = Markup('<p class="intro" dir="auto">{}</p>').format(form.intro) if form.intro else ""
    fields = _NOTHING.join(_field(field, everybody) for field in form.fields)
    return Markup("{}{}").format(intro, fields)


def _field(field: AnyField, everybody: list[Option]) -> Markup:
    name = f"field-{field.name}"
    hint = (
        Markup('<p class="hint" id="{}-hint">{}</p>').format(name, field.hint)
        if field.hint
        else _NOTHING
    )
    optional = _NOTHING if field.required else Markup(' <span class="optional">optional</span>')
    common = Markup(' id="{}" name="{}" aria-describedby="{}{}-error"{}').format(
        name,
        field.name,
        f"{name}-hint " if field.hint else "",
        name,
        Markup(" required") if field.required else "",
    )
    return Markup(
        '<div class="field"><label for="{}">{}{}</label>{}{}'
        '<p class="error" id="{}-error" hidden></p></div>'
    ).format(name, field.label, optional, hint, _control(field, common, everybody), name)


def _control(field: AnyField, common: Markup, everybody: list[Option]) -> Markup:
    match field:
        case TextField(value=text, max_length=limit):
            return Markup('<input type="text"{} maxlength="{}" value="{}" dir="auto">').format(
                common, limit, text
            )
        case LongTextField(value=text, max_length=limit):
            # A parser drops the first line break after the tag, so there is one to drop.
            return Markup('<textarea{} maxlength="{}" rows="4" dir="auto">\n{}</textarea>').format(
                common, limit, text
            )
        case ChoiceField(options=options, value=chosen):
            return _select(common, options, chosen)
        case PeopleField(value=person):
            return _select(common, everybody, person)
        case DateField(value=day):
            return Markup('<input type="date"{} value="{}">').format(common, day or "")
        case NumberField(value=number, minimum=minimum, maximum=maximum):
            limits = _NOTHING.join(
                Markup(' {}="{}"').format(name, f"{limit:g}")
                for name, limit in (("min", minimum), ("max", maximum))
                if limit is not None
            )
            shown = "" if number is None else f"{number:g}"
            return Markup('<input type="number" step="any"{}{} value="{}">').format(
                common, limits, shown
            )
        case _:
            assert_never(field)


def _select(common: Markup, options: Iterable[Option], chosen: str | None) -> Markup:
    nothing = Markup('<option value="">Choose…</option>')
    return Markup("<select{}>{}{}</select>").format(common, nothing, _options(options, chosen))
