"""What owners are told, and that they are told nothing too early (domain.md 1.11)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.message import Args
from bot.pack.flag import (
    Effect,
    Flag,
    FlagKind,
    Retaken,
    dead_distractors,
    difference_index,
    flag_age,
    flag_gap,
    flag_item,
    flag_pool,
    flag_section,
    verify,
)
from bot.pack.statistic import Distractor, Interval, ItemStatistic, wilson
from tests.bot.item import CHOICE

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
B, C, D = "a", "c", "d"
"""The wrong options of the item."""


def told(n: int, right: int, **more: object) -> ItemStatistic:
    plain = ItemStatistic(
        item="choice",
        n=n,
        wrong=n - right,
        facility=wilson(right / n, n),
        sd=40.0,
        discrimination=Interval(30.0, 10.0, 45.0),
        efficiency=50.0,
        weight=10.0,
        negative=False,
        certainty_wrong=2.0,
        sure_wrong=0,
        told_wrong=n - right,
        b_index=0.3,
        seconds=30.0,
        strong_right=right // 2,
        distractors=spread(n - right, B, C, D),
    )
    return replace(plain, **more)  # type: ignore[arg-type]  # any field


def spread(wrong: int, *options: str) -> tuple[Distractor, ...]:
    each = wrong // len(options)
    return tuple(Distractor(o, each, each / max(wrong, 1), -0.1, 0) for o in options)


def kinds(flags: tuple[Flag, ...]) -> list[FlagKind]:
    return [flag.kind for flag in flags]


def test_a_good_item_has_no_flags() -> None:
    assert flag_item(CHOICE, told(200, 120), told(60, 40), quiz_seconds=25) == ()


@pytest.mark.parametrize(("n", "flagged"), [(29, False), (30, True)])
def test_a_key_is_suspect_when_good_people_get_it_wrong(n: int, flagged: bool) -> None:
    against = told(n, n // 2, discrimination=Interval(-40.0, -60.0, -5.0))
    assert (FlagKind.KEY_SUSPECT in kinds(flag_item(CHOICE, against))) is flagged
    open_ = told(n, n // 2, discrimination=Interval(-20.0, -50.0, 5.0))
    assert flag_item(CHOICE, open_) == ()


def test_a_key_is_suspect_when_the_better_half_chooses_something_else() -> None:
    stat = told(
        40, 10, strong_right=6, distractors=(Distractor(C, 20, 0.66, 0.1, 7), *spread(10, B, D))
    )
    flag = flag_item(CHOICE, stat)[0]
    assert flag == Flag(
        FlagKind.KEY_SUSPECT, "item:choice", 40, {"discrimination": 30.0, "option": C}
    )


def test_everybody_wrong_is_said_from_ten_on() -> None:
    assert flag_item(CHOICE, told(9, 0)) == ()
    assert flag_item(CHOICE, told(10, 0)) == (
        Flag(FlagKind.EVERYBODY_WRONG, "item:choice", 10, {}),
    )
    assert flag_item(CHOICE, told(10, 1)) == ()


def test_too_hard_before_and_after_reading() -> None:
    hard = told(60, 12)
    assert FlagKind.TOO_HARD_COLD_AND_READ in kinds(flag_item(CHOICE, hard, told(60, 14)))
    # The interval of 14 in 40 reaches beyond .40.
    assert FlagKind.TOO_HARD_COLD_AND_READ not in kinds(flag_item(CHOICE, hard, told(40, 14)))
    assert FlagKind.TOO_HARD_COLD_AND_READ not in kinds(flag_item(CHOICE, hard, told(29, 2)))
    assert FlagKind.TOO_HARD_COLD_AND_READ not in kinds(flag_item(CHOICE, hard))


def test_a_section_that_works_is_praised() -> None:
    cold, read = told(80, 40), told(50, 42)
    gain = difference_index(cold, read)
    assert gain is not None
    assert gain.value == pytest.approx(0.34)
    assert gain.low > 0
    flags = flag_item(CHOICE, cold, read)
    assert flags == (Flag(FlagKind.SECTION_WORKS, "item:choice", 130, {"gain": 0.34}),)
    assert difference_index(cold, told(29, 29)) is None
    assert flag_item(CHOICE, cold, told(50, 28)) == ()


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        ((80, 40), (50, 42), Effect.BETTER),
        ((80, 60), (50, 22), Effect.WORSE),
        ((80, 40), (50, 28), Effect.NO_DIFFERENCE),
        ((80, 10), (29, 29), Effect.TOO_EARLY),
        ((29, 0), (80, 80), Effect.TOO_EARLY),
    ],
)
def test_a_change_is_verified_by_answers(
    before: tuple[int, int], after: tuple[int, int], effect: Effect
) -> None:
    found, gain = verify(told(*before), told(*after))
    assert found is effect
    assert gain.value == pytest.approx(after[1] / after[0] - before[1] / before[0])


@pytest.mark.parametrize(
    ("wrong", "sure", "share", "flagged"),
    [
        (30, 15, 0.60, True),
        (29, 29, 0.90, False),
        (30, 14, 0.90, False),
        (30, 30, 0.59, False),
    ],
)
def test_a_misconception_is_sure_and_shared(
    wrong: int, sure: int, share: float, flagged: bool
) -> None:
    stat = told(
        100,
        100 - wrong,
        sure_wrong=sure,
        distractors=(Distractor(C, round(wrong * share), share, -0.1, 0), *spread(12, B, D)),
    )
    assert (FlagKind.MISCONCEPTION in kinds(flag_item(CHOICE, stat))) is flagged


@pytest.mark.parametrize(
    ("n", "right", "flagged"), [(49, 49, False), (72, 72, False), (80, 80, True), (100, 97, False)]
)
def test_what_everybody_knows_gives_itself_away(n: int, right: int, flagged: bool) -> None:
    flags = flag_item(CHOICE, told(n, right))
    assert (FlagKind.GIVES_ITSELF_AWAY in kinds(flags)) is flagged


def test_dead_distractors_wait_for_thirty_wrong_answers() -> None:
    # D is not chosen at all, C by one of forty, A by all others.
    alone = (Distractor(B, 39, 0.975, -0.1, 0), Distractor(C, 1, 0.025, 0.3, 1))
    assert dead_distractors(CHOICE, told(80, 40, distractors=alone)) == (C, D)
    assert dead_distractors(CHOICE, told(80, 51, distractors=alone)) == ()


def test_a_distractor_that_good_people_choose_is_dead_too_if_they_are_enough() -> None:
    def some(n: int) -> ItemStatistic:
        good = Distractor(C, n, n / 40, 0.1, n)
        return told(200, 160, distractors=(good, *spread(40 - n, B, D)))

    assert dead_distractors(CHOICE, some(10)) == (C,)
    assert dead_distractors(CHOICE, some(9)) == ()


@pytest.mark.parametrize(
    ("n", "seconds", "flagged"), [(30, 91.0, True), (30, 90.0, False), (29, 200.0, False)]
)
def test_a_slow_item_takes_three_times_the_median(n: int, seconds: float, flagged: bool) -> None:
    flags = flag_item(CHOICE, told(n, n // 2, seconds=seconds), quiz_seconds=30.0)
    assert (FlagKind.SLOW in kinds(flags)) is flagged


def days_ago(*days: int) -> list[datetime]:
    return [NOW - timedelta(days=day) for day in days]


@pytest.mark.parametrize(
    ("unclear", "readers", "flagged"),
    [
        (days_ago(1, 5, 30), 1_000, True),
        (days_ago(1, 5, 31), 1_000, False),
        (days_ago(1, 5, 31), 59, True),
        (days_ago(1, 5, 31), 60, False),
        # Of few readers two questions are no rate.
        (days_ago(1, 5), 3, False),
    ],
)
def test_a_section_is_unclear_when_people_ask(
    unclear: list[datetime], readers: int, flagged: bool
) -> None:
    assert (flag_section("s1", unclear, readers, NOW) is not None) is flagged


def test_a_gap_in_the_faq_has_three_questions() -> None:
    assert flag_gap("topic:data", ["a", "b"]) is None
    told: Args = {"questions": ["a", "b", "c"]}
    assert flag_gap("topic:data", ["a", "b", "c"]) == Flag(FlagKind.FAQ_GAP, "topic:data", 3, told)


def test_what_is_old_or_leads_nowhere_is_stale() -> None:
    today = date(2026, 3, 2)
    assert flag_age("section:s1", today, today) is None
    assert flag_age("section:s1", None, today) is None
    assert flag_age("section:s1", date(2026, 3, 1), today) == Flag(
        FlagKind.STALE, "section:s1", 1, {"review_by": "2026-03-01", "link": ""}
    )
    assert flag_age("section:s1", today, today, "https://example.org/gone") is not None


def test_a_thin_pool_names_what_is_used_most() -> None:
    assert flag_pool("quiz", Retaken({"a": (9, 9)}, 9)) is None
    assert flag_pool("quiz", Retaken({"a": (90, 90)}, 9)) is None
    assert flag_pool("quiz", Retaken({"a": (10, 3), "b": (10, 2)}, 10)) is None
    enough = Retaken({"a": (10, 2), "b": (10, 4), "c": (3, 0)}, 10)
    assert flag_pool("quiz", enough) == Flag(
        FlagKind.POOL_THIN, "quiz:quiz", 23, {"share": 6 / 23, "items": ["b", "a"]}
    )
