"""What came in is taken on once, and answered the same the second time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.form import Form, TextField
from bot.message import Button, Buttons, Quote, say
from bot.reply import NOTHING, Audience, Reply, Showing
from storage.database import Database
from storage.inbox import SqlInbox
from storage.seal import Seal
from storage.tables import inbox
from tests.storage.example import NOW

REPLY = Reply(
    message=say(
        "**Well** asked.",
        Quote(text="quoted \x00 🦊"),
        Buttons(
            buttons=(Button(label="Solves it", action="question.solve", args={"n": [1, None]}),)
        ),
    ),
    audience=Audience.PLACE,
    replace=True,
    form=Form(title="Ask", fields=(TextField(name="text", label="?"),), action="question.ask"),
    errors={"text": "Too long."},
)


def raise_after(_begun: Reply | None) -> None:
    """A handler that fails when the event has been taken on."""
    raise ZeroDivisionError


def test_a_second_delivery_gets_the_reply_of_the_first(database: Database) -> None:
    with database.transaction() as work:
        assert work.inbox.begin("slack", "E1", NOW) is None
        work.inbox.finish("slack", "E1", REPLY)
    with database.transaction() as work:
        assert work.inbox.begin("slack", "E1", NOW) == REPLY


def test_platforms_may_use_the_same_event_id(database: Database) -> None:
    with database.transaction() as work:
        work.inbox.begin("slack", "E1", NOW)
        assert work.inbox.begin("teams", "E1", NOW) is None


def test_an_event_without_a_reply_was_answered_with_nothing(database: Database) -> None:
    with database.transaction() as work:
        work.inbox.begin("slack", "E1", NOW)
    with database.transaction() as work:
        assert work.inbox.begin("slack", "E1", NOW) == NOTHING


def test_an_event_whose_transaction_failed_is_new_again(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as work:
        raise_after(work.inbox.begin("slack", "E1", NOW))
    with database.transaction() as work:
        assert work.inbox.begin("slack", "E1", NOW) is None


# Showing --------------------------------------------------------------------------------

SOON = NOW + timedelta(minutes=1)


def begin(database: Database, event: str = "E1", now: datetime = NOW) -> Showing:
    with database.transaction() as work:
        return work.inbox.begin_showing("slack", event, now, now + timedelta(minutes=1))


def test_a_reply_is_shown_by_one_of_many_at_once(database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        begun = list(pool.map(lambda _: begin(database), range(8)))
    assert sorted(each.value for each in begun) == ["ours", *["theirs"] * 7]
    assert begin(database, "E2") is Showing.OURS


def test_a_reply_that_was_shown_is_nobodys_any_more(database: Database) -> None:
    begin(database)
    with database.transaction() as work:
        work.inbox.end_showing("slack", "E1")
    assert begin(database) is Showing.DONE
    assert begin(database, now=SOON + timedelta(days=1)) is Showing.DONE


def test_a_reply_that_was_not_shown_is_the_next_ones(database: Database) -> None:
    begin(database)
    with database.transaction() as work:
        work.inbox.give_back_showing("slack", "E1", NOW, SOON)
    assert begin(database) is Showing.OURS
    assert begin(database) is Showing.THEIRS


def test_a_showing_that_nobody_ended_runs_out(database: Database) -> None:
    begin(database)
    assert begin(database, now=SOON - timedelta(microseconds=1)) is Showing.THEIRS
    assert begin(database, now=SOON) is Showing.OURS


def test_who_is_too_late_gives_nothing_back(database: Database) -> None:
    begin(database)
    begin(database, now=SOON)
    with database.transaction() as work:
        work.inbox.give_back_showing("slack", "E1", SOON, SOON)
    assert begin(database, now=SOON) is Showing.THEIRS
    with database.transaction() as work:
        work.inbox.end_showing("slack", "E1")
        # What the one showed, the other has not to show.
        work.inbox.give_back_showing("slack", "E1", SOON, SOON + timedelta(minutes=1))
    assert begin(database, now=SOON) is Showing.DONE


def test_a_private_reply_is_given_again_and_can_be_read_by_nobody_else(database: Database) -> None:
    told = REPLY.model_copy(update={"private": True})
    with database.transaction() as work:
        work.inbox.begin("slack", "E1", NOW)
        work.inbox.finish("slack", "E1", told)
    with database.begin() as connection:
        stored = connection.execute(select(inbox.c.reply)).scalar_one()
    assert "quoted" not in stored
    assert "asked" not in stored
    with database.transaction() as work:
        assert work.inbox.begin("slack", "E1", NOW) == told


def test_a_private_reply_under_another_key_is_nothing(database: Database) -> None:
    told = REPLY.model_copy(update={"private": True})
    with database.begin() as connection:
        before = SqlInbox(connection, Seal(bytes(32)))
        before.begin("slack", "E1", NOW)
        before.finish("slack", "E1", told)
    with database.transaction() as work:
        assert work.inbox.begin("slack", "E1", NOW) == NOTHING
