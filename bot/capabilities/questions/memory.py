"""What search and routing remember of the store: one index a workspace, kept in step.

The indexes are caches in the process. Each row they hold has a revision that grows in
commit order; before every look-up the rows changed since the last one are read. A
change that was rolled back has no revision, so it never gets in. Any number of
processes may hold a memory of the same store.
"""

import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from math import sqrt
from typing import TypeAlias

from bot.capabilities.questions.model import PastQuestion, Tally
from bot.capabilities.questions.ports import Stores
from bot.capabilities.questions.routing import Candidate, Given, Helper, History, Matter
from bot.ids import ArticleId, PersonId, QuestionId, TopicId, WorkspaceId
from bot.search import Entry, Hit, TextIndex, Thresholds, Vectors, calibrate
from bot.topic import Topic

NEAR = 0.05
"""Entries whose scores differ by less are ordered by how often they worked."""
BATCH = 500
"""Articles are read so many at a time, so that a large FAQ is never in memory twice."""
ASKS_REMEMBERED = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An article that may answer. `is_answer`: good enough to be shown as the answer."""

    article: ArticleId
    score: float
    is_answer: bool


@dataclass
class _Workspace:
    """Of a workspace that has neither articles nor answers yet, nothing is built: the index
    and the history take 20 MB with what they are made with."""

    vectors: Callable[[], Vectors | None]
    article_revision: int = 0
    past_revision: int = 0
    answered: set[PersonId] = field(default_factory=set)
    asked: dict[tuple[QuestionId, PersonId], datetime] = field(default_factory=dict)

    @cached_property
    def articles(self) -> TextIndex:
        return TextIndex(self.vectors())

    @cached_property
    def history(self) -> History:
        return History()


def rate_worked(tally: Tally) -> float:
    """The lower end of the 95 % Wilson interval of "it worked" (product.md N4).

    0 when nobody has said yet. Wilson 1927, J. Am. Stat. Assoc. 22, 209-212.
    """
    n, z = tally.tried, 1.96
    if n == 0:
        return 0.0
    p = tally.worked / n
    centre = p + z * z / (2 * n)
    margin = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (centre - margin) / (1 + z * z / n)


VectorsOrLoader: TypeAlias = Vectors | Callable[[], Vectors | None] | None
"""Word vectors, none, or what loads them when they are needed first."""


class Memory:
    """Search over articles and the history of answers, for all workspaces of a process.

    Safe to call from any thread; calls about the indexes wait for each other.
    """

    def __init__(self, vectors: VectorsOrLoader = None) -> None:
        self._vectors = vectors
        self._lock = threading.RLock()
        self._workspaces: dict[WorkspaceId, _Workspace] = {}

    def suggest(
        self, work: Stores, workspace: WorkspaceId, text: str, limit: int = 3
    ) -> list[Suggestion]:
        """Articles worth offering for these words, best first; none when none is near.

        Of entries about equally near, the one that worked more often comes first.
        """
        with self._lock:
            index = self._articles(work, workspace)
            hits = index.search(text, limit=limit)
            thresholds = self._thresholds(work, workspace, index)
        hits = [hit for hit in hits if hit.score >= thresholds.suggest]
        hits = _by_evidence(work, hits)
        return [
            Suggestion(
                article=ArticleId(hit.id),
                score=hit.score,
                is_answer=place == 0 and hit.score >= thresholds.answer,
            )
            for place, hit in enumerate(hits)
        ]

    def look_up(
        self, work: Stores, workspace: WorkspaceId, words: str, limit: int = 5
    ) -> list[ArticleId]:
        """Articles that have to do with these words, best first: for somebody who searches
        and will judge for themselves, and so from a fifth of the likeness on that a
        suggestion needs."""
        with self._lock:
            index = self._articles(work, workspace)
            hits = index.search(words, limit=limit)
            least = index.thresholds.suggest / 5
        return [ArticleId(hit.id) for hit in hits if hit.score >= least]

    def similar(self, work: Stores, workspace: WorkspaceId, text: str) -> list[ArticleId]:
        """Articles so near that the same thing was asked."""
        return [
            suggestion.article
            for suggestion in self.suggest(work, workspace, text)
            if suggestion.is_answer
        ]

    def classify(self, work: Stores, workspace: WorkspaceId, text: str) -> TopicId | None:
        """The topic that the words are about: named in them, or that of near articles."""
        topics = work.topics.every(workspace)
        scores: dict[TopicId, float] = defaultdict(float)
        for topic in topics:
            scores[topic.id] = max((_names(name, text) for name in _called(topic)), default=0.0)
        known = {topic.id for topic in topics}
        for suggestion in self.suggest(work, workspace, text, limit=5):
            article = work.articles.get(suggestion.article)
            if article is not None and article.topic in known:
                scores[article.topic] += suggestion.score
        best = max(scores, key=lambda topic: (scores[topic], topic), default=None)
        return best if best is not None and scores[best] > 0 else None

    def rank(
        self,
        work: Stores,
        workspace: WorkspaceId,
        matter: Matter,
        now: datetime,
        helpers: Iterable[Helper],
    ) -> list[Candidate]:
        """Who may be asked, best first; see `History.rank`."""
        with self._lock:
            memory = self._past(work, workspace)
            for offer in work.questions.offers_since(workspace, now - ASKS_REMEMBERED):
                key = (offer.question, offer.person)
                if key not in memory.asked:
                    memory.asked[key] = offer.at
                    memory.history.asked(offer.person, offer.at)
            gone = [key for key, at in memory.asked.items() if at < now - 2 * ASKS_REMEMBERED]
            for key in gone:
                del memory.asked[key]
            return memory.history.rank(matter, now, helpers)

    def answered_before(self, work: Stores, workspace: WorkspaceId) -> frozenset[PersonId]:
        """Everybody who has answered a question here."""
        with self._lock:
            return frozenset(self._past(work, workspace).answered)

    def _of(self, workspace: WorkspaceId) -> _Workspace:
        found = self._workspaces.get(workspace)
        if found is None:
            found = self._workspaces[workspace] = _Workspace(self._load)
        return found

    def _load(self) -> Vectors | None:
        if callable(self._vectors):
            self._vectors = self._vectors()
        return self._vectors

    def warm(self, work: Stores, workspace: WorkspaceId) -> bool:
        """Read the next few hundred articles; False when none was left.

        Called again and again at the start, each time in a transaction of its own, so that
        nobody has to wait while a large FAQ is read.
        """
        with self._lock:
            self._past(work, workspace)
            return self._read_on(work, workspace)

    def rest(self) -> None:
        """Give back what only a look-up needs. The next one is 50 ms slower."""
        with self._lock:
            if isinstance(self._vectors, Vectors):
                self._vectors.rest()

    def forget(self) -> None:
        """Throw the indexes away: what they were read from may not have been kept.

        They are read anew at the next look-up.
        """
        with self._lock:
            self._workspaces.clear()

    def _articles(self, work: Stores, workspace: WorkspaceId) -> TextIndex:
        while self._read_on(work, workspace):
            pass
        return self._of(workspace).articles

    def _read_on(self, work: Stores, workspace: WorkspaceId) -> bool:
        memory = self._of(workspace)
        rows = work.articles.indexed_since(workspace, memory.article_revision, BATCH)
        for row in rows:
            if row.suggested:
                memory.articles.add(
                    Entry(
                        id=row.article,
                        title=row.title,
                        text=row.text,
                        phrasings=row.phrasings,
                    )
                )
            elif row.article in memory.articles:
                memory.articles.remove(row.article)
            memory.article_revision = row.revision
        return len(rows) == BATCH

    def _past(self, work: Stores, workspace: WorkspaceId) -> _Workspace:
        memory = self._of(workspace)
        for past in work.questions.past_since(workspace, memory.past_revision):
            memory.history.learn(matter_of(past))
            memory.answered.update(answer.person for answer in past.answers)
            memory.past_revision = past.revision
        return memory

    def _thresholds(self, work: Stores, workspace: WorkspaceId, index: TextIndex) -> Thresholds:
        """This workspace's own, once its people have tapped often enough; else the shipped."""
        shipped = index.thresholds
        answer = calibrate(work.articles.confirmations(workspace))
        if answer is None:
            return shipped
        return Thresholds(answer=max(answer, shipped.suggest), suggest=shipped.suggest)


def matter_of(past: PastQuestion) -> Matter:
    """A past question as routing learns it."""
    return Matter(
        id=past.id,
        at=past.at,
        asker=past.asker,
        text=past.text,
        subjects=(past.topic,) if past.topic else (),
        answers=tuple(
            Given(person=answer.person, at=answer.at, accepted=answer.accepted)
            for answer in past.answers
        ),
    )


def _called(topic: Topic) -> Sequence[str]:
    return (topic.title, topic.id.replace("-", " "), *topic.aliases)


def _names(name: str, text: str) -> float:
    """More than any likeness when the words name the topic; longer names say more."""
    pattern = r"(?<!\w)" + r"[\s_-]+".join(map(re.escape, name.casefold().split())) + r"(?!\w)"
    if not name.strip() or not re.search(pattern, text.casefold()):
        return 0.0
    return 1.0 + len(name) / 100


def _by_evidence(work: Stores, hits: Sequence[Hit]) -> list[Hit]:
    """Best first, where scores nearer than `NEAR` to the best of them count as equal."""
    ordered: list[Hit] = []
    left = list(hits)
    while left:
        near = [hit for hit in left if left[0].score - hit.score < NEAR]
        rates = {hit.id: rate_worked(work.articles.tally(ArticleId(hit.id))) for hit in near}
        ordered += sorted(near, key=lambda hit: (-rates[hit.id], -hit.score, hit.id))
        left = left[len(near) :]
    return ordered
