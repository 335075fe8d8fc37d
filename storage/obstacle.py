"""What is in the way of using a database, in words for whoever runs Inflow."""

import errno
import os
import shlex
import sqlite3
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from storage.database import read_url, result_code

INSTALL = "pip install 'inflow[postgresql]'"
"""What brings the driver of PostgreSQL; `make venv` does so in a checkout."""


def explain(url: str, error: Exception) -> str:
    """One sentence or two about the `error` that using the database at `url` raised: which
    file or server it is about, and what mends it. Holds no password.

    Knows the errors of SQLAlchemy and the drivers, OSError, and ImportError where a driver
    is missing; of others it says what they say.
    """
    address = read_url(url)
    if address.get_backend_name() == "sqlite":
        return _explain_file(Path(address.database or "").absolute(), error)
    if isinstance(error, ImportError):
        return (
            "PostgreSQL needs more than is installed. "
            f"Install it with: {INSTALL} (in a checkout: make venv)"
        )
    return _explain_server(address, _first_line(error))


def _explain_file(file: Path, error: Exception) -> str:
    folder = file.parent
    if not folder.exists():
        return f"the folder {folder} is not there. Make it with: mkdir -p {_quote(folder)}"
    if file.is_dir():
        return f"{file} is a folder. Name a file: sqlite:///{file / 'inflow.db'}"
    match result_code(error):
        case sqlite3.SQLITE_NOTADB:
            return f"{file} is not a SQLite database. Name another file, or restore your backup."
        case sqlite3.SQLITE_CORRUPT:
            return f"{file} is damaged. Restore your backup."
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED | sqlite3.SQLITE_PROTOCOL:
            return f"another program keeps {file} locked. Stop it, and try again."
    if result_code(error) == sqlite3.SQLITE_FULL or _is_out_of_room(error):
        return f"the disk of {file} is full. Make room on it, and try again."
    for path in (file, folder):
        if path.exists() and not may_write(path):
            return _explain_closed(path)
    return f"{file} cannot be used: {_first_line(error)}"


def _is_out_of_room(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def explain_unwritable(url: str) -> str | None:
    """What `explain` says of a SQLite file that is there and may not be written, or its log; None
    if they may, and for a server.

    To be asked before the file is opened: SQLite opens it for reading then, and says only that
    it is busy when something is to be written.

    Raises:
        ValueError: `url` is not the address of a database.
    """
    address = read_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        return None
    return explain_closed(Path(address.database).absolute())


def explain_closed(file: Path) -> str | None:
    """The same about a SQLite file and its log. It may be asked while the file is open: a disk
    that turned out to be damaged is mounted for reading only."""
    for path in (file, Path(f"{file}-wal")):
        if path.is_file() and not may_write(path):
            return _explain_closed(path)
    return None


def _explain_closed(path: Path) -> str:
    return (
        f"{path} cannot be written by the user who runs Inflow. Allow it with: "
        f"chmod u+rwX {_quote(path)} (or chown, where it belongs to somebody else). "
        "SQLite needs both the file and its folder."
    )


def may_write(path: Path) -> bool:
    """Whether the user who runs this process may read and write what is at `path`."""
    effective = os.access in os.supports_effective_ids
    return os.access(path, os.R_OK | os.W_OK, effective_ids=effective)


def _explain_server(address: URL, said: str) -> str:
    # What the server says of a missing database comes in its own language, and without a code.
    if f'"{address.database}"' in said and "database" in said:
        return f"{said}. Make the database with: createdb {address.database}"
    return f"the server cannot be used: {said}. Start it, or correct the address."


def _first_line(error: Exception) -> str:
    # What a driver says of an address holds no password.
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(cause).partition("\n")[0].rstrip(".")


def _quote(path: Path) -> str:
    return shlex.quote(str(path))
