"""Working time and recurring hours: nights, weekends, days off and the change of the clocks."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.holiday import NO_DAYS_OFF, DaysOff
from bot.ids import PersonId, WorkspaceId
from bot.people import Person, WorkingHours, is_away, is_working, pause, works_on
from bot.schedule import (
    Occurrence,
    add_working_days,
    add_working_time,
    at_local,
    exists,
    next_due_at,
    next_morning,
    next_occurrence,
    next_working_moment,
    window,
)

ANA = Person(id=PersonId("ana"), workspace=WorkspaceId("w"), address="ana", name="Ana")
PARIS = replace(ANA, zone="Europe/Paris")
HOUR = timedelta(hours=1)


def utc(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "amount", "end"),
    [
        (utc(2, 9), HOUR, utc(2, 10)),
        (utc(2, 16, 30), HOUR, utc(3, 9, 30)),  # Over a night.
        (utc(6, 16, 30), HOUR, utc(9, 9, 30)),  # Over a weekend.
        (utc(7, 12), HOUR, utc(9, 10)),  # From a Saturday.
        (utc(2, 3), HOUR, utc(2, 10)),  # From before the morning.
        (utc(2, 9), 8 * HOUR, utc(2, 17)),  # A whole day.
        (utc(2, 9), 9 * HOUR, utc(3, 10)),
        (utc(2, 17), timedelta(0), utc(3, 9)),
    ],
)
def test_only_working_time_counts(start: datetime, amount: timedelta, end: datetime) -> None:
    assert add_working_time(ANA, start, amount) == end


def test_an_hour_over_the_weekend_of_the_clock_change_ends_at_the_new_local_time() -> None:
    friday = at_local(date(2026, 3, 27), time(16, 30), "Europe/Paris")
    monday = at_local(date(2026, 3, 30), time(9, 30), "Europe/Paris")
    assert add_working_time(PARIS, friday, HOUR) == monday
    assert (friday.hour, monday.hour) == (15, 7)


def test_a_time_that_a_clock_change_skips_is_the_moment_after_the_gap() -> None:
    assert at_local(date(2026, 3, 29), time(2, 30), "Europe/Paris") == utc(29, 1, 30)


def test_a_time_that_happens_twice_is_the_first() -> None:
    assert at_local(date(2026, 10, 25), time(2, 30), "Europe/Paris") == utc(25, 0, 30, month=10)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (utc(2, 9), 1, utc(3, 9)),
        (utc(6, 9), 1, utc(9, 9)),
        (utc(2, 9), 5, utc(9, 9)),
        (utc(7, 9), 5, utc(13, 9)),
    ],
)
def test_working_days_later_at_the_same_hour(start: datetime, days: int, end: datetime) -> None:
    assert add_working_days(ANA, start, days) == end


@pytest.mark.parametrize(
    ("after", "morning"),
    [
        (utc(2, 9), utc(2, 10)),
        (utc(2, 10), utc(2, 10)),
        (utc(2, 10, 1), utc(3, 10)),
        (utc(6, 11), utc(9, 10)),
    ],
)
def test_the_next_morning_is_one_of_a_working_day(after: datetime, morning: datetime) -> None:
    assert next_morning(ANA, after) == morning


@pytest.mark.parametrize(
    "hours", [WorkingHours(weekdays=frozenset()), WorkingHours(start=time(9), end=time(9))]
)
def test_somebody_without_hours_works_round_the_clock(hours: WorkingHours) -> None:
    someone = replace(ANA, hours=hours)
    assert is_working(someone, utc(7, 3))
    assert next_working_moment(someone, utc(7, 3)) == utc(7, 3)
    assert add_working_time(someone, utc(7, 3), HOUR) == utc(7, 4)


def test_working_hours_begin_with_their_first_minute_and_end_before_their_last() -> None:
    assert is_working(ANA, utc(2, 9))
    assert is_working(ANA, utc(2, 16, 59))
    assert not is_working(ANA, utc(2, 17))
    assert not is_working(ANA, utc(7, 12))


def test_a_night_shift_belongs_to_the_day_on_which_it_begins() -> None:
    """From Monday to Friday, the last until Saturday morning; Tuesday the 3rd is off."""
    nights = replace(
        ANA,
        hours=WorkingHours(start=time(22), end=time(6)),
        days_off=DaysOff(None, frozenset({date(2026, 3, 3)})),
    )
    worked = [utc(2, 22), utc(3, 5, 59), utc(7, 5)]
    slept = [utc(2, 5), utc(2, 21, 59), utc(3, 6), utc(3, 22), utc(4, 5), utc(7, 6), utc(7, 23)]
    assert [is_working(nights, at) for at in (*worked, *slept)] == [True] * 3 + [False] * 7
    assert [next_working_moment(nights, at) for at in worked] == worked
    assert next_working_moment(nights, utc(2, 10)) == utc(2, 22)
    assert next_working_moment(nights, utc(7, 6)) == utc(9, 22)
    assert add_working_time(nights, utc(3, 5), 2 * HOUR) == utc(4, 23)


def test_a_pause_ends_by_itself() -> None:
    paused = pause(ANA, utc(4, 0))
    assert is_away(paused, utc(3, 23))
    assert not is_away(paused, utc(4, 0))
    assert not is_away(pause(paused, None), utc(3, 23))
    assert is_away(replace(ANA, active=False), utc(2, 9))


ZONES = ["UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
HOURS = st.builds(
    WorkingHours,
    weekdays=st.frozensets(st.integers(1, 7), min_size=1),
    start=st.sampled_from([time(0), time(6), time(9, 30), time(22)]),
    end=st.sampled_from([time(5), time(12), time(17), time(23, 45)]),
)


@given(
    HOURS,
    st.sampled_from(ZONES),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(1, 2_000),
    st.integers(1, 2_000),
)
def test_working_time_is_added_forward_and_in_parts_as_in_one(
    hours: WorkingHours, zone: str, start: datetime, first: int, second: int
) -> None:
    someone = replace(ANA, hours=hours, zone=zone)
    one, two = timedelta(minutes=first), timedelta(minutes=second)
    halfway = add_working_time(someone, start, one)
    assert halfway >= start + one
    assert add_working_time(someone, halfway, two) == add_working_time(someone, start, one + two)
    assert is_working(someone, next_working_moment(someone, start))


# --- days off ---------------------------------------------------------------------------

OFF = replace(ANA, days_off=DaysOff(None, frozenset({date(2026, 3, 3)})))


def test_a_day_off_is_no_working_time() -> None:
    assert is_working(ANA, utc(3, 12))
    assert not is_working(OFF, utc(3, 12))
    assert not works_on(OFF, date(2026, 3, 3))
    assert works_on(OFF, date(2026, 3, 4))
    assert next_working_moment(OFF, utc(2, 18)) == utc(4, 9)
    assert add_working_time(OFF, utc(2, 16), 2 * HOUR) == utc(4, 10)
    assert add_working_days(OFF, utc(2, 9), 1) == utc(4, 9)
    assert next_morning(OFF, utc(2, 11)) == utc(4, 10)


def test_somebody_without_hours_has_days_off_from_midnight_to_midnight() -> None:
    someone = replace(OFF, hours=WorkingHours(weekdays=frozenset()))
    assert is_working(someone, utc(2, 23, 59))
    assert not is_working(someone, utc(3, 0))
    assert not is_working(someone, utc(3, 23, 59))
    assert add_working_time(someone, utc(2, 23), 2 * HOUR) == utc(4, 1)
    assert next_working_moment(someone, utc(3, 7)) == utc(4, 0)
    assert add_working_days(someone, utc(2, 9), 1) == utc(4, 9)


def test_a_calendar_of_nothing_but_days_off_makes_nobody_wait_for_ever() -> None:
    every = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(3_000))
    someone = replace(ANA, days_off=DaysOff(None, every))
    assert add_working_time(someone, utc(2, 9), HOUR) == utc(2, 10)
    assert add_working_days(someone, utc(2, 9), 2) == utc(4, 9)
    assert next_morning(someone, utc(2, 9)) == utc(2, 9)


# --- a recurring hour -------------------------------------------------------------------

DAILY = frozenset(range(1, 8))
WORKDAYS = frozenset(range(1, 6))


@pytest.mark.parametrize(
    ("zone", "at", "after", "day", "due_at"),
    [
        # Before, at and after the hour.
        ("Europe/Paris", time(10), utc(2, 8), date(2026, 3, 2), utc(2, 9)),
        ("Europe/Paris", time(10), utc(2, 9), date(2026, 3, 2), utc(2, 9)),
        ("Europe/Paris", time(10), utc(2, 9, 1), date(2026, 3, 3), utc(3, 9)),
        # The local day is not that of UTC.
        ("Pacific/Kiritimati", time(0), utc(2, 9), date(2026, 3, 3), utc(2, 10)),
        ("Pacific/Pago_Pago", time(23, 45), utc(2, 9), date(2026, 3, 1), utc(2, 10, 45)),
        # The gap, and the hour that comes twice.
        ("Europe/Paris", time(2, 30), utc(28, 12), date(2026, 3, 29), utc(29, 1, 30)),
        ("Europe/Paris", time(2, 30), utc(24, 12, 0, 10), date(2026, 10, 25), utc(25, 0, 30, 10)),
        ("Europe/Paris", time(2, 30), utc(25, 1, 0, 10), date(2026, 10, 26), utc(26, 1, 30, 10)),
        # A gap of half an hour, at 02:00.
        ("Australia/Lord_Howe", time(2, 15), utc(3, 9, 0, 10), date(2026, 10, 4), utc(3, 15, 45, 10)),  # noqa: E501
        # A gap at midnight, and one that swallows the last hour of the day.
        ("Africa/Cairo", time(0), utc(23, 12, 0, 4), date(2026, 4, 24), utc(23, 22, 0, 4)),
        ("America/Nuuk", time(23, 30), utc(28, 12), date(2026, 3, 28), utc(29, 0, 30)),
        ("America/Nuuk", time(22, 59), utc(28, 12), date(2026, 3, 28), utc(29, 0, 59)),
        ("America/Nuuk", time(23, 30), utc(29, 1), date(2026, 3, 29), utc(30, 0, 30)),
        ("America/Nuuk", time(23, 30), utc(24, 12, 0, 10), date(2026, 10, 24), utc(25, 0, 30, 10)),
        # Half-hour and 45-minute zones.
        ("Asia/Kathmandu", time(10), utc(2, 0), date(2026, 3, 2), utc(2, 4, 15)),
        ("America/St_Johns", time(10), utc(2, 0), date(2026, 3, 2), utc(2, 13, 30)),
        # A zone that is unknown here counts as UTC.
        ("Mars/Olympus", time(10), utc(2, 0), date(2026, 3, 2), utc(2, 10)),
    ],
)  # fmt: skip
def test_a_recurring_hour_comes_by_the_local_clock(
    zone: str, at: time, after: datetime, day: date, due_at: datetime
) -> None:
    assert next_occurrence(at, DAILY, NO_DAYS_OFF, zone, after) == Occurrence(day, due_at)
    assert next_due_at(at, DAILY, NO_DAYS_OFF, zone, after) == due_at


@pytest.mark.parametrize(
    ("zone", "missing", "at"),
    [
        ("Pacific/Apia", date(2011, 12, 30), time(10)),
        ("Pacific/Fakaofo", date(2011, 12, 30), time(0)),
        ("Pacific/Kwajalein", date(1993, 8, 21), time(23, 45)),
    ],
)
def test_a_day_that_a_zone_skips_has_no_hour(zone: str, missing: date, at: time) -> None:
    assert not exists(missing, zone)
    day = missing - 2 * timedelta(days=1)
    after = at_local(day, at, zone)
    days = []
    for _ in range(4):
        found = next_occurrence(at, DAILY, NO_DAYS_OFF, zone, after, day)
        assert found is not None
        assert found.due_at.astimezone(ZoneInfo(zone)).date() == found.day
        days.append(found.day)
        day, after = found.day, found.due_at
    assert days == [missing + timedelta(days=n) for n in (-1, 1, 2, 3)]


@pytest.mark.parametrize(
    ("zone", "day", "at", "minutes"),
    [
        ("Europe/Paris", date(2026, 3, 2), time(10), 120),
        ("Europe/Paris", date(2026, 3, 2), time(23, 15), 45),
        # The clocks go from 24:00 back to 23:00, and from 23:00 to 24:00.
        ("America/Santiago", date(2026, 4, 4), time(23, 15), 105),
        ("America/Nuuk", date(2026, 3, 28), time(23, 30), 30),
        # The day after does not exist.
        ("Pacific/Apia", date(2011, 12, 29), time(10), 120),
        ("Pacific/Apia", date(2011, 12, 29), time(23, 15), 45),
    ],
)
def test_a_window_is_two_hours_or_until_the_day_ends(
    zone: str, day: date, at: time, minutes: int
) -> None:
    start, end = window(day, at, zone)
    assert start == at_local(day, at, zone)
    assert end - start == timedelta(minutes=minutes)


def test_a_recurring_hour_minds_weekdays_days_off_and_the_last_day() -> None:
    sunday_to_thursday = frozenset({7, 1, 2, 3, 4})
    at = (time(10), sunday_to_thursday)
    # Thursday 5 March, then Sunday.
    assert next_due_at(*at, NO_DAYS_OFF, "UTC", utc(5, 11)) == utc(8, 10)
    off = DaysOff(None, frozenset({date(2026, 3, 8)}))
    assert next_due_at(*at, off, "UTC", utc(5, 11)) == utc(9, 10)
    assert next_due_at(*at, NO_DAYS_OFF, "UTC", utc(5, 9), date(2026, 3, 5)) == utc(8, 10)
    assert next_due_at(time(10), frozenset(), NO_DAYS_OFF, "UTC", utc(5, 9)) is None
    assert next_due_at(time(10), WORKDAYS, DaysOff("DE"), "Europe/Berlin", utc(3, 9, 0, 4)) == (
        utc(7, 8, 0, 4)
    )


def test_a_zone_that_changed_brings_nothing_within_twelve_hours() -> None:
    # Ten in the morning in Los Angeles, then a flight to Tokyo, where it is ten soon again.
    last = at_local(date(2026, 3, 3), time(10), "America/Los_Angeles")
    args = (time(10), WORKDAYS, NO_DAYS_OFF, "Asia/Tokyo", last, date(2026, 3, 3))
    assert next_due_at(*args) == utc(4, 1)
    assert next_due_at(*args, last) == utc(5, 1)
    # The other way the same day comes again, and has had its message.
    back = (time(10), WORKDAYS, NO_DAYS_OFF, "America/Los_Angeles", utc(5, 1), date(2026, 3, 5))
    assert next_due_at(*back, utc(5, 1)) == utc(6, 18)
