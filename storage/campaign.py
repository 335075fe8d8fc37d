"""Campaigns and what happened to them."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from bot.capabilities.campaigns.model import Campaign, Event, State
from bot.errors import Conflict
from bot.ids import CampaignId, PersonId, WorkspaceId
from storage.campaign_tables import campaign_events, campaigns
from storage.row import columns_of, values_of

_CAMPAIGN = columns_of(campaigns, Campaign)
_EVENT = columns_of(campaign_events, Event)
_REPLACE = update(campaigns).where(
    campaigns.c.id == bindparam("of_id"), campaigns.c.version == bindparam("of_version")
)


class SqlCampaigns:
    """`bot.capabilities.campaigns.ports.CampaignStore` in two tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, campaign: Campaign) -> None:
        """Insert a new campaign."""
        self._connection.execute(insert(campaigns), values_of(campaign))

    def get(self, campaign: CampaignId) -> Campaign | None:
        """The campaign of that id."""
        row = self._connection.execute(
            select(*_CAMPAIGN).where(campaigns.c.id == campaign)
        ).one_or_none()
        return None if row is None else Campaign(**row._mapping)

    def save(self, campaign: Campaign) -> Campaign:
        """Replace the version that was read; returns the value with its new version.

        Raises:
            Conflict: the campaign was changed since it was read.
        """
        saved = replace(campaign, version=campaign.version + 1)
        replaced = self._connection.execute(
            _REPLACE, values_of(saved) | {"of_id": campaign.id, "of_version": campaign.version}
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

    def shown_to(self, workspace: WorkspaceId, person: PersonId, limit: int) -> Sequence[Campaign]:
        """The person's own campaigns and everybody's that have been sent, newest first."""
        rows = self._connection.execute(
            select(*_CAMPAIGN)
            .where(
                campaigns.c.workspace == workspace,
                or_(campaigns.c.owner == person, campaigns.c.started_at.is_not(None)),
                # What was thrown away before it was sent is out of sight.
                or_(campaigns.c.state != State.CANCELLED, campaigns.c.started_at.is_not(None)),
            )
            .order_by(campaigns.c.created_at.desc(), campaigns.c.id)
            .limit(limit)
        )
        return [Campaign(**row._mapping) for row in rows]
