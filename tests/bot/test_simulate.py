"""A made-up organisation in virtual time: every promise holds, and as many pass as should.

Here a dozen people play for some days. With `INFLOW_LONG=1` it is 500 for sixty.
"""

import json
import os

import pytest

from bot.bootstrap.report import Report, as_json, describe
from bot.bootstrap.simulate import simulate

long = pytest.mark.skipif(os.environ.get("INFLOW_LONG") != "1", reason="takes some minutes")


@pytest.fixture(scope="module")
def report() -> Report:
    return simulate(people=12, days=9, seed=5)


def check_promises(report: Report) -> None:
    """Nobody gets more than their budget, at another time than their own, or the same again."""
    told = report.unsolicited
    assert 0 < told.most_a_day <= told.budget_a_day == 1
    assert 0 < told.most_a_week <= told.budget_a_week == 4
    assert (told.over_budget, told.on_days_off, told.in_quiet_hours, told.too_close) == (0,) * 4
    assert told.twice_running == 0
    assert (report.asked_again, report.faults) == (0, 0)
    assert report.slots["failed"] == report.slots["late"] == 0


def test_a_few_days_keep_every_promise(report: Report) -> None:
    check_promises(report)
    assert report.unsolicited.by_kind.keys() >= {"campaign.message", "tips.daily"}
    assert report.unsolicited.sent == sum(week.sent for week in report.weeks)
    assert report.recall[0].asked > 0
    assert sum(each.passed_in_the_end for each in report.quizzes) > 0
    assert report.minutes_given_back > 0
    assert any(why == "budget" for _, why, _ in report.skipped)


def test_it_is_told_in_words_and_as_json(report: Report) -> None:
    told = "\n".join(describe(report))
    assert "No promise was broken." in told
    assert "customer-data (gate)" in told
    assert "the formula says" in told
    assert max(map(len, told.splitlines())) < 200
    data = json.loads(as_json(report))
    assert data["faults"] == 0
    assert data["unsolicited"]["most_a_week"] == report.unsolicited.most_a_week
    assert {"kind", "why", "letters"} == data["skipped"][0].keys()
    # Nobody is named, though nobody is real.
    assert "Person " not in told + as_json(report)


def test_another_seed_is_another_story() -> None:
    one, other = (simulate(people=2, days=2, seed=seed) for seed in (1, 2))
    assert as_json(one).replace('"seed": 1', '"seed": 2') != as_json(other)


@long
@pytest.mark.timeout(7_200)
def test_two_months_of_five_hundred_people_keep_every_promise() -> None:
    report = simulate(people=500, days=60, seed=1)
    print("\n".join(describe(report)))
    check_promises(report)
    # Who comes back to it knows it better than the 85 % at which it is due, or nearly.
    for each in report.recall:
        assert each.asked < 200 or each.share > 0.75
    gates = [each for each in report.quizzes if each.expected is not None]
    assert len(gates) == 2
    for quiz in gates:
        assert quiz.expected is not None
        assert quiz.margin is not None
        # The margin is two standard errors.
        assert quiz.first_share == pytest.approx(quiz.expected, abs=1.5 * quiz.margin)
    assert report.silenced > 0
    assert report.paused > 0
