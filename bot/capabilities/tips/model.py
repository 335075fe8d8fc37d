"""Values of tips: who follows what, what has become of each idea for them, and what they said.

A *card* is one person's side of one tip: of the idea, whatever words it comes in. Days are local
days of the person; no moment of a reaction is kept, since questions are kept with the moment at
which they were asked, and an exact one would tell who asked without a name (see `bot.attention`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from bot.capabilities.tips.spacing import Trace
from bot.ids import PersonId, TopicId, WorkspaceId
from bot.pack.practice import PRACTICE_KEPT
from bot.pack.statistic import SHOWN_FROM
from bot.people import Person

KIND = "tips.daily"
"""The slot at which a tip comes, and what outbox and metrics call its letter."""
MOST_ACTIVE = 40
"""Cards under way: more than that one message a day never catches up with (domain.md 2.5)."""
RECENT = 10
"""Of so many last messages at most half are new ideas."""
SHOW_AGAIN_DAYS = 5
"""Working days after which something without any reaction may be shown once more."""
MOST_SHOWN = 2
"""How often a new idea is shown without any reaction."""
NO_BOOKMARK = ""
"""The bookmark of who has had some of a topic in no order."""
DROP_AFTER = 2
"""“Not for me” so often in a topic, and the person is asked whether they want it at all."""
CONFIRMED = 3
"""So many ideas of one objective known beforehand, and shown to be: then one could test out."""
FLAG_SHARE = 0.30
FLAG_LEAST = 20
"""A tip that this share of so many people did not want is shown to its steward."""
SURE_SHARE = 0.5
"""Of those who were wrong, from which share on being sure of it is shown to the steward."""
REACTIONS_KEPT_DAYS = PRACTICE_KEPT.days


class Pace(StrEnum):
    """How often a topic may come; which days that are follows from the person's own week."""

    DAILY = "daily"
    THREE = "three"
    WEEKLY = "weekly"


class SubscriptionState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A person follows a topic, by their own choice. `weekdays` are ISO weekdays.

    `after` is the last new tip that came of it, in the topic's order; `finished` is the mark of
    the order (`Course.mark`) when all of it had come: what is added later makes another mark.
    """

    person: PersonId
    workspace: WorkspaceId
    topic: TopicId
    pace: Pace
    weekdays: frozenset[int]
    opted_in_at: datetime
    source: str
    state: SubscriptionState = SubscriptionState.ACTIVE
    after: str | None = None
    finished: str | None = None

    @property
    def is_active(self) -> bool:
        return self.state is SubscriptionState.ACTIVE


class CardState(StrEnum):
    """New: shown, and nothing was said about it. Active: it comes back as a question.
    Suspended: not for this person. Done: it was for once only."""

    NEW = "new"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Card:
    """One idea for one person. `variant` is in which words it was shown last (0: the tip's own),
    `shown_on` on which day and `shown` how often; `due_on` is the first day on which it may come
    again, None for never. `knew`: the person said so and has not been asked yet; `confirmed`:
    and was right."""

    person: PersonId
    workspace: WorkspaceId
    tip: str
    topic: TopicId
    state: CardState = CardState.NEW
    variant: int = 0
    shown: int = 0
    shown_on: date | None = None
    due_on: date | None = None
    trace: Trace | None = None
    reps: int = 0
    lapses: int = 0
    knew: bool = False
    confirmed: bool = False


class Certainty(StrEnum):
    """How sure a person is of an answer: below 67 %, 67 to 80 %, above 80 % (domain.md 1.7)."""

    GUESS = "guess"
    FAIRLY = "fairly"
    SURE = "sure"
    UNSAID = "unsaid"
    """They did not want to say, and were told what is right."""


class Reaction(StrEnum):
    """What a person did with a message of ours."""

    NEW_TO_ME = "new_to_me"
    USEFUL = "useful"
    KNEW_IT = "knew_it"
    NOT_FOR_ME = "not_for_me"
    RIGHT = "right"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Review:
    """One reaction, as it is kept for a year: seen by the person, and by nobody else unless
    counted over ten people and more.

    `rating` None rated nothing. `before` is the trace from which it was rated, so that how sure
    the person was can still be minded a moment later; `knew`: they had said that they knew it.
    `number` counts the reactions to a card.
    """

    person: PersonId
    workspace: WorkspaceId
    tip: str
    number: int
    day: date
    reaction: Reaction
    rating: int | None = None
    certainty: Certainty | None = None
    hint: bool = False
    knew: bool = False
    before: Trace | None = None
    chosen: str | None = None


# A plan reads or makes some of the following for each of a hundred thousand people: tuples,
# because they are made four times as quickly.


class Pick(NamedTuple):
    """What was chosen for a person on a day. `asks`: as a question. `letter` is the key of the
    letter that brings it, None for what the person asked for. `why` has the parts of the score
    by which it was chosen."""

    tip: str
    topic: TopicId
    variant: int
    day: date
    asks: bool
    letter: str | None
    why: str
    is_new: bool
    is_late: bool = False
    """It was added after the person had finished the topic."""

    @property
    def is_pulled(self) -> bool:
        return self.letter is None


class Learner(NamedTuple):
    """Where a person stands with tips: the last thing that was chosen for them (`open` while
    nothing came of it), and of the last ones whether they were new (`n`) or came back (`r`),
    oldest first. `active` counts the cards under way in the topics that they follow."""

    person: PersonId
    workspace: WorkspaceId
    recent: str = ""
    pick: Pick | None = None
    open: bool = False
    active: int = 0


class Following(NamedTuple):
    """What a plan needs of a subscription that is active."""

    person: PersonId
    topic: TopicId
    weekdays: frozenset[int]
    after: str | None
    finished: str | None


class Due(NamedTuple):
    """What a choice needs of a card whose day has come. `asks`: it comes back as a question.
    `stability` and `reviewed_on` are its trace's, `reps` counts its reviews."""

    person: PersonId
    tip: str
    topic: TopicId
    asks: bool
    variant: int
    shown: int
    shown_on: date | None
    due_on: date
    stability: float | None
    reviewed_on: date | None
    reps: int

    @property
    def was_asked(self) -> bool:
        """Whether it came as a question when it was shown last: the first review of an idea is
        what was said of its words."""
        if self.reps != 1 or self.shown_on is None or self.reviewed_on is None:
            return self.reps > 1
        return self.shown_on > self.reviewed_on


class Standing(NamedTuple):
    """What a plan needs of a learner, and what became of the letter with the last pick, where
    that is still open."""

    person: PersonId
    recent: str
    tip: str | None
    topic: TopicId | None
    variant: int | None
    day: date | None
    is_new: bool
    is_pulled: bool
    open: bool
    active: int
    state: str | None


class Shown(NamedTuple):
    """What changes on a card by being shown."""

    person: PersonId
    tip: str
    variant: int
    shown: int
    shown_on: date
    due_on: date | None


class Bookmark(NamedTuple):
    """Where a person is in a topic from now on."""

    person: PersonId
    topic: TopicId
    after: str | None
    finished: str | None


@dataclass(frozen=True, slots=True)
class Tally:
    """What people said of one tip, all together. `people` are those to whom it was shown."""

    tip: str
    people: int
    not_for_me: int

    @property
    def is_flagged(self) -> bool:
        return self.people >= FLAG_LEAST and self.not_for_me >= FLAG_SHARE * self.people


@dataclass(frozen=True, slots=True)
class Misbelief:
    """Who was wrong about a tip's questions, all together, of those who said how sure they were:
    so many `people`, so many of them very `sure`. `most` chose the same answer (`chosen`:
    wording and option)."""

    tip: str
    people: int
    sure: int
    chosen: str = ""
    most: int = 0

    @property
    def is_flagged(self) -> bool:
        """Whether they believe something else, rather than not know (product.md N11)."""
        return self.people >= SHOWN_FROM and self.sure >= SURE_SHARE * self.people


class NominationState(StrEnum):
    """Waiting: for whose answer it is. Review: for the steward of a regulated topic."""

    WAITING = "waiting"
    REVIEW = "review"
    PUBLISHED = "published"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Nomination:
    """An accepted answer that helps again and again, and may become a tip. `asked`: how many
    people it has helped so far. `version` is what was read; saving another one is a
    `Conflict`."""

    id: str
    workspace: WorkspaceId
    topic: TopicId
    question: str
    author: PersonId
    text: str
    at: datetime
    state: NominationState = NominationState.WAITING
    tip: str | None = None
    asked: int = 1
    version: int = 0

    @property
    def is_open(self) -> bool:
        return self.state in {NominationState.WAITING, NominationState.REVIEW}


def weekdays_of(pace: Pace, person: Person, today: int) -> frozenset[int]:
    """On which ISO weekdays a pace comes in the person's own week: all their working days, every
    second of them, or one: the working day that comes first after weekday `today`."""
    week = sorted(person.hours.weekdays or range(1, 8))
    # A week that runs over Sunday begins behind the days off: Sun-Thu begins on Sunday.
    starts = [day for day in week if (day - 2) % 7 + 1 not in week]
    if starts:
        first = starts[-1] if len(starts) > 1 or starts[0] > week[0] else starts[0]
        week.sort(key=lambda day: (day - first) % 7)
    match pace:
        case Pace.DAILY:
            return frozenset(week)
        case Pace.THREE:
            return frozenset(week[::2])
        case Pace.WEEKLY:
            return frozenset({min(week, key=lambda day: (day - today - 1) % 7)})


def note_pick(learner: Learner, pick: Pick) -> Learner:
    """The learner after something was chosen."""
    recent = (learner.recent + ("n" if pick.is_new else "r"))[-RECENT:]
    return learner._replace(recent=recent, pick=pick, open=True)
