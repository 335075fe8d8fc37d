"""How quick everybody's next tip is chosen: `python -m tests.bench.tips`.

100,000 people (or `--people N`) follow two topics of 40 tips each, have a dozen cards of which
one or two are due today (of so few none is overdue for long, domain.md 2.5), and got a tip
yesterday, to which every second one reacted. Everybody is in one zone, nobody has tested out of
anything, and all tips stand in one wording.

Chosen is in chunks of as many as the planner takes, each a transaction that waits for the disk: all
that the choices take is read, among it what became of yesterday's letter, what it brought is
settled, the choices are made among what is due and what is new, and written down with their
reasons, and the messages are made. Who is planned is known beforehand, and letters become each
person's own where they are booked: both are the planner's, by whom the first of the people go
the whole way, through attention to the outbox.

The second in which tests/bench/planning.py has 10,000 slots planned is the planner's own, with
words that are the same for everybody. 10,000 tips of people's own take twice as long on SQLite and
up to three times on PostgreSQL: what each follows, was shown and has due is read, and what
yesterday brought is written. No part stands out: attention and outbox are somewhat less than half,
choosing and what it reads a third, slots, people and waiting for the disk the rest.

Prints one JSON object. PostgreSQL is the server of the suite, which does not wait for the disk.
"""

import argparse
import json
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import Date, bindparam, text

from bot.bootstrap.loop import ease_collector
from bot.capabilities.tips import capability as tips
from bot.capabilities.tips.model import KIND
from bot.capabilities.tips.planning import plan
from bot.capability import register
from bot.context import Context
from bot.ids import PersonId, TopicId, WorkspaceId
from bot.outbox import LetterState
from bot.pack.item import Option
from bot.pack.model import Check, Tip
from bot.pack.ports import Put
from bot.people import Workspace
from bot.planner import CHUNK, plan_due
from bot.slot import DueSlot, Slot
from bot.topic import Topic
from storage.column import Instant
from storage.database import Database
from tests.bench.planning import opened
from tests.postgres import run_postgres

PEOPLE: Final = 100_000
WHOLE: Final = 10_000
"""So many go through attention and outbox as well."""
CARDS: Final = 12
TIPS: Final = 40
TOPICS: Final = ("travel", "data")
LIMITS: Final = {
    "people_per_s": {"sqlite": 20_000},
    "whole_s": {"sqlite": 2.0, "postgresql": 4.0},
}
"""`whole_s` is of the first `WHOLE` people."""
TODAY: Final = date(2026, 3, 3)
NOW: Final = datetime(2026, 3, 3, 10, tzinfo=UTC)
PLACE: Final = Workspace(id=WorkspaceId("w"), platform="slack", external="T0", name="Place")
NUMBERS: Final = (
    "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers"
    " WHERE n + 1 < :people)"
)
CARD_NUMBERS: Final = (
    ", cards(c) AS (SELECT 0 UNION ALL SELECT c + 1 FROM cards WHERE c + 1 < :cards) "
)


def find_id(number: int) -> PersonId:
    """The id of one of the people."""
    return PersonId(f"p{number + 10_000_000}")


def make_tip(topic: str, number: int) -> Tip:
    """A tip with a question."""
    options = (Option(id="a", text="This", score=1), Option(id="b", text="That"))
    return Tip(
        id=f"{topic}-{number:02}",
        topic=topic,
        text=f"Mind the {number}th thing about {topic}, whatever else there is to mind.",
        check=Check(q=f"What about the {number}th?", options=options),
    )


def load(database: Database, people: int) -> None:
    """Everybody with their topics, cards, and what came yesterday."""
    names = "'p' || (n + 10000000)"
    with database.transaction() as work:
        work.people.add_workspace(PLACE)
        for topic in TOPICS:
            work.topics.save(Topic(TopicId(topic), PLACE.id, topic.title()))
            work.packs.put(
                PLACE.id, [Put(make_tip(topic, each), "bench", NOW) for each in range(TIPS)]
            )
    given: dict[str, Any] = {
        "people": people,
        "cards": CARDS,
        "now": NOW,
        "before": NOW - timedelta(days=1),
        "yesterday": TODAY - timedelta(days=1),
        "today": TODAY,
        "later": TODAY + timedelta(days=9),
    }
    typed = [bindparam(name, type_=Date) for name in ("yesterday", "today", "later")]
    typed += [bindparam(name, type_=Instant) for name in ("now", "before")]

    def run(statement: str) -> None:
        used = [each for each in typed if f":{each.key}" in statement]
        with database.begin() as connection:
            connection.execute(
                text(statement).bindparams(*used),
                {name: value for name, value in given.items() if f":{name}" in statement},
            )

    run(
        "INSERT INTO people (id, workspace, address, name, zone, weekdays, starts, ends,"
        " roles, weekly_cap, asks_welcome, active) "
        + NUMBERS
        + f" SELECT {names}, 'w', 'U' || n, 'Somebody', 'UTC', '12345', '09:00:00',"
        " '17:00:00', '[]', 5, true, true FROM numbers"
    )
    run(
        "INSERT INTO slots (person, kind, at, weekdays, next_day, next_due_at) "
        + NUMBERS
        + f" SELECT {names}, '{KIND}', '10:00:00', '12345', :today, :now FROM numbers"
    )
    for topic in TOPICS:
        run(
            "INSERT INTO tip_subscriptions (person, topic, workspace, pace, weekdays, opted_in_at,"
            " source, state, after) "
            + NUMBERS
            + f" SELECT {names}, '{topic}', 'w', 'daily', '12345', :now, 'person', 'active',"
            f" '{topic}-05' FROM numbers"
        )
    # Half of what came yesterday was new, half came back; of half of each nothing came.
    run(
        "INSERT INTO tip_learners (person, workspace, recent, tip, topic, variant, day, asks,"
        " letter, why, is_new, is_late, open, active) "
        + NUMBERS
        + f" SELECT {names}, 'w', 'nnrnrrnrnr',"
        " CASE WHEN n % 2 = 0 THEN 'travel-06' ELSE 'travel-00' END, 'travel', 0, :yesterday,"
        rf" n % 2 = 1, '{KIND}\:' || {names} || '\:{TODAY - timedelta(days=1)}', 'new 0.50',"
        " n % 2 = 0, false, n % 4 < 2, 12 FROM numbers"
    )
    run(
        "INSERT INTO tip_cards (person, tip, workspace, topic, state, variant, shown, shown_on,"
        " due_on, stability, difficulty, reviewed_on, reps, lapses, knew, confirmed) "
        + NUMBERS
        + CARD_NUMBERS
        + f" SELECT {names}, CASE WHEN c % 2 = 0 THEN 'travel-' ELSE 'data-' END || '0' || (c / 2),"
        " 'w', CASE WHEN c % 2 = 0 THEN 'travel' ELSE 'data' END, 'active', 0, 2, :yesterday,"
        " CASE WHEN (c + n) % 12 = 0 OR c = 0 THEN :today ELSE :later END,"
        " 3.5, 5.0, :yesterday, 2, 0, false, false FROM numbers CROSS JOIN cards"
    )
    # What came yesterday went.
    run(
        "INSERT INTO outbox (workspace, key, to_kind, person, kind, priority, due_at, state,"
        " attempts, day, settled_at) "
        + NUMBERS
        + rf" SELECT 'w', '{KIND}\:' || {names} || '\:{TODAY - timedelta(days=1)}',"
        f" 'person', {names},"
        f" '{KIND}', 40, :before, '{LetterState.SENT}', 1, :yesterday, :before FROM numbers"
    )


def choose_all(database: Database, people: int, first: int) -> tuple[float, float]:
    """Seconds in which the next tips of all but the first people are chosen, in chunks, and how
    many of them this process worked."""
    seconds = used = 0.0
    for start in range(first, people, CHUNK):
        due = _due(database, range(start, min(start + CHUNK, people)))
        began, before = time.perf_counter(), time.process_time()
        with database.transaction() as work:
            wishes = plan(Context(now=NOW, new_id=lambda: "id"), work, due)
        seconds += time.perf_counter() - began
        used += time.process_time() - before
        if len(wishes) != len(due):
            raise SystemExit(f"{len(due) - len(wishes)} people got nothing")
    return seconds, used


def _due(database: Database, numbers: Sequence[int]) -> list[DueSlot]:
    ids = [find_id(number) for number in numbers]
    with database.transaction() as work:
        people = {person.id: person for person in work.people.several(ids)}
    return [
        DueSlot(people[id_], Slot(id_, KIND, NOW.time()), TODAY, NOW, NOW + timedelta(hours=2))
        for id_ in ids
    ]


def plan_whole(database: Database, people: int) -> float:
    """Seconds in which the first people's slots go the whole way to the outbox."""
    ids = count()
    began = time.perf_counter()
    done = plan_due(
        database,
        register([tips]),
        lambda: NOW,
        lambda: f"id{next(ids)}",
        most=people,
    )
    if done.planned != people:
        raise SystemExit(f"not everybody got a tip: {done}")
    return time.perf_counter() - began


def measure(database: Database, people: int) -> dict[str, Any]:
    """All figures of one database."""
    began = time.perf_counter()
    load(database, people)
    loaded = time.perf_counter() - began
    whole = min(WHOLE, people // 2)
    planned = plan_whole(database, whole)
    chosen, used = choose_all(database, people, whole)
    return {
        "load_s": round(loaded, 1),
        "choose_s": round(chosen, 2),
        "choose_used_s": round(used, 2),
        "people_per_s": round((people - whole) / chosen),
        "whole_people": whole,
        "whole_s": round(planned, 2),
        "whole_people_per_s": round(whole / planned),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--sqlite-only", action="store_true")
    asked = parser.parse_args()
    # As every process of the program does at its start.
    ease_collector()
    figures: dict[str, Any] = {}
    with TemporaryDirectory(prefix="inflow-bench-") as folder:
        with opened(f"sqlite:///{Path(folder) / 'inflow.db'}") as database:
            figures["sqlite"] = measure(database, asked.people)
        if not asked.sqlite_only:
            with run_postgres() as server, opened(server.create_database()) as database:
                figures["postgresql"] = measure(database, asked.people)
    told = {"bench": "tips", "people": asked.people, "cards": CARDS, "tips": TIPS * len(TOPICS)}
    print(json.dumps(told | {"limits": LIMITS} | figures, indent=2))


if __name__ == "__main__":
    main()
