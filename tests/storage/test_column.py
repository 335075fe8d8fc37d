"""What our kinds of column promise on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from bot.happenings import Happening
from bot.message import Args
from storage.database import Database
from storage.tables import happenings, timers
from tests.storage.example import ACME, NOW, question

MOMENTS = [
    datetime(2026, 3, 29, 1, 30, 0, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
    datetime(2026, 1, 1, 0, 15, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]


def add_timer(database: Database, key: str, at: datetime) -> None:
    """Keep a moment."""
    with database.begin() as connection:
        connection.execute(
            insert(timers).values(key=key, due_at=at, action="a.b", args={}, attempts=0)
        )


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_instant_comes_back_aware_and_in_utc(database: Database, moment: datetime) -> None:
    add_timer(database, "t", moment)
    with database.begin() as connection:
        kept = connection.execute(select(timers.c.due_at)).scalar_one()
    assert (kept, kept.tzinfo) == (moment.astimezone(UTC), UTC)


def test_instants_are_in_order_whatever_their_zone(database: Database) -> None:
    for number, moment in enumerate(MOMENTS):
        add_timer(database, str(number), moment)
    with database.begin() as connection:
        kept = list(connection.execute(select(timers.c.due_at).order_by(timers.c.due_at)).scalars())
    assert kept == sorted(moment.astimezone(UTC) for moment in MOMENTS)


def test_a_naive_instant_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="needs a time zone"):
        add_timer(database, "t", NOW.replace(tzinfo=None))
    with database.transaction() as work:
        assert work.timers.next_due() is None


def test_words_that_no_database_holds_are_replaced(acme: Database) -> None:
    with acme.transaction() as work:
        work.questions.add(question(text="a\x00b\ud83dc 🦊 \u202e"))
    with acme.transaction() as work:
        kept = work.questions.get(question().id)
    assert kept is not None
    assert kept.text == "a\ufffdb\ufffdc 🦊 \u202e"


def test_the_longest_question_comes_back_whole(acme: Database) -> None:
    text = "🦊é" * 20_000
    with acme.transaction() as work:
        work.questions.add(question(text=text))
    with acme.transaction() as work:
        kept = work.questions.get(question().id)
    assert kept is not None
    assert kept.text == text


def test_json_comes_back_as_it_was(acme: Database) -> None:
    data: Args = {"b": [1, 2.5, None, True], "a": {"x": "\x00 \ud83d 🦊"}}
    with acme.transaction() as work:
        work.happenings.note(Happening(ACME.id, "question.asked", NOW, "question:q1", data))
    with acme.begin() as connection:
        [row] = connection.execute(select(happenings))
    assert tuple(row) == (1, ACME.id, "question.asked", NOW, "question:q1", data)
