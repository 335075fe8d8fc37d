"""The lock file: one process at a time, and a crash leaves nothing locked."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.lockfile import InUse, locked

STARTED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

HOLD = """
import sys
from datetime import datetime
from storage.lockfile import locked
with locked(sys.argv[1], datetime.fromisoformat(sys.argv[2]), 8765):
    print("locked", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(url: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has the lock, until the end of its input."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url, STARTED.isoformat()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The address of a file that need not be there yet."""
    return f"sqlite:///{tmp_path}/inflow.db"


def test_a_second_process_is_told_of_the_first(url: str) -> None:
    with another_process(url) as first, pytest.raises(InUse) as caught, locked(url, STARTED):
        pass
    assert str(caught.value) == (
        f"inflow.db is in use by process {first.pid} on port 8765, started at "
        "2026-03-02 09:30:00 UTC; stop it, or use PostgreSQL for several processes."
    )


def test_a_process_that_was_killed_leaves_nothing_locked(url: str) -> None:
    with another_process(url) as first:
        first.kill()
        first.wait(30)
        with locked(url, STARTED):
            pass


def test_the_lock_ends_with_its_block(url: str) -> None:
    for _ in range(2):
        with locked(url, STARTED):
            pass


def test_a_holder_who_has_not_said_who_it_is_holds_it_all_the_same(
    url: str, tmp_path: Path
) -> None:
    with locked(url, STARTED):
        os.truncate(tmp_path / "inflow.db.lock", 0)
        with pytest.raises(InUse, match="in use by another process"), locked(url, STARTED):
            pass


def test_two_files_are_two_locks(url: str, tmp_path: Path) -> None:
    with locked(url, STARTED), locked(f"sqlite:///{tmp_path}/other.db", STARTED):
        assert {file.name for file in tmp_path.iterdir()} == {"inflow.db.lock", "other.db.lock"}
    assert list(tmp_path.iterdir()) == []


def test_of_many_who_come_and_go_one_has_it(url: str) -> None:
    inside: list[int] = []
    most: list[int] = []

    def come_and_go(name: int) -> None:
        for _ in range(100):
            with suppress(InUse), locked(url, STARTED):
                inside.append(name)
                most.append(len(inside))
                inside.remove(name)

    threads = [threading.Thread(target=come_and_go, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert set(most) == {1}


def test_a_server_is_for_everybody() -> None:
    with locked("postgresql://db/inflow", STARTED), locked("postgresql://db/inflow", STARTED):
        pass
