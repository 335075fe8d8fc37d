"""A process that is told to stop in the middle of sends finishes those, and begins no other."""

import re
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
LETTERS = 60
"""So many that it takes a minute to send them, a few at a time."""


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
) -> Iterator[tuple["subprocess.Popen[str]", list[list[str]]]]:
    """A process that has as many letters on the wire as go at a time, and what it has said of them
    so far, in words: some may have arrived before the last of them has begun."""
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
            said: list[list[str]] = []
            while len(keys("begun", said)) < IN_FLIGHT:
                line = process.stdout.readline()
                assert line, process.communicate(timeout=PATIENCE)
                said += words_of(line)
            yield process, said
        finally:
            process.kill()


def words_of(text: str) -> list[list[str]]:
    """What stands there of letters, and nothing else."""
    return [line.split() for line in text.splitlines() if line.startswith(("begun", "done"))]


def keys(word: str, said: list[list[str]]) -> list[str]:
    return sorted(key for what, key in said if what == word)


def has_heard(process: "subprocess.Popen[str]") -> bool:
    """Whether it has been told to stop: from then on it catches the signal no more."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", status, re.MULTILINE)
    assert caught is not None
    return not int(caught[1], 16) >> (signal.SIGTERM - 1) & 1


def states(database: Database) -> dict[str, str]:
    with database.begin() as connection:
        rows = connection.execute(select(outbox.c.key, outbox.c.state))
        return {row.key: row.state for row in rows}


def test_what_is_on_the_wire_is_finished_and_the_rest_given_back(
    role: str, store: tuple[str, Database], tmp_path: Path
) -> None:
    url, database = store
    with slow(role, url, tmp_path, 1.5) as (process, said):
        process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        # Not by `communicate`, which passes over what was read ahead with the last line.
        assert process.stdout is not None
        assert process.stderr is not None
        said.extend(words_of(process.stdout.read()))
        errors = process.stderr.read()
        process.wait(PATIENCE)
        took = time.monotonic() - told
    assert (process.returncode, errors) == (0, "")
    assert took < 20
    begun = keys("begun", said)
    assert keys("done", said) == begun
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
    with slow(role, url, tmp_path, 60) as (process, said):
        process.send_signal(signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        while not has_heard(process):
            # Before that a second one would be the same as the first.
            assert time.monotonic() < until
            time.sleep(0.01)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == -signal.SIGTERM
    left = states(database)
    assert {left[key] for key in keys("begun", said)} == {LetterState.SENDING}
