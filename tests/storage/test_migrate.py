"""The schema: one linear history that ends where the tables begin."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic, perf_counter

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

import storage
from storage import migrate
from storage.database import make_engine
from storage.migrate import SCHEMA, NewerSchema, is_current, last_step, upgrade


def execute(url: str, *orders: str) -> None:
    """Run some SQL, in one transaction."""
    engine = make_engine(url)
    with engine.begin() as connection:
        for order in orders:
            connection.execute(text(order))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(
    request: pytest.FixtureRequest, tmp_path: Path, new_postgres_database: Callable[..., str]
) -> str:
    """The address of a database without any table, on each engine in turn."""
    return f"sqlite:///{tmp_path}/new.db" if request.param == "sqlite" else new_postgres_database()


def test_the_steps_end_at_the_tables(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, SCHEMA)
    engine.dispose()
    assert differences == []


def test_the_indexes_are_those_of_the_tables(database_url: str) -> None:
    """Alembic does not compare which rows a partial index holds."""

    def conditions(make: Callable[[Connection], None]) -> dict[str | None, dict[str, str]]:
        engine = make_engine(database_url)
        with engine.connect() as connection, connection.begin() as change:
            make(connection)
            found = {
                index["name"]: {
                    name: str(value) for name, value in index["dialect_options"].items()
                }
                for table in SCHEMA.sorted_tables
                for index in inspect(connection).get_indexes(table.name)
            }
            change.rollback()
        engine.dispose()
        return found

    def remake(connection: Connection) -> None:
        SCHEMA.drop_all(connection)
        SCHEMA.create_all(connection)

    assert conditions(lambda _connection: None) == conditions(remake)


def test_an_upgrade_of_what_is_up_to_date_changes_nothing_and_is_quick(database_url: str) -> None:
    execute(
        database_url,
        "INSERT INTO settings (name, value) VALUES ('clock', 'kept')",
    )
    took: list[float] = []
    for _ in range(3):
        began = perf_counter()
        upgrade(database_url)
        took.append(perf_counter() - began)
    # The machine may stand still in one of them.
    assert min(took) < 2
    engine = make_engine(database_url)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT name, value FROM settings")).all() == [
            ("clock", "kept")
        ]
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1
    engine.dispose()


def test_processes_that_start_together_upgrade_once(empty_url: str) -> None:
    ready = threading.Barrier(3, timeout=30)
    outcomes: list[str] = []

    def start() -> None:
        ready.wait()
        upgrade(empty_url)
        outcomes.append("up")

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert outcomes == ["up", "up", "up"]


def test_who_starts_waits_however_long_another_one_upgrades(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "make_engine", partial(make_engine, busy_timeout=0.1))
    outcomes: list[str] = []

    def start() -> None:
        migrate.upgrade(postgres_url)
        outcomes.append("up")

    waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [migrate._LOCK])
        thread = threading.Thread(target=start)
        thread.start()
        until = monotonic() + 30
        while other.execute(waits).fetchone() == (0,):
            assert thread.is_alive()
            assert monotonic() < until
        thread.join(1)
        assert thread.is_alive()
    thread.join(30)
    assert outcomes == ["up"]


def test_a_database_is_current_from_its_upgrade_on(empty_url: str) -> None:
    assert not is_current(empty_url)
    upgrade(empty_url)
    assert is_current(empty_url)


def test_a_step_that_fails_leaves_nothing_behind(empty_url: str) -> None:
    # The step stumbles over this one after it has created most of the others.
    execute(empty_url, "CREATE TABLE uses (something INTEGER)")
    with pytest.raises(DBAPIError, match="already exists"):
        upgrade(empty_url)
    engine = make_engine(empty_url)
    assert inspect(engine).get_table_names() == ["uses"]
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    execute(database_url, "UPDATE alembic_version SET version_num = '9999'")
    for look in (is_current, upgrade):
        with pytest.raises(NewerSchema, match="9999"):
            look(database_url)


def test_the_history_is_one_line_and_lies_in_the_package() -> None:
    place = Path(storage.__file__).parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(place))
    script = ScriptDirectory.from_config(config)
    steps = [step.revision for step in script.walk_revisions()][::-1]
    assert steps == [f"{number:04}" for number in range(1, len(steps) + 1)]
    assert [last_step()] == script.get_heads() == steps[-1:]
    assert (place / "script.py.mako").is_file()
