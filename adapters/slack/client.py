"""Calls to Slack's Web API. What became of one is a value, and nothing is sent twice.

slack_sdk's own client is used with its traps taken out:

- It repeats a request after a connection was reset, and what had been accepted before the
  reset then stands there twice. So `retry_handlers=[]`.
- It makes a connection for every call, unless it is given a session; with a session it
  forgets its own timeout, so the session has one.
- Its logger writes bodies and answers, and formats them even where nobody reads it. So it
  gets a logger that no configuration reaches.
- It takes a proxy from the environment whatever `no_proxy` says.
- It follows redirects, and would send a message's text along.
"""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from bot.errors import BotError
from bot.proxy import find_proxy

BASE_URL = "https://slack.com/api/"
TIMEOUT = timedelta(seconds=8)
"""Shorter than a lane waits (`bot.retry.Patience`), so that the lane hears why."""
LONGEST_CONNECT = timedelta(seconds=4)
PAUSE = timedelta(seconds=10)
"""After a 429 that does not say for how long."""

NO_TOKEN = "not_authed"  # noqa: S105 - Slack's word for a call without a token.
UNCLEAR = frozenset(
    {
        "fatal_error",
        "internal_error",
        "request_timeout",
        "service_unavailable",
    }
)
"""Errors after which "it's possible some aspect of the operation succeeded" (Slack's words),
or of which nobody can say that it did not."""
_SLOW = frozenset({"rate_limited", "ratelimited"})

_HOOKS = "https", "hooks.slack.com", 443
_WORD = re.compile(r"[a-z0-9_]{1,80}")


@dataclass(frozen=True, slots=True)
class Answered:
    """Done. `data` is the answer, without repr because people's words are in it."""

    data: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """Not done, for certain. `error` is Slack's word, or `http_NNN` where it had none.

    It is never anything but one word, so it may be logged.
    """

    error: str
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Slow:
    """Not done: this method rests in this workspace for `after`, at least a second."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class NotSent:
    """Not done, for certain: there was no connection."""

    why: str


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Nobody can say whether it was done."""

    why: str


Answer: TypeAlias = Answered | Refused | Slow | NotSent | Doubtful


class _RedirectedError(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def is_allowed(url: str, base_url: str) -> bool:
    """Whether a response_url may be posted to: Slack's hooks, or the server of `base_url`.

    What comes with a request must not make us call anybody else (SSRF).
    """
    try:
        # aiohttp reads URLs with yarl. Whoever checks with another reader checks another URL.
        wanted, base = URL(url), URL(base_url)
        if wanted.user is not None or wanted.password is not None:
            return False
        where = wanted.scheme, wanted.host, wanted.port
    except ValueError:
        return False
    own = base.scheme, base.host, base.port
    return where in {_HOOKS, own, ("https", f"hooks.{base.host}", 443)}


def read_pause(header: str | None) -> timedelta:
    """Retry-After, which Slack gives in whole seconds; anything else is `PAUSE`."""
    header = (header or "").strip()
    if not (header.isascii() and header.isdigit() and len(header) < 7):
        return PAUSE
    return timedelta(seconds=max(1, int(header)))


class SlackClient:
    """Calls methods for all workspaces, on one event loop and one session.

    `token_of` gives a workspace's token, None where there is none, and is asked at every
    call, so tokens may change. No token and no body is ever logged.
    """

    def __init__(
        self,
        token_of: Callable[[str], Awaitable[str | None]],
        base_url: str = BASE_URL,
        timeout: timedelta = TIMEOUT,
    ) -> None:
        self._token_of = token_of
        self._base_url = base_url if base_url.endswith("/") else base_url + "/"
        self._timeout = timeout
        self._proxy = find_proxy(self._base_url)
        self._session: aiohttp.ClientSession | None = None
        self._web: AsyncWebClient | None = None

    @property
    def base_url(self) -> str:
        """With a slash at the end."""
        return self._base_url

    async def call(self, team: str, method: str, body: Mapping[str, Any]) -> Answer:
        """Call a method with a workspace's token. Arguments that are None are left out.

        Never raises for what Slack, the network or the store of tokens does.
        """
        try:
            token = await self._token_of(team)
        except BotError as error:
            return NotSent(type(error).__name__)
        if token is None:
            return Refused(NO_TOKEN)
        return await self._judge(self._call(method, body, token))

    async def call_as(self, token: str | None, method: str, body: Mapping[str, Any]) -> Answer:
        """Call a method as `call` does, with a token that is no workspace's yet, or with none."""
        return await self._judge(self._call(method, body, token))

    async def post(self, url: str, body: Mapping[str, Any]) -> Answer:
        """Post to a response_url, which needs no token. Only Slack's own are posted to."""
        if not is_allowed(url, self._base_url):
            return Refused("url_not_allowed")
        return await self._judge(self._post(url, body))

    async def close(self) -> None:
        """End the session. A later call would begin another."""
        session, self._session, self._web = self._session, None, None
        if session is not None:
            await session.close()

    async def _call(self, method: str, body: Mapping[str, Any], token: str | None) -> Answer:
        body = {name: value for name, value in body.items() if value is not None}
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        # Methods that read do not hear a JSON body, and those that take blocks, views or
        # metadata all do.
        if any(isinstance(value, Mapping | list | tuple) for value in body.values()):
            answer = await self._open().api_call(method, json=body, headers=headers)
        else:
            form = {name: _form_value(value) for name, value in body.items()}
            answer = await self._open().api_call(method, data=form, headers=headers)
        return _read(answer.status_code, answer.headers, answer.data)

    async def _post(self, url: str, body: Mapping[str, Any]) -> Answer:
        self._open()
        assert self._session is not None  # noqa: S101 - `_open` has just made it.
        async with self._session.post(url, json=dict(body), proxy=find_proxy(url)) as answer:
            data: object = await answer.text()
            try:
                data = json.loads(str(data))
            except ValueError:
                # An answer in one word: "ok", or what was wrong.
                ok = answer.status == 200
                error = data if _WORD.fullmatch(str(data)) else f"http_{answer.status}"
                data = {"ok": True} if ok else {"ok": False, "error": error}
            return _read(answer.status, answer.headers, data)

    async def _judge(self, answer: Awaitable[Answer]) -> Answer:
        try:
            return await answer
        except SlackApiError as error:
            # The error quotes the answer, so nothing of its text is kept.
            return _read_failure(error.response)
        except _RedirectedError as error:
            return Refused(f"http_{error.status}")
        except (
            aiohttp.ClientConnectorError,
            aiohttp.ConnectionTimeoutError,
            aiohttp.ClientHttpProxyError,
        ) as error:
            return NotSent(type(error).__name__)
        except Exception as error:  # noqa: BLE001 - whatever came instead of an answer,
            # nobody can say what became of the request.
            return Doubtful(type(error).__name__)

    def _open(self) -> AsyncWebClient:
        """One session for all, made on the loop that uses it."""
        if self._web is None:
            self._session = aiohttp.ClientSession(
                # Lanes bound what is under way; a request that waited for a connection here
                # would run out of time without anybody knowing whether it was sent.
                connector=aiohttp.TCPConnector(limit=0),
                # Of one workspace's cookies nothing is told to another.
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(
                    total=self._timeout.total_seconds(),
                    connect=min(LONGEST_CONNECT, self._timeout / 2).total_seconds(),
                ),
                middlewares=(_refuse_redirects,),
            )
            self._web = AsyncWebClient(
                base_url=self._base_url,
                session=self._session,
                # One that `getLogger` knows could be made to talk by whoever configures logs.
                logger=logging.Logger("silent", level=logging.CRITICAL + 1),  # noqa: LOG001
                retry_handlers=[],
            )
            self._web.proxy = self._proxy
        return self._web


async def _refuse_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    answer = await handler(request)
    if 300 <= answer.status < 400:
        answer.close()
        raise _RedirectedError(answer.status)
    return answer


def _form_value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _read_failure(response: Any) -> Answer:
    """What a `SlackApiError` is about: an answer that was read, or one that could not be."""
    if isinstance(response, aiohttp.ClientResponse):
        return _read(response.status, response.headers, None)
    return _read(response.status_code, response.headers, response.data)


def _read(status: int, headers: Mapping[str, str], data: object) -> Answer:
    if status == 429:
        return Slow(read_pause(headers.get("Retry-After")))
    if status >= 500 or status == 408:
        return Doubtful(f"http_{status}")
    error = None
    if isinstance(data, Mapping):
        if status == 200 and data.get("ok") is True:
            return Answered(data)
        error = data.get("error")
    if not (isinstance(error, str) and _WORD.fullmatch(error)):
        return Doubtful("unreadable") if status == 200 else Refused(f"http_{status}")
    if error in _SLOW:
        return Slow(read_pause(headers.get("Retry-After")))
    if error in UNCLEAR:
        return Doubtful(error)
    return Refused(error, data if isinstance(data, Mapping) else {})
