"""Questions, their events, turns and offers come back as they were kept."""

import threading
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot.capabilities.questions.model import (
    Decline,
    EventKind,
    OfferState,
    PastAnswer,
    PastQuestion,
    Question,
    State,
    TurnKind,
    Urgency,
    Visibility,
)
from bot.errors import Conflict
from bot.ids import AnswerId, QuestionId, TopicId
from storage.database import Database
from tests.storage.example import (
    ACME,
    ANA,
    BO,
    CY,
    EXPENSES,
    HOUR,
    NOW,
    OTHER,
    answer,
    event,
    offer,
    question,
)

FULL = Question(
    id=QuestionId("q1"),
    workspace=ACME.id,
    number=7,
    text="كيف أحجز قطارًا؟ 🚄",
    visibility=Visibility.OPEN,
    urgency=Urgency.CAN_WAIT,
    asked_at=NOW,
    changed_at=NOW + HOUR,
    state=State.ESCALATED,
    asker=ANA.id,
    goal="a trip",
    tried="the intranet",
    topic=EXPENSES,
    conversation="C1",
    thread="171.0001",
    wave=3,
    claimed_by=BO.id,
    accepted=AnswerId("t1"),
    duplicate_of=QuestionId("q0"),
    version=4,
)


@pytest.fixture
def asked(acme: Database) -> Database:
    """The example's workspace, in which Ana has asked the first question."""
    with acme.transaction() as work:
        work.questions.add(question())
    return acme


def test_every_field_of_a_question_comes_back(acme: Database) -> None:
    with acme.transaction() as work:
        work.questions.add(FULL)
    with acme.transaction() as work:
        assert work.questions.get(FULL.id) == FULL
        assert work.questions.by_number(ACME.id, 7) == FULL


def test_a_question_is_known_by_its_number_in_its_workspace_only(asked: Database) -> None:
    with asked.transaction() as work:
        assert work.questions.by_number(OTHER.id, 1) is None
        assert work.questions.by_number(ACME.id, 2) is None
        assert work.questions.get(QuestionId("q2")) is None


def test_numbers_count_within_each_workspace(acme: Database) -> None:
    with acme.transaction() as work:
        taken = [work.questions.next_number(ws) for ws in (ACME.id, ACME.id, OTHER.id)]
    with acme.transaction() as work:
        taken.append(work.questions.next_number(ACME.id))
    assert taken == [1, 2, 1, 3]


def test_saving_moves_the_version_on(asked: Database) -> None:
    with asked.transaction() as work:
        saved = work.questions.save(replace(question(), state=State.ROUTED, wave=1))
    assert saved == replace(question(), state=State.ROUTED, wave=1, version=1)
    with asked.transaction() as work:
        assert work.questions.get(saved.id) == saved


def test_saving_an_old_version_is_a_conflict(asked: Database) -> None:
    with asked.transaction() as work:
        saved = work.questions.save(replace(question(), claimed_by=BO.id))
    with pytest.raises(Conflict), asked.transaction() as work:
        work.questions.save(replace(question(), claimed_by=CY.id))
    with asked.transaction() as work:
        assert work.questions.get(saved.id) == saved


def test_saving_what_was_never_added_is_a_conflict(acme: Database) -> None:
    with pytest.raises(Conflict), acme.transaction() as work:
        work.questions.save(question())


def test_of_two_who_claim_the_same_version_one_is_told(asked: Database) -> None:
    ready = threading.Barrier(2, timeout=30)
    outcomes: list[str] = []

    def claim(person: str) -> None:
        mine = replace(question(), state=State.CLAIMED, claimed_by=type(BO.id)(person))
        ready.wait()
        try:
            with asked.transaction() as work:
                work.questions.save(mine)
            outcomes.append("claimed")
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=claim, args=(person,)) for person in (BO.id, CY.id)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["claimed", "conflict"]
    with asked.transaction() as work:
        kept = work.questions.get(question().id)
    assert kept is not None
    assert kept.version == 1


def test_events_come_back_in_the_order_of_recording(asked: Database) -> None:
    events = [
        event(EventKind.ROUTED, data={"wave": 1, "people": ["a", None]}),
        event(EventKind.CLAIMED, actor=BO.id, at=NOW - HOUR),
        event(EventKind.RELEASED),
    ]
    with asked.transaction() as work:
        for each in events:
            work.questions.record(each)
        assert list(work.questions.events(QuestionId("q1"))) == events
        assert list(work.questions.events(QuestionId("q2"))) == []


def test_turns_come_back_in_the_order_of_saying(asked: Database) -> None:
    turns = [
        answer("t2"),
        answer("t1", None, kind=TurnKind.FOLLOW_UP, text="And for two?"),
        answer("t0", CY, at=NOW - HOUR),
    ]
    with asked.transaction() as work:
        for turn in turns:
            work.questions.add_turn(turn)
    with asked.transaction() as work:
        assert list(work.questions.turns(QuestionId("q1"))) == turns
        assert work.questions.turn(AnswerId("t1")) == turns[1]
        assert work.questions.turn(AnswerId("t9")) is None


def test_an_offer_to_the_same_person_replaces_the_one_before(asked: Database) -> None:
    declined = offer(
        BO, wave=2, state=OfferState.DECLINED, reason=Decline.BUSY, at=NOW + HOUR, why=()
    )
    with asked.transaction() as work:
        for each in (offer(BO), offer(CY), declined):
            work.questions.save_offer(each)
    with asked.transaction() as work:
        assert list(work.questions.offers(QuestionId("q1"))) == [offer(CY), declined]


def test_offers_since_a_moment_include_it_and_come_oldest_first(asked: Database) -> None:
    late, on_time, early = (
        offer(person, at=NOW + hours * HOUR) for person, hours in ((ANA, 1), (BO, 0), (CY, -1))
    )
    with asked.transaction() as work:
        for each in (late, on_time, early):
            work.questions.save_offer(each)
    with asked.transaction() as work:
        assert list(work.questions.offers_since(ACME.id, NOW)) == [on_time, late]
        assert list(work.questions.offers_since(OTHER.id, NOW)) == []


def test_refusals_are_those_of_the_field_and_of_the_topic(acme: Database) -> None:
    with acme.transaction() as work:
        for number, topic in ((1, EXPENSES), (2, TopicId("travel"))):
            work.questions.add(question(f"q{number}", number, topic=topic))
            for person, hours, reason in (
                (BO, 0, Decline.NOT_MY_FIELD),
                (ANA, 1, Decline.BUSY),
                (CY, -1, Decline.NOT_MY_FIELD),
            ):
                work.questions.save_offer(
                    offer(
                        person,
                        question=QuestionId(f"q{number}"),
                        at=NOW + hours * HOUR + number * 24 * HOUR,
                        state=OfferState.DECLINED,
                        reason=reason,
                    )
                )
    with acme.transaction() as work:
        assert list(work.questions.refusals(ACME.id, EXPENSES)) == [
            (CY.id, NOW + 23 * HOUR),
            (BO.id, NOW + 24 * HOUR),
        ]
        assert list(work.questions.refusals(OTHER.id, EXPENSES)) == []


def test_offered_to_a_person_are_open_offers_of_open_questions(acme: Database) -> None:
    states = (State.ROUTED, State.ACCEPTED, State.CLAIMED, State.ROUTED)
    with acme.transaction() as work:
        for number, state in enumerate(states):
            asked_at = NOW - number * HOUR
            work.questions.add(question(f"q{number}", number, state=state, asked_at=asked_at))
            taken = OfferState.OPEN if number < 3 else OfferState.DECLINED
            work.questions.save_offer(offer(BO, question=QuestionId(f"q{number}"), state=taken))
    with acme.transaction() as work:
        assert [q.number for q in work.questions.offered_to(BO.id)] == [2, 0]
        assert list(work.questions.offered_to(CY.id)) == []


def test_asked_by_a_person_come_newest_first_without_anonymous_ones(acme: Database) -> None:
    with acme.transaction() as work:
        for number in range(1, 5):
            work.questions.add(question(f"q{number}", number, asked_at=NOW + number * HOUR))
        work.questions.add(question("q5", 5, asker=None, visibility=Visibility.ANONYMOUS))
        work.questions.add(question("q6", 6, asker=BO.id))
    with acme.transaction() as work:
        assert [q.number for q in work.questions.asked_by(ANA.id, 3)] == [4, 3, 2]


def test_those_without_a_name_are_all_that_are_open_or_were_asked_of_late(acme: Database) -> None:
    states = (State.ROUTED, State.ACCEPTED, State.ACCEPTED, State.WITHDRAWN, State.SUGGESTED)
    with acme.transaction() as work:
        for number, state in enumerate(states):
            work.questions.add(
                question(
                    f"q{number}",
                    number,
                    state=state,
                    asker=None,
                    visibility=Visibility.ANONYMOUS,
                    asked_at=NOW - number * HOUR,
                )
            )
        work.questions.add(question("q9", 9))
    with acme.transaction() as work:
        assert [q.number for q in work.questions.unnamed(ACME.id, NOW - HOUR)] == [4, 1, 0]
        assert list(work.questions.unnamed(OTHER.id, NOW - HOUR)) == []


def test_held_by_a_person_are_open_and_come_oldest_first(acme: Database) -> None:
    states = (State.CLAIMED, State.ANSWERED, State.ACCEPTED, State.WITHDRAWN)
    with acme.transaction() as work:
        for number, state in enumerate(states):
            asked_at = NOW - number * HOUR
            work.questions.add(
                question(f"q{number}", number, state=state, claimed_by=BO.id, asked_at=asked_at)
            )
        work.questions.add(question("q9", 9, state=State.CLAIMED, claimed_by=CY.id))
    with acme.transaction() as work:
        assert [q.number for q in work.questions.held_by(BO.id)] == [1, 0]


def test_in_states_come_in_order_up_to_the_limit(acme: Database) -> None:
    with acme.transaction() as work:
        for number, state in enumerate((State.ROUTED, State.EXPIRED, State.ASKED, State.ROUTED)):
            asked_at = NOW - number * HOUR
            work.questions.add(question(f"q{number}", number, state=state, asked_at=asked_at))
    with acme.transaction() as work:
        both = frozenset({State.ROUTED, State.EXPIRED})
        assert [q.number for q in work.questions.in_states(ACME.id, both, 2)] == [3, 1]
        newest = work.questions.in_states(ACME.id, both, 2, newest_first=True)
        assert [q.number for q in newest] == [0, 1]
        assert list(work.questions.in_states(OTHER.id, both, 2)) == []
        assert list(work.questions.in_states(ACME.id, frozenset(), 2)) == []


def test_asks_are_counted_by_person_and_day(acme: Database) -> None:
    monday, tuesday = date(2026, 3, 2), date(2026, 3, 3)
    with acme.transaction() as work:
        counts = [
            work.questions.count_ask(person, day)
            for person, day in (
                (ANA.id, monday),
                (ANA.id, monday),
                (BO.id, monday),
                (ANA.id, tuesday),
                (ANA.id, monday),
            )
        ]
    assert counts == [1, 2, 1, 1, 3]


def test_subscribers_come_in_the_order_of_subscribing(acme: Database) -> None:
    one, two, three = (QuestionId(f"q{number}") for number in (1, 2, 3))
    with acme.transaction() as work:
        for number in (1, 2, 3):
            work.questions.add(question(f"q{number}", number))
        for other in (three, two, three):
            work.questions.subscribe(one, other)
    with acme.transaction() as work:
        assert list(work.questions.subscribers(one)) == [three, two]
        assert list(work.questions.subscribers(two)) == []


def test_a_past_question_names_those_who_answered_and_whose_was_accepted(
    asked: Database,
) -> None:
    with asked.transaction() as work:
        for turn in (
            answer("t1", BO),
            answer("t2", CY),
            answer("t3", BO),
            answer("t4", ANA),
            answer("t5", None),
            answer("t6", CY, kind=TurnKind.FOLLOW_UP),
        ):
            work.questions.add_turn(turn)
        work.questions.save(
            replace(question(), state=State.ACCEPTED, accepted=AnswerId("t3"), topic=EXPENSES)
        )
    with asked.transaction() as work:
        assert list(work.questions.past_since(ACME.id, 0)) == [
            PastQuestion(
                id=QuestionId("q1"),
                at=NOW,
                text="How do I book a train?",
                topic=EXPENSES,
                asker=ANA.id,
                answers=(PastAnswer(BO.id, NOW, accepted=True), PastAnswer(CY.id, NOW)),
                revision=1,
            )
        ]
        assert list(work.questions.past_since(OTHER.id, 0)) == []


def test_a_question_that_only_its_asker_answered_is_not_past(acme: Database) -> None:
    with acme.transaction() as work:
        work.questions.add(question())
        work.questions.add_turn(answer("t1", ANA))
        work.questions.add_turn(answer("t2", None))
    with acme.transaction() as work:
        assert list(work.questions.past_since(ACME.id, 0)) == []


def test_an_anonymous_past_question_has_no_asker(acme: Database) -> None:
    with acme.transaction() as work:
        work.questions.add(question(asker=None, visibility=Visibility.ANONYMOUS))
        work.questions.add_turn(answer("t1", None))
        work.questions.add_turn(answer("t2", BO))
    with acme.transaction() as work:
        [past] = work.questions.past_since(ACME.id, 0)
    assert (past.asker, past.answers) == (None, (PastAnswer(BO.id, NOW),))


def test_what_routing_learns_from_renews_the_revision_and_nothing_else(asked: Database) -> None:
    def revision() -> int:
        with asked.transaction() as work:
            [past] = work.questions.past_since(ACME.id, 0)
        return past.revision

    with asked.transaction() as work:
        work.questions.add_turn(answer("t1"))
        now = work.questions.save(replace(question(), state=State.ANSWERED, claimed_by=BO.id))
    assert revision() == 1
    steps: tuple[tuple[dict[str, Any], int], ...] = (
        ({"wave": 2, "changed_at": NOW + HOUR}, 1),
        ({"state": State.ACCEPTED, "accepted": AnswerId("t1")}, 2),
        ({"topic": EXPENSES}, 3),
        ({"state": State.ROUTED, "accepted": None}, 4),
    )
    for changes, expected in steps:
        with asked.transaction() as work:
            now = work.questions.save(replace(now, **changes))
        assert revision() == expected
    with asked.transaction() as work:
        work.questions.add_turn(answer("t2", None, kind=TurnKind.FOLLOW_UP))
    assert revision() == 4
    with asked.transaction() as work:
        work.questions.add_turn(answer("t3", CY))
    assert revision() == 5


def test_waits_are_those_of_one_topic_and_of_questions_that_needed_somebody(
    acme: Database,
) -> None:
    with acme.transaction() as work:
        for number, (state, topic) in enumerate(
            [
                (State.ANSWERED, EXPENSES),
                (State.ROUTED, EXPENSES),
                (State.SELF_SOLVED, EXPENSES),
                (State.WITHDRAWN, EXPENSES),
                (State.ROUTED, None),
            ],
            start=1,
        ):
            name = QuestionId(f"q{number}")
            work.questions.add(question(id=name, number=number, state=state, topic=topic))
        work.questions.add_turn(answer("t1", BO, at=NOW + timedelta(hours=3)))
        work.questions.add_turn(answer("t2", CY, at=NOW + timedelta(hours=2)))
    with acme.transaction() as work:
        later = NOW + timedelta(seconds=1)
        waits = work.questions.waits(ACME.id, EXPENSES, NOW - timedelta(days=1), later)
        assert set(waits) == {timedelta(hours=2), None}
        assert len(waits) == 2
        assert list(work.questions.waits(ACME.id, None, NOW, later)) == [None]
        assert list(work.questions.waits(ACME.id, EXPENSES, NOW - timedelta(days=1), NOW)) == []
        assert list(work.questions.waits(ACME.id, EXPENSES, later, later)) == []
