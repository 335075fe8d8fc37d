"""A wall clock that jumps an hour: nothing happens twice, and nothing is lost."""

import asyncio
from datetime import datetime, timedelta

from bot.app import App
from bot.capability import Capability, register
from bot.context import Context
from bot.ids import PersonId, WorkspaceId
from bot.lanes import Lanes
from bot.message import say
from bot.outbox import Delivery, Letter, Outcome, Priority, Sent, ToPerson
from bot.people import Person, Workspace
from bot.ports import Timer
from bot.rate import UNLIMITED
from storage.database import Database
from storage.lane import SqlLaneStore
from storage.work import SqlWork
from tests.everywhere import everywhere
from tests.world import MONDAY

HOUR = timedelta(hours=1)
HERE = Workspace(id=WorkspaceId("here"), platform="fake", external="T1", name="Here")
ANA = Person(id=PersonId("ana"), workspace=HERE.id, address="U1", name="Ana", zone="UTC")


class Platform:
    """Keeps the keys of what arrives."""

    name = "fake"
    limits = UNLIMITED
    reads_back = True

    def __init__(self) -> None:
        self.arrived: list[str] = []

    async def deliver(self, delivery: Delivery) -> Outcome:
        self.arrived.append(delivery.key)
        return Sent(external=str(len(self.arrived)), conversation="c")

    async def find_delivered(self, _delivery: Delivery) -> Sent | None:
        return None


class House:
    """An application and its lanes, on a clock that may be set to anything."""

    def __init__(self, database: Database) -> None:
        self.at = MONDAY
        self.database = database
        self.platform = Platform()
        self.rung: list[str] = []
        capability: Capability[SqlWork] = Capability(
            name="test", title="Test", timers={"test.ring": self._ring}
        )
        self.app = App(
            database, register([capability]), self.now, iter(map(str, range(99))).__next__
        )
        self.lanes = Lanes(SqlLaneStore(database), everywhere(lambda: self.platform), self.now)

    def now(self) -> datetime:
        return self.at

    def _ring(self, context: Context, work: SqlWork, timer: Timer) -> None:
        self.rung.append(timer.key)
        promise(work, f"of {timer.key}", context.now)

    def set(self, work: SqlWork, *minutes: int) -> None:
        for each in minutes:
            due = MONDAY + timedelta(minutes=each)
            work.timers.set(Timer(key=f"timer {each}", due_at=due, action="test.ring"))
            promise(work, f"letter {each}", due)

    async def tick(self, at: datetime) -> None:
        """What every second brings."""
        self.at = at
        await asyncio.to_thread(self.app.run_due)
        await self.lanes.drain_all()


def promise(work: SqlWork, key: str, due: datetime) -> None:
    work.outbox.post(
        HERE.id,
        Letter(
            key=key,
            to=ToPerson(person=ANA.id),
            message=say(key),
            kind="test",
            priority=Priority.ANSWER,
            due_at=due,
        ),
    )


def test_what_was_done_ahead_of_time_is_not_done_again_and_the_rest_comes(
    database: Database,
) -> None:
    house = House(database)
    with database.transaction() as work:
        work.people.add_workspace(HERE)
        work.people.save(ANA)
        house.set(work, 10, 30, 90)

    async def live() -> None:
        await house.tick(MONDAY)
        assert (house.rung, house.platform.arrived) == ([], [])
        await house.tick(MONDAY + HOUR)
        assert house.rung == ["timer 10", "timer 30"]
        # Back again: an hour passes for the second time.
        with database.transaction() as work:
            promise(work, "at once", MONDAY)
        for minute in range(0, 100, 5):
            await house.tick(MONDAY + timedelta(minutes=minute))

    asyncio.run(live())
    assert house.rung == ["timer 10", "timer 30", "timer 90"]
    wanted = {f"{what} {n}" for n in (10, 30, 90) for what in ("letter", "of timer")} | {"at once"}
    assert sorted(house.platform.arrived) == sorted(wanted)
