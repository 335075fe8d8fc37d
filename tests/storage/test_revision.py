"""Revisions become visible in their order, and only of what was committed."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection, event

from bot.capabilities.questions.memory import Memory
from bot.errors import Unavailable
from bot.ids import ArticleId
from storage.database import Database
from storage.question_tables import articles
from storage.revision import Revisions
from tests.databases import RELAY_KEY, connect_slowly
from tests.storage.example import ACME, answer, article, question


def revisions(database: Database, after: int = 0) -> list[tuple[str, int]]:
    """What a reader sees who has seen everything up to `after`."""
    with database.transaction() as work:
        return [
            (each.article, each.revision)
            for each in work.articles.indexed_since(ACME.id, after, 100)
        ]


def test_a_transaction_does_not_see_its_own_changes(acme: Database) -> None:
    with acme.transaction() as work:
        first = work.articles.save(article())
        work.questions.add(question())
        work.questions.add_turn(answer("t1"))
    with acme.transaction() as work:
        work.articles.save(replace(first, text="Elsewhere."))
        work.questions.add_turn(answer("t2"))
        assert list(work.articles.indexed_since(ACME.id, 0, 100)) == []
        assert list(work.questions.past_since(ACME.id, 0)) == []
    with acme.transaction() as work:
        [indexed] = work.articles.indexed_since(ACME.id, 0, 100)
        [past] = work.questions.past_since(ACME.id, 0)
    assert (indexed.text, indexed.revision, past.revision) == ("Elsewhere.", 2, 2)


def test_a_change_that_was_rolled_back_leaves_the_revision_as_it_was(acme: Database) -> None:
    with acme.transaction() as work:
        first = work.articles.save(article())
    with pytest.raises(ZeroDivisionError), acme.transaction() as work:
        raise_after(work.articles.save(replace(first, text="Lost.")))
    assert revisions(acme) == [("a1", 1)]
    with acme.transaction() as work:
        work.articles.save(article("a2"))
    assert revisions(acme) == [("a1", 1), ("a2", 2)]


def raise_after(_saved: object) -> None:
    """A handler that fails when it has saved."""
    raise ZeroDivisionError


def test_many_changes_of_one_transaction_get_revisions_of_their_own(acme: Database) -> None:
    with acme.transaction() as work:
        for name in ("a3", "a1", "a2"):
            work.articles.save(article(name))
        work.articles.save(replace(article("a3"), version=1))
    assert revisions(acme) == [("a1", 1), ("a2", 2), ("a3", 3)]
    assert revisions(acme, 2) == [("a3", 3)]


@pytest.fixture
def two(postgres_url: str) -> Iterator[tuple[Database, Database]]:
    """Two processes on one PostgreSQL; the second one waits for hardly anything."""
    first = Database(postgres_url, relay_key=RELAY_KEY, memory=Memory())
    second = connect_slowly(
        Database(postgres_url, relay_key=RELAY_KEY, memory=Memory(), busy_timeout=0.05)
    )
    with first.transaction() as work:
        work.people.add_workspace(ACME)
    yield first, second
    first.close()
    second.close()


def test_who_commits_first_has_the_smaller_revision(two: tuple[Database, Database]) -> None:
    first, second = two
    with first.transaction() as slow:
        slow.articles.save(article("a1"))
        with second.transaction() as quick:
            quick.articles.save(article("a2"))
        assert revisions(second) == [("a2", 1)]
    assert revisions(second, after=1) == [("a1", 2)]


def test_nobody_passes_a_revision_that_is_not_visible_yet(
    two: tuple[Database, Database],
) -> None:
    first, second = two
    ends = first.transaction()
    work = ends.__enter__()
    work.articles.save(article("a1"))
    # The first transaction has its revision and has not committed yet.
    work.revisions.number()
    with pytest.raises(Unavailable), second.transaction() as other:
        other.articles.save(article("a2"))
    assert revisions(second) == []
    ends.__exit__(None, None, None)
    with second.transaction() as other:
        other.articles.save(article("a2"))
    assert revisions(second) == [("a1", 1), ("a2", 2)]
    assert revisions(second, after=1) == [("a2", 2)]


def test_the_same_article_changed_by_two_is_a_conflict_and_seen_once(
    two: tuple[Database, Database],
) -> None:
    first, second = two
    with first.transaction() as work:
        read = work.articles.save(article())
    with first.transaction() as work:
        work.articles.save(replace(read, text="Quicker."))
        with pytest.raises(Unavailable), second.transaction() as other:
            other.articles.save(replace(read, text="Slower."))
    assert revisions(second, after=1) == [(ArticleId("a1"), 2)]


def test_a_row_changed_again_and_again_is_marked_once(database: Database) -> None:
    with database.begin() as connection:
        orders: list[str] = []

        def note(_c: Connection, _cursor: object, order: str, *_more: object) -> None:
            orders.append(order)

        event.listen(connection, "before_cursor_execute", note)
        changed = Revisions(connection)
        changed.expect(articles, "new", "w")
        for _ in range(3):
            changed.renew(articles, "new")
        assert orders == []
        event.remove(connection, "before_cursor_execute", note)
