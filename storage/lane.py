"""The outbox as a lane sees it: letters are claimed, marked, settled and recovered.

A lease belongs to one `Database` instance. Whoever comes late, after the lease ran out
and somebody else took over, changes nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    exists,
    or_,
    select,
    update,
)

from bot.ids import WorkspaceId
from bot.message import Message
from bot.outbox import (
    Ambiguous,
    Delivery,
    LetterState,
    Limited,
    Never,
    Outcome,
    Priority,
    Sent,
    Settlement,
    TryLater,
)
from storage.outbox import merge_edits
from storage.seal import Seal, WrongKey
from storage.tables import outbox, people, relay, workspaces

if TYPE_CHECKING:
    from storage.database import Database

RECONCILING = timedelta(minutes=1)
"""How long nobody else is given an ambiguous letter that `recover` has handed out."""
WRONG_KEY_WAIT = timedelta(minutes=15)
"""How long a letter waits whose recipient the present relay key does not open."""

_edited = outbox.alias("edited")
_target = outbox.alias("target")
_earlier = outbox.alias("earlier")

_UNDECIDED = (
    LetterState.PENDING,
    LetterState.LEASED,
    LetterState.SENDING,
    LetterState.AMBIGUOUS,
)
_IN_HAND = (LetterState.LEASED, LetterState.SENDING, LetterState.AMBIGUOUS)

# An edit has its turn when it is known what became of the letter it edits, and of every
# earlier edit of it: the last word must stand at the end.
_HAS_ITS_TURN = or_(
    outbox.c.edits.is_(None),
    and_(
        exists().where(_target.c.id == outbox.c.edits, _target.c.state.not_in(_UNDECIDED)),
        ~exists().where(
            _earlier.c.edits == outbox.c.edits,
            _earlier.c.id < outbox.c.id,
            _earlier.c.state.in_(_UNDECIDED),
        ),
    ),
)

_LETTERS = (
    select(
        outbox,
        _edited.c.state.label("edited_state"),
        _edited.c.external_id.label("edited_external_id"),
        _edited.c.sent_conversation.label("edited_conversation"),
        _edited.c.sealed.label("edited_sealed"),
    )
    .select_from(outbox.outerjoin(_edited, _edited.c.id == outbox.c.edits))
    .where(outbox.c.workspace == bindparam("lane"))
)

_CLAIMABLE = (
    _LETTERS.where(
        outbox.c.state == LetterState.PENDING,
        outbox.c.priority == bindparam("priority"),
        outbox.c.due_at <= bindparam("now"),
        _HAS_ITS_TURN,
    )
    .order_by(outbox.c.due_at, outbox.c.id)
    .limit(bindparam("limit"))
    .with_for_update(of=outbox, skip_locked=True)
)


class SqlLaneStore:
    """`bot.ports.LaneStore` over the outbox of a database."""

    def __init__(self, database: "Database") -> None:
        self._database = database
        self._owner = database.owner
        self._seal = database.seal

    def lanes_with_work(self, now: datetime) -> Sequence[WorkspaceId]:
        """Workspaces with letters to claim, recover or reconcile."""
        here = outbox.c.workspace == workspaces.c.id
        work = or_(
            exists().where(
                here,
                outbox.c.state == LetterState.PENDING,
                outbox.c.priority.in_([int(priority) for priority in Priority]),
                outbox.c.due_at <= now,
                _HAS_ITS_TURN,
            ),
            exists().where(here, self._is_left_behind(now)),
        )
        with self._database.begin() as connection:
            return (
                connection.execute(select(workspaces.c.id).where(work).order_by(workspaces.c.id))
                .scalars()
                .all()
            )

    def claim(
        self, lane: WorkspaceId, now: datetime, limit: int, lease: timedelta
    ) -> Sequence[Delivery]:
        """Lease due letters, most urgent first, until `now + lease`.

        A letter fails on the way when it has expired, its recipient has left or is
        unknown, or what it edits was never sent.
        """
        claimed: list[Delivery] = []
        with self._database.begin() as connection:
            for priority in Priority:
                while len(claimed) < limit:
                    rows = connection.execute(
                        _CLAIMABLE,
                        {
                            "lane": lane,
                            "priority": int(priority),
                            "now": now,
                            "limit": limit - len(claimed),
                        },
                    ).all()
                    if not rows:
                        break
                    claimed += self._lease(connection, rows, now, now + lease)
        return claimed

    def _lease(
        self,
        connection: Connection,
        rows: Sequence[Row[*tuple[Any, ...]]],
        now: datetime,
        until: datetime,
    ) -> list[Delivery]:
        """Move every row on: to leased, or to failed, or to a later day."""
        recipients = _Recipients(connection, self._seal, rows)
        ready: list[Delivery] = []
        for row in rows:
            try:
                if row.expires_at is not None and row.expires_at <= now:
                    raise _Undeliverable("expired")
                ready.append(self._delivery(row, recipients, active=True))
            except _Undeliverable as error:
                self._fail(connection, row, str(error))
            except WrongKey:
                # Nothing is lost: the right key may come back with the next start.
                connection.execute(
                    update(outbox)
                    .where(outbox.c.id == row.id)
                    .values(due_at=now + WRONG_KEY_WAIT, why="the relay key does not fit")
                )
        connection.execute(
            update(outbox)
            .where(outbox.c.id.in_([delivery.id for delivery in ready]))
            .values(state=LetterState.LEASED, owner=self._owner, lease_until=until)
        )
        return ready

    def mark_sending(self, ids: Sequence[int], now: datetime) -> Sequence[int]:
        """The write-ahead mark; returns the ids whose lease is still ours, in their order."""
        with self._database.begin() as connection:
            marked = set(
                connection.execute(
                    update(outbox)
                    .where(
                        outbox.c.id.in_(ids),
                        outbox.c.state == LetterState.LEASED,
                        outbox.c.owner == self._owner,
                        outbox.c.lease_until > now,
                    )
                    .values(state=LetterState.SENDING, started_at=now)
                    .returning(outbox.c.id)
                ).scalars()
            )
        return [id_ for id_ in ids if id_ in marked]

    def settle(self, settlements: Sequence[Settlement], now: datetime) -> None:
        """Write down what became of claimed or recovered letters.

        A letter that is not ours any more is left alone.
        """
        outcomes = {settlement.id: settlement.outcome for settlement in settlements}
        with self._database.begin() as connection:
            ours = connection.execute(
                select(outbox.c.id, outbox.c.workspace, outbox.c.to_kind, outbox.c.attempts)
                .where(
                    outbox.c.id.in_(sorted(outcomes)),
                    outbox.c.owner == self._owner,
                    outbox.c.state.in_(_IN_HAND),
                )
                .order_by(outbox.c.id)
                .with_for_update()
            ).all()
            for row in ours:
                connection.execute(
                    update(outbox)
                    .where(outbox.c.id == row.id)
                    .values(
                        {"owner": None, "lease_until": None}
                        | self._result(row, outcomes[row.id], now)
                    )
                )
            merge_edits(
                connection,
                [row.id for row in ours if isinstance(outcomes[row.id], TryLater)],
            )

    def _result(self, row: Any, outcome: Outcome, now: datetime) -> dict[str, Any]:
        match outcome:
            case Sent(external=external, conversation=conversation):
                return {
                    "state": LetterState.SENT,
                    "why": None,
                    **self._place(row, conversation, external),
                }
            case Limited(after=after):
                return {"state": LetterState.PENDING, "due_at": now + after}
            case TryLater(after=after, why=why):
                return {
                    "state": LetterState.PENDING,
                    "due_at": now + after,
                    "attempts": row.attempts + 1,
                    "why": self._reason(row, why),
                }
            case Never(why=why, unreachable=unreachable):
                state = LetterState.UNREACHABLE if unreachable else LetterState.FAILED
                return {"state": state, "why": self._reason(row, why)}
            case Ambiguous(why=why):
                return {"state": LetterState.AMBIGUOUS, "why": self._reason(row, why)}

    def recover(self, lane: WorkspaceId, now: datetime) -> Sequence[Delivery]:
        """Give back leases that ran out; return the letters nobody can speak for.

        Those are ours to settle from then on: another `Database` is given them only when
        `RECONCILING` has passed, this one again each time.
        """
        with self._database.begin() as connection:
            given_back = (
                connection.execute(
                    update(outbox)
                    .where(
                        outbox.c.workspace == lane,
                        outbox.c.state == LetterState.LEASED,
                        outbox.c.lease_until <= now,
                    )
                    .values(state=LetterState.PENDING, owner=None, lease_until=None)
                    .returning(outbox.c.id)
                )
                .scalars()
                .all()
            )
            merge_edits(connection, given_back)
            rows = connection.execute(
                _LETTERS.where(self._is_left_behind(now))
                .order_by(outbox.c.id)
                .with_for_update(of=outbox, skip_locked=True),
                {"lane": lane},
            ).all()
            recipients = _Recipients(connection, self._seal, rows)
            unclear: list[Delivery] = []
            for row in rows:
                try:
                    unclear.append(self._delivery(row, recipients, active=False))
                except _Undeliverable as error:
                    self._fail(connection, row, str(error))
                except WrongKey:
                    continue
            connection.execute(
                update(outbox)
                .where(outbox.c.id.in_([delivery.id for delivery in unclear]))
                .values(
                    state=LetterState.AMBIGUOUS,
                    owner=self._owner,
                    lease_until=now + RECONCILING,
                )
            )
            return unclear

    def _is_left_behind(self, now: datetime) -> ColumnElement[bool]:
        return and_(
            outbox.c.state.in_(_IN_HAND),
            or_(
                outbox.c.lease_until <= now,
                and_(
                    outbox.c.state == LetterState.AMBIGUOUS,
                    or_(outbox.c.owner.is_(None), outbox.c.owner == self._owner),
                ),
            ),
        )

    def _delivery(self, row: Any, recipients: "_Recipients", *, active: bool) -> Delivery:
        if row.edits is not None and row.edited_state != LetterState.SENT:
            raise _Undeliverable("what it edits was never sent")
        address = recipients.address(row, active=active)
        edits, conversation = row.edited_external_id, row.edited_conversation
        if row.edited_sealed is not None:
            conversation, edits = self._seal.open(row.edited_sealed)
        try:
            message = Message.model_validate_json(row.message)
        except ValidationError:
            raise _Undeliverable("the message is not valid any more") from None
        return Delivery(
            id=row.id,
            key=row.key,
            workspace=row.workspace,
            address=address,
            direct=row.to_kind != "place",
            message=message,
            kind=row.kind,
            priority=Priority(row.priority),
            thread=row.thread,
            edits=edits,
            conversation=conversation,
            attempts=row.attempts,
        )

    def _fail(self, connection: Connection, row: Any, why: str) -> None:
        connection.execute(
            update(outbox)
            .where(outbox.c.id == row.id)
            .values(
                state=LetterState.FAILED,
                why=self._reason(row, why),
                owner=None,
                lease_until=None,
            )
        )

    def _reason(self, row: Any, why: str) -> str:
        """A platform's words may name the person whom only the relay knows."""
        return self._seal.close(why) if row.to_kind == "relay" else why

    def _place(self, row: Any, conversation: str, external: str) -> dict[str, str]:
        """Where a letter stands. A direct conversation is as good as the person's name."""
        if row.to_kind != "relay":
            return {"sent_conversation": conversation, "external_id": external}
        return {
            "sealed": self._seal.close(conversation, external),
            "fingerprint": self._seal.fingerprint("stands", row.workspace, conversation, external),
        }


class _Undeliverable(Exception):
    """Why a letter fails before any platform sees it."""


class _Recipients:
    """The people to whom some letters go, looked up at once."""

    def __init__(self, connection: Connection, seal: Seal, rows: Iterable[Any]) -> None:
        subjects = {row.subject for row in rows if row.to_kind == "relay"}
        self._seal = seal
        self._sealed: dict[str, str] = {
            row.subject: row.sealed
            for row in connection.execute(select(relay).where(relay.c.subject.in_(subjects)))
        }
        wanted = {row.person for row in rows if row.to_kind == "person"}
        for subject in self._sealed:
            try:
                wanted.add(self._open(subject))
            except WrongKey:
                continue
        self._people = {
            person.id: person
            for person in connection.execute(
                select(people.c.id, people.c.address, people.c.active).where(
                    people.c.id.in_(wanted)
                )
            )
        }

    def address(self, row: Any, *, active: bool) -> str:
        """Where the letter goes; `active` demands that the person has not left."""
        if row.to_kind == "place":
            return str(row.conversation)
        person = self._people.get(
            row.person if row.to_kind == "person" else self._open(row.subject)
        )
        if person is None:
            raise _Undeliverable("nobody is known by that id")
        if active and not person.active:
            raise _Undeliverable("left")
        return str(person.address)

    def _open(self, subject: str) -> str:
        sealed = self._sealed.get(subject)
        if sealed is None:
            raise _Undeliverable("the relay has forgotten the person")
        sealed_subject, person = self._seal.open(sealed)
        return person if sealed_subject == subject else ""
