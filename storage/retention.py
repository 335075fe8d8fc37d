"""Throws away what nobody needs any more, in small transactions between those of others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)

from bot.capabilities.tips.model import REACTIONS_KEPT_DAYS
from bot.outbox import LetterState
from storage.campaign_tables import campaign_enrolments, campaigns
from storage.library_tables import content_readers, content_signals
from storage.narration import CAN_BE_WITHDRAWN
from storage.outbox import MERGED
from storage.question_tables import ask_counts
from storage.quiz_tables import attempt_events, attempts, evidence, responses
from storage.tables import inbox, outbox, rates, showings
from storage.tip_tables import tip_reviews

if TYPE_CHECKING:
    from storage.database import Database

EVENTS_KEPT = timedelta(days=30)
"""An event is known again for so long; no platform delivers one a second time after a day."""
TEXTS_KEPT = timedelta(days=90)
"""How long it can be read what a letter said, once it is known what became of it."""
LETTERS_KEPT = timedelta(days=400)
"""How long letters are counted: a year can be compared with the one before, and the ledger
of attention looks back weeks."""
COUNTS_KEPT = timedelta(days=7)
"""Longer than any day lasts anywhere. How often somebody asked matters on the day itself."""
PACES_KEPT = timedelta(days=1)
"""How long a conversation is remembered in which nothing was sent."""
REACTIONS_KEPT = timedelta(days=REACTIONS_KEPT_DAYS)
"""How long it can be read what somebody said of a tip."""
ATTEMPTS_KEPT = timedelta(days=730)
"""How long it is kept what somebody answered in a quiz, and at least what the evidence for it says;
where others ask for the quiz that says when it may go (`Evidence.keep_until`, domain.md 9.1)."""
SIGNALS_KEPT = ATTEMPTS_KEPT
"""How long it is counted who read a section and who did not understand it: as long as the answers
with which it is compared."""
ENROLMENTS_KEPT = LETTERS_KEPT
"""How long it is kept who was in a campaign, after its end: as long as the letters that they got.
Which teams began when stays with the campaign."""
CHUNK = 1_000
"""Rows that one transaction throws away."""
REACH = 5_000
"""Rows that one transaction looks at. SQLite lets nobody else write meanwhile."""

_SETTLED = (
    LetterState.SENT,
    LetterState.FAILED,
    LetterState.CANCELLED,
    LetterState.UNREACHABLE,
    LetterState.SUPPRESSED,
    LetterState.UNKNOWN,
    MERGED,
)

# `outbox.find` says of which question the words in the thread under it are.
_IS_HEARD = func.coalesce(outbox.c.about, "").like("question:%")
_IS_NEEDED = and_(
    or_(_IS_HEARD, CAN_BE_WITHDRAWN),
    outbox.c.edits.is_(None),
    or_(outbox.c.external_id.is_not(None), outbox.c.fingerprint.is_not(None)),
)

_edit = outbox.alias("edit")
_IS_REFERRED_TO = or_(
    exists().where(_edit.c.edits == outbox.c.id),
    exists().where(_edit.c.carried_by == outbox.c.id),
)

_Rows: TypeAlias = Sequence[Row[*tuple[Any, ...]]]
"""The keys of rows, by the names of their columns."""
_Act: TypeAlias = Callable[[Connection, _Rows], None]


@dataclass(frozen=True, slots=True)
class Retained:
    """How much was thrown away."""

    events: int
    texts: int
    letters: int
    counts: int
    paces: int
    reactions: int = 0
    attempts: int = 0
    signals: int = 0
    evidence: int = 0
    enrolments: int = 0


def retain(
    database: "Database",
    now: datetime,
    *,
    chunk: int = CHUNK,
    reach: int = REACH,
    is_ending: Callable[[], bool] = lambda: False,
) -> Retained:
    """Throw away what is older than the times above; to be called once a day.

    A letter about a question that was sent keeps its row for ever, so that words in the thread
    under it are still understood; so does, as long as that is there, one with what somebody
    narrated, so that it can be withdrawn. What they said goes.

    May be stopped at any moment and run by several at once: each transaction throws away at most
    `chunk` rows and looks at `reach`, however many there are, and the next run goes on. Once
    `is_ending` says so, no more are begun. SQLite uses the room again for what comes. Its
    statistics are not renewed: without any it takes the indexes that were made for each query,
    and those of one large workspace would talk it out of them.

    Raises:
        Unavailable: the store is out of reach. What was done by then is done.
    """
    walk = _Walk(database, chunk, reach, is_ending)
    textless = walk.find_last(now - TEXTS_KEPT, None)
    gone = walk.find_last(now - LETTERS_KEPT, textless)
    texts = walk.sweep(
        outbox,
        and_(_settled_before(now - TEXTS_KEPT, textless), outbox.c.message.is_not(None)),
        _empty_letters,
        _next(textless),
    )
    walk.sweep(showings, showings.c.until < now - EVENTS_KEPT)
    is_gone = and_(_settled_before(now - LETTERS_KEPT, gone), ~_IS_NEEDED, ~_IS_REFERRED_TO)
    letters = 0
    while done := walk.sweep(outbox, is_gone, upto=_next(gone)):
        # A letter that is gone may have been all that kept another one.
        letters += done
    # What nobody ever ended is as old as its last change.
    attempt_at = func.coalesce(attempts.c.ended_at, attempts.c.changed_at)
    over = select(campaigns.c.id).where(campaigns.c.ended_at < now - ENROLMENTS_KEPT)
    can_be_emptied = and_(
        evidence.c.keep_until < now, evidence.c.at < now - ATTEMPTS_KEPT, evidence.c.body != ""
    )
    return Retained(
        events=walk.sweep(inbox, inbox.c.at < now - EVENTS_KEPT),
        texts=texts,
        letters=letters,
        counts=walk.sweep(ask_counts, ask_counts.c.day < (now - COUNTS_KEPT).date()),
        paces=walk.sweep(
            rates, and_(rates.c.conversation != "", rates.c.idle_from < now - PACES_KEPT)
        ),
        reactions=walk.sweep(tip_reviews, tip_reviews.c.day < (now - REACTIONS_KEPT).date()),
        attempts=walk.sweep(attempts, attempt_at < now - ATTEMPTS_KEPT, _drop_attempts),
        evidence=walk.sweep(evidence, can_be_emptied, _empty_evidence),
        enrolments=walk.sweep(campaign_enrolments, campaign_enrolments.c.campaign.in_(over)),
        signals=sum(
            walk.sweep(table, table.c.at < now - SIGNALS_KEPT)
            for table in (content_readers, content_signals)
        ),
    )


@dataclass(frozen=True, slots=True)
class _Walk:
    """Goes through tables by their keys, the highest first, in small transactions."""

    database: "Database"
    chunk: int
    reach: int
    is_ending: Callable[[], bool]

    def sweep(
        self,
        table: Table,
        is_old: ColumnElement[bool],
        act: _Act | None = None,
        upto: Sequence[Any] | None = None,
    ) -> int:
        """Delete what is old, or do with it what `act` does; how many rows that was. Takes none
        from the key `upto` on, and none that somebody works on."""
        key, total, last = list(table.primary_key), 0, upto
        while not self.is_ending():
            with self.database.begin() as connection:
                first = self._look_down(connection, table, last)
                found = connection.execute(
                    select(*key)
                    .where(_between(table, first, last), is_old)
                    .order_by(*(column.desc() for column in key))
                    .limit(self.chunk)
                    .with_for_update(of=table, skip_locked=True)
                ).all()
                if found and act is not None:
                    act(connection, found)
                elif found:
                    _delete(connection, table, found)
            total += len(found)
            if len(found) == self.chunk:
                last = found[-1]
            elif first is not None:
                last = first
            else:
                break
        return total

    def find_last(self, moment: datetime, upto: int | None) -> int:
        """The latest letter that was settled before a moment, of those up to an id; 0 for none.

        Whatever came before it is older than that, also where nothing says when it was settled:
        another letter carries it, or it is from before that was written down.
        """
        last = None if upto is None else _next(upto)
        while not self.is_ending():
            with self.database.begin() as connection:
                first = self._look_down(connection, outbox, last)
                found: int | None = connection.execute(
                    select(func.max(outbox.c.id)).where(
                        _between(outbox, first, last), outbox.c.settled_at < moment
                    )
                ).scalar()
            if found is not None:
                return found
            if first is None:
                break
            last = first
        return 0

    def _look_down(
        self, connection: Connection, table: Table, last: Sequence[Any] | None
    ) -> Sequence[Any] | None:
        """The lowest of the keys that are looked at next; None when it is all the rest."""
        key = list(table.primary_key)
        return connection.execute(
            select(*key)
            .where(_between(table, None, last))
            .order_by(*(column.desc() for column in key))
            .offset(self.reach - 1)
            .limit(1)
        ).first()


def _between(
    table: Table, first: Sequence[Any] | None, last: Sequence[Any] | None
) -> ColumnElement[bool]:
    """From one key on and below another; None is no bound."""
    key = list(table.primary_key)

    def bound(values: Sequence[Any]) -> ColumnElement[Any]:
        return tuple_(
            *(literal(value, column.type) for column, value in zip(key, values, strict=True))
        )

    return and_(
        true(),
        *([] if first is None else [tuple_(*key) >= bound(first)]),
        *([] if last is None else [tuple_(*key) < bound(last)]),
    )


def _next(letter: int) -> Sequence[int]:
    return (letter + 1,)


def _settled_before(moment: datetime, last: int) -> ColumnElement[bool]:
    return and_(
        outbox.c.id <= last,
        outbox.c.state.in_(_SETTLED),
        or_(outbox.c.settled_at < moment, outbox.c.settled_at.is_(None)),
    )


def _delete(connection: Connection, table: Table, rows: _Rows) -> None:
    connection.execute(delete(table).where(_is_one_of(table)), _name(rows))


def _is_one_of(table: Table) -> ColumnElement[bool]:
    return and_(*(column == bindparam(f"of_{column.name}") for column in table.primary_key))


def _name(rows: _Rows) -> list[dict[str, Any]]:
    return [{f"of_{name}": value for name, value in row._mapping.items()} for row in rows]


def _empty_letters(connection: Connection, rows: _Rows) -> None:
    connection.execute(update(outbox).where(_is_one_of(outbox)).values(message=None), _name(rows))


def _drop_attempts(connection: Connection, rows: _Rows) -> None:
    for column in (responses.c.attempt, attempt_events.c.attempt, attempts.c.id):
        connection.execute(delete(column.table).where(column.in_([row.id for row in rows])))


def _empty_evidence(connection: Connection, rows: _Rows) -> None:
    """The chain holds without what its records say, and without whose they are."""
    connection.execute(
        update(evidence).where(_is_one_of(evidence)).values(person="", body=""), _name(rows)
    )
