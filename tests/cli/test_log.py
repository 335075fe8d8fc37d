"""The log: JSON lines that say which event they belong to, and nothing that people wrote."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.logged_story import SECRET

ROOT = Path(__file__).parents[2]


@pytest.fixture
def told(database_url: str) -> list[dict[str, Any]]:
    """The lines that a whole story with all its mishaps has left in the log."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.cli.logged_story", database_url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert SECRET.lower() not in done.stderr.lower()
    return [json.loads(line) for line in done.stderr.splitlines()]


def events(told: list[dict[str, Any]]) -> set[str]:
    return {line["event"] for line in told}


def test_a_whole_story_leaves_no_word_and_no_name_in_the_log(told: list[dict[str, Any]]) -> None:
    assert events(told) >= {
        "received",
        "refused",
        "delivery failed",
        "request failed",
        "timer failed",
        "store failed",
        "it failed",
        "Future exception was never retrieved",
        "a thread crashed",
        "crashed",
    }
    # Every line about something that came in tells which event it was.
    for line in told:
        if line["event"] in {"received", "refused"}:
            assert line["event_id"]
            assert (line["platform"], line["external"], line["workspace"]) == ("room", "w1", "w")
            assert line["what"] in {"ordered", "said", "pressed", "submitted", "left"}
    commands = {line.get("command") for line in told if line.get("what") == "ordered"}
    assert commands == {"ask", "refuse", None}
    # What an error says is left out, and where it comes from is there.
    (row,) = [line["exception"] for line in told if line["event"] == "store failed"]
    assert "IntegrityError" in row
    assert "(23502)" in row or "(SQLITE_CONSTRAINT_NOTNULL)" in row
    assert "logged_story.py:" in row
    assert any(line.get("timer") == "rude.ring" for line in told if line["event"] == "timer failed")
    (crash,) = [line["exception"] for line in told if line["event"] == "crashed"]
    assert "FileNotFoundError (2)" in crash


def test_what_lets_somebody_in_never_reaches_the_log() -> None:
    secrets = [
        "xoxb-1-abcDEFG",
        "xoxe.xoxp-1-Mi0yLTE",
        "xoxe-1-My0xLTA",
        "xapp-1-A012-345-abcdef0123",
        "https://hooks.slack.com/actions/T1/2/abc",
        "wss://wss-primary.slack.com/link/?ticket=1-2&app_id=3",
        "Authorization: Bearer abcdefgh12345",
    ]
    code = (
        "import logging, sys, structlog\n"
        "from bot.bootstrap.log import configure_logs\n"
        "configure_logs('debug')\n"
        "for each in sys.argv[1:]:\n"
        "    structlog.get_logger().debug('said', what=each, more={'deep': [each]})\n"
        "    logging.getLogger('library').warning('said %s and more', each)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *secrets],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert len(lines) == 2 * len(secrets)
    assert done.stderr.count("[secret]") == 3 * len(secrets)
    for secret in secrets:
        assert secret[-8:] not in done.stderr
