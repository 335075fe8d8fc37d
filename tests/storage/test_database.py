"""Transactions: begun and ended in one place, durable, and clear about what is in the way."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from bot.capabilities.questions.memory import Memory
from bot.errors import Conflict, Unavailable
from bot.outbox import LetterState
from bot.retry import Patience
from storage.database import BUSY_TIMEOUT, IDLE_LIMIT, LOG_KEPT, POOL_SIZE, Database, read_url
from storage.question_tables import topics
from storage.transcript import SqlTranscript
from tests.databases import RELAY_KEY, connect_slowly, grow_patient
from tests.storage.example import ACME, ANA, BO, letter

SHORT = 0.05
"""Seconds that an impatient database waits for a lock."""


def file_of(url: str) -> Path:
    """The file behind the address of a SQLite database."""
    return Path(url.removeprefix("sqlite:///"))


def plain(url: str) -> str:
    """The address of a PostgreSQL database, as its own client reads it."""
    return url.replace("postgresql+psycopg", "postgresql")


@pytest.fixture
def lite(sqlite_url: str) -> Iterator[Database]:
    """The example's workspace in SQLite, with little patience."""
    yield from impatient(sqlite_url)


@pytest.fixture
def post(postgres_url: str) -> Iterator[Database]:
    """The example's workspace in PostgreSQL, with little patience."""
    yield from impatient(postgres_url)


def impatient(url: str) -> Iterator[Database]:
    """A database that gives up soon, with the example's workspace in it."""
    database = connect_slowly(
        Database(url, relay_key=RELAY_KEY, memory=Memory(), busy_timeout=SHORT)
    )
    with database.transaction() as work:
        work.people.add_workspace(ACME)
        work.people.save(ANA)
        work.people.save(BO)
    yield database
    database.close()


def state(database: Database, key: str) -> LetterState | None:
    """What has become of a letter."""
    with database.transaction() as work:
        return work.outbox.state(ACME.id, key)


def promise(database: Database, *keys: str) -> None:
    """Post some letters in one transaction."""
    with database.transaction() as work:
        for key in keys:
            work.outbox.post(ACME.id, letter(key))


def test_what_was_committed_is_there_for_the_next_process(
    acme: Database, database_url: str
) -> None:
    promise(acme, "l1")
    acme.close()
    again = Database(database_url, relay_key=RELAY_KEY, memory=Memory())
    assert state(again, "l1") is LetterState.PENDING
    again.close()


def test_any_exception_takes_all_of_it_back(acme: Database) -> None:
    def fail() -> None:
        with acme.transaction() as work:
            work.outbox.post(ACME.id, letter("l1"))
            work.people.save(replace(BO, name="Robert"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with acme.transaction() as work:
        assert work.outbox.state(ACME.id, "l1") is None
        assert work.people.get(BO.id) == BO


def test_a_released_savepoint_is_not_a_commit(acme: Database) -> None:
    def fail() -> None:
        with acme.begin() as connection:
            with connection.begin_nested():
                connection.execute(
                    topics.insert().values(
                        workspace=ACME.id, id="t", title="T", aliases=(), regulated=False
                    )
                )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with acme.transaction() as work:
        assert list(work.topics.every(ACME.id)) == []


def test_a_savepoint_that_failed_leaves_the_rest(acme: Database) -> None:
    with acme.begin() as connection:
        connection.execute(text("INSERT INTO settings VALUES ('kept', '1')"))
        with pytest.raises(DBAPIError), connection.begin_nested():
            connection.execute(text("INSERT INTO settings VALUES ('kept', '2')"))
    assert SqlTranscript(acme).setting("kept") == "1"


def test_a_row_must_belong_to_something(acme: Database) -> None:
    def add_stray() -> None:
        with acme.begin() as connection:
            connection.execute(
                topics.insert().values(
                    workspace="nowhere", id="t", title="T", aliases=(), regulated=False
                )
            )

    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        add_stray()


def test_a_mistake_in_the_sql_is_not_called_unavailable(acme: Database) -> None:
    def err() -> None:
        with acme.begin() as connection:
            connection.execute(text("SELECT * FROM nothing"))

    with pytest.raises(DBAPIError, match="nothing"):
        err()


def test_many_threads_lose_nothing(acme: Database) -> None:
    def work_hard(name: int) -> None:
        for number in range(10):
            with acme.transaction() as work:
                work.questions.next_number(ACME.id)
                work.outbox.post(ACME.id, letter(f"{name}:{number}"))

    threads = [threading.Thread(target=work_hard, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with acme.transaction() as work:
        assert work.questions.next_number(ACME.id) == 81
        every = [work.outbox.state(ACME.id, f"{a}:{b}") for a in range(8) for b in range(10)]
    assert every == [LetterState.PENDING] * 80


# SQLite


def test_sqlite_is_told_to_be_durable(lite: Database) -> None:
    with lite.begin() as connection:
        told = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
        driver = connection.connection.driver_connection
    # https://sqlite.org/pragma.html: synchronous 2 is FULL.
    assert told == ["wal", 2, 1, round(SHORT * 1000)]
    assert isinstance(driver, sqlite3.Connection)
    assert driver.isolation_level is None


def test_the_log_of_a_large_transaction_does_not_keep_its_size(
    lite: Database, sqlite_url: str
) -> None:
    log = file_of(f"{sqlite_url}-wal")
    with lite.begin() as connection:
        connection.execute(text("CREATE TABLE large (x BLOB)"))
        connection.execute(text("INSERT INTO large VALUES (zeroblob(25000000))"))
    assert log.stat().st_size > LOG_KEPT
    # The first empties the log, and the second begins it anew.
    promise(lite, "l1")
    promise(lite, "l2")
    assert log.stat().st_size <= LOG_KEPT


def test_sqlite_transactions_begin_as_writers(lite: Database, sqlite_url: str) -> None:
    with (
        closing(sqlite3.connect(file_of(sqlite_url), timeout=0, isolation_level=None)) as other,
        lite.transaction(),
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("BEGIN IMMEDIATE")


def test_a_sqlite_that_is_locked_for_long_loses_nothing_of_many_callers(
    lite: Database, sqlite_url: str
) -> None:
    """Those who wait are refused in time, and whoever comes afterwards is not."""
    outcomes: dict[str, bool] = {}

    def call(key: str) -> None:
        try:
            promise(lite, key)
            outcomes[key] = True
        except Unavailable:
            outcomes[key] = False

    def call_all(name: str) -> None:
        threads = [threading.Thread(target=call, args=(f"{name}{n}",)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    with closing(sqlite3.connect(file_of(sqlite_url), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        call_all("during")
        other.execute("ROLLBACK")
    # Eight commits may take longer than an impatient one waits, where others use the disk too.
    grow_patient(lite)
    call_all("after")
    assert sum(outcomes.values()) == 8
    assert {key: state(lite, key) is not None for key in outcomes} == outcomes


def test_a_locked_sqlite_is_unavailable_and_loses_nothing(lite: Database, sqlite_url: str) -> None:
    promise(lite, "before")
    with closing(sqlite3.connect(file_of(sqlite_url), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            promise(lite, "during")
        other.execute("ROLLBACK")
    promise(lite, "after")
    assert [state(lite, key) for key in ("before", "during", "after")] == [
        LetterState.PENDING,
        None,
        LetterState.PENDING,
    ]


def test_a_sqlite_that_is_locked_for_a_moment_is_waited_for(sqlite_url: str) -> None:
    patient = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), busy_timeout=30)
    with closing(
        sqlite3.connect(file_of(sqlite_url), isolation_level=None, check_same_thread=False)
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.02, other.execute, ["ROLLBACK"])
        release.start()
        with patient.transaction() as work:
            work.people.add_workspace(ACME)
        release.join(30)
    patient.close()


def test_a_full_disk_is_unavailable_and_loses_nothing(lite: Database) -> None:
    promise(lite, "before")
    with lite.begin() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable):
        promise(lite, *(f"l{number}" for number in range(2000)))
    with lite.begin() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    promise(lite, "after")
    assert [state(lite, key) for key in ("before", "l0", "after")] == [
        LetterState.PENDING,
        None,
        LetterState.PENDING,
    ]


def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/no/such.db", relay_key=RELAY_KEY, memory=Memory())
    with pytest.raises(Unavailable), database.transaction():
        pass
    database.close()


def test_a_transaction_inside_another_is_a_mistake_that_is_told(lite: Database) -> None:
    with lite.transaction(), pytest.raises(RuntimeError, match="inside another"):
        SqlTranscript(lite).setting("clock")
    assert SqlTranscript(lite).setting("clock") is None


# PostgreSQL


def test_postgres_reads_what_was_committed_last(post: Database) -> None:
    with post.begin() as connection:
        level = connection.exec_driver_sql("SHOW transaction_isolation").scalar()
    assert level == "read committed"


def test_a_locked_row_of_postgres_is_unavailable_and_loses_nothing(
    post: Database, postgres_url: str
) -> None:
    def rename() -> None:
        with post.transaction() as work:
            work.outbox.post(ACME.id, letter("l1"))
            work.people.save(replace(BO, name="Robert"))

    with psycopg.connect(plain(postgres_url)) as other:
        other.execute("UPDATE people SET name = 'Bob' WHERE id = %s", [BO.id])
        with pytest.raises(Unavailable):
            rename()
        other.rollback()
    assert state(post, "l1") is None
    rename()
    assert state(post, "l1") is LetterState.PENDING


def test_a_connection_that_broke_is_unavailable_and_the_next_one_works(
    post: Database, postgres_url: str
) -> None:
    def break_off() -> None:
        with post.begin() as connection:
            mine = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            with psycopg.connect(plain(postgres_url), autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 30000)", [mine])
            connection.execute(text("SELECT 1"))

    with pytest.raises(Unavailable):
        break_off()
    promise(post, "l1")
    assert state(post, "l1") is LetterState.PENDING


def test_connections_that_broke_while_idle_are_replaced(post: Database, postgres_url: str) -> None:
    with psycopg.connect(plain(postgres_url), autocommit=True) as other:
        ended = other.execute(
            "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        ).fetchall()
    assert ended == [(True,)]
    promise(post, "l1")
    assert state(post, "l1") is LetterState.PENDING


def test_a_statement_that_takes_too_long_is_unavailable(post: Database) -> None:
    def sleep() -> None:
        with post.begin() as connection:
            limit = connection.exec_driver_sql("SHOW statement_timeout").scalar()
            assert limit == "1min"
            connection.exec_driver_sql("SET LOCAL statement_timeout = '10ms'")
            connection.exec_driver_sql("SELECT pg_sleep(30)")

    with pytest.raises(Unavailable):
        sleep()


def test_whoever_sleeps_in_a_transaction_is_ended_before_leases_run_out(post: Database) -> None:
    with post.begin() as connection:
        limit = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar()
    assert limit == f"{IDLE_LIMIT}s"
    assert timedelta(seconds=IDLE_LIMIT + BUSY_TIMEOUT) < Patience().sending_lease


def test_when_all_connections_are_taken_it_is_unavailable(post: Database) -> None:
    with ExitStack() as stack:
        for _ in range(2 * POOL_SIZE):
            stack.enter_context(post.begin())
        with pytest.raises(Unavailable), post.begin():
            pass
    promise(post, "l1")


def test_a_transaction_that_cannot_be_put_in_order_is_a_conflict(post: Database) -> None:
    """Each of two reads what the other one then changes."""
    serializable = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"
    names = "SELECT name FROM people WHERE id = %s"
    rename = "UPDATE people SET name = 'x' WHERE id = %s"

    def cross() -> None:
        with post.begin() as one, post.begin() as other:
            for connection, read, write in ((one, ANA, BO), (other, BO, ANA)):
                connection.exec_driver_sql(serializable)
                connection.exec_driver_sql(names, (read.id,)).all()
                connection.exec_driver_sql(rename, (write.id,))

    with pytest.raises(Conflict):
        cross()


def test_a_deadlock_is_a_conflict_for_one_of_the_two(post: Database) -> None:
    ready = threading.Barrier(2, timeout=30)
    outcomes: list[str] = []

    def rename(first: str, second: str) -> None:
        try:
            with post.begin() as connection:
                connection.exec_driver_sql("SET LOCAL lock_timeout = '30s'")
                connection.exec_driver_sql("SET LOCAL deadlock_timeout = '10ms'")
                for person in (first, second):
                    connection.execute(
                        text("UPDATE people SET name = 'x' WHERE id = :id"), {"id": person}
                    )
                    if person == first:
                        ready.wait()
            outcomes.append("done")
        except Conflict:
            outcomes.append("conflict")

    threads = [
        threading.Thread(target=rename, args=pair) for pair in ((ANA.id, BO.id), (BO.id, ANA.id))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["conflict", "done"]


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    database = Database(
        f"postgresql://somebody@/inflow?host={tmp_path}", relay_key=RELAY_KEY, memory=Memory()
    )
    with pytest.raises(Unavailable), database.transaction():
        pass
    database.close()


def test_a_file_that_cannot_be_written_any_more_is_told_of_once(sqlite_url: str) -> None:
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory())
    with database.begin() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    with capture_logs() as said:
        for _ in range(3):
            with pytest.raises(Unavailable), database.transaction() as work:
                work.people.add_workspace(ACME)
    assert said == [
        {
            "event": "the database file cannot be written",
            "log_level": "warning",
            "code": sqlite3.SQLITE_READONLY,
        }
    ]
    database.close()


# Addresses


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("sqlite:///inflow.db", "sqlite+pysqlite:///inflow.db"),
        ("sqlite:////var/lib/in%20flow.db", "sqlite+pysqlite:////var/lib/in flow.db"),
        ("postgresql://u:p%40ss@db:5432/inflow", "postgresql+psycopg://u:p%40ss@db:5432/inflow"),
        ("postgres://db/inflow", "postgresql+psycopg://db/inflow"),
        (
            "postgresql+psycopg://postgres@/inflow?host=/run/pg",
            "postgresql+psycopg://postgres@/inflow?host=%2Frun%2Fpg",
        ),
    ],
)
def test_an_address_is_read_with_its_driver(given: str, read: str) -> None:
    assert read_url(given).render_as_string(hide_password=False) == read


@pytest.mark.parametrize("given", ["sqlite://", "sqlite:///:memory:", "mysql://db/inflow"])
def test_an_address_of_anything_else_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///"):
        read_url(given)


def test_an_address_that_is_none_is_refused_without_showing_it() -> None:
    with pytest.raises(ValueError, match="address") as caught:
        read_url("secret")
    assert "secret" not in str(caught.value)


def test_two_instances_are_two_owners(sqlite_url: str) -> None:
    two = [Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory()) for _ in range(2)]
    assert two[0].owner != two[1].owner
    for database in two:
        database.close()
