"""Asking once more, in the hour before it goes, who does not need an activity any more.

An activity is handed out when its day begins anywhere, which is up to a day and a half before it
goes. Who meets its condition no more by then has it taken back. Who comes to meet it only then
gets nothing of it: that was decided, and may have been counted.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.attention import next_hour
from bot.capabilities.campaigns.condition import find_spared
from bot.capabilities.campaigns.content import Activity
from bot.capabilities.campaigns.model import CHUNK, Campaign, State, source_of
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.ids import CampaignId, PersonId
from bot.ports import Timer

BEFORE = timedelta(hours=1)
_SOON = timedelta(seconds=1)


def watch(work: CampaignsWork, campaign: Campaign, activity: Activity, now: datetime) -> None:
    """Have it asked with each full hour for as long as anything of it waits."""
    if activity.only_if is not None:
        work.timers.set(
            Timer(
                key=f"{source_of(campaign, activity.id)}:spare",
                due_at=next_hour(now + _SOON),
                action="campaign.spare",
                args={"campaign": campaign.id, "activity": activity.id},
            )
        )


def spare_on(context: Context, work: CampaignsWork, timer: Timer) -> None:
    """The next of those to whom it goes within the hour."""
    campaign = work.campaigns.get(CampaignId(str(timer.args["campaign"])))
    if campaign is None or campaign.state is not State.RUNNING:
        # What waited was taken back. When it is handed out anew, it is watched anew.
        return
    activity = campaign.content.activity(str(timer.args["activity"]))
    if activity is None:
        return
    source, after = source_of(campaign, activity.id), timer.args.get("after")
    people = work.truth.waiting(
        campaign.workspace,
        source,
        context.now + BEFORE,
        None if after is None else PersonId(str(after)),
        CHUNK,
    )
    spared = find_spared(context, work, campaign, activity, people)
    if spared:
        work.truth.withdraw(campaign.workspace, source, sorted(spared))
    if len(people) == CHUNK:
        args = {**timer.args, "after": people[-1]}
        # Under a name of its own, or what is handed out meanwhile would move it by an hour.
        key = f"{source}:spare:rest"
        work.timers.set(replace(timer, key=key, due_at=context.now, args=args, attempts=0))
    elif work.truth.waits_until(campaign.workspace, source) is not None:
        watch(work, campaign, activity, context.now)
