"""Working time: nights, weekends and the change of the clocks."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ids import PersonId, WorkspaceId
from bot.people import Person, WorkingHours, is_away, is_working, pause
from bot.schedule import (
    add_working_days,
    add_working_time,
    at_local,
    next_morning,
    next_working_moment,
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
    start=st.sampled_from([time(0), time(6), time(9, 30)]),
    end=st.sampled_from([time(12), time(17), time(23, 45)]),
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
