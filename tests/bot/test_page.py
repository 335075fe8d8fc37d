"""A page is put together in order, and fits however much there is to show."""

from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.message import (
    MAX_PARTS,
    MAX_TOTAL,
    Button,
    Buttons,
    Choice,
    Message,
    Option,
    Part,
    Quote,
    Text,
    length_of,
)
from bot.page import MOST, Section, Shelf, assemble, is_marked, mark, unmark
from bot.plain import render_plain


def entry(words: str) -> list[Part]:
    return [Text(text=words)]


def button(label: str) -> Button:
    return Button(label=label, action="test.press", args={"of": label})


def shown(sections: Sequence[Section]) -> str:
    return render_plain(assemble(sections))


ASK = Section(Shelf.BEGIN, entries=[entry("Hello.")], buttons=[button("Ask")])


def test_sections_stand_in_the_order_of_their_shelves() -> None:
    sections = [Section(shelf, shelf.name, entries=[entry("x")]) for shelf in reversed(Shelf)]
    named = [shelf.name for shelf in Shelf]
    assert [line for line in shown(sections).split("\n") if line in named] == named


def test_sections_of_one_title_become_one_on_the_first_of_their_shelves() -> None:
    sections = [
        Section(Shelf.LIMITS, "Wishes", [entry("later")], [button("two")]),
        Section(Shelf.DUTY, "Duty", [entry("duty")]),
        Section(Shelf.WISHES, "Wishes", [entry("first")], [button("one")]),
    ]
    said = shown(sections)
    assert said.startswith("Duty\n\nduty\n\nWishes\n\nfirst\n\nlater\n\n[one]\n[two]\n\n")


def test_what_is_empty_is_not_there() -> None:
    assert "Nothing here" not in shown([ASK, Section(Shelf.NOW, "Nothing here")])


@pytest.mark.parametrize(
    ("shelf", "greets"),
    [(Shelf.NOW, False), (Shelf.MINE, False), (Shelf.DUTY, False), (Shelf.WISHES, True)],
)
def test_the_greeting_gives_way_to_what_waits(shelf: Shelf, greets: bool) -> None:
    said = shown([ASK, Section(shelf, "Title", entries=[entry("waits")])])
    assert ("Hello." in said) is greets
    assert "[Ask]" in said


def test_buttons_alone_wait_for_nobody() -> None:
    assert "Hello." in shown([ASK, Section(Shelf.DUTY, "Duty", buttons=[button("Roles")])])


def test_the_summary_counts_what_waits() -> None:
    two = Section(Shelf.NOW, "For you", entries=[entry("a"), entry("b")])
    seven = Section(Shelf.MINE, "Yours", entries=[entry("a")], total=7)
    assert assemble([seven, two, ASK]).summary == "Your page: For you (2), Yours (7)"
    assert assemble([ASK]).summary == "Your page: nothing waits for you"


def test_more_than_a_few_entries_are_counted_and_their_command_is_named() -> None:
    many = [entry(f"entry {number}") for number in range(9)]
    said = shown([Section(Shelf.NOW, "Many", entries=many, more="/many")])
    assert said.count("entry") == MOST
    assert "and 4 more: /many" in said


def test_without_a_command_it_is_counted_all_the_same() -> None:
    said = shown([Section(Shelf.NOW, "Many", entries=[entry("a")], total=3)])
    assert "and 2 more." in said


def test_what_is_last_on_the_page_gives_way_first() -> None:
    long = [[Quote(text="x" * 1_000)] for _ in range(5)]
    sections = [
        Section(Shelf.NOW, "Now", entries=long, more="/now"),
        Section(Shelf.MINE, "Mine", entries=long, more="/mine"),
        Section(Shelf.SHARED, "Shared", entries=long, more="/shared"),
    ]
    said = shown(sections)
    assert ("and" not in said.split("Mine")[0], "and 4 more: /shared" in said) == (True, True)


def test_a_page_without_room_for_a_single_entry_says_how_many_there_are() -> None:
    huge = [[Quote(text="x" * 2_900)] for _ in range(5)]
    shelves = (Shelf.NOW, Shelf.MINE, Shelf.TODAY, Shelf.DUTY, Shelf.SHARED)
    said = shown([Section(shelf, shelf.name, huge, more="/all") for shelf in shelves])
    assert "SHARED\n\nThere are 5: /all" in said


def test_many_buttons_stand_in_rows_of_five() -> None:
    many = Section(Shelf.DUTY, "Duty", buttons=[button(str(number)) for number in range(7)])
    rows = [len(p.buttons) for p in assemble([many]).parts if isinstance(p, Buttons)]
    assert rows == [5, 2]


def test_all_that_can_be_pressed_is_marked_and_keeps_its_args() -> None:
    choice = Choice(
        label="Pick", action="test.pick", args={"of": 1}, options=(Option(label="a", value="a"),)
    )
    page = assemble([Section(Shelf.NOW, "Now", [[choice, Buttons(buttons=(button("in"),))]])])
    pressed = [p.args for p in page.parts if isinstance(p, Choice)]
    pressed += [b.args for p in page.parts if isinstance(p, Buttons) for b in p.buttons]
    assert all(map(is_marked, pressed))
    assert [unmark(args) for args in pressed] == [{"of": 1}, {"of": "in"}]


@pytest.mark.parametrize("args", [{}, {"home": False}, {"home": "yes"}, {"home": 1}])
def test_only_the_very_mark_is_one(args: dict[str, object]) -> None:
    assert not is_marked(args)
    assert is_marked(mark({}))


sections_of_any_size = st.lists(
    st.builds(
        Section,
        shelf=st.sampled_from([shelf for shelf in Shelf if shelf is not Shelf.BEGIN]),
        title=st.sampled_from([f"Title {number}" for number in range(30)]),
        entries=st.lists(
            st.lists(
                st.builds(lambda n: Text(text="ö" * n), st.integers(1, 2_900)),
                min_size=1,
                max_size=4,
            ),
            max_size=12,
        ),
        buttons=st.lists(st.builds(button, st.sampled_from(["a", "b"])), max_size=12),
        more=st.sampled_from(["", "/all"]),
        total=st.integers(0, 100),
    ),
    max_size=30,
)


@settings(max_examples=60)
@given(sections_of_any_size)
def test_a_page_always_fits(sections: list[Section]) -> None:
    page = assemble([ASK, *sections])
    assert isinstance(page, Message)
    assert len(page.parts) <= MAX_PARTS
    assert length_of(page.parts) <= MAX_TOTAL


def test_the_first_rows_survive_even_the_fullest_page() -> None:
    crowd = [
        Section(shelf, f"{shelf.name} {n}", [[Text(text="x" * 900)]] * 9, [button("b")] * 9)
        for shelf, n in product(Shelf, range(9))
        if shelf is not Shelf.BEGIN
    ]
    assert "[Ask]" in shown([ASK, *crowd])
