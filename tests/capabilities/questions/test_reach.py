"""Who cannot be reached, has blocked the bot or has it no more: nobody waits for them."""

from bot.outbox import Delivery, Never, Outcome
from bot.people import UNTIL_BACK, Person
from tests.world import PLATFORM, WORKSPACE, Room, World

TAXI = "How do I claim the taxi from a client visit?"


class Doors(Room):
    """A platform on which people can shut the bot out, which then says so to the core."""

    def __init__(self, world: World) -> None:
        super().__init__(name=PLATFORM)
        self.world = world
        self.shut: set[str] = set()
        self.tried: list[str] = []

    async def deliver(self, delivery: Delivery) -> Outcome:
        if delivery.direct and delivery.address in self.shut:
            self.tried.append(delivery.key)
            note_reach(self.world, delivery.address, is_reachable=False)
            return Never("blocked", unreachable=True)
        return await super().deliver(delivery)


def note_reach(world: World, who: str, *, is_reachable: bool) -> None:
    world.app.note_reach(PLATFORM, world.external, who, is_reachable=is_reachable)


def in_directory(world: World, who: str) -> Person:
    with world.database.transaction() as work:
        person = work.people.by_address(WORKSPACE, who)
    assert person is not None
    return person


def told(world: World, who: str) -> list[str]:
    return [heard.text for heard in world.room.heard if heard.conversation == f"dm:{who}"]


def test_offer_that_can_reach_nobody_goes_on_at_once(world: World) -> None:
    room = world.room = Doors(world)
    room.shut = {"kim", "bo"}
    world.says("ana", TAXI)
    world.passes(minutes=1)
    assert len(room.tried) == 2, "each was tried once"
    assert "lu" in world.who_was_asked() or world.state() == "escalated"
    world.says("ben", "Which taxi may I take to the hotel?")
    world.passes(minutes=31)
    assert len(room.tried) == 2, "nothing is tried for nothing"


def test_what_reached_somebody_who_then_goes_is_passed_on(world: World) -> None:
    world.says("ana", TAXI)
    (first,) = world.who_was_asked()
    note_reach(world, first, is_reachable=False)
    note_reach(world, first, is_reachable=False)
    world.passes(minutes=1)
    assert len(world.who_was_asked()) == 2
    assert world.who_was_asked().count(first) == 1


def test_whoever_does_anything_is_back(world: World) -> None:
    note_reach(world, "kim", is_reachable=False)
    note_reach(world, "bo", is_reachable=False)
    assert in_directory(world, "kim").away_until == UNTIL_BACK
    world.says("kim", "/topics")
    assert in_directory(world, "kim").away_until is None
    assert in_directory(world, "bo").away_until == UNTIL_BACK
    note_reach(world, "bo", is_reachable=True)
    assert in_directory(world, "bo").away_until is None
    world.says("ana", TAXI)
    assert set(world.who_was_asked()) <= {"kim", "bo"}


def test_nobody_is_met_or_brought_back_for_it(world: World) -> None:
    note_reach(world, "nobody", is_reachable=False)
    world.leaves("kim")
    note_reach(world, "kim", is_reachable=False)
    note_reach(world, "kim", is_reachable=True)
    assert not in_directory(world, "kim").active
    world.app.note_reach(PLATFORM, "elsewhere", "bo", is_reachable=False)
    assert in_directory(world, "bo").away_until is None


def test_what_finds_nobody_is_told_to_who_can_be_told(world: World) -> None:
    note_reach(world, "sam", is_reachable=False)
    world.says("ana", TAXI)
    for who in ("kim", "bo", "lu"):
        note_reach(world, who, is_reachable=False)
    world.passes(minutes=1)
    world.passes(days=3)
    assert world.state() == "escalated"
    assert "found nobody" in world.last("dana")


def test_what_waits_for_somebody_who_then_goes_is_told_to_who_is_left(world: World) -> None:
    world.room = Doors(world)
    for who in ("kim", "bo", "lu"):
        note_reach(world, who, is_reachable=False)
    world.says("ana", TAXI)
    world.passes(days=3)
    assert world.state() == "escalated"
    assert "found nobody" in world.last("sam")
    assert told(world, "dana") == []
    note_reach(world, "sam", is_reachable=False)
    world.passes(minutes=1)
    assert "found nobody" in world.last("dana")
    note_reach(world, "sam", is_reachable=True)
    note_reach(world, "sam", is_reachable=False)
    world.passes(minutes=1)
    assert len(told(world, "dana")) == 1, "she was told already"


def test_a_letter_with_an_answer_accepted_before_it_went_is_still_about_the_answer(
    world: World,
) -> None:
    world.says("ana", TAXI)
    helper = world.who_was_asked()[0]
    world.presses(helper, "I take it")
    world.presses(helper, "Answer")
    world.shuts_out("dm:ana")
    world.fills(helper, answer="Use the expense form.")
    question = world.question()
    with world.database.transaction() as work:
        [turn] = work.questions.turns(question.id)
    world.forges("ana", "question.accept", {"question": question.id, "answer": turn.id})
    assert world.state() == "accepted"
    world.room.closed.clear()
    world.passes(minutes=10)
    told = next(h for h in world.room.heard if h.key and h.key.endswith(f":answer:{turn.id}"))
    with world.database.transaction() as work:
        found = work.outbox.find(WORKSPACE, "dm:ana", told.id)
    assert found is not None
    assert found.about == f"{question.subject}:answer:{turn.id}"
