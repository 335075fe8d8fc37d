"""What is kept of what somebody has earned, for whom and for how long."""

import json
from datetime import timedelta

from sqlalchemy import select

from bot.capabilities.quizzes.certification import Checked, check_chain
from bot.ids import PersonId
from bot.pack.model import Kind
from bot.people import Role
from storage.quiz_tables import attempt_events, attempts, evidence
from storage.retention import ATTEMPTS_KEPT, retain
from tests.capabilities.quizzes.taking import TWO, QuizWorld, quiz_of
from tests.capabilities.quizzes.test_earned import YEAR, certification, chosen, passes_quiz
from tests.capabilities.quizzes.test_steward import chosen as cared_for
from tests.world import WORKSPACE


def records(world: QuizWorld) -> list[tuple[str, str]]:
    """Whose each record of the chain is, and what it says."""
    with world.database.begin() as connection:
        rows = connection.execute(
            select(evidence.c.person, evidence.c.body).order_by(evidence.c.number)
        )
        return [(row.person, row.body) for row in rows]


def checked(world: QuizWorld) -> Checked:
    with world.database.transaction() as work:
        return check_chain(work.certifications.chain(WORKSPACE), world.now)


def exempts(world: QuizWorld, who: str, until: str = "", reason: str = "New rule") -> None:
    world.says("sam", "/quiz review")
    cared_for(world, "sam", "Exempt somebody")
    reply = world.fills("sam", person=who, reason=reason, until=until)
    assert not reply.errors


def test_of_what_people_take_for_themselves_no_answer_is_kept_in_evidence(
    world: QuizWorld,
) -> None:
    world.opens_quiz(quiz_of(TWO))
    passes_quiz(world, "ana")
    [(person, body)] = records(world)
    assert person == "ana"
    told = json.loads(body)
    assert {"responses", "objectives", "carried", "n", "s"}.isdisjoint(told)
    assert (told["requirement"], told["platform"]) == ("voluntary", "room")


def test_evidence_is_forgotten_six_years_after_it_was_for_anything(
    either_world: QuizWorld,
) -> None:
    world = either_world
    world.opens_quiz(quiz_of(TWO, requirement="mandatory", **YEAR))
    passes_quiz(world, "ana")
    world.leaves("ana")
    end = world.now + timedelta(days=365)
    world.passes(days=800)
    retain(world.database, world.now)
    [(_, body)] = records(world)
    assert json.loads(body)["responses"]
    retain(world.database, end + timedelta(days=6 * 365))
    assert records(world) == [("ana", body)]
    done = retain(world.database, end + timedelta(days=6 * 365 + 3))
    assert (done.evidence, records(world)) == (1, [("", "")])
    with world.database.transaction() as work:
        links = list(work.certifications.chain(WORKSPACE))
    assert check_chain(links, end + timedelta(days=6 * 365 + 3)) == Checked(1, 1)


def test_evidence_of_ones_own_accord_goes_with_the_answers(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, **YEAR))
    passes_quiz(world, "ana")
    assert retain(world.database, world.now + ATTEMPTS_KEPT).evidence == 0
    assert retain(world.database, world.now + ATTEMPTS_KEPT + timedelta(days=1)).evidence == 1
    assert records(world) == [("", "")]
    assert checked(world) == Checked(1, 1)
    world.changes("kim", roles=frozenset({Role.AUDITOR}))
    world.says("kim", "/quiz audit")
    world.presses("kim", "Check the chain")
    assert "What 1 record said was deleted when its time was over." in world.last("kim")


def test_an_exemption_is_on_record_and_auditors_see_who_and_why(either_world: QuizWorld) -> None:
    world = either_world
    world.changes("kim", roles=frozenset({Role.AUDITOR}))
    world.opens_quiz(quiz_of(TWO, requirement="regulatory", **YEAR))
    passes_quiz(world, "ana")
    exempts(world, "ana", "2026-03-31", "She wrote the rule")
    exempts(world, "ben", reason="He is on leave")
    assert checked(world) == Checked(3)
    told = json.loads(records(world)[2][1])
    assert (told["decision"], told["approved_by"], told["person"]) == ("exempted", "sam", "ben")
    world.forges("kim", "quiz.evidence", {"choice": certification(world, "ben").id})
    assert "What: Exempt\nDecided by: Sam\nWhy: He is on leave" in world.last("kim")
    world.forges("kim", "quiz.evidence", {"choice": certification(world, "ana").id})
    assert "What: Exempt until" in world.last("kim")
    assert "Why: She wrote the rule" in world.last("kim")


def test_taking_back_is_on_record(world: QuizWorld) -> None:
    for who in ("kim", "bo"):
        world.changes(who, roles=frozenset({Role.AUDITOR}))
    world.opens_quiz(quiz_of(TWO, requirement="mandatory", **YEAR))
    passes_quiz(world, "ana")
    revokes(world)
    told = json.loads(records(world)[1][1])
    assert (told["decision"], told["approved_by"], told["second"]) == ("revoked", "kim", "bo")
    world.forges("kim", "quiz.evidence", {"choice": certification(world, "ana").id})
    assert "What: Taken back\nDecided by: Kim, Bo\nWhy: Somebody else took it" in world.last("kim")
    assert "Take it back" not in [b.label for b in world.hears("kim")[-1].buttons]


def revokes(world: QuizWorld, *, wait: int = 0) -> None:
    """Kim proposes to take back what Ana has, and Bo agrees `wait` days later."""
    world.says("kim", "/quiz audit")
    chosen(world, "kim", "Who has passed")
    chosen(world, "kim", "See the evidence of")
    world.presses("kim", "Take it back")
    world.fills("kim", reason="Somebody else took it")
    world.passes(days=wait, hours=2)
    letters = [h for h in world.hears("bo") if any(b.label == "Agree" for b in h.buttons)]
    world.presses("bo", "Agree", on=letters[-1])


def test_a_proposal_to_take_back_outlives_what_the_clock_does(world: QuizWorld) -> None:
    for who in ("kim", "bo"):
        world.changes(who, roles=frozenset({Role.AUDITOR}))
    world.opens_quiz(quiz_of(TWO, requirement="mandatory", **YEAR))
    passes_quiz(world, "ana")
    world.passes(days=300)
    revokes(world, wait=6)
    assert certification(world, "ana").state == "revoked"


def test_after_an_exemption_the_certificate_is_there_again(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, **YEAR))
    passes_quiz(world, "ana")
    before = certification(world, "ana")
    exempts(world, "ana", (world.now + timedelta(days=7)).date().isoformat())
    assert certification(world, "ana").state == "exempt"
    world.passes(days=9)
    after = certification(world, "ana")
    assert (after.state, after.valid_until) == ("valid", before.valid_until)
    assert after.evidence == before.evidence
    world.passes(days=300)
    assert certification(world, "ana").state == "renewal_due"


def test_time_passes_for_who_has_left_and_where_nobody_can_renew(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, **YEAR))
    for who in ("ana", "ben"):
        passes_quiz(world, who)
    world.leaves("ana")
    world.passes(days=300)
    with world.database.transaction() as work:
        work.packs.retire(WORKSPACE, Kind.QUIZ, ["data"], world.now)
    heard = len(world.dms("ben"))
    world.passes(days=200)
    assert not certification(world, "ana").holds
    assert not certification(world, "ben").holds
    assert len(world.dms("ben")) == heard


def test_what_somebody_needs_goes_with_them(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.says("ana", "/quiz")
    world.presses("ana", "How I take quizzes")
    world.fills("ana", extra_time="yes", no_images="yes")
    passes_quiz(world, "ana")
    world.leaves("ana")
    with world.database.begin() as connection:
        kept = [*connection.scalars(select(attempts.c.start))]
        kept += connection.scalars(select(attempt_events.c.data))
    assert "extra_time" not in json.dumps(kept, default=str)
    assert "no_images" not in json.dumps(kept, default=str)


def test_who_has_renewed_is_not_asked_to_any_more(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, **YEAR))
    passes_quiz(world, "ana")
    world.passes(days=305, minutes=2)
    assert certification(world, "ana").state == "renewal_due"
    passes_quiz(world, "ana")
    heard = len(world.dms("ana"))
    world.passes(days=20)
    assert world.dms("ana")[heard:] == []


def test_what_nobody_ever_ended_goes_with_the_rest(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    with world.database.begin() as connection:
        connection.execute(attempts.update().values(state="pending_review"))
    assert retain(world.database, world.now + ATTEMPTS_KEPT).attempts == 0
    assert retain(world.database, world.now + ATTEMPTS_KEPT + timedelta(days=1)).attempts == 1
    with world.database.transaction() as work:
        assert work.attempts.of(PersonId("ana")) == []


def test_all_that_is_kept_is_told_to_who_it_is_about(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    for _ in range(11):
        passes_quiz(world, "ana")
    world.says("ana", "/me")
    world.presses("ana", "All that is kept")
    assert world.last("ana").count("Customer data: passed") >= 10
    assert "Page 1 of 2." in world.last("ana")
    world.presses("ana", "Go on")
    assert "(4 answers)" in world.last("ana")
    chosen(world, "ana", "See all your answers in")
    assert "Page 1 of 1. Only you see this." in world.last("ana")
    world.forges("ben", "quiz.mine", {})
    assert "Nothing is kept of your quizzes." in world.last("ben")


def test_what_somebody_did_for_themselves_can_be_forgotten(either_world: QuizWorld) -> None:
    world = either_world
    world.opens_quiz(quiz_of(TWO, **YEAR))
    passes_quiz(world, "ana")
    passes_quiz(world, "ben")
    world.begins("ana")
    world.decides("ana", True)
    world.says("ana", "/me")
    world.presses("ana", "Forget my quizzes")
    assert "Forgotten: what you did in quizzes that you took for yourself." in world.last("ana")
    with world.database.transaction() as work:
        assert work.attempts.of(PersonId("ana")) == []
        assert work.certifications.of(PersonId("ana")) == []
        assert work.waivers.of(PersonId("ana")) == []
        assert work.certifications.find(PersonId("ben"), "data") is not None
    assert [person for person, _ in records(world)] == ["", "ben"]
    assert checked(world) == Checked(2, 1)
    world.passes(days=400)
    world.begins("ana")
    assert world.quiz_state("ana") == "in_progress"


def test_what_others_ask_for_is_not_forgotten(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, requirement="mandatory", **YEAR))
    passes_quiz(world, "ana")
    before = records(world)
    world.says("ana", "/me")
    world.presses("ana", "Forget my quizzes")
    assert "What your organisation asks for stays." in world.last("ana")
    assert world.quiz_state("ana") == "passed"
    assert certification(world, "ana").holds
    assert records(world) == before
