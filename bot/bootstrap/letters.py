"""What became of the letters, for operators: counts and reasons, never a text or a name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.bootstrap.store import blamed_on
from bot.capabilities.questions.memory import Memory
from bot.outbox import LetterState
from bot.people import Workspace
from bot.settings import Misconfigured, Settings
from bot.truth import Cause, KindTally, LaneTally, tell_causes
from storage.database import Database
from storage.doctor import is_there
from storage.migrate import is_current
from storage.work import SqlWork

EXPLAINED = (
    LetterState.FAILED,
    LetterState.UNREACHABLE,
    LetterState.UNKNOWN,
    LetterState.SUPPRESSED,
)
"""The states of which kinds and reasons are told unless one is asked for."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A workspace's letters: how many are in each state, and the reasons of some states."""

    workspace: Workspace
    tallies: Sequence[LaneTally]
    kinds: Sequence[tuple[LetterState, Sequence[KindTally]]]


def read_lanes(
    settings: Settings, workspace: str | None, state: LetterState | None
) -> Sequence[Lane]:
    """The lanes by name, or the one of the workspace of that name or id. Nothing is changed.

    Raises:
        Misconfigured: there is no such workspace, or the database cannot be read.
    """
    with blamed_on(settings.database_url):
        if not is_there(settings.database_url):
            raise Misconfigured("There is no database yet. It is made by: inflow run")
        if not is_current(settings.database_url):
            raise Misconfigured(
                "The database has not the schema of this version. Run first: inflow migrate"
            )
    # Nothing that was sealed is opened here, so any key will do.
    database = Database(settings.database_url, relay_key=bytes(32), memory=Memory())
    try:
        with database.transaction() as work:
            known = work.people.workspaces()
            wanted = [
                w for w in known if workspace is None or workspace in {w.name, w.external, w.id}
            ]
            if workspace is not None and not wanted:
                names = ", ".join(w.name for w in known) or "none yet"
                raise Misconfigured(f"There is no workspace “{workspace}”. Known: {names}.")
            return [_read(work, one, state) for one in wanted]
    finally:
        database.close()


def _read(work: SqlWork, workspace: Workspace, state: LetterState | None) -> Lane:
    tallies = work.truth.lanes(workspace.id)
    there = {tally.state for tally in tallies}
    return Lane(
        workspace,
        [tally for tally in tallies if state in {None, tally.state}],
        [
            (one, _told(one, work.truth.kinds(workspace.id, one), sum(t.letters for t in tallies)))
            for one in ([state] if state else EXPLAINED)
            if one in there
        ],
    )


def _told(state: LetterState, kinds: Sequence[KindTally], letters: int) -> Sequence[KindTally]:
    """Why people were left in peace is told of five and more only, by operators too."""
    if state is not LetterState.SUPPRESSED:
        return kinds
    return [
        KindTally(kind, cause.why or "for other reasons", cause.people)
        for kind in dict.fromkeys(tally.kind for tally in kinds)
        for cause in tell_causes(
            [Cause(t.why, t.letters) for t in kinds if t.kind == kind], letters
        )
    ]


def describe_lanes(lanes: Sequence[Lane]) -> Iterator[str]:
    """The lanes as lines for a terminal."""
    for lane in lanes:
        counts = ", ".join(f"{tally.state} {tally.letters:,}" for tally in lane.tallies)
        yield f"{lane.workspace.name}: {counts or 'no letters'}"
        for state, kinds in lane.kinds:
            yield f"  {state}"
            for tally in kinds:
                yield f"    {tally.letters:>8,}  {tally.kind}  {tally.why or 'no reason given'}"
