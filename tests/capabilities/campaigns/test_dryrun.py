from datetime import date

from bot.capabilities.campaigns.dryrun import (
    Fate,
    Share,
    Tally,
    add,
    args_of_tally,
    tally_of,
    tell_days,
    tell_moved,
    tell_nothing,
    tell_shares,
    tell_week,
    tell_whether_few,
)
from bot.capabilities.campaigns.dryrun import forecast_of as forecast
from bot.truth import Cause

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def fate(people: int, *got: date | str, zone: str = "UTC", week: int = 1, late: str = "") -> Fate:
    named = dict(zip(("a", "b", "c"), got, strict=False))
    return Fate(people, zone, named, late.split(), week)


def test_groups_add_up_over_chunks_and_a_timer_keeps_them() -> None:
    first = add(Tally(), [fate(20, MONDAY, "budget", week=3, late="a"), fate(6, "paused", "away")])

    tally = add(tally_of(args_of_tally(first)), [fate(10, MONDAY, TUESDAY, zone="Asia/Tokyo")])

    assert tally.people == 36
    assert tally.parts["a"].days == {MONDAY: 30}
    assert tally.parts["a"].reasons == {"paused": 6}
    assert tally.parts["b"].reasons == {"budget": 20, "away": 6}
    assert tally.zones == {"UTC": 26, "Asia/Tokyo": 10}
    assert tell_nothing(tally) == (30, (Cause("paused", 6),))
    assert tell_moved(tally, "a") == 20
    assert forecast(tally, "a").by_day == {MONDAY: 30}


def test_a_reason_that_few_share_is_not_told() -> None:
    tally = add(Tally(), [fate(20, MONDAY), fate(2, "paused"), fate(5, "stopped")])

    assert tell_nothing(tally) == (20, (Cause(None, 7),))


def test_not_even_the_number_is_told_where_it_would_be_of_few() -> None:
    tally = add(Tally(), [fate(20, MONDAY), fate(4, "paused")])

    assert tell_nothing(tally) == (None, ())


def test_where_hardly_anybody_gets_anything_that_is_told_apart_from_nearly_everybody() -> None:
    assert tell_whether_few(add(Tally(), [fate(3, MONDAY), fate(20, "away")]))
    assert tell_whether_few(add(Tally(), [fate(20, "away")]))
    assert not tell_whether_few(add(Tally(), [fate(20, MONDAY), fate(3, "away")]))


def test_where_everybody_gets_it_all_are_told() -> None:
    assert tell_nothing(add(Tally(), [fate(20, MONDAY)])) == (20, ())


def test_small_clusters_hide_behind_one_another_and_take_one_more_if_they_must() -> None:
    sizes = {"support": 30, "sales": 8, "board": 3, "": 1}

    assert tell_shares(sizes, {"support": 0, "sales": 1}) == [
        Share("support", 30, 0),
        Share(None, 12),
    ]
    assert tell_shares({"board": 3}) == []
    assert tell_shares({"one": 5, "two": 6}) == [Share("two", 6), Share("one", 5)]


def test_few_who_come_late_are_not_told_apart_from_the_others() -> None:
    assert tell_moved(add(Tally(), [fate(4, MONDAY, late="a"), fate(30, MONDAY)]), "a") is None
    assert tell_moved(add(Tally(), [fate(30, MONDAY, late="a"), fate(4, MONDAY)]), "a") is None
    assert tell_moved(add(Tally(), [fate(30, MONDAY, late="a")]), "a") == 30


def test_the_fullest_week_of_few_is_not_the_worst_case() -> None:
    tally = add(Tally(), [fate(30, MONDAY, week=3), fate(3, MONDAY, week=9)])

    assert tell_week(tally) == 3


def test_days_add_up_from_what_is_told_of_each_part() -> None:
    tally = add(Tally(), [fate(20, MONDAY, TUESDAY), fate(8, TUESDAY, TUESDAY), fate(1, MONDAY)])

    days, others = tell_days([forecast(tally, "a"), forecast(tally, "b")])

    assert (dict(days), others) == ({MONDAY: 21, TUESDAY: 8 + 28}, 0)
