"""Slots are reserved with the letters, and nobody gets one that is somebody else's."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from time import perf_counter, sleep
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from structlog.testing import capture_logs

from bot.capabilities.questions.memory import Memory
from bot.claim import Claimed
from bot.outbox import LetterState, Limited, Priority, Settlement, ToPerson, ToPlace
from bot.rate import Bucket, Limits
from storage.database import Database
from storage.delivery import UNREADABLE_WAIT
from storage.lane import SqlLaneStore
from storage.rate import lock_pace
from storage.tables import outbox, people, rates, workspaces
from tests.databases import RELAY_KEY
from tests.storage.example import ACME, ANA, BO, HOUR, LEASE, NOW, letter

TEN_A_SECOND = Limits(per_minute=600)
SECOND = timedelta(seconds=1)
TODAY = date(2026, 3, 2)


@pytest.fixture
def store(acme: Database) -> SqlLaneStore:
    return SqlLaneStore(acme, lambda: NOW)


@pytest.fixture
def rival(acme: Database, database_url: str) -> Iterator[SqlLaneStore]:
    """The same outbox, as another process sees it."""
    database = Database(database_url, relay_key=RELAY_KEY, memory=Memory())
    yield SqlLaneStore(database, lambda: NOW)
    database.close()


def post(database: Database, *keys: str, **changes: Any) -> None:
    with database.transaction() as work:
        work.outbox.post_all(ACME.id, [letter(key, **changes) for key in keys])


def row(database: Database, key: str) -> Any:
    with database.begin() as connection:
        return connection.execute(select(outbox).where(outbox.c.key == key)).one()


def test_a_claim_is_a_second_worth_of_letters_with_their_slots(
    acme: Database, store: SqlLaneStore
) -> None:
    post(acme, *(f"l{n:02}" for n in range(30)), priority=Priority.TIP)
    claim = store.claim(ACME.id, NOW, 500, LEASE, TEN_A_SECOND)
    assert claim.slots is not None
    assert len(claim.letters) == len(claim.slots) == 10
    assert claim.slots[0] == NOW
    gaps = [later - earlier for earlier, later in pairwise(claim.slots)]
    assert min(gaps) > timedelta(seconds=claim.interval) == SECOND / 10
    assert not claim.is_all
    following = store.claim(ACME.id, NOW + SECOND, 500, LEASE, TEN_A_SECOND)
    assert following.slots is not None
    assert following.slots[0] - claim.slots[-1] > SECOND / 10


def test_what_waits_for_nobody_leaves_room_for_an_answer(
    acme: Database, store: SqlLaneStore
) -> None:
    post(acme, *(f"l{n:02}" for n in range(30)), priority=Priority.TIP)
    store.claim(ACME.id, NOW, 500, LEASE, TEN_A_SECOND)
    post(acme, "answer", priority=Priority.ANSWER)
    claim = store.claim(ACME.id, NOW, 500, LEASE, TEN_A_SECOND)
    assert [claimed.delivery.key for claimed in claim.letters] == ["answer"]
    assert claim.slots is not None
    assert NOW + SECOND <= claim.slots[0] < NOW + 2 * SECOND
    again = store.claim(ACME.id, NOW, 500, LEASE, TEN_A_SECOND)
    assert not again.letters
    assert again.again_at is not None
    assert again.again_at > NOW


def test_letters_that_lost_their_slots_get_others_first(
    acme: Database, store: SqlLaneStore
) -> None:
    post(acme, *(f"l{n:02}" for n in range(30)), priority=Priority.TIP)
    claim = store.claim(ACME.id, NOW, 500, LEASE, TEN_A_SECOND, 7)
    assert claim.slots is not None
    assert (len(claim.letters), len(claim.slots)) == (3, 10)


def test_two_processes_never_share_a_slot(
    acme: Database, store: SqlLaneStore, rival: SqlLaneStore
) -> None:
    fast = Limits(per_minute=6_000)
    post(acme, *(f"l{n:03}" for n in range(90)), priority=Priority.TIP)
    ready = threading.Barrier(2, timeout=30)
    slots: list[list[float]] = [[], []]

    def take(taker: SqlLaneStore, into: list[float]) -> None:
        ready.wait()
        while (claim := taker.claim(ACME.id, NOW, 7, LEASE, fast)).letters:
            into += [slot.timestamp() for slot in claim.slots or ()]

    threads = [
        threading.Thread(target=take, args=pair) for pair in zip((store, rival), slots, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    taken = sorted(slots[0] + slots[1])
    assert len(taken) == 90
    assert min(later - earlier for earlier, later in pairwise(taken)) > 0.01


def test_a_paused_lane_gives_nothing_to_anybody(
    acme: Database, store: SqlLaneStore, rival: SqlLaneStore
) -> None:
    post(acme, "a", "b")
    claim = store.claim(ACME.id, NOW, 1, LEASE)
    store.pause(ACME.id, NOW, TEN_A_SECOND, 30 * SECOND)
    store.write((), [Settlement(claim.letters[0].delivery.id, Limited(30 * SECOND))], NOW, LEASE)
    for moment in (NOW, NOW + 29 * SECOND):
        assert rival.lanes_with_work(moment) == []
        refused = rival.claim(ACME.id, moment, 9, LEASE)
        assert (refused.letters, refused.again_at) == ((), NOW + 30 * SECOND)
    assert rival.lanes_with_work(NOW + 30 * SECOND) == [ACME.id]
    assert len(rival.claim(ACME.id, NOW + 30 * SECOND, 9, LEASE).letters) == 2


def test_a_conversation_without_a_slot_is_left_and_takes_none_from_the_others(
    acme: Database, store: SqlLaneStore
) -> None:
    slow = Limits(per_minute=600, conversation=(Bucket(1, 10.0),))
    post(acme, *(f"c{n}" for n in range(20)), to=ToPlace(conversation="C1"))
    post(acme, "bo", priority=Priority.TIP)
    claim = store.claim(ACME.id, NOW, 500, LEASE, slow)
    assert [claimed.delivery.key for claimed in claim.letters] == ["c0", "bo"]
    assert claim.slots is not None
    assert len(claim.slots) == 2
    assert not claim.is_all
    nothing = store.claim(ACME.id, NOW + SECOND, 500, LEASE, slow)
    assert nothing.letters == []
    assert nothing.again_at is not None
    assert 8 * SECOND < nothing.again_at - NOW < 10 * SECOND
    later = store.claim(ACME.id, nothing.again_at, 500, LEASE, slow)
    assert [claimed.delivery.key for claimed in later.letters] == ["c1"]


def test_nobody_can_read_whose_conversation_was_used(acme: Database, store: SqlLaneStore) -> None:
    post(acme, "l1")
    store.claim(ACME.id, NOW, 9, LEASE, Limits(conversation=(Bucket(1, 1.0),)))
    with acme.begin() as connection:
        kept = "".join(connection.execute(select(rates.c.conversation)).scalars())
    assert kept
    assert BO.address not in kept


def test_unsolicited_letters_are_judged_again_when_they_are_claimed(
    acme: Database, store: SqlLaneStore
) -> None:
    with acme.transaction() as work:
        work.people.save(replace(ANA, paused_until=NOW + HOUR))
        stopped = work.attention.get(BO.id)
        work.attention.save(replace(stopped, stopped_at=NOW - HOUR))
    unsolicited: dict[str, Any] = {
        "priority": Priority.TIP,
        "day": TODAY,
        "expires_at": NOW + 2 * HOUR,
    }
    post(acme, "paused", to=ToPerson(person=ANA.id), **unsolicited)
    post(acme, "stopped", **unsolicited)
    post(acme, "asked for")
    claim = store.claim(ACME.id, NOW, 9, LEASE)
    assert [claimed.delivery.key for claimed in claim.letters] == ["asked for"]
    assert row(acme, "paused").state == LetterState.PENDING
    assert row(acme, "paused").due_at == NOW + HOUR
    assert row(acme, "stopped").state == LetterState.SUPPRESSED
    assert (row(acme, "stopped").why, row(acme, "stopped").settled_at) == ("stopped", NOW)


UNSOLICITED: dict[str, Any] = {"priority": Priority.TIP, "day": TODAY, "expires_at": NOW + HOUR}


def test_two_who_claim_at_once_keep_to_one_budget(acme: Database, store: SqlLaneStore) -> None:
    post(acme, "first", "second", **UNSOLICITED)
    claims: list[Sequence[Claimed]] = []
    claiming = threading.Thread(
        target=lambda: claims.append(store.claim(ACME.id, NOW, 9, LEASE).letters)
    )
    with acme.begin() as connection:
        # What a claim of somebody else does, held open.
        lock_pace(connection, ACME.id)
        connection.execute(update(outbox).where(outbox.c.key == "first").values(state="leased"))
        claiming.start()
        claiming.join(0.3)
        assert claiming.is_alive()
    claiming.join(30)
    assert claims == [[]]
    assert (row(acme, "second").state, row(acme, "second").why) == ("suppressed", "budget")


def test_of_whom_nothing_can_be_read_only_their_letters_wait(
    acme: Database, store: SqlLaneStore
) -> None:
    post(acme, "odd", to=ToPerson(person=ANA.id), **UNSOLICITED)
    post(acme, "second odd", to=ToPerson(person=ANA.id), **UNSOLICITED)
    post(acme, "tip", "over budget", **UNSOLICITED)
    with acme.begin() as connection:
        connection.execute(update(people).where(people.c.id == ANA.id).values(starts="late"))
    with capture_logs() as logged:
        claim = store.claim(ACME.id, NOW, 9, LEASE)
    assert [claimed.delivery.key for claimed in claim.letters] == ["tip"]
    assert row(acme, "over budget").state == LetterState.SUPPRESSED
    for key in ("odd", "second odd"):
        assert (row(acme, key).state, row(acme, key).due_at) == ("pending", NOW + UNREADABLE_WAIT)
    assert [entry["error"] for entry in logged] == ["ValueError"] * 2


def test_what_comes_too_late_is_never_sent(acme: Database, store: SqlLaneStore) -> None:
    post(acme, "tip", priority=Priority.TIP, day=TODAY, expires_at=NOW)
    post(acme, "answer", expires_at=NOW)
    assert not store.claim(ACME.id, NOW, 9, LEASE).letters
    assert (row(acme, "tip").state, row(acme, "tip").why) == ("suppressed", "too late")
    assert (row(acme, "answer").state, row(acme, "answer").why) == ("failed", "expired")
    assert row(acme, "answer").settled_at == NOW


def test_leases_go_by_the_databases_clock(acme: Database) -> None:
    store = SqlLaneStore(acme)
    post(acme, "l1")
    [claimed] = store.claim(ACME.id, NOW, 9, LEASE).letters
    moved = NOW + timedelta(days=400)
    assert store.recover(ACME.id, moved).given_back == 0
    assert store.lanes_with_work(moved) == []
    assert store.write([claimed.delivery.id], (), moved, LEASE).ours == {claimed.delivery.id}


def test_leases_run_on_when_the_clock_of_the_machine_is_put_back(
    acme: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqlLaneStore(acme)
    post(acme, "l1")
    assert store.claim(ACME.id, NOW, 9, timedelta(seconds=0.1)).letters
    monkeypatch.setattr(
        "storage.lane._SQLITE_NOW",
        text("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now', '-1 hour')"),
    )
    sleep(0.11)
    assert store.lanes_with_work(NOW) == [ACME.id]
    assert store.recover(ACME.id, NOW).given_back == 1


def test_finding_work_takes_little_time_however_much_there_is(
    acme: Database, store: SqlLaneStore
) -> None:
    """A bound that only a scan of all letters would miss; the figures are in tests/bench."""
    lanes = [f"w{n:04}" for n in range(300)]
    message = letter().message.model_dump_json()
    with acme.begin() as connection:
        connection.execute(
            insert(workspaces),
            [{"id": lane, "platform": "x", "external": lane, "name": lane} for lane in lanes],
        )
        for state, due_at in (("sent", NOW - HOUR), ("pending", NOW + HOUR), ("pending", NOW)):
            connection.execute(
                insert(outbox),
                [
                    {
                        "workspace": lane,
                        "key": f"{state}{due_at}{n}",
                        "to_kind": "place",
                        "conversation": "c",
                        "kind": "t",
                        "priority": 40,
                        "due_at": due_at,
                        "state": state,
                        "attempts": 0,
                        "message": message,
                    }
                    for lane in lanes
                    for n in range(30)
                ],
            )
    assert len(store.lanes_with_work(NOW)) == 300
    assert store.lanes_with_work(NOW - SECOND) == []
    took: list[float] = []
    for _ in range(5):
        began = perf_counter()
        store.lanes_with_work(NOW)
        took.append(perf_counter() - began)
    # The machine may stand still in one of them; a scan is slow each time.
    assert min(took) < 0.1
