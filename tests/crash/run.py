"""The crash proof: `python -m tests.crash.run`, or `--short` for a handful of its runs.

Each run starts the real processes on a strict platform, ends some of them without warning
and holds the platform's ledger against our table. It prints one line of JSON a run and ends
with 1 if any run has broken a rule (`tests.crash.judge.breaches`). `--seed` repeats the same
kills and faults; what the machine does in between is another matter.
"""

import argparse
import json
import random
import signal
import sys
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.crash.judge import Verdict, breaches, judge, share_of_rate
from tests.crash.scene import Mode, Scene
from tests.crash.stage import Stage, Stores, open_stage
from tests.crash.terms import Fault
from tests.postgres import run_postgres

MODES: tuple[Mode, ...] = ("embedded", "scaled")
MIXED: dict[Fault, float] = {
    "error_before": 0.02,
    "error_after": 0.02,
    "reset_after": 0.02,
    "reset_before": 0.01,
    "hang_after": 0.01,
    "late": 0.01,
    "truncated": 0.01,
}
FEW_LIMITED = 0.02
"""The share of requests that may be refused for the rate."""
SLOW = (0.1, 0.2)
"""Latency where the rules depend on it: long beside the commits of our own marks."""
Disturb = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Trial:
    """One run: a scene and what is done to it."""

    name: str
    mode: Mode
    scene: Scene
    failpoint: str | None = None
    at: str | None = None
    disturb: Callable[[Stage, random.Random], Disturb] | None = None
    counts_limited: bool = True
    """Whether a 429 breaks the rules."""
    patience: float = 150
    pause: float = 0.03
    is_small: bool = False

    @property
    def shares(self) -> bool:
        """Whether it may run beside others: it mostly waits, and touches nothing of theirs."""
        return self.is_small or self.failpoint is not None


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a trial."""

    line: dict[str, Any]
    broken: Sequence[str]


def hold(stores: Stores, trial: Trial) -> Report:
    """Do one run and judge it."""
    scene = trial.scene
    began = time.monotonic()
    with open_stage(
        stores,
        scene,
        trial.mode,
        failpoint=trial.failpoint,
        at=trial.at,
        pause=trial.pause,
    ) as stage:
        disturb = trial.disturb(stage, random.Random(scene.seed)) if trial.disturb else None
        finished = stage.run(trial.patience, disturb)
        ledger = stage.settle()
        verdict = judge(
            stage.everything_promised(),
            stage.watch.rows(),
            ledger["posted"],
            ledger["updated"],
            ledger["refused"],
        )
        crew = stage.crew
        # A machine that stands still for a moment draws requests together. How rare 429s are
        # when it does not is a matter of `tests.bench.lanes`.
        limited = ledger["limited"] if trial.counts_limited else 0
        if limited <= FEW_LIMITED * ledger["requests"]:
            limited = 0
        broken = breaches(
            verdict,
            reads_back=scene.profile == "slack",
            bound=crew.crashes * scene.caught,
            unsure=sum(ledger["faults"].values()),
            limited=limited,
        )
        broken += crew.accidents
        if not finished:
            broken.append(f"not done in {trial.patience} s: {stage.watch.states()}")
        if trial.failpoint is not None and not crew.crashes:
            broken.append("the failpoint was never reached")
        line = {
            "mode": trial.mode,
            "platform": scene.profile,
            "trial": trial.name,
            **_figures(verdict),
            "kills": crew.crashes,
            "limited": ledger["limited"],
            "share_of_rate": share_of_rate(ledger["accepted_at"], scene.per_second),
            "recovery_s": _recovery(crew.restarts, ledger["accepted_at"]),
            "ambiguous_max": stage.ambiguous,
            "history_calls": ledger["history_calls"],
            "requests": ledger["requests"],
            "faults": sum(ledger["faults"].values()),
            "rss_mb": stage.rss_mb,
            "seconds": round(time.monotonic() - began, 1),
            "seed": scene.seed,
        }
        if broken:
            line |= {"broken": broken, "examples": verdict.examples}
            line["errors"] = stage.errors.read_text(errors="replace")[-2000:]
        return Report(line, broken)


def _figures(verdict: Verdict) -> dict[str, int]:
    figures = asdict(verdict)
    del figures["examples"], figures["duplicated_at_most_once"], figures["lost_at_least_once"]
    return figures


def _recovery(restarts: Sequence[float], accepted_at: dict[str, list[float]]) -> float | None:
    """The longest that a restarted process needed until something was delivered again.

    Where the next kill was quicker, the time counts from the restart after that.
    """
    moments = sorted(moment for lane in accepted_at.values() for moment in lane)
    waits = []
    for number, restart in enumerate(restarts):
        after = bisect_right(moments, restart)
        if after == len(moments):
            continue
        if number + 1 == len(restarts) or moments[after] < restarts[number + 1]:
            waits.append(moments[after] - restart)
    return round(max(waits), 2) if waits else None


def kill_at_random(kills: int, shortest: float, longest: float) -> Callable[..., Disturb]:
    """So many times, any process of the crew."""

    def begin(stage: Stage, chance: random.Random) -> Disturb:
        left, due = kills, chance.uniform(shortest, longest)

        def disturb(elapsed: float) -> None:
            nonlocal left, due
            if left and elapsed >= due:
                chance.choice(stage.crew.members).child.signal(signal.SIGKILL)
                left -= 1
                due = elapsed + chance.uniform(shortest, longest)

        return disturb

    return begin


def stop_and_continue(role: str, begin_at: float, seconds: float) -> Callable[..., Disturb]:
    """One process sleeps for longer than its leases live, and goes on as if nothing had been."""

    def begin(stage: Stage, _chance: random.Random) -> Disturb:
        member = next(member for member in stage.crew.members if member.role == role)
        done = 0

        def disturb(elapsed: float) -> None:
            nonlocal done
            if done == 0 and elapsed >= begin_at:
                member.child.signal(signal.SIGSTOP)
                done = 1
            elif done == 1 and elapsed >= begin_at + seconds:
                member.child.signal(signal.SIGCONT)
                done = 2

        return disturb

    return begin


def break_postgres(stores: Stores, begin_at: float, seconds: float) -> Callable[..., Disturb]:
    """The database's server crashes and comes back after a while."""

    def begin(stage: Stage, _chance: random.Random) -> Disturb:
        done = 0
        # One that finds no database while it starts ends and says so, which is another matter.
        for member in stage.crew.members:
            member.child.wait_until_ready()

        def disturb(elapsed: float) -> None:
            nonlocal done
            assert stores.postgres is not None
            if done == 0 and elapsed >= begin_at:
                stores.postgres.stop_at_once()
                done = 1
            if done == 1 and elapsed >= begin_at + seconds:
                stores.postgres.start()
                done = 2

        return disturb

    return begin


def revoke_token(begin_at: float, seconds: float) -> Callable[..., Disturb]:
    """The platform knows the token no more, for a while."""

    def begin(stage: Stage, _chance: random.Random) -> Disturb:
        done = 0

        def disturb(elapsed: float) -> None:
            nonlocal done
            if done == 0 and elapsed >= begin_at:
                stage.configure(revoked=True)
                done = 1
            elif done == 1 and elapsed >= begin_at + seconds:
                stage.configure(revoked=False)
                done = 2

        return disturb

    return begin


def at_failpoint(name: str, hit: int, mode: Mode, scene: Scene) -> Trial:
    """The trial that ends a process at this point. What leads to it is in the scene."""
    room = name.partition(".")[0]
    counts_limited = True
    if name in {"lane.pausing", "lane.paused"}:
        # Paced too fast, so that the platform must say no.
        scene, counts_limited = replace(scene, told=2.0), False
    if name in {"lane.reconciling", "lane.reconciled"}:
        scene = replace(scene, faults={"error_after": 0.05, "error_before": 0.05})
    if room == "planner":
        scene = replace(scene, events=0, tips=True)
    if room == "campaign":
        scene = replace(scene, events=0, campaign=True)
    at = None
    if mode == "scaled":
        at = "web" if room == "inbound" else "worker"
    return Trial(
        name=f"{name}:{hit}",
        mode=mode,
        scene=scene,
        failpoint=f"{name}:{hit}",
        at=at,
        counts_limited=counts_limited,
    )


def plan_long(stores: Stores) -> Iterator[Trial]:
    """Every failpoint, then a hundred kills, sleepers and a database that goes away."""
    yield from plan_failpoints()
    busy = Scene(lanes=4, people=200, letters=7000, events=200, per_second=50, faults=MIXED)
    for number in range(2):
        for mode in MODES:
            yield Trial(
                name="25 kills",
                mode=mode,
                scene=replace(busy, seed=str(number), refused=0.01, edits=False),
                disturb=kill_at_random(25, 1.0, 3.6),
                patience=240,
                pause=0.1,
            )
    for mode in MODES:
        yield Trial(
            name="10 kills",
            mode=mode,
            scene=replace(
                busy, profile="teams", letters=3000, faults={}, edits=False, latency=SLOW
            ),
            disturb=kill_at_random(10, 1.0, 3.6),
            patience=180,
        )
    yield from plan_disturbed(stores, replace(busy, letters=2400, faults={}))


def plan_disturbed(stores: Stores, scene: Scene) -> Iterator[Trial]:
    """What is no kill, and worse."""
    for mode in MODES:
        role = "worker" if mode == "scaled" else "embedded"
        yield Trial(
            name="sleeps longer than its lease",
            mode=mode,
            scene=scene,
            disturb=stop_and_continue(role, 4.0, scene.lease + 3),
        )
        yield Trial(
            name="token revoked for 2 s", mode=mode, scene=scene, disturb=revoke_token(4.0, 2.0)
        )
        yield Trial(
            name="paced too fast",
            mode=mode,
            scene=replace(scene, told=1.3),
            counts_limited=False,
            patience=180,
        )
        yield Trial(
            name="5 kills, and a limit nobody tells",
            mode=mode,
            scene=replace(
                scene, letters=600, per_second=10, start_per_minute=1500, ceiling=2400, people=100
            ),
            disturb=kill_at_random(5, 1.0, 3.6),
            counts_limited=False,
        )
        yield Trial(
            name="5 kills, and a slow history that fails",
            mode=mode,
            scene=replace(scene, faults=MIXED, history_latency=0.4, history_errors=0.3),
            disturb=kill_at_random(5, 1.0, 3.6),
        )
    for seconds, name in ((0.0, "PostgreSQL restarted"), (5.0, "PostgreSQL down for 5 s")):
        yield Trial(
            name=name, mode="scaled", scene=scene, disturb=break_postgres(stores, 5.0, seconds)
        )


def plan_failpoints() -> Iterator[Trial]:
    """Every point, in both modes, at the first and the second hit."""
    scene = Scene()
    for name in sorted(POINTS):
        for mode in MODES:
            if mode in POINTS[name]:
                for hit in (1, 2):
                    yield at_failpoint(name, hit, mode, scene)
    for name in ("lane.claimed", "lane.marked", "lane.sent", "lane.settled"):
        for mode in MODES:
            teams = replace(scene, profile="teams", edits=False, latency=SLOW)
            yield at_failpoint(name, 1, mode, teams)


POINTS: dict[str, tuple[Mode, ...]] = {
    name: ("embedded",) if name.startswith("group.") else MODES
    for name in (
        "inbound.before_commit",
        "inbound.committed",
        "inbound.before_ack",
        "lane.claiming",
        "lane.claimed",
        "lane.marked",
        "lane.sent",
        "lane.settled",
        "lane.pausing",
        "lane.paused",
        "lane.reconciling",
        "lane.reconciled",
        "group.before_commit",
        "group.committed",
        "planner.before_commit",
        "planner.committed",
        "campaign.starting",
        "campaign.before_commit",
        "campaign.committed",
    )
}
"""In which modes each point of `bot.failpoint.NAMES` can be reached. A test holds them equal."""


def plan_short() -> Iterator[Trial]:
    """What the suite runs: a part of each kind, small and quick.

    429s are not counted: of a hundred requests what half a second of a crowded machine draws
    together is far more than is allowed of many. The long form counts them, and the bench.
    """
    return (replace(trial, counts_limited=False) for trial in _plan_quick())


def _plan_quick() -> Iterator[Trial]:
    quick = Scene(
        lanes=2,
        people=30,
        letters=40,
        events=16,
        settle=0.3,
        late=0.8,
        timeout=0.6,
        lease=2.0,
        reconcile_after=1.4,
    )
    yield at_failpoint("inbound.committed", 2, "embedded", quick)
    yield at_failpoint("lane.sent", 1, "embedded", quick)
    yield at_failpoint("planner.before_commit", 2, "embedded", quick)
    # So many that the bound, which a crowded machine makes wide, is less than all of them.
    teams = replace(quick, profile="teams", letters=160, edits=False, latency=SLOW, lag=1.0)
    yield at_failpoint("lane.settled", 1, "embedded", teams)
    yield at_failpoint("lane.marked", 1, "scaled", quick)
    for mode in MODES:
        yield Trial(
            name="3 kills",
            mode=mode,
            scene=replace(quick, letters=120, events=40, faults=MIXED),
            disturb=kill_at_random(3, 1.0, 2.0),
            pause=0.1,
            is_small=True,
        )


def seed_all(trials: Iterator[Trial], seed: str) -> Iterator[Trial]:
    """Each trial with a seed of its own that follows from `seed`."""
    for number, trial in enumerate(trials):
        yield replace(trial, scene=replace(trial.scene, seed=f"{seed}.{number}"))


def hold_all(stores: Stores, trials: Iterable[Trial], jobs: int) -> Iterator[Report]:
    """Do all runs, so many at once of those that share the machine."""
    with ThreadPoolExecutor(jobs) as pool:
        for shares, some in groupby(trials, lambda trial: trial.shares):
            if shares:
                yield from pool.map(lambda trial: hold(stores, trial), some)
            else:
                yield from (hold(stores, trial) for trial in some)


def main() -> int:
    """Run, print, and say whether all rules held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a handful of runs")
    parser.add_argument("--seed", default="0")
    parser.add_argument(
        "--only", action="append", help="only trials whose name contains this; may be repeated"
    )
    parser.add_argument("--mode", choices=MODES, help="only this one")
    parser.add_argument("--jobs", type=int, default=2, help="runs at once, of failpoints")
    chosen = parser.parse_args()
    broken = runs = 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="inflow-crash-")))
        stores = Stores(folder, stack.enter_context(run_postgres()))
        trials = plan_short() if chosen.short else plan_long(stores)
        wanted = (
            trial
            for trial in seed_all(trials, chosen.seed)
            if any(part in trial.name for part in chosen.only or [""])
            and chosen.mode in {None, trial.mode}
        )
        for report in hold_all(stores, wanted, chosen.jobs):
            print(json.dumps(report.line), flush=True)
            runs += 1
            broken += bool(report.broken)
    print(json.dumps({"runs": runs, "broken": broken}), flush=True)
    return 1 if broken or not runs else 0


if __name__ == "__main__":
    sys.exit(main())
