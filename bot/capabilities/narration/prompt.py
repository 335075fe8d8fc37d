"""The questions that help to narrate, and which of them comes next. Pure.

Those of the packs are asked where there are any; these are for a workspace without.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.capabilities.narration.model import SORTS, Sort
from bot.pack import document

_ASKED_APART = {"revisit_on", "link"}
"""Fields that each form of the sort has anyway."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked, and in which parts it is answered, by their labels."""

    id: str
    sort: Sort
    text: str
    labels: tuple[str, ...]
    hint: str = ""


OWN = (
    Prompt(
        "own-working-on",
        Sort.WORKING_ON,
        "What are you working on, and what would make it easier?",
        ("What I am doing", "What would help"),
        "Two sentences will do.",
    ),
    Prompt(
        "own-learned",
        Sort.LEARNED,
        "What did you find out lately that you wish you had known before?",
        ("What I learned", "Who could use it"),
        "A command, a contact, a trap, a rule that is written nowhere.",
    ),
    Prompt(
        "own-stuck",
        Sort.STUCK,
        "Where are you stuck, and what have you tried?",
        ("Where I am stuck", "What I tried"),
        "Half-finished is fine. You can ask it as a question afterwards, also without your name.",
    ),
    Prompt(
        "own-differently",
        Sort.DIFFERENTLY,
        "Think of something you finished lately. What would you do differently next time?",
        ("What happened", "What I would do next time"),
        "About the work, not about people.",
    ),
    Prompt(
        "own-decision",
        Sort.DECISION,
        "Which decision will others ask about later?",
        ("Context", "Decision", "What was rejected, and why"),
        "With a day to look at it again, you are reminded then.",
    ),
    Prompt(
        "own-thanks",
        Sort.THANKS,
        "Who helped you, and with what?",
        ("Who helped", "With what"),
        "They see it only if you share it with them.",
    ),
)
"""One of each sort."""


def of_pack(written: document.Prompt) -> Prompt:
    """A prompt of a pack. Its fields are named for the one who writes packs (`would_help`); where
    it has none, the sort's own are asked."""
    sort = Sort(written.type)
    names = [name for name in written.fields if name not in _ASKED_APART]
    labels = tuple(name.replace("_", " ").strip().capitalize() for name in names)
    return Prompt(written.id, sort, written.text, labels or of_sort((), sort).labels, written.hint)


def fill(prompts: Sequence[Prompt]) -> Sequence[Prompt]:
    """These, and our own of each sort that they do not have."""
    there = {prompt.sort for prompt in prompts}
    return (*prompts, *(prompt for prompt in OWN if prompt.sort not in there))


def turn_of(day: date) -> int:
    """Which of several of one sort is asked. Weekly prompts come back to a sort after as many
    weeks as there are sorts, and then find the next."""
    return day.toordinal() // 7 // len(SORTS)


def of_sort(prompts: Sequence[Prompt], sort: Sort, turn: int = 0) -> Prompt:
    """One prompt of the sort: a different one each turn, where there are several."""
    found = [prompt for prompt in prompts if prompt.sort is sort]
    found = found or [prompt for prompt in OWN if prompt.sort is sort]
    return found[turn % len(found)]


def next_sort(last: Sort | None) -> Sort:
    """The sort that comes after another: never the same twice running."""
    return SORTS[0] if last is None else SORTS[(SORTS.index(last) + 1) % len(SORTS)]
