"""What people have earned, and the chain of evidence for it."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from bot.capabilities.quizzes.certification import HOLDS, Certification, Event, Evidence
from bot.capabilities.quizzes.ports import Record
from bot.errors import Conflict
from bot.ids import CertificationId, PersonId, WorkspaceId
from storage.quiz_tables import certification_events, certifications, evidence
from storage.row import add_new, among, columns_of, values_of
from storage.tables import workspaces

_CERTIFICATION = columns_of(certifications, Certification)
_EVENT = columns_of(certification_events, Event)
_REPLACE = update(certifications).where(
    certifications.c.id == bindparam("of_id"), certifications.c.version == bindparam("of_version")
)

CHUNK = 500
"""Records of a chain that are read at a time."""


class SqlCertifications:
    """`bot.capabilities.quizzes.ports.CertificationStore` in tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, certification: CertificationId) -> Certification | None:
        """The certification of that id."""
        row = self._connection.execute(
            select(*_CERTIFICATION).where(certifications.c.id == certification)
        ).one_or_none()
        return None if row is None else Certification(**row._mapping)

    def of(self, person: PersonId) -> Sequence[Certification]:
        """All of a person, by quiz."""
        rows = self._connection.execute(
            select(*_CERTIFICATION)
            .where(certifications.c.person == person)
            .order_by(certifications.c.quiz)
        )
        return [Certification(**row._mapping) for row in rows]

    def find(self, person: PersonId, quiz: str) -> Certification | None:
        """The person's certification for a quiz, if there ever was one."""
        return next((found for found in self.of(person) if found.quiz == quiz), None)

    def of_quiz(
        self, workspace: WorkspaceId, quiz: str, after: str, limit: int
    ) -> Sequence[Certification]:
        """The next of everybody's for a quiz, by id from after `after` on."""
        rows = self._connection.execute(
            select(*_CERTIFICATION)
            .where(
                certifications.c.workspace == workspace,
                certifications.c.quiz == quiz,
                certifications.c.id > after,
            )
            .order_by(certifications.c.id)
            .limit(limit)
        )
        return [Certification(**row._mapping) for row in rows]

    def holders(self, quiz: str, people: Sequence[PersonId]) -> frozenset[PersonId]:
        """Which of these people hold a certificate for the quiz, or are exempt."""
        theirs = among(self._connection.dialect.name, certifications.c.person, "people")
        rows = self._connection.execute(
            select(certifications.c.person).where(
                certifications.c.quiz == quiz,
                certifications.c.state.in_(sorted(HOLDS)),
                theirs,
            ),
            {"people": list(people)},
        )
        return frozenset(PersonId(person) for person in rows.scalars())

    def save(self, certification: Certification) -> Certification:
        """Insert it, or replace the version that was read; returns it with its new version.

        Raises:
            Conflict: it was changed since it was read.
        """
        saved = replace(certification, version=certification.version + 1)
        if certification.version == 0:
            if not add_new(self._connection, certifications, values_of(saved)):
                raise Conflict
            return saved
        replaced = self._connection.execute(
            _REPLACE,
            values_of(saved) | {"of_id": certification.id, "of_version": certification.version},
        )
        if replaced.rowcount != 1:
            raise Conflict
        return saved

    def record(self, event: Event) -> None:
        """Append to the certification's events."""
        self._connection.execute(insert(certification_events), values_of(event))

    def events(self, certification: CertificationId) -> Sequence[Event]:
        """All events of a certification in order."""
        rows = self._connection.execute(
            select(*_EVENT)
            .where(certification_events.c.certification == certification)
            .order_by(certification_events.c.id)
        )
        return [Event(**row._mapping) for row in rows]

    def attest(self, workspace: WorkspaceId, make: Callable[[Evidence | None], Record]) -> Record:
        """Append to the workspace's chain what is made of its last record. Nobody else appends
        until the end of the transaction."""
        # SQLite has one writer anyway, and leaves the words out.
        self._connection.execute(
            select(workspaces.c.id).where(workspaces.c.id == workspace).with_for_update()
        )
        last = self._connection.execute(
            select(evidence)
            .where(evidence.c.workspace == workspace)
            .order_by(evidence.c.number.desc())
            .limit(1)
        ).one_or_none()
        record = make(None if last is None else _evidence(last))
        values = values_of(record) | values_of(record.evidence)
        del values["evidence"]
        self._connection.execute(insert(evidence), values)
        return record

    def evidence(self, workspace: WorkspaceId, id_: str) -> Record | None:
        """The record of that id."""
        row = self._connection.execute(
            select(evidence).where(evidence.c.workspace == workspace, evidence.c.id == id_)
        ).one_or_none()
        if row is None:
            return None
        return Record(row.id, row.workspace, row.person, row.quiz, row.at, _evidence(row))

    def chain(self, workspace: WorkspaceId) -> Iterator[Evidence]:
        """All records of a workspace in order."""
        rows = self._connection.execute(
            select(evidence).where(evidence.c.workspace == workspace).order_by(evidence.c.number),
            execution_options={"yield_per": CHUNK},
        )
        return map(_evidence, rows)

    def forget(self, person: PersonId, quizzes: Collection[str], now: datetime) -> None:
        """What a person has earned at these quizzes is gone, and what its evidence says, as far
        as it need not be kept; that there were records stays."""
        mine = select(certifications.c.id).where(
            certifications.c.person == person, certifications.c.quiz.in_(quizzes)
        )
        self._connection.execute(
            delete(certification_events).where(certification_events.c.certification.in_(mine))
        )
        self._connection.execute(
            delete(certifications).where(
                certifications.c.person == person, certifications.c.quiz.in_(quizzes)
            )
        )
        self._connection.execute(
            update(evidence)
            .where(
                evidence.c.person == person,
                evidence.c.quiz.in_(quizzes),
                evidence.c.keep_until <= now,
            )
            .values(person="", body="")
        )


def _evidence(row: Row[Any]) -> Evidence:
    return Evidence(row.number, row.previous, row.body, row.checksum, row.digest, row.keep_until)
