"""What a loaded pack changes in a workspace, and what it leaves as people made it.

Nothing is ever deleted: what a pack no longer holds is retired. What somebody changed in chat
stays until the pack itself says something else about the same thing; of a quiz each item is a
thing of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.errors import Invalid
from bot.ids import WorkspaceId
from bot.pack.document import Document, Piece, kind_of
from bot.pack.item import Item
from bot.pack.key import same_key
from bot.pack.model import Content, Kind, Quiz, Section, Tip
from bot.pack.ports import Kept, PackStore, Put
from bot.pack.version import version_of_item

_BROUGHT = [kind for kind in Kind if kind not in {Kind.ITEM, Kind.TOPIC}]


@dataclass(frozen=True, slots=True)
class Bundle:
    """What one pack brings: for people to learn from, and for other capabilities to use."""

    id: str
    title: str
    version: str
    contents: tuple[Content, ...] = ()
    documents: tuple[Document, ...] = ()

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All of it."""
        return (*self.contents, *self.documents)


class What(StrEnum):
    """What becomes of something."""

    ADDED = "added"
    CHANGED = "changed"
    RESTARTED = "restarted"
    """An item that now asks something else: what is known of its answers begins anew."""
    RETIRED = "retired"
    KEPT = "kept"
    """Changed by people here; the pack says nothing new about it."""
    OVERRIDDEN = "overridden"
    """Changed by people here and by the pack, which is what counts. History has the other."""


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """What becomes of one thing."""

    kind: Kind
    id: str
    what: What


def sync(
    packs: PackStore,
    workspace: WorkspaceId,
    bundle: Bundle,
    now: datetime,
    editorial: frozenset[str] = frozenset(),
    note: str = "",
) -> tuple[Change, ...]:
    """Bring the workspace to what the pack says. `editorial` are items that are only said
    better: what is known of their answers goes on, unless something else is right now. `note`
    stands in the history of what changes.

    A second time nothing happens.

    Raises:
        Invalid: another pack, or somebody here, has something of the same kind and id.
    """
    before = {(kind_of(v), v.id): _find(packs, workspace, v) for v in bundle.pieces}
    _check_owner(bundle, before)
    changes: list[Change] = []
    puts: list[Put] = []
    for value in bundle.pieces:
        kind = kind_of(value)
        kept = before[kind, value.id]
        base = packs.brought(workspace, kind, value.id)
        merged, told = _merge_all(base, kept, value)
        if kept is None or kept.retired:
            changes.append(Change(kind, value.id, What.ADDED))
        elif kept.value != merged:
            changes.append(Change(kind, value.id, What.CHANGED))
        changes += told
        there = kept.value if kept else None
        changes += _items_changed(there, merged, editorial)
        better = _only_said_better(there, merged, editorial)
        puts.append(Put(merged, bundle.id, now, note=note, editorial=better, brought=value))
    packs.put(workspace, puts)
    for kind in _BROUGHT:
        here = {value.id for value in bundle.pieces if kind_of(value) is kind}
        gone = [id_ for id_ in packs.ids(workspace, kind, bundle.id) if id_ not in here]
        packs.retire(workspace, kind, gone, now)
        changes += [Change(kind, id_, What.RETIRED) for id_ in gone]
    return tuple(changes)


def compare(
    old: Iterable[Piece], new: Iterable[Piece], editorial: frozenset[str] = frozenset()
) -> tuple[Change, ...]:
    """What would change from one state of a pack to another."""
    before = {(kind_of(value), value.id): value for value in old}
    after = {(kind_of(value), value.id): value for value in new}
    changes: list[Change] = []
    for key, value in after.items():
        there = before.get(key)
        if there is None:
            changes.append(Change(*key, What.ADDED))
        elif there != value:
            changes.append(Change(*key, What.CHANGED))
        changes += _items_changed(there, value, editorial)
    changes += [Change(*key, What.RETIRED) for key in before if key not in after]
    return tuple(changes)


def _find(packs: PackStore, workspace: WorkspaceId, value: Piece) -> Kept[Piece] | None:
    match value:
        case Section():
            return packs.section(workspace, value.id)
        case Tip():
            return packs.tip(workspace, value.id)
        case Quiz():
            return packs.quiz(workspace, value.id)
        case _:
            return packs.document(workspace, kind_of(value), value.id)


def _check_owner(bundle: Bundle, before: Mapping[tuple[Kind, str], Kept[Piece] | None]) -> None:
    others = [
        f"{kind} '{id_}' ({f'pack {kept.pack}' if kept.pack else 'written here'})"
        for (kind, id_), kept in before.items()
        if kept is not None and kept.pack != bundle.id
    ]
    if others:
        raise Invalid(f"The pack '{bundle.id}' has what is there already: {', '.join(others)}.")


def _merge_all(
    base: Piece | None, kept: Kept[Piece] | None, theirs: Piece
) -> tuple[Piece, list[Change]]:
    """What is to stand there, and where that is not simply what the pack says."""
    if kept is None or kept.retired or base is None or kept.value == base:
        return theirs, []
    ours = kept.value
    kind = kind_of(theirs)
    if isinstance(base, Quiz) and isinstance(ours, Quiz) and isinstance(theirs, Quiz):
        return _merge_quiz(base, ours, theirs)
    if theirs == base:
        return ours, [Change(kind, theirs.id, What.KEPT)]
    if theirs == ours:
        return theirs, []
    return theirs, [Change(kind, theirs.id, What.OVERRIDDEN)]


def _merge_quiz(base: Quiz, ours: Quiz, theirs: Quiz) -> tuple[Quiz, list[Change]]:
    told: list[Change] = []
    shell = _without_items(theirs)
    if _without_items(ours) != _without_items(base):
        if _without_items(theirs) == _without_items(base):
            shell = _without_items(ours)
            told.append(Change(Kind.QUIZ, theirs.id, What.KEPT))
        elif _without_items(theirs) != _without_items(ours):
            told.append(Change(Kind.QUIZ, theirs.id, What.OVERRIDDEN))
    objectives = {objective.id for objective in shell.objectives}
    was, here = _by_id(base), _by_id(ours)
    items: list[Item] = []
    for item in theirs.items:
        mine, before = here.get(item.id), was.get(item.id)
        if mine is None or mine in (before, item) or mine.objective not in objectives:
            items.append(item)
        elif item == before:
            items.append(mine)
            told.append(Change(Kind.ITEM, item.id, What.KEPT))
        else:
            items.append(item)
            told.append(Change(Kind.ITEM, item.id, What.OVERRIDDEN))
    in_pack = {item.id for item in theirs.items}
    for item in ours.items:
        # What was added here stays; what the pack took away goes.
        if item.id not in in_pack and item.id not in was and item.objective in objectives:
            items.append(item)
            told.append(Change(Kind.ITEM, item.id, What.KEPT))
    return shell.model_copy(update={"items": tuple(items)}), told


def _without_items(quiz: Quiz) -> Quiz:
    return quiz.model_copy(update={"items": ()})


def _by_id(quiz: Quiz) -> dict[str, Item]:
    return {item.id: item for item in quiz.items}


def _items_changed(
    before: Piece | None, after: Piece, editorial: frozenset[str]
) -> Iterator[Change]:
    if not isinstance(before, Quiz) or not isinstance(after, Quiz):
        return
    old, new = _by_id(before), _by_id(after)
    better = _only_said_better(before, after, editorial)
    for id_, item in new.items():
        there = old.get(id_)
        if there is None:
            yield Change(Kind.ITEM, id_, What.ADDED)
        elif version_of_item(there) != version_of_item(item) and id_ not in better:
            yield Change(Kind.ITEM, id_, What.RESTARTED)
        elif there != item:
            yield Change(Kind.ITEM, id_, What.CHANGED)
    for id_ in old:
        if id_ not in new:
            yield Change(Kind.ITEM, id_, What.RETIRED)


def _only_said_better(
    before: Piece | None, after: Piece, editorial: frozenset[str]
) -> frozenset[str]:
    """Those of the items of which it is true: the same is right as before."""
    if not isinstance(before, Quiz) or not isinstance(after, Quiz):
        return frozenset()
    old, new = _by_id(before), _by_id(after)
    named = editorial & old.keys() & new.keys()
    return frozenset(id_ for id_ in named if same_key(old[id_], new[id_]))
