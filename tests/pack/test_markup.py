"""What authors write in packs, as people read it."""

import pytest

from bot.markup import Span, parse
from bot.pack.markup import bare, rich


def spans(text: str) -> list[Span]:
    return [span for line in parse(rich(text)) for span in line.spans]


def test_stars_make_strong_and_backticks_make_code() -> None:
    assert spans("Tap *now* in `x*y`") == [
        Span("Tap "),
        Span("now", strong=True),
        Span(" in "),
        Span("x*y", code=True),
    ]


def test_what_an_author_quotes_in_stars_is_strong() -> None:
    assert spans('*"Can you?"*') == [Span('"Can you?"', strong=True)]


@pytest.mark.parametrize(
    "text", ["2 * 3 * 4", "a*b*c", "* one", "snake_case", "[a](https://b.example)", "<b>", "1. x"]
)
def test_everything_else_is_what_it_looks_like(text: str) -> None:
    assert spans(text) == [Span(text)]
    assert bare(text) == text


def test_marks_are_left_out_where_nothing_shows_them() -> None:
    assert bare("Tap *now* in `x*y`, **please**") == "Tap now in x*y, please"
