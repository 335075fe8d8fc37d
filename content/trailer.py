"""What the message of a commit says of a change, in the lines at its end (domain.md 1.1 and 8).

    Editorial: cd-04, cd-07                   these items are only said better
    Editorial: true                           so is everything in it
    Material-Change: yes, deadline P60D       what was passed before is to be shown again
    Approved-by: @maya                        a line for each

Messages of several commits may follow each other, as `git log` prints them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from pydantic import TypeAdapter, ValidationError

from content.file import near

_LINE = re.compile(r"(?P<name>[A-Za-z][A-Za-z-]*):[ \t]+(?P<said>\S.*)")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HANDLE = re.compile(r"@?[a-z0-9][a-z0-9._-]*")
_YES, _NO = frozenset({"yes", "true"}), frozenset({"no", "false"})
_SPAN: TypeAdapter[timedelta] = TypeAdapter(timedelta)


class Unclear(Exception):
    """A line cannot be read; says which, from 1."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        super().__init__(f"line {line}: {message}")


@dataclass(frozen=True, slots=True)
class Trailers:
    """`deadline` counts from when the change comes; None leaves the usual time. `approved_by`
    are handles without @, each once."""

    all_editorial: bool = False
    editorial: frozenset[str] = frozenset()
    is_material: bool = False
    deadline: timedelta | None = None
    approved_by: tuple[str, ...] = ()


def read_trailers(message: str) -> Trailers:
    """What a message says; lines with other names say nothing to us.

    Raises:
        Unclear: one of ours says something that it cannot.
    """
    told = Trailers()
    for number, line in enumerate(message.splitlines(), 1):
        found = _LINE.fullmatch(line.strip())
        reader = _READERS.get(found["name"].casefold()) if found is not None else None
        if found is not None and reader is not None:
            try:
                told = reader(told, found["said"])
            except ValueError as error:
                raise Unclear(number, f"{found['name']}: {error}") from error
    return told


def read_deadline(said: str) -> timedelta:
    """A time such as P60D.

    Raises:
        ValueError: it is none, or none at all.
    """
    try:
        span = _SPAN.validate_python(said) if said.startswith("P") else timedelta(0)
    except ValidationError:
        span = timedelta(0)
    if span <= timedelta(0):
        raise ValueError(f"'{said}' is no time such as P60D")
    return span


def _editorial(told: Trailers, said: str) -> Trailers:
    if said.casefold() in _YES:
        return replace(told, all_editorial=True)
    if said.casefold() in _NO:
        return told
    items = [item.strip() for item in said.split(",")]
    for item in items:
        if _ID.fullmatch(item) is None:
            raise ValueError(f"'{item}' is no item; this is 'true' or the ids of items")
    return replace(told, editorial=told.editorial | set(items))


def _material(told: Trailers, said: str) -> Trailers:
    answer, _, rest = (part.strip() for part in said.partition(","))
    if answer.casefold() in _NO:
        if rest:
            raise ValueError("after 'no' comes nothing")
        return told
    if answer.casefold() not in _YES:
        raise ValueError(f"'{answer}' is neither 'yes' nor 'no'{near(answer, _YES | _NO)}")
    word, _, span = rest.partition(" ")
    if rest and word.casefold() != "deadline":
        raise ValueError(f"'{rest}' is not written like 'deadline P60D'")
    deadline = read_deadline(span.strip()) if rest else None
    # Of several changes that come together the first deadline holds for all.
    known = [one for one in (told.deadline, deadline) if one is not None]
    return replace(told, is_material=True, deadline=min(known, default=None))


def _approved(told: Trailers, said: str) -> Trailers:
    if _HANDLE.fullmatch(said) is None:
        raise ValueError(f"'{said}' is no handle such as @maya")
    handle = said.removeprefix("@")
    if handle in told.approved_by:
        return told
    return replace(told, approved_by=(*told.approved_by, handle))


_READERS: dict[str, Callable[[Trailers, str], Trailers]] = {
    "editorial": _editorial,
    "material-change": _material,
    "approved-by": _approved,
}
