"""When a campaign counts as completed: evidence, joined by `and`, `or` and `not` (domain.md 5.5).

expr   := term ("or" term)*
term   := factor ("and" factor)*
factor := atom | "not" factor | "(" expr ")"
atom   := name "(" arguments ")"
"""

import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeAlias

TAKES: dict[str, tuple[str, ...]] = {
    "certified": ("quiz",),
    "met": ("objective",),
    "passed_within": ("quiz", "span"),
    "answered": ("prompt",),
    "asked": (),
    "section_opened": ("section",),
}
"""What each atom is about."""
MAX_DEPTH = 20

_TOKEN = re.compile(r"\s*(?:(?P<word>[A-Za-z0-9_/-]+)|(?P<sign>[(),]))")
_SPAN = re.compile(r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?")


class Nonsense(Exception):
    """The expression cannot be read; says where, in characters from 0."""

    def __init__(self, at: int, message: str) -> None:
        self.at = at
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Atom:
    name: str
    about: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    inner: "Completion"


@dataclass(frozen=True, slots=True)
class Every:
    of: "tuple[Completion, ...]"


@dataclass(frozen=True, slots=True)
class Some:
    of: "tuple[Completion, ...]"


Completion: TypeAlias = Atom | Not | Every | Some


def parse(text: str) -> Completion:
    """The meaning of an expression.

    Raises:
        Nonsense: it is none.
    """
    reader = _Reader(text)
    found = reader.expression(0)
    reader.end()
    return found


def atoms(completion: Completion) -> Iterator[Atom]:
    """All that is asked, in order."""
    match completion:
        case Atom():
            yield completion
        case Not(inner):
            yield from atoms(inner)
        case Every(of) | Some(of):
            for each in of:
                yield from atoms(each)


def describe(
    completion: Completion,
    word: Callable[[Atom, bool], str],
    *,
    is_not: bool = False,
    is_whole: bool = True,
) -> str:
    """The expression in the words that `word` has for an atom, and for its being missing (True).
    `not` before brackets is said of each thing in them: not (a or b) is not a and not b."""
    match completion:
        case Atom():
            return word(completion, is_not)
        case Not(inner):
            return describe(inner, word, is_not=not is_not, is_whole=is_whole)
        case Every(of) | Some(of):
            joint = " and " if isinstance(completion, Every) != is_not else " or "
            told = joint.join(describe(each, word, is_not=is_not, is_whole=False) for each in of)
            return told if is_whole else f"({told})"


def is_done(completion: Completion, given: frozenset[str]) -> bool:
    """Whether it holds for somebody with all evidence of the names given, and no other."""
    match completion:
        case Atom(name, _):
            return name in given
        case Not(inner):
            return not is_done(inner, given)
        case Every(of):
            return all(is_done(each, given) for each in of)
        case Some(of):
            return any(is_done(each, given) for each in of)


def holds(completion: Completion, given: AbstractSet[Atom]) -> bool:
    """Whether it holds for somebody who has the evidence of these atoms, and of no other."""
    match completion:
        case Atom():
            return completion in given
        case Not(inner):
            return not holds(inner, given)
        case Every(of):
            return all(holds(each, given) for each in of)
        case Some(of):
            return any(holds(each, given) for each in of)


def needs(completion: Completion, name: str) -> bool:
    """Whether it cannot hold without evidence of that name, whatever else there is."""
    return not is_done(completion, frozenset(TAKES) - {name})


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, int]] = []
        at = 0
        while text[at:].strip():
            token = _TOKEN.match(text, at)
            if token is None:
                at += len(text[at:]) - len(text[at:].lstrip())
                raise Nonsense(at, f"'{text[at]}' has no meaning here")
            group = token.lastgroup or ""
            self._tokens.append((token[group], token.start(group)))
            at = token.end()
        self._length = len(text)
        self._next = 0

    def _peek(self) -> tuple[str, int]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("", self._length)

    def _take(self) -> tuple[str, int]:
        token = self._peek()
        self._next += 1
        return token

    def _expect(self, sign: str) -> None:
        found, at = self._take()
        if found != sign:
            raise Nonsense(at, f"'{sign}' is missing{f' before {found!r}' if found else ''}")

    def end(self) -> None:
        found, at = self._peek()
        if found:
            raise Nonsense(at, f"'and' or 'or' is missing before '{found}'")

    def expression(self, depth: int) -> Completion:
        terms = [self._term(depth)]
        while self._peek()[0] == "or":
            self._take()
            terms.append(self._term(depth))
        return terms[0] if len(terms) == 1 else Some(tuple(terms))

    def _term(self, depth: int) -> Completion:
        factors = [self._factor(depth)]
        while self._peek()[0] == "and":
            self._take()
            factors.append(self._factor(depth))
        return factors[0] if len(factors) == 1 else Every(tuple(factors))

    def _factor(self, depth: int) -> Completion:
        word, at = self._take()
        if depth > MAX_DEPTH:
            raise Nonsense(at, f"this is more than {MAX_DEPTH} levels deep")
        if word == "not":
            return Not(self._factor(depth + 1))
        if word == "(":
            found = self.expression(depth + 1)
            self._expect(")")
            return found
        if not word or word in {")", ",", "and", "or"}:
            raise Nonsense(
                at, f"something to ask for is missing{f' before {word!r}' if word else ''}"
            )
        return self._atom(word, at)

    def _atom(self, name: str, at: int) -> Atom:
        if name not in TAKES:
            known = ", ".join(TAKES)
            raise Nonsense(at, f"'{name}' cannot be asked for; there are {known}")
        self._expect("(")
        about: list[str] = []
        for number, what in enumerate(TAKES[name]):
            if number:
                self._expect(",")
            word, where = self._take()
            if not word or word in "(),":
                raise Nonsense(where, f"{name} is about a {what}, which is missing")
            if what == "span" and _SPAN.fullmatch(word) is None:
                raise Nonsense(where, f"'{word}' is no time such as P30D")
            if what == "objective" and word.count("/") != 1:
                raise Nonsense(where, f"'{word}' is not written as quiz/objective")
            about.append(word)
        self._expect(")")
        return Atom(name, tuple(about))
