"""Whether a request comes from Teams: the token that the Bot Connector sends with each.

Microsoft's rules: a bearer token, signed with one of the Connector's published keys, by its
issuer, for our app, within its time; its `serviceurl` is that of the activity, and the key is
endorsed for the activity's channel.
https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication

botbuilder's own check is not used. It asks for keys with a blocking call that has no time limit,
knows a new key only after a day, answers 500 to most forged tokens and lets those through that
never expire. Here whatever is not exactly as it should be is refused, and nothing raises.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

import aiohttp
import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from yarl import URL

CHANNEL = "msteams"
"""What the Connector calls Teams. It speaks for other channels too, which we do not serve."""

SKEW = timedelta(minutes=5)
"""How far the Connector's clock may be from ours (Microsoft's own rule)."""
FRESH = timedelta(days=1)
"""How long keys are used without asking for new ones (Microsoft's own rule)."""
LONGEST = timedelta(days=3)
"""How long keys are used while there are no new ones to be had."""
REFETCH = timedelta(minutes=1)
"""How long keys are not asked for again, whatever tokens name."""
RETRY = timedelta(seconds=5)
"""The same while there are no keys at all."""
TIMEOUT = timedelta(seconds=4)
"""Of each of the two requests for keys: Teams waits fifteen seconds for the whole."""

LONGEST_TOKEN = 8_192
"""Characters; the Connector's have some 1,500."""
LARGEST_ANSWER = 1 << 20
"""Bytes of metadata and of keys."""
SMALLEST_KEY = 2_048
"""Bits."""

log = structlog.get_logger()

Json: TypeAlias = Mapping[str, Any]

_ALGORITHM = "RS256"
_PASSED_ON = frozenset({"cf-connecting-ip", "forwarded", "true-client-ip", "via", "x-real-ip"})
"""Headers that proxies and tunnels add."""
_END_OF_TIME = 1e12
"""Seconds since 1970. Whatever is beyond, infinite or not a number never expires."""
_BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)", re.IGNORECASE)


NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Verdict(IntEnum):
    """Why a request is not heard: the HTTP status that says so."""

    REFUSED = 401
    """There is no token, or none that the Connector signed for us, now."""
    FORBIDDEN = 403
    """The token is true, but not for this activity; or who speaks without one may not."""
    UNAVAILABLE = 503
    """The keys are not to be had, so that nobody can say."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """Whose tokens are true: their issuer, and where its keys are published."""

    issuer: str
    metadata_url: str


PUBLIC = Cloud(
    "https://api.botframework.com",
    "https://login.botframework.com/v1/.well-known/openidconfiguration",
)
"""The only one that is served: those of the United States' military have issuers, logins and
scopes of their own."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that is published, and the channels in whose name it may sign."""

    public: RSAPublicKey = field(repr=False)
    endorsements: frozenset[str]


class Pass(Protocol):
    """What somebody who was let in may say."""

    def covers(self, activity: Json) -> bool:
        """Whether they may say this. Never raises for its shape."""


class Gate(Protocol):
    """Who is let in. The header is judged before anything of the body is read."""

    async def admit(
        self,
        authorization: str | None,
        peer: str | None,
        now: datetime,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Pass | Verdict:
        """Judge a request by its header `Authorization`, the IP address it came from and all its
        headers, which are found in any case."""


# By token --------------------------------------------------------------------------------


class KeysUnavailableError(Exception):
    """There are no keys, or only such as are too old to be used."""


class Keys:
    """The keys that the Connector has published, fetched on the event loop and kept.

    A key that is not known is looked for at most once a minute, so that forged tokens make
    nobody wait and us ask nobody. Lives on one event loop.
    """

    def __init__(self, cloud: Cloud = PUBLIC, timeout: timedelta = TIMEOUT) -> None:
        self._cloud = cloud
        self._timeout = timeout
        self._keys: Mapping[str, Key] = {}
        self._fetched_at: datetime | None = None
        self._tried_at: datetime | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def issuer(self) -> str:
        return self._cloud.issuer

    async def find(self, name: str, now: datetime) -> Key | None:
        """The key of that name (`kid`); None when there is certainly none.

        Raises:
            KeysUnavailableError: nobody can say.
        """
        is_under_way = self._fetching is not None and not self._fetching.done()
        # One at a time: a second one would leave the first to nobody, and could be over before it.
        if not is_under_way and self._is_due(name, now):
            self._tried_at = now
            # A task of its own: it goes on when the request that needed it has gone away.
            self._fetching = asyncio.create_task(self._fetch(now))
        if self._can_use(now) and name in self._keys:
            return self._keys[name]
        if self._fetching is not None:
            await asyncio.shield(self._fetching)
        if not self._can_use(now):
            raise KeysUnavailableError
        return self._keys.get(name)

    async def close(self) -> None:
        """Stop asking. A later call would begin anew."""
        task, self._fetching = self._fetching, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _can_use(self, now: datetime) -> bool:
        return self._fetched_at is not None and now - self._fetched_at < LONGEST

    def _is_due(self, name: str, now: datetime) -> bool:
        if self._fetched_at is not None and now - self._fetched_at < FRESH and name in self._keys:
            return False
        pause = REFETCH if self._can_use(now) else RETRY
        return self._tried_at is None or now - self._tried_at >= pause

    async def _fetch(self, now: datetime) -> None:
        try:
            metadata = await self._get(self._cloud.metadata_url)
            if metadata["issuer"] != self._cloud.issuer:
                raise ValueError("metadata of somebody else")
            url = str(metadata["jwks_uri"])
            if not _may_have_keys(url, self._cloud.metadata_url):
                raise ValueError("keys at an address that is not safe")
            keys = read_keys(await self._get(url))
            if not keys:
                raise ValueError("no keys")
        except (
            aiohttp.ClientError,
            TimeoutError,
            LookupError,
            RecursionError,
            TypeError,
            ValueError,
        ) as error:
            log.warning("no keys of the Bot Connector", error=type(error).__name__)
            return
        self._keys, self._fetched_at = keys, now

    async def _get(self, url: str) -> Json:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=self._timeout.total_seconds()),
                # A proxy, where the environment names one.
                trust_env=True,
            )
        async with self._session.get(url, allow_redirects=False) as answer:
            if answer.status != 200:
                raise ValueError(f"http_{answer.status}")
            body = bytearray()
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    raise ValueError("too long")
        found = json.loads(body)
        if not isinstance(found, dict):
            raise TypeError("not an object")
        return found


def _may_have_keys(url: str, metadata_url: str) -> bool:
    """Over TLS, or from where the metadata came: an address on this machine."""
    wanted = URL(url)
    return wanted.scheme == "https" or wanted.origin() == URL(metadata_url).origin()


def read_keys(published: Json) -> dict[str, Key]:
    """The keys of a JSON Web Key Set by their names. Such as we cannot use are left out."""
    keys = {}
    entries = published.get("keys")
    for entry in entries if isinstance(entries, list) else ():
        key = _read_key(entry)
        if key is not None:
            keys[entry["kid"]] = key
    return keys


def _read_key(entry: object) -> Key | None:
    if not isinstance(entry, Mapping) or entry.get("use", "sig") != "sig":
        return None
    name, endorsements = entry.get("kid"), entry.get("endorsements")
    if not (isinstance(name, str) and name):
        return None
    try:
        public = jwt.PyJWK(dict(entry), algorithm=_ALGORITHM).key
    except (jwt.PyJWTError, LookupError, TypeError, ValueError):
        return None
    if not isinstance(public, RSAPublicKey) or public.key_size < SMALLEST_KEY:
        return None
    named = endorsements if isinstance(endorsements, list) else ()
    return Key(public, frozenset(each for each in named if isinstance(each, str)))


@dataclass(frozen=True, slots=True)
class SignedPass:
    """What a true token is for: one service, and the channels of the key that signed it."""

    service_url: str
    endorsements: frozenset[str]

    def covers(self, activity: Json) -> bool:
        return (
            activity.get("channelId") == CHANNEL
            and CHANNEL in self.endorsements
            and activity.get("serviceUrl") == self.service_url
        )


class TokenGate:
    """Lets in who has a token of the Connector's for our app. `app_id` is our app's id.

    Raises:
        ValueError: the app id is empty, so that a token might be for anybody.
    """

    def __init__(self, app_id: str, keys: Keys) -> None:
        if not app_id.strip():
            raise ValueError("the app id is empty")
        self._app_id = app_id
        self._keys = keys

    async def admit(
        self,
        authorization: str | None,
        peer: str | None,  # noqa: ARG002 - whoever has the token may speak from anywhere.
        now: datetime,
        headers: Mapping[str, str] = NO_HEADERS,  # noqa: ARG002 - nor does it matter how.
    ) -> Pass | Verdict:
        token = read_bearer(authorization)
        if token is None or not self._may_be_true(token, now):
            return Verdict.REFUSED
        try:
            key = await self._keys.find(name_of_key(token) or "", now)
        except KeysUnavailableError:
            return Verdict.UNAVAILABLE
        if key is None:
            return Verdict.REFUSED
        claims = read_claims(token, key)
        if claims is None:
            return Verdict.REFUSED
        service_url = claims.get("serviceurl")
        if not isinstance(service_url, str) or not service_url:
            return Verdict.FORBIDDEN
        return SignedPass(service_url, key.endorsements)

    def _may_be_true(self, token: str, now: datetime) -> bool:
        """Whether all is as it should be but for the signature, which cannot be told yet: no
        key is looked for of tokens that are worth nothing with any."""
        claims = read_claims(token)
        return (
            name_of_key(token) is not None
            and claims is not None
            and claims.get("iss") == self._keys.issuer
            and claims.get("aud") == self._app_id
            and _is_in_time(claims, now)
        )


def read_bearer(authorization: str | None) -> str | None:
    """The token of the header; None when there is none of a token's form."""
    if authorization is None or len(authorization) > LONGEST_TOKEN:
        return None
    found = _BEARER.fullmatch(authorization)
    return None if found is None else found[1]


def name_of_key(token: str) -> str | None:
    """The name of the key that signed it; None when it says none, or is signed in a way that
    the Connector does not sign (`none`, or with a secret, which a public key is not)."""
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, LookupError, TypeError, ValueError, RecursionError):
        return None
    name = header.get("kid")
    is_ours = header.get("alg") == _ALGORITHM
    return name if is_ours and isinstance(name, str) and name else None


def read_claims(token: str, key: Key | None = None) -> Json | None:
    """What the token says, if the key signed it; without a key whoever signed it.

    Only the signature is checked: all times are judged by our own clock, not by the library's.
    """
    checks = ("aud", "exp", "iat", "iss", "jti", "nbf", "sub")
    options: Any = {f"verify_{name}": False for name in checks}
    options["verify_signature"] = key is not None
    try:
        return jwt.decode(
            token,
            key=key.public if key is not None else "",
            algorithms=[_ALGORITHM],
            options=options,
        )
    except (jwt.PyJWTError, LookupError, TypeError, ValueError, RecursionError):
        return None


def _is_in_time(claims: Json, now: datetime) -> bool:
    expires, begins = _read_moment(claims.get("exp")), _read_moment(claims.get("nbf", 0))
    if expires is None or begins is None:
        return False
    at, skew = now.timestamp(), SKEW.total_seconds()
    return begins - skew <= at < expires + skew


def _read_moment(value: object) -> float | None:
    """Seconds since 1970; None when they are none, or a number that never comes."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < _END_OF_TIME else None


# Without one, on this machine ------------------------------------------------------------


class LoopbackPass:
    """What may be said without a token: only what is answered on this machine."""

    def covers(self, activity: Json) -> bool:
        service_url = activity.get("serviceUrl")
        if activity.get("channelId") != CHANNEL or not isinstance(service_url, str):
            return False
        try:
            host = URL(service_url).host
        except ValueError:
            return False
        return is_loopback(host)


class LoopbackGate:
    """Lets in everybody on this machine: for trying things out with Microsoft's Playground.

    Only for who asks for it, and only where nobody else can reach us. `host` is where we listen.
    What a proxy or a tunnel on this machine brings is from elsewhere, and so is what a page in a
    browser here sends: by what it is sent to, or by where it says that it comes from.

    Raises:
        ValueError: others could reach us there.
    """

    def __init__(self, host: str) -> None:
        if not is_loopback(host):
            raise ValueError("without tokens Teams is heard on this machine alone")

    async def admit(
        self,
        authorization: str | None,  # noqa: ARG002 - there is no key to judge it by.
        peer: str | None,
        now: datetime,  # noqa: ARG002 - nor does anything expire.
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Pass | Verdict:
        is_ours = is_loopback(peer) and _is_from_here(headers)
        return LoopbackPass() if is_ours else Verdict.FORBIDDEN


def _is_from_here(headers: Mapping[str, str]) -> bool:
    """Whether a request was made on this machine, to this machine, by nobody's page."""
    names = {name.lower() for name in headers}
    if any(name in _PASSED_ON or name.startswith("x-forwarded") for name in names):
        return False
    try:
        host = URL(f"http://{headers.get('Host', '')}").host
        origin = headers.get("Origin")
        return is_loopback(host) and (origin is None or is_loopback(URL(origin).host))
    except ValueError:
        return False


def is_loopback(host: str | None) -> bool:
    """Whether an address or name is this machine's, by itself and without asking anybody."""
    if host is None:
        return False
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
