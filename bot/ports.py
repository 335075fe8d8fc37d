"""What the core needs from storage and from platforms.

`Work` is one open transaction. It has no commit: `App` opens and ends it. A
capability asks for more by extending it (`bot/capabilities/<each>/ports.py`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Protocol, TypeVar

from bot.attention import AttentionStore
from bot.claim import Claim, Recovered, Written
from bot.happenings import Happening
from bot.ids import PersonId, WorkspaceId
from bot.message import Args
from bot.outbox import (
    Delivered,
    Delivery,
    Latest,
    Letter,
    LetterState,
    Outcome,
    Promised,
    Sent,
    Settlement,
)
from bot.people import Person, Role, RoleChange, Workspace
from bot.rate import Limits
from bot.reply import Reply, Showing
from bot.slot import Slot
from bot.truth import Tally, Unreached


@dataclass(frozen=True, slots=True)
class Timer:
    """Something to do later: `action` is `capability.verb`. Setting a key again moves it."""

    key: str
    due_at: datetime
    action: str
    args: Args = field(default_factory=dict)
    attempts: int = 0


class Inbox(Protocol):
    def begin(self, platform: str, event_id: str, at: datetime) -> Reply | None:
        """Take an event on. None when it is new; else the reply that was given to it."""

    def finish(self, platform: str, event_id: str, reply: Reply) -> None:
        """Keep the reply, so that a second delivery of the event gets the same."""

    def begin_showing(
        self, platform: str, event_id: str, now: datetime, until: datetime
    ) -> Showing:
        """Take it on to show the reply to an event until a moment. Not ours to show is what
        was shown, and what somebody else took on and has time for yet."""

    def end_showing(self, platform: str, event_id: str) -> None:
        """The reply was shown, or need not be any more."""

    def give_back_showing(
        self, platform: str, event_id: str, now: datetime, until: datetime
    ) -> None:
        """What was taken on until that moment was certainly not shown; whoever asks next may."""


class Outbox(Protocol):
    def post(self, workspace: WorkspaceId, letter: Letter) -> None:
        """Promise a letter. A key that was promised before changes nothing."""

    def post_all(self, workspace: WorkspaceId, letters: Sequence[Letter]) -> None:
        """Promise many letters, as `post` does one by one but faster."""

    def suppress_all(
        self, workspace: WorkspaceId, letters: Sequence[tuple[Letter, str]], now: datetime
    ) -> None:
        """Keep that letters were meant to be sent and why they are not."""

    def promised(self, workspace: WorkspaceId, keys: Sequence[str]) -> Mapping[str, Promised]:
        """What has become of the letters under these keys; unknown keys are left out."""

    def cancel(self, workspace: WorkspaceId, key: str) -> bool:
        """Take back a letter that has not begun. False when it is too late or unknown.

        What is on the wire may arrive, but is not sent again should it come back.
        """

    def put_off(
        self, person: Person, kinds: Collection[str], due_at: datetime, now: datetime
    ) -> None:
        """Letters of these kinds that wait for an hour of the person wait for this one instead,
        be it sooner or later. What is booked stays where it is."""

    def latest(self, person: Person, kind: str) -> Latest | None:
        """The person's letter of this kind that is due last, of those that wait or have gone;
        no edits, and none that is booked. One that waits is not begun before the end of the
        transaction."""

    def waits_with(self, workspace: WorkspaceId, key: str) -> Sequence[str]:
        """The key of the letter that tells what was promised under this key, and those of the
        edits that it carries, as long as it waits; it is not begun before the end of the
        transaction. Empty where it has begun, is settled or was never promised."""

    def take_back(self, person: Person, kinds: Collection[str]) -> None:
        """Letters of these kinds to the person that have not begun are not sent."""

    def find(self, workspace: WorkspaceId, conversation: str, external: str) -> Delivered | None:
        """The letter that stands at an address, or the message that `follow` named."""

    def follow(self, workspace: WorkspaceId, conversation: str, external: str, about: str) -> None:
        """Hear the thread under somebody's message: it is about `about` from now on."""

    def state(self, workspace: WorkspaceId, key: str) -> LetterState | None:
        """What has become of a letter; None when it was never promised."""

    def forget(self, workspace: WorkspaceId, keys: Sequence[str]) -> None:
        """What the letters under these keys said, and all edits of them, is kept no longer,
        where they are settled."""


class Timers(Protocol):
    def set(self, timer: Timer) -> None: ...

    def cancel(self, key: str) -> None: ...

    def take(self, timer: Timer) -> bool:
        """Remove the timer, unless it was moved, cancelled or taken meanwhile (False)."""

    def due(self, now: datetime, limit: int) -> Sequence[Timer]:
        """Timers whose time has come, earliest first."""

    def next_due(self) -> datetime | None: ...


class PeopleStore(Protocol):
    def workspace(self, platform: str, external: str) -> Workspace | None: ...

    def workspaces(self) -> Sequence[Workspace]: ...

    def add_workspace(self, workspace: Workspace) -> None: ...

    def set_country(self, workspace: WorkspaceId, country: str | None) -> None:
        """Whose public holidays are days off in the workspace, but for people with their own."""

    def find(
        self, platform: str, external: str, address: str
    ) -> tuple[Workspace | None, Person | None]:
        """`workspace` and `by_address` at once, as whatever comes in needs them."""

    def get(self, person: PersonId) -> Person | None: ...

    def by_address(self, workspace: WorkspaceId, address: str) -> Person | None: ...

    def several(self, wanted: Iterable[PersonId]) -> Sequence[Person]:
        """Those of the people who are known, active or not, in no certain order."""

    def everybody(self, workspace: WorkspaceId) -> Sequence[Person]:
        """All active people of a workspace, by name."""

    def page(
        self,
        workspace: WorkspaceId,
        after: PersonId | None,
        limit: int,
        team: str | None = None,
    ) -> Sequence[Person]:
        """The next active people by id from after `after` on; of one team, where it is named."""

    def teams(self, workspace: WorkspaceId) -> Sequence[str]:
        """The teams of active people, by name."""

    def holders(
        self, workspace: WorkspaceId, role: Role, *, changing: bool = False
    ) -> Sequence[Person]:
        """The active people who have the role, by name. `changing`: nobody else changes any of
        them until the end of the transaction, so that there is time to count them."""

    def note_role(self, change: RoleChange) -> None:
        """Keep that somebody's roles have changed. Nothing of it is ever changed or deleted."""

    def role_changes(
        self,
        workspace: WorkspaceId,
        limit: int,
        person: PersonId | None = None,
        skipped: int = 0,
    ) -> Sequence[RoleChange]:
        """The latest changes of roles behind those `skipped`, newest first; those of one person
        alone, if named."""

    def save(self, person: Person) -> None:
        """Insert or replace; the person's slots are looked at anew (see `bot.slot`)."""

    def describe(self, person: Person) -> None:
        """Keep name, zone and whether the person is active, and nothing else of the value;
        their slots are looked at anew (see `bot.slot`)."""

    def place(self, people: Sequence[Person]) -> None:
        """Keep team, site and manager of these, and nothing else of the values."""

    def days_off(
        self, workspace: WorkspaceId, person: PersonId | None = None
    ) -> Sequence[tuple[date, str]]:
        """The organisation's own days (`person` None) or a person's own, earliest first."""

    def add_day_off(
        self, workspace: WorkspaceId, day: date, name: str, person: PersonId | None = None
    ) -> None:
        """A day off of the organisation's (`person` None) or a person's; again renames it."""

    def remove_day_off(
        self, workspace: WorkspaceId, day: date, person: PersonId | None = None
    ) -> bool:
        """Whether there was such a day."""


class Slots(Protocol):
    """Recurring hours; see `bot.slot`."""

    def of(self, person: PersonId) -> Sequence[Slot]:
        """The person's slots, by kind."""

    def save(self, slot: Slot) -> None:
        """Insert or replace."""

    def set_hour(self, person: PersonId, at: time) -> None:
        """All that comes to the person comes at that local time from now on."""

    def remove(self, person: PersonId, kind: str) -> None:
        """Nothing of that kind comes to the person any more."""

    def are_due(self, kind: str, now: datetime) -> bool:
        """Whether any slot of the kind is to be looked at."""

    def take_due(self, kind: str, now: datetime, limit: int) -> Sequence[Slot]:
        """Slots to be looked at, longest due first; ours until the end of the transaction.

        Those that another transaction has taken are passed over.
        """

    def of_kinds(
        self, kinds: Sequence[str], people: Sequence[PersonId]
    ) -> Mapping[PersonId, Sequence[Slot]]:
        """The slots of these kinds and people; those without any are left out."""

    def move(self, moved: Sequence[Slot]) -> None:
        """Keep when slots that were taken come next, and what they brought last."""

    def next_due(self, kind: str) -> datetime | None:
        """When the earliest slot of the kind is to be looked at, aware UTC."""


class Relay(Protocol):
    """Who stands behind an anonymous subject. Kept apart, encrypted with its own key."""

    def seal(self, subject: str, person: PersonId) -> None: ...

    def open(self, subject: str) -> PersonId | None:
        """None when the subject was never sealed or has been forgotten."""

    def behind(self, person: PersonId, subjects: Sequence[str]) -> frozenset[str]:
        """Those of the subjects that open to the person. None of the others is told of."""

    def forget(self, subject: str) -> None: ...


class Truth(Protocol):
    """What became of letters (see `bot.truth`), by what sent them: `campaign:ID`."""

    def counts(self, workspace: WorkspaceId, source: str) -> Sequence[Tally]:
        """The letters of a source by state and reason.

        One that is sent again counts as it was before until it is delivered, or fails again.
        """

    def unreached(
        self, workspace: WorkspaceId, source: str, after: int, limit: int
    ) -> Sequence[Unreached]:
        """Whose letter of the source failed or did not reach them, by the letter's id.

        Who is sent it again stays here until it is delivered.
        """

    def reopenable(self, workspace: WorkspaceId, source: str) -> Mapping[LetterState, int]:
        """How many of `unreached` are still here, by state; states without any are left out."""

    def is_trying(self, workspace: WorkspaceId, source: str) -> bool:
        """Whether anybody of `unreached` was to be sent it again."""

    def newest(self, workspace: WorkspaceId, source: str) -> int:
        """The id of the source's newest letter; 0 without any."""

    def waiting(
        self,
        workspace: WorkspaceId,
        source: str,
        upto: datetime,
        after: PersonId | None,
        limit: int,
    ) -> Sequence[PersonId]:
        """Whose letter of the source has not begun and is due by then; the next ones by id."""

    def waits_until(self, workspace: WorkspaceId, source: str) -> datetime | None:
        """When the last letter of the source that waits will have been sent or be too late."""

    def cancel(self, workspace: WorkspaceId, source: str) -> int:
        """Take back every letter of the source that has not begun; says how many.

        What is on the wire may arrive, but is not sent again should it come back.
        """

    def hold(
        self, workspace: WorkspaceId, sources: Collection[str], why: str, now: datetime
    ) -> int:
        """Take back, until `release`, every letter of these sources that has not begun; says how
        many. They count as suppressed for that reason.

        No lane begins one of them after this transaction. What is on the wire may arrive, but is
        not sent again should it come back.
        """

    def cancel_held(self, workspace: WorkspaceId, source: str, why: str, since: datetime) -> int:
        """Take back for good, as `cancel` does, what `hold` has taken back for that reason at
        that moment or later."""

    def release(self, workspace: WorkspaceId, source: str, why: str) -> int:
        """Forget the letters of a source that are held back for that reason, so that they can be
        promised anew; how many."""

    def withdraw(self, workspace: WorkspaceId, source: str, people: Sequence[PersonId]) -> int:
        """Take back, as `cancel` does, what of the source is for these people."""

    def forget_withdrawn(
        self, workspace: WorkspaceId, source: str, people: Sequence[PersonId]
    ) -> None:
        """Forget what was taken back of these people's, so that it can be promised anew."""

    def reopen(
        self,
        workspace: WorkspaceId,
        source: str,
        states: Collection[LetterState],
        upto: int,
        limit: int,
    ) -> Sequence[PersonId]:
        """Let failed or unreachable letters to people who are still here, and with ids up to
        `upto`, be promised again under the same key; whose they were.

        Those that wait because they were reopened before are left; those that were reopened
        and then refused are among them. Nobody has two letters of one source.

        Raises:
            ValueError: letters in one of the states are never sent again.
        """


class HappeningLog(Protocol):
    def note(self, happening: Happening) -> None: ...


class Work(Protocol):
    """One open transaction."""

    @property
    def inbox(self) -> Inbox: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def attention(self) -> AttentionStore: ...

    @property
    def timers(self) -> Timers: ...

    @property
    def people(self) -> PeopleStore: ...

    @property
    def slots(self) -> Slots: ...

    @property
    def relay(self) -> Relay: ...

    @property
    def happenings(self) -> HappeningLog: ...

    @property
    def truth(self) -> Truth: ...


W_co = TypeVar("W_co", bound=Work, covariant=True)


class Database(Protocol[W_co]):
    def transaction(self) -> AbstractContextManager[W_co]:
        """Begin to write; commit at the end of the block, roll back on any exception.

        Raises:
            Unavailable: the store is locked or out of reach; nothing was changed.
        """


class LaneStore(Protocol):
    """The outbox as a lane sees it. Each call is a transaction of its own.

    States: pending -> leased -> sending -> sent | failed | ambiguous (delivery.md 1.3).
    Any call raises `Unavailable` or `Conflict` as `Database.transaction` does.
    """

    def lanes_with_work(self, now: datetime) -> Sequence[WorkspaceId]:
        """Workspaces with letters to claim, recover or reconcile; none that is paused."""

    def claim(
        self,
        lane: WorkspaceId,
        now: datetime,
        limit: int,
        lease: timedelta,
        limits: Limits,
        slotless: int,
    ) -> Claim:
        """Lease at most `limit` due letters, most urgent first, and reserve their slots, and
        those of `slotless` letters that the caller holds already.

        Expired letters fail on the way. An edit is claimed only when the letter it edits
        has been sent.
        """

    def write(
        self,
        sending: Sequence[int],
        settlements: Sequence[Settlement],
        now: datetime,
        lease: timedelta,
    ) -> Written:
        """The write-ahead marks of some letters, whose lease begins anew, and what became of
        others. A letter that is not ours any more is left alone. Nobody's lock is waited for."""

    def pause(self, lane: WorkspaceId, now: datetime, limits: Limits, after: timedelta) -> None:
        """Let the whole lane rest for `after`, because the platform refused for the rate."""

    def recover(
        self, lane: WorkspaceId, now: datetime, *, limit: int, held: Collection[int]
    ) -> Recovered:
        """Give back leases that ran out, and take over the letters nobody can speak for
        (sending with an expired lease, or ambiguous for long enough), to be reconciled.

        What the caller still holds is left out.
        """


class Platform(Protocol):
    """One place the bot can speak."""

    @property
    def name(self) -> str: ...

    @property
    def limits(self) -> Limits:
        """How fast a lane of this platform may go."""

    @property
    def reads_back(self) -> bool:
        """Whether `find_delivered` can be believed. False: nobody can say what arrived."""

    async def deliver(self, delivery: Delivery) -> Outcome: ...

    async def find_delivered(self, delivery: Delivery) -> Sent | None:
        """Where the message that carries the delivery's key stands, if it was delivered.

        Any exception says that nobody could tell just now.
        """
