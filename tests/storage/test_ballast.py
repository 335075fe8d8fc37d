"""A full disk: new work is refused in time, nothing acknowledged is lost, and it ends by itself."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from bot.capabilities.questions.memory import Memory
from bot.errors import Unavailable
from bot.outbox import LetterState
from storage.ballast import Ballast
from storage.database import Database
from storage.migrate import upgrade
from storage.tables import inbox, outbox
from tests.databases import RELAY_KEY
from tests.storage.example import ACME, BO, NOW, letter

KB = 2**10
SIZE, MARK = 512 * KB, 384 * KB


class Disk:
    """A disk that says how many bytes are free on it."""

    def __init__(self, free: int) -> None:
        self.free = free

    def __call__(self, folder: Path) -> int:
        """As `storage.ballast.free_bytes`."""
        assert folder.is_dir()
        return self.free


def refuses(database: Database) -> bool:
    """Whether new work is refused."""
    try:
        with database.transaction():
            return False
    except Unavailable:
        return True


def settle(database: Database, key: str) -> None:
    """Write down that a letter was sent, as a lane does."""
    with database.begin() as connection:
        settled = connection.execute(
            update(outbox).where(outbox.c.key == key).values(state=LetterState.SENT)
        )
        assert settled.rowcount == 1


@pytest.fixture
def disk() -> Disk:
    """A disk with room enough."""
    return Disk(SIZE + MARK)


@pytest.fixture
def ballast(tmp_path: Path, disk: Disk) -> Iterator[Ballast]:
    """The ballast of a database on that disk."""
    with Ballast(tmp_path / "inflow.db", size=SIZE, mark=MARK, free=disk) as ballast:
        yield ballast


def test_the_ballast_takes_its_room_and_gives_it_back_at_the_end(
    tmp_path: Path, disk: Disk
) -> None:
    with Ballast(tmp_path / "inflow.db", size=SIZE, mark=MARK, free=disk) as ballast:
        assert ballast.file == tmp_path / "inflow.db.ballast"
        # In units of 512 bytes, whatever those of the file system are.
        assert ballast.file.stat().st_blocks * 512 >= SIZE
    assert ballast.has_room() is False
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("free", "has_room", "is_held"),
    [(MARK, True, True), (MARK - 1, False, True), (SIZE // 2 - 1, False, False)],
)
def test_below_the_mark_there_is_no_room_and_far_below_no_ballast(
    ballast: Ballast, disk: Disk, free: int, has_room: bool, is_held: bool
) -> None:
    disk.free = free
    assert (ballast.has_room(), ballast.file.exists()) == (has_room, is_held)


def test_new_work_waits_until_the_ballast_is_back(ballast: Ballast, disk: Disk) -> None:
    ballast.release()
    disk.free = SIZE + MARK - 1
    assert (ballast.has_room(), ballast.file.exists()) == (False, False)
    disk.free = SIZE + MARK
    assert (ballast.has_room(), ballast.file.exists()) == (True, True)


def test_a_ballast_that_does_not_fit_is_not_there(tmp_path: Path, disk: Disk) -> None:
    with Ballast(tmp_path / "none" / "inflow.db", size=SIZE, mark=MARK, free=lambda _: 2**40) as b:
        assert (b.has_room(), b.file.exists()) == (False, False)


def test_a_database_keeps_its_ballast_while_it_is_told_to(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory())
    with database.ballasted():
        assert (tmp_path / "inflow.db.ballast").exists() is not refuses(database)
    assert not (tmp_path / "inflow.db.ballast").exists()
    database.close()


def test_a_server_needs_no_ballast_of_ours(postgres_url: str) -> None:
    database = Database(postgres_url, relay_key=RELAY_KEY, memory=Memory())
    with database.ballasted():
        assert not refuses(database)
    database.close()


def test_a_nearly_full_disk_takes_no_new_work_and_ends_the_old(
    acme: Database, ballast: Ballast, disk: Disk
) -> None:
    acme.ballast = ballast
    with acme.transaction() as work:
        work.outbox.post(ACME.id, letter("l1"))
    disk.free = 0
    assert refuses(acme)
    with acme.begin() as connection:
        connection.execute(delete(inbox))
    settle(acme, "l1")
    disk.free = SIZE + MARK
    assert not refuses(acme)


def test_the_ballast_goes_when_sqlite_finds_the_disk_full(
    sqlite_url: str, ballast: Ballast
) -> None:
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory())
    database.ballast = ballast
    with database.begin() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        with database.transaction() as work:
            work.people.add_workspace(ACME)
            for number in range(2000):
                work.outbox.post(ACME.id, letter(f"l{number}"))

    with pytest.raises(Unavailable):
        fill()
    assert not ballast.file.exists()
    database.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 3 MB."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root on Linux can mount a small file system")
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, timeout=30, check=False).returncode:
        pytest.skip("this machine lets nobody mount a file system")
    yield place
    subprocess.run(["umount", str(place)], timeout=30, check=True)


@pytest.fixture
def filling(small_disk: Path) -> Iterator[Database]:
    """A database with ballast on the small disk, of which somebody else has a part."""
    (small_disk / "other").write_bytes(bytes(800 * KB))
    file = small_disk / "inflow.db"
    upgrade(f"sqlite:///{file}")
    database = Database(f"sqlite:///{file}", relay_key=RELAY_KEY, memory=Memory())
    with database.transaction() as work:
        work.people.add_workspace(ACME)
        work.people.save(BO)
    with Ballast(file, size=SIZE, mark=MARK) as ballast:
        database.ballast = ballast
        yield database
        database.close()


def take_on(database: Database, first: int, events: int) -> list[str]:
    """Take events on, each in a transaction of its own, and stop where that is refused."""
    acknowledged = []
    for number in range(first, first + events):
        try:
            with database.transaction() as work:
                work.inbox.begin("slack", f"E{number}", NOW)
                work.outbox.post(ACME.id, letter(f"l{number}", "Hello." * 100))
        except Unavailable:
            break
        acknowledged.append(f"E{number}")
    return acknowledged


def read_events(folder: Path) -> list[str]:
    """The events that are kept in a file that is whole."""
    with closing(sqlite3.connect(folder / "inflow.db")) as reader:
        assert reader.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [event for (event,) in reader.execute("SELECT event_id FROM inbox ORDER BY rowid")]


def test_a_disk_that_fills_up_loses_nothing_that_was_acknowledged(
    filling: Database, small_disk: Path
) -> None:
    acknowledged = take_on(filling, 0, 10_000)
    assert 10 < len(acknowledged) < 10_000
    assert refuses(filling)
    settle(filling, "l0")
    (small_disk / "other").unlink()
    acknowledged += take_on(filling, len(acknowledged), 10)
    assert (small_disk / "inflow.db.ballast").exists()
    filling.close()
    assert read_events(small_disk) == acknowledged


def test_a_disk_that_somebody_else_fills_still_lets_us_end_what_was_begun(
    filling: Database, small_disk: Path
) -> None:
    acknowledged = take_on(filling, 0, 10)
    with (small_disk / "more").open("wb") as more, pytest.raises(OSError, match="space"):
        more.write(bytes(8 * 2**20))
    assert refuses(filling)
    settle(filling, "l0")
    with filling.begin() as connection:
        connection.execute(delete(outbox).where(outbox.c.key == "l1"))
    (small_disk / "more").unlink()
    (small_disk / "other").unlink()
    acknowledged += take_on(filling, 10, 10)
    assert len(acknowledged) == 20
    filling.close()
    assert read_events(small_disk) == acknowledged


def test_a_transaction_that_does_not_fit_is_taken_back_and_the_rest_goes_on(
    filling: Database, small_disk: Path
) -> None:
    def promise_too_much() -> None:
        with filling.transaction() as work:
            for number in range(10_000):
                work.outbox.post(ACME.id, letter(f"many{number}", "Hello." * 100))

    acknowledged = take_on(filling, 0, 10)
    with pytest.raises(Unavailable):
        promise_too_much()
    settle(filling, "l0")
    (small_disk / "other").unlink()
    acknowledged += take_on(filling, 10, 10)
    assert len(acknowledged) == 20
    filling.close()
    assert read_events(small_disk) == acknowledged
