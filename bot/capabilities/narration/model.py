"""What somebody narrates of their work: values and limits. Pure.

Of time only days are kept: a moment beside somebody's name could tell who has asked a question
without a name just then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot.ids import PersonId, TopicId, WorkspaceId

DRAFT_DAYS = 180
"""A draft that nobody has touched for so long is deleted (domain.md 4.2)."""
NOTICE_DAYS = 7
"""So many days before that its author is told."""
EXPIRY_DAYS = 3
"""Working days after which a prompt has run out."""
MOST_NAMED = 3
"""People who can be named as readers at once."""
MAX_LINK = 500
MODEL_SHARES = 2
"""So many of their own has shared who asks others to narrate (domain.md 4.3)."""
DIGEST_LINES = 8
LEAST_TIP = 40
"""Characters that make a tip worth proposing."""
READ_FOR = timedelta(days=7)
"""How long the members of a channel are kept in step for somebody who shares there."""
NEAR = 0.2
"""The likeness from which on two narrations are about the same, by `bot.search`."""
READ = 300
"""How many of the newest narrations are compared."""

EVERY = 1_000
"""Nobody has written as many."""

NARRATION = "narration:"
"""What a letter with a narration is about: this and its id. It is kept that there was one as long
as the narration is there, since only so can it be taken back."""
PROMPT_SLOT = "narration.prompt"
WEEK_SLOT = "narration.week"


class Sort(StrEnum):
    """What a narration is about (domain.md 4.1)."""

    WORKING_ON = "working_on"
    LEARNED = "learned"
    STUCK = "stuck"
    DIFFERENTLY = "differently"
    DECISION = "decision"
    THANKS = "thanks"


SORTS = tuple(Sort)


class State(StrEnum):
    """draft -> kept | shared | (deleted); kept -> shared | (deleted); shared -> (withdrawn).
    What is withdrawn is deleted too, and nothing is kept of its having been there."""

    DRAFT = "draft"
    KEPT = "kept"
    """Its author has read it over and keeps it to themselves."""
    SHARED = "shared"


STATES = tuple(State)


class Reach(StrEnum):
    PEOPLE = "people"
    CHANNEL = "channel"
    TOPIC = "topic"
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Line:
    """What was written in answer to one part of a prompt; nothing, perhaps."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Narration:
    """`number` grows in the order of writing. `place` is where it was begun, if that was a
    channel. `digest`: digests may mention it. `prompt` is what it answers. The days are the
    author's."""

    id: str
    workspace: WorkspaceId
    author: PersonId
    sort: Sort
    lines: tuple[Line, ...]
    written_on: date
    changed_on: date
    link: str | None = None
    revisit_on: date | None = None
    topic: TopicId | None = None
    state: State = State.DRAFT
    reach: Reach | None = None
    conversation: str | None = None
    place: str | None = None
    shared_on: date | None = None
    digest: bool = False
    prompt: str | None = None
    version: int = 0

    @property
    def is_private(self) -> bool:
        return self.state in {State.DRAFT, State.KEPT}

    @property
    def is_shared(self) -> bool:
        return self.state is State.SHARED

    @property
    def written(self) -> Sequence[Line]:
        """The parts in which something was written; of a decision what was decided first."""
        lines = [line for line in self.lines if line.text]
        if self.sort is Sort.DECISION:
            lines.sort(key=lambda line: not line.label.casefold().startswith("deci"))
        return lines

    @property
    def text(self) -> str:
        """All that was written, without the labels."""
        return "\n".join(line.text for line in self.written)

    @property
    def deleted_on(self) -> date:
        """When it goes, if it stays a draft."""
        return self.changed_on + timedelta(days=DRAFT_DAYS)


@dataclass(frozen=True, slots=True)
class Habit:
    """What a person wishes: `last` is the sort of their last prompt, so that the next is another;
    when that was and whether they answered is not kept. `channel` is what they call their
    team's."""

    person: PersonId
    workspace: WorkspaceId
    last: Sort | None = None
    channel: str | None = None


class Scope(StrEnum):
    """What a person can allow (domain.md 4.4)."""

    MATCH_DRAFTS = "match_drafts"
    MATCH_SHARED = "match_shared"
    QUOTE_IN_DIGEST = "quote_in_digest"


GRANTED_UNASKED = frozenset({Scope.MATCH_SHARED})
"""What holds unless it is withdrawn, for those with whom something was shared."""
TEXT_VERSION: Mapping[Scope, int] = dict.fromkeys(Scope, 1)
"""The version of the words with which each is asked for; a new one is asked for anew."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One line of the ledger; nothing is ever written over."""

    person: PersonId
    workspace: WorkspaceId
    scope: Scope
    granted_on: date | None
    withdrawn_on: date | None
    text_version: int


def allows(ledger: Mapping[Scope, Consent], scope: Scope) -> bool:
    """Whether the newest lines of a person's ledger allow it."""
    found = ledger.get(scope)
    if found is None:
        return scope in GRANTED_UNASKED
    return found.withdrawn_on is None and found.text_version == TEXT_VERSION[scope]


class Meeting(StrEnum):
    """Where an introduction stands."""

    ASKED = "asked"
    MET = "met"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Introduction:
    """`asker` would like to meet `asked`, who shared `narration`."""

    id: str
    workspace: WorkspaceId
    asker: PersonId
    asked: PersonId
    narration: str
    asked_on: date
    state: Meeting = Meeting.ASKED


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked openly, and nobody has answered yet."""

    question: str
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Digest:
    """What was posted in a channel about a week, under the letter's key."""

    key: str
    workspace: WorkspaceId
    conversation: str
    week: date
    narrations: tuple[str, ...]


def room(lines: int) -> int:
    """How many characters each of so many lines may have, so that one message shows them all."""
    return min(900, 2_600 // max(1, lines))
