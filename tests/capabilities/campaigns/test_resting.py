"""Whatever happens in whatever order: nothing leaves after a pause, and nobody gets a thing twice,
or two on one day."""

from collections import Counter
from random import Random

import pytest
from sqlalchemy import select

from bot.capabilities.campaigns.content import Timing
from bot.capabilities.campaigns.model import State
from storage.tables import outbox
from tests.capabilities.campaigns.running import MONDAY, NAME, TEXT_QUIZ_TEXT, Runs
from tests.capabilities.campaigns.test_running import OWN_DAYS
from tests.world import World


@pytest.mark.parametrize("timing", Timing)
@pytest.mark.parametrize("seed", range(3))
def test_pauses_at_any_time(world: World, timing: Timing, seed: int) -> None:
    for who, zone in (("kim", "Pacific/Auckland"), ("bo", "America/Los_Angeles")):
        world.changes(who, zone=zone)
    runs, draw = Runs(world), Random(f"{timing}{seed}")
    runs.starts(TEXT_QUIZ_TEXT if timing is Timing.CALENDAR else OWN_DAYS)
    world.passes(hours=20)
    resting = False
    for _ in range(12):
        sent = len(world.room.heard)
        world.passes(hours=draw.randint(1, 30))
        if resting:
            assert len(world.room.heard) == sent
        state = runs.reads().state
        if state is State.RUNNING:
            runs.rests()
            resting = True
        elif state is State.PAUSED:
            runs.goes_on()
            resting = False
    assert world.now.date() > MONDAY
    with world.database.begin() as connection:
        rows = connection.execute(
            select(outbox.c.person, outbox.c.day, outbox.c.key).where(
                outbox.c.state == "sent",
                outbox.c.key.like(f"campaign:{NAME}:%"),
                outbox.c.day.is_not(None),
            )
        ).all()
    assert max(Counter((row.person, row.day) for row in rows).values(), default=0) <= 1
    assert max(Counter(row.key for row in rows).values(), default=0) <= 1
