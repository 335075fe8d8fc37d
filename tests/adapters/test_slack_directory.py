"""Who is in a Slack workspace, read from a made-up Slack over HTTP."""

import asyncio
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any, Self

import pytest
from sqlalchemy import select

from adapters.slack import directory as module
from adapters.slack.client import Answer, SlackClient
from adapters.slack.directory import Directory, Unmet, read_member
from bot.app import App
from bot.attention import Wish, book
from bot.capabilities.campaigns import capability as campaigns
from bot.capabilities.questions.memory import Memory
from bot.capability import Capability, register
from bot.context import Context
from bot.directory import AGAIN, LEASE, known_zone
from bot.errors import Unavailable
from bot.ids import WorkspaceId
from bot.inbound import Inbound, Ordered, Place, PlaceKind, Profile, Submitted, What
from bot.message import say
from bot.outbox import Letter, Priority, ToPerson
from bot.people import Person, Role, WorkingHours, departed
from bot.reply import Reply
from storage.column import metadata
from storage.database import Database
from storage.directory_tables import memberships
from storage.tables import outbox
from storage.work import SqlWork
from tests.adapters.slack.team import Member
from tests.adapters.slack_server import FakeSlack
from tests.databases import RELAY_KEY

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TICK = timedelta(seconds=2)
HOUR = timedelta(hours=1)
GENERAL = "C1"


class Counting:
    """The database, and how often it was asked for a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transactions = 0

    def transaction(self) -> AbstractContextManager[SqlWork]:
        self.transactions += 1
        return self._database.transaction()


class Crash(Exception):
    """The process ends here."""


@dataclass(slots=True)
class Dying:
    """A client whose process ends at a call, before or after Slack has answered."""

    client: SlackClient
    at: int
    answered: bool
    calls: int = 0

    async def call(self, team: str, method: str, body: Mapping[str, Any]) -> Answer:
        self.calls += 1
        if self.calls == self.at and not self.answered:
            raise Crash
        answer = await self.client.call(team, method, body)
        if self.calls == self.at:
            raise Crash
        return answer


class Office:
    """A made-up Slack with one workspace, and all that reads it."""

    def __init__(self, database: Database) -> None:
        self.now = NOW
        self.slack = FakeSlack(lambda: self.seconds)
        self.database = database
        self.counting = Counting(database)
        self.farewells: list[str] = []
        self._ids = count(1)
        self.app: App[SqlWork] = App(
            database, register([campaigns, self._capability()]), lambda: self.now, self.new_id
        )

    @property
    def seconds(self) -> float:
        return self.now.timestamp()

    def new_id(self) -> str:
        return f"id{next(self._ids):05}"

    def _capability(self) -> Capability[SqlWork]:
        def farewell(_context: Context, _work: SqlWork, person: Person) -> None:
            self.farewells.append(person.address)

        return Capability(name="guests", title="Guests", farewell=farewell)

    async def __aenter__(self) -> Self:
        await self.slack.start()
        self.client = SlackClient(self._token_of, self.slack.url)
        self.directory = self.another()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()
        await self.slack.stop()

    async def _token_of(self, team: str) -> str | None:
        return self.slack.token if team == "T1" else None

    def another(self, client: Any = None) -> Directory:
        """As another process has it."""
        return Directory(
            app=self.app,
            database=self.counting,
            client=client or self.client,
            new_id=self.new_id,
        )

    def add(self, *names: str, **more: Any) -> None:
        for name in names:
            self.slack.add_user(f"U{name.upper()}", name.title(), **more)

    async def opens(self) -> None:
        await self.directory.open("T1", "Test")

    async def ticks(self, times: int = 1, directory: Directory | None = None) -> int:
        """The clock ticks; how many pages were read."""
        pages = 0
        for _ in range(times):
            pages += await (directory or self.directory).sync()
            self.now += TICK
        return pages

    def receives(self, user: str, what: What, channel: str = GENERAL) -> Reply:
        """Somebody does something in a channel."""
        return self.app.receive(
            Inbound(
                platform="slack",
                workspace="T1",
                event_id=self.new_id(),
                person=user,
                place=Place(conversation=channel, kind=PlaceKind.CHANNEL),
                at=self.now,
                what=what,
            )
        )

    async def hears(self, kind: str, **event: Any) -> None:
        await self.directory.hears[kind]("T1", {"type": kind, **event})

    async def hears_of(self, user: str, *, gone: bool, **changes: Any) -> None:
        """Slack sees somebody go or come back, and tells."""
        self.slack.team.members[user].deleted = gone
        told = self.slack.team.members[user].as_json() | {"deleted": gone} | changes
        await self.hears("user_change", user=told)

    @property
    def workspace(self) -> WorkspaceId:
        with self.database.transaction() as work:
            found = work.people.workspace("slack", "T1")
        assert found is not None
        return found.id

    def everybody(self) -> dict[str, Person]:
        workspace = self.workspace
        with self.database.transaction() as work:
            return {p.address: p for p in work.people.everybody(workspace)}

    def person(self, address: str) -> Person:
        workspace = self.workspace
        with self.database.transaction() as work:
            [found] = work.directory.at(workspace, [address])
        return found

    def saves(self, person: Person) -> None:
        with self.database.transaction() as work:
            work.people.save(person)

    def wants(self, conversation: str) -> None:
        workspace, until = self.workspace, self.now + timedelta(days=7)
        with self.database.transaction() as work:
            work.memberships.want(workspace, conversation, self.now, until)

    def members(self, conversation: str = GENERAL) -> set[str]:
        with self.database.begin() as connection:
            return set(
                connection.execute(
                    select(memberships.c.address).where(memberships.c.conversation == conversation)
                ).scalars()
            )

    def known(self, conversation: str = GENERAL) -> Any:
        workspace = self.workspace
        with self.database.transaction() as work:
            return work.memberships.known(workspace, conversation)

    def cursors(self, method: str = "users.list") -> list[str | None]:
        return [call.arguments.get("cursor") for call in self.slack.calls(method)]


Scene = Callable[[Office], Awaitable[None]]
Play = Callable[[Scene], None]


def play_on(database: Database) -> Play:
    def play(scene: Scene) -> None:
        async def go() -> None:
            async with Office(database) as office:
                await scene(office)

        asyncio.run(go())

    return play


@pytest.fixture
def play(sqlite_url: str) -> Iterator[Play]:
    """On SQLite, for what does not depend on the engine."""
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    yield play_on(database)
    database.close()


@pytest.fixture
def play_on_either(database: Database) -> Play:
    return play_on(database)


# --- reading everybody -----------------------------------------------------------------------


def test_everybody_is_read_a_page_at_a_time_at_the_pace_of_the_tier(play_on_either: Play) -> None:
    async def scene(office: Office) -> None:
        office.add(*(f"p{number}" for number in range(450)))
        await office.opens()
        pages = [await office.ticks() for _ in range(6)]
        assert sum(pages) == 3
        assert max(pages) == 1
        assert office.slack.ledger.limited == 0
        assert office.cursors() == [None, "next:200", "next:400"]
        assert {call.arguments["limit"] for call in office.slack.calls("users.list")} == {"200"}
        assert len(office.everybody()) == 450
        assert office.person("UP7").name == "P7"
        assert office.person("UP7").zone == "Europe/London"

    play_on_either(scene)


def test_robots_strangers_and_the_invited_are_left_out(play: Play) -> None:
    async def scene(office: Office) -> None:
        office.add("ana", "gus")
        office.add("robot", is_bot=True)
        office.add("sue", team="T1", is_stranger=True)
        office.add("old", deleted=True)
        await office.opens()
        await office.ticks()
        assert office.everybody().keys() == {"UANA", "UGUS"}
        with office.database.begin() as connection:
            people = metadata.tables["people"]
            assert len(connection.execute(select(people)).all()) == 2
        assert office.farewells == []

    play(scene)


def test_nothing_but_id_name_zone_and_presence_is_kept(play: Play) -> None:
    async def scene(office: Office) -> None:
        office.slack.team.members["UANA"] = Talkative("UANA", "T1", "Ana", "Europe/Berlin")
        office.slack.add_channel(GENERAL, "UANA")
        await office.opens()
        await office.ticks()
        office.wants(GENERAL)
        await office.ticks(2)
        await office.hears("user_change", user=Talkative("UANA", "T1", "Anna").as_json())
        await office.hears("team_join", user=Talkative("UBEN", "T1", "Ben").as_json())
        assert await office.directory.profile("T1", "UCEM") is Unmet.NOT_OURS
        with office.database.begin() as connection:
            dump = "\n".join(
                repr(row)
                for table in metadata.sorted_tables
                for row in connection.execute(select(table))
            )
        assert "Anna" in dump
        assert "Ben" in dump
        assert "private" not in dump.lower()
        assert office.slack.calls("conversations.history") == []

    play(scene)


class Talkative(Member):
    """Somebody of whom Slack tells all it has."""

    def as_json(self) -> dict[str, Any]:
        told = super().as_json()
        secrets = {
            "title": "private title",
            "phone": "private phone",
            "skype": "private skype",
            "email": "private@example.org",
            "status_text": "private status",
            "status_emoji": ":private:",
            "image_72": "https://private.example.org/72.png",
            "image_original": "https://private.example.org/original.png",
            "fields": {"Xf1": {"value": "private field"}},
            "pronouns": "private pronouns",
            "start_date": "private date",
        }
        told["profile"] |= secrets
        return told | {"is_admin": True, "has_2fa": True, "tz_label": "private label"}


def test_what_people_set_themselves_stays(play_on_either: Play) -> None:
    async def scene(office: Office) -> None:
        office.add("ana", zone="Asia/Tokyo")
        await office.opens()
        await office.ticks()
        ana = replace(
            office.person("UANA"),
            hours=WorkingHours(frozenset({1, 2}), time(6), time(12)),
            country="JP",
            weekly_cap=1,
            asks_welcome=False,
            paused_until=NOW + HOUR,
            team="Blue",
        )
        office.saves(ana)
        office.slack.team.members["UANA"].name = "Ana Sato"
        office.slack.team.members["UANA"].zone = "Europe/Berlin"
        office.now += AGAIN
        await office.ticks()
        assert office.person("UANA") == replace(ana, name="Ana Sato", zone="Europe/Berlin")

    play_on_either(scene)


def test_who_has_left_is_said_farewell_and_who_is_back_is_active(play_on_either: Play) -> None:
    async def scene(office: Office) -> None:
        office.add("ana", "ben", "cem")
        office.add("old", deleted=True)
        await office.opens()
        await office.ticks()
        ben = office.slack.team.members["UBEN"]
        for deleted, here in [(True, False), (False, True), (True, False)]:
            ben.deleted = deleted
            office.now += AGAIN
            await office.ticks(2)
            assert office.person("UBEN").active is here
        assert office.farewells == ["UBEN", "UBEN"]
        assert office.everybody().keys() == {"UANA", "UCEM"}

    play_on_either(scene)


def test_a_crash_goes_on_where_it_stopped(play_on_either: Play) -> None:
    async def scene(office: Office) -> None:
        office.add(*(f"p{number:03}" for number in range(450)))
        await office.opens()
        for at, answered in [(2, False), (1, True)]:
            dying = office.another(Dying(office.client, at, answered=answered))
            with pytest.raises(Crash):
                await office.ticks(4, dying)
            assert await office.directory.sync() == 0
            office.now += LEASE
        await office.ticks(4)
        assert office.cursors() == [None, "next:200", "next:200", "next:400"]
        assert len(office.everybody()) == 450

    play_on_either(scene)


def test_several_processes_read_no_page_twice(play_on_either: Play) -> None:
    async def scene(office: Office) -> None:
        office.add(*(f"p{number:03}" for number in range(450)))
        await office.opens()
        others = [office.another() for _ in range(3)]
        for _ in range(8):
            await asyncio.gather(*(each.sync() for each in others))
            office.now += TICK
        assert office.cursors() == [None, "next:200", "next:400"]
        assert len(office.everybody()) == 450

    play_on_either(scene)


def test_a_page_that_takes_too_long_is_kept_by_who_reads_it_next(play: Play) -> None:
    async def scene(office: Office) -> None:
        office.add("ana")
        await office.opens()

        class Slow(Dying):
            async def call(self, team: str, method: str, body: Mapping[str, Any]) -> Answer:
                answer = await self.client.call(team, method, body)
                office.now += LEASE
                assert await office.directory.sync() == 1
                return answer

        await office.another(Slow(office.client, 0, answered=True)).sync()
        assert len(office.slack.calls("users.list")) == 2
        assert office.everybody().keys() == {"UANA"}
        office.now += AGAIN - TICK
        assert await office.directory.sync() == 0

    play(scene)


def test_a_workspace_rests_for_as_long_as_slack_wishes(play: Play) -> None:
    async def scene(office: Office) -> None:
        office.add("ana")
        await office.opens()
        for fault, wait in [
            ("limited:40", 40),
            ("error_before", 30),
            ("error:missing_scope", 3600),
        ]:
            office.slack.fail("users.list", fault)
            assert await office.directory.sync() == 1
            office.now += timedelta(seconds=wait - 1)
            assert await office.directory.sync() == 0
            office.now += timedelta(seconds=1)
        assert await office.directory.sync() == 1
        assert office.everybody().keys() == {"UANA"}

    play(scene)


def test_a_cursor_that_slack_has_forgotten_begins_anew(play: Play) -> None:
    async def scene(office: Office) -> None:
        office.add(*(f"p{number:03}" for number in range(250)))
        await office.opens()
        await office.ticks()
        office.slack.fail("users.list", "fine", "error:invalid_cursor")
        office.slack.faults["users.list"].popleft()
        await office.ticks(6)
        assert office.cursors() == [None, "next:200", None, "next:200"]
        assert len(office.everybody()) == 250

    play(scene)


def test_a_workspace_is_called_as_slack_calls_it(play: Play) -> None:
    async def scene(office: Office) -> None:
        for name in ("T1", "Test", "Test Inc."):
            await office.directory.open("T1", name)
            with office.database.transaction() as work:
                [found] = work.people.workspaces()
            assert (found.external, found.name) == ("T1", name)

    play(scene)


def test_a_workspace_without_a_token_is_asked_again_later(play: Play) -> None:
    async def scene(office: Office) -> None:
        await office.directory.open("T2", "Gone")
        assert await office.directory.sync() == 1
        office.now += HOUR
        assert await office.directory.sync() == 1
        await office.directory.close("T2")
        office.now += HOUR
        assert await office.directory.sync() == 0
        assert office.slack.calls("users.list") == []

    play(scene)


def test_a_changed_zone_moves_what_waits(play_on_either: Play) -> None:
    async def scene(office: Office) -> None:
        office.add("ana", zone="America/New_York")
        await office.opens()
        await office.ticks()
        ana = office.person("UANA")
        letter = Letter(
            key="tip:1",
            to=ToPerson(person=ana.id),
            message=say("A tip"),
            kind="tip",
            priority=Priority.CAMPAIGN,
            due_at=NOW,
            expires_at=NOW + timedelta(days=4),
        )
        with office.database.transaction() as work:
            book(Context(office.now, office.new_id), work, [Wish(ana, letter)])
        assert due(office) == datetime(2026, 3, 2, 15, tzinfo=UTC)
        moved = replace_json(office, "UANA", tz="Europe/Berlin")
        await office.hears("user_change", user=moved)
        assert due(office) < datetime(2026, 3, 2, 11, tzinfo=UTC)
        assert office.person("UANA").zone == "Europe/Berlin"

    play_on_either(scene)


def due(office: Office) -> datetime:
    with office.database.begin() as connection:
        moment: datetime = connection.execute(select(outbox.c.due_at)).scalar_one()
    return moment


def replace_json(office: Office, user: str, **more: Any) -> dict[str, Any]:
    return office.slack.team.members[user].as_json() | more


def test_five_thousand_people_are_read_in_bounded_memory(play: Play) -> None:
    async def scene(office: Office) -> None:
        office.add(*(f"p{number:04}" for number in range(5_000)))
        await office.opens()
        assert await office.ticks(36) == 18
        tracemalloc.start()
        try:
            assert await office.ticks(2) == 1
            before, _ = tracemalloc.get_traced_memory()
            assert await office.ticks(14) == 7
            after, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        # 1,200 people more; kept as they came they would take megabytes.
        assert after - before < 300_000
        assert peak - before < 2_000_000
        assert len(office.everybody()) == 5_000

    play(scene)


# --- one person ------------------------------------------------------------------------------


def test_who_is_not_known_is_asked_for(play: Play) -> None:
    async def scene(office: Office) -> None:
        office.add("ana", zone="Europe/Lisbon")
        office.add("gone", deleted=True)
        office.add("robot", is_bot=True)
        office.add("sue", is_stranger=True)
        profile = office.directory.profile
        assert await profile("T1", "UANA") == Profile(name="Ana", zone="Europe/Lisbon")
        await office.opens()
        assert await profile("T1", "UANA") == Profile(name="Ana", zone="Europe/Lisbon")
        for user in ("UGONE", "UROBOT", "USUE", "UNOBODY"):
            assert await profile("T1", user) is Unmet.NOT_OURS
        office.slack.fail("users.info", "error:missing_scope")
        assert await profile("T1", "UANA") is Unmet.UNSAID
        assert office.everybody() == {}

    play(scene)


def test_who_is_known_costs_neither_a_call_nor_a_query(play: Play) -> None:
    async def scene(office: Office) -> None:
        office.add("ana", "ben")
        await office.opens()
        await office.ticks()
        profile, before = office.directory.profile, office.counting.transactions
        for _ in range(5):
            assert await profile("T1", "UANA") is None
        assert office.counting.transactions == before + 1
        assert await office.directory.names("T1", ["UANA", "UBEN", "UANA", "UX"]) == {
            "UANA": "Ana",
            "UBEN": "Ben",
        }
        assert office.counting.transactions == before + 2
        assert await office.directory.names("T1", ["UANA", "UBEN"]) == {
            "UANA": "Ana",
            "UBEN": "Ben",
        }
        assert office.counting.transactions == before + 2
        assert office.slack.calls("users.info") == []
        # Another process may have heard of a new name.
        await office.another().hears["user_change"](
            "T1", {"user": replace_json(office, "UANA", profile={"display_name": "Anna"})}
        )
        assert (await office.directory.names("T1", ["UANA"]))["UANA"] == "Ana"
        office.now += HOUR
        assert (await office.directory.names("T1", ["UANA"]))["UANA"] == "Anna"
        assert await office.directory.names("T2", ["UANA"]) == {}

    play(scene)


def test_no_more_names_are_at_hand_than_fit(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CACHED", 2)

    async def scene(office: Office) -> None:
        office.add("ana", "ben", "cem")
        await office.opens()
        await office.ticks()
        profile = office.directory.profile
        for user in ("UANA", "UBEN", "UANA", "UCEM"):
            assert await profile("T1", user) is None
        before = office.counting.transactions
        assert await profile("T1", "UANA") is None
        assert office.counting.transactions == before
        assert await profile("T1", "UBEN") is None
        assert office.counting.transactions == before + 1

    play(scene)


def test_slack_is_not_waited_for_when_somebody_waits(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "INFO_PATIENCE", timedelta(milliseconds=100))

    async def scene(office: Office) -> None:
        office.add("ana")
        for fault in ("hang_before", "error_before", "limited:30", "reset_before"):
            office.slack.fail("users.info", fault)
            # Its own patience is eight seconds.
            async with asyncio.timeout(7):
                assert await office.directory.profile("T1", "UANA") is Unmet.UNTOLD

    play(scene)


def test_who_is_gone_and_known_stays_so(play: Play) -> None:
    async def scene(office: Office) -> None:
        office.add("ana")
        await office.opens()
        await office.ticks()
        await office.hears_of("UANA", gone=True)
        assert await office.directory.profile("T1", "UANA") is None
        office.slack.fail("users.info", "limited:30")
        assert await office.directory.profile("T1", "UANA") is None
        assert not office.person("UANA").active

    play(scene)


def test_who_speaks_again_is_back(play: Play) -> None:
    async def scene(office: Office) -> None:
        office.add("ana")
        await office.opens()
        await office.ticks()
        await office.hears_of("UANA", gone=True)
        assert not office.person("UANA").active
        office.slack.team.members["UANA"].deleted = False
        assert await office.directory.profile("T1", "UANA") is None
        assert office.person("UANA").active

    play(scene)


def test_a_store_out_of_reach_is_said(play: Play) -> None:
    class Broken:
        def transaction(self) -> AbstractContextManager[SqlWork]:
            raise Unavailable

    async def scene(office: Office) -> None:
        directory = Directory(
            app=office.app, database=Broken(), client=office.client, new_id=office.new_id
        )
        with pytest.raises(Unavailable):
            await directory.profile("T1", "UANA")
        with pytest.raises(Unavailable):
            await directory.names("T1", ["UANA"])
        with pytest.raises(Unavailable):
            await directory.sync()

    play(scene)


# --- what Slack tells --------------------------------------------------------------------------


def test_changes_are_kept_as_they_are_told(play: Play) -> None:
    async def scene(office: Office) -> None:
        office.add("ana", "ben")
        await office.opens()
        await office.ticks()
        assert (await office.directory.names("T1", ["UANA"]))["UANA"] == "Ana"
        renamed = {"display_name": "Anna", "real_name": "Anna Meier"}
        for _ in range(2):
            await office.hears(
                "user_change", user=replace_json(office, "UANA", profile=renamed, tz="Asia/Tokyo")
            )
        assert (office.person("UANA").name, office.person("UANA").zone) == ("Anna", "Asia/Tokyo")
        assert (await office.directory.names("T1", ["UANA"]))["UANA"] == "Anna"

        newcomer = Member("UCEM", "T1", "Cem", "Europe/Istanbul").as_json()
        await office.hears("team_join", user=newcomer)
        assert office.person("UCEM").zone == "Europe/Istanbul"

        # Of who is gone no zone is kept.
        for _ in range(3):
            await office.hears_of("UBEN", gone=True, tz=None)
        assert office.farewells == ["UBEN"]
        assert office.person("UBEN") == departed(office.person("UBEN"))
        await office.hears_of("UBEN", gone=False)
        assert office.person("UBEN").active
        office.slack.team.members["UBEN"].updated = 1_800_000_000
        await office.hears_of("UBEN", gone=True)
        assert office.farewells == ["UBEN", "UBEN"]

    play(scene)


def test_what_was_told_late_does_not_undo_what_came_after(play: Play) -> None:
    """Slack repeats what was not acknowledged, and a repeated event may come last."""

    async def scene(office: Office) -> None:
        office.add("ana", "ben")
        await office.opens()
        await office.ticks()
        here = office.slack.team.members["UANA"].as_json()
        await office.hears_of("UANA", gone=True)
        await office.hears("user_change", user=here)
        assert not office.person("UANA").active
        await office.hears_of("UANA", gone=False)
        await office.hears("user_change", user=here | {"deleted": True})
        assert office.person("UANA").active
        assert office.farewells == ["UANA"]
        # While Slack does not say, it is to tell again.
        office.slack.fail("users.info", "limited:30", "error:missing_scope")
        with pytest.raises(Unavailable):
            await office.hears_of("UBEN", gone=True)
        assert office.person("UBEN").active
        await office.hears_of("UBEN", gone=True)
        assert not office.person("UBEN").active

    play(scene)


def test_who_was_moved_to_another_workspace_of_the_organisation_leaves(play: Play) -> None:
    async def scene(office: Office) -> None:
        office.add("ana")
        await office.opens()
        await office.ticks()
        office.slack.fail("users.info", "error:user_not_found")
        moved = {"enterprise_user": {"enterprise_id": "E1", "teams": ["T2"]}, "team_id": "T2"}
        await office.hears("user_change", user=replace_json(office, "UANA", **moved))
        assert office.farewells == ["UANA"]
        # Whom we never met is not kept for it.
        ben = Member("UBEN", "T1", "Ben").as_json()
        await office.hears("user_change", user=ben | moved)
        assert office.everybody() == {}
        assert set(await office.directory.names("T1", ["UANA", "UBEN"])) == {"UANA"}

    play(scene)


def test_of_strangers_robots_and_unknown_workspaces_nothing_is_kept(play: Play) -> None:
    async def scene(office: Office) -> None:
        ana = Member("UANA", "T1", "Ana").as_json()
        await office.hears("team_join", user=ana)
        await office.hears("member_joined_channel", user="UANA", channel=GENERAL)
        await office.opens()
        odd: list[Any] = [
            ana | {"is_stranger": True},
            ana | {"team_id": "T2"},
            ana | {"is_bot": True},
            ana | {"is_workflow_bot": True},
            ana | {"is_invited_user": True},
            ana | {"id": "USLACKBOT"},
            ana | {"deleted": True},
            {"profile": {}},
            "UANA",
            None,
        ]
        for user in odd:
            await office.hears("user_change", user=user)
        assert office.everybody() == {}

    play(scene)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"profile": {"display_name": " Ana  María\n", "real_name": "A. M."}}, "Ana María"),
        ({"profile": {"display_name": "", "real_name": "Ana Silva"}}, "Ana Silva"),
        ({"profile": {"display_name": "\u202e\u200f"}, "real_name": "Ana"}, "Ana"),
        ({"profile": None, "name": "ana.silva"}, "ana.silva"),
        ({"profile": {"display_name": 7}}, "U1"),
        ({"profile": {"display_name": "x" * 400}}, "x" * 150),
        ({"profile": {"display_name": "a\u202eb\x00c\ud800d"}}, "abcd"),
        ({"profile": {"display_name": "زهرا\u200cسادات"}}, "زهرا\u200cسادات"),
    ],
)
def test_a_name_is_one_line_without_tricks(told: dict[str, Any], name: str) -> None:
    member = read_member("T1", {"id": "U1"} | told)
    assert member is not None
    assert member.name == name
    assert Profile(name=member.name).name == name


@pytest.mark.parametrize(
    ("zone", "known"),
    [
        ("Europe/Lisbon", "Europe/Lisbon"),
        ("Asia/Calcutta", "Asia/Calcutta"),
        ("", None),
        (None, None),
        ("Mars/Olympus", "UTC"),
        ("../../etc/passwd", "UTC"),
        ("x" * 5_000, "UTC"),
        ("Europe", "UTC"),
        (3600, "UTC"),
    ],
)
def test_an_odd_zone_is_utc(zone: object, known: str | None) -> None:
    assert known_zone(zone) == known


@pytest.mark.parametrize(
    ("user", "active"),
    [
        ({}, True),
        ({"team_id": "T1"}, True),
        ({"team_id": "T2"}, None),
        ({"team_id": "T2", "enterprise_user": {"teams": ["T1", "T2"]}}, True),
        ({"team_id": "T1", "enterprise_user": {"teams": ["T2"]}}, False),
        ({"team_id": "T2", "enterprise_user": {"teams": ["T2"]}, "is_stranger": True}, None),
        ({"team_id": "T2", "enterprise_user": {"teams": []}}, True),
        ({"team_id": "T2", "enterprise_user": {"enterprise_id": "T1", "teams": ["T2"]}}, True),
        ({"team_id": "T1", "is_restricted": True, "is_ultra_restricted": True}, True),
        ({"team_id": "T1", "is_stranger": True}, None),
    ],
)
def test_only_people_of_the_workspace_are_members(
    user: dict[str, Any], active: bool | None
) -> None:
    member = read_member("T1", {"id": "U1"} | user)
    assert (None if member is None else member.active) is active


# --- members of channels -------------------------------------------------------------------------


def test_members_are_read_only_of_channels_that_are_wanted(play_on_either: Play) -> None:
    async def scene(office: Office) -> None:
        names = [f"p{number:03}" for number in range(250)]
        office.add(*names)
        office.slack.add_channel(GENERAL, *(f"U{name.upper()}" for name in names))
        office.slack.add_channel("C2", "UP001")
        await office.opens()
        await office.ticks(8)
        assert office.slack.calls("conversations.members") == []
        office.wants(GENERAL)
        assert office.known().read_at is None
        await office.ticks(3)
        assert office.cursors("conversations.members") == [None, "next:200"]
        assert office.known().read_at is not None
        # The bot itself is in the channel too, and is nobody.
        assert len(office.members()) == 251
        assert len(office.slack.calls("conversations.info")) == 1
        assert office.known().name == "#c1"
        assert office.slack.calls("conversations.history") == []
        assert office.slack.ledger.limited == 0

    play_on_either(scene)


def test_a_campaign_goes_on_by_itself_once_its_channel_is_read(play_on_either: Play) -> None:
    async def scene(office: Office) -> None:
        names = [f"p{number:03}" for number in range(210)]
        office.add("ana", *names)
        office.slack.add_channel(GENERAL, *(f"U{name.upper()}" for name in names))
        await office.opens()
        await office.ticks(4)
        office.saves(replace(office.person("UANA"), roles=frozenset({Role.COMMUNITY_MANAGER})))
        form = office.receives("UANA", Ordered(name="campaign", text="Lunch")).form
        assert form is not None
        values = {f.name: str(f.value) for f in form.fields} | {
            "body": "It is free.",
            "audience": "this channel",
        }
        written = Submitted(action=form.action, args=form.args, values=values)
        reply = office.receives("UANA", written)
        assert reply.message is not None
        assert reply.message.summary.startswith("I am still reading who is in the channel.")
        for _ in range(6):
            office.app.run_due()
            await office.ticks()
        with office.database.begin() as connection:
            [told] = connection.execute(select(outbox.c.message)).scalars()
        assert "Of 210 people 210 get it" in told
        assert "Everybody in #c1" in told
        assert office.slack.calls("conversations.history") == []

    play_on_either(scene)


def test_who_comes_and_goes_is_kept_in_step(play: Play) -> None:
    async def scene(office: Office) -> None:
        office.add("ana", "ben")
        office.slack.add_channel(GENERAL, "UANA", with_bot=False)
        await office.opens()
        await office.ticks()
        office.wants(GENERAL)
        await office.ticks()
        for channel in (GENERAL, "C2"):
            await office.hears("member_joined_channel", user="UBEN", channel=channel, team="T1")
        assert office.members() == {"UANA", "UBEN"}
        await office.hears("member_left_channel", user="UANA", channel=GENERAL, team="T1")
        await office.hears("member_left_channel", user="UANA", channel="C2", team="T1")
        await office.hears("member_left_channel", user=None, channel=7)
        assert office.members() == {"UBEN"}
        assert office.members("C2") == set()
        # Of what nobody told we learn within a day.
        office.now += AGAIN
        await office.ticks(2)
        assert office.members() == {"UANA"}

    play(scene)


def test_late_word_of_who_came_or_left_has_the_members_read_anew(play: Play) -> None:
    async def scene(office: Office) -> None:
        def moment() -> str:
            return f"{office.seconds:.6f}"

        office.add("ana", "ben")
        channel = office.slack.add_channel(GENERAL, "UANA", with_bot=False)
        await office.opens()
        await office.ticks()
        office.wants(GENERAL)
        await office.ticks()
        ben: dict[str, Any] = {"user": "UBEN", "channel": GENERAL}
        came = moment()
        await office.hears("member_joined_channel", **ben, event_ts=came)
        assert office.members() == {"UANA", "UBEN"}
        office.now += timedelta(seconds=5)
        await office.hears("member_left_channel", **ben, event_ts=moment())
        # Told once more at once, to this process, and after a minute to any.
        await office.hears("member_joined_channel", **ben, event_ts=came)
        assert office.members() == {"UANA"}
        office.now += timedelta(minutes=1)
        other = office.another()
        await other.hears["member_joined_channel"]("T1", {**ben, "event_ts": came})
        assert office.members() == {"UANA"}
        await office.ticks(2)
        assert office.members() == {"UANA"}
        # It was the first time that we heard of it, and it is still so.
        channel.members.add("UBEN")
        came = moment()
        office.now += timedelta(minutes=5)
        await other.hears["member_joined_channel"]("T1", {**ben, "event_ts": came})
        await office.ticks(2)
        assert office.members() == {"UANA", "UBEN"}
        # What nobody can read is believed.
        await office.hears("member_left_channel", **ben, event_ts="soon")
        assert office.members() == {"UANA"}

    play(scene)


def test_a_private_channel_keeps_its_name_and_what_cannot_be_seen_is_said(play: Play) -> None:
    async def scene(office: Office) -> None:
        office.add("ana")
        office.slack.team.scopes = (*office.slack.team.scopes, "groups:read")
        office.slack.token = office.slack.memory.add_token("T1", office.slack.team.scopes)
        office.slack.add_channel("G1", "UANA", kind="private")
        await office.opens()
        await office.ticks()
        office.wants("G1")
        office.wants("G2")
        await office.ticks(2)
        known = office.known("G1")
        assert known.read_at is not None
        assert (known.name, known.is_refused) == (None, False)
        assert "g1" not in repr(known)
        assert office.known("G2").is_refused

    play(scene)


def test_a_channel_that_is_shared_with_other_organisations_is_known_as_such(play: Play) -> None:
    async def scene(office: Office) -> None:
        office.add("ana")
        channel = office.slack.add_channel(GENERAL, "UANA")
        office.slack.add_channel("C2", "UANA").is_ext_shared = True
        await office.opens()
        await office.ticks()
        office.wants(GENERAL)
        office.wants("C2")
        await office.ticks(2)
        assert (office.known().strangers, office.known("C2").strangers) == (False, True)
        channel.is_ext_shared = True
        office.now += timedelta(days=1)
        await office.ticks(3)
        assert office.known().strangers

    play(scene)


def test_what_nobody_wants_any_more_is_dropped(play: Play) -> None:
    async def scene(office: Office) -> None:
        office.add("ana")
        office.slack.add_channel(GENERAL, "UANA")
        await office.opens()
        await office.ticks()
        office.wants(GENERAL)
        await office.ticks()
        assert office.members() == {"UANA", office.slack.team.bot_user}
        office.now += timedelta(days=7)
        await office.ticks(4)
        assert office.members() == set()
        assert office.known().read_at is None

    play(scene)
