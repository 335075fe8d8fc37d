"""Exemptions, and taking a certificate back: who may, who hears, and what nobody does alone."""

from datetime import timedelta

import pytest

from bot.capabilities.quizzes.certification import Certification, fold
from bot.ids import PersonId
from bot.message import Choice
from bot.people import Role
from tests.capabilities.quizzes.taking import TWO, QuizWorld, quiz_of
from tests.world import MONDAY

YEAR = {"valid_for": "P365D", "renew_from": "P60D", "grace": "P30D", "requirement": "mandatory"}


def opens(world: QuizWorld, *, auditors: tuple[str, ...] = ("kim", "bo")) -> None:
    world.opens_quiz(quiz_of(TWO, **YEAR))
    for who in auditors:
        world.changes(who, roles=frozenset({Role.AUDITOR}))


def passes_quiz(world: QuizWorld, who: str) -> None:
    world.begins(who)
    while world.quiz_state(who) == "in_progress":
        world.decides(who, True)


def certification(world: QuizWorld, who: str) -> Certification:
    with world.database.transaction() as work:
        found = work.certifications.find(PersonId(who), "data")
        assert found is not None
        events = work.certifications.events(found.id)
    assert fold(found, events).state == found.state
    return found


def chooses(world: QuizWorld, who: str, label: str) -> None:
    parts = world.hears(who)[-1].message.parts
    listed = next(p for p in parts if isinstance(p, Choice) and p.label == label)
    reply = world.forges(who, listed.action, {**listed.args, "choice": listed.options[0].value})
    world.form = reply.form


def exempts(world: QuizWorld, steward: str, **values: str) -> dict[str, str]:
    world.says(steward, "/quiz review")
    world.presses(steward, "Exempt somebody")
    return world.fills(steward, **values).errors


def proposes(world: QuizWorld, who: str) -> None:
    world.says(who, "/quiz audit")
    chooses(world, who, "Who has passed")
    chooses(world, who, "See the evidence of")
    world.presses(who, "Take it back")
    world.fills(who, reason="Somebody else answered.")


# --- exemptions ---------------------------------------------------------------------------


def test_who_looks_after_a_topic_exempts_somebody(either_world: QuizWorld) -> None:
    world = either_world
    opens(world)
    assert exempts(world, "sam", person="ana", reason="She wrote it.", until="2026-03-31") == {}
    assert "Ana hears of it" in world.last("sam")
    world.passes(days=1)
    heard = world.last("ana")
    assert "Sam has exempted you from Customer data" in heard
    assert "She wrote it." in heard
    found = certification(world, "ana")
    assert (found.state, found.holds, found.reason) == ("exempt", True, "She wrote it.")
    world.says("ana", "/quiz")
    assert "exempt, valid until" in world.last("ana")
    # It has its own end, and then counts no more.
    world.passes(days=31)
    assert certification(world, "ana").state == "lapsed"
    passes_quiz(world, "ana")
    assert certification(world, "ana").state == "valid"


def test_an_exemption_may_have_no_end_and_takes_nothing_from_who_passed(world: QuizWorld) -> None:
    opens(world)
    passes_quiz(world, "ben")
    assert exempts(world, "sam", person="ben", reason="He teaches it.") == {}
    found = certification(world, "ben")
    assert (found.state, found.valid_until) == ("exempt", None)
    world.passes(days=800)
    assert certification(world, "ben").holds


def test_what_is_wrong_with_an_exemption_is_said_where_it_is(world: QuizWorld) -> None:
    opens(world)
    wrong = exempts(world, "sam", person="nobody", reason=" ", until="2026-03-01")
    assert wrong.keys() == {"person", "reason", "until"}
    assert "day to come" in wrong["until"]
    wrong = exempts(world, "sam", person="sam", reason="I know it.", until="soon")
    assert "Nobody exempts themselves" in wrong["person"]
    assert "until" in wrong
    with world.database.transaction() as work:
        assert work.certifications.of(PersonId("sam")) == []


def test_nobody_else_exempts(world: QuizWorld) -> None:
    opens(world)
    args, values = {"quiz": "data"}, {"person": "ana", "reason": "Why not?"}
    for who in ("ben", "kim"):
        world.forges(who, "quiz.exempt", args)
        assert "You may not do this." in world.last(who)
        world.forges(who, "quiz.keep_exempt", args, values)
    with world.database.transaction() as work:
        assert work.certifications.of(PersonId("ana")) == []


# --- taking one back ----------------------------------------------------------------------


def test_two_auditors_take_a_certificate_back(either_world: QuizWorld) -> None:
    world = either_world
    opens(world)
    passes_quiz(world, "ana")
    proposes(world, "kim")
    assert "I ask Bo. Until then nothing changes." in world.last("kim")
    assert certification(world, "ana").holds
    world.passes(days=2)
    assert "Kim proposes to take back what Ana holds for Customer data" in world.last("bo")
    world.presses("bo", "Agree")
    found = certification(world, "ana")
    assert (found.state, found.holds, found.reason) == ("revoked", False, "Somebody else answered.")
    world.passes(days=1)
    assert "Two people have decided it" in world.last("ana")
    assert "Somebody else answered." in world.last("ana")
    with world.database.transaction() as work:
        assert work.waivers.of(PersonId("ana")) == []
    passes_quiz(world, "ana")
    assert certification(world, "ana").state == "valid"


def test_nobody_is_both_nor_agrees_twice(world: QuizWorld) -> None:
    opens(world)
    passes_quiz(world, "ana")
    proposes(world, "kim")
    args = {"certification": certification(world, "ana").id}
    for who in ("kim", "ana", "ben", "sam"):
        world.forges(who, "quiz.agree", args)
        assert certification(world, "ana").holds, who
    proposes(world, "bo")
    assert "proposed already" in world.last("bo")
    world.forges("bo", "quiz.agree", args)
    assert certification(world, "ana").state == "revoked"
    world.forges("bo", "quiz.agree", args)
    assert "nothing here that could be taken back" in world.last("bo")


def test_who_would_leave_it_leaves_it(world: QuizWorld) -> None:
    opens(world)
    passes_quiz(world, "ana")
    proposes(world, "kim")
    world.passes(days=2)
    world.presses("bo", "Leave it")
    world.passes(days=1)
    assert "Bo would leave Customer data as it is" in world.last("kim")
    args = {"certification": certification(world, "ana").id}
    world.forges("bo", "quiz.agree", args)
    assert certification(world, "ana").state == "valid"
    assert not any("does not count" in text for text in world.dms("ana"))


def test_a_proposal_does_not_wait_for_ever(world: QuizWorld) -> None:
    opens(world)
    passes_quiz(world, "ana")
    proposes(world, "kim")
    world.passes(days=15)
    world.forges("bo", "quiz.agree", {"certification": certification(world, "ana").id})
    assert certification(world, "ana").valid_until == MONDAY + timedelta(days=365)


def test_where_there_is_one_auditor_the_steward_is_the_second(world: QuizWorld) -> None:
    opens(world, auditors=("kim",))
    passes_quiz(world, "ana")
    proposes(world, "kim")
    assert "I ask Sam." in world.last("kim")
    world.forges("sam", "quiz.agree", {"certification": certification(world, "ana").id})
    assert certification(world, "ana").state == "revoked"


@pytest.mark.parametrize("action", ["quiz.revoke", "quiz.agree", "quiz.disagree"])
def test_others_cannot_even_tell_whether_there_is_one(world: QuizWorld, action: str) -> None:
    opens(world)
    passes_quiz(world, "ana")
    world.forges("ben", action, {"certification": certification(world, "ana").id})
    mine = world.last("ben")
    assert "You may not do this." in mine or "could not find" in mine
    world.forges("kim", action, {"certification": "none"})
    assert "could not find" in world.last("kim")
    assert certification(world, "ana").state == "valid"
