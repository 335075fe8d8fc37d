"""What readers say of content and are shown under it, in tables."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    delete,
    func,
    select,
)

from bot.capabilities.library.ports import Answered, Answers, Asked, Missed, Signal
from bot.capabilities.questions.model import SUGGESTED_STATES, ArticleState
from bot.capabilities.questions.model import State as QuestionState
from bot.capabilities.questions.name import hide_names
from bot.capabilities.quizzes.model import State
from bot.ids import ArticleId, PersonId, QuestionId, TopicId, WorkspaceId
from bot.pack.flag import Retaken, Share
from bot.search import Entry
from storage.given import Reader
from storage.library_tables import (
    content_answers,
    content_listeners,
    content_readers,
    content_signals,
)
from storage.people import SqlPeople
from storage.question_tables import articles, questions, topics
from storage.quiz_tables import attempts, responses
from storage.row import add_new, among, put
from storage.seal import Seal

_READY = frozenset({ArticleState.PUBLISHED, ArticleState.NEEDS_REVIEW})
"""A steward stands behind them."""
MOST_UNSAID = 300
"""Questions of a topic that are held against each other, at most: the newest."""
MOST_MERGES = 10
"""Entries that were merged into each other, one after another, at most."""


_QUESTIONS = select(
    questions.c.id,
    questions.c.number,
    questions.c.text,
    questions.c.asked_at,
    questions.c.asker,
).order_by(questions.c.asked_at.desc(), questions.c.number.desc())


class SqlLibrary:
    """`bot.capabilities.library.ports.Library` in tables."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    def note_reader(
        self, workspace: WorkspaceId, section: str, version: str, person: PersonId, at: datetime
    ) -> None:
        """Count that somebody opened a version of a section: once, and without keeping who."""
        add_new(
            self._connection,
            content_readers,
            {
                "fingerprint": self._seal.fingerprint("read", person, section, version),
                "workspace": workspace,
                "section": section,
                "at": at,
            },
        )

    def readers_among(
        self, section: str, version: str, people: Sequence[PersonId]
    ) -> frozenset[PersonId]:
        """Which of these people have opened a version of a section."""
        marks = {self._seal.fingerprint("read", one, section, version): one for one in people}
        theirs = among(self._connection.dialect.name, content_readers.c.fingerprint, "marks")
        rows = self._connection.execute(
            select(content_readers.c.fingerprint).where(theirs), {"marks": list(marks)}
        )
        return frozenset(marks[mark] for mark in rows.scalars())

    def readers(
        self, workspace: WorkspaceId, section: str, since: datetime, until: datetime
    ) -> int:
        """How many opened it from `since` on and before `until`."""
        count: int = self._connection.execute(
            select(func.count()).where(
                content_readers.c.workspace == workspace,
                content_readers.c.section == section,
                content_readers.c.at >= since,
                content_readers.c.at < until,
            )
        ).scalar_one()
        return count

    def note_unclear(
        self, workspace: WorkspaceId, about: str, version: str, person: PersonId, at: datetime
    ) -> bool:
        """Count that somebody does not understand a version of a thing: once, and without
        keeping who. False if they have said so before."""
        return self._note(
            workspace,
            about,
            at,
            fingerprint=self._seal.fingerprint("unclear", person, about, version),
        )

    def note_question(
        self,
        workspace: WorkspaceId,
        about: str,
        question: QuestionId,
        at: datetime,
        *,
        counts: bool,
    ) -> None:
        """Keep that a question is about a thing."""
        self._note(workspace, about, at, question=question, counts=counts)

    def _note(
        self,
        workspace: WorkspaceId,
        about: str,
        at: datetime,
        *,
        question: QuestionId | None = None,
        fingerprint: str | None = None,
        counts: bool = True,
    ) -> bool:
        return add_new(
            self._connection,
            content_signals,
            {
                "workspace": workspace,
                "about": about,
                "at": at,
                "question": question,
                "fingerprint": fingerprint,
                "counts": counts,
            },
        )

    def signals(
        self, workspace: WorkspaceId, about: str, since: datetime, until: datetime
    ) -> Sequence[Signal]:
        """From `since` on and before `until`, in order."""
        rows = self._connection.execute(
            select(content_signals.c.at, content_signals.c.question, content_signals.c.counts)
            .where(
                content_signals.c.workspace == workspace,
                content_signals.c.about == about,
                content_signals.c.at >= since,
                content_signals.c.at < until,
            )
            .order_by(content_signals.c.at, content_signals.c.id)
        )
        return [Signal(**row._mapping) for row in rows]

    def asked(self, wanted: Collection[QuestionId]) -> Sequence[Asked]:
        """Those of the questions that were not withdrawn, the last asked first."""
        which = _QUESTIONS.where(
            among(self._connection.dialect.name, questions.c.id, "wanted"),
            questions.c.state != QuestionState.WITHDRAWN,
        )
        return self._unnamed(self._connection.execute(which, {"wanted": list(wanted)}).all())

    def unsaid(self, workspace: WorkspaceId, topic: TopicId, since: datetime) -> Sequence[Asked]:
        """Questions about a topic from `since` on of which no entry of the FAQ was made and
        which none settled, the last asked first, as many as can be held against each other."""
        made = select(articles.c.id).where(
            articles.c.question == questions.c.id, articles.c.state.in_(sorted(SUGGESTED_STATES))
        )
        which = _QUESTIONS.where(
            questions.c.workspace == workspace,
            questions.c.topic == topic,
            questions.c.asked_at >= since,
            questions.c.state.not_in([QuestionState.WITHDRAWN, QuestionState.SELF_SOLVED]),
            ~made.exists(),
        )
        return self._unnamed(self._connection.execute(which.limit(MOST_UNSAID)).all())

    def entries(self, workspace: WorkspaceId, topic: TopicId) -> Sequence[Entry]:
        """What may be found about a topic in the FAQ."""
        rows = self._connection.execute(
            select(articles.c.id, articles.c.title, articles.c.text)
            .where(
                articles.c.workspace == workspace,
                articles.c.topic == topic,
                articles.c.state.in_(sorted(SUGGESTED_STATES)),
            )
            .order_by(articles.c.id)
        )
        return [Entry(row.id, row.title, row.text) for row in rows]

    def _unnamed(self, rows: Sequence[Any]) -> Sequence[Asked]:
        # Who asks without a name cannot have written it: that was refused.
        people = SqlPeople(self._connection).several({row.asker for row in rows if row.asker})

        def unnamed(text: str, asker: str | None) -> str:
            return hide_names(text, [p for p in people if p.id == asker])

        return [
            Asked(row.id, row.number, unnamed(row.text, row.asker), row.asked_at) for row in rows
        ]

    def attach(
        self,
        workspace: WorkspaceId,
        about: str,
        question: QuestionId,
        article: ArticleId,
        at: datetime,
    ) -> None:
        """Show an entry of the FAQ under a thing from now on."""
        put(
            self._connection,
            content_answers,
            {
                "workspace": workspace,
                "about": about,
                "question": question,
                "article": article,
                "at": at,
            },
        )

    def answers(
        self, workspace: WorkspaceId, about: Sequence[str], limit: int
    ) -> Sequence[Answered]:
        """What is attached to things and may be shown to everybody, each entry once; what a
        steward stands behind first, then the newest."""
        attached = self._connection.execute(
            select(content_answers.c.article)
            .where(content_answers.c.workspace == workspace, content_answers.c.about.in_(about))
            .order_by(content_answers.c.at.desc(), content_answers.c.question)
        ).scalars()
        found: dict[str, Answered] = {}
        for article in attached:
            answered = self._answered(workspace, article)
            if answered is not None:
                found.setdefault(answered.article, answered)
        return sorted(found.values(), key=lambda answered: not answered.verified)[:limit]

    def is_any(self, workspace: WorkspaceId, thing: str) -> bool:
        """`bot.pack.attached.Attached`: whether everybody may see an answer under a thing."""
        return bool(self.answers(workspace, [thing], 1))

    def _answered(self, workspace: WorkspaceId, article: str, merges: int = 0) -> Answered | None:
        """The entry that stands for an article now, if everybody may be shown it."""
        row = self._connection.execute(
            select(articles, topics.c.regulated)
            .outerjoin(
                topics,
                and_(topics.c.workspace == articles.c.workspace, topics.c.id == articles.c.topic),
            )
            .where(articles.c.id == article, articles.c.workspace == workspace)
        ).one_or_none()
        if row is None:
            return None
        if row.merged_into is not None and merges < MOST_MERGES:
            return self._answered(workspace, row.merged_into, merges + 1)
        verified = row.state in _READY
        # In a regulated topic nothing is shown that no second person has verified.
        if row.state not in SUGGESTED_STATES or (row.regulated and not verified):
            return None
        return Answered(row.id, row.title, row.text, row.author, verified, row.topic)

    def listen(self, workspace: WorkspaceId, about: str, person: PersonId, at: datetime) -> None:
        """Tell the person when the thing was changed."""
        add_new(
            self._connection,
            content_listeners,
            {"workspace": workspace, "about": about, "person": person, "at": at},
        )

    def listens(self, about: str, person: PersonId) -> bool:
        """Whether the person wants to be told."""
        return about in self.listening(person)

    def take_listeners(self, workspace: WorkspaceId, about: str) -> Sequence[PersonId]:
        """Who wanted to be told; they are forgotten here by that."""
        which = and_(content_listeners.c.workspace == workspace, content_listeners.c.about == about)
        people = self._connection.execute(
            select(content_listeners.c.person).where(which).order_by(content_listeners.c.person)
        )
        found = list(people.scalars())
        self._connection.execute(delete(content_listeners).where(which))
        return found

    def listening(self, person: PersonId) -> Sequence[str]:
        """What a person wants to be told of."""
        things = self._connection.execute(
            select(content_listeners.c.about)
            .where(content_listeners.c.person == person)
            .order_by(content_listeners.c.about)
        )
        return list(things.scalars())

    def forget(self, person: PersonId) -> None:
        """The person has left: they want to be told of nothing."""
        self._connection.execute(
            delete(content_listeners).where(content_listeners.c.person == person)
        )

    def missed(self, person: PersonId, items: Collection[str]) -> Missed | None:
        """Which of the items the person was wrong about last, if they were not right since."""
        rows = self._connection.execute(
            select(
                responses.c.item,
                responses.c.raw,
                responses.c.right,
                responses.c.needs_person,
                attempts.c.quiz,
                attempts.c.start,
            )
            .join(attempts, attempts.c.id == responses.c.attempt)
            .where(
                attempts.c.person == person,
                attempts.c.state != State.VOIDED,
                responses.c.struck.is_(False),
                among(self._connection.dialect.name, responses.c.item, "items"),
            )
            .order_by(responses.c.answered_at.desc()),
            {"items": list(items)},
        )
        seen: set[str] = set()
        for row in rows:
            if row.item in seen:
                continue
            seen.add(row.item)
            if not row.right and not row.needs_person and row.start is not None:
                return Missed(row.item, row.quiz, row.start["quiz_version"], row.raw)
        return None

    def given(self, workspace: WorkspaceId, quiz: str) -> Answers:
        """All that was answered at a quiz and counts for statistics."""
        return Reader(self._connection, workspace, quiz).read()

    def retaken(
        self, workspace: WorkspaceId, quiz: str, since: datetime, until: datetime
    ) -> Retaken:
        """What was answered in re-takes of a quiz from `since` on and before `until`."""
        rows = self._connection.execute(
            select(responses.c.item, responses.c.seen_before, attempts.c.start, attempts.c.person)
            .join(attempts, attempts.c.id == responses.c.attempt)
            .where(
                attempts.c.workspace == workspace,
                attempts.c.quiz == quiz,
                attempts.c.state != State.VOIDED,
                responses.c.struck.is_(False),
                responses.c.scored.is_(True),
                responses.c.needs_person.is_(False),
                responses.c.answered_at >= since,
                responses.c.answered_at < until,
            )
        )
        shown: Counter[str] = Counter()
        repeated: Counter[str] = Counter()
        people: set[str] = set()
        for row in rows:
            if row.start and not row.start.get("first", True):
                shown[row.item] += 1
                repeated[row.item] += bool(row.seen_before)
                people.add(row.person)
        return Retaken({item: (n, repeated[item]) for item, n in shown.items()}, len(people))

    def right(
        self,
        workspace: WorkspaceId,
        items: Collection[str],
        since: datetime,
        until: datetime,
        *,
        first: bool,
    ) -> Share:
        """How many answers to the items from `since` on and before `until` were right, in first
        attempts or in re-takes."""
        rows = self._connection.execute(
            select(responses.c.right, attempts.c.start, attempts.c.person)
            .join(attempts, attempts.c.id == responses.c.attempt)
            .where(
                attempts.c.workspace == workspace,
                attempts.c.state != State.VOIDED,
                responses.c.struck.is_(False),
                responses.c.scored.is_(True),
                responses.c.needs_person.is_(False),
                responses.c.seen_before.is_(False),
                responses.c.answered_at >= since,
                responses.c.answered_at < until,
                among(self._connection.dialect.name, responses.c.item, "items"),
            ),
            {"items": list(items)},
        )
        told = [row for row in rows if row.start and row.start.get("first", True) is first]
        people = {row.person for row in told}
        return Share(sum(row.right for row in told), len(told), len(people))
