"""A person's own page: what every capability has to show them, put together so that it fits.

It is one message like any other, so each platform can show it: in a place of its own where
it has one (Slack's App Home), and everywhere as the answer to `/home`. Pure functions of
values; what stands on it comes from each capability's `home`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from bot.message import (
    MAX_PARTS,
    MAX_TOTAL,
    Args,
    Button,
    Buttons,
    Choice,
    Heading,
    Message,
    Note,
    Part,
    length_of,
)
from bot.messages import ONLY_YOU, and_more, page_summary

MARK = "home"
"""In the args of all that can be pressed on a page: what is pressed there shows it anew."""
MOST = 5
"""Entries of a section to begin with. A page is looked over; lists have their commands."""
MOST_BUTTONS = 5


class Shelf(IntEnum):
    """Where a section stands on the page, from the top."""

    BEGIN = 0
    """What one may begin. Its entries are shown while nothing waits or is under way."""
    NOW = 10
    """What waits for the person."""
    MINE = 20
    """What the person has under way."""
    TODAY = 30
    """What is good to know today."""
    DUTY = 40
    """What the person looks after for others."""
    WISHES = 50
    """What reaches the person, and when."""
    LIMITS = 55
    """How much of it there may be."""
    SHARED = 60
    """What others are shown of the person, with its off switches."""


@dataclass(frozen=True, slots=True)
class Section:
    """What one capability shows in one place. Sections of one title become one, which stands
    on the first of their shelves; only those of `BEGIN` have none.

    Each entry is a few parts that belong together, the most urgent entry first. `more` is the
    command that lists all of them (`/questions`); `total` is how many there are, where not
    all are among `entries`. `buttons` stand below the entries.
    """

    shelf: Shelf
    title: str = ""
    entries: Sequence[Sequence[Part]] = ()
    buttons: Sequence[Button] = ()
    more: str = ""
    total: int = 0

    @property
    def count(self) -> int:
        """How many entries there are, shown or not."""
        return max(self.total, len(self.entries))


def assemble(sections: Iterable[Section]) -> Message:
    """The page. What has no room is left out from the end, and it is said how much that is."""
    joined = _join(sections)
    shown = [min(len(section.entries), MOST) for section in joined]
    for least in (1, 0):
        for place in reversed(range(len(joined))):
            while not _fits(_parts(joined, shown)) and shown[place] > least:
                shown[place] -= 1
    while not _fits(_parts(joined, shown)):
        joined.pop()
    waiting = [section for section in joined if _wants_something(section)]
    summary = page_summary([(section.title, section.count) for section in waiting])
    return Message(summary=summary, parts=tuple(_parts(joined, shown)))


def _wants_something(section: Section) -> bool:
    return section.shelf in {Shelf.NOW, Shelf.MINE, Shelf.DUTY} and section.count > 0


def _join(sections: Iterable[Section]) -> list[Section]:
    """One section for each title, in the order of the page, without empty ones."""
    found = sorted(
        (section for section in sections if section.entries or section.buttons),
        key=lambda section: section.shelf,
    )
    titles = dict.fromkeys(section.title for section in found)
    joined = [_one([section for section in found if section.title == title]) for title in titles]
    if any(map(_wants_something, joined)):
        joined = [replace(s, entries=()) if s.shelf is Shelf.BEGIN else s for s in joined]
    return joined


def _one(same: Sequence[Section]) -> Section:
    return Section(
        shelf=same[0].shelf,
        title=same[0].title,
        entries=[entry for section in same for entry in section.entries],
        buttons=[button for section in same for button in section.buttons],
        more=next((section.more for section in same if section.more), ""),
        total=sum(section.count for section in same),
    )


def _parts(sections: Sequence[Section], shown: Sequence[int]) -> list[Part]:
    parts: list[Part] = []
    for section, count in zip(sections, shown, strict=False):
        if section.title:
            parts.append(Heading(text=section.title))
        parts += [_marked(part) for entry in section.entries[:count] for part in entry]
        if section.title and count < section.count:
            parts.append(Note(text=and_more(section.count - count, count, section.more)))
        for first in range(0, len(section.buttons), MOST_BUTTONS):
            row = tuple(section.buttons[first : first + MOST_BUTTONS])
            parts.append(_marked(Buttons(buttons=row)))
    return [*parts, Note(text=ONLY_YOU)]


def _fits(parts: Sequence[Part]) -> bool:
    return len(parts) <= MAX_PARTS and length_of(parts) <= MAX_TOTAL


def _marked(part: Part) -> Part:
    match part:
        case Buttons(buttons=buttons):
            marked = [button.model_copy(update={"args": mark(button.args)}) for button in buttons]
            return Buttons(buttons=tuple(marked))
        case Choice():
            return part.model_copy(update={"args": mark(part.args)})
        case _:
            return part


def mark(args: Args) -> Args:
    """The args of something that stands on a page."""
    return {**args, MARK: True}


def is_marked(args: Mapping[str, object]) -> bool:
    """Whether it was pressed on a page, as far as a client may be believed."""
    return args.get(MARK) is True


def unmark(args: Args) -> Args:
    """The args as they were before `mark`."""
    return {name: value for name, value in args.items() if name != MARK}
