"""What operators ask a process over HTTP: does it live, may it get work, what has it counted."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import column, table, update

from adapters.web.app import create_app
from adapters.web.operation import Check, add_operations_routes
from bot.bootstrap.operation import operations
from bot.capabilities.questions.memory import Memory
from bot.clock import Clock, Tick
from bot.errors import Unavailable
from bot.metric import Count, Family, Kind, Level, Meters, Received, Spread
from storage.ballast import Ballast
from storage.database import Database
from storage.readiness import check_disk, check_store
from tests.databases import RELAY_KEY
from tests.permission import read_only
from tests.storage.example import ACME, BO, HOUR, NOW, letter


@asynccontextmanager
async def serving(
    checks: Mapping[str, Check], meters: Meters | None = None, patience: float = 20
) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    register = partial(
        add_operations_routes, checks=checks, meters=meters or Meters(), patience=patience
    )
    async with TestClient(TestServer(create_app([register]))) as client:
        yield client


def ask(
    path: str, checks: Mapping[str, Check], meters: Meters | None = None, patience: float = 20
) -> tuple[int, str]:
    async def go() -> tuple[int, str]:
        async with serving(checks, meters, patience) as client, client.get(path) as answer:
            return answer.status, await answer.text()

    return asyncio.run(go())


async def well() -> str | None:
    return None


async def unwell() -> str | None:
    return "The store is locked."


async def broken() -> str | None:
    raise RuntimeError("postgresql://ana:secret@host/db")


async def hanging() -> str | None:
    await asyncio.sleep(60)
    return None


LATE = 1.0
"""Seconds after which a clock counts as late in these tests."""
READY = (200, '{"status": "ready"}')


def test_it_lives_whatever_else_is_wrong() -> None:
    assert ask("/healthz", {"store": unwell}) == (200, '{"status": "ok"}')


TOKEN = "secret-of-somebody"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (f"Authorization: Bearer {TOKEN}{'x' * 10_000}\r\n\r\n", 400),
        (f"Authoriz\0ation: Bearer {TOKEN}\r\n\r\n", 400),
        (f"Transfer-Encoding: chunked\r\n\r\n{TOKEN}\r\n", 400),
        (f"Content-Encoding: gzip\r\nContent-Length: 18\r\n\r\n{TOKEN}", 500),
    ],
)
def test_what_is_no_http_leaves_nothing_in_the_log(
    caplog: pytest.LogCaptureFixture, request_: str, status: int
) -> None:
    caplog.set_level(logging.ERROR)
    told = send(f"POST /read HTTP/1.1\r\nHost: x\r\n{request_}")
    assert told.startswith(f"HTTP/1.{1 if status == 500 else 0} {status} ")
    assert caplog.records == []


def test_what_breaks_in_us_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    told = send("POST /broken HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    assert told.startswith("HTTP/1.1 500 ")
    (record,) = caplog.records
    assert record.name == "aiohttp.server"
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def send(request: str) -> str:
    """What a server answers that reads the body, or breaks."""

    async def read(request: web.Request) -> web.Response:
        await request.read()
        return web.Response()

    async def break_(_request: web.Request) -> web.Response:
        raise ZeroDivisionError

    def register(app: web.Application) -> None:
        app.router.add_post("/read", read)
        app.router.add_post("/broken", break_)

    async def go() -> str:
        async with TestServer(create_app([register])) as server:
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(request.encode())
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)
            writer.close()
            return answer.decode()

    return asyncio.run(go())


def test_it_is_ready_when_all_is_well() -> None:
    assert ask("/readyz", {"store": well, "clock": well}) == READY
    assert ask("/readyz", {}) == READY


@pytest.mark.parametrize(
    ("check", "complaint"),
    [
        (unwell, "The store is locked."),
        (broken, "To look at the store failed with RuntimeError."),
        (hanging, "The store gave no answer within 0.05 seconds."),
    ],
)
def test_what_is_wrong_is_said_without_a_secret(check: Check, complaint: str) -> None:
    status, said = ask("/readyz", {"clock": well, "store": check}, patience=0.05)
    assert (status, said) == (503, f'{{"status": "not ready", "complaints": ["{complaint}"]}}')


def test_probes_of_a_store_that_hangs_do_not_pile_up() -> None:
    begun = []
    release = threading.Event()

    def wait() -> None:
        begun.append(1)
        release.wait(30)

    async def check() -> str | None:
        await asyncio.to_thread(wait)
        return None

    async def go() -> list[int]:
        async with serving({"store": check}, patience=0.02) as client:
            found = []
            for _ in range(3):
                async with client.get("/readyz") as answer:
                    found.append(answer.status)
            release.set()
            while found[-1] != 200:
                async with client.get("/readyz") as answer:
                    found.append(answer.status)
            return found

    assert asyncio.run(go())[:3] == [503, 503, 503]
    assert len(begun) <= 2


# --- the store ------------------------------------------------------------------------


def ready(database: Database) -> tuple[int, str]:
    async def check() -> str | None:
        return await asyncio.to_thread(check_store, database)

    return ask("/readyz", {"store": check})


def set_step(database: Database, step: str) -> None:
    with database.begin() as connection:
        connection.execute(
            update(table("alembic_version", column("version_num"))).values(version_num=step)
        )


def test_a_store_that_answers_is_ready(database: Database) -> None:
    assert ready(database) == READY


@pytest.mark.parametrize(
    ("step", "said"),
    [("0001", "this version needs"), ("9999", "A newer version has used the store")],
)
def test_a_store_of_another_version_is_not(database: Database, step: str, said: str) -> None:
    set_step(database, step)
    status, text = ready(database)
    assert status == 503
    assert said in text


def test_a_store_that_is_locked_is_not(sqlite_url: str) -> None:
    one = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    other = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), busy_timeout=0.05)
    with one.begin():
        assert ready(other)[0] == 503
    assert ready(other) == READY
    one.close()
    other.close()


@pytest.mark.parametrize("which", ["inflow.db", "inflow.db-wal"])
def test_a_store_that_may_not_be_written_any_more_is_not(sqlite_url: str, which: str) -> None:
    with read_only(Path(sqlite_url.removeprefix("sqlite:///"))) as file:
        file.chmod(0o600)
        database = Database(
            f"sqlite:///{file}", relay_key=RELAY_KEY, memory=Memory(), durable=False
        )
        try:
            assert ready(database) == READY
            (file.parent / which).chmod(0o400)
            status, text = ready(database)
            assert status == 503
            assert f"The store is closed: {file.parent / which} cannot be written" in text
        finally:
            database.close()


def test_a_disk_that_is_nearly_full_is_told(sqlite_url: str) -> None:
    free = [10**12]
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    with Ballast(file, size=4096, mark=8192, free=lambda _folder: free[0]) as database.ballast:
        assert check_disk(database) is None
        free[0] = 8191
        assert "nearly full" in str(check_disk(database))
        assert check_store(database) is None
        free[0] = 10**12
        assert check_disk(database) is None
    database.close()


# --- a process ------------------------------------------------------------------------


def ask_process(
    database: Database, path: str, *, stopped: bool = False, hangs: bool = False
) -> tuple[int, str]:
    """What a process with a clock answers, whose one tick may never come to its end."""

    async def go() -> tuple[int, str]:
        stop, end = asyncio.Event(), asyncio.Event()
        if stopped:
            stop.set()
        if not hangs:
            end.set()
        clock = Clock([Tick("due", timedelta(seconds=0.05), end.wait)], lambda: datetime.now(UTC))
        routes = operations(database, Meters(), stop, clock, lambda: NOW)
        async with TestClient(TestServer(create_app([routes]))) as client:
            clock.start()
            await asyncio.sleep(LATE + 0.3 if hangs else 0.2)
            found = 503, ""
            # Each check has two seconds, and what may be ready is asked until it is.
            for _ in range(1 if stopped or hangs else 20):
                async with client.get(path) as answer:
                    found = answer.status, await answer.text()
                if found[0] == 200:
                    break
                await asyncio.sleep(0.5)
            end.set()
            await clock.stop()
        return found

    return asyncio.run(go())


def test_a_process_is_ready_until_it_shuts_down(database: Database) -> None:
    assert ask_process(database, "/readyz") == READY
    status, said = ask_process(database, "/readyz", stopped=True)
    assert (status, "This process is shutting down." in said) == (503, True)


def test_a_process_whose_clock_is_late_is_not_ready(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.bootstrap.operation.LATEST_TICK", LATE)
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    assert ask_process(database, "/readyz") == READY
    status, said = ask_process(database, "/readyz", hangs=True)
    assert (status, "what is due is not done" in said) == (503, True)
    database.close()


def test_a_process_shows_what_waits_and_how_late_it_is(database: Database) -> None:
    with database.transaction() as work:
        work.people.add_workspace(ACME)
        work.people.save(BO)
        work.outbox.post(ACME.id, letter(due_at=NOW - HOUR))
    status, text = ask_process(database, "/metrics")
    found = {metric.name: metric for metric in text_string_to_metric_families(text)}
    assert status == 200
    assert samples(found["inflow_oldest_due_letter_seconds"]) == {
        ("inflow_oldest_due_letter_seconds", ACME.id, "slack"): 3600
    }
    assert 0 <= samples(found["inflow_clock_lag_seconds"])["inflow_clock_lag_seconds",] < 30


# --- metrics --------------------------------------------------------------------------


def scrape(meters: Meters) -> dict[str, Metric]:
    status, text = ask("/metrics", {}, meters)
    assert status == 200
    return {metric.name: metric for metric in text_string_to_metric_families(text)}


def samples(metric: Metric) -> dict[tuple[str, ...], float]:
    """By name and label values, the latter in the order of the label names."""
    return {(s.name, *s.labels.values()): s.value for s in metric.samples}


def test_what_was_counted_can_be_read_by_prometheus() -> None:
    meters = Meters()
    meters.inbound.add("slack", "ordered", "done", by=3)
    wire = Spread("inflow_wire_seconds", "On the wire.", [0.5, 1], "platform")
    for seconds in (0.25, 0.75, 3):
        wire.add(seconds, "slack")
    meters.include(wire, Level("inflow_clock_lag_seconds", "How late.", lambda: 0.25))
    found = scrape(meters)
    assert samples(found["inflow_inbound"]) == {
        ("inflow_inbound_total", outcome, "slack", "ordered"): 3 if outcome == "done" else 0
        for outcome in Received
    }
    assert samples(found["inflow_wire_seconds"]) == {
        ("inflow_wire_seconds_bucket", "0.5", "slack"): 1,
        ("inflow_wire_seconds_bucket", "1.0", "slack"): 2,
        ("inflow_wire_seconds_bucket", "+Inf", "slack"): 3,
        ("inflow_wire_seconds_count", "slack"): 3,
        ("inflow_wire_seconds_sum", "slack"): 4,
    }
    assert found["inflow_clock_lag_seconds"].type == "gauge"
    assert samples(found["inflow_clock_lag_seconds"]) == {("inflow_clock_lag_seconds",): 0.25}
    assert samples(found["inflow_store_reachable"]) == {("inflow_store_reachable",): 1}


def test_what_the_process_takes_is_shown() -> None:
    (memory,) = scrape(Meters())["process_resident_memory_bytes"].samples
    assert memory.value > 10_000_000


def test_a_label_with_odd_characters_is_escaped() -> None:
    meters = Meters()
    odd = Count("odd", "Odd.", "lane")
    odd.add('a"b\\c\nd')
    meters.include(odd)
    assert samples(scrape(meters)["odd"]) == {("odd_total", 'a"b\\c\nd'): 1}


@pytest.mark.parametrize("error", [Unavailable(), RuntimeError("Ana's question")])
def test_what_was_counted_is_there_while_the_store_is_not(error: Exception) -> None:
    def look() -> list[Family]:
        raise error

    meters = Meters()
    meters.look_at(look)
    meters.inbound.add("slack", "said", "unavailable")
    found = scrape(meters)
    assert samples(found["inflow_store_reachable"]) == {("inflow_store_reachable",): 0}
    assert sum(samples(found["inflow_inbound"]).values()) == 1


def test_what_waits_is_looked_up_at_each_scrape() -> None:
    looks = []

    def look() -> list[Family]:
        looks.append(1)
        return [
            Family("inflow_letters", "Waiting.", Kind.GAUGE, ("lane",), {(ACME.id,): len(looks)})
        ]

    meters = Meters()
    meters.look_at(look)
    for number in (1, 2):
        assert samples(scrape(meters)["inflow_letters"]) == {("inflow_letters", ACME.id): number}


def test_it_is_shown_how_many_transactions_share_a_commit(sqlite_url: str) -> None:
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    for _ in range(3):
        with database.begin():
            pass
    meters = Meters()
    meters.include(*database.meters)
    found = scrape(meters)
    assert samples(found["inflow_commit_size"])["inflow_commit_size_bucket", "1.0"] == 3
    assert samples(found["inflow_store_line"]) == {("inflow_store_line",): 0}
    database.close()


def test_two_processes_in_one_share_nothing() -> None:
    one, other = Meters(), Meters()
    one.inbound.add("slack", "said", "done")
    assert scrape(one)["inflow_inbound"].samples
    assert not scrape(other)["inflow_inbound"].samples
