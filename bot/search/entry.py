"""What is put into the index and what comes out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to be found: a question that has an answer."""

    id: str
    title: str
    """The question itself. May be empty; the beginning of `text` then stands for it."""
    text: str = ""
    """The answer or the longer description."""
    phrasings: tuple[str, ...] = ()
    """Other wordings of the question. Only those which an asker confirmed: unconfirmed ones make
    the ranking worse than none."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was found."""

    id: str
    score: float
    """Above 0 and at most 1, with six decimals; comparable between queries to the same index, so
    that thresholds can be set on it. An index with vectors and one without differ in scale."""
