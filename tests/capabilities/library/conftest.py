"""A world with something written in it: `world` on SQLite, `either_world` on each engine."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest

from bot.capabilities.questions.memory import Memory
from storage.database import Database
from tests.capabilities.library.writing import LibraryWorld
from tests.databases import RELAY_KEY


@pytest.fixture
def world(sqlite_template: Path, tmp_path: Path) -> Iterator[LibraryWorld]:
    file = copyfile(sqlite_template, tmp_path / "world.db")
    database = Database(f"sqlite:///{file}", relay_key=RELAY_KEY, memory=Memory(), durable=False)
    world = LibraryWorld(database)
    yield world
    world.checks()
    database.close()


@pytest.fixture
def either_world(database: Database) -> Iterator[LibraryWorld]:
    world = LibraryWorld(database)
    yield world
    world.checks()
