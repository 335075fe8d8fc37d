"""Slack's entrance: what Slack tells us, over HTTP or Socket Mode, and what it is answered.

    request -> size, signature -> payload -> Bolt (which workspace, is the app there)
            -> read -> App.receive, which commits -> acknowledgement, and the reply is shown

Bolt is used with its traps taken out:

- By itself it acknowledges events before anybody has heard them, and looks every 10 ms
  whether something else was. With `process_before_response=True` it does neither.
- It looks through its listeners one by one, and makes some thirty arguments for each look. So
  there is one for each kind of payload, alone in a Bolt of its own, and ours are found by name.
- Its logger writes whole bodies: of requests nobody listens to at any level, and of all others
  at DEBUG. So it gets one that no configuration reaches.
- Its verifier raises for headers that Slack would not write. So they are judged before.
- Where the app is not installed it posts to a response_url by itself. So its authorization
  raises instead, and that is answered here.
- It builds an OAuth flow of its own as soon as it sees a client id in the environment. Nothing
  leads to that.
"""

import asyncio
import json
import logging
import re
from binascii import a2b_qp
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias
from urllib.parse import parse_qsl

import structlog
from aiohttp import hdrs, web
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.answer import CLOSING, Answering, place_errors
from adapters.slack.client import SlackClient
from adapters.slack.directory import Unmet
from adapters.slack.installed import DEAD_TOKEN, EventHandler, Installed
from adapters.slack.messages import BROKEN, BUSY, STALE, UNKNOWN_COMMAND
from adapters.slack.read import (
    Bot,
    Drop,
    Dropped,
    Heard,
    Json,
    Kind,
    Reading,
    is_talk_among_people,
    is_talk_in_thread,
    kind_of,
    people_in,
    read,
    read_team,
)
from adapters.slack.socket import Socket
from adapters.slack.verify import Verdict, verify
from adapters.slack.wording import Wording
from bot.app import App
from bot.errors import Unavailable
from bot.inbound import Profile
from bot.metric import SECONDS, Count, Meters, Spread
from bot.reply import Reply

PATH = "/slack/events"
FIELDS = 100
"""Of a form; a command has twenty."""
LONGEST_BODY = 512 * 1024
"""Bytes. A message of 40,000 characters in Slack's widest spelling has 480,000."""
READING = timedelta(seconds=3)
"""How long a body may take to arrive. Nobody knows yet whether it comes from Slack."""
WITHIN = timedelta(seconds=2.5)
"""From the arrival of a request to its acknowledgement. Slack waits three seconds."""

log = structlog.get_logger()

_ANY = re.compile("")
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_SSL_CHECK = re.compile(rb"(?:^|&)ssl_check=1(?:&|$)")
_HEADERS = {"Cache-Control": "no-store"}


class People(Protocol):
    """What is needed of `adapters.slack.directory.Directory`."""

    async def profile(self, team: str, user: str) -> Profile | Unmet | None: ...

    async def names(self, team: str, users: Iterable[str]) -> Mapping[str, str]: ...


_Listen: TypeAlias = Callable[[AsyncApp, re.Pattern[str]], Callable[..., Any]]
_LISTENERS: Mapping[str, _Listen] = MappingProxyType(
    {
        "command": AsyncApp.command,
        "event_callback": AsyncApp.event,
        "block_actions": AsyncApp.action,
        "view_submission": AsyncApp.view,
        "view_closed": AsyncApp.view_closed,
        "shortcut": AsyncApp.shortcut,
        "message_action": AsyncApp.shortcut,
        "block_suggestion": AsyncApp.options,
    }
)
"""How Bolt is told to listen to each kind of payload, by its type."""


@dataclass(frozen=True, slots=True)
class Ack:
    """What Slack is answered. It delivers an event again after any status but 200."""

    status: int = 200
    body: Json | None = field(default=None, repr=False)


class _NotInstalledError(Exception):
    """The app is not in that workspace, or not any more."""


class SlackEntrance:
    """All that comes from Slack. Lives on one event loop.

    `installed` says whose the workspaces are, `directory` who people are. `signing_secret` is
    needed for HTTP alone. `seal` is the key of what travels through clients, 16 to 64 bytes.
    `hears` are handlers of events that are nobody's words, by the event's type, with the
    workspace and Slack's inner event; they may raise Unavailable. `clock` gives aware UTC.

    `within` is one deadline for all that comes before an acknowledgement. What a command, a
    press or a form asked for and was not done by then is done all the same, and its reply shown
    in another way; events are answered 503, and Slack delivers them again (see `answer`).
    """

    def __init__(
        self,
        *,
        app: App[Any],
        client: SlackClient,
        installed: Installed,
        directory: People,
        signing_secret: str | None,
        wording: Wording,
        seal: bytes,
        hears: Mapping[str, EventHandler],
        clock: Callable[[], datetime],
        meters: Meters | None = None,
        within: timedelta = WITHIN,
    ) -> None:
        if signing_secret is not None and not signing_secret.strip():
            raise ValueError("the signing secret is empty")
        if not 16 <= len(seal) <= 64:
            raise ValueError("the seal has fewer than 16 bytes, or more than 64")
        self._app = app
        self._client = client
        self._installed = installed
        self._directory = directory
        self._secret = signing_secret
        self._wording = wording
        self._seal = seal
        self._hears = dict(hears)
        self._clock = clock
        self._within = within.total_seconds()
        self._answering = Answering(client, app, wording, seal, clock, self._doubt)
        self._dropped = Count(
            "inflow_slack_dropped",
            "What Slack told us and we had no use for, by the reason.",
            "why",
        )
        self._acked = Spread(
            "inflow_slack_ack_seconds",
            "How long Slack waited for its acknowledgement, by how it came.",
            SECONDS,
            "transport",
        )
        if meters is not None:
            meters.include(self._dropped, self._acked)
        self._bolts = {kind: self._make_bolt(listen) for kind, listen in _LISTENERS.items()}

    # Over HTTP

    def add_routes(self, web_app: web.Application) -> None:
        """Take requests at `POST /slack/events`.

        Raises:
            ValueError: there is no signing secret, so that anybody could speak as Slack.
        """
        if self._secret is None:
            raise ValueError("there is no signing secret")
        web_app.router.add_post(PATH, self._take_request)

    async def _take_request(self, request: web.Request) -> web.Response:
        began, until = perf_counter(), self._deadline()
        try:
            async with asyncio.timeout(READING.total_seconds()):
                body = await _read_body(request)
        except TimeoutError:
            self._dropped.add("slow")
            return _respond(Ack(408))
        except asyncio.IncompleteReadError:
            # Whoever began to send it has gone.
            self._dropped.add("unreadable")
            return _respond(Ack(400))
        if body is None:
            return _respond(Ack(413))
        if _SSL_CHECK.search(body) and len(body) < 1_000:
            # Slack looks after our certificate. It says nothing and is told nothing.
            return _respond(Ack())
        verdict = verify(
            self._secret or "",
            body,
            request.headers.get("X-Slack-Request-Timestamp"),
            request.headers.get("X-Slack-Signature"),
            self._clock(),
        )
        if verdict is not Verdict.SIGNED:
            self._dropped.add(verdict.name.lower())
            return _respond(Ack(verdict.value))
        payload = read_payload(body, request.content_type)
        if payload is None:
            self._dropped.add("unreadable")
            return _respond(Ack(400))
        ack = await self.take(payload, until)
        self._acked.add(perf_counter() - began, "http")
        return _respond(ack)

    # Over Socket Mode

    @asynccontextmanager
    async def connected(self, app_token: str) -> AsyncIterator[Socket]:
        """Hear Slack by Socket Mode for the block; it connects again by itself.

        Begins at once, whether Slack is there or not, and ends within seconds.
        """

        async def take(payload: Json) -> Json | None:
            began = perf_counter()
            ack = await self.take(payload)
            self._acked.add(perf_counter() - began, "socket")
            if ack.status != 200:
                raise Unavailable
            return ack.body or {}

        socket = Socket(self._client, app_token, take)
        try:
            await socket.open()
            yield socket
        finally:
            await socket.close()

    async def close(self, within: timedelta = CLOSING) -> None:
        """Wait for the replies that are on the way, at most so long, and give up the rest."""
        await self._answering.close(within)

    async def settle(self) -> None:
        """Return once no reply is on the way any more."""
        await self._answering.settle()

    # Both

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._within

    async def take(self, payload: Json, until: float | None = None) -> Ack:
        """Do what a payload of Slack's asks, whose signature or connection was verified. It is
        acknowledged by `until`, in the loop's time."""
        until = self._deadline() if until is None else until
        kind = payload.get("type")
        if kind == "url_verification":
            challenge = payload.get("challenge")
            return Ack(200, {"challenge": challenge}) if isinstance(challenge, str) else Ack(400)
        if kind == "app_rate_limited":
            # Slack leaves out events of that workspace for a minute; none of them comes again.
            log.warning("Slack withholds events, because there were too many")
            return self._drop("rate_limited")
        bolt = self._bolts.get("command" if "command" in payload else str(kind))
        if bolt is None:
            return self._drop(Drop.UNKNOWN)
        return await self._hear(bolt, payload, until)

    def _make_bolt(self, listen: _Listen) -> AsyncApp:
        """Bolt with one listener, to all of one kind."""
        quiet = _make_quiet_logger()
        bolt = AsyncApp(
            name="slack_bolt.app",
            logger=quiet,
            # Nobody calls Slack by Bolt's client, and nobody could. Without a proxy it would look
            # for one in the environment, again for each request.
            client=AsyncWebClient(
                base_url=self._client.base_url,
                logger=quiet,
                retry_handlers=[],
                proxy="http://nobody.invalid",
            ),
            authorize=_Authorization(self._installed),
            # Requests are verified before Bolt, which wants a secret all the same.
            signing_secret=self._secret or "none",
            process_before_response=True,
            request_verification_enabled=False,
            ignoring_self_events_enabled=False,
            ignoring_self_assistant_message_events_enabled=False,
            ssl_check_enabled=False,
            url_verification_enabled=False,
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )

        # Bolt passes what it has by the names of arguments, `self` too: so these are no methods.
        async def hear(context: AsyncBoltContext) -> BoltResponse:
            return _Found(Bot(context.bot_user_id, context.bot_id))

        async def fail(error: Exception) -> BoltResponse:
            return BoltResponse(status=self._fail(error).status)

        listen(bolt, _ANY)(hear)
        bolt.error(fail)
        return bolt

    def _fail(self, error: Exception) -> Ack:
        """What came to nothing within Bolt: our authorization, or a shape it does not expect."""
        if isinstance(error, Unavailable):
            return Ack(503)
        if isinstance(error, _NotInstalledError):
            return self._drop("not_installed")
        log.info("Bolt could not read a payload", error=type(error).__name__)
        return self._drop(Drop.UNKNOWN)

    def _drop(self, why: str) -> Ack:
        """Nothing for us, and Slack need not tell it again."""
        self._dropped.add(why)
        return Ack()

    async def _hear(self, bolt: AsyncApp, body: Json, until: float) -> Ack:
        try:
            return await self._hear_known(bolt, body, until)
        except Unavailable:
            # Slack delivers events again, but nothing else: then the person must know.
            if body.get("type") == "view_submission":
                # What was typed stays where it is.
                return self._excuse(body, BUSY, Ack(503))
            self._answering.tell_later(body.get("response_url"), BUSY)
            return Ack(503)
        except Exception:
            # The edge: whatever went wrong in us, Slack and the person get an answer.
            log.exception("what Slack told us failed")
            return self._excuse(body, BROKEN, Ack(500))

    async def _hear_known(self, bolt: AsyncApp, body: Json, until: float) -> Ack:
        try:
            async with asyncio.timeout_at(until):
                us = await self._find(bolt, body)
                found = us if isinstance(us, Ack) else await self._read(body, us)
        except TimeoutError:
            raise Unavailable from None
        match found:
            case Heard():
                return await self._do(found, until)
            case Dropped(why=why):
                sentence = _SAID.get(why)
                ack = self._drop(why)
                return ack if sentence is None else self._excuse(body, sentence, ack)
            case Ack():
                return found
            case hear:
                await hear()
                return Ack()

    async def _find(self, bolt: AsyncApp, body: Json) -> Bot | Ack:
        """Who we are where it was said; or what is to be answered, because we are not there."""
        try:
            request = AsyncBoltRequest(body=dict(body), mode="socket_mode")
            response = await bolt.async_dispatch(request)
        except Exception:  # noqa: BLE001 - Bolt looks into payloads without care for their shape,
            # and again when it tells of an error. What is ours has caught its own.
            return self._drop(Drop.UNKNOWN)
        if isinstance(response, _Found):
            return response.us
        if response.status == 503:
            raise Unavailable
        # Nobody listens to it, or `_fail` has answered.
        return self._drop(Drop.UNKNOWN) if response.status == 404 else Ack(response.status)

    async def _read(
        self, body: Json, us: Bot
    ) -> Heard | Dropped | Ack | Callable[[], Awaitable[None]]:
        """What the payload tells, with the names of those it mentions and of who did it; or what
        is to be done about an event that is nobody's words."""
        team = read_team(body)
        if team is None:
            return Dropped(Drop.UNKNOWN)
        kind = kind_of(body)
        handler = self._hears.get(kind.removeprefix("event:"))
        if handler is not None and kind.startswith("event:"):
            return partial(handler, team.external, body["event"])
        if kind in _UNHEARD:
            return Ack(200, _UNHEARD[kind])
        reading = Reading(team, us, self._clock(), self._wording, self._seal)
        found = read(body, reading)
        if isinstance(found, Dropped):
            return found
        if is_talk_among_people(found):
            # It can be in no thread of ours: nobody is asked who says it, nor the store.
            return Dropped(Drop.TALK)
        if is_talk_in_thread(found):
            is_ours = await asyncio.to_thread(self._app.concerns, found.inbound)
            if not is_ours:
                return Dropped(Drop.TALK)
        mentioned = people_in(body) - {us.user}
        if mentioned:
            names = await self._directory.names(team.external, mentioned)
            found = read(body, replace(reading, names=names))
        return found if isinstance(found, Dropped) else await self._introduce(found)

    async def _do(self, heard: Heard, until: float) -> Ack:
        receiving = self._answering.keep(asyncio.to_thread(self._app.receive, heard.inbound))
        left = until - asyncio.get_running_loop().time()
        await asyncio.wait({receiving}, timeout=max(0.0, left))
        if receiving.done():
            return Ack(200, await self._answering.answer(heard, receiving.result(), until))
        self._answering.keep(self._answer_late(heard, receiving))
        return Ack(503 if heard.source.kind.is_event else 200)

    async def _answer_late(self, heard: Heard, receiving: asyncio.Task[Reply]) -> None:
        sentence = BROKEN
        try:
            self._answering.answer_late(heard, await receiving)
            return
        except Unavailable:
            sentence = BUSY
        except Exception:
            # A task of its own: nobody else would hear of it.
            log.exception("what Slack told us failed")
        if heard.source.kind is Kind.SUBMIT:
            self._answering.tell_sender(heard, sentence)
        elif not heard.source.kind.is_event:
            self._answering.tell_later(heard.source.response_url, sentence)

    async def _introduce(self, heard: Heard) -> Heard | Dropped:
        """With what Slack says of the person, where we do not know them yet.

        Raises:
            Unavailable: Slack says nothing at the moment, and nobody else has said enough.
        """
        if heard.source.kind is Kind.MARK:
            # Nobody is met by a mark.
            return heard
        person = heard.inbound.person
        found = await self._directory.profile(heard.source.team, person)
        match found:
            case None:
                return heard
            case Profile():
                return heard.by(found)
            case Unmet.NOT_OURS:
                return Dropped(Drop.STRANGER)
            case Unmet.UNSAID if not heard.source.is_vouched:
                return Dropped(Drop.STRANGER)
        if heard.source.is_vouched and heard.inbound.profile is not None:
            return heard
        if found is Unmet.UNTOLD:
            raise Unavailable
        # Better by a number than not at all. Whoever looks after it is told by the doctor.
        return heard.by(Profile(name=person))

    def _excuse(self, body: Json, sentence: str, otherwise: Ack) -> Ack:
        """Say a sentence to the person, in the way that fits; `otherwise` where nobody waits."""
        if "command" in body:
            return Ack(200, {"response_type": "ephemeral", "text": sentence})
        match body.get("type"):
            case "view_submission":
                view = body.get("view")
                errors = place_errors({"": sentence}, view if isinstance(view, Mapping) else {})
                body = {"response_action": "errors", "errors": errors}
                return Ack(200, body) if errors else Ack()
            case "block_actions" | "message_action" | "shortcut":
                self._answering.tell_later(body.get("response_url"), sentence)
                return Ack()
            case _:
                return otherwise

    def _doubt(self, team: str, error: str) -> None:
        if error in DEAD_TOKEN:
            self._installed.doubt(team)


_UNHEARD: Mapping[str, Json | None] = MappingProxyType(
    {"block_suggestion": {"options": []}, "view_closed": None}
)
"""What we do not ask Slack for and answer all the same."""

_SAID: Mapping[Drop, str] = MappingProxyType(
    {Drop.COMMAND: UNKNOWN_COMMAND, Drop.CONTROL: STALE, Drop.FORGED: STALE}
)
"""What somebody is told whose act goes no further."""


class _Found(BoltResponse):
    """What Bolt has found out: that we are there, and who we are."""

    def __init__(self, us: Bot) -> None:
        super().__init__(status=200)
        self.us = us


class _Authorization(AsyncAuthorize):
    """Asks nobody but us whether the app is installed; Bolt's own would call `auth.test`."""

    def __init__(self, installed: Installed) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Bolt says nothing of it.
        self._installed = installed

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        actor_enterprise_id: str | None = None,
        actor_team_id: str | None = None,
        actor_user_id: str | None = None,
    ) -> AuthorizeResult:
        """As Bolt wants it.

        Raises:
            Unavailable: it is not known at the moment.
        """
        del user_id, actor_enterprise_id, actor_team_id, actor_user_id
        found = await self._installed.authorize(
            enterprise_id, team_id, context.is_enterprise_install
        )
        if found is None:
            raise _NotInstalledError
        return found


def _make_quiet_logger() -> logging.Logger:
    """Bolt makes loggers of its own after this one, again for each request, which are as silent
    whatever else is configured."""
    quiet = logging.Logger("silent", level=logging.CRITICAL + 1)  # noqa: LOG001
    quiet.disabled = True
    return quiet


async def _read_body(request: web.Request) -> bytes | None:
    """The body; None where it is longer than anything of Slack's."""
    length = request.content_length
    if length is not None and hdrs.CONTENT_ENCODING not in request.headers:
        if length > LONGEST_BODY:
            return None
        return await request.content.readexactly(length) if length else b""
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > LONGEST_BODY:
            return None
    return bytes(body)


def read_payload(body: bytes, content_type: str) -> Json | None:
    """The payload in a body: JSON, a form with JSON in it, or a command's form. None for
    anything else."""
    try:
        if content_type == "application/x-www-form-urlencoded" and not body.startswith(b"{"):
            fields = read_form(body)
            if "payload" not in fields:
                return fields
            payload = json.loads(fields["payload"])
        else:
            payload = json.loads(body.decode())
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def read_form(body: bytes) -> dict[str, str]:
    """The fields of a form, as `urllib.parse.parse_qsl` reads them, only faster: of an
    interaction, half of which is escaped, that took longer than all that comes after it.

    Raises:
        ValueError: there are more fields than anything of Slack's has, or it is no text.
    """
    text = body.decode()
    pairs = [pair.partition("=") for pair in text.split("&", FIELDS) if pair]
    if len(pairs) > FIELDS:
        raise ValueError("too many fields")
    is_ours = body.isascii() and not _BAD_ESCAPE.search(body)
    if not is_ours or text.count("=") != sum(bool(equals) for _, equals, _ in pairs):
        # Not as Slack would write it.
        return dict(parse_qsl(text, keep_blank_values=True))
    return {
        name if name.isidentifier() else _unescape(name): (
            _unescape(value) if "%" in value or "+" in value else value
        )
        for name, _, value in pairs
    }


def _unescape(text: str) -> str:
    # But for the sign, and where there is no "=", this is how mails escape.
    return a2b_qp(text.replace("+", " ").replace("%", "=")).decode(errors="replace")


def _respond(ack: Ack) -> web.Response:
    if ack.body is None:
        return web.Response(status=ack.status, headers=_HEADERS)
    return web.json_response(ack.body, status=ack.status, headers=_HEADERS)
