"""YAML: both parsers say the same, and what nobody means is refused."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from content import tree
from content.load import PACKS
from content.tree import MAX_DEPTH, Unreadable, find, find_cuts, read


@pytest.fixture(params=["libyaml", "ruamel.yaml"])
def libyaml(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "libyaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: no\nb: yes\nc: on", {"a": "no", "b": "yes", "c": "on"}),
        ("a: true\nb: False\nc: TRUE", {"a": True, "b": False, "c": True}),
        ("a:\nb: ~\nc: null", {"a": None, "b": None, "c": None}),
        ("a: 12\nb: -1\nc: 012\nd: 0x1F\ne: 0o17", {"a": 12, "b": -1, "c": 12, "d": 31, "e": 15}),
        ("a: .5\nb: 1.\nc: 1e3\nd: 1_000", {"a": 0.5, "b": 1.0, "c": 1000.0, "d": "1_000"}),
        ("a: 2027-01-31\nb: 2027-02-30", {"a": date(2027, 1, 31), "b": "2027-02-30"}),
        ("a: '1'\nb: \"no\"", {"a": "1", "b": "no"}),
        ("a: |\n  1\nb: >-\n  x\n  y", {"a": "1\n", "b": "x y"}),
        ("a: !!str 5\n1: x\ntrue: y", {"a": "5", "1": "x", "true": "y"}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", {"a": {"p": 1, "q": 2}, "b": {"q": 3, "p": 1}}),
        ("%YAML 1.2\n---\na: 1\n...\n", {"a": 1}),
        ("# nothing\n", None),
        ("", None),
    ],
)  # fmt: skip
def test_words_mean_what_yaml_1_2_says(text: str, value: Any, libyaml: bool) -> None:
    assert read(text, libyaml=libyaml)[0] == value


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("a:\n  - {id: b}\n  -{id: c}\n", "with a space after the dash?"),
        ('a:\n  - {b: "c}\n  - {b: "d"}\n', "does a quote, a comma or a } miss before this"),
        ("a:\n  b: 1\n  c:10\nd: 1\n", "does a space miss after a colon"),
    ],
)
def test_what_the_parser_says_comes_with_what_helps(text: str, mend: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(mend)):
        read(text)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: 1\na: 2", (1, 0), "there is a 'a' already, in line 1"),
        ("a: [1]\nb:\n\t- 2", (2, 0), "indent with spaces, and not with tabs"),
        ("a: {b: x: y}", (0, 8), "text with a colon is put in quotes"),
        ("a: !x 5", (0, 3), "this tag (!) has no meaning here"),
        ("a: !!python/object:os.system {}", (0, 3), "this tag (!) has no meaning here"),
        ("a: &b [*b]", (0, 7), "&b would contain itself"),
        ("a: *q", (0, 3), "there is no anchor &q before this"),
        ("a: 1\n---\nb: 2", (1, 0), "a file holds one document, and this is a second"),
        ("? [a]\n: 1", (0, 2), "a name is a single word or text"),
        ("a: {<<: [1]}", (0, 8), "<< takes names with values from elsewhere"),
        ("[" * 80 + "]" * 80, (0, MAX_DEPTH), f"this is more than {MAX_DEPTH} levels deep"),
        ("a: 'x", (0, 5), "found unexpected end of stream"),
        ("a: @x", (0, 3), "found character '@' that cannot start any token"),
        ("\ta: 1", (0, 0), "indent with spaces, and not with tabs"),
        ("a: \x07", (0, 3), "YAML does not allow this character"),
        (
            "a: b: c",
            (0, 4),
            "text with a colon is put in quotes, and what stands side by side begins in one column",
        ),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(
    text: str, place: tuple[int, int], message: str, libyaml: bool
) -> None:
    with pytest.raises(Unreadable) as caught:
        read(text, libyaml=libyaml)
    assert ((caught.value.line, caught.value.column), caught.value.message) == (place, message)


def test_half_a_character_is_refused(libyaml: bool) -> None:
    with pytest.raises(Unreadable):
        read('a: "\\ud800"', libyaml=libyaml)


def test_a_few_lines_that_would_be_billions_are_refused(libyaml: bool) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(Unreadable, match="more than 2,000,000 values"):
        read("\n".join(lines), libyaml=libyaml)


def test_a_file_that_is_too_long_is_not_even_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_CHARACTERS", 10)
    with pytest.raises(Unreadable, match="more than 10 characters"):
        read("a: 123456789")


def test_places_are_those_of_names_and_entries(libyaml: bool) -> None:
    _, mark = read("é: 1\nlist:\n  - {a: 1, ü: 2}\n  -\n    b: 3\n", libyaml=libyaml)
    assert find(mark, ("list",)) == (1, 0)
    assert find(mark, ("list", 0)) == (2, 4)
    assert find(mark, ("list", 0, "ü")) == (2, 11)
    assert find(mark, ("list", 1, "b")) == (4, 4)
    # What is missing is told at what it is missing in.
    assert find(mark, ("list", 1, "c", "d")) == (4, 4)
    assert find(mark, ("gone",)) == (0, 0)


@pytest.mark.parametrize("path", sorted(PACKS.rglob("*.yaml")), ids=lambda path: path.name)
def test_both_parsers_agree_on_all_our_packs(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert read(text) == read(text, libyaml=False)


CUTS = """\
a: Report it in #help
b: "Not in #quotes"
d:
  - x y
    more words #cut it  # and so on
  - é日本 in #lö
  - {one: two #three
    }
"""


def test_both_parsers_agree_on_what_a_comment_cuts_off() -> None:
    found = list(find_cuts(CUTS))
    assert found == [(0, 16, "#help"), (4, 15, "#cut"), (5, 11, "#lö"), (6, 14, "#three")]
    assert found == list(find_cuts(CUTS, libyaml=False))


def test_a_cut_is_not_looked_for_with_the_slow_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    # A bank of 5,000 items took four times as long to check as it may.
    monkeypatch.setattr(tree, "YAML", None)
    assert len(list(find_cuts(CUTS))) == 4
