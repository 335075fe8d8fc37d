"""The planner, on both databases: what is due is planned once, whoever fails or comes twice."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from bot.app import App
from bot.attention import Attention, Wish
from bot.capabilities.questions.memory import Memory
from bot.capability import Capability, Registry, SlotPlanner, register
from bot.context import Context
from bot.ids import PersonId, WorkspaceId
from bot.metric import Meters
from bot.people import Person, Workspace
from bot.planner import GIVE_UP, Planned, plan_due
from bot.slot import DueSlot, begin_slot
from storage.database import Database
from storage.tables import outbox
from storage.work import SqlWork
from tests.bot.tip import TIP, bring_tip, tips
from tests.databases import RELAY_KEY

PLACE = Workspace(id=WorkspaceId("w"), platform="slack", external="T0", name="Place")
# A Monday, and ten in the morning in UTC.
DAY = date(2026, 3, 2)
TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NEXT = timedelta(days=1)


class Planning:
    """People with a slot at ten of their own, and a clock that is moved by hand."""

    def __init__(self, database: Database, people: int = 3, *zones: str) -> None:
        self.database = database
        self.now = TEN - timedelta(hours=12)
        self.registry: Registry[SqlWork] = register([tips])
        self._ids = count()
        self.people = [
            Person(
                id=PersonId(f"p{number:03}"),
                workspace=PLACE.id,
                address=f"U{number}",
                name="Somebody",
                zone=zones[number % len(zones)] if zones else "UTC",
            )
            for number in range(people)
        ]
        with database.transaction() as work:
            work.people.add_workspace(PLACE)
            for person in self.people:
                work.people.save(person)
                work.slots.save(begin_slot(person, TIP, time(10), self.now))

    def plan(self, at: datetime | None = None, **options: Any) -> Planned:
        self.now = at or self.now
        return plan_due(
            self.database,
            self.registry,
            lambda: self.now,
            lambda: f"id{next(self._ids)}",
            **options,
        )

    def brings(self, planner: SlotPlanner[SqlWork]) -> None:
        """Another capability than the tips."""
        self.registry = register([Capability(name="t", title="T", slots={TIP: planner})])

    def letters(self) -> list[tuple[str, str, date]]:
        """Key, state and day of every letter, by key."""
        with self.database.begin() as connection:
            rows = connection.execute(
                select(outbox.c.key, outbox.c.state, outbox.c.day).order_by(outbox.c.key)
            )
            return [tuple(row) for row in rows]

    def next_due(self, number: int = 0) -> datetime | None:
        with self.database.transaction() as work:
            return work.slots.of(self.people[number].id)[0].next_due_at


def key(number: int, day: date = DAY) -> str:
    return f"{TIP}:p{number:03}:{day}"


def test_what_is_due_is_promised_and_moves_on(database: Database) -> None:
    world = Planning(database)
    assert world.plan(TEN - MINUTE) == Planned()
    assert world.plan(TEN) == Planned(planned=3)
    assert world.letters() == [(key(number), "pending", DAY) for number in range(3)]
    assert world.next_due() == TEN + NEXT


def test_a_second_tick_or_a_restart_changes_nothing(database: Database) -> None:
    world = Planning(database)
    world.plan(TEN)
    before = world.letters()
    for minutes in (0, 1, 60, 119, 600):
        assert world.plan(TEN + minutes * MINUTE) == Planned()
    assert world.letters() == before


def test_a_slot_that_was_planned_and_not_moved_promises_nothing_twice(database: Database) -> None:
    """As after a copy of the database that took the slots earlier than the letters."""
    world = Planning(database, 1)
    world.plan(TEN)
    with database.transaction() as work:
        work.slots.save(begin_slot(world.people[0], TIP, time(10), TEN - MINUTE))
    assert world.plan(TEN + MINUTE) == Planned(planned=1)
    assert world.letters() == [(key(0), "pending", DAY)]


def test_many_are_planned_in_chunks_and_no_more_than_asked(database: Database) -> None:
    world = Planning(database, 25)
    assert world.plan(TEN, chunk=10, most=15) == Planned(planned=20)
    assert world.plan(TEN, chunk=10) == Planned(planned=5)
    assert len(world.letters()) == 25


def test_everybody_by_their_own_clock(database: Database) -> None:
    world = Planning(database, 3, "Asia/Kathmandu", "Europe/Paris", "America/St_Johns")
    found = {}
    for hours in range(24):
        for minutes in (0, 15, 30, 45):
            at = TEN - timedelta(hours=12) + timedelta(hours=hours, minutes=minutes)
            if world.plan(at).planned:
                found[at.strftime("%H:%M")] = True
    assert list(found) == ["04:15", "09:00", "13:30"]


def test_a_zone_that_this_machine_does_not_know_counts_as_utc(database: Database) -> None:
    world = Planning(database, 2, "Mars/Olympus", "../../etc/passwd")
    assert world.plan(TEN) == Planned(planned=2)


@pytest.mark.parametrize("hours", [2, 9, 23])
def test_what_was_slept_through_is_skipped(database: Database, hours: int) -> None:
    world = Planning(database)
    assert world.plan(TEN + timedelta(hours=hours)) == Planned(late=3)
    assert world.letters() == []
    assert world.next_due() == TEN + NEXT
    assert world.plan(TEN + NEXT) == Planned(planned=3)


def test_after_days_of_downtime_there_is_one_and_no_burst(database: Database) -> None:
    world = Planning(database, 1)
    assert world.plan(TEN + 3 * NEXT + MINUTE) == Planned(planned=1)
    assert world.plan(TEN + 3 * NEXT + MINUTE) == Planned()
    assert world.letters() == [(key(0, DAY + 3 * NEXT), "pending", DAY + 3 * NEXT)]


def test_a_planner_that_is_down_within_the_window_loses_nothing(database: Database) -> None:
    world = Planning(database)
    assert world.plan(TEN + 119 * MINUTE) == Planned(planned=3)


def test_a_process_that_ends_begins_no_more_chunks(sqlite_url: str) -> None:
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    world = Planning(database, 9)
    world.now = TEN
    asked = count()
    done = plan_due(
        database,
        world.registry,
        lambda: TEN,
        lambda: "id",
        chunk=3,
        is_ending=lambda: next(asked) == 2,
    )
    assert done == Planned(planned=6)
    assert world.plan(TEN) == Planned(planned=3)
    database.close()


def test_the_application_counts_what_became_of_slots(database: Database) -> None:
    world, meters = Planning(database), Meters()
    app = App(database, world.registry, lambda: world.now, lambda: "id", meters)
    assert app.next_due() == TEN
    world.now = TEN + timedelta(hours=2)
    app.plan_due()
    world.now = TEN + NEXT
    assert app.plan_due() == Planned(planned=3)
    assert app.next_due() == TEN + 2 * NEXT
    (slots,) = [family for family in meters.counted() if family.name == "inflow_slots"]
    assert {series: n for series, n in slots.values.items() if n} == {("late",): 3, ("planned",): 3}
    assert slots.values["failed",] == 0


def test_what_attention_does_not_allow_is_recorded_and_moves_on(database: Database) -> None:
    world = Planning(database)
    with database.transaction() as work:
        work.attention.save(Attention(world.people[1].id, stopped_at=TEN - NEXT))
    assert world.plan(TEN) == Planned(planned=2, suppressed=1)
    assert [state for _, state, _ in world.letters()] == ["pending", "suppressed", "pending"]
    assert world.next_due(1) == TEN + NEXT


def test_a_capability_may_have_nothing_to_say(database: Database) -> None:
    world = Planning(database)
    world.brings(lambda context, work, due: bring_tip(context, work, due[:1]))
    assert world.plan(TEN) == Planned(planned=1, nothing=2)
    assert world.plan(TEN) == Planned()


# --- capabilities that fail ----------------------------------------------------------------


def test_one_person_of_whom_nothing_can_be_made_stops_nobody_else(database: Database) -> None:
    world = Planning(database, 40)

    def fail_with_one(context: Context, work: Any, due: Sequence[DueSlot]) -> Sequence[Wish]:
        assert all(one.person.id != "p017" for one in due)
        return bring_tip(context, work, due)

    world.brings(fail_with_one)
    assert world.plan(TEN, chunk=100) == Planned(planned=39, failed=1)
    assert world.plan(TEN) == Planned()
    # It is tried again within the window, and forgotten after it.
    world.registry = register([tips])
    assert world.plan(TEN + 6 * MINUTE) == Planned(planned=1)
    assert len(world.letters()) == 40


def test_a_planner_that_always_fails_is_left_alone_and_changes_nothing(database: Database) -> None:
    world = Planning(database, 20)

    def fail(_context: Context, work: Any, due: Sequence[DueSlot]) -> Sequence[Wish]:
        work.timers.set(None)
        raise AssertionError

    world.registry = register(
        [
            Capability(name="bad", title="Bad", slots={TIP: fail}),
            Capability(name="good", title="Good", slots={"good.daily": bring_tip}),
        ]
    )
    with database.transaction() as work:
        work.slots.save(begin_slot(world.people[0], "good.daily", time(10), world.now))
    assert world.plan(TEN) == Planned(planned=1, failed=GIVE_UP)
    assert [key for key, _, _ in world.letters()] == [f"good.daily:p000:{DAY}"]
    # The window is over before it is repaired.
    world.registry = register([tips])
    assert world.plan(TEN + timedelta(hours=2)) == Planned(late=20)


def test_slots_of_a_capability_that_is_gone_rest(database: Database) -> None:
    world = Planning(database)
    world.registry = register([])
    assert world.plan(TEN) == Planned()


# --- what changes ---------------------------------------------------------------------------


def test_a_changed_zone_moves_what_is_to_come(database: Database) -> None:
    world = Planning(database)
    with database.transaction() as work:
        work.people.save(replace(world.people[0], zone="America/New_York"))
    assert world.plan(TEN - MINUTE) == Planned(moved=1)
    assert world.next_due() == TEN + timedelta(hours=5)
    assert world.plan(TEN) == Planned(planned=2)
    assert world.plan(TEN + timedelta(hours=5)) == Planned(planned=1)


def test_an_earlier_zone_is_not_missed(database: Database) -> None:
    world = Planning(database, 1)
    with database.transaction() as work:
        work.people.save(replace(world.people[0], zone="Europe/Paris"))
    assert world.plan(TEN - timedelta(hours=2)) == Planned(moved=1)
    assert world.plan(TEN - timedelta(hours=1)) == Planned(planned=1)


def test_a_day_off_of_the_organisation_is_minded_as_soon_as_it_is_set(database: Database) -> None:
    world = Planning(database)
    with database.transaction() as work:
        work.people.add_day_off(PLACE.id, DAY, "Company day")
        work.people.add_day_off(PLACE.id, DAY + NEXT, "Mine", world.people[0].id)
    assert world.plan(TEN - MINUTE) == Planned(moved=3)
    assert [world.next_due(number) for number in (0, 1)] == [TEN + 2 * NEXT, TEN + NEXT]
    with database.transaction() as work:
        assert work.people.remove_day_off(PLACE.id, DAY)
    assert world.plan(TEN - MINUTE) == Planned(moved=3)
    assert [world.next_due(number) for number in (0, 1)] == [TEN, TEN]


def test_the_country_of_the_workspace_is_minded_as_soon_as_it_is_set(database: Database) -> None:
    world = Planning(database)
    with database.transaction() as work:
        work.people.save(replace(world.people[1], country="DE"))
        work.people.set_country(PLACE.id, "GR")
    # 25 March is a holiday in Greece.
    eve = datetime(2026, 3, 24, 18, tzinfo=UTC)
    world.plan(eve)
    assert [world.next_due(n) for n in (0, 1)] == [
        eve.replace(day=26, hour=10),
        eve.replace(day=25, hour=10),
    ]


def test_another_hour_is_minded_at_once(database: Database) -> None:
    world = Planning(database)
    with database.transaction() as work:
        work.slots.set_hour(world.people[0].id, time(8, 30))
        work.slots.remove(world.people[1].id, TIP)
    assert world.plan(TEN - timedelta(hours=3)) == Planned(moved=1)
    assert world.next_due() == TEN - timedelta(minutes=90)
    assert world.plan(TEN) == Planned(planned=2)


def test_who_has_left_gets_nothing_and_who_is_back_does(database: Database) -> None:
    world = Planning(database, 1)
    with database.transaction() as work:
        work.people.save(replace(world.people[0], active=False))
    assert world.plan(TEN) == Planned(moved=1)
    assert world.next_due() is None
    with database.transaction() as work:
        work.people.save(world.people[0])
    assert world.plan(TEN + NEXT - MINUTE) == Planned(moved=1)
    assert world.plan(TEN + NEXT) == Planned(planned=1)


# --- a wall clock that jumps ------------------------------------------------------------------


@pytest.mark.parametrize("jump", [timedelta(hours=1), -timedelta(hours=1)])
def test_a_clock_that_jumps_an_hour_misses_nothing_and_doubles_nothing(
    sqlite_url: str, jump: timedelta
) -> None:
    """For three quarters of an hour, at each of many moments around the hour."""
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    world = Planning(database, 2)
    with database.transaction() as work:
        for person in world.people:
            work.attention.save(Attention(person.id, per_week=7))
    for number, jump_at in enumerate(range(-120, 125, 5)):
        day = DAY + number * NEXT
        ten = TEN + number * NEXT
        planned, real = 0, ten - timedelta(hours=4)
        while real < ten + timedelta(hours=5):
            wrong = ten + jump_at * MINUTE <= real < ten + (jump_at + 45) * MINUTE
            planned += world.plan(real + jump if wrong else real).planned
            real += 5 * MINUTE
        works = day.isoweekday() <= 5
        assert planned == (2 if works else 0)
    assert len(world.letters()) == 2 * 35
    database.close()


def test_workers_that_plan_at_once_promise_each_tip_once(postgres_url: str) -> None:
    databases = [
        Database(postgres_url, relay_key=RELAY_KEY, memory=Memory(), busy_timeout=30)
        for _ in range(3)
    ]
    world = Planning(databases[0], 60)
    ready = threading.Barrier(len(databases))

    def work(database: Database) -> Planned:
        ready.wait()
        total = Planned()
        for _ in range(20):
            total += plan_due(database, world.registry, lambda: TEN, lambda: "id", chunk=7)
        return total

    with ThreadPoolExecutor(len(databases)) as pool:
        done = list(pool.map(work, databases))
    assert sum(each.planned for each in done) == sum(each.seen for each in done) == 60
    assert [name for name, _, _ in world.letters()] == [key(number) for number in range(60)]
    for database in databases:
        database.close()
