"""`inflow content`: packs are checked, shown, compared and brought from the command line."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from tests.cli.program import Program
from tests.content.example import CHOICE, FILES, changed, with_item, write_pack
from tests.content.test_broken import CASE

QUIZ = "quizzes/sharing.yaml"

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Calls the command line in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INFLOW_DEMO", "false")
    return lambda *arguments: CliRunner().invoke(main, ["content", *arguments])


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack in that folder."""
    return write_pack(tmp_path / "ours")


def test_a_pack_that_is_well_and_one_that_is_not(call: Call, pack: Path) -> None:
    done = call("check", "ours")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "All is well.\n")
    write_pack(pack, with_item(CHOICE.format(id="x", stem="What is a link?")))
    done = call("check", "ours")
    assert (done.exit_code, done.stderr) == (0, "0 errors, 1 warning.\n")
    assert done.stdout.startswith("ours/quizzes/sharing.yaml:60:5: warning: items.6.stem: ")
    assert call("check", "ours", "--strict").exit_code == 1
    write_pack(pack, changed(QUIZ, "mode: gate", "mode: gates"))
    done = call("check", "ours")
    assert (done.exit_code, done.stderr) == (1, "1 error, 0 warnings.\n")
    assert done.stdout.startswith("ours/quizzes/sharing.yaml:5:10: error: policy.mode: ")
    # What cannot be read is not brought either.
    done = call("sync", "ours")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "error: policy.mode" in done.stderr
    assert not (pack.parent / "inflow.db").exists()


def test_an_item_can_be_seen_before_anybody_gets_it(call: Call, pack: Path) -> None:
    done = call("render", "ours", "--item", "s-1")
    assert done.exit_code == 0
    assert "Colleague 1 asks for it. What do you send?" in done.stdout
    assert {line[:3] for line in done.stdout.splitlines()} >= {"A. ", "B. ", "C. "}
    for platform, word in (("slack", '"blocks"'), ("teams", '"AdaptiveCard"')):
        done = call("render", "ours", "--item", "s-1", "--platform", platform)
        assert (done.exit_code, word in done.stdout) == (0, True)
    done = call("render", "ours", "--item", "s-9")
    assert (done.exit_code, done.stderr) == (
        1,
        "Error: There is no item 's-9' in these packs.\n",
    )


@pytest.mark.parametrize(
    ("kind", "id_", "words"),
    [
        ("tip", "t-link", ["Send the link.", "----", "What do you send?", "A. "]),
        ("section", "share", ["Share by a link", "A copy stays for ever.", "Still unclear"]),
        ("prompt", "np-stuck", ["Where are you stuck?", "Stuck"]),
    ],
)
def test_so_can_a_tip_a_section_and_a_prompt(
    call: Call, pack: Path, kind: str, id_: str, words: list[str]
) -> None:
    done = call("render", "ours", f"--{kind}", id_)
    assert (done.exit_code, [word for word in words if word not in done.stdout]) == (0, [])
    for platform, word in (("slack", '"blocks"'), ("teams", '"AdaptiveCard"')):
        done = call("render", "ours", f"--{kind}", id_, "--platform", platform)
        assert (done.exit_code, word in done.stdout) == (0, True)
        json.loads(done.stdout)
    done = call("render", "ours", f"--{kind}", "x")
    assert (done.exit_code, done.stderr) == (1, f"Error: There is no {kind} 'x' in these packs.\n")


def test_what_is_being_written_is_shown_beside_its_errors(call: Call, pack: Path) -> None:
    case = with_item(CASE.replace("start: n1", "start: n9"))
    write_pack(pack, {**case, "tips/tips.yaml": "kind: tips\ntips: []\nx: 1\n"})
    done = call("render", "ours", "--item", "s-1")
    assert (done.exit_code, "What do you send?" in done.stdout) == (0, True)
    assert "tips.yaml:3:1: error: x: this is unknown here" in done.stderr
    done = call("render", "ours", "--tip", "t-link")
    assert (done.exit_code, "There is no tip 't-link'" in done.stderr) == (1, True)
    done = call("render", "ours", "--item", "x")
    assert (done.exit_code, "begins at a node that there is not" in done.stderr) == (1, True)
    (pack / "pack.yaml").unlink()
    assert call("render", "ours", "--item", "s-1").exit_code == 0


def test_one_thing_is_shown_at_a_time(call: Call, pack: Path) -> None:
    for named in ((), ("--item", "s-1", "--tip", "t-link")):
        done = call("render", "ours", *named)
        assert (done.exit_code, "Name one thing" in done.stderr) == (2, True)


def test_two_states_of_a_pack_are_compared(call: Call, pack: Path) -> None:
    write_pack(pack.parent / "new", changed(QUIZ, "Colleague 1 asks", "Colleague 1 begs"))
    done = call("diff", "ours", "new")
    restarted = "item s-1: asks something else now; what is known of its answers begins anew\n"
    assert (done.exit_code, done.stdout) == (0, restarted + "quiz sharing: changed\n")
    done = call("diff", "ours", "new", "--editorial", "s-1")
    assert done.stdout == "item s-1: changed\nquiz sharing: changed\n"
    assert call("diff", "ours", "ours").stdout == "Nothing changes.\n"
    done = call("diff", "ours", "new", "--editorial", "x")
    assert (done.exit_code, "There is no item x" in done.stderr) == (1, True)


def test_a_pack_comes_once_and_a_dry_run_leaves_nothing(call: Call, pack: Path) -> None:
    new = (
        "campaign two-weeks: new\nmetric misdirected: new\nprompt np-stuck: new\n"
        "quiz sharing: new\nsection share: new\ntip t-link: new\n"
    )
    done = call("sync", "ours", "--dry-run")
    assert (done.exit_code, done.stdout) == (
        0,
        "A dry run: nothing was kept. It would have been:\n" + new,
    )
    assert not (pack.parent / "inflow.db").exists()
    assert call("sync", "ours").stdout == new
    assert call("sync", "ours").stdout == "Nothing changes.\n"
    write_pack(pack, {**FILES, "tips/tips.yaml": "kind: tips\ntips: []\n"})
    (pack / "campaigns" / "two-weeks.yaml").unlink()
    gone = "no longer there; it is retired\n"
    assert call("sync", "ours").stdout == f"campaign two-weeks: {gone}tip t-link: {gone}"
    with closing(sqlite3.connect(pack.parent / "inflow.db")) as connection:
        query = "SELECT retired FROM pack_things WHERE id = 't-link'"
        assert connection.execute(query).fetchall() == [(1,)]


def test_what_answers_tell_is_told_of_enough_people_only(call: Call, pack: Path) -> None:
    assert pack.exists()
    done = call("stats")
    said = f"There is no database inflow.db in {pack.parent}: go to the folder in which Inflow runs"
    assert (done.exit_code, said in done.stderr) == (1, True)
    assert not (pack.parent / "inflow.db").exists()
    call("sync", "ours")
    first, _rule, *rest = call("stats").stdout.splitlines()
    assert [first, *rest] == [
        "quiz sharing: fewer than 10 people",
        "",
        "Nothing waits to be made clearer.",
    ]
    done = call("stats", "--quiz", "cooking")
    assert done.stderr == "Error: There is no such quiz. There are: sharing\n"


def test_a_pack_can_be_begun(call: Call) -> None:
    done = call("new", "pack", "first-aid")
    assert done.stdout.splitlines() == [
        "first-aid/pack.yaml",
        "first-aid/topics.yaml",
        "first-aid/sections/first-aid.md",
        "first-aid/quizzes/first-aid.yaml",
        "first-aid/tips/tips.yaml",
    ]
    assert call("check", "first-aid").stderr == "4 errors, 1 warning.\n"
    assert call("sync", "first-aid", "--dry-run").exit_code == 1
    done = call("new", "pack", "first-aid")
    assert (done.exit_code, "there is already" in done.stderr) == (1, True)
    done = call("new", "item", "fa-1", "--type", "ordering")
    assert (done.exit_code, "type: ordering" in done.stdout) == (0, True)
    done = call("new", "item", "fa-1", "--type", "essay")
    assert (done.exit_code, "scenario_choice" in done.stderr) == (2, True)
    for what in ("tip", "section", "quiz"):
        done = call("new", what, "fa", "--topic", "first-aid")
        assert (done.exit_code, "topic: first-aid" in done.stdout) == (0, True)


def test_the_demonstration_has_its_packs_and_keeps_them_from_others(program: Program) -> None:
    write_pack(program.folder / "ours")
    done = program.call("content", "sync", "ours")
    assert (done.returncode, done.stderr) == (
        1,
        (
            "Error: The pack 'ours' has what is there already: section 'share' "
            "(pack everyday-data), prompt 'np-stuck' (pack everyday-data).\n"
        ),
    )
