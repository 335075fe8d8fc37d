"""What is kept of people by campaigns, as each of them sees it."""

from dataclasses import replace

from bot.capabilities.campaigns.content import Activity, Format
from bot.capabilities.campaigns.messages import done_when
from bot.ids import PersonId
from bot.pack.completion import Atom
from tests.capabilities.campaigns.running import (
    DAY,
    NAME,
    TEXT_QUIZ_TEXT,
    TUESDAY,
    Runs,
)
from tests.world import Heard, World

POLL = Activity(
    id="p",
    format=Format.POLL,
    date=TUESDAY + DAY,
    text="What is hardest?",
    options=("Knowing", "Remembering"),
)


def me(world: World, who: str) -> Heard:
    """What `/me` says to somebody."""
    world.says(who, "/me")
    return world.hears(who)[-1]


def test_me_shows_the_campaigns_one_is_in_and_lets_one_leave_and_forget(world: World) -> None:
    runs = Runs(world)
    runs.starts(TEXT_QUIZ_TEXT)
    assert "Campaigns" not in me(world, "ana").text
    runs.upto(TUESDAY, 12)
    card = me(world, "ana")
    assert "“Two weeks of data”, from Tue 3 Mar: you are in it" in card.text
    assert "Forget what is over" not in card.text
    world.presses("ana", "Leave “Two weeks of data”", on=card)
    assert "nothing more comes of Two weeks of data" in world.last("ana")
    card = me(world, "ana")
    assert "it has ended for you" in card.text
    assert "Leave" not in card.text
    runs.upto(TUESDAY + 10 * DAY)
    assert runs.got("ana") == ["a1"]
    assert runs.got("ben") == ["a1", "a2", "a3"]
    card = me(world, "ana")
    assert "from Tue 3 Mar, which is over: it has ended for you" in card.text
    world.presses("ana", "Forget what is over", on=card)
    assert "Campaigns" not in me(world, "ana").text
    assert "Campaigns" in me(world, "ben").text


def test_what_one_should_not_have_is_said_so() -> None:
    titles = {Atom("certified", ("a",)): "Data", Atom("asked", ()): ""}
    has = {Atom("certified", ("a",))}
    assert done_when("certified(a) and not asked()", titles, has) == (
        "It is done for you when you have passed “Data” (done) and you have not asked a question "
        "(so far)."
    )
    assert done_when("not (certified(a) or asked())", titles, has) == (
        "It is done for you when you have not passed “Data” (not so any more) and you have not "
        "asked a question (so far)."
    )


def test_why_of_a_part_tells_what_is_missing_and_is_the_way_out_of_this_one_alone(
    world: World,
) -> None:
    runs = Runs(world)
    runs.starts(replace(TEXT_QUIZ_TEXT, completion="certified(data) or asked()"))
    runs.upto(TUESDAY, 12)
    told = "you have passed “Customer data” (still to do) or you have asked a question (still"
    world.presses("ana", "Why am I getting this?")
    assert told in world.last("ana")
    assert told in me(world, "ana").text
    reply = world.presses("ana", "No more of this campaign")
    assert "nothing more comes of **Two weeks of data**" in str(reply.message)
    runs.upto(TUESDAY + 10 * DAY)
    assert runs.got("ana") == ["a1"]
    assert runs.got("ben") == ["a1", "a2", "a3"]
    world.presses("ben", "Why am I getting this?")
    assert "No more of this campaign" not in [b.label for b in world.hears("ben")[-1].buttons]


def test_what_still_runs_is_not_forgotten_and_so_does_not_begin_anew(world: World) -> None:
    runs = Runs(world)
    runs.starts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY, 12)
    world.forges("ana", "campaign.forget", {})
    with world.database.transaction() as work:
        assert work.enrolments.get(NAME, PersonId("ana")) is not None


def test_me_says_that_one_has_voted_until_the_poll_is_over(world: World) -> None:
    runs = Runs(world)
    runs.starts(replace(TEXT_QUIZ_TEXT, activities=(*TEXT_QUIZ_TEXT.activities[:1], POLL)))
    runs.upto(TUESDAY + DAY, 12)
    world.presses("ana", "Knowing")
    told = me(world, "ana").text
    assert "You have voted in 1 poll that is not over." in told
    assert "Knowing" not in told
    assert "voted" not in me(world, "ben").text
    runs.upto(TUESDAY + 10 * DAY)
    assert "voted" not in me(world, "ana").text
