"""`inflow letters` tells operators what became of the letters, and nothing about anybody."""

from tests.cli.program import Program


def test_without_a_database_it_says_how_to_make_one(program: Program) -> None:
    done = program.call("letters")
    assert done.returncode == 1
    assert "There is no database yet." in done.stderr
    assert not (program.folder / "inflow.db").exists()


def test_lanes_states_kinds_and_reasons_are_counted(program: Program) -> None:
    program.call("migrate")
    filled = program.run_code(
        """
from datetime import datetime, UTC
from sqlalchemy import insert
from storage.database import make_engine
from storage.tables import outbox, people, workspaces

NOW = datetime(2026, 3, 2, tzinfo=UTC)
with make_engine("sqlite:///inflow.db").begin() as connection:
    connection.execute(
        insert(workspaces), {"id": "w", "platform": "room", "external": "w1", "name": "World"}
    )
    for number, (state, why) in enumerate(
        [("sent", None)] * 12 + [("failed", "refused")] * 2 + [("suppressed", "budget")] * 6
        + [("suppressed", "paused")] * 2
    ):
        connection.execute(
            insert(outbox),
            {
                "workspace": "w", "key": f"k{number}", "to_kind": "person", "person": "ana",
                "kind": "campaign.message", "priority": 30, "due_at": NOW, "state": state,
                "attempts": 0, "why": why, "message": "the text",
            },
        )
"""
    )
    assert filled.returncode == 0, filled.stderr
    done = program.call("letters")
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "World: failed 2, sent 12, suppressed 8",
        "  failed",
        "           2  campaign.message  refused",
        "  suppressed",
        "           8  campaign.message  for other reasons",
    ]
    assert program.call(
        "letters", "--state", "failed", "--workspace", "w1"
    ).stdout.splitlines() == [
        "World: failed 2",
        "  failed",
        "           2  campaign.message  refused",
    ]
    assert "There is no workspace “Nowhere”. Known: World." in (
        program.call("letters", "--workspace", "Nowhere").stderr
    )
