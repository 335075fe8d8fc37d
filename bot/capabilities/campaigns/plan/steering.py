"""While a campaign runs: it rests, goes on, ends, and what is still to come is changed."""

from bot.access import Right, require
from bot.capabilities.campaigns import steering
from bot.capabilities.campaigns.access import find_campaign
from bot.capabilities.campaigns.approving import bring_up_to_date, has_begun_since
from bot.capabilities.campaigns.messages import over_already
from bot.capabilities.campaigns.model import Campaign, EventKind, State
from bot.capabilities.campaigns.plan import messages
from bot.capabilities.campaigns.plan.sheet import GOING, find_own, show
from bot.capabilities.campaigns.step import advance
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.errors import Conflict
from bot.inbound import Command
from bot.reply import Reply


def pause(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Pause*. Pressed twice, it rests all the same."""
    campaign = _find(work, command)
    if campaign.state is State.PAUSED:
        return _reply(context, work, campaign, command, messages.paused(campaign.content))
    paused = steering.pause(context, work, campaign, command.person)
    return _reply(context, work, paused, command, messages.paused(campaign.content))


def resume(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Go on*."""
    campaign = _find(work, command)
    if campaign.state is State.RUNNING:
        return _reply(context, work, campaign, command, messages.RESUMED)
    resumed = steering.resume(context, work, campaign, command.person)
    return _reply(context, work, resumed, command, messages.RESUMED)


def end(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*End it*, for good."""
    campaign = _find(work, command)
    if campaign.state is State.CANCELLED:
        return _reply(context, work, campaign, command, messages.CANCELLED)
    if campaign.state not in GOING:
        raise Conflict(over_already(campaign))
    cancelled = steering.cancel(context, work, campaign, command.person)
    return _reply(context, work, cancelled, command, messages.CANCELLED)


def amend(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Change what comes*: its parts, to be changed one by one. What has begun since a change of
    them was written is in it as it is."""
    campaign = find_own(work, command)
    if campaign.state not in GOING:
        raise Conflict(over_already(campaign))
    if has_begun_since(work, campaign):
        campaign = bring_up_to_date(context, work, campaign)
    card = show(context, work, campaign, command.person, is_writing=True)
    return Reply(message=card, replace=True)


def drop_change(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Leave it as it was*: the change that waits for approval is forgotten."""
    campaign = find_own(work, command)
    if campaign.amendment is not None:
        campaign = advance(context, work, campaign, EventKind.REJECTED, command.person.id)
    return _reply(context, work, campaign, command, messages.CHANGE_DROPPED)


def _find(work: CampaignsWork, command: Command) -> Campaign:
    require(command.person, Right.RUN_CAMPAIGN)
    return find_campaign(work, command.person, command.args)


def _reply(
    context: Context, work: CampaignsWork, campaign: Campaign, command: Command, note: str
) -> Reply:
    return Reply(message=show(context, work, campaign, command.person, note), replace=True)
