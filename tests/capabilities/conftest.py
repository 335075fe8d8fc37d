"""A world to talk to: `world` on SQLite, `either_world` on each engine, `new_world` many times.

After every talk the world is checked: each saved question is the fold of its events, and no
button that anybody saw leads nowhere.
"""

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from bot.capabilities.questions.memory import Memory
from storage.database import Database
from tests.databases import RELAY_KEY
from tests.world import World


@pytest.fixture
def world(new_world: Callable[[], World]) -> World:
    """The usual people on a fresh SQLite file."""
    return new_world()


@pytest.fixture
def either_world(database: Database) -> Iterator[World]:
    """The usual people on a fresh database, on each engine in turn."""
    world = World(database)
    yield world
    world.checks()


@pytest.fixture
def new_world(sqlite_template: Path, tmp_path: Path) -> Iterator[Callable[[], World]]:
    """Makes a world on a fresh SQLite file at each call, for tests of many examples."""
    worlds: list[World] = []
    numbers = count(1)

    def make() -> World:
        # Of many examples one is checked and closed when the next begins.
        while worlds:
            done = worlds.pop()
            done.checks()
            done.database.close()
        file = shutil.copyfile(sqlite_template, tmp_path / f"world{next(numbers)}.db")
        world = World(
            Database(f"sqlite:///{file}", relay_key=RELAY_KEY, memory=Memory(), durable=False)
        )
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        world.checks()
        world.database.close()
