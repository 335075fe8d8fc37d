"""What the buttons mean."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.capabilities.tips.course import Entry, entry_of
from bot.capabilities.tips.model import Card, CardState, Certainty, Pick, Reaction
from bot.capabilities.tips.reacting import (
    answer,
    be_certain,
    drop,
    rate,
    react,
    show,
    take_again,
)
from bot.capabilities.tips.spacing import Rating, Trace
from bot.ids import PersonId, TopicId, WorkspaceId
from bot.people import Person
from tests.capabilities.tips.telling import tip

MONDAY = date(2026, 3, 2)
DAY = timedelta(days=1)
ANA = Person(PersonId("ana"), WorkspaceId("w"), "ana", "Ana")
ENTRY = entry_of(tip("a"))
NEW = Card(ANA.id, ANA.workspace, "t-a", TopicId("travel"), shown=1, shown_on=MONDAY)
ACTIVE = replace(
    NEW, state=CardState.ACTIVE, trace=Trace(4.0, 5.0, MONDAY - 5 * DAY), reps=1, due_on=MONDAY
)


def pick(day: date = MONDAY, variant: int = 0) -> Pick:
    return Pick("t-a", TopicId("travel"), variant, day, False, "key", "", True)


@pytest.mark.parametrize(
    ("reaction", "stability", "rating"),
    [
        (Reaction.NEW_TO_ME, 0.212, Rating.AGAIN),
        (Reaction.USEFUL, 1.2931, Rating.HARD),
        (Reaction.KNEW_IT, 2.3065, Rating.GOOD),
    ],
)
def test_what_is_said_of_a_new_idea_is_a_rating(
    reaction: Reaction, stability: float, rating: Rating
) -> None:
    outcome = react(NEW, ENTRY, reaction, MONDAY, 1)
    assert outcome is not None
    card, review = outcome.card, outcome.review
    assert card.trace is not None
    assert (card.state, card.trace.stability) == (CardState.ACTIVE, stability)
    assert (review.reaction, review.rating, review.number) == (reaction, rating, 1)
    assert card.due_on is not None
    assert card.due_on > MONDAY
    assert card.knew == (reaction is Reaction.KNEW_IT)


def test_not_for_me_rates_nothing_and_never_comes_again() -> None:
    outcome = react(NEW, ENTRY, Reaction.NOT_FOR_ME, MONDAY, 1)
    assert outcome is not None
    assert (outcome.card.state, outcome.card.due_on) == (CardState.SUSPENDED, None)
    assert (outcome.card.trace, outcome.review.rating) == (None, None)
    assert drop(ACTIVE, MONDAY, 3).card == replace(ACTIVE, state=CardState.SUSPENDED, due_on=None)


def test_not_for_me_is_taken_back_once_and_leaves_what_was_learned() -> None:
    said = react(NEW, ENTRY, Reaction.NOT_FOR_ME, MONDAY, 1)
    assert said is not None
    assert take_again(said.card, MONDAY) == replace(NEW, due_on=MONDAY)
    back = take_again(drop(ACTIVE, MONDAY, 3).card, MONDAY + DAY)
    assert back == replace(ACTIVE, due_on=MONDAY + DAY)
    assert take_again(ACTIVE, MONDAY) is None


@pytest.mark.parametrize(
    "entry", [entry_of(tip("a", asks=False)), entry_of(tip("a", spaced=False))]
)
def test_what_has_no_question_is_for_once(entry: Entry) -> None:
    outcome = react(NEW, entry, Reaction.USEFUL, MONDAY, 1)
    assert outcome is not None
    assert (outcome.card.state, outcome.card.due_on) == (CardState.DONE, None)
    assert outcome.review.rating is None


def test_a_second_reaction_changes_nothing() -> None:
    assert react(ACTIVE, ENTRY, Reaction.KNEW_IT, MONDAY, 2) is None


def test_no_reaction_is_no_failure_and_shows_a_new_idea_once_more() -> None:
    once = show(None, pick(), ANA)
    assert (once.state, once.shown, once.shown_on) == (CardState.NEW, 1, MONDAY)
    assert (once.due_on, once.trace) == (MONDAY + 7 * DAY, None)
    twice = show(once, pick(MONDAY + 7 * DAY, variant=1), ANA)
    assert (twice.shown, twice.variant, twice.due_on) == (2, 1, None)


def test_a_question_without_an_answer_rates_nothing_and_comes_later() -> None:
    shown = show(ACTIVE, pick(), ANA)
    assert shown == replace(ACTIVE, shown=2, shown_on=MONDAY, due_on=MONDAY + 7 * DAY)


def test_what_is_asked_for_before_its_day_keeps_its_day() -> None:
    later = replace(ACTIVE, due_on=MONDAY + 30 * DAY)
    assert show(later, pick(), ANA).due_on == later.due_on


@pytest.mark.parametrize(
    ("right", "knew", "hint", "certainty", "expected"),
    [
        (False, False, False, None, Rating.AGAIN),
        (False, True, False, Certainty.SURE, Rating.AGAIN),
        (False, False, True, Certainty.GUESS, Rating.AGAIN),
        (True, False, False, None, Rating.GOOD),
        (True, False, False, Certainty.FAIRLY, Rating.GOOD),
        (True, False, False, Certainty.SURE, Rating.EASY),
        (True, False, False, Certainty.GUESS, Rating.HARD),
        (True, False, True, Certainty.SURE, Rating.HARD),
        (True, True, False, None, Rating.EASY),
        (True, True, False, Certainty.GUESS, Rating.HARD),
    ],
)
def test_an_answer_as_a_rating(
    right: bool, knew: bool, hint: bool, certainty: Certainty | None, expected: Rating
) -> None:
    assert rate(right=right, knew=knew, hint=hint, certainty=certainty) is expected


def test_a_right_answer_brings_it_back_later_and_a_wrong_one_sooner() -> None:
    right = answer(ACTIVE, ENTRY, MONDAY, 2, right=True, hint=False, chosen="0:a").card
    wrong = answer(ACTIVE, ENTRY, MONDAY, 2, right=False, hint=False, chosen="0:b").card
    assert right.due_on is not None
    assert wrong.due_on is not None
    assert right.due_on > wrong.due_on > MONDAY
    assert (right.lapses, wrong.lapses) == (0, 1)
    assert (right.reps, wrong.reps) == (2, 2)


def test_knew_it_is_confirmed_by_the_next_right_answer() -> None:
    said = replace(ACTIVE, knew=True)
    right = answer(said, ENTRY, MONDAY, 2, right=True, hint=False, chosen="0:a")
    assert (right.card.confirmed, right.card.knew) == (True, False)
    assert right.review.rating == Rating.EASY
    wrong = answer(said, ENTRY, MONDAY, 2, right=False, hint=False, chosen="0:b").card
    assert (wrong.confirmed, wrong.knew) == (False, False)
    helped = answer(said, ENTRY, MONDAY, 2, right=True, hint=True, chosen="0:a").card
    assert not helped.confirmed


def test_a_second_answer_on_one_day_is_practice() -> None:
    once = answer(ACTIVE, ENTRY, MONDAY, 2, right=True, hint=False, chosen="0:a").card
    twice = answer(once, ENTRY, MONDAY, 3, right=False, hint=False, chosen="0:b")
    assert twice.card == once
    assert (twice.review.reaction, twice.review.rating) == (Reaction.WRONG, None)


@pytest.mark.parametrize("state", [CardState.SUSPENDED, CardState.DONE])
def test_an_answer_wakes_nothing_that_sleeps(state: CardState) -> None:
    asleep = replace(ACTIVE, state=state, due_on=None)
    assert answer(asleep, ENTRY, MONDAY, 2, right=True, hint=False, chosen="0:a").card == asleep


@pytest.mark.parametrize(
    ("certainty", "knew"),
    [(c, knew) for c in Certainty for knew in (False, True)],
)
def test_certainty_told_after_the_answer_counts_as_if_told_with_it(
    certainty: Certainty, knew: bool
) -> None:
    before = replace(ACTIVE, knew=knew)
    given = answer(before, ENTRY, MONDAY, 2, right=True, hint=False, chosen="0:a")
    told = be_certain(given.card, ENTRY, given.review, certainty)
    rating = rate(right=True, knew=knew, hint=False, certainty=certainty)
    assert told.review == replace(given.review, certainty=certainty, rating=rating.value)
    assert told.card.reps == given.card.reps
    if rating == given.review.rating:
        assert told.card == given.card
    else:
        assert told.card.trace != given.card.trace


def test_certainty_of_practice_is_kept_and_rates_nothing() -> None:
    once = answer(ACTIVE, ENTRY, MONDAY, 2, right=True, hint=False, chosen="0:a").card
    twice = answer(once, ENTRY, MONDAY, 3, right=False, hint=False, chosen="0:b")
    told = be_certain(twice.card, ENTRY, twice.review, Certainty.SURE)
    assert told.card == once
    assert told.review.certainty is Certainty.SURE
