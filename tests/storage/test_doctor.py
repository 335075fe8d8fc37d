"""What the doctor finds in a store: sound, of another version, sealed with another key, damaged."""

import os
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import column, table, text, update

from bot.capabilities.questions.memory import Memory
from bot.doctor import Finding, Verdict, wrong
from bot.ids import PersonId
from bot.outbox import LetterState, ToPlace
from bot.people import Person
from bot.ports import Timer
from storage.backlog import read_backlog
from storage.ballast import MARK
from storage.database import Database
from storage.doctor import (
    count_fates,
    look_at_delivery,
    look_at_key_file,
    look_at_store,
    read_places,
)
from storage.lockfile import locked
from storage.migrate import upgrade
from storage.relay import fits
from storage.seal import Seal
from storage.tables import outbox, workspaces
from tests.databases import RELAY_KEY
from tests.storage.example import ACME, ANA, HOUR, NOW, letter

WHATEVER = b"w" * 32


def now() -> datetime:
    return datetime.now(UTC)


def look(url: str, key: bytes | None = RELAY_KEY) -> list[Finding]:
    return list(look_at_store(url, key, now))


def bad(found: list[Finding]) -> list[tuple[Verdict, str]]:
    """Everything that is not well, by its verdict."""
    return [(f.verdict, f.what) for f in found if f.verdict is not Verdict.OK]


def only(found: list[Finding]) -> Finding:
    """The one finding that is not well."""
    (finding,) = [f for f in found if f.verdict is not Verdict.OK]
    return finding


def path_of(sqlite_url: str) -> Path:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    file.chmod(0o600)
    return file


# --- both databases -------------------------------------------------------------------


def test_a_sound_store_is_well_and_is_left_as_it_was(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        file = path_of(database_url)
        before = file.read_bytes()
        assert bad(look(database_url)) == []
        assert file.read_bytes() == before
    else:
        # The server of the tests keeps nothing for long.
        off = only(look(database_url))
        assert off.verdict is Verdict.WARNING
        assert "off are: fsync, full_page_writes, synchronous_commit." in off.what
        assert "ALTER SYSTEM SET fsync = on;" in str(off.mend)


@pytest.mark.parametrize(
    ("step", "said", "mend"),
    [("0001", "this version needs", "inflow migrate"), ("9999", "A newer version", "Install")],
)
def test_another_schema_is_a_problem(
    database: Database, database_url: str, step: str, said: str, mend: str
) -> None:
    with database.begin() as connection:
        versions = table("alembic_version", column("version_num"))
        connection.execute(update(versions).values(version_num=step))
    (finding,) = [f for f in look(database_url) if "chema is" in f.what]
    assert finding.verdict is Verdict.PROBLEM
    assert said in finding.what
    assert mend in str(finding.mend)


def test_the_relay_key_is_compared_and_never_kept(database: Database, database_url: str) -> None:
    def key(value: bytes | None) -> Finding:
        return next(f for f in look(database_url, value) if "relay key" in f.what)

    assert key(WHATEVER).verdict is Verdict.OK, "nothing was sealed yet"
    database.check_relay_key()
    assert key(RELAY_KEY).verdict is Verdict.OK
    assert key(WHATEVER).what == (
        "The relay key is not the one with which this database was sealed."
    )
    assert key(None).verdict is Verdict.PROBLEM
    with database.begin() as connection:
        assert fits(connection, Seal(RELAY_KEY))


def test_the_zones_and_countries_in_use_are_read(acme: Database) -> None:
    with acme.transaction() as work:
        work.people.save(
            Person(
                id=PersonId("x"),
                workspace=ACME.id,
                address="x",
                name="X",
                zone="Nowhere/Land",
                country="DE-BY",
            )
        )
    with acme.begin() as connection:
        connection.execute(update(workspaces).values(country="XX"))
    assert read_places(acme) == (["Nowhere/Land", ANA.zone], ["DE-BY", "XX"])


# --- SQLite ---------------------------------------------------------------------------


def test_no_database_yet_is_well_and_stays_so(tmp_path: Path) -> None:
    found = look(f"sqlite:///{tmp_path / 'inflow.db'}", None)
    assert bad(found) == []
    assert "There is no database" in found[0].what
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    finding = look(f"sqlite:///{tmp_path / 'absent' / 'inflow.db'}")[0]
    assert finding.verdict is Verdict.PROBLEM
    assert "is not there" in finding.what


def test_a_file_that_is_no_database_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "inflow.db"
    file.write_bytes(b"Dear diary, " * 1_000)
    file.chmod(0o600)
    finding = only(look(f"sqlite:///{file}"))
    assert finding == wrong(
        "The database cannot be used.",
        f"{file} is not a SQLite database. Name another file, or restore your backup.",
    )


def test_a_file_that_may_only_be_read_is_a_problem(read_only_file: Path) -> None:
    found = look(f"sqlite:///{read_only_file}")
    assert only(found) == wrong(
        f"{read_only_file} cannot be written by the user who runs Inflow.",
        f"chmod u+rw {read_only_file}",
    )
    assert not any("can be written" in finding.what for finding in found)


def test_a_damaged_file_is_a_problem(sqlite_url: str) -> None:
    file = path_of(sqlite_url)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE big (words TEXT)")
        connection.executemany("INSERT INTO big VALUES (?)", [["w" * 1_000]] * 200)
        connection.commit()
    with file.open("r+b") as opened:
        opened.seek(-40 * 4_096, os.SEEK_END)
        opened.write(b"\xff" * 8 * 4_096)
    finding = next(f for f in look(sqlite_url) if f.verdict is Verdict.PROBLEM)
    assert "is damaged" in finding.what
    assert "backup" in str(finding.mend)


def test_a_file_that_somebody_holds_is_doubted(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.doctor.WAIT", 0.05)
    with closing(sqlite3.connect(path_of(sqlite_url), isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        finding = only(look(sqlite_url))
    assert finding.verdict is Verdict.WARNING
    assert "has been writing" in finding.what


def test_who_runs_on_the_file_is_named(sqlite_url: str) -> None:
    path_of(sqlite_url)
    with locked(sqlite_url, NOW, 8765):
        found = look(sqlite_url)
    assert bad(found) == []
    assert any(f"in use by process {os.getpid()} on port 8765" in f.what for f in found)
    assert any(f.what == "No process runs on it now." for f in look(sqlite_url))


@pytest.mark.parametrize(
    ("free", "verdict"),
    [(MARK - 1, Verdict.PROBLEM), (2 * MARK, Verdict.WARNING)],
)
def test_a_full_disk_is_told(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, free: int, verdict: Verdict
) -> None:
    path_of(sqlite_url)
    monkeypatch.setattr("storage.doctor.free_bytes", lambda _folder: free)
    finding = only(look(sqlite_url))
    assert finding.verdict is verdict
    assert "are free on the disk" in finding.what


def test_files_that_others_may_read_are_doubted(sqlite_url: str, tmp_path: Path) -> None:
    path_of(sqlite_url).chmod(0o604)
    assert "is open to other users" in only(look(sqlite_url)).what
    key = tmp_path / "some.key"
    assert list(look_at_key_file(key)) == []
    key.touch(0o600)
    assert bad(list(look_at_key_file(key))) == []
    key.chmod(0o640)
    assert only(list(look_at_key_file(key))).mend == f"chmod 600 {key}"


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "inflow.db"
    upgrade(f"sqlite:///{file}")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


# --- PostgreSQL -----------------------------------------------------------------------


def test_a_server_that_is_not_there_is_a_problem_without_the_password() -> None:
    finding = only(look("postgresql://ana:secret@127.0.0.1:1/inflow"))
    assert finding.verdict is Verdict.PROBLEM
    assert "refused" in str(finding.mend)
    assert "secret" not in str(finding)


def test_clocks_that_differ_are_doubted(postgres_url: str) -> None:
    for ahead in (-HOUR, HOUR):

        def clock(ahead: timedelta = ahead) -> datetime:
            return now() + ahead

        found = list(look_at_store(postgres_url, RELAY_KEY, clock))
        (finding,) = [f for f in found if "clocks" in f.what]
        assert finding.verdict is Verdict.WARNING
        assert "differ by 3" in finding.what


def test_a_server_that_lets_nobody_write_is_a_problem(postgres_url: str) -> None:
    database = Database(postgres_url, relay_key=RELAY_KEY, memory=Memory())
    with database.begin() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    database.close()
    assert any("standby, or read-only" in f.what for f in look(postgres_url))


# --- delivery -------------------------------------------------------------------------


def delivery(database: Database, at: datetime = NOW) -> list[Finding]:
    return list(look_at_delivery(read_backlog(database, at), count_fates(database, at - HOUR)))


def test_nothing_due_is_well(acme: Database) -> None:
    assert [f.what for f in delivery(acme)] == [
        "No letter is due.",
        "Of the letters of the last seven days: 0 failed, 0 unreachable, 0 unknown.",
    ]


def test_letters_and_timers_that_wait_too_long_are_doubted(acme: Database) -> None:
    with acme.transaction() as work:
        work.outbox.post(ACME.id, letter("a", due_at=NOW))
        work.timers.set(Timer(key="t", due_at=NOW, action="test.ring"))
    soon = NOW + timedelta(minutes=10)
    assert bad(delivery(acme, soon)) == []
    assert [what for _, what in bad(delivery(acme, NOW + 3 * HOUR))] == [
        (
            "Letters that are due: 1. The first of them has waited for 3 hours."
            " Lanes that are late: 1."
        ),
        "Timers that are due: 1. The first of them has waited for 3 hours.",
    ]


def test_letters_that_ended_badly_are_counted_for_a_week(acme: Database) -> None:
    with acme.transaction() as work:
        for state in LetterState:
            work.outbox.post(ACME.id, letter(state, to=ToPlace(conversation=state)))
    with acme.begin() as connection:
        for state in LetterState:
            row = update(outbox).where(outbox.c.key == state)
            connection.execute(row.values(state=state, settled_at=NOW))
    assert count_fates(acme, NOW) == {"failed": 1, "unreachable": 1, "unknown": 1}
    assert count_fates(acme, NOW + HOUR) == {}
    assert [what for _, what in bad(delivery(acme))] == [
        "Letters of which nobody can say yet whether they arrived: 1.",
        "Of the letters of the last seven days: 1 failed, 1 unreachable, 1 unknown.",
    ]
