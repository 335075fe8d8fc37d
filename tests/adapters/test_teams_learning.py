"""The talks of quizzes, the library and tips, through Teams' payloads from end to end.

They are those of `tests.adapters.learning`, as unruly as those of `test_teams_talks`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.adapters.learning import LEFT_OUT, MODULES, ON_BOTH, WHOLE, not_held
from tests.adapters.talk import all_names, find_fixtures, find_talks
from tests.adapters.teams_world import TeamsWorld, unruly_worlds
from tests.capabilities.library.writing import LibraryWorld


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
