"""When a campaign counts as completed."""

import pytest

from bot.pack.completion import (
    Atom,
    Every,
    Nonsense,
    Not,
    Some,
    atoms,
    describe,
    is_done,
    needs,
    parse,
)

CERTIFIED = Atom("certified", ("data",))
ASKED = Atom("asked", ())
OPENED = Atom("section_opened", ("report",))


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("certified(data)", CERTIFIED),
        (" certified( data ) ", CERTIFIED),
        ("met(data/share-safely)", Atom("met", ("data/share-safely",))),
        ("passed_within(data, P30D)", Atom("passed_within", ("data", "P30D"))),
        ("not asked()", Not(ASKED)),
        (
            "certified(data) or asked() and section_opened(report)",
            Some((CERTIFIED, Every((ASKED, OPENED)))),
        ),
        (
            "(certified(data) or asked()) and section_opened(report)",
            Every((Some((CERTIFIED, ASKED)), OPENED)),
        ),
        ("asked() or asked() or asked()", Some((ASKED, ASKED, ASKED))),
    ],
)
def test_and_binds_closer_than_or(text: str, meaning: object) -> None:
    assert parse(text) == meaning


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("asked()", "asked"),
        ("not not asked()", "asked"),
        ("asked() and not certified(a) or met(a/b)", "(asked and no certified) or met"),
        ("not (asked() or certified(a))", "no asked and no certified"),
        ("asked() or not (certified(a) and not met(a/b))", "asked or (no certified or met)"),
    ],
)
def test_what_is_not_asked_for_is_said_of_each_thing_in_its_brackets(text: str, told: str) -> None:
    def word(atom: Atom, is_not: bool) -> str:
        return f"no {atom.name}" if is_not else atom.name

    assert describe(parse(text), word) == told


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("", 0, "something to ask for is missing"),
        ("certified", 9, "'(' is missing"),
        ("certified(", 10, "certified is about a quiz, which is missing"),
        ("certified(a) asked()", 13, "'and' or 'or' is missing before 'asked'"),
        ("certified(a) and", 16, "something to ask for is missing"),
        ("or asked()", 0, "something to ask for is missing before 'or'"),
        ("(asked()", 8, "')' is missing"),
        ("asked(a)", 6, "')' is missing before 'a'"),
        ("met(data)", 4, "'data' is not written as quiz/objective"),
        ("passed_within(a)", 15, "',' is missing before ')'"),
        ("passed_within(a, 30)", 17, "'30' is no time such as P30D"),
        ("asked() & asked()", 8, "'&' has no meaning here"),
        ("not " * 30 + "asked()", 84, "this is more than 20 levels deep"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(text: str, at: int, message: str) -> None:
    with pytest.raises(Nonsense) as caught:
        parse(text)
    assert (caught.value.at, str(caught.value)) == (at, message)


def test_an_unknown_word_names_those_that_are_known() -> None:
    with pytest.raises(Nonsense, match="'passed' cannot be asked for; there are certified, met,"):
        parse("passed(a)")


def test_what_it_asks_can_be_told() -> None:
    whole = parse("certified(data) or not asked() and section_opened(report)")
    assert list(atoms(whole)) == [CERTIFIED, ASKED, OPENED]
    assert is_done(whole, frozenset({"section_opened"}))
    assert not is_done(whole, frozenset({"section_opened", "asked"}))
    assert needs(parse("asked() and certified(data)"), "asked")
    assert not needs(parse("asked() or certified(data)"), "asked")
