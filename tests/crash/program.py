"""The real processes of Inflow on the crash proof's platform.

`python -m tests.crash.program ROLE --scene JSON --database URL --platform URL --port N` runs
one process until its parent is gone or ends it. ROLE is `embedded`, `web` or `worker`. The
wiring is `bot.bootstrap`'s own; only the site is ours: where Slack would be is the strict
server, and events come in at `POST /inbound`.
"""

import argparse
import asyncio
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from pydantic import SecretStr, ValidationError

from bot.app import App
from bot.bootstrap.log import configure_logs
from bot.bootstrap.site import Core, Routes, Site
from bot.capabilities.campaigns import capability as campaigns
from bot.capabilities.campaigns import expanding as campaign_expanding
from bot.capability import Registry, register
from bot.errors import Unavailable
from bot.ids import WorkspaceId
from bot.inbound import Inbound
from bot.planner import plan_due
from bot.ports import Platform
from bot.retry import Patience
from bot.settings import Settings
from storage.database import Database
from tests.crash.child import announce
from tests.crash.platform import HttpPlatform
from tests.crash.scene import CAPABILITY, CHUNK, RELAY_KEY, Scene


class CrashSite(Site):
    """A site whose platform keeps a ledger, and whose events come in over HTTP."""

    def __init__(self, scene: Scene, platform: HttpPlatform) -> None:
        self._platform = platform
        self._patience = Patience(
            timeout=timedelta(seconds=scene.timeout),
            lease=timedelta(seconds=scene.lease),
            reconcile_after=timedelta(seconds=scene.reconcile_after),
        )
        self._registry: Registry[Any] = register([CAPABILITY, campaigns])

    @property
    def registry(self) -> Registry[Any]:
        return self._registry

    @property
    def patience(self) -> Patience:
        return self._patience

    def now(self) -> datetime:
        return datetime.now(UTC)

    def refresh(self) -> None:
        """Nobody moves this site's clock."""

    async def platform_of(self, _workspace: WorkspaceId) -> Platform:
        return self._platform

    def prepare(self) -> None:
        """The scene was prepared before."""

    def pages(self, core: Core) -> Sequence[Routes]:
        return [lambda app: add_inbound(app, core.app)]


def add_inbound(pages: web.Application, app: App[Any]) -> None:
    """`POST /inbound`: 200 with the reply once it is committed, 503 when it cannot be now."""

    async def receive(request: web.Request) -> web.Response:
        try:
            inbound = Inbound.model_validate_json(await request.read())
        except ValidationError:
            raise web.HTTPBadRequest from None
        try:
            reply = await asyncio.to_thread(app.receive, inbound)
        except Unavailable:
            raise web.HTTPServiceUnavailable from None
        return web.Response(text=reply.model_dump_json(), content_type="application/json")

    pages.router.add_post("/inbound", receive)


def end_with_the_parent() -> None:
    """Ask this process to stop when its parent is gone."""

    def wait() -> None:
        # Not by sys.stdin, whose lock nobody could take from us: a process that ends by itself
        # would be aborted for it, whatever it ended with.
        while os.read(sys.stdin.fileno(), 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    # A daemon, because it waits for as long as the process lives.
    threading.Thread(target=wait, daemon=True).start()


async def run(role: str, settings: Settings, scene: Scene, platform: HttpPlatform) -> None:
    def site_of(_settings: Settings, _database: Database) -> CrashSite:
        return CrashSite(scene, platform)

    def tell(_sentence: str) -> None:
        announce(port=settings.port)

    try:
        # Imported here, so that each process is as large as the real one and no larger.
        if role == "embedded":
            from bot.bootstrap.process import run_embedded  # noqa: PLC0415

            await run_embedded(settings, tell, site_of)
        else:
            from bot.bootstrap.scaled import run_web, run_worker  # noqa: PLC0415

            await (run_web if role == "web" else run_worker)(settings, tell, site_of)
    finally:
        await platform.close()


def take_small_chunks() -> None:
    """Let planner and campaigns need several transactions for the few people of a scene."""
    assert plan_due.__kwdefaults__ is not None
    plan_due.__kwdefaults__["chunk"] = CHUNK
    setattr(campaign_expanding, "CHUNK", CHUNK)  # noqa: B010 - it is meant to be a constant.


def main() -> None:
    """Run one process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=["embedded", "web", "worker"])
    parser.add_argument("--scene", required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--platform", required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    scene = Scene.from_json(chosen.scene)
    settings = Settings(
        database_url=chosen.database,
        relay_key=SecretStr(RELAY_KEY),
        PORT=chosen.port,
        vectors="none",
        demo=False,
    )
    configure_logs(settings.log_level)
    take_small_chunks()
    end_with_the_parent()
    platform = HttpPlatform(chosen.platform, scene.profile, scene.limits(), scene.timeout)
    asyncio.run(run(chosen.role, settings, scene, platform))


if __name__ == "__main__":
    main()
