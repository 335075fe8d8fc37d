"""Many people are booked at once exactly as one by one."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from bot.attention import Attention, Wish, book
from bot.context import Context
from bot.crowd import Group, Span, book_crowd, forecast_crowd
from bot.ids import PersonId
from bot.message import say
from bot.outbox import Letter, LetterState, Priority, ToPerson
from bot.people import Person, WorkingHours
from storage.database import Database
from storage.tables import outbox
from tests.storage.example import ACME, NOW, OTHER

SOURCE = "campaign:c1"
CHANNEL = "C0LUNCH"
MESSAGE = say("Hello everybody")
CONTEXT = Context(now=NOW, new_id=lambda: "id")
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC")
PEOPLE = 160


def letter_of(person: Person) -> Letter:
    """What the campaign has for a person: from the day of `NOW` to two days later, in UTC."""
    return Letter(
        key=f"{SOURCE}:{person.id}",
        to=ToPerson(person=person.id),
        message=MESSAGE,
        kind="campaign.message",
        priority=Priority.CAMPAIGN,
        due_at=datetime(2026, 3, 2, tzinfo=UTC),
        expires_at=datetime(2026, 3, 5, tzinfo=UTC),
        source=SOURCE,
        because="Because.",
        about="tip:link",
    )


def populate(database: Database, random: Random) -> None:
    """People of all kinds: most of them plain, the others with all that may matter."""

    def sometimes() -> bool:
        return random.random() < 0.15

    def moment(*hours: int) -> datetime:
        return NOW + timedelta(hours=random.choice(hours))

    with database.transaction() as work:
        work.people.add_workspace(ACME)
        work.people.add_day_off(ACME.id, date(2026, 3, 3), "Company day")
        for number in range(PEOPLE):
            person = Person(
                id=PersonId(f"p{number:03}"),
                workspace=ACME.id,
                address=f"U{number}",
                name="Somebody",
                zone=random.choice(ZONES),
                hours=WorkingHours(
                    weekdays=frozenset(random.choice([{1, 2, 3, 4, 5}, {1, 3}, {6, 7}, set()]))
                ),
                team="Blue" if number % 2 else None,
                country=random.choice([None, None, "DE-BY", "IL"]),
                paused_until=moment(-500, 20, 500) if sometimes() else None,
                away_until=moment(-900, -100, -1, 20, 500) if sometimes() else None,
                active=not sometimes(),
            )
            work.people.save(person)
            if sometimes():
                work.people.add_day_off(ACME.id, date(2026, 3, 2), "Own", person.id)
            if number % 20 == 0:
                # Never a word, and much that was sent long ago.
                _send_before(work, person, random, letters=14, ago=range(12, 40))
                continue
            if random.random() < 0.5:
                work.attention.save(
                    Attention(
                        person.id,
                        per_day=random.choice([None, 0, 2]) if sometimes() else None,
                        per_week=random.choice([None, 1]) if sometimes() else None,
                        slot=time(15) if sometimes() else None,
                        stopped_at=NOW if sometimes() else None,
                        talked_at=moment(0, -1, -30, -300) if random.random() < 0.6 else None,
                        ignored=random.choice([3, 8]) if sometimes() else 0,
                        paused_at=NOW if sometimes() else None,
                    )
                )
            if random.random() < 0.4:
                _send_before(work, person, random, random.randrange(1, 9), range(40))


def _send_before(work: Any, person: Person, random: Random, letters: int, ago: range) -> None:
    """Letters of the last weeks, in any state."""
    for number in range(letters):
        day = date(2026, 3, 3) - timedelta(days=random.choice(ago))
        work.outbox.post(
            ACME.id,
            letter_of(person).model_copy(
                update={
                    "key": f"tip:{person.id}:{number}",
                    "day": day,
                    "source": None,
                    "priority": Priority.TIP,
                    "due_at": datetime.combine(day, time(9), UTC),
                    "expires_at": datetime.combine(day, time(11), UTC),
                }
            ),
        )


def settle(database: Database, random: Random) -> None:
    """Nothing of the past waits any more."""
    with database.begin() as connection:
        for row in connection.execute(select(outbox).order_by(outbox.c.key)).all():
            if row.due_at < NOW:
                state = random.choice(
                    [LetterState.SENT, LetterState.SENT, LetterState.FAILED, LetterState.UNKNOWN]
                )
                connection.execute(
                    outbox.update()
                    .where(outbox.c.id == row.id)
                    .values(state=state, settled_at=row.due_at)
                )


def letters(database: Database) -> dict[str, dict[str, Any]]:
    """All letters by key, but for their ids and when they were written."""
    with database.begin() as connection:
        return {
            row.key: {
                name: value
                for name, value in row._mapping.items()
                if name not in {"id", "promised_at"}
            }
            for row in connection.execute(select(outbox))
        }


class _Undo(Exception):
    pass


@contextmanager
def trial(database: Database) -> Iterator[Any]:
    """A transaction of which nothing is kept."""
    try:
        with database.transaction() as work:
            yield work
            raise _Undo
    except _Undo:
        pass


def outcome(database: Database, act: Callable[[Any], None]) -> dict[str, Any]:
    """The letters that an act would leave, as the connection of its transaction sees them."""
    with trial(database) as work:
        act(work)
        connection = work.outbox._connection
        return {
            row.key: {
                name: value
                for name, value in row._mapping.items()
                if name not in {"id", "promised_at"}
            }
            for row in connection.execute(select(outbox))
        }


def one_by_one(work: Any) -> None:
    people = work.people.page(ACME.id, None, 1_000)
    book(CONTEXT, work, [Wish(person, letter_of(person)) for person in people])


def at_once(work: Any) -> None:
    span, after = None, None
    while span := work.crowds.span(ACME.id, None, after, 50):
        book_crowd(CONTEXT, work, span, letter_of)
        after = span.upto


@pytest.mark.parametrize("seed", range(4))
def test_everybody_gets_what_they_would_get_alone(database: Database, seed: int) -> None:
    random = Random(seed)
    populate(database, random)
    settle(database, random)
    expected = outcome(database, one_by_one)
    assert outcome(database, at_once) == expected
    states = [row["state"] for key, row in expected.items() if key.startswith(SOURCE)]
    assert {"pending", "suppressed"} <= set(states)


@pytest.mark.parametrize("seed", range(2))
def test_the_forecast_is_what_comes_true(database: Database, seed: int) -> None:
    random = Random(seed)
    populate(database, random)
    settle(database, random)
    with database.transaction() as work:
        span = work.crowds.span(ACME.id, None, None, 1_000)
        assert span is not None
        groups = forecast_crowd(work, span, letter_of, NOW)
        assert letters_of_source(work) == {}
        book_crowd(CONTEXT, work, span, letter_of)
        assert count(groups) == letters_of_source(work)
    assert sum(group.people for group in groups) == span.people


def count(groups: list[Group]) -> dict[tuple[date | None, str | None], int]:
    counted: dict[tuple[date | None, str | None], int] = {}
    for group in groups:
        key = (group.day, group.why)
        counted[key] = counted.get(key, 0) + group.people
    return counted


def letters_of_source(work: Any) -> dict[tuple[date | None, str | None], int]:
    rows = work.outbox._connection.execute(
        select(outbox.c.day, outbox.c.why).where(outbox.c.source == SOURCE)
    )
    return count([Group(row.day, row.why, 1) for row in rows])


def test_the_same_people_again_change_nothing(database: Database) -> None:
    random = Random(7)
    populate(database, random)
    with database.transaction() as work:
        at_once(work)
    before = letters(database)
    with database.transaction() as work:
        at_once(work)
    assert letters(database) == before


def test_a_span_is_of_one_team_and_begins_behind_a_person(database: Database) -> None:
    with database.transaction() as work:
        work.people.add_workspace(ACME)
        for number in range(5):
            work.people.save(
                Person(
                    id=PersonId(f"p{number}"),
                    workspace=ACME.id,
                    address=f"U{number}",
                    name="Somebody",
                    team="Blue" if number % 2 == 0 else None,
                    active=number != 2,
                )
            )
        first = work.crowds.span(ACME.id, "Blue", None, 1)
        assert first == Span(ACME.id, "Blue", None, PersonId("p0"), 1)
        second = work.crowds.span(ACME.id, "Blue", first.upto, 10)
        assert second == Span(ACME.id, "Blue", PersonId("p0"), PersonId("p4"), 1)
        assert work.crowds.span(ACME.id, "Blue", second.upto, 10) is None
        book_crowd(CONTEXT, work, second, letter_of)
    assert set(letters(database)) == {f"{SOURCE}:p4"}


def join(work: Any, addresses: Iterable[str]) -> None:
    """Let people be in a channel, of which all is known."""
    work.directory.open(ACME.id, NOW)
    work.memberships.want(ACME.id, CHANNEL, NOW, NOW + timedelta(days=7))
    for address in addresses:
        work.memberships.join(ACME.id, CHANNEL, address)


def test_a_span_is_of_one_conversation(database: Database) -> None:
    with database.transaction() as work:
        work.people.add_workspace(ACME)
        work.people.add_workspace(OTHER)
        for number in range(6):
            person = Person(PersonId(f"p{number}"), ACME.id, f"U{number}", "Somebody")
            work.people.save(replace(person, active=number != 3))
        work.people.save(Person(PersonId("p9"), OTHER.id, "U1", "Namesake"))
        join(work, ["U1", "U3", "U4", "U5", "UNKNOWN"])
        first = work.crowds.span(ACME.id, None, None, 2, CHANNEL)
        assert first == Span(ACME.id, None, None, PersonId("p4"), 2, CHANNEL)
        second = work.crowds.span(ACME.id, None, first.upto, 2, CHANNEL)
        assert second == Span(ACME.id, None, PersonId("p4"), PersonId("p5"), 1, CHANNEL)
        assert work.crowds.span(ACME.id, None, second.upto, 2, CHANNEL) is None
        assert work.crowds.span(OTHER.id, None, None, 2, CHANNEL) is None
        book_crowd(CONTEXT, work, first, letter_of)
    assert set(letters(database)) == {f"{SOURCE}:p1", f"{SOURCE}:p4"}


@pytest.mark.parametrize("seed", range(2))
def test_the_people_of_a_conversation_get_what_they_would_get_alone(
    database: Database, seed: int
) -> None:
    random = Random(seed)
    populate(database, random)
    settle(database, random)
    inside = [f"U{number}" for number in range(PEOPLE) if random.random() < 0.5]
    with database.transaction() as work:
        join(work, inside)

    def alone(work: Any) -> None:
        people = [p for p in work.people.page(ACME.id, None, 1_000) if p.address in inside]
        book(CONTEXT, work, [Wish(person, letter_of(person)) for person in people])

    def together(work: Any) -> None:
        after = None
        while span := work.crowds.span(ACME.id, None, after, 30, CHANNEL):
            book_crowd(CONTEXT, work, span, letter_of)
            after = span.upto

    expected = outcome(database, alone)
    assert outcome(database, together) == expected
    assert expected != letters(database)


def test_people_and_teams_are_read_in_pages(database: Database) -> None:
    with database.transaction() as work:
        work.people.add_workspace(ACME)
        for number, team in enumerate(["Red", "Blue", None, "Red"]):
            person = Person(PersonId(f"p{number}"), ACME.id, f"U{number}", "Somebody", team=team)
            work.people.save(replace(person, active=number != 1))
        work.people.add_day_off(ACME.id, date(2026, 3, 2), "Own", PersonId("p2"))
        work.people.add_day_off(ACME.id, date(2026, 3, 3), "Everybody's")
        first = work.people.page(ACME.id, None, 2)
        assert [person.id for person in first] == ["p0", "p2"]
        assert [date(2026, 3, 2) in person.days_off for person in first] == [False, True]
        assert all(date(2026, 3, 3) in person.days_off for person in first)
        assert [p.id for p in work.people.page(ACME.id, first[-1].id, 2)] == ["p3"]
        assert [p.id for p in work.people.page(ACME.id, None, 9, "Red")] == ["p0", "p3"]
        assert work.people.page(ACME.id, PersonId("p3"), 2) == []
        assert work.people.teams(ACME.id) == ["Red"]
