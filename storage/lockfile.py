"""A lock file that keeps a second process from driving the same SQLite file.

It is for whoever drives lanes and timers, and for whoever copies the file's content. An
import needs no lock: SQLite lets it write between two transactions of the program that
runs, and what the program has in memory is read on by revision.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from storage.database import read_url

if sys.platform == "win32":
    import msvcrt

    # The lock keeps others from reading what it covers, so it covers what is never written.
    _BEYOND = 1 << 30

    def _close_to_others(handle: int) -> None:
        os.lseek(handle, _BEYOND, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)

else:
    import fcntl

    def _close_to_others(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class InUse(Exception):
    """Another process has the lock; the sentence names it and says what to do."""


@contextmanager
def locked(url: str, started_at: datetime, port: int | None = None) -> Iterator[None]:
    """Keep the SQLite file at `url` for this process, which began at `started_at`, aware.

    The lock is beside the file, `inflow.db.lock`. It ends with the process, however that
    ends: a lock file that a crash has left behind locks nothing. On PostgreSQL, which any
    number of processes share, this does nothing.

    Raises:
        InUse: another process has it.
        OSError: the lock file cannot be written.
    """
    address = read_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        yield
        return
    file = Path(address.database)
    lock = Path(f"{file}.lock")
    handle = _take(file, lock)
    try:
        began = f"{started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        holder = {"process": os.getpid(), "started_at": began, "port": port}
        os.ftruncate(handle, 0)
        os.write(handle, json.dumps(holder).encode())
        yield
    finally:
        # Windows keeps a file that is open; the next one takes it as it is.
        with suppress(OSError):
            lock.unlink()
        os.close(handle)


def holder_of(file: Path) -> str | None:
    """Who has the lock of a SQLite file just now, in words; None when nobody has."""
    try:
        handle = os.open(f"{file}.lock", os.O_RDWR)
    except OSError:
        return None
    try:
        _close_to_others(handle)
    except OSError:
        return _read_holder(handle)
    finally:
        os.close(handle)
    return None


def _take(file: Path, lock: Path) -> int:
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _close_to_others(handle)
        except OSError:
            holder = _read_holder(handle)
            os.close(handle)
            raise InUse(
                f"{file.name} is in use by {holder}; stop it, or use PostgreSQL for several "
                "processes."
            ) from None
        # Between the two steps its holder may have ended and removed it; this would be the
        # lock of a file that nobody else sees.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), lock.stat()):
                return handle
        os.close(handle)


def _read_holder(handle: int) -> str:
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        holder = json.loads(os.read(handle, 1000))
        port = f" on port {holder['port']}" if holder["port"] else ""
        return f"process {holder['process']}{port}, started at {holder['started_at']}"
    except (ValueError, KeyError, TypeError):
        # It has the lock and has not yet said who it is.
        return "another process"
