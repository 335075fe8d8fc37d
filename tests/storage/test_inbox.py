"""What came in is taken on once, and answered the same the second time."""

import pytest

from bot.form import Form, TextField
from bot.message import Button, Buttons, Quote, say
from bot.reply import NOTHING, Audience, Reply
from storage.database import Database
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
