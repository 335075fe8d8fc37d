"""A strict Teams of our own on the loopback address.

It is the Bot Connector (conversations, activities, members), the endpoint that gives tokens to
bots and the place where the Connector's own keys are published. It keeps Teams' limits (`rate`,
`check`) and fails as it is told to. Nothing that happens to its clients touches what it
remembers: `memory` holds all conversations, `calls` every call that was let through.
"""

import asyncio
import itertools
import json
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self, TypeAlias

from aiohttp import web

from tests.adapters.teams.check import LARGEST, check_activity, size_of
from tests.adapters.teams.memory import TENANT, Conversation, Memory, Posted, RefusalError, Somebody
from tests.adapters.teams.openid import LOOPBACK, FakeOpenId
from tests.adapters.teams.rate import Rates
from tests.adapters.teams.signing import APP_ID, Signer
from tests.adapters.teams.wire import PATIENCE, BotWire

SCOPE = "https://api.botframework.com/.default"
FORM = "application/x-www-form-urlencoded"

_MADE = frozenset({"activity", "bot", "channelData", "isGroup", "members", "tenantId", "topicName"})


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was let through. `name` is `create`, `send`, `update`, `delete`, `members`,
    `member`, `team` or `channels`; `conversation` is without a thread."""

    name: str
    conversation: str
    body: Any
    at: float
    path: Mapping[str, str] = field(default_factory=dict)


_Do: TypeAlias = Callable[[Call], tuple[int, Any]]


class FakeTeams:
    """`service_url` is what activities name, `login_url` what a bot takes for
    `https://login.microsoftonline.com/`, `metadata_url` where the Connector's keys are.
    `clock` gives seconds since 1970; limits, tokens and their ends keep to it.

    `app_id` and `app_password` are the bot's, which is known in the tenant `TENANT`.
    """

    def __init__(self, clock: Callable[[], float] = time.time, *, rates: bool = True) -> None:
        self.app_id = APP_ID
        self.app_password = "the-password-of-the-tests"
        self.bot = f"28:{APP_ID}"
        self.clock = clock
        self.memory = Memory(clock)
        self.rates = Rates(clock, enforced=rates)
        self.signer = Signer(clock=clock)
        self.open_id = FakeOpenId(self.signer)
        self.calls: list[Call] = []
        self.refused: list[tuple[str, int, str]] = []
        """Of each call that was refused: its name, the status and the code."""
        self.limited = 0
        self.faults: defaultdict[str, deque[str]] = defaultdict(deque)
        """By name: what happens to the next calls, in order. See `fail`."""
        self.weather: Callable[[Call], str | None] = lambda _call: None
        """The fault of a call that `faults` has none for."""
        self.late = 0.2
        """Seconds until a late call is accepted."""
        self.page = 200
        """Members on a page, unless the client asks for fewer."""
        self.tokens_given = 0
        self.token_life = 3_599
        self.teams: dict[str, str] = {}
        self._tokens: dict[str, float] = {}
        self._pages: dict[str, tuple[str, int]] = {}
        self._numbers = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._gone = asyncio.Event()

    # People and places

    def add_person(self, name: str, *, tenant: str = TENANT, has_app: bool = True) -> Somebody:
        number = next(self._numbers)
        user, entra = f"29:1-{number}", f"aaaaaaaa-0000-4000-8000-{number:012x}"
        self.memory.people[user] = Somebody(user, entra, name, tenant, has_app=has_app)
        return self.memory.people[user]

    def add_channel(
        self, id_: str, *members: Somebody, team: str | None = None, has_bot: bool = True
    ) -> Conversation:
        """A channel of a team, which is called as the channel where none is named."""
        team = team or id_
        self.teams.setdefault(team, f"Team of {id_}")
        return self._add(
            Conversation(id_, "channel", TENANT, list(members), team=team, has_bot=has_bot)
        )

    def add_group(self, id_: str, *members: Somebody) -> Conversation:
        return self._add(Conversation(id_, "groupChat", TENANT, list(members)))

    def add_personal(self, somebody: Somebody) -> Conversation:
        return self.memory.open_personal(somebody)

    def _add(self, conversation: Conversation) -> Conversation:
        self.memory.conversations[conversation.id] = conversation
        return conversation

    def posts(self, conversation: str) -> list[Posted]:
        """What the bot said there and did not delete, oldest first."""
        found = self.memory.conversations.get(conversation)
        return list(found.posts.values()) if found else []

    def called(self, name: str) -> list[Call]:
        return [call for call in self.calls if call.name == name]

    def fail(self, name: str, *faults: str) -> None:
        """Let the next calls fail, one after the other; `token` are those for a token.

        `error_before:STATUS`, `error_after:STATUS`, `reset_before`, `reset_after`,
        `hang_before`, `hang_after`, `truncated`, `garbage`, `late` (accepted when the client has
        gone), `accepted` (done, and answered 202 without a word), `limited:SECONDS` (429; without
        seconds it does not say for how long), `refuse:STATUS:CODE`, `fine` (nothing). A token may
        be `slow:SECONDS`.
        """
        self.faults[name].extend(faults)

    def forget_tokens(self) -> None:
        """No token that was given is good any more."""
        self._tokens.clear()

    # The way to the bot

    def wire(self, url: str, patience: float = PATIENCE) -> BotWire:
        """To a bot's messaging endpoint, with true tokens."""
        return BotWire(url, lambda: self.signer.token(self.service_url), patience)

    # Life

    @property
    def origin(self) -> str:
        return self.open_id.origin

    @property
    def service_url(self) -> str:
        return f"{self.origin}/emea/"

    @property
    def login_url(self) -> str:
        return f"{self.origin}/login/"

    @property
    def metadata_url(self) -> str:
        return self.open_id.metadata_url

    async def start(self) -> None:
        app = web.Application(client_max_size=4 * 2**20)
        router, base = app.router, "/emea/v3"
        router.add_post("/login/{tenant}/oauth2/v2.0/token", self._give_token)
        router.add_post(f"{base}/conversations", self._serve("create", self._create))
        one = f"{base}/conversations/{{conversation}}"
        router.add_post(f"{one}/activities", self._serve("send", self._send))
        router.add_post(f"{one}/activities/{{activity}}", self._serve("send", self._reply))
        router.add_put(f"{one}/activities/{{activity}}", self._serve("update", self._update))
        router.add_delete(f"{one}/activities/{{activity}}", self._serve("delete", self._delete))
        router.add_get(f"{one}/pagedmembers", self._serve("members", self._list_members))
        router.add_get(f"{one}/members/{{member}}", self._serve("member", self._show_member))
        router.add_get(f"{base}/teams/{{team}}", self._serve("team", self._show_team))
        channels = self._serve("channels", self._list_channels)
        router.add_get(f"{base}/teams/{{team}}/conversations", channels)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        self.open_id.add_routes(app, self._runner)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, 0).start()

    async def stop(self) -> None:
        self._gone.set()
        self.open_id.let_go()
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

    # Tokens

    async def _give_token(self, request: web.Request) -> web.StreamResponse:
        queue = self.faults["token"]
        fault = queue.popleft() if queue else "fine"
        match fault.split(":"):
            case ["error_before", status]:
                return web.Response(status=int(status))
            case ["reset_before"]:
                return _reset(request)
            case ["hang_before"]:
                return await self._hang(request)
            case ["garbage"]:
                return web.Response(text="<html>Something went wrong</html>")
            case ["limited", *seconds]:
                return _limit(*seconds)
            case ["slow", seconds]:
                await asyncio.sleep(float(seconds))
        if request.content_type != FORM:
            return _refuse_token(400, "invalid_request")
        form = await request.post()
        if form.get("grant_type") != "client_credentials":
            return _refuse_token(400, "unsupported_grant_type")
        if form.get("scope") != SCOPE:
            return _refuse_token(400, "invalid_scope")
        if request.match_info["tenant"] not in {TENANT, "botframework.com"}:
            return _refuse_token(400, "invalid_tenant")
        given = (form.get("client_id"), form.get("client_secret"))
        if given != (self.app_id, self.app_password):
            return _refuse_token(401, "invalid_client")
        token = secrets.token_urlsafe(40)
        self._tokens[token] = self.clock() + self.token_life
        self.tokens_given += 1
        return web.json_response(
            {
                "token_type": "Bearer",
                "expires_in": self.token_life,
                "ext_expires_in": self.token_life,
                "access_token": token,
            }
        )

    # The Connector

    def _serve(self, name: str, do: _Do) -> Callable[[web.Request], Any]:
        async def serve(request: web.Request) -> web.StreamResponse:
            given = request.headers.get("Authorization", "").removeprefix("Bearer ")
            if self._tokens.get(given, 0.0) <= self.clock():
                self.refused.append((name, 401, "Unauthorized"))
                denied = "Authorization has been denied for this request."
                return web.json_response({"message": denied}, status=401)
            try:
                call = await self._read(name, request)
                wait = self._pace(call)
            except RefusalError as refusal:
                return self._refuse(name, refusal)
            if wait:
                self.limited += 1
                return _limit(str(wait))
            self.calls.append(call)
            queue = self.faults[name]
            fault = queue.popleft() if queue else self.weather(call)
            return await self._perform(request, do, call, fault or "fine")

        return serve

    async def _read(self, name: str, request: web.Request) -> Call:
        body: Any = None
        if request.method in {"POST", "PUT"}:
            if request.content_type != "application/json":
                raise RefusalError(415, "UnsupportedMediaType")
            try:
                body = json.loads(await request.read())
            except ValueError:
                raise RefusalError(400, "BadSyntax", "Invalid JSON") from None
            if not isinstance(body, dict):
                raise RefusalError(400, "BadSyntax", "Not an object")
        path = {**request.match_info, **request.query}
        place = path.get("conversation", path.get("team", "")).partition(";messageid=")[0]
        if name == "create":
            place = self._place_of_new(body)
        return Call(name, place, body, self.clock(), MappingProxyType(path))

    def _pace(self, call: Call) -> int:
        reads = call.name in {"member", "members", "team", "channels"}
        held = self.memory.conversations.get(call.conversation)
        tenant = held.tenant if held is not None else TENANT
        return self.rates.admit(tenant, call.conversation, reads=reads)

    async def _perform(
        self, request: web.Request, do: _Do, call: Call, fault: str
    ) -> web.StreamResponse:
        match fault.split(":"):
            case ["error_before", status]:
                return web.Response(status=int(status))
            case ["reset_before"]:
                return _reset(request)
            case ["hang_before"]:
                return await self._hang(request)
            case ["late"]:
                self._later(do, call)
                return await self._hang(request)
            case ["limited", *seconds]:
                self.limited += 1
                return _limit(*seconds)
            case ["refuse", status, code]:
                return self._refuse(call.name, RefusalError(int(status), code))
        answer = self._answer(do, call)
        match fault.split(":"):
            case ["error_after", status]:
                return web.Response(status=int(status))
            case ["reset_after"]:
                return _reset(request)
            case ["hang_after"]:
                return await self._hang(request)
            case ["truncated"]:
                return await _break_off(request)
            case ["garbage"]:
                return web.Response(text="<html>Something went wrong</html>", status=200)
            case ["accepted"] if answer.status < 300:
                return web.Response(status=202)
            case _:
                return answer

    def _answer(self, do: _Do, call: Call) -> web.Response:
        try:
            status, body = do(call)
        except RefusalError as refusal:
            return self._refuse(call.name, refusal)
        return web.json_response(body, status=status) if body is not None else web.Response()

    def _refuse(self, name: str, refusal: RefusalError) -> web.Response:
        self.refused.append((name, refusal.status, refusal.code))
        error = {"code": refusal.code, "message": refusal.message}
        return web.json_response({"error": error}, status=refusal.status)

    def _later(self, do: _Do, call: Call) -> None:
        async def accept() -> None:
            await asyncio.sleep(self.late)
            self._answer(do, call)

        task = asyncio.get_running_loop().create_task(accept())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hang(self, request: web.Request) -> web.Response:
        """Say nothing for as long as the client has patience."""
        while request.transport is not None and not request.transport.is_closing():
            if self._gone.is_set():
                break
            await asyncio.sleep(0.02)
        return _reset(request)

    # What it does

    def _place_of_new(self, body: Mapping[str, Any]) -> str:
        """Where a new conversation, or a new thread of a channel, would be."""
        unknown = sorted(body.keys() - _MADE)
        told = body.get("channelData") or {}
        channel = (told.get("channel") or {}).get("id")
        members = body.get("members") or []
        if unknown or body.get("bot", {}).get("id", self.bot) != self.bot:
            raise RefusalError(400, "BadSyntax", f"Unknown or wrong: {unknown}")
        if channel is not None:
            if not body.get("activity") or not body.get("isGroup"):
                raise RefusalError(400, "BadSyntax", "A thread begins with an activity")
            return str(channel)
        if body.get("isGroup") or len(members) != 1:
            raise RefusalError(400, "BadSyntax", "Incorrect conversation creation parameters")
        somebody = self.memory.people.get(str(members[0].get("id")))
        if somebody is None:
            raise RefusalError(400, "BadArgument", "Failed to decrypt pairwise id")
        named = {(told.get("tenant") or {}).get("id"), body.get("tenantId")} - {None}
        if named != {somebody.tenant}:
            raise RefusalError(400, "BadSyntax", "Incorrect conversation creation parameters")
        return f"a:1-{somebody.user.removeprefix('29:')}"

    def _create(self, call: Call) -> tuple[int, Any]:
        body = call.body
        if (body.get("channelData") or {}).get("channel"):
            place, _ = self.memory.find(call.conversation)
            posted = self._say(place, body["activity"], None)
            id_ = f"{place.id};messageid={posted.id}"
            return 201, {"id": id_, "activityId": posted.id}
        somebody = self.memory.people[body["members"][0]["id"]]
        if not somebody.has_app:
            raise RefusalError(403, "BotNotInConversationRoster")
        place = self.memory.open_personal(somebody)
        if body.get("activity") is None:
            return 201, {"id": place.id}
        return 201, {"id": place.id, "activityId": self._say(place, body["activity"], None).id}

    def _send(self, call: Call) -> tuple[int, Any]:
        place, thread = self.memory.find(call.path["conversation"])
        return 201, {"id": self._say(place, call.body, thread).id}

    def _reply(self, call: Call) -> tuple[int, Any]:
        place, thread = self.memory.find(call.path["conversation"])
        if place.kind == "channel":
            # A reply is in the thread of what it replies to.
            above = place.posts.get(call.path["activity"])
            thread = thread or (above.thread if above else None) or call.path["activity"]
        return 201, {"id": self._say(place, call.body, thread).id}

    def _say(self, place: Conversation, activity: Any, thread: str | None) -> Posted:
        self._check(place, activity)
        return self.memory.post(place, activity, thread)

    def _check(self, place: Conversation, activity: Any) -> None:
        if size_of(activity) > LARGEST:
            raise RefusalError(413, "MessageSizeTooBig", "Message size too large.")
        faults = check_activity(activity)
        if faults:
            raise RefusalError(400, "BadSyntax", "; ".join(faults))
        if not place.has_bot:
            raise RefusalError(403, "BotNotInConversationRoster")
        if place.is_blocked:
            blocked = "Thread is not accessible for message writes."
            raise RefusalError(403, "MessageWritesBlocked", blocked)

    def _update(self, call: Call) -> tuple[int, Any]:
        posted = self._find_post(call)
        place, _ = self.memory.find(call.path["conversation"])
        self._check(place, call.body)
        posted.activity, posted.edits = call.body, posted.edits + 1
        return 200, {"id": posted.id}

    def _delete(self, call: Call) -> tuple[int, Any]:
        posted = self._find_post(call)
        place, _ = self.memory.find(call.path["conversation"])
        del place.posts[posted.id]
        return 200, None

    def _find_post(self, call: Call) -> Posted:
        place, _ = self.memory.find(call.path["conversation"])
        posted = place.posts.get(call.path["activity"])
        if posted is None:
            raise RefusalError(404, "ActivityNotFoundInConversation")
        return posted

    def _list_members(self, call: Call) -> tuple[int, Any]:
        place, _ = self.memory.find(call.path["conversation"])
        if not place.has_bot:
            raise RefusalError(403, "BotNotInConversationRoster")
        begin, given = 0, call.path.get("continuationToken")
        if given is not None:
            owner, begin = self._pages.pop(given, ("", 0))
            if owner != place.id:
                raise RefusalError(400, "BadArgument", "Invalid continuation token")
        size = min(self.page, int(call.path.get("pageSize", self.page)))
        page = place.members[begin : begin + size]
        found: dict[str, Any] = {"members": [each.member for each in page]}
        if begin + size < len(place.members):
            token = secrets.token_urlsafe(12)
            self._pages[token] = (place.id, begin + size)
            found["continuationToken"] = token
        return 200, found

    def _show_member(self, call: Call) -> tuple[int, Any]:
        place, _ = self.memory.find(call.path["conversation"])
        wanted = call.path["member"]
        for each in place.members:
            if wanted in {each.user, each.entra}:
                return 200, each.member
        raise RefusalError(404, "MemberNotFoundInConversation")

    def _show_team(self, call: Call) -> tuple[int, Any]:
        team = call.path["team"]
        if team not in self.teams:
            raise RefusalError(404, "TeamNotFound")
        return 200, {"id": team, "name": self.teams[team], "aadGroupId": f"group-of-{team}"}

    def _list_channels(self, call: Call) -> tuple[int, Any]:
        self._show_team(call)
        team = call.path["team"]
        held = [each for each in self.memory.conversations.values() if each.team == team]
        # Teams gives no name to the channel that every team has.
        named = [
            {"id": each.id} if each.id == team else {"id": each.id, "name": each.id}
            for each in held
        ]
        return 200, {"conversations": named}


def _refuse_token(status: int, error: str) -> web.Response:
    told = {"error": error, "error_description": f"AADSTS: {error}"}
    return web.json_response(told, status=status)


def _limit(*seconds: str) -> web.Response:
    headers = {"Retry-After": seconds[0]} if seconds else {}
    error = {"code": "TooManyRequests", "message": "API calls quota exceeded"}
    return web.json_response({"error": error}, status=429, headers=headers)


def _reset(request: web.Request) -> web.Response:
    """Cut the connection; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _break_off(request: web.Request) -> web.StreamResponse:
    """An answer that promises more than it brings."""
    response = web.StreamResponse(status=201, headers={"Content-Length": "60"})
    await response.prepare(request)
    await response.write(b'{"id": "17')
    if request.transport is not None:
        request.transport.close()
    return response


__all__ = ["TENANT", "Call", "Conversation", "FakeTeams", "Posted", "Somebody"]
