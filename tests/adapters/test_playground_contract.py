"""The playground does what every platform does."""

from collections.abc import Iterator

import pytest

from bot.capabilities.questions.memory import Memory
from storage.database import Database
from tests.adapters.contract import PlatformContract
from tests.adapters.playground_harness import PlaygroundHarness, open_harness
from tests.databases import RELAY_KEY


@pytest.fixture
def harness(sqlite_url: str) -> Iterator[PlaygroundHarness]:
    """On SQLite alone: what the store does is tested with the store, on both."""
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    with open_harness(database) as harness:
        yield harness
    database.close()


class TestPlayground(PlatformContract):
    """All of it."""
