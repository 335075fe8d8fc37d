"""How fast lanes and conversations have gone: rows that whoever claims letters locks."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import cache

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.ids import WorkspaceId
from bot.rate import Pace
from storage.row import add_new, insert_for, put
from storage.tables import rates

LANE_ITSELF = ""
"""The conversation of the row that is the lane's own."""

_OF_LANE = select(rates.c.arrivals, rates.c.per_minute, rates.c.paused_until, rates.c.clean_since)
_PACE = _OF_LANE.where(rates.c.lane == bindparam("of"), rates.c.conversation == LANE_ITSELF)
_PACE_LOCKED = _PACE.with_for_update()
_ARRIVALS = select(rates.c.conversation, rates.c.arrivals).where(
    rates.c.lane == bindparam("of"), rates.c.conversation.in_(bindparam("who", expanding=True))
)
_FORGET = delete(rates).where(
    rates.c.lane == bindparam("of"),
    rates.c.conversation != LANE_ITSELF,
    rates.c.idle_from <= bindparam("now"),
)


def read_pace(connection: Connection, lane: WorkspaceId, *, lock: bool) -> Pace:
    """The lane's pace; with `lock`, nobody else reads it so until the transaction ends."""
    found = connection.execute(_PACE_LOCKED if lock else _PACE, {"of": lane}).one_or_none()
    if found is None and lock:
        row = {"lane": lane, "conversation": LANE_ITSELF, "arrivals": [0.0]}
        add_new(connection, rates, row)
        found = connection.execute(_PACE_LOCKED, {"of": lane}).one()
    if found is None:
        return Pace()
    return Pace(
        arrival=found.arrivals[0],
        per_minute=found.per_minute,
        paused_until=_seconds(found.paused_until),
        clean_since=_seconds(found.clean_since),
    )


def lock_pace(connection: Connection, lane: WorkspaceId) -> None:
    """Nobody else locks the lane's pace until the transaction ends."""
    read_pace(connection, lane, lock=True)


def write_pace(connection: Connection, lane: WorkspaceId, pace: Pace) -> None:
    """Keep the lane's pace."""
    values = {
        "arrivals": [pace.arrival],
        "per_minute": pace.per_minute,
        "paused_until": _moment(pace.paused_until),
        "clean_since": _moment(pace.clean_since),
    }
    put(connection, rates, {"lane": lane, "conversation": LANE_ITSELF} | values)


def read_arrivals(
    connection: Connection, lane: WorkspaceId, conversations: Collection[str]
) -> dict[str, list[float]]:
    """The arrivals of those conversations that have been used lately."""
    if not conversations:
        return {}
    found = connection.execute(_ARRIVALS, {"of": lane, "who": sorted(conversations)})
    return {row.conversation: row.arrivals for row in found}


def write_arrivals(
    connection: Connection, lane: WorkspaceId, arrivals: Mapping[str, Collection[float]]
) -> None:
    """Keep the arrivals of some conversations."""
    rows = [
        {
            "lane": lane,
            "conversation": conversation,
            "arrivals": list(moments),
            "idle_from": _moment(max(moments)),
        }
        for conversation, moments in sorted(arrivals.items())
    ]
    if rows:
        connection.execute(_set_arrivals(connection.dialect.name), rows)


def forget_idle(connection: Connection, lane: WorkspaceId, now: datetime) -> None:
    """Drop the rows of conversations that say no more than none would."""
    connection.execute(_FORGET, {"of": lane, "now": now})


@cache
def _set_arrivals(dialect: str) -> sqlite.Insert | postgresql.Insert:
    insert = insert_for(dialect, rates)
    return insert.on_conflict_do_update(
        index_elements=["lane", "conversation"],
        set_={name: insert.excluded[name] for name in ("arrivals", "idle_from")},
    )


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
