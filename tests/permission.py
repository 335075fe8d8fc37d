"""Files that may only be read, also where the tests run as root, who may write everything."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def read_only(source: Path) -> Iterator[Path]:
    """A copy of a database, which we may read and not write, in a folder that we may write.

    Root becomes nobody for it, whom the folders that pytest makes do not let in.
    """
    folder = Path(tempfile.mkdtemp(prefix="inflow-", dir="/tmp"))
    file = folder / "inflow.db"
    shutil.copyfile(source, file)
    file.chmod(0o440)
    us = os.geteuid()
    if us == 0:
        os.chown(folder, NOBODY, -1)
        os.chown(file, NOBODY, -1)
        os.seteuid(NOBODY)
    try:
        yield file
    finally:
        os.seteuid(us)
        shutil.rmtree(folder)
