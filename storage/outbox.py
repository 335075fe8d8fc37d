"""The outbox as a handler sees it: letters are promised, edited and taken back."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    union_all,
    update,
)

from bot.ids import WorkspaceId
from bot.outbox import (
    Delivered,
    Latest,
    Letter,
    LetterState,
    Promised,
    ToPerson,
    ToPlace,
    ToRelay,
)
from bot.people import Person
from storage.row import add_all_new, add_new, among, in_chunks, put
from storage.seal import Seal
from storage.tables import IS_PENDING, followed, outbox

MERGED = "merged"
"""The state of an edit whose message another letter carries; never seen outside."""
CHUNK = 5_000
"""So many rows or keys go into one statement: SQLite allows 32,766 values."""
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""When a letter is due that goes at once."""
TAKEN_BACK = AT_ONCE
"""When a letter expires that was taken back while it was on the wire: should it come back to
wait, that is the end of it."""

# Two look-ups, each with an index of its own: with an OR between them SQLite reads all the
# letters of the workspace.
_FOUND = tuple(
    outbox.c[name] for name in ("id", "key", "about", "kind", "source", "day", "because")
)
_STANDS = union_all(
    select(*_FOUND).where(
        outbox.c.workspace == bindparam("workspace"),
        outbox.c.external_id == bindparam("external"),
        outbox.c.sent_conversation == bindparam("conversation"),
        outbox.c.edits.is_(None),
    ),
    select(*_FOUND).where(outbox.c.fingerprint == bindparam("mark"), outbox.c.edits.is_(None)),
).order_by("id")


@cache
def _promised(dialect: str) -> Select[Any]:
    return select(outbox.c.key, outbox.c.state, outbox.c.day, outbox.c.due_at, outbox.c.why).where(
        outbox.c.workspace == bindparam("workspace"),
        among(dialect, outbox.c.key, "keys"),
        outbox.c.state != MERGED,
    )


_NEVER_SENT = {
    LetterState.FAILED,
    LetterState.UNREACHABLE,
    LetterState.SUPPRESSED,
    LetterState.CANCELLED,
}
_SETTLED = (*_NEVER_SENT, LetterState.SENT, LetterState.UNKNOWN)
_WAITS_OR_GONE = tuple(state for state in LetterState if state not in _NEVER_SENT)
_NOTHING: Mapping[str, Sequence[str]] = {}


class SqlOutbox:
    """`bot.ports.Outbox` in a table."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal
        self.poked: set[WorkspaceId] = set()
        """The lanes for which letters were promised that are due at once."""

    def post(self, workspace: WorkspaceId, letter: Letter) -> None:
        """Promise a letter. A key that was promised before changes nothing.

        An edit of a letter that was never promised, or will never be sent, is dropped.
        """
        row = _row(workspace, letter, letter.message.model_dump_json())
        if letter.due_at is None:
            self.poked.add(workspace)
        if letter.edits is None:
            add_new(self._connection, outbox, row)
        else:
            self._post_edit(workspace, letter.edits, row)

    def post_all(self, workspace: WorkspaceId, letters: Sequence[Letter]) -> None:
        """Promise many letters, as `post` does one by one but faster.

        What the same message object says is written as JSON once. Keys promised before, or
        twice, change nothing but for the first.
        """
        plain = [letter for letter in letters if letter.edits is None]
        self._insert(_rows(workspace, plain))
        if any(letter.due_at is None for letter in plain):
            self.poked.add(workspace)
        for letter in letters:
            if letter.edits is not None:
                self.post(workspace, letter)

    def suppress_all(
        self, workspace: WorkspaceId, letters: Sequence[tuple[Letter, str]], now: datetime
    ) -> None:
        """Keep that letters were meant to be sent and why they are not.

        Keys promised before change nothing.
        """
        told = {
            "state": LetterState.SUPPRESSED,
            "message": None,
            "settled_at": now,
        }
        rows = _rows(workspace, [letter for letter, _ in letters])
        self._insert(
            [row | told | {"why": str(why)} for row, (_, why) in zip(rows, letters, strict=True)]
        )

    def _insert(self, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            names = tuple(rows[0])
            for some in in_chunks(rows, CHUNK):
                add_all_new(self._connection, outbox, names, [tuple(row.values()) for row in some])

    def promised(self, workspace: WorkspaceId, keys: Sequence[str]) -> Mapping[str, Promised]:
        """What has become of the letters under these keys; unknown keys are left out."""
        statement = _promised(self._connection.dialect.name)
        rows = self._connection.execute(statement, {"workspace": workspace, "keys": list(keys)})
        return {
            row.key: Promised(LetterState(row.state), row.day, row.due_at, row.why) for row in rows
        }

    def _post_edit(self, workspace: WorkspaceId, target: str, row: dict[str, Any]) -> None:
        edited = self._edited(workspace, target)
        if edited is None or edited.state in _NEVER_SENT:
            return
        row["edits"] = edited.id
        carrier = edited.id if edited.state == LetterState.PENDING else self._waiting(edited.id)
        if carrier is None:
            add_new(self._connection, outbox, row)
            return
        merged = row | {"state": MERGED, "carried_by": carrier, "message": None}
        if add_new(self._connection, outbox, merged):
            told = {name: row[name] for name in ("message", "about") if row[name] is not None}
            self._connection.execute(update(outbox).where(outbox.c.id == carrier).values(told))

    def _edited(self, workspace: WorkspaceId, key: str) -> Any:
        """The letter that stands or will stand in the conversation; locked until the end,
        so that no lane claims it while its message is replaced."""
        found = self._connection.execute(
            select(outbox.c.id, outbox.c.state, outbox.c.edits)
            .where(outbox.c.workspace == workspace, outbox.c.key == key)
            .with_for_update()
        ).one_or_none()
        if found is None or found.edits is None:
            return found
        return self._connection.execute(
            select(outbox.c.id, outbox.c.state).where(outbox.c.id == found.edits).with_for_update()
        ).one()

    def _waiting(self, edited: int) -> int | None:
        """An edit of the same letter that waits, and may as well carry the newer message."""
        waiting: int | None = self._connection.execute(
            select(outbox.c.id)
            .where(outbox.c.edits == edited, outbox.c.state == LetterState.PENDING)
            .order_by(outbox.c.id.desc())
            .limit(1)
            .with_for_update()
        ).scalar()
        return waiting

    def forget(self, workspace: WorkspaceId, keys: Sequence[str]) -> None:
        """What the letters under these keys said, and all edits of them, is kept no longer,
        where they are settled.

        One that is on its way keeps its words until it has arrived, and then as long as any.
        """
        named = among(self._connection.dialect.name, outbox.c.key, "keys")
        given = {"keys": list(keys)}
        ids = (
            self._connection.execute(
                select(outbox.c.id).where(outbox.c.workspace == workspace, named), given
            )
            .scalars()
            .all()
        )
        # Two statements, each with an index of its own, as in `_STANDS`.
        for which in (outbox.c.id.in_(ids), outbox.c.edits.in_(ids)):
            self._connection.execute(
                update(outbox).where(which, outbox.c.state.in_(_SETTLED)).values(message=None)
            )

    def cancel(self, workspace: WorkspaceId, key: str) -> bool:
        """Take back a letter that has not begun. False when it is too late or unknown.

        What is on the wire may arrive, but is not sent again should it come back.
        """
        letter = (outbox.c.workspace == workspace, outbox.c.key == key)
        return cancel_letters(self._connection, *letter) == 1

    def put_off(
        self, person: Person, kinds: Collection[str], due_at: datetime, now: datetime
    ) -> None:
        self._connection.execute(
            update(outbox)
            .where(
                outbox.c.workspace == person.workspace,
                IS_PENDING,
                outbox.c.person == person.id,
                outbox.c.kind.in_(sorted(kinds)),
                outbox.c.day.is_(None),
                outbox.c.due_at > now,
            )
            .values(due_at=due_at)
        )

    def latest(self, person: Person, kind: str) -> Latest | None:
        found = self._connection.execute(
            select(outbox.c.key, outbox.c.state, outbox.c.due_at)
            .where(
                outbox.c.person == person.id,
                outbox.c.kind == kind,
                outbox.c.day.is_(None),
                outbox.c.edits.is_(None),
                outbox.c.state.in_(_WAITS_OR_GONE),
                outbox.c.workspace == person.workspace,
            )
            .order_by(outbox.c.due_at.desc(), outbox.c.id.desc())
            .limit(1)
            .with_for_update()
        ).one_or_none()
        return found and Latest(found.key, LetterState(found.state), found.due_at)

    def waits_with(self, workspace: WorkspaceId, key: str) -> Sequence[str]:
        letter = self._edited(workspace, key)
        if letter is None or letter.state != LetterState.PENDING:
            return ()
        told = select(outbox.c.key).where(
            or_(
                outbox.c.id == letter.id,
                and_(outbox.c.carried_by == letter.id, outbox.c.state == MERGED),
            )
        )
        return self._connection.execute(told.order_by(outbox.c.id)).scalars().all()

    def take_back(self, person: Person, kinds: Collection[str]) -> None:
        cancel_letters(
            self._connection,
            outbox.c.workspace == person.workspace,
            IS_PENDING,
            outbox.c.person == person.id,
            outbox.c.kind.in_(sorted(kinds)),
            outbox.c.edits.is_(None),
        )

    def find(self, workspace: WorkspaceId, conversation: str, external: str) -> Delivered | None:
        """The letter that stands at an address, or the message that `follow` named."""
        mark = self._seal.fingerprint("stands", workspace, conversation, external)
        row = self._connection.execute(
            _STANDS,
            {
                "workspace": workspace,
                "conversation": conversation,
                "external": external,
                "mark": mark,
            },
        ).first()
        if row is not None:
            return Delivered(
                key=row.key,
                about=row.about,
                kind=row.kind,
                source=row.source,
                day=row.day,
                because=row.because,
            )
        about: str | None = self._connection.execute(
            select(followed.c.about).where(followed.c.fingerprint == mark)
        ).scalar()
        return None if about is None else Delivered(key=f"follow:{about}", about=about)

    def follow(self, workspace: WorkspaceId, conversation: str, external: str, about: str) -> None:
        """Hear the thread under somebody's message: it is about `about` from now on."""
        mark = self._seal.fingerprint("stands", workspace, conversation, external)
        put(self._connection, followed, {"fingerprint": mark, "about": about})

    def state(self, workspace: WorkspaceId, key: str) -> LetterState | None:
        """What has become of a letter; None when it was never promised.

        An edit that another letter carries has that letter's state.
        """
        columns = (outbox.c.state, outbox.c.carried_by)
        row = self._connection.execute(
            select(*columns).where(outbox.c.workspace == workspace, outbox.c.key == key)
        ).one_or_none()
        while row is not None and row.state == MERGED:
            row = self._connection.execute(
                select(*columns).where(outbox.c.id == row.carried_by)
            ).one()
        return None if row is None else LetterState(row.state)


def cancel_letters(
    connection: Connection,
    *which: ColumnElement[bool],
    given: Mapping[str, Sequence[str]] = _NOTHING,
) -> int:
    """Take back the letters that fit; says how many certainly are not sent. `given` is what
    stands under the names in `which`."""
    # A lane marks its letters before it sends them, and does not find these any more.
    cancelled = connection.execute(
        update(outbox)
        .where(*which, outbox.c.state.in_([LetterState.PENDING, LetterState.LEASED]))
        .values(
            state=LetterState.CANCELLED,
            owner=None,
            lease_until=None,
            settled_at=func.current_timestamp(),
        ),
        given,
    )
    connection.execute(
        update(outbox)
        .where(*which, outbox.c.state.in_([LetterState.SENDING, LetterState.AMBIGUOUS]))
        .values(expires_at=TAKEN_BACK),
        given,
    )
    return cancelled.rowcount


def _rows(workspace: WorkspaceId, letters: Sequence[Letter]) -> list[dict[str, Any]]:
    written: dict[int, str] = {}
    rows = []
    for letter in letters:
        text = written.get(id(letter.message))
        if text is None:
            text = written[id(letter.message)] = letter.message.model_dump_json()
        rows.append(_row(workspace, letter, text))
    return rows


def _row(workspace: WorkspaceId, letter: Letter, message: str) -> dict[str, Any]:
    to = letter.to
    return {
        "workspace": workspace,
        "key": letter.key,
        "to_kind": to.kind,
        "person": to.person if isinstance(to, ToPerson) else None,
        "subject": to.subject if isinstance(to, ToRelay) else None,
        "conversation": to.conversation if isinstance(to, ToPlace) else None,
        "thread": to.thread if isinstance(to, ToPlace) else None,
        "kind": letter.kind,
        "priority": int(letter.priority),
        "due_at": letter.due_at or AT_ONCE,
        "expires_at": letter.expires_at,
        "about": letter.about,
        "source": letter.source,
        "day": letter.day,
        "good_until": letter.good_until,
        "because": letter.because,
        "state": LetterState.PENDING,
        "attempts": 0,
        "message": message,
    }


def merge_edits(connection: Connection, letters: Iterable[int]) -> None:
    """Let letters that wait again carry the message of an edit that waits for them."""
    waiting = connection.execute(
        select(outbox.c.id, outbox.c.edits, outbox.c.message)
        .where(outbox.c.edits.in_(sorted(letters)), outbox.c.state == LetterState.PENDING)
        .order_by(outbox.c.id)
        .with_for_update()
    ).all()
    for edit in waiting:
        connection.execute(
            update(outbox).where(outbox.c.id == edit.edits).values(message=edit.message)
        )
        connection.execute(
            update(outbox)
            .where(outbox.c.id == edit.id)
            .values(state=MERGED, carried_by=edit.edits, message=None)
        )
