"""`inflow people`: who is in which team, from a file and into one."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main

TEAMS = "address,team,manager\nana,Tax,kim\nzoe,Tax,kim\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def call(*arguments: str) -> Result:
    """The command line in an empty folder, in this process, for the demo workspace."""
    return CliRunner().invoke(main, ["people", *arguments])


def test_a_file_is_tried_taken_and_printed_again(tmp_path: Path) -> None:
    file, database = tmp_path / "people.csv", tmp_path / "inflow.db"
    assert "There is no database inflow.db" in call("export").stderr
    file.write_text(TEAMS)
    tried = call("import", "people.csv", "--dry-run")
    assert tried.stdout.startswith(
        "A dry run: nothing was kept. It would have been:\n"
        "1 of 1 people changed: team 1, manager 1.\n"
        "1 in the file are not known here, and were left out.\n"
    )
    assert tried.stderr == "people.csv:3:1: nobody here has this address; left out.\n"
    assert not database.exists()
    done = call("import", "people.csv")
    assert (done.exit_code, done.stdout) == (0, tried.stdout.partition("been:\n")[2])
    with closing(sqlite3.connect(database)) as connection:
        query = "SELECT team FROM people WHERE address = 'ana'"
        assert connection.execute(query).fetchall() == [("Tax",)]
    printed = call("export").stdout
    assert printed.startswith("\ufeffaddress,")
    assert "\nana,Ana,Tax,,kim\n" in printed
    file.write_text(printed, encoding="utf-8")
    assert call("import", "people.csv").stdout.startswith("0 of ")


def test_what_is_wrong_is_said_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("address,team\nana@x.org,Tax\n")
    wrong = call("import", "people.csv")
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert "people.csv:2:1: this is an e-mail address" in wrong.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "people.csv"]
