"""`inflow teams package` writes what Teams takes, and says in a sentence what is missing."""

import json
import zipfile
from dataclasses import replace

import pytest

from tests.cli.program import Program

APP = "6f0b2c54-1111-2222-3333-0123456789ab"


def test_the_file_is_the_app_of_the_settings(program: Program) -> None:
    (program.folder / "inflow.env").write_text(f"MICROSOFT_APP_ID={APP.upper()}\n")
    (program.folder / "inflow.env").chmod(0o600)
    done = program.call("teams", "package")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"inflow-teams.zip is the app {APP}. ")
    with zipfile.ZipFile(program.folder / "inflow-teams.zip") as archive:
        assert sorted(archive.namelist()) == ["color.png", "manifest.json", "outline.png"]
        manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["id"], manifest["version"]) == (APP, "1.0.0")
    assert manifest["bots"][0]["botId"] == APP
    assert "authorization" not in manifest


def test_what_is_named_goes_before_the_settings(program: Program) -> None:
    program = replace(program, settings={"MICROSOFT_APP_ID": "other"})
    done = program.call(
        *("teams", "package", "--app-id", APP, "--out", "app.zip", "--app-version", "1.2.3"),
        *("--website", "https://intranet.example.com/inflow", "--reads-channels"),
    )
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(program.folder / "app.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["version"] == "1.2.3"
    assert manifest["developer"]["websiteUrl"] == "https://intranet.example.com/inflow"
    assert manifest["webApplicationInfo"]["id"] == APP


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Of whom is the bot? Set MICROSOFT_APP_ID"),
        (("--app-id", "inflow"), "The app’s id is no id."),
        (("--app-id", APP, "--website", "intranet"), "--website wants an address"),
        (("--app-id", APP, "--app-version", "two"), "--app-version wants three numbers"),
        (("--app-id", APP, "--out", "no/such/folder.zip"), "No such file or directory"),
    ],
)
def test_a_mistake_is_said_and_nothing_written(
    program: Program, arguments: tuple[str, ...], said: str
) -> None:
    done = program.call("teams", "package", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert list(program.folder.iterdir()) == []
