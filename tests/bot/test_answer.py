"""Plain words as answers, and the order in which items are shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Invalid
from bot.pack.answer import Raw, Shown, arrange, check, next_node, parse, parse_number, rights
from bot.pack.item import Item
from bot.pack.scoring import key, score
from tests.bot.item import CASE, CHOICE, EVERY, MATCH, NUMBER, ORDER, SELECT, SPOT, TEXT

# As it was shown: A is the option "c", and so on.
TURNED = Shown(("c", "a", "d", "b"))
STEPS = Shown(("s3", "s1", "s4", "s2"))
SIDES = Shown(("p1", "p2", "p3"), ("no-1", "p2", "p1", "no-2"))
SIX = Shown(("f", "e", "d", "c", "b", "a"))
LINES = Shown(tuple(line.id for line in SPOT.lines))


@pytest.mark.parametrize(
    ("item", "shown", "words", "raw"),
    [
        (CHOICE, TURNED, "b", "a"),
        (CHOICE, TURNED, " B) ", "a"),
        (CHOICE, TURNED, "option D.", "b"),
        (CHOICE, TURNED, "My answer is d", "b"),
        (CHOICE, TURNED, "4", "b"),
        (CHOICE, TURNED, "call back", "b"),
        (CHOICE, TURNED, "I do not know", None),
        (CHOICE, TURNED, "b or c", None),
        (CHOICE, TURNED, "Who looks after invoices?", None),
        (SELECT, SIX, "a c d", ["f", "d", "c"]),
        (SELECT, SIX, "D, A and c", ["f", "d", "c"]),
        (SELECT, SIX, "acd", ["f", "d", "c"]),
        (SELECT, SIX, "1 3 4", ["f", "d", "c"]),
        (SELECT, SIX, "b", ["e"]),
        (SELECT, SIX, "none", []),
        (SELECT, SIX, "bad", None),
        (SELECT, SIX, "a cat", None),
        (SPOT, LINES, "2, 4 and 6", ["l2", "l4", "l6"]),
        (SPOT, LINES, "246", ["l2", "l4", "l6"]),
        (SPOT, LINES, "7", ["l7"]),
        (ORDER, STEPS, "2 4 1 3", ["s1", "s2", "s3", "s4"]),
        (ORDER, STEPS, "2413", ["s1", "s2", "s3", "s4"]),
        (ORDER, STEPS, "2 > 4 > 1 > 3", ["s1", "s2", "s3", "s4"]),
        (ORDER, STEPS, "b d a c", ["s1", "s2", "s3", "s4"]),
        (ORDER, STEPS, "the first one", None),
        (MATCH, SIDES, "1c 2b 3c", {"p1": "p1", "p2": "p2", "p3": "p1"}),
        (MATCH, SIDES, "3-C, 2 = b; 1: c", {"p1": "p1", "p2": "p2", "p3": "p1"}),
        (MATCH, SIDES, "c b c", {"p1": "p1", "p2": "p2", "p3": "p1"}),
        (MATCH, SIDES, "I need 3 apples", None),
        (NUMBER, Shown(), "7,5 hours", 7.5),
        (NUMBER, Shown(), "about 7.5h", 7.5),
        (NUMBER, Shown(), "72 - 64.5", None),
        (NUMBER, Shown(), "see ticket 4411", None),
        (TEXT, Shown(), " the lead ", "the lead"),
        (CASE, Shown(("c", "b", "a")), "b", "b"),
        (CASE, Shown(("c", "b", "a")), "send it", "a"),
    ],
)
def test_words_mean_what_was_shown(item: Item, shown: Shown, words: str, raw: Raw) -> None:
    assert parse(item, words, shown) == raw


@pytest.mark.parametrize(
    ("item", "shown", "words", "sentence"),
    [
        (CHOICE, TURNED, "e", "There is no E here. Please use A to D."),
        (CHOICE, TURNED, "7", "There is no 7 here. Please use 1 to 4."),
        (CHOICE, TURNED, "0", "There is no 0 here. Please use 1 to 4."),
        (SELECT, SIX, "a g", "There is no G here. Please use A to F."),
        (ORDER, STEPS, "1 2 3", "Please give all 4 in order, each of them once: for example 4 3 2 1."),  # noqa: E501
        (ORDER, STEPS, "1 2 3 3", "Please give all 4 in order, each of them once: for example 4 3 2 1."),  # noqa: E501
        (MATCH, SIDES, "1a 2b", "Please give one letter for each of the 3 numbers: for example 1b 2c 3d."),  # noqa: E501
        (MATCH, SIDES, "1a 1b 2c", "Please give one letter for each of the 3 numbers: for example 1b 2c 3d."),  # noqa: E501
        (TEXT, Shown(), "x" * 201, "Please keep it to 200 characters."),
    ],
)  # fmt: skip
def test_who_meant_to_answer_is_told_how(
    item: Item, shown: Shown, words: str, sentence: str
) -> None:
    with pytest.raises(Invalid) as caught:
        parse(item, words, shown)
    assert caught.value.sentence == sentence


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("7,5", 7.5),
        ("7.5", 7.5),
        ("1 234,5", 1234.5),
        ("1\u202f234,5", 1234.5),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1,500", 1500),
        ("0,125", 0.125),
        ("12'000", 12000),
        ("1.234.567", 1234567),
        ("-3", -3),
        ("−3", -3),
        ("about 20 %", 20),
        ("€ 20", 20),
        (".5", 0.5),
        ("it is 12.", 12),
        ("x", None),
        ("7h30", None),
        ("1e5", None),
        ("9" * 40, None),
        ("12 people came to the meeting on Monday", None),
    ],
)
def test_a_number_is_read_as_people_write_it(words: str, number: float | None) -> None:
    assert parse_number(words) == number


@given(words=st.text(max_size=80))
@pytest.mark.parametrize("item", EVERY, ids=lambda item: item.type)
def test_no_words_break_anything(item: Item, words: str) -> None:
    shown = arrange(item, b"seed")
    try:
        raw = parse(item, words, shown)
    except Invalid:
        return
    if raw is not None and item is not CASE:
        score(item, raw)


def test_the_same_seed_shows_the_same_order() -> None:
    for item in EVERY:
        assert arrange(item, b"one") == arrange(item, b"one")
    assert len({arrange(CHOICE, bytes([n])) for n in range(40)}) > 10


def test_options_that_belong_in_their_order_stay_so() -> None:
    item = CHOICE.model_copy(update={"shuffle": False})
    assert arrange(item, b"any").ids == ("a", "b", "c", "d")
    assert arrange(SPOT, b"any") == LINES


def test_steps_are_never_shown_in_their_right_order() -> None:
    orders = {arrange(ORDER, n.to_bytes(2)).ids for n in range(300)}
    assert len(orders) > 15
    assert ("s1", "s2", "s3", "s4") not in orders


def test_right_sides_are_told_once_and_wrong_ones_apart() -> None:
    assert [(r.id, r.text) for r in rights(MATCH)] == [
        ("p1", "Link"),
        ("p2", "Share"),
        ("no-1", "Mail"),
        ("no-2", "Zip"),
    ]


def test_a_case_is_walked_node_by_node() -> None:
    first = next_node(CASE, [])
    assert first is not None
    assert first.text == "A director wants a list."
    assert sorted(arrange(CASE, b"x", ["b"]).ids) == ["a", "b"]
    assert parse(CASE, "figures only", arrange(CASE, b"x", ["b"]), ["b"]) == "a"
    assert next_node(CASE, ["b", "a"]) is None
    assert arrange(CASE, b"x", ["b", "a"]) == Shown()


def test_the_key_has_the_shape_of_its_item() -> None:
    for item in EVERY:
        check(item, key(item))
