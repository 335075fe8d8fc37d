"""What became of a campaign so far: its letters, counted, and the card that tells it."""

from collections import Counter
from collections.abc import Mapping, Sequence

from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.access import owner_of, workspace_of
from bot.capabilities.campaigns.audience import channel_of
from bot.capabilities.campaigns.content import in_order, is_personal
from bot.capabilities.campaigns.model import Campaign, EventKind, State, account_of, source_of
from bot.capabilities.campaigns.step import sources_of
from bot.capabilities.campaigns.work import CampaignsWork
from bot.message import Message
from bot.outbox import LetterState
from bot.truth import Account, Tally, Unreached, account


def tallies_of(work: CampaignsWork, campaign: Campaign) -> Sequence[Tally]:
    """All its letters to people by state and reason, of every activity together."""
    counted: Counter[tuple[LetterState, str | None]] = Counter()
    for source in sources_of(campaign, to_people=True):
        for tally in counts_of(work, campaign, source):
            counted[tally.state, tally.why] += tally.letters
    return [
        Tally(state, why, letters)
        for (state, why), letters in sorted(
            counted.items(), key=lambda item: (item[0][0], item[0][1] or "")
        )
    ]


def counts_of(work: CampaignsWork, campaign: Campaign, source: str) -> Sequence[Tally]:
    """The letters of one source, by state and reason, as they may be told apart.

    While a campaign goes on, a letter is taken back because somebody said stop, or is in it no
    more. That is their own affair, and counts among those who are left in peace.
    """
    tallies = work.truth.counts(campaign.workspace, source)
    if campaign.state is State.CANCELLED:
        return tallies
    return [
        Tally(LetterState.SUPPRESSED, None, tally.letters)
        if tally.state is LetterState.CANCELLED
        else tally
        for tally in tallies
    ]


def reopenable_of(work: CampaignsWork, campaign: Campaign) -> Mapping[LetterState, int | None]:
    """How many letters could be sent again, by why they did not arrive; None where how many
    would tell who had what only some were to get."""
    counted: dict[LetterState, int | None] = {}
    for source in sources_of(campaign, to_people=True):
        for state, letters in work.truth.reopenable(campaign.workspace, source).items():
            before = counted.get(state, 0)
            is_told = before is not None and source in told_sources_of(campaign)
            counted[state] = letters + (before or 0) if is_told else None
    return counted


def told_sources_of(campaign: Campaign) -> Sequence[str]:
    """The sources of what everybody in it gets. Of the others it would tell of people who got
    something, and who did not: what they have passed, read or written."""
    hidden = {source_of(campaign, a.id) for a in campaign.content.activities if is_personal(a)}
    return [one for one in sources_of(campaign, to_people=True) if one not in hidden]


def _named_sources_of(campaign: Campaign) -> Sequence[str]:
    """The sources of which those are named whom a failure concerns. Where people say whether they
    want it, or are done once they have what it asks for, that is the first thing alone: a name in
    what comes after it would tell what they said, or do not have."""
    content, told = campaign.content, told_sources_of(campaign)
    if content.asks_first:
        return told[:1]
    if content.completion:
        first = source_of(campaign, in_order(content)[0].id)
        return [source for source in told if source == first]
    return told


def unreached_of(work: CampaignsWork, campaign: Campaign, limit: int) -> Sequence[Unreached]:
    """Some of those who can be helped, each once."""
    found: dict[str, Unreached] = {}
    for source in _named_sources_of(campaign):
        for one in work.truth.unreached(campaign.workspace, source, 0, limit):
            found.setdefault(one.person, one)
    return list(found.values())[:limit]


def show(work: CampaignsWork, campaign: Campaign, note: str | None = None) -> Message:
    """The card of what became of a campaign.

    Who failed to get it is named, so that they can be helped; nobody who wished to be left
    alone is. How many did is seen at the end, and why, each only of five and more.
    """
    owner = owner_of(work, campaign)
    tallies = tallies_of(work, campaign)
    unreached = unreached_of(work, campaign, messages.MOST_NAMED)
    names = {p.id: p.name for p in work.people.several({u.person for u in unreached})}
    return messages.truth_card(
        campaign,
        owner.name,
        workspace_of(work, owner),
        _account_of(work, campaign, tallies),
        [(someone, names[someone.person]) for someone in unreached if someone.person in names],
        reopenable_of(work, campaign),
        note=note,
        channel=channel_of(work, campaign.workspace, campaign.conversation),
    )


def _account_of(work: CampaignsWork, campaign: Campaign, tallies: Sequence[Tally]) -> Account:
    """As the letters are now; when some were deleted since, as it was at the end."""
    now = account(tallies)
    if campaign.state is not State.FINISHED:
        return now
    ends = [e for e in work.campaigns.events(campaign.id) if e.kind is EventKind.FINISHED]
    end = account_of(ends[-1].data)
    return end if now.letters < end.letters else now
