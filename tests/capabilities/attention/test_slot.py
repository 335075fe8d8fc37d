"""What comes to a person again and again follows their own hour."""

from datetime import time

from bot.slot import begin_slot
from tests.world import World


def test_another_hour_moves_all_that_comes_again(world: World) -> None:
    ana = world.find_person("ana")
    with world.database.transaction() as work:
        work.slots.save(begin_slot(ana, "tips.daily", time(10), world.now))
    world.says("ana", "/settings")
    world.fills("ana", slot="14:30")
    with world.database.transaction() as work:
        (slot,) = work.slots.of(ana.id)
        assert slot.at == time(14, 30)
        slots_before = work.slots.of(ana.id)
    world.says("ana", "/settings")
    world.fills("ana", weekdays="Mon Tue")
    with world.database.transaction() as work:
        assert work.slots.of(ana.id)[0].at == slots_before[0].at
