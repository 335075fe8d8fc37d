"""Messages hold their own limits, and `say` sums up without marks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.markup import parse, text_of
from bot.message import (
    Button,
    Buttons,
    Heading,
    Image,
    Message,
    Note,
    Option,
    Progress,
    Quote,
    Text,
    bare_commands,
    fit,
    json_of,
    literal,
    mention,
    say,
    shorten,
    show_commands,
)


def test_summary_is_the_text_without_marks() -> None:
    bullet = f"- {literal('- a_b')}"
    text = f"**Done**, {mention('Bo *B*', 'u1')}: see [it](https://e.org) and `x`.\n{bullet}"
    assert say(text).summary == "Done, Bo *B*: see it and x.\n- - a_b"


@given(st.text(min_size=1, max_size=140).filter(lambda text: text.strip() != ""))
def test_summary_of_what_a_person_wrote_is_what_they_wrote(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    assert say(literal(text)).summary == lines.strip()


def test_long_text_has_a_short_summary() -> None:
    message = say("word " * 500)
    assert len(message.summary) <= 300
    assert message.summary.endswith("word…")


def test_message_survives_storage() -> None:
    message = say("Hello", Quote(text="<b>\u202e😀", by="Bo"), Progress(label="x", done=1, total=2))
    assert Message.model_validate(json_of(message)) == message


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("short", 5, "short"),
        ("  short  ", 5, "short"),
        ("one two three", 9, "one two…"),
        ("abcdefghij", 5, "abcd…"),
        ("a bcdefghij", 8, "a bcdef…"),
    ],
)
def test_shorten_cuts_at_a_late_word(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


@given(st.text(max_size=200), st.integers(min_value=1, max_value=100))
def test_shortened_text_never_exceeds_the_limit(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit


@pytest.mark.parametrize(
    "broken",
    [
        {"summary": "", "parts": [{"kind": "divider"}]},
        {"summary": "x", "parts": []},
        {"summary": "x", "parts": [{"kind": "divider"}] * 41},
        {"summary": "x" * 301, "parts": [{"kind": "divider"}]},
        {"summary": "x", "parts": [{"kind": "nonsense"}]},
        {"summary": "x", "parts": [{"kind": "divider", "more": 1}]},
        {"summary": "x", "parts": [{"kind": "divider"}], "more": 1},
        {"summary": "x", "parts": [{"kind": "heading", "text": "x" * 151}]},
        {"summary": "x", "parts": [{"kind": "image", "url": "http://e.org/x", "alt": "x"}]},
        {"summary": "x", "parts": [{"kind": "image", "url": "https://e.org/x", "alt": ""}]},
        {"summary": "x", "parts": [{"kind": "progress", "label": "x", "done": 2, "total": 1}]},
        {"summary": "x", "parts": [{"kind": "buttons", "buttons": []}]},
        {"summary": "x", "parts": [{"kind": "text", "text": "x" * 3_000}] * 9},
    ],
)
def test_what_a_platform_could_not_show_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Message.model_validate(broken)


@pytest.mark.parametrize("action", ["claim", "Question.claim", "question.", "question.claim!"])
def test_action_names_a_capability_and_a_verb(action: str) -> None:
    with pytest.raises(ValidationError):
        Button(label="Go", action=action)


def test_button_args_fit_a_button_value() -> None:
    with pytest.raises(ValidationError):
        Button(label="Go", action="question.claim", args={"x": "y" * 1_500})


def test_the_largest_parts_are_taken() -> None:
    buttons = tuple(
        Button(label=str(n) * 75, action="question.claim", args={"n": n}) for n in range(5)
    )
    parts = (
        Heading(text="h" * 150),
        Text(text="t" * 3_000),
        Quote(text="q" * 2_900, by="b" * 150),
        Image(url="https://e.org/" + "i" * 1_900, alt="a" * 500),
        Note(text="n" * 3_000),
        Buttons(buttons=buttons),
    )
    assert Message(summary="s" * 300, parts=parts).parts == parts


def test_option_needs_a_label_and_a_value() -> None:
    with pytest.raises(ValidationError):
        Option(label="", value="x")


def test_commands_in_backticks_are_code_and_all_else_is_literal() -> None:
    sentence = "I know no “**x** [a](https://e.org)”. `/topic **x**` opens it, `x` does not."
    (line,) = parse(show_commands(sentence))
    assert text_of(line) == sentence.replace("`/topic **x**`", "/topic **x**")
    assert [span.text for span in line.spans if span.code] == ["/topic **x**"]
    assert not any(span.strong or span.link for span in line.spans)


def test_where_there_is_no_markup_commands_stand_bare() -> None:
    assert bare_commands("Try `/ask how?` or `x`.") == "Try /ask how? or `x`."


@given(st.text())
def test_whatever_else_is_in_a_sentence_is_shown_as_it_is(words: str) -> None:
    shown = "\n".join(text_of(line) for line in parse(show_commands(words)))
    plain = words.replace("\r\n", "\n").replace("\r", "\n")
    assert shown == bare_commands(plain)


FITTING = st.lists(st.text("ab *_-[]`\n", min_size=1, max_size=80), min_size=1, max_size=8)


@given(FITTING, st.integers(40, 200))
def test_lines_that_are_too_long_are_shortened_and_none_is_left_out(
    lines: list[str], room: int
) -> None:
    told = [literal(line) for line in lines]
    fitted = fit(told, room)
    assert len(fitted) <= room
    if len("\n".join(told)) <= room:
        assert fitted == "\n".join(told)


def test_short_lines_stay_as_they_are_beside_a_long_one() -> None:
    fitted = fit(["**Short**", "- " + "word " * 100, "*end*"], 100).splitlines()
    assert (fitted[0], fitted[2]) == ("**Short**", "*end*")
    assert fitted[1].startswith("- word word")
    assert fitted[1].endswith("…")
    assert 60 < len(fitted[1]) <= 100
