"""How quick the planner is with a million people: `python -m tests.bench.planning`.

Loads a slot for each of a million people (or `--people N`) in five zones, measures a tick at
which nothing is due, plans 10,000 that are due at one moment through the real rules, attention
and outbox (all with the same words; what choosing a tip for each adds is in tests/bench/tips.py),
and promises a letter to each of 100,000 people. Each is also given as a multiple of
a floor measured in the same run: the same rows written by bare statements of the driver, in
transactions of the same size. Prints one JSON object.

PostgreSQL is the server of the suite, which does not wait for the disk.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import Date, bindparam, text

from bot.bootstrap.loop import ease_collector
from bot.capabilities.questions.memory import Memory
from bot.capability import register
from bot.ids import PersonId, WorkspaceId
from bot.outbox import Letter, Priority, ToPerson
from bot.people import Workspace
from bot.planner import CHUNK, Planned, plan_due
from storage.column import Instant
from storage.database import Database
from storage.migrate import upgrade
from tests.bot.tip import MESSAGE, TIP, tips
from tests.databases import RELAY_KEY
from tests.postgres import run_postgres

PEOPLE: Final = 1_000_000
DUE: Final = 10_000
RECIPIENTS: Final = 100_000
IDLE_TICKS: Final = 200
SOME: Final = 5_000
LIMITS: Final = {
    "plan_s": 1.0,
    "idle_tick_ms": 5.0,
    "post_s": {"sqlite": 2.0, "postgresql": 5.0},
}
# On Tuesday, 3 March 2026, it is 13:00 UTC when it is this late in these zones.
NOW: Final = datetime(2026, 3, 3, 13, tzinfo=UTC)
HOURS: Final = {
    "Europe/Berlin": "14:00:00",
    "America/New_York": "08:00:00",
    "Asia/Kolkata": "18:30:00",
    "Asia/Tokyo": "22:00:00",
    "UTC": "13:00:00",
}
PLACE: Final = Workspace(id=WorkspaceId("w"), platform="slack", external="T0", name="Place")
NUMBERS: Final = (
    "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers"
    " WHERE n + 1 < :people) "
)


def find_id(number: int) -> PersonId:
    """The id of one of the people."""
    return PersonId(f"p{number + 10_000_000}")


def load(database: Database, people: int) -> None:
    """Everybody with a slot. Those of the first `DUE` people are due now, all others tomorrow."""
    zones, hours = (
        "CASE n % 5 "
        + " ".join(f"WHEN {number} THEN '{each}'" for number, each in enumerate(values))
        + " END"
        for values in (HOURS, HOURS.values())
    )
    names = "'p' || (n + 10000000)"
    with database.transaction() as work:
        work.people.add_workspace(PLACE)
    with database.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO people (id, workspace, address, name, zone, weekdays, starts, ends,"
                " roles, weekly_cap, asks_welcome, active) "
                + NUMBERS
                + f"SELECT {names}, 'w', 'U' || n, 'Somebody', {zones}, '12345', '09:00:00',"
                " '17:00:00', '[]', 5, true, true FROM numbers"
            ),
            {"people": people},
        )
        connection.execute(
            text(
                "INSERT INTO slots (person, kind, at, weekdays, next_day, next_due_at) "
                + NUMBERS
                + f"SELECT {names}, '{TIP}', {hours}, '1234567',"
                " CASE WHEN n < :due THEN :today ELSE :tomorrow END,"
                " CASE WHEN n < :due THEN :now ELSE :later END FROM numbers"
            ).bindparams(
                bindparam("today", type_=Date),
                bindparam("tomorrow", type_=Date),
                bindparam("now", type_=Instant),
                bindparam("later", type_=Instant),
            ),
            {
                "people": people,
                "due": DUE,
                "today": NOW.date(),
                "tomorrow": NOW.date() + timedelta(days=1),
                "now": NOW,
                "later": NOW + timedelta(days=1),
            },
        )
        connection.execute(
            text(
                "INSERT INTO attention (person, slot, ignored) "
                + NUMBERS
                + f"SELECT {names}, {hours}, 0 FROM numbers"
            ),
            {"people": DUE},
        )


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick did, in how many seconds, of which this process used so many itself."""

    done: Planned
    seconds: float
    used: float


def plan(database: Database, now: datetime) -> Tick:
    """One tick of the planner."""
    registry = register([tips])
    ids = count()
    began, used = time.perf_counter(), time.process_time()
    done = plan_due(database, registry, lambda: now, lambda: f"id{next(ids)}")
    return Tick(done, time.perf_counter() - began, time.process_time() - used)


def write_bare(database: Database, chunk: int, where: str) -> float:
    """Seconds in which the driver alone writes the letters that are there once more, under other
    keys, and moves the slots of whom they are for, `chunk` in a transaction."""
    with database.begin() as connection:
        letters = connection.exec_driver_sql(f"SELECT * FROM outbox WHERE {where}")
        names = [name for name in letters.keys() if name != "id"]  # noqa: SIM118 - a result
        keyed = names.index("key")
        rows = [
            (*values[:keyed], f"again:{values[keyed]}", *values[keyed + 1 :])
            for values in ([row._mapping[name] for name in names] for row in letters)
        ]
        slots = connection.exec_driver_sql(
            "SELECT next_day, next_due_at, last_day, last_at, person, kind FROM slots"
            f" WHERE person IN (SELECT person FROM outbox WHERE {where}) AND kind = '{TIP}'"
        ).all()
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
    insert = f"INSERT INTO outbox ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"
    move = (
        f"UPDATE slots SET next_day = {mark}, next_due_at = {mark}, last_day = {mark},"
        f" last_at = {mark} WHERE person = {mark} AND kind = {mark}"
    )
    began = time.perf_counter()
    for first in range(0, len(rows), chunk):
        with database.begin() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            cursor = driver.cursor()
            cursor.executemany(insert, rows[first : first + chunk])
            if where.startswith("kind"):
                cursor.executemany(move, [tuple(row) for row in slots[first : first + chunk]])
            cursor.close()
    return time.perf_counter() - began


def make_letters() -> list[Letter]:
    """A letter to each recipient, all with the same message, as a campaign makes them."""
    model = Letter(
        key="model",
        to=ToPerson(person=find_id(0)),
        message=MESSAGE,
        kind="campaign.message",
        priority=Priority.CAMPAIGN,
        source="campaign:1",
    )
    return [
        model.model_copy(
            update={"key": f"campaign:1:{number}", "to": ToPerson(person=find_id(number))}
        )
        # Those with a tip today stay out of it.
        for number in range(DUE, DUE + RECIPIENTS)
    ]


def post(database: Database, letters: list[Letter]) -> float:
    """Seconds in which the letters are promised."""
    began = time.perf_counter()
    for first in range(0, len(letters), SOME):
        with database.transaction() as work:
            work.outbox.post_all(PLACE.id, letters[first : first + SOME])
    return time.perf_counter() - began


def measure(database: Database, people: int) -> dict[str, Any]:
    """All figures of one database."""
    began = time.perf_counter()
    load(database, people)
    loaded = time.perf_counter() - began
    # What was loaded is looked at once, as the database's own caches would be.
    plan(database, NOW - timedelta(hours=1))
    before = NOW - timedelta(seconds=1)
    idle = [plan(database, before).seconds * 1000 for _ in range(IDLE_TICKS)]
    tick = plan(database, NOW)
    if tick.done != Planned(planned=DUE):
        raise SystemExit(f"not everybody got a tip: {tick.done}")
    floor = write_bare(database, CHUNK, f"kind = '{TIP}'")
    posted = post(database, make_letters())
    bare = write_bare(database, SOME, "source = 'campaign:1'")
    return {
        "load_s": round(loaded, 1),
        "idle_tick_ms": round(statistics.median(idle), 2),
        "idle_tick_ms_p95": round(statistics.quantiles(idle, n=20)[-1], 2),
        "plan_s": round(tick.seconds, 3),
        "plan_used_s": round(tick.used, 3),
        "plan_floor_s": round(floor, 3),
        "plan_times_floor": round(tick.seconds / floor, 1),
        "post_s": round(posted, 2),
        "post_floor_s": round(bare, 2),
        "post_times_floor": round(posted / bare, 1),
    }


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A new database of that address."""
    upgrade(url)
    database = Database(url, relay_key=RELAY_KEY, memory=Memory(), busy_timeout=60)
    try:
        yield database
    finally:
        database.close()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    people = parser.parse_args().people
    if people < DUE + RECIPIENTS:
        raise SystemExit(f"there must be {DUE + RECIPIENTS} people at least")
    # As every process of the program does at its start.
    ease_collector()
    figures: dict[str, Any] = {}
    with TemporaryDirectory(prefix="inflow-bench-") as folder:
        with opened(f"sqlite:///{Path(folder) / 'inflow.db'}") as database:
            figures["sqlite"] = measure(database, people)
        with run_postgres() as server, opened(server.create_database()) as database:
            figures["postgresql"] = measure(database, people)
    told = {"bench": "planning", "people": people, "due": DUE, "recipients": RECIPIENTS}
    print(json.dumps(told | {"limits": LIMITS} | figures, indent=2))


if __name__ == "__main__":
    main()
