"""How long a bank of 5,000 items takes to check and to bring: `python -m tests.bench.checking`.

Makes a pack of our own quizzes' items, each said a little differently (or `--items N`), and
measures what `inflow content check` does with it, bringing it to a workspace on SQLite, bringing
it again when nothing or one item has changed, and reading the quiz in a process that has not
seen it. Prints one JSON object.
"""

import argparse
import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bot.capabilities.questions.memory import Memory
from bot.ids import WorkspaceId
from bot.pack.sync import sync
from bot.people import Workspace
from content.load import PACKS, Loaded, load_packs
from storage import pack as pack_module
from storage.database import Database
from storage.migrate import upgrade
from tests.databases import RELAY_KEY

ITEMS: Final = 5_000
LIMITS: Final = {"check_s": 5.0}
SOURCE: Final = PACKS / "everyday-data"
PLACE: Final = Workspace(id=WorkspaceId("w"), platform="slack", external="T0", name="Place")
NOW: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

_KIN = re.compile(r"(?m)^\s+(variant_of|enemies):.*\n")


def write_bank(folder: Path, items: int) -> Path:
    """The pack of our own in a folder, its quiz enlarged to so many items."""
    for path in SOURCE.rglob("*"):
        if path.is_file():
            there = folder / path.relative_to(SOURCE)
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(path.read_bytes())
    (quiz,) = (folder / "quizzes").glob("*.yaml")
    head, _, body = quiz.read_text(encoding="utf-8").partition("items:\n")
    ours = re.split(r"(?m)^(?=  - id:)", body)[1:]
    bank = [
        _KIN.sub("", ours[number % len(ours)])
        .replace("  - id: ", f"  - id: n{number}-", 1)
        .replace('stem: "', f'stem: "Case {number}. ', 1)
        for number in range(items)
    ]
    quiz.write_text(f"{head}items:\n{''.join(bank)}", encoding="utf-8")
    return quiz


def bring(database: Database, loaded: Loaded) -> float:
    """Seconds that it takes."""
    started = time.perf_counter()
    with database.transaction() as work:
        sync(work.packs, PLACE.id, loaded.bundle, NOW)
    return time.perf_counter() - started


def read(database: Database, quiz: str) -> float:
    started = time.perf_counter()
    with database.transaction() as work:
        assert work.packs.quiz(PLACE.id, quiz) is not None
    return time.perf_counter() - started


def measure(items: int) -> dict[str, object]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        quiz = write_bank(folder / "bank", items)
        size = quiz.stat().st_size
        started = time.perf_counter()
        (loaded,) = load_packs([folder / "bank"])
        check = time.perf_counter() - started
        url = f"sqlite:///{folder / 'bench.db'}"
        upgrade(url)
        database = Database(url, relay_key=RELAY_KEY, memory=Memory())
        with database.transaction() as work:
            work.people.add_workspace(PLACE)
        first, again = bring(database, loaded), bring(database, loaded)
        said = quiz.read_text(encoding="utf-8")
        quiz.write_text(said.replace("Case 1.", "The first case.", 1), encoding="utf-8")
        (changed,) = load_packs([folder / "bank"])
        one = bring(database, changed)
        id_ = next(value.id for value in changed.bundle.contents if hasattr(value, "items"))
        pack_module._shelf = pack_module._Shelf(pack_module.KEPT_ITEMS)
        cold, warm = read(database, id_), read(database, id_)
        database.close()
    return {
        "items": items,
        "megabytes": round(size / 1e6, 1),
        "check_s": round(check, 2),
        "limits": LIMITS,
        "within": check <= LIMITS["check_s"],
        "bring_s": round(first, 2),
        "bring_again_s": round(again, 2),
        "bring_one_changed_s": round(one, 2),
        "read_cold_ms": round(cold * 1000, 1),
        "read_warm_ms": round(warm * 1000, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=ITEMS)
    print(json.dumps(measure(parser.parse_args().items), indent=2))


if __name__ == "__main__":
    main()
