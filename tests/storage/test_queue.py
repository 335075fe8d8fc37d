"""The queue on a real PostgreSQL: pokes that arrive, and each trap that Procrastinate sets."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

import psycopg
import pytest
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from sqlalchemy import text

from bot.capabilities.questions.memory import Memory
from bot.errors import Unavailable
from bot.ids import WorkspaceId
from bot.outbox import LetterState
from bot.people import Workspace
from storage import queue as module
from storage import queue_schema
from storage.database import Database, make_engine, read_url
from storage.migrate import upgrade
from storage.queue import PLAN_DUE, SWEEP, Duties, Queue, QueuePoke
from storage.queue_schema import SCHEMA
from tests.databases import RELAY_KEY
from tests.postgres import run_postgres
from tests.storage.example import ACME, ANA, BO, CY, letter
from tests.storage.test_outage import DURABLE

PATIENCE = 30


class Work:
    """Duties that count. `more` says whether there is more after each drain."""

    def __init__(self) -> None:
        self.drained: list[str] = []
        self.planned = 0
        self.lanes: list[WorkspaceId] = []
        self.more: Iterator[bool] = iter(())
        self.during: Callable[[], Awaitable[None]] | None = None
        self.while_planning: Callable[[], Awaitable[object]] | None = None

    @property
    def duties(self) -> Duties:
        return Duties(
            drain=self._drain,
            lanes_with_work=self._lanes_with_work,
            plan_due=self._plan_due,
            retain=self._plan_due,
        )

    async def _drain(self, lane: WorkspaceId) -> bool:
        self.drained.append(lane)
        if self.during is not None:
            await self.during()
        return next(self.more, False)

    async def _lanes_with_work(self) -> list[WorkspaceId]:
        return self.lanes

    async def _plan_due(self) -> bool:
        self.planned += 1
        if self.while_planning is not None:
            await self.while_planning()
        return False


@pytest.fixture
def acme(postgres_url: str) -> Iterator[Database]:
    """A PostgreSQL database in which a workspace is known and letters poke."""
    database = Database(postgres_url, relay_key=RELAY_KEY, memory=Memory(), poke=QueuePoke())
    with database.transaction() as work:
        work.people.add_workspace(ACME)
        for person in (ANA, BO, CY):
            work.people.save(person)
    yield database
    database.close()


class Rows:
    """Looks into the queue's tables, past the queue."""

    def __init__(self, url: str) -> None:
        self._url = read_url(url).set(drivername="postgresql").render_as_string(False)

    def __call__(self, order: str) -> list[Any]:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f"SET search_path TO {SCHEMA}")
            rows = connection.execute(order)
            return rows.fetchall() if rows.description else []

    def jobs(self) -> list[tuple[str, str | None, str]]:
        return self(
            "SELECT task_name, lock, status::text FROM procrastinate_jobs ORDER BY task_name, id"
        )


@pytest.fixture
def rows(postgres_url: str) -> Rows:
    return Rows(postgres_url)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - a database tells nobody
            await asyncio.sleep(0.02)


def work_on(url: str, work: Work, talk: Callable[[Queue], Coroutine[Any, Any, None]]) -> None:
    """Run a worker for the length of a talk; it must end when it is told to."""

    async def run() -> None:
        stopping = asyncio.Event()
        queue = Queue(url, work.duties)
        running = asyncio.create_task(queue.run(stopping))
        try:
            await talk(queue)
        finally:
            stopping.set()
            await asyncio.wait_for(running, PATIENCE)

    asyncio.run(run())


def test_letters_poke_a_worker_in_their_own_transaction(
    acme: Database, postgres_url: str, rows: Rows
) -> None:
    work = Work()

    async def talk(_queue: Queue) -> None:
        with acme.transaction() as transaction:
            transaction.outbox.post(ACME.id, letter("l1"))
        await until(lambda: work.drained and rows.jobs() == [])

    work_on(postgres_url, work, talk)
    assert work.drained == [ACME.id]


def test_letters_that_are_taken_back_leave_no_job(acme: Database, rows: Rows) -> None:
    def fail() -> None:
        with acme.begin() as connection:
            QueuePoke().before_commit(connection, [ACME.id])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert rows.jobs() == []


def test_a_job_that_waits_already_does_not_spoil_the_transaction(
    acme: Database, rows: Rows
) -> None:
    """Trap 3: PostgreSQL refuses the second job, and with it all that was done before."""
    for key in ("l1", "l2"):
        with acme.transaction() as work:
            work.outbox.post(ACME.id, letter(key))
            work.outbox.post(ACME.id, letter(key + " too"))
    assert rows.jobs() == [("drain", "lane:acme", "todo")]
    with acme.transaction() as work:
        assert work.outbox.state(ACME.id, "l2 too") is LetterState.PENDING


def test_our_tables_are_found_again_after_a_poke(acme: Database) -> None:
    with acme.begin() as connection:
        before = connection.execute(text("SHOW search_path")).scalar()
        for _ in range(2):
            QueuePoke().before_commit(connection, [ACME.id])
            assert connection.execute(text("SHOW search_path")).scalar() == before
        assert connection.execute(text("SELECT count(*) FROM outbox")).scalar() == 0


def test_letters_in_many_lanes_defer_one_sweep(acme: Database, rows: Rows) -> None:
    """Trap 4: a job for each lane of a bulk insert takes most of a second a thousand."""
    lanes = [WorkspaceId(f"w{number:03}") for number in range(50)]
    with acme.transaction() as work:
        for lane in lanes:
            work.people.add_workspace(Workspace(lane, "slack", lane, lane))
    with acme.begin() as connection:
        QueuePoke().before_commit(connection, lanes)
    assert rows.jobs() == [("sweep", "sweep", "todo")]


def test_a_sweep_pokes_every_lane_with_work_once(postgres_url: str, rows: Rows) -> None:
    work = Work()
    work.lanes = [WorkspaceId(f"w{number:02}") for number in range(40)]
    let_go = asyncio.Event()

    async def hold() -> None:
        await let_go.wait()

    work.during = hold

    async def talk(queue: Queue) -> None:
        await until(lambda: queue._is_open)
        for _ in range(3):
            await queue.defer(SWEEP)
            await until(lambda: len(rows.jobs()) == len(work.lanes))
        let_go.set()
        await until(lambda: rows.jobs() == [])

    work_on(postgres_url, work, talk)
    assert sorted(work.drained) == work.lanes


def test_one_job_that_waits_already_does_not_keep_back_the_others(
    postgres_url: str, rows: Rows
) -> None:
    async def talk() -> None:
        queue = Queue(postgres_url, Work().duties)
        async with queue._open():
            await queue._defer([module._drain_job(WorkspaceId("w1"))])
            await queue._defer([module._drain_job(WorkspaceId(f"w{n}")) for n in (1, 2, 3)])

    asyncio.run(talk())
    assert [lock for _, lock, _ in rows.jobs()] == ["lane:w1", "lane:w2", "lane:w3"]


def test_a_lane_with_more_work_is_drained_again_and_never_twice_at_a_time(
    postgres_url: str, rows: Rows
) -> None:
    work = Work()
    work.more = iter([True, True, False])
    at_once: list[int] = []
    now = 0

    async def count() -> None:
        nonlocal now
        now += 1
        at_once.append(now)
        await asyncio.sleep(0.05)
        now -= 1

    work.during = count

    async def talk(queue: Queue) -> None:
        await until(lambda: queue._is_open)
        for _ in range(2):
            await queue._defer([module._drain_job(ACME.id)])
        await until(lambda: len(work.drained) >= 3 and rows.jobs() == [])

    work_on(postgres_url, work, talk)
    assert set(work.drained) == {ACME.id}
    assert max(at_once) == 1


def test_a_duty_that_fails_is_over_and_can_be_asked_for_again(
    postgres_url: str, rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work()
    errors = iter([Unavailable(), RuntimeError("words of somebody")])

    async def fail() -> None:
        error = next(errors, None)
        if error is not None:
            raise error

    work.during = fail

    async def talk(queue: Queue) -> None:
        await until(lambda: queue._is_open)
        for count in (1, 2, 3):
            await queue._defer([module._drain_job(ACME.id)])
            await until(lambda: rows.jobs() == [])
            assert len(work.drained) == count

    with caplog.at_level(logging.DEBUG):
        work_on(postgres_url, work, talk)
    assert "words of somebody" not in caplog.text


def leave_stalled(url: str, job: Job) -> None:
    """A job as a worker leaves it that was killed while it was at it."""

    async def leave() -> None:
        conninfo = read_url(url).set(drivername="postgresql").render_as_string(False)
        app = App(
            connector=PsycopgConnector(
                conninfo=conninfo, configure=module._look_in_schema, min_size=1
            )
        )
        async with app.open_async():
            await app.job_manager.defer_job_async(job)
            worker = await app.job_manager.register_worker()
            assert await app.job_manager.fetch_job(None, worker) is not None
            await app.connector.execute_query_async(
                "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'"
            )

    asyncio.run(leave())


def test_the_job_of_a_killed_worker_does_not_hold_up_its_lane(
    postgres_url: str, rows: Rows
) -> None:
    """Trap 1: it stays `doing` for ever, and nobody may drain the lane."""
    leave_stalled(postgres_url, module._drain_job(ACME.id))
    work = Work()
    work.lanes = [ACME.id]

    async def talk(queue: Queue) -> None:
        await until(lambda: queue._is_open)
        await queue.defer(SWEEP)
        await until(lambda: len(rows.jobs()) == 1)
        await asyncio.sleep(0.1)
        assert work.drained == []
        await until(Dropped(queue))
        await queue.defer(SWEEP)
        await until(lambda: work.drained == [ACME.id] and rows.jobs() == [])

    work_on(postgres_url, work, talk)


class Dropped:
    """Asks a queue on its own loop to drop what is stalled."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._loop = asyncio.get_running_loop()
        self.count = 0

    def __call__(self) -> bool:
        dropping = asyncio.run_coroutine_threadsafe(self._queue.drop_stalled(), self._loop)
        self.count += dropping.result(PATIENCE)
        return self.count > 0


def test_what_falls_due_is_done_by_one_worker_at_a_time(postgres_url: str) -> None:
    work = Work()
    let_go = asyncio.Event()
    work.while_planning = let_go.wait

    async def talk(queue: Queue) -> None:
        await until(lambda: queue._is_open)
        await queue.defer(PLAN_DUE)
        await until(lambda: work.planned == 1)
        await queue.defer(PLAN_DUE)
        await asyncio.sleep(1.5)
        assert work.planned == 1
        let_go.set()
        await until(lambda: work.planned == 2)

    work_on(postgres_url, work, talk)


@pytest.mark.parametrize("name", [PLAN_DUE, SWEEP])
def test_a_killed_worker_does_not_hold_up_what_all_wait_for(
    postgres_url: str, rows: Rows, name: str
) -> None:
    leave_stalled(postgres_url, module._job(name))
    work = Work()
    work.lanes = [ACME.id]

    async def talk(queue: Queue) -> None:
        await until(lambda: queue._is_open)
        await queue.defer(name)
        await until(Dropped(queue))
        await until(lambda: (work.planned == 1 or work.drained) and rows.jobs() == [])

    work_on(postgres_url, work, talk)


def test_a_worker_that_is_stopped_breaks_off_what_takes_too_long(
    postgres_url: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FINISHING_SECONDS", 0.2)
    work = Work()
    broken: list[str] = []

    async def hang() -> None:
        try:
            await asyncio.sleep(2 * PATIENCE)
        except asyncio.CancelledError:
            broken.append("yes")
            raise

    work.during = hang

    async def talk(queue: Queue) -> None:
        await until(lambda: queue._is_open)
        await queue._defer([module._drain_job(ACME.id)])
        await until(lambda: work.drained)

    work_on(postgres_url, work, talk)
    assert broken == ["yes"]
    assert rows.jobs() == []


def test_a_stalled_job_is_dropped_although_its_successor_waits(
    postgres_url: str, rows: Rows
) -> None:
    """Trap 2: Procrastinate's own remedy fails on the successor's `queueing_lock`."""
    leave_stalled(postgres_url, module._drain_job(ACME.id))
    rows(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)"
        " VALUES ('inflow', 'drain', 'lane:acme', 'lane:acme', '{\"lane\": \"acme\"}')"
    )
    with pytest.raises(psycopg.errors.UniqueViolation):
        rows("SELECT procrastinate_retry_job_v2(1, now(), NULL, NULL, NULL)")
    work = Work()

    async def talk(queue: Queue) -> None:
        await until(lambda: queue._is_open)
        await until(Dropped(queue))
        await until(lambda: work.drained == [ACME.id] and rows.jobs() == [])

    work_on(postgres_url, work, talk)


def test_a_living_workers_job_is_not_dropped(postgres_url: str) -> None:
    work = Work()
    let_go = asyncio.Event()

    async def hold() -> None:
        await let_go.wait()

    work.during = hold

    async def talk(queue: Queue) -> None:
        await until(lambda: queue._is_open)
        await queue._defer([module._drain_job(ACME.id)])
        await until(lambda: work.drained)
        assert await queue.drop_stalled() == 0
        let_go.set()

    work_on(postgres_url, work, talk)


def test_a_job_whose_end_could_not_be_written_holds_up_nothing(
    postgres_url: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its worker lives, so Procrastinate does not take it for stalled."""
    work = Work()
    finish = JobManager.finish_job_by_id_async
    cut: list[int] = []

    async def finish_once_cut(manager: JobManager, job_id: int, **rest: Any) -> None:
        if not cut:
            cut.append(job_id)
            raise ConnectorException
        await finish(manager, job_id, **rest)

    monkeypatch.setattr(JobManager, "finish_job_by_id_async", finish_once_cut)

    async def talk(queue: Queue) -> None:
        await until(lambda: queue._is_open)
        await queue.defer(PLAN_DUE)
        await until(lambda: cut)
        assert rows.jobs() == [(PLAN_DUE, PLAN_DUE, "doing")]
        await queue.defer(PLAN_DUE)
        assert await queue.drop_stalled() == 1
        await until(lambda: work.planned == 2 and rows.jobs() == [])
        assert await queue.drop_stalled() == 0

    work_on(postgres_url, work, talk)


def test_a_worker_survives_that_its_connections_are_cut(postgres_url: str, rows: Rows) -> None:
    """Trap 5: Procrastinate's worker ends when PostgreSQL restarts."""
    work = Work()

    async def talk(queue: Queue) -> None:
        await until(lambda: queue._is_open)
        for count in (1, 2, 3):
            rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            async with asyncio.timeout(PATIENCE):
                while work.planned < count:
                    await queue.defer(PLAN_DUE)
                    await asyncio.sleep(0.05)
                    # As the clock of a worker does: what ended just then could not say so.
                    await queue.drop_stalled()

    work_on(postgres_url, work, talk)


def test_a_worker_goes_on_after_a_restart_of_postgresql_and_after_an_outage() -> None:
    """Trap 5 again, with a server that really goes away."""
    work = Work()
    with run_postgres() as server:
        url = server.create_database()
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(DURABLE)
        upgrade(url)

        async def talk(queue: Queue) -> None:
            await until(lambda: queue._is_open)
            for count, seconds in ((1, 0.0), (2, 3.0)):
                await asyncio.to_thread(server.stop_at_once)
                await asyncio.sleep(seconds)
                await asyncio.to_thread(server.start)
                async with asyncio.timeout(PATIENCE):
                    while work.planned < count:
                        await queue.defer(PLAN_DUE)
                        await asyncio.sleep(0.1)
                        # The end of the last job may have been lost with the server.
                        await queue.drop_stalled()

        work_on(url, work, talk)


def test_a_worker_waits_for_a_database_that_is_away_and_can_be_stopped_meanwhile(
    postgres_url: str,
) -> None:
    away = postgres_url.replace("host=", "host=/nowhere")

    async def talk(queue: Queue) -> None:
        await asyncio.sleep(0.2)
        await queue.defer(SWEEP)
        assert await queue.drop_stalled() == 0

    work_on(away, Work(), talk)


def test_a_worker_that_is_stopped_finishes_what_it_began(postgres_url: str, rows: Rows) -> None:
    work = Work()
    finished: list[str] = []

    async def finish() -> None:
        await asyncio.sleep(0.3)
        finished.append("yes")

    work.during = finish

    async def talk(queue: Queue) -> None:
        await until(lambda: queue._is_open)
        await queue._defer([module._drain_job(ACME.id)])
        await until(lambda: work.drained)

    work_on(postgres_url, work, talk)
    assert finished == ["yes"]
    assert rows.jobs() == []
    assert rows("SELECT count(*) FROM procrastinate_workers") == [(0,)]


def test_the_schema_is_made_once_and_anew_for_another_version(
    postgres_url: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defer() -> None:
        rows(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock)"
            " VALUES ('inflow', 'sweep', 'sweep')"
        )

    defer()
    upgrade(postgres_url)
    assert rows.jobs() == [("sweep", None, "todo")]
    ours = queue_schema._script()
    monkeypatch.setattr(queue_schema, "_script", lambda: ours + b"\n-- of another version\n")
    upgrade(postgres_url)
    assert rows.jobs() == []
    defer()
    upgrade(postgres_url)
    assert len(rows.jobs()) == 1


def test_processes_that_start_together_make_the_schema_once(
    new_postgres_database: Callable[..., str],
) -> None:
    url = new_postgres_database()

    async def start() -> None:
        await asyncio.gather(*(asyncio.to_thread(upgrade, url) for _ in range(3)))

    asyncio.run(start())
    engine = make_engine(url)
    with engine.begin() as connection:
        tables = connection.execute(
            text("SELECT count(*) FROM information_schema.tables WHERE table_schema = :schema"),
            {"schema": SCHEMA},
        ).scalar()
    engine.dispose()
    assert tables == 4
