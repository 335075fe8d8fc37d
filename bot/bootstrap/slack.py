"""Slack as a branch of the real platforms: its parts, put together.

What is sent, and what of people is read, is the delivering process's part; what Slack tells
us is that of processes with pages. Both hold the same parts, and begin only what is theirs.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import SecretStr

from adapters.slack.client import Refused, SlackClient
from adapters.slack.deliver import NAME, PER_MINUTE, Receipts, SlackPlatform
from adapters.slack.directory import Directory
from adapters.slack.exchange import Exchange
from adapters.slack.installed import OUT_OF_REACH, EventHandler, Facts, OneWorkspace
from adapters.slack.manifest import ENTRANCE, Way, check_names, command_names, needed_scopes
from adapters.slack.settings import MEMBER, SlackSettings, Transport
from adapters.slack.wording import Wording
from bot.access import Administrators
from bot.app import OWN_WORDS, App
from bot.bootstrap import new_id, now
from bot.bootstrap.key import derive_secrets, token_keys
from bot.bootstrap.site import Check, Routes
from bot.capability import Registry
from bot.clock import Tick
from bot.errors import BotError
from bot.metric import Meters
from bot.ports import Platform
from bot.settings import Misconfigured, Settings
from storage.database import Database
from storage.token_seal import WrongTokenKey

if TYPE_CHECKING:
    # With many workspaces come slack_sdk's stores, and with the entrance Bolt: 21 MB that
    # only those processes have which need them.
    from adapters.slack.app import SlackEntrance
    from adapters.slack.oauth import OAuth
    from adapters.slack.socket import Socket
    from adapters.slack.workspaces import ManyWorkspaces
    from storage.installation import Installations

SYNCING = timedelta(seconds=2)
"""How often is looked whether a page of people is due."""
OPENING = timedelta(seconds=5)
"""How often is looked for a workspace whose people are not read yet."""
PASSED_OVER = timedelta(minutes=1)
"""How long one is left out whose installation cannot be read, or whose people Slack does not
tell."""
CLOSING = timedelta(seconds=2)
"""How long replies that are on the way may take when the process stops. Before that, Socket
Mode may take five and pages three; supervisors kill after ten."""
ADMINISTRATORS = 20
"""How many of those that INFLOW_ADMINS names are asked for at a start."""
CONNECTING_SECONDS = 3.0
"""How long a start waits for Socket Mode, so that it can say that it is connected."""
LOOKING_SECONDS = 10.0
"""How long for what Slack says of those that INFLOW_ADMINS names."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Living:
    """What there is as long as the process lives."""

    app: App[Any]
    meters: Meters
    client: SlackClient
    exchange: Exchange
    installed: "OneWorkspace | ManyWorkspaces"
    directory: Directory
    entrance: "SlackEntrance | None" = None
    socket: "Socket | None" = None


class SlackBranch:
    """`bot.bootstrap.platform.Branch` for Slack."""

    name = NAME

    def __init__(
        self,
        slack: SlackSettings,
        settings: Settings,
        database: Database,
        registry: Registry[Any],
    ) -> None:
        self._slack = slack
        self._settings = settings
        self._database = database
        check_names(registry, slack.command_names)
        self._commands = command_names(registry, slack.command_names)
        self._wording = Wording(self._commands, frozenset({*OWN_WORDS, *registry.orders}))
        self._secret_of = derive_secrets(settings, NAME)
        self._receipts = Receipts()
        self._platforms: dict[str, SlackPlatform] = {}
        self._opened: set[str] = set()
        self._passed_over: dict[str, datetime] = {}
        self._installations = _installations(slack, settings, database)
        self._living: _Living | None = None
        self._strangers: Sequence[str] = ()

    # --- the parts -------------------------------------------------------------------------

    @asynccontextmanager
    async def living(self, app: App[Any], meters: Meters) -> AsyncIterator[None]:
        exchange = Exchange(
            self._slack.api_base_url,
            client_id=self._slack.client_id or "",
            client_secret=_open(self._slack.client_secret),
        )
        installed = self._make_installed(exchange, meters)
        client = SlackClient(installed.token_of, self._slack.api_base_url)
        directory = Directory(app=app, database=self._database, client=client, new_id=new_id)
        self._living = _Living(app, meters, client, exchange, installed, directory)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(exchange.close)
            stack.push_async_callback(client.close)
            stack.push_async_callback(installed.close)
            if isinstance(installed, OneWorkspace):
                await installed.start()
            # Before the first word from there, so that the workspace is called by its name.
            with contextlib.suppress(BotError):
                await self._open_workspaces()
            try:
                yield
            finally:
                await self._close_entrance()

    def _make_installed(
        self, exchange: Exchange, meters: Meters
    ) -> "OneWorkspace | ManyWorkspaces":
        if self._installations is None:
            return OneWorkspace(_open(self._slack.bot_token), exchange, changed=self._follow_change)
        from adapters.slack.workspaces import ManyWorkspaces  # noqa: PLC0415 - see above

        many = ManyWorkspaces(self._installations, exchange, now, changed=self._follow_change)
        meters.include(many.refreshes)
        return many

    async def _open_workspaces(self) -> None:
        """Have the people of every workspace read that has the app, and of each once; of one
        that has it no more nobody's."""
        before = frozenset(self._opened)
        teams = await self._teams()
        # Another process may have been told, or what was to be done then had failed.
        for team in before - teams:
            await self._close_directory(team)
        moment = now()
        self._passed_over = {
            team: until
            for team, until in self._passed_over.items()
            if team in teams and until > moment
        }
        for team in sorted(teams - self._opened - self._passed_over.keys()):
            await self._open_workspace(team)

    async def _teams(self) -> set[str]:
        """Where the app is, as far as is known at the moment."""
        installed = self._here.installed
        if isinstance(installed, OneWorkspace):
            return {installed.facts.team} if installed.facts else set()
        assert self._installations is not None  # noqa: S101 - it is where they are kept.
        return set(await asyncio.to_thread(self._installations.teams))

    async def _open_workspace(self, team: str) -> None:
        try:
            facts = await self._here.installed.about(team)
            if facts is not None:
                await self._open_directory(facts)
        except BotError as error:
            # One whose installation cannot be read keeps nobody else waiting.
            log.warning("people not read", external=team, why=type(error).__name__)
            self._passed_over[team] = now() + PASSED_OVER

    async def _open_directory(self, facts: Facts) -> None:
        if facts.is_whole_org:
            # Of an organisation as a whole Slack does not tell the people so.
            self._passed_over[facts.team] = now() + PASSED_OVER
            return
        await self._here.directory.open(facts.team, facts.name or facts.team)
        self._opened.add(facts.team)

    async def _close_directory(self, team: str) -> None:
        await self._here.directory.close(team)
        self._opened.discard(team)

    async def _follow_change(self, team: str, facts: Facts | None) -> None:
        """At once where this process hears of it, and elsewhere by `_open_workspaces`."""
        if facts is None:
            await self._close_directory(team)
        else:
            await self._open_directory(facts)

    @property
    def _here(self) -> _Living:
        assert self._living is not None  # noqa: S101 - asked for only while living.
        return self._living

    # --- who is where ----------------------------------------------------------------------

    def administrators(self, workspace: str) -> Administrators:
        installer = self._living.installed.installer_of(workspace) if self._living else None
        return Administrators(self._settings.administrators, installer)

    async def platform_of(self, workspace: str) -> Platform | None:
        if await self._here.installed.token_of(workspace) is None:
            return None
        # Each is kept, for it keeps the paces of methods.
        if workspace not in self._platforms:
            self._platforms[workspace] = self._make_platform(workspace)
        platform = self._platforms[workspace]
        return platform if await platform.is_open() else None

    def _make_platform(self, workspace: str) -> SlackPlatform:
        ceiling = float(self._slack.messages_a_minute)
        return SlackPlatform(
            self._here.client,
            workspace,
            wording=self._wording,
            seal=self._secret_of("letters"),
            receipts=self._receipts,
            per_minute=min(PER_MINUTE, ceiling),
            ceiling=ceiling,
        )

    # --- what Slack tells us ---------------------------------------------------------------

    def pages(self) -> Sequence[Routes]:
        routes: list[Routes] = []
        if Transport.HTTP in self._slack.transports:
            routes.append(lambda pages: self._open_entrance().add_routes(pages))
        if self._installations is not None:
            routes.append(lambda pages: self._make_oauth().add_routes(pages))
        return routes

    def _make_oauth(self) -> "OAuth":
        from adapters.slack.oauth import OAuth  # noqa: PLC0415 - see above

        installed = self._here.installed
        assert self._installations is not None  # noqa: S101 - asked for only then.
        assert not isinstance(installed, OneWorkspace)  # noqa: S101 - follows from that.
        return OAuth(
            installed=installed,
            store=self._installations,
            exchange=self._here.exchange,
            client_id=self._slack.client_id or "",
            public_url=self._settings.public_url or "",
            scopes=needed_scopes(Way()),
            wording=self._wording,
            clock=now,
        )

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        self._strangers = await self._find_strangers()
        if self._slack.app_token is None:
            yield
            return
        async with self._open_entrance().connected(_open(self._slack.app_token)) as socket:
            self._here.socket = socket
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CONNECTING_SECONDS):
                    await socket.wait()
            yield

    async def _find_strangers(self) -> Sequence[str]:
        """Whom INFLOW_ADMINS names and nobody is, as far as Slack says so in time."""
        installed = self._here.installed
        if not isinstance(installed, OneWorkspace) or installed.facts is None:
            return []
        found = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOKING_SECONDS):
                for member in sorted(self._settings.administrators)[:ADMINISTRATORS]:
                    if not MEMBER.fullmatch(member):
                        found.append(member)
                        continue
                    body = {"user": member}
                    said = await self._here.client.call(installed.facts.team, "users.info", body)
                    if isinstance(said, Refused) and said.error == "user_not_found":
                        found.append(member)
        return found

    async def _close_entrance(self) -> None:
        """Once nothing comes in any more; what was to be shown has a moment left."""
        entrance = self._here.entrance
        if entrance is not None:
            await entrance.close(CLOSING)

    def _open_entrance(self) -> "SlackEntrance":
        """The entrance, made on the loop by whoever needs it first."""
        from adapters.slack.app import SlackEntrance  # noqa: PLC0415 - see above

        here = self._here
        if here.entrance is None:
            here.entrance = SlackEntrance(
                app=here.app,
                client=here.client,
                installed=here.installed,
                directory=here.directory,
                signing_secret=_open(self._slack.signing_secret) or None,
                wording=self._wording,
                seal=self._secret_of("forms"),
                hears=self.hears(),
                clock=now,
                meters=here.meters,
            )
        return here.entrance

    def hears(self) -> Mapping[str, EventHandler]:
        """What is done about events that are nobody's words."""
        here = self._here
        return {
            **here.directory.hears,
            **here.installed.hears,
            "message_metadata_posted": self._receipts.note_receipt,
        }

    # --- how it is -------------------------------------------------------------------------

    @property
    def ticks(self) -> Sequence[Tick]:
        return [
            Tick("slack_workspaces", OPENING, self._open_workspaces),
            Tick("slack_directory", SYNCING, self._sync),
        ]

    async def _sync(self) -> None:
        await self._here.directory.sync()

    @property
    def checks(self) -> Mapping[str, Check]:
        return {"Slack token": self._check_token, "Socket Mode connection": self._check_socket}

    async def _check_token(self) -> str | None:
        installed = self._here.installed
        if not isinstance(installed, OneWorkspace) or installed.facts is not None:
            return None
        return f"{self._say_trouble(installed)}. What to do says: inflow doctor slack"

    async def _check_socket(self) -> str | None:
        socket = self._here.socket
        if socket is None or socket.is_connected:
            return None
        return (
            "Socket Mode is not connected, so Slack cannot reach this process. Why says: "
            "inflow doctor slack"
        )

    def tell(self, address: str) -> str:
        here = self._here
        ways = " and ".join(
            "by Socket Mode"
            if transport is Transport.SOCKET
            else f"over HTTP at {address}{ENTRANCE}"
            for transport in self._slack.transports
        )
        installed = here.installed
        if not isinstance(installed, OneWorkspace):
            return f"Inflow serves every Slack workspace that installs it, {ways}"
        if installed.facts is None:
            return (
                f"Inflow waits: {self._say_trouble(installed)}. It tries again by itself; what "
                "to do says: inflow doctor slack"
            )
        name = installed.facts.name or installed.facts.team
        if here.socket is not None and not here.socket.is_connected:
            return f"Inflow waits for Socket Mode of Slack workspace {name}"
        lonely = "" if self._settings.administrators else " (INFLOW_ADMINS names nobody yet)"
        if self._strangers:
            named = ", ".join(each[:40] for each in self._strangers)
            lonely = (
                f" (INFLOW_ADMINS names {named}, who is nobody there. A member id stands under "
                "one’s profile > ⋮ > Copy member ID)"
            )
        return f"Inflow is connected to Slack workspace {name} {ways}{lonely}"

    def _say_trouble(self, installed: OneWorkspace) -> str:
        if installed.trouble is None:
            return "Slack has not said yet whose the bot token is"
        if installed.trouble == OUT_OF_REACH:
            return "Slack cannot be reached"
        return f"Slack does not take the bot token ({installed.trouble})"


def _installations(
    slack: SlackSettings, settings: Settings, database: Database
) -> "Installations | None":
    """Where many workspaces' tokens are kept, sealed with the first key by now; None for a
    single one.

    Raises:
        Misconfigured: a key is missing.
    """
    if not slack.is_for_many:
        return None
    from storage.installation import Installations  # noqa: PLC0415 - see above

    installations = Installations(database, slack.client_id or "", token_keys(settings))
    try:
        installations.reseal()
    except WrongTokenKey as error:
        raise Misconfigured(str(error)) from error
    return installations


def _open(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
