"""What campaigns show a person about themselves: of which they are, or were, a part."""

from collections.abc import Sequence

from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.model import Campaign, Enrolment, EnrolmentState, State
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.inbound import Command
from bot.message import Part, say
from bot.people import Person
from bot.reply import Reply

_GOING = frozenset({State.RUNNING, State.PAUSED})
_OPEN = frozenset({EnrolmentState.ACTIVE, EnrolmentState.INVITED})


def about_me(_context: Context, work: CampaignsWork, person: Person) -> Sequence[Part]:
    """The campaigns that the person is in, and how they can leave; those that they were in; and
    in how many polls it is kept that they have voted."""
    mine = _mine(work, person)
    going = [(one, it) for one, it in mine if one.state in _GOING]
    open_ = [(one, it) for one, it in going if it.state in _OPEN]
    closed = [(one, it) for one, it in mine if (one, it) not in open_]
    return messages.about_me(
        open_, closed, work.ballots.count(person.id), can_forget=len(mine) > len(going)
    )


def forget(_context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Forget what is over*: that the person was in campaigns which are over."""
    for campaign, _ in _mine(work, command.person):
        if campaign.state not in _GOING:
            work.enrolments.forget(command.person.id, campaign.id)
    return Reply(message=say(messages.FORGOTTEN))


def _mine(work: CampaignsWork, person: Person) -> list[tuple[Campaign, Enrolment]]:
    found = [(work.campaigns.get(one.campaign), one) for one in work.enrolments.of(person.id)]
    mine = [(campaign, one) for campaign, one in found if campaign is not None]
    return sorted(mine, key=lambda each: (each[1].wave, each[0].id), reverse=True)
