"""No interleaving of capabilities exceeds anybody's budget: sixty days of one busy person.

Everything is real but the lane, which here is a loop that asks `judge` at each moment at
which a letter is due, as a claim does.
"""

import shutil
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from bot.attention import (
    Refuse,
    Wait,
    Wish,
    book,
    forecast,
    note_talk,
    rearrange,
)
from bot.capabilities.questions.memory import Memory
from bot.context import Context
from bot.message import say
from bot.outbox import Letter, LetterState, Priority, ToPerson
from bot.people import Person, local
from storage.attention import judge
from storage.database import Database
from storage.tables import outbox
from storage.work import SqlWork
from tests.databases import RELAY_KEY
from tests.storage.example import ACME, ANA

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 60
# The promises in figures, not by the program's own names for them.
AFTER_TALK, APART = timedelta(hours=3), timedelta(hours=12)
MESSAGE = say("Something.")
ZONES = ("UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo", "Pacific/Auckland")

Act: TypeAlias = tuple[str, object]

ACTS: st.SearchStrategy[Act] = st.one_of(
    *[
        st.tuples(
            st.just("wish"),
            st.tuples(
                st.sampled_from([p for p in Priority if p > Priority.OFFER]),
                st.integers(0, 3),
                st.integers(0, 7),
            ),
        )
    ]
    * 6,
    st.tuples(st.just("talk"), st.none()),
    st.tuples(st.just("talk"), st.none()),
    st.tuples(st.just("pause"), st.integers(1, 9)),
    st.tuples(st.just("away"), st.integers(1, 9)),
    st.tuples(st.just("zone"), st.tuples(st.sampled_from(ZONES), st.booleans())),
    st.tuples(
        st.just("settings"),
        st.tuples(st.integers(0, 3), st.integers(0, 10), st.sampled_from([7, 10, 15, 21])),
    ),
    st.tuples(st.just("stop"), st.booleans()),
    st.tuples(st.just("holiday"), st.integers(0, 5)),
    st.tuples(st.just("holiday"), st.integers(0, 5)),
)


@dataclass(frozen=True, slots=True)
class Got:
    """One letter as the person got it."""

    at: datetime
    day: date


class Life:
    """One person, a clock and what they got."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = START
        self.person: Person = ANA
        self.got: list[Got] = []
        self.off: set[date] = set()
        self.talked_at: datetime | None = None
        self.wishes = 0
        with database.transaction() as work:
            work.people.add_workspace(ACME)
            work.people.save(ANA)

    def does(self, act: Act) -> None:
        kind, how = act
        with self.database.transaction() as work:
            if kind == "wish":
                assert isinstance(how, tuple)
                self._wish(work, *how)
            elif kind == "talk":
                self._talk(work)
            elif kind == "holiday":
                assert isinstance(how, int)
                self._set_off(work, how)
            else:
                self._change(work, kind, how)

    def _wish(self, work: SqlWork, priority: Priority, starts: int, days: int) -> None:
        self.wishes += 1
        due_at = self.now + timedelta(days=starts)
        letter = Letter(
            key=f"w{self.wishes}",
            to=ToPerson(person=ANA.id),
            message=MESSAGE,
            kind="tip",
            priority=priority,
            due_at=due_at,
            expires_at=due_at + timedelta(days=days, hours=3),
        )
        wishes = [Wish(self.person, letter)]
        said = forecast(work, wishes, self.now)
        assert book(self._context, work, wishes) == said

    @property
    def _context(self) -> Context:
        return Context(now=self.now, new_id=lambda: "unused")

    def _talk(self, work: SqlWork) -> None:
        self.talked_at = self.now
        note_talk(work, self.person, self.now)

    def _set_off(self, work: SqlWork, days: int) -> None:
        """The organisation sets a day off, for which nothing is decided anew."""
        day = (self.now + timedelta(days=days)).date()
        self.off.add(day)
        work.people.add_day_off(ACME.id, day, "Company day")
        found = work.people.get(ANA.id)
        assert found is not None
        self.person = found

    def _change(self, work: SqlWork, kind: str, how: object) -> None:
        said = True
        attention = work.attention.get(ANA.id)
        match kind, how:
            case "pause", int(days):
                self.person = replace(self.person, paused_until=self.now + timedelta(days=days))
            case "away", int(days):
                self.person = replace(self.person, away_until=self.now + timedelta(days=days))
            case "zone", (str(zone), bool(said)):
                self.person = replace(self.person, zone=zone)
            case "settings", (int(per_day), int(per_week), int(hour)):
                attention = replace(attention, per_day=per_day, per_week=per_week, slot=time(hour))
            case "stop", bool(stops):
                attention = replace(attention, stopped_at=self.now if stops else None)
        work.attention.save(attention)
        work.people.save(self.person)
        if said:
            rearrange(self._context, work, self.person)

    def passes(self, until: datetime) -> None:
        """Deliver on the way whatever is due, at the moment at which it is due."""
        while (due := self._next_due()) is not None and due <= until:
            self.now = max(self.now, due)
            self._deliver()
        self.now = until

    def _next_due(self) -> datetime | None:
        with self.database.begin() as connection:
            found: datetime | None = connection.execute(
                select(outbox.c.due_at)
                .where(outbox.c.state == LetterState.PENDING)
                .order_by(outbox.c.due_at)
                .limit(1)
            ).scalar()
        return found

    def _deliver(self) -> None:
        with self.database.begin() as connection:
            rows = connection.execute(
                select(outbox)
                .where(outbox.c.state == LetterState.PENDING, outbox.c.due_at <= self.now)
                .order_by(outbox.c.priority, outbox.c.id)
            ).all()
            verdicts = judge(connection, {row.id: row.person for row in rows}, self.now)
            for row in rows:
                changes: dict[str, object]
                match verdicts.get(row.id):
                    case Wait(until=until):
                        changes = {"due_at": until}
                    case Refuse(why=why):
                        changes = {"state": LetterState.SUPPRESSED, "why": str(why)}
                    case None if row.expires_at <= self.now:
                        changes = {"state": LetterState.SUPPRESSED, "why": "late"}
                    case None:
                        changes = {"state": LetterState.SENT, "settled_at": self.now}
                        self.got.append(Got(self.now, row.day))
                connection.execute(update(outbox).where(outbox.c.id == row.id).values(changes))
        with self.database.transaction() as work:
            for got in self.got:
                if got.at == self.now:
                    self._check(work, got)

    def _check(self, work: SqlWork, got: Got) -> None:
        """Whether all promises hold for a letter that has just arrived."""
        attention, person = work.attention.get(ANA.id), self.person
        here = local(person, got.at)
        assert got.day == here.date()
        assert here.isoweekday() in person.hours.weekdays
        assert got.day not in self.off
        slot = datetime.combine(here.date(), attention.hour, here.tzinfo)
        assert slot - timedelta(hours=2) <= here < slot + timedelta(hours=2)
        assert attention.stopped_at is None
        assert person.paused_until is None or got.at >= person.paused_until
        assert person.away_until is None or got.at >= person.away_until
        assert self.talked_at is None or got.at - self.talked_at >= AFTER_TALK
        assert sum(other.day == got.day for other in self.got) <= attention.daily
        week = got.day.isocalendar()[:2]
        assert sum(o.day.isocalendar()[:2] == week for o in self.got) <= attention.weekly
        assert all(o.day == got.day or abs(got.at - o.at) >= APART for o in self.got)


MOMENTS = st.tuples(
    st.integers(0, DAYS - 1), st.sampled_from([*range(24), *range(6, 13), *range(6, 13)])
)


@given(st.lists(st.tuples(MOMENTS, ACTS), min_size=20, max_size=90))
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_interleaving_exceeds_a_budget(
    sqlite_template: Path, tmp_path: Path, acts: list[tuple[tuple[int, int], Act]]
) -> None:
    file = shutil.copyfile(sqlite_template, tmp_path / "life.db")
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    database = Database(f"sqlite:///{file}", relay_key=RELAY_KEY, memory=Memory())
    # Two capabilities want something every day, so that there is always something to lose.
    daily: list[tuple[tuple[int, int], Act]] = [
        ((day, 1), ("wish", (priority, 0, 1)))
        for day in range(DAYS)
        for priority in (Priority.TIP, Priority.CAMPAIGN)
    ]
    try:
        life = Life(database)
        for (day, hour), act in sorted([*daily, *acts], key=lambda one: one[0]):
            life.passes(START + timedelta(days=day, hours=hour, minutes=30))
            life.does(act)
        life.passes(START + timedelta(days=DAYS))
    finally:
        database.close()


@pytest.mark.parametrize("reacts", [True, False])
def test_a_flood_of_wishes_becomes_what_is_allowed(sqlite_url: str, *, reacts: bool) -> None:
    """Without this the test above might hold because nothing ever arrives."""
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory())
    life = Life(database)
    for _ in range(56):
        for priority in (Priority.PROMPT, Priority.TIP, Priority.CAMPAIGN):
            life.does(("wish", (priority, 0, 1)))
        life.passes(life.now + timedelta(hours=12))
        if reacts:
            life.does(("talk", None))
        life.passes(life.now + timedelta(hours=12))
    database.close()
    # Four a week for eight weeks; or three, two at a slower pace, three weekly, and the notice.
    assert len(life.got) == (32 if reacts else 9)
