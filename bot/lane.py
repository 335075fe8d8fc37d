"""One lane while it is drained: letters, slots, and which of them meet.

A claim brings letters and as many slots. They are kept apart: the letters in a heap, most
urgent first and then longest due, the slots in a line. Shortly before a slot the letter
that is then on top takes it. So an answer that is claimed later overtakes whatever waits:
every slot is an answer's if there is one, and tips never hold those of a whole claim
against it. Beyond that, answers, offers and deadlines may reserve slots up to
`bot.rate.URGENT_HORIZON` ahead and the rest only to `HORIZON`, so that a claim finds some
for them even where the rest has filled the lane.

To one conversation nothing is sent while something is under way to it: what was promised
first, and is as urgent, arrives first.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any, TypeAlias, TypeVar

import structlog

from bot import failpoint
from bot.claim import Claim, Claimed
from bot.errors import BotError
from bot.ids import WorkspaceId
from bot.mark import Marks
from bot.metric import SECONDS, Count, Spread
from bot.outbox import (
    Ambiguous,
    Delivery,
    Limited,
    Never,
    Outcome,
    Sent,
    Settlement,
    TryLater,
    Unsent,
)
from bot.ports import LaneStore, Platform
from bot.rate import LONGEST_PAUSE, Cell, cell_of, find_slot
from bot.retry import (
    LONGEST_WAIT,
    SHORTEST_PAUSE,
    Patience,
    can_be_asked,
    decide_unasked,
    has_been_sought,
    look_later,
    miss,
    postpone,
)

OVERLAP = 0.15
"""Seconds before the last slot at which the next letters are claimed."""
LARGEST_BATCH = 500
LARGEST_HAND = 1_000
"""So many letters are held at once, but for `BEYOND` with each claim that has to be made."""
BEYOND = 5
LONGEST_LEAD = 0.06
"""A letter is marked at most so many seconds before its slot."""
LATE = 0.25
"""A slot that was missed by so many seconds is lost."""
CATCH_UP = 2
"""Messages at once by which a lane may make up for late starts."""
POKE_GAP = 0.05
"""Seconds between claims that are made because of pokes."""
WAIT = 2.0
"""A lane whose next slot is further away is left, and taken up again by a later sweep."""
RECOVER_EVERY = 2.0
LATENCY = 0.2
"""Seconds that a platform takes over a letter, until we know better."""
LOOK_UPS = 50
LOOK_UPS_AT_ONCE = 4
FORGET_LOOK_UPS = 2 * LONGEST_WAIT.total_seconds()
"""Seconds after which a letter that was looked up in vain has been taken care of by others."""
MOST_CONVERSATIONS = 5_000

log = structlog.get_logger()

T = TypeVar("T")


def suspended_seconds() -> float:
    """How long the machine was suspended since it started, 0 where it does not say.

    Loops and threads do not notice that time, but leases in a store run out in it.
    """
    clock: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    if clock is None:
        return 0.0
    noticed = time.monotonic()
    return time.clock_gettime(clock) - noticed


class LaneMeters:
    """What the lanes of a process count; `bot.metric.Meters.include` takes `all`."""

    def __init__(self) -> None:
        self.outcomes = Count(
            "inflow_deliveries",
            "What platforms said to letters: sent, try_later, limited (429), never, ambiguous.",
            "platform",
            "outcome",
            of=[*_WORD.values()],
        )
        self.wire = Spread(
            "inflow_delivery_seconds", "How long platforms took over a letter.", SECONDS, "platform"
        )
        self.look_ups = Count(
            "inflow_look_ups",
            "Letters that may have arrived: found, missing, failed (could not be asked).",
            "platform",
            "outcome",
            of=["found", "missing", "failed"],
        )
        self.all = (self.outcomes, self.wire, self.look_ups)


@dataclass(slots=True)
class Trace:
    """What is remembered of a lane between drains, in seconds of the loop's clock.

    Slots are reserved in the store, but a letter may start later than its slot. Here are the
    buckets by when letters really started, to which the next ones keep as well.
    `rests_until` holds even where the store could not be told of a pause. `failed_look_ups`
    is how often each letter was looked up in vain, and when last.
    """

    arrival: float = 0.0
    conversations: dict[str, tuple[float, ...]] = field(default_factory=dict)
    rests_until: float = -math.inf
    failed_look_ups: dict[int, tuple[int, float]] = field(default_factory=dict)

    def forget_past(self, now: float) -> bool:
        """Drop what is as good as unknown; says whether that is all."""
        self.conversations = {
            each: arrivals for each, arrivals in self.conversations.items() if max(arrivals) > now
        }
        self.failed_look_ups = {
            letter: (failures, at)
            for letter, (failures, at) in self.failed_look_ups.items()
            if at > now - FORGET_LOOK_UPS
        }
        lasts = self.conversations or self.failed_look_ups
        return not lasts and max(self.arrival, self.rests_until) <= now


@dataclass(slots=True)
class _Held:
    """A letter of ours that has not begun.

    `not_before` is of the loop's clock, `until` of the one that no suspension stops.
    """

    claimed: Claimed
    until: float
    not_before: float

    @property
    def delivery(self) -> Delivery:
        return self.claimed.delivery


class _ClientCancelledError(Exception):
    """A platform's client cancelled itself."""


_Entry: TypeAlias = tuple[int, datetime, int, _Held]


def _entry(held: _Held) -> _Entry:
    return held.delivery.priority, held.claimed.due_at, held.delivery.id, held


class Lane:
    """Drains one lane on the running loop. `until` is as for `Lanes.drain`."""

    def __init__(
        self,
        workspace: WorkspaceId,
        platform: Platform,
        store: LaneStore,
        marks: Marks,
        clock: Callable[[], datetime],
        patience: Patience,
        meters: LaneMeters,
        trace: Trace,
        claims: asyncio.Semaphore,
        until: datetime | None,
        suspended: Callable[[], float],
    ) -> None:
        self._workspace = workspace
        self._platform = platform
        self._limits = platform.limits
        self._store = store
        self._marks = marks
        self._clock = clock
        self._patience = patience
        self._meters = meters
        self._trace = trace
        self._claims = claims
        self.until = until
        self._suspended = suspended
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._cells: list[Cell] = [cell_of(bucket) for bucket in self._limits.conversation]
        self._is_paced = self._limits.per_minute is not None
        # Letters that may start, that wait for their conversation's slot, and that wait for
        # one under way to the same conversation.
        self._ready: list[_Entry] = []
        self._waiting: list[tuple[float, int, _Held]] = []
        self._parked: dict[str, list[_Entry]] = {}
        self._parked_letters = 0
        self._busy: set[str] = set()
        self._in_hand: set[int] = set()
        self._lapses_at = math.inf
        self._going_back = 0
        self._slots: deque[float] = deque()
        self._interval = 0.0
        self._under_way = 0
        self._wire = asyncio.Semaphore(self._limits.in_flight)
        self._latency = LATENCY
        self._tasks: set[asyncio.Task[None]] = set()
        self._claiming: asyncio.Task[None] | None = None
        self._recovering: asyncio.Task[None] | None = None
        self._recover_at = self._loop.time()
        self._more = True
        self._is_poked = False
        self._again: float | None = None
        self._last_claim = float("-inf")
        self._last_full = float("-inf")
        self._size = self._limits.in_flight
        self._is_ended = False
        self._error: BaseException | None = None
        self.sent = 0

    async def run(self) -> int:
        """Deliver what is due until nothing is; returns how many letters were delivered.

        Raises:
            BotError: the store failed. What is ours comes back when its lease runs out.
        """
        try:
            while True:
                self._changed.clear()
                now = self._loop.time()
                self._step(now)
                if self._is_done(now):
                    break
                await self._sleep(self._wake_at(now))
        finally:
            for task in list(self._tasks):
                task.cancel()
        if self._error is not None:
            raise self._error
        return self.sent

    def poke(self) -> None:
        """More may be due than before."""
        self._is_poked = True
        self._changed.set()

    def end(self) -> None:
        """Begin nothing new: `run` ends when it is known what became of what is under way."""
        self._is_ended = True
        self._changed.set()

    # --- one step -------------------------------------------------------------------------

    def _step(self, now: float) -> None:
        self._limits = self._platform.limits
        if self._lease_time() >= self._lapses_at:
            self._give_back_lapsed(now)
        while self._waiting and self._waiting[0][0] <= now + self._lead:
            held = heappop(self._waiting)[2]
            heappush(self._ready, _entry(held))
        if self._is_ended or (self._is_over and self._is_paced and not self._slots):
            self._give_all_back()
        self._start(now)
        if self._claiming is None and (at := self._claim_at(now)) is not None and at <= now:
            self._is_poked, self._last_claim = False, now
            self._claiming = self._spawn(self._claim())
        if self._recovering is None and self._recover_at <= now and not self._is_ended:
            self._recovering = self._spawn(self._recover())

    @property
    def _lead(self) -> float:
        """How long before its slot a letter is marked, so that it can start in time."""
        return min(1.2 * self._marks.peak, LONGEST_LEAD) if self._is_paced else 0.0

    @property
    def _ahead(self) -> int:
        """How many letters are marked beyond those that may be on the wire.

        As many as start while one group of marks is written, so that the wire is never idle;
        no more, for after a crash nobody can say of a marked letter that it was not sent.
        """
        if self._is_paced:
            return 0
        most = self._limits.in_flight
        return min(most, math.ceil(1.5 * most * self._marks.seconds / self._latency))

    def _lease_time(self) -> float:
        """Seconds by which leases are measured: as the loop's, but they never stand still."""
        return self._loop.time() + self._suspended()

    @property
    def _is_over(self) -> bool:
        return self.until is not None and self._clock() >= self.until

    def _start(self, now: float) -> None:
        """Let letters meet slots."""
        while self._slots and self._slots[0] < now - LATE:
            self._slots.popleft()
        most = self._limits.in_flight + self._ahead
        while self._ready and self._under_way < most and len(self._tasks) < 4 * most:
            if self._is_paced and not (self._slots and self._slots[0] - self._lead <= now):
                break
            held = heappop(self._ready)[3]
            address = held.delivery.address
            if address in self._busy:
                self._park(held)
            elif (slot := self._conversation_slot(address, now)) > now + self._lead:
                heappush(self._waiting, (slot, held.delivery.id, held))
            else:
                self._busy.add(address)
                self._under_way += 1
                at = max(slot, self._slots.popleft() if self._is_paced else now)
                self._spawn(self._carry(held, at))

    def _conversation_slot(self, address: str, now: float) -> float:
        if not self._cells:
            return now
        return find_slot(self._cells, self._trace.conversations.get(address, ()), now)[0]

    def _claim_at(self, now: float) -> float | None:
        """When to claim next; None is not before something happens."""
        waits = len(self._ready) + len(self._waiting)
        is_short = self._is_paced and waits > len(self._slots)
        waits += self._parked_letters
        has_room = self._more and waits < LARGEST_HAND
        if self._is_ended or not (has_room or self._is_poked or is_short) or self._is_over:
            return None
        if self._going_back:
            # What comes after it must not be claimed before it.
            return None
        if self._is_poked:
            at = self._last_claim + POKE_GAP if self._is_paced else now
        elif self._is_paced:
            at = self._slots[-1] - OVERLAP if self._slots else now
        elif waits < self._limits.in_flight:
            at = now
        else:
            return None
        if self._again is not None and not self._is_poked:
            at = max(at, self._again)
        return max(now, at, self._trace.rests_until)

    def _wake_at(self, now: float) -> float | None:
        moments = [self._lapses_at - self._suspended()]
        if self._recovering is None:
            moments.append(self._recover_at)
        if self._ready and self._slots:
            moments.append(self._slots[0] - self._lead)
        if self._waiting:
            moments.append(self._waiting[0][0] - self._lead)
        if self._claiming is None and (at := self._claim_at(now)) is not None:
            moments.append(at)
        # What is already possible waits for something to end, and not for time.
        earliest = min((moment for moment in moments if moment > now), default=math.inf)
        return None if earliest == math.inf else earliest

    def _is_done(self, now: float) -> bool:
        if self._tasks or self._ready or self._waiting or self._parked:
            return False
        if self._is_ended:
            return True
        claim_at = self._claim_at(now)
        if claim_at is None:
            return True
        waits = self._is_paced or bool(self._cells)
        return claim_at > now + (WAIT if waits else 0.0)

    async def _sleep(self, until: float | None) -> None:
        if until is None:
            await self._changed.wait()
            return
        alarm = self._loop.call_at(until, self._changed.set)
        try:
            await self._changed.wait()
        finally:
            alarm.cancel()

    # --- tasks ----------------------------------------------------------------------------

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._note_end)
        return task

    def _note_end(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if task is self._claiming:
            self._claiming = None
        if task is self._recovering:
            self._recovering = None
        if not task.cancelled() and (error := task.exception()) is not None:
            self._error = self._error or error
            self._is_ended = True
        self._changed.set()

    async def _claim(self) -> None:
        waits = len(self._ready) + len(self._waiting)
        slotless = max(0, waits - len(self._slots))
        limit = LARGEST_BATCH if self._is_paced else self._size
        if waits + self._parked_letters >= LARGEST_HAND:
            # For slots, and for what is more urgent than all these.
            limit = BEYOND

        def claim_now() -> tuple[datetime, float, float, Claim]:
            # In the thread: whoever waited long for one would get slots that are over.
            now, began, lease_began = self._clock(), self._loop.time(), self._lease_time()
            claim = self._store.claim(
                self._workspace,
                now,
                limit,
                self._patience.lease,
                self._limits,
                slotless if self._is_paced else 0,
            )
            return now, began, lease_began, claim

        async with self._claims:
            now, began, lease_began, claim = await asyncio.to_thread(claim_now)

        def on_loop(moment: datetime) -> float:
            return began + (moment - now).total_seconds()

        until = lease_began + self._patience.lease.total_seconds()
        if claim.letters:
            self._lapses_at = min(self._lapses_at, until)
        for claimed in claim.letters:
            not_before = began if claimed.not_before is None else on_loop(claimed.not_before)
            held = _Held(claimed, until, not_before)
            self._in_hand.add(claimed.delivery.id)
            heappush(self._waiting, (not_before, claimed.delivery.id, held))
        slots = [*map(on_loop, claim.slots or ())]
        here = self._loop.time()
        if slots and slots[-1] < here - LATE:
            # A store so slow that its slots are always over must not stop the lane for ever.
            slots = [here]
        self._slots.extend(slots)
        self._interval = claim.interval
        self._more = not claim.is_all
        self._again = None if claim.again_at is None else on_loop(claim.again_at)
        if self._more and not claim.letters and not claim.slots and self._again is None:
            # A handler has its hands on what is due, for a moment.
            self._again = self._loop.time() + POKE_GAP
        if not self._is_paced:
            self._resize(len(claim.letters), began)

    def _resize(self, got: int, now: float) -> None:
        """Claim what a second or so takes: more is a waste of leases, less of transactions."""
        took = now - self._last_full
        if got < self._size:
            return
        self._last_full = now
        if took < 0.5:
            self._size = min(2 * self._size, LARGEST_BATCH)
        elif took > 2:
            self._size = max(self._size // 2, self._limits.in_flight)

    async def _carry(self, held: _Held, slot: float) -> None:
        delivery = held.delivery
        outcome: Outcome | Unsent = Unsent()
        try:
            marked_at = self._lease_time()
            if await self._marks.sending(delivery.id):
                async with self._wire:
                    outcome = await self._send(held.claimed, slot, marked_at)
        finally:
            self._under_way -= 1
            self._free(delivery.address)
        if isinstance(outcome, Limited):
            await self._pause(outcome.after)
        await self._settle(delivery, self._decide(delivery, outcome))
        if isinstance(outcome, Sent):
            self.sent += 1

    async def _send(self, claimed: Claimed, slot: float, marked_at: float) -> Outcome | Unsent:
        """Send in the slot, or not at all where the mark or the letter has grown old."""
        delivery = claimed.delivery
        latest = marked_at + self._patience.begins_within.total_seconds()
        if self._is_paced:
            await self._await_turn(slot)
        now = self._loop.time()
        if self._lease_time() >= latest or now < self._trace.rests_until or self._is_ended:
            return Unsent()
        if claimed.expires_at is not None and self._clock() >= claimed.expires_at:
            # The next claim says why it ends.
            return Unsent()
        self._note_start(delivery.address, now)
        try:
            outcome = await self._hear(self._platform.deliver(delivery))
        except Exception as error:  # noqa: BLE001 - whatever a platform's client raises,
            # nobody can say whether the letter went out. The error's own text may
            # quote the message, so only its type is logged.
            kind = type(error).__name__
            log.warning("delivery failed", workspace=self._workspace, error=kind)
            outcome = Ambiguous(why=kind)
        failpoint.reach("lane.sent")
        name = self._platform.name
        took = self._loop.time() - now
        self._latency = max(0.001, self._latency + 0.1 * (took - self._latency))
        self._meters.wire.add(took, name)
        self._meters.outcomes.add(name, _WORD[type(outcome)])
        return outcome

    async def _hear(self, answer: Coroutine[Any, Any, T]) -> T:
        """What a platform says, if it says it in time.

        A client may raise `CancelledError` though nobody cancels us. It is an error like any
        other: taken for our own end, nobody would write down what became of the letter.
        """
        try:
            async with asyncio.timeout(self._patience.timeout.total_seconds()):
                return await answer
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise _ClientCancelledError from error

    async def _await_turn(self, slot: float) -> None:
        """Until the slot, and until the lane's own bucket lets it go.

        A late start may be made up for by the next ones, but only by as much as the few
        messages at once that any platform takes. After a longer stop the lane goes on at its
        rate and does not hurry.
        """
        cell = Cell(self._interval, CATCH_UP)
        while True:
            found, arrivals = find_slot([cell], [self._trace.arrival], self._loop.time())
            start = max(slot, found)
            if start <= self._loop.time():
                break
            await asyncio.sleep(start - self._loop.time())
        [self._trace.arrival] = arrivals

    def _note_start(self, address: str, now: float) -> None:
        if not self._cells:
            return
        known = self._trace.conversations
        known[address] = find_slot(self._cells, known.get(address, ()), now)[1]
        if len(known) > MOST_CONVERSATIONS:
            self._trace.forget_past(now)

    def _park(self, held: _Held) -> None:
        """Until nothing is under way to its conversation."""
        heappush(self._parked.setdefault(held.delivery.address, []), _entry(held))
        self._parked_letters += 1

    def _free(self, address: str) -> None:
        """Let the next letter to that conversation go."""
        self._busy.discard(address)
        if parked := self._parked.get(address):
            heappush(self._ready, heappop(parked))
            self._parked_letters -= 1
            if not parked:
                del self._parked[address]
        self._changed.set()

    def _decide(self, delivery: Delivery, outcome: Outcome | Unsent) -> Settlement:
        match outcome:
            case TryLater():
                return Settlement(delivery.id, postpone(delivery, outcome))
            case Ambiguous(why=why):
                if can_be_asked(delivery, reads_back=self._platform.reads_back):
                    return Settlement(delivery.id, outcome, self._patience.reconcile_after)
                return Settlement(delivery.id, decide_unasked(delivery, why))
            case _:
                return Settlement(delivery.id, outcome)

    async def _settle(self, delivery: Delivery, settlement: Settlement) -> None:
        await self._marks.settle(settlement)
        self._in_hand.discard(delivery.id)
        outcome = settlement.outcome
        write = log.debug if isinstance(outcome, Sent | Unsent) else log.info
        write(
            "letter settled",
            workspace=self._workspace,
            kind=delivery.kind,
            outcome=type(outcome).__name__,
        )

    async def _pause(self, after: timedelta) -> None:
        """The platform refused for the rate: the lane rests, whoever drains it."""
        after = min(max(after, SHORTEST_PAUSE), timedelta(seconds=LONGEST_PAUSE))
        rests_until = self._loop.time() + after.total_seconds()
        self._trace.rests_until = max(self._trace.rests_until, rests_until)
        self._more = True
        self._slots.clear()
        self._give_all_back()
        try:
            await asyncio.to_thread(
                self._store.pause, self._workspace, self._clock(), self._limits, after
            )
        except BotError as error:
            # This process keeps to it all the same.
            log.warning("pause not kept", workspace=self._workspace, error=type(error).__name__)

    def _give_all_back(self) -> None:
        for held in self._empty_hand():
            self._give_back(held)

    def _give_back_lapsed(self, now: float) -> None:
        """Give back what has been held for a whole lease, and sort the rest anew.

        With each goes all that is held for its conversation, which must not overtake it.
        """
        hand, here = self._empty_hand(), self._lease_time()
        lapsed = {held.delivery.address for held in hand if here >= held.until}
        self._lapses_at = math.inf
        for held in hand:
            address = held.delivery.address
            if address in lapsed:
                self._give_back(held)
                continue
            self._lapses_at = min(self._lapses_at, held.until)
            if address in self._busy and held.not_before <= now:
                self._park(held)
            else:
                heappush(self._waiting, (held.not_before, held.delivery.id, held))

    def _empty_hand(self) -> list[_Held]:
        held = [entry[3] for entry in self._ready]
        held += [entry[2] for entry in self._waiting]
        held += [entry[3] for parked in self._parked.values() for entry in parked]
        self._ready, self._waiting, self._parked = [], [], {}
        self._parked_letters = 0
        return held

    def _give_back(self, held: _Held) -> None:
        self._going_back += 1
        self._spawn(self._settle_unsent(held.delivery))

    async def _settle_unsent(self, delivery: Delivery) -> None:
        try:
            await self._settle(delivery, Settlement(delivery.id, Unsent()))
        finally:
            self._going_back -= 1

    # --- letters nobody can speak for -----------------------------------------------------

    async def _recover(self) -> None:
        held = tuple(self._in_hand)
        async with self._claims:
            recovered = await asyncio.to_thread(
                self._store.recover, self._workspace, self._clock(), limit=LOOK_UPS, held=held
            )
        if recovered.given_back:
            self.poke()
        unclear = recovered.unclear
        self._recover_at = self._loop.time() + (0 if len(unclear) == LOOK_UPS else RECOVER_EVERY)
        for start in range(0, len(unclear), LOOK_UPS_AT_ONCE):
            if self._is_ended or self._is_over:
                return
            some = unclear[start : start + LOOK_UPS_AT_ONCE]
            await asyncio.gather(*map(self._reconcile, some))

    async def _reconcile(self, delivery: Delivery) -> None:
        if can_be_asked(delivery, reads_back=self._platform.reads_back):
            settlement = await self._look_up(delivery)
        else:
            settlement = Settlement(delivery.id, decide_unasked(delivery, "nobody can be asked"))
        failpoint.reach("lane.reconciled")
        await self._settle(delivery, settlement)
        self.sent += isinstance(settlement.outcome, Sent)

    async def _look_up(self, delivery: Delivery) -> Settlement:
        trace = self._trace
        name = self._platform.name
        try:
            found = await self._hear(self._platform.find_delivered(delivery))
        except Exception as error:  # noqa: BLE001 - still unsure, so it stays as it is.
            kind = type(error).__name__
            log.warning("look-up failed", workspace=self._workspace, error=kind)
            self._meters.look_ups.add(name, "failed")
            failed = 1 + trace.failed_look_ups.get(delivery.id, (0, 0.0))[0]
            if has_been_sought(delivery, failed, self._clock()):
                trace.failed_look_ups.pop(delivery.id, None)
                return Settlement(delivery.id, decide_unasked(delivery, "nobody could tell"))
            trace.failed_look_ups[delivery.id] = failed, self._loop.time()
            after = look_later(failed, delivery.key, self._patience)
            return Settlement(delivery.id, Ambiguous(kind), after)
        trace.failed_look_ups.pop(delivery.id, None)
        self._meters.look_ups.add(name, "missing" if found is None else "found")
        return Settlement(delivery.id, found or miss(delivery, "not on the platform"))


_WORD = {
    Sent: "sent",
    TryLater: "try_later",
    Limited: "limited",
    Never: "never",
    Ambiguous: "ambiguous",
}
