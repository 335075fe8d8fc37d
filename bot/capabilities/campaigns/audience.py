"""The people of a conversation as an audience: who is in it has to be read first.

It is read because a campaign wants to know (`bot.directory`), and kept in step for a while.
Until all of it has been read there is no forecast; before anybody gets anything it is read
anew, unless that was done a moment ago: the people of that moment count.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.model import (
    FRESH,
    LONGEST_WAIT,
    MEMBERS_KEPT,
    MIN_AUDIENCE,
    READ_AGAIN,
    Campaign,
)
from bot.capabilities.campaigns.work import CampaignsWork
from bot.ids import WorkspaceId
from bot.inbound import Command, PlaceKind


def here(work: CampaignsWork, command: Command) -> str | None:
    """The conversation whose people can be chosen where the person is; None where none can."""
    if command.place.kind is not PlaceKind.CHANNEL:
        return None
    known = work.memberships.can_be_known(command.person.workspace)
    return command.place.conversation if known else None


def channel_of(work: CampaignsWork, workspace: WorkspaceId, conversation: str | None) -> str | None:
    """How people call a conversation: nothing where that is private, or not known yet. None for
    no conversation."""
    if conversation is None:
        return None
    known = work.memberships.known(workspace, conversation)
    return known.name or "" if known else ""


def want(
    work: CampaignsWork, workspace: WorkspaceId, conversation: str, now: datetime
) -> int | None:
    """Have the members read and kept in step; how many people there are, no more than is
    needed to be told apart from too few, or None while they are being read."""
    work.memberships.want(workspace, conversation, now, now + MEMBERS_KEPT)
    known = work.memberships.known(workspace, conversation)
    if known is None or known.read_at is None:
        return None
    return work.memberships.count(workspace, conversation, MIN_AUDIENCE)


def find_obstacle(work: CampaignsWork, campaign: Campaign) -> str | None:
    """Why the campaign cannot go to the people of its conversation, of whom all have been read
    or will not be; None when it can, or goes to others."""
    if campaign.conversation is None:
        return None
    known = work.memberships.known(campaign.workspace, campaign.conversation)
    if known is None or known.is_refused:
        return messages.UNREADABLE
    return too_few(work.memberships.count(campaign.workspace, campaign.conversation, MIN_AUDIENCE))


def is_read(work: CampaignsWork, campaign: Campaign, since: datetime | None = None) -> bool:
    """Whether nobody has to be waited for: all members have been read (not before `since`),
    or cannot be."""
    if campaign.conversation is None:
        return True
    known = work.memberships.known(campaign.workspace, campaign.conversation)
    if known is None or known.is_refused:
        return True
    return known.read_at is not None and (since is None or known.read_at >= since)


def renew(work: CampaignsWork, campaign: Campaign, now: datetime) -> bool:
    """Whether what is known of the members will do for sending; else they are read anew."""
    started = campaign.started_at or now
    if is_read(work, campaign, started - FRESH):
        return True
    if campaign.conversation is not None:
        # Nobody may have wanted to know for so long that they were forgotten.
        keep_known(work, campaign, now)
        work.memberships.renew(campaign.workspace, campaign.conversation, now)
    return False


def are_known(work: CampaignsWork, campaign: Campaign) -> bool:
    """Whether all who are in the audience are known, so that whoever is not has left it."""
    if campaign.conversation is None:
        return True
    known = work.memberships.known(campaign.workspace, campaign.conversation)
    return known is not None and known.read_at is not None and not known.is_refused


def keep_known(work: CampaignsWork, campaign: Campaign, now: datetime) -> None:
    """Have them read, unless they have been, and kept in step for another while."""
    conversation = campaign.conversation
    if conversation is not None and work.memberships.can_be_known(campaign.workspace):
        want(work, campaign.workspace, conversation, now)


def next_wait(args: Mapping[str, object]) -> timedelta:
    """How long is waited until the next look, after a timer with these arguments."""
    before = args.get("waited")
    seconds = before if isinstance(before, int) else 0
    return min(max(READ_AGAIN, timedelta(seconds=2 * seconds)), LONGEST_WAIT)


def too_few(people: int | None) -> str | None:
    """Why so few people are no audience; None for enough, and while nobody knows."""
    if people is None or people >= MIN_AUDIENCE:
        return None
    return messages.too_few(people) if people else messages.NOBODY
