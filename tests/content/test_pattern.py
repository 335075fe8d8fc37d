"""What authors search answers for is searched for in little time."""

import re
import time

import pytest

from bot.pack.item import Accept
from bot.pack.scoring import matches
from content.pattern import fault_of

FOR_EVER = "a choice or a repetition within a repetition can take for ever"
LONG = "3 repetitions behind each other can take very long"


@pytest.mark.parametrize(
    "value",
    [
        "call (them|her)",
        r"call\s+(them|her)\b.*number",
        r"^\d{1,3}\s*(minutes|min)\.?$",
        r"(report|tell).{0,40}(security|it)",
        "[a-z]+@[a-z]+",
        "(?:colou?r)",
        "(ab){2,4}",
        "(a|b|c)+d",
        "(call.*now|report.*(now|at once)|tell.*them)",
        r"^\s*(17(th)?\s*(of\s+)?mar(ch)?|mar(ch)?\s*17(th)?)\s*(2025)?\.?\s*$",
    ],
)
def test_what_authors_write_is_fine(value: str) -> None:
    assert fault_of(value) is None
    started = time.thread_time()
    for text in ("a" * 500, "call " * 100, "1" * 500, "report" * 83):
        re.search(value, text, re.IGNORECASE)
    assert time.thread_time() - started < 1


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("(a+)+b", FOR_EVER),
        ("((a+)b?)*c", FOR_EVER),
        ("(a|aa)+b", FOR_EVER),
        ("(a*?)*?b", FOR_EVER),
        ("(a{1,2}){20,}b", FOR_EVER),
        (r"(\w+\s?)*$x", FOR_EVER),
        ("(?=(a+)+)b", FOR_EVER),
        (".*a.*b.*c", LONG),
        ("a.{0,50}b.{0,50}c.{0,50}d", LONG),
        (r"x(a|\w*b[a-z]*c)[^,]*d", LONG),
        (r"x" + r"\s*1" * 7, LONG.replace("3", "7")),
        ("", "this matches every answer, even an empty one"),
        ("a*", "this matches every answer, even an empty one"),
        ("(", "this is no regular expression (missing ), unterminated subpattern at position 0)"),
        ("(?<a>x)", "this is no regular expression (unknown extension ?<a at position 1)"),
        ("a{1,99999999999}", "this is no regular expression (the repetition number is too large)"),
    ],
)
def test_what_can_take_for_ever_or_means_nothing_is_refused(value: str, fault: str) -> None:
    assert fault_of(value) == fault


@pytest.mark.parametrize("value", [".*a.*b", r"\w+\s*\w+x"])
def test_characters_that_stand_for_many_take_no_longer(value: str) -> None:
    assert fault_of(value) is None
    rule = Accept(match="regex", value=value)
    started = time.thread_time()
    # Each of these is read as six letters, and one as eighteen characters.
    for text in ("\u3316" * 500, "\ufdfa" * 500, "\ufb03" * 500):
        assert not matches(rule, text)
    # Of 3,000 letters, and of 9,000, it would be minutes.
    assert time.thread_time() - started < 20
