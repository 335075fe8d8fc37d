"""The real processes on a platform that takes its time: `python -m tests.cli.slow ROLE SECONDS`.

Settings come from the environment. Says `begun KEY` and `done KEY` of every letter.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.bootstrap.log import configure_logs
from bot.bootstrap.process import run_embedded
from bot.bootstrap.scaled import run_worker
from bot.bootstrap.site import Core, Routes, Site
from bot.capability import Capability, Registry, register
from bot.ids import WorkspaceId
from bot.outbox import Delivery, Outcome, Sent
from bot.ports import Platform, Work
from bot.rate import Limits
from bot.retry import Patience
from bot.settings import Settings, read_settings
from storage.database import Database

IN_FLIGHT = 4


class SlowPlatform:
    """Implements `bot.ports.Platform`."""

    name = "slow"
    limits = Limits(in_flight=IN_FLIGHT)
    reads_back = True

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.begun = 0

    async def deliver(self, delivery: Delivery) -> Outcome:
        self.begun += 1
        print("begun", delivery.key, flush=True)
        await asyncio.sleep(self._seconds)
        print("done", delivery.key, flush=True)
        return Sent(external=delivery.key, conversation=delivery.address)

    async def find_delivered(self, _delivery: Delivery) -> Sent | None:
        return None


class SlowSite(Site):
    """A site without pages."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        nothing: Capability[Work] = Capability(name="nothing", title="Nothing")
        self._registry: Registry[Any] = register([nothing])

    @property
    def registry(self) -> Registry[Any]:
        return self._registry

    @registry.setter
    def registry(self, registry: Registry[Any]) -> None:
        self._registry = registry

    @property
    def patience(self) -> Patience:
        return Patience()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def refresh(self) -> None:
        """Nobody moves this site's clock."""

    async def platform_of(self, _workspace: WorkspaceId) -> Platform | None:
        return self._platform

    def prepare(self) -> None:
        """There is nothing to show."""

    def pages(self, _core: Core) -> Sequence[Routes]:
        return ()


def site_of(seconds: float) -> Callable[[Settings, Database], SlowSite]:
    platform = SlowPlatform(seconds)
    return lambda _settings, _database: SlowSite(platform)


def main() -> None:
    """Run one process until it is told to stop."""
    role, seconds = sys.argv[1], float(sys.argv[2])
    settings = read_settings()
    configure_logs(settings.log_level)
    run = {"embedded": run_embedded, "worker": run_worker}[role]
    asyncio.run(run(settings, lambda sentence: print(sentence, flush=True), site_of(seconds)))


if __name__ == "__main__":
    main()
