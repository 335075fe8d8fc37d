"""The ledger in the store: what counts, what can be moved, and two who book at once."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from bot.attention import Attention, Move, Reason, Refuse, Verdict, Wait, Wish, book
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
from storage.attention import BUSY, SqlAttention, judge
from storage.database import Database
from storage.tables import outbox
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
                ACME.id,
                [unasked(f"{person.id}:{number}", person, good_until=None) for number in (1, 2)],
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


TEN = SIX + timedelta(hours=4)


def judged(
    database: Database, now: datetime = TEN
) -> tuple[dict[str, Verdict], dict[str, tuple[str, date | None, datetime, datetime | None]]]:
    """What is said of all that is due for Bo, by key, and how all letters stand then."""
    with database.begin() as connection:
        due = connection.execute(
            select(outbox.c.id, outbox.c.key)
            .where(outbox.c.state == "pending", outbox.c.due_at <= now)
            .order_by(outbox.c.priority, outbox.c.due_at, outbox.c.id)
        ).all()
        verdicts = judge(connection, {row.id: BO.id for row in due}, now)
        rows = connection.execute(select(outbox)).all()
    return (
        {row.key: verdicts[row.id] for row in due if row.id in verdicts},
        {row.key: (row.state, row.day, row.due_at, row.expires_at) for row in rows},
    )


def set_off(database: Database, *days: int) -> None:
    """These days of March are now the organisation's own days off."""
    with database.transaction() as work:
        for day in days:
            work.people.add_day_off(ACME.id, date(2026, 3, day), "Company day")


def placed(march: int) -> tuple[str, date, datetime, datetime]:
    """A letter that waits for ten o'clock of a day of March."""
    ten = TEN + (march - 2) * DAY
    return "pending", date(2026, 3, march), ten, ten + timedelta(hours=2)


def promise(database: Database, key: str, march: int = 2, **changes: Any) -> None:
    """A letter booked for ten o'clock of a day of March."""
    _, day, due_at, expires_at = placed(march)
    booked = unasked(key, day=day, due_at=due_at, expires_at=expires_at, **changes)
    with database.transaction() as work:
        work.outbox.post_all(ACME.id, [booked])


def test_what_is_refused_for_its_day_goes_on_the_next_with_room(acme: Database) -> None:
    promise(acme, "news")
    promise(acme, "tuesday", 3)
    set_off(acme, 2, 4)
    verdicts, stand = judged(acme)
    assert verdicts == {"news": Wait(TEN + 3 * DAY)}
    assert stand == {"news": placed(5), "tuesday": placed(3)}
    assert judged(acme, now=TEN + timedelta(hours=3)) == ({}, stand)


@pytest.mark.parametrize(
    ("person", "attention_", "verdict"),
    [
        (BO, Attention(BO.id, talked_at=TEN), Wait(TEN + DAY)),
        (replace(BO, paused_until=TEN + DAY), Attention(BO.id), Wait(TEN + DAY)),
        (replace(BO, away_until=SIX + DAY), Attention(BO.id), Wait(TEN + 2 * DAY)),
        (replace(BO, paused_until=TEN + 30 * DAY), Attention(BO.id), Refuse(Reason.PAUSED)),
        (BO, Attention(BO.id, stopped_at=SIX), Refuse(Reason.STOPPED)),
        (BO, Attention(BO.id, talked_at=SIX, paused_at=SIX), Refuse(Reason.IGNORED)),
    ],
)
def test_only_what_holds_for_its_day_moves_a_letter(
    acme: Database, person: Person, attention_: Attention, verdict: Verdict
) -> None:
    promise(acme, "news")
    with acme.transaction() as work:
        work.people.save(person)
        work.attention.save(attention_)
    verdicts, stand = judged(acme)
    assert verdicts == {"news": verdict}
    march = verdict.until.day if isinstance(verdict, Wait) else 2
    assert stand["news"] == placed(march)


def test_without_a_day_left_it_is_refused_for_what_was_the_matter(acme: Database) -> None:
    promise(acme, "today only", good_until=TEN + timedelta(hours=2))
    promise(acme, "until tomorrow at nine", good_until=TEN + timedelta(hours=23))
    promise(acme, "until tomorrow", good_until=TEN + DAY + timedelta(hours=2))
    promise(acme, "booked before", 3)
    set_off(acme, 2)
    verdicts, stand = judged(acme)
    assert verdicts == {
        "today only": Refuse(Reason.DAY_OFF),
        "until tomorrow at nine": Refuse(Reason.DAY_OFF),
        "until tomorrow": Refuse(Reason.BUDGET),
    }
    assert stand["booked before"] == placed(3)


def test_those_moved_together_do_not_meet_on_one_day(acme: Database) -> None:
    for number in range(4):
        promise(acme, f"k{number}")
    set_off(acme, 2)
    verdicts, stand = judged(acme)
    assert verdicts == {f"k{number}": Wait(TEN + (number + 1) * DAY) for number in range(4)}
    assert [stand[f"k{number}"] for number in range(4)] == [placed(3 + n) for n in range(4)]


def test_what_matters_more_takes_the_day_of_what_matters_less(acme: Database) -> None:
    promise(acme, "deadline", priority=Priority.DEADLINE)
    promise(acme, "tip", 3)
    promise(acme, "short tip", 4, good_until=TEN + 2 * DAY + timedelta(hours=2))
    set_off(acme, 2)
    verdicts, stand = judged(acme)
    assert verdicts == {"deadline": Wait(TEN + DAY)}
    assert stand == {"deadline": placed(3), "tip": placed(5), "short tip": placed(4)}


def test_what_has_no_day_left_for_a_more_urgent_one_is_suppressed(acme: Database) -> None:
    promise(acme, "deadline", priority=Priority.DEADLINE)
    promise(acme, "tip", 3, good_until=TEN + DAY + timedelta(hours=2))
    set_off(acme, 2)
    verdicts, stand = judged(acme)
    assert verdicts == {"deadline": Wait(TEN + DAY)}
    assert stand["deadline"] == placed(3)
    assert stand["tip"][0] == "suppressed"


def test_what_is_refused_for_good_takes_no_room(acme: Database) -> None:
    promise(acme, "today only", good_until=TEN + timedelta(hours=2))
    promise(acme, "news")
    with acme.transaction() as work:
        work.attention.save(Attention(BO.id, per_week=1))
    set_off(acme, 2)
    verdicts, _ = judged(acme)
    assert verdicts == {"today only": Refuse(Reason.DAY_OFF), "news": Wait(TEN + DAY)}


def test_a_full_week_leaves_no_room(acme: Database) -> None:
    promise(acme, "news", good_until=TEN + 4 * DAY + timedelta(hours=2))
    for march in (3, 4, 5):
        promise(acme, f"on {march}", march)
    with acme.transaction() as work:
        work.attention.save(Attention(BO.id, per_week=3, per_day=2))
    set_off(acme, 2)
    assert judged(acme)[0] == {"news": Refuse(Reason.BUDGET)}


# --- two at once ------------------------------------------------------------------------


def inhabit(database: Database) -> Database:
    with database.transaction() as work:
        work.people.add_workspace(ACME)
        for person in (ANA, BO, CY):
            work.people.save(person)
    return database


@pytest.fixture
def postgresql(postgres_url: str) -> Iterator[Database]:
    """Where two can write at once, the example's workspace."""
    database = inhabit(Database(postgres_url, relay_key=RELAY_KEY, memory=Memory()))
    yield database
    database.close()


@pytest.fixture
def shared(database_url: str) -> Iterator[Database]:
    """The example's workspace, for threads that wait for each other."""
    url = database_url
    database = inhabit(Database(url, relay_key=RELAY_KEY, memory=Memory(), busy_timeout=30))
    yield database
    database.close()


def test_a_move_waits_for_who_books_and_never_blocks(postgresql: Database) -> None:
    """A claim holds letters for which a booking waits that has locked their person."""
    promise(postgresql, "news")
    promise(postgresql, "tip", 3)
    set_off(postgresql, 2)
    with postgresql.begin() as booking:
        SqlAttention(booking).lock([BO.id])
        verdicts, stand = judged(postgresql)
    assert verdicts == {"news": Wait(TEN + BUSY)}
    assert stand == {"news": placed(2), "tip": placed(3)}
    assert judged(postgresql)[0] == {"news": Wait(TEN + 2 * DAY)}


def test_what_somebody_holds_makes_no_room(postgresql: Database) -> None:
    promise(postgresql, "deadline", priority=Priority.DEADLINE)
    promise(postgresql, "tip", 3)
    set_off(postgresql, 2)
    with postgresql.begin() as editing:
        editing.execute(select(outbox.c.id).where(outbox.c.key == "tip").with_for_update())
        verdicts, stand = judged(postgresql)
    assert verdicts == {"deadline": Wait(TEN + 2 * DAY)}
    assert stand == {"deadline": placed(4), "tip": placed(3)}


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
