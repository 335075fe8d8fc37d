"""One run of the crash proof: a platform, a store, processes that may be killed, and events."""

import asyncio
import json
import random
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from shutil import copyfile
from typing import Any

import aiohttp
from sqlalchemy import Engine, create_engine, func, make_url, select
from sqlalchemy.exc import DBAPIError

from bot.failpoint import EXIT_STATUS
from bot.outbox import LetterState
from storage.database import make_engine
from storage.migrate import upgrade
from storage.tables import outbox
from tests.crash.child import Child
from tests.crash.judge import FINAL, Row
from tests.crash.scene import Mode, Scene, make_event, open_database, prepare, read_rows, things_of
from tests.crash.server import LOOPBACK
from tests.postgres import PostgresServer

ROLES: dict[Mode, tuple[str, ...]] = {
    "embedded": ("embedded",),
    "scaled": ("web", "worker", "worker"),
}
KILLED = -9
TEMPLATE = "crash"


class Stores:
    """Makes fresh databases with our tables, by copying one that was migrated once."""

    def __init__(self, folder: Path, postgres: PostgresServer | None) -> None:
        self._folder = folder
        self.postgres = postgres
        self._template = folder / "template.db"
        upgrade(f"sqlite:///{self._template}")
        if postgres is not None:
            postgres.make_template(TEMPLATE, upgrade)
        self._numbers = count(1)

    def create(self, mode: Mode) -> str:
        """The address of a new database."""
        if mode == "embedded":
            file = self._folder / f"{next(self._numbers)}.db"
            return f"sqlite:///{copyfile(self._template, file)}"
        assert self.postgres is not None
        url = self.postgres.create_database(TEMPLATE)
        engine = make_engine(url)
        with engine.begin() as connection:
            # What was committed must outlive a crash of the server, which is one of the trials.
            connection.exec_driver_sql(
                f'ALTER DATABASE "{make_url(url).database}" SET synchronous_commit = on'
            )
        engine.dispose()
        return url

    def errors(self) -> Path:
        """A file for what the processes of a run write to standard error."""
        return self._folder / f"{next(self._numbers)}.log"

    def remove(self, url: str) -> None:
        """Remove a database when nobody uses it any more."""
        address = make_url(url)
        if address.get_backend_name() == "sqlite":
            assert address.database is not None
            for path in self._folder.glob(f"{Path(address.database).stem}.*"):
                path.unlink()
        elif self.postgres is not None:
            self.postgres.drop_database(url)


class Watch:
    """Looks into the store from outside, without taking a writer's lock."""

    def __init__(self, url: str) -> None:
        address = make_url(url)
        if address.get_backend_name() == "sqlite":
            address = make_url(f"sqlite+pysqlite:///file:{address.database}?mode=ro&uri=true")
        self._engine: Engine = create_engine(address, pool_pre_ping=True)

    def states(self) -> dict[str, int] | None:
        """How many letters are in each state; None when the store is out of reach."""
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(
                    select(outbox.c.state, func.count()).group_by(outbox.c.state)
                ).all()
        except DBAPIError:
            return None
        return {row[0]: row[1] for row in rows}

    def rows(self) -> Sequence[Row]:
        with self._engine.connect() as connection:
            return read_rows(connection)

    def close(self) -> None:
        self._engine.dispose()


def keep_port() -> socket.socket:
    """A port for our processes alone, also while none of them is there: until this is closed, the
    system gives it to nobody who asks for a free one."""
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind((LOOPBACK, 0))
    return keeper


def call(url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """GET, or POST of a JSON body; what comes back, or nothing."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        url, data=data, headers={"Content-Type": "application/json"} if data else {}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
    read: dict[str, Any] = json.loads(text) if text else {}
    return read


class Feeder(threading.Thread):
    """The platform's deliveries: each event one to four times, again until it is acknowledged."""

    def __init__(self, scene: Scene, port: int, pause: float) -> None:
        super().__init__(daemon=True)
        self._scene = scene
        self._url = f"http://{LOOPBACK}:{port}/inbound"
        self._pause = pause
        self._random = random.Random(f"{scene.seed} events")
        self._given_up = threading.Event()
        self.acked: set[int] = set()
        self.failed: BaseException | None = None

    def run(self) -> None:
        try:
            asyncio.run(self._feed())
        except BaseException as error:  # noqa: BLE001 - told to the run, which reports it.
            self.failed = error

    def give_up(self) -> None:
        self._given_up.set()
        self.join(30)

    async def _feed(self) -> None:
        deliveries = [
            number
            for number in range(self._scene.events)
            for _ in range(self._random.choice((1, 1, 1, 2, 4)))
        ]
        # Out of order, but not by much: a late copy still meets the first one's reply.
        deliveries.sort(key=lambda number: number + self._random.uniform(0, 8))
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
            asyncio.TaskGroup() as tasks,
        ):
            for number in deliveries:
                tasks.create_task(self._deliver(session, number))
                await asyncio.sleep(self._pause)

    async def _deliver(self, session: aiohttp.ClientSession, number: int) -> None:
        body = make_event(self._scene, number).model_dump_json()
        while not self._given_up.is_set():
            try:
                async with session.post(self._url, data=body) as answer:
                    await answer.read()
                    if answer.status == 200:
                        self.acked.add(number)
                        return
                    if answer.status != 503:
                        raise RuntimeError(f"an event was answered with {answer.status}")
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            await asyncio.sleep(0.1)


@dataclass(slots=True)
class Member:
    """One process of the crew, started again whenever it is gone."""

    role: str
    child: Child
    is_stopped: bool = False


@dataclass(slots=True)
class Crew:
    """The processes of a run, with somebody who starts them again."""

    start: Callable[[str, str | None], Child]
    members: list[Member] = field(default_factory=list)
    crashes: int = 0
    """Ends at a failpoint or by a kill."""
    accidents: list[str] = field(default_factory=list)
    """Ends that nobody ordered."""
    restarts: list[float] = field(default_factory=list)

    def tend(self) -> None:
        """Start again whoever is gone."""
        for member in self.members:
            status = member.child.status
            if status is None:
                continue
            if status in {EXIT_STATUS, KILLED}:
                self.crashes += 1
            else:
                self.accidents.append(f"{member.role} ended with {status}")
            member.child.kill()
            self.restarts.append(time.time())
            member.child = self.start(member.role, None)

    def rss_mb(self) -> float:
        """The largest resident size of any member now."""
        return max(member.child.rss_mb() for member in self.members)


@dataclass(slots=True)
class Stage:
    """Everything of one run. Use `open_stage`."""

    scene: Scene
    mode: Mode
    url: str
    """Of the database."""
    platform: str
    """Of the platform's server."""
    crew: Crew
    watch: Watch
    feeder: Feeder
    promised: set[str]
    errors: Path
    ambiguous: int = 0
    """The most letters that ever were unsure at a time."""
    rss_mb: float = 0.0

    def is_done(self) -> bool:
        """Whether everything promised has come to an end. Notes figures on the way."""
        states = self.watch.states()
        if states is None:
            return False
        self.ambiguous = max(self.ambiguous, states.get(LetterState.AMBIGUOUS, 0))
        if self.feeder.failed is not None:
            raise self.feeder.failed
        if self.feeder.is_alive() or not states.keys() <= FINAL:
            return False
        return self.everything_promised() <= {row.thing for row in self.watch.rows()}

    def everything_promised(self) -> set[str]:
        events = set().union(*(things_of(self.scene, n) for n in self.feeder.acked))
        return self.promised | events

    def ledger(self) -> dict[str, Any]:
        return call(f"{self.platform}/ledger")

    def configure(self, **terms: Any) -> None:
        call(f"{self.platform}/config", terms)

    def run(
        self, patience: float, disturb: Callable[[float], None] | None = None, tick: float = 0.05
    ) -> bool:
        """Tend the processes until all is done; False when that took too long (in seconds).

        `disturb` is called all the while with the seconds since the start.
        """
        began = time.monotonic()
        looked, sized = began, began
        while (elapsed := time.monotonic() - began) < patience:
            self.crew.tend()
            if disturb is not None:
                disturb(elapsed)
            if time.monotonic() - looked > 0.25:
                if self.is_done():
                    return True
                looked = time.monotonic()
            if time.monotonic() - sized > 1:
                self.rss_mb = max(self.rss_mb, self.crew.rss_mb())
                sized = time.monotonic()
            time.sleep(tick)
        return False

    def settle(self, patience: float = 10) -> dict[str, Any]:
        """The ledger, when no late message is on its way any more."""
        deadline = time.monotonic() + patience
        while (ledger := self.ledger())["late"] and time.monotonic() < deadline:
            time.sleep(0.1)
        return ledger


@contextmanager
def open_stage(
    stores: Stores,
    scene: Scene,
    mode: Mode,
    *,
    failpoint: str | None = None,
    at: str | None = None,
    pause: float = 0.03,
    roles: Sequence[str] | None = None,
    server: str = "tests.crash.server",
) -> Iterator[Stage]:
    """Set everything up and start it; every process is gone and every file removed at the end.

    `failpoint` is armed in the processes of the role `at`, or in all of them. An event comes
    in every `pause` seconds. `roles` are the processes, unlike those the mode has of itself;
    `server` is the module of another platform.
    """
    url = stores.create(mode)
    database = open_database(url)
    try:
        promised = prepare(database, scene, datetime.now(UTC))
    finally:
        database.close()
    counterpart = Child(server)
    keeper = keep_port()
    port: int = keeper.getsockname()[1]
    watch = Watch(url)
    crew: Crew | None = None
    errors = stores.errors()
    try:
        announced = counterpart.wait_until_ready()
        assert announced is not None
        platform = f"http://{LOOPBACK}:{announced['port']}"
        call(f"{platform}/config", asdict(scene.terms()))

        def start(role: str, armed: str | None) -> Child:
            return Child(
                "tests.crash.program",
                role,
                *("--scene", scene.to_json(), "--database", url),
                *("--platform", platform, "--port", str(port)),
                failpoint=armed,
                errors=errors,
            )

        crew = Crew(start)
        for role in roles or ROLES[mode]:
            armed = failpoint if at in {None, role} else None
            crew.members.append(Member(role, start(role, armed)))
        feeder = Feeder(scene, port, pause)
        feeder.start()
        stage = Stage(
            scene=scene,
            mode=mode,
            url=url,
            platform=platform,
            crew=crew,
            watch=watch,
            feeder=feeder,
            promised=promised,
            errors=errors,
        )
        try:
            yield stage
        finally:
            feeder.give_up()
    finally:
        if crew is not None:
            for member in crew.members:
                member.child.kill()
        counterpart.kill()
        keeper.close()
        watch.close()
        stores.remove(url)
        errors.unlink(missing_ok=True)
