"""Lanes deliver each letter once, whatever the platform does and whenever they are stopped."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from structlog.testing import capture_logs

import bot.lanes
from bot.errors import Unavailable
from bot.ids import PersonId, WorkspaceId
from bot.lanes import LEASE, Lanes
from bot.message import say
from bot.outbox import (
    Ambiguous,
    Delivery,
    Letter,
    LetterState,
    Never,
    Outcome,
    Priority,
    Sent,
    ToPerson,
    ToPlace,
    TryLater,
)
from bot.people import Person, Workspace
from bot.rate import UNLIMITED, Limits
from storage.database import Database
from storage.lane import SqlLaneStore

HERE = WorkspaceId("here")
THERE = WorkspaceId("there")
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

T = TypeVar("T")


class Broken(Exception):
    """What a platform's client may raise."""


async def arrive(_delivery: Delivery) -> Outcome | None:
    return None


@dataclass(slots=True)
class Platform:
    """Keeps what arrives. `answer` may say or raise something else first."""

    name: str = "fake"
    answer: Callable[[Delivery], Coroutine[Any, Any, Outcome | None]] = arrive
    arrived: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    is_blind: bool = False
    limits: Limits = UNLIMITED
    reads_back: bool = True

    def take(self, delivery: Delivery) -> Sent:
        self.arrived.append(delivery.key)
        return Sent(external=f"m{len(self.arrived)}", conversation="c")

    async def deliver(self, delivery: Delivery) -> Outcome:
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
        self.now = MONDAY
        self.platform = Platform()
        self.lanes = self.open_lanes()
        with database.transaction() as work:
            for workspace in (HERE, THERE):
                work.people.add_workspace(Workspace(workspace, "fake", workspace, workspace))
            work.people.save(Person(PersonId("ana"), HERE, address="U1", name="Ana"))

    def open_lanes(self) -> Lanes:
        platforms = {HERE: self.platform, THERE: self.platform}
        return Lanes(SqlLaneStore(self.database), platforms.get, lambda: self.now)

    def promise(
        self,
        *keys: str,
        workspace: WorkspaceId = HERE,
        priority: Priority = Priority.ANSWER,
        due_at: datetime | None = None,
    ) -> None:
        to = ToPerson(person=PersonId("ana")) if workspace == HERE else ToPlace(conversation="c")
        with self.database.transaction() as work:
            for key in keys:
                work.outbox.post(
                    workspace,
                    Letter(
                        key=key,
                        to=to,
                        message=say("secret words"),
                        kind="test",
                        priority=priority,
                        due_at=due_at,
                    ),
                )

    def state(self, key: str, workspace: WorkspaceId = HERE) -> LetterState | None:
        with self.database.transaction() as work:
            return work.outbox.state(workspace, key)

    def drain(self) -> int:
        return asyncio.run(self.lanes.drain_all())


@pytest.fixture
def post(database: Database) -> Post:
    return Post(database)


def answering(*outcomes: Outcome | Exception) -> Callable[[Delivery], Any]:
    """Says or raises these one after the other, then lets everything arrive."""
    left = list(outcomes)

    async def answer(_delivery: Delivery) -> Outcome | None:
        outcome = left.pop(0) if left else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return answer


def test_letters_are_delivered_once_and_the_urgent_ones_first(post: Post) -> None:
    post.promise("tip", priority=Priority.TIP)
    post.promise("answer")
    assert post.drain() == 2
    assert post.platform.arrived == ["answer", "tip"]
    assert post.state("answer") is LetterState.SENT
    assert post.drain() == 0
    assert post.platform.arrived == ["answer", "tip"]


def test_many_letters_need_many_batches(post: Post) -> None:
    keys = [f"k{n:02}" for n in range(2 * bot.lanes.BATCH + 1)]
    post.promise(*keys)
    assert post.drain() == len(keys)
    assert post.platform.arrived == keys


def test_letter_waits_until_it_is_due(post: Post) -> None:
    post.promise("later", due_at=MONDAY + timedelta(hours=1))
    assert post.drain() == 0
    post.now += timedelta(hours=1)
    assert post.drain() == 1


def test_every_lane_is_drained(post: Post) -> None:
    post.promise("a")
    post.promise("b", workspace=THERE)
    assert post.drain() == 2
    assert sorted(post.platform.arrived) == ["a", "b"]


def test_postponed_letter_comes_later(post: Post) -> None:
    post.platform.answer = answering(TryLater(timedelta(minutes=5), "rate limit"))
    post.promise("a")
    assert post.drain() == 0
    assert post.state("a") is LetterState.PENDING
    post.now += timedelta(minutes=5)
    assert post.drain() == 1


def test_endless_postponing_ends(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.lanes, "ROUNDS", 3)
    post.platform.answer = answering(*[TryLater(timedelta(0), "no")] * 3)
    post.promise("a")
    assert post.drain() == 0
    assert post.state("a") is LetterState.PENDING
    assert post.drain() == 1


def test_refused_letter_is_not_sent_again(post: Post) -> None:
    post.platform.answer = answering(Never("gone"))
    post.promise("a")
    assert (post.drain(), post.drain()) == (0, 0)
    assert post.state("a") is LetterState.FAILED


@pytest.mark.parametrize("unsure", [Ambiguous("reset"), Broken("secret words")])
def test_unsure_letter_is_looked_up_before_it_is_sent_again(
    post: Post, unsure: Outcome | Exception
) -> None:
    post.platform.answer = answering(unsure)
    post.promise("a")
    assert post.drain() == 0
    assert post.state("a") is LetterState.AMBIGUOUS
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
    assert (post.drain(), post.drain(), post.drain()) == (0, 1, 0)
    assert post.platform.arrived == ["a"]
    assert post.state("a") is LetterState.SENT
    with post.database.transaction() as work:
        assert work.outbox.find(HERE, "c", "m1") is not None


def test_failed_look_up_leaves_the_letter_unsure(post: Post) -> None:
    post.platform.answer = answering(Ambiguous("reset"))
    post.promise("a")
    post.drain()
    post.platform.is_blind = True
    assert post.drain() == 0
    assert post.state("a") is LetterState.AMBIGUOUS
    post.platform.is_blind = False
    post.now += timedelta(minutes=10)
    assert post.drain() == 1
    assert post.platform.arrived == ["a"]


def test_platform_that_does_not_answer_leaves_the_letter_unsure(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_delivery: Delivery) -> Outcome | None:
        await asyncio.Event().wait()
        return None

    monkeypatch.setattr(bot.lanes, "TIMEOUT", timedelta(milliseconds=1))
    post.platform.answer = hang
    post.promise("a")
    assert post.drain() == 0
    assert post.state("a") is LetterState.AMBIGUOUS


def test_stopped_drain_leaves_its_letters_to_recovery(post: Post) -> None:
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
        drain.cancel()
        with pytest.raises(asyncio.CancelledError):
            await drain

    post.promise("a", "b")
    asyncio.run(stop_midway())
    assert (post.state("a"), post.state("b")) == (LetterState.SENDING, LetterState.LEASED)
    post.platform.answer = arrive
    post.lanes = post.open_lanes()
    assert post.drain() == 0, "the lease has not run out"
    post.now += LEASE
    assert post.drain() == 2
    assert post.platform.arrived == ["a", "b"]


def test_nothing_is_begun_shortly_before_the_lease_ends(post: Post) -> None:
    async def be_slow(_delivery: Delivery) -> Outcome | None:
        post.now += LEASE - bot.lanes.TIMEOUT
        return None

    post.platform.answer = be_slow
    post.promise("a", "b")
    assert post.drain() == 1
    assert post.state("b") is LetterState.LEASED
    post.platform.answer = arrive
    post.now += LEASE
    assert post.drain() == 1
    assert post.platform.arrived == ["a", "b"]


def test_drains_at_the_same_time_share_nothing_and_end_with_nothing_due(post: Post) -> None:
    async def yield_first(_delivery: Delivery) -> Outcome | None:
        await asyncio.sleep(0)
        return None

    async def drain_thrice() -> list[int]:
        return await asyncio.gather(*(post.lanes.drain_all() for _ in range(3)))

    post.platform.answer = yield_first
    keys = [f"k{n:02}" for n in range(30)]
    post.promise(*keys)
    assert sum(asyncio.run(drain_thrice())) == 30
    assert post.platform.arrived == keys


def test_workspace_without_a_platform_keeps_its_letters(post: Post) -> None:
    post.promise("a")
    lanes = Lanes(SqlLaneStore(post.database), lambda _: None, lambda: post.now)
    assert asyncio.run(lanes.drain_all()) == 0
    assert post.state("a") is LetterState.PENDING


def test_lane_that_fails_does_not_stop_the_others(post: Post) -> None:
    def find(workspace: WorkspaceId) -> Platform:
        if workspace == HERE:
            raise Unavailable
        return post.platform

    post.promise("a")
    post.promise("b", workspace=THERE)
    lanes = Lanes(SqlLaneStore(post.database), find, lambda: post.now)
    assert asyncio.run(lanes.drain_all()) == 1
    assert post.platform.arrived == ["b"]


def test_no_words_get_into_the_log(post: Post) -> None:
    post.platform.answer = answering(Broken("secret words"))
    post.promise("a", "b")
    with capture_logs() as logs:
        post.drain()
        post.drain()
    assert [entry["event"] for entry in logs].count("letter settled") == 4
    assert "secret" not in str(logs)
    assert "ana" not in str(logs).lower()
