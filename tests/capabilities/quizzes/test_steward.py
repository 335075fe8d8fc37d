"""What stewards do: read written answers, withdraw a question, void what went wrong."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.attention import Wish, book
from bot.capabilities.quizzes import review
from bot.context import Context
from bot.ids import PersonId, TopicId
from bot.message import say
from bot.outbox import Letter, Priority, ToPerson
from bot.pack.item import Accept, ShortText
from bot.topic import Topic
from tests.capabilities.quizzes.taking import TWO, QuizWorld, choice, quiz_of
from tests.world import WORKSPACE


def written(id_: str, objective: str = "share") -> ShortText:
    return ShortText(
        id=id_,
        type="short_text",
        objective=objective,
        stem=f"Whom do you tell ({id_})?",
        accept=(Accept(match="exact", value="the lead"),),
    )


WRITTEN = [written("w1"), written("w2"), written("w3")]


def answers_in_words(world: QuizWorld, who: str = "ana") -> None:
    """Whoever takes the quiz writes what no rule knows, and decides the rest rightly."""
    while world.quiz_state(who) == "in_progress":
        if isinstance(world.asking(who).item, ShortText):
            world.says(who, "my neighbour, who knows")
        else:
            world.decides(who, True)


def test_a_limit_of_time_holds_while_an_answer_is_read(world: QuizWorld) -> None:
    """What was written before it was over still counts, and nothing more is asked."""
    world.opens_quiz(quiz_of([*WRITTEN, written("w4")], max_time="PT10M"))
    world.begins("ana")
    answers_in_words(world)
    assert world.quiz_state("ana") == "pending_review"
    world.passes(hours=1)
    for worth, state in (("right", "pending_review"), ("wrong", "failed")):
        world.says("sam", "/quiz review")
        world.presses("sam", "Mark it")
        world.fills("sam", worth=worth)
        assert world.quiz_state("ana") == state


def chosen(world: QuizWorld, who: str, label: str) -> None:
    """Press what can be done with the only quiz in the newest message; it opens a form."""
    assert world.presses(who, label).form is not None


def test_a_written_answer_is_read_by_a_person_and_the_rest_goes_on(
    either_world: QuizWorld,
) -> None:
    world = either_world
    world.opens_quiz(quiz_of([*WRITTEN, *TWO[6:]]))
    world.begins("ana")
    answers_in_words(world)
    assert world.quiz_state("ana") == "pending_review"
    assert "A colleague reads what you wrote within two working days" in world.last("ana")

    world.passes(hours=2)
    world.says("sam", "/quiz review")
    assert "> my neighbour, who knows" in world.last("sam")
    assert "ana" not in world.last("sam").casefold()
    world.presses("sam", "Mark it")
    world.fills("sam", worth="right")
    world.says("sam", "/quiz review")
    world.presses("sam", "Mark it")
    world.fills("sam", worth="right")
    assert world.quiz_state("ana") == "passed"
    assert "A colleague has read your answer" in world.last("ana")
    assert "You have passed “Customer data”" in world.last("ana")


def test_a_mark_that_leaves_it_open_brings_the_next_question(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of([*WRITTEN, *TWO[6:]]))
    world.begins("ana")
    answers_in_words(world)
    world.says("sam", "/quiz review")
    world.presses("sam", "Mark it")
    world.fills("sam", worth="wrong")
    world.says("sam", "/quiz review")
    world.presses("sam", "Mark it")
    world.fills("sam", worth="right")
    assert world.quiz_state("ana") == "in_progress"
    assert "Whom do you tell" in world.last("ana")
    assert "it is right" in world.last("ana")


def test_the_steward_hears_of_it_once_a_day_and_again_when_it_is_late(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of([*WRITTEN, *TWO[6:]]))
    world.begins("ana")
    answers_in_words(world)
    world.passes(days=1)
    calls = [text for text in world.dms("sam") if "waits for your eyes" in text]
    assert len(calls) == 1
    world.passes(days=3)
    calls = [text for text in world.dms("sam") if "waits for your eyes" in text]
    assert len(calls) == 2
    assert [text for text in world.dms("dana") if "waits for your eyes" in text]


def calls_for(world: QuizWorld, who: str) -> int:
    return len([text for text in world.dms(who) if "waits for your eyes" in text])


def fills_the_week(world: QuizWorld, who: str) -> None:
    """Somebody has got all that may be said to them unasked in this week."""
    with world.database.transaction() as work:
        work.attention.save(replace(work.attention.get(PersonId(who)), per_week=1))
        letter = Letter(
            key=f"full:{who}",
            to=ToPerson(person=PersonId(who)),
            message=say("The canteen has a new menu."),
            kind="test",
            priority=Priority.OFFER,
        )
        person = work.people.get(PersonId(who))
        assert person is not None
        book(Context(world.now, lambda: "one"), work, [Wish(person, letter)])
    world.passes(days=1)


def test_a_full_week_lets_a_call_wait_and_loses_none(either_world: QuizWorld) -> None:
    world = either_world
    world.opens_quiz(quiz_of([*WRITTEN, *TWO[6:]]))
    fills_the_week(world, "sam")
    assert "canteen" in world.dms("sam")[-1]
    world.begins("ana")
    answers_in_words(world)
    world.passes(days=3)
    assert calls_for(world, "sam") == 0
    world.passes(days=7)
    assert calls_for(world, "sam") >= 1


def test_what_was_read_is_not_called_for_any_more(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of([*WRITTEN, *TWO[6:]]))
    fills_the_week(world, "sam")
    world.begins("ana")
    answers_in_words(world)
    for _ in range(2):
        world.says("sam", "/quiz review")
        world.presses("sam", "Mark it")
        world.fills("sam", worth="right")
    world.passes(days=14)
    assert calls_for(world, "sam") == 0
    assert calls_for(world, "dana") == 0


def test_a_late_answer_is_called_for_each_week_until_it_is_read(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of([*WRITTEN, *TWO[6:]]))
    world.begins("ana")
    answers_in_words(world)
    world.passes(days=27)
    assert 3 <= calls_for(world, "dana") <= 4
    assert 4 <= calls_for(world, "sam") <= 5
    # Whoever waits hears of it once.
    [told] = [text for text in world.dms("ana") if "takes longer than I said" in text]
    assert "I have asked again" in told


def test_who_looks_after_a_topic_alone_has_their_own_answer_read_by_others(
    world: QuizWorld,
) -> None:
    world.opens_quiz(quiz_of([*WRITTEN, *TWO[6:]]))
    world.begins("sam")
    answers_in_words(world, "sam")
    world.passes(hours=23)
    assert calls_for(world, "sam") == 0
    assert calls_for(world, "dana") == 1


def test_answers_in_other_topics_hide_none_of_ones_own(
    world: QuizWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "MOST_WAITING", 1)
    world.opens_quiz(quiz_of([*WRITTEN, *TWO[6:]]))
    world.begins("ana")
    answers_in_words(world)
    world.opens_topic(Topic(TopicId("rooms"), WORKSPACE, "Rooms", steward=PersonId("ben")))
    world.opens_quiz(
        quiz_of([written("r1"), written("r2")]).model_copy(
            update={"id": "rooms", "title": "Rooms", "topic": "rooms"}
        )
    )
    world.begins("cem", "rooms")
    answers_in_words(world, "cem")
    world.says("ben", "/quiz review")
    assert "to read" in world.last("ben")


def test_what_waits_stands_on_the_stewards_page(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of([*WRITTEN, *TWO[6:]]))
    world.begins("ana")
    answers_in_words(world)
    world.presses_on_page("sam", "Read answers")
    assert "2 written answers to read" in world.last("sam")
    page = world.opens("ben")
    assert "Read answers" not in str(page)


def test_nobody_else_reads_and_nobody_marks_their_own(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of([*WRITTEN, *TWO[6:]]))
    world.begins("sam")
    answers_in_words(world, "sam")
    attempt = world.attempt("sam")
    args = {"attempt": attempt.id, "item": "w1"}
    for who in ("ben", "sam"):
        world.forges(who, "quiz.mark", args)
        assert "I could not find that any more." in world.last(who)
        world.forges(who, "quiz.keep_mark", args, {"worth": "right"})
        assert world.attempt("sam") == attempt
    world.says("ben", "/quiz review")
    assert world.last("ben") == "There is no written answer to read."


def test_two_stewards_mark_an_answer_once(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of([*WRITTEN, *TWO[6:]]))
    world.begins("ana")
    answers_in_words(world)
    [first, *_] = [r for r in world.attempt("ana").responses if r.needs_person]
    args = {"attempt": world.attempt("ana").id, "item": first.item}
    world.forges("sam", "quiz.keep_mark", args, {"worth": "right"})
    world.forges("dana", "quiz.keep_mark", args, {"worth": "wrong"})
    assert world.last("dana") == "Somebody has marked this answer already."
    response = world.attempt("ana").response_to(first.item)
    assert response is not None
    assert (response.credit, response.marked_by) == (1.0, PersonId("sam"))


def test_a_mark_has_to_be_one(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of([*WRITTEN, *TWO[6:]]))
    world.begins("ana")
    answers_in_words(world)
    world.says("sam", "/quiz review")
    world.presses("sam", "Mark it")
    assert set(world.fills("sam", worth="splendid").errors) == {"worth"}


# --- withdrawing --------------------------------------------------------------------------


def withdraw(world: QuizWorld, item: str, reason: str = "Two answers were right.") -> None:
    world.says("sam", "/quiz review")
    chosen(world, "sam", "Withdraw a question")
    reply = world.fills("sam", item=item, reason=reason)
    assert reply.errors == {}
    world.passes(seconds=1)


def test_who_fell_short_by_a_withdrawn_question_goes_on_and_passes(world: QuizWorld) -> None:
    """*Stop here* or *Finish* is no question any more: nothing is decided."""
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    first = world.asking("ana").item.objective
    while world.quiz_state("ana") == "in_progress":
        world.decides("ana", world.asking("ana").item.objective != first)
    assert world.quiz_state("ana") == "failed_open"
    for response in world.attempt("ana").responses:
        if not response.right:
            withdraw(world, response.item)
    assert world.quiz_state("ana") == "in_progress"
    assert world.attempt("ana").decided_at is None
    while world.quiz_state("ana") == "in_progress":
        world.decides("ana", True)
    assert world.quiz_state("ana") == "passed"
    with world.database.transaction() as work:
        held = work.certifications.find(PersonId("ana"), "data")
    assert held is not None
    assert held.holds


def test_who_has_finished_all_and_fell_short_by_a_withdrawn_question_passes(
    world: QuizWorld,
) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    first = world.asking("ana").item.objective
    while world.quiz_state("ana") == "in_progress":
        world.decides("ana", world.asking("ana").item.objective != first)
    world.presses("ana", "Finish")
    assert world.quiz_state("ana") == "failed_open"
    [wrong, _] = [r.item for r in world.attempt("ana").responses if not r.right]
    withdraw(world, wrong)
    assert world.quiz_state("ana") == "in_progress"
    while world.quiz_state("ana") == "in_progress":
        world.decides("ana", True)
    assert world.quiz_state("ana") == "passed"


def test_who_has_not_said_whether_to_finish_is_not_asked_on(world: QuizWorld) -> None:
    items = [choice(f"{o}-{n}", o) for o in ("one", "two", "three") for n in range(1, 7)]
    world.opens_quiz(quiz_of(items))
    world.begins("ana")
    first = world.asking("ana").item.objective
    while world.quiz_state("ana") == "in_progress":
        world.decides("ana", world.asking("ana").item.objective != first)
    right = next(r.item for r in world.attempt("ana").responses if r.right)
    withdraw(world, right)
    assert world.quiz_state("ana") == "failed_open"
    assert world.attempt("ana").current is None


def test_an_ending_is_looked_at_again_when_a_question_is_withdrawn(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    first = world.asking("ana").item.objective
    while world.quiz_state("ana") == "in_progress":
        world.decides("ana", world.asking("ana").item.objective != first)
    world.presses("ana", "Stop here")
    ended = world.attempt("ana").ending
    assert ended is not None
    assert ended.verdict.not_met == (first,)
    withdraw(world, next(r.item for r in world.attempt("ana").responses if not r.right))
    assert world.quiz_state("ana") == "failed"
    again = world.attempt("ana").ending
    assert again is not None
    assert again.verdict.not_met == ()
    # It was no fault of hers, and nothing keeps her from trying again at once.
    world.begins("ana")
    assert world.quiz_state("ana") == "in_progress"


def test_a_withdrawn_question_is_asked_no_more_and_the_next_one_comes(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    here = world.asking("ana").item.id
    withdraw(world, here, "Two answers were right")
    assert "Two answers were right. I have scored your attempt without it." in world.last("ana")
    assert world.asking("ana").item.id != here
    assert "is withdrawn: Two answers were right." in world.last("ana")
    assert "question 1 of" in world.last("ana")
    world.decides("ana", True, True, True, True)
    assert here not in {r.item for r in world.attempt("ana").responses}
    world.begins("ben")
    while world.quiz_state("ben") == "in_progress":
        assert world.asking("ben").item.id != here
        world.decides("ben", True)


def test_a_fail_that_hung_on_it_becomes_a_pass(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of([choice(f"i{n}", "one") for n in range(6)], confidence="cbm"))
    world.begins("ana")
    for id_ in ("b", "a", "b"):
        world.says("ana", f"{world.sign('ana', id_)} 3")
    # Met by two of three, but the mark of the wrong one, -6, was too much.
    assert world.quiz_state("ana") == "failed"
    wrong = [r.item for r in world.attempt("ana").responses if not r.right]
    withdraw(world, wrong[0])
    assert world.quiz_state("ana") == "passed"
    world.passes(days=2)
    assert "is withdrawn" in world.last("ana")
    assert "You have passed “Customer data”" in world.last("ana")


def test_a_fail_that_is_undecided_without_it_bars_nobody(world: QuizWorld) -> None:
    items = [choice(f"i{n}", "one") for n in range(6)]
    world.opens_quiz(quiz_of(items))
    world.begins("ana")
    world.decides("ana", True, False, False)
    assert world.quiz_state("ana") == "failed"
    wrong = [r.item for r in world.attempt("ana").responses if not r.right]
    withdraw(world, wrong[0])
    # One right and one wrong are left: nothing is decided, so it is held against nobody.
    assert world.quiz_state("ana") == "failed"
    world.says("ana", "/quiz data")
    assert "Check yourself first" in world.last("ana")
    world.passes(days=2)
    assert "is withdrawn" in world.last("ana")


def test_who_it_changes_nothing_for_hears_nothing_of_a_withdrawn_question(
    world: QuizWorld,
) -> None:
    world.opens_quiz(quiz_of([choice(f"{o}-{n}", o) for o in ("share", "keep") for n in (1, 2)]))
    for _ in range(3):
        world.begins("ana")
        world.decides("ana", True, True, True, True)
    assert world.quiz_state("ana") == "passed"
    world.passes(days=3)
    heard = len(world.dms("ana"))
    withdraw(world, "share-1")
    world.passes(days=3)
    assert len(world.dms("ana")) == heard
    assert all(a.response_to("share-1").struck for a in world.attempts("ana"))  # type: ignore[union-attr]  # each of them has it


def test_a_question_is_taken_out_of_more_attempts_than_one_transaction_takes(
    world: QuizWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "CHUNK", 1)
    world.opens_quiz(quiz_of([choice(f"i{n}", "one") for n in (1, 2)]))
    for who in ("ana", "ben", "cem"):
        world.begins(who)
        world.decides(who, True)
    withdraw(world, "i1")
    world.passes(minutes=1)
    for who in ("ana", "ben", "cem"):
        attempt = world.attempt(who)
        assert attempt.current is None or attempt.current.item != "i1"
        assert not any(r.item == "i1" and not r.struck for r in attempt.responses)


def test_nobody_loses_what_they_have_passed(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    world.decides("ana", True, True, True, True)
    withdraw(world, world.attempt("ana").responses[0].item)
    assert world.quiz_state("ana") == "passed"
    assert world.attempt("ana").responses[0].struck


@pytest.mark.parametrize(
    ("item", "reason", "field"), [("gone", "x", "item"), ("share-1", " ", "reason")]
)
def test_withdrawing_needs_a_question_and_a_reason(
    world: QuizWorld, item: str, reason: str, field: str
) -> None:
    world.opens_quiz(quiz_of(TWO))
    reply = world.forges(
        "sam", "quiz.keep_withdrawn", {"quiz": "data"}, {"item": item, "reason": reason}
    )
    assert set(reply.errors) == {field}


@pytest.mark.parametrize("action", ["quiz.withdraw", "quiz.void"])
def test_only_a_steward_withdraws_and_voids(world: QuizWorld, action: str) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.forges("ben", action, {"quiz": "data"})
    assert "You may not do this." in world.last("ben")
    kept = {"quiz.withdraw": "quiz.keep_withdrawn", "quiz.void": "quiz.keep_void"}[action]
    world.forges("ben", kept, {"quiz": "data"}, {"item": "share-1", "reason": "I want to."})
    assert "You may not do this." in world.last("ben")


def test_void_attempts_are_held_against_nobody(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    world.decides("ana", True)
    world.begins("ben")
    world.presses("ben", "Leave for now")
    world.says("sam", "/quiz review")
    chosen(world, "sam", "End open attempts")
    world.fills("sam", reason="The buttons were broken")
    world.passes(seconds=1)
    # Who is in the middle of it hears at once, others when there is room for it.
    assert "does not count: The buttons were broken." in world.last("ana")
    assert "does not count" not in world.last("ben")
    world.passes(days=2)
    for who in ("ana", "ben"):
        assert world.attempts(who)[0].state.value == "voided"
        assert "does not count: The buttons were broken." in world.last(who)
        world.presses(who, "Begin again")
        world.presses(who, "Check myself")
        assert world.quiz_state(who) == "in_progress"
    assert [a.state.value for a in world.attempts("ana")] == ["in_progress", "voided"]


def test_who_begins_after_attempts_were_voided_goes_on(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    world.says("sam", "/quiz review")
    chosen(world, "sam", "End open attempts")
    world.fills("sam", reason="The buttons were broken.")
    world.now += timedelta(seconds=1)
    world.begins("ben")
    world.passes(seconds=1)
    assert (world.quiz_state("ana"), world.quiz_state("ben")) == ("voided", "in_progress")


def test_of_several_quizzes_a_steward_chooses_one_first(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    other = [item.model_copy(update={"id": f"more-{item.id}"}) for item in TWO]
    world.opens_quiz(quiz_of(other).model_copy(update={"id": "more", "title": "More data"}))
    world.says("sam", "/quiz review")
    assert "End open attempts" not in world.last("sam")
    world.forges("sam", "quiz.review", {"choice": "more"})
    assert world.last("sam").startswith("More data")
    assert "More data" in str(world.presses("sam", "End open attempts").form)
    world.forges("ben", "quiz.review", {"choice": "more"})
    assert world.last("ben") == "There is no written answer to read."


# --- in person ----------------------------------------------------------------------------


def wants_to_be_asked(world: QuizWorld) -> None:
    world.says("ana", "/quiz")
    world.presses("ana", "How I take quizzes")
    world.fills("ana", alternative_format="yes")
    world.says("ana", "/quiz data")
    world.presses("ana", "Ask me in person")
    assert "Sam hears of it and finds a time with you." in world.last("ana")
    world.passes(days=1)


def test_who_cannot_be_asked_in_writing_is_asked_in_person(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, valid_for="P365D", requirement="mandatory"))
    wants_to_be_asked(world)
    assert "Ana would like to show in person" in world.last("sam")
    world.presses("sam", "Write it down")
    world.fills("sam", outcome="passed", account="Three cases, all decided well.")
    assert "You have passed “Customer data”" in world.last("ana")
    with world.database.transaction() as work:
        earned = work.certifications.find(PersonId("ana"), "data")
        [link] = work.certifications.chain(WORKSPACE)
        [waiver] = work.waivers.of(PersonId("ana"))
    assert earned is not None
    assert earned.holds
    assert '"account":"Three cases, all decided well."' in link.body
    assert '"vouched_by":"sam"' in link.body
    assert waiver.minutes == 6


def test_not_yet_in_person_is_held_against_nobody(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    wants_to_be_asked(world)
    world.presses("sam", "Write it down")
    assert set(world.fills("sam", outcome="maybe", account=" ").errors) == {"outcome", "account"}
    world.fills("sam", outcome="not_yet", account="One of three.")
    assert "Nothing is held against you" in world.last("ana")
    world.begins("ana")
    assert world.quiz_state("ana") == "in_progress"


def test_nobody_vouches_for_who_did_not_ask(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    wants_to_be_asked(world)
    values = {"outcome": "passed", "account": "I know him."}
    for who, person in (("sam", "ben"), ("ben", "ana"), ("dana", "ana")):
        args = {"quiz": "data", "person": person, "day": "2026-03-02"}
        world.forges(who, "quiz.keep_record", args, values)
        with world.database.transaction() as work:
            assert work.certifications.find(PersonId(person), "data") is None


# --- what a quiz is about has changed -----------------------------------------------------


def test_after_a_material_change_nobody_lapses_at_once(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, valid_for="P365D"))
    for who in ("ana", "ben"):
        world.begins(who)
        while world.quiz_state(who) == "in_progress":
            world.decides(who, True)
    world.says("sam", "/quiz review")
    chosen(world, "sam", "The rules have changed")
    assert set(world.fills("sam", deadline="soon", reason="").errors) == {"deadline", "reason"}
    world.fills("sam", deadline="2026-06-30", reason="A new law.")
    world.passes(days=2)
    for who in ("ana", "ben"):
        with world.database.transaction() as work:
            earned = work.certifications.find(PersonId(who), "data")
        assert earned is not None
        assert (earned.state, earned.holds) == ("renewal_due", True)
        assert earned.valid_until == datetime(2026, 6, 30, tzinfo=UTC)
        assert "is valid until Tuesday 30 June" in world.dms(who)[-1]


def changes_the_rules(world: QuizWorld) -> None:
    """By the form; everybody who passed it hears of it."""
    world.says("sam", "/quiz review")
    chosen(world, "sam", "The rules have changed")
    assert world.fills("sam", reason="A new law.").errors == {}
    world.passes(minutes=1)


def test_what_has_changed_is_no_more_kept_from_who_passed_before(either_world: QuizWorld) -> None:
    world = either_world
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    world.decides("ana", True, True, True, True)
    with world.database.transaction() as work:
        [before] = work.waivers.of(PersonId("ana"))
    assert before.covers("data/share", world.now)
    changes_the_rules(world)
    with world.database.transaction() as work:
        [after] = work.waivers.of(PersonId("ana"))
    assert not after.covers("data/share", world.now)
    assert after.minutes == before.minutes


def test_nobody_earns_anything_by_rules_that_have_changed(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, valid_for="P365D", renew_from="P60D"))
    world.begins("ana")
    world.decides("ana", True, True, True, True)
    for who in ("ana", "ben"):
        world.begins(who)
        world.decides(who, True)
    world.presses("ben", "Leave for now")
    world.passes(days=1)
    newer = [choice(f"{o}-{n}", o, stem="The new law?") for o in ("share", "keep") for n in (1, 2)]
    world.opens_quiz(quiz_of(newer, valid_for="P365D", renew_from="P60D"))
    world.begins("cem")
    changes_the_rules(world)
    assert [world.quiz_state(who) for who in ("ana", "ben", "cem")] == [
        "voided",
        "voided",
        "in_progress",
    ]
    world.passes(days=2)
    assert "does not count: What it is about has changed." in world.last("ben")


@pytest.mark.parametrize("regulated", [False, True])
def test_one_person_does_not_change_the_rules_of_what_a_regulator_asks_for(
    world: QuizWorld, regulated: bool
) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.says("sam", "/quiz review")
    chosen(world, "sam", "The rules have changed")
    # Though the form is open by then.
    world.opens_quiz(quiz_of(TWO, requirement="voluntary" if regulated else "regulatory"))
    if regulated:
        with world.database.transaction() as work:
            topic = work.topics.get(WORKSPACE, TopicId("travel"))
            assert topic is not None
            work.topics.save(replace(topic, regulated=True))
    world.fills("sam", reason="A new law.")
    assert "Two people have to approve" in world.last("sam")
    world.forges("sam", "quiz.material", {"quiz": "data"})
    assert "Two people have to approve" in world.last("sam")
    assert "quiz.material" not in world.dump()["timers"]


def test_a_wish_to_be_asked_in_person_is_answered_once(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, valid_for="P365D"))
    wants_to_be_asked(world)
    asked = world.hears("sam")[-1]
    world.presses("sam", "Write it down", on=asked)
    world.fills("sam", outcome="not_yet", account="One case of three.")
    world.presses("sam", "Write it down", on=asked)
    world.fills("sam", outcome="passed", account="All three by now.")
    world.passes(days=200)
    world.presses("sam", "Write it down", on=asked)
    assert "That is written down already." in world.last("sam")
    with world.database.transaction() as work:
        [_] = work.certifications.chain(WORKSPACE)
