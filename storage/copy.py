"""A throwaway copy of a SQLite database, on which everything can be tried."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from storage.database import read_url


@contextmanager
def copied(url: str) -> Iterator[str]:
    """The address of a copy of the SQLite file at `url`, or of none yet where there is none.

    The copy is gone after the block, and nothing has changed at `url`. Others may write
    there meanwhile.

    Raises:
        ValueError: it is not the address of a SQLite file.
        sqlite3.Error: the file cannot be read as a database.
    """
    address = read_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        raise ValueError("only a SQLite file is copied")
    original = Path(address.database)
    with TemporaryDirectory(prefix="inflow-") as folder:
        copy = Path(folder) / "copy.db"
        if original.exists():
            with closing(sqlite3.connect(original)) as source, closing(sqlite3.connect(copy)) as to:
                source.backup(to)
        yield address.set(database=str(copy)).render_as_string(hide_password=False)
