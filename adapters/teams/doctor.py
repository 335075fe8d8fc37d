"""What a doctor finds in the dealings with Teams, and where to click to mend it.

Nothing is changed in Teams, and nobody is written to. No finding holds a token, a secret or what
anybody said.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp

from adapters.teams.auth import PUBLIC, SKEW, Cloud, Keys, KeysUnavailableError
from adapters.teams.client import (
    LOGIN,
    Credentials,
    Identity,
    NotSent,
    Refused,
    TeamsClient,
)
from adapters.teams.settings import GUID
from bot.doctor import Finding, doubtful, fine, wrong
from bot.proxy import find_proxy

TIMEOUT = 8.0
"""Seconds for one call."""
SKEW_DOUBTED = timedelta(seconds=30)
ENTRANCE = "/api/messages"
"""Where Teams' words come in, under the public address."""

ENTRA = "entra.microsoft.com > App registrations > your app"
SECRETS = f"{ENTRA} > Certificates & secrets"
OVERVIEW = f"{ENTRA} > Overview"
BOT = "portal.azure.com > your Azure Bot > Configuration"

MENDS: Mapping[str, str] = {
    "invalid_client": f"{SECRETS}: make a new client secret, and copy its Value into "
    "MICROSOFT_APP_PASSWORD. A secret ends after some months.",
    "unauthorized_client": f"{OVERVIEW}: copy the Application (client) ID into MICROSOFT_APP_ID, "
    "and the Directory (tenant) ID into MICROSOFT_APP_TENANT_ID.",
    "invalid_request": f"{OVERVIEW}: copy the Directory (tenant) ID into MICROSOFT_APP_TENANT_ID.",
}
"""By the login's word for refusing."""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is to be looked at. `credentials` are None where nobody is asked for a token;
    `reachable` of the `known` people can be written to, the others not for reasons in Teams' own
    words."""

    credentials: Credentials | Identity | None
    login_url: str = LOGIN
    cloud: Cloud = PUBLIC
    administrators: Sequence[str] = ()
    public_url: str | None = None
    known: int | None = None
    refused: Mapping[str, int] = field(default_factory=dict)
    lost_places: int = 0


def look_at_teams(patient: Patient, clock: Callable[[], datetime]) -> Iterator[Finding]:
    """The credentials, the Connector's keys, the clock, the public address, and whom Teams does not
    let us write to. Takes some seconds. `clock` gives aware UTC."""

    async def look() -> list[Finding]:
        return [finding async for finding in _look(patient, clock)]

    yield from asyncio.run(look())


async def _look(patient: Patient, clock: Callable[[], datetime]) -> AsyncIterator[Finding]:
    if patient.credentials is None:
        yield doubtful(
            "TEAMS_ANONYMOUS is set: whoever speaks from this machine is believed without a token. "
            "That is for trying things out.",
            "For people set MICROSOFT_APP_ID, MICROSOFT_APP_PASSWORD and MICROSOFT_APP_TENANT_ID.",
        )
        return
    yield await _look_at_login(patient)
    yield await _look_at_keys(patient.cloud, clock)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield await _look_at_clock(session, patient.cloud, clock)
        yield await _look_at_address(session, patient)
    for finding in _look_at_administrators(patient.administrators):
        yield finding
    for finding in _look_at_people(patient):
        yield finding


async def _look_at_login(patient: Patient) -> Finding:
    client = TeamsClient(patient.credentials, login_url=patient.login_url)
    try:
        failed = await client.check_login()
    finally:
        await client.close()
    if isinstance(patient.credentials, Identity):
        return _judge_identity(failed)
    match failed:
        case None:
            return fine("Microsoft gives a token for MICROSOFT_APP_ID and MICROSOFT_APP_PASSWORD.")
        case Refused(code=code):
            mend = MENDS.get(code, f"{OVERVIEW}: compare both ids. {MENDS['invalid_client']}")
            return wrong(f"Microsoft gives no token ({code}).", mend)
        case NotSent():
            return wrong(
                "Microsoft’s login cannot be reached.",
                "Let this machine open connections to login.microsoftonline.com, port 443; a proxy "
                "is named by HTTPS_PROXY.",
            )


def _judge_identity(failed: Refused | NotSent | None) -> Finding:
    match failed:
        case None:
            return fine("Azure gives a token for the managed identity of MICROSOFT_APP_ID.")
        case Refused(code=code):
            return wrong(
                f"This machine does not have the managed identity of MICROSOFT_APP_ID ({code}).",
                "portal.azure.com > the machine, app or container app that Inflow runs on > "
                "Identity > User assigned > Add: the identity of the bot. Its Client ID is "
                "MICROSOFT_APP_ID.",
            )
        case NotSent():
            return wrong(
                "No managed identity can be asked for on this machine.",
                "Only what runs in Azure has one: virtual machines, App Service, Functions and "
                "Container Apps. Elsewhere leave out MICROSOFT_APP_TYPE, make an Azure Bot of the "
                "type Single Tenant, and set MICROSOFT_APP_PASSWORD.",
            )


async def _look_at_keys(cloud: Cloud, clock: Callable[[], datetime]) -> Finding:
    keys = Keys(cloud)
    try:
        # Which key it is does not matter: that there are some can be told without one.
        await keys.find("none of this name", clock())
    except KeysUnavailableError:
        return wrong(
            "The keys cannot be had by which it is known what comes from Teams, so nothing is "
            "believed.",
            "Let this machine open connections to login.botframework.com, port 443; a proxy is "
            "named by HTTPS_PROXY.",
        )
    finally:
        await keys.close()
    return fine("The keys by which it is known what comes from Teams can be read.")


async def _look_at_clock(
    session: aiohttp.ClientSession, cloud: Cloud, clock: Callable[[], datetime]
) -> Finding:
    url = cloud.metadata_url
    try:
        async with session.get(url, proxy=find_proxy(url), allow_redirects=False) as answer:
            theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return doubtful(
            "Microsoft did not say what time it is.", "Look whether a proxy answers for it."
        )
    skew = timedelta(seconds=round(abs((clock() - theirs).total_seconds())))
    seconds = "1 second" if skew == timedelta(seconds=1) else f"{skew.total_seconds():.0f} seconds"
    said = f"The clock of this machine and Microsoft’s are {seconds} apart."
    mend = "Set the clock of this machine by NTP (on Linux: timedatectl set-ntp true)."
    if skew >= SKEW:
        return wrong(f"{said} With five minutes no token is believed.", mend)
    return doubtful(said, mend) if skew >= SKEW_DOUBTED else fine(said)


async def _look_at_address(session: aiohttp.ClientSession, patient: Patient) -> Finding:
    if patient.public_url is None:
        return fine(
            f"Teams must reach this process at the messaging endpoint, https://...{ENTRANCE} "
            f"({BOT}). With INFLOW_PUBLIC_URL that can be looked at."
        )
    url = patient.public_url + ENTRANCE
    try:
        # Nobody is let in without a token: that is how Inflow is known.
        async with session.post(
            url, json={}, proxy=find_proxy(url), allow_redirects=False
        ) as answer:
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, ValueError):
        status = 0
    if status == 401:
        return fine(f"Inflow answers at {url}, and lets nobody in without a token.")
    if 200 <= status < 300:
        return wrong(
            f"At {url} somebody is let in without a token.",
            "Look where the proxy in front of Inflow leads. It must not answer by itself.",
        )
    return doubtful(
        f"Inflow does not answer at {url}.",
        f"Start it, let the proxy pass on {ENTRANCE}, and name the same address under {BOT}. From "
        "inside some networks the public address cannot be reached: then look from outside.",
    )


def _look_at_administrators(administrators: Sequence[str]) -> Iterator[Finding]:
    how = (
        "INFLOW_ADMINS=6f0b2c54-...: the Object ID, which stands at entra.microsoft.com > Users > "
        "the person."
    )
    if not administrators:
        yield doubtful("Nobody is named in INFLOW_ADMINS, so nobody may open a topic.", how)
    # Where Inflow is on Slack too, member ids of there stand beside them.
    elif not any(GUID.fullmatch(each) for each in administrators):
        yield wrong("INFLOW_ADMINS names nobody by an Object ID of Entra.", how)
    else:
        found = sum(GUID.fullmatch(each) is not None for each in administrators)
        yield fine(f"INFLOW_ADMINS names people by their Object ID: {found}.")


def _look_at_people(patient: Patient) -> Iterator[Finding]:
    if patient.refused:
        why = ", ".join(f"{word}: {number}" for word, number in sorted(patient.refused.items()))
        yield doubtful(
            f"Of {patient.known} people {sum(patient.refused.values())} cannot be written to, for "
            f"they have blocked the app or do not have it ({why}).",
            "Teams admin center > Teams apps > Setup policies: add Inflow under Installed apps. "
            "Whoever has blocked it unblocks it in their own chat with it.",
        )
    elif patient.known:
        yield fine(f"All people that Inflow knows on Teams can be written to: {patient.known}.")
    elif patient.known == 0:
        yield doubtful(
            "Nobody on Teams has spoken with Inflow yet.",
            "portal.azure.com > the bot > Settings > Channels: Microsoft Teams is there, and under "
            "Configuration the messaging endpoint is applied; then add the app in Teams and write "
            "“help” to it.",
        )
    if patient.lost_places:
        yield doubtful(
            f"Inflow is not in channels and chats any more that it knew: {patient.lost_places}.",
            "In Teams, in each of those teams: ⋯ > Manage team > Apps > Add.",
        )
