"""GIFT: what is read, what is refused with its line, and what is written."""

import pytest

from content.formats import gift
from content.formats.item import to_item, to_question
from content.formats.question import (
    Choice,
    Description,
    Essay,
    Matches,
    Numerical,
    Order,
    Problem,
    Refused,
    Rich,
    TrueFalse,
    Written,
)

EVERY = """\
// [id:bus-1] [tag:objective:get-there] [tag:a\\]b]
::The bus::Which bus goes to the mill\\: the red\\=blue one\\?{
    =The 12#It does. \\#1
    // nobody reads this
    ~%30%The 14, \\{at night\\}#Only
        at night.
    ~The 9
    ####Ask the driver.
}

Which of these go north?{~%50%12 ~%50%13 ~%-100%14 ~%-100%15}

The mill is old.{T#It is.#Right, it is.}

It opens at {=eight =%50%8} every day.

How long is the way?{#
    =10:2
    =%50%10..20#Nearly.
    ~#No.
}

How many?{#1..5}

Match them. {
    =a -> 1
    =b -> 2
    =[html]<b>c</b> -> 3
    = -> 4
}

Tell us about it.{}

Only a text.
"""


def problems(text: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in gift.read(text.encode()).problems]


def test_an_order_as_moodle_writes_it_is_read() -> None:
    text = (
        "::Report:: What first? {>4 ALL VERTICAL ABSOLUTE_POSITION SHOW none\n"
        "Contain it\n Report it \\= write\nKeep it\n}\n"
    )
    reading = gift.read(text.encode())
    assert reading.problems == []
    [question] = reading.questions
    assert isinstance(question.body, Order)
    assert [step.text for step in question.body.steps] == [
        "Contain it", "Report it = write", "Keep it",
    ]  # fmt: skip
    item = to_item(question, "x", "y").item
    assert item.type == "ordering"
    # One line is still an answer in words.
    [question] = gift.read(b"How many? {>5 people}").questions
    assert isinstance(question.body, Written)


@pytest.mark.parametrize("text", [EVERY, EVERY.replace("\n", "\r\n"), "\ufeff" + EVERY])
def test_every_kind_of_question_is_read(text: str) -> None:
    reading = gift.read(text.encode())
    assert list(reading.problems) == []
    kinds = [type(question.body) for question in reading.questions]
    assert kinds == [
        Choice, Choice, TrueFalse, Written, Numerical, Numerical, Matches, Essay, Description,
    ]  # fmt: skip
    assert [question.line for question in reading.questions] == [2, 11, 13, 15, 17, 23, 25, 32, 34]
    bus = reading.questions[0]
    assert (bus.id, bus.tags, bus.title) == ("bus-1", ("objective:get-there", "a]b"), "The bus")
    assert bus.stem.text == "Which bus goes to the mill: the red=blue one\\?"
    assert bus.feedback == Rich("Ask the driver.")
    assert isinstance(bus.body, Choice)
    assert [answer.feedback for answer in bus.body.answers] == [
        Rich("It does. #1"), Rich("Only at night."), None,
    ]  # fmt: skip
    gap = reading.questions[3]
    assert (gap.stem.text, gap.embedded) == ("It opens at _____ every day.", True)


def test_questions_become_drafts_that_say_the_same() -> None:
    questions = gift.read(EVERY.encode()).questions
    bus, north, truth, gap, way, few, match = (
        to_item(question, "x", "get-there").item for question in questions[:7]
    )
    assert {item.status for item in (bus, north, truth, gap, way, few, match)} == {"draft"}
    told = bus.model_dump(exclude_defaults=True)
    assert told["options"] == (
        {"id": "a", "text": "The 12", "score": 1.0, "feedback": "It does. #1"},
        {"id": "b", "text": "The 14, {at night}", "score": 0.3, "feedback": "Only at night."},
        {"id": "c", "text": "The 9"},
    )
    assert told["feedback"] == "Ask the driver."
    assert [option["correct"] for option in north.model_dump()["options"]] == [
        True, True, False, False,
    ]  # fmt: skip
    assert [(o["text"], o["score"], o["feedback"]) for o in truth.model_dump()["options"]] == [
        ("True", 1.0, "Right, it is."),
        ("False", 0.0, "It is."),
    ]
    assert gap.model_dump()["unmatched"] == "human_review"
    told = way.model_dump()
    assert (told["answer"], told["tolerance"]) == (10.0, 2.0)
    assert told["near_misses"] == (
        {"value": 15.0, "tolerance": 5.0, "score": 0.5, "feedback": "Nearly."},
    )
    assert (few.model_dump()["answer"], few.model_dump()["tolerance"]) == (3.0, 2.0)
    told = match.model_dump()
    assert [pair["left"] for pair in told["pairs"]] == ["a", "b", "*c*"]
    assert told["distractors"] == ("4",)


@pytest.mark.parametrize(
    ("text", "line", "says", "do"),
    [
        ("x\n\nHow?{=a ~b\n\n~c}", 3, "this { is not closed", "leave no empty line"),
        ("How?\n=a}", 2, "this } closes nothing", "write \\}"),
        ("How? }{=a}", 1, "this } closes nothing", "write \\}"),
        ("How?{=a} more }", 1, "this } closes nothing", "write \\}"),
        ("How?{=a {b}}", 1, "a { within { }", "write \\{"),
        ("How?{=a ~b}\nAnd?{=c ~d}", 2, "a second { }", "Put an empty line"),
        ("::name\nHow?{=a ~b}", 1, "does not end with ::", "the name"),
        ("How?{a =b ~c}", 1, "before the first answer", "begins with = or ~"),
        ("How?{\n=a\n~\n~b}", 3, "this answer is empty", "write what"),
        ("How?{\n=%150%a ~b}", 2, "%150% is no share", "-100 to 100"),
        ("How?{=a -> 1\n=b ->\n=c -> 3}", 2, "has no right side", "write what"),
        ("How?{#ten}", 1, "'ten' is no number", "write 7.5"),
        ("How?{#1,822}", 1, "'1,822' is no number", "with a point"),
        ("How?{#}", 1, "there is none", "comes a number"),
        ("How?{#=#x}", 1, "there is no number here", "write it"),
        ("How?{#3 =4}", 1, "before the first number", "begin it with ="),
        ("Is it?{T#a#b#c}", 1, "two feedbacks", "who is wrong"),
    ],
)
def test_what_is_no_question_is_named_with_its_line(
    text: str, line: int, says: str, do: str
) -> None:
    found = problems(text)
    assert found[0][0] == line
    assert says in found[0][1]
    assert do in found[0][1]


def test_one_that_is_refused_hides_no_other() -> None:
    reading = gift.read(b"a{=x ~y}\n\nb{=x ~y\n\n$CATEGORY: here\nc{=x ~y}\n\nd{=x ~z}")
    assert [question.stem.text for question in reading.questions] == ["a", "c", "d"]
    assert [(problem.line, problem.refused) for problem in reading.problems] == [
        (3, True),
        (5, False),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Tell.{}", "an essay has no rule for what is right: give answers"),
        ("A text.", "this asks nothing: put it in a section"),
        ("How?{~%50%a ~%50%b ~c}", "3 options of which several are right; there are 4 to 10: add"),
        ("How?{=a ~b ~c ~d ~e ~f}", "6 options; there are 2 to 5"),
        ("How?{~%50%a ~%40%b ~%-1%c =%90%d}", "no option is wholly right: make the best"),
        ("How?{=a->1 =b->2}", "2 pairs; there are 3 to 6: divide"),
        ("How?{#=%50%3}", "no number is wholly right: make one right"),
        ("How?{=a ~ A }", "options.1.text: this is said twice"),
        ("x" * 1501 + "{=a ~b}", "stem: 1,501 characters, of at most 1,500: shorten it"),
        ("[html]" + "<a " * 4000 + "{=a ~b}", "a text has 11,999 characters"),
        ("[html]<p></p>{=a ~b}", "stem: there is no text here: write one"),
        (f"How?{{={'ab' * 251}}}", "accept.0.value: 502 characters, of at most 500: shorten it"),
    ],
)
def test_what_is_no_item_of_ours_says_what_to_do(text: str, says: str) -> None:
    (question,) = gift.read(text.encode()).questions
    with pytest.raises(Refused) as refused:
        to_item(question, "x", "y")
    assert refused.value.message.startswith(says)
    assert refused.value.line == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("How?{=a =b ~c ~d}", "2 options are wholly right"),
        ("How?{=a ~%-50%b}", "takes credit away"),
        ("How?{~%60%a ~%40%b ~c ~d}", "what each option is worth is not kept"),
        ("How?{#=3#Yes.}", "what is said about the right number is not kept"),
        ("How?{#=3 ~*#No.}", "what is said about any other number is not kept"),
        ("Is it?{T}", "guessed half of the time"),
        ('[html]See <img src="x" alt="a map">{=a ~b}', "a picture or recording (a map) is not"),
    ],
)
def test_what_is_left_out_of_a_question_is_said(text: str, says: str) -> None:
    (question,) = gift.read(b"\n\n" + text.encode()).questions
    (problem,) = to_item(question, "x", "y").problems
    assert says in problem.message
    assert (problem.line, problem.refused) == (3, False)


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("red", ("exact", "red")),
        ("*red*", ("contains", "red")),
        ("5\\\\*3", ("exact", "5*3")),
        ("r*d", ("regex", "^r.*d$")),
    ],
)
def test_stars_in_written_answers_stand_for_anything(written: str, rule: tuple[str, str]) -> None:
    (question,) = gift.read(f"How?{{={written}}}".encode()).questions
    told = to_item(question, "x", "y").item.model_dump()["accept"]
    assert [(one["match"], one["value"]) for one in told] == [rule]


def test_a_file_that_is_no_text_is_refused_with_the_line() -> None:
    with pytest.raises(Refused, match="byte 0xe9 is not UTF-8") as refused:
        gift.read(b"How?{=a ~b}\n\nCaf\xe9{=a ~b}")
    assert refused.value.problem == Problem(3, "byte 0xe9 is not UTF-8: save the file as UTF-8")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "data",
    [
        "// " + "[tag:" * 40_000,
        "//" + "[id:\\" * 10_000,
        "x{" + "=a->b" * 10_000 + "}",
        "x{" + "~" * 40_000 + "}",
        "x{" * 40_000,
        "[html]" + "<a " * 3_000 + "{=a ~b}",
    ],
)
def test_no_file_takes_long(data: str) -> None:
    for question in gift.read(data.encode()).questions:
        with pytest.raises(Refused):
            to_item(question, "x", "y")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("::Q::\nHow many?\n{#3:-1}", 3, "a tolerance is not below 0"),
        ("What?{%%zz%%q}", 1, "a weight is a number, as in %50%"),
        ("What?{=a ~%x%b}", 1, "a weight is a number, as in %50%"),
    ],
)
def test_a_slip_is_not_taken_for_an_answer(text: str, line: int, message: str) -> None:
    reading = gift.read(text.encode())
    (problem,) = reading.problems
    assert (len(reading.questions), problem.line, problem.refused) == (0, line, True)
    assert message in problem.message


@pytest.mark.parametrize("truth", ["TRUE", "FALSE", "TRUE#Why not#Why", "FALSE#Why not"])
def test_true_or_false_goes_out_as_it_came(truth: str) -> None:
    text = f"::q::It rains{{\n\t{truth}\n}}\n"
    (question,) = gift.read(text.encode()).questions
    item = to_item(question, "q", "o").item
    again = gift.write([to_question(item).question])
    assert f"\n\t{truth}\n" in again
    (back,) = gift.read(again.encode()).questions
    assert to_item(back, "q", "o").item == item
