"""Golden numbers for every formula of expertise, worked out by hand."""

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.capabilities.questions.expertise import (
    Expertise,
    FadingCounts,
    assess,
    count_endorsements,
    declare,
    earn,
    rate_helpfulness,
    saturate_earned,
    saturate_endorsements,
    tally,
)
from bot.capabilities.questions.model import Credit, Endorsement, Level
from bot.ids import ArticleId, PersonId, TopicId

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANA, BO, CY = PersonId("ana"), PersonId("bo"), PersonId("cy")
BILLING = TopicId("billing")

Kind = Literal["accepted", "reused", "unconfirmed", "certified", "narrated", "not_solved"]


def deed(kind: Kind, days_ago: float = 0, article: str | None = None) -> Credit:
    return Credit(
        person=ANA,
        topic=BILLING,
        kind=kind,
        at=NOW - timedelta(days=days_ago),
        key=f"{kind}:{days_ago}",
        article=ArticleId(article) if article else None,
    )


def endorse(by: PersonId, *, other_team: bool = False) -> Endorsement:
    return Endorsement(person=ANA, topic=BILLING, by=by, other_team=other_team, at=NOW)


@pytest.mark.parametrize(
    ("level", "worth"), [("steward", 1.0), ("can_help", 0.7), ("learning", 0.3), ("none", 0.0)]
)
def test_a_persons_own_word_has_its_worth(level: Level, worth: float) -> None:
    assert declare(level, (), NOW) == worth


def test_not_my_field_halves_the_persons_own_word_and_is_forgotten() -> None:
    assert declare("can_help", [NOW], NOW) == pytest.approx(0.35)
    assert declare("can_help", [NOW - timedelta(days=180)], NOW) == pytest.approx(0.494975)
    assert declare("can_help", [NOW + timedelta(seconds=1)], NOW) == 0.7


@pytest.mark.parametrize(
    ("kind", "worth"),
    [
        ("accepted", 1.0),
        ("reused", 0.5),
        ("unconfirmed", 0.3),
        ("certified", 0.5),
        ("narrated", 0.2),
        ("not_solved", 0.0),
    ],
)
def test_each_kind_of_deed_has_its_worth_and_halves_in_180_days(kind: Kind, worth: float) -> None:
    assert earn([deed(kind)], NOW) == pytest.approx(worth)
    assert earn([deed(kind, days_ago=180)], NOW) == pytest.approx(worth / 2)
    assert earn([deed(kind, days_ago=540)], NOW) == pytest.approx(worth / 8)


def test_deeds_add_up() -> None:
    deeds = [deed("accepted"), deed("accepted", 180), deed("unconfirmed"), deed("narrated", 360)]
    assert earn(deeds, NOW) == pytest.approx(1.0 + 0.5 + 0.3 + 0.05)


def test_the_newest_five_reuses_of_one_article_count() -> None:
    fresh = [deed("reused", article="a") for _ in range(6)]
    old = [deed("reused", days_ago=180, article="a") for _ in range(6)]
    other = [deed("reused", article="b")]
    assert earn([*old, *fresh, *other], NOW) == pytest.approx(5 * 0.5 + 0.5)


def test_what_happens_later_counts_for_nothing_now() -> None:
    later = [deed("accepted", days_ago=-1), deed("not_solved", days_ago=-1)]
    assert earn(later, NOW) == 0.0
    assert tally(later, NOW) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("earned", "saturated"), [(0, 0.0), (1, 0.221199), (4, 0.632121), (12, 0.950213)]
)
def test_earned_saturates(earned: float, saturated: float) -> None:
    assert saturate_earned(earned) == pytest.approx(saturated, abs=1e-6)


def test_helpfulness_starts_at_three_quarters_and_follows_the_record() -> None:
    assert rate_helpfulness(0, 0) == 0.75
    assert rate_helpfulness(*tally([deed("accepted")] * 4, NOW)) == 7 / 8
    assert rate_helpfulness(*tally([deed("not_solved")] * 4, NOW)) == 3 / 8
    aged = [deed("accepted", 180), deed("accepted", 180), deed("not_solved", 180)]
    assert rate_helpfulness(*tally(aged, NOW)) == pytest.approx(4 / 5.5)


def test_endorsements_count_people_and_other_teams_more() -> None:
    assert count_endorsements([]) == 0.0
    assert count_endorsements([endorse(BO), endorse(CY, other_team=True)]) == 2.5
    assert count_endorsements([endorse(BO), endorse(BO, other_team=True), endorse(BO)]) == 1.5
    assert saturate_endorsements(2.5) == pytest.approx(0.565402, abs=1e-6)


def test_the_score_weighs_what_was_declared_earned_and_endorsed() -> None:
    expertise = assess(
        NOW,
        "can_help",
        [deed("accepted"), deed("accepted", 180), deed("not_solved")],
        [endorse(BO), endorse(CY, other_team=True)],
    )
    # d .7; e 1.5, saturated .312711; h 4.5/6.5 = .692308; n 2.5, saturated .565402.
    assert expertise == Expertise("can_help", 0.7, 1.5, 4.5 / 6.5, 2.5)
    assert expertise.score == pytest.approx(0.245 + 0.0974216 + 0.1130804, abs=1e-6)


def test_nothing_known_scores_nothing_and_a_steward_starts_at_a_third() -> None:
    assert assess(NOW) == Expertise()
    assert Expertise().score == 0.0
    assert assess(NOW, "steward").score == pytest.approx(0.35)


parts = st.lists(
    st.tuples(st.sampled_from("abc"), st.floats(0, 3e9), st.floats(0.01, 10)), max_size=30
)


@given(parts, st.integers(3_600, 100_000_000))
def test_fading_counts_equal_the_sums_of_their_parts_in_any_order(
    parts: list[tuple[str, float, float]], half_life: int
) -> None:
    now = max((time for _, time, _ in parts), default=0.0) + 5.0
    counts: FadingCounts[str] = FadingCounts(timedelta(seconds=half_life))
    for key, time, weight in sorted(parts, key=lambda part: part[2]):
        counts.add(key, time, weight)
    for key in "abcd":
        expected = sum(w * 0.5 ** ((now - time) / half_life) for k, time, w in parts if k == key)
        assert counts.at(key, now) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_fading_counts_compare_without_regard_to_the_time() -> None:
    counts: FadingCounts[str] = FadingCounts(timedelta(hours=1))
    for hour in range(5_000):
        counts.add("early", hour * 3600.0)
    counts.add("late", 4_999 * 3600.0)
    assert counts.relative["early"] / counts.relative["late"] == pytest.approx(2.0)
    assert counts.at("late", 5_000 * 3600.0) == pytest.approx(0.5)
    counts.forget("late")
    assert counts.at("late", 5_000 * 3600.0) == 0.0


def test_a_half_life_is_longer_than_nothing() -> None:
    with pytest.raises(ValueError, match="half-life"):
        FadingCounts(timedelta(0))
