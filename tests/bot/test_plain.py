"""The plain text of every part and field."""

from hypothesis import given
from hypothesis import strategies as st

from bot.form import (
    ChoiceField,
    DateField,
    Form,
    LongTextField,
    NumberField,
    PeopleField,
    TextField,
)
from bot.message import (
    Button,
    Buttons,
    Choice,
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
    Text,
    literal,
    mention,
)
from bot.plain import render_plain, render_plain_form

EVERY_PART = Message(
    summary="All of it",
    parts=(
        Heading(text="*Title*"),
        Text(text=f"**Hello** {mention('Bo', 'u1')}\n- see [the page](https://e.org/p)\n- `x`"),
        Text(text="[https://e.org](https://e.org)"),
        Facts(facts=(Fact(label="Due", value="*today*"), Fact(label="Who", value="you"))),
        Quote(text="first\n\n> second", by="Ana"),
        Quote(text="nobody"),
        Image(url="https://e.org/i.png", alt="A map"),
        Divider(),
        Progress(label="Answered", done=3, total=10),
        Buttons(
            buttons=(
                Button(label="Solves it", action="answer.solve"),
                Button(label="No", action="answer.no"),
            )
        ),
        Choice(
            label="How far?",
            action="answer.rate",
            options=(Option(label="Far", value="2"), Option(label="Near", value="1")),
        ),
        Note(text="Only *you* see this."),
    ),
)

EVERY_PART_PLAIN = """\
*Title*

Hello Bo
- see the page (https://e.org/p)
- x

https://e.org

Due: *today*
Who: you

> first
>\x20
> > second
— Ana

> nobody

[Image: A map] https://e.org/i.png

----

Answered: 3 of 10

[Solves it]
[No]

How far?:
[Far]
[Near]

Only you see this."""


def test_every_part_has_its_words() -> None:
    assert render_plain(EVERY_PART) == EVERY_PART_PLAIN


def test_every_field_has_its_words() -> None:
    form = Form(
        title="Ask",
        intro="Three lines help.",
        fields=(
            TextField(name="goal", label="Goal", required=True, hint="In a few words."),
            LongTextField(name="tried", label="Tried", value="this\nthat"),
            ChoiceField(
                name="urgency",
                label="When",
                options=(Option(label="Now", value="now"), Option(label="Later", value="later")),
                value="later",
            ),
            PeopleField(name="who", label="Who", value="u1"),
            DateField(name="day", label="Day", value="2026-03-02"),
            NumberField(name="count", label="How many", value=3),
        ),
        submit="Ask",
        action="question.ask",
    )
    assert render_plain_form(form) == (
        "Ask\n\nThree lines help.\n\nGoal (required):\nIn a few words.\n\nTried: this\nthat\n\n"
        "When: Now / (Later)\n\nWho: u1\n\nDay: 2026-03-02\n\nHow many: 3\n\n[Ask]"
    )


@given(st.text(min_size=1, max_size=500))
def test_what_people_wrote_comes_out_as_they_wrote_it(text: str) -> None:
    message = Message(summary="x", parts=(Text(text=literal(text) or "x"), Quote(text=text)))
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    quoted = "\n".join("> " + line for line in text.split("\n"))
    assert render_plain(message) == f"{lines}\n\n{quoted}"
