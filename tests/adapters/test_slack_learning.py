"""The talks of quizzes, the library and tips, through Slack's payloads from end to end.

They are those of `tests.adapters.learning`, as unruly as those of `test_slack_talks`.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.adapters.learning import LEFT_OUT, MODULES, ON_BOTH, WHOLE, not_held
from tests.adapters.slack_harness import address_of
from tests.adapters.slack_world import SlackHeard, SlackWorld, unruly_worlds
from tests.adapters.talk import all_names, find_fixtures, find_talks
from tests.capabilities.library.writing import LibraryWorld
from tests.capabilities.quizzes.taking import TWO, quiz_of


class LearningWorld(LibraryWorld, SlackWorld):
    """The same people, who learn."""


@pytest.fixture
def new_world(
    sqlite_template: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[], LearningWorld]]:
    with unruly_worlds(LearningWorld, sqlite_template, tmp_path, request.node.name) as make:
        yield make


@pytest.fixture
def world(new_world: Callable[[], LearningWorld]) -> LearningWorld:
    return new_world()


@pytest.fixture
def either_world(world: LearningWorld) -> LearningWorld:
    return world


for module in MODULES:
    globals().update(find_fixtures(module))
    talks = dict(find_talks(module, not_held("slack"), WHOLE))
    globals().update({f"test_talk_{name}": talk for name, talk in talks.items()})


def test_what_is_left_out_is_there() -> None:
    assert LEFT_OUT["slack"].keys() | ON_BOTH <= all_names(MODULES)


def test_of_three_answers_at_once_one_counts(world: LearningWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    card, people, user = world.hears("ana")[-1], world.site.people, address_of("ana")
    assert isinstance(card, SlackHeard)
    controls = [people.screen(card.post).control(label) for label in "ABC"]

    async def press() -> None:
        await asyncio.gather(*(people.press(user, card.post, control) for control in controls))

    world.site.run(press())
    world.drains()
    assert len(world.attempt("ana").responses) == 1
    world.decides("ana", True)
    assert len(world.attempt("ana").responses) == 2


def test_no_answer_counts_twice_after_a_restart(world: LearningWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    world.decides("ana", True, False, True)
    world.presses("ana", "Leave for now")
    world.presses("ana", "Go on")
    before, heard = world.dump(), [(h.id, h.text) for h in world.room.heard]
    world.runner.run(world.site.restart())
    world.site.run(world.site.people.deliver_again())
    world.drains()
    assert world.dump() == before
    assert [(h.id, h.text) for h in world.room.heard] == heard
