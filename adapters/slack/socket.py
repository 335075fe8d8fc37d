"""Socket Mode: Slack is called, and speaks through the connection that is left open.

slack_sdk has a client for this too. It is not used, because it:

- repeats a broken handshake with the same address for ever, though each address is a ticket
  for one connection that soon expires;
- closes the old connection before it has the new one, so that acknowledgements are lost and
  Slack falls silent for seconds each time it moves its connections;
- lets nobody hold the tasks that do the work, so that they may be collected in the middle;
- waits ten seconds for Slack to close a connection, which Slack does not do;
- prints whole payloads at DEBUG, and addresses with their tickets in its errors.

An envelope is acknowledged on the connection it came by, after what it asks was committed. One
that is not acknowledged is delivered again.
https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeAlias

import aiohttp
import structlog

from adapters.slack.client import Answer, Answered, Refused, Slow
from bot.errors import Unavailable
from bot.proxy import find_proxy

PING = 10.0
"""Seconds between pings; a connection that says nothing for half as long again is given up."""
CONNECTING = 10.0
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
MOVING = 12.0
"""Seconds that the old connection is heard after Slack has asked for a new one; Slack itself
closes it about ten seconds later."""
CLOSING = 5.0
"""Seconds that `close` waits for what is under way."""
LONGEST_ENVELOPE = 2 * 1024 * 1024

Json: TypeAlias = Mapping[str, Any]
Take: TypeAlias = Callable[[Json], Awaitable[Json | None]]
"""Does what a payload asks and gives what the acknowledgement says. Raises Unavailable for what
is not to be acknowledged."""

log = structlog.get_logger()


class Calls(Protocol):
    """What is needed of `adapters.slack.client.SlackClient`."""

    async def call_as(self, token: str | None, method: str, body: Mapping[str, Any]) -> Answer: ...


class Socket:
    """One connection at a time, on one event loop; there is a new one whenever it ends."""

    def __init__(
        self,
        client: Calls,
        app_token: str,
        take: Take,
        *,
        first_pause: float = FIRST_PAUSE,
        ping: float = PING,
    ) -> None:
        self._client = client
        self._token = app_token
        self._take = take
        self._first_pause = first_pause
        self._ping = ping
        self._session: aiohttp.ClientSession | None = None
        self._running: asyncio.Task[None] | None = None
        self._lines: set[asyncio.Task[None]] = set()
        self._work: set[asyncio.Task[None]] = set()
        # While Slack moves us there are two.
        self._greeted: set[aiohttp.ClientWebSocketResponse] = set()
        self._connected = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        """Whether Slack has greeted us on a connection that still stands."""
        return self._connected.is_set()

    async def wait(self) -> None:
        """Return as soon as Slack has greeted us."""
        await self._connected.wait()

    async def open(self) -> None:
        """Begin to connect, and go on at once."""
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        self._running = asyncio.create_task(self._run(self._session))

    async def close(self) -> None:
        """Take no more, finish what is under way within a few seconds, and hang up."""
        await _end({self._running} if self._running else set())
        if self._work:
            # Its acknowledgements still go through the open lines.
            await asyncio.wait(set(self._work), timeout=CLOSING)
        await _end(set(self._work))
        await _end(set(self._lines))
        if self._session is not None:
            await self._session.close()

    async def _run(self, session: aiohttp.ClientSession) -> None:
        pause = self._first_pause
        while True:
            found = await self._find_line(session)
            if isinstance(found, aiohttp.ClientWebSocketResponse):
                pause = self._first_pause
                moving = asyncio.Event()
                line = _hold(self._lines, self._serve(found, moving))
                moved = asyncio.create_task(moving.wait())
                try:
                    await asyncio.wait({line, moved}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    moved.cancel()
                # Whoever is sent away at once must not come back at once.
                found = 0.0 if moving.is_set() else pause
            await asyncio.sleep(max(found, pause) if found else 0)
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _find_line(
        self, session: aiohttp.ClientSession
    ) -> aiohttp.ClientWebSocketResponse | float:
        """A new connection, or how many seconds are to be waited at least."""
        answer = await self._client.call_as(self._token, "apps.connections.open", {})
        match answer:
            case Answered(data={"url": str(url)}):
                pass
            case Slow(after=after):
                return after.total_seconds()
            case Refused(error=error):
                log.error("Slack refuses Socket Mode", error=error)
                return LONGEST_PAUSE
            case _:
                log.warning("Slack cannot be reached for Socket Mode")
                return self._first_pause
        try:
            async with asyncio.timeout(CONNECTING):
                return await session.ws_connect(
                    url,
                    heartbeat=self._ping,
                    max_msg_size=LONGEST_ENVELOPE,
                    proxy=find_proxy(url.replace("ws", "http", 1)),
                )
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # The error quotes the address, whose ticket is a secret.
            log.warning("no connection for Socket Mode", error=type(error).__name__)
            return self._first_pause

    async def _serve(self, line: aiohttp.ClientWebSocketResponse, moving: asyncio.Event) -> None:
        """Hear one connection until it ends. `moving` is set when another one is wanted."""
        try:
            async with asyncio.timeout(None) as limit:
                async for message in line:
                    if message.type is aiohttp.WSMsgType.TEXT and self._hear(line, message.data):
                        moving.set()
                        limit.reschedule(asyncio.get_running_loop().time() + MOVING)
        except TimeoutError:
            log.info("Slack did not close the connection it asked to move")
        finally:
            self._greeted.discard(line)
            if not self._greeted:
                self._connected.clear()
            if not moving.is_set():
                log.warning("a connection of Socket Mode has ended", code=line.close_code)
            # After a cancellation this waits for no farewell, which Slack does not give.
            await line.close()

    def _hear(self, line: aiohttp.ClientWebSocketResponse, data: str) -> bool:
        """Begin what a message asks; True when Slack wants to close this connection."""
        try:
            said = json.loads(data)
        except (ValueError, RecursionError):
            said = None
        match said:
            case {"type": "hello"}:
                self._greeted.add(line)
                self._connected.set()
                log.info("connected to Slack by Socket Mode")
            case {"type": "disconnect"}:
                reason = said.get("reason")
                known = reason in {"warning", "refresh_requested", "link_disabled"}
                log.info("Slack moves the connection", reason=reason if known else None)
                return True
            case {"envelope_id": str(), "payload": dict()}:
                _hold(self._work, self._do(line, said))
            case _:
                log.warning("Slack said something that nobody understands")
        return False

    async def _do(self, line: aiohttp.ClientWebSocketResponse, envelope: Json) -> None:
        try:
            body = await self._take(envelope["payload"])
        except Unavailable:
            log.warning("not acknowledged, so that Slack delivers again")
            return
        except Exception:
            # One message must not end the connection of all.
            log.exception("a message of Socket Mode failed")
            return
        ack: dict[str, Any] = {"envelope_id": envelope["envelope_id"]}
        if body and envelope.get("accepts_response_payload"):
            ack["payload"] = body
        try:
            await line.send_str(json.dumps(ack))
        except (aiohttp.ClientError, ConnectionError, RuntimeError):
            log.info("the connection ended before an acknowledgement")


def _hold(tasks: "set[asyncio.Task[None]]", work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """A task that nobody holds may be collected in the middle of its work."""
    task = asyncio.get_running_loop().create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task


async def _end(tasks: "set[asyncio.Task[None]]") -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task
