"""Reads a pack and says everything that is wrong with it at once.

First the shape of each file, then what the files say about each other. When a file of a
kind has no good shape, nobody is told that what it holds is unknown: that would only hide
the cause. Errors read `path:line:col: error: where: message`, as editors and CI expect.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

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
from content.schema import (
    FILES,
    DemoFile,
    ExpertsFile,
    FaqFile,
    PackFile,
    Part,
    TopicsFile,
    fields_of,
)

STARTER = Path(__file__).parent / "packs" / "starter"
"""The pack that every new installation begins with."""

Where = tuple[str | int, ...]
F = TypeVar("F", bound=Part)


class PackError(Exception):
    """The pack has errors; nothing of it can be used."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(self.errors))


@dataclass(frozen=True, slots=True)
class _File:
    """A file of good shape, with the nodes that know where everything stands."""

    path: Path
    node: CommentedMap
    part: Part


class _Errors:
    def __init__(self) -> None:
        self._found: list[tuple[str, int, int, str]] = []

    def note(self, path: Path, line: int, column: int, message: str) -> None:
        """`line` and `column` count from 0, as ruamel.yaml has them."""
        self._found.append((str(path), line + 1, column + 1, message))

    def at(self, file: _File, where: Where, message: str) -> None:
        line, column = _find(file.node, where)
        self.note(file.path, line, column, f"{_dotted(where)}: {message}")

    def raise_any(self) -> None:
        if self._found:
            raise PackError(
                f"{path}:{line}:{column}: error: {message}"
                for path, line, column, message in sorted(self._found)
            )


def load_starter() -> Pack:
    """The starter pack, with its demo workspace."""
    return load_pack(STARTER)


def load_pack(folder: Path) -> Pack:
    """Read the `*.yaml` files that lie in the folder itself; their names are free.

    Each says its `kind`: one pack, and topics, experts, faq and demo as there are. Folders in
    it hold what other capabilities read.

    Raises:
        PackError: something is wrong; names all of it.
    """
    errors = _Errors()
    files: list[_File] = []
    broken: set[str] = set()
    paths = sorted(path for path in folder.glob("*.yaml") if path.is_file())
    for path in paths:
        kind, file = _read(path, errors)
        if file is not None:
            files.append(file)
        else:
            broken.add(kind)
    packs = _of_kind(files, PackFile)
    if not packs and not broken & {"pack", ""}:
        errors.note(folder / "pack.yaml", 0, 0, "there is no file of the kind 'pack'")
    for again, _ in packs[1:]:
        errors.at(again, ("kind",), f"{packs[0][0].path.name} is of the kind 'pack' already")
    _check_all(files, broken, errors)
    errors.raise_any()
    return _build(packs[0][1], files)


# --- one file -------------------------------------------------------------------------


def _read(path: Path, errors: _Errors) -> tuple[str, _File | None]:
    """The file's kind, "" when it cannot be told, and the file if its shape is good."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n")
        errors.note(path, line, 0, f"byte 0x{error.object[error.start]:02x} is not UTF-8")
        return "", None
    except OSError as error:
        errors.note(path, 0, 0, f"the file cannot be read ({error.strerror})")
        return "", None
    try:
        node = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark is not None else (0, 0)
        what = str(error.problem or error.context or "this is not YAML").strip()
        errors.note(path, line, column, what.splitlines()[0])
        return "", None
    except ReaderError as error:
        before = text[: error.position]
        column = len(before) - (before.rfind("\n") + 1)
        errors.note(path, before.count("\n"), column, "YAML does not allow this character")
        return "", None
    except (YAMLError, ValueError) as error:
        errors.note(path, 0, 0, f"this is not YAML ({error})")
        return "", None
    if not isinstance(node, CommentedMap):
        what = "the file is empty" if node is None else "a file holds names with values"
        errors.note(path, 0, 0, f"{what}; it begins with 'kind: ...'")
        return "", None
    kind = node.get("kind")
    shape = FILES.get(kind) if isinstance(kind, str) else None
    if shape is None:
        line, column = _find(node, ("kind",))
        known = ", ".join(f"'{name}'" for name in FILES)
        errors.note(path, line, column, f"kind: this is one of {known}{_near(str(kind), FILES)}")
        return "", None
    try:
        part = shape.model_validate(_plain(node))
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _note_detail(path, node, shape, detail, errors)
        return str(kind), None
    return str(kind), _File(path, node, part)


def _plain(node: Any) -> Any:
    """The values without what ruamel.yaml knows about their looks; keys become text."""
    match node:
        case CommentedMap():
            return {str(key): _plain(value) for key, value in node.items()}
        case CommentedSeq():
            return [_plain(value) for value in node]
        case str():
            return str(node)
        case _:
            return node


def _note_detail(
    path: Path, node: CommentedMap, shape: type[Part], detail: ErrorDetails, errors: _Errors
) -> None:
    where: Where = tuple(step for step in detail["loc"] if step != "[key]")
    message = detail["msg"].removeprefix("Value error, ")
    name = str(where[-1]) if where else ""
    match detail["type"]:
        case "extra_forbidden" if " " in name.strip():
            message = (
                f"'{name}' is no name. Does a comma end the text before it? "
                "Text with a comma is put in quotes inside braces"
            )
        case "extra_forbidden":
            message = f"this is unknown here{_near(name, fields_of(shape, where))}"
        case "missing":
            message = "this is missing"
        case "literal_error" | "enum":
            expected = detail.get("ctx", {}).get("expected", "")
            message += _near(str(detail["input"]), re.findall(r"'([^']*)'", str(expected)))
        case "string_type" if detail["input"] is not None and not isinstance(
            detail["input"], dict | list
        ):
            message += " (put it in quotes)"
        case _:
            pass
    line, column = _find(node, where)
    errors.note(path, line, column, f"{_dotted(where)}: {message}")


def _find(node: Any, where: Where) -> tuple[int, int]:
    """Line and column, from 0, of the last step of `where` that is in the file."""
    place = (node.lc.line or 0, node.lc.col or 0)
    for step in where:
        try:
            if isinstance(node, CommentedMap):
                # Keys that are no text in the file are text by now.
                key = next(key for key in node if str(key) == str(step))
                place, node = node.lc.key(key), node[key]
            elif isinstance(node, CommentedSeq) and isinstance(step, int):
                place, node = node.lc.item(step), node[step]
            else:
                break
        # A key that came with a merge (<<) has no place of its own.
        except (StopIteration, KeyError, IndexError, TypeError, AttributeError):
            break
    return int(place[0]), int(place[1])


def _dotted(where: Where) -> str:
    return ".".join(map(str, where)) or "file"


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean '{near[0]}'?)" if near else ""


# --- all files ------------------------------------------------------------------------


def _of_kind(files: Iterable[_File], kind: type[F]) -> list[tuple[_File, F]]:
    return [(file, file.part) for file in files if isinstance(file.part, kind)]


def _check_all(files: list[_File], broken: set[str], errors: _Errors) -> None:
    # A file whose kind is not known may be of any.
    whole = set(FILES) - broken if "" not in broken else set[str]()
    demos = _of_kind(files, DemoFile)
    for again, _ in demos[1:]:
        errors.at(again, ("kind",), f"{demos[0][0].path.name} is of the kind 'demo' already")
    topics = _unique(errors, "topic", _topic_ids(files))
    _unique(errors, "entry", _entry_ids(files))
    _unique(errors, "expert", _expert_ids(files))
    _unique(errors, "name", _topic_names(files))
    handles = _unique(errors, "person", _handles(demos))
    channels = _unique(errors, "channel", _channels(demos))
    if "topics" in whole:
        _require(errors, "topic", topics, _topics_used(files))
    if "demo" in whole and demos:
        _require(errors, "person", handles, _people_used(files))
        _require(errors, "channel", channels, _channels_used(files))


Named = Iterator[tuple[_File, Where, str]]


def _unique(errors: _Errors, what: str, named: Named) -> dict[str, _File]:
    """The names; notes those that stand twice."""
    there: dict[str, tuple[_File, Where]] = {}
    for file, where, name in named:
        if name in there:
            first, place = there[name]
            line = _find(first.node, place)[0] + 1
            errors.at(
                file, where, f"there is a {what} '{name}' already, in {first.path.name}:{line}"
            )
        else:
            there[name] = (file, where)
    return {name: file for name, (file, _) in there.items()}


def _require(errors: _Errors, what: str, known: Mapping[str, object], used: Named) -> None:
    for file, where, name in used:
        if name not in known:
            errors.at(file, where, f"unknown {what} '{name}'{_near(name, known)}")


def _bare(handle: str) -> str:
    return handle.removeprefix("@")


def _topic_ids(files: list[_File]) -> Named:
    for file, part in _of_kind(files, TopicsFile):
        for number, topic in enumerate(part.topics):
            yield file, ("topics", number, "id"), topic.id


def _topic_names(files: list[_File]) -> Named:
    """By which a topic is found; a topic may say its own name twice."""
    for file, part in _of_kind(files, TopicsFile):
        for number, topic in enumerate(part.topics):
            own = {topic.title.casefold()}
            yield file, ("topics", number, "title"), topic.title.casefold()
            for place, alias in enumerate(topic.aliases):
                if alias.casefold() not in own:
                    own.add(alias.casefold())
                    yield file, ("topics", number, "aliases", place), alias.casefold()


def _entry_ids(files: list[_File]) -> Named:
    for file, part in _of_kind(files, FaqFile):
        for number, entry in enumerate(part.entries):
            yield file, ("entries", number, "id"), entry.id


def _expert_ids(files: list[_File]) -> Named:
    for file, part in _of_kind(files, ExpertsFile):
        for number, expert in enumerate(part.experts):
            yield file, ("experts", number, "user"), _bare(expert.user)


def _handles(demos: list[tuple[_File, DemoFile]]) -> Named:
    for file, part in demos:
        for number, person in enumerate(part.people):
            yield file, ("people", number, "handle"), person.handle


def _channels(demos: list[tuple[_File, DemoFile]]) -> Named:
    for file, part in demos:
        for number, channel in enumerate(part.channels):
            yield file, ("channels", number, "name"), channel.name


def _topics_used(files: list[_File]) -> Named:
    for file, faq in _of_kind(files, FaqFile):
        for number, entry in enumerate(faq.entries):
            if entry.topic is not None:
                yield file, ("entries", number, "topic"), entry.topic
    for file, experts in _of_kind(files, ExpertsFile):
        for number, expert in enumerate(experts.experts):
            for topic in expert.topics:
                yield file, ("experts", number, "topics", topic), topic


def _people_used(files: list[_File]) -> Named:
    for file, topics in _of_kind(files, TopicsFile):
        for number, topic in enumerate(topics.topics):
            if topic.steward is not None:
                yield file, ("topics", number, "steward"), _bare(topic.steward)
    for file, experts in _of_kind(files, ExpertsFile):
        for number, expert in enumerate(experts.experts):
            yield file, ("experts", number, "user"), _bare(expert.user)
    for file, demo in _of_kind(files, DemoFile):
        for number, person in enumerate(demo.people):
            if person.manager is not None:
                yield file, ("people", number, "manager"), _bare(person.manager)


def _channels_used(files: list[_File]) -> Named:
    for file, part in _of_kind(files, TopicsFile):
        for number, topic in enumerate(part.topics):
            if topic.channel is not None:
                yield file, ("topics", number, "channel"), topic.channel


# --- values ---------------------------------------------------------------------------


def _build(pack: PackFile, files: list[_File]) -> Pack:
    demos = _of_kind(files, DemoFile)
    return Pack(
        id=pack.id,
        title=pack.title,
        version=pack.version,
        topics=tuple(
            PackTopic(
                id=TopicId(topic.id),
                title=topic.title,
                aliases=topic.aliases,
                steward=_bare(topic.steward) if topic.steward else None,
                channel=topic.channel,
                regulated=topic.regulated,
            )
            for _, part in _of_kind(files, TopicsFile)
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
            for _, faq in _of_kind(files, FaqFile)
            for entry in faq.entries
        ),
        experts=tuple(
            PackExpert(
                handle=_bare(expert.user),
                levels=tuple((TopicId(topic), level) for topic, level in expert.topics.items()),
                weekly_cap=expert.weekly_soft_cap,
            )
            for _, experts in _of_kind(files, ExpertsFile)
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
                manager=_bare(person.manager) if person.manager else None,
            )
            for person in part.people
        ),
        channels=tuple(
            DemoChannel(name=channel.name, about=channel.about or "") for channel in part.channels
        ),
    )
