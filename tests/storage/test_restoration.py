"""Which letters are in doubt after a restore."""

from datetime import timedelta

from sqlalchemy import select

from bot.outbox import LetterState
from storage.database import Database
from storage.restoration import doubt, latest_letter
from storage.tables import outbox
from tests.storage.example import ACME, HOUR, LEASE, NOW, letter
from tests.storage.hand import HandLane

SECOND = timedelta(seconds=1)


def test_a_store_without_letters_has_none_in_doubt(acme: Database) -> None:
    assert latest_letter(acme) == 0
    assert doubt(acme, 0, NOW, NOW) == 0


def test_the_claimed_and_the_due_are_in_doubt_and_edits_are_not(acme: Database) -> None:
    lane = HandLane(acme)
    with acme.transaction() as work:
        work.outbox.post(ACME.id, letter("claimed"))
    lane.claim(ACME.id, NOW, 9, LEASE)
    with acme.transaction() as work:
        work.outbox.post(ACME.id, letter("edit", edits="claimed"))
        work.outbox.post(ACME.id, letter("due", due_at=NOW))
        work.outbox.post(ACME.id, letter("later", due_at=NOW + SECOND))
    latest = latest_letter(acme)
    with acme.transaction() as work:
        work.outbox.post(ACME.id, letter("anew", due_at=NOW + HOUR))
        work.outbox.post(ACME.id, letter("anew and later", due_at=NOW + 3 * HOUR))
    assert doubt(acme, latest, NOW, NOW + 2 * HOUR) == 3
    with acme.begin() as connection:
        rows = connection.execute(
            select(outbox.c.key).where(outbox.c.state == LetterState.AMBIGUOUS)
        )
        assert sorted(rows.scalars()) == ["anew", "claimed", "due"]
    assert [one.key for one in lane.recover(ACME.id, NOW)] == ["claimed", "due", "anew"]
