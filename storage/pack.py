"""What packs hold, in tables: things as they stand, every version, and what each version said.

Bodies are kept by their digest, so a quiz of thousands of items that changes in one of them
grows by that one and by the list of the others. Values are read out of a body once a process:
a digest says the same for ever.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, cast

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, and_, bindparam, insert, or_, select, update

from bot.ids import PersonId, TopicId, WorkspaceId
from bot.pack.document import DOCUMENTS, Document, Metric, Piece, Prompt, kind_of
from bot.pack.item import Item
from bot.pack.model import Kind, Quiz, Section, Tip
from bot.pack.ports import Edition, Kept, Put
from bot.pack.version import LENGTH, version_of, version_of_item
from storage.outbox import cancel_letters
from storage.pack_tables import pack_bodies, pack_editions, pack_families, pack_things
from storage.row import add_all_new, among, insert_for
from storage.tables import outbox, workspaces

KEPT_ITEMS = 20_000
"""Pieces and items that a process keeps in memory, at most, or one quiz that is larger."""

_ITEM: TypeAdapter[Item] = TypeAdapter(Item)

_SHAPES: Mapping[Kind, type[Section | Tip | Document]] = {
    Kind.SECTION: Section,
    Kind.TIP: Tip,
    **DOCUMENTS,
}

_THING = select(pack_things).where(
    pack_things.c.workspace == bindparam("workspace"),
    pack_things.c.kind == bindparam("kind"),
    pack_things.c.id == bindparam("id"),
)
_LOCK = (
    select(workspaces.c.id)
    .where(workspaces.c.id == bindparam("workspace"))
    # Rows that name the workspace can be written meanwhile.
    .with_for_update(key_share=True)
)
_BODY = select(pack_bodies.c.body).where(
    pack_bodies.c.workspace == bindparam("workspace"),
    pack_bodies.c.digest == bindparam("digest"),
)


class _Shelf:
    """Values by digest, those that were used last."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._lock = Lock()
        self._values: OrderedDict[str, Piece] = OrderedDict()
        self._taken = 0

    def get(self, digest: str) -> Piece | None:
        with self._lock:
            value = self._values.get(digest)
            if value is not None:
                self._values.move_to_end(digest)
            return value

    def put(self, digest: str, value: Piece) -> None:
        with self._lock:
            if digest in self._values:
                return
            self._values[digest] = value
            self._taken += _size(value)
            while self._taken > self._room and len(self._values) > 1:
                _, gone = self._values.popitem(last=False)
                self._taken -= _size(gone)


def _size(value: Piece) -> int:
    return len(value.items) if isinstance(value, Quiz) else 1


_shelf = _Shelf(KEPT_ITEMS)


@dataclass(frozen=True, slots=True)
class _Written:
    """A thing as its row and its body hold it."""

    kind: Kind
    value: Piece | Item
    topic: str
    digest: str
    body: str
    quiz: str = ""

    @property
    def id(self) -> str:
        return self.value.id

    @property
    def version(self) -> str:
        """Worked out where something changed, and only there: it takes longest of all."""
        if self.kind is Kind.ITEM:
            return version_of_item(cast("Item", self.value))
        return version_of(self.value)


class SqlPacks:
    """`bot.pack.ports.PackStore` in tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def section(self, workspace: WorkspaceId, id_: str) -> Kept[Section] | None:
        """The section of that id, retired or not."""
        return cast("Kept[Section] | None", self._kept(workspace, Kind.SECTION, id_))

    def sections(self, workspace: WorkspaceId, topic: TopicId) -> Sequence[Kept[Section]]:
        """Those of a topic that are not retired, by title."""
        found = cast("list[Kept[Section]]", self._all(workspace, Kind.SECTION, [topic]))
        return sorted(found, key=lambda kept: (kept.value.title.casefold(), kept.value.id))

    def tip(self, workspace: WorkspaceId, id_: str) -> Kept[Tip] | None:
        """The tip of that id, retired or not."""
        return cast("Kept[Tip] | None", self._kept(workspace, Kind.TIP, id_))

    def tips(self, workspace: WorkspaceId, topics: Iterable[TopicId]) -> Sequence[Kept[Tip]]:
        """Those of the topics that are not retired and not drafts, by when they came and id."""
        found = cast("list[Kept[Tip]]", self._all(workspace, Kind.TIP, list(topics)))
        return [kept for kept in found if kept.value.status != "draft"]

    def quiz(self, workspace: WorkspaceId, id_: str) -> Kept[Quiz] | None:
        """As it stands now, with all its items."""
        return cast("Kept[Quiz] | None", self._kept(workspace, Kind.QUIZ, id_))

    def quiz_at(self, workspace: WorkspaceId, id_: str, version: str) -> Quiz:
        """As it stood in that version, from memory where it was read before.

        Raises:
            KeyError: it never had that version.
        """
        return cast("Quiz", self._at(workspace, Kind.QUIZ, id_, version))

    def quizzes(self, workspace: WorkspaceId) -> Sequence[Kept[Quiz]]:
        """Those that are not retired, by title."""
        found = cast("list[Kept[Quiz]]", self._all(workspace, Kind.QUIZ, None))
        return sorted(found, key=lambda kept: (kept.value.title.casefold(), kept.value.id))

    def document(self, workspace: WorkspaceId, kind: Kind, id_: str) -> Kept[Any] | None:
        """The prompt, campaign or metric of that id, retired or not."""
        return self._kept(workspace, kind, id_)

    def documents(self, workspace: WorkspaceId, kind: Kind) -> Sequence[Kept[Any]]:
        """Those of a kind that are not retired, by when they came and id."""
        return self._all(workspace, kind, None)

    def document_at(self, workspace: WorkspaceId, kind: Kind, id_: str, version: str) -> Document:
        """As it stood in that version: what was approved, whatever was written since.

        Raises:
            KeyError: it never had that version.
        """
        return cast("Document", self._at(workspace, kind, id_, version))

    def put(self, workspace: WorkspaceId, things: Iterable[Put]) -> Sequence[str]:
        """Keep them; returns the ids of those of which anything changed. What says the same as
        before is left alone; what was retired is back."""
        # Whoever else brings something to the workspace waits, and then finds it there.
        self._connection.execute(_LOCK, {"workspace": workspace})
        return [put.value.id for put in things if self._put(workspace, put)]

    def retire(self, workspace: WorkspaceId, kind: Kind, ids: Iterable[str], at: datetime) -> None:
        """Out of use from now on; nothing is deleted. With a quiz go its items. Letters to people
        that are about it and have not begun are taken back."""
        for id_ in ids:
            which = and_(pack_things.c.kind == kind, pack_things.c.id == id_)
            if kind is Kind.QUIZ:
                its_items = and_(pack_things.c.kind == Kind.ITEM, pack_things.c.quiz == id_)
                which = or_(which, its_items)
            self._connection.execute(
                update(pack_things)
                .where(pack_things.c.workspace == workspace, which, ~pack_things.c.retired)
                .values(retired=True, changed_at=at)
            )
            cancel_letters(
                self._connection,
                outbox.c.workspace == workspace,
                outbox.c.person.is_not(None),
                outbox.c.about == f"{kind}:{id_}",
            )

    def brought(self, workspace: WorkspaceId, kind: Kind, id_: str) -> Piece | None:
        """What its pack said last, whatever people changed since."""
        row = self._row(workspace, kind, id_)
        if row is None or row.brought is None:
            return None
        return self._value(workspace, kind, row.brought)

    def quiz_of(self, workspace: WorkspaceId, item: str) -> str | None:
        """The quiz that an item is in, or was in last."""
        row = self._row(workspace, Kind.ITEM, item)
        return None if row is None else str(row.quiz)

    def ids(self, workspace: WorkspaceId, kind: Kind, pack: str) -> Sequence[str]:
        """Of what the pack brought and is not retired."""
        return self._connection.scalars(
            select(pack_things.c.id)
            .where(
                pack_things.c.workspace == workspace,
                pack_things.c.pack == pack,
                pack_things.c.kind == kind,
                ~pack_things.c.retired,
            )
            .order_by(pack_things.c.id)
        ).all()

    def history(self, workspace: WorkspaceId, kind: Kind, id_: str) -> Sequence[Edition]:
        """Every version, the newest first. Items have a history of their own."""
        rows = self._connection.execute(
            select(pack_editions, pack_bodies.c.body)
            .join(
                pack_bodies,
                and_(
                    pack_bodies.c.workspace == pack_editions.c.workspace,
                    pack_bodies.c.digest == pack_editions.c.digest,
                ),
            )
            .where(
                pack_editions.c.workspace == workspace,
                pack_editions.c.kind == kind,
                pack_editions.c.id == id_,
            )
            .order_by(pack_editions.c.number.desc())
        )
        return [
            Edition(
                kind=row.kind,
                id=row.id,
                version=row.version,
                at=row.at,
                by=row.by,
                note=row.note,
                body=row.body,
            )
            for row in rows
        ]

    def family(self, workspace: WorkspaceId, item: str, version: str) -> str:
        """The version since which an item means the same: editorial changes keep it. What is
        known of an item's answers counts by family."""
        family: str | None = self._connection.execute(
            select(pack_families.c.family).where(
                pack_families.c.workspace == workspace,
                pack_families.c.item == item,
                pack_families.c.version == version,
            )
        ).scalar()
        return version if family is None else family

    def detach(self, workspace: WorkspaceId, person: PersonId) -> int:
        """Take a person's name off all that they changed; returns how many versions."""
        return self._connection.execute(
            update(pack_editions)
            .where(pack_editions.c.workspace == workspace, pack_editions.c.by == person)
            .values(by=None)
        ).rowcount

    # --- reading

    def _row(self, workspace: WorkspaceId, kind: Kind, id_: str) -> Row[Any] | None:
        return self._connection.execute(
            _THING, {"workspace": workspace, "kind": kind, "id": id_}
        ).one_or_none()

    def _kept(self, workspace: WorkspaceId, kind: Kind, id_: str) -> Kept[Piece] | None:
        row = self._row(workspace, kind, id_)
        return None if row is None else self._with(row, self._value(workspace, kind, row.digest))

    def _at(self, workspace: WorkspaceId, kind: Kind, id_: str, version: str) -> Piece:
        digest = self._connection.execute(
            select(pack_editions.c.digest)
            .where(
                pack_editions.c.workspace == workspace,
                pack_editions.c.kind == kind,
                pack_editions.c.id == id_,
                pack_editions.c.version == version,
            )
            .order_by(pack_editions.c.number.desc())
            .limit(1)
        ).scalar()
        if digest is None:
            raise KeyError(f"{kind} {id_} in version {version}")
        return self._value(workspace, kind, digest)

    def _with(self, row: Row[Any], value: Piece) -> Kept[Piece]:
        return Kept(value, row.version, row.retired, row.changed_at, row.pack)

    def _all(
        self, workspace: WorkspaceId, kind: Kind, topics: Sequence[str] | None
    ) -> list[Kept[Piece]]:
        which = select(pack_things).where(
            pack_things.c.workspace == workspace,
            pack_things.c.kind == kind,
            ~pack_things.c.retired,
        )
        if topics is not None:
            which = which.where(pack_things.c.topic.in_(topics))
        rows = self._connection.execute(
            which.order_by(pack_things.c.added_at, pack_things.c.id)
        ).all()
        unread = [row.digest for row in rows if _shelf.get(row.digest) is None]
        bodies = self._bodies(workspace, unread) if kind is not Kind.QUIZ else {}
        read = {digest: _parse(kind, body) for digest, body in bodies.items()}
        for digest, value in read.items():
            _shelf.put(digest, value)
        return [
            self._with(row, read.get(row.digest) or self._value(workspace, kind, row.digest))
            for row in rows
        ]

    def _value(self, workspace: WorkspaceId, kind: Kind, digest: str) -> Piece:
        value = _shelf.get(digest)
        if value is not None:
            return value
        body: str = self._connection.execute(
            _BODY, {"workspace": workspace, "digest": digest}
        ).scalar_one()
        value = self._quiz_from(workspace, body) if kind is Kind.QUIZ else _parse(kind, body)
        _shelf.put(digest, value)
        return value

    def _quiz_from(self, workspace: WorkspaceId, body: str) -> Quiz:
        told = json.loads(body)
        digests = [digest for _, digest in told["items"]]
        bodies = self._bodies(workspace, digests)
        told["items"] = [_ITEM.validate_json(bodies[digest]) for digest in digests]
        return Quiz.model_validate(told)

    def _bodies(self, workspace: WorkspaceId, digests: Sequence[str]) -> Mapping[str, str]:
        if not digests:
            return {}
        rows = self._connection.execute(
            select(pack_bodies.c.digest, pack_bodies.c.body).where(
                pack_bodies.c.workspace == bindparam("workspace"),
                among(self._connection.dialect.name, pack_bodies.c.digest, "digests"),
            ),
            {"workspace": workspace, "digests": list(digests)},
        )
        return {row.digest: row.body for row in rows}

    # --- writing

    def _put(self, workspace: WorkspaceId, put: Put) -> bool:
        thing, items = _write(put.value)
        before = self._row(workspace, thing.kind, thing.id)
        brought = before.brought if before is not None else None
        if put.by is None and put.pack:
            brought = thing.digest
            if put.brought is not None and put.brought is not put.value:
                said, its_items = _write(put.brought)
                self._keep_bodies(workspace, [said, *its_items])
                brought = said.digest
        says_the_same = before is not None and before.digest == thing.digest
        changed = before is None or before.retired or not says_the_same
        if before is not None and not changed:
            if (before.brought, before.pack) != (brought, put.pack):
                self._connection.execute(
                    update(pack_things)
                    .where(
                        pack_things.c.workspace == workspace,
                        pack_things.c.kind == thing.kind,
                        pack_things.c.id == thing.id,
                    )
                    .values(brought=brought, pack=put.pack)
                )
            return False
        if items:
            self._put_items(workspace, put, thing.id, items)
        self._keep_bodies(workspace, [thing])
        self._keep_things(workspace, put, [thing], brought)
        if not says_the_same:
            self._keep_editions(workspace, put, [thing])
        return True

    def _put_items(
        self, workspace: WorkspaceId, put: Put, quiz: str, items: Sequence[_Written]
    ) -> None:
        """Only those of which something changed are written."""
        before = {
            row.id: row
            for row in self._connection.execute(
                select(pack_things).where(
                    pack_things.c.workspace == bindparam("workspace"),
                    pack_things.c.kind == Kind.ITEM,
                    or_(
                        pack_things.c.quiz == bindparam("quiz"),
                        among(self._connection.dialect.name, pack_things.c.id, "ids"),
                    ),
                ),
                {"workspace": workspace, "quiz": quiz, "ids": [item.id for item in items]},
            )
        }
        moved = [item for item in items if _is_moved(before.get(item.id), item, put.pack)]
        said = [
            item for item in moved if item.id not in before or before[item.id].digest != item.digest
        ]
        self._keep_bodies(workspace, said)
        self._keep_things(workspace, put, moved, None)
        self._keep_editions(workspace, put, said)
        families = []
        for item in said:
            was, version = before.get(item.id), item.version
            if was is not None and was.version == version:
                continue
            family = version
            if was is not None and item.id in put.editorial:
                family = self.family(workspace, item.id, was.version)
            families.append((workspace, item.id, version, family))
        if families:
            # A version that is back is in the family that it was in.
            names = ("workspace", "item", "version", "family")
            add_all_new(self._connection, pack_families, names, families)
        there = {item.id for item in items}
        gone = [row.id for row in before.values() if row.id not in there and row.quiz == quiz]
        if gone:
            self._connection.execute(
                update(pack_things)
                .where(
                    pack_things.c.workspace == bindparam("of_workspace"),
                    pack_things.c.kind == Kind.ITEM,
                    among(self._connection.dialect.name, pack_things.c.id, "gone"),
                    ~pack_things.c.retired,
                )
                .values(retired=True, changed_at=put.at),
                {"of_workspace": workspace, "gone": gone},
            )

    def _keep_bodies(self, workspace: WorkspaceId, written: Sequence[_Written]) -> None:
        rows = [(workspace, one.digest, one.body) for one in written]
        if rows:
            names = ("workspace", "digest", "body")
            add_all_new(self._connection, pack_bodies, names, rows)

    def _keep_things(
        self, workspace: WorkspaceId, put: Put, written: Sequence[_Written], brought: str | None
    ) -> None:
        if not written:
            return
        new = insert_for(self._connection.dialect.name, pack_things)
        kept = ("quiz", "pack", "topic", "version", "digest", "brought", "retired", "changed_at")
        self._connection.execute(
            new.on_conflict_do_update(
                index_elements=["workspace", "kind", "id"],
                set_={name: new.excluded[name] for name in kept},
            ),
            [
                {
                    "workspace": workspace,
                    "kind": one.kind,
                    "id": one.id,
                    "quiz": one.quiz,
                    "pack": put.pack,
                    "topic": one.topic,
                    "version": one.version,
                    "digest": one.digest,
                    "brought": brought,
                    "retired": False,
                    "added_at": put.at,
                    "changed_at": put.at,
                }
                for one in written
            ],
        )

    def _keep_editions(self, workspace: WorkspaceId, put: Put, written: Sequence[_Written]) -> None:
        if not written:
            return
        self._connection.execute(
            insert(pack_editions),
            [
                {
                    "workspace": workspace,
                    "kind": one.kind,
                    "id": one.id,
                    "version": one.version,
                    "digest": one.digest,
                    "at": put.at,
                    "by": put.by,
                    "note": put.note,
                }
                for one in written
            ],
        )


def _is_moved(before: Row[Any] | None, item: _Written, pack: str) -> bool:
    """Whether the row of an item has to be written."""
    return (
        before is None
        or (before.digest, before.quiz, before.topic, before.pack)
        != (
            item.digest,
            item.quiz,
            item.topic,
            pack,
        )
        or bool(before.retired)
    )


def _write(value: Piece) -> tuple[_Written, Sequence[_Written]]:
    """A thing and, of a quiz, its items."""
    kind = kind_of(value)
    # Prompts and metrics are about the work, whatever its topic.
    topic = "" if isinstance(value, Prompt | Metric) else value.topic
    if not isinstance(value, Quiz):
        body = value.model_dump_json()
        return _Written(kind, value, topic, _digest(body), body), ()
    items = []
    for item in value.items:
        body = item.model_dump_json()
        items.append(_Written(Kind.ITEM, item, topic, _digest(body), body, value.id))
    told = value.model_dump(mode="json", exclude={"items"})
    told["items"] = [[item.id, item.digest] for item in items]
    body = json.dumps(told, ensure_ascii=False)
    return _Written(kind, value, topic, _digest(body), body), items


def _parse(kind: Kind, body: str) -> Piece:
    shape = _SHAPES[kind]
    return shape.model_validate_json(body)


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:LENGTH]
