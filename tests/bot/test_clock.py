"""The clock: ticks that come by themselves, an end that cuts none off, and hours that jump."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self

import pytest
from apscheduler.schedulers import base as scheduler
from structlog.testing import capture_logs

from bot import clock as module
from bot.clock import Clock, Tick
from bot.errors import Unavailable

SOON = timedelta(seconds=0.02)


def now() -> datetime:
    return datetime.now(UTC)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for says nothing by itself
            await asyncio.sleep(0.005)


class Counted:
    """Something to do, that counts how often it was done."""

    def __init__(self, do: Callable[[], Awaitable[object]] | None = None) -> None:
        self.done = 0
        self._do = do

    async def __call__(self) -> None:
        self.done += 1
        if self._do is not None:
            await self._do()


def test_stopping_waits_for_what_is_under_way(caplog: pytest.LogCaptureFixture) -> None:
    async def talk() -> None:
        let_go = asyncio.Event()
        doing = Counted(let_go.wait)
        clock = Clock([Tick("slow", SOON, doing)], now)
        clock.start()
        await until(lambda: doing.done == 1)
        stopping = asyncio.create_task(clock.stop())
        await asyncio.sleep(0.05)
        assert not stopping.done()
        let_go.set()
        await stopping
        await asyncio.sleep(0.05)
        assert doing.done == 1

    with caplog.at_level(logging.ERROR):
        asyncio.run(talk())
    assert not caplog.records


def test_stopping_does_not_wait_for_ever() -> None:
    async def talk() -> None:
        let_go = asyncio.Event()
        doing = Counted(let_go.wait)
        clock = Clock([Tick("stuck", SOON, doing)], now)
        clock.start()
        await until(lambda: doing.done == 1)
        async with asyncio.timeout(20):
            await clock.stop(0.05)
        let_go.set()

    with capture_logs() as said:
        asyncio.run(talk())
    assert [(line["log_level"], line["seconds"]) for line in said] == [("warning", 0.05)]


def test_a_tick_that_fails_stops_neither_itself_nor_the_others() -> None:
    async def out_of_reach() -> None:
        raise Unavailable

    async def broken() -> None:
        raise RuntimeError("words of somebody")

    async def talk() -> None:
        first, second, third = Counted(out_of_reach), Counted(broken), Counted()
        ticks = [Tick("first", SOON, first), Tick("second", SOON, second)]
        clock = Clock([*ticks, Tick("third", SOON, third)], now)
        clock.start()
        await until(lambda: min(first.done, second.done, third.done) > 2)
        await clock.stop()

    with capture_logs() as said:
        asyncio.run(talk())
    assert [line["log_level"] for line in said if line["tick"] == "first"] == ["warning"]
    assert {line["error"] for line in said if line["tick"] == "second"} == {"RuntimeError"}
    assert "words of somebody" not in str(said)


def test_a_store_that_takes_nothing_is_told_of_when_it_begins_and_when_it_ends() -> None:
    async def talk() -> None:
        refusing = Counted()

        async def refuse() -> None:
            await refusing()
            if refusing.done <= 3:
                raise Unavailable

        clock = Clock([Tick("due", SOON, refuse)], now)
        clock.start()
        await until(lambda: refusing.done > 5)
        await clock.stop()

    with capture_logs() as said:
        asyncio.run(talk())
    assert [line["event"] for line in said] == [
        "the store cannot take it now; each tick tries again",
        "the store takes it again",
    ]


class Wall:
    """The wall clock of this process, for APScheduler as for us."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.jump = timedelta()
        wall = self

        class Jumped(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                moment = datetime.now(UTC) + wall.jump
                return cls.fromtimestamp(moment.timestamp(), tz)

        monkeypatch.setattr(scheduler, "datetime", Jumped)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.jump


def test_a_wall_clock_that_goes_back_an_hour_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "GUARD_SECONDS", 0.05)
    wall, doing = Wall(monkeypatch), Counted()

    async def talk() -> None:
        clock = Clock([Tick("soon", SOON, doing)], wall.now)
        clock.start()
        await until(lambda: doing.done > 1)
        wall.jump = -timedelta(hours=1)
        before = doing.done
        await until(lambda: doing.done > before + 3)
        await clock.stop()

    asyncio.run(talk())


def test_a_wall_clock_that_goes_ahead_an_hour_makes_one_tick_of_those_it_skipped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wall, doing = Wall(monkeypatch), Counted()

    async def talk() -> None:
        clock = Clock([Tick("minutely", timedelta(minutes=1), doing)], wall.now)
        clock.start()
        wall.jump = timedelta(hours=1)
        clock._scheduler.wakeup()
        await until(lambda: doing.done > 0)
        await asyncio.sleep(0.05)
        assert doing.done == 1
        await clock.stop()

    asyncio.run(talk())


def test_the_lag_is_what_a_tick_came_late() -> None:
    async def talk() -> None:
        doing = Counted()
        clock = Clock([Tick("soon", SOON, doing)], now)
        assert clock.lag == 0
        clock.start()
        # A machine that stood still makes it late; then the next tick is in time again.
        await until(lambda: doing.done > 2 and clock.lag < 0.2)
        time.sleep(0.5)  # noqa: ASYNC251 - somebody who holds the loop is what is measured
        assert clock.lag > 0.4
        await clock.stop()

    asyncio.run(talk())


def test_a_tick_may_come_sooner_for_the_first_time() -> None:
    async def talk() -> None:
        daily = Counted()
        clock = Clock([Tick("daily", timedelta(days=1), daily, first=SOON)], now)
        clock.start()
        await until(lambda: daily.done == 1)
        assert clock.lag == 0
        await clock.stop()

    asyncio.run(talk())
