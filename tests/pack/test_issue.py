"""The life of an issue: what may follow what, and that it is the fold of its events."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import Conflict
from bot.ids import IssueId, TopicId, WorkspaceId
from bot.message import Args
from bot.pack.flag import Effect, FlagKind, Share, compare
from bot.pack.issue import (
    OPEN_STATES,
    Event,
    EventKind,
    Issue,
    State,
    apply,
    can,
    fold,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ISSUE = Issue(
    IssueId("i1"),
    WorkspaceId("w"),
    TopicId("travel"),
    "section:share",
    FlagKind.SECTION_UNCLEAR,
    NOW,
    NOW,
)
DATA: dict[EventKind, Args] = {
    EventKind.RAISED: {"n": 3, "version": "v1", "readers": 9},
    EventKind.RAISED_AGAIN: {"n": 5, "version": "v2", "readers": 20},
    EventKind.CHANGED: {"version": "v2"},
    EventKind.REWORDED: {"version": "v1b"},
    EventKind.REFUSED: {"reason": "It is the law."},
}


def after(*kinds: EventKind) -> Issue:
    events = [
        Event(ISSUE.id, kind, NOW + timedelta(days=day), data=DATA.get(kind, {}))
        for day, kind in enumerate(kinds)
    ]
    return fold(ISSUE, events)


def test_it_is_raised_worked_on_changed_verified_and_closed() -> None:
    raised = after(EventKind.RAISED)
    assert (raised.state, raised.n, raised.data, raised.before) == (
        State.OPEN,
        3,
        {"readers": 9},
        "v1",
    )
    done = after(
        EventKind.RAISED,
        EventKind.TRIAGED,
        EventKind.BEGUN,
        EventKind.CHANGED,
        EventKind.VERIFYING,
        EventKind.HELPED,
    )
    assert done.state is State.CLOSED
    assert (done.after, done.answered_at) == ("v2", NOW + timedelta(days=3))


def test_what_did_not_help_is_what_the_next_change_is_held_against() -> None:
    again = after(EventKind.RAISED, EventKind.CHANGED, EventKind.VERIFYING, EventKind.DID_NOT_HELP)
    assert (again.state, again.before, again.after) == (State.REOPENED, "v2", "")
    assert again.is_open


def test_other_words_for_the_same_are_no_answer() -> None:
    open_ = after(EventKind.RAISED, EventKind.REWORDED)
    assert (open_.state, open_.before) == (State.OPEN, "v1b")
    watched = after(EventKind.RAISED, EventKind.CHANGED, EventKind.REWORDED)
    assert (watched.state, watched.before, watched.after) == (State.CHANGED, "v1", "v1b")


def test_a_closed_one_comes_back_with_new_figures() -> None:
    back = after(
        EventKind.RAISED,
        EventKind.CHANGED,
        EventKind.VERIFYING,
        EventKind.HELPED,
        EventKind.RAISED_AGAIN,
    )
    assert (back.state, back.n, back.before, back.after) == (State.REOPENED, 5, "v2", "")


def test_what_is_left_as_it_is_says_why_and_can_be_changed_after_all() -> None:
    left = after(EventKind.RAISED, EventKind.REFUSED)
    assert (left.state, left.reason) == (State.WONT_FIX, "It is the law.")
    assert not can(left, EventKind.RAISED_AGAIN)
    assert after(EventKind.RAISED, EventKind.REFUSED, EventKind.CHANGED).state is State.CHANGED


@pytest.mark.parametrize("kind", [EventKind.HELPED, EventKind.DID_NOT_HELP, EventKind.VERIFYING])
@pytest.mark.parametrize("state", sorted(OPEN_STATES))
def test_nothing_is_verified_that_was_not_changed(state: State, kind: EventKind) -> None:
    waiting = Issue(
        ISSUE.id, ISSUE.workspace, ISSUE.topic, ISSUE.about, ISSUE.kind, NOW, NOW, state=state
    )
    with pytest.raises(Conflict):
        apply(waiting, Event(ISSUE.id, kind, NOW))


def test_shares_are_compared_only_when_there_are_enough_of_both() -> None:
    assert compare(Share(10, 29), Share(90, 100))[0] is Effect.TOO_EARLY
    assert compare(Share(10, 30), Share(90, 100))[0] is Effect.BETTER
    # A few people with many answers are still a few.
    assert compare(Share(10, 30, 9), Share(90, 100))[0] is Effect.TOO_EARLY
    assert compare(Share(10, 30, 10), Share(90, 100, 12))[0] is Effect.BETTER
    assert compare(Share(90, 100), Share(10, 30))[0] is Effect.WORSE
    effect, gain = compare(Share(15, 30), Share(16, 30))
    assert effect is Effect.NO_DIFFERENCE
    assert gain.low < 0 < gain.high
