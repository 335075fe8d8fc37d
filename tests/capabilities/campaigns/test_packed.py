"""A campaign out of a pack, as it reads in a workspace."""

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from pydantic import ValidationError

from bot.capabilities.campaigns.content import (
    Activity,
    Audience,
    ClusterBy,
    Consent,
    Design,
    Format,
    OnlyIf,
    Rollout,
    Success,
    Timing,
)
from bot.capabilities.campaigns.filling import fill
from bot.capabilities.campaigns.model import Campaign as Kept
from bot.capabilities.campaigns.model import State
from bot.capabilities.campaigns.packed import Planned, keep, plan
from bot.ids import PersonId
from bot.message import Button, Choice
from bot.pack.document import Campaign
from bot.pack.ports import Put
from bot.people import Role
from tests.capabilities.campaigns.running import Runs
from tests.world import WORKSPACE, Heard, World, person

DOCUMENT: dict[str, Any] = {
    "id": "two-weeks",
    "title": "Two weeks",
    "topic": "travel",
    "owner": "@dana",
    "approvers": ["sam", "@kim"],
    "audience": {
        "include": ["team:customer-care", "person:ana"],
        "exclude": ["person:ben", "group:on-leave"],
        "consent": "opt_out",
    },
    "start": "2027-02-01",
    "timing": "enrolment",
    "join_until": "2027-02-20",
    "rollout": {"design": "stepped_wedge", "cluster_by": "site", "steps": 2, "step_every": "P14D"},
    "success": {"metric": "m", "baseline": "P12W", "follow_up": "P2W", "smallest_worthwhile": -0.3},
    "completion": "certified(data)",
    "activities": [
        {"id": "a1", "format": "quiz", "ref": "data", "when": {"day": 0}},
        {
            "id": "a2",
            "format": "message",
            "when": {"day": 1, "at": "09:30"},
            "to": "channel",
            "channel": "#travel",
            "text": "{{campaign.title}} on {{ topic.title }}, from {{campaign.owner}}.",
        },
        {
            "id": "a3",
            "format": "quiz",
            "ref": "data",
            "when": {"day": 2},
            "only_if": "not_certified",
            "catch_up": True,
        },
    ],
}


def planned(world: World, **changes: Any) -> Planned:
    world.changes("lu", team="Customer care")
    document = Campaign.model_validate(DOCUMENT | changes)
    with world.database.transaction() as work:
        return plan(work, WORKSPACE, document)


def sentences(found: Planned) -> dict[tuple[str | int, ...], str]:
    return {finding.where: finding.sentence for finding in found.faults}


def test_a_campaign_of_a_pack_says_the_same_here(world: World) -> None:
    found = planned(world)
    assert found.faults == ()
    late, away = found.hints
    assert (late.where, away.where) == (("activities", 2, "catch_up"), ("audience", "exclude", 1))
    assert "all do" in late.sentence
    assert found.owner is not None
    assert found.owner.id == "dana"
    content = found.content
    assert content.audience == Audience(
        teams=("Customer care",),
        people=(PersonId("ana"),),
        without_people=(PersonId("ben"),),
        consent=Consent.OPT_OUT,
    )
    assert content.approvers == ("sam", "kim")
    assert (content.timing, content.start) == (Timing.ENROLMENT, date(2027, 2, 1))
    assert content.join_until == date(2027, 2, 20)
    assert content.rollout == Rollout(Design.STEPPED_WEDGE, ClusterBy.SITE, 2, 14, None)
    assert content.success == Success("m", 84, 14, "-0.3")
    assert content.completion == "certified(data)"
    assert content.catch_up
    assert content.activities == (
        Activity("a1", Format.QUIZ, day=0, ref="data"),
        Activity(
            "a2",
            day=1,
            at=time(9, 30),
            channel="#travel",
            text="{{campaign.title}} on {{ topic.title }}, from {{campaign.owner}}.",
        ),
        Activity("a3", Format.QUIZ, day=2, ref="data", only_if=OnlyIf.NOT_CERTIFIED),
    )


def test_everybody_is_everybody_whoever_else_is_named(world: World) -> None:
    found = planned(world, audience={"include": ["group:everybody", "team:customer-care"]})
    assert found.faults == ()
    assert found.content.audience.is_everybody


def test_who_takes_it_over_is_not_asked_to_approve_it(world: World) -> None:
    brings(world, owner="ben", approvers=["sam", "@dana"])
    card = chooses(world)
    assert "It names Dana as an approver, who owns it now" in card.text
    with world.database.transaction() as work:
        (draft,) = work.campaigns.shown_to(WORKSPACE, PersonId("dana"), 10)
    assert draft.content.approvers == ("sam",)


def test_who_is_not_known_is_said_with_the_place(world: World) -> None:
    found = planned(
        world,
        owner="@nobody",
        approvers=["sam", "gone"],
        audience={"include": ["team:nowhere"], "exclude": ["tag:odd"]},
    )
    unknown = planned(world, audience={"include": ["person:gone"]})
    assert "I know nobody here who is called @gone" in unknown.faults[0].sentence
    assert sentences(found) == {
        ("owner",): "I know nobody here who is called @nobody.",
        ("approvers", 1): "I know nobody here who is called @gone.",
        (
            "audience",
            "include",
            0,
        ): "I do not know who team:nowhere is. I know the teams Customer care.",
        ("audience", "exclude", 0): "I do not know who tag:odd is. I know the teams Customer care.",
    }
    # An audience of which nobody is known is not everybody.
    assert not found.content.audience.is_everybody
    assert not unknown.content.audience.is_everybody
    nobody: list[dict[str, list[str]]] = [{"exclude": ["team:customer-care"]}, {"include": []}]
    for audience in nobody:
        with pytest.raises(ValidationError, match=r"audience\.include"):
            planned(world, audience=audience)


def test_somebody_is_found_by_their_name_unless_several_have_it(world: World) -> None:
    for address, name in (("U1", "Jo Lee"), ("U2", "Jo Lee"), ("U3", "Kit Marlow")):
        world.joins(replace(person(address), name=name))
    found = planned(world, approvers=["kit.marlow", "jo-lee"])
    assert found.content.approvers == ("U3",)
    assert sentences(found) == {
        ("approvers", 1): "Several people are called @jo-lee. Please write the address of the one "
        "you mean."
    }


def test_who_owns_it_has_to_have_the_right(world: World) -> None:
    assert "Ana may not run campaigns" in sentences(planned(world, owner="ana"))[("owner",)]


def test_what_is_only_known_later_is_filled_in_later(world: World) -> None:
    said = {**DOCUMENT["activities"][1], "text": "New: {{faq.new_titles}}."}
    found = planned(world, activities=[said])
    assert found.content.activities[0].text == "New: {{faq.new_titles}}."
    assert sentences(found) == sentences(planned(world))


def test_what_cannot_be_filled_in_is_said(world: World) -> None:
    said = {**DOCUMENT["activities"][1], "text": "New: {{faq.titles}}."}
    found = planned(world, activities=[said])
    assert "I cannot fill in {{faq.titles}}" in sentences(found)["activities", 0, "text"]


def test_planned_twice_it_is_one_draft(world: World) -> None:
    runs = Runs(world)
    as_it_is, other = planned(world), planned(world, throttle_per_day=2)
    with runs.acting("dana") as (context, work, dana):
        first = keep(context, work, as_it_is, dana)
        assert keep(context, work, as_it_is, dana) == first
        changed = keep(context, work, other, dana)
        assert (changed.id, changed.edition, changed.state) == (first.id, 2, State.DRAFT)
        listed = work.campaigns.shown_to(WORKSPACE, dana.id, 10)
        assert [campaign.id for campaign in listed] == [first.id]


def test_its_days_are_those_of_the_document(world: World) -> None:
    found = planned(
        world,
        timing="calendar",
        start="2027-02-01",
        activities=[{"id": "a1", "format": "tip", "ref": "t", "when": {"date": "2027-02-02"}}],
    )
    assert found.content.first_day == date(2027, 2, 2)


# --- in chat ----------------------------------------------------------------------------------


def brings(world: World, **changes: Any) -> None:
    document = Campaign.model_validate(DOCUMENT | changes)
    with world.database.transaction() as work:
        work.packs.put(WORKSPACE, [Put(document, "ours", world.now)])


def chooses(world: World) -> Heard:
    """Dana takes the one campaign that there is; the card of her draft."""
    world.says("dana", "/campaign pack")
    asked = world.hears("dana")[-1]
    choice = next(part for part in asked.message.parts if isinstance(part, Choice))
    assert [option.label for option in choice.options] == ["Two weeks"]
    args = {**choice.args, "choice": choice.options[0].value}
    world.taps("dana", Button(label="Which one?", action=choice.action, args=args), on=asked)
    return world.hears("dana")[-1]


def test_a_campaign_of_a_pack_becomes_a_draft_of_who_takes_it(world: World) -> None:
    world.changes("lu", team="Customer care")
    brings(world, owner="@somebody-else", audience={"include": ["team:nowhere"]})
    card = chooses(world)
    assert "It is a draft of your own now." in card.text
    assert "I do not know who team:nowhere is" in card.text
    # Taken again it is the same one.
    chooses(world)
    with world.database.transaction() as work:
        (draft,) = work.campaigns.shown_to(WORKSPACE, PersonId("dana"), 10)
    assert (draft.owner, draft.state, draft.title) == ("dana", State.DRAFT, "Two weeks")
    assert "From a pack…" in [b.label for b in listed(world).buttons]


def test_what_was_changed_in_chat_is_not_replaced_without_asking(world: World) -> None:
    brings(world)
    chooses(world)
    brings(world, throttle_per_day=2)
    asked = chooses(world)
    assert "You have a draft “Two weeks” already" in asked.text
    assert draft_of_dana(world).content.throttle_per_day == 1
    world.presses("dana", "Begin it anew")
    assert "It is a draft of your own now." in world.last("dana")
    assert draft_of_dana(world).content.throttle_per_day == 2


def test_settings_that_are_kept_as_they_stand_change_nothing(world: World) -> None:
    for address, name in (("U1", "Jo Lee"), ("U2", "Max Lee")):
        world.joins(replace(person(address), name=name))
        world.changes(address, roles=frozenset({Role.APPROVER}))
    for who in ("sam", "ana"):
        world.changes(who, team="Customer care", roles=frozenset({Role.APPROVER}))
    brings(
        world,
        approvers=["sam", "jo-lee", "max-lee"],
        requirement="mandatory",
        audience={"include": ["group:everybody"], "consent": "assigned"},
        rollout={"design": "ab", "cluster_by": "site", "seed": 4},
    )
    card = chooses(world)
    before = draft_of_dana(world).content
    assert (before.approvers, before.rollout.design) == (("sam", "U1", "U2"), Design.AB)
    assert before.audience.consent is Consent.ASSIGNED
    world.presses("dana", "Settings", on=card)
    world.fills("dana")
    assert draft_of_dana(world).content == before
    world.presses("dana", "Settings")
    world.fills("dana", consent="opt_in", rollout="all", approver="", second="")
    after = draft_of_dana(world).content
    assert (after.approvers, after.rollout) == ((), Rollout())
    assert after.audience.consent is Consent.OPT_IN


def draft_of_dana(world: World) -> Kept:
    with world.database.transaction() as work:
        (draft,) = work.campaigns.shown_to(WORKSPACE, PersonId("dana"), 10)
    return draft


def test_texts_are_filled_in_with_what_is_so_when_they_are_read(world: World) -> None:
    world.changes("ana", name="Ana", team="Customer care")
    part = {"when": {"date": "2027-02-02"}, "format": "message"}
    text = "{{campaign.title}} on {{ topic.title }}, from {{campaign.owner}}."
    brings(
        world,
        timing="calendar",
        join_until=None,
        rollout={},
        activities=[{**part, "id": "a1", "text": text}],
    )
    chooses(world)
    runs = Runs(world)
    draft = draft_of_dana(world)
    with runs.acting("dana") as (context, work, _):
        (activity,) = draft.content.activities
        assert fill(context, work, draft, activity).text == "Two weeks on Travel, from Dana."
    world.changes("dana", name="Dana Kowalski")
    with runs.acting("dana") as (context, work, _):
        told = fill(context, work, draft, activity).text
        assert told.startswith("Two weeks on Travel, from Dana Kowalski")


def listed(world: World) -> Heard:
    world.says("dana", "/campaign")
    return world.hears("dana")[-1]


def test_a_campaign_to_who_is_not_known_is_not_submitted(world: World) -> None:
    for who in ("lu", "ana", "ben", "bo", "sam", "kim"):
        world.changes(who, team="Customer care")
    audience = {"include": ["team:customer-care", "person:kimm"]}
    brings(world, audience=audience, rollout={}, success=None)
    card = chooses(world)
    assert "Submit for approval" not in [button.label for button in card.buttons]
    assert "I do not know who this is: person:kimm." in card.text


@pytest.mark.parametrize("segment", ["person:kimm", "team:worksc"])
def test_a_campaign_that_leaves_out_who_is_not_known_is_not_submitted(
    world: World, segment: str
) -> None:
    world.changes("lu", team="Customer care")
    audience = {"include": ["group:everybody"], "exclude": [segment]}
    brings(world, audience=audience, rollout={}, success=None)
    card = chooses(world)
    assert "Submit for approval" not in [button.label for button in card.buttons]
    name = segment.removeprefix("team:")
    assert f"I do not know whom it leaves out: {name}." in card.text


def test_without_packs_nothing_can_be_taken_from_one(world: World) -> None:
    world.says("dana", "/campaign pack")
    assert "There is no campaign in the packs" in world.last("dana")
    world.forges("dana", "campaign.take_pack", {"choice": "two-weeks\0"})
    assert "I do not have that campaign any more." in world.last("dana")


def test_nobody_else_may_take_one(world: World) -> None:
    brings(world)
    world.forges("ana", "campaign.take_pack", {"choice": "two-weeks"})
    with world.database.transaction() as work:
        assert work.campaigns.shown_to(WORKSPACE, PersonId("ana"), 10) == []
