"""Reads packs and says everything that is wrong with them at once.

First the shape of each file, then what the files say about each other, then whether it can be
asked and how it could be better. When a file of a kind has no good shape, nobody is told that
what it holds is unknown: that would only hide the cause. Errors read
`path:line:col: error: where: message`, as editors and CI expect, and warnings the same.
"""

import re
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
from content.file import DATA, MARKDOWN, File, Findings, PackError, read_file
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
from content.sense import check_pack, check_quiz, check_section, check_tips, check_variables

__all__ = [
    "STARTER",
    "Loaded",
    "PackError",
    "find_packs",
    "load_pack",
    "load_packs",
    "load_starter",
    "look_into",
]

_TOP = re.compile(rb"^kind:[ \t]*(pack|topics|experts|faq|demo)\b", re.MULTILINE)
_MARK = b"\xef\xbb\xbf"
"""With which some editors begin a file."""
_NO_PACK = PackFile(kind="pack", id="none", title="None", version="0.0.0", language="en")
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
    """The packs in a folder: itself, or those of its folders that say what a pack is or what it
    is about, by name."""
    if any(_is_yaml(path) for path in folder.iterdir()):
        return [folder]
    return sorted(inner for inner in folder.iterdir() if inner.is_dir() and _begins_a_pack(inner))


def _begins_a_pack(folder: Path) -> bool:
    files = (path for path in folder.iterdir() if _is_yaml(path))
    return any(path.name == "pack.yaml" or _TOP.search(path.read_bytes()) for path in files)


def _is_yaml(path: Path) -> bool:
    return path.suffix.casefold() in DATA and not path.name.startswith(".") and path.is_file()


def load_packs(folders: Iterable[Path], today: date | None = None) -> Sequence[Loaded]:
    """Read the files of packs that are used together: `*.yaml` in the folder and below it, and
    sections also as `*.md`. Their names are free; each says its `kind`.

    `today` is for what was to be looked at by some day.

    Raises:
        PackError: something is wrong; names all of it.
    """
    loaded, findings = _load(folders, today)
    findings.raise_any()
    return loaded


def look_into(folders: Iterable[Path]) -> tuple[Sequence[Loaded], Sequence[str]]:
    """All of packs that has a shape, to be looked at while it is being written, and the errors
    that there are. Nothing of this is to be brought."""
    loaded, findings = _load(folders, None)
    return loaded, findings.errors


def _load(folders: Iterable[Path], today: date | None) -> tuple[Sequence[Loaded], Findings]:
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
        if not isinstance(file.part, Campaign):
            check_variables(findings, file)
        if isinstance(file.part, Section):
            check_section(findings, file, file.part)
        elif isinstance(file.part, PackFile):
            check_pack(findings, file, file.part)
        elif isinstance(file.part, Quiz):
            check_quiz_names(findings, file, file.part)
            check_quiz(findings, file, file.part)
        elif isinstance(file.part, TipsFile):
            check_tips(findings, file, file.part.tips)
    lint(findings, everything, today)
    loaded = [
        Loaded(
            folder,
            _build(pack := _pack_of(files), files),
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
    return loaded, findings


def _pack_of(files: list[File]) -> PackFile:
    packs = of_kind(files, PackFile)
    return packs[0][1] if packs else _NO_PACK


def _read_folder(folder: Path, findings: Findings) -> tuple[list[File], set[str]]:
    """The files of good shape, and the kinds of those that have none."""
    files: list[File] = []
    broken: set[str] = set()
    for path in sorted(path for path in folder.rglob("*") if is_ours(path, folder)):
        if path.suffix.casefold() == MARKDOWN and not _is_section(path, folder):
            if path.read_bytes().removeprefix(_MARK).startswith(b"---"):
                message = "this is not read: a section lies in a folder 'sections'"
                findings.caution(path, 0, 0, message)
            continue
        kind, file = read_file(folder, path, findings)
        if file is not None:
            files.append(file)
        else:
            broken.add(kind)
    packs = of_kind(files, PackFile)
    if not packs and not broken & {"pack", ""}:
        message = f"'{folder.resolve().name}' has no file of the kind 'pack'"
        findings.note(
            folder / "pack.yaml", 0, 0, f"{message}: inflow content new pack FOLDER shows one"
        )
    for again, _ in packs[1:]:
        findings.at(again, ("kind",), f"{packs[0][0].path.name} is of the kind 'pack' already")
    return files, broken


def is_ours(path: Path, folder: Path) -> bool:
    """Whether a file is of those that the pack in that folder is made of, or perhaps is."""
    inside = path.relative_to(folder)
    if any(part.startswith(".") for part in inside.parts) or not path.is_file():
        return False
    return path.suffix.casefold() in {*DATA, MARKDOWN}


def _is_section(path: Path, folder: Path) -> bool:
    return "sections" in path.relative_to(folder).parts[:-1]


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
