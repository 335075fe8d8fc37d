"""Processes of the crash proof: each ends with the one that started it, whatever ends that."""

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from bot.failpoint import VARIABLE

ROOT = Path(__file__).parents[2]


class Child:
    """A Python module that runs as a process of its own and says when it is ready."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        failpoint: str | None = None,
        environment: Mapping[str, str] | None = None,
        errors: Path | None = None,
    ) -> None:
        """`errors` takes what it writes to standard error; None is this process's own."""
        # The settings of whoever runs the tests are none of its business.
        surroundings = {
            name: value for name, value in os.environ.items() if not name.startswith("INFLOW_")
        }
        surroundings |= environment or {}
        if failpoint is not None:
            surroundings[VARIABLE] = failpoint
        self.started = time.time()
        target = None if errors is None else errors.open("ab")
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=surroundings,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=target,
                text=True,
            )
        finally:
            if target is not None:
                target.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """None while it runs; what a signal ended has a negative one."""
        return self._process.poll()

    def wait_until_ready(self, patience: float = 30) -> dict[str, int] | None:
        """What it announced; None when it ended before."""
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], patience)
        if not readable:
            self.kill()
            raise TimeoutError("a child was not ready in time")
        line = self._process.stdout.readline()
        if not line:
            self._process.wait(patience)
            return None
        announced: dict[str, int] = json.loads(line)
        return announced

    def rss_mb(self) -> float:
        """Its resident size; 0 where the system does not tell, or when it has ended."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return 0.0
        for line in status.splitlines():
            if line.startswith("VmRSS:"):
                return round(int(line.split()[1]) * 1024 / 1e6, 1)
        return 0.0

    def kill(self) -> None:
        """End it as `kill -9` does, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self._process.wait(30)
        self._close()

    def signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            self._process.send_signal(number)

    def stop(self, patience: float = 20) -> int:
        """End it politely; returns its status."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            return self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait(30)
        finally:
            self._close()

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def announce(**facts: int) -> None:
    """Tell the parent that this process is ready."""
    print(json.dumps(facts), flush=True)


async def wait_for_the_end() -> None:
    """Until SIGTERM or SIGINT comes, or the parent is gone."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    # Nobody writes to it: it becomes readable when the parent's end is closed.
    loop.add_reader(sys.stdin.fileno(), ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
