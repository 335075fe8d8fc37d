"""Aiken: a question, its options `A. ...` or `A) ...` in lines of their own, and `ANSWER: B`.

https://docs.moodle.org/en/Aiken_format
"""

import re
import string
from dataclasses import dataclass, field

from content.formats.question import (
    Answer,
    Choice,
    Format,
    Problem,
    Question,
    Reading,
    Refused,
    Rich,
    decode,
)

_OPTION = re.compile(r"([A-Z])[.)][ \t]+(.*)")
_NEARLY = re.compile(r"([A-Za-z])[.)][ \t]*\S")
_ANSWER = re.compile(r"ANSWER[ \t]*:[ \t]*(.*)", re.IGNORECASE)


@dataclass(slots=True)
class _Begun:
    line: int
    stem: list[str]
    options: list[str] = field(default_factory=list)
    problem: Problem | None = None
    """The first one; the rest of the question is then only read over."""

    def fail(self, line: int, message: str) -> None:
        self.problem = self.problem or Problem(line, message)


def read(data: bytes) -> Reading:
    """The questions of a file, and what in it is none.

    Raises:
        Refused: it is no text.
    """
    questions: list[Question] = []
    problems: list[Problem] = []
    begun: _Begun | None = None
    for number, line in enumerate(decode(data).split("\n"), 1):
        said = line.strip(" \t\f\v")
        if not said:
            continue
        answer, option = _ANSWER.match(said), _OPTION.match(said)
        if answer is not None:
            if begun is None:
                message = "an answer without a question before it: write the question above it"
                problems.append(Problem(number, message))
            else:
                _end(begun, number, answer[1], questions, problems)
            begun = None
        elif option is not None:
            if begun is None:
                # One line tells of it; what follows up to its answer belongs to it.
                begun = _Begun(number, [])
                begun.fail(number, "options without a question before them: write it above them")
            _take(begun, number, option[1], option[2].strip())
        elif begun is not None and begun.options:
            begun.fail(number, "the question before has no answer: end it with a line ANSWER: A")
            problems.append(begun.problem or Problem(number, ""))
            begun = _Begun(number, [said])
        elif begun is not None:
            nearly = _NEARLY.match(said)
            if nearly is not None and nearly[1] in "Aa":
                message = "an option begins with a capital letter, a point and a space: A. or A)"
                begun.fail(number, message)
            begun.stem.append(said)
        else:
            begun = _Begun(number, [said])
    if begun is not None:
        begun.fail(begun.line, "this question has no answer: end it with a line ANSWER: A")
        problems.append(begun.problem or Problem(begun.line, ""))
    return Reading(questions, problems)


def _take(begun: _Begun, number: int, letter: str, text: str) -> None:
    due = string.ascii_uppercase[len(begun.options) : len(begun.options) + 1]
    if letter != due:
        message = f"option {letter} stands where option {due} is due: letter them A, B, C"
        begun.fail(number, message)
    if not text:
        begun.fail(number, f"option {letter} is empty: write what can be chosen")
    begun.options.append(text)


def _end(
    begun: _Begun,
    number: int,
    letter: str,
    questions: list[Question],
    problems: list[Problem],
) -> None:
    letters = string.ascii_uppercase[: len(begun.options)]
    if len(begun.options) < 2:
        begun.fail(number, "the question has fewer than two options: write them as A. and B.")
    elif len(letter) != 1 or letter.upper() not in letters:
        begun.fail(number, f"the answer is one of {', '.join(letters)}, and not '{letter}'")
    if begun.problem is not None:
        problems.append(begun.problem)
        return
    answers = (
        Answer(Rich(text, Format.PLAIN), right=place == letters.index(letter.upper()))
        for place, text in enumerate(begun.options)
    )
    stem = Rich("\n".join(begun.stem), Format.PLAIN)
    questions.append(Question(begun.line, stem, Choice(tuple(answers))))


__all__ = ["Refused", "read"]
