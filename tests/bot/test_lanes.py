"""Lanes deliver each letter once, whatever the platform does and whenever they are stopped."""

import asyncio
import threading
from collections.abc import Callable, Collection, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select, update
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.testing import capture_logs

from bot.capabilities.questions.memory import Memory
from bot.claim import Claim, Recovered, Written
from bot.errors import Unavailable
from bot.ids import PersonId, WorkspaceId
from bot.lane import Trace
from bot.lanes import Lanes
from bot.mark import UNWRITABLE
from bot.message import say
from bot.outbox import (
    Ambiguous,
    Delivery,
    Letter,
    LetterState,
    Limited,
    Never,
    Outcome,
    Priority,
    Sent,
    Settlement,
    ToPerson,
    ToPlace,
    TryLater,
)
from bot.people import Person, Workspace
from bot.rate import UNLIMITED, Bucket, Limits
from bot.retry import TRIES, Patience
from storage.database import Database
from storage.lane import SqlLaneStore
from storage.tables import outbox, rates
from tests.bot.virtual import Time
from tests.databases import RELAY_KEY
from tests.everywhere import everywhere

HERE = WorkspaceId("here")
THERE = WorkspaceId("there")
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PATIENCE = Patience(
    timeout=timedelta(seconds=10),
    lease=timedelta(seconds=15),
    reconcile_after=timedelta(seconds=30),
)
TEN_A_SECOND = Limits(per_minute=600)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What is logged is looked at where that is the matter; printing it takes time."""
    with capture_logs():
        yield


class Broken(Exception):
    """What a platform's client may raise."""


async def arrive(_delivery: Delivery) -> Outcome | None:
    return None


@dataclass(slots=True)
class Platform:
    """Keeps what arrives, and when. `answer` may say or raise something else first."""

    name: str = "fake"
    answer: Callable[[Delivery], Coroutine[Any, Any, Outcome | None]] = arrive
    arrived: list[str] = field(default_factory=list)
    begun: list[float] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    is_blind: bool = False
    limits: Limits = UNLIMITED
    reads_back: bool = True

    def take(self, delivery: Delivery) -> Sent:
        self.arrived.append(delivery.key)
        return Sent(external=f"m{len(self.arrived)}", conversation="c")

    async def deliver(self, delivery: Delivery) -> Outcome:
        self.begun.append(asyncio.get_running_loop().time())
        return await self.answer(delivery) or self.take(delivery)

    async def find_delivered(self, delivery: Delivery) -> Sent | None:
        if self.is_blind:
            raise Broken
        self.looked_up.append(delivery.key)
        if delivery.key not in self.arrived:
            return None
        return Sent(external=f"m{self.arrived.index(delivery.key) + 1}", conversation="c")


class Post:
    """A database with letters, a clock, a platform and its lanes."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.time = Time(MONDAY)
        self.platform = Platform()
        self.suspended = 0.0
        self.lanes = self.open_lanes()
        with database.transaction() as work:
            for workspace in (HERE, THERE):
                work.people.add_workspace(Workspace(workspace, "fake", workspace, workspace))
            work.people.save(Person(PersonId("ana"), HERE, address="U1", name="Ana"))

    def store(self, database: Database | None = None) -> SqlLaneStore:
        """Its leases go by the virtual time as well."""
        return SqlLaneStore(database or self.database, self.time.now)

    def open_lanes(
        self, store: "SqlLaneStore | Troubled | None" = None, patience: Patience = PATIENCE
    ) -> Lanes:
        return Lanes(
            store or self.store(),
            everywhere(lambda: self.platform),
            self.time.now,
            patience,
            lambda: self.suspended,
        )

    def promise(
        self,
        *keys: str,
        workspace: WorkspaceId = HERE,
        priority: Priority = Priority.ANSWER,
        to: str | None = None,
        **more: Any,
    ) -> None:
        """Letters, each into a conversation of its own; `to` one for all of them."""
        message = say("secret words")
        letters = [
            Letter(
                key=key,
                to=ToPerson(person=PersonId(to))
                if to == "ana"
                else ToPlace(conversation=to or f"c:{key}"),
                message=message,
                kind="test",
                priority=priority,
                **more,
            )
            for key in keys
        ]
        with self.database.transaction() as work:
            work.outbox.post_all(workspace, letters)

    def state(self, key: str, workspace: WorkspaceId = HERE) -> LetterState | None:
        with self.database.transaction() as work:
            return work.outbox.state(workspace, key)

    def row(self, key: str) -> Any:
        with self.database.begin() as connection:
            return connection.execute(select(outbox).where(outbox.c.key == key)).one()

    def rate(self) -> Any:
        with self.database.begin() as connection:
            return connection.execute(select(rates).where(rates.c.conversation == "")).one()

    def drain(self) -> int:
        return self.time.run(self.lanes.drain_all())

    def drains_until_empty(self) -> int:
        """As a clock would: every second, until nothing is left."""
        sent = 0
        for _ in range(2_000):
            sent += self.drain()
            with self.database.begin() as connection:
                waiting = connection.execute(
                    select(outbox.c.id).where(
                        outbox.c.state.in_(["pending", "leased", "sending", "ambiguous"])
                    )
                ).all()
            if not waiting:
                return sent
            self.time.passes(seconds=1)
        raise AssertionError("letters are left over")


@dataclass(slots=True)
class Troubled:
    """A store to which something happens. `before` may raise, or let time pass."""

    store: SqlLaneStore
    before_claim: Callable[[], None] = lambda: None
    before_pause: Callable[[], None] = lambda: None
    before_write: Callable[[Sequence[int], Sequence[Settlement]], None] = lambda *_: None
    after_write: Callable[[Sequence[int], Sequence[Settlement]], None] = lambda *_: None

    def lanes_with_work(self, now: datetime) -> Sequence[WorkspaceId]:
        return self.store.lanes_with_work(now)

    def claim(self, *arguments: Any) -> Claim:
        self.before_claim()
        return self.store.claim(*arguments)

    def write(
        self,
        sending: Sequence[int],
        settlements: Sequence[Settlement],
        now: datetime,
        lease: timedelta,
    ) -> Written:
        self.before_write(sending, settlements)
        written = self.store.write(sending, settlements, now, lease)
        self.after_write(sending, settlements)
        return written

    def pause(self, *arguments: Any) -> None:
        self.before_pause()
        self.store.pause(*arguments)

    def recover(
        self, lane: WorkspaceId, now: datetime, *, limit: int, held: Collection[int]
    ) -> Recovered:
        return self.store.recover(lane, now, limit=limit, held=held)


@pytest.fixture
def post(database: Database) -> Post:
    return Post(database)


@pytest.fixture
def swift(sqlite_url: str) -> Iterator[Post]:
    """For what is the same on every database and takes many letters."""
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    yield Post(database)
    database.close()


@pytest.fixture
def rival(database_url: str) -> Iterator[Database]:
    """The same store, as another process sees it."""
    database = Database(database_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    yield database
    database.close()


def answering(*outcomes: Outcome | Exception) -> Callable[[Delivery], Any]:
    """Says or raises these one after the other, then lets everything arrive."""
    left = list(outcomes)

    async def answer(_delivery: Delivery) -> Outcome | None:
        outcome = left.pop(0) if left else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return answer


def assert_never_faster(starts: Sequence[float], interval: float) -> None:
    """In no stretch of time more than a bucket with a burst of two lets through."""
    for first, start in enumerate(starts):
        for number, later in enumerate(starts[first + 1 :], 1):
            assert later - start >= (number - 1) * interval - 1e-6


def taking(seconds: float) -> Callable[[Delivery], Any]:
    """A platform that is slow."""

    async def answer(_delivery: Delivery) -> Outcome | None:
        await asyncio.sleep(seconds)
        return None

    return answer


def test_letters_are_delivered_once_and_the_urgent_ones_first(post: Post) -> None:
    post.promise("tip", priority=Priority.TIP)
    post.promise("answer", to="ana")
    assert post.drain() == 2
    assert post.platform.arrived == ["answer", "tip"]
    assert post.state("answer") is LetterState.SENT
    assert post.row("answer").settled_at == MONDAY
    assert post.drain() == 0
    assert post.platform.arrived == ["answer", "tip"]


def test_many_letters_are_delivered_in_order_and_in_no_time(swift: Post) -> None:
    keys = [f"k{n:04}" for n in range(700)]
    swift.promise(*keys)
    assert swift.drain() == len(keys)
    assert swift.platform.arrived == keys
    assert swift.time.seconds == 0


def test_letter_waits_until_it_is_due(post: Post) -> None:
    post.promise("later", due_at=MONDAY + timedelta(hours=1))
    assert post.drain() == 0
    assert post.time.seconds == 0
    post.time.passes(hours=1)
    assert post.drain() == 1


def test_every_lane_is_drained(post: Post) -> None:
    post.promise("a")
    post.promise("b", workspace=THERE)
    assert post.drain() == 2
    assert sorted(post.platform.arrived) == ["a", "b"]


def test_no_more_are_under_way_than_the_platform_allows(swift: Post) -> None:
    under_way = [0, 0]

    async def count(_delivery: Delivery) -> Outcome | None:
        under_way[0] += 1
        under_way[1] = max(under_way)
        await asyncio.sleep(1)
        under_way[0] -= 1
        return None

    swift.platform.limits = Limits(in_flight=7)
    swift.platform.answer = count
    swift.promise(*(f"k{n}" for n in range(30)))
    assert swift.drain() == 30
    assert under_way == [0, 7]
    assert swift.time.seconds == pytest.approx(5, abs=0.1)


def test_letters_into_one_conversation_keep_their_order(swift: Post) -> None:
    async def be_slow_at_first(delivery: Delivery) -> Outcome | None:
        await asyncio.sleep(0 if int(delivery.key[1:]) % 3 else 1)
        return None

    swift.platform.answer = be_slow_at_first
    keys = [f"k{n:02}" for n in range(12)]
    swift.promise(*keys, to="one")
    swift.promise("x1", to="other")
    assert swift.drain() == 13
    assert [key for key in swift.platform.arrived if key != "x1"] == keys
    assert swift.platform.arrived.index("x1") < 3, "it has nobody to wait for"


def test_drains_at_the_same_time_share_nothing_and_end_with_nothing_due(post: Post) -> None:
    async def drain_thrice() -> list[int]:
        return await asyncio.gather(*(post.lanes.drain_all() for _ in range(3)))

    post.platform.answer = taking(0.01)
    keys = [f"k{n:03}" for n in range(130)]
    post.promise(*keys)
    assert sum(post.time.run(drain_thrice())) == 130
    assert sorted(post.platform.arrived) == keys


def test_workspace_without_a_platform_keeps_its_letters(swift: Post) -> None:
    swift.promise("a")
    lanes = Lanes(swift.store(), everywhere(lambda: None), swift.time.now)
    with capture_logs() as logs:
        for _ in range(3):
            assert swift.time.run(lanes.drain_all()) == 0
    assert len(logs) == 1, "it is said once and not every second"
    assert swift.state("a") is LetterState.PENDING


def test_lane_that_fails_does_not_stop_the_others(post: Post) -> None:
    async def find(workspace: WorkspaceId) -> Platform:
        if workspace == HERE:
            raise Unavailable
        return post.platform

    post.promise("a")
    post.promise("b", workspace=THERE)
    lanes = Lanes(post.store(), find, post.time.now)
    assert post.time.run(lanes.drain_all()) == 1
    assert post.platform.arrived == ["b"]
    with pytest.raises(Unavailable):
        post.time.run(lanes.drain(HERE))


def test_no_words_get_into_the_log(swift: Post) -> None:
    swift.platform.answer = answering(Broken("secret words"))
    swift.promise("a", "b", to="ana")
    with capture_logs() as logs:
        swift.drains_until_empty()
    assert [entry["event"] for entry in logs].count("letter settled") == 4
    assert "secret" not in str(logs)
    assert "ana" not in str(logs).lower()


def test_what_is_said_of_a_letter_names_no_event(swift: Post) -> None:
    swift.promise("a")
    with capture_logs([merge_contextvars]) as logs, bound_contextvars(event_id="words:1"):
        swift.drain()
    [line] = [entry for entry in logs if entry["event"] == "letter settled"]
    assert "event_id" not in line


def test_lanes_count_what_platforms_said(swift: Post) -> None:
    swift.platform.answer = answering(Ambiguous("reset"), Never("gone"), Limited(timedelta(0)))
    swift.promise("a", "b", "c", "d", to="one")
    swift.drains_until_empty()
    meters = swift.lanes.meters
    assert dict(meters.outcomes.read().values) == {
        ("fake", "ambiguous"): 1,
        ("fake", "never"): 1,
        ("fake", "limited"): 1,
        ("fake", "try_later"): 0,
        ("fake", "sent"): 3,
    }
    assert dict(meters.look_ups.read().values) == {
        ("fake", "missing"): 1,
        ("fake", "found"): 0,
        ("fake", "failed"): 0,
    }
    assert meters.wire.read().distributions["fake",].count == 6


# --- outcomes ---------------------------------------------------------------------------------


def test_postponed_letter_comes_when_the_platform_says(post: Post) -> None:
    post.platform.answer = answering(TryLater(timedelta(minutes=5), "rate limit"))
    post.promise("a")
    assert post.drain() == 0
    assert post.state("a") is LetterState.PENDING
    post.time.passes(minutes=4, seconds=59)
    assert post.drain() == 0
    post.time.passes(seconds=1)
    assert post.drain() == 1


def test_without_a_time_the_wait_grows_and_comes_to_an_end(swift: Post) -> None:
    swift.platform.answer = answering(*[TryLater(timedelta(0), "no connection")] * TRIES)
    swift.promise("a")
    waits = []
    while swift.state("a") is LetterState.PENDING:
        assert swift.drain() == 0
        waits.append(swift.row("a").due_at - swift.time.now())
        swift.time.passes(hours=1)
    assert len(swift.platform.begun) == TRIES
    assert all(shorter < longer for shorter, longer in zip(waits, waits[2:11], strict=False))
    assert max(waits) <= timedelta(hours=1)
    assert swift.state("a") is LetterState.FAILED
    assert swift.row("a").why == f"tried {TRIES} times: no connection"


def test_refused_letter_is_not_sent_again(post: Post) -> None:
    post.platform.answer = answering(Never("gone"), Never("blocked", unreachable=True))
    post.promise("a", "b")
    assert (post.drain(), post.drain()) == (0, 0)
    assert post.state("a") is LetterState.FAILED
    assert post.state("b") is LetterState.UNREACHABLE
    assert post.row("b").settled_at == MONDAY


def test_refusal_for_the_rate_pauses_the_whole_lane(post: Post) -> None:
    post.platform.limits = TEN_A_SECOND
    post.platform.answer = answering(None, None, Limited(timedelta(seconds=30)))  # type: ignore[arg-type]  # arrives
    keys = [f"k{n}" for n in range(10)]
    post.promise(*keys)
    assert post.drain() == 2
    assert {post.state(key) for key in keys[2:]} == {LetterState.PENDING}
    assert post.row("k2").attempts == 0, "it was not its fault"
    assert post.store().lanes_with_work(post.time.now()) == []
    paused_at = post.time.seconds
    assert post.drains_until_empty() == 8
    assert post.platform.begun[3] >= paused_at + 29.8
    assert post.platform.arrived == keys


def test_a_pause_holds_though_the_store_could_not_be_told(post: Post) -> None:
    def fail() -> None:
        raise Unavailable

    post.lanes = post.open_lanes(Troubled(post.store(), before_pause=fail))
    post.platform.limits = TEN_A_SECOND
    post.platform.answer = answering(Limited(timedelta(seconds=30)))
    post.promise("a", "b")
    assert post.drains_until_empty() == 2
    assert len(post.platform.begun) == 3
    assert post.platform.begun[1] >= 30


def test_lane_finds_its_speed(swift: Post) -> None:
    swift.platform.limits = Limits(per_minute=240, ceiling=260)
    swift.promise(*(f"k{n:04}" for n in range(900)))

    async def drain_for(seconds: float) -> None:
        await swift.lanes.drain(HERE, swift.time.now() + timedelta(seconds=seconds))

    swift.time.run(drain_for(61))
    assert swift.rate().per_minute == pytest.approx(252)
    swift.time.run(drain_for(70))
    assert swift.rate().per_minute == 260, "the ceiling"
    swift.platform.answer = answering(Limited(timedelta(seconds=1)))
    swift.time.run(drain_for(5))
    assert swift.rate().per_minute == pytest.approx(208)
    begun = len(swift.platform.begun)
    swift.time.run(swift.open_lanes().drain(HERE, swift.time.now() + timedelta(seconds=30)))
    assert len(swift.platform.begun) - begun == pytest.approx(30 * 3.4, abs=5), "it is remembered"


# --- letters nobody can speak for -------------------------------------------------------------


@pytest.mark.parametrize("unsure", [Ambiguous("reset"), Broken("secret words")])
def test_unsure_letter_is_looked_up_before_it_is_sent_again(
    post: Post, unsure: Outcome | Exception
) -> None:
    post.platform.answer = answering(unsure)
    post.promise("a")
    assert post.drain() == 0
    assert post.state("a") is LetterState.AMBIGUOUS
    post.time.passes(seconds=29)
    assert post.drain() == 0
    assert post.platform.looked_up == [], "the history may be stale"
    post.time.passes(seconds=1)
    assert post.drain() == 1
    assert (post.platform.looked_up, post.platform.arrived) == (["a"], ["a"])


@pytest.mark.parametrize("unsure", [Ambiguous("reset"), Broken("secret words")])
def test_letter_that_had_arrived_is_not_sent_again(post: Post, unsure: Outcome | Exception) -> None:
    answer = answering(unsure)

    async def arrive_unheard(delivery: Delivery) -> Outcome | None:
        post.platform.take(delivery)
        return await answer(delivery)  # type: ignore[no-any-return]  # raises or is unsure

    post.platform.answer = arrive_unheard
    post.promise("a")
    assert post.drains_until_empty() == 1
    assert post.platform.arrived == ["a"]
    assert post.state("a") is LetterState.SENT
    with post.database.transaction() as work:
        assert work.outbox.find(HERE, "c", "m1") is not None


def test_failed_look_up_leaves_the_letter_unsure_and_is_tried_less_and_less(swift: Post) -> None:
    swift.platform.answer = answering(Ambiguous("reset"))
    swift.promise("a")
    swift.platform.is_blind = True
    for _ in range(600):
        assert swift.drain() == 0
        swift.time.passes(seconds=1)
    assert swift.state("a") is LetterState.AMBIGUOUS
    assert swift.lanes.meters.look_ups.read().values["fake", "failed"] < 15
    swift.platform.is_blind = False
    swift.time.passes(hours=1)
    assert swift.drain() == 1
    assert swift.platform.arrived == ["a"]


@pytest.mark.parametrize(
    ("priority", "state"),
    [(Priority.ANSWER, LetterState.SENT), (Priority.TIP, LetterState.UNKNOWN)],
)
def test_letter_that_nobody_can_look_up_is_decided_after_a_day(
    swift: Post, priority: Priority, state: LetterState
) -> None:
    swift.platform.answer = answering(Ambiguous("reset"))
    swift.promise("a", priority=priority)
    swift.platform.is_blind = True
    for hour in range(30):
        swift.drain()
        assert hour >= 24 or swift.state("a") is LetterState.AMBIGUOUS
        swift.time.passes(hours=1)
    assert swift.state("a") is state


def test_client_that_cancels_itself_leaves_the_letter_unsure(post: Post) -> None:
    async def cancel(_delivery: Delivery) -> Outcome | None:
        raise asyncio.CancelledError

    post.platform.answer = cancel
    post.promise("a")
    assert post.drain() == 0
    assert post.state("a") is LetterState.AMBIGUOUS
    post.platform.answer = arrive
    assert post.drains_until_empty() == 1
    assert post.platform.looked_up == ["a"]


def test_look_up_that_cancels_itself_has_failed(swift: Post, monkeypatch: Any) -> None:
    async def cancel(_platform: Platform, _delivery: Delivery) -> Sent | None:
        raise asyncio.CancelledError

    swift.platform.answer = answering(Ambiguous("reset"))
    swift.promise("a")
    swift.drain()
    swift.time.passes(seconds=30)
    with monkeypatch.context() as during:
        during.setattr(Platform, "find_delivered", cancel)
        assert swift.drain() == 0
    assert swift.lanes.meters.look_ups.read().values["fake", "failed"] == 1
    assert swift.drains_until_empty() == 1


def test_platform_that_does_not_answer_leaves_the_letter_unsure(post: Post) -> None:
    post.platform.answer = taking(3600)
    post.promise("a")
    assert post.drain() == 0
    assert post.time.seconds == pytest.approx(10)
    assert post.state("a") is LetterState.AMBIGUOUS


@pytest.mark.parametrize(
    ("priority", "state", "arrived"),
    [(Priority.ANSWER, LetterState.SENT, ["a"]), (Priority.TIP, LetterState.UNKNOWN, [])],
)
def test_where_nobody_can_be_asked_the_kind_decides(
    post: Post, priority: Priority, state: LetterState, arrived: list[str]
) -> None:
    post.platform.reads_back = False
    post.platform.answer = answering(Ambiguous("reset"))
    post.promise("a", priority=priority)
    post.drains_until_empty()
    assert post.state("a") is state
    assert (post.platform.arrived, post.platform.looked_up) == (arrived, [])


def test_unsure_edit_is_made_again(post: Post) -> None:
    post.promise("a", to="ana")
    post.drain()
    post.promise("e", to="ana", edits="a")
    post.platform.answer = answering(Ambiguous("reset"))
    post.drains_until_empty()
    assert post.platform.arrived == ["a", "e"]
    assert post.platform.looked_up == []


def test_letter_that_is_missing_each_time_is_given_up(swift: Post) -> None:
    swift.platform.answer = answering(*[Ambiguous("reset")] * 100)
    swift.promise("a")
    while swift.state("a") is not LetterState.FAILED:
        swift.drain()
        swift.time.passes(hours=1)
    assert len(swift.platform.begun) == TRIES
    assert swift.row("a").why == f"tried {TRIES} times: not on the platform"


# --- pacing -----------------------------------------------------------------------------------


def test_slow_answers_do_not_slow_the_lane(swift: Post) -> None:
    swift.platform.limits = TEN_A_SECOND
    swift.platform.answer = taking(3)
    swift.promise(*(f"k{n:03}" for n in range(300)))
    assert swift.drain() == 300
    begun = swift.platform.begun
    assert 299 / (begun[-1] - begun[0]) >= 0.97 * 10
    assert_never_faster(begun, 0.1)


def test_a_process_that_stood_still_does_not_catch_up_by_going_faster(swift: Post) -> None:
    async def stop_once(delivery: Delivery) -> Outcome | None:
        if delivery.key == "k020":
            swift.time.passes(seconds=0.7)
        return None

    swift.platform.limits = TEN_A_SECOND
    swift.platform.answer = stop_once
    keys = [f"k{n:03}" for n in range(100)]
    swift.promise(*keys)
    assert swift.drain() == 100
    assert_never_faster(swift.platform.begun, 0.1)
    assert sorted(swift.platform.arrived) == keys


def test_an_answer_overtakes_the_tips(swift: Post) -> None:
    swift.platform.limits = TEN_A_SECOND
    swift.promise(*(f"k{n:04}" for n in range(1_000)), priority=Priority.TIP)
    posted_at: list[float] = []

    async def talk() -> None:
        drain = asyncio.create_task(swift.lanes.drain(HERE, MONDAY + timedelta(seconds=12)))
        for moment in (2.03, 2.07, 5.5, 9.99):
            await asyncio.sleep(moment - swift.time.seconds)
            swift.promise(f"answer {moment}")
            swift.lanes.poke(HERE)
            posted_at.append(moment)
        await drain

    swift.time.run(talk())
    arrived = dict(zip(swift.platform.arrived, swift.platform.begun, strict=True))
    waits = [arrived[f"answer {moment}"] - moment for moment in posted_at]
    assert max(waits) <= 0.3, waits
    begun = swift.platform.begun
    assert_never_faster(begun, 0.1)


def test_a_flood_of_answers_takes_every_slot(swift: Post) -> None:
    swift.platform.limits = TEN_A_SECOND
    swift.promise(*(f"k{n:04}" for n in range(200)), priority=Priority.TIP)

    async def talk() -> None:
        drain = asyncio.create_task(swift.lanes.drain(HERE, MONDAY + timedelta(seconds=12)))
        await asyncio.sleep(3)
        swift.promise(*(f"answer{n:02}" for n in range(50)))
        swift.lanes.poke(HERE)
        await drain

    swift.time.run(talk())
    places = [n for n, key in enumerate(swift.platform.arrived) if key.startswith("answer")]
    assert places[0] <= 33
    assert places[-1] - places[0] <= 49 + 5, "after each batch at most a moment's worth"


def test_hundreds_of_lanes_wait_for_their_turn_to_claim_and_go_on(swift: Post) -> None:
    """A claim whose moment was taken before the wait would only get slots that are over."""
    lanes = [WorkspaceId(f"w{n:03}") for n in range(250)]
    with swift.database.transaction() as work:
        for lane in lanes:
            work.people.add_workspace(Workspace(lane, "fake", lane, lane))
    for lane in lanes:
        swift.promise("a", "b", workspace=lane)
    swift.platform.limits = Limits(per_minute=300)
    swift.time.thread_seconds = 0.03
    assert swift.drain() == 500
    assert swift.time.seconds < 12


def test_a_store_too_slow_for_any_slot_slows_a_lane_and_does_not_stop_it(swift: Post) -> None:
    swift.platform.limits = TEN_A_SECOND
    swift.promise(*(f"k{n}" for n in range(8)))
    swift.time.thread_seconds = 1.5
    assert swift.time.run(swift.lanes.drain(HERE, MONDAY + timedelta(minutes=2))) == 8
    assert_never_faster(swift.platform.begun, 0.1)


def test_a_flood_to_a_slow_conversation_does_not_stop_its_lane(swift: Post) -> None:
    swift.platform.limits = Limits(per_minute=6_000)
    swift.platform.answer = taking(3)
    swift.promise(*(f"k{n:04}" for n in range(2_000)), to="slow", priority=Priority.OFFER)
    waits: list[float] = []

    async def talk() -> None:
        drain = asyncio.create_task(swift.lanes.drain(HERE, MONDAY + timedelta(seconds=60)))
        for moment in (13.0, 14.5, 25.0, 45.0):
            await asyncio.sleep(moment - swift.time.seconds)
            swift.promise(f"urgent {moment}")
            swift.lanes.poke(HERE)
            await asyncio.sleep(4)
            waits.append(swift.platform.arrived.count(f"urgent {moment}"))
        await drain

    swift.time.run(talk())
    assert waits == [1, 1, 1, 1]
    slow = [key for key in swift.platform.arrived if key.startswith("k")]
    assert slow == [f"k{n:04}" for n in range(20)], "one each three seconds, in order"


def test_a_conversation_has_limits_beside_the_lanes(post: Post) -> None:
    post.platform.limits = Limits(per_minute=600, conversation=(Bucket(1, 1.0), Bucket(8, 30.0)))
    post.promise(*(f"one{n:02}" for n in range(12)), to="one")
    post.promise(*(f"k{n:02}" for n in range(40)), priority=Priority.TIP)
    post.drains_until_empty()
    starts = dict(zip(post.platform.arrived, post.platform.begun, strict=True))
    one = [at for key, at in starts.items() if key.startswith("one")]
    assert min(later - earlier for earlier, later in pairwise(one)) >= 1.0 - 1e-3
    assert all(later - earlier >= 30 - 1e-3 for earlier, later in zip(one, one[8:], strict=False))
    others = [at for key, at in starts.items() if key.startswith("k")]
    assert max(others) < 6, "the others do not wait for that conversation"


def test_the_rows_of_silent_conversations_go(post: Post) -> None:
    post.platform.limits = Limits(conversation=(Bucket(1, 1.0),))
    post.promise(*(f"k{n:02}" for n in range(40)))
    post.drains_until_empty()
    post.time.passes(minutes=2)
    post.promise("last")
    post.drains_until_empty()
    with post.database.begin() as connection:
        left = connection.execute(select(rates.c.conversation)).scalars().all()
    assert len(left) == 2, "the lane's own and the last one's"
    assert not any("last" in conversation for conversation in left), "no address in clear"


def test_two_processes_share_a_lanes_rate(post: Post, rival: Database) -> None:
    post.platform.limits = TEN_A_SECOND
    post.promise(*(f"k{n:03}" for n in range(200)))
    other = post.open_lanes(post.store(rival))

    async def both() -> None:
        await asyncio.gather(post.lanes.drain(HERE), other.drain(HERE))

    post.time.run(both())
    begun = post.platform.begun
    assert len(post.platform.arrived) == len(set(post.platform.arrived)) == 200
    for first in begun:
        assert sum(first <= at < first + 1 for at in begun) <= 11
    assert begun[-1] - begun[0] <= 200 / 9.7


def test_a_clock_put_back_does_not_stop_a_lane(swift: Post) -> None:
    swift.platform.limits = TEN_A_SECOND
    swift.promise(*(f"k{n:03}" for n in range(50)))
    lanes = Lanes(
        swift.store(), everywhere(lambda: swift.platform), lambda: swift.time.now() + jump
    )
    jump = timedelta(hours=1)
    swift.time.run(lanes.drain(HERE, MONDAY + timedelta(hours=1, seconds=2)))
    jump = timedelta(0)
    swift.time.run(lanes.drain(HERE))
    assert len(swift.platform.arrived) == 50
    assert swift.time.seconds < 10


# --- leases -----------------------------------------------------------------------------------


def test_a_killed_process_leaves_its_letters_to_recovery(post: Post) -> None:
    async def stop_midway() -> None:
        begun = asyncio.Event()

        async def arrive_and_hang(delivery: Delivery) -> Outcome | None:
            post.platform.take(delivery)
            begun.set()
            await asyncio.Event().wait()
            return None

        post.platform.answer = arrive_and_hang
        drain = asyncio.create_task(post.lanes.drain_all())
        await begun.wait()
        for task in asyncio.all_tasks() - {asyncio.current_task(), drain}:
            task.cancel()
        drain.cancel()

    post.platform.limits = Limits(in_flight=1)
    post.promise("a", "b")
    post.time.run(stop_midway())
    assert (post.state("a"), post.state("b")) == (LetterState.SENDING, LetterState.LEASED)
    post.platform.answer = arrive
    post.lanes = post.open_lanes()
    assert post.drain() == 0, "the lease has not run out"
    post.time.passes(seconds=15)
    assert post.drain() == 1
    assert post.platform.arrived == ["a", "b"]
    post.time.passes(seconds=25)
    assert post.drain() == 1, "it is found"
    assert post.platform.arrived == ["a", "b"]


def test_an_attempt_begins_soon_after_its_mark_or_is_marked_anew(post: Post) -> None:
    """Else, should the process die in it, the platform would be asked too soon."""

    def stand_still(sending: Sequence[int], _settlements: Sequence[Settlement]) -> None:
        if sending:
            store.after_write = lambda *_: None
            post.time.passes(seconds=11)

    store = Troubled(post.store(), after_write=stand_still)
    post.lanes = post.open_lanes(store)
    post.promise("a")
    assert post.drain() == 1
    assert post.platform.begun == [11.0]
    assert post.row("a").started_at == MONDAY + timedelta(seconds=11)


def test_an_attempt_does_not_begin_after_a_suspension_that_the_loop_did_not_notice(
    post: Post,
) -> None:
    def suspend(sending: Sequence[int], _settlements: Sequence[Settlement]) -> None:
        if sending:
            marked.append(post.suspended)
            post.suspended = 3600.0

    marked: list[float] = []
    post.lanes = post.open_lanes(Troubled(post.store(), after_write=suspend))
    post.promise("a")
    assert post.drain() == 1
    assert marked == [0.0, 3600.0], "it was marked anew"


def test_what_was_held_through_a_suspension_is_claimed_anew(swift: Post) -> None:
    def suspend(sending: Sequence[int], _settlements: Sequence[Settlement]) -> None:
        if sending and len(swift.platform.begun) == 3:
            swift.suspended = 3600.0

    def count() -> None:
        held.append(len(swift.platform.begun))

    held: list[int] = []
    swift.lanes = swift.open_lanes(Troubled(swift.store(), before_claim=count, after_write=suspend))
    swift.platform.limits = Limits(per_minute=600)
    swift.promise(*(f"k{n}" for n in range(9)))
    assert swift.drain() == 9
    assert 3 in held, "right after it, though there were letters and slots for long"


def test_nothing_is_sent_after_its_end(post: Post) -> None:
    """It was in time when it was claimed."""
    post.platform.limits = Limits(in_flight=1)
    post.platform.answer = taking(3)
    post.promise("a", "b", "c", expires_at=MONDAY + timedelta(seconds=5))
    assert post.drain() == 2
    assert post.platform.begun == [0.0, 3.0]
    assert post.state("c") is LetterState.FAILED
    assert post.row("c").why == "expired"


@pytest.mark.parametrize("step", ["before_write", "after_write"])
def test_nothing_is_sent_after_a_stop_that_outlasted_the_lease(post: Post, step: str) -> None:
    def sleep(sending: Sequence[int], _settlements: Sequence[Settlement]) -> None:
        if sending:
            setattr(store, step, lambda *_: None)
            post.time.passes(seconds=25)

    store = Troubled(post.store())
    setattr(store, step, sleep)
    post.lanes = post.open_lanes(store)
    post.promise("a")
    asleep: list[int] = []
    post.platform.answer = answering()
    assert post.drain() in {0, 1}
    assert post.platform.begun in (asleep, [25.0]), "sent only after it was claimed anew"
    post.drains_until_empty()
    assert post.platform.arrived == ["a"]


def test_a_letter_taken_over_by_another_process_is_not_sent_by_the_first(
    post: Post, rival: Database
) -> None:
    other = post.open_lanes(post.store(rival))

    def sleep(sending: Sequence[int], _settlements: Sequence[Settlement]) -> None:
        if sending:
            store.before_write = lambda *_: None
            post.time.passes(seconds=16)
            with threading_run() as run:
                run(other.drain(HERE))

    def threading_run() -> Any:
        return _OtherThread(post.time)

    store = Troubled(post.store(), before_write=sleep)
    post.lanes = post.open_lanes(store)
    post.promise("a")
    assert post.drain() == 0
    assert post.platform.arrived == ["a"]
    assert post.state("a") is LetterState.SENT


class _OtherThread:
    """Another process's loop cannot run on this one's thread."""

    def __init__(self, time: Time) -> None:
        self._time = time

    def __enter__(self) -> Callable[[Coroutine[Any, Any, Any]], None]:
        def run(work: Coroutine[Any, Any, Any]) -> None:
            thread = threading.Thread(target=self._time.run, args=(work,))
            thread.start()
            thread.join(30)

        return run

    def __exit__(self, *_: object) -> None: ...


def test_a_late_result_of_a_zombie_changes_nothing(post: Post, rival: Database) -> None:
    other = post.open_lanes(post.store(rival))

    async def stop_while_it_is_on_the_wire(delivery: Delivery) -> Outcome | None:
        post.platform.answer = arrive
        post.time.passes(seconds=41)
        with _OtherThread(post.time) as run:
            run(other.drain(HERE))
        return Never("what the zombie believes")

    post.platform.answer = stop_while_it_is_on_the_wire
    post.promise("a")
    assert post.drain() == 0
    assert post.platform.looked_up == ["a"]
    assert post.state("a") is LetterState.SENT


def test_a_clock_that_leaps_takes_nothing_out_of_our_hands(post: Post) -> None:
    """The playground moves its clock by hours while letters are on the wire."""
    leap = timedelta(0)

    async def talk() -> None:
        nonlocal leap
        drain = asyncio.create_task(lanes.drain(HERE))
        await asyncio.sleep(1)
        leap = timedelta(hours=5)
        await lanes.drain_all()
        await drain

    lanes = Lanes(
        post.store(), everywhere(lambda: post.platform), lambda: post.time.now() + leap, PATIENCE
    )
    post.platform.answer = taking(3)
    post.promise("a", "b")
    post.time.run(talk())
    assert sorted(post.platform.arrived) == ["a", "b"]
    assert post.platform.looked_up == []


def test_at_a_start_alone_nobodys_lease_is_waited_for(post: Post, rival: Database) -> None:
    post.promise("a", "b")
    dead = post.store(rival)
    claim = dead.claim(HERE, MONDAY, 9, PATIENCE.lease)
    dead.write([claim.letters[0].delivery.id], (), MONDAY, PATIENCE.sending_lease)
    post.store().take_over(timedelta(seconds=5))
    assert post.drain() == 1
    assert post.platform.arrived == ["b"]
    post.time.passes(seconds=5)
    assert post.drain() == 1
    assert post.platform.looked_up == ["a"]


# --- a store in trouble -----------------------------------------------------------------------


def test_a_result_is_kept_until_it_can_be_written(post: Post) -> None:
    def fail(_sending: Sequence[int], settlements: Sequence[Settlement]) -> None:
        if settlements and post.time.seconds < 5:
            raise Unavailable

    post.lanes = post.open_lanes(Troubled(post.store(), before_write=fail))
    post.promise("a", "b")
    assert post.drain() == 2
    assert 5 <= post.time.seconds < 7
    assert post.state("a") is LetterState.SENT


def test_what_cannot_be_written_stands_in_nobodys_way(post: Post) -> None:
    def choke(_sending: Sequence[int], settlements: Sequence[Settlement]) -> None:
        for settlement in settlements:
            match settlement.outcome:
                case Sent(external="m3") | Never(why="\ud83d") | TryLater(why="\ud83d"):
                    raise UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "surrogates not allowed")

    post.lanes = post.open_lanes(Troubled(post.store(), before_write=choke))
    post.platform.answer = answering(
        Never("\ud83d", unreachable=True), TryLater(timedelta(hours=1), "\ud83d")
    )
    keys = [f"k{n:02}" for n in range(40)]
    post.promise(*keys)
    post.promise("there", workspace=THERE)
    assert post.drain() == 39
    assert len(post.platform.begun) == 41
    assert post.state("k00") is LetterState.UNREACHABLE
    assert (post.state("k01"), post.row("k01").attempts) == (LetterState.PENDING, 1)
    doubtful = post.platform.arrived[2]
    for key in {*keys[2:]} - {doubtful}:
        assert post.state(key) is LetterState.SENT
    assert post.row(doubtful).state == LetterState.UNKNOWN
    assert post.row(doubtful).why == UNWRITABLE
    assert post.state("there", THERE) is LetterState.SENT


def test_a_store_that_fails_for_one_letter_fails_for_that_one_alone(swift: Post) -> None:
    def fail(sending: Sequence[int], settlements: Sequence[Settlement]) -> None:
        if bad in sending or bad in {settlement.id for settlement in settlements}:
            raise Broken("secret words")

    swift.lanes = swift.open_lanes(Troubled(swift.store(), before_write=fail))
    swift.promise(*(f"k{n:02}" for n in range(20)))
    swift.promise("bad", workspace=THERE)
    bad = swift.row("bad").id

    async def drain_both() -> tuple[int | BaseException, ...]:
        drains = (swift.lanes.drain(HERE), swift.lanes.drain(THERE))
        return await asyncio.gather(*drains, return_exceptions=True)

    with capture_logs() as logs:
        here, there = swift.time.run(drain_both())
    assert (here, type(there)) == (20, Broken)
    assert "mark failed" in [entry["event"] for entry in logs]
    assert {swift.state(f"k{n:02}") for n in range(20)} == {LetterState.SENT}


def test_without_a_mark_nothing_is_sent(post: Post) -> None:
    def fail(sending: Sequence[int], _settlements: Sequence[Settlement]) -> None:
        if sending and post.time.seconds < 5:
            assert post.platform.begun == []
            raise Unavailable

    post.lanes = post.open_lanes(Troubled(post.store(), before_write=fail))
    post.promise("a")
    assert post.drains_until_empty() == 1
    assert post.platform.begun[0] >= 5
    assert post.platform.arrived == ["a"]


def test_a_mark_whose_commit_was_not_heard_of_is_found_out(post: Post) -> None:
    def fail(sending: Sequence[int], _settlements: Sequence[Settlement]) -> None:
        if sending and not post.platform.begun and post.time.seconds < 1:
            raise Unavailable

    post.lanes = post.open_lanes(Troubled(post.store(), after_write=fail))
    post.promise("a")
    assert post.drains_until_empty() == 1
    assert post.platform.arrived == ["a"]
    assert post.platform.looked_up == [], "it never went out, and we know"


def test_a_store_out_of_reach_ends_a_drain(post: Post) -> None:
    def fail() -> None:
        raise Unavailable

    post.lanes = post.open_lanes(Troubled(post.store(), before_claim=fail))
    post.promise("a")
    with pytest.raises(Unavailable):
        post.time.run(post.lanes.drain(HERE))
    assert post.drain() == 0
    assert post.state("a") is LetterState.PENDING


# --- what is remembered -----------------------------------------------------------------------


def test_lanes_that_fell_silent_leave_nothing_behind(swift: Post) -> None:
    swift.platform.limits = Limits(per_minute=600, conversation=(Bucket(1, 1.0),))
    swift.promise(*(f"k{n:02}" for n in range(40)))
    assert swift.drains_until_empty() == 40
    swift.time.passes(minutes=2)
    assert swift.lanes.remembered == 41
    swift.promise("b", workspace=THERE)
    swift.drains_until_empty()
    assert swift.lanes.remembered == 2, "the lane and conversation of the last one"


def test_a_lane_that_is_never_silent_forgets_as_well(swift: Post) -> None:
    async def host() -> None:
        for _ in range(150):
            await swift.lanes.sweep()
            await asyncio.sleep(1)
        most.append(swift.lanes.remembered)
        await swift.lanes.stop()

    most: list[int] = []
    swift.platform.limits = Limits(per_minute=60, conversation=(Bucket(1, 1.0),))
    swift.promise(*(f"k{n:03}" for n in range(200)))
    swift.time.run(host())
    assert len(swift.platform.arrived) > 140
    assert most[0] <= 62, "a minute's worth"


def test_a_trace_forgets_what_is_past_and_no_more() -> None:
    trace = Trace(
        arrival=10.0,
        conversations={"past": (9.0, 10.0), "now": (9.0, 11.0)},
        failed_look_ups={1: (2, 5.0)},
    )
    assert not trace.forget_past(10.0)
    assert trace.conversations == {"now": (9.0, 11.0)}
    assert not trace.forget_past(11.0), "the letter will be looked up again"
    assert trace.failed_look_ups == {1: (2, 5.0)}
    assert trace.forget_past(8_000.0)
    assert not Trace(rests_until=12.0).forget_past(11.0)


# --- hosts ------------------------------------------------------------------------------------


def test_a_sweep_begins_what_has_work_and_then_pokes_do(swift: Post) -> None:
    async def host() -> None:
        swift.lanes.poke(HERE)
        await asyncio.sleep(1)
        assert swift.platform.arrived == [], "who does not sweep is not begun by a poke"
        assert await swift.lanes.sweep() == 1
        await asyncio.sleep(1)
        assert swift.platform.arrived == ["a"]
        swift.promise("b")
        thread = threading.Thread(target=swift.lanes.poke, args=(HERE,))
        thread.start()
        thread.join(10)
        await asyncio.sleep(1)
        assert swift.platform.arrived == ["a", "b"]

    swift.promise("a")
    swift.time.run(host())
    swift.lanes.poke(HERE)
    assert swift.platform.arrived == ["a", "b"], "its loop has ended"


def test_stopping_waits_for_what_is_on_the_wire_and_gives_the_rest_back(post: Post) -> None:
    async def host() -> None:
        await post.lanes.sweep()
        await asyncio.sleep(1)
        await post.lanes.stop()

    post.platform.limits = Limits(in_flight=2)
    post.platform.answer = taking(3)
    post.promise(*"abcd")
    post.time.run(host())
    assert post.time.seconds == pytest.approx(3, abs=0.1)
    assert [post.state(key) for key in "abcd"] == ["sent", "sent", "pending", "pending"]
    assert post.drain() == 0, "nothing is begun afterwards"


def test_stopping_does_not_wait_for_ever(swift: Post) -> None:
    async def host() -> None:
        await swift.lanes.sweep()
        await asyncio.sleep(1)
        await swift.lanes.stop(2)

    swift.platform.answer = taking(8)
    swift.promise("a")
    swift.time.run(host())
    assert swift.time.seconds == pytest.approx(3, abs=0.1)
    assert swift.state("a") is LetterState.SENDING


def test_a_drain_ends_in_time_though_more_is_due(swift: Post) -> None:
    swift.platform.limits = TEN_A_SECOND
    swift.promise(*(f"k{n:03}" for n in range(300)))
    sent = swift.time.run(swift.lanes.drain(HERE, MONDAY + timedelta(seconds=10)))
    assert swift.time.seconds < 12
    assert 95 <= sent <= 115
    with swift.database.begin() as connection:
        connection.execute(update(outbox).where(outbox.c.state == "leased").values(key="x"))
    assert swift.time.run(swift.lanes.drain(HERE)) == 300 - sent
