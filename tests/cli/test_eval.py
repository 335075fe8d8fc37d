"""`inflow eval`: one JSON object with the promised keys, for one set and for several."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import Program

CORPUS = [
    {"id": "bus", "title": "Where does the bus stop?", "text": "Behind the old mill."},
    {"id": "room", "title": "How do I book a room?", "text": "Ask at the front desk."},
    {"id": "key", "title": "I lost my key", "text": "The caretaker has spare ones."},
]
QUERIES = [
    {"id": "1", "text": "where can I catch the bus", "relevant": ["bus"]},
    {"id": "2", "text": "booking a room for a meeting", "relevant": ["room"]},
]
FAQ_KEYS = {"map", "p_at_1", "hit_at_5", "n", "fts5"}
ROUTING_KEYS = {"mrr", "hit_at_3", "hit_at_5", "busiest", "n", "recent"}


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def evaluate(program: Program, *arguments: str) -> dict[str, Any]:
    """What is printed: one JSON object and nothing else."""
    done = program.call("eval", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def sets(program: Program) -> Path:
    """A folder with the FAQ sets `a` and `b`."""
    for name in ("a", "b"):
        write(program.folder / "sets" / name / "corpus.jsonl", CORPUS)
        write(program.folder / "sets" / name / "queries.jsonl", QUERIES)
    return program.folder / "sets"


@pytest.fixture
def past(program: Program) -> Path:
    """A folder with two files of ten questions, all answered by yan and zoe."""
    rows = [
        {
            "id": f"q{number}",
            "ts": 1_700_000_000 + number * 3_600,
            "asker": f"asker{number}",
            "text": f"What of the tram number {number}?",
            "tags": ["trams"],
            "answers": [{"user": "yan", "accepted": True}, {"user": "zoe", "accepted": False}],
        }
        for number in range(10)
    ]
    for name in ("a", "b"):
        write(program.folder / "past" / f"{name}.jsonl", rows)
    return program.folder / "past"


@pytest.mark.parametrize("vectors", ["none", "table"])
def test_one_faq_set(program: Program, sets: Path, vectors: str) -> None:
    found = evaluate(program, "faq", "--data", str(sets / "a"), "--vectors", vectors)
    assert found.keys() >= FAQ_KEYS
    assert (found["map"], found["p_at_1"], found["hit_at_5"], found["n"]) == (1, 1, 1, 2)
    assert found["fts5"].keys() >= FAQ_KEYS - {"fts5", "n"}
    assert found["a"] == {key: value for key, value in found.items() if key != "a"}


def test_several_faq_sets(program: Program, sets: Path) -> None:
    found = evaluate(program, "faq", "--data", str(sets), "--vectors", "none")
    assert found.keys() == {"a", "b"}
    assert found["a"]["map"] == found["b"]["map"] == 1


def test_one_routing_set(program: Program, past: Path) -> None:
    found = evaluate(program, "routing", "--data", str(past / "a.jsonl"))
    assert found.keys() >= ROUTING_KEYS
    assert (found["n"], found["hit_at_3"], found["mrr"]) == (4, 1, 1)
    assert found["recent"].keys() >= ROUTING_KEYS - {"recent", "n"}
    later = evaluate(program, "routing", "--data", str(past / "a.jsonl"), "--score-from", "0.8")
    assert later["n"] == 2


def test_several_routing_sets(program: Program, past: Path) -> None:
    found = evaluate(program, "routing", "--data", str(past))
    assert found.keys() == {"a", "b"}
    assert found["a"]["n"] == 4


def test_data_that_is_not_there_is_said_in_a_sentence(program: Program) -> None:
    (program.folder / "nothing").mkdir()
    done = program.call("eval", "faq", "--data", "nothing")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
