"""Values and rules of campaigns: what is sent to whom and when, and where it stands.

A campaign's state is the fold of its events: one function applies an event, for the
handler and for the replay. What may follow what is one table.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import chain, repeat

from pydantic import TypeAdapter

from bot.access import K_ANONYMOUS
from bot.attention import Booking, Forecast, sum_up
from bot.crowd import Group
from bot.errors import Conflict
from bot.ids import CampaignId, PersonId, WorkspaceId
from bot.message import Args
from bot.truth import Account

MIN_AUDIENCE = K_ANONYMOUS
"""To fewer people no campaign goes: what is said about all would be said about each."""
LONGEST = timedelta(days=31)
"""From the first day to the last."""
RESEND_DAYS = timedelta(days=3)
"""How long those to whom it is sent again have at least, today included."""
MAX_TITLE = 120
MAX_BODY = 3_000
CHUNK = 5_000
"""People of one transaction."""
MEMBERS_KEPT = timedelta(days=7)
"""How long it is kept who is in a conversation, after a campaign last needed to know."""
FRESH = timedelta(minutes=15)
"""How old what we know of a conversation's members may be when they are to get something."""
READ_AGAIN = timedelta(seconds=3)
"""How soon is looked whether all members have been read, at first; then later and later."""
LONGEST_WAIT = timedelta(minutes=1)


class State(StrEnum):
    """A draft is seen by its owner only. Running: its letters go out, one person after another,
    each at their hour. Finished: of every letter it is known what became of it."""

    DRAFT = "draft"
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class EventKind(StrEnum):
    DRAFTED = "drafted"
    """It begins; `data` is its content, as of `changed`."""
    CHANGED = "changed"
    STARTED = "started"
    EXPANDED = "expanded"
    """Every person of the audience has got a letter, or a reason for none."""
    RESENT = "resent"
    FINISHED = "finished"
    CANCELLED = "cancelled"


_NEXT: Mapping[State, Mapping[EventKind, State]] = {
    State.DRAFT: {
        EventKind.CHANGED: State.DRAFT,
        EventKind.STARTED: State.RUNNING,
        EventKind.CANCELLED: State.CANCELLED,
    },
    State.RUNNING: {
        EventKind.EXPANDED: State.RUNNING,
        EventKind.RESENT: State.RUNNING,
        EventKind.FINISHED: State.FINISHED,
        EventKind.CANCELLED: State.CANCELLED,
    },
    State.FINISHED: {EventKind.RESENT: State.RUNNING},
    State.CANCELLED: {},
}
"""Approval, scheduling and pausing will be further rows of this table (domain.md 5.2)."""


@dataclass(frozen=True, slots=True)
class Content:
    """What the owner decides. It goes to a team, or to the people of a conversation, or with
    neither to everybody; the days are each person's own."""

    title: str
    body: str
    team: str | None
    first_day: date
    last_day: date
    conversation: str | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """One message to many. `version` is what was read; saving another one is a `Conflict`.

    `edition` counts the changes of its content, so that a button under an older one is
    recognised. `bookmark` is the last person who was reached by the expansion and `people`
    how many were, by order of their ids.
    """

    id: CampaignId
    workspace: WorkspaceId
    owner: PersonId
    title: str
    body: str
    first_day: date
    last_day: date
    created_at: datetime
    changed_at: datetime
    team: str | None = None
    conversation: str | None = None
    state: State = State.DRAFT
    edition: int = 1
    started_at: datetime | None = None
    ended_at: datetime | None = None
    expanded: bool = False
    bookmark: PersonId | None = None
    people: int = 0
    version: int = 0

    @property
    def source(self) -> str:
        """What its letters name as their source."""
        return f"campaign:{self.id}"

    @property
    def content(self) -> Content:
        return Content(
            self.title, self.body, self.team, self.first_day, self.last_day, self.conversation
        )


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a campaign. `actor` is None for the clock."""

    campaign: CampaignId
    kind: EventKind
    at: datetime
    actor: PersonId | None = None
    data: Args = field(default_factory=dict)


def can(campaign: Campaign, kind: EventKind) -> bool:
    """Whether `kind` may happen to the campaign in its present state."""
    return kind in _NEXT[campaign.state]


def apply(campaign: Campaign, event: Event) -> Campaign:
    """The campaign after the event.

    Raises:
        Conflict: the campaign's state does not allow the event (any more).
    """
    state = _NEXT[campaign.state].get(event.kind)
    if state is None:
        raise Conflict(f"This campaign is {STATES[campaign.state]} already.")
    after = replace(campaign, state=state, changed_at=event.at)
    match event.kind:
        case EventKind.CHANGED:
            return replace(
                with_content(after, content_of(event.data)), edition=campaign.edition + 1
            )
        case EventKind.STARTED:
            return replace(after, started_at=event.at)
        case EventKind.EXPANDED:
            return replace(after, expanded=True)
        case EventKind.FINISHED | EventKind.CANCELLED:
            return replace(after, ended_at=event.at)
        case EventKind.RESENT:
            return replace(after, ended_at=None)
        case EventKind.DRAFTED:
            # The first event of all, which no state allows: `fold` begins with it.
            raise AssertionError


STATES = {
    State.DRAFT: "a draft",
    State.RUNNING: "running",
    State.FINISHED: "finished",
    State.CANCELLED: "cancelled",
}
"""Each state in the words of a sentence."""


def with_content(campaign: Campaign, content: Content) -> Campaign:
    return replace(
        campaign,
        title=content.title,
        body=content.body,
        team=content.team,
        conversation=content.conversation,
        first_day=content.first_day,
        last_day=content.last_day,
    )


def data_of(content: Content) -> Args:
    """The content as an event keeps it."""
    return {
        "title": content.title,
        "body": content.body,
        "team": content.team,
        "conversation": content.conversation,
        "first_day": content.first_day.isoformat(),
        "last_day": content.last_day.isoformat(),
    }


def content_of(data: Args) -> Content:
    """The content that `data_of` made these of, in whatever version."""
    team, conversation = data["team"], data.get("conversation")
    return Content(
        title=str(data["title"]),
        body=str(data["body"]),
        team=None if team is None else str(team),
        first_day=date.fromisoformat(str(data["first_day"])),
        last_day=date.fromisoformat(str(data["last_day"])),
        conversation=None if conversation is None else str(conversation),
    )


def fold(campaign: Campaign, events: Iterable[Event]) -> Campaign:
    """Replay: the campaign as its events left it, from its draft on.

    How far its expansion has come is no event, and stays as it is.
    """
    replayed = replace(
        campaign,
        state=State.DRAFT,
        edition=1,
        started_at=None,
        ended_at=None,
        expanded=False,
        changed_at=campaign.created_at,
    )
    for event in events:
        if event.kind is EventKind.DRAFTED:
            replayed = with_content(replayed, content_of(event.data))
        else:
            replayed = apply(replayed, event)
    return replayed


def letter_key(campaign: Campaign, person: PersonId) -> str:
    """What the person's letter is known by; nobody has two of one campaign."""
    return f"{campaign.source}:{person}"


@dataclass(frozen=True, slots=True)
class Outlook:
    """The forecast while people are looked at one chunk after another: how many get it on
    which day, and how many not for which reason. Too detailed to be shown as it is."""

    days: Mapping[date, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def people(self) -> int:
        return sum(self.days.values()) + sum(self.reasons.values())

    @property
    def reached(self) -> int:
        return sum(self.days.values())


def look_on(outlook: Outlook, groups: Iterable[Group]) -> Outlook:
    """The outlook with these people as well."""
    days, reasons = Counter(outlook.days), Counter(outlook.reasons)
    for group in groups:
        if group.day is None:
            reasons[group.why or ""] += group.people
        else:
            days[group.day] += group.people
    return Outlook(dict(days), dict(reasons))


def told(outlook: Outlook) -> Forecast:
    """What of the outlook may be shown."""
    nobody = PersonId("")
    return sum_up(
        chain(
            *(repeat(Booking("", nobody, day=day), n) for day, n in outlook.days.items()),
            *(repeat(Booking("", nobody, why=why), n) for why, n in outlook.reasons.items()),
        )
    )


def args_of(outlook: Outlook) -> Args:
    """The outlook as a timer keeps it."""
    args: Args = _OUTLOOK.dump_python(outlook, mode="json")
    return args


def outlook_of(args: Mapping[str, object]) -> Outlook:
    """The outlook that `args_of` made these of."""
    return _OUTLOOK.validate_python(args)


def data_of_account(account: Account) -> Args:
    """The account as an event keeps it."""
    data: Args = _ACCOUNT.dump_python(account, mode="json")
    return data


def account_of(data: Mapping[str, object]) -> Account:
    """The account that `data_of_account` made these of."""
    return _ACCOUNT.validate_python(data)


_OUTLOOK = TypeAdapter(Outlook)
_ACCOUNT = TypeAdapter(Account)
