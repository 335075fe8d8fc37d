"""The HTML of messages and forms, whole."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.playground.render import render_form, render_message, render_text, render_words
from bot.form import (
    ChoiceField,
    DateField,
    Form,
    LongTextField,
    NumberField,
    PeopleField,
    TextField,
)
from bot.ids import PersonId, WorkspaceId
from bot.message import (
    Button,
    Buttons,
    Choice,
    Confirm,
    Divider,
    Fact,
    Facts,
    Heading,
    Image,
    Message,
    Note,
    Option,
    Progress,
    Quote,
    Style,
    Text,
    Tone,
    literal,
)
from bot.people import Person
from tests.adapters.playground_harness import Page


def html_of(*parts: object, tone: Tone = Tone.NEUTRAL) -> str:
    message = Message.model_validate({"summary": "x", "parts": parts, "tone": tone})
    html = str(render_message(message, 7))
    start = f'<div class="card tone-{tone}">'
    assert html.startswith(start)
    assert html.endswith("</div>")
    return html.removeprefix(start).removesuffix("</div>")


def test_text_is_paragraphs_and_lists() -> None:
    source = "One **two**\n*three* `4`\n- a\n- [b](https://e.org/?x=1&y=2)\n\n[Bo](person:u1)"
    assert html_of(Text(text=source)) == (
        '<div class="text"><p dir="auto">One <strong>two</strong>\n'
        "<em>three</em> <code>4</code></p>"
        '<ul><li dir="auto">a</li><li dir="auto"><a href="https://e.org/?x=1&amp;y=2" '
        'target="_blank" rel="noopener noreferrer">b</a></li></ul>'
        '<p dir="auto">\n<bdi class="mention" data-person="u1">Bo</bdi></p></div>'
    )


def test_channel_is_shown_like_a_person() -> None:
    assert html_of(Text(text="in [#t](channel:#t)")) == (
        '<div class="text"><p dir="auto">in <bdi class="mention">#t</bdi></p></div>'
    )


def test_heading_note_and_divider() -> None:
    assert html_of(Heading(text="<T>"), Divider(), Note(text="*n*")) == (
        '<h3 dir="auto">&lt;T&gt;</h3><hr><div class="note"><p dir="auto"><em>n</em></p></div>'
    )


def test_facts_are_a_description_list() -> None:
    assert html_of(Facts(facts=(Fact(label="Due", value="<now>"),))) == (
        '<dl><div><dt>Due</dt><dd dir="auto">&lt;now&gt;</dd></div></dl>'
    )


def test_quote_names_who_said_it() -> None:
    assert html_of(Quote(text="a\n<b>", by="Ana")) == (
        '<figure class="quote"><blockquote dir="auto">a\n&lt;b&gt;</blockquote>'
        "<figcaption><bdi>Ana</bdi></figcaption></figure>"
    )


def test_image_has_its_words_and_tells_nobody_who_looks() -> None:
    assert html_of(Image(url="https://e.org/i.png", alt='A "map"')) == (
        '<img src="https://e.org/i.png" alt="A &#34;map&#34;" loading="lazy" '
        'referrerpolicy="no-referrer">'
    )


def test_progress_is_said_in_numbers_too() -> None:
    assert html_of(Progress(label="Done", done=3, total=10)) == (
        '<p class="progress"><span dir="auto">Done</span> <span class="count">3 of 10</span>'
        '<progress max="10" value="3" aria-label="Done"></progress></p>'
    )


def test_buttons_are_buttons_numbered_through_the_message() -> None:
    first = Button(label="Yes", action="card.yes", style=Style.PRIMARY, args={"secret": 1})
    second = Button(
        label="No",
        action="card.no",
        style=Style.DANGER,
        confirm=Confirm(title="Sure?", text='It "goes"', yes="Go", no="Stay"),
    )
    assert html_of(Buttons(buttons=(first,)), Buttons(buttons=(second,))) == (
        '<div class="buttons"><button type="button" class="button primary" '
        'data-action="card.yes" data-index="0">Yes</button></div>'
        '<div class="buttons"><button type="button" class="button danger" '
        'data-action="card.no" data-index="1" data-confirm-title="Sure?" '
        'data-confirm-text="It &#34;goes&#34;" data-confirm-yes="Go" data-confirm-no="Stay">'
        "No</button></div>"
    )


def test_choice_is_a_labelled_select() -> None:
    choice = Choice(
        label="Who?", action="card.pass", options=(Option(label="<Kim>", value='"p1"'),)
    )
    assert html_of(choice) == (
        '<div class="choice"><label for="choice-7-0">Who?</label>'
        '<span><select id="choice-7-0"><option value="&#34;p1&#34;">&lt;Kim&gt;</option></select> '
        '<button type="button" class="button" data-action="card.pass" data-index="0" '
        'data-choice="choice-7-0">Choose</button></span></div>'
    )


def test_tone_is_a_word_and_not_a_colour_alone() -> None:
    words = {tone: Page(html_of(Divider(), tone=tone)).text for tone in Tone}
    assert words[Tone.NEUTRAL].strip() == ""
    assert len(set(words.values())) == len(Tone)
    for tone in (Tone.GOOD, Tone.WARNING, Tone.BAD):
        assert any(character.isalpha() for character in words[tone])


def test_form_has_a_labelled_control_for_each_field() -> None:
    form = Form(
        title="Form",
        intro="<i>",
        fields=(
            TextField(name="word", label="W", hint="H", required=True, value='"v"', max_length=9),
            LongTextField(name="story", label="S", value="\n<s>", max_length=99),
            ChoiceField(
                name="size", label="Z", options=(Option(label="Big", value="b"),), value="b"
            ),
            PeopleField(name="who", label="P"),
            DateField(name="day", label="D", value="2026-03-02"),
            NumberField(name="count", label="N", minimum=0, maximum=2.5, value=1),
        ),
        action="form.fill",
    )
    people = [Person(PersonId("p1"), WorkspaceId("w"), address="kim", name="<Kim>")]

    def field(name: str, label: str, control: str, hint: str = "") -> str:
        optional = "" if name == "word" else ' <span class="optional">optional</span>'
        return (
            f'<div class="field"><label for="field-{name}">{label}{optional}</label>{hint}'
            f'{control}<p class="error" id="field-{name}-error" hidden></p></div>'
        )

    def common(name: str) -> str:
        return f'id="field-{name}" name="{name}" aria-describedby="field-{name}-error"'

    nothing = '<option value="">Choose…</option>'
    assert str(render_form(form, people)) == (
        '<p class="intro" dir="auto">&lt;i&gt;</p>'
        + field(
            "word",
            "W",
            '<input type="text" id="field-word" name="word" '
            'aria-describedby="field-word-hint field-word-error" required maxlength="9" '
            'value="&#34;v&#34;" dir="auto">',
            '<p class="hint" id="field-word-hint">H</p>',
        )
        + field(
            "story",
            "S",
            f'<textarea {common("story")} maxlength="99" rows="4" dir="auto">\n'
            "\n&lt;s&gt;</textarea>",
        )
        + field(
            "size",
            "Z",
            f'<select {common("size")}>{nothing}<option value="b" selected>Big</option></select>',
        )
        + field(
            "who",
            "P",
            f'<select {common("who")}>{nothing}<option value="kim">&lt;Kim&gt;</option></select>',
        )
        + field("day", "D", f'<input type="date" {common("day")} value="2026-03-02">')
        + field(
            "count",
            "N",
            f'<input type="number" step="any" {common("count")} min="0" max="2.5" value="1">',
        )
    )


ANYTHING = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"))


@given(ANYTHING)
def test_words_of_people_stay_words(text: str) -> None:
    page = Page(str(render_words(text)))
    assert page.text == text + "\n"


@given(ANYTHING)
def test_literal_text_stays_text(text: str) -> None:
    page = Page(str(render_text(literal(text))))
    assert "".join(page.text.split()) == "".join(text.split())
    assert (page.links, page.mentions, page.controls) == ([], [], [])
