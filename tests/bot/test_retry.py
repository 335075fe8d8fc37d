"""When letters are tried again and when they are given up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ids import WorkspaceId
from bot.message import say
from bot.outbox import Delivery, Doubtful, Never, Priority, TryLater
from bot.retry import (
    LONGEST_WAIT,
    SOUGHT_FOR,
    TRIES,
    Patience,
    back_off,
    can_be_asked,
    decide_unasked,
    has_been_sought,
    look_later,
    miss,
    postpone,
)

LETTER = Delivery(
    id=1,
    key="tip:ana",
    workspace=WorkspaceId("w"),
    address="U1",
    direct=True,
    message=say("Hello."),
    kind="tip",
    priority=Priority.TIP,
)
EDIT = replace(LETTER, edits="171.1", conversation="D1")
AT_ONCE = timedelta(0)


@given(st.integers(0, 10_000), st.text(max_size=5))
def test_waits_double_up_to_an_hour_and_differ_between_letters(attempts: int, seed: str) -> None:
    wait = back_off(attempts, seed)
    longest = min(timedelta(seconds=2.0 ** min(attempts, 20)), LONGEST_WAIT)
    assert longest / 2 <= wait <= longest
    assert wait == back_off(attempts, seed), "a retry draws the same"


def test_the_platforms_own_time_is_kept_to() -> None:
    said = TryLater(timedelta(minutes=7), "busy")
    assert postpone(LETTER, said) == said


def test_the_last_try_is_the_end() -> None:
    said = TryLater(timedelta(minutes=7), "busy")
    assert postpone(replace(LETTER, attempts=TRIES - 2), said) == said
    tired = replace(LETTER, attempts=TRIES - 1)
    assert postpone(tired, said) == Never(f"tried {TRIES} times: busy")
    assert miss(tired, "gone") == Never(f"tried {TRIES} times: gone")


def test_a_missing_letter_goes_at_once_only_the_first_time() -> None:
    assert miss(LETTER, "gone") == TryLater(AT_ONCE, "gone")
    again = miss(replace(LETTER, attempts=3), "gone")
    assert isinstance(again, TryLater)
    assert again.after >= timedelta(seconds=4)


@pytest.mark.parametrize("priority", Priority)
def test_only_chatter_is_not_repeated_on_suspicion(priority: Priority) -> None:
    decided = decide_unasked(replace(LETTER, priority=priority), "reset")
    is_chatter = priority in {Priority.CAMPAIGN, Priority.TIP, Priority.PROMPT}
    assert isinstance(decided, Doubtful) == is_chatter


def test_an_edit_is_repeated_and_not_looked_up() -> None:
    assert can_be_asked(LETTER, reads_back=True)
    assert not can_be_asked(LETTER, reads_back=False)
    assert not can_be_asked(EDIT, reads_back=True)
    assert isinstance(decide_unasked(EDIT, "reset"), TryLater)


def test_a_look_up_that_fails_is_tried_less_and_less() -> None:
    patience = Patience(reconcile_after=timedelta(seconds=20))
    assert look_later(1, "x", patience) == timedelta(seconds=20)
    assert look_later(9, "x", patience) > timedelta(minutes=2)


def test_nobody_is_asked_about_a_letter_for_ever() -> None:
    began = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    letter = replace(LETTER, began_at=began)
    assert not has_been_sought(letter, 10_000, began + SOUGHT_FOR - timedelta(seconds=1))
    assert has_been_sought(letter, 1, began + SOUGHT_FOR)
    # Of one from a backup nobody knows when it was tried.
    assert not has_been_sought(LETTER, TRIES - 1, began)
    assert has_been_sought(LETTER, TRIES, began)


def test_a_lease_outlasts_the_timeout() -> None:
    with pytest.raises(ValueError, match="longer"):
        Patience(timeout=timedelta(seconds=5), lease=timedelta(seconds=5))
    assert Patience().sending_lease >= Patience().lease


@pytest.mark.parametrize("reconcile_after", [1, 5, 30, 120])
@pytest.mark.parametrize("lease", [6, 15, 60])
def test_whoever_looks_a_letter_up_waits_long_enough_after_any_attempt(
    lease: int, reconcile_after: int
) -> None:
    patience = Patience(*(timedelta(seconds=n) for n in (5, lease, reconcile_after)))
    last_attempt = patience.begins_within
    assert last_attempt > timedelta(0)
    assert last_attempt + patience.timeout <= patience.sending_lease
    assert last_attempt + patience.reconcile_after <= patience.sending_lease
