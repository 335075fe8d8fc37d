"""The signals against their formulas, written out plainly, whatever was added and removed."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.search.posting import Postings, TermCosine, WordMatch

TERMS = st.lists(st.sampled_from("abcdefgh"), max_size=12)
# Adding a row, or removing one of those that are there (by place).
CHANGES = st.lists(st.one_of(TERMS, st.integers(0, 50)), max_size=30)


def _apply(changes: list[list[str] | int]) -> tuple[list[list[str]], list[bool]]:
    """Return all rows that were ever added and whether each is still there."""
    rows: list[list[str]] = []
    kept: list[bool] = []
    for change in changes:
        if isinstance(change, list):
            rows.append(change)
            kept.append(True)
        elif any(kept):
            there = [row for row, keep in enumerate(kept) if keep]
            kept[there[change % len(there)]] = False
    return rows, kept


def _bm25_share(rows: list[list[str]], query: list[str], row: list[str]) -> float:
    mean = sum(map(len, rows)) / len(rows) or 1.0
    reached = reachable = 0.0
    for word in set(query):
        having = sum(word in other for other in rows)
        rarity = math.log(1 + (len(rows) - having + 0.5) / (having + 0.5))
        reachable += rarity * 2.2
        count = row.count(word)
        reached += rarity * 2.2 * count / (count + 1.2 * (0.6 + 0.4 * len(row) / mean))
    return reached / reachable if reachable else 0.0


def _cosine(rows: list[list[str]], query: list[str], row: list[str], unseen: bool) -> float:
    def weigh(terms: list[str]) -> dict[str, float]:
        weights: dict[str, float] = {}
        for term, count in Counter(terms).items():
            having = sum(term in other for other in rows)
            if having or unseen:
                weights[term] = count * (math.log((1 + len(rows)) / (1 + having)) + 1)
        return weights

    left, right = weigh(query), weigh(row)
    lengths = math.hypot(*left.values()) * math.hypot(*right.values())
    together = sum(weight * right.get(term, 0.0) for term, weight in left.items())
    return together / lengths if lengths else 0.0


@given(CHANGES, TERMS, st.booleans())
def test_scores_are_those_of_the_formulas(
    changes: list[list[str] | int], query: list[str], compacted: bool
) -> None:
    rows, kept = _apply(changes)
    words = WordMatch()
    cosines = {unseen: TermCosine(count_unseen=unseen) for unseen in (False, True)}
    for row in rows:
        words.add(Counter(row))
        for cosine in cosines.values():
            cosine.add(row)
    for number, keep in enumerate(kept):
        if not keep:
            words.remove(number)
            for cosine in cosines.values():
                cosine.remove(number)
    places = np.flatnonzero(kept)
    if compacted:
        words.compact(np.array(kept, np.bool_))
        for cosine in cosines.values():
            cosine.compact(np.array(kept, np.bool_))
        places = np.arange(len(places))

    left = [row for row, keep in zip(rows, kept, strict=True) if keep]
    assert words.score(query)[0][places].tolist() == pytest.approx(
        [_bm25_share(left, query, row) for row in left]
    )
    for unseen, cosine in cosines.items():
        assert cosine.score(query)[places].tolist() == pytest.approx(
            [_cosine(left, query, row, unseen) for row in left]
        )


def test_a_question_says_as_much_as_its_rare_words() -> None:
    words = WordMatch()
    for _ in range(99):
        words.add({"the": 1})
    words.add({"token": 1})
    assert words.score(["unknown", "unheard"])[1] == pytest.approx(2.0)
    assert words.score(["the"])[1] < 0.01
    assert 0.7 < words.score(["token", "the"])[1] < 1.0


def test_many_rows_are_packed_and_scanned_alike() -> None:
    # Rows enough for several packings, each followed by some rows that are only scanned.
    postings = Postings()
    rows = [Counter({f"t{row % 7}": 1 + row % 3, f"t{row % 11}": 2}) for row in range(6_000)]
    for number, row in enumerate(rows):
        postings.add(row)
        if number % 500 == 250:
            list(postings.visit([0]))
    term = postings.number("t3")
    assert term is not None
    visited = {
        int(row): int(count)
        for _, found, counts in postings.visit([term])
        for row, count in zip(found, counts, strict=True)
    }
    assert visited == {number: row["t3"] for number, row in enumerate(rows) if row["t3"]}
    assert postings.frequencies[term] == len(visited)
