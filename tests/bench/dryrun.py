"""How quick the dry run of a campaign is: `python -m tests.bench.dryrun`.

A campaign of 20 activities on working days, for 100,000 people (or `--people N`) in five zones, in
20 teams that are drawn in two groups that begin one after another. Of the people a tenth have
wishes of their own, and a tenth have got something lately; two of the activities are for those
who have not passed the quiz yet. `dry_run_s` is all of it, from the first look to the value and
its text, with the part of it that is shown while it goes on (`steps`). `floor_s` is what reading
the same people takes once for every part in the same chunks, and `ratio` how often it fits in.
Prints one JSON object; progress goes to standard error.

PostgreSQL is the server of the suite, which does not wait for the disk.
"""

import argparse
import json
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import text

from bot.capabilities.campaigns.content import (
    Activity,
    Audience,
    Content,
    Design,
    Format,
    OnlyIf,
    Rollout,
    Timing,
)
from bot.capabilities.campaigns.dryrun import DryRun
from bot.capabilities.campaigns.dryrun_messages import as_text
from bot.capabilities.campaigns.model import CHUNK, Campaign
from bot.capabilities.campaigns.rehearsing import rehearse
from bot.capability import register
from bot.context import Context
from bot.ids import CampaignId, PersonId
from bot.pack.ports import Put
from storage.database import Database
from tests.bench.campaign import NOW, PEOPLE, PLACE, load, opened
from tests.capabilities.quizzes.taking import TWO, quiz_of
from tests.postgres import run_postgres
from tests.world import CAPABILITIES

LIMIT: Final = 10.0
ACTIVITIES: Final = 20
START: Final = date(2026, 3, 9)
TEAMS: Final = """
    UPDATE people SET team = 'Team ' || (CAST(substr(id, 2) AS INTEGER) % 20)
"""
WISHES: Final = """
    INSERT INTO attention (person, slot, ignored)
    SELECT id, '15:00:00', 0 FROM people WHERE address LIKE '%7'
"""
LATELY: Final = """
    INSERT INTO outbox (workspace, key, to_kind, person, kind, priority, due_at, expires_at,
        promised_at, state, attempts, message, source, day, good_until, because, settled_at)
    SELECT 'w', 'tip:' || id, 'person', id, 'tip', 40, :at, :until, :at, 'sent', 1, '{}', 'tip',
        :day, :until, 'a test', :at
    FROM people WHERE address LIKE '%3'
"""


def activities() -> tuple[Activity, ...]:
    """Messages and two quizzes, one on each working day."""
    made = []
    for at in range(ACTIVITIES):
        one = Activity(f"a{at:02}", day=at, text=f"**Part {at}.** One small thing a day.")
        if at in {7, 14}:
            one = replace(one, format=Format.QUIZ, ref="data", only_if=OnlyIf.NOT_CERTIFIED)
        made.append(one)
    return tuple(made)


def drafted(database: Database) -> CampaignId:
    """The campaign, as a draft."""
    content = Content(
        title="Four weeks of small things",
        activities=activities(),
        audience=Audience(without_teams=("Team 19",)),
        timing=Timing.ENROLMENT,
        start=START,
        rollout=Rollout(Design.STEPPED_WEDGE, steps=2, step_every=14, seed=1),
    )
    id_ = CampaignId("c1")
    with database.transaction() as work:
        work.packs.put(PLACE.id, [Put(quiz_of(TWO), "bench", NOW)])
        work.campaigns.add(Campaign(id_, PLACE.id, PersonId("p10000000"), content, NOW, NOW))
    return id_


def run(database: Database, id_: CampaignId) -> tuple[float, int, DryRun]:
    """Seconds of the dry run, how often it said how far it is, and what it says."""
    context = Context(NOW, lambda: "id", register(CAPABILITIES).activities)
    began, steps = time.perf_counter(), 0
    told: DryRun | None = None
    with database.transaction() as work:
        campaign = work.campaigns.get(id_)
        assert campaign is not None
        for people, done in rehearse(context, work, campaign):
            steps, told = steps + 1, done
            print(f"\r{people:,} people", end="", file=sys.stderr, flush=True)
        assert told is not None
        lines = list(as_text(told))
    took = time.perf_counter() - began
    print(file=sys.stderr)
    assert len(lines) > ACTIVITIES
    return took, steps, told


def read_bare(database: Database, people: int) -> float:
    """Seconds in which the same people are counted by what makes them alike, once for each part,
    in the same chunks."""
    began = time.perf_counter()
    with database.transaction() as work:
        for _ in range(ACTIVITIES):
            after, seen = None, 0
            while span := work.crowds.span(PLACE.id, None, after, CHUNK):
                seen += sum(alike.people for alike in work.crowds.alike(span, NOW))
                after = span.upto
            assert 0 < seen <= people
    return time.perf_counter() - began


def measure(database: Database, people: int) -> dict[str, Any]:
    """The figures of an empty database."""
    load(database, people)
    at = NOW - timedelta(days=3)
    until, day = at + timedelta(hours=2), at.date()
    with database.begin() as connection:
        connection.execute(text(TEAMS))
        connection.execute(text(WISHES))
        connection.execute(text(LATELY), {"at": at, "until": until, "day": day})
    id_ = drafted(database)
    took, steps, told = run(database, id_)
    floor = read_bare(database, people)
    expected = people - people // 20
    assert told.total == expected
    return {
        "dry_run_s": round(took, 2),
        "steps": steps,
        "floor_s": round(floor, 2),
        "ratio": round(took / floor, 2),
        "people_told": told.total,
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
        for name, url in {
            "sqlite": f"sqlite:///{folder / 'one.db'}",
            "postgresql": server.create_database(),
        }.items():
            figures[name] = measure(stack.enter_context(opened(url)), people)
    told = {"bench": "dryrun", "people": people, "activities": ACTIVITIES, "limit_s": LIMIT}
    print(json.dumps(told | figures, indent=2))


if __name__ == "__main__":
    main()
