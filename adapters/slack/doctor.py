"""What a doctor finds in the dealings with Slack, and where to click to mend it.

Nothing is changed in Slack. No finding holds a token, a secret or what anybody said.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from pydantic import SecretStr

from adapters.slack.installed import DEAD_TOKEN
from adapters.slack.manifest import ENTRANCE, RECEIPT_EVENTS
from adapters.slack.settings import MEMBER, SlackSettings, Transport
from bot.doctor import Finding, doubtful, fine, wrong
from bot.proxy import find_proxy

TIMEOUT = 8.0
"""Seconds for one call."""
SKEW_REFUSED = 300
"""Seconds by which clocks may differ until no request over HTTP is believed any more."""
SKEW_DOUBTED = 30
MOST = 20
"""Channels, people and workspaces that are asked for one by one; Slack takes 50 a minute."""

APP = "api.slack.com/apps > your app"
OAUTH = f"{APP} > OAuth & Permissions"
BASIC = f"{APP} > Basic Information"
MANIFEST = f"{APP} > App Manifest"
INSTALL = f"{APP} > Install App"
NEW_BOT_TOKEN = f"{OAUTH}: copy the Bot User OAuth Token into SLACK_BOT_TOKEN."
NEW_APP_TOKEN = (
    f"{BASIC} > App-Level Tokens: make one with the scope connections:write, and copy it into "
    "SLACK_APP_TOKEN."
)
_WORD = re.compile(r"[a-z0-9_]{1,80}")


@dataclass(frozen=True, slots=True)
class Patient:
    """What is to be looked at. `scopes` are those that are needed, `private_scopes` those that
    are good for private channels besides; `channels` are the conversations of topics."""

    slack: SlackSettings
    scopes: Sequence[str]
    private_scopes: Sequence[str] = ()
    commands: Sequence[str] = ()
    administrators: Sequence[str] = ()
    channels: Sequence[str] = ()
    public_url: str | None = None
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By workspace, where many have the app."""


@dataclass(frozen=True, slots=True)
class _Said:
    """Slack's answer: `error` is None for a yes, else its word or why there was no answer."""

    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    error: str | None = None
    is_there: bool = True


class _Line:
    """To Slack's Web API, with the headers of its answers."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base if base.endswith("/") else base + "/"

    async def call(self, token: str, method: str, **body: str) -> _Said:
        url = self._base + method
        try:
            async with self._session.post(
                url,
                data=body,
                headers={"Authorization": f"Bearer {token}"},
                proxy=find_proxy(url),
                allow_redirects=False,
            ) as answer:
                if answer.status == 429:
                    return _Said(error="ratelimited", headers=answer.headers)
                data = await answer.json(content_type=None)
                if not isinstance(data, dict):
                    return _Said(error=f"http_{answer.status}", headers=answer.headers)
                error = None if data.get("ok") is True else str(data.get("error"))
                if error is not None and not _WORD.fullmatch(error):
                    error = f"http_{answer.status}"
                return _Said(data, answer.headers, error)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return _Said(error=describe_failure(error), is_there=False)

    async def is_alive(self, url: str) -> bool:
        try:
            async with self._session.get(url, proxy=find_proxy(url)) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False


def describe_failure(error: Exception) -> str:
    """Why nobody answered, in words."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "its name is not found"
        case aiohttp.ClientSSLError():
            return "its certificate is not trusted here"
        case aiohttp.ClientProxyConnectionError():
            return "the proxy does not answer"
        case aiohttp.ClientHttpProxyError():
            return "the proxy refuses it"
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            return "the connection is refused"
        case TimeoutError():
            return f"no answer within {TIMEOUT:.0f} seconds"
        case ValueError():
            return "the answer is not Slack’s"
        case _:
            return "the connection broke"


@asynccontextmanager
async def _calling(base: str) -> AsyncIterator[_Line]:
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield _Line(session, base)


def look_at_slack(patient: Patient, clock: Callable[[], datetime]) -> Iterator[Finding]:
    """Tokens, scopes, the clock, the way Slack reaches us, channels and who looks after it.
    Takes some seconds. `clock` gives aware UTC."""

    async def look() -> list[Finding]:
        return [finding async for finding in _look(patient, clock)]

    yield from asyncio.run(look())


async def _look(patient: Patient, clock: Callable[[], datetime]) -> AsyncIterator[Finding]:
    slack = patient.slack
    async with _calling(slack.api_base_url) as line:
        bot = _open(slack.bot_token)
        if bot:
            async for finding in _look_at_bot(line, bot, patient, clock):
                yield finding
        else:
            async for finding in _look_at_many(line, patient):
                yield finding
        if slack.app_token is not None:
            yield await _look_at_app_token(line, _open(slack.app_token))
        if Transport.HTTP in slack.transports:
            for finding in _look_at_secret(slack):
                yield finding
            yield await _look_at_address(line, patient)
    if patient.commands:
        named = ", ".join(f"/{name}" for name in patient.commands)
        yield fine(
            f"The commands are {named}. Slack does not tell whether another app has one too."
        )


async def _look_at_bot(
    line: _Line, token: str, patient: Patient, clock: Callable[[], datetime]
) -> AsyncIterator[Finding]:
    said = await line.call(token, "auth.test")
    if not said.is_there:
        yield wrong(
            f"Slack cannot be reached: {said.error}.",
            "Let this machine open connections to slack.com, port 443; a proxy is named by "
            "HTTPS_PROXY.",
        )
        return
    yield _judge_clock(said.headers.get("Date"), clock())
    if said.error is not None:
        yield wrong(f"Slack does not take SLACK_BOT_TOKEN ({said.error}).", NEW_BOT_TOKEN)
        return
    yield fine(f"SLACK_BOT_TOKEN is the bot's in the workspace {said.data.get('team')}.")
    if not said.data.get("bot_id"):
        yield wrong("SLACK_BOT_TOKEN is a person's token and not the bot's.", NEW_BOT_TOKEN)
    for finding in _judge_scopes(said.headers.get("x-oauth-scopes"), patient):
        yield finding
    async for finding in _look_at_administrators(line, token, patient.administrators):
        yield finding
    async for finding in _look_at_channels(line, token, patient.channels):
        yield finding


def _judge_clock(date: str | None, now: datetime) -> Finding:
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return doubtful(
            "Slack did not say what time it is.", "Look whether a proxy answers for it."
        )
    skew = round(abs((now - theirs).total_seconds()))
    seconds = "1 second" if skew == 1 else f"{skew} seconds"
    said = f"The clock of this machine and Slack’s are {seconds} apart."
    mend = "Set the clock of this machine by NTP (on Linux: timedatectl set-ntp true)."
    if skew >= SKEW_REFUSED:
        return wrong(f"{said} With five minutes no request over HTTP is believed.", mend)
    return doubtful(said, mend) if skew >= SKEW_DOUBTED else fine(said)


def _judge_scopes(header: str | None, patient: Patient) -> Iterator[Finding]:
    if header is None:
        yield doubtful("Slack did not say which scopes the token has.", NEW_BOT_TOKEN)
        return
    granted = {scope.strip() for scope in header.split(",") if scope.strip()}
    missing = sorted(set(patient.scopes) - granted)
    if missing:
        yield wrong(
            f"The app lacks the scopes {', '.join(missing)}.",
            f"{MANIFEST}: put in what `inflow slack manifest` prints and save it. Then {INSTALL}: "
            "Reinstall.",
        )
    else:
        yield fine(f"The app has all scopes that it needs: {', '.join(sorted(patient.scopes))}.")
    private = set(patient.private_scopes)
    if private & granted and not private <= granted:
        yield wrong(
            f"For private channels the app lacks {', '.join(sorted(private - granted))}.",
            f"{MANIFEST}: put in what `inflow slack manifest --private-channels` prints.",
        )
    chosen = {scope for scopes in RECEIPT_EVENTS.values() for scope in scopes}
    more = sorted(granted - set(patient.scopes) - private - chosen)
    if more:
        yield doubtful(
            f"The app has scopes that it does not need: {', '.join(more)}.",
            f"{OAUTH}: take them away.",
        )


async def _look_at_administrators(
    line: _Line, token: str, administrators: Sequence[str]
) -> AsyncIterator[Finding]:
    how = (
        "INFLOW_ADMINS=U012AB3CD: the member id, which stands in Slack under one’s profile > ⋮ > "
        "Copy member ID."
    )
    if not administrators:
        yield doubtful("Nobody is named in INFLOW_ADMINS, so nobody may open a topic.", how)
        return
    found = 0
    for member in administrators[:MOST]:
        said = await line.call(token, "users.info", user=member)
        user = said.data.get("user") if said.error is None else None
        if not MEMBER.fullmatch(member):
            yield wrong(f"INFLOW_ADMINS names “{member[:40]}”, which is no member id.", how)
        elif said.error == "user_not_found":
            yield wrong(f"INFLOW_ADMINS names {member}, who is not in the workspace.", how)
        elif isinstance(user, Mapping) and (user.get("deleted") or user.get("is_bot")):
            yield wrong(
                f"INFLOW_ADMINS names {member}, who has left the workspace or is a bot.", how
            )
        else:
            found += 1
    if found:
        yield fine(f"Of the workspace’s people INFLOW_ADMINS names {found}.")


async def _look_at_channels(
    line: _Line, token: str, channels: Sequence[str]
) -> AsyncIterator[Finding]:
    missing = []
    for channel in channels[:MOST]:
        said = await line.call(token, "conversations.info", channel=channel)
        about = said.data.get("channel") if said.error is None else None
        if said.error == "ratelimited":
            break
        if not isinstance(about, Mapping) or not about.get("is_member"):
            name = about.get("name") if isinstance(about, Mapping) else None
            missing.append(f"#{name}" if name else channel)
    if missing:
        yield wrong(
            f"Inflow is not in channels of its topics: {', '.join(missing)}.",
            "In Slack, in each of them: /invite @Inflow",
        )
    elif channels:
        yield fine(f"Inflow is in the channels of its topics: {len(channels)}.")


async def _look_at_many(line: _Line, patient: Patient) -> AsyncIterator[Finding]:
    dead = 0
    for token in list(patient.tokens.values())[:MOST]:
        said = await line.call(token, "auth.test")
        if not said.is_there:
            yield wrong(
                f"Slack cannot be reached: {said.error}.",
                "Let this machine open connections to slack.com, port 443.",
            )
            return
        dead += said.error is not None and said.error != "ratelimited"
    known = len(patient.tokens)
    if dead:
        yield doubtful(
            f"Of {known} workspaces {dead} have tokens that Slack does not take any more.",
            "Their administrators install the app again: INFLOW_PUBLIC_URL/slack/install",
        )
    elif known:
        yield fine(f"Workspaces have installed the app, and their tokens are good: {known}.")
    else:
        yield fine("No workspace has installed the app yet: INFLOW_PUBLIC_URL/slack/install")


async def _look_at_app_token(line: _Line, token: str) -> Finding:
    # Tier 1, which is one call a minute and some: so it is called once and not again.
    said = await line.call(token, "apps.connections.open")
    if said.error is None:
        return fine("Slack opens a connection for SLACK_APP_TOKEN, so Socket Mode is on.")
    if not said.is_there:
        return wrong(
            f"Slack cannot be reached for Socket Mode: {said.error}.",
            "Let this machine open connections to slack.com and wss-primary.slack.com, port 443.",
        )
    if said.error == "ratelimited":
        # Whose token it is may be asked more often.
        said = await line.call(token, "auth.test")
        if said.error not in DEAD_TOKEN:
            taken = "Slack takes SLACK_APP_TOKEN. " if said.error is None else ""
            return fine(
                f"{taken}It says only about once a minute whether Socket Mode is on, so that was "
                "not looked at this time."
            )
    return wrong(
        f"Slack opens no connection for SLACK_APP_TOKEN ({said.error}).",
        f"{APP} > Socket Mode: turn it on. {NEW_APP_TOKEN}",
    )


def _look_at_secret(slack: SlackSettings) -> Iterator[Finding]:
    secret = _open(slack.signing_secret)
    if re.fullmatch(r"[0-9a-f]{32}", secret):
        yield fine("SLACK_SIGNING_SECRET looks like one.")
    else:
        yield doubtful(
            "SLACK_SIGNING_SECRET does not look like one: 32 of the characters 0-9 and a-f.",
            f"{BASIC} > App Credentials: copy the Signing Secret.",
        )
    if slack.app_token is not None:
        yield fine(f"Both ways are open. Slack takes the one that {APP} > Socket Mode says.")


async def _look_at_address(line: _Line, patient: Patient) -> Finding:
    if patient.public_url is None:
        return fine(
            f"Slack must reach this process at the request URL, https://...{ENTRANCE}. With "
            "INFLOW_PUBLIC_URL that can be looked at."
        )
    if await line.is_alive(f"{patient.public_url}/healthz"):
        return fine(f"Inflow answers at {patient.public_url}.")
    return doubtful(
        f"Inflow does not answer at {patient.public_url}/healthz.",
        "Start it, and let the proxy pass on /slack/ and /healthz. From inside some networks the "
        "public address cannot be reached: then look from outside.",
    )


def _open(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
