"""An hour of questions in a channel: announced, held, and seen through afterwards.

The questions belong to another capability. It keeps what is asked beforehand, and hears from our
timers when the hour begins (`question.put_up`) and when it is over (`question.entrust`).
"""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

from bot.capabilities.campaigns.access import owner_of
from bot.capabilities.campaigns.content import Activity, Format
from bot.capabilities.campaigns.model import Campaign, State, source_of
from bot.capabilities.campaigns.occasion import messages
from bot.capabilities.campaigns.timing import MORNING, day_in_channel, zone_of
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.ids import CampaignId
from bot.message import Args
from bot.outbox import Letter, Priority, ToPlace
from bot.people import Person, works_on
from bot.ports import Timer
from bot.schedule import add_working_days, at_local

LASTS = timedelta(hours=1)
ANNOUNCED = 2
"""Working days before it, on its owner's calendar."""
DUE = 5
"""Working days after it, by which what stayed open is due."""
_DAY = timedelta(days=1)
_LOOK_AGAIN = timedelta(hours=1)
_STANDS = frozenset({State.SCHEDULED, State.RUNNING, State.PAUSED, State.FINISHED, State.REPORTED})


class Step(StrEnum):
    ANNOUNCE = "announce"
    BEGIN = "begin"
    END = "end"


def about_of(campaign: Campaign, activity: Activity) -> str:
    """What questions for the hour are about."""
    return f"hour:{campaign.id}--{activity.id}"


def plan(context: Context, work: CampaignsWork, campaign: Campaign) -> None:
    """Set what has to happen for each hour of a campaign. Done again it changes nothing."""
    for activity in campaign.content.activities:
        if activity.format is Format.QNA_SESSION and activity.channel is not None:
            for step in Step:
                at = moment_of(campaign, activity, owner_of(work, campaign), step)
                _set(work, campaign, activity, step, max(context.now, at))


def _set(
    work: CampaignsWork, campaign: Campaign, activity: Activity, step: Step, due_at: datetime
) -> None:
    work.timers.set(
        Timer(
            key=f"{campaign.source}:hour:{activity.id}:{step}",
            due_at=due_at,
            action="campaign.hour",
            args={"campaign": campaign.id, "activity": activity.id, "step": step.value},
        )
    )


def moment_of(campaign: Campaign, activity: Activity, owner: Person, step: Step) -> datetime:
    """When a step is due."""
    day = day_in_channel(campaign, activity, owner, campaign.first_day)
    begins = at_local(day, activity.at or MORNING, zone_of(campaign, owner))
    if step is Step.BEGIN:
        return begins
    if step is Step.END:
        return begins + LASTS
    before, left = day, ANNOUNCED
    while left:
        before -= _DAY
        left -= works_on(owner, before) or (day - before).days > 3 * ANNOUNCED
    return at_local(before, MORNING, zone_of(campaign, owner))


def hour_on(context: Context, work: CampaignsWork, timer: Timer) -> None:
    """A step of an hour is due, by what its campaign says now."""
    campaign = work.campaigns.get(CampaignId(str(timer.args["campaign"])))
    if campaign is None:
        return
    name, step = str(timer.args["activity"]), Step(str(timer.args["step"]))
    activity = campaign.content.activity(name)
    if (
        activity is None
        or activity.channel is None
        or activity.format is not Format.QNA_SESSION
        or campaign.state not in _STANDS
    ):
        # There is no such hour any more, and nothing that was asked for it is lost.
        if step is not Step.ANNOUNCE:
            _tell(work, campaign, f"hour:{campaign.id}--{name}", "put_up", context.now, {})
        return
    owner = owner_of(work, campaign)
    due_at = moment_of(campaign, activity, owner, step)
    if context.now < due_at or campaign.state is State.PAUSED:
        _set(work, campaign, activity, step, max(due_at, context.now + _LOOK_AGAIN))
    elif step is Step.ANNOUNCE:
        _announce(context, work, campaign, activity, owner)
    else:
        _hold(context, work, campaign, activity, owner)


def _announce(
    context: Context, work: CampaignsWork, campaign: Campaign, activity: Activity, owner: Person
) -> None:
    begins = moment_of(campaign, activity, owner, Step.BEGIN)
    if context.now >= begins or activity.channel is None:
        return
    key = _announcement(campaign, activity)
    stands = work.outbox.state(campaign.workspace, key) is not None
    work.outbox.post(
        campaign.workspace,
        Letter(
            key=f"{key}:{campaign.version}" if stands else key,
            to=ToPlace(conversation=activity.channel),
            message=messages.announced(
                campaign, owner, activity, begins, about_of(campaign, activity)
            ),
            kind="campaign.announced",
            priority=Priority.CAMPAIGN,
            expires_at=None if stands else begins,
            source=None if stands else source_of(campaign, activity.id),
            edits=key if stands else None,
        ),
    )


def _announcement(campaign: Campaign, activity: Activity) -> str:
    """The key of what announces an hour in its channel: one in each."""
    mark = hashlib.sha256((activity.channel or "").encode()).hexdigest()[:8]
    return f"{source_of(campaign, activity.id)}:announced:{mark}"


def rearrange(context: Context, work: CampaignsWork, before: Campaign, after: Campaign) -> None:
    """A campaign has been changed: what announces an hour that is still to come says when it is
    now, or that it does not take place."""
    owner = owner_of(work, after)
    for activity in before.content.activities:
        if activity.format is not Format.QNA_SESSION or activity.channel is None:
            continue
        key = _announcement(before, activity)
        stands = work.outbox.state(before.workspace, key) is not None
        if not stands or context.now >= moment_of(before, activity, owner, Step.BEGIN):
            continue
        now = after.content.activity(activity.id)
        is_held = now is not None and now.format is activity.format and after.state in _STANDS
        if now is not None and is_held and now.channel == activity.channel:
            _announce(context, work, after, now, owner)
            continue
        work.outbox.post(
            before.workspace,
            Letter(
                key=f"{key}:{after.version}",
                to=ToPlace(conversation=activity.channel),
                message=messages.called_off(after, owner),
                kind="campaign.announced",
                priority=Priority.CAMPAIGN,
                # With a source it would be taken back with all that a campaign takes back.
                edits=key,
            ),
        )


def _hold(
    context: Context, work: CampaignsWork, campaign: Campaign, activity: Activity, owner: Person
) -> None:
    """Let what was asked stand in the channel; when the hour is over, let it have owners."""
    about = about_of(campaign, activity)
    if context.now < moment_of(campaign, activity, owner, Step.BEGIN):
        return
    put_up: Args = {"conversation": activity.channel}
    _tell(work, campaign, about, "put_up", context.now, put_up)
    if context.now < moment_of(campaign, activity, owner, Step.END):
        return
    due_on = add_working_days(owner, context.now, DUE).date()
    entrust: Args = {
        "owner": campaign.owner,
        "due_on": due_on.isoformat(),
        "title": campaign.title,
    }
    # Behind what it may just have put up.
    _tell(work, campaign, about, "entrust", context.now + timedelta(seconds=1), entrust)


def _tell(
    work: CampaignsWork, campaign: Campaign, about: str, verb: str, due_at: datetime, data: Args
) -> None:
    work.timers.set(
        Timer(
            key=f"{about}:{verb}",
            due_at=due_at,
            action=f"question.{verb}",
            args={"workspace": campaign.workspace, "about": about, **data},
        )
    )


def asked_on(context: Context, work: CampaignsWork, timer: Timer) -> None:
    """Something was asked for an hour. Before it begins that waits; else it is put up at once,
    or goes its own way where there is no such hour."""
    about = str(timer.args["about"])
    id_, _, name = about.removeprefix("hour:").partition("--")
    campaign = work.campaigns.get(CampaignId(id_))
    if campaign is None or campaign.workspace != timer.args["workspace"]:
        work.timers.set(
            Timer(
                key=f"{about}:put_up",
                due_at=context.now,
                action="question.put_up",
                args={"workspace": timer.args["workspace"], "about": about},
            )
        )
        return
    activity = campaign.content.activity(name)
    if activity is not None and activity.channel is not None and campaign.state in _STANDS:
        _hold(context, work, campaign, activity, owner_of(work, campaign))
    else:
        _tell(work, campaign, about, "put_up", context.now, {})
