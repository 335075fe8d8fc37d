"""The same letter to many, decided for all at once who are alike.

`book` of `bot.attention` reads and decides person by person. Of most people nothing is kept
that could matter, and they have got nothing lately: for these the decision follows from
their zone, hours and country alone, so that it is made once for all who share them and
written by one statement. Everybody else is booked as always. Either way the decision is
the same.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol, TypeAlias

from bot import messages
from bot.attention import (
    HORIZON,
    AttentionWork,
    Booking,
    First,
    Reason,
    Standing,
    Wish,
    book,
    forecast,
    foresee,
    place_first,
    standings,
)
from bot.context import Context
from bot.ids import PersonId, WorkspaceId
from bot.outbox import Letter
from bot.people import Person

_NEAR = timedelta(days=2)
Traits: TypeAlias = tuple[str, ...]
"""What makes people alike; the store knows what it means."""


@dataclass(frozen=True, slots=True)
class Roll:
    """Those who take part in a campaign, and have the same first day in it."""

    campaign: str
    wave: date
    invited: bool = False
    """Those who were asked whether they want to, and have said nothing yet, instead."""


@dataclass(frozen=True, slots=True)
class Circle:
    """Some of the people of a workspace: those of these teams, of a conversation and those named
    (everybody, where none of the three is given), without the others; and of these only who is
    in one of `clusters`, which are teams or, `by_site`, sites (the zone, of who has none). None:
    whatever theirs is."""

    teams: tuple[str, ...] = ()
    conversation: str | None = None
    people: tuple[PersonId, ...] = ()
    without_teams: tuple[str, ...] = ()
    without_people: tuple[PersonId, ...] = ()
    by_site: bool = False
    clusters: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Some of the active people of a workspace, or of a team, or of a conversation: by id, those
    behind `after` up to `upto`."""

    workspace: WorkspaceId
    team: str | None
    after: PersonId | None
    upto: PersonId
    people: int
    conversation: str | None = None
    """Only those who are in it, as far as has been read (see `bot.directory`)."""
    roll: Roll | None = None
    """Only those who take part."""
    circle: Circle | None = None
    """Only those who are in it."""


@dataclass(frozen=True, slots=True)
class Alike:
    """People of a span for whom the same is decided, and one of them."""

    traits: Traits
    sample: PersonId
    people: int


@dataclass(frozen=True, slots=True)
class Lot:
    """A letter as people who are alike get it, or `why` they do not. Its key is a beginning, to
    which each person's id is added."""

    traits: Traits
    letter: Letter
    why: str | None = None


class CrowdStore(Protocol):
    """People by the thousand."""

    def span(
        self,
        workspace: WorkspaceId,
        team: str | None,
        after: PersonId | None,
        limit: int,
        conversation: str | None = None,
        roll: Roll | None = None,
        circle: Circle | None = None,
    ) -> Span | None:
        """The next `limit` people; None when there is nobody any more."""

    def people(self, span: Span) -> Sequence[PersonId]:
        """All of them, by id."""

    def lock(self, span: Span) -> None:
        """Nobody else books for these people until the end of the transaction."""

    def alike(self, span: Span, now: datetime) -> Sequence[Alike]:
        """Those of whom nothing is kept that matters now, in groups."""

    def unlike(self, span: Span, now: datetime) -> Sequence[PersonId]:
        """All the others."""

    def post(self, span: Span, lots: Sequence[Lot], now: datetime) -> int:
        """Promise the letters, or keep why not; how many. Keys promised before change nothing."""

    def without(self, span: Span, key: str) -> Sequence[PersonId]:
        """Those who have no letter under the key that begins with `key`."""


class Several(Protocol):
    def several(self, wanted: Iterable[PersonId]) -> Sequence[Person]: ...


class CrowdWork(AttentionWork, Protocol):
    """What of `bot.ports.Work` a booking of many needs."""

    @property
    def crowds(self) -> CrowdStore: ...

    @property
    def people(self) -> Several: ...


LetterOf: TypeAlias = Callable[[Person], Letter | None]
"""The letter of a person; that person's id is the end of its key. It depends on nothing
else but their zone, hours and days off. None: not yet."""


@dataclass(frozen=True, slots=True)
class Group:
    """How many get it on which day, or not for which reason."""

    day: date | None
    why: str | None
    people: int


def book_crowd(context: Context, work: CrowdWork, span: Span, letter_of: LetterOf) -> int:
    """Decide about everybody of the span as `bot.attention.book` does, and post what goes.

    People who have a letter under the same key already are left as they are. Says for how many
    there is none yet, whether or not they have one already.
    """
    work.crowds.lock(span)
    alike = work.crowds.alike(span, context.now)
    lots, later = [], 0
    for group, person in _with_samples(work, alike):
        letter = letter_of(person)
        if letter is None:
            later += group.people
        else:
            lots.append(_lot(group, person, letter, context.now))
    if work.crowds.post(span, lots, context.now) == span.people:
        return later
    # Where many wait for their day, none of them is looked at one by one.
    rest = (
        work.crowds.without(span, lots[0].letter.key)
        if lots and not later
        else work.crowds.unlike(span, context.now)
    )
    wishes = wishes_of(work, rest, letter_of)
    book(context, work, wishes)
    return later + len(rest) - len(wishes)


def forecast_crowd(work: CrowdWork, span: Span, letter_of: LetterOf, now: datetime) -> list[Group]:
    """What `book_crowd` would decide now; nothing is posted. Those who get nothing yet are left
    out."""
    groups = []
    for group, person in _with_samples(work, work.crowds.alike(span, now)):
        letter = letter_of(person)
        if letter is None:
            continue
        found = place_first(person, letter, now)
        if isinstance(found, Reason):
            groups.append(Group(None, found, group.people))
        else:
            groups.append(Group(found.day, None, group.people))
    rest = forecast(work, wishes_of(work, work.crowds.unlike(span, now), letter_of), now)
    return groups + [_group(booking) for booking in rest]


RowOf: TypeAlias = Callable[[Person], Sequence[tuple[datetime, Letter]]]
"""What a person is to get one after the other, each with the moment at which it is decided about.
It has the same length for everybody, and depends on nothing else but their zone, hours and days
off."""


@dataclass(frozen=True, slots=True)
class Expected:
    """How many get a row of letters in this way, and one of them. A place says where a letter
    goes, or why it does not."""

    people: int
    sample: Person
    places: tuple[First | str, ...]
    in_a_week: int
    """See `bot.attention.Foreseen`."""


def foresee_crowd(
    work: CrowdWork,
    span: Span,
    row_of: RowOf,
    now: datetime,
    spared: Mapping[PersonId, Mapping[int, str]],
) -> list[Expected]:
    """What everybody of the span would get of a row of letters, decided once for all who stand
    the same; nothing is posted. `spared` says which places of the row some do not get, and why."""
    counted: Counter[_Standing] = Counter()
    for group, person in _with_samples(work, work.crowds.alike(span, now)):
        counted[_Standing.of(person, None, frozenset(), now)] += group.people
    unlike = frozenset(work.crowds.unlike(span, now))
    looked_at = {person.id: person for person in work.people.several({*unlike, *spared})}
    known = standings(work, looked_at, now)
    for person in looked_at.values():
        if person.id not in unlike:
            # They have been counted with those who are alike.
            counted[_Standing.of(person, None, frozenset(), now)] -= 1
        without = frozenset(spared.get(person.id, {}).items())
        counted[_Standing.of(person, known.get(person.id), without, now)] += 1
    return [_expect(how, people, row_of, now) for how, people in counted.items() if people > 0]


def _expect(how: "_Standing", people: int, row_of: RowOf, now: datetime) -> Expected:
    row, without = row_of(how.person), dict(how.without)
    left = [wanted for at, wanted in enumerate(row) if at not in without]
    foreseen = foresee(how.person, how.standing, left, now)
    places = iter(foreseen.places)
    every = tuple(without[at] if at in without else next(places) for at in range(len(row)))
    return Expected(people, how.person, every, foreseen.in_a_week)


@dataclass(frozen=True, slots=True)
class _Standing:
    """All who are decided about together; who of them is looked at makes no difference."""

    traits: tuple[object, ...]
    standing: Standing | None
    without: frozenset[tuple[int, str]]
    person: Person = field(compare=False)

    @classmethod
    def of(
        cls,
        person: Person,
        standing: Standing | None,
        without: frozenset[tuple[int, str]],
        now: datetime,
    ) -> "_Standing":
        paused, away = person.paused_until, person.away_until
        traits = (
            *(person.zone, person.hours, person.days_off, person.active),
            paused if paused and paused > now else None,
            # Around a leave there is silence for a while.
            away if away and away > now - HORIZON - _NEAR else None,
        )
        return cls(traits, standing, without, person)


def _group(booking: Booking) -> Group:
    return Group(booking.day, booking.why, 1)


def _with_samples(work: CrowdWork, alike: Sequence[Alike]) -> list[tuple[Alike, Person]]:
    people = {person.id: person for person in work.people.several([a.sample for a in alike])}
    return [(group, people[group.sample]) for group in alike]


def wishes_of(work: CrowdWork, people: Sequence[PersonId], letter_of: LetterOf) -> list[Wish]:
    """What is wished for these people, one by one; those who get nothing yet are left out."""
    letters = ((person, letter_of(person)) for person in work.people.several(people))
    return [Wish(person, letter) for person, letter in letters if letter is not None]


def _lot(group: Alike, person: Person, letter: Letter, now: datetime) -> Lot:
    found = place_first(person, letter, now)
    beginning = {"key": letter.key.removesuffix(person.id)}
    if isinstance(found, Reason):
        return Lot(group.traits, letter.model_copy(update=beginning), found)
    fitted = {
        "day": found.day,
        "due_at": found.start,
        "expires_at": found.end,
        "good_until": found.until,
        "message": messages.with_controls(letter.message),
    }
    return Lot(group.traits, letter.model_copy(update=beginning | fitted))
