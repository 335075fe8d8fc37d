"""Moodle's own XML: https://docs.moodle.org/en/Moodle_XML_format

Read by the standard library's expat. A document type, and with it every entity that a file
would declare or fetch, is refused before anything of it is used.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TypeAlias
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from content.formats.markup import to_html
from content.formats.question import (
    MAX_CHARACTERS,
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
    plain_decimal,
)

MAX_DEPTH = 40
_FORMATS = {
    "html": Format.HTML,
    "moodle_auto_format": Format.MOODLE,
    "plain_text": Format.PLAIN,
    "markdown": Format.MARKDOWN,
}
_KNOWN = (
    "multichoice", "truefalse", "shortanswer", "numerical", "matching", "ordering",
)  # fmt: skip
_INSTEAD = {
    "cloze": "write one question for each gap",
    "multianswer": "write one question for each gap",
    "gapselect": "write one question for each gap",
    "ddwtos": "write one question for each gap",
    "ddmatch": "write it as matching",
    "calculated": "write one with numbers of its own, as numerical",
    "calculatedmulti": "write one with numbers of its own, as multichoice",
    "calculatedsimple": "write one with numbers of its own, as numerical",
    "randomsamatch": "write the pairs as matching",
    "multichoiceset": "write it as multichoice",
    "match": "write it as matching",
    "ddimageortext": "write it as matching, with words",
    "ddmarker": "describe the places in words, as multichoice",
}
_BY_PAIRS = "RELATIVE_ALL_PREVIOUS_AND_NEXT"
"""How Moodle's qtype_ordering calls what we do: https://docs.moodle.org/en/Ordering_question_type"""
_USUAL = re.compile(
    r"(<[^>]*>|\s)*(your answer is (partially )?(correct|incorrect)\.?)?(<[^>]*>|\s)*",
    re.IGNORECASE,
)
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


# --- reading --------------------------------------------------------------------------


@dataclass(slots=True)
class _Element:
    name: str
    line: int
    attributes: dict[str, str]
    inner: "list[_Element]" = field(default_factory=list)
    text: str = ""

    def all(self, name: str) -> "Iterator[_Element]":
        return (element for element in self.inner if element.name == name)

    def first(self, name: str) -> "_Element | None":
        return next(self.all(name), None)

    def said(self, *names: str) -> str:
        """The text of what is found by these names, one within the other."""
        found: _Element | None = self
        for name in names:
            found = found.first(name) if found is not None else None
        return found.text.strip(" \t\r\n") if found is not None else ""


class _Tree:
    """Builds elements out of what expat finds."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._entity
        self.parser.ExternalEntityRefHandler = self._external
        self.root: _Element | None = None
        self._open: list[_Element] = []
        self._pieces: list[list[str]] = []

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        element = _Element(name, self.parser.CurrentLineNumber, attributes)
        if len(self._open) >= MAX_DEPTH:
            raise Refused(element.line, f"this is more than {MAX_DEPTH} levels deep")
        if self._open:
            self._open[-1].inner.append(element)
        else:
            self.root = element
        self._open.append(element)
        self._pieces.append([])

    def _end(self, _name: str) -> None:
        self._open.pop().text = "".join(self._pieces.pop())

    def _text(self, text: str) -> None:
        self._pieces[-1].append(text)

    def _doctype(self, *_: object) -> None:
        raise self._refuse("<!DOCTYPE>, which such a file does not have: take it out")

    def _entity(self, *_: object) -> None:
        raise self._refuse("<!ENTITY>, which is never read: write the text itself")

    def _external(self, *_: object) -> int:
        raise self._refuse("something from elsewhere, which is never fetched")

    def _refuse(self, what: str) -> Refused:
        return Refused(self.parser.CurrentLineNumber, f"the file has {what}")


def read(data: bytes) -> Reading:
    """The questions of a file, and what in it is none.

    Raises:
        Refused: it is not XML of this kind.
    """
    if len(data) > MAX_CHARACTERS:
        raise Refused(1, f"the file has more than {MAX_CHARACTERS:,} bytes: divide it")
    tree = _Tree()
    try:
        tree.parser.Parse(data, True)
    except expat.ExpatError as error:
        message = f"this is not XML: {expat.ErrorString(error.code)}"
        raise Refused(error.lineno, message) from error
    except (ValueError, LookupError) as error:
        # An encoding of which Python knows nothing, or not enough.
        raise Refused(1, "the file is in an encoding that is not read: save it as UTF-8") from error
    root = tree.root
    if root is None or root.name != "quiz":
        line = root.line if root is not None else 1
        raise Refused(line, "this is no export of questions: it begins with <quiz>")
    questions: list[Question] = []
    problems: list[Problem] = []
    for element in root.inner:
        try:
            if element.name != "question":
                raise Refused(element.line, f"<{element.name}> is no question: take it out")
            if element.attributes.get("type") == "category":
                message = (
                    "a category is not kept: import its questions by themselves, with --objective"
                )
                problems.append(Problem(element.line, message, refused=False))
                continue
            questions.append(_Question(element, problems).read())
        except Refused as refused:
            problems.append(refused.problem)
    return Reading(questions, problems)


class _Question:
    def __init__(self, element: _Element, problems: list[Problem]) -> None:
        self.element, self.problems = element, problems

    def read(self) -> Question:
        type_ = self.element.attributes.get("type", "")
        body: Body
        match type_:
            case "multichoice":
                body = self._choice()
            case "truefalse":
                body = self._true_false()
            case "shortanswer":
                body = Written(tuple(self._answer(one) for one in self._answers()))
                if self.element.said("usecase") == "1":
                    self._note("small and capital letters count the same here (usecase)")
            case "numerical":
                body = self._numerical()
            case "matching":
                body = Matches(tuple(self._matches()))
            case "ordering":
                body = self._order()
            case "essay":
                body = Essay()
            case "description":
                body = Description()
            case _:
                instead = _INSTEAD.get(type_, f"write it as one of {', '.join(_KNOWN)}")
                raise Refused(self.element.line, f"the type '{type_}' is not read: {instead}")
        self._note_lost()
        feedback = self.element.first("generalfeedback")
        stem = self.element.first("questiontext")
        if stem is None:
            raise Refused(self.element.line, "there is no <questiontext>: write what is asked")
        tags = self.element.first("tags")
        return Question(
            self.element.line,
            _rich(stem),
            body,
            self.element.said("name", "text") or None,
            self.element.said("idnumber") or None,
            tuple(tag.said("text") for tag in tags.all("tag")) if tags is not None else (),
            _maybe(feedback),
        )

    def _note(self, message: str, line: int | None = None) -> None:
        self.problems.append(Problem(line or self.element.line, message, refused=False))

    def _note_lost(self) -> None:
        for hint in self.element.all("hint"):
            if hint.said("text"):
                self._note("a hint is not kept: say it in the feedback", hint.line)
        for name in ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback"):
            said = self.element.first(name)
            if said is not None and not _USUAL.fullmatch(said.said("text")[:2_000]):
                self._note(
                    f"<{name}> is not kept: say it in the feedback of an option, or of all",
                    said.line,
                )
        for part in (self.element, *self.element.inner):
            for file in part.all("file"):
                name = file.attributes.get("name", "")
                message = (
                    f"the file {name} is not brought along: give its address with image and "
                    "image_alt, or say it in words"
                )
                self._note(message, file.line)

    def _answers(self) -> list[_Element]:
        found = list(self.element.all("answer"))
        if not found:
            raise Refused(self.element.line, "there is no <answer>: write at least one")
        return found

    def _answer(self, element: _Element) -> Answer:
        percent = self._percent(element)
        return Answer(_rich(element), percent > 0, percent, _maybe(element.first("feedback")))

    def _percent(self, element: _Element) -> Decimal:
        percent = _decimal(element.attributes.get("fraction", "0"), element.line)
        if abs(percent) > 100:
            raise Refused(element.line, f"fraction {percent} is no share: it goes from -100 to 100")
        return percent

    def _choice(self) -> Choice:
        answers = tuple(self._answer(one) for one in self._answers())
        several = self.element.said("single") in {"false", "0"}
        shuffle = self.element.said("shuffleanswers") not in {"false", "0"}
        return Choice(answers, several, shuffle)

    def _order(self) -> Order:
        """The steps in the order of the file: Moodle itself works the fractions out from that."""
        steps = tuple(_rich(one) for one in self._answers())
        # Files of before 2015 call them otherwise.
        chosen = (self.element.said("selecttype") or self.element.said("logical")).upper()
        count = self.element.said("selectcount") or self.element.said("studentsee")
        if chosen not in {"", "ALL", "EXACT"} and count.isdecimal() and int(count) < len(steps):
            self._note(f"all {len(steps)} steps are asked, not {int(count)} of them (selecttype)")
        graded = self.element.said("gradingtype").upper()
        if graded not in {"", _BY_PAIRS}:
            self._note("what counts here is which pairs are in the right order (gradingtype)")
        return Order(steps)

    def _true_false(self) -> TrueFalse:
        said: dict[bool, Rich | None] = {}
        right: bool | None = None
        for answer in self._answers():
            name = answer.said("text").casefold()
            if name not in {"true", "false"}:
                raise Refused(answer.line, f"the answer is 'true' or 'false', and not '{name}'")
            said[name == "true"] = _maybe(answer.first("feedback"))
            if self._percent(answer) >= 100:
                right = name == "true"
        if right is None:
            raise Refused(self.element.line, "neither true nor false is right: give one 100")
        return TrueFalse(right, said.get(not right), said.get(right))

    def _numerical(self) -> Numerical:
        numbers = []
        for answer in self._answers():
            said = answer.said("text")
            percent = self._percent(answer)
            tolerance = answer.said("tolerance") or answer.attributes.get("tolerance") or "0"
            numbers.append(
                Number(
                    None if said == "*" else _decimal(said, answer.line),
                    abs(_decimal(tolerance, answer.line)),
                    percent > 0,
                    percent,
                    _maybe(answer.first("feedback")),
                )
            )
        units = self.element.first("units")
        names = [unit.said("unit_name") for unit in units.all("unit")] if units is not None else []
        if units is not None and len(names) > 1:
            self._note(f"only the unit '{names[0]}' is kept: people answer in one", units.line)
        return Numerical(tuple(numbers), names[0] if names else "")

    def _matches(self) -> Iterator[Match]:
        found = list(self.element.all("subquestion"))
        if not found:
            raise Refused(self.element.line, "there is no <subquestion>: write the pairs")
        for pair in found:
            right = pair.said("answer", "text")
            if not right:
                raise Refused(pair.line, "this pair has no right side: write its <answer>")
            yield Match(_rich(pair), right)


def _decimal(text: str, line: int) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise Refused(line, f"'{text[:60]}' is no number: write it like 7.5") from None
    if not number.is_finite() or abs(number.adjusted()) > 400:
        raise Refused(line, f"'{text[:60]}' is no number: write it like 7.5")
    return number


def _rich(element: _Element) -> Rich:
    format_ = _FORMATS.get(element.attributes.get("format", ""), Format.MOODLE)
    return Rich(element.said("text"), format_)


def _maybe(element: _Element | None) -> Rich | None:
    if element is None:
        return None
    rich = _rich(element)
    return rich if rich.text else None


# --- writing --------------------------------------------------------------------------

Attributes: TypeAlias = dict[str, str]


def write(questions: Iterable[Question]) -> str:
    """The text of a file.

    Raises:
        Refused: a text has a character that XML does not.
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<quiz>"]
    for question in questions:
        lines += _write(question)
    return "\n".join([*lines, "</quiz>"]) + "\n"


def _write(question: Question) -> Iterator[str]:
    type_, inner = _write_body(question.body)
    yield f"  <question type={quoteattr(type_)}>"
    yield f"    <name>{_text(question.title or '')}</name>"
    yield f'    <questiontext format="html">{_html(question.stem)}</questiontext>'
    if question.feedback is not None:
        yield f'    <generalfeedback format="html">{_html(question.feedback)}</generalfeedback>'
    if question.id is not None:
        yield f"    <idnumber>{_legal(question.id)}</idnumber>"
    yield from (f"    {line}" for line in inner)
    if question.tags:
        tags = "".join(f"<tag>{_text(tag)}</tag>" for tag in question.tags)
        yield f"    <tags>{tags}</tags>"
    yield "  </question>"


def _write_body(body: Body) -> tuple[str, list[str]]:
    match body:
        case Choice():
            return "multichoice", [
                f"<single>{_truth(not body.several)}</single>",
                f"<shuffleanswers>{_truth(body.shuffle)}</shuffleanswers>",
                "<answernumbering>ABCD</answernumbering>",
                *(_answer(answer, _html(answer.text), ' format="html"') for answer in body.answers),
            ]
        case TrueFalse():
            return "truefalse", [
                _answer(
                    Answer(Rich(""), right, None, body.if_right if right else body.if_wrong),
                    f"<text>{_truth(value)}</text>",
                )
                for value in (True, False)
                for right in [value is body.is_true]
            ]
        case Written(answers=answers):
            return "shortanswer", [
                "<usecase>0</usecase>",
                *(_answer(answer, _text(answer.text.text)) for answer in answers),
            ]
        case Numerical():
            return "numerical", _write_numbers(body)
        case Matches(matches=matches):
            return "matching", [
                "<shuffleanswers>true</shuffleanswers>",
                *(
                    f'<subquestion format="html">{_html(match.left)}'
                    f"<answer>{_text(match.right)}</answer></subquestion>"
                    for match in matches
                ),
            ]
        case Order(steps=steps):
            return "ordering", [
                "<layouttype>VERTICAL</layouttype>",
                "<selecttype>ALL</selecttype>",
                f"<selectcount>{len(steps)}</selectcount>",
                f"<gradingtype>{_BY_PAIRS}</gradingtype>",
                "<showgrading>SHOW</showgrading>",
                "<numberingstyle>none</numberingstyle>",
                *(
                    f'<answer fraction="{number}" format="html">{_html(step)}</answer>'
                    for number, step in enumerate(steps, 1)
                ),
            ]
        case Essay():
            return "essay", []
        case Description():
            return "description", []


def _write_numbers(body: Numerical) -> list[str]:
    lines = []
    for number in body.numbers:
        said = "*" if number.number is None else plain_decimal(number.number)
        tolerance = f"<tolerance>{plain_decimal(number.tolerance)}</tolerance>"
        lines.append(
            f'<answer fraction="{plain_decimal(number.worth)}"><text>{said}</text>'
            f"{tolerance}{_feedback(number.feedback)}</answer>"
        )
    if body.unit:
        lines.append(
            "<unitgradingtype>0</unitgradingtype><showunits>3</showunits>"
            f"<units><unit><multiplier>1</multiplier><unit_name>{_legal(body.unit)}</unit_name>"
            "</unit></units>"
        )
    return lines


def _answer(answer: Answer, text: str, attributes: str = "") -> str:
    return (
        f'<answer fraction="{plain_decimal(answer.worth)}"{attributes}>{text}'
        f"{_feedback(answer.feedback)}</answer>"
    )


def _feedback(said: Rich | None) -> str:
    return f'<feedback format="html">{_html(said)}</feedback>' if said is not None else ""


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _html(rich: Rich) -> str:
    """Of a text that is HTML already, or is meant as it stands."""
    text = rich.text if rich.format is Format.HTML else to_html(rich.text)
    return _text(f"<p>{text}</p>" if text else "")


def _text(text: str) -> str:
    return f"<text>{_legal(text)}</text>"


def _legal(text: str) -> str:
    found = _ILLEGAL.search(text)
    if found is not None:
        raise Refused(0, f"XML has no character U+{ord(found[0]):04X}: take it out")
    # A parser makes a new line of the other one.
    return escape(text, {"\r": "&#13;"})
