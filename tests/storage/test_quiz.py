"""Attempts, certificates and evidence in the store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.capabilities.quizzes.certification import (
    Certification,
    Checked,
    Evidence,
    chain,
    check_chain,
)
from bot.capabilities.quizzes.certification import State as Standing
from bot.capabilities.quizzes.choosing import Seen
from bot.capabilities.quizzes.model import (
    Attempt,
    Current,
    Ending,
    Event,
    EventKind,
    Response,
    Start,
    State,
)
from bot.capabilities.quizzes.ports import Draft, Need, Record
from bot.capabilities.quizzes.verdict import Decision, ObjectiveResult, Outcome, Verdict
from bot.errors import Conflict
from bot.ids import AttemptId, CertificationId, PersonId, TopicId
from bot.pack.waiver import GivenBack, Waiver
from storage.database import Database
from storage.retention import ATTEMPTS_KEPT, retain
from tests.storage.example import ACME, ANA, BO, NOW

START = Start("v1", "ab" * 16, "gate", ("one", "two"), {"three": AttemptId("a0")}, first=False)
ATTEMPT = Attempt(AttemptId("a1"), ACME.id, ANA.id, "data", NOW, NOW, state=State.OFFERED)


def response(item: str, order: int, **more: object) -> Response:
    values: dict[str, object] = {
        "item": item,
        "item_version": "iv",
        "objective": "one",
        "order": order,
        "raw": ["b", {"c": 1}],
        "credit": 0.5,
        "right": False,
        "shown_at": NOW,
        "answered_at": NOW + timedelta(minutes=order),
    }
    return Response(**values | more)  # type: ignore[arg-type]  # by name


def test_an_attempt_is_read_as_it_was_saved(acme: Database) -> None:
    answered = (response("i1", 1), response("i2", 2, needs_person=True, certainty=3))
    saved = replace(
        ATTEMPT,
        state=State.IN_PROGRESS,
        start=START,
        started_at=NOW,
        current=Current("i3", "iv", "two", scored=False, seen_before=True),
        shown_at=NOW,
        responses=answered,
        ending=Ending(
            Verdict(
                Outcome.FAILED, (ObjectiveResult("one", 2, 1, Decision.NOT_MET),), 2, 1, llr=-1.5
            ),
            {"one": 3},
            is_over=True,
        ),
    )
    with acme.transaction() as work:
        work.attempts.add(ATTEMPT)
        assert work.attempts.get(ATTEMPT.id) == ATTEMPT
        kept = work.attempts.save(saved, answered)
    with acme.transaction() as work:
        assert work.attempts.get(ATTEMPT.id) == kept == replace(saved, version=1)
        assert work.attempts.under_way(ANA.id) == [kept]
        assert work.attempts.under_way(BO.id) == []
        assert work.attempts.quizzes_to_read(ACME.id) == ["data"]
        assert work.attempts.waiting_for_person(ACME.id, ["data"], 9) == [kept]
        assert work.attempts.waiting_for_person(ACME.id, ["other"], 9) == []
        assert work.attempts.with_item(ACME.id, "data", "i2", 9) == [kept]
        assert work.attempts.with_item(ACME.id, "data", "i3", 9) == [kept]
        assert work.attempts.with_item(ACME.id, "data", "i4", 9) == []
        here = {State.IN_PROGRESS}
        before = NOW - timedelta(seconds=1)
        assert work.attempts.in_states(ACME.id, "data", here, 9, NOW) == [kept]
        assert work.attempts.in_states(ACME.id, "data", here, 9, before) == []
        assert work.attempts.in_states(ACME.id, "data", {State.PAUSED}, 9, NOW) == []


def test_a_response_that_is_marked_later_is_replaced(acme: Database) -> None:
    waiting = response("i1", 1, needs_person=True)
    with acme.transaction() as work:
        work.attempts.add(ATTEMPT)
        kept = work.attempts.save(replace(ATTEMPT, responses=(waiting,)), [waiting])
        marked = replace(waiting, needs_person=False, credit=1.0, marked_by=PersonId("ben"))
        work.attempts.save(replace(kept, responses=(marked,)), [marked])
    with acme.transaction() as work:
        found = work.attempts.get(ATTEMPT.id)
        assert found is not None
        assert found.responses == (marked,)
        assert work.attempts.waiting_for_person(ACME.id, ["data"], 9) == []


def test_who_saves_what_was_changed_meanwhile_is_told(acme: Database) -> None:
    with acme.transaction() as work:
        work.attempts.add(ATTEMPT)
        work.attempts.save(ATTEMPT)
    with pytest.raises(Conflict), acme.transaction() as work:
        work.attempts.save(ATTEMPT)


def test_of_one_quiz_nobody_has_two_attempts_under_way(acme: Database) -> None:
    second = replace(ATTEMPT, id=AttemptId("a2"))
    with acme.transaction() as work:
        work.attempts.add(ATTEMPT)
        work.attempts.add(second)
        kept = work.attempts.save(replace(ATTEMPT, state=State.IN_PROGRESS))
        # Another quiz, and what is over, are no hindrance.
        elsewhere = replace(second, id=AttemptId("a3"), quiz="other")
        work.attempts.add(elsewhere)
        work.attempts.save(replace(elsewhere, state=State.IN_PROGRESS))
    with pytest.raises(Conflict), acme.transaction() as work:
        work.attempts.save(replace(second, state=State.IN_PROGRESS))
    with acme.transaction() as work:
        work.attempts.save(replace(kept, state=State.FAILED))
        work.attempts.save(replace(second, state=State.IN_PROGRESS))


def test_a_draft_stays_until_it_is_taken_away(acme: Database) -> None:
    draft = Draft("i1", ("a", "b"), ["a", "b", "c"])
    with acme.transaction() as work:
        work.attempts.add(ATTEMPT)
        assert work.attempts.draft(ATTEMPT.id) is None
        work.attempts.keep_draft(ATTEMPT.id, draft)
    with acme.transaction() as work:
        assert work.attempts.draft(ATTEMPT.id) == draft
        work.attempts.keep_draft(ATTEMPT.id, None)
        assert work.attempts.draft(ATTEMPT.id) is None


def test_what_was_seen_and_shown_is_counted(acme: Database) -> None:
    later = NOW + timedelta(days=2)
    second = replace(ATTEMPT, id=AttemptId("a2"), offered_at=later)
    first = [response("i1", 1), response("i2", 2)]
    again = [response("i1", 1, shown_at=later)]
    with acme.transaction() as work:
        for attempt, answered in ((ATTEMPT, first), (second, again)):
            work.attempts.add(attempt)
            work.attempts.save(replace(attempt, responses=tuple(answered)), answered)
        for item in ("i1", "i1", "i2"):
            work.attempts.expose(ACME.id, "data", "one", item)
        work.attempts.expose(ACME.id, "data", "two", "i9")
    with acme.transaction() as work:
        assert work.attempts.exposures(ACME.id, "data", "one") == {"i1": 2, "i2": 1}
        assert work.attempts.seen(ANA.id, "data") == {
            "i1": Seen(2, later, in_last_attempt=True),
            "i2": Seen(1, NOW),
        }
        assert work.attempts.seen(ANA.id, "data", but=second.id) == {
            "i1": Seen(1, NOW, in_last_attempt=True),
            "i2": Seen(1, NOW, in_last_attempt=True),
        }
        assert work.attempts.seen(BO.id, "data") == {}


def test_needs_are_kept_and_forgotten(acme: Database) -> None:
    needs = frozenset({Need.PLAIN_TEXT, Need.EXTRA_TIME})
    with acme.transaction() as work:
        work.needs.keep(ANA.id, needs)
        work.needs.keep(BO.id, needs)
        work.needs.keep(BO.id, frozenset())
    with acme.transaction() as work:
        assert work.needs.of(ANA.id) == needs
        assert work.needs.of(BO.id) == frozenset()


def test_a_certification_is_read_as_it_was_saved(acme: Database) -> None:
    earned = Certification(
        CertificationId("c1"), ACME.id, ANA.id, "data", NOW, state=Standing.VALID, valid_from=NOW
    )
    with acme.transaction() as work:
        saved = work.certifications.save(earned)
        assert saved == replace(earned, version=1)
    with acme.transaction() as work:
        assert work.certifications.find(ANA.id, "data") == saved
        assert work.certifications.get(earned.id) == saved
        assert work.certifications.of(BO.id) == []
        work.certifications.save(replace(saved, state=Standing.RENEWAL_DUE))
    for stale in (earned, saved):
        with pytest.raises(Conflict), acme.transaction() as work:
            work.certifications.save(stale)


def test_each_workspace_has_a_chain_of_its_own(acme: Database) -> None:
    def record(number: int) -> Callable[[Evidence | None], Record]:
        return lambda last: Record(
            f"e{number}", ACME.id, ANA.id, "data", NOW, chain(last, {"n": number})
        )

    with acme.transaction() as work:
        for number in range(3):
            work.certifications.attest(ACME.id, record(number))
        links = list(work.certifications.chain(ACME.id))
        found = work.certifications.evidence(ACME.id, "e1")
    assert check_chain(links, NOW) == Checked(3)
    assert [link.body for link in links] == ['{"n":0}', '{"n":1}', '{"n":2}']
    assert found is not None
    assert found.evidence == links[1]


def test_waivers_are_replaced_withdrawn_and_forgotten(acme: Database) -> None:
    waiver = Waiver(ACME.id, ANA.id, "data", TopicId("privacy"), ("one", "two"), 6, NOW)
    with acme.transaction() as work:
        work.waivers.add(waiver)
        work.waivers.add(replace(waiver, minutes=9))
        work.waivers.add(replace(waiver, quiz="other"))
        work.waivers.add(replace(waiver, person=BO.id))
        assert work.waivers.of(ANA.id) == [
            replace(waiver, minutes=9),
            replace(waiver, quiz="other"),
        ]
        assert len(work.waivers.of_several([ANA.id, BO.id, PersonId("x")])) == 3
        assert work.waivers.of_several([]) == []
        assert work.waivers.given_back(ACME.id) is None
        work.waivers.withdraw(ANA.id, "data")
        assert [w.quiz for w in work.waivers.of(ANA.id)] == ["other"]
        work.waivers.forget(ANA.id)
        assert work.waivers.of(ANA.id) == []
        for n in range(5):
            work.waivers.add(replace(waiver, person=PersonId(f"p{n}")))
        assert work.waivers.given_back(ACME.id) == GivenBack(6, 36)


def test_a_waiver_covers_what_it_says_for_as_long_as_it_says() -> None:
    waiver = Waiver(
        ACME.id, ANA.id, "data", TopicId("privacy"), ("one",), 6, NOW, NOW + timedelta(days=1)
    )
    assert waiver.covers("data/one", NOW)
    assert waiver.covers(None, NOW)
    assert not waiver.covers("data/two", NOW)
    assert not waiver.covers("other/one", NOW)
    assert not waiver.covers("data/one", NOW + timedelta(days=1))


def test_answers_are_forgotten_after_two_years_and_evidence_is_not(acme: Database) -> None:
    old = replace(ATTEMPT, state=State.PASSED, ended_at=NOW - ATTEMPTS_KEPT - timedelta(seconds=1))
    young = replace(old, id=AttemptId("a2"), ended_at=NOW - ATTEMPTS_KEPT)
    going = replace(ATTEMPT, id=AttemptId("a3"), offered_at=NOW - 2 * ATTEMPTS_KEPT)
    with acme.transaction() as work:
        for attempt in (old, young, going):
            work.attempts.add(replace(attempt, responses=()))
            work.attempts.save(attempt, [response("i1", 1)])
            work.attempts.record(Event(attempt.id, EventKind.OFFERED, NOW))
        work.certifications.attest(
            ACME.id, lambda last: Record("e1", ACME.id, ANA.id, "data", NOW, chain(last, {}))
        )
    assert retain(acme, NOW).attempts == 1
    with acme.transaction() as work:
        assert work.attempts.get(old.id) is None
        assert work.attempts.events(old.id) == []
        assert {attempt.id for attempt in work.attempts.of(ANA.id)} == {"a2", "a3"}
        assert all(attempt.responses for attempt in work.attempts.of(ANA.id))
        assert len(list(work.certifications.chain(ACME.id))) == 1
    assert retain(acme, NOW).attempts == 0
