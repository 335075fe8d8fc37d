"""Who approves campaigns, what they find, and what no longer holds by then."""

from dataclasses import replace

from bot.capabilities.campaigns.content import Format
from bot.capabilities.campaigns.model import State
from bot.outbox import Never
from bot.pack.model import Kind
from bot.people import Role
from tests.capabilities.campaigns.planning import (
    adds,
    approve_and_schedule,
    labels,
    picks,
    reads,
    three_parts,
    writes,
)
from tests.capabilities.campaigns.test_talk import PickyRoom, write
from tests.world import WORKSPACE, Heard, World, person


def opens(world: World) -> Heard:
    """What Dana sees of the campaign now."""
    world.forges("dana", "campaign.look_at", {"campaign": reads(world).id})
    return world.hears("dana")[-1]


def shown(world: World, who: str) -> str:
    """The person's own page, in words."""
    return Heard("page", f"dm:{who}", world.opens(who)).text


def test_who_approves_finds_what_waits_on_their_page_and_by_command(either_world: World) -> None:
    world = either_world
    card = three_parts(world)
    world.says("sam", "/campaign")
    assert "Nothing waits for your approval." in world.last("sam")
    assert "To approve" not in shown(world, "sam")
    world.presses("dana", "Submit for approval", on=card)
    page = shown(world, "sam")
    assert "To approve" in page
    assert "Two weeks of data, by Dana" in page
    for who in ("ana", "dana"):
        assert "To approve" not in shown(world, who)
    world.says("sam", "/campaign")
    listed = world.hears("sam")[-1]
    assert "Two weeks of data, by Dana" in listed.text
    picks(world, "sam", listed, "Look at one", reads(world).id)
    world.presses("sam", "Approve")
    assert reads(world).state is State.APPROVED
    assert "To approve" not in shown(world, "sam")
    world.says("sam", "/campaign")
    assert "Nothing waits for your approval." in world.last("sam")


def test_of_two_who_are_named_both_have_to_approve(world: World) -> None:
    world.changes("kim", roles=frozenset({Role.APPROVER}))
    world.changes("bo", roles=frozenset({Role.APPROVER}))
    card = writes(world, approver="sam", second="kim")
    assert "Approvers: Kim and Sam" in card.text
    card = adds(world, card, Format.MESSAGE, date="2026-03-03", text="Here we go.")
    world.presses("dana", "Submit for approval", on=card)
    assert "It waits for Kim and Sam." in card.text
    world.passes(seconds=1)
    assert world.dms("bo") == []
    world.presses("sam", "Approve")
    assert "Others have to as well." in world.last("sam")
    world.passes(seconds=1)
    assert "It still waits for Kim." in world.last("dana")
    assert reads(world).state is State.IN_REVIEW
    # Whoever else may approve campaigns was not named by this one.
    args = {"campaign": reads(world).id}
    world.forges("bo", "campaign.approve", args)
    assert reads(world).state is State.IN_REVIEW
    world.presses("kim", "Approve")
    world.passes(seconds=1)
    assert reads(world).state is State.APPROVED
    assert "Kim has approved" in world.last("dana")


def test_only_those_are_sent_a_part_again_whom_it_did_not_reach(world: World) -> None:
    room = PickyRoom(outcomes={"ben": Never("msg_too_odd")})
    card = three_parts(world)
    approve_and_schedule(world, card)
    world.room, room.heard = room, world.room.heard
    world.passes(days=2, hours=4)
    card = opens(world)
    assert "Ben: it could not be sent" in card.text
    assert "Resend to failed (2)" in labels(card)
    room.outcomes.clear()
    room.tried.clear()
    before = world.dms("ana")
    world.presses("dana", "Resend to failed (2)", on=card)
    assert "once more" in card.text
    world.passes(days=10)
    assert "Here we go." in "\n".join(world.dms("ben"))
    # Nobody else gets anything but the part that was still to come.
    assert len(world.dms("ana")) == len(before) + 1
    assert "failed:" not in opens(world).text
    keys = [h.key for h in room.heard if h.key is not None and h.conversation == "dm:ben"]
    assert len(keys) == len(set(keys)) == 3


def test_one_message_becomes_the_first_of_several_parts(world: World) -> None:
    world.changes("sam", roles=frozenset({Role.APPROVER}))
    card = write(world)
    [more] = [button for button in card.buttons if button.label == "Add more parts"]
    assert more.confirm is not None
    assert "cannot send it yourself any more" in more.confirm.text
    world.presses("dana", "Add more parts", on=card)
    assert "Mon 2 Mar: message, “Lunch is free this week." in card.text
    assert "Send it" not in labels(card)
    card = adds(world, card, Format.MESSAGE, date="2026-03-04", text="And dinner.")
    approve_and_schedule(world, card)
    world.passes(days=4)
    got = "\n".join(world.dms("ana"))
    assert got.count("Lunch is free") == 1
    assert got.count("And dinner.") == 1


def test_the_retired_reference_of_a_part_is_named_as_the_card_names_parts(world: World) -> None:
    three_parts(world)
    with world.database.transaction() as work:
        work.packs.retire(WORKSPACE, Kind.QUIZ, ["data"], world.now)
    card = opens(world)
    assert "Part 2 (quiz): It has been retired" in card.text
    assert "Submit for approval" not in labels(card)


def sales(world: World, people: int) -> None:
    for number in range(people):
        world.joins(replace(person(f"x{number}"), team="Sales"))


def test_an_audience_of_nobody_is_refused_in_the_form(world: World) -> None:
    sales(world, 2)
    world.says("dana", "/campaign")
    world.presses("dana", "Several parts")
    few = world.fills("dana", title="Data", audience="team:Sales")
    assert "5 people or more" in few.errors["audience"]
    gone = world.fills("dana", title="Data", audience="team:Nobody")
    assert "do not know" in gone.errors["audience"]


def test_an_audience_that_has_become_too_small_since_the_draft_stands_in_the_way(
    world: World,
) -> None:
    sales(world, 6)
    card = writes(world, audience="team:Sales")
    card = adds(world, card, Format.MESSAGE, date="2026-03-03", text="Here we go.")
    assert "Submit for approval" in labels(card)
    for who in ("x0", "x1", "x2"):
        world.leaves(who)
    world.presses("dana", "Submit for approval", on=card)
    assert reads(world).state is State.DRAFT
    assert "5 people or more" in world.last("dana")
    assert "X0" not in world.last("dana")


def test_who_comes_to_an_audience_after_it_was_approved_gets_it_too(world: World) -> None:
    sales(world, 6)
    card = writes(world, audience="team:Sales")
    card = adds(world, card, Format.MESSAGE, date="2026-03-04", text="Here we go.")
    approve_and_schedule(world, card)
    world.changes("x0", team="Support")
    world.joins(replace(person("y"), team="Sales"))
    world.passes(days=3)
    assert "Here we go." in "\n".join(world.dms("y"))
    assert world.dms("x0") == []


def test_a_draft_whose_first_day_has_passed_says_so_and_is_not_submitted(world: World) -> None:
    card = three_parts(world)
    world.passes(days=2)
    world.presses("dana", "Submit for approval", on=card)
    assert "This day has passed." in world.last("dana")
    assert reads(world).state is State.DRAFT
    card = opens(world)
    assert "Submit for approval" not in labels(card)
    assert "Part 1 (message): This day has passed." in card.text
