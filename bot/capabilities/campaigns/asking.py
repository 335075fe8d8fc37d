"""Asking others to approve: what is submitted is gone through before anybody is asked."""

from bot.capabilities.campaigns.approving import submit
from bot.capabilities.campaigns.dryrun import DryRun
from bot.capabilities.campaigns.dryrun_messages import figures
from bot.capabilities.campaigns.model import Campaign, EventKind, Rehearsal, data_of_rehearsal
from bot.capabilities.campaigns.rehearsing import begin
from bot.capabilities.campaigns.step import advance
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.people import Person


def ask(context: Context, work: CampaignsWork, campaign: Campaign, person: Person) -> Campaign:
    """Submit it and go through it. It is put forward at once where that takes a moment, else by
    a timer as soon as all have been looked at (`Campaign.is_put_forward`).

    Raises:
        Invalid, Conflict: as `approving.submit`.
    """
    submitted = submit(context, work, campaign, person)
    told = begin(context, work, submitted, person, asks=True)
    return submitted if isinstance(told, str) else put_forward(context, work, submitted, told)


def put_forward(
    context: Context, work: CampaignsWork, campaign: Campaign, told: DryRun
) -> Campaign:
    """What was submitted, with what its dry run told: now it can be approved."""
    data = data_of_rehearsal(Rehearsal(told.digest, figures(told)))
    return advance(context, work, campaign, EventKind.REHEARSED, data=data)
