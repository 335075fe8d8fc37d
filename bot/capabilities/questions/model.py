"""Questions, answers and FAQ articles: frozen values and the rules that move them.

A question's state is the fold of its events (domain.md 3.1): `apply` is the only way
to change one, for the handler that adds an event and for the reader who replays them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal

from bot.errors import Conflict
from bot.ids import AnswerId, ArticleId, PersonId, QuestionId, TopicId, WorkspaceId
from bot.message import Args

MAX_QUESTION = 40_000
MAX_ANSWER = 40_000
ASKS_A_DAY = 10
UNTAPPED = timedelta(minutes=10)
"""After so long without a tap on the suggestions the question goes to a colleague."""
CLAIM_SILENCE = timedelta(hours=4)
"""Working time after which a claim without an answer is released."""
ASK_BACK_DAYS = 2
"""Working days that whoever asked back keeps the question while the asker is silent."""
WAVE_WAITS = {1: timedelta(minutes=30), 2: timedelta(minutes=60), 3: timedelta(hours=4)}
"""Working time that each wave gets, on the clocks of those asked (domain.md 3.4)."""
CHANNEL_WAVE = 3
"""The wave in which the topic's channel is asked, if the asker agrees."""
CONSENT_WAIT = timedelta(minutes=60)
"""Time the asker has to allow a post in the topic's channel."""
ESCALATED_LIMIT = 200
"""So many questions that wait for a steward are looked through."""
ESCALATION_DAYS = 5
CONFIRMATION_DAYS = 5
FOLLOW_UP_DAYS = 14
FOLLOW_THROUGH = timedelta(days=3)
""""Did it work?" is asked on the first working morning after this (product.md N4)."""
FOLLOW_THROUGH_ENDS = timedelta(days=7)
FORGOTTEN_AFTER = timedelta(days=30)
"""So long after it was closed nobody can tell any more who asked (domain.md 9.1)."""


class Visibility(StrEnum):
    DIRECT = "direct"
    ANONYMOUS = "anonymous"
    OPEN = "open"


class Urgency(StrEnum):
    URGENT = "urgent"
    NORMAL = "normal"
    CAN_WAIT = "can_wait"


class State(StrEnum):
    ASKED = "asked"
    SUGGESTED = "suggested"
    SELF_SOLVED = "self_solved"
    ROUTED = "routed"
    CLAIMED = "claimed"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    CLOSED_UNCONFIRMED = "closed_unconfirmed"
    ESCALATED = "escalated"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"


OPEN_STATES = frozenset(
    {
        State.ASKED,
        State.SUGGESTED,
        State.ROUTED,
        State.CLAIMED,
        State.ANSWERED,
        State.ESCALATED,
    }
)
LOOKING_STATES = frozenset({State.SUGGESTED, State.ROUTED, State.ESCALATED})
"""States in which anybody may still take the question on."""


class EventKind(StrEnum):
    ASKED = "asked"
    SUGGESTED = "suggested"
    SOLVED = "solved"
    DID_NOT_SOLVE = "did_not_solve"
    ROUTED = "routed"
    DECLINED = "declined"
    CLAIMED = "claimed"
    RELEASED = "released"
    ANSWERED = "answered"
    ASKED_BACK = "asked_back"
    FOLLOWED_UP = "followed_up"
    ACCEPTED = "accepted"
    CLOSED = "closed"
    ENTRUSTED = "entrusted"
    """It has an owner from now on, and a day by which it is due."""
    ESCALATED = "escalated"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    MARKED_DUPLICATE = "marked_duplicate"
    REOPENED = "reopened"
    FOLLOWED_THROUGH = "followed_through"


_ANY_OPEN = tuple(OPEN_STATES)
_CLOSED = (State.ACCEPTED, State.CLOSED_UNCONFIRMED, State.SELF_SOLVED)

_FROM: dict[EventKind, tuple[State, ...]] = {
    EventKind.SUGGESTED: (State.ASKED,),
    EventKind.SOLVED: (State.SUGGESTED, State.ROUTED, State.CLAIMED, State.ESCALATED),
    EventKind.DID_NOT_SOLVE: (State.SUGGESTED, State.ROUTED, State.CLAIMED, State.ESCALATED),
    EventKind.ROUTED: (State.ASKED, State.SUGGESTED, State.ROUTED, State.ANSWERED),
    EventKind.DECLINED: (State.ROUTED, State.ESCALATED),
    EventKind.CLAIMED: tuple(LOOKING_STATES),
    EventKind.RELEASED: (State.CLAIMED,),
    EventKind.ANSWERED: (
        State.SUGGESTED,
        State.ROUTED,
        State.CLAIMED,
        State.ESCALATED,
        State.ANSWERED,
        State.ACCEPTED,
        State.CLOSED_UNCONFIRMED,
        State.EXPIRED,
    ),
    EventKind.ASKED_BACK: (State.CLAIMED,),
    EventKind.FOLLOWED_UP: (State.CLAIMED, State.ANSWERED),
    EventKind.ACCEPTED: (
        State.ANSWERED,
        State.CLAIMED,
        State.CLOSED_UNCONFIRMED,
        State.ROUTED,
        State.ESCALATED,
    ),
    EventKind.CLOSED: (State.ANSWERED,),
    EventKind.ESCALATED: (State.ROUTED, State.ASKED, State.SUGGESTED, State.ANSWERED),
    EventKind.ENTRUSTED: (State.ASKED, State.SUGGESTED, State.ROUTED, State.CLAIMED),
    EventKind.EXPIRED: (State.ESCALATED, State.ROUTED),
    EventKind.WITHDRAWN: _ANY_OPEN,
    EventKind.MARKED_DUPLICATE: _ANY_OPEN,
    EventKind.REOPENED: (*_CLOSED, State.EXPIRED, State.DUPLICATE),
    EventKind.FOLLOWED_THROUGH: (State.ACCEPTED, State.SELF_SOLVED),
}

_TO: dict[EventKind, State] = {
    EventKind.ASKED: State.ASKED,
    EventKind.SUGGESTED: State.SUGGESTED,
    EventKind.SOLVED: State.SELF_SOLVED,
    EventKind.ROUTED: State.ROUTED,
    EventKind.CLAIMED: State.CLAIMED,
    EventKind.RELEASED: State.ROUTED,
    EventKind.ANSWERED: State.ANSWERED,
    EventKind.ACCEPTED: State.ACCEPTED,
    EventKind.CLOSED: State.CLOSED_UNCONFIRMED,
    EventKind.ESCALATED: State.ESCALATED,
    EventKind.EXPIRED: State.EXPIRED,
    EventKind.WITHDRAWN: State.WITHDRAWN,
    EventKind.MARKED_DUPLICATE: State.DUPLICATE,
}


@dataclass(frozen=True, slots=True)
class Question:
    """`asker` is None when the question is anonymous: only the relay knows then. `about` is
    what it was asked about of what people learn from (`bot.pack.about`).

    `conversation` and `thread` are where an open question stands. `version` is what
    was read; saving another one is a `Conflict`.
    """

    id: QuestionId
    workspace: WorkspaceId
    number: int
    text: str
    visibility: Visibility
    urgency: Urgency
    asked_at: datetime
    changed_at: datetime
    state: State = State.ASKED
    asker: PersonId | None = None
    goal: str = ""
    tried: str = ""
    topic: TopicId | None = None
    about: str | None = None
    conversation: str | None = None
    thread: str | None = None
    wave: int = 0
    claimed_by: PersonId | None = None
    accepted: AnswerId | None = None
    duplicate_of: QuestionId | None = None
    owner: PersonId | None = None
    """Who has to see to it that it is answered by `due_on`."""
    due_on: date | None = None
    version: int = 0

    @property
    def subject(self) -> str:
        """What letters, threads and the relay call this question."""
        return f"question:{self.id}"

    def subject_of(self, answer: AnswerId) -> str:
        """What the message is about that holds one answer: a mark on it means that answer."""
        return f"{self.subject}:answer:{answer}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


def read_subject(about: str) -> tuple[QuestionId, AnswerId | None]:
    """The question that letters and threads are about, and the answer if it is about one."""
    _, question, *answer = [*about.split(":"), ""]
    return QuestionId(question), AnswerId(answer[1]) if answer[:1] == ["answer"] else None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a question. `actor` is None for the asker and the clock."""

    question: QuestionId
    kind: EventKind
    at: datetime
    actor: PersonId | None = None
    data: Args = field(default_factory=dict)


def can(question: Question, kind: EventKind) -> bool:
    """Whether `kind` may happen to the question in its present state."""
    return question.state in _FROM.get(kind, ())


def apply(question: Question, event: Event) -> Question:
    """The question after the event.

    Raises:
        Conflict: the question's state does not allow the event (any more).
    """
    if not can(question, event.kind):
        raise Conflict(f"Question {question.number} is {question.state.replace('_', ' ')} already.")
    after = replace(question, state=_TO.get(event.kind, question.state), changed_at=event.at)
    match event.kind:
        case EventKind.ROUTED:
            return replace(after, wave=int(str(event.data["wave"])), claimed_by=None)
        case EventKind.CLAIMED:
            return replace(after, claimed_by=event.actor)
        case EventKind.ENTRUSTED:
            is_held = question.state is State.CLAIMED
            return replace(
                after,
                state=State.CLAIMED if is_held else State.ROUTED,
                wave=question.wave if is_held else CHANNEL_WAVE,
                owner=PersonId(str(event.data["owner"])),
                due_on=date.fromisoformat(str(event.data["due_on"])),
            )
        case EventKind.RELEASED | EventKind.ESCALATED:
            return replace(after, claimed_by=None)
        case EventKind.ANSWERED:
            # An answer that comes after the asker accepted another is kept and
            # shown, and changes nothing that was decided.
            if question.state is State.ACCEPTED:
                return replace(after, state=State.ACCEPTED)
            return replace(after, claimed_by=event.actor)
        case EventKind.FOLLOWED_UP:
            return replace(after, state=State.CLAIMED)
        case EventKind.ACCEPTED:
            return replace(after, accepted=AnswerId(str(event.data["answer"])))
        case EventKind.REOPENED:
            claimed = question.claimed_by
            state = State.CLAIMED if claimed else State.ROUTED
            return replace(after, state=state, accepted=None, duplicate_of=None)
        case EventKind.MARKED_DUPLICATE:
            return replace(after, duplicate_of=QuestionId(str(event.data["of"])))
        case _:
            return after


def fold(question: Question, events: Iterable[Event]) -> Question:
    """Replay: the question as its events left it, from its first state on."""
    first = replace(
        question,
        state=State.ASKED,
        wave=0,
        claimed_by=None,
        accepted=None,
        duplicate_of=None,
        owner=None,
        due_on=None,
        changed_at=question.asked_at,
    )
    for event in events:
        if event.kind is not EventKind.ASKED:
            first = apply(first, event)
    return first


class TurnKind(StrEnum):
    ANSWER = "answer"
    ASK_BACK = "ask_back"
    FOLLOW_UP = "follow_up"


@dataclass(frozen=True, slots=True)
class Turn:
    """What was said about a question. `author` is None for the asker's own turns."""

    id: AnswerId
    question: QuestionId
    kind: TurnKind
    text: str
    at: datetime
    author: PersonId | None = None


class OfferState(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    DECLINED = "declined"
    CLOSED = "closed"


class Decline(StrEnum):
    BUSY = "busy"
    NOT_MY_FIELD = "not_my_field"
    SOMEONE_ELSE = "someone_else"


@dataclass(frozen=True, slots=True)
class Offer:
    """A question put before a person. Counts against their load from `at` on."""

    question: QuestionId
    person: PersonId
    wave: int
    at: datetime
    state: OfferState = OfferState.OPEN
    reason: Decline | None = None
    why: tuple[str, ...] = ()
    """Sentences that say why this person was asked."""


Level = Literal["steward", "can_help", "learning", "none"]


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a person said about themselves and a topic. "none" is an opt-out and wins."""

    person: PersonId
    topic: TopicId
    level: Level
    at: datetime


@dataclass(frozen=True, slots=True)
class Credit:
    """Something that earned a person standing in a topic (domain.md 3.3)."""

    person: PersonId
    topic: TopicId
    kind: Literal["accepted", "reused", "unconfirmed", "certified", "narrated", "not_solved"]
    at: datetime
    key: str
    """Given twice, it counts once."""
    article: ArticleId | None = None


@dataclass(frozen=True, slots=True)
class Endorsement:
    """`by` vouches for `person` in a topic."""

    person: PersonId
    topic: TopicId
    by: PersonId
    other_team: bool
    at: datetime


class ArticleState(StrEnum):
    """A candidate is an accepted answer, shown as such; drafted waits for a steward to be
    found, in review for the steward's word. Proposed is what somebody saved from a message,
    shown to nobody before a steward publishes it. Needs review stays visible, marked as being
    checked."""

    CANDIDATE = "candidate"
    PROPOSED = "proposed"
    DRAFTED = "drafted"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    NEEDS_REVIEW = "needs_review"
    RETIRED = "retired"
    MERGED = "merged"


SUGGESTED_STATES = frozenset(
    {
        ArticleState.CANDIDATE,
        ArticleState.DRAFTED,
        ArticleState.IN_REVIEW,
        ArticleState.PUBLISHED,
        ArticleState.NEEDS_REVIEW,
    }
)

_ARTICLE_MOVES: dict[ArticleState, frozenset[ArticleState]] = {
    ArticleState.CANDIDATE: frozenset(
        {
            ArticleState.DRAFTED,
            ArticleState.IN_REVIEW,
            ArticleState.PUBLISHED,
            ArticleState.RETIRED,
            ArticleState.MERGED,
        }
    ),
    ArticleState.PROPOSED: frozenset(
        {ArticleState.PUBLISHED, ArticleState.RETIRED, ArticleState.MERGED}
    ),
    ArticleState.DRAFTED: frozenset(
        {
            ArticleState.IN_REVIEW,
            ArticleState.PUBLISHED,
            ArticleState.NEEDS_REVIEW,
            ArticleState.RETIRED,
            ArticleState.MERGED,
        }
    ),
    ArticleState.IN_REVIEW: frozenset(
        {
            ArticleState.DRAFTED,
            ArticleState.PUBLISHED,
            ArticleState.NEEDS_REVIEW,
            ArticleState.RETIRED,
            ArticleState.MERGED,
        }
    ),
    ArticleState.PUBLISHED: frozenset(
        {
            ArticleState.NEEDS_REVIEW,
            ArticleState.IN_REVIEW,
            ArticleState.RETIRED,
            ArticleState.MERGED,
        }
    ),
    # Back to "in review", and out of sight, only in a regulated topic: when its words were changed.
    ArticleState.NEEDS_REVIEW: frozenset(
        {
            ArticleState.PUBLISHED,
            ArticleState.IN_REVIEW,
            ArticleState.RETIRED,
            ArticleState.MERGED,
        }
    ),
    # A candidate again: its question was opened again, and then settled in the same way.
    ArticleState.RETIRED: frozenset(
        {ArticleState.CANDIDATE, ArticleState.IN_REVIEW, ArticleState.PUBLISHED}
    ),
    ArticleState.MERGED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Article:
    """One FAQ entry. `title` is the question in an asker's words, the asker removed.

    `author` is credited unless they declined (then None). `changed_by` is who made
    this version, None for the bot.
    """

    id: ArticleId
    workspace: WorkspaceId
    title: str
    text: str
    state: ArticleState
    created_at: datetime
    changed_at: datetime
    topic: TopicId | None = None
    author: PersonId | None = None
    verifier: PersonId | None = None
    verified_at: datetime | None = None
    review_by: datetime | None = None
    question: QuestionId | None = None
    merged_into: ArticleId | None = None
    note: str = ""
    changed_by: PersonId | None = None
    source: str = ""
    """Key of an imported entry, so that importing again updates it."""
    version: int = 0


def move(article: Article, state: ArticleState, at: datetime) -> Article:
    """The article in its next state.

    Raises:
        Conflict: the life cycle (domain.md 3.2) has no such step from here.
    """
    if state not in _ARTICLE_MOVES[article.state]:
        raise Conflict(f"This entry is {article.state.replace('_', ' ')} already.")
    return replace(article, state=state, changed_at=at)


REOPENED = "its question was opened again"
TAKEN_BACK = "its author took it back"
LEFT_OUT = "a steward left it out"
NOT_DOUBTED = ("", REOPENED, TAKEN_BACK, LEFT_OUT)
"""Notes of what is retired for another reason than that somebody doubts it."""


def is_doubted(article: Article) -> bool:
    """Whether it is withheld because somebody doubts it, and no steward has looked yet."""
    return (
        article.state is ArticleState.RETIRED
        and article.verified_at is None
        and article.changed_by is None
        and article.note not in NOT_DOUBTED
    )


WAITS_KNOWN = 5
"""Fewer questions than this say nothing about how long one waits (product.md C3)."""
WAITS_SINCE = timedelta(days=90)


def expect_wait(waits: Sequence[timedelta | None]) -> timedelta | None:
    """How long questions like these usually wait for a first answer: the median.

    None in `waits` is a question that nobody has answered; it counts as longer than any
    other. None when too few are known, or when half of them were never answered.
    """
    if len(waits) < WAITS_KNOWN:
        return None
    ordered = sorted(waits, key=lambda wait: (wait is None, wait or timedelta(0)))
    return ordered[len(ordered) // 2]


class UseKind(StrEnum):
    SOLVED = "solved"
    PARTLY = "partly"
    NOT_SOLVED = "not_solved"
    WORKED = "worked"
    PARTLY_WORKED = "partly_worked"
    DID_NOT_WORK = "did_not_work"
    FLAGGED = "flagged"


@dataclass(frozen=True, slots=True)
class Use:
    """Evidence about an article. No person is kept; `key` makes a second tap count once."""

    article: ArticleId
    kind: UseKind
    at: datetime
    key: str
    question: QuestionId | None = None
    score: float | None = None
    """How similar search held article and question to be, where it was suggested."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each kind of evidence came in."""

    solved: int = 0
    partly: int = 0
    not_solved: int = 0
    worked: int = 0
    partly_worked: int = 0
    did_not_work: int = 0
    flagged: int = 0

    @property
    def tried(self) -> int:
        """How many said what became of it."""
        return self.worked + self.partly_worked + self.did_not_work


REVIEW_EVERY = timedelta(days=182)
SEVERAL = 2
"""People who asked it, from whom on an answer may be worth telling to those who did not."""
MOSTLY = 0.8
"""The share of those who said what became of it whom such an answer has helped."""
NOT_SOLVED_LIMIT = 2


def is_worth_telling(tally: Tally, asked: int) -> bool:
    """Whether an answer that so many people have asked for, and been helped by, may become a
    tip: it mostly works, and several wanted it (product.md N9)."""
    helped = tally.solved + tally.worked
    failed = tally.not_solved + tally.did_not_work
    return asked >= SEVERAL and helped > 0 and helped >= MOSTLY * (helped + failed)


def review_reason(article: Article, tally: Tally, now: datetime) -> str | None:
    """Why a published article wants a review by now, or None (domain.md 3.2, product.md N10).

    `tally` counts the evidence since the article was last verified. Being read is no
    evidence.
    """
    if tally.flagged:
        return "somebody flagged it"
    if tally.did_not_work:
        return "it did not work for somebody"
    if tally.not_solved >= NOT_SOLVED_LIMIT:
        return f"it did not solve {tally.not_solved} questions"
    if article.review_by is not None and now >= article.review_by:
        return "its review date has passed"
    return None


@dataclass(frozen=True, slots=True)
class PastAnswer:
    """Who answered, when first, and whether one of theirs was accepted."""

    person: PersonId
    at: datetime
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class PastQuestion:
    """A question with those who answered it, as routing learns from it."""

    id: QuestionId
    at: datetime
    text: str
    topic: TopicId | None
    asker: PersonId | None
    answers: tuple[PastAnswer, ...]
    """Each person who answered once, with their first answer."""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Indexed:
    """An article as search sees it. `suggested` False takes it out of the index."""

    article: ArticleId
    title: str
    text: str
    phrasings: tuple[str, ...]
    suggested: bool
    revision: int
