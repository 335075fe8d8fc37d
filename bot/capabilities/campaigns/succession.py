"""A campaign whose owner has left, or runs none any more: another one may take it over."""

from bot.access import Right, may, require, roles_with
from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.access import find_campaign, owner_of
from bot.capabilities.campaigns.model import Campaign, EventKind, State
from bot.capabilities.campaigns.plan import sheet
from bot.capabilities.campaigns.step import advance, set_timer
from bot.capabilities.campaigns.timing import begins_at
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.errors import Conflict
from bot.inbound import Command
from bot.outbox import Letter, Priority, ToPerson
from bot.reply import Reply
from bot.schedule import next_working_moment


def is_led(work: CampaignsWork, campaign: Campaign) -> bool:
    """Whether its owner is here, and may run campaigns."""
    return may(owner_of(work, campaign), Right.RUN_CAMPAIGN)


def offer(context: Context, work: CampaignsWork, campaign: Campaign) -> None:
    """Tell all who may run it that nobody does; each of them once."""
    owner = owner_of(work, campaign)
    others = {
        person.id: person
        for role in roles_with(Right.RUN_CAMPAIGN)
        for person in work.people.holders(campaign.workspace, role)
    }
    for person in others.values():
        work.outbox.post(
            campaign.workspace,
            Letter(
                key=f"{campaign.source}:orphan:{owner.id}:{person.id}",
                to=ToPerson(person=person.id),
                message=messages.orphaned(campaign, owner),
                kind="campaign.orphaned",
                priority=Priority.ANSWER,
                due_at=next_working_moment(person, context.now),
            ),
        )


def take_over(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Take it over*: it is the person's own from now on, as it was approved."""
    require(command.person, Right.RUN_CAMPAIGN)
    campaign = find_campaign(work, command.person, command.args)
    if is_led(work, campaign):
        raise Conflict(messages.IS_LED)
    taken = advance(context, work, campaign, EventKind.TAKEN_OVER, command.person.id)
    if taken.state is State.SCHEDULED:
        set_timer(work, taken, "start", max(context.now, begins_at(taken.content.begins)))
    card = sheet.show(context, work, taken, command.person, messages.TAKEN_OVER)
    return Reply(message=card, replace=True)
