"""The outbox as a lane sees it: letters are claimed, marked, settled and recovered.

A lease belongs to one `Database` instance. Whoever comes late, after the lease ran out
and somebody else took over, changes nothing. Leases run by one clock for all, so that
neither a moved clock nor those of several machines matter: PostgreSQL's own, and on SQLite,
which one process uses, the seconds since that process began. Whether a letter is due or has
expired, and the slots of a lane, go by the caller's.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    func,
    or_,
    select,
    text,
    update,
)

from bot import failpoint
from bot.claim import Claim, Recovered, Written
from bot.ids import WorkspaceId
from bot.outbox import (
    Ambiguous,
    Delivery,
    Doubtful,
    LetterState,
    Limited,
    Never,
    Sent,
    Settlement,
    TryLater,
    Unsent,
)
from bot.rate import (
    LONGEST_PAUSE,
    UNLIMITED,
    Limits,
    slow_down,
    speed_up,
)
from bot.retry import back_off
from storage.claim import Taking
from storage.column import Instant
from storage.delivery import (
    LETTERS,
    UNREADABLE_WAIT,
    Recipients,
    Undeliverable,
    close,
    end,
    read_delivery,
    tell,
    tell_unread,
)
from storage.outbox import AT_ONCE, merge_edits
from storage.rate import (
    forget_idle,
    read_pace,
    write_arrivals,
    write_pace,
)
from storage.tables import IS_IN_HAND, IS_PENDING, outbox

if TYPE_CHECKING:
    from storage.database import Database

RECONCILING = timedelta(seconds=15)
"""How long nobody else is given an ambiguous letter that `recover` has handed out. Whoever takes
longer has looked in vain: by then another one may be looking, and only that one is heard."""
REFUSALS = 3
"""A letter that the platform has refused so often for the rate steps back, so that it is not
the one for whose sake its lane rests for ever."""
TIDY_EVERY = timedelta(minutes=1)

_THESE = outbox.c.id.in_(bindparam("ids", expanding=True))

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
    LETTERS.where(_LEFT_BEHIND, outbox.c.state != LetterState.LEASED)
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
            taking = Taking(
                connection,
                self.seal,
                self.owner,
                self.here,
                lane,
                now,
                limits,
                pace,
                limit,
                lease,
                is_alone=has_limits,
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
                    "why": tell(self.seal, row, why),
                    **free,
                }
            case Never(why=why, unreachable=unreachable):
                state = LetterState.UNREACHABLE if unreachable else LetterState.FAILED
                return end(self.seal, row, state, why, now)
            case Doubtful(why=why):
                return end(self.seal, row, LetterState.UNKNOWN, why, now)
            case Ambiguous(why=why):
                return {
                    "state": LetterState.AMBIGUOUS,
                    "why": tell(self.seal, row, why),
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
            recipients = Recipients(connection, self.seal, rows)
            unclear: list[Delivery] = []
            ended: list[tuple[Any, str]] = []
            unread: list[int] = []
            for row in rows:
                try:
                    unclear.append(read_delivery(row, recipients, active=False))
                except Undeliverable as error:
                    ended.append((row, str(error)))
                except Exception as error:  # noqa: BLE001 - one letter does not stop its lane.
                    tell_unread(lane, row.id, error)
                    unread.append(row.id)
            for row, why in ended:
                close(connection, self.seal, [row], LetterState.UNKNOWN, why, now)
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
