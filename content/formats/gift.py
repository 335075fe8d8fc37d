"""GIFT, the text format of Moodle: https://docs.moodle.org/en/GIFT_format

Questions are separated by empty lines; a line that begins with `//` is a comment, in which
`[id:...]` and `[tag:...]` belong to the question that follows. A backslash before one of
`\\ : ~ = # { } [ ]` makes it what it looks like, and before `n` a new line.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from content.formats.question import (
    Answer,
    Body,
    Choice,
    Description,
    Essay,
    Format,
    Match,
    Matches,
    Number,
    Numerical,
    Order,
    Problem,
    Question,
    Reading,
    Refused,
    Rich,
    TrueFalse,
    Written,
    decode,
    plain_decimal,
)

_ORDER = re.compile(r"\s*>[ \t]*\d+(?:[ \t]+[A-Za-z0-9_]+)*[ \t]*\n")
_SPACE = " \t\n\f\v"
_ID = re.compile(r"\[id:((?:\\.|[^\[\]\\]){1,200})\]")
_TAG = re.compile(r"\[tag:((?:\\.|[^\[\]\\]){1,200})\]")
_CATEGORY = re.compile(r"\s*\$(?:CATEGORY|COURSE|CATEGORYINFO)\s*:", re.IGNORECASE)
_FORMAT = re.compile(r"\s*\[(html|markdown|plain|moodle)\]")
_ESCAPE = re.compile(r"\\([\\:~=#{}\[\]n])")
_RUN = re.compile(r"[ \t\n\f\v]+")
_PERCENT = re.compile(r"\s*%\s*([-+]?[0-9]{1,3}(?:\.[0-9]*)?)\s*%")
_NO_PERCENT = re.compile(r"\s*%[^%\n]*%")
_TRUTH = re.compile(r"\s*(TRUE|FALSE|T|F)\s*(?=#|$)", re.IGNORECASE)
_NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*(?:(:|\.\.)\s*({_NUMBER}))?\s*")
_SPECIAL = re.compile(r"[\\:~=#{}]")
GAP = "_____"


# --- reading --------------------------------------------------------------------------


@dataclass(slots=True)
class _Block:
    """The lines of one question without its comments, and their numbers."""

    lines: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    id: str | None = None
    tags: list[str] = field(default_factory=list)

    def part(self) -> "_Part":
        return _Part("\n".join(self.lines), 0, self)


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a block as it stands there, and where that is."""

    raw: str
    start: int
    block: _Block

    def slice(self, start: int, end: int | None = None) -> "_Part":
        return _Part(self.raw[start:end], self.start + start, self.block)

    @property
    def line(self) -> int:
        """Of its first word."""
        blank = len(self.raw) - len(self.raw.lstrip(_SPACE))
        at = self.start + (blank if blank < len(self.raw) else 0)
        whole = "\n".join(self.block.lines)
        return self.block.numbers[whole.count("\n", 0, at)]

    @property
    def empty(self) -> bool:
        return not self.raw.strip(_SPACE)

    def find(self, what: str, start: int = 0) -> int:
        """Where `what` stands without a backslash before it, or -1."""
        return next(self.all(what, start), -1)

    def all(self, what: str, start: int = 0) -> Iterator[int]:
        """Every place where `what` stands without a backslash before it."""
        for found in re.compile(rf"\\.|{re.escape(what)}", re.DOTALL).finditer(self.raw, start):
            if found[0] == what:
                yield found.start()

    def cut(self, what: str) -> tuple["_Part", "_Part | None"]:
        """What stands before and after `what`."""
        at = self.find(what)
        if at < 0:
            return self, None
        return self.slice(0, at), self.slice(at + len(what))

    def refuse(self, message: str) -> Refused:
        return Refused(self.line, message)


def read(data: bytes) -> Reading:
    """The questions of a file, and what in it is none.

    Raises:
        Refused: it is no text.
    """
    questions: list[Question] = []
    problems: list[Problem] = []
    for block in _blocks(decode(data)):
        if _CATEGORY.match(block.lines[0]):
            message = "a category is not kept: import its questions by themselves, with --objective"
            problems.append(Problem(block.numbers[0], message, refused=False))
            continue
        try:
            questions.append(_question(block))
        except Refused as refused:
            problems.append(refused.problem)
    return Reading(questions, problems)


def _blocks(text: str) -> Iterator[_Block]:
    block = _Block()
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip(_SPACE)
        if bare.startswith("//"):
            named = _ID.search(bare)
            if named is not None:
                block.id = _bracketed(named[1])
            block.tags += map(_bracketed, _TAG.findall(bare))
        elif bare and _CATEGORY.match(line):
            if block.lines:
                yield block
            yield _Block([line], [number])
            block = _Block()
        elif bare:
            block.lines.append(line)
            block.numbers.append(number)
        elif block.lines:
            yield block
            block = _Block()
    if block.lines:
        yield block


def _bracketed(raw: str) -> str:
    return re.sub(r"\\(.)", r"\1", raw).strip()


def _question(block: _Block) -> Question:
    part = block.part()
    line = part.line
    title, part = _title(part)
    opened = part.find("{")
    closed = part.find("}")
    if opened < 0:
        if closed >= 0:
            raise part.slice(closed).refuse("this } closes nothing: write \\} for the sign itself")
        stem = _rich(part, Format.MOODLE)
        return Question(line, stem, Description(), title, block.id, tuple(block.tags))
    if 0 <= closed < opened:
        raise part.slice(closed).refuse("this } closes nothing: write \\} for the sign itself")
    if closed < 0:
        raise part.slice(opened).refuse(
            "this { is not closed before the next empty line: close it with }, "
            "and leave no empty line within an answer"
        )
    again = part.find("{", opened + 1)
    if 0 <= again < closed:
        raise part.slice(again).refuse("a { within { }: write \\{ for the sign itself")
    if again >= 0:
        raise part.slice(again).refuse(
            "a second { }: one question has one. Put an empty line between two questions"
        )
    before, inside = part.slice(0, opened), part.slice(opened + 1, closed)
    after = part.slice(closed + 1)
    stray = after.find("}")
    if stray >= 0:
        raise after.slice(stray).refuse("this } closes nothing: write \\} for the sign itself")
    stem = _rich(before, Format.MOODLE)
    if not after.empty:
        rest = _rich(after, stem.format)
        gap = f"{GAP} {rest.text}"
        stem = Rich(
            f"{stem.text} {gap}" if stem.text else gap,
            rest.format if not stem.text else stem.format,
        )
    answers, said = inside.cut("####")
    return Question(
        line,
        stem,
        _body(answers, stem.format),
        title,
        block.id,
        tuple(block.tags),
        None if said is None or said.empty else _rich(said, stem.format),
        embedded=not after.empty,
    )


def _title(part: _Part) -> tuple[str | None, _Part]:
    if not part.raw.lstrip(_SPACE).startswith("::"):
        return None, part
    start = part.raw.index("::") + 2
    end = part.find("::", start)
    if end < 0:
        raise part.refuse("the name that begins with :: does not end with ::")
    title = _plain(part.slice(start, end))
    return title or None, part.slice(end + 2)


def _plain(part: _Part) -> str:
    return _unescape(re.sub(r"[ \t]*\n[ \t]*", " ", part.raw).strip(_SPACE))


def _unescape(raw: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], raw)


def _rich(part: _Part, inherited: Format) -> Rich:
    named = _FORMAT.match(part.raw)
    format_ = Format(named[1]) if named is not None else inherited
    raw = part.raw[named.end() if named is not None else 0 :].strip(_SPACE)
    if format_ in {Format.MOODLE, Format.PLAIN}:
        # Only these make nothing of how the lines were broken.
        raw = _RUN.sub(" ", raw)
    return Rich(_unescape(raw), format_)


def _maybe(part: _Part | None, inherited: Format) -> Rich | None:
    return None if part is None or part.empty else _rich(part, inherited)


def _body(part: _Part, format_: Format) -> Body:
    if part.empty:
        return Essay()
    raw = part.raw.lstrip(_SPACE)
    if raw.startswith("#"):
        return _numerical(part.slice(part.raw.index("#") + 1), format_)
    steps = _steps(part, format_)
    if len(steps) > 1:
        return Order(steps)
    truth = _TRUTH.match(part.raw)
    if truth is not None:
        return _true_false(part, truth, format_)
    pieces = list(_pieces(part))
    if pieces[0][0] == "" and len(pieces) == 1:
        return Written((_answer("=", pieces[0][1], format_),))
    if pieces[0][0] == "":
        raise pieces[0][1].refuse(
            "this stands before the first answer: an answer begins with = or ~, "
            "and \\= and \\~ are the signs themselves"
        )
    marks = {mark for mark, _ in pieces}
    if marks == {"="} and all(piece.find("->") >= 0 for _, piece in pieces):
        return Matches(tuple(_match(piece, format_) for _, piece in pieces))
    answers = tuple(_answer(mark, piece, format_) for mark, piece in pieces)
    return Written(answers) if marks == {"="} else Choice(answers, several="=" not in marks)


def _steps(part: _Part, format_: Format) -> tuple[Rich, ...]:
    """What Moodle's own question type adds: after {>6 ALL ... stands a step in each line, in
    their right order. Nothing of what is no such list."""
    head = _ORDER.match(part.raw)
    if head is None:
        return ()
    rest = part.slice(head.end())
    ends = [*rest.all("\n"), len(rest.raw)]
    lines = [rest.slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
    return tuple(_rich(line, format_) for line in lines if not line.empty)


def _true_false(part: _Part, truth: re.Match[str], format_: Format) -> TrueFalse:
    said: list[_Part] = []
    _, rest = part.slice(truth.end()).cut("#")
    while rest is not None:
        piece, rest = rest.cut("#")
        said.append(piece)
    if len(said) > 2:
        raise said[2].refuse("true or false has two feedbacks: for who is wrong, and who is right")
    return TrueFalse(
        truth[1].upper().startswith("T"),
        _maybe(said[0], format_) if said else None,
        _maybe(said[1], format_) if len(said) > 1 else None,
    )


def _pieces(part: _Part) -> Iterator[tuple[str, _Part]]:
    """The answers with the sign before each; what stands before the first has none."""
    start, mark = 0, ""
    for end in sorted([*part.all("="), *part.all("~"), len(part.raw)]):
        piece = part.slice(start, end)
        if mark or not piece.empty:
            yield mark, piece
        mark, start = part.raw[end : end + 1], end + 1


def _percent(piece: _Part) -> tuple[Decimal | None, _Part]:
    found = _PERCENT.match(piece.raw)
    if found is None:
        if _NO_PERCENT.match(piece.raw):
            raise piece.refuse(
                "a weight is a number, as in %50%; for the sign itself at the beginning write the "
                "weight before it, as in %100%"
            )
        return None, piece
    percent = Decimal(found[1])
    if abs(percent) > 100:
        raise piece.refuse(f"%{found[1]}% is no share: it goes from -100 to 100")
    return percent, piece.slice(found.end())


def _answer(mark: str, piece: _Part, format_: Format) -> Answer:
    percent, rest = _percent(piece)
    text, said = rest.cut("#")
    if text.empty:
        raise piece.refuse("this answer is empty: write what can be chosen or answered")
    return Answer(_rich(text, format_), mark == "=", percent, _maybe(said, format_))


def _match(piece: _Part, format_: Format) -> Match:
    left, right = piece.cut("->")
    if right is None or right.empty:
        raise piece.refuse("this pair has no right side: write what stands after ->")
    return Match(_rich(left, format_), _plain(right))


def _numerical(part: _Part, format_: Format) -> Numerical:
    pieces = list(_pieces(part))
    if not pieces:
        raise part.refuse("after # comes a number, as in {#7.5:0.5}; there is none")
    if pieces[0][0] == "" and len(pieces) > 1:
        raise pieces[0][1].refuse("this stands before the first number: begin it with =")
    return Numerical(tuple(_number(mark, piece, format_) for mark, piece in pieces))


def _number(mark: str, piece: _Part, format_: Format) -> Number:
    percent, rest = _percent(piece)
    text, said = rest.cut("#")
    feedback = _maybe(said, format_)
    if text.raw.strip(_SPACE) in {"", "*"}:
        if mark != "~" and text.empty:
            raise piece.refuse("there is no number here: write it, as in 7.5:0.5")
        return Number(None, right=mark != "~", percent=percent, feedback=feedback)
    found = _RANGE.fullmatch(_unescape(text.raw))
    if found is None:
        raise text.refuse(
            f"'{text.raw.strip(_SPACE)[:60]}' is no number: write 7.5 (with a point), "
            "7.5:0.5 (give or take) or 7..8"
        )
    number = Decimal(found[1])
    tolerance = Decimal(0)
    if found[2] == ":":
        tolerance = Decimal(found[3])
        if tolerance < 0:
            raise text.refuse("a tolerance is not below 0: write 7.5:0.5 for 7 to 8")
    elif found[2] == "..":
        other = Decimal(found[3])
        number, tolerance = (number + other) / 2, abs(other - number) / 2
    return Number(number, tolerance, mark != "~", percent, feedback)


# --- writing --------------------------------------------------------------------------


def write(questions: Iterable[Question]) -> str:
    """The text of a file.

    Raises:
        Refused: one is about an order, for which there is nothing.
    """
    return "\n\n".join(map(_write, questions)) + "\n"


def _write(question: Question) -> str:
    format_ = question.stem.format
    lines = []
    if question.tags:
        tags = (re.sub(r"([\\\]])", r"\\\1", tag) for tag in question.tags)
        lines.append("// " + " ".join(f"[tag:{tag}]" for tag in tags))
    head = f"::{_escape(question.title)}::" if question.title else ""
    lines.append(f"{head}{_write_rich(question.stem, Format.MOODLE)}{{")
    lines += [f"\t{line}" for line in _write_body(question.body, format_)]
    if question.feedback is not None:
        lines.append(f"\t####{_write_rich(question.feedback, format_)}")
    return "\n".join([*lines, "}"])


def _write_body(body: Body, format_: Format) -> Iterator[str]:
    match body:
        case Choice(answers=(yes, no), several=False, shuffle=False) if _is_true_false(yes, no):
            right, wrong = (yes, no) if yes.right else (no, yes)
            yield from _write_body(TrueFalse(yes.right, wrong.feedback, right.feedback), format_)
        case Choice(answers=answers) | Written(answers=answers):
            for answer in answers:
                yield _write_answer(answer, format_)
        case TrueFalse():
            said = _write_said(body.if_right, format_)
            if said or body.if_wrong is not None:
                said = (_write_said(body.if_wrong, format_) or "#") + said
            yield f"{'TRUE' if body.is_true else 'FALSE'}{said}"
        case Numerical(numbers=(Number(percent=None, feedback=None, right=True) as only,)):
            yield f"#{_write_number(only)}"
        case Numerical(numbers=numbers):
            yield "#"
            for number in numbers:
                yield (
                    f"{'=' if number.right else '~'}{_write_percent(number.percent)}"
                    f"{_write_number(number)}{_write_said(number.feedback, format_)}"
                )
        case Matches(matches=matches):
            for match in matches:
                left = _write_rich(match.left, format_) if match.left.text else ""
                yield f"={left} -> {_escape(match.right)}"
        case Essay() | Description():
            pass
        case Order():
            raise Refused(0, "there is no question about an order: use moodle-xml")


def _is_true_false(yes: Answer, no: Answer) -> bool:
    """Whether they are what comes of a question of that kind."""
    return (yes.text.text, no.text.text) == ("True", "False") and (
        yes.right != no.right and yes.percent is None and no.percent is None
    )


def _write_answer(answer: Answer, format_: Format) -> str:
    text = _write_rich(answer.text, format_)
    percent = answer.percent
    if percent is None and text.startswith("%"):
        # Else it would be read as what the answer is worth.
        percent = answer.worth
    return (
        f"{'=' if answer.right else '~'}{_write_percent(percent)}{text}"
        f"{_write_said(answer.feedback, format_)}"
    )


def _write_percent(percent: Decimal | None) -> str:
    return "" if percent is None else f"%{plain_decimal(percent)}%"


def _write_said(said: Rich | None, format_: Format) -> str:
    return "" if said is None else f"#{_write_rich(said, format_)}"


def _write_number(number: Number) -> str:
    if number.number is None:
        return "*"
    return f"{plain_decimal(number.number)}:{plain_decimal(number.tolerance)}"


def _write_rich(rich: Rich, inherited: Format) -> str:
    # A text may itself begin with the name of a format.
    named = rich.format is not inherited or _FORMAT.match(rich.text) is not None
    prefix = f"[{rich.format.value}]" if named else ""
    return prefix + _escape(rich.text)


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text).replace("\n", "\\n")
