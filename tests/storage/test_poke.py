"""Pokes: lanes with new letters are told of, inside the transaction and after it."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from bot.ids import WorkspaceId
from storage.database import Database
from storage.transcript import SqlTranscript
from tests.storage.example import ACME, NOW, letter


class Heard:
    """Keeps what it is told, and in the transaction a setting with it."""

    def __init__(self) -> None:
        self.before: list[Sequence[WorkspaceId]] = []
        self.after: list[Sequence[WorkspaceId]] = []

    def before_commit(self, connection: Connection, lanes: Sequence[WorkspaceId]) -> None:
        """Write in the transaction that promised the letters."""
        self.before.append(lanes)
        connection.execute(text("INSERT INTO settings VALUES ('poked', 'yes')"))

    def after_commit(self, lanes: Sequence[WorkspaceId]) -> None:
        """Keep what was said."""
        self.after.append(lanes)


@pytest.fixture
def heard(acme: Database) -> Heard:
    """Whom the example's database tells of its letters."""
    heard = Heard()
    acme.poke = heard
    return heard


def test_a_lane_is_poked_once_for_the_letters_of_a_transaction(
    acme: Database, heard: Heard
) -> None:
    with acme.transaction() as work:
        for key in ("l1", "l2", "l3"):
            work.outbox.post(ACME.id, letter(key))
        assert heard.before == []
    assert (heard.before, heard.after) == ([[ACME.id]], [[ACME.id]])
    assert SqlTranscript(acme).setting("poked") == "yes"


def test_a_letter_for_later_pokes_nobody(acme: Database, heard: Heard) -> None:
    with acme.transaction() as work:
        work.outbox.post(ACME.id, letter("l1", due_at=NOW + timedelta(hours=1)))
    assert (heard.before, heard.after) == ([], [])


def test_what_is_taken_back_pokes_nobody(acme: Database, heard: Heard) -> None:
    def fail() -> None:
        with acme.transaction() as work:
            work.outbox.post(ACME.id, letter("l1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (heard.before, heard.after) == ([], [])


def test_a_poke_that_fails_takes_the_letters_back(acme: Database, heard: Heard) -> None:
    SqlTranscript(acme).set_setting("poked", "before")

    def promise() -> None:
        with acme.transaction() as work:
            work.outbox.post(ACME.id, letter("l1"))

    with pytest.raises(Exception, match=r"(?i)unique"):
        promise()
    with acme.transaction() as work:
        assert work.outbox.state(ACME.id, "l1") is None
    assert heard.after == []
