"""What a question is about comes back from clients: only what can be meant is taken."""

import pytest

from bot.pack.about import (
    MAX_ABOUT,
    begin_question,
    id_of,
    name_question,
    read_about,
    write_about,
)


def test_one_or_two_things_are_read_as_they_were_written() -> None:
    assert read_about("section:share") == ("section:share",)
    both = ("item:cd-04", "section:share")
    assert read_about(write_about(both)) == both
    assert read_about("tip:t-1 tip:t-1") == ("tip:t-1",)


@pytest.mark.parametrize(
    "said",
    [
        None,
        7,
        "",
        "share",
        "topic:travel",
        "section:",
        "section:Share",
        "section:a--b",
        "section:a\nitem:b",
        "section:a  item:b",
        "section:a item:b item:c item:d",
        "section:a\x00",
        "section:" + "a" * MAX_ABOUT,
    ],
)
def test_anything_else_is_nothing(said: object) -> None:
    assert read_about(said) == ()


def test_an_id_is_told_of_its_kind_only() -> None:
    assert id_of("section:share", "section") == "share"
    assert id_of("section:share", "item") is None


def test_a_question_that_began_from_a_thing_is_named_by_the_persons_own_words() -> None:
    begun = begin_question(["In the quiz “Data”: Case 7", "", "I chose: A. Send it"])
    assert begun.split("\n")[1:] == ["I chose: A. Send it", "What I do not see yet: "]
    assert name_question(f"{begun} why\ndoes it leak?", 300) == (
        "Why does it leak? (In the quiz “Data”: Case 7)"
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Which link\nis meant?", "Which link is meant?"),
        ("What I do not see yet: all of it", "What I do not see yet: all of it"),
        (begin_question(["In a tip: Ask"]), "In a tip: Ask What I do not see yet:"),
        (begin_question(["In a tip: Ask"]) + "x" * 290, "X" + "x" * 289),
        (begin_question(["In a tip: Ask"]) + "x" * 400, "X" + "x" * 298 + "…"),
    ],
)
def test_any_other_question_is_named_by_all_of_it(text: str, name: str) -> None:
    assert name_question(text, 300) == name


def test_the_name_of_a_question_fits() -> None:
    begun = begin_question(["In the quiz “Data”: " + "word " * 60]) + "why " * 40
    name = name_question(begun, 300)
    assert len(name) <= 300
    assert name.endswith("…)")
