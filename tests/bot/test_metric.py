"""What is counted, and that counting from many threads misses nothing."""

from concurrent.futures import ThreadPoolExecutor
from math import inf

import pytest

from bot.metric import Count, Distribution, Family, Kind, Meters, Spread


def test_a_count_has_a_series_for_each_value_of_its_labels() -> None:
    count = Count("letters", "Letters.", "lane", "outcome")
    count.add("w1", "sent")
    count.add("w1", "sent", by=2)
    count.add("w2", "failed")
    assert count.read() == Family(
        "letters",
        "Letters.",
        Kind.COUNTER,
        ("lane", "outcome"),
        {("w1", "sent"): 3, ("w2", "failed"): 1},
    )


def test_whatever_may_come_of_it_is_counted_from_nought() -> None:
    count = Count("letters", "Letters.", "lane", "outcome", of=["sent", "limited"])
    assert count.read().values == {}
    count.add("w1", "sent")
    assert count.read().values == {("w1", "sent"): 1, ("w1", "limited"): 0}
    count.add("w1", "limited")
    assert count.read().values["w1", "limited"] == 1
    alone = Count("rounds", "Rounds.", "outcome", of=["done", "failed"])
    assert alone.read().values == {("done",): 0, ("failed",): 0}


def test_without_labels_there_is_a_nought_from_the_start() -> None:
    assert Count("rounds", "Rounds.").read().values == {(): 0}
    assert Spread("size", "Sizes.", [1]).read().distributions == {
        (): Distribution(((1, 0), (inf, 0)), 0)
    }


def test_a_spread_counts_what_is_at_most_each_bound() -> None:
    spread = Spread("wire_seconds", "Seconds.", [1, 0.125], "platform")
    for seconds in (0.125, 0.25, 1, 5):
        spread.add(seconds, "room")
    assert spread.read().distributions == {
        ("room",): Distribution(((0.125, 1), (1, 3), (inf, 4)), 6.375)
    }
    assert spread.read().distributions["room",].count == 4


@pytest.mark.parametrize("labels", [(), ("a", "b")])
def test_labels_are_given_for_each_name(labels: tuple[str, ...]) -> None:
    with pytest.raises(TypeError):
        Count("n", "N.", "lane").add(*labels)
    with pytest.raises(TypeError):
        Spread("n", "N.", [1], "lane").add(1, *labels)


def test_many_threads_may_count_at_once() -> None:
    count, spread = Count("n", "N."), Spread("m", "M.", [1])

    def work(_number: int) -> None:
        for _ in range(2_000):
            count.add()
            spread.add(2)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert count.read().values == {(): 16_000}
    assert spread.read().distributions[()].count == 16_000


def test_meters_show_what_rooms_count_and_what_is_looked_up() -> None:
    meters = Meters()
    rounds = Count("rounds", "Rounds.")
    meters.include(rounds)
    rounds.add()
    assert [family.name for family in meters.counted()] == [
        "inflow_inbound",
        "inflow_slots",
        "rounds",
    ]
    looks = []

    def look() -> list[Family]:
        looks.append(1)
        return [Family("depth", "Depth.", Kind.GAUGE, (), {(): len(looks)})]

    meters.look_at(look)
    meters.counted()
    assert [family.values for _ in range(2) for family in meters.seen()] == [{(): 1}, {(): 2}]
