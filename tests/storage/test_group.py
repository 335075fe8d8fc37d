"""Group commit: transactions share a commit, and each is kept or not on its own."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError

from bot.capabilities.questions.memory import Memory
from bot.errors import BotError, Unavailable
from storage.database import make_engine
from storage.group import Groups
from storage.seal import Seal
from storage.work import SqlWork
from tests.databases import RELAY_KEY
from tests.storage.example import ACME, article

Act = Callable[[Connection], object]


class Shared:
    """A file with one table, the groups over it, and how often was committed and forgotten."""

    def __init__(
        self,
        file: Path,
        *,
        patience: float = 30,
        largest: int = 64,
        longest: float = 30,
        forget: Callable[[], None] = lambda: None,
    ) -> None:
        self.file = file
        self.commits = 0
        self.forgotten = 0
        self._and_forget = forget
        self.engine = make_engine(f"sqlite:///{file}")
        self.groups = Groups(self.engine, patience, self._forget, largest=largest, longest=longest)
        with self.groups.begin() as connection:
            connection.execute(text("CREATE TABLE kept (name TEXT PRIMARY KEY)"))
            connection.execute(text("CREATE TABLE part (of TEXT REFERENCES kept (name))"))
        event.listen(self.engine, "commit", self._count)

    def _count(self, _connection: Connection) -> None:
        self.commits += 1

    def _forget(self) -> None:
        self.forgotten += 1
        self._and_forget()

    def run(self, *acts: Act) -> list[object]:
        """Run each in a thread and a transaction of its own, in this order and in one group as
        far as that may grow; returns the results, or what was raised."""
        outcomes: dict[int, object] = {}

        def call(number: int, act: Act) -> None:
            try:
                with self.groups.begin() as connection:
                    outcome = act(connection)
                outcomes[number] = outcome
            except (BotError, ArithmeticError, DBAPIError, sqlite3.Error) as error:
                outcomes[number] = type(error)

        threads = [
            threading.Thread(target=call, args=each) for each in enumerate(acts[1:], start=1)
        ]

        def hold(connection: Connection) -> object:
            for place, thread in enumerate(threads):
                thread.start()
                while self.groups.waiting <= place:
                    thread.join(0.001)
            return acts[0](connection)

        call(0, hold)
        for thread in threads:
            thread.join(30)
        return [outcomes[number] for number in range(len(acts))]

    def names(self) -> list[str]:
        """What somebody else reads in the file."""
        with closing(sqlite3.connect(self.file)) as other:
            return [name for (name,) in other.execute("SELECT name FROM kept ORDER BY name")]


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Shared]:
    """Groups that may grow."""
    shared = Shared(tmp_path / "group.db")
    yield shared
    shared.engine.dispose()


def keep(name: str) -> Act:
    """Keep a name; returns those that are there by then."""

    def act(connection: Connection) -> list[str]:
        connection.execute(text("INSERT INTO kept VALUES (:name)"), {"name": name})
        return list(connection.scalars(text("SELECT name FROM kept ORDER BY name")))

    return act


def fail(connection: Connection) -> None:
    """Keep something, and then find out that it was wrong."""
    keep("wrong")(connection)
    raise ZeroDivisionError


def spoil(connection: Connection) -> None:
    """Let the commit fail: it finds a part of nothing."""
    connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    connection.execute(text("INSERT INTO part VALUES ('nothing')"))


def break_off(connection: Connection) -> None:
    """Do what makes SQLite roll back all by itself, as it may when the disk is full."""
    keep("x")(connection)
    connection.execute(text("INSERT OR ROLLBACK INTO kept VALUES ('x')"))


def test_those_who_wait_share_one_commit(shared: Shared) -> None:
    assert shared.run(*map(keep, "abc")) == [["a"], ["a", "b"], ["a", "b", "c"]]
    assert (shared.names(), shared.commits) == (["a", "b", "c"], 1)


def test_nobody_returns_before_it_is_kept(shared: Shared) -> None:
    seen: dict[str, bool] = {}

    def call(name: str) -> None:
        for number in range(10):
            mine = f"{name}{number}"
            with shared.groups.begin() as connection:
                keep(mine)(connection)
            seen[mine] = mine in shared.names()

    threads = [threading.Thread(target=call, args=(name,)) for name in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert seen == dict.fromkeys((f"{name}{n}" for name in "abcdefgh" for n in range(10)), True)
    assert shared.commits < 80


def test_who_fails_takes_back_only_their_own(shared: Shared) -> None:
    outcomes = shared.run(keep("a"), fail, keep("b"), fail)
    assert outcomes == [["a"], ZeroDivisionError, ["a", "b"], ZeroDivisionError]
    assert (shared.names(), shared.commits, shared.forgotten) == (["a", "b"], 1, 0)


def test_the_first_one_may_fail(shared: Shared) -> None:
    assert shared.run(fail, keep("a"), keep("b")) == [ZeroDivisionError, ["a"], ["a", "b"]]
    assert shared.names() == ["a", "b"]


def test_a_commit_that_fails_keeps_nothing_of_the_group(shared: Shared) -> None:
    outcomes = shared.run(keep("a"), spoil, keep("b"), fail)
    # What the last one did wrong may come from what it had read of the others.
    assert outcomes == [Unavailable] * 4
    assert (shared.names(), shared.forgotten) == ([], 1)
    assert shared.run(keep("c")) == [["c"]]
    assert shared.names() == ["c"]


def test_what_sqlite_rolls_back_by_itself_is_nobodys(shared: Shared) -> None:
    outcomes = shared.run(keep("a"), break_off, keep("b"))
    assert outcomes[0] is Unavailable
    assert isinstance(outcomes[1], type)
    assert issubclass(outcomes[1], DBAPIError)
    assert outcomes[2] == ["b"]
    assert (shared.names(), shared.forgotten) == (["b"], 1)


def test_what_sqlite_rolled_back_in_silence_is_not_called_kept(shared: Shared) -> None:
    def swallow(connection: Connection) -> None:
        with pytest.raises(DBAPIError):
            break_off(connection)

    assert shared.run(keep("a"), swallow, keep("b")) == [Unavailable, Unavailable, ["b"]]
    assert shared.names() == ["b"]


def test_a_group_does_not_grow_for_ever(tmp_path: Path) -> None:
    shared = Shared(tmp_path / "small.db", largest=2)
    shared.run(*map(keep, "abcde"))
    assert (shared.names(), shared.commits) == (list("abcde"), 3)
    shared.engine.dispose()


def test_a_group_that_has_been_open_for_long_takes_nobody_in(tmp_path: Path) -> None:
    shared = Shared(tmp_path / "brief.db", longest=0)
    shared.run(*map(keep, "abc"))
    assert (shared.names(), shared.commits) == (list("abc"), 3)
    shared.engine.dispose()


def test_who_leaves_the_line_is_not_waited_for(tmp_path: Path) -> None:
    shared = Shared(tmp_path / "hasty.db", patience=0.05)
    outcomes: list[object] = []

    def hold(connection: Connection) -> object:
        impatient = threading.Thread(target=lambda: outcomes.extend(shared.run(keep("b"))))
        impatient.start()
        impatient.join(30)
        return keep("a")(connection)

    assert shared.run(hold) == [["a"]]
    assert (outcomes, shared.names()) == ([Unavailable], ["a"])
    shared.engine.dispose()


def test_who_finds_the_file_locked_does_not_stop_the_line(tmp_path: Path) -> None:
    file = tmp_path / "locked.db"
    shared = Shared(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        shared.engine.dispose()
        shared.engine = make_engine(f"sqlite:///{file}", busy_timeout=0.01)
        shared.groups = Groups(shared.engine, 30, lambda: None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DBAPIError, match="locked"), shared.groups.begin():
            pass
        other.execute("ROLLBACK")
    assert shared.run(keep("a"), keep("b")) == [["a"], ["a", "b"]]
    shared.engine.dispose()


KEEP_ON = """
import sys, threading
from itertools import count
from pathlib import Path
from tests.storage.test_group import Shared, keep

shared = Shared(Path(sys.argv[1]), longest=0.02)

def call(name):
    for number in count():
        with shared.groups.begin() as connection:
            keep(f"{name}{number}")(connection)
        sys.stdout.write(f"{name}{number}\\n")
        sys.stdout.flush()

for name in "abcdefgh":
    threading.Thread(target=call, args=(name,)).start()
"""


def test_a_process_that_is_killed_has_kept_what_it_said_it_had(tmp_path: Path) -> None:
    file = tmp_path / "killed.db"
    with subprocess.Popen(
        [sys.executable, "-c", KEEP_ON, str(file)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        acknowledged = {process.stdout.readline().strip() for _ in range(200)}
        process.kill()
        # The last line may be cut off.
        acknowledged |= {line[:-1] for line in process.stdout if line.endswith("\n")}
    with closing(sqlite3.connect(file)) as reader:
        kept = {name for (name,) in reader.execute("SELECT name FROM kept")}
        assert reader.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert len(acknowledged) >= 200
    assert acknowledged <= kept
    # One for each thread may have been kept, and not been said.
    assert len(kept - acknowledged) <= 8


def test_memory_forgets_what_was_not_kept(sqlite_url: str) -> None:
    memory = Memory()
    shared = Shared(Path(sqlite_url.removeprefix("sqlite:///")), forget=memory.forget)

    def open_work(connection: Connection) -> SqlWork:
        return SqlWork(connection, Seal(RELAY_KEY), memory)

    def save(name: str, title: str) -> Act:
        def act(connection: Connection) -> None:
            work = open_work(connection)
            work.articles.save(article(name, title=title))
            work.revisions.number()

        return act

    def look_up(connection: Connection) -> list[str]:
        found = [memory.look_up(open_work(connection), ACME.id, w) for w in ("bicycle", "canteen")]
        return [name for names in found for name in names]

    def look_up_and_spoil(connection: Connection) -> None:
        seen.append(look_up(connection))
        spoil(connection)

    seen: list[list[str]] = []
    with shared.groups.begin() as connection:
        open_work(connection).people.add_workspace(ACME)
    shared.run(save("lost", "Who leases a bicycle?"), look_up_and_spoil)
    # It gets the revision that the lost one had.
    shared.run(save("there", "When is the canteen open?"))
    assert (seen, shared.run(look_up)) == ([["lost"]], [["there"]])
    shared.engine.dispose()
