"""What campaigns need from storage, beyond `bot.ports.Work`. `work.py` puts it together."""

from collections.abc import Sequence
from typing import Protocol

from bot.capabilities.campaigns.model import Campaign, Event
from bot.ids import CampaignId, PersonId, WorkspaceId


class CampaignStore(Protocol):
    def add(self, campaign: Campaign) -> None: ...

    def get(self, campaign: CampaignId) -> Campaign | None: ...

    def save(self, campaign: Campaign) -> Campaign:
        """Replace the version that was read; returns the value with its new version.

        Raises:
            Conflict: the campaign was changed since it was read.
        """

    def record(self, event: Event) -> None:
        """Append to the campaign's events."""

    def events(self, campaign: CampaignId) -> Sequence[Event]:
        """All events of a campaign in order."""

    def shown_to(self, workspace: WorkspaceId, person: PersonId, limit: int) -> Sequence[Campaign]:
        """The person's own campaigns and everybody's that have been sent, newest first."""


class Stores(Protocol):
    """All that campaigns keep, within one open transaction."""

    @property
    def campaigns(self) -> CampaignStore: ...
