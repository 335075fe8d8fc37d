"""A campaign whose owner has left, or runs none any more: another one may take it over, but
nobody what they have approved and has not begun: nobody approves their own."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from bot.access import Right, may, require, roles_with
from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.access import find_campaign, owner_of
from bot.capabilities.campaigns.model import Campaign, EventKind, State
from bot.capabilities.campaigns.plan import review, sheet
from bot.capabilities.campaigns.step import advance, set_timer
from bot.capabilities.campaigns.telling import tell
from bot.capabilities.campaigns.timing import begins_at, newest_day
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.errors import Conflict, NotAllowed
from bot.ids import CampaignId, WorkspaceId
from bot.inbound import Command
from bot.message import Message
from bot.outbox import Letter, LetterState, Priority, ToPerson
from bot.people import Person
from bot.ports import Timer
from bot.reply import Reply

_WAITS = frozenset({State.IN_REVIEW, State.APPROVED, State.SCHEDULED})


def is_led(work: CampaignsWork, campaign: Campaign) -> bool:
    """Whether its owner is here, and may run campaigns."""
    return may(owner_of(work, campaign), Right.RUN_CAMPAIGN)


def offer(context: Context, work: CampaignsWork, campaign: Campaign) -> None:
    """Tell all who may run it that nobody does; each of them once, and who has stopped as soon
    as they want to be told again. Whose letter has no room for it is told another day, when it is
    looked at again."""
    if newest_day(context.now) > campaign.last_day:
        return
    owner = owner_of(work, campaign)
    others = {
        person.id: person
        for role in roles_with(Right.RUN_CAMPAIGN)
        for person in work.people.holders(campaign.workspace, role)
    }
    work.attention.lock(list(others))
    for person in others.values():
        if work.attention.get(person.id).stopped_at is not None:
            continue
        key, state = _offered(work, campaign, person)
        if state is not None:
            continue
        waiting, more = _beside(context, work, campaign, person)
        if len(waiting) >= messages.MOST_LISTED:
            continue
        letter = Letter(
            key=key,
            to=ToPerson(person=person.id),
            message=messages.orphaned(campaign, owner, is_approver=_has_approved(campaign, person)),
            kind="campaign.orphaned",
            priority=Priority.ANSWER,
            because=messages.BECAUSE_MANAGER,
        )
        listed = partial(_list_all, work, person, [*waiting, campaign], more)
        tell(context, work, person, letter, listed)


def _offered(
    work: CampaignsWork, campaign: Campaign, person: Person
) -> tuple[str, LetterState | None]:
    """The key under which somebody is offered it, and what has become of that. It is another one
    where a stop took back what waited, and has ended."""
    key = first = f"{campaign.source}:orphan:{owner_of(work, campaign).id}:{person.id}"
    again = 1
    while (state := work.outbox.state(campaign.workspace, key)) is LetterState.CANCELLED:
        again += 1
        key = f"{first}:{again}"
    return key, state


def _beside(
    context: Context, work: CampaignsWork, campaign: Campaign, person: Person
) -> tuple[list[Campaign], int]:
    """What else nobody runs and is not over: what waits for the person to be told, and how much
    more they have not been offered yet."""
    today = newest_day(context.now)
    waiting, more = [], 0
    for other in _submitted(work, campaign.workspace):
        if other.id == campaign.id or today > other.last_day or is_led(work, other):
            continue
        _, state = _offered(work, other, person)
        if state is LetterState.PENDING:
            waiting.append(other)
        more += state is None
    return waiting, more


def _list_all(
    work: CampaignsWork, person: Person, campaigns: Sequence[Campaign], more: int
) -> Message:
    """What nobody runs, as the person is told of it."""
    found = [
        (campaign, owner_of(work, campaign), _has_approved(campaign, person))
        for campaign in campaigns
    ]
    return messages.all_orphaned(found, more)


def _submitted(work: CampaignsWork, workspace: WorkspaceId) -> list[Campaign]:
    """What is to come or under way."""
    every = [*work.campaigns.in_review(workspace), *work.campaigns.under_way(workspace)]
    return list({campaign.id: campaign for campaign in every}.values())


def look_on(context: Context, work: CampaignsWork, timer: Timer) -> None:
    """Once a day from when it is submitted until it begins: does anybody run it? Who may take it
    over only since yesterday is told as well."""
    campaign = work.campaigns.get(CampaignId(str(timer.args["campaign"])))
    if campaign is None or campaign.state not in _WAITS:
        return
    if newest_day(context.now) > campaign.last_day:
        return
    if not is_led(work, campaign):
        offer(context, work, campaign)
    set_timer(work, campaign, "led", context.now + timedelta(days=1))


def offer_all(context: Context, work: CampaignsWork, owner: Person) -> None:
    """Offer what is to come or under way of somebody who has left, without waiting until it is
    looked at. Drafts are nobody else's business."""
    for campaign in _submitted(work, owner.workspace):
        if campaign.owner == owner.id:
            offer(context, work, campaign)


def _has_approved(campaign: Campaign, person: Person) -> bool:
    """Whether it would begin, if they took it over, by their own approval."""
    return campaign.started_at is None and person.id in campaign.approved_by


def take_over(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Take it over*: it is the person's own from now on, as it was approved, or as it waits for
    that."""
    require(command.person, Right.RUN_CAMPAIGN)
    campaign = find_campaign(work, command.person, command.args)
    if is_led(work, campaign):
        raise Conflict(messages.IS_LED)
    if _has_approved(campaign, command.person):
        raise NotAllowed(messages.APPROVED_IT)
    taken = advance(context, work, campaign, EventKind.TAKEN_OVER, command.person.id)
    if taken.state is State.SCHEDULED:
        set_timer(work, taken, "start", max(context.now, begins_at(taken.content.begins)))
    # Who was to approve it may own it now; then others are asked.
    review.tell_approvers(context, work, taken)
    card = sheet.show(context, work, taken, command.person, messages.TAKEN_OVER)
    # What is listed with it can still be taken over.
    return Reply(message=card, replace=command.args.get("listed") is not True)
