"""What goes to SQLite's driver by itself does what SQLAlchemy would do with it."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import bindparam, insert, literal, select, update

from bot.capabilities.questions.memory import Memory
from bot.errors import Unavailable
from storage.database import Database
from storage.prepared import change, fetch
from storage.tables import days_off, inbox, people, workspaces
from tests.databases import RELAY_KEY
from tests.storage.example import ACME, NOW

EVERYTHING = select(*people.c, literal("stands here").label("words")).where(
    people.c.workspace == bindparam("workspace"), people.c.active.is_(True)
)
RENAME = (
    update(workspaces)
    .where(workspaces.c.id == bindparam("which"), workspaces.c.country.is_(None))
    .values(name=bindparam("called"), country="PT")
)
OFF = insert(days_off)
DAYS = select(days_off.c.day, days_off.c.name)
TAKE_ON = insert(inbox)
TAKEN_ON = select(inbox.c.at)


def test_rows_are_read_as_sqlalchemy_reads_them(acme: Database) -> None:
    with acme.begin() as connection:
        values = {"workspace": ACME.id}
        read = [tuple(row) for row in fetch(connection, EVERYTHING, values)]
        assert len(read) > 1
        assert read == [tuple(row) for row in connection.execute(EVERYTHING, values)]
        assert not fetch(connection, EVERYTHING, {"workspace": "nowhere"})


def test_values_are_kept_as_sqlalchemy_keeps_them(acme: Database) -> None:
    off = {"workspace": ACME.id, "person": "", "day": date(2026, 3, 4), "name": "\x00 Fiesta"}
    elsewhere = datetime(2026, 3, 4, 1, tzinfo=timezone(timedelta(hours=2)))
    with acme.begin() as connection:
        assert change(connection, OFF, off) == 1
        assert change(connection, TAKE_ON, {"platform": "x", "event_id": "E1", "at": elsewhere})
    with acme.begin() as connection:
        assert connection.execute(DAYS).one() == (date(2026, 3, 4), "\ufffd Fiesta")
        assert connection.execute(TAKEN_ON).one() == (datetime(2026, 3, 3, 23, tzinfo=UTC),)


def test_it_is_told_how_many_rows_were_changed(acme: Database) -> None:
    values = {"which": ACME.id, "called": "Acme Lda."}
    with acme.begin() as connection:
        assert change(connection, RENAME, values) == 1
        assert change(connection, RENAME, values) == 0
    with acme.begin() as connection:
        kept = connection.execute(select(workspaces.c.name, workspaces.c.country)).one()
    assert kept == ("Acme Lda.", "PT")


def test_a_moment_without_a_zone_is_refused(acme: Database) -> None:
    naive = {"platform": "x", "event_id": "E1", "at": NOW.replace(tzinfo=None)}
    with pytest.raises(Exception, match="an instant needs a time zone"), acme.begin() as connection:
        change(connection, TAKE_ON, naive)
    with acme.begin() as connection:
        assert connection.execute(TAKEN_ON).all() == []


def test_what_the_driver_says_by_itself_is_understood(sqlite_url: str) -> None:
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory())

    def take_on_what_cannot_be_kept() -> None:
        with database.begin() as connection:
            connection.exec_driver_sql("PRAGMA query_only = ON")
            change(connection, TAKE_ON, {"platform": "x", "event_id": "E1", "at": NOW})

    with pytest.raises(Unavailable):
        take_on_what_cannot_be_kept()
    database.close()
