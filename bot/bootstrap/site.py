"""A site: the place where the people are whom a process serves.

The playground is one. `tests/crash` puts a fake platform in its place and starts the
very same processes.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from bot.app import App
from bot.capability import Registry
from bot.ids import WorkspaceId
from bot.lanes import Lanes
from bot.ports import Platform
from bot.retry import Patience
from bot.settings import Settings
from storage.database import Database

if TYPE_CHECKING:
    from aiohttp import web

Routes: TypeAlias = "Callable[[web.Application], None]"


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
    """Each call may read from the database, so it is made in a thread."""

    @property
    def registry(self) -> Registry[Any]:
        """What the bot can do here."""

    @property
    def patience(self) -> Patience:
        """How long its lanes wait for things."""

    def now(self) -> datetime:
        """The moment of this site, aware UTC; the playground's clock may be moved."""

    def refresh(self) -> None:
        """Take over what other processes have changed; called about once a second.

        Raises:
            Unavailable: the store is out of reach; the next call tries again.
        """

    def platform_of(self, workspace: WorkspaceId) -> Platform | None:
        """Where a workspace's people are; None leaves its letters where they are."""

    def prepare(self) -> None:
        """Put in order what people are shown, before a process that has pages opens them."""

    def pages(self, core: Core) -> Sequence[Routes]:
        """The pages and platform entrances of this site."""


SiteOf: TypeAlias = Callable[[Settings, Database], Site]
