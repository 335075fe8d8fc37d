"""What something is about, of what people learn from: a section, an item, or an item and the
section in which it is told. A question keeps that, and what is pressed carries it."""

import re
from collections.abc import Iterable, Sequence

from bot.message import shorten

_THING = r"(?:section|item|tip):[a-z0-9]+(?:-[a-z0-9]+)*"
_HOUR = r"hour:[a-z0-9]+(?:--?[a-z0-9]+)*"
"""An hour of questions that was announced: no thing of packs, and never beside any."""
_ABOUT = re.compile(rf"{_HOUR}|{_THING}(?: {_THING}){{0,2}}")
NOT_SEEN = "What I do not see yet: "
"""How a question that began from a thing goes on below what is said of that thing."""
MAX_ABOUT = 210
"""Three ids of sixty characters, and what kind of thing each is."""


def read_about(said: object) -> tuple[str, ...]:
    """The things (`section:ID`, `item:ID`, `tip:ID`) that are named, in order; none if it is
    anything else, for it may come back from a client."""
    if not isinstance(said, str) or len(said) > MAX_ABOUT or not _ABOUT.fullmatch(said):
        return ()
    return tuple(dict.fromkeys(said.split(" ")))


def write_about(things: Sequence[str]) -> str:
    """The same as one text."""
    return " ".join(things)


def begin_question(lines: Iterable[str]) -> str:
    """How a question about a thing begins: what is said of that, a line for each part, and what
    the person goes on from."""
    return "\n".join([*filter(None, lines), NOT_SEEN])


def name_question(text: str, limit: int) -> str:
    """A question in one line of at most `limit` characters. Of one that began with
    `begin_question` the person's own words come first, and then where they were."""
    before, found, own = text.partition(f"\n{NOT_SEEN.rstrip()}")
    own = " ".join(own.split())
    if not found or not own:
        return shorten(" ".join(text.split()), limit)
    own = own[0].upper() + own[1:]
    room = limit - len(own) - 3
    # A few letters of it would tell nobody anything.
    where = f" ({shorten(before.split(chr(10))[0], room)})" if room >= 40 else ""
    return shorten(own, limit) + where


def id_of(thing: str, kind: str) -> str | None:
    """The id of a thing if it is of that kind: of `section:share` it is `share`."""
    named, _, id_ = thing.partition(":")
    return id_ if named == kind else None
