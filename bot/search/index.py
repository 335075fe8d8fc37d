"""The text index: a weighted sum of cheap signals, kept up to date entry by entry."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.late import Late
from bot.search.entry import Entry, Hit
from bot.search.posting import Growing, TermCosine, WordMatch
from bot.search.threshold import THRESHOLDS_LEXICAL, THRESHOLDS_WITH_VECTORS, Thresholds
from bot.search.vector import Vectors
from bot.search.word import clip, fold_words, pair_words, run_characters

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from bot.search.posting import Floats
else:
    np = Late("numpy")

# What is read of a question, a title and a body, in characters. More would make one hostile text
# slow for everybody, and what a text is about stands in its beginning.
QUERY_LIMIT: Final = 4_000
TITLE_LIMIT: Final = 1_000
BODY_LIMIT: Final = 20_000
# How much of the body stands for a title that is empty.
STAND_IN_LIMIT: Final = 400

# A title counts as much as this many times its words in the body.
_TITLE_COUNTS: Final = 3
_CANONICAL_SHARE: Final = 0.7
# Words that no entry has, as many as make a question half as credible as a long one.
_INFORMATION_AT_HALF: Final = 0.5
_DECIMALS: Final = 6
_BLOCK_ROWS: Final = 1_024


@dataclass(frozen=True, slots=True)
class Weights:
    """The share of each signal in the score. They sum to 1."""

    words: float
    """BM25 over title (three times) and body."""
    pairs: float
    """TF-IDF cosine of words and pairs of words, title only."""
    runs: float = 0.0
    """TF-IDF cosine of runs of 3 to 5 characters, title only."""
    title_vector: float = 0.0
    """Cosine of the word vectors of the title."""
    whole_vector: float = 0.0
    """Cosine of the word vectors of title and body together."""


# Chosen once for all five FAQ sets of the tuning data: round numbers from the flat top of the mean
# of average precision that also keep every set well above FTS5. Weights fitted to any four sets
# lose at most .02 on the fifth, except that those fitted without covidfaq lose .07 there (.04 in
# the lexical case): its short questions need their pairs of words, so `pairs` is generous.
WITH_VECTORS: Final = Weights(words=0.25, pairs=0.27, title_vector=0.19, whole_vector=0.29)
LEXICAL: Final = Weights(words=0.50, pairs=0.20, runs=0.30)


class _VectorColumn:
    """One vector a row, in blocks, so that growing copies nothing."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._blocks: list[npt.NDArray[np.float32]] = []
        self._length = 0

    def add(self, vector: npt.NDArray[np.float32]) -> None:
        block, row = divmod(self._length, _BLOCK_ROWS)
        if block == len(self._blocks):
            self._blocks.append(np.zeros((_BLOCK_ROWS, self._width), np.float32))
        self._blocks[block][row] = vector
        self._length += 1

    def compact(self, kept: npt.NDArray[np.bool_]) -> None:
        old, self._blocks, self._length = self._blocks, [], 0
        for row in np.flatnonzero(kept):
            block, place = divmod(int(row), _BLOCK_ROWS)
            self.add(old[block][place])

    def score(self, vector: npt.NDArray[np.float32]) -> Floats:
        products = [block @ vector for block in self._blocks]
        return np.concatenate([np.zeros(0), *products])[: self._length]


class TextIndex:
    """Entries that can be searched by what they say.

    The score of an entry is a weighted sum of BM25, a TF-IDF cosine and either cosines of word
    vectors or, without them, a cosine of character runs; a question that says little (few words,
    or only common ones) has it scaled down. An entry with phrasings has 0.7 times the score of its
    own title and text plus 0.3 times that of its best phrasing.

    The same entries give the same hits, whatever was added and removed in between and in whichever
    order. Every method may be called from any thread; calls wait for each other.
    """

    def __init__(self, vectors: Vectors | None = None, weights: Weights | None = None) -> None:
        """Make an empty index; `weights` defaults to those shipped for either case."""
        if weights is None:
            weights = LEXICAL if vectors is None else WITH_VECTORS
        if vectors is None and (weights.title_vector or weights.whole_vector):
            raise ValueError("Weights for vectors need vectors.")
        self._vectors = vectors
        self._weights = weights
        self._lock = threading.Lock()
        self._entries: dict[str, range] = {}  # id -> its rows: its own, then its phrasings
        self._ids: list[str] = []  # by row
        self._owners = Growing(np.int32)  # by row: the row of the entry itself
        self._alive = Growing(np.bool_)
        self._dead = 0
        self._words = WordMatch()
        self._pairs = TermCosine(count_unseen=False)
        self._runs = TermCosine(count_unseen=True) if weights.runs else None
        self._column = None if vectors is None else _VectorColumn(vectors.width)

    @property
    def thresholds(self) -> Thresholds:
        """The shipped thresholds for scores of this index."""
        return THRESHOLDS_LEXICAL if self._vectors is None else THRESHOLDS_WITH_VECTORS

    def __len__(self) -> int:
        """How many entries there are."""
        with self._lock:
            return len(self._entries)

    def __contains__(self, entry_id: object) -> bool:
        with self._lock:
            return entry_id in self._entries

    def add(self, entry: Entry) -> None:
        """Put the entry in, in place of one with the same id."""
        with self._lock:
            self._drop(entry.id)
            first = len(self._ids)
            self._append(entry.id, first, entry.title, entry.text)
            for phrasing in entry.phrasings:
                self._append(entry.id, first, phrasing, "")
            self._entries[entry.id] = range(first, len(self._ids))

    def remove(self, entry_id: str) -> None:
        """Take the entry out. One that is not there is no error."""
        with self._lock:
            self._drop(entry_id)

    def search(
        self, text: str, limit: int = 3, exclude: Collection[str] = frozenset()
    ) -> list[Hit]:
        """Return at most `limit` entries for the question, best first; equal ones by id.

        Never an entry whose id is in `exclude`, never one with a score of 0. Any text will do; one
        without words (empty, only emoji) finds nothing. Only its first 4,000 characters are read.
        """
        text = clip(text, QUERY_LIMIT)
        words = fold_words(text)
        with self._lock:
            if not words or not self._entries or limit < 1:
                return []
            scores = self._score_entries(text, words)
            for entry_id in exclude:
                if entry_id in self._entries:
                    scores[self._entries[entry_id].start] = 0.0
            return self._best(scores, limit)

    def _append(self, entry_id: str, owner: int, title: str, text: str) -> None:
        text = text.strip()
        title = clip(title.strip(), TITLE_LIMIT)
        title_words = fold_words(title)
        counts = Counter(fold_words(clip(text, BODY_LIMIT)))
        for word in title_words:
            counts[word] += _TITLE_COUNTS
        if not title_words:
            title = clip(text, STAND_IN_LIMIT)
            title_words = fold_words(title)
            whole = text
        else:
            whole = f"{title} {text}"
        if self._vectors is not None and self._column is not None:
            # The sum of two cosines with the same question is one product with the summed vectors.
            of_title, of_whole = self._vectors.encode([title, whole])
            weights = self._weights
            self._column.add(weights.title_vector * of_title + weights.whole_vector * of_whole)
        self._words.add(counts)
        self._pairs.add(pair_words(title_words))
        if self._runs is not None:
            self._runs.add(run_characters(title_words))
        self._ids.append(entry_id)
        self._owners.extend([owner])
        self._alive.extend([True])

    def _drop(self, entry_id: str) -> None:
        rows = self._entries.pop(entry_id, range(0))
        for row in rows:
            self._words.remove(row)
            self._pairs.remove(row)
            if self._runs is not None:
                self._runs.remove(row)
            self._alive.array[row] = False
        self._dead += len(rows)
        if self._dead > 64 and self._dead * 4 > len(self._ids):
            self._compact()

    def _compact(self) -> None:
        kept = self._alive.array.copy()
        self._words.compact(kept)
        self._pairs.compact(kept)
        if self._runs is not None:
            self._runs.compact(kept)
        if self._column is not None:
            self._column.compact(kept)
        new_rows = np.cumsum(kept) - 1
        # The rows of an entry live and die together, so they stay neighbours.
        self._entries = {
            entry_id: range(int(new_rows[rows.start]), int(new_rows[rows.start]) + len(rows))
            for entry_id, rows in self._entries.items()
        }
        self._ids = [entry_id for entry_id, keep in zip(self._ids, kept, strict=True) if keep]
        owners = new_rows[self._owners.array[kept]]
        self._owners = Growing(np.int32)
        self._owners.extend(owners)
        self._alive = Growing(np.bool_)
        self._alive.extend(np.ones(len(self._ids), np.bool_))
        self._dead = 0

    def _score_entries(self, text: str, words: list[str]) -> Floats:
        """By row: the score of the entry whose first row it is, else 0."""
        weights = self._weights
        matches, information = self._words.score(words)
        scores = weights.words * matches
        scores += weights.pairs * self._pairs.score(pair_words(words))
        if self._runs is not None:
            scores += weights.runs * self._runs.score(run_characters(words))
        if self._vectors is not None and self._column is not None:
            scores += self._column.score(self._vectors.encode([text])[0])
        scores *= information / (information + _INFORMATION_AT_HALF)
        scores[~self._alive.array] = 0.0
        owners = self._owners.array
        extra = np.flatnonzero(owners != np.arange(len(owners)))
        if len(extra):
            best = np.full(len(owners), -np.inf)
            np.maximum.at(best, owners[extra], scores[extra])
            mixed = np.flatnonzero(np.isfinite(best))
            scores[mixed] = _CANONICAL_SHARE * scores[mixed] + (1 - _CANONICAL_SHARE) * best[mixed]
            scores[extra] = 0.0
        # The last digits depend on the order of summation; rounded off, equal entries are equal.
        return np.round(scores, _DECIMALS)

    def _best(self, scores: Floats, limit: int) -> list[Hit]:
        rows = np.flatnonzero(scores > 0)
        if len(rows) > limit:
            least = np.partition(scores[rows], len(rows) - limit)[len(rows) - limit]
            rows = rows[scores[rows] >= least]
        hits = [Hit(self._ids[row], float(scores[row])) for row in rows]
        hits.sort(key=lambda hit: (-hit.score, hit.id))
        return hits[:limit]
