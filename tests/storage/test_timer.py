"""Timers are due in order and taken once."""

from dataclasses import replace

import pytest

from bot.ports import Timer
from storage.database import Database
from tests.storage.example import HOUR, NOW

WAVE = Timer(key="q1:wave", due_at=NOW + HOUR, action="question.wave", args={"wave": 2, "a": [1]})


def test_a_timer_comes_back_when_it_is_due(database: Database) -> None:
    with database.transaction() as work:
        work.timers.set(WAVE)
    with database.transaction() as work:
        assert list(work.timers.due(NOW, 10)) == []
        assert list(work.timers.due(NOW + HOUR, 10)) == [WAVE]


def test_the_earliest_come_first_and_not_more_than_asked_for(database: Database) -> None:
    late, early, middle = (
        Timer(key=str(n), due_at=NOW + n * HOUR, action="question.wave") for n in (3, 1, 2)
    )
    with database.transaction() as work:
        for timer in (late, early, middle):
            work.timers.set(timer)
    with database.transaction() as work:
        assert list(work.timers.due(NOW + 9 * HOUR, 2)) == [early, middle]
        assert work.timers.next_due() == early.due_at


def test_nothing_is_due_next_when_nothing_waits(database: Database) -> None:
    with database.transaction() as work:
        assert work.timers.next_due() is None


def test_setting_a_key_again_moves_the_timer(database: Database) -> None:
    moved = replace(WAVE, due_at=NOW, action="question.close", args={}, attempts=3)
    with database.transaction() as work:
        work.timers.set(WAVE)
        work.timers.set(moved)
    with database.transaction() as work:
        assert list(work.timers.due(NOW + HOUR, 10)) == [moved]


def test_a_timer_is_taken_once(database: Database) -> None:
    with database.transaction() as work:
        work.timers.set(WAVE)
    with database.transaction() as work:
        assert [work.timers.take(WAVE), work.timers.take(WAVE)] == [True, False]


@pytest.mark.parametrize(
    "moved",
    [
        replace(WAVE, due_at=NOW),
        replace(WAVE, action="question.close"),
        replace(WAVE, args={"wave": 3}),
        replace(WAVE, attempts=1),
    ],
)
def test_a_timer_that_was_moved_is_not_taken(database: Database, moved: Timer) -> None:
    with database.transaction() as work:
        work.timers.set(WAVE)
        work.timers.set(moved)
        assert [work.timers.take(WAVE), work.timers.take(moved)] == [False, True]


def test_a_timer_that_was_cancelled_is_not_taken(database: Database) -> None:
    with database.transaction() as work:
        work.timers.set(WAVE)
        work.timers.cancel(WAVE.key)
        assert not work.timers.take(WAVE)
        assert work.timers.next_due() is None
