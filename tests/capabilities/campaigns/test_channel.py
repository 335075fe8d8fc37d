"""Campaigns to the people of a channel, on a platform that can tell who they are."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.capabilities.campaigns import draft, expanding
from bot.capabilities.campaigns.audience import want
from bot.capabilities.campaigns.content import Audience, Content, content_of
from bot.capabilities.campaigns.model import Campaign, State, fold
from bot.directory import Pace, Reading
from bot.errors import Invalid
from bot.form import ChoiceField, Form, TextField
from bot.ids import PersonId
from bot.message import Args
from tests.capabilities.campaigns.running import MONDAY, Runs, message
from tests.world import PLATFORM, WORKSPACE, Heard, World, person

TEXT = "Lunch is **free** this week."
CHANNEL = "#lunch"
NAME = "#free-lunch"
SIX = ("ana", "ben", "bo", "cem", "dana", "kim")
PACE = Pace(timedelta(seconds=3), timedelta(seconds=1))


def opens(world: World) -> None:
    """The platform of the world can tell who is in a workspace, and has."""
    with world.database.transaction() as work:
        work.directory.open(WORKSPACE, world.now)
        people = work.directory.claim(PLATFORM, world.now, PACE.people, PACE)
        assert people is not None
        work.directory.turn(people, None, world.now, world.now + timedelta(days=365))


def due(world: World) -> Reading | None:
    with world.database.transaction() as work:
        return work.directory.claim(PLATFORM, world.now, PACE.people, PACE)


def reads(
    world: World, *pages: Sequence[str], conversation: str = CHANNEL, name: str = NAME
) -> None:
    """The platform tells who is in the channel."""
    for number, page in enumerate(pages, 1):
        reading = due(world)
        assert reading is not None
        assert reading.conversation == conversation
        with world.database.transaction() as work:
            work.memberships.keep(reading, name, page, strangers=False)
            cursor = str(number) if number < len(pages) else None
            next_at = world.now + (PACE.members if cursor else timedelta(days=1))
            work.directory.turn(reading, cursor, world.now, next_at)
        world.passes(seconds=1)


def refuses(world: World) -> None:
    """The platform will not tell."""
    reading = due(world)
    assert reading is not None
    with world.database.transaction() as work:
        until = world.now + timedelta(hours=1)
        work.directory.postpone(reading, until, anew=True, refused=True)


def moves(world: World, who: str, *, joins: bool) -> None:
    with world.database.transaction() as work:
        do = work.memberships.join if joins else work.memberships.leave
        do(WORKSPACE, CHANNEL, who)


def write(world: World, where: str = CHANNEL, **values: str) -> None:
    """Dana writes a campaign to the people of a channel, in that channel."""
    world.says("dana", "/campaign Free lunch", where)
    reply = world.fills("dana", where, **({"body": TEXT, "audience": "this channel"} | values))
    assert reply.errors == {}


def card(world: World) -> Heard:
    """The newest thing Dana was told in her direct messages."""
    return world.hears("dana")[-1]


def audiences(form: Form | None) -> dict[str, str]:
    assert form is not None
    [field] = [f for f in form.fields if f.name == "audience"]
    assert isinstance(field, ChoiceField)
    return {option.value: option.label for option in field.options}


def got(world: World) -> set[str]:
    return {
        heard.conversation.removeprefix("dm:")
        for heard in world.room.heard
        if heard.key is not None and heard.key.startswith("campaign:")
        if heard.key.count(":") == 2
    }


def campaign(world: World) -> Campaign:
    with world.database.transaction() as work:
        [found] = work.campaigns.shown_to(WORKSPACE, PersonId("dana"), 10)
    return found


def test_only_where_the_platform_can_tell_the_people_of_a_channel_are_offered(
    world: World,
) -> None:
    everybody = {"everybody": "Everybody"}
    assert audiences(world.says("dana", "/campaign Lunch", CHANNEL).form) == everybody
    opens(world)
    assert audiences(world.says("dana", "/campaign Lunch").form) == everybody
    assert audiences(world.says("dana", "/campaign Lunch", CHANNEL).form) == everybody | {
        "this channel": "People of this channel"
    }
    assert due(world) is None


def test_the_people_of_a_channel_get_it_and_nobody_else(either_world: World) -> None:
    world = either_world
    opens(world)
    write(world)
    assert world.last("dana").startswith("I am still reading who is in the channel.")
    world.passes(seconds=20)
    reads(world, SIX[:3], [*SIX[3:], "robot", "stranger"])
    world.passes(seconds=30)
    shown = card(world)
    assert "Everybody in #free-lunch" in shown.text
    told = "Of 6 people 6 get it on one of these days, most of them on Monday 2 March."
    assert told in shown.text
    world.presses("dana", "Send it", on=shown)
    world.passes(days=2)
    assert got(world) == set(SIX)
    letter = world.hears("ana")[-1]
    world.presses("ana", "Why am I getting this?", on=letter)
    assert "Dana sent this to everybody in #free-lunch." in world.last("ana")
    sent = campaign(world)
    with world.database.transaction() as work:
        events = work.campaigns.events(sent.id)
    assert fold(sent, events) == sent
    assert sent.conversation == CHANNEL
    # What it was called is known when nobody wants to know its people any more.
    world.passes(days=5)
    with world.database.transaction() as work:
        assert work.memberships.drop(PLATFORM, world.now + timedelta(days=3), 100) > 0
    world.presses("dana", "Refresh", on=shown)
    assert "Everybody in #free-lunch" in shown.text
    assert campaign(world).state is State.FINISHED


def test_the_people_of_the_moment_count(world: World) -> None:
    opens(world)
    write(world)
    reads(world, SIX)
    world.passes(seconds=30)
    shown = card(world)
    moves(world, "lu", joins=True)
    moves(world, "kim", joins=False)
    world.presses("dana", "Send it", on=shown)
    world.passes(days=2)
    assert got(world) == {*SIX, "lu"} - {"kim"}


def test_what_is_older_is_read_anew_before_anybody_gets_anything(world: World) -> None:
    opens(world)
    write(world)
    reads(world, SIX)
    world.passes(hours=1)
    world.presses("dana", "Send it", on=card(world))
    world.passes(minutes=5)
    assert got(world) == set()
    reads(world, [*SIX[1:], "sam"])
    world.passes(days=2)
    assert got(world) == {*SIX[1:], "sam"}


def test_to_fewer_than_five_no_campaign_goes(world: World) -> None:
    opens(world)
    write(world)
    reads(world, [*SIX[:4], "robot"])
    world.passes(seconds=30)
    shown = card(world)
    assert "That is 4 people. A campaign goes to 5 people or more" in shown.text
    assert [button.label for button in shown.buttons] == [
        "Send to me",
        "Change",
        "Add more parts",
        "Discard",
    ]

    world.presses("dana", "Change", on=shown)
    reply = world.fills("dana")
    assert "That is 4 people." in reply.errors["audience"]
    moves(world, "lu", joins=True)
    assert world.fills("dana").errors == {}
    assert "Of 5 people 5 get it" in card(world).text

    moves(world, "lu", joins=False)
    world.presses("dana", "Send it", on=card(world))
    assert "That is 4 people." in world.last("dana")
    assert campaign(world).state is State.DRAFT
    world.passes(hours=2)
    assert got(world) == set()


def keep_reading(world: World, people: Sequence[str], days: int) -> None:
    """Let days pass on a platform that tells who is in the channel whenever it is asked to, and
    forget whom nobody wants to know any more."""
    # A day begins on the other side of the world at ten o’clock in UTC.
    world.passes(hours=1, seconds=10)
    for _ in range(days):
        while (reading := due(world)) is not None:
            with world.database.transaction() as work:
                if reading.conversation == CHANNEL:
                    work.memberships.keep(reading, NAME, people)
                work.directory.turn(reading, None, world.now, world.now + timedelta(days=1))
            world.passes(seconds=10)
        with world.database.transaction() as work:
            work.memberships.drop(PLATFORM, world.now, 100)
        world.passes(days=1)


def of_channel(world: World, *days: int) -> Runs:
    """A campaign to the people of the channel, with a part on each of these days from Monday."""
    opens(world)
    runs = Runs(world)
    with world.database.transaction() as work:
        want(work, WORKSPACE, CHANNEL, world.now)
    reads(world, SIX)
    parts = tuple(message(f"a{day}", MONDAY + timedelta(days=day)) for day in days)
    runs.starts(Content("Long", parts, audience=Audience(conversation=CHANNEL)))
    return runs


@pytest.mark.parametrize("days", [(1, 9), (9, 10)])
def test_people_of_a_channel_are_known_for_as_long_as_they_have_to_be(
    world: World, days: tuple[int, ...]
) -> None:
    runs = of_channel(world, *days)
    keep_reading(world, SIX, 12)
    expected = [f"a{day}" for day in days]
    assert [runs.got(who) for who in SIX] == [expected] * len(SIX)
    assert runs.reads().state is State.FINISHED


def test_whose_people_were_forgotten_is_not_drawn_before_they_are_known(world: World) -> None:
    opens(world)
    runs = Runs(world)
    with world.database.transaction() as work:
        want(work, WORKSPACE, CHANNEL, world.now)
    reads(world, SIX)
    parts = (message("a1", MONDAY + timedelta(days=9)),)
    runs.drafts(Content("Long", parts, audience=Audience(conversation=CHANNEL)))
    runs.submits()
    runs.approves()
    world.passes(days=7)
    with world.database.transaction() as work:
        work.memberships.drop(PLATFORM, world.now, 100)
    with pytest.raises(Invalid, match="still reading"):
        runs.schedules()
    world.forges("dana", "campaign.look_at", {"campaign": runs.reads().id})
    reads(world, SIX)
    assert runs.schedules().state is State.SCHEDULED


def test_nobody_is_out_because_nobody_can_tell_who_is_in(world: World) -> None:
    runs = of_channel(world, 1, 3)
    keep_reading(world, SIX, 2)
    with world.database.transaction() as work:
        work.directory.close(WORKSPACE, world.now)
    world.passes(days=3)
    assert [runs.got(who) for who in SIX] == [["a1", "a3"]] * len(SIX)


@pytest.mark.parametrize("people", [SIX[:4], ()])
def test_too_few_when_a_row_begins_get_nothing_and_its_owner_is_told(
    world: World, people: Sequence[str]
) -> None:
    runs = of_channel(world, 2, 3)
    keep_reading(world, people, 4)
    assert [runs.got(who) for who in SIX] == [[]] * len(SIX)
    assert runs.reads().state is State.CANCELLED
    assert "Nobody got it." in world.last("dana")
    assert ("That is 4 people." if people else "nobody to send it to") in world.last("dana")


def test_a_channel_that_is_refused_when_a_row_begins_is_said(world: World) -> None:
    runs = of_channel(world, 3, 4)
    # What was refused before is asked once more.
    world.passes(days=2, hours=1, seconds=-10)
    refuses(world)
    world.passes(seconds=30)
    assert runs.reads().state is State.SCHEDULED
    refuses(world)
    world.passes(minutes=1)
    assert runs.reads().state is State.CANCELLED
    assert "Nobody got it. I cannot see who is in that channel." in world.last("dana")


def test_who_is_too_few_by_the_time_gets_nothing(world: World) -> None:
    opens(world)
    write(world)
    reads(world, SIX)
    world.passes(hours=1)
    world.presses("dana", "Send it", on=card(world))
    world.passes(seconds=10)
    reads(world, SIX[:4])
    world.passes(hours=2)
    assert got(world) == set()
    assert campaign(world).state is State.CANCELLED
    assert "Nobody got it. That is 4 people." in world.last("dana")
    assert "Free lunch is cancelled." in world.last("dana")


def test_a_channel_that_cannot_be_seen_is_said_and_tried_again(world: World) -> None:
    opens(world)
    write(world)
    refuses(world)
    world.passes(seconds=30)
    assert "I cannot see who is in that channel." in card(world).text
    assert "Send it" not in [button.label for button in card(world).buttons]
    # They invite the bot, and look again.
    args = {"choice": campaign(world).id}
    world.forges("dana", "campaign.open", args)
    assert world.last("dana").startswith("I am still reading")
    reads(world, SIX)
    world.passes(seconds=30)
    assert "Of 6 people 6 get it" in card(world).text

    world.passes(hours=1)
    world.presses("dana", "Send it", on=card(world))
    world.passes(seconds=10)
    refuses(world)
    world.passes(hours=2)
    assert got(world) == set()
    assert "Nobody got it. I cannot see who is in that channel." in world.last("dana")


def test_a_private_channel_is_not_named(world: World) -> None:
    opens(world)
    write(world)
    reads(world, SIX, name="")
    world.passes(seconds=30)
    assert "Everybody in a private channel" in card(world).text
    world.presses("dana", "Change", on=card(world))
    assert audiences(world.form)["that channel"] == "People of the private channel chosen before"


def test_a_change_keeps_the_channel_or_chooses_another_audience(world: World) -> None:
    opens(world)
    write(world)
    reads(world, SIX)
    world.passes(seconds=30)
    world.presses("dana", "Change", on=card(world))
    assert audiences(world.form) == {
        "everybody": "Everybody",
        "that channel": "People of #free-lunch",
    }
    assert world.fills("dana", title="Free dinner").errors == {}
    assert campaign(world).conversation == CHANNEL
    assert "Free dinner" in card(world).text
    assert "Everybody in #free-lunch" in card(world).text
    world.presses("dana", "Change", on=card(world))
    assert world.fills("dana", audience="everybody").errors == {}
    assert campaign(world).conversation is None
    assert "Everybody in World" in card(world).text
    world.presses("dana", "Change", on=card(world))
    assert "that channel" not in audiences(world.form)


@pytest.mark.parametrize("here", [None, 7, "", "C\x00", ["C1"]])
def test_a_forged_channel_is_refused(world: World, here: object) -> None:
    opens(world)
    days = {"first_day": "2026-03-02", "last_day": "2026-03-04"}
    values = {"title": "Lunch", "body": TEXT, "audience": "this channel"} | days
    reply = world.forges("dana", "campaign.draft", {"here": here}, values)
    assert "I cannot say any more which channel that was." in reply.errors["audience"]
    reply = world.forges("dana", "campaign.draft", {}, values | {"audience": "that channel"})
    assert "which channel that was" in reply.errors["audience"]
    assert due(world) is None


def test_where_nobody_can_tell_a_forged_channel_is_refused(world: World) -> None:
    days = {"first_day": "2026-03-02", "last_day": "2026-03-04"}
    values = {"title": "Lunch", "body": TEXT, "audience": "this channel"} | days
    reply = world.forges("dana", "campaign.draft", {"here": CHANNEL}, values)
    assert reply.errors.keys() == {"audience"}


def test_nobody_else_may_want_a_channel(world: World) -> None:
    opens(world)
    reply = world.forges("ana", "campaign.draft", {"here": CHANNEL}, {"audience": "this channel"})
    assert reply.message is not None
    assert due(world) is None


def test_among_many_teams_a_channel_is_typed(world: World) -> None:
    for number in range(98):
        someone = person(f"p{number}")
        world.joins(someone)
        world.changes(f"p{number}", team=f"Team {number}")
    opens(world)
    form = world.says("dana", "/campaign Lunch", CHANNEL).form
    assert form is not None
    [field] = [f for f in form.fields if f.name == "audience"]
    assert isinstance(field, TextField)
    assert field.hint == "everybody, this channel, or the name of a team"
    assert world.fills("dana", body=TEXT, audience=" This  Channel").errors == {}
    reads(world, SIX)
    world.passes(seconds=30)
    assert "Of 6 people 6 get it" in card(world).text


def test_a_platform_that_says_nothing_is_looked_at_less_and_less(world: World) -> None:
    opens(world)
    write(world)
    waits = []
    for _ in range(8):
        before = world.now
        with world.database.transaction() as work:
            at = work.timers.next_due()
        assert at is not None
        waits.append((at - before).total_seconds())
        world.now = at
        assert world.app.run_due() == 1
    assert waits == [3, 6, 12, 24, 48, 60, 60, 60]
    world.forges("dana", "campaign.discard", {"campaign": campaign(world).id})
    world.passes(minutes=2)
    with world.database.transaction() as work:
        assert work.timers.next_due() is None


def test_people_of_several_ids_are_handed_their_letters_in_chunks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft, "CHUNK", 2)
    monkeypatch.setattr(expanding, "CHUNK", 2)
    opens(world)
    write(world)
    reads(world, SIX)
    world.passes(seconds=30)
    assert "Of 6 people 6 get it" in card(world).text
    world.presses("dana", "Send it", on=card(world))
    world.passes(days=2)
    assert got(world) == set(SIX)
    assert campaign(world).people == 6


def test_what_was_written_before_there_were_channels_can_be_read() -> None:
    data: Args = {
        "title": "Lunch",
        "body": TEXT,
        "team": "Blue",
        "first_day": "2026-03-02",
        "last_day": "2026-03-04",
    }
    assert content_of(data).conversation is None
    assert content_of(data).team == "Blue"
