"""A change of packs as it comes to a workspace: who approved it, what is only said better, and
what has to be shown again (domain.md 8, decisions 5 and 6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.bootstrap import new_id
from bot.bootstrap.authoring import bring, check_editorial, contents_of, describe_changes
from bot.capabilities.quizzes.certification import MATERIAL_NOTICE
from bot.capabilities.quizzes.review import change_later
from bot.context import Context
from bot.errors import Invalid
from bot.ids import WorkspaceId
from bot.pack.model import Content, Kind, Quiz
from bot.pack.sync import Change, What
from content.load import Loaded
from content.trailer import read_deadline, read_trailers
from storage.work import SqlWork

APPROVERS = 2
"""People who approve what a regulator asks for."""


@dataclass(frozen=True, slots=True)
class Release:
    """What is said of a change. `material` are quizzes that have to be shown again; with
    `all_material` so has each that changes. `deadline` None is the usual time."""

    editorial: frozenset[str] = frozenset()
    material: frozenset[str] = frozenset()
    all_material: bool = False
    deadline: timedelta | None = None
    approved_by: tuple[str, ...] = ()


def read_release(
    packs: Sequence[Loaded],
    message: str,
    *,
    editorial: Iterable[str] = (),
    material: Iterable[str] = (),
    deadline: str | None = None,
    approved_by: Iterable[str] = (),
) -> Release:
    """What the message of a commit and the command line say together.

    Raises:
        Invalid: of something that these packs do not have.
        content.trailer.Unclear: the message says something that it cannot.
    """
    told = read_trailers(message)
    quizzes = {value.id: value for value in contents_of(packs) if isinstance(value, Quiz)}
    unknown = sorted(set(material) - set(quizzes))
    if unknown:
        raise Invalid(f"There is no quiz {', '.join(unknown)} in these packs.")
    items = {item.id for quiz in quizzes.values() for item in quiz.items}
    named = items if told.all_editorial else {*editorial, *told.editorial}
    try:
        until = told.deadline if deadline is None else read_deadline(deadline)
    except ValueError as error:
        raise Invalid(str(error)) from error
    if until is not None and not (told.is_material or material):
        raise Invalid("A deadline is for what has to be shown again: name it with --material.")
    handles = [*told.approved_by, *(handle.removeprefix("@") for handle in approved_by)]
    return Release(
        check_editorial(packs, named),
        frozenset(material),
        told.is_material,
        until,
        tuple(dict.fromkeys(handle.casefold() for handle in handles)),
    )


def carry_out(
    work: SqlWork,
    workspace: WorkspaceId,
    packs: Sequence[Loaded],
    release: Release,
    now: datetime,
    *,
    dry_run: bool = False,
) -> list[str]:
    """Bring the packs; returns a line for each thing that changes, and what follows from it.

    Raises:
        Invalid: something of one pack is there from somewhere else, or what a regulator asks
            for was not approved by two people. A dry run says so in a line.
    """
    before = _held_strictly(work, workspace)
    names = " and ".join(f"@{handle}" for handle in release.approved_by)
    note = f"Approved by {names}." if names else ""
    changes = bring(work, workspace, packs, now, editorial=release.editorial, note=note)
    lines = describe_changes(changes)
    strict = before | _held_strictly(work, workspace)
    material = _material(release, changes)
    told = {(c.kind, c.id) for c in changes} | {(Kind.QUIZ, quiz) for quiz in material}
    touched = sorted(told & strict)
    if touched and len(release.approved_by) < APPROVERS:
        what = ", ".join(f"{kind} {id_}" for kind, id_ in touched)
        missing = f"Two people have to approve what changes in {what}: --approved-by, twice."
        if not dry_run:
            raise Invalid(missing)
        lines.append(missing)
    for quiz in material:
        span = release.deadline or MATERIAL_NOTICE
        change_later(Context(now, new_id), work, workspace, quiz, now + span)
        lines.append(f"quiz {quiz}: whoever passed it shows it again by {now + span:%Y-%m-%d}")
    return lines


def _held_strictly(work: SqlWork, workspace: WorkspaceId) -> frozenset[tuple[Kind, str]]:
    """What two people have to approve: quizzes that a regulator asks for, and all that is
    written about a regulated topic."""
    found: set[tuple[Kind, str]] = set()

    def add(kind: Kind, values: Iterable[Content]) -> None:
        found.update((kind, value.id) for value in values)

    regulated = [topic.id for topic in work.topics.every(workspace) if topic.regulated]
    for topic in regulated:
        add(Kind.SECTION, (kept.value for kept in work.packs.sections(workspace, topic)))
    add(Kind.TIP, (kept.value for kept in work.packs.tips(workspace, regulated)))
    quizzes = [kept.value for kept in work.packs.quizzes(workspace)]
    strict = [
        quiz
        for quiz in quizzes
        if quiz.policy.requirement == "regulatory" or quiz.topic in regulated
    ]
    add(Kind.QUIZ, strict)
    return frozenset(found)


def _material(release: Release, changes: Iterable[Change]) -> list[str]:
    """The quizzes that have to be shown again."""
    changed = {
        change.id
        for change in changes
        if change.kind is Kind.QUIZ and change.what in {What.CHANGED, What.OVERRIDDEN}
    }
    return sorted(release.material | (changed if release.all_material else frozenset()))
