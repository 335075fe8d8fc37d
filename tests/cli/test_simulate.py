"""`inflow simulate`: the same story in every process, and nothing left behind."""

import json
from pathlib import Path

from bot.bootstrap.report import as_json
from bot.bootstrap.simulate import simulate
from tests.cli.program import Program

FEW = ("simulate", "--people", "2", "--days", "2", "--seed", "7")


def test_the_same_seed_tells_the_same_in_every_process(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    done = Program(folder).call_anew(*FEW, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == as_json(simulate(people=2, days=2, seed=7))
    told = json.loads(done.stdout)
    assert (told["people"], told["days"], told["seed"], told["faults"]) == (2, 2, 7, 0)
    # No settings are needed, and what is there is not looked at.
    assert list(folder.iterdir()) == []


def test_nonsense_is_refused_in_words(tmp_path: Path) -> None:
    done = Program(tmp_path).call("simulate", "--people", "0")
    assert done.returncode == 2
    assert "0 is not in the range" in done.stderr
