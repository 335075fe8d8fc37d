"""Years of tips in virtual time: the real planner, attention and outbox on a real database.

What comes out is compared with a calendar that is worked out here on its own, from nothing
but the offsets of a zone a day before and a day after.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select, text, update

from bot.attention import MOST_PER_WEEK, Attention
from bot.capability import register
from bot.holiday import public_holidays
from bot.ids import PersonId, WorkspaceId
from bot.people import Person, WorkingHours, Workspace
from bot.planner import Planned, plan_due
from bot.slot import begin_slot
from storage.column import Instant
from storage.database import Database
from storage.tables import outbox
from tests.bot.tip import TIP, tips

DAY = timedelta(days=1)
PLACE = Workspace(id=WorkspaceId("w"), platform="slack", external="T0", name="Place")
WEEKS = (
    frozenset({1, 2, 3, 4, 5}),
    frozenset({7, 1, 2, 3, 4}),
    frozenset(range(1, 8)),
)


@dataclass(frozen=True, slots=True)
class Tip:
    """A tip that was sent: on which day of the person's, and from when until when it could go."""

    day: date
    due_at: datetime
    expires_at: datetime


def make_people(where: Sequence[tuple[str, time]]) -> list[tuple[Person, time]]:
    """Somebody in each zone with a tip at an hour, with all kinds of weeks, some with a country."""
    return [
        (
            Person(
                id=PersonId(f"p{number:05}"),
                workspace=PLACE.id,
                address=f"U{number}",
                name="Somebody",
                zone=zone,
                hours=WorkingHours(weekdays=WEEKS[number % 3]),
                country=(None, "DE", "US", None, "IL")[number % 5],
            ),
            at,
        )
        for number, (zone, at) in enumerate(where)
    ]


class Years:
    """People whose tips come as time passes, from one due moment to the next."""

    def __init__(
        self, database: Database, people: Sequence[tuple[Person, time]], start: datetime
    ) -> None:
        self.database = database
        self.people = people
        self.now = start
        self.total = Planned()
        self._ids = count()
        self._registry = register([tips])
        with database.transaction() as work:
            work.people.add_workspace(PLACE)
            for person, at in people:
                work.people.save(person)
                work.attention.save(
                    Attention(person.id, per_day=1, per_week=MOST_PER_WEEK, slot=at)
                )
                work.slots.save(begin_slot(person, TIP, at, start))

    def changes(self, person: Person, **fields: object) -> None:
        """What becomes of a person at this moment."""
        with self.database.transaction() as work:
            known = work.people.get(person.id)
            assert known is not None
            work.people.save(replace(known, **fields))  # type: ignore[arg-type]  # by name

    def passes(self, until: datetime) -> None:
        """Let time pass, and deliver at once what may go; everybody reacts to everything."""
        while True:
            with self.database.transaction() as work:
                due = work.slots.next_due(TIP)
            if due is None or due >= until:
                break
            self.now = max(self.now, due)
            done = plan_due(
                self.database, self._registry, lambda: self.now, lambda: f"id{next(self._ids)}"
            )
            assert done.seen > 0
            self.total += done
            if done.planned:
                self._deliver()
        self.now = until

    def _deliver(self) -> None:
        with self.database.begin() as connection:
            connection.execute(
                text(
                    "UPDATE attention SET talked_at = :now WHERE person IN"
                    " (SELECT person FROM outbox WHERE state = 'pending')"
                ).bindparams(bindparam("now", type_=Instant)),
                {"now": self.now},
            )
            connection.execute(
                update(outbox)
                .where(outbox.c.state == "pending")
                .values(state="sent", settled_at=outbox.c.due_at)
            )

    def tips(self) -> dict[PersonId, list[Tip]]:
        """What everybody got, in order."""
        found: dict[PersonId, list[Tip]] = {person.id: [] for person, _ in self.people}
        columns = (outbox.c.person, outbox.c.day, outbox.c.due_at, outbox.c.expires_at)
        with self.database.begin() as connection:
            for person, *tip in connection.execute(
                select(*columns).where(outbox.c.state == "sent").order_by(outbox.c.due_at)
            ):
                found[person].append(Tip(*tip))
        return found


def find_instant(day: date, at: time, zone: str) -> datetime | None:
    """When the wall clock of a zone first shows this; in a gap as much later, but not on another
    day. None on a day that the zone does not have."""
    where, naive = ZoneInfo(zone), datetime.combine(day, at, UTC)
    guesses = [
        naive - (around.astimezone(where).utcoffset() or timedelta(0))
        for around in (naive - DAY, naive + DAY)
    ]
    shown = [guess.astimezone(where).replace(tzinfo=UTC) for guess in guesses]
    for guess, seen in zip(guesses, shown, strict=True):
        if seen == naive:
            return guess
    return next((g for g, seen in zip(guesses, shown, strict=True) if seen.date() == day), None)


def expect(
    person: Person, at: time, start: datetime, end: datetime
) -> Iterator[tuple[date, datetime]]:
    """Each working day of a person between two moments, and when its hour comes."""
    day = start.date() - DAY
    while day <= end.date() + DAY:
        due_at = find_instant(day, at, person.zone)
        off = person.country is not None and day in public_holidays(person.country, day.year)
        works = day.isoweekday() in person.hours.weekdays and not off
        if works and due_at is not None and start < due_at < end:
            yield day, due_at
        day += DAY
