"""What waits in the store at a moment: for operators, without a name or a word of anybody."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, case, exists, func, select

from bot.ids import WorkspaceId
from bot.metric import Family, Kind, Labels
from bot.outbox import LetterState
from storage.column import Instant
from storage.outbox import AT_ONCE
from storage.tables import IS_IN_HAND, IS_PENDING, outbox, rates, timers, workspaces

if TYPE_CHECKING:
    from storage.database import Database

SCHEDULED = "scheduled"
"""Pending, and not due yet. What is called pending below is due."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits. Keys are the platform and the lane, which is the workspace's id.

    `letters` counts by state as well: `scheduled` is a pending letter that is not due.
    `oldest` is for how long the lane's longest due letter has waited. `per_minute` is the
    speed that a lane has found for itself, and `paused` how long it still holds its peace.
    """

    letters: dict[tuple[str, str, str], int]
    oldest: dict[tuple[str, str], timedelta]
    per_minute: dict[tuple[str, str], float]
    paused: dict[tuple[str, str], timedelta]
    timers_due: int
    oldest_timer: timedelta


def read_backlog(database: "Database", now: datetime) -> Backlog:
    """What waits at a moment, aware UTC. One transaction; its cost grows with what waits,
    not with what was sent.

    Raises:
        Unavailable: the store is out of reach.
    """
    with database.begin() as connection:
        here = connection.execute(select(_HERE)).scalar_one()
        known = connection.execute(select(workspaces.c.id, workspaces.c.platform)).all()
        pending = connection.execute(_PENDING, {"now": now}).all()
        promised = connection.execute(_PROMISED).all()
        in_hand = connection.execute(_IN_HAND).all()
        speeds = connection.execute(_SPEEDS).all()
        due, first = connection.execute(
            select(func.count(), func.min(timers.c.due_at)).where(timers.c.due_at <= now)
        ).one()
    lanes = {row.id: (row.platform, row.id) for row in known}
    letters = {(*lanes[row.workspace], row.state): row.number for row in in_hand}
    oldest: dict[tuple[str, str], timedelta] = {}
    for row in pending:
        lane = lanes[row.workspace]
        if row.due:
            letters[*lane, LetterState.PENDING] = row.due
        if row.number > row.due:
            letters[*lane, SCHEDULED] = row.number - row.due
        if row.earliest is not None and row.earliest <= now:
            oldest[lane] = now - row.earliest
    for row in promised:
        # A letter that goes at once has no hour of its own; only the database knows since
        # when it is there.
        lane = lanes[row.workspace]
        oldest[lane] = max(here - row.promised, oldest.get(lane, timedelta(0)))
    return Backlog(
        letters=letters,
        oldest=oldest,
        per_minute={
            lanes[row.lane]: row.per_minute
            for row in speeds
            if row.lane in lanes and row.per_minute is not None
        },
        paused={
            lanes[row.lane]: row.paused_until - now
            for row in speeds
            if row.lane in lanes and row.paused_until is not None and row.paused_until > now
        },
        timers_due=due,
        oldest_timer=now - first if first is not None else timedelta(0),
    )


def is_quiet(database: "Database", workspace: WorkspaceId, now: datetime) -> bool:
    """Whether no letter of a workspace is due or on its way.

    Those of which nobody knows whether they arrived do not count, nor edits of them: it may
    take hours until that is known.

    Raises:
        Unavailable: the store is out of reach.
    """
    with database.begin() as connection:
        moves = connection.execute(_MOVES, {"workspace": workspace, "now": now}).scalar_one()
        return not moves


_unsure = outbox.alias("unsure")
_MOVES = select(
    exists().where(
        outbox.c.workspace == bindparam("workspace"),
        IS_IN_HAND,
        outbox.c.state != LetterState.AMBIGUOUS,
    )
    | exists().where(
        outbox.c.workspace == bindparam("workspace"),
        IS_PENDING,
        outbox.c.due_at <= bindparam("now"),
        ~exists().where(_unsure.c.id == outbox.c.edits, _unsure.c.state == LetterState.AMBIGUOUS),
    )
)

_HERE = func.current_timestamp(type_=Instant)

_SPEEDS = select(rates.c.lane, rates.c.per_minute, rates.c.paused_until).where(
    rates.c.conversation == ""
)

# Grouped by what the index is in order of, so that nothing is sorted.
_PENDING = (
    select(
        outbox.c.workspace,
        func.count().label("number"),
        func.count(case((outbox.c.due_at <= bindparam("now"), 1))).label("due"),
        func.min(case((outbox.c.due_at > AT_ONCE, outbox.c.due_at))).label("earliest"),
    )
    .where(IS_PENDING)
    .group_by(outbox.c.workspace)
)

_PROMISED = (
    select(outbox.c.workspace, func.min(outbox.c.promised_at).label("promised"))
    .where(IS_PENDING, outbox.c.due_at == AT_ONCE, outbox.c.promised_at.is_not(None))
    .group_by(outbox.c.workspace)
)

_IN_HAND = (
    select(outbox.c.workspace, outbox.c.state, func.count().label("number"))
    .where(IS_IN_HAND)
    .group_by(outbox.c.workspace, outbox.c.state)
)


LANE: Labels = ("platform", "lane")


def look_at_backlog(
    database: "Database", clock: Callable[[], datetime]
) -> Callable[[], Sequence[Family]]:
    """A gauge of what waits, for `bot.metric.Meters`. It raises as `read_backlog` does."""

    def look() -> Sequence[Family]:
        found = read_backlog(database, clock())
        return [
            _gauge(
                "inflow_letters",
                "Letters that wait, by state; scheduled is pending and not due yet.",
                (*LANE, "state"),
                found.letters,
            ),
            _gauge(
                "inflow_oldest_due_letter_seconds",
                "For how long the letter has waited that was due first.",
                LANE,
                {lane: waited.total_seconds() for lane, waited in found.oldest.items()},
            ),
            _gauge(
                "inflow_lane_letters_per_minute",
                "The speed a lane has found for itself where the platform's limit is unknown.",
                LANE,
                found.per_minute,
            ),
            _gauge(
                "inflow_lane_pause_seconds",
                "For how long a lane still holds its peace because the platform asked for it.",
                LANE,
                {lane: left.total_seconds() for lane, left in found.paused.items()},
            ),
            _gauge("inflow_timers_due", "Timers whose time has come.", (), {(): found.timers_due}),
            _gauge(
                "inflow_oldest_due_timer_seconds",
                "For how long the timer has waited that was due first.",
                (),
                {(): found.oldest_timer.total_seconds()},
            ),
        ]

    return look


def _gauge(
    name: str, about: str, labels: Labels, values: "dict[Any, float] | dict[Any, int]"
) -> Family:
    return Family(name, about, Kind.GAUGE, labels, {key: float(v) for key, v in values.items()})
