"""A strict Slack of our own on the loopback address.

It speaks the Web API (`tests.adapters.slack.method`), response URLs and Socket Mode, keeps
Slack's limits (`rate`, `check`), and fails as it is told to. Nothing that happens to its clients
touches what it remembers: `memory` holds all workspaces, `ledger` every call.
"""

import asyncio
import base64
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, Self

from aiohttp import web

from tests.adapters.slack.check import check_message
from tests.adapters.slack.memory import Memory
from tests.adapters.slack.method import (
    METHODS,
    Call,
    Ledger,
    Method,
    Refusal,
    channel_of,
    read_json,
)
from tests.adapters.slack.rate import Rates
from tests.adapters.slack.team import SCOPE_PREFIX, Channel, Member, Posted, Team, Token
from tests.adapters.slack.wire import HttpWire, Sockets

LOOPBACK = "127.0.0.1"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class FakeSlack:
    """`url` is what a client takes for `https://slack.com/api/`, `hook_url` where response URLs
    lead. `clock` gives seconds since 1970; the limits keep to it.

    One workspace `T1` is there from the start, with the app installed: `team`, `token` (of the
    bot) and `app_token` (of the app).
    """

    def __init__(self, clock: Callable[[], float] = time.time, *, rates: bool = True) -> None:
        self.memory = Memory(clock)
        self.rates = Rates(clock, enforced=rates)
        self.ledger = Ledger()
        self.faults: defaultdict[str, deque[str]] = defaultdict(deque)
        """By method: what happens to the next calls, in order. See `fail`."""
        self.weather: Callable[[Call], str | None] = lambda _call: None
        """The fault of a call that `faults` has none for."""
        self.late = 0.2
        """Seconds until a late call is accepted."""
        self.release = asyncio.Event()
        """Until then held calls are not done, and late ones not accepted where `late` is 0."""
        self.team = self.memory.add_team("T1", "Test")
        self.token = self.memory.add_token("T1")
        self.app_token = self.memory.add_app_token()
        self.sockets = Sockets(self.memory.app_id, self.memory.tickets)
        self._runner: web.AppRunner | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._gone = asyncio.Event()

    # People and places

    def add_user(
        self,
        id_: str,
        name: str | None = None,
        *,
        zone: str = "Europe/London",
        team: str = "T1",
        **more: bool,
    ) -> Member:
        """A person; `is_bot`, `deleted` and `is_stranger` may be told."""
        member = Member(id_, team, name or id_[1:].title(), zone, **more)
        self.memory.teams[team].members[id_] = member
        return member

    def add_channel(
        self,
        id_: str,
        *members: str,
        kind: str = "channel",
        team: str = "T1",
        with_bot: bool = True,
    ) -> Channel:
        held = self.memory.teams[team]
        everybody = {*members, *([held.bot_user] if with_bot else [])}
        channel = Channel(id_, team, kind, id_.lower(), everybody)
        held.channels[id_] = channel
        return channel

    def posts(self, channel: str, team: str = "T1") -> list[Posted]:
        """All messages of a conversation, ephemeral ones among them, oldest first."""
        found = self.memory.teams[team].channels.get(channel)
        return list(found.posts) if found else []

    def calls(self, method: str) -> list[Call]:
        """Every call of that method that was let through, oldest first."""
        return [call for call in self.ledger.calls if call.method == method]

    def fail(self, method: str, *faults: str) -> None:
        """Let the next calls of a method fail, one after the other.

        `error_before`, `error_after` (500), `reset_before`, `reset_after`, `hang_before`,
        `hang_after`, `truncated`, `garbage`, `late` (accepted when the client has gone),
        `slow:SECONDS` (done, and answered so much later), `held` (done once it is released),
        `limited:SECONDS` (429), `error:NAME` (`"ok": false`), `fine` (nothing).
        """
        self.faults[method].extend(faults)

    # The way to the app

    def http_wire(self, url: str) -> HttpWire:
        """To a request URL of the app's, signed."""
        return HttpWire(url, self.memory.signing_secret, self.memory.clock)

    # Life

    @property
    def origin(self) -> str:
        assert self._runner is not None, "not started"
        return f"http://{LOOPBACK}:{self._runner.addresses[0][1]}"

    @property
    def url(self) -> str:
        return f"{self.origin}/api/"

    async def start(self) -> None:
        app = web.Application(client_max_size=4 * 2**20)
        app.router.add_route("*", "/api/{method}", self._answer)
        app.router.add_post("/actions/{team}/{hook}", self._take_answer)
        app.router.add_get("/link/", self.sockets.serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, 0).start()
        self.memory.base_url = self.origin
        self.memory.socket_url = f"ws://{self.origin.removeprefix('http://')}/link/"

    async def stop(self) -> None:
        self._gone.set()
        await self.sockets.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # The Web API

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        method = METHODS.get(name)
        if method is None:
            return self._refuse(name, "unknown_method")
        arguments = await _read(request, method)
        if isinstance(arguments, str):
            return self._refuse(name, arguments)
        token = self._token_of(request, method, arguments)
        if isinstance(token, str):
            return self._refuse(name, token)
        call = Call(name, token.team, arguments, self.memory.clock())
        wait = self.rates.admit(token.team, name, self._paced(token, call))
        if wait:
            return self._limit(wait)
        self.ledger.calls.append(call)
        queue = self.faults[name]
        fault = queue.popleft() if queue else self.weather(call)
        return await self._perform(request, method, token, call, fault)

    def _paced(self, token: Token, call: Call) -> str | None:
        """The conversation whose own pace a message keeps to."""
        if call.method != "chat.postMessage":
            return None
        channel = str(call.arguments.get("channel"))
        named = f"D{channel[1:]}" if channel[:1] in {"U", "W"} else channel
        return f"{token.team}/{named}"

    def _token_of(
        self, request: web.Request, method: Method, arguments: dict[str, Any]
    ) -> Token | str:
        """Who calls, with what is missing of its rights as the error."""
        if method.kind == "none":
            basic = request.headers.get("Authorization", "")
            if basic.startswith("Basic "):
                client, _, secret = base64.b64decode(basic[6:]).decode().partition(":")
                arguments |= {"client_id": client, "client_secret": secret}
            return Token("", "none", frozenset(), "")
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        given = given or str(arguments.pop("token", ""))
        arguments.pop("token", None)
        token = self.memory.token(given)
        if isinstance(token, str):
            return token
        return token if token.kind == method.kind else "not_allowed_token_type"

    async def _perform(
        self, request: web.Request, method: Method, token: Token, call: Call, fault: str | None
    ) -> web.StreamResponse:
        match (fault or "fine").split(":"):
            case ["error_before"]:
                return web.Response(status=500)
            case ["reset_before"]:
                return _reset(request)
            case ["hang_before"]:
                return await self._hang(request)
            case ["late"]:
                self._later(method, token, call)
                return await self._hang(request)
            case ["slow", seconds]:
                # The client waits, and hears of it at last.
                answer = self._do(method, token, call)
                await asyncio.sleep(float(seconds))
                return answer
            case ["held"]:
                await self.release.wait()
                return self._do(method, token, call)
            case ["limited", seconds]:
                return self._limit(int(seconds))
            case ["error", error]:
                return self._refuse(call.method, error)
        answer = self._do(method, token, call)
        match fault:
            case "error_after":
                return web.Response(status=500)
            case "reset_after":
                return _reset(request)
            case "hang_after":
                return await self._hang(request)
            case "truncated":
                return await _break_off(request)
            case "garbage":
                return web.Response(text="<html>Something went wrong</html>", status=503)
            case _:
                return answer

    def _do(self, method: Method, token: Token, call: Call) -> web.Response:
        arguments = call.arguments
        try:
            unknown = sorted(arguments.keys() - method.takes)
            missing = sorted(name for name in method.needs if not arguments.get(name))
            if unknown or missing:
                raise Refusal(
                    "invalid_arguments",
                    response_metadata={
                        "messages": [
                            *(f"[ERROR] unknown argument: {name}" for name in unknown),
                            *(f"[ERROR] missing required field: {name}" for name in missing),
                        ]
                    },
                )
            self._check_scope(method, token, call)
            answer = {"ok": True, **method.handle(self.memory, token, arguments)}
        except Refusal as refusal:
            return self._refuse(call.method, refusal.error, **refusal.more)
        return web.json_response(answer, headers=_scopes(token, method))

    def _check_scope(self, method: Method, token: Token, call: Call) -> None:
        if method.scope is None:
            return
        needed = method.scope
        if needed.startswith("*"):
            channel = channel_of(self.memory, token, str(call.arguments["channel"]))
            needed = SCOPE_PREFIX[channel.kind] + needed[1:]
        if needed not in token.scopes:
            raise Refusal("missing_scope", needed=needed, provided=",".join(sorted(token.scopes)))

    def _refuse(self, method: str, error: str, **more: Any) -> web.Response:
        self.ledger.refused.append((method, error))
        return web.json_response({"ok": False, "error": error, **more})

    def _limit(self, seconds: int) -> web.Response:
        self.ledger.limited += 1
        return web.json_response(
            {"ok": False, "error": "ratelimited"},
            status=429,
            headers={"Retry-After": str(seconds)},
        )

    def _later(self, method: Method, token: Token, call: Call) -> None:
        async def accept() -> None:
            await (asyncio.sleep(self.late) if self.late else self.release.wait())
            self._do(method, token, call)

        self.keep(accept())

    def keep(self, work: Any) -> "asyncio.Task[None]":
        """Run something of Slack's own beside all else; `stop` ends it."""
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _hang(self, request: web.Request) -> web.Response:
        """Say nothing for as long as the client has patience."""
        while request.transport is not None and not request.transport.is_closing():
            if self._gone.is_set():
                break
            await asyncio.sleep(0.02)
        return _reset(request)

    # Response URLs

    async def _take_answer(self, request: web.Request) -> web.Response:
        """What an app says to a response_url. Slack answers with words, not with JSON."""
        hook = self.memory.take_hook(request.match_info["hook"])
        if isinstance(hook, str):
            self.ledger.refused.append(("response_url", hook))
            return web.json_response({"ok": False, "error": hook}, status=404)
        if request.content_type != JSON:
            return web.Response(status=400, text="invalid_payload")
        body = await request.json()
        known = {"text", "blocks", "response_type", "replace_original", "delete_original",
                 "thread_ts", "mrkdwn", "unfurl_links", "unfurl_media"}  # fmt: skip
        if unknown := body.keys() - known:
            self.ledger.refused.append(("response_url", str(sorted(unknown))))
            return web.Response(status=400, text="invalid_payload")
        self.ledger.calls.append(Call("response_url", hook.team, body, self.memory.clock()))
        queue = self.faults["response_url"]
        match (queue.popleft() if queue else "fine").split(":"):
            case ["error_before"]:
                return web.Response(status=500)
            case ["reset_before"]:
                return _reset(request)
            case ["limited", seconds]:
                return self._limit(int(seconds))
        blocks = read_json(body, "blocks") or []
        faults = check_message(blocks)
        if faults.messages or faults.too_long or not (blocks or body.get("text")
                                                      or body.get("delete_original")):  # fmt: skip
            self.ledger.refused.append(("response_url", f"invalid_blocks {faults.messages}"))
            return web.Response(status=400, text="invalid_blocks")
        self.say_to_hook(hook.id, body, blocks)
        return web.Response(text="ok")

    def say_to_hook(self, hook_id: str, body: dict[str, Any], blocks: list[Any]) -> None:
        """Put a message where the hook leads, or in the place of the one it came from."""
        hook = self.memory.hooks[hook_id]
        team = self.memory.teams[hook.team]
        channel = team.channels[hook.channel]
        original = hook.message
        if body.get("delete_original") and original is not None:
            channel.posts.remove(original)
            return
        if body.get("replace_original") and original is not None:
            original.text, original.blocks = str(body.get("text", "")), blocks
            self.memory.note_change(channel, original)
            return
        self.memory.add_post(
            channel,
            team.bot_user,
            str(body.get("text", "")),
            blocks,
            thread=body.get("thread_ts") or hook.thread,
            only=None if body.get("response_type") == "in_channel" else hook.user,
            by_bot=True,
        )


async def _read(request: web.Request, method: Method) -> dict[str, Any] | str:
    """The arguments of a call, from wherever they may stand; or the error."""
    found: dict[str, Any] = dict(request.query)
    if request.method == "GET":
        return found
    body = await request.read()
    if request.content_type == FORM or not body:
        return found | {name: str(value) for name, value in (await request.post()).items()}
    if request.content_type != JSON:
        return "invalid_post_type"
    if method.reads:
        # Read methods ignore a JSON body, and then lack what it said.
        return found
    try:
        told = json.loads(body)
    except ValueError:
        return "invalid_json"
    return found | told if isinstance(told, dict) else "json_not_object"


def _scopes(token: Token, method: Method) -> dict[str, str]:
    return {
        "x-oauth-scopes": ",".join(sorted(token.scopes)),
        "x-accepted-oauth-scopes": method.scope or "",
    }


def _reset(request: web.Request) -> web.Response:
    """Cut the connection; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _break_off(request: web.Request) -> web.StreamResponse:
    """An answer that promises more than it brings."""
    response = web.StreamResponse(headers={"Content-Length": "60"})
    await response.prepare(request)
    await response.write(b'{"ok": true, "chan')
    if request.transport is not None:
        request.transport.close()
    return response


__all__ = ["Channel", "FakeSlack", "Member", "Posted", "Team"]
