"""Who may see and do what with a campaign. Ids in buttons come back from a client."""

from collections.abc import Mapping

from bot.access import Right, may, require
from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.model import Campaign, State
from bot.capabilities.campaigns.work import CampaignsWork
from bot.errors import NotFound
from bot.ids import CampaignId
from bot.inbound import Command
from bot.people import Person, Workspace


def find_campaign(
    work: CampaignsWork, person: Person, args: Mapping[str, object], name: str = "campaign"
) -> Campaign:
    """The campaign that `args[name]` names, if the person may see it.

    Drafts are seen by their owner, what waits for approval also by those who approve, and what
    was sent by all who may run campaigns.

    Raises:
        NotAllowed: the person may neither run nor approve campaigns.
        NotFound: there is none, or it is not the person's business. The two are told
            apart for nobody.
    """
    if not may(person, Right.APPROVE_CAMPAIGN):
        require(person, Right.RUN_CAMPAIGN)
    value = args.get(name)
    # PostgreSQL refuses a NUL in a text, which no id of ours has.
    id_ = value if isinstance(value, str) and value.isprintable() else ""
    campaign = work.campaigns.get(CampaignId(id_))
    if campaign is None or campaign.workspace != person.workspace:
        raise NotFound(messages.GONE)
    if not may_see(campaign, person):
        raise NotFound(messages.GONE)
    return campaign


def may_see(campaign: Campaign, person: Person) -> bool:
    """Whether the campaign is the person's business."""
    if person.id == campaign.owner:
        return True
    if campaign.is_submitted and may(person, Right.APPROVE_CAMPAIGN):
        return True
    if campaign.started_at is not None:
        return may(person, Right.RUN_CAMPAIGN) or person.id in campaign.content.approvers
    if campaign.state in {State.DRAFT, State.CANCELLED}:
        return False
    return person.id in campaign.content.approvers or may(person, Right.APPROVE_CAMPAIGN)


def find_draft(work: CampaignsWork, command: Command) -> Campaign:
    """The draft of a button or form.

    Raises:
        NotAllowed, NotFound: as `find_campaign`; a draft that is none any more counts as gone.
    """
    campaign = find_campaign(work, command.person, command.args)
    if campaign.state is not State.DRAFT:
        raise NotFound(messages.DRAFT_GONE if campaign.started_at is None else messages.NOT_A_DRAFT)
    return campaign


def owner_of(work: CampaignsWork, campaign: Campaign) -> Person:
    """Who sends it; people are never erased while their campaigns are kept."""
    owner = work.people.get(campaign.owner)
    if owner is None:
        raise NotFound(messages.GONE)
    return owner


def workspace_of(work: CampaignsWork, person: Person) -> Workspace:
    """The person's own workspace."""
    return next(w for w in work.people.workspaces() if w.id == person.workspace)
