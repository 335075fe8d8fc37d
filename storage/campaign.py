"""Campaigns and what happened to them."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select, update

from bot.capabilities.campaigns.allocation import allocation_of, data_of_allocation
from bot.capabilities.campaigns.content import content_of, data_of
from bot.capabilities.campaigns.model import (
    Campaign,
    Event,
    Pause,
    Run,
    State,
    data_of_rehearsal,
    rehearsal_of,
)
from bot.errors import Conflict
from bot.ids import CampaignId, PersonId, WorkspaceId
from storage.campaign_tables import campaign_events, campaign_runs, campaigns
from storage.row import add_new, columns_of, put, values_of

_EVENT = columns_of(campaign_events, Event)
_RUN = columns_of(campaign_runs, Run)
_REPLACE = update(campaigns).where(
    campaigns.c.id == bindparam("of_id"), campaigns.c.version == bindparam("of_version")
)
_PAUSES = TypeAdapter(tuple[Pause, ...])
_SAID = ("title", "body", "team", "conversation", "first_day", "last_day")
_KEPT_OTHERWISE = {
    "content",
    "approved_by",
    "amendment",
    "submitted",
    "rehearsal",
    "allocation",
    "pauses",
}
_PLAIN = [name for name in Campaign.__dataclass_fields__ if name not in _KEPT_OTHERWISE]
_UNDER_WAY = [State.APPROVED, State.SCHEDULED, State.RUNNING, State.PAUSED]


class SqlCampaigns:
    """`bot.capabilities.campaigns.ports.CampaignStore` in three tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, campaign: Campaign) -> None:
        """Insert a new campaign."""
        self._connection.execute(insert(campaigns), _row(campaign))

    def get(self, campaign: CampaignId) -> Campaign | None:
        """The campaign of that id."""
        row = self._connection.execute(
            select(campaigns).where(campaigns.c.id == campaign)
        ).one_or_none()
        return None if row is None else _campaign(row)

    def save(self, campaign: Campaign) -> Campaign:
        """Replace the version that was read; returns the value with its new version.

        Raises:
            Conflict: the campaign was changed since it was read.
        """
        saved = replace(campaign, version=campaign.version + 1)
        replaced = self._connection.execute(
            _REPLACE, _row(saved) | {"of_id": campaign.id, "of_version": campaign.version}
        )
        if replaced.rowcount != 1:
            raise Conflict
        return saved

    def record(self, event: Event) -> None:
        """Append to the campaign's events."""
        self._connection.execute(insert(campaign_events), values_of(event))

    def events(self, campaign: CampaignId) -> Sequence[Event]:
        """All events of a campaign in order."""
        rows = self._connection.execute(
            select(*_EVENT)
            .where(campaign_events.c.campaign == campaign)
            .order_by(campaign_events.c.id)
        )
        return [Event(**row._mapping) for row in rows]

    def shown_to(
        self, workspace: WorkspaceId, person: PersonId, limit: int, skipped: int = 0
    ) -> Sequence[Campaign]:
        """The person's own campaigns and everybody's that have been sent: what waits for approval
        or is under way first, then the newest; behind those `skipped`."""
        rows = self._connection.execute(
            select(campaigns)
            .where(
                campaigns.c.workspace == workspace,
                or_(campaigns.c.owner == person, campaigns.c.started_at.is_not(None)),
                # What was thrown away before it was sent is out of sight.
                or_(campaigns.c.state != State.CANCELLED, campaigns.c.started_at.is_not(None)),
            )
            .order_by(
                campaigns.c.state.not_in([State.IN_REVIEW, *_UNDER_WAY]),
                campaigns.c.created_at.desc(),
                campaigns.c.id,
            )
            .limit(limit)
            .offset(skipped)
        )
        return [_campaign(row) for row in rows]

    def under_way(self, workspace: WorkspaceId) -> Sequence[Campaign]:
        """Those that are approved, scheduled, running or paused, by id."""
        rows = self._connection.execute(
            select(campaigns)
            .where(campaigns.c.workspace == workspace, campaigns.c.state.in_(_UNDER_WAY))
            .order_by(campaigns.c.id)
        )
        return [_campaign(row) for row in rows]

    def in_review(self, workspace: WorkspaceId) -> Sequence[Campaign]:
        """Those that wait for approval, or a change of which does, longest unchanged first."""
        rows = self._connection.execute(
            select(campaigns)
            .where(
                campaigns.c.workspace == workspace,
                campaigns.c.state.in_([State.IN_REVIEW, State.RUNNING, State.PAUSED]),
            )
            .order_by(campaigns.c.changed_at, campaigns.c.id)
        )
        found = (_campaign(row) for row in rows)
        return [campaign for campaign in found if campaign.is_submitted]

    def runs(self, campaign: CampaignId) -> Sequence[Run]:
        """How far its activities have come, by when they are to be looked at."""
        rows = self._connection.execute(
            select(*_RUN)
            .where(campaign_runs.c.campaign == campaign)
            .order_by(campaign_runs.c.due_at, campaign_runs.c.wave, campaign_runs.c.activity)
        )
        return [Run(**row._mapping) for row in rows]

    def add_runs(self, runs: Sequence[Run]) -> None:
        """Insert those of an activity and wave that are not there."""
        for run in runs:
            add_new(self._connection, campaign_runs, values_of(run))

    def save_run(self, run: Run) -> None:
        """Replace it."""
        put(self._connection, campaign_runs, values_of(run))

    def drop_runs(self, campaign: CampaignId, activities: Collection[str]) -> None:
        """Forget those of some activities."""
        self._connection.execute(
            delete(campaign_runs).where(
                campaign_runs.c.campaign == campaign,
                campaign_runs.c.activity.in_(sorted(activities)),
            )
        )


def _row(campaign: Campaign) -> dict[str, Any]:
    content, amendment, allocation = campaign.content, campaign.amendment, campaign.allocation
    rehearsal = campaign.rehearsal
    return {
        **{name: getattr(campaign, name) for name in _PLAIN},
        **{name: getattr(content, name) for name in _SAID},
        "content": data_of(content),
        "approved_by": campaign.approved_by,
        "amendment": None if amendment is None else data_of(amendment),
        "submitted": campaign.submitted,
        "rehearsal": None if rehearsal is None else data_of_rehearsal(rehearsal),
        "allocation": None if allocation is None else data_of_allocation(allocation),
        "pauses": _PAUSES.dump_python(campaign.pauses, mode="json"),
    }


def _campaign(row: Row[Any]) -> Campaign:
    said = row._mapping
    if said["content"] is None:
        days = {name: said[name].isoformat() for name in ("first_day", "last_day")}
        content = content_of({name: said[name] for name in _SAID} | days)
    else:
        content = content_of(said["content"])
    return Campaign(
        **{name: said[name] for name in _PLAIN},
        content=content,
        approved_by=tuple(PersonId(one) for one in said["approved_by"] or ()),
        amendment=None if said["amendment"] is None else content_of(said["amendment"]),
        submitted=bool(said["submitted"]),
        rehearsal=None if said["rehearsal"] is None else rehearsal_of(said["rehearsal"]),
        allocation=allocation_of(said["allocation"]),
        pauses=_PAUSES.validate_python(said["pauses"] or ()),
    )
