"""What is put before those who approve, what their approval is of, and when it holds no more."""

from dataclasses import replace

import pytest

from bot.capabilities.campaigns.content import Format
from bot.capabilities.campaigns.model import State
from bot.errors import Conflict, Invalid
from bot.ids import PersonId
from bot.people import Role
from tests.capabilities.campaigns.planning import (
    adds,
    labels,
    picks,
    reads,
    starts,
    three_parts,
    writes,
)
from tests.capabilities.campaigns.running import (
    DAY,
    TEXT_QUIZ_TEXT,
    TUESDAY,
    Runs,
    message,
)
from tests.world import Heard, World

FIRST, QUIZ, THIRD = TEXT_QUIZ_TEXT.activities
SAM, BEN, ANA = PersonId("sam"), PersonId("ben"), PersonId("ana")


def opens(world: World, who: str = "dana") -> Heard:
    """What somebody sees of the campaign now."""
    world.forges(who, "campaign.look_at", {"campaign": reads(world).id})
    return world.hears(who)[-1]


# --- gone through first -----------------------------------------------------------------------


def test_who_approves_gets_the_main_figures_of_the_dry_run(world: World) -> None:
    card = three_parts(world)
    world.presses("dana", "Submit for approval", on=card)
    world.passes(seconds=1)
    asked = world.hears("sam")[-1]
    assert "People: 8 people now; 8 get something of it" in asked.text
    assert "Fullest week: 3 planned for each person" in asked.text
    world.presses("sam", "Dry run", on=asked)
    assert "Messages a day" in world.last("sam")


def test_nobody_is_asked_before_all_have_been_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.capabilities.campaigns.rehearsal.CHUNK", 3)
    card = three_parts(world)
    world.presses("dana", "Submit for approval", on=card)
    assert "I go through it" in card.text
    assert reads(world).state is State.IN_REVIEW
    assert world.dms("sam") == []
    args = {"campaign": reads(world).id}
    world.forges("sam", "campaign.approve", args)
    assert reads(world).state is State.IN_REVIEW
    world.passes(seconds=5)
    assert "People: 8 people now" in world.last("sam")
    world.presses("sam", "Approve")
    assert reads(world).state is State.APPROVED


def test_what_nobody_has_gone_through_yet_is_not_approved(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.capabilities.campaigns.rehearsal.CHUNK", 3)
    runs = Runs(world)
    runs.drafts(TEXT_QUIZ_TEXT)
    runs.submits()
    with pytest.raises(Conflict, match="still going through it"):
        runs.approves()
    world.passes(seconds=5)
    assert runs.approves().state is State.APPROVED


def test_who_names_no_figure_of_the_work_claims_no_outcome(world: World) -> None:
    card = three_parts(world)
    [submit] = [one for one in card.buttons if one.label == "Submit for approval"]
    assert submit.confirm is not None
    assert "You claim no outcome" in submit.confirm.text
    assert "Measured by: nothing: no outcome is claimed" in card.text
    world.presses("dana", "Settings", on=card)
    world.fills("dana", metric="Returned parcels", worthwhile="5 a week")
    card = world.hears("dana")[-1]
    [submit] = [one for one in card.buttons if one.label == "Submit for approval"]
    assert submit.confirm is not None
    assert "outcome" not in submit.confirm.text
    assert "Measured by: Returned parcels, by at least 5 a week" in card.text


def test_who_has_not_decided_yet_has_one_card_that_is_as_it_is_now(world: World) -> None:
    world.changes("kim", roles=frozenset({Role.APPROVER}))
    world.says("kim", "stop")
    card = three_parts(world)
    before = len(world.dms("kim"))
    for day in ("06", "09"):
        world.presses("dana", "Submit for approval", on=card)
        world.passes(seconds=1)
        world.presses("dana", "Change it", on=card)
        card = adds(world, card, Format.MESSAGE, date=f"2026-03-{day}", text=f"Until the {day}.")
    world.presses("dana", "Submit for approval", on=card)
    world.passes(seconds=1)
    [asked] = [heard for heard in world.hears("sam") if "Dana asks you to approve" in heard.text]
    assert "Until the 09." in asked.text
    # Who wants nothing unasked finds it on their own page.
    assert len(world.dms("kim")) == before
    assert "To approve" in Heard("page", "dm:kim", world.opens("kim")).text
    world.presses("sam", "Approve", on=asked)
    assert reads(world).state is State.APPROVED


# --- a change while it runs -------------------------------------------------------------------


def changes_the_last(world: World, text: str = "That was not it yet.") -> Heard:
    """Dana changes the last of three parts while the campaign runs; the card of her change."""
    card = opens(world)
    world.presses("dana", "Change what comes", on=card)
    picks(world, "dana", card, "Look at a part", "a3")
    world.presses("dana", "Change", on=card)
    assert world.fills("dana", text=text).errors == {}
    return world.hears("dana")[-1]


def test_a_change_is_its_owners_alone_until_it_is_submitted(world: World) -> None:
    starts(world)
    world.passes(days=1, hours=3)
    card = changes_the_last(world)
    world.says("sam", "/campaign")
    assert "Nothing waits for your approval." in world.last("sam")
    campaign = reads(world)
    world.forges("sam", "campaign.approve", {"campaign": campaign.id})
    assert reads(world).amendment is not None
    assert "You have begun a change" in opens(world).text
    world.presses("dana", "Submit for approval", on=card)
    world.passes(seconds=1)
    assert "asks you to approve a change of this campaign" in world.last("sam")
    assert "waits for Sam" in opens(world).text
    # Changed once more, it is asked for once more.
    changes_the_last(world, "Or was it?")
    world.says("sam", "/campaign")
    assert "Nothing waits for your approval." in world.last("sam")


def test_a_change_of_what_has_begun_meanwhile_is_not_approved(world: World) -> None:
    runs = Runs(world)
    runs.starts(TEXT_QUIZ_TEXT)
    runs.upto(TUESDAY, 9)
    runs.amends(replace(TEXT_QUIZ_TEXT, activities=(FIRST, replace(THIRD, text="Changed."))))
    runs.upto(TUESDAY + DAY, 12)
    assert sum(runs.counts("a2").values()) == 8
    with pytest.raises(Conflict, match="has begun meanwhile"):
        runs.approves()
    assert runs.reads().content == TEXT_QUIZ_TEXT
    assert sum(runs.counts("a2").values()) == 8


def test_a_change_of_a_part_whose_day_has_passed_meanwhile_is_not_approved(world: World) -> None:
    runs = Runs(world)
    runs.starts(replace(TEXT_QUIZ_TEXT, activities=(FIRST, message("a9", TUESDAY + 9 * DAY))))
    runs.upto(TUESDAY, 9)
    content = runs.reads().content
    runs.amends(replace(content, activities=(*content.activities, replace(THIRD, id="a4"))))
    runs.upto(TUESDAY + 4 * DAY, 9)
    with pytest.raises(Conflict, match="This day has passed"):
        runs.approves()


def test_a_change_that_comes_too_late_goes_back_to_its_owner_with_what_has_begun(
    world: World,
) -> None:
    starts(world)
    world.passes(days=1)
    card = opens(world)
    world.presses("dana", "Change what comes", on=card)
    picks(world, "dana", card, "Look at a part", "a2")
    world.presses("dana", "Remove", on=card)
    card = changes_the_last(world)
    assert [a.id for a in reads(world).proposed.activities] == ["a1", "a3"]
    world.presses("dana", "Submit for approval", on=card)
    world.passes(seconds=1)
    asked = world.hears("sam")[-1]
    world.passes(days=1)
    world.presses("sam", "Approve", on=asked)
    assert "has begun meanwhile, or is too late" in asked.text
    world.passes(seconds=1)
    assert "could not be approved any more" in world.last("dana")
    campaign = reads(world)
    assert [a.id for a in campaign.content.activities] == ["a1", "a2", "a3"]
    # The quiz stays, and what is left of the change can be submitted again.
    assert {a.id for a in campaign.proposed.activities} == {"a1", "a2", "a3"}
    assert "That was not it yet." in {a.text for a in campaign.proposed.activities}
    card = opens(world)
    world.presses("dana", "Change what comes", on=card)
    world.presses("dana", "Submit for approval", on=card)
    world.passes(seconds=1)
    world.presses("sam", "Approve")
    world.passes(days=2)
    assert reads(world).amendment is None
    assert "That was not it yet." in "\n".join(world.dms("ana"))


# --- who may ------------------------------------------------------------------------------------


def test_who_may_not_approve_is_not_named(world: World) -> None:
    world.says("dana", "/campaign")
    world.presses("dana", "Several parts")
    reply = world.fills("dana", title="Data", approver="ana")
    assert "Ana may not approve campaigns." in reply.errors["approver"]


def test_who_is_named_without_the_right_stands_in_the_way(world: World) -> None:
    runs = Runs(world)
    runs.drafts(replace(TEXT_QUIZ_TEXT, approvers=(ANA,)))
    with pytest.raises(Invalid, match="Ana may not approve campaigns"):
        runs.submits()
    world.changes("ana", roles=frozenset({Role.APPROVER}))
    runs.submits()
    assert runs.approves("ana").state is State.APPROVED


def test_who_loses_the_right_is_waited_for_no_more(world: World) -> None:
    runs = Runs(world)
    world.changes("ana", roles=frozenset({Role.APPROVER}))
    runs.drafts(replace(TEXT_QUIZ_TEXT, approvers=(ANA,)))
    runs.submits()
    world.changes("ana", roles=frozenset())
    assert runs.approves("sam").state is State.APPROVED
    # What was approved may be scheduled, whoever has lost the right since.
    assert runs.schedules().state is State.SCHEDULED


def test_what_all_have_approved_who_are_left_needs_one_of_them_once_more(world: World) -> None:
    world.changes("ben", roles=frozenset({Role.APPROVER}))
    card = writes(world, approver="sam", second="ben")
    card = adds(world, card, Format.MESSAGE, date="2026-03-03", text="Here we go.")
    world.presses("dana", "Submit for approval", on=card)
    world.passes(seconds=1)
    asked = world.hears("sam")[-1]
    world.presses("sam", "Approve", on=asked)
    assert "Approve" not in labels(opens(world, "sam"))
    world.changes("ben", roles=frozenset())
    card = opens(world)
    assert "It is approved by all who are left to approve it" in card.text
    world.passes(seconds=1)
    world.presses("dana", "Ask again", on=card)
    world.passes(seconds=1)
    world.presses("sam", "Approve", on=world.hears("sam")[-1])
    assert reads(world).state is State.APPROVED
