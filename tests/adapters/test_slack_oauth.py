"""How workspaces install the app, and how their tokens are looked after."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import structlog
from aiohttp import web
from structlog.testing import LogCapture

from adapters.slack import manifest, workspaces
from adapters.slack.exchange import Exchange
from adapters.slack.installed import Changed, Facts, OneWorkspace
from adapters.slack.oauth import COOKIE, INSTALL, RETURN, OAuth, read_installation
from adapters.slack.settings import SlackSettings
from adapters.slack.wording import Wording
from adapters.slack.workspaces import KEPT, ManyWorkspaces, Pauses
from bot.bootstrap.registry import CAPABILITIES
from bot.bootstrap.slack import SlackBranch
from bot.capabilities.questions.memory import Memory
from bot.capability import register
from bot.errors import Unavailable
from bot.settings import Misconfigured, Settings
from storage.database import Database
from storage.installation import Installations
from tests.adapters.slack.memory import Grant
from tests.adapters.slack_server import LOOPBACK, FakeSlack
from tests.databases import RELAY_KEY

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PUBLIC = "https://inflow.example.com"
KEYS = [b"a key of the test, long enough for it"]
SCOPES = ["chat:write", "commands"]
QUICK = Pauses(refresh=(0.0, 0.0), keep=(0.0, 0.01, 0.01), look=0.01, alive=(0.0, 0.01))
WORDING = Wording({"learn": "inflow"}, frozenset())


class Clock:
    """A time that is moved by hand, for Slack and for us."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def seconds(self) -> float:
        return self.moment.timestamp()

    def passes(self, time: timedelta) -> None:
        self.moment += time


class Watched:
    """A store that counts what it is asked, and is out of reach for some of it.

    `away` says how many calls of a method fail from now on.
    """

    def __init__(self, store: Installations) -> None:
        self._store = store
        self.asked: list[str] = []
        self.done: list[str] = []
        """What was asked and is answered, also by an error."""
        self.away: dict[str, int] = {}

    def __getattr__(self, name: str) -> Any:
        def call(*given: Any) -> Any:
            self.asked.append(name)
            try:
                if self.away.get(name, 0):
                    self.away[name] -= 1
                    raise Unavailable
                return getattr(self._store, name)(*given)
            finally:
                self.done.append(name)

        return call


@dataclass
class House:
    """Slack, the store and a process with both; `another` makes a second process."""

    slack: FakeSlack
    clock: Clock
    store: Watched
    exchange: Exchange
    installed: ManyWorkspaces
    pages: str
    told: list[tuple[str, Facts | None]] = field(default_factory=list)
    closing: list[Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=list)

    def another(self) -> ManyWorkspaces:
        """Another process on the same database."""
        made = ManyWorkspaces(self.store, self.exchange, self.clock.now, pauses=QUICK)
        self.closing.append(made.close)
        return made

    @property
    def exchanges(self) -> int:
        """How often Slack has been asked for tokens and has said something."""
        return len(self.slack.calls("oauth.v2.access"))


@asynccontextmanager
async def serving(pages: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(pages, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    try:
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def house(database: Database, *, rotates: bool = False) -> AsyncIterator[House]:
    """A process that any workspace can install the app from."""
    clock = Clock()
    told: list[tuple[str, Facts | None]] = []

    async def changed(team: str, facts: Facts | None) -> None:
        told.append((team, facts))

    async with FakeSlack(clock.seconds, rates=False) as slack:
        slack.memory.rotates = rotates
        store = Watched(Installations(database, slack.memory.client_id, KEYS))
        exchange = Exchange(
            slack.url,
            client_id=slack.memory.client_id,
            client_secret=slack.memory.client_secret,
        )
        installed = ManyWorkspaces(store, exchange, clock.now, changed=changed, pauses=QUICK)
        oauth = OAuth(
            installed=installed,
            store=store,
            exchange=exchange,
            client_id=slack.memory.client_id,
            public_url=PUBLIC,
            scopes=SCOPES,
            wording=WORDING,
            clock=clock.now,
            keep_pauses=(0.0, 0.0),
        )
        app = web.Application()
        oauth.add_routes(app)
        async with serving(app) as url:
            made = House(slack, clock, store, exchange, installed, url, told)
            try:
                yield made
            finally:
                for close in (*made.closing, installed.close, exchange.close):
                    await close()


@dataclass(frozen=True)
class Page:
    """What a browser got."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def links(self) -> list[str]:
        return [unescape(link) for link in re.findall(r'href="([^"]*)"', self.text)]


class Browser:
    """Somebody's browser, which keeps the cookie of the pages."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.cookie: str | None = None

    async def get(self, path: str, method: str = "GET", **query: str) -> Page:
        """A page. Its cookie is kept, or thrown away when it has expired."""
        headers = {} if self.cookie is None else {"Cookie": f"other=1; {self.cookie}"}
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(
                method, self.house.pages + path, params=query, headers=headers
            ) as answer,
        ):
            cookie = answer.headers.get("Set-Cookie")
            if cookie is not None:
                self.cookie = None if "Jan 1970" in cookie else cookie.partition(";")[0]
            return Page(answer.status, await answer.text(), answer.headers)

    async def begin(self) -> dict[str, str]:
        """What Slack is told by the link of the first page."""
        page = await self.get(INSTALL)
        assert page.status == 200
        [link] = page.links
        assert link.startswith(self.house.slack.origin + "/oauth/v2/authorize?")
        return {name: value[0] for name, value in parse_qs(urlsplit(link).query).items()}

    async def agree(self, user: str = "U1", team: str = "T1") -> dict[str, str]:
        """Begin, and agree in Slack; what Slack leads back with."""
        told = await self.begin()
        memory = self.house.slack.memory
        code = f"code-{len(memory.grants)}-of-the-test"
        memory.grants[code] = Grant(team, user, told["redirect_uri"])
        return {"code": code, "state": told["state"]}

    async def tries(self, user: str = "U1", team: str = "T1") -> Page:
        """All of it, whatever comes of it."""
        return await self.get(RETURN, **await self.agree(user, team))

    async def install(self, user: str = "U1", team: str = "T1") -> Page:
        """All of it, and it works."""
        page = await self.tries(user, team)
        assert page.status == 200, page.text
        return page


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], str]]:
    """All that anybody has logged, at every level."""
    caplog.set_level(logging.DEBUG)
    capture = LogCapture()
    before = structlog.get_config()["processors"]
    structlog.configure(processors=[capture])
    yield lambda: caplog.text + repr(capture.entries)
    structlog.configure(processors=before)


@pytest.fixture
def here(sqlite_url: str) -> Iterator[Database]:
    """A database, where it does not matter which."""
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    yield database
    database.close()


async def until(done: Callable[[], object]) -> None:
    """Wait for what happens by itself, on another task or thread."""
    async with asyncio.timeout(30):
        while not done():  # noqa: ASYNC110 - nobody tells.
            await asyncio.sleep(0.005)


# --- the pages ----------------------------------------------------------------------------


def test_a_workspace_installs_the_app(database: Database, logged: Callable[[], str]) -> None:
    async def run() -> None:
        async with house(database, rotates=True) as h:
            browser = Browser(h)
            told = await browser.begin()
            assert told["client_id"] == h.slack.memory.client_id
            assert told["scope"] == "chat:write,commands"
            assert told["redirect_uri"] == f"{PUBLIC}/slack/oauth_redirect"
            given = await browser.agree()
            page = await browser.get(RETURN, **given)
            assert page.status == 200
            assert "Inflow is in Test" in page.text
            # As the command is called there.
            assert "Write /inflow there" in page.text
            assert "you look after Inflow here" in page.text
            assert page.links == [
                f"{h.slack.origin}/app_redirect?app={h.slack.memory.app_id}&team=T1"
            ]
            token = await h.installed.token_of("T1")
            assert token is not None
            assert h.slack.memory.tokens[token].team == "T1"
            facts = await h.installed.about("T1")
            assert facts is not None
            assert facts.bot_user == h.slack.team.bot_user
            assert facts.bot is not None
            assert (facts.name, facts.installer) == ("Test", "U1")
            assert h.installed.installer_of("T1") == "U1"
            assert h.told == [("T1", facts)]
            [refresh] = h.slack.memory.refreshes
            secrets = [token, refresh, h.slack.memory.client_secret, *given.values()]
            for secret in secrets:
                assert secret not in page.text
                assert secret not in logged()
            assert "slack app installed" in logged()

    asyncio.run(run())


def test_the_pages_are_closed_to_all_but_who_looks_at_them(here: Database) -> None:
    async def run() -> None:
        async with house(here) as h:
            browser = Browser(h)
            page = await browser.get(INSTALL)
            cookie = page.headers["Set-Cookie"]
            assert cookie.startswith(f"{COOKIE}=")
            for part in ("Secure", "HttpOnly", "Path=/", "Max-Age=600"):
                assert f"; {part}" in cookie
            assert "Domain" not in cookie
            assert page.headers["Cache-Control"] == "no-store"
            assert page.headers["Referrer-Policy"] == "no-referrer"
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
            for needed in ('lang="en"', "<title>", "<main>", "<h1>", 'name="viewport"'):
                assert needed in page.text
            assert "<script" not in page.text
            # A look at the headers alone begins nothing.
            assert (await browser.get(INSTALL, "HEAD")).status == 405
            assert h.store.asked == ["issue_state"]

    asyncio.run(run())


def test_only_the_browser_that_began_can_end_it(here: Database) -> None:
    """Else somebody could be led to finish what somebody else began (login CSRF)."""

    async def run() -> None:
        async with house(here) as h:
            one, other = Browser(h), Browser(h)
            given = await one.agree()
            page = await other.get(RETURN, **given)
            assert page.status == 400
            assert "not known to have begun" in page.text
            assert page.links == [f"{PUBLIC}/slack/install"]
            await other.begin()
            assert (await other.get(RETURN, **given)).status == 400
            assert (await one.get(RETURN, code=given["code"])).status == 400
            assert h.exchanges == 0
            # Nobody has used it up for who began.
            one.cookie = f"{COOKIE}={given['state']}"
            assert (await one.get(RETURN, **given)).status == 200

    asyncio.run(run())


def test_a_state_is_good_once_and_for_ten_minutes(here: Database) -> None:
    async def run() -> None:
        async with house(here) as h:
            browser = Browser(h)
            given = await browser.agree()
            cookie = browser.cookie
            assert (await browser.get(RETURN, **given)).status == 200
            assert browser.cookie is None
            browser.cookie = cookie
            page = await browser.get(RETURN, **given)
            assert page.status == 400
            assert "was done before" in page.text
            assert h.exchanges == 1
            late = await browser.agree()
            h.clock.passes(timedelta(minutes=10))
            assert (await browser.get(RETURN, **late)).status == 400
            assert h.exchanges == 1

    asyncio.run(run())


def test_who_declines_reads_a_friendly_page(here: Database) -> None:
    async def run() -> None:
        async with house(here) as h:
            browser = Browser(h)
            told = await browser.begin()
            page = await browser.get(RETURN, error="access_denied", state=told["state"])
            assert page.status == 200
            assert "nothing was changed" in page.text
            assert "access_denied" not in page.text
            assert page.links == [f"{PUBLIC}/slack/install"]
            assert browser.cookie is None
            assert h.exchanges == 0

    asyncio.run(run())


def test_nothing_that_comes_in_becomes_part_of_a_page(here: Database) -> None:
    async def run() -> None:
        async with house(here) as h:
            browser = Browser(h)
            hostile = "\"'><script>alert(1)</script>"
            page = await browser.get(RETURN, error=hostile)
            assert "script" not in page.text
            page = await browser.get(RETURN, error="team_access_not_granted")
            assert "team_access_not_granted" in page.text
            page = await browser.get(RETURN, state=hostile, code=hostile)
            assert page.status == 400
            assert "script" not in page.text
            h.slack.team.name = hostile
            page = await browser.install()
            assert page.status == 200
            assert "<script" not in page.text
            assert hostile in unescape(page.text)

    asyncio.run(run())


def test_a_code_that_slack_does_not_know_installs_nothing(
    here: Database, logged: Callable[[], str]
) -> None:
    async def run() -> None:
        async with house(here) as h:
            browser = Browser(h)
            given = await browser.agree()
            page = await browser.get(RETURN, state=given["state"])
            assert page.status == 400
            assert "without a code" in page.text
            given = await browser.agree()
            page = await browser.get(RETURN, **{**given, "code": "made-up-code"})
            assert page.status == 400
            assert "invalid_code" in page.text
            assert "made-up-code" not in page.text + logged()
            assert await h.installed.token_of("T1") is None

    asyncio.run(run())


@pytest.mark.parametrize("fault", ["error_before", "reset_before", "garbage", "limited:5"])
def test_slack_out_of_reach_is_said(here: Database, fault: str) -> None:
    async def run() -> None:
        async with house(here) as h:
            browser = Browser(h)
            h.slack.fail("oauth.v2.access", fault)
            page = await browser.tries()
            assert page.status == 502
            assert "Slack could not be reached" in page.text
            assert await h.installed.token_of("T1") is None

    asyncio.run(run())


def test_a_busy_store_is_said_and_costs_nobody_their_state(here: Database) -> None:
    async def run() -> None:
        async with house(here) as h:
            browser = Browser(h)
            h.store.away = {"issue_state": 1, "consume_state": 1, "save": 1}
            page = await browser.get(INSTALL)
            assert page.status == 503
            assert page.headers["Retry-After"] == "10"
            given = await browser.agree()
            cookie = browser.cookie
            page = await browser.get(RETURN, **given)
            assert page.status == 503
            browser.cookie = cookie
            # The code is used up by then, so what it was given for is kept at the second attempt.
            assert (await browser.get(RETURN, **given)).status == 200
            assert await h.installed.token_of("T1") is not None
            h.store.away = {"save": 9}
            page = await browser.tries()
            assert page.status == 503
            assert "could not keep" in page.text

    asyncio.run(run())


def test_without_the_name_of_the_bot_the_app_is_installed_all_the_same(here: Database) -> None:
    async def run() -> None:
        async with house(here) as h:
            h.slack.fail("auth.test", "error_before")
            assert (await Browser(h).install()).status == 200
            facts = await h.installed.about("T1")
            assert facts is not None
            assert facts.bot is None
            assert facts.bot_user == h.slack.team.bot_user

    asyncio.run(run())


def test_installed_again_the_new_token_is_used_at_once(database: Database) -> None:
    async def run() -> None:
        async with house(database) as h:
            await Browser(h).install("U1")
            first = await h.installed.token_of("T1")
            page = await Browser(h).install("U2")
            assert "you look after" not in page.text
            second = await h.installed.token_of("T1")
            assert second not in {first, None}
            assert h.installed.installer_of("T1") == "U1"

    asyncio.run(run())


def test_the_app_leads_people_where_its_manifest_says() -> None:
    assert manifest.RETURN == RETURN


# --- what Slack answers -------------------------------------------------------------------


def answer_for(**changes: Any) -> dict[str, Any]:
    """An answer of `oauth.v2.access`, as Slack's documentation shows it."""
    return {
        "ok": True,
        "access_token": "xoxb-1",
        "token_type": "bot",
        "scope": "commands,chat:write",
        "bot_user_id": "U0KRQLJ9H",
        "app_id": "A0KRD7HC3",
        "team": {"name": "Slack Pickleball Team", "id": "T9TK3CUKW"},
        "enterprise": {"name": "slack-pickleball", "id": "E12345678"},
        "authed_user": {"id": "U1234", "scope": "", "token_type": "user"},
        **changes,
    }


def test_an_installation_of_a_whole_organisation_has_no_team() -> None:
    found = read_installation(answer_for(team=None, is_enterprise_install=True), START)
    assert found is not None
    assert (found.team_id, found.team_name) == (None, None)
    assert (found.enterprise_id, found.enterprise_name) == ("E12345678", "slack-pickleball")
    assert found.is_enterprise_install
    assert found.bot_token_expires_at is None
    own = read_installation(answer_for(), START)
    assert own is not None
    assert (own.team_id, own.enterprise_id) == ("T9TK3CUKW", "E12345678")
    assert own.bot_scopes == ["commands", "chat:write"]
    assert own.installed_at == START.timestamp()


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": None},
        {"access_token": 7},
        {"bot_user_id": None},
        {"app_id": ""},
        {"authed_user": None},
        {"authed_user": {"id": "<script>"}},
        {"team": None},
        {"team": {"id": "../T1"}},
        {"team": None, "enterprise": None, "is_enterprise_install": True},
    ],
)
def test_what_is_no_installation_of_a_bot_is_not_kept(changes: dict[str, Any]) -> None:
    assert read_installation(answer_for(**changes), START) is None


# --- who asks for tokens ------------------------------------------------------------------


def test_requests_are_authorized_from_what_is_known(here: Database) -> None:
    async def run() -> None:
        async with house(here) as h:
            await Browser(h).install()
            h.slack.ledger.calls.clear()
            h.store.asked.clear()
            for _ in range(3):
                found = await h.installed.authorize("E1", "T1", False)
                assert found is not None
                assert found.bot_token == await h.installed.token_of("T1")
                assert found.bot_user_id == h.slack.team.bot_user
                assert (found.team_id, found.team) == ("T1", "Test")
            assert await h.installed.authorize(None, "T2") is None
            assert await h.installed.authorize(None, None) is None
            assert h.slack.ledger.calls == []
            # Once for each workspace, and not again for a while.
            assert h.store.asked.count("find") <= 2

    asyncio.run(run())


def test_a_whole_organisation_is_served_with_its_token(here: Database) -> None:
    async def run() -> None:
        async with house(here) as h:
            told = answer_for(team=None, is_enterprise_install=True)
            installation = read_installation(told, START)
            assert installation is not None
            await h.installed.save(installation)
            found = await h.installed.authorize("E12345678", "T5", True)
            assert found is not None
            assert (found.enterprise_id, found.team_id) == ("E12345678", "T5")
            assert found.bot_token == "xoxb-1"
            found = await h.installed.authorize("E12345678", None, True)
            assert found is not None
            assert found.team_id is None
            assert await h.installed.authorize("E12345678", "T5", False) is None
            assert await h.installed.token_of("E12345678") == "xoxb-1"
            assert await h.installed.token_of("T5") is None
            facts = await h.installed.about("E12345678")
            assert facts is not None
            assert facts.is_whole_org

    asyncio.run(run())


def test_the_store_is_not_read_for_every_message(here: Database) -> None:
    async def run() -> None:
        async with house(here) as h:
            await Browser(h).install()
            h.clock.passes(KEPT)
            h.store.asked.clear()
            tokens = await asyncio.gather(*(h.installed.token_of("T1") for _ in range(50)))
            assert len(set(tokens)) == 1
            assert h.store.asked == ["find"]
            h.installed.doubt("T1")
            assert await h.installed.token_of("T1") == tokens[0]
            assert h.store.asked == ["find", "find"]
            # What another process has done is known in a moment.
            other = h.another()
            await other.forget("T1")
            assert await h.installed.token_of("T1") == tokens[0]
            h.clock.passes(KEPT)
            assert await h.installed.token_of("T1") is None

    asyncio.run(run())


def test_a_store_out_of_reach_is_no_answer(here: Database) -> None:
    async def run() -> None:
        async with house(here) as h:
            await Browser(h).install()
            h.clock.passes(KEPT)
            h.store.away = {"find": 2, "forget": 1}
            with pytest.raises(Unavailable):
                await h.installed.token_of("T1")
            with pytest.raises(Unavailable):
                await h.installed.authorize(None, "T1")
            with pytest.raises(Unavailable):
                await h.installed.forget("T1")
            assert await h.installed.token_of("T1") is not None

    asyncio.run(run())


# --- tokens that run out ------------------------------------------------------------------


def test_a_token_is_exchanged_long_before_it_runs_out_and_by_one(database: Database) -> None:
    async def run() -> None:
        async with house(database, rotates=True) as h:
            await Browser(h).install()
            old = await h.installed.token_of("T1")
            h.clock.passes(9 * HOUR)
            assert await h.installed.token_of("T1") == old
            assert h.exchanges == 1
            h.clock.passes(HOUR + timedelta(minutes=1))
            several = [h.installed, h.another(), h.another()]
            asked = [each.token_of("T1") for each in several for _ in range(10)]
            # Nobody waits: the old one is good for two hours more. Who asks late may have the new.
            told = set(await asyncio.gather(*asked))
            assert old in told
            assert None not in told
            # Before it is kept the lease must not run out, whose time is that of this clock.
            await until(lambda: "keep_refreshed" in h.store.done)
            await until(lambda: not any(each._refreshing for each in several))
            h.clock.passes(KEPT)
            new = {await each.token_of("T1") for each in several}
            assert old not in new
            assert h.exchanges == 2
            [token] = new
            assert token is not None
            assert not isinstance(h.slack.memory.token(token), str)

    asyncio.run(run())


def test_when_it_has_run_out_all_wait_for_the_new_one(database: Database) -> None:
    async def run() -> None:
        async with house(database, rotates=True) as h:
            await Browser(h).install()
            old = await h.installed.token_of("T1")
            h.clock.passes(13 * HOUR)
            several = [h.installed, h.another()]
            asked = [each.token_of("T1") for each in several for _ in range(5)]
            [token] = set(await asyncio.gather(*asked))
            assert token not in {None, old}
            assert h.exchanges == 2
            found = await several[1].authorize(None, "T1")
            assert found is not None
            assert found.bot_token == token

    asyncio.run(run())


def test_a_store_out_of_reach_is_not_taken_for_the_end_of_the_app(here: Database) -> None:
    """Slack would be told that all is well, and what somebody did would be lost."""

    async def run() -> None:
        async with house(here, rotates=True) as h:
            await Browser(h).install()
            h.clock.passes(13 * HOUR)
            h.store.away = {"take_refresh": 2}
            with pytest.raises(Unavailable):
                await h.installed.authorize(None, "T1")
            with pytest.raises(Unavailable):
                await h.installed.token_of("T1")
            assert await h.installed.token_of("T1") is not None

    asyncio.run(run())


def test_an_attempt_that_did_not_arrive_is_made_again(here: Database) -> None:
    async def run() -> None:
        async with house(here, rotates=True) as h:
            await Browser(h).install()
            old = await h.installed.token_of("T1")
            h.clock.passes(11 * HOUR)
            h.slack.fail("oauth.v2.access", "reset_before")
            assert await h.installed.token_of("T1") == old
            await until(lambda: h.store.done[-1] == "keep_refreshed")
            h.clock.passes(KEPT)
            assert await h.installed.token_of("T1") != old

    asyncio.run(run())


def test_a_lost_answer_leaves_the_old_token_until_its_end(
    here: Database, logged: Callable[[], str]
) -> None:
    """Slack has taken the refresh token, and nobody has heard what it gave for it."""

    async def run() -> None:
        async with house(here, rotates=True) as h:
            await Browser(h).install()
            old = await h.installed.token_of("T1")
            h.clock.passes(11 * HOUR)
            h.slack.fail("oauth.v2.access", "reset_after")
            assert await h.installed.token_of("T1") == old
            await until(lambda: h.store.done[-1] == "put_off_refresh")
            assert "invalid_refresh_token" in logged()
            asked = h.exchanges
            for _ in range(9):
                h.clock.passes(timedelta(minutes=1))
                assert await h.installed.token_of("T1") == old
            await until(lambda: not h.installed._refreshing)
            # It is not asked again and again.
            assert h.exchanges == asked
            h.clock.passes(HOUR)
            async with asyncio.timeout(30):
                assert await h.installed.token_of("T1") is None
                assert await h.installed.authorize(None, "T1") is None
            await Browser(h).install()
            assert await h.installed.token_of("T1") not in {old, None}

    asyncio.run(run())


def test_a_new_token_is_used_while_it_cannot_be_kept(database: Database) -> None:
    async def run() -> None:
        async with house(database, rotates=True) as h:
            await Browser(h).install()
            old = await h.installed.token_of("T1")
            h.clock.passes(13 * HOUR)
            h.store.away = {"keep_refreshed": len(QUICK.keep) + 1}
            waiting = asyncio.create_task(h.installed.token_of("T1"))
            new = await waiting
            assert new not in {old, None}
            assert h.exchanges == 2
            other = h.another()
            # The attempts were used up; the next call makes others.
            await until(lambda: h.store.done.count("keep_refreshed") == len(QUICK.keep))
            await until(lambda: not h.installed._refreshing)
            assert await h.installed.token_of("T1") == new
            await until(lambda: h.store.done.count("keep_refreshed") == len(QUICK.keep) + 2)
            assert await h.installed.token_of("T1") == new
            h.clock.passes(timedelta(minutes=3))
            assert await other.token_of("T1") == new
            assert h.exchanges == 2

    asyncio.run(run())


def test_slack_does_not_wait_for_a_slow_exchange(
    here: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an answer in three seconds it delivers again, by when there may be a token."""
    monkeypatch.setattr(workspaces, "LITTLE_PATIENCE", timedelta(milliseconds=50))

    async def run() -> None:
        async with house(here, rotates=True) as h:
            await Browser(h).install()
            h.clock.passes(13 * HOUR)
            h.slack.fail("oauth.v2.access", "hang_before")
            with pytest.raises(Unavailable):
                await h.installed.authorize(None, "T1")
            # It is under way all the same, and begun once.
            with pytest.raises(Unavailable):
                await h.installed.authorize(None, "T1")
            await until(lambda: "take_refresh" in h.store.done)
            assert h.store.asked.count("take_refresh") == 1

    asyncio.run(run())


def test_a_missing_key_is_told_to_the_operator_and_not_to_people(
    here: Database, logged: Callable[[], str]
) -> None:
    async def run() -> None:
        async with house(here) as h:
            await Browser(h).install()
            other = Installations(
                here, h.slack.memory.client_id, [b"another key of the test, as long as the first"]
            )
            elsewhere = ManyWorkspaces(other, h.exchange, h.clock.now)
            with pytest.raises(Unavailable) as caught:
                await elsewhere.token_of("T1")
            assert "KEYS" not in caught.value.sentence
            assert "WrongTokenKey" in logged()

    asyncio.run(run())


def test_slack_is_left_alone_for_as_long_as_it_asks(here: Database) -> None:
    async def run() -> None:
        async with house(here, rotates=True) as h:
            await Browser(h).install()
            old = await h.installed.token_of("T1")
            h.clock.passes(11 * HOUR)
            h.slack.fail("oauth.v2.access", "limited:300")
            assert await h.installed.token_of("T1") == old
            await until(lambda: h.store.done[-1] == "put_off_refresh")
            await until(lambda: not h.installed._refreshing)
            h.clock.passes(timedelta(seconds=299))
            assert await h.installed.token_of("T1") == old
            await until(lambda: not h.installed._refreshing)
            assert h.exchanges == 2
            h.clock.passes(KEPT)
            await h.installed.token_of("T1")
            await until(lambda: h.exchanges == 3)

    asyncio.run(run())


def test_a_process_that_ends_waits_for_what_slack_was_asked(here: Database) -> None:
    async def run() -> None:
        async with house(here, rotates=True) as h:
            await Browser(h).install()
            old = await h.installed.token_of("T1")
            h.clock.passes(11 * HOUR)
            other = h.another()
            await other.token_of("T1")
            await until(lambda: h.exchanges == 2)
            await other.close()
            h.clock.passes(KEPT)
            assert await h.installed.token_of("T1") != old
            assert h.exchanges == 2

    asyncio.run(run())


def test_a_process_that_ends_waits_for_a_slow_answer_with_tokens(here: Database) -> None:
    """The old refresh token is used up by then: without the new one the app is lost."""

    async def run() -> None:
        async with house(here, rotates=True) as h:
            await Browser(h).install()
            old = await h.installed.token_of("T1")
            h.clock.passes(11 * HOUR)
            other = h.another()
            h.slack.fail("oauth.v2.access", "slow:1.5")
            assert await other.token_of("T1") == old
            await until(lambda: h.exchanges == 2)
            await other.close()
            # Late callers get what there is, and begin nothing.
            assert await other.token_of("T1") is not None
            h.clock.passes(2 * HOUR)
            assert await h.installed.token_of("T1") not in {old, None}
            assert h.exchanges == 2

    asyncio.run(run())


def test_a_process_seals_with_the_first_key_when_it_starts(here: Database, sqlite_url: str) -> None:
    old, new, other = (name * 8 for name in ("old!", "new!", "oops"))

    def start(keys: str) -> None:
        slack = SlackSettings.model_validate({"client_id": "1.2", "client_secret": "s" * 32})
        settings = Settings.model_validate(
            {"database_url": sqlite_url, "token_keys": keys, "relay_key": "r" * 40}
        )
        SlackBranch(slack, settings, here, register(CAPABILITIES))

    def token(key: str) -> str | None:
        found = Installations(here, "1.2", [key.encode()]).find("T1")
        return found.bot_token if found else None

    installation = read_installation(answer_for(team={"id": "T1"}), START)
    assert installation is not None
    start(old)
    Installations(here, "1.2", [old.encode()]).save(installation)
    start(f"{new},{old}")
    assert token(new) == "xoxb-1"
    start(new)
    with pytest.raises(Misconfigured, match="INFLOW_TOKEN_KEYS does not hold the key"):
        start(f"{other},{old}")
    assert token(new) == "xoxb-1"


# --- what Slack tells ---------------------------------------------------------------------

UNINSTALLED = {"type": "app_uninstalled"}


def test_an_app_that_is_removed_has_no_token_left(database: Database) -> None:
    async def run() -> None:
        async with house(database) as h:
            await Browser(h).install()
            h.clock.passes(25 * HOUR)
            hears = h.installed.hears
            await hears["app_uninstalled"]("T1", UNINSTALLED)
            assert await h.installed.token_of("T1") is None
            assert h.store.find("T1") is None
            assert h.told[-1] == ("T1", None)
            assert h.installed.installer_of("T1") is None
            # Slack tells everything more than once.
            await hears["app_uninstalled"]("T1", UNINSTALLED)
            await hears["tokens_revoked"](
                "T1", {"type": "tokens_revoked", "tokens": {"bot": ["U"]}}
            )
            await Browser(h).install("U2")
            assert await h.installed.token_of("T1") is not None
            assert h.installed.installer_of("T1") == "U2"

    asyncio.run(run())


def test_late_word_of_a_removal_does_not_undo_a_new_installation(here: Database) -> None:
    async def run() -> None:
        async with house(here) as h:
            await Browser(h).install()
            hear = h.installed.hears["app_uninstalled"]
            await hear("T1", UNINSTALLED)
            assert await h.installed.token_of("T1") is not None
            # This time it is true, and Slack takes a moment to see to it.
            await hear("T1", UNINSTALLED)
            h.slack.memory.revoke("T1", "account_inactive")
            await until(lambda: h.told[-1] == ("T1", None))
            assert h.store.find("T1") is None
            # Nobody can say which it is.
            await Browser(h).install()
            h.slack.fail("auth.test", "error_before")
            with pytest.raises(Unavailable):
                await hear("T1", UNINSTALLED)
            assert await h.installed.token_of("T1") is not None

    asyncio.run(run())


def test_revoked_tokens_go_and_no_others(here: Database) -> None:
    async def run() -> None:
        async with house(here) as h:
            person = {"id": "U1", "access_token": "xoxp-1", "scope": "users:read"}
            installation = read_installation(
                answer_for(access_token=h.slack.token, team={"id": "T1"}, authed_user=person),
                h.clock.now(),
            )
            assert installation is not None
            await h.installed.save(installation)
            hear = h.installed.hears["tokens_revoked"]
            others: list[Any] = [{}, {"oauth": ["U2"]}, {"oauth": None, "bot": []}, None]
            for tokens in others:
                await hear("T1", {"type": "tokens_revoked", "tokens": tokens})
            assert h.store.find("T1").user_token == "xoxp-1"
            await hear("T1", {"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}})
            assert h.store.find("T1").user_token is None
            assert await h.installed.token_of("T1") == h.slack.token
            # The one before it was exchanged, say: the bot has another.
            bot = {"type": "tokens_revoked", "tokens": {"bot": ["U0KRQLJ9H"]}}
            await hear("T1", bot)
            assert await h.installed.token_of("T1") == h.slack.token
            h.slack.memory.revoke("T1")
            await hear("T1", bot)
            assert await h.installed.token_of("T1") is None
            assert h.store.find("T1") is None

    asyncio.run(run())


# --- one workspace ------------------------------------------------------------------------


@asynccontextmanager
async def one_workspace(
    slack: FakeSlack,
    changed: Changed | None = None,
    first_pause: timedelta = timedelta(milliseconds=20),
) -> AsyncIterator[OneWorkspace]:
    """A process with a token in its environment, which is in a hurry."""
    exchange = Exchange(slack.url)
    pauses = {"first_pause": first_pause, "longest_pause": timedelta(seconds=0.04)}
    installed = OneWorkspace(slack.token, exchange, changed=changed, **pauses)
    try:
        yield installed
    finally:
        await installed.close()
        await exchange.close()


def test_one_workspace_learns_once_whose_its_token_is() -> None:
    async def run() -> None:
        told: list[tuple[str, Facts | None]] = []

        async def changed(team: str, facts: Facts | None) -> None:
            told.append((team, facts))

        async with (
            FakeSlack(rates=False) as slack,
            one_workspace(slack, changed, timedelta(seconds=20)) as installed,
        ):
            await installed.start()
            for _ in range(5):
                assert await installed.token_of("T1") == slack.token
                found = await installed.authorize(None, "T1", False)
                assert found is not None
                assert found.bot_user_id == slack.team.bot_user
                assert found.bot_id is not None
            assert await installed.token_of("T2") is None
            assert await installed.authorize(None, "T2", False) is None
            assert await installed.about("T2") is None
            facts = await installed.about("T1")
            assert facts is not None
            assert told == [("T1", facts)]
            assert len(slack.calls("auth.test")) == 1
            assert installed.installer_of("T1") is None

    asyncio.run(run())


def test_a_start_waits_for_the_first_that_slack_says() -> None:
    async def run() -> None:
        async with FakeSlack(rates=False) as slack, one_workspace(slack) as installed:
            slack.fail("auth.test", "slow:0.5")
            await installed.start()
            assert await installed.token_of("T1") == slack.token

    asyncio.run(run())


def test_it_starts_while_slack_is_out_of_reach(logged: Callable[[], str]) -> None:
    async def run() -> None:
        async with FakeSlack(rates=False) as slack, one_workspace(slack) as installed:
            slack.fail("auth.test", "error_before", "reset_before", "error:fatal_error")
            await installed.start()
            with pytest.raises(Unavailable):
                await installed.token_of("T1")
            with pytest.raises(Unavailable):
                await installed.authorize(None, "T1", False)
            await until(lambda: installed.facts is not None)
            assert await installed.token_of("T1") == slack.token
            assert slack.token not in logged()

    asyncio.run(run())


def test_a_wrong_token_is_told_and_tried_again(logged: Callable[[], str]) -> None:
    async def run() -> None:
        async with FakeSlack(rates=False) as slack, one_workspace(slack) as installed:
            held = slack.memory.tokens.pop(slack.token)
            await installed.start()
            await until(lambda: installed.trouble == "invalid_auth")
            await asyncio.sleep(0.1)
            assert logged().count("slack does not know the bot token") == 1
            slack.memory.tokens[slack.token] = held
            await until(lambda: installed.trouble is None)

    asyncio.run(run())


def test_one_workspace_that_removes_the_app_may_install_it_again() -> None:
    async def run() -> None:
        async with FakeSlack(rates=False) as slack, one_workspace(slack) as installed:
            await installed.start()
            await until(lambda: installed.facts is not None)
            hears = installed.hears
            await hears["tokens_revoked"]("T1", {"type": "tokens_revoked", "tokens": {"oauth": []}})
            await hears["app_uninstalled"]("T2", UNINSTALLED)
            assert await installed.token_of("T1") == slack.token
            held = slack.memory.tokens[slack.token]
            slack.memory.revoke("T1", "account_inactive")
            await hears["app_uninstalled"]("T1", UNINSTALLED)
            assert await installed.token_of("T1") is None
            assert await installed.authorize(None, "T1", False) is None
            await asyncio.sleep(0.1)
            assert await installed.token_of("T1") is None
            slack.memory.tokens[slack.token] = held
            await until(lambda: installed.facts is not None)
            assert await installed.token_of("T1") == slack.token

    asyncio.run(run())
