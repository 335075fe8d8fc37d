"""What every process does around its loop: threads, signals, ticks and pages."""

import asyncio
import errno
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import TypeAlias

from aiohttp import web

from bot.clock import Clock
from bot.settings import Misconfigured
from storage.database import CALLERS

Announce: TypeAlias = Callable[[str], None]
"""Tells whoever started the process that it is at work, in one sentence."""

CLOSING_SECONDS = 3
"""How long a request that is under way may take when the process stops."""


def widen_executor() -> None:
    """Let as many threads wait for the database as pay off."""
    asyncio.get_running_loop().set_default_executor(
        ThreadPoolExecutor(CALLERS, thread_name_prefix="inflow")
    )


@contextmanager
def stop_signal() -> Iterator[asyncio.Event]:
    """Set by the first SIGINT or SIGTERM; the next one ends the process where it stands."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM)

    def stop() -> None:
        stopped.set()
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in numbers:
        loop.add_signal_handler(number, stop)
    yield stopped


@asynccontextmanager
async def ticking(clock: Clock) -> AsyncIterator[None]:
    """Tick for the block; what is under way at its end is finished."""
    clock.start()
    try:
        yield
    finally:
        await clock.stop()


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
