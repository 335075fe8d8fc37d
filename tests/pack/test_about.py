"""What a question is about comes back from clients: only what can be meant is taken."""

import pytest

from bot.pack.about import MAX_ABOUT, id_of, read_about, write_about


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
