"""A campaign that has been sent: handing out its letters, and what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from bot.attention import book
from bot.capabilities.campaigns import messages, steering, succession
from bot.capabilities.campaigns.access import find_campaign, owner_of
from bot.capabilities.campaigns.audience import too_few, want
from bot.capabilities.campaigns.card import show, tallies_of
from bot.capabilities.campaigns.condition import find_spared
from bot.capabilities.campaigns.content import (
    INVITATION,
    ONE_MESSAGE,
    Activity,
    in_order,
    invitation_of,
)
from bot.capabilities.campaigns.expanding import is_gone
from bot.capabilities.campaigns.model import (
    CHUNK,
    RESEND_DAYS,
    Campaign,
    EnrolmentState,
    EventKind,
    State,
    can,
    data_of_account,
    source_of,
)
from bot.capabilities.campaigns.plan import sheet
from bot.capabilities.campaigns.sparing import watch
from bot.capabilities.campaigns.step import (
    advance,
    letter_of,
    set_timer,
    sources_of,
    today_of,
)
from bot.capabilities.campaigns.telling import tell_owner
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.crowd import wishes_of
from bot.errors import Conflict, Invalid
from bot.ids import CampaignId, PersonId
from bot.inbound import Command
from bot.message import Args
from bot.outbox import LetterState
from bot.ports import Timer
from bot.reply import Reply
from bot.truth import account

LOOK_EVERY = timedelta(hours=1)
"""How often a running campaign is looked at, whether all is known of its letters."""
OUT = "not in it any more"
"""Why a letter was not sent again to who has ended a campaign, or completed it."""


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


def look(context: Context, work: CampaignsWork, timer: Timer) -> None:
    """Finish a campaign once it is known of every letter what became of it."""
    campaign = work.campaigns.get(CampaignId(str(timer.args["campaign"])))
    if campaign is None or campaign.state not in {State.RUNNING, State.CANCELLED}:
        return
    sources = sources_of(campaign)
    if campaign.state is State.RUNNING and not succession.is_led(work, campaign):
        # Of one message nobody looks at who is in it.
        succession.offer(context, work, campaign)
    if campaign.state is State.CANCELLED:
        for source in sources:
            work.truth.cancel(campaign.workspace, source)
    waits = any(work.truth.waits_until(campaign.workspace, source) for source in sources)
    if waits or _is_trying(work, campaign, context.now):
        wait = steering.LOOK_AFTER_CANCEL if campaign.state is State.CANCELLED else LOOK_EVERY
        set_timer(work, campaign, "look", context.now + wait)
    elif campaign.state is State.RUNNING and campaign.expanded:
        owner = owner_of(work, campaign)
        change = campaign.amendment
        if change is not None and change.last_day >= today_of(owner, context.now):
            # It may still be approved, and what is new in it be sent.
            set_timer(work, campaign, "look", context.now + LOOK_EVERY)
            return
        # Letters are deleted after some months; what may be told of them is kept.
        data = data_of_account(account(tallies_of(work, campaign)))
        finished = advance(context, work, campaign, EventKind.FINISHED, data=data)
        note = messages.CHANGE_TOO_LATE if change is not None else None
        card = sheet.show(context, work, finished, owner, note)
        key = f"finished:{finished.version}"
        tell_owner(context, work, finished, key, "campaign.finished", card)


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
    return not is_over and any(
        work.truth.is_trying(campaign.workspace, source)
        for source in sources_of(campaign, to_people=True)
    )


def refresh(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Refresh*."""
    campaign = find_campaign(work, command.person, command.args)
    return Reply(message=sheet.show(context, work, campaign, command.person), replace=True)


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
    parts = _failed_of(context, work, campaign, state)
    if not parts:
        raise Invalid(messages.NOBODY_LEFT)
    until = _until(campaign, len(parts), today_of(command.person, context.now))
    data: Args = {"state": state.value, "until": until.isoformat()}
    for activity in parts:
        source = source_of(campaign, activity.id)
        upto = work.truth.newest(campaign.workspace, source)
        timer = Timer(
            key=f"{source}:resend:{state}",
            due_at=context.now,
            action="campaign.resend",
            args={**data, "campaign": campaign.id, "activity": activity.id, "upto": upto},
        )
        _reopen(context, work, campaign, timer)
        if campaign.content.is_one_message:
            data["upto"] = upto
    resent = advance(context, work, campaign, EventKind.RESENT, command.person.id, data=data)
    set_timer(work, resent, "look", context.now + LOOK_EVERY)
    card = sheet.show(context, work, resent, command.person, messages.resent(until))
    return Reply(message=card, replace=True)


def _failed_of(
    context: Context, work: CampaignsWork, campaign: Campaign, state: LetterState
) -> list[Activity]:
    """The parts of which somebody's letter can be sent again, in order."""
    asked = [_part(campaign, INVITATION)] if campaign.content.asks_first else []
    return [
        part
        for part in (*asked, *in_order(campaign.content))
        if part is not None
        and part.channel is None
        and not is_gone(context, work, campaign, part)
        and state in work.truth.reopenable(campaign.workspace, source_of(campaign, part.id))
    ]


def _part(campaign: Campaign, id_: str) -> Activity | None:
    content = campaign.content
    if id_ == INVITATION:
        return invitation_of(content, content.first_day)
    return content.activity(id_)


def _until(campaign: Campaign, parts: int, today: date) -> date:
    """By when it is sent again. Several parts need a day each, beside what is still to come."""
    if parts == 1:
        return max(campaign.last_day, today + RESEND_DAYS)
    return max(campaign.last_day, today) + parts * RESEND_DAYS


def resend_on(context: Context, work: CampaignsWork, timer: Timer) -> None:
    """The next of many to whom it is sent again."""
    campaign = work.campaigns.get(CampaignId(str(timer.args["campaign"])))
    if campaign is None:
        return
    if campaign.state is State.PAUSED:
        work.timers.set(replace(timer, due_at=context.now + LOOK_EVERY, attempts=0))
    elif campaign.state is State.RUNNING:
        # Whoever pauses it meanwhile holds nothing of what is promised here: one of us is late.
        _reopen(context, work, work.campaigns.save(campaign), timer)


def _reopen(context: Context, work: CampaignsWork, campaign: Campaign, timer: Timer) -> None:
    """Promise the next letters once more.

    Only letters that were there when the button was pressed count: whatever fails once more
    waits for another press. What is not booked for the sake of somebody's attention counts
    on as failed (see `bot.ports.Truth.counts`): they may have been named.
    """
    activity = _part(campaign, str(timer.args.get("activity", ONE_MESSAGE)))
    if activity is None or is_gone(context, work, campaign, activity):
        return
    people = work.truth.reopen(
        campaign.workspace,
        source_of(campaign, activity.id),
        {LetterState(str(timer.args["state"]))},
        int(str(timer.args["upto"])),
        CHUNK,
    )
    until = date.fromisoformat(str(timer.args["until"]))
    letter = letter_of(context, work, campaign, activity, last_day=until, at_once=True)
    spared = _find_spared(context, work, campaign, activity, people)
    kept = ((letter(person), spared[person.id]) for person in work.people.several(spared))
    work.outbox.suppress_all(
        campaign.workspace, [(one, why) for one, why in kept if one is not None], context.now
    )
    left = [person for person in people if person not in spared]
    book(context, work, wishes_of(work, left, letter))
    watch(work, campaign, activity, context.now)
    if len(people) == CHUNK:
        work.timers.set(replace(timer, due_at=context.now, attempts=0))


def _find_spared(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    activity: Activity,
    people: Sequence[PersonId],
) -> Mapping[PersonId, str]:
    """Why some of these people do not get it again: they are in the campaign no more, or do not
    need it any more."""
    if campaign.content.is_one_message:
        return {}
    asked = activity.id == INVITATION
    wanted = EnrolmentState.INVITED if asked else EnrolmentState.ACTIVE
    states = work.enrolments.states(campaign.id, people)
    out = {person: OUT for person in people if states.get(person) is not wanted}
    return {**find_spared(context, work, campaign, activity, people), **out}


def cancel(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """*Cancel what waits*: for good."""
    campaign = find_campaign(work, command.person, command.args)
    if campaign.state is not State.RUNNING:
        raise Conflict(messages.over_already(campaign))
    cancelled = steering.cancel(context, work, campaign, command.person)
    return Reply(message=show(work, cancelled, messages.CANCELLED), replace=True)
