"""Replies in Teams: shown once by all processes together, whoever is told of what how often."""

import asyncio
import itertools
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.teams.answer import LEASE, PATIENCE
from adapters.teams.app import Ack, TeamsEntrance
from adapters.teams.read import NAME, Heard, Reading, read
from bot.capabilities.questions.memory import Memory
from bot.reply import Showing
from storage.database import Database
from tests.adapters.contract import CHANNEL, DM
from tests.adapters.slack_desk import Doing, make_capability
from tests.adapters.teams_harness import SEAL, Json, TeamsHarness, open_harness
from tests.databases import RELAY_KEY


@pytest.fixture
def doing() -> Doing:
    return Doing()


@pytest.fixture
def desk(sqlite_template: Path, tmp_path: Path, doing: Doing) -> Iterator[TeamsHarness]:
    file = shutil.copyfile(sqlite_template, tmp_path / "teams.db")
    database = Database(f"sqlite:///{file}", relay_key=RELAY_KEY, memory=Memory(), durable=False)
    with open_harness(database, frozenset(), [make_capability(doing)]) as harness:
        yield harness
    database.close()


@pytest.fixture
def both(database: Database, doing: Doing) -> Iterator[TeamsHarness]:
    """The same on each engine."""
    with open_harness(database, frozenset(), [make_capability(doing)]) as harness:
        yield harness


def words(desk: TeamsHarness, text: str = "ask hello") -> Json:
    ana = desk.people["ana"]
    return desk.site.words(ana, desk.site.teams.add_personal(ana), text)


def shown(desk: TeamsHarness, place: str = DM) -> list[str]:
    return [heard.plain for heard in desk.heard("ana", place)]


def take(desk: TeamsHarness, activity: Json, *entrances: TeamsEntrance) -> list[Ack]:
    """Each of them is told at the same moment, and all show what they have to."""

    async def tell() -> list[Ack]:
        answers = await asyncio.gather(*(each.take(activity) for each in entrances))
        for each in entrances:
            await each.settle()
        return answers

    return desk.site.run(tell())


def test_reply_is_shown_once_by_all_processes_together(both: TeamsHarness, doing: Doing) -> None:
    desk, activity = both, words(both)
    others = [desk.site.make_entrance() for _ in range(2)]
    answers = take(desk, activity, desk.site.entrance, *others * 2)
    assert {ack.status for ack in answers} == {200}
    # Told again it is known by all, and by one that has just begun.
    take(desk, activity, desk.site.entrance, *others, desk.site.make_entrance())
    assert len(shown(desk)) == 1
    assert doing.done == ["hello"]


def test_press_that_two_processes_are_told_of_is_answered_by_both_and_shown_once(
    desk: TeamsHarness,
) -> None:
    (card,) = desk.say("ana", "/door all", CHANNEL).messages
    place, post = desk.find(card.id)
    ana = desk.people["ana"]
    control = desk.site.screen(post, ana).control("Loud")
    press = desk.site.press(ana, place, post, control)
    answers = take(desk, press, desk.site.entrance, desk.site.make_entrance())
    # Whoever waits is shown the same, whichever answer arrives.
    assert answers[0] == answers[1]
    assert answers[0].body is not None
    assert shown(desk, CHANNEL)[1:] == ["For all"]


def test_reply_that_another_process_died_of_is_shown_when_its_time_is_over(
    desk: TeamsHarness,
) -> None:
    activity = words(desk)
    found = read(activity, Reading(desk.now, SEAL))
    assert isinstance(found, Heard)
    # A process has taken it on, and to show its reply, and is no more.
    desk.site.app.receive(found.inbound)
    until = desk.now + PATIENCE + LEASE
    act = found.inbound.event_id
    assert desk.site.app.begin_showing(NAME, act, until) is Showing.OURS
    take(desk, activity, desk.site.entrance)
    assert shown(desk) == []
    desk.now = until + timedelta(seconds=1)
    take(desk, activity, desk.site.entrance)
    assert len(shown(desk)) == 1


@pytest.mark.parametrize(
    ("fault", "calls"), [("refuse:403:MessageWritesBlocked", 1), ("reset_after", 2)]
)
def test_reply_that_is_refused_or_lost_is_not_said_when_it_is_told_again(
    desk: TeamsHarness, fault: str, calls: int
) -> None:
    activity = words(desk)
    desk.site.teams.fail("send", fault)
    before = len(desk.site.teams.called("send"))
    for _ in range(2):
        take(desk, activity, desk.site.entrance, desk.site.make_entrance())
    assert len(desk.site.teams.called("send")) == before + calls


def test_claims_name_nobody(desk: TeamsHarness) -> None:
    take(desk, words(desk), desk.site.entrance)
    ana, place = desk.people["ana"], desk.site.teams.add_personal(desk.people["ana"])
    names = (ana.user, ana.entra, ana.name, place.id, "hello")
    with desk.database.begin() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM showings").fetchall()
    assert rows
    assert not any(name in str(row) for name, row in itertools.product(names, rows))
