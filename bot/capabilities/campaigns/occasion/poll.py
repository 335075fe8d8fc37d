"""Votes without names: that somebody has voted is kept until the poll is over, and what, never.

How many chose what is told once, at the end: of two counts at different times the difference
would tell of those in between.
"""

from datetime import datetime, time, timedelta

from bot.attention import HORIZON
from bot.capabilities.campaigns.access import owner_of
from bot.capabilities.campaigns.content import Activity, Format, Timing, days_of
from bot.capabilities.campaigns.messages import over_already
from bot.capabilities.campaigns.model import Campaign, State, letter_key, source_of
from bot.capabilities.campaigns.occasion import messages
from bot.capabilities.campaigns.telling import tell
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.errors import Conflict, NotFound
from bot.ids import CampaignId
from bot.inbound import Command
from bot.message import Message, say
from bot.outbox import Letter, LetterState, Priority, ToPerson, ToPlace
from bot.ports import Timer
from bot.reply import Reply
from bot.schedule import at_local

_DAY = timedelta(days=1)
_LAST = "Etc/GMT+12"
"""The zone where each day ends last (by POSIX, 12 hours behind UTC)."""
_LOOK_AGAIN = timedelta(hours=1)


def vote(context: Context, work: CampaignsWork, command: Command) -> Reply:
    """An answer was tapped: it counts once, and for good."""
    campaign, activity = _find(work, command)
    if campaign.started_at is None:
        return Reply(message=say(messages.TRIAL))
    if campaign.state is State.CANCELLED:
        raise Conflict(over_already(campaign))
    _require_asked(work, command, campaign, activity)
    if is_over(campaign, activity, context.now) or _is_counted(work, campaign, activity):
        return Reply(message=_result(work, campaign, activity))
    option = command.args.get("option")
    if not isinstance(option, int) or not 0 <= option < len(activity.options):
        raise NotFound(messages.POLL_GONE)
    if not work.ballots.cast(campaign.id, activity.id, command.person.id, option):
        return Reply(message=say(messages.VOTED_BEFORE))
    return Reply(message=say(messages.VOTED))


def plan(work: CampaignsWork, campaign: Campaign) -> None:
    """Set when each poll of a campaign is counted. Done again it changes nothing."""
    for activity in campaign.content.activities:
        if activity.format is Format.POLL and not _is_counted(work, campaign, activity):
            _count_later(work, campaign, activity, ends_at(campaign, activity))


def _find(work: CampaignsWork, command: Command) -> tuple[Campaign, Activity]:
    named = [command.args.get(name) for name in ("campaign", "activity")]
    # PostgreSQL refuses a NUL in a text, which no id of ours has.
    ids = [one if isinstance(one, str) and one.isprintable() else "" for one in named]
    campaign = work.campaigns.get(CampaignId(ids[0]))
    activity = campaign.proposed.activity(ids[1]) if campaign is not None else None
    if (
        campaign is None
        or campaign.workspace != command.person.workspace
        or activity is None
        or activity.format is not Format.POLL
    ):
        raise NotFound(messages.POLL_GONE)
    return campaign, activity


def _require_asked(
    work: CampaignsWork, command: Command, campaign: Campaign, activity: Activity
) -> None:
    """Whoever has it before them may vote: in a channel its people, else who has got it."""
    if activity.channel is not None:
        key = source_of(campaign, activity.id)
    else:
        key = letter_key(campaign, command.person.id, activity.id)
    if work.outbox.state(campaign.workspace, key) is None:
        raise NotFound(messages.POLL_GONE)


def ends_at(campaign: Campaign, activity: Activity) -> datetime:
    """When its last day is over everywhere."""
    content = campaign.content
    if content.timing is Timing.CALENDAR and activity.date is not None:
        end = activity.date + days_of(content, activity) * _DAY
    else:
        end = content.last_day + _DAY
    if content.catch_up:
        resumed = [pause.until.date() for pause in campaign.pauses if pause.until is not None]
        end = max([end, *(day + HORIZON for day in resumed)])
    return at_local(end, time(0), _LAST)


def is_over(campaign: Campaign, activity: Activity, now: datetime) -> bool:
    """Whether nobody can vote any more."""
    return campaign.state is State.CANCELLED or now >= ends_at(campaign, activity)


def _is_counted(work: CampaignsWork, campaign: Campaign, activity: Activity) -> bool:
    """Whether it was told how the poll ended, and forgotten who has voted: however long its
    campaign goes on by a later change, nobody votes any more."""
    told = f"{source_of(campaign, activity.id)}:told"
    return work.outbox.state(campaign.workspace, told) is not None


def _count_later(
    work: CampaignsWork, campaign: Campaign, activity: Activity, due_at: datetime
) -> None:
    work.timers.set(
        Timer(
            key=f"{campaign.source}:poll:{activity.id}",
            due_at=due_at,
            action="campaign.count",
            args={"campaign": campaign.id, "activity": activity.id},
        )
    )


def count_on(context: Context, work: CampaignsWork, timer: Timer) -> None:
    """The poll is over: its owner hears how it ended, and so does the channel in which it
    stands. Who has voted is forgotten."""
    campaign = work.campaigns.get(CampaignId(str(timer.args["campaign"])))
    if campaign is None:
        return
    activity = campaign.content.activity(str(timer.args["activity"]))
    if activity is None or campaign.started_at is None:
        return
    if not is_over(campaign, activity, context.now):
        ends = ends_at(campaign, activity)
        _count_later(work, campaign, activity, max(ends, context.now + _LOOK_AGAIN))
        return
    source = source_of(campaign, activity.id)
    was_put = work.truth.newest(campaign.workspace, source) > 0
    if not was_put or _is_counted(work, campaign, activity):
        return
    work.ballots.close(campaign.id, activity.id)
    message = _result(work, campaign, activity)
    if activity.channel is not None:
        stands = work.outbox.state(campaign.workspace, source)
        if stands is LetterState.SENT:
            work.outbox.post(
                campaign.workspace,
                Letter(
                    key=f"{source}:result",
                    to=ToPlace(conversation=activity.channel),
                    message=message,
                    kind="campaign.result",
                    priority=Priority.ANSWER,
                    edits=source,
                ),
            )
    owner = owner_of(work, campaign)
    letter = Letter(
        key=f"{source}:told",
        to=ToPerson(person=owner.id),
        message=message,
        kind="campaign.result",
        priority=Priority.ANSWER,
        because=messages.BECAUSE_RESULT,
    )
    tell(context, work, owner, letter)


def _result(work: CampaignsWork, campaign: Campaign, activity: Activity) -> Message:
    return messages.result(campaign, activity, work.ballots.votes(campaign.id, activity.id))
