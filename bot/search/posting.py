"""Which rows hold which terms: counts in flat arrays, kept while rows come and go.

A row is written once, at the end of arrays ordered by row. For searching, most of them are packed
again ordered by term; the rows that came since are few and scanned as they are. So adding costs no
more than writing the row, and packing, a few milliseconds, is spread over many additions.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from bot.late import Late

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int32]
    Counts = npt.NDArray[np.uint16]
else:
    np = Late("numpy")

Number = TypeVar("Number", bound="np.generic")

_MOST: Final = 2**16 - 1
"""What a `Counts` can hold."""
# Below this many postings scanning is as quick as packing would be.
_SCANNED: Final = 4_096


class Growing(Generic[Number]):
    """An array that is appended to, with room to spare, so that appending moves it seldom."""

    def __init__(self, kind: type[Number], first: Sequence[int] = ()) -> None:
        self._room = np.array(first, dtype=kind)
        self._length = len(first)

    def __len__(self) -> int:
        return self._length

    @property
    def array(self) -> npt.NDArray[Number]:
        """The values so far, as a view: valid until the next `extend`."""
        return self._room[: self._length]

    def extend(self, values: npt.ArrayLike) -> None:
        """Append the values, converted to the kind of this array."""
        more = np.asarray(values, dtype=self._room.dtype)
        end = self._length + len(more)
        if end > len(self._room):
            room = np.zeros(max(end, len(self._room) * 3 // 2, 64), self._room.dtype)
            room[: self._length] = self.array
            self._room = room
        self._room[self._length : end] = more
        self._length = end


class Postings:
    """Counts of terms in numbered rows 0, 1, 2, ...

    A removed row keeps its number, no longer counts for `rarity`, and is still visited: who asks
    must leave it out. `compact` gives the numbers back.
    """

    def __init__(self) -> None:
        self.live = 0
        """How many rows were added and not removed."""
        self._numbers: dict[str, int] = {}
        self._frequencies = Growing(np.int32)  # by term: in how many live rows
        self._starts = Growing(np.int64, [0])  # by row: where it begins, and the end of the last
        self._terms = Growing(np.int32)  # by posting, in the order of rows
        self._rows = Growing(np.int32)
        self._counts = Growing(np.uint16)
        self._forget_packed()

    def _forget_packed(self) -> None:
        self._packed_until = 0  # in postings
        self._packed_starts: npt.NDArray[np.int64] = np.zeros(1, np.int64)  # by term
        self._packed_rows: Numbers = np.zeros(0, np.int32)
        self._packed_counts: Counts = np.zeros(0, np.uint16)

    def __len__(self) -> int:
        """How many rows were ever added since the last `compact`."""
        return len(self._starts) - 1

    def add(self, counts: Mapping[str, int]) -> None:
        """Append a row with these counts, each at least 1."""
        numbers = self._numbers
        before = len(numbers)
        terms = [numbers.setdefault(term, len(numbers)) for term in counts]
        self._frequencies.extend(np.zeros(len(numbers) - before, np.int32))
        self._frequencies.array[terms] += 1
        self._rows.extend(np.full(len(terms), len(self)))
        self._terms.extend(terms)
        self._counts.extend([min(count, _MOST) for count in counts.values()])
        self._starts.extend([len(self._terms)])
        self.live += 1

    def remove(self, row: int) -> None:
        """Take the row, added and not yet removed, out of the frequencies."""
        begin, end = self._starts.array[row : row + 2]
        self._frequencies.array[self._terms.array[begin:end]] -= 1
        self.live -= 1

    def compact(self, kept: npt.NDArray[np.bool_]) -> None:
        """Give up the rows not kept, all of them removed before, and number the others anew."""
        postings = kept[self._rows.array]
        lengths = np.diff(self._starts.array)[kept]
        used = self._frequencies.array > 0
        new_terms = np.cumsum(used) - 1
        self._numbers = {
            term: int(new_terms[number]) for term, number in self._numbers.items() if used[number]
        }
        frequencies, terms = self._frequencies.array[used], self._terms.array[postings]
        counts, rows = self._counts.array[postings], self._rows.array[postings]
        self._frequencies = Growing(np.int32)
        self._frequencies.extend(frequencies)
        self._terms = Growing(np.int32)
        self._terms.extend(new_terms[terms])
        self._counts = Growing(np.uint16)
        self._counts.extend(counts)
        self._rows = Growing(np.int32)
        self._rows.extend((np.cumsum(kept) - 1)[rows])
        self._starts = Growing(np.int64, [0])
        self._starts.extend(np.cumsum(lengths))
        self._forget_packed()

    def number(self, term: str) -> int | None:
        """Return the number of a term that some live row has, else None."""
        number = self._numbers.get(term)
        if number is None or self._frequencies.array[number] == 0:
            return None
        return number

    @property
    def frequencies(self) -> Numbers:
        """By term number: how many live rows have it. A view, valid until the next change."""
        return self._frequencies.array

    def sum_squares(self, by_term: Floats) -> Floats:
        """Return for each row the sum of (count x the value of its term) squared."""
        values = by_term[self._terms.array]
        values *= self._counts.array
        values *= values
        sums = np.zeros(len(self))
        starts = self._starts.array
        # `reduceat` would give a row without terms the first value of the next.
        filled = np.flatnonzero(starts[:-1] < starts[1:])
        if len(filled):
            sums[filled] = np.add.reduceat(values, starts[filled])
        return sums

    def visit(self, terms: Sequence[int]) -> Iterator[tuple[int, Numbers, Counts]]:
        """Yield (place in `terms`, rows, counts); a place may come twice, a row in it only once."""
        self._pack()
        known = len(self._packed_starts) - 1
        for place, term in enumerate(terms):
            if term < known:
                begin, end = self._packed_starts[term], self._packed_starts[term + 1]
                if begin < end:
                    yield place, self._packed_rows[begin:end], self._packed_counts[begin:end]
        if self._packed_until == len(self._terms) or not terms:
            return
        places = np.full(len(self._numbers), -1, np.int32)
        places[list(terms)] = np.arange(len(terms), dtype=np.int32)
        found = places[self._terms.array[self._packed_until :]]
        chosen = np.flatnonzero(found >= 0)
        # Ordered by place and, within it, as before by row.
        chosen = chosen[np.argsort(found[chosen], kind="stable")]
        rows = self._rows.array[self._packed_until :][chosen]
        counts = self._counts.array[self._packed_until :][chosen]
        bounds = np.searchsorted(found[chosen], np.arange(len(terms) + 1))
        for place, (begin, end) in enumerate(pairwise(bounds)):
            if begin < end:
                yield place, rows[begin:end], counts[begin:end]

    def _pack(self) -> None:
        total = len(self._terms)
        if total - self._packed_until <= max(_SCANNED, self._packed_until // 16):
            return
        # Sorting one number made of term and place is several times quicker than a stable sort.
        keys = self._terms.array.astype(np.int64) << 32 | np.arange(total)
        keys.sort()
        order = keys & 0xFFFFFFFF
        self._packed_rows = self._rows.array[order]
        self._packed_counts = self._counts.array[order]
        sizes = np.bincount(self._terms.array, minlength=len(self._numbers))
        self._packed_starts = np.concatenate([[0], np.cumsum(sizes)])
        self._packed_until = total


class WordMatch:
    """Okapi BM25, as a share of what a text made only of the question's words could reach.

    Formula: Robertson and Zaragoza, The Probabilistic Relevance Framework (2009), with the rarity
    of Lucene, log(1 + (N - n + 0.5) / (n + 0.5)), which is never negative.
    """

    # Shorter of the usual settings for length: bodies are answers, and a long one is no worse.
    SATURATION: Final = 1.2
    LENGTH: Final = 0.4

    def __init__(self) -> None:
        self._postings = Postings()
        self._lengths = Growing(np.int64)
        self._total = 0

    def add(self, counts: Mapping[str, int]) -> None:
        """Append a row with these counts of words."""
        self._postings.add(counts)
        length = sum(counts.values())
        self._lengths.extend([length])
        self._total += length

    def remove(self, row: int) -> None:
        """Take the row out of the statistics."""
        self._postings.remove(row)
        self._total -= int(self._lengths.array[row])

    def compact(self, kept: npt.NDArray[np.bool_]) -> None:
        """As `Postings.compact`."""
        self._postings.compact(kept)
        lengths = self._lengths.array[kept]
        self._lengths = Growing(np.int64)
        self._lengths.extend(lengths)

    def score(self, words: Sequence[str]) -> tuple[Floats, float]:
        """Return a share from 0 to 1 for each row, and how much the question says.

        The latter is the sum of its words' rarities, in words that no row has: a question of three
        unknown words says 3, one made of stop words next to nothing.
        """
        live = self._postings.live
        scores = np.zeros(len(self._postings))
        if not live:
            return scores, 0.0
        unseen = _rarity(live, 0)
        reachable = 0.0
        terms: list[int] = []
        rarities: list[float] = []
        frequencies = self._postings.frequencies
        for word in dict.fromkeys(words):
            term = self._postings.number(word)
            rarity = unseen if term is None else _rarity(live, int(frequencies[term]))
            reachable += rarity
            if term is not None:
                terms.append(term)
                rarities.append(rarity)
        mean = self._total / live or 1.0
        discount = self.SATURATION * (
            1 - self.LENGTH + self.LENGTH / mean * self._lengths.array.astype(np.float64)
        )
        for place, rows, counts in self._postings.visit(terms):
            scores[rows] += rarities[place] * counts / (counts + discount[rows])
        return scores / max(reachable, 1e-12), reachable / unseen


def _rarity(rows: int, having: int) -> float:
    return math.log(1 + (rows - having + 0.5) / (having + 0.5))


class TermCosine:
    """Cosine of TF-IDF vectors, with the rarity log((1 + N) / (1 + n)) + 1."""

    def __init__(self, *, count_unseen: bool) -> None:
        """With `count_unseen`, terms that no row has make the question longer.

        For runs of characters they are evidence of another word. For pairs of words they are not:
        most pairs of a paraphrase are new.
        """
        self._postings = Postings()
        self._count_unseen = count_unseen
        self._scales: Floats | None = None

    def add(self, terms: Sequence[str]) -> None:
        """Append a row with these terms."""
        self._postings.add(Counter(terms))
        self._scales = None

    def remove(self, row: int) -> None:
        """Take the row out of the statistics."""
        self._postings.remove(row)
        self._scales = None

    def compact(self, kept: npt.NDArray[np.bool_]) -> None:
        """As `Postings.compact`."""
        self._postings.compact(kept)
        self._scales = None

    def score(self, terms: Sequence[str]) -> Floats:
        """Return the cosine, 0 to 1, for each row."""
        live = self._postings.live
        scores = np.zeros(len(self._postings))
        if not live:
            return scores
        frequencies = self._postings.frequencies
        length = 0.0
        known: list[int] = []
        factors: list[float] = []
        for term, count in Counter(terms).items():
            number = self._postings.number(term)
            if number is None and not self._count_unseen:
                continue
            rarity = math.log((1 + live) / (1 + (0 if number is None else frequencies[number]))) + 1
            length += (count * rarity) ** 2
            if number is not None:
                known.append(number)
                factors.append(count * rarity * rarity)
        for place, rows, counts in self._postings.visit(known):
            scores[rows] += factors[place] * counts
        if known:
            scores *= self._row_scales() / math.sqrt(length)
        return scores

    def _row_scales(self) -> Floats:
        """By row, 1 / the length of its vector, which every change of the index changes a little.

        All are computed anew at the first search after a change: it takes about as long as a
        search, and makes the scores independent of the order in which entries came.
        """
        if self._scales is None:
            rarities = np.log((1 + self._postings.live) / (1 + self._postings.frequencies)) + 1
            squares = self._postings.sum_squares(rarities)
            self._scales = 1 / np.sqrt(np.maximum(squares, 1e-12))
        return self._scales
