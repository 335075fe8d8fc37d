"""How well the search finds, on questions and answers written by others.

A set is a folder with two files of one JSON object a line. `corpus.jsonl` has `id`, `title` and,
optionally, `text` and `group`: entries of one group are stored wordings of one answer.
`queries.jsonl` has `id`, `text` and either `relevant` (ids) or `relevant_group`; a
`relevant_group` of null is a question that nothing answers.

The protocol: every corpus line is an entry of the `TextIndex` that serves; the whole ranking is
taken, without the query's own id; a group stands where the best of its entries stands. Beside it,
in the same run, SQLite's FTS5 ranks the same corpus for the same queries.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

from bot.search.entry import Entry
from bot.search.index import TextIndex
from bot.search.threshold import Thresholds
from bot.search.vector import Vectors

# Where the first hits are looked at: what fits into one message.
_FIRST: Final = 5
_OFFERED: Final = 3


class EvaluationError(ValueError):
    """The data or the vectors cannot be used; says which file and line, and why."""


class Quality(TypedDict):
    """How high the right answers stand. Questions that nothing answers do not count."""

    map: float
    """Mean average precision over complete rankings; one that is not found counts 0."""
    p_at_1: float
    """Share of queries whose first hit is right."""
    hit_at_5: float
    """Share of queries with a right one among the first five."""


class Floor(Quality):
    """Quality of FTS5's `bm25()`, the better of two ways to index."""

    columns: str


class Abstention(TypedDict):
    """What happens at the shipped thresholds. Shares of all queries of that sort, or null."""

    auroc: float | None
    """Chance that a question with an answer scores higher than one without."""
    answer_threshold: float
    suggest_threshold: float
    precision: float | None
    """Share of right ones among shown answers."""
    answered: float
    """Share of questions with an answer that are shown one, right or wrong."""
    answered_out_of_scope: float | None
    offer_precision: float | None
    """Share of offers of three with a right one among them."""
    offered: float
    offered_out_of_scope: float | None


class SetResult(Quality):
    """The figures of one set."""

    n: int
    """Queries with an answer."""
    out_of_scope: int
    """Queries without."""
    fts5: Floor
    abstention: Abstention


class FaqResult(TypedDict):
    """What `inflow eval faq` prints."""

    vectors: str
    sets: dict[str, SetResult]


@dataclass(frozen=True, slots=True)
class Document:
    """One line of a corpus."""

    entry: Entry
    group: str
    """The entry's own id where the corpus has no groups."""


@dataclass(frozen=True, slots=True)
class Query:
    """One line of queries."""

    id: str
    text: str
    relevant: frozenset[str]
    """Groups; empty when nothing answers."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """One set, read and checked."""

    name: str
    documents: tuple[Document, ...]
    queries: tuple[Query, ...]


def evaluate_faq(data: Path, vectors: str) -> FaqResult:
    """Measure the search on one set, or on every set in a folder of them.

    `vectors` is "none" or "table". Raises EvaluationError for anything that is missing or wrong.
    """
    if vectors not in {"none", "table"}:
        raise EvaluationError(f"Vectors are 'none' or 'table', not {vectors!r}.")
    corpora = [read_set(folder) for folder in find_sets(data)]
    table = _load_table() if vectors == "table" else None
    return {
        "vectors": vectors,
        "sets": {corpus.name: evaluate_set(corpus, table) for corpus in corpora},
    }


def evaluate_set(corpus: Corpus, vectors: Vectors | None) -> SetResult:
    """Measure the search on one set."""
    groups = {document.entry.id: document.group for document in corpus.documents}
    index = TextIndex(vectors)
    for document in corpus.documents:
        index.add(document.entry)
    rankings: list[list[str]] = []
    tops: list[float] = []
    for query in corpus.queries:
        hits = index.search(query.text, limit=len(groups), exclude={query.id})
        rankings.append(list(dict.fromkeys(groups[hit.id] for hit in hits)))
        tops.append(hits[0].score if hits else 0.0)
    relevants = [query.relevant for query in corpus.queries]
    quality = measure_rankings(rankings, relevants)
    return {
        **quality,
        "n": sum(bool(relevant) for relevant in relevants),
        "out_of_scope": sum(not relevant for relevant in relevants),
        "fts5": _measure_fts5(corpus, groups),
        "abstention": measure_abstention(rankings, tops, relevants, index.thresholds),
    }


def find_sets(data: Path) -> list[Path]:
    """Return the folders of sets: this one, or else those in it, by name."""
    if not data.is_dir():
        raise EvaluationError(f"{data}: no such folder.")
    if (data / "corpus.jsonl").exists() or (data / "queries.jsonl").exists():
        return [data]
    folders = sorted(path.parent for path in data.glob("*/corpus.jsonl"))
    if not folders:
        raise EvaluationError(f"{data}: no corpus.jsonl here or in a folder below.")
    return folders


def read_set(folder: Path) -> Corpus:
    """Read one set, or raise EvaluationError with file and line of the first thing wrong."""
    documents: dict[str, Document] = {}
    for place, line in _read_lines(folder / "corpus.jsonl"):
        id_ = _text(place, line, "id")
        if id_ in documents:
            raise EvaluationError(f"{place}: the id {id_!r} comes twice.")
        group = id_ if line.get("group") is None else _text(place, line, "group")
        title, text = _text(place, line, "title"), _text(place, line, "text", "")
        documents[id_] = Document(Entry(id_, title, text), group)
    groups = {document.group for document in documents.values()}
    queries: list[Query] = []
    for place, line in _read_lines(folder / "queries.jsonl"):
        relevant = _relevant(place, line, documents)
        if not relevant <= groups:
            raise EvaluationError(f"{place}: {min(relevant - groups)!r} is not in the corpus.")
        queries.append(Query(_text(place, line, "id"), _text(place, line, "text"), relevant))
    if not documents:
        raise EvaluationError(f"{folder / 'corpus.jsonl'}: no entries.")
    if not any(query.relevant for query in queries):
        raise EvaluationError(f"{folder / 'queries.jsonl'}: no queries with an answer.")
    return Corpus(folder.resolve().name, tuple(documents.values()), tuple(queries))


def measure_rankings(
    rankings: Sequence[Sequence[str]], relevants: Sequence[frozenset[str]]
) -> Quality:
    """Return the quality of rankings of groups; at least one query must have a right answer."""
    precisions: list[float] = []
    firsts: list[bool] = []
    among_first: list[bool] = []
    for ranking, relevant in zip(rankings, relevants, strict=True):
        if not relevant:
            continue
        ranks = [rank for rank, group in enumerate(ranking, start=1) if group in relevant]
        found = sum(place / rank for place, rank in enumerate(ranks, start=1))
        precisions.append(found / len(relevant))
        firsts.append(ranks[:1] == [1])
        among_first.append(bool(ranks) and ranks[0] <= _FIRST)
    return {"map": _mean(precisions), "p_at_1": _mean(firsts), "hit_at_5": _mean(among_first)}


def measure_abstention(
    rankings: Sequence[Sequence[str]],
    tops: Sequence[float],
    relevants: Sequence[frozenset[str]],
    thresholds: Thresholds,
) -> Abstention:
    """Return what the thresholds do; `tops` are the scores of the first hits, 0 for none."""
    inside = [top for top, relevant in zip(tops, relevants, strict=True) if relevant]
    outside = [top for top, relevant in zip(tops, relevants, strict=True) if not relevant]
    shown: list[bool] = []
    offers: list[bool] = []
    for ranking, top, relevant in zip(rankings, tops, relevants, strict=True):
        if top >= thresholds.answer:
            shown.append(ranking[0] in relevant)
        if top >= thresholds.suggest:
            offers.append(not relevant.isdisjoint(ranking[:_OFFERED]))
    return {
        "auroc": _auroc(inside, outside) if inside and outside else None,
        "answer_threshold": thresholds.answer,
        "suggest_threshold": thresholds.suggest,
        "precision": _mean(shown) if shown else None,
        "answered": _share_from(thresholds.answer, inside),
        "answered_out_of_scope": _share_from(thresholds.answer, outside) if outside else None,
        "offer_precision": _mean(offers) if offers else None,
        "offered": _share_from(thresholds.suggest, inside),
        "offered_out_of_scope": _share_from(thresholds.suggest, outside) if outside else None,
    }


def _load_table() -> Vectors:
    try:
        vectors = Vectors.load()
    except ValueError as error:
        raise EvaluationError(str(error)) from error
    if vectors is None:
        raise EvaluationError(
            "The word vectors are not installed. Install inflow[vectors] or use vectors 'none'."
        )
    return vectors


def _measure_fts5(corpus: Corpus, groups: dict[str, str]) -> Floor:
    """Return the better of title alone and of title, three times as heavy, with text."""
    relevants = [query.relevant for query in corpus.queries]
    floors: list[Floor] = []
    for columns, weighting in (("title", (1, 0)), ("title x3 + text", (3, 1))):
        entries = (document.entry for document in corpus.documents)
        with open_fts5(entries, weighting, with_text=columns != "title") as rank:
            rankings = [
                list(dict.fromkeys(groups[id_] for id_ in rank(query.text) if id_ != query.id))
                for query in corpus.queries
            ]
        quality = measure_rankings(rankings, relevants)
        floors.append({**quality, "columns": columns})
    return max(floors, key=lambda floor: floor["map"])


@contextmanager
def open_fts5(
    entries: Iterable[Entry],
    weighting: tuple[float, float] = (3, 1),
    with_text: bool = True,
    left_out: frozenset[str] = frozenset(),
    limit: int = -1,
) -> Iterator[Callable[[str], list[str]]]:
    """Give a search of SQLite FTS5 over the entries, in memory: ids, best `bm25()` first.

    The question is an OR of its words, quoted, but for those `left_out`. A `limit` below 0 means
    all. Raises EvaluationError when this SQLite was built without FTS5.
    """
    with closing(sqlite3.connect(":memory:")) as database:
        try:
            database.execute("CREATE VIRTUAL TABLE entry USING fts5(title, text)")
        except sqlite3.OperationalError as error:
            raise EvaluationError(f"SQLite {sqlite3.sqlite_version}: {error}") from error
        ids: list[str] = []
        for entry in entries:
            ids.append(entry.id)
            database.execute(
                "INSERT INTO entry VALUES (?, ?)", (entry.title, entry.text if with_text else "")
            )
        statement = (
            "SELECT rowid FROM entry WHERE entry MATCH ? ORDER BY bm25(entry, ?, ?), rowid LIMIT ?"
        )

        def rank(text: str) -> list[str]:
            words = dict.fromkeys(re.findall(r"\w+", text.lower()))
            asked = " OR ".join(f'"{word}"' for word in words if word not in left_out)
            if not asked:
                return []
            found = database.execute(statement, (asked, *weighting, limit))
            return [ids[row - 1] for (row,) in found]

        yield rank


def _read_lines(path: Path) -> list[tuple[str, dict[str, object]]]:
    """Return each object with its place, "file:line", for errors."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EvaluationError(f"{path}: {error.strerror}.") from error
    lines: list[tuple[str, dict[str, object]]] = []
    for number, raw in enumerate(content.split(b"\n"), start=1):
        place = f"{path}:{number}"
        if not raw.strip():
            continue
        try:
            value: object = json.loads(raw)
        except UnicodeDecodeError as error:
            raise EvaluationError(f"{place}: not UTF-8.") from error
        except json.JSONDecodeError as error:
            raise EvaluationError(f"{place}: not JSON: {error.msg}.") from error
        if not isinstance(value, dict):
            raise EvaluationError(f"{place}: a line is one JSON object.")
        lines.append((place, value))
    return lines


def _text(place: str, line: dict[str, object], field: str, default: str | None = None) -> str:
    value = line.get(field, default)
    if not isinstance(value, str):
        raise EvaluationError(f"{place}: {field!r} must be text.")
    return value


def _relevant(
    place: str, line: dict[str, object], documents: dict[str, Document]
) -> frozenset[str]:
    """Return the groups that answer the query of this line."""
    if "relevant_group" in line:
        if line["relevant_group"] is None:
            return frozenset()
        return frozenset({_text(place, line, "relevant_group")})
    ids = line.get("relevant")
    if not isinstance(ids, list) or not ids or not all(isinstance(id_, str) for id_ in ids):
        raise EvaluationError(f"{place}: needs 'relevant', a list of ids, or 'relevant_group'.")
    unknown = [id_ for id_ in ids if id_ not in documents]
    if unknown:
        raise EvaluationError(f"{place}: {unknown[0]!r} is not in the corpus.")
    return frozenset(documents[id_].group for id_ in ids)


def _auroc(higher: Sequence[float], lower: Sequence[float]) -> float:
    """Mann-Whitney: the chance that one of `higher` is above one of `lower`, ties half."""
    ordered = sorted([(value, True) for value in higher] + [(value, False) for value in lower])
    wins = 0.0
    below = 0
    start = 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and ordered[end][0] == ordered[start][0]:
            end += 1
        tied = sum(not is_higher for _, is_higher in ordered[start:end])
        wins += (end - start - tied) * (below + tied / 2)
        below += tied
        start = end
    return wins / (len(higher) * len(lower))


def _share_from(threshold: float, scores: Sequence[float]) -> float:
    return _mean([score >= threshold for score in scores])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
