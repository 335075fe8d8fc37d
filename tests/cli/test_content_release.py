"""`inflow content sync`: who approved a change, and what has to be shown again for it."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from tests.content.example import FILES, changed, write_pack

QUIZ = "quizzes/sharing.yaml"
REGULATORY = {
    **FILES,
    QUIZ: FILES[QUIZ].replace("{mode: gate}", "{mode: gate, requirement: regulatory}"),
}
MISSING = "Two people have to approve what changes in quiz sharing: --approved-by, twice."

Sync = Callable[..., Result]


@pytest.fixture
def sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sync:
    """Brings the pack `ours`; `message` is what comes in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INFLOW_DEMO", "false")

    def run(*options: str, message: str | None = None) -> Result:
        more = [*options, *(["--message", "-"] if message is not None else [])]
        return CliRunner().invoke(main, ["content", "sync", "ours", *more], input=message)

    return run


def read(folder: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "inflow.db")) as connection:
        return connection.execute(query).fetchall()


def restarted(files: dict[str, str]) -> dict[str, str]:
    return {**files, QUIZ: files[QUIZ].replace("Colleague 1 asks", "Colleague 1 begs")}


def test_a_quiz_whose_rules_changed_is_shown_again(sync: Sync, tmp_path: Path) -> None:
    write_pack(tmp_path / "ours")
    assert sync().exit_code == 0
    done = sync("--material", "sharing", "--deadline", "P90D")
    assert done.exit_code == 0
    assert "quiz sharing: whoever passed it shows it again by 20" in done.stdout
    ((args,),) = read(tmp_path, "SELECT args FROM timers WHERE action = 'quiz.material'")
    told = json.loads(args)
    assert told["quiz"] == "sharing"
    assert told["deadline"][:10] in done.stdout
    for options, error in (
        (("--material", "sharring"), "There is no quiz sharring in these packs."),
        (("--material", "sharing", "--deadline", "90"), "'90' is no time such as P60D"),
        (("--deadline", "P90D"), "A deadline is for what has to be shown again"),
    ):
        done = sync(*options)
        assert (done.exit_code, error in done.stderr) == (1, True)


def test_the_message_of_a_commit_says_the_same(sync: Sync, tmp_path: Path) -> None:
    write_pack(tmp_path / "ours")
    # Nobody has passed what is new.
    assert "shows it again" not in sync(message="Begin\n\nMaterial-Change: yes\n").stdout
    write_pack(tmp_path / "ours", restarted(dict(FILES)))
    done = sync("--dry-run", message="Say it\n\nMaterial-Change: yes, deadline P30D\n")
    assert "asks something else now" in done.stdout
    assert "quiz sharing: whoever passed it shows it again by" in done.stdout
    done = sync("--dry-run", message="Say it\n\nEditorial: true\n")
    assert done.stdout.endswith("item s-1: changed\nquiz sharing: changed\n")
    done = sync(message="Say it\n\nEditorial: s-1\n")
    assert (done.exit_code, done.stdout) == (0, "item s-1: changed\nquiz sharing: changed\n")
    done = sync(message="Say it\n\nMaterial-Change: perhaps\n")
    error = "Error: <stdin>: line 3: Material-Change: 'perhaps' is neither 'yes' nor 'no'\n"
    assert (done.exit_code, done.stderr) == (1, error)
    done = sync(message="Say it\n\nEditorial: s-77\n")
    assert (done.exit_code, "There is no item s-77" in done.stderr) == (1, True)


def test_what_a_regulator_asks_for_is_approved_by_two(sync: Sync, tmp_path: Path) -> None:
    write_pack(tmp_path / "ours", REGULATORY)
    for options in ((), ("--approved-by", "@maya"), ("--approved-by", "maya") * 2):
        done = sync(*options)
        assert (done.exit_code, done.stderr) == (1, f"Error: {MISSING}\n")
    assert read(tmp_path, "SELECT count(*) FROM pack_things") == [(0,)]
    done = sync("--dry-run", "--approved-by", "@maya")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, MISSING)
    done = sync("--approved-by", "@Maya", message="Begin\n\nApproved-by: @lea\n")
    assert done.exit_code == 0
    notes = read(tmp_path, "SELECT DISTINCT note FROM pack_editions WHERE kind = 'quiz'")
    assert notes == [("Approved by @lea and @maya.",)]
    # Where nothing of it changes, nobody has to approve anything.
    assert sync().exit_code == 0
    # Many people would have to show it again.
    assert sync("--material", "sharing").stderr == f"Error: {MISSING}\n"


def test_nobody_gets_round_it_by_asking_for_less(sync: Sync, tmp_path: Path) -> None:
    write_pack(tmp_path / "ours", REGULATORY)
    assert sync("--approved-by", "maya", "--approved-by", "lea").exit_code == 0
    write_pack(tmp_path / "ours", FILES)
    assert sync().stderr == f"Error: {MISSING}\n"
    for name in (QUIZ, "tips/tips.yaml", "campaigns/two-weeks.yaml"):
        (tmp_path / "ours" / name).unlink()
    assert sync().stderr == f"Error: {MISSING}\n"


def test_so_is_all_that_is_written_about_a_regulated_topic(sync: Sync, tmp_path: Path) -> None:
    regulated = changed("topics.yaml", "title: Data}", "title: Data, regulated: true}")
    write_pack(tmp_path / "ours", regulated)
    what = "quiz sharing, section share, tip t-link"
    assert what in sync().stderr
    assert sync("--approved-by", "maya", "--approved-by", "lea").exit_code == 0
    tips = {"tips/tips.yaml": FILES["tips/tips.yaml"].replace("text: Send", "text: Do send")}
    write_pack(tmp_path / "ours", {**regulated, **tips})
    assert "changes in tip t-link:" in sync().stderr
