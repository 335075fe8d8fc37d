"""How any workspace installs the app from a browser (OAuth 2, Slack's version 2).

`GET /slack/install` leads to Slack, which asks the person and leads back to
`GET /slack/oauth_redirect` with a code; the code is exchanged for tokens. A state, good once and
only in the browser that began, keeps anybody from having somebody else finish what they began.
"""

import asyncio
import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

import structlog
from aiohttp import hdrs, web
from slack_sdk.oauth import AuthorizeUrlGenerator, OAuthStateUtils
from slack_sdk.oauth.installation_store import Installation
from yarl import URL

from adapters.slack.client import Answered, Refused
from adapters.slack.exchange import Exchange
from adapters.slack.messages import (
    INSTALL_LINK,
    INSTALL_NEXT,
    INSTALL_NOTE,
    INSTALL_TITLE,
    INSTALL_WHAT,
    INSTALLED_FIRST,
    INSTALLED_LINK,
    INSTALLED_STEPS,
    INSTALLED_TITLE,
    INSTALLED_WHAT_NEXT,
    NOT_INSTALLED,
    NOT_INSTALLED_LINK,
    NOT_INSTALLED_TITLE,
    NOT_INSTALLED_WHY,
)
from adapters.slack.wording import Wording
from adapters.slack.workspaces import ManyWorkspaces, Store
from bot.errors import Unavailable

INSTALL = "/slack/install"
RETURN = "/slack/oauth_redirect"
STATE_KEPT = timedelta(minutes=10)
COOKIE = "__Host-inflow-slack"
"""Browsers take a cookie of this name from this very host only, and over TLS."""

_KEEP_PAUSES = (0.0, 0.5, 2.0)
_WORD = re.compile(r"[a-z_]{1,60}")
_ID = re.compile(r"[A-Z0-9]{2,40}")

_STYLE = """
:root { color-scheme: light dark }
body { font: 1.0625rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 3rem auto;
  padding: 0 1.25rem }
h1 { font-size: 1.6rem; line-height: 1.25 }
h2 { font-size: 1.15rem }
a.button { display: inline-block; padding: .7rem 1.25rem; border-radius: .4rem;
  background: #20444d; color: #fff; text-decoration: none; font-weight: 600 }
a.button:focus-visible { outline: 3px solid #d97706; outline-offset: 3px }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    hdrs.CACHE_CONTROL: "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    # The address holds the code.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}

log = structlog.get_logger()


class _NotInstalled(Exception):
    """The installation ends here; `why` is a key of `NOT_INSTALLED`, `error` Slack's word."""

    def __init__(self, why: str, status: int, error: str | None = None) -> None:
        super().__init__(why)
        self.why, self.status, self.error = why, status, error


class OAuth:
    """The pages of an installation. One object serves all browsers.

    `public_url` is where they reach this process from outside, without a slash at its end: Slack
    sends nobody back to any address but the one that the app's settings name. `clock` gives the
    moment, aware UTC.
    """

    def __init__(
        self,
        *,
        installed: ManyWorkspaces,
        store: Store,
        exchange: Exchange,
        client_id: str,
        public_url: str,
        scopes: Sequence[str],
        wording: Wording,
        clock: Callable[[], datetime],
        keep_pauses: Sequence[float] = _KEEP_PAUSES,
    ) -> None:
        self._installed = installed
        self._store = store
        self._exchange = exchange
        self._wording = wording
        self._clock = clock
        self._keep_pauses = keep_pauses
        self._install_url = f"{public_url}{INSTALL}"
        self._redirect_uri = f"{public_url}{RETURN}"
        self._slack = URL(exchange.base_url).origin()
        # Its parts are put into the address as they are.
        self._authorize = AuthorizeUrlGenerator(
            client_id=quote(client_id, safe=""),
            redirect_uri=quote(self._redirect_uri, safe=""),
            scopes=list(scopes),
            authorization_url=str(self._slack / "oauth/v2/authorize"),
        )
        self._states = OAuthStateUtils(
            cookie_name=COOKIE, expiration_seconds=round(STATE_KEPT.total_seconds())
        )

    def add_routes(self, pages: web.Application) -> None:
        """Add both pages."""
        # A look at the headers alone would issue a state.
        pages.router.add_get(INSTALL, self._begin, allow_head=False)
        pages.router.add_get(RETURN, self._end, allow_head=False)

    async def _begin(self, _request: web.Request) -> web.Response:
        now = self._clock()
        try:
            state = await asyncio.to_thread(self._store.issue_state, now + STATE_KEPT, now)
        except Unavailable:
            return self._regret(_NotInstalled("busy", 503))
        body = [
            _tag("p", INSTALL_WHAT),
            _tag("p", INSTALL_NEXT),
            _button(self._authorize.generate(state), INSTALL_LINK),
            _tag("p", INSTALL_NOTE),
        ]
        page = _page(INSTALL_TITLE, body)
        page.headers[hdrs.SET_COOKIE] = self._states.build_set_cookie_for_new_state(state)
        return page

    async def _end(self, request: web.Request) -> web.Response:
        try:
            page = await self._finish(request)
        except _NotInstalled as ended:
            page = self._regret(ended)
        page.headers[hdrs.SET_COOKIE] = self._states.build_set_cookie_for_deletion()
        return page

    async def _finish(self, request: web.Request) -> web.Response:
        given = request.query
        error = given.get("error")
        if error is not None:
            declined = error == "access_denied"
            raise _NotInstalled("declined" if declined else "refused", 200, _word(error))
        state = given.get("state")
        cookies: dict[str, str | Sequence[str]] = {
            "cookie": request.headers.getall(hdrs.COOKIE, [])
        }
        if not state or not self._states.is_valid_browser(state, cookies):
            raise _NotInstalled("browser", 400)
        try:
            is_new = await asyncio.to_thread(self._store.consume_state, state, self._clock())
        except Unavailable:
            raise _NotInstalled("busy", 503) from None
        if not is_new:
            raise _NotInstalled("used", 400)
        code = given.get("code")
        if not code:
            raise _NotInstalled("no_code", 400)
        installation = await self._redeem(code)
        await self._keep(installation)
        return await self._welcome(installation)

    async def _redeem(self, code: str) -> Installation:
        answer = await self._exchange.redeem(code, self._redirect_uri)
        if isinstance(answer, Refused):
            log.warning("slack app not installed", why=answer.error)
            raise _NotInstalled("refused", 400, _word(answer.error))
        installation = (
            read_installation(answer.data, self._clock()) if isinstance(answer, Answered) else None
        )
        if installation is None:
            log.warning("slack app not installed", why=type(answer).__name__)
            raise _NotInstalled("no_slack", 502)
        # What the exchange does not tell. Without it the app works all but as well.
        about = await self._exchange.ask(installation.bot_token or "")
        if isinstance(about, Answered):
            installation.bot_id = _text(about.data, "bot_id")
            installation.enterprise_url = _text(about.data, "url")
        return installation

    async def _keep(self, installation: Installation) -> None:
        for pause in self._keep_pauses:
            await asyncio.sleep(pause)
            try:
                await self._installed.save(installation)
            except Unavailable:
                continue
            external = installation.team_id or installation.enterprise_id
            log.info("slack app installed", external=external)
            return
        raise _NotInstalled("busy", 503)

    async def _welcome(self, installation: Installation) -> web.Response:
        team = installation.team_id or installation.enterprise_id or ""
        name = installation.team_name or installation.enterprise_name or team
        steps = "".join(_tag("li", self._wording.say(step)) for step in INSTALLED_STEPS)
        body = [_tag("h2", INSTALLED_WHAT_NEXT), f"<ol>{steps}</ol>"]
        if self._installed.installer_of(team) == installation.user_id:
            body.append(_tag("p", INSTALLED_FIRST))
        link = self._slack / "app_redirect"
        place = {"app": installation.app_id or "", "team": team}
        body.append(_button(f"{link}?{urlencode(place)}", INSTALLED_LINK))
        return _page(INSTALLED_TITLE.format(name=name), body)

    def _regret(self, ended: _NotInstalled) -> web.Response:
        body = [_tag("p", NOT_INSTALLED[ended.why])]
        if ended.error is not None and ended.why != "declined":
            body.append(_tag("p", NOT_INSTALLED_WHY.format(error=ended.error)))
        body.append(_button(self._install_url, NOT_INSTALLED_LINK))
        page = _page(NOT_INSTALLED_TITLE, body, ended.status)
        if ended.status == 503:
            page.headers[hdrs.RETRY_AFTER] = "10"
        return page


def read_installation(answer: Mapping[str, Any], now: datetime) -> Installation | None:
    """The installation in an answer of `oauth.v2.access`; None where it is not one of a bot."""
    team, enterprise = _part(answer, "team"), _part(answer, "enterprise")
    person, hook = _part(answer, "authed_user"), _part(answer, "incoming_webhook")
    is_whole_org = answer.get("is_enterprise_install") is True
    place = _text(enterprise if is_whole_org else team, "id")
    token, app = _text(answer, "access_token"), _text(answer, "app_id")
    bot_user, user = _text(answer, "bot_user_id"), _text(person, "id")
    if token is None or bot_user is None or app is None or user is None or place is None:
        return None
    if not all(_ID.fullmatch(each) for each in (place, app, bot_user, user)):
        return None
    return Installation(
        app_id=app,
        enterprise_id=_text(enterprise, "id"),
        enterprise_name=_text(enterprise, "name"),
        team_id=None if is_whole_org else place,
        team_name=None if is_whole_org else _text(team, "name"),
        bot_token=token,
        bot_user_id=bot_user,
        bot_scopes=_text(answer, "scope") or "",
        bot_refresh_token=_text(answer, "refresh_token"),
        bot_token_expires_at=_ends_at(answer, now),
        user_id=user,
        user_token=_text(person, "access_token"),
        user_scopes=_text(person, "scope") or "",
        user_refresh_token=_text(person, "refresh_token"),
        user_token_expires_at=_ends_at(person, now),
        incoming_webhook_url=_text(hook, "url"),
        incoming_webhook_channel=_text(hook, "channel"),
        incoming_webhook_channel_id=_text(hook, "channel_id"),
        incoming_webhook_configuration_url=_text(hook, "configuration_url"),
        is_enterprise_install=is_whole_org,
        token_type=_text(answer, "token_type"),
        installed_at=now,
    )


def _part(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = answer.get(name)
    return part if isinstance(part, Mapping) else {}


def _text(part: Mapping[str, Any], name: str) -> str | None:
    value = part.get(name)
    return value if isinstance(value, str) and value else None


def _ends_at(part: Mapping[str, Any], now: datetime) -> datetime | None:
    seconds = part.get("expires_in")
    # With token rotation a token comes with one to exchange it for.
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not part.get("refresh_token"):
        return None
    return now + timedelta(seconds=seconds)


def _word(error: str) -> str | None:
    """Slack's word for what was wrong; what is no word of Slack's is not shown."""
    return error if _WORD.fullmatch(error) else None


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def _button(url: str, text: str) -> str:
    return f'<p><a class="button" href="{escape(url)}">{escape(text)}</a></p>'


def _page(title: str, body: Sequence[str], status: int = 200) -> web.Response:
    text = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n" + "\n".join(body) + "\n</main>\n</body>\n"
        "</html>\n"
    )
    return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)
