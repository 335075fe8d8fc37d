"""`inflow campaign plan`: the dry run of a file, and the draft that it becomes."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from content.load import PACKS

Call = Callable[..., Result]
FILE = "two-weeks.yaml"
CAMPAIGN = """\
kind: campaign
id: two-weeks
title: Two weeks of customer data
topic: customer-data
owner: "@dana"
approvers: ["@lea"]
audience: {include: ["group:everybody"], exclude: ["team:nobody"], consent: opt_out}
start: 2099-02-02
timing: enrolment
rollout: {design: all}
activities:
  - {id: a1, format: quiz, ref: customer-data, when: {day: 0}}
  - {id: a2, format: tip, ref: t-gone, when: {day: 1}}
  - {id: a3, format: message, when: {day: 2, at: "09:30"}, to: channel, channel: "#general", text: "Thank you."}
"""  # noqa: E501 - as authors write it
GOOD = CAMPAIGN.replace("t-gone", "t-link-not-export").replace('"team:nobody"', '"group:on-leave"')


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Calls the command line in an empty folder, in this process, for the demo workspace."""
    monkeypatch.chdir(tmp_path)

    def run(text: str, *options: str) -> Result:
        (tmp_path / FILE).write_text(text, encoding="utf-8")
        return CliRunner().invoke(main, ["campaign", "plan", FILE, *options])

    return run


def test_the_whole_dry_run_is_printed_and_nothing_kept(call: Call, tmp_path: Path) -> None:
    done = call(GOOD, "--dry-run")
    assert done.exit_code == 0, done.stderr
    assert "Dry run of “Two weeks of customer data”, by Dana" in done.stdout
    assert "Approval by:          Lea" in done.stdout
    assert "Messages a day" in done.stdout
    assert "▇" in done.stdout
    assert "Detectable effect:    Not yet" in done.stdout
    # Every message, with its length on each platform.
    assert done.stdout.count("it fits") == 3
    assert "| Customer data at work" in done.stdout
    assert "| Thank you." in done.stdout
    assert f"{FILE}:7:52: warning: audience.exclude.0: I know no group:on-leave" in done.stderr
    assert not (tmp_path / "inflow.db").exists()


def test_what_cannot_be_resolved_comes_with_its_place(call: Call) -> None:
    done = call(CAMPAIGN, "--dry-run")
    assert done.exit_code == 1
    lines = done.stderr.splitlines()
    assert any(
        line.startswith(f"{FILE}:7:52: error: audience.exclude.0: I do not know who team:nobody is")
        for line in lines
    )
    assert (
        f"{FILE}:13:5: error: activities.1: a2 (tip): I know nothing that is called t-gone."
    ) in lines
    # The rest is gone through all the same.
    assert "a1 (quiz)" in done.stdout
    past = CAMPAIGN.replace("start: 2099", "start: 2001")
    assert f"{FILE}:1:1: error: Its first day has passed." in call(past, "--dry-run").stderr


def test_a_file_without_a_good_shape_is_not_gone_through(call: Call) -> None:
    done = call(CAMPAIGN.replace("timing: enrolment", "timing: whenever"), "--dry-run")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{FILE}:9:1: error: timing: ")
    done = call("kind: pack\n", "--dry-run")
    assert done.exit_code == 1
    assert f"{FILE}:" in done.stderr


def test_the_same_as_json_with_what_is_sent(call: Call) -> None:
    done = call(GOOD, "--dry-run", "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["detectable_effect"] is None
    assert told["approvers"] == ["Lea"]
    parts = {part["id"]: part for part in told["parts"]}
    assert list(parts) == ["a1", "a2", "a3"]
    looks = parts["a1"]["looks"]
    assert looks["slack"]["sent"]["blocks"]
    assert looks["teams"]["sent"]["type"] == "AdaptiveCard"
    assert "Customer data at work" in looks["text"]["sent"]
    assert all(one["faults"] == [] for one in looks.values())


def test_without_a_dry_run_it_becomes_a_draft_once(call: Call, tmp_path: Path) -> None:
    for _ in range(2):
        done = call(GOOD)
        assert done.exit_code == 0, done.stderr
        assert "is a draft of Dana, who can open it in chat." in done.stdout
    with closing(sqlite3.connect(tmp_path / "inflow.db")) as database:
        assert database.execute("SELECT title, state FROM campaigns").fetchall() == [
            ("Two weeks of customer data", "draft")
        ]


def test_a_draft_is_begun_anew_only_by_who_says_so(call: Call, tmp_path: Path) -> None:
    assert call(GOOD).exit_code == 0
    changed = GOOD.replace("Thank you.", "Thank you all.")
    done = call(changed)
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"{FILE}:3:1: error: title: there is a draft “Two weeks of customer data”" in done.stderr
    assert "--replace begins it anew" in done.stderr
    assert call(changed, "--replace").exit_code == 0
    with closing(sqlite3.connect(tmp_path / "inflow.db")) as database:
        assert database.execute("SELECT count(*) FROM campaigns").fetchall() == [(1,)]


def test_with_errors_it_becomes_none(call: Call, tmp_path: Path) -> None:
    done = call(CAMPAIGN.replace("t-gone", "t-link-not-export"))
    assert (done.exit_code, done.stdout) == (1, "")
    with closing(sqlite3.connect(tmp_path / "inflow.db")) as database:
        assert database.execute("SELECT count(*) FROM campaigns").fetchall() == [(0,)]


def test_the_campaigns_that_come_with_it_can_be_gone_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = sorted(PACKS.glob("*/campaigns/*.yaml"))
    assert files
    for file in files:
        done = CliRunner().invoke(
            main, ["campaign", "plan", str(file), "--dry-run", "--owner", "dana"]
        )
        assert done.stdout.startswith("Dry run of “"), done.stderr
        assert done.exception is None or isinstance(done.exception, SystemExit)
