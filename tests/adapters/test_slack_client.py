"""Calls to Slack: what became of each is told, nothing is sent twice, and nothing is logged."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import client as module
from adapters.slack.client import (
    PAUSE,
    UNCLEAR,
    Answer,
    Answered,
    Doubtful,
    NotSent,
    Refused,
    SlackClient,
    Slow,
    is_allowed,
)
from bot.errors import Unavailable
from tests.adapters.far_end import LOOPBACK, Act, Heard, break_off, far_end, hang, reset, saying

TOKEN = "xoxb-secret"
WORDS = "words between two people"
PATIENCE = timedelta(seconds=30)


async def token_of(_team: str) -> str | None:
    return TOKEN


@asynccontextmanager
async def client_of(
    url: str,
    tokens: Callable[[str], Awaitable[str | None]] = token_of,
    patience: timedelta = PATIENCE,
) -> AsyncIterator[SlackClient]:
    client = SlackClient(tokens, url, patience)
    try:
        yield client
    finally:
        await client.close()


def call(
    *acts: Act, patience: timedelta = PATIENCE, method: str = "chat.postMessage", **body: Any
) -> tuple[Answer, list[Heard]]:
    """One call to a server that acts so, and what the server heard."""

    async def run() -> tuple[Answer, list[Heard]]:
        async with far_end(*acts) as end, client_of(end.url, patience=patience) as client:
            return await client.call("T1", method, body), end.heard

    return asyncio.run(run())


# --- what is sent ------------------------------------------------------------------------


def test_a_call_carries_the_token_in_its_header_and_nowhere_else() -> None:
    answer, [heard] = call(channel="C1", text="Grüße")
    assert answer == Answered({"ok": True})
    assert heard.line == "POST /api/chat.postMessage HTTP/1.1"
    assert heard.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in heard.line + heard.body


def test_plain_arguments_go_as_a_form_which_every_method_hears() -> None:
    _, [heard] = call(method="users.list", limit=200, deep=True, cursor=None, name="a&b")
    assert heard.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(heard.body) == {"limit": ["200"], "deep": ["true"], "name": ["a&b"]}


def test_arguments_with_parts_go_as_json() -> None:
    blocks = [{"type": "divider"}]
    _, [heard] = call(channel="C1", blocks=blocks, thread_ts=None, unfurl_links=False)
    assert heard.headers["content-type"].startswith("application/json")
    assert json.loads(heard.body) == {"channel": "C1", "blocks": blocks, "unfurl_links": False}


def test_each_workspace_has_its_own_token_and_always_the_present_one() -> None:
    tokens = {"T1": "one", "T2": "two"}

    async def present(team: str) -> str | None:
        return tokens[team]

    async def run() -> list[str]:
        async with far_end() as end, client_of(end.url, present) as client:
            await client.call("T1", "auth.test", {})
            await client.call("T2", "auth.test", {})
            tokens["T1"] = "three"
            await client.call("T1", "auth.test", {})
            assert end.connections == 1
            return [heard.headers["authorization"] for heard in end.heard]

    assert asyncio.run(run()) == ["Bearer one", "Bearer two", "Bearer three"]


def test_no_cookie_is_kept() -> None:
    async def run() -> list[Heard]:
        baking = saying({"ok": True}, Set_Cookie="b=1")
        async with far_end(baking) as end, AsyncExitStack() as stack:
            # Of an address that is a number no client keeps cookies.
            by_name = end.url.replace(LOOPBACK, "localhost")
            client = await stack.enter_async_context(client_of(by_name))
            await client.call("T1", "auth.test", {})
            await client.call("T2", "auth.test", {})
            return end.heard

    assert [heard.headers.get("cookie") for heard in asyncio.run(run())] == [None, None]


def test_without_a_token_nothing_is_called() -> None:
    async def nobody(_team: str) -> str | None:
        return None

    async def unavailable(_team: str) -> str | None:
        raise Unavailable

    async def run(tokens: Callable[[str], Awaitable[str | None]]) -> tuple[Answer, int]:
        async with far_end() as end, client_of(end.url, tokens) as client:
            return await client.call("T1", "auth.test", {}), end.connections

    assert asyncio.run(run(nobody)) == (Refused("not_authed"), 0)
    assert asyncio.run(run(unavailable)) == (NotSent("Unavailable"), 0)


def test_a_call_without_a_workspace_carries_the_token_it_is_given() -> None:
    async def run() -> list[str | None]:
        async with far_end() as end, client_of(end.url) as client:
            await client.call_as(None, "oauth.v2.access", {"code": "c"})
            await client.call_as("other", "auth.test", {})
            return [heard.headers.get("authorization") for heard in end.heard]

    assert asyncio.run(run()) == [None, "Bearer other"]


def test_a_client_that_was_closed_begins_anew() -> None:
    async def run() -> Answer:
        async with far_end() as end, client_of(end.url) as client:
            await client.call("T1", "auth.test", {})
            await client.close()
            return await client.call("T1", "auth.test", {})

    assert asyncio.run(run()) == Answered({"ok": True})


# --- what became of it -------------------------------------------------------------------

SECONDS = timedelta(seconds=1)
HTML = "<html>Bad gateway</html>"


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (saying({"ok": True, "ts": "1.2"}), Answered({"ok": True, "ts": "1.2"})),
        (
            saying({"ok": False, "error": "missing_scope", "needed": "x"}),
            Refused("missing_scope", {"ok": False, "error": "missing_scope", "needed": "x"}),
        ),
        # 429, whatever stands in it.
        (saying({"ok": False, "error": "ratelimited"}, 429, Retry_After="7"), Slow(7 * SECONDS)),
        (saying(HTML, 429, "text/html", Retry_After="30"), Slow(30 * SECONDS)),
        (saying("slow down", 429, "text/plain", Retry_After="30"), Slow(30 * SECONDS)),
        (saying("", 429, Retry_After="1"), Slow(SECONDS)),
        (saying("", 429, Retry_After="0"), Slow(SECONDS)),
        (saying("", 429), Slow(PAUSE)),
        (saying("", 429, Retry_After="soon"), Slow(PAUSE)),
        (saying("", 429, Retry_After="-3"), Slow(PAUSE)),
        (saying("", 429, Retry_After="1.5"), Slow(PAUSE)),
        (saying("", 429, Retry_After="9" * 30), Slow(PAUSE)),
        (saying("", 429, Retry_After="Wed, 21 Oct 2026 07:28:00 GMT"), Slow(PAUSE)),
        (saying({"ok": False, "error": "rate_limited"}, Retry_After="3"), Slow(3 * SECONDS)),
        (saying({"ok": False, "error": "ratelimited"}), Slow(PAUSE)),
        # Nobody can say.
        *((saying({"ok": False, "error": each}), Doubtful(each)) for each in sorted(UNCLEAR)),
        (saying(HTML, 500, "text/html"), Doubtful("http_500")),
        (saying(HTML, 502, "text/html"), Doubtful("http_502")),
        (saying({"ok": False, "error": "service_unavailable"}, 503), Doubtful("http_503")),
        (saying({"ok": True}, 504), Doubtful("http_504")),
        (saying("", 408), Doubtful("http_408")),
        (saying(HTML, 200, "text/html"), Doubtful("unreadable")),
        (saying("not {json"), Doubtful("unreadable")),
        (saying(""), Doubtful("unreadable")),
        (saying({}), Doubtful("unreadable")),
        (saying({"ok": "yes"}), Doubtful("unreadable")),
        (saying({"ok": False, "error": 7}), Doubtful("unreadable")),
        (saying({"ok": False, "error": WORDS}), Doubtful("unreadable")),
        (saying("ok", 200, "text/plain"), Doubtful("AttributeError")),
        (saying([{"ok": True}]), Doubtful("AttributeError")),
        (saying(b'{"ok": true, "text": "\xff"}'), Doubtful("UnicodeDecodeError")),
        # Somebody on the way refused it.
        (saying(HTML, 403, "text/html"), Refused("http_403")),
        (saying(HTML, 404, "text/html"), Refused("http_404")),
        (saying("", 413), Refused("http_413")),
        (
            saying({"ok": False, "error": "invalid_auth"}, 401),
            Refused("invalid_auth", {"ok": False, "error": "invalid_auth"}),
        ),
    ],
)
def test_every_answer_has_one_meaning(act: Act, expected: Answer) -> None:
    answer, heard = call(act)
    assert (answer, len(heard)) == (expected, 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    async def run() -> tuple[Answer, int]:
        async with far_end() as other:
            to_other = saying("", status, Location=other.url)
            async with far_end(to_other) as end, client_of(end.url) as client:
                answer = await client.call("T1", "chat.postMessage", {"text": WORDS})
                return answer, len(other.heard)

    assert asyncio.run(run()) == (Refused(f"http_{status}"), 0)


def test_a_connection_that_broke_leaves_a_doubt_and_nothing_is_sent_again() -> None:
    answer, heard = call(reset, text=WORDS)
    assert (answer, len(heard)) == (Doubtful("ServerDisconnectedError"), 1)


def test_as_slack_sdk_comes_it_would_have_been_sent_again() -> None:
    async def run() -> int:
        async with far_end(reset, saying({"ok": True})) as end:
            await AsyncWebClient(TOKEN, end.url).chat_postMessage(channel="C1", text=WORDS)
            return len(end.heard)

    assert asyncio.run(run()) == 2


def test_a_kept_connection_that_broke_leaves_a_doubt_as_well() -> None:
    async def run() -> tuple[Answer, int]:
        async with far_end(saying({"ok": True}), reset) as end, client_of(end.url) as client:
            await client.call("T1", "auth.test", {})
            answer = await client.call("T1", "chat.postMessage", {"text": WORDS})
            return answer, len(end.heard)

    assert asyncio.run(run()) == (Doubtful("ServerDisconnectedError"), 2)


def test_an_answer_that_breaks_off_leaves_a_doubt() -> None:
    answer, heard = call(break_off)
    assert (answer, len(heard)) == (Doubtful("ClientPayloadError"), 1)


def test_who_does_not_answer_in_time_leaves_a_doubt() -> None:
    answer, heard = call(hang, patience=timedelta(seconds=2))
    assert (answer, len(heard)) == (Doubtful("TimeoutError"), 1)


def test_a_closed_door_is_certain() -> None:
    async def run() -> Answer:
        async with far_end() as end:
            url = end.url
        async with client_of(url) as client:
            return await client.call("T1", "auth.test", {})

    assert asyncio.run(run()) == NotSent("ClientConnectorError")


def test_a_door_that_nobody_opens_is_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_CONNECT", timedelta(seconds=0.3))

    async def run(url: str) -> Answer:
        async with client_of(url) as client:
            return await client.call("T1", "auth.test", {})

    with socket.create_server((LOOPBACK, 0), backlog=0) as door:
        port = door.getsockname()[1]
        # Whoever comes when the queue is full hears nothing at all.
        queue = [socket.socket() for _ in range(4)]
        try:
            for each in queue:
                each.setblocking(False)
                each.connect_ex((LOOPBACK, port))
            answer = asyncio.run(run(f"http://{LOOPBACK}:{port}/api/"))
        finally:
            for each in queue:
                each.close()
    assert answer == NotSent("ConnectionTimeoutError")


def test_who_cancels_a_call_gets_no_answer() -> None:
    async def run() -> None:
        async with far_end(hang) as end, client_of(end.url) as client:
            async with asyncio.timeout(0.1):
                await client.call("T1", "auth.test", {})

    with pytest.raises(TimeoutError):
        asyncio.run(run())


# --- proxies -----------------------------------------------------------------------------


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    async def run() -> str:
        async with far_end() as end:
            monkeypatch.setenv("http_proxy", f"http://{LOOPBACK}:{end.port}")
            async with client_of("http://slack.example/api/") as client:
                await client.call("T1", "auth.test", {})
                return end.heard[0].line

    assert asyncio.run(run()) == "POST http://slack.example/api/auth.test HTTP/1.1"


def test_a_proxy_that_refuses_is_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    async def run() -> tuple[Answer, str]:
        async with far_end(saying("", 502)) as end:
            monkeypatch.setenv("https_proxy", f"http://{LOOPBACK}:{end.port}")
            async with client_of("https://slack.example/api/") as client:
                return await client.call("T1", "auth.test", {}), end.heard[0].line

    connect = "CONNECT slack.example:443 HTTP/1.1"
    assert asyncio.run(run()) == (NotSent("ClientHttpProxyError"), connect)


def test_no_proxy_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """slack_sdk reads the proxies of the environment and not their exceptions."""
    with socket.create_server((LOOPBACK, 0)) as closed:
        port = closed.getsockname()[1]
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://{LOOPBACK}:{port}")
    monkeypatch.setenv("no_proxy", LOOPBACK)
    answer, _ = call()
    assert answer == Answered({"ok": True})


# --- nothing is logged --------------------------------------------------------------------


@pytest.fixture
def all_logs(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Every logger says all it has, at the lowest level."""
    caplog.set_level(logging.NOTSET)
    for name in list(logging.root.manager.loggerDict):
        caplog.set_level(1, logger=name)
    return caplog


def told(logs: pytest.LogCaptureFixture) -> str:
    return "\n".join(f"{record.getMessage()} {record.args}" for record in logs.records)


def test_neither_token_nor_words_reach_a_log(all_logs: pytest.LogCaptureFixture) -> None:
    echo = {"message": {"text": WORDS}, "token": TOKEN}
    for act in (
        saying({"ok": True, **echo}),
        saying({"ok": False, "error": "msg_too_long", **echo}),
        saying({"ok": False, "error": "fatal_error", **echo}),
        saying(f"{WORDS} {TOKEN}", 200, "text/html"),
        saying(f"{WORDS} {TOKEN}", 500, "text/plain"),
        saying(f"{WORDS} {TOKEN}", 429),
        saying(f"{WORDS} {TOKEN}"),
        reset,
        break_off,
    ):
        answer, _ = call(act, text=WORDS)
        assert WORDS not in repr(answer)
        assert TOKEN not in repr(answer)
    assert WORDS not in told(all_logs)
    assert TOKEN not in told(all_logs)


def test_as_slack_sdk_comes_it_would_have_logged_the_words(
    all_logs: pytest.LogCaptureFixture,
) -> None:
    async def run() -> None:
        async with far_end() as end:
            await AsyncWebClient(TOKEN, end.url).chat_postMessage(channel="C1", text=WORDS)

    asyncio.run(run())
    assert WORDS in told(all_logs)


# --- response URLs ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://hooks.slack.com/actions/T1/1/x", True),
        ("https://hooks.slack.com:443/commands/T1/1/x", True),
        ("https://HOOKS.SLACK.COM/x", True),
        ("https://slack.example/x", True),
        ("https://hooks.slack.example/x", True),
        ("http://hooks.slack.com/x", False),
        ("http://slack.example/x", False),
        ("https://hooks.slack.com:8443/x", False),
        ("https://hooks.slack.com.evil.example/x", False),
        ("https://evil.example/hooks.slack.com/", False),
        ("https://evil.example#hooks.slack.com", False),
        ("https://hooks.slack.com@evil.example/x", False),
        ("https://evil.example\\@hooks.slack.com/x", False),
        ("https://me:you@hooks.slack.com/x", False),
        ("https://a.hooks.slack.com/x", False),
        ("https://127.0.0.1/x", False),
        ("https://[::1]/x", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("file:///etc/passwd", False),
        ("//hooks.slack.com/x", False),
        ("hooks.slack.com/x", False),
        ("https:///x", False),
        ("https://hooks.slack.com:x/", False),
        ("", False),
    ],
)
def test_only_response_urls_of_slack_are_posted_to(url: str, allowed: bool) -> None:
    assert is_allowed(url, "https://slack.example/api/") is allowed


def post(act: Act, path: str = "/actions/x", **body: Any) -> tuple[Answer, list[Heard]]:
    async def run() -> tuple[Answer, list[Heard]]:
        async with far_end(act) as end, client_of(end.url) as client:
            url = f"http://{LOOPBACK}:{end.port}{path}"
            return await client.post(url, body), end.heard

    return asyncio.run(run())


def test_a_response_url_gets_the_body_and_no_token() -> None:
    answer, [heard] = post(saying("ok", 200, "text/plain"), text=WORDS, replace_original=True)
    assert isinstance(answer, Answered)
    assert heard.line == "POST /actions/x HTTP/1.1"
    assert "authorization" not in heard.headers
    assert json.loads(heard.body) == {"text": WORDS, "replace_original": True}


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (saying({"ok": True}), Answered({"ok": True})),
        (saying("", 200, "text/plain"), Answered({"ok": True})),
        (saying("used_url", 404, "text/plain"), Refused("used_url")),
        (saying({"ok": False, "error": "expired_url"}, 404), Refused("expired_url")),
        (saying("invalid_blocks", 400, "text/plain"), Refused("invalid_blocks")),
        (saying(HTML, 410, "text/html"), Refused("http_410")),
        (saying("", 307, Location="http://127.0.0.1:1/"), Refused("http_307")),
        (saying("", 429, Retry_After="4"), Slow(4 * SECONDS)),
        (saying(HTML, 500, "text/html"), Doubtful("http_500")),
        (reset, Doubtful("ServerDisconnectedError")),
    ],
)
def test_every_answer_of_a_response_url_has_one_meaning(act: Act, expected: Answer) -> None:
    answer, heard = post(act, text=WORDS)
    assert len(heard) == 1
    match answer, expected:
        case Refused(said), Refused(error):
            assert said == error
        case _:
            assert answer == expected


def test_nobody_else_is_posted_to() -> None:
    async def run() -> tuple[Answer, int]:
        async with far_end() as end, client_of("https://slack.com/api/") as client:
            answer = await client.post(f"http://{LOOPBACK}:{end.port}/x", {"text": WORDS})
            return answer, end.connections

    assert asyncio.run(run()) == (Refused("url_not_allowed"), 0)


def test_one_session_is_used_for_everything() -> None:
    async def run() -> int:
        async with far_end() as end, client_of(end.url) as client:
            for team in ("T1", "T2", "T3"):
                await client.call(team, "auth.test", {})
            await client.post(f"http://{LOOPBACK}:{end.port}/x", {})
            return end.connections

    assert asyncio.run(run()) == 1


def test_more_are_under_way_than_a_session_would_allow_by_itself() -> None:
    """A request that waits for a connection runs out of time, and nobody knows if it was sent."""
    most = 100  # connections at a time, as aiohttp comes

    async def run() -> tuple[set[type[Answer]], int]:
        begun = 0
        all_there = asyncio.Event()

        async def wait_for_all(writer: asyncio.StreamWriter) -> None:
            nonlocal begun
            begun += 1
            if begun > most:
                all_there.set()
            await all_there.wait()
            await saying({"ok": True})(writer)

        async with far_end(wait_for_all) as end, client_of(end.url) as client:
            calls = (client.call("T1", "auth.test", {}) for _ in range(most + 1))
            return {type(answer) for answer in await asyncio.gather(*calls)}, end.connections

    assert asyncio.run(run()) == ({Answered}, most + 1)
