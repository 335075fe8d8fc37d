"""The talks of the questions capability, through Teams' payloads from end to end.

The talks are those of `tests.adapters.talk`, in an organisation with Teams (`TeamsWorld`). Each
activity is delivered one to four times, in any order with what else Teams tells at that moment and
all at the same time.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

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
from tests.adapters.teams_harness import Json
from tests.adapters.teams_world import TeamsWorld, place_of, unruly_worlds
from tests.world import World, person

HEARD_BY_ALL = "in a channel a command is words that everybody there reads"
NO_VALUES = "compares the core's own values; what Teams shows has none of them any more"
LEFT_OUT = {
    "test_wave.test_of_two_who_take_it_at_once_one_wins_and_the_other_sees_who": (
        "speaks to the core from two threads; here it is said by two at once below"
    ),
    "test_bad_input.test_the_word_of_a_stranger_without_a_profile_is_not_lost_in_silence": (
        "Teams says who everybody is"
    ),
    "test_bad_input.test_no_forged_press_or_form_breaks_anything": (
        "forges what no app of Teams could send; see test_teams_read.py"
    ),
    "test_talk.test_who_gives_a_command_hears_nothing_of_questions": (
        "compares commands with the same words without a slash, which are commands here"
    ),
    "test_story.test_asked_by_command_in_a_channel_nobody_else_there_sees_it": HEARD_BY_ALL,
    "test_story.test_asked_openly_everybody_in_the_channel_reads_it_and_may_answer": HEARD_BY_ALL,
    "test_card.test_openly_by_command_is_answered_at_once": HEARD_BY_ALL,
    "test_card.test_in_the_thread_of_the_question_the_card_does_not_say_it_again": HEARD_BY_ALL,
    "test_anonymity.test_asked_in_a_channel_by_command_and_by_form": HEARD_BY_ALL,
    "test_wave.test_where_it_was_asked_without_a_name_is_not_told": HEARD_BY_ALL,
    "test_wave.test_when_nobody_was_asked_nobody_says_so": HEARD_BY_ALL,
    "test_wave.test_a_question_about_nothing_known_goes_to_the_managers_and_says_so": HEARD_BY_ALL,
    "test_card.test_openly_in_a_channel_without_the_bot_goes_on_directly": (
        "where the bot is not, it hears nothing"
    ),
    "test_home.test_the_word_brings_the_same_page_as_a_message": NO_VALUES,
    "test_home.test_what_is_pressed_on_the_message_leaves_the_page_standing_as_it_is_by_then": (
        NO_VALUES
    ),
    "test_home.test_a_full_page_takes_no_more_questions_to_the_store_than_one_with_five_of_each": (
        "counts questions to the store, and Teams may tell of one look up to four times"
    ),
}
"""Talks that cannot be held in Teams, and why."""


@pytest.fixture
def new_teams_world(
    sqlite_template: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[], TeamsWorld]]:
    """Makes an organisation on a fresh SQLite file at each call; as unruly as its test's name
    says."""
    with unruly_worlds(TeamsWorld, sqlite_template, tmp_path, request.node.name) as make:
        yield make


@pytest.fixture
def new_world(new_teams_world: Callable[[], TeamsWorld]) -> Callable[[], World]:
    return new_teams_world


@pytest.fixture
def world(new_teams_world: Callable[[], TeamsWorld]) -> World:
    return new_teams_world()


@pytest.fixture
def either_world(world: World) -> World:
    return world


# The talks that there are -----------------------------------------------------------------

for module in MODULES:
    globals().update(find_fixtures(module))
    talks = dict(find_talks(module, LEFT_OUT.keys() | held_elsewhere("teams")))
    globals().update({f"test_talk_{name}": talk for name, talk in talks.items()})


def test_what_is_left_out_is_there() -> None:
    assert LEFT_OUT.keys() | ON_BOTH <= all_names()


def test_most_talks_are_held() -> None:
    assert len([name for name in globals() if name.startswith("test_talk_")]) > 200


def test_anonymous_question_in_a_channel_is_nobodys(
    new_teams_world: Callable[[], TeamsWorld],
) -> None:
    # Everybody there has read who wants to be nobody.
    world = new_teams_world()
    world.says("ana", f"/ask anonymously {QUESTIONS[0]}", "#general")
    assert world.in_channel("#general") == []
    assert "That stood before everybody" in world.last("ana")
    with pytest.raises(AssertionError, match="no question 1"):
        world.question()


def test_command_in_a_channel_is_an_open_question(
    new_teams_world: Callable[[], TeamsWorld],
) -> None:
    world = new_teams_world()
    world.says("ana", f"/ask {QUESTIONS[0]}", "#general")
    (card,) = world.in_channel("#general")
    assert "with Answer or in a reply that mentions @Inflow" in card.text
    world.says("cem", "Use the expense form.", "#general", thread=card.thread)
    assert world.state() == "answered"


def test_nothing_is_done_twice_after_a_restart(new_teams_world: Callable[[], TeamsWorld]) -> None:
    world = new_teams_world()
    for who, question in zip(ASKERS, QUESTIONS, strict=True):
        world.says(who, question)
    helper = world.who_was_asked()[0]
    world.presses(helper, "I take it")
    world.says(helper, "Use the expense form.")
    before, heard = world.dump(), [(h.id, h.text) for h in world.room.heard]
    assert len(world.site.sent) >= 6
    world.runner.run(world.site.restart())
    world.site.run(world.site.deliver_again())
    world.drains()
    assert world.dump() == before
    assert [(h.id, h.text) for h in world.room.heard] == heard


def test_what_nobody_says_to_us_is_not_heard(new_teams_world: Callable[[], TeamsWorld]) -> None:
    world = new_teams_world()
    site, ana, general = world.site, world.somebody("ana"), place_of("#general")
    place, own = site.teams.memory.conversations[general], site.teams.add_personal(ana)
    words = site.words(ana, place, f"@inflow {QUESTIONS[0]}")
    stranger = replace(ana, user="29:1-stranger", entra=str(UUID(int=7)), tenant=str(UUID(int=8)))
    twin = {"type": "mention", "mentioned": {"id": ana.user, "name": "Inflow"}}
    among_people = own.to_dict() | {"id": f"19:{ana.entra}_{ana.entra}@unq.gbl.spaces"}
    noise: list[Json] = [
        site.words(ana, place, "Good morning"),
        site.words(ana, place, "Good morning", "1772442000001"),
        site.rename(ana, place),
        {**words, "id": "11", "type": "messageUpdate"},
        {**words, "id": "12", "type": "messageDelete"},
        {**words, "id": "13", "from": {"id": site.teams.bot, "name": "Inflow"}},
        {**words, "id": "14", "from": {"id": "28:another", "name": "Another bot"}},
        {**words, "id": "15", "entities": [{**twin, "text": "<at>Inflow</at>"}]},
        {**site.words(ana, own, QUESTIONS[0]), "conversation": among_people},
        site.words(stranger, place, f"@inflow {QUESTIONS[0]}"),
        world.mark(ana, place, "like", "1772442000001"),
        world.mark(ana, place, "accept", "1772442000001"),
    ]
    for activity in noise:
        site.tell(activity)
    world.drains()
    # A mark is looked up in the store: nothing else could say whose message it is on.
    assert {inbound.what.kind for inbound, _ in world.listening.heard} == {"reacted"}
    assert world.room.heard == []


# All at once --------------------------------------------------------------------------------


def _question(world: TeamsWorld, who: str, question: str) -> Json:
    """Every second person asks in the channel, the others directly."""
    site, somebody = world.site, world.somebody(who)
    if ASKERS.index(who) % 2:
        return site.words(somebody, site.teams.add_personal(somebody), question)
    place = site.teams.memory.conversations[place_of("#general")]
    return site.words(somebody, place, f"@inflow {question}")


def test_all_ask_at_once(new_teams_world: Callable[[], TeamsWorld]) -> None:
    world, calm = new_teams_world(), new_teams_world()
    calm.site.rules.copies = (1, 1)
    for who, question in zip(ASKERS, QUESTIONS, strict=True):
        calm.site.tell(_question(calm, who, question))
    asked = [_question(world, *each) for each in zip(ASKERS, QUESTIONS, strict=True)]
    world.site.run(world.site.deliver(*asked))
    check_all_were_heard(world)
    assert len(what_was_told(calm)) >= len(ASKERS)
    assert what_was_told(world) == what_was_told(calm)


def test_two_take_it_at_once(new_teams_world: Callable[[], TeamsWorld]) -> None:
    world = new_teams_world()
    world.declares("lu", "travel", "none")
    world.says("ana", "/ask")
    world.fills("ana", question=QUESTIONS[0], urgency="urgent")
    presses = {}
    for offer in world.offers():
        who = offer.conversation.removeprefix("dm:")
        somebody = world.somebody(who)
        place = world.site.teams.add_personal(somebody)
        post = place.posts[offer.id]
        control = world.site.screen(post, somebody).control("I take it")
        presses[who] = world.site.press(somebody, place, post, control)
    assert presses.keys() == {"kim", "bo"}
    answers = world.site.run(world.site.deliver(*presses.values()))
    for activity, told in zip(presses.values(), answers, strict=True):
        world.site.show(activity, told)
    world.drains()
    taken = world.question().claimed_by
    assert taken in {"kim", "bo"}
    (other,) = {"kim", "bo"} - {taken}
    assert world.find_person(taken).name in world.last(other)


def test_who_mentions_themselves_in_an_anonymous_question_is_warned(
    new_teams_world: Callable[[], TeamsWorld],
) -> None:
    world = new_teams_world()
    world.joins(replace(person("zq77"), name="Zora Quillfeather"))
    world.says("zq77", "/ask anonymously How do I claim a taxi? Answers to @zq77 please")
    assert "Your own name or address stands in that" in world.last("zq77")
