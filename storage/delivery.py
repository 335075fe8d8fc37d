"""Rows of the outbox as letters that a lane can send, and the end of those it cannot."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import structlog
from sqlalchemy import Connection, bindparam, select, update

from bot.ids import WorkspaceId
from bot.message import Message
from bot.outbox import Delivery, LetterState, Priority
from storage.seal import Seal
from storage.tables import outbox, people, relay

UNREADABLE_WAIT = timedelta(minutes=15)
"""How long a letter waits that this process cannot read, for another one may. Its message may
be of a newer version, and the right relay key may come back with the next start."""

log = structlog.get_logger()

_edited = outbox.alias("edited")

LETTERS = select(
    *(
        outbox.c[name]
        for name in (
            "id", "key", "workspace", "to_kind", "person", "subject", "conversation", "thread",
            "kind", "priority", "due_at", "expires_at", "edits", "attempts", "message", "day",
            "started_at",
        )
    ),
    _edited.c.state.label("edited_state"),
    _edited.c.external_id.label("edited_external_id"),
    _edited.c.sent_conversation.label("edited_conversation"),
    _edited.c.sealed.label("edited_sealed"),
).select_from(outbox.outerjoin(_edited, _edited.c.id == outbox.c.edits))  # fmt: skip


_RELAYED = select(relay).where(relay.c.subject.in_(bindparam("subjects", expanding=True)))
_ADDRESSES = select(people.c.id, people.c.address, people.c.active).where(
    people.c.id.in_(bindparam("people", expanding=True))
)
_CLOSE = update(outbox).where(outbox.c.id.in_(bindparam("ids", expanding=True)))


class Undeliverable(Exception):
    """Why a letter fails before any platform sees it."""


class Recipients:
    """The people to whom some letters go, looked up at once."""

    def __init__(self, connection: Connection, seal: Seal, rows: Iterable[Any]) -> None:
        subjects = {row.subject for row in rows if row.to_kind == "relay"}
        self.seal = seal
        self._sealed: dict[str, str] = {}
        if subjects:
            self._sealed = {
                row.subject: row.sealed
                for row in connection.execute(_RELAYED, {"subjects": sorted(subjects)})
            }
        wanted = {row.person for row in rows if row.to_kind == "person"}
        for subject in self._sealed:
            # Who asks for the address hears why there is none.
            with suppress(Exception):
                wanted.add(self._open(subject))
        self._people: dict[str, Any] = {}
        if wanted:
            self._people = {
                person.id: person
                for person in connection.execute(_ADDRESSES, {"people": sorted(wanted)})
            }

    def address(self, row: Any, *, active: bool) -> str:
        """Where the letter goes; `active` demands that the person has not left."""
        if row.to_kind == "place":
            return str(row.conversation)
        person = self._people.get(
            row.person if row.to_kind == "person" else self._open(row.subject)
        )
        if person is None:
            raise Undeliverable("nobody is known by that id")
        if active and not person.active:
            raise Undeliverable("left")
        return str(person.address)

    def _open(self, subject: str) -> str:
        sealed = self._sealed.get(subject)
        if sealed is None:
            raise Undeliverable("the relay has forgotten the person")
        sealed_subject, person = self.seal.open(sealed)
        return person if sealed_subject == subject else ""


def read_delivery(row: Any, recipients: Recipients, *, active: bool) -> Delivery:
    """A row of `LETTERS` as a lane sends it; `active` demands that the person has not left.

    Raises:
        Undeliverable: it never will be sent.
        Exception: whatever the row could not be read for. Nothing was written, so the
            transaction can go on.
    """
    if row.edits is not None and row.edited_state != LetterState.SENT:
        raise Undeliverable("what it edits was never sent")
    address = recipients.address(row, active=active)
    edits, conversation = row.edited_external_id, row.edited_conversation
    if row.edited_sealed is not None:
        conversation, edits = recipients.seal.open(row.edited_sealed)
    return Delivery(
        id=row.id,
        key=row.key,
        workspace=row.workspace,
        address=address,
        direct=row.to_kind != "place",
        message=_read_message(row.message),
        kind=row.kind,
        priority=Priority(row.priority),
        thread=row.thread,
        edits=edits,
        conversation=conversation,
        attempts=row.attempts,
        began_at=row.started_at,
    )


@lru_cache(maxsize=256)
def _read_message(said: str) -> Message:
    """To many people the same is said, and reading it takes longer than sending it."""
    return Message.model_validate_json(said)


def tell_unread(lane: WorkspaceId, letter: int, error: Exception) -> None:
    """Log that a letter cannot be read. The error's own text may quote the message."""
    log.warning("letter unread", workspace=lane, letter=letter, error=type(error).__name__)


def close(
    connection: Connection,
    seal: Seal,
    rows: Sequence[Any],
    state: LetterState,
    why: str | None,
    now: datetime,
) -> None:
    """End letters that no platform has seen. All that go to the relay, or none."""
    connection.execute(
        _CLOSE.values(end(seal, rows[0], state, why, now)), {"ids": [row.id for row in rows]}
    )


def end(seal: Seal, row: Any, state: LetterState, why: str | None, now: datetime) -> dict[str, Any]:
    """What a row says when nothing more becomes of its letter."""
    return {
        "state": state,
        "why": None if why is None else tell(seal, row, why),
        "owner": None,
        "lease_until": None,
        "settled_at": now,
    }


def tell(seal: Seal, row: Any, why: str) -> str:
    """A platform's words may name the person whom only the relay knows."""
    return seal.close(why) if row.to_kind == "relay" else why
