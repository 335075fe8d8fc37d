"""Days off: by country and region, and days of one's own."""

from datetime import date

import pytest
from structlog.testing import capture_logs

from bot.errors import Invalid
from bot.holiday import NO_DAYS_OFF, DaysOff, public_holidays, read_country


@pytest.mark.parametrize(
    ("country", "day", "off"),
    [
        ("DE", date(2026, 12, 25), True),
        ("DE", date(2026, 12, 24), False),
        ("DE-BY", date(2026, 6, 4), True),
        ("DE-BE", date(2026, 6, 4), False),
        ("GB-ENG", date(2026, 12, 28), True),
        ("US", date(2026, 7, 3), True),
        ("US", date(2027, 12, 31), True),
        ("IL", date(2026, 9, 21), True),
        (None, date(2026, 12, 25), False),
    ],
)
def test_public_holidays_are_those_of_country_region_and_year(
    country: str | None, day: date, off: bool
) -> None:
    assert (day in DaysOff(country)) is off


def test_half_days_are_working_days() -> None:
    assert date(2026, 12, 24) not in DaysOff("CH-ZH")


def test_own_days_are_off_besides_and_without_a_country() -> None:
    own = frozenset({date(2026, 8, 3)})
    assert date(2026, 8, 3) in DaysOff(None, own)
    assert date(2026, 8, 3) in DaysOff("DE", own)
    assert date(2026, 12, 25) in DaysOff("DE", own)
    assert date(2026, 8, 3) not in NO_DAYS_OFF


@pytest.mark.parametrize("stored", ["QZ", "DE-QZ", "calendars", "", "-", "de", "D\n", "DE-BY-X"])
def test_a_stored_country_that_nobody_knows_has_no_holidays_and_is_said_once(stored: str) -> None:
    with capture_logs() as said:
        for day in range(1, 29):
            assert date(2031, 12, day) not in DaysOff(stored)
        assert date(2032, 1, 1) not in DaysOff(stored)
    assert [line["log_level"] for line in said] == ["warning"]
    assert said[0]["country"] == stored


@pytest.mark.parametrize(
    ("words", "country"),
    [
        ("DE", "DE"),
        (" de ", "DE"),
        ("DEU", "DE"),
        ("Germany", "DE"),
        ("united kingdom", "GB"),
        ("UK", "GB"),
        ("de-by", "DE-BY"),
        ("DE_BY", "DE-BY"),
        ("de-augsburg", "DE-Augsburg"),
        ("FR-zone a", "FR-Zone A"),
    ],
)
def test_a_country_is_read_as_people_write_it(words: str, country: str) -> None:
    assert read_country(words) == country
    assert public_holidays(country, 2026)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("XX", "holidays of “XX”"),
        ("Germny", "DE (Germany)"),
        ("", "DE-BY"),
        ("DE-ZZ", "BB, BE, BW"),
        ("DE-BYY", "There are: BY"),
        ("VA-X", "Write VA alone"),
        ("x" * 500, "x" * 60 + "”"),
    ],
)
def test_an_unknown_country_is_refused_with_what_is_near(words: str, told: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_country(words)
    assert told in refused.value.sentence
