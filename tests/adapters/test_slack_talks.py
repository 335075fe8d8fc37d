"""The talks of the questions capability, through Slack's payloads from end to end.

The talks are those of `tests.adapters.talk`, in a Slack workspace (`SlackWorld`). All are held
over HTTP, each event delivered one to four times, in any order with its siblings and all at the
same moment, and the app hears of its own messages and edits as well. Those of `OVER_THE_SOCKET`
are held over Socket Mode too.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.slack_harness import address_of
from tests.adapters.slack_world import SlackWorld, unruly_worlds
from tests.adapters.talk import (
    ASKERS,
    MODULES,
    ON_BOTH,
    QUESTIONS,
    all_names,
    check_all_were_heard,
    find_fixtures,
    find_talks,
    held_elsewhere,
    what_was_told,
)
from tests.capabilities.questions import test_mark, test_story, test_talk
from tests.world import World, person

OVER_THE_SOCKET = (test_story, test_talk, test_mark)
LEFT_OUT = {
    "test_wave.test_of_two_who_take_it_at_once_one_wins_and_the_other_sees_who": (
        "speaks to the core from two threads; here it is said by two at once below"
    ),
    "test_bad_input.test_no_forged_press_or_form_breaks_anything": (
        "forges what no client of Slack's could send; see test_slack_read.py"
    ),
    "test_bad_input.test_the_word_of_a_stranger_without_a_profile_is_not_lost_in_silence": (
        "Slack says who everybody is"
    ),
    "test_bad_input.test_a_command_like_no_other_points_to_help": (
        "Slack has only the commands that it was told of"
    ),
    "test_home.test_a_topic_that_is_gone_is_not_switched_off": (
        "Slack offers what stood on the page when it was drawn, and the test chooses something else"
    ),
    "test_home.test_the_word_brings_the_same_page_as_a_message": (
        "compares the core's own values; what Slack shows has none of them any more"
    ),
    "test_home.test_a_full_page_takes_no_more_questions_to_the_store_than_one_with_five_of_each": (
        "counts questions to the store, and Slack may tell of one look up to four times"
    ),
    "test_home.test_what_is_pressed_on_the_message_leaves_the_page_standing_as_it_is_by_then": (
        "compares the core's own values; what Slack shows has none of them any more"
    ),
}
"""Talks that cannot be held on Slack, and why."""


@pytest.fixture
def new_slack_world(
    sqlite_template: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[], SlackWorld]]:
    """Makes a workspace on a fresh SQLite file at each call; as unruly as its test's name says."""
    name = request.node.name
    transport = "socket" if name.startswith("test_socket") else "http"
    with unruly_worlds(SlackWorld, sqlite_template, tmp_path, name, transport) as make:
        yield make


@pytest.fixture
def new_world(new_slack_world: Callable[[], SlackWorld]) -> Callable[[], World]:
    return new_slack_world


@pytest.fixture
def world(new_slack_world: Callable[[], SlackWorld]) -> World:
    return new_slack_world()


@pytest.fixture
def either_world(world: World) -> World:
    return world


# The talks that there are -----------------------------------------------------------------

for module in MODULES:
    globals().update(find_fixtures(module))
    talks = dict(find_talks(module, LEFT_OUT.keys() | held_elsewhere("slack")))
    globals().update({f"test_http_{name}": talk for name, talk in talks.items()})
for module in OVER_THE_SOCKET:
    talks = dict(find_talks(module, LEFT_OUT.keys() | held_elsewhere("slack")))
    globals().update({f"test_socket_{name}": talk for name, talk in talks.items()})


def test_what_is_left_out_is_there() -> None:
    assert LEFT_OUT.keys() | ON_BOTH <= all_names()


def test_most_talks_are_held() -> None:
    held = [name for name in globals() if name.startswith(("test_http_", "test_socket_"))]
    assert len([name for name in held if name.startswith("test_http_")]) > 200
    assert len([name for name in held if name.startswith("test_socket_")]) > 50


def test_who_picks_themselves_in_an_anonymous_question_is_warned(
    new_slack_world: Callable[[], SlackWorld],
) -> None:
    # A command tells the handle beside the id; what others would read is the name.
    world = new_slack_world()
    world.joins(replace(person("zq77"), name="Zora Quillfeather"))
    world.says("zq77", "/ask anonymously How do I claim a taxi? Answers to @zq77 please")
    assert "Your own name or address stands in that" in world.last("zq77")


def _nothing_is_done_twice_after_a_restart(world: SlackWorld) -> None:
    for who, question in zip(ASKERS, QUESTIONS, strict=True):
        world.says(who, question)
    helper = world.who_was_asked()[0]
    world.presses(helper, "I take it")
    world.says(helper, "Use the expense form.")
    before, heard = world.dump(), len(world.site.people.sent)
    letters = sum(h.key is not None for h in world.room.heard)
    world.runner.run(world.site.restart())
    world.site.run(world.site.people.deliver_again())
    world.drains()
    assert heard > 10
    assert world.dump() == before
    assert sum(h.key is not None for h in world.room.heard) == letters


def test_http_nothing_is_done_twice_after_a_restart(
    new_slack_world: Callable[[], SlackWorld],
) -> None:
    _nothing_is_done_twice_after_a_restart(new_slack_world())


def test_socket_nothing_is_done_twice_after_a_restart(
    new_slack_world: Callable[[], SlackWorld],
) -> None:
    _nothing_is_done_twice_after_a_restart(new_slack_world())


def test_what_nobody_says_to_us_is_not_heard(
    new_slack_world: Callable[[], SlackWorld],
) -> None:
    world = new_slack_world()
    site, people, question = world.site, world.site.people, f"@inflow {QUESTIONS[0]}"
    slack, ana = site.slack, address_of("ana")
    slack.add_user("U00STRANGE", is_stranger=True).team = "T9"
    slack.team.channels["#general"].members.add("U00STRANGE")
    slack.add_channel("#elsewhere", ana, with_bot=False)
    said = people.typed(ana, "#general", "Good morning")

    async def make_noise() -> None:
        await people.robot_says("#general", question)
        await people.say("USLACKBOT", site.dm("ana"), QUESTIONS[0])
        await people.say("U00STRANGE", "#general", question)
        await people.say(ana, "#elsewhere", question)
        await people.edit(said, question)
        await people.delete(said)
        await people.react(ana, said, "tada")
        await people.open_home(ana, tab="messages")

    site.run(make_noise())
    world.drains()
    assert all(ack.ok for ack in people.acks)
    assert (world.listening.heard, world.room.heard) == ([], [])


# All at once --------------------------------------------------------------------------------


def _asks(world: SlackWorld, who: str, question: str) -> Coroutine[Any, Any, object]:
    """Every second person asks in the channel, the others directly."""
    people, user = world.site.people, address_of(who)
    if ASKERS.index(who) % 2:
        return people.say(user, world.site.dm(who), question)
    return people.say(user, "#general", f"@inflow {question}")


def _all_ask_at_once(world: SlackWorld, calm: SlackWorld) -> None:
    calm.site.rules.copies = (1, 1)
    for who, question in zip(ASKERS, QUESTIONS, strict=True):
        calm.site.run(_asks(calm, who, question))

    async def ask() -> None:
        await asyncio.gather(*map(partial(_asks, world), ASKERS, QUESTIONS))

    world.site.run(ask())
    check_all_were_heard(world)
    assert len(what_was_told(calm)) >= len(ASKERS)
    assert what_was_told(world) == what_was_told(calm)


def test_http_all_ask_at_once(new_slack_world: Callable[[], SlackWorld]) -> None:
    _all_ask_at_once(new_slack_world(), new_slack_world())


def test_socket_all_ask_at_once(new_slack_world: Callable[[], SlackWorld]) -> None:
    _all_ask_at_once(new_slack_world(), new_slack_world())


def _two_take_it_at_once(world: SlackWorld) -> None:
    world.declares("lu", "travel", "none")
    world.says("ana", "/ask")
    world.fills("ana", question=QUESTIONS[0], urgency="urgent")
    people, offers = world.site.people, world.offers()
    assert {h.conversation for h in offers} == {"dm:kim", "dm:bo"}

    async def take() -> None:
        presses = []
        for offer in offers:
            user = address_of(offer.conversation.removeprefix("dm:"))
            (post,) = [p for p in people.seen(user, f"D{user[1:]}") if p.ts == offer.id]
            control = people.screen(post).control("I take it")
            presses.append(people.press(user, post, control))
        await asyncio.gather(*presses)

    world.site.run(take())
    world.drains()
    taken = world.question().claimed_by
    assert taken in {"kim", "bo"}
    (other,) = {"kim", "bo"} - {taken}
    assert world.find_person(taken).name in world.last(other)


def test_http_two_take_it_at_once(new_slack_world: Callable[[], SlackWorld]) -> None:
    _two_take_it_at_once(new_slack_world())


def test_socket_two_take_it_at_once(new_slack_world: Callable[[], SlackWorld]) -> None:
    _two_take_it_at_once(new_slack_world())
