"""The file `inflow.env`: what it says counts wherever Inflow is started, and stays private."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import click
import pytest

from bot.bootstrap.environment import SETTINGS_FILE, take_up
from bot.settings import Misconfigured
from tests.cli.program import ROOT, Program
from tests.cli.test_readme import COMMANDS

SECRET = "xapp-hushhush"


def write(folder: Path, *lines: str, mode: int = 0o600) -> Path:
    file = folder / SETTINGS_FILE
    file.write_text("\n".join(lines), encoding="utf-8")
    file.chmod(mode)
    return file


def read(file: Path, **environment: str) -> dict[str, str]:
    assert take_up(file, environment) is None
    return environment


def refusal(file: Path) -> str:
    with pytest.raises(Misconfigured) as caught:
        take_up(file, {})
    assert "hushhush" not in str(caught.value)
    return str(caught.value)


def test_lines_are_read_as_systemd_and_docker_do(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "\ufeff# Slack",
        "",
        "SLACK_BOT_TOKEN=xoxb-a=b#c",
        "  export SLACK_APP_TOKEN = 'xapp-1' ",
        'INFLOW_ADMINS="UANA, UBEN"\r',
        "PORT=",
        "POSTGRES_PASSWORD=it's for others",
    )
    assert read(file) == {
        "SLACK_BOT_TOKEN": "xoxb-a=b#c",
        "SLACK_APP_TOKEN": "xapp-1",
        "INFLOW_ADMINS": "UANA, UBEN",
        "PORT": "",
        "POSTGRES_PASSWORD": "it's for others",
    }


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, "PORT=1", "INFLOW_ADMINS=UANA", "INFLOW_DEMO=false")
    found = read(file, PORT="2", INFLOW_ADMINS="")
    assert found == {"PORT": "2", "INFLOW_ADMINS": "", "INFLOW_DEMO": "false"}


def test_without_a_file_nothing_changes(tmp_path: Path) -> None:
    assert read(tmp_path / SETTINGS_FILE, PORT="2") == {"PORT": "2"}


def test_each_mistake_is_said_with_its_line_and_without_its_value(tmp_path: Path) -> None:
    said = refusal(write(tmp_path, f"SLACK_BOT_TOKN={SECRET}", "PORT=1", SECRET, "SLACK_X=1"))
    assert "Line 1 of " in said
    assert "names SLACK_BOT_TOKN, which is no setting of Inflow. Did you mean SLACK_BOT_TOKEN?" in (
        said
    )
    assert "Line 3 of " in said
    assert "is not of the form NAME=value." in said
    assert "names SLACK_X, which is no setting of Inflow." in said


def test_what_is_no_plain_text_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path)
    file.write_bytes(b"\xff\xfeS\x00")
    assert "plain text" in refusal(file)


@pytest.mark.parametrize(("mode", "warns"), [(0o600, False), (0o400, False), (0o640, True)])
def test_who_lets_others_read_it_is_told(tmp_path: Path, mode: int, warns: bool) -> None:
    file = write(tmp_path, "PORT=1", mode=mode)
    environment: dict[str, str] = {}
    told = take_up(file, environment)
    assert environment == {"PORT": "1"}
    assert (told is not None) == warns
    if told is not None:
        assert told.endswith(f"chmod 600 {file}")


def test_what_everybody_may_change_is_not_believed(tmp_path: Path) -> None:
    file = write(tmp_path, f"SLACK_API_BASE_URL=https://{SECRET}.example", mode=0o602)
    assert "Everybody on this machine may change" in refusal(file)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_somebody_else_wrote_is_not_believed(tmp_path: Path) -> None:
    file = write(tmp_path, f"SLACK_API_BASE_URL=https://{SECRET}.example")
    os.chown(file, 4321, 4321)
    assert "belongs to another user" in refusal(file)


# --- the program ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments", [("run",), ("worker",), ("import", "faq", "faq.jsonl")], ids=" ".join
)
def test_commands_read_it(program: Program, arguments: tuple[str, ...]) -> None:
    write(program.folder, "PORT=abc")
    (program.folder / "faq.jsonl").write_text('{"question": "Who?", "answer": "You."}\n')
    done = program.call(*arguments)
    assert done.returncode == 1
    assert "PORT is a whole number from 0 to 65535, not “abc”." in done.stderr


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_begins_without_it(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "nonsense")
    begin = COMMANDS[words].callback
    assert begin is not None
    with pytest.raises(click.ClickException, match=r"Line 1 of inflow\.env"):
        begin()


def test_commands_of_slack_are_named_by_it_too(program: Program) -> None:
    write(program.folder, "SLACK_COMMANDS=ask=askhr")
    assert "command: /askhr" in program.call("slack", "manifest").stdout


def test_the_doctor_reads_it_and_the_program_warns_once(program: Program) -> None:
    file = write(program.folder, "SLACK_BOT_TOKEN=xapp-hushhush", mode=0o644)
    done = program.call("doctor", "slack")
    assert done.returncode == 1
    assert "SLACK_BOT_TOKEN holds an app-level token." in done.stdout
    assert done.stderr == (
        f"Other users of this machine may read {file.name}, and the secrets in it. Keep it to "
        f"yourself: chmod 600 {file.name}\n"
    )
    # What the terminal says goes before it.
    done = replace(program, settings={"SLACK_BOT_TOKEN": ""}).call("doctor", "slack")
    assert "No credentials of Slack are set" in done.stdout


def test_a_mistake_in_it_stops_the_start(program: Program) -> None:
    write(program.folder, f"SLACK_BOT_TOKN={SECRET}")
    done = program.call("run", "--port", "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: Line 1 of inflow.env names SLACK_BOT_TOKN")
    assert [each.name for each in program.folder.iterdir()] == [SETTINGS_FILE.name]


def test_git_never_takes_up_secrets() -> None:
    names = ["inflow.env", "adapters/web/deploy/inflow.env", "inflow.key", "inflow.tokens.key"]
    done = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "check-ignore", "--no-index", *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    if done.returncode == 128:
        pytest.skip("This is not a git checkout.")
    assert done.stdout.split() == names
