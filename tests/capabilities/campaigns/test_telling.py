"""What somebody is told of campaigns that they answer for: when they work, and once a day."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.capabilities.campaigns import messages, succession
from bot.capabilities.campaigns.telling import tell_owner
from bot.message import Message, say
from bot.outbox import LetterState
from bot.people import Role
from storage.tables import outbox
from tests.capabilities.campaigns.running import TEXT_QUIZ_TEXT, TUESDAY, Runs
from tests.world import WORKSPACE, Heard, World

CONTROLS = ["Pause 1 week", "Stop all", "Why am I getting this?"]


def manages(world: World, who: str) -> None:
    world.changes(who, roles=frozenset({Role.COMMUNITY_MANAGER}))


def sends(world: World, title: str) -> None:
    """Dana sends many a message on Thursday."""
    world.says("dana", f"/campaign {title}")
    world.fills("dana", body="Hello.", first_day="2026-03-05", last_day="2026-03-12")
    world.presses("dana", "Send it", on=world.hears("dana")[-1])


def told(world: World, who: str, words: str) -> list[Heard]:
    return [h for h in world.hears(who) if words in h.text]


def test_all_that_nobody_runs_any_more_is_one_letter(either_world: World) -> None:
    world = either_world
    manages(world, "kim")
    world.passes(hours=8)
    for title in ("First", "Second", "Third"):
        sends(world, title)
    # Nobody works on Monday night.
    world.passes(hours=4)
    world.leaves("dana")
    world.passes(hours=1)
    assert told(world, "kim", "does not run campaigns any more") == []
    world.passes(hours=14)
    [letter] = told(world, "kim", "does not run campaigns any more")
    assert [b.label for b in letter.buttons] == ["Take it over"] * 3 + CONTROLS
    assert all(f"“{title}”" in letter.text for title in ("First", "Second", "Third"))
    world.presses("kim", "Why am I getting this?", on=letter)
    assert "nobody runs this one" in world.last("kim")
    for button in letter.buttons[:3]:
        world.forges("kim", button.action, button.args)
        assert "It is yours from now on." in world.last("kim")
    # They stay to be pressed, and nothing comes a second time.
    [letter] = told(world, "kim", "does not run campaigns any more")
    world.passes(days=1)
    assert len(told(world, "kim", "does not run campaigns any more")) == 1


def test_what_a_list_has_no_room_for_comes_another_day_though_nobody_takes_the_others(
    either_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = either_world
    monkeypatch.setattr(messages, "MOST_LISTED", 2)
    manages(world, "kim")
    world.passes(hours=8)
    titles = ("First", "Second", "Third", "Fourth", "Fifth")
    for title in titles:
        sends(world, title)
    world.passes(hours=4)
    world.leaves("dana")
    numbers = []
    for _ in range(4):
        world.passes(days=1)
        numbers.append(len(told(world, "kim", "does not run campaigns any more")))
    assert numbers == [1, 2, 3, 3]
    letters = told(world, "kim", "does not run campaigns any more")
    named = [[title for title in titles if f"“{title}”" in h.text] for h in letters]
    assert named == [["First", "Second"], ["Third", "Fourth"], ["Fifth"]]
    assert "And 3 more that nobody runs." in letters[0].text
    assert "And 1 more that nobody runs." in letters[1].text


def test_whose_stop_took_the_offer_back_gets_it_when_they_want_letters_again(world: World) -> None:
    manages(world, "kim")
    world.passes(hours=8)
    sends(world, "First")
    world.passes(hours=4)
    world.leaves("dana")
    world.says("kim", "stop")
    world.passes(hours=1)
    world.says("kim", "/resume")
    world.passes(days=2)
    assert len(told(world, "kim", "does not run campaigns any more")) == 1


def test_however_often_somebody_stops_they_can_be_offered_it_again(world: World) -> None:
    manages(world, "kim")
    world.passes(hours=8)
    sends(world, "First")
    world.passes(hours=4)
    world.leaves("dana")
    runs = Runs(world)
    for _ in range(30):
        world.says("kim", "stop")
        world.says("kim", "/resume")
        with runs.acting("sam") as (context, work, _):
            [campaign] = work.campaigns.under_way(WORKSPACE)
            succession.offer(context, work, campaign)
        world.passes(seconds=1)
    waits = (outbox.c.kind == "campaign.orphaned", outbox.c.state == LetterState.PENDING)
    with world.database.begin() as connection:
        found = connection.execute(select(outbox.c.person).where(*waits)).scalars().all()
    assert found.count("kim") == 1


def tells(world: World, runs: Runs, key: str, message: Message) -> None:
    with runs.acting("dana") as (context, work, _):
        tell_owner(context, work, runs.get(work), key, "campaign.left_out", message)
    world.passes(seconds=1)


def test_an_owner_is_told_when_they_work_and_once_a_day(either_world: World) -> None:
    world, runs = either_world, Runs(either_world)
    runs.drafts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY)
    tells(world, runs, "a", say("One thing happened."))
    tells(world, runs, "a", say("One thing happened."))
    [letter] = told(world, "dana", "One thing happened.")
    assert [button.label for button in letter.buttons] == CONTROLS
    tells(world, runs, "b", say("Another thing happened."))
    tells(world, runs, "c", say("A third thing happened."))
    assert "Another" not in world.last("dana")
    runs.upto(TUESDAY + timedelta(days=1))
    [news] = told(world, "dana", "There is news of several of your campaigns")
    assert runs.reads().title in news.text
    assert told(world, "dana", "hing happened.") == [letter]


def test_who_has_stopped_is_told_nothing_of_campaigns(world: World) -> None:
    runs = Runs(world)
    runs.drafts(TEXT_QUIZ_TEXT)
    world.says("dana", "stop")
    tells(world, runs, "a", say("One thing happened."))
    runs.upto(TUESDAY)
    assert told(world, "dana", "One thing happened.") == []
    with world.database.transaction() as work:
        state = work.outbox.state(WORKSPACE, f"{runs.get(work).source}:a")
    assert state is LetterState.SUPPRESSED
