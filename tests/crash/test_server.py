"""The strict platform keeps its limits and its ledger, and its client reads it rightly."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from bot.ids import WorkspaceId
from bot.message import say
from bot.outbox import Ambiguous, Delivery, Limited, Never, Outcome, Priority, Sent, TryLater
from tests.crash.platform import HttpPlatform, LookUpFailed, limits_of
from tests.crash.server import LOOPBACK, Platform, State, make_app
from tests.crash.terms import CONVERSATION, Fault, Limiter, Terms


def delivery(key: str = "a", to: str = "U1", edits: str | None = None) -> Delivery:
    return Delivery(
        id=1,
        key=key,
        workspace=WorkspaceId("here"),
        address=to,
        direct=True,
        message=say("Hello"),
        kind="test",
        priority=Priority.TIP,
        edits=edits,
        conversation=f"D{to[1:]}" if edits else None,
    )


@asynccontextmanager
async def run(terms: Terms, patience: float) -> AsyncIterator[tuple[Platform, HttpPlatform]]:
    app = make_app(terms)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    client = HttpPlatform(
        f"http://{LOOPBACK}:{runner.addresses[0][1]}",
        terms.profile,
        limits_of(terms.profile, None),
        patience,
    )
    try:
        yield app[State], client
    finally:
        await client.close()
        await runner.cleanup()


def talk(terms: Terms, story: Callable[[Platform, HttpPlatform], Awaitable[None]]) -> None:
    """Only where an answer is kept back it is waited for shortly: a busy machine is slow."""
    is_kept_back = not terms.faults.keys().isdisjoint({"hang_after", "late"})

    async def tell() -> None:
        async with run(terms, 1.0 if is_kept_back else 30.0) as (platform, client):
            await story(platform, client)

    asyncio.run(tell())


def deliver_once(terms: Terms) -> tuple[Outcome, dict[str, Any]]:
    told: list[tuple[Outcome, dict[str, Any]]] = []

    async def story(platform: Platform, client: HttpPlatform) -> None:
        outcome = await client.deliver(delivery())
        told.append((outcome, platform.ledger()))

    talk(terms, story)
    return told[0]


def test_an_accepted_message_stands_in_the_ledger_and_in_the_history() -> None:
    async def story(platform: Platform, client: HttpPlatform) -> None:
        sent = await client.deliver(delivery())
        assert isinstance(sent, Sent)
        assert sent.conversation == "D1"
        assert platform.posted == {"here/a": 1}
        assert await client.find_delivered(delivery()) == sent
        assert await client.find_delivered(delivery("b")) is None
        assert isinstance(await client.deliver(delivery("b", edits=sent.external)), Sent)
        assert (platform.posted, platform.updated) == ({"here/a": 1}, {"here/b": 1})
        assert await client.find_delivered(delivery("b", edits=sent.external)) == sent
        assert await client.deliver(delivery("c", edits="gone")) == Never("message_not_found")

    talk(Terms(), story)


def test_a_message_shows_only_when_the_history_has_settled() -> None:
    async def story(platform: Platform, client: HttpPlatform) -> None:
        await client.deliver(delivery())
        assert await client.find_delivered(delivery()) is None
        platform.conversations["here", "D1"][0].visible_at = 0
        assert await client.find_delivered(delivery()) is not None

    talk(Terms(settle=60), story)


def test_the_history_is_read_to_its_end() -> None:
    async def story(platform: Platform, client: HttpPlatform) -> None:
        for number in range(250):
            platform.accept("here", "D1", f"k{number}", None)
        assert await client.find_delivered(delivery("k0")) is not None
        assert platform.history_calls == 3

    talk(Terms(), story)


def test_a_history_that_fails_says_nothing() -> None:
    async def story(_platform: Platform, client: HttpPlatform) -> None:
        with pytest.raises(LookUpFailed):
            await client.find_delivered(delivery())

    talk(Terms(history_errors=1.0), story)


@pytest.mark.parametrize(
    ("fault", "accepted"),
    [
        ("error_before", 0),
        ("error_after", 1),
        ("reset_before", 0),
        ("reset_after", 1),
        ("hang_after", 1),
        ("truncated", 1),
    ],
)
def test_nobody_can_say_what_a_fault_has_done(fault: Fault, accepted: int) -> None:
    outcome, ledger = deliver_once(Terms(faults={fault: 1.0}))
    assert isinstance(outcome, Ambiguous)
    assert ledger["posted"].total() == accepted
    assert ledger["faults"] == {fault: 1}


def test_a_late_message_is_accepted_when_the_client_has_given_up() -> None:
    async def story(platform: Platform, client: HttpPlatform) -> None:
        assert isinstance(await client.deliver(delivery()), Ambiguous)
        assert (platform.posted, platform.late) == ({}, 1)
        async with asyncio.timeout(20):
            while platform.late:  # noqa: ASYNC110 - the server has no event for it.
                await asyncio.sleep(0.01)
        assert platform.posted == {"here/a": 1}

    talk(Terms(faults={"late": 1.0}, late=4.0), story)


def test_a_refused_key_is_refused_for_good() -> None:
    outcome, ledger = deliver_once(Terms(refused=1.0))
    assert outcome == Never("channel_not_found")
    assert (ledger["posted"], ledger["refused"]) == ({}, {"here/a": 1})


def test_a_revoked_token_is_no_end_of_a_letter() -> None:
    outcome, ledger = deliver_once(Terms(revoked=True))
    assert isinstance(outcome, TryLater)
    assert ledger["posted"] == {}


def test_a_server_that_is_not_there_has_taken_nothing() -> None:
    async def story(_platform: Platform, _client: HttpPlatform) -> None:
        nobody = HttpPlatform(f"http://{LOOPBACK}:1", "slack", limits_of("slack", None), 1.0)
        assert isinstance(await nobody.deliver(delivery()), TryLater)
        await nobody.close()

    talk(Terms(), story)


def test_too_much_is_refused_with_whole_seconds() -> None:
    async def story(platform: Platform, client: HttpPlatform) -> None:
        outcomes = [await client.deliver(delivery(str(n), f"U{n}")) for n in range(4)]
        assert [type(outcome) for outcome in outcomes] == [Sent, Sent, Sent, Limited]
        (refused,) = outcomes[3:]
        assert isinstance(refused, Limited)
        assert refused.after in {timedelta(seconds=seconds) for seconds in range(30, 61)}
        assert platform.ledger()["limited"] == 1

    talk(Terms(per_second=1 / 60, burst=3), story)


def test_a_lane_takes_its_rate_and_no_more() -> None:
    limiter = Limiter(Terms(per_second=10, burst=3))
    at = [limiter.admit("lane", str(n), 100.0 + n / 100) == 0 for n in range(1000)]
    assert sum(at) == pytest.approx(100, abs=3)
    assert at[:4] == [True, True, True, False]
    assert limiter.admit("other", "c", 100.0) == 0


def test_a_conversation_takes_its_rate_and_no_more() -> None:
    slack = Limiter(Terms(conversation=CONVERSATION["slack"]))
    assert [slack.admit("lane", "c", moment) for moment in (10.0, 10.5, 10.8)] == [0, 1, 0]
    assert slack.admit("lane", "other", 10.8) == 0
    teams = Limiter(Terms(conversation=CONVERSATION["teams"]))
    assert [teams.admit("lane", "c", 10.0) for _ in range(8)] == [0] * 7 + [1]
    # One more within two seconds, then none until the first seven are out of sight.
    assert [teams.admit("lane", "c", moment) for moment in (11.0, 11.1, 11.8)] == [0, 1, 0]


def test_the_same_seed_has_the_same_faults() -> None:
    faults: dict[Fault, float] = {"late": 0.1, "error_after": 0.2}
    one, other = (
        [Terms(seed=seed, faults=faults).fault_of("lane", str(n), 1) for n in range(1000)]
        for seed in ("1", "2")
    )
    assert one == [Terms(seed="1", faults=faults).fault_of("lane", str(n), 1) for n in range(1000)]
    assert one != other
    assert one.count("late") == pytest.approx(100, abs=40)
    assert one.count("error_after") == pytest.approx(200, abs=50)
