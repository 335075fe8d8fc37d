"""Our own name among what somebody said: to us, or about us."""

import re
from collections.abc import Sequence

NAME = "Inflow"
_BEHIND = re.compile(r"^[:,]?[ \t]*")


def cut_mentions(pieces: Sequence[str]) -> tuple[str, bool]:
    """The words out of the pieces between which we were mentioned, and whether they are to us.

    They are where they begin with us, or do not name us at all. A mention at their beginning
    or end is cut out; one in the middle of a sentence stays as our name, for without it the
    rest says something else.
    """
    words = pieces[0]
    for piece in pieces[1:]:
        if _says_something(words) and _says_something(piece):
            words += NAME + piece
        else:
            words += _BEHIND.sub("", piece)
    return words.strip(), len(pieces) == 1 or not _says_something(pieces[0])


def _says_something(text: str) -> bool:
    return any(c.isalnum() for c in text)
