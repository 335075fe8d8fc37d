"""The ledger in the store: what counts, what can be moved, and two who book at once."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.attention import Attention, Move, Reason, Refuse, Wait, Wish, book
from bot.capabilities.questions.memory import Memory
from bot.context import Context
from bot.message import say
from bot.outbox import (
    Letter,
    LetterState,
    Priority,
    Promised,
    ToPerson,
)
from bot.people import Person
from storage.attention import judge
from storage.database import Database
from tests.databases import RELAY_KEY
from tests.storage.example import ACME, ANA, BO, CY, NOW, letter

DAY = timedelta(days=1)
MONDAY = date(2026, 3, 2)
SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)
KEPT = Attention(
    BO.id,
    per_day=2,
    per_week=0,
    slot=time(7, 30),
    stopped_at=NOW,
    talked_at=NOW - DAY,
    ignored=5,
    paused_at=NOW + DAY,
)


def unasked(key: str, person: Person = BO, **changes: Any) -> Letter:
    """A letter that draws on somebody's attention on Monday."""
    values: dict[str, Any] = {
        "to": ToPerson(person=person.id),
        "kind": "tip",
        "priority": Priority.TIP,
        "due_at": SIX + timedelta(hours=4),
        "expires_at": SIX + timedelta(hours=6),
        "good_until": SIX + 5 * DAY,
        "day": MONDAY,
        "because": "It is a tip.",
    }
    return letter(key, **(values | changes))


def mark(database: Database, **states: str) -> None:
    """Let letters be in some state since some time, as a lane would have them."""
    with database.begin() as connection:
        for key, state in states.items():
            connection.execute(
                text("UPDATE outbox SET state = :state WHERE key = :key"),
                {"state": state, "key": key},
            )


# --- what a person allows ---------------------------------------------------------------


def test_nothing_kept_is_the_default(acme: Database) -> None:
    with acme.transaction() as work:
        assert work.attention.get(BO.id) == Attention(BO.id)
        assert work.attention.of([ANA.id, BO.id]) == {}


def test_what_a_person_allows_comes_back_until_it_is_forgotten(acme: Database) -> None:
    with acme.transaction() as work:
        work.attention.save(Attention(BO.id))
        work.attention.save(KEPT)
    with acme.transaction() as work:
        assert work.attention.get(BO.id) == KEPT
        assert work.attention.of([ANA.id, BO.id, CY.id]) == {BO.id: KEPT}
        work.attention.forget(BO.id)
        assert work.attention.get(BO.id) == Attention(BO.id)


# --- the ledger -------------------------------------------------------------------------


def test_the_ledger_holds_what_may_reach_or_reached_the_person(acme: Database) -> None:
    states = [state.value for state in LetterState]
    with acme.transaction() as work:
        work.outbox.post_all(ACME.id, [unasked(state) for state in states])
        work.outbox.post(ACME.id, letter("asked for"))
    mark(acme, **{state: state for state in states})
    with acme.transaction() as work:
        found = work.attention.entries([ANA.id, BO.id], MONDAY)
    assert set(found) == {BO.id}
    assert [entry.key for entry in found[BO.id]] == [
        *("pending", "leased", "sending", "sent", "ambiguous", "unknown")
    ]
    entry = found[BO.id][0]
    assert (entry.day, entry.due_at, entry.expires_at, entry.good_until, entry.priority) == (
        MONDAY,
        SIX + timedelta(hours=4),
        SIX + timedelta(hours=6),
        SIX + 5 * DAY,
        Priority.TIP,
    )


def test_the_ledger_reaches_back_to_the_last_talk(acme: Database) -> None:
    days = [MONDAY - number * 10 * DAY for number in range(6)]
    with acme.transaction() as work:
        work.outbox.post_all(
            ACME.id,
            [unasked(f"{p.id}:{day}", p, day=day) for p in (ANA, BO, CY) for day in days],
        )
        work.attention.save(Attention(BO.id, talked_at=SIX - 25 * DAY))
        work.attention.save(Attention(CY.id, talked_at=SIX))
        found = work.attention.entries([ANA.id, BO.id, CY.id], MONDAY - 9 * DAY)
    assert {who: len(entries) for who, entries in found.items()} == {ANA.id: 6, BO.id: 3, CY.id: 1}


def test_only_what_waits_is_moved_or_withdrawn(acme: Database) -> None:
    keys = ("waits", "leased", "sent", "gone")
    with acme.transaction() as work:
        work.outbox.post_all(ACME.id, [unasked(key) for key in keys])
    mark(acme, leased="leased", sent="sent")
    later = SIX + DAY
    with acme.transaction() as work:
        ids = {entry.key: entry.id for entry in work.attention.entries([BO.id], MONDAY)[BO.id]}
        work.attention.move(
            [
                Move(ids[key], MONDAY + DAY, later, later + DAY)
                for key in ("waits", "leased", "sent")
            ]
        )
        work.attention.withdraw(
            {ids[key]: Reason.STOPPED for key in ("leased", "sent", "gone")}, NOW
        )
    with acme.transaction() as work:
        found = work.outbox.promised(ACME.id, [*keys, "never"])
        entries = work.attention.entries([BO.id], MONDAY)[BO.id]
    assert {key: (one.state, one.day, one.why) for key, one in found.items()} == {
        "waits": ("pending", MONDAY + DAY, None),
        "leased": ("leased", MONDAY, None),
        "sent": ("sent", MONDAY, None),
        "gone": ("suppressed", MONDAY, "stopped"),
    }
    assert [entry.day for entry in entries] == [MONDAY + DAY, MONDAY, MONDAY]


# --- many letters at once ---------------------------------------------------------------


def test_many_letters_are_promised_as_one_by_one(acme: Database) -> None:
    said = say("The same for all.")
    letters = [
        unasked(f"k{number}", person, message=said) for number, person in enumerate((ANA, BO, CY))
    ]
    with acme.transaction() as work:
        work.outbox.post(ACME.id, letters[1])
        work.outbox.post_all(ACME.id, [*letters, letters[0].model_copy(update={"kind": "other"})])
        found = work.outbox.promised(ACME.id, ["k0", "k1", "k2"])
    promised = Promised(LetterState.PENDING, MONDAY, SIX + timedelta(hours=4), None)
    assert found == {"k0": promised, "k1": promised, "k2": promised}
    with acme.begin() as connection:
        rows = connection.execute(
            text("SELECT key, kind, person, message, because FROM outbox ORDER BY key")
        ).all()
    text_of = said.model_dump_json()
    assert [tuple(row) for row in rows] == [
        (f"k{number}", "tip", person.id, text_of, "It is a tip.")
        for number, person in enumerate((ANA, BO, CY))
    ]


def test_edits_among_many_edit(acme: Database) -> None:
    with acme.transaction() as work:
        work.outbox.post_all(ACME.id, [letter("l1", "Old."), letter("e1", "New.", edits="l1")])
        assert work.outbox.state(ACME.id, "e1") is LetterState.PENDING
        assert work.outbox.poked == {ACME.id}
        work.outbox.post_all(ACME.id, [])


def test_what_is_suppressed_is_kept_with_its_reason(acme: Database) -> None:
    with acme.transaction() as work:
        work.outbox.post(ACME.id, unasked("there"))
        work.outbox.suppress_all(
            ACME.id, [(unasked("there"), "budget"), (unasked("new", day=None), Reason.AWAY)], NOW
        )
        found = work.outbox.promised(ACME.id, ["there", "new"])
    assert {key: (one.state, one.why) for key, one in found.items()} == {
        "there": ("pending", None),
        "new": ("suppressed", "away"),
    }
    with acme.begin() as connection:
        settled = connection.execute(text("SELECT settled_at FROM outbox WHERE key = 'new'"))
        assert settled.scalar() is not None


# --- when a lane takes them -------------------------------------------------------------


def test_letters_are_judged_by_what_holds_now(acme: Database) -> None:
    with acme.transaction() as work:
        work.attention.save(Attention(ANA.id, stopped_at=SIX))
        work.attention.save(Attention(CY.id, talked_at=SIX + timedelta(hours=2)))
        for person in (ANA, BO, CY):
            work.outbox.post_all(
                ACME.id, [unasked(f"{person.id}:{number}", person) for number in (1, 2)]
            )
        found = work.attention.entries([ANA.id, BO.id, CY.id], MONDAY)
    letters = {entry.id: who for who, entries in found.items() for entry in entries}
    by_key = {entry.key: entry.id for entries in found.values() for entry in entries}
    with acme.begin() as connection:
        verdicts = judge(connection, letters, SIX + timedelta(hours=4))
        assert judge(connection, {}, SIX) == {}
    late = Wait(SIX + timedelta(hours=5))
    # Of two for one day the second is one too many.
    assert verdicts == {
        by_key[f"{ANA.id}:1"]: Refuse(Reason.STOPPED),
        by_key[f"{ANA.id}:2"]: Refuse(Reason.STOPPED),
        by_key[f"{BO.id}:2"]: Refuse(Reason.BUDGET),
        by_key[f"{CY.id}:1"]: late,
        by_key[f"{CY.id}:2"]: late,
    }


# --- two at once ------------------------------------------------------------------------


@pytest.fixture
def shared(database_url: str) -> Iterator[Database]:
    """The example's workspace, for threads that wait for each other."""
    database = Database(database_url, relay_key=RELAY_KEY, memory=Memory(), busy_timeout=30)
    with database.transaction() as work:
        work.people.add_workspace(ACME)
        for person in (ANA, BO, CY):
            work.people.save(person)
    yield database
    database.close()


def test_bookings_at_once_never_exceed_a_budget(shared: Database) -> None:
    everybody, rounds, errors = (ANA, BO, CY), 6, list[BaseException]()
    barrier = threading.Barrier(4)

    def promise(name: int) -> None:
        barrier.wait()
        for number in range(rounds):
            # Each in an order of its own: the locks must be taken in one all the same.
            people = everybody[name % 3 :] + everybody[: name % 3]
            wishes = [
                Wish(
                    person,
                    unasked(
                        f"{name}:{number}:{person.id}",
                        person,
                        due_at=SIX,
                        expires_at=SIX + 4 * DAY,
                        priority=Priority.TIP if number % 2 else Priority.CAMPAIGN,
                        day=None,
                    ),
                )
                for person in people
            ]
            try:
                with shared.transaction() as work:
                    book(Context(SIX, lambda: "unused"), work, wishes)
            except BaseException as error:  # noqa: BLE001 - whatever it is, the test shows it.
                errors.append(error)

    threads = [threading.Thread(target=promise, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    with shared.transaction() as work:
        found = work.attention.entries([person.id for person in everybody], MONDAY)
    for entries in found.values():
        days = [entry.day for entry in entries]
        assert len(days) == len(set(days)) == 4
        assert {entry.priority for entry in entries} == {Priority.CAMPAIGN}


def test_a_letter_that_a_lane_takes_meanwhile_keeps_its_place(shared: Database) -> None:
    wish = Wish(BO, unasked("tip", due_at=SIX, expires_at=SIX + 4 * DAY, day=None))
    urgent = Wish(
        BO,
        unasked(
            "deadline",
            due_at=SIX,
            expires_at=SIX + DAY,
            day=None,
            priority=Priority.DEADLINE,
            message=say("Due."),
        ),
    )
    context = Context(SIX, lambda: "unused")
    with shared.transaction() as work:
        book(context, work, [wish])
    mark(shared, tip="leased")
    with shared.transaction() as work:
        [booking] = book(context, work, [replace(urgent)])
    assert booking.why == Reason.BUDGET
    mark(shared, tip="pending")
    again = replace(urgent, letter=urgent.letter.model_copy(update={"key": "again"}))
    with shared.transaction() as work:
        [booking] = book(context, work, [again])
    assert booking.day == MONDAY
