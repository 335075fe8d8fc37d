"""Many workspaces: the tokens that OAuth brought, kept in a store and exchanged before they
run out.

With token rotation a token lives for twelve hours and is exchanged with a refresh token that
is good once (https://docs.slack.dev/authentication/using-token-rotation). So one process at a
time exchanges, long before the end, and keeps what it was given at all costs: were both lost,
the app would have to be installed again.
"""

import asyncio
import secrets
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from slack_sdk.oauth.installation_store import Installation

from adapters.slack.client import Answer, Answered, Refused, Slow
from adapters.slack.exchange import Exchange
from adapters.slack.installed import (
    DEAD_TOKEN,
    Changed,
    EventHandler,
    Facts,
    authorized,
    revoked_in,
)
from bot.errors import BotError, Unavailable
from bot.metric import Count

if TYPE_CHECKING:
    from slack_bolt.authorization import AuthorizeResult

KEPT = timedelta(seconds=5)
"""For how long what was read of a workspace is taken for true without a look at the store."""
MARGIN = timedelta(hours=2)
"""How long before its end a token is exchanged: as slack_sdk does. The old one is good until
then, so there is time for a second attempt and for Slack to be out of reach."""
LAST_MINUTE = timedelta(minutes=1)
"""With less than this left nobody is given the old token."""
LEASE = timedelta(minutes=2)
"""For how long one process has the exchange to itself: longer than its attempts take."""
PUT_OFF = timedelta(minutes=10)
"""Until the next attempt, when Slack has refused a refresh token."""
PATIENCE = timedelta(seconds=10)
"""For how long a call waits for a new token when the old one has run out."""
LITTLE_PATIENCE = timedelta(seconds=1.5)
"""The same while Slack waits for an answer of ours, which it does for three seconds."""
LAST_PATIENCE = timedelta(seconds=20)
"""How long `close` waits for a token that Slack has been asked for, which is longer than
`adapters.slack.exchange.TIMEOUT`. A supervisor may end the process before that; to end it
ourselves would lose the token for certain."""
LATE_EVENT = timedelta(days=1)
"""Slack repeats an event that was not acknowledged for up to a day, so word of an uninstallation
may come after the app was installed again."""

log = structlog.get_logger()


class Store(Protocol):
    """What is kept of installations; see `storage.installation.Installations`."""

    def find(self, team: str) -> Installation | None: ...

    def save(self, installation: Installation) -> None: ...

    def forget(self, team: str) -> bool: ...

    def forget_users(self, team: str, users: Collection[str]) -> None: ...

    def take_refresh(
        self, team: str, owner: str, now: datetime, margin: timedelta, lease: timedelta
    ) -> Installation | None: ...

    def keep_refreshed(
        self, team: str, used: str, token: str, refresh_token: str, expires_at: datetime
    ) -> bool: ...

    def is_refreshing(self, team: str, now: datetime) -> bool: ...

    def put_off_refresh(self, team: str, owner: str, until: datetime) -> None: ...

    def issue_state(self, expires_at: datetime, now: datetime) -> str: ...

    def consume_state(self, state: str, now: datetime) -> bool: ...


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long is waited, in seconds, before something is tried once more."""

    refresh: tuple[float, ...] = (0.0, 1.0, 5.0)
    """The same refresh token is tried again when nobody knows what became of the first attempt:
    where the answer was lost, Slack may give it again."""
    keep: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
    look: float = 0.5
    """While another process exchanges."""
    alive: tuple[float, ...] = (0.0, 5.0, 60.0)
    """Whether a token is dead is asked so often: Slack may take its time to see to it."""


@dataclass(frozen=True, slots=True)
class _Known:
    installation: Installation | None
    read_at: datetime


@dataclass(frozen=True, slots=True)
class _Exchanged:
    """What a refresh token was given for. Without repr: it ends up in no traceback."""

    used: str
    token: str
    refresh_token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return "_Exchanged(...)"


class ManyWorkspaces:
    """`Installed` from a store, on one event loop; the store is called on threads.

    `clock` gives the moment, aware UTC. `changed` is told of every installation and
    uninstallation that this process hears of.
    """

    def __init__(
        self,
        store: Store,
        exchange: Exchange,
        clock: Callable[[], datetime],
        *,
        changed: Changed | None = None,
        pauses: Pauses | None = None,
    ) -> None:
        self._store = store
        self._changed = changed
        self._exchange = exchange
        self._clock = clock
        self._pauses = pauses or Pauses()
        self._owner = secrets.token_hex(8)
        self._known: dict[str, _Known] = {}
        self._installers: dict[str, str] = {}
        self._reading: dict[str, asyncio.Task[Installation | None]] = {}
        self._refreshing: dict[str, asyncio.Task[None]] = {}
        self._tried: dict[str, datetime] = {}
        # Given by Slack and not in the store yet.
        self._unkept: dict[str, _Exchanged] = {}
        # Whose refresh token is on its way, or has brought what is not in the store yet.
        self._exchanging: set[str] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._is_closing = False
        self.refreshes = Count(
            "inflow_slack_refreshes",
            "Tokens of Slack that were to be exchanged, by what became of it.",
            "outcome",
            of=["done", "unwanted", "refused", "unknown", "not kept"],
        )

    async def close(self) -> None:
        """Wait for what Slack has been asked to exchange and for what it gave to be kept, at
        most for `LAST_PATIENCE`; for all else a moment. No exchange is begun any more."""
        self._is_closing = True
        tasks = {*self._refreshing.values(), *self._background}
        if tasks:
            await asyncio.wait(tasks, timeout=1)
        if last := {self._refreshing[team] for team in self._exchanging & set(self._refreshing)}:
            await asyncio.wait(last, timeout=LAST_PATIENCE.total_seconds())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- Installed --------------------------------------------------------------------------

    async def token_of(self, team: str) -> str | None:
        """As `Installed`. What was read is remembered for `KEPT`."""
        return await self._find_token(team, PATIENCE)

    async def authorize(
        self,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool | None = None,
    ) -> "AuthorizeResult | None":
        """As `Installed`."""
        wanted = enterprise_id if is_enterprise_install else team_id
        wanted = wanted or team_id or enterprise_id
        if wanted is None:
            return None
        facts = await self.about(wanted)
        token = None if facts is None else await self._find_token(wanted, LITTLE_PATIENCE)
        return None if facts is None or token is None else authorized(facts, team_id, token)

    async def about(self, team: str) -> Facts | None:
        """As `Installed`."""
        found = await self._look(team)
        if found is None:
            return None
        return Facts(
            team=team,
            bot_user=found.bot_user_id or "",
            name=found.team_name or found.enterprise_name,
            enterprise=found.enterprise_id,
            bot=found.bot_id,
            app=found.app_id,
            scopes=frozenset(found.bot_scopes or ()),
            installer=_first_user(found),
            url=found.enterprise_url,
            is_whole_org=found.is_enterprise_install,
        )

    async def forget(self, team: str) -> None:
        """As `Installed`."""
        if await asyncio.to_thread(self._store.forget, team):
            log.info("slack tokens deleted", external=team)
        self._unkept.pop(team, None)
        self._drop(team)
        await self._tell(team, None)

    def doubt(self, team: str) -> None:
        """As `Installed`."""
        self._drop(team)

    def installer_of(self, team: str) -> str | None:
        """As `Installed`."""
        return self._installers.get(team)

    @property
    def hears(self) -> Mapping[str, EventHandler]:
        """As `Installed`. The handlers raise Unavailable when the store is out of reach."""
        return {"app_uninstalled": self._uninstalled, "tokens_revoked": self._revoked}

    async def save(self, installation: Installation) -> None:
        """Keep a new installation in the place of an old one, and know of it at once.

        Raises:
            Unavailable: the store is out of reach.
        """
        await asyncio.to_thread(self._store.save, installation)
        is_whole_org = installation.is_enterprise_install
        team = installation.enterprise_id if is_whole_org else installation.team_id
        if team is not None:
            self._unkept.pop(team, None)
            self._drop(team)
            await self._tell(team, await self.about(team))

    # --- what is known ----------------------------------------------------------------------

    async def _look(self, team: str) -> Installation | None:
        known = self._known.get(team)
        if known is not None and self._clock() - known.read_at < KEPT:
            return known.installation
        task = self._reading.get(team)
        if task is None:
            task = self._reading[team] = asyncio.create_task(self._read(team))
            task.add_done_callback(_retrieve)
        # Others wait for it too.
        return await asyncio.shield(task)

    async def _read(self, team: str) -> Installation | None:
        task = asyncio.current_task()
        try:
            found = await asyncio.to_thread(self._store.find, team)
            # Not when it was dropped meanwhile: what was read may be older than that.
            if self._reading.get(team) is task:
                self._known[team] = _Known(found, self._clock())
                self._note_installer(team, found)
            return found
        except Unavailable as error:
            # By its name an operator knows a key that is missing from a store out of reach.
            log.warning("slack tokens not read", external=team, why=type(error).__name__)
            raise
        finally:
            if self._reading.get(team) is task:
                del self._reading[team]

    def _note_installer(self, team: str, found: Installation | None) -> None:
        installer = None if found is None else _first_user(found)
        if installer is None:
            self._installers.pop(team, None)
        else:
            self._installers[team] = installer

    def _drop(self, team: str) -> None:
        """Read anew what is known of a workspace at the next look."""
        self._known.pop(team, None)
        self._reading.pop(team, None)

    async def _tell(self, team: str, facts: Facts | None) -> None:
        if self._changed is not None:
            # It may be done again at the next start.
            with suppress(BotError):
                await self._changed(team, facts)

    async def _find_token(self, team: str, patience: timedelta) -> str | None:
        token, expires_at = await self._newest(team)
        if token is None or expires_at is None:
            return token
        now = self._clock()
        if expires_at - now > MARGIN and team not in self._unkept:
            return token
        task = self._refresh(team)
        if expires_at - now > LAST_MINUTE:
            return token
        if task is not None:
            _, waiting = await asyncio.wait({task}, timeout=patience.total_seconds())
            if waiting or (not task.cancelled() and isinstance(task.exception(), BotError)):
                # Nobody can say yet whether there is a new one.
                raise Unavailable
        token, expires_at = await self._newest(team)
        return token if expires_at is None or expires_at > self._clock() else None

    async def _newest(self, team: str) -> tuple[str | None, datetime | None]:
        """The token of a workspace and when it runs out."""
        found = await self._look(team)
        if found is None or found.bot_token is None:
            return None, None
        unkept = self._unkept.get(team)
        if unkept is not None:
            return unkept.token, unkept.expires_at
        return found.bot_token, _moment(found.bot_token_expires_at)

    # --- exchanging -------------------------------------------------------------------------

    def _refresh(self, team: str) -> asyncio.Task[None] | None:
        """See to it that the token is exchanged. None: it could not be a moment ago, or it is
        too late to begin."""
        task = self._refreshing.get(team)
        if task is None:
            if self._is_closing:
                return None
            tried = self._tried.get(team)
            if tried is not None and self._clock() - tried < KEPT:
                return None
            task = self._refreshing[team] = asyncio.create_task(self._refresh_once(team))
            task.add_done_callback(_retrieve)
            task.add_done_callback(lambda _: self._refreshing.pop(team, None))
        return task

    async def _refresh_once(self, team: str) -> None:
        try:
            await self._exchange_once(team)
        finally:
            self._exchanging.discard(team)

    async def _exchange_once(self, team: str) -> None:
        now = self._clock()
        unkept = self._unkept.get(team)
        if unkept is not None:
            self._exchanging.add(team)
            await self._keep(team, unkept)
            return
        taken = await asyncio.to_thread(
            self._store.take_refresh, team, self._owner, now, MARGIN, LEASE
        )
        if taken is None:
            while await asyncio.to_thread(  # noqa: ASYNC110 - another process tells nobody.
                self._store.is_refreshing, team, self._clock()
            ):
                await asyncio.sleep(self._pauses.look)
            self._tried[team] = self._clock()
            self._drop(team)
            return
        self._exchanging.add(team)
        used = taken.bot_refresh_token or ""
        answer: Answer | None = None
        for pause in self._pauses.refresh:
            await asyncio.sleep(pause)
            answer = await self._exchange.refresh(used)
            if isinstance(answer, Answered | Refused | Slow):
                break
        exchanged = _read_exchanged(answer, used, now)
        if exchanged is None:
            await self._put_off(team, answer)
            return
        self._unkept[team] = exchanged
        await self._keep(team, exchanged)

    async def _put_off(self, team: str, answer: Answer | None) -> None:
        self._tried[team] = self._clock()
        is_refused = isinstance(answer, Refused)
        why = answer.error if isinstance(answer, Refused) else type(answer).__name__
        log.warning("slack token not exchanged", external=team, why=why)
        self.refreshes.add("refused" if is_refused else "unknown")
        pause = answer.after if isinstance(answer, Slow) else LAST_MINUTE
        until = self._clock() + (PUT_OFF if is_refused else pause)
        await asyncio.to_thread(self._store.put_off_refresh, team, self._owner, until)

    async def _keep(self, team: str, got: _Exchanged) -> None:
        keep = partial(
            self._store.keep_refreshed, team, got.used, got.token, got.refresh_token, got.expires_at
        )
        for pause in self._pauses.keep:
            await asyncio.sleep(pause)
            try:
                is_wanted = await asyncio.to_thread(keep)
            except Unavailable:
                continue
            self.refreshes.add("done" if is_wanted else "unwanted")
            break
        else:
            # This process has it until it ends, and tries again at the next call.
            log.error("slack token not kept", external=team)
            self.refreshes.add("not kept")
            return
        if self._unkept.get(team) is got:
            del self._unkept[team]
        self._drop(team)

    # --- what Slack tells -------------------------------------------------------------------

    async def _uninstalled(self, team: str, _event: Mapping[str, Any]) -> None:
        self._drop(team)
        found = await self._look(team)
        installed_at = None if found is None else _moment(found.installed_at)
        is_new = installed_at is not None and self._clock() - installed_at < LATE_EVENT
        await self._lose(team, found, is_sure=not is_new)

    async def _revoked(self, team: str, event: Mapping[str, Any]) -> None:
        if users := revoked_in(event, "oauth"):
            await asyncio.to_thread(self._store.forget_users, team, users)
        self._drop(team)
        if revoked_in(event, "bot"):
            # It may have been the one before the last exchange.
            await self._lose(team, await self._look(team), is_sure=False)

    async def _lose(self, team: str, found: Installation | None, *, is_sure: bool) -> None:
        """Delete the tokens of a workspace; unless it is sure, once Slack does not know them."""
        if found is None:
            return
        first, *later = self._pauses.alive
        if not is_sure:
            await asyncio.sleep(first)
        if is_sure or await self._is_dead(found):
            await self.forget(team)
        else:
            task = asyncio.create_task(self._watch(team, later))
            self._background.add(task)
            task.add_done_callback(_retrieve)
            task.add_done_callback(self._background.discard)

    async def _watch(self, team: str, pauses: Collection[float]) -> None:
        for pause in pauses:
            await asyncio.sleep(pause)
            with suppress(Unavailable):
                found = await self._look(team)
                if found is None:
                    return
                if await self._is_dead(found):
                    await self.forget(team)
                    return
        log.info("slack token still good", external=team)

    async def _is_dead(self, found: Installation) -> bool:
        """Whether Slack does not know the token of an installation any more.

        Raises:
            Unavailable: Slack did not say. It tells us of the event again.
        """
        answer = await self._exchange.ask(found.bot_token or "")
        if isinstance(answer, Answered):
            return False
        if isinstance(answer, Refused) and answer.error in DEAD_TOKEN:
            return True
        raise Unavailable


def _read_exchanged(answer: Answer | None, used: str, asked_at: datetime) -> _Exchanged | None:
    if not isinstance(answer, Answered):
        return None
    token = answer.data.get("access_token")
    refresh_token = answer.data.get("refresh_token")
    seconds = answer.data.get("expires_in")
    if not (isinstance(token, str) and isinstance(refresh_token, str) and token and refresh_token):
        return None
    if not isinstance(seconds, int) or seconds <= 0:
        return None
    return _Exchanged(used, token, refresh_token, asked_at + timedelta(seconds=seconds))


def _first_user(found: Installation) -> str | None:
    first: str | None = found.get_custom_value("first_user_id")
    return first or found.user_id


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _retrieve(task: "asyncio.Task[Any]") -> None:
    """Nobody may wait for it any more. What failed is tried again at the next call."""
    if not task.cancelled():
        task.exception()
