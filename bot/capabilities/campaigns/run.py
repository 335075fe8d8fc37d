"""A campaign that has been sent: handing out its letters, and what became of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from bot import failpoint
from bot.attention import Wish, book
from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.access import find_campaign, owner_of, workspace_of
from bot.capabilities.campaigns.audience import channel_of, find_obstacle, renew, too_few, want
from bot.capabilities.campaigns.model import (
    CHUNK,
    READ_AGAIN,
    RESEND_DAYS,
    Campaign,
    EventKind,
    State,
    account_of,
    can,
    data_of_account,
)
from bot.capabilities.campaigns.step import (
    advance,
    letter_of,
    set_timer,
    today_of,
    with_progress,
)
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.crowd import book_crowd
from bot.errors import Conflict, Invalid
from bot.ids import CampaignId
from bot.inbound import Command
from bot.message import Message, literal
from bot.outbox import Letter, LetterState, Priority, ToPerson
from bot.ports import Timer
from bot.reply import Reply
from bot.schedule import next_working_moment
from bot.truth import Account, Tally, account

LOOK_EVERY = timedelta(hours=1)
"""How often a running campaign is looked at, whether all is known of its letters."""
LOOK_AFTER_CANCEL = timedelta(minutes=1)
"""What a lane had in hand when a campaign was cancelled may come back to wait."""


def start(context: Context, work: CampaignsWork, draft: Campaign, command: Command) -> Reply:
    """*Send it*, for a draft as it was shown."""
    if draft.last_day < today_of(command.person, context.now):
        raise Invalid(messages.OVER)
    if draft.conversation is not None:
        few = too_few(want(work, draft.workspace, draft.conversation, context.now))
        if few is not None:
            raise Invalid(few)
    running = advance(context, work, draft, EventKind.STARTED, command.person.id)
    set_timer(work, running, "expand", context.now)
    return Reply(message=show(work, running, messages.STARTED), replace=True)


def expand(context: Context, work: CampaignsWork, timer: Timer) -> None:
    """Hand their letters to the next people, by id.

    Each chunk is a transaction with its bookmark. After a crash the same people come again,
    and their letters have the same keys.
    """
    campaign = work.campaigns.get(CampaignId(str(timer.args["campaign"])))
    if campaign is None or campaign.state is not State.RUNNING or campaign.expanded:
        return
    if campaign.bookmark is not None:
        # The chunk before this one stands.
        failpoint.reach("campaign.committed")
    elif not _has_audience(context, work, campaign):
        return
    span = work.crowds.span(
        campaign.workspace, campaign.team, campaign.bookmark, CHUNK, campaign.conversation
    )
    if span is not None:
        book_crowd(context, work, span, letter_of(work, campaign))
        work.campaigns.save(with_progress(campaign, span))
        set_timer(work, campaign, "expand", context.now)
    else:
        advance(context, work, campaign, EventKind.EXPANDED, data={"people": campaign.people})
        set_timer(work, campaign, "look", context.now)
    failpoint.reach("campaign.before_commit")


def _has_audience(context: Context, work: CampaignsWork, campaign: Campaign) -> bool:
    """Whether it is known who is in the conversation to which the campaign goes, if it does.

    If not, it waits until that has been read anew, or ends where it cannot go there any more.
    """
    if not renew(work, campaign, context.now):
        set_timer(work, campaign, "expand", context.now + READ_AGAIN)
        return False
    obstacle = find_obstacle(work, campaign)
    if obstacle is None:
        return True
    cancelled = advance(context, work, campaign, EventKind.CANCELLED)
    work.outbox.post(
        cancelled.workspace,
        Letter(
            key=f"{cancelled.source}:unsent",
            to=ToPerson(person=cancelled.owner),
            message=show(work, cancelled, f"{messages.UNSENT} {literal(obstacle)}"),
            kind="campaign.unsent",
            priority=Priority.ANSWER,
        ),
    )
    return False


def look(context: Context, work: CampaignsWork, timer: Timer) -> None:
    """Finish a campaign once it is known of every letter what became of it."""
    campaign = work.campaigns.get(CampaignId(str(timer.args["campaign"])))
    if campaign is None or campaign.state in {State.DRAFT, State.FINISHED}:
        return
    if campaign.state is State.CANCELLED:
        work.truth.cancel(campaign.workspace, campaign.source)
    until = work.truth.waits_until(campaign.workspace, campaign.source)
    if until is not None or _is_trying(work, campaign, context.now):
        wait = LOOK_AFTER_CANCEL if campaign.state is State.CANCELLED else LOOK_EVERY
        set_timer(work, campaign, "look", context.now + wait)
    elif campaign.state is State.RUNNING and campaign.expanded:
        # Letters are deleted after some months; what may be told of them is kept.
        tallies = work.truth.counts(campaign.workspace, campaign.source)
        data = data_of_account(account(tallies))
        finished = advance(context, work, campaign, EventKind.FINISHED, data=data)
        owner = owner_of(work, finished)
        work.outbox.post(
            finished.workspace,
            Letter(
                key=f"{finished.source}:finished:{finished.version}",
                to=ToPerson(person=owner.id),
                message=show(work, finished),
                kind="campaign.finished",
                priority=Priority.ANSWER,
                due_at=next_working_moment(owner, context.now),
            ),
        )


def _is_trying(work: CampaignsWork, campaign: Campaign, now: datetime) -> bool:
    """Whether people to whom it is sent again may not have it yet, for all that may be known.

    An earlier end would tell that they do not get it for the sake of their attention.
    """
    resent = [e for e in work.campaigns.events(campaign.id) if e.kind is EventKind.RESENT]
    if campaign.state is not State.RUNNING or not resent:
        return False
    until = max(date.fromisoformat(str(event.data["until"])) for event in resent)
    # By noon in UTC the day before is over everywhere.
    is_over = now >= datetime.combine(until + timedelta(days=1), time(12), UTC)
    return not is_over and work.truth.is_trying(campaign.workspace, campaign.source)


def show(work: CampaignsWork, campaign: Campaign, note: str | None = None) -> Message:
    """The card of what became of a campaign.

    Who failed to get it is named, so that they can be helped; nobody who wished to be left
    alone is. How many did is seen at the end, when it follows from the rest, and why only of
    five and more.
    """
    owner = owner_of(work, campaign)
    tallies = work.truth.counts(campaign.workspace, campaign.source)
    unreached = work.truth.unreached(campaign.workspace, campaign.source, 0, messages.MOST_NAMED)
    names = {p.id: p.name for p in work.people.several({u.person for u in unreached})}
    return messages.truth_card(
        campaign,
        owner.name,
        workspace_of(work, owner),
        _account_of(work, campaign, tallies),
        [(someone, names[someone.person]) for someone in unreached if someone.person in names],
        work.truth.reopenable(campaign.workspace, campaign.source),
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


def refresh(_context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Refresh*."""
    campaign = find_campaign(work, command.person, command.args)
    return Reply(message=show(work, campaign), replace=True)


def resend(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Resend to failed*."""
    return _resend(context, work, command, LetterState.FAILED)


def resend_unreachable(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Try the unreachable again*."""
    return _resend(context, work, command, LetterState.UNREACHABLE)


def _resend(context: Context, work: CampaignsWork, command: Command, state: LetterState) -> Reply:
    campaign = find_campaign(work, command.person, command.args)
    if not can(campaign, EventKind.RESENT):
        raise Conflict(messages.over_already(campaign))
    upto = work.truth.newest(campaign.workspace, campaign.source)
    until = max(campaign.last_day, today_of(command.person, context.now) + RESEND_DAYS)
    timer = Timer(
        key=f"{campaign.source}:resend:{state}",
        due_at=context.now,
        action="campaign.resend",
        args={
            "campaign": campaign.id,
            "state": state.value,
            "upto": upto,
            "until": until.isoformat(),
        },
    )
    if not work.truth.reopenable(campaign.workspace, campaign.source).get(state):
        raise Invalid(messages.NOBODY_LEFT)
    _reopen(context, work, campaign, timer)
    resent = advance(
        context,
        work,
        campaign,
        EventKind.RESENT,
        command.person.id,
        data={"state": state.value, "upto": upto, "until": until.isoformat()},
    )
    set_timer(work, resent, "look", context.now + LOOK_EVERY)
    return Reply(message=show(work, resent, messages.resent(until)), replace=True)


def resend_on(context: Context, work: CampaignsWork, timer: Timer) -> None:
    """The next of many to whom it is sent again."""
    campaign = work.campaigns.get(CampaignId(str(timer.args["campaign"])))
    if campaign is not None and campaign.state is State.RUNNING:
        _reopen(context, work, campaign, timer)


def _reopen(context: Context, work: CampaignsWork, campaign: Campaign, timer: Timer) -> None:
    """Promise the next letters once more.

    Only letters that were there when the button was pressed count: whatever fails once more
    waits for another press. What is not booked for the sake of somebody's attention counts
    on as failed (see `bot.ports.Truth.counts`): they may have been named.
    """
    people = work.truth.reopen(
        campaign.workspace,
        campaign.source,
        {LetterState(str(timer.args["state"]))},
        int(str(timer.args["upto"])),
        CHUNK,
    )
    until = date.fromisoformat(str(timer.args["until"]))
    letter = letter_of(work, campaign, until)
    book(context, work, [Wish(person, letter(person)) for person in work.people.several(people)])
    if len(people) == CHUNK:
        work.timers.set(replace(timer, due_at=context.now, attempts=0))


def cancel(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Cancel what waits*: for good."""
    campaign = find_campaign(work, command.person, command.args)
    if campaign.state is not State.RUNNING:
        raise Conflict(messages.over_already(campaign))
    cancelled = advance(context, work, campaign, EventKind.CANCELLED, command.person.id)
    work.truth.cancel(cancelled.workspace, cancelled.source)
    work.timers.cancel(f"{cancelled.source}:expand")
    set_timer(work, cancelled, "look", context.now + LOOK_AFTER_CANCEL)
    return Reply(message=show(work, cancelled, messages.CANCELLED), replace=True)
