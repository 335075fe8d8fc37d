"""How large a process is: what only some of them use is loaded by the first use."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def say(code: str, folder: Path) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"HOME": str(folder), "INFLOW_DATABASE_URL": f"sqlite:///{folder / 'inflow.db'}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


def test_what_has_nothing_to_search_loads_nothing_that_searches(tmp_path: Path) -> None:
    code = """
import sys
from bot.bootstrap import now
from bot.bootstrap.house import open_house, _warm
from bot.bootstrap.playground import PlaygroundSite
from bot.bootstrap.process import run_embedded
from bot.bootstrap.scaled import run_worker
from bot.settings import read_settings
settings = read_settings().model_copy(update={"demo": False})
with open_house(settings, PlaygroundSite, searches=False) as house:
    house.site.prepare()
    _warm(house)
    print({"numpy", "tokenizers", "ruamel", "content", "alembic"} & set(sys.modules))
    with house.database.transaction() as work:
        [workspace] = work.people.workspaces()
        work.memory.suggest(work, workspace.id, "How do I book a room?")
    print("numpy" in sys.modules)
"""
    say(code, tmp_path)
    # At the first start the schema was made; only at the second there is nothing to do.
    assert say(code, tmp_path).splitlines() == ["set()", "True"]


@pytest.mark.skipif(sys.platform != "linux", reason="glibc keeps what was freed, others do not")
def test_what_was_freed_is_given_back(tmp_path: Path) -> None:
    code = """
from pathlib import Path
from bot.bootstrap.loop import give_back
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1])
kept = [bytes(900) for _ in range(60_000)]
last = bytes(900)
full = resident()
del kept
freed = resident()
give_back()
print(full - freed, freed - resident())
"""
    by_freeing, by_giving_back = map(int, say(code, tmp_path).split())
    assert by_giving_back > 10 * max(by_freeing, 100)
