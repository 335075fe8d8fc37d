"""What a simulation shows: counted, and put in words."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, time, timedelta
from itertools import pairwise
from math import sqrt

from bot.attention import PER_DAY, PER_WEEK
from bot.capabilities.quizzes.model import State
from bot.capabilities.tips.model import Reaction
from bot.ids import PersonId
from bot.pack.item import Status
from bot.pack.model import Quiz
from bot.people import Person, local, works_on
from bot.planner import Planned
from bot.schedule import APART, WINDOW, at_local
from storage.chronicle import Answered, Asked, Chronicle, Received, Taken

MOST_REPETITIONS = 6
"""Later ones are counted with this one."""
_DAY = timedelta(days=1)
_ASKED = {Reaction.RIGHT, Reaction.WRONG}
_DECIDED = {State.PASSED, State.FAILED, State.FAILED_OPEN}


@dataclass(slots=True)
class Seen:
    """What was counted while it was played, because no table tells it."""

    expected: dict[str, float] = field(default_factory=dict)
    """By attempt, of first ones at a gate: the chance that it is passed, by the formula."""
    slots: Planned = field(default_factory=Planned)
    paused: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    silenced: set[str] = field(default_factory=set)
    came_back: set[str] = field(default_factory=set)
    twice_running: int = 0
    """Tips that came in the same words right after themselves, though they have others."""
    only_words: int = 0
    """Tips that came so because they have no others, though something of their topic had never
    come."""
    inbounds: int = 0


@dataclass(frozen=True, slots=True)
class Played:
    """Who was played, and for how long."""

    people: Mapping[PersonId, Person]
    hours: Mapping[PersonId, time]
    """The local hour that each of them chose."""
    quizzes: Mapping[str, Quiz]
    start: datetime
    end: datetime
    seed: int
    seen: Seen


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """What people got that they did not ask for. The faults are messages that broke a promise,
    and must be 0: `over_budget`, `on_days_off`, `in_quiet_hours` (before a person's hour or more
    than two hours after it), `too_close` (within twelve hours of the one before), `twice_running`
    (a tip in the same words right after itself, though it has others)."""

    sent: int
    by_kind: Mapping[str, int]
    a_person_and_working_day: float
    most_a_day: int
    most_a_week: int
    budget_a_day: int
    budget_a_week: int
    over_budget: int
    on_days_off: int
    in_quiet_hours: int
    too_close: int
    twice_running: int
    only_words: int
    """A tip that has but one question twice running, though something of its topic had never
    come. No promise: what fades or is critical outweighs what is new (domain.md 2.5)."""


@dataclass(frozen=True, slots=True)
class Week:
    """One calendar week: how many messages, how many a person, the most that one person got, and
    how many people got any."""

    week: str
    sent: int
    a_person: float
    most: int
    people: int


@dataclass(frozen=True, slots=True)
class Recall:
    """Of the questions that asked for an idea the `repetition`th time, how many were right."""

    repetition: int
    asked: int
    right: int
    share: float


@dataclass(frozen=True, slots=True)
class Pass:
    """How many passed a quiz. `expected` is what the formula of the gate says of these very
    people at their first attempt, and `margin` two standard errors of it; None for another rule.
    """

    quiz: str
    mode: str
    attempts: int
    people: int
    first_decided: int
    first_passed: int
    first_share: float
    expected: float | None
    margin: float | None
    passed_in_the_end: int


@dataclass(frozen=True, slots=True)
class Report:
    """All that a simulation shows; plain values, the same for the same seed."""

    people: int
    days: int
    seed: int
    first_day: str
    last_day: str
    unsolicited: Unsolicited
    weeks: Sequence[Week]
    skipped: Sequence[tuple[str, str, int]]
    """Kind, why, how many."""
    slots: Mapping[str, int]
    reactions: Mapping[str, int]
    recall: Sequence[Recall]
    quizzes: Sequence[Pass]
    asked_again: int
    """Items that somebody was asked again, though there was one that they had never seen; a
    promise too."""
    tested_out: int
    minutes_given_back: int
    paused: int
    stopped: int
    silenced: int
    came_back: int
    inbounds: int

    @property
    def faults(self) -> int:
        """How many promises were broken."""
        told = self.unsolicited
        return (
            told.over_budget
            + told.on_days_off
            + told.in_quiet_hours
            + told.too_close
            + told.twice_running
            + self.asked_again
        )


def draw_up(played: Played, chronicle: Chronicle) -> Report:
    """The report about what was played."""
    received, seen = chronicle.received(), played.seen
    answered = chronicle.answered()
    tested_out, minutes = chronicle.given_back()
    return Report(
        people=len(played.people),
        days=(played.end - played.start).days,
        seed=played.seed,
        first_day=played.start.date().isoformat(),
        last_day=(played.end - _DAY).date().isoformat(),
        unsolicited=_unsolicited(played, received),
        weeks=_weeks(received, len(played.people)),
        skipped=chronicle.skipped(),
        slots={
            name: getattr(seen.slots, name)
            for name in ("planned", "suppressed", "nothing", "late", "moved", "failed")
        },
        reactions=dict(sorted(Counter(each.reaction.value for each in answered).items())),
        recall=_recall(answered),
        quizzes=_passes(played, chronicle.taken()),
        asked_again=_asked_again(played, chronicle.asked()),
        tested_out=tested_out,
        minutes_given_back=minutes,
        paused=len(seen.paused),
        stopped=len(seen.stopped),
        silenced=len(seen.silenced),
        came_back=len(seen.came_back),
        inbounds=seen.inbounds,
    )


def _unsolicited(played: Played, received: Sequence[Received]) -> Unsolicited:
    days = Counter((each.person, each.day) for each in received)
    weeks = Counter((each.person, each.day.isocalendar()[:2]) for each in received)
    working = sum(_working_days(person, played) for person in played.people.values())
    by_person: dict[PersonId, list[Received]] = {}
    for each in received:
        by_person.setdefault(each.person, []).append(each)
    return Unsolicited(
        sent=len(received),
        by_kind=dict(sorted(Counter(each.kind for each in received).items())),
        a_person_and_working_day=round(len(received) / max(working, 1), 3),
        most_a_day=max(days.values(), default=0),
        most_a_week=max(weeks.values(), default=0),
        budget_a_day=PER_DAY,
        budget_a_week=PER_WEEK,
        over_budget=sum(n - PER_DAY for n in days.values() if n > PER_DAY)
        + sum(n - PER_WEEK for n in weeks.values() if n > PER_WEEK),
        on_days_off=sum(not works_on(played.people[e.person], e.day) for e in received),
        in_quiet_hours=sum(_is_quiet(played, each) for each in received),
        too_close=sum(
            later.at - one.at < APART
            for mine in by_person.values()
            for one, later in pairwise(mine)
        ),
        twice_running=played.seen.twice_running,
        only_words=played.seen.only_words,
    )


def _working_days(person: Person, played: Played) -> int:
    days = (played.start.date() + n * _DAY for n in range((played.end - played.start).days))
    return sum(works_on(person, day) for day in days)


def _is_quiet(played: Played, each: Received) -> bool:
    """Whether it came at another time than within two hours of the person's hour."""
    person = played.people[each.person]
    begins = at_local(each.day, played.hours[each.person], person.zone)
    on_its_day = local(person, each.at).date() == each.day
    return not (on_its_day and begins <= each.at < begins + WINDOW)


def _weeks(received: Sequence[Received], people: int) -> Sequence[Week]:
    got: dict[tuple[int, int], Counter[PersonId]] = {}
    for each in received:
        year, week, _ = each.day.isocalendar()
        got.setdefault((year, week), Counter())[each.person] += 1
    return [
        Week(
            f"{year}-W{week:02}",
            counts.total(),
            round(counts.total() / max(people, 1), 2),
            max(counts.values()),
            len(counts),
        )
        for (year, week), counts in sorted(got.items())
    ]


def _recall(answered: Sequence[Answered]) -> Sequence[Recall]:
    asked: Counter[int] = Counter()
    right: Counter[int] = Counter()
    times: Counter[tuple[PersonId, str]] = Counter()
    for each in answered:
        if each.reaction not in _ASKED:
            continue
        times[each.person, each.tip] += 1
        repetition = min(times[each.person, each.tip], MOST_REPETITIONS)
        asked[repetition] += 1
        right[repetition] += each.reaction is Reaction.RIGHT
    return [Recall(n, asked[n], right[n], round(right[n] / asked[n], 3)) for n in sorted(asked)]


def _passes(played: Played, taken: Sequence[Taken]) -> Sequence[Pass]:
    found = []
    for quiz in sorted(played.quizzes.values(), key=lambda quiz: quiz.id):
        here = [each for each in taken if each.quiz == quiz.id]
        firsts: dict[PersonId, Taken] = {}
        for each in here:
            firsts.setdefault(each.person, each)
        decided = [each for each in firsts.values() if each.state in _DECIDED]
        passed = sum(each.state is State.PASSED for each in decided)
        chances = [played.seen.expected[e.id] for e in decided if e.id in played.seen.expected]
        is_told = bool(decided) and len(chances) == len(decided)
        spread = sqrt(sum(chance * (1 - chance) for chance in chances))
        found.append(
            Pass(
                quiz=quiz.id,
                mode=quiz.policy.mode,
                attempts=len(here),
                people=len(firsts),
                first_decided=len(decided),
                first_passed=passed,
                first_share=round(passed / len(decided), 3) if decided else 0.0,
                expected=round(sum(chances) / len(chances), 3) if is_told else None,
                margin=round(2 * spread / len(chances), 3) if is_told else None,
                passed_in_the_end=len({e.person for e in here if e.state is State.PASSED}),
            )
        )
    return found


def as_json(report: Report) -> str:
    """All of the report, as one JSON object; shares are from 0 to 1."""
    told = {**asdict(report), "faults": report.faults}
    told["skipped"] = [
        {"kind": kind, "why": why or None, "letters": letters}
        for kind, why, letters in report.skipped
    ]
    return json.dumps(told, indent=2)


def _asked_again(played: Played, asked: Sequence[Asked]) -> int:
    pools: dict[tuple[str, str], set[str]] = {}
    for quiz in played.quizzes.values():
        for item in quiz.items:
            if item.status is Status.LIVE:
                pools.setdefault((quiz.id, item.objective), set()).add(item.id)
    seen: dict[tuple[PersonId, str, str], set[str]] = {}
    again = 0
    for each in asked:
        mine = seen.setdefault((each.person, each.quiz, each.objective), set())
        again += each.item in mine and not pools[each.quiz, each.objective] <= mine
        mine.add(each.item)
    return again


# --- in words -----------------------------------------------------------------------------


def describe(report: Report) -> Sequence[str]:
    """The report for who reads it, line by line."""
    who = f"{report.people:,} made-up people from {report.first_day} to {report.last_day}"
    recalled = (
        f"  time {each.repetition}{'+' if each.repetition == MOST_REPETITIONS else ' '}"
        f" {each.asked:8,} asked  {each.share:6.1%} right"
        for each in report.recall
    )
    said = ", ".join(f"{said} {number:,}" for said, number in report.reactions.items())
    return [
        f"{who} ({report.days} days), seed {report.seed}.",
        "",
        "What people got that they did not ask for",
        *_say_unsolicited(report.unsolicited),
        "",
        "  week        messages  a person  most  people",
        *(
            f"  {each.week:10} {each.sent:9,} {each.a_person:9.2f} {each.most:5} {each.people:7,}"
            for each in report.weeks
        ),
        "",
        "What was not sent, and why",
        *(f"  {number:8,}  {kind}: {why or 'taken back'}" for kind, why, number in report.skipped),
        "  Of the hours at which a tip could come: "
        + ", ".join(f"{name} {number:,}" for name, number in report.slots.items()),
        "",
        "What people said of tips",
        f"  {said or 'nothing'}",
        "",
        "What they still knew when they were asked",
        *recalled,
        "",
        "Quizzes",
        *(_say_passed(each) for each in report.quizzes),
        f"  Asked again though there was something unseen: {report.asked_again}.",
        (
            f"  {report.minutes_given_back:,} minutes of reading given back to"
            f" {report.tested_out:,} people who tested out."
        ),
        "",
        (
            f"{report.paused:,} people paused, {report.stopped:,} stopped, {report.silenced:,} were"
            f" left alone because they did not react; {report.came_back:,} came back."
        ),
        "No promise was broken." if not report.faults else f"{report.faults} promises were broken.",
    ]


def _say_unsolicited(told: Unsolicited) -> Sequence[str]:
    mean = f"{told.a_person_and_working_day:.2f} a person and working day"
    return [
        f"  {told.sent:,} messages, {mean}:",
        "  " + ", ".join(f"{kind} {number:,}" for kind, number in told.by_kind.items()),
        (
            f"  The most that anybody got: {told.most_a_day} a day (budget {told.budget_a_day}),"
            f" {told.most_a_week} a week (budget {told.budget_a_week})."
        ),
        (
            f"  Over the budget: {told.over_budget}. On a day off: {told.on_days_off}."
            f" In quiet hours: {told.in_quiet_hours}."
            f" Within 12 hours of the one before: {told.too_close}."
            f" Same words twice running: {told.twice_running},"
            f" and {told.only_words} of tips that have no others."
        ),
    ]


def _say_passed(each: Pass) -> str:
    formula = ""
    if each.expected is not None and each.margin is not None:
        formula = f", the formula says {each.expected:.1%} ± {each.margin:.1%}"
    return (
        f"  {each.quiz} ({each.mode}): {each.people:,} people, {each.attempts:,} attempts;"
        f" {each.first_share:.1%} of {each.first_decided:,} pass at the first{formula};"
        f" {each.passed_in_the_end:,} in the end"
    )
