"""What the rest of the suite relies on when it asks for a PostgreSQL server."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.postgres import PostgresServer, run_postgres

# Starts a server, says where, and waits to be killed.
VICTIM = """
import sys
from tests.postgres import run_postgres
with run_postgres() as server:
    print(server.directory, flush=True)
    sys.stdin.read()
"""


def fill(url: str) -> None:
    """Leave one table with one row in the database at `url`, and no connection."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE greeting (word text)"))
        connection.execute(text("INSERT INTO greeting VALUES ('Grüße')"))
    engine.dispose()


def read(url: str) -> list[str]:
    """The words in the table that `fill` made."""
    engine = create_engine(url)
    with engine.connect() as connection:
        words = list(connection.scalars(text("SELECT word FROM greeting ORDER BY word")))
    engine.dispose()
    return words


def test_copies_of_a_template_start_alike_and_do_not_share(
    postgres_server: PostgresServer, new_postgres_database: Callable[..., str]
) -> None:
    postgres_server.make_template("greeting_template", fill)
    one, other = (new_postgres_database("greeting_template") for _ in range(2))
    engine = create_engine(one)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO greeting VALUES ('Hello')"))
    engine.dispose()
    assert (read(one), read(other)) == (["Grüße", "Hello"], ["Grüße"])


def test_a_template_is_closed_to_connections(postgres_server: PostgresServer) -> None:
    postgres_server.make_template("closed_template", fill)
    with pytest.raises(psycopg.OperationalError, match="not currently accepting connections"):
        connect(postgres_server.directory, "closed_template")


def test_a_dropped_database_takes_its_connections_along(postgres_server: PostgresServer) -> None:
    url = postgres_server.create_database()
    plain = url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(plain) as connection:
        postgres_server.drop_database(url)
        with pytest.raises(psycopg.OperationalError, match="terminating connection"):
            connection.execute("SELECT 1")


def test_what_was_committed_outlives_a_crash_of_the_server() -> None:
    with run_postgres() as server:
        url = server.create_database()
        with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection:
            connection.execute("SET synchronous_commit = on")
            connection.execute("CREATE TABLE greeting AS SELECT 'Hello' AS word")
            connection.commit()
            server.stop_at_once()
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        server.start()
        assert read(url) == ["Hello"]


def test_nothing_outlives_the_server() -> None:
    with run_postgres() as server:
        witness = connect(server.directory)
    assert_gone(server.directory, witness)


def test_a_killed_suite_leaves_neither_server_nor_files() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", VICTIM],
        cwd=Path(__file__).resolve().parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # The end of this pipe is when the keeper, the last to hold it, has finished.
        stderr=subprocess.PIPE,
        text=True,
    ) as victim:
        assert victim.stdout is not None
        assert victim.stderr is not None
        directory = Path(victim.stdout.readline().strip())
        witness = connect(directory)
        victim.send_signal(signal.SIGKILL)
        assert victim.stderr.read() == ""
    assert_gone(directory, witness)


def connect(directory: Path, database: str = "postgres") -> psycopg.Connection:
    """A connection to the server in `directory`, which ends when the server does."""
    return psycopg.connect(host=str(directory), user="postgres", dbname=database)


def assert_gone(directory: Path, witness: psycopg.Connection) -> None:
    """Hold that the server the witness is connected to has ended and left no file."""
    assert not directory.exists()
    with witness, pytest.raises(psycopg.OperationalError):
        witness.execute("SELECT 1")
