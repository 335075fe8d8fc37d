"""A failpoint ends its process at the hit that was ordered, and is nothing otherwise."""

import os
import subprocess
import sys

import pytest

from bot.failpoint import EXIT_STATUS, VARIABLE, parse

STORY = """
from bot.failpoint import reach
try:
    for _ in range(3):
        reach("lane.marked")
        reach("lane.sent")
        print("sent", flush=True)
finally:
    print("cleaned up", flush=True)
"""


def run(order: str | None, story: str = STORY) -> tuple[int, list[str]]:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    if order is not None:
        environment[VARIABLE] = order
    done = subprocess.run(
        [sys.executable, "-c", story],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stdout.split("\n")[:-1]


def test_nothing_happens_unless_it_is_ordered() -> None:
    assert run(None) == (0, ["sent", "sent", "sent", "cleaned up"])


def test_the_first_hit_ends_the_process_without_clean_up() -> None:
    assert run("lane.sent") == (EXIT_STATUS, [])


def test_hits_of_one_point_are_counted_apart_from_the_others() -> None:
    assert run("lane.sent:3") == (EXIT_STATUS, ["sent", "sent"])


def test_a_hit_that_never_comes_ends_nothing() -> None:
    assert run("lane.sent:4") == (0, ["sent", "sent", "sent", "cleaned up"])


def test_a_point_that_is_not_listed_is_an_error_once_one_is_ordered() -> None:
    status, _ = run("lane.sent", 'from bot.failpoint import reach\nreach("lane.sant")')
    assert status == 1


@pytest.mark.parametrize("order", ["", "lane.sant", "lane.sent:0", "lane.sent:-1", "lane.sent:x"])
def test_an_order_that_cannot_be_met_is_refused(order: str) -> None:
    with pytest.raises(ValueError, match=VARIABLE):
        parse(order)
