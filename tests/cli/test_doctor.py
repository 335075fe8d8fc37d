"""`inflow doctor`: says in plain words what is wrong here and how to mend it."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from bot.doctor import (
    Finding,
    Group,
    Verdict,
    as_json,
    describe_finding,
    doubtful,
    examine,
    fine,
    is_healthy,
    sum_up,
    wrong,
)
from bot.machine import look_at_extras, look_at_vectors, unknown_countries, unknown_zones
from bot.settings import platform_credentials
from tests.cli.program import PATIENCE, Program, wait_for


def data(program: Program, *groups: str) -> tuple[int, dict[str, Any]]:
    """The exit code and what it found."""
    done = program.call("doctor", "--json", *groups)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def test_in_an_empty_folder_all_is_well_and_nothing_is_made(program: Program) -> None:
    done = program.call("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Store\n  ok       There is no database at inflow.db yet" in done.stdout
    assert done.stdout.endswith(" ok.\n")
    assert list(program.folder.iterdir()) == []


def test_beside_a_program_that_runs_it_names_it_and_finds_it_well(program: Program) -> None:
    program = replace(program, settings={"INFLOW_VECTORS": "none"})
    with program.serve() as running:
        code, found = data(program)
        # What was due while nothing ran, it does first, and that may keep the file for a while.
        until = time.monotonic() + PATIENCE
        while "warning" in str(found) and time.monotonic() < until:
            code, found = data(program)
        wait_for(running.is_ready)
    assert (code, found["healthy"]) == (0, True)
    told = {finding["what"] for finding in found["findings"]}
    assert any(f"in use by process {running.process}" in what for what in told)
    assert "The relay key is the one of this database." in told
    assert {finding["verdict"] for finding in found["findings"]} == {"ok"}
    assert {finding["group"] for finding in found["findings"]} == {
        *("machine", "settings", "search", "store", "people", "delivery", "slack", "teams")
    }


def test_a_lost_key_is_a_problem_and_is_not_made_anew(program: Program) -> None:
    program.call("migrate")
    key = program.folder / "inflow.key"
    key.unlink()
    code, found = data(program, "store")
    assert code == 1
    assert found["healthy"] is False
    (problem,) = [each for each in found["findings"] if each["verdict"] == "problem"]
    assert problem["group"] == "store"
    assert problem["what"].startswith("The relay key of this database is missing")
    assert problem["mend"].startswith("Restore it from your backup")
    assert not key.exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PORT": "abc"}, "PORT is a whole number from 0 to 65535, not “abc”."),
        ({"INFLOW_DATABASE_URL": "mysql://ana:secret@here"}, "not mysql"),
        ({"INFLOW_RELAY_KEY": "secret"}, "INFLOW_RELAY_KEY is shorter than 32 characters."),
    ],
)
def test_settings_that_cannot_be_used_are_a_problem(
    program: Program, settings: dict[str, str], said: str
) -> None:
    done = replace(program, settings=settings).call("doctor", "settings", "store")
    assert (done.returncode, done.stderr) == (1, "")
    assert "  problem  " in done.stdout
    assert said in done.stdout
    assert "secret" not in done.stdout


def test_credentials_are_named_and_not_shown(program: Program) -> None:
    program = replace(program, settings={"SLACK_BOT_TOKEN": "a-very-secret-one"})
    done = program.call("doctor", "settings")
    assert "SLACK_BOT_TOKEN" in done.stdout
    assert "very-secret" not in done.stdout


@pytest.mark.parametrize(("said", "found"), [("true", True), ("1", True), ("False", False)])
def test_teams_that_is_played_is_no_playground_of_ours(said: str, *, found: bool) -> None:
    assert bool(platform_credentials({"TEAMS_ANONYMOUS": said})) is found
    assert platform_credentials({"TEAMS_ANONYMOUS": " "}) == []


def test_an_unknown_group_is_refused_with_those_there_are(program: Program) -> None:
    done = program.call("doctor", "kitchen")
    assert done.returncode == 2
    assert "'store'" in done.stderr


# --- the words ------------------------------------------------------------------------


def test_a_finding_is_a_word_a_sentence_and_a_mend() -> None:
    assert describe_finding(fine("All is well.")) == "  ok       All is well."
    assert describe_finding(wrong("It broke.", "Glue it.")) == (
        "  problem  It broke.\n           -> Glue it."
    )


@pytest.mark.parametrize(
    ("findings", "said", "healthy"),
    [
        ([], "no problems, no warnings, 0 ok.", True),
        ([fine("a"), doubtful("b", "c")], "no problems, 1 warning, 1 ok.", True),
        ([wrong("a", "b"), wrong("c", "d")], "2 problems, no warnings, 0 ok.", False),
    ],
)
def test_only_problems_make_it_unhealthy(findings: list[Finding], said: str, healthy: bool) -> None:
    assert (sum_up(findings), is_healthy(findings)) == (said, healthy)


def test_a_look_that_fails_is_a_problem_and_the_others_go_on() -> None:
    def fail() -> list[Finding]:
        raise RuntimeError("postgresql://ana:secret@host/db")

    broken, sound = Group("a", "A", fail), Group("b", "B", lambda: [fine("Well.")])
    first, second = examine([broken, sound])
    assert first[1].verdict is Verdict.PROBLEM
    assert "RuntimeError" in first[1].what
    assert "secret" not in str(first[1])
    assert second == (sound, fine("Well."))
    assert as_json([second]) == {
        "healthy": True,
        "findings": [{"group": "b", "verdict": "ok", "what": "Well.", "mend": None}],
    }


def test_an_extra_is_missed_only_where_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.machine.find_spec", lambda _package: None)
    assert {f.verdict for f in look_at_extras()} == {Verdict.OK}
    needed, other = look_at_extras(needs=["postgresql"])
    assert (needed.verdict, needed.mend) == (
        Verdict.PROBLEM,
        'pip install "inflow[postgresql]"',
    )
    assert other.verdict is Verdict.OK


def test_vectors_are_doubted_when_they_are_wanted_and_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.machine.Vectors.load", lambda: None)
    assert [f.verdict for f in look_at_vectors(wanted=True)] == [Verdict.WARNING]
    assert [f.verdict for f in look_at_vectors(wanted=False)] == [Verdict.OK]


def test_zones_and_countries_that_nobody_knows_are_found() -> None:
    assert list(unknown_zones(["Europe/Berlin", "Nowhere/Land", "../etc/passwd"])) == [
        "Nowhere/Land",
        "../etc/passwd",
    ]
    assert list(unknown_countries(["DE", "DE-BY", "XX", "DE-XX", "IN", ""])) == ["XX", "DE-XX", ""]
