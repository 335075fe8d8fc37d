"""Where the Bot Connector publishes its keys, on the loopback address."""

import asyncio
from collections import deque
from typing import Any, Self

from aiohttp import web

from tests.adapters.teams.signing import Signer

LOOPBACK = "127.0.0.1"
METADATA = "/v1/.well-known/openidconfiguration"
KEYS = "/v1/.well-known/keys"


class FakeOpenId:
    """Says what a signer has published, and fails as it is told to.

    `faults` are what happens to the next requests for metadata, in order: `fine`, `hang`,
    `garbage`, `deep` (more than anybody can read), a status, or a whole answer.
    """

    def __init__(self, signer: Signer) -> None:
        self.signer = signer
        self.asked = 0
        """How often the metadata was asked for."""
        self.faults: deque[Any] = deque()
        self.jwks_uri: str | None = None
        """Where the metadata says that the keys are; None for the right address."""
        self._runner: web.AppRunner | None = None
        self._gone = asyncio.Event()

    @property
    def origin(self) -> str:
        assert self._runner is not None, "not started"
        return f"http://{LOOPBACK}:{self._runner.addresses[0][1]}"

    @property
    def metadata_url(self) -> str:
        return self.origin + METADATA

    def add_routes(self, app: web.Application, runner: web.AppRunner) -> None:
        """Answer in somebody else's server."""
        self._runner = runner
        app.router.add_get(METADATA, self._tell_metadata)
        app.router.add_get(KEYS, self._tell_keys)

    async def _tell_metadata(self, _request: web.Request) -> web.StreamResponse:
        self.asked += 1
        match self.faults.popleft() if self.faults else "fine":
            case "fine":
                return web.json_response(
                    {
                        "issuer": self.signer.issuer,
                        "authorization_endpoint": "https://invalid.example",
                        "jwks_uri": self.jwks_uri or self.origin + KEYS,
                        "id_token_signing_alg_values_supported": ["RS256"],
                        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                    }
                )
            case "hang":
                await self._gone.wait()
                return web.Response(status=500)
            case "garbage":
                return web.Response(text="<html>Something went wrong</html>")
            case "deep":
                return web.Response(text="[" * 200_000, content_type="application/json")
            case int() as status:
                headers = {"Location": self.metadata_url} if 300 <= status < 400 else {}
                return web.Response(status=status, headers=headers)
            case answer:
                return web.json_response(answer)

    async def _tell_keys(self, _request: web.Request) -> web.Response:
        return web.json_response({"keys": list(self.signer.published.values())})

    def let_go(self) -> None:
        """End what hangs."""
        self._gone.set()

    async def __aenter__(self) -> Self:
        app = web.Application()
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        self.add_routes(app, runner)
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, 0).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.let_go()
        assert self._runner is not None
        await self._runner.cleanup()
