"""What must never be in the repository: places on somebody's machine, registries, secrets."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Each pattern is written so that it does not match itself.
UNWANTED = {
    "a path on a machine": (
        r"(?:(?<![\w.~/-])|(?<=file:/[/]))/(?:(?:work|root|opt/pypi)\b|(?:home|Users)/\w)"
    ),
    "the address of a registry": (
        r"(?:files\.)?python[h]osted\.org|\bpypi\.(?:org|python\.org)/simple"
        r"|registry\.npm[j]s\.org|--(?:extra-)?index-ur[l]\b|--find-link[s]\b"
    ),
    "a token of Slack": r"\bxo(?:x[a-z]|xe\.xox[a-z])-[0-9A-Za-z-]{10,}|\bxap[p]-\d-[0-9A-Z]{6,}",
    "a private key": r"BEGIN (?:[A-Z]+ )?PRIVATE KE[Y]",
    "a key of a cloud": r"\bAKI[A][0-9A-Z]{16}\b|\bgh[pousr]_[0-9A-Za-z]{36}\b",
}


def tracked_files() -> list[Path]:
    """The files git keeps, as they are in the folder now."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    if listed.returncode:
        pytest.skip("This is not a git checkout, so the files of the project are not known.")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def find_unwanted(text: str) -> set[str]:
    """What of the unwanted things a text holds, by name."""
    return {what for what, pattern in UNWANTED.items() if re.search(pattern, text)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cd /" + "work/main", {"a path on a machine"}),
        ("see /" + "root/.config", {"a path on a machine"}),
        ("file:///" + "opt/pypi/simple", {"a path on a machine"}),
        ("/" + "Users/ana/inflow", {"a path on a machine"}),
        ("https://files.python" + "hosted.org/packages", {"the address of a registry"}),
        ("--find-" + "links wheels", {"the address of a registry"}),
        ("xox" + "b-123456789012-abcdefABCDEF", {"a token of Slack"}),
        ("-----BEGIN RSA PRIVATE " + "KEY-----", {"a private key"}),
        ("https://example.org/work/root", set()),
        ("the network/root of it, ../work/x and ~/work", set()),
        ("Slack's tokens begin with xox" + "b-", set()),
    ],
)
def test_the_patterns_find_what_they_name(text: str, found: set[str]) -> None:
    assert find_unwanted(text) == found


def test_no_tracked_file_holds_anything_unwanted() -> None:
    held = {
        f"{path.relative_to(ROOT)}: {what}"
        for path in tracked_files()
        for what in find_unwanted(path.read_text(encoding="utf-8", errors="replace"))
    }
    assert held == set()


def test_no_tracked_file_is_made_by_a_command() -> None:
    made = re.compile(r"(^|/)(\.venv|dist|__pycache__)/|\.pyc$|(^|/)(uv\.lock|inflow\.db.*)$")
    names = {path.relative_to(ROOT).as_posix() for path in tracked_files()}
    assert {name for name in names if made.search(name)} == set()
