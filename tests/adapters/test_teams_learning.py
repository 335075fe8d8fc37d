"""The talks of quizzes, the library and tips, through Teams' payloads from end to end.

They are those of `tests.adapters.learning`, as unruly as those of `test_teams_talks`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.adapters.learning import LEFT_OUT, MODULES, ON_BOTH, WHOLE, not_held
from tests.adapters.talk import all_names, find_fixtures, find_talks
from tests.adapters.teams_world import TeamsHeard, TeamsWorld, unruly_worlds
from tests.capabilities.library.writing import LibraryWorld
from tests.capabilities.quizzes.taking import TWO, quiz_of


class LearningWorld(LibraryWorld, TeamsWorld):
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
    talks = dict(find_talks(module, not_held("teams"), WHOLE))
    globals().update({f"test_talk_{name}": talk for name, talk in talks.items()})


def test_what_is_left_out_is_there() -> None:
    assert LEFT_OUT["teams"].keys() | ON_BOTH <= all_names(MODULES)


def test_of_three_answers_at_once_one_counts(world: LearningWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    card, ana = world.hears("ana")[-1], world.somebody("ana")
    assert isinstance(card, TeamsHeard)
    place, screen = world.site.teams.add_personal(ana), world.site.screen(card.post, ana)
    presses = [
        world.site.press(ana, place, card.post, screen.control(label)) for label in ("A", "B", "C")
    ]
    for press, told in zip(presses, world.site.run(world.site.deliver(*presses)), strict=True):
        world.site.show(press, told)
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
    world.site.run(world.site.deliver_again())
    world.drains()
    assert world.dump() == before
    assert [(h.id, h.text) for h in world.room.heard] == heard
