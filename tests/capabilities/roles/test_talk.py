"""Community managers name people for roles, who are told; nobody is left without a manager."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.capabilities.roles import messages
from bot.form import ChoiceField
from bot.ids import PersonId, TopicId, WorkspaceId
from bot.inbound import Inbound, Ordered, Place, PlaceKind, Profile, Submitted
from bot.people import Role, RoleChange, Workspace
from bot.plain import render_plain
from bot.reply import Reply
from bot.topic import Topic
from tests.world import PLATFORM, WORKSPACE, World, person

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def text(reply: Reply) -> str:
    assert reply.message is not None
    return render_plain(reply.message)


def managers(world: World) -> list[str]:
    with world.database.transaction() as work:
        return [p.id for p in work.people.holders(WORKSPACE, Role.COMMUNITY_MANAGER)]


def changes(world: World, by: str, who: str, role: Role, change: str) -> Reply:
    world.says(by, "/role")
    world.presses(by, "Give or take a role")
    return world.fills(by, person=who, role=role.value, change=change)


def test_a_manager_sees_who_has_what(either_world: World) -> None:
    either_world.changes("kim", roles=frozenset({Role.COMMUNITY_MANAGER}))
    said = text(either_world.says("dana", "/role"))
    assert "- Community manager: Dana, Kim" in said


def test_many_with_long_names_and_addresses_are_told_as_far_as_there_is_room() -> None:
    many = [replace(person(f"p{n}_" * 20), name=f"Person_{n} " * 12) for n in range(40)]
    changes = [RoleChange(WORKSPACE, p.id, Role.AUDITOR, True, p.id, NOW) for p in many[:10]]
    names = {p.id: p.name for p in many}
    message = messages.listed(
        dict.fromkeys((Role.AUDITOR, Role.APPROVER, Role.COMMUNITY_MANAGER), many),
        [messages.change_of(change, names) for change in changes],
    )
    told = render_plain(message)
    assert "Auditor: Person_0" in told
    assert " more" in told
    assert told.count("became an auditor") == 10


def test_roles_that_give_no_rights_are_not_offered(world: World) -> None:
    """Who reads “Operator: nobody” asks what an operator would see."""
    world.changes("kim", roles=frozenset({Role.OPERATOR}))
    said = text(world.says("dana", "/role"))
    assert "People manager" not in said
    assert "Operator" not in said
    world.presses("dana", "Give or take a role")
    assert world.form is not None
    (roles,) = (f for f in world.form.fields if isinstance(f, ChoiceField) and f.name == "role")
    given = {"community_manager", "auditor", "approver"}
    assert {option.value for option in roles.options} == given
    values = {"person": "kim", "role": "operator", "change": "give"}
    assert "Please choose" in world.forges("dana", "role.keep", {}, values).errors["role"]


def test_who_may_not_do_something_hears_who_may(world: World) -> None:
    for words in ("/role", "/topic Keys", "/campaign Party", "/holiday 2026-12-24 Closed"):
        said = text(world.says("ana", words))
        assert said == "You may not do this. Ask Dana if you think you should."
    changes(world, "dana", "kim", Role.COMMUNITY_MANAGER, "give")
    assert "Ask Dana or Kim if" in text(world.says("ana", "/role"))


def test_a_newcomer_hears_it_too(world: World) -> None:
    """What they did is taken back as a whole, and so is that they came."""
    newcomer = Inbound(
        platform=PLATFORM,
        workspace="w1",
        event_id="first",
        person="rita",
        place=Place(conversation="dm:rita", kind=PlaceKind.DM),
        at=world.now,
        what=Ordered(name="role"),
        profile=Profile(name="Rita"),
    )
    assert "Ask Dana" in text(world.app.receive(newcomer))
    elsewhere = newcomer.model_copy(update={"workspace": "w2", "event_id": "elsewhere"})
    assert "nobody looks after Inflow here yet" in text(world.app.receive(elsewhere))


def test_where_nobody_may_it_says_what_to_do_about_it(world: World) -> None:
    world.changes("dana", roles=frozenset())
    said = text(world.says("ana", "/topic Keys"))
    assert "nobody looks after Inflow here yet" in said
    assert "INFLOW_ADMINS" in said


def test_where_nobody_may_it_says_who_could_name_somebody(world: World) -> None:
    """Nobody is an auditor to begin with, and who looks after it all is none."""
    world.says("ana", "/quiz audit")
    said = world.last("ana")
    assert "Nobody here may do this yet. Dana can name somebody with /role." in said


def test_somebody_who_gets_a_role_has_its_rights_and_is_told(either_world: World) -> None:
    world = either_world
    assert "Kim is a community manager, and is told." in text(
        changes(world, "dana", "kim", Role.COMMUNITY_MANAGER, "give")
    )
    assert "You are a community manager here now, named by Dana" in world.last("kim")
    assert "Who has which role here" in text(world.says("kim", "/role"))


def test_somebody_who_loses_a_role_loses_its_rights_and_is_told(world: World) -> None:
    changes(world, "dana", "kim", Role.COMMUNITY_MANAGER, "give")
    changes(world, "kim", "dana", Role.COMMUNITY_MANAGER, "take")
    assert "You are no longer a community manager here. Kim took the role back." in world.last(
        "dana"
    )
    assert "You may not do this." in text(world.says("dana", "/role"))
    assert managers(world) == ["kim"]


def test_the_same_role_can_be_given_taken_and_given_again(world: World) -> None:
    for change in ("give", "take", "give"):
        changes(world, "dana", "kim", Role.COMMUNITY_MANAGER, change)
    told = [said for said in world.dms("kim") if "community manager here" in said]
    assert len(told) == 3


def test_the_last_manager_stays_one(world: World) -> None:
    reply = changes(world, "dana", "dana", Role.COMMUNITY_MANAGER, "take")
    assert "This is the last community manager." in reply.errors["person"]
    assert managers(world) == ["dana"]


def test_a_manager_who_has_left_does_not_count(world: World) -> None:
    changes(world, "dana", "kim", Role.COMMUNITY_MANAGER, "give")
    world.leaves("kim")
    reply = changes(world, "dana", "dana", Role.COMMUNITY_MANAGER, "take")
    assert "This is the last community manager." in reply.errors["person"]


def test_a_manager_may_step_down_beside_another(world: World) -> None:
    changes(world, "dana", "kim", Role.COMMUNITY_MANAGER, "give")
    reply = changes(world, "dana", "dana", Role.COMMUNITY_MANAGER, "take")
    assert "You are no longer a community manager." in text(reply)
    assert managers(world) == ["kim"]


def test_two_who_take_the_role_from_each_other_do_not_both_succeed(either_world: World) -> None:
    world = either_world
    changes(world, "dana", "kim", Role.COMMUNITY_MANAGER, "give")

    both = threading.Barrier(2)

    def take(by: str, whose: str) -> Reply:
        values = {"person": whose, "role": "community_manager", "change": "take"}
        inbound = Inbound(
            platform=PLATFORM,
            workspace="w1",
            event_id=f"take-{by}",
            person=by,
            place=Place(conversation=f"dm:{by}", kind=PlaceKind.DM),
            at=world.now,
            what=Submitted(action="role.keep", values=values),
        )
        both.wait()
        return world.app.receive(inbound)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(take, ("dana", "kim"), ("kim", "dana")))
    assert len(managers(world)) == 1


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"person": "nobody"}, "person", "I do not know that person"),
        ({"person": "stranger"}, "person", "I do not know that person"),
        ({"person": "\0"}, "person", "I do not know that person"),
        ({"role": "emperor"}, "role", "Please choose"),
        ({"change": "keep"}, "change", "Please choose"),
        ({"person": "dana", "change": "give"}, "role", "Dana has this role already."),
        ({"person": "bo", "change": "take"}, "role", "Bo does not have this role."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    either_world: World, values: dict[str, str], field: str, sentence: str
) -> None:
    world = either_world
    with world.database.transaction() as work:
        work.people.add_workspace(
            Workspace(id=WorkspaceId("v"), platform=PLATFORM, external="w2", name="Other")
        )
        stranger = replace(person("stranger"), workspace=WorkspaceId("v"))
        work.people.save(stranger)
    filled = {"person": "kim", "role": "community_manager", "change": "give", **values}
    reply = world.forges("dana", "role.keep", {}, filled)
    assert sentence in reply.errors[field]
    assert managers(world) == ["dana"]


@pytest.mark.parametrize("action", ["role.list", "role.change"])
def test_buttons_of_others_do_nothing_for_who_is_no_manager(world: World, action: str) -> None:
    assert "You may not do this." in text(world.forges("ana", action, {}))


def test_a_form_of_others_does_nothing_for_who_is_no_manager(world: World) -> None:
    values = {"person": "ana", "role": "community_manager", "change": "give"}
    assert "You may not do this." in text(world.forges("ana", "role.keep", {}, values))
    assert managers(world) == ["dana"]


def test_the_page_of_a_manager_leads_to_the_roles(world: World) -> None:
    assert "Who has which role here" in text(world.presses_on_page("dana", "Roles"))
    assert "[Roles]" not in render_plain(world.opens("ana"))


def test_every_change_of_a_role_is_kept_and_seen_by_whom_it_concerns(either_world: World) -> None:
    world = either_world
    changes(world, "dana", "kim", Role.APPROVER, "give")
    changes(world, "dana", "kim", Role.APPROVER, "take")
    said = text(world.says("dana", "/role"))
    assert "2 March 2026: Kim became an approver of campaigns, by Dana" in said
    assert "2 March 2026: Kim is no longer an approver of campaigns, by Dana" in said
    assert "Kim became an approver of campaigns, by Dana" in text(world.says("kim", "/me"))
    assert "approver" not in text(world.says("ana", "/me"))


def test_a_steward_is_named_in_chat_and_each_change_is_kept(either_world: World) -> None:
    world = either_world
    world.opens_topic(Topic(TopicId("rooms"), WORKSPACE, "Rooms", steward=PersonId("ben")))
    assert "- Rooms: Ben" in text(world.says("dana", "/role"))
    world.presses("dana", "Name a steward")
    assert "no topic" in world.fills("dana", topic="nothing").errors["topic"]
    assert "already" in world.fills("dana", topic="rooms", person="ben").errors["person"]
    said = world.fills("dana", topic="rooms", person="kim")
    assert "Kim looks after Rooms now" in text(said)
    world.drains()
    assert "You are steward of Rooms now, named by Dana" in world.last("kim")
    assert "You are no longer steward of Rooms" in world.last("ben")
    listed = text(world.says("dana", "/role"))
    assert "- Rooms: Kim" in listed
    assert "Kim became steward of Rooms, by Dana" in listed
    assert "Ben is no longer steward of Rooms, by Dana" in listed
    assert "Kim became steward of Rooms" in text(world.says("kim", "/me"))
    world.presses("dana", "Name a steward")
    assert "Nobody is steward of Rooms now" in text(world.fills("dana", topic="Rooms", person=""))
    assert "- Rooms: nobody" in text(world.says("dana", "/role"))
    world.says("dana", "/topic Parking")
    assert "Dana became steward of Parking, by Dana" in text(world.says("dana", "/role"))
    world.forges("ana", "role.keep_steward", {}, {"topic": "rooms", "person": "ana"})
    assert "- Rooms: nobody" in text(world.says("dana", "/role"))


def test_an_approver_is_told_what_comes_and_where_to_look(world: World) -> None:
    world.says("kim", "/help")
    assert "- /campaign" not in world.last("kim")
    changes(world, "dana", "kim", Role.APPROVER, "give")
    world.passes(seconds=1)
    assert "you get its card" in world.last("kim")
    world.says("kim", "/help")
    assert "- /campaign" in world.last("kim")
    world.says("kim", "/campaign")
    assert "Nothing waits for your approval." in world.last("kim")


def test_nobody_gives_themselves_rights_that_they_lack(world: World) -> None:
    reply = changes(world, "dana", "dana", Role.AUDITOR, "give")
    assert "Nobody gives themselves rights" in reply.errors["person"]
    # What adds nothing to what they may is theirs to take up and to lay down.
    assert changes(world, "dana", "dana", Role.APPROVER, "give").errors == {}
    assert changes(world, "dana", "dana", Role.APPROVER, "take").errors == {}


def test_the_others_who_name_roles_hear_of_every_change(world: World) -> None:
    world.changes("kim", roles=frozenset({Role.COMMUNITY_MANAGER}))
    world.changes("lu", roles=frozenset({Role.AUDITOR}))
    changes(world, "dana", "ben", Role.AUDITOR, "give")
    for who in ("kim", "lu"):
        assert "Ben is an auditor here: Dana has changed it" in world.last(who)
    changes(world, "dana", "ben", Role.APPROVER, "give")
    assert "Ben is an approver of campaigns here: Dana" in world.last("kim")
    assert "approver" not in world.last("lu")
    assert len([said for said in world.dms("dana") if "has changed it" in said]) == 0


def test_every_change_can_be_read_page_by_page(world: World) -> None:
    for _ in range(6):
        changes(world, "dana", "kim", Role.APPROVER, "give")
        changes(world, "dana", "kim", Role.APPROVER, "take")
    world.says("dana", "/role")
    listed = world.hears("dana")[-1]
    assert listed.text.count("Kim") == 10
    world.presses("dana", "Earlier changes", on=listed)
    assert listed.text.count("Kim") == 2
    assert "Earlier changes" not in [button.label for button in listed.buttons]
    world.forges("dana", "role.list", {"skipped": "all"})
    assert "Last changed" in world.last("dana")


def test_who_is_given_a_role_at_night_hears_of_it_when_they_work(world: World) -> None:
    world.changes("kim", zone="America/New_York")
    changes(world, "dana", "kim", Role.AUDITOR, "give")
    assert world.dms("kim") == []
    world.passes(hours=4, minutes=59)
    assert world.dms("kim") == []
    world.passes(minutes=1)
    assert "auditor" in world.last("kim")


def test_who_hears_of_a_change_hears_why_and_after_a_stop_too(world: World) -> None:
    world.changes("kim", roles=frozenset({Role.COMMUNITY_MANAGER}), paused_until=NOW.replace(day=4))
    changes(world, "dana", "bo", Role.AUDITOR, "give")
    assert world.dms("kim") == []
    world.passes(days=3)
    assert "Bo is an auditor here" in world.last("kim")
    said = text(world.presses("kim", "Why am I getting this?"))
    assert "hear of each change" in said
    assert "a stop does not end them" in said
    world.says("kim", "stop")
    changes(world, "dana", "bo", Role.AUDITOR, "take")
    assert "Bo is no longer an auditor here" in world.last("kim")
