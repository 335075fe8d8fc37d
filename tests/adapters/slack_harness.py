"""Slack as a harness: the real adapter between the real `App` and the Slack of the tests.

`SlackSite` wires them and lets people act, over HTTP or Socket Mode; `SlackHarness` is that in
the words of the contract suite. All runs on one event loop, which stands still in between.
"""

import asyncio
import itertools
import re
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from aiohttp import web

from adapters.slack.app import PATH, SlackEntrance
from adapters.slack.client import SlackClient
from adapters.slack.deliver import Receipts, SlackPlatform
from adapters.slack.directory import Directory
from adapters.slack.exchange import Exchange
from adapters.slack.installed import OneWorkspace
from adapters.slack.read import NAME
from adapters.slack.wording import Wording
from bot.app import App
from bot.capability import register
from bot.lanes import Lanes
from bot.outbox import Delivery, Outcome, Sent
from bot.people import Workspace
from bot.ports import Work
from bot.rate import UNLIMITED, Bucket, Limits
from storage.database import Database
from storage.lane import SqlLaneStore
from tests.adapters.contract import (
    CHANNEL,
    DM,
    MONDAY,
    PEOPLE,
    SAMPLE,
    WORKSPACE,
    Answer,
    Heard,
    OpenForm,
    make_people,
)
from tests.adapters.slack.actor import People, Rules
from tests.adapters.slack.screen import Screen, draw
from tests.adapters.slack.team import Posted, View
from tests.adapters.slack.wire import Ack, Wire
from tests.adapters.slack_server import LOOPBACK, FakeSlack
from tests.everywhere import everywhere

UNHURRIED = timedelta(seconds=20)
"""How long Slack waits here, where a busy machine is no fault; deadlines have their own tests."""
SEAL = bytes(range(32))
TONE = "tone"
"""The block that says in words what kind of message it is; no part of the message itself."""
_BAR = re.compile(r"\n[█░]{10}$")

T = TypeVar("T")


def address_of(name: str) -> str:
    """A Slack user id that tells whose it is."""
    return "U" + re.sub("[^A-Z0-9]", "X", name.upper()).rjust(8, "0")


class UnpacedPlatform(SlackPlatform):
    """Without waiting for Slack's rates, which are not kept either (their own tests do); it
    remembers under which key, and with which words, a message was delivered."""

    delivered: dict[tuple[str, str], Delivery]

    @property
    def limits(self) -> Limits:
        return UNLIMITED

    async def deliver(self, delivery: Delivery) -> Outcome:
        outcome = await super().deliver(delivery)
        if isinstance(outcome, Sent):
            place = (outcome.conversation, outcome.external)
            if delivery.edits is None or place not in self.delivered:
                self.delivered[place] = delivery
        return outcome


class SlackSite:
    """One Slack workspace, the adapter and an application. `clock` gives aware UTC.

    `transport` is `http` or `socket`. After everything that somebody does, `run` waits until
    all replies have been shown.
    """

    def __init__(
        self,
        runner: asyncio.Runner,
        app: App[Any],
        database: Database,
        clock: Callable[[], datetime],
        *,
        transport: str = "http",
        rules: Rules | None = None,
        new_id: Callable[[], str],
    ) -> None:
        self.runner = runner
        self.app = app
        self.transport = transport
        self.slack = FakeSlack(lambda: clock().timestamp(), rates=False)
        self.rules = rules or Rules()
        self.delivered: dict[tuple[str, str], Delivery] = {}
        orders = app.registry.orders
        commands = {"learn", *(word for word, order in orders.items() if order.slash)}
        self.wording = Wording(
            {word: word for word in commands}, frozenset({"help", *orders}), "@inflow"
        )
        self._clock = clock
        self._database = database
        self._new_id = new_id
        self._stack = AsyncExitStack()
        self._adapter = AsyncExitStack()
        self.people: People
        self.entrance: SlackEntrance
        self.platform: UnpacedPlatform
        self.lanes = Lanes(SqlLaneStore(database), everywhere(lambda: self.platform), clock)

    # Life

    async def start(self) -> None:
        slack = self.slack
        await self._stack.enter_async_context(slack)
        wire = await self._start_adapter()
        self.people = People(slack.memory, slack.team, wire, self.rules)

    async def restart(self) -> None:
        """End the adapter, and begin with one that remembers nothing."""
        await self._adapter.aclose()
        self.people.wire = await self._start_adapter()

    async def _start_adapter(self) -> Wire:
        slack = self.slack
        exchange = Exchange(slack.url)
        self._adapter.push_async_callback(exchange.close)
        installed = OneWorkspace(slack.token, exchange)
        await installed.start()
        self._adapter.push_async_callback(installed.close)
        client = SlackClient(installed.token_of, slack.url)
        self._adapter.push_async_callback(client.close)
        directory = Directory(
            app=self.app, database=self._database, client=client, new_id=self._new_id
        )
        receipts = Receipts()
        self.platform = UnpacedPlatform(
            client,
            slack.team.id,
            wording=self.wording,
            seal=SEAL,
            receipts=receipts,
            tier_3=Bucket(10_000, 1.0),
        )
        self.platform.delivered = self.delivered
        self.entrance = SlackEntrance(
            app=self.app,
            client=client,
            installed=installed,
            directory=directory,
            signing_secret=slack.memory.signing_secret,
            wording=self.wording,
            seal=SEAL,
            hears={
                **directory.hears,
                **installed.hears,
                "message_metadata_posted": receipts.note_receipt,
            },
            clock=self._clock,
            within=UNHURRIED,
        )
        self._adapter.push_async_callback(self.entrance.close)
        return await self._connect()

    async def _connect(self) -> Wire:
        slack = self.slack
        if self.transport == "socket":
            await self._adapter.enter_async_context(self.entrance.connected(slack.app_token))
            await slack.sockets.wait()
            slack.sockets.patience = UNHURRIED.total_seconds()
            return slack.sockets
        routes = web.Application(client_max_size=2**21)
        self.entrance.add_routes(routes)
        runner = web.AppRunner(routes, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._adapter.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, LOOPBACK, 0).start()
        wire = slack.http_wire(f"http://{LOOPBACK}:{runner.addresses[0][1]}{PATH}")
        wire.patience = UNHURRIED.total_seconds()
        self._adapter.push_async_callback(wire.close)
        return wire

    async def stop(self) -> None:
        await self._adapter.aclose()
        await self._stack.aclose()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it, and wait until all that follows from it is done."""

        async def settle() -> T:
            done = await work
            await self.settle()
            return done

        return self.runner.run(settle())

    async def settle(self) -> None:
        """Until every reply was shown, and the app has heard of that."""
        while True:
            await self.entrance.settle()
            if not self.people.has_noise:
                return
            await self.people.flush()

    def drain(self) -> None:
        """Deliver all letters that are due."""
        self.run(self.lanes.drain_all())

    # What people see

    def add_person(self, name: str, shown: str | None = None, zone: str = "UTC") -> str:
        """Somebody who is in the workspace from now on; their address."""
        address = address_of(name)
        if address not in self.slack.team.members:
            self.slack.add_user(address, shown or name.title(), zone=zone)
            self.slack.memory.open_im(self.slack.team, address)
            for channel in self.slack.team.channels.values():
                if channel.kind == "channel":
                    channel.members.add(address)
        return address

    def dm(self, name: str) -> str:
        return f"D{address_of(name)[1:]}"

    def plain(self, post: Posted) -> str:
        """The message as `bot.plain.render_plain` would write it, read out of its blocks."""
        blocks = [block for block in post.blocks if block.get("block_id") != TONE]
        return self.unworded(plain_of(draw(post.text, blocks, self.people.names)))

    def unworded(self, text: str) -> str:
        """With commands as the core calls them."""
        known = "|".join(map(re.escape, sorted(self.wording.words)))
        return re.sub(rf"/learn ({known})\b", r"/\1", text)


def plain_of(screen: Screen) -> str:
    return "\n\n".join(_BAR.sub("", block) for block in screen.plain_blocks)


# In the words of the contract suite ------------------------------------------------------


class SlackHarness:
    """The people and the channel of the contract on one database. Time stands still."""

    channel = "C0GENERAL"

    def __init__(self, database: Database, runner: asyncio.Runner, transport: str = "http") -> None:
        self.now = MONDAY
        ids = itertools.count(1)
        with database.transaction() as work:
            if work.people.workspace(NAME, "T1") is None:
                work.people.add_workspace(Workspace(WORKSPACE, NAME, "T1", "Test"))
        self.app: App[Work] = App(
            database, register([SAMPLE]), lambda: self.now, lambda: f"id{next(ids):06}"
        )
        self.site = SlackSite(
            runner,
            self.app,
            database,
            lambda: self.now,
            transport=transport,
            new_id=lambda: f"id{next(ids):06}",
        )
        self.site.slack.add_channel(self.channel)
        for name in PEOPLE:
            self.site.add_person(name)
        with database.transaction() as work:
            for person in make_people(address_of):
                work.people.save(person)
        self._events: dict[str, Any] = {}

    # The harness

    def say(
        self,
        person: str,
        text: str,
        place: str = DM,
        *,
        thread: str | None = None,
        event: str | None = None,
    ) -> Answer:
        user, channel = address_of(person), self._conversation(person, place)
        if text.startswith("/"):
            assert thread is None, "Slack has no commands in threads"
            return self._command(user, channel, text[1:], event)
        people = self.site.people
        return self._watch(user, lambda: people.say(user, channel, text, thread))

    def _command(self, user: str, channel: str, text: str, event: str | None) -> Answer:
        people, memory = self.site.people, self.site.slack.memory
        if event is not None and event in self._events:
            used = self._events[event]
            ack = self.site.run(people.command(user, channel, "/learn", text, trigger=used))
            return Answer(messages=(self._heard_in(ack),))
        answer = self._watch(user, lambda: people.command(user, channel, "/learn", text))
        if event is not None:
            self._events[event] = list(memory.triggers)[-1]
        return answer

    def _heard_in(self, ack: Ack) -> Heard:
        """What would be shown of an answer to a command, were it shown."""
        post = Posted("", "", "", ack.body["text"], ack.body["blocks"], only="")
        return self._heard(post)

    def press(
        self,
        person: str,
        message: Heard,
        label: str,
        *,
        choice: str | None = None,
        event: str | None = None,
    ) -> Answer:
        user, people, memory = address_of(person), self.site.people, self.site.slack.memory
        channel = self._channel_of(message.id)
        post = people.channel(channel).find(message.id, user)
        assert post is not None
        told = self._events.get(event or "")
        if told is None:
            trigger = memory.add_trigger("T1", user, channel)
            told = (trigger, memory.new_ts(), people.screen(post).control(label))
            if event is not None:
                self._events[event] = told
        trigger, at, control = told
        return self._watch(
            user,
            lambda: people.press(user, post, control, choice, trigger=trigger, at=at),
        )

    def submit(
        self, person: str, form: OpenForm, values: Mapping[str, str], *, event: str | None = None
    ) -> Answer:
        assert event is None, "Slack sends a form once"
        user, people = address_of(person), self.site.people
        view = self.site.slack.memory.views[form.id]
        errors: dict[str, str] = {}

        async def send() -> None:
            errors.update(await people.submit(user, view, values))

        answer = self._watch(user, send)
        return Answer(messages=answer.messages, form=answer.form, errors=errors or None)

    def heard(self, person: str, place: str = DM) -> Sequence[Heard]:
        seen = self.site.people.seen(address_of(person), self._conversation(person, place))
        return [self._heard(post) for post in seen if post.by_bot]

    def address(self, person: str) -> str:
        return address_of(person)

    def conversation(self, place: str) -> str:
        assert place == CHANNEL
        return self.channel

    def called(self, command: str) -> str:
        return f"/learn {command}"

    # How

    def _conversation(self, person: str, place: str) -> str:
        return self.site.dm(person) if place == DM else self.channel

    def _channel_of(self, ts: str) -> str:
        channels = self.site.slack.team.channels.values()
        return next(c.id for c in channels if any(p.ts == ts for p in c.posts))

    def _watch(self, user: str, act: Callable[[], Coroutine[Any, Any, Any]]) -> Answer:
        """What is new to the person after it, in any conversation."""
        people = self.site.people
        before, modal = self._seen(user), people.modal(user)
        self.site.run(act())
        new = [post for ts, post in self._seen(user).items() if before.get(ts) != post]
        self.site.drain()
        opened = people.modal(user)
        form = None if opened is None or opened is modal else self._form(opened)
        return Answer(messages=tuple(self._heard(post) for _, post in new), form=form)

    def _seen(self, user: str) -> dict[str, tuple[str, Posted]]:
        return {
            post.ts: (f"{post.text}{post.blocks}", post)
            for channel in self.site.slack.team.channels
            for post in self.site.people.seen(user, channel)
            if post.by_bot
        }

    def _heard(self, post: Posted) -> Heard:
        screen = self.site.people.screen(post)
        return Heard(
            id=post.ts,
            shown=screen.shown,
            mentions=tuple(dict.fromkeys(screen.mentions)),
            links=tuple(dict.fromkeys(screen.links)),
            controls=tuple(control.label for control in screen.controls),
            plain=plain_of(
                draw(
                    post.text,
                    [block for block in post.blocks if block.get("block_id") != TONE],
                    self.site.people.names,
                )
            ),
            only_me=post.only is not None,
            thread=post.thread,
        )

    def _form(self, view: View) -> OpenForm:
        screen = self.site.people.screen_of(view)
        shown = [view.body["title"]["text"], screen.shown, view.body["submit"]["text"]]
        return OpenForm(id=view.id, shown="\n".join(shown), fields=tuple(screen.fields))


@contextmanager
def open_harness(database: Database, transport: str = "http") -> Iterator[SlackHarness]:
    """A started harness, stopped at the end."""
    with asyncio.Runner() as runner:
        harness = SlackHarness(database, runner, transport)
        runner.run(harness.site.start())
        try:
            yield harness
        finally:
            runner.run(harness.site.stop())
