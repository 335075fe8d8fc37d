"""What is kept of who follows what, and of where they stand."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.capabilities.tips.model import (
    Bookmark,
    Card,
    CardState,
    Certainty,
    Due,
    Following,
    Learner,
    Misbelief,
    Nomination,
    NominationState,
    Pace,
    Pick,
    Reaction,
    Review,
    Shown,
    Standing,
    Subscription,
    SubscriptionState,
    Tally,
)
from bot.capabilities.tips.spacing import Trace
from bot.errors import Conflict
from bot.ids import PersonId, TopicId
from bot.outbox import LetterState, Priority
from storage.database import Database
from storage.retention import REACTIONS_KEPT, retain
from tests.storage.example import ACME, ANA, BO, CY, EXPENSES, HOUR, NOW, OTHER, letter

TODAY = date(2026, 3, 2)
DAY = timedelta(days=1)
FOLLOWS = Subscription(
    ANA.id, ACME.id, EXPENSES, Pace.THREE, frozenset({1, 3, 5}), NOW, "person", after="t-1"
)
CARD = Card(
    ANA.id,
    ACME.id,
    "t-1",
    EXPENSES,
    CardState.ACTIVE,
    variant=1,
    shown=2,
    shown_on=TODAY - DAY,
    due_on=TODAY,
    trace=Trace(3.25, 5.5, TODAY - 4 * DAY),
    reps=2,
    lapses=1,
    knew=True,
    confirmed=True,
)
PICK = Pick("t-1", EXPENSES, 1, TODAY, True, "tips.daily:ana", "faded 0.10", False, True)
LEARNER = Learner(ANA.id, ACME.id, "nr", PICK, True, 3)
REVIEW = Review(
    ANA.id,
    ACME.id,
    "t-1",
    1,
    TODAY,
    Reaction.RIGHT,
    rating=3,
    certainty=Certainty.SURE,
    hint=True,
    knew=True,
    before=Trace(2.5, 5.0, TODAY - DAY),
    chosen="0:a",
)
NOMINATION = Nomination("n1", ACME.id, EXPENSES, "q1", BO.id, "Keep the receipt.", NOW)


def test_what_is_kept_is_what_comes_back(acme: Database) -> None:
    new = Card(ANA.id, ACME.id, "t-2", EXPENSES)
    with acme.transaction() as work:
        work.tips.save_subscriptions([FOLLOWS])
        work.tips.save_cards([CARD, new])
        work.tips.save_learners([LEARNER])
        work.tips.add_review(REVIEW)
    with acme.transaction() as work:
        assert list(work.tips.subscriptions(ANA.id)) == [FOLLOWS]
        assert work.tips.card(ANA.id, "t-1") == CARD
        assert work.tips.card(ANA.id, "t-2") == new
        assert work.tips.card(BO.id, "t-1") is None
        assert list(work.tips.cards(ANA.id, [EXPENSES])) == [CARD, new]
        assert list(work.tips.cards(ANA.id, [TopicId("travel")])) == []
        assert work.tips.learner(ANA.id, ACME.id) == LEARNER
        assert work.tips.learner(BO.id, ACME.id) == Learner(BO.id, ACME.id)
        assert list(work.tips.reviews(ANA.id, "t-1")) == [REVIEW]
        assert (work.tips.count_cards(ANA.id), work.tips.count_reviews(ANA.id)) == (2, 1)


def test_what_is_kept_again_replaces_what_was(acme: Database) -> None:
    with acme.transaction() as work:
        for state in (CardState.NEW, CardState.ACTIVE):
            work.tips.save_cards([replace(CARD, state=state)])
        work.tips.save_learners([LEARNER])
        work.tips.save_learners([LEARNER._replace(pick=None, open=False)])
        work.tips.add_review(REVIEW)
        work.tips.add_review(replace(REVIEW, certainty=None))
        work.tips.save_subscriptions([FOLLOWS])
        work.tips.save_subscriptions([replace(FOLLOWS, state=SubscriptionState.ENDED)])
    with acme.transaction() as work:
        assert work.tips.card(ANA.id, "t-1") == CARD
        assert work.tips.learner(ANA.id, ACME.id) == LEARNER._replace(pick=None, open=False)
        assert list(work.tips.reviews(ANA.id, "t-1")) == [replace(REVIEW, certainty=None)]
        assert [s.state for s in work.tips.subscriptions(ANA.id)] == [SubscriptionState.ENDED]


def test_a_new_card_leaves_the_one_that_is_there(acme: Database) -> None:
    new = Card(ANA.id, ACME.id, "t-2", EXPENSES)
    with acme.transaction() as work:
        work.tips.save_cards([CARD])
        work.tips.add_cards([replace(CARD, state=CardState.NEW, trace=None), new])
        work.tips.add_cards([])
    with acme.transaction() as work:
        assert list(work.tips.cards(ANA.id, [EXPENSES])) == [CARD, new]


def test_only_cards_under_way_in_topics_that_are_followed_count(acme: Database) -> None:
    with acme.transaction() as work:
        work.tips.save_cards(
            [
                CARD,
                replace(CARD, tip="t-2", state=CardState.NEW),
                replace(CARD, tip="t-3", topic=TopicId("travel")),
                replace(CARD, person=BO.id),
            ]
        )
        assert work.tips.count_active(ANA.id) == 0
        work.tips.save_subscriptions([FOLLOWS])
        assert work.tips.count_active(ANA.id) == 1
        work.tips.save_subscriptions([replace(FOLLOWS, state=SubscriptionState.PAUSED)])
        assert work.tips.count_active(ANA.id) == 0


def test_a_plan_reads_what_concerns_these_people_today(acme: Database) -> None:
    with acme.transaction() as work:
        work.tips.save_subscriptions(
            [
                FOLLOWS,
                replace(FOLLOWS, person=BO.id, state=SubscriptionState.PAUSED),
                replace(FOLLOWS, person=CY.id),
            ]
        )
        work.tips.save_cards(
            [
                CARD,
                replace(CARD, tip="t-2", due_on=TODAY + DAY),
                replace(CARD, tip="t-3", due_on=None),
                replace(CARD, tip="t-4", state=CardState.NEW, trace=None, due_on=TODAY - DAY),
                replace(CARD, person=CY.id),
            ]
        )
        work.tips.save_learners([LEARNER, LEARNER._replace(person=CY.id)])
        work.outbox.post(
            ACME.id,
            letter("tips.daily:ana", due_at=NOW + HOUR, priority=Priority.TIP),
        )
    people = [ANA.id, BO.id]
    shown = TODAY - DAY
    with acme.transaction() as work:
        assert list(work.tips.following(people)) == [
            Following(ANA.id, EXPENSES, frozenset({1, 3, 5}), "t-1", None)
        ]
        assert sorted(work.tips.due(people, TODAY)) == [
            Due(
                ANA.id, "t-1", EXPENSES, True, 1, 2, shown, TODAY, 3.25, TODAY - 4 * DAY, CARD.reps
            ),
            Due(ANA.id, "t-4", EXPENSES, False, 1, 2, shown, shown, None, None, CARD.reps),
        ]
        assert list(work.tips.standings(people)) == [
            Standing(
                ANA.id, "nr", "t-1", EXPENSES, 1, TODAY, False, False, True, 3, LetterState.PENDING
            )
        ]
        assert work.tips.seen(people) == {ANA.id: {"t-1", "t-2", "t-3", "t-4"}}


def test_what_a_plan_writes_leaves_the_rest(acme: Database) -> None:
    with acme.transaction() as work:
        work.tips.save_subscriptions([FOLLOWS])
        work.tips.save_cards([CARD])
        work.tips.save_learners([LEARNER])
    later = TODAY + 7 * DAY
    picked = LEARNER._replace(recent="nrn", pick=None, open=False, active=99)
    with acme.transaction() as work:
        work.tips.note_shown([Shown(ANA.id, "t-1", 0, 3, TODAY, later)])
        work.tips.move_bookmarks([Bookmark(ANA.id, EXPENSES, "t-2", "mark")])
        work.tips.keep_picks([picked])
        work.tips.note_shown([])
    with acme.transaction() as work:
        assert work.tips.card(ANA.id, "t-1") == replace(
            CARD, variant=0, shown=3, shown_on=TODAY, due_on=later
        )
        [follows] = work.tips.subscriptions(ANA.id)
        assert follows == replace(FOLLOWS, after="t-2", finished="mark")
        assert work.tips.learner(ANA.id, ACME.id) == picked._replace(active=3)


def test_a_tally_counts_people_of_the_workspace(acme: Database) -> None:
    with acme.transaction() as work:
        for person in (ANA.id, BO.id, CY.id):
            work.tips.save_cards([replace(CARD, person=person)])
            for number in (1, 2):
                work.tips.add_review(
                    replace(REVIEW, person=person, number=number, reaction=Reaction.NOT_FOR_ME)
                )
        work.tips.add_review(replace(REVIEW, person=CY.id, number=1))
        work.tips.add_review(replace(REVIEW, person=CY.id, number=2))
        assert work.tips.tally(ACME.id, "t-1") == Tally("t-1", 3, 2)
        assert work.tips.tally(OTHER.id, "t-1") == Tally("t-1", 0, 0)


@pytest.mark.parametrize(
    ("people", "unwanted", "expected"),
    [(19, 19, False), (20, 5, False), (20, 6, True), (100, 29, False), (100, 30, True)],
)
def test_a_tip_is_flagged_from_a_share_of_enough_people(
    people: int, unwanted: int, expected: bool
) -> None:
    assert Tally("t-1", people, unwanted).is_flagged is expected


def test_all_of_one_person_is_forgotten_and_nothing_of_another(acme: Database) -> None:
    with acme.transaction() as work:
        for person in (ANA.id, BO.id):
            work.tips.save_subscriptions([replace(FOLLOWS, person=person)])
            work.tips.save_cards([replace(CARD, person=person)])
            work.tips.save_learners([LEARNER._replace(person=person)])
            work.tips.add_review(replace(REVIEW, person=person))
        work.tips.forget(ANA.id)

    def kept(person: PersonId) -> list[bool]:
        with acme.transaction() as work:
            return [
                bool(work.tips.subscriptions(person)),
                bool(work.tips.count_cards(person)),
                bool(work.tips.count_reviews(person)),
                work.tips.learner(person, ACME.id).pick is not None,
            ]

    assert (kept(ANA.id), kept(BO.id)) == ([False] * 4, [True] * 4)


def test_who_was_wrong_is_counted_once_with_how_sure_they_were(acme: Database) -> None:
    wrong = replace(REVIEW, reaction=Reaction.WRONG, certainty=Certainty.SURE, chosen="0:b")
    with acme.transaction() as work:
        assert work.tips.misbelief(ACME.id, "t-1") == Misbelief("t-1", 0, 0)
        for number, said in enumerate(
            [
                wrong,
                replace(wrong, chosen="0:c"),
                replace(wrong, certainty=Certainty.FAIRLY, person=BO.id),
                replace(wrong, certainty=Certainty.UNSAID, person=CY.id),
                replace(wrong, certainty=None, person=CY.id),
                replace(wrong, reaction=Reaction.RIGHT, person=CY.id),
                replace(wrong, tip="t-2", person=CY.id),
            ],
            20,
        ):
            work.tips.add_review(replace(said, number=number))
        assert work.tips.misbelief(ACME.id, "t-1") == Misbelief("t-1", 2, 1, "0:b", 2)
        assert work.tips.misbelief(OTHER.id, "t-1").people == 0


def test_an_answer_is_nominated_once_and_decided_once(acme: Database) -> None:
    with acme.transaction() as work:
        assert work.tips.nominate(NOMINATION)
        assert not work.tips.nominate(replace(NOMINATION, id="n2", text="Other words.", asked=7))
        assert work.tips.nomination("n2") is None
        assert work.tips.nomination("n1") == replace(NOMINATION, asked=7)
        assert work.tips.asked(ACME.id, ["answer-n1"]) == {}
        told = replace(NOMINATION, asked=7, state=NominationState.PUBLISHED, tip="answer-n1")
        work.tips.save_nomination(told)
        assert work.tips.asked(ACME.id, ["answer-n1", "t-1"]) == {"answer-n1": 7}
        assert work.tips.asked(OTHER.id, ["answer-n1"]) == {}
    with acme.transaction() as work:
        saved = work.tips.save_nomination(
            replace(NOMINATION, state=NominationState.DECLINED, version=1)
        )
        assert work.tips.nomination("n1") == saved
    with pytest.raises(Conflict), acme.transaction() as work:
        work.tips.save_nomination(NOMINATION)


def test_nominations_wait_for_the_author_then_for_the_steward(acme: Database) -> None:
    review = replace(NOMINATION, id="n2", question="q2", state=NominationState.REVIEW)
    over = replace(NOMINATION, id="n3", question="q3", state=NominationState.PUBLISHED)
    early = replace(NOMINATION, id="n0", question="q0", at=NOW - HOUR)
    with acme.transaction() as work:
        for each in (NOMINATION, review, over, early):
            assert work.tips.nominate(each)
        assert list(work.tips.nominations_for(ACME.id, BO.id, [])) == [early, NOMINATION]
        assert list(work.tips.nominations_for(ACME.id, CY.id, [])) == []
        assert list(work.tips.nominations_for(ACME.id, CY.id, [EXPENSES])) == [review]
        assert list(work.tips.nominations_for(OTHER.id, BO.id, [EXPENSES])) == []


def test_reactions_are_kept_for_a_year(acme: Database) -> None:
    old = NOW.date() - REACTIONS_KEPT
    with acme.transaction() as work:
        for number, day in enumerate((old - DAY, old - 2 * DAY, old), 1):
            work.tips.add_review(replace(REVIEW, number=number, day=day))
    assert retain(acme, NOW, chunk=1).reactions == 2
    with acme.transaction() as work:
        assert [each.number for each in work.tips.reviews(ANA.id, "t-1")] == [3]
