"""How what happens in Teams reaches a bot: activities with a token, one after the other."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

PATIENCE = 15.0
"""Seconds that Teams waits for an answer."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a bot answered; `status` is 0 when it did not."""

    status: int
    body: Any = None
    raw: bytes = b""


class BotWire:
    """To a bot's messaging endpoint. `token` makes one for the moment."""

    def __init__(self, url: str, token: Callable[[], str], patience: float = PATIENCE) -> None:
        self.url = url
        self._token = token
        self._timeout = aiohttp.ClientTimeout(total=patience)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, activity: Mapping[str, Any], token: str | None = None) -> Told:
        """Deliver an activity, with a true token or with that one."""
        headers = {
            "Authorization": f"Bearer {token or self._token()}",
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)",
        }
        return await self.send_raw(json.dumps(activity).encode(), headers)

    async def send_raw(self, body: bytes, headers: Mapping[str, str]) -> Told:
        """A body and headers as they stand."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, connector=aiohttp.TCPConnector(limit=0)
            )
        try:
            async with self._session.post(self.url, data=body, headers=headers) as answer:
                raw = await answer.read()
        except (TimeoutError, aiohttp.ClientError):
            return Told(0)
        is_json = answer.content_type == "application/json" and raw
        return Told(answer.status, json.loads(raw) if is_json else None, raw)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
