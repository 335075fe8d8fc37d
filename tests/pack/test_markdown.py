"""What authors write in Markdown, as every platform can show it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.message import Divider, Fact, Facts, Heading, Message, Part, Quote, Text
from bot.pack.markdown import PAGE, chunks_of, pages_of, parts_of
from bot.plain import render_plain

PACKS = Path(__file__).parents[2] / "content" / "packs"


def plain(body: str) -> str:
    return render_plain(Message(summary="x", parts=tuple(parts_of(body))))


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ("# Before you *send*", Heading(text="Before you send")),
        ("### Small", Text(text="**Small**")),
        ("a **b** *c* `d` <e>", Text(text=r"a **b** *c* `d` \<e\>")),
        ("a\nb", Text(text="a b")),
        ("a  \nb", Text(text="a\nb")),
        ("- a\n- b **c**", Text(text="- a\n- b **c**")),
        ("- a\n  - b\n    - c", Text(text="- a\n– b\n– – c")),
        ("3. a\n4. b", Text(text="3. a\n4. b")),
        ("> so it is", Quote(text="so it is")),
        ("---", Divider()),
        ("```\nx = 1\n```", Text(text="`x = 1`")),
        ("[a](https://b.example)", Text(text="[a](https://b.example)")),
        ("[a](javascript:b)", Text(text=r"\[a\]\(javascript:b\)")),
        ("[a](http://b.example)", Text(text="a")),
        ("![a desk](https://b.example/c.png)", Text(text="a desk")),
        (
            "| When | Then |\n|--|--|\n| now | go |",
            Facts(facts=(Fact(label="now", value="go"),)),
        ),
    ],
)
def test_each_thing_that_is_understood(body: str, part: Part) -> None:
    assert parts_of(body)[-1] == part


def test_a_wide_table_becomes_lines() -> None:
    assert plain("| A | B | C |\n|--|--|--|\n| a | b | c |\n| d | | f |") == (
        "- a (B: b; C: c)\n- d (C: f)"
    )


def test_nothing_but_the_small_markup_gets_through() -> None:
    assert "<script>" in plain("<script>alert(1)</script> and [x](person:ana)")
    assert plain("[Ana](person:U1)") == "Ana"


def test_long_texts_have_pages_that_fit_and_end_with_no_heading() -> None:
    body = "\n\n".join(f"## Part {n}\n\n{'Some words about it. ' * 60}" for n in range(9))
    pages = pages_of(body)
    assert len(pages) > 2
    for page in pages:
        message = Message(summary="x", parts=tuple(page))
        assert len(message.model_dump_json()) < 2 * PAGE
        assert not isinstance(page[-1], Heading)
    assert [h.text for p in pages for h in p if isinstance(h, Heading)] == [
        f"Part {n}" for n in range(9)
    ]


def test_a_paragraph_without_end_is_cut_between_words() -> None:
    parts = parts_of("**word** " * 1_300)
    assert len(parts) > 3
    assert all(isinstance(part, Text) for part in parts)
    assert " ".join(plain("**word** " * 1_300).split()) == " ".join(["word"] * 1_300)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=400))
def test_whatever_is_written_can_be_shown(body: str) -> None:
    for page in pages_of(body):
        if page:
            Message(summary="x", parts=tuple(page))


def test_every_section_of_the_shipped_packs_can_be_shown_and_changed() -> None:
    sections = sorted(PACKS.glob("*/sections/*.md"))
    assert len(sections) >= 10
    for path in sections:
        body = path.read_text(encoding="utf-8").split("---", 2)[2].strip()
        assert 1 <= len(pages_of(body)) <= 3
        chunks = chunks_of(body, 2_800)
        assert chunks is not None
        assert "\n\n".join(chunks) == body


def test_a_paragraph_that_fits_no_field_is_told() -> None:
    assert chunks_of("a\n\n" + "b" * 30, 20) is None
    assert chunks_of("a\n\nb\n\n" + "c" * 18, 20) == ["a\n\nb", "c" * 18]
