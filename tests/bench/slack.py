"""How fast Slack's entrance is: `python -m tests.bench.slack`.

* dispatch: from a signed request to its handler among 60 of each kind, in one process and
  without a network; in the same run plain slack-bolt with 60 listeners of each kind, the last
  of which matches;
* commit: commands a second over 64 connections, each acknowledged after it was committed
  (inbox, one letter, reply) to a second SQLite on the disk (synchronous=FULL). Server, load and
  the disk share this machine;
* ack: how long Slack waits for the acknowledgement of 100 commands a second while 200 messages
  a second go out through real lanes to a Slack of its own process.

Prints one JSON object. Rates of this machine vary with what else it does; the ratio binds.
"""

import argparse
import asyncio
import gc
import json
import os
import statistics
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest

from adapters.slack.app import PATH, Ack, SlackEntrance, read_payload
from adapters.slack.client import SlackClient
from adapters.slack.deliver import SlackPlatform
from adapters.slack.directory import Directory
from adapters.slack.exchange import Exchange
from adapters.slack.installed import Facts, OneWorkspace, authorized
from adapters.slack.read import Heard
from adapters.slack.verify import Verdict, sign, verify
from adapters.slack.wording import Wording
from adapters.web.app import create_app
from bot.app import App
from bot.bootstrap.log import configure_logs
from bot.bootstrap.loop import ease_collector, widen_executor
from bot.capabilities.questions.memory import Memory
from bot.capability import Capability, Order, register
from bot.context import Context
from bot.ids import PersonId, WorkspaceId
from bot.inbound import Command, Ordered, Pressed
from bot.lanes import Lanes
from bot.message import say
from bot.outbox import Letter, Priority, ToPerson
from bot.people import Person, Workspace
from bot.ports import Work
from bot.rate import Limits
from bot.reply import Reply
from storage.database import Database
from storage.lane import SqlLaneStore
from storage.migrate import upgrade
from tests.crash.child import Child, announce, wait_for_the_end
from tests.databases import RELAY_KEY
from tests.everywhere import everywhere

PARTS: Final = ["dispatch", "commit", "ack"]
LIMITS: Final = {
    "dispatch_ms": 0.12,
    "times_bolt": 5,
    "commands_per_s": 2_000,
    "ack_ms_p99": 10,
}
HANDLERS: Final = 60
CONNECTIONS: Final = 64
PEOPLE: Final = 500
SPEAKERS: Final = 64
SECRET: Final = "made-up-signing-secret"
SEAL: Final = bytes(range(32))
LOOPBACK: Final = "127.0.0.1"
TEAM: Final = "T1"
WORKSPACE: Final = WorkspaceId("w1")
FACTS: Final = Facts(team=TEAM, bot_user="UB1", bot="B1")
WAITING: Final = 180
WARMING: Final = CONNECTIONS * 4


def now() -> datetime:
    return datetime.now(UTC)


# Requests as Slack sends them ---------------------------------------------------------------


def command_of(person: str, word: str, trigger: str) -> bytes:
    fields = {
        "token": "x",
        "team_id": TEAM,
        "team_domain": "test",
        "channel_id": "C1",
        "channel_name": "general",
        "user_id": person,
        "user_name": person.lower(),
        "command": f"/{word}",
        "text": "how do I claim a taxi?",
        "api_app_id": "A1",
        "is_enterprise_install": "false",
        "response_url": "https://hooks.slack.com/commands/T1/1/x",
        "trigger_id": trigger,
    }
    return urlencode(fields).encode()


def press_of(person: str, action: str, trigger: str) -> bytes:
    payload: dict[str, Any] = {
        "type": "block_actions",
        "user": {"id": person, "username": "x", "name": "x", "team_id": TEAM},
        "api_app_id": "A1",
        "token": "x",
        "team": {"id": TEAM, "domain": "test"},
        "enterprise": None,
        "is_enterprise_install": False,
        "container": {
            "type": "message",
            "message_ts": "1772441000.000100",
            "channel_id": "C1",
            "is_ephemeral": False,
        },
        "trigger_id": trigger,
        "channel": {"id": "C1", "name": "general"},
        "message": {"type": "message", "user": "UB1", "ts": "1772441000.000100", "text": "x"},
        "state": {"values": {}},
        "response_url": "https://hooks.slack.com/actions/T1/1/x",
        "actions": [
            {
                "type": "button",
                "action_id": f"{action}#0",
                "block_id": "b",
                "value": '{"n":1}',
                "action_ts": "1772442000.1",
            }
        ],
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def headers_of(body: bytes) -> dict[str, str]:
    timestamp = str(int(time.time()))
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": sign(SECRET, body, timestamp),
    }


# Dispatch -----------------------------------------------------------------------------------


def name_of(number: int) -> str:
    """A word of letters, as ours are."""
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:03}")


class Switchboard(SlackEntrance):
    """The entrance up to the handler, which is found and not called."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.found = 0

    async def _do(self, heard: Heard, _until: float) -> Ack:
        registry = self._app.registry
        match heard.inbound.what:
            case Pressed(action=action):
                self.found += action in registry.presses
            case Ordered(name=name):
                self.found += name in registry.orders
        return Ack()


class Known:
    """Everybody is known, and the app is installed."""

    base_url = "https://slack.com/api/"

    async def authorize(self, *_: object) -> AuthorizeResult:
        return authorized(FACTS, TEAM, "xoxb-1")

    async def profile(self, _team: str, _user: str) -> None:
        return None

    async def names(self, _team: str, _users: Iterable[str]) -> Mapping[str, str]:
        return {}


def make_switchboard() -> Switchboard:
    words = [name_of(number) for number in range(HANDLERS)]

    def handle(_context: Context, _work: Work, _command: Command) -> Reply:
        raise AssertionError("only found")

    orders = {word: Order(handle=handle, hint="", help="", slash=True) for word in words}
    presses = {f"bench.{word}": handle for word in words}
    known: Any = Known()
    app: Any = SimpleNamespace(
        registry=register([Capability(name="b", title="B", orders=orders, presses=presses)])
    )
    return Switchboard(
        app=app,
        client=known,
        installed=known,
        directory=known,
        signing_secret=SECRET,
        wording=Wording({"learn": "learn", **{w: w for w in words}}, frozenset(words)),
        seal=SEAL,
        hears={},
        clock=now,
    )


def make_plain_bolt() -> tuple[AsyncApp, list[int]]:
    """slack-bolt as its documentation has it, but that it acknowledges when it is done."""
    called: list[int] = []

    async def authorize() -> AuthorizeResult:
        return authorized(FACTS, TEAM, "xoxb-1")

    bolt = AsyncApp(signing_secret=SECRET, authorize=authorize, process_before_response=True)

    async def handle(ack: Any) -> None:
        called.append(1)
        await ack()

    for number in range(HANDLERS):
        bolt.command(f"/{name_of(number)}")(handle)
        bolt.action(f"bench.{name_of(number)}#0")(handle)
        bolt.view(f"bench.{name_of(number)}")(handle)
    return bolt, called


async def time_ours(requests: Sequence[tuple[bytes, dict[str, str]]]) -> float:
    """Milliseconds of a request, of processor time: there is nothing to wait for."""
    board = make_switchboard()
    began = process_time()
    for body, headers in requests:
        told = headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"]
        if verify(SECRET, body, *told, now()) is not Verdict.SIGNED:
            raise SystemExit("not signed")
        payload = read_payload(body, headers["Content-Type"])
        assert payload is not None
        await board.take(payload)
    took = process_time() - began
    if board.found != len(requests):
        raise SystemExit(f"found {board.found} of {len(requests)}")
    return took / len(requests) * 1_000


async def time_bolt(requests: Sequence[tuple[bytes, dict[str, str]]]) -> float:
    bolt, called = make_plain_bolt()
    began = process_time()
    for body, headers in requests:
        request = AsyncBoltRequest(body=body.decode(), headers=dict(headers))
        answer = await bolt.async_dispatch(request)
        if answer.status != 200:
            raise SystemExit(f"bolt answered {answer.status}")
    took = process_time() - began
    if len(called) != len(requests):
        raise SystemExit(f"bolt called {len(called)} of {len(requests)}")
    return took / len(requests) * 1_000


def measure_dispatch(requests: int) -> dict[str, Any]:
    """Of several rounds in turn the median, half of it commands and half presses."""
    last = name_of(HANDLERS - 1)
    bodies = [
        command_of("U1", last, f"t{number}") if number % 2 else
        press_of("U1", f"bench.{last}", f"t{number}")
        for number in range(requests)
    ]  # fmt: skip
    signed = [(body, headers_of(body)) for body in bodies]
    ours, bolts = [], []
    for _ in range(5):
        gc.collect()
        ours.append(asyncio.run(time_ours(signed)))
        bolts.append(asyncio.run(time_bolt(signed[: max(1, requests // 5)])))
    ours_ms, bolt_ms = statistics.median(ours), statistics.median(bolts)
    return {
        "ours_ms": round(ours_ms, 3),
        "plain_bolt_ms": round(bolt_ms, 3),
        "times": round(bolt_ms / ours_ms, 1),
    }


# The server -----------------------------------------------------------------------------------


def make_keeping() -> Capability[Work]:
    """`/keep` promises a letter for tomorrow, so that it is kept and not sent."""
    letter, reply = say("You asked how to claim a taxi."), say("I will ask somebody who knows.")

    def keep(context: Context, work: Work, command: Command) -> Reply:
        work.outbox.post(
            command.person.workspace,
            Letter(
                key=context.new_id(),
                to=ToPerson(person=command.person.id),
                message=letter,
                kind="bench",
                priority=Priority.ANSWER,
                due_at=context.now + timedelta(days=1),
            ),
        )
        return Reply(message=reply)

    order = Order(handle=keep, hint="", help="for the measurement", slash=True)
    return Capability(name="bench", title="Bench", orders={"keep": order})


class Steady(SlackPlatform):
    """At a rate that is given, and a conversation without a pace of its own."""

    rate = 200.0

    @property
    def limits(self) -> Limits:
        return Limits(per_minute=self.rate * 60)


async def serve(folder: Path, slack: str, letters: int) -> None:
    """The real entrance over HTTP, and lanes where there are letters; until told to end."""
    widen_executor()
    configure_logs("warning")
    url = f"sqlite:///{folder}/inflow.db"
    upgrade(url)
    database = Database(url, relay_key=RELAY_KEY, memory=Memory())
    with database.transaction() as work:
        work.people.add_workspace(Workspace(WORKSPACE, "slack", TEAM, "Test"))
        for number in range(PEOPLE):
            person = PersonId(f"p{number}")
            work.people.save(Person(person, WORKSPACE, f"U{number:08}", f"Person {number}"))
    app: App[Work] = App(database, register([make_keeping()]), now, lambda: uuid4().hex)
    exchange = Exchange(slack)
    installed = OneWorkspace("xoxb-1", exchange)
    await installed.start()
    client = SlackClient(installed.token_of, slack)
    wording = Wording({"learn": "learn", "keep": "keep"}, frozenset({"keep"}))
    entrance = SlackEntrance(
        app=app,
        client=client,
        installed=installed,
        directory=Directory(app=app, database=database, client=client, new_id=lambda: uuid4().hex),
        signing_secret=SECRET,
        wording=wording,
        seal=SEAL,
        hears={},
        clock=now,
    )
    runner = web.AppRunner(create_app([entrance.add_routes]), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    platform = Steady(client, TEAM, wording=wording, seal=SEAL)
    lanes = Lanes(SqlLaneStore(database), everywhere(lambda: platform), now)
    carrying = asyncio.create_task(carry(database, lanes, letters)) if letters else None
    ease_collector()
    announce(port=runner.addresses[0][1])
    await wait_for_the_end()
    if carrying is not None:
        carrying.cancel()
        await lanes.stop(1)
    await runner.cleanup()
    await entrance.close()
    await installed.close()
    await exchange.close()
    await client.close()
    database.close()


async def carry(database: Database, lanes: Lanes, letters: int) -> None:
    def promise() -> None:
        with database.transaction() as work:
            work.outbox.post_all(
                WORKSPACE,
                [
                    Letter(
                        key=f"out:{number}",
                        to=ToPerson(person=PersonId(f"p{number % PEOPLE}")),
                        message=say("Here is the tip of the day: claim taxis the same week."),
                        kind="bench",
                        priority=Priority.TIP,
                    )
                    for number in range(letters)
                ],
            )

    await asyncio.to_thread(promise)
    while True:
        await lanes.sweep()
        await asyncio.sleep(0.5)


async def play_slack() -> None:
    """A Slack that takes everything after a moment, and counts."""
    taken: list[float] = []

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        match request.match_info["method"]:
            case "auth.test":
                return web.json_response(
                    {"ok": True, "team_id": TEAM, "team": "Test", "user_id": "UB1", "bot_id": "B1"}
                )
            case "chat.postMessage":
                taken.append(perf_counter())
                await asyncio.sleep(0.05)
                ts = f"1772442000.{len(taken):06}"
                return web.json_response({"ok": True, "channel": "D1", "ts": ts})
        return web.json_response({"ok": True})

    async def tell(_request: web.Request) -> web.Response:
        return web.json_response(taken)

    app = web.Application()
    app.router.add_post("/api/{method}", answer)
    app.router.add_get("/taken", tell)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    announce(port=runner.addresses[0][1])
    await wait_for_the_end()
    await runner.cleanup()


# The load -------------------------------------------------------------------------------------


def request_of(body: bytes) -> bytes:
    lines = [f"POST {PATH} HTTP/1.1", f"Host: {LOOPBACK}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers_of(body).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Line:
    """A connection that is kept, as simple as can be: the load must not be what is measured."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, request: bytes) -> float:
        """Seconds until the answer was there."""
        began = perf_counter()
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"answered {head[:20]!r}")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await self._reader.readexactly(length)
        if b"I will ask" not in body:
            raise SystemExit("not the answer that was expected")
        return perf_counter() - began

    def close(self) -> None:
        self._writer.close()


async def press_on(port: int, requests: int, rate: float) -> dict[str, float]:
    """Send the requests over the connections: as fast as they are answered, or so many a
    second. Gives requests a second and milliseconds."""
    prepared = iter(
        [
            request_of(command_of(f"U{number % SPEAKERS:08}", "keep", f"t{rate}{number}"))
            for number in range(requests)
        ]
    )
    lines = [Line(*await asyncio.open_connection(LOOPBACK, port)) for _ in range(CONNECTIONS)]
    took: list[float] = []
    began = perf_counter()
    if rate:
        free = asyncio.Queue[Line]()
        for line in lines:
            free.put_nowait(line)

        async def send(request: bytes, due: float) -> None:
            line = await free.get()
            # From when it was due: whoever waits for a connection waits as well.
            await line.send(request)
            took.append(perf_counter() - due)
            free.put_nowait(line)

        async with asyncio.TaskGroup() as group:
            for number, request in enumerate(prepared):
                due = began + number / rate
                await asyncio.sleep(max(0.0, due - perf_counter()))
                group.create_task(send(request, perf_counter()))
    else:

        async def go_on(line: Line) -> None:
            took.extend([await line.send(request) for request in prepared])

        await asyncio.gather(*(go_on(line) for line in lines))
    lasted = perf_counter() - began
    for line in lines:
        line.close()
    milliseconds = sorted(each * 1_000 for each in took)
    return {
        "per_s": round(len(took) / lasted),
        "ms_median": round(statistics.median(milliseconds), 2),
        "ms_p99": round(statistics.quantiles(milliseconds, n=100)[-1], 2),
        "ms_max": round(milliseconds[-1], 1),
    }


async def load(port: int, requests: int, rate: float) -> None:
    # What is met for the first time is not what is measured.
    await press_on(port, WARMING, 0)
    announce(**await press_on(port, requests, rate))  # type: ignore[arg-type]


@contextmanager
def child(*arguments: str) -> Iterator[tuple[Child, dict[str, Any]]]:
    """A process of this module and what it says when it is ready."""
    process = Child("tests.bench.slack", *arguments)
    try:
        ready = process.wait_until_ready(WAITING)
        if ready is None:
            raise SystemExit(f"a process ended with {process.status}")
        yield process, ready
    finally:
        process.stop()


def processor_seconds(process: Child) -> float | None:
    """What a process has used so far; None where the system does not tell."""
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_under(folder: Path, requests: int, rate: float, letters: int) -> dict[str, Any]:
    """What the load sees of a server of its own, and how fast letters went out meanwhile."""
    with (
        TemporaryDirectory(dir=folder) as place,
        child("--play") as (_, slack),
        child("--serve", place, "--slack", str(slack["port"]), "--letters", str(letters)) as (
            server,
            ready,
        ),
    ):
        about = ["--requests", str(requests), "--rate", str(rate)]
        before = processor_seconds(server)
        with child("--load", str(ready["port"]), *about) as (_, seen):
            after = processor_seconds(server)
        figures: dict[str, Any] = dict(seen)
        if before is not None and after is not None:
            used = (after - before) / (requests + WARMING) * 1_000
            figures["server_cpu_ms_a_request"] = round(used, 2)
        if letters:
            figures["letters_per_s"] = asyncio.run(find_pace(slack["port"]))
    return figures


async def find_pace(port: int) -> float:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(b"GET /taken HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    taken: list[float] = json.loads((await reader.read()).partition(b"\r\n\r\n")[2])
    writer.close()
    return round((len(taken) - 1) / (taken[-1] - taken[0]), 1)


def measure(folder: Path, parts: Sequence[str], requests: int, seconds: int) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    if "dispatch" in parts:
        figures["dispatch"] = measure_dispatch(max(100, requests // 4))
    if "commit" in parts:
        runs = [measure_under(folder, requests, 0, 0) for _ in range(3)]
        figures["commit_64_connections"] = sorted(runs, key=lambda run: run["per_s"])[1]
    if "ack" in parts:
        letters = int(Steady.rate * (seconds + 10))
        runs = [measure_under(folder, 100 * seconds, 100, letters) for _ in range(3)]
        figures["ack_while_200_a_second_go_out"] = sorted(runs, key=lambda run: run["ms_p99"])[1]
    return figures


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--folder", type=Path, default=None, help="on the disk to be measured")
    parser.add_argument("--requests", type=int, default=8_000)
    parser.add_argument("--seconds", type=int, default=10)
    for name in ("--serve", "--slack", "--load"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--play", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--letters", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--rate", type=float, default=0, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.play:
        asyncio.run(play_slack())
    elif chosen.serve:
        slack = f"http://{LOOPBACK}:{chosen.slack}/api/"
        asyncio.run(serve(Path(chosen.serve), slack, chosen.letters))
    elif chosen.load:
        asyncio.run(load(int(chosen.load), chosen.requests, chosen.rate))
    else:
        with TemporaryDirectory(prefix="inflow-bench-", dir=chosen.folder) as folder:
            figures = measure(Path(folder), chosen.part or PARTS, chosen.requests, chosen.seconds)
        print(json.dumps({"bench": "slack", "limits": LIMITS, **figures}, indent=2))


if __name__ == "__main__":
    main()
