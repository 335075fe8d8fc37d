"""How fast and how large the search is at 10,000 entries: `python -m tests.bench.search`.

Prints one JSON object. Times are medians in milliseconds of one query, ours and those of SQLite
FTS5 without stop words taken in turn over the same entries and queries; memory is that of a fresh
process that built the same index and searched it.
"""

import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from bot.search import Entry, TextIndex, Vectors
from bot.search.evaluation import open_fts5
from tests.search.shared_data import find_shared_data

ENTRIES: Final = 10_000
QUERIES: Final = 200
QUERY_WORDS: Final = 19
LIMIT: Final = 3
CANDIDATES: Final = 50

_STOP_WORDS = (
    "a about after all also am an and any are as at be because been before being but by can could"
    " did do does doing down for from get had has have he her here him his how i if in into is it"
    " its just like me more most my no not now of off on one only or other our out over own same"
    " she should so some such than that the their them then there these they this those through to"
    " too up us very was we were what when where which while who why will with would you your"
)
STOP_WORDS: Final = frozenset(_STOP_WORDS.split())


def read_texts(data: Path | None) -> list[tuple[str, str]]:
    """Return titles and bodies to make entries from: real ones, or else made-up ones.

    Made-up words are as unequally common as real ones: the n-th comes 1/n times as often.
    """
    if data is not None:
        texts: list[tuple[str, str]] = []
        for name in ("englishdup", "stackfaq", "covidfaq"):
            with (data / "faq" / name / "corpus.jsonl").open(encoding="utf-8") as lines:
                texts += [(line["title"], line["text"]) for line in map(json.loads, lines)]
        return texts
    chance = random.Random("texts")
    common = sorted(STOP_WORDS)
    letters = "etaoinshrdlucmfw"
    rare = ["".join(chance.choices(letters, k=chance.randint(4, 10))) for _ in range(20_000)]
    words = common + rare
    shares = [1 / place for place in range(1, len(words) + 1)]
    return [
        (
            " ".join(chance.choices(words, shares, k=10)),
            " ".join(chance.choices(words, shares, k=50)),
        )
        for _ in range(1_000)
    ]


def make_entries(texts: list[tuple[str, str]]) -> Iterator[Entry]:
    """Yield the texts as entries, then pieces of them put together anew, 10,000 in all."""
    chance = random.Random("entries")
    words = [word for title, text in texts for word in f"{title} {text}".split()]
    for number in range(ENTRIES):
        if number < len(texts):
            title, text = texts[number]
        else:
            title, text = _cut(words, 10, chance), _cut(words, chance.randint(10, 70), chance)
        yield Entry(f"entry-{number:05}", title, text)


def make_queries(texts: list[tuple[str, str]]) -> list[str]:
    """Return questions of 19 words: two pieces of known text."""
    chance = random.Random("queries")
    words = [word for title, text in texts for word in f"{title} {text}".split()]
    half = QUERY_WORDS // 2
    return [
        f"{_cut(words, half, chance)} {_cut(words, QUERY_WORDS - half, chance)}"
        for _ in range(QUERIES)
    ]


def _cut(words: list[str], length: int, chance: random.Random) -> str:
    start = chance.randrange(len(words) - length)
    return " ".join(words[start : start + length])


def _time(call: Callable[..., object], *arguments: object) -> float:
    """Return how many milliseconds the call takes."""
    start = time.perf_counter()
    call(*arguments)
    return (time.perf_counter() - start) * 1000


def measure_speed(vectors: Vectors | None, texts: list[tuple[str, str]]) -> dict[str, object]:
    """Build both indexes and ask them in turn."""
    entries = list(make_entries(texts))
    index = TextIndex(vectors)
    additions = [_time(index.add, entry) for entry in entries]
    queries = make_queries(texts)
    first = _time(index.search, queries[0], LIMIT)
    ours: list[float] = []
    fts5: list[float] = []
    candidates: list[float] = []
    with open_fts5(entries, left_out=STOP_WORDS, limit=LIMIT) as ask_fts5:
        for query in queries:
            ours.append(_time(index.search, query, LIMIT))
            fts5.append(_time(ask_fts5, query))
            candidates.append(_time(index.search, query, CANDIDATES))
    after_change: list[float] = []
    for number, query in enumerate(queries):
        index.add(Entry(f"new-{number:03}", query))
        after_change.append(_time(index.search, query, LIMIT))
    return {
        "query_ms": round(statistics.median(ours), 3),
        "query_ms_p95": round(statistics.quantiles(ours, n=20)[-1], 3),
        "fts5_query_ms": round(statistics.median(fts5), 3),
        "ratio": round(statistics.median(ours) / statistics.median(fts5), 3),
        "candidates_query_ms": round(statistics.median(candidates), 3),
        "query_after_add_ms": round(statistics.median(after_change), 3),
        "first_query_ms": round(first, 3),
        "add_ms_mean": round(statistics.mean(additions), 3),
        "add_ms_median": round(statistics.median(additions), 3),
        "add_ms_max": round(max(additions), 3),
        "build_s": round(sum(additions) / 1000, 3),
    }


def measure_memory(vectors: str) -> float:
    """Return the resident size, in MB, of a fresh process with the index built and used."""
    command = [sys.executable, "-m", "tests.bench.search", "--process", vectors]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=300, check=True
    )
    return float(done.stdout)


def run_process(vectors: str) -> None:
    """Build and search in this process, then print its resident size in MB."""
    texts = read_texts(find_shared_data())
    index = TextIndex(Vectors.load() if vectors == "table" else None)
    for entry in make_entries(texts):
        index.add(entry)
    for query in make_queries(texts):
        index.search(query, LIMIT)
    print(round(_resident_bytes() / 1e6, 1))


def _resident_bytes() -> int:
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    # Elsewhere only the largest size so far is known, in bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Print the figures of the index with vectors, where they are installed, and without."""
    data = find_shared_data()
    texts = read_texts(data)
    vectors = Vectors.load()
    figures: dict[str, object] = {
        "bench": "search",
        "entries": ENTRIES,
        "texts": "made up" if data is None else "shared/data",
        "limits": {"ratio": 5, "add_ms_median": 5, "process_rss_mb": 150, "build_s": 10},
    }
    for name, used in (("table", vectors), ("none", None)):
        if name == "table" and vectors is None:
            figures[name] = "not installed"
            continue
        figures[name] = {
            **measure_speed(used, texts),
            "process_rss_mb": measure_memory(name),
        }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--process"]:
        run_process(sys.argv[2])
    else:
        main()
