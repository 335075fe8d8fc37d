"""How what happens in Slack reaches an app: signed requests, or envelopes over a socket."""

import asyncio
import hashlib
import hmac
import itertools
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

PATIENCE = 3.0
"""Seconds that Slack waits for an answer."""


@dataclass(frozen=True, slots=True)
class Ack:
    """What an app answered. `reason` says, in Slack's words, why it counts as no answer."""

    ok: bool
    body: Any = None
    reason: str = ""
    stop: bool = False
    """The app wants no retry (`x-slack-no-retry`)."""
    status: int = 200


class Wire(Protocol):
    """`kind` is `events_api`, `slash_commands` or `interactive`."""

    async def send(
        self, kind: str, payload: Mapping[str, Any], attempt: int = 0, why: str = ""
    ) -> Ack: ...

    async def close(self) -> None: ...


def sign(secret: str, at: int, body: bytes) -> str:
    base = b"v0:%d:%s" % (at, body)
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class HttpWire:
    """To the app's request URL, signed with `secret` at the moment of `clock` (seconds)."""

    patience = PATIENCE

    def __init__(self, url: str, secret: str, clock: Callable[[], float]) -> None:
        self.url = url
        self._secret = secret
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self.patience),
                connector=aiohttp.TCPConnector(limit=0),
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(
        self, kind: str, payload: Mapping[str, Any], attempt: int = 0, why: str = ""
    ) -> Ack:
        if kind == "events_api":
            body, content_type = json.dumps(payload), "application/json"
        else:
            form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
            body, content_type = urlencode(form), "application/x-www-form-urlencoded"
        headers = {"Content-Type": content_type}
        if attempt:
            headers |= {"x-slack-retry-num": str(attempt), "x-slack-retry-reason": why}
        return await self.send_raw(body.encode(), headers)

    async def send_raw(self, body: bytes, headers: Mapping[str, str]) -> Ack:
        """A body as it stands, signed unless the headers say something of their own."""
        at = int(self._clock())
        signed = {
            "X-Slack-Request-Timestamp": str(at),
            "X-Slack-Signature": sign(self._secret, at, body),
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **headers,
        }
        try:
            async with self._open().post(self.url, data=body, headers=signed) as answer:
                return await _read(answer)
        except TimeoutError:
            return Ack(False, reason="http_timeout", status=0)
        except aiohttp.ClientError:
            return Ack(False, reason="connection_failed", status=0)


async def _read(answer: aiohttp.ClientResponse) -> Ack:
    text = await answer.text()
    body: Any = text
    if answer.content_type == "application/json" and text:
        body = json.loads(text)
    ok = 200 <= answer.status < 300
    return Ack(
        ok,
        body or None,
        "" if ok else "http_error",
        stop=answer.headers.get("x-slack-no-retry") == "1",
        status=answer.status,
    )


@dataclass(slots=True)
class Sockets:
    """Slack's side of Socket Mode: up to ten connections, any of which gets an envelope."""

    app_id: str
    tickets: set[str]
    dice: random.Random = field(default_factory=lambda: random.Random(0))
    connections: list[web.WebSocketResponse] = field(default_factory=list)
    opened: int = 0
    """How many connections there have ever been."""
    patience: float = PATIENCE
    _acks: dict[str, "asyncio.Future[Any]"] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _joined: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self.tickets or len(self.connections) >= 10:
            return web.Response(status=408 if ticket in self.tickets else 403)
        self.tickets.discard(ticket)  # A ticket opens one connection.
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        self.connections.append(socket)
        self.opened += 1
        await socket.send_json(
            {
                "type": "hello",
                "num_connections": len(self.connections),
                "debug_info": {
                    "host": "applink-1",
                    "build_number": 1,
                    "approximate_connection_time": 18_060,
                },
                "connection_info": {"app_id": self.app_id},
            }
        )
        self._joined.set()
        try:
            async for message in socket:
                if message.type == aiohttp.WSMsgType.TEXT:
                    self._hear(json.loads(message.data))
        finally:
            self.connections.remove(socket)
            if not self.connections:
                self._joined.clear()
        return socket

    def _hear(self, told: Mapping[str, Any]) -> None:
        waiting = self._acks.get(str(told.get("envelope_id")))
        if waiting is not None and not waiting.done():
            waiting.set_result(told.get("payload"))

    async def wait(self) -> None:
        """Until somebody is connected."""
        await asyncio.wait_for(self._joined.wait(), 30)

    async def disconnect(self, reason: str = "refresh_requested", *, cut: bool = True) -> None:
        """Tell every connection that it ends soon (`warning`) or now (`refresh_requested`)."""
        for socket in list(self.connections):
            await socket.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-1"}}
            )
            if cut:
                await socket.close()

    async def cut(self) -> None:
        """End every connection without a word."""
        for socket in list(self.connections):
            transport = socket._req.transport if socket._req is not None else None
            if transport is not None:
                transport.abort()

    async def send(
        self, kind: str, payload: Mapping[str, Any], attempt: int = 0, why: str = ""
    ) -> Ack:
        await self.wait()
        id_ = f"00000000-0000-4000-9000-{next(self._numbers):012}"
        told: dict[str, Any] = {
            "envelope_id": id_,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            told |= {"retry_attempt": attempt, "retry_reason": why}
        self._acks[id_] = asyncio.get_running_loop().create_future()
        try:
            await self.dice.choice(self.connections).send_json(told)
            body = await asyncio.wait_for(self._acks[id_], self.patience)
        except (TimeoutError, ConnectionError):
            return Ack(False, reason="timeout", status=0)
        finally:
            del self._acks[id_]
        return Ack(True, body)

    async def close(self) -> None:
        for socket in list(self.connections):
            await socket.close()
