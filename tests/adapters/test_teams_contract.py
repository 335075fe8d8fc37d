"""Teams does what every platform does."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType

import pytest

from bot.capabilities.questions.memory import Memory
from storage.database import Database
from tests.adapters.contract import CHANNEL, DM, Harness, PlatformContract
from tests.adapters.teams_harness import TeamsHarness, open_harness
from tests.databases import RELAY_KEY

ONLY_LOOKED_AT = {
    "test_message_is_shown_without_loss",
    "test_message_has_a_plain_text",
    "test_only_what_we_mean_can_be_pressed_or_followed",
    "test_words_arrive_as_they_were_said",
}
"""Tests that look at nothing but what they were answered, and can share one workspace."""


@pytest.fixture(scope="module")
def new_database(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Database]]:
    databases: list[Database] = []

    def make() -> Database:
        file = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("teams") / "teams.db")
        databases.append(Database(f"sqlite:///{file}", relay_key=RELAY_KEY, memory=Memory()))
        return databases[-1]

    yield make
    for database in databases:
        database.close()


@pytest.fixture(scope="module")
def shared(new_database: Callable[[], Database]) -> Iterator[TeamsHarness]:
    with open_harness(new_database()) as harness:
        yield harness


class TestTeams(PlatformContract):
    # A bot in Teams cannot speak to one person among others.
    apart = MappingProxyType({DM: DM, CHANNEL: DM})

    @pytest.fixture
    def harness(
        self, new_database: Callable[[], Database], request: pytest.FixtureRequest
    ) -> Iterator[Harness]:
        if request.node.originalname in ONLY_LOOKED_AT:
            yield request.getfixturevalue("shared")
            return
        with open_harness(new_database()) as harness:
            yield harness
