"""How many durable transactions a second SQLite keeps: `python -m tests.bench.commit`.

Each transaction takes an event on, promises one letter and is on the disk when its caller goes
on (synchronous=FULL), as an inbound is before a platform hears that we have it. Measured with
1, 16 and 64 callers, with commits shared (storage/group.py) and, in the same run, with a commit
for each transaction. Prints one JSON object.
"""

import argparse
import json
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

from bot.capabilities.questions.memory import Memory
from storage.database import Database
from storage.group import LARGEST
from storage.migrate import upgrade
from tests.databases import RELAY_KEY
from tests.storage.example import ACME, BO, NOW, letter

CALLERS: Final = (1, 16, 64)
TRIALS: Final = 3


@contextmanager
def opened(folder: Path, largest: int) -> Iterator[Database]:
    """A fresh database of which at most `largest` transactions share a commit."""
    with TemporaryDirectory(dir=folder) as place:
        url = f"sqlite:///{place}/inflow.db"
        upgrade(url)
        database = Database(url, relay_key=RELAY_KEY, memory=Memory(), group=largest)
        with database.transaction() as work:
            work.people.add_workspace(ACME)
            work.people.save(BO)
        yield database
        database.close()


def keep(database: Database, callers: int, transactions: int) -> tuple[float, list[float]]:
    """Transactions a second, and how long each took in milliseconds."""
    ready = threading.Barrier(callers + 1)
    took: list[float] = []

    def call(name: int) -> None:
        letters = [letter(f"{name}:{number}") for number in range(transactions // callers)]
        ready.wait()
        for each in letters:
            began = perf_counter()
            with database.transaction() as work:
                work.inbox.begin("slack", each.key, NOW)
                work.outbox.post(ACME.id, each)
            took.append((perf_counter() - began) * 1000)

    threads = [threading.Thread(target=call, args=(name,)) for name in range(callers)]
    for thread in threads:
        thread.start()
    ready.wait()
    began = perf_counter()
    for thread in threads:
        thread.join()
    return len(took) / (perf_counter() - began), took


def measure(folder: Path, transactions: int) -> dict[str, object]:
    """The figures by number of callers; of several trials in turn the median."""
    figures: dict[str, object] = {}
    for callers in CALLERS:
        rates: dict[str, list[float]] = {"grouped": [], "ungrouped": []}
        took: list[float] = []
        for _ in range(TRIALS):
            for name, largest in (("grouped", LARGEST), ("ungrouped", 1)):
                with opened(folder, largest) as database:
                    rate, each = keep(database, callers, transactions)
                rates[name].append(rate)
                took += each if name == "grouped" else []
        grouped, ungrouped = (statistics.median(rates[name]) for name in rates)
        figures[f"callers_{callers}"] = {
            "grouped_per_s": round(grouped),
            "ungrouped_per_s": round(ungrouped),
            "ratio": round(grouped / ungrouped, 2),
            "grouped_ms_median": round(statistics.median(took), 2),
            "grouped_ms_p99": round(statistics.quantiles(took, n=100)[-1], 2),
        }
    return figures


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transactions", type=int, default=4_000)
    parser.add_argument("--folder", type=Path, default=None, help="on the disk to be measured")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="inflow-bench-", dir=options.folder) as folder:
        figures = measure(Path(folder), options.transactions)
    limits = {"callers_64": {"grouped_per_s": 2_000, "ratio": 3}}
    print(json.dumps({"bench": "commit", "limits": limits, **figures}, indent=2))


if __name__ == "__main__":
    main()
