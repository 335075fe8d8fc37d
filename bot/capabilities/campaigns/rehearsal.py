"""Going through a campaign beforehand: everybody of its audience, part after part, chunk by chunk.

Each part is decided about at the moment when its day begins anywhere, by the rules by which it
will be, with what each person has waiting already; then `conclude` says what may be told of it.
Nothing is written but timers, and nobody gets anything.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeAlias

from pydantic import TypeAdapter, ValidationError

from bot.access import K_ANONYMOUS
from bot.attention import First
from bot.capabilities.campaigns import dryrun_messages, messages
from bot.capabilities.campaigns.access import owner_of, workspace_of
from bot.capabilities.campaigns.allocation import NEVER, Allocation
from bot.capabilities.campaigns.approving import approvers_of, begun_of, draw, gathering_of
from bot.capabilities.campaigns.audience import channel_of, find_obstacle
from bot.capabilities.campaigns.condition import find_spared
from bot.capabilities.campaigns.content import (
    INVITATION,
    LENT,
    Activity,
    Audience,
    Content,
    Design,
    Format,
    Timing,
    digest_of,
    in_order,
)
from bot.capabilities.campaigns.dryrun import (
    Clash,
    DryRun,
    Fate,
    Part,
    Tally,
    Week,
    add,
    forecast_of,
    tell_days,
    tell_moved,
    tell_nothing,
    tell_shares,
    tell_week,
)
from bot.capabilities.campaigns.fault import find_faults
from bot.capabilities.campaigns.model import CHUNK, STATES, Campaign
from bot.capabilities.campaigns.ports import Gathering
from bot.capabilities.campaigns.step import letter_of, message_of, today_of
from bot.capabilities.campaigns.timing import begins_at, working_day
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.crowd import Circle, Expected, Roll, RowOf, Span, foresee_crowd
from bot.errors import BotError
from bot.ids import PersonId, WorkspaceId
from bot.message import Args, Message
from bot.messages import with_controls
from bot.outbox import Letter
from bot.people import Person, local, zone_of

_DAY = timedelta(days=1)
_YEARS = 800 * _DAY
"""After this every day of a campaign has begun."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far one has come: in which wave, and behind whom."""

    wave: int = 0
    after: PersonId | None = None


Wave: TypeAlias = tuple[date, Circle | None, Roll | None]
"""Those who begin together, and the day from which theirs are counted."""


def rehearse(
    context: Context, work: CampaignsWork, campaign: Campaign
) -> Iterator[tuple[int, DryRun | None]]:
    """All of it in one transaction: how many people have been looked at after each chunk, and at
    the end the dry run."""
    bookmark: Bookmark | None = Bookmark()
    tally = Tally()
    waves = _waves(context, work, _as_proposed(campaign))
    while bookmark is not None:
        tally, bookmark = go_on(context, work, campaign, tally, bookmark, waves)
        yield tally.people, None
    yield tally.people, conclude(context, work, campaign, tally)


def go_on(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    tally: Tally,
    bookmark: Bookmark,
    waves: Sequence[Wave] | None = None,
) -> tuple[Tally, Bookmark | None]:
    """The tally with the next people, and where it goes on; None when that were all."""
    rehearsed = _as_proposed(campaign)
    if waves is None:
        waves = _waves(context, work, rehearsed)
    if bookmark.wave >= len(waves) or find_obstacle(work, rehearsed) is not None:
        return tally, None
    wave, circle, roll = waves[bookmark.wave]
    span = work.crowds.span(
        campaign.workspace, None, bookmark.after, CHUNK, roll=roll, circle=circle
    )
    if span is None:
        return tally, Bookmark(bookmark.wave + 1)
    activities = _people_get(context, work, rehearsed)
    row_of = _row_of(context, work, rehearsed, activities, wave)
    spared = _spared(context, work, rehearsed, activities, span)
    expected = foresee_crowd(work, span, row_of, context.now, spared)
    tally = add(tally, [_fate_of(one, activities, row_of) for one in expected])
    if span.people == CHUNK:
        return tally, replace(bookmark, after=span.upto)
    return tally, Bookmark(bookmark.wave + 1)


def _as_proposed(campaign: Campaign) -> Campaign:
    return replace(campaign, content=campaign.proposed, amendment=None)


def _waves(context: Context, work: CampaignsWork, campaign: Campaign) -> Sequence[Wave]:
    """The waves as they are enrolled, or else as they would be."""
    if campaign.started_at is not None and not campaign.content.is_one_message:
        waves = work.enrolments.waves(campaign.id)
        return [(wave, None, Roll(campaign.id, wave)) for wave in waves]
    allocation = _allocation_of(context, work, campaign)
    first = campaign.content.first_day
    if allocation is None:
        return [(first, _circle_of(campaign.content, None), None)]
    every = campaign.content.rollout.step_every * _DAY
    return [
        (
            first + step * every,
            _circle_of(
                campaign.content, [name for name, at in allocation.steps.items() if at == step]
            ),
            None,
        )
        for step in sorted(set(allocation.steps.values()) - {NEVER})
    ]


def _circle_of(content: Content, clusters: Sequence[str] | None) -> Circle:
    audience = content.audience
    return Circle(
        teams=audience.teams,
        conversation=audience.conversation,
        people=audience.people,
        without_teams=audience.without_teams,
        without_people=audience.without_people,
        by_site=content.rollout.cluster_by == "site",
        clusters=None if clusters is None else tuple(sorted(clusters)),
    )


def _allocation_of(context: Context, work: CampaignsWork, campaign: Campaign) -> Allocation | None:
    """What was drawn, or would be; None where all begin at once, or nobody is there."""
    if campaign.content.rollout.design is Design.ALL:
        return None
    drawn = campaign.allocation or draw(work, campaign, context.now)
    return drawn if drawn.steps else None


def _people_get(context: Context, work: CampaignsWork, campaign: Campaign) -> Sequence[Activity]:
    """What is still to come to people, in order, and is there to be sent."""
    begun = begun_of(work, campaign)
    return [
        activity
        for activity in _in_order(campaign.content)
        if activity.channel is None
        and activity.id not in begun
        and _is_dated(campaign.content, activity)
        and _message_of(context, work, campaign, activity)[0] is not None
    ]


def _in_order(content: Content) -> Sequence[Activity]:
    """Its activities as they come, behind the question whether one wants them."""
    asking = [Activity(INVITATION, date=content.first_day, day=0)] if content.asks_first else []
    return [*asking, *in_order(content)]


def _is_dated(content: Content, activity: Activity) -> bool:
    if content.timing is Timing.CALENDAR:
        return activity.date is not None
    return activity.day is not None and content.start is not None


def _message_of(
    context: Context, work: CampaignsWork, campaign: Campaign, activity: Activity
) -> tuple[Message | None, str | None]:
    """What is sent of an activity, or why nothing is."""
    is_asking = activity.id == INVITATION
    if activity.format in LENT:
        lent = context.activities.formats.get(activity.format)
        if lent is None:
            return None, messages.UNKNOWN_FORMAT
        found = lent.find(work, campaign.workspace, activity.ref or "")
        if found is None:
            ref = activity.ref
            return None, messages.no_such_reference(ref) if ref else messages.NO_REFERENCE
        if found.retired:
            return None, messages.RETIRED
    elif activity.format is Format.MESSAGE and not activity.text.strip() and not is_asking:
        return None, messages.NO_BODY
    try:
        message = message_of(context, work, campaign, activity)
        return (message if activity.channel else with_controls(message)), None
    except ValidationError:
        return None, dryrun_messages.DOES_NOT_FIT
    except BotError as error:
        return None, str(error)


def _row_of(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    activities: Sequence[Activity],
    wave: date,
) -> RowOf:
    """What everybody of a wave gets, each on a day of their own."""
    then = replace(context, now=max(context.now, begins_at(wave)) + _YEARS)
    letters = [letter_of(then, work, campaign, activity, wave) for activity in activities]

    def row(person: Person) -> Sequence[tuple[datetime, Letter]]:
        found = (letter(person) for letter in letters)
        return [(begins_at(_first_day(person, one)), one) for one in found if one is not None]

    return row


def _first_day(person: Person, letter: Letter) -> date:
    assert letter.due_at is not None  # noqa: S101 - for mypy: a campaign's letters have a day
    return local(person, letter.due_at).date()


def _spared(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    activities: Sequence[Activity],
    span: Span,
) -> dict[PersonId, dict[int, str]]:
    spared: dict[PersonId, dict[int, str]] = {}
    for place, activity in enumerate(activities):
        for person, why in find_spared(context, work, campaign, activity, span).items():
            spared.setdefault(person, {})[place] = why
    return spared


def _fate_of(expected: Expected, activities: Sequence[Activity], row_of: RowOf) -> Fate:
    got: dict[str, date | str] = {}
    moved = []
    wanted = row_of(expected.sample)
    for activity, place, (_, letter) in zip(activities, expected.places, wanted, strict=True):
        if isinstance(place, First):
            got[activity.id] = place.day
            if place.day > _first_day(expected.sample, letter):
                moved.append(activity.id)
        else:
            got[activity.id] = str(place)
    return Fate(expected.people, expected.sample.zone, got, moved, expected.in_a_week)


# --- what may be told of it -------------------------------------------------------------------


def conclude(context: Context, work: CampaignsWork, campaign: Campaign, tally: Tally) -> DryRun:
    """The dry run of what was counted."""
    rehearsed = _as_proposed(campaign)
    content, owner = rehearsed.content, owner_of(work, campaign)
    gathering = gathering_of(rehearsed)
    sizes = work.enrolments.sizes(gathering)
    total = sum(sizes.values())
    allocation = _allocation_of(context, work, rehearsed)
    steps = allocation.steps if allocation else {}
    approvers = approvers_of(work, campaign)
    reached, nothing = tell_nothing(tally)
    days = _planned_days(rehearsed, allocation)
    clashes, wanted, others = _clashes(context, work, rehearsed, allocation)
    begun = begun_of(work, campaign)
    parts = [
        _part(context, work, rehearsed, activity, tally, total, allocation)
        for activity in _in_order(content)
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
        waiting=sum(people for name, people in sizes.items() if steps.get(name) == NEVER),
        reached=reached,
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
    message, fault = _message_of(context, work, campaign, activity)
    content, channel = campaign.content, activity.channel
    is_there = _is_dated(content, activity)
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
        return found.title if found else activity.ref or ""
    return next(iter(activity.text.strip().splitlines()), "")


def _there(work: CampaignsWork, campaign: Campaign, channel: str, total: int) -> int | None:
    """How many of the audience are in a channel."""
    known = work.memberships.known(campaign.workspace, channel)
    if known is None or known.read_at is None:
        return None
    mine = gathering_of(campaign)
    inside = replace(mine, audience=Audience(conversation=channel))
    there = work.enrolments.shared(mine, inside)
    few = there < K_ANONYMOUS or 0 < total - there < K_ANONYMOUS
    return None if few else there


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
    return [working_day(plain, wave, activity.day, campaign.pauses) for wave in waves]


def _planned_days(campaign: Campaign, allocation: Allocation | None) -> list[date]:
    """The days on which anything of it comes, to people or in a channel."""
    return [
        day
        for activity in _in_order(campaign.content)
        for day in _days_of(campaign.content, activity, campaign, allocation)
    ]


def _to_people(campaign: Campaign, allocation: Allocation | None) -> list[list[date]]:
    """The days on which anything comes to people, wave by wave."""
    content = campaign.content
    mine = [a for a in _in_order(content) if a.channel is None]
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


def args_of_bookmark(bookmark: Bookmark) -> Args:
    """The bookmark as a timer keeps it."""
    args: Args = _BOOKMARK.dump_python(bookmark, mode="json")
    return args


def bookmark_of(args: object) -> Bookmark:
    """The bookmark that `args_of_bookmark` made these of."""
    return _BOOKMARK.validate_python(args)


_BOOKMARK = TypeAdapter(Bookmark)
