"""Letters: messages we promised to deliver, and what became of them.

A letter is a row written in the transaction of the thing it tells about. A lane
carries it later (`bot.lanes`). Its key says what it is for
(`question:42:offer:bo:1`): posting the same key again does nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import AwareDatetime, Field

from bot.ids import PersonId, WorkspaceId
from bot.message import Message, Value


class Priority(IntEnum):
    """What goes first when a lane is short of slots: the lower number."""

    ANSWER = 0
    OFFER = 10
    DEADLINE = 20
    CAMPAIGN = 30
    TIP = 40
    PROMPT = 50


class LetterState(StrEnum):
    """What has become of a letter.

    pending -> leased -> sending -> sent | failed | unreachable | ambiguous;
    ambiguous -> sent | pending | unknown; pending -> cancelled | suppressed | failed.
    """

    PENDING = "pending"
    LEASED = "leased"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    AMBIGUOUS = "ambiguous"
    CANCELLED = "cancelled"
    UNREACHABLE = "unreachable"
    """The platform knows no way to this person: the bot is blocked, or not installed."""
    SUPPRESSED = "suppressed"
    """Not sent, for the sake of the person's attention; `why` says what stood in the way."""
    UNKNOWN = "unknown"
    """Perhaps delivered: the platform cannot be asked, and the kind is sent at most once."""


class ToPerson(Value):
    """A direct message."""

    kind: Literal["person"] = "person"
    person: PersonId


class ToRelay(Value):
    """A direct message to the person whom only the relay knows (see `bot.ports.Relay`)."""

    kind: Literal["relay"] = "relay"
    subject: str


class ToPlace(Value):
    """A conversation, in a thread of it where one is given."""

    kind: Literal["place"] = "place"
    conversation: str
    thread: str | None = None


To: TypeAlias = Annotated[ToPerson | ToRelay | ToPlace, Field(discriminator="kind")]


class Letter(Value):
    """`due_at` None is at once. `edits` is the key of a letter whose message this one
    replaces: while that letter still waits, its message is replaced before it is sent.
    `about` (`question:ID`) is what an answer in the letter's thread will be about; an
    edit that has one changes it, if the letter has not begun.
    `source` (`campaign:ID`) is what sent it, by which delivery truth is counted. `day` is
    the person's local day on whose attention it draws (see `bot.attention`); None for
    what the person asked for. `good_until` is how long such a letter may still be moved to
    another day; `because` is one sentence for who asks why they get this.
    """

    key: str = Field(min_length=1, max_length=200)
    to: To
    message: Message
    kind: str = Field(max_length=40)
    priority: Priority
    due_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    about: str | None = Field(default=None, max_length=100)
    edits: str | None = Field(default=None, max_length=200)
    source: str | None = Field(default=None, max_length=100)
    day: date | None = None
    good_until: AwareDatetime | None = None
    because: str | None = Field(default=None, max_length=300)


@dataclass(frozen=True, slots=True)
class Latest:
    """The last of somebody's letters of one kind, as far as it waits or has gone."""

    key: str
    state: LetterState
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed letter, ready for a platform.

    `address` is a person's address when `direct`, else a conversation's. `edits` is
    the platform's own id of the message to replace, with `conversation` its place.
    `began_at`, aware, is when the last attempt began: what arrived did so after it. None
    says nothing about that, for the letter may be from a restored backup.
    """

    id: int
    key: str
    workspace: WorkspaceId
    address: str
    direct: bool
    message: Message
    kind: str
    priority: Priority
    thread: str | None = None
    edits: str | None = None
    conversation: str | None = None
    attempts: int = 0
    began_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """Delivered. `external` is the platform's id of the message within `conversation`."""

    external: str
    conversation: str


@dataclass(frozen=True, slots=True)
class TryLater:
    """Not delivered, for certain; may be after `after`."""

    after: timedelta
    why: str


@dataclass(frozen=True, slots=True)
class Never:
    """Not delivered, and no retry will change that.

    `unreachable`: it is the person who cannot be reached (bot blocked, app missing), not
    the letter that is wrong.
    """

    why: str
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Limited:
    """Refused for the rate (429): the whole lane pauses for `after`."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Nobody can say whether it was delivered: reconcile before any resend."""

    why: str


Outcome: TypeAlias = Sent | TryLater | Limited | Never | Ambiguous


def may_repeat(priority: Priority) -> bool:
    """Whether a letter that may have arrived is sent again where nobody can look it up.

    Answers, offers and deadlines are delivered at least once, chatter at most once
    (domain.md 5.4).
    """
    return priority <= Priority.DEADLINE


@dataclass(frozen=True, slots=True)
class Unsent:
    """Never begun: the letter goes back as it was."""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Perhaps delivered. Nobody can be asked, and it is not to be sent twice."""

    why: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """What becomes of one letter in our hands. `after` is for how long nobody looks an
    ambiguous one up."""

    id: int
    outcome: Outcome | Unsent | Doubtful
    after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A letter that stands in a conversation, found by its message's address.

    What `Outbox.follow` named has no kind.
    """

    key: str
    about: str | None
    kind: str | None = None
    source: str | None = None
    day: date | None = None
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Promised:
    """What has become of a letter under its key."""

    state: LetterState
    day: date | None
    due_at: datetime
    why: str | None
