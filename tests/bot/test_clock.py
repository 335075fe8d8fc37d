"""The clock: rounds that come by themselves, and an end that cuts none off."""

import asyncio
import logging
import threading

import pytest

from bot import clock as module
from bot.clock import Clock, do_round
from bot.errors import Unavailable


class Lanes:
    """Lanes that only count."""

    def __init__(self) -> None:
        self.drained = 0

    async def drain_all(self) -> int:
        self.drained += 1
        return 0


class App:
    """An application whose rounds wait until they are let go."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.let_go = threading.Event()

    def run_due(self) -> int:
        self.began.set()
        assert self.let_go.wait(20)
        return 1


class Unreachable:
    def run_due(self) -> int:
        raise Unavailable


def test_stopping_waits_for_the_round_under_way(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "TICK_SECONDS", 0.01)
    app, lanes = App(), Lanes()

    async def talk() -> None:
        clock = Clock(app, lanes)  # type: ignore[arg-type]  # all that a round asks for
        clock.start()
        await asyncio.to_thread(app.began.wait, 20)
        stopping = asyncio.create_task(clock.stop())
        await asyncio.sleep(0)
        assert not stopping.done()
        app.let_go.set()
        await stopping

    with caplog.at_level(logging.ERROR):
        asyncio.run(talk())
    assert lanes.drained == 1
    assert not caplog.records


def test_a_store_out_of_reach_is_no_failure_of_the_round() -> None:
    lanes = Lanes()
    done = asyncio.run(do_round(Unreachable(), lanes))  # type: ignore[arg-type]  # as above
    assert done == 0
    assert lanes.drained == 0
