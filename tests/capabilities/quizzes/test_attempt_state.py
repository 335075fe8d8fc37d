"""An attempt's life: what may follow what, and that a replay leads to the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.capabilities.quizzes.model import (
    Attempt,
    Current,
    Ending,
    Event,
    EventKind,
    Mark,
    Response,
    Start,
    State,
    apply,
    can,
    can_resume,
    data_of,
    fold,
    respond,
    response_of,
    start_of,
)
from bot.capabilities.quizzes.verdict import Decision, ObjectiveResult, Outcome, Verdict
from bot.errors import Conflict
from bot.ids import AttemptId, PersonId, WorkspaceId
from bot.message import Args
from bot.pack.item import Item, Severity
from bot.pack.scoring import score
from tests.bot.item import CHOICE, TEXT

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
KIM = PersonId("kim")
OFFERED = Attempt(AttemptId("a1"), WorkspaceId("w"), PersonId("ana"), "quiz", NOW, NOW)
START = Start("v1", "ab" * 16, "gate", ("one", "two"), {"three": AttemptId("a0")}, first=False)
PASSED = Ending(
    Verdict(Outcome.PASSED, (ObjectiveResult("one", 2, 2, Decision.MET),), 2, 2), {"one": 4}
)
FAILED = Ending(
    Verdict(
        Outcome.FAILED, (ObjectiveResult("one", 1, 0, Decision.NOT_MET, True),), 1, 0, llr=-1.4
    ),
    {"one": 0, "two": 3},
    is_over=True,
)


class Tale:
    """An attempt and its events, one minute after another."""

    def __init__(self) -> None:
        self.attempt = OFFERED
        self.events = [Event(OFFERED.id, EventKind.OFFERED, NOW)]

    def happens(
        self, kind: EventKind, data: Args | None = None, actor: PersonId | None = None
    ) -> "Tale":
        at = NOW + timedelta(minutes=len(self.events))
        event = Event(self.attempt.id, kind, at, actor, data or {})
        self.attempt = apply(self.attempt, event)
        self.events.append(event)
        return self

    def starts(self) -> "Tale":
        return self.happens(EventKind.STARTED, data_of(START))

    def is_shown(self, item: Item) -> "Tale":
        return self.happens(EventKind.SHOWN, data_of(Current(item.id, "v", item.objective)))

    def answers(self, item: Item, raw: str, certainty: int | None = None) -> "Tale":
        at = NOW + timedelta(minutes=len(self.events))
        response = respond(self.attempt, item, raw, score(item, raw), certainty, at)
        return self.happens(EventKind.ANSWERED, data_of(response))


def test_an_attempt_from_offer_to_pass() -> None:
    tale = Tale().starts().is_shown(CHOICE).answers(CHOICE, "a", 3)
    tale.happens(EventKind.PASSED, data_of(PASSED))
    assert tale.attempt == replace(
        OFFERED,
        state=State.PASSED,
        start=START,
        started_at=NOW + timedelta(minutes=1),
        changed_at=NOW + timedelta(minutes=4),
        decided_at=NOW + timedelta(minutes=4),
        ended_at=NOW + timedelta(minutes=4),
        ending=PASSED,
        responses=(
            Response(
                item="choice",
                item_version="v",
                objective="one",
                order=1,
                raw="a",
                credit=0,
                right=False,
                shown_at=NOW + timedelta(minutes=2),
                answered_at=NOW + timedelta(minutes=3),
                critical=True,
                severity=Severity.CRITICAL,
                certainty=3,
            ),
        ),
    )


def test_a_replay_leads_to_the_same() -> None:
    tale = Tale().starts().is_shown(CHOICE).happens(EventKind.PAUSED).happens(EventKind.RESUMED)
    tale.is_shown(CHOICE).answers(CHOICE, "b", 2).is_shown(TEXT).answers(TEXT, "who knows")
    tale.happens(EventKind.AWAITED)
    tale.happens(EventKind.MARKED, data_of(Mark("text", 0.5, right=False)), KIM)
    tale.happens(EventKind.FELL_SHORT).happens(EventKind.STRUCK, {"item": "text"})
    tale.happens(EventKind.RESUMED).happens(EventKind.FAILED, data_of(FAILED))
    tale.happens(EventKind.JUDGED, data_of(replace(FAILED, is_over=False)))
    tale.happens(EventKind.PASSED, data_of(PASSED))
    assert fold(replace(tale.attempt, version=7), tale.events) == replace(tale.attempt, version=7)


def test_events_are_json_and_back() -> None:
    tale = Tale().starts().is_shown(CHOICE).answers(CHOICE, "c", 1)
    assert start_of(tale.events[1].data) == START
    assert response_of(tale.events[3].data) == tale.attempt.responses[0]
    assert tale.events[3].data["answered_at"] == "2026-03-02T09:03:00Z"


def test_only_the_current_item_is_answered_and_once() -> None:
    tale = Tale().starts().is_shown(CHOICE).answers(CHOICE, "b")
    with pytest.raises(Conflict, match="not the question you are at"):
        tale.answers(CHOICE, "a")
    with pytest.raises(Conflict, match="answered this one"):
        tale.is_shown(CHOICE)
    answered = tale.attempt.response_to("choice")
    assert answered is not None
    assert answered.raw == "b"
    assert tale.attempt.asked == {"choice"}


def test_a_mark_settles_what_a_person_had_to_read() -> None:
    tale = Tale().starts().is_shown(TEXT).answers(TEXT, "who knows")
    before = tale.attempt
    assert before.waits_for_person
    tale.happens(EventKind.AWAITED).happens(
        EventKind.MARKED, data_of(Mark("text", 1, right=True)), KIM
    )
    assert not tale.attempt.waits_for_person
    response = tale.attempt.responses[0]
    assert (response.credit, response.right, response.marked_by) == (1, True, KIM)
    with pytest.raises(Conflict, match="marked this answer already"):
        tale.happens(EventKind.MARKED, data_of(Mark("text", 0, right=False)), KIM)


def test_a_withdrawn_item_counts_no_more() -> None:
    tale = Tale().starts().is_shown(CHOICE).happens(EventKind.STRUCK, {"item": "choice"})
    assert tale.attempt.current is None
    tale.is_shown(TEXT).answers(TEXT, "incident lead").happens(EventKind.STRUCK, {"item": "text"})
    assert not tale.attempt.responses[0].counts
    with pytest.raises(Conflict):
        tale.happens(EventKind.STRUCK, {"item": "text"})


def test_a_late_mark_can_turn_a_fail_into_a_pass_but_never_back() -> None:
    tale = Tale().starts().is_shown(TEXT).answers(TEXT, "x").happens(EventKind.FELL_SHORT)
    tale.happens(EventKind.FAILED, data_of(FAILED))
    assert tale.attempt.decided_at == NOW + timedelta(minutes=4)
    assert tale.attempt.ending == FAILED
    tale.happens(EventKind.MARKED, data_of(Mark("text", 1, right=True)), KIM)
    tale.happens(EventKind.PASSED, data_of(PASSED))
    assert tale.attempt.decided_at == NOW + timedelta(minutes=7)
    assert not can(tale.attempt, EventKind.FAILED)


def test_what_is_open_again_is_not_decided() -> None:
    tale = Tale().starts().is_shown(TEXT).answers(TEXT, "x").happens(EventKind.FELL_SHORT)
    tale.happens(EventKind.STRUCK, {"item": "text"}).happens(EventKind.RESUMED)
    assert (tale.attempt.state, tale.attempt.decided_at) == (State.IN_PROGRESS, None)


def test_a_paused_attempt_waits_two_weeks() -> None:
    tale = Tale().starts().is_shown(CHOICE).happens(EventKind.PAUSED)
    paused = tale.attempt
    assert paused.current == Current("choice", "v", "one")
    assert paused.paused_at is not None
    assert can_resume(paused, paused.paused_at + timedelta(days=13, hours=23))
    assert not can_resume(paused, paused.paused_at + timedelta(days=14))
    assert not can_resume(Tale().starts().attempt, NOW)


PATHS: dict[State, tuple[EventKind, ...]] = {
    State.OFFERED: (),
    State.IN_PROGRESS: (EventKind.STARTED,),
    State.PAUSED: (EventKind.STARTED, EventKind.PAUSED),
    State.PENDING_REVIEW: (EventKind.STARTED, EventKind.AWAITED),
    State.FAILED_OPEN: (EventKind.STARTED, EventKind.FELL_SHORT),
    State.PASSED: (EventKind.STARTED, EventKind.PASSED),
    State.FAILED: (EventKind.STARTED, EventKind.FAILED),
    State.ABANDONED: (EventKind.STARTED, EventKind.PAUSED, EventKind.ABANDONED),
    State.VOIDED: (EventKind.STARTED, EventKind.VOIDED),
}
DATA = {
    EventKind.STARTED: data_of(START),
    EventKind.PASSED: data_of(PASSED),
    EventKind.FAILED: data_of(FAILED),
}
MAY: dict[State, str] = {
    State.OFFERED: "started abandoned voided",
    State.IN_PROGRESS: (
        "shown answered marked struck paused awaited fell_short passed failed voided"
    ),
    State.PAUSED: "marked struck resumed abandoned voided",
    State.PENDING_REVIEW: "marked struck resumed fell_short passed failed voided",
    State.FAILED_OPEN: "shown answered marked struck resumed awaited passed failed voided",
    State.PASSED: "marked struck voided",
    State.FAILED: "marked struck judged passed voided",
    State.ABANDONED: "voided",
    State.VOIDED: "",
}


@pytest.mark.parametrize("state", list(State))
def test_what_may_follow_what(state: State) -> None:
    tale = Tale()
    for kind in PATHS[state]:
        tale.happens(kind, DATA.get(kind))
    assert tale.attempt.state is state
    allowed = {kind.value for kind in EventKind if can(tale.attempt, kind)}
    assert allowed == set(MAY[state].split())
    for kind in EventKind:
        if kind.value not in allowed:
            with pytest.raises(Conflict):
                tale.happens(kind)


def test_whoever_voids_says_why() -> None:
    tale = Tale().starts().happens(EventKind.VOIDED, {"reason": "The platform was down."}, KIM)
    assert tale.attempt.reason == "The platform was down."
    assert tale.attempt.ended_at is not None
