"""What people answered at a quiz, for statistics: every answer that is kept, row by row.

A quiz that everybody takes has a hundred thousand answers and more. They are read as they come,
without making an attempt of them, so that neither time nor room is needed for what statistics
never look at.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import Connection, Text, select, type_coerce

from bot.capabilities.library.ports import Answers
from bot.capabilities.quizzes.model import State
from bot.capabilities.quizzes.statistic import core
from bot.ids import WorkspaceId
from bot.pack.flag import wrong_options
from bot.pack.model import Quiz
from bot.pack.statistic import Given
from storage.pack import SqlPacks
from storage.quiz_tables import attempts, responses

MOST_ATTEMPTS = 100_000
"""The last ones: so many do not fill the memory, and of more statistics say nothing new."""
ROWS = 5_000
"""Answers that are in memory as rows at once."""
_UNTOLD = frozenset({State.VOIDED, State.OFFERED})


class _Said(NamedTuple):
    """An answer, as far as statistics look at it."""

    attempt: str
    item: str
    version: str
    objective: str
    raw: str
    credit: float
    right: bool
    certainty: int | None
    seconds: float
    scored: bool
    seen_before: bool
    needs_person: bool
    struck: bool

    @property
    def counts(self) -> bool:
        """Whether the rule looked at it."""
        return self.scored and not self.struck

    @property
    def is_pilot(self) -> bool:
        """Whether it was asked to see how it does, and nothing follows from it."""
        return not (self.scored or self.struck or self.needs_person)


class _Begun(NamedTuple):
    """An attempt, as far as statistics look at it."""

    quiz_version: str
    first: bool
    passed: bool | None


class Reader:
    """The answers to one quiz, within one transaction."""

    def __init__(self, connection: Connection, workspace: WorkspaceId, quiz: str) -> None:
        self._connection = connection
        self._packs = SqlPacks(connection)
        self._workspace, self._quiz = workspace, quiz
        self._values: dict[str, Quiz] = {}
        self._wrong: dict[str, Mapping[str, tuple[str, ...]]] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._chosen: dict[tuple[str, str, str], tuple[str, ...]] = {}

    def read(self) -> Answers:
        """All that counts: see `Answers`."""
        begun = self._begun()
        cold: list[Given] = []
        read: list[Given] = []
        for attempt, said in groupby(self._said(), itemgetter(0)):
            start = begun.get(attempt)
            if start is None:
                continue
            if start.first:
                policy, told = self._value(start.quiz_version).policy, list(said)
                cold += (self._given(start, one) for one in core(policy, told))
                cold += (self._given(start, one) for one in told if one.is_pilot)
                continue
            read += (
                self._given(start, one)
                for one in said
                if one.counts and not one.needs_person and not one.seen_before
            )
        return Answers(cold, read)

    def _begun(self) -> Mapping[str, _Begun]:
        rows = self._connection.execute(
            select(attempts.c.id, attempts.c.state, attempts.c.start)
            .where(
                attempts.c.workspace == self._workspace,
                attempts.c.quiz == self._quiz,
                attempts.c.state.not_in(_UNTOLD),
            )
            .order_by(attempts.c.started_at.desc())
            .limit(MOST_ATTEMPTS)
        )
        passed = {State.PASSED: True, State.FAILED: False}
        return {
            id_: _Begun(start["quiz_version"], start.get("first", True), passed.get(state))
            for id_, state, start in rows
            if start is not None
        }

    def _said(self) -> Iterator[_Said]:
        rows = self._connection.execute(
            select(
                responses.c.attempt,
                responses.c.item,
                responses.c.item_version,
                responses.c.objective,
                type_coerce(responses.c.raw, Text),
                responses.c.credit,
                responses.c.right,
                responses.c.certainty,
                responses.c.shown_at,
                responses.c.answered_at,
                responses.c.scored,
                responses.c.seen_before,
                responses.c.needs_person,
                responses.c.struck,
            )
            .join(attempts, attempts.c.id == responses.c.attempt)
            .where(
                attempts.c.workspace == self._workspace,
                attempts.c.quiz == self._quiz,
                attempts.c.state.not_in(_UNTOLD),
            )
            .order_by(responses.c.attempt, responses.c.order),
            execution_options={"yield_per": ROWS},
        )
        for attempt, item, version, objective, raw, credit, right, sure, began, ended, *is_ in rows:
            seconds = (ended - began).total_seconds()
            yield _Said(attempt, item, version, objective, raw, credit, right, sure, seconds, *is_)

    def _value(self, version: str) -> Quiz:
        value = self._values.get(version)
        if value is None:
            value = self._packs.quiz_at(self._workspace, self._quiz, version)
            self._values[version] = value
            self._wrong[version] = {item.id: wrong_options(item) for item in value.items}
        return value

    def _given(self, start: _Begun, said: _Said) -> Given:
        key = (said.item, said.version)
        name = self._names.get(key)
        if name is None:
            family = self._packs.family(self._workspace, *key)
            name = self._names[key] = family_key(said.item, family)
        return Given(
            item=name,
            attempt=said.attempt,
            credit=said.credit,
            right=said.right,
            passed=start.passed,
            certainty=said.certainty,
            chosen=self._chosen_of(start.quiz_version, said),
            seconds=said.seconds,
            counts=said.scored,
        )

    def _chosen_of(self, version: str, said: _Said) -> tuple[str, ...]:
        """The wrong options that were chosen, in the order of the item. What people wrote
        themselves has none, and is not looked at."""
        self._value(version)
        wrong = self._wrong[version].get(said.item)
        if not wrong:
            return ()
        key = (version, said.item, said.raw)
        chosen = self._chosen.get(key)
        if chosen is None:
            raw = json.loads(said.raw)
            given: Sequence[object] = raw if isinstance(raw, list) else [raw]
            chosen = self._chosen[key] = tuple(option for option in wrong if option in given)
        return chosen


def family_key(item: str, family: str) -> str:
    """How answers to an item, and to the versions of it that mean the same, are called."""
    return f"{item}@{family}"
