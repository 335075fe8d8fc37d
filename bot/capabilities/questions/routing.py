"""Who is asked: what colleagues answered before, what they said they know, and their load.

    relevance  what speaks for the person and this question     `History.rank`
    weight     (relevance + epsilon) x availability x load x fairness (domain design 3.4)
    pick       drawn by weight squared among the best few, not simply the best    `choose`

The relevance is the formula that was measured on other people's chats and forums (retrieval
design 3), with the additions named at the constants below. Each of its parts is divided by the
largest value any candidate has, so that the parts can be compared. "Hit@5" below is the share of
questions where one of the five people ranked best did answer; the figures are means over the
three Slack sets of the tuning data (`evaluation.py`), scored from 30 % and from 60 % on with four
seeds each: .657 as it stands, .629 for the plain count of recent answers.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, log, sqrt
from random import Random
from typing import TYPE_CHECKING, Literal

from bot.capabilities.questions.expertise import Expertise, FadingCounts
from bot.capabilities.questions.model import Level
from bot.late import Late
from bot.search.posting import WordMatch
from bot.search.word import clip, fold_words

if TYPE_CHECKING:
    import numpy as np
else:
    np = Late("numpy")

_DAY = 86_400.0

SIMILAR_QUESTIONS = 50
"""So many earlier questions vote for those who answered them."""
QUITE_SIMILAR = 0.15
"""From this similarity on, people are told of it ("you answered 4 similar questions"). Half of the
questions in a chat have nothing that is more than .1 similar, a fifth have something of .15."""
RECENT_WEIGHT = 0.7
SUBJECT_WEIGHT = 0.5
ACTIVE_WEIGHT = 0.5
"""Our addition: who answered in the last hours is there now. Without it hit@5 is .648."""
ACTIVE_HALF_LIFE = timedelta(hours=3)
NAMED_WEIGHT = 2.0
"""Our addition: who is named in the question comes first. Without it hit@5 is .636."""
PROVEN_WEIGHT = 0.5
"""Of the part of the expertise that was earned. Our addition; the history counts the same answers
already, so that it changes nothing in chat, and on three large forums hit@5 gains .01."""
VOUCHED_WEIGHT = 2.0
"""Of the part that was declared or endorsed, of which those chats know nothing. By choice: a plain
"I can help" is worth about as much as having answered most on the subject."""
CONFIDENT_ANSWERS = 20
"""With so many answers on record the history has half its full weight. Before, it is the chance of
a few days that would outweigh what people say about themselves."""

HOURS_AHEAD = 3
HOUR_PRIOR = 3.0
"""So many answers spread over the day are assumed of everybody, until their own outweigh them."""

EPSILON = 0.01
PENALTY = 0.2
PENALTY_FREE = 0.5
PENALTY_WINDOW = timedelta(days=7)
DEFAULT_SOFT_CAP = 5

SHORTLIST = 6
GROWING_SHARE = 0.1
NEW_FOR = timedelta(days=28)
PROVEN_ANSWERS = 3
"""After so many answers on its subjects a learner is as good as anybody for a question."""

UNKNOWN = Expertise()
"""Of whom nothing is known in a topic."""

Presence = Literal["office_hours", "working_hours", "off_hours"]
Standing = Literal["experienced", "new", "learning"]
Barrier = Literal[
    "asker",
    "opted_out",
    "away",
    "paused",
    "quiet_hours",
    "off_hours",
    "over_cap",
    "declined",
    "already_asked",
    "manages_asker",
]

AVAILABILITY: dict[Presence, float] = {
    "office_hours": 1.0,
    "working_hours": 0.8,
    "off_hours": 0.15,
}
"""A of domain 3.4. "off_hours" counts for questions that can wait; for others it is a barrier."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """How quickly what is known of people ages, by the kind of place."""

    recent: timedelta
    """Half-life of the plain count of answers."""
    votes: timedelta
    """Half-life of votes of similar questions and of the counts by subject."""
    minds_hours: bool
    """Whether an answer is expected soon, so that it matters who is up at this hour."""


CHAT = Tempo(recent=timedelta(days=14), votes=timedelta(days=60), minds_hours=True)
"""For chats, where this product lives."""
FORUM = Tempo(recent=timedelta(days=90), votes=timedelta(days=365), minds_hours=False)
"""For question-and-answer sites, where answers take days."""


@dataclass(frozen=True, slots=True)
class Given:
    """One person's answer to a question. `at` is aware."""

    person: str
    at: datetime
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Matter:
    """A question as routing sees it, a past one with its answers. `at` is aware.

    `subjects` are its topics, tags and channel, whatever there is; `named` the people whom its
    text mentions. `asker` may be None for a past question whose asker was removed; for one to be
    ranked it must be there even when the question is anonymous, or the asker may be asked.
    """

    id: str
    at: datetime
    asker: str | None
    text: str
    title: str = ""
    subjects: tuple[str, ...] = ()
    named: frozenset[str] = frozenset()
    anonymous: bool = False
    can_wait: bool = False
    answers: tuple[Given, ...] = ()


@dataclass(frozen=True, slots=True)
class Helper:
    """What is known, at one moment and for one question, of a person who might help.

    The caller offers only people who may be offered: those who declared something, and those who
    answered before and left that on.
    """

    person: str
    expertise: Expertise = UNKNOWN
    """In the question's topic."""
    declared_at: datetime | None = None
    """When the level in `expertise` was declared."""
    presence: Presence = "office_hours"
    asks: int = 0
    """How often the person was asked in the last 5 working days."""
    soft_cap: int | None = DEFAULT_SOFT_CAP
    """Asks in 5 working days that are welcome; twice as many are the most ever sent. None: no
    limit, for people in an open channel who answer when they like."""
    opted_out: bool = False
    """Wants no questions at all."""
    opted_out_of: frozenset[str] = frozenset()
    """Subjects the person wants no questions on."""
    away: bool = False
    paused: bool = False
    quiet_hours: bool = False
    declined: bool = False
    """Declined this question."""
    already_asked: bool = False
    """Was asked this question before."""
    manages_asker: bool = False


@dataclass(frozen=True, slots=True)
class Why:
    """The facts that speak for a candidate, for the sentence that says why they are asked."""

    named: bool = False
    """The question mentions them."""
    similar: int = 0
    """How many quite similar questions they answered."""
    on_subject: int = 0
    """How many questions on its subjects they answered."""
    level: Level = "none"
    """What they said about the topic."""
    endorsed: bool = False
    active_now: bool = False
    """They answered something in the last three hours."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person who may be asked, with a weight above 0."""

    person: str
    weight: float
    relevance: float
    standing: Standing
    why: Why


@dataclass(frozen=True, slots=True)
class Picks:
    """Who is asked now: `people` in the order drawn, and perhaps one who is growing, besides."""

    people: tuple[Candidate, ...]
    growing: Candidate | None = None

    @property
    def everyone(self) -> tuple[Candidate, ...]:
        """All who are asked, the growing one last."""
        return self.people if self.growing is None else (*self.people, self.growing)


def find_barrier(matter: Matter, helper: Helper) -> Barrier | None:
    """Why this person must not be asked this question now; None when they may be (domain 3.4).

    At the hard cap, twice the soft one, a person is full: one more would be over it.
    """
    if helper.person == matter.asker:
        return "asker"
    if helper.opted_out or not helper.opted_out_of.isdisjoint(matter.subjects):
        return "opted_out"
    if helper.away:
        return "away"
    if helper.paused:
        return "paused"
    if helper.quiet_hours:
        return "quiet_hours"
    if helper.presence == "off_hours" and not matter.can_wait:
        return "off_hours"
    if helper.soft_cap is not None and helper.asks >= 2 * helper.soft_cap:
        return "over_cap"
    if helper.declined:
        return "declined"
    if helper.already_asked:
        return "already_asked"
    if matter.anonymous and helper.manages_asker:
        return "manages_asker"
    return None


def weigh_load(asks: int, soft_cap: int | None) -> float:
    """L = e^(-max(0, asks - cap) / 2) with the asks of 5 working days (domain 3.4)."""
    if soft_cap is None:
        return 1.0
    return exp(-max(0, asks - soft_cap) / 2.0)


def weigh_fairness(asks: int, answers_per_week: float) -> float:
    """F = e^(-.2 max(0, asks / (.5 + own answers per week) - .5)), with the asks of 7 days.

    It stands for 1 / (1 + asks / mean asks) of domain 3.4, and is the "rate penalty" of retrieval
    3. Balancing people absolutely sends questions to those who seldom answer, and was measured to
    cost far more (a large chat: hit@5 .40 against .65). Relative to what a person answers anyway,
    it cuts the busiest person's share and leaves hit@5 where it was. The factor was .3 there; as
    `choose` spreads the load too, .2 is enough: busiest share .46, with .3 it is .44 (and
    hit@5 .654), without any .51.
    """
    return exp(-PENALTY * max(0.0, asks / (0.5 + answers_per_week) - PENALTY_FREE))


def weigh_hour(by_hour: Sequence[int], hour: int) -> float:
    """The root of the share of a person's answers that fell in this and the next two hours.

    `by_hour` has 24 counts by hour of the day in UTC. In a chat with one channel the hour says
    more than the text (retrieval 3): without it hit@5 is .636.
    """
    ahead = sum(by_hour[(hour + step) % 24] for step in range(HOURS_AHEAD))
    return sqrt((ahead + HOUR_PRIOR * HOURS_AHEAD / 24) / (sum(by_hour) + HOUR_PRIOR))


class History:
    """Who answered what in one workspace, and who was asked when: in memory, fed as it happens.

    The same facts give the same ranking in whichever order they were learnt, but for rounding.
    Not safe for threads that learn at the same time.
    """

    def __init__(self, tempo: Tempo = CHAT) -> None:
        self._tempo = tempo
        self._vote_rate = log(2.0) / tempo.votes.total_seconds()
        self._words = WordMatch()
        self._rows: dict[str, int] = {}
        self._times: list[float] = []  # by row: when the question was asked
        self._answerers: list[dict[str, None]] = []  # by row
        self._recent: FadingCounts[str] = FadingCounts(tempo.recent)
        self._active: FadingCounts[str] = FadingCounts(ACTIVE_HALF_LIFE)
        self._by_hour: dict[str, list[int]] = {}
        self._subjects: dict[str, FadingCounts[str]] = {}
        self._answers: dict[str, Counter[str]] = {}  # by subject
        self._asks: dict[str, list[float]] = defaultdict(list)
        self._learnt = 0  # answers

    def learn(self, matter: Matter) -> None:
        """Take in the answers of a question.

        Learn it again when it has more: what is known already is not counted twice. Answers by the
        asker count for nothing.

        Raises:
            ValueError: a time has no zone.
        """
        answers = [given for given in matter.answers if given.person != matter.asker]
        if not answers:
            return
        row = self._rows.get(matter.id)
        if row is None:
            counts = Counter(fold_words(clip(matter.text, 20_000)))
            for word in fold_words(clip(matter.title, 1_000)):
                counts[word] += 3
            self._words.add(counts)
            row = self._rows[matter.id] = len(self._times)
            self._times.append(_seconds(matter.at))
            self._answerers.append({})
        for given in answers:
            if given.person in self._answerers[row]:
                continue
            self._answerers[row][given.person] = None
            at = _seconds(given.at)
            self._learnt += 1
            self._recent.add(given.person, at)
            self._active.add(given.person, at)
            self._by_hour.setdefault(given.person, [0] * 24)[_hour(at)] += 1
            for subject in dict.fromkeys(matter.subjects):
                if subject not in self._subjects:
                    self._subjects[subject] = FadingCounts(self._tempo.votes)
                    self._answers[subject] = Counter()
                self._subjects[subject].add(given.person, at)
                self._answers[subject][given.person] += 1

    def asked(self, person: str, at: datetime) -> None:
        """Note that the person was asked something; it makes them a little less likely for a week.

        Raises:
            ValueError: the time has no zone.
        """
        asks = self._asks[person]
        insort(asks, _seconds(at))
        del asks[: bisect_left(asks, asks[-1] - PENALTY_WINDOW.total_seconds())]

    def forget(self, person: str) -> None:
        """Lose everything about the person; what others answered stays."""
        self._recent.forget(person)
        self._active.forget(person)
        self._by_hour.pop(person, None)
        self._asks.pop(person, None)
        for faded in self._subjects.values():
            faded.forget(person)
        for plain in self._answers.values():
            plain.pop(person, None)
        for answerers in self._answerers:
            answerers.pop(person, None)

    def rank(self, matter: Matter, at: datetime, helpers: Iterable[Helper]) -> list[Candidate]:
        """Everybody of `helpers` who may be asked and for whom anything speaks, best first.

        People behind a barrier are left out before anything is computed, and so are people of
        whom nothing is known that has to do with questions: they never said that they would help.
        Equal ones come by id; the order of `helpers` plays no part.

        Raises:
            ValueError: a person comes twice, or a time has no zone.
        """
        now = _seconds(at)
        eligible: dict[str, Helper] = {}
        seen: set[str] = set()
        for helper in helpers:
            if helper.person in seen:
                raise ValueError(f"{helper.person} comes twice among the helpers")
            seen.add(helper.person)
            if find_barrier(matter, helper) is None:
                eligible[helper.person] = helper
        similar, votes = self._vote(matter, now)
        on_subject, by_subject = self._count_subjects(matter, now)
        recent, active = self._recent.relative, self._active.relative
        recent_now, active_now = self._recent.scale(now), self._active.scale(now)
        per_week = recent_now * log(2.0) / (self._tempo.recent / timedelta(days=7))
        trust = self._learnt / (self._learnt + CONFIDENT_ANSWERS)
        # What each part is divided by. One answer this minute is the least that counts in full as
        # being active: of people who were here last week none is.
        of_votes = _largest(votes, eligible)
        of_recent = _largest(recent, eligible)
        of_subject = _largest(by_subject, eligible)
        of_active = max(1.0 / active_now, _largest(active, eligible))
        hour = _hour(now)
        ranked: list[Candidate] = []
        for person, helper in eligible.items():
            answers, activity = recent.get(person, 0.0), active.get(person, 0.0)
            expertise = helper.expertise
            relevance = trust * (
                votes.get(person, 0.0) / of_votes
                + RECENT_WEIGHT * answers / of_recent
                + SUBJECT_WEIGHT * by_subject.get(person, 0.0) / of_subject
                + ACTIVE_WEIGHT * activity / of_active
            )
            if expertise is not UNKNOWN:
                relevance += PROVEN_WEIGHT * expertise.proven + VOUCHED_WEIGHT * expertise.vouched
            if self._tempo.minds_hours:
                relevance *= weigh_hour(self._by_hour.get(person, _NO_HOURS), hour)
            relevance += NAMED_WEIGHT * (person in matter.named)
            if relevance <= 0.0:
                continue
            weight = (
                (relevance + EPSILON)
                * AVAILABILITY[helper.presence]
                * weigh_load(helper.asks, helper.soft_cap)
                * weigh_fairness(self._count_asks(person, now), answers * per_week)
            )
            if weight <= 0.0:
                continue
            why = Why(
                named=person in matter.named,
                similar=similar.get(person, 0),
                on_subject=on_subject.get(person, 0),
                level=expertise.level,
                endorsed=expertise.endorsements > 0,
                active_now=activity * active_now >= 0.5,
            )
            ranked.append(Candidate(person, weight, relevance, _stand(helper, at, why), why))
        ranked.sort(key=lambda candidate: (-candidate.weight, candidate.person))
        return ranked

    def _vote(self, matter: Matter, now: float) -> tuple[dict[str, int], dict[str, float]]:
        """How many quite similar questions each answered, and their votes.

        Each of the most similar earlier questions has one vote, its similarity (BM25), faded by
        its age, and shares it among those who answered. Word vectors in its place or beside it
        were tried and gained nothing.
        """
        scores, _ = self._words.score(
            fold_words(clip(f"{matter.title} {matter.text}".strip(), 4_000))
        )
        own = self._rows.get(matter.id)
        if own is not None:
            scores[own] = 0.0
        rows = np.flatnonzero(scores)
        if len(rows) > SIMILAR_QUESTIONS:
            least = np.partition(scores[rows], -SIMILAR_QUESTIONS)[-SIMILAR_QUESTIONS]
            rows = rows[scores[rows] >= least]
        counts: dict[str, int] = defaultdict(int)
        votes: dict[str, float] = defaultdict(float)
        quite = max(QUITE_SIMILAR, 0.5 * float(scores.max(initial=0.0)))
        for row in rows.tolist():
            answerers = self._answerers[row]
            if not answerers:
                continue
            score = float(scores[row])
            vote = score * exp(-self._vote_rate * max(0.0, now - self._times[row]))
            for person in answerers:
                votes[person] += vote / len(answerers)
                counts[person] += score >= quite
        return counts, votes

    def _count_subjects(
        self, matter: Matter, now: float
    ) -> tuple[Mapping[str, int], Mapping[str, float]]:
        """Each person's answers on the question's subjects, plain and faded."""
        plain: Counter[str] = Counter()
        faded: dict[str, float] = defaultdict(float)
        for subject in dict.fromkeys(matter.subjects):
            counts = self._subjects.get(subject)
            if counts is None:
                continue
            plain.update(self._answers[subject])
            scale = counts.scale(now)
            for person, count in counts.relative.items():
                faded[person] += count * scale
        return plain, faded

    def _count_asks(self, person: str, now: float) -> int:
        """How often the person was asked in the 7 days before `now`."""
        asks = self._asks.get(person)
        if not asks:
            return 0
        since = now - PENALTY_WINDOW.total_seconds()
        return bisect_right(asks, now) - bisect_right(asks, since)


_NO_HOURS = (0,) * 24


def _seconds(at: datetime) -> float:
    if at.tzinfo is None:
        raise ValueError("times in routing have a zone")
    return at.timestamp()


def _hour(seconds: float) -> int:
    return int(seconds % _DAY // 3600)


def _largest(values: Mapping[str, float], people: Mapping[str, object]) -> float:
    """The largest value of these people, 1.0 when there is none above 0."""
    return max((value for person, value in values.items() if person in people), default=0.0) or 1.0


def _stand(helper: Helper, at: datetime, why: Why) -> Standing:
    if why.on_subject >= PROVEN_ANSWERS:
        return "experienced"
    if helper.expertise.level == "learning":
        return "learning"
    if helper.declared_at is not None and at - helper.declared_at < NEW_FOR:
        return "new"
    return "experienced"


def choose(ranked: Sequence[Candidate], count: int, seed: str, wave: int = 1) -> Picks:
    """Draw `count` of the ranked people, as many as there are when fewer.

    Drawn without replacement with a chance in proportion to weight squared (domain 3.4), among
    the best six (those as good as the sixth included, and never fewer than `count`). Always taking
    the best makes one person the help desk; drawing among everybody misses more. Of two pings, the
    share of questions where one reached somebody who answered, and the busiest person's share:
    .47 and .56 with the two best, .405 and .46 this way, .35 and .37 among everybody; always those
    who answered most lately, .39 and .795.

    Who is learning is drawn only if nobody else is there. But in a tenth of first waves one
    learning or newly declared person comes on top, if somebody experienced was drawn.

    The seed decides: build it from the question's id and the wave, and a retry draws the same.
    """
    random = Random(seed)
    growing_too = random.random() < GROWING_SHARE and wave == 1
    others = [candidate for candidate in ranked if candidate.standing != "learning"]
    people = _draw(random, _shortlist(others or ranked, count), count)
    growing: tuple[Candidate, ...] = ()
    if growing_too and any(candidate.standing == "experienced" for candidate in people):
        drawn = {candidate.person for candidate in people}
        growing = _draw(
            random,
            [
                candidate
                for candidate in ranked
                if candidate.standing != "experienced" and candidate.person not in drawn
            ],
            1,
        )
    return Picks(people, growing[0] if growing else None)


def _shortlist(ranked: Sequence[Candidate], count: int) -> Sequence[Candidate]:
    ordered = sorted(ranked, key=lambda candidate: (-candidate.weight, candidate.person))
    size = max(SHORTLIST, count)
    if len(ordered) <= size:
        return ordered
    least = ordered[size - 1].weight * (1 - 1e-9)
    return [candidate for candidate in ordered if candidate.weight >= least]


def _draw(random: Random, pool: Sequence[Candidate], count: int) -> tuple[Candidate, ...]:
    left = list(pool)
    drawn: list[Candidate] = []
    while left and len(drawn) < count:
        # Divided by the largest first: the square of a tiny weight would be 0.
        largest = max(candidate.weight for candidate in left)
        chances = [(candidate.weight / largest) ** 2 for candidate in left]
        place = random.choices(range(len(left)), chances)[0]
        drawn.append(left.pop(place))
    return tuple(drawn)
