"""How quick a campaign is handed out to 100,000 people: `python -m tests.bench.campaign`.

The people (or `--people N`) are in five zones, and nothing has been sent to them lately. Runs
the real timers of a campaign to its last chunk, `expand_s`, and in another database for people
of whom a tenth have wishes of their own, `mixed_s`; there it also asks for the forecast,
`forecast_s`. `enrolled_s` is one of two parts, with everybody enrolled first: enrolling and both
parts. `account_ms` counts what became of the letters. `floor_s` is what one statement a
chunk takes that writes the same rows with fixed values, in transactions of the same size and in
the same run. Prints one JSON object.

PostgreSQL is the server of the suite, which does not wait for the disk.
"""

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import text

from bot.app import App
from bot.capabilities.campaigns import capability as campaigns
from bot.capabilities.campaigns.content import Activity, Content, one_message
from bot.capabilities.campaigns.model import CHUNK, Campaign, State
from bot.capabilities.campaigns.outlook import Outlook, look_on
from bot.capabilities.campaigns.step import letter_of, set_timer
from bot.capabilities.questions.memory import Memory
from bot.capability import register
from bot.context import Context
from bot.crowd import forecast_crowd
from bot.ids import CampaignId, PersonId, WorkspaceId
from bot.people import Workspace
from storage.database import Database
from storage.migrate import upgrade
from storage.work import SqlWork
from tests.databases import RELAY_KEY
from tests.postgres import run_postgres

PEOPLE: Final = 100_000
LIMITS: Final = {"expand_s": {"sqlite": 2.0, "postgresql": 5.0}}
NOW: Final = datetime(2026, 3, 2, 7, tzinfo=UTC)
CONTEXT: Final = Context(now=NOW, new_id=lambda: "id")
BODY: Final = "**Bring one thing** you learned this week.\n" * 8
PLACE: Final = Workspace(id=WorkspaceId("w"), platform="slack", external="T0", name="Place")
LOAD: Final = """
    INSERT INTO people (id, workspace, address, name, zone, weekdays, starts, ends, roles,
        weekly_cap, asks_welcome, active)
    WITH RECURSIVE numbers(n) AS
        (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :people)
    SELECT 'p' || (n + 10000000), 'w', 'U' || n, 'Somebody',
        CASE n % 5 WHEN 0 THEN 'Europe/Berlin' WHEN 1 THEN 'America/New_York'
            WHEN 2 THEN 'Asia/Kolkata' WHEN 3 THEN 'Asia/Tokyo' ELSE 'UTC' END,
        '12345', '09:00:00', '17:00:00', '[]', 5, true, true
    FROM numbers
"""
OWNER: Final = """
    UPDATE people SET roles = '["community_manager"]' WHERE id = 'p10000000'
"""
WISHES: Final = """
    INSERT INTO attention (person, slot, ignored)
    SELECT id, '15:00:00', 0 FROM people WHERE address LIKE '%7'
"""
FLOOR: Final = """
    INSERT INTO outbox (workspace, key, to_kind, person, kind, priority, due_at, expires_at,
        promised_at, state, attempts, message, source, day, good_until, because)
    SELECT workspace, 'floor:' || person, to_kind, person, kind, priority, due_at, expires_at,
        promised_at, state, attempts, message, 'floor', day, good_until, because
    FROM outbox WHERE source = :source AND person > :after AND person <= :upto
"""


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A database with our tables."""
    upgrade(url)
    database = Database(url, relay_key=RELAY_KEY, memory=Memory())
    try:
        yield database
    finally:
        database.close()


def start(work: SqlWork, name: str) -> Campaign:
    """A campaign that has just been sent to everybody."""
    campaign = Campaign(
        id=CampaignId(name),
        workspace=PLACE.id,
        owner=PersonId("p10000000"),
        content=one_message("Learning lunch", BODY, None, date(2026, 3, 2), date(2026, 3, 6)),
        created_at=NOW,
        changed_at=NOW,
        started_at=NOW,
        state=State.RUNNING,
    )
    work.campaigns.add(campaign)
    set_timer(work, campaign, "expand", NOW)
    return campaign


def expand(database: Database, name: str, people: int) -> float:
    """Seconds in which everybody is handed a letter."""
    registry = register([campaigns])
    ids = count()
    app = App(database, registry, lambda: NOW, lambda: f"id{next(ids)}")
    with database.transaction() as work:
        campaign = start(work, name)
    began = time.perf_counter()
    while app.run_due():
        pass
    took = time.perf_counter() - began
    with database.transaction() as work:
        after = work.campaigns.get(campaign.id)
        counted = sum(tally.letters for tally in work.truth.counts(PLACE.id, campaign.source))
    assert after is not None
    assert (after.expanded, after.people, counted) == (True, people, people)
    return took


def expand_enrolled(database: Database, name: str, people: int) -> float:
    """Seconds in which everybody is enrolled and handed a letter of each of two parts."""
    ids = count()
    day = NOW.date()
    parts = tuple(Activity(id=f"a{n}", date=day + timedelta(days=n), text=BODY) for n in range(2))
    campaign = Campaign(
        id=CampaignId(name),
        workspace=PLACE.id,
        owner=PersonId("p10000000"),
        content=Content("Two days of data", parts),
        created_at=NOW,
        changed_at=NOW,
        state=State.SCHEDULED,
    )
    later = NOW + timedelta(hours=12)
    app = App(database, register([campaigns]), lambda: later, lambda: f"id{next(ids)}")
    with database.transaction() as work:
        work.campaigns.add(campaign)
        set_timer(work, campaign, "start", NOW)
    began = time.perf_counter()
    while app.run_due():
        pass
    took = time.perf_counter() - began
    with database.transaction() as work:
        counted = [
            sum(
                tally.letters for tally in work.truth.counts(PLACE.id, f"campaign:{name}:{part.id}")
            )
            for part in parts
        ]
        enrolled = sum(work.enrolments.counts(campaign.id).values())
    assert (enrolled, counted) == (people, [people, people])
    return took


def write_bare(database: Database, source: str, people: int) -> float:
    """Seconds in which the same rows are written under other keys by bare statements."""
    began = time.perf_counter()
    for first in range(0, people, CHUNK):
        with database.begin() as connection:
            connection.execute(
                text(FLOOR),
                {
                    "source": source,
                    "after": f"p{first - 1 + 10_000_000}",
                    "upto": f"p{first + CHUNK - 1 + 10_000_000}",
                },
            )
    return time.perf_counter() - began


def look_ahead(database: Database, campaign: CampaignId) -> float:
    """Seconds of the forecast for everybody."""
    began = time.perf_counter()
    outlook, after, more = Outlook(), None, True
    while more:
        with database.transaction() as work:
            known = work.campaigns.get(campaign)
            span = work.crowds.span(PLACE.id, None, after, CHUNK)
            more = known is not None and span is not None
            if known is not None and span is not None:
                groups = forecast_crowd(work, span, letter_of(CONTEXT, work, known), NOW)
                outlook, after = look_on(outlook, groups), span.upto
    return time.perf_counter() - began


def load(database: Database, people: int) -> None:
    """The people, of whom the first may send campaigns."""
    with database.transaction() as work:
        work.people.add_workspace(PLACE)
    with database.begin() as connection:
        connection.execute(text(LOAD), {"people": people})
        connection.execute(text(OWNER))


def measure(database: Database, other: Database, third: Database, people: int) -> dict[str, Any]:
    """The figures of three empty databases."""
    load(database, people)
    expand_s = expand(database, "c1", people)
    began = time.perf_counter()
    with database.transaction() as work:
        work.truth.counts(PLACE.id, "campaign:c1")
    account_ms = (time.perf_counter() - began) * 1_000
    floor_s = write_bare(database, "campaign:c1", people)
    load(third, people)
    enrolled_s = expand_enrolled(third, "c4", people)
    load(other, people)
    with other.begin() as connection:
        connection.execute(text(WISHES))
    with other.transaction() as work:
        draft = start(work, "c2")
        work.timers.cancel(f"{draft.source}:expand")
    forecast_s = look_ahead(other, draft.id)
    return {
        "expand_s": round(expand_s, 2),
        "floor_s": round(floor_s, 2),
        "mixed_s": round(expand(other, "c3", people), 2),
        "enrolled_s": round(enrolled_s, 2),
        "forecast_s": round(forecast_s, 2),
        "account_ms": round(account_ms, 1),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    people = parser.parse_args().people
    figures: dict[str, Any] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="inflow-bench-")))
        server = stack.enter_context(run_postgres())
        for name, urls in {
            "sqlite": [
                f"sqlite:///{folder / 'one.db'}",
                f"sqlite:///{folder / 'two.db'}",
                f"sqlite:///{folder / 'three.db'}",
            ],
            "postgresql": [server.create_database() for _ in range(3)],
        }.items():
            one, two, three = (stack.enter_context(opened(url)) for url in urls)
            figures[name] = measure(one, two, three, people)
    told = {"bench": "campaign", "people": people, "limits": LIMITS}
    print(json.dumps(told | figures, indent=2))


if __name__ == "__main__":
    main()
