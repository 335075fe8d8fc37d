"""Attempts, what was answered in them, and what follows from it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from bot.capabilities.quizzes.choosing import Seen
from bot.capabilities.quizzes.model import (
    DECIDED,
    UNDER_WAY,
    Attempt,
    Current,
    Ending,
    Event,
    Response,
    Start,
    State,
)
from bot.capabilities.quizzes.ports import Draft, Need
from bot.errors import Conflict
from bot.ids import AttemptId, PersonId, WorkspaceId
from storage.prepared import fetch
from storage.quiz_tables import (
    accommodations,
    attempt_events,
    attempts,
    exposures,
    responses,
)
from storage.row import among, columns_of, insert_for, put, values_of

_ATTEMPT = [attempts.c[f.name] for f in fields(Attempt) if f.name != "responses"]
_RESPONSE = columns_of(responses, Response)
_EVENT = columns_of(attempt_events, Event)
_START = TypeAdapter(Start)
_CURRENT = TypeAdapter(Current)
_ENDING = TypeAdapter(Ending)
_DRAFT = TypeAdapter(Draft)
_EXPOSURES = select(exposures.c.item, exposures.c.times).where(
    exposures.c.workspace == bindparam("in_workspace"),
    exposures.c.quiz == bindparam("of_quiz"),
    exposures.c.objective == bindparam("of_objective"),
)
_SEEN = (
    select(responses.c.attempt, responses.c.item, responses.c.shown_at)
    .join(attempts, attempts.c.id == responses.c.attempt)
    .where(attempts.c.person == bindparam("of_person"), attempts.c.quiz == bindparam("of_quiz"))
    .order_by(attempts.c.offered_at.desc(), attempts.c.id.desc(), responses.c.order)
)
"""The last attempt comes first."""
_NOT_OVER = UNDER_WAY | {State.OFFERED}
_REPLACE = update(attempts).where(
    attempts.c.id == bindparam("of_id"), attempts.c.version == bindparam("of_version")
)


class SqlAttempts:
    """`bot.capabilities.quizzes.ports.AttemptStore` in tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, attempt: Attempt) -> None:
        """Insert a new attempt."""
        self._connection.execute(insert(attempts), _row_of(attempt))

    def get(self, attempt: AttemptId) -> Attempt | None:
        """The attempt of that id."""
        return next(iter(self._find(attempts.c.id == attempt)), None)

    def save(self, attempt: Attempt, changed: Sequence[Response] = ()) -> Attempt:
        """Replace the version that was read; returns the value with its new version.

        Raises:
            Conflict: the attempt was changed since it was read, or another one of the person at
                this quiz is under way by now.
        """
        values = _row_of(attempt) | {"version": attempt.version + 1}
        try:
            replaced = self._connection.execute(
                _REPLACE, values | {"of_id": attempt.id, "of_version": attempt.version}
            )
        except IntegrityError as error:
            raise Conflict from error
        if replaced.rowcount != 1:
            raise Conflict
        for response in changed:
            put(self._connection, responses, {"attempt": attempt.id} | values_of(response))
        return replace(attempt, version=attempt.version + 1)

    def record(self, event: Event) -> None:
        """Append to the attempt's events."""
        self._connection.execute(insert(attempt_events), values_of(event))

    def events(self, attempt: AttemptId) -> Sequence[Event]:
        """All events of an attempt in order."""
        rows = self._connection.execute(
            select(*_EVENT).where(attempt_events.c.attempt == attempt).order_by(attempt_events.c.id)
        )
        return [Event(**row._mapping) for row in rows]

    def of(self, person: PersonId, quiz: str | None = None) -> Sequence[Attempt]:
        """All of a person, at one quiz if it is named; the last offered first."""
        where: list[ColumnElement[bool]] = [attempts.c.person == person]
        if quiz is not None:
            where.append(attempts.c.quiz == quiz)
        return sorted(self._find(*where), key=lambda a: (a.offered_at, a.id), reverse=True)

    def under_way(self, person: PersonId) -> Sequence[Attempt]:
        """Those of a person that are neither decided nor over, the last changed first."""
        found = self._find(attempts.c.person == person, attempts.c.state.in_(_NOT_OVER))
        return sorted(found, key=lambda a: (a.changed_at, a.id), reverse=True)

    def who_decided(
        self,
        quiz: str,
        people: Sequence[PersonId],
        since: datetime | None,
        states: Collection[State] = DECIDED,
    ) -> frozenset[PersonId]:
        """Which of these people have an attempt at the quiz that was decided so, not before
        `since`."""
        theirs = among(self._connection.dialect.name, attempts.c.person, "people")
        rows = self._connection.execute(
            select(attempts.c.person)
            .where(
                attempts.c.quiz == quiz,
                attempts.c.state.in_(sorted(states)),
                *([attempts.c.decided_at >= since] if since is not None else []),
                theirs,
            )
            .distinct(),
            {"people": list(people)},
        )
        return frozenset(PersonId(person) for person in rows.scalars())

    def with_item(
        self, workspace: WorkspaceId, quiz: str, item: str, limit: int
    ) -> Sequence[Attempt]:
        """Some of those in which the item counts, or stands before the person; without those
        that are void or given up."""
        here = and_(
            attempts.c.workspace == workspace,
            attempts.c.quiz == quiz,
            attempts.c.state.not_in({State.VOIDED, State.ABANDONED}),
        )
        counts = exists().where(
            responses.c.attempt == attempts.c.id,
            responses.c.item == item,
            responses.c.struck.is_(False),
        )
        ids = list(self._connection.scalars(select(attempts.c.id).where(here, counts).limit(limit)))
        before = select(attempts.c.id, attempts.c.current).where(
            here, attempts.c.current.is_not(None)
        )
        ids += [row.id for row in self._connection.execute(before) if row.current["item"] == item]
        return self._find(attempts.c.id.in_(ids[:limit]))

    def in_states(
        self,
        workspace: WorkspaceId,
        quiz: str,
        states: Collection[State],
        limit: int,
        begun_by: datetime,
        after: str = "",
    ) -> Sequence[Attempt]:
        """The next at a quiz in any of the states that were begun by then, by id from after
        `after` on."""
        ids = self._connection.execute(
            select(attempts.c.id)
            .where(
                attempts.c.workspace == workspace,
                attempts.c.quiz == quiz,
                attempts.c.state.in_(states),
                attempts.c.id > after,
                attempts.c.started_at <= begun_by,
            )
            .order_by(attempts.c.id)
            .limit(limit)
        ).scalars()
        return sorted(self._find(attempts.c.id.in_(list(ids))), key=lambda a: a.id)

    def quizzes_to_read(self, workspace: WorkspaceId) -> Sequence[str]:
        """The quizzes in which an answer waits for a person, by id."""
        waits = _waits(workspace, attempts.c.quiz).distinct().order_by(attempts.c.quiz)
        return self._connection.execute(waits).scalars().all()

    def waiting_for_person(
        self, workspace: WorkspaceId, quizzes: Sequence[str], limit: int
    ) -> Sequence[Attempt]:
        """Those at the quizzes with an answer that a person has to read, longest waiting first."""
        waits = (
            _waits(workspace, responses.c.attempt)
            .where(attempts.c.quiz.in_(quizzes))
            .order_by(responses.c.answered_at, responses.c.attempt)
            .limit(limit)
        )
        ids = list(dict.fromkeys(self._connection.execute(waits).scalars()))
        found = {attempt.id: attempt for attempt in self._find(attempts.c.id.in_(ids))}
        return [found[AttemptId(id_)] for id_ in ids]

    def draft(self, attempt: AttemptId) -> Draft | None:
        """What was chosen of an answer that is not given yet."""
        draft = self._connection.execute(
            select(attempts.c.draft).where(attempts.c.id == attempt)
        ).scalar()
        return None if draft is None else _DRAFT.validate_python(draft)

    def keep_draft(self, attempt: AttemptId, draft: Draft | None) -> None:
        """Keep it instead of what was there; None for nothing."""
        kept = None if draft is None else _DRAFT.dump_python(draft, mode="json")
        self._connection.execute(
            update(attempts).where(attempts.c.id == attempt).values(draft=kept)
        )

    def expose(self, workspace: WorkspaceId, quiz: str, objective: str, item: str) -> None:
        """Count that an item was put before somebody."""
        adding = insert_for(self._connection.dialect.name, exposures).values(
            workspace=workspace, quiz=quiz, objective=objective, item=item, times=1
        )
        self._connection.execute(
            adding.on_conflict_do_update(
                index_elements=list(exposures.primary_key.columns),
                set_={"times": exposures.c.times + 1},
            )
        )

    def exposures(self, workspace: WorkspaceId, quiz: str, objective: str) -> Mapping[str, int]:
        """How often each item of an objective was put before anybody; never: left out."""
        values = {"in_workspace": workspace, "of_quiz": quiz, "of_objective": objective}
        return {row[0]: row[1] for row in fetch(self._connection, _EXPOSURES, values)}

    def seen(self, person: PersonId, quiz: str, but: AttemptId | None = None) -> Mapping[str, Seen]:
        """What a person was asked at a quiz, but in one attempt."""
        seen: dict[str, Seen] = {}
        last: str | None = None
        values = {"of_person": person, "of_quiz": quiz}
        for attempt, item, shown_at in fetch(self._connection, _SEEN, values):
            if attempt == but:
                continue
            last = last or attempt
            known = seen.get(item)
            seen[item] = Seen(
                known.times + 1 if known else 1,
                max(known.last_at, shown_at) if known else shown_at,
                attempt == last or (known is not None and known.in_last_attempt),
            )
        return seen

    def forget(self, person: PersonId, quizzes: Collection[str]) -> None:
        """Nothing of what a person did at these quizzes is kept."""
        mine = and_(attempts.c.person == person, attempts.c.quiz.in_(quizzes))
        ids = select(attempts.c.id).where(mine)
        for column in (responses.c.attempt, attempt_events.c.attempt):
            self._connection.execute(delete(column.table).where(column.in_(ids)))
        self._connection.execute(delete(attempts).where(mine))

    def _find(self, *where: ColumnElement[bool]) -> list[Attempt]:
        rows = self._connection.execute(select(*_ATTEMPT).where(*where)).all()
        if not rows:
            return []
        said: dict[str, list[Response]] = {}
        answered = self._connection.execute(
            select(responses.c.attempt, *_RESPONSE)
            .join(attempts, attempts.c.id == responses.c.attempt)
            .where(*where)
            .order_by(responses.c.order)
        )
        for row in answered:
            values = dict(row._mapping)
            said.setdefault(values.pop("attempt"), []).append(Response(**values))
        return [_attempt_of(row, said.get(row.id, [])) for row in rows]


def _row_of(attempt: Attempt) -> dict[str, Any]:
    values = values_of(attempt)
    del values["responses"]
    start, current, ending = attempt.start, attempt.current, attempt.ending
    values["start"] = None if start is None else _START.dump_python(start, mode="json")
    values["current"] = None if current is None else _CURRENT.dump_python(current, mode="json")
    values["ending"] = None if ending is None else _ENDING.dump_python(ending, mode="json")
    return values


def _attempt_of(row: Row[Any], said: Sequence[Response]) -> Attempt:
    values = dict(row._mapping)
    for name, adapter in (("start", _START), ("current", _CURRENT), ("ending", _ENDING)):
        if values[name] is not None:
            values[name] = adapter.validate_python(values[name])
    return Attempt(**values, responses=tuple(said))


class SqlNeeds:
    """`bot.capabilities.quizzes.ports.NeedStore` in a table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, person: PersonId) -> frozenset[Need]:
        """What the person declared."""
        needs = self._connection.execute(
            select(accommodations.c.needs).where(accommodations.c.person == person)
        ).scalar()
        return frozenset(Need(need) for need in needs or ())

    def keep(self, person: PersonId, needs: frozenset[Need]) -> None:
        """Keep them instead of those that were there; an empty set forgets the person."""
        if needs:
            put(self._connection, accommodations, {"person": person, "needs": sorted(needs)})
        else:
            self._connection.execute(
                delete(accommodations).where(accommodations.c.person == person)
            )


def _waits(workspace: WorkspaceId, what: ColumnElement[str]) -> Select[str]:
    """What is asked of answers that wait for a person."""
    return (
        select(what)
        .select_from(responses.join(attempts, attempts.c.id == responses.c.attempt))
        .where(
            attempts.c.workspace == workspace,
            attempts.c.state.not_in({State.VOIDED, State.ABANDONED}),
            responses.c.needs_person.is_(True),
            responses.c.struck.is_(False),
        )
    )
