"""Turns are given in the order in which they were asked for."""

import threading

import pytest

from bot.errors import Unavailable
from storage.turn import Turns


def start_waiting(turns: Turns, name: str, served: list[str]) -> threading.Thread:
    """A thread that asks for a turn; it stands in the line when this returns."""
    length = turns.waiting

    def wait() -> None:
        with turns.take():
            served.append(name)

    thread = threading.Thread(target=wait)
    thread.start()
    while turns.waiting == length:
        thread.join(0.001)
    return thread


def test_first_come_first_served() -> None:
    turns, served = Turns(patience=30), list[str]()
    with turns.take():
        threads = [start_waiting(turns, name, served) for name in "abcdefgh"]
    for thread in threads:
        thread.join(30)
    assert served == list("abcdefgh")


def test_a_turn_passes_on_when_its_holder_fails() -> None:
    turns, served = Turns(patience=30), list[str]()
    threads: list[threading.Thread] = []

    def fail() -> None:
        with turns.take():
            threads.append(start_waiting(turns, "next", served))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    threads[0].join(30)
    assert served == ["next"]


def test_who_waited_too_long_leaves_the_line() -> None:
    turns, served = Turns(patience=0.01), list[str]()
    refused: list[type[Exception]] = []

    def wait() -> None:
        try:
            with turns.take():
                served.append("too late")
        except Unavailable as error:
            refused.append(type(error))

    with turns.take():
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join(30)
    with turns.take():
        served.append("afterwards")
    assert (refused, served, turns.waiting) == ([Unavailable], ["afterwards"], 0)


def test_a_thread_that_would_wait_for_itself_is_told() -> None:
    turns = Turns(patience=30)
    with turns.take(), pytest.raises(RuntimeError, match="inside another"), turns.take():
        pass
    with turns.take():
        assert turns.waiting == 0
