"""Every type of item, answered by taps, by a form and in plain words; and how sure somebody is."""

from collections.abc import Callable

import pytest

from bot.message import Args
from bot.pack.item import (
    Branching,
    Item,
    Matching,
    MultiSelect,
    Numeric,
    Ordering,
    ScenarioChoice,
    ShortText,
    SpotProblem,
)
from bot.pack.scoring import key
from bot.plain import render_plain_form
from tests.bot.item import CASE, CHOICE, EVERY, NUMBER, ORDER, SELECT, SPOT, TEXT
from tests.capabilities.quizzes.taking import QuizWorld, choice, is_wrong, quiz_of, wrong_for

IDS = [item.type for item in EVERY]
Say = Callable[[QuizWorld, object], None]


def opens(world: QuizWorld, item: Item, **policy: object) -> None:
    """A quiz of that item and a choice; ana is at it, which is drawn first or second."""
    alone = item.model_copy(update={"objective": "one"})
    world.opens_quiz(quiz_of([alone, choice("other", "one")], **policy))
    world.begins("ana")
    if world.asking("ana").item.id == "other":
        world.chooses("ana", "b")
        if policy.get("confidence") == "feedback_only":
            world.presses("ana", "Very sure (above 80 %)")


def taps(world: QuizWorld, raw: object) -> None:
    """Answer by buttons and forms."""
    asking = world.asking("ana")
    item = asking.item
    signs = {mark.id: mark.sign for mark in asking.marks}
    match item:
        case ScenarioChoice():
            world.presses("ana", signs[str(raw)])
        case Branching():
            assert isinstance(raw, list)
            for id_ in raw:
                world.chooses("ana", str(id_))
        case Ordering():
            world.presses("ana", "Put them in order")
            assert isinstance(raw, list)
            fields = dict(zip("abcdef", [signs[str(id_)] for id_ in raw], strict=False))
            world.fills("ana", **{f"choice_{field}": sign for field, sign in fields.items()})
        case Matching():
            world.presses("ana", "Match them")
            assert isinstance(raw, dict)
            sides = {side.id: side.sign for side in asking.sides}
            letters = dict(zip("abcdef", raw.values(), strict=False))
            world.fills("ana", **{f"choice_{c}": sides[str(id_)] for c, id_ in letters.items()})
        case Numeric() | ShortText():
            world.presses("ana", "Answer")
            world.fills("ana", answer=str(raw))
        case _:
            assert isinstance(raw, list)
            for id_ in raw:
                world.presses("ana", signs[str(id_)])
            world.presses("ana", "Done")


def words(world: QuizWorld, raw: object) -> None:
    """Answer in plain words, as the message says one can."""
    asking = world.asking("ana")
    signs = {mark.id: mark.sign for mark in asking.marks}
    sides = {side.id: side.sign for side in asking.sides}
    match asking.item:
        case Branching():
            assert isinstance(raw, list)
            for id_ in raw:
                world.says("ana", world.sign("ana", str(id_)).lower())
        case Matching():
            assert isinstance(raw, dict)
            world.says("ana", " ".join(signs[left] + sides[str(r)] for left, r in raw.items()))
        case Numeric() | ShortText():
            world.says("ana", str(raw))
        case ScenarioChoice():
            world.says("ana", signs[str(raw)])
        case _:
            assert isinstance(raw, list)
            world.says("ana", " ".join(signs[str(id_)] for id_ in raw) or "none")


def same(item: Item, one: object, other: object) -> bool:
    """Whether two answers choose the same; among several the order means nothing."""
    if isinstance(item, MultiSelect | SpotProblem):
        assert isinstance(one, list)
        assert isinstance(other, list)
        return sorted(one) == sorted(other)
    return one == other


@pytest.mark.parametrize("say", [taps, words])
@pytest.mark.parametrize("item", EVERY, ids=IDS)
def test_a_right_answer_is_right(world: QuizWorld, item: Item, say: Say) -> None:
    opens(world, item)
    say(world, key(item))
    response = world.attempt("ana").response_to(item.id)
    assert response is not None
    assert (response.right, response.credit) == (True, 1.0)
    assert "Right." in world.last("ana")


@pytest.mark.parametrize("say", [taps, words])
@pytest.mark.parametrize("item", EVERY, ids=IDS)
def test_a_wrong_answer_is_wrong_and_nobody_is_lost(world: QuizWorld, item: Item, say: Say) -> None:
    opens(world, item)
    assert is_wrong(item)
    say(world, wrong_for(item))
    response = world.attempt("ana").response_to(item.id)
    assert response is not None
    assert same(item, response.raw, wrong_for(item))
    assert not response.right
    assert response.needs_person == isinstance(item, ShortText)


def test_nothing_chosen_is_an_answer_too(world: QuizWorld) -> None:
    opens(world, SELECT)
    world.presses("ana", "Done")
    response = world.attempt("ana").response_to("select")
    assert response is not None
    assert response.raw == []
    assert "You said: none of them" in world.last("ana")


def test_what_was_tapped_can_be_taken_back(world: QuizWorld) -> None:
    opens(world, SPOT)
    world.presses("ana", "2")
    assert "✓ 2. mail" in world.last("ana")
    world.presses("ana", "✓ 2 chosen")
    assert "✓" not in world.last("ana")
    world.presses("ana", "4")
    world.presses("ana", "Done")
    response = world.attempt("ana").response_to("spot")
    assert response is not None
    assert response.raw == ["l4"]


def test_two_at_one_place_are_said_at_the_second_and_the_form_stays(world: QuizWorld) -> None:
    opens(world, ORDER)
    world.presses("ana", "Put them in order")
    reply = world.fills("ana", choice_a="1", choice_b="1", choice_c="2", choice_d="9")
    assert reply.errors == {
        "choice_b": "1 stands above already: each has one place.",
        "choice_d": "Please choose one.",
    }
    assert world.attempt("ana").response_to("order") is None


@pytest.mark.parametrize("said", ["", "soon", "1 or 2", "nan", "inf", "1e400"])
def test_what_is_no_number_is_said_at_its_field(world: QuizWorld, said: str) -> None:
    opens(world, NUMBER)
    world.presses("ana", "Answer")
    assert world.fills("ana", answer=said).errors == {"answer": "Please answer with one number."}


@pytest.mark.parametrize("said", ["", "   ", "x" * 201])
def test_a_written_answer_has_its_limits(world: QuizWorld, said: str) -> None:
    opens(world, TEXT)
    world.presses("ana", "Answer")
    assert set(world.fills("ana", answer=said).errors) == {"answer"}


def test_a_case_tells_what_was_decided_and_a_double_tap_decides_once(world: QuizWorld) -> None:
    opens(world, CASE)
    card = world.hears("ana")[-1]
    button = next(b for b in card.buttons if b.label == world.sign("ana", "b"))
    world.taps("ana", button, on=card)
    assert "So far: Call her" in card.text
    world.taps("ana", button, on=card)
    assert "It is her." in card.text
    assert world.attempt("ana").response_to("case") is None
    world.chooses("ana", "a")
    response = world.attempt("ana").response_to("case")
    assert response is not None
    assert response.raw == ["b", "a"]


# --- plain words --------------------------------------------------------------------------


def test_a_letter_that_is_none_is_said_and_nothing_is_answered(world: QuizWorld) -> None:
    opens(world, CHOICE)
    world.says("ana", "f")
    assert "There is no F here. Please use A to D." in world.last("ana")
    assert world.attempt("ana").response_to("choice") is None


@pytest.mark.parametrize("item", EVERY, ids=IDS)
def test_a_question_to_colleagues_is_none_to_the_quiz(world: QuizWorld, item: Item) -> None:
    opens(world, item)
    world.says("ana", "How do I claim the taxi from a client visit?")
    assert world.attempt("ana").response_to(item.id) is None
    assert world.question().text == "How do I claim the taxi from a client visit?"


DOUBTFUL = (
    "banana please",
    "I would take the second one",
    "I think 1 then 3 then 4 then 5 and then 2",
    "I do not know which of them",
    "is it the second one?",
    "forget my quizzes",
)


@pytest.mark.parametrize("item", [i for i in EVERY if i.type != "short_text"], ids=lambda i: i.type)
def test_an_answer_in_doubt_reaches_nobody(world: QuizWorld, item: Item) -> None:
    opens(world, item)
    others = [who for who in ("ben", "kim", "bo", "lu", "sam") if world.hears(who)]
    for said in DOUBTFUL:
        world.says("ana", said)
        assert "I could not read that as an answer, so I sent it to nobody." in world.last("ana")
    world.passes(minutes=5)
    assert [who for who in ("ben", "kim", "bo", "lu", "sam") if world.hears(who)] == others
    assert world.attempt("ana").response_to(item.id) is None
    reply = world.presses("ana", "Ask a colleague")
    assert reply.form is not None
    assert "forget my quizzes" in render_plain_form(reply.form)


def test_what_is_too_long_for_an_answer_reaches_nobody(world: QuizWorld) -> None:
    opens(world, TEXT)
    world.says("ana", "I would call them back on a number that I know. " * 20)
    assert "so I sent it to nobody" in world.last("ana")
    assert world.attempt("ana").response_to(TEXT.id) is None


def test_who_wants_to_ask_says_so(world: QuizWorld) -> None:
    opens(world, CHOICE)
    world.says("ana", "ask I would take the taxi")
    assert world.question().text == "I would take the taxi"


def test_half_an_hour_of_silence_sends_no_answer_out_either(world: QuizWorld) -> None:
    opens(world, CHOICE)
    world.passes(minutes=40)
    assert world.quiz_state("ana") == "paused"
    world.says("ana", "I would take the second one")
    assert "still waits for you, so I sent this to nobody" in world.last("ana")
    world.presses("ana", "Go on")
    assert world.quiz_state("ana") == "in_progress"


def test_sure_of_what_is_asked_once_more(world: QuizWorld) -> None:
    opens(world, CHOICE, confidence="feedback_only")
    world.chooses("ana", "b")
    world.says("ana", "sure")
    assert "I could not tell how sure you are." in world.last("ana")
    world.says("ana", "change my answer")
    world.says("ana", f"{world.sign('ana', 'b')} 3")
    response = world.attempt("ana").response_to("choice")
    assert response is not None
    assert response.certainty == 3


def test_words_in_a_channel_are_no_answer(world: QuizWorld) -> None:
    opens(world, CHOICE)
    world.says("ana", "@inflow a", "#general")
    assert world.attempt("ana").response_to("choice") is None


def test_who_takes_no_quiz_may_say_any_letter(world: QuizWorld) -> None:
    opens(world, CHOICE)
    world.says("ben", "a")
    assert world.attempts("ben") == []
    assert world.attempt("ana").response_to("choice") is None


def test_the_words_of_an_option_choose_it(world: QuizWorld) -> None:
    opens(world, CHOICE)
    world.says("ana", "call back")
    response = world.attempt("ana").response_to("choice")
    assert response is not None
    assert response.raw == "b"


# --- how sure -----------------------------------------------------------------------------


def test_of_an_answer_of_several_none_stands_behind_the_label(world: QuizWorld) -> None:
    opens(world, SPOT, confidence="feedback_only")
    for button in ("2", "4", "Done"):
        world.presses("ana", button)
    lines = world.hears("ana")[-1].text.splitlines()
    at = lines.index("Your answer:")
    assert [line[:3] for line in lines[at + 1 : at + 3]] == ["2. ", "4. "]


def test_how_sure_somebody_is_is_asked_before_anything_is_told(world: QuizWorld) -> None:
    opens(world, CHOICE, confidence="feedback_only")
    world.chooses("ana", "a")
    card = world.hears("ana")[-1]
    assert "Your answer: " in card.text
    assert "How sure are you?" in card.text
    assert "leak" not in card.text
    assert world.attempt("ana").response_to("choice") is None
    world.presses("ana", "Very sure (above 80 %)")
    response = world.attempt("ana").response_to("choice")
    assert response is not None
    assert response.certainty == 3
    assert "You were very sure, so this one is worth a look." in world.last("ana")


def test_an_answer_can_be_changed_until_it_is_given(world: QuizWorld) -> None:
    opens(world, CHOICE, confidence="feedback_only")
    world.chooses("ana", "a")
    world.presses("ana", "Change my answer")
    world.chooses("ana", "b")
    world.says("ana", "1")
    response = world.attempt("ana").response_to("choice")
    assert response is not None
    assert (response.raw, response.certainty) == ("b", 1)
    assert "you can trust yourself more here" in world.last("ana")


def test_a_letter_and_a_number_say_both_at_once(world: QuizWorld) -> None:
    opens(world, CHOICE, confidence="feedback_only")
    world.says("ana", f"{world.sign('ana', 'b')} 2")
    response = world.attempt("ana").response_to("choice")
    assert response is not None
    assert (response.raw, response.certainty) == ("b", 2)


def test_a_form_asks_how_sure_and_takes_no_answer_for_one(world: QuizWorld) -> None:
    opens(world, NUMBER, confidence="feedback_only")
    world.presses("ana", "Answer")
    world.fills("ana", answer="7,5", sure="3")
    response = world.attempt("ana").response_to("number")
    assert response is not None
    assert (response.raw, response.certainty) == (7.5, 3)


def test_a_whole_case_is_asked_about_once(world: QuizWorld) -> None:
    opens(world, CASE, confidence="feedback_only")
    world.chooses("ana", "b")
    assert "How sure" not in world.last("ana")
    world.chooses("ana", "a")
    world.says("ana", "very sure")
    response = world.attempt("ana").response_to("case")
    assert response is not None
    assert (response.raw, response.certainty) == (["b", "a"], 3)


def test_who_changes_a_case_begins_it_anew(world: QuizWorld) -> None:
    opens(world, CASE, confidence="feedback_only")
    world.chooses("ana", "b")
    world.chooses("ana", "a")
    world.presses("ana", "Change my answer")
    assert "A director wants a list." in world.last("ana")


def test_how_sure_and_how_right_is_told_to_who_said_it(world: QuizWorld) -> None:
    opens(world, CHOICE, confidence="feedback_only")
    world.says("ana", f"{world.sign('ana', 'b')} 3")
    world.says("ana", "/quiz")
    world.presses("ana", "How sure, how right")
    assert "When you say very sure, you are right" in world.last("ana")


@pytest.mark.parametrize("args", [{"sure": 9}, {"sure": "3"}, {"sure": None}, {}])
def test_no_other_certainty_is_taken(world: QuizWorld, args: Args) -> None:
    opens(world, CHOICE, confidence="feedback_only")
    world.chooses("ana", "a")
    attempt = world.attempt("ana")
    world.forges("ana", "quiz.sure", {"attempt": attempt.id, "item": "choice", **args})
    assert world.attempt("ana").response_to("choice") is None


def test_certainty_that_counts_can_fail_somebody_who_was_right(world: QuizWorld) -> None:
    world.opens_quiz(quiz_of([choice(f"i{n}", "one") for n in range(4)], confidence="cbm"))
    world.begins("ana")
    for _ in range(2):
        world.says("ana", f"{world.sign('ana', 'b')} 1")
    # Two of two are right, but with a mark of 1 each: less than 1.5 in the mean.
    assert world.quiz_state("ana") == "failed"


def asks_for_a_question(accepted: str) -> ShortText:
    return ShortText.model_validate(
        {
            "id": "ask-1",
            "type": "short_text",
            "objective": "ask",
            "stem": "Everybody nods. What do you ask, or say?",
            "accept": [{"match": "exact", "value": accepted}],
            "unmatched": "human_review",
        }
    )


def test_where_a_question_is_asked_for_a_question_is_an_answer(world: QuizWorld) -> None:
    opens(world, asks_for_a_question("What speaks against it?"))
    world.says("ana", "what speaks against it?")
    response = world.attempt("ana").response_to("ask-1")
    assert response is not None
    assert (response.right, response.needs_person) == (True, False)


def test_elsewhere_a_question_goes_to_colleagues(world: QuizWorld) -> None:
    opens(world, asks_for_a_question("Against"))
    world.says("ana", "Who knows about taxis?")
    assert world.attempt("ana").response_to("ask-1") is None
    assert world.question().text == "Who knows about taxis?"
