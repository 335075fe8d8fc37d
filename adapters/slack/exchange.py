"""The calls that are about tokens: what a code or a refresh token is given in exchange, and
what a token is good for."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from adapters.slack.client import BASE_URL, Answer, SlackClient

TIMEOUT = timedelta(seconds=15)
"""Longer than for a message: a refresh token is gone with an answer that nobody waited for."""


async def _no_token(_team: str) -> str | None:
    return None


class Exchange:
    """Calls for the app itself, on one session of its own.

    The client id and secret are the app's; without them `redeem` and `refresh` are refused.
    """

    def __init__(
        self, base_url: str = BASE_URL, *, client_id: str = "", client_secret: str = ""
    ) -> None:
        self._client = SlackClient(_no_token, base_url, TIMEOUT)
        self._app: Mapping[str, Any] = {"client_id": client_id, "client_secret": client_secret}

    @property
    def base_url(self) -> str:
        """With a slash at the end."""
        return self._client.base_url

    async def redeem(self, code: str, redirect_uri: str) -> Answer:
        """What an installation gives: tokens, for the code that Slack sent the installer with."""
        body = {**self._app, "code": code, "redirect_uri": redirect_uri}
        return await self._client.call_as(None, "oauth.v2.access", body)

    async def refresh(self, refresh_token: str) -> Answer:
        """A new token and the next refresh token. This one may then be used up, also when the
        answer is Doubtful."""
        body = {**self._app, "grant_type": "refresh_token", "refresh_token": refresh_token}
        return await self._client.call_as(None, "oauth.v2.access", body)

    async def ask(self, token: str) -> Answer:
        """Whose a token is: `auth.test`."""
        return await self._client.call_as(token, "auth.test", {})

    async def close(self) -> None:
        """End the session."""
        await self._client.close()
