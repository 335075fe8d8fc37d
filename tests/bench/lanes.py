"""How fast letters go out, by the real processes: `python -m tests.bench.lanes`.

* pace: what share of the allowed rate is used, with how many 429s, on the strict platform;
* throughput: messages a second without a limit, on a platform that takes everything at once,
  and in the same run one Procrastinate job for each message;
* search: how near a lane comes to a rate that it is not told;
* idle: the resident size of each process with nothing to do.

Prints one JSON object. Rates of this machine vary with what else it does; the ratios bind.
"""

import argparse
import asyncio
import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import aiohttp
from procrastinate import App, PsycopgConnector
from procrastinate.types import JSONValue
from sqlalchemy import make_url

from bot.rate import Limits
from tests.crash.child import Child, announce
from tests.crash.scene import Mode, Scene
from tests.crash.server import LOOPBACK, TOKEN
from tests.crash.speed import find_speed
from tests.crash.stage import Stores, call, open_stage
from tests.postgres import run_postgres

PARTS: Final = ["pace", "throughput", "search", "idle"]
LETTERS: Final = 20_000
JOBS: Final = 3_000
RATE: Final = 50.0
LANES: Final = 4
SECONDS: Final = 20
JOBS_AT_ONCE: Final = 50
PATIENCE: Final = 240
LIMITS: Final = {
    "pace_embedded": 0.97,
    "pace_scaled": 0.95,
    "limited": 0,
    "embedded_per_s": 2500,
    "worker_per_s": 2000,
    "times_jobs": 4,
    "unknown_limit": 0.8,
    "idle_mb": 120,
}


def measure_pace(stores: Stores, mode: Mode, roles: Sequence[str]) -> dict[str, Any]:
    """The share of the allowed rate from the first to the last message of a lane."""
    scene = Scene(
        lanes=LANES,
        people=int(RATE * SECONDS),
        letters=int(LANES * RATE * SECONDS),
        events=0,
        per_second=RATE,
        burst=5,
        latency=(0.02, 0.1),
        lease=90,
        timeout=30,
    )
    with open_stage(stores, scene, mode, roles=roles) as stage:
        if not stage.run(PATIENCE):
            raise SystemExit(f"not done: {stage.watch.states()}")
        ledger = stage.ledger()
    shares = [
        (len(moments) - 1) / ((max(moments) - min(moments)) * RATE)
        for moments in ledger["accepted_at"].values()
    ]
    return {
        "share": round(sum(shares) / len(shares), 4),
        "slowest_lane": round(min(shares), 4),
        "limited": ledger["limited"],
    }


def measure_throughput(stores: Stores, mode: Mode, roles: Sequence[str]) -> dict[str, Any]:
    """Messages a second from the first to the last, with no limit at all."""
    scene = Scene(
        lanes=LANES,
        people=500,
        letters=LETTERS,
        events=0,
        per_second=None,
        lease=90,
        timeout=30,
    )
    with open_stage(stores, scene, mode, roles=roles, server="tests.crash.fast") as stage:
        # Seldom, for whoever looks takes from what is measured.
        if not stage.run(PATIENCE, tick=0.5):
            raise SystemExit(f"not done: {stage.watch.states()}")
        ledger = stage.ledger()
        if ledger["distinct"] != LETTERS or ledger["taken"] != LETTERS:
            raise SystemExit(f"lost or sent twice: {ledger}")
        return {
            "per_s": round((LETTERS - 1) / (ledger["last"] - ledger["first"])),
            "rss_mb": stage.rss_mb,
        }


def measure_idle(stores: Stores, mode: Mode, role: str) -> float:
    """MB of a process that has nothing to do."""
    scene = Scene(letters=0, events=0)
    with open_stage(stores, scene, mode, roles=[role]) as stage:
        child = stage.crew.members[0].child
        if child.wait_until_ready() is None:
            raise SystemExit(f"{role} ended with {child.status}")
        time.sleep(2)
        return child.rss_mb()


def measure_jobs(stores: Stores) -> dict[str, Any]:
    """The same without lanes: one Procrastinate job a message, one worker, no marks."""
    url = stores.create("scaled")
    fast = Child("tests.crash.fast")
    try:
        announced = fast.wait_until_ready()
        assert announced is not None
        platform = f"http://{LOOPBACK}:{announced['port']}"
        asyncio.run(defer_jobs(url))
        worker = Child("tests.bench.lanes", "--work", url, "--platform", platform)
        try:
            worker.wait_until_ready()
            deadline = time.monotonic() + PATIENCE
            while (ledger := call(f"{platform}/ledger"))["distinct"] < JOBS:
                if worker.status is not None or time.monotonic() > deadline:
                    raise SystemExit(f"the jobs' worker did not finish: {ledger}")
                time.sleep(0.5)
        finally:
            worker.kill()
    finally:
        fast.kill()
        stores.remove(url)
    return {"per_s": round((JOBS - 1) / (ledger["last"] - ledger["first"]))}


def make_jobs(url: str, platform: str, session: aiohttp.ClientSession | None) -> App:
    """A queue with one task, which sends one message."""
    # It would warn that another process cannot import its tasks, which none does.
    logging.getLogger("procrastinate").setLevel(logging.ERROR)
    conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    app = App(connector=PsycopgConnector(conninfo=conninfo))

    async def send(key: str) -> None:
        assert session is not None
        body = {"channel": "U1", "metadata": {"event_payload": {"delivery_id": key}}}
        async with session.post(f"{platform}/api/w0/post", json=body) as answer:
            await answer.read()

    app.task(name="send")(send)
    return app


async def defer_jobs(url: str) -> None:
    app = make_jobs(url, "", None)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for start in range(0, JOBS, 1000):
            keys: list[dict[str, JSONValue]] = [
                {"key": f"j{n}"} for n in range(start, min(start + 1000, JOBS))
            ]
            await app.configure_task("send").batch_defer_async(*keys)


async def do_jobs(url: str, platform: str) -> None:
    """Work until killed."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session:
        app = make_jobs(url, platform, session)
        async with app.open_async():
            announce(ready=1)
            await app.run_worker_async(concurrency=JOBS_AT_ONCE, install_signal_handlers=False)


def measure_search() -> dict[str, Any]:
    """How near a lane comes to a rate it is not told, and what that costs, in simulated hours."""
    limits = Limits(per_minute=240, ceiling=1200)
    figures = {}
    for hidden in (60.0, 300.0, 525.0):
        found = find_speed(hidden, limits, hours=3, seed="bench")
        figures[f"{hidden:.0f}_per_minute"] = {
            "share": found.share,
            "limited_per_1000": round(found.limited_per_1000, 2),
        }
    return figures


def measure(stores: Stores, parts: Sequence[str]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    if "pace" in parts:
        figures["pace"] = {
            "embedded": measure_pace(stores, "embedded", ["embedded"]),
            "scaled_2_workers": measure_pace(stores, "scaled", ["worker", "worker"]),
        }
    if "throughput" in parts:
        embedded = measure_throughput(stores, "embedded", ["embedded"])
        worker = measure_throughput(stores, "scaled", ["worker"])
        jobs = measure_jobs(stores)
        figures["throughput"] = {
            "embedded": embedded,
            "one_worker": worker,
            "one_job_a_message": jobs,
            "embedded_times_jobs": round(embedded["per_s"] / jobs["per_s"], 1),
            "worker_times_jobs": round(worker["per_s"] / jobs["per_s"], 1),
        }
    if "search" in parts:
        figures["unknown_limit"] = measure_search()
    if "idle" in parts:
        figures["idle_mb"] = {
            "embedded": measure_idle(stores, "embedded", "embedded"),
            "web": measure_idle(stores, "scaled", "web"),
            "worker": measure_idle(stores, "scaled", "worker"),
        }
    return figures


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--platform", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.work:
        asyncio.run(do_jobs(chosen.work, chosen.platform))
        return
    with TemporaryDirectory(prefix="inflow-bench-") as folder, run_postgres() as postgres:
        figures = measure(Stores(Path(folder), postgres), chosen.part or PARTS)
    print(json.dumps({"bench": "lanes", "limits": LIMITS, **figures}, indent=2))


if __name__ == "__main__":
    main()
