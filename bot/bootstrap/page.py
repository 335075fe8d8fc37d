"""The pages of a process, served. A worker without a port does without this module and all
that it imports."""

import asyncio
import errno
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from adapters.web.app import create_app
from bot.bootstrap.house import House
from bot.bootstrap.operation import operations
from bot.bootstrap.site import Core
from bot.clock import Clock
from bot.ids import WorkspaceId
from bot.settings import Misconfigured

CLOSING_SECONDS = 3
"""How long a request that is under way may take when the process stops."""


@asynccontextmanager
async def showing_pages(
    house: House,
    carry: Callable[[WorkspaceId], Awaitable[object]],
    clock: Clock,
    stopped: asyncio.Event,
) -> AsyncIterator[str]:
    """Serve the site's pages and the operators' for the block; gives their address."""
    await asyncio.to_thread(house.site.prepare)
    core = Core(house.settings, house.database, house.app, house.lanes, carry)
    routes = await asyncio.to_thread(house.site.pages, core)
    watched = operations(
        house.database, house.meters, stopped, clock, house.site.now, house.site.checks
    )
    app = create_app([*routes, watched])
    async with serving(app, house.settings.host, house.settings.port) as address:
        yield address


@asynccontextmanager
async def answering(
    house: House, port: int, clock: Clock, stopped: asyncio.Event
) -> AsyncIterator[str]:
    """Serve what operators and their machines ask, and nothing else; gives the address."""
    checks = house.site.checks
    app = create_app([operations(house.database, house.meters, stopped, clock, more=checks)])
    async with serving(app, house.settings.host, port) as address:
        yield address


@asynccontextmanager
async def serving(pages: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve `pages` for the block; gives their address. Port 0 takes a free one.

    Raises:
        Misconfigured: the port is taken, or the host is not one of this machine.
    """
    runner = web.AppRunner(pages, access_log=None, shutdown_timeout=CLOSING_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Misconfigured(f"Port {port} on {host}: {error.strerror}.") from error
            raise Misconfigured(
                f"Port {port} on {host} is taken. Stop what uses it, or choose another "
                "one: PORT=8766 make run"
            ) from error
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
