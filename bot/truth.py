"""Delivery truth: what became of letters, as it may be told.

Counted for everybody; who is told of only where somebody can be helped (failed and
unreachable letters). Why people were left alone is about them: a reason is named only when
enough people share it and enough do not, and never with a name.

The rule of small numbers is here: `is_told` of what got to people, and `tell_causes` of what is
theirs to tell, as a reason or a vote.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.access import K_ANONYMOUS
from bot.ids import PersonId, WorkspaceId
from bot.outbox import LetterState

WAITING_STATES = frozenset(
    {LetterState.PENDING, LetterState.LEASED, LetterState.SENDING, LetterState.AMBIGUOUS}
)
"""It is not known yet what becomes of the letter."""
HELPED_STATES = frozenset({LetterState.FAILED, LetterState.UNREACHABLE})
"""The letter can be sent again, and who did not get it may be said."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many letters are in a state for a reason. `why` is a store's or platform's word."""

    state: LetterState
    why: str | None
    letters: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Why some were left alone; `why` None is all that may not be told apart, and of these
    fewer than `K_ANONYMOUS` are not to be numbered either."""

    why: str | None
    people: int


@dataclass(frozen=True, slots=True)
class Account:
    """What may be told of the letters of one source."""

    delivered: int
    waiting: int
    left_alone: int
    """Suppressed: not sent, for the sake of the people's attention."""
    causes: tuple[Cause, ...]
    """Why those were left alone, as far as it may be told; they add up to `left_alone`."""
    unreachable: int
    failed: int
    unknown: int
    cancelled: int

    @property
    def letters(self) -> int:
        """All of them."""
        return (
            self.delivered
            + self.waiting
            + self.left_alone
            + self.unreachable
            + self.failed
            + self.unknown
            + self.cancelled
        )


@dataclass(frozen=True, slots=True)
class Unreached:
    """Somebody who did not get a letter and can be helped."""

    letter: int
    person: PersonId
    state: LetterState
    why: str | None


@dataclass(frozen=True, slots=True)
class LaneTally:
    """How many letters of a lane are in a state."""

    workspace: WorkspaceId
    state: LetterState
    letters: int


@dataclass(frozen=True, slots=True)
class KindTally:
    """How many letters of a kind share a reason. `why` of letters to a relay is None, since it may
    name the person."""

    kind: str
    why: str | None
    letters: int


def account(tallies: Sequence[Tally]) -> Account:
    """What may be told of letters that were counted by state and reason."""

    def count(*states: LetterState) -> int:
        return sum(tally.letters for tally in tallies if tally.state in states)

    total = sum(tally.letters for tally in tallies)
    suppressed = [
        Cause(tally.why, tally.letters)
        for tally in tallies
        if tally.state is LetterState.SUPPRESSED
    ]
    return Account(
        delivered=count(LetterState.SENT),
        waiting=count(*WAITING_STATES),
        left_alone=count(LetterState.SUPPRESSED),
        causes=tell_causes(suppressed, total),
        unreachable=count(LetterState.UNREACHABLE),
        failed=count(LetterState.FAILED),
        unknown=count(LetterState.UNKNOWN),
        cancelled=count(LetterState.CANCELLED),
    )


def is_told(*groups: int) -> bool:
    """Whether the numbers of people in these groups, which may follow from one another, can be
    told: none of them is of fewer than `K_ANONYMOUS`, but of nobody."""
    return all(people == 0 or people >= K_ANONYMOUS for people in groups)


def tell_causes(causes: Iterable[Cause], total: int) -> tuple[Cause, ...]:
    """The reasons that may be told apart, most frequent first, the rest as one without a name.

    A reason may be told when at least `K_ANONYMOUS` people of `total` share it and as many do
    not. The rest is never fewer than that while anything is told: the least frequent reason
    joins it until it is enough, or else what is missing would tell of the few.
    """
    counted = sorted((c for c in causes if c.people), key=lambda c: (-c.people, c.why or ""))
    told = [
        c
        for c in counted
        if c.why is not None and c.people >= K_ANONYMOUS and total - c.people >= K_ANONYMOUS
    ]
    rest = sum(c.people for c in counted) - sum(c.people for c in told)
    while 0 < rest < K_ANONYMOUS and told:
        rest += told.pop().people
    return (*told, Cause(None, rest)) if rest else tuple(told)
