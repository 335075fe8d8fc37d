"""A scene is the same for all its processes, and everybody in it has a morning."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.outbox import LetterState
from bot.people import Person, WorkingHours, local
from bot.slot import EVERY_DAY
from storage.database import Database
from tests.crash.scene import (
    HOUR,
    Scene,
    lane_of,
    make_event,
    morning_zone,
    person_of,
    prepare,
    read_rows,
    thing_of,
    things_of,
)

SUNDAY = datetime(2026, 11, 22, tzinfo=UTC)


def test_a_scene_travels_to_its_processes() -> None:
    scene = Scene(seed="7", faults={"late": 0.5}, per_second=None)
    assert Scene.from_json(scene.to_json()) == scene


@pytest.mark.parametrize("hour", range(24))
def test_it_is_always_morning_somewhere(hour: int) -> None:
    now = SUNDAY + timedelta(hours=hour, minutes=59)
    person = Person(
        person_of(0, 0), lane_of(0), "U", "N", morning_zone(now), WorkingHours(EVERY_DAY)
    )
    assert local(person, now).hour == HOUR.hour


def test_what_is_promised_at_the_start_is_in_the_store(database: Database) -> None:
    promised = prepare(database, Scene(lanes=2, people=3, letters=7, events=0), SUNDAY)
    with database.begin() as connection:
        rows = read_rows(connection)
    assert {row.thing for row in rows} == promised
    assert len(rows) == 7
    assert {row.state for row in rows} == {LetterState.PENDING}
    assert {row.repeats for row in rows} == {True, False}


def test_tries_of_one_event_are_one_thing() -> None:
    scene = Scene(lanes=2)
    assert things_of(scene, 4) == {"w0/e4:answer", "w0/e4:tip", "w0/e4:edit"}
    assert things_of(scene, 5) == {"w1/e5:answer", "w1/e5:tip"}
    assert thing_of("w0", "e4:some-id:tip") == thing_of("w0", "e4:another:tip") == "w0/e4:tip"
    assert thing_of("w0", "campaign:of-w0:all:w0p1") == "w0/campaign:of-w0:all:w0p1"
    assert make_event(scene, 5).event_id == "e5"
