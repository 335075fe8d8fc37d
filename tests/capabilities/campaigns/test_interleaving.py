"""Whatever happens in whatever order, with transactions that are lost on the way: nothing leaves
during a pause, nobody gets a thing twice, or two on one day, or anything after a stop; nobody is
left out, and it comes to an end."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.app import App
from bot.capabilities.campaigns import enrolling, expanding
from bot.capabilities.campaigns.content import Timing
from bot.capabilities.campaigns.model import EnrolmentState, RunState, State
from bot.capability import TimerHandler
from bot.context import Context
from bot.ports import Timer
from storage.database import Database
from storage.tables import outbox, timers
from storage.work import SqlWork
from tests.capabilities.campaigns.running import DAY, NAME, TEXT_QUIZ_TEXT, TUESDAY, Runs
from tests.capabilities.campaigns.test_running import OWN_DAYS, PEOPLE
from tests.capabilities.quizzes.taking import QuizWorld
from tests.world import person

BY_OWN_DAYS = replace(OWN_DAYS, join_until=TUESDAY + 4 * DAY)
STEPS = st.tuples(
    st.sampled_from(["turn"] * 6 + ["stop", "join", "end"] + [""] * 3), st.integers(1, 24)
)
"""It rests or goes on, or somebody stops it, joins, or ends all of it; then so many hours pass."""


class DiedError(Exception):
    """The transaction is lost."""


class Story:
    """One campaign, the people of which live in several zones."""

    def __init__(self, database: Database, timing: Timing, seed: int) -> None:
        self.world = world = QuizWorld(database)
        for who, zone in (("kim", "Pacific/Auckland"), ("bo", "America/Los_Angeles")):
            world.changes(who, zone=zone)
        self.draw, names = Random(seed), count()
        registry = world.app.registry
        failing = {
            name: self._fails(handler) if name.startswith("campaign.") else handler
            for name, handler in registry.timers.items()
        }
        world.app = App(
            database,
            replace(registry, timers=failing),
            lambda: world.now,
            lambda: f"new{next(names)}",
        )
        self.runs = Runs(world)
        self.stopped: dict[str, int] = {}
        self.runs.starts(TEXT_QUIZ_TEXT if timing is Timing.CALENDAR else BY_OWN_DAYS)

    def _fails(self, handler: TimerHandler[SqlWork]) -> TimerHandler[SqlWork]:
        def fail(context: Context, work: SqlWork, timer: Timer) -> None:
            handler(context, work, timer)
            if self.draw.random() < 0.25:
                raise DiedError

        return fail

    def does(self, step: str, hours: int) -> None:
        world, runs, state = self.world, self.runs, self.runs.reads().state
        if step == "turn" and state is State.RUNNING:
            runs.rests()
        elif step == "turn" and state is State.PAUSED:
            runs.goes_on()
        elif step == "end" and state in {State.RUNNING, State.PAUSED}:
            runs.ends()
        elif step == "stop" and len(self.stopped) < 2:
            who = ("ana", "kim")[len(self.stopped)]
            world.says(who, "stop")
            self.stopped[who] = len(runs.got(who))
        elif step == "join" and not self._has("new"):
            world.joins(person("new"))
        got, state = self.got(), self.runs.reads().state
        world.passes(hours=hours)
        assert state is not State.PAUSED or self.got() == got

    def _has(self, who: str) -> bool:
        with self.world.database.transaction() as work:
            return work.people.get(person(who).id) is not None

    def got(self) -> list[list[str]]:
        return [self.runs.got(who) for who in (*PEOPLE, "new")]

    def ends(self) -> None:
        if self.runs.reads().state is State.PAUSED:
            self.runs.goes_on()
        self.world.passes(days=30)
        assert self.runs.reads().state in {State.FINISHED, State.CANCELLED}
        for got in self.got():
            assert len(set(got)) == len(got)
        assert {who: len(self.runs.got(who)) for who in self.stopped} == self.stopped
        with self.world.database.begin() as connection:
            rows = connection.execute(
                select(outbox.c.person, outbox.c.day, outbox.c.key, outbox.c.state).where(
                    outbox.c.source.like(f"campaign:{NAME}:%")
                )
            ).all()
            left = connection.scalars(
                select(timers.c.key).where(timers.c.key.like(f"campaign:{NAME}%"))
            ).all()
        assert not left
        assert not {row.state for row in rows} - {"sent", "suppressed", "cancelled"}
        days = Counter((row.person, row.day) for row in rows if row.state == "sent")
        assert max(days.values(), default=0) <= 1
        self._nobody_is_left_out({row.key for row in rows})

    def _nobody_is_left_out(self, keys: set[str]) -> None:
        """Of everything that was handed out those who were there all along have a letter, or it is
        known why not."""
        with self.world.database.transaction() as work:
            runs = work.campaigns.runs(NAME)
            for who in PEOPLE:
                enrolment = work.enrolments.get(NAME, person(who).id)
                if enrolment is None or enrolment.state is not EnrolmentState.ACTIVE:
                    assert who in self.stopped or not runs
                    continue
                for run in runs:
                    if run.wave == enrolment.wave and run.state is RunState.DONE:
                        assert f"campaign:{NAME}:{run.activity}:{who}" in keys


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, min_size=5, max_size=12), st.sampled_from(Timing), st.integers(0, 99))
def test_it_comes_to_an_end_and_leaves_nobody_out(
    new_sqlite_database: Callable[[], Database],
    steps: list[tuple[str, int]],
    timing: Timing,
    seed: int,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expanding, "CHUNK", 3)
        patch.setattr(enrolling, "CHUNK", 3)
        story = Story(new_sqlite_database(), timing, seed)
        story.world.passes(hours=4)
        for step, hours in steps:
            story.does(step, hours)
        story.ends()
