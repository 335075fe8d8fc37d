"""Resting, going on and ending, while a campaign runs.

A pause takes back, in its own transaction, every letter that no lane has begun: a lane marks
a letter before it sends it, and finds these no more. Going on promises them anew where their
day has not passed, through the same budget as ever; so nothing comes in a burst.
"""

from dataclasses import replace
from datetime import timedelta

from bot.access import Right, require
from bot.attention import Wish, book
from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.access import owner_of, workspace_of
from bot.capabilities.campaigns.audience import channel_of
from bot.capabilities.campaigns.content import Activity, Timing, days_of
from bot.capabilities.campaigns.expanding import activity_of
from bot.capabilities.campaigns.filling import fill
from bot.capabilities.campaigns.model import (
    CHUNK,
    Campaign,
    EventKind,
    Run,
    RunState,
    State,
    source_of,
)
from bot.capabilities.campaigns.step import (
    advance,
    set_timer,
    sources_of,
    today_of,
    with_people,
)
from bot.capabilities.campaigns.timing import day_in_channel
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.errors import NotAllowed
from bot.ids import CampaignId, PersonId
from bot.outbox import Letter, Priority, ToPerson
from bot.people import Person
from bot.ports import Timer

RESTED = "campaign paused"
"""Why letters were not sent that a pause has taken back."""
CLOSING = "closing"
"""What stands in the place of an activity in the letters that tell of an end."""
LOOK_AFTER_CANCEL = timedelta(minutes=1)
"""What a lane had in hand when a campaign was cancelled may come back to wait."""
_DAY = timedelta(days=1)


def pause(context: Context, work: CampaignsWork, campaign: Campaign, person: Person) -> Campaign:
    """Nothing more is sent from the end of this transaction on.

    Raises:
        Conflict: it is not running.
        Lacking: the person runs no campaigns.
    """
    require(person, Right.RUN_CAMPAIGN)
    paused = advance(context, work, campaign, EventKind.PAUSED, person.id)
    work.truth.hold(paused.workspace, sources_of(paused), RESTED, context.now)
    work.timers.cancel(f"{paused.source}:expand")
    return paused


def resume(context: Context, work: CampaignsWork, campaign: Campaign, person: Person) -> Campaign:
    """Go on. Days of people's own move by the working days of the pause; of the calendar what
    is too late is left out, or comes afterwards where the owner wished so (`catch_up`).

    Raises:
        Conflict: it is not paused.
        Lacking: the person runs no campaigns.
    """
    require(person, Right.RUN_CAMPAIGN)
    resumed = advance(context, work, campaign, EventKind.RESUMED, person.id)
    for run in work.campaigns.runs(resumed.id):
        resumed = _take_up(context, work, resumed, run)
    set_timer(work, resumed, "expand", context.now)
    return resumed


def _take_up(context: Context, work: CampaignsWork, campaign: Campaign, run: Run) -> Campaign:
    content = campaign.content
    activity = activity_of(campaign, run)
    if activity is None or run.state is RunState.SKIPPED:
        return campaign
    owner = owner_of(work, campaign)
    is_calendar = content.timing is Timing.CALENDAR
    if activity.channel is not None:
        day = day_in_channel(campaign, activity, owner, run.wave)
        ends = day + _DAY
    else:
        ends = (activity.date or run.wave) + days_of(content, activity) * _DAY
    has_passed = (is_calendar or activity.channel is not None) and ends <= today_of(
        owner, context.now
    )
    catches_up = content.catch_up and activity.channel is None
    if has_passed and not catches_up:
        if run.state in {RunState.WAITING, RunState.RUNNING} and not run.people:
            work.campaigns.save_run(replace(run, state=RunState.SKIPPED))
            return advance(
                context,
                work,
                campaign,
                EventKind.SKIPPED,
                data={"activity": run.activity, "wave": run.wave.isoformat(), "why": RESTED},
            )
        return campaign
    source = source_of(campaign, run.activity)
    released = work.truth.release(campaign.workspace, source, RESTED)
    if released or run.state is RunState.RUNNING:
        # It keeps its place: what was to come first comes first.
        people = max(run.people - released, 0)
        work.campaigns.save_run(
            replace(run, state=RunState.WAITING, bookmark=None, later=0, people=people)
        )
        return work.campaigns.save(with_people(campaign, people - run.people))
    return campaign


def cancel(
    context: Context, work: CampaignsWork, campaign: Campaign, person: Person | None
) -> Campaign:
    """For good: what waits is taken back, and those who had begun are told so once, where the
    owner has words for that. What was begun elsewhere, as a quiz, may be finished.

    Raises:
        Conflict: it is over already.
        NotAllowed: it is somebody else's.
    """
    if person is not None and campaign.started_at is None and person.id != campaign.owner:
        raise NotAllowed(messages.ONLY_OWNER)
    had_begun = campaign.started_at is not None
    cancelled = advance(context, work, campaign, EventKind.CANCELLED, person.id if person else None)
    for source in sources_of(cancelled):
        work.truth.cancel(cancelled.workspace, source)
        if campaign.state is State.PAUSED:
            since = campaign.pauses[-1].since
            work.truth.cancel_held(cancelled.workspace, source, RESTED, since)
    for verb in ("expand", "start", "enrol"):
        work.timers.cancel(f"{cancelled.source}:{verb}")
    if had_begun:
        set_timer(work, cancelled, "look", context.now + LOOK_AFTER_CANCEL)
        if cancelled.content.closing:
            set_timer(work, cancelled, "close", context.now)
    return cancelled


def close_on(context: Context, work: CampaignsWork, timer: Timer) -> None:
    """Tell the next of those who were in a campaign, at their own hour, that it has ended. It is
    the last that they get of it, and counts for nothing."""
    campaign = work.campaigns.get(CampaignId(str(timer.args["campaign"])))
    if campaign is None or campaign.state is not State.CANCELLED or not campaign.content.closing:
        return
    after = timer.args.get("after")
    people = work.enrolments.active(
        campaign.id, None if after is None else PersonId(str(after)), CHUNK
    )
    if not people:
        return
    owner, content = owner_of(work, campaign), campaign.content
    words = fill(context, work, campaign, Activity(id=CLOSING, text=content.closing))
    model = Letter(
        key=f"{campaign.source}:{CLOSING}",
        to=ToPerson(person=owner.id),
        message=messages.letter(campaign, owner, words),
        kind="campaign.closing",
        priority=Priority.CAMPAIGN,
        source=f"{campaign.source}:{CLOSING}",
        because=messages.because(
            owner,
            content,
            workspace_of(work, owner),
            channel_of(work, campaign.workspace, content.conversation),
        ),
    )
    wishes = [
        Wish(person, model, f"{model.key}:{person.id}") for person in work.people.several(people)
    ]
    book(context, work, wishes)
    work.timers.set(
        replace(timer, due_at=context.now, args={**timer.args, "after": people[-1]}, attempts=0)
    )
