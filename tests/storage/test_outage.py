"""A PostgreSQL server that crashes, is away for a while and comes back."""

import threading
from collections.abc import Callable, Iterator
from itertools import count
from time import monotonic, sleep

import psycopg
import pytest
from sqlalchemy import text

from bot.capabilities.questions.memory import Memory
from bot.errors import Unavailable
from storage.database import Database
from storage.migrate import upgrade
from tests.databases import RELAY_KEY
from tests.postgres import PostgresServer, run_postgres
from tests.storage.example import ACME, ANA, BO, NOW

DURABLE = """
DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database());
END $$
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server that this module may stop."""
    with run_postgres() as server:
        yield server


@pytest.fixture
def durable(server: PostgresServer) -> Iterator[Database]:
    """A database on that server in which a commit is a promise, as anywhere but in tests."""
    url = server.create_database()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(DURABLE)
    upgrade(url)
    database = Database(url, relay_key=RELAY_KEY, memory=Memory(), busy_timeout=20)
    with database.transaction() as work:
        work.people.add_workspace(ACME)
        for person in (ANA, BO):
            work.people.save(person)
    yield database
    database.close()


def take_on(database: Database, name: str, events: int) -> tuple[list[str], int]:
    """The events that were acknowledged, and how many were refused."""
    acknowledged = []
    for number in range(events):
        event = f"{name}{number}"
        try:
            with database.transaction() as work:
                work.inbox.begin("slack", event, NOW)
            acknowledged.append(event)
        except Unavailable:
            pass
    return acknowledged, events - len(acknowledged)


def read_events(database: Database) -> set[str]:
    """The events that are kept."""
    with database.begin() as connection:
        return set(connection.scalars(text("SELECT event_id FROM inbox")))


def test_while_the_server_is_away_it_is_unavailable_and_then_it_goes_on(
    server: PostgresServer, durable: Database
) -> None:
    acknowledged, _ = take_on(durable, "before", 3)
    server.stop_at_once()
    began = monotonic()
    assert take_on(durable, "during", 3) == ([], 3)
    assert monotonic() - began < 10
    server.start()
    more, refused = take_on(durable, "after", 3)
    # Its connections broke, and that is found out before they are used.
    assert refused == 0
    assert set(acknowledged + more) <= read_events(durable)


def test_a_crash_under_load_loses_nothing_that_was_acknowledged(
    server: PostgresServer, durable: Database
) -> None:
    over = threading.Event()
    kept: dict[str, list[str]] = {}
    refused: list[int] = []

    def call(name: str) -> None:
        mine = kept.setdefault(name, [])
        for number in count():
            if over.is_set():
                return
            done, failed = take_on(durable, f"{name}{number}.", 1)
            mine.extend(done)
            refused.append(failed)

    threads = [threading.Thread(target=call, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(refused) > 40)
    server.stop_at_once()
    wait_until(lambda: sum(refused) > 0)
    server.start()
    before = sum(map(len, kept.values()))
    wait_until(lambda: sum(map(len, kept.values())) > before + 40)
    over.set()
    for thread in threads:
        thread.join(30)
    assert {event for events in kept.values() for event in events} <= read_events(durable)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait, at most half a minute."""
    until = monotonic() + 30
    while not is_so():
        assert monotonic() < until
        sleep(0.01)
