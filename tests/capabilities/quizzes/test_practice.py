"""A certificate goes on without a test, for who keeps answering the questions of tips."""

import json
from datetime import timedelta

from bot.capabilities.quizzes.certification import Certification, fold
from bot.ids import PersonId
from tests.capabilities.quizzes.taking import TWO, QuizWorld, quiz_of
from tests.capabilities.tips.telling import budget, follow, labels, letter_of, letters, tell, tip
from tests.world import MONDAY, WORKSPACE

VALID, EARLY = timedelta(days=60), timedelta(days=10)
POLICY = {"valid_for": "P60D", "renew_from": "P10D", "grace": "P5D", "renewal": "longitudinal"}
OBJECTIVES = ("share", "keep")


def opens_everything(world: QuizWorld, policy: dict[str, str]) -> None:
    """A quiz of two objectives, with four tips for each; ana has passed it."""
    world.opens_quiz(quiz_of(TWO, **policy))
    tell(world, *(tip(f"{o}{n}", objective=f"data/{o}") for o in OBJECTIVES for n in range(4)))
    budget(world, "ana")
    world.begins("ana")
    while world.quiz_state("ana") == "in_progress":
        world.decides("ana", True)
    # What is followed after the pass is wanted all the same.
    world.passes(minutes=1)


def answers_for(world: QuizWorld, days: int, *, well: bool) -> None:
    """Ana answers all that her tips ask, day by day."""
    seen = len(letters(world, "ana"))
    for _ in range(days):
        noon = world.now.replace(hour=12, minute=30) + timedelta(days=1)
        world.passes(seconds=(noon - world.now).total_seconds())
        for heard in letters(world, "ana")[seen:]:
            seen += 1
            if "New to me" in labels(heard):
                world.presses("ana", "New to me", on=heard)
                continue
            text = "The best of" if well else "None of"
            world.presses("ana", letter_of(heard, text), on=heard)
            world.presses("ana", "Just tell me", on=heard)


def certification(world: QuizWorld) -> Certification:
    with world.database.transaction() as work:
        found = work.certifications.find(PersonId("ana"), "data")
        assert found is not None
        events = work.certifications.events(found.id)
    assert fold(found, events).state == found.state
    return found


def test_who_answers_well_needs_no_test_and_loses_no_day(world: QuizWorld) -> None:
    opens_everything(world, POLICY | {"requirement": "mandatory"})
    assert "your answers to them can renew it" in world.last("ana")
    follow(world, "ana")
    answers_for(world, 49, well=True)
    assert certification(world).valid_until == MONDAY + VALID
    world.passes(days=4)
    found = certification(world)
    assert (found.state, found.valid_until) == ("valid", MONDAY + 2 * VALID)
    told = [text for text in world.dms("ana") if "you need no test" in text]
    assert "have renewed Customer data: it is valid until Tuesday 30 June" in told[-1]
    assert not any("A few questions renew it" in text for text in world.dms("ana"))
    with world.database.transaction() as work:
        *_, last = work.certifications.chain(WORKSPACE)
        [waiver] = work.waivers.of(PersonId("ana"))
    evidence = json.loads(last.body)
    assert evidence["route"] == "daily questions"
    assert len({answer["item"] for answer in evidence["answers"]}) == 8
    assert {answer["objective"] for answer in evidence["answers"]} == set(OBJECTIVES)
    assert waiver.until == found.valid_until
    # Whoever follows the topic all the same goes on being asked.
    before = len(letters(world, "ana"))
    world.passes(days=30)
    assert len(letters(world, "ana")) > before


def test_who_forgets_shows_it_again(world: QuizWorld) -> None:
    opens_everything(world, POLICY)
    follow(world, "ana")
    answers_for(world, 49, well=False)
    world.passes(days=4)
    found = certification(world)
    assert (found.state, found.valid_until) == ("renewal_due", MONDAY + VALID)
    assert any("A few questions renew it" in text for text in world.dms("ana"))


def test_who_was_asked_nothing_shows_it_again(world: QuizWorld) -> None:
    opens_everything(world, POLICY)
    world.passes(days=54)
    assert certification(world).state == "renewal_due"


def test_a_quiz_that_wants_a_test_gets_one(world: QuizWorld) -> None:
    opens_everything(world, {**POLICY, "renewal": "retest"})
    assert "can renew it" not in world.last("ana")
    follow(world, "ana")
    answers_for(world, 49, well=True)
    world.passes(days=4)
    assert certification(world).state == "renewal_due"


def test_what_was_answered_is_read_as_it_was(either_world: QuizWorld) -> None:
    world = either_world
    opens_everything(world, POLICY)
    follow(world, "ana")
    answers_for(world, 6, well=True)
    with world.database.transaction() as work:
        found = work.practice.answers(PersonId("ana"), MONDAY.date())
        assert work.practice.answers(PersonId("ben"), MONDAY.date()) == []
        assert work.practice.answers(PersonId("ana"), world.now.date() + timedelta(days=1)) == []
    assert found
    assert all(each.right and not each.hint for each in found)
    assert {each.option for each in found} == {"a"}
    assert [each.day for each in found] == sorted(each.day for each in found)
