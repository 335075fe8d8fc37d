"""Throws away what nobody needs any more, in small transactions between those of others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
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
"""Rows a transaction."""

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
    is_ending: Callable[[], bool] = lambda: False,
) -> Retained:
    """Throw away what is older than the times above; to be called once a day.

    A letter about a question that was sent keeps its row for ever, so that words in the thread
    under it are still understood; so does, as long as that is there, one with what somebody
    narrated, so that it can be withdrawn. What they said goes.

    May be stopped at any moment and run by several at once: each transaction takes at most
    `chunk` rows, and the next run goes on. Once `is_ending` says so, no more are begun. SQLite
    uses the room again for what comes. Its statistics are not renewed: without any it takes
    the indexes that were made for each query, and those of one large workspace would talk it
    out of them.

    Raises:
        Unavailable: the store is out of reach. What was done by then is done.
    """
    with database.begin() as connection:
        textless = _last_before(connection, now - TEXTS_KEPT)
        gone = _last_before(connection, now - LETTERS_KEPT)

    def repeat(step: Callable[[Connection], int]) -> int:
        total = 0
        while not is_ending():
            with database.begin() as connection:
                done = step(connection)
            total += done
            if done < chunk:
                break
        return total

    def go_down(step: Callable[[Connection, int], Sequence[int]], last: int) -> int:
        """Each step goes on below what the one before it took, and reads nothing twice."""
        total = 0
        while not is_ending():
            with database.begin() as connection:
                ids = step(connection, last)
            if not ids:
                break
            total += len(ids)
            last = ids[-1] - 1
        return total

    texts = go_down(
        lambda connection, upto: _drop_texts(connection, now - TEXTS_KEPT, upto, chunk), textless
    )
    repeat(lambda connection: _drop_showings(connection, now - EVENTS_KEPT, chunk))
    letters = 0
    while done := go_down(
        lambda connection, upto: _drop_letters(connection, now - LETTERS_KEPT, upto, chunk), gone
    ):
        # A letter that is gone may have been all that kept another one.
        letters += done
    return Retained(
        events=repeat(lambda connection: _drop_events(connection, now - EVENTS_KEPT, chunk)),
        texts=texts,
        letters=letters,
        counts=repeat(lambda connection: _drop_counts(connection, now - COUNTS_KEPT, chunk)),
        paces=repeat(lambda connection: _drop_paces(connection, now - PACES_KEPT, chunk)),
        reactions=repeat(
            lambda connection: _drop_reactions(connection, now - REACTIONS_KEPT, chunk)
        ),
        attempts=repeat(lambda connection: _drop_attempts(connection, now - ATTEMPTS_KEPT, chunk)),
        evidence=repeat(lambda connection: _empty_evidence(connection, now, chunk)),
        enrolments=repeat(
            lambda connection: _drop_enrolments(connection, now - ENROLMENTS_KEPT, chunk)
        ),
        signals=sum(
            repeat(partial(_drop_signals, column, now - SIGNALS_KEPT, chunk))
            for column in (content_readers.c.fingerprint, content_signals.c.id)
        ),
    )


def _drop_events(connection: Connection, before: datetime, chunk: int) -> int:
    rows = connection.execute(
        select(inbox.c.platform, inbox.c.event_id)
        .where(inbox.c.at < before)
        .limit(chunk)
        .with_for_update(skip_locked=True)
    ).all()
    if rows:
        connection.execute(
            delete(inbox).where(
                inbox.c.platform == bindparam("of_platform"),
                inbox.c.event_id == bindparam("of_event"),
            ),
            [{"of_platform": row.platform, "of_event": row.event_id} for row in rows],
        )
    return len(rows)


def _drop_showings(connection: Connection, before: datetime, chunk: int) -> int:
    rows = connection.execute(
        select(showings.c.platform, showings.c.event_id)
        .where(showings.c.until < before)
        .limit(chunk)
        .with_for_update(skip_locked=True)
    ).all()
    if rows:
        connection.execute(
            delete(showings).where(
                showings.c.platform == bindparam("of_platform"),
                showings.c.event_id == bindparam("of_event"),
            ),
            [{"of_platform": row.platform, "of_event": row.event_id} for row in rows],
        )
    return len(rows)


def _last_before(connection: Connection, moment: datetime) -> int:
    """The latest letter that was settled before a moment. Whatever came before it is older
    than that, also where nothing says when it was settled: another letter carries it, or it
    is from before that was written down."""
    last: int | None = connection.execute(
        select(func.max(outbox.c.id)).where(outbox.c.settled_at < moment)
    ).scalar()
    return last or 0


def _settled_before(moment: datetime, last: int) -> ColumnElement[bool]:
    return and_(
        outbox.c.id <= last,
        outbox.c.state.in_(_SETTLED),
        or_(outbox.c.settled_at < moment, outbox.c.settled_at.is_(None)),
    )


def _take(connection: Connection, which: Select[int], chunk: int) -> list[int]:
    """The ids of the next letters, the latest first, without those that somebody works on."""
    found = connection.scalars(
        which.order_by(outbox.c.id.desc()).limit(chunk).with_for_update(of=outbox, skip_locked=True)
    )
    return list(found)


def _drop_texts(connection: Connection, before: datetime, last: int, chunk: int) -> list[int]:
    ids = _take(
        connection,
        select(outbox.c.id).where(_settled_before(before, last), outbox.c.message.is_not(None)),
        chunk,
    )
    connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(message=None))
    return ids


def _drop_letters(connection: Connection, before: datetime, last: int, chunk: int) -> list[int]:
    is_referred_to = or_(
        exists().where(_edit.c.edits == outbox.c.id),
        exists().where(_edit.c.carried_by == outbox.c.id),
    )
    ids = _take(
        connection,
        select(outbox.c.id).where(_settled_before(before, last), ~_IS_NEEDED, ~is_referred_to),
        chunk,
    )
    connection.execute(delete(outbox).where(outbox.c.id.in_(ids)))
    return ids


def _drop_counts(connection: Connection, before: datetime, chunk: int) -> int:
    old = select(ask_counts.c.fingerprint).where(ask_counts.c.day < before.date()).limit(chunk)
    marks = connection.scalars(old).all()
    connection.execute(delete(ask_counts).where(ask_counts.c.fingerprint.in_(marks)))
    return len(marks)


def _drop_paces(connection: Connection, before: datetime, chunk: int) -> int:
    rows = connection.execute(
        select(rates.c.lane, rates.c.conversation)
        .where(rates.c.conversation != "", rates.c.idle_from < before)
        .limit(chunk)
        .with_for_update(skip_locked=True)
    ).all()
    if rows:
        connection.execute(
            delete(rates).where(
                rates.c.lane == bindparam("of_lane"),
                rates.c.conversation == bindparam("of_conversation"),
            ),
            [{"of_lane": row.lane, "of_conversation": row.conversation} for row in rows],
        )
    return len(rows)


def _drop_reactions(connection: Connection, before: datetime, chunk: int) -> int:
    rows = connection.execute(
        select(tip_reviews.c.person, tip_reviews.c.tip, tip_reviews.c.number)
        .where(tip_reviews.c.day < before.date())
        .limit(chunk)
        .with_for_update(skip_locked=True)
    ).all()
    if rows:
        connection.execute(
            delete(tip_reviews).where(
                tip_reviews.c.person == bindparam("of_person"),
                tip_reviews.c.tip == bindparam("of_tip"),
                tip_reviews.c.number == bindparam("of_number"),
            ),
            [{"of_person": row.person, "of_tip": row.tip, "of_number": row.number} for row in rows],
        )
    return len(rows)


def _drop_attempts(connection: Connection, before: datetime, chunk: int) -> int:
    ids = connection.execute(
        select(attempts.c.id)
        # What nobody ever ended is as old as its last change.
        .where(func.coalesce(attempts.c.ended_at, attempts.c.changed_at) < before)
        .limit(chunk)
        .with_for_update(skip_locked=True)
    ).scalars()
    gone = list(ids)
    for column in (responses.c.attempt, attempt_events.c.attempt, attempts.c.id):
        connection.execute(delete(column.table).where(column.in_(gone)))
    return len(gone)


def _empty_evidence(connection: Connection, now: datetime, chunk: int) -> int:
    """The chain holds without what its records say, and without whose they are."""
    rows = connection.execute(
        select(evidence.c.workspace, evidence.c.number)
        .where(evidence.c.keep_until < now, evidence.c.at < now - ATTEMPTS_KEPT)
        .where(evidence.c.body != "")
        .limit(chunk)
        .with_for_update(skip_locked=True)
    ).all()
    if rows:
        connection.execute(
            update(evidence)
            .where(
                evidence.c.workspace == bindparam("of_workspace"),
                evidence.c.number == bindparam("of_number"),
            )
            .values(person="", body=""),
            [{"of_workspace": row.workspace, "of_number": row.number} for row in rows],
        )
    return len(rows)


def _drop_enrolments(connection: Connection, before: datetime, chunk: int) -> int:
    rows = connection.execute(
        select(campaign_enrolments.c.campaign, campaign_enrolments.c.person)
        .join(campaigns, campaigns.c.id == campaign_enrolments.c.campaign)
        .where(campaigns.c.ended_at < before)
        .limit(chunk)
        .with_for_update(of=campaign_enrolments, skip_locked=True)
    ).all()
    if rows:
        connection.execute(
            delete(campaign_enrolments).where(
                campaign_enrolments.c.campaign == bindparam("of_campaign"),
                campaign_enrolments.c.person == bindparam("of_person"),
            ),
            [{"of_campaign": row.campaign, "of_person": row.person} for row in rows],
        )
    return len(rows)


def _drop_signals(column: Column[Any], before: datetime, chunk: int, connection: Connection) -> int:
    table = column.table
    old = select(column).where(table.c.at < before).limit(chunk).with_for_update(skip_locked=True)
    gone = connection.scalars(old).all()
    connection.execute(delete(table).where(column.in_(gone)))
    return len(gone)
