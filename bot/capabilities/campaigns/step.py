"""One event of a campaign, and what every person of its audience is to get."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cache

from bot.capabilities.campaigns import messages
from bot.capabilities.campaigns.access import owner_of, workspace_of
from bot.capabilities.campaigns.audience import channel_of
from bot.capabilities.campaigns.model import (
    Campaign,
    Event,
    EventKind,
    apply,
    letter_key,
)
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.crowd import Span
from bot.happenings import Happening
from bot.ids import PersonId
from bot.message import Args
from bot.outbox import Letter, Priority, ToPerson
from bot.people import Person, local
from bot.ports import Timer
from bot.schedule import at_local

_DAY = timedelta(days=1)
_TOLD = {EventKind.STARTED, EventKind.FINISHED, EventKind.CANCELLED}
KIND = "campaign.message"
"""What outbox and metrics call the letters of campaigns."""


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


def set_timer(work: CampaignsWork, campaign: Campaign, verb: str, due_at: datetime) -> None:
    work.timers.set(
        Timer(
            key=f"{campaign.source}:{verb}",
            due_at=due_at,
            action=f"campaign.{verb}",
            args={"campaign": campaign.id},
        )
    )


def letter_of(
    work: CampaignsWork, campaign: Campaign, last_day: date | None = None
) -> Callable[[Person], Letter]:
    """What each person is to get, from the first to the last day of their own calendar.

    `last_day` replaces the campaign's own.
    """
    owner = owner_of(work, campaign)
    message = messages.letter(campaign, owner)
    channel = channel_of(work, campaign.workspace, campaign.conversation)
    reason = messages.because(owner, campaign.team, workspace_of(work, owner), channel)
    end = (last_day or campaign.last_day) + _DAY

    @cache
    def model(zone: str) -> Letter:
        """The letter of everybody in a zone, but for whom it is to."""
        return Letter(
            key=campaign.source,
            to=ToPerson(person=campaign.owner),
            message=message,
            kind=KIND,
            priority=Priority.CAMPAIGN,
            due_at=at_local(campaign.first_day, time(0), zone),
            expires_at=at_local(end, time(0), zone),
            source=campaign.source,
            because=reason,
        )

    def letter(person: Person) -> Letter:
        # The rest was checked when the model was made, and there may be 100,000 people.
        key = letter_key(campaign, person.id)
        return model(person.zone).model_copy(update={"key": key, "to": ToPerson(person=person.id)})

    return letter


def today_of(person: Person, now: datetime) -> date:
    """The day it is on the person's own calendar."""
    return local(person, now).date()


def with_progress(campaign: Campaign, span: Span) -> Campaign:
    """The campaign once these people, who are next by id, have been handed their letters."""
    return replace(campaign, bookmark=span.upto, people=campaign.people + span.people)
