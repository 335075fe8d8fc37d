"""What may be told of a campaign that was gone through: see `rehearsal`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.access import K_ANONYMOUS
from bot.capabilities.campaigns import dryrun_messages, messages
from bot.capabilities.campaigns.access import owner_of, workspace_of
from bot.capabilities.campaigns.allocation import NEVER, Allocation
from bot.capabilities.campaigns.approving import approvers_of, begun_of, gathering_of
from bot.capabilities.campaigns.audience import channel_of
from bot.capabilities.campaigns.content import (
    INVITATION,
    LENT,
    Activity,
    Audience,
    Content,
    Format,
    Timing,
    digest_of,
)
from bot.capabilities.campaigns.dryrun import (
    Clash,
    DryRun,
    Part,
    Tally,
    Week,
    forecast_of,
    tell_days,
    tell_moved,
    tell_nothing,
    tell_shares,
    tell_week,
    tell_whether_few,
)
from bot.capabilities.campaigns.fault import find_faults
from bot.capabilities.campaigns.model import STATES, Campaign
from bot.capabilities.campaigns.ports import Gathering
from bot.capabilities.campaigns.rehearsal import (
    allocation_of,
    as_proposed,
    asked_in_order,
    is_asked_first,
    is_dated,
    sent_of,
)
from bot.capabilities.campaigns.step import today_of
from bot.capabilities.campaigns.timing import working_day
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.ids import PersonId, WorkspaceId
from bot.people import Person, zone_of
from bot.truth import is_told

_DAY = timedelta(days=1)


def conclude(context: Context, work: CampaignsWork, campaign: Campaign, tally: Tally) -> DryRun:
    """The dry run of what was counted."""
    rehearsed = as_proposed(campaign)
    content, owner = rehearsed.content, owner_of(work, campaign)
    gathering = gathering_of(rehearsed)
    sizes = work.enrolments.sizes(gathering)
    total = sum(sizes.values())
    allocation = allocation_of(context, work, rehearsed)
    steps = allocation.steps if allocation else {}
    approvers = approvers_of(work, campaign)
    reached, nothing = tell_nothing(tally)
    waiting = sum(people for name, people in sizes.items() if steps.get(name) == NEVER)
    days = _planned_days(rehearsed, allocation)
    clashes, wanted, others = _clashes(context, work, rehearsed, allocation)
    begun = begun_of(work, campaign)
    parts = [
        _part(context, work, rehearsed, activity, tally, total, allocation)
        for activity in asked_in_order(content)
        if activity.id not in begun
    ]
    by_day, other_days = tell_days(part.forecast for part in parts if part.forecast)
    zones = tell_shares(tally.zones)
    faults = find_faults(context, work, rehearsed, content, today_of(owner, context.now), begun)
    channel = channel_of(work, campaign.workspace, content.conversation)
    return DryRun(
        campaign=campaign.id,
        edition=campaign.edition,
        digest=digest_of(content),
        title=content.title,
        owner=owner.name,
        audience=messages.audience(content.audience, workspace_of(work, owner), channel),
        planned=(min(days), max(days)) if days else None,
        asks_first=content.asks_first,
        faults=tuple(faults),
        approvers=tuple(person.name for person in approvers),
        are_named=any(person.id in content.approvers for person in approvers),
        total=total,
        excluded=_excluded(work, gathering) - total,
        waiting=waiting if is_told(waiting, total - waiting) else None,
        reached=reached,
        is_for_few=tell_whether_few(tally),
        nothing=nothing,
        clusters=tell_shares(sizes, steps),
        zones=zones,
        hours_apart=_hours_apart([zone.name for zone in zones if zone.name], context.now),
        by_day=by_day,
        other_days=other_days,
        parts=tuple(parts),
        clashes=clashes,
        week=Week(wanted, others, tell_week(tally)),
        allocation=allocation,
        cluster_by=content.rollout.cluster_by,
    )


def _excluded(work: CampaignsWork, gathering: Gathering) -> int:
    """How many would be in it if nobody had been taken out."""
    whom = replace(gathering.audience, without_teams=(), without_people=())
    return sum(work.enrolments.sizes(replace(gathering, audience=whom)).values())


def _part(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    activity: Activity,
    tally: Tally,
    total: int,
    allocation: Allocation | None,
) -> Part:
    message, fault = sent_of(context, work, campaign, activity)
    content, channel = campaign.content, activity.channel
    is_there = is_dated(content, activity)
    days = _days_of(content, activity, campaign, allocation) if is_there else [date.min]
    counts = channel is None and message is not None and is_there
    name = None
    if channel is not None:
        name = channel_of(work, campaign.workspace, channel) or channel
    return Part(
        id=activity.id,
        format=activity.format,
        title=_title_of(context, work, campaign, activity),
        planned=(min(days), max(days)),
        optional=activity.optional,
        channel=name,
        there=None if channel is None else _there(work, campaign, channel, total),
        message=message,
        fault=fault,
        forecast=forecast_of(tally, activity.id) if counts and total else None,
        moved=tell_moved(tally, activity.id) if counts else None,
    )


def _title_of(context: Context, work: CampaignsWork, campaign: Campaign, activity: Activity) -> str:
    if activity.id == INVITATION:
        return dryrun_messages.WHETHER
    if activity.format in LENT:
        lent = context.activities.formats.get(activity.format)
        found = lent and lent.find(work, campaign.workspace, activity.ref or "")
        return messages.plain(found.title) if found else activity.ref or ""
    first = next(iter(activity.text.strip().splitlines()), "")
    # What a poll asks has no markup.
    return first if activity.format is Format.POLL else messages.plain(first)


def _there(work: CampaignsWork, campaign: Campaign, channel: str, total: int) -> int | None:
    """How many of the audience are in a channel."""
    known = work.memberships.known(campaign.workspace, channel)
    if known is None or known.read_at is None:
        return None
    mine = gathering_of(campaign)
    inside = replace(mine, audience=Audience(conversation=channel))
    there = work.enrolments.shared(mine, inside)
    return there if there and is_told(there, total - there) else None


def _days_of(
    content: Content,
    activity: Activity,
    campaign: Campaign,
    allocation: Allocation | None,
) -> list[date]:
    """The days on which it comes to who works from Monday to Friday, wave by wave."""
    if content.timing is Timing.CALENDAR:
        return [activity.date] if activity.date else []
    if content.start is None or activity.day is None:
        return []
    plain = Person(PersonId(""), WorkspaceId(""), "", "")
    steps = set(allocation.steps.values()) - {NEVER} if allocation else {0}
    every = content.rollout.step_every * _DAY
    waves = [content.start + step * every for step in steps]
    if is_asked_first(campaign) and activity.channel is None and activity.id != INVITATION:
        waves = [wave + _DAY for wave in waves]
    return [working_day(plain, wave, activity.day, campaign.pauses) for wave in waves]


def _planned_days(campaign: Campaign, allocation: Allocation | None) -> list[date]:
    """The days on which anything of it comes, to people or in a channel."""
    return [
        day
        for activity in asked_in_order(campaign.content)
        for day in _days_of(campaign.content, activity, campaign, allocation)
    ]


def _to_people(campaign: Campaign, allocation: Allocation | None) -> list[list[date]]:
    """The days on which anything comes to people, wave by wave."""
    content = campaign.content
    mine = [a for a in asked_in_order(content) if a.channel is None]
    days = [sorted(_days_of(content, activity, campaign, allocation)) for activity in mine]
    return [list(wave) for wave in zip(*(each for each in days if each), strict=False)]


def _clashes(
    context: Context, work: CampaignsWork, campaign: Campaign, allocation: Allocation | None
) -> tuple[Sequence[Clash], int, int]:
    """The other campaigns that want the same people in the same weeks; how much this one has for
    a person in its fullest week, and how much that is with the others."""
    own = _to_people(campaign, allocation)
    weeks = [_by_week(wave) for wave in own]
    wanted = max((n for week in weeks for n in week.values()), default=0)
    every = {day: n for week in weeks for day, n in week.items()}
    for week in weeks:
        for day, n in week.items():
            every[day] = max(every[day], n)
    together, clashes = dict(every), []
    for other in work.campaigns.under_way(campaign.workspace):
        if other.id == campaign.id:
            continue
        theirs = [
            [day for day in wave if day >= context.now.date() - _DAY]
            for wave in _to_people(other, other.allocation)
        ]
        common = {day for wave in theirs for day in _by_week(wave)} & set(every)
        people = (
            work.enrolments.shared(gathering_of(campaign), gathering_of(other)) if common else 0
        )
        if not people:
            continue
        for day in common:
            together[day] += max(_by_week(wave).get(day, 0) for wave in theirs)
        same = {day for wave in theirs for day in wave} & {day for wave in own for day in wave}
        clashes.append(
            Clash(
                campaign=other.id,
                title=other.title,
                owner=owner_of(work, other).name,
                state=STATES[other.state],
                days=tuple(sorted(same)),
                people=people if people >= K_ANONYMOUS else None,
            )
        )
    return tuple(clashes), wanted, max(together.values(), default=0)


def _by_week(days: Sequence[date]) -> dict[date, int]:
    """How many of the days are in the week of each Monday."""
    found: dict[date, int] = {}
    for day in days:
        monday = day - (day.isoweekday() - 1) * _DAY
        found[monday] = found.get(monday, 0) + 1
    return found


def _hours_apart(zones: Sequence[str], now: datetime) -> float:
    offsets = [now.astimezone(zone_of(zone)).utcoffset() or timedelta() for zone in zones]
    if not offsets:
        return 0.0
    return (max(offsets) - min(offsets)) / timedelta(hours=1)
