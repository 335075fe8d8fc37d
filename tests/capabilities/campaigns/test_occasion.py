"""Polls and hours of questions where a campaign does not go as it was planned."""

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from bot.capabilities.campaigns.content import Activity, Format, data_of
from bot.capabilities.campaigns.model import Campaign, EventKind, State
from bot.capabilities.campaigns.occasion.messages import result
from bot.capabilities.campaigns.step import advance
from bot.ids import PersonId
from bot.message import Button, Facts
from bot.people import Role
from tests.capabilities.campaigns.planning import (
    adds,
    approve_and_schedule,
    now_of,
    reads,
    travel,
    writes,
)
from tests.capabilities.campaigns.running import DAY, NAME, TEXT_QUIZ_TEXT, TUESDAY, Runs
from tests.world import WORKSPACE, Heard, World, person

HOUR = {"text": "Sam answers.", "place": "#travel", "at": "15:00"}
POLL = {"text": "Which day?", "options": "Monday\nFriday"}


def announced(world: World) -> None:
    """An hour on Thursday at 15:00, for which Ana has asked something on Tuesday."""
    card = writes(world)
    card = adds(world, card, Format.MESSAGE, date="2026-03-03", text="Come on Thursday.")
    card = adds(world, card, Format.QNA_SESSION, date="2026-03-05", **HOUR)
    approve_and_schedule(world, card)
    world.passes(days=1, hours=2)
    world.presses("ana", "Ask beforehand", on=travel(world)[-1])
    world.fills("ana", "#travel", question="Who pays the taxi?", visibility="anonymous")
    assert world.asked() == set()


def opens(world: World) -> Heard:
    """The card of the campaign that is under way."""
    world.forges("dana", "campaign.look_at", {"campaign": reads(world).id})
    return world.hears("dana")[-1]


def stood(world: World) -> str:
    return "\n".join(heard.text for heard in travel(world))


def test_what_was_asked_for_an_hour_that_is_cancelled_is_asked_all_the_same(
    either_world: World,
) -> None:
    world = either_world
    announced(world)
    world.presses("dana", "End it", on=opens(world))
    assert reads(world).state is State.CANCELLED
    world.passes(days=3)
    assert "The hour of questions begins" not in stood(world)
    assert world.asked() != set()
    question = world.question(1)
    assert question.asker is None
    assert question.owner is None


def test_an_hour_that_falls_into_a_pause_is_not_held_and_loses_no_question(
    world: World,
) -> None:
    announced(world)
    card = opens(world)
    world.presses("dana", "Pause", on=card)
    world.passes(days=3)
    assert "The hour of questions begins" not in stood(world)
    assert "Who pays the taxi?" not in stood(world)
    world.presses("dana", "Go on", on=now_of(world, "dana", card))
    world.passes(days=1)
    assert "The hour of questions begins" not in stood(world)
    question = world.question(1)
    assert question.owner == "sam"
    assert question.due_on is not None
    assert "Ana" not in stood(world)


def test_what_an_hour_leaves_open_never_goes_to_who_asked_it_nor_to_who_has_left(
    world: World,
) -> None:
    announced(world)
    world.presses("dana", "Ask beforehand", on=travel(world)[-1])
    world.fills("dana", "#travel", question="Who books the hotel?")
    world.joins(replace(person("eve"), roles=frozenset({Role.COMMUNITY_MANAGER})))
    world.leaves("sam")
    world.passes(days=2, hours=8)
    assert world.question(1).owner == "dana"
    assert world.question(2).owner == "eve"
    # Who takes it on and then is silent keeps it from nobody.
    world.presses("kim", "I take it", on=travel(world)[-1])
    assert world.question(2).state == "claimed"
    world.passes(days=12)
    assert world.question(2).state in {"escalated", "expired"}


def test_the_list_of_an_hour_goes_to_others_when_its_host_has_left(world: World) -> None:
    announced(world)
    world.joins(replace(person("eve"), roles=frozenset({Role.COMMUNITY_MANAGER})))
    world.passes(days=2, hours=3)
    world.leaves("sam")
    world.leaves("dana")
    world.passes(days=1, hours=2)
    assert world.question(1).owner == "eve"
    assert "Eve sees to it by 12 March" in "\n".join(world.dms("eve"))


def test_a_poll_in_a_channel_stands_there_with_its_result_at_the_end(world: World) -> None:
    card = writes(world)
    poll = POLL | {"place": "#travel", "at": "10:00"}
    card = adds(world, card, Format.POLL, date="2026-03-03", **poll)
    card = adds(world, card, Format.MESSAGE, date="2026-03-04", text="Have you voted?")
    approve_and_schedule(world, card)
    world.passes(days=1, hours=4)
    ballot = travel(world)[-1]
    assert "Which day?" in ballot.text
    for who in ("ana", "ben", "cem", "kim", "lu"):
        world.presses(who, "Friday", on=ballot)
    told = now_of(world, "ana", ballot)
    assert "5" not in told.text.replace("answers that 5 people or more", "")
    world.passes(days=6)
    told = now_of(world, "ana", ballot)
    assert "Friday: most of 5" in told.text
    assert "Monday: not told" in told.text
    assert told.buttons == []
    world.taps("bo", next(b for b in ballot_buttons(world) if b.label == "Friday"), on=ballot)
    assert "The poll is over." in world.last("bo")
    assert "Friday: most of 5" in now_of(world, "ana", ballot).text


def ballot_buttons(world: World) -> list[Button]:
    """The buttons that stood under the poll, as somebody may still have them before them."""
    campaign = reads(world)
    [poll] = [one for one in campaign.content.activities if one.format is Format.POLL]
    of = {"campaign": campaign.id, "activity": poll.id}
    return [
        Button(label=option, action="campaign.vote", args={**of, "option": number})
        for number, option in enumerate(poll.options)
    ]


WHEN = Activity(
    id="h",
    format=Format.QNA_SESSION,
    date=TUESDAY + 3 * DAY,
    channel="#travel",
    at=time(15),
    text="Ask us.",
)


def hours(world: World) -> list[str]:
    """What announces hours in the channel, as it stands there now."""
    return [h.text for h in travel(world) if "An hour of questions" in h.text]


def test_an_hour_that_is_moved_says_when_it_is_now_and_at_last_that_it_is_not(
    world: World,
) -> None:
    runs = Runs(world)
    parts = TEXT_QUIZ_TEXT.activities
    runs.starts(replace(TEXT_QUIZ_TEXT, activities=(*parts, WHEN)))
    runs.upto(TUESDAY + DAY, 12)
    [told] = hours(world)
    assert "Friday, 6 March at 15:00" in told
    later = replace(WHEN, date=TUESDAY + 6 * DAY)
    runs.amends(replace(TEXT_QUIZ_TEXT, activities=(*parts, later)))
    assert hours(world) == [told]
    runs.approves()
    world.passes(seconds=5)
    [told] = hours(world)
    assert "Monday, 9 March at 15:00" in told
    assert "6 March" not in told
    runs.upto(TUESDAY + 3 * DAY, 20)
    assert len(hours(world)) == 1
    assert "The hour of questions begins" not in stood(world)
    runs.ends()
    world.passes(seconds=5)
    [told] = hours(world)
    assert "does not take place" in told
    assert "March" not in told
    assert not any(h.buttons for h in travel(world))


@pytest.mark.parametrize("is_taken_over", [False, True])
def test_an_hour_begins_when_it_was_announced_whoever_owns_it_by_then(
    world: World, is_taken_over: bool
) -> None:
    runs = Runs(world)
    world.changes("kim", roles=frozenset({Role.COMMUNITY_MANAGER}))
    world.changes("dana", zone="America/Los_Angeles")
    runs.starts(replace(TEXT_QUIZ_TEXT, activities=(*TEXT_QUIZ_TEXT.activities, WHEN)))
    runs.upto(TUESDAY + 2 * DAY)
    [told] = hours(world)
    assert "Friday, 6 March at 15:00 (America/Los_Angeles)" in told
    assert "Dana" in told
    world.leaves("dana")
    if is_taken_over:
        world.forges("kim", "campaign.take_over", {"campaign": NAME})
        world.passes(seconds=5)
        [told] = hours(world)
        assert "Friday, 6 March at 15:00 (America/Los_Angeles)" in told
        assert "Dana" not in told
    runs.upto(TUESDAY + 3 * DAY, 22)
    assert "The hour of questions begins" not in stood(world)
    runs.upto(TUESDAY + 4 * DAY, 1)
    assert "The hour of questions begins" in stood(world)


def test_an_hour_of_a_campaign_that_is_taken_back_is_called_off_until_it_is_scheduled_anew(
    world: World,
) -> None:
    runs = Runs(world)
    content = replace(TEXT_QUIZ_TEXT, activities=(*TEXT_QUIZ_TEXT.activities, WHEN))
    early = replace(WHEN, date=TUESDAY)
    runs.starts(replace(content, activities=(*TEXT_QUIZ_TEXT.activities, early)))
    world.passes(seconds=5)
    assert "Tuesday, 3 March" in hours(world)[0]
    world.forges("dana", "campaign.take_back", {"campaign": NAME})
    world.passes(seconds=5)
    assert "does not take place" in hours(world)[0]
    with runs.acting("dana") as (context, work, dana):
        data = data_of(content)
        advance(context, work, runs.get(work), EventKind.CHANGED, dana.id, data=data)
    runs.submits()
    runs.approves()
    runs.schedules()
    world.passes(seconds=5)
    [told] = hours(world)
    assert "Friday, 6 March" in told


def test_an_hour_that_goes_to_another_channel_is_called_off_in_the_first(world: World) -> None:
    runs = Runs(world)
    parts = TEXT_QUIZ_TEXT.activities
    runs.starts(replace(TEXT_QUIZ_TEXT, activities=(*parts, WHEN)))
    runs.upto(TUESDAY + DAY, 12)
    elsewhere = replace(WHEN, channel="#data")
    runs.amends(replace(TEXT_QUIZ_TEXT, activities=(*parts, elsewhere)))
    runs.approves()
    world.passes(minutes=1)
    assert "does not take place here" in hours(world)[0]
    [there] = [h for h in world.room.heard if h.conversation == "#data"]
    assert "Friday, 6 March" in there.text


def polls(world: World, **more: object) -> Runs:
    """A campaign whose first part is a poll for each, which all have before them."""
    runs = Runs(world)
    asked = Activity(
        id="p", format=Format.POLL, date=TUESDAY, text="Which day?", options=("Monday", "Friday")
    )
    parts = (replace(asked, **more), *TEXT_QUIZ_TEXT.activities[1:])  # type: ignore[arg-type]  # by name
    runs.starts(replace(TEXT_QUIZ_TEXT, activities=parts))
    runs.upto(TUESDAY, 12)
    return runs


def test_a_poll_that_was_counted_takes_no_votes_whatever_becomes_of_its_campaign(
    world: World,
) -> None:
    runs = polls(world)
    asked = {"campaign": NAME, "activity": "p"}
    for who in ("ana", "ben", "cem", "kim", "lu"):
        world.presses(who, "Friday")
    before = runs.reads().content
    runs.upto(TUESDAY + DAY, 20)
    assert "Friday: most of 5" in "\n".join(world.dms("dana"))
    catching_up = replace(before, catch_up=True)
    runs.amends(catching_up)
    runs.approves()
    runs.rests()
    world.passes(hours=1)
    runs.goes_on()
    world.forges("ana", "campaign.vote", {**asked, "option": 0})
    assert "The poll is over." in world.last("ana")
    world.passes(days=20)
    with world.database.transaction() as work:
        assert work.ballots.votes(NAME, "p") == {1: 5}
    assert "\n".join(world.dms("dana")).count("Friday: most of 5") == 1


def test_a_poll_in_which_nobody_votes_ends_all_the_same(world: World) -> None:
    polls(world, channel="#travel", at=time(10))
    ballot = next(h for h in travel(world) if "Which day?" in h.text)
    assert ballot.buttons
    world.passes(days=4)
    told = now_of(world, "ana", ballot)
    assert "The poll is over. Fewer than 5 people have voted" in told.text
    assert told.buttons == []
    assert "Fewer than 5 people have voted" in "\n".join(world.dms("dana"))


def test_a_poll_tells_no_number_from_which_a_small_one_follows() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    campaign = Campaign(NAME, WORKSPACE, PersonId("dana"), TEXT_QUIZ_TEXT, now, now)
    asked = Activity(id="p", format=Format.POLL, text="Which?", options=("A", "B", "C"))

    def told(*votes: int) -> list[str]:
        card = result(campaign, asked, {n: count for n, count in enumerate(votes) if count})
        return [fact.value for part in card.parts if isinstance(part, Facts) for fact in part.facts]

    assert told(5, 0, 0) == ["most of 5", "not told", "not told"]
    assert told(5, 1, 0) == ["most of 6", "not told", "not told"]
    assert told(6, 5, 0) == ["6 of 11", "5 of 11", "not told"]
    assert told(7, 5, 3) == ["7 of 15", "not told", "not told"]
    assert told(2, 2, 2) == ["not told", "not told", "not told"]
