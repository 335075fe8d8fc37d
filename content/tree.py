"""YAML as plain values, with the place where everything stands.

Two parsers give the same events: libyaml, which is fifty times as fast, where PyYAML is
installed with it, else ruamel.yaml. What the events mean is settled here, as YAML 1.2 has it:
`no` is a word, and a day is a date.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

_FAST: Any
try:
    import yaml  # type: ignore[import-untyped]  # it brings no types
except ImportError:  # pragma: no cover - the tests have it, and try the other one by name
    _FAST = None
else:
    _FAST = yaml if yaml.__with_libyaml__ else None

MAX_CHARACTERS = 16_000_000
MAX_DEPTH = 60
MAX_VALUES = 2_000_000
"""With everything counted as often as an alias repeats it."""

Where: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a name or an entry stands, from 0, and the marks of what it holds."""

    line: int
    column: int
    inner: "dict[str | int, Mark]" = field(default_factory=dict)


class Unreadable(Exception):
    """This is not YAML as we read it. `line` and `column` count from 0."""

    def __init__(self, line: int, column: int, message: str) -> None:
        self.line, self.column, self.message = line, column, message
        super().__init__(message)


def read(text: str, *, libyaml: bool = True) -> tuple[Any, Mark]:
    """The value of a document (None of an empty one) and its marks.

    Raises:
        Unreadable: it is not YAML, or asks for what we do not read.
    """
    if len(text) > MAX_CHARACTERS:
        raise Unreadable(0, 0, f"the file has more than {MAX_CHARACTERS:,} characters")
    if libyaml and _FAST is not None:
        try:
            return _Reader(_events(text, libyaml=True)).read()
        except _FAST.YAMLError as error:
            # The other parser says it in the same words on every machine.
            _parse_slowly(text)
            raise _unreadable(error, text) from error
    return _parse_slowly(text)


def _parse_slowly(text: str) -> tuple[Any, Mark]:
    try:
        return _Reader(_events(text, libyaml=False)).read()
    except (YAMLError, ValueError) as error:
        raise _unreadable(error, text) from error


def _events(text: str, *, libyaml: bool) -> Iterator[Any]:
    if libyaml and _FAST is not None:
        events: Iterator[Any] = iter(_FAST.parse(text, Loader=_FAST.CLoader))
    else:
        events = iter(YAML(typ="safe", pure=True).parse(text))
    return events


def _unreadable(error: Exception, text: str) -> Unreadable:
    if isinstance(error, ReaderError):
        before = text[: error.position]
        column = len(before) - (before.rfind("\n") + 1)
        return Unreadable(before.count("\n"), column, "YAML does not allow this character")
    said: Any = error
    if isinstance(error, MarkedYAMLError) or hasattr(error, "problem_mark"):
        mark = said.problem_mark or said.context_mark
        line, column = (mark.line, mark.column) if mark is not None else (0, 0)
        what = str(said.problem or said.context or "this is not YAML").strip()
        return Unreadable(line, column, _in_words(what.splitlines()[0]))
    return Unreadable(0, 0, f"this is not YAML ({str(error).splitlines()[0]})")


_MENDS = (
    ("found character '\\t'", "indent with spaces, and not with tabs"),
    ("expected ',' or '}', but got ':'", "text with a colon is put in quotes"),
    ("expected ',' or '}'", "does a quote, a comma or a } miss before this, or in the line above?"),
    ("expected ',' or ']'", "does a quote, a comma or a ] miss before this, or in the line above?"),
    (
        "mapping values are not allowed",
        "text with a colon is put in quotes, and what stands side by side begins in one column",
    ),
    ("expected <block end>", "does it begin in the right column, with a space after the dash?"),
    (
        "could not find expected ':'",
        "does a space miss after a colon, here or in the line above?",
    ),
)
"""What helps, by what the parser says."""


def _in_words(said: str) -> str:
    for begin, mend in _MENDS:
        if said.startswith(begin):
            return f"{said}: {mend}" if mend.endswith("?") else mend
    return said


def find_cuts(text: str, *, libyaml: bool = True) -> Iterator[tuple[int, int, str]]:
    """Where text without quotes ends since what follows looks like a comment, and is perhaps
    none: line, column and the word, as in `Report it in #help`. Of a document that was read."""
    if _CUT.search(text) is None:
        return
    lines = text.split("\n")
    for event in _events(text, libyaml=libyaml):
        if type(event).__name__ == "ScalarEvent" and not event.style and event.value:
            place = event.end_mark
            rest = lines[place.line][place.column :] if place.line < len(lines) else ""
            found = _COMMENT.match(rest)
            if found is not None:
                yield place.line, place.column + found.start("word"), found["word"]


def find(mark: Mark, where: Where) -> tuple[int, int]:
    """Line and column, from 0, of the last step of `where` that is there."""
    for step in where:
        inner = mark.inner.get(step)
        if inner is None and not isinstance(step, str):
            inner = mark.inner.get(str(step))
        if inner is None:
            break
        mark = inner
    return mark.line, mark.column


@dataclass(slots=True)
class _Anchored:
    value: Any
    inner: dict[str | int, Mark]
    size: int


class _Reader:
    """Values out of events, which both parsers call by the same names."""

    def __init__(self, events: Iterable[Any]) -> None:
        self._events: Iterator[Any] = iter(events)
        self._anchors: dict[str, _Anchored | None] = {}
        self._size = 0

    def read(self) -> tuple[Any, Mark]:
        value: Any = None
        root = Mark(0, 0)
        seen = False
        for event in self._events:
            match type(event).__name__:
                case "DocumentStartEvent":
                    if seen:
                        self._refuse(event, "a file holds one document, and this is a second")
                case "StreamStartEvent" | "StreamEndEvent" | "DocumentEndEvent":
                    pass
                case _:
                    value, inner = self._value(event, 0)
                    place = event.start_mark
                    root, seen = Mark(place.line, place.column, inner), True
        return value, root

    def _refuse(self, event: Any, message: str) -> None:
        raise Unreadable(event.start_mark.line, event.start_mark.column, message)

    def _value(self, event: Any, depth: int) -> tuple[Any, dict[str | int, Mark]]:
        name = type(event).__name__
        self._size += 1
        if self._size > MAX_VALUES:
            self._refuse(event, f"the file holds more than {MAX_VALUES:,} values")
        if name == "AliasEvent":
            return self._alias(event)
        before, anchor = self._size, event.anchor
        if anchor is not None:
            self._anchors[anchor] = None
        value: Any
        inner: dict[str | int, Mark]
        if name == "ScalarEvent":
            value, inner = self._scalar(event), {}
        elif depth >= MAX_DEPTH:
            self._refuse(event, f"this is more than {MAX_DEPTH} levels deep")
        elif name == "SequenceStartEvent":
            self._check_tag(event, "tag:yaml.org,2002:seq")
            value, inner = self._sequence(depth)
        else:
            self._check_tag(event, "tag:yaml.org,2002:map")
            value, inner = self._mapping(depth)
        if anchor is not None:
            self._anchors[anchor] = _Anchored(value, inner, self._size - before + 1)
        return value, inner

    def _alias(self, event: Any) -> tuple[Any, dict[str | int, Mark]]:
        if event.anchor not in self._anchors:
            self._refuse(event, f"there is no anchor &{event.anchor} before this")
        known = self._anchors[event.anchor]
        if known is None:
            self._refuse(event, f"&{event.anchor} would contain itself")
        assert known is not None  # noqa: S101 - for mypy: _refuse raises
        self._size += known.size
        if self._size > MAX_VALUES:
            self._refuse(event, f"the file holds more than {MAX_VALUES:,} values")
        return known.value, known.inner

    def _sequence(self, depth: int) -> tuple[list[Any], dict[str | int, Mark]]:
        values: list[Any] = []
        marks: dict[str | int, Mark] = {}
        for event in self._events:
            name = type(event).__name__
            if name == "SequenceEndEvent":
                break
            value, inner = self._value(event, depth + 1)
            place = event.start_mark
            marks[len(values)] = Mark(place.line, place.column, inner)
            values.append(value)
        return values, marks

    def _mapping(self, depth: int) -> tuple[dict[str, Any], dict[str | int, Mark]]:
        values: dict[str, Any] = {}
        marks: dict[str | int, Mark] = {}
        merged: list[tuple[Any, dict[str | int, Mark]]] = []
        for event in self._events:
            name = type(event).__name__
            if name == "MappingEndEvent":
                break
            key = self._key(event)
            held = next(self._events)
            if key == "<<" and not event.style:
                merged += self._merge(held, depth)
                continue
            if key in values:
                line = marks[key].line + 1
                self._refuse(event, f"there is a '{key}' already, in line {line}")
            value, inner = self._value(held, depth + 1)
            place = event.start_mark
            values[key], marks[key] = value, Mark(place.line, place.column, inner)
        for other, places in merged:
            for key, value in other.items():
                if key not in values:
                    values[key], marks[key] = value, places[key]
        return values, marks

    def _key(self, event: Any) -> str:
        if type(event).__name__ != "ScalarEvent":
            self._refuse(event, "a name is a single word or text")
        self._size += 1
        if event.anchor is not None:
            self._refuse(event, "a name has no anchor")
        return str(event.value)

    def _merge(self, event: Any, depth: int) -> list[tuple[Any, dict[str | int, Mark]]]:
        value, inner = self._value(event, depth + 1)
        if isinstance(value, dict):
            return [(value, inner)]
        if isinstance(value, list) and all(isinstance(each, dict) for each in value):
            return [(each, inner[number].inner) for number, each in enumerate(value)]
        self._refuse(event, "<< takes names with values from elsewhere")
        return []

    def _check_tag(self, event: Any, known: str) -> None:
        if event.tag is not None and str(event.tag) not in {known, "!"}:
            self._refuse(event, "this tag (!) has no meaning here")

    def _scalar(self, event: Any) -> Any:
        text = str(event.value)
        if not text.isascii() and _HALF.search(text):
            self._refuse(event, "this holds half of a character (\\ud800 to \\udfff)")
        if event.tag is not None:
            self._check_tag(event, "tag:yaml.org,2002:str")
            return text
        if event.style:
            return text
        return _resolve(text)


_CUT = re.compile(r"\S[ \t]+#[^\s#!]")
# A comment that is meant as one has a space after its sign.
_COMMENT = re.compile(r"[ \t]+(?P<word>#[^\s#!]\S*)")
_HALF = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(
    r"(?P<int>[-+]?[0-9]{1,18})|(?P<octal>0o[0-7]{1,20})|(?P<hex>0x[0-9a-fA-F]{1,15})"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
)
_WORDS: dict[str, Any] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf"), float("inf")),
    "-.inf": float("-inf"),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_FIRST = frozenset("0123456789+-.")


def _resolve(text: str) -> Any:
    """What a plain word means."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST:
        return text
    found = _NUMBER.fullmatch(text)
    match found.lastgroup if found else None:
        case "int":
            return int(text)
        case "octal" | "hex":
            return int(text, 0)
        case "float":
            return float(text)
        case "date":
            try:
                return date.fromisoformat(text)
            except ValueError:
                return text
        case _:
            return text
