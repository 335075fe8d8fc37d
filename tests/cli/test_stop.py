"""A process that is told to stop in the middle of sends finishes those, and begins no other."""

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.capabilities.questions.memory import Memory
from bot.ids import PersonId
from bot.message import say
from bot.outbox import Letter, LetterState, Priority, ToPerson
from bot.ports import Work
from storage.database import Database
from storage.tables import outbox
from tests.cli.program import PATIENCE, Program
from tests.cli.slow import IN_FLIGHT
from tests.storage.example import ACME, ANA

KEY = "k" * 40
LETTERS = 12


@pytest.fixture(params=["embedded", "worker"])
def role(request: pytest.FixtureRequest) -> str:
    """Each kind of process that sends."""
    name: str = request.param
    return name


@pytest.fixture
def store(role: str, request: pytest.FixtureRequest) -> Iterator[tuple[str, Database]]:
    """The address of a store with letters that are due, and the store."""
    url: str = request.getfixturevalue("sqlite_url" if role == "embedded" else "postgres_url")
    database = Database(url, relay_key=KEY.encode(), memory=Memory())
    database.check_relay_key()
    with database.transaction() as work:
        promise(work)
    yield url, database
    database.close()


def promise(work: Work) -> None:
    work.people.add_workspace(ACME)
    for number in range(LETTERS):
        # One conversation has one letter on the wire at a time, so each goes to somebody else.
        person = replace(ANA, id=PersonId(f"p{number}"), address=f"U{number}")
        work.people.save(person)
        work.outbox.post(
            ACME.id,
            Letter(
                key=f"l{number:02}",
                to=ToPerson(person=person.id),
                message=say("Hello."),
                kind="answer",
                priority=Priority.ANSWER,
            ),
        )


@contextmanager
def slow(
    role: str, url: str, folder: Path, seconds: float
) -> Iterator[tuple["subprocess.Popen[str]", list[str]]]:
    """A process that has as many letters on the wire as go at a time, and their keys."""
    settings = {"INFLOW_DATABASE_URL": url, "INFLOW_RELAY_KEY": KEY, "INFLOW_VECTORS": "none"}
    program = Program(folder, {**settings, "PORT": "0"})
    with subprocess.Popen(
        [sys.executable, "-m", "tests.cli.slow", role, str(seconds)],
        cwd=folder,
        env=program._environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            begun: list[str] = []
            while len(begun) < IN_FLIGHT:
                line = process.stdout.readline()
                assert line, process.communicate(timeout=PATIENCE)
                begun += [line.split()[1]] if line.startswith("begun") else []
            yield process, begun
        finally:
            process.kill()


def states(database: Database) -> dict[str, str]:
    with database.begin() as connection:
        rows = connection.execute(select(outbox.c.key, outbox.c.state))
        return {row.key: row.state for row in rows}


def test_what_is_on_the_wire_is_finished_and_the_rest_given_back(
    role: str, store: tuple[str, Database], tmp_path: Path
) -> None:
    url, database = store
    with slow(role, url, tmp_path, 1.5) as (process, begun):
        process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        said, errors = process.communicate(timeout=PATIENCE)
        took = time.monotonic() - told
    assert (process.returncode, errors) == (0, "")
    assert took < 10
    words = [line.split() for line in said.splitlines() if line.startswith(("begun", "done"))]
    begun += [key for word, key in words if word == "begun"]
    assert sorted(key for word, key in words if word == "done") == sorted(begun)
    left = states(database)
    assert {left[key] for key in begun} == {LetterState.SENT}
    assert Counter(left.values()) == {
        LetterState.SENT: len(begun),
        LetterState.PENDING: LETTERS - len(begun),
    }
    assert len(begun) < LETTERS


def test_a_second_signal_ends_it_at_once(
    role: str, store: tuple[str, Database], tmp_path: Path
) -> None:
    url, database = store
    with slow(role, url, tmp_path, 8) as (process, begun):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(3) == -signal.SIGTERM
    left = states(database)
    assert {left[key] for key in begun} == {LetterState.SENDING}
