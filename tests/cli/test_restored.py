"""After a restore nothing is sent a second time that was sent after the backup was taken."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, insert, select

from bot.attention import Wish, book
from bot.bootstrap import now
from bot.bootstrap.house import open_house
from bot.bootstrap.restored import take_up_again
from bot.capabilities.questions.memory import Memory
from bot.capability import Capability, register
from bot.context import Context
from bot.outbox import Delivery, Letter, LetterState, Outcome, Priority, Sent, ToPerson
from bot.ports import Timer, Work
from bot.rate import UNLIMITED
from bot.settings import Settings
from storage.database import Database
from storage.tables import outbox, timers
from tests.cli.program import Program
from tests.cli.slow import SlowSite
from tests.storage.example import ACME, ANA, BO, CY, HOUR, letter, message

KEY = "k" * 40
SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class Platform:
    """What has arrived on it outlives every database."""

    reads_back: bool = True
    arrived: list[str] = field(default_factory=list)
    name: str = "fake"
    limits: Any = UNLIMITED

    async def deliver(self, delivery: Delivery) -> Outcome:
        self.arrived.append(delivery.key)
        return Sent(external=delivery.key, conversation=delivery.address)

    async def find_delivered(self, delivery: Delivery) -> Sent | None:
        is_there = delivery.key in self.arrived
        return Sent(external=delivery.key, conversation=delivery.address) if is_there else None


class Place:
    """A program around a database, run again and again."""

    def __init__(self, url: str) -> None:
        self.settings = Settings(database_url=url, relay_key=SecretStr(KEY), vectors="none")
        self.platform = Platform()
        self.database = Database(url, relay_key=KEY.encode(), memory=Memory())

    def site_of(self, _settings: Settings, _database: Database) -> SlowSite:
        site = SlowSite(self.platform)
        rings: Capability[Work] = Capability(
            name="r", title="R", timers={"promise": promise, "wish": wish}
        )
        site.registry = register([rings])
        return site

    def run(self, is_over: Callable[[dict[str, str]], bool]) -> None:
        """Do what falls due, as `inflow run` does, until what became of the letters suits."""

        async def run() -> None:
            with open_house(self.settings, self.site_of) as house:
                async with asyncio.timeout(20):
                    while True:
                        await asyncio.to_thread(house.app.run_due)
                        await house.lanes.drain_all()
                        if is_over(self.states()):
                            break
                        await asyncio.sleep(0.05)
                await house.lanes.stop()

        asyncio.run(run())

    def states(self) -> dict[str, str]:
        with self.database.begin() as connection:
            rows = connection.execute(select(outbox.c.key, outbox.c.state))
            return {row.key: row.state for row in rows}

    def back_up(self) -> Callable[[], None]:
        """Call what is returned to restore."""
        with self.database.begin() as connection:
            kept = {
                table: connection.execute(select(table)).mappings().all()
                for table in (outbox, timers)
            }

        def restore() -> None:
            with self.database.begin() as connection:
                for table, rows in kept.items():
                    connection.execute(delete(table))
                    connection.execute(insert(table), [dict(row) for row in rows])

        return restore


def promise(_context: Context, work: Work, timer: Timer) -> None:
    work.outbox.post(ACME.id, letter(f"of {timer.key}", priority=Priority.TIP))


def wish(context: Context, work: Work, _timer: Timer) -> None:
    """As a campaign does: whoever cannot get it today gets it on another day."""
    person = replace(BO, zone="UTC")
    book(
        context,
        work,
        [
            Wish(
                person,
                Letter(
                    key="campaign",
                    to=ToPerson(person=BO.id),
                    message=message(),
                    kind="campaign.message",
                    priority=Priority.CAMPAIGN,
                    due_at=context.now,
                    expires_at=context.now + timedelta(days=8),
                ),
            )
        ],
    )


@pytest.fixture
def place(database_url: str) -> Iterator[Place]:
    place = Place(database_url)
    with place.database.transaction() as work:
        work.people.add_workspace(ACME)
        for person in (ANA, BO, CY):
            work.people.save(person)
        for key in ("answer", "unsent"):
            work.outbox.post(ACME.id, letter(key, priority=Priority.ANSWER))
        work.outbox.post(ACME.id, letter("tip", priority=Priority.TIP))
        work.outbox.post(ACME.id, letter("tomorrow", due_at=now() + timedelta(days=1)))
        work.timers.set(Timer(key="timer", due_at=now() - HOUR, action="promise", args={}))
    yield place
    place.database.close()


SENT = ("answer", "of timer", "tip", "unsent")


def all_are_sent(states: dict[str, str]) -> bool:
    return all(states.get(key) == LetterState.SENT for key in SENT)


def lose_everything_after_a_backup(place: Place) -> None:
    """All is sent but one letter, then the backup is restored."""
    restore = place.back_up()
    place.run(all_are_sent)
    place.platform.arrived.remove("unsent")
    restore()


def test_without_a_word_about_the_restore_letters_are_doubled(place: Place) -> None:
    """What the command is there for; without it nobody can know."""
    lose_everything_after_a_backup(place)
    place.run(all_are_sent)
    assert place.platform.arrived.count("answer") == 2


def test_what_was_sent_after_the_backup_is_looked_up_and_not_doubled(place: Place) -> None:
    lose_everything_after_a_backup(place)
    assert take_up_again(place.settings, site_of=place.site_of) == 4
    assert take_up_again(place.settings, site_of=place.site_of) == 0, "it may be called again"
    place.run(all_are_sent)
    assert sorted(place.platform.arrived) == sorted(SENT)
    assert place.states()["tomorrow"] == LetterState.PENDING


def test_what_nobody_can_look_up_is_repeated_or_listed_as_unknown(place: Place) -> None:
    lose_everything_after_a_backup(place)
    place.platform.reads_back = False
    take_up_again(place.settings, site_of=place.site_of)
    place.run(
        lambda states: (
            not {LetterState.AMBIGUOUS, LetterState.LEASED, LetterState.SENDING}
            & set(states.values())
            and states["answer"] == states["unsent"] == LetterState.SENT
        )
    )
    states = place.states()
    assert states["tip"] == states["of timer"] == LetterState.UNKNOWN
    assert {key: place.platform.arrived.count(key) for key in SENT} == {
        "answer": 2,
        "unsent": 1,
        "tip": 1,
        "of timer": 1,
    }


def test_what_was_due_after_the_last_process_stopped_was_never_sent(place: Place) -> None:
    with place.database.transaction() as work:
        work.outbox.post(ACME.id, letter("meanwhile", due_at=now() - 60 * SECOND))
    place.platform.reads_back = False
    take_up_again(place.settings, now() - 600 * SECOND, place.site_of)
    assert place.states()["meanwhile"] == LetterState.PENDING
    assert place.states()["answer"] == LetterState.AMBIGUOUS


def test_a_campaign_that_is_planned_anew_for_another_day_is_looked_up(place: Place) -> None:
    with place.database.transaction() as work:
        work.timers.set(Timer(key="wish", due_at=now() - HOUR, action="wish", args={}))
    place.platform.arrived.append("campaign")
    take_up_again(place.settings, site_of=place.site_of)
    place.run(lambda states: states["campaign"] == LetterState.SENT)
    assert place.platform.arrived.count("campaign") == 1


def test_the_command_says_what_it_has_done(program: Program) -> None:
    assert program.call("migrate").stdout == "The database is up to date, and empty.\n"
    url = f"sqlite:///{program.folder}/inflow.db"
    with (
        closing(Database(url, relay_key=KEY.encode(), memory=Memory())) as database,
        database.transaction() as work,
    ):
        work.people.add_workspace(ACME)
    done = program.call("restored")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("0 letters may have been sent")
    for moment in ("yesterday", "2026-03-02T10:00"):
        refused = program.call("restored", "--until", moment)
        assert refused.returncode == 2
        assert "with its zone" in refused.stderr


def test_where_nothing_was_restored_it_says_so_and_makes_nothing(program: Program) -> None:
    def refuse() -> None:
        done = program.call("restored")
        assert (done.returncode, done.stdout) == (1, "")
        assert "There is nothing in this database: no backup was restored to it" in done.stderr

    refuse()
    assert list(program.folder.iterdir()) == []
    program.call("migrate")
    refuse()
