"""People by the thousand: who are alike before the attention budget, and letters to all."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Integer,
    Text,
    and_,
    cast,
    column,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    values,
)

from bot.attention import AFTER_TALK, HORIZON, LOOK_BACK
from bot.capabilities.campaigns.model import EnrolmentState
from bot.crowd import Alike, Circle, Lot, Roll, Span
from bot.ids import PersonId, WorkspaceId
from bot.outbox import LetterState
from storage.attention import NOT_COUNTED
from storage.campaign_tables import campaign_enrolments
from storage.column import Instant
from storage.directory_tables import memberships
from storage.enrolment import circle_of
from storage.row import insert_for
from storage.tables import attention, days_off, outbox, people

_DAY = timedelta(days=1)
# The country that is the workspace's is the same for all of a span.
_TRAITS = (
    people.c.zone,
    people.c.weekdays,
    people.c.starts,
    people.c.ends,
    func.coalesce(people.c.country, ""),
)
_NAMES = ("zone", "weekdays", "starts", "ends", "country")


class SqlCrowds:
    """`bot.crowd.CrowdStore` over the people, their attention and the outbox."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def span(
        self,
        workspace: WorkspaceId,
        team: str | None,
        after: PersonId | None,
        limit: int,
        conversation: str | None = None,
        roll: Roll | None = None,
        circle: Circle | None = None,
    ) -> Span | None:
        """The next `limit` people; None when there is nobody any more."""
        of = [people.c.workspace == workspace, people.c.active]
        of += [people.c.team == team] if team is not None else []
        of += [people.c.id > after] if after is not None else []
        of += [_is_in(workspace, conversation)] if conversation is not None else []
        of += [_takes_part(roll)] if roll is not None else []
        of += circle_of(circle, workspace) if circle is not None else []
        some = select(people.c.id).where(*of).order_by(people.c.id).limit(limit).subquery()
        row = self._connection.execute(
            select(func.max(some.c.id).label("upto"), func.count().label("people"))
        ).one()
        if not row.people:
            return None
        return Span(
            *(workspace, team, after, PersonId(row.upto), row.people, conversation, roll, circle)
        )

    def people(self, span: Span) -> Sequence[PersonId]:
        """All of them, by id."""
        return self._ids(select(people.c.id).where(*_within(span)).order_by(people.c.id))

    def lock(self, span: Span) -> None:
        """Nobody else books for these people until the end of the transaction."""
        if self._connection.dialect.name == "sqlite":
            return  # Whoever writes is alone.
        self._connection.execute(
            select(people.c.id)
            .where(*_within(span))
            .order_by(people.c.id)
            .with_for_update(key_share=True)
        )

    def alike(self, span: Span, now: datetime) -> Sequence[Alike]:
        """Those of whom nothing is kept that matters now, in groups."""
        rows = self._connection.execute(
            select(*_TRAITS, func.min(people.c.id), func.count())
            .where(*_within(span), _is_plain(now))
            .group_by(*_TRAITS)
        )
        return [Alike(tuple(row[:-2]), PersonId(row[-2]), row[-1]) for row in rows]

    def unlike(self, span: Span, now: datetime) -> Sequence[PersonId]:
        """All the others."""
        return self._ids(select(people.c.id).where(*_within(span), not_(_is_plain(now))))

    def without(self, span: Span, key: str) -> Sequence[PersonId]:
        """Those who have no letter under the key that begins with `key`."""
        theirs = exists().where(
            outbox.c.workspace == span.workspace, outbox.c.key == literal(key) + people.c.id
        )
        return self._ids(select(people.c.id).where(*_within(span), not_(theirs)))

    def _ids(self, statement: Any) -> list[PersonId]:
        return [PersonId(id_) for id_ in self._connection.execute(statement).scalars()]

    def post(self, span: Span, lots: Sequence[Lot], now: datetime) -> int:
        """Promise the letters, or keep why not; how many. Keys promised before change nothing."""
        if not lots:
            return 0
        letter = lots[0].letter
        lot = (
            values(
                *(column(name, Text) for name in _NAMES),
                column("day", Date),
                column("due_at", Instant),
                column("expires_at", Instant),
                column("good_until", Instant),
                column("state", Text),
                column("why", Text),
                column("settled_at", Instant),
                column("message", Text),
                name="lot",
            )
            .data([(*lot.traits, *_fate(lot, now)) for lot in lots])
            .cte("lot")
        )
        dialect = self._connection.dialect.name

        def typed(name: str) -> ColumnElement[Any]:
            # PostgreSQL takes a column without any value for a text; SQLite would make a
            # number of what is cast to a date.
            given = lot.c[name]
            return given if dialect == "sqlite" else cast(given, given.type)

        chosen = {
            "workspace": people.c.workspace,
            "key": literal(letter.key) + people.c.id,
            "to_kind": literal("person"),
            "person": people.c.id,
            "kind": literal(letter.kind),
            "priority": literal(int(letter.priority), Integer),
            "due_at": typed("due_at"),
            "expires_at": typed("expires_at"),
            "state": lot.c.state,
            "attempts": literal(0, Integer),
            "why": lot.c.why,
            "message": lot.c.message,
            "about": literal(letter.about, Text),
            "source": literal(letter.source, Text),
            "day": typed("day"),
            "good_until": typed("good_until"),
            "because": literal(letter.because, Text),
            "settled_at": typed("settled_at"),
        }
        alike = and_(*(trait == lot.c[name] for trait, name in zip(_TRAITS, _NAMES, strict=True)))
        found = (
            select(*chosen.values())
            .select_from(people.join(lot, alike))
            .where(*_within(span), _is_plain(now))
        )
        insert = insert_for(dialect, outbox).from_select(list(chosen), found)
        # Of an insert SQLAlchemy forgets how many rows there were, unless it is asked to.
        options = {"preserve_rowcount": True}
        inserted = self._connection.execute(
            insert.on_conflict_do_nothing(), execution_options=options
        )
        if dialect == "sqlite":
            # Its driver does not count what a statement did that begins with WITH.
            return int(self._connection.execute(select(func.changes())).scalar_one())
        return inserted.rowcount


def _within(span: Span) -> list[ColumnElement[bool]]:
    within = [people.c.workspace == span.workspace, people.c.active, people.c.id <= span.upto]
    within += [people.c.id > span.after] if span.after is not None else []
    within += [people.c.team == span.team] if span.team is not None else []
    if span.conversation is not None:
        within.append(_is_in(span.workspace, span.conversation))
    if span.roll is not None:
        within.append(_takes_part(span.roll))
    if span.circle is not None:
        within += circle_of(span.circle, span.workspace)
    return within


def _takes_part(roll: Roll) -> ColumnElement[bool]:
    return exists().where(
        campaign_enrolments.c.campaign == roll.campaign,
        campaign_enrolments.c.wave == roll.wave,
        campaign_enrolments.c.state
        == (EnrolmentState.INVITED if roll.invited else EnrolmentState.ACTIVE),
        campaign_enrolments.c.person == people.c.id,
    )


def _is_in(workspace: WorkspaceId, conversation: str) -> ColumnElement[bool]:
    return exists().where(
        memberships.c.workspace == workspace,
        memberships.c.conversation == conversation,
        memberships.c.address == people.c.address,
    )


def _fate(lot: Lot, now: datetime) -> tuple[Any, ...]:
    letter = lot.letter
    if lot.why is not None:
        due_at, until = letter.due_at or now, letter.expires_at
        state = LetterState.SUPPRESSED.value
        return (None, due_at, until, None, state, str(lot.why), now, None)
    text = letter.message.model_dump_json()
    pending = LetterState.PENDING.value
    window = (letter.due_at, letter.expires_at, letter.good_until)
    return (letter.day, *window, pending, None, None, text)


def _is_plain(now: datetime) -> ColumnElement[bool]:
    """Whether only the person's traits matter to what `bot.attention.book` would decide.

    They are neither paused nor just back, wish nothing special, have no days off of their
    own, have not just talked with the bot, got nothing in the days that budgets look at, and
    have reacted to whatever they got before.
    """
    theirs = attention.c.person == people.c.id
    wishes = or_(
        attention.c.per_day.is_not(None),
        attention.c.per_week.is_not(None),
        attention.c.slot.is_not(None),
        attention.c.stopped_at.is_not(None),
        attention.c.paused_at.is_not(None),
        attention.c.ignored != 0,
        attention.c.talked_at > now - AFTER_TALK,
    )
    talked_at = select(attention.c.talked_at).where(theirs).correlate(people).scalar_subquery()
    got = exists().where(
        outbox.c.person == people.c.id,
        outbox.c.day.is_not(None),
        outbox.c.state.not_in([state.value for state in NOT_COUNTED]),
        or_(
            outbox.c.day >= now.date() - LOOK_BACK - _DAY,
            talked_at.is_(None),
            outbox.c.settled_at.is_(None),
            outbox.c.settled_at > talked_at,
        ),
    )
    return and_(
        or_(people.c.paused_until.is_(None), people.c.paused_until <= now),
        or_(people.c.away_until.is_(None), people.c.away_until <= now - HORIZON - 2 * _DAY),
        not_(exists().where(theirs, wishes)),
        not_(
            exists().where(
                days_off.c.workspace == people.c.workspace, days_off.c.person == people.c.id
            )
        ),
        not_(got),
    )
