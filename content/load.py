"""Reads packs and says everything that is wrong with them at once.

First the shape of each file, then what the files say about each other, then whether it can be
asked and how it could be better. When a file of a kind has no good shape, nobody is told that
what it holds is unknown: that would only hide the cause. Errors read
`path:line:col: error: where: message`, as editors and CI expect, and warnings the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.capabilities.questions.starting import (
    Demo,
    DemoChannel,
    DemoPerson,
    Pack,
    PackEntry,
    PackExpert,
    PackTopic,
)
from bot.ids import TopicId
from bot.pack.document import Campaign, Document, Metric
from bot.pack.model import Content, Quiz, Section
from bot.pack.sync import Bundle
from content.file import File, Findings, PackError, read_file
from content.lint import lint
from content.reference import bare, check_quiz_names, check_references, of_kind
from content.schema import (
    DemoFile,
    ExpertsFile,
    FaqFile,
    PackFile,
    PromptsFile,
    TipsFile,
    TopicsFile,
)
from content.sense import check_quiz, check_tips

__all__ = [
    "STARTER",
    "Loaded",
    "PackError",
    "find_packs",
    "load_pack",
    "load_packs",
    "load_starter",
]

PACKS = Path(__file__).parent / "packs"
"""The packs that come with this version."""
STARTER = PACKS / "starter"
"""The pack that every new installation begins with."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One pack: what it brings to questions, what it brings to learn from, and what could be
    better about it, one line each."""

    folder: Path
    pack: Pack
    bundle: Bundle
    warnings: tuple[str, ...] = ()


def load_starter() -> Pack:
    """The starter pack, with its demo workspace."""
    return load_pack(STARTER)


def load_pack(folder: Path) -> Pack:
    """What the pack in a folder brings to questions.

    Raises:
        PackError: something is wrong; names all of it.
    """
    return load_packs([folder])[0].pack


def find_packs(folder: Path) -> Sequence[Path]:
    """The packs in a folder: itself, or those of its folders that have a file of the kind
    'pack', by name."""
    if any(folder.glob("*.yaml")):
        return [folder]
    return sorted(path.parent for path in folder.glob("*/pack.yaml"))


def load_packs(folders: Iterable[Path], today: date | None = None) -> Sequence[Loaded]:
    """Read the files of packs that are used together: `*.yaml` in the folder and below it, and
    sections also as `*.md`. Their names are free; each says its `kind`.

    `today` is for what was to be looked at by some day.

    Raises:
        PackError: something is wrong; names all of it.
    """
    findings = Findings()
    every: list[tuple[Path, list[File]]] = []
    broken: set[str] = set()
    for folder in folders:
        files, unread = _read_folder(folder, findings)
        every.append((folder, files))
        broken |= unread
    # The same topic, said in the same words, may stand in several packs.
    everything = [file for _, files in every for file in files]
    check_references(everything, broken, findings)
    for file in everything:
        if isinstance(file.part, Quiz):
            check_quiz_names(findings, file, file.part)
            check_quiz(findings, file, file.part)
        elif isinstance(file.part, TipsFile):
            check_tips(findings, file, file.part.tips)
    lint(findings, everything, today)
    findings.raise_any()
    return [
        Loaded(
            folder,
            _build(pack := of_kind(files, PackFile)[0][1], files),
            Bundle(
                pack.id,
                pack.title,
                pack.version,
                tuple(_contents(files)),
                tuple(_documents(files)),
            ),
            findings.warnings(folder),
        )
        for folder, files in every
    ]


def _read_folder(folder: Path, findings: Findings) -> tuple[list[File], set[str]]:
    """The files of good shape, and the kinds of those that have none."""
    files: list[File] = []
    broken: set[str] = set()
    for path in sorted(path for path in folder.rglob("*") if _is_ours(path, folder)):
        kind, file = read_file(folder, path, findings)
        if file is not None:
            files.append(file)
        else:
            broken.add(kind)
    packs = of_kind(files, PackFile)
    if not packs and not broken & {"pack", ""}:
        findings.note(folder / "pack.yaml", 0, 0, "there is no file of the kind 'pack'")
    for again, _ in packs[1:]:
        findings.at(again, ("kind",), f"{packs[0][0].path.name} is of the kind 'pack' already")
    return files, broken


def _is_ours(path: Path, folder: Path) -> bool:
    inside = path.relative_to(folder)
    if any(part.startswith(".") for part in inside.parts) or not path.is_file():
        return False
    return path.suffix in {".yaml", ".yml"} or (path.suffix == ".md" and "sections" in inside.parts)


def _contents(files: list[File]) -> Iterable[Content]:
    for file in files:
        if isinstance(file.part, Section | Quiz):
            yield file.part
        elif isinstance(file.part, TipsFile):
            yield from file.part.tips


def _documents(files: list[File]) -> Iterable[Document]:
    for file in files:
        if isinstance(file.part, Campaign | Metric):
            yield file.part
        elif isinstance(file.part, PromptsFile):
            yield from file.part.prompts


# --- values ---------------------------------------------------------------------------


def _build(pack: PackFile, files: list[File]) -> Pack:
    demos = of_kind(files, DemoFile)
    return Pack(
        id=pack.id,
        title=pack.title,
        version=pack.version,
        topics=tuple(
            PackTopic(
                id=TopicId(topic.id),
                title=topic.title,
                aliases=topic.aliases,
                steward=bare(topic.steward) if topic.steward else None,
                channel=topic.channel,
                regulated=topic.regulated,
            )
            for _, part in of_kind(files, TopicsFile)
            for topic in part.topics
        ),
        faq=tuple(
            PackEntry(
                id=entry.id,
                title=entry.title,
                text=entry.text,
                topic=TopicId(entry.topic) if entry.topic else None,
                phrasings=entry.phrasings,
            )
            for _, faq in of_kind(files, FaqFile)
            for entry in faq.entries
        ),
        experts=tuple(
            PackExpert(
                handle=bare(expert.user),
                levels=tuple((TopicId(topic), level) for topic, level in expert.topics.items()),
                weekly_cap=expert.weekly_soft_cap,
            )
            for _, experts in of_kind(files, ExpertsFile)
            for expert in experts.experts
        ),
        demo=_build_demo(demos[0][1]) if demos else None,
    )


def _build_demo(part: DemoFile) -> Demo:
    return Demo(
        name=part.workspace,
        people=tuple(
            DemoPerson(
                handle=person.handle,
                name=person.name,
                about=person.about,
                zone=person.zone,
                team=person.team,
                roles=frozenset(person.roles),
                manager=bare(person.manager) if person.manager else None,
            )
            for person in part.people
        ),
        channels=tuple(
            DemoChannel(name=channel.name, about=channel.about or "") for channel in part.channels
        ),
    )
