"""Delivery truth: counts by state and reason, and letters that can be sent again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.ids import PersonId
from bot.message import say
from bot.outbox import Letter, LetterState, Priority, ToPerson, ToRelay
from bot.truth import KindTally, LaneTally, Tally, Unreached
from storage.database import Database
from storage.doctor import count_fates
from storage.tables import outbox
from tests.storage.example import ACME, ANA, BO, CY, NOW

SOURCE = "campaign:c1"


def post(
    database: Database,
    key: str,
    who: str,
    state: LetterState,
    why: str | None = None,
    source: str | None = SOURCE,
) -> None:
    """A letter of the source in a state, as a lane would leave it."""
    with database.transaction() as work:
        work.outbox.post(
            ACME.id,
            Letter(
                key=key,
                to=ToPerson(person=PersonId(who)),
                message=say("Hello"),
                kind="campaign.message",
                priority=Priority.CAMPAIGN,
                due_at=NOW,
                expires_at=NOW + timedelta(hours=2),
                source=source,
            ),
        )
    settle(database, key, state, why)


def settle(database: Database, key: str, state: LetterState, why: str | None = None) -> None:
    with database.begin() as connection:
        connection.execute(
            update(outbox).where(outbox.c.key == key).values(state=state, why=why, settled_at=NOW)
        )


def counts(database: Database) -> Sequence[Tally]:
    with database.transaction() as work:
        return work.truth.counts(ACME.id, SOURCE)


def whom(database: Database, state: LetterState) -> list[PersonId]:
    """Whom the letter has not reached, in this state."""
    with database.transaction() as work:
        found = work.truth.unreached(ACME.id, SOURCE, 0, 100)
    return [someone.person for someone in found if someone.state is state]


def reopen(database: Database) -> list[PersonId]:
    """Everybody's whose letter has failed until now."""
    with database.transaction() as work:
        upto = work.truth.newest(ACME.id, SOURCE)
        return list(work.truth.reopen(ACME.id, SOURCE, {LetterState.FAILED}, upto, 10))


@pytest.fixture
def settled(acme: Database) -> Database:
    """One letter of the source failed, one did not reach its person, one was sent."""
    post(acme, "a", ANA.id, LetterState.SENT)
    post(acme, "b", BO.id, LetterState.UNREACHABLE, "blocked")
    post(acme, "c", CY.id, LetterState.FAILED, "refused")
    post(acme, "d", ANA.id, LetterState.FAILED, "refused", source=None)
    return acme


def test_letters_are_counted_by_state_and_reason(settled: Database) -> None:
    post(settled, "e", ANA.id, LetterState.FAILED, "refused")
    assert counts(settled) == [
        Tally(LetterState.FAILED, "refused", 2),
        Tally(LetterState.SENT, None, 1),
        Tally(LetterState.UNREACHABLE, "blocked", 1),
    ]


def test_whom_a_letter_did_not_reach_comes_in_pages(settled: Database) -> None:
    with settled.transaction() as work:
        first = work.truth.unreached(ACME.id, SOURCE, 0, 1)
        second = work.truth.unreached(ACME.id, SOURCE, first[0].letter, 10)
    assert [*first, *second] == [
        Unreached(first[0].letter, BO.id, LetterState.UNREACHABLE, "blocked"),
        Unreached(second[0].letter, CY.id, LetterState.FAILED, "refused"),
    ]


def test_only_the_letters_of_the_states_are_sent_again(settled: Database) -> None:
    with settled.transaction() as work:
        upto = work.truth.newest(ACME.id, SOURCE)
        again = work.truth.reopen(ACME.id, SOURCE, {LetterState.FAILED}, upto, 10)
    assert again == [CY.id]
    post(settled, "c", CY.id, LetterState.PENDING)
    assert again == whom(settled, LetterState.FAILED)
    settle(settled, "c", LetterState.SENT)
    assert counts(settled) == [
        Tally(LetterState.SENT, None, 2),
        Tally(LetterState.UNREACHABLE, "blocked", 1),
    ]
    assert whom(settled, LetterState.FAILED) == []


@pytest.mark.parametrize(
    "state",
    [LetterState.PENDING, LetterState.LEASED, LetterState.SENDING, LetterState.SUPPRESSED,
     LetterState.AMBIGUOUS, LetterState.CANCELLED, None],
)  # fmt: skip
def test_until_it_is_delivered_nobody_sees_whether_it_was_sent_again(
    settled: Database, state: LetterState | None
) -> None:
    before = counts(settled)
    reopen(settled)
    if state is not None:
        post(settled, "c", CY.id, state, "stopped")
    assert counts(settled) == before
    assert whom(settled, LetterState.FAILED) == [CY.id]
    with settled.transaction() as work:
        assert work.truth.reopenable(ACME.id, SOURCE) == {
            LetterState.FAILED: 1,
            LetterState.UNREACHABLE: 1,
        }
        assert work.truth.is_trying(ACME.id, SOURCE)


@pytest.mark.parametrize("state", [LetterState.SENT, LetterState.UNKNOWN, LetterState.UNREACHABLE])
def test_what_became_of_the_second_counts_in_the_place_of_the_first(
    settled: Database, state: LetterState
) -> None:
    reopen(settled)
    post(settled, "c", CY.id, state, "second")
    assert Tally(state, "second", 1) in counts(settled)
    assert LetterState.FAILED not in {tally.state for tally in counts(settled)}
    assert whom(settled, LetterState.FAILED) == []
    with settled.transaction() as work:
        assert not work.truth.is_trying(ACME.id, SOURCE)


def test_who_was_refused_can_be_tried_again_and_who_waits_is_left(settled: Database) -> None:
    assert reopen(settled) == [CY.id]
    post(settled, "c", CY.id, LetterState.PENDING)
    assert reopen(settled) == []
    settle(settled, "c", LetterState.SUPPRESSED, "paused")
    assert reopen(settled) == [CY.id]
    post(settled, "c", CY.id, LetterState.PENDING)
    assert reopen(settled) == []
    settle(settled, "c", LetterState.FAILED, "refused")
    assert counts(settled)[0] == Tally(LetterState.FAILED, "refused", 1)
    assert reopen(settled) == [CY.id]
    post(settled, "c", CY.id, LetterState.SUPPRESSED, "paused")
    assert counts(settled)[0] == Tally(LetterState.FAILED, "refused", 1)


def test_a_letter_that_fails_again_meanwhile_is_left(settled: Database) -> None:
    with settled.transaction() as work:
        upto = work.truth.newest(ACME.id, SOURCE)
        work.truth.reopen(ACME.id, SOURCE, {LetterState.FAILED}, upto, 10)
    post(settled, "c", CY.id, LetterState.FAILED, "refused")
    with settled.transaction() as work:
        assert work.truth.reopen(ACME.id, SOURCE, {LetterState.FAILED}, upto, 10) == []


def test_who_has_left_is_not_sent_it_again(settled: Database) -> None:
    with settled.transaction() as work:
        left = work.people.get(CY.id)
        assert left is not None
        work.people.save(replace(left, active=False))
        assert work.truth.reopenable(ACME.id, SOURCE) == {LetterState.UNREACHABLE: 1}
        upto = work.truth.newest(ACME.id, SOURCE)
        assert work.truth.reopen(ACME.id, SOURCE, {LetterState.FAILED}, upto, 10) == []


@pytest.mark.parametrize(
    "state", [LetterState.SENT, LetterState.UNKNOWN, LetterState.SUPPRESSED, LetterState.PENDING]
)
def test_nothing_else_is_ever_sent_again(settled: Database, state: LetterState) -> None:
    with settled.transaction() as work, pytest.raises(ValueError, match="never sent again"):
        work.truth.reopen(ACME.id, SOURCE, {LetterState.FAILED, state}, 1_000, 10)


def test_what_waits_is_taken_back_and_nothing_else(settled: Database) -> None:
    post(settled, "p", BO.id, LetterState.PENDING)
    post(settled, "q", BO.id, LetterState.PENDING, source="campaign:other")
    post(settled, "r", BO.id, LetterState.LEASED)
    with settled.transaction() as work:
        assert work.truth.waits_until(ACME.id, SOURCE) == NOW + timedelta(hours=2)
        assert work.truth.cancel(ACME.id, SOURCE) == 2
        assert work.truth.waits_until(ACME.id, SOURCE) is None
        assert work.outbox.state(ACME.id, "p") is LetterState.CANCELLED
        assert work.outbox.state(ACME.id, "q") is LetterState.PENDING
        assert work.outbox.state(ACME.id, "r") is LetterState.CANCELLED


def test_what_is_on_the_wire_is_not_taken_back_and_has_nothing_to_wait_for(
    settled: Database,
) -> None:
    post(settled, "s", BO.id, LetterState.SENDING)
    with settled.transaction() as work:
        assert work.truth.cancel(ACME.id, SOURCE) == 0
        until = work.truth.waits_until(ACME.id, SOURCE)
    assert until is not None
    assert until < NOW


def test_an_operator_sees_lanes_and_kinds_without_anybody_behind_a_relay(
    settled: Database,
) -> None:
    with settled.transaction() as work:
        work.relay.seal("question:1", ANA.id)
        work.outbox.post(
            ACME.id,
            Letter(
                key="question:1:answer",
                to=ToRelay(subject="question:1"),
                message=say("An answer"),
                kind="question.answer",
                priority=Priority.ANSWER,
            ),
        )
    settle(settled, "question:1:answer", LetterState.FAILED, "ana is not here")
    with settled.transaction() as work:
        assert work.truth.lanes(ACME.id) == [
            LaneTally(ACME.id, LetterState.FAILED, 3),
            LaneTally(ACME.id, LetterState.SENT, 1),
            LaneTally(ACME.id, LetterState.UNREACHABLE, 1),
        ]
        assert work.truth.kinds(ACME.id, LetterState.FAILED) == [
            KindTally("campaign.message", "refused", 2),
            KindTally("question.answer", None, 1),
        ]


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (LetterState.SENT, {LetterState.FAILED: 1, LetterState.SENT: 2}),
        (LetterState.FAILED, {LetterState.FAILED: 2, LetterState.SENT: 1}),
        (LetterState.PENDING, {LetterState.FAILED: 2, LetterState.SENT: 1, LetterState.PENDING: 1}),
    ],
)
def test_an_operator_counts_what_was_sent_again_once(
    settled: Database, state: LetterState, told: dict[LetterState, int]
) -> None:
    reopen(settled)
    post(settled, "c", CY.id, LetterState.SUPPRESSED)
    reopen(settled)
    post(settled, "c", CY.id, state, "refused")
    with settled.transaction() as work:
        lanes = {tally.state: tally.letters for tally in work.truth.lanes(ACME.id)}
        kinds = work.truth.kinds(ACME.id, LetterState.FAILED)
        assert work.truth.kinds(ACME.id, LetterState.SUPPRESSED) == []
    assert lanes == {**told, LetterState.UNREACHABLE: 1}
    assert kinds == [KindTally("campaign.message", "refused", told[LetterState.FAILED])]
    assert count_fates(settled, NOW - timedelta(days=1)).get("failed") == told[LetterState.FAILED]


def test_what_is_held_back_is_begun_by_no_lane_and_can_be_promised_anew(acme: Database) -> None:
    post(acme, "a", ANA.id, LetterState.PENDING)
    post(acme, "b", BO.id, LetterState.LEASED)
    post(acme, "c", CY.id, LetterState.SENDING)
    post(acme, "d", CY.id, LetterState.SENT)
    post(acme, "e", CY.id, LetterState.PENDING, source="campaign:other")
    with acme.transaction() as work:
        assert work.truth.hold(ACME.id, [SOURCE], "rest", NOW) == 2
    with acme.begin() as connection:
        rows = connection.execute(
            select(outbox.c.key, outbox.c.state, outbox.c.why, outbox.c.owner).order_by(
                outbox.c.key
            )
        )
        found = {row.key: (row.state, row.why, row.owner) for row in rows}
        came_back = connection.execute(
            select(outbox.c.expires_at).where(outbox.c.key == "c")
        ).scalar_one()
    assert found["a"] == found["b"] == (LetterState.SUPPRESSED, "rest", None)
    # What is on the wire may arrive, and ends should it come back.
    assert found["c"][0] == LetterState.SENDING
    assert came_back < NOW
    assert found["d"][0] == LetterState.SENT
    assert found["e"][0] == LetterState.PENDING
    with acme.transaction() as work:
        assert work.truth.release(ACME.id, SOURCE, "other") == 0
        assert work.truth.release(ACME.id, SOURCE, "rest") == 2
    post(acme, "a", ANA.id, LetterState.PENDING)
    assert {tally.state: tally.letters for tally in counts(acme)} == {
        LetterState.PENDING: 1,
        LetterState.SENDING: 1,
        LetterState.SENT: 1,
    }


def test_what_some_are_not_to_get_any_more_is_taken_back(acme: Database) -> None:
    post(acme, "a", ANA.id, LetterState.PENDING)
    post(acme, "b", BO.id, LetterState.PENDING)
    with acme.transaction() as work:
        assert work.truth.withdraw(ACME.id, SOURCE, [ANA.id]) == 1
        assert work.outbox.state(ACME.id, "b") is LetterState.PENDING
        work.truth.forget_withdrawn(ACME.id, "other", [ANA.id])
        work.truth.forget_withdrawn(ACME.id, SOURCE, [BO.id])
        states = [work.outbox.state(ACME.id, key) for key in ("a", "b")]
        assert states == [LetterState.CANCELLED, LetterState.PENDING]
        work.truth.forget_withdrawn(ACME.id, SOURCE, [ANA.id])
        assert work.outbox.state(ACME.id, "a") is None


def test_letters_of_very_many_are_taken_back_in_one_go(acme: Database) -> None:
    post(acme, "a", ANA.id, LetterState.PENDING)
    post(acme, "b", BO.id, LetterState.PENDING)
    gone = [ANA.id, *(PersonId(f"p{number}") for number in range(70_000))]
    with acme.transaction() as work:
        assert work.truth.withdraw(ACME.id, SOURCE, gone) == 1
        assert work.outbox.state(ACME.id, "b") is LetterState.PENDING
