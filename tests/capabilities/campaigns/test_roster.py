"""Teams, sites and managers of a file, and what campaigns and narrations make of them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.bootstrap.authoring import bring
from bot.bootstrap.registry import CAPABILITIES
from bot.capabilities.campaigns.content import Audience, ClusterBy, Design, Rollout
from bot.capabilities.campaigns.dryrun_messages import ALL_AT_ONCE, DRAWN_BY_SITE
from bot.capabilities.campaigns.fault import find_faults
from bot.capabilities.campaigns.messages import NO_TEAMS
from bot.capabilities.campaigns.packed import draft_of, plan
from bot.capabilities.campaigns.ports import Gathering
from bot.capability import register
from bot.context import Context
from bot.directory import Member, learn
from bot.form import ChoiceField
from bot.ids import CampaignId, PersonId
from bot.pack.document import Campaign
from bot.pack.model import Kind
from bot.people import Person, Role
from bot.roster import Taken, describe, read_roster, take
from bot.textfile import Unreadable
from content.load import PACKS, find_packs, load_packs
from tests.capabilities.campaigns.test_packed import DOCUMENT, planned
from tests.capabilities.narration.narrating import propose, write
from tests.world import WORKSPACE, World, person

STEPS = Design.STEPPED_WEDGE
HEADER = "address,team,site,manager\n"
ALL = f"""{HEADER}ana,Customer care,Kiel,dana
ben,Customer care,Kiel,dana
cem,Customer care,Graz,dana
KIM,Finance,Graz,dana
bo,Finance,Graz,sam
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


def takes(world: World, file: Path, text: str) -> Taken:
    file.write_text(text)
    with world.database.transaction() as work:
        return take(work, WORKSPACE, read_roster(file))


def known(world: World, who: str) -> tuple[str | None, str | None, str | None]:
    found: Person = world.find_person(who)
    return found.team, found.site, found.manager


def test_it_is_kept_and_a_second_time_changes_nothing(either_world: World, file: Path) -> None:
    world = either_world
    taken = takes(world, file, ALL)
    assert known(world, "ana") == ("Customer care", "Kiel", "dana")
    assert known(world, "kim") == ("Finance", "Graz", "dana")
    assert describe(taken) == (
        "5 of 5 people changed: team 5, site 5, manager 5.\n"
        "Known by now: 2 teams, 2 sites, and who leads 5 of 8 people."
    )
    assert takes(world, file, ALL).changed == 0


def test_a_team_in_which_nobody_is_any_more_is_named(world: World, file: Path) -> None:
    takes(world, file, ALL)
    renamed = takes(world, file, ALL.replace("Finance", "Finances"))
    assert "Nobody is in “Finance” any more. A campaign that goes there" in describe(renamed)


def test_a_site_at_which_nobody_is_any_more_is_named(world: World, file: Path) -> None:
    takes(world, file, ALL)
    renamed = takes(world, file, ALL.replace("Graz", "Linz"))
    assert "Nobody is at “Graz” any more. Groups of a campaign" in describe(renamed)


def test_what_it_takes_away_is_told_and_no_manager_for_one_nobody_knows(
    world: World, file: Path
) -> None:
    takes(world, file, ALL)
    taken = takes(world, file, f"{HEADER}ana,,Kiel,zoe\nben,Finance,Kiel,\n")
    assert describe(taken).startswith(
        "2 of 2 people changed: team 2 (1 now empty), site 0, manager 1 (1 now empty).\n"
    )
    assert (known(world, "ana"), known(world, "ben")) == (
        (None, "Kiel", "dana"),
        ("Finance", "Kiel", None),
    )


def test_each_person_sees_theirs(world: World, file: Path) -> None:
    takes(world, file, ALL)
    world.says("ana", "/me")
    assert "team Customer care, site Kiel, your manager Dana" in world.last("ana")
    world.says("lu", "/me")
    assert "Where you belong" not in world.last("lu")


def test_who_is_not_in_the_file_and_what_has_no_column_stay(world: World, file: Path) -> None:
    takes(world, file, ALL)
    takes(world, file, "address,team\nana,\n")
    assert known(world, "ana") == (None, "Kiel", "dana")
    assert known(world, "ben") == ("Customer care", "Kiel", "dana")


def test_who_is_not_known_here_is_left_out_and_told_by_line(world: World, file: Path) -> None:
    world.leaves("dana")
    taken = takes(world, file, f"{ALL}zoe,Finance,Graz,\n")
    assert (taken.rows, taken.here, taken.absent) == (6, 5, 1)
    assert known(world, "ana") == ("Customer care", "Kiel", None)
    assert taken.notes == [
        f"{file}:{line}:{column}: {said}"
        for line, column, said in [
            *(
                (n, at, "this manager is not known here; left as it was.")
                for n, at in ((2, 24), (3, 24), (4, 24), (5, 18))
            ),
            (7, 1, "nobody here has this address; left out."),
        ]
    ]
    assert "1 in the file are not known here" in describe(taken)


def test_a_file_of_somebody_else_changes_nothing(world: World, file: Path) -> None:
    with pytest.raises(Unreadable, match=":2:1: nobody here has any of these addresses"):
        takes(world, file, f"{HEADER}zoe,Finance,,\n")


def test_what_a_platform_tells_leaves_it_alone(world: World, file: Path) -> None:
    takes(world, file, ALL)
    with world.database.transaction() as work:
        learn(Context(world.now, lambda: "new"), work, WORKSPACE, [Member("ana", "Anna", "UTC")])
    assert world.find_person("ana").name == "Anna"
    assert known(world, "ana") == ("Customer care", "Kiel", "dana")


def test_campaigns_find_teams_and_sites_by_it(either_world: World, file: Path) -> None:
    world = either_world
    takes(world, file, ALL)
    audience = Audience(teams=("Customer care", "Finance"))
    found = {}
    with world.database.transaction() as work:
        for by in ClusterBy:
            found[by] = work.enrolments.sizes(Gathering(CampaignId("c"), WORKSPACE, audience, by))
        everybody = work.enrolments.sizes(
            Gathering(CampaignId("c"), WORKSPACE, Audience(), ClusterBy.SITE)
        )
    assert found == {
        ClusterBy.TEAM: {"Customer care": 3, "Finance": 2},
        ClusterBy.SITE: {"Kiel": 2, "Graz": 3},
    }
    assert everybody == {"Kiel": 2, "Graz": 3, "UTC": 3}
    content = planned(world, audience={"include": ["group:finance"], "exclude": []}).content
    assert content.audience.teams == ("Finance",)


def test_the_form_offers_the_teams_or_says_who_can_tell_them(world: World, file: Path) -> None:
    def asked() -> ChoiceField:
        form = world.says("dana", "/campaign Lunch").form
        assert form is not None
        [field] = [field for field in form.fields if field.name == "audience"]
        assert isinstance(field, ChoiceField)
        return field

    assert asked().hint == NO_TEAMS
    takes(world, file, ALL)
    assert asked().hint is None
    assert [option.label for option in asked().options][-2:] == [
        "Team Customer care",
        "Team Finance",
    ]


def test_where_nobodys_team_is_known_all_begin_at_once_or_by_site(world: World, file: Path) -> None:
    by_team = {"rollout": {"design": "stepped_wedge", "cluster_by": "team", "steps": 2}}
    audience = {"audience": {"include": ["group:everybody"]}}
    document = Campaign.model_validate(DOCUMENT | by_team | audience)
    for text, rollout, hint in (
        ("", Rollout(), ALL_AT_ONCE),
        ("address,site\nana,Kiel\n", Rollout(STEPS, ClusterBy.SITE, 2), DRAWN_BY_SITE),
        ("address,team\nana,Tax\n", Rollout(STEPS, ClusterBy.TEAM, 2), None),
    ):
        if text:
            takes(world, file, text)
        with world.database.transaction() as work:
            found = plan(work, WORKSPACE, document)
        assert found.content.rollout == rollout
        assert [h.sentence for h in found.hints if h.where == ("rollout",)] == [hint] * bool(hint)


def test_what_is_shipped_can_be_submitted_without_teams(world: World) -> None:
    for number in range(5):
        with world.database.transaction() as work:
            work.people.save(person(f"more{number}"))
    world.changes("sam", roles=frozenset({Role.APPROVER}))
    packs = load_packs(find_packs(PACKS), world.now.date())
    context = Context(world.now, lambda: "new", register(CAPABILITIES).activities)
    with world.database.transaction() as work:
        bring(work, WORKSPACE, packs, world.now)
    with world.database.transaction() as work:
        for id_ in ("customer-data-2wk", "meetings-2wk"):
            kept = work.packs.document(WORKSPACE, Kind.CAMPAIGN, id_)
            assert kept is not None
            assert isinstance(kept.value, Campaign)
            owner = work.people.get(PersonId("dana"))
            assert owner is not None
            planned = plan(work, WORKSPACE, kept.value, owner)
            draft = draft_of(context, planned, owner)
            faults = find_faults(context, work, draft, planned.content, world.now.date())
            # Who asks others to narrate goes first; nothing else is in the way.
            assert [fault for fault in faults if "go first" not in fault] == []


def test_the_author_hears_whether_their_manager_would_see_it(world: World, file: Path) -> None:
    takes(world, file, ALL)
    write(world, "ana", "Filter after the export.")
    for reader, said in (("ben", "no"), ("dana", "yes")):
        propose(world, "ana", reach="people", person_one=reader)
        assert f"including your manager: {said}." in world.last("ana")


def test_of_who_leaves_only_address_and_name_stay(either_world: World, file: Path) -> None:
    world = either_world
    takes(world, file, ALL)
    kim = world.find_person("kim")
    world.changes(
        "kim",
        address="KIM",
        zone="Europe/Berlin",
        roles=frozenset({Role.AUDITOR}),
        country="DE",
        weekly_cap=2,
        paused_until=world.now + timedelta(days=300),
    )
    with world.database.transaction() as work:
        work.people.add_day_off(WORKSPACE, world.now.date(), "Mine", kim.id)
    world.leaves("KIM")
    assert world.find_person("kim") == replace(
        person("kim"), id=kim.id, address="KIM", active=False
    )
    with world.database.transaction() as work:
        assert work.people.days_off(WORKSPACE, kim.id) == []
        assert work.experts.declared_by(kim.id) == []
        [change] = work.people.role_changes(WORKSPACE, 9, kim.id)
    assert (change.role, change.gives) == (Role.AUDITOR, False)
    world.says("ana", "/me")
    assert "your manager Dana" in world.last("ana")
    world.leaves("dana")
    world.says("ana", "/me")
    assert "Dana" not in world.last("ana")
