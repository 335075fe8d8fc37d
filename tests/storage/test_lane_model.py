"""Whatever lanes, handlers and crashes do to letters in whatever order, a small model of the
outbox agrees about every one of them."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select

from bot.capabilities.questions.memory import Memory
from bot.outbox import (
    Ambiguous,
    Doubtful,
    Limited,
    Never,
    Outcome,
    Priority,
    Sent,
    Settlement,
    TryLater,
    Unsent,
)
from bot.retry import back_off
from storage.database import Database
from storage.lane import RECONCILING, REFUSALS, SqlLaneStore
from storage.tables import outbox
from tests.databases import RELAY_KEY
from tests.storage.example import ACME, BO, NOW, letter

LEASE = timedelta(seconds=10)
SENDING = timedelta(seconds=20)
LATER = timedelta(seconds=5)
RESULTS: dict[str, Outcome | Unsent | Doubtful] = {
    "sent": Sent(external="1", conversation="D"),
    "pending": TryLater(LATER, "busy"),
    "limited": Limited(LATER),
    "failed": Never("no"),
    "unreachable": Never("blocked", unreachable=True),
    "ambiguous": Ambiguous("reset"),
    "unknown": Doubtful("reset"),
    "unsent": Unsent(),
}


@dataclass(slots=True)
class Known:
    """What the model knows of a letter. `owner` is the number of a store."""

    priority: Priority
    due_at: datetime
    expires_at: datetime | None
    state: str = "pending"
    owner: int | None = None
    until: datetime | None = None
    attempts: int = 0
    refusals: int = 0
    is_taken_back: bool = False
    begun: int = 0
    """How often somebody was allowed to send it."""


class Outbox(RuleBasedStateMachine):
    """Two processes on one outbox, and a handler. Time passes by a rule of its own."""

    open: Callable[[], Database]

    @initialize()
    def begin(self) -> None:
        self.now = NOW
        self.databases = [self.open(), self.open()]
        self.stores = [SqlLaneStore(database, lambda: self.now) for database in self.databases]
        self.model: dict[str, Known] = {}
        self.ids: dict[str, int] = {}
        with self.databases[0].begin() as connection:
            connection.execute(delete(outbox))

    def teardown(self) -> None:
        for database in getattr(self, "databases", ()):
            database.close()

    @rule(
        priority=st.sampled_from([Priority.ANSWER, Priority.TIP]),
        due=st.sampled_from([0, 0, 3, 30]),
        expires=st.sampled_from([None, None, 15]),
    )
    def promise(self, priority: Priority, due: int, expires: int | None) -> None:
        key = f"l{len(self.model):03}"
        due_at = self.now + timedelta(seconds=due)
        expires_at = None if expires is None else self.now + timedelta(seconds=expires)
        with self.databases[0].transaction() as work:
            work.outbox.post(
                ACME.id, letter(key, priority=priority, due_at=due_at, expires_at=expires_at)
            )
        self.model[key] = Known(priority, due_at, expires_at)
        with self.databases[0].begin() as connection:
            self.ids[key] = connection.execute(
                select(outbox.c.id).where(outbox.c.key == key)
            ).scalar_one()

    @rule(choice=st.integers(0, 50))
    def cancel(self, choice: int) -> None:
        if not self.model:
            return
        key = sorted(self.model)[choice % len(self.model)]
        known = self.model[key]
        with self.databases[0].transaction() as work:
            is_cancelled = work.outbox.cancel(ACME.id, key)
        assert is_cancelled == (known.state in {"pending", "leased"})
        if is_cancelled:
            known.state, known.owner, known.until = "cancelled", None, None
        known.is_taken_back |= known.state in {"sending", "ambiguous"}

    @rule(seconds=st.sampled_from([1, 4, 11, 21, 61]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(who=st.integers(0, 1), limit=st.integers(1, 4))
    def claim(self, who: int, limit: int) -> None:
        due = [
            (known.priority, known.due_at, self.ids[key], key)
            for key, known in self.model.items()
            if known.state == "pending" and known.due_at <= self.now
        ]
        expected: list[str] = []
        for *_, key in sorted(due):
            known = self.model[key]
            if len(expected) == limit:
                break
            if known.is_taken_back:
                known.state = "cancelled"
            elif known.expires_at is not None and known.expires_at <= self.now:
                known.state = "failed"
            else:
                known.state, known.owner, known.until = "leased", who, self.now + LEASE
                expected.append(key)
        claim = self.stores[who].claim(ACME.id, self.now, limit, LEASE)
        assert [claimed.delivery.key for claimed in claim.letters] == expected
        if claim.is_all:
            assert len(expected) <= limit

    @rule(who=st.integers(0, 1))
    def send(self, who: int) -> None:
        keys = [key for key, known in self.model.items() if known.state in {"leased", "sending"}]
        ours = self.stores[who].write([self.ids[key] for key in keys], (), self.now, SENDING).ours
        for key in keys:
            known = self.model[key]
            is_ours = known.owner == who and known.until is not None and known.until > self.now
            assert (self.ids[key] in ours) == is_ours
            if is_ours:
                known.begun += known.state == "leased"
                known.state, known.until = "sending", self.now + SENDING

    @rule(who=st.integers(0, 1), choice=st.integers(0, 50), said=st.sampled_from(sorted(RESULTS)))
    def settle(self, who: int, choice: int, said: str) -> None:
        in_hand = [
            k for k, v in self.model.items() if v.state in {"leased", "sending", "ambiguous"}
        ]
        if not in_hand:
            return
        key = sorted(in_hand)[choice % len(in_hand)]
        self.stores[who].write(
            (), [Settlement(self.ids[key], RESULTS[said], LATER)], self.now, SENDING
        )
        known = self.model[key]
        if known.owner != who:
            return
        known.owner, known.until = None, None
        known.state = "pending" if said in {"limited", "unsent"} else said
        if said == "pending":
            known.attempts += 1
            known.refusals = 0
            known.due_at = self.now + LATER
        if said == "limited":
            known.refusals += 1
            if known.refusals >= REFUSALS:
                known.due_at = self.now + back_off(known.refusals, key)
        if said == "ambiguous":
            known.until = self.now + LATER

    @rule(who=st.integers(0, 1))
    def recover(self, who: int) -> None:
        unclear = set()
        given_back = 0
        for key, known in self.model.items():
            if known.until is None or known.until > self.now:
                continue
            if known.state == "leased":
                known.state, known.owner, known.until = "pending", None, None
                given_back += 1
            elif known.state in {"sending", "ambiguous"}:
                known.state, known.owner = "ambiguous", who
                known.until = self.now + RECONCILING
                unclear.add(key)
        recovered = self.stores[who].recover(ACME.id, self.now)
        assert {delivery.key for delivery in recovered.unclear} == unclear
        assert recovered.given_back == given_back

    @invariant()
    def agree(self) -> None:
        if not getattr(self, "model", None):
            return
        with self.databases[0].begin() as connection:
            rows = {r.key: r for r in connection.execute(select(outbox)).all()}
        finals = {"sent", "failed", "unreachable", "unknown", "cancelled"}
        for key, known in self.model.items():
            row = rows[key]
            assert (key, row.state, row.attempts) == (key, known.state, known.attempts)
            assert row.due_at == known.due_at
            assert row.lease_until == known.until
            assert (row.owner is None) == (known.owner is None)
            assert (row.settled_at is not None) == (known.state in finals)
        has_work = any(
            (v.state == "pending" and v.due_at <= self.now)
            or (v.until is not None and v.until <= self.now)
            for v in self.model.values()
        )
        assert self.stores[1].lanes_with_work(self.now) == ([ACME.id] if has_work else [])


def prepare(url: str) -> None:
    database = Database(url, relay_key=RELAY_KEY, memory=Memory())
    with database.transaction() as work:
        work.people.add_workspace(ACME)
        work.people.save(BO)
    database.close()


def check(machine: type[Outbox], examples: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_outbox_is_what_the_model_says_on_sqlite(sqlite_template: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'model.db')}"
    prepare(url)

    class OnSqlite(Outbox):
        @staticmethod
        def open() -> Database:
            return Database(url, relay_key=RELAY_KEY, memory=Memory())

    check(OnSqlite, 25)


def test_the_outbox_is_what_the_model_says_on_postgres(postgres_url: str) -> None:
    prepare(postgres_url)

    class OnPostgres(Outbox):
        @staticmethod
        def open() -> Database:
            return Database(postgres_url, relay_key=RELAY_KEY, memory=Memory())

    check(OnPostgres, 15)
