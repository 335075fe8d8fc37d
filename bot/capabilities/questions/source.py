"""Files that hold FAQ entries or past questions, read a line at a time.

A file is read once to find everything that is wrong with it, so that whoever made it hears
all of it at once and nothing is imported by half; only then are its rows handed out.
"""

import csv
import difflib
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Generic, TypeVar

from bot.capabilities.questions.article import MAX_TITLE
from bot.capabilities.questions.evaluation import FIRST_DATE, LAST_DATE
from bot.capabilities.questions.model import MAX_ANSWER, MAX_QUESTION
from bot.textfile import Problems, Unreadable, read_lines

MAX_PHRASINGS = 20
"""An article keeps no more phrasings than this (`ArticleStore.remember_phrasing`)."""
MAX_NAME = 200

R_co = TypeVar("R_co", covariant=True)

_UNKEEPABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_FAQ_NAMES = {
    "question": "title",
    "title": "title",
    "answer": "text",
    "text": "text",
    "id": "id",
    "topic": "topic",
    "phrasings": "phrasings",
    "verified_at": "verified_at",
    "verified_by": "verified_by",
}


class Rows(Generic[R_co]):
    """The rows of a file that can be read. Each loop over them reads the file anew."""

    def __init__(
        self, read: Callable[[Problems], Iterator[R_co]], total: int, *, is_whole: bool = True
    ) -> None:
        self.read = read
        """The rows that can be read; what is wrong with the others is noted on the way."""
        self.is_whole = is_whole
        """Nothing was wrong with the file when it was looked at."""
        self._total = total

    def __len__(self) -> int:
        return self._total

    def __iter__(self) -> Iterator[R_co]:
        """Raises Unreadable at the end when something is wrong with the file by now."""
        problems = Problems()
        yield from self.read(problems)
        problems.raise_any()


@dataclass(frozen=True, slots=True)
class FaqRow:
    """One FAQ entry of a file. `topic` and `verified_by` are words, to be looked up.

    `id` is empty where the file gives none. `verified_at` is aware UTC.
    """

    place: str
    title: str
    text: str
    id: str = ""
    topic: str = ""
    phrasings: tuple[str, ...] = ()
    verified_at: datetime | None = None
    verified_by: str = ""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """Who answered. `after` is the time since the question, None where it is not known."""

    user: str
    accepted: bool = False
    text: str = ""
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One past question of a file, with its answers in the order of time.

    `asked_at` is None where the file gives only an order: then `later` questions of the file
    were asked after this one.
    """

    place: str
    id: str
    text: str
    asker: str
    answers: tuple[AnswerRow, ...]
    asked_at: datetime | None
    later: int = 0
    subjects: tuple[str, ...] = ()
    """Tags, then the channel: words that may name a topic."""


def read_faq(path: Path, *, partly: bool = False) -> Rows[FaqRow]:
    """Read FAQ entries from a `.csv` or `.jsonl` file, UTF-8 with or without a BOM.

    CSV: a header with `question` (or `title`) and `answer` (or `text`), and perhaps `id`,
    `topic`, `phrasings` (other ways to ask, separated by |), `verified_at` (an ISO date) and
    `verified_by`; separated by commas, semicolons or tabs. JSONL: one object a line with the
    same names, where `phrasings` may be a list. Other columns are passed over, unless their
    name is nearly one of these.

    With `partly` a file of which some rows can be read raises nothing yet, so that what is
    wrong with the others can be told with what is found in these: `Rows.read` notes it.

    Raises:
        Unreadable: something is wrong with the file; names every line of it.
    """
    match path.suffix.lower():
        case ".csv":
            read = _read_csv
        case ".jsonl":
            read = _read_jsonl
        case _:
            raise Unreadable([f"{path}: a FAQ file ends in .csv or .jsonl."], 1)

    def rows(problems: Problems) -> Iterator[FaqRow]:
        ids: dict[str, str] = {}
        for place, fields in read(path, problems):
            row = _faq_row(place, fields, problems)
            if row is None:
                continue
            key = f"id:{row.id}" if row.id else f"title:{row.title.casefold()}"
            if key in ids:
                what = f"the id “{row.id}”" if row.id else "the same question"
                problems.note(place, f"{what} stands in line {ids[key]} already.")
                continue
            ids[key] = place.rpartition(":")[2]
            yield row

    return _check(path, rows, partly=partly)


def read_questions(path: Path) -> Rows[QuestionRow]:
    """Read past questions and who answered them from a `.jsonl` file, one object a line.

    Needed: `id`, `ts`, `asker`, `text` or `title` or both, and `answers`, a list of objects
    with a `user` and perhaps `accepted`, `text` and `dt` (seconds after the question). Perhaps
    `tags` and `channel`. Anything else is passed over.

    `ts` is seconds since 1970. Numbers below 10^8 in the whole file are no dates but numbers
    of posts, and give the order only.

    Raises:
        Unreadable: something is wrong with the file; names every line of it.
    """
    if path.suffix.lower() != ".jsonl":
        raise Unreadable([f"{path}: a file of questions ends in .jsonl."], 1)
    stamps: list[float] = []

    def parsed(problems: Problems) -> Iterator[tuple[float, QuestionRow]]:
        ids: dict[str, str] = {}
        for place, fields in _read_jsonl(path, problems):
            found = _question_row(place, fields, problems)
            if found is None:
                continue
            row = found[1]
            if row.id in ids:
                problems.note(place, f"the id “{row.id}” stands in line {ids[row.id]} already.")
                continue
            ids[row.id] = place.rpartition(":")[2]
            yield found

    def first(problems: Problems) -> Iterator[QuestionRow]:
        undated = ""
        for ts, row in parsed(problems):
            stamps.append(ts)
            if row.asked_at is None:
                undated = undated or row.place
            yield row
        stamps.sort()
        if undated and stamps and stamps[-1] >= FIRST_DATE:
            problems.note(undated, "ts is no date here, and is one in other lines.")

    def rows(problems: Problems) -> Iterator[QuestionRow]:
        for ts, row in parsed(problems):
            later = len(stamps) - bisect_right(stamps, ts)
            yield replace(row, later=later)

    return Rows(rows, len(_check(path, first)))


def _check(
    path: Path, read: Callable[[Problems], Iterator[R_co]], *, partly: bool = False
) -> Rows[R_co]:
    problems = Problems()
    total = 0
    try:
        if path.stat().st_size == 0:
            problems.note(str(path), "the file is empty.")
        else:
            total = sum(1 for _ in read(problems))
            if total == 0 and problems.total == 0:
                problems.note(str(path), "there is nothing in it but a header or blank lines.")
    except FileNotFoundError:
        problems.note(str(path), "there is no such file.")
    except OSError as error:
        problems.note(str(path), f"it cannot be read ({error.strerror}).")
    if not partly or total == 0:
        problems.raise_any()
    return Rows(read, total, is_whole=not problems.total)


# --- lines ----------------------------------------------------------------------------


def _read_jsonl(path: Path, problems: Problems) -> Iterator[tuple[str, Mapping[str, object]]]:
    for number, line, good in read_lines(path, problems):
        if not good or not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            fields = json.loads(line.rstrip())
        except json.JSONDecodeError as error:
            problems.note(place, f"this is not JSON ({error.msg} in column {error.colno}).")
        except (ValueError, RecursionError):
            problems.note(place, "this is not JSON that can be read.")
        else:
            if isinstance(fields, dict):
                yield place, fields
            else:
                problems.note(place, f"a row is a JSON object, not {_kind(fields)}.")


def _read_csv(path: Path, problems: Problems) -> Iterator[tuple[str, Mapping[str, object]]]:
    bad: set[int] = set()

    def texts() -> Iterator[str]:
        for number, line, good in read_lines(path, problems):
            if not good:
                bad.add(number)
            yield line

    lines = texts()
    first = next(lines, None)
    if first is None:
        return
    delimiter = _find_delimiter(first)
    reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    while True:
        start = reader.line_num + 1
        place = f"{path}:{start}"
        try:
            cells = next(reader, None)
        except csv.Error as error:
            # What follows would be read with inside and outside of the quotes exchanged.
            problems.note(
                place,
                f"the quotes are broken ({error}): a text with a quote in it is put in quotes and "
                "its own are doubled. The rest of the file was not read.",
            )
            return
        if cells is None:
            return
        if header is None:
            header = [cell.strip() for cell in cells]
            if not _is_header_good(place, [name.casefold() for name in header], problems):
                return
            continue
        if not any(cell.strip() for cell in cells) or not bad.isdisjoint(
            range(start, reader.line_num + 1)
        ):
            continue
        if any(cell.strip() for cell in cells[len(header) :]):
            problems.note(
                place,
                f"there are {len(cells)} fields, and {len(header)} in the header. A text with "
                f"“{delimiter}” in it is put in quotes.",
            )
            continue
        row = zip(header, cells, strict=False)
        yield place, {name: cell for name, cell in row if name.casefold() in _FAQ_NAMES}


def _find_delimiter(first: str) -> str:
    """The separator under which the header names most columns that are known."""

    def known(delimiter: str) -> int:
        names = first.replace('"', "").casefold().split(delimiter)
        return sum(name.strip() in _FAQ_NAMES for name in names)

    return max(",;\t", key=known)


def _is_header_good(place: str, header: Sequence[str], problems: Problems) -> bool:
    before = problems.total
    for sentence in _near_misses(tuple(header)):
        problems.note(place, sentence)
    for wanted, other in (("title", "question"), ("text", "answer")):
        if wanted not in header and other not in header:
            problems.note(place, f"the header has no column “{other}” or “{wanted}”.")
    for name in dict.fromkeys(header):
        if name in _FAQ_NAMES and header.count(name) > 1:
            problems.note(place, f"the header has the column “{name}” twice.")
    return problems.total == before


# --- rows -----------------------------------------------------------------------------


class _Reader:
    """Takes fields out of one row and notes what is wrong with them."""

    def __init__(
        self,
        place: str,
        fields: Mapping[str, object],
        problems: Problems,
        called: Mapping[str, str] | None = None,
    ) -> None:
        """`called` is how the file itself names a field, where that differs."""
        self.place = place
        self._called = called if called is not None else {}
        self._fields = fields
        self._problems = problems
        self._before = problems.total

    @property
    def is_good(self) -> bool:
        return self._problems.total == self._before

    def wrong(self, sentence: str) -> None:
        self._problems.note(self.place, sentence)

    def _name(self, name: str) -> str:
        return self._called.get(name, name)

    def has(self, name: str) -> bool:
        return self._fields.get(name) is not None

    def text(self, name: str, limit: int, *, required: bool = False) -> str:
        value = self._fields.get(name)
        if value is None:
            value = ""
        if not isinstance(value, str):
            self.wrong(f"{self._name(name)} is a text, not {_kind(value)}.")
            return ""
        value = value.strip()
        if required and not value:
            self.wrong(f"{self._name(name)} is empty.")
        elif len(value) > limit:
            called = self._name(name)
            self.wrong(f"{called} has {len(value):,} characters; at most {limit:,} are kept.")
        return value

    def name(self, name: str, *, required: bool = False) -> str:
        """A short text in one line: an id, a person, a topic. A whole number will do."""
        value = self._fields.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        text = self.text(name, MAX_NAME, required=required)
        if _UNKEEPABLE.search(text):
            self.wrong(f"{self._name(name)} holds control characters or half a character.")
        return text

    def names(self, name: str) -> tuple[str, ...]:
        """A list of texts, or one text in which | separates them; blank ones are left out."""
        value = self._fields.get(name)
        if value is None:
            return ()
        if isinstance(value, str):
            value = value.split("|")
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            self.wrong(f"{self._name(name)} is a list of texts, not {_kind(value)}.")
            return ()
        return tuple(dict.fromkeys(entry.strip() for entry in value if entry.strip()))

    def number(self, name: str) -> float | None:
        value = self._fields.get(name)
        if value is None:
            return None
        # A bool is an int to Python, and JSON as Python reads it knows NaN and infinity.
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
            self.wrong(f"{name} is a number from 0 on, not {_kind(value)}.")
            return None
        return float(value)

    def flag(self, name: str) -> bool:
        value = self._fields.get(name)
        if value is not None and not isinstance(value, bool):
            self.wrong(f"{name} is true or false, not {_kind(value)}.")
        return value is True

    def moment(self, name: str) -> datetime | None:
        text = self.text(name, MAX_NAME)
        if not text:
            return None
        try:
            # A date alone is read as its midnight; without a zone it is UTC.
            found = (
                datetime.combine(date.fromisoformat(text), time(), UTC)
                if len(text) <= len("2026-03-02")
                else datetime.fromisoformat(text)
            )
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError):
            self.wrong(f"{self._name(name)} is a date like 2026-03-02, not {_kind(text)}.")
            return None


@lru_cache
def _near_misses(names: tuple[str, ...]) -> tuple[str, ...]:
    """What to say about names that nobody knows and that are nearly a name that is missing."""
    spelled = [name.strip().casefold() for name in names]
    there = {_FAQ_NAMES[name] for name in spelled if name in _FAQ_NAMES}
    found = []
    for name in spelled:
        if name not in _FAQ_NAMES:
            near = difflib.get_close_matches(name, _FAQ_NAMES, n=1, cutoff=0.75)
            if near and _FAQ_NAMES[near[0]] not in there:
                found.append(f"“{name}” is unknown (did you mean “{near[0]}”?).")
    return tuple(found)


def _faq_row(place: str, given: Mapping[str, object], problems: Problems) -> FaqRow | None:
    fields: dict[str, object] = {}
    # Where the file names neither, the first name is the one that the help gives.
    called = {"title": "question", "text": "answer"}
    row = _Reader(place, fields, problems, called)
    for sentence in _near_misses(tuple(given)):
        row.wrong(sentence)
    for name, value in given.items():
        known = _FAQ_NAMES.get(name.strip().casefold())
        if known is None:
            continue
        if value is None or value == "":
            if known not in fields:
                called[known] = name
            continue
        if known in fields:
            row.wrong(f"“{called[known]}” and “{name}” are two names of the same column.")
        fields[known] = value
        called[known] = name
    title = " ".join(row.text("title", MAX_TITLE, required=True).split())
    text = row.text("text", MAX_ANSWER, required=True)
    phrasings = row.names("phrasings")
    if len(phrasings) > MAX_PHRASINGS:
        row.wrong(f"there are {len(phrasings)} phrasings; at most {MAX_PHRASINGS} are kept.")
    if any(len(phrasing) > MAX_QUESTION for phrasing in phrasings):
        row.wrong(f"a phrasing has more than {MAX_QUESTION:,} characters.")
    found = FaqRow(
        place=place,
        title=title,
        text=text,
        id=row.name("id"),
        topic=row.name("topic"),
        phrasings=phrasings,
        verified_at=row.moment("verified_at"),
        verified_by=row.name("verified_by"),
    )
    return found if row.is_good else None


def _question_row(
    place: str, fields: Mapping[str, object], problems: Problems
) -> tuple[float, QuestionRow] | None:
    row = _Reader(place, fields, problems)
    said = [row.text("title", MAX_QUESTION), row.text("text", MAX_QUESTION)]
    text = "\n\n".join(part for part in said if part)
    if not text and row.is_good:
        row.wrong("there is neither text nor title.")
    if len(text) > MAX_QUESTION and row.is_good:
        row.wrong(f"title and text have {len(text):,} characters; at most {MAX_QUESTION:,}.")
    ts = row.number("ts")
    if not row.has("ts"):
        row.wrong("ts is missing.")
    if ts is not None and ts > LAST_DATE:
        row.wrong(f"ts is in seconds since 1970; {ts:.0f} lies after 2096 (is it milliseconds?).")
    channel = row.name("channel")
    subjects = (*row.names("tags"), *([channel] if channel else []))
    found = QuestionRow(
        place=place,
        id=row.name("id", required=True),
        text=text,
        asker=row.name("asker", required=True),
        answers=_answers(row, fields.get("answers"), problems),
        asked_at=(
            datetime.fromtimestamp(ts, UTC)
            if ts is not None and FIRST_DATE <= ts <= LAST_DATE
            else None
        ),
        subjects=subjects,
    )
    return (ts, found) if row.is_good and ts is not None else None


def _answers(row: _Reader, value: object, problems: Problems) -> tuple[AnswerRow, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        row.wrong(f"answers is a list of objects, not {_kind(value)}.")
        return ()
    answers = []
    for number, entry in enumerate(value, start=1):
        answer = _Reader(f"{row.place}: answer {number}", entry, problems)
        after = answer.number("dt")
        answers.append(
            AnswerRow(
                user=answer.name("user", required=True),
                accepted=answer.flag("accepted"),
                text=answer.text("text", MAX_ANSWER),
                after=None if after is None else timedelta(seconds=min(after, LAST_DATE)),
            )
        )
    # Those without a time keep their place; a file without times is in order already.
    if all(answer.after is not None for answer in answers):
        answers.sort(key=lambda answer: answer.after or timedelta())
    return tuple(answers)


def _kind(value: object) -> str:
    if value is None:
        return "missing"
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:40]}…"
