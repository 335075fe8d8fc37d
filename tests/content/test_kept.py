"""Our own packs are kept as they are written, and what they say decides their versions."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from bot.ids import WorkspaceId
from bot.pack.item import Item
from bot.pack.model import Quiz, Section, Tip
from bot.pack.sync import sync
from bot.pack.version import version_of, version_of_item
from bot.people import Workspace
from content.load import PACKS, Loaded, find_packs, load_packs
from storage.database import Database
from tests.content.example import FILES, load_ours
from tests.storage.example import NOW

HERE = WorkspaceId("here")
PACK_FOLDERS = [folder for folder in find_packs(PACKS) if (folder / "quizzes").is_dir()]


@pytest.fixture(params=PACK_FOLDERS, ids=lambda folder: folder.name)
def loaded(request: pytest.FixtureRequest) -> Loaded:
    """Each pack that holds something to learn from."""
    return load_packs([request.param])[0]


def test_every_pack_is_kept_as_it_is_written(loaded: Loaded, database: Database) -> None:
    with database.transaction() as work:
        work.people.add_workspace(Workspace(HERE, "playground", "demo", "Demo"))
        sync(work.packs, HERE, loaded.bundle, NOW)
    with database.transaction() as work:
        find: dict[type, Any] = {
            Section: work.packs.section,
            Tip: work.packs.tip,
            Quiz: work.packs.quiz,
        }
        for value in loaded.bundle.contents:
            kept = find[type(value)](HERE, value.id)
            assert kept.value == value
            if isinstance(value, Quiz):
                assert work.packs.quiz_at(HERE, value.id, kept.version) == value
        assert sync(work.packs, HERE, loaded.bundle, NOW) == ()


def test_every_pack_has_enough_to_try_again(loaded: Loaded) -> None:
    quizzes = [value for value in loaded.bundle.contents if isinstance(value, Quiz)]
    tips = [value for value in loaded.bundle.contents if isinstance(value, Tip)]
    assert quizzes
    assert len([tip for tip in tips if tip.check is not None]) >= 12
    for quiz in quizzes:
        for objective in quiz.objectives:
            assert sum(item.objective == objective.id for item in quiz.items) >= 6


def shuffled(value: Any, rng: random.Random) -> Any:
    """The same JSON with its names in another order."""
    if isinstance(value, dict):
        names = list(value)
        rng.shuffle(names)
        return {name: shuffled(value[name], rng) for name in names}
    return [shuffled(each, rng) for each in value] if isinstance(value, list) else value


def items_of(loaded: Loaded) -> Iterator[Item]:
    for value in loaded.bundle.contents:
        if isinstance(value, Quiz):
            yield from value.items


@pytest.mark.parametrize("seed", range(5))
def test_a_version_says_nothing_of_the_order_of_names(loaded: Loaded, seed: int) -> None:
    rng = random.Random(seed)
    adapter: TypeAdapter[Item] = TypeAdapter(Item)
    for value in loaded.bundle.contents:
        # Left out or written out, a default is the same.
        told = value.model_dump(mode="json", exclude_defaults=bool(seed % 2))
        again = type(value).model_validate(shuffled(told, rng))
        assert version_of(again) == version_of(value)
    for item in items_of(loaded):
        told = item.model_dump(mode="json") | {"type": item.type}
        assert version_of_item(adapter.validate_python(shuffled(told, rng))) == version_of_item(
            item
        )


def test_a_version_says_nothing_of_spaces_in_the_file(tmp_path: Path) -> None:
    before = load_ours(tmp_path / "before")
    spaced = {
        name: text.replace("  - {", "  -   {").replace(": ", ":   ") for name, text in FILES.items()
    }
    after = load_ours(tmp_path / "after", {**spaced, "topics.yaml": FILES["topics.yaml"]})
    assert before.bundle.contents == after.bundle.contents
    assert [*map(version_of, before.bundle.contents)] == [*map(version_of, after.bundle.contents)]
