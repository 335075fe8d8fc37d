"""The transition table of a campaign, and its replay."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.capabilities.campaigns.allocation import allocate_all, data_of_allocation
from bot.capabilities.campaigns.content import (
    Activity,
    Content,
    Format,
    content_of,
    data_of,
    digest_of,
    one_message,
)
from bot.capabilities.campaigns.model import (
    Campaign,
    Event,
    EventKind,
    Pause,
    Rehearsal,
    State,
    apply,
    can,
    data_of_rehearsal,
    fold,
)
from bot.capabilities.campaigns.outlook import Outlook, args_of, look_on, outlook_of, told
from bot.crowd import Group
from bot.errors import Conflict
from bot.ids import CampaignId, PersonId, WorkspaceId
from bot.message import Args

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = datetime(2026, 3, 4, 9, tzinfo=UTC)
CONTENT = one_message("Lunch", "It is **free**.", "Blue", date(2026, 3, 2), date(2026, 3, 6))
DRAFT = Campaign(
    id=CampaignId("c"),
    workspace=WorkspaceId("w"),
    owner=PersonId("dana"),
    content=CONTENT,
    created_at=AT,
    changed_at=AT,
)
UNDER_WAY = {EventKind.AMENDED, EventKind.CANCELLED, EventKind.TAKEN_OVER}
DECIDED = {EventKind.APPROVED, EventKind.REJECTED}
TABLE = {
    State.DRAFT: {
        EventKind.CHANGED,
        EventKind.SUBMITTED,
        EventKind.STARTED,
        EventKind.CANCELLED,
    },
    State.IN_REVIEW: {
        EventKind.CHANGED,
        EventKind.REHEARSED,
        EventKind.CANCELLED,
        EventKind.TAKEN_OVER,
        *DECIDED,
    },
    State.APPROVED: {
        EventKind.CHANGED,
        EventKind.SCHEDULED,
        EventKind.CANCELLED,
        EventKind.TAKEN_OVER,
    },
    State.SCHEDULED: {
        EventKind.CHANGED,
        EventKind.STARTED,
        EventKind.CANCELLED,
        EventKind.TAKEN_OVER,
    },
    State.RUNNING: {
        *UNDER_WAY,
        EventKind.EXPANDED,
        EventKind.SKIPPED,
        EventKind.RESENT,
        EventKind.PAUSED,
        EventKind.FINISHED,
    },
    State.PAUSED: {*UNDER_WAY, EventKind.RESUMED},
    State.FINISHED: {EventKind.RESENT, EventKind.REPORTED},
    State.REPORTED: set(),
    State.CANCELLED: set(),
}
TWO = replace(
    CONTENT,
    activities=(
        Activity(id="a1", date=date(2026, 3, 3), text="Hello."),
        Activity(id="a2", format=Format.QUIZ, date=date(2026, 3, 4), ref="travel"),
    ),
)
DRAWN: Args = {"allocation": data_of_allocation(allocate_all([], AT))}


def event(kind: EventKind, content: Content = CONTENT, **data: object) -> Event:
    told: Args = {}
    if kind in {EventKind.DRAFTED, EventKind.CHANGED, EventKind.AMENDED}:
        told = data_of(content)
    elif kind is EventKind.APPROVED:
        told = {"digest": digest_of(content), "is_last": bool(data.get("is_last", True))}
    elif kind is EventKind.SCHEDULED:
        told = DRAWN
    elif kind is EventKind.REHEARSED:
        told = data_of_rehearsal(Rehearsal(digest_of(content), (("People", "8 people now"),)))
    return Event(DRAFT.id, kind, AT, DRAFT.owner, told)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", EventKind)
def test_only_what_the_table_allows_happens(state: State, kind: EventKind) -> None:
    campaign = replace(DRAFT, state=state, pauses=(Pause(AT),))
    allowed = kind in TABLE[state]
    assert can(campaign, kind) == allowed
    if allowed:
        assert apply(campaign, event(kind)).changed_at == AT
    else:
        with pytest.raises(Conflict, match="already"):
            apply(campaign, event(kind))


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED])
def test_what_is_proposed_while_it_runs_is_decided_like_a_draft(state: State) -> None:
    running = replace(DRAFT, state=state, pauses=(Pause(AT),))
    amended = apply(running, event(EventKind.AMENDED, TWO))
    assert (amended.state, amended.content, amended.proposed) == (state, CONTENT, TWO)
    assert not can(amended, EventKind.APPROVED)
    asked = apply(amended, event(EventKind.SUBMITTED))
    assert not asked.is_put_forward
    assert not can(asked, EventKind.SUBMITTED)
    assert not apply(asked, event(EventKind.REHEARSED, CONTENT)).is_put_forward
    asked = apply(asked, event(EventKind.REHEARSED, TWO))
    assert asked.is_put_forward
    assert not apply(asked, event(EventKind.AMENDED, CONTENT)).is_submitted
    first = apply(asked, event(EventKind.APPROVED, TWO, is_last=False))
    assert (first.content, first.approved_by) == (CONTENT, (DRAFT.owner,))
    last = apply(first, event(EventKind.APPROVED, TWO))
    assert (last.state, last.content, last.amendment, last.edition) == (state, TWO, None, 2)
    refused = apply(amended, event(EventKind.REJECTED))
    assert (refused.state, refused.content, refused.amendment) == (state, CONTENT, None)


def test_only_one_message_goes_without_approval() -> None:
    assert not can(replace(DRAFT, content=TWO), EventKind.STARTED)
    assert not can(
        replace(DRAFT, content=replace(CONTENT, approvers=(PersonId("kim"),))), EventKind.STARTED
    )


def test_what_was_approved_is_what_was_seen() -> None:
    review = apply(replace(DRAFT, content=TWO), event(EventKind.SUBMITTED))
    with pytest.raises(Conflict, match="changed since"):
        apply(review, event(EventKind.APPROVED, CONTENT))
    waiting = apply(review, event(EventKind.APPROVED, TWO, is_last=False))
    assert (waiting.state, waiting.approved_by) == (State.IN_REVIEW, (DRAFT.owner,))
    approved = apply(waiting, event(EventKind.APPROVED, TWO))
    assert approved.state is State.APPROVED
    changed = apply(approved, event(EventKind.CHANGED, CONTENT))
    assert (changed.state, changed.approved_by) == (State.DRAFT, ())


def test_the_digest_follows_from_what_is_said_and_from_nothing_else() -> None:
    data = data_of(TWO)
    turned = dict(reversed(list(data.items())))
    assert digest_of(content_of(turned)) == digest_of(TWO)
    assert digest_of(replace(TWO, closing="Bye.")) != digest_of(TWO)
    assert len(digest_of(TWO)) == 64


def test_the_replay_ends_where_the_events_led() -> None:
    changed = one_message("Dinner", "Late.", None, date(2026, 3, 3), date(2026, 3, 4))
    events = [
        event(EventKind.DRAFTED),
        event(EventKind.CHANGED, changed),
        event(EventKind.STARTED),
        event(EventKind.EXPANDED),
        event(EventKind.FINISHED),
        event(EventKind.RESENT),
    ]
    last = DRAFT
    for one in events[1:]:
        last = apply(last, one)
    assert fold(last, events) == last
    assert (last.state, last.edition, last.content) == (State.RUNNING, 2, changed)
    assert (last.started_at, last.ended_at) == (AT, None)


def test_the_replay_keeps_approvals_the_drawing_and_pauses() -> None:
    events = [
        event(EventKind.DRAFTED, TWO),
        event(EventKind.SUBMITTED),
        event(EventKind.APPROVED, TWO),
        event(EventKind.SCHEDULED),
        event(EventKind.STARTED),
        event(EventKind.PAUSED),
        replace(event(EventKind.RESUMED), at=LATER),
        event(EventKind.AMENDED, CONTENT),
    ]
    last = replace(DRAFT, content=TWO)
    for one in events[1:]:
        last = apply(last, one)
    assert fold(last, events) == last
    assert last.pauses == (Pause(AT, LATER),)
    assert last.allocation is not None
    assert (last.state, last.amendment) == (State.RUNNING, CONTENT)


def test_content_and_outlook_survive_being_stored() -> None:
    assert content_of(data_of(CONTENT)) == CONTENT
    assert content_of(data_of(TWO)) == TWO
    outlook = look_on(
        Outlook({date(2026, 3, 3): 4}),
        [Group(date(2026, 3, 3), None, 3), Group(None, "budget", 6), Group(None, "paused", 1)],
    )
    assert outlook == Outlook({date(2026, 3, 3): 7}, {"budget": 6, "paused": 1})
    assert outlook_of(args_of(outlook)) == outlook
    assert (outlook.people, outlook.reached) == (14, 7)
    forecast = told(outlook)
    assert (forecast.total, forecast.by_day) == (14, {date(2026, 3, 3): 7})
    assert "paused" not in forecast.not_by_reason


def test_what_was_kept_before_there_were_activities_is_one_message() -> None:
    before: Args = {
        "title": "Lunch",
        "body": "It is **free**.",
        "team": "Blue",
        "first_day": "2026-03-02",
        "last_day": "2026-03-06",
    }
    assert content_of(before) == CONTENT
    assert CONTENT.is_one_message
    assert (CONTENT.first_day, CONTENT.last_day) == (date(2026, 3, 2), date(2026, 3, 6))


def test_a_change_that_was_not_gone_through_is_submitted_anew_by_who_takes_it_over() -> None:
    running = replace(DRAFT, state=State.RUNNING, amendment=TWO, submitted=True)
    taken = apply(running, event(EventKind.TAKEN_OVER))
    assert can(taken, EventKind.SUBMITTED)
    gone_through = apply(running, event(EventKind.REHEARSED, TWO))
    assert apply(gone_through, event(EventKind.TAKEN_OVER)).is_put_forward


def test_what_is_in_review_stays_there_when_it_is_taken_over_once_it_was_gone_through() -> None:
    review = apply(replace(DRAFT, content=TWO), event(EventKind.SUBMITTED))
    taken = apply(review, replace(event(EventKind.TAKEN_OVER), actor=PersonId("kim")))
    assert (taken.state, taken.owner) == (State.DRAFT, "kim")
    gone_through = apply(review, event(EventKind.REHEARSED, TWO))
    half = apply(gone_through, event(EventKind.APPROVED, TWO, is_last=False))
    taken = apply(half, replace(event(EventKind.TAKEN_OVER), actor=PersonId("kim")))
    assert (taken.state, taken.owner, taken.approved_by) == (State.IN_REVIEW, "kim", ("dana",))
    assert taken.is_put_forward
