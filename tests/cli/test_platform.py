"""The site of real platforms: who is where, what is taken up, and what never gets in."""

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from adapters.playground.platform import NAME as PLAYGROUND
from adapters.slack.deliver import SlackPlatform
from bot.access import Administrators
from bot.app import App
from bot.bootstrap import new_id, now
from bot.bootstrap.house import open_house
from bot.bootstrap.platform import choose_site, find_branches
from bot.bootstrap.playground import PlaygroundSite
from bot.bootstrap.registry import CAPABILITIES
from bot.bootstrap.restored import take_up_again
from bot.bootstrap.site import SiteOf
from bot.bootstrap.slack import SlackBranch
from bot.bootstrap.store import import_work, open_database
from bot.capability import register
from bot.ids import WorkspaceId
from bot.metric import Meters
from bot.people import Workspace
from bot.settings import Misconfigured, Settings
from tests.adapters.slack_server import FakeSlack
from tests.cli.program import OURS

ACME = Workspace(id=WorkspaceId("w1"), platform="slack", external="T1", name="Acme")
OTHER = Workspace(id=WorkspaceId("w2"), platform="slack", external="T2", name="Other")
ROOM = Workspace(id=WorkspaceId("w3"), platform=PLAYGROUND, external="demo", name="Room")
TOKENS = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}

Wish = Callable[[Mapping[str, str]], Settings]


@pytest.fixture
def wish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wish:
    """Settings over a store with three workspaces, and the environment that they are read in."""

    def make(environment: Mapping[str, str]) -> Settings:
        for name in [name for name in os.environ if OURS.match(name)]:
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        settings = Settings(database_url=f"sqlite:///{tmp_path}/inflow.db", vectors="none")
        with open_database(settings) as database, database.transaction() as work:
            for workspace in (ACME, OTHER, ROOM):
                work.people.add_workspace(workspace)
        return settings

    return make


def chosen(settings: Settings) -> SiteOf:
    site_of = choose_site(settings)
    assert site_of is not None
    return site_of


def test_without_credentials_no_platform_is_chosen(wish: Wish) -> None:
    assert choose_site(wish({"SLACK_BOT_TOKEN": ""})) is None


def test_a_name_for_what_is_no_command_is_refused(wish: Wish) -> None:
    settings = wish({**TOKENS, "SLACK_COMMANDS": "ask=askhr,pause=hush"})
    with (
        pytest.raises(Misconfigured, match="SLACK_COMMANDS names pause, which is no command"),
        open_house(settings, chosen(settings)),
    ):
        pytest.fail("there is no such command")


def test_letters_go_where_the_app_is_and_nowhere_else(wish: Wish) -> None:
    async def story() -> None:
        async with FakeSlack() as slack:
            settings = wish(
                {
                    "SLACK_BOT_TOKEN": slack.token,
                    "SLACK_SIGNING_SECRET": slack.memory.signing_secret,
                    "SLACK_API_BASE_URL": slack.url,
                    "SLACK_MESSAGES_A_MINUTE": "100",
                    "INFLOW_ADMINS": "UANA, UBEN",
                }
            )
            with open_house(settings, chosen(settings)) as house:
                site = house.site
                async with site.living(house.app, house.meters):
                    found = await asyncio.to_thread(site.platform_of, ACME.id)
                    assert isinstance(found, SlackPlatform)
                    assert (found.limits.per_minute, found.limits.ceiling) == (100, 100)
                    again = await asyncio.to_thread(site.platform_of, ACME.id)
                    assert again is found, "it keeps the paces of methods"
                    for elsewhere in (OTHER.id, ROOM.id, WorkspaceId("unknown")):
                        assert await asyncio.to_thread(site.platform_of, elsewhere) is None
                    assert site.administrators("slack", "T1") == named(settings)
                    assert site.administrators("teams", "T1") == Administrators()
                    assert [await check() for check in site.checks.values()] == [None, None]

    asyncio.run(story())


def named(settings: Settings) -> Administrators:
    return Administrators(settings.administrators)


def test_where_the_app_was_removed_letters_stay_and_nobody_is_read(wish: Wish) -> None:
    async def story() -> None:
        async with FakeSlack() as slack:
            given = {"SLACK_BOT_TOKEN": slack.token, "SLACK_APP_TOKEN": slack.app_token}
            settings = wish({**given, "SLACK_API_BASE_URL": slack.url})
            registry = register(CAPABILITIES)
            (make,) = find_branches(settings)
            with open_database(settings) as database:
                branch = make(settings, database, registry)
                assert isinstance(branch, SlackBranch)
                app = App(database, registry, now, new_id)
                async with branch.living(app, Meters()):
                    assert await asyncio.to_thread(branch.platform_of, "T1") is not None
                    slack.memory.revoke("T1")
                    await branch.hears()["app_uninstalled"]("T1", {"type": "app_uninstalled"})
                    assert await asyncio.to_thread(branch.platform_of, "T1") is None
                    calls = len(slack.calls("users.list"))
                    for tick in branch.ticks:
                        await tick.do()
                    assert len(slack.calls("users.list")) == calls

    asyncio.run(story())


def test_an_import_beside_slack_brings_no_demo_and_goes_to_a_real_workspace(wish: Wish) -> None:
    settings = wish(TOKENS)
    with import_work(settings, "Acme", dry_run=False) as (work, to, _moment):
        assert to == ACME.id
    with (
        pytest.raises(Misconfigured, match=r"Known: Acme, Other\.$"),
        import_work(settings, None, dry_run=False),
    ):
        pytest.fail("there are two real workspaces")
    with open_database(settings) as database, database.transaction() as work:
        assert [work.people.everybody(each.id) for each in (ACME, OTHER, ROOM)] == [[], [], []]
        assert [list(work.topics.every(each.id)) for each in (ACME, OTHER, ROOM)] == [[], [], []]


def test_a_restored_database_of_slack_is_taken_up_without_slack(wish: Wish) -> None:
    settings = wish(TOKENS)
    assert take_up_again(settings, site_of=chosen(settings)) == 0


def test_the_playground_gets_no_letters_of_real_people(wish: Wish) -> None:
    settings = wish({})
    with open_house(settings, PlaygroundSite) as house:
        assert house.site.platform_of(ROOM.id) is not None
        assert house.site.platform_of(ACME.id) is None
        with pytest.raises(Misconfigured, match="This database serves Acme, Other"):
            house.site.prepare()
