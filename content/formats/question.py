"""What a file of another program asks, before it is an item of ours. Frozen values."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

MAX_CHARACTERS = 16_000_000
"""Of a file."""


class Format(StrEnum):
    """How a text is written. `MOODLE` is plain text in which HTML may stand."""

    MOODLE = "moodle"
    PLAIN = "plain"
    HTML = "html"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True)
class Rich:
    text: str
    format: Format = Format.MOODLE


@dataclass(frozen=True, slots=True)
class Answer:
    """One of several. `percent` is what it is worth (-100 to 100) where the file says so; else
    a right one is worth 100 and another nothing."""

    text: Rich
    right: bool
    percent: Decimal | None = None
    feedback: Rich | None = None

    @property
    def worth(self) -> Decimal:
        """Percent, said or not."""
        if self.percent is not None:
            return self.percent
        return Decimal(100 if self.right else 0)


@dataclass(frozen=True, slots=True)
class Choice:
    """`several` may be chosen, or one."""

    answers: tuple[Answer, ...]
    several: bool = False
    shuffle: bool = True


@dataclass(frozen=True, slots=True)
class TrueFalse:
    """`if_wrong` is said to those who are wrong."""

    is_true: bool
    if_wrong: Rich | None = None
    if_right: Rich | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """In an answer a `*` stands for anything, and `\\*` for itself."""

    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Number:
    """Everything at most `tolerance` from `number`; any number at all where that is None."""

    number: Decimal | None
    tolerance: Decimal = Decimal(0)
    right: bool = True
    percent: Decimal | None = None
    feedback: Rich | None = None

    @property
    def worth(self) -> Decimal:
        """Percent, said or not."""
        if self.percent is not None:
            return self.percent
        return Decimal(100 if self.right else 0)


@dataclass(frozen=True, slots=True)
class Numerical:
    numbers: tuple[Number, ...]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A right side without a left one fits none of them."""

    left: Rich
    right: str


@dataclass(frozen=True, slots=True)
class Matches:
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """In the right order."""

    steps: tuple[Rich, ...]


@dataclass(frozen=True, slots=True)
class Essay:
    """A text that a person reads."""


@dataclass(frozen=True, slots=True)
class Description:
    """A text that asks nothing."""


Body: TypeAlias = Choice | TrueFalse | Written | Numerical | Matches | Order | Essay | Description


@dataclass(frozen=True, slots=True)
class Question:
    """`line` is where it begins, from 1. `feedback` is for every answer. `embedded` says that
    its answers stood within the sentence, where there is a gap now."""

    line: int
    stem: Rich
    body: Body
    title: str | None = None
    id: str | None = None
    tags: tuple[str, ...] = ()
    feedback: Rich | None = None
    embedded: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """What is not brought along, in which line (from 1), why, and what to do. `refused` is a whole
    question; otherwise it comes, but for this. In what we write, line 0 and `about` an item."""

    line: int
    message: str
    refused: bool = True
    about: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds."""

    questions: Sequence[Question]
    problems: Sequence[Problem]


class Refused(Exception):
    """This question cannot be brought along."""

    def __init__(self, line: int, message: str) -> None:
        self.line, self.message = line, message
        super().__init__(message)

    @property
    def problem(self) -> Problem:
        """To be told."""
        return Problem(self.line, self.message)


def decode(data: bytes) -> str:
    """The text of a file, with `\\n` at the end of its lines.

    Raises:
        Refused: it is no text that we read.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{data[error.start]:02x} is not UTF-8: save the file as UTF-8"
        raise Refused(line, message) from error
    if len(text) > MAX_CHARACTERS:
        raise Refused(1, f"the file has more than {MAX_CHARACTERS:,} characters: divide it")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def plain_decimal(number: Decimal) -> str:
    """Digits without an exponent and without needless zeros."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
