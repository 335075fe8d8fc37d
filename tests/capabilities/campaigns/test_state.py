"""The transition table of a campaign, and its replay."""

from datetime import UTC, date, datetime

import pytest

from bot.capabilities.campaigns.model import (
    Campaign,
    Content,
    Event,
    EventKind,
    Outlook,
    State,
    apply,
    args_of,
    can,
    content_of,
    data_of,
    fold,
    look_on,
    outlook_of,
    told,
)
from bot.crowd import Group
from bot.errors import Conflict
from bot.ids import CampaignId, PersonId, WorkspaceId

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
CONTENT = Content("Lunch", "It is **free**.", "Blue", date(2026, 3, 2), date(2026, 3, 6))
DRAFT = Campaign(
    id=CampaignId("c"),
    workspace=WorkspaceId("w"),
    owner=PersonId("dana"),
    title=CONTENT.title,
    body=CONTENT.body,
    team=CONTENT.team,
    first_day=CONTENT.first_day,
    last_day=CONTENT.last_day,
    created_at=AT,
    changed_at=AT,
)
TABLE = {
    State.DRAFT: {EventKind.CHANGED, EventKind.STARTED, EventKind.CANCELLED},
    State.RUNNING: {
        EventKind.EXPANDED,
        EventKind.RESENT,
        EventKind.FINISHED,
        EventKind.CANCELLED,
    },
    State.FINISHED: {EventKind.RESENT},
    State.CANCELLED: set(),
}


def event(kind: EventKind, content: Content = CONTENT) -> Event:
    data = data_of(content) if kind in {EventKind.DRAFTED, EventKind.CHANGED} else {}
    return Event(DRAFT.id, kind, AT, DRAFT.owner, data)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", EventKind)
def test_only_what_the_table_allows_happens(state: State, kind: EventKind) -> None:
    campaign = Campaign(
        **{name: getattr(DRAFT, name) for name in DRAFT.__dataclass_fields__ if name != "state"},
        state=state,
    )
    allowed = kind in TABLE[state]
    assert can(campaign, kind) == allowed
    if allowed:
        assert apply(campaign, event(kind)).changed_at == AT
    else:
        with pytest.raises(Conflict, match="already"):
            apply(campaign, event(kind))


def test_the_replay_ends_where_the_events_led() -> None:
    changed = Content("Dinner", "Late.", None, date(2026, 3, 3), date(2026, 3, 4))
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


def test_content_and_outlook_survive_being_stored() -> None:
    assert content_of(data_of(CONTENT)) == CONTENT
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
