"""What counts as the same word."""

import pytest

from bot.search.word import clip, fold_words, pair_words, run_characters


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  \n\t", []),
        ("How do I reset my VPN-token?", ["how", "do", "i", "reset", "my", "vpn", "token"]),
        ("snake_case v2.0", ["snake", "case", "v2", "0"]),
        ("Café cafe\u0301 CAFÉ", ["cafe", "cafe", "cafe"]),
        ("STRASSE straße", ["strasse", "strasse"]),
        ("ﬁle ｆｕｌｌ", ["file", "full"]),
        ("\u0130stanbul", ["istanbul"]),
        ("co\u00adoperate zero\u200bwidth", ["cooperate", "zero", "width"]),
        ("\u202eשלום\u202c עולם", ["שלום", "עולם"]),
        ("שָׁלוֹם", ["שלום"]),
        ("السَّلامُ عليكم", ["السلام", "عليكم"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("한국어 도움말", ["한국어", "도움말"]),
        ("请假流程 VPN", ["请", "假", "流", "程", "vpn"]),
        ("😀🎉 👩‍💻", []),
        ("<@U123> & <b>bold</b>", ["u123", "b", "bold", "b"]),
    ],
)
def test_words_are_folded(text: str, words: list[str]) -> None:
    assert fold_words(text) == words


def test_pairs_come_beside_words_and_know_the_beginning() -> None:
    assert pair_words(["what", "is", "this"]) == [
        "what",
        "is",
        "this",
        " what",
        "what is",
        "is this",
    ]
    assert pair_words(["what"]) == ["what", " what"]
    assert pair_words([]) == []


def test_runs_stay_within_words_and_know_their_edges() -> None:
    assert run_characters(["vpn"]) == [" vp", "vpn", "pn ", " vpn", "vpn ", " vpn "]
    assert run_characters(["i"]) == [" i "]
    assert run_characters(["to", "a"]) == [" to", "to ", " to ", " a "]
    assert run_characters([]) == []


@pytest.mark.parametrize(
    ("text", "limit", "clipped"),
    [
        ("short", 5, "short"),
        ("two words", 5, "two"),
        ("two words", 3, "two"),
        ("abcdefgh", 4, "abcd"),
        ("a bcdefghijkl", 10, "a bcdefghi"),
        ("two\nwords", 6, "two"),
    ],
)
def test_long_text_ends_between_words_where_it_can(text: str, limit: int, clipped: str) -> None:
    assert clip(text, limit) == clipped
