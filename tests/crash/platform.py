"""The strict platform as `bot.ports.Platform`: HTTP to `tests.crash.server`."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import aiohttp

from bot.outbox import Ambiguous, Delivery, Limited, Never, Outcome, Sent, TryLater
from bot.rate import Bucket, Limits
from tests.crash.server import TOKEN
from tests.crash.terms import CONVERSATION, Profile

UNREACHABLE = {"account_inactive", "user_not_found", "messages_tab_disabled"}
GONE_FOR_NOW = {"token_revoked"}
RETRY = timedelta(seconds=0.5)


class LookUpFailed(Exception):
    """Nobody could tell just now."""


def limits_of(
    profile: Profile,
    per_minute: float | None,
    *,
    ceiling: float | None = None,
    in_flight: int = 50,
) -> Limits:
    """The platform's limits as the bot is told them."""
    return Limits(
        per_minute=per_minute,
        ceiling=ceiling,
        conversation=tuple(Bucket(count, seconds) for count, seconds in CONVERSATION[profile]),
        in_flight=in_flight,
    )


class HttpPlatform:
    """Implements `bot.ports.Platform`. `timeout` is in seconds; close it when all is done."""

    def __init__(self, url: str, profile: Profile, limits: Limits, timeout: float) -> None:
        self._url = url
        self._profile = profile
        self._limits = limits
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    @property
    def name(self) -> str:
        return self._profile

    @property
    def limits(self) -> Limits:
        return self._limits

    @property
    def reads_back(self) -> bool:
        return self._profile == "slack"

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def deliver(self, delivery: Delivery) -> Outcome:
        body: dict[str, Any] = {
            "channel": delivery.address,
            "text": delivery.message.summary,
            "thread": delivery.thread,
            "metadata": {"event_payload": {"delivery_id": delivery.key}},
        }
        verb = "post"
        if delivery.edits is not None:
            body |= {"channel": delivery.conversation, "ts": delivery.edits}
            verb = "update"
        try:
            async with self._open().post(
                f"{self._lane(delivery)}/{verb}", json=body, timeout=self._timeout
            ) as answer:
                return await self._outcome(answer)
        except aiohttp.ClientConnectorError:
            return TryLater(RETRY, "no connection")
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            return Ambiguous(type(error).__name__)

    async def _outcome(self, answer: aiohttp.ClientResponse) -> Outcome:
        if answer.status == 429:
            return Limited(timedelta(seconds=int(answer.headers["Retry-After"])))
        if answer.status >= 500:
            return Ambiguous(f"status {answer.status}")
        try:
            said = json.loads(await answer.read())
        except ValueError:
            return Ambiguous("unreadable")
        if said["ok"]:
            return Sent(external=said["ts"], conversation=said["channel"])
        error = said["error"]
        if error in GONE_FOR_NOW:
            return TryLater(RETRY, error)
        return Never(error, unreachable=error in UNREACHABLE)

    async def find_delivered(self, delivery: Delivery) -> Sent | None:
        """Look through the conversation's history for the delivery's key."""
        channel, cursor = delivery.conversation or delivery.address, "0"
        while True:
            async with self._open().get(
                f"{self._lane(delivery)}/history",
                params={"channel": channel, "cursor": cursor},
                timeout=self._timeout,
            ) as answer:
                if answer.status != 200:
                    raise LookUpFailed
                page = await answer.json()
            for message in page["messages"]:
                if message["metadata"]["event_payload"]["delivery_id"] == delivery.key:
                    return Sent(external=message["ts"], conversation=page["channel"])
            if page["cursor"] is None:
                return None
            cursor = str(page["cursor"])

    def _lane(self, delivery: Delivery) -> str:
        return f"{self._url}/api/{quote(delivery.workspace, safe='')}"

    def _open(self) -> aiohttp.ClientSession:
        """One session for all, made on the loop that uses it."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30),
                headers={"Authorization": f"Bearer {TOKEN}"},
            )
        return self._session
