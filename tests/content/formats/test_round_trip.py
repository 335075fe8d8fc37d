"""Ours, to another format and back, is what it was, where that format can say it."""

import string
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import assume, example, given, reject, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from bot.pack.item import Item, Ordering
from content.formats import gift, moodle_xml
from content.formats.item import objective_of, to_item, to_question
from content.formats.markup import to_html, to_ours, to_rich
from content.formats.question import Format, Question, Reading, Refused, Rich
from content.sense import item_faults

ITEM: TypeAdapter[Item] = TypeAdapter(Item)
FORMATS: dict[str, tuple[Callable[[Iterable[Question]], str], Callable[[bytes], Reading]]] = {
    "gift": (gift.write, gift.read),
    "moodle-xml": (moodle_xml.write, moodle_xml.read),
}
TELLING = r"\:~=#{}[]%->*`<>&/;|$_ " + "\n"
"""Signs that mean something in one of the formats."""


def texts(most: int, signs: str = TELLING) -> st.SearchStrategy[str]:
    """Texts of packs, full of what has to be escaped."""
    letters = st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="\ufeff")
    pieces = st.one_of(
        st.sampled_from([*signs, "//", "::", "->", "<b>", "&amp;", "####", "%50%", "*x*", "`y`"])
        if signs == TELLING
        else st.sampled_from(signs),
        st.text(letters, max_size=5),
        st.sampled_from(["a", "T", "TRUE", "word", "[html]", "$CATEGORY:", "ANSWER: B", "\u00e9"]),
    )
    made = st.lists(pieces, min_size=1, max_size=8).map("".join)
    return made.map(lambda text: text.strip()[:most].strip()).filter(
        lambda text: bool(text) and "**" not in text
    )


def several(values: st.SearchStrategy[str], least: int, most: int) -> Any:
    """Different ones, as far as a reader can tell."""
    return st.lists(
        values,
        min_size=least,
        max_size=most,
        unique_by=lambda text: " ".join(text.casefold().split()),
    )


SCORES = st.one_of(st.sampled_from([0.0, 0.3, 1 / 3, 0.5]), st.floats(0, 0.99))
NUMBERS = st.one_of(st.integers(-9_999, 9_999).map(float), st.floats(-1e9, 1e9))
SAID = st.one_of(st.just(""), texts(200))


@st.composite
def items(draw: st.DrawFn) -> Item:
    """An item with nothing that the formats do not know."""
    values: dict[str, Any] = {
        "id": draw(st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)),
        "objective": "an-objective",
        "status": "draft",
        "stem": draw(texts(300)),
        "feedback": draw(SAID),
    }
    kind = draw(st.sampled_from(["choice", "several", "matching", "numeric", "text", "order"]))
    if kind == "choice":
        said = draw(several(texts(60), 2, 5))
        best = draw(st.integers(0, len(said) - 1))
        values |= {"type": "scenario_choice", "options": [
            {"id": letter, "text": text, "feedback": draw(SAID),
             "score": 1 if place == best else draw(SCORES)}
            for place, (letter, text) in enumerate(zip(string.ascii_lowercase, said, strict=False))
        ]}  # fmt: skip
    elif kind == "several":
        said = draw(several(texts(60), 4, 10))
        right = draw(st.integers(1, len(said) - 1))
        values |= {"type": "multi_select", "options": [
            {"id": letter, "text": text, "feedback": draw(SAID), "correct": place < right}
            for place, (letter, text) in enumerate(zip(string.ascii_lowercase, said, strict=False))
        ]}  # fmt: skip
    elif kind == "matching":
        lefts, rights = draw(several(texts(60), 3, 6)), draw(several(texts(60), 3, 10))
        values |= {"type": "matching", "distractors": rights[len(lefts) : len(lefts) + 4],
            "pairs": [
                {"id": f"p{place + 1}", "left": left, "right": rights[place % len(rights)]}
                for place, left in enumerate(lefts)
            ]}  # fmt: skip
    elif kind == "numeric":
        answer = draw(NUMBERS)
        values |= {"type": "numeric", "answer": answer, "tolerance": abs(draw(NUMBERS)) / 1e6,
            "near_misses": [
                {"value": value, "tolerance": 0.5, "score": draw(SCORES), "feedback": draw(SAID)}
                for value in draw(st.lists(NUMBERS, max_size=3))
            ]}  # fmt: skip
    elif kind == "text":
        words = st.text("abc'*é -.#:={}~\\", min_size=1, max_size=12).map(str.strip).filter(bool)
        values |= {"type": "short_text", "accept": [
            {"match": draw(st.sampled_from(["exact", "contains"])), "value": draw(words),
             "score": 1 if place == 0 else draw(SCORES), "feedback": draw(SAID)}
            for place in range(draw(st.integers(1, 3)))
        ]}  # fmt: skip
    else:
        steps = draw(several(texts(60), 3, 6))
        values |= {"type": "ordering", "steps": [
            {"id": f"s{number}", "text": text} for number, text in enumerate(steps, 1)
        ]}  # fmt: skip
    return ITEM.validate_python(values)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=80)
@given(item=items())
def test_what_a_format_can_say_comes_back_as_it_was(name: str, item: Item) -> None:
    write, read = FORMATS[name]
    assume(next(item_faults(item), None) is None)
    assume(name != "gift" or not isinstance(item, Ordering))
    try:
        there = to_question(item)
    except Refused:
        reject()
    assume(not there.problems)
    reading = read(write([there.question] * 2).encode())
    assert list(reading.problems) == []
    for question in reading.questions:
        assert objective_of(question) == "an-objective"
        brought = to_item(question, str(question.title), "an-objective")
        assert (brought.item, brought.problems) == (item, ())
    assert len(reading.questions) == 2


@given(texts(400))
@example("a  b *c d* `  e ` \n f")
@example("*a*`b`*c*d *e*")
@example("x\t\ty \r z")
def test_html_gives_a_text_back(text: str) -> None:
    told = to_ours(Rich(f"<p>{to_html(text)}</p>", Format.HTML))
    assert (told.text, told.lost) == (text, [])
    assert to_ours(to_rich(text)).text == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a<!-- b --></p>\n<p>c</p>", "a\n\nc"),
        ("a <![CD b <!x> <?y", "a <![CD b <!x> <?y"),
        ("<ol><li>a</li><li>b</li></ol>c", "- a\n- b\nc"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a | b\nc"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("x<b>y</b> <b>*</b> <i>z</i> <b>two words</b>", "xy * z *two words*"),
        ("<style>p {}</style>a &amp; b &eacute; &none; &lt; AT&T", "a & b é &none; < AT&T"),
        ("<script>x</script>", ""),
        ("1 < 2 <3", "1 < 2 <3"),
    ],
)
def test_html_of_others_becomes_plain_text(html: str, text: str) -> None:
    assert to_ours(Rich(html, Format.HTML)).text == text


def test_plain_text_is_html_only_where_it_has_a_tag() -> None:
    assert to_ours(Rich("a < b > c & d", Format.MOODLE)).text == "a < b > c & d"
    assert to_ours(Rich("a <br> b &amp; c", Format.MOODLE)).text == "a\nb & c"
    assert to_ours(Rich("a <br>", Format.PLAIN)).text == "a <br>"
    assert to_ours(Rich("**a** <br>", Format.MARKDOWN)).text == "**a** <br>"
