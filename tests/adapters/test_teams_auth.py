"""Whoever is not the Bot Connector, speaking about this very activity, is not heard."""

import asyncio
import base64
import hmac
import json
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import jwt
import pytest
from botframework.connector.auth import (
    ChannelValidation,
    JwtTokenExtractor,
    SimpleCredentialProvider,
)
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.teams.auth import (
    FRESH,
    LARGEST_ANSWER,
    LONGEST,
    PUBLIC,
    REFETCH,
    RETRY,
    Cloud,
    Keys,
    LoopbackGate,
    TokenGate,
    Verdict,
    is_loopback,
    name_of_key,
    read_bearer,
    read_claims,
    read_keys,
)
from tests.adapters.teams.openid import KEYS, FakeOpenId
from tests.adapters.teams.signing import APP_ID, HOUR, ISSUER, Signer, make_key, publish

SERVICE = "https://smba.trafficmanager.net/emea/"
ACTIVITY = {"type": "message", "channelId": "msteams", "serviceUrl": SERVICE}
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
OK = 200


@dataclass
class Door:
    """A gate with the Connector's keys behind it, and a clock."""

    now: datetime = START
    issuer: str = ISSUER
    patience: timedelta = timedelta(seconds=20)
    signer: Signer = field(init=False)
    open_id: FakeOpenId = field(init=False)
    keys: Keys = field(init=False)
    gate: TokenGate = field(init=False)

    async def __aenter__(self) -> Self:
        self.signer = Signer(clock=self._seconds, issuer=self.issuer)
        self.open_id = await FakeOpenId(self.signer).__aenter__()
        cloud = Cloud(self.issuer, self.open_id.metadata_url)
        self.keys = Keys(cloud, timeout=self.patience)
        self.gate = TokenGate(APP_ID, self.keys)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.keys.close()
        await self.open_id.__aexit__()

    def _seconds(self) -> float:
        return self.now.timestamp()

    async def knock(self, token: str | None, activity: Any = ACTIVITY) -> int:
        """The status that a request with this token and activity gets."""
        return await self.show(None if token is None else f"Bearer {token}", activity)

    async def show(self, authorization: str | None, activity: Any = ACTIVITY) -> int:
        found = await self.gate.admit(authorization, "203.0.113.7", self.now)
        if isinstance(found, Verdict):
            return found.value
        return OK if found.covers(activity) else Verdict.FORBIDDEN.value

    def token(self, **more: object) -> str:
        return self.signer.token(SERVICE, **more)


Story = Callable[[Door], Awaitable[None]]


def play(story: Story, **about: Any) -> None:
    async def run() -> None:
        async with Door(**about) as door:
            await story(door)

    asyncio.run(run())


def test_true_token_is_true_to_microsofts_library_as_well() -> None:
    async def story(door: Door) -> None:
        # Its own way to the keys would hold up the loop on which they are published.
        metadata = JwtTokenExtractor.get_open_id_metadata(door.open_id.metadata_url)
        metadata.keys = list(door.signer.published.values())
        metadata.last_updated = datetime.now()  # noqa: DTZ005 - as the library has it.
        extractor = JwtTokenExtractor(
            ChannelValidation.TO_BOT_FROM_CHANNEL_TOKEN_VALIDATION_PARAMETERS,
            door.open_id.metadata_url,
            ["RS256"],
        )
        token = door.token()
        identity = await extractor.get_identity("Bearer", token, "msteams")
        credentials = SimpleCredentialProvider(APP_ID, "")
        known = await ChannelValidation.validate_identity(identity, credentials)
        assert known.get_claim_value("serviceurl") == SERVICE
        assert await door.knock(token) == OK
        # What it lets through and we do not: a token that is good for ever.
        endless = door.token(exp=None)
        assert await extractor.get_identity("Bearer", endless, "msteams") is not None
        assert await door.knock(endless) == 401

    # The library knows no other clock than the machine's.
    play(story, now=datetime.now(UTC))


# The table of forged tokens -----------------------------------------------------------------


def unsigned(header: object, claims: object, signature: bytes = b"x") -> str:
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def secret_of(name: str) -> bytes:
    """The public key as a secret: what a library is tricked into with `HS256`."""
    public = make_key(name).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.PEM, form)


def sign_with_secret(signer: Signer, secret: bytes) -> str:
    head, claims = {"alg": "HS256", "typ": "JWT", "kid": signer.name}, signer.claims(SERVICE)
    parts = unsigned(head, claims).rsplit(".", 1)[0]
    # The library refuses to make such a token, but not everybody uses it.
    signature = hmac.digest(secret, parts.encode(), "sha256")
    return f"{parts}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def by_entra(signer: Signer, tenant: str) -> str:
    """A true token for us of Entra's, which signs for every app that asks."""
    claims = signer.claims(SERVICE, iss=f"https://sts.windows.net/{tenant}/", tid=tenant, ver="1.0")
    return signer.sign(claims, key=make_key("entra"), headers={"kid": "entra"})


Forge = Callable[[Signer], str | None]

FORGED: dict[str, Forge] = {
    "none": lambda _: None,
    "garbage": lambda _: "garbage",
    "three parts of garbage": lambda _: "a.b.c",
    "forged key": lambda s: s.sign(s.claims(SERVICE), key=make_key("forger")),
    "unknown kid": lambda s: s.sign(s.claims(SERVICE), headers={"kid": "other"}),
    "forged key under its own name": lambda s: s.sign(
        s.claims(SERVICE), key=make_key("forger"), headers={"kid": "forger"}
    ),
    "no kid": lambda s: s.sign(s.claims(SERVICE), headers={}),
    "kid that is no text": lambda s: unsigned({"alg": "RS256", "kid": 7}, s.claims(SERVICE)),
    "alg none": lambda s: unsigned({"alg": "none", "kid": s.name}, s.claims(SERVICE), b""),
    "alg none with a signature": lambda s: unsigned(
        {"alg": "none", "kid": s.name}, s.claims(SERVICE)
    ),
    "HS256": lambda s: sign_with_secret(s, b"secret" * 8),
    "HS256 with the public key": lambda s: sign_with_secret(s, secret_of(s.name)),
    "RS512": lambda s: s.sign(s.claims(SERVICE), algorithm="RS512"),
    "PS256": lambda s: s.sign(s.claims(SERVICE), algorithm="PS256"),
    "another signature": lambda s: s.token(SERVICE)[:-8] + "AAAAAAAA",
    "claims changed": lambda s: _with_claims_of(
        s.token(SERVICE, aud="other"), s.token(SERVICE)
    ),
    "expired": lambda s: s.token(SERVICE, exp=int(s.clock()) - 301),
    "not yet": lambda s: s.token(SERVICE, nbf=int(s.clock()) + 301),
    "no exp": lambda s: s.token(SERVICE, exp=None),
    "exp that is no number": lambda s: s.token(SERVICE, exp="never"),
    "exp that is true": lambda s: s.token(SERVICE, exp=True),
    "exp at the end of time": lambda s: s.token(SERVICE, exp=10**400),
    "exp that is infinite": lambda s: s.token(SERVICE, exp=float("inf")),
    "exp that is not a number": lambda s: s.token(SERVICE, exp=float("nan")),
    "wrong aud": lambda s: s.token(SERVICE, aud="00000000-0000-4000-8000-0000000000ff"),
    "no aud": lambda s: s.token(SERVICE, aud=None),
    "several aud": lambda s: s.token(SERVICE, aud=[APP_ID, "other"]),
    "wrong iss": lambda s: s.token(SERVICE, iss="https://api.botframework.example"),
    "no iss": lambda s: s.token(SERVICE, iss=None),
    "several iss": lambda s: s.token(SERVICE, iss=[ISSUER]),
    "of the emulator": lambda s: s.token(
        SERVICE, iss="https://sts.windows.net/f8cdef31-a31e-4b4a-93e4-5f571e91255a/", ver="1.0"
    ),
    "of Entra for our tenant": lambda s: by_entra(s, "home"),
    "of Entra for another": lambda s: by_entra(s, "foreign"),
    "extension that must be understood": lambda s: s.sign(
        s.claims(SERVICE), headers={"kid": s.name, "crit": ["b64"], "b64": True}
    ),
    "too long": lambda s: s.token(SERVICE, padding="x" * 9_000),
}  # fmt: skip


def _with_claims_of(donor: str, token: str) -> str:
    head, _, signature = token.split(".")
    return f"{head}.{donor.split('.')[1]}.{signature}"


@pytest.mark.parametrize("name", FORGED)
def test_forged_tokens_are_refused(name: str) -> None:
    async def story(door: Door) -> None:
        with warnings.catch_warnings():
            # Forging makes the library warn of what it makes.
            warnings.simplefilter("ignore")
            token = FORGED[name](door.signer)
        assert await door.knock(token) == 401
        # It is not for want of keys: a true token is let in.
        assert await door.knock(door.token()) == OK
        assert await door.knock(token) == 401

    play(story)


def test_no_key_is_looked_for_of_what_is_signed_in_another_way() -> None:
    signer = Signer()
    assert name_of_key(signer.token(SERVICE)) == signer.name
    other_ways = ("alg none", "HS256", "RS512", "PS256", "extension that must be understood")
    for name in ("no kid", "kid that is no text", *other_ways):
        token = FORGED[name](signer)
        assert token is not None
        assert name_of_key(token) is None


@pytest.mark.parametrize(
    "activity",
    [
        ACTIVITY | {"serviceUrl": "https://smba.trafficmanager.net/amer/"},
        ACTIVITY | {"serviceUrl": "https://smba.trafficmanager.net/emea"},
        ACTIVITY | {"serviceUrl": "https://evil.example/"},
        ACTIVITY | {"serviceUrl": "http://169.254.169.254/"},
        ACTIVITY | {"serviceUrl": None},
        ACTIVITY | {"serviceUrl": [SERVICE]},
        ACTIVITY | {"channelId": "webchat"},
        ACTIVITY | {"channelId": "unendorsed"},
        ACTIVITY | {"channelId": None},
        ACTIVITY | {"channelId": "MSTEAMS"},
        {},
    ],
)
def test_true_token_is_for_its_own_service_and_channel_alone(activity: Any) -> None:
    async def story(door: Door) -> None:
        assert await door.knock(door.token()) == OK
        assert await door.knock(door.token(), activity) == 403

    play(story)


def test_token_for_no_service_is_for_no_activity() -> None:
    async def story(door: Door) -> None:
        for service in (None, "", 7):
            token = door.token(serviceurl=service)
            assert await door.knock(token, ACTIVITY | {"serviceUrl": service}) == 403

    play(story)


@pytest.mark.parametrize("endorsements", [(), ("webchat",)])
def test_key_that_is_not_endorsed_for_teams_says_nothing(endorsements: tuple[str, ...]) -> None:
    async def story(door: Door) -> None:
        door.signer.endorsements = endorsements
        door.signer.publish(door.signer.name)
        assert await door.knock(door.token()) == 403

    play(story)


def test_clocks_may_be_five_minutes_apart() -> None:
    async def story(door: Door) -> None:
        seconds = int(START.timestamp())
        for about in ({"exp": seconds - 299}, {"nbf": seconds + 299}, {"nbf": None}):
            assert await door.knock(door.token(**about)) == OK
        for about in ({"exp": seconds - 300}, {"nbf": seconds + 301}):
            assert await door.knock(door.token(**about)) == 401
        # It is our clock that counts, not the machine's.
        token = door.token()
        door.now += timedelta(seconds=HOUR + 300)
        assert await door.knock(token) == 401

    play(story)


def test_header_has_one_form() -> None:
    async def story(door: Door) -> None:
        token = door.token()
        assert await door.show(f"bearer {token}") == OK
        wrong = (token, f"Basic {token}", f"Bearer {token} x", f"Bearer  {token}", "Bearer", "")
        for authorization in (*wrong, f"Bearer {token}\n", f"Bearer {token}é", "\ud800"):
            assert await door.show(authorization) == 401

    play(story)


def test_tokens_of_another_cloud_are_not_ours() -> None:
    async def story(door: Door) -> None:
        assert await door.knock(door.token()) == OK
        assert await door.knock(door.token(iss=PUBLIC.issuer)) == 401

    play(story, issuer="https://api.botframework.us")


@given(st.text(max_size=200), st.binary(max_size=80), st.binary(max_size=80))
@settings(max_examples=60)
def test_no_header_makes_anything_raise(text: str, head: bytes, claims: bytes) -> None:
    key = read_keys({"keys": [publish("key-1", make_key("key-1"))]})["key-1"]
    parts = (base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (head, claims, b"x"))
    for token in (text, ".".join(parts), read_bearer(text) or "..."):
        assert name_of_key(token) is None
        assert read_claims(token, key) is None
        assert read_claims(token) is None or isinstance(read_claims(token), dict)


def test_claims_that_nest_without_end_are_none() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 100_000).decode().rstrip("=")
    head = base64.urlsafe_b64encode(b'{"alg": "RS256", "kid": "k"}').decode().rstrip("=")
    assert read_claims(f"{head}.{deep}.eA") is None
    assert name_of_key(f"{deep}.{deep}.eA") is None


# Keys ---------------------------------------------------------------------------------------


def test_keys_are_asked_for_once_a_day() -> None:
    async def story(door: Door) -> None:
        assert door.open_id.asked == 0
        statuses = await asyncio.gather(*(door.knock(door.token()) for _ in range(20)))
        assert (statuses, door.open_id.asked) == ([OK] * 20, 1)
        door.now += FRESH - timedelta(seconds=1)
        assert (await door.knock(door.token()), door.open_id.asked) == (OK, 1)
        door.now += timedelta(seconds=1)
        assert await door.knock(door.token()) == OK
        # Nobody waited for that, so it may yet be on its way.
        await door.keys.find("nobody", door.now)
        assert door.open_id.asked == 2

    play(story)


def test_new_key_is_known_at_once_and_the_old_one_no_more() -> None:
    async def story(door: Door) -> None:
        old = door.token()
        assert await door.knock(old) == OK
        door.now += REFETCH
        door.signer.roll_over("key-2")
        assert (await door.knock(door.token()), door.open_id.asked) == (OK, 2)
        assert await door.knock(old) == 401

    play(story)


def test_unknown_keys_are_looked_for_once_a_minute() -> None:
    async def story(door: Door) -> None:
        assert await door.knock(door.token()) == OK

        async def forge() -> None:
            for each in range(20):
                name = f"made-up-{each}"
                claims = door.signer.claims(SERVICE)
                token = door.signer.sign(claims, headers={"kid": name})
                assert await door.knock(token) == 401

        await forge()
        assert door.open_id.asked == 1
        door.now += REFETCH
        await forge()
        assert door.open_id.asked == 2

    play(story)


def test_no_key_is_looked_for_of_what_is_worth_nothing_with_any() -> None:
    async def story(door: Door) -> None:
        for about in ({"aud": "other"}, {"iss": "other"}, {"exp": None}):
            assert await door.knock(door.token(**about)) == 401
        assert await door.knock(by_entra(door.signer, "home")) == 401
        assert door.open_id.asked == 0

    play(story)


@pytest.mark.parametrize(
    "fault", [500, 302, "hang", "garbage", "deep", {"issuer": ISSUER}, [1], {}]
)
def test_without_keys_nobody_can_say_and_they_are_soon_asked_for_again(fault: Any) -> None:
    async def story(door: Door) -> None:
        door.open_id.faults.extend([fault])
        assert await door.knock(door.token()) == 503
        # Not at once: all who wait would ask.
        assert (await door.knock(door.token()), door.open_id.asked) == (503, 1)
        assert await door.knock(None) == 401
        door.now += RETRY
        assert (await door.knock(door.token()), door.open_id.asked) == (OK, 2)

    play(story, **({"patience": timedelta(seconds=2)} if fault == "hang" else {}))


def test_keys_are_used_for_some_days_while_there_are_no_new_ones() -> None:
    async def story(door: Door) -> None:
        assert await door.knock(door.token()) == OK
        door.open_id.faults.extend([503] * 9)
        door.now += LONGEST - timedelta(seconds=1)
        assert await door.knock(door.token()) == OK
        await door.keys.find("nobody", door.now)
        assert door.open_id.asked == 2
        door.now += RETRY
        assert await door.knock(door.token()) == 503
        door.open_id.faults.clear()
        door.now += RETRY
        assert await door.knock(door.token()) == OK

    play(story)


def test_who_waits_for_keys_holds_nobody_up() -> None:
    async def story(door: Door) -> None:
        door.open_id.faults.extend(["hang"])
        waiting = asyncio.create_task(door.knock(door.token()))
        while not door.open_id.asked:  # noqa: ASYNC110 - it is asked in a server.
            await asyncio.sleep(0.01)
        for _ in range(5):
            await asyncio.sleep(0.01)
        assert not waiting.done()
        door.open_id.let_go()
        assert await waiting == 503

    play(story)


def test_keys_are_asked_for_once_at_a_time() -> None:
    async def story(door: Door) -> None:
        door.open_id.faults.extend(["hang"])
        first = asyncio.create_task(door.knock(door.token()))
        while not door.open_id.asked:  # noqa: ASYNC110 - it is asked in a server.
            await asyncio.sleep(0.01)
        door.now += RETRY
        second = asyncio.create_task(door.knock(door.token()))
        await asyncio.sleep(0.01)
        door.open_id.let_go()
        assert (await first, await second, door.open_id.asked) == (503, 503, 1)
        assert await door.knock(door.token()) == OK

    play(story)


def test_who_goes_away_does_not_take_the_answer_with_them() -> None:
    async def story(door: Door) -> None:
        gone = asyncio.create_task(door.knock(door.token()))
        await asyncio.sleep(0)
        gone.cancel()
        assert (await door.knock(door.token()), door.open_id.asked) == (OK, 1)

    play(story)


def test_keys_come_from_no_unsafe_address() -> None:
    async def story(door: Door) -> None:
        for url in ("http://127.0.0.1:9/keys", "http://169.254.169.254/keys", "file:///etc/x", "x"):
            door.open_id.jwks_uri = url
            assert await door.knock(door.token()) == 503
            door.now += RETRY
        assert door.open_id.asked == 4

    play(story)


def test_answer_without_end_is_not_read() -> None:
    async def story(door: Door) -> None:
        true = {"issuer": ISSUER, "jwks_uri": door.open_id.origin + KEYS}
        door.open_id.faults.extend([true | {"padding": "x" * LARGEST_ANSWER}, true])
        assert await door.knock(door.token()) == 503
        door.now += RETRY
        assert await door.knock(door.token()) == OK

    play(story)


def test_keys_of_another_issuer_are_not_taken() -> None:
    async def story(door: Door) -> None:
        door.signer.issuer = "https://evil.example"
        assert await door.knock(door.token(iss=ISSUER)) == 503

    play(story)


def test_keys_that_cannot_be_used_are_left_out() -> None:
    good = publish("good", make_key("key-1"), "msteams")
    private = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(make_key("key-1")))
    published = {
        "keys": [
            good,
            good | {"kid": None},
            good | {"kid": ""},
            good | {"kid": "encrypts", "use": "enc"},
            good | {"kid": "broken", "n": "?"},
            {"kid": "elliptic", "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
            {"kid": "secret", "kty": "oct", "k": "c2VjcmV0"},
            {"kid": "private", **private},
            publish("short", make_key("short", 1_024), "msteams"),
            "nothing",
            None,
        ]
    }
    found = read_keys(published)
    assert set(found) == {"good"}
    assert found["good"].endorsements == {"msteams"}
    for nothing in ({}, {"keys": None}, {"keys": {"kid": "x"}}):
        assert read_keys(nothing) == {}


def test_key_is_not_shown() -> None:
    key = read_keys({"keys": [publish("key-1", make_key("key-1"))]})["key-1"]
    assert "RSA" not in repr(key)


# Who needs no token -------------------------------------------------------------------------


def test_gate_without_an_app_is_refused() -> None:
    for app_id in ("", "  "):
        with pytest.raises(ValueError, match="app id"):
            TokenGate(app_id, Keys())


HERE = "127.0.0.1:3978"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.5", "example.org", "localhost.x"])
def test_without_tokens_we_listen_on_this_machine_alone(host: str) -> None:
    with pytest.raises(ValueError, match="this machine"):
        LoopbackGate(host)


@pytest.mark.parametrize(
    ("peer", "service_url", "status"),
    [
        ("127.0.0.1", "http://localhost:56150/_connector", OK),
        ("::1", "http://[::1]:56150/_connector", OK),
        ("127.0.0.1", "http://127.0.0.1:56150/", OK),
        ("127.0.0.1", "https://smba.trafficmanager.net/emea/", 403),
        ("127.0.0.1", "http://127.0.0.1.evil.example/", 403),
        ("127.0.0.1", "http://127.0.0.1@evil.example/", 403),
        ("127.0.0.1", "http://[::1", 403),
        ("127.0.0.1", "", 403),
        ("127.0.0.1", None, 403),
        ("10.0.0.5", "http://localhost:56150/_connector", 403),
        (None, "http://localhost:56150/_connector", 403),
    ],
)
def test_without_tokens_everything_stays_on_this_machine(
    peer: str | None, service_url: str | None, status: int
) -> None:
    async def run() -> None:
        found = await LoopbackGate("127.0.0.1").admit(None, peer, START, {"Host": HERE})
        if isinstance(found, Verdict):
            assert found.value == status
        else:
            activity = {"channelId": "msteams", "serviceUrl": service_url}
            assert found.covers(activity) is (status == OK)
            assert not found.covers(activity | {"channelId": "webchat"})

    asyncio.run(run())


@pytest.mark.parametrize(
    ("headers", "is_let_in"),
    [
        ({"Host": HERE}, True),
        ({"Host": "localhost"}, True),
        ({"Host": "[::1]:3978", "Origin": "http://localhost:56150"}, True),
        ({}, False),
        ({"Host": ""}, False),
        ({"Host": "evil.example"}, False),
        ({"Host": "127.0.0.1@evil.example"}, False),
        ({"Host": "[::1"}, False),
        ({"Host": "x.trycloudflare.com"}, False),
        ({"Host": HERE, "Origin": "https://evil.example"}, False),
        ({"Host": HERE, "Origin": "null"}, False),
        ({"Host": HERE, "X-Forwarded-For": "203.0.113.7"}, False),
        ({"Host": HERE, "x-forwarded-host": "bot.example.org"}, False),
        ({"Host": HERE, "Forwarded": "for=203.0.113.7"}, False),
        ({"Host": HERE, "Via": "1.1 proxy"}, False),
        ({"Host": HERE, "X-Real-IP": "203.0.113.7"}, False),
    ],
)
def test_without_tokens_nobody_is_heard_through_a_proxy_or_a_page(
    headers: dict[str, str], is_let_in: bool
) -> None:
    found = asyncio.run(LoopbackGate("127.0.0.1").admit(None, "127.0.0.1", START, headers))
    assert isinstance(found, Verdict) is not is_let_in
    assert is_let_in or found is Verdict.FORBIDDEN


def test_loopback_is_told_by_the_address_itself() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "::1", "localhost", "LOCALHOST")))
    assert not any(map(is_loopback, (None, "", "0.0.0.0", "::", "192.168.0.1", "loopback")))
