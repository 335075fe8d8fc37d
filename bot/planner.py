"""The planner: looks at the slots that are due and lets capabilities say what they bring.

Several workers may plan at once: each takes other slots, and what two of them promise has
the same key. A tick that is missed, comes twice or is broken off changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

import structlog

from bot.attention import Wish, book
from bot.capability import Registry, SlotPlanner
from bot.context import Context
from bot.errors import Conflict, Unavailable
from bot.failpoint import reach
from bot.ports import Database, Work
from bot.slot import DueSlot, Seen, Sight, Slot, leave_room, look, postpone, promise

CHUNK = 1_000
MOST = 100_000
"""Slots that one call looks at; the next tick goes on."""
GIVE_UP = 3
"""After so many people in a row with whom a planner fails, it is left alone for this time."""

W = TypeVar("W", bound=Work)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Planned:
    """What a round of planning did, in slots."""

    planned: int = 0
    """Something was promised."""
    suppressed: int = 0
    """Something was to be said, and the person's attention stood in the way."""
    nothing: int = 0
    """The capability had nothing to say."""
    late: int = 0
    """The hour had passed while nobody was there to plan it."""
    moved: int = 0
    """It comes at another time than was thought, because something has changed."""
    failed: int = 0
    """The capability failed; it is tried again within the window."""

    def __add__(self, other: "Planned") -> "Planned":
        return Planned(
            self.planned + other.planned,
            self.suppressed + other.suppressed,
            self.nothing + other.nothing,
            self.late + other.late,
            self.moved + other.moved,
            self.failed + other.failed,
        )

    @property
    def seen(self) -> int:
        """How many slots were looked at."""
        return self.planned + self.suppressed + self.nothing + self.late + self.moved + self.failed


@dataclass(slots=True)
class _Round:
    """Slots of one kind, taken in chunks until none is due."""

    kind: str
    others: Sequence[str]
    """All other kinds of slots that there are."""
    size: int
    most: int
    is_ending: Callable[[], bool]
    failed: int = 0
    """How many single people the planner has failed with in a row."""
    total: Planned = field(default_factory=Planned)


def plan_due(
    database: Database[W],
    registry: Registry[W],
    clock: Callable[[], datetime],
    new_id: Callable[[], str],
    *,
    chunk: int = CHUNK,
    most: int = MOST,
    is_ending: Callable[[], bool] = lambda: False,
) -> Planned:
    """Plan what is due by now, a chunk in each transaction, and say what was done.

    Once `is_ending` says so, no more chunks are begun.

    A capability that fails with a chunk is tried with fewer people at a time, so that one
    person of whom it can make nothing keeps it from nobody else; that person is tried again
    some minutes later. It never stops the other kinds.

    Raises:
        Unavailable: the store is out of reach. What was planned before stays planned.
    """
    if not registry.slots:
        return Planned()
    with database.transaction() as work:
        now = clock()
        due = [kind for kind in registry.slots if work.slots.are_due(kind, now)]
    total = Planned()

    def context() -> Context:
        return Context(now=clock(), new_id=new_id, activities=registry.activities)

    for kind in due:
        others = [other for other in registry.slots if other != kind]
        doing = _Round(kind, others, chunk, most, is_ending)
        total += _plan_kind(database, registry.slots[kind], context, doing)
    return total


def _plan_kind(
    database: Database[W],
    planner: SlotPlanner[W],
    new_context: Callable[[], Context],
    doing: _Round,
) -> Planned:
    chunk = doing.size
    while doing.total.seen < doing.most and doing.failed < GIVE_UP and not doing.is_ending():
        context = new_context()
        try:
            with database.transaction() as work:
                done = _plan_chunk(context, work, planner, doing)
                reach("planner.before_commit")
            reach("planner.committed")
        except Unavailable:
            raise
        except Conflict:
            # Somebody else was in the way; the next tick finds the same slots again.
            break
        except Exception:
            # Whatever a capability does wrong, others must get theirs.
            log.exception("a planner failed", kind=doing.kind, people=doing.size)
            if doing.size > 1:
                doing.size = max(1, doing.size // 10)
                continue
            done = _postpone_one(database, doing.kind, context.now)
            doing.failed += 1
        else:
            doing.failed = 0
        doing.total += done
        if done.seen < doing.size:
            break
        doing.size = min(chunk, doing.size * 10)
    return doing.total


def _plan_chunk(context: Context, work: W, planner: SlotPlanner[W], doing: _Round) -> Planned:
    taken = work.slots.take_due(doing.kind, context.now, doing.size)
    people = {person.id: person for person in work.people.several([s.person for s in taken])}
    seen = [look(slot, people[slot.person], context.now) for slot in taken]
    due = [each.due for each in seen if each.due is not None]
    booked = _book(context, work, planner, due, doing.others) if due else {}
    moved = [_keep(each, booked) for each in seen]
    work.slots.move(moved)
    told = [booked[one.key] for one in due if one.key in booked]
    late = sum(each.sight is Sight.LATE for each in seen)
    if late:
        log.warning("slots were skipped because their hour had passed", kind=doing.kind, slots=late)
    return Planned(
        planned=sum(at is not None for at in told),
        suppressed=sum(at is None for at in told),
        nothing=len(due) - len(told),
        late=late,
        moved=len(seen) - len(due) - late,
    )


def _book(
    context: Context,
    work: W,
    planner: SlotPlanner[W],
    due: list[DueSlot],
    others: Sequence[str],
) -> Mapping[str, datetime | None]:
    """When what each slot brings is due, by the slot's key; None where it may not be sent."""
    wishes = _leave_room(work, planner(context, work, due), due, others)
    keys = {one.person.id: one.key for one in due}
    booked: dict[str, datetime | None] = {}
    for booking in book(context, work, wishes):
        key = keys[booking.person]
        booked[key] = booked.get(key) or booking.due_at
    return booked


def _leave_room(
    work: W, wishes: Sequence[Wish], due: list[DueSlot], others: Sequence[str]
) -> Sequence[Wish]:
    if not others:
        return wishes
    beside = work.slots.of_kinds(others, [one.person.id for one in due])
    found = {one.person.id: one for one in due if one.person.id in beside}
    leaves = {id_: leave_room(one, beside[id_]) for id_, one in found.items()}
    return [
        replace(wish, leaves=leaves[wish.person.id]) if wish.person.id in leaves else wish
        for wish in wishes
    ]


def _keep(seen: Seen, booked: Mapping[str, datetime | None]) -> Slot:
    if seen.due is None:
        return seen.slot
    at = booked.get(seen.due.key)
    return seen.slot if at is None else promise(seen.slot, seen.due.person, at)


def _postpone_one(database: Database[W], kind: str, now: datetime) -> Planned:
    """Let the first in the line come again later, so that those behind get their turn."""
    with database.transaction() as work:
        taken = work.slots.take_due(kind, now, 1)
        work.slots.move([postpone(slot, now) for slot in taken])
    return Planned(failed=len(taken))
