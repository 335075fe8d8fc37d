"""How a process comes to rest, and gives every lane its turn, whatever is under way."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bot.bootstrap import scaled
from bot.bootstrap.house import (
    STOPPING_SECONDS,
    House,
    do_due,
    moving,
    open_house,
    wait_until_quiet,
)
from bot.capability import Capability, Registry, register
from bot.clock import Clock, Tick
from bot.context import Context
from bot.ids import PersonId, WorkspaceId
from bot.outbox import LetterState, ToPerson
from bot.ports import Platform, Timer, Work
from bot.settings import Settings
from storage.database import Database
from storage.tables import outbox
from tests.cli.slow import SlowPlatform, SlowSite
from tests.storage.example import ACME, ANA, OTHER, letter

SOON = timedelta(seconds=0.05)


class Home(SlowSite):
    """A site whose wall clock can be set, and whose timers take their time."""

    def __init__(self, _settings: Settings, _database: Database) -> None:
        self.platform = SlowPlatform(1.0)
        super().__init__(self.platform)
        self.rang = 0
        self.jump = timedelta()
        slow: Capability[Work] = Capability(name="s", title="S", timers={"slow": self._ring})
        self.registry: Registry[Any] = register([slow])

    def now(self) -> datetime:
        return datetime.now(UTC) + self.jump

    def _ring(self, _context: Context, _work: Work, _timer: Timer) -> None:
        self.rang += 1
        time.sleep(0.2)

    async def platform_of(self, workspace: WorkspaceId) -> Platform | None:
        return None if workspace == OTHER.id else self.platform


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    """A process's parts on each database, with a workspace that somebody is in."""
    settings = Settings(database_url=database_url, relay_key=SecretStr("k" * 40), vectors="none")
    with open_house(settings, Home) as house:
        with house.database.transaction() as work:
            work.people.add_workspace(ACME)
            work.people.add_workspace(OTHER)
        yield house


def home(house: House) -> Home:
    assert isinstance(house.site, Home)
    return house.site


def promise(house: House, number: int, workspace: WorkspaceId = ACME.id) -> None:
    with house.database.transaction() as work:
        for n in range(number):
            person = replace(
                ANA, id=PersonId(f"{workspace}{n}"), workspace=workspace, address=f"U{n}"
            )
            work.people.save(person)
            work.outbox.post(workspace, letter(f"l{n}", to=ToPerson(person=person.id)))


def states(house: House) -> list[str]:
    with house.database.begin() as connection:
        return list(connection.scalars(select(outbox.c.state)))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


def test_a_process_that_is_told_to_stop_waits_for_no_round_to_end(house: House) -> None:
    with house.database.transaction() as work:
        for number in range(200):
            timer = Timer(key=f"t{number}", due_at=house.site.now(), action="slow", args={})
            work.timers.set(timer)
    promise(house, 40)

    async def run() -> tuple[float, int]:
        stopped = asyncio.Event()
        ticks = [
            Tick("due", SOON, lambda: asyncio.to_thread(do_due, house)),
            Tick("sweep", SOON, house.lanes.sweep),
        ]
        loop = asyncio.get_running_loop()
        async with moving(house, Clock(ticks, lambda: datetime.now(UTC)), stopped):
            # Nothing is on the wire yet when a letter is marked as on its way.
            await until(lambda: home(house).rang > 1 and home(house).platform.begun > 0)
            told, rang = loop.time(), home(house).rang
            stopped.set()
        return loop.time() - told, home(house).rang - rang

    took, rang = asyncio.run(run())
    assert took < STOPPING_SECONDS
    assert rang < 10, "the round has ended long before its timers have"
    left = states(house)
    assert set(left) == {LetterState.SENT, LetterState.PENDING}


def test_a_clock_that_is_put_back_keeps_no_lane_from_its_turn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Within the first the lane must have begun, however late it has its turn.
    monkeypatch.setattr(scaled, "DRAINING", timedelta(seconds=3))
    monkeypatch.setattr(scaled, "OVERDUE", timedelta(seconds=0.5))
    promise(house, 120)

    async def run() -> bool:
        draining = asyncio.ensure_future(scaled._duties(house).drain(ACME.id))
        await until(lambda: home(house).platform.begun > 0)
        home(house).jump = -timedelta(hours=1)
        async with asyncio.timeout(20):
            more = await draining
        await house.lanes.stop()
        return more

    assert asyncio.run(run())
    assert LetterState.PENDING in states(house)


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that waits, waits for longer than any of these tests may take."""
    monkeypatch.setattr("bot.bootstrap.house.CARRYING_SECONDS", 600.0)


@pytest.mark.usefixtures("_patient")
def test_a_page_waits_for_letters_of_its_own_workspace_only(house: House) -> None:
    promise(house, 1, OTHER.id)

    async def run() -> None:
        async with asyncio.timeout(20):
            await wait_until_quiet(house, ACME.id)

    asyncio.run(run())


@pytest.mark.usefixtures("_patient")
def test_a_page_does_not_wait_for_letters_that_a_process_that_stops_leaves(house: House) -> None:
    promise(house, 1)

    async def run() -> None:
        waiting = asyncio.create_task(wait_until_quiet(house, ACME.id))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        house.ending.set()
        async with asyncio.timeout(20):
            await waiting

    asyncio.run(run())
