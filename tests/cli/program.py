"""The program itself, in a folder of its own and with no settings but those a test gives."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.cli.nest import Hatched, hatch

PATIENCE = 30
"""Seconds to wait for the program to start, stop or answer on a crowded machine."""
ROOT = Path(__file__).parents[2]
OURS = re.compile(r"INFLOW_|PORT$|SLACK_|TEAMS_|MICROSOFT_|PYTHONPATH$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Running:
    """A process of the program: `address` is http://127.0.0.1:PORT, or nothing without one."""

    address: str
    process: int

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page."""
        return self._ask(Request(f"{self.address}{path}"))

    def is_ready(self) -> bool:
        """Whether it says so; on a busy machine it may not know at once."""
        try:
            return self.get("/readyz") == (200, '{"status": "ready"}')
        except HTTPError as error:
            with error:
                if error.code != 503:
                    raise
                return False

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """The answer of the API."""
        head = {"Content-Type": "application/json"}
        return json.loads(
            self._ask(Request(f"{self.address}{path}", json.dumps(body).encode(), head))[1]
        )

    def _ask(self, request: Request) -> tuple[int, str]:
        answer: HTTPResponse
        with urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()


WAITS = {
    "a timer waits for the store",
    "job given up",
    "lane stopped",
    "marks wait",
    "the process does not wait for its ticks any longer",
    "the store cannot take it now; each tick tries again",
    "the store takes it again",
    "the worker stopped and begins again",
}
"""What is said where the store did not answer for seconds, and what goes on by itself after it."""


def _complaints(errors: str) -> list[str]:
    """What a process has said on standard error, but for what a crowded machine makes it say."""
    lines = errors.splitlines()
    return [it for it in lines if not it.startswith("{") or json.loads(it)["event"] not in WAITS]


def wait_for(look: Callable[[], Any]) -> Any:
    """What is seen as soon as there is anything."""
    until = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


@dataclass(frozen=True, slots=True)
class Program:
    """`inflow`, started in `folder`, where the SQLite file and its key come to lie."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    def call(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        with self._hatch(*arguments) as process:
            said, errors = process.communicate(2 * PATIENCE)
        status = process.wait(PATIENCE)
        return subprocess.CompletedProcess(arguments, status, said, errors)

    def call_anew(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """The same in a process that has nothing in common with any other."""
        return self._run("-m", "bot", *arguments)

    def run_code(self, code: str) -> "subprocess.CompletedProcess[str]":
        """Run some lines of Python in the program's place."""
        return self._run("-c", code)

    def _run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )

    @contextmanager
    def serve(self, *arguments: str) -> Iterator[Running]:
        """`inflow run` on a free port; at the end it is stopped with Ctrl-C and must obey."""
        with self.start("run", "--port", "0", *arguments) as running:
            yield running

    @contextmanager
    def start(
        self,
        *arguments: str,
        stop: signal.Signals = signal.SIGINT,
        patience: float = PATIENCE,
        may_complain: bool = False,
        anew: bool = False,
    ) -> Iterator[Running]:
        """A process that runs until it is stopped, which must then end within `patience`
        seconds, with status 0 and, unless it `may_complain`, no word on standard error. Who
        measures it wants it `anew`, sharing nothing with any other."""
        hatched = self._popen(*arguments) if anew else self._hatch(*arguments)
        with hatched as process:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert "(Ctrl-C stops it)" in said, (said, process.communicate(timeout=PATIENCE))
            address = re.search(r"http://127\.0\.0\.1:\d+", said)
            yield Running(address[0] if address else "", process.pid)
            process.send_signal(stop)
            _, errors = process.communicate(timeout=patience)
        assert process.returncode == 0, errors
        assert may_complain or _complaints(errors) == [], errors

    def _hatch(self, *arguments: str) -> Hatched:
        return hatch(arguments, self.folder, self._environment())

    def _popen(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "bot", *arguments],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not OURS.match(name)}
        # The folder of the test is the working directory, so the checkout must be named.
        return {**kept, "PYTHONPATH": str(ROOT), **self.settings}
