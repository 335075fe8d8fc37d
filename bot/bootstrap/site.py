"""A site: the place where the people are whom a process serves.

The playground is one, `bot.bootstrap.platform` has the one of real platforms. `tests/crash`
puts a fake platform in its place and starts the very same processes.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from bot.access import AdministratorsOf, name_nobody
from bot.app import App
from bot.capability import Registry
from bot.clock import Tick
from bot.ids import WorkspaceId
from bot.lanes import Lanes
from bot.metric import Meters
from bot.ports import Platform
from bot.retry import Patience
from bot.settings import Settings
from storage.database import Database

if TYPE_CHECKING:
    from aiohttp import web

Routes: TypeAlias = "Callable[[web.Application], None]"
Check: TypeAlias = Callable[[], Awaitable[str | None]]
"""As `adapters.web.operation.Check`: None when all is well, else a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Core:
    """What every process has. `carry` sees to it that a workspace's letters due by now go out.

    Where lanes run in this process it drains that one; else it waits a moment for a worker.
    """

    settings: Settings
    database: Database
    app: App[Any]
    lanes: Lanes
    carry: Callable[[WorkspaceId], Awaitable[object]]


class Site(Protocol):
    """Where people are, and how a process is there for them.

    `refresh`, `prepare` and `pages` may read from the database, so they are called in a
    thread. What has a body here need not be written by who says that it is a Site.
    """

    @property
    def registry(self) -> Registry[Any]:
        """What the bot can do here."""

    @property
    def patience(self) -> Patience:
        """How long its lanes wait for things."""

    @property
    def administrators(self) -> AdministratorsOf:
        """Who looks after a workspace to begin with."""
        return name_nobody

    def now(self) -> datetime:
        """The moment of this site, aware UTC; the playground's clock may be moved."""

    def refresh(self) -> None:
        """Take over what other processes have changed; called about once a second.

        Raises:
            Unavailable: the store is out of reach; the next call tries again.
        """

    async def platform_of(self, workspace: WorkspaceId) -> Platform | None:
        """Where a workspace's people are; None leaves its letters where they are. Called on the
        loop.

        Raises:
            Unavailable: it is not known at the moment.
        """

    def prepare(self) -> None:
        """Put in order what people are shown, before a process that has pages opens them."""

    def pages(self, core: Core) -> Sequence[Routes]:
        """The pages and platform entrances of this site."""

    def living(self, app: App[Any], meters: Meters) -> AbstractAsyncContextManager[None]:
        """What is held for as long as a process lives: sessions, what is known of tokens. Begun
        before anything else moves and ended after all has come to rest. What it counts is
        added to `meters`.

        Raises:
            Misconfigured: a setting cannot be used.
        """
        del app, meters
        return nullcontext()

    def listening(self) -> AbstractAsyncContextManager[None]:
        """Takes in what needs no page to come in by, in a process that has pages: what platforms
        say on a connection that we opened."""
        return nullcontext()

    @property
    def ticks(self) -> Sequence[Tick]:
        """What a process that delivers does here besides."""
        return ()

    @property
    def checks(self) -> Mapping[str, Check]:
        """What `/readyz` looks at besides, by name. Asked for while `living`."""
        return {}

    def tell(self, address: str) -> str:
        """Where people find Inflow, in a sentence without its end, for who started a process
        with pages at `address`."""
        return f"Inflow is at {address}"


SiteOf: TypeAlias = Callable[[Settings, Database], Site]
