"""The outbox as a lane sees it: letters are claimed, marked, settled and recovered.

A lease belongs to one `Database` instance. Whoever comes late, after the lease ran out
and somebody else took over, changes nothing. Leases run by one clock for all, so that
neither a moved clock nor those of several machines matter: PostgreSQL's own, and on SQLite,
which one process uses, the seconds since that process began. Whether a letter is due or has
expired, and the slots of a lane, go by the caller's.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from bot import failpoint
from bot.attention import Reason, Refuse, Verdict, Wait
from bot.claim import Claim, Claimed, Recovered, Written
from bot.errors import BotError
from bot.ids import PersonId, WorkspaceId
from bot.message import Message
from bot.outbox import (
    Ambiguous,
    Delivery,
    Doubtful,
    LetterState,
    Limited,
    Never,
    Priority,
    Sent,
    Settlement,
    TryLater,
    Unsent,
)
from bot.rate import (
    HORIZON,
    LONGEST_PAUSE,
    UNLIMITED,
    URGENT_HORIZON,
    Cell,
    Limits,
    Pace,
    Slots,
    cell_of,
    find_slot,
    rate_of,
    slow_down,
    spacing_of,
    speed_up,
)
from bot.retry import back_off
from storage.attention import judge
from storage.column import Instant
from storage.outbox import AT_ONCE, TAKEN_BACK, merge_edits
from storage.rate import (
    forget_idle,
    lock_pace,
    read_arrivals,
    read_pace,
    write_arrivals,
    write_pace,
)
from storage.seal import Seal
from storage.tables import IS_IN_HAND, IS_PENDING, outbox, people, relay

if TYPE_CHECKING:
    from storage.database import Database

RECONCILING = timedelta(seconds=15)
"""How long nobody else is given an ambiguous letter that `recover` has handed out. Whoever takes
longer has looked in vain: by then another one may be looking, and only that one is heard."""
UNREADABLE_WAIT = timedelta(minutes=15)
"""How long a letter waits that this process cannot read, for another one may. Its message may
be of a newer version, and the right relay key may come back with the next start."""
REFUSALS = 3
"""A letter that the platform has refused so often for the rate steps back, so that it is not
the one for whose sake its lane rests for ever."""
ROUNDING = 0.001
"""Seconds. A moment is kept in microseconds, and who comes back at it must not be early."""
TIDY_EVERY = timedelta(minutes=1)
ROUNDS = 10
"""A claim looks so many times for letters where those it found could not be taken."""
URGENT = [priority for priority in Priority if priority <= Priority.DEADLINE]
"""What somebody waits for. It may use slots further ahead than the rest."""

log = structlog.get_logger()

_edited = outbox.alias("edited")
_target = outbox.alias("target")
_earlier = outbox.alias("earlier")

_UNDECIDED = (
    LetterState.PENDING,
    LetterState.LEASED,
    LetterState.SENDING,
    LetterState.AMBIGUOUS,
)
# An edit has its turn when it is known what became of the letter it edits, and of every
# earlier edit of it: the last word must stand at the end.
_HAS_ITS_TURN = or_(
    outbox.c.edits.is_(None),
    and_(
        exists().where(_target.c.id == outbox.c.edits, _target.c.state.not_in(_UNDECIDED)),
        ~exists().where(
            _earlier.c.edits == outbox.c.edits,
            _earlier.c.id < outbox.c.id,
            _earlier.c.state.in_(_UNDECIDED),
        ),
    ),
)

_LETTERS = select(
    *(
        outbox.c[name]
        for name in (
            "id", "key", "workspace", "to_kind", "person", "subject", "conversation", "thread",
            "kind", "priority", "due_at", "expires_at", "edits", "attempts", "message", "day",
        )
    ),
    _edited.c.state.label("edited_state"),
    _edited.c.external_id.label("edited_external_id"),
    _edited.c.sent_conversation.label("edited_conversation"),
    _edited.c.sealed.label("edited_sealed"),
).select_from(outbox.outerjoin(_edited, _edited.c.id == outbox.c.edits))  # fmt: skip

_THESE = outbox.c.id.in_(bindparam("ids", expanding=True))

_FOUND = (
    _LETTERS.where(_THESE, IS_PENDING)
    .order_by(outbox.c.priority, outbox.c.due_at, outbox.c.id)
    .with_for_update(of=outbox, skip_locked=True)
)


def _due(priorities: Iterable[Priority], *conditions: ColumnElement[bool]) -> Any:
    """The ids of due letters of a lane, most urgent first and then longest due.

    One seek for each priority: letters that are due later stand between the priorities.
    """
    each = [
        select(outbox.c.id, outbox.c.priority, outbox.c.due_at)
        .where(
            outbox.c.workspace == bindparam("lane"),
            IS_PENDING,
            outbox.c.priority == int(priority),
            outbox.c.due_at <= bindparam("now"),
            _HAS_ITS_TURN,
            *conditions,
        )
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(bindparam("limit"))
        .subquery()
        for priority in priorities
    ]
    found = union_all(*(select(one) for one in each)).subquery()
    return (
        select(found.c.id)
        .order_by(found.c.priority, found.c.due_at, found.c.id)
        .limit(bindparam("limit"))
    )


def _not_among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    return or_(column.is_(None), column.not_in(bindparam(name, expanding=True)))


_ELSEWHERE = (
    _not_among(outbox.c.person, "people"),
    _not_among(outbox.c.subject, "subjects"),
    _not_among(outbox.c.conversation, "conversations"),
)
_DUE = _due(Priority)
_DUE_URGENT = _due(URGENT)
_DUE_ELSEWHERE = _due(Priority, *_ELSEWHERE)
_DUE_URGENT_ELSEWHERE = _due(URGENT, *_ELSEWHERE)

_LEASE = (
    update(outbox)
    .where(_THESE)
    .values(state=LetterState.LEASED, owner=bindparam("holder"), lease_until=bindparam("until"))
)
# Ours may stand as being sent already, when the answer to an earlier attempt to mark it was lost.
# What somebody else has locked is passed by, for all the others would have to wait as well.
_MARK = (
    update(outbox)
    .where(
        outbox.c.id.in_(
            select(outbox.c.id)
            .where(
                _THESE,
                IS_IN_HAND,
                outbox.c.state != LetterState.AMBIGUOUS,
                outbox.c.owner == bindparam("holder"),
                outbox.c.lease_until > bindparam("here"),
            )
            .with_for_update(skip_locked=True)
        )
    )
    .values(state=LetterState.SENDING, started_at=bindparam("now"), lease_until=bindparam("until"))
    .returning(outbox.c.id)
)
_ARE_OURS = (_THESE, IS_IN_HAND, outbox.c.owner == bindparam("holder"))
_OURS = (
    select(
        outbox.c.id,
        outbox.c.workspace,
        outbox.c.key,
        outbox.c.to_kind,
        outbox.c.attempts,
        outbox.c.refusals,
    )
    .where(*_ARE_OURS)
    .order_by(outbox.c.id)
    .with_for_update(skip_locked=True)
)
_STILL_OURS = select(outbox.c.id).where(*_ARE_OURS)
_ONE = outbox.c.id == bindparam("letter")
_SENT = (
    update(outbox)
    .where(_ONE)
    .values(
        state=LetterState.SENT,
        why=None,
        owner=None,
        lease_until=None,
        settled_at=bindparam("now"),
        external_id=bindparam("external"),
        sent_conversation=bindparam("place"),
    )
)
_STIRRED = (
    select(outbox.c.workspace)
    .where(outbox.c.edits.in_(bindparam("ids", expanding=True)), IS_PENDING)
    .distinct()
)
_LEFT_BEHIND = and_(
    outbox.c.workspace == bindparam("lane"),
    IS_IN_HAND,
    outbox.c.lease_until <= bindparam("here"),
    outbox.c.id.not_in(bindparam("held", expanding=True)),
)
_LAPSED = (
    select(outbox.c.id)
    .where(_LEFT_BEHIND, outbox.c.state == LetterState.LEASED)
    .order_by(outbox.c.id)
    .with_for_update(skip_locked=True)
)
_UNCLEAR = (
    _LETTERS.where(_LEFT_BEHIND, outbox.c.state != LetterState.LEASED)
    .order_by(outbox.c.id)
    .limit(bindparam("limit"))
    .with_for_update(of=outbox, skip_locked=True)
)
_GIVE_BACK = (
    update(outbox).where(_THESE).values(state=LetterState.PENDING, owner=None, lease_until=None)
)
_TAKE_OVER = (
    update(outbox)
    .where(_THESE)
    .values(state=LetterState.AMBIGUOUS, owner=bindparam("holder"), lease_until=bindparam("until"))
)
_LEAVE = (
    update(outbox)
    .where(_THESE)
    .values(state=LetterState.AMBIGUOUS, owner=None, lease_until=bindparam("until"))
)

# From the first letter that waits to the first of the next priority or lane, and so on: the
# cost grows with the lanes in which anything waits and not with the letters. Where the first
# letter is due the other priorities of its lane are of no interest.
_WITH_WORK = (
    text("""
    WITH RECURSIVE head(id) AS (
        SELECT (
            SELECT id FROM outbox WHERE state = 'pending'
            ORDER BY workspace, priority, due_at, id LIMIT 1
        )
        UNION ALL
        SELECT coalesce(
            (
                SELECT later.id FROM outbox AS later
                WHERE (here.due_at > :now OR here.edits IS NOT NULL)
                AND later.state = 'pending' AND later.workspace = here.workspace
                AND later.priority > here.priority
                ORDER BY later.priority, later.due_at, later.id LIMIT 1
            ),
            (
                SELECT later.id FROM outbox AS later
                WHERE later.state = 'pending' AND later.workspace > here.workspace
                ORDER BY later.workspace, later.priority, later.due_at, later.id LIMIT 1
            )
        )
        FROM head JOIN outbox AS here ON here.id = head.id
    )
    SELECT first.workspace FROM head JOIN outbox AS first ON first.id = head.id
    WHERE first.due_at <= :now AND (first.edits IS NULL OR EXISTS (
        SELECT 1 FROM outbox AS letter
        WHERE letter.workspace = first.workspace AND letter.state = 'pending'
        AND letter.priority = first.priority AND letter.due_at <= :now
        AND (letter.edits IS NULL OR (
            EXISTS (
                SELECT 1 FROM outbox AS target
                WHERE target.id = letter.edits
                AND target.state NOT IN ('pending', 'leased', 'sending', 'ambiguous')
            ) AND NOT EXISTS (
                SELECT 1 FROM outbox AS earlier
                WHERE earlier.edits = letter.edits AND earlier.id < letter.id
                AND earlier.state IN ('pending', 'leased', 'sending', 'ambiguous')
            )
        ))
    )) AND NOT EXISTS (
        SELECT 1 FROM rates
        WHERE rates.lane = first.workspace AND rates.conversation = ''
        AND rates.paused_until > :now AND rates.paused_until <= :longest
    )
    UNION
    SELECT workspace FROM outbox
    WHERE state IN ('leased', 'sending', 'ambiguous') AND lease_until <= :here
    """)
    .bindparams(
        bindparam("now", type_=Instant),
        bindparam("here", type_=Instant),
        bindparam("longest", type_=Instant),
    )
    .columns(outbox.c.workspace)
)


class SqlLaneStore:
    """`bot.ports.LaneStore` over the outbox of a database.

    `clock` takes the place of the database's own in a test; moments are aware UTC.
    """

    def __init__(self, database: "Database", clock: Callable[[], datetime] | None = None) -> None:
        self._database = database
        self.owner = database.owner
        self.seal = database.seal
        self._clock = clock
        self._began: tuple[datetime, float] | None = None
        self._tidied: dict[WorkspaceId, datetime] = {}

    def lanes_with_work(self, now: datetime) -> Sequence[WorkspaceId]:
        """Workspaces with letters to claim, recover or reconcile; none that is paused."""
        with self._database.begin() as connection:
            found = connection.execute(
                _WITH_WORK,
                {
                    "now": now,
                    "here": self.here(connection),
                    "longest": now + timedelta(seconds=LONGEST_PAUSE),
                },
            ).scalars()
            return sorted({WorkspaceId(lane) for lane in found})

    def claim(
        self,
        lane: WorkspaceId,
        now: datetime,
        limit: int,
        lease: timedelta,
        limits: Limits = UNLIMITED,
        slotless: int = 0,
    ) -> Claim:
        """Lease due letters, most urgent first, and reserve a slot for each.

        At most `limit` letters, and at most those for which the lane and their conversation
        have a slot within `bot.rate.HORIZON`. `slotless` letters that the caller holds
        already get their slots first. A letter fails on the way when it has expired, its
        recipient has left or is unknown, or what it edits was never sent. One that cannot
        be read waits for `UNREADABLE_WAIT` and stands in nobody's way.
        """
        with self._database.begin() as connection:
            has_limits = limits.per_minute is not None or bool(limits.conversation)
            pace = read_pace(connection, lane, lock=has_limits)
            left = pace.pause_left(now.timestamp())
            if left:
                return Claim(is_all=False, again_at=now + timedelta(seconds=left))
            pace = speed_up(pace, limits, now.timestamp())
            taking = _Taking(
                self, connection, lane, now, limits, pace, limit, lease, is_alone=has_limits
            )
            claim = taking.take(slotless)
            if limits.conversation:
                write_arrivals(connection, lane, taking.arrivals)
                self._tidy(connection, lane, now)
            if limits.per_minute is not None:
                write_pace(connection, lane, taking.pace)
            failpoint.reach("lane.claiming")
        failpoint.reach("lane.claimed")
        return claim

    def _tidy(self, connection: Connection, lane: WorkspaceId, now: datetime) -> None:
        if now - self._tidied.get(lane, AT_ONCE) > TIDY_EVERY:
            forget_idle(connection, lane, now)
            self._tidied[lane] = now

    def write(
        self,
        sending: Sequence[int],
        settlements: Sequence[Settlement],
        now: datetime,
        lease: timedelta,
    ) -> Written:
        """The write-ahead marks of some letters and what became of others, all at once.

        The lease of a marked letter begins anew. What is not ours any more is left alone.
        Nobody else's lock is waited for.
        """
        ours: Collection[int] = ()
        locked: Collection[int] = ()
        stirred: set[WorkspaceId] = set()
        with self._database.begin() as connection:
            if settlements:
                stirred, locked = self._settle(connection, settlements, now)
            if sending:
                here = self.here(connection)
                ours = (
                    connection.execute(
                        _MARK,
                        {
                            "ids": list(sending),
                            "holder": self.owner,
                            "here": here,
                            "until": here + lease,
                            "now": now,
                        },
                    )
                    .scalars()
                    .all()
                )
        if ours:
            failpoint.reach("lane.marked")
        if settlements:
            failpoint.reach("lane.settled")
        return Written(frozenset(ours), frozenset(stirred), frozenset(locked))

    def _settle(
        self, connection: Connection, settlements: Sequence[Settlement], now: datetime
    ) -> tuple[set[WorkspaceId], Collection[int]]:
        """In which lanes more is due now, and which letters somebody else has locked."""
        by_id = {settlement.id: settlement for settlement in settlements}
        ours = connection.execute(_OURS, {"ids": sorted(by_id), "holder": self.owner}).all()
        locked: Collection[int] = by_id.keys() - {row.id for row in ours}
        if locked:
            # Others may have taken them over.
            locked = (
                connection.execute(_STILL_OURS, {"ids": sorted(locked), "holder": self.owner})
                .scalars()
                .all()
            )
        sent: list[dict[str, Any]] = []
        back: list[int] = []
        done: list[int] = []
        stirred: set[WorkspaceId] = set()
        for row in ours:
            settlement = by_id[row.id]
            match settlement.outcome:
                case Sent(external=external, conversation=place) if row.to_kind != "relay":
                    sent.append(
                        {"letter": row.id, "now": now, "external": external, "place": place}
                    )
                    done.append(row.id)
                    continue
                case Unsent() | Limited() | TryLater():
                    back.append(row.id)
                case Ambiguous():
                    pass
                case _:
                    done.append(row.id)
            values = self._result(connection, row, settlement, now)
            if values.get("due_at", now) <= now and row.id in back:
                stirred.add(row.workspace)
            connection.execute(update(outbox).where(_ONE).values(values), {"letter": row.id})
        if sent:
            connection.execute(_SENT, sent)
        if back:
            merge_edits(connection, back)
        if done:
            stirred |= set(connection.execute(_STIRRED, {"ids": done}).scalars())
        return stirred, locked

    def _result(
        self, connection: Connection, row: Any, settlement: Settlement, now: datetime
    ) -> dict[str, Any]:
        free = {"owner": None, "lease_until": None}
        match settlement.outcome:
            case Sent(external=external, conversation=conversation):
                return {
                    "state": LetterState.SENT,
                    "why": None,
                    "settled_at": now,
                    **self._place(row, conversation, external),
                    **free,
                }
            case Unsent():
                return {"state": LetterState.PENDING, **free}
            case Limited():
                refused = (row.refusals or 0) + 1
                later = {"due_at": now + back_off(refused, row.key)} if refused >= REFUSALS else {}
                return {"state": LetterState.PENDING, "refusals": refused, **later, **free}
            case TryLater(after=after, why=why):
                return {
                    "state": LetterState.PENDING,
                    "due_at": now + after,
                    "attempts": row.attempts + 1,
                    "refusals": None,
                    "why": self._reason(row, why),
                    **free,
                }
            case Never(why=why, unreachable=unreachable):
                state = LetterState.UNREACHABLE if unreachable else LetterState.FAILED
                return self._end(row, state, why, now)
            case Doubtful(why=why):
                return self._end(row, LetterState.UNKNOWN, why, now)
            case Ambiguous(why=why):
                return {
                    "state": LetterState.AMBIGUOUS,
                    "why": self._reason(row, why),
                    "owner": None,
                    "lease_until": self.here(connection) + settlement.after,
                }

    def pause(self, lane: WorkspaceId, now: datetime, limits: Limits, after: timedelta) -> None:
        """Let the whole lane rest for `after`, because the platform refused for the rate."""
        with self._database.begin() as connection:
            pace = read_pace(connection, lane, lock=True)
            slower = slow_down(pace, limits, now.timestamp(), after.total_seconds())
            write_pace(connection, lane, slower)
            failpoint.reach("lane.pausing")
        failpoint.reach("lane.paused")

    def recover(
        self,
        lane: WorkspaceId,
        now: datetime,
        *,
        limit: int = 50,
        held: Collection[int] = (),
    ) -> Recovered:
        """Give back leases that ran out; take over the letters nobody can speak for.

        For `RECONCILING` nobody else is given them. What the caller still holds is left out.
        A letter that has nobody left who could be asked for it ends as unknown; one that
        cannot be read is looked at again after `UNREADABLE_WAIT`.
        """
        with self._database.begin() as connection:
            here = self.here(connection)
            which = {"lane": lane, "here": here, "held": list(held)}
            lapsed = connection.execute(_LAPSED, which).scalars().all()
            if lapsed:
                connection.execute(_GIVE_BACK, {"ids": lapsed})
                merge_edits(connection, lapsed)
            rows = connection.execute(_UNCLEAR, which | {"limit": limit}).all()
            if not rows:
                return Recovered(given_back=len(lapsed))
            recipients = _Recipients(connection, self.seal, rows)
            unclear: list[Delivery] = []
            ended: list[tuple[Any, str]] = []
            unread: list[int] = []
            for row in rows:
                try:
                    unclear.append(self.delivery(row, recipients, active=False))
                except _Undeliverable as error:
                    ended.append((row, str(error)))
                except Exception as error:  # noqa: BLE001 - one letter does not stop its lane.
                    tell_unread(lane, row.id, error)
                    unread.append(row.id)
            for row, why in ended:
                self.close(connection, [row], LetterState.UNKNOWN, why, now)
            if unread:
                connection.execute(_LEAVE, {"ids": unread, "until": here + UNREADABLE_WAIT})
            connection.execute(
                _TAKE_OVER,
                {
                    "ids": [delivery.id for delivery in unclear],
                    "holder": self.owner,
                    "until": here + RECONCILING,
                },
            )
            failpoint.reach("lane.reconciling")
            return Recovered(unclear, len(lapsed))

    def take_over(self, reconcile_after: timedelta) -> None:
        """Whoever else held leases has ended: call this when this process alone uses the
        database, before it drains anything.

        What had not begun may be claimed at once, what was on the wire looked up after
        `reconcile_after`.
        """
        with self._database.begin() as connection:
            here = self.here(connection)
            foreign = and_(IS_IN_HAND, or_(outbox.c.owner.is_(None), outbox.c.owner != self.owner))
            for state, until in (
                (LetterState.LEASED, here),
                (LetterState.SENDING, here + reconcile_after),
                (LetterState.AMBIGUOUS, here + reconcile_after),
            ):
                connection.execute(
                    update(outbox)
                    .where(foreign, outbox.c.state == state, outbox.c.lease_until > until)
                    .values(lease_until=until)
                )

    def here(self, connection: Connection) -> datetime:
        """The moment by the clock of leases."""
        if self._clock is not None:
            return self._clock()
        if connection.dialect.name == "sqlite":
            if self._began is None:
                said: str = connection.execute(_SQLITE_NOW).scalar_one()
                self._began = datetime.fromisoformat(said).replace(tzinfo=UTC), monotonic()
            moment, at = self._began
            return moment + timedelta(seconds=monotonic() - at)
        here: datetime = connection.execute(_POSTGRES_NOW).scalar_one()
        return here.astimezone(UTC)

    def delivery(self, row: Any, recipients: "_Recipients", *, active: bool) -> Delivery:
        if row.edits is not None and row.edited_state != LetterState.SENT:
            raise _Undeliverable("what it edits was never sent")
        address = recipients.address(row, active=active)
        edits, conversation = row.edited_external_id, row.edited_conversation
        if row.edited_sealed is not None:
            conversation, edits = self.seal.open(row.edited_sealed)
        return Delivery(
            id=row.id,
            key=row.key,
            workspace=row.workspace,
            address=address,
            direct=row.to_kind != "place",
            message=_read_message(row.message),
            kind=row.kind,
            priority=Priority(row.priority),
            thread=row.thread,
            edits=edits,
            conversation=conversation,
            attempts=row.attempts,
        )

    def close(
        self,
        connection: Connection,
        rows: Iterable[Any],
        state: LetterState,
        why: str | None,
        now: datetime,
    ) -> None:
        """End letters that no platform has seen. All that go to the relay, or none."""
        rows = list(rows)
        connection.execute(
            update(outbox).where(_THESE).values(self._end(rows[0], state, why, now)),
            {"ids": [row.id for row in rows]},
        )

    def _end(self, row: Any, state: LetterState, why: str | None, now: datetime) -> dict[str, Any]:
        return {
            "state": state,
            "why": None if why is None else self._reason(row, why),
            "owner": None,
            "lease_until": None,
            "settled_at": now,
        }

    def _reason(self, row: Any, why: str) -> str:
        """A platform's words may name the person whom only the relay knows."""
        return self.seal.close(why) if row.to_kind == "relay" else why

    def _place(self, row: Any, conversation: str, external: str) -> dict[str, str]:
        """Where a letter stands. A direct conversation is as good as the person's name."""
        if row.to_kind != "relay":
            return {"sent_conversation": conversation, "external_id": external}
        return {
            "sealed": self.seal.close(conversation, external),
            "fingerprint": self.seal.fingerprint("stands", row.workspace, conversation, external),
        }


_SQLITE_NOW = text("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")
_POSTGRES_NOW = select(func.clock_timestamp())


@lru_cache(maxsize=256)
def _read_message(said: str) -> Message:
    """To many people the same is said, and reading it takes longer than sending it."""
    return Message.model_validate_json(said)


def tell_unread(lane: WorkspaceId, letter: int, error: Exception) -> None:
    """Log that a letter cannot be read. The error's own text may quote the message."""
    log.warning("letter unread", workspace=lane, letter=letter, error=type(error).__name__)


class _Undeliverable(Exception):
    """Why a letter fails before any platform sees it."""


class _Taking:
    """One claim, while its transaction is open.

    `arrivals` are those of the conversations it has reserved, by fingerprint.
    """

    def __init__(
        self,
        store: SqlLaneStore,
        connection: Connection,
        lane: WorkspaceId,
        now: datetime,
        limits: Limits,
        pace: Pace,
        limit: int,
        lease: timedelta,
        *,
        is_alone: bool,
    ) -> None:
        """`is_alone`: the lane's pace is locked, so that nobody else claims in it."""
        self._store = store
        self._connection = connection
        self._lane = lane
        self._now = now
        self._pace = pace
        self._limit = limit
        self._lease = lease
        self._is_alone = is_alone
        rate = rate_of(pace, limits)
        self._interval = 0.0 if rate is None else 60 / rate
        self._seconds = now.timestamp()
        self._slots = Slots(self._seconds, None if rate is None else spacing_of(rate), pace.arrival)
        self._cells: list[Cell] = [cell_of(bucket) for bucket in limits.conversation]
        self._given: list[float] = []
        self._claimed: list[Claimed] = []
        self._busy: dict[str, set[str]] = {
            "people": set(),
            "subjects": set(),
            "conversations": set(),
        }
        self._next_busy: float | None = None
        self.arrivals: dict[str, tuple[float, ...]] = {}

    @property
    def pace(self) -> Pace:
        """The lane's pace after the slots that were reserved."""
        return replace(self._pace, arrival=self._slots.arrival)

    def take(self, slotless: int) -> Claim:
        """Take letters until there are enough, or no more slots, or none that is due."""
        for _ in range(slotless):
            slot = self._slots.next(HORIZON)
            if slot is None:
                break
            self._given.append(slot)
        is_all = any(self._take_some() for _ in range(ROUNDS)) and self._next_busy is None
        return Claim(
            letters=self._claimed,
            slots=None if self._slots.cell is None else [*map(_moment, sorted(self._given))],
            interval=self._interval,
            is_all=is_all,
            again_at=None if is_all else self._again_at(),
        )

    def _take_some(self) -> bool:
        """One look; says whether it saw all that is due."""
        free = self._slots.count(HORIZON)
        is_full = free == 0
        if is_full and self._claimed:
            return False
        if is_full:
            free = self._slots.count(URGENT_HORIZON)
        room = self._limit - len(self._claimed)
        limit = room if free is None else min(room, free)
        if limit <= 0:
            return False
        ids = self._find(limit, urgent=is_full)
        rows = self._connection.execute(_FOUND, {"ids": ids}).all() if ids else ()
        # Locked by a handler that edits or cancels it, which is a matter of a moment.
        are_locked = len(rows) < len(ids)
        ready = self._reserve(self._sift(rows))
        if ready:
            until = self._store.here(self._connection) + self._lease
            self._connection.execute(
                _LEASE,
                {
                    "ids": [claimed.delivery.id for claimed in ready],
                    "holder": self._store.owner,
                    "until": until,
                },
            )
            self._claimed += ready
        return len(ids) < limit and not is_full and not are_locked

    def _find(self, limit: int, *, urgent: bool) -> Sequence[int]:
        which: dict[str, Any] = {"lane": self._lane, "now": self._now, "limit": limit}
        if any(self._busy.values()):
            statement = _DUE_URGENT_ELSEWHERE if urgent else _DUE_ELSEWHERE
            which |= {name: sorted(ids) for name, ids in self._busy.items()}
        else:
            statement = _DUE_URGENT if urgent else _DUE
        return self._connection.execute(statement, which).scalars().all()

    def _sift(self, rows: Sequence[Any]) -> list[tuple[Any, Delivery]]:
        """The letters that may go; the others come to their end, or wait for another day."""
        if not rows:
            return []
        recipients = _Recipients(self._connection, self._store.seal, rows)
        verdicts = self._judge({row.id: row.person for row in rows if row.day and row.person})
        good: list[tuple[Any, Delivery]] = []
        bad: defaultdict[tuple[LetterState, str | None, int], list[Any]] = defaultdict(list)
        for row in rows:
            match self._decide(row, recipients, verdicts.get(row.id)):
                case Delivery() as delivery:
                    good.append((row, delivery))
                case Wait(until=until):
                    self._postpone(row, until, None)
                case LetterState.PENDING, why:
                    self._postpone(row, self._now + UNREADABLE_WAIT, why)
                case state, why:
                    # What is sealed looks different each time.
                    bad[state, why, row.id if row.to_kind == "relay" else 0].append(row)
        for (state, why, _), ended in bad.items():
            self._store.close(self._connection, ended, state, why, self._now)
        return good

    def _decide(
        self, row: Any, recipients: "_Recipients", verdict: Verdict | None
    ) -> Delivery | Wait | tuple[LetterState, str | None]:
        """What is sent, until when a letter waits, or how and why it ends."""
        if row.expires_at is not None and row.expires_at <= self._now:
            return _lateness(row)
        try:
            delivery = self._store.delivery(row, recipients, active=True)
        except _Undeliverable as error:
            return LetterState.FAILED, str(error)
        except Exception as error:  # noqa: BLE001 - one letter does not stop its lane.
            tell_unread(self._lane, row.id, error)
            return LetterState.PENDING, f"unread: {type(error).__name__}"
        match verdict:
            case Wait():
                return verdict
            case Refuse(why=reason):
                return LetterState.SUPPRESSED, str(reason)
        return delivery

    def _judge(self, unsolicited: Mapping[int, PersonId]) -> Mapping[int, Verdict]:
        """Which of the letters may not go now; of those in one lane one claim at a time, for
        what one takes counts for the next."""
        if not unsolicited:
            return {}
        if not self._is_alone:
            lock_pace(self._connection, self._lane)
            self._is_alone = True
        try:
            return judge(self._connection, unsolicited, self._now)
        except (SQLAlchemyError, BotError):
            raise
        except Exception:  # noqa: BLE001 - it is found out below whose letters these are.
            verdicts: dict[int, Verdict] = {}
        for person in sorted(set(unsolicited.values())):
            theirs = {letter: who for letter, who in unsolicited.items() if who == person}
            try:
                verdicts |= judge(self._connection, theirs, self._now)
            except (SQLAlchemyError, BotError):
                raise
            except Exception as error:  # noqa: BLE001 - one person does not stop the lane.
                for letter in theirs:
                    tell_unread(self._lane, letter, error)
                    verdicts[letter] = Wait(self._now + UNREADABLE_WAIT)
        return verdicts

    def _postpone(self, row: Any, until: datetime, why: str | None) -> None:
        self._connection.execute(
            update(outbox).where(_ONE).values(due_at=until, why=why), {"letter": row.id}
        )

    def _reserve(self, letters: Sequence[tuple[Any, Delivery]]) -> list[Claimed]:
        """Those for which there is a slot, which is theirs from now on."""
        keys = {
            delivery.address: self._store.seal.fingerprint("rate", self._lane, delivery.address)
            for _, delivery in (letters if self._cells else ())
        }
        known = read_arrivals(
            self._connection, self._lane, set(keys.values()) - self.arrivals.keys()
        )
        ready: list[Claimed] = []
        for row, delivery in letters:
            horizon = URGENT_HORIZON if delivery.priority <= Priority.DEADLINE else HORIZON
            slot = self._slots.earliest()
            if slot >= self._seconds + horizon:
                break
            not_before = None
            if self._cells:
                key = keys[delivery.address]
                known_here = self.arrivals.get(key, known.get(key, ()))
                own, _ = find_slot(self._cells, known_here, self._seconds)
                found, arrivals = find_slot(self._cells, known_here, slot)
                if found >= self._seconds + HORIZON:
                    self._leave(row, found - HORIZON + ROUNDING)
                    continue
                self.arrivals[key] = arrivals
                not_before = _moment(own)
            if self._slots.cell is not None and (taken := self._slots.next(horizon)) is not None:
                self._given.append(taken)
            ready.append(Claimed(delivery, row.due_at, not_before, row.expires_at))
        return ready

    def _leave(self, row: Any, until: float) -> None:
        """Look no more for letters into that conversation, now."""
        for name, value in (
            ("people", row.person),
            ("subjects", row.subject),
            ("conversations", row.conversation),
        ):
            if value is not None:
                self._busy[name].add(value)
        self._next_busy = until if self._next_busy is None else min(until, self._next_busy)

    def _again_at(self) -> datetime | None:
        if self._claimed or self._given:
            return None
        moments = [self._next_busy] if self._next_busy is not None else []
        if self._slots.count(HORIZON) == 0:
            # Somebody else drains the lane as well. Half a horizon is worth a claim.
            moments.append(self._slots.earliest() - HORIZON / 2)
        return _moment(max(self._seconds, *moments)) if moments else None


def _lateness(row: Any) -> tuple[LetterState, str | None]:
    if row.expires_at == TAKEN_BACK:
        return LetterState.CANCELLED, None
    if row.day is not None:
        return LetterState.SUPPRESSED, str(Reason.LATE)
    if row.attempts:
        return LetterState.FAILED, f"expired; tried {row.attempts} times"
    return LetterState.FAILED, "expired"


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class _Recipients:
    """The people to whom some letters go, looked up at once."""

    def __init__(self, connection: Connection, seal: Seal, rows: Iterable[Any]) -> None:
        subjects = {row.subject for row in rows if row.to_kind == "relay"}
        self._seal = seal
        self._sealed: dict[str, str] = {}
        if subjects:
            self._sealed = {
                row.subject: row.sealed
                for row in connection.execute(_RELAYED, {"subjects": sorted(subjects)})
            }
        wanted = {row.person for row in rows if row.to_kind == "person"}
        for subject in self._sealed:
            # Who asks for the address hears why there is none.
            with suppress(Exception):
                wanted.add(self._open(subject))
        self._people: dict[str, Any] = {}
        if wanted:
            self._people = {
                person.id: person
                for person in connection.execute(_ADDRESSES, {"people": sorted(wanted)})
            }

    def address(self, row: Any, *, active: bool) -> str:
        """Where the letter goes; `active` demands that the person has not left."""
        if row.to_kind == "place":
            return str(row.conversation)
        person = self._people.get(
            row.person if row.to_kind == "person" else self._open(row.subject)
        )
        if person is None:
            raise _Undeliverable("nobody is known by that id")
        if active and not person.active:
            raise _Undeliverable("left")
        return str(person.address)

    def _open(self, subject: str) -> str:
        sealed = self._sealed.get(subject)
        if sealed is None:
            raise _Undeliverable("the relay has forgotten the person")
        sealed_subject, person = self._seal.open(sealed)
        return person if sealed_subject == subject else ""


_RELAYED = select(relay).where(relay.c.subject.in_(bindparam("subjects", expanding=True)))
_ADDRESSES = select(people.c.id, people.c.address, people.c.active).where(
    people.c.id.in_(bindparam("people", expanding=True))
)
