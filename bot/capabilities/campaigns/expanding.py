"""Handing out what a campaign consists of, each thing when its day begins anywhere.

An activity has a run for each wave of people. A run hands their letters to the next people, by
id, chunk by chunk; each chunk is a transaction with its bookmark. After a crash the same people
come again, and their letters have the same keys. Where days are counted from an enrolment, some
have theirs later: the run comes back every day until it has come for all.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from bot import failpoint
from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.access import owner_of
from bot.capabilities.campaigns.audience import find_obstacle, renew
from bot.capabilities.campaigns.card import show
from bot.capabilities.campaigns.condition import find_spared_of
from bot.capabilities.campaigns.content import INVITATION, LENT, Activity, Timing, invitation_of
from bot.capabilities.campaigns.fault import has_gone_first
from bot.capabilities.campaigns.model import (
    CHUNK,
    READ_AGAIN,
    Campaign,
    EventKind,
    Run,
    RunState,
    State,
    source_of,
)
from bot.capabilities.campaigns.sparing import watch
from bot.capabilities.campaigns.step import (
    advance,
    letter_of,
    message_of,
    set_timer,
    with_people,
)
from bot.capabilities.campaigns.telling import tell_owner
from bot.capabilities.campaigns.timing import (
    MORNING,
    begins_at,
    day_in_channel,
    first_possible,
    newest_day,
    zone_of,
)
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.crowd import Roll, Span, book_crowd
from bot.ids import CampaignId
from bot.message import Args, literal
from bot.outbox import Letter, Priority, ToPlace
from bot.ports import Timer
from bot.schedule import at_local

_DAY = timedelta(days=1)
_OPEN = frozenset({RunState.WAITING, RunState.RUNNING})


def runs_of(campaign: Campaign, waves: Sequence[date], now: datetime) -> list[Run]:
    """The runs of every activity for these waves. What stands in a channel has one alone, that
    of the first wave. One message is handed out at once, whenever its first day may be."""
    content, first = campaign.content, min(waves)
    asked = [
        Run(
            campaign.id,
            INVITATION,
            wave,
            begins_at(first_possible(content, invitation_of(content, wave), wave)),
        )
        for wave in waves
        if content.asks_first
    ]
    return asked + [
        Run(
            campaign.id,
            activity.id,
            wave,
            now if content.is_one_message else begins_at(first_possible(content, activity, wave)),
        )
        for activity in content.activities
        for wave in waves
        if activity.channel is None or wave == first
    ]


def expand(context: Context, work: CampaignsWork, timer: Timer) -> None:
    """The next chunk of what is due, or the next day."""
    campaign = work.campaigns.get(CampaignId(str(timer.args["campaign"])))
    if campaign is None or campaign.state is not State.RUNNING or campaign.expanded:
        return
    runs = work.campaigns.runs(campaign.id)
    if not runs and campaign.content.is_one_message:
        # Sent by a release that had no runs: its letters have the same keys.
        campaign = work.campaigns.save(replace(campaign, people=0))
        runs = runs_of(campaign, [campaign.first_day], context.now)
        work.campaigns.add_runs(runs)
    is_first = campaign.content.is_one_message and not any(run.bookmark for run in runs)
    if is_first and not campaign.pauses and not _has_audience(context, work, campaign):
        return
    waiting = [run for run in runs if run.state in _OPEN]
    due = [run for run in waiting if run.due_at <= context.now]
    if due:
        run = due[0]
        if run.bookmark is not None:
            # The chunk before this one stands.
            failpoint.reach("campaign.committed")
        _expand(context, work, campaign, run)
        set_timer(work, campaign, "expand", context.now)
    elif waiting:
        set_timer(work, campaign, "expand", min(run.due_at for run in waiting))
    elif (last := takes_until(campaign, context.now)) is not None:
        set_timer(work, campaign, "expand", begins_at(last + _DAY))
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
    tell_unsent(context, work, cancelled, obstacle)
    return False


def tell_unsent(context: Context, work: CampaignsWork, cancelled: Campaign, obstacle: str) -> None:
    """Tell the owner that nobody got it, and why."""
    card = show(work, cancelled, f"{messages.UNSENT} {literal(obstacle)}")
    tell_owner(context, work, cancelled, "unsent", "campaign.unsent", card)


def takes_until(campaign: Campaign, now: datetime) -> date | None:
    """The last day on which somebody may still begin of whom nobody knows yet, if it has not
    passed."""
    until = campaign.content.last_to_join
    is_open = until is not None and newest_day(now) <= until
    return until if campaign.content.timing is Timing.ENROLMENT and is_open else None


def _expand(context: Context, work: CampaignsWork, campaign: Campaign, run: Run) -> None:
    activity = activity_of(campaign, run)
    if activity is None:
        work.campaigns.save_run(replace(run, state=RunState.SKIPPED))
        return
    if is_gone(context, work, campaign, activity):
        _skip(context, work, campaign, run, messages.RETIRED)
    elif not run.people and not has_gone_first(context, work, campaign, activity):
        _skip(context, work, campaign, run, messages.NOT_GONE_FIRST)
        told = messages.left_out(campaign, messages.NOT_GONE_FIRST)
        tell_owner(context, work, campaign, f"left_out:{activity.id}", "campaign.left_out", told)
    elif activity.channel is not None:
        _post(context, work, campaign, run, activity, activity.channel)
    else:
        _hand_out(context, work, campaign, run, activity)


def activity_of(campaign: Campaign, run: Run) -> Activity | None:
    """What a run hands out."""
    if run.activity == INVITATION:
        return invitation_of(campaign.content, run.wave)
    return campaign.content.activity(run.activity)


def is_gone(context: Context, work: CampaignsWork, campaign: Campaign, activity: Activity) -> bool:
    """Whether an activity refers to what is not there, or not any more."""
    if activity.format not in LENT:
        return False
    lent = context.activities.formats.get(activity.format)
    found = lent and lent.find(work, campaign.workspace, activity.ref or "")
    return not found or found.retired


def _skip(context: Context, work: CampaignsWork, campaign: Campaign, run: Run, why: str) -> None:
    work.campaigns.save_run(replace(run, state=RunState.SKIPPED))
    data: Args = {"activity": run.activity, "wave": run.wave.isoformat(), "why": why}
    advance(context, work, campaign, EventKind.SKIPPED, data=data)


def span_of(work: CampaignsWork, campaign: Campaign, run: Run) -> Span | None:
    """The next people of a run."""
    if campaign.content.is_one_message:
        return work.crowds.span(
            campaign.workspace, campaign.team, run.bookmark, CHUNK, campaign.conversation
        )
    return work.crowds.span(
        campaign.workspace,
        None,
        run.bookmark,
        CHUNK,
        roll=Roll(campaign.id, run.wave, run.activity == INVITATION),
    )


def _hand_out(
    context: Context, work: CampaignsWork, campaign: Campaign, run: Run, activity: Activity
) -> None:
    span = span_of(work, campaign, run)
    if span is not None:
        letter = letter_of(context, work, campaign, activity, run.wave)
        spared = find_spared_of(context, work, campaign, activity, span)
        if spared:
            people = work.people.several(spared)
            kept = [(letter(person), spared[person.id]) for person in people]
            work.outbox.suppress_all(
                campaign.workspace,
                [(one, why) for one, why in kept if one is not None],
                context.now,
            )
        later = book_crowd(context, work, span, letter)
        watch(work, campaign, activity, context.now)
        handed = max(span.people - later, 0)
        # A round that begins anew comes to all of the wave once more.
        before = run.people if run.bookmark is not None else 0
        work.campaigns.save(with_people(campaign, before + handed - run.people))
        run = replace(
            run,
            state=RunState.RUNNING,
            bookmark=span.upto,
            people=before + handed,
            later=run.later + later,
        )
    elif run.later:
        work.campaigns.save(campaign)
        tomorrow = begins_at(newest_day(context.now) + _DAY)
        run = replace(run, state=RunState.WAITING, bookmark=None, later=0, due_at=tomorrow)
    else:
        work.campaigns.save(campaign)
        run = replace(run, state=RunState.DONE)
    work.campaigns.save_run(run)


def _post(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    run: Run,
    activity: Activity,
    channel: str,
) -> None:
    """Let it stand in its channel, once, on the owner's calendar."""
    owner = owner_of(work, campaign)
    day = day_in_channel(campaign, activity, owner, run.wave)
    if begins_at(day) > context.now:
        work.campaigns.save_run(replace(run, due_at=begins_at(day)))
        work.campaigns.save(campaign)
        return
    zone = zone_of(campaign, owner)
    due_at = at_local(day, activity.at or MORNING, zone)
    ends = at_local(day + _DAY, time(0), zone)
    if ends <= context.now:
        _skip(context, work, campaign, run, messages.TOO_LATE)
        return
    work.outbox.post(
        campaign.workspace,
        Letter(
            key=source_of(campaign, activity.id),
            to=ToPlace(conversation=channel),
            message=message_of(context, work, campaign, activity),
            kind=f"campaign.{activity.format}",
            priority=Priority.CAMPAIGN,
            due_at=max(due_at, context.now),
            expires_at=ends,
            source=source_of(campaign, activity.id),
            about=f"campaign:{campaign.id}"[:100],
        ),
    )
    work.campaigns.save(campaign)
    work.campaigns.save_run(replace(run, state=RunState.DONE))
