"""Campaigns of several activities: what comes to whom on which day."""

from bot.capabilities.campaigns.model import State
from tests.capabilities.campaigns.running import (
    DAY,
    TEXT_QUIZ_TEXT,
    TUESDAY,
    Runs,
)
from tests.world import World

PEOPLE = ("ana", "ben", "bo", "cem", "dana", "kim", "lu", "sam")


def test_one_thing_comes_a_day_and_then_it_is_finished(either_world: World) -> None:
    runs = Runs(either_world)
    runs.starts(TEXT_QUIZ_TEXT)
    assert runs.campaign.state is State.SCHEDULED
    assert [runs.got(who) for who in PEOPLE] == [[]] * 8
    runs.upto(TUESDAY)
    assert runs.campaign.state is State.RUNNING
    assert [runs.got(who) for who in PEOPLE] == [["a1"]] * 8
    runs.upto(TUESDAY + DAY)
    assert [runs.got(who) for who in PEOPLE] == [["a1", "a2"]] * 8
    invitation = either_world.hears("ana")[-1]
    assert "Customer data" in invitation.text
    assert "Part of “Two weeks of data”, from Dana" in invitation.text
    either_world.presses("ana", "Check myself", on=invitation)
    assert "Check yourself first" in either_world.last("ana")
    runs.upto(TUESDAY + 2 * DAY)
    assert runs.got("ben") == ["a1", "a2", "a3"]
    runs.upto(TUESDAY + 10 * DAY)
    assert runs.campaign.state is State.FINISHED
    assert "Two weeks of data is finished" in either_world.last("dana")
