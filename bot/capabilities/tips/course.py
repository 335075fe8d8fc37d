"""A topic's tips in their order, and the words in which each can come."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from bot.capabilities.tips.spacing import share_of
from bot.ids import TopicId
from bot.pack.item import Option
from bot.pack.model import Check, Tip


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to say an idea, and the question that brings it back; a variant without a question
    of its own has the tip's."""

    text: str
    check: Check | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One tip of a course. `wordings` begin with the tip's own; `asking` are the numbers of
    those that have a question. `asked`: how many people the answer has helped that it was made
    of. `critical`: it is to be remembered better, by itself or for what it teaches."""

    tip: Tip
    wordings: tuple[Wording, ...]
    asking: tuple[int, ...]
    asked: int = 0
    critical: bool = False

    @property
    def comes_back(self) -> bool:
        """Whether it is asked again; else it is said, and that is all."""
        return self.tip.spaced and bool(self.asking)

    def wording(self, variant: int) -> Wording:
        """The words of a variant; the tip's own where there is none of that number any more."""
        return self.wordings[variant if 0 <= variant < len(self.wordings) else 0]


class Unsure(Enum):
    """What comes next in a course cannot be told from the bookmark alone."""

    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Course:
    """What there is to tell about a topic, in order: what was added later comes last. `mark`
    changes with what is in it and in which order."""

    topic: TopicId
    entries: tuple[Entry, ...]
    places: Mapping[str, int]
    mark: str

    def entry(self, tip: str) -> Entry | None:
        place = self.places.get(tip)
        return None if place is None else self.entries[place]

    def next_new(self, after: str | None, finished: str | None) -> Entry | Unsure | None:
        """The next tip that a person has not had, as far as their bookmark tells.

        None: they have had all there is. Unsure: what they have had must be looked up, since
        the course changed behind their bookmark, or they are through.
        """
        if finished is not None:
            return None if finished == self.mark else Unsure.UNSURE
        if after is None:
            return self.entries[0] if self.entries else Unsure.UNSURE
        place = self.places.get(after)
        if place is None or place + 1 >= len(self.entries):
            return Unsure.UNSURE
        return self.entries[place + 1]


def course_of(topic: TopicId, entries: Sequence[Entry]) -> Course:
    """The course of a topic's tips, which are in their order."""
    ids = [entry.tip.id for entry in entries]
    mark = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16]
    return Course(topic, tuple(entries), {id_: place for place, id_ in enumerate(ids)}, mark)


def entry_of(tip: Tip, asked: int = 0, *, critical: bool = False) -> Entry:
    """A tip by itself; `critical` says that its objective is."""
    more = (Wording(variant.text, variant.check or tip.check) for variant in tip.variants)
    wordings = (Wording(tip.text, tip.check), *more)
    asking = tuple(number for number, wording in enumerate(wordings) if wording.check is not None)
    return Entry(tip, wordings, asking, asked, tip.critical or critical)


def next_variant(entry: Entry, last: int, *, asks: bool) -> int | None:
    """In which words it comes, after those in which it came last: never twice running in the
    same, where there are others. None where a question is wanted and there is none."""
    if not asks:
        return (last + 1) % len(entry.wordings)
    if len(entry.asking) == 1:
        return entry.asking[0]
    later = [variant for variant in entry.asking if variant > last]
    return later[0] if later else entry.asking[0] if entry.asking else None


def in_order(check: Check, seed: str) -> Sequence[Option]:
    """The options as they are shown: shuffled, the same for the same seed."""
    return sorted(check.options, key=lambda option: share_of(f"{seed}:{option.id}"))


def best_of(check: Check) -> Option:
    """The option that is right; the first of the best, should there be none of credit 1."""
    return max(check.options, key=lambda option: option.score)


def is_right(check: Check, chosen: Option) -> bool:
    """Whether it is the best, or as good."""
    return chosen.score >= best_of(check).score
