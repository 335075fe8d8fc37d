"""The life of an attempt: left and taken up, decided, tried again; and what is in the way."""

from datetime import date, timedelta

import pytest

from bot.ids import PersonId
from bot.message import Button, Choice
from bot.pack.item import Status
from bot.pack.model import Kind
from tests.capabilities.quizzes.taking import TWO, QuizWorld, choice, quiz_of
from tests.world import WORKSPACE, Heard


def fails(world: QuizWorld, who: str = "ana") -> None:
    """Answer until it is decided that it is not passed: one objective is met, the other not."""
    while world.quiz_state(who) == "in_progress":
        world.decides(who, world.asking(who).item.objective == "keep")


# --- leaving and coming back --------------------------------------------------------------


def test_half_an_hour_of_silence_pauses_and_nobody_is_told(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    world.decides("ana", True)
    heard = len(world.hears("ana"))
    world.passes(minutes=29)
    assert world.quiz_state("ana") == "in_progress"
    world.passes(minutes=2)
    assert world.quiz_state("ana") == "paused"
    assert len(world.hears("ana")) == heard


def test_every_tap_begins_the_half_hour_anew(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of([*TWO[:2], *TWO[6:8]], confidence="feedback_only"))
    world.begins("ana")
    for _ in range(3):
        world.passes(minutes=20)
        world.chooses("ana", "a")
        world.presses("ana", "Change my answer")
    assert world.quiz_state("ana") == "in_progress"


def test_leaving_is_no_fail_and_leads_back_to_the_same_question(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    world.decides("ana", True)
    before = world.asking("ana").item.id
    world.presses("ana", "Leave for now")
    assert "Leaving is never a fail." in world.last("ana")
    world.passes(days=13)
    world.presses("ana", "Go on")
    assert world.quiz_state("ana") == "in_progress"
    assert world.asking("ana").item.id == before
    assert f"Case {before}" in world.last("ana")


def test_the_word_leaves_and_then_a_letter_is_about_something_else(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    sign = world.sign("ana", "b")
    world.says("ana", "later")
    assert world.quiz_state("ana") == "paused"
    world.says("ana", sign)
    assert world.quiz_state("ana") == "paused"
    assert world.attempt("ana").responses == ()


@pytest.mark.parametrize("said", ["continue", "Go on", "continue the quiz", "start", "carry on."])
def test_words_go_on_where_a_quiz_was_left(world: QuizWorld, said: str) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    before = world.asking("ana").item.id
    world.says("ana", "leave")
    world.says("ana", said)
    assert world.quiz_state("ana") == "in_progress"
    assert f"Case {before}" in world.last("ana")


@pytest.mark.parametrize(("said", "state"), [("start", "in_progress"), ("Not now", "abandoned")])
def test_the_buttons_of_an_offer_can_be_said(world: QuizWorld, said: str, state: str) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.says("ana", "/quiz data")
    world.says("ana", said)
    assert world.quiz_state("ana") == state


def test_stop_or_finish_is_no_question_to_a_colleague(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    fails(world)
    assert world.quiz_state("ana") == "failed_open"
    world.says("ana", "let us finish it then")
    assert "Stop here, or finish? I could not tell, so I sent this to nobody." in world.last("ana")
    world.says("ana", "finish")
    assert world.attempt("ana").current is not None


def test_all_answers_can_be_asked_for_in_words(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    fails(world)
    world.says("ana", "stop here")
    world.says("ana", "See all answers")
    assert "Customer data: your answers" in world.last("ana")
    assert not world.who_was_asked()


def test_what_is_under_way_is_offered_once(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    world.says("ana", "leave")
    world.says("ana", "/quiz")
    labels = [button.label for button in world.hears("ana")[-1].buttons]
    assert labels == ["Go on", "How I take quizzes"]


def test_who_takes_it_in_plain_text_comes_back_by_a_letter(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.says("ana", "/quiz")
    world.presses("ana", "How I take quizzes")
    world.fills("ana", plain_text="yes")
    world.begins("ana")
    world.passes(hours=3)
    assert world.quiz_state("ana") == "paused"
    world.says("ana", world.sign("ana", "b"))
    assert world.quiz_state("ana") == "in_progress"
    assert len(world.attempt("ana").responses) == 1


def test_a_paused_attempt_stays_on_the_own_page_and_on_the_list(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    world.presses("ana", "Leave for now")
    world.says("ana", "/quiz")
    assert "under way, your place is kept" in world.last("ana")
    world.presses_on_page("ana", "Go on")
    assert "question 1 of" in world.last("ana")


def test_a_button_of_a_paused_attempt_takes_it_up_and_counts(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    world.passes(hours=2)
    world.decides("ana", True)
    assert world.quiz_state("ana") == "in_progress"
    assert [r.right for r in world.attempt("ana").responses] == [True]


def test_after_two_weeks_it_is_over_and_no_fail(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    world.presses("ana", "Leave for now")
    world.passes(days=15)
    assert world.quiz_state("ana") == "abandoned"
    world.presses("ana", "Go on")
    assert "That attempt is over." in world.last("ana")
    world.begins("ana")
    assert world.quiz_state("ana") == "in_progress"
    assert [a.state.value for a in world.attempts("ana")] == ["in_progress", "abandoned"]


def test_an_offer_that_nobody_took_up_is_forgotten(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.says("ana", "/quiz data")
    world.says("ana", "/quiz data")
    assert [a.state.value for a in world.attempts("ana")] == ["offered"]
    world.presses("ana", "Not now")
    assert [a.state.value for a in world.attempts("ana")] == ["abandoned"]
    assert "Nobody has to hurry" in world.last("ana")


# --- the decision -------------------------------------------------------------------------


def test_what_is_missing_is_shown_and_nothing_else(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    fails(world)
    assert world.quiz_state("ana") in {"failed", "failed_open"}
    if world.quiz_state("ana") == "failed_open":
        world.presses("ana", "Finish")
        while world.quiz_state("ana") == "failed_open":
            world.decides("ana", True)
    text = world.last("ana")
    assert "Still open:\n- Do share well" in text
    assert "You have shown already:\n- Do keep well" in text
    assert "How to share (3 minutes)\nWhat matters in share." in text
    assert "How to keep (" not in text
    assert "You can skip: How to keep." in text
    assert "You can try again from tomorrow at 09:00" in text
    read = next(b for b in world.hears("ana")[-1].buttons if b.label == "Read it here")
    assert (read.action, read.args["section"]) == ("library.section", "read-share")


def test_who_stops_hears_what_is_known_by_then(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    while world.quiz_state("ana") == "in_progress":
        world.decides("ana", False)
    assert world.quiz_state("ana") == "failed_open"
    assert "You can stop here, or finish" in world.last("ana")
    world.presses("ana", "Stop here")
    assert world.quiz_state("ana") == "failed"
    assert "not there yet" in world.last("ana")


def test_who_says_nothing_for_a_day_has_stopped(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    while world.quiz_state("ana") == "in_progress":
        world.decides("ana", False)
    world.passes(hours=23)
    assert world.quiz_state("ana") == "failed_open"
    world.passes(hours=2)
    assert world.quiz_state("ana") == "failed"
    world.presses("ana", "Finish")
    assert "not there yet" in world.last("ana")


@pytest.mark.parametrize("word", ["finish", "Stop here."])
def test_stopping_and_finishing_are_words_too(world: QuizWorld, word: str) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    while world.quiz_state("ana") == "in_progress":
        world.decides("ana", False)
    world.says("ana", word)
    assert world.quiz_state("ana") == ("failed_open" if word == "finish" else "failed")


def test_one_grave_mistake_fails_an_objective(world: QuizWorld) -> None:
    grave = [
        {"id": "a", "text": "x", "consequence": {"text": "It is out.", "severity": "critical"}}
    ]
    options = [*grave, {"id": "b", "text": "y", "score": 1}]
    items = [choice(f"i{n}", "one", options=options) for n in range(4)]
    world.opens_quiz(quiz_of(items))
    world.begins("ana")
    world.decides("ana", False)
    assert world.quiz_state("ana") == "failed"
    assert "What happens next: It is out." in world.last("ana")


def test_all_answers_can_be_seen_when_it_is_over_and_not_before(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    attempt = world.attempt("ana")
    world.decides("ana", True)
    world.forges("ana", "quiz.answers", {"attempt": attempt.id})
    assert "I could not find that any more." in world.last("ana")
    world.decides("ana", True, True, True)
    world.presses("ana", "See all answers")
    assert world.last("ana").count("That is right.") == 4


def test_feedback_may_wait_until_the_end(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, feedback="at_end"))
    world.begins("ana")
    world.decides("ana", False)
    assert "It is quick, but it leaks." not in world.last("ana")
    assert "The principle" not in world.last("ana")


def test_a_limit_of_time_decides_by_what_there_is(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, max_time="PT10M"))
    world.begins("ana")
    world.decides("ana", True)
    world.passes(minutes=11)
    assert world.quiz_state("ana") == "failed"
    assert "not there yet" in world.last("ana")


def test_waiting_until_the_time_is_over_passes_nothing(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, max_time="PT10M"))
    world.begins("ana")
    world.decides("ana", True, True)
    world.passes(minutes=11)
    assert world.quiz_state("ana") == "failed"
    told = world.last("ana")
    assert "not there yet" in told
    assert "How to share" in told
    assert "How to keep" in told
    assert "You have shown already" not in told


def test_an_answer_counts_though_nobody_said_in_time_how_sure(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, max_time="PT10M", confidence="feedback_only"))
    world.begins("ana")
    for _ in range(3):
        world.decides("ana", True)
        world.presses("ana", "Not sure (below 67 %)")
    world.decides("ana", True)
    world.passes(minutes=11)
    assert world.quiz_state("ana") == "passed"
    assert [r.certainty for r in world.attempt("ana").responses] == [1, 1, 1, None]


def test_the_last_question_left_unanswered_is_not_a_pool_too_thin(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of([TWO[0], TWO[1]], max_time="PT10M"))
    world.begins("ana")
    world.decides("ana", True)
    world.passes(minutes=11)
    assert world.quiz_state("ana") == "failed"


def test_what_was_told_at_the_end_is_told_again_and_holds(world: QuizWorld) -> None:
    """How it ended follows from what was, not from what can be asked today."""
    items = [choice(f"{o}-{n}", o) for o in ("one", "two", "three") for n in range(1, 7)]
    world.opens_quiz(quiz_of(items, max_time="PT10M"))
    world.begins("ana")
    first = world.asking("ana").item.objective
    for _ in range(4):
        world.decides("ana", True)
    assert len({r.objective for r in world.attempt("ana").responses}) == 3
    world.passes(minutes=11)
    told = world.last("ana")
    assert f"You have shown already:\n- Do {first} well" in told
    # All that was not asked is withdrawn by and by: one right answer is still not enough.
    asked = {r.item for r in world.attempt("ana").responses}
    kept = [
        item if item.id in asked else item.model_copy(update={"status": Status.RETIRED})
        for item in items
    ]
    world.opens_quiz(quiz_of(kept, max_time="PT10M"))
    attempt = world.attempt("ana").id
    world.forges("ana", "quiz.resume", {"attempt": attempt})
    again = world.last("ana")
    assert told.split("Try again")[0] == again.split("Try again")[0]
    world.opens_quiz(quiz_of(items, max_time="PT10M"))
    world.passes(days=2)
    world.begins("ana")
    begun = world.attempt("ana").start
    assert begun is not None
    assert dict(begun.carried) == {first: attempt}


def test_a_limit_of_time_holds_for_a_fixed_form(world: QuizWorld) -> None:
    form = {"share": 4, "keep": 4}
    world.opens_quiz(quiz_of(TWO, mode="fixed", form=form, cut=6, max_time="PT10M"))
    world.begins("ana")
    world.decides("ana", *[True] * 5)
    world.passes(minutes=11)
    assert world.quiz_state("ana") == "failed"


def test_one_question_a_day_has_no_limit_of_time(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, max_time="PT10M"))
    world.says("ana", "/quiz")
    world.presses("ana", "How I take quizzes")
    world.fills("ana", one_item_per_day="yes")
    world.begins("ana")
    for _ in range(4):
        world.decides("ana", True)
        world.passes(days=4)
    assert world.quiz_state("ana") == "passed"


def test_who_says_meanwhile_that_they_need_more_time_has_it(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, max_time="PT10M"))
    world.begins("ana")
    world.says("ana", "/quiz")
    world.presses("ana", "How I take quizzes")
    world.fills("ana", extra_time="yes")
    world.passes(minutes=15)
    assert world.quiz_state("ana") == "in_progress"
    world.passes(minutes=6)
    assert world.quiz_state("ana") == "failed"


def test_a_fixed_form_ends_as_soon_as_nothing_can_change(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, mode="fixed", form={"share": 3, "keep": 3}, cut=4))
    world.begins("ana")
    world.decides("ana", True, True, False, True, True)
    assert world.quiz_state("ana") == "passed"


def test_the_sequential_test_needs_no_twenty_questions(world: QuizWorld) -> None:
    items = [choice(f"{o}-{n}", o) for o in ("share", "keep") for n in range(10)]
    world.opens_quiz(quiz_of(items, mode="gate_sprt"))
    world.begins("ana")
    world.decides("ana", *[True] * 8)
    assert world.quiz_state("ana") == "passed"


# --- trying again -------------------------------------------------------------------------


def test_after_a_night_only_what_was_open_is_asked_with_other_questions(
    world: QuizWorld,
) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    fails(world)
    if world.quiz_state("ana") == "failed_open":
        world.presses("ana", "Finish")
        while world.quiz_state("ana") == "failed_open":
            world.decides("ana", True)
    first = world.attempt("ana")
    world.says("ana", "/quiz data")
    assert "You can try Customer data again from tomorrow at 09:00." in world.last("ana")
    world.passes(hours=24)
    world.says("ana", "/quiz data")
    assert "I ask only what was open last time; 1 part you have shown already." in world.last("ana")
    world.presses("ana", "Check myself")
    world.decides("ana", True, True)
    second = world.attempt("ana")
    assert second.state.value == "passed"
    assert {r.objective for r in second.responses} == {"share"}
    assert not {r.item for r in first.responses} & {r.item for r in second.responses}
    # What had to be shown once more is no reading saved.
    assert "about 3 minutes given back" in world.last("ana")


def test_after_a_month_everything_is_asked_again(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    fails(world)
    if world.quiz_state("ana") == "failed_open":
        world.presses("ana", "Stop here")
    world.passes(days=31)
    world.begins("ana")
    attempt = world.attempt("ana")
    assert attempt.start is not None
    assert (attempt.start.objectives, dict(attempt.start.carried)) == (("share", "keep"), {})
    assert not attempt.start.first


def test_after_four_tries_a_person_is_offered_and_never_a_closed_door(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    for _ in range(4):
        world.begins("ana")
        while world.quiz_state("ana") == "in_progress":
            world.decides("ana", False)
        world.presses("ana", "Stop here")
        world.passes(days=2)
    world.says("ana", "/quiz data")
    assert "fifteen minutes with Sam may help. Shall I ask?" in world.last("ana")
    assert [b.label for b in world.hears("ana")[-1].buttons] == ["Ask me in person", "Ask about it"]
    world.presses("ana", "Ask me in person")
    assert "Sam hears of it" in world.last("ana")
    world.passes(hours=3)
    assert "Ana would like to show in person" in world.last("sam")
    world.forges("ana", "quiz.start", {"quiz": "data"})
    assert len(world.attempts("ana")) == 4
    world.passes(days=30)
    world.begins("ana")
    assert world.quiz_state("ana") == "in_progress"


def test_a_thin_pool_is_told_and_not_hidden(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of([choice(f"i{n}", "one") for n in range(3)]))
    world.begins("ana")
    world.decides("ana", False, False)
    world.passes(days=2)
    world.begins("ana")
    world.decides("ana", True)
    assert "you have seen this one before" in world.last("ana")


def test_a_new_question_does_not_count(world: QuizWorld) -> None:
    pilots = [choice(f"p{n}", "share", status="pilot") for n in range(3)]
    world.opens_quiz(quiz_of([*TWO, *pilots]))
    world.begins("ana")
    while world.quiz_state("ana") == "in_progress":
        is_pilot = world.asking("ana").item.status is Status.PILOT
        world.decides("ana", not is_pilot)
        if is_pilot:
            assert "This question is new and does not count yet." in world.last("ana")
    assert world.quiz_state("ana") == "passed"
    assert [r.scored for r in world.attempt("ana").responses].count(False) == 1


# --- bad input ----------------------------------------------------------------------------


def test_the_same_tap_twice_answers_once(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    card = world.hears("ana")[-1]
    button = next(b for b in card.buttons if b.label == world.sign("ana", "b"))
    world.taps("ana", button, on=card, event="twice")
    world.taps("ana", button, on=card, event="twice")
    assert len(world.attempt("ana").responses) == 1
    # And as another event: the question that was answered is not the one before her.
    world.taps("ana", button, on=card)
    assert len(world.attempt("ana").responses) == 1
    assert "question 2 of" in card.text


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("quiz.pick", {"sign": "A", "depth": 0}),
        ("quiz.toggle", {"picked": []}),
        ("quiz.done", {"picked": []}),
        ("quiz.form", {}),
        ("quiz.sure", {"sure": 1}),
        ("quiz.change", {}),
        ("quiz.leave", {}),
        ("quiz.resume", {}),
        ("quiz.stop", {}),
        ("quiz.finish", {}),
        ("quiz.answers", {}),
    ],
)
def test_nobody_else_can_touch_an_attempt(
    world: QuizWorld, action: str, more: dict[str, object]
) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    before = world.attempt("ana")
    args = {"attempt": before.id, "item": world.asking("ana").item.id, **more}
    world.forges("ben", action, args)
    assert "I could not find that any more." in world.last("ben")
    assert world.attempt("ana") == before


def test_an_attempt_that_is_made_up_is_none(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    before = world.attempt("ana")
    world.forges("ana", "quiz.resume", {"attempt": "nobody\x00"})
    assert world.last("ana") == "I could not find that any more."
    assert world.attempt("ana") == before


@pytest.mark.parametrize("sign", ["Z", "", "A B", 7, None, ["A"], {}])
def test_a_letter_that_is_none_answers_nothing(world: QuizWorld, sign: object) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    args = {"attempt": world.attempt("ana").id, "item": world.asking("ana").item.id, "depth": 0}
    world.forges("ana", "quiz.pick", {**args, "sign": sign})
    assert world.attempt("ana").responses == ()


def test_after_the_end_a_button_tells_the_end(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    card: Heard = world.hears("ana")[-1]
    button: Button = card.buttons[0]
    world.decides("ana", True, True, True, True)
    world.taps("ana", button, on=card)
    assert "You have passed" in card.text
    assert len(world.attempt("ana").responses) == 4


def test_an_edit_while_somebody_is_in_it_changes_nothing_for_them(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    world.decides("ana", True)
    other = [
        choice(f"{o}-{n}", o, stem="Something else?")
        for o in ("share", "keep")
        for n in (1, 2, 3, 4, 5, 6)
    ]
    world.opens_quiz(quiz_of(other))
    world.decides("ana", True)
    assert "Case " in world.last("ana")
    world.begins("ben")
    assert "Something else?" in world.last("ben")


def test_a_retired_quiz_is_offered_to_nobody_new_and_can_be_finished(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    with world.database.transaction() as work:
        work.packs.retire(WORKSPACE, Kind.QUIZ, ["data"], world.now)
    world.decides("ana", True, True, True, True)
    assert world.quiz_state("ana") == "passed"
    world.says("ben", "/quiz data")
    assert "I know no quiz of that name." in world.last("ben")
    world.forges("ben", "quiz.start", {"quiz": "data"})
    assert "I could not find that quiz any more." in world.last("ben")


def test_a_quiz_without_a_question_says_so(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of([choice("i", "one", status="draft")]))
    world.says("ana", "/quiz data")
    assert "no questions for you at the moment" in world.last("ana")
    world.forges("ana", "quiz.start", {"quiz": "data"})
    assert world.attempts("ana") == []


def test_a_quiz_of_drafts_is_offered_to_nobody(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of([choice("i", "one", status="draft")]))
    for words in ("/quiz", "/quiz dat"):
        world.says("ana", words)
        assert "Check myself" not in world.last("ana")
        assert quiz_of(TWO).title not in world.last("ana")
    world.forges("ana", "quiz.begin", {"topic": "data"})
    assert world.attempts("ana") == []


def test_what_begins_in_a_channel_is_asked_in_private(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.says("ana", "/quiz data", "#general")
    world.presses("ana", "Check myself")
    assert [h.text for h in world.in_channel("#general")] == []
    assert "question 1 of" in world.dms("ana")[-1]
    assert (
        "I ask you in a direct message" in [h for h in world.room.heard if h.only == "ana"][-1].text
    )


def test_a_topic_leads_to_its_quiz(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.says("ana", "/quiz taxi")
    assert "Check yourself first" in world.last("ana")
    world.forges("ben", "quiz.begin", {"topic": "travel"})
    assert "Check yourself first" in world.last("ben")
    world.forges("ben", "quiz.begin", {"topic": "nothing"})
    assert "There is no quiz about this topic yet." in world.last("ben")


def test_the_list_begins_what_is_chosen_from_it(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.says("ana", "/quiz")
    world.presses("ana", "Customer data")
    assert "Check yourself first" in world.last("ana")


def test_many_quizzes_are_chosen_from_one_list(world: QuizWorld) -> None:
    for number in range(1, 8):
        title = f"Quiz {number}"
        world.opens_quiz(quiz_of(TWO).model_copy(update={"id": f"q{number}", "title": title}))
    world.says("ana", "/quiz q1")
    world.presses("ana", "Check myself")
    world.says("ana", "/quiz")
    assert world.last("ana").count("Quiz 1") == 1, "under way, so that it is gone on with"
    assert world.last("ana").count("Quiz 2") == 1
    parts = world.hears("ana")[-1].message.parts
    listed = next(part for part in parts if isinstance(part, Choice))
    chosen = next(option.value for option in listed.options if option.label == "Quiz 2")
    world.forges("ana", listed.action, {**listed.args, "choice": chosen})
    assert "Quiz 2" in world.last("ana")
    assert "Check yourself first" in world.last("ana")


# --- what somebody needs ------------------------------------------------------------------


def test_plain_text_has_no_buttons_to_answer_with(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, confidence="feedback_only"))
    world.says("ana", "/quiz")
    world.presses("ana", "How I take quizzes")
    world.fills("ana", plain_text="yes")
    assert "Kept: plain text." in world.last("ana")
    world.begins("ana")
    assert [b.label for b in world.hears("ana")[-1].buttons] == ["Leave for now"]
    assert "Reply with a letter, like “B”." in world.last("ana")
    world.says("ana", world.sign("ana", "b"))
    assert "Reply with 1 (not sure)" in world.last("ana")
    world.says("ana", "3")
    assert "question 2 of" in world.last("ana")


def test_one_question_a_day_comes_at_the_own_hour(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.says("ana", "/quiz")
    world.presses("ana", "How I take quizzes")
    world.fills("ana", one_item_per_day="yes")
    world.begins("ana")
    world.decides("ana", True)
    assert "That was today’s question of Customer data." in world.last("ana")
    assert world.quiz_state("ana") == "paused"
    heard = len(world.dms("ana"))
    world.passes(hours=20)
    assert len(world.dms("ana")) == heard
    world.passes(hours=8)
    assert len(world.dms("ana")) == heard + 1
    assert "question 2 of" in world.last("ana")
    for _ in range(3):
        world.decides("ana", True)
        world.passes(days=1)
    assert world.quiz_state("ana") == "passed"


def test_a_stop_holds_for_one_question_a_day_until_they_go_on(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.says("ana", "/quiz")
    world.presses("ana", "How I take quizzes")
    world.fills("ana", one_item_per_day="yes")
    world.begins("ana")
    world.decides("ana", True)
    world.says("ana", "stop")
    heard = len(world.dms("ana"))
    world.passes(days=5)
    assert len(world.dms("ana")) == heard
    world.says("ana", "go on")
    assert "question 2 of" in world.last("ana")


def test_one_question_a_day_holds_for_who_finishes_too(world: QuizWorld) -> None:
    items = [choice(f"{o}-{n}", o) for o in ("one", "two", "three", "four") for n in range(1, 7)]
    world.opens_quiz(quiz_of(items))
    world.says("ana", "/quiz")
    world.presses("ana", "How I take quizzes")
    world.fills("ana", one_item_per_day="yes")
    world.begins("ana")
    first = world.asking("ana").item.objective
    while world.quiz_state("ana") != "failed_open":
        if world.attempt("ana").current is None:
            world.passes(days=1)
        else:
            world.decides("ana", world.asking("ana").item.objective != first)
    world.presses("ana", "Finish")
    answered: list[date] = []
    while world.quiz_state("ana") == "failed_open":
        assert len(answered) < 9
        if world.attempt("ana").current is None:
            assert "The next one comes" in world.last("ana")
            # A weekend, or a day without time for it, ends nothing.
            world.passes(days=3)
        else:
            answered.append(world.now.date())
            world.decides("ana", True)
    assert len(answered) == len(set(answered)) == 3
    assert world.quiz_state("ana") == "failed"


def test_more_time_is_twice_the_time(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO, max_time="PT10M"))
    world.says("ana", "/quiz")
    world.presses("ana", "How I take quizzes")
    world.fills("ana", extra_time="yes")
    world.begins("ana")
    world.passes(minutes=15)
    assert world.quiz_state("ana") == "in_progress"
    world.passes(minutes=6)
    assert world.quiz_state("ana") == "failed"


def test_what_somebody_needs_is_told_to_nobody(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.says("ana", "/quiz")
    world.presses("ana", "How I take quizzes")
    world.fills("ana", extra_time="yes", no_images="yes")
    world.begins("ana")
    world.decides("ana", True, True, True, True)
    with world.database.transaction() as work:
        [link] = work.certifications.chain(WORKSPACE)
    assert "extra_time" not in link.body
    assert "no_images" not in link.body
    world.says("ana", "/me")
    assert "What you need: no pictures, more time" in world.last("ana")


def test_me_leads_to_every_answer_of_ones_own(either_world: QuizWorld) -> None:
    world = either_world
    world.opens_quiz(quiz_of(TWO, confidence="feedback_only"))
    world.begins("ana")
    while world.quiz_state("ana") == "in_progress":
        world.says("ana", f"{world.sign('ana', 'a')} 3")
    world.says("ana", "stop here")
    world.says("ana", "/me")
    [part] = [p for p in world.hears("ana")[-1].message.parts if isinstance(p, Choice)]
    assert [option.label for option in part.options] == ["Customer data: failed, Monday 2 March"]
    named = {**part.args, "choice": part.options[0].value}
    world.forges("ana", part.action, named)
    shown = world.last("ana")
    assert shown.count("You: ") == len(world.attempt("ana").responses)
    assert "(very sure)" in shown
    world.forges("ben", part.action, named)
    assert "You: " not in world.last("ben")


def test_who_leaves_the_workspace_leaves_nothing_open(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of(TWO))
    world.begins("ana")
    world.decides("ana", True)
    world.leaves("ana")
    assert world.quiz_state("ana") == "voided"
    with world.database.transaction() as work:
        assert work.attempts.under_way(PersonId("ana")) == []
        assert work.timers.due(world.now + timedelta(days=60), 100) == []
