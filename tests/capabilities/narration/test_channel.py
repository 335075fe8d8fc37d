"""Sharing with a channel on a platform that can tell who is in it."""

from datetime import timedelta

from tests.capabilities.campaigns.test_channel import due, moves, opens, reads
from tests.capabilities.narration.narrating import leads, own, propose, share, write
from tests.world import World

CHANNEL = "#lunch"
TEXT = "Filter after the export."


def offers(world: World, who: str) -> None:
    write(world, who, TEXT)
    propose(world, who, reach="channel")


def test_its_people_are_counted_once_they_were_read(world: World) -> None:
    opens(world)
    leads(world, "dana", "sales", "ana")
    world.says("ana", "/narrate here", CHANNEL)
    offers(world, "ana")
    assert (
        "(I do not know how many that are). I do not know whether your manager is one of them."
        in " ".join(world.last("ana").replace("**", "").split())
    )
    reads(world, ["ana", "ben", "bo", "cem", "dana", "kim"])
    offers(world, "ana")
    assert "Visible to 5 people, including your manager: yes." in world.last("ana")
    assert "#free-lunch" in world.last("ana")
    world.presses("ana", "Share")
    assert TEXT in world.in_channel(CHANNEL)[-1].text
    [kept, _] = own(world, "ana")
    world.forges("kim", "narration.show", {"narration": kept.id})
    assert TEXT in world.last("kim")
    world.forges("lu", "narration.show", {"narration": kept.id})
    assert "not yours to read" in world.last("lu")


def test_who_joins_the_channel_later_reads_it_there_and_not_here(world: World) -> None:
    opens(world)
    world.says("ana", "/narrate here", CHANNEL)
    offers(world, "ana")
    reads(world, ["ana", "ben", "bo", "cem", "dana", "kim"])
    share(world, "ana", TEXT, reach="channel")
    moves(world, "lu", joins=True)
    kept = own(world, "ana")[0]
    world.forges("lu", "narration.show", {"narration": kept.id})
    assert "not yours to read" in world.last("lu")


def test_who_left_the_channel_cannot_share_with_it(world: World) -> None:
    opens(world)
    world.says("ana", "/narrate here", CHANNEL)
    offers(world, "ana")
    reads(world, ["ben", "bo", "cem", "dana", "kim"])
    offers(world, "ana")
    assert "You are not in that channel any more." in world.last("ana")


def shared(world: World, *people: str) -> None:
    """The platform tells that other organisations are in the channel too."""
    reading = due(world)
    assert reading is not None
    with world.database.transaction() as work:
        work.memberships.keep(reading, "#free-lunch", people, strangers=True)
        work.directory.turn(reading, None, world.now, world.now + timedelta(days=30))


def test_people_of_other_organisations_are_told_of_and_asked_about_anew(world: World) -> None:
    opens(world)
    world.says("ana", "/narrate here", CHANNEL)
    offers(world, "ana")
    reads(world, ["ana", "ben", "bo", "cem", "dana", "kim"])
    offers(world, "ana")
    assert "other organisations" not in world.last("ana")
    world.passes(days=1)
    shared(world, "ana", "ben", "bo", "cem", "dana", "kim")
    world.presses("ana", "Share")
    said = "Visible to 5 people and to people of other organisations, whom I cannot count."
    assert said in world.last("ana")
    assert world.in_channel(CHANNEL) == []
    world.presses("ana", "Share")
    assert TEXT in world.in_channel(CHANNEL)[-1].text


def test_a_digest_has_nothing_for_everybody_before_it_is_known_who_reads_it(world: World) -> None:
    opens(world)
    world.says("ana", "/narrate digest on", CHANNEL)
    world.says("ana", "/narrate here", CHANNEL)
    for words, reach in (("For us all.", "everybody"), ("For this channel.", "channel")):
        write(world, "ana", words)
        propose(world, "ana", reach=reach)
        said = "I cannot tell whether people of other organisations read it."
        assert (said in world.last("ana")) is (reach == "channel")
        world.presses("ana", "Share, also in digests")
    world.says("ana", "/narrate digest now", CHANNEL)
    world.passes(days=5)
    for digest in (world.last("ana"), world.in_channel(CHANNEL)[-1].text):
        assert "For this channel." in digest
        assert "For us all." not in digest


def test_a_digest_that_others_read_has_nothing_that_was_shared_with_everybody(world: World) -> None:
    opens(world)
    world.says("ana", "/narrate digest on", CHANNEL)
    world.says("ana", "/narrate here", CHANNEL)
    shared(world, "ana", "ben", "bo", "cem", "dana", "kim")
    for words, reach in (("For us all.", "everybody"), ("For this channel.", "channel")):
        write(world, "ana", words)
        propose(world, "ana", reach=reach)
        world.presses("ana", "Share, also in digests")
    world.passes(days=5)
    digest = world.in_channel(CHANNEL)[-1].text
    assert "For this channel." in digest
    assert "For us all." not in digest
