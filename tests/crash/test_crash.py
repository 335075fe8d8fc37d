"""The short form of the crash proof; `make crash` runs the long one."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.failpoint import NAMES
from tests.crash.run import POINTS, Report, Trial, hold_all, plan_short, seed_all
from tests.crash.stage import Stores
from tests.postgres import PostgresServer

ROOMS = ("bot", "storage", "adapters")
ROOT = Path(__file__).parents[2]
TRIALS = list(seed_all(plan_short(), "suite"))
AT_ONCE = 4

# The first test waits for all trials, on a crowded machine for minutes.
pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def reports(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Sequence[Report]:
    """All trials are done before the first one is looked at: they mostly wait, and so do it
    together."""
    stores = Stores(tmp_path_factory.mktemp("crash"), postgres_server)
    return list(hold_all(stores, TRIALS, AT_ONCE))


@pytest.mark.parametrize("number", range(len(TRIALS)), ids=lambda n: _name(TRIALS[n]))
def test_nothing_is_lost_and_nothing_comes_twice(reports: Sequence[Report], number: int) -> None:
    assert not reports[number].broken, reports[number].line


def test_every_failpoint_is_in_the_code_and_in_the_proof() -> None:
    sources = [
        source.read_text(encoding="utf-8")
        for room in ROOMS
        for source in (ROOT / room).rglob("*.py")
        if source.name != "failpoint.py"
    ]
    reached = {name for name in NAMES if any(f'reach("{name}")' in source for source in sources)}
    assert reached == NAMES
    assert POINTS.keys() == NAMES


def _name(trial: Trial) -> str:
    return f"{trial.mode}-{trial.scene.profile}-{trial.name}"
