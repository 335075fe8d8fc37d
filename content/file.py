"""Reads a file of a pack: its shape, and where everything in it stands."""

import difflib
import gc
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from content.schema import BARE, FILES, LANGUAGE, VERSION, fields_of
from content.tree import Mark, Unreadable, Where, find, find_cuts, read

NO_TRANSLATIONS = (
    "there are no translations yet: nobody would get this one. A pack is in one language; "
    "put the other in a pack of its own, with ids of its own"
)
NO_DRILLS = "there are no drills yet"
DATA, MARKDOWN = frozenset({".yaml", ".yml"}), ".md"
"""How the names of files end, in small or capital letters."""
_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)


class PackError(Exception):
    """The pack has errors; nothing of it can be used. With the warnings that there are."""

    def __init__(self, errors: Iterable[str], warnings: Iterable[str] = ()) -> None:
        self.errors = tuple(errors)
        self.warnings = tuple(warnings)
        super().__init__("\n".join(self.errors))


@dataclass(frozen=True, slots=True)
class File:
    """A file of good shape, with the marks that know where everything stands. `folder` is that
    of its pack."""

    folder: Path
    path: Path
    mark: Mark
    part: BaseModel


class Findings:
    """Errors and warnings with their places."""

    def __init__(self) -> None:
        self._errors: list[tuple[str, int, int, str]] = []
        self._warnings: list[tuple[str, int, int, str]] = []

    def note(self, path: Path, line: int, column: int, message: str) -> None:
        """An error. `line` and `column` count from 0."""
        self._errors.append((str(path), line + 1, column + 1, message))

    def at(self, file: File, where: Where, message: str) -> None:
        """An error at a place in a file."""
        self.note(file.path, *find(file.mark, where), f"{dotted(where)}: {message}")

    def warn(self, file: File, where: Where, message: str) -> None:
        """A warning at a place in a file."""
        self.caution(file.path, *find(file.mark, where), f"{dotted(where)}: {message}")

    def caution(self, path: Path, line: int, column: int, message: str) -> None:
        """A warning. `line` and `column` count from 0."""
        self._warnings.append((str(path), line + 1, column + 1, message))

    def warnings(self, folder: Path | None = None) -> tuple[str, ...]:
        """In the order of the files, as editors and CI take them; of one pack, or of all."""
        found = [one for one in self._warnings if folder is None or folder in Path(one[0]).parents]
        return tuple(_told("warning", found))

    @property
    def errors(self) -> tuple[str, ...]:
        """In the order of the files."""
        return tuple(_told("error", self._errors))

    def raise_any(self) -> None:
        """Raises PackError if there is an error."""
        if self._errors:
            raise PackError(self.errors, self.warnings())


def _told(grade: str, found: list[tuple[str, int, int, str]]) -> Iterator[str]:
    for path, line, column, message in sorted(set(found)):
        yield f"{path}:{line}:{column}: {grade}: {message}"


def read_file(folder: Path, path: Path, findings: Findings) -> tuple[str, File | None]:
    """The file's kind, "" when it cannot be told, and the file if its shape is good."""
    text = _read_text(path, findings)
    if text is None:
        return "", None
    below: tuple[str, int] | None = None
    if path.suffix.casefold() == MARKDOWN:
        parts = _split(text)
        if parts is None:
            findings.note(path, 0, 0, "a section begins with '---', its data and '---' again")
            return "", None
        text, below = parts
    try:
        with _no_collection():
            value, mark = read(text)
    except Unreadable as error:
        findings.note(path, error.line, error.column, error.message)
        return "", None
    for line, column, word in find_cuts(text):
        message = f"'{word}' begins a comment and is not read; put the text in quotes"
        findings.caution(path, line, column, message)
    if not isinstance(value, dict):
        what = "the file is empty" if value is None else "a file holds names with values"
        findings.note(path, 0, 0, f"{what}; it begins with 'kind: ...'")
        return "", None
    if below is not None:
        if "body" in value:
            findings.note(path, *find(mark, ("body",)), "body: this is what stands below the '---'")
            return "section", None
        body, line = below
        value["body"] = body
        line += body.count("\n", 0, len(body) - len(body.lstrip()))
        mark.inner["body"] = Mark(line, 0)
    return _shape(folder, path, value, mark, findings)


def _read_text(path: Path, findings: Findings) -> str | None:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n")
        before = error.object[: error.start].removeprefix(b"\xef\xbb\xbf")
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace"))
        byte = error.object[error.start]
        message = f"byte 0x{byte:02x} is not UTF-8: save the file as UTF-8"
        findings.note(path, line, column, message)
    except OSError as error:
        findings.note(path, 0, 0, f"the file cannot be read ({error.strerror})")
    return None


def _split(text: str) -> tuple[str, tuple[str, int]] | None:
    """Data with the lines that they had, and the body with the line where it begins."""
    fences = []
    for fence in _FENCE.finditer(text):
        fences.append(fence)
        if len(fences) == 2:
            break
    if len(fences) < 2 or fences[0].start() != 0:
        return None
    first, second = fences
    body = text[second.end() :].removeprefix("\r").removeprefix("\n")
    line = text.count("\n", 0, second.end()) + 1
    return text[first.end() : second.start()], (body, line)


def _shape(
    folder: Path, path: Path, value: dict[str, Any], mark: Mark, findings: Findings
) -> tuple[str, File | None]:
    kind = value.get("kind")
    shape = FILES.get(kind) if isinstance(kind, str) else None
    if shape is None:
        known = ", ".join(f"'{name}'" for name in FILES)
        message = f"kind: this is one of {known}{near(str(kind), FILES)}"
        findings.note(path, *find(mark, ("kind",)), message)
        return "", None
    if shape in BARE:
        value = {name: what for name, what in value.items() if name != "kind"}
    try:
        with _no_collection():
            part = shape.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False)
        misspelt = {
            (*detail["loc"][:-1], meant)
            for detail in details
            if detail["type"] == "extra_forbidden"
            and (meant := closest(str(detail["loc"][-1]), fields_of(shape, _steps(detail))))
        }
        for detail in details:
            # What is there under another name is told once.
            if detail["type"] != "missing" or detail["loc"] not in misspelt:
                _note_detail(path, mark, shape, detail, findings)
        return str(kind), None
    return str(kind), File(folder, path, mark, part)


@contextmanager
def _no_collection() -> Iterator[None]:
    """A file is read into very many values, none of which is garbage."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _note_detail(
    path: Path, mark: Mark, shape: type[BaseModel], detail: ErrorDetails, findings: Findings
) -> None:
    steps = _steps(detail)
    where = _without_tags(mark, steps)
    message = detail["msg"].removeprefix("Value error, ")
    name = str(steps[-1]) if steps else ""
    ctx = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden" if " " in name.strip():
            message = (
                f"'{name}' is no name. Does a comma end the text before it? "
                "Text with a comma is put in quotes inside braces"
            )
        case "extra_forbidden" if name == "translation_of":
            message = NO_TRANSLATIONS
        case "extra_forbidden":
            message = f"this is unknown here{near(name, fields_of(shape, steps))}"
        case "missing" | "union_tag_not_found":
            if detail["type"] == "union_tag_not_found":
                where = (*where, "type")
            message = "this is missing"
        case "union_tag_invalid" | "literal_error" if _wants_drill(detail, name):
            where = where if detail["type"] == "literal_error" else (*where, "type")
            message = NO_DRILLS
        case "union_tag_invalid":
            where = (*where, "type")
            expected = str(ctx.get("expected_tags", ""))
            message = f"this is one of {expected}{_near_quoted(ctx.get('tag'), expected)}"
        case "literal_error" | "enum":
            message += _near_quoted(detail["input"], ctx.get("expected", ""))
        case "string_pattern_mismatch":
            message = _PATTERNS.get(str(ctx.get("pattern")), message)
        case "too_short" | "too_long" if (found := _COUNTS.search(message)) is not None:
            message = f"there are {found[3]}, and there must be {found[1]} {found[2]}"
        case "tuple_type" | "list_type":
            message = "this is a list: each entry in a line of its own that begins with '- '"
        case "date_from_datetime_parsing" | "date_parsing" | "date_type" if not str(
            detail["input"]
        )[:4].isdigit():
            message = "a day is written like 2027-12-31"
        case "time_delta_parsing" | "time_delta_type":
            message = "how long something lasts is written like PT24H, P14D or P1Y"
        case "float_parsing" | "float_type" if "," in str(detail["input"]):
            message = "a number has a point, and is written like 7.5"
        case "string_too_long" if name == "body":
            message += ": divide it into several sections"
        case "string_type" if detail["input"] is not None and not isinstance(
            detail["input"], dict | list
        ):
            message += " (put it in quotes)"
        case _:
            pass
    findings.note(path, *find(mark, where), f"{dotted(where)}: {message}")


_PATTERNS = {
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "an id is small letters, digits and hyphens, as in first-aid",
    r"^[a-z0-9]{1,8}$": "this is at most 8 small letters and digits, as in a or s1",
    LANGUAGE: "a language is written like en, de or pt-BR",
    VERSION: "a version is written like 1.0.0",
    r"^([01][0-9]|2[0-3]):[0-5][0-9]$": "a time is written like 09:30",
}
"""What a pattern means, for who writes."""
_COUNTS = re.compile(r"(at (?:least|most)) (\d+) items? after validation, not (\d+)")


def _wants_drill(detail: ErrorDetails, name: str) -> bool:
    tag = detail.get("ctx", {}).get("tag")
    return tag == "drill" or (detail["input"] == "drill" and name in {"format", "type"})


def _steps(detail: ErrorDetails) -> Where:
    return tuple(step for step in detail["loc"] if step != "[key]")


def _near_quoted(word: object, expected: object) -> str:
    return near(str(word), re.findall(r"'([^']*)'", str(expected)))


def _without_tags(mark: Mark, steps: Where) -> Where:
    """The steps that are in the file: pydantic also names which of several shapes it tried."""
    found: list[str | int] = []
    for place, step in enumerate(steps):
        inner = mark.inner.get(step)
        if inner is None and not isinstance(step, str):
            inner = mark.inner.get(str(step))
        if inner is None and place < len(steps) - 1:
            continue
        found.append(step)
        mark = inner or Mark(mark.line, mark.column)
    return tuple(found)


def dotted(where: Where) -> str:
    """A place in a file, as an error names it."""
    return ".".join(map(str, where)) or "file"


def near(word: str, known: Iterable[str]) -> str:
    """“(did you mean 'x'?)” with a space before it, or nothing."""
    meant = closest(word, known)
    return f" (did you mean '{meant}'?)" if meant else ""


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was perhaps meant."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return close[0] if close else None
