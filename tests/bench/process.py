"""How the whole program starts, how large it is and how quick: `python -m tests.bench.process`.

Starts the real `inflow run` in a folder of its own, empty and then with 10,000 imported FAQ
entries (or `--entries N`), asks through the playground's API, and prints one JSON object. `bare`
is one without a demo and without vectors. Sizes are resident sizes in MB; where the system says
how much of one lies in files that it may drop (programs, libraries, the vectors' table), that is
given beside it.
"""

import argparse
import json
import re
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bot.capabilities.questions.model import ASKS_A_DAY
from tests.bench.search import ENTRIES, make_entries, make_queries, read_texts
from tests.cli.program import Program, Running
from tests.search.shared_data import find_shared_data

ASKS: Final = 60
SAY: Final = "/playground/api/say"
PEOPLE: Final = "/playground/api/people"


def write_entries(path: Path, entries: int) -> None:
    """An FAQ file of that many entries, without an id that is there twice."""
    texts = read_texts(find_shared_data())
    with path.open("w", encoding="utf-8") as file:
        for number, entry in zip(range(entries), make_entries(texts), strict=False):
            # The number keeps titles apart: an entry is known by its question.
            row = {"id": str(number), "question": f"{entry.title[:280]} {number}"}
            file.write(json.dumps(row | {"answer": entry.text[:4_000] or entry.title}) + "\n")


@contextmanager
def start(program: Program) -> Iterator[tuple[Running, float]]:
    """The program, and how many seconds it took until it answered."""
    began = time.perf_counter()
    with program.start("run", "--port", "0", patience=5, anew=True) as running:
        running.get("/healthz")
        yield running, round(time.perf_counter() - began, 2)


def size_of(running: Running) -> dict[str, float]:
    """The resident size, and the part of it that lies in files."""
    status = Path(f"/proc/{running.process}/status")
    if not status.exists():
        size = ["ps", "-o", "rss=", "-p", str(running.process)]
        done = subprocess.run(size, capture_output=True, text=True, timeout=20, check=True)
        return {"rss_mb": round(int(done.stdout) * 1024 / 1e6, 1)}
    found = dict(re.findall(r"^(\w+):\s+(\d+) kB$", status.read_text(), re.MULTILINE))
    return {
        name: round(int(found[line]) * 1024 / 1e6, 1)
        for name, line in (("rss_mb", "VmRSS"), ("of_files_mb", "RssFile"))
    }


def ask(running: Running, queries: list[str]) -> tuple[float, list[float]]:
    """Milliseconds of the first `/ask`, which reads all entries in, and of each after it.

    People take turns, so that nobody reaches the limit of a day.
    """
    people = [person["id"] for person in json.loads(running.get(PEOPLE)[1])["people"]]
    if len(queries) > len(people) * ASKS_A_DAY:
        raise SystemExit(f"{len(people)} people may not ask {len(queries)} times a day")
    times = []
    for number, query in enumerate(queries):
        said = {
            "person": people[number % len(people)],
            "conversation": "dm",
            "text": f"/ask {query}",
        }
        began = time.perf_counter()
        answer = running.post(SAY, said)
        times.append((time.perf_counter() - began) * 1000)
        if not answer["messages"]:
            raise SystemExit(f"no answer to an /ask: {answer}")
    return times[0], times[1:]


def measure(folder: Path, entries: int) -> dict[str, object]:
    """Start on nothing, start again, bring the entries, start again and ask."""
    program = Program(folder)
    with start(program) as (running, first):
        empty = size_of(running)
    with start(program) as (running, second):
        idle = size_of(running)
    (folder / "bare").mkdir()
    bare = Program(folder / "bare", {"INFLOW_DEMO": "false", "INFLOW_VECTORS": "none"})
    for _ in range(2):
        with start(bare) as (running, _):
            time.sleep(2)
            alone = size_of(running)
    write_entries(folder / "faq.jsonl", entries)
    began = time.perf_counter()
    done = program.call("import", "faq", "faq.jsonl")
    if done.returncode:
        raise SystemExit(done.stderr)
    imported = round(time.perf_counter() - began, 2)
    with start(program) as (running, full):
        first_ask, asks = ask(running, make_queries(read_texts(find_shared_data()))[:ASKS])
        return {
            "start_first_s": first,
            "start_second_s": second,
            "start_with_entries_s": full,
            "import_s": imported,
            "first_start": empty,
            "bare": alone,
            "idle": idle,
            "with_entries": size_of(running),
            "first_ask_ms": round(first_ask, 1),
            "ask_ms": round(statistics.median(asks), 1),
            "ask_ms_p95": round(statistics.quantiles(asks, n=20)[-1], 1),
        }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    entries = parser.parse_args().entries
    with TemporaryDirectory(prefix="inflow-bench-") as folder:
        figures = measure(Path(folder), entries)
    limits = {"start_second_s": 3, "bare_mb": 120}
    print(
        json.dumps({"bench": "process", "entries": entries, "limits": limits, **figures}, indent=2)
    )


if __name__ == "__main__":
    main()
