"""Where the app is installed: the tokens of workspaces, and what is known of each.

`Installed` is what the rest of the adapter asks. `OneWorkspace` answers from a token in the
environment; `ManyWorkspaces` (workspaces.py) from what OAuth brought.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import structlog

from adapters.slack.client import Answer, Answered, Refused
from adapters.slack.exchange import Exchange
from bot.errors import BotError, Unavailable

if TYPE_CHECKING:
    from slack_bolt.authorization import AuthorizeResult

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=1)
"""Between two attempts to learn whose a token is."""
FIRST_ANSWER = timedelta(seconds=10)
"""How long a start waits to be told that, so that it can say it. A Slack that is out of reach is
one at once."""

DEAD_TOKEN = frozenset(
    {
        "account_inactive",
        "app_uninstalled",
        "invalid_auth",
        "not_authed",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
"""Errors of `auth.test` that say that a token is good for nothing any more."""

OUT_OF_REACH = "out of reach"

EventHandler: TypeAlias = Callable[[str, Mapping[str, Any]], Awaitable[None]]
"""Hears of one event: the workspace's external id, and Slack's inner event."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a workspace with the app, or of an organisation that has it as a whole."""

    team: str
    """The team's id; the organisation's where `is_whole_org`."""
    bot_user: str
    """The bot as a person: whom others mention."""
    name: str | None = None
    enterprise: str | None = None
    """The organisation that the workspace belongs to."""
    bot: str | None = None
    """The bot as an author of messages (B...)."""
    app: str | None = None
    scopes: frozenset[str] | None = None
    """None: not known."""
    installer: str | None = None
    """The user id of who installed the app first. None: not known."""
    url: str | None = None
    is_whole_org: bool = False


Changed: TypeAlias = Callable[[str, Facts | None], Awaitable[None]]
"""Told that the app was installed in a workspace, with what is known of it, or is not any more."""


class Installed(Protocol):
    """Where the app is installed, on one event loop."""

    async def token_of(self, team: str) -> str | None:
        """The bot's token in a workspace, good at this moment as far as anybody knows. None
        where the app is not installed, or not any more.

        Raises:
            Unavailable: the store is out of reach.
        """

    async def authorize(
        self,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool | None = None,
    ) -> "AuthorizeResult | None":
        """For Bolt, from what a verified request said of itself; nobody is asked. None where the
        app is not installed.

        Bolt cannot call a bound method, for it passes `self` by name: wrap it in a function.

        Raises:
            Unavailable: it is not known at the moment. Slack should deliver again.
        """

    async def about(self, team: str) -> Facts | None:
        """What is known of a workspace; None where the app is not installed.

        Raises:
            Unavailable: as `authorize`.
        """

    async def forget(self, team: str) -> None:
        """Have no token of the workspace any more, here or in the store.

        Raises:
            Unavailable: the store is out of reach.
        """

    def doubt(self, team: str) -> None:
        """Take note that Slack refused the workspace's token, so that it is looked up anew."""

    def installer_of(self, team: str) -> str | None:
        """Who installed the app first, from what was read last; never waits for anything, and is
        there once `authorize` has answered."""

    @property
    def hears(self) -> Mapping[str, EventHandler]:
        """The events that say that tokens are gone."""


def authorized(facts: Facts, team_id: str | None, token: str) -> "AuthorizeResult":
    """The facts as Bolt wants them."""
    # Bolt brings 14 MB, which a process that only sends does without.
    from slack_bolt.authorization import AuthorizeResult  # noqa: PLC0415

    return AuthorizeResult(
        enterprise_id=facts.enterprise,
        team_id=None if facts.is_whole_org and team_id is None else team_id or facts.team,
        team=facts.name,
        url=facts.url,
        bot_id=facts.bot,
        bot_user_id=facts.bot_user,
        bot_token=token,
        bot_scopes=None if facts.scopes is None else sorted(facts.scopes),
    )


class OneWorkspace:
    """The one workspace of a token from the environment.

    What it needs to know it asks Slack once, in the background from `start` on, again and
    again until there is an answer: a process starts while Slack is out of reach. When the app
    is removed from the workspace it goes on asking, for who installs it again there may be
    given the same token.
    """

    def __init__(
        self,
        token: str,
        exchange: Exchange,
        *,
        changed: Changed | None = None,
        first_pause: timedelta = FIRST_PAUSE,
        longest_pause: timedelta = LONGEST_PAUSE,
    ) -> None:
        self._token = token
        self._exchange = exchange
        self._changed = changed
        self._pauses = (first_pause, longest_pause)
        self._facts: Facts | None = None
        self._trouble: str | None = None
        self._is_gone = False
        self._learning: asyncio.Task[None] | None = None
        self._has_asked = asyncio.Event()

    @property
    def facts(self) -> Facts | None:
        """The workspace of the token; None while Slack has not said, or where it is gone."""
        return self._facts

    @property
    def trouble(self) -> str | None:
        """Why the last answer did not say whose the token is, without a secret: Slack's word for
        it, or `OUT_OF_REACH` where Slack did not answer."""
        return self._trouble

    async def start(self) -> None:
        """Begin to ask, and go on when the first answer is there or has not come for long."""
        self._learn()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_ANSWER.total_seconds()):
                await self._has_asked.wait()

    async def close(self) -> None:
        """Stop asking."""
        task, self._learning = self._learning, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def token_of(self, team: str) -> str | None:
        """As `Installed`; None for every other workspace."""
        facts = self._known()
        return self._token if facts is not None and _is_of(facts, team) else None

    async def authorize(
        self,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool | None = None,  # noqa: ARG002 - as `Installed` has it.
    ) -> "AuthorizeResult | None":
        """As `Installed`."""
        facts = self._known()
        wanted = team_id or enterprise_id
        if facts is None or wanted is None or not _is_of(facts, wanted):
            return None
        return authorized(facts, team_id, self._token)

    async def about(self, team: str) -> Facts | None:
        """As `Installed`."""
        facts = self._known()
        return facts if facts is not None and _is_of(facts, team) else None

    async def forget(self, team: str) -> None:
        """The token is good for nothing until Slack says otherwise."""
        if self._facts is not None and _is_of(self._facts, team):
            self._facts, self._is_gone = None, True
            await self._tell(team, None)
            self._learn(after=self._pauses[1])

    def doubt(self, team: str) -> None:
        """As `Installed`. The token is the same as before: nothing can be looked up."""

    def installer_of(self, _team: str) -> str | None:
        """Slack does not tell."""
        return None

    @property
    def hears(self) -> Mapping[str, EventHandler]:
        """As `Installed`."""
        return {"app_uninstalled": self._lost, "tokens_revoked": self._lost}

    async def _lost(self, team: str, event: Mapping[str, Any]) -> None:
        if event.get("type") == "tokens_revoked" and not revoked_in(event, "bot"):
            return
        await self.forget(team)

    async def _tell(self, team: str, facts: Facts | None) -> None:
        if self._changed is not None:
            # It may be done again at the next start.
            with contextlib.suppress(BotError):
                await self._changed(team, facts)

    def _known(self) -> Facts | None:
        if self._facts is None and not self._is_gone:
            raise Unavailable
        return self._facts

    def _learn(self, after: timedelta = timedelta(0)) -> None:
        if self._learning is None or self._learning.done():
            self._learning = asyncio.create_task(self._ask_on(after))

    async def _ask_on(self, after: timedelta) -> None:
        pause, longest = self._pauses
        await asyncio.sleep(after.total_seconds())
        told = None
        while self._facts is None:
            answer = await self._exchange.ask(self._token)
            if isinstance(answer, Answered) and (facts := read_facts(answer.data)) is not None:
                self._facts, self._trouble, self._is_gone = facts, None, False
                await self._tell(facts.team, facts)
                self._has_asked.set()
                return
            why = _trouble_of(answer)
            self._trouble = why
            self._has_asked.set()
            if why != told:
                told = why
                log.warning("slack does not know the bot token", why=why)
            await asyncio.sleep(pause.total_seconds())
            pause = min(2 * pause, longest)


def _trouble_of(answer: Answer) -> str:
    if isinstance(answer, Refused):
        return answer.error
    return "it is not a bot's" if isinstance(answer, Answered) else OUT_OF_REACH


def read_facts(answer: Mapping[str, Any]) -> Facts | None:
    """The facts in an answer of `auth.test`; None where it is not about a bot."""

    def text(name: str) -> str | None:
        value = answer.get(name)
        return value if isinstance(value, str) and value else None

    enterprise = text("enterprise_id")
    is_whole_org = answer.get("is_enterprise_install") is True and enterprise is not None
    team = enterprise if is_whole_org else text("team_id")
    bot_user = text("user_id")
    if team is None or bot_user is None or text("bot_id") is None:
        return None
    return Facts(
        team=team,
        bot_user=bot_user,
        name=text("team"),
        enterprise=enterprise,
        bot=text("bot_id"),
        app=text("app_id"),
        url=text("url"),
        is_whole_org=is_whole_org,
    )


def _is_of(facts: Facts, team: str) -> bool:
    # Which workspaces an organisation has is not known here; who asks was verified.
    return facts.is_whole_org or facts.team == team


def revoked_in(event: Mapping[str, Any], kind: str) -> frozenset[str]:
    """The user ids whose tokens of a kind, `bot` or `oauth`, an event says were revoked."""
    tokens = event.get("tokens")
    listed = tokens.get(kind) if isinstance(tokens, Mapping) else None
    return frozenset(map(str, listed)) if isinstance(listed, list | tuple) else frozenset()
