"""Ballast against a full disk: room that is kept beside the database for what must be written.

On a full disk SQLite cannot even delete. So new work is refused while there is still room,
below a mark; and should somebody else fill the disk all the same, a file kept for that is
thrown away, so that what became of the letters on the wire can be written down. Once there is
room again the file is put back and new work is taken on, by itself.
"""

import os
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

SIZE = 8 * 2**20
"""Bytes kept for the worst."""
MARK = 32 * 2**20
"""Bytes that must be free for new work."""

log = structlog.get_logger()


def free_bytes(folder: Path) -> int:
    """How many bytes we could write in the folder."""
    return shutil.disk_usage(folder).free


class Ballast:
    """The ballast of one database file, `inflow.db.ballast`, there inside a `with` block.

    Safe to call from any thread. One process at a time may have it: see storage/lockfile.py.
    `free` tells how many bytes are free in a folder.
    """

    def __init__(
        self,
        database: Path,
        *,
        size: int = SIZE,
        mark: int = MARK,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self.file = Path(f"{database}.ballast")
        self._size = size
        self._mark = mark
        self._free = free
        self._mine = threading.Lock()
        self._is_held = False
        self._is_over = False
        self._had_room = True

    def __enter__(self) -> Self:
        self.has_room()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _where: TracebackType | None,
    ) -> None:
        with self._mine:
            self._is_over = True
            self._throw_away()

    def has_room(self) -> bool:
        """Whether new work may be taken on. Throws the ballast away or puts it back at need."""
        with self._mine:
            free = self._free(self.file.parent)
            if self._is_held and free < self._size // 2:
                self._throw_away()
            elif not self._is_held and not self._is_over and free >= self._mark + self._size:
                self._put_back()
            has_room = self._is_held and free >= self._mark
            if has_room is not self._had_room:
                self._had_room = has_room
                words = "there is room on the disk again" if has_room else "the disk is nearly full"
                log.warning(words, free_mb=free // 2**20, takes_new_work=has_room)
            return has_room

    def release(self) -> None:
        """Throw the ballast away, because SQLite says that the disk is full."""
        with self._mine:
            self._throw_away()

    def _throw_away(self) -> None:
        self._is_held = False
        # A folder that cannot be written will be told of by SQLite.
        with suppress(OSError):
            self.file.unlink(missing_ok=True)

    def _put_back(self) -> None:
        try:
            with self.file.open("wb") as file:
                _fill(file.fileno(), self._size)
        except OSError:
            self._throw_away()
        else:
            self._is_held = True


def _fill(handle: int, size: int) -> None:
    """Take the room for real: a file of which only the end was written takes none."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
        return
    while size > 0:
        # A disk that packs what it keeps has no room to give back for zeros.
        size -= os.write(handle, os.urandom(min(size, 2**20)))
