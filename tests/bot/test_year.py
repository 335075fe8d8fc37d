"""2026 and 2027 in all time zones: one tip for each local working day, none twice, none missed,
none in quiet hours.

Here all days of all zones go through the rules, and through the database the days around each
change of the clocks anywhere and both years of some zones. With `INFLOW_LONG=1` all days of all
zones go through the database.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise, product
from zoneinfo import ZoneInfo, available_timezones

import pytest

from bot.capabilities.questions.memory import Memory
from bot.holiday import NO_DAYS_OFF
from bot.schedule import APART, WINDOW, next_occurrence
from storage.database import Database
from tests.bot.year import DAY, WEEKS, Years, expect, find_instant, make_people
from tests.databases import RELAY_KEY

START = datetime(2025, 12, 31, 12, tzinfo=UTC)
END = datetime(2028, 1, 1, 12, tzinfo=UTC)
HOURS = (time(2, 30), time(0), time(23, 45), time(10))
ZONES = sorted(available_timezones() - {"localtime", "Factory"})
# One for each hour: gaps of an hour, of half an hour, at midnight and reaching midnight.
SOME = ("Europe/Paris", "Africa/Cairo", "America/Nuuk", "Australia/Lord_Howe")
# The days on which clocks change somewhere, but for Ramadan in Morocco and Palestine.
CHANGES = (
    (date(2026, 3, 7), date(2026, 3, 10)),
    (date(2026, 3, 27), date(2026, 4, 7)),
    (date(2026, 4, 23), date(2026, 4, 26)),
    (date(2026, 9, 5), date(2026, 9, 7)),
    (date(2026, 9, 26), date(2026, 9, 28)),
    (date(2026, 10, 3), date(2026, 10, 5)),
    (date(2026, 10, 23), date(2026, 11, 2)),
)
long = pytest.mark.skipif(os.environ.get("INFLOW_LONG") != "1", reason="takes some minutes")


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    """A real file that does not wait for the disk: nobody pulls a plug here, and there are
    tens of thousands of commits."""

    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    yield database
    database.close()


@cache
def distinct() -> Sequence[str]:
    """One zone of each that tell the same time in these years."""
    days = [START + number * DAY / 4 for number in range(4 * (END - START).days)]
    seen: dict[object, str] = {}
    for zone in ZONES:
        where = ZoneInfo(zone)
        seen.setdefault(tuple(day.astimezone(where).utcoffset() for day in days), zone)
    return list(seen.values())


def check(years: Years, spans: Sequence[tuple[datetime, datetime]]) -> None:
    """Everybody got exactly what the calendar says, each in its window."""
    got = years.tips()
    # What was still within its window when a span began went at once.
    starts = {start for start, _ in spans}
    for person, at in years.people:
        due = [each for start, end in spans for each in expect(person, at, start, end)]
        assert [
            (tip.day, tip.due_at) for tip in got[person.id] if tip.due_at not in starts
        ] == due, (person.zone, at)
        where = ZoneInfo(person.zone)
        for tip in got[person.id]:
            assert tip.due_at < tip.expires_at <= tip.due_at + WINDOW
            assert (tip.expires_at - timedelta(seconds=1)).astimezone(where).date() == tip.day
    assert years.total.failed == years.total.suppressed == years.total.nothing == 0


@pytest.mark.parametrize("at", HOURS)
def test_all_days_of_all_zones_by_the_rules(at: time) -> None:
    zones = distinct()
    assert len(zones) > 60
    assert len(ZONES) > 400
    for number, zone in enumerate(zones):
        weekdays = WEEKS[number % 3]
        day, found = START.date() - DAY, []
        after = START
        while (coming := next_occurrence(at, weekdays, NO_DAYS_OFF, zone, after, day)) is not None:
            if coming.due_at >= END:
                break
            found.append((coming.day, coming.due_at))
            day, after = coming.day, coming.due_at
        days = (START.date() + offset * DAY for offset in range(-1, (END - START).days + 2))
        due = [
            (day, due_at)
            for day in days
            if day.isoweekday() in weekdays
            and (due_at := find_instant(day, at, zone)) is not None
            and START <= due_at < END
        ]
        assert found == due, zone


def pass_changes(database: Database, where: Sequence[tuple[str, time]]) -> None:
    """The days around each change, one after the other; the time between is slept through."""
    spans = [
        (datetime.combine(first, time(12), UTC), datetime.combine(last + DAY, time(12), UTC))
        for first, last in CHANGES
    ]
    years = Years(database, make_people(where), spans[0][0])
    for start, end in spans:
        years.now = start
        years.passes(end)
    check(years, spans)
    assert years.total.late > 0


def pass_years(database: Database, where: Sequence[tuple[str, time]]) -> None:
    """Both years without a break."""
    years = Years(database, make_people(where), START)
    years.passes(END)
    check(years, [(START, END)])
    assert years.total.late == 0


def test_around_each_change_of_the_clocks_in_all_zones(database: Database) -> None:
    zones = distinct()
    pass_changes(database, [(zone, HOURS[n % len(HOURS)]) for n, zone in enumerate(zones)])


def test_both_years_in_some_zones(database: Database) -> None:
    pass_years(database, list(zip(SOME, HOURS, strict=True)))


@long
@pytest.mark.timeout(3_600)
def test_around_each_change_of_the_clocks_at_all_hours(database: Database) -> None:
    pass_changes(database, list(product(distinct(), HOURS)))


@long
@pytest.mark.timeout(3_600)
def test_both_years_in_all_zones(database: Database) -> None:
    zones = distinct()
    pass_years(database, [(zone, HOURS[n % len(HOURS)]) for n, zone in enumerate(zones)])


# --- people who move ------------------------------------------------------------------------

JOURNEY = (
    "Europe/Paris",
    "Asia/Tokyo",
    "America/Los_Angeles",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Asia/Kathmandu",
    "America/New_York",
    "Pacific/Chatham",
)


@pytest.mark.parametrize("hours", [1, 7, 10, 11, 19])
def test_who_flies_round_the_world_gets_one_a_day_and_none_within_twelve_hours(
    database: Database, hours: int
) -> None:
    """Eleven days in each place, arriving at some hour of UTC."""
    start = datetime(2026, 3, 1, hours, tzinfo=UTC)
    everybody = make_people([(JOURNEY[0], at) for at in HOURS])
    years = Years(database, everybody, start)
    stays = [start + number * 11 * DAY for number in range(len(JOURNEY) + 1)]
    for zone, (arrives, leaves) in zip(JOURNEY, pairwise(stays), strict=True):
        for person, _ in everybody:
            years.changes(person, zone=zone)
        assert years.now == arrives
        years.passes(leaves)
    for person, at in everybody:
        got = years.tips()[person.id]
        assert len({tip.day for tip in got}) == len(got)
        for one, other in pairwise(got):
            assert other.due_at - one.due_at >= APART
            assert one.day < other.day
        for zone, (arrives, leaves) in zip(JOURNEY, pairwise(stays), strict=True):
            here = replace(person, zone=zone)
            # The day of the journey may be one that there was before, or no day at all.
            settled = (arrives + 2 * DAY, leaves)
            due = list(expect(here, at, *settled))
            assert [
                (tip.day, tip.due_at) for tip in got if settled[0] < tip.due_at < leaves
            ] == due, (zone, at)


def test_whose_country_changes_has_the_holidays_of_the_new_one(database: Database) -> None:
    start = datetime(2026, 12, 1, 12, tzinfo=UTC)
    (ana, at), *_ = everybody = make_people([("Europe/Paris", time(10))])
    years = Years(database, everybody, start)
    changes = [
        (start, "US"),
        (datetime(2026, 12, 24, 12, tzinfo=UTC), "DE"),
        (datetime(2026, 12, 31, 20, tzinfo=UTC), None),
        (datetime(2027, 1, 8, 12, tzinfo=UTC), "XX"),
        (datetime(2027, 1, 15, 12, tzinfo=UTC), None),
    ]
    due: list[tuple[date, datetime]] = []
    for (since, country), (until, _) in pairwise(changes):
        years.changes(ana, country=country)
        years.passes(until)
        due += expect(replace(ana, country=country), at, since, until)
    assert [(tip.day, tip.due_at) for tip in years.tips()[ana.id]] == due
    days = {day for day, _ in due}
    assert date(2026, 12, 25) not in days
    assert date(2027, 1, 1) in days
