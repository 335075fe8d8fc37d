"""The first steps in Teams as the README tells them, from an organisation with nothing in it."""

import asyncio
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.teams.read import NAME
from bot.access import Administrators
from bot.app import App
from bot.bootstrap.registry import CAPABILITIES
from bot.capabilities.questions.memory import Memory
from bot.capability import register
from bot.people import Role
from storage.database import Database
from storage.work import SqlWork
from tests.adapters.teams.memory import TENANT, Conversation, Somebody
from tests.adapters.teams.screen import draw
from tests.adapters.teams_harness import HANDLE, TeamsSite
from tests.databases import RELAY_KEY
from tests.world import MONDAY

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
STEPS = README.partition("\n### First steps in Teams\n")[2].partition("\n### ")[0]
CHANNEL = "19:travel@thread.tacv2"


class Newcomers:
    """An organisation that has just uploaded the app. `ana` is named in `INFLOW_ADMINS`."""

    def __init__(self, database: Database, runner: asyncio.Runner) -> None:
        ids = itertools.count(1)
        self.database = database
        self.app: App[SqlWork] = App(
            database,
            register(CAPABILITIES),
            lambda: MONDAY,
            lambda: f"id{next(ids):06}",
            administrators=lambda *_: Administrators(frozenset({self.ana.entra})),
        )
        self.site = TeamsSite(
            runner, self.app, database, lambda: MONDAY, dialogs=self.app.registry.opens_forms
        )
        runner.run(self.site.start())
        self.ana, self.kim, self.ben = map(self.site.teams.add_person, ("Ana", "Kim", "Ben"))

    def adds(self, somebody: Somebody) -> None:
        self.site.tell(self.site.installs(somebody))
        self.site.drain()

    def adds_to_team(self) -> Conversation:
        place = self.site.teams.add_channel(CHANNEL, self.ana, self.kim, self.ben)
        came = [{"id": self.site.teams.bot}]
        told = self.site.activity(
            self.ana, place, type="conversationUpdate", id="f:1", membersAdded=came
        )
        self.site.tell(told)
        self.site.drain()
        return place

    def says(self, somebody: Somebody, text: str, place: Conversation | None = None) -> str:
        """The words of all that stands before them afterwards and did not before."""
        place = place or self.site.teams.add_personal(somebody)
        before = self.shown(somebody, place)
        self.site.tell(self.site.words(somebody, place, text.replace("@Inflow", HANDLE)))
        self.site.drain()
        return self.shown(somebody, place).removeprefix(before)

    def shown(self, somebody: Somebody, place: Conversation | None = None) -> str:
        """All that stands there and in their own chat."""
        own = self.site.teams.add_personal(somebody)
        places = [own] if place is None or place is own else [own, place]
        return "\n".join(
            draw(post.activity["attachments"][0]["content"]).plain
            for each in places
            for post in each.posts.values()
        )


@pytest.fixture
def people(sqlite_url: str) -> Iterator[Newcomers]:
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    with asyncio.Runner() as runner:
        newcomers = Newcomers(database, runner)
        yield newcomers
        runner.run(newcomers.site.stop())
    database.close()


def test_the_first_steps_lead_to_a_question_before_a_colleague(people: Newcomers) -> None:
    home, topic, knows, ask = re.findall(
        r"`((?:home|@Inflow learn topic|I know about|ask )[^`]*)`", STEPS
    )
    people.adds(people.ana)
    people.says(people.ana, home)
    assert "community manager" in people.shown(people.ana)
    with people.database.transaction() as work:
        _, ana = work.people.find(NAME, TENANT, people.ana.entra)
    assert ana is not None
    assert ana.roles == {Role.COMMUNITY_MANAGER}

    channel = people.adds_to_team()
    assert people.shown(people.ana).count("@Inflow learn topic Travel") == 1
    assert channel.posts == {}
    people.says(people.ana, topic, channel)
    with people.database.transaction() as work:
        (opened,) = work.topics.every(ana.workspace)
    assert (opened.title, opened.channel, opened.steward) == ("Travel", CHANNEL, ana.id)

    people.adds(people.kim)
    people.says(people.kim, knows)
    people.adds(people.ben)
    assert "Kim" not in people.says(people.ben, ask)
    asked = people.shown(people.kim)
    assert ask.removeprefix("ask ") in asked
    assert "Ben" in asked
    assert "role" in STEPS
    assert "role" in people.app.registry.orders
