"""Letters as a handler sees them: promised once, edited, taken back, found again."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.outbox import (
    Ambiguous,
    Delivered,
    Delivery,
    LetterState,
    Limited,
    Never,
    Outcome,
    Priority,
    Sent,
    Settlement,
    TryLater,
)
from storage.database import Database
from storage.tables import outbox
from storage.work import SqlWork
from tests.storage.example import ACME, BO, HOUR, LEASE, NOW, OTHER, letter, message
from tests.storage.hand import HandLane

SENT = Sent(external="171.1", conversation="D0BO")


def post(database: Database, key: str, text: str = "Hello.", **changes: Any) -> None:
    """Promise a letter, in a transaction of its own."""
    with database.transaction() as work:
        work.outbox.post(ACME.id, letter(key, text, **changes))


def claim(database: Database) -> list[Delivery]:
    """Lease all that is due now."""
    return list(HandLane(database).claim(ACME.id, NOW, 50, LEASE))


def settle(database: Database, outcome: Outcome, *deliveries: Delivery) -> None:
    """Say the same of some letters."""
    lane = HandLane(database)
    lane.settle([Settlement(delivery.id, outcome) for delivery in deliveries], NOW)


def carry(database: Database, outcome: Outcome) -> list[str]:
    """Claim and settle all that is due; returns what the letters said."""
    claimed = claim(database)
    settle(database, outcome, *claimed)
    return [delivery.message.summary for delivery in claimed]


def states(database: Database, *keys: str) -> list[LetterState | None]:
    """What has become of some letters."""
    with database.transaction() as work:
        return [work.outbox.state(ACME.id, key) for key in keys]


def test_a_letter_comes_to_the_lane_as_it_was_posted(acme: Database) -> None:
    post(acme, "q1:offer:bo", "Somebody asks.", about="question:q1")
    assert claim(acme) == [
        Delivery(
            id=1,
            key="q1:offer:bo",
            workspace=ACME.id,
            address=BO.address,
            direct=True,
            message=message("Somebody asks."),
            kind="question.offer",
            priority=Priority.OFFER,
        )
    ]


def test_a_key_is_promised_once(acme: Database) -> None:
    post(acme, "l1", "First.")
    post(acme, "l1", "Second.")
    assert carry(acme, SENT) == ["First."]
    post(acme, "l1", "Third.")
    assert carry(acme, SENT) == []


def test_workspaces_may_use_the_same_key(acme: Database) -> None:
    post(acme, "l1")
    with acme.transaction() as work:
        work.people.add_workspace(OTHER)
        assert work.outbox.state(OTHER.id, "l1") is None
        work.outbox.post(OTHER.id, letter("l1"))
        assert work.outbox.state(OTHER.id, "l1") is LetterState.PENDING


def test_a_letter_of_a_transaction_that_failed_was_never_promised(acme: Database) -> None:
    with pytest.raises(ZeroDivisionError), acme.transaction() as work:
        post_and_fail(work)
    assert states(acme, "l1") == [None]


def post_and_fail(work: SqlWork) -> None:
    """A handler that fails when the letter has been posted."""
    work.outbox.post(ACME.id, letter("l1"))
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (SENT, LetterState.SENT),
        (TryLater(timedelta(0), "busy"), LetterState.PENDING),
        (Never("gone"), LetterState.FAILED),
        (Ambiguous("timeout"), LetterState.AMBIGUOUS),
    ],
)
def test_the_state_tells_what_became_of_a_letter(
    acme: Database, outcome: Outcome, state: LetterState
) -> None:
    post(acme, "l1")
    assert states(acme, "l1", "l2") == [LetterState.PENDING, None]
    [delivery] = claim(acme)
    assert states(acme, "l1") == [LetterState.LEASED]
    HandLane(acme).mark_sending([delivery.id], NOW)
    assert states(acme, "l1") == [LetterState.SENDING]
    settle(acme, outcome, delivery)
    assert states(acme, "l1") == [state]


def test_a_waiting_letter_can_be_taken_back_once(acme: Database) -> None:
    post(acme, "l1")
    with acme.transaction() as work:
        cancelled = [work.outbox.cancel(ACME.id, key) for key in ("l1", "l1", "l2")]
        elsewhere = work.outbox.cancel(OTHER.id, "l1")
    assert (cancelled, elsewhere) == ([True, False, False], False)
    assert states(acme, "l1") == [LetterState.CANCELLED]
    assert claim(acme) == []


def take_back(database: Database, key: str) -> bool:
    """Whether a letter is certain not to be sent."""
    with database.transaction() as work:
        return work.outbox.cancel(ACME.id, key)


def test_a_letter_that_has_not_begun_can_be_taken_back_from_its_lane(acme: Database) -> None:
    post(acme, "l1")
    [delivery] = claim(acme)
    assert take_back(acme, "l1")
    assert HandLane(acme).mark_sending([delivery.id], NOW) == []
    settle(acme, TryLater(timedelta(0), "rate"), delivery)
    assert states(acme, "l1") == [LetterState.CANCELLED]
    assert claim(acme) == []


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (SENT, LetterState.SENT),
        (TryLater(timedelta(0), "rate"), LetterState.CANCELLED),
        (Limited(timedelta(0)), LetterState.CANCELLED),
        (Never("gone"), LetterState.FAILED),
    ],
)
def test_a_letter_on_the_wire_is_not_sent_again_when_it_was_taken_back(
    acme: Database, outcome: Outcome, state: LetterState
) -> None:
    post(acme, "l1")
    [delivery] = claim(acme)
    HandLane(acme).mark_sending([delivery.id], NOW)
    assert not take_back(acme, "l1")
    assert states(acme, "l1") == [LetterState.SENDING]
    settle(acme, outcome, delivery)
    assert claim(acme) == []
    assert states(acme, "l1") == [state]


def test_an_ambiguous_letter_that_was_taken_back_is_looked_up_and_not_sent_again(
    acme: Database,
) -> None:
    post(acme, "l1")
    settle(acme, Ambiguous("timeout"), *claim(acme))
    assert not take_back(acme, "l1")
    [delivery] = HandLane(acme).recover(ACME.id, NOW)
    settle(acme, TryLater(timedelta(0), "not there"), delivery)
    assert claim(acme) == []
    assert states(acme, "l1") == [LetterState.CANCELLED]


def test_what_waits_for_somebodys_hour_waits_for_another_or_is_taken_back(acme: Database) -> None:
    post(acme, "a", due_at=NOW + HOUR, kind="duty")
    post(acme, "booked", due_at=NOW + HOUR, kind="duty", day=NOW.date())
    post(acme, "other", due_at=NOW + HOUR, kind="own")
    post(acme, "now", kind="duty")
    with acme.transaction() as work:
        work.outbox.put_off(BO, ["duty"], NOW + 3 * HOUR, NOW)
        promised = work.outbox.promised(ACME.id, ["a", "booked", "other"])
    assert [promised[key].due_at - NOW for key in ("a", "booked", "other")] == [
        3 * HOUR,
        HOUR,
        HOUR,
    ]
    assert [delivery.key for delivery in claim(acme)] == ["now"]
    with acme.transaction() as work:
        work.outbox.take_back(BO, ["duty"])
    assert states(acme, "a", "other", "now") == [
        LetterState.CANCELLED,
        LetterState.PENDING,
        LetterState.LEASED,
    ]


def test_the_last_letter_of_a_kind_is_the_one_due_last_that_waits_or_has_gone(
    acme: Database,
) -> None:
    def latest() -> tuple[str, LetterState, timedelta] | None:
        with acme.transaction() as work:
            found = work.outbox.latest(BO, "duty")
        return None if found is None else (found.key, found.state, found.due_at - NOW)

    post(acme, "other", due_at=NOW + HOUR, kind="own")
    post(acme, "booked", due_at=NOW + HOUR, kind="duty", day=NOW.date())
    assert latest() is None
    post(acme, "went", due_at=NOW - HOUR, kind="duty")
    carry(acme, SENT)
    post(acme, "edit", due_at=NOW + HOUR, kind="duty", edits="went")
    assert latest() == ("went", LetterState.SENT, -HOUR)
    post(acme, "waits", due_at=NOW + 2 * HOUR, kind="duty")
    assert latest() == ("waits", LetterState.PENDING, 2 * HOUR)
    assert take_back(acme, "waits")
    assert latest() == ("went", LetterState.SENT, -HOUR)


def test_a_sent_letter_is_found_where_it_stands(acme: Database) -> None:
    post(acme, "l1", about="question:q1")
    carry(acme, SENT)
    with acme.transaction() as work:
        found = [
            work.outbox.find(ACME.id, "D0BO", "171.1"),
            work.outbox.find(ACME.id, "D0CY", "171.1"),
            work.outbox.find(ACME.id, "D0BO", "171.2"),
            work.outbox.find(OTHER.id, "D0BO", "171.1"),
        ]
    assert found == [
        Delivered(key="l1", about="question:q1", kind="question.offer"),
        None,
        None,
        None,
    ]


def test_a_followed_message_is_found_by_its_address(acme: Database) -> None:
    with acme.transaction() as work:
        work.outbox.follow(ACME.id, "C1", "171.5", "question:q1")
        work.outbox.follow(ACME.id, "C1", "171.5", "question:q2")
    with acme.transaction() as work:
        found = work.outbox.find(ACME.id, "C1", "171.5")
        others = [
            work.outbox.find(*at) for at in ((ACME.id, "C1", "171.6"), (OTHER.id, "C1", "171.5"))
        ]
    assert found is not None
    assert found.about == "question:q2"
    assert others == [None, None]


def test_an_edit_of_a_waiting_letter_is_what_is_sent(acme: Database) -> None:
    post(acme, "l1", "Old.", about="question:q1")
    post(acme, "e1", "New.", edits="l1")
    assert carry(acme, SENT) == ["New."]
    assert states(acme, "l1", "e1") == [LetterState.SENT, LetterState.SENT]


@pytest.mark.parametrize(("about", "then"), [(None, "question:q1"), ("list", "list")])
def test_an_edit_changes_what_a_waiting_letter_is_about_only_if_it_says_so(
    acme: Database, about: str | None, then: str
) -> None:
    post(acme, "l1", "Old.", about="question:q1")
    post(acme, "e1", "New.", edits="l1", about=about)
    carry(acme, SENT)
    with acme.transaction() as work:
        found = work.outbox.find(ACME.id, "D0BO", "171.1")
    assert found is not None
    assert found.about == then


def test_what_waits_in_one_letter_is_known_until_it_begins(acme: Database) -> None:
    def together(key: str) -> list[str]:
        with acme.transaction() as work:
            return list(work.outbox.waits_with(ACME.id, key))

    post(acme, "l1", "One.")
    post(acme, "l2", "Another.")
    assert together("l1") == ["l1"]
    for key in ("e1", "e2"):
        post(acme, key, "Both.", edits="l1")
    assert together("l1") == together("e2") == ["l1", "e1", "e2"]
    assert together("unknown") == []
    claim(acme)
    assert together("e1") == []


def test_the_same_edit_again_does_not_undo_a_later_one(acme: Database) -> None:
    post(acme, "l1", "Old.")
    for key, text in (("e1", "New."), ("e2", "Newer."), ("e1", "New.")):
        post(acme, key, text, edits="l1")
    assert carry(acme, SENT) == ["Newer."]


def test_an_edit_of_a_sent_letter_replaces_its_message(acme: Database) -> None:
    post(acme, "l1", "Old.", about="question:q1")
    carry(acme, SENT)
    post(acme, "e1", "New.", edits="l1")
    [edit] = claim(acme)
    assert (edit.message.summary, edit.edits, edit.conversation, edit.address) == (
        "New.",
        "171.1",
        "D0BO",
        BO.address,
    )
    settle(acme, SENT, edit)
    with acme.transaction() as work:
        found = work.outbox.find(ACME.id, "D0BO", "171.1")
    assert found == Delivered(key="l1", about="question:q1", kind="question.offer")


def test_an_edit_waits_until_its_letter_is_sent(acme: Database) -> None:
    post(acme, "l1", "Old.")
    [delivery] = claim(acme)
    post(acme, "e1", "New.", edits="l1")
    assert claim(acme) == []
    assert HandLane(acme).lanes_with_work(NOW) == []
    settle(acme, SENT, delivery)
    assert HandLane(acme).lanes_with_work(NOW) == [ACME.id]
    assert carry(acme, SENT) == ["New."]


def test_a_letter_that_waits_again_carries_the_edit(acme: Database) -> None:
    post(acme, "l1", "Old.")
    [delivery] = claim(acme)
    post(acme, "e1", "New.", edits="l1")
    post(acme, "e2", "Newer.", edits="l1")
    settle(acme, TryLater(timedelta(0), "rate"), delivery)
    assert carry(acme, SENT) == ["Newer."]
    assert carry(acme, SENT) == []
    assert states(acme, "l1", "e1", "e2") == [LetterState.SENT] * 3


def test_a_lease_that_ran_out_carries_the_edit(acme: Database) -> None:
    post(acme, "l1", "Old.")
    claim(acme)
    post(acme, "e1", "New.", edits="l1")
    assert HandLane(acme).recover(ACME.id, NOW + LEASE) == []
    assert carry(acme, SENT) == ["New."]
    assert states(acme, "l1", "e1") == [LetterState.SENT] * 2


def test_edits_that_wait_together_are_one(acme: Database) -> None:
    post(acme, "l1", "Old.")
    carry(acme, SENT)
    post(acme, "e1", "New.", edits="l1")
    post(acme, "e2", "Newer.", edits="l1")
    assert carry(acme, SENT) == ["Newer."]
    assert carry(acme, SENT) == []
    assert states(acme, "e1", "e2") == [LetterState.SENT] * 2


def test_a_later_edit_waits_for_an_earlier_one_in_hand(acme: Database) -> None:
    post(acme, "l1", "Old.")
    carry(acme, SENT)
    post(acme, "e1", "New.", edits="l1")
    [first] = claim(acme)
    post(acme, "e2", "Newer.", edits="l1")
    assert claim(acme) == []
    settle(acme, Ambiguous("timeout"), first)
    assert claim(acme) == []
    settle(acme, SENT, *HandLane(acme).recover(ACME.id, NOW))
    assert carry(acme, SENT) == ["Newer."]


def test_an_edit_of_an_edit_is_an_edit_of_the_letter(acme: Database) -> None:
    post(acme, "l1", "Old.")
    carry(acme, SENT)
    post(acme, "e1", "New.", edits="l1")
    carry(acme, SENT)
    post(acme, "e2", "Newer.", edits="e1")
    [edit] = claim(acme)
    assert (edit.message.summary, edit.edits) == ("Newer.", "171.1")


@pytest.mark.parametrize("end", ["failed", "cancelled", "never promised"])
def test_an_edit_of_what_will_not_be_sent_is_dropped(acme: Database, end: str) -> None:
    if end != "never promised":
        post(acme, "l1", "Old.")
    if end == "failed":
        carry(acme, Never("gone"))
    if end == "cancelled":
        with acme.transaction() as work:
            work.outbox.cancel(ACME.id, "l1")
    post(acme, "e1", "New.", edits="l1")
    assert states(acme, "e1") == [None]
    assert claim(acme) == []


def test_an_edit_whose_letter_failed_afterwards_fails(acme: Database) -> None:
    post(acme, "l1", "Old.")
    [delivery] = claim(acme)
    post(acme, "e1", "New.", edits="l1")
    settle(acme, Never("gone"), delivery)
    assert claim(acme) == []
    assert states(acme, "e1") == [LetterState.FAILED]
    assert HandLane(acme).lanes_with_work(NOW) == []


def test_a_merged_edit_keeps_the_due_time_of_its_letter(acme: Database) -> None:
    post(acme, "l1", "Old.", due_at=NOW + HOUR)
    post(acme, "e1", "New.", edits="l1")
    assert claim(acme) == []
    later = HandLane(acme).claim(ACME.id, NOW + HOUR, 1, LEASE)
    assert [delivery.message.summary for delivery in later] == ["New."]


def test_what_a_letter_and_its_edits_said_is_forgotten_once_they_are_settled(
    acme: Database,
) -> None:
    lane = HandLane(acme)
    with acme.transaction() as work:
        for key in ("l1", "l2"):
            work.outbox.post(ACME.id, letter(key, f"said {key}"))
    sent = lane.claim(ACME.id, NOW, 9, LEASE)
    lane.mark_sending([each.id for each in sent], NOW)
    arrived = Sent(external="1.1", conversation="D0")
    lane.settle([Settlement(each.id, arrived) for each in sent], NOW)
    with acme.transaction() as work:
        work.outbox.post(ACME.id, letter("e1", "said again", edits="l1"))
        work.outbox.forget(ACME.id, ["l1"])
    with acme.begin() as connection:
        rows = connection.execute(select(outbox.c.key, outbox.c.message)).all()
    kept = {row.key: row.message for row in rows}
    assert kept["l1"] is None
    assert "said l2" in kept["l2"]
    assert "said again" in kept["e1"]
    [edit] = lane.claim(ACME.id, NOW, 9, LEASE)
    lane.mark_sending([edit.id], NOW)
    lane.settle([Settlement(edit.id, arrived)], NOW)
    with acme.transaction() as work:
        work.outbox.forget(ACME.id, ["l1"])
    with acme.begin() as connection:
        rows = connection.execute(select(outbox.c.key, outbox.c.message)).all()
    kept = {row.key: row.message for row in rows}
    assert kept["e1"] is None
