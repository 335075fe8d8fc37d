"""The site of real platforms: one branch for each that has credentials.

A platform is one more `Branch` here and one more line in `find_branches`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeAlias

from bot.access import NO_ADMINISTRATORS, Administrators, AdministratorsOf
from bot.app import App
from bot.bootstrap import now
from bot.bootstrap.registry import CAPABILITIES
from bot.bootstrap.site import Check, Core, Routes, Site, SiteOf
from bot.capability import Registry, register
from bot.clock import Tick
from bot.ids import WorkspaceId
from bot.metric import Meters
from bot.ports import Platform
from bot.retry import Patience
from bot.settings import Settings
from storage.database import Database


class Branch(Protocol):
    """One real platform, as a part of `PlatformSite`; each call is as the site's."""

    @property
    def name(self) -> str:
        """The platform's name, as workspaces have it."""

    def administrators(self, workspace: str) -> Administrators:
        """Who looks after a workspace to begin with, by the platform's own id of it. Does not
        wait for anything."""

    async def platform_of(self, workspace: str) -> Platform | None:
        """Where the people of a workspace are, by the platform's own id; None where Inflow has
        been removed from it.

        Raises:
            Unavailable: it is not known at the moment.
        """

    def pages(self) -> Sequence[Routes]:
        """What the platform calls."""

    def living(self, app: App[Any], meters: Meters) -> AbstractAsyncContextManager[None]: ...

    def listening(self) -> AbstractAsyncContextManager[None]: ...

    @property
    def ticks(self) -> Sequence[Tick]: ...

    @property
    def checks(self) -> Mapping[str, Check]: ...

    def tell(self, address: str) -> str: ...


BranchOf: TypeAlias = Callable[[Settings, Database, Registry[Any]], Branch]


def find_branches(settings: Settings) -> Sequence[BranchOf]:
    """The platforms that have credentials in this process's environment.

    Raises:
        Misconfigured: they cannot be used, a sentence for each mistake.
    """
    # Whoever only wants the playground does without the libraries of platforms.
    from adapters.slack.settings import read_slack_settings  # noqa: PLC0415
    from adapters.teams.settings import read_teams_settings  # noqa: PLC0415

    found: list[BranchOf] = []
    slack = read_slack_settings(settings)
    if slack is not None:
        from bot.bootstrap.slack import SlackBranch  # noqa: PLC0415

        found.append(partial(SlackBranch, slack))
    teams = read_teams_settings(settings)
    if teams is not None:
        from bot.bootstrap.teams import TeamsBranch  # noqa: PLC0415

        found.append(partial(TeamsBranch, teams))
    return found


def choose_site(settings: Settings) -> SiteOf | None:
    """The site of the platforms that have credentials; None where the playground is wanted.

    Raises:
        Misconfigured: as `find_branches`.
    """
    branches = find_branches(settings)
    return partial(PlatformSite, branches) if branches else None


class PlatformSite(Site):
    """The real platforms of this process, on the real clock.

    No demo people and no starter pack ever come here: a workspace begins empty, and its first
    administrator opens its topics.
    """

    def __init__(
        self, branches_of: Sequence[BranchOf], settings: Settings, database: Database
    ) -> None:
        self._database = database
        self._registry: Registry[Any] = register(CAPABILITIES)
        branches = [make(settings, database, self._registry) for make in branches_of]
        self._branches = {branch.name: branch for branch in branches}
        self._places: dict[WorkspaceId, tuple[str, str]] = {}
        # One looks for all who wait for it: each finds every workspace.
        self._looking = asyncio.Lock()

    @property
    def registry(self) -> Registry[Any]:
        return self._registry

    @property
    def patience(self) -> Patience:
        return Patience()

    @property
    def administrators(self) -> AdministratorsOf:
        return self._administrators

    def _administrators(self, platform: str, workspace: str) -> Administrators:
        branch = self._branches.get(platform)
        return branch.administrators(workspace) if branch else NO_ADMINISTRATORS

    def now(self) -> datetime:
        return now()

    def refresh(self) -> None:
        """Nobody moves the real clock, and a workspace never moves."""

    def prepare(self) -> None:
        """There is nothing to load."""

    async def platform_of(self, workspace: WorkspaceId) -> Platform | None:
        platform, external = await self._place_of(workspace)
        branch = self._branches.get(platform)
        return await branch.platform_of(external) if branch else None

    async def _place_of(self, workspace: WorkspaceId) -> tuple[str, str]:
        """A workspace never moves, so each is looked up once."""
        async with self._looking:
            if workspace not in self._places:
                self._places = await asyncio.to_thread(self._read_places)
        return self._places.get(workspace, ("", ""))

    def _read_places(self) -> dict[WorkspaceId, tuple[str, str]]:
        with self._database.transaction() as work:
            known = work.people.workspaces()
        return {each.id: (each.platform, each.external) for each in known}

    def pages(self, core: Core) -> Sequence[Routes]:
        del core
        return [routes for branch in self._branches.values() for routes in branch.pages()]

    @asynccontextmanager
    async def living(self, app: App[Any], meters: Meters) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for branch in self._branches.values():
                await stack.enter_async_context(branch.living(app, meters))
            yield

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for branch in self._branches.values():
                await stack.enter_async_context(branch.listening())
            yield

    @property
    def ticks(self) -> Sequence[Tick]:
        return [tick for branch in self._branches.values() for tick in branch.ticks]

    @property
    def checks(self) -> Mapping[str, Check]:
        return {
            name: check
            for branch in self._branches.values()
            for name, check in branch.checks.items()
        }

    def tell(self, address: str) -> str:
        said = [branch.tell(address) for branch in self._branches.values()]
        return f"{'; '.join(said)}. {address}/readyz says how it is"
