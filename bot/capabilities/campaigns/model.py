"""Values and rules of a campaign: where it stands, and what may follow what.

A campaign's state is the fold of its events: one function applies an event, for the
handler and for the replay. What may follow what is one table (domain.md 5.2).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import TypeAdapter

from bot.access import K_ANONYMOUS
from bot.capabilities.campaigns.allocation import Allocation, allocation_of
from bot.capabilities.campaigns.content import ONE_MESSAGE, Content, content_of, digest_of
from bot.errors import Conflict
from bot.ids import CampaignId, PersonId, WorkspaceId
from bot.message import Args
from bot.truth import Account

MIN_AUDIENCE = K_ANONYMOUS
"""To fewer people no campaign goes: what is said about all would be said about each."""
LONGEST = timedelta(days=31)
"""From the first day of one message to the last."""
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
    """A draft is seen by its owner only, and in review by those who approve too. Running: what
    it consists of goes out, each thing on its day. Finished: of every letter it is known what
    became of it."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    REPORTED = "reported"
    CANCELLED = "cancelled"


class EventKind(StrEnum):
    DRAFTED = "drafted"
    """It begins; `data` is its content, as of `changed`."""
    CHANGED = "changed"
    """Another content. Whatever was said of the one before counts no more."""
    SUBMITTED = "submitted"
    """The draft, or while it runs the amendment, is to be approved."""
    REHEARSED = "rehearsed"
    """It was gone through as it was submitted; `data` is the `Rehearsal`. Now it is put before
    those who approve."""
    APPROVED = "approved"
    """By one person; `data` has the `digest` of what they saw, and whether it was the last
    approval that was missing (`is_last`)."""
    REJECTED = "rejected"
    SCHEDULED = "scheduled"
    """It starts by itself; `data` is the `allocation`, drawn and frozen."""
    STARTED = "started"
    EXPANDED = "expanded"
    """Every person of the audience has got a letter, or a reason for none."""
    SKIPPED = "skipped"
    """An activity was left out; `data` says which, and why."""
    PAUSED = "paused"
    RESUMED = "resumed"
    AMENDED = "amended"
    """Another content for what has not begun yet is proposed. It counts when it is approved."""
    TAKEN_OVER = "taken_over"
    """Somebody else runs it from now on, whose owner does not any more."""
    RESENT = "resent"
    FINISHED = "finished"
    REPORTED = "reported"
    CANCELLED = "cancelled"


_UNDER_WAY = {
    EventKind.AMENDED: None,
    EventKind.SUBMITTED: None,
    EventKind.REHEARSED: None,
    EventKind.APPROVED: None,
    EventKind.REJECTED: None,
    EventKind.CANCELLED: State.CANCELLED,
    EventKind.TAKEN_OVER: None,
}
_NEXT: Mapping[State, Mapping[EventKind, State | None]] = {
    State.DRAFT: {
        EventKind.CHANGED: State.DRAFT,
        EventKind.SUBMITTED: State.IN_REVIEW,
        EventKind.STARTED: State.RUNNING,
        EventKind.CANCELLED: State.CANCELLED,
    },
    State.IN_REVIEW: {
        EventKind.CHANGED: State.DRAFT,
        EventKind.REHEARSED: None,
        EventKind.APPROVED: State.APPROVED,
        EventKind.REJECTED: State.DRAFT,
        EventKind.CANCELLED: State.CANCELLED,
        EventKind.TAKEN_OVER: None,
    },
    State.APPROVED: {
        EventKind.CHANGED: State.DRAFT,
        EventKind.SCHEDULED: State.SCHEDULED,
        EventKind.CANCELLED: State.CANCELLED,
        EventKind.TAKEN_OVER: None,
    },
    State.SCHEDULED: {
        EventKind.CHANGED: State.DRAFT,
        EventKind.STARTED: State.RUNNING,
        EventKind.CANCELLED: State.CANCELLED,
        EventKind.TAKEN_OVER: None,
    },
    State.RUNNING: {
        **_UNDER_WAY,
        EventKind.EXPANDED: State.RUNNING,
        EventKind.SKIPPED: State.RUNNING,
        EventKind.RESENT: State.RUNNING,
        EventKind.PAUSED: State.PAUSED,
        EventKind.FINISHED: State.FINISHED,
    },
    State.PAUSED: {**_UNDER_WAY, EventKind.RESUMED: State.RUNNING},
    State.FINISHED: {EventKind.RESENT: State.RUNNING, EventKind.REPORTED: State.REPORTED},
    State.REPORTED: {},
    State.CANCELLED: {},
}
"""What may happen in a state, and to which it leads; None: it stays.

Some rows depend on more than the state. Only one message may be started from a draft
(`Content.is_one_message`), an approval that is not the last leaves it in review, and while it
runs only an amendment is submitted, gone through and decided about.
"""


@dataclass(frozen=True, slots=True)
class Pause:
    """From when until when nothing was sent; `until` None is still."""

    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the dry run of a content told, which `digest` names: its main figures, each with what
    it is of. Nothing else is put before those who approve."""

    digest: str
    told: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Campaign:
    """A row of activities for many. `version` is what was read; saving another one is a
    `Conflict`.

    `edition` counts the changes of its content, so that a button under an older one is
    recognised. `people` is how many have been handed a letter so far, all activities together.
    """

    id: CampaignId
    workspace: WorkspaceId
    owner: PersonId
    content: Content
    created_at: datetime
    changed_at: datetime
    state: State = State.DRAFT
    edition: int = 1
    started_at: datetime | None = None
    ended_at: datetime | None = None
    approved_by: tuple[PersonId, ...] = ()
    """Who has approved what is to be approved now: the content, or else the amendment."""
    amendment: Content | None = None
    """What the owner would have instead, while it runs."""
    submitted: bool = False
    """Whether the amendment is to be approved; until then it is its owner's alone."""
    rehearsal: Rehearsal | None = None
    """What the last thing to be approved would do."""
    allocation: Allocation | None = None
    pauses: tuple[Pause, ...] = ()
    expanded: bool = False
    people: int = 0
    version: int = 0

    @property
    def source(self) -> str:
        """What its letters name as their source, or that begins with it (`source_of`)."""
        return f"campaign:{self.id}"

    @property
    def title(self) -> str:
        return self.content.title

    @property
    def team(self) -> str | None:
        return self.content.team

    @property
    def conversation(self) -> str | None:
        return self.content.conversation

    @property
    def first_day(self) -> date:
        return self.content.first_day

    @property
    def last_day(self) -> date:
        return self.content.last_day

    @property
    def proposed(self) -> Content:
        """What is to be approved, or was."""
        return self.amendment or self.content

    @property
    def is_submitted(self) -> bool:
        """Whether what is proposed is to be approved."""
        return self.state is State.IN_REVIEW or (self.amendment is not None and self.submitted)

    @property
    def is_put_forward(self) -> bool:
        """Whether it is, and was gone through, so that it can be."""
        told = self.rehearsal
        return self.is_submitted and told is not None and told.digest == digest_of(self.proposed)


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
    if kind is EventKind.STARTED and campaign.state is State.DRAFT:
        return campaign.content.is_one_message
    if kind not in _NEXT[campaign.state]:
        return False
    if kind is EventKind.SUBMITTED and campaign.state is not State.DRAFT:
        return campaign.amendment is not None and not campaign.submitted
    if kind in {EventKind.REHEARSED, EventKind.APPROVED}:
        return campaign.is_submitted
    if kind is EventKind.REJECTED and campaign.state is not State.IN_REVIEW:
        return campaign.amendment is not None
    return True


def apply(campaign: Campaign, event: Event) -> Campaign:
    """The campaign after the event.

    Raises:
        Conflict: the campaign's state does not allow the event (any more), or what was approved
            is not what stands there now.
    """
    if not can(campaign, event.kind):
        raise Conflict(f"This campaign is {STATES[campaign.state]} already.")
    state = _NEXT[campaign.state][event.kind] or campaign.state
    after = replace(campaign, state=state, changed_at=event.at)
    match event.kind:
        case EventKind.CHANGED:
            content = content_of(event.data)
            return replace(
                after,
                content=content,
                edition=campaign.edition + 1,
                approved_by=(),
                allocation=None,
            )
        case EventKind.SUBMITTED:
            is_amendment = campaign.amendment is not None
            return replace(after, approved_by=(), submitted=is_amendment, rehearsal=None)
        case EventKind.REHEARSED:
            return replace(after, rehearsal=rehearsal_of(event.data))
        case EventKind.APPROVED:
            return _approved(campaign, after, event)
        case EventKind.REJECTED:
            return replace(after, approved_by=(), amendment=None, submitted=False)
        case EventKind.AMENDED:
            amendment = content_of(event.data)
            return replace(after, amendment=amendment, approved_by=(), submitted=False)
        case EventKind.SCHEDULED:
            return replace(after, allocation=allocation_of(event.data["allocation"]))
        case EventKind.STARTED:
            return replace(after, started_at=event.at)
        case EventKind.PAUSED:
            return replace(after, pauses=(*campaign.pauses, Pause(event.at)))
        case EventKind.RESUMED:
            last = replace(campaign.pauses[-1], until=event.at)
            # What was taken back is handed out anew.
            return replace(after, pauses=(*campaign.pauses[:-1], last), expanded=False)
        case EventKind.EXPANDED:
            return replace(after, expanded=True)
        case EventKind.SKIPPED:
            return after
        case EventKind.TAKEN_OVER:
            # What is being gone through for its former owner is submitted anew.
            is_unseen = campaign.is_submitted and not campaign.is_put_forward
            return replace(
                after,
                owner=event.actor or campaign.owner,
                state=State.DRAFT if is_unseen and state is State.IN_REVIEW else state,
                submitted=campaign.submitted and not is_unseen,
            )
        case EventKind.FINISHED | EventKind.CANCELLED:
            return replace(after, ended_at=event.at, amendment=None, submitted=False)
        case EventKind.RESENT:
            return replace(after, ended_at=None)
        case EventKind.REPORTED:
            return after
        case EventKind.DRAFTED:
            # The first event of all, which no state allows: `fold` begins with it.
            raise AssertionError


def _approved(before: Campaign, after: Campaign, event: Event) -> Campaign:
    if event.data.get("digest") != digest_of(before.proposed):
        raise Conflict(CHANGED_SINCE)
    by = tuple(dict.fromkeys((*before.approved_by, *([event.actor] if event.actor else []))))
    if not event.data.get("is_last"):
        return replace(after, state=before.state, approved_by=by)
    if before.amendment is None:
        return replace(after, approved_by=by)
    return replace(
        after,
        content=before.amendment,
        amendment=None,
        submitted=False,
        approved_by=by,
        edition=before.edition + 1,
        expanded=False,
    )


CHANGED_SINCE = "It was changed since you saw it. Please look at it again."
STATES = {
    State.DRAFT: "a draft",
    State.IN_REVIEW: "in review",
    State.APPROVED: "approved",
    State.SCHEDULED: "scheduled",
    State.RUNNING: "running",
    State.PAUSED: "paused",
    State.FINISHED: "finished",
    State.REPORTED: "reported",
    State.CANCELLED: "cancelled",
}
"""Each state in the words of a sentence."""


def fold(campaign: Campaign, events: Iterable[Event]) -> Campaign:
    """Replay: the campaign as its events left it, from its draft on.

    How many people have been handed a letter is no event, and stays as it is.
    """
    replayed = replace(
        campaign,
        state=State.DRAFT,
        edition=1,
        started_at=None,
        ended_at=None,
        expanded=False,
        changed_at=campaign.created_at,
        approved_by=(),
        amendment=None,
        submitted=False,
        rehearsal=None,
        allocation=None,
        pauses=(),
    )
    for event in events:
        if event.kind is EventKind.DRAFTED:
            replayed = replace(replayed, content=content_of(event.data))
        else:
            replayed = apply(replayed, event)
    return replayed


def source_of(campaign: Campaign, activity: str) -> str:
    """What the letters of an activity name as their source."""
    return campaign.source if activity == ONE_MESSAGE else f"{campaign.source}:{activity}"


def letter_key(campaign: Campaign, person: PersonId, activity: str = ONE_MESSAGE) -> str:
    """What the person's letter is known by; nobody has two of one activity."""
    return f"{source_of(campaign, activity)}:{person}"


class EnrolmentState(StrEnum):
    """Invited: asked whether they want it, and said nothing yet. Absent: is not in the audience
    at the moment, and goes on when they are again. Undecided: is not in it either, and had said
    nothing yet; who is again while others may begin is invited again. Ended: said stop or no, or
    has left. Completed: has the evidence that the campaign asks for."""

    INVITED = "invited"
    ACTIVE = "active"
    ABSENT = "absent"
    UNDECIDED = "undecided"
    ENDED = "ended"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One person in a campaign. `wave` is the day of the calendar from which their own days are
    counted; all with the same one are handled together. `cluster` is their team or site at the
    time, "" for none."""

    campaign: CampaignId
    person: PersonId
    cluster: str
    wave: date
    state: EnrolmentState = EnrolmentState.ACTIVE
    changed_at: datetime | None = None


class RunState(StrEnum):
    """Waiting: its day is still to come, wholly or for some. Running: its people are being
    handed their letters. Done: everybody has one, or a reason for none. Skipped: left out."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Run:
    """How far one activity has come among those of one wave. It is looked at when `due_at` has
    come; `bookmark` is the last person who was, in the order of ids, and `later` how many of
    this round have their day still to come."""

    campaign: CampaignId
    activity: str
    wave: date
    due_at: datetime
    state: RunState = RunState.WAITING
    bookmark: PersonId | None = None
    people: int = 0
    later: int = 0


def data_of_account(account: Account) -> Args:
    """The account as an event keeps it."""
    data: Args = _ACCOUNT.dump_python(account, mode="json")
    return data


def account_of(data: Mapping[str, object]) -> Account:
    """The account that `data_of_account` made these of."""
    return _ACCOUNT.validate_python(data)


def data_of_rehearsal(rehearsal: Rehearsal) -> Args:
    """The rehearsal as an event and a row keep it."""
    data: Args = _REHEARSAL.dump_python(rehearsal, mode="json")
    return data


def rehearsal_of(data: object) -> Rehearsal:
    """The rehearsal that `data_of_rehearsal` made these of."""
    return _REHEARSAL.validate_python(data)


_ACCOUNT = TypeAdapter(Account)
_REHEARSAL = TypeAdapter(Rehearsal)
