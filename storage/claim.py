"""Takes due letters for a lane, with the slots in which they go."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    exists,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from bot.attention import Reason, Refuse, Verdict, Wait
from bot.claim import Claim, Claimed
from bot.errors import BotError
from bot.ids import PersonId, WorkspaceId
from bot.outbox import Delivery, LetterState, Priority
from bot.rate import (
    HORIZON,
    URGENT_HORIZON,
    Cell,
    Limits,
    Pace,
    Slots,
    cell_of,
    find_slot,
    rate_of,
    spacing_of,
)
from storage.attention import judge
from storage.delivery import (
    LETTERS,
    UNREADABLE_WAIT,
    Recipients,
    Undeliverable,
    close,
    read_delivery,
    tell_unread,
)
from storage.outbox import TAKEN_BACK
from storage.rate import lock_pace, read_arrivals
from storage.seal import Seal
from storage.tables import IS_PENDING, outbox

ROUNDING = 0.001
"""Seconds. A moment is kept in microseconds, and who comes back at it must not be early."""
ROUNDS = 10
"""A claim looks so many times for letters where those it found could not be taken."""
URGENT = [priority for priority in Priority if priority <= Priority.DEADLINE]
"""What somebody waits for. It may use slots further ahead than the rest."""

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

_THESE = outbox.c.id.in_(bindparam("ids", expanding=True))

_FOUND = (
    LETTERS.where(_THESE, IS_PENDING)
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


class Taking:
    """One claim, while its transaction is open.

    `arrivals` are those of the conversations it has reserved, by fingerprint.
    """

    def __init__(
        self,
        connection: Connection,
        seal: Seal,
        owner: str,
        here: Callable[[Connection], datetime],
        lane: WorkspaceId,
        now: datetime,
        limits: Limits,
        pace: Pace,
        limit: int,
        lease: timedelta,
        *,
        is_alone: bool,
    ) -> None:
        """`owner` holds the leases, which run by the clock `here`. `is_alone`: the lane's pace is
        locked, so that nobody else claims in it."""
        self._seal = seal
        self._owner = owner
        self._here = here
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
            until = self._here(self._connection) + self._lease
            self._connection.execute(
                _LEASE,
                {
                    "ids": [claimed.delivery.id for claimed in ready],
                    "holder": self._owner,
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
        recipients = Recipients(self._connection, self._seal, rows)
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
            close(self._connection, self._seal, ended, state, why, self._now)
        return good

    def _decide(
        self, row: Any, recipients: Recipients, verdict: Verdict | None
    ) -> Delivery | Wait | tuple[LetterState, str | None]:
        """What is sent, until when a letter waits, or how and why it ends."""
        if row.expires_at is not None and row.expires_at <= self._now:
            return _lateness(row)
        try:
            delivery = read_delivery(row, recipients, active=True)
        except Undeliverable as error:
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
            update(outbox).where(outbox.c.id == bindparam("letter")).values(due_at=until, why=why),
            {"letter": row.id},
        )

    def _reserve(self, letters: Sequence[tuple[Any, Delivery]]) -> list[Claimed]:
        """Those for which there is a slot, which is theirs from now on."""
        keys = {
            delivery.address: self._seal.fingerprint("rate", self._lane, delivery.address)
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
