"""A card that is more to some than to others: each sees their own, where Teams can show it."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.capabilities.questions.memory import Memory
from bot.capability import Capability, Order
from bot.context import Context
from bot.errors import NotFound, Unavailable
from bot.inbound import Command
from bot.message import Button, Buttons, Message, say
from bot.outbox import Delivered, Letter, Priority, ToPlace
from bot.people import Person
from bot.plain import render_plain
from bot.ports import Work
from bot.reply import NOTHING, Reply
from storage.database import Database
from tests.adapters.contract import CHANNEL, DM
from tests.adapters.teams.memory import Conversation, Posted
from tests.adapters.teams.screen import draw
from tests.adapters.teams_harness import Json, Seen, TeamsHarness, open_harness
from tests.adapters.teams_world import TeamsWorld
from tests.databases import RELAY_KEY


@dataclass(slots=True)
class Doing:
    """Who sees more, and what else happens when somebody looks."""

    reader: str = ""
    fails: Exception | None = None
    free: threading.Event = field(default_factory=threading.Event)
    """Until it is set the store keeps whoever looks waiting, as it were."""

    def __post_init__(self) -> None:
        self.free.set()


def make_capability(doing: Doing) -> Capability[Work]:
    def card() -> Message:
        return say("Somebody is on it.").model_copy(update={"readers": (doing.reader,)})

    def post(_context: Context, work: Work, command: Command) -> Reply:
        letter = Letter(
            key="own:1:post",
            to=ToPlace(conversation=command.place.conversation),
            message=card(),
            kind="status",
            priority=Priority.ANSWER,
            about="own:1",
        )
        work.outbox.post(command.person.workspace, letter)
        return NOTHING

    def view(_context: Context, _work: Work, person: Person, found: Delivered) -> Message | None:
        assert found.key == "own:1:post"
        # Whoever waits for it after all is shown what it says, and not that it failed.
        doing.free.wait(20)
        if doing.fails is not None:
            raise doing.fails
        if person.address != doing.reader:
            return card()
        buttons = Buttons(buttons=(Button(label="Answer", action="own.answer"),))
        return say("You are on it.", buttons)

    def answer(_context: Context, _work: Work, _command: Command) -> Reply:
        return Reply(message=say("Thank you."))

    return Capability(
        name="own",
        title="Own",
        orders={"post": Order(post, "", "posts it")},
        presses={"own.answer": answer},
        views={"own": view},
    )


@pytest.fixture
def doing() -> Doing:
    return Doing()


@pytest.fixture
def desk(sqlite_template: Path, tmp_path: Path, doing: Doing) -> Iterator[TeamsHarness]:
    file = shutil.copyfile(sqlite_template, tmp_path / "teams.db")
    database = Database(f"sqlite:///{file}", relay_key=RELAY_KEY, memory=Memory(), durable=False)
    with open_harness(database, frozenset(), [make_capability(doing)]) as harness:
        doing.reader = harness.address("bo")
        yield harness
    database.close()


def posted(desk: TeamsHarness) -> tuple[Conversation, Posted]:
    desk.say("ana", "/post", CHANNEL)
    (heard,) = desk.heard("kim", CHANNEL)
    return desk.find(heard.id)


def card_of(post: Posted) -> Json:
    card: Json = post.activity["attachments"][0]["content"]
    return card


def look(desk: TeamsHarness, person: str, place: Conversation, post: Posted, **more: Any) -> Seen:
    """Their app asks, as it does by itself for who is named in the card."""
    action = card_of(post)["refresh"]["action"]
    told = {"action": action, "trigger": "automatic"}
    activity = desk.site.invoke(desk.people[person], place, "adaptiveCard/action", told, post)
    return desk.site.tell(activity | more)


def test_each_sees_their_own_and_nobody_anothers(desk: TeamsHarness, doing: Doing) -> None:
    place, post = posted(desk)
    assert card_of(post)["refresh"]["userIds"] == [f"8:orgid:{doing.reader}"]
    own = look(desk, "bo", place, post).card
    assert own is not None
    assert "You are on it." in draw(own).shown
    assert [control.label for control in draw(own).controls] == ["Answer"]
    assert look(desk, "kim", place, post).card == card_of(post)
    # What one is shown changes nothing for all, and nothing is said.
    assert (post.edits, "You are on it" in str(card_of(post))) == (0, False)
    assert len(place.posts) == 1
    assert [desk.heard(name, DM) for name in desk.people] == [[]] * len(desk.people)


def test_own_card_can_be_pressed(desk: TeamsHarness) -> None:
    place, post = posted(desk)
    look(desk, "bo", place, post)
    bo = desk.people["bo"]
    control = desk.site.screen(post, bo).control("Answer")
    desk.site.tell(desk.site.press(bo, place, post, control))
    assert [heard.plain for heard in desk.heard("bo", DM)] == ["Thank you."]
    assert "Somebody is on it" in str(card_of(post))


@pytest.mark.parametrize("error", [Unavailable(), NotFound("gone"), RuntimeError("broken")])
def test_card_stays_where_nobody_can_say(
    desk: TeamsHarness, doing: Doing, error: Exception
) -> None:
    place, post = posted(desk)
    doing.fails = error
    seen = look(desk, "bo", place, post)
    assert (seen.told.status, seen.told.raw) == (200, b"")
    assert list(desk.heard("bo", DM)) == []


def test_card_stays_where_it_takes_too_long(desk: TeamsHarness, doing: Doing) -> None:
    place, post = posted(desk)
    desk.site.other["within"] = timedelta(seconds=0.2)
    desk.site.runner.run(desk.site.restart())
    doing.free.clear()
    seen = look(desk, "bo", place, post)
    doing.free.set()
    assert (seen.told.status, seen.told.raw) == (200, b"")
    assert list(desk.heard("bo", DM)) == []


def test_what_is_no_message_of_ours_stays_as_it_is(desk: TeamsHarness) -> None:
    place, post = posted(desk)
    assert look(desk, "bo", place, post, replyToId="1").told.raw == b""
    stranger = desk.site.teams.add_person("Nobody")
    desk.people["nobody"] = stranger
    seen = look(desk, "nobody", place, post)
    assert (seen.told.status, seen.told.raw) == (200, b"")


@pytest.fixture
def world(sqlite_template: Path, tmp_path: Path) -> Iterator[TeamsWorld]:
    file = shutil.copyfile(sqlite_template, tmp_path / "world.db")
    world = TeamsWorld(
        Database(f"sqlite:///{file}", relay_key=RELAY_KEY, memory=Memory(), durable=False)
    )
    yield world
    world.close()
    world.database.close()


def test_who_takes_a_question_in_a_channel_answers_there(world: TeamsWorld) -> None:
    world.says("ana", "/ask anonymously How do I claim a taxi on a trip?")
    world.passes(hours=1, minutes=31)
    world.presses("ana", "Post it")
    (told,) = world.in_channel("#travel")
    place, post = next(found for found in world.posts() if found[1].id == told.id)
    assert "refresh" not in world.card(post, None)
    world.presses("cem", "I take it", on=told)
    common = world.card(post, None)
    assert common["refresh"]["userIds"] == [f"8:orgid:{world.somebody('cem').entra}"]
    assert [control.label for control in draw(common).controls] == []
    # Nothing in the card leads to who asked.
    assert world.somebody("ana").entra not in str(common)
    told_to_app = {"action": common["refresh"]["action"], "trigger": "automatic"}
    for name in ("cem", "kim"):
        activity = world.site.invoke(
            world.somebody(name), place, "adaptiveCard/action", told_to_app, post
        )
        world.site.tell(activity)
    labels = [control.label for control in world.read(post, "cem").controls]
    assert labels == ["Answer", "Ask back", "Give it back"]
    assert world.card(post, "kim") == world.card(post, None) == common
    cem = world.somebody("cem")
    give_back = world.site.screen(post, cem).control("Give it back")
    world.site.tell(world.site.press(cem, place, post, give_back))
    world.drains()
    for who in (None, "cem", "kim"):
        assert "Someone asks" in world.read(post, who).shown
    assert "refresh" not in world.card(post, None)


def test_view_is_what_its_own_message_says_and_no_more() -> None:
    plain = say("Somebody is on it.")
    own = plain.model_copy(update={"readers": ("ana",)})
    assert render_plain(plain) == render_plain(own)
    # What nobody reads in another way is kept as it always was.
    assert "readers" not in plain.model_dump(mode="json")
    assert Message.model_validate(own.model_dump(mode="json")) == own
