"""What the buttons mean (domain.md 2.3): a reaction, and the card after it."""

from dataclasses import dataclass, replace
from datetime import date

from bot.capabilities.tips.choosing import working_day_after
from bot.capabilities.tips.course import Entry
from bot.capabilities.tips.model import (
    MOST_SHOWN,
    SHOW_AGAIN_DAYS,
    Card,
    CardState,
    Certainty,
    Pick,
    Reaction,
    Review,
)
from bot.capabilities.tips.spacing import Rating, review
from bot.people import Person

FIRST = {
    Reaction.NEW_TO_ME: Rating.AGAIN,
    Reaction.USEFUL: Rating.HARD,
    # Not easy: people think they know more than they do. The next question tells.
    Reaction.KNEW_IT: Rating.GOOD,
}
"""What is said of a new idea, as a rating."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The card after a reaction, and the reaction as it is kept."""

    card: Card
    review: Review


def show(card: Card | None, pick: Pick, person: Person) -> Card:
    """The card once what was picked has been shown and nothing is said about it yet.

    No reaction is no failure and rates nothing. Something new is shown once more after some
    working days, a question after as many again.
    """
    if card is None:
        card = Card(person.id, person.workspace, pick.tip, pick.topic)
    shown = card.shown + 1
    again = show_again(person, pick.day, shown, asks=card.state is not CardState.NEW)
    if card.state is not CardState.NEW and (card.due_on is None or card.due_on > pick.day):
        # It was asked for before its day, which stays.
        again = card.due_on
    return replace(card, variant=pick.variant, shown=shown, shown_on=pick.day, due_on=again)


def show_again(person: Person, day: date, shown: int, *, asks: bool) -> date | None:
    """When something comes again of which nothing came, though it was shown so often."""
    if not asks and shown >= MOST_SHOWN:
        return None
    return working_day_after(person, day, SHOW_AGAIN_DAYS)


def react(card: Card, entry: Entry, reaction: Reaction, day: date, number: int) -> Outcome | None:
    """What a person says of an idea that is new to them; None when they have said it before."""
    if card.state is not CardState.NEW:
        return None
    said = Review(card.person, card.workspace, card.tip, number, day, reaction)
    if reaction is Reaction.NOT_FOR_ME:
        return Outcome(replace(card, state=CardState.SUSPENDED, due_on=None), said)
    if not entry.comes_back:
        return Outcome(replace(card, state=CardState.DONE, due_on=None), said)
    after = _rate(
        replace(card, state=CardState.ACTIVE, knew=reaction is Reaction.KNEW_IT),
        entry,
        FIRST[reaction],
        day,
    )
    return Outcome(after, replace(said, rating=FIRST[reaction].value))


def drop(card: Card, day: date, number: int) -> Outcome:
    """*Not for me*, said of anything at any time."""
    said = Review(card.person, card.workspace, card.tip, number, day, Reaction.NOT_FOR_ME)
    return Outcome(replace(card, state=CardState.SUSPENDED, due_on=None), said)


def take_again(card: Card, day: date) -> Card | None:
    """The card once *Not for me* is taken back: told again where nothing else was said of it,
    else asked again, from today on. None where it was not said, or was taken back already."""
    if card.state is not CardState.SUSPENDED:
        return None
    state = CardState.NEW if card.trace is None else CardState.ACTIVE
    return replace(card, state=state, due_on=day)


def answer(
    card: Card, entry: Entry, day: date, number: int, *, right: bool, hint: bool, chosen: str
) -> Outcome:
    """The answer to a question. One that was answered on the same day is practice: it rates
    nothing, since a card is reviewed once a day at most."""
    said = Review(
        person=card.person,
        workspace=card.workspace,
        tip=card.tip,
        number=number,
        day=day,
        reaction=Reaction.RIGHT if right else Reaction.WRONG,
        hint=hint,
        knew=card.knew,
        before=card.trace,
        chosen=chosen,
    )
    if card.state not in {CardState.NEW, CardState.ACTIVE}:
        return Outcome(card, said)
    if card.trace is not None and card.trace.day >= day:
        return Outcome(card, said)
    rating = rate(right=right, knew=card.knew, hint=hint, certainty=None)
    after = _rate(replace(card, state=CardState.ACTIVE), entry, rating, day)
    confirmed = card.confirmed or (card.knew and right and not hint)
    lapses = card.lapses + (not right)
    return Outcome(
        replace(after, knew=False, confirmed=confirmed, lapses=lapses),
        replace(said, rating=rating.value),
    )


def be_certain(card: Card, entry: Entry, said: Review, certainty: Certainty) -> Outcome:
    """The same answer once the person has told how sure they were. Nothing wrong is made worse
    or better by it."""
    told = replace(said, certainty=certainty)
    if said.rating is None or card.trace is None or card.trace.day != said.day:
        return Outcome(card, told)
    right = said.reaction is Reaction.RIGHT
    rating = rate(right=right, knew=said.knew, hint=said.hint, certainty=certainty)
    # The review is done anew from where it began, and counts once.
    before = replace(card, trace=said.before, reps=card.reps - 1)
    return Outcome(_rate(before, entry, rating, said.day), replace(told, rating=rating.value))


def rate(*, right: bool, knew: bool, hint: bool, certainty: Certainty | None) -> Rating:
    """An answer as a rating: what is wrong is forgotten, however hard it was."""
    if not right:
        return Rating.AGAIN
    if hint or certainty is Certainty.GUESS:
        return Rating.HARD
    if knew or certainty is Certainty.SURE:
        return Rating.EASY
    return Rating.GOOD


def _rate(card: Card, entry: Entry, rating: Rating, day: date) -> Card:
    """The card after a review; the days until it comes back follow from whose it is and how
    often it was reviewed."""
    reviewed = review(
        card.trace,
        rating,
        day,
        critical=entry.critical,
        seed=f"{card.person}:{card.tip}:{card.reps}",
    )
    return replace(card, trace=reviewed.trace, due_on=reviewed.due_on, reps=card.reps + 1)
