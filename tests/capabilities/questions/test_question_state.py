"""The states of a question (domain.md 3.1): each event from each state, and any order of them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.capabilities.questions.model import (
    Event,
    EventKind,
    Question,
    State,
    Urgency,
    Visibility,
    apply,
    can,
    fold,
)
from bot.errors import Conflict
from bot.ids import AnswerId, PersonId, QuestionId
from bot.message import Args
from tests.world import MONDAY, WORKSPACE

K, S = EventKind, State
QUESTION = Question(
    id=QuestionId("q"),
    workspace=WORKSPACE,
    number=1,
    text="?",
    visibility=Visibility.DIRECT,
    urgency=Urgency.NORMAL,
    asked_at=MONDAY,
    changed_at=MONDAY,
    asker=PersonId("ana"),
)
DATA: dict[EventKind, Args] = {
    K.ROUTED: {"wave": 1},
    K.ACCEPTED: {"answer": "a1"},
    K.MARKED_DUPLICATE: {"of": "q2"},
    K.ENTRUSTED: {"owner": "sam", "due_on": "2026-03-12"},
}
OPEN = {S.ASKED, S.SUGGESTED, S.ROUTED, S.CLAIMED, S.ANSWERED, S.ESCALATED}

TABLE: dict[tuple[EventKind, State], State] = {
    (K.SUGGESTED, S.ASKED): S.SUGGESTED,
    (K.ROUTED, S.ASKED): S.ROUTED,
    (K.ROUTED, S.SUGGESTED): S.ROUTED,
    (K.ROUTED, S.ROUTED): S.ROUTED,
    (K.ROUTED, S.ANSWERED): S.ROUTED,
    (K.SOLVED, S.SUGGESTED): S.SELF_SOLVED,
    # The suggestions stay in reach while colleagues are asked.
    (K.SOLVED, S.ROUTED): S.SELF_SOLVED,
    (K.SOLVED, S.CLAIMED): S.SELF_SOLVED,
    (K.SOLVED, S.ESCALATED): S.SELF_SOLVED,
    (K.DID_NOT_SOLVE, S.SUGGESTED): S.SUGGESTED,
    (K.DID_NOT_SOLVE, S.ROUTED): S.ROUTED,
    (K.DID_NOT_SOLVE, S.CLAIMED): S.CLAIMED,
    (K.DID_NOT_SOLVE, S.ESCALATED): S.ESCALATED,
    (K.DECLINED, S.ROUTED): S.ROUTED,
    (K.DECLINED, S.ESCALATED): S.ESCALATED,
    (K.CLAIMED, S.SUGGESTED): S.CLAIMED,
    (K.CLAIMED, S.ROUTED): S.CLAIMED,
    (K.CLAIMED, S.ESCALATED): S.CLAIMED,
    (K.RELEASED, S.CLAIMED): S.ROUTED,
    **{
        (K.ANSWERED, state): S.ANSWERED
        for state in (
            *(S.SUGGESTED, S.ROUTED, S.CLAIMED, S.ESCALATED, S.ANSWERED),
            *(S.CLOSED_UNCONFIRMED, S.EXPIRED),
        )
    },
    (K.ANSWERED, S.ACCEPTED): S.ACCEPTED,
    (K.ASKED_BACK, S.CLAIMED): S.CLAIMED,
    (K.FOLLOWED_UP, S.CLAIMED): S.CLAIMED,
    (K.FOLLOWED_UP, S.ANSWERED): S.CLAIMED,
    **{
        (K.ACCEPTED, state): S.ACCEPTED
        for state in (S.ANSWERED, S.CLAIMED, S.ROUTED, S.ESCALATED, S.CLOSED_UNCONFIRMED)
    },
    (K.CLOSED, S.ANSWERED): S.CLOSED_UNCONFIRMED,
    **{(K.ESCALATED, state): S.ESCALATED for state in (S.ASKED, S.SUGGESTED, S.ROUTED, S.ANSWERED)},
    **{(K.ENTRUSTED, state): S.ROUTED for state in (S.ASKED, S.SUGGESTED, S.ROUTED)},
    (K.ENTRUSTED, S.CLAIMED): S.CLAIMED,
    (K.EXPIRED, S.ESCALATED): S.EXPIRED,
    (K.EXPIRED, S.ROUTED): S.EXPIRED,
    **{(K.WITHDRAWN, state): S.WITHDRAWN for state in OPEN},
    **{(K.MARKED_DUPLICATE, state): S.DUPLICATE for state in OPEN},
    **{
        (K.REOPENED, state): S.ROUTED
        for state in (S.ACCEPTED, S.CLOSED_UNCONFIRMED, S.SELF_SOLVED, S.EXPIRED, S.DUPLICATE)
    },
    (K.FOLLOWED_THROUGH, S.ACCEPTED): S.ACCEPTED,
    (K.FOLLOWED_THROUGH, S.SELF_SOLVED): S.SELF_SOLVED,
}


def event(kind: EventKind, who: str | None = "kim") -> Event:
    actor = PersonId(who) if who else None
    return Event(question=QUESTION.id, kind=kind, at=MONDAY, actor=actor, data=DATA.get(kind, {}))


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind is not K.ASKED])
def test_each_event_in_each_state(kind: EventKind, state: State) -> None:
    question = replace(QUESTION, state=state)
    after = TABLE.get((kind, state))
    assert can(question, kind) is (after is not None)
    if after is None:
        with pytest.raises(Conflict):
            apply(question, event(kind))
    else:
        assert apply(question, event(kind)).state is after


def test_a_refused_event_says_how_the_question_stands() -> None:
    with pytest.raises(Conflict, match=r"^Question 1 is closed unconfirmed already\.$"):
        apply(replace(QUESTION, state=S.CLOSED_UNCONFIRMED), event(K.CLAIMED))


def test_reopened_it_is_with_the_one_who_had_it() -> None:
    accepted = replace(
        QUESTION, state=S.ACCEPTED, claimed_by=PersonId("kim"), accepted=AnswerId("a1")
    )
    reopened = apply(accepted, event(K.REOPENED, None))
    assert (reopened.state, reopened.claimed_by, reopened.accepted) == ("claimed", "kim", None)


def test_a_late_answer_takes_nothing_from_the_accepted_one() -> None:
    accepted = replace(
        QUESTION, state=S.ACCEPTED, claimed_by=PersonId("kim"), accepted=AnswerId("a1")
    )
    assert apply(accepted, event(K.ANSWERED, "bo")) == accepted


def test_reopened_a_duplicate_is_one_no_more() -> None:
    duplicate = replace(QUESTION, state=S.DUPLICATE, duplicate_of=QuestionId("q2"))
    assert apply(duplicate, event(K.REOPENED, None)).duplicate_of is None


@given(
    st.lists(
        st.tuples(st.sampled_from(list(EventKind)), st.sampled_from(["kim", "bo", None])),
        max_size=40,
    )
)
def test_whatever_happens_in_whatever_order_the_question_is_the_fold_of_it(
    steps: list[tuple[EventKind, str | None]],
) -> None:
    question, happened = QUESTION, [event(K.ASKED, None)]
    for kind, who in steps:
        if kind is K.ASKED or not can(question, kind):
            continue
        happened.append(event(kind, who))
        question = apply(question, happened[-1])
        assert question.is_open is (question.state in OPEN)
        assert (question.duplicate_of is not None) is (question.state is S.DUPLICATE)
        assert question.state is not S.ESCALATED or question.claimed_by is None
    assert fold(question, happened) == question
