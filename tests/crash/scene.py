"""What a crash run is about: lanes, people, letters that wait and events that come in."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal, Self, TypeAlias

from sqlalchemy import Connection, select

from bot.attention import Wish
from bot.capabilities.campaigns.content import Activity, Content
from bot.capabilities.campaigns.model import Campaign, State, letter_key, source_of
from bot.capabilities.campaigns.step import set_timer
from bot.capabilities.questions.memory import Memory
from bot.capability import Capability, Order
from bot.context import Context
from bot.errors import Invalid
from bot.ids import CampaignId, PersonId, WorkspaceId
from bot.inbound import Command, Inbound, Ordered, Place, PlaceKind
from bot.lane import CATCH_UP
from bot.message import say
from bot.outbox import Letter, Priority, ToPerson, may_repeat
from bot.people import Person, Role, WorkingHours, Workspace, local
from bot.ports import Timer, Work
from bot.rate import Limits
from bot.reply import Reply
from bot.schedule import at_local
from bot.slot import EVERY_DAY, DueSlot, Slot
from storage.database import Database
from storage.tables import outbox
from storage.work import SqlWork
from tests.crash.judge import Row
from tests.crash.platform import limits_of
from tests.crash.terms import CONVERSATION, Fault, Profile, Terms

RELAY_KEY = "a key of the crash proof, of no use elsewhere"
EVENT = "promise"
TIP = "crash.daily"
HOUR = time(10)
CHUNK = 16
"""People in one transaction of planner and campaigns; a run has few people and many kills."""
EDIT_AFTER = timedelta(seconds=1)

Mode: TypeAlias = Literal["embedded", "scaled"]


@dataclass(frozen=True, slots=True)
class Scene:
    """All that makes a run what it is. Durations are in seconds."""

    seed: str = "0"
    profile: Profile = "slack"
    lanes: int = 2
    people: int = 40
    letters: int = 60
    """Letters that wait in the store at the start, spread over the lanes."""
    events: int = 40
    """Events that come in meanwhile. Each promises an answer and a tip."""
    tips: bool = False
    """Whether everybody's hour has come for a tip. Then nobody should send events: who has
    talked is left in peace for a while."""
    campaign: bool = False
    """Whether each lane has a campaign to everybody that begins just now. The same holds."""
    edits: bool = True
    """Whether every fourth event has its answer edited later."""
    per_second: float | None = 30.0
    """The rate the platform allows a lane, and the bot is told of. None is no limit, for
    conversations neither."""
    told: float = 1.0
    """What the bot is told of that rate, as a share of it."""
    burst: int = 8
    latency: tuple[float, float] = (0.01, 0.05)
    faults: dict[Fault, float] = field(default_factory=dict)
    refused: float = 0.0
    late: float = 1.2
    settle: float = 0.5
    """How long the platform's history takes to show a message."""
    history_latency: float = 0.0
    history_errors: float = 0.0
    """The share of look-ups that fail."""
    lag: float = 0.0
    """How long a crowded machine may take to write down what the platform has answered."""
    lease: float = 3.0
    timeout: float = 1.0
    reconcile_after: float = 2.5
    """How long the bot waits before it believes the history."""
    in_flight: int = 50
    ceiling: float | None = None
    """With it, `start_per_minute` is where a lane begins; the real rate is not told."""
    start_per_minute: float | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        read: dict[str, Any] = json.loads(text)
        return cls(**read | {"latency": tuple(read["latency"])})

    def terms(self) -> Terms:
        """The platform's side."""
        return Terms(
            seed=self.seed,
            profile=self.profile,
            per_second=self.per_second,
            burst=self.burst,
            conversation=[] if self.per_second is None else CONVERSATION[self.profile],
            latency=self.latency,
            faults=dict(self.faults),
            refused=self.refused,
            late=self.late,
            settle=self.settle,
            history_latency=self.history_latency,
            history_errors=self.history_errors,
        )

    @property
    def caught(self) -> int:
        """How many letters a kill can catch on the wire: what all lanes may begin within the
        longest latency, with the few that a lane may begin at once after a late start."""
        if self.per_second is None:
            return self.lanes * self.in_flight
        unsettled = self.latency[1] + self.lag
        return math.floor(self.lanes * (self.per_second * unsettled + CATCH_UP))

    def limits(self) -> Limits:
        """What the bot is told of them."""
        if self.per_second is None:
            return Limits(in_flight=self.in_flight)
        known: float | None = self.per_second * 60 * self.told
        if self.ceiling is not None:
            known = self.start_per_minute
        return limits_of(self.profile, known, ceiling=self.ceiling, in_flight=self.in_flight)


def lane_of(number: int) -> WorkspaceId:
    return WorkspaceId(f"w{number}")


def person_of(lane: int, number: int) -> PersonId:
    return PersonId(f"w{lane}p{number}")


def address_of(lane: int, number: int) -> str:
    return f"U{lane}x{number}"


def open_database(url: str) -> Database:
    return Database(url, relay_key=RELAY_KEY.encode(), memory=Memory())


def morning_zone(now: datetime) -> str:
    """A zone in which it is between ten and eleven in the morning."""
    ahead = (HOUR.hour - now.hour + 11) % 24 - 11
    # These names count west of Greenwich.
    return f"Etc/GMT{-ahead:+d}"


def prepare(database: Database, scene: Scene, now: datetime) -> set[str]:
    """Fill a fresh database; returns the things that are promised by that."""
    promised = set()
    for lane in range(scene.lanes):
        here = lane_of(lane)
        people = [
            Person(
                id=person_of(lane, number),
                workspace=here,
                address=address_of(lane, number),
                name=f"Person {number}",
                zone=morning_zone(now),
                hours=WorkingHours(EVERY_DAY),
            )
            for number in range(scene.people)
        ]
        letters = [
            make_letter(
                f"p{number}",
                people[number // scene.lanes % scene.people].id,
                # Of both kinds, those that may be repeated and those that may not, and neither
                # waits for the other: kills find both on the wire.
                Priority.TIP if lane % 2 else Priority.ANSWER,
            )
            for number in range(lane, scene.letters, scene.lanes)
        ]
        with database.transaction() as work:
            work.people.add_workspace(
                Workspace(id=here, platform=scene.profile, external=f"T{lane}", name=f"T{lane}")
            )
            for person in people:
                work.people.save(person)
            work.outbox.post_all(here, letters)
            promised |= {f"{here}/{letter.key}" for letter in letters}
            if scene.tips:
                promised |= {f"{here}/{key}" for key in prepare_tips(work, people, now)}
            if scene.campaign:
                promised |= {f"{here}/{key}" for key in prepare_campaign(work, people, now)}
    return promised


def prepare_tips(work: SqlWork, people: Sequence[Person], now: datetime) -> set[str]:
    """Everybody's slot was due at the beginning of this hour; the keys of what it brings."""
    keys = set()
    for person in people:
        day = local(person, now).date()
        due_at = at_local(day, HOUR, person.zone)
        slot = Slot(person.id, TIP, HOUR, EVERY_DAY, next_day=day, next_due_at=due_at)
        work.slots.save(slot)
        keys.add(DueSlot(person, slot, day, due_at, due_at).key)
    return keys


def prepare_campaign(work: SqlWork, people: Sequence[Person], now: datetime) -> set[str]:
    """A campaign that begins now, of one message to everybody and another in a channel; the keys of
    its letters."""
    owner, today = people[0], local(people[0], now).date()
    work.people.save(replace(owner, roles=frozenset({Role.COMMUNITY_MANAGER})))
    parts = (
        Activity(id="all", date=today, text="Hello to all."),
        Activity(id="board", date=today, channel=f"C{owner.workspace}", text="Hello, channel."),
    )
    campaign = Campaign(
        id=CampaignId(f"of-{owner.workspace}"),
        workspace=owner.workspace,
        owner=owner.id,
        content=Content("Hello", parts),
        created_at=now,
        changed_at=now,
        state=State.SCHEDULED,
    )
    work.campaigns.add(campaign)
    set_timer(work, campaign, "start", now)
    to_all = {letter_key(campaign, person.id, "all") for person in people}
    return {*to_all, source_of(campaign, "board")}


def make_letter(key: str, to: PersonId, priority: Priority) -> Letter:
    return Letter(
        key=key, to=ToPerson(person=to), message=say("Hello."), kind="crash", priority=priority
    )


def make_event(scene: Scene, number: int) -> Inbound:
    """The event with this number. It promises what `things_of` says."""
    lane = number % scene.lanes
    address = address_of(lane, number // scene.lanes % scene.people)
    return Inbound(
        platform=scene.profile,
        workspace=f"T{lane}",
        event_id=f"e{number}",
        person=address,
        place=Place(conversation=f"D{address[1:]}", kind=PlaceKind.DM),
        at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        what=Ordered(name=EVENT, text=f"{number} {int(_is_edited(scene, number))}"),
    )


def things_of(scene: Scene, number: int) -> set[str]:
    lane = lane_of(number % scene.lanes)
    parts = ["answer", "tip"] + (["edit"] if _is_edited(scene, number) else [])
    return {f"{lane}/e{number}:{part}" for part in parts}


def _is_edited(scene: Scene, number: int) -> bool:
    return scene.edits and number % 4 == 0


def promise(context: Context, work: Work, command: Command) -> Reply:
    """Handle an event. Each time it is handled the letters get other keys, so that an event
    that is handled twice shows in the ledger."""
    number, _, edited = command.text.partition(" ")
    if not number.isdecimal():
        raise Invalid("That is no number.")
    workspace, person = command.person.workspace, command.person.id
    stem = f"e{number}:{context.new_id()}"
    work.outbox.post(workspace, make_letter(f"{stem}:answer", person, Priority.ANSWER))
    work.outbox.post(workspace, make_letter(f"{stem}:tip", person, Priority.TIP))
    if edited == "1":
        work.timers.set(
            Timer(
                key=f"crash:{stem}",
                due_at=context.now + EDIT_AFTER,
                action="crash.edit",
                args={"workspace": workspace, "person": person, "stem": stem},
            )
        )
    return Reply(message=say(f"Promised {number}."))


def edit(_context: Context, work: Work, timer: Timer) -> None:
    """Edit the answer to an event, a while after it."""
    stem, to = str(timer.args["stem"]), PersonId(str(timer.args["person"]))
    letter = make_letter(f"{stem}:edit", to, Priority.ANSWER)
    work.outbox.post(
        WorkspaceId(str(timer.args["workspace"])),
        letter.model_copy(update={"edits": f"{stem}:answer"}),
    )


def bring_tip(_context: Context, _work: Work, due: Sequence[DueSlot]) -> Sequence[Wish]:
    """A tip for everybody whose hour has come."""
    return [Wish(one.person, make_letter(one.key, one.person.id, Priority.TIP)) for one in due]


CAPABILITY: Capability[Work] = Capability(
    name="crash",
    title="Crash",
    orders={EVENT: Order(handle=promise, hint="number", help="promise letters")},
    timers={"crash.edit": edit},
    slots={TIP: bring_tip},
)


def thing_of(lane: str, key: str) -> str:
    """What was promised by a letter with this key, without what only tells tries apart."""
    parts = key.split(":")
    if len(parts) == 3 and parts[0].startswith("e") and parts[0][1:].isdecimal():
        return f"{lane}/{parts[0]}:{parts[2]}"
    return f"{lane}/{key}"


def read_rows(connection: Connection) -> Sequence[Row]:
    """Every letter of the store as the judge wants it."""
    found = connection.execute(
        select(outbox.c.workspace, outbox.c.key, outbox.c.state, outbox.c.priority, outbox.c.edits)
    ).all()
    return [
        Row(
            lane=row.workspace,
            key=row.key,
            thing=thing_of(row.workspace, row.key),
            state=row.state,
            repeats=may_repeat(Priority(row.priority)),
            edits=row.edits is not None,
        )
        for row in found
    ]
