"""Puts items into a pack, and takes them out for others.

What is in the pack stays as it is, byte for byte: new items are written below those of their
quiz, or into a file of their own. Before anything is written, what would stand there is read
again and compared.
"""

import io
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from bot.pack.item import Id, Item, Status
from bot.pack.model import Quiz
from content.file import DATA, File, Findings, PackError, near, read_file
from content.formats import aiken, gift, moodle_xml
from content.formats.item import as_mapping, objective_of, suggest_id, to_item, to_question
from content.formats.question import Problem, Question, Reading, Refused
from content.load import is_ours
from content.reference import of_kind
from content.schema import PackFile, TopicsFile
from content.tree import Unreadable
from content.tree import read as read_yaml

READERS: Mapping[str, Callable[[bytes], Reading]] = {
    "gift": gift.read,
    "aiken": aiken.read,
    "moodle-xml": moodle_xml.read,
}
WRITERS: Mapping[str, Callable[[Iterable[Question]], str]] = {
    "gift": gift.write,
    "moodle-xml": moodle_xml.write,
}
MOST_OBJECTIVES = 12
_PLAIN = frozenset({"id", "type", "objective", "status", "match", "unmatched", "start", "next"})
"""Fields whose values are words, which need no quotes."""
_MARK = "\ufeff"
"""With which some editors begin a file."""
_WIDTH = 100_000
"""A text stays in its line."""


class Unlanded(Exception):
    """The items cannot be put there; nothing was written. Says what to do."""


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of a file: the items with the line of each, and the problems."""

    path: Path
    items: Sequence[tuple[int, str]] = ()
    problems: Sequence[Problem] = ()
    made: bool = False
    """Whether the quiz was made for them."""


@dataclass(slots=True)
class _Pack:
    folder: Path
    files: list[File] = field(default_factory=list)

    @property
    def quizzes(self) -> dict[str, tuple[File, Quiz]]:
        return {quiz.id: (file, quiz) for file, quiz in of_kind(self.files, Quiz)}


def _read_pack(folder: Path) -> _Pack:
    """The pack's files of good shape.

    Raises:
        PackError: a file has none, and nobody knows which ids it has.
        Unlanded: this is no pack.
    """
    findings = Findings()
    pack = _Pack(folder)
    for path in sorted(path for path in folder.rglob("*") if is_ours(path, folder)):
        if path.suffix.casefold() not in DATA:
            continue
        _, file = read_file(folder, path, findings)
        if file is not None:
            pack.files.append(file)
    findings.raise_any()
    if not of_kind(pack.files, PackFile):
        raise Unlanded(f"There is no pack in {folder}. To begin one: inflow content new pack")
    return pack


# --- into a pack ----------------------------------------------------------------------


def land(
    format_: str,
    file: Path,
    folder: Path,
    objective: str,
    *,
    quiz: str | None = None,
    topic: str | None = None,
    dry_run: bool = False,
) -> Landed:
    """Bring the questions of a file to a quiz of the pack in `folder`, as drafts.

    `quiz` None is the one that has the objective. A quiz that is not there is made, about
    `topic`, or about the pack's only one. `objective` is for questions that name none of the
    quiz's themselves; a new quiz has those that they name.

    Raises:
        Unlanded: there is no such place, or no such file.
        PackError: the pack is broken.
        Refused: the file is not of that format.
    """
    for value, what in ((objective, "objective"), (quiz, "quiz"), (topic, "topic")):
        if value is not None and not _is_id(value):
            raise Unlanded(f"'{value}' is no {what}: small letters, digits and hyphens")
    pack = _read_pack(folder)
    target = _find_target(pack, objective, quiz)
    try:
        reading = READERS[format_](file.read_bytes())
    except OSError as error:
        raise Unlanded(f"{file} cannot be read: {error.strerror}") from error
    if target is not None:
        objectives = {one.id for one in target[1].objectives}
    else:
        tagged = map(objective_of, reading.questions)
        objectives = {objective, *(tag for tag in tagged if tag is not None and _is_id(tag))}
    name = target[1].id if target is not None else str(quiz)
    problems = list(reading.problems)
    there = {item.id: item for _, one in pack.quizzes.values() for item in one.items}
    same = {_asks(item): item.id for item in there.values()}
    items: list[tuple[int, Item]] = []
    for question in reading.questions:
        named = objective_of(question)
        about = named if named in objectives and named is not None else objective
        id_, wanted = _choose_id(question, name, there)
        try:
            brought = to_item(question, id_, about)
        except Refused as refused:
            problems.append(refused.problem)
            continue
        again = same.get(_asks(brought.item))
        if again is None and wanted is not None:
            again = wanted if _asks(brought.item) == _echo(format_, there[wanted]) else None
        if again is not None:
            message = f"item '{again}' asks the same: it is left as it is"
            problems.append(Problem(question.line, message, refused=False))
            continue
        if named is not None and named != about:
            message = f"the quiz has no objective '{named}': this comes under '{about}'"
            problems.append(Problem(question.line, message, refused=False))
        if wanted is not None:
            message = f"there is an item '{wanted}' already: this one is '{id_}'"
            problems.append(Problem(question.line, message, refused=False))
        problems += brought.problems
        there[id_] = brought.item
        same[_asks(brought.item)] = id_
        items.append((question.line, brought.item))
    problems.sort(key=lambda problem: problem.line)
    told = tuple((line, item.id) for line, item in items)
    drafts = [item for _, item in items]
    if target is not None:
        path = target[0].path
        if drafts:
            _append(target[0], drafts, dry_run)
        return Landed(path, told, problems)
    path = folder / "quizzes" / f"{name}.yaml"
    if path.exists():
        raise Unlanded(f"{path} is there already, and is not the quiz '{name}': move it away")
    if drafts:
        _make(pack, path, name, topic, drafts, dry_run)
    return Landed(path, told, problems, made=bool(drafts))


def _is_id(text: str) -> bool:
    try:
        TypeAdapter(Id).validate_python(text)
    except ValueError:
        return False
    return True


def _find_target(pack: _Pack, objective: str, quiz: str | None) -> tuple[File, Quiz] | None:
    """The quiz, or None where it is to be made."""
    quizzes = pack.quizzes
    having = [
        id_ for id_, (_, one) in quizzes.items() if objective in {o.id for o in one.objectives}
    ]
    if quiz is None:
        if len(having) == 1:
            return quizzes[having[0]]
        if having:
            raise Unlanded(f"Several quizzes have that objective; say --quiz {' or '.join(having)}")
        known = {o.id for _, one in quizzes.values() for o in one.objectives}
        raise Unlanded(
            f"No quiz of the pack has an objective '{objective}'{near(objective, known)}. "
            "To make a quiz for it, name it with --quiz"
        )
    if quiz not in quizzes:
        return None
    known = {o.id for o in quizzes[quiz][1].objectives}
    if objective not in known:
        raise Unlanded(
            f"The quiz '{quiz}' has no objective '{objective}'{near(objective, known)}. "
            f"It has {', '.join(sorted(known))}"
        )
    return quizzes[quiz]


def _choose_id(question: Question, quiz: str, there: Mapping[str, Item]) -> tuple[str, str | None]:
    """An id that is free, and the one that is not, if its own is taken."""
    wanted = suggest_id(question)
    if wanted is not None and wanted not in there:
        return wanted, None
    stem, width = (f"{wanted[:55]}-", 1) if wanted is not None else (f"{quiz[:55]}-", 2)
    number = 2 if wanted is not None else 1
    while f"{stem}{number:0{width}}" in there:
        number += 1
    return f"{stem}{number:0{width}}", wanted


def _asks(item: Item) -> str:
    """What is asked and said, whoever it belongs to."""
    told = item.model_dump(
        mode="json",
        exclude={
            "id", "objective", "status", "critical", "sections", "variant_of", "enemies", "angoff",
        },
    )  # fmt: skip
    return repr(told)


def _echo(format_: str, item: Item) -> str | None:
    """What comes back of an item of ours that goes out and is imported again."""
    if format_ not in WRITERS:
        return None
    try:
        written = WRITERS[format_]([to_question(item).question])
        (question,) = READERS[format_](written.encode()).questions
        return _asks(to_item(question, item.id, item.objective).item)
    except (Refused, ValueError):
        return None


def _append(file: File, items: Sequence[Item], dry_run: bool) -> None:
    before = file.path.read_bytes().decode()
    line_end = "\r\n" if "\r\n" in before else "\n"
    lines = before.split("\n")
    first = file.mark.inner["items"].inner[0]
    dash = lines[first.line].rfind("-", 0, first.column)
    if dash < 0 or lines[first.line][:dash].strip():
        raise Unlanded(
            f"{file.path}: its items stand in brackets; write them as a list (- id: ...), "
            "or import to another quiz"
        )
    later = [mark.line for mark in file.mark.inner.values() if mark.line > first.line]
    end = min(later, default=len(lines))
    # What stands to the left of the items and is only said to the reader belongs to what follows.
    while end > first.line + 1 and _is_aside(lines[end - 1], dash):
        end -= 1
    block = _indent(_write_items(items), dash).replace("\n", line_end)
    head = "\n".join(lines[:end]) + ("\n" if end < len(lines) else line_end)
    tail = "\n".join(lines[end:])
    _write(file.path, before, head + block + tail, items, dry_run)


def _indent(text: str, by: int) -> str:
    return "".join(f"{' ' * by if line else ''}{line}\n" for line in text.split("\n")[:-1])


def _is_aside(line: str, dash: int) -> bool:
    bare = line.strip()
    if not bare or bare in {"...", "---"}:
        return True
    return bare.startswith("#") and len(line) - len(line.lstrip()) <= dash


def _write(path: Path, before: str, after: str, items: Sequence[Item], dry_run: bool) -> None:
    """Write it, if it says what it did and the items besides."""
    try:
        old = read_yaml(before.removeprefix(_MARK))[0] if before else None
        new = read_yaml(after.removeprefix(_MARK))[0]
    except Unreadable as error:
        raise Unlanded(f"{path}: nothing could be added to it ({error.message})") from error
    added = new["items"][-len(items) :]
    kept = {**new, "items": new["items"][: -len(items)]}
    adapter: TypeAdapter[Item] = TypeAdapter(Item)
    if (old is not None and kept != old) or [adapter.validate_python(one) for one in added] != list(
        items
    ):
        raise Unlanded(f"{path}: nothing could be added to it; import to another quiz")
    if dry_run:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(after.encode())
    if path.exists():
        shutil.copymode(path, beside)
    beside.replace(path)


def _make(
    pack: _Pack,
    path: Path,
    quiz: str,
    topic: str | None,
    items: Sequence[Item],
    dry_run: bool,
) -> None:
    topics = [one.id for _, part in of_kind(pack.files, TopicsFile) for one in part.topics]
    if topic is None:
        if len(topics) != 1:
            raise Unlanded(f"What is the quiz '{quiz}' about? Say --topic {' or '.join(topics)}")
        topic = topics[0]
    elif topic not in topics:
        raise Unlanded(f"The pack has no topic '{topic}'{near(topic, topics)}")
    named = list(dict.fromkeys(item.objective for item in items))
    if len(named) > MOST_OBJECTIVES:
        raise Unlanded(f"The questions name {len(named)} objectives; a quiz has {MOST_OBJECTIVES}")
    head = {
        "kind": "quiz",
        "id": quiz,
        "title": DoubleQuotedScalarString(_in_words(quiz)),
        "topic": topic,
        "objectives": [
            {"id": one, "text": DoubleQuotedScalarString(_in_words(one))} for one in named
        ],
    }
    text = f"{_dump(head)}items:\n{_indent(_write_items(items), 2)}"
    _write(path, "", text, items, dry_run)


def _in_words(id_: str) -> str:
    return id_.replace("-", " ").capitalize()


def _write_items(items: Sequence[Item]) -> str:
    """Entries of a list that begin in the first column."""
    text = _dump({"items": [_quoted("", as_mapping(item)) for item in items]})
    return "".join(f"{line.removeprefix('  ')}\n" for line in text.split("\n")[1:-1])


def _quoted(name: str, value: Any) -> Any:
    """Texts in quotes or, of several lines, as they stand; whole numbers without a point."""
    match value:
        case str() if name in _PLAIN:
            return value
        case str() if "\n" in value and all(
            line == line.strip() and line.isprintable() for line in value.split("\n")
        ):
            return LiteralScalarString(value)
        case str():
            return DoubleQuotedScalarString(value)
        case float() if value.is_integer() and abs(value) < 1e15:
            return int(value)
        case Mapping():
            return {key: _quoted(str(key), inner) for key, inner in value.items()}
        case list() | tuple():
            return [_quoted(name, inner) for inner in value]
        case _:
            return value


def _dump(value: Any) -> str:
    yaml = YAML(typ="rt")
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = _WIDTH
    yaml.allow_unicode = True
    stream = io.StringIO()
    yaml.dump(value, stream)
    return stream.getvalue()


# --- out of a pack --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taken:
    """The text of a file, how many items are in it, and what is not."""

    text: str
    count: int
    problems: Sequence[Problem]


def take(format_: str, folder: Path, quiz: str) -> Taken:
    """The items of a quiz, but for those that are retired, in a format.

    Raises:
        Unlanded: there is no such quiz.
        PackError: the pack is broken.
    """
    quizzes = _read_pack(folder).quizzes
    if quiz not in quizzes:
        raise Unlanded(f"The pack has no quiz '{quiz}'{near(quiz, quizzes)}")
    questions: list[Question] = []
    problems: list[Problem] = []
    for item in quizzes[quiz][1].items:
        if item.status is Status.RETIRED:
            continue
        try:
            given = to_question(item, units=format_ != "gift")
            # One that cannot be written takes no other with it.
            WRITERS[format_]([given.question])
        except Refused as refused:
            problems.append(Problem(0, refused.message, about=item.id))
            continue
        questions.append(given.question)
        problems += given.problems
    return Taken(WRITERS[format_](questions), len(questions), problems)


__all__ = ["READERS", "WRITERS", "Landed", "PackError", "Taken", "Unlanded", "land", "take"]
