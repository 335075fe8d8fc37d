"""The site of real platforms: who is where, what is taken up, and what never gets in."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from adapters.playground.platform import NAME as PLAYGROUND
from adapters.slack import workspaces
from adapters.slack.deliver import SlackPlatform
from adapters.slack.oauth import read_installation
from adapters.slack.workspaces import ManyWorkspaces, Pauses
from bot.access import Administrators
from bot.app import App
from bot.bootstrap import new_id, now
from bot.bootstrap import slack as bootstrap
from bot.bootstrap.house import open_house
from bot.bootstrap.loop import widen_executor
from bot.bootstrap.platform import choose_site, find_branches
from bot.bootstrap.playground import PlaygroundSite
from bot.bootstrap.registry import CAPABILITIES
from bot.bootstrap.restored import take_up_again
from bot.bootstrap.site import Site, SiteOf
from bot.bootstrap.slack import SlackBranch
from bot.bootstrap.store import import_work, open_database
from bot.capability import register
from bot.ids import PersonId, WorkspaceId
from bot.message import say
from bot.metric import Meters
from bot.outbox import Delivery, Priority, ToPerson, TryLater
from bot.people import Workspace
from bot.settings import Misconfigured, Settings
from storage import tables
from storage.database import Database
from storage.directory_tables import directories
from storage.installation import Installations
from tests.adapters.slack.team import Member
from tests.adapters.slack_server import FakeSlack
from tests.cli.program import OURS
from tests.storage.example import ANA, letter

ACME = Workspace(id=WorkspaceId("w1"), platform="slack", external="T1", name="Acme")
OTHER = Workspace(id=WorkspaceId("w2"), platform="slack", external="T2", name="Other")
ROOM = Workspace(id=WorkspaceId("w3"), platform=PLAYGROUND, external="demo", name="Room")
KEY = "a key of the test that is long enough"
TOKENS = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}

DELIVERY = Delivery(
    1, "k", ACME.id, "UANA", direct=True, message=say("Hello"), kind="k", priority=Priority.ANSWER
)

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
                    found = await site.platform_of(ACME.id)
                    assert isinstance(found, SlackPlatform)
                    assert (found.limits.per_minute, found.limits.ceiling) == (100, 100)
                    again = await site.platform_of(ACME.id)
                    assert again is found, "it keeps the paces of methods"
                    for elsewhere in (OTHER.id, ROOM.id, WorkspaceId("unknown")):
                        assert await site.platform_of(elsewhere) is None
                    assert site.administrators("slack", "T1") == named(settings)
                    assert site.administrators("teams", "T1") == Administrators()
                    assert [await check() for check in site.checks.values()] == [None, None]

    asyncio.run(story())


def test_many_workspaces_that_wake_at_once_leave_the_loop_its_threads(
    wish: Wish, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More lanes than there are threads begin, and each has to be told by the store whose token
    it may use, which takes a thread; all the while Slack waits for its acknowledgements."""
    monkeypatch.setattr(workspaces, "KEPT", timedelta(0))
    teams = [f"T{number}" for number in range(100, 180)]

    async def story() -> None:
        widen_executor()
        async with FakeSlack() as slack:
            settings = wish(for_many(slack))
            for team in teams:
                slack.memory.add_team(team, team).members["UANA"] = Member("UANA", team, "Ana")
            with open_house(settings, chosen(settings)) as house:
                install(house.database, slack, teams)
                async with house.site.living(house.app, house.meters):
                    promise(house.database, teams)
                    began = time.monotonic()
                    delivering = asyncio.create_task(house.lanes.drain_all())
                    while not delivering.done():
                        asked = time.monotonic()
                        await asyncio.to_thread(house.site.refresh)
                        # Slack waits three seconds. Who gets no thread waits for ever.
                        assert time.monotonic() - asked < 20
                        await asyncio.sleep(0.01)
                    assert await delivering == len(teams)
                    assert time.monotonic() - began < 60

    asyncio.run(story())


def for_many(slack: FakeSlack) -> Mapping[str, str]:
    """The environment of a process that any workspace can install the app from."""
    return {
        "SLACK_CLIENT_ID": slack.memory.client_id,
        "SLACK_CLIENT_SECRET": slack.memory.client_secret,
        "SLACK_SIGNING_SECRET": slack.memory.signing_secret,
        "SLACK_API_BASE_URL": slack.url,
        "INFLOW_TOKEN_KEYS": KEY,
        "INFLOW_PUBLIC_URL": "https://inflow.example.com",
    }


def install(database: Database, slack: FakeSlack, teams: Sequence[str], key: str = KEY) -> None:
    store = Installations(database, slack.memory.client_id, [key.encode()])
    for team in teams:
        answer = slack.memory.install(team, "UANA")
        found = read_installation({**answer, "ok": True}, now())
        assert found is not None
        store.save(found)


def promise(database: Database, teams: Sequence[str]) -> None:
    """A letter in every workspace."""
    with database.transaction() as work:
        for team in teams:
            workspace = work.people.workspace("slack", team)
            assert workspace is not None
            ana = replace(
                ANA, id=PersonId(f"ana {team}"), workspace=workspace.id, address="UANA", active=True
            )
            work.people.save(ana)
            work.outbox.post(workspace.id, letter("hello", to=ToPerson(person=ana.id)))


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
                    assert await branch.platform_of("T1") is not None
                    slack.memory.revoke("T1")
                    await branch.hears()["app_uninstalled"]("T1", {"type": "app_uninstalled"})
                    assert await branch.platform_of("T1") is None
                    calls = len(slack.calls("users.list"))
                    for tick in branch.ticks:
                        await tick.do()
                    assert len(slack.calls("users.list")) == calls

    asyncio.run(story())


@asynccontextmanager
async def serving_all(wish: Wish, slack: FakeSlack, *teams: str) -> AsyncIterator[SlackBranch]:
    """A process that any workspace can install the app from; these have it."""
    settings = wish(for_many(slack))
    registry = register(CAPABILITIES)
    (make,) = find_branches(settings)
    with open_database(settings) as database:
        branch = make(settings, database, registry)
        assert isinstance(branch, SlackBranch)
        for team in teams:
            slack.memory.add_team(team, team)
        install(database, slack, teams)
        async with branch.living(App(database, registry, now, new_id), Meters()):
            yield branch


def test_where_the_app_is_no_more_nobody_is_read_however_late_that_is_known(wish: Wish) -> None:
    """Of a new installation Slack's word is not believed at once: it may be about an older one."""

    async def story() -> None:
        async with FakeSlack(rates=False) as slack, serving_all(wish, slack, "T7") as branch:
            assert open_directories(branch) == ["T7"]
            assert isinstance(branch._here.installed, ManyWorkspaces)
            branch._here.installed._pauses = Pauses(alive=(0.0, 0.05))
            slack.fail("auth.test", "fine", "error:account_inactive")
            await branch.hears()["app_uninstalled"]("T7", {"type": "app_uninstalled"})
            assert open_directories(branch) == ["T7"]
            async with asyncio.timeout(20):
                # Last of all nobody is read: before that, there are no letters any more.
                while open_directories(branch):  # noqa: ASYNC110 - see above.
                    await asyncio.sleep(0.01)
            assert await branch.platform_of("T7") is None

    asyncio.run(story())


def test_what_another_process_was_told_is_found_out(wish: Wish) -> None:
    async def story() -> None:
        async with FakeSlack(rates=False) as slack, serving_all(wish, slack, "T7", "T8") as branch:
            assert branch._installations is not None
            branch._installations.forget("T7")
            await branch._open_workspaces()
            assert open_directories(branch) == ["T8"]
            install(branch._database, slack, ["T7"])
            await branch._open_workspaces()
            assert open_directories(branch) == ["T7", "T8"]

    asyncio.run(story())


def test_where_slack_refuses_the_token_letters_stay(wish: Wish) -> None:
    async def story() -> None:
        async with FakeSlack(rates=False) as slack, serving_all(wish, slack, "T7") as branch:
            platform = await branch.platform_of("T7")
            assert isinstance(platform, SlackPlatform)
            slack.memory.revoke("T7")
            assert isinstance(await platform.deliver(DELIVERY), TryLater)
            assert await branch.platform_of("T7") is None

    asyncio.run(story())


def test_an_installation_that_cannot_be_read_keeps_no_other_waiting(wish: Wish) -> None:
    async def story() -> None:
        async with FakeSlack(rates=False) as slack, serving_all(wish, slack, "T8") as branch:
            for team in ("T7", "T9"):
                slack.memory.add_team(team, team)
            install(branch._database, slack, ["T9"])
            install(branch._database, slack, ["T7"], key="another key, which only others have")
            with capture_logs() as logs:
                for _ in range(3):
                    await branch._open_workspaces()
            assert open_directories(branch) == ["T8", "T9"]
            said = [each for each in logs if each["event"] == "people not read"]
            assert [(each["external"], each["why"]) for each in said] == [("T7", "WrongTokenKey")]

    asyncio.run(story())


def test_installations_that_are_known_are_not_read_again_and_again(
    wish: Wish, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []
    find = Installations.find

    def count(store: Installations, team: str) -> Any:
        found.append(team)
        return find(store, team)

    async def story() -> None:
        async with FakeSlack(rates=False) as slack, serving_all(wish, slack, "T7", "T8") as branch:
            monkeypatch.setattr(workspaces, "KEPT", timedelta(0))
            monkeypatch.setattr(Installations, "find", count)
            for _ in range(3):
                await branch._open_workspaces()
            assert found == []

    asyncio.run(story())


def test_replies_that_are_given_up_at_the_end_are_said(
    wish: Wish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "CLOSING", timedelta(seconds=0.1))

    async def story() -> None:
        with capture_logs() as logs:
            async with FakeSlack(rates=False) as slack, serving_all(wish, slack) as branch:
                branch._open_entrance()._answering.keep(asyncio.sleep(60))
        assert [each["replies"] for each in logs if "given up" in each["event"]] == [1]

    asyncio.run(story())


def open_directories(branch: SlackBranch) -> list[str]:
    with branch._database.begin() as connection:
        of = directories.join(tables.workspaces)
        return sorted(connection.scalars(select(tables.workspaces.c.external).select_from(of)))


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


async def found(site: Site, workspace: WorkspaceId) -> bool:
    return await site.platform_of(workspace) is not None


def test_the_playground_gets_no_letters_of_real_people(wish: Wish) -> None:
    settings = wish({})
    with open_house(settings, PlaygroundSite) as house:
        assert asyncio.run(found(house.site, ROOM.id))
        assert not asyncio.run(found(house.site, ACME.id))
        with pytest.raises(Misconfigured, match="This database serves Acme, Other"):
            house.site.prepare()
