"""How well routing finds who answers, measured on questions that others answered before.

The protocol is that of the retrieval design, section 3: questions in the order of time, each
ranked by what was known before it. Right is who really answered, the asker aside. Two people are
"pinged" for each question, and those asks are what the next questions are ranked with. Whoever
answers does so by choice, so that a router which spreads the load is somewhat underrated.
"""

import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

from bot.capabilities.questions.expertise import (
    EARNS,
    HALF_LIFE,
    Expertise,
    FadingCounts,
    rate_helpfulness,
)
from bot.capabilities.questions.routing import (
    CHAT,
    FORUM,
    UNKNOWN,
    Given,
    Helper,
    History,
    Matter,
    Tempo,
    choose,
)
from bot.errors import Invalid

PINGS = 2
FIRST_DATE = 1e8
"""A smaller `ts` is no date: in seconds since 1970 it lies before March 1973."""
LAST_DATE = 4e9
"""A larger one neither: it lies after 2096."""
ORDINAL_STEP = timedelta(days=1)
ORDINAL_START = datetime(2000, 1, 1, tzinfo=UTC)

_MENTION = re.compile(r"<@([^\s<>|]+)(?:\|[^<>]*)?>")


@dataclass(frozen=True, slots=True)
class PastQuestions:
    """One file of questions: in the order of time, and the tempo of the place they come from."""

    matters: tuple[Matter, ...]
    tempo: Tempo


def evaluate_routing(data: Path, score_from: float = 0.6) -> dict[str, Any]:
    """Measure routing on a `.jsonl` file, or on every one in a folder.

    Everything is learnt in the order of time; questions from the fraction `score_from` of a file
    on are scored. Returns {"sets": {<file name without suffix>: figures}} with

    * mrr: the mean of 1 / rank of the best-ranked person who answered (0 when none was ranked),
    * hit_at_3, hit_at_5: the share of questions with such a person among the first 3 or 5,
    * busiest: the share of questions in which the most-pinged person is one of the two pinged,
    * pinged_hit: the share in which one of the two pinged answered,
    * n: how many questions were scored, those which only the asker answered left out,
    * recent: mrr, hit_at_3, hit_at_5, busiest and pinged_hit of the baseline, which always asks
      whoever answered most lately (the same half-life).

    Raises:
        Invalid: there is nothing to read, or a line is not as described at `read_questions`.
    """
    if not 0.0 <= score_from < 1.0:
        raise Invalid(f"--score-from is a fraction from 0 to below 1, not {score_from}.")
    if data.is_dir():
        files = sorted(data.glob("*.jsonl"))
        if not files:
            raise Invalid(f"{data}: there is no .jsonl file in this folder.")
    else:
        files = [data]
    return {"sets": {file.stem: _measure(read_questions(file), score_from) for file in files}}


def read_questions(file: Path) -> PastQuestions:
    """Read questions with who answered them, one JSON object a line.

    Needed: `id`, `ts`, `asker`, `text` (may be empty where there is a `title`) and `answers`, a
    list of objects with a `user`, and perhaps `accepted` and when they were given: `dt` seconds
    after the question, or `post`, a number on the scale of `ts`. Perhaps `title`, `tags` (a
    list), `channel`. People mentioned as <@name> in the text are its `named`.

    `ts` is seconds since 1970. Where no date makes sense of it in the whole file (post numbers,
    for instance), it gives only the order: the questions are then taken to be a day apart, and an
    answer's `post` to fall between the questions before and after it.

    A file with tags is taken for a forum, any other for a chat; that alone decides the tempo.

    Raises:
        Invalid: names the file and the line that is not like that.
    """
    try:
        # Not splitlines: a line separator of Unicode may stand within a text.
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{file}: cannot be read ({error}).") from error
    rows: list[_Row] = []
    known: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row = _read_row(f"{file}:{number}", line)
        if row.id in known:
            raise Invalid(f"{file}:{number}: id {row.id} was used in line {known[row.id]} already.")
        known[row.id] = number
        rows.append(row)
    if not rows:
        raise Invalid(f"{file}: there are no questions in it.")
    rows.sort(key=lambda row: row.ts)
    dated = all(FIRST_DATE <= row.ts <= LAST_DATE for row in rows)
    tempo = FORUM if any(row.tags for row in rows) else CHAT
    if dated:
        matters = [_date(row) for row in rows]
    else:
        steps = [row.ts for row in rows]
        matters = [_number(row, place, steps) for place, row in enumerate(rows)]
    return PastQuestions(tuple(matters), tempo)


@dataclass(frozen=True, slots=True)
class _RowAnswer:
    user: str
    after: float | None
    post: float | None
    accepted: bool


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    ts: float
    asker: str
    title: str
    text: str
    tags: tuple[str, ...]
    channel: str | None
    answers: tuple[_RowAnswer, ...]


def _read_row(place: str, line: str) -> _Row:
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise Invalid(f"{place}: this is not JSON ({error}).") from error
    if not isinstance(fields, dict):
        raise Invalid(f"{place}: a question is a JSON object, not {_kind(fields)}.")
    text, title = _text(place, fields, "text", ""), _text(place, fields, "title", "")
    if not text.strip() and not title.strip():
        raise Invalid(f"{place}: there is neither text nor title.")
    tags = fields.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Invalid(f"{place}: tags is a list of texts.")
    answers = fields.get("answers")
    if not isinstance(answers, list) or not all(isinstance(answer, dict) for answer in answers):
        raise Invalid(f"{place}: answers is a list of objects.")
    return _Row(
        id=_text(place, fields, "id"),
        ts=_require(place, "ts", _number_or_none(place, fields, "ts")),
        asker=_text(place, fields, "asker"),
        title=title,
        text=text,
        tags=tuple(tags),
        channel=_text(place, fields, "channel", "") or None,
        answers=tuple(
            _RowAnswer(
                user=_text(place, answer, "user"),
                after=_number_or_none(place, answer, "dt"),
                post=_number_or_none(place, answer, "post"),
                accepted=answer.get("accepted") is True,
            )
            for answer in answers
        ),
    )


def _text(place: str, fields: Mapping[str, object], name: str, default: str | None = None) -> str:
    value = fields.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise Invalid(f"{place}: {name} is a text, not {_kind(value)}.")
    return value


def _number_or_none(place: str, fields: Mapping[str, object], name: str) -> float | None:
    value = fields.get(name)
    if value is None:
        return None
    # A bool is an int to Python, and JSON as Python reads it knows NaN and infinity.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
        raise Invalid(f"{place}: {name} is a number from 0 on, not {_kind(value)}.")
    return float(value)


def _require(place: str, name: str, value: float | None) -> float:
    if value is None:
        raise Invalid(f"{place}: {name} is missing.")
    return value


def _kind(value: object) -> str:
    if value is None:
        return "missing"
    return repr(value) if len(repr(value)) <= 40 else f"{repr(value)[:40]}…"


def _date(row: _Row) -> Matter:
    at = datetime.fromtimestamp(row.ts, UTC)
    last = datetime.fromtimestamp(LAST_DATE, UTC)
    return _build(
        row,
        at,
        [
            min(at + timedelta(seconds=min(answer.after or 0.0, LAST_DATE)), last)
            for answer in row.answers
        ],
    )


def _number(row: _Row, place: int, steps: Sequence[float]) -> Matter:
    at = ORDINAL_START + place * ORDINAL_STEP
    times = []
    for answer in row.answers:
        following = place + 1 if answer.post is None else bisect_left(steps, answer.post)
        times.append(max(at, ORDINAL_START + (following - 0.5) * ORDINAL_STEP))
    return _build(row, at, times)


def _build(row: _Row, at: datetime, times: Sequence[datetime]) -> Matter:
    return Matter(
        id=row.id,
        at=at,
        asker=row.asker,
        title=row.title,
        text=row.text,
        subjects=row.tags or ((row.channel,) if row.channel else ()),
        named=frozenset(_MENTION.findall(f"{row.title} {row.text}")),
        answers=tuple(
            Given(answer.user, time, answer.accepted)
            for answer, time in zip(row.answers, times, strict=True)
        ),
    )


class _Score:
    """Adds up how one way of ranking did."""

    def __init__(self) -> None:
        self.count = 0
        self._reciprocal = 0.0
        self._at_3 = 0
        self._at_5 = 0
        self._pinged_right = 0
        self._pings: Counter[str] = Counter()

    def note(self, ranked: Sequence[str], pinged: Sequence[str], right: frozenset[str]) -> None:
        self.count += 1
        place = next((place for place, person in enumerate(ranked, 1) if person in right), None)
        if place is not None:
            self._reciprocal += 1 / place
            self._at_3 += place <= 3
            self._at_5 += place <= 5
        self._pinged_right += not right.isdisjoint(pinged)
        self._pings.update(pinged)

    def figures(self) -> dict[str, float]:
        count = max(1, self.count)
        return {
            "mrr": round(self._reciprocal / count, 4),
            "hit_at_3": round(self._at_3 / count, 4),
            "hit_at_5": round(self._at_5 / count, 4),
            "busiest": round(max(self._pings.values(), default=0) / count, 4),
            "pinged_hit": round(self._pinged_right / count, 4),
        }


class _Earned:
    """What people earned on each subject, kept as it grows (the formulas of `expertise`)."""

    def __init__(self) -> None:
        self._earned: dict[str, FadingCounts[str]] = {}
        self._accepted: dict[str, FadingCounts[str]] = {}

    def learn(self, matter: Matter) -> None:
        for subject in matter.subjects:
            if subject not in self._earned:
                self._earned[subject] = FadingCounts(HALF_LIFE)
                self._accepted[subject] = FadingCounts(HALF_LIFE)
            for given in matter.answers:
                at = given.at.timestamp()
                kind = "accepted" if given.accepted else "unconfirmed"
                self._earned[subject].add(given.person, at, EARNS[kind])
                if given.accepted:
                    self._accepted[subject].add(given.person, at)

    def assess(self, matter: Matter) -> dict[str, Expertise]:
        """Everybody's expertise on whichever of the question's subjects they are best at."""
        now = matter.at.timestamp()
        best: dict[str, Expertise] = {}
        for subject in matter.subjects:
            if subject not in self._earned:
                continue
            earned, accepted = self._earned[subject], self._accepted[subject]
            scale, accepted_scale = earned.scale(now), accepted.scale(now)
            for person, count in earned.relative.items():
                helpfulness = rate_helpfulness(
                    accepted.relative.get(person, 0.0) * accepted_scale, 0.0
                )
                expertise = Expertise(earned=count * scale, helpfulness=helpfulness)
                if person not in best or expertise.score > best[person].score:
                    best[person] = expertise
        return best


def _measure(questions: PastQuestions, score_from: float) -> dict[str, Any]:
    history = History(questions.tempo)
    earned = _Earned()
    recent: FadingCounts[str] = FadingCounts(questions.tempo.recent)
    ours, baseline = _Score(), _Score()
    # Answers wait here until their time: a question may be asked before the last one is answered.
    waiting: list[tuple[datetime, int, Matter]] = []
    turn = 0
    first_scored = int(len(questions.matters) * score_from)
    for place, matter in enumerate(questions.matters):
        while waiting and waiting[0][0] <= matter.at:
            _, _, answered = heappop(waiting)
            history.learn(answered)
            earned.learn(answered)
            for given in answered.answers:
                recent.add(given.person, given.at.timestamp())
        # Who answers twice has answered once; the asker who adds something has not answered.
        answers = {given.person: given for given in reversed(matter.answers)}
        answers.pop(matter.asker or "", None)
        right = frozenset(answers)
        if place >= first_scored and right:
            _score_ours(ours, history, earned, recent.relative, matter, right)
            _score_baseline(baseline, recent.relative, matter, right)
        for given in answers.values():
            turn += 1
            heappush(waiting, (given.at, turn, replace(matter, answers=(given,))))
    return {**ours.figures(), "n": ours.count, "recent": baseline.figures()}


def _score_ours(
    score: _Score,
    history: History,
    earned: _Earned,
    people: Iterable[str],
    matter: Matter,
    right: frozenset[str],
) -> None:
    # Nobody here has set a cap, hours or a level: they are people in an open place who answer
    # when they like. What they earned there is all that is known.
    expertise = earned.assess(matter)
    helpers = [Helper(person, expertise.get(person, UNKNOWN), soft_cap=None) for person in people]
    ranked = history.rank(matter, matter.at, helpers)
    picks = choose(ranked, PINGS, f"{matter.id}:1")
    pinged = [candidate.person for candidate in picks.everyone]
    for person in pinged:
        history.asked(person, matter.at)
    score.note([candidate.person for candidate in ranked], pinged, right)


def _score_baseline(
    score: _Score, recent: Mapping[str, float], matter: Matter, right: frozenset[str]
) -> None:
    counts = {person: count for person, count in recent.items() if person != matter.asker}
    ranked = sorted(counts, key=lambda person: (-counts[person], person))
    score.note(ranked, ranked[:PINGS], right)
