"""The memory of a workspace: kept in step, read in batches, thrown away without loss."""

from dataclasses import replace

import pytest

from bot.capabilities.questions import memory as module
from bot.capabilities.questions.memory import Memory
from bot.capabilities.questions.model import Article, ArticleState
from bot.ids import ArticleId
from tests.world import MONDAY, WORKSPACE, World

TITLES = {
    "badge": "Where do I get a new badge?",
    "room": "How do I book a meeting room?",
    "lunch": "When does the canteen open?",
    "bike": "Where can I park my bike?",
    "key": "Who has the key to the archive?",
}


def article(name: str) -> Article:
    return Article(
        id=ArticleId(name),
        workspace=WORKSPACE,
        title=TITLES[name],
        text="Ask at the front desk.",
        state=ArticleState.PUBLISHED,
        created_at=MONDAY,
        changed_at=MONDAY,
    )


def find(world: World, memory: Memory, words: str) -> list[str]:
    with world.database.transaction() as work:
        return [hit.article for hit in memory.suggest(work, WORKSPACE, words, limit=1)]


@pytest.fixture
def shelf(either_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(module, "BATCH", 2)
    with either_world.database.transaction() as work:
        for name in TITLES:
            work.articles.save(article(name))
    return either_world


def test_more_than_a_batch_is_read_before_an_answer(shelf: World) -> None:
    memory = Memory()
    for name, title in TITLES.items():
        assert find(shelf, memory, title) == [name]


def test_warming_reads_a_batch_at_a_time(shelf: World) -> None:
    memory = Memory()
    more = []
    for _ in range(4):
        with shelf.database.transaction() as work:
            more.append(memory.warm(work, WORKSPACE))
    assert more == [True, True, False, False]


def test_a_change_is_found_at_once_by_every_memory(shelf: World) -> None:
    memories = [Memory(), Memory()]
    for memory in memories:
        assert find(shelf, memory, TITLES["bike"]) == ["bike"]
    with shelf.database.transaction() as work:
        bike = work.articles.get(ArticleId("bike"))
        assert bike is not None
        work.articles.save(replace(bike, title="Is there a shower for cyclists?"))
    for memory in memories:
        assert find(shelf, memory, "Is there a shower for cyclists?") == ["bike"]


def save_and_fail(world: World, memory: Memory) -> None:
    with world.database.transaction() as work:
        work.articles.save(replace(article("key"), id=ArticleId("x"), title="May I bring my dog?"))
        memory.suggest(work, WORKSPACE, "May I bring my dog?")
        raise RuntimeError


def test_what_is_rolled_back_never_gets_in(shelf: World) -> None:
    memory = Memory()
    with pytest.raises(RuntimeError):
        save_and_fail(shelf, memory)
    assert find(shelf, memory, "May I bring my dog?") != ["x"]
