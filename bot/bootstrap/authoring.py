"""Packs on the command line: what is checked, shown, compared and brought."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bot.bootstrap import new_id
from bot.capabilities.library.step import keep_watch
from bot.capabilities.questions.starting import Demo, apply_pack
from bot.context import Context
from bot.errors import Invalid
from bot.ids import WorkspaceId
from bot.pack.document import Piece
from bot.pack.model import Content, Quiz
from bot.pack.sync import Change, What, sync
from content.load import Loaded, find_packs
from storage.work import SqlWork

_SAYS = {
    What.ADDED: "new",
    What.CHANGED: "changed",
    What.RESTARTED: "asks something else now; what is known of its answers begins anew",
    What.RETIRED: "no longer there; it is retired",
    What.KEPT: "left as people changed it here",
    What.OVERRIDDEN: "people changed it here, and the pack changed it too: the pack's counts",
}


def packs_in(folders: Iterable[Path]) -> list[Path]:
    """The packs of these folders. One without any is one that has no pack file yet."""
    return [pack for folder in folders for pack in (find_packs(folder) or [folder])]


def bring(
    work: SqlWork,
    workspace: WorkspaceId,
    packs: Sequence[Loaded],
    now: datetime,
    *,
    demo: Demo | None = None,
    editorial: frozenset[str] = frozenset(),
    note: str = "",
) -> tuple[Change, ...]:
    """Bring packs to a workspace, with the made-up people of `demo` where they are made up.
    `note` stands in the history of what changes.

    Raises:
        Invalid: something of one pack is there from somewhere else.
    """
    changes: list[Change] = []
    for loaded in packs:
        apply_pack(work, workspace, replace(loaded.pack, demo=demo), now, new_id)
        changes += sync(work.packs, workspace, loaded.bundle, now, editorial, note)
    # From the first pack on what people answer is looked at every night.
    keep_watch(Context(now, new_id), work, workspace)
    return tuple(changes)


def contents_of(packs: Iterable[Loaded]) -> list[Content]:
    """All that packs hold to learn from."""
    return [value for loaded in packs for value in loaded.bundle.contents]


def pieces_of(packs: Iterable[Loaded]) -> list[Piece]:
    """All that packs bring and that has versions."""
    return [value for loaded in packs for value in loaded.bundle.pieces]


def describe_changes(changes: Sequence[Change]) -> list[str]:
    """A line for each change, and how many they are; one sentence where there is none."""
    lines = [f"{change.kind} {change.id}: {_SAYS[change.what]}" for change in sorted(changes)]
    return lines or ["Nothing changes."]


def sum_up_check(errors: int, warnings: int) -> str:
    """“2 errors, 1 warning.”"""
    if not errors and not warnings:
        return "All is well."
    return f"{_count(errors, 'error')}, {_count(warnings, 'warning')}."


def _count(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"


def check_editorial(packs: Iterable[Loaded], editorial: Iterable[str]) -> frozenset[str]:
    """The ids of items that are only said better.

    Raises:
        Invalid: there is no such item.
    """
    known = {
        item.id for value in contents_of(packs) if isinstance(value, Quiz) for item in value.items
    }
    unknown = sorted(set(editorial) - known)
    if unknown:
        raise Invalid(f"There is no item {', '.join(unknown)} in these packs.")
    return frozenset(editorial)
