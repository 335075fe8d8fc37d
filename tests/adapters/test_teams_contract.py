"""Teams does what every platform does."""

from collections.abc import Callable, Iterator
from types import MappingProxyType

import pytest

from storage.database import Database
from tests.adapters.contract import (
    CHANNEL,
    DM,
    ONLY_LOOKED_AT,
    OPENS_FORM,
    Harness,
    PlatformContract,
)
from tests.adapters.teams_harness import TeamsHarness, open_harness


@pytest.fixture(scope="module")
def shared(new_sqlite_database: Callable[[], Database]) -> Iterator[TeamsHarness]:
    with open_harness(new_sqlite_database(), frozenset({OPENS_FORM})) as harness:
        yield harness


class TestTeams(PlatformContract):
    # A bot in Teams cannot speak to one person among others.
    apart = MappingProxyType({DM: DM, CHANNEL: DM})

    @pytest.fixture
    def harness(
        self, new_sqlite_database: Callable[[], Database], request: pytest.FixtureRequest
    ) -> Iterator[Harness]:
        if request.node.originalname in ONLY_LOOKED_AT:
            yield request.getfixturevalue("shared")
            return
        with open_harness(new_sqlite_database(), frozenset({OPENS_FORM})) as harness:
            yield harness
