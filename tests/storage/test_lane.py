"""Letters as a lane sees them: claimed in order, leased, fenced, settled, recovered."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.capabilities.questions.memory import Memory
from bot.ids import PersonId
from bot.outbox import (
    Ambiguous,
    Delivery,
    LetterState,
    Limited,
    Never,
    Outcome,
    Priority,
    Sent,
    Settlement,
    ToPerson,
    ToPlace,
    ToRelay,
    TryLater,
)
from storage.database import Database
from storage.delivery import UNREADABLE_WAIT
from storage.lane import RECONCILING, REFUSALS
from storage.tables import outbox
from tests.databases import RELAY_KEY
from tests.storage.example import ACME, ANA, BO, HOUR, LEASE, NOW, OTHER, letter
from tests.storage.hand import HandLane

SENT = Sent(external="171.1", conversation="D0BO")
SECOND = timedelta(seconds=1)


@pytest.fixture
def lane(acme: Database) -> HandLane:
    """The outbox of the example's workspace."""
    return HandLane(acme)


@pytest.fixture
def rival(acme: Database, database_url: str) -> Iterator[HandLane]:
    """The same outbox, as another process sees it."""
    database = Database(database_url, relay_key=RELAY_KEY, memory=Memory())
    yield HandLane(database)
    database.close()


def post(database: Database, *keys: str, **changes: Any) -> None:
    """Promise some letters."""
    with database.transaction() as work:
        for key in keys:
            work.outbox.post(ACME.id, letter(key, **changes))


def keys(deliveries: Iterable[Delivery]) -> list[str]:
    """Which letters these are."""
    return [delivery.key for delivery in deliveries]


def row(database: Database, key: str) -> Any:
    """All that is kept of a letter."""
    with database.begin() as connection:
        return connection.execute(select(outbox).where(outbox.c.key == key)).one()


def test_the_most_urgent_come_first_then_the_longest_due(acme: Database, lane: HandLane) -> None:
    post(acme, "tip", priority=Priority.TIP)
    post(acme, "late offer", due_at=NOW - HOUR)
    post(acme, "early offer", due_at=NOW - 2 * HOUR)
    post(acme, "offer at once", "second offer at once")
    post(acme, "answer", priority=Priority.ANSWER, due_at=NOW)
    assert keys(lane.claim(ACME.id, NOW, 50, LEASE)) == [
        "answer",
        "offer at once",
        "second offer at once",
        "early offer",
        "late offer",
        "tip",
    ]


def test_no_more_are_claimed_than_asked_for(acme: Database, lane: HandLane) -> None:
    post(acme, "a", "b", "c", "d")
    post(acme, "e", priority=Priority.ANSWER)
    assert keys(lane.claim(ACME.id, NOW, 3, LEASE)) == ["e", "a", "b"]
    assert keys(lane.claim(ACME.id, NOW, 3, LEASE)) == ["c", "d"]
    assert lane.claim(ACME.id, NOW, 3, LEASE) == []


def test_a_letter_waits_until_it_is_due(acme: Database, lane: HandLane) -> None:
    post(acme, "l1", due_at=NOW)
    assert lane.claim(ACME.id, NOW - SECOND, 9, LEASE) == []
    assert keys(lane.claim(ACME.id, NOW, 9, LEASE)) == ["l1"]


def test_a_lane_is_one_workspace(acme: Database, lane: HandLane) -> None:
    post(acme, "l1")
    with acme.transaction() as work:
        work.people.add_workspace(OTHER)
    assert lane.lanes_with_work(NOW) == [ACME.id]
    assert lane.claim(OTHER.id, NOW, 9, LEASE) == []
    assert lane.recover(OTHER.id, NOW) == []


def test_a_letter_to_a_place_goes_into_its_thread(acme: Database, lane: HandLane) -> None:
    post(acme, "l1", to=ToPlace(conversation="C1", thread="171.9"))
    [delivery] = lane.claim(ACME.id, NOW, 9, LEASE)
    assert (delivery.address, delivery.direct, delivery.thread) == ("C1", False, "171.9")


def test_a_letter_goes_to_the_address_the_person_has_now(acme: Database, lane: HandLane) -> None:
    post(acme, "l1")
    with acme.transaction() as work:
        work.people.save(replace(BO, address="U0MOVED"))
    [delivery] = lane.claim(ACME.id, NOW, 9, LEASE)
    assert (delivery.address, delivery.direct) == ("U0MOVED", True)


def test_a_relay_letter_goes_to_the_person_behind_the_subject(
    acme: Database, lane: HandLane
) -> None:
    with acme.transaction() as work:
        work.relay.seal("question:q1", ANA.id)
    post(acme, "l1", to=ToRelay(subject="question:q1"))
    [delivery] = lane.claim(ACME.id, NOW, 9, LEASE)
    assert (delivery.address, delivery.direct) == (ANA.address, True)


def test_what_cannot_be_delivered_fails_on_the_way_with_its_reason(
    acme: Database, lane: HandLane
) -> None:
    with acme.transaction() as work:
        work.people.save(replace(ANA, active=False))
    post(acme, "expired", expires_at=NOW)
    post(acme, "left", to=ToPerson(person=ANA.id))
    post(acme, "unknown", to=ToPerson(person=PersonId("person-nobody")))
    post(acme, "forgotten", to=ToRelay(subject="question:q9"))
    post(acme, "good", expires_at=NOW + SECOND)
    assert keys(lane.claim(ACME.id, NOW, 2, LEASE)) == ["good"]
    failed = [row(acme, key) for key in ("expired", "left", "unknown", "forgotten")]
    assert {letter.state for letter in failed} == {LetterState.FAILED}
    assert [letter.why for letter in failed[:3]] == [
        "expired",
        "left",
        "nobody is known by that id",
    ]
    assert acme.seal.open(failed[3].why) == ["the relay has forgotten the person"]
    assert lane.lanes_with_work(NOW) == []


def spoil(database: Database, key: str) -> str:
    """Let a letter have been written by a version we do not know; returns what it said."""
    said = row(database, key).message
    write_message(database, key, '{"version": 0}')
    return str(said)


def write_message(database: Database, key: str, said: str) -> None:
    with database.begin() as connection:
        connection.execute(outbox.update().where(outbox.c.key == key).values(message=said))


def test_a_message_of_another_version_waits_alone_for_who_can_read_it(
    acme: Database, lane: HandLane
) -> None:
    post(acme, "l1", "l2")
    said = spoil(acme, "l1")
    assert keys(lane.claim(ACME.id, NOW, 9, LEASE)) == ["l2"]
    assert (row(acme, "l1").state, row(acme, "l1").why) == ("pending", "unread: ValidationError")
    write_message(acme, "l1", said)
    assert keys(lane.claim(ACME.id, NOW + UNREADABLE_WAIT, 9, LEASE)) == ["l1"]


def test_letters_that_cannot_be_read_keep_none_from_being_looked_up(
    acme: Database, lane: HandLane
) -> None:
    unread = [f"l{number:02}" for number in range(60)]
    post(acme, *unread, "good")
    claimed = lane.claim(ACME.id, NOW, 99, LEASE)
    lane.settle([Settlement(delivery.id, Ambiguous("timeout")) for delivery in claimed], NOW)
    for key in unread:
        said = spoil(acme, key)
    assert lane.recover(ACME.id, NOW) == []
    assert keys(lane.recover(ACME.id, NOW)) == ["good"]
    assert row(acme, "l00").state == LetterState.AMBIGUOUS
    write_message(acme, "l00", said)
    assert lane.recover(ACME.id, NOW + UNREADABLE_WAIT - SECOND) == [claimed[-1]]
    assert keys(lane.recover(ACME.id, NOW + UNREADABLE_WAIT)) == ["l00"]


def test_a_letter_of_a_priority_nobody_knows_stops_no_other(acme: Database, lane: HandLane) -> None:
    post(acme, "odd", "good")
    claimed = lane.claim(ACME.id, NOW, 9, LEASE)
    lane.settle([Settlement(delivery.id, Ambiguous("timeout")) for delivery in claimed], NOW)
    with acme.begin() as connection:
        connection.execute(outbox.update().where(outbox.c.key == "odd").values(priority=15))
    assert keys(lane.recover(ACME.id, NOW)) == ["good"]


def test_what_a_platform_says_can_be_written_whatever_it_is(acme: Database, lane: HandLane) -> None:
    post(acme, "never", "sent", "later", "unsure")
    claimed = lane.claim(ACME.id, NOW, 9, LEASE)
    odd = "bad \x00 and \ud83d"
    outcomes: tuple[Outcome, ...] = (
        Never(odd),
        Sent(external=odd, conversation=odd),
        TryLater(HOUR, odd),
        Ambiguous(odd),
    )
    lane.settle(
        [Settlement(letter.id, said) for letter, said in zip(claimed, outcomes, strict=True)], NOW
    )
    assert [row(acme, key).why for key in ("never", "later", "unsure")] == [
        "bad \ufffd and \ufffd"
    ] * 3
    with acme.transaction() as work:
        found = work.outbox.find(ACME.id, odd, odd)
    assert found is not None
    assert found.key == "sent"


def test_a_letter_that_is_always_refused_for_the_rate_steps_back(
    acme: Database, lane: HandLane
) -> None:
    post(acme, "l1")
    for _ in range(REFUSALS):
        [delivery] = lane.claim(ACME.id, NOW, 9, LEASE)
        assert delivery.attempts == 0
        lane.settle([Settlement(delivery.id, Limited(SECOND))], NOW)
    assert lane.claim(ACME.id, NOW + SECOND, 9, LEASE) == []
    assert keys(lane.claim(ACME.id, NOW + HOUR, 9, LEASE)) == ["l1"]


def test_a_letter_waits_for_the_right_relay_key(
    acme: Database, lane: HandLane, database_url: str
) -> None:
    with acme.transaction() as work:
        work.relay.seal("question:q1", ANA.id)
    post(acme, "l1", to=ToRelay(subject="question:q1"))
    stranger = Database(
        database_url, relay_key=b"another key of thirty-two bytes.", memory=Memory()
    )
    try:
        assert HandLane(stranger).claim(ACME.id, NOW, 9, LEASE) == []
    finally:
        stranger.close()
    assert row(acme, "l1").state == LetterState.PENDING
    assert keys(lane.claim(ACME.id, NOW + UNREADABLE_WAIT, 9, LEASE)) == ["l1"]


def test_two_lanes_never_claim_the_same_letter(
    acme: Database, lane: HandLane, rival: HandLane
) -> None:
    every = [f"l{number}" for number in range(60)]
    post(acme, *every)
    ready = threading.Barrier(2, timeout=30)
    claimed: list[list[str]] = [[], []]

    def drain(store: HandLane, into: list[str]) -> None:
        ready.wait()
        while batch := store.claim(ACME.id, NOW, 4, LEASE):
            into += keys(batch)

    threads = [
        threading.Thread(target=drain, args=pair)
        for pair in zip((lane, rival), claimed, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(claimed[0] + claimed[1]) == sorted(every)


def test_only_the_holder_of_the_lease_may_mark_and_settle(
    acme: Database, lane: HandLane, rival: HandLane
) -> None:
    post(acme, "l1")
    [delivery] = lane.claim(ACME.id, NOW, 9, LEASE)
    assert rival.mark_sending([delivery.id], NOW) == []
    rival.settle([Settlement(delivery.id, SENT)], NOW)
    assert row(acme, "l1").state == LetterState.LEASED
    assert lane.mark_sending([delivery.id], NOW) == [delivery.id]
    assert row(acme, "l1").started_at == NOW


def test_a_mark_may_be_repeated_by_whom_it_belongs_to(acme: Database, lane: HandLane) -> None:
    post(acme, "a", "b", "c")
    ids = [delivery.id for delivery in lane.claim(ACME.id, NOW, 9, LEASE)]
    assert lane.mark_sending([ids[2], 999, ids[0]], NOW) == [ids[2], ids[0]]
    # As when the answer to the first attempt was lost with the connection.
    assert lane.mark_sending(ids, NOW) == ids


def test_nothing_is_marked_when_the_lease_has_run_out(acme: Database, lane: HandLane) -> None:
    post(acme, "l1")
    [delivery] = lane.claim(ACME.id, NOW, 9, LEASE)
    assert lane.mark_sending([delivery.id], NOW + LEASE) == []


def test_a_letter_to_be_tried_later_is_due_again_then(acme: Database, lane: HandLane) -> None:
    post(acme, "l1")
    [delivery] = lane.claim(ACME.id, NOW, 9, LEASE)
    lane.settle([Settlement(delivery.id, TryLater(HOUR, "rate limit"))], NOW)
    assert row(acme, "l1").why == "rate limit"
    assert lane.claim(ACME.id, NOW + HOUR - SECOND, 9, LEASE) == []
    assert lane.claim(ACME.id, NOW + HOUR, 9, LEASE) == [replace(delivery, attempts=1)]


def test_what_failed_for_good_keeps_the_reason(acme: Database, lane: HandLane) -> None:
    post(acme, "l1")
    [delivery] = lane.claim(ACME.id, NOW, 9, LEASE)
    lane.settle([Settlement(delivery.id, Never("channel_not_found"))], NOW)
    assert (row(acme, "l1").state, row(acme, "l1").why) == ("failed", "channel_not_found")
    assert lane.lanes_with_work(NOW) == []


def test_one_settling_may_hold_every_outcome(acme: Database, lane: HandLane) -> None:
    names = ["a", "b", "c", "d"]
    post(acme, *names)
    outcomes: tuple[Outcome, ...] = (SENT, TryLater(HOUR, "x"), Never("y"), Ambiguous("z"))
    claimed = lane.claim(ACME.id, NOW, 9, LEASE)
    lane.settle(
        [Settlement(letter.id, said) for letter, said in zip(claimed, outcomes, strict=True)], NOW
    )
    assert [row(acme, name).state for name in names] == [
        "sent",
        "pending",
        "failed",
        "ambiguous",
    ]


def test_a_lease_that_ran_out_is_given_back(
    acme: Database, lane: HandLane, rival: HandLane
) -> None:
    post(acme, "l1")
    [delivery] = lane.claim(ACME.id, NOW, 9, LEASE)
    assert rival.recover(ACME.id, NOW + LEASE - SECOND) == []
    assert rival.claim(ACME.id, NOW + LEASE - SECOND, 9, LEASE) == []
    assert rival.lanes_with_work(NOW + LEASE) == [ACME.id]
    assert rival.recover(ACME.id, NOW + LEASE) == []
    assert rival.claim(ACME.id, NOW + LEASE, 9, LEASE) == [delivery]
    lane.settle([Settlement(delivery.id, SENT)], NOW + LEASE)
    assert row(acme, "l1").state == LetterState.LEASED


def test_a_letter_on_the_wire_when_the_lease_ran_out_is_to_be_reconciled(
    acme: Database, lane: HandLane, rival: HandLane
) -> None:
    post(acme, "l1")
    [delivery] = lane.claim(ACME.id, NOW, 9, LEASE)
    lane.mark_sending([delivery.id], NOW)
    assert rival.recover(ACME.id, NOW + LEASE - SECOND) == []
    assert rival.recover(ACME.id, NOW + LEASE) == [replace(delivery, began_at=NOW)]
    assert row(acme, "l1").state == LetterState.AMBIGUOUS
    lane.settle([Settlement(delivery.id, Never("too late to say"))], NOW + LEASE)
    rival.settle([Settlement(delivery.id, SENT)], NOW + LEASE)
    assert row(acme, "l1").state == LetterState.SENT


def test_an_ambiguous_letter_is_recovered_by_one_at_a_time(
    acme: Database, lane: HandLane, rival: HandLane
) -> None:
    post(acme, "l1")
    [delivery] = lane.claim(ACME.id, NOW, 9, LEASE)
    lane.settle([Settlement(delivery.id, Ambiguous("timeout"))], NOW)
    assert lane.recover(ACME.id, NOW) == [delivery]
    for store in (lane, rival):
        assert store.recover(ACME.id, NOW + RECONCILING - SECOND) == []
        assert store.lanes_with_work(NOW + RECONCILING - SECOND) == []
    assert rival.lanes_with_work(NOW + RECONCILING) == [ACME.id]
    assert rival.recover(ACME.id, NOW + RECONCILING) == [delivery]
    lane.settle([Settlement(delivery.id, SENT)], NOW + RECONCILING)
    assert row(acme, "l1").state == LetterState.AMBIGUOUS


def test_a_letter_that_was_not_found_is_sent_again(acme: Database, lane: HandLane) -> None:
    post(acme, "l1")
    [delivery] = lane.claim(ACME.id, NOW, 9, LEASE)
    lane.settle([Settlement(delivery.id, Ambiguous("timeout"))], NOW)
    lane.recover(ACME.id, NOW)
    lane.settle([Settlement(delivery.id, TryLater(timedelta(0), "not there"))], NOW)
    assert lane.claim(ACME.id, NOW, 9, LEASE) == [replace(delivery, attempts=1)]


def test_an_ambiguous_letter_to_somebody_who_left_is_still_reconciled(
    acme: Database, lane: HandLane
) -> None:
    post(acme, "l1")
    [delivery] = lane.claim(ACME.id, NOW, 9, LEASE)
    lane.settle([Settlement(delivery.id, Ambiguous("timeout"))], NOW)
    with acme.transaction() as work:
        work.people.save(replace(BO, active=False))
    assert lane.recover(ACME.id, NOW) == [delivery]


def test_of_an_ambiguous_letter_to_nobody_any_more_nothing_is_known(
    acme: Database, lane: HandLane
) -> None:
    with acme.transaction() as work:
        work.relay.seal("question:q1", ANA.id)
    post(acme, "l1", to=ToRelay(subject="question:q1"))
    [delivery] = lane.claim(ACME.id, NOW, 9, LEASE)
    lane.settle([Settlement(delivery.id, Ambiguous("timeout"))], NOW)
    with acme.transaction() as work:
        work.relay.forget("question:q1")
    assert lane.recover(ACME.id, NOW) == []
    assert row(acme, "l1").state == LetterState.UNKNOWN


def test_lanes_have_work_only_while_something_is_to_be_done(acme: Database, lane: HandLane) -> None:
    assert lane.lanes_with_work(NOW) == []
    post(acme, "l1", due_at=NOW + HOUR)
    assert lane.lanes_with_work(NOW) == []
    assert lane.lanes_with_work(NOW + HOUR) == [ACME.id]
    [delivery] = lane.claim(ACME.id, NOW + HOUR, 9, LEASE)
    assert lane.lanes_with_work(NOW + HOUR) == []
    lane.settle([Settlement(delivery.id, SENT)], NOW + HOUR)
    assert lane.lanes_with_work(NOW + 100 * HOUR) == []
