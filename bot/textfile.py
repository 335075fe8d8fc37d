"""Files that people bring, read as text: all that is wrong with one is said at once, by line."""

import codecs
import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.errors import Invalid

MAX_REPORTED = 20
"""So many problems are told in full; of the others only how many there are."""


class Unreadable(Invalid):
    """I could not read that file. Nothing was imported."""

    def __init__(self, problems: Sequence[str], total: int) -> None:
        """`problems` are `file:line: sentence`, the first of `total`."""
        self.problems = tuple(problems)
        self.total = total
        more = total - len(self.problems)
        super().__init__("\n".join([*self.problems, *([f"... and {more} more."] if more else [])]))


class Problems:
    """Collects what is wrong, so that it can be told at once."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._total = 0

    def note(self, place: str, sentence: str) -> None:
        """`place` is a file, `file:line` or `file:line:column`."""
        self._total += 1
        if len(self._first) < MAX_REPORTED:
            self._first.append(f"{place}: {sentence}")

    @property
    def total(self) -> int:
        return self._total

    @property
    def told(self) -> Sequence[str]:
        """`place: sentence` of the first ones, and how many more there are."""
        more = self._total - len(self._first)
        return [*self._first, *([f"... and {more} more."] if more else [])]

    def raise_any(self) -> None:
        """Raises Unreadable when anything was noted."""
        if self._total:
            raise Unreadable(self._first, self._total)


def suggest(word: str, known: Sequence[str]) -> str:
    """` (did you mean “x”?)` for the known word that is nearest, or nothing."""
    spelled = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), spelled, n=1, cutoff=0.6)
    return f" (did you mean “{spelled[near[0]]}”?)" if near else ""


def read_lines(path: Path, problems: Problems) -> Iterator[tuple[int, str, bool]]:
    """Number, text and whether it was really UTF-8, of each line."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            line = raw
            if number == 1:
                if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    problems.note(str(path), "this is UTF-16. Please save it as UTF-8.")
                    return
                line = line.removeprefix(codecs.BOM_UTF8)
            try:
                yield number, line.decode("utf-8"), True
            except UnicodeDecodeError as error:
                problems.note(
                    f"{path}:{number}",
                    f"byte {error.start + 1} (0x{line[error.start]:02x}) is not UTF-8. "
                    "Please save the file as UTF-8.",
                )
                yield number, line.decode("utf-8", errors="replace"), False
