"""The real program, started as `make run` starts it, and a headless Chromium to use it with."""

import json
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.cli.nest import hatch

PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PATIENCE = 20
"""Seconds to wait for the program to start, stop or answer on a crowded machine."""
expect.set_options(timeout=PATIENCE * 1000)
# Nothing but the page under test may be fetched, and root has no sandbox to start in.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
)


def find_chromium() -> str | None:
    """The system's Chromium, by its usual names."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for one module. Playwright's loop ends with it, before others need theirs."""
    program = find_chromium()
    if program is None:
        reason = (
            "the tests in a browser were left out: no Chromium found (on Debian: "
            "apt install chromium)"
        )
        if os.environ.get("INFLOW_REQUIRE_CHROMIUM"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def run_program(directory: Path, **settings: str) -> Iterator[str]:
    """Start `inflow playground` on a free port, with some settings; gives its address, and stops it
    with Ctrl-C."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("INFLOW_")
    }
    environment["INFLOW_DATABASE_URL"] = f"sqlite:///{directory / 'inflow.db'}"
    environment.update(settings)
    words = ("playground", "--port", "0", "--beside-platforms")
    with hatch(words, Path(__file__).parents[2], environment) as program:
        said = program.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert address is not None, (said, program.communicate(PATIENCE))
        try:
            yield address[0]
        finally:
            program.send_signal(signal.SIGINT)
            _, errors = program.communicate(PATIENCE)
    assert program.returncode == 0, "it stops cleanly"
    # That something waits for a crowded store is a warning, and names the kind of its error.
    levels = {json.loads(line)["level"] for line in errors.splitlines()}
    assert levels <= {"warning"}, errors


@pytest.fixture
def address(browser: Browser, tmp_path: Path) -> Iterator[str]:
    """A program of the test's own, with the demo workspace."""
    with run_program(tmp_path) as address:
        yield address


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open the page in a fresh window, given Playwright's context options.

    At the end no window may have had an error in its console. A form that comes back to be
    mended (422) is none, though a browser writes it there.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(query: str = "", **options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]  # by name
        contexts.append(context)
        context.set_default_timeout(PATIENCE * 1000)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if message.type == "error" and "status of 422" not in message.text
                else None
            ),
        )
        page.goto(f"{address}/playground?{query}" if query else address)
        page.wait_for_selector("body[data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
