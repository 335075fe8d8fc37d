"""One event of a campaign, and what every person of its audience is to get."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cache

from bot.attention import HORIZON
from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.access import owner_of, workspace_of
from bot.capabilities.campaigns.audience import channel_of
from bot.capabilities.campaigns.content import INVITATION, LENT, Activity, Format, Timing, days_of
from bot.capabilities.campaigns.filling import fill
from bot.capabilities.campaigns.model import (
    Campaign,
    Event,
    EventKind,
    Pause,
    apply,
    letter_key,
    source_of,
)
from bot.capabilities.campaigns.occasion import hour, poll
from bot.capabilities.campaigns.occasion import messages as occasion
from bot.capabilities.campaigns.timing import day_of, newest_day
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.crowd import LetterOf
from bot.happenings import Happening
from bot.ids import PersonId
from bot.message import Args, Message
from bot.outbox import Letter, Priority, ToPerson
from bot.people import Person, local
from bot.ports import Timer
from bot.schedule import at_local

_DAY = timedelta(days=1)
_TOLD = {
    EventKind.STARTED,
    EventKind.PAUSED,
    EventKind.RESUMED,
    EventKind.FINISHED,
    EventKind.CANCELLED,
}
_MOVING = {EventKind.CHANGED, EventKind.SCHEDULED, EventKind.CANCELLED, EventKind.TAKEN_OVER}
"""After these, hours and polls may be at another time than was planned, or another's."""
KIND = "campaign.message"
"""What outbox and metrics call the letters of campaigns that are messages; the others are
called by their format."""


def advance(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    kind: EventKind,
    actor: PersonId | None = None,
    data: Args | None = None,
) -> Campaign:
    """The campaign after one more event, saved and recorded.

    Raises:
        Conflict: its state does not allow the event, or it was changed meanwhile.
    """
    event = Event(campaign.id, kind, context.now, actor, data or {})
    saved = work.campaigns.save(apply(campaign, event))
    work.campaigns.record(event)
    if kind in _MOVING or saved.content != campaign.content:
        hour.rearrange(context, work, campaign, saved)
        poll.plan(work, saved)
    if kind in _TOLD and saved.started_at is not None:
        work.happenings.note(
            Happening(
                workspace=saved.workspace,
                kind=f"campaign.{kind}",
                at=context.now,
                about=saved.source,
                data={"people": saved.people},
            )
        )
    return saved


def set_timer(
    work: CampaignsWork, campaign: Campaign, verb: str, due_at: datetime, args: Args | None = None
) -> None:
    work.timers.set(
        Timer(
            key=f"{campaign.source}:{verb}",
            due_at=due_at,
            action=f"campaign.{verb}",
            args={"campaign": campaign.id, **(args or {})},
        )
    )


def message_of(
    context: Context, work: CampaignsWork, campaign: Campaign, activity: Activity
) -> Message:
    """What everybody gets of an activity, but for the controls that stand under all.

    Raises:
        KeyError: nobody has anything of its format.
    """
    owner = owner_of(work, campaign)
    activity = fill(context, work, campaign, activity)
    if activity.id == INVITATION:
        return messages.invited(campaign, owner)
    if activity.format is Format.MESSAGE:
        return messages.letter(campaign, owner, activity)
    if activity.format in LENT:
        lent = context.activities.formats[activity.format]
        shown = lent.show(work, campaign.workspace, activity.ref or "")
        return messages.lent(shown, campaign, owner, activity)
    if activity.format is Format.POLL:
        return occasion.ballot(campaign, owner, activity)
    return occasion.begun(campaign, owner, activity, hour.about_of(campaign, activity))


def letter_of(
    context: Context,
    work: CampaignsWork,
    campaign: Campaign,
    activity: Activity | None = None,
    wave: date | None = None,
    last_day: date | None = None,
    *,
    at_once: bool = False,
) -> LetterOf:
    """What each person of a wave is to get of an activity (the first one, if none is named), on
    the days of their own calendar.

    Nobody gets anything yet whose day has begun nowhere, where days are counted from an
    enrolment. `last_day` replaces the last one; `at_once` is from today on.
    """
    content = campaign.content
    activity = activity or content.activities[0]
    wave = wave or content.first_day
    owner = owner_of(work, campaign)
    message = message_of(context, work, campaign, activity)
    channel = channel_of(work, campaign.workspace, campaign.conversation)
    reason = messages.because(owner, content, workspace_of(work, owner), channel)
    newest, days = newest_day(context.now), days_of(content, activity)
    kind = KIND if activity.format is Format.MESSAGE else f"campaign.{activity.format}"

    @cache
    def model(zone: str, first: date, end: date) -> Letter:
        """The letter of everybody in a zone who has it on the same days, but for whom it is to."""
        return Letter(
            key=campaign.source,
            to=ToPerson(person=campaign.owner),
            message=message,
            kind=kind,
            priority=Priority.CAMPAIGN,
            due_at=at_local(first, time(0), zone),
            expires_at=at_local(end, time(0), zone),
            source=source_of(campaign, activity.id),
            because=reason,
            # By it what waits is taken back once it is retired, or need not be taught.
            about=f"{activity.format}:{activity.ref}"[:100] if activity.format in LENT else None,
        )

    def letter(person: Person) -> Letter | None:
        first = day_of(content, activity, person, wave, campaign.pauses)
        if at_once and content.timing is Timing.ENROLMENT:
            first = today_of(person, context.now)
        if content.timing is Timing.ENROLMENT and first > newest:
            return None
        end = last_day + _DAY if last_day else first + days * _DAY
        if content.catch_up and last_day is None:
            first, end = _caught_up(person, first, end, campaign.pauses)
        # The rest was checked when the model was made, and there may be 100,000 people.
        key = letter_key(campaign, person.id, activity.id)
        return model(person.zone, first, end).model_copy(
            update={"key": key, "to": ToPerson(person=person.id)}
        )

    return letter


def _caught_up(
    person: Person, first: date, end: date, pauses: Sequence[Pause]
) -> tuple[date, date]:
    """When it comes instead, if a pause has made it too late: as soon as the budget allows."""
    for pause in pauses:
        if pause.until is None:
            continue
        since, until = local(person, pause.since).date(), local(person, pause.until).date()
        if since < end <= until:
            return until, until + HORIZON
    return first, end


def today_of(person: Person, now: datetime) -> date:
    """The day it is on the person's own calendar."""
    return local(person, now).date()


def with_people(campaign: Campaign, people: int) -> Campaign:
    """The campaign once so many more have been handed a letter."""
    return replace(campaign, people=campaign.people + people)


def sources_of(campaign: Campaign, *, to_people: bool = False) -> list[str]:
    """What its letters name as their source, activity by activity; those to people only, without
    what stands in channels, where that is asked for."""
    asked = [source_of(campaign, INVITATION)] if campaign.content.asks_first else []
    return asked + [
        source_of(campaign, activity.id)
        for activity in campaign.content.activities
        if activity.channel is None or not to_people
    ]
