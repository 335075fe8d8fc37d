"""Which item comes next (domain.md 1.4): parallel forms without fixed forms. Pure.

The same attempt draws the same way whatever process asks: all chance comes from its seed. A
`Bank` is what can be prepared of a quiz once for each of its versions.
"""

import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.capabilities.quizzes.model import Attempt, Start
from bot.capabilities.quizzes.verdict import Decision, Outcome, Verdict
from bot.pack.item import Item, Status
from bot.pack.model import Policy, Quiz

PILOT_WITHIN = 4
"""A pilot stands among so many first items of an attempt."""
AGAIN_AFTER = timedelta(hours=24)
"""For so long an item is not shown again to the same person, while there is another."""
MAX_DRAWN = 128
"""Of more items that are equally good so many are drawn first, to keep the choice quick."""
PLENTY = 100
"""No rule wants more items of an objective, so no more are counted."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How often and when this person was last shown an item, and whether that was in their last
    attempt at this quiz."""

    times: int
    last_at: datetime
    in_last_attempt: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The item to show. A pilot is not `scored`."""

    item: Item
    scored: bool
    seen_before: bool


@dataclass(frozen=True, slots=True)
class Bank:
    """A version of a quiz, made ready for choosing: ids of items by objective, and for each the
    others that may not stand beside it in one attempt."""

    items: Mapping[str, Item]
    live: Mapping[str, tuple[str, ...]]
    pilots: Mapping[str, tuple[str, ...]]
    excludes: Mapping[str, frozenset[str]]


def prepare(quiz: Quiz) -> Bank:
    """The bank of a version of a quiz."""
    live: dict[str, list[str]] = {o.id: [] for o in quiz.objectives}
    pilots: dict[str, list[str]] = {o.id: [] for o in quiz.objectives}
    families: dict[str, set[str]] = {}
    excludes: dict[str, set[str]] = {}
    for item in quiz.items:
        if item.status is Status.LIVE:
            live.setdefault(item.objective, []).append(item.id)
        elif item.status is Status.PILOT:
            pilots.setdefault(item.objective, []).append(item.id)
        if item.variant_of is not None:
            families.setdefault(item.variant_of, {item.variant_of}).add(item.id)
        for enemy in item.enemies:
            excludes.setdefault(item.id, set()).add(enemy)
            excludes.setdefault(enemy, set()).add(item.id)
    for family in families.values():
        for id_ in family:
            excludes.setdefault(id_, set()).update(family - {id_})
    return Bank(
        items={item.id: item for item in quiz.items},
        live={objective: tuple(sorted(ids)) for objective, ids in live.items()},
        pilots={objective: tuple(sorted(ids)) for objective, ids in pilots.items()},
        excludes={id_: frozenset(others) for id_, others in excludes.items()},
    )


def choose(
    bank: Bank,
    policy: Policy,
    attempt: Attempt,
    verdict: Verdict,
    seen: Mapping[str, Seen],
    exposures: Mapping[str, int],
    now: datetime,
    barred: Collection[str] = (),
) -> Choice | None:
    """The next item of an attempt under way; None when there is none to show.

    Args:
        seen: by item, what this person was shown in earlier attempts.
        exposures: by item, how often anybody was shown it; missing is never.
        barred: items that this person cannot use, or that were withdrawn since.
    """
    start = attempt.start
    if start is None or verdict.outcome in (Outcome.PASSED, Outcome.WAITS):
        return None
    blocked = blocked_by(bank, attempt.asked) | set(barred)
    # Who goes on after a fail wants to know what can be skipped, and is asked nothing else.
    open_ = verdict.outcome is Outcome.OPEN
    pilot = _choose_pilot(bank, attempt, start, blocked, seen, exposures, now) if open_ else None
    if pilot is not None:
        return Choice(bank.items[pilot], scored=False, seen_before=pilot in seen)
    if policy.mode == "fixed":
        ids = [id_ for id_ in start.form if id_ not in attempt.asked and id_ not in barred]
        if not ids:
            return None
        return Choice(bank.items[ids[0]], scored=True, seen_before=ids[0] in seen)
    for objective in _turns(attempt, start, verdict):
        ids = [id_ for id_ in bank.live.get(objective, ()) if id_ not in blocked]
        if ids:
            drawn = pick(ids, attempt.seed, seen, exposures, now)
            return Choice(bank.items[drawn], scored=True, seen_before=drawn in seen)
    return None


def left(
    bank: Bank, policy: Policy, attempt: Attempt, barred: Collection[str] = ()
) -> Mapping[str, int]:
    """How many scored items can still be shown, by objective: what `rule.decide` asks for. The
    one before the person is not counted."""
    start = attempt.start
    if start is None:
        return {}
    if policy.mode == "fixed":
        remaining = [id_ for id_ in start.form if id_ not in attempt.asked and id_ not in barred]
        return {
            objective: sum(bank.items[id_].objective == objective for id_ in remaining)
            for objective in start.objectives
        }
    blocked = blocked_by(bank, attempt.asked) | set(barred)
    return {
        objective: len(_apart(bank, bank.live.get(objective, ()), blocked))
        for objective in start.objectives
    }


def draw_form(
    bank: Bank,
    policy: Policy,
    seed: bytes,
    seen: Mapping[str, Seen],
    exposures: Mapping[str, int],
    now: datetime,
    barred: Collection[str] = (),
) -> tuple[str, ...]:
    """The items of a `fixed` form, in the order in which they are shown: one objective after
    another, from a drawn one on."""
    blocked = set(barred)
    queues: dict[str, list[str]] = {}
    for objective, wanted in policy.form.items():
        queue = queues.setdefault(objective, [])
        for _ in range(wanted):
            ids = [id_ for id_ in bank.live.get(objective, ()) if id_ not in blocked]
            if not ids:
                break
            drawn = pick(ids, seed, seen, exposures, now)
            queue.append(drawn)
            blocked |= {drawn} | bank.excludes.get(drawn, frozenset())
    turns = rotate(list(policy.form), seed)
    longest = max((len(queue) for queue in queues.values()), default=0)
    return tuple(
        queues[objective][index]
        for index in range(longest)
        for objective in turns
        if index < len(queues[objective])
    )


def pick(
    ids: Sequence[str],
    seed: bytes,
    seen: Mapping[str, Seen],
    exposures: Mapping[str, int],
    now: datetime,
) -> str:
    """The one that this person saw least often and longest ago, then the one that others saw
    least often, then by chance. What they saw today or in their last attempt comes last.

    `ids` are not empty, and always in the same order.
    """
    unseen = [id_ for id_ in ids if id_ not in seen]
    if unseen:
        shown = [exposures.get(id_, 0) for id_ in unseen] if exposures else [0] * len(unseen)
        least = min(shown)
        equal = [id_ for id_, times in zip(unseen, shown, strict=True) if times == least]
    else:
        ranks = [_rank(seen[id_], exposures.get(id_, 0), now) for id_ in ids]
        first_rank = min(ranks)
        equal = [id_ for id_, rank in zip(ids, ranks, strict=True) if rank == first_rank]
    if len(equal) > MAX_DRAWN:
        first = int.from_bytes(_draw(seed, f"from {len(equal)}")[:8]) % len(equal)
        equal = (equal[first:] + equal[:first])[:MAX_DRAWN]
    return min(equal, key=lambda id_: _draw(seed, id_))


def _rank(known: Seen, exposures: int, now: datetime) -> tuple[bool, int, datetime, int]:
    fresh = known.in_last_attempt or now - known.last_at < AGAIN_AFTER
    return fresh, known.times, known.last_at, exposures


def blocked_by(bank: Bank, asked: Iterable[str]) -> set[str]:
    """What was asked, with its variants and enemies."""
    blocked: set[str] = set()
    for id_ in asked:
        blocked.add(id_)
        blocked |= bank.excludes.get(id_, frozenset())
    return blocked


def rotate(objectives: Sequence[str], seed: bytes) -> tuple[str, ...]:
    """The objectives in their order, from a drawn one on."""
    if not objectives:
        return ()
    first = int.from_bytes(_draw(seed, "objectives")[:8]) % len(objectives)
    return (*objectives[first:], *objectives[:first])


def _turns(attempt: Attempt, start: Start, verdict: Verdict) -> list[str]:
    """Objectives in the order in which they are to be asked about: those that are open before
    those that are not, the one asked about least first."""
    asked = dict.fromkeys(start.objectives, 0)
    for response in attempt.responses:
        if response.counts and response.objective in asked:
            asked[response.objective] += 1
    open_ = set(verdict.undecided)
    # After a fail only what is undecided is of interest; otherwise the total may want more.
    turns = [
        objective
        for objective in rotate(start.objectives, attempt.seed)
        if objective in open_ or (verdict.outcome is Outcome.OPEN and verdict.llr is not None)
    ]
    waiting = {r.objective for r in verdict.objectives if r.decision is Decision.WAITS}
    return sorted(turns, key=lambda o: (o in waiting, asked[o], o not in open_))


def _choose_pilot(
    bank: Bank,
    attempt: Attempt,
    start: Start,
    blocked: Collection[str],
    seen: Mapping[str, Seen],
    exposures: Mapping[str, int],
    now: datetime,
) -> str | None:
    """At its drawn place among the first ones, if there is one that was not seen yet."""
    place = int.from_bytes(_draw(attempt.seed, "pilot")[:8]) % PILOT_WITHIN
    shown = len(attempt.asked)
    if shown != place or not all(response.scored for response in attempt.responses):
        return None
    ids = [
        id_
        for objective in start.objectives
        for id_ in bank.pilots.get(objective, ())
        if id_ not in blocked and id_ not in seen
    ]
    return pick(ids, attempt.seed, seen, exposures, now) if ids else None


def _apart(bank: Bank, ids: Iterable[str], blocked: Collection[str]) -> list[str]:
    """As many of the ids as can be asked one after another in one attempt."""
    gone = set(blocked)
    apart = []
    for id_ in ids:
        if id_ not in gone:
            apart.append(id_)
            if len(apart) == PLENTY:
                break
            gone |= bank.excludes.get(id_, frozenset())
    return apart


def _draw(seed: bytes, about: str) -> bytes:
    return hmac.digest(seed, about.encode(), "sha256")
