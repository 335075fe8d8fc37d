"""What nobody needs any more goes, and nothing else."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, event, insert, select, update

from bot.capabilities.campaigns.content import one_message
from bot.capabilities.campaigns.model import Campaign, Enrolment
from bot.ids import CampaignId
from bot.outbox import LetterState
from storage.ballast import MARK, SIZE
from storage.campaign_tables import campaign_enrolments
from storage.database import Database
from storage.library_tables import content_readers, content_signals
from storage.question_tables import ask_counts
from storage.retention import (
    COUNTS_KEPT,
    ENROLMENTS_KEPT,
    EVENTS_KEPT,
    LETTERS_KEPT,
    PACES_KEPT,
    SIGNALS_KEPT,
    TEXTS_KEPT,
    Retained,
    retain,
)
from storage.tables import inbox, outbox, rates, showings
from tests.storage.example import ACME, ANA, BO, NOW, letter

SECOND = timedelta(seconds=1)
NOTHING = Retained(events=0, texts=0, letters=0, counts=0, paces=0)


def post(database: Database, *letters: str, **changes: Any) -> None:
    """Promise letters of these keys."""
    with database.transaction() as work:
        for key in letters:
            work.outbox.post(ACME.id, letter(key, **changes))


def settle(database: Database, key: str, at: datetime | None, **values: Any) -> None:
    """Let a letter have been settled at a moment, as sent where nothing else is said."""
    with database.begin() as connection:
        connection.execute(
            update(outbox)
            .where(outbox.c.key == key)
            .values({"state": LetterState.SENT, "settled_at": at} | values)
        )


def keys(database: Database, *, with_text: bool = False) -> list[str]:
    """The letters that are there, or those of which it is kept what they said."""
    chosen = select(outbox.c.key).order_by(outbox.c.id)
    if with_text:
        chosen = chosen.where(outbox.c.message.is_not(None))
    with database.begin() as connection:
        return list(connection.scalars(chosen))


def add(database: Database, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Put rows into a table."""
    with database.begin() as connection:
        connection.execute(insert(table), rows)


def read(database: Database, column: Any) -> list[Any]:
    """What is in a column, sorted."""
    with database.begin() as connection:
        return sorted(connection.scalars(select(column)))


def test_events_go_after_a_month_and_are_new_again(acme: Database) -> None:
    for name, at in (("old", NOW - EVENTS_KEPT - SECOND), ("young", NOW - EVENTS_KEPT)):
        with acme.transaction() as work:
            assert work.inbox.begin("slack", name, at) is None
    assert retain(acme, NOW) == Retained(events=1, texts=0, letters=0, counts=0, paces=0)
    assert read(acme, inbox.c.event_id) == ["young"]


def test_what_was_shown_is_known_as_long_as_the_event(acme: Database) -> None:
    for name, until in (("old", NOW - EVENTS_KEPT - SECOND), ("young", NOW - EVENTS_KEPT)):
        with acme.transaction() as work:
            work.inbox.begin_showing("slack", name, NOW, until)
    retain(acme, NOW)
    assert read(acme, showings.c.event_id) == ["young"]


def test_what_a_letter_said_goes_and_what_became_of_it_stays(acme: Database) -> None:
    post(acme, "old", "young", "waits")
    settle(acme, "old", NOW - TEXTS_KEPT - SECOND)
    settle(acme, "young", NOW - TEXTS_KEPT)
    assert retain(acme, NOW) == Retained(events=0, texts=1, letters=0, counts=0, paces=0)
    assert keys(acme) == ["old", "young", "waits"]
    assert keys(acme, with_text=True) == ["young", "waits"]
    with acme.transaction() as work:
        assert work.outbox.state(ACME.id, "old") is LetterState.SENT


@pytest.mark.parametrize(
    "state",
    [LetterState.PENDING, LetterState.LEASED, LetterState.SENDING, LetterState.AMBIGUOUS],
)
def test_a_letter_that_is_not_settled_is_not_touched(acme: Database, state: LetterState) -> None:
    post(acme, "l1", "later")
    settle(acme, "l1", None, state=state)
    settle(acme, "later", NOW - 2 * LETTERS_KEPT, about="question:q1", external_id="1")
    retain(acme, NOW)
    assert keys(acme, with_text=True) == ["l1"]


def test_who_was_in_a_campaign_goes_when_it_has_been_over_for_a_year_and_more(
    acme: Database,
) -> None:
    content = one_message("Lunch", "Come.", None, NOW.date(), NOW.date())
    ends = {"old": NOW - ENROLMENTS_KEPT - SECOND, "young": NOW - ENROLMENTS_KEPT, "runs": None}
    with acme.transaction() as work:
        for name, at in ends.items():
            campaign = Campaign(CampaignId(name), ACME.id, ANA.id, content, NOW, NOW, ended_at=at)
            work.campaigns.add(campaign)
            for one in (ANA, BO):
                work.enrolments.save(Enrolment(campaign.id, one.id, "Red", NOW.date()))
    assert retain(acme, NOW, chunk=1).enrolments == 2
    assert set(read(acme, campaign_enrolments.c.campaign)) == {"young", "runs"}


def test_letters_go_after_a_year_and_more(acme: Database) -> None:
    post(acme, "old", "young")
    settle(acme, "old", NOW - LETTERS_KEPT - SECOND)
    settle(acme, "young", NOW - LETTERS_KEPT)
    assert retain(acme, NOW) == Retained(events=0, texts=2, letters=1, counts=0, paces=0)
    assert keys(acme) == ["young"]


def test_words_under_an_old_letter_are_still_understood(acme: Database) -> None:
    post(acme, "heard", "never", about="question:q1")
    post(acme, "other")
    for key, values in (
        ("heard", {"external_id": "171.1", "sent_conversation": "D1"}),
        ("never", {"state": LetterState.FAILED}),
        ("other", {"external_id": "171.2", "sent_conversation": "D1"}),
    ):
        settle(acme, key, NOW - 2 * LETTERS_KEPT, **values)
    retain(acme, NOW)
    assert (keys(acme), keys(acme, with_text=True)) == (["heard"], [])
    with acme.transaction() as work:
        found = work.outbox.find(ACME.id, "D1", "171.1")
    assert found is not None
    assert found.about == "question:q1"


def test_letters_without_a_moment_are_as_old_as_those_around_them(acme: Database) -> None:
    post(acme, "cancelled then", "settled then", "cancelled lately", "settled lately")
    for key in ("cancelled then", "cancelled lately"):
        settle(acme, key, None, state=LetterState.CANCELLED)
    settle(acme, "settled then", NOW - 2 * LETTERS_KEPT)
    settle(acme, "settled lately", NOW)
    retain(acme, NOW)
    assert keys(acme, with_text=True) == ["cancelled lately", "settled lately"]
    assert keys(acme) == ["cancelled lately", "settled lately"]


def test_a_letter_is_there_as_long_as_an_edit_of_it(acme: Database) -> None:
    post(acme, "l1")
    settle(acme, "l1", NOW - 2 * LETTERS_KEPT)
    post(acme, "edit", edits="l1")
    # It is carried by the first edit, which still waits.
    post(acme, "newer", edits="l1")
    assert retain(acme, NOW).letters == 0
    assert keys(acme) == ["l1", "edit", "newer"]
    settle(acme, "edit", NOW - 2 * LETTERS_KEPT)
    post(acme, "last")
    settle(acme, "last", NOW - 2 * LETTERS_KEPT)
    assert retain(acme, NOW).letters == 4
    assert keys(acme) == []


def test_counts_and_paces_of_other_days_go(acme: Database) -> None:
    today = NOW.date()
    add(
        acme,
        ask_counts,
        [
            {"fingerprint": name, "day": today - age, "count": 1}
            for name, age in (("old", COUNTS_KEPT + timedelta(days=1)), ("young", COUNTS_KEPT))
        ],
    )
    add(
        acme,
        rates,
        [
            {"lane": ACME.id, "conversation": name, "arrivals": [0], "idle_from": at}
            for name, at in (
                ("", NOW - 2 * PACES_KEPT),
                ("idle", NOW - PACES_KEPT - SECOND),
                ("used", NOW - PACES_KEPT),
            )
        ],
    )
    assert retain(acme, NOW) == Retained(events=0, texts=0, letters=0, counts=1, paces=1)
    assert read(acme, ask_counts.c.fingerprint) == ["young"]
    assert read(acme, rates.c.conversation) == ["", "used"]


def test_who_read_and_did_not_understand_is_counted_for_two_years(acme: Database) -> None:
    moments = {"old": NOW - SIGNALS_KEPT - SECOND, "young": NOW - SIGNALS_KEPT}
    common = {"workspace": ACME.id}
    add(
        acme,
        content_readers,
        [{**common, "fingerprint": f, "section": "s", "at": at} for f, at in moments.items()],
    )
    add(
        acme,
        content_signals,
        [
            {**common, "about": "section:s", "fingerprint": f, "at": at, "counts": True}
            for f, at in moments.items()
        ],
    )
    assert retain(acme, NOW, chunk=1).signals == 2
    assert read(acme, content_readers.c.fingerprint) == ["young"]
    assert read(acme, content_signals.c.fingerprint) == ["young"]


def test_the_readme_says_how_long_and_how_much_is_kept() -> None:
    readme = " ".join((Path(__file__).parents[2] / "README.md").read_text("utf-8").split())
    assert (
        f"events after {EVENTS_KEPT.days} days, what letters said {TEXTS_KEPT.days} days after "
        f"they were sent, and letters after {LETTERS_KEPT.days} days"
    ) in readme
    assert f"{SIZE // 2**20} MB of ballast" in readme
    assert f"Below {MARK // 2**20} MB of free space" in readme


def test_it_goes_through_many_rows_in_small_steps(acme: Database) -> None:
    post(acme, *(f"l{number}" for number in range(10)))
    for number in range(10):
        settle(acme, f"l{number}", NOW - 2 * LETTERS_KEPT)
        with acme.transaction() as work:
            work.inbox.begin("slack", f"E{number}", NOW - 2 * EVENTS_KEPT)
    done = retain(acme, NOW, chunk=3)
    assert done == Retained(events=10, texts=10, letters=10, counts=0, paces=0)
    assert retain(acme, NOW, chunk=3) == NOTHING


def most_steps(database: Database) -> int:
    """Hundreds of steps that SQLite's machine takes in the longest transaction in which nothing
    is thrown away."""
    taken = [0]

    def step() -> int:
        taken[-1] += 1
        return 0

    def begin(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_progress_handler(step, 100)
        taken.append(0)

    event.listen(database._engine, "begin", begin)
    assert retain(database, NOW, reach=50) == NOTHING
    event.remove(database._engine, "begin", begin)
    return max(taken)


def test_no_transaction_grows_with_what_there_is_and_is_kept(
    new_sqlite_database: Callable[[], Database],
) -> None:
    def fill(letters: int) -> Database:
        database = new_sqlite_database()
        with database.transaction() as work:
            work.people.add_workspace(ACME)
            work.outbox.post_all(ACME.id, [letter(f"l{number}") for number in range(letters)])
        with database.begin() as connection:
            connection.execute(
                update(outbox).values(
                    state=LetterState.SENT, settled_at=NOW - TEXTS_KEPT - SECOND, message=None
                )
            )
        events = [{"platform": "slack", "event_id": f"E{n}", "at": NOW} for n in range(letters)]
        add(database, inbox, events)
        return database

    few, many = (most_steps(fill(letters)) for letters in (200, 2_000))
    assert 0 < many <= 1.2 * few


def test_a_process_that_ends_stops_between_two_steps(acme: Database) -> None:
    for number in range(10):
        with acme.transaction() as work:
            work.inbox.begin("slack", f"E{number}", NOW - 2 * EVENTS_KEPT)
    done = retain(acme, NOW, chunk=3, is_ending=lambda: len(read(acme, inbox.c.event_id)) < 5)
    assert done.events == 6
    assert retain(acme, NOW, chunk=3).events == 4


def test_a_letter_that_was_just_taken_back_stays_however_long_ago_it_was_promised(
    acme: Database,
) -> None:
    post(acme, "taken back", "old")
    settle(acme, "old", NOW - LETTERS_KEPT - SECOND)
    with acme.transaction() as work:
        work.outbox.cancel(ACME.id, "taken back")
    retain(acme, NOW)
    assert keys(acme) == ["taken back"]
