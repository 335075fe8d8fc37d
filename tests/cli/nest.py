"""Processes of the program that do not each load it anew.

To load the program takes a second, and it is started hundreds of times here. `Nest` is a process
that has loaded it once and forks for each start. What is forked has arguments, a folder, an
environment and pipes of its own, gets signals and ends as any other, and runs `bot/__main__.py`
from its first line. What it has in common with its siblings is the seed of Python's hashes.
"""

import atexit
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from select import select
from typing import IO, Self

ROOT = Path(__file__).parents[2]
LONGEST = 2**16
"""Bytes of an order: its arguments and environment."""


class Hatched:
    """As much of a `subprocess.Popen` as these tests use. Standard error goes to a file, so that
    nobody need read it meanwhile."""

    def __init__(
        self, nest: socket.socket, arguments: Sequence[str], folder: Path, names: Mapping[str, str]
    ) -> None:
        out, out_of_it = os.pipe()
        news, of_it = os.pipe()
        self.returncode: int | None = None
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed below
        order = json.dumps([list(arguments), str(folder), dict(names)]).encode()
        socket.send_fds(nest, [order], [out_of_it, self._errors.fileno(), of_it])
        os.close(out_of_it)
        os.close(of_it)
        self.stdout: IO[str] = os.fdopen(out, encoding="utf-8")
        self._news = os.fdopen(news, encoding="utf-8")
        self.pid = int(self._news.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.wait(30)
        self.stdout.close()
        self._errors.close()
        self._news.close()

    def wait(self, timeout: float) -> int:
        """Its status, negative where a signal ended it.

        Raises:
            subprocess.TimeoutExpired: it runs for more seconds than that.
        """
        if self.returncode is None:
            if not select([self._news], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("inflow", timeout)
            self.returncode = int(self._news.readline())
        return self.returncode

    def communicate(self, timeout: float) -> tuple[str, str]:
        """The rest of what it says, and all its errors, when it has ended by itself."""
        until = time.monotonic() + timeout
        # Whoever waits for its end before reading could wait for ever: a pipe holds little.
        said: list[bytes] = []
        while select([self.stdout], [], [], max(until - time.monotonic(), 0))[0]:
            some = os.read(self.stdout.fileno(), 2**16)
            if not some:
                break
            said.append(some)
        self.wait(max(until - time.monotonic(), 0))
        self._errors.seek(0)
        return b"".join(said).decode(), self._errors.read()

    def send_signal(self, number: signal.Signals) -> None:
        """Nothing, if it has ended."""
        if self.returncode is None and not select([self._news], [], [], 0)[0]:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


@cache
def _nest() -> socket.socket:
    """The way to the nest of this process, which ends with it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        nest = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=ROOT,
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
        )

    def close() -> None:
        ours.close()
        nest.wait()

    atexit.register(close)
    return ours


def hatch(arguments: Sequence[str], folder: Path, names: Mapping[str, str]) -> Hatched:
    """`python -m bot` with these arguments, in a folder, with an environment of these names."""
    return Hatched(_nest(), arguments, folder, names)


def _become(order: bytes, descriptors: Sequence[int]) -> None:
    """Be the process that was ordered, and run to its end."""
    arguments, folder, names = json.loads(order)
    empty = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((empty, *descriptors[:2])):
        os.dup2(descriptor, number)
    for descriptor in (empty, *descriptors):
        os.close(descriptor)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(names)
    sys.path[0] = folder
    sys.argv = ["bot", *arguments]
    runpy.run_module("bot", run_name="__main__", alter_sys=True)


def _sit(nest: socket.socket) -> None:
    while True:
        order, descriptors, _, _ = socket.recv_fds(nest, LONGEST, 3)
        if not order:
            return
        if os.fork():
            for descriptor in descriptors:
                os.close(descriptor)
            continue
        # Somebody waits for it: one process of its own, so that the nest need not.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        nest.close()
        child = os.fork()
        if not child:
            _become(order, descriptors)
            return
        os.write(descriptors[2], f"{child}\n".encode())
        for descriptor in descriptors[:2]:
            os.close(descriptor)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.write(descriptors[2], f"{status}\n".encode())
        os._exit(0)


if __name__ == "__main__":
    # Ctrl-C is for the tests, and nobody waits for those who wait.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    import_module("bot.__main__")
    # What is forked finds all but this one loaded.
    del sys.modules["bot.__main__"]
    gc.freeze()
    _sit(socket.socket(fileno=0))
