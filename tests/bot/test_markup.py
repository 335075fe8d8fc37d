"""The markdown subset, and the promise that a person's words never turn into marks."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.markup import Line, Span, parse, text_of
from bot.message import literal, mention, mention_channel


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("plain", Line((Span("plain"),))),
        ("", Line(())),
        ("**a** b", Line((Span("a", strong=True), Span(" b")))),
        ("*a*", Line((Span("a", emphasis=True),))),
        ("***a***", Line((Span("a", strong=True, emphasis=True),))),
        ("**a *b* c**", Line((
            Span("a ", strong=True), Span("b", strong=True, emphasis=True), Span(" c", strong=True),
        ))),
        ("`a *b*`", Line((Span("a *b*", code=True),))),
        ("- a", Line((Span("a"),), bullet=True)),
        ("  - a", Line((Span("  - a"),))),
        ("[a](https://e.org/x?y=1&z)", Line((Span("a", link="https://e.org/x?y=1&z"),))),
        ("[a](https://e.org/b_(c))", Line((Span("a", link="https://e.org/b_(c)"),))),
        ("[**a**](https://e.org)", Line((Span("a", strong=True, link="https://e.org"),))),
        ("[Bo](person:u-1)", Line((Span("Bo", person="u-1"),))),
        ("[#a b](channel:C1)", Line((Span("#a b", channel="C1"),))),
        ("[x](channel:#a-b)", Line((Span("x", channel="#a-b"),))),
    ],
)  # fmt: skip
def test_subset_is_read(source: str, line: Line) -> None:
    assert parse(source) == (line,)


@pytest.mark.parametrize(
    "source",
    [
        "[a](http://e.org)",
        "[a](javascript:alert(1))",
        "[a](HTTPS://e.org)",
        "[a](data:text/html,x)",
        "[a]()",
        "[a](<>)",
        '[a](https://e.org "title")',
        "[a](https://e.org/<b>)",
        "[a][b]",
        "[a](person:)",
        "[a](person:<!channel>)",
        "[a](channel:)",
        "[a](channel:C1|x)",
        "[a](channel:<!here>)",
        "![a](http://e.org/i.png)",
        "<b>a</b>",
        "<https://e.org>",
        "https://e.org",
        "&lt;&#65;",
        "__a__ _b_ __init__",
        "# a",
        "> a",
        "1. a",
        "~~a~~",
        "| a | b |",
        "**a",
        "a\tb  ",
        "\\",
        "a\\b",
    ],
)
def test_everything_else_is_literal(source: str) -> None:
    assert parse(source) == (Line((Span(source),)),)


def test_each_line_break_begins_a_line_and_ends_all_marks() -> None:
    assert parse("**a\nb**\n\n- c\n") == (
        Line((Span("**a"),)),
        Line((Span("b**"),)),
        Line(()),
        Line((Span("c"),), bullet=True),
        Line(()),
    )


MARKS = st.text(alphabet="ab *_`[]()<>\\-#&;!~|:/\n\t.\0@1é\u202e\U0001f600")
WORDS = st.one_of(st.text(), MARKS)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@given(WORDS)
@example("- a")
@example("\\")
@example("  two spaces  \n  and more")
@example("[a](person:u1) **x** `y` &amp; <!channel>")
@example("\0\x0b\x0c\u2028\x85")
def test_literal_reads_as_the_very_text(text: str) -> None:
    assert parse(literal(text)) == tuple(
        Line((Span(line),) if line else ()) for line in _lines(text)
    )


@given(WORDS)
def test_literal_stays_literal_between_our_own_words(text: str) -> None:
    for line in parse(f"Asked: {literal(text)}"):
        assert all(span == Span(span.text) for span in line.spans)
        assert not line.bullet


@given(WORDS.filter(lambda text: text.strip() != "" and "\n" not in text and "\r" not in text))
def test_name_stays_a_name_in_a_mention(name: str) -> None:
    assert parse(mention(name, "u1")) == (Line((Span(name, person="u1"),)),)


@given(MARKS)
def test_no_source_loses_characters_that_are_not_marks(source: str) -> None:
    read = "\n".join(text_of(line) for line in parse(source))
    for character in "ab.@1é\u202e\U0001f600\n":
        assert read.count(character) == source.count(character)
    if not set(source) & set("*`[\\\n\r"):
        assert read == source


@pytest.mark.parametrize(
    ("address", "name", "span"),
    [
        ("C024BE91L", "#tr[a]vel", Span("#tr[a]vel", channel="C024BE91L")),
        ("C024BE91L", "", Span("the channel", channel="C024BE91L")),
        ("#travel", "", Span("#travel", channel="#travel")),
        ("#tra)vel", "", Span("#tra)vel")),
        ("x y", "", Span("the channel")),
        ("", "", Span("the channel")),
    ],
)
def test_channel_is_called_by_a_name_and_never_by_its_id(
    address: str, name: str, span: Span
) -> None:
    assert parse(mention_channel(address, name)) == (Line((span,)),)
