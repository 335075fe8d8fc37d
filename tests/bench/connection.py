"""How quick somebody is told who has written about the same: `python -m tests.bench.connection`.

10,000 narrations of 1,000 people are shared with everybody, each sealed with its author's own key.
Measured is all that is said of one when it is shared: reading and opening the newest that may be
compared, searching them, and what is asked openly and stands in the FAQ (of which there is nothing
here: `bench.search` has that). Also the list of what was shared with one, which opens as many as
it may show. Prints one JSON object. PostgreSQL is the server of the suite.
"""

import json
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bot.capabilities.narration.connecting import near
from bot.capabilities.narration.model import READ, Line, Narration, Reach, Sort, State
from bot.context import Context
from bot.ids import PersonId, WorkspaceId
from bot.people import Person, Workspace
from storage.database import Database
from tests.bench.planning import opened
from tests.postgres import run_postgres

NARRATIONS: Final = 10_000
AUTHORS: Final = 1_000
ROUNDS: Final = 20
LIMITS: Final = {"connections_ms": 500}
NOW: Final = datetime(2026, 3, 3, 10, tzinfo=UTC)
PLACE: Final = Workspace(id=WorkspaceId("w"), platform="slack", external="T0", name="Place")
_LETTERS: Final = "etaoinshrdlu"


def make_words(chance: random.Random) -> Callable[[int], str]:
    """Made-up words as unequally common as real ones: the n-th comes 1/n times as often."""
    words = ["".join(chance.choices(_LETTERS, k=chance.randint(3, 10))) for _ in range(5_000)]
    shares = [1 / place for place in range(1, len(words) + 1)]
    return lambda many: " ".join(chance.choices(words, shares, k=many))


def make_person(number: int) -> Person:
    """One of the people."""
    return Person(
        id=PersonId(f"p{number}"), workspace=PLACE.id, address=f"U{number}", name=f"Person {number}"
    )


def fill(database: Database, say: Callable[[int], str]) -> None:
    """Everybody shares what they learned, day after day."""
    with database.transaction() as work:
        work.people.add_workspace(PLACE)
        for number in range(AUTHORS):
            work.people.save(make_person(number))
        for number in range(NARRATIONS):
            day = date(2025, 3, 3) + timedelta(days=number * 365 // NARRATIONS)
            work.narrations.add(make_narration(f"n{number}", number % AUTHORS, say, day))


def make_narration(id_: str, author: int, say: Callable[[int], str], day: date) -> Narration:
    """Two answers of some forty words in all, shared with everybody."""
    return Narration(
        id=id_,
        workspace=PLACE.id,
        author=PersonId(f"p{author}"),
        sort=Sort.LEARNED,
        lines=(Line("What I learned", say(30)), Line("Who could use it", say(10))),
        written_on=day,
        changed_on=day,
        state=State.SHARED,
        reach=Reach.EVERYBODY,
        shared_on=day,
    )


def measure(database: Database, say: Callable[[int], str]) -> dict[str, Any]:
    """Medians and the slowest, in milliseconds."""
    ids = count()
    context = Context(NOW, lambda: f"id{next(ids)}")
    taken: dict[str, list[float]] = {"connections_ms": [], "shared_with_me_ms": []}
    for number in range(ROUNDS):
        person = make_person(number)
        narration = make_narration("new", number, say, NOW.date())
        with database.transaction() as work:
            began = time.perf_counter()
            near(context, work, person, narration)
            taken["connections_ms"].append(time.perf_counter() - began)
            began = time.perf_counter()
            work.narrations.shared_with(person.id, 500)
            taken["shared_with_me_ms"].append(time.perf_counter() - began)
    return {
        name: {
            "median": round(statistics.median(seconds) * 1_000, 1),
            "slowest": round(max(seconds) * 1_000, 1),
        }
        for name, seconds in taken.items()
    }


def main() -> None:
    """Print the figures."""
    figures: dict[str, Any] = {}
    with TemporaryDirectory() as folder, run_postgres() as server:
        for name, url in (
            ("sqlite", f"sqlite:///{Path(folder) / 'bench.db'}"),
            ("postgresql", server.create_database()),
        ):
            say = make_words(random.Random(1))
            with opened(url) as database:
                fill(database, say)
                figures[name] = measure(database, say)
    told = {"narrations": NARRATIONS, "authors": AUTHORS, "compared": READ, "limits": LIMITS}
    print(json.dumps({"bench": "connection", **told, **figures}, indent=2))


if __name__ == "__main__":
    main()
