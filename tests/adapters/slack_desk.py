"""Slack's entrance with all that is behind it, for tests that send payloads by hand.

The `App` is real, with the samples of the contract and a capability of our own, and so are the
store and everything of the adapter. Slack is `FakeSlack`.
"""

import itertools
import json
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp.test_utils import TestServer

from adapters.slack.app import PATH, SlackEntrance
from adapters.slack.client import SlackClient
from adapters.slack.directory import Directory
from adapters.slack.exchange import Exchange
from adapters.slack.installed import EventHandler, OneWorkspace
from adapters.slack.verify import sign
from adapters.slack.wording import Wording
from adapters.web.app import create_app
from bot.app import App
from bot.capability import Capability, MessageShortcut, Order, register
from bot.context import Context
from bot.errors import Invalid, Unavailable
from bot.form import Form, TextField
from bot.inbound import Command
from bot.message import Button, Buttons, Text, literal, say
from bot.metric import Meters
from bot.page import Section, Shelf
from bot.people import Person
from bot.ports import Work
from bot.reply import NOTHING, Audience, Reply
from storage.database import Database
from tests.adapters.contract import MONDAY, SAMPLE
from tests.adapters.slack.team import Posted
from tests.adapters.slack_harness import UNHURRIED
from tests.adapters.slack_server import FakeSlack

PAYLOADS = Path(__file__).parent / "slack_payloads"
SEAL = bytes(range(32))
CHANNEL = "C1"
DIRECT = "DANA"
PEOPLE = ("UANA", "UBO", "UKIM")
COMMANDS = ("ask", "learn", "both", "crash", "door", "fail", "greet", "open", "publish", "show")
FORM = Form(
    title="A door",
    fields=(TextField(name="word", label="A word"),),
    action="door.fill",
    args={"about": "d1"},
)
CRASH = "crash with words of a person"


@dataclass(slots=True)
class Doing:
    """What came to the capability, and how it behaves."""

    away: bool = False
    free: threading.Event = field(default_factory=threading.Event)
    """Until it is set the store keeps whoever asks it waiting, as it were."""
    pages: int = 0
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.free.set()

    def wait(self) -> None:
        assert self.free.wait(UNHURRIED.total_seconds()), "somebody waits for the store"


def make_capability(doing: Doing) -> Capability[Work]:
    """What the samples of the contract have not: everything that can be answered on Slack."""

    def both(_context: Context, _work: Work, _command: Command) -> Reply:
        doing.wait()
        return Reply(message=say("Both"), form=FORM, replace=True)

    def crash(_context: Context, _work: Work, command: Command) -> Reply:
        raise RuntimeError(f"{CRASH} {command.text}")

    def ask(context: Context, _work: Work, command: Command) -> Reply:
        if doing.away:
            raise Unavailable
        doing.wait()
        doing.done.append(command.text)
        return Reply(message=say(literal(f"{context.new_id()} {command.text}")))

    def door(_context: Context, _work: Work, command: Command) -> Reply:
        buttons = Buttons(
            buttons=(
                Button(label="Alone", action="door.alone"),
                Button(label="Open", action="door.open"),
                Button(label="Loud", action="door.loud"),
                Button(label="Crash", action="door.crash"),
                Button(label="Both", action="door.both"),
            )
        )
        where = Audience.PLACE if command.text == "all" else Audience.PERSON
        return Reply(message=say("A door", buttons), audience=where)

    def alone(_context: Context, _work: Work, _command: Command) -> Reply:
        return Reply(message=say("For you alone"))

    def loud(_context: Context, _work: Work, _command: Command) -> Reply:
        return Reply(message=say("For all"), audience=Audience.PLACE)

    def open_form(_context: Context, _work: Work, _command: Command) -> Reply:
        return Reply(form=FORM)

    def fill(_context: Context, _work: Work, command: Command) -> Reply:
        doing.wait()
        if doing.away:
            raise Unavailable
        match command.values["word"]:
            case "wrong":
                raise Invalid(fields={"word": "Not this.", "gone": "Nor that."})
            case "gone":
                raise Invalid(fields={"gone": "Nor that."})
            case "next":
                return Reply(form=FORM.model_copy(update={"title": "Next"}), message=say("On"))
            case "loud":
                return Reply(message=say("For all"), audience=Audience.PLACE)
            case "crash":
                raise RuntimeError(CRASH)
            case "quiet":
                return NOTHING
            case word:
                return Reply(message=say(literal(f"{command.args['about']}: {word}")))

    def accept(_context: Context, _work: Work, command: Command) -> Reply:
        doing.done.append(f"accept {command.about}")
        return Reply(message=say("Accepted"))

    def home(_context: Context, _work: Work, person: Person) -> list[Section]:
        doing.pages += 1
        alone, more = (
            Button(label=label, action=f"door.{label.lower()}") for label in ("Alone", "Open")
        )
        text = Text(text=literal(f"Page {doing.pages} of {person.name}"))
        return [Section(Shelf.MINE, "Doors", entries=[[text]], buttons=[alone, more])]

    def order(handle: Any) -> Order[Work]:
        return Order(handle=handle, hint="", help="for tests", slash=True)

    return Capability(
        name="door",
        title="Doors",
        orders={"both": order(both), "crash": order(crash), "ask": order(ask), "door": order(door)},
        shortcuts={
            "open": MessageShortcut(handle=open_form, title="Open", on_message=False),
            "loud": MessageShortcut(handle=loud, title="Loud"),
        },
        presses={
            "door.alone": alone,
            "door.open": open_form,
            "door.loud": loud,
            "door.crash": crash,
            "door.both": both,
        },
        submits={"door.fill": fill},
        reactions={"accept": accept},
        home=home,
    )


@dataclass(frozen=True, slots=True)
class Got:
    """What Slack was answered."""

    status: int
    body: Any
    text: str = ""


class Desk:
    """Where a test sits: it sends, and looks at what Slack shows."""

    def __init__(self, database: Database, hears: Mapping[str, EventHandler]) -> None:
        self.now = MONDAY
        self.doing = Doing()
        self.meters = Meters()
        self._ids = itertools.count(1)
        self.database = database
        self.app: App[Work] = App(
            database,
            register([SAMPLE, make_capability(self.doing)]),
            lambda: self.now,
            self._new_id,
            self.meters,
        )
        self.slack = FakeSlack(self._seconds, rates=False)
        self.hears = hears
        self.entrance: SlackEntrance
        self.client: SlackClient
        self.installed: OneWorkspace
        self.server: TestServer
        self.http: aiohttp.ClientSession

    def _seconds(self) -> float:
        return self.now.timestamp()

    def _new_id(self) -> str:
        return f"id{next(self._ids):06}"

    def make_entrance(self, **other: Any) -> SlackEntrance:
        """One as the desk's own, but for what is given: as of another process."""
        directory = Directory(
            app=self.app, database=self.database, client=self.client, new_id=self._new_id
        )
        parts: dict[str, Any] = {
            "app": self.app,
            "client": self.client,
            "installed": self.installed,
            "directory": directory,
            "signing_secret": self.slack.memory.signing_secret,
            "wording": Wording({word: word for word in COMMANDS}, frozenset(COMMANDS)),
            "seal": SEAL,
            "hears": self.hears,
            "clock": lambda: self.now,
            "within": UNHURRIED,
        }
        return SlackEntrance(**(parts | other))

    async def open(self, stack: AsyncExitStack, **other: Any) -> None:
        slack = await stack.enter_async_context(self.slack)
        for person in PEOPLE:
            slack.add_user(person)
            slack.memory.open_im(slack.team, person)
        slack.add_channel(CHANNEL, *PEOPLE)
        exchange = Exchange(slack.url)
        stack.push_async_callback(exchange.close)
        self.installed = OneWorkspace(slack.token, exchange)
        await self.installed.start()
        stack.push_async_callback(self.installed.close)
        self.client = SlackClient(self.installed.token_of, slack.url, UNHURRIED)
        stack.push_async_callback(self.client.close)
        self.entrance = self.make_entrance(meters=self.meters, **other)
        stack.push_async_callback(self.entrance.close)
        self.server = TestServer(create_app([self.entrance.add_routes]))
        await self.server.start_server()
        stack.push_async_callback(self.server.close)
        self.http = await stack.enter_async_context(aiohttp.ClientSession())

    # Sending

    def load(self, name: str, **more: Any) -> dict[str, Any]:
        """A captured payload with the ids of this Slack, a fresh trigger and a way to answer."""
        text = (PAYLOADS / f"{name}.json").read_text()
        payload: dict[str, Any] = json.loads(
            text.replace('"D1"', f'"{DIRECT}"').replace("UBOT", self.slack.team.bot_user)
        )
        memory = self.slack.memory
        person = str(payload.get("user_id") or (payload.get("user") or {}).get("id"))
        if "trigger_id" in payload:
            payload["trigger_id"] = memory.add_trigger("T1", person, CHANNEL)
        if "response_url" in payload:
            channel = str(payload.get("channel_id") or (payload.get("channel") or {}).get("id"))
            held = self.slack.team.channels[channel]
            ts = (payload.get("container") or {}).get("message_ts")
            message = held.find(ts, person) if ts else None
            payload["response_url"] = memory.add_hook(held, person, message)
        return payload | more

    def said(self, text: str, channel: str = DIRECT, person: str = "UANA", **more: Any) -> Any:
        """The event of words that stand in a conversation now."""
        post = self.slack.memory.add_post(
            self.slack.team.channels[channel], person, text, thread=more.get("thread_ts")
        )
        payload = self.load("message_dm" if channel == DIRECT else "message_channel")
        payload["event"] |= {
            "text": text,
            "channel": channel,
            "user": person,
            "ts": post.ts,
            "event_ts": post.ts,
            **more,
        }
        return payload

    def command(self, word: str, text: str = "", channel: str = CHANNEL, **more: Any) -> Any:
        return self.load("command", command=f"/{word}", text=text, channel_id=channel, **more)

    def pressed(self, post: Posted, label: str, name: str = "press", person: str = "UANA") -> Any:
        """A press on a button of a message."""
        payload = self.load(name)
        memory = self.slack.memory
        held = self.slack.team.channels[post.channel]
        payload |= {
            "trigger_id": memory.add_trigger("T1", person, post.channel),
            "response_url": memory.add_hook(held, person, post, post.thread),
            "channel": {"id": post.channel, "name": "x"},
            "container": {
                "type": "message",
                "message_ts": post.ts,
                "channel_id": post.channel,
                "is_ephemeral": post.only is not None,
            },
        }
        payload["user"]["id"] = person
        payload["message"] = memory.message_json(held, post)
        payload["actions"] = [self._action(post.blocks, label)]
        return payload

    def pressed_at_home(self, label: str) -> Any:
        view = self.slack.team.homes["UANA"]
        payload = self.load("press_home")
        payload["actions"] = [self._action(view.body["blocks"], label)]
        return payload

    def _action(self, blocks: list[dict[str, Any]], label: str) -> dict[str, Any]:
        ts = self.slack.memory.new_ts()
        return next(
            {**element, "block_id": block["block_id"], "action_ts": ts}
            for block in blocks
            for element in block.get("elements", ())
            if element.get("text", {}) and element["type"] == "button"
            and element["text"]["text"] == label
        )  # fmt: skip

    def submitted(self, word: str) -> Any:
        """The form that stands open, sent with a word in it."""
        view = next(v for v in reversed(self.slack.memory.views.values()) if v.open)
        payload = self.load("submit")
        blocks = view.body["blocks"]
        action = next(b["element"]["action_id"] for b in blocks if b.get("block_id") == "word")
        payload["view"] = view.as_json("A0001", "B1") | {
            "state": {"values": {"word": {action: {"type": "plain_text_input", "value": word}}}}
        }
        return payload

    async def send(self, payload: Any, **headers: Any) -> Got:
        """As Slack sends it, signed now."""
        if "command" in payload:
            return await self.post(urlencode(payload).encode(), form=True, **headers)
        if payload.get("type") in {"event_callback", "url_verification", "app_rate_limited"}:
            return await self.post(json.dumps(payload).encode(), **headers)
        body = urlencode({"payload": json.dumps(payload)}).encode()
        return await self.post(body, form=True, **headers)

    async def post(
        self, body: bytes, *, form: bool = False, at: datetime | None = None, **headers: Any
    ) -> Got:
        """A body, signed at a moment; headers (`X_Slack_Signature`) may say something else."""
        timestamp = str(int((at or self.now).timestamp()))
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        sent = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self.slack.memory.signing_secret, body, timestamp),
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in sent.items() if value != "-"}
        async with self.http.post(self.server.make_url(PATH), data=body, headers=sent) as answer:
            text = await answer.text()
            is_json = answer.content_type == "application/json"
            return Got(answer.status, json.loads(text) if is_json else None, text)

    # Looking

    async def settle(self) -> None:
        """Until nothing is on the way any more."""
        await self.entrance.settle()

    def shown(self, channel: str, person: str | None = None) -> list[str]:
        """The fallback texts of our messages there; with a person, of those for them alone."""
        return [
            post.text for post in self.slack.posts(channel) if post.by_bot and post.only == person
        ]

    def last(self, channel: str) -> Posted:
        return self.slack.posts(channel)[-1]

    def dropped(self) -> dict[str, float]:
        family = next(f for f in self.meters.counted() if f.name == "inflow_slack_dropped")
        return {labels[0]: value for labels, value in family.values.items()}


@asynccontextmanager
async def open_desk(
    database: Database, hears: Mapping[str, EventHandler] | None = None, **other: Any
) -> AsyncIterator[Desk]:
    """A desk at work, with other parts of the entrance; all of it ends with the block."""
    desk = Desk(database, hears or {})
    async with AsyncExitStack() as stack:
        await desk.open(stack, **other)
        yield desk
