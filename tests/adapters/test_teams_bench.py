"""The measurement of Teams' entrance measures, and finds the SDK's own slower."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_bench_prints_what_a_turn_takes_beside_the_sdks_own() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.teams", "--messages", "30", "--rounds", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    figures = json.loads(done.stdout)
    assert (figures["bench"], done.stderr) == ("teams", "")
    assert figures["limits"] == {"turn_ms": 1.0, "times_cloud_adapter": 6}
    # Far from the limit, which few messages on a busy machine may miss.
    assert figures["times"] > 2
    assert figures["answered_ms"] > 0
