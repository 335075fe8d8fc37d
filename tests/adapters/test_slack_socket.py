"""Socket Mode: what Slack says is done and acknowledged, and the connection comes back."""

import asyncio
import json
import logging
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.slack import socket as module
from adapters.slack.client import SlackClient
from adapters.slack.socket import Socket
from bot.capabilities.questions.memory import Memory
from bot.errors import Unavailable
from storage.database import Database
from tests.adapters.slack.wire import Ack
from tests.adapters.slack_desk import CHANNEL, DIRECT, Desk, open_desk
from tests.adapters.slack_server import FakeSlack
from tests.databases import RELAY_KEY

T = TypeVar("T")

SOON = 20.0
"""Seconds within which all that is waited for happens."""
IN_VAIN = 0.3
"""Seconds for which is waited for what must not happen."""


@pytest.fixture
def store(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    file = shutil.copyfile(sqlite_template, tmp_path / "desk.db")
    database = Database(f"sqlite:///{file}", relay_key=RELAY_KEY, memory=Memory(), durable=False)
    yield database
    database.close()


async def no_token(_team: str) -> str | None:
    return None


@asynccontextmanager
async def listening(
    slack: FakeSlack, take: Callable[[Any], Awaitable[Any]], ping: float = SOON
) -> AsyncIterator[Socket]:
    client = SlackClient(no_token, slack.url, timedelta(seconds=SOON))
    line = Socket(client, slack.app_token, take, first_pause=0.02, ping=ping)
    await line.open()
    try:
        yield line
    finally:
        await line.close()
        await client.close()


async def answer_nothing(_payload: Any) -> Mapping[str, Any] | None:
    return None


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not is_so():  # noqa: ASYNC110 - what is waited for happens in Slack.
            await asyncio.sleep(0.01)


def with_slack(work: Callable[[FakeSlack], Awaitable[T]]) -> T:
    async def run() -> T:
        async with FakeSlack(rates=False) as slack, asyncio.timeout(3 * SOON):
            slack.sockets.patience = SOON
            return await work(slack)

    return asyncio.run(run())


def at_desk(database: Database, work: Callable[[Desk], Awaitable[T]]) -> T:
    async def run() -> T:
        async with open_desk(database) as desk, asyncio.timeout(3 * SOON):
            desk.slack.sockets.patience = SOON
            async with desk.entrance.connected(desk.slack.app_token) as line:
                await line.wait()
                done = await work(desk)
                await desk.settle()
                return done

    with structlog.testing.capture_logs():
        return asyncio.run(run())


# What is said through it --------------------------------------------------------------------


def test_events_and_commands_are_done_and_acknowledged(store: Database) -> None:
    async def work(desk: Desk) -> None:
        wire = desk.slack.sockets
        assert await wire.send("events_api", desk.said("hello")) == Ack(True, None)
        assert desk.shown(DIRECT) == ["5 characters: hello"]
        ack = await wire.send("slash_commands", desk.command("ask", "how?"))
        assert ack.body["response_type"] == "ephemeral"
        await wire.send("slash_commands", desk.command("both"))
        await desk.settle()
        ack = await wire.send("interactive", desk.submitted("wrong"))
        assert ack.body["errors"] == {"word": "Not this. Nor that."}

    at_desk(store, work)


def test_event_that_comes_again_is_answered_once(store: Database) -> None:
    async def work(desk: Desk) -> None:
        payload = desk.said("hello")
        sent = [desk.slack.sockets.send("events_api", payload, n) for n in range(4)]
        assert {ack.ok for ack in await asyncio.gather(*sent)} == {True}
        assert desk.shown(DIRECT) == ["5 characters: hello"]

    at_desk(store, work)


def test_nothing_is_acknowledged_that_was_not_kept(store: Database) -> None:
    async def work(desk: Desk) -> None:
        wire = desk.slack.sockets
        wire.patience = IN_VAIN
        desk.doing.away = True
        payload = desk.said("ask again")
        assert not (await wire.send("events_api", payload)).ok
        wire.patience = SOON
        desk.doing.away = False
        assert (await wire.send("events_api", payload, 1, "timeout")).ok
        assert desk.doing.done == ["again"]

    at_desk(store, work)


def test_message_that_fails_does_not_end_the_connection(store: Database) -> None:
    async def work(desk: Desk) -> None:
        wire = desk.slack.sockets
        (line,) = wire.connections
        for odd in ("", "[", "5", "[]", "{}", '{"envelope_id": "e", "payload": 5}', "[" * 100_000):
            await line.send_str(odd)
        await line.send_bytes(b"\xff")
        wire.patience = IN_VAIN
        assert not (await wire.send("events_api", desk.said("crash now"))).ok
        wire.patience = SOON
        assert (await wire.send("events_api", {"type": "unheard_of"})).ok
        assert (await wire.send("events_api", desk.said("hello"))).ok
        assert wire.opened == 1

    at_desk(store, work)


def test_what_takes_long_holds_up_nobody_else() -> None:
    async def work(slack: FakeSlack) -> None:
        slow = asyncio.Event()

        async def take(payload: Mapping[str, Any]) -> None:
            if payload.get("slow"):
                await slow.wait()
            if payload.get("fails"):
                raise RuntimeError

        async with listening(slack, take) as line:
            await line.wait()
            waiting = asyncio.create_task(slack.sockets.send("events_api", {"slow": 1}))
            slack.sockets.patience = IN_VAIN
            assert not (await slack.sockets.send("events_api", {"fails": 1})).ok
            slack.sockets.patience = SOON
            assert (await slack.sockets.send("events_api", {})).ok
            slow.set()
            await waiting

    with structlog.testing.capture_logs():
        with_slack(work)


def test_only_what_slack_wants_is_in_an_acknowledgement() -> None:
    async def work(slack: FakeSlack) -> None:
        async def take(_payload: Mapping[str, Any]) -> Mapping[str, Any]:
            return {"text": "x"}

        async with listening(slack, take) as line:
            await line.wait()
            assert (await slack.sockets.send("events_api", {})).body is None
            assert (await slack.sockets.send("interactive", {})).body == {"text": "x"}

    with_slack(work)


# How it lasts -------------------------------------------------------------------------------


def test_connection_moves_without_a_gap() -> None:
    async def work(slack: FakeSlack) -> None:
        async with listening(slack, answer_nothing) as line:
            await line.wait()
            (old,) = slack.sockets.connections
            await slack.sockets.disconnect("warning", cut=False)
            await until(lambda: slack.sockets.opened == 2)
            # Both are heard until Slack closes the old one.
            assert old in slack.sockets.connections
            for _ in range(8):
                assert (await slack.sockets.send("events_api", {})).ok
            await old.close()
            await until(lambda: len(slack.sockets.connections) == 1)
            assert line.is_connected
            assert (await slack.sockets.send("events_api", {})).ok
            assert slack.sockets.opened == 2

    with_slack(work)


def test_old_connection_is_given_up_when_slack_does_not_close_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOVING", 0.1)

    async def work(slack: FakeSlack) -> None:
        async with listening(slack, answer_nothing) as line:
            await line.wait()
            await slack.sockets.disconnect("warning", cut=False)
            await until(lambda: slack.sockets.opened == 2)
            await until(lambda: len(slack.sockets.connections) == 1)
            assert line.is_connected

    with_slack(work)


def test_connection_that_breaks_is_made_anew() -> None:
    async def work(slack: FakeSlack) -> None:
        async with listening(slack, answer_nothing) as line:
            for number in range(1, 4):
                await until(lambda number=number: slack.sockets.opened == number)  # type: ignore[misc]
                await line.wait()
                assert (await slack.sockets.send("events_api", {})).ok
                if number == 1:
                    await slack.sockets.cut()
                    await until(lambda: not line.is_connected)
                else:
                    await slack.sockets.disconnect("refresh_requested")

    with structlog.testing.capture_logs():
        with_slack(work)


def test_every_attempt_has_a_ticket_of_its_own() -> None:
    class Fussy(set[str]):
        """The first two tickets that are shown are good for nothing."""

        def __init__(self) -> None:
            super().__init__()
            self.seen: dict[object, int] = {}

        def __contains__(self, ticket: object) -> bool:
            number = self.seen.setdefault(ticket, len(self.seen))
            return number >= 2 and super().__contains__(ticket)

    async def work(slack: FakeSlack) -> None:
        slack.memory.tickets = slack.sockets.tickets = Fussy()
        slack.fail("apps.connections.open", "error:internal_error", "error_before", "reset_before")
        async with listening(slack, answer_nothing) as line:
            async with asyncio.timeout(SOON):
                await line.wait()
            assert slack.sockets.opened == 1
            assert len(slack.calls("apps.connections.open")) == 6

    with structlog.testing.capture_logs() as logs:
        with_slack(work)
    assert len(logs) >= 5


def test_token_that_is_refused_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.02)

    async def work(slack: FakeSlack) -> None:
        slack.fail("apps.connections.open", "error:invalid_auth", "limited:1")
        async with listening(slack, answer_nothing) as line:
            assert not line.is_connected
            async with asyncio.timeout(SOON):
                await line.wait()

    with structlog.testing.capture_logs() as logs:
        with_slack(work)
    assert {
        "log_level": "error",
        "event": "Slack refuses Socket Mode",
        "error": "invalid_auth",
    } in logs


@asynccontextmanager
async def deaf(slack: FakeSlack) -> AsyncIterator[list[str]]:
    """A server that greets and then hears nothing: no ping, no farewell."""
    greeted: list[str] = []
    end = asyncio.Event()

    async def serve(request: web.Request) -> web.StreamResponse:
        line = web.WebSocketResponse(autoping=False)
        await line.prepare(request)
        await line.send_json({"type": "hello"})
        greeted.append("hello")
        await end.wait()
        return line

    app = web.Application()
    app.router.add_get("/link/", serve)
    server = TestServer(app)
    await server.start_server()
    slack.memory.socket_url = f"ws://127.0.0.1:{server.port}/link/"
    try:
        yield greeted
    finally:
        end.set()
        await server.close()


def test_connection_that_has_gone_silent_is_given_up() -> None:
    async def work(slack: FakeSlack) -> None:
        async with deaf(slack) as greeted, listening(slack, answer_nothing, ping=0.1):
            await until(lambda: len(greeted) >= 2)

    with structlog.testing.capture_logs():
        with_slack(work)


def test_it_ends_soon_though_slack_does_not_hang_up() -> None:
    async def work(slack: FakeSlack) -> float:
        async with deaf(slack):
            async with listening(slack, answer_nothing) as line:
                await line.wait()
                began = asyncio.get_running_loop().time()
            return asyncio.get_running_loop().time() - began

    with structlog.testing.capture_logs():
        # By itself aiohttp waits ten seconds for an answer to its farewell.
        assert with_slack(work) < 8


def test_what_is_under_way_is_acknowledged_before_the_end() -> None:
    async def work(slack: FakeSlack) -> Ack:
        begun = asyncio.Event()

        async def take(_payload: Mapping[str, Any]) -> None:
            begun.set()
            await asyncio.sleep(0.2)

        async with listening(slack, take) as line:
            await line.wait()
            sent = asyncio.create_task(slack.sockets.send("events_api", {}))
            await begun.wait()
        return await sent

    with structlog.testing.capture_logs():
        assert with_slack(work) == Ack(True, None)


def test_it_ends_while_slack_cannot_be_reached() -> None:
    async def work(slack: FakeSlack) -> None:
        slack.fail("apps.connections.open", "hang_before")
        async with listening(slack, answer_nothing):
            await asyncio.sleep(0.05)

    with_slack(work)


def test_no_payload_no_token_and_no_ticket_is_logged(
    store: Database, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    secrets = ["words of ana", "ticket", CHANNEL + '"']

    async def run() -> None:
        async with open_desk(store) as desk:
            wire = desk.slack.sockets
            wire.patience = 0.2
            secrets.append(desk.slack.app_token)
            async with desk.entrance.connected(desk.slack.app_token) as line:
                await line.wait()
                await wire.send("events_api", desk.said("words of ana"))
                await wire.send("events_api", desk.said("crash words of ana"))
                command = desk.command("ask", "words of ana")
                await wire.send("slash_commands", command)
                secrets.extend([command["trigger_id"], command["response_url"]])
                await wire.connections[0].send_str(json.dumps({"odd": "words of ana"}))
                await wire.disconnect("words of ana")
                desk.slack.memory.socket_url = "ws://127.0.0.1:1/link/"
                await wire.cut()
                await asyncio.sleep(0.1)

    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logs:
        asyncio.run(run())
    for log in logs:
        log.pop("exc_info", None)
    written = f"{caplog.text}\n{logs}\n{''.join(capfd.readouterr())}"
    assert "Slack moves the connection" in written
    for secret in secrets:
        assert secret not in written, secret


def test_unavailable_is_what_the_entrance_says_when_nothing_was_kept() -> None:
    async def work(slack: FakeSlack) -> Ack:
        async def take(_payload: Mapping[str, Any]) -> None:
            raise Unavailable

        slack.sockets.patience = IN_VAIN
        async with listening(slack, take) as line:
            await line.wait()
            return await slack.sockets.send("events_api", {})

    with structlog.testing.capture_logs():
        assert not with_slack(work).ok
