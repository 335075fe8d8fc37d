"""Going through a campaign beforehand: everybody of its audience, part after part, chunk by chunk.

Each part is decided about at the moment when its day begins anywhere, by the rules by which it
will be, with what each person has waiting already; then `conclude` says what may be told of it.
Nothing is written but timers, and nobody gets anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeAlias

from pydantic import TypeAdapter, ValidationError

from bot.attention import First
from bot.capabilities.campaigns import dryrun_messages, messages
from bot.capabilities.campaigns.allocation import NEVER, Allocation
from bot.capabilities.campaigns.approving import begun_of, draw
from bot.capabilities.campaigns.audience import find_obstacle
from bot.capabilities.campaigns.condition import find_spared_of
from bot.capabilities.campaigns.content import (
    INVITATION,
    LENT,
    Activity,
    Content,
    Design,
    Format,
    Timing,
    in_order,
    invitation_of,
)
from bot.capabilities.campaigns.dryrun import (
    Fate,
    Tally,
    add,
)
from bot.capabilities.campaigns.model import CHUNK, Campaign
from bot.capabilities.campaigns.step import letter_of, message_of
from bot.capabilities.campaigns.timing import begins_at
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.crowd import Circle, Expected, Roll, RowOf, Span, foresee_crowd
from bot.errors import BotError
from bot.ids import PersonId
from bot.message import Args, Message
from bot.messages import with_controls
from bot.outbox import Letter
from bot.people import Person, local

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


def go_on(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    tally: Tally,
    bookmark: Bookmark,
    waves: Sequence[Wave] | None = None,
) -> tuple[Tally, Bookmark | None]:
    """The tally with the next people, and where it goes on; None when that were all."""
    rehearsed = as_proposed(campaign)
    if waves is None:
        waves = waves_of(context, work, rehearsed)
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


def as_proposed(campaign: Campaign) -> Campaign:
    """The campaign as it will be if what is proposed is approved."""
    return replace(campaign, content=campaign.proposed, amendment=None)


def waves_of(context: Context, work: CampaignsWork, campaign: Campaign) -> Sequence[Wave]:
    """The waves as they are enrolled, or else as they would be."""
    if campaign.started_at is not None and not campaign.content.is_one_message:
        waves = work.enrolments.waves(campaign.id)
        return [(wave, None, Roll(campaign.id, wave)) for wave in waves]
    allocation = allocation_of(context, work, campaign)
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


def allocation_of(context: Context, work: CampaignsWork, campaign: Campaign) -> Allocation | None:
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
        for activity in asked_in_order(campaign.content)
        if activity.channel is None
        and activity.id not in begun
        and is_dated(campaign.content, activity)
        and sent_of(context, work, campaign, activity)[0] is not None
    ]


def asked_in_order(content: Content) -> Sequence[Activity]:
    """Its activities as they come, behind the question whether one wants them."""
    asking = [invitation_of(content, content.first_day)] if content.asks_first else []
    return [*asking, *in_order(content)]


def is_asked_first(campaign: Campaign) -> bool:
    """Whether people’s days are counted from their yes, which is on the first day at the
    earliest: then what is on their first comes a day later."""
    content = campaign.content
    return content.asks_first and content.timing is Timing.ENROLMENT and not campaign.started_at


def is_dated(content: Content, activity: Activity) -> bool:
    """Whether it has a day, by the clock that the campaign goes by."""
    if content.timing is Timing.CALENDAR:
        return activity.date is not None
    return activity.day is not None and content.start is not None


def sent_of(
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
    begun = wave + _DAY if is_asked_first(campaign) else wave
    letters = [
        letter_of(then, work, campaign, activity, wave if activity.id == INVITATION else begun)
        for activity in activities
    ]

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
        for person, why in find_spared_of(context, work, campaign, activity, span).items():
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


def args_of_bookmark(bookmark: Bookmark) -> Args:
    """The bookmark as a timer keeps it."""
    args: Args = _BOOKMARK.dump_python(bookmark, mode="json")
    return args


def bookmark_of(args: object) -> Bookmark:
    """The bookmark that `args_of_bookmark` made these of."""
    return _BOOKMARK.validate_python(args)


_BOOKMARK = TypeAdapter(Bookmark)
