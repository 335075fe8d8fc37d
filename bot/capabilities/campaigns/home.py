"""What campaigns show a person about themselves: of which they are, or were, a part."""

from collections.abc import Sequence

from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.enrolling import evidence_of
from bot.capabilities.campaigns.model import Campaign, Enrolment, EnrolmentState, State
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.ids import CampaignId
from bot.inbound import Command
from bot.message import Part, say
from bot.outbox import Delivered
from bot.pack.completion import TAKES, Atom, atoms, parse
from bot.people import Person
from bot.reply import Reply

_GOING = frozenset({State.RUNNING, State.PAUSED})
_OPEN = frozenset(EnrolmentState) - {EnrolmentState.ENDED, EnrolmentState.COMPLETED}


def about_me(context: Context, work: CampaignsWork, person: Person) -> Sequence[Part]:
    """The campaigns that the person is in, and how they can leave; those that they were in; and
    in how many polls it is kept that they have voted."""
    mine = _mine(work, person)
    going = [(one, it) for one, it in mine if one.state in _GOING]
    open_ = [(one, it) for one, it in going if it.state in _OPEN]
    closed = [(one, it) for one, it in mine if (one, it) not in open_]
    return messages.about_me(
        open_,
        closed,
        work.ballots.count(person.id),
        can_forget=len(mine) > len(going),
        progress={one.id: progress_of(context, work, one, person) for one, _ in open_},
    )


def why(context: Context, work: CampaignsWork, person: Person, letter: Delivered) -> Sequence[Part]:
    """Under *Why am I getting this?* of a part: what makes it done for them, and the way out of
    this one campaign alone."""
    kind, _, rest = (letter.source or "").partition(":")
    id_ = CampaignId(rest.partition(":")[0])
    campaign = work.campaigns.get(id_) if kind == "campaign" else None
    if campaign is None or campaign.content.is_one_message or campaign.state not in _GOING:
        return ()
    enrolment = work.enrolments.get(id_, person.id)
    if enrolment is None or enrolment.state not in _OPEN:
        return ()
    return messages.way_out(campaign, progress_of(context, work, campaign, person))


def progress_of(context: Context, work: CampaignsWork, campaign: Campaign, person: Person) -> str:
    """What makes a campaign done for the person, each with whether they have it; nothing if
    nothing does."""
    if not campaign.content.completion:
        return ""
    asked = list(dict.fromkeys(atoms(parse(campaign.content.completion))))
    given = evidence_of(context, work, asked, [person.id], campaign.first_day)[person.id]
    titles = {atom: _title_of(context, work, campaign, atom) for atom in asked}
    return messages.done_when(campaign.content.completion, titles, given)


def _title_of(context: Context, work: CampaignsWork, campaign: Campaign, atom: Atom) -> str:
    """What the evidence is about, as people call it."""
    ref = atom.about[0] if atom.about else ""
    lent = context.activities.formats.get(TAKES[atom.name][0]) if atom.about else None
    found = lent.find(work, campaign.workspace, ref) if lent is not None else None
    return found.title if found is not None else ref


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
