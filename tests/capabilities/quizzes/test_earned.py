"""What is earned with a quiz: certificates, the chain of evidence, and what need not be read."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.capabilities.quizzes.certification import Certification, check_chain, fold
from bot.capabilities.tips.model import KIND
from bot.ids import PersonId, TopicId
from bot.message import Choice, say
from bot.messages import with_controls
from bot.outbox import Letter, LetterState, Priority, ToPerson
from bot.pack.waiver import source_of_tips
from bot.people import Role
from storage.quiz_tables import evidence
from tests.capabilities.quizzes.taking import TWO, QuizWorld, choice, quiz_of
from tests.capabilities.tips.telling import follow, letters, tell, tip
from tests.world import MONDAY, WORKSPACE

YEAR = {"valid_for": "P365D", "renew_from": "P60D", "grace": "P30D"}


def certification(world: QuizWorld, who: str) -> Certification:
    with world.database.transaction() as work:
        found = work.certifications.find(PersonId(who), "data")
        assert found is not None
        events = work.certifications.events(found.id)
    assert fold(found, events).state == found.state
    return found


def passes_quiz(world: QuizWorld, who: str) -> None:
    world.begins(who)
    while world.quiz_state(who) == "in_progress":
        world.decides(who, True)


def test_a_pass_is_valid_for_as_long_as_the_quiz_says(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, **YEAR))
    passes_quiz(world, "ana")
    assert "It is valid until Tuesday 2 March 2027." in world.last("ana")
    found = certification(world, "ana")
    assert (found.state, found.valid_until) == ("valid", MONDAY + timedelta(days=365))
    world.says("ana", "/quiz")
    assert "passed, valid until Tuesday 2 March 2027" in world.last("ana")


def test_who_has_passed_is_told_that_nothing_has_to_be_done(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, requirement="mandatory", **YEAR))
    world.says("ana", "/quiz data")
    assert "Your organisation asks everybody whom it concerns to pass it." in world.last("ana")
    passes_quiz(world, "ana")
    world.says("ana", "/quiz data")
    held = "You need not do this: passed, valid until Tuesday 2 March 2027."
    assert held in world.last("ana")
    assert "Your organisation" not in world.last("ana")
    world.presses("ana", "Check myself")
    while world.quiz_state("ana") == "in_progress":
        world.decides("ana", False)
    world.presses("ana", "Stop here")
    assert "What you have shown before stays valid until Tuesday 2 March 2027." in world.last("ana")
    assert certification(world, "ana").holds


def test_evidence_says_how_it_was_decided_and_nothing_private(either_world: QuizWorld) -> None:
    world = either_world
    world.opens_quiz(quiz_of(TWO, confidence="feedback_only", requirement="mandatory"))
    world.begins("ana")
    while world.quiz_state("ana") == "in_progress":
        world.says("ana", f"{world.sign('ana', 'b')} 1")
    with world.database.transaction() as work:
        [link] = work.certifications.chain(WORKSPACE)
        record = work.certifications.evidence(WORKSPACE, certification_evidence(work))
    assert record is not None
    assert record.evidence == link
    told = json.loads(link.body)
    attempt = world.attempt("ana")
    assert attempt.start is not None
    assert told["attempt"] == attempt.id
    assert told["quiz_version"] == attempt.start.quiz_version
    assert told["rule"]["mode"] == "gate"
    assert [r["item_version"] for r in told["responses"]] == [
        r.item_version for r in attempt.responses
    ]
    assert {o["decision"] for o in told["objectives"]} == {"met"}
    assert "certainty" not in link.body


def certification_evidence(work: object) -> str:
    found = work.certifications.find(PersonId("ana"), "data")  # type: ignore[attr-defined]  # SqlWork
    return str(found.evidence)


def test_a_changed_or_missing_record_is_seen(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    for who in ("ana", "ben", "cem"):
        passes_quiz(world, who)
    with world.database.transaction() as work:
        links = list(work.certifications.chain(WORKSPACE))
    assert [link.number for link in links] == [1, 2, 3]
    assert check_chain(links, world.now).broken_at is None
    assert check_chain([links[0], links[2]], world.now).broken_at == 2
    with world.database.begin() as connection:
        connection.execute(
            update(evidence)
            .where(evidence.c.number == 2)
            .values(body=links[1].body.replace("ben", "bob"))
        )
    with world.database.transaction() as work:
        assert check_chain(work.certifications.chain(WORKSPACE), world.now).broken_at == 2


def test_a_pass_takes_back_the_tips_that_wait_and_no_others(either_world: QuizWorld) -> None:
    world = either_world
    world.opens_quiz(quiz_of(TWO))

    def promise(who: str, topic: str, key: str) -> None:
        letter = Letter(
            key=key,
            to=ToPerson(person=PersonId(who)),
            message=with_controls(say("A tip.")),
            kind=KIND,
            priority=Priority.TIP,
            day=world.now.date(),
            due_at=world.now + timedelta(hours=5),
            because="You follow it.",
            source=source_of_tips(TopicId(topic)),
        )
        with world.database.transaction() as work:
            work.outbox.post(WORKSPACE, letter)

    promise("ana", "travel", "mine")
    promise("ana", "payroll", "other topic")
    promise("ben", "travel", "other person")
    passes_quiz(world, "ana")
    with world.database.transaction() as work:
        states = work.outbox.promised(WORKSPACE, ["mine", "other topic", "other person"])
        [waiver] = work.waivers.of(PersonId("ana"))
    assert {key: promised.state for key, promised in states.items()} == {
        "mine": LetterState.CANCELLED,
        "other topic": LetterState.PENDING,
        "other person": LetterState.PENDING,
    }
    assert (waiver.topic, waiver.objectives, waiver.minutes) == ("travel", ("share", "keep"), 6)


def test_who_has_passed_gets_no_more_tips_about_it(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    names = ("one", "two", "three", "four", "five", "six")
    tell(world, *(tip(name, asks=False) for name in names))
    for who in ("ana", "ben"):
        follow(world, who)
    world.passes(hours=27)
    assert len(letters(world, "ana")) == len(letters(world, "ben")) == 1
    passes_quiz(world, "ana")
    world.passes(days=3)
    assert len(letters(world, "ana")) == 1
    assert len(letters(world, "ben")) > 1


def test_minutes_given_back_are_told_of_five_people_and_more(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    for who in ("ana", "ben", "cem", "kim"):
        passes_quiz(world, who)
    with world.database.transaction() as work:
        assert work.waivers.given_back(WORKSPACE) is None
    passes_quiz(world, "lu")
    with world.database.transaction() as work:
        given = work.waivers.given_back(WORKSPACE)
    assert given is not None
    assert (given.people, given.minutes) == (5, 30)


def reminders(world: QuizWorld, who: str) -> list[str]:
    return [text for text in world.dms(who) if "renew" in text]


def test_renewal_is_mentioned_quietly_and_once_a_week_at_most(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, **YEAR))
    passes_quiz(world, "ana")
    world.passes(days=304)
    assert reminders(world, "ana") == []
    world.passes(days=3)
    assert certification(world, "ana").state == "renewal_due"
    assert len(reminders(world, "ana")) == 1
    world.passes(days=5)
    assert len(reminders(world, "ana")) == 1
    world.passes(days=6)
    assert len(reminders(world, "ana")) == 2
    world.says("ana", "/quiz")
    assert "passed, to be renewed by Tuesday 2 March" in world.last("ana")


def test_who_renews_early_loses_no_day(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, **YEAR))
    passes_quiz(world, "ana")
    world.passes(days=310)
    world.presses(
        "ana",
        "Check myself",
        on=next(h for h in reversed(world.hears("ana")) if "renew it" in h.text),
    )
    world.presses("ana", "Check myself")
    while world.quiz_state("ana") == "in_progress":
        world.decides("ana", True)
    assert certification(world, "ana").valid_until == MONDAY + timedelta(days=730)
    assert certification(world, "ana").state == "valid"


def test_what_runs_out_counts_in_its_grace_and_then_no_more(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, **YEAR))
    passes_quiz(world, "ana")
    world.passes(days=366)
    assert certification(world, "ana").state == "grace"
    assert certification(world, "ana").holds
    world.says("ana", "/quiz")
    assert "ran out on Tuesday 2 March, counts until Thursday 1 April" in world.last("ana")
    world.passes(days=31)
    found = certification(world, "ana")
    assert (found.state, found.holds) == ("lapsed", False)
    world.says("ana", "/quiz")
    assert "not valid any more" in world.last("ana")
    world.says("ana", "/me")
    assert "Customer data: not valid any more" in world.last("ana")


def test_a_later_fail_takes_nothing_away(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    passes_quiz(world, "ana")
    before = certification(world, "ana")
    world.begins("ana")
    while world.quiz_state("ana") == "in_progress":
        world.decides("ana", False)
    world.presses("ana", "Stop here")
    assert certification(world, "ana") == before


def test_happenings_name_nobody(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    passes_quiz(world, "ana")
    told = world.dump()["happenings"]
    assert "quiz.passed" in told
    assert "ana" not in told


def test_nobody_else_is_told_who_passed_or_failed(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of([*TWO, choice("x", "share")], requirement="mandatory"))
    passes_quiz(world, "ana")
    world.begins("ben")
    while world.quiz_state("ben") == "in_progress":
        world.decides("ben", False)
    for who in ("sam", "dana", "kim"):
        world.says(who, "/quiz")
        world.says(who, "/home")
        heard = " ".join(h.text for h in world.hears(who))
        assert "Ana" not in heard
        assert "Ben" not in heard


@pytest.mark.parametrize("who", ["ana"])
def test_a_quiz_can_be_taken_again_though_it_is_passed(world: QuizWorld, who: str) -> None:
    world.opens_quiz(quiz_of(TWO))
    passes_quiz(world, who)
    passes_quiz(world, who)
    first, second = world.attempts(who)[::-1]
    assert not {r.item for r in first.responses} & {r.item for r in second.responses}
    assert second.start is not None
    assert (second.start.first, dict(second.start.carried)) == (False, {})


# --- auditors -----------------------------------------------------------------------------


def chosen(world: QuizWorld, who: str, label: str, place: int = 0) -> None:
    """Choose an option in the newest message."""
    parts = world.hears(who)[-1].message.parts
    listed = next(p for p in parts if isinstance(p, Choice) and p.label == label)
    world.forges(who, listed.action, {**listed.args, "choice": listed.options[place].value})


def test_an_auditor_sees_who_holds_what_is_mandatory_and_why(world: QuizWorld) -> None:
    world.changes("kim", roles=frozenset({Role.AUDITOR}))
    world.opens_quiz(quiz_of(TWO, requirement="mandatory", **YEAR))
    passes_quiz(world, "ana")
    world.says("kim", "/quiz audit")
    chosen(world, "kim", "Who has passed")
    assert "Ana: valid until Tuesday 2 March 2027" in world.last("kim")
    chosen(world, "kim", "See the evidence of")
    assert "Answers: 4 of 4 right" in world.last("kim")
    assert "Rule: gate" in world.last("kim")
    world.says("kim", "/quiz audit")
    world.presses("kim", "Check the chain")
    assert "The one record of evidence is as it was written." in world.last("kim")


def test_a_broken_chain_is_told(world: QuizWorld) -> None:
    world.changes("kim", roles=frozenset({Role.AUDITOR}))
    world.opens_quiz(quiz_of(TWO, requirement="regulatory"))
    passes_quiz(world, "ana")
    with world.database.begin() as connection:
        connection.execute(update(evidence).values(body="{}"))
    world.says("kim", "/quiz audit")
    world.presses("kim", "Check the chain")
    assert "Record 1 of 1 is not as it was written." in world.last("kim")


def test_what_people_take_for_themselves_is_no_auditors_business(world: QuizWorld) -> None:
    world.changes("kim", roles=frozenset({Role.AUDITOR}))
    world.opens_quiz(quiz_of(TWO))
    passes_quiz(world, "ana")
    world.says("kim", "/quiz audit")
    assert "nothing to audit" in world.last("kim")
    world.forges("kim", "quiz.holders", {"quiz": "data"})
    assert "I could not find that quiz any more." in world.last("kim")
    world.forges("kim", "quiz.evidence", {"choice": certification(world, "ana").id})
    assert "I could not find that quiz any more." in world.last("kim")


@pytest.mark.parametrize("action", ["quiz.holders", "quiz.evidence", "quiz.check_chain"])
def test_nobody_else_audits_not_even_who_looks_after_the_community(
    world: QuizWorld, action: str
) -> None:
    world.opens_quiz(quiz_of(TWO, requirement="mandatory"))
    passes_quiz(world, "ana")
    args = {"quiz": "data", "choice": certification(world, "ana").id}
    for who in ("dana", "sam", "ben"):
        world.forges(who, action, args)
        assert "Nobody here may do this yet. Dana can name somebody" in world.last(who)
        world.says(who, "/quiz audit")
        assert "Nobody here may do this yet. Dana can name somebody" in world.last(who)
