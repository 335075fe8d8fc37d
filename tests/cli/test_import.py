"""`inflow import`: all of a file or nothing, again without harm, and tried without a trace."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.program import Program

FAQ = """id,question,answer,topic
1,How do I book a room?,Ask the desk.,
2,Where is the bus?,There.,
"""
ADDED = "2 added, 0 changed, 0 unchanged.\n2 wait for a steward: /faq review lists them.\n"
QUESTION = {
    "id": "q1",
    "ts": 1_700_000_000,
    "asker": "zoe",
    "text": "Who knows trams?",
    "answers": [{"user": "yan", "accepted": True, "dt": 60}],
}


@pytest.fixture
def faq(program: Program) -> str:
    """A folder with two FAQ entries in a file, apart from the program's own."""
    place = program.folder / "files"
    place.mkdir()
    (place / "faq.csv").write_text(FAQ)
    (place / "questions.jsonl").write_text(json.dumps(QUESTION) + "\n")
    return "files/faq.csv"


def content(folder: Path) -> dict[str, bytes]:
    """Every file that the program made or may have changed."""
    return {path.name: path.read_bytes() for path in folder.glob("inflow*")}


def imported(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "inflow.db")) as connection:
        query = "SELECT title FROM articles WHERE source LIKE 'import:%' ORDER BY title"
        return [title for (title,) in connection.execute(query)]


def test_a_dry_run_in_an_empty_folder_leaves_nothing(program: Program, faq: str) -> None:
    done = program.call("import", "faq", faq, "--dry-run")
    said = "A dry run: nothing was kept. It would have been:\n"
    assert (done.returncode, done.stdout) == (0, said + ADDED)
    done = program.call("import", "questions", "files/questions.jsonl", "--dry-run")
    assert (done.returncode, done.stdout.startswith(said)) == (0, True)
    assert content(program.folder) == {}


def test_entries_come_once_and_a_dry_run_after_that_changes_nothing(
    program: Program, faq: str
) -> None:
    assert program.call("import", "faq", faq).stdout == ADDED
    before = content(program.folder)
    assert before.keys() == {"inflow.db", "inflow.key"}
    again = program.call("import", "faq", faq, "--dry-run")
    assert again.stdout.endswith("0 added, 0 changed, 2 unchanged.\n")
    (program.folder / faq).write_text(FAQ.replace("There.", "Here.") + "3,Why?,So.,\n")
    changed = program.call("import", "faq", faq, "--dry-run").stdout
    assert "1 added, 1 changed, 1 unchanged." in changed
    assert content(program.folder) == before
    assert imported(program.folder) == ["How do I book a room?", "Where is the bus?"]


def test_a_dry_run_does_not_bring_what_the_starter_pack_would(program: Program, faq: str) -> None:
    without = Program(program.folder, {"INFLOW_DEMO": "false"})
    assert without.call("import", "faq", faq).stdout.startswith("2 added")
    before = content(program.folder)
    assert program.call("import", "faq", faq, "--dry-run").returncode == 0
    assert content(program.folder) == before


def test_what_is_wrong_is_said_by_line_and_nothing_is_kept(program: Program, faq: str) -> None:
    (program.folder / faq).write_text(FAQ + "3,,Nothing.,\n4,Who?,Me.,xyzzy\n")
    done = program.call("import", "faq", faq)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{faq}:4: question is empty.\n{faq}:5: there is no topic “xyzzy”.\n" in done.stderr
    assert imported(program.folder) == []


def test_past_questions_come_once(program: Program, faq: str) -> None:
    said = [program.call("import", "questions", "files/questions.jsonl").stdout for _ in range(2)]
    assert said == [
        (
            "1 added, 0 changed, 0 unchanged.\n"
            "1 without a topic that is known here.\n"
            "2 people unknown here, kept as having left.\n"
        ),
        "0 added, 0 changed, 1 unchanged.\n",
    ]


def test_errors_in_questions_have_lines(program: Program, faq: str) -> None:
    late = QUESTION | {"ts": 4_000_000_000_000}
    path = program.folder / "files" / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, [QUESTION, late | {"id": "q2"}])))
    done = program.call("import", "questions", "files/questions.jsonl")
    assert done.returncode == 1
    assert "files/questions.jsonl:2: ts " in done.stderr
    assert not (program.folder / "inflow.db").exists()


def test_an_unknown_workspace_is_answered_with_those_that_are_known(
    program: Program, faq: str
) -> None:
    done = program.call("import", "faq", faq, "--workspace", "Acme", "--dry-run")
    assert done.returncode == 1
    assert "There is no workspace “Acme”. Known: " in done.stderr
