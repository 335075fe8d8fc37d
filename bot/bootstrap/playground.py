"""The playground as a site: its workspace, its clock, its room and its pages."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from adapters.playground.clock import SETTING as CLOCK_SETTING
from adapters.playground.clock import ClockMover, PlaygroundClock
from adapters.playground.platform import NAME, PlaygroundPlatform
from bot.bootstrap import new_id, now
from bot.bootstrap.registry import CAPABILITIES
from bot.bootstrap.site import Core, Routes, Site
from bot.capabilities.questions.starting import Demo
from bot.capability import Registry, register
from bot.errors import BotError
from bot.ids import WorkspaceId
from bot.people import Workspace, is_working
from bot.ports import Platform
from bot.retry import Patience
from bot.schedule import next_morning
from bot.settings import Misconfigured, Settings, is_this_machine, platform_credentials
from storage.database import Database
from storage.transcript import SqlTranscript
from storage.work import SqlWork

if TYPE_CHECKING:
    from content.load import Loaded

DEMO = "demo"
"""The playground's own name for its workspace."""


def refuse_beside_platforms(*, allowed: bool) -> None:
    """The playground lets everybody act as anybody: never by chance beside real people.

    Raises:
        Misconfigured: credentials of a real platform are set, and that was not allowed.
    """
    found = platform_credentials()
    if found and not allowed:
        raise Misconfigured(
            f"{', '.join(found)} is set. In the playground everybody can act as anybody, so it "
            "does not start beside a real platform. Unset it, or say: inflow playground "
            "--beside-platforms"
        )


def refuse_beyond_this_machine(settings: Settings, *, allowed: bool) -> None:
    """The playground is for this machine, unless somebody says that others are kept out.

    Raises:
        Misconfigured: `settings.host` is not an address of this machine alone.
    """
    if not (is_this_machine(settings.host) or allowed):
        raise Misconfigured(
            f"INFLOW_HOST is {settings.host}, where others can reach the playground, and in it "
            "everybody can act as anybody. Use 127.0.0.1, or, where something else keeps "
            "strangers out (a container's network), say --beyond-this-machine."
        )


def refuse_real_workspaces(work: SqlWork) -> None:
    """The playground's clock moves, and what falls due by it is done.

    Raises:
        Misconfigured: the database holds a workspace of another platform.
    """
    real = [w for w in work.people.workspaces() if w.platform != NAME]
    if not real:
        return
    served = f"This database serves {', '.join(sorted(w.name for w in real))}."
    platforms = sorted({w.platform.capitalize() for w in real})
    forgotten = (
        f"To serve it again, set the credentials of {' and '.join(platforms)} as before: none "
        "is set in this terminal, nor in a file inflow.env in this folder."
    )
    playing = (
        "The playground moves its clock, and would play with what real people are to get. It "
        "takes a database of its own: INFLOW_DATABASE_URL=sqlite:///playground.db inflow playground"
    )
    raise Misconfigured(served, *([] if platform_credentials() else [forgotten]), playing)


def load_demo(settings: Settings) -> "Sequence[Loaded]":
    """All packs that come with this version, the one with the demo workspace first; none where
    the settings want an empty one."""
    if not settings.demo:
        return ()
    from content.load import PACKS, find_packs, load_packs  # noqa: PLC0415 - most load none

    return sorted(load_packs(find_packs(PACKS)), key=lambda loaded: loaded.pack.demo is None)


def demo_of(packs: "Sequence[Loaded]") -> Demo | None:
    """The made-up workspace that is among the packs."""
    return next((loaded.pack.demo for loaded in packs if loaded.pack.demo), None)


def prepare_workspace(work: SqlWork, moment: datetime, packs: "Sequence[Loaded]" = ()) -> Workspace:
    """The playground's workspace; with packs all of that, or what is new in it."""
    workspace = work.people.workspace(NAME, DEMO)
    demo = demo_of(packs)
    if workspace is None:
        workspace = Workspace(
            id=WorkspaceId(new_id()),
            platform=NAME,
            external=DEMO,
            name=demo.name if demo else DEMO,
        )
        work.people.add_workspace(workspace)
    if packs:
        from bot.bootstrap.authoring import bring  # noqa: PLC0415 - a worker brings none

        bring(work, workspace.id, packs, moment, demo=demo)
    return workspace


class PlaygroundSite(Site):
    """The playground."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._transcript = SqlTranscript(database)
        self._clock = PlaygroundClock(now, self._transcript)
        self._platform = PlaygroundPlatform(self._transcript, database, self.now)
        self._registry = register(CAPABILITIES)
        self._demo: Demo | None = None
        self._workspace: WorkspaceId | None = None

    @property
    def registry(self) -> Registry[Any]:
        return self._registry

    @property
    def patience(self) -> Patience:
        return Patience()

    def now(self) -> datetime:
        return self._clock.now()

    def refresh(self) -> None:
        """Another process may have moved the clock."""
        self._clock.refresh()

    async def platform_of(self, workspace: WorkspaceId) -> Platform | None:
        """None for a real workspace: what its people are to get is for them alone."""
        if self._workspace is None:
            self._workspace = await asyncio.to_thread(self._find_workspace)
        return self._platform if workspace == self._workspace else None

    def _find_workspace(self) -> WorkspaceId | None:
        with self._database.transaction() as work:
            ours = work.people.workspace(NAME, DEMO)
        return ours.id if ours else None

    def prepare(self) -> None:
        """Load the packs, and wake in working hours: at night nobody would be asked.

        At the first start it is ten in the morning of the next working day, so that a story
        has a day before it.

        Raises:
            Misconfigured: the database serves a real workspace, whose time may not be moved.
        """
        with self._database.transaction() as work:
            refuse_real_workspaces(work)
        packs = load_demo(self._settings)
        self._demo = demo_of(packs)
        is_first = self._transcript.setting(CLOCK_SETTING) is None
        with self._database.transaction() as work:
            prepare_workspace(work, self.now(), packs)
            workspace = work.people.workspace(NAME, DEMO)
            people = work.people.everybody(workspace.id) if workspace else ()
        if people and (is_first or not any(is_working(each, self.now()) for each in people)):
            self._clock.set_to(next_morning(people[0], self.now()))

    def pages(self, core: Core) -> Sequence[Routes]:
        # A worker shows none, and does without the 15 MB that these bring.
        from adapters.playground.app import HINT, Playground  # noqa: PLC0415
        from adapters.playground.room import Room  # noqa: PLC0415

        demo = self._demo
        room = Room(
            app=core.app,
            database=self._database,
            transcript=self._transcript,
            clock=self.now,
            new_id=new_id,
            workspace=DEMO,
            channels=self._channels(),
            about={p.handle: p.about for p in demo.people} if demo else {},
            move_clock=self._clock.set_to,
        )

        with self._database.transaction() as work:
            here = prepare_workspace(work, self.now()).id

        async def carry() -> None:
            await core.carry(here)

        async def play() -> None:
            # Workers learn a second later that the clock was moved, so this process delivers.
            with contextlib.suppress(BotError):
                await core.lanes.drain(here)
            await carry()

        playground = Playground(
            room=room,
            carry=carry,
            clock=self._clock,
            mover=ClockMover(self._clock, core.app, play),
            transcript=self._transcript,
            hint=HINT if demo else None,
        )
        return [playground.add_routes]

    def _channels(self) -> list[str]:
        """#general, and the channel of every topic."""
        with self._database.transaction() as work:
            workspace = work.people.workspace(NAME, DEMO)
            topics = work.topics.every(workspace.id) if workspace else ()
        return ["#general", *sorted({topic.channel for topic in topics if topic.channel})]
