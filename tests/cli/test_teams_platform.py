"""Teams among the real platforms: whom it serves, what it remembers, and the program itself."""

import asyncio
import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.teams import app as entrance
from adapters.teams import doctor
from adapters.teams.auth import LoopbackGate, TokenGate
from adapters.teams.deliver import TeamsPlatform
from adapters.teams.read import Contact
from adapters.teams.settings import PLAYGROUND
from bot.access import NO_ADMINISTRATORS, Administrators
from bot.app import App
from bot.bootstrap import new_id, now
from bot.bootstrap.platform import find_branches
from bot.bootstrap.registry import CAPABILITIES
from bot.bootstrap.slack import SlackBranch
from bot.bootstrap.store import open_database
from bot.bootstrap.teams import ASKED_AGAIN, KEPT, KnownContacts, TeamsBranch
from bot.capability import register
from bot.ids import PersonId, WorkspaceId
from bot.inbound import PlaceKind
from bot.message import say
from bot.metric import Meters
from bot.outbox import Delivery, Never, Priority, Sent
from bot.people import Person, Workspace, is_cut_off
from bot.settings import Settings
from storage.contact import ContactBook
from storage.database import Database
from tests.adapters.far_end import Act, far_end, saying
from tests.adapters.teams.memory import TENANT
from tests.adapters.teams_server import FakeTeams
from tests.adapters.test_slack_process import Process, running
from tests.cli.program import OURS, PATIENCE, ROOT

MONDAY = datetime.fromisoformat("2026-03-02T09:00Z")
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAYLOADS = ROOT / "tests" / "adapters" / "teams_payloads"
REGISTRY = register(CAPABILITIES)
ANA = "aaaaaaaa-0000-4000-8000-00000000000a"
DIRECT = Contact(
    tenant=TENANT,
    service_url="https://smba.trafficmanager.net/emea/",
    conversation="a:1-ana",
    kind=PlaceKind.DM,
    bot="28:app",
    person=ANA,
    user="29:ana",
)

LETTER = Delivery(
    *(1, "k", WorkspaceId("w1"), ANA),
    direct=True,
    message=say("Hello"),
    kind="k",
    priority=Priority.ANSWER,
)


def given(teams: FakeTeams, **other: str) -> dict[str, str]:
    """The environment of a process beside a Teams of our own."""
    return {
        "MICROSOFT_APP_ID": teams.app_id,
        "MICROSOFT_APP_PASSWORD": teams.app_password,
        "MICROSOFT_APP_TENANT_ID": TENANT,
        "TEAMS_LOGIN_URL": teams.login_url,
        "TEAMS_METADATA_URL": teams.metadata_url,
        "TEAMS_CONNECTOR_URL": teams.service_url,
        **other,
    }


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{tmp_path}/inflow.db", vectors="none", admins=ANA)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without a setting of ours."""
    for name in [name for name in os.environ if OURS.match(name)]:
        monkeypatch.delenv(name)
    return monkeypatch


def set_all(environment: pytest.MonkeyPatch, said: Mapping[str, str]) -> None:
    for name, value in said.items():
        environment.setenv(name, value)


def test_the_address_that_is_looked_at_is_the_one_that_is_served() -> None:
    assert doctor.ENTRANCE == entrance.PATH


def test_both_platforms_may_be_served_at_once(
    settings: Settings, environment: pytest.MonkeyPatch
) -> None:
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
    set_all(environment, {**tokens, **given_without_a_server()})
    with open_database(settings) as database:
        made = [make(settings, database, REGISTRY) for make in find_branches(settings)]
    assert [type(each) for each in made] == [SlackBranch, TeamsBranch]
    assert [each.name for each in made] == ["slack", "teams"]


def given_without_a_server() -> dict[str, str]:
    return {
        "MICROSOFT_APP_ID": ANA,
        "MICROSOFT_APP_PASSWORD": "a-password-of-the-tests",
        "MICROSOFT_APP_TENANT_ID": TENANT,
    }


def branch_of(settings: Settings, database: Database) -> TeamsBranch:
    (make,) = find_branches(settings)
    branch = make(settings, database, REGISTRY)
    assert isinstance(branch, TeamsBranch)
    return branch


def test_letters_go_to_the_one_organisation_that_is_served(
    settings: Settings, environment: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with FakeTeams() as teams:
            set_all(environment, given(teams, TEAMS_MESSAGES_A_SECOND="10"))
            with open_database(settings) as database:
                branch = branch_of(settings, database)
                app = App(database, REGISTRY, now, new_id)
                async with branch.living(app, Meters()):
                    found = await branch.platform_of(TENANT)
                    assert isinstance(found, TeamsPlatform)
                    assert found.limits.per_minute == 600
                    assert await branch.platform_of(TENANT) is found
                    assert await branch.platform_of("another organisation") is None
                    assert branch.administrators(TENANT) == Administrators(frozenset({ANA}))
                    assert branch.administrators("another") == NO_ADMINISTRATORS
                    assert [await check() for check in branch.checks.values()] == [None]
                    assert isinstance(branch._make_gate(branch._here.keys), TokenGate)
            assert teams.tokens_given == 1

    asyncio.run(story())


def test_without_tokens_everybody_on_this_machine_is_served(
    settings: Settings, environment: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        set_all(environment, {"TEAMS_ANONYMOUS": "true"})
        with open_database(settings) as database:
            branch = branch_of(settings, database)
            async with branch.living(App(database, REGISTRY, now, new_id), Meters()):
                assert isinstance(branch._make_gate(branch._here.keys), LoopbackGate)
                assert branch._local == PLAYGROUND
                assert await branch.platform_of("any") is not None
                assert "without tokens, for this machine alone" in branch.tell("http://127.0.0.1:1")

    asyncio.run(story())


def test_a_secret_that_is_taken_later_needs_no_new_start(
    settings: Settings, environment: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with FakeTeams() as teams:
            set_all(environment, given(teams))
            right, teams.app_password = teams.app_password, "not this one yet"
            with open_database(settings) as database:
                branch = branch_of(settings, database)
                async with branch.living(App(database, REGISTRY, now, new_id), Meters()):
                    (check,) = branch.checks.values()
                    said = await check()
                    assert said is not None
                    assert "Microsoft gives no token for Teams (invalid_client)" in said
                    teams.app_password = right
                    assert await check() == said, "Microsoft is not asked at every look"
                    assert branch._asked_at is not None
                    branch._asked_at -= ASKED_AGAIN
                    assert await check() is None

    asyncio.run(story())


def test_a_login_that_is_slow_at_the_start_is_heard_all_the_same(
    settings: Settings, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr("bot.bootstrap.teams.ASKING_SECONDS", 0.2)

    async def story() -> None:
        async with FakeTeams() as teams:
            set_all(environment, given(teams, MICROSOFT_APP_PASSWORD="another-password-than-that"))
            teams.fail("token", "slow:0.5")
            with open_database(settings) as database:
                branch = branch_of(settings, database)
                async with branch.living(App(database, REGISTRY, now, new_id), Meters()):
                    (check,) = branch.checks.values()
                    assert branch._asked_at is not None
                    branch._asked_at -= ASKED_AGAIN
                    assert "invalid_client" in str(await check())

    asyncio.run(story())


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (saying({"access_token": "t1", "expires_on": "1999999999"}), None),
        (
            saying({"statusCode": 400}, status=400),
            "has no such managed identity (identity_refused)",
        ),
        (saying("", status=500), "no managed identity can be asked for on this machine"),
    ],
)
def test_a_managed_identity_stands_for_the_secret(
    settings: Settings, environment: pytest.MonkeyPatch, act: Act, said: str | None
) -> None:
    async def story() -> None:
        async with far_end(act) as machine:
            given = given_without_a_server() | {
                "MICROSOFT_APP_PASSWORD": "",
                "MICROSOFT_APP_TYPE": "UserAssignedMSI",
                "IDENTITY_ENDPOINT": machine.url,
                "IDENTITY_HEADER": "a-proof-of-the-tests",
            }
            set_all(environment, given)
            with open_database(settings) as database:
                branch = branch_of(settings, database)
                async with branch.living(App(database, REGISTRY, now, new_id), Meters()):
                    (check,) = branch.checks.values()
                    told = await check()
                    assert told is None if said is None else said in str(told)
                    assert said is None or said in branch.tell("http://127.0.0.1:1")
            assert {h.headers["x-identity-header"] for h in machine.heard} == {
                given["IDENTITY_HEADER"]
            }

    asyncio.run(story())


def test_who_has_blocked_it_is_seen_by_the_operator_and_not_waited_for(
    settings: Settings, environment: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with FakeTeams() as teams:
            ana = teams.add_person("Ana")
            place = teams.add_personal(ana)
            place.is_blocked = True
            set_all(environment, given(teams))
            with open_database(settings) as database:
                branch = branch_of(settings, database)
                who = Person(PersonId("ana"), LETTER.workspace, ana.entra, "Ana")
                with database.transaction() as work:
                    work.people.add_workspace(Workspace(LETTER.workspace, "teams", TENANT, "Test"))
                    work.people.save(who)

                def is_expected() -> bool:
                    with database.transaction() as work:
                        found = work.people.get(who.id)
                    return found is not None and not is_cut_off(found)

                async with branch.living(App(database, REGISTRY, now, new_id), Meters()):
                    contact = replace(
                        DIRECT,
                        service_url=teams.service_url,
                        conversation=place.id,
                        bot=teams.bot,
                        person=ana.entra,
                        user=ana.user,
                    )
                    await branch._here.contacts.keep(contact)
                    platform = await branch.platform_of(TENANT)
                    assert platform is not None
                    outcome = await platform.deliver(replace(LETTER, address=ana.entra))
                    assert outcome == Never("MessageWritesBlocked", unreachable=True)
                    reach = ContactBook(database).count(TENANT)
                    assert reach.refused == {"MessageWritesBlocked": 1}
                    assert not is_expected()
                    place.is_blocked = False
                    outcome = await platform.deliver(replace(LETTER, address=ana.entra))
                    assert isinstance(outcome, Sent)
                    assert ContactBook(database).count(TENANT).refused == {}
                    assert is_expected()
                    # Of a bare status nobody knows whether it is hers.
                    teams.fail("send", "error_before:403")
                    outcome = await platform.deliver(replace(LETTER, address=ana.entra))
                    assert outcome == Never("http_403", unreachable=True)
                    assert is_expected()

    asyncio.run(story())


# --- contacts ---------------------------------------------------------------------------


def test_contacts_are_kept_found_and_dropped(database: Database) -> None:
    async def story() -> None:
        contacts = KnownContacts(ContactBook(database), lambda: MONDAY)
        assert await contacts.find_person(TENANT, ANA) is None
        await contacts.keep(DIRECT)
        assert await contacts.find_person(TENANT, ANA) == DIRECT
        assert await contacts.find_place(TENANT, "a:1-ana") == DIRECT
        await contacts.drop(DIRECT)
        assert await contacts.find_place(TENANT, "a:1-ana") is None
        found = await contacts.find_person(TENANT, ANA)
        assert found == replace(DIRECT, conversation="", kind=PlaceKind.CHANNEL, refusal="gone")
        await contacts.keep(DIRECT)
        assert await contacts.find_person(TENANT, ANA) == DIRECT

    asyncio.run(story())


def test_what_another_process_dropped_is_kept_anew_after_a_while(database: Database) -> None:
    moments = [MONDAY]

    async def story() -> None:
        book = ContactBook(database)
        ours = KnownContacts(book, lambda: moments[-1])
        theirs = KnownContacts(book, lambda: moments[-1])
        await ours.keep(DIRECT)
        await theirs.drop(DIRECT)
        await ours.keep(DIRECT)
        assert await ours.find_person(TENANT, ANA) != DIRECT, "it was not looked up again"
        moments.append(MONDAY + KEPT)
        await ours.keep(DIRECT)
        assert await ours.find_person(TENANT, ANA) == DIRECT

    asyncio.run(story())


def test_who_is_refused_is_so_until_they_speak(database: Database) -> None:
    async def story() -> None:
        book = ContactBook(database)
        contacts = KnownContacts(book, lambda: MONDAY)
        await contacts.keep(DIRECT)
        await contacts.refuse(DIRECT, "MessageWritesBlocked")
        assert book.count(TENANT).refused == {"MessageWritesBlocked": 1}
        await contacts.keep(DIRECT)
        assert book.count(TENANT).refused == {}

    asyncio.run(story())


def test_one_of_many_is_forgotten_without_a_look_at_the_others(database: Database) -> None:
    looked: list[str] = []

    class Watched(Contact):
        def __getattribute__(self, name: str) -> Any:
            looked.append(name)
            return super().__getattribute__(name)

    async def story() -> None:
        contacts = KnownContacts(ContactBook(database), lambda: MONDAY)
        channel = replace(DIRECT, kind=PlaceKind.CHANNEL, conversation="19:c", team="19:team")
        await contacts.keep(DIRECT)
        await contacts.keep(channel)
        crowd = [
            Watched(TENANT, "https://x/", f"a:{n}", PlaceKind.DM, "28:bot", f"p{n}", f"29:{n}")
            for n in range(20)
        ]
        for each in crowd:
            await contacts.keep(each)
        looked.clear()
        await contacts.refuse(DIRECT, "MessageWritesBlocked")
        assert looked == []
        assert set(contacts._kept) == set(crowd), "what she said elsewhere is looked up again too"
        await contacts.keep(channel)
        await contacts.drop(Contact(TENANT, "https://x/", "19:team", PlaceKind.CHANNEL, "28:bot"))
        assert channel not in contacts._kept
        for each in crowd:
            await contacts.drop(each)
        assert (contacts._kept, contacts._near) == ({}, {})

    asyncio.run(story())


# --- the program ------------------------------------------------------------------------


def said_by_ana(teams: FakeTeams, text: str, number: int = 1) -> dict[str, Any]:
    """Words of somebody in their own chat with the bot, as Teams tells them."""
    (ana,) = [each for each in teams.memory.people.values() if each.name == "Ana"]
    place = teams.add_personal(ana)
    told: dict[str, Any] = json.loads((PAYLOADS / "message_personal.json").read_text())
    told |= {"id": str(1_772_442_000_000 + number), "text": text, "serviceUrl": teams.service_url}
    told["from"] |= {"id": ana.user, "aadObjectId": ana.entra, "name": ana.name}
    told["conversation"] |= {"id": place.id}
    told["recipient"] |= {"id": teams.bot}
    return told


def check_secrets(teams: FakeTeams, process: Process) -> None:
    everything = process.said + process.logged
    assert process.logged, "it was at debug"
    for secret in (teams.app_password, "Bearer", "eyJ", "quarterly", *teams._tokens):
        assert secret not in everything, secret


def test_it_starts_answers_who_has_a_token_and_stops(tmp_path: Path) -> None:
    async def story() -> None:
        async with FakeTeams() as teams:
            ana = teams.add_person("Ana")
            place = teams.add_personal(ana)
            settings = given(teams, INFLOW_ADMINS=ana.entra)
            async with running(tmp_path, settings) as process:
                promised = re.search(
                    r"^> (Inflow is there for Teams at )https", README, re.MULTILINE
                )
                assert promised is not None
                url = f"http://{process.address}/api/messages"
                assert process.said.startswith(f"{promised[1]}{url}.")
                wire = teams.wire(url)
                told = await wire.send(said_by_ana(teams, "topics"))
                assert told.status == 200
                async with asyncio.timeout(PATIENCE):
                    # As a rule it is there by now, but Teams is not kept waiting for it.
                    while not teams.posts(place.id):  # noqa: ASYNC110 - another process.
                        await asyncio.sleep(0.02)
                assert "topic" in json.dumps(teams.posts(place.id)[0].activity)
                forged = await wire.send(said_by_ana(teams, "help", 2), token="a.b.c")
                assert forged.status == 401
                question = said_by_ana(teams, "ask What is the quarterly figure?", 3)
                assert (await wire.send(question)).status == 200
                assert await process.get("/readyz") == (200, '{"status": "ready"}')
                assert len(teams.posts(place.id)) <= 3, "nothing of the forged one"
                # Letters go out as well: what became of it, and that she looks after Inflow.
                async with asyncio.timeout(PATIENCE):
                    while len(teams.posts(place.id)) < 3:  # noqa: ASYNC110 - another process.
                        await asyncio.sleep(0.02)
                summaries = str([each.activity["summary"] for each in teams.posts(place.id)])
                assert "community manager" in summaries
                assert "Question 1" in summaries
                await wire.close()
            check_secrets(teams, process)

    asyncio.run(story())


def test_a_refused_secret_is_said_at_the_start_and_by_readyz(tmp_path: Path) -> None:
    async def story() -> None:
        async with FakeTeams() as teams:
            settings = given(teams, MICROSOFT_APP_PASSWORD="another-password-than-that")
            async with running(tmp_path, settings) as process:
                assert process.said.startswith(
                    "Inflow waits: Microsoft gives no token for Teams (invalid_client). It tries"
                )
                status, said = await process.get("/readyz")
                assert status == 503
                assert "inflow doctor teams" in said
                assert (await process.get("/healthz"))[0] == 200
            assert "another-password" not in process.said + process.logged

    asyncio.run(story())
