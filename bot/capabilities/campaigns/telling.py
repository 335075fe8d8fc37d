"""What somebody is told for the sake of a campaign that they answer for: at a moment when they
work, with the reason, and at most one letter of a kind a day."""

from collections.abc import Callable
from datetime import time, timedelta

from bot.attention import Reason
from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.access import owner_of
from bot.capabilities.campaigns.model import Campaign
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.kind import for_duty
from bot.message import Message
from bot.outbox import Letter, LetterState, Priority, ToPerson
from bot.people import Person, local
from bot.schedule import at_local, next_open_moment


def tell(
    context: Context,
    work: CampaignsWork,
    person: Person,
    letter: Letter,
    listed: Callable[[], Message] | None = None,
) -> None:
    """Post a letter that is a duty, once under its key. Of who has stopped it is kept only that
    they were to be told.

    While another one of its kind waits for the same day, that one becomes `listed`, which has
    both. Otherwise it comes on the next working day that has none.
    """
    workspace = person.workspace
    # Of two that find none of its kind at once, the second would take the place of the first.
    work.attention.lock([person.id])
    if work.outbox.state(workspace, letter.key) is not None:
        return
    if work.attention.get(person.id).stopped_at is not None:
        work.outbox.suppress_all(workspace, [(letter, Reason.STOPPED)], context.now)
        return
    joins = (LetterState.PENDING,) if listed is not None else ()
    start = context.now
    while True:
        moment = next_open_moment(person, start)
        day = local(person, moment).date()
        first = f"campaigns:{letter.kind}:{person.id}:{day}"
        state = work.outbox.state(workspace, first)
        if state is None or state in joins:
            break
        start = at_local(day + timedelta(days=1), time(0), person.zone)
    if state is not None and listed is not None:
        letter = letter.model_copy(update={"message": listed()})
    told = for_duty(letter, person, start)
    work.outbox.post(workspace, told.model_copy(update={"key": first}))
    # It is known under its own key as well, whatever else stands in the same letter.
    work.outbox.post(workspace, told.model_copy(update={"edits": first}))


def tell_owner(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    key: str,
    kind: str,
    message: Message,
) -> None:
    """Tell the owner what became of theirs; of several on one day their list."""
    owner = owner_of(work, campaign)
    letter = Letter(
        key=f"{campaign.source}:{key}",
        to=ToPerson(person=owner.id),
        message=message,
        kind=kind,
        priority=Priority.ANSWER,
        because=messages.BECAUSE_OWNER,
    )
    tell(context, work, owner, letter, lambda: _list_own(work, owner))


def _list_own(work: CampaignsWork, owner: Person) -> Message:
    shown = work.campaigns.shown_to(owner.workspace, owner.id, messages.MOST_LISTED)
    names = {person.id: person.name for person in work.people.several({c.owner for c in shown})}
    return messages.campaign_list(shown, names, is_news=True)
