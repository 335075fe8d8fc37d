"""Calls to the Bot Connector: what became of each is told, nothing is sent twice, and the token
goes nowhere else."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from adapters.teams import client as module
from adapters.teams.client import (
    NO_IDENTITY,
    NO_LOGIN,
    NOT_ALLOWED,
    PAUSE,
    Answer,
    Answered,
    Credentials,
    Doubtful,
    Identity,
    NotSent,
    Refused,
    Slow,
    TeamsClient,
    is_allowed,
)
from tests.adapters.far_end import (
    LOOPBACK,
    Act,
    FarEnd,
    Heard,
    break_off,
    far_end,
    hang,
    reset,
    saying,
)

PASSWORD = "pass-word"
CREDENTIALS = Credentials("app-id", PASSWORD, "tenant/1")
WORDS = "words between two people"
PATIENCE = timedelta(seconds=30)
HURRY = timedelta(seconds=2)
"""Of who waits for what does not come, after a login."""


def token(value: str = "t1", seconds: object = 3_600) -> Act:
    return saying({"token_type": "Bearer", "expires_in": seconds, "access_token": value})


SENT = saying({"id": "1:a"}, status=201)


@asynccontextmanager
async def client_of(
    end: FarEnd,
    credentials: Credentials | None = CREDENTIALS,
    patience: timedelta = PATIENCE,
    login: FarEnd | None = None,
) -> AsyncIterator[TeamsClient]:
    client = TeamsClient(credentials, local=end.url, login_url=(login or end).url, timeout=patience)
    try:
        yield client
    finally:
        await client.close()


async def post(client: TeamsClient, end: FarEnd) -> Answer:
    return await client.call(
        end.url, "POST", ["conversations", "19:a@thread.v2", "activities"], {"text": WORDS}
    )


def call(*acts: Act, patience: timedelta = PATIENCE) -> tuple[Answer, list[Heard]]:
    """One call to a server that acts so once there is a token, and what the server heard."""

    async def run() -> tuple[Answer, list[Heard]]:
        async with (
            far_end(token()) as login,
            far_end(*acts) as end,
            client_of(end, patience=patience, login=login) as client,
        ):
            return await post(client, end), end.heard

    return asyncio.run(run())


# --- what is sent ------------------------------------------------------------------------


def test_call_carries_the_token_in_its_header_and_nowhere_else() -> None:
    answer, [heard] = call(SENT)
    assert answer == Answered({"id": "1:a"})
    assert heard.line == "POST /api/v3/conversations/19%3Aa%40thread.v2/activities HTTP/1.1"
    assert heard.headers["authorization"] == "Bearer t1"
    assert heard.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(heard.body) == {"text": WORDS}


def test_pieces_of_a_path_stay_pieces() -> None:
    async def run() -> str:
        async with far_end(SENT) as end, client_of(end, None) as client:
            await client.call(end.url, "PUT", ["conversations", "../x?y#z;messageid=1", "%2f"], {})
            return end.heard[0].line

    line = asyncio.run(run())
    assert line == "PUT /api/v3/conversations/..%2Fx%3Fy%23z%3Bmessageid%3D1/%252f HTTP/1.1"


def test_login_asks_with_the_secret_in_the_body() -> None:
    async def run() -> list[Heard]:
        async with far_end(token(), SENT) as end, client_of(end) as client:
            await post(client, end)
            return end.heard

    login, _ = asyncio.run(run())
    assert login.line == "POST /api/tenant%2F1/oauth2/v2.0/token HTTP/1.1"
    assert parse_qs(login.body) == {
        "grant_type": ["client_credentials"],
        "client_id": ["app-id"],
        "client_secret": [PASSWORD],
        "scope": ["https://api.botframework.com/.default"],
    }


# --- the token ---------------------------------------------------------------------------


def test_token_is_asked_for_once_by_all() -> None:
    async def run() -> tuple[list[Answer], int]:
        async with (
            far_end(token()) as login,
            far_end(SENT) as end,
            client_of(end, login=login) as client,
        ):
            answers = await asyncio.gather(*(post(client, end) for _ in range(5)))
            answers.append(await post(client, end))
            return answers, len(login.heard)

    answers, logins = asyncio.run(run())
    assert (set(map(type, answers)), logins) == ({Answered}, 1)


def test_token_is_renewed_before_its_end_and_good_meanwhile() -> None:
    async def run() -> list[str]:
        acts = [token("t1", "100"), token("t2"), saying({}, status=500)]
        async with (
            far_end(*acts) as login,
            far_end(SENT) as end,
            client_of(end, login=login) as client,
        ):
            await post(client, end)
            held = client._token
            assert held is not None
            # A token that is short-lived is renewed after half of its time.
            assert held.ends_at - held.renewed_at == pytest.approx(50)
            client._token = replace(held, renewed_at=0.0)
            await post(client, end)
            assert client._logging_in is not None
            await client._logging_in
            await post(client, end)
            return [heard.headers["authorization"] for heard in end.heard]

    assert asyncio.run(run()) == ["Bearer t1", "Bearer t1", "Bearer t2"]


def test_token_that_was_taken_back_is_replaced_once() -> None:
    async def run(*acts: Act) -> tuple[Answer, list[str]]:
        async with (
            far_end(token("t1"), token("t2")) as login,
            far_end(*acts) as end,
            client_of(end, login=login) as client,
        ):
            return await post(client, end), [h.headers["authorization"] for h in end.heard]

    refused = saying({"error": {"code": "Unauthorized"}}, status=401)
    assert asyncio.run(run(refused, SENT)) == (
        Answered({"id": "1:a"}),
        ["Bearer t1", "Bearer t2"],
    )
    assert asyncio.run(run(refused)) == (Refused(401, "Unauthorized"), ["Bearer t1", "Bearer t2"])


@pytest.mark.parametrize(
    ("act", "answer"),
    [
        (saying({"error": "invalid_client"}, status=401), Refused(401, "invalid_client")),
        (saying({"error": "a b"}, status=400), Refused(401, "http_400")),
        (saying("", status=404), Refused(401, "http_404")),
        (saying({}, status=429), NotSent(NO_LOGIN)),
        (saying({}, status=503), NotSent(NO_LOGIN)),
        (saying("no json"), NotSent(NO_LOGIN)),
        (saying({"access_token": "t", "expires_in": "soon"}), NotSent(NO_LOGIN)),
        (saying({"access_token": "t", "expires_in": -1}), NotSent(NO_LOGIN)),
        (saying({"access_token": 7, "expires_in": 3_600}), NotSent(NO_LOGIN)),
        (reset, NotSent(NO_LOGIN)),
    ],
)
def test_without_a_token_nothing_is_sent_and_login_rests(
    act: Act, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOGIN_PAUSE", timedelta(minutes=1))

    async def run() -> tuple[list[Answer], int, int]:
        async with (
            far_end(act) as login,
            far_end(SENT) as end,
            client_of(end, login=login) as client,
        ):
            answers = [await post(client, end) for _ in range(3)]
            return answers, len(login.heard), len(end.heard)

    assert asyncio.run(run()) == ([answer] * 3, 1, 0)


def test_login_that_hangs_is_not_waited_for() -> None:
    async def run() -> tuple[Answer, int]:
        async with (
            far_end(hang) as login,
            far_end(SENT) as end,
            client_of(end, login=login, patience=timedelta(seconds=0.2)) as client,
        ):
            return await post(client, end), len(end.heard)

    assert asyncio.run(run()) == (NotSent(NO_LOGIN), 0)


# --- a managed identity ------------------------------------------------------------------


def ask_machine(*acts: Act, proof: str | None = None) -> tuple[Answer, Answer, list[Heard]]:
    """Two calls of a bot with a managed identity, and what the machine was asked."""

    async def run() -> tuple[Answer, Answer, list[Heard]]:
        async with far_end(*acts) as machine, far_end(SENT) as end:
            identity = Identity("app-id", "tenant/1", f"{machine.url}identity?x=1", proof)
            client = TeamsClient(identity, local=end.url, timeout=PATIENCE)
            answers = await post(client, end), await post(client, end)
            await client.close()
            for heard in end.heard:
                assert heard.headers["authorization"] == "Bearer t1"
            return *answers, machine.heard

    return asyncio.run(run())


def test_virtual_machine_is_asked_for_the_token_of_its_identity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A proxy would be asked for the token of the machine that it runs on itself.
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module, "find_proxy", lambda _: None)
    first, second, [heard] = ask_machine(token(seconds="86399"))
    assert first == second == Answered({"id": "1:a"})
    verb, url, _ = heard.line.split()
    path, _, query = url.partition("?")
    assert (verb, path, heard.body) == ("GET", "/api/identity", "")
    assert parse_qs(query) == {
        "x": ["1"],
        "api-version": ["2018-02-01"],
        "resource": ["https://api.botframework.com"],
        "client_id": ["app-id"],
    }
    assert heard.headers["metadata"] == "true"
    assert "x-identity-header" not in heard.headers


def test_app_service_is_shown_what_it_gave_and_says_no_time() -> None:
    told = saying({"access_token": "t1", "expires_on": "1772460000", "token_type": "Bearer"})
    first, second, [heard] = ask_machine(told, proof="it-is-us")
    assert first == second == Answered({"id": "1:a"})
    assert "api-version=2019-08-01" in heard.line
    assert heard.headers["x-identity-header"] == "it-is-us"


@pytest.mark.parametrize(
    ("act", "answer"),
    [
        (saying({"error": "invalid_request"}, status=400), Refused(401, NO_IDENTITY)),
        (saying({"statusCode": 400, "message": "none"}, status=400), Refused(401, NO_IDENTITY)),
        (saying("", status=403), Refused(401, NO_IDENTITY)),
        (saying("", status=404), NotSent(NO_LOGIN)),
        (saying("", status=302, Location="https://evil.example/"), NotSent(NO_LOGIN)),
        (saying("", status=429), NotSent(NO_LOGIN)),
        (saying("", status=500), NotSent(NO_LOGIN)),
        (saying({"expires_in": 3_600}), NotSent(NO_LOGIN)),
        (saying({"access_token": "t1", "expires_in": "0"}), NotSent(NO_LOGIN)),
        (reset, NotSent(NO_LOGIN)),
    ],
)
def test_without_an_identity_nothing_is_sent(
    act: Act, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOGIN_PAUSE", timedelta(minutes=1))
    first, second, heard = ask_machine(act)
    assert (first, second) == (answer, answer)
    # Over a connection that breaks aiohttp asks once more, which takes nothing from anybody.
    assert len(heard) == (2 if act is reset else 1)


def test_what_is_shown_to_the_machine_is_no_text_of_ours() -> None:
    assert "it-is-us" not in repr(Identity("app-id", "tenant", "http://x", "it-is-us"))


def test_login_can_be_tried() -> None:
    async def run() -> list[object]:
        bad = saying({"error": "invalid_client"}, status=401)
        async with far_end(bad, token()) as login, client_of(login) as client:
            return [await client.check_login(), await client.check_login()]

    assert asyncio.run(run()) == [Refused(401, "invalid_client"), None]


def test_without_credentials_only_this_machine_is_written_to() -> None:
    async def run() -> tuple[Answer, Answer, dict[str, str]]:
        async with far_end(SENT) as end, client_of(end, None) as client:
            away = await client.call("https://smba.trafficmanager.net/emea/", "POST", ["x"], {})
            return await post(client, end), away, end.heard[0].headers

    answer, away, headers = asyncio.run(run())
    assert (type(answer), away) == (Answered, Refused(0, NOT_ALLOWED))
    assert "authorization" not in headers


# --- what became of it -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "answer"),
    [
        (saying({"id": "1"}, status=200), Answered({"id": "1"})),
        (saying("", status=202), Answered({})),
        (saying("[]", status=200), Doubtful("unreadable")),
        (saying("<html>", status=200, kind="text/html"), Doubtful("unreadable")),
        (saying({"error": {"code": "BadSyntax", "message": WORDS}}, 400),
         Refused(400, "BadSyntax")),
        (saying({"error": {"code": "MessageWritesBlocked"}}, 403),
         Refused(403, "MessageWritesBlocked")),
        (saying({"error": {"code": "x", "message": '{"subCode":"MessageWritesBlocked"}'}}, 403),
         Refused(403, "MessageWritesBlocked")),
        (saying({"error": {"code": "with blanks " + WORDS}}, 403), Refused(403, "http_403")),
        (saying({"message": WORDS}, 404), Refused(404, "http_404")),
        (saying("<html>", 413, kind="text/html"), Refused(413, "http_413")),
        (saying({"error": {"code": "PreconditionFailed"}}, 412),
         Refused(412, "PreconditionFailed")),
        (saying("", 429, Retry_After="7"), Slow(timedelta(seconds=7))),
        (saying("", 429, Retry_After="0"), Slow(timedelta(seconds=1))),
        (saying("", 429, Retry_After="soon"), Slow(PAUSE)),
        (saying("", 429), Slow(PAUSE)),
        (saying("", 408), Doubtful("http_408")),
        (saying("", 500), Doubtful("http_500")),
        (saying("", 502), Doubtful("http_502")),
        (saying("", 504), Doubtful("http_504")),
        (saying("", 302, Location="https://evil.example/"), Refused(302, "http_302")),
        (reset, Doubtful("ServerDisconnectedError")),
        (break_off, Doubtful("ClientPayloadError")),
    ],
)  # fmt: skip
def test_outcome_of_a_call_is_told(act: Act, answer: Answer) -> None:
    told, heard = call(act)
    assert told == answer
    assert len(heard) == 1
    assert WORDS not in repr(told)


def test_answer_that_never_comes_is_doubtful() -> None:
    answer, heard = call(hang, patience=HURRY)
    assert (type(answer), len(heard)) == (Doubtful, 1)


def test_nobody_there_is_certain() -> None:
    async def run() -> Answer:
        async with far_end(token()) as login:
            with socket.socket() as taken:
                taken.bind((LOOPBACK, 0))
                away = FarEnd(port=taken.getsockname()[1])
                async with client_of(away, login=login) as client:
                    return await post(client, away)

    assert asyncio.run(run()) == NotSent("ClientConnectorError")


def test_answer_of_endless_length_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_ANSWER", 100)
    answer, _ = call(saying({"id": "x" * 200}, status=201))
    assert answer == Doubtful("unreadable")


# --- where it goes -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://smba.trafficmanager.net/emea/",
        "https://smba.trafficmanager.net/amer/8f0b2c54-1111-2222-3333-0123456789ab/",
        "https://SMBA.trafficmanager.net:443/teams",
        "https://smba.infra.gcc.teams.microsoft.com/gcc",
        "https://europe.webchat.botframework.com/",
        f"http://{LOOPBACK}:3978/api",
        "http://localhost:3978/_connector",
        "http://[::1]:3978/",
    ],
)
def test_servers_of_teams_are_written_to(url: str) -> None:
    assert is_allowed(url, f"http://{LOOPBACK}:3978/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://smba.infra.gov.teams.microsoft.us/gcch",
        "https://smba.infra.dod.teams.microsoft.us/dod",
        "https://gov.webchat.botframework.us/",
        "http://smba.trafficmanager.net/emea/",
        "https://smba.trafficmanager.net:8443/",
        "https://smba.trafficmanager.net.evil.example/",
        "https://evil.example/smba.trafficmanager.net",
        "https://smba.trafficmanager.net@evil.example/",
        "https://user:pass@smba.trafficmanager.net/",
        "https://evil.trafficmanager.net/",
        "https://evilbotframework.com/",
        "https://botframework.com.evil.example/",
        "https://smba.trafficmanager.net/?x=",
        "https://smba.trafficmanager.net/x#y",
        "https://smba.trafficmanager.net\\@evil.example/",
        "http://169.254.169.254/",
        f"http://{LOOPBACK}:3979/",
        f"https://{LOOPBACK}:3978/",
        "http://localhost:3979/",
        "http://localhost.evil.example:3978/",
        "http://10.0.0.1:3978/",
        "http://[::1",
        "ftp://smba.trafficmanager.net/",
    ],
)
def test_nobody_else_is_written_to(url: str) -> None:
    assert not is_allowed(url, f"http://{LOOPBACK}:3978/")


def test_local_server_is_one_on_this_machine() -> None:
    assert not is_allowed("http://10.0.0.1:3978/", "http://10.0.0.1:3978/")
    assert not is_allowed(f"http://{LOOPBACK}:3978/", "http://10.0.0.1:3978/")
    assert not is_allowed(f"http://{LOOPBACK}:3978/")


def test_call_to_elsewhere_is_refused_unasked() -> None:
    async def run() -> tuple[Answer, int]:
        async with far_end(token()) as end, client_of(end) as client:
            answer = await client.call("https://evil.example/", "POST", ["x"], {})
            return answer, len(end.heard)

    assert asyncio.run(run()) == (Refused(0, NOT_ALLOWED), 0)


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        call(SENT)
        call(saying({"error": {"code": "x", "message": WORDS}}, 400))
    said = caplog.text
    assert not [secret for secret in (WORDS, PASSWORD, "t1") if secret in said]
    assert PASSWORD not in repr(CREDENTIALS)


def test_client_can_be_closed_and_used_again() -> None:
    async def run() -> list[Any]:
        async with far_end(token(), SENT) as end, client_of(end) as client:
            first = await post(client, end)
            await client.close()
            return [type(first), type(await post(client, end))]

    assert asyncio.run(run()) == [Answered, Answered]
