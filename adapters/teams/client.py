"""Calls to the Bot Connector. What became of one is a value, and nothing is sent twice.

botbuilder's own client is not used: it builds itself anew for each turn, may repeat a POST after
a failure, and where a bot writes by itself it returns as if all were well, whatever Teams said
(delivery.md 2a, platforms.md 0). The calls and their answers are those of
learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference.

A conversation comes with the address of the server that it is on. Whoever could change that
address in our database would be sent our token, so it is looked at again at each call.
"""

import asyncio
import json
import math
import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias
from urllib.parse import quote

import aiohttp
from yarl import URL

from adapters.teams.limits import write_json
from adapters.teams.pace import Pace
from bot.proxy import find_proxy
from bot.settings import is_this_machine

LOGIN = "https://login.microsoftonline.com/"
SCOPE = "https://api.botframework.com/.default"
IMDS = "http://169.254.169.254/metadata/identity/oauth2/token"
"""Where a virtual machine in Azure is given tokens of its managed identities
(learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token)."""
RESOURCE = "https://api.botframework.com"
"""What such a token is for: a scope (`SCOPE`) is not known there."""
TIMEOUT = timedelta(seconds=8)
"""Of a call and of a token together; shorter than a lane waits (`bot.retry.Patience`), so that
the lane hears why."""
LEAST = 0.25
"""Nothing begins with less than this share of `TIMEOUT` left: what is broken off so soon after it
began would most likely be done, and nobody could say."""
LONGEST_CONNECT = timedelta(seconds=4)
PAUSE = timedelta(seconds=2)
"""After a 429 that does not say for how long. Teams' shortest windows are one and two seconds. For
longer than that no 429 lets everybody rest: whatever takes longer is of one conversation."""
LATE = "late"
"""Nobody waits long enough for it to begin."""
EARLY = timedelta(minutes=5)
"""So long before its end a token is exchanged for a new one."""
UNTOLD = timedelta(minutes=10)
"""How long a token is used of which nobody says how long it is good. App Service tells only a
moment of its own clock; asked again, it gives the same token or a newer one."""
LOGIN_PAUSE = timedelta(seconds=5)
"""After a refused or failed login nobody tries again for so long."""
LARGEST_ANSWER = 1 << 20
"""Bytes of an answer that are read."""

HOSTS = frozenset(
    {
        "smba.trafficmanager.net",
        "smba.onyx.prod.teams.trafficmanager.net",
        "smba.infra.gcc.teams.microsoft.com",
    }
)
"""Teams' servers in the cloud that is served (`auth.PUBLIC`). Source: "Service URL Validation" of
Microsoft's own Teams SDK."""
DOMAIN = ".botframework.com"
"""Of the Bot Framework itself."""

NOT_ALLOWED = "url_not_allowed"
NO_LOGIN = "login_failed"
NO_IDENTITY = "identity_refused"
"""This machine has no such managed identity. Its own word, for Azure has a different one in each
place, and a status that would mean something else of a message."""

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_BLOCKED = "MessageWritesBlocked"


@dataclass(frozen=True, slots=True)
class Answered:
    """Done. `data` is the answer, without repr because people's words may be in it."""

    data: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """Not done, for certain. `code` is the Connector's or the login's word, or `http_NNN`
    where it had none; never anything but one word, so it may be logged. `status` is 0 where
    nobody was asked."""

    status: int
    code: str


@dataclass(frozen=True, slots=True)
class Slow:
    """Not done: nothing is to be sent for `after`, at least a second."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class NotSent:
    """Not done, for certain: there was no connection, or no token to be had just now."""

    why: str


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Nobody can say whether it was done."""

    why: str


Answer: TypeAlias = Answered | Refused | Slow | NotSent | Doubtful


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of the bot's own registration. `tenant` is the one it is registered in."""

    app_id: str
    password: str = field(repr=False)
    tenant: str


@dataclass(frozen=True, slots=True)
class Identity:
    """A user-assigned managed identity: in the place of a secret, the machine that we run on in
    Azure is trusted. `app_id` is its client id, `endpoint` where this machine is given tokens, and
    `proof` what is shown there, where anything is: as App Service, Functions and Container Apps set
    it in the environment."""

    app_id: str
    tenant: str
    endpoint: str = IMDS
    proof: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    renewed_at: float
    ends_at: float


def is_allowed(url: str, local: str | None = None) -> bool:
    """Whether a service URL is one of Teams' servers, or the server of `local`, which must be
    this very machine: the token is sent there. What this machine is called does not matter:
    Microsoft's Playground says `localhost`."""
    try:
        # aiohttp reads URLs with yarl. Whoever checks with another reader checks another URL.
        wanted = URL(url)
        if wanted.user is not None or wanted.password is not None:
            return False
        if wanted.query_string or wanted.fragment:
            return False
        host = wanted.host or ""
        if local is not None:
            base = URL(local)
            is_here = is_this_machine(host) and is_this_machine(base.host or "")
            if is_here and (wanted.scheme, wanted.port) == (base.scheme, base.port):
                return True
    except ValueError:
        return False
    if wanted.scheme != "https" or wanted.port != 443:
        return False
    return host in HOSTS or host.endswith(DOMAIN)


def read_pause(header: str | None) -> timedelta:
    """Retry-After in whole seconds; anything else is `PAUSE`."""
    header = (header or "").strip()
    if not (header.isascii() and header.isdigit() and len(header) < 7):
        return PAUSE
    return timedelta(seconds=max(1, int(header)))


class TeamsClient:
    """Calls the Connector for all tenants, on one event loop and one session.

    Without `credentials` no token is sent, and nothing to anywhere but to `local`, the address
    of a server on this machine, where there is one. No token and no body is ever logged.

    With `a_second` no more requests than that go out in a second, logins left out, and none for a
    moment where Teams says that it was too much.
    """

    def __init__(
        self,
        credentials: Credentials | Identity | None,
        *,
        local: str | None = None,
        login_url: str = LOGIN,
        scope: str = SCOPE,
        timeout: timedelta = TIMEOUT,
        a_second: float | None = None,
    ) -> None:
        self._credentials = credentials
        self._local = local
        self._login_url = login_url if login_url.endswith("/") else login_url + "/"
        self._scope = scope
        self._timeout = timeout
        self._pace = None if a_second is None else Pace(a_second)
        self._session: aiohttp.ClientSession | None = None
        self._token: _Token | None = None
        self._logging_in: asyncio.Task[_Token | Refused | NotSent] | None = None
        self._failed: tuple[float, Refused | NotSent] | None = None

    async def call(
        self,
        service_url: str,
        verb: str,
        path: Sequence[str],
        body: Mapping[str, Any] | None = None,
        *,
        end: float | None = None,
        goes_last: bool = False,
    ) -> Answer:
        """Call `v3/` and the path, each piece of it escaped, of the server of a conversation.

        All is over by `end`, in the loop's time, where that is sooner than the timeout. Who
        `goes_last` lets others go first. Never raises for what Teams or the network does.
        """
        if not is_allowed(service_url, self._local):
            return Refused(0, NOT_ALLOWED)
        if self._credentials is None and not is_this_machine(URL(service_url).host or ""):
            return Refused(0, NOT_ALLOWED)
        pieces = "/".join(quote(piece, safe="") for piece in path)
        url = f"{service_url.rstrip('/')}/v3/{pieces}"
        last = self._find_end()
        end = last if end is None else min(end, last)
        token = await self._token_in_time(end)
        if isinstance(token, Refused | NotSent):
            return token
        answer = await self._try(verb, url, body, token, end, goes_last=goes_last)
        if token is None or not (isinstance(answer, Refused) and answer.status == 401):
            return answer
        # What was refused so was not done. The token may have been taken back before its end.
        if self._token is token:
            self._token = None
        another = await self._token_in_time(end)
        if isinstance(another, _Token):
            return await self._try(verb, url, body, another, end, goes_last=goes_last)
        return answer

    def errand(self) -> "Errand":
        """Calls that belong together, from now on."""
        return Errand(self, self._find_end())

    def _find_end(self) -> float:
        return asyncio.get_running_loop().time() + self._timeout.total_seconds()

    async def check_login(self) -> Refused | NotSent | None:
        """Ask for a new token; None when there is one, or none is needed."""
        self._token = self._failed = None
        token = await self._authorize()
        return token if isinstance(token, Refused | NotSent) else None

    async def close(self) -> None:
        """End the session. A later call would begin another."""
        session, self._session = self._session, None
        if self._logging_in is not None:
            self._logging_in.cancel()
            await asyncio.gather(self._logging_in, return_exceptions=True)
        if session is not None:
            await session.close()

    # --- the token ------------------------------------------------------------------------

    async def _token_in_time(self, end: float) -> _Token | Refused | NotSent | None:
        """The same as `_authorize`, with time left to send something before `end`."""
        left = end - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(left / 2):
                return await self._authorize()
        except TimeoutError:
            return NotSent(NO_LOGIN)

    async def _authorize(self) -> _Token | Refused | NotSent | None:
        """A token that is good for a while yet; None where none is needed."""
        if self._credentials is None:
            return None
        now, token = asyncio.get_running_loop().time(), self._token
        if token is not None and now < token.renewed_at:
            return token
        is_good = token is not None and now < token.ends_at
        if self._failed is None or self._failed[0] <= now:
            # One login for all who wait, and none of them ends it by leaving.
            if self._logging_in is None or self._logging_in.done():
                self._logging_in = asyncio.ensure_future(self._log_in(self._credentials))
            if not is_good:
                return await asyncio.shield(self._logging_in)
        if is_good:
            return token
        return self._failed[1] if self._failed else NotSent(NO_LOGIN)

    async def _log_in(self, credentials: Credentials | Identity) -> _Token | Refused | NotSent:
        loop = asyncio.get_running_loop()
        if isinstance(credentials, Identity):
            answer = await self._judge(self._ask_machine(credentials))
        else:
            answer = await self._judge(self._ask_for_token(credentials))
        match answer:
            case Answered(data):
                value, seconds = data.get("access_token"), _read_time(data.get("expires_in"))
                if isinstance(credentials, Identity) and "expires_in" not in data:
                    seconds = UNTOLD.total_seconds()
                if isinstance(value, str) and value and seconds is not None:
                    early = min(EARLY.total_seconds(), seconds / 2)
                    now = loop.time()
                    self._token = _Token(value, now + seconds - early, now + seconds)
                    self._failed = None
                    return self._token
                failed: Refused | NotSent = NotSent(NO_LOGIN)
            case Refused(code=code):
                # Whatever the login's status is: 400 or 404 would mean something of a message.
                failed = Refused(401, code)
            case Slow() | NotSent() | Doubtful():
                # Whatever became of the login, nobody was written to.
                failed = NotSent(NO_LOGIN)
        self._failed = loop.time() + LOGIN_PAUSE.total_seconds(), failed
        return failed

    async def _ask_for_token(self, credentials: Credentials) -> Answer:
        url = f"{self._login_url}{quote(credentials.tenant, safe='')}/oauth2/v2.0/token"
        form = {
            "grant_type": "client_credentials",
            "client_id": credentials.app_id,
            "client_secret": credentials.password,
            "scope": self._scope,
        }
        async with self._open().post(
            url, data=form, allow_redirects=False, proxy=find_proxy(url)
        ) as answer:
            return _read(answer.status, answer.headers, await _take(answer))

    async def _ask_machine(self, identity: Identity) -> Answer:
        """The token of a managed identity. It is asked for on this machine or its network, and
        never by way of a proxy."""
        query = {
            "api-version": "2018-02-01" if identity.proof is None else "2019-08-01",
            "resource": RESOURCE,
            "client_id": identity.app_id,
        }
        headers = {"Metadata": "true"}
        if identity.proof is not None:
            headers["X-IDENTITY-HEADER"] = identity.proof
        async with self._open().get(
            identity.endpoint, params=query, headers=headers, allow_redirects=False
        ) as answer:
            found = _read(answer.status, answer.headers, await _take(answer))
        if not isinstance(found, Refused):
            return found
        # 404 and 410 are said while that service is being changed.
        is_certain = found.status in {400, 401, 403}
        return Refused(found.status, NO_IDENTITY) if is_certain else NotSent(NO_LOGIN)

    # --- calls ----------------------------------------------------------------------------

    async def _try(
        self,
        verb: str,
        url: str,
        body: Mapping[str, Any] | None,
        token: _Token | None,
        end: float,
        *,
        goes_last: bool,
    ) -> Answer:
        """Send it once it is its turn. `end` is when nobody waits any more, by the loop's clock."""
        latest = end - LEAST * self._timeout.total_seconds()
        pace, now = self._pace, asyncio.get_running_loop().time
        if pace is not None and not await pace.take_turn(latest, goes_last=goes_last):
            rest = pace.rests_until - now()
            return Slow(timedelta(seconds=max(1.0, rest))) if rest > 0 else NotSent(LATE)
        if now() >= latest:
            return NotSent(LATE)
        answer = await self._judge(self._send(verb, url, body, token, end - now()))
        if pace is not None and isinstance(answer, Slow):
            pace.rest(min(answer.after, PAUSE).total_seconds())
        return answer

    async def _send(
        self,
        verb: str,
        url: str,
        body: Mapping[str, Any] | None,
        token: _Token | None,
        left: float,
    ) -> Answer:
        """`left` is for how many seconds anybody waits."""
        headers = {} if token is None else {"Authorization": f"Bearer {token.value}"}
        data = None
        if body is not None:
            data = write_json(body)
            headers["Content-Type"] = "application/json; charset=utf-8"
        async with self._open().request(
            verb,
            URL(url, encoded=True),
            data=data,
            headers=headers,
            timeout=_patience(left),
            # Whoever leads elsewhere would be told the words and the token as well.
            allow_redirects=False,
            proxy=find_proxy(url),
        ) as answer:
            return _read(answer.status, answer.headers, await _take(answer))

    async def _judge(self, answer: Awaitable[Answer]) -> Answer:
        try:
            return await answer
        except (
            aiohttp.ClientConnectorError,
            aiohttp.ConnectionTimeoutError,
            aiohttp.ClientHttpProxyError,
        ) as error:
            return NotSent(type(error).__name__)
        except Exception as error:  # noqa: BLE001 - whatever came instead of an answer,
            # nobody can say what became of the request.
            return Doubtful(type(error).__name__)

    def _open(self) -> aiohttp.ClientSession:
        """One session for all, made on the loop that uses it."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # Lanes bound what is under way; a request that waited for a connection here
                # would run out of time without anybody knowing whether it was sent.
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=_patience(self._timeout.total_seconds()),
            )
        return self._session


class Errand:
    """Calls that belong together: all of them are over by one moment, that of a single call, and
    those for which somebody waits go first."""

    def __init__(self, client: TeamsClient, end: float) -> None:
        self._client = client
        self.end = end
        """In the loop's time."""

    async def call(
        self,
        service_url: str,
        verb: str,
        path: Sequence[str],
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        """See `TeamsClient.call`."""
        call = self._client.call
        return await call(service_url, verb, path, body, end=self.end, goes_last=True)


def _patience(seconds: float) -> aiohttp.ClientTimeout:
    connect = min(LONGEST_CONNECT.total_seconds(), seconds / 2)
    return aiohttp.ClientTimeout(total=seconds, connect=connect)


async def _take(answer: aiohttp.ClientResponse) -> object:
    """The answer's JSON, `{}` of an empty one; None of what is none, or more than anybody would
    say."""
    raw = b""
    while len(raw) <= LARGEST_ANSWER and (more := await answer.content.readany()):
        raw += more
    if not raw.strip():
        return {}
    try:
        return json.loads(raw) if len(raw) <= LARGEST_ANSWER else None
    except (ValueError, RecursionError):
        return None


def _read_time(told: object) -> float | None:
    """Seconds, which some logins tell as a text."""
    try:
        seconds = float(str(told))
    except ValueError:
        return None
    return seconds if 0 < seconds < math.inf else None


def _read(status: int, headers: Mapping[str, str], data: object) -> Answer:
    if status == 429:
        return Slow(read_pause(headers.get("Retry-After")))
    if status >= 500 or status == 408:
        # Also 502 and 504, after which Microsoft says to send again: what stood behind the
        # gateway may have taken the message. The lane sends again what may come twice.
        return Doubtful(f"http_{status}")
    if 200 <= status < 300:
        # An empty answer (202) is one of being done. What nobody can read may be another's.
        return Answered(data) if isinstance(data, Mapping) else Doubtful("unreadable")
    return Refused(status, _read_code(data) or f"http_{status}")


def _read_code(data: object) -> str | None:
    """`error.code` of the Connector's answer, or `error` of the login's."""
    error = data.get("error") if isinstance(data, Mapping) else None
    if isinstance(error, Mapping):
        # In some answers the word itself stands within the sentence.
        if _BLOCKED in str(error.get("message")):
            return _BLOCKED
        error = error.get("code")
    return error if isinstance(error, str) and _CODE.fullmatch(error) else None
