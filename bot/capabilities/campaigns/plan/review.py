"""Submitted, approved by others or sent back, scheduled, and taken back."""

from bot.capabilities.campaigns.access import find_campaign, may_see, owner_of
from bot.capabilities.campaigns.approving import (
    approve as approve_it,
)
from bot.capabilities.campaigns.approving import (
    approvers_of,
    bring_up_to_date,
    find_outdated,
    may_approve,
    missing_approvals,
)
from bot.capabilities.campaigns.approving import (
    reject as reject_it,
)
from bot.capabilities.campaigns.approving import (
    schedule as schedule_it,
)
from bot.capabilities.campaigns.asking import ask
from bot.capabilities.campaigns.asking import put_forward as put_it_forward
from bot.capabilities.campaigns.content import data_of, digest_of
from bot.capabilities.campaigns.dryrun import DryRun
from bot.capabilities.campaigns.messages import NOT_AN_APPROVER, NOT_YOUR_OWN, over_already
from bot.capabilities.campaigns.model import Campaign, EventKind, State
from bot.capabilities.campaigns.plan import messages
from bot.capabilities.campaigns.plan.sheet import GOING, OVER, find_own, is_asked, show, was_changed
from bot.capabilities.campaigns.reading import kept
from bot.capabilities.campaigns.step import advance, today_of
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.errors import Conflict, Invalid, NotAllowed
from bot.inbound import Command
from bot.kind import for_duty
from bot.message import Message, say
from bot.outbox import Letter, Priority, ToPerson
from bot.people import Person
from bot.reply import Reply
from bot.schedule import next_working_moment


def open_(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """What a person sees of a campaign now."""
    campaign = find_campaign(work, command.person, command.args)
    return Reply(message=show(context, work, campaign, command.person), replace=True)


def refresh(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """The same, shown again."""
    return open_(context, work, command)


def submit(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Submit for approval*: of a draft, or of a change while it runs."""
    campaign = find_own(work, command)
    stale = _stale(context, work, campaign, command)
    if stale is not None:
        return stale
    if campaign.is_submitted:
        return Reply(message=show(context, work, campaign, command.person), replace=True)
    if campaign.state in GOING and campaign.amendment is None:
        raise Conflict(over_already(campaign))
    if not approvers_of(work, campaign):
        raise Invalid(messages.NOBODY_TO_APPROVE)
    asked = ask(context, work, campaign, command.person)
    note = messages.GOING_THROUGH
    if asked.is_put_forward:
        tell_approvers(context, work, asked)
        note = messages.SUBMITTED
    card = show(context, work, asked, command.person, note)
    return Reply(message=card, replace=True)


def put_forward(context: Context, work: CampaignsWork, campaign: Campaign, told: DryRun) -> None:
    """All have been looked at of what was submitted: those who approve it get its card."""
    tell_approvers(context, work, put_it_forward(context, work, campaign, told))


def _stale(
    context: Context, work: CampaignsWork, campaign: Campaign, command: Command
) -> Reply | None:
    """The card anew, for who pressed a button of an older one."""
    if not was_changed(campaign, command):
        return None
    card = show(context, work, campaign, command.person, messages.CHANGED_SINCE)
    return Reply(message=card, replace=True)


def tell_approvers(
    context: Context, work: CampaignsWork, campaign: Campaign, *, again: bool = False
) -> None:
    """Its card for everybody whose approval it waits for, at their next working moment.

    What they have and nobody has decided about becomes the card as it is now, unless they are
    asked `again`, at most once a day. Who wants nothing unasked finds it on their own page. Each
    has a card of its own, for the sake of whoever waits for its approval.
    """
    decided = {EventKind.APPROVED, EventKind.REJECTED}
    rounds = sum(event.kind in decided for event in work.campaigns.events(campaign.id))
    for person in approvers_of(work, campaign):
        if not is_asked(work, campaign, person) or work.attention.get(person.id).stopped_at:
            continue
        first = f"{campaign.source}:review:{rounds}:{person.id}"
        stands = not again and bool(work.outbox.promised(campaign.workspace, [first]))
        key = first
        if again:
            key = f"{first}:{today_of(person, context.now)}"
        elif stands:
            key = f"{first}:{campaign.version}"
        letter = Letter(
            key=key,
            to=ToPerson(person=person.id),
            message=show(context, work, campaign, person),
            kind="campaign.review",
            priority=Priority.ANSWER,
            edits=first if stands else None,
            because=messages.BECAUSE_APPROVER,
        )
        work.outbox.post(campaign.workspace, for_duty(letter, person, context.now))


def remind(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Ask again*: those whose approval it waits for get its card once more."""
    campaign = find_own(work, command)
    tell_approvers(context, work, campaign, again=True)
    note = messages.SUBMITTED if campaign.is_put_forward else None
    card = show(context, work, campaign, command.person, note)
    return Reply(message=card, replace=True)


def approve(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Approve*, what was on the card and nothing else."""
    campaign, person = find_campaign(work, command.person, command.args), command.person
    if campaign.owner == person.id:
        raise NotAllowed(NOT_YOUR_OWN)
    stale = _stale(context, work, campaign, command)
    if stale is not None:
        return stale
    if not is_asked(work, campaign, person):
        return _settled(context, work, campaign, person)
    if find_outdated(context, work, campaign):
        return _overtaken(context, work, campaign, person)
    digest = digest_of(campaign.proposed)
    approved = approve_it(context, work, campaign, person, digest)
    is_done = approved.state is not State.IN_REVIEW and approved.amendment is None
    missing = [one.name for one in missing_approvals(work, approved)]
    told = (
        messages.approved(approved, person)
        if is_done
        else messages.approved_partly(approved, person, missing)
    )
    _tell_owner(context, work, approved, f"approved:{person.id}", told)
    return _reply(context, work, approved, person, messages.said_approved(approved))


def _reply(
    context: Context, work: CampaignsWork, campaign: Campaign, person: Person, note: str
) -> Reply:
    if not may_see(campaign, person):
        # What became of it is for those who run campaigns.
        return Reply(message=say(note), replace=True)
    return Reply(message=show(context, work, campaign, person, note), replace=True)


def _overtaken(context: Context, work: CampaignsWork, campaign: Campaign, person: Person) -> Reply:
    """A change some of which has begun, or is too late: it goes back to its owner, who is told."""
    given_back = bring_up_to_date(context, work, campaign)
    told = messages.overtaken(given_back, find_outdated(context, work, campaign))
    _tell_owner(context, work, given_back, "overtaken", told)
    return _reply(context, work, given_back, person, messages.SAID_OVERTAKEN)


def _settled(context: Context, work: CampaignsWork, campaign: Campaign, person: Person) -> Reply:
    """For who presses what others have settled already, or who was never asked.

    Raises:
        NotAllowed: it is not theirs to approve.
    """
    if not may_approve(work, campaign, person):
        raise NotAllowed(NOT_AN_APPROVER)
    return Reply(message=show(context, work, campaign, person), replace=True)


def send_back(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Send it back*: why?"""
    campaign = find_campaign(work, command.person, command.args)
    if not is_asked(work, campaign, command.person):
        return _settled(context, work, campaign, command.person)
    return Reply(form=messages.back_form(campaign))


def reject(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """The form of *Send it back*."""
    campaign, person = find_campaign(work, command.person, command.args), command.person
    why = kept(command.values.get("why", ""))
    if not why:
        raise Invalid(fields={"why": messages.NO_REASON})
    if not is_asked(work, campaign, person):
        return _settled(context, work, campaign, person)
    rejected = reject_it(context, work, campaign, person, why)
    told = messages.rejected(rejected, person, why)
    _tell_owner(context, work, rejected, f"rejected:{person.id}", told)
    return Reply(message=say(messages.SAID_REJECTED))


def _tell_owner(
    context: Context, work: CampaignsWork, campaign: Campaign, what: str, message: Message
) -> None:
    owner = owner_of(work, campaign)
    work.outbox.post(
        campaign.workspace,
        Letter(
            key=f"{campaign.source}:{what}:{campaign.version}",
            to=ToPerson(person=owner.id),
            message=message,
            kind="campaign.decided",
            priority=Priority.ANSWER,
            due_at=next_working_moment(owner, context.now),
        ),
    )


def schedule(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Schedule it*."""
    campaign = find_own(work, command)
    stale = _stale(context, work, campaign, command)
    if stale is not None:
        return stale
    if campaign.state is State.SCHEDULED:
        return Reply(message=show(context, work, campaign, command.person), replace=True)
    scheduled = schedule_it(context, work, campaign, command.person)
    card = show(context, work, scheduled, command.person, messages.SCHEDULED)
    return Reply(message=card, replace=True)


def take_back(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Change it*: a draft again. Whatever was approved counts no more."""
    campaign = find_own(work, command)
    if campaign.state is State.DRAFT:
        return Reply(message=show(context, work, campaign, command.person), replace=True)
    if campaign.state in GOING | OVER:
        raise Conflict(over_already(campaign))
    data = data_of(campaign.content)
    draft = advance(context, work, campaign, EventKind.CHANGED, command.person.id, data=data)
    work.timers.cancel(f"{draft.source}:start")
    card = show(context, work, draft, command.person, messages.TAKEN_BACK)
    return Reply(message=card, replace=True)


def drop(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Discard* one that has not begun."""
    campaign = find_own(work, command)
    if campaign.state in GOING | OVER:
        raise Conflict(over_already(campaign))
    dropped = advance(context, work, campaign, EventKind.CANCELLED, command.person.id)
    work.timers.cancel(f"{dropped.source}:start")
    return Reply(message=say(messages.DISCARDED), replace=True)
