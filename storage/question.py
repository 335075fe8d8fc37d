"""Questions: their state, their events, what was said and who was asked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, or_, select, update

from bot.capabilities.questions.model import (
    OPEN_STATES,
    Decline,
    Event,
    Offer,
    OfferState,
    PastAnswer,
    PastQuestion,
    Question,
    State,
    Turn,
    TurnKind,
    Visibility,
)
from bot.errors import Conflict
from bot.ids import AnswerId, PersonId, QuestionId, TopicId, WorkspaceId
from storage.counter import advance
from storage.question_tables import (
    ask_counts,
    offers,
    question_events,
    questions,
    subscriptions,
    turns,
)
from storage.revision import Revisions
from storage.row import add_new, among, columns_of, insert_for, put, values_of
from storage.seal import Seal

_QUESTION = columns_of(questions, Question)
_EVENT = columns_of(question_events, Event)
_TURN = columns_of(turns, Turn)
_OFFER = columns_of(offers, Offer)

_BY_ID = select(*_QUESTION).where(questions.c.id == bindparam("question"))
_LOCK = select(questions).where(questions.c.id == bindparam("question")).with_for_update()
_ADD = insert(questions)
_REPLACE = update(questions).where(questions.c.id == bindparam("of_id"))
_ADD_EVENT = insert(question_events)
_ADD_TURN = insert(turns)

_LEARNED = ("state", "accepted", "topic", "text", "asker")
"""What routing learns from: a change of these gives an answered question a new revision."""

_NEEDED_NOBODY = {State.SELF_SOLVED, State.WITHDRAWN, State.DUPLICATE, State.SUGGESTED}
_WAITS_READ = 200
_UNNAMED = select(*_QUESTION).where(
    questions.c.workspace == bindparam("workspace"),
    questions.c.visibility == Visibility.ANONYMOUS,
)
_UNNAMED_OPEN = _UNNAMED.where(questions.c.state.in_(sorted(OPEN_STATES)))
_UNNAMED_SETTLED = _UNNAMED.where(
    questions.c.state.in_([State.ACCEPTED, State.CLOSED_UNCONFIRMED]),
    questions.c.asked_at >= bindparam("since"),
)


class SqlQuestions:
    """`bot.capabilities.questions.ports.QuestionStore` in tables."""

    def __init__(self, connection: Connection, revisions: Revisions, seal: Seal) -> None:
        self._connection = connection
        self._revisions = revisions
        self._seal = seal

    def next_number(self, workspace: WorkspaceId) -> int:
        """1, 2, 3 ... within the workspace; never given twice."""
        return advance(self._connection, workspace, "question")

    def add(self, question: Question) -> None:
        """Insert a new question."""
        self._connection.execute(_ADD, values_of(question))

    def get(self, question: QuestionId) -> Question | None:
        """The question of that id."""
        row = self._connection.execute(_BY_ID, {"question": question}).one_or_none()
        return None if row is None else Question(**row._mapping)

    def by_number(self, workspace: WorkspaceId, number: int) -> Question | None:
        """The question that people of the workspace know by that number."""
        row = self._connection.execute(
            select(*_QUESTION).where(
                questions.c.workspace == workspace, questions.c.number == number
            )
        ).one_or_none()
        return None if row is None else Question(**row._mapping)

    def askers(self, people: Sequence[PersonId], since: datetime) -> frozenset[PersonId]:
        """Which of these people have asked with their name since then."""
        theirs = among(self._connection.dialect.name, questions.c.asker, "people")
        rows = self._connection.execute(
            select(questions.c.asker).where(theirs, questions.c.asked_at >= since).distinct(),
            {"people": list(people)},
        )
        return frozenset(PersonId(person) for person in rows.scalars())

    def save(self, question: Question) -> Question:
        """Replace the version that was read; returns the value with its new version.

        Raises:
            Conflict: the question was changed since it was read.
        """
        before = self._connection.execute(_LOCK, {"question": question.id}).one_or_none()
        if before is None or before.version != question.version:
            raise Conflict
        saved = replace(question, version=question.version + 1)
        self._connection.execute(_REPLACE, values_of(saved) | {"of_id": question.id})
        # Without a revision it has no answer yet, or is to get a new one anyway.
        if before.revision is not None and any(
            getattr(before, name) != getattr(saved, name) for name in _LEARNED
        ):
            self._revisions.renew(questions, question.id)
        return saved

    def record(self, event: Event) -> None:
        """Append to the question's events."""
        self._connection.execute(_ADD_EVENT, values_of(event))

    def events(self, question: QuestionId) -> Sequence[Event]:
        """All events of a question in order."""
        rows = self._connection.execute(
            select(*_EVENT)
            .where(question_events.c.question == question)
            .order_by(question_events.c.id)
        )
        return [Event(**row._mapping) for row in rows]

    def add_turn(self, turn: Turn) -> None:
        """Append what somebody said."""
        self._connection.execute(_ADD_TURN, values_of(turn))
        if turn.kind is TurnKind.ANSWER and turn.author is not None:
            self._revisions.renew(questions, turn.question)

    def turn(self, turn: AnswerId) -> Turn | None:
        """The turn of that id."""
        row = self._connection.execute(select(*_TURN).where(turns.c.id == turn)).one_or_none()
        return None if row is None else Turn(**row._mapping)

    def turns(self, question: QuestionId) -> Sequence[Turn]:
        """All turns in order."""
        rows = self._connection.execute(
            select(*_TURN).where(turns.c.question == question).order_by(turns.c.position)
        )
        return [Turn(**row._mapping) for row in rows]

    def save_offer(self, offer: Offer) -> None:
        """Insert or replace the offer of this question to this person."""
        workspace = self._connection.execute(
            select(questions.c.workspace).where(questions.c.id == offer.question)
        ).scalar()
        put(self._connection, offers, values_of(offer) | {"workspace": workspace})

    def offers(self, question: QuestionId) -> Sequence[Offer]:
        """The question's offers, oldest first."""
        rows = self._connection.execute(
            select(*_OFFER)
            .where(offers.c.question == question)
            .order_by(offers.c.at, offers.c.wave, offers.c.person)
        )
        return [Offer(**row._mapping) for row in rows]

    def offers_since(self, workspace: WorkspaceId, since: datetime) -> Sequence[Offer]:
        """Everybody's offers made at or after `since`, oldest first."""
        rows = self._connection.execute(
            select(*_OFFER)
            .where(offers.c.workspace == workspace, offers.c.at >= since)
            .order_by(offers.c.at, offers.c.question, offers.c.person)
        )
        return [Offer(**row._mapping) for row in rows]

    def refusals(
        self, workspace: WorkspaceId, topic: TopicId
    ) -> Sequence[tuple[PersonId, datetime]]:
        """Who said "not my field" to a question of the topic, and when it was offered;
        oldest first."""
        rows = self._connection.execute(
            select(offers.c.person, offers.c.at)
            .join(questions, questions.c.id == offers.c.question)
            .where(
                questions.c.workspace == workspace,
                questions.c.topic == topic,
                offers.c.reason == Decline.NOT_MY_FIELD,
            )
            .order_by(offers.c.at, offers.c.person)
        )
        return [(person, at) for person, at in rows]

    def asked_by(self, person: PersonId, limit: int) -> Sequence[Question]:
        """The person's questions, newest first; anonymous ones are not known here."""
        rows = self._connection.execute(
            select(*_QUESTION)
            .where(questions.c.asker == person)
            .order_by(questions.c.asked_at.desc(), questions.c.number.desc())
            .limit(limit)
        )
        return [Question(**row._mapping) for row in rows]

    def offered_to(self, person: PersonId) -> Sequence[Question]:
        """Open questions with an open offer to the person, oldest first."""
        rows = self._connection.execute(
            select(*_QUESTION)
            .join(offers, offers.c.question == questions.c.id)
            .where(
                offers.c.person == person,
                offers.c.state == OfferState.OPEN,
                questions.c.state.in_(sorted(OPEN_STATES)),
            )
            .order_by(questions.c.asked_at, questions.c.number)
        )
        return [Question(**row._mapping) for row in rows]

    def held_by(self, person: PersonId) -> Sequence[Question]:
        """Questions claimed by the person and not closed yet, oldest first."""
        rows = self._connection.execute(
            select(*_QUESTION)
            .where(questions.c.claimed_by == person, questions.c.state.in_(sorted(OPEN_STATES)))
            .order_by(questions.c.asked_at, questions.c.number)
        )
        return [Question(**row._mapping) for row in rows]

    def answered_by(self, person: PersonId, since: datetime) -> Sequence[Question]:
        """Questions that the person answered and that changed since, newest first."""
        answered = [State.ANSWERED, State.ACCEPTED, State.CLOSED_UNCONFIRMED]
        rows = self._connection.execute(
            select(*_QUESTION)
            .where(
                questions.c.claimed_by == person,
                questions.c.state.in_(answered),
                questions.c.changed_at >= since,
            )
            .order_by(questions.c.changed_at.desc(), questions.c.number.desc())
        )
        return [Question(**row._mapping) for row in rows]

    def about(self, workspace: WorkspaceId, about: str) -> Sequence[Question]:
        """Those that were asked about exactly that, oldest first."""
        rows = self._connection.execute(
            select(*_QUESTION)
            .where(questions.c.workspace == workspace, questions.c.about == about)
            .order_by(questions.c.asked_at, questions.c.number)
        )
        return [Question(**row._mapping) for row in rows]

    def in_states(
        self,
        workspace: WorkspaceId,
        states: frozenset[State],
        limit: int,
        *,
        newest_first: bool = False,
        topics: Sequence[TopicId] | None = None,
    ) -> Sequence[Question]:
        which = select(*_QUESTION).where(
            questions.c.workspace == workspace, questions.c.state.in_(sorted(states))
        )
        if topics is not None:
            which = which.where(questions.c.topic.in_(topics))
        order = (questions.c.asked_at, questions.c.number)
        which = which.order_by(*((column.desc() for column in order) if newest_first else order))
        rows = self._connection.execute(which.limit(limit))
        return [Question(**row._mapping) for row in rows]

    def unnamed(self, workspace: WorkspaceId, since: datetime) -> Sequence[Question]:
        """All questions without their asker's name that are open, or were asked at or after
        `since` and answered and settled; oldest first."""
        # Two look-ups: over an OR SQLite reads all the questions of the workspace.
        rows = [
            *self._connection.execute(_UNNAMED_OPEN, {"workspace": workspace}),
            *self._connection.execute(_UNNAMED_SETTLED, {"workspace": workspace, "since": since}),
        ]
        found = (Question(**row._mapping) for row in rows)
        return sorted(found, key=lambda question: (question.asked_at, question.number))

    def count_ask(self, person: PersonId, day: date) -> int:
        """Count one more question of the person on that local day; returns the count."""
        who = self._seal.fingerprint("asked", person, day.isoformat())
        dialect = self._connection.dialect.name
        one = insert_for(dialect, ask_counts).values(fingerprint=who, day=day, count=1)
        count: int = self._connection.execute(
            one.on_conflict_do_update(
                index_elements=["fingerprint"], set_={"count": ask_counts.c.count + 1}
            ).returning(ask_counts.c.count)
        ).scalar_one()
        return count

    def waits(
        self, workspace: WorkspaceId, topic: TopicId | None, since: datetime, until: datetime
    ) -> Sequence[timedelta | None]:
        """How long each question of the topic waited for its first answer, newest first."""
        answered = and_(turns.c.question == questions.c.id, turns.c.kind == TurnKind.ANSWER)
        rows = self._connection.execute(
            select(questions.c.asked_at, func.min(turns.c.at).label("answered_at"))
            .outerjoin(turns, answered)
            .where(
                questions.c.workspace == workspace,
                questions.c.topic.is_not_distinct_from(topic),
                questions.c.asked_at >= since,
                questions.c.asked_at < until,
                questions.c.state.not_in(sorted(_NEEDED_NOBODY)),
            )
            .group_by(questions.c.id, questions.c.asked_at)
            .order_by(questions.c.asked_at.desc())
            .limit(_WAITS_READ)
        )
        return [row.answered_at and row.answered_at - row.asked_at for row in rows]

    def subscribe(self, question: QuestionId, other: QuestionId) -> None:
        """The asker of `other`, a duplicate, is told too what becomes of `question`."""
        add_new(self._connection, subscriptions, {"question": question, "other": other})

    def subscribers(self, question: QuestionId) -> Sequence[QuestionId]:
        """The duplicates, in the order in which they were subscribed."""
        return (
            self._connection.execute(
                select(subscriptions.c.other)
                .where(subscriptions.c.question == question)
                .order_by(subscriptions.c.position)
            )
            .scalars()
            .all()
        )

    def past_since(self, workspace: WorkspaceId, revision: int) -> Sequence[PastQuestion]:
        """Answered questions changed after `revision`, by revision.

        What this transaction itself has changed is not among them.
        """
        rows = self._connection.execute(
            select(
                questions.c.revision,
                questions.c.id,
                questions.c.asked_at,
                questions.c.text,
                questions.c.topic,
                questions.c.asker,
                questions.c.accepted,
                turns.c.id.label("turn"),
                turns.c.author,
                turns.c.at.label("said_at"),
            )
            .join(turns, turns.c.question == questions.c.id)
            .where(
                questions.c.workspace == workspace,
                questions.c.revision > revision,
                or_(turns.c.kind == TurnKind.ANSWER, turns.c.id == questions.c.accepted),
                turns.c.author.is_not(None),
                turns.c.author.is_distinct_from(questions.c.asker),
            )
            .order_by(questions.c.revision, turns.c.position)
        )
        past: dict[int, tuple[Any, dict[PersonId, PastAnswer]]] = {}
        for row in rows:
            answers = past.setdefault(row.revision, (row, {}))[1]
            first = answers.setdefault(row.author, PastAnswer(row.author, row.said_at))
            if row.turn == row.accepted:
                answers[row.author] = replace(first, accepted=True)
        return [
            PastQuestion(
                id=row.id,
                at=row.asked_at,
                text=row.text,
                topic=row.topic,
                asker=row.asker,
                answers=tuple(answers.values()),
                revision=row.revision,
            )
            for row, answers in past.values()
        ]
