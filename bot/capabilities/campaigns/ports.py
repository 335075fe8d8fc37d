"""What campaigns need from storage, beyond `bot.ports.Work`. `work.py` puts it together."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from bot.capabilities.campaigns.content import Audience, ClusterBy
from bot.capabilities.campaigns.model import Campaign, Enrolment, EnrolmentState, Event, Run
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

    def shown_to(
        self, workspace: WorkspaceId, person: PersonId, limit: int, skipped: int = 0
    ) -> Sequence[Campaign]:
        """The person's own campaigns and everybody's that have been sent: what waits for approval
        or is under way first, then the newest; behind those `skipped`."""

    def under_way(self, workspace: WorkspaceId) -> Sequence[Campaign]:
        """Those that are approved, scheduled, running or paused, by id."""

    def in_review(self, workspace: WorkspaceId) -> Sequence[Campaign]:
        """Those that wait for approval, or a change of which does, longest unchanged first."""

    def runs(self, campaign: CampaignId) -> Sequence[Run]:
        """How far its activities have come, by when they are to be looked at."""

    def add_runs(self, runs: Sequence[Run]) -> None:
        """Insert those of an activity and wave that are not there."""

    def save_run(self, run: Run) -> None:
        """Replace it. Whoever changes a run saves the campaign in the same transaction."""

    def drop_runs(self, campaign: CampaignId, activities: Collection[str]) -> None:
        """Forget those of activities that have not begun."""


@dataclass(frozen=True, slots=True)
class Gathering:
    """Who is to be enrolled: the people of an audience, in these clusters (None: in any)."""

    campaign: CampaignId
    workspace: WorkspaceId
    audience: Audience
    cluster_by: ClusterBy
    clusters: Collection[str] | None = None


class EnrolmentStore(Protocol):
    """Who is in a campaign, by the thousand. Nothing tells of a person but to themselves."""

    def sizes(self, gathering: Gathering) -> Mapping[str, int]:
        """How many active people of the audience are in each cluster now."""

    def shared(self, one: Gathering, other: Gathering) -> int:
        """How many active people are in both, which are of one workspace."""

    def enrol(self, gathering: Gathering, wave: date, state: EnrolmentState, now: datetime) -> int:
        """Enrol whoever is not yet; how many that were. Who has stopped the bot is left out."""

    def get(self, campaign: CampaignId, person: PersonId) -> Enrolment | None: ...

    def of(self, person: PersonId) -> Sequence[Enrolment]:
        """All of a person's, by campaign."""

    def save(self, enrolment: Enrolment) -> None:
        """Insert or replace."""

    def states(
        self, campaign: CampaignId, people: Sequence[PersonId]
    ) -> Mapping[PersonId, EnrolmentState]:
        """Those of these people; who was never enrolled is left out."""

    def waves(self, campaign: CampaignId) -> Sequence[date]:
        """The waves that anybody was ever enrolled in, earliest first."""

    def counts(self, campaign: CampaignId) -> Mapping[EnrolmentState, int]:
        """How many are in each state."""

    def active(
        self,
        campaign: CampaignId,
        after: PersonId | None,
        limit: int,
        *,
        with_invited: bool = False,
    ) -> Sequence[PersonId]:
        """The next who are active, by id, or who have not said yet whether they want to be."""

    def end_absent(self, gathering: Gathering, now: datetime) -> Sequence[PersonId]:
        """End the enrolments of those who have left or have stopped the bot; who is only not in
        the audience any more is absent, or undecided, until they are in it again. Who that
        was."""

    def bring_back(self, gathering: Gathering, now: datetime) -> None:
        """Let those who were absent and are in the audience again go on with what is still to
        come."""

    def ask_back(self, gathering: Gathering, wave: date, now: datetime) -> Sequence[PersonId]:
        """Let those who were undecided and are in the audience again be invited again, in this
        wave; who that was."""

    def move(
        self,
        campaign: CampaignId,
        people: Sequence[PersonId],
        state: EnrolmentState,
        now: datetime,
    ) -> None:
        """Let these people who are active, or not sure yet, be in another state."""

    def forget(self, person: PersonId, campaign: CampaignId | None = None) -> None:
        """None of a person's any more, or that of one campaign."""


class BallotStore(Protocol):
    """Votes of polls. That somebody has voted is kept apart from what was voted."""

    def cast(self, campaign: CampaignId, activity: str, person: PersonId, option: int) -> bool:
        """Count a vote; False, and nothing is counted, where the person has voted."""

    def votes(self, campaign: CampaignId, activity: str) -> Mapping[int, int]:
        """How many chose which answer, by its place; those nobody chose are left out."""

    def count(self, person: PersonId) -> int:
        """In how many polls it is kept that the person has voted."""

    def close(self, campaign: CampaignId, activity: str) -> None:
        """Forget who has voted."""

    def forget(self, person: PersonId) -> None:
        """Forget that the person has voted in anything."""


class Titles(Protocol):
    """The FAQ, as far as a campaign tells of it."""

    def new_titles(self, workspace: WorkspaceId, since: datetime, limit: int) -> Sequence[str]:
        """What is published and was not before `since`, the newest first."""


class Stores(Protocol):
    """All that campaigns keep, within one open transaction."""

    @property
    def campaigns(self) -> CampaignStore: ...

    @property
    def enrolments(self) -> EnrolmentStore: ...

    @property
    def ballots(self) -> BallotStore: ...
